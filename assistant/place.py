"""Where a described situation stands: scores for level, element and step, the words they rest on, and what is not known."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embed import OnnxEmbeddings, Vectors
from assistant.errors import KnowledgeError
from assistant.knowledge import Library
from assistant.learn import FORMAT, NO_CUES, Classifier, Cues, Match, cue, fit, kept
from assistant.strict import read_yaml
from assistant.types import FACETS, Cue, Facet, Placement, Score

TOPICS = (*FACETS, "no-situation")  # what a text speaks of; learned beside the three facets, from the same examples
_FAR = {"level": 1.0, "element": 0.0, "step": 1.0}  # levels and steps have an order: a near miss costs less
_SPEAKS, _HINTS = 0.25, 0.04  # a text whose chance of speaking of a facet is lower (the second, if it holds a cue) is silent about it
_NO_SITUATION = 0.6  # from this chance on, a text describes nothing
_PLAIN, _ABOUT = 0.8, 0.6  # chances of the reading and of its facet from which words on the way to another question count
_RIVAL = 0.1  # a reading less likely than this needs nothing said against the best
_TORN = 0.5  # the second reading counts as a rival in a question from half the best score on
_SPANS, _RIVAL_SPANS = 2, 1  # shown for a facet
_LONG = 12  # words a phrase may have before it is cut around its cue

_SENTENCE = re.compile(r"(?:[^.;:!?\n]|(?<=\d)[.:](?=\d))+[.;:!?]*")
_PERSON = "the|we|they|I|it|he|she|you|nobody|no one|everyone|our|their|then|each|half|some"
_PART = re.compile(
    rf",\s+(?:(?:and|but|so|yet)\s+)?|\s+[–—-]\s+|\s+and\s+(?=(?:{_PERSON})\b)|\s+(?:but|yet|although|though|while|whereas|so)\s+|\s+(?=(?:because|since|which)\b)",
    re.IGNORECASE,
)  # fmt: skip
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True)
class Teaching:
    """What placement is learned from and what it says, all of it data."""

    examples: Mapping[Facet, Sequence[tuple[str, str]]]  # (text, member)
    nothing: Sequence[str]  # texts that describe no situation
    tails: Sequence[str]
    cues: Mapping[Facet, Cues]
    unknown: Mapping[str, str]  # by facet
    between: Mapping[frozenset[str], str]  # by two members
    asks: re.Pattern[str]  # a question put after a description; never evidence

    @property
    def by_name(self) -> dict[str, Cues]:
        """Cues of each classifier; what a text speaks of is learned without any."""
        return {**{str(f): c for f, c in self.cues.items()}, "topic": NO_CUES}

    @property
    def version(self) -> str:
        cues = [(f, [(label, p.pattern) for label, p in c.patterns]) for f, c in self.cues.items()]
        told = repr((FORMAT, _FAR, self.examples, self.nothing, self.tails, cues))
        return hashlib.sha256(told.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class _Span:
    start: int
    end: int


@dataclass(frozen=True)
class Placer:
    """Places texts. Built once; trained when the library is built."""

    classifiers: Mapping[str, Classifier]
    teaching: Teaching

    def place(self, text: str, vector: Vectors, asked: bool = True) -> Placement:
        """Scores of every member, best first; evidence spans are offsets in `text`.

        Unless it was `asked` where a situation stands, a reading is sure only where the words say it plainly: what is told on
        the way to another question was not written to be placed, and most of it is about something else.
        """
        topics = self.classifiers["topic"].probabilities(text, vector)
        described = _says_something(text) and topics["no-situation"] < _NO_SITUATION
        sentences = self._sentences(text)
        scores: dict[Facet, tuple[Score, ...]] = {}
        sure: dict[Facet, bool] = {}
        evidence: list[Cue] = []
        against: list[Cue] = []
        unknown: list[str] = []
        for facet in FACETS:
            classifier = self.classifiers[facet]
            found = [m for m in classifier.cues.found(text) if any(s.start <= m.start and m.end <= s.end for s in sentences)]
            chances = classifier.probabilities(text, vector, found)
            ranked = sorted(chances.items(), key=lambda p: (-p[1], FACETS[facet].index(p[0])))
            scores[facet] = tuple(Score(i, round(s, 4)) for i, s in ranked)
            (best, chance), (second, rival) = ranked[:2]
            cued = any(m.label == best for m in found)
            plainly = cued and chance >= _PLAIN and (facet == "element" or topics[facet] >= _ABOUT)
            speaks = described and topics[facet] >= (_HINTS if cued else _SPEAKS) and (asked or plainly)
            sure[facet] = speaks and chance >= classifier.sure_from
            if speaks:
                shown = self._spans(text, sentences, found, facet, best, second, _SPANS)
                evidence += shown
                if rival >= _RIVAL:
                    against += self._spans(text, sentences, found, facet, second, best, _RIVAL_SPANS, shown)
            if not sure[facet]:
                torn = speaks and rival >= _TORN * chance
                unknown.append(self.teaching.between[frozenset((best, second))] if torn else self.teaching.unknown[facet])
        return Placement(scores["level"], scores["element"], scores["step"], tuple(evidence), tuple(against), tuple(unknown), sure)

    def situation(self, text: str, vector: Vectors) -> float:
        """The chance that `text` tells of something going on between agencies: 0..1."""
        return 1.0 - self.classifiers["topic"].probabilities(text, vector)["no-situation"]

    def _sentences(self, text: str) -> list[_Span]:
        """Sentences that tell something: a question of what to do is left out."""
        spans = [_Span(m.start(), m.end()) for m in _SENTENCE.finditer(text)]
        return [s for s in spans if text[s.start : s.end].strip() and not self.teaching.asks.match(text[s.start : s.end].strip())]

    def _spans(
        self, text: str, sentences: Sequence[_Span], found: Sequence[Match], facet: Facet, member: str, other: str, most: int,
        taken: Sequence[Cue] = (),
    ) -> list[Cue]:  # fmt: skip
        """Phrases around the cues of `member`, the strongest first; failing these, the part that pulls most from `other` to it."""

        def pull(span: _Span) -> float:
            inside = [m for m in found if span.start <= m.start and m.end <= span.end]
            pulls = self.classifiers[facet].pull(text[span.start : span.end], inside)
            return pulls[member] - pulls[other]

        cued = {
            _phrase(text, s, m.start, m.end) for m in found if m.label == member for s in sentences if s.start <= m.start < m.end <= s.end
        }
        drawn = sorted(((pull(p), p) for p in cued), key=lambda x: (-x[0], x[1].start, x[1].end))
        chosen = _apart([p for strength, p in drawn if strength > 0], most, taken)
        if not chosen:
            parts = [p for s in sentences for p in _parts(text, s) if len(text[p.start : p.end].split()) >= 2]
            drawn = sorted(((pull(p), p) for p in parts), key=lambda x: (-x[0], x[1].start, x[1].end))
            chosen = _apart([p for strength, p in drawn[:8] if strength > 0], 1, taken)
        return [Cue(text[p.start : p.end], p.start, p.end, f"{facet}:{member}") for p in chosen]


def _says_something(text: str) -> bool:
    return len([w for w in text.split() if any(c.isalpha() for c in w)]) >= 3


def _trimmed(text: str, start: int, end: int) -> _Span:
    part = text[start:end]
    inner = part.strip(" \t\r\n\f\v\u00a0\"'“”‘’()[],")
    offset = part.find(inner) if inner else 0
    return _Span(start + offset, start + offset + len(inner))


def _parts(text: str, sentence: _Span) -> list[_Span]:
    """The parts of a sentence, cut at commas and conjunctions; very short ones stay with the next."""
    parts, start = [], sentence.start
    for m in _PART.finditer(text, sentence.start, sentence.end):
        if len(text[start : m.start()].split()) >= 3 and len(text[m.end() : sentence.end].split()) >= 3:
            parts.append(_trimmed(text, start, m.start()))
            start = m.end()
    return [*parts, _trimmed(text, start, sentence.end)]


def _phrase(text: str, sentence: _Span, start: int, end: int) -> _Span:
    """The part of the sentence around a cue, or so many words of it as a person can take in."""
    parts = [p for p in _parts(text, sentence) if p.start < end and start < p.end]
    first, last = min((p.start for p in parts), default=start), max((p.end for p in parts), default=end)
    first, last = min(first, start), max(last, end)
    tokens = [(m.start(), m.end()) for m in _TOKEN.finditer(text, first, last)]
    if len(tokens) <= _LONG:
        return _trimmed(text, first, last)
    inside = [i for i, (a, b) in enumerate(tokens) if a < end and start < b] or [0]
    room = max(_LONG - len(inside), 2) // 2
    low, high = max(inside[0] - room, 0), min(inside[-1] + room, len(tokens) - 1)
    return _trimmed(text, tokens[low][0], tokens[high][1])


def _apart(spans: Sequence[_Span], most: int, taken: Sequence[Cue]) -> list[_Span]:
    """The first `most` spans that overlap neither each other nor what is taken."""
    chosen: list[_Span] = []
    for s in spans:
        if len(chosen) < most and not any(
            s.start < b and a < s.end for a, b in [(c.start, c.end) for c in chosen] + [(c.start, c.end) for c in taken]
        ):
            chosen.append(s)
    return chosen


# ---- building


def load_teaching(library: Library, folder: Path) -> Teaching:
    """Examples are the framework's signs, features and definitions, and the texts of `placement/`. Raises KnowledgeError."""
    examples: dict[Facet, list[tuple[str, str]]] = {
        f: [(text, m.id) for m in library.facet(f) for text in (*m.signs, *m.features, *re.split(r"(?<=\.) ", m.definition))]
        for f in FACETS
    }
    told: dict[str, dict[str, Any]] = {"cues": {}, "unknown": {}, "between": {}}
    lists: dict[str, list[str]] = {"no-situation": [], "tails": [], "asks": []}
    slips: list[str] = []
    for path in sorted((folder / "placement").glob("*.yaml")):
        name = f"placement/{path.name}"
        data = read_yaml(path.read_text("utf-8"), name)
        if not isinstance(data, dict):
            slips.append(f"{name}: should map names to texts")
            continue
        for key, value in data.items():
            if key in told and isinstance(value, dict):
                told[key].update(value)
            elif key in lists and _are_texts(value):
                lists[key] += value
            elif key in library.members and _are_texts(value):
                examples[library.members[key].facet] += [(text, key) for text in value]
            elif key in (*told, *lists, *library.members):
                slips.append(f"{name}: {key}: should be {'a mapping' if key in told else 'a list of texts'}")
            else:
                slips.append(f"{name}: {key}: there is no such level, element or step")
    cues, asks, between = _patterns(told, lists, library, slips)
    slips += [f"placement: unknown: says nothing of {f}" for f in FACETS if not isinstance(told["unknown"].get(f), str)]
    slips += [f"placement: between: says nothing of {a} and {b}" for f in FACETS for a, b in _pairs(f) if frozenset((a, b)) not in between]
    for facet, rows in examples.items():
        texts = [t.strip().lower() for t, _ in rows]
        slips += [f"placement: {facet}: stands twice: {t}" for t in sorted({t for t in texts if texts.count(t) > 1})]
        slips += [f"placement: {m}: has no example" for m in FACETS[facet] if m not in {label for _, label in rows}]
    if not lists["no-situation"]:
        slips.append("placement: no-situation: has no example")
    if slips:
        raise KnowledgeError(slips)
    return Teaching(examples, lists["no-situation"], lists["tails"], cues, told["unknown"], between, asks)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)


