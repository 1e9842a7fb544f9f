"""Measures rehearsal: `python -m evals.rehearse [--random 5000] [--sealed] [--speed]`. JSON on standard output, each figure as n of m.

What is counted: scripted learners (order of scores and endings, skilled and harmful over seeds, typed lines as read by
the recogniser), random learners, moves on the labelled lines, repeated or early words in random talk, and speed.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from typing import Any, cast

from assistant.embed import PACKAGED, open_embeddings
from assistant.prompts import load_prompts
from assistant.rehearse import Noticer, Scenario, Sitting, load_scenarios, replay
from assistant.rehearse.engine import Play
from assistant.rehearse.lint import learners, play, random_events, script_events
from assistant.rehearse.types import Event, Reading, Utterance
from assistant.settings import Settings
from assistant.strict import read_yaml

ROOT = Path(__file__).parents[1]
CASES = ROOT / "evals/cases/rehearse/moves.yaml"
_RANK = {"good": 2, "partial": 1, "poor": 0}


def scripted(scenario: Scenario, seeds: int = 50) -> dict[str, Any]:
    """The three scripts with their labelled moves, over seeds at the scenario's own difficulty."""
    found = {k: [play(scenario, script_events(s), seed) for seed in range(seeds)] for k, s in scenario.scripts.items()}
    mean = {k: sum(o.score for o in v) / seeds for k, v in found.items()}
    rank = {k: sum(_RANK[o.kind] for o in v) / seeds for k, v in found.items()}
    ordered = mean["skilled"] > mean["mixed"] > mean["harmful"] and rank["skilled"] > rank["mixed"] > rank["harmful"]
    good = {k: sum(o.kind == "good" for o in v) for k, v in found.items()}
    return {"ordered": ordered, "good": good, "seeds": seeds, "scores": {k: round(v, 2) for k, v in mean.items()}}


class Remembered:
    """A noticer for one scenario that reads the same words once."""

    def __init__(self, noticer: Noticer, scenario: Scenario) -> None:
        self._read = cache(lambda text, to: noticer.read(text, scenario, to))

    def read(self, text: str, _: Scenario, to: str | None = None) -> Reading:
        return self._read(text, to)


def typed(scenario: Scenario, noticer: Noticer, seeds: int = 10) -> dict[str, Any]:
    """The scripts' own words through the recogniser, no label told: how lines are read, and how the talks end over seeds."""
    right = between = lines = lost = 0
    ends: dict[str, str] = {}
    scores: dict[str, float] = {}
    good: dict[str, int] = {}
    reader = cast("Noticer", Remembered(noticer, scenario))
    for key, script in scenario.scripts.items():
        good[key] = 0
        for seed in range(1, seeds + 1):
            sitting = Sitting(scenario, seed, mode="free", noticer=reader, hints="off")
            for line in script.lines:
                if sitting.over:
                    break
                reading = sitting.say(line.say, to=line.to).reading
                if seed == 1 and reading:
                    lines += 1
                    right += reading.move == line.move
                    between += reading.sure == "between"
                    lost += reading.sure == "lost"
            done = sitting.debrief()
            good[key] += done.ending_kind == "good"
            if seed == 1:
                ends[key], scores[key] = done.ending_kind or "partial", round(done.score, 2)
    ordered = (
        scores["skilled"] > scores["mixed"] > scores["harmful"] and _RANK[ends["skilled"]] > _RANK[ends["mixed"]] > _RANK[ends["harmful"]]
    )
    return {
        "right": right, "lines": lines, "between": between, "lost": lost, "ends": ends, "scores": scores, "ordered": ordered,
        "good": good, "seeds": seeds,
    }  # fmt: skip


def moves(noticer: Noticer, scenario: Scenario, part: str) -> dict[str, Any]:
    """The labelled lines of one half: right first, right among two, right when confident."""
    cases: dict[str, list[str]] = read_yaml(CASES.read_text("utf-8"), CASES.name)[part]
    top = two = sure = sure_right = lost = n = 0
    for move, texts in cases.items():
        for text in texts:
            reading = noticer.read(text, scenario)
            n += 1
            top += reading.move == move
            two += move in (reading.move, *reading.others[:1])
            lost += reading.sure == "lost"
            if reading.sure == "confident":
                sure += 1
                sure_right += reading.move == move
    return {"lines": n, "first": top, "first_two": two, "confident": sure, "confident_right": sure_right, "lost": lost}


