"""Each check of the curator's tools is shown a small card that breaks it, and one that does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest

from assistant.curate import answers_in, changed_since, coverage, findings, load_rules, skeleton
from assistant.errors import KnowledgeError, UsageError
from assistant.knowledge import load_library
from assistant.types import CardKind

KNOWLEDGE = Path(__file__).parent.parent / "knowledge"
TODAY = date(2026, 11, 23)
CARD = """---
title: {title}
kind: {kind}
elements: [{elements}]
levels: [co-ordination]
steps: [action]
jurisdictions: [{jurisdictions}]
status: {status}
reviewed: {{on: {reviewed}, by: builder}}
asks:
{asks}
---
## In short
{short}

## Signs
{signs}

## Why it happens
- Members speak for themselves while their agency decides elsewhere.

## Next steps
{steps}

## Ask yourselves
- Who gains from the delay?

## Watch for
- Naming a slow partner in public invites the same in return.
"""
GOOD = {
    "title": "Substitutes come in place of members",
    "kind": "problem",
    "elements": "leadership",
    "jurisdictions": "any",
    "status": "practice",
    "reviewed": "2026-11-23",
    "asks": [
        "Deputies turn up at every board",
        "how do we stop substitutes",
        "attendance at the partnership board",
        "who may send a deputy",
    ],
    "short": "Ask each agency for one member and one deputy.",
    "signs": "- Nobody at the table can commit money.",
    "steps": "- **Do** show each executive a year of attendance. | owner: Chair | when: this month | progress: Two names arrive in writing",
}


class WordVectors:
    """An embedder whose cosine is the share of words in common."""

    version = "words"

    def vectors(self, texts: Sequence[str], progress: object = None) -> np.ndarray:
        rows = np.zeros((len(texts), 2048), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace(".", " ").replace("?", " ").split():
                row[sum(ord(c) * 31**i for i, c in enumerate(word)) % 2048] = 1
        unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return unit


class Finds:
    """A retriever that finds the cards it was told to, and notes what it was asked to leave out."""

    def __init__(self, *cards: str) -> None:
        self.found = [SimpleNamespace(card=SimpleNamespace(id=c)) for c in cards]
        self.without: list[str] = []

    def cards(self, text: str, vector: object, chain: Sequence[str] = (), without: str = "") -> list[SimpleNamespace]:
        self.without.append(without)
        return self.found


Shelf = Callable[..., Path]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Writes cards, each by what sets it apart from a good one, into a knowledge folder of their own."""
    folder = tmp_path / "knowledge"
    (folder / "cards").mkdir(parents=True)
    for name in ("kinds.yaml", "sources.yaml", "jurisdictions.yaml", "framework.yaml", "curation.yaml"):
        shutil.copy(KNOWLEDGE / name, folder)

    def write(**cards: dict[str, object]) -> Path:
        for name, changes in cards.items():
            fields = GOOD | changes
            asks = "\n".join(f"  - {json.dumps(a)}" for a in fields["asks"])  # type: ignore[attr-defined]
            (folder / "cards" / f"{name}.md").write_text(
                CARD.format(**fields | {"asks": asks, "title": json.dumps(fields["title"])}), "utf-8"
            )
        return folder

    return write


def found(folder: Path, check: str, vectors: bool = False, retriever: object = None, today: date = TODAY) -> list[str]:
    library = load_library(folder)
    rows = findings(library, folder, WordVectors() if vectors else None, retriever, today)  # type: ignore[arg-type]
    return [f"{f.level} {f}" for f in rows if f.check == check]


def test_a_good_card_has_nothing_to_mend(shelf: Shelf) -> None:
    folder = shelf(one={})
    rows = findings(load_library(folder), folder, WordVectors(), Finds("one"), TODAY)  # type: ignore[arg-type]
    assert [str(r) for r in rows if r.check != "uncited"] == []


def test_the_library_we_ship_has_no_error() -> None:
    rows = findings(load_library(KNOWLEDGE), KNOWLEDGE, None, None, TODAY)
    assert [str(r) for r in rows if r.level == "error"] == []


def test_the_library_we_ship_has_no_thin_cell() -> None:
    assert coverage(load_library(KNOWLEDGE)).thin == ()


