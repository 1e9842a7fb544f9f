"""Where a described situation stands: scores for level, element and step, the words they rest on, and what is not known."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from assistant.embed import OnnxEmbeddings, Vectors
from assistant.errors import KnowledgeError
from assistant.knowledge import Library, read_yaml
from assistant.learn import FORMAT, Classifier, Cues, fit, load, save
from assistant.types import FACETS, Cue, Facet, Placement, Score

TOPICS = (*FACETS, "no-situation")  # what a text speaks of; learned beside the three facets, from the same examples
_FAR = {"level": 1.0, "element": 0.0, "step": 1.0}  # levels and steps have an order: a near miss costs less
_SPEAKS = 0.12  # a text whose chance of speaking of a facet is lower is silent about it
_NO_SITUATION = 0.6  # from this chance on, a text describes nothing
_RIVAL = 0.1  # a reading less likely than this needs nothing said against the best
_TORN = 0.5  # the second reading counts as a rival in a question from half the best score on
_SPANS, _RIVAL_SPANS = 2, 1  # shown for a facet
_LONG = 12  # words a phrase may have before it is cut around its cue

_SENTENCE = re.compile(r"[^.;:!?\n]+[.;:!?]*\n?|[.;:!?\n]+")
_PART = re.compile(r",\s+|\s+[–—-]\s+|\s+(?=(?:but|yet|although|though|while|whereas|because|since|so|which)\b)", re.IGNORECASE)
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
    def version(self) -> str:
        told = repr((FORMAT, _FAR, self.examples, self.nothing, self.tails, [(f, c.labels, [(a, p.pattern) for a, p in c.patterns]) for f, c in self.cues.items()]))
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

    def place(self, text: str, vector: Vectors) -> Placement:
        """Scores of every member, best first; evidence spans are offsets in `text`."""
        topics = self.classifiers["topic"].probabilities(text, vector)
        described = _says_something(text) and topics["no-situation"] < _NO_SITUATION
        sentences = self._sentences(text) if described else []
        scores: dict[Facet, tuple[Score, ...]] = {}
        sure: dict[Facet, bool] = {}
        evidence: list[Cue] = []
        against: list[Cue] = []
        unknown: list[str] = []
        for facet in FACETS:
            classifier = self.classifiers[facet]
            found = classifier.probabilities(text, vector)
            ranked = sorted(found.items(), key=lambda p: (-p[1], FACETS[facet].index(p[0])))
            scores[facet] = tuple(Score(i, round(s, 4)) for i, s in ranked)
            (best, chance), (second, rival) = ranked[:2]
            speaks = described and topics[facet] >= _SPEAKS
            sure[facet] = speaks and chance >= classifier.sure_from
            if speaks:
                shown = self._spans(text, sentences, facet, best, second, _SPANS)
                evidence += shown
                if rival >= _RIVAL:
                    against += self._spans(text, sentences, facet, second, best, _RIVAL_SPANS, shown)
            if not sure[facet]:
                torn = speaks and rival >= _TORN * chance
                unknown.append(self.teaching.between[frozenset((best, second))] if torn else self.teaching.unknown[facet])
        return Placement(scores["level"], scores["element"], scores["step"], tuple(evidence), tuple(against), tuple(unknown), sure)

    def _sentences(self, text: str) -> list[_Span]:
        """Sentences that tell something: a question of what to do is left out."""
        spans = [_trimmed(text, m.start(), m.end()) for m in _SENTENCE.finditer(text)]
        return [s for s in spans if s.end > s.start and not self.teaching.asks.match(text[s.start : s.end])]

    def _spans(self, text: str, sentences: Sequence[_Span], facet: Facet, member: str, other: str, most: int, taken: Sequence[Cue] = ()) -> list[Cue]:
        """Phrases around the cues of `member`, the strongest first; failing these, the part that pulls most from `other` to it."""
        classifier = self.classifiers[facet]

        def pull(span: _Span) -> float:
            pulls = classifier.pull(text[span.start : span.end])
            return pulls[member] - pulls[other]

        free = [s for s in sentences if not any(s.start < c.end and c.start < s.end for c in taken)] if taken else list(sentences)
        cued = {
            _phrase(text, s, a, b)
            for s in sentences
            for label, a, b in ((label, s.start + a, s.start + b) for label, a, b in classifier.cues.found(text[s.start : s.end]))
            if label == member and b > a
        }
        drawn = sorted(((pull(p), p) for p in cued), key=lambda x: (-x[0], x[1].start, x[1].end))
        chosen = _apart([p for strength, p in drawn if strength > 0], most, taken)
        if not chosen:
            parts = [p for s in free for p in _parts(text, s) if len(text[p.start : p.end].split()) >= 2]
            strength, start, end = max(((pull(p), -p.start, p.end) for p in parts), default=(0.0, 0, 0))
            chosen = [_Span(-start, end)] if strength > 0 else []
        return [Cue(text[p.start : p.end], p.start, p.end, f"{facet}:{member}") for p in chosen]


def _says_something(text: str) -> bool:
    return len([w for w in text.split() if any(c.isalpha() for c in w)]) >= 3


def _trimmed(text: str, start: int, end: int) -> _Span:
    part = text[start:end]
    inner = part.strip(" \t\r\n\f\v\u00a0\"'“”‘’()[]")
    offset = part.find(inner) if inner else 0
    return _Span(start + offset, start + offset + len(inner))


def _parts(text: str, sentence: _Span) -> list[_Span]:
    """The parts of a sentence, cut at commas and conjunctions; very short ones stay with the next."""
    cuts = [sentence.start]
    for m in _PART.finditer(text, sentence.start, sentence.end):
        if len(text[cuts[-1] : m.start()].split()) >= 3 and len(text[m.end() : sentence.end].split()) >= 3:
            cuts.append(m.end())
    return [_trimmed(text, a, b) for a, b in pairwise([*cuts, sentence.end])]


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
        if len(chosen) < most and not any(s.start < c.end and c.start < s.end for c in (*chosen, *taken)):
            chosen.append(s)
    return chosen


# ---- building


def load_teaching(library: Library, folder: Path) -> Teaching:
    """Examples are the framework's signs, features and definitions, and the texts of `placement/`. Raises KnowledgeError."""
    examples: dict[Facet, list[tuple[str, str]]] = {
        f: [(text, m.id) for m in library.facet(f) for text in (*m.signs, *m.features, *re.split(r"(?<=\.) ", m.definition))] for f in FACETS
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
                re.compile(pattern)
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
    slips += [f"placement: between: {' / '.join(sorted(p))}: there is no such level, element or step" for p in between if not p <= set(library.members)]
    return {f: Cues.compile(FACETS[f], good) for f in FACETS}, asks, between


def open_placer(library: Library, folder: Path, embeddings: OnnxEmbeddings, trained: Path) -> Placer:
    """The placer for this library, trained and stored under `trained` on first use."""
    teaching = load_teaching(library, folder)
    path = trained / f"placement-{teaching.version}-{embeddings.version}.npz"
    try:
        return Placer(load(path, {**teaching.cues, "topic": Cues((), ())}), teaching)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        pass  # not trained yet, or a broken file: trained again
    models = train(teaching, embeddings)
    trained.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{id(models)}.tmp")
    save(scratch, models)
    scratch.replace(path)
    for old in sorted(trained.glob("placement-*.npz"), key=lambda p: p.stat().st_mtime)[:-3]:
        old.unlink(missing_ok=True)
    return Placer(load(path, {**teaching.cues, "topic": Cues((), ())}), teaching)


def train(teaching: Teaching, embeddings: OnnxEmbeddings) -> dict[str, Classifier]:
    """A classifier for each facet, and one for what a text speaks of."""
    models: dict[str, Classifier] = {}
    spoken: list[tuple[str, str]] = [(t, "no-situation") for t in teaching.nothing]
    for facet, rows in teaching.examples.items():
        texts = [t for t, _ in rows]
        models[facet] = fit(texts, embeddings.vectors(texts), [m for _, m in rows], FACETS[facet], teaching.cues[facet], far=_FAR[facet])
        tails = teaching.tails or [""]
        spoken += [(f"{t} {tails[i % len(tails)]}".strip() if i % 4 == 0 else t, facet) for i, t in enumerate(texts)]
    texts = [t for t, _ in spoken]
    models["topic"] = fit(texts, embeddings.vectors(texts), [f for _, f in spoken], TOPICS, Cues((), ()), far=0.0)
    return models
