"""Rehearse: choose a hard conversation, read what it is, play it, look back on it. The trainer's side is a toggle."""

from __future__ import annotations

import json
from html import escape
from secrets import randbelow
from typing import Any, cast

import streamlit as st

from assistant import AssistantError, Hint, Reply, Scenario, Sitting, UsageError
from ui.answer import day
from ui.page import announce, desk, flash, paragraphs, show_flash, words
from ui.rehearsal import (
    STYLE,
    Seats,
    Table,
    afresh,
    attempts_html,
    brief_html,
    cards_of,
    debrief_html,
    label,
    mine_html,
    note_html,
    rendered,
    said_html,
    table,
)
from ui.take import WORD
from ui.trainer import contest, observe, panel
from ui.workshop import workshop

TYPED = "rehearse-words"
LONGEST = 2000


# ---- choosing


def choose(identity: str | None) -> None:
    """Opens a scenario, or the list. What was on the table goes: it was kept for this rehearsal only."""
    st.session_state.pop("table", None)
    st.query_params.pop("write", None)
    if identity:
        st.query_params["s"] = identity
    else:
        st.query_params.pop("s", None)
    to_top()


def go_on(identity: str) -> None:
    st.query_params["s"] = identity


def catalogue() -> None:
    w, scenarios = words(), desk().assistant.scenarios
    st.title(w("rehearse.heading"), anchor=False)
    st.html(paragraphs([w("rehearse.body")]) + f'<p class="pa-safety">{w("safety.line")}</p>')
    if found := table():
        st.button(w("rehearse.go_on", title=found.scenario.title), key="go-on", type="primary", on_click=go_on, args=(found.scenario.id,))
    st.subheader(w("rehearse.list"), anchor=False)
    unreviewed = [s for s in scenarios.values() if not s.reviewed_by]
    if len(unreviewed) == len(scenarios):
        st.html(f'<p class="pa-flag">{w("rehearse.none_reviewed")}</p>')
    for s in scenarios.values():
        with st.container(key=f"scenario-{s.id}", border=True, gap=None):
            st.button(s.title, key=f"open-scenario-{s.id}", on_click=choose, args=(s.id,), type="tertiary")
            facts, effort = label(s, w)
            flag = unreviewed_words(s) if not s.reviewed_by and len(unreviewed) < len(scenarios) else ""
            lines = [" ".join((effort, facts)), flag]
            st.html(f'<div class="pa-scenario">{paragraphs([s.aim])}{paragraphs([t for t in lines if t], "pa-small")}</div>')
    saved()
    resume()
    st.button(w("workshop.open"), key="write", icon=":material/edit_note:", on_click=write)


def write() -> None:
    st.query_params["write"] = "1"
    to_top()


def saved() -> None:
    """What people chose to keep, by code."""
    w, assistant = words(), desk().assistant
    rows = [k for k in assistant.shelf.rows() if k.scenario in assistant.scenarios]
    if not rows:
        return
    with st.expander(w("rehearse.kept"), key="saved"):
        for k in rows:
            with st.container(horizontal=True, vertical_alignment="center", key=f"saved-{k.code}"):
                st.markdown(w("rehearse.kept_line", code=k.code, title=assistant.scenarios[k.scenario].title, date=day(k.kept, w)))
                st.button(w("rehearse.open"), key=f"open-{k.code}", on_click=open_saved, args=(k.code,))
                st.button(w("rehearse.delete"), key=f"delete-{k.code}", on_click=delete_saved, args=(k.code,))


def open_saved(code: str) -> None:
    try:
        put_down(desk().assistant.shelf.open(code), code)
    except (AssistantError, ValueError, TypeError, KeyError, AttributeError):
        flash(words()("rehearse.resume_bad"))


