"""A chat model's three small, optional jobs: reading a move from the menu, wording a chosen line, answering off script.

Nothing it writes is trusted: new numbers, names, promises and the words of secrets not yet told are caught, and the
authored line is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.rehearse.engine import State, stems
from assistant.rehearse.types import Persona, Scenario, Utterance

Model = Callable[[str], str]  # a prompt to its answer; raises any error of the provider

_NUMBER = re.compile(
    r"\d+|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|half|third|quarter)\b",
    re.I,
)
_PROMISE = re.compile(
    r"\b(?:promise|guarantee|i will|i'll|we will|we'll|must|shall|have to|agree|agreed|allocate|definitely|certainly)\b", re.I
)
_NAME = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][a-z]{2,}")
_WORD = re.compile(r"[a-z]{4,}")
_NEW = 4  # of so many words, one may be new


def leaks(text: str, scenario: Scenario, revealed: list[str]) -> bool:
    """Whether `text` holds words that give away an interest nobody has told yet."""
    low = text.lower()
    for persona in scenario.personas.values():
        for interest in persona.interests:
            if f"{persona.id}.{interest.id}" not in revealed and any(re.search(rf"\b{re.escape(w)}\b", low) for w in interest.words):
                return True
    return False


def faithful(worded: str, given: str, scenario: Scenario, state: State, known: Sequence[str] = ()) -> bool:
    """Whether a model's wording adds nothing to what it was given. Words of `known`, which both have heard, are no news."""
    if not worded.strip() or len(worded) > 2.5 * len(given) + 80 or leaks(worded, scenario, state.revealed):
        return False
    if _strange(worded, " ".join((given, *known))):
        return False
    low = given.lower()
    new = [m.group().lower() for pattern in (_NUMBER, _PROMISE, _NAME) for m in pattern.finditer(worded)]
    return all(re.search(rf"\b{re.escape(n)}\b", low) for n in new)


def _strange(worded: str, given: str) -> bool:
    """Whether more than one in four of the words that carry meaning were never in what was given: a new fact has new words."""
    words = stems(worded)
    return len(words - stems(given)) > max(1, len(words) // _NEW)


def read(model: Model, text: str, scenario: Scenario) -> str | None:
    """The move the model picks from the menu, or None where it picks none of them."""
    menu = "\n".join(f"{m.id}: {m.doing}" for m in scenario.moves.values())
    answer = _ask(model, scenario.shared.words.say("rehearse.model.notice", text=text, menu=menu)).strip().strip(".'\"` ").lower()
    return answer if answer in scenario.moves else None


def word(model: Model, said: Utterance, before: str, scenario: Scenario, state: State) -> str:
    """The line in the persona's voice, or the authored words."""
    persona = scenario.personas.get(said.persona or "")
    if persona is None:
        return said.text
    prompt = scenario.shared.words.say("rehearse.model.word", role=persona.role, last=before, line=said.text)
    worded = _ask(model, prompt).strip().strip('"“”')
    shared = set(_WORD.findall(said.text.lower()))
    kept = len(shared & set(_WORD.findall(worded.lower()))) / len(shared) if shared else 1.0
    return worded if kept >= 0.3 and faithful(worded, said.text, scenario, state, (before, persona.public)) else said.text


def answer(model: Model, question: str, persona: Persona, scenario: Scenario, state: State) -> str | None:
    """One or two sentences from the persona's public brief, or None where they would add to it."""
    facts = " ".join((persona.public, persona.position, *persona.facts))
    prompt = scenario.shared.words.say("rehearse.model.answer", role=persona.role, facts=facts, question=question)
    words = _ask(model, prompt).strip().strip('"“”')
    return words if len(words) < 400 and faithful(words, f"{facts} {question}", scenario, state) else None


def _ask(model: Model, prompt: str) -> str:
    try:
        return model(prompt)
    except Exception:
        return ""
