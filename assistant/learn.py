"""Small classifiers over frozen sentence vectors, words and cues: trained when the library is built, read with numpy alone.

Multinomial logistic regression on [embedding, words, cues] beat each of the three alone, neighbours and prototypes
(docs/decisions/0002-placement.md has the figures). A model is a `.npz` of plain arrays: safe to load, no pickle.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from assistant.embed import Vectors

Array = NDArray[np.float64]
FORMAT = 3  # raise it when stored arrays change their meaning, or training its ways
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_FOLDS = 5
_ALIKE = 0.8  # texts whose vectors are closer than this stay in one fold, so that near copies do not flatter
_SURE = 0.9  # share of sure answers right on held-out folds; above the four in five we promise, since the folds are our own voice


def words(text: str) -> list[str]:
    """Lower-case words and pairs of neighbours, with a mark where there is a question."""
    found = _WORD.findall(text.lower().replace("’", "'"))
    pairs = [f"{a} {b}" for a, b in pairwise(found)]
    return found + pairs + (["?"] if "?" in text else [])


@dataclass(frozen=True)
class Vocabulary:
    """Words and pairs that occur in two training texts or more, the rarer the weightier."""

    terms: tuple[str, ...]
    rarity: Array

    @cached_property
    def _places(self) -> dict[str, int]:
        return {t: i for i, t in enumerate(self.terms)}

    @classmethod
    def of(cls, texts: Sequence[str], pairs: bool = True) -> Vocabulary:
        counts = Counter(w for t in texts for w in set(words(t)))
        terms = tuple(sorted(w for w, n in counts.items() if n > 1 and (pairs or " " not in w)))
        return cls(terms, np.array([math.log((1 + len(texts)) / (1 + counts[w])) + 1 for w in terms]))

    def weigh(self, text: str) -> tuple[NDArray[np.int64], Array]:
        """Places and weights of the terms in `text`, of unit length so that a long text counts as much as a short one."""
        places = np.array(sorted({p for w in words(text) if (p := self._places.get(w)) is not None}), dtype=np.int64)
        weights = self.rarity[places]
        return places, weights / (np.linalg.norm(weights) or 1.0)


@dataclass(frozen=True)
class Match:
    """Where a cue stands in a text."""

    label: str
    pattern: int
    start: int
    end: int


def cue(pattern: str) -> re.Pattern[str]:
    """Raises re.error for a pattern that is not one."""
    return re.compile(rf"\b(?:{pattern})", re.IGNORECASE)


@dataclass(frozen=True)
class Cues:
    """Patterns that speak for a label, each a reason a person can read."""

    labels: tuple[str, ...]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]  # (label, pattern)

    @classmethod
    def compile(cls, labels: Sequence[str], cues: Mapping[str, Sequence[str]]) -> Cues:
        """Raises re.error for a pattern that is not one."""
        return cls(tuple(labels), tuple((label, cue(p)) for label in labels for p in cues.get(label, ())))

    def found(self, text: str) -> list[Match]:
        """Every match, in the order of the patterns."""
        return [Match(label, n, m.start(), m.end()) for n, (label, p) in enumerate(self.patterns) for m in p.finditer(text)]

    def features(self, found: Sequence[Match]) -> Array:
        """How many different patterns of each label matched, two counting as many."""
        counts = Counter(label for label, _ in {(m.label, m.pattern) for m in found})
        return np.array([min(counts[label], 2) for label in self.labels], dtype=np.float64)


NO_CUES = Cues((), ())


@dataclass(frozen=True)
class Classifier:
    """Scores for each label of one closed set."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    of_vector: Array  # (labels, dimension)
    of_words: Array  # (labels, terms)
    of_cues: Array  # (labels, cue labels)
    bias: Array
    temperature: float
    sure_from: float  # from this probability on, the best label may be called sure
    cues: Cues

    def probabilities(self, text: str, vector: Vectors, found: Sequence[Match] | None = None) -> dict[str, float]:
        """By label; `found` spares looking for the cues again."""
        said = self._said(text, self.cues.found(text) if found is None else found)
        logits = (self.of_vector @ vector.astype(np.float64) + said + self.bias) / self.temperature
        exp = np.exp(logits - logits.max())
        return dict(zip(self.labels, (exp / exp.sum()).tolist(), strict=True))

    def _said(self, text: str, found: Sequence[Match]) -> Array:
        places, weights = self.vocabulary.weigh(text)
        said: Array = self.of_words[:, places] @ weights + self.of_cues @ self.cues.features(found)
        return said

    def pull(self, text: str, found: Sequence[Match]) -> dict[str, float]:
        """How far the words of `text` and the cues in it alone pull towards each label, against the mean of the labels."""
        pulls = self._said(text, found)
        return dict(zip(self.labels, (pulls - pulls.mean()).tolist(), strict=True))

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        text = "\n".join(self.labels), "\n".join(self.vocabulary.terms)
        return {
            f"{name}.labels": np.frombuffer(text[0].encode(), dtype=np.uint8),
            f"{name}.terms": np.frombuffer(text[1].encode(), dtype=np.uint8),
            f"{name}.rarity": self.vocabulary.rarity,
            f"{name}.of_vector": self.of_vector.astype(np.float32),
            f"{name}.of_words": self.of_words.astype(np.float32),
            f"{name}.of_cues": self.of_cues.astype(np.float32),
            f"{name}.bias": self.bias,
            f"{name}.numbers": np.array([FORMAT, self.temperature, self.sure_from]),
        }

    @classmethod
    def from_arrays(cls, name: str, data: Mapping[str, NDArray[np.generic]], cues: Cues) -> Classifier:
        """Raises ValueError or KeyError for arrays that are not ours or do not fit together."""
        labels, terms = (tuple(data[f"{name}.{k}"].astype(np.uint8).tobytes().decode().splitlines()) for k in ("labels", "terms"))
        rarity, of_vector, of_words, of_cues, bias = (
            np.asarray(data[f"{name}.{k}"], dtype=np.float64) for k in ("rarity", "of_vector", "of_words", "of_cues", "bias")
        )
        version, temperature, sure_from = (float(x) for x in np.asarray(data[f"{name}.numbers"], dtype=np.float64))
        fits = (
            version == FORMAT and rarity.shape == (len(terms),) and of_words.shape == (len(labels), len(terms)) and temperature > 0
            and of_cues.shape == (len(labels), len(cues.labels)) and bias.shape == (len(labels),) and of_vector.shape[:1] == bias.shape
            and all(np.isfinite(a).all() for a in (rarity, of_vector, of_words, of_cues, bias))
        )  # fmt: skip
        if not fits:
            raise ValueError(f"{name}: the stored model is of another make")
        return cls(labels, Vocabulary(terms, rarity), of_vector, of_words, of_cues, bias, temperature, sure_from, cues)


