"""The rehearsal page: a learner plays, stops and looks back; a trainer steers and writes. Only what someone saves is kept."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
import streamlit as st
from playwright.sync_api import Locator, Page, expect
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from assistant import Assistant
from tests.page import PATIENCE, PHONE, W, box, overflow, pick, press, settled

pytest_plugins = ("tests.page",)

APP = str(Path(__file__).resolve().parent.parent / "ui" / "app.py")
FIRST = "can-i-see-that"


@pytest.fixture
def view(tmp_path: Path, home: Path, assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    for part in ("index", "models"):
        shutil.copytree(home / part, tmp_path / part)
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path))
    st.cache_resource.clear()
    yield AppTest.from_file(APP, default_timeout=120).run().switch_page("views/rehearse.py").run()
    st.cache_resource.clear()


def html(view: AppTest) -> str:
    return "".join(e.proto.body for e in view.get("html"))


def start(view: AppTest, mode: str = "choose") -> AppTest:
    view.button(key=f"open-scenario-{FIRST}").click().run()
    view.radio(key="mode").set_value(mode)
    view.button(key="begin").click().run()
    assert not view.exception
    return view


def chooser(view: AppTest, name: str) -> Selectbox:
    """The list of that name; its key changes with what it offers."""
    return next(s for s in view.selectbox if (s.key or "").startswith(name))


def spoken(view: AppTest) -> int:
    return html(view).count('class="pa-mine"')


def test_the_list_names_every_scenario_and_the_brief_says_what_this_is_not(view: AppTest, assistant: Assistant) -> None:
    assert not view.exception
    for scenario in assistant.scenarios.values():
        assert view.button(key=f"open-scenario-{scenario.id}").label == scenario.title
    view.button(key=f"open-scenario-{FIRST}").click().run()
    scenario = assistant.scenarios[FIRST]
    for words in (scenario.not_happening, scenario.care, scenario.aim, "not a record", "cannot report", W("safety.line")):
        assert words in html(view)
    assert "No practitioner has reviewed this scenario yet." in html(view)


def test_three_chosen_turns_a_stop_ones_own_view_and_then_the_debrief(view: AppTest, tmp_path: Path) -> None:
    start(view)
    before = (tmp_path / "assistant.db").read_bytes()
    for turn in range(3):
        assert spoken(view) == turn
        view.button(key="suggest-line-0").click().run()
    assert spoken(view) == 3
    view.button(key="stop").click().run()
    assert "The role has ended, as you asked" in html(view)
    view.button(key="finish").click().run()
    assert 'class="pa-debrief"' not in html(view), "the learner's own view comes first"
    view.text_area(key="own-0").set_value("Harder than I thought. Ring 07700 900123")
    view.button(key="own-on").click().run()
    shown = html(view)
    assert "Harder than I thought" in shown
    assert "900123" not in shown
    heads = [
        shown.index(f"<h2>{h}</h2>")
        for h in ("Your own view first", "What happened, and what moved it", "What lay behind it", "To take away")
    ]
    assert heads == sorted(heads)
    view.text_input(key="commitment").set_value("I will ask first")
    view.button(key="keep").click().run()
    assert "I will ask first" in html(view)
    assert (tmp_path / "assistant.db").read_bytes() == before, "a rehearsal is not stored"


def test_a_turn_is_tried_again_and_saved_attempts_stand_side_by_side(view: AppTest, tmp_path: Path) -> None:
    start(view)
    for _ in range(3):
        view.button(key="suggest-line-1").click().run()
    view.button(key="finish").click().run()
    view.button(key="own-on").click().run()
    assert not list(tmp_path.glob("rehearsals/*")), "nothing is kept before someone asks for it"
    view.button(key="save").click().run()
    (saved,) = tmp_path.glob("rehearsals/*.json")
    assert W("rehearse.saved_as", code=saved.stem) in html(view)
    chooser(view, "try-from").set_value(2).run()
    view.button(key="try-again").click().run()
    assert spoken(view) == 1
    view.button(key="suggest-line-2").click().run()
    view.button(key="finish").click().run()
    view.button(key="own-on").click().run()
    view.multiselect(key="compare").set_value([saved.stem]).run()
    for head in (saved.stem, W("rehearse.this")):
        assert f"<th scope='col'>{head}</th>" in html(view)
    view.button(key="leave").click().run()
    view.button(key=f"open-{saved.stem}").click().run()
    assert not view.exception
    assert 'class="pa-debrief"' in html(view) or spoken(view) == 3
    view.button(key="leave").click().run()
    view.button(key=f"delete-{saved.stem}").click().run()
    assert not saved.exists()


def test_what_typed_words_are_taken_as_can_be_changed_and_a_hint_is_given(view: AppTest, assistant: Assistant) -> None:
    start(view, "free")
    view.chat_input(key="rehearse-words").set_value("What worries you about sharing it?").run()
    assert not view.exception
    assert spoken(view) == 1
    chooser(view, "meant-1-").set_value("blame").run()
    assert any((s.key or "") == "meant-1-blame" for s in view.selectbox)
    view.button(key="hint").click().run()
    assert W("rehearse.hint_head") in html(view)


def test_a_real_child_ends_the_role_and_typing_stop_does_too(view: AppTest) -> None:
    start(view, "free")
    said = "A child in my class told me today that her stepfather hit her with a belt and she is scared to go home"
    view.chat_input(key="rehearse-words").set_value(said).run()
    assert "stepfather" not in html(view)
    view.button(key="real").click().run()
    assert "If this is about a real child" in html(view)
    view.button(key="again").click().run()
    view.chat_input(key="rehearse-words").set_value("stop").run()
    assert "The role has ended, as you asked" in html(view)


def test_the_trainer_sees_what_is_kept_back_and_steers(view: AppTest, assistant: Assistant) -> None:
    start(view)
    secret = assistant.scenarios[FIRST].personas["records-lead"].interests[1].secret
    view.button(key="suggest-line-0").click().run()
    assert secret not in html(view)
    view.toggle(key="trainer").set_value(True).run()
    assert not view.exception
    assert secret in html(view)
    view.text_area(key="trainer-words").set_value("Somebody is at my door.")
    next(b for b in view.button if b.key == "trainer-say-own").click().run()
    assert "Somebody is at my door." in html(view)
    view.slider(key="trainer-value").set_value(0.95)
    next(b for b in view.button if b.key == "trainer-set").click().run()
    assert "0.95" in html(view)
    next(b for b in view.button if b.key == "trainer-bring").click().run()
    next(b for b in view.button if b.key == "trainer-say").click().run()
    chooser(view, "trainer-turn").set_value(0)
    next(b for b in view.button if b.key == "trainer-back").click().run()
    assert not view.exception
    assert spoken(view) == 0


def test_two_learners_take_turns_and_each_is_named(view: AppTest) -> None:
    view.button(key=f"open-scenario-{FIRST}").click().run()
    view.radio(key="mode").set_value("choose")
    view.radio(key="seats").set_value("two")
    view.button(key="begin").click().run()
    for _ in range(2):
        view.button(key="suggest-line-0").click().run()
    assert not view.exception
    for letter in "AB":
        assert W("rehearse.learner", letter=letter) in html(view)


def test_a_group_votes_and_the_line_with_most_votes_is_said(view: AppTest) -> None:
    view.button(key=f"open-scenario-{FIRST}").click().run()
    view.radio(key="mode").set_value("choose")
    view.radio(key="seats").set_value("group")
    view.button(key="begin").click().run()
    for line in (2, 0, 2):
        view.button(key=f"vote-{line}").click().run()
    line = next(m.value for m in view.markdown if m.value in [x for _, x in view.session_state["table"].sitting.choices()][2:3])
    view.button(key="vote-say").click().run()
    assert not view.exception
    assert escape(line) in html(view)


def test_the_trainer_pauses_changes_the_difficulty_and_sees_an_element_otherwise(view: AppTest) -> None:
    start(view)
    view.button(key="suggest-line-0").click().run()
    view.toggle(key="trainer").set_value(True).run()
    view.toggle(key="trainer-pause").set_value(True).run()
    assert W("rehearse.paused") in html(view)
    view.toggle(key="trainer-pause").set_value(False).run()
    view.selectbox(key="trainer-difficulty").set_value("hard").run()
    assert view.session_state["table"].sitting.state()["difficulty"] == "hard"
    view.button(key="finish").click().run()
    view.button(key="own-on").click().run()
    view.toggle(key="trainer").set_value(True).run()
    view.text_area(key="contest-why").set_value("You waited for the answer.")
    next(b for b in view.button if b.key == "contest-keep").click().run()
    assert not view.exception
    assert "You waited for the answer." in html(view)


def test_a_scenario_is_copied_changed_checked_saved_and_played(view: AppTest, tmp_path: Path) -> None:
    view.button(key="write").click().run()
    assert any("Write the three learners first" in m.value for m in view.markdown), "the guide is read where it is needed"
    view.selectbox(key="copy-from").set_value(FIRST)
    view.button(key="copy").click().run()
    assert not view.exception
    text = view.text_area(key="draft-text").value
    view.text_area(key="draft-text").set_value(text.replace("level: communication", "level: friendship")).run()
    assert "scenario.yaml: level" in html(view)
    assert not [b for b in view.button if b.key == "draft-save"], "what does not load is not saved"
    view.text_area(key="draft-text").set_value(text.replace("Can I see that?", "May I see it?")).run()
    view.text_input(key="draft-name").set_value("may-i-see-it").run()
    view.button(key="draft-save").click().run()
    assert not view.exception
    assert (tmp_path / "scenarios/may-i-see-it/scenario.yaml").is_file()
    view.button(key="draft-rehearse").click().run()
    assert "May I see it?" in [t.value for t in view.title]


def test_what_was_downloaded_can_be_gone_on_with(view: AppTest, assistant: Assistant) -> None:
    from ui.rehearsal import Table

    sitting = assistant.sitting(FIRST, 3, None, "choose")
    sitting.move(*sitting.choices()[0][:1], text=sitting.choices()[0][1])
    data = json.loads(Table(sitting).json())
    assert assistant.sitting(FIRST, saved=data["sitting"]).transcript() == sitting.transcript()
    assert data["debrief"]["scenario"] == FIRST
    assert "Transcript" in Table(sitting).markdown()


def test_what_a_person_typed_is_shown_as_text(assistant: Assistant) -> None:
    from ui.rehearsal import mine_html, rendered

    assert "<script>" not in mine_html("<script>x</script>", 1, "", W)
    shown = rendered("said “<img src=x>” ![a](http://x.example/y) [b](http://x.example)")
    assert "<img" not in shown
    assert "<a" not in shown


@pytest.mark.parametrize("width", [1280, 390])
def test_a_learner_plays_it_in_a_browser(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900 if width > 400 else PHONE["height"]})
    page.goto(f"{server}/rehearse")
    expect(page.get_by_role("heading", level=1)).to_have_text(W("rehearse.heading"))
    press(page.locator(f".st-key-open-scenario-{FIRST} button"))
    expect(page.get_by_text(W("rehearse.before"))).to_be_visible()
    assert overflow(page) <= 0
    press(page.get_by_text(W("mode.guided"), exact=True))
    press(page.get_by_role("button", name=W("rehearse.start"), exact=True))
    box(page).fill("Thank you for taking my call. What worries you about sharing it?")
    box(page).press("Enter")
    expect(page.locator(".pa-mine")).to_have_count(1)
    expect(page.locator("#pa-live")).to_have_text(W("rehearse.replied"))
    expect(page.get_by_role("button", name=re.compile("Taken as"))).to_be_visible()
    assert overflow(page) <= 0
    press(page.locator(".st-key-suggest-idea-0 button"))
    expect(box(page)).not_to_have_value("")
    box(page).press("Enter")
    expect(page.locator(".pa-mine")).to_have_count(2)
    press(page.get_by_role("button", name=W("rehearse.finish"), exact=True))
    press(page.get_by_role("button", name=W("rehearse.own_on"), exact=True))
    expect(page.locator(".pa-debrief")).to_be_visible()
    assert overflow(page) <= 0
    with page.expect_download() as taken:
        press(page.get_by_role("button", name=W("rehearse.markdown")))
    assert "What worries you about sharing it?" in Path(taken.value.path()).read_text("utf-8")


def test_two_attempts_are_saved_compared_and_deleted_in_a_browser(page: Page, server: str) -> None:
    """Under codes: the second beside the first, then both gone from the list."""

    def button(name: str) -> Locator:
        return page.get_by_role("button", name=name, exact=True)

    def attempt(line: int) -> str:
        press(page.locator(f".st-key-suggest-line-{line} button"))
        expect(page.locator(".pa-mine")).to_have_count(1)
        press(button(W("rehearse.finish")))
        press(button(W("rehearse.own_on")))
        expect(page.locator(".pa-debrief")).to_be_visible()
        press(button(W("rehearse.save")))
        said = page.get_by_text(re.compile(re.escape(W("rehearse.saved_as", code="CODE")).replace("CODE", "[A-Z]{5}")))
        expect(said).to_be_visible()
        return re.sub(r".*\b([A-Z]{5})\b.*", r"\1", said.inner_text())

    page.goto(f"{server}/rehearse?s={FIRST}")
    press(page.get_by_text(W("mode.choose"), exact=True))
    press(button(W("rehearse.start")))
    first = attempt(0)
    press(button(W("rehearse.again")))
    expect(page.locator(".pa-mine")).to_have_count(0)
    second = attempt(1)
    assert first != second
    pick(page.get_by_role("combobox", name=W("rehearse.compare")), first)
    table = page.locator(".pa-table")
    expect(table).to_be_visible()
    page.keyboard.press("Escape")  # what lies beside an open list is hidden from whoever reads by role
    expect(table.get_by_role("columnheader")).to_have_text([first, second])
    expect(table.get_by_role("rowheader", name=W("rehearse.how"), exact=True)).to_be_visible()
    press(page.locator(".st-key-leave button"))
    for code in (first, second):
        saved = page.locator(".st-key-saved")
        expect(saved).to_be_visible()
        if saved.locator("details:not([open])").count():
            press(saved.locator("summary"))
        press(page.locator(f".st-key-delete-{code} button"))
        expect(page.get_by_test_id("stAlert").get_by_text(W("rehearse.deleted", code=code))).to_be_visible()
        expect(page.locator(f".st-key-saved-{code}")).to_have_count(0)
    expect(page.locator(".st-key-saved")).to_have_count(0)


def opened(page: Page, server: str, seats: str) -> None:
    """A rehearsal of chosen lines, begun by whoever plays."""
    page.goto(f"{server}/rehearse?s={FIRST}")
    press(page.get_by_text(W("mode.choose"), exact=True))
    press(page.get_by_text(W(f"seats.{seats}"), exact=True))
    press(page.get_by_role("button", name=W("rehearse.start"), exact=True))
    expect(page.get_by_text(W("rehearse.your_turn"))).to_be_visible()
    settled(page)


def test_two_learners_play_and_a_trainer_speaks_for_a_role_in_a_browser(page: Page, server: str, assistant: Assistant) -> None:
    opened(page, server, "two")
    for turn, letter in enumerate("AB"):
        press(page.locator(".st-key-suggest-line-0 button"))
        expect(page.locator(".pa-mine h3").nth(turn)).to_have_text(re.compile(W("rehearse.learner", letter=letter)))
        settled(page)
    press(page.locator(".st-key-trainer label"))
    page.get_by_label(W("trainer.words")).fill("Somebody is at my door.")
    settled(page)
    press(page.locator(".st-key-trainer-say-own button"))
    expect(page.locator(".st-key-talk")).to_contain_text("Somebody is at my door.")
    happens = page.get_by_role("radiogroup", name=W("trainer.inject"))
    brought = assistant.scenarios[FIRST].injects[1].text
    press(happens.get_by_text(brought))
    settled(page)
    press(page.locator(".st-key-trainer-bring button"))
    expect(page.locator(".st-key-talk")).to_contain_text(brought)
    expect(happens).not_to_contain_text(brought)  # what has happened is no longer offered
    with page.expect_download() as taken:
        press(page.get_by_role("button", name=W("trainer.pack"), exact=True))
    pack = Path(taken.value.path()).read_text("utf-8")
    for words in (
        *(p.public for p in assistant.scenarios[FIRST].personas.values()),
        "for the player only",
        "Cue cards",
        "Observer sheets",
        "Debrief sheet",
    ):
        assert words in pack


def test_a_group_votes_in_a_browser(page: Page, server: str) -> None:
    opened(page, server, "group")
    for line, votes in ((1, 1), (2, 1), (2, 2)):
        button = page.locator(f".st-key-vote-{line} button")
        for left in (2, 1, 0):  # a press just as the page is drawn again is lost, as a person's is, who then presses again
            settled(page)
            press(button)
            try:
                expect(button).to_have_text(W("rehearse.vote", votes=votes), timeout=PATIENCE / 4)
                break
            except AssertionError:
                if not left:
                    raise
    chosen = page.locator(".st-key-ballot-2 p").first.inner_text()
    press(page.get_by_role("button", name=W("rehearse.vote_say"), exact=True))
    expect(page.locator(".pa-mine p")).to_have_text([chosen])
    expect(page.locator(".st-key-vote-2 button")).to_have_text(W("rehearse.vote", votes=0))
