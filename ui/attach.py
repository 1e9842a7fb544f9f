"""A person's own documents, for the open conversation only: add, see, remove. The file itself is not kept, only its screened text."""

from __future__ import annotations

import streamlit as st

from assistant import AssistantError
from ui.page import conversation, desk, flash, open_conversation, words

KINDS = ["pdf", "docx", "odt", "html", "htm", "md", "txt", "xlsx", "pptx"]


def attached() -> None:
    w, here = words(), conversation()
    store = desk().assistant.store
    kept = store.documents(here) if here and store.exists(here) else []
    label = w("documents.some", count=len(kept)) if kept else w("documents.none")
    with st.popover(label, icon=":material/attach_file:", key="documents"):
        st.write(w("documents.why"))
        turn = st.session_state.get("upload", 0)
        file = st.file_uploader(w("documents.choose"), type=KINDS, key=f"upload-{turn}", help=w("documents.help"))
        if file is not None:
            with st.spinner(w("documents.reading", name=file.name)):
                flash(add(file.name, file.getvalue()))
            st.session_state["upload"] = turn + 1
            st.rerun()
        for document in kept:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(document.name)
                st.button(
                    w("documents.remove"), key=f"remove-{document.identity}", on_click=remove, args=(document.identity, document.name)
                )


def add(name: str, data: bytes) -> str:
    """Reads, screens and keeps a document; says in a sentence what came of it."""
    w, store = words(), desk().assistant.store
    try:
        reading = desk().assistant.read_document(name, data)
        here = conversation()
        if not here or not store.exists(here):
            here = store.start()
            open_conversation(here)
        new = store.add_document(here, reading.identity, reading.name, reading.parts)
    except AssistantError as error:
        return str(error)
    return w("documents.added" if new else "documents.same", name=reading.name)


def remove(identity: str, name: str) -> None:
    here = conversation()
    if here:
        desk().assistant.store.remove_document(here, identity)
        desk().assistant.store.tidy()
        flash(words()("documents.removed", name=name))
