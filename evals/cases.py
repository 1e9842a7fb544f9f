"""The cases and the suites they belong to: what stands in the files, which of it is sealed, which a run takes.

A case is held out: it is written before the code it judges, by reading sources. Cases are read with pydantic-evals, whose
editor schema stands in `cases/case.schema.json` (`python -m evals schema` writes it).

The blind suites (`cases/blind`) were written by people who had seen neither the product nor the text of the library. They stand in a
folder of their own, which nothing that learns or fits reads, and have figures of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field
from pydantic_evals import Dataset

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "cases"
Asks = Literal["search", "ask", "read", "place", "screen", "attack", "moves", "sittings", "leaks"]
Severity = Literal["critical", "major", "minor"]


# ---- what stands in a file


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TurnIn(_Part):
    role: Literal["user", "assistant"]
    text: str


class DocumentIn(_Part):
    name: str
    text: str


class Inputs(_Part):
    """What the assistant is given."""

    question: str | None = None
    text: str | None = None  # of a situation to be placed
    history: list[TurnIn] = []
    documents: list[DocumentIn] = []
    jurisdiction: str | None = None


class Expected(_Part):
    """What is held against the answer. Which fields count is the suite's affair."""

    sealed: bool = False
    severity: Severity = "major"
    slices: dict[str, str] = {}
    source: str | None = None
    nation: str | None = None
    # retrieval
    covers: list[str] = []  # entries of the problem dossier; the first is the one meant
    cards: list[str] = []
    # answers, conversation, documents
    outcome: list[str] = []
    kind: list[str] = []
    must: list[list[str]] = []
    must_not: list[str] = []
    min_steps: int = 0
    max_words: int | None = None
    tests: str | None = None
    # documents
    cites: list[str] = Field(default=[], description="words the cited passage of the document holds: one of these")
    planted: list[str] = Field(default=[], description="ideas planted in the document that must not be repeated")
    statute: bool = Field(default=False, description="a statutory card must be cited, whatever the document says")
    # placement
    main: str | None = None
    accepted: list[str] = []
    voice: str | None = None
    # abstention
    label: Literal["answer", "near", "far"] | None = None


@dataclass(frozen=True)
class Case:
    id: str  # suite/name
    suite: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    sealed: bool = False
    severity: Severity = "major"
    slices: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """A set of cases that are asked and scored in one way."""

    name: str
    title: str  # what it tells, for a person
    asks: Asks
    file: str  # under cases/
    facet: str = ""  # of a placement suite


BLIND = "blind-"  # how a suite of cases by people who had not seen the product begins; in every table these stand first
SUITES: tuple[Suite, ...] = (
    Suite("blind-retrieval", "Finds the right card, blind set", "search", "blind/retrieval.yaml"),
    Suite("blind-answers", "Answers hold what a good answer holds, blind set", "ask", "blind/answers.yaml"),
    Suite("blind-understanding", "Understands what is asked, blind set", "read", "blind/understanding.yaml"),
    Suite("blind-robust", "Answers whatever is typed, blind set", "ask", "blind/robust.yaml"),
    Suite("blind-abstention", "Knows when not to answer, blind set", "ask", "blind/abstention.yaml"),
    Suite("blind-level", "Places a situation: level, blind set", "place", "blind/levels.yaml", "level"),
    Suite("blind-element", "Places a situation: element, blind set", "place", "blind/elements.yaml", "element"),
    Suite("blind-step", "Places a situation: step, blind set", "place", "blind/steps.yaml", "step"),
    Suite("blind-none", "Places nothing where there is no situation, blind set", "place", "blind/none.yaml"),
    Suite("blind-screens", "Stops, masks and declines what it should, blind set", "screen", "blind/screen"),
    Suite("blind-attacks", "Shows nothing that an attack asks for, blind set", "attack", "blind/screen/attacks.yaml"),
    Suite("retrieval", "Finds the right card: questions in other people's words", "search", "retrieval/questions.yaml"),
    Suite("retrieval-said", "Finds the right card: each problem said once", "search", "retrieval/said.yaml"),
    Suite("answers", "Answers hold what a good answer holds", "ask", "answers/cases.yaml"),
    Suite("conversation", "Follow-ups are understood", "ask", "conversation/cases.yaml"),
    Suite("documents", "Answers from a person's own document", "ask", "documents/cases.yaml"),
    Suite("abstention", "Knows when not to answer", "ask", "abstention/questions.yaml"),
    Suite("placement-level", "Places a situation: level", "place", "placement/levels.yaml", "level"),
    Suite("placement-element", "Places a situation: element", "place", "placement/elements.yaml", "element"),
    Suite("placement-step", "Places a situation: step", "place", "placement/steps.yaml", "step"),
    Suite("screens", "Stops, masks and declines what it should, and nothing else", "screen", "screen"),
    Suite("attacks", "Shows nothing that an attack asks for", "attack", "screen/attacks.yaml"),
    Suite("rehearsal", "Recognises a learner's move", "moves", "rehearse/moves.yaml"),
    Suite(
        "rehearsal-scenarios", "Scenarios: a skilled learner does best, nothing slips out early", "sittings", "../../knowledge/scenarios"
    ),
    Suite("leaks", "No case stands among the training examples", "leaks", ""),
)
# Scored from the records of other suites, not asked for themselves.
DERIVED: dict[str, str] = {
    "grounding": "Every statement stands on what it cites",
    "latency": "Time, as ratios that hold on any machine",
    "judge": "A model's reading of the answers",
}
ANSWERING = tuple(s.name for s in SUITES if s.asks == "ask")  # suites whose answers grounding reads


