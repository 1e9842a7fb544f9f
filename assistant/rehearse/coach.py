"""The coach: what was seen, one line to try and where it comes from. Rules are data, each with a rest period."""

from __future__ import annotations

from assistant.rehearse.engine import Play, State
from assistant.rehearse.types import Hint, Rule

_STUCK = ("ask_open", "acknowledge", "ask_interest", "name_child", "summarise", "propose", "agree_who_when")


def remark(play: Play, state: State, rested: dict[int, int]) -> Hint | None:
    """The first rule that speaks now and has had its rest; `rested` holds the turn each rule last spoke, and is updated."""
    for i, rule in enumerate(play.scenario.rules):
        if state.turn - rested.get(i, -99) >= rule.rest and speaks(play, state, rule):
            rested[i] = state.turn
            return Hint(rule.seen, rule.try_line, rule.passage)
    return None


def speaks(play: Play, state: State, rule: Rule) -> bool:
    return play.holds(rule.when, state, state.speaker)


def suggestions(state: State) -> tuple[str, ...]:
    """Moves a stuck learner may take up: what has not been tried first, an ending step only once there is will."""
    will = max(state.values[p]["commitment"] for p in state.present)
    order = sorted(_STUCK, key=lambda m: (state.counts.get(m, 0), _STUCK.index(m)))
    if will < 0.4:
        order = [m for m in order if m != "agree_who_when"] + ["agree_who_when"]
    else:
        order = ["agree_who_when", *[m for m in order if m != "agree_who_when"]]
    return tuple(order)