# ---- training


def fit(
    texts: Sequence[str], vectors: Vectors, labels: Sequence[str], order: Sequence[str], cues: Cues,
    scales: tuple[float, float, float] = (4.0, 4.0, 1.0), ridge: float = 1.0, far: float = 0.0,
) -> Classifier:  # fmt: skip
    """A classifier for `labels` in `order`; its temperature and what counts as sure are set on held-out folds.

    `scales` weigh vectors, words and cues; `far` is what mistaking one end of `order` for the other costs beyond any mistake.
    Same input, same model.
    """
    from threadpoolctl import threadpool_limits

    target = np.array([order.index(label) for label in labels])
    with threadpool_limits(1):  # products this small fight over the cores: on two busy ones, fifteen times as long with two threads
        held_out = held_out_logits(texts, vectors, labels, order, cues, scales, ridge, far)
        dense, sparse, vocabulary = _matrix(texts, vectors, cues, scales)
        weights, bias = _descend(dense, sparse, target, len(order), ridge, far)
    temperature = _temperature(held_out, target)
    size = vectors.shape[1]
    terms = len(vocabulary.terms)
    return Classifier(
        tuple(order), vocabulary, weights[:, :size] * scales[0], weights[:, size : size + terms] * scales[1],
        weights[:, size + terms :] * scales[2], bias, temperature, _sure_from(held_out / temperature, target), cues,
    )  # fmt: skip


