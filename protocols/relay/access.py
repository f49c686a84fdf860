"""The right to read and append: proof that a connection holds an epoch's access key.

Every epoch the members derive an Ed25519 key from the MLS exporter; the relay knows the public half only. The
signature is over a fresh challenge of this connection, the relay's own key, the log and the epoch, so it is
of no use on another connection, to another relay, or for another log.
"""

from typing import Final

from protocols import canonical, ed25519

ACCESS_KEY_SIZE: Final = 32
CHALLENGE_SIZE: Final = 32
LABEL: Final = "parley access proof v1"


def signed_bytes(*, relay_vkey: str, challenge: bytes, log: bytes, epoch: int, access_key: bytes) -> bytes:
    """Return the bytes an access key signs to authorise a connection.

    Args:
        relay_vkey: the relay's verifier key as the Greeting gave it, and as the genesis pins it.
        challenge: 32 bytes, from the Greeting of this connection.
        log: the log id, 32 bytes.
        epoch: the MLS epoch the key belongs to.
        access_key: the public key itself, 32 bytes.

    Returns:
        The canonical encoding of the array [LABEL, relay_vkey, challenge, log, epoch, access_key].
    """
    return canonical.encode([LABEL, relay_vkey, challenge, log, epoch, access_key])


def verify_access(
    signature: bytes, *, relay_vkey: str, challenge: bytes, log: bytes, epoch: int, access_key: bytes
) -> None:
    """Check an Authorise frame's signature; the arguments are those of `signed_bytes`.

    Raises:
        VerificationError: the key is of low order or not canonical, or the signature does not hold. The
            client's fault.
    """
    message = signed_bytes(
        relay_vkey=relay_vkey, challenge=challenge, log=log, epoch=epoch, access_key=access_key
    )
    ed25519.verify(access_key, signature, message)
