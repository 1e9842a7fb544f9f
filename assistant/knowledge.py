"""The library: framework, sources, jurisdictions and cards, loaded strictly from `knowledge/`.

A wrong card never loads: every slip is collected and raised at once as `KnowledgeError`, naming file and field.
The file format is described in docs/curating.md.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.errors import KnowledgeError, UsageError
from assistant.strict import content_version, read_yaml
from assistant.types import (
    FACETS,
    WHENS,
    Card,
    CardKind,
    Contact,
    ElementId,
    Facet,
    Jurisdiction,
    LevelId,
    Member,
    Passage,
    Seen,
    Sentence,
    Source,
    Step,
    StepId,
    When,
)

MARK = re.compile(r"\s*\[([a-z0-9][a-z0-9.-]*)\]")
_ROWS = 8  # of a table in one passage
_SENTENCE = re.compile(
    r".+?(?<!\be\.g)(?<!\bi\.e)(?<!\bDr)(?<!\bSt)(?<!\bNo)(?<!\bss)(?<!\bpara)(?<!\bvs)[.?!]+[\"”’)]*"
    r"(?:\s*\[[a-z0-9][a-z0-9.-]*\])*(?=\s+[A-Z“\"‘(\d]|\s*$)|.+$",
    re.DOTALL,
)
_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_ITEM = re.compile(r"^(?:[-*]|\d+\.)\s+(.*)$")


def slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, each with the marks that follow it."""
    return [m.group().strip() for m in _SENTENCE.finditer(" ".join(text.split())) if m.group().strip()]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Reviewed(_Row):
    on: date
    by: str = Field(min_length=3)


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise ValueError("something stands twice")
    return values


_Texts = Annotated[list[Annotated[str, Field(min_length=1)]], AfterValidator(_distinct)]


class _FrontMatter(_Row):
    title: str = Field(min_length=4, max_length=90)
    kind: CardKind
    elements: Annotated[list[ElementId], Field(min_length=1), AfterValidator(_distinct)]
    levels: Annotated[list[LevelId], Field(min_length=1), AfterValidator(_distinct)]
    steps: Annotated[list[StepId], Field(min_length=1), AfterValidator(_distinct)]
    jurisdictions: _Texts = Field(min_length=1)
    status: Literal["statutory", "guidance", "research", "practice"]
    reviewed: _Reviewed
    asks: _Texts = Field(min_length=4)
    covers: _Texts = []


class _SourceRow(_Row):
    key: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    authors: str
    title: str
    seen: Seen
    status: Literal["statutory", "guidance", "research", "practice"]
    jurisdiction: str
    year: int | None = None
    published: str | None = None
    url: str | None = Field(None, pattern=r"^https?://")
    doi: str | None = None
    seen_part: str | None = None
    supports: str = ""
    note: str | None = None
    via: list[str] = []


class _MemberRow(_Row):
    id: str
    name: str
    also: _Texts
    definition: str = Field(min_length=20)
    definition_sources: list[str] = []
    features: _Texts = Field(min_length=3)
    signs: _Texts = Field(min_length=5)
    sources: list[str] = []


class _Framework(_Row):
    levels: list[_MemberRow]
    elements: list[_MemberRow]
    steps: list[_MemberRow]
    caveat: str


class _ContactRow(_Row):
    name: str = ""
    text: str = ""
    call: str | None = None
    who: str = ""
    number: str | None = None
    purpose: str = Field("", alias="for")
    seen: str | None = None
    sure: Literal["high", "medium", "low"] | None = None
    note: str | None = None

    def contact(self) -> Contact:
        return Contact(self.name or self.text or self.who, self.call or self.number, self.purpose, self.seen, self.note)


class _JurisdictionRow(_Row):
    code: str = Field(pattern=r"^[a-z-]+$")
    name: str
    parent: str | None
    terms: _Texts = []
    emergency: _ContactRow | None = None
    report: _ContactRow | None = None
    out_of_hours: _ContactRow | None = None
    advice: list[_ContactRow] = []
    children: list[_ContactRow] = []
    lead: str = ""
    checked: str = ""


class _KindRow(_Row):
    required: _Texts
    optional: _Texts = []


# ---- the library


