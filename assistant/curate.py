"""The curator's tools: what is wrong with the cards, what the library lacks, what a new card starts as, what answers aged.

The strict loader refuses a card that is not well formed (a next step without owner or progress, an unknown source).
Here stands what a card that loads can still get wrong. Limits and word lists are data: `knowledge/curation.yaml`.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import KnowledgeError, UsageError
from assistant.knowledge import Library, sentences
from assistant.strict import read_yaml
from assistant.types import ELEMENTS, LEVELS, STEPS, Card, CardKind, ElementId, LevelId, StepId

if TYPE_CHECKING:
    from assistant.embed import OnnxEmbeddings, Vectors
    from assistant.retrieve import Retriever

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing to mend. An error fails `assistant check`; a warning does so only when it is strict."""

    level: Severity
    check: str  # its short name, to count and to filter by
    file: str  # relative to the knowledge folder
    field: str
    message: str  # what is wrong and what would mend it

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.message}"


# ---- limits and word lists


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Months(_Strict):
    law: int = Field(gt=0)
    other: int = Field(gt=0)


class _Reading(_Strict):
    lix: float
    words: int


class _Alike(_Strict):
    card: float
    sentence: float
    sentence_words: float
    ask: float
    said_words: float
    said_edit: float
    said: float


class _NewCard(_Strict):
    asks: list[str] = Field(min_length=4)
    sentence: str
    step: str


class Rules(_Strict):
    """What stands in `knowledge/curation.yaml`."""

    review_months: _Months
    reading: _Reading
    found_within: int
    alike: _Alike
    function_words: str
    openings: list[str]
    opening_exceptions: list[str]
    spellings: dict[str, str]
    placeholder: str
    new_card: _NewCard


