"""Reads a text for the rules: undoes disguise, slang and misspelling, and marks each word with its meaning classes.

A rule is written over words and `<classes>`; here both become one regular expression over the marked text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property

FIRST_MARK = 0xE000  # one private-use character for each class

# Characters nobody sees: soft hyphen, zero-width, direction marks, variation selectors, tag characters.
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# Greek and Cyrillic letters that look Latin.
_LOOKS = str.maketrans(
    "аАеЕоОрРсСхХуУіІјЈѕЅһқԛԝВКМНТαΑεΕοΟρΡτΤυΥιΙκΚνΝΒΗΜΧΖ",
    "aAeEoOpPcCxXyYiIjJsShkqwBKMHTaAeEoOpPtTuYiIkKvNBHMXZ",
)
_QUOTES = str.maketrans("’‘‛ʼ′`´“”„″", "'''''''\"\"\"\"")
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.:/]\d+)*|[.!?;\n|]+")


def unhide(text: str) -> str:
    """The text as a reader sees it: hidden characters out, look-alike letters and quotes made plain."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", HIDDEN.sub("", text)).translate(_QUOTES)
    if any("\u0370" <= c <= "\u052f" for c in text):  # only inside words that mix alphabets
        text = re.sub(r"\w+", lambda m: m[0].translate(_LOOKS) if re.search("[A-Za-z]", m[0] + m[0].translate(_LOOKS)) else m[0], text)
    return text


def inflect(base: str) -> set[str]:
    """Regular English forms of a verb or noun, wrong ones included: they harm nobody."""
    forms = {base, base + "s", base + "es", base + "ed", base + "ing", base + "in"}
    if base.endswith("e"):
        forms |= {base + "d", base[:-1] + "ing", base[:-1] + "in"}
    if base.endswith("y"):
        forms |= {base[:-1] + "ies", base[:-1] + "ied"}
    if len(base) > 2 and base[-1] not in "aeiouwy" and base[-2] in "aeiou":
        forms |= {base + base[-1] + "ed", base + base[-1] + "ing", base + base[-1] + "in"}
    return forms


@dataclass(frozen=True)
class Reading:
    """A marked text: `line` is what rules match; `marks` holds every class and word found, for a quick first look."""

    line: str
    words: tuple[str, ...]
    seen: frozenset[str]


@dataclass
class Lexicon:
    """Words by class, other spellings of words, and the words that are never respelt."""

    classes: dict[str, list[str]]
    same: dict[str, str]  # slang, dialect and texting to plain words; the value may be several words
    known: frozenset[str] = frozenset()
    mark: dict[str, str] = field(init=False)
    _single: dict[str, str] = field(init=False, default_factory=dict)
    _phrases: dict[str, list[tuple[tuple[str, ...], str]]] = field(init=False, default_factory=dict)
    _deletes: dict[str, str] = field(init=False, default_factory=dict)
    _respelt: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.mark = {name: chr(FIRST_MARK + i) for i, name in enumerate(self.classes)}
        phrases: dict[tuple[str, ...], str] = {}
        for name, entries in self.classes.items():
            mark = self.mark[name]
            for entry in entries:
                base = str(entry).lower().replace("-", " ")  # as a message is read
                *before, last = base.rstrip("+").split()
                for form in inflect(last) if base.endswith("+") else {last}:
                    key = (*before, form)
                    if before:
                        phrases[key] = phrases.get(key, "") + mark
                    elif mark not in self._single.get(form, ""):
                        self._single[form] = self._single.get(form, "") + mark
        for words, marks in phrases.items():
            self._phrases.setdefault(words[0], []).append((words, marks))
        for found in self._phrases.values():
            found.sort(key=lambda p: -len(p[0]))
        self.known = self.known | frozenset(self._single) | frozenset(w for p in phrases for w in p) | frozenset(self.same)
        for word in sorted(self._single):
            if len(word) >= 5 and word.isascii():
                for cut in _cuts(word, 2 if len(word) >= 9 else 1):
                    self._deletes.setdefault(cut, word)

    def respell(self, word: str) -> str:
        """The word of a class that a misspelling most likely stands for, else the word itself."""
        if len(word) < 4 or word in self.known or not word.isascii():
            return word
        if word not in self._respelt:
            squeezed = re.sub(r"(.)\1+", r"\1\1", word)
            best = squeezed if squeezed in self._single else re.sub(r"(.)\1+", r"\1", word)
            if best not in self._single:
                best = next(
                    (
                        self._deletes[c]
                        for c in _cuts(word, 2 if len(word) >= 9 else 1)
                        if c in self._deletes and abs(len(self._deletes[c]) - len(word)) < 2
                    ),
                    word,
                )
            if len(self._respelt) > 20000:
                self._respelt.clear()
            self._respelt[word] = best
        return self._respelt[word]

    def read(self, text: str) -> Reading:
        """Mark a text. Long texts are read whole: no part of a message may hide in its length."""
        words: list[str] = []
        for m in _TOKEN.finditer(unhide(text)):
            raw = m[0]
            if raw[0] in ".!?;\n|":
                words.append(".")
                continue
            word = raw.lower()
            plain = self.same.get(word)
            if plain is None and "'" in word:
                plain = self.same.get(word.replace("'", "")) or _split(word)
            if plain is None:
                plain = self.respell(word)
                plain = self.same.get(plain, plain)
            words.extend(plain.split())
        return self._marked(words)

    def _marked(self, words: list[str]) -> Reading:
        marks = [self._single.get(w, "") for w in words]
        for i, word in enumerate(words):
            for phrase, more in self._phrases.get(word, ()):
                if words[i + 1 : i + 2] == [phrase[1]] and tuple(words[i : i + len(phrase)]) == phrase:
                    for j in range(i, i + len(phrase)):
                        marks[j] += more
            form = _age(words, i) if word in _OPENS_AN_AGE or word.isdigit() else None
            if form:
                for j in range(i, i + form[0]):
                    marks[j] += "".join(self.mark.get(c, "") for c in form[1])
        line = " " + " ".join(w + m for w, m in zip(words, marks, strict=True)) + " "
        return Reading(line, tuple(words), frozenset(words).union(*marks))

    def pattern(self, text: str) -> Pattern:
        """Compile a rule's line. Words, `a|b`, `<class>`, `stem*`, `*ending`, `two_words`, a trailing `?` for may be missing,
        `..` for up to three words between, `...` for up to eight, neither across the end of a sentence; `//` for anywhere later."""
        regex, needs = [" "], []
        for token in text.split():
            if token in {"..", "...", "//"}:
                regex.append({"..": "(?:[^ .]+ ){0,3}?", "...": "(?:[^ .]+ ){0,8}?", "//": "(?:[^ ]+ )*?"}[token])
                continue
            optional = token.endswith("?")
            choices = [c if c[0] == "<" else c.replace("-", "_") for c in token.rstrip("?").split("|")]
            inner = "(?:" + "|".join(self._choice(c) for c in choices) + ") "
            regex.append(f"(?:{inner})?" if optional else inner)
            if not optional and not any("*" in c for c in choices):
                needs.append(frozenset(self.mark[c[1:-1]] if c[0] == "<" else c.split("_")[0] for c in choices))
        return Pattern(text, "".join(regex), tuple(needs))

    def _choice(self, choice: str) -> str:
        if choice[0] == "<":
            return f"[^ .]*{self.mark[choice[1:-1]]}[^ ]*"  # KeyError names the class that does not exist
        if choice.endswith("*"):
            return re.escape(choice[:-1]) + "[^ ]*"
        if choice[0] == "*":
            return f"[^ .]+{re.escape(choice[1:])}[{chr(FIRST_MARK)}-\uf8ff]*"
        return " ".join(re.escape(word) + f"[{chr(FIRST_MARK)}-\uf8ff]*" for word in choice.split("_"))


