"""The card writer: chooses and orders reviewed statements, never writes new ones. Same input, same answer.

Each kind of question reads differently; what is shown first stays within a budget of words, the rest stands after "more".
Statements are chosen greedily for what they add to what is already said (maximal marginal relevance, Carbonell and
Goldstein 1998), by words: meaning cannot tell two sentences of one card apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assistant.knowledge import Library
from assistant.prompts import Prompts
from assistant.types import (
    STEPS,
    WHENS,
    Card,
    Claim,
    Draft,
    Evidence,
    Facet,
    Part,
    Passage,
    PlannedStep,
    Sentence,
    Understanding,
)

BUDGET = 350  # words shown before "more"
MOST_STEPS = 5
_ALIKE = 0.6  # two statements that share this much of the shorter one's words say the same
_WORD = re.compile(r"[a-z]{3,}")
_COMMON = frozenset(
    "the and for with that this from are was were have has had not you your our their they them who what when where which will would "
    "should could can may into out about over each every one other than then there here how why its does did been being also".split()
)
_REASONS = ("why-it-happens", "what-it-means", "tasks-for-leaders", "what-it-covers", "when-it-is-right")


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, cut to six letters so that forms of a word meet."""
    return frozenset(w[:6] for w in _WORD.findall(text.lower()) if w not in _COMMON)


def likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """Overlap of two word sets as a share of the smaller: 0..1."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


@dataclass
class _Said:
    """What an answer already says, so that nothing is said twice, and how much room is left."""

    asked: frozenset[str]
    sets: list[frozenset[str]] = field(default_factory=list)
    count: int = 0

    def repeats(self, text: str) -> bool:
        return any(likeness(content_words(text), s) >= _ALIKE for s in self.sets)

    def add(self, *texts: str) -> None:
        for text in texts:
            self.sets.append(content_words(text))
            self.count += len(text.split())

    def choose(self, candidates: Iterable[tuple[Sentence, str]], k: int) -> tuple[Claim, ...]:
        """Up to `k` (sentence, passage id) pairs in their own order: most to the point, least said already."""
        pool = [(s, p) for s, p in candidates if not self.repeats(s.text)]
        chosen: list[tuple[int, Claim]] = []
        while pool and len(chosen) < k:
            best = max(range(len(pool)), key=lambda i: (likeness(content_words(pool[i][0].text), self.asked) - 0.06 * i, -i))
            sentence, passage = pool.pop(best)
            if not self.repeats(sentence.text):
                chosen.append((best + len(chosen), Claim(sentence.text, (passage,))))
                self.add(sentence.text)
        return tuple(claim for _, claim in sorted(chosen, key=lambda c: c[0]))


@dataclass(frozen=True)
class CardWriter:
    """Composes drafts from cards. Needs no model."""

    library: Library
    prompts: Prompts
    name: str = "none"

    def compose(self, question: Understanding, evidence: Evidence) -> Draft:
        """A draft that answers `question` from `evidence`, which holds a card or a document passage."""
        said = _Said(content_words(question.text))
        parts: list[Part] = []
        notices: list[str] = []
        if evidence.documents:
            parts.append(self._from_document(evidence, said))
        if evidence.cards:
            cards = [c for c, _ in evidence.cards]
            parts += self._body(question, cards, said)
            notices += self._notices(question, cards)
        questions = tuple(line for p in parts if p.heading == self._heading("questions") and not p.more for line in p.lines)
        return Draft(tuple(p for p in parts if p.claims or p.steps or p.lines), questions, tuple(notices), self.name)

    def _heading(self, key: str) -> str:
        return self.prompts.say(f"writer.heading.{key}")

    def _body(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        named = [
            self.library.cards[c] for c in (f"{self.library.members[s].facet}-{s}" for s in question.subjects) if c in self.library.cards
        ]
        same_facet = len({self.library.members[s].facet for s in question.subjects}) == 1
        if question.kind == "comparison" and len(named) >= 2 and same_facet:
            return self._comparison(question, named, cards, said)
        first = named[0] if question.kind == "definition" and named else cards[0]
        if question.kind == "list" or first.id.startswith(("five-", "six-")):
            listed = next((c for c in cards if c.section("features")), first)
            return self._sections(listed, said, [("features", "features", 8)], more=["what-it-covers", "how-sure-we-are", "ask-yourselves"])
        if first.kind == "tool" and question.kind in ("how_to", "other", "definition", "follow_up"):
            shown = [("how", "how-to-run-it", 9), ("mistakes", "common-mistakes", 2)]
            return self._sections(
                first, said, shown, more=["headings", "when-to-use-it", "ask-yourselves"], steps=question.kind != "definition"
            )
        if first.kind == "law":
            shown = [("binds", "what-binds-whom", 4), ("asof", "as-of-when", 2), ("check", "what-to-check", 3)]
            return self._sections(
                first,
                said,
                shown,
                more=["who-to-contact", "partnership-body", "ask-yourselves"],
                steps=question.kind in ("next_steps", "who_when"),
            )
        if question.kind == "definition" and first.kind == "framework":
            shown = [("features", "features", 6), ("covers", "what-it-covers", 4), ("signs", "signs", 3), ("right", "when-it-is-right", 2)]
            return self._sections(
                first, said, shown, more=["strengths", "moving-up-or-down", "at-each-level", "how-sure-we-are", "watch-for"]
            )
        return self._advice(question, [first, *(c for c in cards if c != first)], said)

    # ---- advice: the situation, why, what next, what to ask, what to watch for

    def _advice(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        first = cards[0]
        opening = self._opening(first, said)
        placed = self._placed(question, first)
        said.add(*placed)
        reasons_wanted = 4 if question.kind == "reasons" else 2
        reasons = said.choose(
            self._pool([first], _REASONS if first.kind != "lesson" else ("what-was-found", "what-it-means")), reasons_wanted
        )
        steps = self._steps(question, cards, said)
        questions = [c.text for c in said.choose(self._pool([first], ("ask-yourselves",)), 2)]
        watch = said.choose(self._pool(cards[:2], ("watch-for", "common-mistakes")), 2 if said.count < BUDGET - 40 else 1)
        heading = "found" if first.kind == "lesson" else "reasons" if first.section("why-it-happens") else "meaning"
        shown = [
            opening,
            Part("plain", lines=tuple(placed)),
            Part("bullets", self._heading(heading), reasons),
            Part("steps", self._heading("steps"), steps=steps),
            Part("plain", self._heading("questions"), lines=tuple(questions)),
            Part("bullets", self._heading("watch"), watch),
        ]
        if question.kind in ("next_steps", "who_when", "how_to"):
            shown[2], shown[3] = shown[3], shown[2]
        more = [
            Part("bullets", self._heading("signs"), said.choose(self._pool([first], ("signs",)), 5), more=True),
            Part(
                "bullets",
                self._heading("reasons"),
                said.choose(self._pool(cards[:2], (*_REASONS, "what-the-sources-say", "by-nation")), 4),
                more=True,
            ),
        ]
        return shown + more

    def _opening(self, card: Card, said: _Said) -> Part:
        passage = card.passages[0]
        kept = list(passage.sentences[:3])
        said.add(*(s.text for s in kept))
        return Part("paragraph", claims=tuple(Claim(s.text, (passage.id,)) for s in kept))

    def _placed(self, question: Understanding, card: Card) -> list[str]:
        """What this is about in the framework: the elements of the card that answers, which are reviewed, with the words
        of the question that point the same way; level and step only where the text itself is sure."""
        placement = question.placement
        names = {
            "elements": " and ".join(f"**{self.library.members[e].name.lower()}**" for e in card.elements[:2]),
            "level": self.library.members[placement.best("level").id].name.lower(),
            "step": self.library.members[placement.best("step").id].name.lower(),
        }
        agrees = placement.sure["element"] and placement.best("element").id in card.elements
        sure: list[Facet] = [f for f in ("level", "step") if placement.sure[f]]
        line = self.prompts.say("writer.placement." + "_".join(["element", *sure]), **names)
        seen = [c for c in placement.evidence if c.reading.partition(":")[0] in (*sure, *(["element"] if agrees else []))]
        words = list(dict.fromkeys(c.text for c in seen))[:2]
        if not words:
            return [line]
        shown = "” and “".join(w if len(w.split()) <= 12 else " ".join(w.split()[:12]) + " …" for w in words)
        return [line + " " + self.prompts.say("writer.placement.words", words=shown)]

    def _steps(self, question: Understanding, cards: Sequence[Card], said: _Said) -> tuple[PlannedStep, ...]:
        """The first card's steps, then what others add, soonest first; fitted to the step of change when it is sure."""
        chosen: list[PlannedStep] = []
        reached = STEPS.index(question.placement.best("step").id) if question.placement.sure.get("step") else None
        for n, card in enumerate(cards[:3]):
            too_early = reached is not None and n > 0 and all(STEPS.index(s) > reached + 1 for s in card.steps)
            if too_early:
                continue  # nobody who does not yet see the need is told to launch a structure
            for passage in card.passages:
                for step in passage.steps:
                    if len(chosen) >= (MOST_STEPS if n == 0 else MOST_STEPS + 1) or (n > 0 and said.count > BUDGET - 90):
                        break
                    if n > 0 and likeness(content_words(step.action), said.asked) < 0.12:
                        continue  # another card's step is woven in only where it bears on what was asked
                    if not said.repeats(step.action):
                        said.add(f"{step.action} {step.owner} {step.progress}")
                        chosen.append(PlannedStep(step, passage.id))
        return tuple(sorted(chosen, key=lambda s: WHENS.index(s.step.when)))

    # ---- sections: definitions, tools, law

    def _sections(
        self, card: Card, said: _Said, shown: Sequence[tuple[str, str, int]], more: Sequence[str], steps: bool = False
    ) -> list[Part]:
        parts = [self._opening(card, said)]
        for key, section, most in shown:
            passage = card.section(section)
            if passage is None or said.count > BUDGET:
                continue
            numbered = section == "how-to-run-it"
            kept = passage.sentences[:most]
            said.add(*(s.text for s in kept))
            parts.append(Part("numbers" if numbered else "bullets", self._heading(key), _claims(kept, passage)))
        if steps or card.kind in ("tool", "law"):
            found = [PlannedStep(s, p.id) for p in card.passages for s in p.steps][:MOST_STEPS]
            parts.append(Part("steps", self._heading("steps"), steps=tuple(found), more=not steps or said.count > BUDGET))
        for section in more:
            passage = card.section(section)
            if passage is None:
                continue
            if section == "ask-yourselves":
                parts.append(
                    Part(
                        "plain",
                        self._heading("questions"),
                        lines=tuple(s.text for s in passage.sentences[:3]),
                        more=said.count > BUDGET - 40,
                    )
                )
            else:
                parts.append(Part("bullets", passage.heading, _claims(passage.sentences, passage), more=True))
        return parts

    def _comparison(self, question: Understanding, named: Sequence[Card], cards: Sequence[Card], said: _Said) -> list[Part]:
        """What each is, then a table of what sets them apart; a card on the very pair leads where there is one."""
        named = named[:4]
        pair = next((c for c in cards if c.kind == "framework" and c not in named and all(s in c.id for s in question.subjects[:2])), None)
        parts = [self._opening(pair, said)] if pair else []
        columns = tuple(self.library.members[c.id.split("-", 1)[1]].name for c in named)
        labels: dict[str, dict[str, Claim]] = {}
        for card in named:
            first = card.passages[0]
            labels.setdefault(self._heading("meaning"), {})[card.id] = Claim(first.sentences[0].text, (first.id,))
            features = card.section("features") or card.section("what-it-covers") or card.section("signs")
            for n, s in enumerate(features.sentences if features else ()):
                label, colon, rest = s.text.partition(":")
                key, text = (
                    (label.strip(), rest.strip())
                    if colon and len(label.split()) <= 3
                    else (f"{features.heading} {n + 1}" if features else "", s.text)
                )
                labels.setdefault(key, {})[card.id] = Claim(text[:1].upper() + text[1:], (features.id if features else first.id,))
        full = [(label, row) for label, row in labels.items() if len(row) == len(named)]
        kept = full[: 7 if len(named) <= 2 else 5]
        claims = tuple(row[c.id] for _, row in kept for c in named)
        said.add(*(c.text for c in claims))
        parts.append(Part("table", columns=columns, rows=tuple(label for label, _ in kept), claims=claims))
        lead = pair or named[0]
        parts.append(Part("steps", self._heading("steps"), steps=self._steps(question, [lead], said), more=said.count > BUDGET - 60))
        questions = tuple(c.text for c in said.choose(self._pool([lead], ("ask-yourselves",)), 2))
        parts.append(Part("plain", self._heading("questions"), lines=questions, more=said.count > BUDGET))
        right = tuple(
            c
            for card in named
            for c in _claims(
                (card.section("when-it-is-right") or card.passages[0]).sentences[:1], card.section("when-it-is-right") or card.passages[0]
            )
        )
        parts.append(Part("bullets", self._heading("right"), right, more=True))
        return parts

    # ---- documents, notices

    def _from_document(self, evidence: Evidence, said: _Said) -> Part:
        """The sentences of the person's own documents that bear on the question, word for word."""
        pool = [(s, h.passage.id) for h in evidence.documents for s in h.passage.sentences]
        best = sorted(pool, key=lambda sp: -likeness(content_words(sp[0].text), said.asked))[:4]
        return Part("bullets", self._heading("document"), said.choose(best, 3))

    def _notices(self, question: Understanding, cards: Sequence[Card]) -> list[str]:
        notices = []
        nations = [self.library.jurisdictions[c].name for c in cards[0].jurisdictions if c not in ("any",)]
        if nations and question.jurisdiction not in cards[0].jurisdictions:
            notices.append(self.prompts.say("writer.notice.jurisdiction", nations=", ".join(nations)))
        if question.kind in ("definition", "list", "comparison") and (
            "steps" in cards[0].id or any(self.library.members[s].facet == "step" for s in question.subjects)
        ):
            notices.append(self.prompts.say("writer.notice.steps", caveat=self.library.caveat))
        return notices

    def _pool(self, cards: Sequence[Card], sections: Sequence[str]) -> list[tuple[Sentence, str]]:
        return [(s, p.id) for card in cards for name in sections if (p := card.section(name)) for s in p.sentences]


def _claims(sentences: Sequence[Sentence], passage: Passage) -> tuple[Claim, ...]:
    return tuple(Claim(s.text, (passage.id,)) for s in sentences)
