"""What a commit may change of a charter, judged alike by every member.

    CHARTER-1   the relay's key never changes
    CHARTER-2   the mode never changes: an exercise cannot turn real
    CHARTER-3   a commit that adds or removes somebody changes nothing but the roster
    CHARTER-4   whoever is added is on the new roster, and was not on the old one
    CHARTER-5   whoever is removed is not on the new roster; nobody loses a leaf to another and stays
    CHARTER-6   everybody else's entry stays as it is and where it is, but for what was agreed: a role by
                SEAT, mandates by MANDATE (whole: what one replaces goes); nobody else comes or goes
    CHARTER-7   who is neither a party nor a mediator commits nothing but a new key of its own
    CHARTER-8   a leaf that stays keeps its identity: a new certificate on it is the same person's
    CHARTER-9   once seats are AGREED they stay so, and what was set up (title, timers, languages, retention,
                what newcomers see) stands
    CHARTER-10  once seats are AGREED, whoever comes or goes was agreed on by a SEAT, or is suspended
    CHARTER-11  the glossary changes by agreed TERMs only, and its version counts them
    CHARTER-12  adopted texts are added as they were adopted, and never taken away
    CHARTER-13  somebody who may govern is left

What was agreed is in the log: messages that everybody needed has affirmed (`protocols.negotiation`). The
messages agree, a commit enacts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from channel.charter import GOVERNING, Charter, Seats
from channel.errors import BadCharter, CharterRuleBroken
from channel.names import fold_name
from channel.roster import RosterEntry
from protocols.messages.glossary import GlossaryTerm
from protocols.messages.mandates import Mandate, mandate_id
from protocols.messages.roles import Role
from protocols.messages.seats import Seat
from protocols.negotiation import Negotiation
from protocols.negotiation.agreed import AgreedChanges, AgreedTerm

__all__ = ["NO_CONSENT", "Consent", "check_change", "check_governing", "enact", "is_agreed_seat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the entries before a commit allow it to do.

    Attributes:
        agreed: what messages have agreed and no commit has enacted.
        suspended: participant ids of seats whose word does not count.
    """

    agreed: AgreedChanges = field(default_factory=AgreedChanges)
    suspended: frozenset[str] = frozenset()

    @classmethod
    def of(cls, negotiation: Negotiation) -> "Consent":
        """Return what a negotiation, as it stands, allows the next entry to do."""
        return cls(agreed=negotiation.agreed, suspended=negotiation.suspended)


NO_CONSENT: Final = Consent()


def check_governing(charter: Charter, participant: str) -> None:
    """Refuse a change by somebody who may not make any.

    Args:
        charter: before the change.
        participant: the id of who would make it.

    Raises:
        CharterRuleBroken: they are neither a party nor a mediator there.
    """
    seat = charter.entry(participant)
    if seat is None or seat.role not in GOVERNING:
        raise CharterRuleBroken("CHARTER-7", "only a party or a mediator may change members or charter")


def check_change(
    old: Charter,
    new: Charter,
    *,
    added_ids: Collection[str],
    removed_ids: Collection[str],
    consent: Consent = NO_CONSENT,
) -> None:
    """Judge a commit's change of the charter by the numbered rules above.

    Args:
        old: the charter of the epoch the commit closes.
        new: the charter of the epoch it opens.
        added_ids: participant ids with a leaf after the commit and none before.
        removed_ids: participant ids with a leaf before the commit and none after.
        consent: what the entries before the commit allow it.

    Raises:
        CharterRuleBroken: the first rule that is broken. The committer is at fault.
    """
    if new.relay_vkey != old.relay_vkey:
        raise CharterRuleBroken("CHARTER-1", "the relay's key cannot change")
    if new.mode is not old.mode:
        raise CharterRuleBroken("CHARTER-2", "the mode cannot change")
    if (added_ids or removed_ids) and replace(new, roster=old.roster) != old:
        raise CharterRuleBroken("CHARTER-3", "who adds or removes somebody changes only the roster")
    agreed = consent.agreed
    _check_roster(old, new, added_ids, removed_ids, agreed)
    if not _is_governed(new):
        raise CharterRuleBroken("CHARTER-13", "a channel keeps a party or a mediator")
    if old.seats is Seats.AGREED:
        _check_standing(old, new)
        _check_agreed_seats(new, added_ids, removed_ids, consent)
    if (new.glossary, new.glossary_version) != (old.glossary, old.glossary_version):
        _check_glossary(old, new, agreed)
    if new.adopted != old.adopted:
        _check_adopted(old, new, agreed)


