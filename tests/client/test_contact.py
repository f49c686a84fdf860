"""The state of a connection that comes and goes."""

from client.contact import Contact
from client.events import ConnectionKind


def test_offline_counts_from_the_first_failure_until_the_relay_greets() -> None:
    contact = Contact(1)
    assert contact.state.kind is ConnectionKind.CONNECTING
    assert contact.offline(2, "nobody answers").since_ms == 2
    assert contact.connecting(3).kind is ConnectionKind.CONNECTING
    assert contact.offline(4, "nobody answers").since_ms == 2
    assert contact.state.last_contact_ms is None
    assert contact.online(5).detail == ""
    assert contact.offline(9, "lost").since_ms == 9


def test_the_last_contact_outlives_the_connection() -> None:
    contact = Contact(1)
    assert contact.online(2).last_contact_ms == 2
    contact.heard(7)
    assert contact.offline(8, "lost").last_contact_ms == 7
    assert contact.connecting(9).last_contact_ms == 7
