"""Is the message about partnership working? If in doubt, yes: the search then says that it has nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.screen.reading import Lexicon, Pattern, Reading
from assistant.screen.weights import Weights


# So many words of ours, and a phrase that looks like another subject is a comparison or an aside.
_PLAINLY_OURS = 6
_POINTS_BACK = frozenset({"it", "this", "that", "these", "those", "we", "us", "our", "they", "them", "she", "he", "you", "your"})


@dataclass(frozen=True)
class _Rule:
    id: str
    reason: str
    patterns: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]


class Scope:
    def __init__(self, data: dict[str, Any], lexicon: Lexicon, weights: Weights | None) -> None:
        self._lexicon = Lexicon({**data["classes"], "minor-number": [], "age": [], "child": []}, lexicon.same, lexicon.known)
        make = self._lexicon.pattern
        self._ours = self._lexicon.mark["our-words"]
        self._rules = tuple(
            _Rule(r["id"], r["reason"], tuple(make(x) for x in r["lines"]), tuple(make(x) for x in r.get("unless", ()))) for r in data["rules"]
        )
        self._weights = weights
        self._other_at = float(data["other-at"])

    def judge(self, text: str, reading: Reading) -> tuple[str, str] | None:
        """The reason for declining and the rule's id, or None for a message of ours."""
        ours = self._lexicon.read(text)
        many = ours.line.count(self._ours)
        for rule in self._rules:
            if many >= _PLAINLY_OURS:
                break
            if any(p.matches(ours) for p in rule.patterns) and not any(p.matches(ours) for p in rule.unless):
                return rule.reason, rule.id
        if self._weights is None or len(reading.words) < 3 or self._ours in ours.seen or not _POINTS_BACK.isdisjoint(reading.words):
            return None
        if self._weights.score("other-subject", reading) > self._other_at:
            return "other-subject", "other-words"
        return None

    def ours(self, text: str) -> bool:
        """Does the text hold a word of our subject?"""
        return self._ours in self._lexicon.read(text).seen
