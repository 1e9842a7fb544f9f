"""Collect: asks the assistant one case at a time and writes `records.jsonl`. Knows nothing of right and wrong.

Resumable: a record that stands is not asked for again. A crash is one record with its error, and the run goes on.
Times are kept apart from answers, so that two runs of one version give the same records but for them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from assistant import Assistant, NotBuiltError, as_json, placement_json, question_from
from assistant.rehearse import Noticer, load_scenarios
from assistant.rehearse.lint import learners
from evals import rehearse, screens
from evals.attacks import Attacks
from evals.calibrate import hits
from evals.cases import FOLDER, HERE, SUITES, Case, Selection, cases_version, load
from evals.leaks import Leaks

RUNS = HERE / "runs"
Progress = Callable[[str, int, int], None]  # suite, done, of
_YARDSTICK = "The partners agreed to meet again before the end of the month to settle who leads."


# ---- a run's folder


def code_version() -> str:
    """First 12 of a hash over the code of the assistant and of what collects its answers."""
    places = (find_spec("assistant").submodule_search_locations or []) if find_spec("assistant") else []  # type: ignore[union-attr]  # asked just before
    files = sorted(p for place in places for p in Path(place).rglob("*.py"))
    digest = hashlib.sha256()
    for path in [*files, Path(__file__), HERE / "leaks.py"]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def describe(assistant: Assistant, chosen: Mapping[str, Sequence[Case]], selection: Selection) -> dict[str, Any]:
    """What a run was of: enough to say whether two runs can be compared."""
    versions = {
        "knowledge": assistant.library.version,
        "prompts": assistant.prompts.version,
        "embedder": assistant.embeddings.version,
        "assistant": code_version(),
        "cases": cases_version(c for cases in chosen.values() for c in cases),
    }
    return {
        "versions": versions,
        "model": assistant.settings.model,
        "selection": {**dataclasses.asdict(selection), "suites": list(selection.suites), "whole": selection.whole},
        "suites": {name: [c.id for c in cases] for name, cases in chosen.items()},
    }


def open_run(settings: Mapping[str, Any], runs: Path = RUNS) -> Path:
    """A folder for this run: the last unfinished one of the same make, or a new one."""
    comparable = json.loads(json.dumps(settings))
    for folder in sorted(runs.glob("2*"), reverse=True)[:5]:
        if (folder / "results.json").exists() or not (folder / "settings.json").exists():
            continue
        before = json.loads((folder / "settings.json").read_text("utf-8"))
        if {k: before.get(k) for k in comparable} == comparable:
            return folder
    folder = runs / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    n = 1
    while folder.exists():
        n += 1
        folder = runs / (datetime.now(UTC).strftime("%Y%m%d-%H%M%S") + f"-{n}")
    folder.mkdir(parents=True)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    more = {"commit": _commit(), "python": platform.python_version(), "machine": platform.machine(), "started": started}
    _write(folder / "settings.json", {**settings, **more})
    return folder


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, cwd=HERE, check=False)
    return done.stdout.strip() or "unknown"


def _write(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")


# ---- asking


def collect(assistant: Assistant, chosen: Mapping[str, Sequence[Case]], folder: Path, progress: Progress, smoke: bool = False) -> None:
    """Writes a record for every case into `folder`, and `timing.json` beside them."""
    path = folder / "records.jsonl"
    done = {r["id"] for r in records(path)}
    _mend(path)
    by_name = {s.name: s for s in SUITES}
    asker = _Asker(assistant, smoke)
    with path.open("a", encoding="utf-8") as out, (folder / "times.jsonl").open("a", encoding="utf-8") as times:
        for name, cases in chosen.items():
            for n, case in enumerate(cases):
                progress(name, n, len(cases))
                if case.id in done:
                    continue
                record, spent = asker.record(case, by_name[name].asks)
                out.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")
                out.flush()
                if spent:
                    times.write(json.dumps({"id": case.id, **spent}) + "\n")
                    times.flush()
            progress(name, len(cases), len(cases))
    _write(folder / "timing.json", timing(_lines(folder / "times.jsonl")))


def records(path: Path) -> list[dict[str, Any]]:
    """The records of a run; the last line of a run that was cut off is left out."""
    return list(_lines(path))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_text("utf-8").split("\n"):
        if line:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def _mend(path: Path) -> None:
    """Cuts off half a line that a killed run left."""
    if path.exists() and (text := path.read_text("utf-8")) and not text.endswith("\n"):
        path.write_text(text[: text.rfind("\n") + 1], "utf-8")


def timing(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Medians of what was measured, and the ratios that hold on any machine: a whole question against embedding one sentence."""
    rows = list(rows)
    asked = [r for r in rows if "total" in r]
    answered = [r for r in asked if "check" in r]  # went the whole way
    if not answered:
        return {"asked": len(asked)}
    yard = median([r["yardstick"] for r in rows if "yardstick" in r] or [0.0])
    totals = sorted(r["total"] for r in answered)
    steps = {s: round(median(r[s] for r in answered), 2) for s in ("screen", "understand", "retrieve", "compose", "check")}
    slow = totals[min(len(totals) - 1, int(0.95 * len(totals)))]
    return {
        "asked": len(asked),
        "answered": len(answered),
        "milliseconds": {
            "median": round(median(totals), 2),
            "95 of 100": round(slow, 2),
            "embedding one sentence": round(yard, 2),
            "steps": steps,
        },
        "ratios": {
            "question to embedding": round(median(totals) / yard, 2) if yard else None,
            "slow to usual": round(slow / median(totals), 2),
            "screen to whole": round(steps["screen"] / median(totals), 3),
        },
    }


