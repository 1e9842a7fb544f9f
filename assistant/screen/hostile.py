"""Finds text that gives orders to the assistant, in messages and in documents, and takes it out."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import Any, Literal

from assistant.screen.planted import Planted
from assistant.screen.reading import HIDDEN, Lexicon, Pattern, Reading, unhide

# A one stands for an l or an i.
_LEET = tuple(str.maketrans("013457@$", f"o{one}eastas") for one in "li")
# The numeral comes first in the pattern and is looked back from, so that most of a text is passed over at once.
_NUMERALS = re.compile(
    r"[013457@$](?:(?<=[A-Za-z].)(?=[A-Za-z])|(?<=\b.)(?=[A-Za-z]{2})|(?<=[A-Za-z]{2}.)\b|(?<=[A-Za-z]1)0(?=[A-Za-z])|"
    r"(?<=\b1)(?=\w*[A-Za-z]))"
)
_SENTENCE = re.compile(r"(?:[^.!?\n]|\.(?=\w))+(?:[.!?]+[\"')\]]*|\n|$)|[.!?\n]+")
_SPACED = re.compile(r"\b(?:[A-Za-z][ .*_-]{1,2}){4,}[A-Za-z]\b")
_CHOPPED = re.compile(r"(?:\b\w+[.\n]\s*){3}")  # IGNORE. ALL. PREVIOUS.
_LETTERS = re.compile(r"[a-z]{3,}")
_TURNED = 3  # so many words that can be read only when turned
# Letters to be put together by the reader: PRO and then MPT, or I-N-S-T-R and U-C-T-I-O-N-S. None of these is in one piece.
_PIECES = re.compile(r"(?<![\w-])[A-Z](?:[A-Z]{0,7}|(?:-[A-Z])+)(?![\w-])")
_IN_PIECES = re.compile("PROMPT|INSTRUCTION|SYSTEM|IGNORE|DISREGARD|JAILBREAK|PASSWORD|GUARDRAIL|OVERRIDE")
_ABC = "abcdefghijklmnopqrstuvwxyz"
_ROT13 = str.maketrans(_ABC + _ABC.upper(), _ABC[13:] + _ABC[:13] + _ABC[13:].upper() + _ABC[:13].upper())
_BLOB = re.compile(r"(?<![\w/+=])[A-Za-z0-9+/]{20,}={0,2}(?![\w/+=])")
_HEX = re.compile(r"(?:\b(?:0x|\\x)?[0-9a-fA-F]{2}\b[ ,:]?|\\x[0-9a-fA-F]{2}){8,}")
_TAGS = re.compile("[\U000e0000-\U000e007f]+")
_JOINED = re.compile("(?<=[A-Za-z])[\u00ad\u200b-\u200d\u2060\ufeff]+(?=[A-Za-z])")
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\((?:[^()]|\([^()]*\))*\)")
# Other ways to link: by a reference, by an address in angle brackets, by a tag. A tag that fetches anything has an attribute;
# "<name of school>" is a gap to be filled in.
_LINKED = re.compile(
    r"!?\[(?!\d)([^\]]+)\]\[[^\]]*\]|^ *\[[^\]]+\]: *<?(?:\w+:|/|www\.)\S*.*$"
    r"|<(?:https?|mailto):[^>\s]*>|</\w+>|<[A-Za-z]+\s[^<>\n]*=[^<>\n]*>",
    re.MULTILINE,
)
_MARK = re.compile(r"\[(\d{1,3})\]")  # would be taken for a mark of ours, which says what a sentence rests on
LEFT_OUT = "[passage left out]"
BY_EXAMPLES = "planted-by-examples"  # no rule's words, but the ways of sentences that are


@dataclass(frozen=True)
class Finding:
    """A passage that gives orders or hides; offsets in the text as given."""

    rule: str
    start: int
    end: int


Lines = tuple[tuple[int, Pattern], ...]


@dataclass(frozen=True)
class _Rule:
    """Each line beside the needs it has, as bits: most lines are passed over by one look at the words that are missing."""

    id: str
    where: str
    lines: Lines
    unless: Lines

    def fires(self, reading: Reading, missing: int, strict: bool) -> bool:
        return _any(self.lines, reading, missing) and not (strict and _any(self.unless, reading, missing))


def _any(lines: Lines, reading: Reading, missing: int) -> bool:
    return any(line.regex.search(reading.line) for line in [line for needs, line in lines if not needs & missing])


class Hostile:
    def __init__(self, data: dict[str, Any], lexicon: Lexicon, planted: Planted) -> None:
        self._planted = planted
        # a word that a line asks for is never read as a misspelling of another
        lines = (x for r in data["rules"] for x in (*r["lines"], *r.get("unless", ())))
        asked = frozenset(word for line in lines for word in re.findall(r"[a-z]{4,}", line))
        self._lexicon = Lexicon(data["classes"], lexicon.same, lexicon.known | asked)
        bits: dict[frozenset[str], int] = {}

        def make(rows: list[str]) -> Lines:
            made = [self._lexicon.pattern(row) for row in rows]
            return tuple((sum({bits.setdefault(need, 1 << len(bits)) for need in line.needs}), line) for line in made)

        self._rules = tuple(_Rule(r["id"], r["where"], make(r["lines"]), make(r.get("unless", []))) for r in data["rules"])
        self._needs: dict[str, int] = {}
        for need, bit in bits.items():
            for word in need:
                self._needs[word] = self._needs.get(word, 0) | bit
        self._no_machine = re.compile(data["not-a-machine"])
        self._forms = tuple((f["id"], re.compile(f["pattern"]), tuple(f["near"])) for f in data["forms"])
        patterns = {f["id"]: f["pattern"] for f in data["forms"]}
        self._blocks = re.compile(patterns["comment"] + r"|(?i:<script\b[\s\S]*?(?:</script>|$))")

    def find(self, text: str, where: Literal["message", "document"]) -> tuple[Finding, ...]:
        """Each hostile passage, sentence by sentence, in order."""
        found = [
            Finding("hidden-characters", m.start(), m.end())
            for m in _TAGS.finditer(text)
            if not text[: m.start()].endswith("\U0001f3f4")  # a flag is spelt with these
        ]
        if len(_JOINED.findall(text)) > 1:
            found += [Finding("hidden-characters", m.start(), m.end()) for m in _JOINED.finditer(text) if self._rule(unhide(text), where)]
        plain = text.casefold().replace("ı", "i")  # what a pattern that minds no case takes for an i
        for name, pattern, near in self._forms:
            if not any(sign in plain for sign in near):
                continue
            found += [Finding(name, m.start(), m.end()) for m in pattern.finditer(text)]
        for m in _BLOB.finditer(text):
            decoded = _decode(m[0])
            if decoded and (where == "message" or self._rule(decoded, where)) and " " in decoded:
                found.append(Finding("encoded", m.start(), m.end()))
        found += [Finding("encoded", m.start(), m.end()) for m in _HEX.finditer(text) if _is_text(m[0])]
        if self._rule(text, where, strict=False):  # no rule reaches across sentences, so one look at the whole is enough
            for m in _SENTENCE.finditer(text):
                rule = self._rule(m[0], where) if m[0].strip() else None
                if rule:
                    found.append(Finding(rule, m.start(), m.end()))
        found += self._turned(text, where)
        if where == "message" and not found:
            found += _in_pieces(text)
        if not found and where == "message" and _CHOPPED.search(text):
            rule = self._rule(text.replace(".", " ").replace("\n", " "), where)
            if rule:
                found.append(Finding(rule, 0, len(text)))
        return tuple(sorted(found, key=lambda f: (f.start, f.end)))

    def _turned(self, text: str, where: str) -> list[Finding]:
        """Orders spelt backwards or with each letter moved by thirteen, told by words that are words only so."""
        known = self._lexicon.known
        words = {w for w in _LETTERS.findall(text.lower()) if w not in known}
        if len(words) < _TURNED:
            return []
        found, n = [], len(text)
        if sum(w[::-1] in known for w in words) >= _TURNED:
            found += [Finding("backwards", n - m.end(), n - m.start()) for m in _SENTENCE.finditer(text[::-1]) if self._rule(m[0], where)]
        if sum(w.translate(_ROT13) in known for w in words) >= _TURNED:
            plain = text.translate(_ROT13)
            found += [Finding("rot13", m.start(), m.end()) for m in _SENTENCE.finditer(plain) if self._rule(m[0], where)]
        return found

    def _rule(self, sentence: str, where: str, strict: bool = True) -> str | None:
        seen = self._no_machine.sub("colleague", unhide(sentence))
        forms = [seen]
        if any(c.isdigit() or c in "@$" for c in seen):
            forms += [form for table in _LEET if (form := _NUMERALS.sub(partial(_letters, table), seen)) != seen]
        if _SPACED.search(seen):
            forms.append(re.sub(r"(?<=\b\w)[ .*_-](?=\w\b)", "", re.sub(r" {2,}", "  ", seen)))
            forms.append(re.sub(r"(?<=\b\w)[.*_-](?=\w\b)", "", seen))
        for form in forms:
            reading = self._lexicon.read(f".\n{form}")  # lines can ask for the start of a sentence
            missing = ~reduce(or_, (self._needs.get(word, 0) for word in reading.seen), 0)
            for rule in self._rules:
                if rule.where in {"both", where} and rule.fires(reading, missing, strict):
                    return rule.id
        return None

    def without(self, text: str, found: tuple[Finding, ...]) -> str:
        """The text with the sentences that hold a finding left out, and hidden characters gone."""
        told = [f for f in found if f.rule not in {"hidden-characters", "comment"}]
        begins = [f.end - len(text[f.start : f.end].lstrip()) for f in told]  # a line break before it belongs to the sentence before
        spans = [
            (m.start(), m.end())
            for m in _SENTENCE.finditer(text)
            if any(begin < m.end() and m.start() < f.end for begin, f in zip(begins, told, strict=True))
        ]
        spans += [(f.start, f.end) for f in found]
        out, at = [], 0
        for start, end in sorted(spans):
            if start > at:
                out.append(text[at:start])
            if end > at:
                if start >= at and (not out or not out[-1].rstrip().endswith(LEFT_OUT)):
                    out.append(f" {LEFT_OUT} " if text[start:end].strip() else " ")
                at = max(at, end)
        out.append(text[at:])
        return HIDDEN.sub("", "".join(out)).strip()

    def clean_document(self, text: str) -> tuple[str, tuple[Finding, ...]]:
        # blocks nobody sees go whole, and what stands beside them is read without them
        blocks = [Finding("comment", m.start(), m.end()) for m in self._blocks.finditer(text)]
        seen = self._blocks.sub(lambda m: " " * len(m[0]), text)
        told = [*self.find(seen, "document"), *blocks]
        rest = (m for m in _SENTENCE.finditer(seen) if not any(f.start < m.end() and m.start() < f.end for f in told))
        told += [Finding(BY_EXAMPLES, m.start(), m.end()) for m in rest if self._planted.told(unhide(m[0]))]
        found = tuple(sorted(told, key=lambda f: (f.start, f.end)))
        clean = self.without(text, found) if found else HIDDEN.sub("", text)
        return _MARK.sub(r"(\1)", _LINKED.sub(r"\1", _LINK.sub(r"\1", _IMAGE.sub("", clean)))), found


def _in_pieces(text: str) -> list[Finding]:
    """A word that only a machine has, to be made of letters over several steps."""
    pieces = list(_PIECES.finditer(text))
    if len(pieces) < 2 or text.isupper():
        return []
    plain = [p[0].replace("-", "") for p in pieces]
    spelt = _IN_PIECES.search("".join(plain))
    if not spelt or any(_IN_PIECES.search(piece) for piece in plain):
        return []
    return [Finding("in-pieces", pieces[0].start(), pieces[-1].end())]


def _letters(table: dict[int, int], found: re.Match[str]) -> str:
    return found[0].translate(table)


def _is_text(pairs: str) -> bool:
    """Do pairs of hexadecimal digits spell words?"""
    spelt = bytes(int(pair, 16) for pair in re.findall(r"(?:0x|\\x)?([0-9a-fA-F]{2})", pairs)).decode("latin-1")
    return sum(c.isascii() and (c.isalpha() or c == " ") for c in spelt) > 0.85 * len(spelt)


def _decode(blob: str) -> str | None:
    try:
        text = base64.b64decode(blob + "=" * (-len(blob) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return text if text.isprintable() and sum(c.isalpha() or c == " " for c in text) > 0.85 * len(text) else None
