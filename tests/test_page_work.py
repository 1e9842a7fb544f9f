"""The rest of the page in a real Chromium: documents, plan, export, feedback, library, and open to everyone."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from tests.page import PATIENCE, PHONE, ROOT, SITUATION, W, ask, box, open_page, overflow, settled
from tests.test_documents import SENTENCE, a_docx, a_pdf

pytest_plugins = ("tests.page",)

AXE = ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Streamlit's own markup breaks these rules, wherever its widgets stand; ours is held to all of them.
THE_FRAMEWORKS = {
    "aria-allowed-attr", "aria-required-children", "aria-valid-attr-value", "scrollable-region-focusable", "nested-interactive",
}  # fmt: skip


def popover(page: Page, label: str) -> Locator:
    settled(page)
    page.get_by_test_id("stMain").get_by_text(label, exact=True).last.click()
    body = page.get_by_test_id("stPopoverBody")
    expect(body).to_be_visible()
    return body


def close(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=W(f"nav.{name}"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(W(f"{name}.heading"))
    settled(page)


def upload(page: Page, file: dict[str, Any], said: str) -> None:
    """Gives a file to the open popover, and waits until what came of it is said."""
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#pa-live")).to_contain_text(said)
    settled(page)


def test_steps_are_kept_changed_exported_and_there_the_next_day(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, SITUATION)
    body = popover(page, W("take.keep"))
    first = body.get_by_test_id("stCheckbox").first
    action = first.inner_text()
    first.locator("label").click()
    body.get_by_role("button", name=W("take.keep_these")).click()
    expect(page.locator("#pa-live")).to_have_text(W("take.kept", count=1))
    close(page)
    go(page, "plan")
    step = page.locator("[class*=st-key-step-]").filter(has_text=action).last
    for label, words in (("plan.owner", "The new chair"), ("plan.note", "Agreed on Tuesday")):
        step.get_by_label(W(label)).fill(words)
        page.keyboard.press("Tab")  # leaving a field sends it
        settled(page)
    step.get_by_role("button", name=W("plan.save")).click()
    expect(page.locator("#pa-live")).to_have_text(W("plan.saved"))
    page.reload()
    step = page.locator("[class*=st-key-step-]").filter(has_text=action).last
    expect(step.get_by_label(W("plan.owner"))).to_have_value("The new chair")
    with page.expect_download() as download:
        page.get_by_role("button", name=W("plan.word")).click()
    text = "\n".join(c.text for t in docx.Document(str(download.value.path())).tables for r in t.rows for c in r.cells)
    assert action.strip() in text
    assert "The new chair" in text
    step.get_by_role("link", name=W("plan.from")).click()
    expect(page.locator(".pa-answer")).to_have_count(1)


def test_an_answer_and_a_conversation_are_saved_as_word_and_markdown(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, SITUATION)
    body = popover(page, W("take.save"))
    for label in ("take.answer_word", "take.all_word"):
        with page.expect_download() as download:
            body.get_by_role("button", name=W(label)).click()
        data = Path(download.value.path()).read_bytes()
        assert "word/document.xml" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    with page.expect_download() as download:
        body.get_by_role("button", name=W("take.all_markdown")).click()
    assert f"## {SITUATION}" in Path(download.value.path()).read_text("utf-8")


def test_in_print_only_the_conversation_stands(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, SITUATION)
    paper = PdfReader(io.BytesIO(page.pdf(format="A4")))
    text = " ".join(" ".join(p.extract_text() for p in paper.pages).split())
    for words in (SITUATION, W("source.heading"), W("answer.more"), W("source.further")):
        assert words in text
    assert W("history.heading") not in text
    page.emulate_media(media="print")
    assert page.locator(".pa-answer").is_visible()
    assert not page.get_by_test_id("stSidebar").is_visible()
    assert not box(page).is_visible()


def test_feedback_on_one_statement_reaches_the_feedback_view(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, "What does coalition mean?")
    body = popover(page, W("take.feedback"))
    body.get_by_text(W("reasons.out_of_date"), exact=True).click()
    body.get_by_label(W("feedback.note")).fill("The board changed in June")
    body.get_by_role("button", name=W("feedback.send"), exact=True).click()
    expect(page.locator("#pa-live")).to_have_text(W("feedback.thanks"))
    go(page, "feedback")
    expect(page.get_by_text("The board changed in June").first).to_be_visible()


QUESTION = "What does the duck pond protocol ask each member to do?"


def test_a_document_is_added_cited_by_page_refused_twice_and_removed(page: Page, server: str) -> None:
    open_page(page, server)
    popover(page, W("documents.none"))
    text = f"{SENTENCE} Deputies serve for two years."
    file = {"name": "terms.pdf", "mimeType": "application/pdf", "buffer": a_pdf("First page of the terms.", text)}
    upload(page, file, W("documents.added", name="terms.pdf"))
    close(page)
    answer = ask(page, QUESTION)
    expect(answer.get_by_text("duck pond").first).to_be_visible()
    beside = answer.locator(".pa-beside")
    expect(beside.get_by_text(W("source.document")).first).to_be_visible()
    expect(beside.get_by_text("p. 2").first).to_be_visible()
    beside.locator("summary").first.click()
    expect(beside.locator("mark", has_text="duck pond").first).to_be_visible()
    expect(beside.locator("blockquote", has_text="Deputies serve").first).to_be_visible()
    popover(page, W("documents.some", count=1))
    upload(page, file, W("documents.same", name="terms.pdf"))
    if not page.get_by_test_id("stPopoverBody").count():
        popover(page, W("documents.some", count=1))
    page.get_by_test_id("stPopoverBody").get_by_role("button", name=W("documents.remove")).click()
    expect(page.locator("#pa-live")).to_have_text(W("documents.removed", name="terms.pdf"))


def test_a_document_for_everyone_answers_in_another_conversation_until_it_is_removed(page: Page, server: str) -> None:
    open_page(page, server)
    body = popover(page, W("documents.none"))
    body.get_by_text(W("documents.everyone"), exact=True).click()
    settled(page)
    file = {"name": "agreement.docx", "mimeType": "", "buffer": a_docx(SENTENCE + " Ring 07700 900123 to agree the date.")}
    upload(page, file, W("documents.added_everyone", name="agreement.docx"))
    expect(page.locator("#pa-live")).to_contain_text(W("documents.masked", count=1))
    open_page(page, server)
    answer = ask(page, QUESTION)
    expect(answer.locator(".pa-beside").get_by_text("agreement.docx").first).to_be_visible()
    assert "900123" not in page.content()
    body = popover(page, W("documents.some", count=1))
    expect(body.get_by_text(W("documents.everyones"), exact=True).last).to_be_visible()
    body.get_by_role("button", name=W("documents.remove")).click()
    expect(page.locator("#pa-live")).to_have_text(W("documents.removed", name="agreement.docx"))
    open_page(page, server)
    answer = ask(page, QUESTION)
    expect(answer.get_by_text("agreement.docx")).to_have_count(0)


def test_a_document_that_cannot_be_read_gets_a_sentence(page: Page, server: str) -> None:
    open_page(page, server)
    popover(page, W("documents.none"))
    file = {"name": "terms.pdf", "mimeType": "application/pdf", "buffer": a_docx()}
    upload(page, file, "not the kind of file its name says")
    expect(page.get_by_text(W("documents.none"), exact=True)).to_be_visible()


def test_a_card_is_found_in_the_library_and_opened_at_an_address_of_its_own(page: Page, server: str) -> None:
    open_page(page, server)
    go(page, "library")
    page.get_by_label(W("library.search")).fill("substitutes at every meeting")
    page.keyboard.press("Enter")
    first = page.locator("[class*=st-key-open-card-] button").first
    title = "New faces at every meeting"
    expect(first).to_have_text(title)  # before the search is answered, the whole library stands there
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert "card=" in page.evaluate("location.href")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def violations(page: Page) -> list[str]:
    """What axe finds, without the framework's own: rule, and where."""
    if not AXE.exists():
        pytest.fail("axe-core is not installed. Run: npm ci --prefix tests")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)["violations"]
    return [
        f"{v['id']}: {json.dumps(n['target'])} {n['html'][:160]}"
        for v in found for n in v["nodes"] if v["id"] not in THE_FRAMEWORKS or "pa-" in n["html"]
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_passes_axe(page: Page, server: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(server)
    expect(box(page)).to_be_visible()
    settled(page)
    found = {"first": violations(page)}
    open_page(page, server)
    answer = ask(page, SITUATION)
    for summary in answer.locator("summary").all()[:8]:
        if summary.is_visible():
            summary.click()
    found["answer"] = violations(page)
    for name in ("plan", "library", "feedback"):
        go(page, name)
        found[name] = violations(page)
    assert {k: v for k, v in found.items() if v} == {}


def test_four_hundred_per_cent_zoom_loses_nothing(page: Page, server: str) -> None:
    # 1280 by 1024 at 400% is a window of 320 by 256.
    page.set_viewport_size({"width": 320, "height": 256})
    open_page(page, server)
    assert overflow(page) <= 0
    answer = ask(page, SITUATION)
    last = answer.locator(".pa-main > section .pa-next > li").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    assert overflow(page) <= 0
    box(page).scroll_into_view_if_needed()
    expect(box(page)).to_be_in_viewport()


def test_every_view_fits_a_phone(page: Page, server: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for name in ("plan", "library", "feedback"):
        page.goto(f"{server}/{name}")
        expect(page.get_by_role("heading", level=1)).to_have_text(W(f"{name}.heading"), timeout=PATIENCE)
        settled(page)
        assert overflow(page) <= 0
