"""Every view, opened without a browser (Streamlit's AppTest), over the real library."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from assistant import Assistant, Session, Settings, UsageError, as_json
from assistant.store import Store
from tests.servers import serving
from ui.desk import Desk
from ui.page import BOX
from ui.words import load_words

APP = str(Path(__file__).resolve().parent.parent / "ui" / "app.py")
W = load_words()
QUESTION = "What does coalition mean?"


@pytest.fixture
def page(tmp_path: Path, home: Path, assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page over a data folder of its own; `assistant` is asked for so that the shared folder is built."""
    for part in ("index", "models"):
        shutil.copytree(home / part, tmp_path / part)
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path))
    st.cache_resource.clear()
    yield AppTest.from_file(APP, default_timeout=60)
    st.cache_resource.clear()


def html(page: AppTest) -> str:
    return "".join(e.proto.body for e in page.get("html"))


def ask(page: AppTest, question: str) -> AppTest:
    return page.chat_input(key=BOX).set_value(question).run()


def opened(page: AppTest) -> str:
    """The id of the open conversation, as it stands in the URL."""
    found = page.query_params["c"]
    return found if isinstance(found, str) else found[0]


def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "assistant.db")


def test_the_first_visit_says_what_this_is_not_and_asks_nation_and_role(page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert "not a way to report a concern" in html(page)
    assert "nobody watches this page" in html(page)
    assert {s.label for s in page.selectbox} >= {W("visit.nation"), W("visit.role")}


def test_nation_and_role_are_kept_changeable_and_skippable(page: AppTest, tmp_path: Path) -> None:
    page.run()
    page.selectbox(key="nation").set_value("wales")
    page.selectbox(key="role").set_value("chair")
    next(b for b in page.button if b.label == W("visit.keep")).click()
    page.run()
    assert store(tmp_path).preferences() == {"nation": "wales", "role": "chair"}
    assert W("visit.heading") not in [h.value for h in page.subheader]
    assert page.button(key="suggest-0").label == W("suggestions.chair.first")
    page.selectbox(key="nation").set_value("scotland")
    next(b for b in page.button if b.label == W("visit.keep")).click().run()
    assert store(tmp_path).preferences()["nation"] == "scotland"


def test_skipping_keeps_nothing_and_does_not_ask_again(page: AppTest, tmp_path: Path) -> None:
    page.run()
    next(b for b in page.button if b.label == W("visit.skip")).click().run()
    assert store(tmp_path).preferences() == {"nation": "", "role": ""}
    assert W("visit.heading") not in [h.value for h in page.subheader]


def test_a_question_is_answered_stored_and_there_after_a_refresh(page: AppTest, tmp_path: Path) -> None:
    ask(page.run(), QUESTION)
    assert not page.exception
    assert "pa-answered" in html(page)
    identity = opened(page)
    assert [t.role for t in store(tmp_path).turns(identity)] == ["user", "assistant"]
    again = AppTest.from_file(APP, default_timeout=60)
    again.query_params["c"] = identity
    assert "pa-answered" in html(again.run())
    assert len(store(tmp_path).turns(identity)) == 2


def test_conversations_are_listed_searched_renamed_deleted_and_brought_back(page: AppTest, tmp_path: Path) -> None:
    ask(page.run(), QUESTION)
    identity = opened(page)
    page.run()
    assert page.button(key=f"open-{identity}").label == QUESTION
    page.text_input(key=f"name-{identity}").set_value("Words for the away day").run()
    assert store(tmp_path).conversations()[0].title == "Words for the away day"
    page.text_input(key="search").set_value("nothing has this").run()
    assert W("history.no_match") in [c.value for c in page.caption]
    page.text_input(key="search").set_value("").run()
    page.button(key="delete").click().run()
    assert store(tmp_path).conversations() == []
    page.button(key="undo").click().run()
    assert store(tmp_path).conversations()[0].id == identity
    assert "pa-answered" in html(page)


def test_a_long_question_is_listed_by_its_first_whole_words(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add_turn(kept.start(), "How do we share information across agencies when the staff are all afraid to?", {})
    kept.add_turn(kept.start(), "x" * 90, {})
    titles = [c.title for c in kept.conversations()]
    assert "How do we share information across agencies when the staff are all…" in titles
    assert all(len(t) <= 70 for t in titles)


def test_an_unknown_conversation_is_said_plainly_and_a_new_one_offered(page: AppTest) -> None:
    page.query_params["c"] = "never-was-here"
    page.run()
    assert [w.value for w in page.warning] == [W("ask.gone")]
    next(b for b in page.button if b.label == W("ask.start")).click().run()
    assert page.title[0].value == W("empty.heading")


def test_a_stopped_message_leaves_only_that_and_when(page: AppTest, tmp_path: Path) -> None:
    text = "A child in my class told me today that her stepfather hit her with a belt and she is scared to go home"
    ask(page.run(), text)
    assert "pa-urgent" in html(page)
    identity = opened(page)
    assert len(store(tmp_path).stopped(identity)) == 1
    assert "stepfather" not in html(page)
    assert all(b"stepfather" not in p.read_bytes() for p in tmp_path.glob("assistant.db*"))


@pytest.mark.parametrize(("question", "outcome"), [("Hello", "social"), ("What is the best recipe for pasta?", "declined")])
def test_a_greeting_and_another_subject_are_answered_as_such(page: AppTest, question: str, outcome: str) -> None:
    ask(page.run(), question)
    assert f"pa-{outcome}" in html(page)
    assert not page.exception


@pytest.mark.parametrize("outcome", ["urgent", "declined", "no_evidence", "clarify"])
def test_every_other_ending_has_its_own_heading(assistant: Assistant, outcome: str) -> None:
    from ui.answer import AnswerPage

    row = as_json(assistant.ask("Hello")) | {"outcome": outcome}
    shown = AnswerPage(row, "1", assistant, W).html()
    assert W(f"outcome.{outcome}") in shown
    assert W("framework.heading") not in shown


def test_what_a_conversation_tells_is_shown_put_right_and_forgotten(page: AppTest, tmp_path: Path, assistant: Assistant) -> None:
    page.run()
    ask(page, "We are in Wales and our partnership is at the level of coalition. How do we set up an executive group?")
    here = opened(page)
    session = Session(Assistant(Settings.from_environment({"ASSISTANT_HOME": str(tmp_path)})), here)
    assert session.facts()["jurisdiction"] == "wales"
    field = next(s for s in page.selectbox if s.label == W("told.jurisdiction"))
    assert field.value == "wales"
    field.set_value("scotland")
    next(b for b in page.button if b.label == W("told.keep")).click()
    page.run()
    assert session.facts()["jurisdiction"] == "scotland"
    next(b for b in page.button if b.label == W("told.forget")).click()
    page.run()
    assert session.facts() == {}


def test_every_suggested_question_is_answered(assistant: Assistant) -> None:
    for role in W.under("roles"):
        for question in W.under(f"suggestions.{role}").values():
            assert assistant.ask(question).outcome == "answered", question


def test_steps_kept_under_an_answer_stand_in_the_plan_with_what_was_changed(page: AppTest, tmp_path: Path) -> None:
    ask(page.run(), "Our board keeps changing members and nobody can decide")
    turn = store(tmp_path).turns(opened(page))[1].id
    page.checkbox(key=f"keep-{turn}-0").check()
    page.button(key=f"keep-{turn}").click().run()
    (kept,) = store(tmp_path).plan()
    page.switch_page("views/plan.py").run()
    assert not page.exception
    page.text_input(key=f"owner-{kept.id}").set_value("The chair")
    page.selectbox(key=f"status-{kept.id}").set_value("doing")
    page.button(key=f"save-{kept.id}").click().run()
    (kept,) = store(tmp_path).plan()
    assert (kept.owner, kept.status) == ("The chair", "doing")
    assert any(W("plan_status.doing") in t.value for t in page.text)


def test_a_plan_is_reopened_at_its_review_date(page: AppTest, tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.keep_step("Ask for two names.", "Chair")
    kept.prefer("plan_review", (date.today() + timedelta(days=1)).isoformat())
    page.run().switch_page("views/plan.py").run()
    assert W("plan.review_due") not in [i.value for i in page.info]
    kept.prefer("plan_review", date.today().isoformat())
    page.run()
    assert W("plan.review_due") in [i.value for i in page.info]


def test_what_was_deleted_days_ago_is_gone_for_good_when_the_page_opens(page: AppTest, tmp_path: Path) -> None:
    kept = store(tmp_path)
    old, new = kept.start(), kept.start()
    for conversation in (old, new):
        kept.add_turn(conversation, QUESTION, {"text": "An answer.", "outcome": "social"})
        kept.delete(conversation)
    with sqlite3.connect(kept.path) as connection:
        connection.execute("UPDATE conversation SET deleted = '2026-01-01' WHERE id = ?", (old,))
    page.run()
    kept.restore(new)
    assert [c.id for c in kept.conversations()] == [new]
    with pytest.raises(UsageError):
        kept.turns(old)


def test_a_person_who_does_not_wait_for_a_model_stops_it(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[threading.Event] = []

    def stream(self: Session, text: str, jurisdiction: str | None, stop: threading.Event, model: str) -> Iterator[object]:
        seen.append(stop)
        assert stop.wait(20)
        yield from ()

    monkeypatch.setattr(Session, "stream", stream)
    desk = Desk(assistant.settings)
    job = desk.ask(desk.assistant.store.start(), QUESTION)
    assert job is not None
    job.stop.set()
    assert list(job.follow(20)) in ([], [None])
    assert seen == [job.stop]


def test_where_models_are_allowed_a_person_chooses_and_the_answer_names_it(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("langchain_openai")
    with serving("openai") as server:
        monkeypatch.setenv("ASSISTANT_MODELS", "openai:one")
        monkeypatch.setenv("ASSISTANT_MODEL_URL", server.url)
        page.run()
        assert page.selectbox(key="model").value == "none"
        assert page.selectbox(key="model").options == [W("ask.no_model"), W("ask.by_model", model="openai:one")]
        page.selectbox(key="model").set_value("openai:one").run()
        ask(page, QUESTION)
        assert not page.exception
        answer = store(tmp_path).turns(opened(page))[1].answer
    assert answer
    assert answer["model"] == "openai:one"
    assert page.selectbox(key="model").value == "openai:one"


def test_where_no_model_is_allowed_none_is_offered(page: AppTest) -> None:
    assert "model" not in [s.key for s in page.run().selectbox]


def test_feedback_is_kept_masked_and_a_practice_lead_decides(page: AppTest, tmp_path: Path) -> None:
    ask(page.run(), QUESTION)
    turn = store(tmp_path).turns(opened(page))[1].id
    page.radio(key=f"reason-{turn}").set_value("unclear")
    page.text_area(key=f"said-{turn}").set_value("Ring me on 07700 900123")
    page.button(key=f"send-{turn}").click().run()
    (said,) = store(tmp_path).feedback()
    assert (said.reason, said.statement, said.question) == ("unclear", "", QUESTION)
    assert "900123" not in said.note
    page.switch_page("views/feedback.py").run()
    page.selectbox(key=f"decision-{said.id}").set_value("approved")
    page.button(key=f"decide-{said.id}").click().run()
    assert store(tmp_path).feedback("approved")[0].id == said.id


def test_the_library_is_browsed_searched_and_opened(page: AppTest, assistant: Assistant) -> None:
    page.run().switch_page("views/library.py").run()
    assert not page.exception
    assert W("library.count", count=len(assistant.library.cards)) in html(page)
    page.selectbox(key="kind").set_value("tool").run()
    assert W("library.count", count=sum(c.kind == "tool" for c in assistant.library.cards.values())) in html(page)
    page.selectbox(key="kind").set_value("").run()
    page.text_input(key="sought").set_value("substitutes at every meeting").run()
    first = next(b for b in page.button if (b.key or "").startswith("open-card-"))
    first.click().run()
    assert page.title[0].value == first.label


def test_a_data_folder_that_cannot_be_used_is_said_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "file" / "home"))
    st.cache_resource.clear()
    page = AppTest.from_file(APP, default_timeout=60).run()
    assert not page.exception
    assert "ASSISTANT_HOME" in page.error[0].value
    st.cache_resource.clear()


def test_a_language_without_a_file_is_said_with_the_name_of_the_file(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_LANGUAGE", "xx")
    page.run()
    assert not page.exception
    assert "text/xx.yaml. Languages here: en." in page.error[0].value


def test_what_a_person_typed_is_shown_as_text_and_never_as_markup(assistant: Assistant, tmp_path: Path) -> None:
    from ui.answer import AnswerPage, question_html

    assert "<script>" not in question_html("<script>alert(1)</script>", "1", W)
    row = as_json(assistant.ask(QUESTION)) | {
        "text": "<img src=x onerror=alert(1)> [1]\n\n**A** [b](javascript:alert(1))",
        "question": "<b>x</b>",
    }
    shown = AnswerPage(row, "1", assistant, W).html()
    assert "<img" not in shown
    assert 'href="javascript' not in shown
    assert "<b>x" not in shown


def test_a_source_shows_its_passage_with_the_words_marked_and_what_was_seen(assistant: Assistant) -> None:
    from ui.answer import AnswerPage

    row = as_json(assistant.ask("Who has to sit on the safeguarding partnership in England?"))
    shown = AnswerPage(row, "7", assistant, W).html("2026-11-23T10:00:00.000+00:00")
    for source in row["sources"]:
        assert f'id="s7-{source["n"]}"' in shown
    assert "<mark>" in shown
    assert any(seen in shown for seen in W.under("seen").values())
    assert W("status.statutory") in shown
    assert "23 November 2026, 10:00 UTC" in shown


def test_an_answer_stored_before_its_card_changed_still_shows_its_words(assistant: Assistant) -> None:
    from ui.answer import AnswerPage

    row = as_json(assistant.ask(QUESTION))
    for source in row["sources"]:
        source["quote"] = "Words that no card has any more."
    row["statements"], row["next_steps"] = [], []
    shown = AnswerPage(row, "7", assistant, W).html()
    assert "Words that no card has any more." in shown
    assert W("source.changed") in shown


def test_a_session_that_is_stopped_midway_stores_nothing(assistant: Assistant, tmp_path: Path) -> None:
    fresh = Assistant(Settings.from_environment({"ASSISTANT_HOME": str(assistant.settings.home)}))
    session = Session.open(fresh)
    next(iter(session.stream(QUESTION)))
    assert fresh.store.turns(session.conversation) == []
