"""What the learner did: typed words to a move, a topic and whom they were said to.

Logistic regression over cues, words and a sentence vector, trained when first opened and cached by content. Cues carry
the rare moves. Sure enough: go on and show the reading; between two: offer both; lost: ask, in role, to say it again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from assistant.embed import Progress, Vectors, quiet
from assistant.learn import FORMAT, Classifier, Cues, fit, kept
from assistant.rehearse.types import Move, Reading, Scenario

# Set on the open half of evals/cases/rehearse/moves.yaml: above CONFIDENT nine in ten readings are right.
CONFIDENT = 0.60
LOST = 0.22
_SHORT = 3  # words
_TOPIC = 0.38  # cosine below which no topic was meant
_MEANT, _APART = 0.4, 0.12  # cosine, and distance to the next role, for a question to be meant for one; else who spoke goes on
ASKING = ("ask_open", "ask_interest")  # moves that are meant for somebody
_ROOM = re.compile(r"\b(?:any|each|either|both|all) of you\b|\beveryone\b|\beverybody\b|\byou all\b", re.IGNORECASE)
_LEAD = r"(?:(?:and|so|to|ok|okay|right)[,. ]+)?"
_ASKED = r"(?:(?:can|could|would|will|do|did|are|have) you|how|what|why|when|where)\b"
_CONSENT = re.compile(  # "All right with that?" asks for a yes to what was said before it, and is no question of its own
    r"(?<=[.?!] )(?:so |and )?(?!how|what|why|when|where|who|which)[^.?!]{0,40}"
    r"\b(?:ok|okay|all ?right|alright|agreed|agree|happy|good|deal|works? for)\b[^.?!]{0,25}\?+\s*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.?!]+[.?!]*")
_SCALES = (4.0, 2.0, 1.0)


class Embedder(Protocol):
    """What turns texts into unit vectors: `assistant.embed.OnnxEmbeddings`, or a small fake in tests."""

    version: str

    def vectors(self, texts: Sequence[str]) -> Vectors: ...


class Noticer:
    """Reads learners' words for one set of moves."""

    def __init__(self, moves: Mapping[str, Move], embedder: Embedder, cache: Path | None = None, progress: Progress = quiet) -> None:
        self._moves = moves
        self._embedder = embedder
        self._cache = cache
        self._progress = progress
        self._models: dict[tuple[str, ...], Classifier] = {}
        self._topics: dict[str, Vectors] = {}

    def read(self, text: str, scenario: Scenario, to: str | None = None) -> Reading:
        """The reading of `text`, with the next best. Words that hold nothing to read are lost."""
        plain = " ".join(text.split())
        if not re.search(r"[A-Za-z]{2}", plain):
            return Reading("", sure="lost", score=0.0, to=to)
        model = self._model(scenario)
        to, about = called(plain, scenario) or to, _meant(plain, scenario)
        plain = _CONSENT.sub("", plain).strip() or plain
        plain = _without_name(plain, scenario) or plain
        said = [_without_name(s.strip(), scenario) for s in _SENTENCE.findall(plain)]
        sentences = [s for s in said if len(s.split()) > 1][-3:]  # the point comes last
        texts = [plain, *sentences] if len(sentences) > 1 else [plain]
        vectors = self._embedder.vectors(texts)
        scores, parts = self._scores(model, texts, vectors)
        best = sorted(scores, key=lambda m: -scores[m])
        top = scores[best[0]]
        sure: Literal["confident", "between", "lost"] = "confident" if top >= CONFIDENT else "lost" if top < LOST else "between"
        if sure == "between" and len(plain.split()) < _SHORT:
            sure = "lost"  # a bare "yes" or "well" says nothing that could be read
        named = next((m for m, p in reversed(parts) if p >= CONFIDENT), None)
        if sure == "lost" and named:  # one plain sentence among unclear ones: it is taken up, and the rest may be said again
            best, sure = [named, *(m for m in best if m != named)], "between"
        also = next((m for m, p in parts if p >= CONFIDENT and m not in (best[0], "greet", "step_out")), None)
        if sure == "between" and also and also == best[1]:
            sure = "confident"  # both readings are meant, so neither needs to be chosen
        if best[0] in ASKING:  # a question about one role is meant for it; an offer that names one may well be for another
            to = to or about or self._meant(scenario, vectors[0])
        elif about == "all":
            to = to or about
        return Reading(best[0], tuple(best[1:3]), sure, round(top, 3), self._topic(scenario, vectors[0]), to, also)

    def prepare(self, scenario: Scenario) -> None:
        """Opens the model and reads the scenario's topics and roles, so that the first turn is as quick as the rest."""
        self.read(scenario.aim, scenario)
        self._meant(scenario, self._embedder.vectors([scenario.aim])[0])

    @staticmethod
    def _scores(model: Classifier, texts: list[str], vectors: Vectors) -> tuple[dict[str, float], list[tuple[str, float]]]:
        """The whole text and, where there are several sentences, the one that says most; and what each sentence is by itself."""
        whole = model.probabilities(texts[0], vectors[0])
        if len(texts) == 1:
            return whole, []
        parts = [model.probabilities(t, v) for t, v in zip(texts[1:], vectors[1:], strict=True)]
        # A courtesy before the point is not the point: greetings and thanks count only where they stand alone, or where the
        # turn ends in one and reads as one.
        named = [max(p, key=lambda m: p[m]) for p in parts]
        sorry = named[-1] == max(whole, key=lambda m: whole[m]) == "acknowledge"
        told = [p for p, move in zip(parts, named, strict=True) if sorry or move not in ("greet", "acknowledge")] or parts
        chief = max(told, key=lambda p: max(p.values()))
        share = 0.5 if len(told) == len(parts) else 0.8  # a whole that begins with a greeting leans to the greeting
        if "?" in texts[-1]:  # a turn that ends in a question is what it asks: that is what waits for an answer
            chief = max((p for t, p in zip(texts[1:], parts, strict=True) if "?" in t), key=lambda p: max(p.values()))
            share = 0.5
        return {m: (1 - share) * whole[m] + share * chief[m] for m in whole}, [max(p.items(), key=lambda x: x[1]) for p in parts]

    def _topic(self, scenario: Scenario, vector: Vectors) -> str | None:
        if not scenario.topics:
            return None
        key = f"{scenario.id}.{scenario.version}"
        if key not in self._topics:
            self._topics[key] = self._embedder.vectors([e for t in scenario.topics for e in t.examples])
        names = [t.id for t in scenario.topics for _ in t.examples]
        cosines = self._topics[key] @ vector
        best = int(np.argmax(cosines))
        return names[best] if cosines[best] >= _TOPIC else None

    def _meant(self, scenario: Scenario, vector: Vectors) -> str | None:
        """The persona most at home with a question, where one stands out by what it does and states."""
        people = list(scenario.personas.values())
        if len(people) < 2:
            return None
        key = f"{scenario.id}.{scenario.version}.people"
        if key not in self._topics:
            self._topics[key] = self._embedder.vectors([x for p in people for x in (p.role, p.public, p.position, *p.facts)])
        owners = [p.id for p in people for _ in range(3 + len(p.facts))]
        best: dict[str, float] = {}
        for owner, cosine in zip(owners, (self._topics[key] @ vector).tolist(), strict=True):
            best[owner] = max(best.get(owner, 0.0), cosine)
        first, second = sorted(best, key=lambda o: -best[o])[:2]
        return first if best[first] >= _MEANT and best[first] - best[second] >= _APART else None

    def _model(self, scenario: Scenario) -> Classifier:
        moves = {**self._moves, **scenario.moves}
        key = tuple(moves)
        if key not in self._models:
            self._models[key] = self._open(moves)
        return self._models[key]

    def _open(self, moves: Mapping[str, Move]) -> Classifier:
        cues = Cues.compile(tuple(moves), {m: row.cues for m, row in moves.items()})
        texts = [e for row in moves.values() for e in row.examples]
        labels = [m for m, row in moves.items() for _ in row.examples]

        def train() -> dict[str, Classifier]:
            self._progress("learning how people put things, once", 0, 1)
            found = fit(texts, self._embedder.vectors(texts), labels, tuple(moves), cues, scales=_SCALES)
            self._progress("learning how people put things, once", 1, 1)
            return {"move": found}

        if self._cache is None:
            return train()["move"]
        content = repr((FORMAT, _SCALES, self._embedder.version, [(m, r.cues, r.examples) for m, r in moves.items()]))
        return kept(self._cache, "moves", hashlib.sha256(content.encode()).hexdigest()[:12], {"move": cues}, train)["move"]


