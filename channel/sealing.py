"""From what a member says to the bytes of an entry: payload, franking tag, MLS.

The payload binds what the sender had seen (AUDIT.md section 3, "Sound scheme"), the tag in
``authenticated_data`` binds the payload into the signed and logged part of the message, MLS encrypts and
signs it.
"""

from dataclasses import dataclass

from channel.mls import Group
from channel.mls.types import Random
from channel.transcript import Opening, Transcript
from protocols.payload import Payload, authenticated_data

__all__ = ["Sealed", "seal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A message ready to leave, and what must be on disk before it does.

    Attributes:
        group: The group after its ratchet moved on; the one before must never be used again.
        message: The MLSMessage (a PrivateMessage), to be sent as it is, again and again until it has a
            receipt.
        opening: What the sender can show of it later; nobody can decrypt their own message.
        counter: The payload's counter; the next message of this epoch takes a larger one.
    """

    group: Group
    message: bytes
    opening: Opening
    counter: int


def seal(
    group: Group, transcript: Transcript, *, message_id: bytes, body: bytes, outstanding: int, random: Random
) -> Sealed:
    """Seal a message for the current epoch.

    Args:
        group: The group at the transcript's epoch.
        transcript: What this member has verified; it is what the payload says was seen.
        message_id: 16 bytes, chosen once per message: a message sealed again for a later epoch keeps its id.
        body: The encoded message (``protocols.messages``).
        outstanding: The largest counter of this epoch sealed so far and perhaps not in the log yet; 0 if
            none.
        random: Source of random bytes.
    """
    seen = transcript.size
    payload = Payload(
        salt=random(32),
        message_id=message_id,
        counter=transcript.next_counter(group.own_leaf_index, outstanding),
        seen_size=seen,
        seen_root=transcript.root_at(seen),
        accepted_history=transcript.history_at(seen),
        body=body,
    )
    application_data = payload.encode()
    sealed = group.seal(
        application_data, authenticated_data=authenticated_data(application_data), random=random
    )
    opening = Opening(leaf_index=group.own_leaf_index, content=application_data, signature=sealed.signature)
    return Sealed(group=sealed.group, message=sealed.message, opening=opening, counter=payload.counter)