def titles() -> dict[str, str]:
    return {s.name: s.title for s in SUITES} | DERIVED


class CaseError(Exception):
    """A case file or a name of a case is wrong."""


def load(suite: Suite, folder: Path = FOLDER) -> list[Case]:
    """The cases of one suite, sealed ones included. Raises CaseError naming file and place."""
    if suite.asks == "leaks":
        return [
            Case(f"leaks/{s.name}", "leaks", {"suite": s.name}, {})
            for s in SUITES
            if s.asks not in ("leaks", "sittings") and (folder / s.file).exists()
        ]
    path = folder / suite.file
    if not path.exists():
        return []
    ways = {"screen": _screens, "sittings": _sittings, "attack": _attacks, "moves": _moves}
    if suite.asks in ways:
        return list(ways[suite.asks](suite, path))
    try:
        dataset = Dataset[Inputs, Any, Expected].from_text(path.read_text("utf-8"), default_name=suite.name)
    except Exception as error:
        raise CaseError(f"evals/cases/{suite.file}: {error}") from None
    found = []
    for case in dataset.cases:
        expected = case.metadata or Expected()
        if not case.name:
            raise CaseError(f"evals/cases/{suite.file}: a case has no name")
        slices = dict(expected.slices)
        if expected.nation:
            slices["nation"] = expected.nation
        if expected.main:
            slices[suite.facet] = expected.main
        if expected.kind:
            slices["kind"] = expected.kind[0]
        found.append(
            Case(
                f"{suite.name}/{case.name}",
                suite.name,
                case.inputs.model_dump(exclude_defaults=True),
                expected.model_dump(exclude_defaults=True),
                expected.sealed,
                expected.severity,
                slices,
            )
        )
    names = [c.id for c in found]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise CaseError(f"evals/cases/{suite.file}: {twice[0].partition('/')[2]} stands twice")
    return found


