"""A form as a value to fill in: which fields a type has here, what was typed, and what goes to `compose`.

Built from `describe_fields`, so that a new field of a model appears by itself. Nothing here knows Textual.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Final, TypeAlias

from client.tui.form_tables import HIDDEN, HIDDEN_IN_ALL, ONE, STARTING_COUNTS, UPFRONT, WITH
from protocols.messages.envelope import MessageType
from protocols.messages.fields import ENVELOPE_GROUP, FieldSpec, describe_fields, field_info
from protocols.messages.message import CONTENT_MODELS
from protocols.messages.values import Shape

_T = MessageType
_ONE_LINE_PROBE: Final = "one\ntwo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One place to type or choose.

    Attributes:
        path: where the value goes, such as `clauses.0.window.start`.
        label: what a person reads.
        spec: what the model says about it.
        listed: whether it takes several values; text is separated by semicolons, all else by commas.
        upfront: whether it is shown before optional fields are asked for.
        needed: whether the message, or the item of a list that it is in, cannot do without it.
        one_line: whether it is text that must not have a line break.
    """

    path: str
    label: str
    spec: FieldSpec
    listed: bool
    upfront: bool
    needed: bool
    one_line: bool = False

    @property
    def separator(self) -> str:
        """What stands between several values: free text has commas of its own."""
        return ";" if self.spec.kind.startswith("text(") else ","

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
        opened: lists whose items are shown, though they are optional.
        presets: fields that count only beside another one of their group, such as the unit of a number.
        options: for fields (by pattern) that are chosen rather than typed, what to show and the value.
        typed_while: fields that are typed, in spite of their options, while another has one of these values.
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
    opened: set[str] = field(default_factory=set)
    presets: set[str] = field(default_factory=set)
    options: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    typed_while: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    optional: bool = False
    touched: bool = False

    def parts(self) -> tuple[Part, ...]:
        """Return everything the form shows, in order."""
        hidden = (*HIDDEN_IN_ALL, *HIDDEN.get(self.kind, ()))
        specs = [spec for spec in _specs(self.kind) if not _matches(spec.path, hidden)]
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
                asked = any(self._upfront(inner) for path, inner in specs[position:] if path[0] == group)
                yield Heading(text=_words(group), upfront=asked)
            elif len(rest) == 1:
                group = ""
            entry = self._entry(rest, spec, prefix)
            if entry.path not in self.fixed:
                yield entry
            position += 1

    def _expand_list(
        self, specs: Sequence[tuple[tuple[str, ...], FieldSpec]], prefix: str, head: tuple[str, ...]
    ) -> Iterator[Part]:
        group = prefix + ".".join(head)
        name = ONE.get(head[-1], head[-1])
        upfront = group in self.opened or any(self._upfront(spec) for _, spec in specs)
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
        opened = any(path.startswith(f"{group}.") for group in self.opened)
        upfront = opened or self._upfront(spec) or self._amended(path)
        return Entry(
            path=path,
            label=label,
            spec=spec,
            listed=listed,
            upfront=upfront,
            needed=spec.required or (spec.needed_with or "").endswith(".*"),
            one_line=_one_line(self.kind, spec.path),
        )

    def _amended(self, path: str) -> bool:
        """Whether a field belongs to the new text of a clause that is being amended."""
        if self.kind is not _T.CLAUSE_REPLY or ".clause." not in path:
            return False
        return self.values.get(path.split(".clause.")[0] + ".answer") == "AMEND" and ".place." not in path

    def _upfront(self, spec: FieldSpec) -> bool:
        usual = (*UPFRONT.get(self.kind, ()), *self._chosen())
        return self.only is not None or spec.required or _matches(spec.path, usual)

    def _chosen(self) -> tuple[str, ...]:
        """What is asked for because of what was chosen, such as the reason for a removal."""
        if self.kind not in WITH:
            return ()
        path, patterns = WITH[self.kind]
        return patterns.get(self.fixed.get(path, self.values.get(path, "")), ())

    def shown(self) -> tuple[Part, ...]:
        """Return the parts that are on screen now."""
        return tuple(part for part in self.parts() if self.optional or part.upfront)

    def layout(self) -> tuple[object, ...]:
        """Return what decides how the form is laid out; it is laid out anew when this changes."""
        return tuple(
            (part.path, bool(self.choices(part)))
            if isinstance(part, Entry)
            else (part.text if isinstance(part, Heading) else part.group)
            for part in self.shown()
        )

    def choices(self, entry: Entry) -> tuple[tuple[str, str], ...]:
        """Return what can be chosen in a field, as (text, value); empty where it is typed."""
        if entry.path in self.typed_while:
            other, values = self.typed_while[entry.path]
            if self.values.get(other, "") in values:
                return ()
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
        if path in ("languages", "prevailing"):
            self.in_parallel()
        return True

    def add(self, group: str) -> None:
        """Add an item to a list."""
        self.counts[group] = self.counts.get(group, 0) + 1
        self.in_parallel()

    def in_parallel(self) -> None:
        """Ask for each clause of a proposal in each of its other languages."""
        if self.kind is not _T.PROPOSAL:
            return
        languages = [part.strip() for part in self.values.get("languages", "").split(",") if part.strip()]
        prevailing = self.values.get("prevailing") or "en"
        others = [language for language in languages if language != prevailing]
        for path in [path for path in self.fixed if fnmatchcase(path, "clauses.*.texts.*.lang")]:
            del self.fixed[path]
        for clause in range(self.counts.get("clauses", 0)):
            group = f"clauses.{clause}.texts"
            if others:
                self.opened.add(group)
                self.closed |= {group}
                self.counts[group] = len(others)
            elif group in self.opened:
                self.opened.discard(group)
                self.closed -= {group}
                self.counts[group] = 0
            for index, language in enumerate(others):
                self.fixed[f"{group}.{index}.lang"] = language
                self.headings[f"{group}.{index}"] = f"clause {clause + 1} in {language}"

    def typed(self) -> dict[str, str]:
        """Return what was given, without what is empty or merely the default."""
        given: dict[str, str] = {}
        for entry in self.entries():
            value = self.values.get(entry.path, "")
            if value.strip() and value != entry.spec.default:
                given[entry.path] = value
        counted = {path.rpartition(".")[0] for path in given if path not in self.presets}
        return {
            path: value
            for path, value in given.items()
            if path not in self.presets or path.rpartition(".")[0] in counted
        }

    def name_of(self, path: str) -> str:
        """Return what a field is called where its item is not seen, such as `clause 2 · action`."""
        entry = next((entry for entry in self.entries() if entry.path == path), None)
        steps = path.split(".")
        items = [
            f"{ONE.get(steps[at - 1], steps[at - 1])} {int(step) + 1}"
            for at, step in enumerate(steps)
            if step.isdigit() and at
        ]
        return " · ".join((*items, entry.label if entry is not None else _words(steps[-1])))

    def texts(self) -> dict[str, str]:
        """Return the hashes of the texts that the form answers or adopts."""
        return {path: value for path, value in self.fixed.items() if path.rpartition(".")[2].endswith("hash")}

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


@cache
def _one_line(kind: MessageType, pattern: str) -> bool:
    """Whether a field is text that a line break would spoil."""
    if pattern.startswith(f"{ENVELOPE_GROUP}."):
        return False
    steps = tuple(step for step in pattern.split(".") if step != "*")
    info = field_info(CONTENT_MODELS[kind], steps)
    marks = [mark for mark in info.metadata if isinstance(mark, Shape)] if info is not None else []
    return any(mark.kind.startswith("text(") and _refuses(mark) for mark in marks)


def _refuses(shape: Shape) -> bool:
    try:
        shape.check(_ONE_LINE_PROBE)
    except ValueError:
        return True
    return False


def _matches(path: str, patterns: Sequence[str]) -> bool:
    plain = path.removesuffix(".*")
    return any(fnmatchcase(path, pattern) or fnmatchcase(plain, pattern) for pattern in patterns)


def _words(path: str) -> str:
    return path.replace("_", " ").replace(".", " · ")
