"""What is kept, and what is not."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import assistant.store
from assistant.errors import StoreError, UsageError
from assistant.store import Store

ANSWER: dict[str, Any] = {"text": "Ask for one named member. [1]", "outcome": "answered"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home" / "assistant.db")


def test_a_turn_is_there_after_the_database_is_opened_again(store: Store) -> None:
    here = store.start()
    store.add_turn(here, "Members send stand-ins", ANSWER)
    again = Store(store.path)
    assert [(t.role, t.text) for t in again.turns(here)] == [("user", "Members send stand-ins"), ("assistant", ANSWER["text"])]
    assert again.turns(here)[1].answer == ANSWER


def test_a_conversation_is_listed_once_it_has_a_turn_under_its_first_question(store: Store) -> None:
    here = store.start()
    assert store.conversations() == []
    store.add_turn(here, "  Members   send\nstand-ins ", ANSWER)
    store.add_turn(here, "And then?", ANSWER)
    (listed,) = store.conversations()
    assert (listed.id, listed.title, listed.turns) == (here, "Members send stand-ins", 4)


def test_search_looks_in_titles_and_in_turns(store: Store) -> None:
    one, two = store.start(), store.start()
    store.add_turn(one, "Members send stand-ins", ANSWER)
    store.add_turn(two, "Schools feel left out", {"text": "Give schools a seat."})
    assert [c.id for c in store.conversations("STAND-INS")] == [one]
    assert [c.id for c in store.conversations("a seat")] == [two]
    assert store.conversations("absent words") == []


@pytest.mark.parametrize("search", ["100%", "a_b", "\\"])
def test_a_search_takes_its_characters_as_they_stand(store: Store, search: str) -> None:
    store.add_turn(store.start(), "axb and 1000", ANSWER)
    assert store.conversations(search) == []
    store.add_turn(store.start(), f"we said {search} here", ANSWER)
    assert len(store.conversations(search)) == 1


def test_a_deleted_conversation_comes_back_until_it_is_purged(store: Store) -> None:
    here = store.start()
    store.add_turn(here, "Members send stand-ins", ANSWER)
    store.delete(here)
    assert not store.exists(here)
    assert store.conversations() == []
    store.restore(here)
    assert len(store.turns(here)) == 2
    store.delete(here)
    assert store.purge() == 1
    with pytest.raises(UsageError, match="no such conversation"):
        store.turns(here)


def test_nothing_of_a_stopped_message_is_kept_but_when(store: Store) -> None:
    here = store.start()
    store.add_stopped(here)
    assert len(store.stopped(here)) == 1
    assert store.turns(here) == []


def test_preferences_are_kept_changed_and_forgotten(store: Store) -> None:
    store.prefer("nation", "wales")
    store.prefer("nation", "ireland")
    assert Store(store.path).preferences() == {"nation": "ireland"}
    store.prefer("nation", None)
    assert store.preferences() == {}


@pytest.mark.parametrize("identity", ["", "short", "../../etc/passwd", "x' OR 1=1 --", "a" * 41, "wholly-unknown"])
def test_an_id_that_is_none_of_ours_is_no_conversation(store: Store, identity: str) -> None:
    assert not store.exists(identity)


def test_turns_written_at_once_are_all_kept_in_pairs(store: Store) -> None:
    here = store.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.add_turn(here, f"question {n}", ANSWER), range(40)))
    turns = store.turns(here)
    assert len(turns) == 80
    assert [t.role for t in turns] == ["user", "assistant"] * 40


def test_a_database_from_a_newer_version_is_refused(store: Store) -> None:
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA user_version = 9999")
    with pytest.raises(StoreError, match="newer version"):
        Store(store.path)


def test_a_folder_that_cannot_be_made_is_said_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="ASSISTANT_HOME"):
        Store(tmp_path / "file" / "assistant.db")


def test_a_kept_step_remembers_what_stood_there_before(store: Store) -> None:
    step = store.keep_step("Ask for two names.", "Chair")
    store.change_step(step, owner="Business manager", note="")
    store.change_step(step, status="doing")
    assert [(c.field, c.before, c.after) for c in store.plan_changes()] == [
        ("owner", "Chair", "Business manager"),
        ("status", "to_do", "doing"),
    ]
    store.remove_step(step)
    assert store.plan() == []
    assert store.plan_changes() == []


@pytest.mark.parametrize("fields", [{"status": "nearly"}, {"id": "3"}, {"created": "never"}])
def test_a_step_cannot_be_changed_into_something_it_is_not(store: Store, fields: dict[str, str]) -> None:
    step = store.keep_step("Ask for two names.", "Chair")
    with pytest.raises(UsageError):
        store.change_step(step, **fields)


def test_feedback_is_kept_with_its_statement_and_a_practice_leads_decision(store: Store) -> None:
    first = store.add_feedback("c", 2, "Who leads?", "wrong", "The chair leads.", "It is the lead partners.")
    store.add_feedback("c", 2, "Who leads?", "good")
    store.review_feedback(first, "amended", "Lead partners lead.")
    assert [(f.reason, f.review) for f in store.feedback()] == [("good", "open"), ("wrong", "amended")]
    assert store.feedback("amended")[0].amended == "Lead partners lead."


def test_a_document_is_kept_once_and_goes_with_its_conversation(store: Store) -> None:
    here = store.start()
    assert store.add_document(here, "abc", "terms.docx", [("Ask for two names.", "Membership"), ("Meet monthly.", None)])
    assert not store.add_document(here, "abc", "copy.docx", [("x", None)])
    (kept,) = store.documents(here)
    assert (kept.name, kept.parts) == ("terms.docx", (("Ask for two names.", "Membership"), ("Meet monthly.", None)))
    store.remove_document(here, "abc")
    assert store.documents(here) == []
    store.add_document(here, "abc", "terms.docx", [("Unforgettable words.", None)])
    store.delete(here)
    store.purge()
    assert store.documents(here) == []


def test_what_is_removed_is_gone_from_the_file_too(store: Store) -> None:
    here = store.start()
    store.add_document(here, "abc", "terms.docx", [("Unforgettable words.", None)])
    store.remove_document(here, "abc")
    store.tidy()
    assert all(b"Unforgettable" not in p.read_bytes() for p in store.path.parent.glob("assistant.db*"))


def test_documents_of_an_older_database_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "assistant.db"
    older = sorted((Path(assistant.store.__file__).parent / "migrations").glob("*.sql"))[:2]
    with sqlite3.connect(path) as connection:
        for file in older:
            connection.executescript(file.read_text("utf-8"))
        connection.execute("INSERT INTO conversation VALUES ('abcdefgh', 'Terms', 'then', 'then', NULL)")
        connection.execute("INSERT INTO document VALUES ('abcdefgh', 'abc', 'terms.txt', '[[\"Meet monthly.\", null]]', 'then')")
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    (kept,) = Store(path).documents("abcdefgh")
    assert (kept.name, kept.parts, kept.embedder) == ("terms.txt", (("Meet monthly.", None),), "")


def test_everyones_documents_belong_to_no_conversation(store: Store) -> None:
    here = store.start()
    assert store.add_document(None, "abc", "agreement.docx", [("Meet monthly.", None)])
    assert not store.add_document(None, "abc", "copy.docx", [("x", None)])
    assert store.add_document(here, "abc", "agreement.docx", [("Meet monthly.", None)])
    assert len(store.document_ids(here)) == 2
    assert len(store.document_ids(store.start())) == 1
    store.remove_document(here, "abc")
    assert [name for _, _, name in store.document_names(None)] == ["agreement.docx"]


def test_a_question_whose_answer_never_came_is_there_until_it_is_answered(store: Store) -> None:
    here = store.start()
    store.begin(here, "Who leads?")
    assert Store(store.path).begun(here) == "Who leads?"
    assert [(c.title, c.turns) for c in store.conversations()] == [("Who leads?", 0)]
    store.add_turn(here, "Who leads?", {"text": "The chair."})
    assert store.begun(here) == ""
    assert [c.turns for c in store.conversations()] == [2]
    store.begin(here, "And who follows?")
    store.end(here)
    assert store.begun(here) == ""
