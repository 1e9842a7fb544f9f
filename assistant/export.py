"""What people take away: an answer, a conversation or the action plan, as Word or Markdown. The only door to python-docx.

Everything is first laid out as a Paper, a list of plain blocks; the two writers know blocks and nothing of answers.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import yaml

from assistant.knowledge import Library
from assistant.prompts import Prompts
from assistant.types import Change, Facet, Feedback, KeptStep, StoredTurn

_HEADED = re.compile(r"^\*\*([^*\n]+)\*\*$")
_ITEM = re.compile(r"^(?:[-*]|(\d+)\.) +(.*)$")
_REPEATED = re.compile(r"((?: ?\[\d+\])+)(?=[^\[\n]*?[.?!]\1(?! ?\[))")
_BOLD = re.compile(r"\*\*(.+?)\*\*|\*(.+?)\*")
_LETTER, _PADDING = 7.0, 12.0  # points: a bold letter of ten points, and what stands free beside a cell's words
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True)
class Block:
    """A stretch of a paper. `rows` belong to a table, its first row the heads; elsewhere `text` is the content."""

    kind: Literal["title", "heading", "subheading", "minor", "text", "quiet", "bullet", "number", "table"]
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Paper:
    blocks: tuple[Block, ...]
    wide: bool = False  # lies on its side, for a table of many columns

    def markdown(self) -> str:
        """The paper as Markdown."""
        lines: list[str] = []
        last, count = "", 0
        for block in self.blocks:
            count = count + 1 if block.kind == "number" else 0
            if not (block.kind in ("bullet", "number") and last == block.kind):
                lines.append("")
            lines += _markdown(block, count)
            last = block.kind
        return "\n".join(lines).strip() + "\n"

    def word(self) -> bytes:
        """The paper as a Word file."""
        import docx
        from docx.enum.section import WD_ORIENT
        from docx.shared import Cm, Pt, RGBColor

        document = docx.Document()
        section = document.sections[0]
        long, short = Cm(29.7), Cm(21)
        section.orientation = WD_ORIENT.LANDSCAPE if self.wide else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = (long, short) if self.wide else (short, long)
        section.left_margin = section.right_margin = Cm(2.2)
        section.top_margin = section.bottom_margin = Cm(2)
        document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Calibri", Pt(11)
        for name in ("Title", "Heading 1", "Heading 2", "Heading 3"):
            document.styles[name].font.name = "Calibri"
            document.styles[name].font.color.rgb = RGBColor(0x0B, 0x45, 0x52)
        document.core_properties.author, document.core_properties.title = (
            "",
            _printable(next((b.text for b in self.blocks if b.kind == "title"), "")),
        )
        _page_numbers(section.footer.paragraphs[0])
        room = section.page_width - section.left_margin - section.right_margin
        styles = {
            "title": "Title", "heading": "Heading 1", "subheading": "Heading 2", "minor": "Heading 3",
            "bullet": "List Bullet", "number": "List Number",
        }  # fmt: skip
        fresh = True
        for block in self.blocks:
            if block.kind == "table":
                _word_table(document, block, room)
                continue
            if block.kind == "number" and fresh:
                number = 0
            fresh = block.kind != "number"
            if block.kind == "number":
                # Word would carry one list's numbers on into the next, so they are written out.
                number += 1
                paragraph = document.add_paragraph(f"{number}.\t")
                form = paragraph.paragraph_format
                form.left_indent, form.first_line_indent, form.space_after = Cm(0.9), Cm(-0.9), Pt(4)
            else:
                paragraph = document.add_paragraph(style=styles.get(block.kind, "Normal"))
            for text, strong in _runs(block.text):
                run = paragraph.add_run(_printable(text))
                run.bold = strong or None
                if block.kind == "quiet":
                    run.font.size, run.font.color.rgb = Pt(9), RGBColor(0x44, 0x4F, 0x54)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()


def _markdown(block: Block, count: int) -> list[str]:
    if block.kind == "table":
        cells = [" | ".join(c.replace("|", "\\|").replace("\n", " ") for c in row) for row in block.rows]
        return [f"| {cells[0]} |", "|" + "---|" * len(block.rows[0]), *(f"| {c} |" for c in cells[1:])]
    marks = {"title": "# ", "heading": "## ", "subheading": "### ", "minor": "#### ", "bullet": "- ", "number": f"{count}. "}
    return [marks.get(block.kind, "") + block.text]


def _word_table(document: Any, block: Block, room: int) -> None:
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Emu, Pt, RGBColor

    table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    borders = _under(table._tbl.tblPr, "tblBorders")
    for edge in ("top", "left", "bottom", "right", "insideH", "insideV"):
        _under(borders, edge, val="single", sz="4", color="9AA7AC")
    margins = _under(table._tbl.tblPr, "tblCellMar")
    for side, width in (("top", 60), ("left", 100), ("bottom", 60), ("right", 100)):
        _under(margins, side, w=str(width), type="dxa")
    widths = [Emu(int(room * share)) for share in _shares(block.rows, room / Pt(1))]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for n, row in enumerate(block.rows):
        added = table.add_row()
        _under(added._tr.get_or_add_trPr(), "cantSplit")
        for m, (cell, text) in enumerate(zip(added.cells, row, strict=True)):
            cell.width = widths[m]
            if n == 0:
                _under(cell._tc.get_or_add_tcPr(), "shd", val="clear", fill="E4EDEF")
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            for part, strong in _runs(text):
                run = paragraph.add_run(_printable(part))
                run.bold, run.font.size = True if n == 0 or strong else None, Pt(10)
                if n == 0:
                    run.font.color.rgb = RGBColor(0x0B, 0x45, 0x52)
    # The head row stands again on the next page.
    _under(table.rows[0]._tr.get_or_add_trPr(), "tblHeader", val="true")
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _shares(rows: Sequence[tuple[str, ...]], room: float) -> list[float]:
    """How much of a table's width (in points) each column gets: by what it holds, so that one of few words is narrow."""
    columns = list(zip(*rows, strict=True))
    # The longest word of a column fits on a line, in a wide typeface too: where Calibri is not installed another takes its place.
    least = [max(map(len, " ".join(column).replace("*", "").split()), default=0) * _LETTER + _PADDING for column in columns]
    # What is left goes by what there is to say; beyond some forty characters a line reads well and needs no more.
    wanted = [min(sum(map(len, column)) / len(column), 42) * _LETTER for column in columns]
    over = [max(w - s, 0.0) for w, s in zip(wanted, least, strict=True)]
    rest = max(room - sum(least), 0.0) / (sum(over) or 1)
    widths = [s + o * rest for s, o in zip(least, over, strict=True)]
    return [w / sum(widths) for w in widths]


