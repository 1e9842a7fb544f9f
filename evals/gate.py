"""The gate: results against baseline, floors and exceptions. The only place that knows the rules.

The exit code, the table and the report all read the Verdict made here. Significance is printed and never blocks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from evals.cases import HERE, titles
from evals.metrics import mcnemar

BASELINE = HERE / "baseline"
FLOORS = HERE / "floors.yaml"
EXCEPTIONS = HERE / "exceptions.yaml"
ACCEPTED = HERE / "accepted.md"
UNSCORED = 0.02  # of a suite's cases may crash or lack what they are scored by
Rule = Literal[
    "critical case fails",
    "case that passed before fails",
    "new case fails",
    "exception starts to pass",
    "case is missing",
    "not scored",
    "below its floor",
]
BAD = ("failed", "crashed", "not_scored")


@dataclass(frozen=True)
class Finding:
    """One reason for which the gate fails."""

    rule: Rule
    suite: str
    what: str  # suite/case, or the name of a figure
    why: str = ""


@dataclass(frozen=True)
class Flip:
    case: str
    before: str
    now: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One line of the table: a figure beside its baseline."""

    suite: str
    name: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    unit: str
    before: float | None
    change: float | None
    verdict: str
    floor: float | None = None
    first: bool = False  # the suite's headline


@dataclass(frozen=True)
class Verdict:
    findings: tuple[Finding, ...] = ()
    flips: tuple[Flip, ...] = ()
    lines: tuple[Line, ...] = ()
    significance: dict[str, float] = field(default_factory=dict)  # by suite: p of the flips, where there are any
    gated: bool = True  # False: shown for information, never blocking

    @property
    def passed(self) -> bool:
        return not self.findings or not self.gated

    @property
    def word(self) -> str:
        return ("passed" if self.passed else "FAILED") if self.gated else "for information"


@dataclass(frozen=True)
class Standing:
    """What results are held against."""

    baseline: dict[str, Any] = field(default_factory=dict)  # by suite
    floors: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # suite -> figure -> {floor or ceiling, why}
    exceptions: dict[str, str] = field(default_factory=dict)  # suite/case -> the reason, which names an issue

    @classmethod
    def read(cls, baseline: Path = BASELINE, floors: Path = FLOORS, exceptions: Path = EXCEPTIONS) -> Standing:
        stored = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted(baseline.glob("*.json"))}
        return cls(stored, _yaml(floors), _yaml(exceptions))


def _yaml(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text("utf-8")) or {}) if path.exists() else {}


def gate(results: Mapping[str, Any], standing: Standing, timing: Mapping[str, Any] | None = None) -> Verdict:
    """Whether these results may stand, and why not."""
    selection = results["selection"]
    gated = results["model"] == "none" and not selection["sealed"]
    beside = results["model"] != "none"  # held against the same cases without a model; shown, never gated
    findings: list[Finding] = []
    flips: list[Flip] = []
    lines: list[Line] = []
    significance: dict[str, float] = {}
    order = list(titles())
    for name, suite in sorted(results["suites"].items(), key=lambda pair: order.index(pair[0])):
        before = standing.baseline.get(name, {"cases": {}, "figures": {}}) if gated or beside else {"cases": {}, "figures": {}}
        if selection["sealed"]:
            before = {**before, "cases": {}}  # totals only
        # Grounding is read off the other suites' records: where only some were run, it cannot be whole.
        whole = selection["whole"] and (name != "grounding" or not selection["suites"])
        own = [*_by_case(name, suite, before, standing, whole), *_unscored(name, suite)]
        floors = standing.floors.get(name, {}) if selection["whole"] else {}
        made = list(_lines(name, suite, before if selection["whole"] or beside else {"figures": {}}, floors))
        own += [Finding("below its floor", name, x.name, _against(x, floors[x.name])) for x in made if x.verdict == "below its floor"]
        unmeasured = [f for f in floors if suite["built"] and f not in {line.name for line in made}]
        own += [Finding("below its floor", name, f, "the figure is not measured") for f in unmeasured]
        mine = [
            Flip(f"{name}/{case}", was, now["state"], tuple(now["why"]))
            for case, now in suite["cases"].items()
            if (was := before["cases"].get(case))
            and (was == "passed") != (now["state"] == "passed")
            and "not_applicable" not in (was, now["state"])  # an answer that is no longer given is grounded no worse
        ]
        if mine:
            worse = sum(f.before == "passed" for f in mine)
            significance[name] = mcnemar(worse, len(mine) - worse)
        findings += own
        flips += mine
        verdict = "not built" if not suite["built"] else "failed" if own and gated else "passed" if gated else "shown"
        if not made:
            why = "nothing to measure" if suite["built"] else suite["why"]
            made = [Line(name, why, 0, None, None, None, "", None, None, verdict, first=True)]
        first, *rest = made
        lines += [Line(**{**first.__dict__, "verdict": verdict, "first": True}), *rest]
    if timing is not None and "ratios" in timing:
        lines += _latency(timing, standing.floors.get("latency", {}), findings)
    if gated and selection["whole"] and not selection["suites"]:
        findings += [Finding("case is missing", s, s, "the whole suite") for s in standing.baseline if s not in results["suites"]]
    if selection["sealed"]:
        findings = []  # a sealed case whose miss has been read is spent: totals only
    worst_first = sorted(flips, key=lambda f: (f.before != "passed", f.case))
    return Verdict(tuple(findings), tuple(worst_first), tuple(lines), significance, gated)