def _check_roster(
    old: Charter, new: Charter, added: Collection[str], removed: Collection[str], agreed: AgreedChanges
) -> None:
    before = {entry.id: entry for entry in old.roster}
    after = {entry.id: entry for entry in new.roster}
    if not all(newcomer in after and newcomer not in before for newcomer in added):
        raise CharterRuleBroken("CHARTER-4", "whoever is added comes onto the roster")
    if any(gone in after for gone in removed):
        raise CharterRuleBroken("CHARTER-5", "whoever is removed leaves the roster")
    staying = {who: entry for who, entry in before.items() if who not in removed}
    kept = {who: entry for who, entry in after.items() if who not in added}
    # Their order says whose client commits first and which mediator is told first.
    if [*kept] != [*staying] or [*after][: len(kept)] != [*kept]:
        raise CharterRuleBroken("CHARTER-6", "nobody else comes, goes or changes place")
    if not all(_is_agreed_entry(entry, kept[who], agreed) for who, entry in staying.items()):
        raise CharterRuleBroken("CHARTER-6", "nobody else's entry changes but as was agreed")
    held = _mandates(old.roster)
    if not _are_agreed_mandates(_mandates(staying.values()), _mandates(kept.values()), agreed):
        raise CharterRuleBroken("CHARTER-6", "mandates change as their principals signed it, and wholly")
    brought = [mandate for who in added for mandate in after[who].mandates]
    if any(one.replaces in held and not _replaced((one,), held) for one in brought):
        raise CharterRuleBroken("CHARTER-6", "nobody brings a mandate that ends another principal's")


def _is_governed(charter: Charter) -> bool:
    return any(entry.role in GOVERNING for entry in charter.roster)


def _is_agreed_entry(old: RosterEntry, new: RosterEntry, agreed: AgreedChanges) -> bool:
    if replace(new, role=old.role, mandates=old.mandates) != old:
        return False
    return new.role is old.role or any(
        seat.content.operation == "ROLE"
        and seat.content.fingerprint == old.id
        and seat.content.role == new.role.value
        for seat in agreed.seats
    )


def _mandates(entries: Iterable[RosterEntry]) -> dict[str, Mandate]:
    return {mandate_id(mandate): mandate for entry in entries for mandate in entry.mandates}


def _are_agreed_mandates(
    before: Mapping[str, Mandate], after: Mapping[str, Mandate], agreed: AgreedChanges
) -> bool:
    given = {mandate_id(item.mandate) for item in agreed.mandates}
    granted = [mandate for name, mandate in after.items() if name not in before]
    replaced = _replaced(granted, {**before, **after})
    return (
        after.keys() - before.keys() <= given
        and before.keys() - after.keys() <= _revoked(agreed) | replaced
        and not replaced & after.keys()
    )


def _replaced(granted: Iterable[Mandate], known: Mapping[str, Mandate]) -> frozenset[str]:
    """Which of the known mandates those that are granted take the place of: only ever a principal's own."""
    named = ((mandate.replaces, mandate.principal) for mandate in granted if mandate.replaces is not None)
    return frozenset(
        name for name, principal in named if name in known and known[name].principal == principal
    )


def _check_standing(old: Charter, new: Charter) -> None:
    same = replace(
        new,
        roster=old.roster,
        glossary=old.glossary,
        glossary_version=old.glossary_version,
        adopted=old.adopted,
    )
    if same != old:
        raise CharterRuleBroken("CHARTER-9", "what was set up stands: begin a new channel to change it")


def _check_agreed_seats(
    new: Charter, added: Collection[str], removed: Collection[str], consent: Consent
) -> None:
    seats = [seat.content for seat in consent.agreed.seats]
    replaced: set[str | None] = set()
    for newcomer in added:
        entry = new.entry(newcomer)
        agreement = next((s for s in seats if entry is not None and is_agreed_seat(s, entry)), None)
        if agreement is None or (entry is not None and entry.mandates):
            raise CharterRuleBroken("CHARTER-10", "every party agrees on a seat before somebody takes it")
        replaced.add(agreement.replaces)
    leaving = {seat.fingerprint for seat in seats if seat.operation == "REMOVE"}
    if not set(removed) <= leaving | replaced | consent.suspended:
        raise CharterRuleBroken("CHARTER-10", "every party agrees on it before somebody loses their seat")