def _page_numbers(paragraph: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run()
    run.font.size = Pt(9)
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        if kind:
            _under(run._r, "fldChar", fldCharType=kind)
        else:
            _under(run._r, "instrText").text = words


def _under(parent: Any, name: str, **values: str) -> Any:
    """A Word element added below another, for what python-docx has no words for."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement(f"w:{name}")
    for key, value in values.items():
        element.set(qn(f"w:{key}"), value)
    parent.append(element)
    return element


def _runs(text: str) -> Iterable[tuple[str, bool]]:
    at = 0
    for found in _BOLD.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], False
        yield found[1] or found[2], found[1] is not None
        at = found.end()
    if at < len(text):
        yield text[at:], False


def _printable(text: str) -> str:
    """Without the characters XML cannot hold."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))


@dataclass(frozen=True)
class Exporter:
    """Lays out papers. Answers are rows as `assistant ask --json` prints them."""

    library: Library
    prompts: Prompts

    def conversation(self, title: str, turns: Sequence[StoredTurn]) -> Paper:
        first = next((" ".join(t.text.split()) for t in turns if t.role == "user"), "")
        # Without a name of its own a conversation is listed by the beginning of its first question, which stands below as it is.
        blocks = [Block("title", self._say("conversation") if first and first.startswith(title.removesuffix("…")) else title)]
        for turn in turns:
            if turn.role == "user":
                blocks += [Block("heading", turn.text)]
            elif turn.answer:
                blocks += self._answer(turn.answer, turn.created)
        return Paper((*blocks, Block("quiet", self._say("caution"))))

    def answer(self, question: str, row: Mapping[str, Any], made: str) -> Paper:
        return Paper((Block("title", question), *self._answer(row, made), Block("quiet", self._say("caution"))))

    def plan(self, steps: Sequence[KeptStep], changes: Sequence[Change], made: str, review: str = "") -> Paper:
        """`review`: the day the plan is looked at again."""
        again = [self._say("plan.review", date=day(review))] if review else []
        blocks = [Block("title", self._say("plan")), Block("quiet", " ".join([self._say("made", date=day(made)), *again]))]
        if not steps:
            blocks.append(Block("text", self._say("plan.empty")))
        else:
            columns = ("action", "owner", "when", "progress", "framework", "status", "note")
            heads = tuple(self._say(f"column.{c}") for c in columns)
            rows = tuple(
                (s.action, s.owner, day(s.due) if s.due else "", s.progress, s.framework, self._say(f"kept.{s.status}"), s.note)
                for s in steps
            )
            blocks.append(Block("table", rows=(heads, *rows)))
        for step in steps:
            if lines := [Block("bullet", self._change(c)) for c in changes if c.step == step.id]:
                if not any(b.kind == "heading" for b in blocks):
                    blocks.append(Block("heading", self._say("plan.changes")))
                blocks += [Block("text", f"**{step.action}**"), *lines]
        return Paper((*blocks, Block("quiet", self._say("caution"))), wide=True)

    def _change(self, change: Change) -> str:
        names = {"date": day(change.created), "field": self._say(f"field.{change.field}"), "after": self._value(change.field, change.after)}
        if not change.before:
            return self._say("plan.set", **names)
        return self._say("plan.change", before=self._value(change.field, change.before), **names)

    def _value(self, field: str, value: str) -> str:
        if field == "status":
            return self._say(f"kept.{value}")
        # It stands in a sentence, which has a full stop of its own.
        return (day(value) if field == "due" and value else value.rstrip(". ")) or self._say("plan.blank")

    def _answer(self, row: Mapping[str, Any], made: str) -> list[Block]:
        blocks = self._text(row["text"], row)
        opening = _opening(blocks, cited=row["kind"] != "placement")
        blocks[opening:opening] = self._framework(row)
        if row.get("more"):
            below = (replace(b, kind="minor") if b.kind == "subheading" else b for b in self._text(row["more"], row))
            blocks += [Block("subheading", self._say("more")), *below]
        if row.get("notices"):
            blocks += [Block("subheading", self._say("notes")), *(Block("bullet", n) for n in row["notices"])]
        if row["sources"]:
            blocks += [Block("subheading", self._say("sources")), *(Block("number", self._source(s)) for s in row["sources"])]
        names = {k: row["versions"].get(k, "") for k in ("knowledge", "prompts", "embedder")}
        said = self._say("made", date=day(made)) + " " + self._say("versions", **names, model=row["model"])
        return [*blocks, Block("quiet", said)]

    def _framework(self, row: Mapping[str, Any]) -> list[Block]:
        """Each facet in its order, with the place that was read marked."""
        placement = row.get("placement") or {}
        sure: list[Facet] = [f for f in ("level", "element", "step") if placement.get("sure", {}).get(f)]
        # As on the page: who asks what a word means or what the law says described no situation.
        if row["outcome"] != "answered" or row["kind"] in ("definition", "list", "comparison", "law") or not sure:
            return []
        rows = []
        for facet in sure:
            best = placement[facet + "s"][0]["id"]
            here = self._say("main" if facet == "element" else "here")
            names = (f"**{m.name}** ({here})" if m.id == best else m.name for m in self.library.facet(facet))
            rows.append((self._say(facet), (", " if facet == "element" else " → ").join(names)))
        return [Block("subheading", self._say("framework")), Block("table", rows=((self._say("facet"), self._say("place")), *rows))]

    def _source(self, source: Mapping[str, Any]) -> str:
        what = (
            self._say("source.document")
            if source["origin"] == "document"
            else self._say("source.card", status=self._say(f"status.{source['status']}"))
        )
        where = f", {source['location']}" if source.get("location") and not source["title"].endswith(f": {source['location']}") else ""
        references = "; ".join(f"{r['label']} ({self._say('seen.' + r['seen'])})" for r in source["references"])
        return f"{source['title']}{where} ({what})." + (f" {references}." if references else "")

    def _text(self, text: str, row: Mapping[str, Any]) -> list[Block]:
        """An answer's Markdown as blocks; its next steps become a table."""
        blocks: list[Block] = []
        steps = row.get("next_steps") or []
        for piece in re.split(r"\n{2,}", text.strip()):
            lines = [line for line in piece.split("\n") if line.strip()]
            if headed := _HEADED.match(piece.strip()):
                blocks.append(Block("subheading", headed[1]))
            elif lines and lines[0].startswith("|"):
                rows = [
                    tuple(c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1])
                    for line in lines
                    if not re.match(r"^\|[-| ]+\|$", line)
                ]
                blocks.append(Block("table", rows=tuple(rows)))
            elif chosen := _next_steps(lines, steps):
                heads = tuple(self._say(f"column.{c}") for c in ("action", "owner", "when", "progress"))
                marks = ["".join(f" [{n}]" for n in s["sources"]) for s in chosen]
                rows = [
                    (s["action"] + m, _capital(s["owner"]), _capital(s["when"]), _capital(s["progress"]))
                    for s, m in zip(chosen, marks, strict=True)
                ]
                blocks.append(Block("table", rows=(heads, *rows)))
            elif all(_ITEM.match(line) for line in lines):
                for line in lines:
                    found = _ITEM.match(line)
                    assert found is not None  # noqa: S101  all of them matched
                    blocks.append(Block("number" if found[1] else "bullet", found[2]))
            else:
                blocks.append(Block("text", marked_once(" ".join(lines))))
        return blocks or [Block("text", "")]

    def _say(self, key: str, **names: str) -> str:
        return self.prompts.say(f"export.{key}", **names)