def put_down(data: dict[str, Any], code: str | None = None) -> None:
    """Puts what was saved or downloaded back on the table."""
    found = Table.read(data, code)
    if data["sitting"].get("version") != found.scenario.version:
        flash(words()("rehearse.old"))
    st.session_state["table"] = found
    st.query_params["s"] = found.scenario.id
    to_top()


def delete_saved(code: str) -> None:
    desk().assistant.shelf.remove(code)
    if (found := table()) and found.code == code:
        found.code = None
    flash(words()("rehearse.deleted", code=code))


def unreviewed_words(scenario: Scenario) -> str:
    return scenario.shared.words.say("rehearse.unreviewed")


def resume() -> None:
    """A downloaded rehearsal, opened again: same file, same seed, same talk."""
    w = words()
    with st.expander(w("rehearse.resume")):
        given = st.file_uploader(w("rehearse.resume_file"), type=["json"], key="resume", max_upload_size=2)
    if given is None:
        return
    try:
        put_down(json.loads(given.getvalue()))
    except (AssistantError, ValueError, TypeError, KeyError, AttributeError):
        st.error(w("rehearse.resume_bad"))
        return
    st.rerun()


# ---- before


def begin(scenario: Scenario) -> None:
    """Opens the sitting. What reads typed words may have to be learnt first, so the page says what it waits for."""
    w, state = words(), st.session_state
    try:
        with st.spinner(w("rehearse.opening_up" if state["mode"] == "choose" else "rehearse.learning")):
            sitting = desk().assistant.sitting(scenario.id, randbelow(10_000), state["difficulty"], state["mode"])
    except AssistantError as error:
        flash(str(error))
        st.rerun()
    state["table"] = Table(sitting, state["seats"])
    to_top()
    st.rerun()


def brief(scenario: Scenario) -> None:
    w = words()
    st.button(w("rehearse.back"), on_click=choose, args=(None,), icon=":material/arrow_back:")
    st.title(scenario.title, anchor=False)
    st.html(paragraphs(label(scenario, w), "pa-small"))
    if not scenario.reviewed_by:
        st.html(f'<p class="pa-flag">{unreviewed_words(scenario)}</p>')
    st.html(brief_html(scenario, w))
    st.subheader(w("rehearse.before"), anchor=False)
    prebrief = rendered(scenario.shared.words.say("rehearse.prebrief"))
    st.html(f'<div class="pa-note">{prebrief}</div>')
    if (model := desk().assistant.settings.model) != "none":
        st.html(f'<p class="pa-flag">{escape(w("rehearse.with_model", model=model))}</p>')
    st.html(note_html("", [scenario.not_happening, scenario.content_note, scenario.care, w("safety.line")]))
    difficulties, modes = list(w.under("difficulty")), list(w.under("mode"))
    usual = scenario.terms[scenario.difficulty].mode
    st.radio(
        w("rehearse.difficulty"), difficulties, difficulties.index(scenario.difficulty), lambda d: w(f"difficulty.{d}"),
        key="difficulty", horizontal=True,
    )  # fmt: skip
    helps = [w(f"mode_help.{m}") for m in modes]
    st.radio(w("rehearse.mode"), modes, modes.index(usual), lambda m: w(f"mode.{m}"), key="mode", captions=helps)
    seats: list[Seats] = ["one", "two", "group"]
    st.radio(w("rehearse.who_plays"), seats, format_func=lambda s: w(f"seats.{s}"), key="seats", horizontal=True)
    if st.button(w("rehearse.start"), key="begin", type="primary"):
        begin(scenario)


# ---- playing


def play(step: Any, *args: Any) -> None:
    """One thing the learner does. What cannot be done is said plainly."""
    found = table()
    if found is None:
        return
    if found.seats == "two":
        found.sitting.by = speaker(found)
    try:
        reply: Reply = step(*args)
    except UsageError as error:
        flash(str(error))
        return
    found.take(reply)
    st.session_state.pop("by", None)
    st.session_state["answered"] = True