@dataclass(frozen=True)
class Library:
    """Everything under `knowledge/` that answers are made of."""

    cards: dict[str, Card]
    members: dict[str, Member]  # levels, elements and steps by id, in framework order
    sources: dict[str, Source]
    jurisdictions: dict[str, Jurisdiction]
    caveat: str  # what is not established about the names of the steps
    version: str  # first 12 of a hash over every file

    @cached_property
    def passages(self) -> dict[str, Passage]:
        return {p.id: p for card in self.cards.values() for p in card.passages}

    def chain(self, code: str | None) -> tuple[str, ...]:
        """A jurisdiction and its parents, nearest first. Raises UsageError for a code we do not have."""
        codes: list[str] = []
        while code:
            if code not in self.jurisdictions:
                raise UsageError(f"There is no jurisdiction {code!r}. Use one of: {', '.join(self.jurisdictions)}.")
            codes.append(code)
            code = self.jurisdictions[code].parent
        return tuple(codes)

    def facet(self, facet: Facet) -> list[Member]:
        return [self.members[i] for i in FACETS[facet]]


class _Slips(list[str]):
    """Collects slips and turns pydantic's into ours."""

    def validate(self, model: type[Any], data: Any, name: str) -> Any | None:
        try:
            return TypeAdapter(model).validate_python(data)
        except ValidationError as error:
            for e in error.errors(include_url=False):
                place = ".".join(str(p) for p in e["loc"]) or "the whole file"
                reason = {"extra_forbidden": "there is no such field", "missing": "is missing"}.get(
                    e["type"], f"{e['msg']}, not {str(e['input'])[:40]!r}"
                )
                self.append(f"{name}: {place}: {reason}")
            return None

    def parse(self, path: Path, name: str) -> Any | None:
        try:
            return read_yaml(path.read_text("utf-8"), name)
        except KnowledgeError as error:
            self.extend(error.slips)
        except (OSError, UnicodeDecodeError) as error:
            self.append(f"{name}: cannot be read ({error.__class__.__name__})")
        return None


def load_library(folder: Path, kept_in: Path | None = None) -> Library:
    """The library in `folder`. Raises KnowledgeError listing every slip.

    Reading some three hundred cards takes most of a second, so a library without a slip is kept in `kept_in`, under a
    name that says what it was read from and by which code.
    """
    if not folder.is_dir():
        raise KnowledgeError([f"{folder}: there is no such knowledge folder"])
    known = [p for p in folder.rglob("*") if p.is_file() and p.suffix in {".md", ".yaml", ".txt", ".tsv"} and not p.name.startswith(".")]
    version = content_version(known, folder)
    if kept_in is None:
        return _read_library(folder, version)
    file = kept_in / f"library-{version}-{content_version(_READ_BY, _READ_BY[0].parent)}.json"
    stored = TypeAdapter(Library)
    with suppress(OSError, ValidationError):  # not kept yet, or a broken file: read again
        return stored.validate_json(file.read_bytes())
    library = _read_library(folder, version)
    with suppress(OSError):  # a full disk or a folder that cannot be written costs time, nothing else
        kept_in.mkdir(parents=True, exist_ok=True)
        scratch = file.with_suffix(f".{secrets.token_hex(4)}.tmp")
        try:
            scratch.write_bytes(stored.dump_json(library))
            os.replace(scratch, file)
        finally:
            scratch.unlink(missing_ok=True)
        for old in sorted(kept_in.glob("library-*.json"), key=lambda p: p.stat().st_mtime)[:-3]:
            old.unlink(missing_ok=True)
    return library


_READ_BY = [Path(__file__).with_name(name) for name in ("knowledge.py", "strict.py", "types.py")]


def _read_library(folder: Path, version: str) -> Library:
    slips = _Slips()
    sources = _load_sources(folder, slips)
    jurisdictions = _load_jurisdictions(folder, slips, sources)
    members, caveat = _load_framework(folder, slips, sources)
    kinds = slips.validate(dict[CardKind, _KindRow], slips.parse(folder / "kinds.yaml", "kinds.yaml"), "kinds.yaml") or {}
    cards: dict[str, Card] = {}
    files = sorted((folder / "cards").rglob("*.md"))
    if not files:
        slips.append("cards: the folder holds no card")
    for path in files:
        name = path.relative_to(folder).as_posix()
        card = _load_card(path, name, slips, kinds, sources, jurisdictions)
        if card is None:
            continue
        if card.id in cards:
            slips.append(f"{name}: id: {card.id!r} is also the id of {cards[card.id].file}")
        cards[card.id] = card
    if slips:
        raise KnowledgeError(list(slips))
    return Library(cards, members, sources, jurisdictions, caveat, version)


def _load_sources(folder: Path, slips: _Slips) -> dict[str, Source]:
    rows = slips.validate(list[_SourceRow], slips.parse(folder / "sources.yaml", "sources.yaml"), "sources.yaml") or []
    found: dict[str, Source] = {}
    for row in rows:
        if row.key in found:
            slips.append(f"sources.yaml: key: {row.key!r} stands twice")
        found[row.key] = Source(**{**row.model_dump(), "via": tuple(row.via)})
    return found


