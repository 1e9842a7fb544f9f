"""The rest of the page in a real Chromium: documents, history, plan, export, feedback, library, a whole visit, and open to everyone."""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import docx
import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from assistant import Assistant, as_json
from assistant.store import Store
from tests.page import PHONE, ROOT, SITUATION, W, ask, box, free_port, open_page, overflow, pick, prepared, press, serving, settled
from tests.test_documents import NAMED, SENTENCE, a_docx, a_pdf
from ui.answer import day

pytest_plugins = ("tests.page",)

AXE = ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Streamlit's own markup breaks these rules, wherever its widgets stand; ours is held to all of them.
THE_FRAMEWORKS = {
    "aria-allowed-attr", "aria-required-children", "aria-valid-attr-value", "scrollable-region-focusable", "nested-interactive",
}  # fmt: skip


def popover(page: Page, label: str) -> Locator:
    settled(page)
    press(page.get_by_test_id("stMain").get_by_text(label, exact=True).last)
    body = page.get_by_test_id("stPopoverBody")
    expect(body).to_be_visible()
    return body


def close(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def choose(place: Locator, label: str, option: str) -> None:
    """In the selectbox with this label."""
    pick(place.get_by_test_id("stSelectbox").filter(has_text=label).get_by_role("combobox"), option)


def go(page: Page, name: str) -> None:
    press(page.get_by_test_id("stSidebar").get_by_role("link", name=W(f"nav.{name}"), exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text(W(f"{name}.heading"))
    settled(page)


def upload(page: Page, file: dict[str, Any], said: str) -> None:
    """Gives a file to the open popover, and waits until what came of it is said."""
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#pa-live")).to_contain_text(said)
    settled(page)


def word(page: Page, button: Locator) -> docx.document.Document:
    with page.expect_download() as download:
        press(button)
    return docx.Document(str(download.value.path()))


def styled(file: docx.document.Document, style: str) -> list[str]:
    return [p.text for p in file.paragraphs if p.style is not None and p.style.name == style]


def markdown(page: Page, button: Locator) -> str:
    with page.expect_download() as download:
        press(button)
    return Path(download.value.path()).read_text("utf-8")


def test_on_a_phone_the_menu_makes_room_for_what_was_chosen_in_it(page: Page, server: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    open_page(page, server)
    side = page.get_by_test_id("stSidebar")
    for name in ("library", "plan"):
        page.get_by_test_id("stExpandSidebarButton").click()
        expect(side).to_have_attribute("data-collapsed", "false")
        press(side.get_by_role("link", name=W(f"nav.{name}"), exact=True))
        expect(side).to_have_attribute("data-collapsed", "true")
        expect(page.get_by_role("heading", level=1)).to_have_text(W(f"{name}.heading"))
    page.get_by_test_id("stExpandSidebarButton").click()
    search = side.get_by_role("textbox", name=W("history.search"))
    search.fill("nothing of that name")
    search.press("Enter")
    settled(page)
    expect(side).to_have_attribute("data-collapsed", "false")  # what is done in the menu leaves it open


def test_steps_are_kept_changed_exported_and_looked_at_again_on_the_day_set(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, SITUATION)
    body = popover(page, W("take.keep"))
    first = body.get_by_test_id("stCheckbox").first
    action = first.inner_text()
    press(first.locator("label"))
    press(body.get_by_role("button", name=W("take.keep_these")))
    expect(page.locator("#pa-live")).to_have_text(W("take.kept", count=1))
    close(page)
    go(page, "plan")
    step = page.locator("[class*=st-key-step-]").filter(has_text=action).last
    for label, words in (("plan.owner", "The new chair"), ("plan.note", "Agreed on Tuesday")):
        step.get_by_label(W(label)).fill(words)
        page.keyboard.press("Tab")  # leaving a field sends it
        settled(page)
    expect(step.get_by_text(W("plan.progress"))).to_be_visible()
    expect(step.get_by_text(W("plan.framework", where=""))).to_be_visible()
    due, today = date.today() + timedelta(days=40), date.today()
    a_date(step, W("plan.due"), due)
    choose(step, W("plan.status"), W("plan_status.doing"))
    press(step.get_by_role("button", name=W("plan.save")))
    expect(page.locator("#pa-live")).to_have_text(W("plan.saved"))
    page.reload()
    step = page.locator("[class*=st-key-step-]").filter(has_text=action).last
    expect(step.get_by_label(W("plan.owner"))).to_have_value("The new chair")
    press(step.get_by_text(W("plan.changes"), exact=True))
    moved = W(
        "plan.change", date=day(today.isoformat(), W), field=W("plan_field.due"), before=W("plan.blank"), after=day(due.isoformat(), W)
    )
    expect(step.get_by_text(moved)).to_be_visible()
    expect(page.get_by_text(W("plan.review_due"))).to_have_count(0)
    a_date(page.get_by_test_id("stMain"), W("plan.review"), today)
    expect(page.get_by_text(W("plan.review_due")).first).to_be_visible()
    file = word(page, page.get_by_role("button", name=W("plan.word")))
    row = next(r for t in file.tables for r in ([c.text for c in r.cells] for r in t.rows) if action.strip() in r)
    for cell in ("The new chair", day(due.isoformat(), W), W("plan_status.doing"), "Agreed on Tuesday"):
        assert cell in row
    assert day(due.isoformat(), W) in markdown(page, page.get_by_role("button", name=W("plan.markdown")))
    page.emulate_media(media="print")
    expect(page.locator(".pa-paper td", has_text=day(due.isoformat(), W))).to_be_visible()
    expect(step).to_be_hidden()
    page.emulate_media(media="screen")
    press(step.get_by_role("link", name=W("plan.from")))
    expect(page.locator(".pa-answer")).to_have_count(1)
    go(page, "plan")
    press(step.get_by_text(W("plan.remove"), exact=True))
    press(page.get_by_test_id("stPopoverBody").get_by_role("button", name=W("plan.remove_now")))
    expect(page.locator("#pa-live")).to_have_text(W("plan.removed"))
    expect(step).to_have_count(0)


def a_date(place: Locator, label: str, chosen: date) -> None:
    press(place.get_by_role("group", name=label, exact=True).get_by_role("spinbutton").first)
    place.page.keyboard.type(chosen.strftime("%d%m%Y"))
    press(place.page.get_by_role("heading", level=1))  # leaving the field sends it
    settled(place.page)


def test_conversations_are_searched_renamed_deleted_and_brought_back(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, "What does coalition mean?")
    side, name = page.get_by_test_id("stSidebar"), "Words for the away day"
    mine = side.get_by_role("button", name=name, exact=True)

    def manage() -> None:
        settled(page)
        if not side.get_by_role("button", name=W("history.delete"), exact=True).is_visible():
            press(side.get_by_text(W("history.manage"), exact=True))

    def search(words: str) -> None:
        side.get_by_label(W("history.search"), exact=True).fill(words)
        page.keyboard.press("Enter")
        settled(page)

    manage()
    side.get_by_label(W("history.name"), exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(mine).to_be_visible()
    search("AWAY day")
    expect(side.locator("[class*=st-key-open-] button")).to_have_count(1)
    search("words that nobody ever said")
    expect(side.get_by_text(W("history.no_match"))).to_be_visible()
    search("")
    press(side.get_by_role("button", name=W("history.new")))
    expect(page.get_by_role("heading", level=1)).to_have_text(W("empty.heading"))
    press(mine)
    expect(page.locator(".pa-answer")).to_have_count(1)
    manage()
    press(side.get_by_role("button", name=W("history.delete"), exact=True))
    expect(side.get_by_text(W("history.deleted", title=name))).to_be_visible()
    expect(page.locator(".pa-answer")).to_have_count(0)
    expect(mine).to_have_count(0)
    press(side.get_by_role("button", name=W("history.undo")))
    expect(page.locator(".pa-answer")).to_have_count(1)
    expect(mine).to_be_visible()


def test_what_a_conversation_tells_is_shown_changed_and_forgotten(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, "We are in Wales and our partnership is at the level of coalition. How do we set up an executive group?")

    def told() -> Locator:
        settled(page)
        if not page.get_by_test_id("stPopoverBody").count():
            press(page.locator(".st-key-told button").first)
        return page.get_by_test_id("stPopoverBody")

    def country(name: str) -> None:
        expect(told().get_by_test_id("stSelectbox").filter(has_text=W("told.jurisdiction")).get_by_role("combobox")).to_have_value(name)

    country("Wales")
    choose(told(), W("told.jurisdiction"), "Scotland")
    press(told().get_by_role("button", name=W("told.keep")))
    expect(page.locator("#pa-live")).to_have_text(W("told.kept"))
    page.reload()
    expect(page.locator(".pa-answer")).to_have_count(1)
    country("Scotland")
    press(told().get_by_role("button", name=W("told.forget")))
    expect(page.locator("#pa-live")).to_have_text(W("told.forgotten"))
    expect(page.get_by_text(W("told.none"), exact=True)).to_be_visible()


def test_an_answer_and_a_conversation_are_saved_as_word_and_markdown(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, SITUATION)
    body = popover(page, W("take.save"))
    for label, style in (("take.answer_word", "Title"), ("take.all_word", "Heading 1")):
        file = word(page, body.get_by_role("button", name=W(label)))
        assert styled(file, style) == [SITUATION]
        assert any("What" in (c.text for c in t.rows[0].cells) for t in file.tables), "next steps are a real table"
    assert f"# {SITUATION}" in markdown(page, body.get_by_role("button", name=W("take.answer_markdown")))
    assert f"## {SITUATION}" in markdown(page, body.get_by_role("button", name=W("take.all_markdown")))


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


def test_feedback_on_one_statement_is_reviewed_by_a_practice_lead(page: Page, server: str) -> None:
    open_page(page, server)
    ask(page, "What does coalition mean?")
    body = popover(page, W("take.feedback"))
    statement = pick(body.get_by_role("combobox"))
    press(body.get_by_text(W("reasons.out_of_date"), exact=True))
    body.get_by_label(W("feedback.note")).fill("The board changed in June")
    press(body.get_by_role("button", name=W("feedback.send"), exact=True))
    expect(page.locator("#pa-live")).to_have_text(W("feedback.thanks"))
    go(page, "feedback")
    said = page.locator("[class*=st-key-feedback-]").filter(has_text="The board changed in June")
    expect(said.get_by_text(W("reasons.out_of_date"))).to_be_visible()
    expect(said.get_by_text(statement)).to_be_visible()
    said.get_by_label(W("feedback.amended")).fill("What it means since June.")
    page.keyboard.press("Tab")
    settled(page)
    choose(said, W("feedback.decide"), W("reviews.amended"))
    press(said.get_by_role("button", name=W("feedback.save")))
    expect(page.locator("#pa-live")).to_have_text(W("feedback.saved"))
    expect(said).to_have_count(0)
    choose(page.get_by_test_id("stMain"), W("feedback.show"), W("reviews.amended"))
    expect(said.get_by_label(W("feedback.amended"))).to_have_value("What it means since June.")


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
    expect(beside.get_by_text(W("status.local")).first).to_be_visible()
    expect(beside.get_by_text("p. 2").first).to_be_visible()
    press(beside.locator("summary").first)
    expect(beside.locator("mark", has_text="duck pond").first).to_be_visible()
    expect(beside.locator("blockquote", has_text="Deputies serve").first).to_be_visible()
    popover(page, W("documents.some", count=1))
    upload(page, file, W("documents.same", name="terms.pdf"))
    if not page.get_by_test_id("stPopoverBody").count():
        popover(page, W("documents.some", count=1))
    press(page.get_by_test_id("stPopoverBody").get_by_role("button", name=W("documents.remove")))
    expect(page.locator("#pa-live")).to_have_text(W("documents.removed", name="terms.pdf"))


def test_a_document_for_everyone_answers_in_another_conversation_until_it_is_removed(page: Page, server: str) -> None:
    open_page(page, server)
    body = popover(page, W("documents.none"))
    press(body.get_by_text(W("documents.everyone"), exact=True))
    settled(page)
    file = {"name": "agreement.docx", "mimeType": "", "buffer": a_docx(SENTENCE + " Ring 07700 900123 to agree the date.")}
    upload(page, file, W("documents.added_everyone", name="agreement.docx"))
    expect(page.locator("#pa-live")).to_contain_text(W("documents.masked", count=1))
    open_page(page, server)
    answer = ask(page, QUESTION)
    expect(answer.locator(".pa-beside").get_by_text("agreement.docx").first).to_be_visible()
    expect(answer.locator(".pa-beside").get_by_text("Membership, ").first).to_be_visible()  # the heading it stood under
    assert "900123" not in page.content()
    body = popover(page, W("documents.some", count=1))
    expect(body.get_by_text(W("documents.everyones"), exact=True).last).to_be_visible()
    press(body.get_by_role("button", name=W("documents.remove")))
    expect(page.locator("#pa-live")).to_have_text(W("documents.removed", name="agreement.docx"))
    open_page(page, server)
    answer = ask(page, QUESTION)
    expect(answer.get_by_text("agreement.docx")).to_have_count(0)


def test_a_long_document_shows_how_far_it_is_and_never_outranks_the_law(page: Page, server: str) -> None:
    open_page(page, server)
    popover(page, W("documents.none"))
    filler = "\n\n".join(
        f"Minute {n} of the quarterly meeting notes who came, what was said and what was left for later. " * 6 for n in range(60)
    )
    terms = f"# Who leads\n\nThe safeguarding partnership in England has two partners, the council and the police.\n\n# Minutes\n\n{filler}"
    input_ = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    input_.set_input_files({"name": "terms.md", "mimeType": "text/markdown", "buffer": terms.encode()})
    page.wait_for_selector("[data-testid=stProgress]")
    expect(page.locator("#pa-live")).to_contain_text(W("documents.added", name="terms.md"))
    close(page)
    answer = ask(page, "Who has to sit on the safeguarding partnership in England?")
    expect(answer.get_by_text("the law comes first")).to_be_visible()
    assert W("status.local") not in answer.locator(".pa-sources > li").first.inner_text()
    expect(answer.locator(".pa-beside .pa-status", has_text="Who leads").first).to_have_text(re.compile(W("status.local")))


# One of each kind; the page allows more of everything than the small limits some of the others break.
REFUSED = [file for file in NAMED if file[0] in ("nothing.pdf", "scan.pdf", "locked.pdf", "not.pdf", "bomb.docx", "deep.docx")]


def test_documents_that_cannot_be_read_get_a_sentence_each_and_leave_nothing(page: Page, server: str) -> None:
    open_page(page, server)
    for name, data, said in REFUSED:
        if not page.get_by_test_id("stPopoverBody").count():
            popover(page, W("documents.none"))
        upload(page, {"name": name, "mimeType": "", "buffer": data}, said)
        expect(page.locator("#pa-live")).to_contain_text(name)
    expect(page.get_by_text(W("documents.none"), exact=True)).to_be_visible()
    assert len(REFUSED) == 6


def test_a_card_is_found_in_the_library_and_opened_at_an_address_of_its_own(page: Page, server: str) -> None:
    open_page(page, server)
    go(page, "library")
    page.get_by_label(W("library.search")).fill("substitutes at every meeting")
    page.keyboard.press("Enter")
    first = page.locator("[class*=st-key-open-card-] button").first
    title = "New faces at every meeting"
    expect(first).to_have_text(title)  # before the search is answered, the whole library stands there
    press(first)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert "card=" in page.evaluate("location.href")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    settled(page)
    press(page.get_by_role("button", name=W("library.back")))
    card = page.locator("[class*=st-key-open-card-] button").first
    expect(card).to_be_visible()
    page.emulate_media(media="print")
    expect(card).to_be_visible()
    expect(page.get_by_role("button", name=W("library.more"))).to_be_hidden()


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
            press(summary)
    found["answer"] = violations(page)
    for label in ("take.keep", "take.save", "take.feedback", "documents.none"):
        popover(page, W(label))
        found[label] = violations(page)
        close(page)
    slow = page.evaluate(MOVING)
    for name in ("plan", "library", "feedback"):
        go(page, name)
        found[name] = violations(page)
    page.goto(f"{server}/library?card=rotating-attendance")
    expect(page.get_by_role("button", name=W("library.back"))).to_be_visible()
    settled(page)
    found["card"] = violations(page)
    assert {k: v for k, v in found.items() if v} == {}
    assert slow == [], "a person who asked for less motion gets none"


# What moves for longer than a blink.
MOVING = """() => [...document.querySelectorAll("*")].filter(e => {
  const s = getComputedStyle(e), long = v => v.split(",").some(d => parseFloat(d) * (d.includes("ms") ? 1 : 1000) > 1);
  return long(s.transitionDuration) || (s.animationName !== "none" && long(s.animationDuration));
}).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize(("width", "height"), [(320, 844), (320, 256)])
def test_a_narrow_window_and_four_hundred_per_cent_lose_nothing_of_any_view(page: Page, server: str, width: int, height: int) -> None:
    # 1280 by 1024 at 400% is a window of 320 by 256.
    page.set_viewport_size({"width": width, "height": height})
    open_page(page, server)
    wide = {"empty": overflow(page)}
    answer = ask(page, "What is the difference between co-ordination and coalition?")
    wide["answer"] = overflow(page)
    table = answer.locator(".pa-table")
    assert table.evaluate("e => e.scrollWidth - e.clientWidth") <= 0, "a table's rows stand below each other"
    main = answer.locator(".pa-main > section")
    for row in (main.locator("td").last, main.locator(".pa-next > li").last, box(page)):
        row.scroll_into_view_if_needed()
        expect(row).to_be_in_viewport()
    for label, last in (("take.keep", "take.keep_these"), ("take.save", "take.all_markdown"), ("take.feedback", "feedback.send")):
        button = popover(page, W(label)).get_by_role("button", name=W(last), exact=True)
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=0.9)
        wide[label] = overflow(page)
        if label == "take.keep":
            press(page.get_by_test_id("stPopoverBody").get_by_test_id("stCheckbox").first.locator("label"))
            press(button)
            expect(page.locator("#pa-live")).to_have_text(W("take.kept", count=1))
        close(page)
    for name in ("plan", "library", "library?card=rotating-attendance", "feedback", "rehearse"):
        page.goto(f"{server}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        settled(page)
        wide[name] = overflow(page)
    assert {name: pixels for name, pixels in wide.items() if pixels > 0} == {}


def test_a_whole_visit_from_the_first_minute_to_the_next_day(page: Page, tmp_path: Path, home: Path, assistant: Assistant) -> None:
    folder, port = prepared(tmp_path, home), free_port()
    with serving(folder, port) as address:
        for view in ("plan", "feedback"):
            page.goto(f"{address}/{view}")
            expect(page.get_by_text(W(f"{view}.empty"))).to_be_visible()
        open_page(page, address)
        expect(page.get_by_text(W("history.none"))).to_be_visible()
        ask(page, SITUATION)
        text = ask(page, "Tell me more about the second step").inner_text()
        popover(page, W("documents.none"))
        upload(page, {"name": "terms.pdf", "mimeType": "", "buffer": a_pdf(SENTENCE)}, W("documents.added", name="terms.pdf"))
        close(page)
        answer = ask(page, QUESTION)
        press(answer.locator(".pa-mark").first)
        expect(answer.locator(".pa-passage mark", has_text="duck pond").first).to_be_visible()
        press(page.locator("[class*=st-key-take-]").first.get_by_text(W("take.keep"), exact=True))
        body = page.get_by_test_id("stPopoverBody")
        press(body.get_by_test_id("stCheckbox").first.locator("label"))
        press(body.get_by_role("button", name=W("take.keep_these")))
        expect(page.locator("#pa-live")).to_have_text(W("take.kept", count=1))
        close(page)
        file = word(page, popover(page, W("take.save")).get_by_role("button", name=W("take.all_word")))
        assert styled(file, "Heading 1") == [
            SITUATION,
            "Tell me more about the second step",
            QUESTION,
        ]
        bookmark = page.url
    # A question put to the person as a choice, as an answer torn between two cards has it.
    choice = as_json(assistant.ask("It is not working")) | {"kind": "other"}
    Store(folder / "assistant.db").add_turn(bookmark.partition("?c=")[2].partition("#")[0], "It is not working", choice)
    with serving(folder, port):
        page.goto(bookmark)
        expect(page.locator(".pa-answer")).to_have_count(4)
        settled(page)
        assert page.locator(".pa-answer").nth(1).inner_text() == text
        expect(page.get_by_text(W("documents.some", count=1), exact=True)).to_be_visible()
        offered, button = page.locator(".pa-offered"), page.locator(".st-key-suggest-0 button")
        expect(offered).to_be_hidden()
        press(button)
        expect(box(page)).to_have_value(choice["questions"][0])
        page.emulate_media(media="print")
        expect(offered.get_by_text(choice["questions"][0])).to_be_visible()
        expect(button).to_be_hidden()
        page.emulate_media(media="screen")
        go(page, "plan")
        expect(page.locator("[class*=st-key-step-]")).to_have_count(1)
        page.goto(address)
        press(page.get_by_test_id("stSidebar").get_by_role("button", name=SITUATION))
        expect(page.locator(".pa-answer")).to_have_count(4)
