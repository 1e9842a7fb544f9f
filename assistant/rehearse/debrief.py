"""After the role: the debrief in PEARLS order, the transcript and the pack for playing on paper.

Nothing is quoted that was not typed, nothing is judged that was not seen, and no model has a hand in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any, Literal

from assistant.export import Block, Paper
from assistant.rehearse import coach
from assistant.rehearse.engine import QUESTIONS, Play, State, band
from assistant.rehearse.types import Criterion, Debrief, Event, Finding, Interest, Moment, Scenario, Unasked, Utterance

_FORTNIGHT = timedelta(days=14)
_BLOCKS: Mapping[str, Literal["title", "heading", "subheading", "bullet"]] = {
    "#": "title", "##": "heading", "###": "subheading", "-": "bullet",
}  # fmt: skip
_HARD = ("distress", "own-crisis", "real-child")  # reasons to stop that nobody is told to have handled badly
_PARTIAL = 2  # the level of the rubric from which something was still to be seen
_SHOWN = ("trust", "pressure", "clarity", "commitment", "child")


def compose(
    play: Play,
    moments: Sequence[Moment],
    states: Sequence[State],
    final: State,
    own: tuple[str, ...],
    commitment: str,
    review_on: date | None = None,
    contested: Mapping[str, str] | None = None,
) -> Debrief:
    """The debrief of what was played. Without `review_on` the commitment is looked at again in a fortnight."""
    scenario = play.scenario
    say = scenario.shared.words.say
    other = contested or {}
    findings = tuple(replace(judge(scenario, c, moments), contested=other.get(c.element, "")) for c in scenario.criteria)
    told = tuple(_secret(scenario, key) for key in final.revealed)
    unasked = tuple(
        Unasked(p.name, i.secret, i.asked_by, next((m.turn for m in moments if _asked(play, m, i)), None))
        for p in scenario.personas.values()
        for i in p.interests
        if f"{p.id}.{i.id}" not in final.revealed
    )
    worst = min(moments, key=lambda m: (_gain(m), m.turn), default=None)
    harmed = worst is not None and _gain(worst) < 0 and final.stopped not in (*_HARD, "deceive")
    better, source, seen = _better(play, worst, states[moments.index(worst)]) if worst else ("", None, "")
    helped = tuple(
        dict.fromkeys(
            _quoted(scenario, m)
            for m in sorted(moments, key=lambda m: -_gain(m))
            if all(scenario.moves[x].counts != "against" for x in m.moves) and (_gain(m) > 0.05 or m.revealed)
        )
    )[:2]
    ending = scenario.ending(final.ending) if final.ending else None
    result = Debrief(
        scenario=scenario.id, title=scenario.title, ending=final.ending, ending_kind=ending.kind if ending else None,
        ending_text=ending.text if ending else "", own_view=tuple(say(f"rehearse.own.{n}") for n in (1, 2, 3)), own_answers=own,
        timeline=tuple(moments), told=told, unasked=unasked, findings=findings, helped=helped,
        change=_change(scenario, final, seen if harmed else "", unasked, findings),
        better_line=better if harmed else "", better_source=source if harmed else None,
        turning_point=worst.turn if worst and harmed else None, questions=tuple(scenario.questions), commitment=commitment,
        review_on=review_on or date.today() + _FORTNIGHT, markdown="",
    )  # fmt: skip
    return replace(result, markdown=markdown(result, scenario))


def judge(scenario: Scenario, criterion: Criterion, moments: Sequence[Moment]) -> Finding:
    """One element, by the moves that show or spoil it. Distinct good moves raise it, harmful ones hold it down."""
    good = [m for m in moments if set(m.moves) & set(criterion.good)]
    bad = [m for m in moments if set(m.moves) & set(criterion.bad)]
    kinds = len({x for m in good for x in m.moves if x in criterion.good})
    if not good and not bad:
        level = None
    elif len(bad) >= max(len(good), 1):
        level = 1
    elif bad or (kinds < 2 and len(criterion.good) > 1):
        level = 2
    else:
        level = 4 if kinds >= min(3, len(criterion.good)) and len(good) >= 3 else 3
    anchor = scenario.shared.anchors[criterion.element][level - 1] if level else ""
    return Finding(criterion.element, level, anchor, _quotes(scenario, good, criterion.good), _quotes(scenario, bad, criterion.bad))


def as_word(text: str) -> bytes:
    """A debrief, transcript or print pack in our Markdown, as a Word file."""
    blocks = []
    for line in text.splitlines():
        plain = line.strip()
        if not plain or plain == "---":
            continue
        mark, _, rest = plain.partition(" ")
        kind = _BLOCKS.get(mark)
        blocks.append(Block(kind, rest) if kind and rest else Block("text", plain))
    return Paper(tuple(blocks)).word()


def as_json(found: Debrief) -> dict[str, Any]:
    """The debrief as plain JSON data."""
    data: dict[str, Any] = json.loads(json.dumps(asdict(found), default=lambda x: x.isoformat() if isinstance(x, date) else dict(x)))
    return data


def markdown(found: Debrief, scenario: Scenario) -> str:
    """The debrief as a person reads it."""

    def say(key: str, **names: str) -> str:
        return scenario.shared.words.say(f"rehearse.debrief.{key}", **names)

    out = [f"# {say('title', title=found.title)}", say("practice"), f"## {say('reactions')}"]
    for i, question in enumerate(found.own_view):
        out.append(f"**{question}**\n\n{found.own_answers[i] if i < len(found.own_answers) and found.own_answers[i] else '______'}")
    out.append(f"## {say('description')}")
    for m in found.timeline:
        did = doing(scenario, m.moves)
        who = f" ({learner(scenario, m.by)})" if m.by else ""
        words = f": “{m.text}”" if m.text else ""
        out.append(f"**{say('turn', turn=str(m.turn), doing=did)}**{who}{words}")
        changes = list(_changes(scenario, m))
        if changes:
            out.append("\n".join(f"- {c}" for c in changes))
        out.extend(f"*{text}*" for text in m.happened)
    if found.ending_text:
        out.append(f"**{say('ended')}**: {found.ending_text}")
    out.extend([f"*{say('values')}*", f"## {say('analysis')}"])
    if found.told:
        out.append(f"**{say('told')}**\n\n" + "\n".join(f"- {u.persona}: {sentence(u.secret)}" for u in found.told))
    for key, kept in (("unasked", [u for u in found.unasked if not u.asked]), ("kept", [u for u in found.unasked if u.asked])):
        rows = (say(f"{key}.line", name=u.persona, secret=sentence(u.secret), question=u.question, turn=str(u.asked)) for u in kept)
        if kept:
            out.append(f"**{say(key)}**\n\n" + "\n".join(f"- {r}" for r in rows))
    if not found.unasked:
        out.append(say("nothing-unasked"))
    out.append(f"**{say('rubric')}**\n\n{say('rubric.note')}")
    levels = say("levels").split("|")
    for f in found.findings:
        name = scenario_element(f.element)
        lines = [f"- **{name}**: {say('not-seen')}" if f.level is None else f"- **{name}**: {levels[f.level - 1]}. {f.anchor}."]
        lines += [f"  - {q}" for q in (*f.quotes, *(say("against", quote=q) for q in f.against))]
        if f.contested:
            lines.append(f"  - *{say('contested')}*: {f.contested}")
        out.append("\n".join(lines))
    out.append(f"## {say('summary')}")
    out.append(f"**{say('helped')}**\n\n" + ("\n".join(f"- {h}" for h in found.helped) or say("no-help")))
    out.append(f"**{say('change')}**: {found.change}")
    if found.turning_point:
        out.append(say("better", turn=str(found.turning_point), line=found.better_line))
        if found.better_source:
            out.append(say("source", passage=found.better_source))
        out.append(say("again", turn=str(found.turning_point)))
    out.append(f"**{say('questions')}**\n\n" + "\n".join(f"- {q}" for q in found.questions))
    out.append(f"**{say('commitment')}**: {found.commitment or say('commitment.blank')}")
    out.append(say("review", date=f"{found.review_on.day} {found.review_on:%B %Y}"))
    return "\n\n".join(out) + "\n"


def learner(scenario: Scenario, by: int | None) -> str:
    """Who of the learners: "Learner", or "Learner A" where two play."""
    name = scenario.shared.words.say("rehearse.transcript.learner")
    return f"{name} {'AB'[by - 1]}" if by in (1, 2) else name


def scenario_element(element: str) -> str:
    return element.replace("-", " ").capitalize()


def transcript(scenario: Scenario, spoken: Sequence[tuple[Event | None, tuple[Utterance, ...]]]) -> str:
    """The talk as Markdown."""
    say = scenario.shared.words.say
    out = [f"# {say('rehearse.transcript.title', title=scenario.title)}", scenario.not_happening]
    for event, said in spoken:
        if event and event.kind in ("say", "move", "lost") and (event.text or event.move):
            words = event.text or f"({scenario.moves[event.move or ''].doing})"
            out.append(f"**{learner(scenario, event.by)}**: {words}")
        out.extend(f"**{scenario.personas[u.persona].name}**: {u.text}" if u.persona else f"*{u.text}*" for u in said)
    return "\n\n".join(out) + "\n"


def print_pack(scenario: Scenario) -> str:
    """Role cards, cue cards, observer sheets and a debrief sheet, for playing on paper."""

    def say(key: str, **names: str) -> str:
        return scenario.shared.words.say(f"rehearse.pack.{key}", **names)

    def bullets(items: Sequence[str]) -> str:
        return "\n".join(f"- {x}" for x in items)

    out = [f"# {say('title', title=scenario.title)}", say("intro"), scenario.not_happening, scenario.content_note, scenario.care]
    out += [f"## {say('setting')}", scenario.setting, scenario.opening]
    out += ["---", f"## {say('learner')}", f"{scenario.learner_role} ({scenario.learner_agency}). {scenario.aim}"]
    out += [f"**{say('knows')}**", bullets(scenario.learner_knows), f"**{say('authority')}**", bullets(scenario.learner_authority)]
    for p in scenario.personas.values():
        out += [
            "---",
            f"## {say('public', name=p.name)}",
            f"{p.role}. {p.public}",
            f"**{say('position')}**: {p.position}",
            bullets(p.facts),
        ]
        out += ["---", f"## {say('private', name=p.name)}", say("rules"), f"**{say('fears')}**: {p.fears}"]
        for i in p.interests:
            out.append(f"- {say('secret', secret=sentence(i.secret))} {say('when', question=i.asked_by)}")
        own = [x for x in scenario.lines[p.id] if not x.shared and x.part in ("opening", "content") and not x.recalls]
        out += [f"**{say('says')}**", bullets([f"“{x.say[0]}”" for x in own][:12])]
    out += ["---", f"## {say('injects')}"]
    out += [f"- **{say('inject.at', turn=str(i.at)) if i.at else say('inject.hand')}**: {i.text}" for i in scenario.injects]
    out += ["---", f"## {say('endings')}", bullets([e.text for e in scenario.endings])]
    out += ["---", f"## {say('observers')}"]
    for c in scenario.criteria:
        out += [
            f"### {scenario_element(c.element)}",
            f"{scenario.shared.observe[c.element]} {c.look_for}",
            say("observer.line"),
            "\n".join(["______"] * 4),
        ]
    out += ["---", f"## {say('debrief')}"]
    out += [f"**{scenario.shared.words.say(f'rehearse.own.{n}')}**\n\n______" for n in (1, 2, 3)]
    out += [bullets(scenario.questions), scenario.shared.words.say("rehearse.debrief.commitment.blank")]
    return "\n\n".join(x for x in out if x) + "\n"


def _gain(m: Moment) -> float:
    """What a turn did for the talk: trust, commitment, clarity and the child up, pressure down."""
    sums = [
        c.get("trust", 0) + c.get("commitment", 0) + 0.5 * c.get("clarity", 0) + 0.5 * c.get("child", 0) - c.get("pressure", 0)
        for c in m.change.values()
    ]
    return sum(sums) / len(sums) if sums else 0.0


def _changes(scenario: Scenario, m: Moment) -> Sequence[str]:
    """The two largest moves of what is shown, in words."""
    say = scenario.shared.words.say
    rows = [(abs(d), p, v, d) for p, c in m.change.items() for v, d in c.items() if v in _SHOWN and abs(d) >= 0.05]
    out = []
    for _, p, v, d in sorted(rows, reverse=True)[:2]:
        word, before = (band(x, scenario.shared.bands[v]) for x in (m.values[p][v], m.values[p][v] - d))
        if word == before:
            out.append(
                say("rehearse.debrief.up" if d > 0 else "rehearse.debrief.down", name=scenario.personas[p].name, variable=v, band=word)
            )
            continue
        out.append(
            say("rehearse.debrief.rose" if d > 0 else "rehearse.debrief.fell", name=scenario.personas[p].name, variable=v, band=word)
        )
    return out


def _asked(play: Play, m: Moment, interest: Interest) -> bool:
    return any(move in QUESTIONS for move in m.moves) and play.asks_for(interest, m.text)


def _secret(scenario: Scenario, key: str) -> Unasked:
    who, _, identity = key.partition(".")
    persona = scenario.personas[who]
    interest = next(i for i in persona.interests if i.id == identity)
    return Unasked(persona.name, interest.secret, interest.asked_by)


def _better(play: Play, worst: Moment, state: State) -> tuple[str, str | None, str]:
    """A line to try instead at the turning point, where it comes from, and what was seen."""
    for rule in play.scenario.rules:
        if coach.speaks(play, state, rule):
            return rule.try_line, rule.passage, rule.seen
    move = play.scenario.moves["ask_interest" if worst.move != "ask_interest" else "acknowledge"]
    did = doing(play.scenario, worst.moves)
    return move.lines[0], None, play.scenario.shared.words.say("rehearse.debrief.set-back", turn=str(worst.turn), doing=did)


def doing(scenario: Scenario, moves: Sequence[str]) -> str:
    """One move or two in words: "giving a dated fact and asking an open question"."""
    first, *second = (scenario.moves[m].doing for m in moves)
    return scenario.shared.words.say("rehearse.both", first=first, second=second[0]) if second else first


def _quoted(scenario: Scenario, m: Moment) -> str:
    if m.text:
        return f"“{m.text}”"
    return scenario.shared.words.say("rehearse.debrief.chosen", doing=scenario.moves[m.move].doing)


def _quotes(scenario: Scenario, moments: Sequence[Moment], moves: Sequence[str]) -> tuple[str, ...]:
    """Up to three turns: of each of these moves the first that made it its point, then whatever made one in passing."""
    kinds: dict[str, Moment] = {}
    for m in sorted(moments, key=lambda m: m.move not in moves):
        kinds.setdefault(next(x for x in (m.move, *m.moves) if x in moves), m)
    chosen = list({m.turn: m for m in (*kinds.values(), *moments)}.values())[:3]
    return tuple(dict.fromkeys(_quoted(scenario, m) for m in sorted(chosen, key=lambda m: m.turn)))


def _change(scenario: Scenario, final: State, set_back: str, unasked: Sequence[Unasked], findings: Sequence[Finding]) -> str:
    """The one thing to do otherwise: what set the talk back, what was not asked, or what was least to be seen."""

    def say(key: str, **names: str) -> str:
        return scenario.shared.words.say(f"rehearse.debrief.{key}", **names)

    if final.stopped in _HARD:
        return say("stopped")
    if final.stopped == "deceive":
        return say("openly")
    if set_back:
        return set_back
    ending = scenario.ending(final.ending) if final.ending else None
    if fresh := next((u for u in unasked if not u.asked), None):
        return say("ask-more", question=fresh.question)
    if unasked:
        return say("ask-later", turn=str(unasked[0].asked))
    if not (ending and ending.kind == "good"):
        if "agree_who_when" not in final.counts:
            return say("settle-more")
        unready = min(final.present, key=lambda p: final.values[p]["commitment"])
        return say("settle-later", name=scenario.personas[unready].name)
    weakest = min(findings, key=lambda f: f.level or 0)
    if (weakest.level or 0) > _PARTIAL:
        return say("no-change")
    aim = next(c.look_for for c in scenario.criteria if c.element == weakest.element)
    return say("show-more", element=scenario_element(weakest.element), aim=aim)


def sentence(words: str) -> str:
    """Words with an end to them: a secret may be a question."""
    return words if words.endswith((".", "?", "!")) else f"{words}."