def fit_many(
    texts: Sequence[str], vectors: Vectors, labels: Sequence[str], order: Sequence[str], ridge: float = 1.0, pairs: bool = False
) -> Classifier:
    """A classifier for many labels or many texts, of vectors and single words, with `pairs` of words too.

    Nothing is held out, since that would cost a label a good part of its texts and the build minutes: its probabilities say
    which label is likelier, and are honest chances only as far as somebody measured them. Same input, same model.
    """
    from threadpoolctl import threadpool_limits

    scales = (4.0, 4.0, 1.0)
    target = np.array([order.index(label) for label in labels])
    with threadpool_limits(1):
        dense, sparse, vocabulary = _matrix(texts, vectors, NO_CUES, scales, Vocabulary.of(texts, pairs))
        weights, bias = _descend(dense, sparse, target, len(order), ridge, 0.0, enough=1e-3)
    size, terms = vectors.shape[1], len(vocabulary.terms)
    return Classifier(
        tuple(order), vocabulary, weights[:, :size] * scales[0], weights[:, size : size + terms] * scales[1],
        weights[:, size + terms :], bias, 1.0, 1.0, NO_CUES,
    )  # fmt: skip


def held_out_logits(
    texts: Sequence[str], vectors: Vectors, labels: Sequence[str], order: Sequence[str], cues: Cues,
    scales: tuple[float, float, float] = (4.0, 4.0, 1.0), ridge: float = 1.0, far: float = 0.0, seed: int = 7,
) -> Array:  # fmt: skip
    """For each text, the logits of a model that saw neither it nor anything much like it."""
    target = np.array([order.index(label) for label in labels])
    fold = _folds(vectors, seed)
    out = np.zeros((len(texts), len(order)))
    for k in sorted(set(fold.tolist())) if len(set(fold.tolist())) > 1 else []:  # too few texts to hold any out: all logits nought
        seen, hidden = np.flatnonzero(fold != k).tolist(), np.flatnonzero(fold == k).tolist()
        dense, sparse, vocabulary = _matrix([texts[i] for i in seen], vectors[seen], cues, scales)
        weights, bias = _descend(dense, sparse, target[seen], len(order), ridge, far)
        dense, sparse, _ = _matrix([texts[i] for i in hidden], vectors[hidden], cues, scales, vocabulary)
        out[hidden] = _product(dense, sparse, weights) + bias
    return out


def _folds(vectors: Vectors, seed: int) -> NDArray[np.int64]:
    """A fold for every text, texts that are nearly copies in the same one."""
    group = np.arange(len(vectors))
    alike = np.triu(vectors @ vectors.T > _ALIKE, 1)
    for i, j in zip(*np.nonzero(alike), strict=True):
        group[group == group[j]] = group[i]
    names = np.unique(group)
    drawn = dict(zip(names.tolist(), np.random.default_rng(seed).permutation(len(names)).tolist(), strict=True))
    return np.array([drawn[g] % _FOLDS for g in group.tolist()])


def _matrix(
    texts: Sequence[str], vectors: Vectors, cues: Cues, scales: tuple[float, float, float], vocabulary: Vocabulary | None = None
) -> tuple[Array, object, Vocabulary]:
    """Dense vectors beside sparse words and cues: hashing words into thousands of dense columns took 41 s for 320 texts."""
    from scipy.sparse import csr_matrix, hstack

    vocabulary = vocabulary or Vocabulary.of(texts)
    weighed = [vocabulary.weigh(t) for t in texts]
    columns = np.concatenate([p for p, _ in weighed])
    starts = np.cumsum([0, *(len(p) for p, _ in weighed)])
    values = np.concatenate([w for _, w in weighed]) * scales[1]
    hinted = np.stack([cues.features(cues.found(t)) for t in texts]) * scales[2]
    sparse = hstack([csr_matrix((values, columns, starts), shape=(len(texts), len(vocabulary.terms))), csr_matrix(hinted)]).tocsr()
    return vectors.astype(np.float64) * scales[0], sparse, vocabulary


def _product(dense: Array, sparse: object, weights: Array) -> Array:
    size = dense.shape[1]
    product: Array = dense @ weights[:, :size].T + sparse @ weights[:, size:].T  # type: ignore[operator]
    return product