SLIPS = [
    ("must", {"signs": "- Every agency must attend."}, "needs to"),
    ("must", {"signs": "- Every agency shall attend."}, "needs to"),
    (
        "must",
        {"steps": "- **Do** say that all must come. | owner: Chair | when: this month | progress: They come"},
        "## Next steps, step 1",
    ),
    ("must", {"status": "statutory", "signs": "- Every agency must attend."}, "without a statutory source"),
    ("must", {"status": "statutory", "signs": "- Every agency must attend. [sloper2004]"}, "without a statutory source"),
    ("not-seen", {"status": "research", "signs": "- Agencies drift apart under strain. [wilder2001]"}, "[wilder2001] was never seen"),
    ("long", {"signs": "- " + "word " * 33 + "ends."}, "a sentence of 34 words, the limit is 32"),
    ("lix", {"signs": "\n".join(f"- Organisational accountability arrangements notwithstanding {n}." for n in range(30))}, "LIX"),
    ("stands-alone", {"signs": "- This makes the rest worse."}, "starts with “This”"),
    ("stands-alone", {"short": "Ask for one deputy. They then know who decides."}, "starts with “They”"),
    ("stands-alone", {"short": "Ask for a map. Draw it with three people."}, "starts with “Draw it”"),
    ("spelling", {"signs": "- Poor behavior goes unnamed."}, "write “behaviour”"),
    ("person", {"signs": "- Dr Brown never comes."}, "“Dr Brown” names a person"),
    ("link", {"signs": "- See www.example.org for more."}, "sources.yaml"),
    ("link", {"signs": "- See england.gov.uk for more."}, "sources.yaml"),
    ("telephone", {"signs": "- People ring 0808 800 5000 by habit."}, "jurisdictions.yaml"),
    ("telephone", {"signs": "- People are told to call 999 first."}, "jurisdictions.yaml"),
    ("dash", {"signs": "- Nobody decides — and all complain."}, "use a comma"),
    ("unfinished", {"signs": "- Write here what a person would notice."}, "still holds"),
    ("jurisdiction", {"jurisdictions": "scotland", "signs": "- Deputies come with a letter. [ca2004-16e]"}, "England"),
]


@pytest.mark.parametrize(("check", "changes", "words"), SLIPS)
def test_a_slip_is_named_with_what_would_mend_it(shelf: Shelf, check: str, changes: dict[str, object], words: str) -> None:
    (finding,) = found(shelf(one=changes), check)
    assert finding.startswith("error cards/one.md: ")
    assert words in finding


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("must", {"status": "statutory", "signs": "- Every agency must attend. [ca2004-16e]"}),
        ("must", {"signs": "- Leaders argue over the word “must”."}),
        ("must", {"asks": ["Must we all attend", "how do we stop substitutes", "board attendance", "who may send a deputy"]}),
        ("not-seen", {"signs": "- Agencies drift apart under strain. [wilder2001]"}),
        ("stands-alone", {"signs": "- Those who decide stay away."}),
        ("stands-alone", {"signs": "- Doing it (action): the new way is live."}),
        ("spelling", {"signs": "- The Center for Children sends a deputy."}),
        ("jurisdiction", {"jurisdictions": "scotland", "signs": "- England asks deputies for a letter. [ca2004-16e]"}),
        ("jurisdiction", {"jurisdictions": "scotland", "signs": "- Deputies weaken a board. [sloper2004]"}),
        ("telephone", {"signs": "- Section 66 was amended in 2019 for 137 cases and 1,200 children."}),
        ("dash", {"signs": "- Multi-agency work runs from 2007 to 2010."}),
    ],
)
def test_what_only_looks_like_a_slip_passes(shelf: Shelf, check: str, changes: dict[str, object]) -> None:
    assert found(shelf(one=changes), check) == []


def test_a_step_without_owner_or_progress_never_loads(shelf: Shelf) -> None:
    with pytest.raises(KnowledgeError, match="lacks owner, progress"):
        load_library(shelf(one={"steps": "- **Do** meet. | when: this month"}))


@pytest.mark.parametrize(
    ("reviewed", "kind", "late"), [("2025-11-23", "problem", 0), ("2024-11-22", "problem", 1), ("2024-11-23", "problem", 0)]
)
def test_a_review_lasts_two_years_and_then_warns(shelf: Shelf, reviewed: str, kind: str, late: int) -> None:
    rows = found(shelf(one={"reviewed": reviewed, "kind": kind}), "overdue")
    assert [r.startswith("warning cards/one.md: reviewed: ") for r in rows] == [True] * late


def test_a_review_of_law_lasts_one_year(shelf: Shelf) -> None:
    folder = shelf()
    text = skeleton("law", "some-law", "A law", folder, date(2025, 11, 22))
    (folder / "cards" / "some-law.md").write_text(text, "utf-8")
    assert "more than 12 months ago" in found(folder, "overdue")[0]
    assert found(folder, "overdue", today=date(2026, 11, 22)) == []


APART = {
    "title": "Money runs out before winter",
    "asks": ["The pooled fund is empty", "who pays in March", "budget gap between agencies", "finance lead says no"],
    "short": "Count what is promised and what is spent.",
    "signs": "- Invoices wait for a signature.",
    "steps": "- **Do** list every promise of money. | owner: Finance lead | when: this week | progress: One sheet exists",
}


