"""Word weights learnt offline from examples: a logistic regression over word meanings, stored as one number a word.

evals/screen_weights.py makes the file; here it is only added up, so that a person can read why a message was stopped.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from assistant.screen.reading import FIRST_MARK, Lexicon, Reading


class Weights:
    def __init__(self, path: Path, lexicon: Lexicon) -> None:
        head, _, body = path.read_text("utf-8").partition("\n")
        meta = json.loads(head.lstrip("# "))
        self._index = {name: i for i, name in enumerate(meta["kinds"])}
        self._bias: list[float] = meta["bias"]
        self._classes = [{lexicon.mark[c]: w for c, w in row.items() if c in lexicon.mark} for row in meta["classes"]]
        self._words = {}
        for line in body.splitlines():
            word, *numbers = line.split("\t")
            self._words[word] = tuple(int(n) / 1000 for n in numbers)  # how telling the word is, then its weight for each kind

    def score(self, kind: str, reading: Reading) -> float:
        """The probability of the kind, 0..1."""
        return self.score_words(kind, reading.words, reading.seen)

    def score_words(self, kind: str, words: tuple[str, ...], seen: frozenset[str]) -> float:
        at = self._index[kind]
        total, telling = 0.0, 1.0
        for word in words:
            row = self._words.get(word)
            if row is not None:
                telling += row[0]
                total += row[at + 1]
        logit = self._bias[at] + total / telling + sum(w for mark, w in self._classes[at].items() if mark in seen)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

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
                        best = max(best, self.score_words(kind, tuple(sentence), frozenset(seen)))
                    sentence, seen = [], set()
                else:
                    sentence.append(word)
                    seen.update(token[len(word) :])
        return best
