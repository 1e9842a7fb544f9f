"""Finding the passages that answer: words and meaning together, for this jurisdiction chain, judged on raw scores.

A card can be found by its title, by the questions it answers and by each of its sections. The two searches are fused to
name candidates; a calibrated probability over raw signals then orders the cards and says when none is good enough. One of
the signals is learned from the library itself: which card a question reads like, which neighbours alone tell less well
(docs/decisions/0008-which-card.md has the figures).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.embed import OnnxEmbeddings, Vectors
from assistant.errors import KnowledgeError
from assistant.index import Entry, Found, Index, Words
from assistant.knowledge import Library
from assistant.learn import FORMAT, NO_CUES, Classifier, fit, fit_many, kept
from assistant.strict import read_yaml
from assistant.types import Card, Hit, Kind, Passage

SIGNALS = ("asks", "sections", "words_asks", "words_sections", "coverage", "likely", "subject", "kind")
# Where no nation is named, cards for these stand first: most of the library is about England, and the answer says so.
_WHERE_NONE_IS_NAMED = {"any", "uk", "england"}
_DEPTH = 400  # entries each search returns: enough to see the third-best ask of every card that matters
_MOST_A_WORD_ADDS = 2.2  # times its rarity, in BM25


def entries(library: Library) -> list[Entry]:
    """Everything of the library that can be found: sections, titles and asks."""
    found: list[Entry] = []
    for card in library.cards.values():
        first = card.passages[0].id
        found.append(Entry(f"{card.id}!title", card.title, first, "title"))
        found += [Entry(f"{card.id}!ask{n}", ask, first, "ask") for n, ask in enumerate(card.asks)]
        found += [Entry(p.id, f"{card.title}. {p.heading}. {p.text}", p.id, "passage") for p in card.passages]
    return found


@dataclass(frozen=True)
class Calibration:
    """What turns raw signals into a probability that a card answers. Kept in `knowledge/retrieval.yaml`."""

    weights: dict[str, float]
    situation: float  # weight of the chance that the text describes a situation at all
    answerable: float  # weight of the log-odds that the question is of the kind the library is about
    bias: float
    answer: float  # below this: no evidence
    near: float  # a second card at least this close to the first, in log-odds, is woven in
    foreign: float  # log-odds taken off a card of another nation when none was named

    def log_odds(self, signals: Mapping[str, float], situation: float, answerable: float) -> float:
        """Log-odds that a card answers: its own signals, whether the text describes a situation (0..1), and how far the
        question is of the kind the library is about (log-odds).

        The three tell different things: far questions describe nothing we know, near misses match words of a card.
        """
        own = sum(self.weights[name] * value for name, value in signals.items())
        return self.bias + self.situation * situation + self.answerable * answerable + own


_NUMBERS = ("situation", "answerable", "bias", "answer", "near", "foreign")


def load_calibration(folder: Path) -> Calibration:
    """Raises KnowledgeError where a weight is missing or is not a number."""
    data = read_yaml((folder / "retrieval.yaml").read_text("utf-8"), "retrieval.yaml")
    slips = [
        f"retrieval.yaml: weights: {s} is not a number" for s in SIGNALS if not isinstance(data.get("weights", {}).get(s), int | float)
    ]
    slips += [f"retrieval.yaml: {k} is not a number" for k in _NUMBERS if not isinstance(data.get(k), int | float)]
    if slips:
        raise KnowledgeError(slips)
    return Calibration({s: float(data["weights"][s]) for s in SIGNALS}, *(float(data[k]) for k in _NUMBERS))


_OURS, _NOT_OURS = "ours", "not_ours"
_ASKS_A_CARD = 3  # of each card's asks, taken as examples of what the library is about
_UNLIKELY = -12.0  # log-probability below which a card is as unlikely as any
_MOST_ANSWERABLE = 5.0  # log-odds beyond which more certainty counts for nothing


@dataclass(frozen=True)
class Learned:
    """What is learned from the texts of a library when it is built."""

    answerable: Classifier  # whether a question is of the kind the library is about
    card: Classifier  # which card a question reads like


def open_learned(library: Library, folder: Path, index: Index, trained: Path) -> Learned:
    """Learned from `library`, or read where it was learned before. Raises KnowledgeError where the examples are not lists of texts."""
    return Learned(_open_answerable(library, folder, index.embeddings, trained), _open_card(library, index, trained))


def _open_card(library: Library, index: Index, trained: Path) -> Classifier:
    """What tells which card a question reads like, learned from everything by which the index finds a card."""
    rows = index.entries
    owner = [library.passages[e.leads_to].card or "" for e in rows]
    version = hashlib.sha256(repr((FORMAT, [(e.text, card) for e, card in zip(rows, owner, strict=True)])).encode()).hexdigest()[:12]

    def train() -> dict[str, Classifier]:
        return {"card": fit_many([e.text for e in rows], index.vectors(), owner, tuple(library.cards))}

    return kept(trained, "card", f"{version}-{index.embeddings.version}", {"card": NO_CUES}, train)["card"]


def _open_answerable(library: Library, folder: Path, embeddings: OnnxEmbeddings, trained: Path) -> Classifier:
    """What tells questions the library is about from others of the same world, learned from `answerable/` and the cards' asks.

    Raw signals of the best card cannot: a near miss shares words and meaning with some card (evals, suite abstention).
    Raises KnowledgeError where the examples are not lists of texts.
    """
    examples: list[tuple[str, str]] = []
    slips = []
    for name in (_OURS, _NOT_OURS):
        file = f"answerable/{name}.yaml"
        rows = read_yaml((folder / file).read_text("utf-8"), file) if (folder / file).exists() else None
        texts = rows.get("examples") if isinstance(rows, dict) else None
        if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t.strip() for t in texts):
            slips.append(f"{file}: examples: should be a list of texts")
        else:
            examples += [(t, name) for t in texts]
    if slips:
        raise KnowledgeError(slips)
    examples += [(ask, _OURS) for card in library.cards.values() for ask in card.asks[:_ASKS_A_CARD]]
    version = hashlib.sha256(repr((FORMAT, examples)).encode()).hexdigest()[:12]

    def train() -> dict[str, Classifier]:
        texts = [t for t, _ in examples]
        return {"answerable": fit(texts, embeddings.vectors(texts), [n for _, n in examples], (_NOT_OURS, _OURS), NO_CUES)}

    return kept(trained, "answerable", f"{version}-{embeddings.version}", {"answerable": NO_CUES}, train)["answerable"]


@dataclass(frozen=True)
class CardHit:
    """A card found, its passages by their own score, and how probable it is that it answers."""

    card: Card
    fit: float  # 0..1
    odds: float  # the same as log-odds, which do not saturate
    signals: dict[str, float]
    passages: tuple[Hit, ...]


class Retriever:
    """Searches one library."""

    def __init__(self, library: Library, index: Index, embeddings: OnnxEmbeddings, calibration: Calibration, learned: Learned) -> None:
        self.library = library
        self.index = index
        self.embeddings = embeddings
        self.calibration = calibration
        self.learned = learned
        self._stems: dict[str, frozenset[str]] = {}

    def passages(self, text: str, k: int, chain: Sequence[str] = ()) -> list[Hit]:
        """The k best passages: those of the best cards, the best-matching section of each first."""
        cards = self.cards(text, self.embeddings.vectors([text])[0], chain)
        ranked: list[Hit] = []
        for card in cards:
            matched = card.passages or (Hit(card.card.passages[0], card.fit, 0.0, 0.0, card.fit),)
            ranked += [Hit(h.passage, card.fit - 0.001 * n, h.words, h.meaning, card.fit) for n, h in enumerate(matched)]
        return sorted(ranked, key=lambda h: (-h.score, h.passage.id))[:k]

    def answerable(self, text: str, vector: Vectors) -> float:
        """Log-odds that a question is of the kind the library is about, within five either way."""
        chance = self.learned.answerable.probabilities(text, vector)
        odds = math.log(max(chance[_OURS], 1e-9) / max(chance[_NOT_OURS], 1e-9))
        return max(-_MOST_ANSWERABLE, min(_MOST_ANSWERABLE, odds))

    def _likely(self, text: str, vector: Vectors) -> dict[str, float]:
        """By card, how likely it is that the question is one of its own: log-probability, which orders cards and is no honest chance."""
        chances = self.learned.card.probabilities(text, vector)
        return {card: max(math.log(max(p, 1e-12)), _UNLIKELY) for card, p in chances.items()}

    def _known(self, card: Card) -> frozenset[str]:
        if card.id not in self._stems:
            text = " ".join([card.title, *card.asks, *(p.text for p in card.passages)])
            self._stems[card.id] = frozenset(self.index.words.stems(text))
        return self._stems[card.id]

    def cards(
        self,
        text: str,
        vector: Vectors,
        chain: Sequence[str] = (),
        subjects: Sequence[str] = (),
        kind: Kind = "other",
        situation: float = 0.5,
        without: str = "",
        limit: int = 12,
    ) -> list[CardHit]:
        """Cards by how probable it is that they answer, best first.

        `situation` is the chance that the text describes one; `chain` is the person's jurisdiction and its parents, and
        cards of other nations are left out. `without` leaves one entry of the index out, so that a card can be judged on
        a question it does not hold.
        """
        found = [f for f in self.index.search(text, vector, _DEPTH) if f.entry.key != without]
        floor = min((f.meaning for f in found if f.meaning is not None), default=0.0)
        by_card: dict[str, list[Found]] = {}
        for f in found:
            by_card.setdefault(f.entry.leads_to.removeprefix("card:").partition("#")[0], []).append(f)
        rarity = {s: self.index.words.rarity(s) for s in set(self.index.words.stems(text))}
        answerable = self.answerable(text, vector)
        # What was learned from the entry left out would give it away.
        likely = {} if without else self._likely(text, vector)
        likeliest = sorted(likely, key=lambda c: (-likely[c], c))[:limit]
        hits = []
        for identity in dict.fromkeys([*list(by_card)[: limit * 4], *likeliest]):
            card = self.library.cards[identity]
            if chain and not set(card.jurisdictions) & set(chain):
                continue
            own = by_card.get(identity, [])
            signals = self._signals(card, own, rarity, floor, subjects, kind) | {"likely": likely.get(identity, 0.0)}
            odds = self.calibration.log_odds(signals, situation, answerable)
            if not chain and not set(card.jurisdictions) & _WHERE_NONE_IS_NAMED:
                odds -= self.calibration.foreign
            fit = 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
            sections = [f for f in own if f.entry.role == "passage"]
            passages = tuple(Hit(self.library.passages[f.entry.key], fit, f.words or 0.0, f.meaning or 0.0, fit) for f in sections)
            hits.append(CardHit(card, fit, odds, signals, passages))
        return sorted(hits, key=lambda h: (-h.odds, h.card.id))[:limit]

    def _signals(
        self, card: Card, found: Sequence[Found], rarity: Mapping[str, float], floor: float, subjects: Sequence[str], kind: Kind
    ) -> dict[str, float]:
        """What speaks for a card, each on its own absolute scale. An entry that meaning did not return counts as `floor`."""

        def meaning(roles: Sequence[str], k: int) -> float:
            best = sorted((f.meaning for f in found if f.entry.role in roles and f.meaning is not None), reverse=True)[:k]
            return (sum(best) + floor * (k - len(best))) / k

        def words(roles: Sequence[str]) -> float:
            return max((f.words for f in found if f.entry.role in roles and f.words is not None), default=0.0) / (total * _MOST_A_WORD_ADDS)

        total = sum(rarity.values()) or 1.0
        known = self._known(card)
        return {
            "asks": meaning(("ask", "title"), 3),
            "sections": meaning(("passage",), 2),
            "words_asks": min(words(("ask", "title")), 1.0),
            "words_sections": min(words(("passage",)), 1.0),
            "coverage": sum(r for s, r in rarity.items() if s in known) / total,
            "subject": float(any(card.id in (f"level-{s}", f"element-{s}", f"step-{s}") for s in subjects)),
            "kind": float(card.kind == _KIND_OF_CARD.get(kind, "")),
        }


_KIND_OF_CARD: dict[str, str] = {"how_to": "tool", "law": "law", "definition": "framework", "list": "framework", "comparison": "framework"}


# Words by which a person points at what they attached.
_PAPERS = "note|policy|protocol|procedure|minutes|terms|agreement|strategy|survey|report|review|audit|guidance|charter|check|plan"
_POINTS_AT_A_DOCUMENT = re.compile(
    r"\b(?:attach(?:ed|ment)|document|paper|leaflet|handbook|uploaded|enclosed|according to|"
    rf"(?:this|these|our|the|my|local|draft) (?:\w+ ){{0,2}}(?:{_PAPERS})|(?:{_PAPERS}) (?:says?|said|mentions?|covers?|tells?|states?))\b",
    re.IGNORECASE,
)
_WHO_BY_WHEN = re.compile(r"\bwho\b.*\b(?:when|do|does|doing|owns?)\b|\bactions?\b|\bdeadlines?\b", re.IGNORECASE)
_ACTIONS = " action, owner, date"  # the heads of the table that answers it
_HEADING_WORDS, _HEADING = 6, 0.1  # so short a passage is most likely a heading, which names what stands below it
_BESIDE_ONE_ANOTHER = 6  # sentences of a document quoted together
_BEARS = 0.42  # from this score on, a passage bears on a question that points at no document
_BEARS_IF_POINTED_AT = 0.1
_BESIDE_THE_BEST = 0.12  # how far below the best passage another may stand


def points_at_a_document(text: str) -> bool:
    """Whether a question is about something that was attached, and not only asked beside it."""
    return bool(_POINTS_AT_A_DOCUMENT.search(text))


def document_passages_found(passages: Sequence[Passage], embeddings: OnnxEmbeddings, text: str, vector: Vectors, k: int = 3) -> list[Hit]:
    """The passages of a person's own documents that bear on the question, best first; more readily where it points at one."""
    if not passages:
        return []
    texts = [p.text for p in passages]
    words = Words(texts)
    pointed_at = points_at_a_document(text)
    asked = _POINTS_AT_A_DOCUMENT.sub(" ", text)  # without the words that only say where to look
    if pointed_at:
        vector = embeddings.vectors([asked + (_ACTIONS if _WHO_BY_WHEN.search(asked) else "")])[0]
    cosines = embeddings.vectors(texts) @ vector
    by_words = dict(words.search(text, len(texts)))
    rarity = {s: words.rarity(s) for s in set(words.stems(asked))}
    total = sum(rarity.values()) or 1.0
    hits = []
    for i, p in enumerate(passages):
        held = set(words.stems(p.text))
        coverage = sum(r for s, r in rarity.items() if s in held) / total
        heading = _HEADING if len(p.text.split()) <= _HEADING_WORDS else 0.0
        hits.append(Hit(p, 0.6 * float(cosines[i]) + 0.4 * coverage - heading, by_words.get(i, 0.0), float(cosines[i]), 0.0))
    hits.sort(key=lambda h: -h.score)
    least = max(_BEARS_IF_POINTED_AT, hits[0].score - _BESIDE_THE_BEST) if pointed_at else _BEARS
    found = [h for h in hits if h.score >= least][:k]
    return [_where_it_says_so(h, embeddings, vector) for h in found] if pointed_at else found


def _where_it_says_so(hit: Hit, embeddings: OnnxEmbeddings, vector: Vectors) -> Hit:
    """The passage with a few sentences of it, since one of a file holds several items: from the one nearest to what is asked on, and
    the one before it, unless it is a heading, which names what stands below it."""
    told = hit.passage.sentences
    if len(told) <= _BESIDE_ONE_ANOTHER:
        return hit
    nearest = int((embeddings.vectors([s.text for s in told]) @ vector).argmax())
    first = nearest if len(told[nearest].text.split()) <= _HEADING_WORDS else max(nearest - 1, 0)
    return replace(hit, passage=replace(hit.passage, sentences=told[first : first + _BESIDE_ONE_ANOTHER]))