def test_two_cards_that_say_the_same_are_named(shelf: Shelf) -> None:
    folder = shelf(one={}, two=APART | {"title": GOOD["title"], "short": GOOD["short"]})
    (finding,) = found(folder, "near-card", vectors=True)
    assert "cards/two.md" in finding
    assert "cards/one.md" in finding


def test_cards_that_say_different_things_are_not(shelf: Shelf) -> None:
    assert found(shelf(one={}, two=APART), "near-card", vectors=True) == []


def test_a_sentence_that_stands_nearly_so_elsewhere_is_named_by_words_alone(shelf: Shelf) -> None:
    folder = shelf(
        one={"signs": "- Deputies arrive without papers, power or money."},
        two=APART | {"signs": "- Deputies arrive with no papers, money or power."},
    )
    messages = found(folder, "near-sentence")
    assert any("by words" in m and "## Signs, statement 1" in m for m in messages)


def test_a_sentence_that_means_the_same_is_named(shelf: Shelf) -> None:
    folder = shelf(
        one={"signs": "- Nobody among us all can ever do it there at once quickly."},
        two=APART | {"signs": "- Nobody among us all can ever do it there at once slowly."},
    )
    assert any("by meaning" in m and "## Signs" in m for m in found(folder, "near-sentence", vectors=True))


def test_the_same_words_for_two_nations_are_no_repetition(shelf: Shelf) -> None:
    same = {"signs": "- Deputies arrive without papers, power or money."}
    folder = shelf(one=same | {"jurisdictions": "scotland"}, two=APART | same | {"jurisdictions": "wales"})
    assert not any("## Signs" in m for m in found(folder, "near-sentence"))


@pytest.mark.parametrize("vectors", [True, False])
def test_asks_of_two_cards_that_collide_are_named(shelf: Shelf, vectors: bool) -> None:
    folder = shelf(one={}, two=APART | {"asks": ["How do we stop substitutes?", *APART["asks"][1:]]})
    (finding,) = found(folder, "ask-collides", vectors)
    assert "cards/two.md: asks, number 1" in finding


def test_a_card_that_none_of_its_asks_finds_is_named(shelf: Shelf) -> None:
    retriever = Finds("another")
    (finding,) = found(shelf(one={}), "unfound", vectors=True, retriever=retriever)
    assert "cards/one.md: asks" in finding
    assert retriever.without == ["one!ask0", "one!ask1", "one!ask2", "one!ask3"]


def test_a_source_nobody_cites_is_a_warning(shelf: Shelf) -> None:
    assert any(r.startswith("warning sources.yaml: hodges1999") for r in found(shelf(one={}), "uncited"))
    assert not any("hodges1999" in r for r in found(shelf(one={"signs": "- Deputies weaken a board. [hodges1999]"}), "uncited"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seen: au-aifs}\n  lead", "seen: null}\n  lead", "australia, children, number 1: “1800 55 1800” has no source"),
        (
            'number: "028 9504 9999", seen: ni-resws',
            'number: "028 9504 9999", seen: null',
            "northern-ireland, out_of_hours: “028 9504 9999”",
        ),
        (
            'checked: "seen in the source named, not verified since; each state\'s own page decides"',
            'checked: ""',
            "australia, checked: prints",
        ),
    ],
)
def test_a_telephone_number_without_a_source_or_a_word_on_its_age_is_named(shelf: Shelf, old: str, new: str, says: str) -> None:
    folder = shelf(one={})
    path = folder / "jurisdictions.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    (finding,) = found(folder, "number")
    assert says in finding


def cases(folder: Path, *said: str) -> None:
    path = folder.parent / "evals" / "cases" / "retrieval" / "said.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        json.dumps({"cases": [{"name": "P001", "inputs": {"question": s}, "metadata": {"covers": ["P001"]}} for s in said]}), "utf-8"
    )


@pytest.mark.parametrize(
    ("said", "how"),
    [
        ("Nobody here at the table can ever commit any money.", "content words"),
        ("Nobody at the tables can committ moneys", "letter by letter"),
        ("It there do can all us among nobody.", "means the same"),
    ],
)
def test_a_near_copy_of_a_test_question_is_named(shelf: Shelf, said: str, how: str) -> None:
    folder = shelf(
        one={"signs": "- Nobody at the table can commit money."}
        if how != "means the same"
        else {"signs": "- Nobody among us all can ever do it there."}
    )
    cases(folder, said)
    assert any("## Signs, statement 1" in m and how in m for m in found(folder, "said", vectors=True))


