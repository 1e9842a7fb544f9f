"""A rehearsal on the page: what one visitor has on the table, and how the talk, the brief and the debrief look.

It lives in this visit only, until a person downloads it or saves it under a code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, Literal, get_args
from zlib import crc32

import streamlit as st
from markdown_it import MarkdownIt

from assistant import Debrief, Hint, Reply, Scenario, Sitting, Utterance, debrief_json, debrief_word
from ui.page import desk
from ui.words import Words, load_words

STYLE = Path(__file__).parent / "rehearse.css"
Seats = Literal["one", "two", "group"]
_CARD = re.compile(r"card:([a-z0-9-]+)(?:#[\w-]+)?")


@dataclass
class Table:
    """What one visitor is rehearsing."""

    sitting: Sitting
    seats: Seats = "one"
    stage: Literal["play", "own", "debrief"] = "play"
    reply: Reply | None = None
    hint: Hint | None = None
    own: tuple[str, ...] = ()
    commitment: str = ""
    review_on: date | None = None
    unkept: bool = False  # an answer described a real danger and was not kept
    contested: dict[str, str] = field(default_factory=dict)  # element to how the trainer sees it
    observed: list[tuple[str, int, str, str]] = field(default_factory=list)  # element, turn, helped or hindered, words
    votes: dict[int, int] = field(default_factory=dict)  # offered line to a group's votes
    paused: bool = False
    code: str | None = None  # where it is saved

    @property
    def scenario(self) -> Scenario:
        return self.sitting.scenario

    def debrief(self) -> Debrief:
        return self.sitting.debrief(self.own, self.commitment, self.review_on, self.contested)

    def take(self, reply: Reply) -> None:
        self.reply, self.hint, self.votes = reply, reply.hint, {}

    def again(self, sitting: Sitting | None = None, turn: int = 0) -> Table:
        """Another attempt: from `turn` on, or with a new sitting. Of this one only what was saved is kept."""
        if sitting is None:
            sitting = self.sitting.branch()
            sitting.rewind(turn)
        return Table(sitting, self.seats)

    def markdown(self) -> str:
        return "\n---\n\n".join(filter(None, (self.debrief().markdown, self.sheets(), self.sitting.transcript())))

    def sheets(self) -> str:
        """What observers noted, by element; nothing where nobody did."""
        w, members = load_words(), desk().assistant.library.members
        out = []
        for element in dict.fromkeys(e for e, *_ in self.observed):
            rows = [
                w("trainer.observed", turn=t, how=w(f"trainer.{how}").lower(), text=x) for e, t, how, x in self.observed if e == element
            ]
            out.append(f"## {members[element].name}\n\n" + "\n".join(f"- {r}" for r in rows) + "\n")
        return f"# {w('trainer.observers')}\n\n" + "\n".join(out) if out else ""

    def word(self) -> bytes:
        return debrief_word(self.markdown())

    def data(self) -> dict[str, Any]:
        """What is downloaded or saved: enough to play it again and to see the debrief without playing it."""
        mine = {
            "seats": self.seats, "own": self.own, "commitment": self.commitment, "contested": self.contested,
            "observed": self.observed,
            "review_on": self.review_on.isoformat() if self.review_on else None,
        }  # fmt: skip
        return {"sitting": self.sitting.events, "learner": mine, "debrief": debrief_json(self.debrief())}

    def json(self) -> str:
        return json.dumps(self.data(), ensure_ascii=False, indent=1)

    @classmethod
    def read(cls, data: Mapping[str, Any], code: str | None = None) -> Table:
        """What `data` made. Raises UsageError, ValueError, KeyError or TypeError for anything else."""
        saved, mine = data["sitting"], data.get("learner", {})
        seats: Seats = next((s for s in get_args(Seats) if s == mine.get("seats")), "one")
        found = cls(desk().assistant.sitting(str(saved["scenario"]), saved=saved), seats, code=code)
        found.own, found.commitment = tuple(str(x) for x in mine.get("own", ())), str(mine.get("commitment", ""))
        found.contested = {str(k): str(v) for k, v in mine.get("contested", {}).items()}
        found.observed = [
            (str(e), int(t), "helped" if how == "helped" else "hindered", str(x)) for e, t, how, x in mine.get("observed", ())
        ]
        found.review_on = date.fromisoformat(mine["review_on"]) if mine.get("review_on") else None
        found.stage = "debrief" if found.sitting.over or found.own else "play"
        return found


def afresh(key: str, options: Sequence[object]) -> str:
    """The key of a list that begins anew, on screen too, whenever what it offers has changed."""
    return f"{key}-{crc32(repr(options).encode())}"


def table() -> Table | None:
    found = st.session_state.get("table")
    return found if isinstance(found, Table) else None


# ---- how it looks


def label(scenario: Scenario, w: Words) -> tuple[str, str]:
    """Where a scenario sits in the framework, and what it asks of a person."""
    members = desk().assistant.library.members
    names = {
        "element": ", ".join(members[e].name for e in scenario.elements),
        "level": members[scenario.level].name,
        "step": members[scenario.step].name,
    }
    roles = ", ".join(p.name.lower() for p in scenario.personas.values())
    effort = w("rehearse.effort", difficulty=w(f"difficulty.{scenario.difficulty}"), minutes=scenario.minutes, roles=roles)
    return w("rehearse.facts", **names), effort


def brief_html(scenario: Scenario, w: Words) -> str:
    """What the learner reads before the first word."""

    def items(rows: Sequence[str]) -> str:
        return "<ul>" + "".join(f"<li>{escape(r)}</li>" for r in rows) + "</ul>"

    people = [
        w("rehearse.joins", person=said) if p.joins else said
        for p in scenario.personas.values()
        for said in [f"{_as_named(p.name, p.role)}. {p.public}"]
    ]
    you = f"{scenario.learner_role[:1].upper()}{scenario.learner_role[1:]}"
    if scenario.learner_agency not in scenario.learner_role:
        you += f" ({scenario.learner_agency})"
    parts = [
        ("rehearse.aim", f"<p>{escape(scenario.aim)}</p>"),
        ("rehearse.setting", f"<p>{escape(scenario.setting)}</p>"),
        ("rehearse.you_are", f"<p>{escape(you)}</p>"),
        ("rehearse.you_know", items(scenario.learner_knows)),
        ("rehearse.you_may", items(scenario.learner_authority)),
        ("rehearse.others", items(people)),
    ]
    return '<div class="pa-brief">' + "".join(f"<h3>{escape(w(k))}</h3>{body}" for k, body in parts) + "</div>"


def _as_named(name: str, role: str) -> str:
    """A role's name and what it is, without saying the name twice: "Chief inspector who now holds partnership work"."""
    return f"{name}{role[len(name) :]}" if role.lower().startswith(name.lower()) else f"{name}: {role}"