def _pairs(facet: Facet) -> list[tuple[str, str]]:
    members = FACETS[facet]
    return [(a, b) for i, a in enumerate(members) for b in members[i + 1 :]]


def _patterns(
    told: Mapping[str, Mapping[str, Any]], lists: Mapping[str, list[str]], library: Library, slips: list[str]
) -> tuple[dict[Facet, Cues], re.Pattern[str], dict[frozenset[str], str]]:
    good: dict[str, list[str]] = {}
    for member, patterns in told["cues"].items():
        if member not in library.members:
            slips.append(f"placement: cues: {member}: there is no such level, element or step")
            continue
        for pattern in patterns if _are_texts(patterns) else []:
            try:
                cue(pattern)  # as it will be used, so that it is compiled once
            except re.error as error:
                slips.append(f"placement: cues: {member}: {pattern}: {error}")
            else:
                good.setdefault(member, []).append(pattern)
    try:
        asks = re.compile("|".join(rf"(?:{p})" for p in lists["asks"]) or r"(?!)", re.IGNORECASE)
    except re.error as error:
        slips.append(f"placement: asks: {error}")
        asks = re.compile(r"(?!)")
    between = {frozenset(p.strip() for p in pair.split(" / ")): text for pair, text in told["between"].items()}
    slips += [
        f"placement: between: {' / '.join(sorted(p))}: there is no such level, element or step"
        for p in between
        if not p <= set(library.members)
    ]
    return {f: Cues.compile(FACETS[f], good) for f in FACETS}, asks, between