def speaker(found: Table) -> int:
    """Which of two learners speaks: whoever was chosen, else the one who did not speak last."""
    last = next((e.by for e, _ in reversed(found.sitting.spoken) if e and e.by), 2)
    return int(st.session_state.get("by") or 3 - last)


def addressed() -> str | None:
    return st.session_state.get("to") or None


def say_typed() -> None:
    text, found = (st.session_state.get(TYPED) or "").strip(), table()
    if text and found:
        play(found.sitting.say, text, addressed())


def pick(move: str, line: str) -> None:
    if found := table():
        play(found.sitting.move, move, None, addressed(), line)


def correct(turn: int, move: str) -> None:
    if found := table():
        play(found.sitting.correct, turn, move)
        st.session_state.pop("answered", None)


def ask_hint() -> None:
    if found := table():
        found.hint = found.sitting.hint()


def take_up(line: str) -> None:
    st.session_state[TYPED] = line


def to_top() -> None:
    """The next run shows another part of the rehearsal, from its beginning."""
    st.session_state["to_top"] = True


def stage(name: str) -> None:
    if found := table():
        found.stage = cast(Any, name)
        to_top()


def start_again() -> None:
    if found := table():
        old = found.sitting
        st.session_state["table"] = found.again(desk().assistant.sitting(old.scenario.id, randbelow(10_000), old.difficulty, old.mode))
        to_top()


def try_again(turn: int) -> None:
    """Back to where `turn` is still to be played. What followed is gone unless it was saved."""
    if found := table():
        st.session_state["table"] = found.again(turn=turn - 1)
        st.session_state["answered"] = True


def talk(sitting: Sitting) -> None:
    """Everything said so far, and under each turn what it was taken as."""
    w, scenario, turn = words(), sitting.scenario, 0
    taken = {m.turn: m for m in sitting.moments}
    with st.container(key="talk", gap="xxsmall"):
        for event, said in sitting.spoken:
            if event and event.kind == "lost" and event.text:
                st.html(mine_html(event.text, 0, "", w, event.by))
            if event and event.kind in ("say", "move"):
                turn += 1
                doing = sitting.doing(taken[turn].move, taken[turn].also)
                to = ""
                if event.to and len(scenario.personas) > 1:
                    to = w("rehearse.to_all") if event.to == "all" else scenario.personas[event.to].name
                st.html(mine_html(event.text or doing, turn, to, w, event.by))
                if event.kind == "say":
                    change(turn, taken[turn].move, doing, scenario)
            if html := said_html(scenario, said):
                st.html(html)


def change(turn: int, move: str, doing: str, scenario: Scenario) -> None:
    w = words()
    moves = list(scenario.moves)
    key = f"meant-{turn}-{move}"

    def changed() -> None:
        chosen = st.session_state[key]
        if chosen and chosen != move:
            correct(turn, chosen)

    with (
        st.container(key=f"taken-{turn}"),
        st.popover(w("rehearse.taken", doing=doing), type="tertiary", width="content"),
    ):
        st.caption(w("rehearse.taken_why"))
        st.selectbox(w("rehearse.meant"), moves, moves.index(move), lambda m: scenario.moves[m].doing, key=key, on_change=changed)


def asides(found: Table) -> None:
    """What stands between the talk and the next turn: which reading, a notice, a hint."""
    w, sitting, reply = words(), found.sitting, found.reply
    scenario = sitting.scenario
    if reply and reply.notice and not sitting.waiting:
        st.html(note_html(w("rehearse.ended") if sitting.over else "", [reply.notice]))
    if reply and reply.choose and not sitting.over:
        asked = w("rehearse.unread") if sitting.unread else w("rehearse.between", doing=scenario.moves[reply.choose[0]].doing)
        st.html(note_html("", [asked]))
        with st.container(horizontal=True):
            for move in reply.choose:
                doing = scenario.moves[move].doing
                st.button(doing[:1].upper() + doing[1:], key=f"reading-{move}", on_click=play, args=(sitting.meant, move))
    if sitting.waiting and reply:
        st.html(note_html("", [reply.notice]))
        with st.container(horizontal=True):
            st.button(w("rehearse.exercise"), key="exercise", on_click=play, args=(sitting.confirm_real, False))
            st.button(
                w("rehearse.real_self" if sitting.about_self else "rehearse.real"),
                key="real",
                on_click=play,
                args=(sitting.confirm_real, True),
            )
    elif found.hint and not sitting.over:
        hint(found.hint)


