"""Small classifiers over frozen sentence vectors, words and cues: trained when the library is built, read with numpy alone.

Multinomial logistic regression on [embedding, words, cues] beat each of the three alone, neighbours and prototypes
(docs/decisions/0002-placement.md has the figures). A model is a `.npz` of plain arrays: safe to load, no pickle.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.embed import Vectors

Array = NDArray[np.float64]
_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")
_BUCKETS = 4096


def words(text: str) -> list[str]:
    """Lower-case words and pairs of neighbours, with a mark for where a sentence ends in a question."""
    found = _WORD.findall(text.lower())
    pairs = [f"{a} {b}" for a, b in zip(found, found[1:], strict=False)]
    return found + pairs + (["?"] if "?" in text else [])


def word_features(text: str) -> dict[int, float]:
    """Hashed words and pairs, weighted so that a long text counts as much as a short one."""
    counts: dict[int, float] = {}
    for w in words(text):
        bucket = zlib.crc32(w.encode()) % _BUCKETS
        counts[bucket] = 1.0 + (0.5 if bucket in counts else 0.0)
    norm = math.sqrt(sum(v * v for v in counts.values())) or 1.0
    return {b: v / norm for b, v in counts.items()}


@dataclass(frozen=True)
class Cues:
    """Patterns that speak for a label, each a reason a person can read."""

    labels: tuple[str, ...]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]  # (label, pattern)

    @classmethod
    def compile(cls, labels: Sequence[str], cues: Mapping[str, Sequence[str]]) -> Cues:
        return cls(tuple(labels), tuple((label, re.compile(rf"\b(?:{p})", re.IGNORECASE)) for label in labels for p in cues.get(label, ())))

    def found(self, text: str) -> list[tuple[str, int, int]]:
        """(label, start, end) of every match."""
        return [(label, m.start(), m.end()) for label, p in self.patterns for m in p.finditer(text)]

    def features(self, text: str) -> Array:
        counts = np.zeros(len(self.labels))
        for label, _, _ in self.found(text):
            counts[self.labels.index(label)] += 1.0
        return np.minimum(counts, 3.0)


@dataclass(frozen=True)
class Classifier:
    """Scores for each label of one closed set."""

    labels: tuple[str, ...]
    weights: Array  # (labels, 384 + buckets + cues)
    bias: Array
    temperature: float
    cues: Cues
    scales: tuple[float, float, float]  # of vectors, words and cues

    def _row(self, text: str, vector: Vectors) -> Array:
        scale_vector, scale_words, scale_cues = self.scales
        row = np.zeros(self.weights.shape[1])
        size = len(vector)
        row[:size] = vector * scale_vector
        for bucket, value in word_features(text).items():
            row[size + bucket] = value * scale_words
        row[size + _BUCKETS :] = self.cues.features(text) * scale_cues
        return row

    def probabilities(self, text: str, vector: Vectors) -> dict[str, float]:
        logits = (self.weights @ self._row(text, vector) + self.bias) / self.temperature
        exp = np.exp(logits - logits.max())
        return dict(zip(self.labels, (exp / exp.sum()).tolist(), strict=True))

    def pull(self, text: str, label: str, size: int) -> float:
        """How far the words and cues of `text` alone pull towards `label`, against the mean of the labels."""
        row = self._row(text, np.zeros(size, dtype=np.float32))
        pulls = self.weights @ row
        return float(pulls[self.labels.index(label)] - pulls.mean())

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        return {
            f"{name}.labels": np.array(self.labels),
            f"{name}.weights": self.weights.astype(np.float32),
            f"{name}.bias": self.bias,
            f"{name}.temperature": np.array(self.temperature),
            f"{name}.scales": np.array(self.scales),
        }

    @classmethod
    def from_arrays(cls, name: str, data: Mapping[str, NDArray[np.generic]], cues: Cues) -> Classifier:
        return cls(
            tuple(str(x) for x in data[f"{name}.labels"]),
            np.asarray(data[f"{name}.weights"], dtype=np.float64),
            np.asarray(data[f"{name}.bias"], dtype=np.float64),
            float(data[f"{name}.temperature"]),
            cues,
            tuple(float(x) for x in data[f"{name}.scales"]),  # type: ignore[arg-type]  # three by construction
        )


def fit(
    texts: Sequence[str], vectors: Vectors, labels: Sequence[str], order: Sequence[str], cues: Cues,
    scales: tuple[float, float, float] = (4.0, 2.0, 1.0), strength: float = 1.0,
) -> Classifier:  # fmt: skip
    """A classifier for `labels` in `order`, its temperature set on held-out folds. Imports scikit-learn; same input, same model."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rows, columns, values = [], [], []
    for i, text in enumerate(texts):
        for bucket, value in word_features(text).items():
            rows.append(i), columns.append(bucket), values.append(value * scales[1])
    hashed = csr_matrix((values, (rows, columns)), shape=(len(texts), _BUCKETS))
    cue_rows = np.stack([cues.features(t) for t in texts]) * scales[2]
    matrix = hstack([csr_matrix(vectors.astype(np.float64) * scales[0]), hashed, csr_matrix(cue_rows)]).tocsr()
    target = np.array([order.index(label) for label in labels])
    model = LogisticRegression(C=strength, max_iter=400)
    folds = StratifiedKFold(5, shuffle=True, random_state=7)
    held_out = cross_val_predict(model, matrix, target, cv=folds, method="decision_function")
    model.fit(matrix, target)
    return Classifier(tuple(order), model.coef_, model.intercept_, _temperature(held_out, target), cues, scales)


def _temperature(logits: Array, target: NDArray[np.int64]) -> float:
    """The temperature that makes held-out probabilities honest (Guo and others 2017)."""

    def loss(t: float) -> float:
        z = logits / t
        z = z - z.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(target)), target]))

    grid = np.geomspace(0.2, 5.0, 60)
    return float(grid[int(np.argmin([loss(t) for t in grid]))])


def save(path: Path, classifiers: Mapping[str, Classifier]) -> None:
    with path.open("wb") as file:
        np.savez(file, **{k: v for name, c in classifiers.items() for k, v in c.arrays(name).items()})  # type: ignore[arg-type]


def load(path: Path, cues: Mapping[str, Cues]) -> dict[str, Classifier]:
    """Classifiers by name. Raises OSError, ValueError or KeyError for a file that is not ours."""
    with np.load(path, allow_pickle=False) as data:
        arrays = dict(data)
    return {name: Classifier.from_arrays(name, arrays, c) for name, c in cues.items()}