def marked_once(line: str) -> str:
    """A line of an answer in which a mark that stands after each sentence of a run is shown after the last of them."""
    return _REPEATED.sub("", line)


def _opening(blocks: Sequence[Block], cited: bool) -> int:
    """After which block the framework stands, as on the page: the reading itself, else the first words that rest on a source."""
    texts = [(n, block.text) for n, block in enumerate(blocks, 1) if block.kind == "text"]
    return next((n for n, words in texts if "[" in words or not cited), texts[0][0] if texts else len(blocks))


def _next_steps(lines: Sequence[str], steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The next steps these lines are, in order; none where a line is something else."""
    found = [next((s for s in steps if s["action"] in line), None) for line in lines if re.match(r"\d+\. ", line)]
    return [s for s in found if s] if found and all(found) and len(found) == len(lines) else []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def feedback_cases(said: Iterable[Feedback], conversations: Mapping[str, Sequence[StoredTurn]]) -> str:
    """Feedback as evaluation cases, in the shape of `evals/cases/answers/cases.yaml`.

    What was called good must stand in the answer, what was called wrong must not, and a practice lead's own words must. The note
    stays with the case, for whoever turns it into ideas that other words can hold too. The turns that stood before the question, and
    the nation it was asked in, come from `conversations` where they are still kept.
    """
    cases = []
    for f in said:
        expected: dict[str, Any] = {"outcome": ["answered"], "slices": {"feedback": f.reason, "review": f.review}}
        must = [[words] for words in (f.statement if f.reason == "good" else "", f.amended) if words]
        if must:
            expected["must"] = must
        if f.statement and f.reason in ("wrong", "out_of_date", "not_our_situation"):
            expected["must_not"] = [f.statement]
        expected["source"] = f"feedback of {f.created[:10]}" + (f": {f.note}" if f.note else "")
        inputs = {"question": f.question} | _around(f.turn, conversations.get(f.conversation, ()))
        cases.append({"name": f"feedback-{f.id:04}", "inputs": inputs, "metadata": expected})
    return yaml.safe_dump({"name": "feedback-cases", "cases": cases}, allow_unicode=True, sort_keys=False, width=140)


def _around(answer: int, turns: Sequence[StoredTurn]) -> dict[str, Any]:
    """What an answer's question was asked with: the turns before it and the nation."""
    at = next((n for n, t in enumerate(turns) if t.id == answer), 0)
    if not at:
        return {}
    history = [{"role": t.role, "text": t.text} for t in turns[: at - 1]]
    nation = (turns[at].answer or {}).get("jurisdiction")
    return ({"history": history} if history else {}) | ({"jurisdiction": nation} if nation else {})


def day(iso: str) -> str:
    """An ISO date or time as a person reads it."""
    year, month, number = iso[:10].split("-")
    return f"{int(number)} {_MONTHS[int(month) - 1]} {year}"
