"""The root of what `channel` raises; each part below it sorts its errors by whose fault they are."""


class ChannelError(Exception):
    """Something a channel's members could not do, accept or understand."""


class BadCertificate(ChannelError):
    """A certificate that does not vouch for the leaf key it came with. Its bearer is at fault."""


class BadCharter(ChannelError):
    """A charter, or a name or title for one, that the format or its rules do not allow."""


class CharterRuleBroken(BadCharter):
    """A change of the charter or its roster that the charter's rules forbid. The committer is at fault.

    Attributes:
        rule: the fixed name of the rule, the same on every member.
    """

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(f"{rule}: {reason}")
        self.rule = rule


class BadInvitationCode(ChannelError):
    """An invitation code that was mistyped, cut short, or is none. Whoever typed it can try again."""


class BadInvitationContent(ChannelError):
    """A mailbox holds what this invitation's secret cannot open, or no request or response at all.

    Another secret, a blob altered or left out by the relay, or a peer's mistake look alike.
    """


class CommitTooLarge(ChannelError):
    """A commit of ours that no log entry can hold. Nobody is at fault.

    A smaller change may fit; and after a commit of another member's, later ones of ours are smaller.
    """


class CommitRefused(ChannelError):
    """A commit of ours is in the log and counts for nothing, as every member judges it alike.

    Our clock and the relay's may differ over how long a certificate is valid, or the relay spoiled it.
    """
