"""Screening comes before everything: live concerns, other people's details, other subjects, orders to the assistant.

No model is asked, nothing is fetched, and every rule is a line in `knowledge/screens/` with a reason beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import yaml

from assistant.errors import KnowledgeError
from assistant.prompts import Prompts, load_prompts
from assistant.screen.hostile import LEFT_OUT, Finding, Hostile
from assistant.screen.names import read_names
from assistant.screen.planted import Planted
from assistant.screen.privacy import Found, Privacy
from assistant.screen.reading import Lexicon
from assistant.screen.scope import BY_WORDS, Scope
from assistant.screen.urgent import Urgent
from assistant.screen.weights import Weights
from assistant.types import PersonalData, Screening

__all__ = ["Finding", "Screen"]

_GRAVE = 0.75  # from here on a family's case is a concern before it is a case; chosen on open cases, none of which it takes wrongly
_LAID_OUT = re.compile(r"[*`<>|\n\r\t#]+|\[(?=\d)")  # what Markdown, or a reader of our marks, would take for more than words


class Screen:
    """Built once by `Screen.load`; holds no state of any message."""

    def __init__(
        self,
        lexicon: Lexicon,
        urgent: Urgent,
        privacy: Privacy,
        scope: Scope,
        hostile: Hostile,
        prompts: Prompts,
        places: dict[str, dict[str, Any]],
    ) -> None:
        self._lexicon, self._urgent, self._privacy, self._scope, self._hostile = lexicon, urgent, privacy, scope, hostile
        self._prompts, self._places = prompts, places

    @classmethod
    def load(cls, knowledge_dir: Path, prompts_dir: Path) -> Screen:
        """Raises KnowledgeError naming the file when a list or a rule is wrong: a screen with a hole never loads."""
        folder = knowledge_dir / "screens"
        classes = _read(folder / "classes.yaml")
        names = ("words.txt", "names.txt", "weights.tsv", "planted.tsv")
        if missing := [n for n in names if not (folder / n).is_file()]:
            raise KnowledgeError([f"knowledge/screens/{n}: the file is missing" for n in missing])
        known = frozenset((folder / "words.txt").read_text("utf-8").split())
        made: dict[str, Any] = {}
        slips: list[str] = []
        try:
            listed = read_names(folder / "names.txt")
        except ValueError as error:
            raise KnowledgeError([f"knowledge/screens/{error}"]) from None
        lexicon = Lexicon(classes["classes"], classes["same"], known | listed.keys())  # Denis and Dover are never respelt
        weights = Weights(folder / "weights.tsv", lexicon)
        makers: dict[str, Callable[[Any], Any]] = {
            "urgent": lambda d: Urgent(d, lexicon, weights),
            "scope": lambda d: Scope(d, lexicon, weights),
            "hostile": lambda d: Hostile(d, lexicon, Planted(folder / "planted.tsv")),
            "privacy": lambda d: Privacy(d, listed, known),
        }
        for name, make in makers.items():
            try:
                made[name] = make(_read(folder / f"{name}.yaml"))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                slips.append(f"knowledge/screens/{name}.yaml: {error.args[0] if error.args else error}")
        if slips:
            raise KnowledgeError(slips)
        places = {row["code"]: row for row in _read(knowledge_dir / "jurisdictions.yaml")}
        return cls(lexicon, made["urgent"], made["privacy"], made["scope"], made["hostile"], load_prompts(prompts_dir), places)

    @property
    def known(self) -> frozenset[str]:
        """Plain words and names, in small letters: what is no misspelling."""
        return self._lexicon.known

    def check(self, text: str, exercise: bool = False) -> Screening:
        """Everything about one message, or about a line of a rehearsal. Offsets count code points of the text as given."""
        reading = self._lexicon.read(text)
        concern = self._urgent.judge(reading, exercise)
        details = self._privacy.find(text)
        masked = self._masked(text, details, {})
        personal = tuple(PersonalData(*f) for f in details)
        orders = self._hostile.find(text, "message")
        other = None
        if concern.kind and concern.weak and not orders:
            # a question for a decision on one person, or for medical advice, that only sounds like a concern:
            # its own reply names the routes as well. Words alone outweigh a concern only where they sound less like one.
            other = self._scope.judge(text, masked, reading)
            # Never where the asker's own crisis or a colleague is spoken of: there the words alone must weigh more.
            by_rule = other and concern.kind in {"immediate", "worry"} and other[0] != "other-subject" and other[1] != BY_WORDS
            grave = self._urgent.leans(reading)
            if other and not by_rule and (self._scope.leans(reading) <= grave or (other[0] == "single-case" and grave > _GRAVE)):
                other = None  # one family, and very likely in danger: the concern comes before the decision
        reasons = (*concern.rules, *dict.fromkeys(f.rule for f in orders)) if concern.kind or orders else ()
        if concern.kind and other is None:
            return Screening("urgent", True, True, bool(orders), masked, personal, concern.kind, None, reasons)  # type: ignore[arg-type]
        rest = self._hostile.without(text, orders) if orders else text
        masked = masked if rest is text else self.mask(rest)
        if orders and not self._asks(rest):
            return Screening("declined", False, True, True, masked, personal, None, "instructions", reasons)
        other = self._scope.judge(rest, masked, reading if not orders else self._lexicon.read(rest))
        if other:
            return Screening("declined", False, False, bool(orders), masked, personal, None, other[0], (*reasons, other[1]))
        return Screening("clear", False, True, bool(orders), masked, personal, None, None, reasons)

    def _asks(self, rest: str) -> bool:
        """Is something left to answer once the orders are out?"""
        words = [w for w in self._lexicon.read(rest.replace(LEFT_OUT, " ")).words if w != "."]
        return len(words) > 3 and self._scope.ours(rest.replace(LEFT_OUT, " "))

    def mask(self, text: str, memory: MutableMapping[str, str] | None = None) -> str:
        """The text with every detail replaced. Give the same `memory` for each turn and a name keeps its label;
        it holds names, so it lives and dies with the process and is never stored."""
        memory = {} if memory is None else memory
        return self._masked(text, self._privacy.find(text), memory)

    def _masked(self, text: str, found: tuple[Found, ...], memory: MutableMapping[str, str]) -> str:
        for _ in range(8):  # masking brings words together; look again until nothing is found
            if not found:
                return text
            text = self._privacy.mask(text, found, memory)
            found = self._privacy.find(text)
        return text

    def clean_document(self, text: str) -> tuple[str, tuple[Finding, ...]]:
        """A document without hidden characters, comments, images and links, and with each passage that gives orders
        to the assistant or plants harmful advice replaced by a mark, so that it is never used."""
        return self._hostile.clean_document(text)

    def clean_name(self, name: str) -> str:
        """A document's name, or a heading in it, fit to stand in a line of ours: no orders, no details, nothing that is laid out."""
        clean = self.clean_document(name)[0].replace(LEFT_OUT, " ")
        return " ".join(_LAID_OUT.sub(" ", self.mask(clean)).split())[:120]

    def reply(self, screening: Screening, jurisdiction: str | None) -> str:
        """What the person reads instead of an answer, as Markdown; empty for a clear message."""
        say = self._prompts.say
        if screening.outcome == "urgent":
            place = self._places.get(jurisdiction or "")
            known = place is not None and jurisdiction not in {"any", "uk"}
            contacts = self._contacts(place) if known and place else self._all_contacts()
            now = say("screen.call-known", **_emergency(place)) if known and place else say("screen.call-unknown")
            return say(
                f"screen.urgent-{screening.urgent_kind or 'immediate'}",
                now=now,
                contacts=contacts,
                limits=say("screen.limits"),
                lead=str(place["lead"]) if known and place else say("screen.lead-unknown"),
            )
        if screening.outcome == "declined":
            offer = None if screening.injection else self._scope.offer(screening.masked)
            return say(f"screen.declined-{screening.decline_reason}", ask=say(f"screen.offer-{offer or screening.decline_reason}"))
        return ""

    def _contacts(self, place: dict[str, Any]) -> str:
        say = self._prompts.say
        lines = [
            say("screen.contact", who=say("screen.who-emergency"), what=f"**{place['emergency']['call']}** ({place['emergency']['who']})")
        ]
        lines.append(say("screen.contact", who=say("screen.who-report"), what=place["report"]["text"]))
        night = place.get("out_of_hours") or {}
        if night.get("text"):
            lines.append(
                say(
                    "screen.contact",
                    who=say("screen.who-night"),
                    what=night["text"] + (f": {night['number']}" if night.get("number") else ""),
                )
            )
        for key, who in (("advice", "screen.who-advice"), ("children", "screen.who-children")):
            rows = [r["name"] + (f" {r['number']}" if r.get("number") else "") for r in place.get(key) or ()]
            if rows:
                lines.append(say("screen.contact", who=say(who), what="; ".join(rows)))
        lines.append(say("screen.contact", who=say("screen.who-lead"), what=place["lead"]))
        return "\n".join(lines) + "\n\n" + say("screen.checked", checked=str(place["checked"]))

    def _all_contacts(self) -> str:
        codes = ("uk", "england", "scotland", "wales", "northern-ireland", "ireland", "united-states", "australia", "new-zealand")
        rows = [self._places[c] for c in codes if c in self._places]
        return (
            self._prompts.say("screen.which-country")
            + "\n"
            + "\n".join(
                self._prompts.say("screen.country", name=r["name"], call=str(r["emergency"]["call"]), report=r["report"]["text"])
                for r in rows
            )
        )


def _emergency(place: dict[str, Any]) -> dict[str, str]:
    return {"call": str(place["emergency"]["call"]), "who": str(place["emergency"]["who"])}


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader, written in C
    except (OSError, yaml.YAMLError) as error:
        raise KnowledgeError([f"{path.parent.name}/{path.name}: {error}"]) from None
