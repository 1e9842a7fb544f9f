"""Every error that is a person's to mend. Each message is fit to show them and says what to do."""


class AssistantError(Exception):
    """The root: anything else that is raised is a bug."""


class UsageError(AssistantError):
    """What was asked for cannot be done as asked: an argument, a line, a file name."""


class KnowledgeError(AssistantError):
    """A file under `knowledge/` or `prompts/` is wrong.

    `slips` holds one sentence a slip, each naming file and field.
    """

    def __init__(self, slips: list[str]) -> None:
        self.slips = slips
        more = f" (and {len(slips) - 5} more; `assistant check` lists all)" if len(slips) > 5 else ""
        super().__init__("; ".join(slips[:5]) + more)


class StoreError(AssistantError):
    """The data folder cannot be read or written."""


class ModelError(AssistantError):
    """A chat model or the embedding model cannot be used."""


class NotBuiltError(AssistantError):
    """This part of the product does not exist yet."""