def _without_name(text: str, scenario: Scenario) -> str:
    """What is left once a role was called at the beginning: "Nurse, what have you seen?" asks what has been seen."""
    names = "|".join(re.escape(w) for p in scenario.personas.values() for w in sorted(p.called, key=len, reverse=True))
    return re.sub(rf"^{_LEAD}(?:(?:the )?(?:{names})\s*[,:]|(?:{names})(?= {_ASKED}))\s*", "", text, flags=re.IGNORECASE)


def called(text: str, scenario: Scenario) -> str | None:
    """The role a line calls: at its beginning, before a comma or a question, or at its end."""
    low = text.lower()
    for persona in scenario.personas.values():
        for word in persona.called:
            w = re.escape(word)
            begins = rf"(?:^|[.?!] )(?:(?:thanks|thank you|hello|hi) |{_LEAD})(?:(?:the )?{w}\s*[,:]|{w} {_ASKED})"
            if re.search(rf"{begins}|,\s*(?:the )?{w}\s*[?.!]*$", low):
                return persona.id
    return None


def addressed(text: str, scenario: Scenario) -> str | None:
    """Who a line is plainly said to."""
    return called(text, scenario) or _meant(text, scenario)


def _meant(text: str, scenario: Scenario) -> str | None:
    """Everyone, or the one role a question names, where none is called."""
    low = text.lower()
    if _ROOM.search(low):
        return "all"
    if re.match(
        r"(?:so |and |but )?(?:what|how|why|when|where|who|does|do|is|can|could|would)\b", low
    ):  # a question about one role is meant for it
        meant = [p.id for p in scenario.personas.values() if any(re.search(rf"\b{re.escape(w)}\b", low) for w in p.called)]
        if len(meant) == 1:
            return meant[0]
    return None
