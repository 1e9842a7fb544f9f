"""Placement: where a described situation stands, on which words, and how sure we are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import Assistant, Settings
from assistant.embed import OnnxEmbeddings
from assistant.errors import KnowledgeError
from assistant.knowledge import Library, load_library
from assistant.learn import Cues, fit, held_out_logits, load, save
from assistant.place import Placer, load_teaching, open_placer
from assistant.types import FACETS, Placement

KNOWLEDGE = Path(__file__).parents[1] / "knowledge"
TORN = (
    "We set up a joint board with a pooled budget, but nobody is held to the protocol. Half of us want to merge the teams and half do not."
)


@pytest.fixture(scope="module")
def embeddings(assistant: Assistant) -> OnnxEmbeddings:
    return assistant.embeddings


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(KNOWLEDGE)


@pytest.fixture(scope="module")
def placer(assistant: Assistant) -> Placer:
    return assistant.placer


@pytest.fixture(scope="module")
def stored(placer: Placer, embeddings: OnnxEmbeddings, settings: Settings) -> Path:
    """The file in which the trained model is kept."""
    return settings.exported_models / f"placement-{placer.teaching.version}-{embeddings.version}.npz"


def place(placer: Placer, embeddings: OnnxEmbeddings, text: str) -> Placement:
    return placer.place(text, embeddings.vectors([text])[0])


def test_every_member_is_scored_best_first(placer: Placer, embeddings: OnnxEmbeddings) -> None:
    found = place(placer, embeddings, TORN)
    for facet, scores in (("level", found.levels), ("element", found.elements), ("step", found.steps)):
        assert {s.id for s in scores} == set(FACETS[facet])
        assert [s.score for s in scores] == sorted((s.score for s in scores), reverse=True)
        assert all(0 <= s.score <= 1 for s in scores)
    assert set(found.sure) == set(FACETS)


@pytest.mark.parametrize(
    ("text", "facet", "member"),
    [
        ("Staff ring one another with news of a child. Nothing is ever planned or done jointly.", "level", "communication"),
        ("All five agencies now work for a single new organisation with one budget and one manager.", "level", "integration"),
        ("Agencies must carry out what the joint board decides by majority vote, though each stays separate.", "level", "coalition"),
        ("The chair cannot control the meeting and the police only ever send a junior deputy.", "element", "leadership"),
        ("There is no way of telling whether any child is better off; the report counts meetings.", "element", "outcomes"),
        ("They insist that there is no problem here and that nothing needs to change.", "step", "pre-contemplation"),
        ("The joint clinic has run for eight years and new staff learn about it at induction.", "step", "maintenance"),
    ],
)
def test_a_plain_case_is_placed_and_sure(placer: Placer, embeddings: OnnxEmbeddings, text: str, facet: str, member: str) -> None:
    found = place(placer, embeddings, text)
    assert found.best(facet).id == member  # type: ignore[arg-type]
    assert found.sure[facet]  # type: ignore[index]
    assert any(c.reading == f"{facet}:{member}" for c in found.evidence)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "?", "Hello", "Good morning everyone", "Thank you so much", "What is a coalition?",
        "Please define each of the six elements.",
        "List the five steps to change in order.", "It is cold and wet in Dundee this evening.", "My bicycle has a flat tyre again.",
        "What should we do?", "Where do we start?", "And what about Wales?",
    ],
)  # fmt: skip
def test_a_text_without_a_situation_is_never_sure(placer: Placer, embeddings: OnnxEmbeddings, text: str) -> None:
    found = place(placer, embeddings, text)
    assert not any(found.sure.values())
    assert found.evidence == ()
    assert len(found.unknown) == 3


def test_a_question_at_the_end_is_no_evidence(placer: Placer, embeddings: OnnxEmbeddings) -> None:
    found = place(placer, embeddings, "Our chair never closes a decision and the trust sends a deputy. What should we do?")
    assert found.sure["element"]
    assert not any("What should" in c.text for c in (*found.evidence, *found.against))


def test_spans_are_words_of_the_text_counted_in_code_points(placer: Placer, embeddings: OnnxEmbeddings) -> None:
    text = "👩‍👧 Café náme — " + TORN + " Ni allaf ddweud mwy."
    found = place(placer, embeddings, text)
    assert found.evidence
    for cue in (*found.evidence, *found.against):
        assert text[cue.start : cue.end] == cue.text != ""
        facet, _, member = cue.reading.partition(":")
        assert member in FACETS[facet]  # type: ignore[index]


def test_what_speaks_against_stands_apart_from_what_speaks_for(placer: Placer, embeddings: OnnxEmbeddings) -> None:
    found = place(placer, embeddings, TORN)
    for a in found.against:
        facet = a.reading.partition(":")[0]
        assert all(a.end <= e.start or e.end <= a.start for e in found.evidence if e.reading.startswith(facet))


def test_a_torn_reading_asks_what_would_settle_it(placer: Placer, embeddings: OnnxEmbeddings) -> None:
    undecided = {name: replace(c, temperature=50.0) if name in FACETS else c for name, c in placer.classifiers.items()}
    found = place(replace(placer, classifiers=undecided), embeddings, TORN)
    first, second = found.levels[:2]
    assert not found.sure["level"]
    assert found.unknown[0] == placer.teaching.between[frozenset((first.id, second.id))]
    assert len(found.unknown) == sum(not s for s in found.sure.values())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300))
def test_any_text_is_placed_without_an_error(placer: Placer, text: str) -> None:
    found = placer.place(text, np.full(384, 0.05, dtype=np.float32))
    assert all(text[c.start : c.end] == c.text for c in (*found.evidence, *found.against))


def test_a_very_long_text_is_placed_quickly(placer: Placer, embeddings: OnnxEmbeddings) -> None:
    vector = embeddings.vectors([TORN])[0]
    placer.place(TORN, vector)
    times = []
    for _ in range(15):
        start = time.perf_counter()
        placer.place(TORN, vector)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.015
    placer.place("a" * 50_000 + " " + TORN * 20, vector)


def test_training_twice_gives_the_same_file(tmp_path: Path, embeddings: OnnxEmbeddings) -> None:
    texts = [f"the {w} {i} of the board" for w in ("chair", "form", "trust") for i in ("first", "second", "third", "last")]
    labels = [w for w in ("leadership", "machinery", "process") for _ in range(4)]
    cues = Cues.compile(("leadership", "machinery", "process"), {"leadership": ["chair"]})
    for name in ("a", "b"):
        save(tmp_path / name, {"x": fit(texts, embeddings.vectors(texts), labels, cues.labels, cues)})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert load(tmp_path / "a", {"x": cues})["x"].labels == cues.labels
    assert held_out_logits(texts, embeddings.vectors(texts), labels, cues.labels, cues).shape == (12, 3)


def test_the_stored_model_holds_no_pickle_and_places_alike(
    placer: Placer, library: Library, embeddings: OnnxEmbeddings, stored: Path
) -> None:
    with np.load(stored, allow_pickle=False) as data:
        assert all(data[k].dtype != object for k in data.files)
    again = open_placer(library, KNOWLEDGE, embeddings, stored.parent)
    assert place(again, embeddings, TORN) == place(placer, embeddings, TORN)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04broken", None])
def test_a_broken_file_is_trained_again(
    placer: Placer,
    library: Library,
    embeddings: OnnxEmbeddings,
    stored: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
) -> None:
    half = stored.read_bytes()[: stored.stat().st_size // 2]
    (tmp_path / stored.name).write_bytes(half if content is None else content)
    calls = []
    monkeypatch.setattr("assistant.place.train", lambda *_: calls.append(1) or placer.classifiers)
    again = open_placer(library, KNOWLEDGE, embeddings, tmp_path)
    assert calls == [1]
    assert place(again, embeddings, TORN) == place(placer, embeddings, TORN)


def test_placing_imports_no_trainer(stored: Path, embeddings: OnnxEmbeddings) -> None:
    code = (
        "import sys, json; from pathlib import Path; from assistant.embed import OnnxEmbeddings;"
        "from assistant.knowledge import load_library;"
        "from assistant.place import open_placer; a = sys.argv;"
        "e = OnnxEmbeddings(Path(a[1]), a[2]); p = open_placer(load_library(Path(a[3])), Path(a[3]), e, Path(a[4]));"
        "p.place('We never meet.', e.vectors(['We never meet.'])[0]);"
        "print(json.dumps([m for m in ('sklearn', 'scipy.optimize', 'torch') if m in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(embeddings.folder), embeddings.version, str(KNOWLEDGE), str(stored.parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []


def test_each_class_has_examples_enough_and_none_stands_twice(library: Library) -> None:
    teaching = load_teaching(library, KNOWLEDGE)
    for facet, rows in teaching.examples.items():
        for member in FACETS[facet]:
            assert sum(m == member for _, m in rows) >= 90, member
        texts = [re.sub(r"\W+", " ", t.lower()).strip() for t, _ in rows]
        assert len(set(texts)) == len(texts)
    assert len(set(teaching.nothing)) == len(teaching.nothing) >= 150
    assert all(teaching.cues[f].patterns for f in FACETS)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.yaml", "colaition:\n- a text\n", "colaition"),
        ("x.yaml", "coalition: a text\n", "list of texts"),
        ("x.yaml", "cues:\n  coalition: ['(']\n", "coalition"),
        ("x.yaml", "cues:\n  colaition: ['a']\n", "colaition"),
        ("x.yaml", "between:\n  coalition / colaition: why?\n", "colaition"),
        ("x.yaml", "asks: ['(']\n", "asks"),
        ("x.yaml", "- a\n", "x.yaml"),
        ("x.yaml", "coalition:\n- Same text.\n- same text.\n", "stands twice"),
        ("unknown.yaml", "asks: []\n", "unknown"),
        ("no_situation.yaml", "tails: []\n", "no-situation"),
    ],
)
def test_a_slip_in_the_data_is_named(library: Library, tmp_path: Path, name: str, content: str, said: str) -> None:
    folder = tmp_path / "placement"
    folder.mkdir()
    for path in (KNOWLEDGE / "placement").glob("*.yaml"):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_teaching(library, tmp_path)
    assert said in str(caught.value)
