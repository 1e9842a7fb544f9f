"""The path of a question: screen, understand, retrieve, compose, check.

Each step takes the run and adds to it; a step that settles the answer ends the run with a named outcome. Screening
comes first, uses no model and fails closed: if it raises, nothing is searched, stored or sent.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol

from assistant.embed import Vectors
from assistant.knowledge import Library, document_passages
from assistant.models import Spending, spending
from assistant.place import Placer
from assistant.prompts import Prompts
from assistant.render import Page
from assistant.retrieve import CardHit, Retriever, document_passages_found
from assistant.screen import Screen
from assistant.screen.hostile import LEFT_OUT
from assistant.second import SecondReading
from assistant.spelling import Spelling
from assistant.types import (
    Answer,
    Card,
    Claim,
    Draft,
    Evidence,
    Hit,
    Kind,
    Outcome,
    Part,
    Passage,
    Placement,
    Question,
    Rejected,
    Request,
    Screening,
    Turn,
    Understanding,
)
from assistant.understand import Meaning, Reader, whole_list
from assistant.writers import CardWriter
from assistant.writers.cards import LEGAL, content_words, likeness, speaks_of

StepName = Literal["screen", "understand", "retrieve", "compose", "check"]
LONGEST = 20_000  # characters of a question; more is cut, with a notice
# Follow-ups that ask for the answer before in another shape, and so for the same cards.
_SHAPES: tuple[Request, ...] = ("shorter", "more", "who", "when", "why", "first", "progress", "tried", "doubt", "risk", "paper")
_OWN_NATION = 0.3  # a card of the very nation or agency that was named answers from this fit on
_TURNED = 6.0  # log-odds of both together from which a follow-up has turned to another card
_OF_ONESELF = re.compile(r"\b(?:i|i['’]?m|i['’]?ve|i['’]?d|me|my|mine|myself)\b", re.IGNORECASE)
_FEW_WORDS = 4  # words of weight beside which a wish is all that a message says
_SAYS = 3  # words of weight that are enough to search by
_TORN = 0.25  # log-odds between two cards that fit about equally
_PLAIN = 0.985  # a card that fits better than this is what was meant
_SECTION = re.compile(r"\bsections? \d+[a-z]{0,2}\b", re.IGNORECASE)
_APART_CARD = "agencies-at-different-steps"
_UNMOVED_CARD = "asked-and-nothing-moved"  # for a follow-up that asks what if it does not work
_AS_GOOD = 1.0  # log-odds within which a card of the nation that is set defines a thing before a card of none
_LAW_FIRST = 2.5  # log-odds within which a law card leads the answer to a question about law
_OF_PRACTICE: tuple[Kind, ...] = ("other", "next_steps", "reasons", "how_to", "placement")  # kinds that ask for no law
_CLOSE = 1.2  # log-odds below the threshold at which a choice is still offered
# Words by which a document lays down who may, must or must not.
_RULES_ON = re.compile(
    r"\b(must|shall|never|not allowed|may not|no longer|duty|duties|statut\w*|law|legal\w*|lawful\w*|mandat\w*|oblig\w*|require\w*|"
    r"does not apply|is the only|consent)\b",
    re.IGNORECASE,
)
_LAW_SEEN = 700  # characters of question and document that help to find it
_WHOLE = {"levels": "five-levels", "elements": "six-elements", "steps": "five-steps"}  # the card of each whole list
_DESCRIBED = 0.75  # chance that a situation is described, from which a choice is worth offering


class Writer(Protocol):
    """Composes a draft; the card writer needs no model."""

    def compose(self, question: Understanding, evidence: Evidence) -> Draft: ...


@dataclass
class Run:
    """One question on its way: what each step found."""

    question: Question
    screening: Screening | None = None
    text: str = ""  # the question after masking
    history: tuple[Turn, ...] = ()
    documents: tuple[Passage, ...] = ()
    meaning: Meaning | None = None
    vector: Vectors | None = None
    understanding: Understanding | None = None
    evidence: Evidence | None = None
    rejected: tuple[Rejected, ...] = ()
    draft: Draft | None = None
    notices: list[str] = field(default_factory=list)
    answer: Answer | None = None
    spent: Spending = field(default_factory=Spending)  # on chat models, by all steps together
    milliseconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """A step has begun. What it finds is not shown before it is checked."""

    step: StepName
    question: str = ""  # masked, once the screen has let it pass


Asked = Question | str | Mapping[str, Any]
Step = Callable[[Run], Run]


class Adviser:
    """Answers questions. `invoke` gives the answer; `stream` gives a Progress a step, then the Answer.

    Also takes a plain string, or a mapping in the shape of the command line's input. `assistant.chain` makes a Runnable of it.
    """

    def __init__(
        self,
        library: Library,
        prompts: Prompts,
        screen: Screen,
        reader: Reader,
        placer: Placer,
        retriever: Retriever,
        writer: Writer | None = None,
        second: SecondReading | None = None,
    ) -> None:
        self.library = library
        self.prompts = prompts
        self.screen = screen
        self.reader = reader
        self.placer = placer
        self.retriever = retriever
        self.cards = CardWriter(library, prompts)
        self.writer: Writer = writer or self.cards
        self.second = second
        self.steps: tuple[tuple[StepName, Step], ...] = (
            ("screen", self._screen),
            ("understand", self._understand),
            ("retrieve", self._retrieve),
            ("compose", self._compose),
            ("check", self._check),
        )

    @cached_property
    def spelling(self) -> Spelling:
        """Made at the first question: it takes some 70 ms."""
        return Spelling(
            (t for c in self.library.cards.values() for t in (c.title, *c.asks, *(p.text for p in c.passages))), self.screen.known
        )

    def invoke(self, input: Asked, config: Any = None, **_: Any) -> Answer:
        """The answer. Raises UsageError for a jurisdiction we do not have."""
        for event in self.stream(input, config):
            if isinstance(event, Answer):
                return event
        raise AssertionError("the check settles every answer")

    def stream(self, input: Asked, config: Any = None, **_: Any) -> Iterator[Progress | Answer]:
        """A Progress as each step begins, then the Answer."""
        run = Run(as_question(input))
        started = time.perf_counter()
        for name, step in self.steps:
            yield Progress(name, run.text)
            began = time.perf_counter()
            with spending(run.spent):
                run = self._walk(name, step, run, config)
            run.milliseconds[name] = round((time.perf_counter() - began) * 1000, 2)
            if run.answer:
                break
        assert run.answer is not None  # noqa: S101  the check settles every answer
        run.milliseconds["total"] = round((time.perf_counter() - started) * 1000, 2)
        yield replace(run.answer, milliseconds=run.milliseconds, usage=run.spent.row())

    def _walk(self, name: StepName, step: Step, run: Run, config: Any) -> Run:  # noqa: ARG002  a chain names and watches its steps
        return step(run)

    # ---- the five steps

    def _screen(self, run: Run) -> Run:
        question = run.question
        self.library.chain(question.jurisdiction)
        text = question.text
        if len(text) > LONGEST:
            text = text[:LONGEST]
            run.notices.append(self.prompts.say("writer.notice.long", longest=f"{LONGEST:,}"))
        if question.language != "en":
            run.notices.append(self.prompts.say("writer.notice.language"))
        run.history = self._clear_history(question.history)
        blocked = len(run.history) < len(question.history)
        found = self.screen.check(text)
        # Whether others are bound is no question of one's own position, where it follows what was said of them.
        theirs = found.decline_reason == "own-legal-position" and not _OF_ONESELF.search(found.masked)
        carries_on = (theirs and self.reader.read(found.masked, run.history, blocked).follows) or (
            found.decline_reason == "other-subject" and self._continues(found.masked, run.history, blocked)
        )
        if found.outcome == "declined" and not found.injection and (carries_on or self._points(found.masked, run.history)):
            found = replace(found, outcome="clear", in_scope=True, decline_reason=None)
        run.screening = found
        run.text = found.masked
        if found.outcome != "clear":
            run.text = "" if found.urgent else found.masked
            # Whom to call depends on the nation: the one that was set, else the one the words name.
            nation = question.jurisdiction or self.reader.nation(text)
            run.answer = self._settled(run, found.outcome, self.screen.reply(found, nation))
            return run
        if found.personal_data:
            run.notices.append(self.prompts.say("writer.notice.masked"))
        if found.injection:
            run.notices.append(self.prompts.say("writer.notice.instructions"))
        run.documents = tuple(self._clear_documents(run))
        return run

    def _continues(self, text: str, history: tuple[Turn, ...], blocked: bool) -> bool:
        """Whether `text` greets, thanks, points back or wants something of the answer in words of ours: it says nothing of its subject."""
        meaning = self.reader.read(text, history, blocked)
        if meaning.kind in ("greeting", "thanks") or (blocked and meaning.kind == "vague"):
            return True
        wants = meaning.whatever or (meaning.request not in ("", "other") and len(content_words(text)) <= _FEW_WORDS)
        ours = bool(wants) and self.reader.knows(text)  # "who should I marry" wants to know who
        return meaning.follows and (ours or self.reader.points_back(text, history))

    def _points(self, text: str, history: tuple[Turn, ...]) -> bool:
        """Whether `text` only points at a place in the answer before: "tell me about the third" says nothing else."""
        meaning = self.reader.read(text, history)
        return meaning.points_at is not None and bool(meaning.point) and not self.reader.says(text)

    def _clear_history(self, history: tuple[Turn, ...]) -> tuple[Turn, ...]:
        """Masked, without turns that were stopped or declined and what was said to them."""
        kept: list[Turn] = []
        skip = False
        for turn in history:
            if turn.role == "user":
                found = self.screen.check(turn.text)
                skip = found.outcome != "clear"
                if not skip:
                    kept.append(replace(turn, text=found.masked))
            elif not skip:  # what we said is masked already; what a caller says we said may not be
                kept.append(turn if turn.answer else replace(turn, text=self.screen.mask(turn.text)))
        return tuple(kept)

    def _clear_documents(self, run: Run) -> Iterator[Passage]:
        for document in run.question.documents:
            parts = document.parts or ((document.text, None),)
            cleaned = [(*self.screen.clean_document(text), where) for text, where in parts]
            if any(findings for _, findings, _ in cleaned) and self.prompts.say("writer.notice.left_out") not in run.notices:
                run.notices.append(self.prompts.say("writer.notice.left_out"))
            identity = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            lines = [(line, where) for text, _, where in cleaned for line in text.replace(LEFT_OUT, " ").split("\n")]
            paragraphs = [(self.screen.check(line).masked.replace(LEFT_OUT, " ").strip(), where) for line, where in lines if line.strip()]
            paragraphs = [(text, where) for text, where in paragraphs if text]
            yield from document_passages(identity, self.screen.clean_name(document.name) or "document", paragraphs)

    def _understand(self, run: Run) -> Run:
        blocked = len(run.history) < len(run.question.history)
        run.meaning = meaning = self.reader.read(run.text, run.history, blocked)
        if meaning.kind in ("greeting", "thanks", "about"):
            run.answer = self._settled(run, "social", self.prompts.say(f"replies.{meaning.kind}"))
            return run
        if self.second and meaning.follows and meaning.request in ("", "other") and not meaning.point:
            run.meaning = meaning = replace(meaning, text=self.second.restated(run.text, run.history) or meaning.text)
            run.notices.append(self.second.notice())
        sought = self.spelling.mended(meaning.text)
        run.vector = self._vector(sought)
        told = meaning.told or meaning.text
        asked = "placement" in (meaning.kind, meaning.answers_as)
        placement = self.placer.place(told, run.vector if told == meaning.text else self._vector(told), asked)
        if meaning.text != run.text:
            placement = replace(placement, evidence=(), against=())  # offsets would not be those of this question
            own = self.placer.place(run.text, self._vector(run.text), asked) if meaning.request == "other" else placement
            placement = own if any(own.sure.values()) else placement  # what is added or put right counts for more than what was said first
        if self.second and self._doubtful(meaning, told, placement):
            placement = self.second.placed(told, placement, list(self.library.members.values()))
            run.notices = list(dict.fromkeys([*run.notices, self.second.notice()]))
        # Facts a person has put right count for more than what was read from the turns before.
        told_before = self.reader.facts(run.history) if run.question.facts is None else run.question.facts
        facts = {**told_before, **meaning.facts}
        # A nation named in the words of the question wins over what was told before, and that over the setting.
        nation = meaning.jurisdiction or run.question.jurisdiction or facts.get("jurisdiction")
        run.understanding = Understanding(
            sought,
            meaning.kind,
            placement,
            nation,
            meaning.subjects,
            meaning.points_at,
            meaning.certain,
            asked=run.text,
            request=meaning.request,
            point=meaning.point,
            agency=meaning.agency,
            agency_words=self.reader.agencies[meaning.agency].pattern if meaning.agency else "",
            answers_as=meaning.answers_as,
            facts=facts,
            each=self._each(run, meaning),
            heard="\n".join(t.text for t in run.history if t.role == "assistant") if meaning.follows else "",
            term=self.reader.term(meaning.text) if meaning.kind == "definition" and not meaning.subjects and not meaning.follows else "",
        )
        return run

    def _doubtful(self, meaning: Meaning, told: str, placement: Placement) -> bool:
        """Whether a person asks where a situation they describe stands, and we cannot say of any facet."""
        asked = "placement" in (meaning.kind, meaning.answers_as) and not any(placement.sure.values())
        return asked and self.placer.situation(told, self._vector(told)) >= _DESCRIBED

    def _each(self, run: Run, meaning: Meaning) -> tuple[tuple[str, Placement], ...]:
        """Where each agency stands that a placement question describes apart."""
        if meaning.kind != "placement":
            return ()
        parts = self.reader.apart(run.text)
        return tuple((agency, self.placer.place(said, self._vector(said))) for agency, said in parts)

    def _vector(self, text: str) -> Vectors:
        vector: Vectors = self.retriever.embeddings.vectors([text.encode("utf-8", "replace").decode()])[0]
        return vector

    def _retrieve(self, run: Run) -> Run:
        assert run.understanding is not None and run.vector is not None and run.meaning is not None  # noqa: S101
        asked = run.understanding
        found, good = self._answering(run, asked, run.meaning)
        documents = document_passages_found(run.documents, self.retriever.embeddings, asked.text, run.vector)
        if documents and asked.kind == "placement":  # where what the document describes stands
            run.understanding = asked = replace(asked, placement=self._placed(documents))
        if documents:
            good = _once([*self._law_beside(asked, found, documents), *good])[:4]
        used = {h.card.id for h in good}
        run.rejected = tuple(Rejected(f"card:{h.card.id}#{_slug_of_best(h)}", round(h.fit, 4)) for h in found if h.card.id not in used)
        run.evidence = Evidence(tuple((h.card, h.fit) for h in good), tuple(documents), tuple(h.card for h in found[:3]))
        if documents:
            return run
        if asked.kind == "vague":
            run.answer = self._vague(run, good)
        elif not good:
            run.answer = self._choices(run, found) if self._near(run, found) else self._no_evidence(run)
        elif self._torn(asked, found, good):
            run.answer = self._choices(run, found[:2], found[0].card)
        return run

    def _placed(self, documents: list[Hit]) -> Placement:
        """Where the situation stands that passages of a document describe; without spans, which would not be those of the question."""
        told = " ".join(h.passage.text for h in documents)
        return replace(self.placer.place(told, self._vector(told)), evidence=(), against=())

    def _law_beside(self, asked: Understanding, found: list[CardHit], documents: list[Hit]) -> list[CardHit]:
        """The law on what a person's document rules on: a local document never outranks it, so it stands first."""
        said = " ".join(s.text for h in documents for s in h.passage.sentences)
        if asked.kind != "law" and not _RULES_ON.search(f"{asked.text} {said}"):
            return []
        text = f"{asked.text} {said}"[:_LAW_SEEN]
        again = self._search(text, self._vector(text), replace(asked, kind="law"))
        law = [h for h in (*found, *again) if h.card.kind == "law" and h.fit >= _OWN_NATION and not h.card.section("who-to-contact")]
        return sorted(_once(law), key=lambda h: -h.odds)[:1]

    # ---- which cards answer

    def _answering(self, run: Run, asked: Understanding, meaning: Meaning) -> tuple[list[CardHit], list[CardHit]]:
        """All cards found, and of them those that answer."""
        assert run.vector is not None  # noqa: S101
        if meaning.follows:
            return self._following(run, asked, meaning)
        found = self._search(asked.text, run.vector, asked)
        good = self._good(found)
        if asked.kind in ("definition", "list", "how_to"):  # a card whose whole title is named is meant
            meant = [h for h in found[:3] if h.card.kind == "tool" or not good if self._is_named(h.card, asked.text)]
            good = _once([*(h for h in meant if not good or h.odds >= good[0].odds - _AS_GOOD), *good])
        if asked.kind == "reasons" and good:  # a card that gives no reasons does not say why
            telling = [h for h in found if h.card.section("why-it-happens") and h.odds >= good[0].odds - _LAW_FIRST]
            good = _once([*(telling[:1] if not good[0].card.section("why-it-happens") else []), *good])[:4]
        if asked.kind == "definition" and asked.jurisdiction:  # what a thing is where one works, before how it is done anywhere
            close = [h for h in good if h.odds >= good[0].odds - _AS_GOOD]
            good = _once([*(h for h in close if asked.jurisdiction in h.card.jurisdictions), *good])
        if good and asked.kind == "law":
            good = self._law_first(asked, found, good)
        elif good and asked.kind in _OF_PRACTICE:
            good = self._practice_first(asked, found, good)
        if good and good[0].card.section("who-to-contact") and not self.reader.reports(asked.text):
            good = [h for h in found if not h.card.section("who-to-contact") and h.fit >= self.retriever.calibration.answer][:2] or good
        apart = self.library.cards.get(_APART_CARD)
        if good and apart and asked.kind in ("next_steps", "other") and self.reader.split_over_need(asked.text):
            good = _once([_given(apart), *good])[:4]
        named = self._named(asked, meaning.whole)
        if named and asked.kind in ("definition", "list", "comparison"):
            good = [*(h for h in found if h.card in named), *(h for h in good if h.card not in named)]
            missing = [c for c in named if all(h.card != c for h in good)]
            good = [*(_given(c) for c in missing), *good]
        elif asked.term:  # a card that never names the thing does not say what it is, however near its subject
            named_there = [h for h in found if h.fit >= self.retriever.calibration.answer and speaks_of(h.card, asked.term)]
            good = [h for h in good if h in named_there] or named_there[:2]
        # Nor does the law on one section answer for another; a story in which a section is named is not about it.
        if asked.kind in ("definition", "law") and (sections := _SECTION.findall(asked.text)):
            good = [h for h in good if any(speaks_of(h.card, s) for s in sections)]
            titled = [h for h in found if h.fit >= _OWN_NATION and any(s.lower() in h.card.title.lower() for s in sections)]
            good = _once([*titled, *good])
        if asked.kind in ("law", "definition", "who_when") and self.reader.elsewhere(asked.text):
            good = []  # the law of one nation answers for no other
        return found, good

    def _law_first(self, asked: Understanding, found: list[CardHit], good: list[CardHit]) -> list[CardHit]:
        """For a question of law: what binds, of the nation that was named before that of its parent."""
        law = [h for h in found if h.card.kind == "law" and h.odds >= good[0].odds - _LAW_FIRST and not h.card.section("who-to-contact")]
        if nation := asked.jurisdiction:
            law.sort(key=lambda h: nation not in h.card.jurisdictions)
        general = not set(good[0].card.jurisdictions) - {"any", "uk"}
        lead = good[:0] if general or (law and good[0].card.section("who-to-contact")) else good[:1]
        return _once([*lead, *law[: 2 - len(lead)], *good])[:4]

    def _practice_first(self, asked: Understanding, found: list[CardHit], good: list[CardHit]) -> list[CardHit]:
        """For a story, which names the bodies of its nation all the time: a card on the trouble before one on the law of these bodies."""
        if good[0].card.kind != "law" or LEGAL.search(asked.asked):
            return good
        bar = self.retriever.calibration.answer
        telling = [h for h in found if h.card.kind != "law" and h.odds >= good[0].odds - _LAW_FIRST and h.fit >= bar]
        return _once([*telling[:1], *good])[:4]

    def _is_named(self, card: Card, text: str) -> bool:
        """Whether the question names all of a card's title, so that it is meant however few other words there are."""
        title = content_words(re.split(r":| for | in | of (?=an? )", card.title)[0])
        return card.kind in ("tool", "framework") and bool(title) and title <= content_words(text)

    def _search(self, text: str, vector: Vectors, asked: Understanding, nation: str | None = None) -> list[CardHit]:
        kind = asked.answers_as if asked.kind == "follow_up" else asked.kind
        if kind == "list" and not asked.subjects and not whole_list(asked.text):
            kind = "other"  # of signs, questions or headings, which every kind of card has
        situation = self.placer.situation(text, vector)
        return self.retriever.cards(text, vector, self.nations(nation or asked.jurisdiction), asked.subjects, kind, situation)

    def _good(self, found: list[CardHit]) -> list[CardHit]:
        calibration = self.retriever.calibration
        good = [h for h in found if h.fit >= calibration.answer]
        return [h for h in good[:4] if h.odds >= good[0].odds - calibration.near]

    def _following(self, run: Run, asked: Understanding, meaning: Meaning) -> tuple[list[CardHit], list[CardHit]]:
        """Cards for a follow-up: those of the answer before, unless its words ask for others."""
        assert run.vector is not None  # noqa: S101
        base = self._search(meaning.base, self._vector(meaning.base), asked)
        if meaning.said and meaning.request != "nation":
            context = f"{meaning.base} {meaning.said}"
            base = _together(base, self._search(context, self._vector(context), asked))
        before = self._cited(run.history) or self._good(base)
        unmoved = self.library.cards.get(_UNMOVED_CARD)
        if meaning.whatever:
            return base, _once([_given(self.library.cards[meaning.whatever]), *before])[:3]
        if meaning.request == "why" and before and not before[0].card.section("why-it-happens"):  # what is told without its reasons
            telling = [h for h in base if h.card.section("why-it-happens") and h.fit >= self.retriever.calibration.answer]
            before = _once([*telling[:2], *before])
        if meaning.request in ("more", "tried") and not meaning.point and before:  # what has been told, and what stands beside it
            told = {h.card.id for h in before}
            beside = [h for h in base if h.fit >= self.retriever.calibration.answer and h.card.id not in told]
            another = [_given(unmoved)] if unmoved and meaning.request == "tried" else []
            return base, _once([*before[:1], *another, *before[1:2], *beside[:2], *before])[:4]
        if meaning.request in _SHAPES and not meaning.point and before and (meaning.request != "why" or len(run.text.split()) <= 6):
            return base, before
        if meaning.request == "nation":
            there = f"{meaning.base} {self.library.jurisdictions[asked.jurisdiction or 'any'].name}"
            found = self._search(there, self._vector(there), asked)
            own = [h for h in found if meaning.jurisdiction in h.card.jurisdictions and (h.fit >= _OWN_NATION or h.card.kind == "law")]
            general = [h for h in self._good(found) if h not in own]
            if meaning.answers_as == "law" and own:  # what holds in all nations leads only where it is far closer to the question
                return found, [*(h for h in general[:1] if h.odds - own[0].odds > _LAW_FIRST), *own[:2]]
            return found, [*own[:2], *general][:3]
        if meaning.point:
            found = self._search(meaning.point, self._vector(meaning.point), asked)
            whole = self._search(asked.text, run.vector, asked)
            held = [_given(c) for c in self._named(asked) if meaning.point.startswith(self._member_of(c))]
            held += [h for h in before if _holds_step(h.card, meaning.point)]
            return found, _once([*held, *self._good(whole)[:1], *self._good(found)[:2], *before[:1]])[:3]
        found = self._search(asked.text, run.vector, asked)
        if meaning.request == "agency":
            turned = f"{meaning.agency}: {meaning.base} {run.text}"
            found = self._search(turned, self._vector(turned), asked)
            names = self.reader.agencies[meaning.agency]
            close = [h for h in found if h.fit >= _OWN_NATION and h.odds >= found[0].odds - _LAW_FIRST]
            about = [h for h in close if names.search(f"{h.card.title} {h.card.passages[0].text}")]
            return found, _once([*before[:1], *about, *self._good(found)])[:3]
        if meaning.answers_as == "law" and meaning.request in ("", "other"):
            close = [h for h in found if h.fit >= _OWN_NATION and h.odds >= found[0].odds - _LAW_FIRST]
            law = [h for h in close if h.card.kind == "law" and not h.card.section("who-to-contact")]
            return found, _once([*law[:2], *self._good(found), *before[:1]])[:3]
        if meaning.answers_as == "comparison" and (named := self._named(asked)):
            return found, _once([*(_given(c) for c in named), *self._good(found)])
        if meaning.request == "unmoved" and unmoved:
            return found, _once([_given(unmoved), *before])[:3]
        return found, self._carried_on(run.text, meaning, asked, base, before, self._good(found))

    def _carried_on(
        self, text: str, meaning: Meaning, asked: Understanding, base: list[CardHit], before: list[CardHit], good: list[CardHit]
    ) -> list[CardHit]:
        """Cards for a follow-up that asks of its own: those that fit it and what it follows, else what its words alone would find."""
        meant = self._turned(text, base, before, asked) if meaning.request in ("", "other") else []
        told = {h.card.id for h in before}
        new: list[CardHit] = []
        if all(h.card.id in told for h in (*meant, *good)) and len(content_words(text)) >= _SAYS:
            new = [h for h in self._good(self._search(text, self._vector(text), asked)) if h.card.id not in told][:1]
        return _once([*meant, *good, *before[:1], *new])[:3]

    def _turned(self, text: str, base: list[CardHit], before: list[CardHit], asked: Understanding) -> list[CardHit]:
        """The card to which the words of a follow-up turn: one that answers them by themselves and fits what was asked before."""
        said = {h.card.id for h in before}
        first = {h.card.id: h.odds for h in base if h.odds >= 0}
        turns = [h for h in self._good(self._search(text, self._vector(text), asked)) if h.card.id in first and h.card.id not in said]
        return [h for h in turns if h.odds + first[h.card.id] >= _TURNED][:1]

    def _cited(self, history: tuple[Turn, ...]) -> list[CardHit]:
        """The cards of the last answer that had any, in its order, where we have it."""
        for turn in reversed(history):
            if turn.answer and turn.answer.sources:
                names = dict.fromkeys(s.card for s in turn.answer.sources if s.card in self.library.cards)
                return [_given(self.library.cards[n]) for n in names if n][:3]
        return []

    # ---- asking back

    def _torn(self, asked: Understanding, found: list[CardHit], good: list[CardHit]) -> bool:
        """Whether two cards of different subjects fit a message about equally, so that the answer would change the advice."""
        if asked.request or asked.points_at or asked.kind not in ("other", "next_steps", "reasons") or len(found) < 2 or not good:
            return False
        first, second = found[:2]
        apart = not set(first.card.elements) & set(second.card.elements)
        return apart and good[0] is first and first.odds - second.odds < _TORN and first.fit < _PLAIN

    def _near(self, run: Run, found: list[CardHit]) -> bool:
        """Whether a described situation came so close to our cards that a choice between them helps more than a no."""
        assert run.understanding is not None and run.vector is not None  # noqa: S101
        calibration = self.retriever.calibration
        described = self.placer.situation(run.understanding.text, run.vector) >= _DESCRIBED
        bar = math.log(calibration.answer / (1 - calibration.answer))
        return (
            bool(found)
            and described
            and found[0].odds >= bar - _CLOSE
            and run.understanding.kind in ("other", "next_steps", "reasons", "follow_up", "placement")
        )

    def _vague(self, run: Run, good: list[CardHit]) -> Answer:
        questions = tuple(self.prompts.say(k) for k in self.prompts.keys("replies.vague.question"))
        first = good[0].card if good and len(content_words(run.text)) > 3 else None  # fewer words match anything
        return self._asking(run, self.prompts.say("replies.vague"), questions, first)

    def _choices(self, run: Run, found: list[CardHit], first: Card | None = None) -> Answer:
        """Situations to choose from, each a card's own; with the short answer of the closest where there is one."""
        assert run.understanding is not None  # noqa: S101
        problems = [h for h in found if h.card.kind in ("problem", "caution")]
        choices = tuple(self.prompts.say("writer.clarify.choice", situation=_situation(h.card)) for h in (problems or found)[:3])
        return self._asking(run, self.prompts.say("writer.clarify.intro"), choices, first)

    def _asking(self, run: Run, intro: str, questions: tuple[str, ...], card: Card | None) -> Answer:
        parts: list[Part] = []
        if card:
            opening = card.passages[0]
            claims = tuple(Claim(s.text, (opening.id,)) for s in opening.sentences[:2])
            parts = [Part("plain", lines=(self.prompts.say("writer.clarify.first"),)), Part("paragraph", claims=claims)]
        page = self._page(
            run, Draft((*parts, Part("plain", lines=(intro,)), Part("plain", self.prompts.say("writer.heading.choose"), lines=questions)))
        )
        answer = self._settled(run, "clarify", page.text, questions)
        return replace(answer, statements=tuple(page.statements), sources=tuple(page.sources.values()))

    def nations(self, code: str | None) -> tuple[str, ...]:
        """The codes whose cards may answer: the nation and its parents; for a parent such as uk its nations as well."""
        chain = self.library.chain(code)
        inside = tuple(j.code for j in self.library.jurisdictions.values() if code and code != "any" and j.parent == code)
        return chain + inside if code != "any" else ()

    def _named(self, asked: Understanding, whole: str = "") -> list[Card]:
        names = [_WHOLE[whole]] if whole and not asked.subjects else []
        names += [f"{self.library.members[s].facet}-{s}" for s in asked.subjects]
        return [self.library.cards[n] for n in names if n in self.library.cards]

    def _member_of(self, card: Card) -> str:
        """The name of the level, element or step that a card of the framework is about."""
        return self.library.members[card.id.split("-", 1)[1]].name

    def _no_evidence(self, run: Run) -> Answer:
        assert run.evidence is not None  # noqa: S101
        lines = [self.prompts.say("writer.no_evidence.document" if run.documents and not run.evidence.nearest else "writer.no_evidence")]
        if run.evidence.nearest:
            titles = "; ".join(f"“{c.title}”" for c in run.evidence.nearest)
            lines.append(self.prompts.say("writer.no_evidence.nearest", titles=titles))
        questions = tuple(next((a for a in c.asks if a.endswith("?")), c.asks[0]) for c in run.evidence.nearest[:2])
        return self._settled(run, "no_evidence", "\n\n".join(lines), questions=questions)

    def _compose(self, run: Run) -> Run:
        assert run.understanding is not None and run.evidence is not None  # noqa: S101
        run.draft = self.writer.compose(run.understanding, run.evidence)
        return run

    def _check(self, run: Run) -> Run:
        assert run.draft is not None and run.evidence is not None and run.understanding is not None  # noqa: S101
        refused = list(run.draft.dropped)
        page = self._checked(run, run.draft)
        if page is None or (run.draft.model != "none" and not _holds(page, len(refused))):
            refused += page.dropped if page else []
            run.notices.append(self.prompts.say("writer.notice.fallback"))
            run.draft = self.cards.compose(run.understanding, run.evidence)
            page = self._page(run, run.draft)
        draft = run.draft
        run.answer = replace(
            self._settled(run, "answered", page.text, draft.questions, (*run.notices, *draft.notices)),
            statements=tuple(page.statements),
            dropped=(*refused, *page.dropped),
            next_steps=tuple(page.next_steps),
            sources=tuple(page.sources.values()),
            more=page.more,
            model=draft.model,
        )
        return run

    def _checked(self, run: Run, draft: Draft) -> Page | None:
        """The page of a draft; None where a model's draft cannot be checked at all."""
        try:
            return self._page(run, draft)
        except Exception:
            if draft.model == "none":
                raise
            return None

    def _page(self, run: Run, draft: Draft) -> Page:
        passages = {**self.library.passages, **{p.id: p for p in run.documents}}
        return Page(self.library, self.prompts, passages, self.retriever.index.words.rarity).set(draft)

    def _settled(
        self, run: Run, outcome: Outcome, text: str, questions: tuple[str, ...] = (), notices: tuple[str, ...] | None = None
    ) -> Answer:
        understanding = run.understanding
        return Answer(
            outcome=outcome,
            kind=understanding.kind if understanding else run.meaning.kind if run.meaning else "other",
            text=text,
            questions=questions,
            notices=tuple(run.notices) if notices is None else notices,
            placement=understanding.placement if understanding else None,
            rejected=run.rejected,
            versions={"knowledge": self.library.version, "prompts": self.prompts.version, "embedder": self.retriever.embeddings.version},
            id=run.question.id,
            question=run.text,
        )


