"""The invitee's side of an invitation: key packages, a letter, a welcome; check everything, then believe it.

The inviter hands over the channel's history as an export. It is verified here exactly as an auditor would,
then compared with the group that the Welcome leads to; the relay's own view is compared when the channel is
first opened. Our key packages and the sealed letter are in the store before the letter leaves, so that a
client that is killed in between can ask again with the same code.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from channel.audit import Export, Verification, parse_export, verify_export
from channel.epoch import authenticator
from channel.errors import ChannelError
from channel.identity import Identity
from channel.invitation import Invitation, InvitationRequest, InvitationResponse
from channel.mls import Group, KeyPackageBundle, MLSError, cipher_suite, create_key_package
from client.archive import save_import
from client.conversation import Conversation
from client.errors import InvitationRefused, RelayUnreachable
from client.founding import CIPHER_SUITES, capabilities, leaf_keys
from client.letters import close_mailbox, post_letter, read_letter
from client.store import ClientStore, InvitationRow, InvitationState, Side
from client.transport import RelayConnection
from protocols import canonical
from protocols.errors import ProtocolError
from protocols.log.follower import LogFollower
from protocols.relay.frames import REQUEST_SLOT, RESPONSE_SLOT
from protocols.shape import as_bytes, as_list

__all__ = ["join"]

Random = Callable[[int], bytes]


async def join(
    relay: RelayConnection,
    store: ClientStore,
    identity: Identity,
    invitation: Invitation,
    *,
    name: str,
    device: str,
    clock: Callable[[], int],
    random: Random,
    progress: Callable[[str], None],
) -> bytes:
    """Ask for admission, wait for it, verify what was handed over, and keep the channel.

    Args:
        relay: A connection to the invitation's relay.
        store: The open database.
        identity: Ours.
        invitation: The parsed code.
        name: The name we propose; the inviter may have fixed another.
        device: This device's label.
        clock: UTC milliseconds.
        random: Source of random bytes.
        progress: Told what is being done, one line each.

    Returns:
        The channel's log id, 32 bytes.

    Raises:
        InvitationRefused: The code is used, expired or withdrawn, or what was handed over does not hold.
        RelayUnreachable: The connection ended; join again with the same code.

    Cancellation: join again with the same code.
    """
    row = _request(store, identity, invitation, name=name, device=device, clock=clock, random=random)
    bundles = _decode_bundles(row.key_package_bundle or b"")
    request = InvitationRequest(
        key_packages=tuple(bundle.key_package.encode() for bundle in bundles),
        identity_key=identity.public_key,
        name=name,
        certificate=bundles[0].key_package.leaf_node.credential.identity,
    )
    progress("asking to be admitted")
    blobs = invitation.seal_request(request)
    await post_letter(relay, mailbox=row.mailbox, slot=REQUEST_SLOT, blobs=blobs)
    progress("waiting until the inviter admits us")
    answer = await read_letter(relay, mailbox=row.mailbox, slot=RESPONSE_SLOT, wait=True)
    progress("verifying the channel's history")
    try:
        response = invitation.open_response(answer)
        export = parse_export(response.history)
        verified = verify_export(export, complete=False)
        conversation = _enter(
            response, bundles, export, verified, relay_vkey=relay.greeting.relay_vkey, now_ms=clock()
        )
    except (ChannelError, MLSError, ProtocolError) as error:
        raise InvitationRefused(f"what the inviter handed over does not hold: {error}") from error
    with store.transaction() as tx:
        if tx.channels.get(conversation.transcript.genesis.log_id) is not None:
            raise InvitationRefused("this channel is in the profile already")
        save_import(tx, conversation, export, verified.judged, relay_url=invitation.relay_url, now_ms=clock())
        tx.invitations.put(replace(row, state=InvitationState.DONE, key_package_bundle=None, outgoing=None))
    with contextlib.suppress(RelayUnreachable):  # we are in; the mailbox goes when its lifetime ends
        await close_mailbox(relay, mailbox=row.mailbox)
    return conversation.transcript.genesis.log_id


def _request(
    store: ClientStore,
    identity: Identity,
    invitation: Invitation,
    *,
    name: str,
    device: str,
    clock: Callable[[], int],
    random: Random,
) -> InvitationRow:
    """Our key packages for this invitation: those we asked with before, or new ones, saved."""
    with store.transaction() as tx:
        row = tx.invitations.get(invitation.mailbox_id)
    if row is not None and row.side is Side.INVITER:
        raise InvitationRefused("this invitation is one that you gave yourself")
    if row is not None and row.state is InvitationState.DONE:
        raise InvitationRefused("this invitation has been used already: the channel is in your profile")
    if row is not None and row.name == name:
        return row
    suites = [cipher_suite(number) for number in CIPHER_SUITES]
    keys = leaf_keys(suites[0], identity, device=device, now_s=clock() // 1000, random=random)
    bundles = [
        create_key_package(
            suite,
            credential=keys.credential,
            signature_key_pair=keys.signature_key_pair,
            lifetime=keys.lifetime,
            capabilities=capabilities(suite),
            random=random,
        )
        for suite in suites
    ]
    row = InvitationRow(
        mailbox=invitation.mailbox_id,
        invitation_secret=invitation.secret,
        side=Side.INVITEE,
        log_id=None,
        relay_url=invitation.relay_url,
        role="",
        name=name,
        expires_ms=0,
        state=InvitationState.REQUESTED,
        key_package_bundle=canonical.encode([bundle.encode() for bundle in bundles]),
        created_ms=clock(),
    )
    with store.transaction() as tx:
        tx.invitations.put(row)
    return row


def _enter(
    response: InvitationResponse,
    bundles: Sequence[KeyPackageBundle],
    export: Export,
    verified: Verification,
    *,
    relay_vkey: str,
    now_ms: int,
) -> Conversation:
    """Join the group, and require that history, group and relay speak of the same channel."""
    transcript = verified.transcript
    suite_number = transcript.genesis.cipher_suite
    bundle = next((one for one in bundles if one.key_package.cipher_suite == suite_number), None)
    if bundle is None:
        raise ChannelError(f"the channel speaks cipher suite {suite_number}, which this program does not")
    group = Group.join(response.welcome, bundle=bundle, authenticate=authenticator(now_ms // 1000))
    if export.genesis != response.genesis or group.group_id != transcript.genesis.log_id:
        raise ChannelError("the welcome and the history are of two channels")
    if group.context.encode() != transcript.epoch.context.encode():
        raise ChannelError("the history does not lead to the group that the welcome opens")
    if not transcript.genesis.relay_vkey == response.relay_vkey == relay_vkey:
        raise ChannelError("the channel was made on another relay")
    follower = LogFollower(
        transcript.genesis.origin, transcript.genesis.relay_public_key, transcript.frontier
    )
    return Conversation(group=group, follower=follower, transcript=transcript)


def _decode_bundles(data: bytes) -> tuple[KeyPackageBundle, ...]:
    items = as_list(canonical.decode(data, max_size=len(data)), what="key packages")
    return tuple(KeyPackageBundle.decode(as_bytes(item, what="key package")) for item in items)
