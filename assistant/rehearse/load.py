"""Scenarios from `knowledge/`, loaded strictly: every slip names file and field. The format is in docs/scenarios.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.errors import KnowledgeError
from assistant.prompts import Prompts
from assistant.rehearse.types import (
    ALWAYS,
    DIFFICULTIES,
    VARIABLES,
    Condition,
    Counts,
    Criterion,
    Difficulty,
    Ending,
    EndingKind,
    Family,
    Hints,
    Inject,
    Interest,
    Leave,
    Line,
    Mode,
    Move,
    PartName,
    Persona,
    Reaction,
    RedLine,
    Rule,
    Scenario,
    Script,
    ScriptLine,
    Shared,
    Terms,
    Test,
    Topic,
)
from assistant.strict import content_version, read_yaml
from assistant.types import ELEMENTS, ElementId, LevelId, StepId

_COMPARE = re.compile(r"^(>=|<=|==|>|<)\s*(\d+(?:\.\d+)?)$")
_PARTS: tuple[PartName, ...] = ("opening", "reaction", "content", "reserved", "aside", "arrival", "closing", "again", "lost")

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[list[Text], Field(min_length=1)]
When = dict[str, Any] | list[dict[str, Any]]
Share = Annotated[float, Field(ge=0, le=1)]
Effect = dict[str, Annotated[float, Field(ge=-1, le=1)]]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _MoveRow(_Row):
    name: Text
    doing: Text
    family: Family
    element: ElementId
    counts: Counts
    opens: bool = False
    lines: Texts
    cues: list[Text] = []
    examples: Annotated[list[Text], Field(min_length=8)]


class _ReactionRow(_Row):
    move: Text | Texts
    when: When = {}
    effect: Effect
    bond: Effect = {}
    note: str | None = None


class _LineRow(_Row):
    id: str | None = Field(None, pattern=r"^[a-z0-9-]+$")
    when: When = {}
    say: Texts
    reveals: str | None = None
    recalls: str | None = None
    against: list[str] = []


class _LinesRow(_Row):
    opening: list[_LineRow] = []
    reaction: list[_LineRow] = []
    content: list[_LineRow] = []
    reserved: list[_LineRow] = []
    aside: list[_LineRow] = []
    arrival: list[_LineRow] = []
    closing: list[_LineRow] = []
    again: list[_LineRow] = []
    lost: list[_LineRow] = []


class _TermsRow(_Row):
    trust: Annotated[float, Field(ge=-0.3, le=0.3)] = 0.0
    patience: Annotated[float, Field(ge=0.3, le=2)] = 1.0
    hints: Hints = "on-request"
    mode: Mode = "guided"


class _RuleRow(_Row):
    when: When
    rest: int = Field(4, ge=1)
    seen: Text
    try_: Text = Field(alias="try")
    passage: str | None = Field(None, pattern=r"^card:[a-z0-9-]+#[a-z0-9-]+$")


class _SharedRow(_Row):
    reactions: list[_ReactionRow]
    difficulty: dict[Difficulty, _TermsRow]
    bands: dict[str, Annotated[list[Text], Field(min_length=5, max_length=5)]]
    coach: list[_RuleRow]
    anchors: dict[ElementId, Annotated[list[Text], Field(min_length=4, max_length=4)]]
    observe: dict[ElementId, Text]
    leave: dict[Leave, Texts]


class _InterestRow(_Row):
    id: str
    secret: Text
    words: Texts
    reveal: When
    asked_by: Text


class _RedLineRow(_Row):
    when: When
    effect: Effect
    line: str


class _PersonaRow(_Row):
    id: str
    name: Text
    agency: Text
    role: Text
    manner: str
    called: Texts
    public: Text
    position: Text
    fears: Text
    warmth: Annotated[list[Share], Field(min_length=2, max_length=2)]
    start: dict[str, Share]
    interests: list[_InterestRow] = Field(min_length=1)
    red_lines: list[_RedLineRow] = []
    reactions: list[_ReactionRow] = []
    facts: Texts
    joins: When | None = None


class _TopicRow(_Row):
    id: str
    name: Text
    examples: Texts


class _InjectRow(_Row):
    id: str
    text: Text
    at: int | None = Field(None, ge=1)
    effect: dict[str, Effect] = {}
    only: list[Difficulty] = []


class _EndingRow(_Row):
    id: str
    kind: EndingKind
    when: When
    text: Text


class _LearnerRow(_Row):
    agency: Text
    role: Text
    knows: Texts
    authority: Texts


class _ReviewedRow(_Row):
    by: list[str]
    on: date | None


class _ScenarioRow(_Row):
    schema_: Literal[1] = Field(alias="schema")
    title: Text
    status: Literal["composed"]
    reviewed: _ReviewedRow
    elements: Annotated[list[ElementId], Field(min_length=1)]
    level: LevelId
    step: StepId
    difficulty: Difficulty
    aim: Text
    not_happening: Text
    content_note: Text
    care: Text
    setting: Text
    opening: Text
    minutes: int = Field(ge=5, le=60)
    turns: int = Field(ge=6, le=40)
    learner: _LearnerRow
    topics: list[_TopicRow] = []
    personas: Texts
    relations: dict[str, dict[str, Share]] = {}
    injects: list[_InjectRow] = []
    endings: Annotated[list[_EndingRow], Field(min_length=3)]
    terms: dict[Difficulty, _TermsRow] = {}


class _CriterionRow(_Row):
    element: ElementId
    good: Texts
    bad: list[str] = []
    look_for: Text


class _RubricRow(_Row):
    rubric: Annotated[list[_CriterionRow], Field(min_length=2)]
    coach: list[_RuleRow] = []
    questions: Annotated[list[Text], Field(min_length=2)]


class _ScriptLineRow(_Row):
    move: str
    say: str = ""
    to: str | None = None
    topic: str | None = None


class _ScriptRow(_Row):
    lines: Annotated[list[_ScriptLineRow], Field(min_length=4)]
    ends: Annotated[list[EndingKind], Field(min_length=1)]


class _Slips(list[str]):
    def read(self, model: type[T], path: Path, name: str) -> T | None:
        """The file checked against `model`; slips are collected and None comes back."""
        try:
            data = read_yaml(path.read_text("utf-8"), name)
        except KnowledgeError as error:
            self.extend(error.slips)
            return None
        except (OSError, UnicodeDecodeError):
            self.append(f"{name}: the file is missing or cannot be read")
            return None
        try:
            return TypeAdapter(model).validate_python(data)
        except ValidationError as error:
            for e in error.errors(include_url=False):
                place = ".".join(str(p) for p in e["loc"]) or "the whole file"
                reason = {"extra_forbidden": "there is no such field", "missing": "is missing"}.get(
                    e["type"], f"{e['msg']}, not {str(e['input'])[:40]!r}"
                )
                self.append(f"{name}: {place}: {reason}")
            return None


class _Names:
    """What conditions in one scenario may name."""

    def __init__(self, moves: Iterable[str], personas: Mapping[str, _PersonaRow], scenario: _ScenarioRow | None, notes: set[str]) -> None:
        self.moves = set(moves)
        self.interests = {p: {i.id for i in row.interests} for p, row in personas.items()}
        self.variables = {p: {*VARIABLES, *row.start} for p, row in personas.items()}
        self.topics = {t.id for t in scenario.topics} if scenario else set()
        self.injects = {i.id for i in scenario.injects} if scenario else set()
        self.notes = notes

    def condition(self, data: When | None, where: str, slips: _Slips, me: str | None = None) -> Condition:
        """Compiled: a mapping is all of, a list is any of."""
        if not data:
            return ALWAYS
        rows = data if isinstance(data, list) else [data]
        return Condition(tuple(tuple(self._tests(row, where, slips, me)) for row in rows))

    def _tests(self, row: Mapping[str, Any], where: str, slips: _Slips, me: str | None) -> Iterable[Test]:
        for key, value in row.items():
            head, _, rest = key.rpartition(".")
            if head and head not in ("bond", "all", "any", "me", *self.interests):
                slips.append(f"{where}: {key}: there is no persona {head!r}")
                continue
            who = head if head and head != "bond" else (me or "any")
            values = tuple(str(v) for v in (value if isinstance(value, list) else [value]))
            if rest in ("move", "asked", "not_asked", "asked_all"):
                self.known(values, self.moves, where, key, "move", slips)
                yield Test(rest, values=values)
            elif rest == "count" and isinstance(value, dict):
                for move, limit in value.items():
                    self.known((move,), self.moves, where, key, "move", slips)
                    yield self._compare("count", move, limit, where, key, slips)
            elif rest in ("turn", "repeat"):
                yield self._compare(rest, "", value, where, key, slips)
            elif rest in ("told", "left"):
                yield self._compare(rest, who, value, where, key, slips)
            elif rest in ("revealed", "hidden"):
                known = self.interests.get(who) or {i for s in self.interests.values() for i in s}
                self.known(values, known, where, key, "interest", slips)
                yield Test(rest, who, values)
            elif rest in ("topic", "to", "event", "not_event", "noted", "not_noted", "heard"):
                pools = {"topic": self.topics, "to": {*self.interests, "all"}, "event": self.injects, "not_event": self.injects}
                pools["heard"] = set(values)  # any words
                self.known(values, pools.get(rest, self.notes), where, key, rest, slips)
                yield Test(rest, values=values)
            elif head == "bond":
                self.known((rest,), set(self.interests), where, key, "persona", slips)
                yield self._compare("bond", f"{me}>{rest}", value, where, key, slips)
            elif rest in {*VARIABLES} or rest in self.variables.get(who, set()):
                yield self._compare("value", f"{who}.{rest}", value, where, key, slips)
            else:
                slips.append(f"{where}: {key}: a condition cannot ask for this; docs/scenarios.md lists what it can")

    @staticmethod
    def known(values: Iterable[str], known: set[str], where: str, key: str, what: str, slips: _Slips) -> None:
        slips.extend(f"{where}: {key}: there is no {what} {v!r}" for v in values if v not in known)

    @staticmethod
    def _compare(kind: str, subject: str, value: Any, where: str, key: str, slips: _Slips) -> Test:
        found = _COMPARE.match(str(value).strip())
        if not found:
            slips.append(f'{where}: {key}: write a comparison in quotes, such as ">=0.5", not {value!r}')
            return Test(kind, subject, sign=">=", limit=0.0)
        return Test(kind, subject, sign=found[1], limit=float(found[2]))

    def effect(self, effect: Mapping[str, float], where: str, slips: _Slips, me: str | None = None) -> dict[str, float]:
        known = self.variables.get(me or "", set(VARIABLES))
        slips.extend(f"{where}: effect: there is no value {v!r}" for v in effect if v not in known)
        return dict(effect)

    def reactions(self, rows: Iterable[_ReactionRow], where: str, slips: _Slips, me: str | None) -> Iterable[tuple[str, Reaction]]:
        for i, row in enumerate(rows):
            place = f"{where}: reactions.{i}"
            for move in [row.move] if isinstance(row.move, str) else row.move:
                self.known((move,), self.moves, place, "move", "move", slips)
                when = self.condition({"move": move, **row.when} if isinstance(row.when, dict) else row.when, place, slips, me)
                if row.bond:
                    self.known(row.bond, set(self.interests), place, "bond", "persona", slips)
                yield move, Reaction(when, self.effect(row.effect, place, slips, me), dict(row.bond), row.note)


def _lines(by: str, rows: _LinesRow, names: _Names, where: str, slips: _Slips, shared: bool) -> list[Line]:
    found: list[Line] = []
    for part in _PARTS:
        for i, row in enumerate(getattr(rows, part)):
            place = f"{where}: {by}.{part}.{i}"
            me = "me" if shared else by
            if row.recalls:
                names.known((row.recalls,), names.moves, place, "recalls", "move", slips)
            if bool(row.recalls) != any("$recall" in s for s in row.say):
                slips.append(f"{place}: recalls: a line that recalls has $recall in its words, and no other line has")
            if not shared:
                for field, ids in (("reveals", [row.reveals] if row.reveals else []), ("against", row.against)):
                    names.known(ids, names.interests.get(by, set()), place, field, "interest", slips)
            when = names.condition(row.when, place, slips, me)
            found.append(
                Line(row.id or f"{by}.{part}.{i}", by, part, tuple(row.say), when, row.reveals, row.recalls, tuple(row.against), shared)
            )
    return found


def _rules(rows: Iterable[_RuleRow], names: _Names, where: str, slips: _Slips) -> tuple[Rule, ...]:
    return tuple(Rule(names.condition(r.when, f"{where}: coach.{i}", slips), r.rest, r.seen, r.try_, r.passage) for i, r in enumerate(rows))


def _move_rows(path: Path, name: str, slips: _Slips) -> dict[str, _MoveRow]:
    rows = slips.read(dict[str, _MoveRow], path, name) or {}
    for key, row in rows.items():
        for cue in row.cues:
            try:
                re.compile(cue)
            except re.error as error:
                slips.append(f"{name}: {key}.cues: {cue!r} is no pattern ({error})")
    return rows


def _moves(rows: Mapping[str, _MoveRow], reactions: Mapping[str, list[Reaction]]) -> dict[str, Move]:
    def move(k: str, r: _MoveRow) -> Move:
        words = (tuple(r.lines), tuple(r.cues), tuple(r.examples))
        return Move(k, r.name, r.doing, r.family, r.element, r.counts, *words, r.opens, tuple(reactions.get(k, ())))

    return {k: move(k, r) for k, r in rows.items()}


def load_shared(folder: Path, words: Prompts) -> Shared:
    """Moves, manners and rules that all scenarios share, from the knowledge folder. Raises KnowledgeError listing every slip."""
    slips = _Slips()
    rows = _move_rows(folder / "moves.yaml", "moves.yaml", slips)
    names = _Names(rows, {}, None, set())
    shared = slips.read(_SharedRow, folder / "rehearsal.yaml", "rehearsal.yaml")
    reactions: dict[str, list[Reaction]] = {}
    rules: tuple[Rule, ...] = ()
    if shared:
        for move, reaction in names.reactions(shared.reactions, "rehearsal.yaml", slips, "me"):
            reactions.setdefault(move, []).append(reaction)
        rules = _rules(shared.coach, names, "rehearsal.yaml", slips)
        slips.extend(f"rehearsal.yaml: bands: {v!r} is missing" for v in VARIABLES if v not in shared.bands)
        slips.extend(f"rehearsal.yaml: difficulty: {d!r} is missing" for d in DIFFICULTIES if d not in shared.difficulty)
        slips.extend(f"rehearsal.yaml: anchors: {e!r} is missing" for e in ELEMENTS if e not in shared.anchors or e not in shared.observe)
        for kind, patterns in shared.leave.items():
            for pattern in patterns:
                try:
                    re.compile(pattern)
                except re.error as error:
                    slips.append(f"rehearsal.yaml: leave.{kind}: {pattern!r} is no pattern ({error})")
    manners: dict[str, tuple[Line, ...]] = {}
    for path in sorted((folder / "manners").glob("*.yaml")):
        name = f"manners/{path.name}"
        if row := slips.read(_LinesRow, path, name):
            manners[path.stem] = tuple(_lines(path.stem, row, names, name, slips, shared=True))
    if not manners:
        slips.append("manners: the folder holds no manner")
    if slips or not shared:
        raise KnowledgeError(list(slips))
    files = [folder / "moves.yaml", folder / "rehearsal.yaml", *(folder / "manners").glob("*.yaml")]
    return Shared(
        _moves(rows, reactions), manners, {d: Terms(**t.model_dump()) for d, t in shared.difficulty.items()},
        {k: (v[0], v[1], v[2], v[3], v[4]) for k, v in shared.bands.items()}, rules,
        {k: (v[0], v[1], v[2], v[3]) for k, v in shared.anchors.items()}, {str(e): o for e, o in shared.observe.items()},
        {k: tuple(v) for k, v in shared.leave.items()}, words, content_version(files, folder),
    )  # fmt: skip


def _held_together(row: _PersonaRow, lines: list[Line], at: str, slips: _Slips) -> None:
    """What a persona's file and its lines ask of each other."""
    where, said = f"{at}/personas/{row.id}.yaml", f"{at}/lines.yaml: {row.id}"
    slips.extend(f"{where}: start: {v!r} is missing" for v in VARIABLES if v not in row.start)
    told, ids = {line.reveals for line in lines}, {line.id for line in lines}
    slips.extend(f"{said}.content: no line reveals {i.id!r}" for i in row.interests if i.id not in told)
    slips.extend(f"{where}: red_lines.{i}.line: there is no line {r.line!r}" for i, r in enumerate(row.red_lines) if r.line not in ids)
    if row.joins is None and not any(line.part == "opening" for line in lines):
        slips.append(f"{said}.opening: the persona has no first line")
    if len(ids) < len(lines):
        slips.append(f"{said}: an id stands twice")


