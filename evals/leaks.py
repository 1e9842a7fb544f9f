"""Leaks: whether a case stands, in the same or nearly the same words, among what the product learns from.

Learnt from: the framework's signs, the placement examples, the questions cards are found by, the questions of each kind, the
learner's moves and the screens' examples.
Compared sentence by sentence: exactly, by words in common, and by meaning. A figure over cases that the product has
seen would measure memory.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from assistant import Assistant

ORDERS = Path(__file__).parent.parent / "tests" / "screen_orders.yaml"  # its documents teach the screen of documents
BY_WORDS = 0.8  # Jaccard of the words of two sentences
BY_MEANING = 0.95  # cosine; nearest pairs of honest cases reach 0.9, since short questions on one subject are alike
LIKE_FROM = 6  # words of a sentence that can be nearly the same: of five, one may be another question
FEWEST_WORDS = 5  # of a sentence that is compared: "What is coalition?" can be asked in one way only
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[a-z0-9']+")


def sentences(text: str) -> list[str]:
    """Sentences long enough to be compared."""
    return [s.strip() for s in _SENTENCE.split(text) if len(_words(s)) >= FEWEST_WORDS]


@lru_cache(maxsize=50_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower().replace("’", "'")))


def training(library: Any, knowledge: Path) -> dict[str, str]:
    """Sentences the product learns from, and where each stands."""
    found: dict[str, str] = {}
    for text, where in _learnt(library, knowledge):
        for sentence in sentences(text):
            found.setdefault(sentence, where)
    return found


def _learnt(library: Any, knowledge: Path) -> Iterator[tuple[str, str]]:
    yield from ((sign, f"framework.yaml: {m.id}") for m in library.members.values() for sign in m.signs)
    yield from ((ask, card.file) for card in library.cards.values() for ask in card.asks)
    folders = [*sorted((knowledge / "placement").glob("*.yaml")), *sorted((knowledge / "answerable").glob("*.yaml"))]
    for path in [*folders, *(knowledge / "screens" / name for name in ("examples.yaml", "planted.yaml"))]:
        for key, value in _yaml(path).items():
            yield from ((str(text), f"{path.parent.name}/{path.name}: {key}") for text in (value if isinstance(value, list) else ()))
    for key, rows in _yaml(ORDERS).items():
        yield from ((str(text), f"{ORDERS.name}: {key}") for text in rows if key.endswith("documents"))
    for path in [*sorted((knowledge / "questions").glob("*.yaml")), *sorted((knowledge / "follow_ups").glob("*.yaml"))]:
        yield from ((str(text), f"{path.parent.name}/{path.name}") for text in yaml.safe_load(path.read_text("utf-8")) or ())
    for key, move in _yaml(knowledge / "moves.yaml").items():
        yield from ((str(text), f"moves.yaml: {key}") for text in (*move.get("examples", ()), *move.get("lines", ())))


def _yaml(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text("utf-8")) or {}) if path.exists() else {}


def near_copies(cases: Sequence[str], learnt: Sequence[str]) -> dict[int, tuple[int, float]]:
    """For each sentence of `cases` that shares most of its words with one of `learnt`: (which, Jaccard)."""
    columns: dict[str, int] = {}

    def matrix(texts: Sequence[str]) -> Any:
        sets = [sorted({columns.setdefault(w, len(columns)) for w in _words(t)}) for t in texts]
        starts = np.cumsum([0, *map(len, sets)])
        flat = np.array([c for s in sets for c in s], dtype=np.int64)
        return flat, starts

    (a, a_starts), (b, b_starts) = matrix(cases), matrix(learnt)
    one = csr_matrix((np.ones(len(a), np.float32), a, a_starts), shape=(len(cases), len(columns)))
    two = csr_matrix((np.ones(len(b), np.float32), b, b_starts), shape=(len(learnt), len(columns)))
    sizes = np.diff(b_starts)
    found = {}
    for start in range(0, len(cases), 200):
        common = (one[start : start + 200] @ two.T).toarray()
        likeness = common / np.maximum(np.diff(a_starts)[start : start + 200, None] + sizes[None, :] - common, 1)
        best = likeness.argmax(1)
        for i, j in enumerate(best.tolist()):
            if likeness[i, j] >= BY_WORDS and len(_words(cases[start + i])) >= LIKE_FROM:
                found[start + i] = (j, float(likeness[i, j]))
    return found


def same_meaning(cases: NDArray[np.float32], learnt: NDArray[np.float32]) -> dict[int, tuple[int, float]]:
    """For each row of `cases` that is nearly parallel to a row of `learnt`: (which, cosine)."""
    found = {}
    for start in range(0, len(cases), 500):
        cosine = cases[start : start + 500] @ learnt.T
        best = cosine.argmax(1)
        for i, j in enumerate(best.tolist()):
            if cosine[i, j] >= BY_MEANING:
                found[start + i] = (j, float(cosine[i, j]))
    return found


class Leaks:
    """What the product learns from, read once and held against any number of sets of cases."""

    def __init__(self, assistant: Assistant, cache: Path, by_meaning: bool = True) -> None:
        self.learnt = training(assistant.library, assistant.settings.knowledge)
        self.theirs = list(self.learnt)
        self.exact = {" ".join(_words(t)): i for i, t in enumerate(self.theirs)}
        self.vectors: Vectors | None = None
        if by_meaning:
            name = f"vectors-{assistant.embeddings.version}.npz"
            self.vectors = Vectors(cache / name, assistant.embeddings, [assistant.settings.index / name])

    def of(self, texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Every sentence of the cases that stands among the training sentences, with both and why."""
        ours = [(case, s) for case, many in texts.items() for text in many for s in sentences(text)]
        counted = {"sentences": len(ours), "learnt": len(self.theirs), "by_meaning": self.vectors is not None}
        if not self.theirs or not ours:
            return {"pairs": [], **counted}
        found: dict[int, tuple[int, str]] = {}
        if self.vectors:
            for i, (j, likeness) in same_meaning(self.vectors.of([s for _, s in ours]), self.vectors.of(self.theirs)).items():
                found[i] = (j, f"meaning {likeness:.2f}")
        for i, (j, likeness) in near_copies([s for _, s in ours], self.theirs).items():
            found[i] = (j, f"words {likeness:.2f}")
        for i, (_, sentence) in enumerate(ours):
            if (j := self.exact.get(" ".join(_words(sentence)), -1)) >= 0:
                found[i] = (j, "the same")
        pairs = [
            {"case": ours[i][0], "sentence": ours[i][1], "learnt": self.theirs[j], "where": self.learnt[self.theirs[j]], "how": how}
            for i, (j, how) in sorted(found.items())
        ]
        return {"pairs": pairs, **counted}


class Vectors:
    """Vectors kept in a file by the content of their text, so that a second run embeds only what is new.

    `others` are files of the same kind that may be read: the index keeps one, and most training sentences stand in it.
    """

    def __init__(self, path: Path, embeddings: Any, others: Sequence[Path] = ()) -> None:
        self.path = path
        self.embeddings = embeddings
        self.known: dict[str, NDArray[np.float32]] = {}
        for file in (*others, path):
            try:
                with np.load(file, allow_pickle=False) as data:
                    self.known |= dict(zip(data["keys"].tolist(), data["vectors"], strict=True))
            except (OSError, ValueError, KeyError, EOFError):
                continue  # not made yet, or cut off while it was written: made again

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        keys = [hashlib.sha256(t.encode("utf-8", "surrogatepass")).hexdigest()[:24] for t in texts]
        new = {k: t for k, t in zip(keys, texts, strict=True) if k not in self.known}
        if new:
            self.known |= dict(zip(new, self.embeddings.vectors(list(new.values())), strict=True))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            scratch = self.path.with_suffix(".new.npz")
            np.savez(scratch, keys=np.array(list(self.known)), vectors=np.stack(list(self.known.values())))
            scratch.replace(self.path)
        return np.stack([self.known[k] for k in keys])