@dataclass(frozen=True)
class Pattern:
    text: str
    source: str
    needs: tuple[frozenset[str], ...]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Compiled when first needed: few of the rules are ever tried on a message."""
        return re.compile(self.source)

    def possible(self, reading: Reading) -> bool:
        seen = reading.seen
        for need in self.needs:  # noqa: SIM110 - asked a thousand times a message: a generator takes twice as long
            if need.isdisjoint(seen):
                return False
        return True

    def matches(self, reading: Reading) -> bool:
        return self.possible(reading) and self.regex.search(reading.line) is not None


NUMBERS = {
    w: i
    for i, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen".split()
    )
}


_OPENS_AN_AGE = frozenset({*NUMBERS, "year", "yr", "grade", "y", "aged"})


def _number(word: str) -> int | None:
    if word.isascii() and word.isdigit() and len(word) < 4:
        return int(word)
    return NUMBERS.get(word)


def _age(words: list[str], i: int) -> tuple[int, tuple[str, ...]] | None:
    """`6 year old`, `year 9`, `aged 4`, `three months`: how many words, and the classes."""
    after = words[i + 1 : i + 4]
    number = _number(words[i])
    if number is not None and number < 18:
        if (
            after[:1]
            and after[0] in {"year", "years", "yr", "yrs", "month", "months", "week", "weeks", "day", "days"}
            and after[1:2]
            and after[1] in {"old", "olds"}
        ):
            return 3, ("child", "age")
        if after[:1] and after[0] in {"yo", "yrs", "yr", "yro"}:
            return 2, ("child", "age")
        return 1, ("minor-number",)
    if words[i] in {"year", "yr", "grade", "y"} and after[:1] and (n := _number(after[0].rstrip("s"))) is not None and n < 14:
        return 2, ("child",)
    if words[i] == "aged" and after[:1] and (n := _number(after[0])) is not None and n < 18:
        return 2, ("age",)
    return None


_ENDINGS = {"'m": " am", "'re": " are", "'ve": " have", "'ll": " will", "'d": " would", "n't": " not", "'s": " 's"}


@cache
def _split(word: str) -> str:
    if word in {"won't", "can't", "shan't"}:
        return {"won't": "will not", "can't": "can not", "shan't": "shall not"}[word]
    for ending, plain in _ENDINGS.items():
        if word.endswith(ending):
            return word[: -len(ending)] + plain
    return word.replace("'", "")


_LONGEST_WORD = 24


def _cuts(word: str, depth: int) -> Iterable[str]:
    """The word and what is left when one or two letters are taken out: near words share such a rest.

    No word of the lexicon is as long as `_LONGEST_WORD`; a longer one is taken as it is, for its cuts grow with the square.
    """
    seen = {word: None}
    if len(word) > _LONGEST_WORD:
        return seen
    edge = [word]
    for _ in range(depth):
        edge = [w[:i] + w[i + 1 :] for w in edge for i in range(len(w))]
        seen.update(dict.fromkeys(edge))
    return seen
