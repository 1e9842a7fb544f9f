"""The Partnership Assistant: an adviser for people who make agencies work together for children.

    from assistant import Assistant
    print(Assistant().ask("Health sends a different person to every board meeting.").text)
"""

from assistant.errors import AssistantError, KnowledgeError, ModelError, NotBuiltError, StoreError, UsageError
from assistant.session import Assistant, Session, as_json, placement_json, question_from, screening_json
from assistant.settings import Settings
from assistant.types import Answer, Document, Placement, Question, Screening, Turn

__all__ = [
    "Answer", "Assistant", "AssistantError", "Document", "KnowledgeError", "ModelError", "NotBuiltError", "Placement", "Question",
    "Screening", "Session", "Settings", "StoreError", "Turn", "UsageError", "as_json", "placement_json", "question_from", "screening_json",
]  # fmt: skip
