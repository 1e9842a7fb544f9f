"""The command line keeps its contract: shapes, order, exit codes, one plain line for a person's mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from assistant.types import ELEMENTS, LEVELS, STEPS
from tests.conftest import ROOT


def run(home: Path, *arguments: str, stdin: str | bytes = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    given = stdin.encode() if isinstance(stdin, str) else stdin
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSISTANT_")} | {"ASSISTANT_HOME": str(home)} | environment
    return subprocess.run([sys.executable, "-m", "assistant", *arguments], input=given, capture_output=True, env=env, cwd=ROOT)


def lines(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]


@pytest.fixture(scope="module")
def asked(home: Path, assistant: Assistant) -> list[dict[str, Any]]:
    given = [
        {"id": "a", "question": "Health sends a different person to every board meeting. What should we do?"},
        {"id": 7, "question": "and who should do that?", "history": [{"role": "user", "text": "Our pooled budget has no agreed exit."}]},
        {"id": "c", "question": "hello"},
        {"id": "d", "question": ""},
        {"id": "e"},
        {"id": "f", "question": "What is mandate?", "jurisdiction": "narnia"},
        {"id": "g", "question": "What is mandate?", "history": [{"role": "robot", "text": "x"}]},
        {"id": ["x"], "question": "What is mandate?", "language": "cy"},
    ]
    text = "\n".join([*map(json.dumps, given), "{not json", "[1, 2]", "", '"text"', "[" * 5000])
    return lines(run(home, "ask", "--jsonl", "-", stdin=text))


def test_one_line_out_for_each_line_in_in_order(asked: list[dict[str, Any]]) -> None:
    assert [row["id"] for row in asked] == ["a", 7, "c", "d", "e", "f", "g", None, None, None, None, None]


def test_an_answer_has_every_field_of_the_contract(asked: list[dict[str, Any]]) -> None:
    row = asked[0]
    kinds = {
        "outcome": str, "kind": str, "text": str, "statements": list, "dropped": list, "placement": dict, "next_steps": list, "questions": list,
        "notices": list, "sources": list, "rejected": list, "model": str, "versions": dict, "milliseconds": dict,
    }  # fmt: skip
    assert all(isinstance(row[name], kind) for name, kind in kinds.items())
    assert row["model"] == "none"
    assert {"knowledge", "prompts", "embedder"} <= set(row["versions"])
    numbers = {s["n"] for s in row["sources"]}
    assert all(set(s["sources"]) <= numbers and s["support"] in ("quoted", "supported") for s in row["statements"])
    assert all(s["action"] and s["owner"] and s["when"] and s["progress"] for s in row["next_steps"])
    assert all(
        {"n", "passage", "card", "title", "quote", "status", "jurisdictions", "references", "origin", "location"} <= set(s)
        for s in row["sources"]
    )
    for name, ids in (("levels", LEVELS), ("elements", ELEMENTS), ("steps", STEPS)):
        assert {s["id"] for s in row["placement"][name]} == set(ids)


def test_a_line_that_cannot_be_handled_gives_an_error_and_the_run_goes_on(asked: list[dict[str, Any]]) -> None:
    assert ["error" in row for row in asked] == [False, False, False, True, True, True, True, False, True, True, True, True]
    assert "narnia" in asked[5]["error"]


def test_a_follow_up_is_answered_from_the_conversation(asked: list[dict[str, Any]]) -> None:
    assert (asked[1]["outcome"], asked[1]["kind"]) == ("answered", "follow_up")


def test_place_and_screen_offsets_point_into_the_text_as_given(home: Path, assistant: Assistant) -> None:
    text = "We merged the two services under one manager and one budget. 🙂 Ring 020 7946 0018."
    (placed,) = lines(run(home, "place", "--jsonl", "-", stdin=json.dumps({"id": "a", "text": text})))
    assert all(text[e["start"] : e["end"]] == e["text"] for e in placed["evidence"])
    assert set(placed["sure"]) == {"level", "element", "step"}
    (screened,) = lines(run(home, "screen", "--jsonl", "-", stdin=json.dumps({"id": "a", "text": text})))
    assert [text[d["start"] : d["end"]] for d in screened["personal_data"]] == ["020 7946 0018"]
    assert "020 7946" not in screened["masked"]


def test_search_gives_k_hits_with_their_scores(home: Path, assistant: Assistant) -> None:
    (row,) = lines(run(home, "search", "pooled budget exit", "--json", "-k", "3"))
    assert len(row["hits"]) == 3
    assert all(set(h["scores"]) == {"words", "meaning"} for h in row["hits"])


def test_one_text_gives_one_object_and_nothing_else(home: Path, assistant: Assistant) -> None:
    assert lines(run(home, "ask", "What is mandate?", "--json"))[0]["outcome"] == "answered"
    assert lines(run(home, "place", "--json", stdin="We share one budget and one manager."))[0]["sure"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", "What is mandate?", "--jurisdiction", "narnia"], "There is no jurisdiction 'narnia'"),
        (["ask", "   "], "empty"),
        (["ask", "--jsonl", "/nowhere/at/all.jsonl"], "cannot be read"),
        (["ui", "--host", "0.0.0.0"], "only listens on this computer"),
        (["ui", "--port", "0"], "--port"),
        (["search", "x", "-k", "0"], "-k"),
        (["nonsense"], "nonsense"),
    ],
)
def test_a_mistake_is_one_plain_line_and_exit_2(home: Path, assistant: Assistant, arguments: list[str], says: str) -> None:
    done = run(home, *arguments)
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert done.stdout == b""


def test_a_missing_knowledge_folder_says_what_to_do(home: Path, tmp_path: Path) -> None:
    done = run(home, "ask", "What is mandate?", ASSISTANT_KNOWLEDGE=str(tmp_path / "gone"))
    assert done.returncode == 2
    assert "Unset it" in done.stderr.decode()


def test_a_data_folder_that_cannot_be_used_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run(tmp_path / "file" / "home", "ask", "What is mandate?")
    assert done.returncode == 2
    assert "ASSISTANT_HOME" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_bytes_that_are_no_utf8_are_survived(home: Path, assistant: Assistant) -> None:
    rows = lines(run(home, "screen", "--jsonl", "-", stdin=b'{"id": 1, "text": "caf\xe9"}\n{"id": 2, "text": "\\ud800"}\n'))
    assert [r["id"] for r in rows] == [1, 2]


def test_check_finds_the_library_sound(home: Path, assistant: Assistant) -> None:
    done = run(home, "check")
    assert (done.returncode, done.stdout.decode().strip().endswith("no slips.")) == (0, True), done.stdout.decode()


def test_check_names_a_slip_and_exits_1(home: Path, small: Path) -> None:
    card = small / "cards" / "problems" / "stand-ins.md"
    card.write_text(card.read_text("utf-8").replace("kind: problem", "kind: puzzle"), "utf-8")
    done = run(home, "check", ASSISTANT_KNOWLEDGE=str(small))
    assert done.returncode == 1
    assert "stand-ins.md: kind" in done.stdout.decode()


@pytest.mark.parametrize("command", ["ask", "place", "screen", "search", "check", "ui"])
def test_every_command_explains_itself(home: Path, command: str) -> None:
    assert run(home, command, "--help").returncode == 0
