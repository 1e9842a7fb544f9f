"""An answer as semantic HTML: pure functions from the stored row (`assistant ask --json`) and the library to text.

The page shows it in one piece, so nothing jumps; sources open natively and need no round trip to the server. Everything
that is not ours is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from assistant import Assistant, marked_once
from ui.words import Words

_HEADED = re.compile(r"^\*\*([^*\n]+)\*\*\n\n", re.MULTILINE)
_MARK = re.compile(r"\[(\d+)\]")
BESIDE = 5  # sources beside an answer, and cards left aside that can be read; the others are folded, or only named
_FACETS = (("level", "levels"), ("element", "elements"), ("step", "steps"))

# A table's first column names its rows. The roles stay where the style sheet lays a table out anew in a narrow place.
_TABLE = (
    ("<td><strong>", '<th scope="row" role="rowheader">'), ("</strong></td>", "</th>"), ("<td>", '<td role="cell">'),
    ("<th></th>", '<td role="cell"></td>'), ("<th>", '<th scope="col" role="columnheader">'), ("<tr>", '<tr role="row">'),
    ("<thead>", '<thead role="rowgroup">'), ("<tbody>", '<tbody role="rowgroup">'),
    ("<table>", '<div class="pa-table" tabindex="0"><table role="table">'), ("</table>", "</table></div>"),
)  # fmt: skip

Row = Mapping[str, Any]


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink", "html_block", "html_inline"])


@dataclass(frozen=True)
class AnswerPage:
    """One stored answer and what is needed to show it."""

    row: Row
    turn: str  # unique on the page
    assistant: Assistant
    words: Words
    conversation: str | None = None  # where its documents are looked up
    offered: bool = False  # its questions stand below it as buttons, so on screen the text need not repeat them

    def html(self, made: str = "") -> str:
        w, row = self.words, self.row
        sources = self._sources()
        beside = sources + self._left_aside() + self._receipt(made)
        style = f"pa-turn pa-answer pa-{row['outcome']}" + ("" if sources else " pa-plain")
        return (
            f'<article class="{style}" id="turn-{self.turn}" aria-label="{escape(w("ask.answer"))}">'
            f'<div class="pa-main">{self._banner()}{self._body()}{self._notices()}{self._more()}</div>'
            f'<aside class="pa-beside" aria-label="{escape(w("source.heading"))}">{beside}</aside></article>'
        )

    # ---- the text

    def _banner(self) -> str:
        key = f"outcome.{self.row['outcome']}"
        if self.row["outcome"] not in ("urgent", "declined", "no_evidence", "clarify"):
            return ""
        return f'<h2 class="pa-banner">{escape(self.words(key))}</h2>'

    def _body(self) -> str:
        pieces = _blocks(self.row["text"])
        blocks = [self._block(heading, body) for heading, body in pieces]
        # After the opening: the reading itself, else the first words that rest on a source.
        opening = (n for n, (heading, body) in enumerate(pieces, 1) if not heading and _MARK.search(body))
        blocks.insert(1 if self.row["kind"] == "placement" else next(opening, 1), self._strip())
        return "".join(blocks)

    def _more(self) -> str:
        if not self.row.get("more"):
            return ""
        inside = "".join(self._block(h, b) for h, b in _blocks(self.row["more"]))
        return f'<details class="pa-more"><summary>{escape(self.words("answer.more"))}</summary><div>{inside}</div></details>'

    def _block(self, heading: str, body: str) -> str:
        head = f"<h3>{escape(heading)}</h3>" if heading else ""
        steps = self._steps_of(body)
        asked = [f"- {question}" for question in self.row["questions"]]
        offered = ' class="pa-offered"' if self.offered and asked and body.split("\n") == asked else ""
        return f"<section{offered}>{head}{steps or self._rendered(body)}</section>"

    def _rendered(self, body: str) -> str:
        lines = [marked_once(line) if not re.match(r"\s*(?:[-*|]|\d+\.) ?", line) else line for line in body.split("\n")]
        html = _markdown().render("\n".join(lines))
        for plain, meaning in _TABLE:
            html = html.replace(plain, meaning)
        return _MARK.sub(lambda m: self._mark(int(m[1])), html)

    def _mark(self, n: int) -> str:
        source = self._numbered.get(n)
        if source is None:
            return ""
        label = escape(f"{self.words('source.number', n=n)}: {source['title']}", quote=True)
        return f'<a class="pa-mark" href="#s{self.turn}-{n}" aria-label="{label}" title="{label}">{n}</a>'

    def _steps_of(self, body: str) -> str:
        """The list of next steps, where this block of the text is that list."""
        steps = self.row.get("next_steps") or []
        lines = [line for line in body.split("\n") if line.strip()]
        if not lines or not all(re.match(r"\d+\. ", line) for line in lines):
            return ""
        chosen = [next((s for s in steps if s["action"] in line), None) for line in lines]
        if not all(chosen):
            return ""
        return f'<ol class="pa-next">{"".join(self._step(s) for s in chosen if s)}</ol>'

    def _step(self, step: Row) -> str:
        marks = "".join(self._mark(n) for n in step["sources"])
        facts = (("who", step["owner"]), ("when", step["when"]), ("progress", step["progress"]))
        rows = "".join(f"<div><dt>{escape(self.words('step.' + k))}</dt><dd>{escape(_capital(v))}</dd></div>" for k, v in facts)
        return f"<li><p>{escape(step['action'])} {marks}</p><dl>{rows}</dl></li>"

    def _notices(self) -> str:
        notices = self.row.get("notices") or []
        note = escape(self.words("answer.note"))
        return "".join(f'<p class="pa-notice"><strong>{note}:</strong> {escape(n)}</p>' for n in notices)

    # ---- the framework strip

    def _strip(self) -> str:
        """Level, element and step, where the reading is sure of them: in words, with the place in the order marked."""
        placement = self.row.get("placement") or {}
        sure = placement.get("sure", {})
        if self.row["outcome"] != "answered" or self.row["kind"] in ("definition", "list", "comparison", "law") or not any(sure.values()):
            return ""
        rows = "".join(self._facet(facet, placement[plural][0]["id"]) for facet, plural in _FACETS if sure.get(facet))
        w = self.words
        return (
            f'<section class="pa-strip" aria-label="{escape(w("framework.heading"))}"><h3>{escape(w("framework.heading"))}</h3>'
            f"<dl>{rows}</dl><p class='pa-small'>{escape(w('framework.note'))}</p></section>"
        )

    def _facet(self, facet: str, best: str) -> str:
        members = [m for m in self.assistant.library.members.values() if m.facet == facet]
        here = escape(self.words("framework.main" if facet == "element" else "framework.here"))
        found = ' class="pa-here" aria-current="true"'
        items = "".join(
            f"<li{found}><strong>{escape(m.name)}</strong> <span>{here}</span></li>" if m.id == best else f"<li>{escape(m.name)}</li>"
            for m in members
        )
        return f"<div><dt>{escape(self.words('framework.' + facet))}</dt><dd><ol>{items}</ol></dd></div>"

    # ---- sources

    @cached_property
    def _numbered(self) -> dict[int, Row]:
        return {s["n"]: s for s in self.row.get("sources") or []}

    def _sources(self) -> str:
        if not self._numbered:
            return ""
        w = self.words
        in_text = list(dict.fromkeys(int(n) for n in _MARK.findall(self.row["text"])))
        first = [self._numbered[n] for n in in_text if n in self._numbered][:BESIDE]
        later = [s for s in self._numbered.values() if s not in first]
        html = f'<h3>{escape(w("source.heading"))}</h3><p class="pa-small">{escape(w("source.hint"))}</p>{self._source_list(first)}'
        if later:
            html += f'<details class="pa-fold"><summary>{escape(w("source.further"))}</summary>{self._source_list(later)}</details>'
        return html

    def _source_list(self, sources: Iterable[Row]) -> str:
        return f'<ol class="pa-sources">{"".join(self._source(s) for s in sources)}</ol>'

    def _source(self, source: Row) -> str:
        w, n = self.words, source["n"]
        origin = "document" if source["origin"] == "document" else "card"
        kind = f"{w('status.' + source['status'])}, {w('source.' + origin)}"
        title, kind = self._named(source, kind)
        return (
            f'<li><details><summary><span class="pa-number">{n}</span> <span class="pa-title">{escape(title)}</span> '
            f'<span class="pa-status">{escape(kind)}</span></summary>'
            f'<div id="s{self.turn}-{n}" class="pa-passage" tabindex="-1">{self._passage(source)}{self._facts(source)}</div></details></li>'
        )

    def _named(self, source: Row, kind: str) -> tuple[str, str]:
        """The title, and below it the section or page with the status in words."""
        passage = self.assistant.library.passages.get(source["passage"])
        if passage is None:
            place = source.get("location") or ""
            return source["title"].removesuffix(f": {place}"), ", ".join(filter(None, (place, kind)))
        return passage.title, f"{passage.heading}: {kind}"

    def _passage(self, source: Row) -> str:
        w = self.words
        support = {s["support"] for s in self.row["statements"] if source["n"] in s["sources"]} or {"quoted"}
        how = "supported" if "supported" in support else "quoted_document" if source["origin"] == "document" else "quoted"
        passage = self.assistant.library.passages.get(source["passage"]) if source["origin"] == "card" else None
        used = [s["text"] for s in (*self.row["statements"],) if source["n"] in s["sources"]]
        used += [s["action"] for s in self.row["next_steps"] if source["n"] in s["sources"]]
        used.append(source["quote"])
        said = f'<p class="pa-small">{escape(w("source." + how))} {escape(w("source.words"))}</p>'
        if passage is None:
            document = source["origin"] == "document" and self.conversation
            whole = self.assistant.documents.around(source["quote"], source["location"], self.conversation) if document else ""
            return f"<blockquote>{_marked(whole or source['quote'], used)}</blockquote><p class='pa-small'>{escape(w('source.' + how))}</p>"
        lines = [s.text for s in passage.sentences] + [s.action for s in passage.steps]
        shown = [_highlighted(line, used) for line in lines]
        if not any("<mark>" in line for line in shown):
            return f"<blockquote><mark>{escape(source['quote'])}</mark></blockquote><p class='pa-small'>{escape(w('source.changed'))}</p>"
        return said + "<ul class='pa-lines'>" + "".join(f"<li>{line}</li>" for line in shown) + "</ul>"

    def _facts(self, source: Row) -> str:
        w, library = self.words, self.assistant.library
        references = "".join(self._reference(r) for r in source["references"])
        html = f"<h4>{escape(w('source.references'))}</h4>" + (
            f'<ul class="pa-works">{references}</ul>' if references else f"<p>{escape(w('source.no_references'))}</p>"
        )
        if source["origin"] == "document":
            return ""
        nations = ", ".join(library.jurisdictions[c].name for c in source["jurisdictions"] if c in library.jurisdictions)
        html += f'<p class="pa-small">{escape(w("source.where", nations=nations))}'
        card = library.cards.get(source["card"] or "")
        if card is None:
            return html + "</p>"
        html += f" {escape(reviewed(card, w))}</p>"
        return html + f'<details class="pa-fold"><summary>{escape(w("source.whole"))}</summary>{card_html(card, w)}</details>'

    def _reference(self, reference: Row) -> str:
        label = escape(reference["label"])
        url = reference["url"] or ""
        link = f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{label}</a>' if url.startswith("http") else label
        return f"<li>{link} <span class='pa-seen'>({escape(self.words('seen.' + reference['seen']))})</span></li>"

    # ---- what was not used, and how it was made

    def _left_aside(self) -> str:
        w, library = self.words, self.assistant.library
        rejected = self.row.get("rejected") or []
        names = dict.fromkeys(r["passage"].partition(":")[2].partition("#")[0] for r in rejected)
        cards = [library.cards[c] for c in names if c in library.cards]
        dropped = self.row.get("dropped") or []
        if not cards and not dropped:
            return ""
        html = ""
        if cards:
            whole = [f"<li><details><summary>{escape(c.title)}</summary>{card_html(c, w)}</details></li>" for c in cards[:BESIDE]]
            whole += [f"<li>{escape(c.title)}</li>" for c in cards[BESIDE:]]
            html += f"<p>{escape(w('rejected.body'))}</p><ul class='pa-aside'>{''.join(whole)}</ul>"
        if dropped:
            lines = "".join(f"<li>{escape(d['text'])}</li>" for d in dropped)
            html += f"<p>{escape(w('dropped.body'))}</p><ul>{lines}</ul>"
        return f'<details class="pa-fold"><summary>{escape(w("rejected.heading"))}</summary>{html}</details>'

    def _receipt(self, made: str) -> str:
        w, row = self.words, self.row
        model = w("receipt.no_model") if row["model"] == "none" else row["model"]
        facts = [(w("receipt.understood"), row["question"] or "")] if row.get("question") else []
        facts += [(w("receipt.model"), model)]
        facts += [(w(f"receipt.{k}"), v) for k, v in row["versions"].items() if k in ("knowledge", "prompts", "embedder")]
        facts += [(w(f"steps.{k}") if k != "total" else w("receipt.total"), f"{v:g} ms") for k, v in row["milliseconds"].items()]
        facts += [(w("receipt.number"), self.turn), (w("receipt.made"), moment(made, w))] if made else []
        rows = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts)
        return f'<details class="pa-fold pa-receipt"><summary>{escape(w("receipt.heading"))}</summary><dl>{rows}</dl></details>'


def reviewed(card: Any, words: Words) -> str:
    """When a card was last reviewed, and where nobody but its builders has done so, that too."""
    said = words("source.reviewed", date=day(card.reviewed_on.isoformat(), words))
    return f"{said} {words('source.by_builder')}" if card.reviewed_by == "builder" else said


def card_html(card: Any, words: Words, level: int = 4) -> str:
    """A whole card, section by section."""
    html = ""
    for passage in card.passages:
        items = "".join(f"<li>{escape(s.text)}</li>" for s in passage.sentences)
        steps = "".join(
            f"<li><p>{escape(s.action)}</p><dl>"
            + "".join(
                f"<div><dt>{escape(words('step.' + k))}</dt><dd>{escape(_capital(v))}</dd></div>"
                for k, v in (("who", s.owner), ("when", s.when), ("progress", s.progress))
            )
            + "</dl></li>"
            for s in passage.steps
        )
        html += f"<h{level}>{escape(passage.heading)}</h{level}>"
        html += f"<ul>{items}</ul>" if items else ""
        html += f'<ol class="pa-next">{steps}</ol>' if steps else ""
    return html


def paper_html(markdown: str) -> str:
    """What is printed in place of a view made of forms."""
    return f'<div class="pa-paper">{_markdown().render(markdown)}</div>'


def question_html(text: str, turn: str, words: Words) -> str:
    return f'<div class="pa-turn pa-question" id="turn-{turn}"><h2>{escape(words("ask.you"))}</h2><p>{escape(text)}</p></div>'


def progress_html(steps: list[str], words: Words, waiting: str = "") -> str:
    """The named steps of an answer under way: those done, and the one now."""
    names = words.under("steps")
    items = []
    for key in ("screen", "understand", "retrieve", "compose", "check"):
        state = "now" if steps and key == steps[-1] else "done" if key in steps else ""
        said = f" <span>({escape(names[state])})</span>" if state else ""
        items.append(f'<li class="pa-{state or "later"}">{escape(names[key])}{said}</li>')
    first = f"<p>{escape(waiting)}</p>" if waiting else ""
    return f'<div class="pa-turn pa-progress"><h2>{escape(words("ask.working"))}</h2>{first}<ol>{"".join(items)}</ol></div>'


def _blocks(text: str) -> list[tuple[str, str]]:
    """(heading, body) of each stretch of the text; the first may have no heading."""
    blocks: list[tuple[str, str]] = []
    pieces = _HEADED.split(text)
    if pieces[0].strip():
        # The opening and what follows it stand apart, so that the strip can stand between them.
        blocks += [("", p) for p in re.split(r"\n\n(?![ \t]*(?:[-*|]|\d+\.) ?)", pieces[0].strip())]
    blocks += [(h, b.strip()) for h, b in zip(pieces[1::2], pieces[2::2], strict=True)]
    return blocks


def _marked(text: str, used: Iterable[str]) -> str:
    """Running text with every stretch an answer rests on marked, space and case aside."""
    found = (re.search(r"\s+".join(map(re.escape, words.split())), text, re.IGNORECASE) for words in used if words.strip())
    html, at = "", 0
    for start, end in sorted(f.span() for f in found if f):
        if start >= at:
            html += f"{escape(text[at:start])}<mark>{escape(text[start:end])}</mark>"
            at = end
    return html + escape(text[at:])


def _highlighted(line: str, used: Iterable[str]) -> str:
    """The line with the words an answer rests on marked, space and case aside."""
    plain = _plain(line)
    for words in used:
        wanted = _plain(words)
        if not wanted:
            continue
        if plain in wanted or plain == wanted:
            return f"<mark>{escape(line)}</mark>"
        if wanted in plain:
            pattern = r"\s+".join(re.escape(w) for w in words.split())
            found = re.search(pattern, line, re.IGNORECASE)
            if found:
                return f"{escape(line[: found.start()])}<mark>{escape(found[0])}</mark>{escape(line[found.end() :])}"
    return escape(line)


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".?!")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def day(iso: str, words: Words) -> str:
    """An ISO date or time as a person reads it."""
    year, month, number = iso[:10].split("-")
    return words("date.day", day=int(number), month=words("date.months").split()[int(month) - 1], year=year)


def moment(iso: str, words: Words) -> str:
    """A stored time as a person reads it. Stored times are UTC and said to be."""
    return words("date.moment", day=day(iso, words), time=iso[11:16])
