"""Metrics: pure functions under names people already use, each with its definition.

A share is between 0 and 1. None means that there was nothing to measure, which is never the same as zero.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence

import ir_measures
import numpy as np
from ir_measures import AP, RR, R, Success, nDCG
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, f1_score

Interval = tuple[float, float]


# ---- how sure a figure is


def wilson(k: int, n: int) -> Interval | None:
    """Wilson's 95% interval of a share of k in n (Wilson 1927)."""
    if not n:
        return None
    found = binomtest(k, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def bootstrap(values: Sequence[float], clusters: Sequence[str] | None = None, draws: int = 1000) -> Interval | None:
    """95% percentile interval of the mean. Where cases share a card, whole clusters are drawn (Miller 2024)."""
    if not values:
        return None
    groups: dict[str, list[float]] = {}
    for i, value in enumerate(values):
        groups.setdefault(clusters[i] if clusters else str(i), []).append(value)
    sums, sizes = np.array([sum(g) for g in groups.values()]), np.array([len(g) for g in groups.values()])
    picked = np.random.default_rng(20071).integers(0, len(sums), (draws, len(sums)))
    means = sums[picked].sum(1) / sizes[picked].sum(1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def mcnemar(worse: int, better: int) -> float:
    """Exact two-sided p of McNemar's test on flipped cases: how often chance alone splits them so unevenly."""
    return float(binomtest(worse, worse + better, 0.5).pvalue) if worse + better else 1.0


# ---- ranking


RANKING = {"nDCG@10": nDCG @ 10, "RR@10": RR @ 10, "R@5": R @ 5, "R@10": R @ 10, "R@100": R @ 100, "AP@100": AP @ 100}
CARDS = {"RR": RR, "Success@1": Success @ 1, "Success@5": Success @ 5, "R@1": R @ 1, "R@5": R @ 5, "nDCG@10": nDCG @ 10}


def ranking(
    runs: Mapping[str, Sequence[str]], relevant: Mapping[str, Mapping[str, int]], measures: Mapping[str, ir_measures.Measure]
) -> dict[str, dict[str, float]]:
    """Each measure for each query, through ir-measures. `runs` holds ranked ids; a query without a run scores 0."""
    qrels = [ir_measures.Qrel(q, d, g) for q, grades in relevant.items() for d, g in grades.items()]
    docs = [ir_measures.ScoredDoc(q, d, float(-rank)) for q, ranked in runs.items() for rank, d in enumerate(ranked)]
    names = {str(m): name for name, m in measures.items()}
    found: dict[str, dict[str, float]] = {name: dict.fromkeys(relevant, 0.0) for name in measures}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for metric in ir_measures.iter_calc(list(measures.values()), qrels, docs):
            found[names[str(metric.measure)]][metric.query_id] = float(metric.value)
    return found


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


# ---- what an answer says


_MARKS = re.compile(r"\s*\[\d+\]|\*\*")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})


def plain(text: str) -> str:
    """Lower-case, without citation marks and bold, typographic quotes and dashes made plain."""
    return _MARKS.sub("", text.translate(_QUOTES)).lower()


def marks(text: str) -> list[str]:
    """The numbers of the citation marks in `text`."""
    return re.findall(r"\[(\d+)\]", text)


def says(text: str, idea: str) -> bool:
    """Whether `text` holds `idea`: a part of it in lower case, or `/…/`, a regular expression in which ^ and $ match at lines."""
    said = plain(text)
    if len(idea) > 2 and idea.startswith("/") and idea.endswith("/"):
        return re.search(idea[1:-1].translate(_QUOTES), said, re.IGNORECASE | re.MULTILINE) is not None
    return plain(idea) in said


