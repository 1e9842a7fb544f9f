"""The page in a real Chromium, as a person would use it: first visit, ask, read, refresh, phone, keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.page import DESKTOP, PATIENCE, SITUATION, W, ask, box, open_page, overflow, press, settled

pytest_plugins = ("tests.page",)


def test_from_the_first_visit_to_an_answer_that_a_refresh_keeps(page: Page, server: str) -> None:
    page.goto(server)
    expect(page.get_by_text(W("visit.heading"))).to_be_visible()
    expect(page.get_by_text(W("safety.first"))).to_be_visible()
    press(page.get_by_role("button", name=W("visit.skip"), exact=True))
    expect(page.get_by_text(W("visit.heading"))).to_have_count(0)

    settled(page)
    press(page.get_by_test_id("stMain").get_by_role("button", name=SITUATION))
    expect(box(page)).to_have_value(SITUATION)
    assert page.locator(".pa-question").count() == 0, "a suggestion fills the box and is not sent"

    box(page).press("Enter")
    answer = page.locator(".pa-answer")
    expect(answer).to_be_visible()
    expect(page.locator("#pa-live")).to_have_text(W("ask.ready"))
    expect(box(page)).to_have_value("")
    assert "?c=" in page.url
    assert answer.locator(".pa-next > li").count() >= 3
    for words in ("step.who", "step.when", "step.progress"):
        expect(answer.locator(".pa-next dt", has_text=re.compile(f"^{W(words)}$")).first).to_be_visible()

    text = answer.inner_text()
    page.reload()
    expect(page.locator(".pa-answer")).to_have_count(1)
    settled(page)
    assert page.locator(".pa-answer").inner_text() == text


def test_choosing_a_mark_opens_its_source_with_the_words_marked(page: Page, server: str) -> None:
    open_page(page, server)
    answer = ask(page, SITUATION)
    sources = answer.locator(".pa-beside > .pa-sources > li")
    assert 1 <= sources.count() <= 5
    assert [int(n) for n in answer.locator(".pa-beside > .pa-sources .pa-number").all_inner_texts()] == list(range(1, sources.count() + 1))
    for source in sources.all():
        assert any(words in source.locator(".pa-status").inner_text() for words in W.under("status").values()), "a status in words"
    assert answer.locator(".pa-passage").first.is_hidden()
    mark = answer.locator(".pa-main > section .pa-mark").first
    press(mark)
    opened = page.locator(mark.get_attribute("href") or "")
    expect(opened).to_be_visible()
    expect(opened.locator("mark").first).to_be_visible()
    expect(opened.get_by_role("heading", name=W("source.references"))).to_be_visible()
    press(opened.get_by_text(W("source.whole")))
    expect(opened.locator("details[open]").first).to_be_visible()
    assert page.locator(".pa-question").count() == 1, "opening a source asks nothing again"


def test_what_was_left_aside_and_how_it_was_made_are_folded(page: Page, server: str) -> None:
    open_page(page, server)
    answer = ask(page, SITUATION)
    for words in ("rejected.heading", "receipt.heading"):
        fold = answer.locator("details", has=page.locator("summary", has_text=W(words))).last
        assert fold.get_attribute("open") is None
        press(fold.locator("summary").first)
        assert fold.get_attribute("open") is not None
    press(answer.locator(".pa-aside summary").first)
    expect(answer.locator(".pa-aside details[open] h4").first).to_be_visible()
    expect(answer.get_by_text(W("receipt.knowledge"), exact=True)).to_be_visible()
    expect(answer.get_by_text(W("receipt.total"), exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [390, 320])
def test_a_narrow_window_loses_nothing_and_scrolls_one_way(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    open_page(page, server)
    assert overflow(page) <= 0
    answer = ask(page, SITUATION)
    expect(answer.locator(".pa-next > li").first).to_be_visible()
    assert overflow(page) <= 0
    left = answer.locator(".pa-main").bounding_box()
    beside = answer.locator(".pa-beside").bounding_box()
    assert left is not None
    assert beside is not None
    assert beside["y"] >= left["y"] + left["height"], "sources stand below the answer"
    assert box(page).is_visible()


def test_the_whole_path_by_keyboard(page: Page, server: str) -> None:
    open_page(page, server)

    def tab_to(found: str, limit: int = 80) -> None:
        for _ in range(limit):
            page.keyboard.press("Tab")
            if page.evaluate("([s]) => !!document.activeElement.closest(s)", [found]):
                return
        raise AssertionError(f"Tab never reaches {found}")

    tab_to(".st-key-suggest-0")
    page.keyboard.press("Enter")
    expect(box(page)).not_to_have_value("")
    tab_to("[data-testid=stChatInput]")
    page.keyboard.press("Enter")
    expect(page.locator(".pa-answer")).to_be_visible()
    expect(page.locator("#pa-live")).to_have_text(W("ask.ready"))
    settled(page)
    page.locator("body").press("Tab")
    tab_to(".pa-mark")
    target = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    expect(page.locator(target)).to_be_visible()
    tab_to(".pa-sources summary, .pa-fold summary, .pa-passage summary")
    page.keyboard.press("Enter")
    tab_to("[class*=st-key-take-]")
    page.keyboard.press("Enter")
    first = page.get_by_test_id("stPopoverBody").get_by_role("checkbox").first
    expect(first).to_be_visible()  # its code is fetched when first needed; until then the button below it is all there is
    tab_to("[data-testid=stPopoverBody]")
    page.keyboard.press("Space")
    expect(first).to_be_checked()
    settled(page)
    tab_to("[data-testid=stPopoverBody] button")
    page.keyboard.press("Enter")
    expect(page.locator("#pa-live")).to_have_text(W("take.kept", count=1))


def test_a_message_too_vague_is_asked_about_in_words_and_offers_no_button(page: Page, server: str) -> None:
    open_page(page, server)
    answer = ask(page, "It is not working")
    expect(answer.locator("li").first).to_be_visible()
    expect(page.locator(".st-key-suggest-0")).to_have_count(0)


def test_a_second_send_or_a_reload_midway_neither_loses_nor_doubles_a_turn(page: Page, server: str) -> None:
    open_page(page, server)
    box(page).fill(SITUATION)
    box(page).press("Enter")
    box(page).press("Enter", no_wait_after=True)
    page.wait_for_url("**?c=*")
    page.reload()
    expect(page.locator(".pa-answer")).to_have_count(1)
    page.reload()
    expect(page.locator(".pa-answer")).to_have_count(1)
    expect(page.locator(".pa-question")).to_have_count(1)


def test_a_connection_lost_midway_neither_loses_nor_doubles_a_turn(page: Page, server: str) -> None:
    sockets: list[WebSocketRoute] = []

    def relay(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("/_stcore/stream"), relay)
    open_page(page, server)
    box(page).fill(SITUATION)
    box(page).press("Enter")
    page.wait_for_url("**?c=*")
    sockets[-1].close()
    for _ in range(PATIENCE // 200):
        if len(sockets) > 1:
            break
        page.wait_for_timeout(200)
    assert len(sockets) > 1, "the page comes back by itself"
    expect(page.locator(".pa-answer")).to_have_count(1)
    settled(page)
    expect(page.locator(".pa-question")).to_have_count(1)


def test_two_tabs_and_the_back_button_keep_one_conversation(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, SITUATION)
    second = page.context.new_page()
    second.set_default_timeout(PATIENCE)
    second.goto(page.url)
    expect(second.locator(".pa-answer")).to_have_count(1)
    ask(second, "What does coalition mean?")
    page.reload()
    expect(page.locator(".pa-answer")).to_have_count(2)
    press(page.get_by_role("button", name=W("history.new")))
    expect(page.get_by_role("heading", level=1)).to_have_text(W("empty.heading"))
    page.go_back()
    expect(page.locator(".pa-answer")).to_have_count(2)


def test_a_message_about_a_live_concern_is_stopped_and_its_words_are_nowhere(page: Page, server: str) -> None:
    open_page(page, server)
    answer = ask(page, "A girl in my class told me today that her stepfather hit her with a belt and she is scared to go home")
    expect(answer.get_by_text(W("outcome.urgent"))).to_be_visible()
    assert "stepfather" not in page.content()
    page.reload()
    expect(page.locator(".pa-stopped")).to_be_visible()
    assert "stepfather" not in page.content()
    settled(page)
    place = box(page).bounding_box()
    assert place is not None
    assert place["y"] > DESKTOP["height"] - 100, "however little stands on the page, the box is at the foot of the window"