def _descend(
    dense: Array, sparse: object, target: NDArray[np.int64], labels: int, ridge: float, far: float, enough: float = 1e-7
) -> tuple[Array, Array]:
    """Weights and bias of least ridge-penalised log loss, plus `far` times the expected distance along the order.

    Ends where a round of it gains less than `enough` of the loss.
    """
    from scipy.optimize import minimize

    rows = np.arange(len(target))
    wanted = np.eye(labels)[target]
    distance = np.abs(np.arange(labels)[None, :] - target[:, None]) / max(labels - 1, 1)
    columns = dense.shape[1] + sparse.shape[1]  # type: ignore[attr-defined]

    def loss(flat: Array) -> tuple[float, Array]:
        weights, bias = flat[: labels * columns].reshape(labels, columns), flat[labels * columns :]
        z = _product(dense, sparse, weights) + bias
        z -= z.max(axis=1, keepdims=True)
        exp = np.exp(z)
        total = exp.sum(axis=1, keepdims=True)
        p = exp / total
        away = (p * distance).sum(axis=1, keepdims=True)
        value = float((np.log(total[:, 0]) - z[rows, target]).sum() + far * away.sum() + 0.5 * ridge * (weights * weights).sum())
        slope = p - wanted + far * p * (distance - away)
        of_weights = np.hstack([slope.T @ dense, (sparse.T @ slope).T]) + ridge * weights  # type: ignore[attr-defined]
        return value, np.concatenate([of_weights.ravel(), slope.sum(axis=0)])

    found = minimize(loss, np.zeros(labels * (columns + 1)), jac=True, method="L-BFGS-B", options={"maxiter": 200, "ftol": enough}).x
    found = np.round(found, 5)  # beyond what another processor's arithmetic could change
    return found[: labels * columns].reshape(labels, columns), found[labels * columns :]


def _log_softmax(logits: Array) -> Array:
    z = logits - logits.max(axis=1, keepdims=True)
    logs: Array = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return logs


def _temperature(logits: Array, target: NDArray[np.int64]) -> float:
    """The temperature that makes held-out probabilities honest (Guo and others 2017)."""
    grid = np.geomspace(0.2, 5.0, 60)
    rows = np.arange(len(target))
    return float(grid[int(np.argmax([_log_softmax(logits / t)[rows, target].mean() for t in grid]))])


def _sure_from(logits: Array, target: NDArray[np.int64]) -> float:
    """The lowest probability from which on held-out answers were right often enough."""
    p = np.exp(_log_softmax(logits))
    best, right = p.max(axis=1), p.argmax(axis=1) == target
    for start in np.arange(0.3, 0.96, 0.01):
        taken = best >= start
        # the share right among those between here and a little above matters too: a threshold is where doubt begins
        edge = taken & (best < start + 0.2)
        if taken.any() and right[taken].mean() >= _SURE and (not edge.any() or right[edge].mean() >= _SURE - 0.2):
            return float(round(start, 2))
    return 0.96


# ---- keeping


def save(path: Path, classifiers: Mapping[str, Classifier]) -> None:
    with path.open("wb") as file:
        np.savez(file, **{k: v for name, c in classifiers.items() for k, v in c.arrays(name).items()})  # type: ignore[arg-type]


def load(path: Path, cues: Mapping[str, Cues]) -> dict[str, Classifier]:
    """Classifiers by name. Raises OSError, ValueError or KeyError for a file that is not ours."""
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = dict(data)
    except (EOFError, BadZipFile, TypeError) as error:  # cut short, or no archive at all
        raise ValueError(f"{path.name} is not a stored model") from error
    return {name: Classifier.from_arrays(name, arrays, c) for name, c in cues.items()}


def kept(
    folder: Path, name: str, version: str, cues: Mapping[str, Cues], train: Callable[[], Mapping[str, Classifier]]
) -> dict[str, Classifier]:
    """What is stored under `name` and `version`, or else what `train` gives, stored first. Older versions beyond three go."""
    path = folder / f"{name}-{version}.npz"
    try:
        return load(path, cues)
    except (OSError, ValueError, KeyError):
        pass  # not trained yet, or a broken file: trained again
    models = train()
    folder.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{id(models)}.tmp")
    save(scratch, models)
    scratch.replace(path)
    for old in sorted(folder.glob(f"{name}-*.npz"), key=lambda p: p.stat().st_mtime)[:-3]:
        old.unlink(missing_ok=True)
    return load(path, cues)  # what is stored is rounded: the first run reads what every later one does
