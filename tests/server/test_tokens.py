from base64 import urlsafe_b64decode
from hashlib import sha256

from server.tokens import new_token, token_hash


def test_a_token_is_32_random_bytes_and_only_its_hash_is_kept() -> None:
    secret, record = new_token("mediator", random=lambda size: bytes(range(size)), now_ms=5, expires_ms=None)
    assert urlsafe_b64decode(secret + "=") == bytes(range(32))
    assert record.token_hash == token_hash(secret) == sha256(secret.encode()).digest()
    assert (record.label, record.created_ms, record.expires_ms) == ("mediator", 5, None)
    assert secret not in repr(record)


def test_any_text_can_be_asked_for() -> None:
    assert token_hash("\ud800") != token_hash("")
