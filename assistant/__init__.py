"""The Partnership Assistant: an adviser for people who make agencies work together for children. README.md shows its use."""

from assistant.curate import Coverage, coverage
from assistant.errors import AssistantError, KnowledgeError, ModelError, NotBuiltError, StoreError, UsageError
from assistant.rehearse import Debrief, Hint, Reply, Scenario, Sitting, Utterance, print_pack
from assistant.rehearse import as_json as debrief_json
from assistant.session import Assistant, Session, as_json, placement_json, question_from, screening_json
from assistant.settings import Settings
from assistant.types import Answer, Document, Placement, Question, Screening, Turn

__all__ = [
    "Answer", "Assistant", "AssistantError", "Coverage", "Debrief", "Document", "Hint", "KnowledgeError", "ModelError", "NotBuiltError",
    "Placement", "Question", "Reply", "Scenario", "Screening", "Session", "Settings", "Sitting", "StoreError", "Turn", "UsageError",
    "Utterance", "as_json", "coverage", "debrief_json", "placement_json", "print_pack", "question_from", "screening_json",
]  # fmt: skip
