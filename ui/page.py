"""What every view shares: the desk, the words, and what this visitor has open."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from json import dumps
from pathlib import Path

import streamlit as st

from assistant import Settings
from ui.desk import Desk
from ui.words import Words, load_words

STYLE = Path(__file__).parent / "style.css"
BOX = "question"  # the key of the one chat input


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    return Desk()


@st.cache_resource(show_spinner=False)
def words() -> Words:
    """The words of the page, in the language that is set."""
    return load_words(Settings.from_environment().language)


def conversation() -> str | None:
    """The open conversation: its id stands in the URL, so that a refresh, a bookmark and the back button find it."""
    return st.query_params.get("c")


def last() -> str | None:
    """The conversation this visitor had open last: the way back to it from another view."""
    if here := conversation():
        st.session_state["last"] = here
    return st.session_state.get("last")


def open_conversation(identity: str | None) -> None:
    if identity:
        st.query_params["c"] = identity
    else:
        st.session_state.pop("last", None)
        st.query_params.pop("c", None)


def fill(text: str) -> None:
    """Puts text into the question box for the person to change; it is not sent. For use in callbacks."""
    st.session_state[BOX] = text


def flash(text: str) -> None:
    """Says something once, at the next run."""
    st.session_state["flash"] = text


def show_flash() -> None:
    # The place is always there: were it not, what stands below would move, and an open popover close, when it comes and goes.
    with st.container(key="flash"):
        if text := st.session_state.pop("flash", None):
            st.info(text)
            announce(text)


def announce(text: str, scroll_to: str = "") -> None:
    """Tells screen readers, through a live region that stays on the page, and brings the answer into view."""
    count = st.session_state["announced"] = st.session_state.get("announced", 0) + 1
    st.html(
        f"""<script>(() => {{ /* {count} */
  let region = document.getElementById("pa-live");
  if (!region) {{
    region = document.createElement("div");
    region.id = "pa-live"; region.setAttribute("role", "status"); region.setAttribute("aria-live", "polite");
    region.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";
    (document.querySelector("[data-testid=stMain]") || document.body).appendChild(region);
  }}
  region.textContent = "";
  setTimeout(() => {{ region.textContent = {_script(text)}; }}, 150);
  const target = {_script(scroll_to)};
  if (target) setTimeout(() => document.getElementById(target)?.scrollIntoView({{block: "start"}}), 120);
}})();</script>""",
        unsafe_allow_javascript=True,
    )


def fold_menu(where: object) -> None:
    """On a phone the menu lies over the page: once something was chosen in it, it makes room. `where` says what is shown.

    The place is always there, as for a flash, and its script runs anew when `where` is another.
    """
    st.html(
        f"""<script>(() => {{
  void {_script(str(where))};
  const open = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"] [data-testid="stSidebarCollapseButton"] button');
  if (open && matchMedia("(max-width: 768px)").matches) open.click();
}})();</script>""",
        unsafe_allow_javascript=True,
    )


def watch(language: str) -> None:
    """Says which language the page is in, and loads it again if the framework takes it down.

    A message lost with a connection makes the next one fail, and nothing is left on the screen ('setIn' cannot be called on
    an ElementNode, Streamlit 1.6x). All that matters is stored and its id is in the URL. Not twice in ten seconds, so that a
    page that always fails does not spin.
    """
    st.html(
        f"<script>document.documentElement.lang = {_script(language)};"
        """(() => {
  const root = document.getElementById("root");
  if (!root || window.paWatching) return;
  window.paWatching = true;
  new MutationObserver(() => {
    const last = Number(sessionStorage.getItem("pa-reloaded") || 0);
    if (root.childElementCount || Date.now() - last < 10000) return;
    sessionStorage.setItem("pa-reloaded", String(Date.now()));
    location.reload();
  }).observe(root, {childList: true});
})();</script>""",
        unsafe_allow_javascript=True,
    )


def _script(text: str) -> str:
    return dumps(text).replace("<", "\\u003c")


def paragraphs(texts: Sequence[str], style: str = "pa-lead") -> str:
    return "".join(f'<p class="{style}">{escape(t)}</p>' for t in texts)
