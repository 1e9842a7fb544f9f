"""Does a message suggest that a child may be at risk, that the asker is in crisis, or that a colleague is accused?"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from assistant.screen.reading import FIRST_MARK, Lexicon, Pattern, Reading
from assistant.screen.weights import Weights

_MARKS = re.compile(f"[{chr(FIRST_MARK)}-\uf8ff]")
# The kinds of reply, gravest first: of two that are equally likely the graver is given.
_ORDER = ("own-crisis", "immediate", "allegation", "worry")

_JUST_STOPPED = 3  # points
_PLAIN_WORDS = 0.9  # the probability from which the words alone leave little doubt
_SEVERAL = 2  # words of organisations, and a message is most likely about them
_FEWEST = 4  # words: too few to tell from words alone


@dataclass(frozen=True)
class Rule:
    id: str
    points: float
    why: str
    patterns: tuple[Pattern, ...]
    kind: str = ""
    frames: frozenset[str] | None = None  # the frames that may speak against it; None for all

    def fires(self, reading: Reading) -> bool:
        return any(p.regex.search(reading.line) for p in self.patterns if p.possible(reading))


@dataclass(frozen=True)
class Concern:
    """What was found: the kind, or None when the message is not stopped, and the rules that spoke for and against."""

    kind: str | None
    points: float
    rules: tuple[str, ...]

    @property
    def weak(self) -> bool:
        """Only just stopped, with no sign that it is happening now."""
        return (
            (self.by_words or self.kind in {"immediate", "worry"})
            and self.points <= _JUST_STOPPED
            and not (self.by_words and self.points >= _PLAIN_WORDS)
            and not {"happening-now", "with-me", "said-to-be-real"} & set(self.rules)
        )

    @property
    def by_words(self) -> bool:
        """Stopped by no rule: `points` is the probability that the word weights give."""
        return self.rules == ("words",)


class Urgent:
    def __init__(self, data: dict[str, Any], lexicon: Lexicon, weights: Weights | None) -> None:
        self._stop_at = float(data["stop_at"])
        self._rules = tuple(_rule(r, lexicon) for r in data["rules"])
        self._live = tuple(_rule(r, lexicon) for r in data["live"])
        self._frames = tuple(_rule(r, lexicon) for r in data["frames"])
        self._figures = tuple(lexicon.pattern(line) for line in data["figures"])
        self._phrases = [(" " + " ".join(lexicon.read(p).words) + " ", kind) for kind, ps in data["phrases"].items() for p in ps]
        self._calm = tuple(" " + " ".join(lexicon.read(p).words) + " " for p in data["calm"])
        self._way_out = tuple(" " + " ".join(lexicon.read(p).words) + " " for p in data["nobody-at-risk"])
        self._weights = weights
        self._words_at = float(data["words_at"])
        self._raise_to = float(data["raise_to"])
        self._raise = {k: float(v) for k, v in data["raise"].items()}
        self._favour = {k: float(v) for k, v in data["favour"].items()}
        self._doubt_below, self._sure_points = float(data["doubt_below"]), float(data["sure_points"])
        self._org = lexicon.mark["org"]
        self._harm, self._person, self._talk = (frozenset(lexicon.mark[c] for c in data[k]) for k in ("harm", "person", "talk"))

    def judge(self, reading: Reading, exercise: bool = False) -> Concern:
        """What the message suggests. `exercise`: it is said in a rehearsal, where words alone must weigh more."""
        plain = " " + " ".join(reading.words) + " "
        for phrase, kind in self._phrases:
            if phrase in plain:
                return Concern(kind, 10, ("phrase",))
        calm = self._without_figures(reading)
        fired = [r for r in self._rules if r.fires(calm)]
        by_words = self._by_words(calm, exercise)
        if not fired:
            return by_words
        frames = [r for r in self._frames if r.fires(reading)]
        named = frozenset().union(*(r.frames for r in fired if r.frames is not None))
        for_rule = {r.id: [f for f in frames if f.id in (r.frames or named or {f.id})] for r in fired}
        # Each rule is weighed against the frames that may speak against it, and the strongest that is left counts.
        best = max(fired, key=lambda r: r.points + sum(f.points for f in for_rule[r.id]))
        more = [r for r in self._live if r.fires(reading)] + for_rule[best.id]
        # Several rules that agree count a little more than one.
        points = best.points + min(2.0, 0.5 * (len(fired) - 1)) + sum(r.points for r in more)
        stops = points >= self._stop_at
        if stops and self._weights and points < self._sure_points and self._weights.highest("urgent", reading) < self._doubt_below:
            return Concern(None, points, (*(r.id for r in (*fired, *more)), "words-doubt"))
        if stops or by_words.kind is None:
            return Concern(
                self._which(reading, {r.id for r in more}, {r.kind for r in fired}) if stops else None,
                points,
                tuple(r.id for r in (*fired, *more)),
            )
        return by_words

    def leans(self, reading: Reading) -> float:
        """How much the words of the message, or of one of its sentences, sound like a concern, 0..1."""
        return self._weights.highest("urgent", reading) if self._weights else 1.0

    def _by_words(self, reading: Reading, exercise: bool) -> Concern:
        """What the words as a whole suggest, for messages no rule foresaw. An exercise that is not said to be real is let pass."""
        plain = " " + " ".join(reading.words) + " "
        if self._weights is None or len(reading.words) < _FEWEST or any(p in plain for p in self._calm):
            return Concern(None, 0, ())
        harm, person = not self._harm.isdisjoint(reading.seen), not self._person.isdisjoint(reading.seen)
        if exercise and not harm and not person:
            return Concern(None, 0, ())
        teaching = exercise or any(r.id == "teaching" and r.fires(reading) for r in self._frames)
        real = teaching and any(r.id == "said-to-be-real" and r.fires(reading) for r in self._live)
        talk = not self._talk.isdisjoint(reading.seen)
        signs = {
            "talk": talk,
            "no-harm": not harm,
            "talk-without-harm": talk and not harm,
            "organisations": reading.line.count(self._org) >= _SEVERAL,
        }
        bar = min(self._words_at + sum(self._raise[name] for name, holds in signs.items() if holds), self._raise_to)
        bar = self._words_at if real else bar + self._raise["teaching"] * teaching
        if plain.startswith(self._way_out):
            bar = max(bar, _PLAIN_WORDS)
        whole, sentence = self._weights.score("urgent", reading), self._weights.highest("urgent", reading)
        stops = whole >= bar or ((harm or person) and sentence >= bar + self._raise["sentence"])
        return Concern(self._which(reading) if stops else None, max(whole, sentence), ("words",))

    def _which(self, reading: Reading, signs: set[str] | None = None, kinds: set[str] | None = None) -> str:
        """The kind of reply: what the words as a whole suggest, and what the rules that fired speak for."""
        kinds = kinds or set()
        if self._weights is None:
            return next((k for k in _ORDER if k in kinds), "worry")
        signs = signs if signs is not None else {r.id for r in self._live if r.fires(reading)}
        scores = {
            k: self._favour[k] * (k in kinds) + (_logit(self._weights.score(k, reading)) if k != "immediate" else 0.0) for k in _ORDER
        }
        scores["immediate"] += sum(self._favour.get(s, 0.0) for s in signs)
        return max(_ORDER, key=lambda k: scores[k])

    def _without_figures(self, reading: Reading) -> Reading:
        line = reading.line
        for p in self._figures:
            if p.possible(reading):
                line = p.regex.sub(lambda m: " " + " ".join("-" for _ in m[0].split()) + " ", line)
        if line == reading.line:
            return reading
        words = tuple(_MARKS.sub("", w) for w in line.split())
        return Reading(line, words, frozenset(_MARKS.findall(line)).union(words))


def _logit(share: float) -> float:
    return math.log(share / (1 - share)) if share < 1 else math.inf


def _rule(row: dict[str, Any], lexicon: Lexicon) -> Rule:
    try:
        patterns = tuple(lexicon.pattern(line) for line in row["lines"])
    except KeyError as error:
        raise KeyError(f"rule {row['id']}: there is no class <{error.args[0]}>") from None
    return Rule(
        row["id"], float(row["points"]), row["why"], patterns, row.get("kind", ""), frozenset(row["frames"]) if "frames" in row else None
    )
