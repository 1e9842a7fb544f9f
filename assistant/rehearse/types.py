"""The nouns of a rehearsal, as values. What a scenario is, what a sitting is made of, what a learner gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from assistant.prompts import Prompts
from assistant.types import ElementId, LevelId, StepId

Mode = Literal["choose", "guided", "free"]
Difficulty = Literal["easy", "middle", "hard"]
Hints = Literal["off", "on-request", "live"]
Family = Literal["interests", "rights", "power", "process", "facts"]
Counts = Literal["for", "against", "neither"]
PartName = Literal["opening", "reaction", "content", "reserved", "aside", "arrival", "closing", "again", "lost", "narration"]
EndingKind = Literal["good", "partial", "poor"]
Leave = Literal["stop", "distress", "own-crisis", "deceive", "graphic", "real-child"]

VARIABLES = ("trust", "pressure", "clarity", "commitment", "child")
DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "middle", "hard")


@dataclass(frozen=True)
class Test:
    """One leaf of a condition: `kind` says what is looked at, `subject` whose or which, `values` or `limit` what it must be."""

    kind: str
    subject: str = ""
    values: tuple[str, ...] = ()
    sign: str = ""  # >=, <=, >, <, ==
    limit: float = 0.0


@dataclass(frozen=True)
class Condition:
    """Any one of the options; each is tests that must all hold. No option at all: always true."""

    options: tuple[tuple[Test, ...], ...] = ()


ALWAYS = Condition()


@dataclass(frozen=True)
class Reaction:
    when: Condition
    effect: Mapping[str, float]
    bond: Mapping[str, float] = field(default_factory=dict)  # how this changes the regard for other personas
    note: str | None = None  # remembered, for conditions on `noted`


@dataclass(frozen=True)
class Move:
    """One thing a learner can do."""

    id: str
    name: str
    doing: str  # "I take that as …"
    family: Family
    element: ElementId
    counts: Counts
    lines: tuple[str, ...]
    cues: tuple[str, ...]
    examples: tuple[str, ...]
    opens: bool = False  # whether a secret may come out in answer to it
    reactions: tuple[Reaction, ...] = ()  # what it does to anyone, unless a persona says otherwise


@dataclass(frozen=True)
class Line:
    """Something a persona may say, in several wordings. A wording is used once a sitting."""

    id: str
    by: str  # a persona, or a manner
    part: PartName
    say: tuple[str, ...]
    when: Condition = ALWAYS
    reveals: str | None = None
    recalls: str | None = None  # quotes the learner's last typed words for this move, as $recall
    against: tuple[str, ...] = ()  # interests this line would contradict once they are told
    shared: bool = False  # comes from the persona's manner


@dataclass(frozen=True)
class Interest:
    """What a persona knows or protects and will not say at first."""

    id: str
    secret: str
    words: tuple[str, ...]  # words that would give it away
    reveal: Condition
    asked_by: str  # the question that would have brought it out, for the debrief


@dataclass(frozen=True)
class RedLine:
    when: Condition
    effect: Mapping[str, float]
    line: str


@dataclass(frozen=True)
class Persona:
    """A role: what it shows, what it keeps, how it answers. It never sees the rubric."""

    id: str
    name: str
    agency: str
    role: str
    manner: str
    called: tuple[str, ...]  # words by which a learner addresses it
    public: str
    position: str
    fears: str
    warmth: tuple[float, float]
    start: Mapping[str, float]
    interests: tuple[Interest, ...]
    red_lines: tuple[RedLine, ...]
    reactions: tuple[Reaction, ...]
    facts: tuple[str, ...]
    joins: Condition | None = None  # absent until this holds


@dataclass(frozen=True)
class Topic:
    id: str
    name: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Inject:
    id: str
    text: str
    at: int | None
    effect: Mapping[str, Mapping[str, float]]
    only: tuple[str, ...] = ()  # difficulties; none: all


@dataclass(frozen=True)
class Ending:
    id: str
    kind: EndingKind
    when: Condition
    text: str


@dataclass(frozen=True)
class Terms:
    """What a difficulty changes. Never cruelty."""

    trust: float
    patience: float
    hints: Hints
    mode: Mode


@dataclass(frozen=True)
class Rule:
    """A coach's remark: what was seen, one line to try, where it comes from."""

    when: Condition
    rest: int
    seen: str
    try_line: str
    passage: str | None


@dataclass(frozen=True)
class Criterion:
    element: ElementId
    good: tuple[str, ...]  # moves
    bad: tuple[str, ...]
    look_for: str


@dataclass(frozen=True)
class ScriptLine:
    move: str
    say: str = ""
    to: str | None = None
    topic: str | None = None


@dataclass(frozen=True)
class Script:
    lines: tuple[ScriptLine, ...]
    ends: tuple[EndingKind, ...]


@dataclass(frozen=True)
class Shared:
    """What every scenario stands on: moves, manners, coach rules, anchors, words that end a role."""

    moves: Mapping[str, Move]
    manners: Mapping[str, tuple[Line, ...]]
    terms: Mapping[str, Terms]
    bands: Mapping[str, tuple[str, str, str, str, str]]
    rules: tuple[Rule, ...]
    anchors: Mapping[str, tuple[str, str, str, str]]
    observe: Mapping[str, str]
    leave: Mapping[str, tuple[str, ...]]  # patterns
    words: Prompts
    version: str