def missing_ideas(text: str, must: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The ideas of which no alternative stands in `text`."""
    return [alternatives for alternatives in must if not any(says(text, a) for a in alternatives)]


_SENTENCE_END = re.compile(r"[.!?:;]+(?:\s|$)|\n+")
_VOWELS = re.compile(r"[aeiouy]+")


def _syllables(word: str) -> int:
    word = word.lower()
    count = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and count > 1:
        count -= 1
    return max(count, 1)


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)


def reading_ease(text: str) -> float | None:
    """Flesch reading ease: 206.835 - 1.015 words/sentences - 84.6 syllables/words; 60 is plain, under 30 is hard.

    Syllables are counted as groups of vowels, which is near enough for a comparison between versions.
    """
    said = words(text)
    if len(said) < 5:
        return None
    sentences = max(len([s for s in _SENTENCE_END.split(text) if words(s)]), 1)
    return 206.835 - 1.015 * len(said) / sentences - 84.6 * sum(map(_syllables, said)) / len(said)


# ---- whether a statement stands on a passage


_SPACE = re.compile(r"\s+")
_ITEM = re.compile(r"^\s*[-*]\s+", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NOT = re.compile(r"\b(?:not|no|never|none|neither|nobody|nothing|without|cannot|unless|\w+n't)\b")
_MUST = re.compile(r"\b(?:must|shall)\b", re.IGNORECASE)
_CONTENT = re.compile(r"[a-z]{4,}")
SUPPORTED_BY = 0.75  # of a reworded statement's longer words stand in its passages


def normal(text: str) -> str:
    """One line in lower case, list marks, citation marks, typographic quotes and spacing aside."""
    return _SPACE.sub(" ", _ITEM.sub("", plain(text))).strip()


def quotes(statement: str, passage: str) -> bool:
    """Whether the statement stands word for word in the passage, on word boundaries, case, spacing and its last stop aside."""
    wanted = normal(statement).rstrip(".")
    return len(wanted) > 1 and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", normal(passage)) is not None


def rewords(statement: str, passages: Sequence[str]) -> bool:
    """Whether a reworded statement keeps to its passages: its numbers and most of its longer words stand there, nothing is negated anew."""
    there, said = normal(" ".join(passages)), normal(statement)
    if set(_NUMBER.findall(said)) - set(_NUMBER.findall(there)) or (_NOT.search(said) and not _NOT.search(there)):
        return False
    content = {w[:6] for w in _CONTENT.findall(said)}
    held = {w[:6] for w in _CONTENT.findall(there)}
    return not content or len(content & held) / len(content) >= SUPPORTED_BY


def claims_duty(statement: str) -> bool:
    """Whether the statement says must or shall."""
    return _MUST.search(statement) is not None


# ---- placement


def macro_f1(wanted: Sequence[str], got: Sequence[str], labels: Sequence[str]) -> float:
    """The mean over labels of the harmonic mean of precision and recall (scikit-learn)."""
    return float(f1_score(wanted, got, labels=list(labels), average="macro", zero_division=0))


def confusion(wanted: Sequence[str], got: Sequence[str], labels: Sequence[str]) -> list[list[int]]:
    """Rows are what was wanted, columns what was got."""
    return [[int(x) for x in row] for row in confusion_matrix(wanted, got, labels=list(labels))]


def order_error(wanted: Sequence[str], got: Sequence[str], order: Sequence[str]) -> float | None:
    """The mean number of places between what was wanted and what was got, along an order of labels."""
    return mean([abs(order.index(w) - order.index(g)) for w, g in zip(wanted, got, strict=True)])


def brier(wanted: str, scores: Mapping[str, float]) -> float:
    """Squared distance between scores made to sum to one and certainty of the right label: 0 is perfect, 2 the worst (Brier 1950)."""
    total = sum(scores.values()) or 1.0
    return sum((s / total - (label == wanted)) ** 2 for label, s in scores.items())


def reliability(scores: Sequence[float], right: Sequence[bool], bins: int = 5) -> list[tuple[float, float, int]]:
    """(mean score, share right, how many) for each of `bins` equal stretches of the score that holds a case."""
    rows = []
    for b in range(bins):
        inside = [(s, r) for s, r in zip(scores, right, strict=True) if b / bins <= s < (b + 1) / bins or (b == bins - 1 and s >= 1)]
        if inside:
            rows.append((sum(s for s, _ in inside) / len(inside), sum(r for _, r in inside) / len(inside), len(inside)))
    return rows


# ---- knowing when not to answer


def risk_coverage(confidence: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """(coverage, risk) as the cut is lowered over confidence: the share answered, and the share of those that should not have been.

    Cases of equal confidence are answered together, so that their order cannot flatter (Geifman and El-Yaniv 2017).
    """
    order = sorted(range(len(confidence)), key=lambda i: -confidence[i])
    curve, wrong = [], 0
    for n, i in enumerate(order, 1):
        wrong += not right[i]
        if n == len(order) or confidence[order[n]] < confidence[i]:
            curve.append((n / len(order), wrong / n))
    return curve


def area_under_risk(confidence: Sequence[float], right: Sequence[bool]) -> float | None:
    """The mean risk over all coverages: lower is better."""
    curve = risk_coverage(confidence, right)
    if not curve:
        return None
    area, before = 0.0, 0.0
    for coverage, risk in curve:
        area += (coverage - before) * risk
        before = coverage
    return area


def coverage_at_precision(confidence: Sequence[float], right: Sequence[bool], precision: float = 0.90) -> float | None:
    """The largest share of the answerable that one cut answers while this share of all it answers is answerable."""
    answerable = sum(right)
    if not answerable:
        return None
    best = 0.0
    for coverage, risk in risk_coverage(confidence, right):
        if 1 - risk >= precision:
            best = max(best, round(coverage * len(right)) * (1 - risk) / answerable)
    return best


# ---- leaks


def word_likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard: words in common as a share of the words of both."""
    return len(a & b) / len(a | b) if a | b else 0.0
