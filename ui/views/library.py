"""Library: every card, to browse and search."""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from assistant import AssistantError, coverage
from ui.answer import card_html, reviewed
from ui.page import desk, paragraphs, words

PAGE = 25


def choose(label: str, key: str, options: dict[str, str]) -> str:
    return st.selectbox(label, ["", *options], key=key, format_func=lambda o: options[o] if o else words()("library.any")) or ""


def fits(card: Any, kind: str, level: str, element: str, step: str, nation: str) -> bool:
    library = desk().assistant.library
    return (
        (not kind or card.kind == kind)
        and (not level or level in card.levels)
        and (not element or element in card.elements)
        and (not step or step in card.steps)
        and (not nation or bool(set(card.jurisdictions) & set(library.chain(nation))))
    )


def found(words_sought: str) -> list[str] | None:
    """Ids of the cards that fit the words, best first; None where no words were given."""
    if not words_sought.strip():
        return None
    hits = desk().assistant.search(words_sought, 60)
    return list(dict.fromkeys(h.passage.card for h in hits if h.passage.card))


def open_card(identity: str | None) -> None:
    if identity:
        st.query_params["card"] = identity
    else:
        st.query_params.pop("card", None)


def reference(source: Any) -> str:
    """A source with its address where we have one, and what we saw of it."""
    label, url = escape(source.label), source.url or ""
    linked = f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{label}</a>' if url.startswith("http") else label
    return f'<p class="pa-line">{linked} ({escape(words()("seen." + source.seen))})</p>'


def whole(card: Any) -> None:
    w, library = words(), desk().assistant.library
    st.button(w("library.back"), on_click=open_card, args=(None,), icon=":material/arrow_back:")
    st.title(card.title, anchor=False)
    nations = ", ".join(library.jurisdictions[c].name for c in card.jurisdictions)
    facts = [w(f"library.kinds.{card.kind}"), w(f"status.{card.status}"), nations, reviewed(card, w)]
    st.html(paragraphs([". ".join(f.rstrip(".") for f in facts) + "."], "pa-small"))
    st.html(f'<div class="pa-turn pa-card">{card_html(card, w, 2)}</div>')
    keys = dict.fromkeys(k for p in card.passages for k in p.references)
    if keys:
        st.subheader(w("source.references"), anchor=False)
        st.html("".join(reference(library.sources[k]) for k in keys))


def grid(caption: str, cells: Mapping[Any, tuple[str, ...]], columns: list[str]) -> str:
    """A table of counts, darker where there are more; the number says the same as the colour."""
    members = desk().assistant.library.members
    most = max(len(found) for found in cells.values())
    rows = []
    for element in dict.fromkeys(e for e, _ in cells):
        counts = [len(cells[element, c]) for c in columns]
        shaded = "".join(f'<td style="background:rgba(20,110,120,{0.08 + 0.4 * n / most:.2f});text-align:center">{n}</td>' for n in counts)
        rows.append(f'<tr><th scope="row" style="text-align:left">{members[element].name}</th>{shaded}</tr>')
    head = "".join(f'<th scope="col">{members[c].name}</th>' for c in columns)
    table = f"<table><caption>{caption}</caption><tr><td></td>{head}</tr>{''.join(rows)}</table>"
    return f'<div role="region" aria-label="{caption}" tabindex="0" style="overflow-x:auto">{table}</div>'


def show_coverage() -> None:
    w, library = words(), desk().assistant.library
    found = coverage(library)
    with st.expander(w("library.coverage")):
        st.html(grid(w("library.coverage_steps"), found.steps, [m.id for m in library.facet("step")]))
        st.html(grid(w("library.coverage_levels"), found.levels, [m.id for m in library.facet("level")]))


def main() -> None:
    w, library = words(), desk().assistant.library
    wanted = library.cards.get(st.query_params.get("card", ""))
    if wanted:
        whole(wanted)
        return
    st.title(w("library.heading"), anchor=False)
    st.html(paragraphs([w("library.body", count=len(library.cards))]))
    sought = st.text_input(w("library.search"), key="sought")
    left, middle, right = st.columns(3)
    members = {f: {m.id: m.name for m in library.members.values() if m.facet == f} for f in ("level", "element", "step")}
    with left:
        kind = choose(w("library.kind"), "kind", w.under("library.kinds"))
        nation = choose(w("library.nation"), "where", {j.code: j.name for j in library.jurisdictions.values() if j.code != "any"})
    with middle:
        level = choose(w("framework.level"), "level", members["level"])
        step = choose(w("framework.step"), "step", members["step"])
    with right:
        element = choose(w("framework.element"), "element", members["element"])
    try:
        order = found(sought)
    except AssistantError as error:
        st.error(str(error))
        return
    cards = [library.cards[c] for c in order] if order is not None else sorted(library.cards.values(), key=lambda c: c.title)
    cards = [c for c in cards if fits(c, kind, level, element, step, nation)]
    st.html(f'<p role="status">{w("library.count", count=len(cards))}</p>')
    limit = st.session_state.get("library_shown", PAGE)
    for card in cards[:limit]:
        with st.container(key=f"card-{card.id}", gap=None):
            st.button(card.title, key=f"open-card-{card.id}", on_click=open_card, args=(card.id,), type="tertiary")
            st.caption(f"{w(f'library.kinds.{card.kind}')}, {w(f'status.{card.status}')}")
    if len(cards) > limit:
        st.button(w("library.more"), on_click=lambda: st.session_state.update(library_shown=limit + PAGE))
    show_coverage()


main()
