"""What can go wrong in the client, each as one clear line for a person.

Sorted by fault: what was asked for cannot be done (`RequestError`), the world failed
(`EnvironmentFailure`), and a relay or a member broke the rules (`TrustError`). `str(error)` is the line
that is shown: lower case, no full stop, a way out where there is one, and never a secret. Text that a peer
wrote enters a message only through `client.display`.
"""

from pathlib import Path


class ClientError(Exception):
    """Anything the client reports to its user as one line."""


class RequestError(ClientError):
    """What was asked for cannot be done as asked; asking differently helps."""


class EnvironmentFailure(ClientError):
    """The disk, the network or the machine failed; nothing was lost, trying again later may help."""


class TrustError(ClientError):
    """A relay or a member broke the rules; a person must decide what happens next."""


class Refused(RequestError):
    """A rule of the channel or of the program forbids what was asked for."""


class InvalidText(RequestError):
    """A name or another text that was typed cannot be used."""


class NoProfile(RequestError):
    """There is no profile in the directory.

    Args:
        directory: Where it was looked for.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(
            f"no profile in {directory}: make one with `parley init`, or name another with --profile"
        )


class ProfileExists(RequestError):
    """A profile is already in the directory; making another would destroy it.

    Args:
        directory: The occupied directory.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(f"there is already a profile in {directory}: name another directory with --profile")


class NoPassphrase(RequestError):
    """No passphrase could be had from a terminal, a file or the environment."""


class WrongPassphrase(RequestError):
    """The passphrase does not open the profile."""

    def __init__(self) -> None:
        super().__init__("wrong passphrase: try again, it is case-sensitive")


class UnknownChannel(RequestError):
    """No channel of that name or id is in the profile."""


class UnknownPerson(RequestError):
    """Nobody of that name is in the channel, or several are."""


class UnknownMessage(RequestError):
    """There is no such message in the channel."""


class NotAMember(RequestError):
    """We have been removed from the channel, or have left it; its record stays readable."""

    def __init__(self) -> None:
        super().__init__(
            "you are no longer a member of this channel: nothing can be sent, its record stays readable"
        )


class InvitationRefused(RequestError):
    """An invitation cannot be used: mistyped, used up, expired, or made for something else."""


class ProfileInUse(EnvironmentFailure):
    """Another process has the profile open."""

    def __init__(self) -> None:
        super().__init__("the profile is open in another parley process: close that one first")


class ProfileDamaged(EnvironmentFailure):
    """A file of the profile cannot be read as what it should be."""


class ProfileTooNew(EnvironmentFailure):
    """The profile was written by a later release of Parley."""

    def __init__(self) -> None:
        super().__init__("the profile was written by a newer parley: install that version to open it")


class DiskFull(EnvironmentFailure):
    """There is no room left; the change was rolled back whole."""

    def __init__(self) -> None:
        super().__init__("the disk is full and nothing was changed: free some space and try again")


class StoreFailed(EnvironmentFailure):
    """The disk reported an error, so the store does not guess what is on it: restart to recover."""

    def __init__(self) -> None:
        super().__init__("the disk reported an error: close parley, check the disk, and start it again")


class RelayUnreachable(EnvironmentFailure):
    """The relay does not answer, or the connection to it was lost."""


class RelayMisbehaved(TrustError):
    """The relay sent something that no relay may send; the connection was closed."""


class ChannelStopped(TrustError):
    """A channel is stopped because what the relay showed cannot be one honest log.

    Args:
        alarm: One sentence that says what was seen; the evidence is in the store.
    """

    def __init__(self, alarm: str) -> None:
        super().__init__(
            f"the channel is stopped: {alarm}; do not rely on it, and tell the others by another route"
        )
        self.alarm = alarm
