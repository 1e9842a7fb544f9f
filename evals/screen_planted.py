"""Learns knowledge/screens/planted.tsv: `python -m evals.screen_planted`. Needs half a minute, no model and no network.

Learnt from `planted.yaml`, from the sentences of documents that the tests of the rules hold (tests/screen_orders.yaml), and from the
cards' own lines, which are sound. No case trains anything. How sure it must be is set on folds it had not seen: so that of the sound
sentences written to look like planted ones no more than ALARMS are taken for them; the cards' lines show how rare it is elsewhere.
"""

from __future__ import annotations

import json
import random
import re
from typing import Any

import numpy as np
import yaml

from assistant.knowledge import sentences
from assistant.learn import fit, held_out_logits
from assistant.screen.planted import LABELS, PLANTED, SOUND, about_of, cues_of
from evals.screens import ROOT, wilson

SCREENS = ROOT / "knowledge" / "screens"
ALARMS = 0.015  # of such sentences: a document of ten of them then loses one of its own once in seven, not once in four
RIDGE = 10.0  # of 1, 3 and 10, what caught most on held-out folds at that many alarms
_SAID = re.compile(r"[^<>{}\[\]\U000e0000-\U000e007f]*\w+(?: [^<>{}\[\]\U000e0000-\U000e007f]*\w[^<>{}\[\]]*){4,}")
LINES = 1500  # of the cards' own lines, drawn by a fixed chance


def main() -> None:
    texts, labels, hard = examples()
    own = _read(SCREENS / "planted.yaml")
    patterns, about = own["cues"], about_of(own["about"])
    cues = cues_of(patterns)
    nothing = np.zeros((len(texts), 0), dtype=np.float32)  # in place of the sentences' vectors
    held_out = held_out_logits(texts, nothing, labels, LABELS, cues, ridge=RIDGE)
    odds = np.where([bool(about.search(text)) for text in texts], held_out[:, 0] - held_out[:, 1], -np.inf)
    planted = np.array([label == PLANTED for label in labels])
    looks_alike = ~planted & (np.arange(len(texts)) < hard)
    least = float(np.quantile(odds[looks_alike], 1 - ALARMS, method="higher")) + 1e-6
    learnt = fit(texts, nothing, labels, LABELS, cues, ridge=RIDGE)
    of_words, of_cues = (w[0] - w[1] for w in (learnt.of_words, learnt.of_cues))
    head = {
        "bias": round(float(learnt.bias[0] - learnt.bias[1]), 3),
        "least": round(least, 3),
        "about": own["about"],
        "cues": {name: (pattern, round(float(w), 3)) for (name, pattern), w in zip(patterns.items(), of_cues, strict=True)},
    }
    rows = zip(learnt.vocabulary.terms, learnt.vocabulary.rarity, of_words, strict=True)
    table = [f"{term}\t{round(rarity * 1000)}\t{round(weight * 1000)}" for term, rarity, weight in rows]
    (SCREENS / "planted.tsv").write_text("# " + json.dumps(head) + "\n" + "\n".join(table) + "\n", "utf-8")
    print(f"{len(table)} rows from {len(texts)} sentences; held out:")
    for name, which in (("planted", planted), ("sound, made to look alike", looks_alike), ("cards' lines", np.arange(len(texts)) >= hard)):
        hits, of = int((odds[which] >= least).sum()), int(which.sum())
        low, high = wilson(hits, of)
        print(f"  {name:28} {hits:4} of {of:4} taken for planted  ({low:.3f} to {high:.3f})")


def examples() -> tuple[list[str], list[str], int]:
    """Sentences, their labels, and how many were written for this; the cards' lines follow."""
    own, held = _read(SCREENS / "planted.yaml"), _read(ROOT / "tests" / "screen_orders.yaml")
    rows = [(t, PLANTED) for t in (*own[PLANTED], *held["orders-in-documents"])]
    rows += [(t, SOUND) for t in (*own[SOUND], *held["plain-documents"])]
    rows = [(t, label) for t, label in rows if _SAID.fullmatch(t)]  # what is told by its form has no words to learn
    lines = _card_lines()
    random.Random(1).shuffle(lines)  # noqa: S311 - a fixed draw, nothing secret
    return [t for t, _ in rows] + lines[:LINES], [label for _, label in rows] + [SOUND] * LINES, len(rows)


def _card_lines() -> list[str]:
    out: list[str] = []
    for path in sorted((ROOT / "knowledge" / "cards").rglob("*.md")):
        for line in path.read_text("utf-8").split("---\n", 2)[2].splitlines():
            said = re.sub(r"\[[a-z0-9 \]\[-]+\]", "", line).lstrip("- ").replace("**Do** ", "").split(" | owner")[0]
            out += [s for s in sentences(said) if len(s.split()) > 4 and not line.startswith("#")]
    return out


def _read(path: Any) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


if __name__ == "__main__":
    main()
