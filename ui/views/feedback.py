"""Feedback: what people said of answers, for a practice lead to approve, amend or reject."""

import streamlit as st

from ui.answer import day
from ui.page import desk, flash, paragraphs, show_flash, words


def decide(identity: int) -> None:
    state = st.session_state
    desk().assistant.store.review_feedback(identity, state[f"decision-{identity}"], state[f"amended-{identity}"].strip())
    flash(words()("feedback.saved"))


def main() -> None:
    w, store = words(), desk().assistant.store
    st.title(w("feedback.heading"), anchor=False)
    st.html(paragraphs([w("feedback.body")]))
    show_flash()
    reviews = list(w.under("reviews"))
    which = st.selectbox(w("feedback.show"), reviews, format_func=lambda r: w(f"reviews.{r}"))
    said = store.feedback(which)  # type: ignore[arg-type]  # one of the reviews
    if not said:
        st.html(paragraphs([w("feedback.empty")] if not store.feedback() else []))
    for f in said:
        with st.container(border=True, key=f"feedback-{f.id}"):
            lines = [w(f"reasons.{f.reason}") + f" ({day(f.created, w)})", w("feedback.asked", question=f.question), f.statement, f.note]
            st.html(paragraphs([line for line in lines if line], "pa-line"))
            st.text_area(w("feedback.amended"), value=f.amended, key=f"amended-{f.id}", max_chars=4000, height=80)
            st.selectbox(w("feedback.decide"), reviews, reviews.index(f.review), lambda r: w(f"reviews.{r}"), key=f"decision-{f.id}")
            st.button(w("feedback.save"), key=f"decide-{f.id}", on_click=decide, args=(f.id,), type="primary")


main()
