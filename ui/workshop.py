"""Writing a scenario on the page: copy one, change its words, see at once what is missing, save it, carry it as one file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

from assistant import AssistantError, KnowledgeError, Scenario
from ui.page import desk, flash, words

_PEOPLE = "personas/"
_HERE = Path(__file__).parent
_GUIDES = (_HERE / "text/scenarios.md", _HERE.parent / "docs/scenarios.md")  # as it is installed, and as it stands in the repository


@dataclass
class Draft:
    """The scenario a visitor is writing."""

    identity: str
    files: dict[str, str]
    file: str = "scenario.yaml"
    played: list[str] | None = None  # what simulated learners found; None until they played these words


def workshop(choose: Callable[[str | None], None]) -> None:
    w = words()
    st.button(w("workshop.back"), key="workshop-back", on_click=choose, args=(None,), icon=":material/arrow_back:")
    st.title(w("workshop.heading"), anchor=False)
    st.caption(w("workshop.why"))
    with st.expander(w("workshop.guide"), key="workshop-guide"):
        _, _, guide = next(g for g in _GUIDES if g.is_file()).read_text("utf-8").partition("\n")  # the page has a title already
        st.markdown(guide)
    draft = st.session_state.get("draft")
    with st.expander(w("workshop.copy"), expanded=draft is None, key="workshop-copy"):
        _begin()
    if isinstance(draft, Draft):
        _edit(draft)
        _verdict(draft, choose)


def _begin() -> None:
    w, assistant = words(), desk().assistant
    titles = {s.id: s.title for s in assistant.scenarios.values()} | {i: w("workshop.broken", name=i) for i in assistant.workshop.slips}

    def copy() -> None:
        chosen = st.session_state["copy-from"]
        own = assistant.workshop.owns(chosen)
        _open(Draft(chosen if own else f"my-{chosen}", assistant.workshop.files(chosen)))

    st.selectbox(w("workshop.copy"), list(titles), key="copy-from", format_func=lambda i: titles.get(i, i), label_visibility="collapsed")
    st.button(w("workshop.copy_this"), key="copy", on_click=copy)
    given = st.file_uploader(w("workshop.import_file"), type=["yaml", "yml", "txt"], key="import", max_upload_size=1)
    if given is not None and st.session_state.get("imported") != given.file_id:
        st.session_state["imported"] = given.file_id
        try:
            _open(Draft(*assistant.workshop.from_one_file(given.getvalue().decode("utf-8"))))
        except (AssistantError, UnicodeDecodeError) as error:
            st.error(str(error) if isinstance(error, AssistantError) else w("rehearse.resume_bad"))
            return
        st.rerun()


def _open(draft: Draft) -> None:
    st.session_state["draft"] = draft
    for key in ("draft-name", "draft-file", "draft-text"):
        st.session_state.pop(key, None)


def _edit(draft: Draft) -> None:
    w = words()

    def name() -> None:
        draft.identity = st.session_state["draft-name"].strip()

    def file() -> None:
        draft.file = st.session_state["draft-file"]

    def text() -> None:
        draft.files[draft.file], draft.played = st.session_state["draft-text"], None

    def add() -> None:
        role = st.session_state["draft-role"].strip()
        first = next(n for n in draft.files if n.startswith(_PEOPLE))
        new = f"{_PEOPLE}{role}.yaml"
        if role and new not in draft.files:
            copied = draft.files[first].replace(f"id: {first[len(_PEOPLE) : -5]}", f"id: {role}", 1)
            rest = {n: t for n, t in draft.files.items() if n.startswith(_PEOPLE) or n == "scenario.yaml"}
            draft.files = {**rest, new: copied, **{n: t for n, t in draft.files.items() if n not in rest}}
            draft.file, draft.played = new, None

    def remove() -> None:
        del draft.files[draft.file]
        draft.file, draft.played = "scenario.yaml", None

    st.session_state["draft-name"] = draft.identity
    st.text_input(w("workshop.name"), key="draft-name", max_chars=60, help=w("workshop.name_help"), on_change=name)
    st.session_state["draft-file"] = draft.file
    st.selectbox(w("workshop.file"), list(draft.files), key="draft-file", format_func=_called, on_change=file)
    st.session_state["draft-text"] = draft.files[draft.file]
    with st.container(key="workshop-text"):
        st.text_area(w("workshop.text"), key="draft-text", height=460, on_change=text, label_visibility="collapsed")
    with st.expander(w("workshop.role"), key="workshop-role"):
        st.text_input(w("workshop.name"), key="draft-role", max_chars=40, help=w("workshop.role_help"))
        st.button(w("workshop.role_add"), key="draft-role-add", on_click=add)
        if draft.file.startswith(_PEOPLE) and sum(n.startswith(_PEOPLE) for n in draft.files) > 1:
            st.button(w("workshop.role_remove"), key="draft-role-remove", on_click=remove)


def _called(file: str) -> str:
    w = words()
    if file.startswith(_PEOPLE):
        return w("workshop.file_persona", name=file[len(_PEOPLE) : -5].replace("-", " "))
    return w(f"workshop_files.{file.partition('.')[0]}")


def _verdict(draft: Draft, choose: Callable[[str | None], None]) -> None:
    """What the check says now, and what can be done with it."""
    w, bench = words(), desk().assistant.workshop
    found: Scenario | None = None
    try:
        found = bench.check(draft.identity, draft.files)
    except KnowledgeError as error:
        _list("error", w("workshop.slips", n=len(error.slips)), list(error.slips))
    except AssistantError as error:
        st.error(str(error))
    if found:
        slips = bench.look(found)
        if slips:
            _list("warning", w("workshop.warnings", n=len(slips)), slips)
        else:
            st.success(w("workshop.good"))
        if draft.played:
            _list("warning", w("workshop.played", n=len(draft.played)), draft.played)
        elif draft.played is not None:
            st.success(w("workshop.played_good"))

    def play() -> None:
        if found:
            with st.spinner(w("workshop.playing")):
                draft.played = [s for s in bench.play(found) if s not in bench.look(found)]

    def save() -> None:
        try:
            bench.keep(draft.identity, draft.files)
        except AssistantError as error:
            flash(str(error))
            return
        flash(w("workshop.saved"))

    def delete() -> None:
        bench.remove(draft.identity)
        st.session_state.pop("draft", None)
        flash(w("workshop.deleted"))

    with st.container(horizontal=True, key="workshop-controls"):
        if found:
            st.button(w("workshop.play_through"), key="draft-play", on_click=play)
            st.button(w("workshop.save"), key="draft-save", type="primary", on_click=save)
        if found and bench.owns(draft.identity):
            st.button(w("workshop.rehearse"), key="draft-rehearse", on_click=choose, args=(draft.identity,))
        one = bench.as_one_file(draft.identity, draft.files)
        st.download_button(w("workshop.export"), one, f"{draft.identity}.scenario.yaml", "application/yaml", on_click="ignore")
        if bench.owns(draft.identity):
            st.button(w("workshop.delete"), key="draft-delete", on_click=delete)


def _list(kind: str, heading: str, rows: list[str]) -> None:
    items = "".join(f"<li>{escape(r)}</li>" for r in rows[:40])
    st.html(f'<div class="pa-slips pa-slips-{kind}" role="status"><h3>{escape(heading)}</h3><ul>{items}</ul></div>')
