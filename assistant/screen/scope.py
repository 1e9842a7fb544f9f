"""Is the message about partnership working? If in doubt, yes: the search then says that it has nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.screen.reading import Lexicon, Pattern, Reading
from assistant.screen.weights import Weights

# So many words of ours, and a phrase that looks like another subject is a comparison or an aside.
_PLAINLY_OURS = 6
_REASONS = ("single-case", "own-legal-position", "medical")
BY_WORDS = "other-words"  # the id given where no rule fired and the words as a whole decided
_OURS = "ours"  # the reason of a rule that keeps a message in scope
_EVEN = 0.5  # each is weighed against another subject
_GREETING = 4  # words: a longer message that begins with a greeting is judged by the rest
_NAMES_ITS_SUBJECT = 6  # words: so short a message with a word of ours is most likely about that word
_FEWEST = 3  # words: a shorter message is too short to tell
_ASKS = frozenset(
    (
        "who what which when where why how is are do does did can could would will should give write tell make find get "
        "explain show draft suggest recommend plan help generate create list name compare calculate translate best "
        "cheapest please need i draw design summarise summarize compose pick choose teach describe define"
    ).split()
)
_POINTS_BACK = frozenset({"it", "this", "that", "these", "those", "we", "us", "our", "they", "them", "she", "he"})


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
        self._ours, self._shared = self._lexicon.mark["our-words"], self._lexicon.mark["shared-words"]
        self._rules = tuple(
            _Rule(r["id"], r["reason"], tuple(make(x) for x in r["lines"]), tuple(make(x) for x in r.get("unless", ())))
            for r in data["rules"]
        )
        self._borrowed = tuple(make(line) for line in data["borrowed"])
        self._greetings = self._lexicon.mark["greetings"]
        self._neutral = frozenset(data["classes"]["neutral"])
        self._offers = {name: [f" {w} " for w in words] for name, words in data["offers"].items()}
        self._weights = weights
        self._other_at, self._request_at, self._shared_at = (float(data[k]) for k in ("other-at", "request-at", "shared-at"))
        self._points_back_at, self._named_at, self._ours_at = (float(data[k]) for k in ("points-back-at", "named-at", "ours-at"))
        self._short_at, self._borrowed_at = float(data["short-at"]), float(data["borrowed-at"])

    def judge(self, text: str, masked: str, reading: Reading) -> tuple[str, str] | None:
        """The reason for declining and the rule's id, or None for a message of ours.

        Rules are held against the text as it is and as it is masked: a line may name `[person 1]`.
        """
        ours = self._lexicon.read(text)
        both = (ours,) if masked == text else (ours, self._lexicon.read(masked))
        own = self._without_borrowed(ours)
        borrows = own != ours.line
        many = own.count(self._ours) + own.count(self._shared)
        for rule in self._rules:
            if many >= _PLAINLY_OURS:
                break
            if any(p.matches(r) for p in rule.patterns for r in both) and not any(p.matches(ours) for p in rule.unless):
                if rule.reason == "other-subject" and many and self.leans(reading) < self._named_at:
                    continue  # a word of ours, and the words as a whole are ours: an aside or a comparison
                return None if rule.reason == _OURS else (rule.reason, rule.id)
        words = [w for w in reading.words if w != "."]
        if words[:1] and words[0] in {"can", "could", "would", "will", "please"} and "you" in words[1:3]:
            words.remove("you")
        if len(words) <= _GREETING and self._greetings in "".join(ours.line.split()[:3]):
            return None
        if len(words) < _FEWEST or self._neutral.issuperset(words):
            return None
        asks = words[0] in _ASKS and len(words) > _FEWEST
        points_back = not _POINTS_BACK.isdisjoint(words)
        if borrows and not points_back and self._ours not in own:
            bar = self._borrowed_at
        else:
            bar = self._request_at if asks else self._other_at
            if self._shared in own:
                bar = max(bar, self._shared_at)
            if points_back:
                bar = max(bar, self._points_back_at)
            if self._ours in own:
                bar = max(bar, self._short_at if len(words) <= _NAMES_ITS_SUBJECT else self._ours_at)
        return (self._reason(reading), BY_WORDS) if self.leans(reading) > bar else None

    def _without_borrowed(self, reading: Reading) -> str:
        """The marked text without phrases in which a word of ours means something else: a board game, a tax threshold."""
        line = reading.line
        for p in self._borrowed:
            if p.possible(reading):
                line = p.regex.sub(" - ", line)
        return line

    def leans(self, reading: Reading) -> float:
        """How much the words as a whole sound like something that is not ours, 0..1."""
        return self._weights.score("out", reading) if self._weights else 0.0

    def _reason(self, reading: Reading) -> str:
        """Of the reasons for declining, the one that the words suggest."""
        likely = {r: self._weights.score(r, reading) for r in _REASONS} if self._weights else {}
        reason = max(likely, key=likely.__getitem__, default="other-subject")
        return reason if likely.get(reason, 0.0) > _EVEN else "other-subject"

    def offer(self, text: str) -> str | None:
        """The name of the question nearest to a message that is not ours."""
        plain = f" {' '.join(self._lexicon.read(text).words)} "
        return next((name for name, words in self._offers.items() if any(w in plain for w in words)), None)

    def ours(self, text: str) -> bool:
        """Does the text hold a word of our subject?"""
        return not {self._ours, self._shared}.isdisjoint(self._lexicon.read(text).seen)
