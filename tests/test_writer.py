"""The card writer selects and orders; it writes nothing of its own and says nothing twice."""

from __future__ import annotations

import re

import pytest

from assistant import Answer, Assistant, Question, Turn
from assistant.types import WHENS
from assistant.writers.cards import _WARNS, content_words, likeness

QUESTIONS = {
    "problem": "Different people from health turn up at each board meeting and nothing gets decided. What should we do?",
    "definition": "What is coalition?",
    "list": "What are the six critical elements?",
    "comparison": "What is the difference between co-operation and co-ordination?",
    "tool": "How do I run a multi-agency audit?",
    "law": "What does section 11 of the Children Act 2004 ask of agencies in England?",
    "reasons": "Why do partners nod in meetings and then do nothing?",
}


@pytest.fixture(scope="module")
def answers(assistant: Assistant) -> dict[str, Answer]:
    return {name: assistant.ask(q) for name, q in QUESTIONS.items()}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_statement_has_a_source_and_stands_in_the_text(answers: dict[str, Answer], name: str) -> None:
    answer = answers[name]
    assert answer.outcome == "answered"
    numbers = {s.n for s in answer.sources}
    shown = (answer.text + answer.more).replace("\\|", "|")
    for statement in answer.statements:
        assert set(statement.sources) <= numbers
        assert statement.sources
        assert statement.text in shown
        assert statement.support == "quoted"
    assert answer.dropped == ()


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_sentence_stands_twice(answers: dict[str, Answer], name: str) -> None:
    said = [s.text for s in answers[name].statements] + [s.action for s in answers[name].next_steps]
    sets = [content_words(t) for t in said]
    twice = [(said[i], said[j]) for i in range(len(said)) for j in range(i) if likeness(sets[i], sets[j]) > 0.9 and len(sets[i]) > 3]
    assert twice == []


@pytest.mark.parametrize("name", ["problem", "definition", "tool", "law", "reasons"])
def test_what_is_shown_first_is_short(answers: dict[str, Answer], name: str) -> None:
    assert len(re.sub(r"\[\d+\]|[*|#-]", " ", answers[name].text).split()) <= 380


def test_next_steps_have_owner_time_and_progress_and_come_soonest_first(answers: dict[str, Answer]) -> None:
    steps = answers["problem"].next_steps
    assert 3 <= len(steps) <= 6
    assert all(s.owner and s.progress and s.sources for s in steps)
    assert [WHENS.index(s.when) for s in steps] == sorted(WHENS.index(s.when) for s in steps)  # type: ignore[arg-type]


def test_a_comparison_is_a_table_with_a_column_each(answers: dict[str, Answer]) -> None:
    assert "| | Co-operation | Co-ordination |" in answers["comparison"].text


def test_a_list_names_every_member(answers: dict[str, Answer]) -> None:
    text = answers["list"].text.lower()
    assert all(w in text for w in ("predisposing", "mandate", "leadership", "machinery", "process", "outcomes"))


def test_marks_of_the_cards_are_never_shown_raw(answers: dict[str, Answer]) -> None:
    assert not any(re.search(r"\[[a-z]", a.text + a.more) for a in answers.values())


def test_numbers_follow_the_order_of_the_text(answers: dict[str, Answer]) -> None:
    seen = list(dict.fromkeys(int(n) for n in re.findall(r"\[(\d+)\]", answers["problem"].text)))
    assert seen == sorted(seen)


def test_the_same_question_gets_the_same_answer(assistant: Assistant, answers: dict[str, Answer]) -> None:
    assert assistant.ask(QUESTIONS["problem"]).text == answers["problem"].text


def test_the_steps_are_never_presented_as_the_papers_own(assistant: Assistant) -> None:
    answer = assistant.ask("What are the five steps to change?")
    assert "look at the original" in " ".join([answer.text, answer.more, *answer.notices]).lower()


@pytest.mark.parametrize("text", ["anything else?", "we already did that", "what about the schools?"])
def test_a_follow_up_says_little_that_was_said_before(assistant: Assistant, answers: dict[str, Answer], text: str) -> None:
    before = answers["problem"]
    told = {t for t in [*(s.text for s in before.statements), *(s.action for s in before.next_steps)] if t in before.text}
    again = assistant.ask(Question(text, history=(Turn("user", QUESTIONS["problem"]), Turn("assistant", before.text, answer=before))))
    said = {t for t in [*(s.text for s in again.statements), *(s.action for s in again.next_steps)] if t in again.text}
    assert again.outcome == "answered"
    assert len(said & told) <= len(said) / 3


def test_the_law_of_another_country_is_not_guessed(assistant: Assistant) -> None:
    assert assistant.ask("What does Danish law say about joint duties for children?").outcome in ("no_evidence", "declined")


def test_two_elements_are_set_side_by_side_by_what_each_section_says_first(assistant: Assistant) -> None:
    answer = assistant.ask(Question("Compare process and machinery"))
    rows = [line.split("|")[1].strip(" *") for line in answer.text.splitlines() if line.startswith("| **")]
    assert rows[:4] == ["What this is", "What it covers", "Strengths", "Signs"] and len(rows) == len(set(rows))
    shorter = assistant.ask(
        Question("shorter", history=(Turn("user", "Coalition or integration, what is the difference?"), Turn("assistant", "…")))
    )
    assert "coalition" in shorter.text.lower() and "integration" in shorter.text.lower()


def test_a_level_is_read_aloud_unasked_only_where_the_words_say_it_plainly(assistant: Assistant) -> None:
    vague = assistant.ask(
        Question("Two services went back to their old forms after the visit and nobody told us. How should the board respond?")
    )
    assert not vague.placement.sure["level"] and not vague.placement.sure["step"]
    asked = assistant.ask(Question("Where are we? We ring each other about a case now and then, and each of us decides alone."))
    assert asked.placement.sure["level"] and asked.placement.best("level").id == "communication"


@pytest.mark.parametrize(
    "question",
    [
        "Referrers never hear what became of a referral",
        "Our core groups keep being cancelled",
        "Two agencies both refuse to lead on self-harm",
        "Parents frighten the whole network and nobody says so",
    ],
)
def test_a_child_in_danger_is_spoken_of_once_and_first_among_what_to_watch_for(assistant: Assistant, question: str) -> None:
    told = [s.text for s in assistant.ask(question).statements if _WARNS.search(s.text)]
    assert len(told) == 1


def test_who_asks_what_a_thing_is_hears_that_before_any_danger(assistant: Assistant) -> None:
    assert not _WARNS.search(assistant.ask("What is an escalation policy?").statements[0].text)
    table = assistant.ask("Compare deciding and preparing with doing it").text
    assert not _WARNS.search(next(line for line in table.splitlines() if line.startswith("| **What this is**")))
