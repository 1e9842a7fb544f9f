"""A second reading: a chat model helps to understand, where the setting allows it and our own reading is in doubt.

It restates a follow-up as a question that stands alone, and places a situation no facet of which is sure, by choosing from
a menu. Only masked words are sent. What comes back is believed no further than it can be held against what was said:
screened like a message, nothing brought in. Whatever is odd, late or broken leaves our own reading as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.check import brings_in
from assistant.errors import ModelError
from assistant.models import ChatModel
from assistant.prompts import Prompts
from assistant.screen import Screen
from assistant.types import FACETS, Facet, Member, Placement, Score, Turn

_SECONDS = 8.0  # a person waits for it before anything is searched
_TURNS = 6  # of the conversation, the last ones
_TURN_LENGTH = 600  # characters of each
_SHORTEST, _LONGEST = 3, 40  # words of a question that stands alone
_CONTENDER = 0.5  # a reading chosen by a model counts if ours gave it at least so much of its best


@dataclass(frozen=True)
class SecondReading:
    """What a chat model makes of a message, and what it takes to believe it."""

    model: ChatModel
    prompts: Prompts
    screen: Screen

    def restated(self, text: str, history: Sequence[Turn]) -> str:
        """The follow-up `text` as a question that stands alone; "" where the model gives none that can be believed."""
        turns = [(t.role, t.text[:_TURN_LENGTH]) for t in history[-_TURNS:] if self._may_leave(t)]
        conversation = "\n".join(self._say(f"turn.{role}", text=said) for role, said in turns)
        asked = self._ask("restate", {"question": {"type": "string"}}, conversation=conversation, question=text)
        restated = " ".join(str(asked.get("question") or "").split())
        found = self.screen.check(restated)
        plain = found.outcome == "clear" and not found.injection and not found.personal_data
        short = _SHORTEST <= len(restated.split()) <= _LONGEST
        said = "\n".join([*(t for _, t in turns), text])
        return restated if plain and short and not brings_in(restated, said) else ""

    def placed(self, text: str, ours: Placement, members: Sequence[Member]) -> Placement:
        """`ours` with what the model chose among our own best readings; as it was where it chose none of them."""
        cannot = self._say("place.cannot")
        menu = "\n".join(self._say("place.item", facet=m.facet, id=m.id, definition=m.definition) for m in members)
        shape: dict[str, Any] = {facet: {"type": "string", "enum": [*ids, cannot]} for facet, ids in FACETS.items()}
        chosen = self._ask("place", shape, menu=menu, cannot=cannot, situation=text)
        for facet in FACETS:
            ours = _with(ours, facet, chosen.get(facet))
        return ours

    def notice(self) -> str:
        """What a person is told whenever this was asked: where the words went."""
        key = "notice.read_here" if self.model.local else "notice.read"
        return self._say(key, model=self.model.name, place=self.model.place)

    def _may_leave(self, turn: Turn) -> bool:
        """A person's own words are masked; an answer of ours may hold words of a document, which stay unless the setting says so."""
        if turn.role == "user" or self.model.limits.documents:
            return True
        return turn.answer is not None and all(s.card is not None for s in turn.answer.sources)

    def _ask(self, what: str, fields: dict[str, Any], **names: str) -> dict[str, Any]:
        """The object the model gave; empty where it failed in any way."""
        shape = {
            "title": "answer", "description": self._say(f"{what}.shape"), "type": "object", "properties": fields, "required": list(fields),
        }  # fmt: skip
        try:
            said = self.model.ask([("system", self._say(what)), ("human", self._say(f"{what}.user", **names))], shape, _SECONDS)
        except ModelError:
            return {}
        return said.data or {}

    def _say(self, key: str, **names: str) -> str:
        return self.prompts.say(f"model.{key}", **names)


def _with(ours: Placement, facet: Facet, chosen: object) -> Placement:
    """`ours` with `chosen` first and sure, if it is our best or second and near it."""
    scores = {"level": ours.levels, "element": ours.elements, "step": ours.steps}[facet]
    at = next((n for n, s in enumerate(scores[:2]) if s.id == chosen), None)
    if at is None or scores[at].score < _CONTENDER * scores[0].score:
        return ours
    first = [Score(scores[at].id, scores[0].score), *([Score(scores[0].id, scores[at].score)] if at else [])]
    fields = {"level": "levels", "element": "elements", "step": "steps"}
    unknown = tuple(u for u, f in zip(ours.unknown, (f for f in FACETS if not ours.sure[f]), strict=False) if f != facet)
    moved: dict[str, Any] = {fields[facet]: (*first, *scores[len(first) :]), "sure": {**ours.sure, facet: True}, "unknown": unknown}
    return replace(ours, **moved)
