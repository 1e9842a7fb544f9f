"""What outlives an answer, in a real Chromium: a crash midway, `replay`, feedback as cases, another language, a cold start."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect
from pydantic_evals import Case, Dataset

from assistant import Assistant
from evals.cases import Expected, Inputs
from tests import servers
from tests.page import PATIENCE, ROOT, SITUATION, W, ask, box, free_port, open_page, pick, prepared, press, serving, settled, start
from ui.words import FOLDER

pytest_plugins = ("tests.page",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, home: Path, assistant: Assistant) -> Path:
    return prepared(tmp_path_factory.mktemp("kept-home"), home)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    with serving(folder, free_port()) as address:
        yield address


def command(folder: Path, *arguments: str) -> str:
    """What `assistant …` prints, over the page's own data folder."""
    run = subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        env={**os.environ, "ASSISTANT_HOME": str(folder)}, capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return run.stdout


def number(page: Page) -> str:
    """The number that the receipt of the last answer gives."""
    receipt = page.locator(".pa-receipt").last
    press(receipt.locator("summary"))
    return receipt.locator("div", has_text=W("receipt.number")).locator("dd").inner_text()


def test_an_answer_of_the_page_is_replayed_by_the_number_under_it(page: Page, server: str, folder: Path) -> None:
    open_page(page, server)
    ask(page, SITUATION)
    ask(page, "Tell me more about the second step")
    found = number(page)
    assert "The same answer, made with the same versions." in command(folder, "replay", found)
    # As it might have stood before its card was changed.
    with sqlite3.connect(folder / "assistant.db") as connection:
        (row,) = connection.execute("SELECT answer FROM turn WHERE id = ?", (found,)).fetchone()
        before = json.loads(row) | {"notices": ["Something that is no longer said."]}
        connection.execute("UPDATE turn SET answer = ? WHERE id = ?", (json.dumps(before), found))
    assert "notices:\n  - Something that is no longer said.\n" in command(folder, "replay", found)
    page.reload()
    expect(page.get_by_text("Something that is no longer said.")).to_be_visible()


def test_feedback_of_a_follow_up_and_of_no_answer_becomes_cases_once_a_practice_lead_agrees(page: Page, server: str, folder: Path) -> None:
    open_page(page, server)
    ask(page, "What does coalition mean?")
    follow_up, unanswered = "Who decides at that level?", "Zqxv wrmpl dktsh?"
    for question, reason, said in ((follow_up, "good", "It helped"), (unanswered, "missing", "Our own word for the board")):
        ask(page, question)
        press(page.locator("[class*=st-key-take-]").last.get_by_text(re.compile(f"^({W('take.feedback')}|{W('take.feedback_none')})$")))
        body = page.get_by_test_id("stPopoverBody")
        press(body.get_by_text(W(f"reasons.{reason}"), exact=True))
        body.get_by_label(W("feedback.note")).fill(said)
        press(body.get_by_role("button", name=W("feedback.send"), exact=True))
        expect(page.locator("#pa-live")).to_have_text(W("feedback.thanks"))
        expect(page.get_by_test_id("stAlert").get_by_text(W("feedback.thanks"))).to_be_in_viewport()
        page.keyboard.press("Escape")
    assert cases_of(folder) == [], "what nobody has looked at is no case"
    press(page.get_by_test_id("stSidebar").get_by_role("link", name=W("nav.feedback"), exact=True))
    for said, decision in (("Our own word for the board", "rejected"), ("It helped", "approved")):
        one = page.locator("[class*=st-key-feedback-]").filter(has_text=said)
        pick(one.get_by_role("combobox"), W(f"reviews.{decision}"))
        press(one.get_by_role("button", name=W("feedback.save")))
        expect(one).to_have_count(0)
    (case,) = cases_of(folder)
    assert case.inputs.question == follow_up
    assert case.inputs.history[0].text == "What does coalition mean?"
    assert case.metadata is not None
    assert case.metadata.slices == {"feedback": "good", "review": "approved"}


def cases_of(folder: Path) -> list[Case[Inputs, object, Expected]]:
    file = folder / "cases.yaml"
    command(folder, "feedback", "export", str(file))
    return list(Dataset[Inputs, object, Expected].from_file(file).cases)


def test_a_question_under_way_when_the_computer_stops_is_back_in_the_box(
    page: Page, tmp_path: Path, home: Path, assistant: Assistant
) -> None:
    pytest.importorskip("langchain_openai")
    kept, port = prepared(tmp_path, home), free_port()
    with servers.serving("openai") as model:
        model.fault = "hang"
        process = start(kept, port, ASSISTANT_MODEL="openai:one", ASSISTANT_MODEL_URL=model.url)
        open_page(page, f"http://127.0.0.1:{port}")
        box(page).fill(SITUATION)
        box(page).press("Enter")
        expect(page.locator(".pa-now", has_text=W("steps.compose"))).to_be_visible()
        process.kill()
        process.wait(60)
    with serving(kept, port) as address:
        page.goto(address)  # as who comes back another day, without the address of the conversation
        press(page.get_by_test_id("stSidebar").get_by_role("button", name=SITUATION))
        expect(box(page)).to_have_value(SITUATION)
        expect(page.get_by_test_id("stAlert").get_by_text(W("ask.lost"))).to_be_visible()
        settled(page)
        ask(page, SITUATION)
        page.reload()
        expect(page.locator(".pa-answer")).to_have_count(1)
        expect(box(page)).to_have_value("")
        expect(page.locator(".pa-question")).to_have_count(1)


def test_in_a_language_of_ones_own_the_page_stands_and_says_so_while_the_engine_opens(
    page: Page, tmp_path: Path, home: Path, assistant: Assistant
) -> None:
    kept = prepared(tmp_path, home)
    words = yaml.safe_load((FOLDER / "en.yaml").read_text("utf-8"))
    words["empty"]["heading"], words["ask"]["placeholder"], words["app"]["loading"] = "Beth sy'n digwydd?", "Gofynnwch", "Arhoswch"
    (tmp_path / "cy.yaml").write_text(yaml.safe_dump(words, allow_unicode=True), "utf-8")
    (meta,) = kept.glob("models/*/meta.json")
    held, text = threading.Event(), meta.read_text("utf-8")
    meta.unlink()
    os.mkfifo(meta)  # whoever reads it waits until it is written to

    def give() -> None:
        with meta.open("w") as pipe:
            held.wait(PATIENCE / 1000)
            pipe.write(text)

    threading.Thread(target=give, daemon=True).start()
    with serving(kept, free_port(), ASSISTANT_LANGUAGE=str(tmp_path / "cy.yaml")) as address:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Beth sy'n digwydd?")
        assert page.evaluate("document.documentElement.lang") == "cy"
        expect(page.locator(".st-key-suggest-0")).to_be_visible()
        expect(box(page)).to_have_attribute("placeholder", "Gofynnwch")
        settled(page)
        box(page).fill(SITUATION)
        box(page).press("Enter")
        expect(page.locator(".pa-progress", has_text="Arhoswch")).to_be_visible()
        expect(page.locator(".pa-answer")).to_have_count(0)
        held.set()
        expect(page.locator(".pa-answer")).to_have_count(1)