@dataclass(frozen=True)
class Scenario:
    """A role-play, whole: everything a sitting is computed from."""

    id: str
    title: str
    elements: tuple[ElementId, ...]
    level: LevelId
    step: StepId
    difficulty: Difficulty
    aim: str
    not_happening: str
    content_note: str
    care: str
    setting: str
    opening: str
    minutes: int
    turns: int
    reviewed_by: tuple[str, ...]
    reviewed_on: date | None
    learner_agency: str
    learner_role: str
    learner_knows: tuple[str, ...]
    learner_authority: tuple[str, ...]
    topics: tuple[Topic, ...]
    personas: Mapping[str, Persona]
    bonds: Mapping[str, Mapping[str, float]]
    injects: tuple[Inject, ...]
    endings: tuple[Ending, ...]
    terms: Mapping[str, Terms]
    lines: Mapping[str, tuple[Line, ...]]  # by persona, its manner's after its own
    criteria: tuple[Criterion, ...]
    rules: tuple[Rule, ...]
    questions: tuple[str, ...]  # for the debrief
    scripts: Mapping[str, Script]
    moves: Mapping[str, Move]
    shared: Shared
    version: str
    folder: str

    def ending(self, identity: str) -> Ending | None:
        return next((e for e in self.endings if e.id == identity), None)


# ---- a sitting


@dataclass(frozen=True)
class Event:
    """One thing that happened. A sitting is a list of these and a seed."""

    kind: Literal["say", "move", "inject", "edit", "line", "lost", "stop", "terms"]
    text: str = ""
    move: str | None = None
    also: str | None = None  # a second move in the same breath; counts, and weighs half
    topic: str | None = None
    to: str | None = None
    id: str | None = None  # of an inject, a line or a difficulty
    persona: str | None = None
    variable: str | None = None
    value: float | None = None
    why: Leave | None = None
    by: int | None = None  # which of two learners, 1 or 2
    answer: str | None = None  # what was said to a question outside the script

    def as_json(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if v not in (None, "")}


@dataclass(frozen=True)
class Reading:
    """What the learner's words were taken to be."""

    move: str
    others: tuple[str, ...] = ()  # the next best readings
    sure: Literal["confident", "between", "lost", "told"] = "told"
    score: float = 1.0
    topic: str | None = None
    to: str | None = None
    also: str | None = None  # a second move in the same breath


@dataclass(frozen=True)
class Utterance:
    persona: str | None  # None: narration
    text: str
    line: str | None = None
    part: PartName = "content"


@dataclass(frozen=True)
class Reply:
    """What comes back for one event."""

    turn: int
    utterances: tuple[Utterance, ...] = ()
    reading: Reading | None = None
    label: str = ""  # "Taken as: asking what they need"
    choose: tuple[str, ...] = ()  # readings to choose between, when unsure
    hint: Hint | None = None
    notice: str = ""  # a word outside the role: masked data, stepping out, a question whether this is real
    suggestions: tuple[str, ...] = ()
    ending: str | None = None
    over: bool = False


@dataclass(frozen=True)
class Hint:
    seen: str
    try_line: str
    passage: str | None


@dataclass(frozen=True)
class Moment:
    """One turn as the debrief sees it."""

    turn: int
    move: str
    text: str  # what the learner typed; empty where a move was chosen
    to: str | None
    by: int | None
    replies: tuple[Utterance, ...]
    values: Mapping[str, Mapping[str, float]]
    change: Mapping[str, Mapping[str, float]]
    revealed: tuple[str, ...]  # persona.interest told this turn
    happened: tuple[str, ...] = ()  # what came about in this turn; its effect is not in `change`, which is the learner's doing
    also: str | None = None  # a second move in the same breath

    @property
    def moves(self) -> tuple[str, ...]:
        """What the learner did, in the order it was said."""
        return (self.also, self.move) if self.also else (self.move,)


@dataclass(frozen=True)
class Finding:
    """How one element was judged, with the learner's own words."""

    element: ElementId
    level: int | None  # None: not seen
    anchor: str
    quotes: tuple[str, ...]
    against: tuple[str, ...]
    contested: str = ""  # how the trainer sees it instead, and why


@dataclass(frozen=True)
class Unasked:
    persona: str
    secret: str
    question: str
    asked: int | None = None  # the turn in which it was asked, and kept back still


@dataclass(frozen=True)
class Debrief:
    """In PEARLS order: reactions, description, analysis, summary."""

    scenario: str
    title: str
    ending: str | None
    ending_kind: EndingKind | None
    ending_text: str
    own_view: tuple[str, ...]  # the questions, asked first
    own_answers: tuple[str, ...]
    timeline: tuple[Moment, ...]
    told: tuple[Unasked, ...]
    unasked: tuple[Unasked, ...]
    findings: tuple[Finding, ...]
    helped: tuple[str, ...]  # quotations
    change: str
    better_line: str
    better_source: str | None
    turning_point: int | None
    questions: tuple[str, ...]
    commitment: str
    review_on: date
    markdown: str

    @property
    def score(self) -> float:
        """Mean of the rubric's levels, what was not seen counting 1. For ordering scripts, never shown as a mark."""
        return sum(f.level or 1 for f in self.findings) / len(self.findings) if self.findings else 0.0