def hint(given: Hint) -> None:
    w = words()
    st.html(note_html(w("rehearse.hint_head"), [given.seen, f"{w('rehearse.hint_try')}: “{given.try_line}”"]))
    read_card(given.passage)


def read_card(passage: str | None) -> None:
    if card := cards_of(passage):
        title = words()("rehearse.read", title=desk().assistant.library.cards[card].title)
        st.page_link(st.session_state["pages"]["library"], label=title, query_params={"card": card})


def turn_of_learner(found: Table) -> None:
    """The lines to choose from, or the box; whom it is said to, where there is a choice."""
    w, sitting = words(), found.sitting
    people = sitting.scenario.personas
    present = sitting.state()["present"]
    st.subheader(w("rehearse.your_turn"), anchor=False)
    if found.seats == "two":
        st.session_state.setdefault("by", speaker(found))
        st.pills(w("rehearse.speaks"), [1, 2], format_func=lambda n: w("rehearse.learner", letter="AB"[n - 1]), key="by")
    if len(present) > 1:
        names = {"": w("rehearse.to_any"), **{p: people[p].name for p in present}, "all": w("rehearse.to_all")}
        chosen = st.session_state.get("to", "")
        st.session_state["to"] = chosen if chosen in (None, *names) else ""  # somebody may have left
        st.pills(w("rehearse.to"), list(names), format_func=lambda p: names.get(p, p), key="to")
    if found.seats == "group":
        ballot(found)
    elif sitting.mode == "choose":
        for n, (move, line) in enumerate(sitting.choices()):
            st.button(line, key=f"suggest-line-{n}", on_click=pick, args=(move, line), width="stretch")
    if sitting.mode == "choose":
        controls(found)
        return
    ideas = found.reply.suggestions if found.reply and found.reply.suggestions else ()
    if sitting.mode == "guided":
        ideas = ideas or sitting.suggestions
    if ideas:
        st.caption(w("rehearse.ideas"))
        for n, line in enumerate(ideas):
            st.button(line, key=f"suggest-idea-{n}", on_click=take_up, args=(line,), width="stretch")
    with st.container(key="box"):
        st.chat_input(w("rehearse.placeholder"), key=TYPED, max_chars=LONGEST, submit_mode="disable", on_submit=say_typed)
    controls(found)


def ballot(found: Table) -> None:
    """A group votes for one of the offered lines."""
    w, offered = words(), found.sitting.choices()
    st.caption(w("rehearse.vote_why"))
    for n, (_, line) in enumerate(offered):
        with st.container(key=f"ballot-{n}", gap="xxsmall"):
            st.markdown(line)
            st.button(w("rehearse.vote", votes=found.votes.get(n, 0)), key=f"vote-{n}", on_click=vote, args=(n,))
    if found.votes:
        best = max(found.votes, key=lambda n: (found.votes[n], -n))
        st.button(w("rehearse.vote_say"), key="vote-say", type="primary", on_click=pick, args=offered[best])


def vote(line: int) -> None:
    if found := table():
        found.votes[line] = found.votes.get(line, 0) + 1


