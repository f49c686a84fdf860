"""`parley mandate sign` and `show`: a principal's word on who may speak for it."""

from typing import TYPE_CHECKING, Annotated

import typer

from client.cli.options import Access, JsonOption, PassphraseOption, ProfileOption
from client.cli.output import note, print_json, print_line

if TYPE_CHECKING:
    from pydantic import JsonValue

    from protocols.messages import Mandate

__all__ = ["register"]

_group = typer.Typer(
    help="Say who may speak for you, and look at who said so.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(_group, name="mandate")


@_group.command()
def sign(
    holder: Annotated[
        str,
        typer.Option(
            metavar="ID", help="Who shall speak: all 32 digits of `participant` in their `parley card`."
        ),
    ],
    principal_name: Annotated[
        str, typer.Option("--principal-name", metavar="NAME", help="Who is spoken for, as people know it.")
    ],
    end: Annotated[
        str, typer.Option(metavar="TIME", help="Until when, such as 2027-03-01T00:00:00Z; at most 365 days.")
    ],
    topic: Annotated[
        list[str],
        typer.Option(
            metavar="TOPIC",
            help="About what, as often as needed; `roads` covers roads/north too, * is every topic.",
        ),
    ],
    power: Annotated[
        list[str] | None,
        typer.Option(
            metavar="POWER",
            help="How far: INFORM, NEGOTIATE, ACCEPT_AD_REF, ACCEPT_FINAL, COMMIT; as often as needed.",
        ),
    ] = None,
    start: Annotated[str, typer.Option(metavar="TIME", help="From when on; without it, from now on.")] = "",
    limits: Annotated[str, typer.Option(metavar="TEXT", help="What it does not cover, in words.")] = "",
    replaces: Annotated[str, typer.Option(metavar="ID", help="The mandate it takes the place of.")] = "",
    revokes: Annotated[
        str, typer.Option(metavar="ID", help="The mandate it ends; then give no --power.")
    ] = "",
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Say who may speak for you: a mandate, signed with your key.

    You are the principal: the key is that of this profile.

    The mandate is printed as JSON, for a file. Its holder's client cites it; each channel that should know of
    it gets it with an invitation (`parley invite --mandate FILE`, while the channel is set up) or with
    `parley send CHANNEL MANDATE --json FILE --field topic=mandate`.

    A mandate that ends another names it with --revokes and gives no power.

    Example: parley mandate sign --holder 3f9c... --principal-name "Council of the North" --topic roads
    --power INFORM --power NEGOTIATE --end 2027-03-01T00:00:00Z > mandate.json

    Exit status 1: a field cannot be signed as it is; the line names it. Nothing was signed then.
    """
    from channel.mandating import sign_mandate
    from client.cli.opening import in_profile
    from client.errors import Refused
    from client.parley import utc_milliseconds
    from protocols.errors import RuleViolation
    from protocols.messages import mandate_id
    from protocols.messages.values import format_time

    topics: list[JsonValue] = [*topic]
    powers: list[JsonValue] = [*(power or ())]
    fields: dict[str, JsonValue] = {
        "holder": holder.strip().lower(),
        "principal_name": principal_name,
        "topics": topics,
        "powers": powers,
        "window": {"start": start or format_time(utc_milliseconds()), "end": end},
        "limits": limits or None,
        "replaces": replaces or None,
        "revokes": revokes or None,
    }
    with in_profile(Access(profile, passphrase_file)) as parley:
        try:
            mandate = sign_mandate(parley.profile.identity, fields)
        except RuleViolation as error:
            named = "" if error.field is None else f"{error.field}: "
            raise Refused(f"nothing was signed: {named}{error.hint} ({error.rule})") from None
    # It is JSON in any case, for a file; --json puts it on one line.
    print_json(mandate.model_dump(mode="json", exclude_none=True), indent=None if json_output else 2)
    note(f"mandate {mandate_id(mandate)}")


@_group.command()
def show(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The mandate's JSON, or - to read it from standard input.")
    ],
    profile: ProfileOption = None,
    json_output: JsonOption = False,
) -> None:
    """Say what a mandate gives to whom, and check who signed it.

    Needs no profile: whoever has a mandate can check it. Compare the principal's key with one that you
    have from the principal.

    Example: parley mandate show mandate.json

    Exit status 1: it is no mandate, or not signed by the principal that it names.
    """
    from client.cli.mandate_files import read_mandate
    from protocols.messages import mandate_id

    mandate = read_mandate(file)
    if json_output:
        print_json({"id": mandate_id(mandate), "mandate": mandate.model_dump(mode="json", exclude_none=True)})
        return
    for name, value in _rows(mandate):
        print_line(f"{name:<10}{value}")


def _rows(mandate: "Mandate") -> list[tuple[str, str]]:
    from protocols.messages import mandate_id

    rows = [
        ("mandate", mandate_id(mandate)),
        ("from", mandate.principal_name),
        ("key", mandate.principal),
        ("to", f"participant {mandate.holder}"),
        ("about", ", ".join("every topic" if topic == "*" else topic for topic in mandate.topics)),
        ("powers", ", ".join(mandate.powers) or "none"),
        ("from when", mandate.window.start),
        ("until", mandate.window.end),
    ]
    named = (("limits", mandate.limits), ("replaces", mandate.replaces), ("revokes", mandate.revokes))
    rows += [(name, value) for name, value in named if value is not None]
    return [*rows, ("signature", "good: the principal's, over all of this")]
