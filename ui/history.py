"""Past conversations in the sidebar: open, search, rename, delete with undo."""

from __future__ import annotations

import streamlit as st

from assistant import AssistantError
from ui.page import conversation, desk, open_conversation, words

PAGE = 20  # shown at once


def _open(identity: str | None) -> None:
    open_conversation(identity)
    st.session_state["go_to_ask"] = True


def _rename(identity: str) -> None:
    title = st.session_state.get(f"name-{identity}", "").strip()
    if title:
        desk().assistant.store.rename(identity, title)


def _delete(identity: str, title: str) -> None:
    desk().assistant.store.delete(identity)
    st.session_state["deleted"] = (identity, title)
    open_conversation(None)


def _undo(identity: str) -> None:
    desk().assistant.store.restore(identity)
    st.session_state.pop("deleted", None)
    open_conversation(identity)


def _more() -> None:
    st.session_state["shown"] = st.session_state.get("shown", PAGE) + PAGE


def sidebar() -> None:
    w, store, here = words(), desk().assistant.store, conversation()
    st.button(w("history.new"), icon=":material/add:", on_click=_open, args=(None,), width="stretch", key="new")
    st.subheader(w("history.heading"), anchor=False)
    if deleted := st.session_state.get("deleted"):
        with st.container(border=True):
            st.write(w("history.deleted", title=deleted[1]))
            st.button(w("history.undo"), on_click=_undo, args=(deleted[0],), key="undo")
    search = st.text_input(w("history.search"), key="search")
    try:
        found = store.conversations(search.strip())
    except AssistantError as error:
        st.error(str(error))
        return
    if not found:
        st.caption(w("history.no_match" if search.strip() else "history.none"))
    shown = st.session_state.get("shown", PAGE)
    for c in found[:shown]:
        title = c.title or w("history.unnamed")
        st.button(
            _plain(title),
            key=f"open-{c.id}",
            on_click=_open,
            args=(c.id,),
            type="secondary" if c.id == here else "tertiary",
            width="stretch",
        )
        if c.id == here:
            with st.expander(w("history.manage")):
                st.text_input(w("history.name"), value=title, key=f"name-{c.id}", max_chars=120, on_change=_rename, args=(c.id,))
                with st.container(horizontal=True):
                    st.button(w("history.rename"), on_click=_rename, args=(c.id,), key="rename")
                    st.button(w("history.delete"), on_click=_delete, args=(c.id, title), key="delete")
    if len(found) > shown:
        st.button(w("history.more"), on_click=_more, key="more")


def _plain(title: str) -> str:
    """A label is Markdown to Streamlit: what a person typed is not."""
    for mark in "\\`*_{}[]<>#$:~":
        title = title.replace(mark, "\\" + mark)
    return title
