"""How fast it is, beside the plain way, in one run: `make bench`. Prints a table of times and ratios; asserts nothing.

The plain way is what a tutorial would build: LangChain's HuggingFaceEmbeddings and Chroma similarity search over the same
Markdown. It only searches; ours screens, understands, searches, composes and checks.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

QUESTIONS = [
    "Health sends a different person to every board meeting. What should we do?",
    "Our pooled budget has no agreed exit.",
    "Why do partners agree in meetings and then do nothing?",
    "What is coalition?",
    "How do I run a multi-agency audit?",
    "Schools say they refer and never hear back.",
    "We were told we cannot share because of data protection.",
    "The chair dominates and nobody challenges her.",
]
ROUNDS = 12


def _timed(work: Callable[[str], Any]) -> dict[str, float]:
    """Warm milliseconds: p50 and p95 one at a time, p95 with eight at once."""
    for question in QUESTIONS:
        work(question)

    def one(question: str) -> float:
        began = time.perf_counter()
        work(question)
        return (time.perf_counter() - began) * 1000

    single = [one(q) for _ in range(ROUNDS) for q in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        eight = list(pool.map(one, QUESTIONS * ROUNDS))
    return {"warm p50": median(single), "warm p95": quantiles(single, n=20)[-1], "eight at once p95": quantiles(eight, n=20)[-1]}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours() -> dict[str, float]:
    began = time.perf_counter()
    from assistant import Assistant

    assistant = Assistant()
    assistant.ask(QUESTIONS[0])
    start = (time.perf_counter() - began) * 1000
    return {"second start": start, **_timed(assistant.ask), "peak memory": _peak()}


def plain(folder: str) -> dict[str, float]:
    began = time.perf_counter()
    from langchain_chroma import Chroma
    from langchain_huggingface import HuggingFaceEmbeddings

    from assistant.embed import PACKAGED, model_folder
    from assistant.settings import Settings

    embeddings = HuggingFaceEmbeddings(model_name=str(model_folder(PACKAGED)))
    store = Chroma("cards", embeddings, persist_directory=folder)
    built: dict[str, float] = {}
    if not store.get(limit=1)["ids"]:
        texts = [
            part
            for file in sorted((Settings.from_environment().knowledge / "cards").rglob("*.md"))
            for part in file.read_text("utf-8").split("\n## ")
        ]
        for i in range(0, len(texts), 500):
            store.add_texts(texts[i : i + 500])
        built = {"build from nothing": (time.perf_counter() - began) * 1000}
    store.similarity_search(QUESTIONS[0], k=5)
    start = (time.perf_counter() - began) * 1000
    if built:
        return built
    return {"second start": start, **_timed(lambda q: store.similarity_search(q, k=5)), "peak memory": _peak()}


def _run(*arguments: str, **environment: str) -> dict[str, float]:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "evals.bench", *arguments], capture_output=True, text=True, env={**os.environ, **environment}
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {"cold, whole process": (time.perf_counter() - began) * 1000, **found}


def _cold_answer(home: str) -> float:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "assistant", "ask", QUESTIONS[0], "--json"],
            env={**os.environ, "ASSISTANT_HOME": home},
            check=True,
            capture_output=True,
        )
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def _cold_search(folder: str) -> float:
    code = "import sys; from evals.bench import cold_plain; cold_plain(sys.argv[1])"
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True)
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def cold_plain(folder: str) -> None:
    """One search the plain way, from nothing in memory."""
    from langchain_chroma import Chroma
    from langchain_huggingface import HuggingFaceEmbeddings

    from assistant.embed import PACKAGED, model_folder

    Chroma("cards", HuggingFaceEmbeddings(model_name=str(model_folder(PACKAGED))), persist_directory=folder).similarity_search(QUESTIONS[0])


def main() -> None:
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", ANONYMIZED_TELEMETRY="False")
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = str(Path(scratch) / "home"), str(Path(scratch) / "plain")
        print("building both from nothing …", file=sys.stderr)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "assistant", "ask", QUESTIONS[0], "--json"],
            env={**os.environ, "ASSISTANT_HOME": home},
            check=True,
            capture_output=True,
        )
        our = {"build from nothing": (time.perf_counter() - began) * 1000}
        their = {k: v for k, v in _run("plain", folder).items() if k == "build from nothing"}
        print("asking …", file=sys.stderr)
        our |= {"cold": _cold_answer(home)} | _run("ours", ASSISTANT_HOME=home)
        their |= {"cold": _cold_search(folder)} | _run("plain", folder)
    table = Table("", "a whole answer, ours", "a search, the plain way", "ours / plain", title="Milliseconds; memory in MB")
    for name in ("build from nothing", "cold", "second start", "warm p50", "warm p95", "eight at once p95", "peak memory"):
        table.add_row(name, f"{our[name]:,.0f}", f"{their[name]:,.0f}", f"{our[name] / their[name]:.2f}")
    Console().print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.write("\n" + json.dumps(ours() if sys.argv[1] == "ours" else plain(sys.argv[2])) + "\n")
    else:
        main()
