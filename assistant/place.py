"""Where a described situation stands: scores for level, element and step, the words they rest on, and what is not known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.embed import OnnxEmbeddings, Vectors
from assistant.errors import KnowledgeError
from assistant.knowledge import Library, read_yaml
from assistant.learn import Classifier, Cues, fit, load, save
from assistant.types import FACETS, Cue, Facet, Placement, Score

_CLAUSE = re.compile(r"[^.;:!?\n]+(?:[.;:!?]+|\n|$)")
# Below these a facet is not sure; set on held-out folds so that a sure placement is right four times in five.
SURE: dict[Facet, float] = {"level": 0.55, "element": 0.5, "step": 0.55}


@dataclass(frozen=True)
class Placer:
    """Places texts. Built once; trained when the library is built."""

    classifiers: Mapping[str, Classifier]
    questions: Mapping[str, str]  # by facet: what to ask when it is not sure

    def place(self, text: str, vector: Vectors) -> Placement:
        """Scores of every member, best first; evidence spans are offsets in `text`."""
        scores: dict[Facet, tuple[Score, ...]] = {}
        sure: dict[Facet, bool] = {}
        evidence: list[Cue] = []
        against: list[Cue] = []
        described = describes_a_situation(text)
        for facet in FACETS:
            classifier = self.classifiers[facet]
            found = classifier.probabilities(text, vector)
            ranked = sorted(found.items(), key=lambda p: (-p[1], FACETS[facet].index(p[0])))
            scores[facet] = tuple(Score(i, round(s, 4)) for i, s in ranked)
            sure[facet] = described and ranked[0][1] >= SURE[facet]
            if described:
                evidence += _spans(text, facet, ranked[0][0], classifier, len(vector))
                against += _spans(text, facet, ranked[1][0], classifier, len(vector), only_cues=True)
        unknown = tuple(self.questions[f] for f in FACETS if not sure[f])
        return Placement(scores["level"], scores["element"], scores["step"], tuple(evidence), tuple(against), unknown, sure)


def describes_a_situation(text: str) -> bool:
    """Whether the text tells of something going on, as opposed to asking what a word means."""
    if len(text.split()) < 4:
        return False
    return not re.match(r"\s*(what (is|are|does)|define|list|name the|who is|hello|hi|thanks|thank you)\b", text, re.IGNORECASE) or len(text.split()) > 14


def _spans(text: str, facet: Facet, member: str, classifier: Classifier, size: int, only_cues: bool = False) -> list[Cue]:
    """Matches of the member's cues; failing these, the clause whose words pull most towards it."""
    cues = [Cue(text[a:b], a, b, f"{facet}:{member}") for label, a, b in classifier.cues.found(text) if label == member]
    if cues or only_cues:
        return cues[:3]
    clauses = [(m.start(), m.end()) for m in _CLAUSE.finditer(text) if len(m.group().split()) >= 3]
    best = max(((classifier.pull(text[a:b], member, size), -a, a, b) for a, b in clauses), default=None)
    if best is None or best[0] <= 0:
        return []
    _, _, a, b = best
    span = text[a:b]
    a, b = a + len(span) - len(span.lstrip()), b - (len(span) - len(span.rstrip()))
    return [Cue(text[a:b], a, b, f"{facet}:{member}")]


def load_training(library: Library, folder: Path) -> tuple[dict[Facet, list[tuple[str, str]]], dict[Facet, Cues], dict[str, str]]:
    """Examples and cues by facet, and the questions to ask. Examples are the framework's signs and `placement/*.yaml`.

    Raises KnowledgeError.
    """
    examples: dict[Facet, list[tuple[str, str]]] = {f: [(s, m.id) for m in library.facet(f) for s in m.signs] for f in FACETS}
    cues: dict[str, list[str]] = {}
    questions: dict[str, str] = {}
    slips: list[str] = []
    for path in sorted((folder / "placement").glob("*.yaml")):
        data = read_yaml(path.read_text("utf-8"), f"placement/{path.name}")
        for key, value in data.items():
            if key == "unknown":
                questions.update(value)
            elif key == "cues":
                cues.update({m: [*cues.get(m, []), *patterns] for m, patterns in value.items()})
            elif key in library.members:
                examples[library.members[key].facet] += [(text, key) for text in value]
            else:
                slips.append(f"placement/{path.name}: {key}: there is no such level, element or step")
        slips += [f"placement/{path.name}: cues: {m}: there is no such level, element or step" for m in data.get("cues", {}) if m not in library.members]
    slips += [f"placement: unknown: says nothing of {f}" for f in FACETS if f not in questions]
    if slips:
        raise KnowledgeError(slips)
    return examples, {f: Cues.compile(FACETS[f], cues) for f in FACETS}, questions


def open_placer(library: Library, folder: Path, embeddings: OnnxEmbeddings, trained: Path) -> Placer:
    """The placer for this library, trained and stored under `trained` on first use."""
    examples, cues, questions = load_training(library, folder)
    path = trained / f"placement-{library.version}-{embeddings.version}.npz"
    try:
        return Placer(load(path, cues), questions)  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError):
        pass  # not trained yet, or a broken file: trained again
    models = {}
    for facet, rows in examples.items():
        texts = [t for t, _ in rows]
        models[facet] = fit(texts, embeddings.vectors(texts), [label for _, label in rows], FACETS[facet], cues[facet])
    trained.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{id(models)}.tmp")
    save(scratch, models)
    scratch.replace(path)
    for old in sorted(trained.glob("placement-*.npz"), key=lambda p: p.stat().st_mtime)[:-3]:
        old.unlink(missing_ok=True)
    return Placer(models, questions)
