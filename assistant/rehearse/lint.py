"""What reading a scenario does not find: simulated learners play it, and its words are looked through.

`inspect` gives one sentence a slip, each naming file and field. `learners` plays at random; both use moves, not typing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from assistant.rehearse.debrief import judge
from assistant.rehearse.engine import Play, State, moment
from assistant.rehearse.types import (
    DIFFICULTIES,
    Condition,
    Difficulty,
    Event,
    Line,
    Moment,
    Scenario,
    Script,
    ScriptLine,
    Test,
    Utterance,
)
from assistant.rehearse.voice import leaks

_WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’-][A-Za-z]+)*")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Councillor|Cllr|Sergeant|Inspector|Nurse|PC|DC|DS|DI)\.? [A-Z][a-z]+")
_NAMED = re.compile(r"\b(?:called|named|my name is|I am|I'm) [A-Z][a-z]{2,}\b")
_ALLOWED_AFTER_I_AM = re.compile(r"\b(?:I am|I'm) (?:English|British|Welsh|Irish|Scottish|Monday|Tuesday)\b")
_BIRTH = re.compile(r"\b(?:born on|d\.?o\.?b\.?|date of birth)\b.{0,12}\d", re.IGNORECASE)
_PLACE = re.compile(r"\b[A-Z][a-z]+ (?:Road|Street|Avenue|Close|Lane|Primary|Academy|High School|Hospital|Estate|Ward)\b")
_READABLE = 50  # LIX: mean words a sentence plus the share of words over six letters
_GOOD_SHARE = 0.05


@dataclass(frozen=True)
class Outcome:
    """One simulated sitting."""

    ending: str | None
    kind: str
    score: float
    turns: int
    said: tuple[Utterance, ...]
    state: State
    moments: tuple[Moment, ...]


def play(
    scenario: Scenario,
    events: Iterable[Event],
    seed: int,
    difficulty: Difficulty | None = None,
    most: int | None = None,
    desk: Play | None = None,
) -> Outcome:
    """Plays events to their end or the scenario's."""
    desk = desk or Play(scenario, seed, difficulty or scenario.difficulty)
    state, opening = desk.start()
    said = list(opening)
    moments: list[Moment] = []
    for event in events:
        before = state.copy()
        words = desk.step(state, event)
        said.extend(words)
        moments.append(moment(event, words, before, state))
        if state.over or (most and state.turn >= most):
            break
    findings = [judge(scenario, c, moments) for c in scenario.criteria]
    ending = scenario.ending(state.ending) if state.ending else None
    kind = ending.kind if ending else "partial"  # unfinished
    return Outcome(state.ending, kind, fmean(f.level or 1 for f in findings), state.turn, tuple(said), state, tuple(moments))


def script_events(script: Script) -> list[Event]:
    return [Event("say" if x.say else "move", text=x.say, move=x.move, to=x.to, topic=x.topic) for x in script.lines]


def random_events(scenario: Scenario, seed: int, turns: int) -> list[Event]:
    """What a learner who picks any move at random, to anyone, would do."""
    from random import Random

    dice = Random(seed)  # noqa: S311  play, not secrets
    moves, people, topics = list(scenario.moves), [None, *scenario.personas], [None, *(t.id for t in scenario.topics)]
    return [Event("move", move=dice.choice(moves), to=dice.choice(people), topic=dice.choice(topics)) for _ in range(turns)]


def learners(scenario: Scenario, count: int, difficulty: Difficulty | None = None, first: int = 0) -> Counter[str]:
    """How `count` random learners end, by kind of ending."""
    return Counter(_quick(scenario, random_events(scenario, s, scenario.turns + 1), s, difficulty) for s in range(first, first + count))


def _quick(scenario: Scenario, events: Sequence[Event], seed: int, difficulty: Difficulty | None) -> str:
    desk = Play(scenario, seed, difficulty or scenario.difficulty)
    state, _ = desk.start()
    for event in events:
        desk.step(state, event)
        if state.over:
            break
    ending = scenario.ending(state.ending) if state.ending else None
    return ending.kind if ending else "none"