def open_placer(library: Library, folder: Path, embeddings: OnnxEmbeddings, trained: Path) -> Placer:
    """The placer for this library, trained and stored under `trained` on first use."""
    teaching = load_teaching(library, folder)
    version = f"{teaching.version}-{embeddings.version}"
    return Placer(kept(trained, "placement", version, teaching.by_name, lambda: train(teaching, embeddings)), teaching)


def train(teaching: Teaching, embeddings: OnnxEmbeddings) -> dict[str, Classifier]:
    """A classifier for each facet, and one for what a text speaks of."""
    spoken = [(t, facet, m) for facet, rows in teaching.examples.items() for t, m in rows] + [
        (t, "no-situation", "") for t in teaching.nothing
    ]
    texts = [t for t, _, _ in spoken]
    vectors = _vectors(embeddings, texts)
    models: dict[str, Classifier] = {}
    for facet in FACETS:
        own = [i for i, (_, f, _) in enumerate(spoken) if f == facet]
        members = [spoken[i][2] for i in own]
        models[facet] = fit([texts[i] for i in own], vectors[own], members, FACETS[facet], teaching.cues[facet], far=_FAR[facet])
    tailed = [(i, i % len(teaching.tails)) for i, (_, f, _) in enumerate(spoken) if f in FACETS and i % 4 == 0] if teaching.tails else []
    tails = _vectors(embeddings, teaching.tails)
    for i, tail in tailed:  # the vector of a text with a tail lies near the mean of the two, weighted by length
        both = vectors[i] * len(texts[i].split()) + tails[tail] * len(teaching.tails[tail].split())
        texts[i], vectors[i] = f"{texts[i]} {teaching.tails[tail]}", both / np.linalg.norm(both)
    models["topic"] = fit(texts, vectors, [f for _, f, _ in spoken], TOPICS, NO_CUES)
    return models


def _vectors(embeddings: OnnxEmbeddings, texts: Sequence[str]) -> Vectors:
    """Vectors of `texts`, each half in a thread of its own: reading the examples is most of the training."""
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    embeddings.vectors(texts[:1])  # opens the model once, not once a thread
    half = (len(texts) + 1) // 2
    with ThreadPoolExecutor(2) as pool:
        return np.concatenate([v for v in pool.map(embeddings.vectors, (texts[:half], texts[half:])) if len(v)])
