"""The nouns of the product, as frozen values without behaviour. Offsets count Unicode code points."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

LevelId = Literal["communication", "co-operation", "co-ordination", "coalition", "integration"]
ElementId = Literal["predisposing-factors", "mandate", "leadership", "machinery", "process", "outcomes"]
StepId = Literal["pre-contemplation", "contemplation", "preparation", "action", "maintenance"]
Facet = Literal["level", "element", "step"]
CardKind = Literal["framework", "problem", "tool", "law", "lesson", "caution"]
Status = Literal["statutory", "guidance", "research", "practice", "local"]
Seen = Literal["read", "abstract", "contents", "not_seen"]
When = Literal["this week", "by the next meeting", "this month", "this quarter", "this year"]
Outcome = Literal["answered", "clarify", "no_evidence", "declined", "urgent", "social"]
Kind = Literal[
    "definition", "list", "comparison", "placement", "next_steps", "how_to", "law", "who_when",
    "reasons", "follow_up", "greeting", "thanks", "about", "vague", "other",
]  # fmt: skip
# What a follow-up wants of the answer before.
Request = Literal[
    "", "shorter", "more", "who", "when", "why", "first", "progress", "tried", "unmoved", "doubt", "risk", "paper",
    "agency", "nation", "other",
]  # fmt: skip
Support = Literal["quoted", "supported"]

LEVELS: tuple[LevelId, ...] = get_args(LevelId)
ELEMENTS: tuple[ElementId, ...] = get_args(ElementId)
STEPS: tuple[StepId, ...] = get_args(StepId)
FACETS: dict[Facet, tuple[str, ...]] = {"level": LEVELS, "element": ELEMENTS, "step": STEPS}
WHENS: tuple[When, ...] = get_args(When)


# ---- knowledge


@dataclass(frozen=True)
class Source:
    """A published work that cards cite by key."""

    key: str
    authors: str
    title: str
    seen: Seen
    status: Status
    jurisdiction: str
    year: int | None = None
    published: str | None = None
    url: str | None = None
    doi: str | None = None
    seen_part: str | None = None  # what of it was seen, in words
    supports: str = ""
    note: str | None = None
    via: tuple[str, ...] = ()  # keys of works that report on it

    @property
    def label(self) -> str:
        year = f" ({self.year})" if self.year else ""
        published = f". {self.published}" if self.published else ""
        return f"{self.authors.rstrip('.')}{year}. {self.title.rstrip('.')}{published}"


@dataclass(frozen=True)
class Sentence:
    """One list item or sentence of a card: the smallest thing an answer can use."""

    text: str  # without marks
    references: tuple[str, ...] = ()  # keys of sources


@dataclass(frozen=True)
class Step:
    """One next step of a card."""

    action: str
    owner: str
    when: When
    progress: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Passage:
    """One section of a card or of an uploaded document: the unit of search and of citation."""

    id: str  # card:<id>#<section-slug> or doc:<hash>#<n>
    card: str | None  # None for a document
    title: str  # of the card, or the document's name
    heading: str
    text: str  # as shown, marks removed
    sentences: tuple[Sentence, ...] = ()
    steps: tuple[Step, ...] = ()
    status: Status = "practice"
    jurisdictions: tuple[str, ...] = ("any",)
    location: str | None = None  # "p. 3" or a heading, for documents

    @property
    def references(self) -> tuple[str, ...]:
        keys = [k for s in self.sentences for k in s.references] + [k for s in self.steps for k in s.references]
        return tuple(dict.fromkeys(keys))


@dataclass(frozen=True)
class Card:
    """One reviewed piece of guidance."""

    id: str
    title: str
    kind: CardKind
    elements: tuple[ElementId, ...]
    levels: tuple[LevelId, ...]
    steps: tuple[StepId, ...]
    jurisdictions: tuple[str, ...]
    status: Status
    reviewed_on: date
    reviewed_by: str
    asks: tuple[str, ...]
    passages: tuple[Passage, ...]
    covers: tuple[str, ...] = ()  # entries of the problem dossier it was written for
    file: str = ""  # relative to the knowledge folder

    def section(self, slug: str) -> Passage | None:
        return next((p for p in self.passages if p.id.endswith("#" + slug)), None)


@dataclass(frozen=True)
class Member:
    """A level, an element or a step of the framework."""

    id: str
    facet: Facet
    name: str
    also: tuple[str, ...]  # other names people use
    definition: str
    features: tuple[str, ...]
    signs: tuple[str, ...]  # plain statements a person in that situation would make
    sources: tuple[str, ...] = ()
    definition_sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contact:
    """A service to turn to; the number stands only where a source we saw prints it."""

    name: str
    number: str | None = None
    purpose: str = ""
    seen: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Jurisdiction:
    code: str
    name: str
    parent: str | None
    terms: tuple[str, ...] = ()  # words in a question that show it
    emergency: Contact | None = None
    report: Contact | None = None
    out_of_hours: Contact | None = None
    advice: tuple[Contact, ...] = ()
    children: tuple[Contact, ...] = ()
    lead: str = ""
    checked: str = ""


# ---- a question on its way


@dataclass(frozen=True)
class PersonalData:
    start: int
    end: int
    kind: str  # "child", "date of birth", "phone" …


@dataclass(frozen=True)
class Screening:
    """What screening found in one text, offsets in the text as given."""

    outcome: Literal["clear", "urgent", "declined"]
    urgent: bool
    in_scope: bool
    injection: bool
    masked: str
    personal_data: tuple[PersonalData, ...] = ()
    urgent_kind: Literal["immediate", "worry", "own-crisis", "allegation"] | None = None
    decline_reason: str | None = None
    reasons: tuple[str, ...] = ()  # ids of the rules that fired


@dataclass(frozen=True)
class Score:
    id: str
    score: float  # 0..1, calibrated


@dataclass(frozen=True)
class Cue:
    """Words of the text that speak for or against a reading."""

    text: str
    start: int
    end: int
    reading: str  # "element:leadership"


@dataclass(frozen=True)
class Placement:
    """Where a described situation stands. Every member of a facet is listed, best first."""

    levels: tuple[Score, ...]
    elements: tuple[Score, ...]
    steps: tuple[Score, ...]
    evidence: tuple[Cue, ...] = ()
    against: tuple[Cue, ...] = ()
    unknown: tuple[str, ...] = ()  # what we would need to know, as questions
    sure: dict[Facet, bool] = field(default_factory=lambda: {"level": False, "element": False, "step": False})

    def best(self, facet: Facet) -> Score:
        return {"level": self.levels, "element": self.elements, "step": self.steps}[facet][0]


@dataclass(frozen=True)
class Turn:
    role: Literal["user", "assistant"]
    text: str
    answer: Answer | None = None  # the assistant's own, where we have it: lets a follow-up point at step 2


@dataclass(frozen=True)
class Document:
    name: str
    text: str
    parts: tuple[tuple[str, str | None], ...] = ()  # the same with where each part stood: "p. 3" or a heading


@dataclass(frozen=True)
class Question:
    """What a person asks, with what surrounds it."""

    text: str
    id: str | None = None
    history: tuple[Turn, ...] = ()
    documents: tuple[Document, ...] = ()
    jurisdiction: str | None = None
    language: str = "en"
    facts: dict[str, str] | None = None  # what is known of this partnership; None: as the turns before tell it


@dataclass(frozen=True)
class Understanding:
    """What a question means."""

    text: str  # made to stand alone
    kind: Kind
    placement: Placement
    jurisdiction: str | None = None
    subjects: tuple[str, ...] = ()  # framework members named in it
    points_at: int | None = None  # the numbered step or source of the last answer
    certain: float = 1.0  # probability of the kind
    asked: str = ""  # this message by itself
    request: Request = ""  # what a follow-up wants of the answer before
    point: str = ""  # the words of what it points at
    agency: str = ""  # the agency it turns to
    agency_words: str = ""  # a pattern of the words by which cards name it
    answers_as: Kind = "other"  # the shape of the answer; of a follow-up, that of the question before
    facts: dict[str, str] = field(default_factory=dict)  # what the person has told of this partnership
    each: tuple[tuple[str, Placement], ...] = ()  # agencies described apart, each with where it stands
    heard: str = ""  # what was answered before a follow-up, so that it is not told again
    term: str = ""  # what a question of the form "what is X" wants explained, where that is no member of the framework


@dataclass(frozen=True)
class Hit:
    """A passage found, with the raw scores that found it."""

    passage: Passage
    score: float  # fused, for order only
    words: float  # BM25
    meaning: float  # cosine
    fit: float = 0.0  # calibrated probability that it answers


# ---- an answer


@dataclass(frozen=True)
class Statement:
    """A sentence or list item of an answer with the passages it rests on."""

    text: str
    sources: tuple[int, ...]  # numbers in Answer.sources
    support: Support


@dataclass(frozen=True)
class NextStep:
    action: str
    owner: str
    when: str
    progress: str
    sources: tuple[int, ...]


@dataclass(frozen=True)
class Dropped:
    text: str
    why: str


@dataclass(frozen=True)
class Reference:
    key: str
    label: str
    url: str | None
    seen: Seen


@dataclass(frozen=True)
class Citation:
    """A numbered source of an answer, with the words the answer rests on."""

    n: int
    passage: str
    card: str | None
    title: str
    quote: str
    status: Status
    jurisdictions: tuple[str, ...]
    references: tuple[Reference, ...]
    origin: Literal["card", "document"]
    location: str | None = None


@dataclass(frozen=True)
class Rejected:
    passage: str
    score: float


@dataclass(frozen=True)
class Answer:
    """What a person gets."""

    outcome: Outcome
    kind: Kind
    text: str  # Markdown as shown, with [n] marks
    statements: tuple[Statement, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    placement: Placement | None = None
    next_steps: tuple[NextStep, ...] = ()
    questions: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    sources: tuple[Citation, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    model: str = "none"
    versions: dict[str, str] = field(default_factory=dict)
    milliseconds: dict[str, float] = field(default_factory=dict)
    id: str | None = None
    question: str = ""  # as understood, after masking
    more: str = ""  # Markdown shown after "more"
    usage: dict[str, float] = field(default_factory=dict)  # tokens in and out, cost, where a model was asked


# ---- what a writer hands to the check


@dataclass(frozen=True)
class Claim:
    """A sentence a writer wants to say, and the passages it rests on."""

    text: str
    passages: tuple[str, ...]


@dataclass(frozen=True)
class PlannedStep:
    step: Step
    passage: str


Style = Literal["paragraph", "bullets", "numbers", "steps", "table", "plain"]


@dataclass(frozen=True)
class Part:
    """A stretch of an answer under one heading. `plain` parts are templates and questions, which cite nothing."""

    style: Style
    heading: str = ""
    claims: tuple[Claim, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    lines: tuple[str, ...] = ()  # of a plain part
    columns: tuple[str, ...] = ()  # of a table: claims fill it row by row, a row label before each
    rows: tuple[str, ...] = ()
    more: bool = False  # shown after "more"


@dataclass(frozen=True)
class Draft:
    """What a writer composed, before any of it was checked."""

    parts: tuple[Part, ...]
    questions: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    model: str = "none"
    dropped: tuple[Dropped, ...] = ()  # what the writer itself refused of a model's words


@dataclass(frozen=True)
class Evidence:
    """What a writer may use."""

    cards: tuple[tuple[Card, float], ...]  # the cards that answer, with their fit, best first
    documents: tuple[Hit, ...] = ()  # passages of the person's own documents
    nearest: tuple[Card, ...] = ()  # what came close, when nothing answers


# ---- what is kept

PlanStatus = Literal["to_do", "doing", "done", "dropped"]
Reason = Literal["wrong", "not_our_situation", "out_of_date", "unclear", "missing", "good"]
Review = Literal["open", "approved", "amended", "rejected"]
PLAN_STATUSES: tuple[PlanStatus, ...] = get_args(PlanStatus)
REASONS: tuple[Reason, ...] = get_args(Reason)
REVIEWS: tuple[Review, ...] = get_args(Review)


@dataclass(frozen=True)
class Conversation:
    id: str
    title: str
    created: str
    updated: str
    turns: int = 0


@dataclass(frozen=True)
class StoredTurn:
    id: int
    role: str
    text: str
    answer: dict[str, Any] | None  # as `assistant ask --json` prints it
    created: str


@dataclass(frozen=True)
class KeptStep:
    """A next step a person keeps, with what became of it."""

    id: int
    action: str
    owner: str
    due: str  # ISO date, or empty
    progress: str
    framework: str  # where it sits, in words
    status: PlanStatus
    note: str
    conversation: str | None
    turn: int | None
    created: str
    updated: str


@dataclass(frozen=True)
class Change:
    """What was changed in a kept step, and when."""

    step: int
    field: str
    before: str
    after: str
    created: str


@dataclass(frozen=True)
class Feedback:
    id: int
    conversation: str
    turn: int
    question: str
    statement: str  # empty where it is about the whole answer
    reason: Reason
    note: str
    review: Review
    amended: str
    created: str


@dataclass(frozen=True)
class KeptDocument:
    id: int
    conversation: str | None  # None: for everyone here
    identity: str  # first 12 of the sha256 of the file
    name: str
    parts: tuple[tuple[str, str | None], ...]  # (paragraph, where it stood)
    embedder: str  # what made the vectors; empty where there are none
    vectors: bytes  # float32, a row a part
    created: str
