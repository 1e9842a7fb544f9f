"""The trainer's side of a rehearsal: what the roles feel and keep back, and the ways to steer them."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st

from assistant import Reply, UsageError, debrief_word, print_pack
from ui.page import desk, flash, words
from ui.rehearsal import Table, afresh
from ui.take import WORD


def steer(step: Callable[[], Reply | None], table: Table) -> None:
    """Does one thing to the sitting, and says what came of it or why it could not be done."""
    try:
        reply = step()
    except UsageError as error:
        flash(str(error))
        return
    if reply is None:
        table.reply = table.hint = None
    else:
        table.take(reply)


def panel(table: Table) -> None:
    w = words()
    with st.container(border=True, key="trainer-panel"):
        st.subheader(w("trainer.heading"), anchor=False)
        st.caption(w("trainer.why"))
        state = table.sitting.state()
        st.html(_values(table, state) + _pending(table, state))
        observe(table)
        if table.sitting.turn:
            _rewind(table)
        if not table.sitting.over and not table.sitting.waiting:
            _pace(table, state)
            _happen(table, state)
            _line(table, state)
            _speak(table, state)
            _edit(table)
        st.download_button(
            w("trainer.pack_word"), lambda: debrief_word(print_pack(table.scenario)), f"{w('trainer.pack_name')}-{table.scenario.id}.docx",
            WORD, on_click="ignore", help=w("trainer.pack_why"),
        )  # fmt: skip
        st.download_button(
            w("trainer.pack"), lambda: print_pack(table.scenario), f"{w('trainer.pack_name')}-{table.scenario.id}.md", "text/markdown",
            on_click="ignore", help=w("trainer.pack_why"),
        )  # fmt: skip
        st.caption(w("trainer.seed", seed=state["seed"]))


def contest(table: Table) -> None:
    """The trainer may see an element otherwise; the debrief then says both."""
    w, members = words(), desk().assistant.library.members
    levels = table.scenario.shared.words.say("rehearse.debrief.levels").split("|")

    def keep() -> None:
        s = st.session_state
        why = desk().assistant.screen(s["contest-why"]).masked.strip()
        table.contested[s["contest-element"]] = f"{s['contest-level']}. {why}".strip()

    with st.form("contest", clear_on_submit=True):
        st.markdown(f"**{w('trainer.contest')}**")
        st.caption(w("trainer.contest_why"))
        elements = [c.element for c in table.scenario.criteria]
        st.selectbox(w("trainer.element"), elements, key="contest-element", format_func=lambda e: members[e].name)
        st.selectbox(w("trainer.level"), levels, key="contest-level")
        st.text_area(w("trainer.why_so"), key="contest-why", max_chars=500, height=80)
        st.form_submit_button(w("trainer.contest_keep"), on_click=keep, key="contest-keep")


def observe(table: Table) -> None:
    """A sheet for each element: what to watch, and what was seen, with the turn it was seen in."""
    w, members = words(), desk().assistant.library.members
    criteria = {c.element: c for c in table.scenario.criteria}

    def keep(how: str) -> None:
        said = desk().assistant.screen(st.session_state["observer-words"]).masked.strip()
        if said:
            table.observed.append((st.session_state["observer-element"], table.sitting.turn, how, said))

    with st.expander(w("trainer.observers"), key="observers"):
        st.caption(w("trainer.observers_why"))
        chosen = st.selectbox(w("trainer.element"), list(criteria), key="observer-element", format_func=lambda e: members[e].name)
        st.markdown(f"{table.scenario.shared.observe[chosen]} {criteria[chosen].look_for}")
        seen = [w("trainer.observed", turn=t, how=w(f"trainer.{how}").lower(), text=x) for e, t, how, x in table.observed if e == chosen]
        if seen:
            st.html('<div class="pa-bands"><ul>' + "".join(f"<li>{escape(s)}</li>" for s in seen) + "</ul></div>")
        with st.form("observer", border=False, clear_on_submit=True):
            st.text_area(w("trainer.noted"), key="observer-words", max_chars=500, height=80)
            with st.container(horizontal=True):
                for how in ("helped", "hindered"):
                    st.form_submit_button(w(f"trainer.{how}"), on_click=keep, args=(how,), key=f"observer-{how}")


def _values(table: Table, state: dict[str, Any]) -> str:
    w, html = words(), ""
    for who, row in state["values"].items():
        here = w("trainer.away") if who not in state["present"] else w("trainer.speaks") if who == state["speaker"] else ""
        html += f"<h4>{escape(table.scenario.personas[who].name)}{f' ({escape(here)})' if here else ''}</h4><dl>"
        for name, label in w.under("variable").items():
            band = state["bands"][who].get(name, "")
            html += f"<dt>{escape(label)}</dt><dd>{row[name]:.2f}{f', {escape(band)}' if band else ''}</dd>"
        html += "</dl>"
    return f'<div class="pa-bands">{html}</div>'


def _pending(table: Table, state: dict[str, Any]) -> str:
    w, people = words(), table.scenario.personas
    rows = []
    for p in state["pending"]:
        rows.append(w("trainer.pending_line", name=people[p["persona"]].name, secret=p["secret"], ask=p["ask"]))
        if p["needs"]:
            needs = (w("trainer.needs_value", what=w(f"variable.{v}").lower(), value=f"{x:.2f}") for v, x in p["needs"].items())
            rows[-1] += " " + w("trainer.needs", values=", ".join(needs))
    items = "".join(f"<li>{escape(r)}</li>" for r in rows or [w("trainer.none_pending")])
    return f'<div class="pa-bands"><h4>{escape(w("trainer.pending"))}</h4><ul>{items}</ul></div>'


def _rewind(table: Table) -> None:
    w = words()
    turns = list(range(table.sitting.turn - (0 if table.sitting.over else 1), -1, -1))
    key = afresh("trainer-turn", turns)

    def go() -> None:
        turn = int(st.session_state[key])
        steer(lambda: table.sitting.rewind(turn), table)
        table.stage, table.code = "play", None

    def branch() -> None:
        code = desk().assistant.shelf.keep(table.data(), table.code)
        go()
        flash(words()("rehearse.saved_as", code=code))

    with st.form("trainer-rewind", border=False):
        st.selectbox(
            w("trainer.rewind"), turns, key=key,
            format_func=lambda t: w("trainer.turn", turn=t) if t else w("trainer.opening"),
        )  # fmt: skip
        st.form_submit_button(w("trainer.back"), on_click=go, key="trainer-back")
        st.form_submit_button(w("trainer.keep_back"), on_click=branch, key="trainer-branch")


def _pace(table: Table, state: dict[str, Any]) -> None:
    """Pause, hint, difficulty from here on."""
    w, levels = words(), list(words().under("difficulty"))

    def pause() -> None:
        table.paused = bool(st.session_state["trainer-pause"])

    def hint() -> None:
        table.hint = table.sitting.hint()

    def change() -> None:
        steer(lambda: table.sitting.change_difficulty(st.session_state["trainer-difficulty"]), table)

    st.session_state["trainer-pause"] = table.paused
    st.toggle(w("trainer.pause"), key="trainer-pause", on_change=pause)
    st.button(w("trainer.hint"), key="trainer-hint", on_click=hint)
    st.session_state["trainer-difficulty"] = state["difficulty"]
    st.selectbox(w("trainer.difficulty"), levels, key="trainer-difficulty", format_func=lambda d: w(f"difficulty.{d}"), on_change=change)


def _happen(table: Table, state: dict[str, Any]) -> None:
    w = words()
    texts = {i.id: i.text for i in table.scenario.injects if i.id in state["injects"]}
    if not texts:
        return

    key = afresh("trainer-inject", list(texts))

    def go() -> None:
        steer(lambda: table.sitting.inject(st.session_state[key]), table)

    with st.form("trainer-happen", border=False):
        st.radio(w("trainer.inject"), list(texts), key=key, format_func=lambda i: texts[i])
        st.form_submit_button(w("trainer.bring"), on_click=go, key="trainer-bring")


def _line(table: Table, state: dict[str, Any]) -> None:
    """Whatever a role could still say, to be read whole."""
    w, people = words(), table.scenario.personas
    speakers = list(dict.fromkeys(x["persona"] for x in state["lines"]))
    if not speakers:
        return
    with st.expander(w("trainer.line"), key="trainer-lines"):
        who = st.selectbox(w("trainer.who"), speakers, key=afresh("trainer-line-who", speakers), format_func=lambda p: people[p].name)
        lines = {x["id"]: f"{x['text']} ({w('trainer.tells')})" if x["tells"] else x["text"] for x in state["lines"] if x["persona"] == who}
        key = afresh("trainer-line", list(lines))

        def go() -> None:
            steer(lambda: table.sitting.speak(who, line=st.session_state[key]), table)

        with st.form("trainer-line-form", border=False):
            st.radio(w("trainer.line"), list(lines), key=key, format_func=lambda k: lines[k], label_visibility="collapsed")
            st.form_submit_button(w("trainer.say"), on_click=go, key="trainer-say")


def _speak(table: Table, state: dict[str, Any]) -> None:
    w, people = words(), table.scenario.personas

    key = afresh("trainer-who", state["present"])

    def go() -> None:
        who, text = st.session_state[key], st.session_state["trainer-words"].strip()
        if text:
            steer(lambda: table.sitting.speak(who, text), table)

    with st.form("trainer-speak", border=False, clear_on_submit=True):
        st.selectbox(w("trainer.speak"), state["present"], key=key, format_func=lambda p: people[p].name)
        st.text_area(w("trainer.words"), key="trainer-words", max_chars=1000, height=80)
        st.form_submit_button(w("trainer.say"), on_click=go, key="trainer-say-own")


def _edit(table: Table) -> None:
    w, people = words(), table.scenario.personas

    def go() -> None:
        s = st.session_state
        steer(lambda: table.sitting.edit(s["trainer-whose"], s["trainer-what"], s["trainer-value"]), table)

    with st.expander(w("trainer.edit"), key="trainer-values"), st.form("trainer-edit", border=False):
        st.selectbox(w("trainer.who"), list(people), key="trainer-whose", format_func=lambda p: people[p].name)
        st.selectbox(w("trainer.what"), list(w.under("variable")), key="trainer-what", format_func=lambda v: w(f"variable.{v}"))
        st.slider(w("trainer.to"), 0.0, 1.0, 0.5, 0.05, key="trainer-value")
        st.form_submit_button(w("trainer.set"), on_click=go, key="trainer-set")
