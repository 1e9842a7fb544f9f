"""Sets what turns raw retrieval signals into a probability: `python -m evals.calibrate`.

Two fits over labelled questions that are not sealed. Weights: a listwise (softmax) fit that puts the right card above
the others. Scale and threshold: a logistic fit of whether the best card answers, over questions that the library
should answer, near misses and far ones; the threshold is where a lower bound on precision (Clopper-Pearson, 90%)
reaches the target, not the best fit, which evidence shows is missed more often than not.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from assistant.retrieve import SIGNALS, CardHit
from assistant.session import Assistant

CASES = Path(__file__).parent / "cases"
TARGET = 0.94  # a near miss answered with authority costs trust; so does a question of ours sent back, which is asked far more often
_TURNED_AWAY = ("declined", "urgent", "no_evidence")
_FITTED = [s for s in SIGNALS if s not in ("subject", "kind")]
_SET_BY_HAND = {"subject": 3.0, "kind": 0.8}  # too rare in the questions to be fitted


def labelled(assistant: Assistant, sealed: bool = False) -> list[tuple[str, set[str]]]:
    """(question, ids of the cards that answer) of the retrieval cases."""
    covering: dict[str, set[str]] = {}
    for card in assistant.library.cards.values():
        for entry in card.covers:
            covering.setdefault(entry, set()).add(card.id)
    rows = []
    # Not said.yaml: the cards' asks were written with those lines in view, so a fit on them would trust asks too much.
    for case in yaml.safe_load((CASES / "retrieval" / "questions.yaml").read_text("utf-8"))["cases"]:
        meta: dict[str, Any] = case.get("metadata") or {}
        if bool(meta.get("sealed")) != sealed:
            continue
        wanted = {c.removeprefix("card:").partition("#")[0] for c in meta.get("cards") or []}
        wanted |= {card for entry in meta.get("covers") or [] for card in covering.get(entry, set())}
        if wanted:
            rows.append((case["inputs"]["question"], wanted))
    return rows


def answerable(assistant: Assistant, sealed: bool = False) -> list[tuple[str, str]]:
    """(question, answer | near | far) of the abstention cases whose answer hangs on the threshold.

    Left out are those that are turned away at any: by the screens, or because no card speaks of the thing to be explained.
    """
    cases = yaml.safe_load((CASES / "abstention" / "questions.yaml").read_text("utf-8"))["cases"]
    asked = [(c["inputs"]["question"], c["metadata"]["label"]) for c in cases if bool(c["metadata"].get("sealed")) == sealed]
    retriever = assistant.retriever
    set_now = retriever.calibration
    retriever.calibration = replace(set_now, answer=0.01)
    try:
        return [(q, label) for q, label in asked if assistant.ask(q).outcome not in _TURNED_AWAY]
    finally:
        retriever.calibration = set_now


def hits(assistant: Assistant, question: str) -> tuple[list[CardHit], tuple[float, float]]:
    """The cards found; the chance that the question describes a situation, and the log-odds that it is one for the library."""
    meaning = assistant.adviser.reader.read(question)
    vector = assistant.embeddings.vectors([question])[0]
    situation = assistant.placer.situation(question, vector)
    found = assistant.retriever.cards(question, vector, (), meaning.subjects, meaning.kind, situation, limit=25)
    return found, (situation, assistant.retriever.answerable(question, vector))


def fit_weights(lists: list[tuple[NDArray[np.float64], NDArray[np.bool_]]], penalty: float = 0.4) -> NDArray[np.float64]:
    """Weights that rank the right rows first: gradient ascent on the softmax likelihood over standardised signals.

    The penalty is the best of six in tenfold cross-validation over the open questions.
    """
    stacked = np.concatenate([x for x, _ in lists])
    mean, deviation = stacked.mean(0), stacked.std(0) + 1e-9
    standard = [((x - mean) / deviation, y / y.sum()) for x, y in lists]
    w = np.zeros(stacked.shape[1])
    for _ in range(600):
        gradient = np.zeros_like(w)
        for x, y in standard:
            z = x @ w
            p = np.exp(z - z.max())
            gradient += x.T @ (y - p / p.sum())
        w += 0.5 * (gradient / len(standard) - penalty * w)
    found: NDArray[np.float64] = w / deviation
    return found


def threshold(probabilities: NDArray[np.float64], right: NDArray[np.bool_], target: float = TARGET) -> float:
    """The lowest cut at which the 90% lower bound on precision reaches `target`, midway to what it leaves out; the highest
    probability if none does."""
    order = np.argsort(-probabilities)
    ranked = [*probabilities[order].tolist(), 0.0]
    best = float(ranked[0])
    for n in range(10, len(order) + 1):
        k = int(right[order[:n]].sum())
        if beta.ppf(0.10, k, n - k + 1) >= target:
            best = (ranked[n - 1] + ranked[n]) / 2
    return best


def main() -> None:
    assistant = Assistant()
    lists = []
    for question, wanted in labelled(assistant):
        found, _ = hits(assistant, question)
        right = np.array([h.card.id in wanted for h in found])
        if right.any() and not right.all():
            lists.append((np.array([[h.signals[s] for s in _FITTED] for h in found]), right))
    weights = dict(zip(_FITTED, fit_weights(lists).tolist(), strict=True)) | _SET_BY_HAND
    raw, good, labels = [], [], []
    mix = answerable(assistant)
    for question, label in [*mix, *((q, "answer") for q, _ in labelled(assistant))]:
        found, whole = hits(assistant, question)
        raw.append([max((sum(weights[s] * h.signals[s] for s in SIGNALS) for h in found), default=0.0), *whole])
        good.append(label == "answer")
        labels.append(label)
    x, y = np.array(raw), np.array(good)
    model = LogisticRegression(C=10.0).fit(x, y)
    scale, of_situation, of_answerable = (float(c) for c in model.coef_[0])
    bias = float(model.intercept_[0])
    probability = model.predict_proba(x)[:, 1]
    only = np.array([q != "answer" or i < len(mix) for i, q in enumerate(labels)])  # the mix people bring, not the retrieval set
    cut = threshold(probability[only], y[only])
    data = {
        "weights": {s: round(weights[s] * scale, 3) for s in SIGNALS},
        "situation": round(of_situation, 3),
        "answerable": round(of_answerable, 3),
        "bias": round(bias, 3),
        "answer": round(cut, 3),
        "near": 1.2,
        "foreign": 0.8,
        "made_with": {
            "knowledge": assistant.library.version,
            "embedder": assistant.embeddings.version,
            "questions": len(raw),
            "target_precision": TARGET,
        },
    }
    path = assistant.settings.knowledge / "retrieval.yaml"
    head = "# How raw signals become the probability that a card answers. Written by `python -m evals.calibrate`; not by hand.\n"
    path.write_text(head + yaml.safe_dump(data, sort_keys=False), "utf-8")
    for name in ("answer", "near", "far"):
        rows = [p for p, q, o in zip(probability, labels, only, strict=True) if q == name and o]
        sys.stdout.write(f"{name}: {sum(p >= cut for p in rows)} of {len(rows)} answered\n")
    sys.stdout.write(head + yaml.safe_dump(data, sort_keys=False))


if __name__ == "__main__":
    main()
