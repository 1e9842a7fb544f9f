"""People's documents once read: screened, embedded and kept, for one conversation or for everyone here.

A question takes along only the passages that may bear on it, so that a long document costs no more than a short one.
Nothing of a document stands anywhere but in its row of the database, and goes with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.documents import Limits, Reading, identity, read
from assistant.embed import OnnxEmbeddings, Progress, Vectors, quiet
from assistant.errors import UsageError
from assistant.index import Words
from assistant.prompts import Prompts
from assistant.screen import Screen
from assistant.store import Store
from assistant.types import Document, KeptDocument

_TAKEN = 6  # passages taken along by meaning, and as many by words


@dataclass(frozen=True)
class _Searchable:
    documents: tuple[KeptDocument, ...]
    places: tuple[tuple[int, int], ...]  # (document, part) of each row
    vectors: Vectors
    words: Words


class Documents:
    """The documents kept in a store."""

    def __init__(self, store: Store, embeddings: OnnxEmbeddings, screen: Screen, prompts: Prompts, limits: Limits) -> None:
        self._store, self._embeddings, self._screen, self._prompts, self._limits = store, embeddings, screen, prompts, limits
        self._opened: dict[tuple[int, ...], _Searchable] = {}

    def add(self, name: str, data: bytes, conversation: str | None = None, progress: Progress = quiet) -> Reading | None:
        """Keeps a document; None as conversation makes it everyone's. Gives None where the same file is there already.

        Raises UsageError in one sentence, and then keeps nothing.
        """
        if self._store.has_document(conversation, identity(data)):
            return None

        def reading(_: str, done: int, of: int) -> None:
            progress(found.name, done, 2 * of)

        def embedding(_: str, done: int, of: int) -> None:
            progress(found.name, of + done, 2 * of)

        found = read(name, data, self._limits, self._prompts)
        found = self._screened(found, reading)
        vectors = self._embeddings.vectors([t for t, _ in found.parts], embedding)
        self._store.add_document(conversation, found.identity, found.name, found.parts, self._embeddings.version, vectors.tobytes())
        return found

    def read(self, name: str, data: bytes) -> Reading:
        """What would be kept of a file: hostile passages left out, personal details masked. Raises UsageError in one sentence."""
        return self._screened(read(name, data, self._limits, self._prompts))

    def _screened(self, found: Reading, progress: Progress = quiet) -> Reading:
        parts: list[tuple[str, str | None]] = []
        masked = left_out = 0
        for n, (text, where) in enumerate(found.parts, 1):
            cleaned, hostile = self._screen.clean_document(text)
            left_out += len(hostile)
            if cleaned.strip():
                seen = self._screen.check(cleaned)
                masked += len(seen.personal_data)
                parts.append((seen.masked, self._screen.clean_name(where or "") or None))
            progress(found.name, n, len(found.parts))
        if not parts:
            raise UsageError(self._prompts.say("document.no_text", name=found.name))
        return Reading(found.identity, self._screen.clean_name(found.name) or "document", tuple(parts), masked, left_out)

    def remove(self, identity: str, conversation: str | None = None) -> None:
        """The document with its passages and vectors; None removes everyone's."""
        self._opened.clear()
        self._store.remove_document(conversation, identity)
        self._store.tidy()

    def taken_along(self, texts: Sequence[str], conversation: str | None = None) -> tuple[Document, ...]:
        """Of the conversation's documents and everyone's, the passages nearest to any of the texts, in their order."""
        held = self._open(tuple(self._store.document_ids(conversation)))
        if held is None:
            return ()
        near: set[int] = set()
        for text, vector in zip(texts, self._embeddings.vectors(texts), strict=True):
            near |= set(np.argsort(-(held.vectors @ vector), kind="stable")[:_TAKEN].tolist())
            near |= {row for row, _ in held.words.search(text, _TAKEN)}
        taken: dict[int, list[tuple[str, str | None]]] = {}
        for row in sorted(near):
            document, part = held.places[row]
            taken.setdefault(document, []).append(held.documents[document].parts[part])
        # The whole text gives a passage its id; the parts are what is searched.
        return tuple(
            Document(held.documents[d].name, "\n".join(t for t, _ in held.documents[d].parts), tuple(parts)) for d, parts in taken.items()
        )

    def around(self, words: str, location: str | None, conversation: str | None) -> str:
        """The passage in which the words stand; empty where their document is gone."""
        held = self._open(tuple(self._store.document_ids(conversation)))
        parts = (part for d in held.documents for part in d.parts) if held else ()
        return next((text for text, where in parts if where == location and words in text), "")

    def _open(self, ids: tuple[int, ...]) -> _Searchable | None:
        if not ids:
            return None
        if ids not in self._opened:
            documents = tuple(self._store.kept_documents(ids))
            if not documents:  # removed by another process just now
                return None
            rows = [self._vectors(d) for d in documents]
            places = tuple((n, m) for n, d in enumerate(documents) for m in range(len(d.parts)))
            if len(self._opened) >= 8:
                self._opened.clear()
            self._opened[ids] = _Searchable(documents, places, np.concatenate(rows), Words([t for d in documents for t, _ in d.parts]))
        return self._opened[ids]

    def _vectors(self, document: KeptDocument) -> Vectors:
        """Those kept; made anew, and kept, where another embedding model made them."""
        if document.embedder == self._embeddings.version:
            return np.frombuffer(document.vectors, dtype=np.float32).reshape(len(document.parts), -1)
        vectors = self._embeddings.vectors([t for t, _ in document.parts])
        self._store.keep_vectors(document.id, self._embeddings.version, vectors.tobytes())
        return vectors


def any_for_everyone(database: Path) -> bool:
    """Whether there are documents for everyone, without the half second that opening the store costs a command."""
    if not database.exists():
        return False
    try:
        connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
        try:
            return bool(connection.execute("SELECT 1 FROM document WHERE conversation IS NULL").fetchone())
        finally:
            connection.close()
    except sqlite3.Error:  # an older database has none; what else is wrong with it, opening it says
        return False
