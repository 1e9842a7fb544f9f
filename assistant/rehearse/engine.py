"""The play itself: state is a pure function of scenario, seed, terms and events, so rewinding and replaying are exact.

A turn: the move's effects on the persona spoken to and, less, on those who hear; at most one secret told; a reaction
line, then a content line, by most specific condition, nearest to the learner's own words, least recently used, then seed.
A line that listens for words and hears them comes first; where it answers a question, it is the whole answer. Who is asked
for a secret too early says so. A wording is said once a sitting.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from assistant.rehearse.types import (
    DIFFICULTIES,
    Condition,
    Difficulty,
    Ending,
    Event,
    Inject,
    Interest,
    Line,
    Moment,
    PartName,
    Persona,
    Reaction,
    Scenario,
    Test,
    Utterance,
)

QUESTIONS = ("ask_open", "ask_interest")
_HARSH = ("press", "blame")
_PERSONAL = ("ask_open", "ask_interest", "acknowledge", "challenge", "concede")  # said to a person rather than to a room
_THREAD, _ROUND = 6, 3  # turns one persona goes on answering: while it is spoken with, and when the room is told something
_ROOM = 0.8  # what is said to the whole room weighs a little less with each
_HEARD = 0.5  # facts and the child reach those who only listen
_LEAST = 0.2  # a repeated kindness never counts less than this share
_REST = 2  # turns between two concerns a persona raises unasked
_WITH = 0.5  # what is done in the same breath weighs half
_WILLING = 0.4  # commitment from which a role takes up an offer to settle things before the others do
_ROOM_FOR = r"\b(?:hear(?:d)?(?: \w+)? from|listen(?:ed|ing)? to|room for|asked|ask) (?:the )?"  # before a role's name: it is to speak
_STEM = 5  # letters by which two words are taken for one, once an ending is off: "close", "closes", "closing"
_WORDS = re.compile(r"[a-z]{4,}")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s|e)$")
_SMALL = frozenset(
    "about again also always another because been before being could does doing done down each even ever every from "
    "give good have hear here into isn't just keep know like little look make many maybe more most much need never "
    "nothing only other over perhaps please quite rather really right same seem should some something still such "
    "sure tell than thank thanks that their them then there these they thing things think this those though through "
    "told very want well were what when where which while will with without would your yours".split()
)


@dataclass
class State:
    """Where a sitting stands. Only `step` changes it."""

    values: dict[str, dict[str, float]]
    bonds: dict[str, dict[str, float]]
    warmth: dict[str, float]
    present: list[str]
    speaker: str
    difficulty: Difficulty  # now; a trainer may change it under way
    turn: int = 0
    move: str = ""
    topic: str | None = None
    heard: str = ""  # the learner's words this turn
    to: str = "all"
    streak: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)  # move to persona: how often, for damping
    revealed: list[str] = field(default_factory=list)  # persona.interest, in order
    notes: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)  # wordings
    last: dict[str, int] = field(default_factory=dict)  # line to turn
    said: dict[str, str] = field(default_factory=dict)  # move to the learner's last typed words
    spoke: dict[str, int] = field(default_factory=dict)  # persona to turn
    secrets: dict[str, int] = field(default_factory=dict)  # persona to the turn of its last secret
    concern: int = -9
    chimed: int = -9
    held: int = 0  # turns the same persona has answered in a row
    lost: int = 0  # in a row
    struck: dict[str, dict[str, float]] = field(default_factory=dict)  # persona to what events, and not the learner, did this turn
    ending: str | None = None
    stopped: str | None = None

    def copy(self) -> State:
        twin = State(**self.__dict__)
        twin.values = {k: dict(v) for k, v in self.values.items()}
        twin.bonds = {k: dict(v) for k, v in self.bonds.items()}
        twin.struck = {k: dict(v) for k, v in self.struck.items()}
        for name in ("counts", "told", "last", "said", "spoke", "secrets"):
            setattr(twin, name, dict(getattr(self, name)))
        for name in ("notes", "events", "used"):
            setattr(twin, name, set(getattr(self, name)))
        twin.present, twin.revealed = list(self.present), list(self.revealed)
        return twin

    @property
    def over(self) -> bool:
        return self.ending is not None or self.stopped is not None


class Play:
    """One scenario under one seed and one difficulty."""

    def __init__(self, scenario: Scenario, seed: int, difficulty: Difficulty) -> None:
        self.scenario = scenario
        self.seed = seed
        self.difficulty = difficulty
        self._lines: dict[tuple[str, str, str], list[Line]] = {}  # by persona, part and move that could bring them
        for persona, lines in scenario.lines.items():
            kept = {r.line for r in scenario.personas[persona].red_lines}  # said only when a red line is crossed
            for line in lines:
                if line.id in kept:
                    continue
                named = [{v for t in o if t.kind == "move" for v in t.values} for o in line.when.options]
                moves = set().union(*named) if named and all(named) else {"", *scenario.moves}
                for move in moves:
                    self._lines.setdefault((persona, line.part, move), []).append(line)

    def start(self) -> tuple[State, tuple[Utterance, ...]]:
        """The state before the first move, and the opening."""
        people = self.scenario.personas
        values = {p: dict(row.start) for p, row in people.items()}
        for mine in values.values():
            mine["trust"] = _clamp(mine["trust"] + self.scenario.terms[self.difficulty].trust)
        warmth = {p: row.warmth[0] + (row.warmth[1] - row.warmth[0]) * draw(self.seed, p) for p, row in people.items()}
        present = [p for p, row in people.items() if row.joins is None]
        bonds = {p: {q: self.scenario.bonds.get(p, {}).get(q, 0.5) for q in people if q != p} for p in people}
        state = State(values, bonds, warmth, present, present[0], self.difficulty)
        said = [Utterance(None, self.scenario.opening, None, "narration")]
        said.extend(self._speak(state, line) for p in present if (line := self._pick(state, p, "opening")))
        return state, tuple(said)

    # ---- one event

    def step(self, state: State, event: Event) -> tuple[Utterance, ...]:
        """Plays one event on `state`, which it changes, and returns what is said."""
        if event.kind == "inject":
            inject = next(i for i in self.scenario.injects if i.id == event.id)
            return (*self._inject(state, inject), *self._arrivals(state), *self._close(state))
        if event.kind == "edit" and event.persona and event.variable and event.value is not None:
            state.values[event.persona][event.variable] = _clamp(event.value)
            return ()
        if event.kind == "terms" and (now := next((d for d in DIFFICULTIES if d == event.id), None)):
            shift = self.scenario.terms[now].trust - self.scenario.terms[state.difficulty].trust
            for mine in state.values.values():
                mine["trust"] = _clamp(mine["trust"] + shift)
            state.difficulty = now
            return ()
        if event.kind == "line":
            line = next((x for x in self.scenario.lines.get(event.persona or "", ()) if x.id == event.id), None)
            if line is None:
                return (Utterance(event.persona, event.text, None, "content"),)
            if line.reveals and f"{line.by}.{line.reveals}" not in state.revealed:
                state.revealed.append(f"{line.by}.{line.reveals}")
            return (self._speak(state, line, event.persona),)
        if event.kind == "lost":
            if event.answer and event.persona:
                return (Utterance(event.persona, event.answer),)
            state.lost += 1
            asking = next(p for p in (event.to, event.persona, state.speaker, *state.present) if p in state.present)
            found = self._pick(state, asking, "lost")
            return (self._speak(state, found, asking),) if found else ()
        if event.kind == "stop":
            state.stopped = event.why or "stop"
            return ()
        if event.kind in ("say", "move") and event.move:
            return self._turn(state, event, event.move)
        return ()

    def _turn(self, state: State, event: Event, move: str) -> tuple[Utterance, ...]:
        state.turn += 1
        state.lost, state.struck = 0, {}
        state.streak = state.streak + 1 if move == state.move else 1
        state.move, state.topic, state.to = move, event.topic, event.to if event.to in state.present else "all"
        if len(state.present) == 1:
            state.to = state.present[0]
        state.heard = event.text
        for done in filter(None, (event.also, move)):
            state.counts[done] = state.counts.get(done, 0) + 1
        speaker = self._who(state, event)
        if event.also:
            state.move = event.also
            self._effects(state, speaker, _WITH)
            state.move = move
        forced = self._effects(state, speaker)
        if event.text:
            state.said |= dict.fromkeys(filter(None, (event.also, move)), event.text)
        plain = self._plainly(state, speaker)
        asked = sorted(state.present, key=lambda p: p != speaker) if event.to == "all" else [speaker]
        told = None if plain else self._reveal(state, asked)
        if told:
            speaker = told.by
        state.held = state.held + 1 if speaker == state.speaker else 1
        state.speaker = speaker
        said: list[Utterance] = []
        content = told or plain or (None if forced else self._content(state, speaker))
        weary = state.streak >= 3 and draw(self.seed, f"again{state.turn}") < 0.7
        reaction = forced or self._pick(state, speaker, "again" if weary else "reaction")
        if content and content.shared and content.part == "content" and reaction and not reaction.shared:
            content = None  # words of its own say more than "I have said all I know"
        if reaction and not plain and not (reaction.shared and content and self._enough(state, content)):
            said.append(self._speak(state, reaction, speaker))
        if content:
            said.append(self._speak(state, content, speaker))
        if not said and (line := self._pick(state, speaker, "again") or self._pick(state, speaker, "lost")):
            said.append(self._speak(state, line, speaker))
        state.spoke[speaker] = state.turn
        if guest := self._brought_in(state, speaker):  # whoever was just given room is who is spoken with next
            state.speaker, state.held = guest, 0
        said.extend(self._aside(state, speaker))
        for inject in self.scenario.injects:
            if inject.at == state.turn and inject.id not in state.events and (not inject.only or state.difficulty in inject.only):
                said.extend(self._inject(state, inject))
        said.extend(self._arrivals(state))
        said.extend(self._close(state))
        return tuple(said)

    def _who(self, state: State, event: Event) -> str:
        """Who answers: the one spoken to; else the last speaker for some turns, then whoever was silent longest."""
        if event.to in state.present and event.to:
            return event.to
        if event.persona in state.present and event.persona:
            return event.persona
        if len(state.present) == 1:
            return state.present[0]
        if event.to is None and state.held == 0 and state.turn > 1:  # just brought in
            return state.speaker
        willing = max(state.present, key=lambda p: (state.values[p]["commitment"], p == state.speaker))
        if state.move == "agree_who_when" and state.values[willing]["commitment"] >= _WILLING:
            return willing
        stays = _THREAD if state.move in _PERSONAL else _ROUND
        order = sorted(state.present, key=lambda p: (state.spoke.get(p, -1), draw(self.seed, f"{p}{state.turn}")))
        if event.to is None and state.speaker in state.present and state.held < stays and state.turn > 1:
            order = [state.speaker, *(p for p in order if p != state.speaker)]
        if event.to is None and state.move in QUESTIONS:  # one who has nothing left to say leaves the question to the others
            meant = [p for p in order if any(self.asks_for(i, state.heard) for i in self.scenario.personas[p].interests)]
            if len(meant) == 1:
                return meant[0]
            knows = next((p for p in order if self._plainly(state, p)), None)
            return knows or next((p for p in order if self._answers(state, p)), order[0])
        return order[0]

    def _brought_in(self, state: State, speaker: str) -> str | None:
        """The role the learner's words made room for: named, here, and not the one who answered."""
        called = "|".join(re.escape(c) for p in self.scenario.personas.values() for c in p.called)
        room = "" if state.move == "invite_missing" else _ROOM_FOR
        heard = {m[1].lower() for m in re.finditer(rf"{room}\b({called})\b", state.heard, re.IGNORECASE)}
        named = [p for p in state.present if p != speaker and heard & {c.lower() for c in self.scenario.personas[p].called}]
        return named[0] if len(named) == 1 else None

    def _answers(self, state: State, persona: str) -> bool:
        """Whether the role has words of its own for what was asked, a secret it may tell now among them."""
        open_now = {i.id for i in self.scenario.personas[persona].interests if self.holds(i.reveal, state, persona)}
        return any(
            not x.shared and (x.reveals in open_now if x.reveals else self._about(x)) and self._ready(state, x, persona)
            for x in self._lines.get((persona, "content", state.move), ())
            if not x.reveals or f"{persona}.{x.reveals}" not in state.revealed
        )

    def _plainly(self, state: State, persona: str) -> Line | None:
        """What the role answers to a question that named a plain thing it knows: "how many come?" gets a number, not a secret."""
        lines = self._lines.get((persona, "content", state.move), ()) if state.move in QUESTIONS else ()
        heard = [x for x in lines if not x.reveals and _listens(x) and self._ready(state, x, persona)]
        return self._best(state, heard, persona) if heard else None

    # ---- what a move does

    def _effects(self, state: State, speaker: str, weight: float = 1.0) -> Line | None:
        """Applies the move to everyone present; returns a red line's words where one was crossed."""
        forced: Line | None = None
        addressed = state.present if state.to == "all" else [state.to]
        for persona in addressed:
            row = self.scenario.personas[persona]
            share = weight if len(addressed) == 1 else weight * _ROOM
            key = f"{state.move}>{persona}"
            crossed = next((r for r in row.red_lines if self.holds(r.when, state, persona)), None)
            if crossed:
                self._apply(state, persona, crossed.effect, share, 0)
                if persona == speaker:
                    line = next(x for x in self.scenario.lines[persona] if x.id == crossed.line)
                    forced = line if self._wordings(state, line) else None
            elif reaction := self._reaction(state, row):
                self._apply(state, persona, reaction.effect, share, state.told.get(key, 0))
                for other, delta in reaction.bond.items():
                    state.bonds[persona][other] = _clamp(state.bonds[persona][other] + delta * share)
                if reaction.note:
                    state.notes.add(reaction.note)
            state.told[key] = state.told.get(key, 0) + 1
        if state.to != "all":
            reaction = self._reaction(state, self.scenario.personas[state.to])
            for listener in state.present:
                if listener != state.to and reaction:
                    regard = state.bonds[listener][state.to]
                    heard = {
                        v: d * (_HEARD if v in ("clarity", "child") else _HEARD * regard)
                        for v, d in reaction.effect.items()
                        if v != "commitment"
                    }
                    self._apply(state, listener, heard, weight, state.told.get(f"{state.move}>{state.to}", 1) - 1)
        return forced

    def _reaction(self, state: State, row: Persona) -> Reaction | None:
        own = (r for r in row.reactions if self.holds(r.when, state, row.id))
        common = (r for r in self.scenario.moves[state.move].reactions if self.holds(r.when, state, row.id))
        return next(own, None) or next(common, None)

    def _apply(self, state: State, persona: str, effect: Mapping[str, float], share: float, repeats: int) -> None:
        mine = state.values[persona]
        damp = max(0.5**repeats, _LEAST)
        for variable, delta in effect.items():
            kind = delta < 0 if variable == "pressure" else delta > 0
            warm = 0.8 + 0.4 * state.warmth[persona] if variable == "trust" else 1.0
            scale = damp * warm if kind else 1.0 / self.scenario.terms[state.difficulty].patience
            mine[variable] = _clamp(mine.get(variable, 0.0) + delta * share * scale)

    def _reveal(self, state: State, asked: list[str]) -> Line | None:
        """The line that tells at most one secret: of whoever answers, or where all were asked, of any; with a turn's rest."""
        if not self.scenario.moves[state.move].opens:
            return None
        for persona in asked:
            if state.turn - state.secrets.get(persona, -9) < _REST:
                continue
            # What the learner has just asked for comes before what was asked for earlier, and what the words were about before the rest.
            untold = [i for i in self.scenario.personas[persona].interests if f"{persona}.{i.id}" not in state.revealed]
            if state.move in QUESTIONS and any(self.asks_for(i, state.heard) for i in untold):  # what was asked for, or nothing
                untold = [i for i in untold if self.asks_for(i, state.heard) or echo(f"{i.asked_by} {i.secret}", state.heard)]
            for interest in sorted(
                untold,
                key=lambda i: (not _asks(i.reveal, state.move), -echo(f"{i.asked_by} {i.secret}", state.heard)),
            ):
                if not self.holds(interest.reveal, state, persona) or self._beside(state, persona, interest):
                    continue
                content = self._lines.get((persona, "content", state.move), ())
                lines = [x for x in content if x.reveals == interest.id and self._ready(state, x, persona)]
                if lines:
                    state.revealed.append(f"{persona}.{interest.id}")
                    state.secrets[persona] = state.turn
                    return self._best(state, lines, persona)
        return None

    def _beside(self, state: State, persona: str, interest: Interest) -> bool:
        """Whether a question in the learner's own words is about something else, to which the role has an answer: then that comes first."""
        if not state.heard or state.move not in QUESTIONS or _asks(interest.reveal, state.move):
            return False
        answers = (x for x in self._lines.get((persona, "content", state.move), ()) if not x.reveals and not x.shared and self._about(x))
        return not echo(f"{interest.asked_by} {interest.secret}", state.heard) and any(self._ready(state, x, persona) for x in answers)

    # ---- what is said

    def _enough(self, state: State, content: Line) -> bool:
        """Whether these words need no lead-in of the manner's: they come from it too, or are themselves how the move is taken."""
        return content.shared or (state.move not in QUESTIONS and not content.reveals and self._about(content))

    def _content(self, state: State, speaker: str) -> Line | None:
        lines = [x for x in self._lines.get((speaker, "content", state.move), ()) if not x.reveals and self._ready(state, x, speaker)]
        answers = [x for x in lines if self._about(x)]
        if any(not x.shared for x in answers):
            return self._reserved(state, answers, speaker) or self._best(state, answers, speaker)
        if state.move in QUESTIONS and (kept := self._reserved(state, [], speaker)):
            return kept
        if state.move not in (*_HARSH, "step_out", "greet") and (state.turn - state.concern >= _REST or state.move == "ask_open"):
            concerns = [x for x in lines if not self._about(x)]
            if concerns:
                state.concern = state.turn
                return self._best(state, concerns, speaker)
        return self._best(state, answers, speaker) if answers else None  # a manner's "that is all I know" comes last

    def _reserved(self, state: State, answers: list[Line], speaker: str) -> Line | None:
        """What the role says where it is asked for something it will not tell yet, unless an answer takes the words up as well."""
        kept = [i for i in self.scenario.personas[speaker].interests if f"{speaker}.{i.id}" not in state.revealed]
        if state.move not in QUESTIONS or not any(self.asks_for(i, state.heard) for i in kept):
            return None
        return None if any(echo(s, state.heard) for x in answers if not x.shared for s in x.say) else self._pick(state, speaker, "reserved")

    @staticmethod
    def _about(line: Line) -> bool:
        return any(t.kind in ("move", "topic", "heard") for option in line.when.options for t in option)

    def _aside(self, state: State, speaker: str) -> list[Utterance]:
        if state.turn - state.chimed < 3:
            return []
        for persona in sorted(state.present, key=lambda p: draw(self.seed, f"aside{p}{state.turn}")):
            if persona != speaker and (line := self._pick(state, persona, "aside")):
                state.chimed = state.turn
                return [self._speak(state, line, persona)]
        return []

    def _inject(self, state: State, inject: Inject) -> list[Utterance]:
        state.events.add(inject.id)
        for who, effect in inject.effect.items():
            for persona in state.present if who == "all" else [who]:
                mine, struck = state.values[persona], state.struck.setdefault(persona, {})
                for variable, delta in effect.items():
                    before = mine.get(variable, 0.0)
                    mine[variable] = _clamp(before + delta)
                    struck[variable] = struck.get(variable, 0.0) + mine[variable] - before
        said = [Utterance(None, inject.text, inject.id, "narration")]
        for persona in state.present:  # whoever has a word to say about it says it at once
            lines = self._lines.get((persona, "content", state.move), ())
            if found := [x for x in lines if not x.reveals and _follows(x, inject.id) and self._ready(state, x, persona)]:
                return [*said, self._speak(state, self._best(state, found, persona), persona)]
        return said

    def _arrivals(self, state: State) -> list[Utterance]:
        said: list[Utterance] = []
        for persona, row in self.scenario.personas.items():
            if persona not in state.present and row.joins is not None and self.holds(row.joins, state, persona):
                state.present.append(persona)
                if line := self._pick(state, persona, "arrival"):
                    said.append(self._speak(state, line, persona))
        return said

    def _close(self, state: State) -> list[Utterance]:
        ending = next((e for e in self.scenario.endings if self.holds(e.when, state, None)), None)
        if ending is None:
            return []
        state.ending = ending.id
        return [*self._farewell(state, ending), Utterance(None, ending.text, ending.id, "narration")]

    def _farewell(self, state: State, ending: Ending) -> list[Utterance]:
        closing = self._lines.get((state.speaker, "closing", state.move), [])
        named = [x for x in closing if x.id in (ending.id, f"{state.speaker}-{ending.id}")] or [
            x for x in closing if x.id.startswith(ending.kind)
        ]
        ready = [x for x in named if self._ready(state, x, state.speaker)]
        return [self._speak(state, self._best(state, ready, state.speaker), state.speaker)] if ready else []

    def _pick(self, state: State, persona: str, part: PartName) -> Line | None:
        ready = [x for x in self._lines.get((persona, part, state.move), ()) if self._ready(state, x, persona)]
        return self._best(state, ready, persona) if ready else None

    def _ready(self, state: State, line: Line, persona: str) -> bool:
        if line.recalls and line.recalls not in state.said:
            return False
        if any(f"{persona}.{i}" in state.revealed for i in line.against):
            return False
        return bool(self._wordings(state, line)) and self.holds(line.when, state, persona)

    def _wordings(self, state: State, line: Line) -> list[str]:
        return [s for s in line.say if s not in state.used]

    def _best(self, state: State, lines: list[Line], persona: str) -> Line:
        def order(line: Line) -> tuple[bool, bool, int, int, int, float]:
            option = next(o for o in (*line.when.options, ()) if all(self._test(t, state, persona) for t in o) or not line.when.options)
            near = max(echo(s, state.heard) for s in self._wordings(state, line))
            deaf = not any(t.kind == "heard" for t in option)
            return (line.shared, deaf, -len(option), -near, state.last.get(line.id, -1), draw(self.seed, f"{line.id}{state.turn}"))

        return min(lines, key=order)

    def _speak(self, state: State, line: Line, persona: str | None = None) -> Utterance:
        fresh = self._wordings(state, line) or list(line.say)
        nearest = max(echo(s, state.heard) for s in fresh)
        fresh = [s for s in fresh if echo(s, state.heard) == nearest]
        text = fresh[int(draw(self.seed, f"{line.id}/{state.turn}") * len(fresh))]
        state.used.add(text)
        state.last[line.id] = state.turn
        if line.recalls:
            text = text.replace("$recall", quote(state.said.get(line.recalls, "")))
        return Utterance(persona or line.by, text, line.id, line.part)

    # ---- conditions

    def asks_for(self, interest: Interest, heard: str) -> bool:
        """Whether words ask for what is kept back: as the question that would bring it out, or half as it and not of what all speak of."""
        wanted = stems(interest.asked_by)
        shared = wanted & stems(heard)
        return bool(wanted) and (shared == wanted or (2 * len(shared) >= len(wanted) and bool(shared - self._spoken_of)))

    @cached_property
    def _spoken_of(self) -> frozenset[str]:
        """The words of meaning in whatever anybody may hear without a secret being told."""
        scenario, people = self.scenario, self.scenario.personas.values()
        briefs = (x for p in people for x in (p.public, p.position, *p.facts))
        lines = (s for own in scenario.lines.values() for line in own if not line.shared and not line.reveals for s in line.say)
        return frozenset().union(*map(stems, (scenario.setting, scenario.opening, *scenario.learner_knows, *briefs, *lines)))

    def wanting(self, state: State, persona: str, interest: Interest) -> dict[str, float]:
        """The persona's own values that are still short of what this interest waits for, and how high they must be."""
        wanted = (t for option in interest.reveal.options[:1] for t in option if t.kind == "value" and t.sign.startswith(">"))
        return {t.subject.rpartition(".")[2]: t.limit for t in wanted if not self._test(t, state, persona)}

    def holds(self, when: Condition, state: State, me: str | None) -> bool:
        return not when.options or any(all(self._test(t, state, me) for t in option) for option in when.options)

    def _test(self, test: Test, state: State, me: str | None) -> bool:  # noqa: PLR0912  one line a kind
        kind = test.kind
        if kind == "move":
            return state.move in test.values
        if kind == "value":
            who, _, variable = test.subject.rpartition(".")
            who = me if who == "me" and me else who
            if who in state.values:
                return _compares(state.values[who].get(variable, 0.0), test)
            found = [_compares(state.values[p].get(variable, 0.0), test) for p in state.present]
            return all(found) if who == "all" else any(found)
        if kind in ("told", "left"):
            who = me if test.subject == "me" and me else test.subject
            told = sum(r.startswith(f"{who}.") or who in ("any", "all") for r in state.revealed)
            kept = sum(len(p.interests) for p in self.scenario.personas.values() if who in ("any", "all", p.id)) - told
            return _compares(told if kind == "told" else kept, test)
        if kind in ("revealed", "hidden"):
            pool = [p for p in state.values if test.subject in ("any", "all", p)]
            known = [f"{p}.{v}" in state.revealed for p in pool for v in test.values]
            return any(known) if kind == "revealed" else not any(known)
        if kind in ("asked", "not_asked"):
            return any(v in state.counts for v in test.values) == (kind == "asked")
        if kind == "asked_all":
            return all(v in state.counts for v in test.values)
        if kind == "turn":
            return _compares(state.turn, test)
        if kind == "repeat":
            return _compares(state.counts.get(state.move, 0), test)
        if kind == "count":
            return _compares(state.counts.get(test.subject, 0), test)
        if kind == "heard":
            return any(re.search(rf"\b{re.escape(v)}\b", state.heard, re.IGNORECASE) for v in test.values)
        if kind == "topic":
            return state.topic in test.values
        if kind == "to":
            return state.to in test.values
        if kind in ("noted", "not_noted"):
            return any(v in state.notes for v in test.values) == (kind == "noted")
        if kind in ("event", "not_event"):
            return any(v in state.events for v in test.values) == (kind == "event")
        if kind == "bond":
            a, _, b = test.subject.partition(">")
            return _compares(state.bonds.get(a, {}).get(b, 0.5), test)
        return False


