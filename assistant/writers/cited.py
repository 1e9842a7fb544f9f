"""Reads an answer in words: lists under headings, whose provider says span by span what it rests on.

Nothing is believed here: numbers and quoted words are handed on to be held against the passages like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.models import Citation, Material, Span

LISTS = ("statements", "steps", "questions", "unanswered")
_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s+(\S.*?)\s*$")
_SPACE = re.compile(r"\s+")


def read(spans: Sequence[Span], headings: Mapping[str, str], material: Sequence[Material]) -> dict[str, Any]:
    """The answer as an object: statements with numbers of passages, counted from 1, and quotes; chosen labels; what is not answered.

    Raises ValueError where no statement stands in it, or none carries a citation.
    """
    found: dict[str, list[tuple[int, int]]] = {key: [] for key in LISTS}
    keys = {heading.casefold(): key for key, heading in headings.items()}
    text, under, at = "".join(span.text for span in spans), "", 0
    for line in text.splitlines(keepends=True):
        if heading := keys.get(line.strip(" \t\r\n#*_:").casefold()):
            under = heading
        elif under and (item := _ITEM.match(line)):
            found[under].append((at + item.start(1), at + item.end(1)))
        at += len(line)
    statements = [_statement(text[a:b], list(_citations(spans, a, b)), material) for a, b in found["statements"]]
    if not any(said["passages"] for said in statements):
        raise ValueError("no statement with a citation stood in it")
    said = {key: [text[a:b] for a, b in found[key]] for key in LISTS[1:]}
    labels = {key: [item.partition(":")[0].strip(" .*") for item in said[key]] for key in ("steps", "questions")}
    return {"statements": statements, **labels, "unanswered": next(iter(said["unanswered"]), "")}


def _citations(spans: Sequence[Span], start: int, end: int) -> Iterator[Citation]:
    """Those of the spans with a word between `start` and `end`; a statement may be cut into several."""
    at = 0
    for span in spans:
        if re.search(r"\w", span.text[max(0, start - at) : max(0, end - at)]):
            yield from span.citations
        at += len(span.text)


def _statement(text: str, citations: Sequence[Citation], material: Sequence[Material]) -> dict[str, Any]:
    quotes = [quote for c in citations for quote in _quotes(c, material)]
    return {"text": text, "passages": list(dict.fromkeys(c.document + 1 for c in citations)), "quotes": quotes}


def _quotes(citation: Citation, material: Sequence[Material]) -> tuple[str, ...]:
    """The pieces cited, if the words are theirs; otherwise the words, which may then stand nowhere."""
    pieces = material[citation.document].pieces if 0 <= citation.document < len(material) else ()
    cited = pieces[citation.first : citation.last] if citation.first >= 0 else ()
    # Pieces that are cited together come back joined, with a space or without.
    return cited if _SPACE.sub("", "".join(cited)) == _SPACE.sub("", citation.words) else (citation.words,)
