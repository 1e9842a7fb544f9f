"""Does a statement stand on the passages it cites? Word for word, or by rules; never by cosine, which cannot tell.

Cosine cannot tell a changed number, modal, negation or agency from an honest shortening (docs/decisions/0003-check.md).
`quoted`: a span of a cited passage, space and case aside. `supported`: every rule holds and the passages cover enough of
the statement's rare words. Anything else is dropped, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant.types import Passage, Support

Rarity = Callable[[str], float]

_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
_SPELT = {w: str(n) for n, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())} | {
    "once": "1", "twice": "2", "fifteen": "15", "twenty": "20", "thirty": "30", "half": "1/2", "third": "3", "quarter": "1/4",
}  # fmt: skip
_NEGATION = re.compile(r"\b(?:not|no|never|none|nor|neither|nobody|nothing|without|cannot|unless|\w+n['’]t)\b", re.IGNORECASE)
_STRENGTH = {
    "must": 3, "shall": 3, "required": 3, "requires": 3, "obliged": 3, "duty": 3, "mandatory": 3, "has to": 3, "have to": 3,
    "should": 2, "ought": 2, "need to": 2, "needs to": 2, "expected": 2,
    "may": 1, "might": 1, "can": 1, "could": 1, "optional": 1,
}  # fmt: skip
_DUTY = re.compile(r"\b(?:" + "|".join(sorted(_STRENGTH, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_LIMITS = re.compile(
    r"\b(?:only|all|every|always|any|each|both|unless|except|until|at least|at most|no more than|first|before|after|immediately)\b",
    re.IGNORECASE,
)
_MUST = re.compile(r"\b(?:must|shall)\b", re.IGNORECASE)
AGENCIES = {
    "police": r"police|constabulary|garda[ií]?|officers?|chief constable",
    "health": r"health|nhs|gps?|hospitals?|nurses?|icbs?|integrated care boards?|health visitors?|midwi\w+|camhs|clinicians?|paediatric\w*",
    "schools": r"schools?|education|teachers?|heads?|colleges?|academ\w+",
    "social care": r"social (?:care|work|workers?|services)|council|local authorit\w+|children['’]s services|tusla",
    "housing": r"housing|landlords?|homeless\w*",
    "voluntary": r"voluntary|charit\w+|third sector|community (?:groups?|organisations?)",
    "probation": r"probation|youth justice|youth offending|yots?",
    "courts": r"courts?|cafcass|judges?",
    "chair": r"chairs?|chairperson|chairman",
    "scrutineer": r"scrutin\w+",
    "manager": r"business managers?|managers?",
    "parents": r"parents?|mothers?|fathers?|famil\w+|carers?",
    "child": r"child|children|young p\w+",
}
_AGENCY = {name: re.compile(rf"\b(?:{p})\b", re.IGNORECASE) for name, p in AGENCIES.items()}
_NATION = re.compile(
    r"\b(england|english|scotland|scottish|wales|welsh|northern ireland|ireland|irish|united states|american|australia\w*|"
    r"new zealand|victoria\w*|uk|united kingdom)\b",
    re.IGNORECASE,
)
_MONTH = re.compile(r"\b(january|february|march|april|may|june|july|august|september|october|november|december)\s+\d", re.IGNORECASE)
_NAME = re.compile(r"(?<![.?!:]\s)(?<!^)\b[A-Z][a-z]{2,}\b")
_WORD = re.compile(r"[a-z]{3,}")
# Set on labelled pairs (evals/cases/check): below it, a statement says more than its passages.
COVERAGE = 0.75


def normal(text: str) -> str:
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"').replace("–", "-").replace("—", "-")
    return _SPACE.sub(" ", text).strip().casefold()


@dataclass(frozen=True)
class Verdict:
    support: Support | None  # None: dropped
    why: str = ""
    rests_on: tuple[str, ...] = field(default=())  # ids of the passages that bear it


def numbers(text: str) -> set[str]:
    found = {n.replace(",", "").rstrip(".") for n in _NUMBER.findall(text)}
    return found | {_SPELT[w] for w in re.findall(r"[a-z]+", text.lower()) if w in _SPELT}


def _duty(text: str) -> int:
    return max((_STRENGTH[m.group().lower()] for m in _DUTY.finditer(text)), default=0)


def _agencies(text: str) -> set[str]:
    return {name for name, p in _AGENCY.items() if p.search(text)}


def _stem(word: str) -> str:
    for end in ("ingly", "edly", "ings", "ing", "ies", "ed", "es", "ly", "s"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word[: -len(end)]
    return word


def coverage(statement: str, evidence: str, rarity: Rarity) -> float:
    """Share of the statement's words, weighted by rarity, that the evidence holds: 0..1."""
    held = {_stem(w) for w in _WORD.findall(evidence.lower())}
    asked = {_stem(w) for w in _WORD.findall(statement.lower())}
    weights = {w: rarity(w) for w in asked}
    total = sum(weights.values())
    return sum(v for w, v in weights.items() if w in held) / total if total else 1.0


