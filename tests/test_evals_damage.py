"""A product damaged on purpose is caught by the suite each time. The product is the real one, over a few cases."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant import Answer, Assistant, Settings
from assistant.advise import Adviser
from assistant.check import Verdict
from assistant.retrieve import Retriever
from assistant.types import Draft, Evidence, Placement, Screening, Understanding
from evals import collect, gate, score
from evals.cases import SUITES, Case, Selection, load

PARTS = ("adviser", "retriever", "placer", "screener", "embeddings", "library", "prompts")


def suite(name: str, keep: Callable[[Case], bool], most: int) -> dict[str, list[Case]]:
    cases = [c for c in load(next(s for s in SUITES if s.name == name)) if not c.sealed and keep(c)]
    return {name: cases[:most]}


CHOSEN = {
    **suite("answers", lambda c: c.id.startswith("answers/ask-definition") or c.expected.get("min_steps", 0) > 0, 20),
    **suite("abstention", lambda c: c.expected["label"] != "answer", 60),
    **suite("placement-level", lambda _: True, 30),
    **suite("screens", lambda c: c.inputs["set"] == "urgent", 20),
    **suite("attacks", lambda c: len(c.inputs["text"].split()) > 5, 20),
}


def run(assistant: Any, folder: Path, chosen: dict[str, list[Case]] = CHOSEN) -> dict[str, Any]:
    folder.mkdir()
    settings = collect.describe(assistant, chosen, Selection(words="these"))
    collect.collect(assistant, chosen, folder, lambda *_: None)
    results: dict[str, Any] = score.rounded(score.score(settings, collect.records(folder / "records.jsonl")))
    return results


@pytest.fixture(scope="module")
def sound(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Results of the product as it is, accepted as the baseline."""
    place = tmp_path_factory.mktemp("sound")
    results = run(assistant, place / "run")
    gate.accept(results, None, "issue 3: as it stands in this test", place)
    return results, place


@pytest.fixture
def copy(assistant: Assistant, settings: Settings) -> Assistant:
    """A product of the same parts, to be damaged."""
    made = Assistant(settings)
    for name in PARTS:
        made.__dict__[name] = getattr(assistant, name)
    return made


def rebuilt(made: Assistant, old: Adviser, **parts: Any) -> None:
    """The adviser again, with some parts replaced."""
    given = {n: parts.get(n, getattr(old, n)) for n in ("library", "prompts", "screen", "reader", "placer", "retriever")}
    made.__dict__["adviser"] = Adviser(**given, writer=parts.get("writer"))


def caught(damaged: Any, sound: tuple[dict[str, Any], Path], tmp_path: Path, *suites: str) -> list[gate.Finding]:
    """What the gate says of a damaged product, in the suites that should notice."""
    place = sound[1]
    chosen = {n: c for n, c in CHOSEN.items() if n in suites or (n == "answers" and "grounding" in suites)}
    results = run(damaged, tmp_path / "damaged", chosen)
    held = gate.Standing.read(place / "baseline", place / "floors.yaml", place / "exceptions.yaml")
    verdict = gate.gate(results, held)
    assert not verdict.passed
    return [f for f in verdict.findings if f.suite in suites]


def test_a_sound_product_passes_against_its_own_baseline(sound: tuple[dict[str, Any], Path], assistant: Assistant, tmp_path: Path) -> None:
    results, place = sound
    held = gate.Standing.read(place / "baseline", place / "floors.yaml", place / "exceptions.yaml")
    assert gate.gate(results, held).passed
    assert gate.gate(run(assistant, tmp_path / "again"), held).passed


def test_a_threshold_that_is_off_is_caught(copy: Assistant, sound: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    old = copy.retriever
    calibration = dataclasses.replace(old.calibration, answer=0.0)
    retriever = Retriever(old.library, old.index, old.embeddings, calibration, old.learned)
    copy.__dict__["retriever"] = retriever
    rebuilt(copy, copy.adviser, retriever=retriever)
    assert len(caught(copy, sound, tmp_path, "abstention")) >= 5


class Shuffled:
    """Answers whose statements point at the source after theirs."""

    def __init__(self, sound: Assistant) -> None:
        self._sound = sound

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sound, name)

    def ask(self, question: Any) -> Answer:
        answer = self._sound.ask(question)
        n = max(len(answer.sources), 1)
        return dataclasses.replace(
            answer, statements=tuple(dataclasses.replace(s, sources=tuple(i % n + 1 for i in s.sources)) for s in answer.statements)
        )


