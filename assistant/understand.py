"""What a question means: made to stand alone, what kind it is, which nation and which framework terms it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from assistant.errors import KnowledgeError
from assistant.knowledge import Library
from assistant.strict import read_yaml
from assistant.types import FACETS, Kind, Member, Turn

_CONTINUES = re.compile(
    r"^\s*(and|but|so|why|who|when|how|ok(ay)?|also|then|what about|how about|tell me more|more|shorter|longer|for|in|"
    r"please|can you|could you|explain)\b|"
    r"\b(that|this|it|they|them|those|these|he|she|there|the (first|second|third|fourth|fifth|last) (one|step|point))\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:step|point|number|item|source|no\.?|about|on)\s*#?(\d{1,2})\b|^\s*#?(\d{1,2})[.)?]?\s*$|\[(\d{1,2})\]", re.IGNORECASE
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6}


@dataclass(frozen=True)
class Meaning:
    """A question read by itself, before anything is searched."""

    text: str  # stands alone
    kind: Kind
    jurisdiction: str | None  # named in the words, not a setting
    subjects: tuple[str, ...]  # ids of framework members named
    follows: bool  # it only makes sense with the turns before
    points_at: int | None  # a numbered step or source of the last answer
    whole: str = ""  # which whole list is asked for: levels, elements, steps


@dataclass(frozen=True)
class Reader:
    """Reads questions by rules kept as data in `knowledge/questions.yaml`."""

    rules: tuple[tuple[Kind, re.Pattern[str]], ...]
    places: tuple[tuple[str, re.Pattern[str]], ...]
    names: tuple[tuple[str, re.Pattern[str]], ...]  # framework member id, pattern

    def read(self, text: str, history: tuple[Turn, ...] = ()) -> Meaning:
        points_at = _pointer(text)
        kind = self._kind(text)
        subjects = self._subjects(text)
        follows = bool(history) and kind not in ("greeting", "thanks", "about") and self._follows(text, subjects, points_at)
        alone = text
        if follows:
            asked = [t.text for t in history if t.role == "user" and t.text.strip()]
            before = asked[-1] if asked else ""
            # A chain of follow-ups leads back to the question that stood alone.
            for earlier in reversed(asked[:-1]):
                if not self._follows(before, self._subjects(before), _pointer(before)):
                    break
                before = f"{earlier} {before}"
            alone = f"{before.strip()} {text}".strip()
            subjects = subjects or self._subjects(alone)
            if kind in ("vague", "other"):
                kind = "follow_up"
        return Meaning(
            alone, kind, self._place(text) or (self._place(alone) if follows else None), subjects, follows, points_at, _whole(text)
        )

    def _kind(self, text: str) -> Kind:
        for kind, pattern in self.rules:
            if pattern.search(text):
                return kind
        content = list(re.findall(r"[^\W\d_]{2,}", text))
        if len(content) < 2 and not self._subjects(text):
            return "vague"
        return "other"

    def _follows(self, text: str, subjects: tuple[str, ...], points_at: int | None) -> bool:
        if points_at is not None:
            return True
        words = len(text.split())
        return (words <= 4 and not subjects) or (words <= 14 and bool(_CONTINUES.search(text)) and not (subjects and words > 6))

    def _subjects(self, text: str) -> tuple[str, ...]:
        found = sorted((m.start(), -len(m.group()), name) for name, p in self.names if (m := p.search(text)))
        return tuple(dict.fromkeys(name for _, _, name in found))

    def _place(self, text: str) -> str | None:
        found = [(m.start(), -len(m.group()), code) for code, p in self.places for m in p.finditer(text)]
        return min(found)[2] if found else None


def _pointer(text: str) -> int | None:
    m = _POINTS.search(text)
    if m and len(text.split()) <= 12:
        return int(next(g for g in m.groups() if g))
    m = re.search(r"\b(?:the )?(first|second|third|fourth|fifth|sixth) (?:one|step|point|of|action)", text, re.IGNORECASE)
    return _ORDINALS[m[1].lower()] if m and len(text.split()) <= 12 else None


def _whole(text: str) -> str:
    m = re.search(r"\b(?:five|5|all|the|list|what are|which)\b.{0,30}\b(levels|elements|ingredients|steps|stages)\b", text, re.IGNORECASE)
    return (
        {"levels": "levels", "elements": "elements", "ingredients": "elements", "steps": "steps", "stages": "steps"}[m[1].lower()]
        if m
        else ""
    )


def load_reader(library: Library, folder: Path) -> Reader:
    """The reader for this library. Raises KnowledgeError naming what is wrong in questions.yaml."""
    name = "questions.yaml"
    data = read_yaml((folder / name).read_text("utf-8"), name)
    slips: list[str] = []
    rules: list[tuple[Kind, re.Pattern[str]]] = []
    for row in data:
        if row.get("kind") not in get_args(Kind):
            slips.append(f"{name}: kind: there is no kind {row.get('kind')!r}")
            continue
        for pattern in row.get("patterns", []):
            try:
                rules.append((row["kind"], re.compile(pattern, re.IGNORECASE)))
            except re.error as error:
                slips.append(f"{name}: {row['kind']}: {pattern!r} is not a pattern ({error})")
    if slips:
        raise KnowledgeError(slips)
    # The longest term first, so that "northern ireland" hides "ireland" inside it.
    terms = sorted(
        ((t, j.code) for j in library.jurisdictions.values() for t in (*j.terms, j.name.lower()) if j.code != "any"),
        key=lambda p: -len(p[0]),
    )
    places = tuple((code, re.compile(rf"(?<![\w.]){re.escape(term)}(?![\w])", re.IGNORECASE)) for term, code in terms)
    names = tuple((m.id, re.compile(rf"\b(?:{'|'.join(map(_spelling, _names(m)))})\b", re.IGNORECASE)) for m in library.members.values())
    return Reader(tuple(rules), places, names)


def _names(member: Member) -> list[str]:
    return [member.id, *([member.name] if member.name.lower() != member.id else [])]


def _spelling(name: str) -> str:
    """Hyphen, space or nothing: people write co-operation, co operation and cooperation."""
    return re.escape(name.lower()).replace(r"\-", r"[\s-]?").replace("factors", "(?:factors?|circumstances)")


def whole_facet(whole: str) -> tuple[str, ...]:
    return next((ids for facet, ids in FACETS.items() if facet + "s" == whole), ())
