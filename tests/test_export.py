"""What people take away: Word files that open and hold what they should, and Markdown that says the same."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest

from assistant import Assistant, as_json
from assistant.export import Exporter, Paper, feedback_cases
from assistant.store import Store

QUESTION = "Our board keeps changing members and nobody can decide"
MADE = "2026-11-23T10:00:00.000+00:00"


@pytest.fixture(scope="module")
def exporter(assistant: Assistant) -> Exporter:
    return Exporter(assistant.library, assistant.prompts)


def opened(paper: Paper) -> docx.document.Document:
    return docx.Document(io.BytesIO(paper.word()))


def test_an_answer_in_word_has_headings_a_real_table_numbered_sources_date_and_versions(assistant: Assistant, exporter: Exporter) -> None:
    row = as_json(assistant.ask(QUESTION))
    paper = exporter.answer(QUESTION, row, MADE)
    file = opened(paper)
    text = "\n".join(p.text for p in file.paragraphs)
    assert file.paragraphs[0].style.name == "Title"
    assert any(p.style.name.startswith("Heading") for p in file.paragraphs)
    tables = [[[c.text for c in r.cells] for r in t.rows] for t in file.tables]
    steps = next(t for t in tables if t[0][0] == "What")
    assert [r[1] for r in steps[1:]] == [s["owner"] for s in row["next_steps"]]
    assert "1.\t" + row["sources"][0]["title"] in text
    strip = next(t for t in tables if row["placement"]["sure"]["element"] and any("Leadership" in c for r in t for c in r))
    assert any("Leadership (mainly this)" in c for r in strip for c in r)
    assert "23 November 2026" in text
    assert row["versions"]["knowledge"] in text


def test_a_document_is_named_once_and_the_framework_stands_after_the_opening(assistant: Assistant, exporter: Exporter) -> None:
    row = as_json(assistant.ask(QUESTION))
    row["text"] = "**From your document**\n\n- Ask for two names. [1]\n\n" + row["text"]
    row["sources"][0] |= {"origin": "document", "title": "terms.pdf: p. 2", "location": "p. 2", "status": "local", "references": []}
    blocks = exporter.answer(QUESTION, row, MADE).blocks
    assert [b.kind for b in blocks[1:6]] == ["subheading", "bullet", "text", "subheading", "table"]
    assert "1. terms.pdf: p. 2 (local document)." in exporter.answer(QUESTION, row, MADE).markdown()


def test_markdown_and_word_say_the_same(assistant: Assistant, exporter: Exporter) -> None:
    paper = exporter.answer(QUESTION, as_json(assistant.ask(QUESTION)), MADE)
    markdown = paper.markdown().replace("*", "")
    for paragraph in opened(paper).paragraphs:
        assert paragraph.text.strip().replace("\t", " ") in markdown


@pytest.mark.parametrize(
    "question", ["What is the difference between co-ordination and coalition?", "Hello", "What are the six critical elements?"]
)
def test_every_shape_of_answer_can_be_taken_away(assistant: Assistant, exporter: Exporter, question: str) -> None:
    row = as_json(assistant.ask(question))
    paper = exporter.answer(question, row, MADE)
    assert opened(paper).paragraphs
    for statement in row["statements"]:
        assert statement["text"].replace("*", "") in paper.markdown().replace("*", "")


def test_the_plan_holds_owner_date_state_and_what_has_changed(exporter: Exporter, tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    step = store.keep_step("Ask for two names.", "Chair", "", "Two names arrive", "Leadership", "somewhere", 3)
    assert store.keep_step("Ask for two names.", "Chair", turn=3) == step, "the same step of an answer is kept once"
    store.change_step(step, due="2026-12-01", status="done", note="Health named both")
    markdown = exporter.plan(store.plan(), store.plan_changes(), MADE).markdown()
    assert "| Ask for two names. | Chair | 1 December 2026 | Two names arrive | Leadership | Done | Health named both |" in markdown
    assert "**Ask for two names.**" in markdown
    assert "Where it stands from “To do” to “Done”." in markdown
    assert "Date set to “1 December 2026”." in markdown
    assert opened(exporter.plan(store.plan(), store.plan_changes(), MADE)).tables


def test_a_plan_says_when_it_is_looked_at_again_and_a_note_ends_with_one_full_stop(exporter: Exporter, tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    store.change_step(store.keep_step("Ask for two names.", "Chair", note="Suggested: this week."), note="Agreed on Tuesday.")
    markdown = exporter.plan(store.plan(), store.plan_changes(), MADE, "2027-01-05").markdown()
    assert "To be looked at again on 5 January 2027." in markdown
    assert "Note from “Suggested: this week” to “Agreed on Tuesday”." in markdown


def test_no_word_of_a_table_is_broken(exporter: Exporter, tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    store.keep_step(
        "Ask everyone who sits on the executive. " * 6, "Delegated representatives", progress="Two names", framework="Machinery"
    )
    (table,) = opened(exporter.plan(store.plan(), [], MADE)).tables
    for column in table.columns:
        longest = max(len(word) for cell in column.cells for word in cell.text.split())
        assert column.width.pt >= longest * 6.5 + 10, column.cells[0].text


def test_a_conversation_is_taken_away_whole_and_in_order(assistant: Assistant, exporter: Exporter, tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db")
    here = store.start()
    for question in ("Hello", QUESTION):
        store.add_turn(here, question, as_json(assistant.ask(question)))
    markdown = exporter.conversation("Our board", store.turns(here)).markdown()
    assert markdown.index("## Hello") < markdown.index("## " + QUESTION)
    assert markdown.startswith("# Our board")
    unnamed = exporter.conversation("Hello", store.turns(here)).markdown()
    assert not unnamed.startswith("# Hello"), "a question that stands below is no title"


def test_characters_that_word_cannot_hold_are_left_out(exporter: Exporter) -> None:
    paper = exporter.conversation("A\x00 b\x0bc \ud800 | d", [])
    assert opened(paper).paragraphs[0].text == "A bc  | d"


def test_feedback_becomes_evaluation_cases_that_the_suite_can_read(tmp_path: Path) -> None:
    from pydantic_evals import Dataset

    from evals.cases import Expected, Inputs

    store = Store(tmp_path / "a.db")
    store.add_feedback("c", 2, "Who leads?", "good", "The lead partners lead.")
    wrong = store.add_feedback("c", 2, "Who leads?", "wrong", "The chair leads.", "Not since 2023")
    store.review_feedback(wrong, "amended", "Lead partners lead.")
    cases = Dataset[Inputs, object, Expected].from_text(feedback_cases(store.feedback(), {}), default_name="feedback").cases
    assert [c.inputs.question for c in cases] == ["Who leads?"] * 2
    amended, good = (c.metadata for c in cases)
    assert good is not None
    assert good.must == [["The lead partners lead."]]
    assert amended is not None
    assert (amended.must, amended.must_not) == ([["Lead partners lead."]], ["The chair leads."])
    assert "Not since 2023" in (amended.source or "")
