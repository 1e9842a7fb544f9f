"""The model writer: a chat model words what the passages say; everything it may not make up, it chooses by number.

Where its provider says itself what its words rest on, those citations are used; elsewhere it names and quotes passages in
an object of our shape. It writes statements only. Next steps and questions are picked from the cards by label, headings
follow the section a statement rests on, and what a document says stands word for word. Numbers and labels we did not give
are not resolved. When the model fails, or nothing it said rests on a passage, the card writer's draft goes out with one
plain notice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import ModelError
from assistant.models import ChatModel, Material, Message, NotTakenError
from assistant.prompts import Prompts
from assistant.types import WHENS, Claim, Draft, Dropped, Evidence, Part, Passage, PlannedStep, Understanding
from assistant.writers.cards import from_documents
from assistant.writers.cited import LISTS, read

MOST_STATEMENTS = 12
MOST_STEPS = 5
MOST_QUESTIONS = 2
SHORTEST_STATEMENT, LONGEST_STATEMENT = 3, 60  # words
LONGEST_EVIDENCE = 14_000  # characters of passages sent
_CARDS = 3
# A statement stands under the heading of the section it rests on: a sign or a warning never reads as advice.
_HEADINGS = {
    "signs": "signs", "watch-for": "watch", "common-mistakes": "mistakes", "why-it-happens": "reasons", "what-to-check": "check",
    "what-was-found": "found", "how-to-run-it": "how",
}  # fmt: skip
_NOT_SENT = frozenset({"next-steps", "ask-yourselves"})
_SPACE = re.compile(r"\s+")


class Composer(Protocol):
    """What composes from cards without a model."""

    def compose(self, question: Understanding, evidence: Evidence) -> Draft: ...


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")
    text: str = Field(min_length=3, max_length=1_000)
    passages: list[int] = Field(max_length=12)
    quotes: list[str] = []


class _Written(BaseModel):
    """What a model gave, before any of it is believed."""

    model_config = ConfigDict(extra="ignore")
    statements: list[_Said] = Field(max_length=100)
    steps: list[str] = []
    questions: list[str] = []
    unanswered: str = ""


@dataclass
class _Ground:
    """The numbers and labels a model is given, and what they stand for."""

    passages: dict[int, Passage] = field(default_factory=dict)
    steps: dict[str, PlannedStep] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelWriter:
    """Composes drafts with a chat model, from the same evidence as the card writer, which is its net."""

    model: ChatModel
    cards: Composer
    prompts: Prompts

    def compose(self, question: Understanding, evidence: Evidence) -> Draft:
        """The model's draft, or the card writer's with a notice that says why."""
        net = self.cards.compose(question, evidence)
        ground = self._ground(evidence)
        if not ground.passages:
            return net
        try:
            written = self._ask(question, ground)
        except ModelError as error:
            return self._instead(net, str(error))
        return self._draft(question, evidence, ground, written, net)

    def _instead(self, net: Draft, why: str, dropped: Sequence[Dropped] = ()) -> Draft:
        notice = self._say("notice.failed", model=self.model.name, why=why)
        return replace(net, notices=(*net.notices, notice), dropped=tuple(dropped))

    # ---- asking

    def _ground(self, evidence: Evidence) -> _Ground:
        ground = _Ground()
        cards = [c for c, _ in evidence.cards[:_CARDS]]
        documents = [h.passage for h in evidence.documents] if self.model.limits.documents else []
        room = LONGEST_EVIDENCE
        for passage in [*documents, *(p for c in cards for p in c.passages if _section(p) not in _NOT_SENT and p.sentences)]:
            if passage.card is None and room - len(passage.text) < LONGEST_EVIDENCE // 2:
                continue  # however long a document is, half the room is for cards
            room -= len(passage.text)
            if room < 0 and ground.passages:
                break
            ground.passages[len(ground.passages) + 1] = passage
        for card in cards:
            for passage in card.passages:
                for step in passage.steps:
                    ground.steps[f"S{len(ground.steps) + 1}"] = PlannedStep(step, passage.id)
                if _section(passage) == "ask-yourselves":
                    ground.questions |= {f"Q{len(ground.questions) + 1 + n}": s.text for n, s in enumerate(passage.sentences)}
        return ground

    def _ask(self, question: Understanding, ground: _Ground) -> _Written:
        """What the model wrote; one repair where it cannot be read. Raises ModelError."""
        if self.model.cites:
            with suppress(NotTakenError, ValueError):
                return self._cited(question, ground)
        messages: list[Message] = [("system", self._system(question, self._say("form.tool"))), ("human", self._user(question, ground))]
        tries = 1 if self.model.cites else 2  # asking for an object is itself the repair of an answer with citations
        for attempt in range(tries):
            reply = self.model.ask(messages, self._shape())
            try:
                if reply.data is None:
                    raise ValueError("no JSON object stood in it")
                return _Written.model_validate(reply.data)
            except ValueError as error:
                if attempt + 1 < tries:
                    messages += [("ai", reply.text[:2_000] or "{}"), ("human", self._say("repair", slip=_slip(error)))]
        raise ModelError(self._say("why.unusable"))

    def _cited(self, question: Understanding, ground: _Ground) -> _Written:
        """The answer in lists, with the provider's own citations. Raises ModelError, and ValueError for one that cannot be read."""
        headings = {key: self._say(f"cited.{key}") for key in LISTS}
        material = [Material(self._about(p), _pieces(p)) for p in ground.passages.values()]
        system = self._system(question, self._say("form.cited", **headings))
        asked = self._user(question, ground, self._say("passages.above"))
        reply = self.model.ask([("system", system), ("human", asked)], material=material)
        return _Written.model_validate(read(reply.spans, headings, material))

    def _system(self, question: Understanding, form: str) -> str:
        known = f"model.tone.{question.kind}" in self.prompts.templates
        return self._say("system", form=form, tone=self._say(f"tone.{question.kind if known else 'other'}"))

    def _user(self, question: Understanding, ground: _Ground, passages: str = "") -> str:
        sure = [f"{f}: {question.placement.best(f).id}" for f, is_sure in question.placement.sure.items() if is_sure]
        return self._say(
            "user",
            question=question.text,
            kind=question.kind.replace("_", " "),
            placement="; ".join(sure) or self._say("none"),
            passages=passages or "\n\n".join(self._passage(n, p) for n, p in ground.passages.items()),
            steps=self._items({k: s.step.action for k, s in ground.steps.items()}),
            questions=self._items(ground.questions),
        )

    def _passage(self, n: int, passage: Passage) -> str:
        return self._say("passage", n=str(n), about=self._about(passage), text=" ".join(_pieces(passage)))

    def _about(self, passage: Passage) -> str:
        # A document's own name may name a person: it is not sent.
        if passage.card is None:
            return self._say("about.document")
        return self._say("about.card", title=passage.title, heading=passage.heading or "in short")

    def _items(self, items: Mapping[str, str]) -> str:
        return "\n".join(self._say("item", label=k, text=t) for k, t in items.items()) or self._say("none")

    def _shape(self) -> dict[str, Any]:
        """The JSON schema of an answer; its descriptions come from the prompt file."""

        def listed(of: dict[str, Any], key: str) -> dict[str, Any]:
            return {"type": "array", "items": of, "description": self._say(f"shape.{key}")}

        text = {"type": "string"}
        statement = {
            "type": "object",
            "properties": {
                "text": text | {"description": self._say("shape.text")},
                "passages": listed({"type": "integer"}, "passages"),
                "quotes": listed(text, "quotes"),
            },
            "required": ["text", "passages", "quotes"],
        }
        return {
            "title": "answer",
            "description": self._say("shape.answer"),
            "type": "object",
            "properties": {
                "statements": listed(statement, "statements"),
                "steps": listed(text, "steps"),
                "questions": listed(text, "questions"),
                "unanswered": text | {"description": self._say("shape.unanswered")},
            },
            "required": ["statements", "steps", "questions", "unanswered"],
        }

    def _say(self, key: str, **names: str) -> str:
        return self.prompts.say(f"model.{key}", **names)

    # ---- what it said

    def _draft(self, question: Understanding, evidence: Evidence, ground: _Ground, written: _Written, net: Draft) -> Draft:
        dropped: list[Dropped] = []
        grouped: dict[str, list[Claim]] = {}
        seen: set[str] = set()
        for said in written.statements[:MOST_STATEMENTS]:
            found = self._claim(said, ground)
            if isinstance(found, Dropped):
                dropped.append(found)
                continue
            heading, claim = found
            if _plain(claim.text) not in seen:
                seen.add(_plain(claim.text))
                grouped.setdefault(heading, []).append(claim)
        if not grouped:
            return self._instead(net, self._say("why.nothing"), dropped)
        planned = list({label: ground.steps[label] for label in written.steps if label in ground.steps}.values())[:MOST_STEPS]
        chosen = tuple(dict.fromkeys(ground.questions[q] for q in written.questions if q in ground.questions))[:MOST_QUESTIONS]
        return Draft(
            parts=self._parts(grouped, planned, chosen, net, ground),
            questions=chosen or net.questions,
            notices=(*net.notices, *self._notices(question, evidence, ground, written)),
            model=self.model.name,
            dropped=tuple(dropped),
        )

    def _claim(self, said: _Said, ground: _Ground) -> tuple[str, Claim] | Dropped:
        """The statement with its passages resolved, under the heading of their section."""
        text = _SPACE.sub(" ", said.text).strip()
        unknown = [n for n in said.passages if n not in ground.passages]
        if unknown or not said.passages:
            return Dropped(text, f"cites passage {unknown[0]}, which it was not given" if unknown else "cites nothing")
        if not SHORTEST_STATEMENT <= len(text.split()) <= LONGEST_STATEMENT:
            return Dropped(text, "is no single statement")
        if text.endswith("?"):
            return Dropped(text, "is a question")
        if re.search(r"[\[\]<>`#|*_]|https?:|\bwww\.", text):
            return Dropped(text, "holds marks or links")
        cited = list(dict.fromkeys(ground.passages[n] for n in said.passages))
        missing = [q for q in said.quotes if _plain(q) and not any(_plain(q) in _plain(f"{p.text} {' '.join(_pieces(p))}") for p in cited)]
        if missing:
            return Dropped(text, "quotes words that do not stand in its passages")
        if cited[0].card is None:
            # A document speaks only in its own sentences.
            whole = next((s.text for s in cited[0].sentences if _plain(s.text) == _plain(text)), None)
            return ("document", Claim(whole, (cited[0].id,))) if whole else Dropped(text, "is not the document's own sentence")
        heading = _HEADINGS.get(_section(cited[0]), "")
        alike = tuple(p.id for p in cited if p.card is not None and _HEADINGS.get(_section(p), "") == heading)
        return heading, Claim(text if text[-1:] in ".!" else text + ".", alike)

    def _parts(
        self, grouped: Mapping[str, list[Claim]], planned: Sequence[PlannedStep], chosen: Sequence[str], net: Draft, ground: _Ground
    ) -> tuple[Part, ...]:
        """The model's statements where the card writer's stood; steps, questions, tables and "more" as it would have them."""

        def say(key: str) -> str:
            return self.prompts.say(f"writer.heading.{key}")

        steps = tuple(sorted(planned, key=lambda s: WHENS.index(s.step.when)))
        shown = [p for p in net.parts if not p.more]
        parts = [Part("paragraph", claims=tuple(grouped.get("", ())))] if grouped.get("") else []
        documents = [p for p in shown if _of_document(p)]
        first = bool(documents) and documents[0] is shown[0]  # the card writer puts first what a document says only where it was asked for
        shown = [p for p in shown if p not in documents]
        if grouped.get("document"):
            documents = from_documents(self.prompts, grouped["document"], ground.passages.values())
        parts = [*(documents if first else ()), *parts]
        parts += [p for p in shown if p.style == "table" or (p.style == "plain" and not p.heading)]
        parts += [Part("bullets", say(h), tuple(claims)) for h, claims in grouped.items() if h not in ("", "document")]
        parts += [Part("steps", say("steps"), steps=steps)] if steps else [p for p in shown if p.style == "steps"]
        asked = [p for p in shown if p.style == "plain" and p.heading]
        parts += [Part("plain", say("questions"), lines=tuple(chosen))] if chosen else asked
        parts += () if first else documents
        return (*parts, *(p for p in net.parts if p.more))

    def _notices(self, question: Understanding, evidence: Evidence, ground: _Ground, written: _Written) -> list[str]:
        if self.model.local:
            notices = [self._say("notice.local", model=self.model.name)]
        else:
            notices = [self._say("notice.sent", model=self.model.name, place=self.model.place)]
        if evidence.documents:
            sent = any(p.card is None for p in ground.passages.values())
            notices.append(self._say("notice.documents" if sent else "notice.kept"))
        words = _SPACE.sub(" ", written.unanswered).strip(" ?.!,;:\"'“”")
        # Only the person's own words come back in this notice.
        own = _SPACE.sub(" ", question.asked or question.text).casefold()
        if 2 <= len(words.split()) <= 25 and words.casefold() in own:
            notices.append(self._say("notice.unanswered", words=words))
        return notices


def _of_document(part: Part) -> bool:
    return bool(part.claims) and all(i.startswith("doc:") for c in part.claims for i in c.passages)


def _section(passage: Passage) -> str:
    return passage.id.partition("#")[2]


def _pieces(passage: Passage) -> tuple[str, ...]:
    return tuple(s.text for s in passage.sentences) or (passage.text,)


def _plain(text: str) -> str:
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"').replace("–", "-").replace("—", "-")
    return _SPACE.sub(" ", text).strip(' ."').casefold()


def _slip(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    return str(error)[:200]
