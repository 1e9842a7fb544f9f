"""Ask: a question, its answer, and the conversation they belong to."""

import streamlit as st

from assistant import Answer, AssistantError, as_json
from ui import attach, told, visit
from ui.answer import AnswerPage, Row, moment, progress_html, question_html
from ui.desk import Job
from ui.page import BOX, announce, conversation, desk, fill, flash, open_conversation, paragraphs, show_flash, words
from ui.take import beneath


def send() -> None:
    """Begins an answer in the open conversation, or in a new one. Words that cannot be sent go back into the box."""
    text, w = (st.session_state.get(BOX) or "").strip(), words()
    if not text:
        return
    store = desk().assistant.store
    try:
        here = conversation()
        if not here or not store.exists(here):
            here = store.start()
            open_conversation(here)
        st.session_state.pop("reply", None)
        job = desk().ask(here, text, visit.nation(), st.session_state.get("chosen_model"))
    except AssistantError as error:
        fill(text)
        flash(str(error))
        return
    if job is None:
        fill(text)
        flash(w("ask.busy"))
    else:
        st.session_state["job"] = (here, job)


def empty() -> None:
    """What a person sees before the first question: what this is, what it is not, and where to begin."""
    w = words()
    st.title(w("empty.heading"), anchor=False)
    st.html(paragraphs([w("empty.body"), w("empty.leave_out")]) + f'<p class="pa-safety">{w("safety.first")}</p>')
    if not visit.asked():
        visit.first_visit()
    suggest(list(w.under(f"suggestions.{visit.role()}").values()), w("empty.suggestions"))


def suggest(questions: list[str], heading: str) -> None:
    st.subheader(heading, anchor=False)
    for n, question in enumerate(questions):
        st.button(question, key=f"suggest-{n}", on_click=fill, args=(question,), width="stretch")


def follow(job: Job) -> Answer | None:
    """Shows the steps as they happen; gives the answer, or None where it failed and said so."""
    w, place, steps, seen = words(), st.empty(), [], False
    if job.model != "none":
        st.button(w("ask.stop"), key="stop", on_click=job.stop.set)
    for event in job.follow():
        if isinstance(event, Answer):
            place.empty()
            return event
        if event is not None:
            steps.append(event.step)
        waiting = "" if desk().ready else w("app.loading")
        if not desk().ready and (preparing := desk().preparing):
            what, done, of = preparing
            waiting += " " + w("app.loading_part", what=what, done=done, of=of)
        place.html(question_html(job.question, "now", w) + progress_html(steps, w, waiting))
        if not seen:  # said, and brought to where the answer will begin, so that nothing moves when it comes
            announce(w("ask.working"), "turn-now")
            seen = True
    return None


def under_way(here: str) -> Job | None:
    """The answer being written in this conversation: this visitor's own, or one begun in another tab."""
    kept = st.session_state.get("job")
    return kept[1] if kept and kept[0] == here else desk().under_way(here)


def settle(here: str) -> None:
    """Follows an answer under way in this conversation, then shows it from the store like every other."""
    job = under_way(here)
    if job is None:
        return
    try:
        answer = follow(job)
    except AssistantError as error:
        st.session_state.pop("job", None)
        desk().retry()
        st.session_state["refill"] = job.question
        flash(f"{words()('ask.failed')}. {error}")
        st.rerun()
    st.session_state.pop("job", None)
    if answer and answer.outcome == "urgent":
        st.session_state["reply"] = (here, as_json(answer))  # never stored: it lives as long as this visit
    st.session_state["arrived"] = True
    st.rerun()


def offers(row: Row) -> list[str]:
    """Questions a person may take up as they stand. Those back to a message too vague to answer are for the person to answer."""
    return list(row["questions"]) if row["outcome"] in ("no_evidence", "clarify") and row["kind"] != "vague" else []


def transcript(here: str) -> bool:
    """Every stored turn, and a line where a message was stopped, in the order they happened. False where there is nothing."""
    w, assistant = words(), desk().assistant
    turns, stopped = assistant.store.turns(here), assistant.store.stopped(here)
    reply = st.session_state.get("reply")
    reply = reply if reply and reply[0] == here else None
    if reply:
        stopped = stopped[:-1]  # the reply itself is still on the page
    events = [(t.created, t) for t in turns] + [(when, None) for when in stopped]
    last = asked = ""
    idle = under_way(here) is None  # a click while an answer is under way would start the script again
    for when, turn in sorted(events, key=lambda e: e[0]):
        if turn is None:
            st.html(f'<div class="pa-turn pa-stopped"><p>{w("safety.stopped", when=moment(when, w))}</p></div>')
        elif turn.role == "user":
            last, asked = f"turn-{turn.id}", turn.text
            st.html(question_html(turn.text, str(turn.id), w))
        elif turn.answer:
            latest = turn is turns[-1] and reply is None
            st.html(AnswerPage(turn.answer, str(turn.id), assistant, w, here, latest and bool(offers(turn.answer))).html(turn.created))
            if idle:
                beneath(here, asked, turn, turn is turns[-1])
    if reply:
        last = "turn-reply"
        st.html(AnswerPage(reply[1], "reply", assistant, w).html() + paragraphs([w("safety.stopped_now"), w("safety.misread")], "pa-small"))
    elif turns and (answer := turns[-1].answer) and (questions := offers(answer)):
        suggest(questions, w("outcome.nearest" if answer["outcome"] == "no_evidence" else "outcome.choices"))
    if st.session_state.pop("arrived", False):
        announce(w("ask.ready"), last)
    return bool(events or reply)


def choose_model() -> None:
    """Whose words the next answer is in, where there is a choice. Kept apart from the box, which is not drawn all the time."""
    w, assistant = words(), desk().assistant
    if len(assistant.models) < 2:
        return

    def named(model: str) -> str:
        return w("ask.no_model") if model == "none" else w("ask.by_model", model=model)

    kept = st.session_state.get("chosen_model", assistant.settings.model)
    at = assistant.models.index(kept) if kept in assistant.models else 0
    st.session_state["chosen_model"] = st.selectbox(
        w("ask.model"), assistant.models, at, named, key="model", label_visibility="collapsed", width=320
    )


def box() -> None:
    with st.container(key="box"):
        if not st.session_state.get("job"):
            with st.container(horizontal=True, vertical_alignment="bottom"):
                attach.attached()
                told.partnership()
                choose_model()
        st.chat_input(words()("ask.placeholder"), key=BOX, max_chars=20_000, submit_mode="disable", on_submit=send)


def recover(here: str) -> None:
    """A question that was being answered when the computer stopped goes back into the box."""
    store = desk().assistant.store
    if under_way(here) is None and (lost := store.begun(here)):
        store.end(here)
        fill(lost)
        flash(words()("ask.lost"))


def main() -> None:
    w, here = words(), conversation()
    if here:
        recover(here)
    if refill := st.session_state.pop("refill", None):
        fill(refill)
    show_flash()
    content = st.container()
    box()  # drawn before an answer is awaited, below everything else
    with content:
        if here is None:
            empty()
        elif not desk().assistant.store.exists(here):
            st.warning(w("ask.gone"))
            st.button(w("ask.start"), on_click=open_conversation, args=(None,))
        elif not transcript(here) and not under_way(here):
            empty()
        else:
            settle(here)


main()