def _by_case(name: str, suite: Mapping[str, Any], before: Mapping[str, Any], standing: Standing, whole: bool) -> Iterable[Finding]:
    for case, now in suite["cases"].items():
        what = f"{name}/{case}"
        why = "; ".join(now["why"])
        excepted = standing.exceptions.get(what)
        known = before["cases"].get(case)
        if now["state"] == "passed":
            if excepted:
                yield Finding("exception starts to pass", name, what, f"take it out of evals/exceptions.yaml ({excepted})")
        elif now["state"] in BAD and not excepted:
            if now["severity"] == "critical" and now["state"] != "not_scored":
                yield Finding("critical case fails", name, what, why)
            elif known == "passed":
                yield Finding("case that passed before fails", name, what, why)
            elif known is None and now["state"] != "not_scored":
                yield Finding("new case fails", name, what, why)
    if whole:
        for case in before["cases"]:
            if case not in suite["cases"]:
                yield Finding("case is missing", name, f"{name}/{case}")


def _unscored(name: str, suite: Mapping[str, Any]) -> Iterable[Finding]:
    states = [c["state"] for c in suite["cases"].values() if c["state"] != "not_applicable"]
    lost = sum(s in ("crashed", "not_scored") for s in states)
    if suite["built"] and states and lost / len(states) > UNSCORED:
        yield Finding("not scored", name, name, f"{lost} of {len(states)} cases crashed or could not be scored")


def _lines(name: str, suite: Mapping[str, Any], before: Mapping[str, Any], floors: Mapping[str, Mapping[str, Any]]) -> Iterable[Line]:
    for f in suite["figures"]:
        old = before["figures"].get(f["name"])
        change = f["value"] - old if f["value"] is not None and old is not None else None
        verdict = ""
        rule = floors.get(f["name"])
        limit: float | None = None
        if rule:
            limit = float(rule["floor"] if "floor" in rule else rule["ceiling"])
            verdict = "below its floor" if _breaks(f["value"], rule) else "holds"
        elif change:
            verdict = "better" if (change > 0) == (f["better"] == "higher") else "worse"
        yield Line(name, f["name"], f["n"], f["value"], f["low"], f["high"], f["unit"], old, change, verdict, limit)


def _breaks(value: float | None, rule: Mapping[str, Any]) -> bool:
    if value is None:
        return True
    return value < float(rule["floor"]) if "floor" in rule else value > float(rule["ceiling"])


def _against(line: Line, rule: Mapping[str, Any]) -> str:
    bound = f"at least {rule['floor']}" if "floor" in rule else f"at most {rule['ceiling']}"
    return f"{line.value if line.value is None else round(line.value, 3)}, and it must be {bound}: {rule['why']}"