def talk(scenario: Scenario, count: int = 50, turns: int = 20) -> dict[str, Any]:
    """Random conversations that run on past the scenario's turns: what is repeated, what comes early, what contradicts."""
    repeated = early = contradicted = silent = heard = 0
    for seed in range(count):
        desk = Play(scenario, seed, scenario.difficulty)
        state, opening = desk.start()
        said: list[Utterance] = list(opening)
        texts: set[str] = {u.text for u in said}
        for event in random_events(scenario, 10_000 + seed, turns):
            before = list(state.revealed)
            words = [u for u in desk.step(state, event) if u.part != "closing"]
            state.ending = None  # the talk goes on, to be looked at
            silent += not words
            for u in words:
                if u.persona is None:
                    continue
                heard += 1
                repeated += u.text in texts
                texts.add(u.text)
                early += _early(scenario, u, {*before, *state.revealed})
                contradicted += _contradicts(scenario, u, {*before, *state.revealed})
    return {
        "talks": count,
        "turns": turns,
        "lines": heard,
        "repeated": repeated,
        "early": early,
        "contradicted": contradicted,
        "silent": silent,
    }


def _own(scenario: Scenario, u: Utterance) -> bool:
    line = next((x for x in scenario.lines.get(u.persona or "", ()) if x.id == u.line), None)
    return line is not None and not line.shared


def _early(scenario: Scenario, u: Utterance, told: set[str]) -> bool:
    """Whether words of a secret not told stand in a line written for this scenario."""
    return _own(scenario, u) and any(
        f"{p.id}.{i.id}" not in told and any(re.search(rf"\b{re.escape(w)}\b", u.text.lower()) for w in i.words)
        for p in scenario.personas.values()
        for i in p.interests
    )


def _contradicts(scenario: Scenario, u: Utterance, told: set[str]) -> bool:
    """Whether a line that stands against an interest, or needs it still kept, was said once it was told."""
    line = next((x for x in scenario.lines.get(u.persona or "", ()) if x.id == u.line), None)
    if line is None:
        return False
    kept = {v for o in line.when.options for t in o if t.kind == "hidden" for v in t.values} if len(line.when.options) == 1 else set()
    return any(f"{u.persona}.{i}" in told for i in {*line.against, *kept})


def speed(scenarios: Mapping[str, Scenario], noticer: Noticer, count: int = 200) -> dict[str, float]:
    """Milliseconds of a typed turn, its reading included, over `count` turns of all scripts; and of replaying 200 turns.

    Each sitting is opened as the page opens one, outside what is measured; a first round is not counted.
    """
    spent: list[float] = []
    for scenario in (*scenarios.values(), *scenarios.values()):
        noticer.prepare(scenario)
        for script in scenario.scripts.values():
            sitting = Sitting(scenario, 1, mode="free", noticer=noticer, hints="live")
            for line in script.lines:
                if sitting.over:
                    break
                start = time.perf_counter()
                sitting.say(line.say)
                spent.append((time.perf_counter() - start) * 1000)
    counted = spent[len(spent) // 2 :][:count]
    scenario = max(scenarios.values(), key=lambda s: len(s.personas))
    open_ended = replace(scenario, endings=(), turns=500)
    many = {"seed": 3, "events": [e.as_json() for e in _endless(scenario, 200)]}
    start = time.perf_counter()
    long = replay(open_ended, many)
    whole = (time.perf_counter() - start) * 1000
    return {
        "typed_turns": float(len(counted)),
        "typed_median": round(median(counted), 1),
        "typed_p95": round(quantiles(counted, n=20)[-1], 1),
        "replayed_turns": float(long.turn),
        "replay": round(whole, 1),
    }


def _endless(scenario: Scenario, turns: int) -> Iterable[Event]:
    """Every move in turn, with words, so that lines run out and quotes are kept."""
    moves = list(scenario.moves)
    for i in range(turns):
        yield Event("say", move=moves[i % len(moves)], text="as I said before")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=5000)
    parser.add_argument("--sealed", action="store_true", help="count the sealed half of the labelled lines as well")
    parser.add_argument("--speed", action="store_true", help="measure the speed alone")
    parser.add_argument("--models", type=Path, default=Settings.from_environment().exported_models)
    args = parser.parse_args()
    scenarios = load_scenarios(ROOT / "knowledge", load_prompts(ROOT / "prompts"))
    any_one = next(iter(scenarios.values()))
    noticer = Noticer(any_one.shared.moves, open_embeddings(PACKAGED, args.models), args.models)
    if args.speed:
        print(json.dumps(speed(scenarios, noticer), indent=1))
        return
    out: dict[str, Any] = {"moves": {part: moves(noticer, any_one, part) for part in ("open", *(["sealed"] if args.sealed else []))}}
    out["speed"] = speed(scenarios, noticer)
    for key, scenario in scenarios.items():
        ends = learners(scenario, args.random)
        out[key] = {"scripted": scripted(scenario), "typed": typed(scenario, noticer), "random": dict(ends), "talk": talk(scenario)}
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
