"""`parley init` and `parley card`: who we are."""

import sys
from typing import Annotated

import typer

from client.cli.options import Access, JsonOption, PassphraseOption, ProfileOption
from client.cli.output import note, print_json, print_line

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(init)
    app.command()(card)


def init(
    name: Annotated[
        str | None, typer.Option(help="The name others will see; asked for where it is not given.")
    ] = None,
    device: Annotated[str, typer.Option(help="A label for this device that members will see.")] = "",
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Make your profile: identity key and encrypted store.

    The passphrase is the only way in: nobody can reset it.

    Example: parley init --name Mira

    Exit status 1: there is a profile already, the name cannot be used, the two passphrases differ, or the
    directory cannot be written.
    """
    from client.cli.opening import passphrase, profile_directory
    from client.errors import ProfileExists
    from client.parley import utc_milliseconds
    from client.profiles import KEY_FILE, create_profile

    access = Access(profile, passphrase_file)
    directory = profile_directory(access)
    if (directory / KEY_FILE).exists():
        raise ProfileExists(directory)  # before anybody thinks of a passphrase
    if name is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("there is no terminal to ask for it", param_hint="--name")
        name = str(typer.prompt("Your name, as others shall see it", err=True))
    secret = passphrase(access, confirm=True)
    with create_profile(directory, secret, name=name, device=device, now_ms=utc_milliseconds()) as made:
        participant, shown = made.identity.participant_id, made.name
    if json_output:
        print_json({"profile": str(directory), "name": shown, "participant": participant})
        return
    print_line(f"{shown}, participant {participant}")
    note(f"your profile is in {directory}: back it up, and never lose its passphrase")
    note("next: `parley join CODE`, or `parley channel new TITLE --relay URL`")


def card(
    profile: ProfileOption = None, passphrase_file: PassphraseOption = None, json_output: JsonOption = False
) -> None:
    """Print who you are: name, id and key fingerprint.

    Example: parley card

    Exit status 1: there is no profile, or the passphrase is wrong.
    """
    from hashlib import sha256

    from client.cli.opening import in_profile

    with in_profile(Access(profile, passphrase_file)) as parley:
        key = parley.profile.identity.public_key
        fingerprint = sha256(key).hexdigest()
        if json_output:
            print_json(
                {
                    "name": parley.name,
                    "device": parley.profile.device,
                    "participant": parley.participant_id,
                    "identity_key": key.hex(),
                    "fingerprint": fingerprint,
                }
            )
            return
        groups = " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))
        print_line(f"name         {parley.name}")
        print_line(f"participant  {parley.participant_id}")
        print_line(f"fingerprint  {groups}")