def _holds(page: Page, refused: int) -> bool:
    """Whether enough of a model's draft stood: something said, and no more lost than kept."""
    lost = len(page.dropped) + refused
    return bool(page.statements) and lost <= len(page.statements) + len(page.next_steps)


def _given(card: Card) -> CardHit:
    """A card that answers whatever its own words say."""
    return CardHit(card, 1.0, 30.0, {}, ())


def _together(first: list[CardHit], second: list[CardHit]) -> list[CardHit]:
    """Hits of two searches for one thing, by the sum of their odds; a card that one of them missed counts as its last."""
    low = [min((h.odds for h in hits), default=0.0) for hits in (first, second)]
    odds = [{h.card.id: h.odds for h in hits} for hits in (first, second)]
    joined = [(odds[0].get(h.card.id, low[0]) + odds[1].get(h.card.id, low[1]), h) for h in _once([*first, *second])]
    ranked = sorted(joined, key=lambda x: (-x[0], x[1].card.id))
    return [replace(h, odds=o / 2, fit=max(h.fit, 1 / (1 + math.exp(-max(-30.0, min(30.0, o / 2)))))) for o, h in ranked]


def _once(hits: list[CardHit]) -> list[CardHit]:
    """Each card once, where it came first."""
    kept: dict[str, CardHit] = {}
    for h in hits:
        kept.setdefault(h.card.id, h)
    return list(kept.values())


def _holds_step(card: Card, point: str) -> bool:
    wanted = content_words(point)
    return any(likeness(content_words(s.action), wanted) >= 0.4 for p in card.passages for s in p.steps)


def _situation(card: Card) -> str:
    """The card's situation in a few words: its title."""
    return card.title[:1].upper() + card.title[1:]


def as_question(given: Question | str | Mapping[str, Any]) -> Question:
    if isinstance(given, Question):
        return given
    if isinstance(given, str):
        return Question(given)
    return Question(**given)


def _slug_of_best(hit: CardHit) -> str:
    best: list[Hit] = list(hit.passages) or [Hit(hit.card.passages[0], 0, 0, 0)]
    return best[0].passage.id.partition("#")[2]