def _load_jurisdictions(folder: Path, slips: _Slips, sources: dict[str, Source]) -> dict[str, Jurisdiction]:
    name = "jurisdictions.yaml"
    rows = slips.validate(list[_JurisdictionRow], slips.parse(folder / name, name), name) or []
    found: dict[str, Jurisdiction] = {}
    for row in rows:
        if row.parent is not None and row.parent not in found:
            slips.append(f"{name}: {row.code}.parent: {row.parent!r} must stand above it")
        emergency, report, out_of_hours = (c.contact() if c else None for c in (row.emergency, row.report, row.out_of_hours))
        advice, children = (tuple(c.contact() for c in rows) for rows in (row.advice, row.children))
        contacts = [c for c in (emergency, report, out_of_hours, *advice, *children) if c]
        slips.extend(f"{name}: {row.code}: there is no source {c.seen!r}" for c in contacts if c.seen and c.seen not in sources)
        found[row.code] = Jurisdiction(
            row.code, row.name, row.parent, tuple(row.terms), emergency, report, out_of_hours, advice, children, row.lead, row.checked
        )
    return found


def _load_framework(folder: Path, slips: _Slips, sources: dict[str, Source]) -> tuple[dict[str, Member], str]:
    name = "framework.yaml"
    framework: _Framework | None = slips.validate(_Framework, slips.parse(folder / name, name), name)
    if framework is None:
        return {}, ""
    members: dict[str, Member] = {}
    for facet, ids in FACETS.items():
        rows: list[_MemberRow] = getattr(framework, facet + "s")
        if [r.id for r in rows] != list(ids):
            slips.append(f"{name}: {facet}s: the ids are {', '.join(ids)}, in this order")
        for row in rows:
            slips.extend(f"{name}: {row.id}: there is no source {k!r}" for k in (*row.sources, *row.definition_sources) if k not in sources)
            members[row.id] = Member(
                id=row.id,
                facet=facet,
                name=row.name,
                also=tuple(row.also),
                definition=row.definition,
                features=tuple(row.features),
                signs=tuple(row.signs),
                sources=tuple(row.sources),
                definition_sources=tuple(row.definition_sources),
            )
    return members, framework.caveat


