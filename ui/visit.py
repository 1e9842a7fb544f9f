"""The first visit: where a person works and what their part is. Kept on this computer, changeable, skippable."""

from __future__ import annotations

import streamlit as st

from ui.page import desk, flash, words

PARENTS = ("any", "uk")  # in the list of nations people choose a place, not what contains it


def nation() -> str | None:
    return desk().assistant.store.preferences().get("nation") or None


def role() -> str:
    chosen = desk().assistant.store.preferences().get("role") or ""
    return chosen if chosen in words().under("roles") else "other"


def asked() -> bool:
    return "nation" in desk().assistant.store.preferences()


def _keep() -> None:
    store = desk().assistant.store
    store.prefer("nation", st.session_state.get("nation") or "")
    store.prefer("role", st.session_state.get("role") or "")
    flash(words()("visit.kept_saved"))


def _skip() -> None:
    store = desk().assistant.store
    store.prefer("nation", "")
    store.prefer("role", "")


def form(first: bool) -> None:
    w, library = words(), desk().assistant.library
    kept = desk().assistant.store.preferences()
    nations = ["", *(code for code in library.jurisdictions if code not in PARENTS)]
    roles = ["", *w.under("roles")]
    left, right = st.columns(2)
    left.selectbox(
        w("visit.nation"), nations, key="nation", help=w("visit.nation_help"), index=_at(nations, kept.get("nation")),
        format_func=lambda c: library.jurisdictions[c].name if c else w("visit.nation_none"),
    )  # fmt: skip
    right.selectbox(
        w("visit.role"), roles, key="role", help=w("visit.role_help"), index=_at(roles, kept.get("role")),
        format_func=lambda r: w(f"roles.{r}") if r else w("visit.role_none"),
    )  # fmt: skip
    with st.container(horizontal=True):
        st.button(w("visit.keep"), on_click=_keep, type="primary")
        if first:
            st.button(w("visit.skip"), on_click=_skip)


def _at(options: list[str], value: str | None) -> int:
    return options.index(value) if value in options else 0


def first_visit() -> None:
    w = words()
    with st.container(border=True, key="first-visit"):
        st.subheader(w("visit.heading"), anchor=False)
        st.write(w("visit.why"))
        form(first=True)


def change() -> None:
    """In the sidebar: what is kept, and a way to change it."""
    w, library = words(), desk().assistant.library
    if not asked():
        return
    code = nation()
    place = library.jurisdictions[code].name if code in library.jurisdictions else w("visit.nation_none")
    chosen = desk().assistant.store.preferences().get("role") or ""
    part = w(f"roles.{chosen}") if chosen in w.under("roles") else w("visit.role_none")
    with st.expander(w("visit.change")):
        st.caption(w("visit.kept", nation=place, role=part))
        form(first=False)
