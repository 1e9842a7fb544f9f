"""The index: Chroma for meaning, BM25 for words, the two fused. A cache that can be deleted and is rebuilt from the cards.

The only door to chromadb. Vectors are passed explicitly and a folder made elsewhere is never opened: each version of
the content has a folder of its own, finished under another name and then renamed, so a killed build leaves the last
good one, and two processes starting at once wait for each other. Vectors are kept by the content of their text, so a
changed card re-embeds that card alone.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from filelock import FileLock

from assistant.embed import OnnxEmbeddings, Progress, Vectors, quiet
from assistant.errors import StoreError

_FORMAT = 3  # raise it when the files of an index change their meaning
RANK_CONSTANT = 60  # of reciprocal-rank fusion (Cormack, Clarke and Büttcher 2009)


@dataclass(frozen=True)
class Entry:
    """A text that can be found, and what it leads to."""

    key: str  # unique
    text: str
    leads_to: str  # a passage id, or a document id of a collection
    role: str = "passage"  # passage | title | ask


@dataclass(frozen=True)
class Found:
    """An entry found, with raw scores: cosine in -1..1, BM25 from 0 up. None where that search did not return it."""

    entry: Entry
    meaning: float | None
    words: float | None


def fuse(rankings: Iterable[Sequence[str]], constant: int = RANK_CONSTANT) -> list[tuple[str, float]]:
    """Reciprocal-rank fusion: keys by the sum of 1/(constant + rank), best first, ties by key."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1.0 / (constant + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


class Words:
    """BM25 over entries: English stop words out, stems by Snowball."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self._size = len(texts)
        tokens = bm25s.tokenize(list(texts), stopwords="en", stemmer=self._stemmer, show_progress=False)
        self._vocabulary: dict[str, int] = dict(tokens.vocab)
        self._model = bm25s.BM25()
        if texts:
            self._model.index(tokens, show_progress=False)
        counts = np.zeros(max(self._vocabulary.values(), default=-1) + 1)
        for ids in tokens.ids:
            counts[list(set(ids))] += 1
        self._idf = np.log(1 + (self._size - counts + 0.5) / (counts + 0.5))

    def save(self, folder: Path) -> None:
        self._model.save(folder)
        np.save(folder / "rarity.npy", self._idf)

    @classmethod
    def load(cls, folder: Path) -> Words:
        """What `save` kept there: counting the words of the library again takes half a second."""
        words = cls([])
        words._model = bm25s.BM25.load(folder, mmap=True)
        words._vocabulary = words._model.vocab_dict
        words._size = words._model.scores["num_docs"]
        words._idf = np.load(folder / "rarity.npy")
        return words

    def stems(self, text: str) -> list[str]:
        (found,) = bm25s.tokenize([text], stopwords="en", stemmer=self._stemmer, show_progress=False, return_ids=False)
        return list(found)

    def rarity(self, stem: str) -> float:
        """Inverse document frequency; a word no entry holds is as rare as can be."""
        i = self._vocabulary.get(stem)
        return float(self._idf[i]) if i is not None else float(np.log(1 + (self._size + 0.5) / 0.5))

    def search(self, text: str, k: int) -> list[tuple[int, float]]:
        """(row, score) of the best k entries that share a word with `text`."""
        known = [s for s in self.stems(text) if s in self._vocabulary]
        if not known or not self._size:
            return []
        scores = self._model.get_scores(known)
        best = np.argsort(-scores, kind="stable")[:k]
        return [(int(i), float(scores[i])) for i in best if scores[i] > 0]


class Index:
    """Entries searchable by words and by meaning."""

    def __init__(self, entries: Sequence[Entry], words: Words, collection: Any, embeddings: OnnxEmbeddings) -> None:
        self.entries = list(entries)
        self.words = words
        self.embeddings = embeddings
        self._collection = collection
        self._rows = {e.key: i for i, e in enumerate(self.entries)}

    def meaning(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """(row, cosine) of the nearest k entries, best first."""
        k = min(k, len(self.entries))
        if k == 0:
            return []
        result = self._collection.query(query_embeddings=[vector], n_results=k, include=["distances"])
        pairs = [(self._rows[key], 1.0 - float(d)) for key, d in zip(result["ids"][0], result["distances"][0], strict=True)]
        return sorted(pairs, key=lambda p: (-p[1], p[0]))

    def vectors(self) -> Vectors:
        """One row an entry, in their order."""
        stored = self._collection.get(include=["embeddings"])
        rows = dict(zip(stored["ids"], stored["embeddings"], strict=True))
        return np.array([rows[e.key] for e in self.entries], dtype=np.float32)

    def search(self, text: str, vector: Vectors, k: int = 150) -> list[Found]:
        """The best entries by either search, in fused order."""
        by_words, by_meaning = self.words.search(text, k), self.meaning(vector, k)
        words, meaning = dict(by_words), dict(by_meaning)
        keys = [e.key for e in self.entries]
        order = fuse([[keys[i] for i, _ in by_words], [keys[i] for i, _ in by_meaning]])
        rows = [self._rows[key] for key, _ in order]
        return [Found(self.entries[i], meaning.get(i), words.get(i)) for i in rows]


class VectorCache:
    """Vectors by the content of their text, in one file a model."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Vectors] = {}
        try:
            with np.load(path, allow_pickle=False) as data:
                self._known = dict(zip([str(k) for k in data["keys"]], data["vectors"], strict=True))
        except (OSError, ValueError, KeyError):
            pass  # no cache yet, or a broken one: everything is embedded again

    @staticmethod
    def _key(text: str) -> str:
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]

    def vectors(self, texts: Sequence[str], embeddings: OnnxEmbeddings, progress: Progress = quiet) -> Vectors:
        """One row a text; only unknown texts are embedded, and kept."""
        keys = [self._key(t) for t in texts]
        missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._known}
        if missing:
            new = embeddings.vectors(list(missing.values()), progress)
            self._known.update(zip(missing, new, strict=True))
            self._save(set(keys))
        return np.stack([self._known[k] for k in keys]) if keys else np.zeros((0, 0), dtype=np.float32)

    def _save(self, wanted: set[str]) -> None:
        kept = {k: v for k, v in self._known.items() if k in wanted} if len(self._known) > 4 * len(wanted) else self._known
        handle, scratch = tempfile.mkstemp(dir=self.path.parent, suffix=".npz")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, keys=np.array(list(kept)), vectors=np.stack(list(kept.values())))
            os.replace(scratch, self.path)
        finally:
            Path(scratch).unlink(missing_ok=True)


