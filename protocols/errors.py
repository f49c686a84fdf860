"""The errors of `protocols`, sorted by whose fault they are.

    ProtocolError
        DecodeError           the peer's bytes are not what the format says
        VerificationError     well-formed bytes, but a signature, proof, hash or tag does not hold
        RuleViolation         a well-formed message that the rules of negotiation do not allow
        RemoteProtocolError   the other end broke the rules of the connection
        LocalProtocolError    our own code tried to break them

Messages are lower case, without a full stop, and never repeat bytes of a peer or a secret.
"""


class ProtocolError(Exception):
    """Anything this folder refuses; catch it at the border where peer input enters."""


class DecodeError(ProtocolError):
    """Bytes of a peer, or of a file, that are malformed, too large, or not canonical. The peer's fault."""


class VerificationError(ProtocolError):
    """A key, signature, proof, hash or tag of a peer that does not hold. The peer's fault; never retry."""


class RuleViolation(ProtocolError):
    """A readable message that its author was not allowed to send.

    When composing it is ours to put right; when receiving, every member rejects the message alike.

    Attributes:
        rule: the short fixed name of the rule, the same on every member.
        field: the field at fault, or None where it is the message as a whole.
        hint: what the author can do about it, one plain sentence.
    """

    def __init__(self, rule: str, field: str | None, hint: str) -> None:
        super().__init__(f"{rule}: {hint}" if field is None else f"{rule}: {field}: {hint}")
        self.rule = rule
        self.field = field
        self.hint = hint

    def __reduce__(self) -> tuple[type["RuleViolation"], tuple[str, str | None, str]]:
        return type(self), (self.rule, self.field, self.hint)


class RemoteProtocolError(ProtocolError):
    """The other end sent something that the connection's state does not allow. Close the connection."""


class LocalProtocolError(ProtocolError):
    """Our own side asked the connection, or an encoder, for something it does not allow: a bug here."""