def check(statement: str, passages: Sequence[Passage], rarity: Rarity = lambda _: 1.0) -> Verdict:
    """How `statement` stands on `passages`; the verdict without support says which rule failed."""
    if not passages:
        return Verdict(None, "cites nothing")
    wanted = normal(statement).rstrip(".")
    if len(wanted) < 2:
        return Verdict(None, "says nothing")
    quoted = [p for p in passages if _holds(p, wanted)]
    if quoted:
        beyond = _beyond_statute(statement, quoted)
        return Verdict(None, beyond) if beyond else Verdict("quoted", rests_on=tuple(p.id for p in quoted))
    evidence = _nearest(statement, passages, rarity)
    held = coverage(statement, evidence, rarity)
    if held < COVERAGE:
        return Verdict(None, f"says more than its passages ({held:.0%} of its rare words stand there)")
    for rule in (_numbers, _modals, _negations, _named_agencies, _nations, _limits, _names):
        reason = rule(statement, evidence)
        if reason:
            return Verdict(None, reason)
    beyond = _beyond_statute(statement, passages)
    if beyond:
        return Verdict(None, beyond)
    return Verdict("supported", rests_on=tuple(p.id for p in passages))


def _holds(passage: Passage, wanted: str) -> bool:
    """Whether the words stand in one sentence or step of the passage, or run through its text."""
    parts = [s.text for s in passage.sentences] + [t for s in passage.steps for t in (s.action, s.owner, s.progress)]
    return any(_within(wanted, normal(part)) for part in parts) or _within(wanted, normal(passage.text))


def _within(wanted: str, text: str) -> bool:
    """On word boundaries, and long enough to mean something: two words, or the whole of the part."""
    if wanted == text.rstrip("."):
        return True
    return " " in wanted and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text) is not None


def _nearest(statement: str, passages: Sequence[Passage], rarity: Rarity) -> str:
    """Up to three sentences of the passages that together cover the statement's words best, chosen greedily."""
    pool = [s.text for p in passages for s in p.sentences] + [f"{s.action} {s.owner} {s.progress}" for p in passages for s in p.steps]
    pool = pool or [p.text for p in passages]
    chosen: list[str] = []
    for _ in range(3):
        rest = [t for t in pool if t not in chosen]
        best = max(rest, key=lambda t: coverage(statement, " ".join([*chosen, t]), rarity), default=None)
        if best is None or (
            chosen and coverage(statement, " ".join([*chosen, best]), rarity) <= coverage(statement, " ".join(chosen), rarity)
        ):
            break
        chosen.append(best)
    return " ".join(chosen)


def _beyond_statute(statement: str, passages: Sequence[Passage]) -> str:
    if _MUST.search(statement) and not any(p.status in ("statutory", "local") for p in passages):
        return "says must without a statutory source"
    return ""


def _numbers(statement: str, evidence: str) -> str:
    extra = numbers(statement) - numbers(evidence)
    return f"the number {sorted(extra)[0]} does not stand there" if extra else ""


def _negations(statement: str, evidence: str) -> str:
    said, there = len(_NEGATION.findall(statement)), len(_NEGATION.findall(evidence))
    return "" if (said > 0) == (there > 0) and said <= there else "a negation was added or left out"


def _modals(statement: str, evidence: str) -> str:
    said, there = _duty(statement), _duty(evidence)
    if said > there:
        return "claims more duty than its passages"
    return "weakens a duty" if there == 3 and 0 < said < 3 else ""


def _named_agencies(statement: str, evidence: str) -> str:
    extra = _agencies(statement) - _agencies(evidence)
    return f"brings in {sorted(extra)[0]}" if extra else ""


def _nations(statement: str, evidence: str) -> str:
    extra = {m.lower() for m in _NATION.findall(statement)} - {m.lower() for m in _NATION.findall(evidence)}
    return f"brings in {sorted(extra)[0]}" if extra else ""


def _limits(statement: str, evidence: str) -> str:
    extra = {m.lower() for m in _LIMITS.findall(statement)} - {m.lower() for m in _LIMITS.findall(evidence)}
    return f"adds {sorted(extra)[0]!r}" if extra else ""


def _names(statement: str, evidence: str) -> str:
    extra = {n for n in _NAME.findall(statement) if n.lower() not in evidence.lower()}
    months = {m.lower() for m in _MONTH.findall(statement)} - {m.lower() for m in _MONTH.findall(evidence)}
    return f"the name {sorted(extra | months)[0]} does not stand there" if extra | months else ""


def best_quote(text: str, passage: Passage, rarity: Rarity = lambda _: 1.0) -> str:
    """The sentence of the passage that `text` rests on, by words: what the page shows highlighted."""
    wanted = normal(text).rstrip(".")
    parts = [s.text for s in passage.sentences] + [s.action for s in passage.steps] or [passage.text]
    exact = next((p for p in parts if _within(wanted, normal(p))), None)
    return exact or max(parts, key=lambda p: coverage(text, p, rarity))
