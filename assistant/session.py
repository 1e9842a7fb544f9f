"""The assistant as a whole: opened once, asked by many. What the page, the command line and the evaluation suite use.

Importing it is part of every start, so what only some callers need is imported where it is used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.advise import LONGEST, Progress
from assistant.embed import OnnxEmbeddings, open_embeddings, quiet
from assistant.embed import Progress as Reporter
from assistant.errors import UsageError
from assistant.index import open_index
from assistant.knowledge import Library, load_library
from assistant.models import Ledger, open_model, stoppable
from assistant.place import Placer, open_placer
from assistant.prompts import Prompts, load_prompts
from assistant.retrieve import Retriever, entries, load_calibration, open_learned
from assistant.screen import Screen
from assistant.settings import Settings
from assistant.types import Answer, Citation, Document, Hit, NextStep, Placement, Question, Screening, Turn
from assistant.understand import load_reader

if TYPE_CHECKING:
    from assistant.chain import RunnableAdviser
    from assistant.documents.kept import Documents
    from assistant.export import Exporter
    from assistant.rehearse import Noticer, Scenario, Shelf, Sitting, Workshop
    from assistant.rehearse.types import Difficulty, Mode
    from assistant.store import Store

_PATIENCE = 12.0  # seconds a rehearsal waits for a chat model before the authored line is said


class Assistant:
    """Opens what it needs when it is first needed, so that screening does not wait for the index."""

    def __init__(self, settings: Settings | None = None, progress: Reporter = quiet, notice: Reporter = quiet) -> None:
        self.settings = settings or Settings.from_environment()
        self.progress = progress
        self._notice = notice
        self._advisers: dict[str, RunnableAdviser] = {}

    @cached_property
    def library(self) -> Library:
        return load_library(self.settings.knowledge, self.settings.index)

    @cached_property
    def prompts(self) -> Prompts:
        return load_prompts(self.settings.prompts)

    @cached_property
    def screener(self) -> Screen:
        return Screen.load(self.settings.knowledge, self.settings.prompts)

    @cached_property
    def embeddings(self) -> OnnxEmbeddings:
        _ = self._kind_of_adviser  # once LangChain is there, it knows the embedding as its own
        return open_embeddings(self.settings.embedding, self.settings.exported_models, self.progress)

    @cached_property
    def retriever(self) -> Retriever:
        index = open_index(entries(self.library), self.embeddings, self.settings.index, self.progress, self._notice)
        knowledge = self.settings.knowledge
        learned = open_learned(self.library, knowledge, index, self.settings.exported_models)
        return Retriever(self.library, index, self.embeddings, load_calibration(knowledge), learned)

    @cached_property
    def placer(self) -> Placer:
        return open_placer(self.library, self.settings.knowledge, self.embeddings, self.settings.exported_models)

    @cached_property
    def adviser(self) -> RunnableAdviser:
        return self._adviser(self.settings.model)

    def _adviser(self, model: str) -> RunnableAdviser:
        writer = second = None
        if model != "none":
            from assistant.writers import CardWriter
            from assistant.writers.model import ModelWriter

            opened = open_model(model, self.settings.models, Ledger(self.settings.home / "model-usage.json"))
            writer = ModelWriter(opened, CardWriter(self.library, self.prompts), self.prompts)
            if self.settings.models.understands:
                from assistant.second import SecondReading

                second = SecondReading(opened, self.prompts, self.screener)
        reader = load_reader(self.library, self.settings.knowledge, self.embeddings, self.settings.exported_models)
        return self._kind_of_adviser(self.library, self.prompts, self.screener, reader, self.placer, self.retriever, writer, second)

    @property
    def _kind_of_adviser(self) -> type[RunnableAdviser]:
        from assistant.chain import RunnableAdviser

        return RunnableAdviser

    def adviser_with(self, model: str | None) -> RunnableAdviser:
        """The adviser whose words come from `model`, one of `models`; the one that is set where None. Opened once."""
        if model is None or model == self.settings.model:
            return self.adviser
        if model not in self.models:
            raise UsageError(f"{model} is not among the models allowed here: {', '.join(self.models)}.")
        if model not in self._advisers:
            self._advisers[model] = self._adviser(model)
        return self._advisers[model]

    @property
    def models(self) -> tuple[str, ...]:
        """What a person may choose among; "none" is the card writer."""
        return tuple(dict.fromkeys(("none", self.settings.model, *self.settings.models.allowed)))

    @cached_property
    def _shipped(self) -> dict[str, Scenario]:
        from assistant.rehearse import load_scenarios

        return load_scenarios(self.settings.knowledge, self.prompts)

    @property
    def scenarios(self) -> dict[str, Scenario]:
        """The role-plays by id, easiest first, then those people wrote themselves."""
        return {**self._shipped, **self.workshop.scenarios}

    @cached_property
    def workshop(self) -> Workshop:
        from assistant.rehearse import Workshop

        shared = next(iter(self._shipped.values())).shared
        return Workshop(self.settings.home / "scenarios", self.settings.knowledge / "scenarios", shared, self.library.passages)

    @cached_property
    def shelf(self) -> Shelf:
        from assistant.rehearse import Shelf

        return Shelf(self.settings.home / "rehearsals")

    @cached_property
    def _noticer(self) -> Noticer:
        from assistant.rehearse import Noticer

        shared = next(iter(self._shipped.values())).shared
        return Noticer(shared.moves, self.embeddings, self.settings.exported_models, self.progress)

    def sitting(
        self,
        scenario: str,
        seed: int = 0,
        difficulty: Difficulty | None = None,
        mode: Mode | None = None,
        saved: Mapping[str, Any] | None = None,
        model: str | None = None,
    ) -> Sitting:
        """A new sitting of a role-play, or the one whose events were `saved`. Raises UsageError for an unknown scenario.

        `model` is one of `models`; the one that is set where None. It may word lines, and what it writes is checked.
        """
        from assistant.rehearse import Sitting, replay

        if scenario not in self.scenarios:
            raise UsageError(f"There is no scenario {scenario!r}. Use one of: {', '.join(self.scenarios)}.")
        found = self.scenarios[scenario]
        screen = partial(self.screen, exercise=True)
        doors: dict[str, Any] = {"noticer": self._noticer, "screen": screen, "model": self._voice(model or self.settings.model)}
        if mode != "choose":
            self._noticer.prepare(found)
        if saved is not None:
            return replay(found, saved, **doors)
        return Sitting(found, seed, difficulty, mode, **doors)

    def _voice(self, model: str) -> Callable[[str], str] | None:
        if model not in self.models:
            raise UsageError(f"{model} is not among the models allowed here: {', '.join(self.models)}.")
        if model == "none":
            return None
        opened = open_model(model, self.settings.models, Ledger(self.settings.home / "model-usage.json"))
        return lambda prompt: opened.ask([("human", prompt)], seconds=_PATIENCE).text

    @cached_property
    def store(self) -> Store:
        from assistant.store import Store

        return Store(self.settings.database)

    @cached_property
    def exporter(self) -> Exporter:
        from assistant.export import Exporter

        return Exporter(self.library, self.prompts)

    @cached_property
    def documents(self) -> Documents:
        from assistant.documents import Limits
        from assistant.documents.kept import Documents

        s = self.settings
        limits = Limits(s.document_megabytes, s.document_pages, s.document_entries, seconds=s.document_seconds)
        return Documents(self.store, self.embeddings, self.screener, self.prompts, limits)

    # ---- asking

    def ask(self, question: Question | str, model: str | None = None) -> Answer:
        return self.adviser_with(model).invoke(self._with_documents(question))

    def stream(
        self, question: Question | str, model: str | None = None, stop: Event | None = None, conversation: str | None = None
    ) -> Iterator[Progress | Answer]:
        """A Progress as each step begins, then the Answer. Setting `stop` ends a call to a chat model; the cards answer.

        The documents of `conversation` are searched beside everyone's.
        """
        events = self.adviser_with(model).stream(self._with_documents(question, conversation))
        while True:
            with stoppable(stop):
                event = next(events, None)
            if event is None:
                return
            yield event

    def _with_documents(self, question: Question | str, conversation: str | None = None) -> Question:
        """The question with the passages kept here that may bear on it."""
        from assistant.documents.kept import any_for_everyone

        question = Question(question) if isinstance(question, str) else question
        if conversation is None and not any_for_everyone(self.settings.database):
            return question
        if conversation is not None and not self.store.document_ids(conversation):
            return question
        found = self.screener.check(question.text[:LONGEST])
        if found.urgent or not found.masked.strip():
            return question
        asked = [t.text for t in question.history if t.role == "user"]
        texts = [found.masked, f"{asked[-1]} {found.masked}"] if asked else [found.masked]
        return dataclasses.replace(question, documents=(*question.documents, *self.documents.taken_along(texts, conversation)))

    def place(self, text: str) -> Placement:
        masked = text if text.strip() else " "
        return self.placer.place(masked, self.embeddings.vectors([masked])[0])

    def screen(self, text: str, exercise: bool = False) -> Screening:
        return self.screener.check(text, exercise)

    def search(self, query: str, k: int = 10, jurisdiction: str | None = None) -> list[Hit]:
        chain = self.adviser.nations(jurisdiction) if jurisdiction else ()
        return self.retriever.passages(query, k, chain)


# ---- what comes in from outside


class _TurnIn(BaseModel):
    model_config = ConfigDict(extra="ignore")
    role: str = Field(pattern="^(user|assistant)$")
    text: str


class _DocumentIn(BaseModel):
    model_config = ConfigDict(extra="ignore")
    name: str = "document"
    text: str


class _QuestionIn(BaseModel):
    model_config = ConfigDict(extra="ignore")
    question: str
    history: list[_TurnIn] = []
    documents: list[_DocumentIn] = []
    jurisdiction: str | None = None
    language: str = "en"


def question_from(data: Mapping[str, Any], jurisdiction: str | None = None) -> Question:
    """A question from untrusted JSON. Raises UsageError in one plain sentence."""
    try:
        row = _QuestionIn.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from None
    if not row.question.strip():
        raise UsageError("question: it is empty; write what you would like to ask")
    return Question(
        text=row.question,
        id=_identity(data.get("id")),
        history=tuple(Turn(t.role, t.text) for t in row.history),  # type: ignore[arg-type]  # the pattern allows these two
        documents=tuple(Document(d.name, d.text) for d in row.documents),
        jurisdiction=row.jurisdiction or jurisdiction,
        language=row.language,
    )


def _identity(value: Any) -> str | None:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) and not isinstance(value, bool) else None


# ---- what goes out


def as_json(answer: Answer) -> dict[str, Any]:
    """An answer in the shape of the contract (docs: the command line)."""
    row = {k: _plain(getattr(answer, k)) for k in _ANSWER_FIELDS}
    row["placement"] = placement_json(answer.placement) if answer.placement else {}
    return row


_ANSWER_FIELDS = (
    "id", "outcome", "kind", "text", "more", "statements", "dropped", "placement", "next_steps", "questions", "notices", "sources",
    "rejected", "model", "versions", "milliseconds", "question", "usage",
)  # fmt: skip


def placement_json(placement: Placement) -> dict[str, Any]:
    row = _plain(placement)
    for name in ("evidence", "against"):
        row[name] = [{"text": c["text"], "start": c["start"], "end": c["end"], "for": c["reading"]} for c in row[name]]
    return dict(row)


def screening_json(screening: Screening) -> dict[str, Any]:
    names = ("outcome", "urgent", "in_scope", "injection", "personal_data", "masked", "urgent_kind", "decline_reason", "reasons")
    return {n: _plain(getattr(screening, n)) for n in names}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return str(value) if isinstance(value, Path) else value


def _answer_of(row: Mapping[str, Any]) -> Answer:
    """What a follow-up needs of a stored answer: its words, steps and sources."""
    steps = tuple(NextStep(s["action"], s["owner"], s["when"], s["progress"], tuple(s["sources"])) for s in row["next_steps"])
    sources = tuple(Citation(**{**s, "references": (), "jurisdictions": tuple(s["jurisdictions"])}) for s in row["sources"])
    return Answer(row["outcome"], row["kind"], row["text"], next_steps=steps, sources=sources)


# ---- one visitor's conversation


@dataclass
class Session:
    """A conversation that is kept as it happens."""

    assistant: Assistant
    conversation: str

    @classmethod
    def open(cls, assistant: Assistant, conversation: str | None = None) -> Session:
        """The stored conversation, or a new one where there is none of that id."""
        if conversation and assistant.store.exists(conversation):
            return cls(assistant, conversation)
        return cls(assistant, assistant.store.start())

    def history(self) -> tuple[Turn, ...]:
        """The turns so far; an answer's steps and sources stay with it, so that a follow-up can point at them."""
        turns = self.assistant.store.turns(self.conversation)
        return tuple(Turn(t.role, t.text, _answer_of(t.answer) if t.answer else None) for t in turns)  # type: ignore[arg-type]

    def facts(self) -> dict[str, str]:
        """What the conversation tells of this partnership (jurisdiction, level, step, members). What a person put right
        counts for more, until they say otherwise."""
        right, last = self.assistant.store.told(self.conversation)
        later = [Turn(t.role, t.text) for t in self.assistant.store.turns(self.conversation) if t.id > last]  # type: ignore[arg-type]
        return {**(right or {}), **self.assistant.adviser.reader.facts(later)}

    def stream(
        self, text: str, jurisdiction: str | None = None, stop: Event | None = None, model: str | None = None
    ) -> Iterator[Progress | Answer]:
        """As Assistant.stream; the turn is stored before the Answer is given, a stopped message only as that and when."""
        facts = self.facts()
        jurisdiction = facts.get("jurisdiction") or jurisdiction  # told in this conversation counts for more than a setting
        question = Question(text, history=self.history(), jurisdiction=jurisdiction, facts=facts)
        store = self.assistant.store
        try:
            for event in self.assistant.stream(question, model, stop, self.conversation):
                if isinstance(event, Answer):
                    if event.outcome == "urgent":
                        store.add_stopped(self.conversation)
                    else:
                        row = as_json(event) | {"jurisdiction": jurisdiction}  # what `replay` needs to ask the same again
                        store.add_turn(self.conversation, event.question, row)
                elif event.step == "understand":  # the screen let it pass
                    store.begin(self.conversation, event.question)
                yield event
        finally:
            store.end(self.conversation)


