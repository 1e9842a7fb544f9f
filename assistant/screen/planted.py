"""Tells what was planted in a document from the sound sentences around it, by examples, where no rule has its words.

A logistic regression over words, pairs of neighbours and cues, stored as one number each: evals/screen_planted.py makes the
table from `planted.yaml`, here it is only added up. What a sentence means (its embedding) would catch a few more for sixty
times the work of each sentence.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from assistant.learn import Cues, words

LABELS = PLANTED, SOUND = "planted", "sound"
_FEWEST = 5  # words from which a sentence can be told


class Planted:
    def __init__(self, path: Path) -> None:
        """Raises ValueError for a table that is not ours."""
        try:
            self._read(path)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{path.name} is no table of ours: make it anew with `python -m evals.screen_planted`") from error

    def _read(self, path: Path) -> None:
        head, _, body = path.read_text("utf-8").partition("\n")
        meta = json.loads(head.lstrip("# "))
        self._bias, self._least = float(meta["bias"]), float(meta["least"])
        self._about = about_of(meta["about"])
        self._cues = cues_of({name: pattern for name, (pattern, _) in meta["cues"].items()})
        self._of_cues = [float(weight) for _, weight in meta["cues"].values()]
        rows = (line.split("\t") for line in body.splitlines())
        self._terms = {term: (int(rarity) / 1000, int(weight) / 1000) for term, rarity, weight in rows}

    def told(self, sentence: str) -> bool:
        return len(sentence.split()) >= _FEWEST and bool(self._about.search(sentence)) and self.score(sentence) >= self._least

    def score(self, sentence: str) -> float:
        """The log-odds that it was planted."""
        held = [self._terms[t] for t in set(words(sentence)) if t in self._terms]
        length = math.sqrt(sum(rarity * rarity for rarity, _ in held)) or 1.0
        counts = self._cues.features(self._cues.found(sentence))
        own = sum(rarity * weight for rarity, weight in held) / length
        return self._bias + own + sum(w * float(n) for w, n in zip(self._of_cues, counts, strict=True))


def about_of(beginnings: Iterable[str]) -> re.Pattern[str]:
    """What a planted sentence speaks of; any other is sound."""
    return re.compile(rf"\b(?:{'|'.join(beginnings)})", re.IGNORECASE)


def cues_of(patterns: Mapping[str, str]) -> Cues:
    """Each pattern weighs by itself."""
    return Cues.compile(tuple(patterns), {name: (pattern,) for name, pattern in patterns.items()})