def test_shuffled_citations_are_caught(copy: Assistant, sound: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    found = caught(Shuffled(copy), sound, tmp_path, "grounding")
    assert {f.rule for f in found} == {"critical case fails"}


def test_a_card_that_says_the_opposite_is_caught(copy: Assistant, sound: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    """The card of coalition now says that coalition is the lowest level, in words its own passages hold."""
    old = copy.library
    said = "Coalition is the lowest level, where each agency keeps to itself."
    card = old.cards["level-coalition"]
    passages = tuple(
        dataclasses.replace(p, text=said, sentences=tuple(dataclasses.replace(s, text=said) for s in p.sentences[:1]))
        for p in card.passages
    )
    library = dataclasses.replace(old, cards={**old.cards, card.id: dataclasses.replace(card, passages=passages)})
    retriever = Retriever(library, copy.retriever.index, copy.embeddings, copy.retriever.calibration, copy.retriever.learned)
    copy.__dict__ |= {"library": library, "retriever": retriever}
    rebuilt(copy, copy.adviser, library=library, retriever=retriever)
    found = caught(copy, sound, tmp_path, "answers")
    assert any(f.what == "answers/ask-definition-01" and "says: coalition is the lowest level" in f.why for f in found)


class Blind:
    """A screen that finds nothing."""

    def __init__(self, sound: Any) -> None:
        self._sound = sound

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sound, name)

    def check(self, text: str) -> Screening:
        return Screening("clear", False, True, False, text)


def test_a_screen_that_is_disabled_is_caught(copy: Assistant, sound: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    copy.__dict__["screener"] = Blind(copy.screener)
    found = caught(copy, sound, tmp_path, "screens")
    assert len([f for f in found if f.rule == "critical case fails"]) >= 15


class Thrown:
    """Places by the throw of a die."""

    def __init__(self, sound: Any) -> None:
        self._sound, self._die = sound, random.Random(1)  # noqa: S311  a die, not a secret

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sound, name)

    def place(self, text: str, vector: Any) -> Placement:
        found: Placement = self._sound.place(text, vector)
        names = [s.id for s in found.levels]
        self._die.shuffle(names)
        return dataclasses.replace(found, levels=tuple(dataclasses.replace(s, id=n) for s, n in zip(found.levels, names, strict=True)))


def test_placement_at_random_is_caught(copy: Assistant, sound: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    copy.__dict__["placer"] = Thrown(copy.placer)
    assert len(caught(copy, sound, tmp_path, "placement-level")) >= 10


class Cut:
    """A writer that stops after its first sentence."""

    name = "none"

    def __init__(self, sound: Any) -> None:
        self._sound = sound

    def compose(self, question: Understanding, evidence: Evidence) -> Draft:
        draft: Draft = self._sound.compose(question, evidence)
        first = next((p for p in draft.parts if p.claims), None)
        parts = (dataclasses.replace(first, claims=first.claims[:1]),) if first else ()
        return dataclasses.replace(draft, parts=parts, questions=())


def test_a_writer_that_is_cut_short_is_caught(copy: Assistant, sound: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    rebuilt(copy, copy.adviser, writer=Cut(copy.adviser.cards))
    assert len(caught(copy, sound, tmp_path, "answers")) >= 8


def test_a_check_that_believes_a_model_is_caught(
    copy: Assistant, sound: tuple[dict[str, Any], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.render.check", lambda _, passages, *__: Verdict("supported", "", tuple(p.id for p in passages)))
    found = caught(copy, sound, tmp_path, "attacks")
    assert sum(f.rule == "critical case fails" for f in found) >= 5
