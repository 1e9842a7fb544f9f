"""The page: opens the assistant, then shows the view a person chose. Run by `assistant ui`."""

from pathlib import Path

import streamlit as st

from assistant import AssistantError
from ui import history, visit
from ui.page import STYLE, conversation, desk, fold_menu, last, watch, words
from ui.words import Words, WordsError, load_words

VIEWS = Path(__file__).parent / "views"


@st.fragment(run_every=24 * 60 * 60)
def come_back() -> None:
    """Shows nothing. After a lost connection Streamlit runs a page again only where it was running or has something that repeats."""


def trouble(w: Words, error: Exception) -> None:
    st.header(w("app.trouble"), anchor=False)
    st.error(str(error))
    st.button(w("app.retry"), on_click=st.cache_resource.clear)


def main() -> None:
    try:
        w = words()
    except (AssistantError, WordsError) as error:
        trouble(load_words(), error)
        return
    st.set_page_config(page_title=w("app.title"), page_icon="🤝", layout="wide")
    st.html(STYLE)
    watch(w.language)
    names = ("ask", "rehearse", "plan", "library", "feedback")
    pages = {n: st.Page(VIEWS / f"{n}.py", title=w(f"nav.{n}"), default=n == "ask") for n in names}
    st.session_state["pages"] = pages
    chosen = st.navigation(list(pages.values()), position="hidden")
    try:
        desk()
        if st.session_state.pop("go_to_ask", False) and chosen is not pages["ask"]:
            st.switch_page(pages["ask"], query_params={"c": here} if (here := conversation()) else None)
        with st.sidebar:
            st.markdown(f"**{w('app.title')}**")
            for name, page in pages.items():
                st.page_link(page, query_params={"c": here} if name == "ask" and (here := last()) else None)
            history.sidebar()
            visit.change()
            st.caption(w("safety.line"))
        come_back()
        fold_menu((chosen.title, conversation()))
        chosen.run()
    except AssistantError as error:
        trouble(w, error)


main()