def test_test_questions_in_other_words_and_a_wheel_without_any_pass(shelf: Shelf) -> None:
    folder = shelf(one={})
    assert found(folder, "said", vectors=True) == []
    cases(folder, "We wrote the protocol last spring and it gathers dust.")
    assert found(folder, "said", vectors=True) == []


def test_vectors_are_kept_between_runs(shelf: Shelf, tmp_path: Path) -> None:
    folder = shelf(one={})
    findings(load_library(folder), folder, WordVectors(), None, TODAY, cache=tmp_path / "kept" / "vectors.npz")  # type: ignore[arg-type]
    assert (tmp_path / "kept" / "vectors.npz").is_file()


def test_a_limit_that_is_no_number_is_named(shelf: Shelf) -> None:
    folder = shelf(one={})
    path = folder / "curation.yaml"
    path.write_text(path.read_text("utf-8").replace("lix: 55", "lix: low"), "utf-8")
    with pytest.raises(KnowledgeError, match=r"reading\.lix"):
        load_rules(folder)


def test_coverage_names_thin_cells_and_what_a_nation_lacks(shelf: Shelf) -> None:
    grid = coverage(load_library(shelf(one={})))
    assert grid.steps["leadership", "action"] == ("one",)
    assert "leadership × action: 1 of 4 cards with next steps" in grid.thin
    assert "leadership × co-ordination: 1 of 3 cards" in grid.thin
    assert "wales: no partnership body" in grid.thin
    assert "1*" in grid.grid


def test_four_cards_fill_a_cell(shelf: Shelf) -> None:
    grid = coverage(load_library(shelf(one={}, two={}, three={}, four={})))
    assert not any(t.startswith(("leadership × action", "leadership × co-ordination")) for t in grid.thin)


@pytest.mark.parametrize("kind", get_args(CardKind))
def test_a_new_card_loads_and_is_called_unfinished(shelf: Shelf, kind: CardKind) -> None:
    folder = shelf(one={})
    text = skeleton(kind, "a-new-card", 'A "new" card: what now', folder, TODAY)
    (folder / "cards" / "a-new-card.md").write_text(text, "utf-8")
    assert load_library(folder).cards["a-new-card"].kind == kind
    assert found(folder, "unfinished")


@pytest.mark.parametrize(
    ("kind", "identity", "title", "words"),
    [
        ("problem", "Late Reports", "Late reports", "joined by hyphens"),
        ("problem", "late-reports", "x", "4 to 90"),
        ("poem", "late-reports", "Late reports", "Use one of: problem"),
        ("problem", "one", "Late reports", "cards/one.md has this id"),
    ],
)
def test_a_new_card_that_could_not_load_is_refused(shelf: Shelf, kind: CardKind, identity: str, title: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        skeleton(kind, identity, title, shelf(one={}), TODAY)


def stored(passage: str, quote: str, version: str = "older") -> dict[str, object]:
    return {"id": "a1", "versions": {"knowledge": version}, "sources": [{"passage": passage, "quote": quote}]}


@pytest.mark.parametrize(
    ("passage", "quote", "why"),
    [
        ("card:one#in-short", "Ask each agency for  one member and one deputy.", []),
        ("card:one#next-steps", "Show each executive a year of attendance.", []),
        ("card:one#in-short", "Ask each agency for one member.", ["changed"]),
        ("card:one#features", "Anything.", ["gone"]),
        ("card:two#in-short", "Anything.", ["gone"]),
        ("doc:0123456789ab#1", "Anything.", []),
    ],
)
def test_stored_answers_whose_passages_changed_or_went_are_named(shelf: Shelf, passage: str, quote: str, why: list[str]) -> None:
    library = load_library(shelf(one={}))
    aged = changed_since([stored(passage, quote)], library)
    assert [a.why for a in aged] == why
    assert all((a.answer, a.knowledge, a.passage) == ("a1", "older", passage) for a in aged)


def test_an_answer_of_this_very_version_is_not_looked_at(shelf: Shelf) -> None:
    library = load_library(shelf(one={}))
    assert changed_since([stored("card:one#in-short", "Never said.", library.version)], library) == []


def test_a_file_of_answers_is_read_line_by_line() -> None:
    assert list(answers_in(['{"id": "a1"}\n', "\n", '{"id": "a2"}'], "kept.jsonl")) == [{"id": "a1"}, {"id": "a2"}]


@pytest.mark.parametrize("line", ["{bad", "[1, 2]", "null"])
def test_a_line_that_is_no_answer_is_named(line: str) -> None:
    with pytest.raises(UsageError, match=r"kept\.jsonl: line 2 is no JSON object"):
        list(answers_in(['{"id": "a1"}', line], "kept.jsonl"))