def controls(found: Table) -> None:
    w, sitting = words(), found.sitting
    with st.container(horizontal=True, key="controls"):
        st.button(w("rehearse.stop"), key="stop", on_click=play, args=(sitting.stop,), help=w("rehearse.stop_help"))
        if sitting.hints != "off" and not sitting.waiting:
            st.button(w("rehearse.hint"), key="hint", on_click=ask_hint)
        if sitting.turn and not sitting.waiting:
            st.button(w("rehearse.finish"), key="finish", on_click=stage, args=("own",))


def over(found: Table) -> None:
    w = words()
    ending = found.scenario.ending(found.sitting.state()["ending"] or "")
    if ending and not (found.reply and found.reply.notice):
        st.html(note_html(w("rehearse.ended"), []))  # how it ended is the last thing told
    with st.container(horizontal=True, key="controls"):
        st.button(w("rehearse.look_back"), key="finish", type="primary", on_click=stage, args=("own",))
        st.button(w("rehearse.again"), key="again", on_click=start_again)
        st.button(w("rehearse.back"), key="leave", on_click=choose, args=(None,))


def scene(found: Table) -> None:
    w, sitting = words(), found.sitting
    st.title(found.scenario.title, anchor=False)
    turn = w("rehearse.turn", turn=min(sitting.turn + 1, found.scenario.turns), turns=found.scenario.turns)
    st.html(paragraphs([found.scenario.not_happening], "pa-small"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(turn if not sitting.over else w("rehearse.ended"))
        st.toggle(w("trainer.toggle"), key="trainer")
    with st.expander(w("rehearse.setting")):
        st.html(brief_html(found.scenario, w))
    trainer = st.session_state.get("trainer")
    left, right = st.columns([3, 2]) if trainer else (st.container(), None)
    with left:
        talk(sitting)
        asides(found)
        if sitting.over:
            over(found)
        elif sitting.waiting:
            controls(found)
        elif found.paused:
            st.html(note_html("", [w("rehearse.paused")]))
        else:
            turn_of_learner(found)
    if right:
        with right:
            panel(found)
    if st.session_state.pop("answered", False):
        announce(w("rehearse.replied"), f"said-{sitting.turn}" if sitting.turn else "")


# ---- afterwards


def own_view(found: Table) -> None:
    w = words()
    st.title(w("rehearse.own"), anchor=False)
    st.html(paragraphs([w("rehearse.own_why")]))
    with st.form("own", border=False):
        for n, question in enumerate(found.debrief().own_view):
            st.text_area(question, value=found.own[n] if n < len(found.own) else "", key=f"own-{n}", max_chars=LONGEST, height=80)
        st.form_submit_button(w("rehearse.own_on"), key="own-on", type="primary", on_click=keep_own)
    if not found.sitting.over:
        st.button(w("rehearse.go_back"), key="go-back", on_click=stage, args=("play",))


def safe(text: str, found: Table) -> str:
    """A person's own words with personal details masked; nothing where they describe a real danger."""
    if not text.strip():
        return ""
    screened = desk().assistant.screen(text, exercise=True)
    if screened.urgent and screened.urgent_kind != "worry":  # a worry may well be the exercise's
        found.unkept = True
        return ""
    return screened.masked.strip()


def keep_own() -> None:
    if found := table():
        found.unkept = False
        found.own = tuple(safe(st.session_state.get(f"own-{n}", ""), found) for n in range(3))
        found.stage = "debrief"
        to_top()


def keep_commitment() -> None:
    if found := table():
        found.unkept = False
        found.commitment = safe(st.session_state["commitment"], found)
        found.review_on = st.session_state["review"]


def debrief(found: Table) -> None:
    w, seen = words(), found.debrief()
    st.title(w("rehearse.debrief"), anchor=False)
    st.html(paragraphs([found.scenario.title], "pa-small"))
    if found.unkept:
        st.warning(w("rehearse.unkept"))
    st.html(debrief_html(seen, found.scenario, w))
    read_card(seen.better_source)
    st.toggle(w("trainer.toggle"), key="trainer")
    if st.session_state.get("trainer"):
        observe(found)
        contest(found)
    compare(found)
    if found.sitting.turn:
        st.subheader(w("rehearse.try_any"), anchor=False)
        turns = list(range(1, found.sitting.turn + 1))
        at = (seen.turning_point or 1) - 1
        with st.container(horizontal=True, vertical_alignment="bottom", key="retry"):
            chosen = st.selectbox(w("rehearse.try_from"), turns, at, key=afresh("try-from", turns), width=140)
            st.button(w("rehearse.try_again", turn=chosen), key="try-again", on_click=try_again, args=(chosen,))
            st.button(w("rehearse.again"), key="again", on_click=start_again)
    st.subheader(w("rehearse.commitment"), anchor=False)
    with st.form("promise", border=False):
        st.text_input(w("rehearse.commitment"), value=found.commitment, key="commitment", max_chars=400, label_visibility="collapsed")
        st.date_input(w("rehearse.review"), value=found.review_on or seen.review_on, key="review", format="DD/MM/YYYY", width=220)
        st.form_submit_button(w("rehearse.keep"), key="keep", on_click=keep_commitment)
    st.subheader(w("rehearse.take"), anchor=False)
    st.html(paragraphs([w("rehearse.take_why")], "pa-small"))
    name = f"{w('rehearse.file')}-{found.scenario.id}"
    if found.code:
        st.html(note_html("", [w("rehearse.saved_as", code=found.code)]))
    with st.container(horizontal=True, key="keeping"):
        st.button(w("rehearse.save_again" if found.code else "rehearse.save"), key="save", on_click=save, help=w("rehearse.save_why"))
        if found.code:
            st.button(w("rehearse.delete"), key="delete", on_click=delete_saved, args=(found.code,))
    with st.container(horizontal=True):
        st.download_button(w("rehearse.word"), found.word, f"{name}.docx", WORD, on_click="ignore")
        st.download_button(w("rehearse.markdown"), found.markdown, f"{name}.md", "text/markdown", on_click="ignore")
        st.download_button(w("rehearse.json"), found.json, f"{name}.json", "application/json", on_click="ignore")
    with st.container(horizontal=True, key="controls"):
        if not found.sitting.over:
            st.button(w("rehearse.go_back"), key="go-back", on_click=stage, args=("play",))
        st.button(w("rehearse.back"), key="leave", on_click=choose, args=(None,))


def save() -> None:
    if found := table():
        found.code = desk().assistant.shelf.keep(found.data(), found.code)


def compare(found: Table) -> None:
    """Saved attempts at the same scenario beside this one."""
    w, shelf = words(), desk().assistant.shelf
    codes = [k.code for k in shelf.rows() if k.scenario == found.scenario.id and k.code != found.code]
    if not codes:
        return
    st.session_state["compare"] = [c for c in st.session_state.get("compare", []) if c in codes]
    chosen = st.multiselect(w("rehearse.compare"), codes, key="compare")
    if chosen:
        shown = {c: Table.read(shelf.open(c)).debrief() for c in chosen} | {found.code or w("rehearse.this"): found.debrief()}
        st.html(attempts_html(shown, w, found.scenario.shared.words.say("rehearse.debrief.levels").split("|")))


def main() -> None:
    st.html(STYLE)
    w = words()
    with st.spinner(w("rehearse.opening_up")):
        scenario = desk().assistant.scenarios.get(st.query_params.get("s", ""))
    show_flash()
    found = table()
    st.html('<span id="pa-top"></span>')
    if "write" in st.query_params:
        workshop(choose)
    elif scenario is None:
        catalogue()
    elif found is None or found.scenario.id != scenario.id:
        brief(scenario)
    else:
        {"play": scene, "own": own_view, "debrief": debrief}[found.stage](found)
    if st.session_state.pop("to_top", False):
        announce(scenario.title if scenario else w("rehearse.heading"), "pa-top")


main()
