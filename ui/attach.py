"""People's own documents, for the open conversation or for everyone here: add, see, remove. What is kept is their screened text."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from assistant import AssistantError
from ui.page import conversation, desk, flash, open_conversation, words

KINDS = ["pdf", "docx", "odt", "html", "htm", "md", "txt", "xlsx", "pptx"]


def attached() -> None:
    w, here = words(), conversation()
    store = desk().assistant.store
    own = store.document_names(here) if here and store.exists(here) else []
    everyones = store.document_names(None)
    kept = len(own) + len(everyones)
    with st.popover(w("documents.some", count=kept) if kept else w("documents.none"), icon=":material/attach_file:", key="documents"):
        st.write(w("documents.why"))
        turn = st.session_state.get("upload", 0)
        size = desk().assistant.settings.document_megabytes
        file = st.file_uploader(w("documents.choose"), KINDS, key=f"upload-{turn}", help=w("documents.help"), max_upload_size=size)
        shared = st.checkbox(w("documents.everyone"), key="for-everyone", help=w("documents.everyone_help"))
        if file is not None:
            place = st.empty()

            def reading(name: str, done: int, of: int) -> None:
                place.progress(done / of, w("documents.reading", name=name))

            reading(file.name, 0, 1)
            flash(add(file.name, file.getvalue(), shared, reading))
            st.session_state["upload"] = turn + 1
            st.rerun()
        for heading, documents, where in ((w("documents.own"), own, here), (w("documents.everyones"), everyones, None)):
            if documents:
                st.markdown(f"**{heading}**")
            for number, identity, name in documents:
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.text(name)
                    st.button(w("documents.remove"), key=f"remove-{number}", on_click=remove, args=(identity, name, where))


def add(name: str, data: bytes, for_everyone: bool, progress: Callable[[str, int, int], None]) -> str:
    """Reads, screens and keeps a document; says in a sentence what came of it."""
    w, store = words(), desk().assistant.store
    try:
        here = None if for_everyone else conversation()
        if not for_everyone and (not here or not store.exists(here)):
            here = store.start()
        added = desk().assistant.documents.add(name, data, here, progress)
    except AssistantError as error:
        return str(error)
    if here and here != conversation():
        open_conversation(here)
    if added is None:
        return w("documents.same", name=name)
    said = [w("documents.added_everyone" if for_everyone else "documents.added", name=added.name)]
    said += [w(f"documents.{key}", count=n) for key, n in (("masked", added.masked), ("left_out", added.left_out)) if n]
    return " ".join(said)


def remove(identity: str, name: str, here: str | None) -> None:
    desk().assistant.documents.remove(identity, here)
    flash(words()("documents.removed", name=name))
