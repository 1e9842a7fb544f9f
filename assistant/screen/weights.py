"""Word weights learnt offline from examples: a logistic regression over word meanings, stored as one number a word.

evals/screen_weights.py makes the file; here it is only added up, so that a person can read why a message was stopped.
"""

from __future__ import annotations

import json
import math
from itertools import combinations, pairwise
from pathlib import Path

from assistant.screen.reading import FIRST_MARK, Lexicon, Reading


class Weights:
    def __init__(self, path: Path, lexicon: Lexicon) -> None:
        head, _, body = path.read_text("utf-8").partition("\n")
        meta = json.loads(head.lstrip("# "))
        self._index = {name: i for i, name in enumerate(meta["kinds"])}
        self._bias: list[float] = meta["bias"]
        self._classes = [{lexicon.mark[c]: w for c, w in row.items() if c in lexicon.mark} for row in meta["classes"]]
        self._pairs: list[dict[tuple[str, str], float]] = []
        for row in meta.get("pairs", [{} for _ in meta["kinds"]]):
            marks = {tuple(lexicon.mark.get(c, "") for c in pair.split()): w for pair, w in row.items()}
            self._pairs.append({(min(a, b), max(a, b)): w for (a, b), w in marks.items()})
        # how telling the word is, then its weight for each kind; a row of two words is a pair of neighbours
        self._words: dict[str, str] = {}
        for line in body.splitlines():
            word, _, numbers = line.partition("\t")
            self._words[word] = numbers
        self._read: dict[str, tuple[float, ...]] = {}

    def score(self, kind: str, reading: Reading) -> float:
        """The probability of the kind, 0..1."""
        return self._score(kind, reading.words, reading.seen)

    def highest(self, kind: str, reading: Reading) -> float:
        """The highest score of the whole message and of each of its sentences."""
        best = self.score(kind, reading)
        if "." in reading.words:
            sentence: list[str] = []
            seen: set[str] = set()
            for token in (*reading.line.split(), "."):
                word = token.rstrip("".join(c for c in token if ord(c) >= FIRST_MARK))
                if word == ".":
                    if len(sentence) > 3:
                        best = max(best, self._score(kind, tuple(sentence), frozenset(seen)))
                    sentence, seen = [], set()
                else:
                    sentence.append(word)
                    seen.update(token[len(word) :])
        return best

    def _score(self, kind: str, words: tuple[str, ...], seen: frozenset[str]) -> float:
        at = self._index[kind]
        total, telling = 0.0, 1.0
        for word in words:
            row = self._row(word)
            if row:
                telling += row[0]
                total += row[at + 1]
        logit = self._bias[at] + total / telling
        for pair in {f"{a} {b}" for a, b in pairwise(words)}:
            row = self._row(pair)
            if row:
                logit += row[at + 1]
        classes, pairs = self._classes[at], self._pairs[at]
        marks = sorted(m for m in seen if m in classes)
        logit += sum(classes[m] for m in marks) + sum(pairs.get(p, 0.0) for p in combinations(marks, 2))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    def _row(self, word: str) -> tuple[float, ...]:
        row = self._read.get(word)
        if row is None:
            numbers = self._words.get(word)
            if numbers is None:
                return ()
            row = self._read[word] = tuple(int(n) / 1000 for n in numbers.split("\t"))
        return row