def load_rules(folder: Path) -> Rules:
    """Raises KnowledgeError naming each wrong field."""
    name = "curation.yaml"
    try:
        return Rules.model_validate(read_yaml((folder / name).read_text("utf-8"), name))
    except OSError:
        raise KnowledgeError([f"{name}: cannot be read"]) from None
    except ValidationError as error:
        raise KnowledgeError([f"{name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from None


# ---- the texts of the cards, each with where it stands


@dataclass(frozen=True)
class _Line:
    card: Card
    field: str
    text: str
    role: Literal["title", "ask", "sentence", "action", "progress", "owner"]
    references: tuple[str, ...] = ()


def _lines(card: Card) -> Iterator[_Line]:
    yield _Line(card, "title", card.title, "title")
    for n, ask in enumerate(card.asks, 1):
        yield _Line(card, f"asks, number {n}", ask, "ask")
    for p in card.passages:
        for n, s in enumerate(p.sentences, 1):
            yield _Line(card, f"## {p.heading}, statement {n}", s.text, "sentence", s.references)
        for n, step in enumerate(p.steps, 1):
            where = f"## {p.heading}, step {n}"
            yield _Line(card, where, step.action, "action", step.references)
            yield _Line(card, where + ", progress", step.progress, "progress", step.references)
            yield _Line(card, where + ", owner", step.owner, "owner", step.references)


@dataclass(frozen=True)
class _Bench:
    """A library laid out for inspection."""

    library: Library
    folder: Path
    rules: Rules
    today: date
    vectors: Callable[[Sequence[str]], Vectors] | None
    retriever: Retriever | None

    @cached_property
    def lines(self) -> list[_Line]:
        return [line for card in self.library.cards.values() for line in _lines(card)]

    def of(self, *roles: str) -> list[_Line]:
        return [line for line in self.lines if line.role in roles]

    @cached_property
    def _stemmer(self) -> Any:
        from assistant.index import Words

        return Words([])

    @cached_property
    def _known(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _function_words(self) -> frozenset[str]:
        return frozenset(self._stemmer.stems(self.rules.function_words))

    def stems(self, text: str) -> frozenset[str]:
        """Content words, by stem."""
        if text not in self._known:  # each text is compared by several checks
            self._known[text] = frozenset(self._stemmer.stems(text)) - self._function_words
        return self._known[text]


def _error(check: str, line: _Line, message: str) -> Finding:
    return Finding("error", check, line.card.file, line.field, message)


def _shown(text: str, length: int = 60) -> str:
    return f"“{text if len(text) <= length else text[: length - 1].rstrip() + '…'}”"


# ---- one card at a time

_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_MUST = re.compile(r"\b(?:must|shall)\b", re.IGNORECASE)
_PERSON = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? (?:[A-Z]\.? ?)?[A-Z][a-z]+")
_LINK = re.compile(r"https?://|\bwww\.|\b[\w-]+\.(?:gov|org|com|net|nhs|police|co)\.?(?:uk|au|nz|ie)?\b(?=[/\s.,;)]|$)")
_TELEPHONE = re.compile(
    r"(?<![\w-])\+?\(?0\d[\d ()-]{6,}\d\b|\b1[38]00[ \d]{4,}\d\b|\b\d-\d{3}-\d{3}-\d{4}\b|\b116 ?\d{3}\b"
    r"|\b(?:call|ring|dial|phone|telephone|text|on) (?:999|112|911|000|111|101|105|988|1737)\b",
    re.IGNORECASE,
)
_DASH = re.compile("—| – | -- ")


def _must(bench: _Bench) -> Iterator[Finding]:
    for line in bench.of("title", "sentence", "action", "progress"):
        if not _MUST.search(_QUOTED.sub("", line.text)):
            continue
        if line.card.status != "statutory":
            yield _error("must", line, f"“must” or “shall” in a {line.card.status} card: say “needs to” or “should”. {_shown(line.text)}")
        elif not any(bench.library.sources[k].status == "statutory" for k in line.references):
            yield _error("must", line, f"“must” or “shall” without a statutory source: cite one or say “needs to”. {_shown(line.text)}")


def _not_seen(bench: _Bench) -> Iterator[Finding]:
    for line in bench.of("sentence", "action"):
        for key in line.references:
            if bench.library.sources[key].seen == "not_seen" and line.card.status != "practice":
                yield _error(
                    "not-seen",
                    line,
                    f"[{key}] was never seen by us and is cited in a {line.card.status} card: "
                    "cite the work that reports it, or write it as practice without a mark.",
                )


def _reading(bench: _Bench) -> Iterator[Finding]:
    limits = bench.rules.reading
    for card in bench.library.cards.values():
        lines = [line for line in _lines(card) if line.role in ("sentence", "action", "progress")]
        pieces = [(line, s) for line in lines for s in sentences(line.text)]
        counts = [_WORD.findall(s) for _, s in pieces]
        words = sum(map(len, counts))
        for (line, sentence), found in zip(pieces, counts, strict=True):
            if len(found) > limits.words:
                yield _error("long", line, f"a sentence of {len(found)} words, the limit is {limits.words}: split it. {_shown(sentence)}")
        lix = words / max(len(pieces), 1) + 100 * sum(len(w) > 6 for ws in counts for w in ws) / max(words, 1)
        if lix > limits.lix:
            message = f"reading measure LIX {lix:.0f}, the limit is {limits.lix:.0f}: use shorter sentences and shorter words."
            yield Finding("error", "lix", card.file, "the whole card", message)


def _openings(bench: _Bench) -> Iterator[Finding]:
    opening = re.compile(rf"(?:{'|'.join(bench.rules.openings)})\b")
    allowed = tuple(bench.rules.opening_exceptions)
    for line in bench.of("sentence", "action"):
        if (found := opening.match(line.text)) and not line.text.startswith(allowed):
            message = f"starts with “{found[0]}”, and answers lift it out alone: name what it is about. {_shown(line.text)}"
            yield _error("stands-alone", line, message)


def _words_not_wanted(bench: _Bench) -> Iterator[Finding]:
    spellings = bench.rules.spellings
    american = re.compile(rf"\b(?:{'|'.join(spellings)})\b")
    for line in bench.lines:
        if line.role != "ask" and (found := american.search(line.text)):  # a person asks in their own spelling
            yield _error("spelling", line, f"“{found[0]}”: write “{spellings[found[0]]}”.")
        if found := _PERSON.search(line.text):
            yield _error("person", line, f"“{found[0]}” names a person: say the role.")
        if found := _LINK.search(line.text):
            yield _error("link", line, f"“{found[0]}”: an address belongs in sources.yaml; cite the source by its key.")
        if found := _TELEPHONE.search(line.text):
            yield _error("telephone", line, f"“{found[0].strip()}”: telephone numbers stand only in jurisdictions.yaml; name the service.")
        if _DASH.search(line.text):
            yield _error("dash", line, f"a dash as a pause: use a comma, a colon or two sentences. {_shown(line.text)}")
        if bench.rules.placeholder in line.text:
            yield _error("unfinished", line, f"still holds “{bench.rules.placeholder}”: write it or take the section out.")


def _foreign(bench: _Bench) -> Iterator[Finding]:
    """Research travels; law, guidance and local practice of one nation do not stand for another."""
    places, sources = bench.library.jurisdictions, bench.library.sources
    for line in bench.of("sentence", "action"):
        own = {c for code in line.card.jurisdictions for c in bench.library.chain(code)}
        for key in line.references:
            source = sources[key]
            if source.status == "research" or source.jurisdiction not in places:
                continue
            if source.jurisdiction in own or "any" in line.card.jurisdictions:
                continue
            if own & set(bench.library.chain(source.jurisdiction)) & set(line.card.jurisdictions):
                continue  # the card speaks for the parent
            place = places[source.jurisdiction]
            if any(re.search(rf"\b{re.escape(t)}\b", line.text, re.IGNORECASE) for t in (place.name, *place.terms)):
                continue  # the sentence says whose it is
            card_for = ", ".join(line.card.jurisdictions)
            message = f"[{key}] is of {place.name}, the card is for {card_for}: name {place.name} in the sentence or cite another."
            yield _error("jurisdiction", line, message)


def _overdue(bench: _Bench) -> Iterator[Finding]:
    for card in bench.library.cards.values():
        months = bench.rules.review_months.law if card.kind == "law" else bench.rules.review_months.other
        whole = card.reviewed_on.month - 1 + months
        year, month = card.reviewed_on.year + whole // 12, whole % 12 + 1
        if (bench.today.year, bench.today.month, bench.today.day) > (year, month, card.reviewed_on.day):
            yield Finding(
                "warning", "overdue", card.file, "reviewed",
                f"reviewed on {card.reviewed_on}, more than {months} months ago: read it again against its sources and set the date.",
            )  # fmt: skip


# ---- the cards against each other


def _near_cards(bench: _Bench) -> Iterator[Finding]:
    if bench.vectors is None:
        return
    cards = list(bench.library.cards.values())
    vectors = bench.vectors([f"{c.title}. {c.passages[0].text}" for c in cards])
    for i, j, cosine in _near_pairs(vectors, bench.rules.alike.card):
        near = f"says nearly what {cards[i].file} says (cosine {cosine:.2f}, the limit is {bench.rules.alike.card})"
        yield Finding("error", "near-card", cards[j].file, "title, ## In short", f"{near}: merge them or say what sets this one apart.")


def _near_pairs(vectors: Vectors, limit: float) -> Iterator[tuple[int, int, float]]:
    for start in range(0, len(vectors), 500):  # in blocks: the whole matrix of a library would not be small
        block = vectors[start : start + 500] @ vectors.T
        for i, j in zip(*np.nonzero(block >= limit), strict=True):
            if start + i < j:
                yield int(start + i), int(j), float(block[i, j])


def _near_sentences(bench: _Bench) -> Iterator[Finding]:
    lines = bench.of("sentence", "action")
    bags = [bench.stems(line.text) for line in lines]
    found = {(i, j): f"by words {share:.2f}" for i, j, share in _pairs_by_words(bags, bench.rules.alike.sentence_words)}
    if bench.vectors is not None:
        for i, j, cosine in _near_pairs(bench.vectors([line.text for line in lines]), bench.rules.alike.sentence):
            found.setdefault((i, j), f"by meaning {cosine:.2f}")
    for (i, j), how in sorted(found.items()):
        if not _meet(bench.library, lines[i].card, lines[j].card):
            continue  # nobody reads what two nations' cards say in the same words side by side
        there = f"{lines[i].card.file} {lines[i].field}: {_shown(lines[i].text, 110)}"
        yield _error("near-sentence", lines[j], f"{_shown(lines[j].text, 110)} stands nearly so ({how}) in {there}. Keep one.")


def _meet(library: Library, a: Card, b: Card) -> bool:
    """Whether one answer can hold both cards: they share a nation, or one speaks for the other's parent."""
    chains = [{code for own in card.jurisdictions for code in library.chain(own)} for card in (a, b)]
    return bool(chains[0] & set(b.jurisdictions) or chains[1] & set(a.jurisdictions))


def _pairs_by_words(bags: Sequence[frozenset[str]], limit: float) -> Iterator[tuple[int, int, float]]:
    """Pairs whose content words overlap (Jaccard) by `limit` or more; texts of three or fewer count only when equal."""
    counts = Counter(stem for bag in bags for stem in bag)
    holders: dict[str, list[int]] = defaultdict(list)
    for j, bag in enumerate(bags):
        # Two bags so alike share one of the rarest words of each, so only those need a look.
        rarest = sorted(bag, key=lambda s: (counts[s], s))[: len(bag) - int(np.ceil(limit * len(bag))) + 1]
        for i in sorted({i for stem in rarest for i in holders[stem]}):
            share = len(bag & bags[i]) / len(bag | bags[i])
            if share >= (limit if min(len(bag), len(bags[i])) > 3 else 1.0):
                yield i, j, share
        for stem in rarest:
            holders[stem].append(j)


def _colliding_asks(bench: _Bench) -> Iterator[Finding]:
    lines = bench.of("ask")
    if bench.vectors is None:
        pairs = _pairs_by_words([frozenset(_WORD.findall(line.text.lower())) for line in lines], 1.0)
    else:
        pairs = _near_pairs(bench.vectors([line.text for line in lines]), bench.rules.alike.ask)
    for i, j, near in pairs:
        if lines[i].card is not lines[j].card:
            there = f"{lines[i].card.file} {lines[i].field} {_shown(lines[i].text, 90)}"
            message = f"{_shown(lines[j].text, 90)} is too near to {there} ({near:.2f}): ask what only this card answers."
            yield _error("ask-collides", lines[j], message)


def _unfound(bench: _Bench) -> Iterator[Finding]:
    if bench.retriever is None or bench.vectors is None:
        return
    within = bench.rules.found_within
    for card in bench.library.cards.values():
        chain = () if "any" in card.jurisdictions else bench.library.chain(card.jurisdictions[0])
        for n, (ask, vector) in enumerate(zip(card.asks, bench.vectors(card.asks), strict=True)):
            # An ask is a search entry itself; left in, it would find its card by being equal.
            hits = bench.retriever.cards(ask, vector, chain, without=f"{card.id}!ask{n}")
            if any(h.card.id == card.id for h in hits[:within]):
                break
        else:
            message = f"none of its asks finds the card among the first {within}: write them in the words of its title and signs."
            yield Finding("error", "unfound", card.file, "asks", message)


def _uncited(bench: _Bench) -> Iterator[Finding]:
    cited = {k for p in bench.library.passages.values() for k in p.references}
    cited |= {k for m in bench.library.members.values() for k in (*m.sources, *m.definition_sources)}
    cited |= {k for s in bench.library.sources.values() for k in s.via}
    # What we never saw stays on the list while a work that reports on it is cited: it says what to read first.
    cited |= {s.key for s in bench.library.sources.values() if s.seen == "not_seen" and cited & set(s.via)}
    for place in bench.library.jurisdictions.values():
        contacts = (place.emergency, place.report, place.out_of_hours, *place.advice, *place.children)
        cited |= {c.seen for c in contacts if c and c.seen}
    # Scenarios and other data may name a source too; their loaders are not ours.
    others = [p.read_text("utf-8") for p in bench.folder.rglob("*.yaml") if p.parent != bench.folder]
    named = {key for text in others for key in re.findall(r"[a-z0-9][a-z0-9.-]*", text)}
    for key, source in bench.library.sources.items():
        if key not in cited | named:
            message = f"nobody cites it: cite it where it supports a statement ({source.supports or source.title}) or take it out."
            yield Finding("warning", "uncited", "sources.yaml", key, message)


def _numbers(bench: _Bench) -> Iterator[Finding]:
    """A wrong number in a crisis costs more than none: only the national emergency number stands without a source."""
    for place in bench.library.jurisdictions.values():
        contacts = [("report", place.report), ("out_of_hours", place.out_of_hours)]
        contacts += [(f"{kind}, number {n}", c) for kind in ("advice", "children") for n, c in enumerate(getattr(place, kind), 1)]
        printed = [(field, c) for field, c in contacts if c and c.number]
        for field, contact in printed:
            if not contact.seen:
                message = f"“{contact.number}” has no source: name the one it was seen in under `seen`, or set the number to null."
                yield Finding("error", "number", "jurisdictions.yaml", f"{place.code}, {field}", message)
        if printed and not place.checked:
            message = "prints telephone numbers and does not say when they were last verified: say so, or that they were not."
            yield Finding("error", "number", "jurisdictions.yaml", f"{place.code}, checked", message)


def said_file(folder: Path) -> Path:
    """The evaluation cases no card may copy: beside the knowledge in a checkout, absent from a wheel."""
    return folder.parent / "evals" / "cases" / "retrieval" / "said.yaml"


def _said(bench: _Bench) -> Iterator[Finding]:
    path = said_file(bench.folder)
    if not path.is_file():
        return
    said = [str(case["inputs"]["question"]) for case in read_yaml(path.read_text("utf-8"), path.name)["cases"]]
    lines = bench.of("title", "ask", "sentence", "action", "progress")
    limits = bench.rules.alike
    found: dict[tuple[int, int], str] = {}
    bags = [bench.stems(line.text) for line in lines]
    for n, text in enumerate(said):
        wanted = bench.stems(text)
        for i, bag in enumerate(bags):
            share = len(wanted & bag) / max(len(wanted), 1)
            if share > limits.said_words and len(wanted) > 2:
                found[n, i] = f"shares {share:.0%} of its content words"
            elif share > 0.3 and _alike(text, lines[i].text, limits.said_edit):  # letters alike but no word in common does not happen
                found[n, i] = "is nearly the same letter by letter"
    if bench.vectors is not None and said:
        cosines = bench.vectors(said) @ bench.vectors([line.text for line in lines]).T
        for n, i in zip(*np.nonzero(cosines > limits.said), strict=True):
            found.setdefault((int(n), int(i)), f"means the same (cosine {cosines[n, i]:.2f})")
    for (n, i), how in sorted(found.items()):
        near = f"{_shown(lines[i].text, 90)} {how} as the test question {_shown(said[n], 90)}"
        yield _error("said", lines[i], f"{near}: say it in other words, or the test means nothing.")


def _alike(a: str, b: str, limit: float) -> bool:
    matcher = SequenceMatcher(None, a.lower(), b.lower(), autojunk=False)
    return matcher.real_quick_ratio() > limit and matcher.quick_ratio() > limit and matcher.ratio() > limit


_CHECKS: tuple[Callable[[_Bench], Iterator[Finding]], ...] = (
    _must, _not_seen, _reading, _openings, _words_not_wanted, _foreign, _overdue,
    _near_cards, _near_sentences, _colliding_asks, _unfound, _uncited, _numbers, _said,
)  # fmt: skip


def findings(
    library: Library,
    folder: Path,
    embeddings: OnnxEmbeddings | None,
    retriever: Retriever | None,
    today: date,
    *,
    cache: Path | None = None,
) -> list[Finding]:
    """Everything to mend in the library that stands in `folder`.

    Without `embeddings` the checks by meaning rest, without `retriever` the one whether a card can be found. `cache` names
    a file that keeps the vectors from one run to the next. Raises KnowledgeError where `curation.yaml` is wrong.
    """
    vectors: Callable[[Sequence[str]], Vectors] | None = None
    bench = _Bench(library, folder, load_rules(folder), today, None, retriever)
    if embeddings is not None:
        known = _vectors_of(bench, embeddings, cache)
        vectors = lambda texts: np.stack([known[t] for t in texts])  # noqa: E731  three lines of def say no more
        bench = _Bench(library, folder, bench.rules, today, vectors, retriever)
    return [finding for check in _CHECKS for finding in check(bench)]


def _vectors_of(bench: _Bench, embeddings: OnnxEmbeddings, cache: Path | None) -> dict[str, Vectors]:
    """Every text the checks compare, embedded in one go."""
    texts = {line.text for line in bench.lines if line.role != "owner"}
    texts |= {f"{c.title}. {c.passages[0].text}" for c in bench.library.cards.values()}
    path = said_file(bench.folder)
    if path.is_file():
        texts |= {str(case["inputs"]["question"]) for case in read_yaml(path.read_text("utf-8"), path.name)["cases"]}
    wanted = sorted(texts)
    if cache is None:
        return dict(zip(wanted, embeddings.vectors(wanted), strict=True))
    from assistant.index import VectorCache

    cache.parent.mkdir(parents=True, exist_ok=True)
    return dict(zip(wanted, VectorCache(cache).vectors(wanted, embeddings), strict=True))


# ---- coverage

CARDS_AN_ELEMENT_AND_STEP = 4  # with next steps
CARDS_AN_ELEMENT_AND_LEVEL = 3


@dataclass(frozen=True)
class Coverage:
    """How many cards serve each place of the framework, and where there are too few."""

    steps: dict[tuple[ElementId, StepId], tuple[str, ...]]  # ids of the cards with next steps
    levels: dict[tuple[ElementId, LevelId], tuple[str, ...]]
    jurisdictions: dict[str, tuple[str, ...]]  # what a nation lacks of contacts, duties, partnership body
    thin: tuple[str, ...]  # a sentence each

    @property
    def grid(self) -> str:
        """The counts as plain text, a star at each thin cell."""
        width = max(map(len, ELEMENTS))
        blocks = []
        for title, cells, columns, enough in (
            ("Cards with next steps, element by step", self.steps, STEPS, CARDS_AN_ELEMENT_AND_STEP),
            ("Cards, element by level", self.levels, LEVELS, CARDS_AN_ELEMENT_AND_LEVEL),
        ):
            rows = [" " * width + "  " + "  ".join(columns)]
            for element in ELEMENTS:
                counts = [len(cells[element, column]) for column in columns]  # type: ignore[index]  # one of the two dictionaries
                marks = [f"{n}{'*' if n < enough else ''}".rjust(len(c)) for n, c in zip(counts, columns, strict=True)]
                rows.append(f"{element:<{width}}  " + "  ".join(marks))
            blocks.append("\n".join([title, *rows]))
        nations = [f"{code}: {'complete' if not lacks else 'lacks ' + ', '.join(lacks)}" for code, lacks in self.jurisdictions.items()]
        return "\n\n".join([*blocks, "\n".join(["Nations", *nations])])


def coverage(library: Library) -> Coverage:
    """The grid of the library."""
    cards = list(library.cards.values())
    useful = [c for c in cards if any(p.steps for p in c.passages)]
    steps = {(e, s): tuple(c.id for c in useful if e in c.elements and s in c.steps) for e in ELEMENTS for s in STEPS}
    levels = {(e, v): tuple(c.id for c in cards if e in c.elements and v in c.levels) for e in ELEMENTS for v in LEVELS}
    parents = {j.parent for j in library.jurisdictions.values()}
    nations = {code: _lacks(library, code) for code in library.jurisdictions if code not in parents}
    enough = CARDS_AN_ELEMENT_AND_STEP
    thin = [f"{e} × {s}: {len(found)} of {enough} cards with next steps" for (e, s), found in steps.items() if len(found) < enough]
    enough = CARDS_AN_ELEMENT_AND_LEVEL
    thin += [f"{e} × {v}: {len(found)} of {enough} cards" for (e, v), found in levels.items() if len(found) < enough]
    thin += [f"{code}: no {what}" for code, lacks in nations.items() for what in lacks]
    return Coverage(steps, levels, nations, tuple(thin))


def _lacks(library: Library, code: str) -> tuple[str, ...]:
    """What is missing of a nation's contacts, duties and partnership body."""
    place = library.jurisdictions[code]
    law = [c for c in library.cards.values() if c.kind == "law" and code in c.jurisdictions]
    there = {
        "contacts": place.emergency is not None and place.report is not None and any(c.section("who-to-contact") for c in law),
        "duties": any(c.section("what-binds-whom") for c in law),
        "partnership body": any(c.section("partnership-body") for c in law),
    }
    return tuple(what for what, found in there.items() if not found)


# ---- a new card


def skeleton(kind: CardKind, identity: str, title: str, folder: Path, today: date) -> str:
    """The text of a card that loads and that `findings` calls unfinished. Raises UsageError."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", identity):
        raise UsageError(f"{identity!r} cannot be a card's id: use lower case words joined by hyphens, such as late-reports.")
    if not 4 <= len(title) <= 90:
        raise UsageError("A card's title has 4 to 90 characters.")
    kinds = read_yaml((folder / "kinds.yaml").read_text("utf-8"), "kinds.yaml")
    if kind not in kinds:
        raise UsageError(f"There is no kind of card {kind!r}. Use one of: {', '.join(kinds)}.")
    if found := sorted((folder / "cards").rglob(f"{identity}.md")):
        raise UsageError(f"{found[0].relative_to(folder).as_posix()} has this id already.")
    new = load_rules(folder).new_card
    head = [
        "---", f"title: {_yaml_text(title)}", f"kind: {kind}", "elements: [process]", "levels: [co-ordination]", "steps: [action]",
        "jurisdictions: [any]", "status: practice", f"reviewed: {{on: {today}, by: builder}}", "asks:",
        *(f"  - {_yaml_text(ask)}" for ask in new.asks), "---",
    ]  # fmt: skip
    body = [f"## {h}\n- {new.step if h == 'Next steps' else new.sentence.format(heading=h)}\n" for h in kinds[kind]["required"]]
    return "\n".join(head) + "\n" + "\n".join(body)


def _yaml_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---- answers kept from earlier


@dataclass(frozen=True)
class Aged:
    """A stored answer that rests on words the library no longer holds."""

    answer: str | None  # its id
    knowledge: str  # the version it was made with
    passage: str
    why: Literal["changed", "gone"]


def answers_in(lines: Iterable[str], name: str) -> Iterator[Mapping[str, Any]]:
    """The answers that stand in the file `name`, a JSON object a line. Raises UsageError naming the line that is none."""
    for n, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise UsageError(f"--since {name}: line {n} is no JSON object. Give a file as `assistant ask --jsonl` prints it.")
        yield answer


def changed_since(stored_answers: Iterable[Mapping[str, Any]], library: Library) -> list[Aged]:
    """The stored answers (objects as `assistant ask --json` prints them) whose cited passages changed or went.

    A passage changed when the words quoted from it no longer stand in it. Documents of a person's own are not ours to follow.
    """
    aged = []
    for answer in stored_answers:
        version = str((answer.get("versions") or {}).get("knowledge", ""))
        if version == library.version:
            continue
        for source in answer.get("sources") or ():
            identity = str(source.get("passage", ""))
            if not identity.startswith("card:"):
                continue
            passage = library.passages.get(identity)
            if passage is None:
                aged.append(Aged(answer.get("id"), version, identity, "gone"))
            elif _plain(str(source.get("quote", ""))) not in _plain(passage.text):
                aged.append(Aged(answer.get("id"), version, identity, "changed"))
    return aged


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
