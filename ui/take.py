"""Beneath an answer: keep its next steps, save or print it, say what is wrong or good. Shown when nothing is under way."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, get_args

import streamlit as st

from ui.page import desk, flash, words

Turn = Any  # a stored turn
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Reason = Literal["wrong", "not_our_situation", "out_of_date", "unclear", "missing", "good"]
REASONS: tuple[Reason, ...] = get_args(Reason)
NOT_ANSWERED: tuple[Reason, ...] = ("missing", "wrong", "unclear")


def beneath(here: str, question: str, turn: Turn, latest: bool) -> None:
    """`latest`: the whole conversation is offered with the last answer only."""
    w, row = words(), turn.answer
    if row["outcome"] == "social":
        return
    answered = row["outcome"] == "answered"
    with st.container(horizontal=True, key=f"take-{turn.id}"):
        if row["next_steps"]:
            with st.popover(w("take.keep"), icon=":material/playlist_add_check:"):
                _keep(here, turn)
        if answered or latest:
            with st.popover(w("take.save"), icon=":material/download:"):
                _save(here, question, turn, answered, latest)
        # Where nothing was answered, what should have been is the most that can be learnt.
        with st.popover(w("take.feedback" if answered else "take.feedback_none"), icon=":material/rate_review:"):
            _feedback(here, question, turn, REASONS if answered else NOT_ANSWERED)


# ---- keep


def _keep(here: str, turn: Turn) -> None:
    w = words()
    kept = {s.action for s in desk().assistant.store.plan() if s.turn == turn.id}
    st.write(w("take.keep_why"))
    for n, step in enumerate(turn.answer["next_steps"]):
        st.checkbox(step["action"], key=f"keep-{turn.id}-{n}", value=step["action"] in kept, disabled=step["action"] in kept)
    st.button(w("take.keep_these"), key=f"keep-{turn.id}", on_click=_kept, args=(here, turn), type="primary")
    if kept:
        st.caption(w("take.kept", count=len(kept)))


def _kept(here: str, turn: Turn) -> None:
    store, row = desk().assistant.store, turn.answer
    for n, step in enumerate(row["next_steps"]):
        if st.session_state.get(f"keep-{turn.id}-{n}"):
            note = words()("plan.suggested", when=step["when"])
            store.keep_step(step["action"], step["owner"], "", step["progress"], framework_of(row, step), here, turn.id, note)
    count = sum(1 for s in store.plan() if s.turn == turn.id)
    flash(words()("take.kept", count=count) if count else words()("take.none_chosen"))


def framework_of(row: dict[str, Any], step: dict[str, Any]) -> str:
    """Where an answer's situation sits, in words; where the reading is not sure, the elements of the card a step comes from."""
    library = desk().assistant.library
    placement = row.get("placement") or {}
    found = [placement[f + "s"][0]["id"] for f in ("level", "element", "step") if placement.get("sure", {}).get(f)]
    if not found:
        cards = (library.cards.get(s["card"] or "") for s in row["sources"] if s["n"] in step["sources"])
        found = list(dict.fromkeys(e for card in cards if card for e in card.elements))
    return ", ".join(library.members[member].name for member in found)


# ---- save


def _save(here: str, question: str, turn: Turn, answered: bool, latest: bool) -> None:
    w, exporter = words(), desk().assistant.exporter
    if answered:
        one = partial(exporter.answer, question, turn.answer, turn.created)
        _download(w("take.answer_word"), lambda: one().word(), w("take.name") + ".docx", WORD, f"word-{turn.id}")
        _download(w("take.answer_markdown"), lambda: one().markdown(), w("take.name") + ".md", "text/markdown", f"markdown-{turn.id}")
    if latest:
        title = next((c.title for c in desk().assistant.store.conversations() if c.id == here), question)

        def whole() -> Any:
            return exporter.conversation(title, desk().assistant.store.turns(here))

        _download(w("take.all_word"), lambda: whole().word(), w("take.name_all") + ".docx", WORD, "word-all")
        _download(w("take.all_markdown"), lambda: whole().markdown(), w("take.name_all") + ".md", "text/markdown", "markdown-all")
    st.caption(w("take.print"))


def _download(label: str, make: Any, name: str, kind: str, key: str) -> None:
    # Given as a function, the file is made when it is asked for and not at every run.
    st.download_button(label, data=make, file_name=name, mime=kind, key=key, on_click="ignore", width="stretch")


# ---- feedback


def _feedback(here: str, question: str, turn: Turn, reasons: tuple[Reason, ...]) -> None:
    w, row = words(), turn.answer
    about = [w("feedback.whole"), *(s["text"] for s in row["statements"]), *(s["action"] for s in row["next_steps"])]
    if len(about) > 1:
        st.selectbox(w("feedback.about"), about, key=f"about-{turn.id}")
    st.radio(w("feedback.reason"), reasons, key=f"reason-{turn.id}", format_func=lambda r: w(f"reasons.{r}"), index=None)
    st.text_area(w("feedback.note"), key=f"said-{turn.id}", max_chars=2000)
    st.button(w("feedback.send"), key=f"send-{turn.id}", on_click=_said, args=(here, question, turn), type="primary")


def _said(here: str, question: str, turn: Turn) -> None:
    state, w = st.session_state, words()
    reason = state.get(f"reason-{turn.id}")
    if reason not in REASONS:
        flash(w("feedback.reason_first"))
        return
    about = state.get(f"about-{turn.id}") or w("feedback.whole")
    # A note is free text: it is masked like a question before it is kept.
    note = desk().assistant.screen(state.get(f"said-{turn.id}") or "").masked
    statement = "" if about == w("feedback.whole") else about
    desk().assistant.store.add_feedback(here, turn.id, question, reason, statement, note)
    state[f"said-{turn.id}"], state[f"reason-{turn.id}"] = "", None
    flash(w("feedback.thanks"))
