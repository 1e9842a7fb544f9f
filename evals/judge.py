"""A model's reading of answers, kept in a committed cassette so that a run without a key shows the last verdict.

The judge chooses from a menu and gives a reason; an answer off the menu leaves the case unscored. A pair is judged twice,
with the order swapped, and counts only where both agree. Advisory: it never enters the gate. It would have to agree with
60 human-labelled statements at kappa 0.6 or better first, and again whenever model or prompt changes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from sklearn.metrics import cohen_kappa_score

from evals.cases import HERE

JUDGED = HERE / "judged"
PROMPT = HERE / "judge.yaml"
Ask = Callable[[str], str]  # a prompt in, the model's text out
_VERDICT = re.compile(r"^\s*verdict\s*:\s*([a-z_ ]+?)\s*\.?\s*$", re.IGNORECASE | re.MULTILINE)
_REASON = re.compile(r"^\s*reason\s*:\s*(.+)", re.IGNORECASE | re.MULTILINE)


def prompt() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(PROMPT.read_text("utf-8"))
    return data


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def key(record: Mapping[str, Any], prompts: Mapping[str, Any], judge: str) -> dict[str, str]:
    """What a verdict depends on: case, answer, prompt and judge."""
    return {
        "case": record["id"],
        "answer": _digest(json.dumps([record["got"]["answer"][k] for k in ("text", "next_steps", "questions")], sort_keys=True))[:16],
        "prompt": _digest(json.dumps(prompts, sort_keys=True))[:16],
        "judge": judge,
    }


def read_verdict(reply: str, menu: Sequence[str]) -> tuple[str | None, str]:
    """The verdict on the menu, or None, and the reason given."""
    found = _VERDICT.search(reply)
    reason = _REASON.search(reply)
    word = found[1].strip().lower() if found else ""
    return (word if word in menu else None), (reason[1].strip() if reason else "")


def judge(record: Mapping[str, Any], ask: Ask, name: str, cassette: Path = JUDGED, other: str | None = None) -> dict[str, Any]:
    """The verdict on one answer, from the cassette where it stands there. With `other`, also which of the two answers is better."""
    prompts = prompt()
    made = key(record, prompts, name)
    path = cassette / f"{_digest(*made.values(), other or '')[:24]}.json"
    if path.exists():
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return stored
    answer = record["got"]["answer"]["text"]
    filled = {"question": record["inputs"].get("question", ""), "answer": answer}
    verdict, reason = read_verdict(ask(prompts["single"].format(**filled)), prompts["menu"])
    entry: dict[str, Any] = {**made, "verdict": verdict, "reason": reason}
    if other is not None:
        entry["pair"] = _pair(ask, prompts, filled["question"], answer, other)
    cassette.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entry, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    return entry


def _pair(ask: Ask, prompts: Mapping[str, Any], question: str, one: str, two: str) -> str | None:
    """`this`, `other` or `same`; None where swapping the order changed the verdict, or one was off the menu."""
    menu = ("first", "second", "same")
    ahead, _ = read_verdict(ask(prompts["pair"].format(question=question, first=one, second=two)), menu)
    behind, _ = read_verdict(ask(prompts["pair"].format(question=question, first=two, second=one)), menu)
    one_way = {"first": "this", "second": "other", "same": "same"}.get(ahead or "")
    other_way = {"first": "other", "second": "this", "same": "same"}.get(behind or "")
    return one_way if one_way == other_way else None


def read(cassette: Path = JUDGED) -> dict[str, dict[str, Any]]:
    """The last verdict of each case."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(cassette.glob("*.json"), key=lambda p: p.name):
        entry = json.loads(path.read_text("utf-8"))
        found[entry["case"]] = entry
    return found


def kappa(one: Sequence[str], two: Sequence[str]) -> float | None:
    """Cohen's kappa: agreement beyond chance."""
    if not one:
        return None
    return float(cohen_kappa_score(one, two)) if len({*one, *two}) > 1 else 1.0


def scored(records: Iterable[Mapping[str, Any]], cassette: Mapping[str, Mapping[str, Any]], passed: Mapping[str, bool]) -> dict[str, Any]:
    """Rows of the judge: the verdicts that still belong to the answers, how many are stale, and agreement with the labels (`passed`)."""
    prompts = prompt()
    verdicts: list[tuple[str, bool]] = []
    stale = 0
    by_case = {}
    for record in records:
        entry = cassette.get(record["id"])
        if record["state"] != "done" or entry is None:
            continue
        now = key(record, prompts, entry["judge"])
        if any(now[k] != entry[k] for k in ("answer", "prompt")):
            stale += 1
            by_case[record["id"]] = {"verdict": "stale", "reason": ""}
            continue
        by_case[record["id"]] = {"verdict": entry["verdict"], "reason": entry["reason"], "judge": entry["judge"]}
        if entry["verdict"] is not None:
            verdicts.append((entry["verdict"], passed[record["id"]]))
    if not by_case:
        return {"built": False, "why": "no verdict without a model", "figures": [], "cases": {}, "counts": {}}
    good = sum(v == prompts["menu"][0] for v, _ in verdicts)
    agreement = kappa([str(v == prompts["menu"][0]) for v, _ in verdicts], [str(r) for _, r in verdicts])
    none = {"low": None, "high": None, "unit": "share", "better": "higher"}
    figures = [
        {
            "name": f"judged {prompts['menu'][0]}",
            "value": good / len(verdicts) if verdicts else None,
            "k": good,
            "n": len(verdicts),
            **none,
        },
        {"name": "agreement with our labels (kappa)", "value": agreement, "n": len(verdicts), **none, "unit": "mean"},
        {
            "name": "stale: the answer or the prompt has changed since",
            "value": stale / len(by_case),
            "k": stale,
            "n": len(by_case),
            **none,
            "better": "lower",
        },
    ]
    pairs = [e["pair"] for case, e in cassette.items() if case in by_case and by_case[case]["verdict"] != "stale" and e.get("pair")]
    if pairs:
        better = sum(p == "this" for p in pairs)
        figures.append({"name": "better than the run compared with", "value": better / len(pairs), "k": better, "n": len(pairs), **none})
    return {"built": True, "figures": figures, "cases": {}, "verdicts": by_case, "counts": {}}


def open_model(name: str) -> Ask:
    """A chat model by `provider:name`, through LangChain, which the assistant uses as well."""
    from langchain.chat_models import init_chat_model  # a second of imports that only a judge needs

    model = init_chat_model(name, temperature=0)
    return lambda text: str(model.invoke(text).text)