@dataclass(frozen=True)
class Replayed:
    """A stored answer and what is answered today, with what differs: for each part of it, what is gone and what is new."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def differences(self) -> dict[str, tuple[list[str], list[str]]]:
        found = {}
        for name, parts in _PARTS.items():
            old, new = parts(self.before), parts(self.after)
            gone, fresh = [p for p in old if p not in new], [p for p in new if p not in old]
            if gone or fresh:
                found[name] = (gone, fresh)
        return found


_PARTS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "outcome": lambda row: [row["outcome"]],
    "versions": lambda row: [f"{k} {v}" for k, v in row["versions"].items()],
    "model": lambda row: [row["model"]],
    "statements": lambda row: [s["text"] for s in row["statements"]],
    "next steps": lambda row: [f"{s['action']} ({s['owner']}, {s['when']}; {s['progress']})" for s in row["next_steps"]],
    "sources": lambda row: list(dict.fromkeys(s["passage"] for s in row["sources"])),
    "notices": lambda row: list(row["notices"]),
}


def replay(assistant: Assistant, number: int) -> Replayed:
    """Answers a stored question again, with the turns that stood before it; nothing is stored. Raises UsageError."""
    conversation = assistant.store.conversation_of(number)
    turns = assistant.store.turns(conversation)
    at = next(n for n, t in enumerate(turns) if t.id == number)
    asked, before = turns[at - 1], turns[at].answer
    if before is None:
        raise UsageError(f"{number} is the number of a question. Its answer has the number {turns[at + 1].id}.")
    history = tuple(Turn(t.role, t.text, _answer_of(t.answer) if t.answer else None) for t in turns[: at - 1])  # type: ignore[arg-type]
    question = Question(asked.text, history=history, jurisdiction=before.get("jurisdiction"))
    for event in assistant.stream(question, before["model"], conversation=conversation):
        if isinstance(event, Answer):
            return Replayed(before, as_json(event))
    raise AssertionError("every question is answered")
