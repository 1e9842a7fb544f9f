"""Misspelt words as the library writes them, for what is searched and composed: a person's own words are shown as they stand.

The screens respell too, to words of danger and two letters away, since there a miss is worse; here flipchart is no flowchart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

_WORD = re.compile(r"\b[a-z]{6,}\b")  # a shorter word lies near too many others, and a capital may begin a name
_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = frozenset("aeiouy")
_OFTEN = 5


class Spelling:
    """`texts` are the library's own; `known` are plain words and names, left alone though the library has none of them."""

    def __init__(self, texts: Iterable[str], known: frozenset[str]) -> None:
        counted = Counter(w for text in texts for w in _WORD.findall(text.lower()))
        # The questions that a card answers hold misspellings of their own: what is in no word list has to stand often to be a word.
        own = [w for w, n in sorted(counted.items(), key=lambda x: (-x[1], x[0])) if w in known or n > _OFTEN]
        self._known = known.union(own)
        self._near: dict[str, str] = {}
        for word in own:
            for form in _forms(word):
                self._near.setdefault(form, word)

    def mended(self, text: str) -> str:
        """The text with each word that nobody knows put as a word of the library that differs in double letters or in one letter."""
        return _WORD.sub(lambda m: self._word(m[0]), text)

    def _word(self, word: str) -> str:
        if word in self._known or word.removesuffix("s") in self._known:
            return word
        found = (self._near[form] for form in _forms(word) if form in self._near)
        return next((w for w in found if _alike(word, w)), word)


def _alike(one: str, other: str) -> bool:
    """Without doubles: a letter too many, two letters exchanged, or one vowel for another; arrears is no way to write appears."""
    a, b = _DOUBLED.sub(r"\1", one), _DOUBLED.sub(r"\1", other)
    if len(a) != len(b):
        return abs(len(a) - len(b)) == 1
    apart = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return not apart or sorted(a) == sorted(b) or (len(apart) == 1 and _VOWELS.issuperset(apart[0]))


def _forms(word: str) -> Iterator[str]:
    """What two spellings of one word have in common: the letters without doubles, then without any one but the first."""
    single = _DOUBLED.sub(r"\1", word)
    yield single
    yield from (single[:n] + single[n + 1 :] for n in range(1, len(single)))
