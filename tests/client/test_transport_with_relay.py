"""Transport, access key and invitation against a real relay process."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from channel.access import access_key_pair, sign_access
from channel.identity import Identity, make_certificate
from channel.invitation import BLOB_SIZE, Invitation, InvitationRequest, InvitationResponse
from client.errors import RelayUnreachable
from client.transport import RelayConnection, connect
from protocols.log import checkpoint
from protocols.log.entry import Genesis
from protocols.relay.access import signed_bytes
from protocols.relay.frames import (
    REQUEST_SLOT,
    RESPONSE_SLOT,
    Authorise,
    Authorised,
    Create,
    Done,
    Entries,
    MailboxClose,
    MailboxContents,
    MailboxOpen,
    MailboxPost,
    MailboxRead,
    RefusalCode,
    Refused,
    Subscribe,
)

PRIVATE_KEY, PUBLIC_KEY = access_key_pair(b"\x07" * 32)
AMAL = Identity.from_seed(b"\x01" * 32)
REQUEST = InvitationRequest(
    key_packages=(b"a key package",),
    identity_key=AMAL.public_key,
    name="Amal",
    certificate=make_certificate(
        AMAL, leaf_signature_key=b"\x05" * 32, not_before_s=0, not_after_s=9, device="laptop"
    ),
)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "server", "serve", "--listen", "127.0.0.1:0", "--open", "--data"]
    with subprocess.Popen(
        [*command, str(tmp_path / "relay")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on ")
        yield process, line.removeprefix("listening on ").strip()
        process.kill()


async def create_log(relay: RelayConnection) -> Genesis:
    genesis = Genesis(random=b"\x01" * 32, relay_vkey=relay.greeting.relay_vkey, cipher_suite=1)
    done = await relay.request(
        Create(request=0, genesis=genesis.encode(), access_key=PUBLIC_KEY, admission_token="")
    )
    assert isinstance(done, Done)
    return genesis


async def authorise(relay: RelayConnection, genesis: Genesis, private_key: bytes = PRIVATE_KEY) -> object:
    proof = signed_bytes(
        relay_vkey=relay.greeting.relay_vkey,
        challenge=relay.greeting.challenge,
        log=genesis.log_id,
        epoch=0,
        access_key=PUBLIC_KEY,
    )
    return await relay.request(
        Authorise(
            request=0,
            log=genesis.log_id,
            epoch=0,
            access_key=PUBLIC_KEY,
            signature=sign_access(private_key, proof),
        )
    )


async def post(relay: RelayConnection, invitation: Invitation, slot: int, blobs: tuple[bytes, ...]) -> None:
    for index, blob in enumerate(blobs):
        done = await relay.request(
            MailboxPost(
                request=0,
                mailbox=invitation.mailbox_id,
                slot=slot,
                index=index,
                blob=blob,
                final=index == len(blobs) - 1,
            )
        )
        assert isinstance(done, Done)


async def read(relay: RelayConnection, invitation: Invitation, slot: int) -> list[bytes]:
    blobs: list[bytes] = []
    while True:
        contents = await relay.request(
            MailboxRead(request=0, mailbox=invitation.mailbox_id, slot=slot, start=len(blobs), wait=True),
            timeout_s=None,
        )
        assert isinstance(contents, MailboxContents)
        blobs.extend(contents.blobs)
        if contents.final:
            return blobs


async def test_the_access_key_opens_the_log_and_another_does_not(
    process: tuple[subprocess.Popen[str], str],
) -> None:
    async with asyncio.timeout(10), connect(process[1]) as relay:
        genesis = await create_log(relay)
        refused = await authorise(relay, genesis, private_key=b"\x08" * 32)
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.UNAUTHORISED
        assert isinstance(await authorise(relay, genesis), Authorised)
        assert isinstance(await relay.request(Subscribe(request=0, log=genesis.log_id, start=0)), Done)
        entries = await relay.pushed()
        assert isinstance(entries, Entries)
        assert entries.entries == (genesis.encode(),)
        checkpoint.verify(entries.checkpoint, origin=genesis.origin, public_key=genesis.relay.public_key)


async def test_an_invitation_goes_through_a_mailbox(process: tuple[subprocess.Popen[str], str]) -> None:
    response = InvitationResponse(
        welcome=b"a welcome", genesis=b"g", history=b"h" * (9 * BLOB_SIZE), relay_vkey="vkey"
    )
    invitation = Invitation(process[1], b"\x09" * 32)
    async with asyncio.timeout(10), connect(process[1]) as inviter, connect(process[1]) as invitee:
        genesis = await create_log(inviter)
        assert isinstance(await authorise(inviter, genesis), Authorised)
        opened = await inviter.request(
            MailboxOpen(request=0, log=genesis.log_id, mailbox=invitation.mailbox_id, lifetime_s=60)
        )
        assert isinstance(opened, Done)

        async def admit() -> InvitationRequest:
            request = invitation.open_request(await read(inviter, invitation, REQUEST_SLOT))
            await post(inviter, invitation, RESPONSE_SLOT, invitation.seal_response(response))
            return request

        async def join() -> InvitationResponse:
            same = Invitation.parse(invitation.code)
            await post(invitee, same, REQUEST_SLOT, same.seal_request(REQUEST))
            return same.open_response(await read(invitee, same, RESPONSE_SLOT))

        requested, answered = await asyncio.gather(admit(), join())
        assert requested == REQUEST
        assert answered == response
        closed = await invitee.request(MailboxClose(request=0, mailbox=invitation.mailbox_id))
        assert isinstance(closed, Done)


async def test_a_killed_relay_is_noticed(process: tuple[subprocess.Popen[str], str]) -> None:
    async with asyncio.timeout(10), connect(process[1]) as relay:
        await create_log(relay)
        process[0].kill()
        with pytest.raises(RelayUnreachable, match="lost"):
            await relay.pushed()
