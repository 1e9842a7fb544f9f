"""The Partnership Assistant: an adviser for people who make agencies work together for children.

from assistant import Assistant
print(Assistant().ask("Health sends a different person to every board meeting.").text)
"""

from assistant.errors import AssistantError, KnowledgeError, ModelError, NotBuiltError, StoreError, UsageError
from assistant.rehearse import Debrief, Hint, Reply, Scenario, Sitting, Utterance, print_pack
from assistant.rehearse import as_json as debrief_json
from assistant.session import Assistant, Session, as_json, placement_json, question_from, screening_json
from assistant.settings import Settings
from assistant.types import Answer, Document, Placement, Question, Screening, Turn

__all__ = [
    "Answer", "Assistant", "AssistantError", "Debrief", "Document", "Hint", "KnowledgeError", "ModelError", "NotBuiltError", "Placement",
    "Question", "Reply", "Scenario", "Screening", "Session", "Settings", "Sitting", "StoreError", "Turn", "UsageError", "Utterance",
    "as_json", "debrief_json", "placement_json", "print_pack", "question_from", "screening_json",
]  # fmt: skip