def vector_cache(folder: Path, embeddings: OnnxEmbeddings) -> Path:
    """The one file of vectors known, shared by the index and by what compares its texts."""
    return folder / f"vectors-{embeddings.version}.npz"


def open_index(
    entries: Sequence[Entry], embeddings: OnnxEmbeddings, folder: Path, progress: Progress = quiet, notice: Progress = quiet
) -> Index:
    """The index of `entries` in `folder`, built where it is missing or broken.

    `notice` is called once with a sentence when a broken index had to be rebuilt. Raises StoreError.
    """
    digest = hashlib.sha256(f"{_FORMAT} {embeddings.version}".encode())
    for e in entries:
        digest.update(f"\0{e.key}\0{e.leads_to}\0{e.role}\0{e.text}".encode("utf-8", "surrogatepass"))
    version = digest.hexdigest()[:16]
    target = folder / version
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (target / "done.json").is_file():
            try:
                return _open(entries, embeddings, target)
            except _BROKEN as error:
                if not os.access(folder, os.W_OK):  # Chroma cannot open what it may not write: that is no damage
                    raise PermissionError(errno.EACCES, "it is read-only") from None
                notice(f"The search index was damaged ({type(error).__name__}) and is being rebuilt; nothing of yours is lost.", 0, 1)
                shutil.rmtree(target, ignore_errors=True)
        with FileLock(folder / "build.lock"):
            if not (target / "done.json").is_file():
                _build(entries, embeddings, folder, target, progress)
            return _open(entries, embeddings, target)
    except OSError as error:
        raise StoreError(
            f"The data folder {folder.parent} cannot be used ({error.strerror or error}). "
            "Free some space or make it writable, or set ASSISTANT_HOME to another folder."
        ) from None


# What chromadb and the files under it raise when a folder is damaged; it has no common error class of its own.
_BROKEN = (Exception,)


def _client(path: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(path), settings=Settings(anonymized_telemetry=False))


def _open(entries: Sequence[Entry], embeddings: OnnxEmbeddings, target: Path) -> Index:
    name = json.loads((target / "done.json").read_text("utf-8"))["folder"]
    collection = _client(target / name).get_collection("entries", embedding_function=None)
    if collection.count() != len(entries):
        raise ValueError("the index does not hold what it should")
    return Index(entries, Words.load(target / "words"), collection, embeddings)


def _build(entries: Sequence[Entry], embeddings: OnnxEmbeddings, folder: Path, target: Path, progress: Progress) -> None:
    vectors = VectorCache(vector_cache(folder, embeddings)).vectors([e.text for e in entries], embeddings, progress)
    scratch = Path(tempfile.mkdtemp(dir=folder, prefix=".build-"))
    # chromadb remembers clients by their path, also broken ones, so each build has a path of its own.
    name = f"chroma-{secrets.token_hex(4)}"
    try:
        client = _client(scratch / name)
        collection = client.create_collection(
            "entries", embedding_function=None, configuration={"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 400}}
        )
        for start in range(0, len(entries), 1000):
            part = entries[start : start + 1000]
            collection.add(ids=[e.key for e in part], embeddings=vectors[start : start + 1000])
            progress("building the index", min(start + 1000, len(entries)), len(entries))
        client.close()
        Words([e.text for e in entries]).save(scratch / "words")
        (scratch / "done.json").write_text(json.dumps({"folder": name, "entries": len(entries), "embedder": embeddings.version}), "utf-8")
        if target.exists():
            shutil.rmtree(target)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for old in sorted((p for p in folder.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)[:-3]:
        shutil.rmtree(old, ignore_errors=True)  # the last three stay: another process may still read one