def moment(event: Event, said: tuple[Utterance, ...], before: State, after: State) -> Moment:
    """One turn as the debrief sees it."""
    change: dict[str, dict[str, float]] = {}
    for p, row in after.values.items():
        by_events = after.struck.get(p, {})
        moved = {v: round(x - before.values[p].get(v, 0.0) - by_events.get(v, 0.0), 3) for v, x in row.items()}
        change[p] = {v: d for v, d in moved.items() if abs(d) > 0.004}
    told = tuple(after.revealed[len(before.revealed) :])
    values = {p: dict(v) for p, v in after.values.items()}
    happened = tuple(u.text for u in said if u.persona is None and u.line in after.events)
    return Moment(after.turn, event.move or "", event.text, event.to, event.by, said, values, change, told, happened, event.also)


def band(value: float, words: tuple[str, ...]) -> str:
    """The word for a value, of five."""
    return words[min(int(value * 5), 4)]


def stems(text: str) -> frozenset[str]:
    """The words that carry meaning, cut so that "close" and "closing" are one."""
    return frozenset(_ENDING.sub("", w)[:_STEM] for w in _WORDS.findall(text.lower()) if w not in _SMALL)


@lru_cache(maxsize=4096)
def echo(line: str, heard: str) -> int:
    """How many words of meaning a line takes up from what was just said."""
    return len(stems(line) & stems(heard)) if heard else 0


