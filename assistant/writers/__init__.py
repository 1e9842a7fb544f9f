"""Writers compose a draft from the evidence; the check then holds it against its passages."""

from assistant.writers.cards import CardWriter

__all__ = ["CardWriter"]
