"""The parts as LangChain knows them, for chains of one's own: the adviser as a Runnable, the library as a retriever, the embedding.

Apart from the path itself, because importing LangChain's runnables takes longer than answering a question.
"""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.runnables.config import ensure_config
from pydantic import ConfigDict

from assistant.advise import Adviser, Run, Step, StepName
from assistant.embed import OnnxEmbeddings
from assistant.models import untraced
from assistant.types import Answer, Question

Embeddings.register(OnnxEmbeddings)


class RunnableAdviser(Adviser, Runnable[Question, Answer]):  # type: ignore[misc]  # progress comes before the answer
    """The adviser as a Runnable: `invoke` and `batch` give answers, `stream` a Progress a step and then the Answer.

    Callbacks in the config see each step by name.
    """

    def _walk(self, name: StepName, step: Step, run: Run, config: RunnableConfig | None) -> Run:
        with untraced():
            return RunnableLambda(step, name=name).invoke(run, ensure_config(config))


class LibraryRetriever(BaseRetriever):
    """The library as a LangChain retriever: the passages of the best cards, with their scores as metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    retriever: Any
    k: int = 5

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        hits = self.retriever.passages(query, self.k)
        return [
            Document(
                id=h.passage.id,
                page_content=h.passage.text,
                metadata={"title": h.passage.title, "card": h.passage.card, "score": h.score, "status": h.passage.status},
            )
            for h in hits
        ]