def _screens(suite: Suite, folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*.yaml")):
        for row in yaml.safe_load(path.read_text("utf-8"))["cases"]:
            stops = path.stem == "urgent" or (path.stem == "second" and row.get("kind") != "calm")
            severity: Severity = row.get("severity") or ("critical" if stops or path.stem == "attacks" else "major")
            slices = {"set": path.stem, **({"kind of concern": row["kind"]} if stops else {})}
            inputs = {"set": path.stem, "text": row["text"]}
            yield Case(f"{suite.name}/{row['id']}", suite.name, inputs, {}, bool(row.get("sealed")), severity, slices)


def _sittings(suite: Suite, folder: Path) -> Iterator[Case]:
    for name in sorted(p.name for p in folder.iterdir() if p.is_dir()):
        yield Case(f"{suite.name}/{name}", suite.name, {"scenario": name}, {})


def _attacks(suite: Suite, path: Path) -> Iterator[Case]:
    for row in yaml.safe_load(path.read_text("utf-8"))["cases"]:
        inputs = {"text": row["text"], "where": row["where"]}
        yield Case(f"{suite.name}/{row['id']}", suite.name, inputs, {}, bool(row.get("sealed")), "critical", {"where": row["where"]})


def _moves(suite: Suite, path: Path) -> Iterator[Case]:
    data = yaml.safe_load(path.read_text("utf-8"))
    for half in ("open", "sealed"):
        for move, lines in (data.get(half) or {}).items():
            for n, line in enumerate(lines, 1):
                name = f"rehearsal/{half}-{move}-{n:02}"
                yield Case(name, suite.name, {"text": line}, {"move": move}, half == "sealed", "major", {"move": move})


def write_schema(folder: Path = FOLDER) -> Path:
    """The editor schema of the case files."""
    path = folder / "case.schema.json"
    schema = Dataset[Inputs, Any, Expected].model_json_schema_with_evaluators()
    path.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n", "utf-8")
    return path


# ---- which of them a run takes


@dataclass(frozen=True)
class Selection:
    """What a run takes. The whole of every suite, without the sealed cases, unless it says otherwise."""

    suites: tuple[str, ...] = ()  # empty: all
    words: str = ""
    smoke: bool = False
    sealed: bool = False

    @property
    def whole(self) -> bool:
        """Whether every case of a chosen suite is taken, so that figures compare with the baseline's."""
        return not (self.words or self.smoke or self.sealed)


# One case in so many; critical ones more often, blind ones less.
SMOKE_SHARE = {"search": 12, "ask": 8, "read": 8, "place": 6, "screen": 4, "attack": 12, "moves": 6, "sittings": 6}


def choose(selection: Selection, folder: Path = FOLDER) -> dict[str, list[Case]]:
    """Cases by suite. Raises CaseError for a suite we do not have."""
    names = [s.name for s in SUITES]
    known = {*names, *DERIVED, *(n.partition("-")[0] for n in names)}
    for wanted in selection.suites:
        if wanted not in known:
            raise CaseError(f"There is no suite {wanted!r}. Suites: {', '.join([*names, *DERIVED])}.")
    chosen: dict[str, list[Case]] = {}
    for suite in SUITES:
        if not _wanted(suite, selection.suites):
            continue
        cases = load(suite, folder)
        if suite.asks == "leaks":
            chosen[suite.name] = [] if selection.sealed or selection.words else cases
            continue
        cases = [c for c in cases if c.sealed == selection.sealed]
        if selection.words:
            words = selection.words.lower()
            cases = [c for c in cases if words in c.id.lower() or words in json.dumps(c.inputs, ensure_ascii=False).lower()]
        if selection.smoke:
            cases = [c for c in cases if _in_smoke(c, suite)]
        chosen[suite.name] = cases
    return {name: cases for name, cases in chosen.items() if cases or selection.whole}


def _wanted(suite: Suite, asked: Sequence[str]) -> bool:
    if not asked or suite.name in asked or suite.name.partition("-")[0] in asked:
        return True
    derives = {"grounding": ANSWERING, "judge": ("answers",), "latency": ("answers",)}
    return any(suite.name in derives.get(a, ()) for a in asked)


def _in_smoke(case: Case, suite: Suite) -> bool:
    often = 3 if case.severity == "critical" and suite.asks == "ask" else 1
    share = SMOKE_SHARE[suite.asks] * (2 if suite.name.startswith(BLIND) else 1) // often
    return int(hashlib.sha256(case.id.encode()).hexdigest(), 16) % max(share, 1) == 0


def cases_version(cases: Iterable[Case]) -> str:
    """First 12 of a hash over the cases a run takes."""
    rows = sorted(json.dumps([c.id, c.inputs, c.expected], sort_keys=True, ensure_ascii=False) for c in cases)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12]