def inspect(scenario: Scenario, passages: Iterable[str] | None = None, count: int = 200, cache: Path | None = None) -> list[str]:
    """Every slip found in `scenario`, a sentence each. `passages`: ids that exist, to hold the coach's sources against.

    Playing takes seconds; `cache` is a file that remembers what it found in files that have not changed since.
    """
    slips = look(scenario, passages)
    key = f"{scenario.id} {scenario.version} {scenario.shared.version} {count}"
    known: dict[str, list[str]] = {}
    if cache and cache.is_file():
        with suppress(ValueError):
            known = json.loads(cache.read_text("utf-8"))
    if key not in known:
        known = {k: v for k, v in known.items() if not k.startswith(f"{scenario.id} ")}
        known[key] = [*_scripts(scenario), *_gaming(scenario), *_reach(scenario, count), *_order(scenario)]
        if cache:
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps(known, indent=1), "utf-8")
    return slips + known[key]


def look(scenario: Scenario, passages: Iterable[str] | None = None) -> list[str]:
    """What looking finds without playing: at once, while somebody writes."""
    return [*_sources(scenario, passages), *_words(scenario), *_secrets(scenario), *_care(scenario)]


def _sources(scenario: Scenario, passages: Iterable[str] | None) -> list[str]:
    known = set(passages) if passages is not None else None
    return [
        f"scenarios/{scenario.id}/rubric.yaml: coach: there is no passage {r.passage!r}"
        for r in scenario.rules if known is not None and r.passage and r.passage not in known
    ]  # fmt: skip


def _texts(scenario: Scenario) -> Iterable[tuple[str, str]]:
    """(file: field, text) of everything people read."""
    at = f"scenarios/{scenario.id}"
    for name in ("title", "aim", "setting", "opening", "content_note", "care", "not_happening"):
        yield f"{at}/scenario.yaml: {name}", getattr(scenario, name)
    yield from ((f"{at}/scenario.yaml: endings.{e.id}", e.text) for e in scenario.endings)
    yield from ((f"{at}/scenario.yaml: injects.{i.id}", i.text) for i in scenario.injects)
    for p in scenario.personas.values():
        yield from ((f"{at}/personas/{p.id}.yaml: {k}", getattr(p, k)) for k in ("name", "role", "public", "position", "fears"))
        yield from ((f"{at}/personas/{p.id}.yaml: facts", f) for f in p.facts)
        yield from ((f"{at}/personas/{p.id}.yaml: interests.{i.id}", i.secret) for i in p.interests)
        yield from ((f"{at}/lines.yaml: {x.id}", s) for x in scenario.lines[p.id] if not x.shared for s in x.say)
    for key, script in scenario.scripts.items():
        yield from ((f"{at}/tests.yaml: {key}", x.say) for x in script.lines)


def _words(scenario: Scenario) -> Iterable[str]:
    for where, text in _texts(scenario):
        plain = _ALLOWED_AFTER_I_AM.sub("", text)
        for pattern, what in (
            (_TITLE, "a person's name"),
            (_NAMED, "a person's name"),
            (_BIRTH, "a date of birth"),
            (_PLACE, "a real-looking place"),
        ):
            if found := pattern.search(plain):
                yield f"{where}: {found.group()!r} looks like {what}; use a role"
        if "lines.yaml" in where and len(text) > 320:
            yield f"{where}: {len(text)} characters is too long to say in one breath"
    spoken = " ".join(s for p in scenario.personas for x in scenario.lines[p] if not x.shared for s in x.say)
    if (hard := lix(spoken)) > _READABLE:
        yield f"scenarios/{scenario.id}/lines.yaml: the reading measure is {hard:.0f}; {_READABLE} or lower is plain"


def lix(text: str) -> float:
    """Björnsson's readability: mean words a sentence plus the percentage of words over six letters."""
    words = _WORD.findall(text)
    if not words:
        return 0.0
    return len(words) / max(1, len(re.findall(r"[.?!:]+", text))) + 100 * sum(len(w) > 6 for w in words) / len(words)


def _secrets(scenario: Scenario) -> Iterable[str]:
    """Lines that hold a secret's words without telling it or needing it told."""
    at = f"scenarios/{scenario.id}"
    for p in scenario.personas.values():
        for line in scenario.lines[p.id]:
            if line.shared:
                continue
            needs = {v for o in line.when.options for t in o if t.kind == "revealed" for v in t.values} if line.when.options else set()
            for other in scenario.personas.values():
                for i in other.interests:
                    if i.id in needs or (line.reveals == i.id and other.id == p.id):
                        continue
                    for s in line.say:
                        if found := next((w for w in i.words if re.search(rf"\b{re.escape(w)}\b", s.lower())), None):
                            yield f"{at}/lines.yaml: {line.id}: {found!r} gives away {other.id}.{i.id} before it is told"
        for text in (p.public, p.position, *p.facts):
            if leaks(text, scenario, []):
                yield f"{at}/personas/{p.id}.yaml: public, position or facts: {text[:40]!r} gives a secret away"
    for text in (
        scenario.setting,
        scenario.opening,
        *(e.text for e in scenario.endings if e.kind != "good"),
        *(i.text for i in scenario.injects),
    ):
        if leaks(text, scenario, []):
            yield f"{at}/scenario.yaml: {text[:40]!r} gives a secret away"