def _persona(row: _PersonaRow, names: _Names, where: str, slips: _Slips) -> Persona:
    def when(data: When, field: str) -> Condition:
        return names.condition(data, f"{where}: {field}", slips, row.id)

    interests = (
        Interest(i.id, i.secret, tuple(w.lower() for w in i.words), when(i.reveal, f"{i.id}.reveal"), i.asked_by) for i in row.interests
    )
    red_lines = (
        RedLine(when(r.when, f"red_lines.{n}"), names.effect(r.effect, where, slips, row.id), r.line) for n, r in enumerate(row.red_lines)
    )
    return Persona(
        id=row.id, name=row.name, agency=row.agency, role=row.role, manner=row.manner, called=tuple(w.lower() for w in row.called),
        public=row.public, position=row.position, fears=row.fears, warmth=(row.warmth[0], row.warmth[1]), start=dict(row.start),
        interests=tuple(interests), red_lines=tuple(red_lines),
        reactions=tuple(r for _, r in names.reactions(row.reactions, where, slips, row.id)), facts=tuple(row.facts),
        joins=when(row.joins, "joins") if row.joins is not None else None,
    )  # fmt: skip


def _named(row: _ScenarioRow, rubric: _RubricRow, scripts: Mapping[str, _ScriptRow], names: _Names, at: str, slips: _Slips) -> None:
    """Whatever the situation, the rubric and the scripts name must be there."""
    people, here = names.interests, f"{at}/scenario.yaml"
    for key, others in row.relations.items():
        slips.extend(f"{here}: relations: there is no persona {p!r}" for p in (key, *others) if p not in people)
    for inject in row.injects:
        for who, effect in inject.effect.items():
            if who != "all" and who not in people:
                slips.append(f"{here}: injects.{inject.id}: there is no persona {who!r}")
            names.effect(effect, f"{here}: injects.{inject.id}", slips)
    for i, c in enumerate(rubric.rubric):
        names.known((*c.good, *c.bad), names.moves, f"{at}/rubric.yaml: rubric.{i}", "good or bad", "move", slips)
    for key, script in scripts.items():
        for i, line in enumerate(script.lines):
            place = f"{at}/tests.yaml: {key}.lines.{i}"
            names.known((line.move,), names.moves, place, "move", "move", slips)
            names.known([line.to] if line.to else [], {*people, "all"}, place, "to", "persona", slips)
            names.known([line.topic] if line.topic else [], names.topics, place, "topic", "topic", slips)
    slips.extend(f"{at}/tests.yaml: {k}: the script is missing" for k in ("skilled", "mixed", "harmful") if k not in scripts)
    slips.extend(f"{here}: endings: there is no {k} ending" for k in ("good", "partial", "poor") if k not in {e.kind for e in row.endings})