def quote(text: str, most: int = 14) -> str:
    """A learner's own words, cut at a word where they run long."""
    found = re.sub(r"\s+", " ", text).strip().rstrip(".?!").split(" ")
    return " ".join(found[:most]) + (" …" if len(found) > most else "")


def _listens(line: Line) -> bool:
    """Whether every way to this line asks for words the learner said."""
    return bool(line.when.options) and all(any(t.kind == "heard" for t in option) for option in line.when.options)


def _follows(line: Line, inject: str) -> bool:
    """Whether every way to this line asks for this event."""
    return bool(line.when.options) and all(any(t.kind == "event" and inject in t.values for t in o) for o in line.when.options)


def _asks(when: Condition, move: str) -> bool:
    return any(t.kind in ("asked", "move") and move in t.values for option in when.options for t in option)


def _compares(value: float, test: Test) -> bool:
    if test.sign == ">=":
        return value >= test.limit - 1e-9
    if test.sign == "<=":
        return value <= test.limit + 1e-9
    if test.sign == ">":
        return value > test.limit
    if test.sign == "<":
        return value < test.limit - 1e-9
    return abs(value - test.limit) < 1e-9


def _clamp(value: float) -> float:
    return min(1.0, max(0.0, round(value, 6)))


def draw(seed: int, key: str) -> float:
    """A number in 0..1 that depends on nothing else."""
    return zlib.crc32(f"{seed}|{key}".encode()) / 2**32
