"""One rehearsal: what a page or a terminal talks to. Everything it knows follows from its events, so it can be replayed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from assistant.errors import UsageError
from assistant.rehearse import coach, debrief, voice
from assistant.rehearse.engine import Play, State, band, draw, moment, stems
from assistant.rehearse.notice import ASKING, Noticer, addressed
from assistant.rehearse.types import (
    Debrief,
    Difficulty,
    Event,
    Hint,
    Hints,
    Leave,
    Line,
    Mode,
    Moment,
    Reading,
    Reply,
    Scenario,
    Utterance,
)
from assistant.types import Screening

Screen = Callable[[str], Screening]
_AHEAD = 4  # lines of a script that may be offered before their time: a summary of what is still to be said is not
_BRINGING = "invite_missing"
_ANSWERING = ("summarise", "propose", "concede")  # moves that take up what somebody has said, perhaps long before
_RECENT = 4  # turns within which a question may take up what somebody said


class Sitting:
    """A role-play under way: a new one, or with `replay` a saved one. Not shared between threads; nothing is stored.

    `opening` holds what is said first. Modes other than `choose` need a noticer.
    """

    def __init__(
        self, scenario: Scenario, seed: int = 0, difficulty: Difficulty | None = None, mode: Mode | None = None, *,
        noticer: Noticer | None = None, screen: Screen | None = None, model: voice.Model | None = None, hints: Hints | None = None,
    ) -> None:  # fmt: skip
        self.scenario = scenario
        self.seed = seed
        self.difficulty: Difficulty = difficulty or scenario.difficulty
        self._play = Play(scenario, seed, self.difficulty)
        self.mode: Mode = mode or scenario.terms[self.difficulty].mode
        self.hints: Hints = hints or scenario.terms[self.difficulty].hints
        self._noticer = noticer
        self._screen = screen
        self._model = model
        self._events: list[Event] = []
        first, self.opening = self._play.start()
        self._states: list[State] = [first]  # before each event, then after the last
        self._said: list[tuple[Utterance, ...]] = []
        self._rested: dict[int, int] = {}
        self._fiction = False  # the learner has said once that this is the exercise: worries then belong to it, dangers still ask
        self._held: tuple[str, str | None, str] | None = None  # waiting for "is this real?": words, whom they were said to, a notice
        self.about_self = False  # whether those words are about the learner's own safety rather than a child's
        self._unread: tuple[str, Reading] | None = None  # words that may be harmful or harmless: asked back before they count
        self._worded: dict[str, str] = {}  # what a model made of a line, so that a replay says it the same way
        self.by: int | None = None  # which of two learners speaks now; None where one plays

    # ---- the learner

    def say(self, text: str, to: str | None = None) -> Reply:
        """Plays typed words. Screens come first; unsure readings offer a choice; words that say nothing get a question in role."""
        self._open()
        if why := self._leaving(text):
            return self.stop(why)
        notice = ""
        if self._screen:
            found = self._screen(text)
            if found.personal_data:
                text, notice = found.masked, self._words("masked")
            if found.urgent and not (self._fiction and found.urgent_kind == "worry"):
                self._held, self.about_self = (text, to, notice), found.urgent_kind == "own-crisis"
                return self._reply((), notice=self._words("check.own" if self.about_self else "check"))
            if found.injection:
                return self._reply((), notice=self._words("injection"), suggestions=self._suggested())
        return self._typed(text, to or self._said_to(text), notice)

    def confirm_real(self, real: bool) -> Reply:
        """Answers whether the held words are about a real child, or the learner: the role ends, or they are played."""
        held, self._held = self._held, None
        if held is None:
            raise UsageError("Nothing is waiting for an answer.")
        if real:
            return self.stop("own-crisis" if self.about_self else "real-child")
        self._fiction = True
        return self._typed(*held)

    def _typed(self, text: str, to: str | None, notice: str) -> Reply:
        if self._noticer is None:
            raise UsageError("Typed words cannot be read here. Choose a line instead.")
        reading = self._noticer.read(text, self.scenario, to)
        reading, notice = self._directed(text, reading, notice)
        if self._model and reading.sure != "confident":
            if move := voice.read(self._model, text, self.scenario):
                reading = replace(reading, move=move, others=(reading.move, *reading.others)[:2], sure="confident", also=None)
            elif "?" in text and (reply := self._off_script(self._model, text, reading, notice)):
                return reply
        if reading.sure == "lost":
            return self._lost(text, reading, notice)
        if reading.sure == "between" and self._harmful(reading.move) != self._harmful(reading.others[0]) and self._states[-1].lost < 2:
            said = self._add(Event("lost", text=text, to=reading.to, by=self.by))
            self._unread = text, reading
            return self._reply(said, reading, notice)
        whose = self._taken_up(text, len(self._said) + 1) if reading.move in _ANSWERING and not reading.to else None
        event = Event("say", text=text, move=reading.move, also=reading.also, topic=reading.topic, to=reading.to, persona=whose)
        return self._turn(event, reading, notice)

    def _directed(self, text: str, reading: Reading, notice: str) -> tuple[Reading, str]:
        """To whom it is said. Nobody who is away; a question that takes up what somebody just said is for that role."""
        present = self._states[-1].present
        if reading.to and reading.to != "all" and reading.to not in present:
            named = addressed(text, self.scenario) == reading.to  # rather than guessed from what was asked
            if named and reading.sure == "between" and _BRINGING in reading.others:  # who speaks of one who is away may well want them here
                others = (reading.move, *(m for m in reading.others if m != _BRINGING))
                return replace(reading, move=_BRINGING, others=others, to=None), notice
            away = self._words("away", name=self.scenario.personas[reading.to].name) if named else ""
            reading, notice = replace(reading, to=None), notice or away
        if reading.to or reading.move not in ASKING:
            return reading, notice
        return replace(reading, to=self._taken_up(text, _RECENT)), notice

    def _taken_up(self, text: str, turns: int) -> str | None:
        """The role whose words of the last turns are taken up more than those of any other."""
        said = [u for words in (self.opening, *self._said)[-turns:] for u in words]
        shared = {p: len(stems(text) & stems(" ".join(u.text for u in said if u.persona == p))) for p in self._states[-1].present}
        first, *others = sorted(shared, key=lambda p: -shared[p])
        return first if others and shared[first] > shared[others[0]] else None

    def _harmful(self, move: str) -> bool:
        return self.scenario.moves[move].counts == "against"

    def meant(self, move: str) -> Reply:
        """Answers which of two readings was meant: the turn is played as that one."""
        held, self._unread = self._unread, None
        if held is None:
            return self.correct(self.turn, move)
        text, reading = held
        self._replay(self._events[:-1])
        return self._turn(Event("say", text=text, move=move, topic=reading.topic, to=reading.to), Reading(move), "")

    def move(self, move: str, topic: str | None = None, to: str | None = None, text: str = "") -> Reply:
        """Plays a move chosen rather than typed. Raises UsageError for one that does not exist."""
        self._open()
        if move not in self.scenario.moves:
            raise UsageError(f"There is no move {move!r}. Use one of: {', '.join(self.scenario.moves)}.")
        if to not in (None, "all", *self.scenario.personas):
            raise UsageError(f"Nobody here is called {to!r}. Use one of: all, {', '.join(self.scenario.personas)}.")
        to = to or self._said_to(text)
        return self._turn(Event("move", text=text, move=move, topic=topic, to=to), Reading(move, topic=topic, to=to), "")

    def _said_to(self, text: str) -> str | None:
        """Whom a line that was offered is meant for, where its script says so and that role is there."""
        lines = (line for script in self.scenario.scripts.values() for line in script.lines if text and line.say == text)
        return next((x.to for x in lines if x.to in self._states[-1].present), None)

    def correct(self, turn: int, move: str) -> Reply:
        """Changes what turn `turn` is taken as, and plays everything after it again."""
        if move not in self.scenario.moves:
            raise UsageError(f"There is no move {move!r}. Use one of: {', '.join(self.scenario.moves)}.")
        at = self._at(turn)
        events = [*self._events]
        events[at] = replace(events[at], move=move, also=None)
        self._replay(events)
        return self._reply(self._said[-1] if self._said else (), Reading(move))

    def choices(self, several: int = 5) -> tuple[tuple[str, str], ...]:
        """Moves and lines to choose between: untried ones, one tempting and harmful, in an order the seed sets."""
        state, best, draw = self._states[-1], self._sayings(self.scenario.scripts), _order(self.seed, self.turn)
        moves = sorted(best, key=lambda m: (best[m] in self.scenario.moves[m].lines, draw(m)))
        helpful = [m for m in coach.suggestions(state) if m in best][:2]
        bad = [m for m in moves if self.scenario.moves[m].counts == "against"][:1]
        rest = [m for m in moves if m not in (*helpful, *bad) and self.scenario.moves[m].counts == "for"]
        picked = [*helpful, *bad, *rest][:several]
        return tuple((m, best[m]) for m in sorted(picked, key=draw))

    def hint(self) -> Hint:
        """What the coach would say now; where no rule speaks, a line worth trying."""
        found = coach.remark(self._play, self._states[-1], {})
        if found:
            return found
        return Hint("", self._suggested()[0], None)

    def stop(self, why: Leave = "stop") -> Reply:
        """Ends the role at once, kindly. What was typed is not kept."""
        self._held = None
        self._add(Event("stop", why=why))
        return self._reply((), notice=self._words(f"stop.{why}"))

    # ---- the trainer

    def inject(self, identity: str) -> Reply:
        self._open()
        if identity not in {i.id for i in self.scenario.injects}:
            raise UsageError(f"There is no inject {identity!r}. Use one of: {', '.join(i.id for i in self.scenario.injects)}.")
        return self._reply(self._add(Event("inject", id=identity)))

    def edit(self, persona: str, variable: str, value: float) -> None:
        """Sets one value, 0 to 1."""
        if persona not in self.scenario.personas or variable not in self._states[-1].values[persona]:
            raise UsageError(f"There is no value {variable!r} of {persona!r}.")
        self._add(Event("edit", persona=persona, variable=variable, value=value))

    def speak(self, persona: str, text: str = "", line: str | None = None) -> Reply:
        """Says a line of the file, or the trainer's own words, as the persona. Personal details in them are masked."""
        if persona not in self.scenario.personas:
            raise UsageError(f"There is no persona {persona!r}.")
        if line and line not in {x.id for x in self.scenario.lines[persona]}:
            raise UsageError(f"{persona!r} has no line {line!r}.")
        notice = ""
        if self._screen and text and (found := self._screen(text)).personal_data:
            text, notice = found.masked, self._words("masked")
        return self._reply(self._add(Event("line", text=text, persona=persona, id=line)), notice=notice)

    def change_difficulty(self, difficulty: Difficulty) -> None:
        """From here on; what was played stays as it was."""
        self._open()
        self._add(Event("terms", id=difficulty))

    def rewind(self, turn: int) -> None:
        """Goes back to where turn `turn` had just been played; 0 is the opening."""
        at = 0 if turn == 0 else self._at(turn) + 1
        self._replay(self._events[:at])

    def branch(self, turn: int | None = None) -> Sitting:
        """A second sitting that has everything up to `turn`; this one stays as it is."""
        twin = Sitting(
            self.scenario, self.seed, self.difficulty, self.mode,
            noticer=self._noticer, screen=self._screen, model=self._model, hints=self.hints,
        )  # fmt: skip
        twin._worded, twin.by = dict(self._worded), self.by
        twin._replay(self._events)
        if turn is not None:
            twin.rewind(turn)
        return twin

    def state(self) -> dict[str, Any]:
        """Everything, for the trainer: values and their bands, bonds, what has been told and what is pending."""
        state = self._states[-1]
        bands = self.scenario.shared.bands
        return {
            "turn": state.turn, "of": self.scenario.turns, "difficulty": state.difficulty, "seed": self.seed,
            "present": list(state.present), "speaker": state.speaker, "ending": state.ending, "stopped": state.stopped,
            "values": {p: dict(v) for p, v in state.values.items()},
            "bands": {p: {v: band(x, bands[v]) for v, x in row.items() if v in bands} for p, row in state.values.items()},
            "bonds": {p: dict(v) for p, v in state.bonds.items()},
            "revealed": list(state.revealed),
            "pending": [
                {
                    "persona": p.id, "id": i.id, "secret": debrief.sentence(i.secret), "ask": i.asked_by,
                    "needs": self._play.wanting(state, p.id, i),
                }
                for p in self.scenario.personas.values() for i in p.interests if f"{p.id}.{i.id}" not in state.revealed
            ],
            "injects": [i.id for i in self.scenario.injects if i.id not in state.events],
            "lines": [{"id": x.id, "persona": x.by, "text": x.say[0], "tells": bool(x.reveals)} for x in self._sayable(state)],
        }  # fmt: skip

    # ---- afterwards

    @property
    def over(self) -> bool:
        return self._states[-1].over

    @property
    def turn(self) -> int:
        return self._states[-1].turn

    @property
    def unread(self) -> bool:
        """Whether the last words did not count yet, since one of their two readings is harmful."""
        return self._unread is not None

    @property
    def waiting(self) -> bool:
        """Whether typed words are held until the learner says if they are real (`confirm_real`)."""
        return self._held is not None

    def doing(self, move: str, also: str | None = None) -> str:
        """A move in words, with a second in the same breath."""
        return debrief.doing(self.scenario, (also, move) if also else (move,))

    @property
    def suggestions(self) -> tuple[str, ...]:
        """Lines a learner may take up now."""
        return () if self.over else self._suggested()

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Every turn played, oldest first."""
        return tuple(
            moment(e, said, self._states[i], self._states[i + 1])
            for i, (e, said) in enumerate(zip(self._events, self._said, strict=True)) if e.kind in ("say", "move")
        )  # fmt: skip

    @property
    def events(self) -> dict[str, Any]:
        """All that is needed to play it again, as JSON."""
        return {
            "scenario": self.scenario.id, "version": self.scenario.version, "seed": self.seed, "difficulty": self.difficulty,
            "mode": self.mode, "events": [e.as_json() for e in self._events], **({"worded": self._worded} if self._worded else {}),
        }  # fmt: skip

    @property
    def spoken(self) -> tuple[tuple[Event | None, tuple[Utterance, ...]], ...]:
        """The whole talk in order: each event with what followed; None stands before the opening."""
        return ((None, self.opening), *zip(self._events, self._said, strict=True))

    def transcript(self) -> str:
        return debrief.transcript(self.scenario, self.spoken)

    def debrief(
        self, own: Sequence[str] = (), commitment: str = "", review_on: date | None = None, contested: Mapping[str, str] | None = None
    ) -> Debrief:
        """The debrief so far. `own` answers the first questions; `contested` is how the trainer sees an element instead."""
        after = [s for e, s in zip(self._events, self._states[1:], strict=True) if e.kind in ("say", "move")]
        return debrief.compose(self._play, self.moments, after, self._states[-1], tuple(own), commitment, review_on, contested or {})

    # ---- inside

    def _open(self) -> None:
        if self._held is not None:
            raise UsageError("Say first whether what you typed is real or part of the exercise.")
        if self.over:
            raise UsageError("This rehearsal has ended. Rewind it, or start another.")

    def _leaving(self, text: str) -> Leave | None:
        order: tuple[Leave, ...] = ("stop", "own-crisis", "real-child", "distress", "deceive", "graphic")
        plain = text.replace("’", "'").strip()
        patterns = self.scenario.shared.leave
        return next((why for why in order if any(re.search(p, plain, re.IGNORECASE) for p in patterns.get(why, ()))), None)

    def _lost(self, text: str, reading: Reading, notice: str) -> Reply:
        if self._states[-1].lost >= 2:
            return self._reply((), reading, notice or self._words("lost.suggest"), suggestions=self._suggested())
        return self._reply(self._add(Event("lost", text=text, to=reading.to, by=self.by)), reading, notice)

    def _off_script(self, model: voice.Model, text: str, reading: Reading, notice: str) -> Reply | None:
        """A question no move fits, answered from what the role may tell anyone. Nothing else changes."""
        state = self._states[-1]
        persona = self.scenario.personas[reading.to if reading.to in state.present and reading.to else state.speaker]
        words = voice.answer(model, text, persona, self.scenario, state)
        if not words:
            return None
        event = Event("lost", text=text, to=reading.to, persona=persona.id, answer=words, by=self.by)
        return self._reply(self._add(event), replace(reading, sure="lost"), notice)

    def _turn(self, event: Event, reading: Reading, notice: str) -> Reply:
        said = self._add(replace(event, by=self.by))
        if self._model:
            state = self._states[-1]
            for u in said:
                if u.persona and u.part != "closing" and (words := voice.word(self._model, u, event.text, self.scenario, state)) != u.text:
                    self._worded[u.text] = words
            said = self._said[-1] = self._as_worded(said)
        found = coach.remark(self._play, self._states[-1], self._rested) if self.hints == "live" and not self.over else None
        return self._reply(said, reading, notice, hint=found)

    def _add(self, event: Event) -> tuple[Utterance, ...]:
        self._unread = None
        after = self._states[-1].copy()
        said = self._as_worded(self._play.step(after, event))
        self._events.append(event)
        self._said.append(said)
        self._states.append(after)
        return said

    def _as_worded(self, said: tuple[Utterance, ...]) -> tuple[Utterance, ...]:
        return tuple(replace(u, text=self._worded.get(u.text, u.text)) if u.persona else u for u in said)

    def _replay(self, events: Sequence[Event]) -> None:
        first, self.opening = self._play.start()
        self._events, self._said, self._states, self._rested = [], [], [first], {}
        self._held = self._unread = None
        for event in events:
            if self.over:
                break  # a changed turn ended it earlier: what came after did not happen
            self._add(event)

    def _at(self, turn: int) -> int:
        """The place of the event that played turn `turn`."""
        for i, event in enumerate(self._events):
            if event.kind in ("say", "move") and self._states[i + 1].turn == turn:
                return i
        raise UsageError(f"There is no turn {turn}; the last is {self.turn}.")

    def _reply(
        self,
        said: tuple[Utterance, ...],
        reading: Reading | None = None,
        notice: str = "",
        *,
        hint: Hint | None = None,
        suggestions: tuple[str, ...] = (),
    ) -> Reply:
        moves = self.scenario.moves
        label = ""
        choose: tuple[str, ...] = ()
        if reading and reading.sure in ("confident", "told"):
            label = self._words("taken", doing=self.doing(reading.move, reading.also))
        elif reading and reading.sure == "between":
            first, second = (moves[m].doing for m in (reading.move, reading.others[0]))
            label = self._words("unread" if self.unread else "between", first=first, second=second)
            choose = (reading.move, reading.others[0])
        state = self._states[-1]
        if self.mode == "guided" and not suggestions and not state.over:
            suggestions = self._suggested()
        return Reply(state.turn, said, reading, label, choose, hint, notice, suggestions, state.ending, state.over)

    def _suggested(self, several: int = 3) -> tuple[str, ...]:
        best = self._sayings(["skilled"])
        return tuple(best[m] for m in coach.suggestions(self._states[-1]) if m in best)[:several]

    def _sayings(self, scripts: Iterable[str]) -> dict[str, str]:
        """For each move a line, best one that has not been said and that one of these scripts holds, else one of any talk.

        None speaks of what nobody has told the learner yet.
        """
        state = self._states[-1]
        pool: dict[str, list[str]] = {}
        for script in (self.scenario.scripts[s] for s in scripts if s in self.scenario.scripts):
            for line in script.lines[: state.turn + _AHEAD]:
                if line.say and line.to in (None, "all", *state.present):
                    pool.setdefault(line.move, []).append(line.say)
        own = {line for lines in pool.values() for line in lines}
        for move in self.scenario.moves.values():
            pool.setdefault(move.id, []).extend(move.lines)
        spoken = {e.text for e in self._events}
        if state.turn:
            pool.pop("greet", None)  # nobody says hello half-way through
        fresh = {m: [x for x in xs if x not in spoken and not voice.leaks(x, self.scenario, state.revealed)] for m, xs in pool.items()}
        draw = _order(self.seed, state.turn)
        return {m: min(xs or self.scenario.moves[m].lines, key=lambda x: (x not in own, draw(x))) for m, xs in fresh.items()}

    def _sayable(self, state: State) -> list[Line]:
        return [
            x
            for p in state.present
            for x in self.scenario.lines[p]
            if not x.shared and x.part in ("content", "aside") and not all(s in state.used for s in x.say)
        ]

    def _words(self, key: str, **names: str) -> str:
        return self.scenario.shared.words.say(f"rehearse.{key}", **names)


def replay(scenario: Scenario, saved: Mapping[str, Any], **doors: Any) -> Sitting:
    """The sitting whose `events` were saved: same file, same seed, same talk. `doors` are those of `Sitting`."""
    sitting = Sitting(scenario, int(saved.get("seed", 0)), saved.get("difficulty"), saved.get("mode"), **doors)
    try:
        sitting._worded = {str(k): str(v) for k, v in dict(saved.get("worded", {})).items()}
        sitting._replay([Event(**e) for e in saved["events"]])
    except (TypeError, KeyError, StopIteration) as error:
        raise UsageError(f"These events do not belong to {scenario.id!r}: {error}.") from None
    return sitting


def _order(seed: int, turn: int) -> Callable[[str], float]:
    return lambda key: draw(seed, f"{key}@{turn}")
