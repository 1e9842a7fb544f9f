"""The page in a real Chromium where a language model words the answers: a slow one is stopped, an honest one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant import Assistant
from tests import servers
from tests.page import SITUATION, W, ask, box, free_port, open_page, pick, prepared, serving, settled

pytest_plugins = ("tests.page",)
pytest.importorskip("langchain_openai")


@pytest.fixture(scope="module")
def modelled(tmp_path_factory: pytest.TempPathFactory, home: Path, assistant: Assistant) -> Iterator[tuple[str, servers.Server]]:
    """The page with a model that stands here, and that model."""
    with servers.serving("openai") as model, pytest.MonkeyPatch.context() as environment:
        environment.setenv("ASSISTANT_MODEL", "openai:one")
        environment.setenv("ASSISTANT_MODEL_URL", model.url)
        with serving(prepared(tmp_path_factory.mktemp("model-home"), home), free_port()) as address:
            yield address, model


def test_who_does_not_wait_for_a_slow_model_gets_the_cards_answer_once(page: Page, modelled: tuple[str, servers.Server]) -> None:
    address, model = modelled
    model.fault = "hang"
    open_page(page, address)
    box(page).fill(SITUATION)
    box(page).press("Enter")
    expect(page.get_by_role("button", name=W("ask.stop"))).to_be_visible()
    expect(page.get_by_role("heading", name=W("empty.suggestions"))).to_be_hidden()
    page.get_by_role("button", name=W("ask.stop")).click()
    answer = page.locator(".pa-answer")
    expect(answer).to_be_visible()
    expect(page.locator("#pa-live")).to_have_text(W("ask.ready"))
    expect(answer.locator(".pa-notice", has_text="it was stopped")).to_be_visible()
    expect(answer.locator(".pa-next > li").first).to_be_visible()
    expect(box(page)).to_have_value("")
    expect(page.get_by_role("button", name=W("ask.stop"))).to_have_count(0)
    page.reload()
    expect(answer).to_have_count(1)
    settled(page)
    expect(page.locator(".pa-question")).to_have_count(1)


def test_an_answer_worded_by_a_model_names_it_and_a_person_may_choose_the_cards(page: Page, modelled: tuple[str, servers.Server]) -> None:
    address, model = modelled
    model.fault = None
    open_page(page, address)
    expect(ask(page, SITUATION).locator(".pa-notice", has_text="Worded by openai:one")).to_be_visible()
    pick(page.locator(".st-key-model").get_by_role("combobox"), W("ask.no_model"))
    asked = len(model.requests)
    expect(ask(page, "What does coalition mean?").locator(".pa-notice", has_text="openai:one")).to_have_count(0)
    assert len(model.requests) == asked, "nothing is sent when the cards alone are chosen"
