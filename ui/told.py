"""What the open conversation tells of this partnership: seen, put right, forgotten."""

from __future__ import annotations

import streamlit as st

from assistant import Session
from ui.page import conversation, desk, flash, words
from ui.visit import PARENTS, nation

NAMES = ("jurisdiction", "level", "step", "members")


def partnership() -> None:
    """A button that opens it, once there is a conversation."""
    w, here = words(), conversation()
    if not here or not desk().ready or not desk().assistant.store.exists(here):
        return
    facts = Session(desk().assistant, here).facts()
    library = desk().assistant.library
    places = {code: j.name for code, j in library.jurisdictions.items() if code not in PARENTS}
    mark = f"{here}-{sorted(facts.items())}"  # what is told anew is shown anew
    with st.popover(w("told.some", count=len(facts)) if facts else w("told.none"), icon=":material/groups:", key="told"):
        st.write(w("told.why"))
        for name in NAMES[:-1]:
            names = places if name == "jurisdiction" else {m.id: m.name for m in library.members.values() if m.facet == name}
            options = ["", *names]
            at = options.index(facts[name]) if facts.get(name) in names else 0
            unsaid = w("told.default", nation=names[kept]) if name == "jurisdiction" and (kept := nation()) in names else w("told.unknown")
            st.selectbox(w(f"told.{name}"), options, at, {"": unsaid, **names}.__getitem__, key=f"told-{name}-{mark}")
        st.text_input(w("told.members"), facts.get("members", ""), max_chars=200, key=f"told-members-{mark}")
        with st.container(horizontal=True):
            st.button(w("told.keep"), type="primary", on_click=_keep, args=(here, mark))
            st.button(w("told.forget"), on_click=_forget, args=(here,))


def _keep(here: str, mark: str) -> None:
    assistant = desk().assistant
    told = {name: str(st.session_state.get(f"told-{name}-{mark}") or "").strip() for name in NAMES}
    told["members"] = assistant.screen(told["members"]).masked if told["members"] else ""
    assistant.store.put_right(here, {name: value for name, value in told.items() if value})
    flash(words()("told.kept"))


def _forget(here: str) -> None:
    desk().assistant.store.put_right(here, {})
    flash(words()("told.forgotten"))