def _load_card(
    path: Path, name: str, slips: _Slips, kinds: dict[str, _KindRow], sources: dict[str, Source], jurisdictions: dict[str, Jurisdiction]
) -> Card | None:
    try:
        text = path.read_text("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        slips.append(f"{name}: cannot be read ({error.__class__.__name__})")
        return None
    parts = _FRONT.match(text)
    if not parts:
        slips.append(f"{name}: front matter: the file starts with --- and closes it with ---")
        return None
    try:
        data = read_yaml(parts[1], name)
    except KnowledgeError as error:
        slips.extend(error.slips)
        return None
    front: _FrontMatter | None = slips.validate(_FrontMatter, data, name)
    if front is None:
        return None
    identity = path.stem
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", identity):
        slips.append(f"{name}: id: the file name is lower case words joined by hyphens")
    slips.extend(f"{name}: jurisdictions: there is no {c!r}" for c in front.jurisdictions if c not in jurisdictions)
    kind = kinds.get(front.kind)
    if kind is None:
        slips.append(f"{name}: kind: kinds.yaml says nothing of {front.kind!r}")
        return None
    passages: list[Passage] = []
    for heading, body in _sections(parts[2], name, slips):
        if heading not in (*kind.required, *kind.optional):
            slips.append(f"{name}: ## {heading}: a {front.kind} card has no such section")
            continue
        passage = _passage(identity, front, heading, body, name, slips)
        if any(p.id == passage.id for p in passages):
            slips.append(f"{name}: ## {heading}: the section stands twice")
        slips.extend(f"{name}: ## {heading}: there is no source {k!r}" for k in passage.references if k not in sources)
        passages.append(passage)
    headings = [p.heading for p in passages]
    slips.extend(f"{name}: ## {required}: the section is missing" for required in kind.required if required not in headings)
    return Card(
        id=identity,
        title=front.title,
        kind=front.kind,
        elements=tuple(front.elements),
        levels=tuple(front.levels),
        steps=tuple(front.steps),
        jurisdictions=tuple(front.jurisdictions),
        status=front.status,
        reviewed_on=front.reviewed.on,
        reviewed_by=front.reviewed.by,
        asks=tuple(front.asks),
        passages=tuple(passages),
        covers=tuple(front.covers),
        file=name,
    )


def _sections(body: str, name: str, slips: _Slips) -> Iterator[tuple[str, str]]:
    pieces = re.split(r"^## +(.+?) *$", body, flags=re.MULTILINE)
    if pieces[0].strip():
        slips.append(f"{name}: body: there is text before the first ## section")
    if re.search(r"^(#|#{3,}) ", body, flags=re.MULTILINE):
        slips.append(f"{name}: body: only ## headings are used")
    for heading, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if not text.strip():
            slips.append(f"{name}: ## {heading}: the section is empty")
        yield heading, text


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """List items (True) and paragraphs (False), wrapped lines joined."""
    block: list[str] = []
    item = False
    for line in [*text.splitlines(), ""]:
        starts = _ITEM.match(line.strip())
        if (starts or not line.strip()) and block:
            yield item, " ".join(block)
            block, item = [], False
        if starts:
            block, item = [starts[1].strip()], True
        elif line.strip():
            block.append(line.strip())


def _unmarked(text: str) -> tuple[str, tuple[str, ...]]:
    keys = tuple(dict.fromkeys(MARK.findall(text)))
    plain = MARK.sub("", text).strip()
    return re.sub(r"\s+([.,;:?!])", r"\1", plain), keys


def _passage(identity: str, front: _FrontMatter, heading: str, body: str, name: str, slips: _Slips) -> Passage:
    found: list[Sentence] = []
    steps: list[Step] = []
    shown: list[str] = []
    for is_item, block in _blocks(body):
        if heading == "Next steps" or block.startswith("**Do**"):
            step = _step(block, f"{name}: ## {heading}", slips)
            if step:
                steps.append(step)
                shown.append(f"- {step.action} ({step.owner}; {step.when}; progress: {step.progress})")
            continue
        # An item is one statement even when it holds two sentences; a paragraph is as many as it has sentences.
        for piece in [block] if is_item else sentences(block):
            text, keys = _unmarked(piece)
            found.append(Sentence(text, keys))
        shown.append(("- " if is_item else "") + _unmarked(block)[0])
    return Passage(
        id=f"card:{identity}#{slug(heading)}",
        card=identity,
        title=front.title,
        heading=heading,
        text="\n".join(shown),
        sentences=tuple(found),
        steps=tuple(steps),
        status=front.status,
        jurisdictions=tuple(front.jurisdictions),
    )


def _step(block: str, where: str, slips: _Slips) -> Step | None:
    text, keys = _unmarked(block)
    if not text.startswith("**Do**"):
        slips.append(f"{where}: a next step starts with **Do**: {text[:50]!r}")
        return None
    action, *rest = (part.strip() for part in text.removeprefix("**Do**").split("|"))
    fields = {k.strip(): v.strip() for k, _, v in (part.partition(":") for part in rest)}
    missing = [k for k in ("owner", "when", "progress") if not fields.get(k)]
    extra = sorted(set(fields) - {"owner", "when", "progress"})
    if missing or extra or not action:
        slip = f"lacks {', '.join(missing)}" if missing else f"has the unknown part {extra[0]!r}" if extra else "says nothing to do"
        slips.append(f"{where}: next step {action[:40]!r}: {slip}")
        return None
    if fields["when"] not in WHENS:
        slips.append(f"{where}: next step {action[:40]!r}: when is one of {', '.join(WHENS)}, not {fields['when']!r}")
        return None
    when: When = fields["when"]
    action = action[0].upper() + action[1:]
    return Step(action if action[-1] in ".?!" else action + ".", fields["owner"].rstrip("."), when, fields["progress"].rstrip("."), keys)


def _with_tables_whole(paragraphs: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, str | None]]:
    """Rows of a table, which the readers write with semicolons between the cells, make one passage; each stays a line of it."""
    for (where, row), group in groupby(paragraphs, lambda p: (p[1], p[0].count("; ") > 1)):
        texts, size = [text for text, _ in group], _ROWS if row else 1
        yield from (("\n".join(texts[n : n + size]), where) for n in range(0, len(texts), size))


def document_passages(identity: str, name: str, paragraphs: Iterable[tuple[str, str | None]]) -> list[Passage]:
    """Passages of a person's own document: `paragraphs` are (text, location) pairs; ids are doc:<identity>#<n>."""
    return [
        Passage(
            id=f"doc:{identity}#{n}", card=None, title=name, heading=location or "", text=text, status="local", location=location,
            sentences=tuple(Sentence(s) for line in text.split("\n") for s in sentences(line)),
        )
        for n, (text, location) in enumerate(_with_tables_whole(paragraphs), 1)
    ]  # fmt: skip