def _care(scenario: Scenario) -> Iterable[str]:
    at = f"scenarios/{scenario.id}/scenario.yaml"
    if not re.search(r"\bno child|\bnobody|\bno one|\bnot ", scenario.not_happening, re.IGNORECASE):
        yield f"{at}: not_happening: say what is not happening, such as that no child is in immediate danger"
    if len(scenario.care.split()) < 8:
        yield f"{at}: care: say that people may leave, and where to turn"
    for p in scenario.personas.values():
        if not any(_generous(x) for x in scenario.lines[p.id] if not x.shared):
            yield f"scenarios/{scenario.id}/lines.yaml: {p.id}: never shown doing well; add a line that needs trust or commitment"


def _generous(line: Line) -> bool:
    """Whether a line is said only to someone who has earned it: trust, commitment or a told interest."""
    earned = ("trust", "commitment")
    return any(
        t.kind in ("revealed", "told") or (t.kind == "value" and t.sign.startswith(">") and t.subject.endswith(earned))
        for option in line.when.options
        for t in option
    )


def _scripts(scenario: Scenario) -> Iterable[str]:
    at = f"scenarios/{scenario.id}/tests.yaml"
    found = {k: play(scenario, script_events(s), 1) for k, s in scenario.scripts.items()}
    for key, script in scenario.scripts.items():
        if found[key].kind not in script.ends:
            short = _short_of(scenario, script, found[key].state)
            yield f"{at}: {key}: it ends {found[key].kind}, and {' or '.join(script.ends)} was meant{short}"
    if {"skilled", "mixed", "harmful"} <= set(found) and not found["skilled"].score > found["mixed"].score > found["harmful"].score:
        yield f"{at}: the rubric does not order the scripts: " + ", ".join(
            f"{k} {found[k].score:.2f}" for k in ("skilled", "mixed", "harmful")
        )


def _short_of(scenario: Scenario, script: Script, state: State) -> str:
    """What the nearest of the endings that were meant still asked for when the talk was over."""
    desk = Play(scenario, 1, scenario.difficulty)
    meant = [(e, o) for e in scenario.endings if e.kind in script.ends for o in e.when.options]
    lacking = [(e, [t for t in o if not desk.holds(Condition(((t,),)), state, None)]) for e, o in meant]
    if not lacking or state.over:
        return ""
    ending, tests = min(lacking, key=lambda x: len(x[1]))
    return f"; {ending.id} still asked for " + " and ".join(_asked_for(t, state) for t in tests)


def _asked_for(test: Test, state: State) -> str:
    if test.kind == "value":
        who, _, variable = test.subject.rpartition(".")
        now = f" (it was {state.values[who][variable]:.2f})" if who in state.values else ""
        return f"{test.subject} {test.sign}{test.limit:g}{now}"
    if test.kind in ("told", "left", "turn", "repeat"):
        return f"{test.kind} {test.sign}{test.limit:g}"
    return f"{test.kind} {', '.join(test.values) or test.subject}"


def _gaming(scenario: Scenario) -> Iterable[str]:
    for move in scenario.moves:
        for to in (None, *scenario.personas):
            if play(scenario, [Event("move", move=move, to=to)] * (scenario.turns + 2), 3).kind == "good":
                yield f"scenarios/{scenario.id}/scenario.yaml: endings: saying {move!r} over and over wins"
                break