class _Asker:
    """Puts one case to the assistant."""

    def __init__(self, assistant: Assistant, smoke: bool) -> None:
        self.assistant = assistant
        self.smoke = smoke
        self.asked = 0
        self.spent: dict[str, float] = {}
        self._covering: dict[str, list[str]] | None = None
        self._screen_cases: dict[str, dict[str, Any]] = {}

    def record(self, case: Case, asks: str) -> tuple[dict[str, Any], dict[str, float]]:
        self.spent = {}
        row: dict[str, Any] = {
            "id": case.id, "suite": case.suite, "inputs": case.inputs, "expected": case.expected,
            "severity": case.severity, "slices": dict(case.slices), "state": "done", "error": None, "got": {},
        }  # fmt: skip
        try:
            row["got"] = {
                "ask": self.ask, "search": self.search, "read": self.read, "place": self.place, "screen": self.screen,
                "attack": self.attack, "moves": self.move, "sittings": self.sitting, "leaks": self.leaks,
            }[asks](case, row)  # fmt: skip
        except NotBuiltError as error:
            row |= {"state": "not built", "error": str(error)}
        except Exception as error:
            # A crash is a finding, not the end of the run. The traceback is for whoever mends it.
            last = traceback.extract_tb(error.__traceback__)[-1]
            row |= {"state": "crashed", "error": f"{type(error).__name__}: {error} ({Path(last.filename).name}, {last.name})"}
        return row, self.spent

    def ask(self, case: Case, _: dict[str, Any]) -> dict[str, Any]:
        question = question_from(case.inputs)
        answer = as_json(self.assistant.ask(question))
        self.spent = dict(answer.pop("milliseconds"))
        self.asked += 1
        if self.asked % 10 == 1:
            self.spent["yardstick"] = self._yardstick()
        given = case.inputs.get("documents", [])
        documents = {hashlib.sha256(d["text"].encode("utf-8", "surrogatepass")).hexdigest()[:12]: d for d in given}
        passages = {}
        for source in answer["sources"]:
            identity = source["passage"]
            if identity.startswith("doc:"):
                document = documents.get(identity.removeprefix("doc:").partition("#")[0], {"name": "", "text": ""})
                passages[identity] = {"text": document["text"], "title": document["name"], "status": "local"}
            elif identity in self.assistant.library.passages:
                passage = self.assistant.library.passages[identity]
                passages[identity] = {"text": passage.text, "title": passage.title, "status": passage.status}
        got: dict[str, Any] = {"answer": answer, "passages": passages}
        if case.expected.get("label"):
            got["confidence"] = self._confidence(case.inputs["question"]) if answer["outcome"] not in ("declined", "urgent") else None
        return got

    def _yardstick(self) -> float:
        started = time.perf_counter()
        self.assistant.embeddings.vectors([_YARDSTICK])
        return (time.perf_counter() - started) * 1000

    def _confidence(self, question: str) -> float:
        """Log-odds that the best card answers, from the signals the answerer uses."""
        found, _ = hits(self.assistant, question)
        return round(max((h.odds for h in found), default=-30.0), 3)

    def search(self, case: Case, row: dict[str, Any]) -> dict[str, Any]:
        library = self.assistant.library
        if self._covering is None:
            self._covering = {}
            for card in library.cards.values():
                for entry in card.covers:
                    self._covering.setdefault(entry, []).append(card.id)
        relevant: dict[str, int] = {}
        for n, entry in enumerate(case.expected.get("covers", [])):
            for identity in self._covering.get(entry, []):
                relevant[identity] = max(relevant.get(identity, 0), 1 if n else 2)
        named = [c.removeprefix("card:").partition("#")[0] for c in case.expected.get("cards", [])]
        relevant |= {c: 2 for c in named if c in library.cards}
        hits = self.assistant.search(case.inputs["question"], k=400, jurisdiction=case.inputs.get("jurisdiction"))
        ranked = list(dict.fromkeys(h.passage.card for h in hits if h.passage.card))
        meant = next((library.cards[c] for c, grade in relevant.items() if grade == 2), None)
        if meant:
            row["slices"] |= {"element": meant.elements[0], "level": meant.levels[0], "step": meant.steps[0]}
        return {"ranking": ranked[:100], "relevant": relevant, "unknown": [c for c in named if c not in library.cards]}

    def read(self, case: Case, _: dict[str, Any]) -> dict[str, Any]:
        question = question_from(case.inputs)
        meaning = self.assistant.adviser.reader.read(question.text, question.history)
        return {"kind": meaning.kind, "text": meaning.text}

    def place(self, case: Case, _: dict[str, Any]) -> dict[str, Any]:
        return {"placement": placement_json(self.assistant.place(case.inputs["text"]))}

    def screen(self, case: Case, _: dict[str, Any]) -> dict[str, Any]:
        if not self._screen_cases:
            folders = [FOLDER / s.file for s in SUITES if s.asks == "screen"]
            self._screen_cases = {c["id"]: c for folder in folders for cases in screens.load_all(folder).values() for c in cases}
        rows = screens.score({case.inputs["set"]: [self._screen_cases[case.id.partition("/")[2]]]}, self.assistant.screener)
        return {"measures": {name.rpartition(",")[0]: {"hits": r["hits"], "of": r["of"]} for name, r in rows.items()}}

    def attack(self, case: Case, _: dict[str, Any]) -> dict[str, Any]:
        return {"arms": self._attacks.of(case.inputs["text"], case.inputs["where"])}

    @cached_property
    def _attacks(self) -> Attacks:
        return Attacks(self.assistant)

    def move(self, case: Case, _: dict[str, Any]) -> dict[str, Any]:
        reading = self._noticer.read(case.inputs["text"], next(iter(self._scenarios.values())))
        return {"moves": [reading.move, *reading.others], "sure": reading.sure == "confident"}

    def sitting(self, case: Case, _: dict[str, Any]) -> dict[str, Any]:
        scenario = self._scenarios[case.inputs["scenario"]]
        return {
            "scripted": rehearse.scripted(scenario, 20),
            "typed": rehearse.typed(scenario, self._noticer),
            "talk": rehearse.talk(scenario),
            "random": dict(sorted(learners(scenario, 400).items())),  # of thirteen scenarios: five thousand in all
        }

    @cached_property
    def _scenarios(self) -> dict[str, Any]:
        return dict(load_scenarios(self.assistant.settings.knowledge, self.assistant.prompts))

    @cached_property
    def _noticer(self) -> Noticer:
        moves = next(iter(self._scenarios.values())).shared.moves
        return Noticer(moves, self.assistant.embeddings, self.assistant.settings.exported_models)

    def leaks(self, case: Case, _: dict[str, Any]) -> dict[str, Any]:
        suite = next(s for s in SUITES if s.name == case.inputs["suite"])
        texts = {c.id: [v for k in ("question", "text") if (v := c.inputs.get(k))] for c in load(suite)}
        return self._leaks.of(texts)

    @cached_property
    def _leaks(self) -> Leaks:
        return Leaks(self.assistant, RUNS, by_meaning=not self.smoke)


def asked_model(assistant: Assistant, folder: Path) -> str | None:
    """A sentence where a model was asked for and none answered."""
    wanted = assistant.settings.model
    if wanted == "none":
        return None
    used = {r["got"]["answer"]["model"] for r in records(folder / "records.jsonl") if "answer" in r["got"]}
    return None if wanted in used else f"{wanted} was asked for, but no answer came from it: these are the card writer's answers.\n"


def say(text: str) -> None:
    sys.stderr.write(text)
