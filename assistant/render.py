"""A checked draft as Markdown with [n] marks, and the numbered sources they point at, in the order of the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assistant.check import best_quote, check
from assistant.knowledge import Library
from assistant.prompts import Prompts
from assistant.types import Citation, Claim, Draft, Dropped, NextStep, Part, Passage, PlannedStep, Reference, Statement

Rarity = Callable[[str], float]


@dataclass
class Page:
    """What a draft became: text, statements, steps, sources, and what was dropped."""

    library: Library
    prompts: Prompts
    passages: Mapping[str, Passage]
    rarity: Rarity
    statements: list[Statement] = field(default_factory=list)
    next_steps: list[NextStep] = field(default_factory=list)
    sources: dict[str, Citation] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    text: str = ""
    more: str = ""

    def set(self, draft: Draft) -> Page:
        """Checks and renders every part; what is not supported is dropped and kept on the record."""
        shown: list[str] = []
        later: list[str] = []
        for part in draft.parts:
            body = self._part(part)
            if body:
                (later if part.more else shown).append((f"**{part.heading}**\n\n" if part.heading else "") + body)
        self.text, self.more = "\n\n".join(shown), "\n\n".join(later)
        return self

    def _part(self, part: Part) -> str:
        if part.style == "plain":
            return "\n".join(part.lines if len(part.lines) < 2 and not part.heading else [f"- {line}" for line in part.lines])
        if part.style == "steps":
            return "\n".join(f"{n}. {line}" for n, line in enumerate(filter(None, map(self._step, part.steps)), 1))
        if part.style == "table":
            return self._table(part)
        lines = [line for claim in part.claims if (line := self._claim(claim))]
        if part.style == "paragraph":
            return " ".join(lines)
        return "\n".join(f"{n}. {line}" if part.style == "numbers" else f"- {line}" for n, line in enumerate(lines, 1))

    def _claim(self, claim: Claim) -> str:
        found = [self.passages[p] for p in claim.passages if p in self.passages]
        verdict = check(claim.text, found, self.rarity)
        if verdict.support is None:
            self.dropped.append(Dropped(claim.text, verdict.why))
            return ""
        numbers = tuple(self._cite(self.passages[p], claim.text) for p in verdict.rests_on)
        self.statements.append(Statement(claim.text, numbers, verdict.support))
        # A document's words stand in quotation marks wherever they stand, so that they are never read as our own.
        theirs = all(self.passages[p].card is None for p in verdict.rests_on)
        said = self.prompts.say("writer.document", text=claim.text) if theirs else claim.text
        return said + " " + "".join(f"[{n}]" for n in numbers)

    def _step(self, planned: PlannedStep) -> str:
        passage, step = self.passages.get(planned.passage), planned.step
        for said in (step.action, step.owner, step.progress):
            verdict = check(said, [passage] if passage else [], self.rarity)
            if passage is None or verdict.support is None:
                self.dropped.append(Dropped(step.action, verdict.why))
                return ""
        assert passage is not None  # noqa: S101  the loop returned otherwise
        n = self._cite(passage, step.action)
        self.next_steps.append(NextStep(step.action, step.owner, step.when, step.progress, (n,)))
        when = step.when[0].upper() + step.when[1:]
        return self.prompts.say("writer.step", when=when, action=step.action, owner=step.owner, progress=step.progress) + f" [{n}]"

    def _table(self, part: Part) -> str:
        width = len(part.columns)
        lines = ["| | " + " | ".join(part.columns) + " |", "|---" * (width + 1) + "|"]
        for i, label in enumerate(part.rows):
            cells = [self._claim(c).replace("|", "\\|") or " " for c in part.claims[i * width : (i + 1) * width]]
            lines.append(f"| **{label}** | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def _cite(self, passage: Passage, text: str) -> int:
        if passage.id not in self.sources:
            self.sources[passage.id] = Citation(
                n=len(self.sources) + 1,
                passage=passage.id,
                card=passage.card,
                title=passage.title if not passage.heading else f"{passage.title}: {passage.heading}",
                quote=best_quote(text, passage, self.rarity),
                status=passage.status,
                jurisdictions=passage.jurisdictions,
                references=tuple(self._reference(key) for key in passage.references),
                origin="document" if passage.card is None else "card",
                location=passage.location,
            )
        return self.sources[passage.id].n

    def _reference(self, key: str) -> Reference:
        source = self.library.sources[key]
        return Reference(key, source.label, source.url or (f"https://doi.org/{source.doi}" if source.doi else None), source.seen)
