"""The Partnership Assistant: an adviser for people who make agencies work together for children. README.md shows its use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.curate import Coverage, coverage
    from assistant.errors import AssistantError, KnowledgeError, ModelError, NotBuiltError, StoreError, UsageError
    from assistant.export import marked_once
    from assistant.rehearse import Debrief, Hint, Reply, Scenario, Sitting, Utterance, print_pack
    from assistant.rehearse import as_json as debrief_json
    from assistant.rehearse import as_word as debrief_word
    from assistant.session import Assistant, Session, as_json, placement_json, question_from, screening_json
    from assistant.settings import Settings
    from assistant.types import Answer, Document, Placement, Question, Screening, Turn

__all__ = [
    "Answer", "Assistant", "AssistantError", "Coverage", "Debrief", "Document", "Hint", "KnowledgeError", "ModelError", "NotBuiltError",
    "Placement", "Question", "Reply", "Scenario", "Screening", "Session", "Settings", "Sitting", "StoreError", "Turn", "UsageError",
    "Utterance", "as_json", "coverage", "debrief_json", "debrief_word", "marked_once", "placement_json", "print_pack", "question_from",
    "screening_json",
]  # fmt: skip

# Where each name lives. It is imported when it is first used, so that a command waits only for what it needs.
_HOMES = {
    "curate": "Coverage coverage",
    "errors": "AssistantError KnowledgeError ModelError NotBuiltError StoreError UsageError",
    "export": "marked_once",
    "rehearse": "Debrief Hint Reply Scenario Sitting Utterance print_pack debrief_json debrief_word",
    "session": "Assistant Session as_json placement_json question_from screening_json",
    "settings": "Settings",
    "types": "Answer Document Placement Question Screening Turn",
}
_OTHERWISE = {"debrief_json": "as_json", "debrief_word": "as_word"}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names.split():
            found = getattr(import_module(f"assistant.{module}"), _OTHERWISE.get(name, name))
            globals()[name] = found
            return found
    raise AttributeError(f"module 'assistant' has no attribute {name!r}")