def _latency(timing: Mapping[str, Any], floors: Mapping[str, Mapping[str, Any]], findings: list[Finding]) -> list[Line]:
    """Ratios are held to ceilings; they come from timing.json, so that results.json never depends on the clock."""
    lines = []
    for n, (name, value) in enumerate(timing["ratios"].items()):
        rule = floors.get(name)
        broken = bool(rule) and value is not None and _breaks(value, rule or {})
        word = "below its floor" if broken else "holds" if rule else ""
        line = Line("latency", name, timing["answered"], value, None, None, "ratio", None, None, word, first=n == 0)
        lines.append(line)
        if broken:
            findings.append(Finding("below its floor", "latency", name, _against(line, rule or {})))
    broken_any = any(line.verdict == "below its floor" for line in lines)
    return [Line(**{**lines[0].__dict__, "verdict": "failed" if broken_any else "passed"}), *lines[1:]] if lines else []


def as_baseline(suite: Mapping[str, Any]) -> dict[str, Any]:
    """What of a suite's results is compared: the state of each case and the value of each figure."""
    return {"cases": {c: v["state"] for c, v in suite["cases"].items()}, "figures": {f["name"]: f["value"] for f in suite["figures"]}}


# ---- accepting


_HEAD = (
    "# Critical cases that are known to fail, each with its reason and the issue it waits for. One that starts to pass fails\n"
    "# the gate until it is taken out.\n"
)


def accept(results: Mapping[str, Any], named: Iterable[str] | None, reason: str, place: Path = HERE, date: str = "") -> list[str]:
    """Takes the present state of the named cases (None: of everything) into the baseline, with the reason on record.

    A critical case that fails becomes a named exception; an exception that passes stops being one. Gives what was taken.
    """
    standing = Standing.read(place / "baseline", place / "floors.yaml", place / "exceptions.yaml")
    wanted = None if named is None else set(named)
    taken: list[str] = []
    exceptions = dict(standing.exceptions)
    (place / "baseline").mkdir(parents=True, exist_ok=True)
    for name, suite in results["suites"].items():
        stored = standing.baseline.get(name, {"cases": {}, "figures": {}})
        cases = dict(stored["cases"])
        gone = [c for c in cases if c not in suite["cases"]]
        for case in [*suite["cases"], *gone]:
            what = f"{name}/{case}"
            if wanted is not None and what not in wanted and name not in wanted:
                continue
            if case in gone:
                if results["selection"]["whole"]:
                    del cases[case]
                    exceptions.pop(what, None)
                    taken.append(what)
                continue
            now = suite["cases"][case]
            cases[case] = now["state"]
            taken.append(what)
            if now["state"] == "passed":
                exceptions.pop(what, None)
            elif now["severity"] == "critical" and now["state"] in ("failed", "crashed"):
                exceptions.setdefault(what, reason)
        if not suite["built"] and not cases:
            continue
        figures = dict(stored["figures"])
        if results["selection"]["whole"] and (wanted is None or name in wanted):
            figures = {f["name"]: f["value"] for f in suite["figures"]}
        if cases or figures:
            made_with = results["versions"] if wanted is None else stored.get("versions", results["versions"])
            data = {"cases": cases, "figures": figures, "versions": made_with}
            text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
            (place / "baseline" / f"{name}.json").write_text(text, "utf-8")
    written = yaml.safe_dump(exceptions, sort_keys=True, allow_unicode=True, width=150) if exceptions else "{}\n"
    (place / "exceptions.yaml").write_text(_HEAD + written, "utf-8")
    if taken:
        accepted = place / "accepted.md"
        before = accepted.read_text("utf-8") if accepted.exists() else "# What was accepted into the baseline, and why\n"
        listed = "everything" if wanted is None else ", ".join(sorted(wanted))
        made = f"{len(taken)} cases, knowledge {results['versions']['knowledge']}"
        accepted.write_text(f"{before}\n- {date}: {listed} ({made}). {reason}\n", "utf-8")
    return taken
