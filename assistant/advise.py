"""The path of a question: screen, understand, retrieve, compose, check. A LangChain Runnable from Question to Answer.

Each step takes the run and adds to it; a step that settles the answer ends the run with a named outcome. Screening
comes first, uses no model and fails closed: if it raises, nothing is searched, stored or sent.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.runnables.config import ensure_config

from assistant.embed import Vectors
from assistant.knowledge import Library, document_passages
from assistant.models import untraced
from assistant.place import Placer
from assistant.prompts import Prompts
from assistant.render import Page
from assistant.retrieve import CardHit, Retriever, document_passages_found
from assistant.screen import Screen
from assistant.types import Answer, Card, Draft, Evidence, Hit, Outcome, Passage, Question, Rejected, Screening, Turn, Understanding
from assistant.understand import Meaning, Reader
from assistant.writers import CardWriter

StepName = Literal["screen", "understand", "retrieve", "compose", "check"]
LONGEST = 20_000  # characters of a question; more is cut, with a notice
DOCUMENT_FIT = 0.42  # below this a passage of a person's own document does not bear on the question


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
    milliseconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """A step has begun. What it finds is not shown before it is checked."""

    step: StepName


class Adviser(Runnable[Question, Answer]):
    """Answers questions. `invoke` and `batch` give answers; `stream` gives a Progress a step, then the Answer.

    Also takes a plain string, or a mapping in the shape of the command line's input, so that it fits other people's chains.
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
    ) -> None:
        self.library = library
        self.prompts = prompts
        self.screen = screen
        self.reader = reader
        self.placer = placer
        self.retriever = retriever
        self.cards = CardWriter(library, prompts)
        self.writer: Writer = writer or self.cards
        self.steps: tuple[tuple[StepName, Callable[[Run], Run]], ...] = (
            ("screen", self._screen),
            ("understand", self._understand),
            ("retrieve", self._retrieve),
            ("compose", self._compose),
            ("check", self._check),
        )

    def invoke(self, input: Question | str | Mapping[str, Any], config: RunnableConfig | None = None, **_: Any) -> Answer:
        """The answer. Raises UsageError for a jurisdiction we do not have."""
        for event in self.stream(input, config):
            if isinstance(event, Answer):
                return event
        raise AssertionError("the check settles every answer")

    def stream(  # type: ignore[override]  # progress comes before the answer
        self, input: Question | str | Mapping[str, Any], config: RunnableConfig | None = None, **_: Any
    ) -> Iterator[Progress | Answer]:
        """A Progress as each step begins, then the Answer."""
        run = Run(as_question(input))
        started = time.perf_counter()
        for name, step in self.steps:
            yield Progress(name)
            began = time.perf_counter()
            with untraced():
                run = RunnableLambda(step, name=name).invoke(run, ensure_config(config))
            run.milliseconds[name] = round((time.perf_counter() - began) * 1000, 2)
            if run.answer:
                break
        assert run.answer is not None  # noqa: S101  the check settles every answer
        run.milliseconds["total"] = round((time.perf_counter() - started) * 1000, 2)
        yield replace(run.answer, milliseconds=run.milliseconds)

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
        run.screening = found = self.screen.check(text)
        run.text = found.masked
        if found.outcome != "clear":
            run.text = "" if found.urgent else found.masked
            run.answer = self._settled(run, found.outcome, self.screen.reply(found, question.jurisdiction))
            return run
        if found.personal_data:
            run.notices.append(self.prompts.say("writer.notice.masked"))
        if found.injection:
            run.notices.append(self.prompts.say("writer.notice.instructions"))
        run.history = self._clear_history(question.history)
        run.documents = tuple(self._clear_documents(run))
        return run

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
            elif not skip:
                kept.append(turn)
        return tuple(kept)

    def _clear_documents(self, run: Run) -> Iterator[Passage]:
        for document in run.question.documents:
            parts = document.parts or ((document.text, None),)
            cleaned = [(*self.screen.clean_document(text), where) for text, where in parts]
            if any(findings for _, findings, _ in cleaned) and self.prompts.say("writer.notice.instructions") not in run.notices:
                run.notices.append(self.prompts.say("writer.notice.instructions"))
            identity = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            paragraphs = [(self.screen.check(p).masked, where) for text, _, where in cleaned for p in text.split("\n") if p.strip()]
            yield from document_passages(identity, document.name, paragraphs)

    def _understand(self, run: Run) -> Run:
        run.meaning = meaning = self.reader.read(run.text, run.history)
        if meaning.kind in ("greeting", "thanks", "about"):
            run.answer = self._settled(run, "social", self.prompts.say(f"replies.{meaning.kind}"))
            return run
        run.vector = self.retriever.embeddings.vectors([meaning.text])[0]
        placement = self.placer.place(meaning.text, run.vector)
        if meaning.text != run.text:
            placement = replace(placement, evidence=(), against=())  # offsets would not be those of this question
        # A nation named in the words of the question wins over the setting.
        nation = meaning.jurisdiction or run.question.jurisdiction
        run.understanding = Understanding(meaning.text, meaning.kind, placement, nation, meaning.subjects, meaning.points_at)
        if meaning.kind == "vague" and not run.documents:
            questions = tuple(self.prompts.say(k) for k in self.prompts.keys("replies.vague.question"))
            text = self.prompts.say("replies.vague") + "\n\n" + "\n".join(f"- {q}" for q in questions)
            run.answer = self._settled(run, "clarify", text, questions=questions)
        return run

    def _retrieve(self, run: Run) -> Run:
        assert run.understanding is not None and run.vector is not None  # noqa: S101
        asked = run.understanding
        situation = self.placer.situation(asked.text, run.vector)
        nations = self.nations(asked.jurisdiction)
        found = self.retriever.cards(asked.text, run.vector, nations, asked.subjects, asked.kind, situation)
        calibration = self.retriever.calibration
        good = [h for h in found if h.fit >= calibration.answer]
        good = [h for h in good[:4] if h.odds >= good[0].odds - calibration.near]
        named = self._named(asked)
        if named and asked.kind in ("definition", "list", "comparison"):
            good = [*(h for h in found if h.card in named), *(h for h in good if h.card not in named)]
            missing = [c for c in named if all(h.card != c for h in good)]
            good = [*(CardHit(c, 1.0, 30.0, {}, ()) for c in missing), *good]
        documents = document_passages_found(run.documents, self.retriever.embeddings, asked.text, run.vector)
        documents = [h for h in documents if h.score >= DOCUMENT_FIT]
        used = {h.card.id for h in good}
        run.rejected = tuple(Rejected(f"card:{h.card.id}#{_slug_of_best(h)}", round(h.fit, 4)) for h in found if h.card.id not in used)
        run.evidence = Evidence(tuple((h.card, h.fit) for h in good), tuple(documents), tuple(h.card for h in found[:3]))
        if not good and not documents:
            run.answer = self._no_evidence(run)
        return run

    def nations(self, code: str | None) -> tuple[str, ...]:
        """The codes whose cards may answer: the nation and its parents; for a parent such as uk its nations as well."""
        chain = self.library.chain(code)
        inside = tuple(j.code for j in self.library.jurisdictions.values() if code and code != "any" and j.parent == code)
        return chain + inside if code != "any" else ()

    def _named(self, asked: Understanding) -> list[Card]:
        names = [f"{self.library.members[s].facet}-{s}" for s in asked.subjects]
        return [self.library.cards[n] for n in names if n in self.library.cards]

    def _no_evidence(self, run: Run) -> Answer:
        assert run.evidence is not None  # noqa: S101
        lines = [self.prompts.say("writer.no_evidence.document" if run.documents and not run.evidence.nearest else "writer.no_evidence")]
        if run.evidence.nearest:
            titles = "; ".join(f"“{c.title}”" for c in run.evidence.nearest)
            lines.append(self.prompts.say("writer.no_evidence.nearest", titles=titles))
        questions = tuple(c.asks[0].rstrip("?.") + "?" for c in run.evidence.nearest[:2])
        return self._settled(run, "no_evidence", "\n\n".join(lines), questions=questions)

    def _compose(self, run: Run) -> Run:
        assert run.understanding is not None and run.evidence is not None  # noqa: S101
        run.draft = self.writer.compose(run.understanding, run.evidence)
        return run

    def _check(self, run: Run) -> Run:
        assert run.draft is not None and run.evidence is not None and run.understanding is not None  # noqa: S101
        refused, usage = list(run.draft.dropped), run.draft.usage
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
            usage=usage,
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


def as_question(given: Question | str | Mapping[str, Any]) -> Question:
    if isinstance(given, Question):
        return given
    if isinstance(given, str):
        return Question(given)
    return Question(**given)


def _slug_of_best(hit: CardHit) -> str:
    best: list[Hit] = list(hit.passages) or [Hit(hit.card.passages[0], 0, 0, 0)]
    return best[0].passage.id.partition("#")[2]
