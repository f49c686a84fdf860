"""A form as a value to fill in: which fields a type has here, what was typed, and what goes to `compose`.

Built from `describe_fields`, so that a new field of a model appears by itself. Nothing here knows Textual.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Final, TypeAlias

from protocols.messages.envelope import MessageType
from protocols.messages.fields import FieldSpec, describe_fields

_T = MessageType
HIDDEN: Final[Mapping[MessageType, tuple[str, ...]]] = {
    _T.PROPOSAL: ("clauses.*.no", "clauses.*.version"),
    _T.CLAUSE_REPLY: ("replies.*.hash", "replies.*.clause.no", "replies.*.clause.version", "package_hash"),
    _T.READBACK: ("readings.*.field",),
    _T.CORRECTION: ("changes.*.old",),
}
"""Fields that the client fills in, because no person should have to count or copy a hash."""

UPFRONT: Final[Mapping[MessageType, tuple[str, ...]]] = {
    _T.RESPONSE: ("reason", "fields", "by", "passed_to"),
    _T.CORRECTION: ("changes.*",),
    _T.INFORM: ("grade",),
    _T.NOTIFY: ("place.*", "persons.n", "emergency"),
    _T.PROPOSAL: ("valid_until",),
    _T.CLAUSE_REPLY: ("replies.*.answer", "replies.*.reason", "final"),
    _T.COMMIT_EVENT: ("evidence", "reason", "new_party", "new_time"),
    _T.ALERT: ("persons_at_risk.n", "precedence"),
}
"""Optional fields that are asked for at once, because in practice they are needed."""

STARTING_COUNTS: Final = {"clauses": 1, "changes": 1}
_ONE: Final = {
    "clauses": "clause",
    "changes": "change",
    "route": "waypoint",
    "area": "corner",
    "refs": "reference",
    "replies": "reply",
    "readings": "field",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One place to type or choose.

    Attributes:
        path: where the value goes, such as `clauses.0.window.start`.
        label: what a person reads.
        spec: what the model says about it.
        listed: whether it takes several values, separated by commas.
        upfront: whether it is shown before optional fields are asked for.
    """

    path: str
    label: str
    spec: FieldSpec
    listed: bool
    upfront: bool

    @property
    def limit(self) -> int | None:
        """The most characters it takes; None where that is not how it is limited."""
        kind = self.spec.kind
        return int(kind[5:-1]) if kind.startswith("text(") and not self.listed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The beginning of an item of a list, such as clause 2, or of a group, such as a place."""

    text: str
    upfront: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """A way to add another item to a list."""

    group: str
    label: str
    upfront: bool


Part: TypeAlias = Entry | Heading | More
Where: TypeAlias = Callable[[str], str]


@dataclass(slots=True)
class Form:
    """What a person is filling in; kept as a draft while the session runs.

    Attributes:
        kind: the message type.
        only: the paths that are asked for; None for all.
        fixed: values that the client knows, by path; never shown.
        values: what was typed or chosen, by path.
        counts: how many items each list has.
        headings: text above an item of a list, by its path, such as the clause; empty for none.
        labels: what a field is called here, by its path.
        closed: lists that cannot be added to.
        options: for fields (by pattern) that are chosen rather than typed, what to show and the value.
        optional: whether optional fields are shown too.
        touched: whether a person has typed or chosen anything.
    """

    kind: MessageType
    only: tuple[str, ...] | None = None
    fixed: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict(STARTING_COUNTS))
    headings: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    options: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    optional: bool = False
    touched: bool = False

    def parts(self) -> tuple[Part, ...]:
        """Return everything the form shows, in order."""
        specs = [spec for spec in _specs(self.kind) if not _matches(spec.path, HIDDEN.get(self.kind, ()))]
        if self.only is not None:
            specs = [spec for spec in specs if _matches(spec.path, self.only)]
        # What the envelope requires comes first: a topic says what the rest is about.
        specs.sort(key=lambda spec: not (spec.part == "envelope" and spec.required))
        taken = set(self.fixed) | {path.split(".")[0] for path in self.fixed if path.startswith("refs.")}
        specs = [spec for spec in specs if spec.path not in taken and spec.path.split(".")[0] not in taken]
        return tuple(self._expand([(tuple(spec.path.split(".")), spec) for spec in specs], ""))

    def entries(self) -> tuple[Entry, ...]:
        """Return the places to type, in order."""
        return tuple(part for part in self.parts() if isinstance(part, Entry))

    def _expand(self, specs: Sequence[tuple[tuple[str, ...], FieldSpec]], prefix: str) -> Iterator[Part]:
        position = 0
        group = ""
        while position < len(specs):
            rest, spec = specs[position]
            if "*" in rest[:-1]:
                star = rest.index("*")
                head = rest[:star]
                run = [pair for pair in specs[position:] if pair[0][: star + 1] == (*head, "*")]
                position += len(run)
                yield from self._expand_list([(path[star + 1 :], inner) for path, inner in run], prefix, head)
                continue
            if len(rest) > 1 and rest[-1] != "*" and rest[0] != group:
                group = rest[0]
                yield Heading(text=_words(group), upfront=self._upfront(spec))
            elif len(rest) == 1:
                group = ""
            yield self._entry(rest, spec, prefix)
            position += 1

    def _expand_list(
        self, specs: Sequence[tuple[tuple[str, ...], FieldSpec]], prefix: str, head: tuple[str, ...]
    ) -> Iterator[Part]:
        group = prefix + ".".join(head)
        name = _ONE.get(head[-1], head[-1])
        upfront = any(self._upfront(spec) for _, spec in specs)
        for index in range(self.counts.get(group, 0)):
            item = f"{group}.{index}"
            if heading := self.headings.get(item, f"{name} {index + 1}"):
                yield Heading(text=heading, upfront=upfront)
            yield from self._expand(specs, f"{item}.")
        if group not in self.closed:
            yield More(group=group, label=f"Add a {name}", upfront=upfront)

    def _entry(self, rest: tuple[str, ...], spec: FieldSpec, prefix: str) -> Entry:
        listed = rest[-1] == "*"
        path = prefix + ".".join(rest[:-1] if listed else rest)
        named = rest[:-1] if listed else rest
        label = self.labels.get(path, _words(".".join(named)))
        upfront = self._upfront(spec) or self._amended(path)
        return Entry(path=path, label=label, spec=spec, listed=listed, upfront=upfront)

    def _amended(self, path: str) -> bool:
        """Whether a field belongs to the new text of a clause that is being amended."""
        if self.kind is not _T.CLAUSE_REPLY or ".clause." not in path:
            return False
        return self.values.get(path.split(".clause.")[0] + ".answer") == "AMEND" and ".place." not in path

    def _upfront(self, spec: FieldSpec) -> bool:
        return self.only is not None or spec.required or _matches(spec.path, UPFRONT.get(self.kind, ()))

    def shown(self) -> tuple[Part, ...]:
        """Return the parts that are on screen now."""
        return tuple(part for part in self.parts() if self.optional or part.upfront)

    def choices(self, entry: Entry) -> tuple[tuple[str, str], ...]:
        """Return what can be chosen in a field, as (text, value); empty where it is typed."""
        for pattern, options in self.options.items():
            if fnmatchcase(entry.path, pattern):
                return options
        if entry.spec.kind == "flag":
            return (("no", "false"), ("yes", "true"))
        return tuple(
            (_words(choice).lower() if "_" in choice else choice, choice) for choice in entry.spec.choices
        )

    def put(self, path: str, value: str) -> bool:
        """Keep what was typed or chosen; say whether it is something new."""
        if self.values.get(path, "") == value:
            return False
        self.values[path] = value
        self.touched = True
        return True

    def add(self, group: str) -> None:
        """Add an item to a list."""
        self.counts[group] = self.counts.get(group, 0) + 1

    def typed(self) -> dict[str, str]:
        """Return what was given, without what is empty or merely the default."""
        given: dict[str, str] = {}
        for entry in self.entries():
            value = self.values.get(entry.path, "")
            if value.strip() and value != entry.spec.default:
                given[entry.path] = value
        return given

    def bytes_typed(self) -> int:
        """Return how many bytes of UTF-8 the person has typed so far."""
        shown = {part.path for part in self.shown() if isinstance(part, Entry)}
        return sum(
            len(text.encode("utf-8", "replace")) for path, text in self.typed().items() if path in shown
        )


@cache
def _specs(kind: MessageType) -> tuple[FieldSpec, ...]:
    """The fields of a type; they cannot change, and are asked for at every key press."""
    return describe_fields(kind)


def _matches(path: str, patterns: Sequence[str]) -> bool:
    plain = path.removesuffix(".*")
    return any(fnmatchcase(path, pattern) or fnmatchcase(plain, pattern) for pattern in patterns)


def _words(path: str) -> str:
    return path.replace("_", " ").replace(".", " · ")