def said_html(scenario: Scenario, said: Sequence[Utterance]) -> str:
    html, last = "", None
    for u in said:
        if u.persona is None:
            html += f'<p class="pa-told">{escape(u.text)}</p>'
        else:
            html += f"<h3>{escape(scenario.personas[u.persona].name)}</h3>" if u.persona != last else ""
            html += f"<p>{escape(u.text)}</p>"
        last = u.persona
    return f'<div class="pa-talk">{html}</div>' if html else ""


def mine_html(text: str, turn: int, to: str, w: Words, by: int | None = None) -> str:
    who = escape((w("rehearse.learner", letter="AB"[by - 1]) if by else w("rehearse.you")) + (f" → {to}" if to else ""))
    return f'<div class="pa-mine" id="said-{turn}"><h3>{who}</h3><p>{escape(text)}</p></div>'


def note_html(heading: str, texts: Sequence[str]) -> str:
    head = f"<h3>{escape(heading)}</h3>" if heading else ""
    return f'<div class="pa-note">{head}' + "".join(f"<p>{escape(t)}</p>" for t in texts if t) + "</div>"


def rendered(text: str) -> str:
    """Our own Markdown as HTML. What a person typed may stand in it: no markup of theirs, no picture and no link comes through."""
    reader = MarkdownIt("commonmark", {"html": False}).disable(["image", "link", "autolink"])
    return str(reader.render(text))


def debrief_html(debrief: Debrief, scenario: Scenario, w: Words) -> str:
    """The debrief as it is downloaded, without what the page says itself: title, retry, reading, an empty commitment."""

    def say(key: str, **names: str) -> str:
        return scenario.shared.words.say(f"rehearse.debrief.{key}", **names)

    paragraphs = debrief.markdown.strip().split("\n\n")[1:]
    if not debrief.commitment:
        paragraphs = paragraphs[:-2]
    shown = {say("again", turn=str(debrief.turning_point or 0)), say("source", passage=debrief.better_source or "")}
    blank = {"______": f"*{w('rehearse.unanswered')}*"}
    return f'<div class="pa-debrief">{rendered(chr(10).join(blank.get(p, p) + chr(10) for p in paragraphs if p not in shown))}</div>'


def cards_of(passage: str | None) -> str | None:
    """The id of the card a passage stands in, where the library has it."""
    found = _CARD.match(passage or "")
    return found[1] if found and found[1] in desk().assistant.library.cards else None


def attempts_html(attempts: Mapping[str, Debrief], w: Words, levels: Sequence[str]) -> str:
    """Attempts side by side, under their codes."""
    members = desk().assistant.library.members

    def row(head: str, cells: Sequence[str]) -> str:
        return f"<tr><th scope='row'>{escape(head)}</th>" + "".join(f"<td>{escape(c)}</td>" for c in cells) + "</tr>"

    heads = "".join(f"<th scope='col'>{escape(code)}</th>" for code in attempts)
    rows = [
        row(w("rehearse.turns"), [str(len(a.timeline)) for a in attempts.values()]),
        row(w("rehearse.how"), [w(f"endings.{a.ending_kind}") if a.ending_kind else w("rehearse.left") for a in attempts.values()]),
        row(w("rehearse.told"), [w("rehearse.of", n=len(a.told), all=len(a.told) + len(a.unasked)) for a in attempts.values()]),
    ]
    for i, finding in enumerate(next(iter(attempts.values())).findings):
        judged = [a.findings[i].level for a in attempts.values()]
        rows.append(row(members[finding.element].name, [levels[j - 1] if j else w("rehearse.not_seen") for j in judged]))
    return f"<div class='pa-turn pa-table'><table><thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
