"""Our search on anyone's collection: `python -m evals retrieval --collection DIR`.

The folder holds `docs.jsonl {id,title,text}`, `queries.jsonl {id,text}` and `qrels.tsv` (query, document, grade; a header
is tolerated), as BEIR's collections do. The index is thrown away, the code that searches is the product's own: its
embedding, its words, its fusion. Nearest vectors are found exactly, since a collection searched once gains nothing from
an approximate graph and loses some recall. Vectors are kept by content under `ASSISTANT_HOME`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import AssistantError, Settings
from assistant.embed import OnnxEmbeddings, open_embeddings
from assistant.index import Entry, Index, VectorCache, Words, fuse
from evals import metrics
from evals.cases import CaseError

DEPTH = 1000  # of each search before the two are fused
KEPT = 100  # of each ranking: no measure looks further
WAYS = ("words", "meaning", "both")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Collection:
    documents: dict[str, str]  # by id: title and text
    queries: dict[str, str]  # those that are judged
    relevant: dict[str, dict[str, int]]


def read(folder: Path) -> Collection:
    """Raises CaseError naming file and line."""
    if not folder.is_dir():
        raise CaseError(f"{folder}: there is no such folder. It should hold docs.jsonl, queries.jsonl and qrels.tsv.")
    documents = {}
    for n, row in _rows(folder / "docs.jsonl", ("text",)):
        title, text = row.get("title") or "", row["text"]
        if not isinstance(title, str):
            raise CaseError(f"docs.jsonl line {n}: title is not a text")
        documents[row["id"]] = f"{title} {text}".strip()
    queries = {row["id"]: str(row["text"]) for _, row in _rows(folder / "queries.jsonl", ("text",))}
    relevant: dict[str, dict[str, int]] = {}
    for n, query, document, grade in _judgements(folder / "qrels.tsv"):
        if query not in queries:
            raise CaseError(f"qrels.tsv line {n}: there is no query {query!r} in queries.jsonl")
        if document not in documents:
            raise CaseError(f"qrels.tsv line {n}: there is no document {document!r} in docs.jsonl")
        if relevant.setdefault(query, {}).setdefault(document, grade) != grade:
            raise CaseError(f"qrels.tsv line {n}: {query!r} and {document!r} are judged twice and differently")
    return Collection(documents, {q: queries[q] for q in relevant}, relevant)


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise CaseError(f"{path.name}: there is no such file in {path.parent}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{path.name}: cannot be read as UTF-8 text ({error.__class__.__name__})") from None
    found = [(n, line.rstrip("\r")) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not found:
        raise CaseError(f"{path.name}: the file is empty")
    return found


def _rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    seen = set()
    for n, line in _lines(path):
        try:
            row = json.loads(line)
        except ValueError:
            raise CaseError(f"{path.name} line {n}: it is not JSON") from None
        if not isinstance(row, dict):
            raise CaseError(f"{path.name} line {n}: it is not an object with {', '.join(('id', *needed))}")
        identity = row.get("id")
        if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
            raise CaseError(f"{path.name} line {n}: id is missing or is not a text")
        row["id"] = str(identity)
        for name in needed:
            if not isinstance(row.get(name), str):
                raise CaseError(f"{path.name} line {n}: {name} is missing or is not a text")
        if row["id"] in seen:
            raise CaseError(f"{path.name} line {n}: the id {row['id']!r} stands twice")
        seen.add(row["id"])
        yield n, row


def _judgements(path: Path) -> Iterator[tuple[int, str, str, int]]:
    lines = _lines(path)
    for at, (n, line) in enumerate(lines):
        parts = [p.strip() for p in line.split("\t")]
        if len(parts) != 3 or not all(parts):
            raise CaseError(f"qrels.tsv line {n}: it is not query, document and grade with tabs between")
        try:
            grade = int(parts[2])
        except ValueError:
            if at == 0:
                if len(lines) == 1:
                    raise CaseError("qrels.tsv: it holds a header and no judgement") from None
                continue
            raise CaseError(f"qrels.tsv line {n}: the grade {parts[2]!r} is not a whole number") from None
        yield n, parts[0], parts[1], grade


class _Exact:
    """Nearest vectors by comparing with every one: stands in for the approximate store of `Index`."""

    def __init__(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        self.keys, self.vectors = list(keys), vectors

    def query(self, query_embeddings: Sequence[NDArray[np.float32]], n_results: int, include: Sequence[str]) -> dict[str, list[list[Any]]]:
        del include  # distances are all we have
        cosines = self.vectors @ query_embeddings[0]
        best = np.argsort(-cosines, kind="stable")[:n_results]
        return {"ids": [[self.keys[i] for i in best]], "distances": [[1.0 - float(cosines[i]) for i in best]]}


def rankings(collection: Collection, embeddings: OnnxEmbeddings, cache: Path, progress: Progress) -> dict[str, dict[str, list[str]]]:
    """For words, meaning and both: the ranked documents of every query."""
    keys, texts = list(collection.documents), list(collection.documents.values())
    cache.mkdir(parents=True, exist_ok=True)
    kept = VectorCache(cache / f"vectors-{embeddings.version}.npz")
    vectors = kept.vectors(texts, embeddings, lambda _, done, of: progress("encoding documents", done, of))
    asked = embeddings.vectors(list(collection.queries.values()), lambda _, done, of: progress("encoding queries", done, of))
    entries = [Entry(k, t, k) for k, t in zip(keys, texts, strict=True)]
    index = Index(entries, Words(texts), _Exact(keys, vectors), embeddings)
    depth = min(DEPTH, len(keys))
    found: dict[str, dict[str, list[str]]] = {way: {} for way in WAYS}
    for n, (query, text) in enumerate(collection.queries.items()):
        words = [keys[i] for i, _ in index.words.search(text, depth)]
        meaning = [keys[i] for i, _ in index.meaning(asked[n], depth)]
        both = [key for key, _ in fuse([words, meaning])]
        for way, ranked in zip(WAYS, (words, meaning, both), strict=True):
            found[way][query] = ranked[:KEPT]
        progress("searching", n + 1, len(collection.queries))
    return found


def measure(folder: Path, progress: Progress) -> dict[str, Any]:
    """`{"documents", "queries", "words": {"nDCG@10": …}, "meaning": {…}, "both": {…}}`. Raises CaseError."""
    collection = read(folder)
    try:
        settings = Settings.from_environment()
        embeddings = open_embeddings(settings.embedding, settings.exported_models, progress)
        found = rankings(collection, embeddings, settings.home / "collections", progress)
    except AssistantError as error:
        raise CaseError(str(error)) from None
    except OSError as error:
        raise CaseError(f"The data folder cannot be used ({error.strerror or error}); set ASSISTANT_HOME to another folder.") from None
    out: dict[str, Any] = {"documents": len(collection.documents), "queries": len(collection.queries)}
    for way in WAYS:
        by_query = metrics.ranking(found[way], collection.relevant, metrics.RANKING)
        out[way] = {name: round(sum(values.values()) / len(values), 4) for name, values in by_query.items()}
    return out


def as_table(found: dict[str, Any]) -> str:
    lines = [f"{found['documents']:,} documents, {found['queries']:,} queries", f"{'':10}" + "".join(f"{way:>10}" for way in WAYS)]
    lines += [f"{name:10}" + "".join(f"{found[way][name]:>10.3f}" for way in WAYS) for name in metrics.RANKING]
    return "\n".join(lines) + "\n"