def _reach(scenario: Scenario, count: int) -> Iterable[str]:
    """Random learners, the scripts in every difficulty and their near variants: what no one ever saw is unreachable."""
    lines: set[str] = set()
    endings: Counter[str] = Counter()
    good = 0
    for seed in range(count):
        found = play(scenario, random_events(scenario, seed, scenario.turns + 1), seed)
        lines |= {u.line for u in found.said if u.line}
        endings[found.ending or ""] += 1
        good += found.kind == "good"
        if any(not m.replies for m in found.moments):
            yield f"scenarios/{scenario.id}/lines.yaml: nobody had anything to say to {found.moments[-1].move!r} (seed {seed})"
    for outcome in _variants(scenario, max(60, count)):
        lines |= {u.line for u in outcome.said if u.line}
        endings[outcome.ending or ""] += 1
    for ending in scenario.endings:
        if not endings[ending.id]:
            yield f"scenarios/{scenario.id}/scenario.yaml: endings.{ending.id}: no simulated learner ever reached it"
    own = [x for p in scenario.personas for x in scenario.lines[p] if not x.shared and x.part != "closing"]
    for line in own:
        if line.id not in lines:
            yield f"scenarios/{scenario.id}/lines.yaml: {line.id}: no simulated learner ever heard it"
    if good > _GOOD_SHARE * count:
        yield f"scenarios/{scenario.id}/scenario.yaml: {good} of {count} random learners reach a good ending; {_GOOD_SHARE:.0%} is the most"


def _variants(scenario: Scenario, count: int) -> Iterable[Outcome]:
    """The scripts with moves swapped, dropped, redirected or added: learners who nearly know what they do."""
    from random import Random

    scripts = list(scenario.scripts.values())
    for seed in range(12):
        yield from (play(scenario, script_events(s), seed, DIFFICULTIES[seed % 3]) for s in scripts)
    skilled = script_events(scenario.scripts["skilled"]) if "skilled" in scenario.scripts else []
    for event in _worded(scenario):  # said at once, and later, when everyone has come
        yield from (play(scenario, [*skilled[:lead], event], 1) for lead in (0, 8))
    stiff = [m.id for m in scenario.moves.values() if m.family in ("rights", "facts")] + [
        m.id for m in scenario.moves.values() if m.family == "power"
    ][:1]
    helpful = [m.id for m in scenario.moves.values() if m.counts != "against"]
    known = [*scenario.learner_knows, *scenario.learner_authority]  # what a learner has to say
    for seed in range(count):
        dice = Random(1000 + seed)  # noqa: S311
        lines = list(scripts[seed % len(scripts)].lines) if seed % 3 else []
        if seed % 5 == 0 and "skilled" in scenario.scripts:  # nearly there, then on without closing
            lines = [x for x in scenario.scripts["skilled"].lines if x.move != "agree_who_when"]
        while len(lines) < scenario.turns:
            pool = stiff if seed % 9 == 0 else helpful if seed % 4 else list(scenario.moves)
            lines.insert(
                dice.randrange(len(lines) + 1),
                ScriptLine(
                    dice.choice(pool),
                    dice.choice(known),
                    dice.choice([None, *scenario.personas]),
                    dice.choice([None, *(t.id for t in scenario.topics)]),
                ),
            )
        script = Script(tuple(lines), ())
        events = script_events(script)
        for inject in scenario.injects:
            if inject.at is None:
                events.insert(dice.randrange(2, 8), Event("inject", id=inject.id))
        yield play(scenario, events, seed, DIFFICULTIES[seed % 3])


def _worded(scenario: Scenario) -> Iterable[Event]:
    """For every line that listens for words, a learner who says one of them."""
    for persona, lines in scenario.lines.items():
        for option in (o for line in lines if not line.shared for o in line.when.options):
            heard, moves = ([v for t in option if t.kind == kind for v in t.values] for kind in ("heard", "move"))
            yield from (Event("say", move=moves[0], text=word, to=persona) for word in heard[:1] if moves)


def _order(scenario: Scenario) -> Iterable[str]:
    """A middling learner does no better as the setting gets harder."""
    script = scenario.scripts.get("mixed")
    if not script:
        return
    got = [_standing(scenario, script, d) for d in DIFFICULTIES]
    if not got[0] >= got[1] >= got[2]:
        standing = ", ".join(f"{g:.2f}" for g in got)
        yield f"scenarios/{scenario.id}/scenario.yaml: terms: the mixed script does better at a harder setting ({standing})"


def _standing(scenario: Scenario, script: Script, difficulty: Difficulty) -> float:
    """Mean of trust and commitment less pressure at the end, over some seeds."""
    found = [play(scenario, script_events(script), s, difficulty).state for s in range(10)]
    return round(fmean(v["trust"] + v["commitment"] - v["pressure"] for f in found for v in f.values.values()), 3)
