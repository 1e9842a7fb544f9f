"""Action plan: the next steps a person keeps, with owner, date, state and what has changed."""

from datetime import UTC, date, datetime
from functools import partial

import streamlit as st

from ui.answer import day, paper_html
from ui.page import announce, desk, flash, paragraphs, show_flash, words
from ui.take import WORD

OVER = ("done", "dropped")


def change(step_id: int) -> None:
    state = st.session_state
    due = state.get(f"due-{step_id}")
    desk().assistant.store.change_step(
        step_id,
        owner=state[f"owner-{step_id}"].strip(),
        due=due.isoformat() if due else "",
        status=state[f"status-{step_id}"],
        note=state[f"note-{step_id}"].strip(),
    )
    flash(words()("plan.saved"))


def remove(step_id: int) -> None:
    desk().assistant.store.remove_step(step_id)
    flash(words()("plan.removed"))


def set_review() -> None:
    chosen = st.session_state.get("review")
    desk().assistant.store.prefer("plan_review", chosen.isoformat() if chosen else None)


def shown(field: str, value: str) -> str:
    if field == "status":
        return words()(f"plan_status.{value}")
    return (day(value, words()) if field == "due" and value else value) or words()("plan.blank")


def step_form(step, changes) -> None:  # type: ignore[no-untyped-def]  # rows of the store, which the page does not import
    w = words()
    with st.container(border=True, key=f"step-{step.id}"):
        st.subheader(step.action.replace("$", "\\$"), anchor=False)
        if step.progress:
            st.write(f"**{w('plan.progress')}:** {step.progress.replace('$', chr(92) + '$')}")
        if step.framework:
            st.caption(w("plan.framework", where=step.framework))
        left, middle, right = st.columns(3)
        left.text_input(w("plan.owner"), value=step.owner, key=f"owner-{step.id}", max_chars=200)
        middle.date_input(
            w("plan.due"), value=date.fromisoformat(step.due) if step.due else None, key=f"due-{step.id}", format="DD/MM/YYYY"
        )
        statuses = list(w.under("plan_status"))
        at = statuses.index(step.status)
        right.selectbox(w("plan.status"), statuses, at, lambda s: w(f"plan_status.{s}"), key=f"status-{step.id}")
        st.text_area(w("plan.note"), value=step.note, key=f"note-{step.id}", max_chars=4000, height=80)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(w("plan.save"), key=f"save-{step.id}", on_click=change, args=(step.id,), type="primary")
            with st.popover(w("plan.remove"), key=f"remove-{step.id}"):
                st.write(w("plan.remove_why"))
                st.button(w("plan.remove_now"), key=f"remove-now-{step.id}", on_click=remove, args=(step.id,))
            if step.conversation and desk().assistant.store.exists(step.conversation):
                st.page_link(st.session_state["pages"]["ask"], label=w("plan.from"), query_params={"c": step.conversation})
        if changes:
            with st.expander(w("plan.changes")):
                for c in changes:
                    names = {"before": shown(c.field, c.before), "after": shown(c.field, c.after)}
                    st.text(w("plan.change", date=day(c.created, w), field=w(f"plan_field.{c.field}"), **names))


def main() -> None:
    w, store = words(), desk().assistant.store
    st.title(w("plan.heading"), anchor=False)
    st.html(paragraphs([w("plan.body")]))
    show_flash()
    steps, changes = store.plan(), store.plan_changes()
    if not steps:
        st.html(paragraphs([w("plan.empty")]))
        st.page_link(st.session_state["pages"]["ask"], label=w("plan.to_ask"))
        return
    kept = store.preferences().get("plan_review")
    if kept and kept <= date.today().isoformat():
        st.info(w("plan.review_due"))
        announce(w("plan.review_due"))
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    left.date_input(
        w("plan.review"), value=date.fromisoformat(kept) if kept else None, key="review", on_change=set_review, format="DD/MM/YYYY"
    )
    now = datetime.now(UTC).isoformat()
    paper = partial(desk().assistant.exporter.plan, steps, changes, now, kept or "")
    with right, st.container(horizontal=True):
        name = w("take.name_plan")
        st.download_button(w("plan.word"), lambda: paper().word(), f"{name}.docx", WORD, on_click="ignore")
        st.download_button(w("plan.markdown"), lambda: paper().markdown(), f"{name}.md", "text/markdown", on_click="ignore")
    which = st.radio(w("plan.filter"), ["filter_open", "filter_all"], format_func=lambda f: w(f"plan.{f}"), horizontal=True)
    for step in steps:
        if which == "filter_all" or step.status not in OVER:
            step_form(step, [c for c in changes if c.step == step.id])
    st.html(paper_html(paper().markdown()))


main()
