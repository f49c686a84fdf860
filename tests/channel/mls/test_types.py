import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.mls.errors import DecodeError, ValidationError
from channel.mls.types import (
    Extension,
    GroupContext,
    check_extensions,
    find_extension,
)

EXTENSIONS = st.lists(st.builds(Extension, st.integers(0, 0xFFFF), st.binary(max_size=30)), max_size=4).map(
    tuple
)
CONTEXTS = st.builds(
    GroupContext,
    cipher_suite=st.integers(0, 0xFFFF),
    group_id=st.binary(max_size=40),
    epoch=st.integers(0, 2**64 - 1),
    tree_hash=st.binary(max_size=64),
    confirmed_transcript_hash=st.binary(max_size=64),
    extensions=EXTENSIONS,
)


@given(CONTEXTS)
def test_group_contexts_come_back(context: GroupContext) -> None:
    assert GroupContext.decode(context.encode()) == context


@given(st.binary(max_size=80))
def test_garbage_raises_nothing_but_decode_error(data: bytes) -> None:
    for start in (b"", b"\x00\x01\x00\x01"):
        try:
            decoded = GroupContext.decode(start + data)
        except DecodeError:
            continue
        assert decoded.encode() == start + data


def test_another_version_is_refused() -> None:
    with pytest.raises(DecodeError, match="version"):
        GroupContext.decode(b"\x00\x02" + bytes(14))


@given(CONTEXTS, st.integers(0, 2**64 - 1), EXTENSIONS)
def test_replacing_changes_what_was_named(
    context: GroupContext, epoch: int, extensions: tuple[Extension, ...]
) -> None:
    changed = context.replace(
        epoch=epoch, tree_hash=b"", confirmed_transcript_hash=b"", extensions=extensions
    )
    assert (changed.epoch, changed.tree_hash, changed.extensions) == (epoch, b"", extensions)
    assert changed.group_id == context.group_id
    assert context.replace() == context


def test_an_extension_type_appears_once_in_a_list() -> None:
    twice = (Extension(1, b"a"), Extension(2, b"b"), Extension(1, b"c"))
    check_extensions(twice[:2])
    with pytest.raises(ValidationError, match="twice") as caught:
        check_extensions(twice)
    assert caught.value.rule == "13.4-1"
    assert find_extension(twice, 2) == b"b"
    assert find_extension(twice, 9) is None