def is_agreed_seat(seat: Seat, entry: RosterEntry) -> bool:
    """Say whether a SEAT that was agreed on gives somebody just this line of the roster."""
    principal = None if entry.principal is None else entry.principal.hex()
    return (
        seat.operation in ("ADMIT", "KEY")
        and seat.fingerprint == entry.id
        and seat.seat == entry.name
        and seat.role == entry.role.value
        and seat.principal == principal
        and (seat.principal_name or "") == entry.principal_name
    )


def _check_glossary(old: Charter, new: Charter, agreed: AgreedChanges) -> None:
    if (new.glossary, new.glossary_version) != _following_glossary(
        old.glossary, old.glossary_version, agreed.terms
    ):
        raise CharterRuleBroken("CHARTER-11", "the glossary changes by all the TERMs that were agreed")


def _check_adopted(old: Charter, new: Charter, agreed: AgreedChanges) -> None:
    kept, more = new.adopted[: len(old.adopted)], new.adopted[len(old.adopted) :]
    if kept != old.adopted or not set(more) <= set(agreed.adopted) or len(set(more)) != len(more):
        raise CharterRuleBroken("CHARTER-12", "adopted texts are added as they were adopted")


def enact(charter: Charter, agreed: AgreedChanges) -> Charter:
    """Return the charter with everything that was agreed and needs nobody to come or go.

    Who comes and goes is left to commits of their own (CHARTER-3).

    Raises:
        BadCharter: It makes no charter, such as with more mandates than a seat may have, or nobody is left
            who may govern.
    """
    glossary, version = _following_glossary(charter.glossary, charter.glossary_version, agreed.terms)
    adopted = tuple(text for text in agreed.adopted if text not in charter.adopted)
    held = _mandates(charter.roster)
    granted = {mandate_id(item.mandate): item.mandate for item in agreed.mandates}
    granted = {name: one for name, one in granted.items() if name not in held and _may_hold(charter, one)}
    gone = _revoked(agreed) | _replaced(granted.values(), {**held, **granted})
    standing = {name: mandate for name, mandate in {**held, **granted}.items() if name not in gone}
    following = replace(
        charter,
        roster=tuple(
            replace(
                entry,
                role=_enacted_role(entry, agreed),
                mandates=tuple(mandate for mandate in standing.values() if mandate.holder == entry.id),
            )
            for entry in charter.roster
        ),
        glossary=glossary,
        glossary_version=version,
        adopted=(*charter.adopted, *adopted),
    )
    if not _is_governed(following):
        raise BadCharter("nobody would be left who may govern the channel")
    return following


def _may_hold(charter: Charter, mandate: Mandate) -> bool:
    """Whether a mandate gives powers to somebody who still sits for its principal."""
    entry = charter.entry(mandate.holder)
    principal = None if entry is None or entry.principal is None else entry.principal.hex()
    return mandate.revokes is None and mandate.principal == principal


def _enacted_role(entry: RosterEntry, agreed: AgreedChanges) -> Role:
    role = entry.role
    for seat in agreed.seats:
        if seat.content.operation == "ROLE" and seat.content.fingerprint == entry.id and seat.content.role:
            role = Role(seat.content.role)
    return role


def _revoked(agreed: AgreedChanges) -> frozenset[str | None]:
    return frozenset(item.mandate.revokes for item in agreed.mandates if item.mandate.revokes is not None)


def _following_glossary(
    glossary: tuple[GlossaryTerm, ...], version: int, terms: tuple[AgreedTerm, ...]
) -> tuple[tuple[GlossaryTerm, ...], int]:
    """Return glossary and version after these definitions, each in the place of its term's earlier one."""
    following = {fold_name(term.term): term for term in glossary}
    for agreed_term in terms:
        content = agreed_term.content
        before = following.get(fold_name(content.term))
        following[fold_name(content.term)] = GlossaryTerm(
            term=content.term,
            definition=content.definition,
            includes=content.includes,
            excludes=content.excludes,
            lang=agreed_term.lang,
            version=1 if before is None else before.version + 1,
            source=agreed_term.message,
        )
    return tuple(following.values()), version + len(terms)