def load_scenario(folder: Path, shared: Shared) -> Scenario:
    """The scenario in `folder`. Raises KnowledgeError listing every slip, each naming file and field."""
    slips = _Slips()
    at = f"scenarios/{folder.name}"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", folder.name):
        slips.append(f"{at}: id: the folder's name is lower case words joined by hyphens")
    row = slips.read(_ScenarioRow, folder / "scenario.yaml", f"{at}/scenario.yaml")
    people: dict[str, _PersonaRow] = {}
    for path in sorted((folder / "personas").glob("*.yaml")):
        person = slips.read(_PersonaRow, path, f"{at}/personas/{path.name}")
        if person and person.id != path.stem:
            slips.append(f"{at}/personas/{path.name}: id: it is {path.stem!r}, like the file")
        if person:
            people[person.id] = person
    local = _move_rows(folder / "moves.yaml", f"{at}/moves.yaml", slips) if (folder / "moves.yaml").is_file() else {}
    lines = slips.read(dict[str, _LinesRow], folder / "lines.yaml", f"{at}/lines.yaml") or {}
    rubric = slips.read(_RubricRow, folder / "rubric.yaml", f"{at}/rubric.yaml")
    scripts = slips.read(dict[str, _ScriptRow], folder / "tests.yaml", f"{at}/tests.yaml") or {}
    if row is None or rubric is None:
        raise KnowledgeError(list(slips))
    if sorted(row.personas) != sorted(people):
        slips.append(
            f"{at}/scenario.yaml: personas: lists {sorted(row.personas)}, there are files for {sorted(people)}; each needs the other"
        )
    notes = {r.note for p in people.values() for r in p.reactions if r.note}
    moves = {**shared.moves, **_moves(local, {})}
    names = _Names(moves, people, row, notes)
    personas: dict[str, Persona] = {}
    spoken: dict[str, tuple[Line, ...]] = {}
    for identity in (i for i in row.personas if i in people):
        where = f"{at}/personas/{identity}.yaml"
        if identity not in lines:
            slips.append(f"{at}/lines.yaml: {identity}: the persona has no line")
        own = _lines(identity, lines.get(identity, _LinesRow()), names, f"{at}/lines.yaml", slips, shared=False)
        _held_together(people[identity], own, at, slips)
        if people[identity].manner not in shared.manners:
            slips.append(f"{where}: manner: there is no {people[identity].manner!r}; use one of {', '.join(shared.manners)}")
        spoken[identity] = (*own, *shared.manners.get(people[identity].manner, ()))
        personas[identity] = _persona(people[identity], names, where, slips)
    slips.extend(f"{at}/lines.yaml: {who}: there is no such persona" for who in lines if who not in people)
    _named(row, rubric, scripts, names, at, slips)
    here = f"{at}/scenario.yaml"
    endings = tuple(Ending(e.id, e.kind, names.condition(e.when, f"{here}: endings.{e.id}", slips), e.text) for e in row.endings)
    rules = _rules(rubric.coach, names, f"{at}/rubric.yaml", slips)
    if slips:
        raise KnowledgeError(list(slips))
    files = [p for p in folder.rglob("*.yaml") if p.is_file()]
    return Scenario(
        id=folder.name, title=row.title, elements=tuple(row.elements), level=row.level, step=row.step, difficulty=row.difficulty,
        aim=row.aim, not_happening=row.not_happening, content_note=row.content_note, care=row.care, setting=row.setting,
        opening=row.opening, minutes=row.minutes, turns=row.turns, reviewed_by=tuple(row.reviewed.by), reviewed_on=row.reviewed.on,
        learner_agency=row.learner.agency, learner_role=row.learner.role, learner_knows=tuple(row.learner.knows),
        learner_authority=tuple(row.learner.authority),
        topics=tuple(Topic(t.id, t.name, tuple(t.examples)) for t in row.topics), personas=personas, bonds=row.relations,
        injects=tuple(Inject(i.id, i.text, i.at, i.effect, tuple(i.only)) for i in row.injects), endings=endings,
        terms={**shared.terms, **{d: Terms(**t.model_dump()) for d, t in row.terms.items()}}, lines=spoken,
        criteria=tuple(Criterion(c.element, tuple(c.good), tuple(c.bad), c.look_for) for c in rubric.rubric),
        rules=(*rules, *shared.rules), questions=tuple(rubric.questions),
        scripts={k: Script(tuple(ScriptLine(x.move, x.say, x.to, x.topic) for x in s.lines), tuple(s.ends)) for k, s in scripts.items()},
        moves=moves, shared=shared, version=f"{content_version(files, folder)}.{shared.version}", folder=str(folder),
    )  # fmt: skip


def load_scenarios(folder: Path, words: Prompts) -> dict[str, Scenario]:
    """Every scenario under the knowledge folder, easiest first. Raises KnowledgeError listing every slip of them all."""
    shared = load_shared(folder, words)
    slips: list[str] = []
    found: dict[str, Scenario] = {}
    for path in sorted((folder / "scenarios").glob("*/scenario.yaml")):
        try:
            found[path.parent.name] = load_scenario(path.parent, shared)
        except KnowledgeError as error:
            slips.extend(error.slips)
    if not found and not slips:
        slips.append("scenarios: the folder holds no scenario")
    if slips:
        raise KnowledgeError(slips)
    return dict(sorted(found.items(), key=lambda item: (DIFFICULTIES.index(item[1].difficulty), item[0])))
