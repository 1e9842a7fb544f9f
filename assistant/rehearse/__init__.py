"""Rehearsal: practising a hard conversation between agencies, with reasonable people, as often as wanted.

`load_scenarios` reads the scenarios, `Sitting` is one under way, `replay` plays saved events again, `print_pack` makes the
paper version, `inspect` finds what is wrong with a scenario. The file format is in docs/scenarios.md.
"""

from assistant.rehearse.debrief import as_json, as_word, print_pack
from assistant.rehearse.lint import inspect
from assistant.rehearse.load import load_scenario, load_scenarios, load_shared
from assistant.rehearse.notice import Noticer
from assistant.rehearse.shelf import Kept, Shelf
from assistant.rehearse.sitting import Sitting, replay
from assistant.rehearse.types import Debrief, Event, Hint, Reading, Reply, Scenario, Utterance
from assistant.rehearse.workshop import Workshop

__all__ = [
    "Debrief",
    "Event",
    "Hint",
    "Kept",
    "Noticer",
    "Reading",
    "Reply",
    "Scenario",
    "Shelf",
    "Sitting",
    "Utterance",
    "Workshop",
    "as_json",
    "as_word",
    "inspect",
    "load_scenario",
    "load_scenarios",
    "load_shared",
    "print_pack",
    "replay",
]
