"""The page in a real Chromium over a server started here: fixtures and what every browser test does."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as Waited

from assistant import Assistant
from tests.browser import ADVICE, ARGUMENTS, find
from ui.words import load_words

ROOT = Path(__file__).resolve().parent.parent
W = load_words()
SITUATION = "Our board keeps changing members and nobody can decide"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PATIENCE = 60_000  # milliseconds; a loaded machine is slow, and a passing test never waits this long


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, home: Path, assistant: Assistant) -> Iterator[str]:
    """The page as `assistant ui` serves it, on a free loopback port, over a prepared data folder."""
    folder = prepared(tmp_path_factory.mktemp("page-home"), home)
    with serving(folder, free_port()) as address:
        yield address


def prepared(folder: Path, home: Path) -> Path:
    """A data folder with what is built once, and nothing anyone did."""
    for part in ("index", "models"):
        shutil.copytree(home / part, folder / part)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int, **settings: str) -> subprocess.Popen[bytes]:
    """The page's server, once it answers. `settings` are variables of its environment."""
    log = (folder / "server.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", "ui", "--port", str(port)],
        env={**os.environ, "ASSISTANT_HOME": str(folder), **settings}, stdout=log, stderr=log, cwd=folder, start_new_session=True,
    )  # fmt: skip
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
            break
        except OSError:
            assert process.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.2)
    return process


@contextmanager
def serving(folder: Path, port: int, **settings: str) -> Iterator[str]:
    process = start(folder, port, **settings)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find()
    if not path:
        pytest.fail(ADVICE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of its own. A request that leaves this computer fails the test."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB", reduced_motion="reduce")  # type: ignore[arg-type]
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    outside: list[str] = []
    opened.on("request", lambda r: outside.append(r.url) if not re.match(r"(https?|wss?)://127\.0\.0\.1|data:|blob:", r.url) else None)
    yield opened
    context.close()
    assert outside == []


def box(page: Page) -> Locator:
    return page.get_by_test_id("stChatInputTextArea")


def settled(page: Page) -> None:
    """Waits until the page has run to its end: what is read or clicked before that may still be exchanged."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def press(what: Locator) -> None:
    """A click that cannot be lost: one on a button that the page exchanges just then reaches nobody, and nobody repeats it."""
    settled(what.page)
    what.click()


def open_page(page: Page, address: str) -> None:
    """Opens the page; the first visit's questions are skipped where they are asked."""
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text(W("empty.heading"))
    expect(box(page)).to_be_visible()
    settled(page)
    skip = page.get_by_role("button", name=W("visit.skip"), exact=True)
    if skip.count():
        skip.click()
        expect(skip).to_have_count(0)
        settled(page)


def ask(page: Page, question: str) -> Locator:
    """Sends a question and gives its answer once it stands on the page."""
    before = page.locator(".pa-answer").count()
    box(page).fill(question)
    box(page).press("Enter")
    answer = page.locator(".pa-answer").nth(before)
    expect(answer).to_be_visible()
    expect(page.locator("#pa-live")).to_have_text(W("ask.ready"))
    settled(page)
    return answer


def pick(combobox: Locator, option: str = "") -> str:
    """Chooses a line of a list, the second one without a name, and gives its words. A list opened just before the page runs
    once more is closed by that: it is opened again, as a person would."""
    page = combobox.page
    line = page.get_by_role("option", name=option, exact=True) if option else page.get_by_role("option").nth(1)
    patience = time.monotonic() + PATIENCE / 1000
    while True:
        settled(page)
        if not line.is_visible():
            combobox.press("ArrowDown")
        try:
            said = line.inner_text(timeout=5_000)
            line.click(timeout=5_000)
        except Waited:
            if time.monotonic() > patience:
                raise
        else:
            settled(page)
            return said


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
