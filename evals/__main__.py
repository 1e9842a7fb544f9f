"""The evaluation suite: `python -m evals` asks everything and ends in a table; `python -m evals --help` lists the verbs."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from assistant import Assistant, AssistantError, Settings, as_json, question_from
from evals import collect, collection, gate, judge, report, score
from evals.cases import HERE, Case, CaseError, Selection, choose, write_schema

RUNS = HERE / "runs"


class Bar:
    """Progress on standard error: a bar that moves on a terminal, a line a suite elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.suite, self.began = max(total, 1), 0, "", time.monotonic()
        self.before = 0

    def __call__(self, suite: str, done: int, of: int) -> None:
        if suite != self.suite:
            self.before, self.suite = self.done, suite
        self.done = self.before + done
        if sys.stderr.isatty():
            filled = round(30 * self.done / self.total)
            sys.stderr.write(f"\r[{'#' * filled}{'.' * (30 - filled)}] {self.done:4} of {self.total}  {suite:<20}")
            if self.done == self.total:
                sys.stderr.write("\n")
        elif done == of:
            sys.stderr.write(f"{suite}: {of} cases, {time.monotonic() - self.began:.0f} s since the start\n")
        sys.stderr.flush()


def building(what: str, done: int, of: int) -> None:
    """Progress of what the assistant makes on first use."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{what}: {done} of {of}   ")
    elif done == of:
        sys.stderr.write(f"{what}: done\n")


# ---- runs


def runs() -> list[Path]:
    """Finished runs, the latest last."""
    return sorted(p.parent for p in RUNS.glob("*/results.json"))


def latest(whole: bool = False) -> Path:
    """The latest finished run; `whole`: of every suite."""
    found = [r for r in runs() if not whole or ((chosen := load(r)["selection"])["whole"] and not chosen["suites"])]
    if not found:
        raise CaseError("There is no finished run yet. Run: python -m evals")
    return found[-1]


def named(name: str) -> Path:
    found = [r for r in runs() if r.name.startswith(name)]
    if not found:
        raise CaseError(f"There is no finished run {name!r}. Runs: {', '.join(r.name for r in runs()[-8:]) or 'none'}.")
    return found[-1]


def load(run: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((run / "results.json").read_text("utf-8"))
    return data


def timing(run: Path) -> dict[str, Any]:
    path = run / "timing.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def read_records(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "records.jsonl").read_text("utf-8").split("\n") if line]


def keyless(results: Mapping[str, Any]) -> Path | None:
    """The latest finished run of the same cases and versions without a model."""
    alike = ("selection", "versions")
    for run in reversed(runs()):
        other = load(run)
        if other["model"] == "none" and all(other[part] == results[part] for part in alike):
            return run
    return None


def standing(results: Mapping[str, Any]) -> gate.Standing:
    """What a run is held against: the baseline or, where a model wrote, the same cases without it."""
    if results["model"] == "none":
        return gate.Standing.read()
    without = keyless(results)
    figures = {name: gate.as_baseline(suite) for name, suite in load(without)["suites"].items()} if without else {}
    return gate.Standing(figures, gate.Standing.read().floors)


def finish(run: Path) -> gate.Verdict:
    """Scores the records of a run and writes results.json and problems.txt beside them."""
    settings = json.loads((run / "settings.json").read_text("utf-8"))
    results = score.rounded(score.score(settings, read_records(run), judge.read()))
    score.write(results, run / "results.json")
    verdict = gate.gate(results, standing(results), timing(run))
    problems = [f"{f.rule}: {f.what}: {f.why}" for f in verdict.findings]
    (run / "problems.txt").write_text("\n".join(problems) + ("\n" if problems else ""), "utf-8")
    return verdict


# ---- the table


LISTED = 12  # findings of a rule that are named; problems.txt holds all


def table(results: Mapping[str, Any], verdict: gate.Verdict) -> str:
    """The worst slice and the verdict, a line for each figure, and what to mend."""
    out = StringIO()
    console = Console(width=max(Console().width, 118), highlight=False, markup=False, color_system=None, file=out)
    console.print(report.headline(results, verdict))
    if results["selection"]["sealed"]:
        console.print("Sealed cases: not used in development. Nothing is gated.")
    made = Table(box=None, pad_edge=False, show_edge=False)
    for n, column in enumerate(report.columns(results)):
        made.add_column(column, justify="right" if n in (1, 2, 4, 5) else "left", no_wrap=n > 0)
    for line in verdict.lines:
        made.add_row(f"{line.suite}: {line.name}" if line.first else f"    {line.name}", *report.cells(line))
    console.print(made)
    for sentence in [*report.unscored(results), *report.chance(verdict), *report.thin(results)]:
        console.print(sentence)
    for rule, rows in report.by_rule(verdict).items():
        console.print(f"\n{rule}: {len(rows)}")
        for f in rows[:LISTED]:
            console.print(f"    {f.what}{': ' + f.why[:160] if f.why else ''}")
        if len(rows) > LISTED:
            console.print(f"    and {len(rows) - LISTED} more, in problems.txt")
    return out.getvalue()


# ---- verbs


def run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    selection = Selection(tuple(options.suites), options.words or "", options.smoke, options.sealed)
    chosen = choose(selection)
    total = sum(map(len, chosen.values()))
    if not total:
        raise CaseError("No case fits. `python -m evals run SUITE` names a suite; -k looks for words in the case or its name.")
    settings = Settings.from_environment()
    if options.model:
        settings = dataclasses.replace(settings, model=options.model)
    try:
        assistant = Assistant(settings, progress=building)
        described = collect.describe(assistant, chosen, selection)
        if settings.model != "none" and not keyless(described):
            sys.stderr.write("First the same cases without a model, to stand beside.\n")
            finish(asked(Assistant(dataclasses.replace(settings, model="none")), chosen, selection))
        folder = asked(assistant, chosen, selection)
    except AssistantError as error:
        raise CaseError(str(error)) from None
    if note := collect.asked_model(assistant, folder):
        sys.stderr.write(note)
    if options.judge:
        judged(folder, options.judge, named(options.against) if options.against else None)
    verdict = finish(folder)
    results = load(folder)
    shown = table(results, verdict)
    if without := keyless(results) if settings.model != "none" else None:
        shown = changed_by(folder, without, verdict) + shown
    (folder / "summary.txt").write_text(shown, "utf-8")
    sys.stdout.write(shown)
    took = f"{time.monotonic() - began:.0f} s"
    sys.stdout.write(f"\nGate: {verdict.word}. Run {folder.name}, {took}. Next: python -m evals show CASE, or report --html\n")
    return 0 if verdict.passed else 1


def asked(assistant: Assistant, chosen: Mapping[str, Sequence[Case]], selection: Selection) -> Path:
    """The folder of a run in which every chosen case has been asked."""
    if any(not name.endswith(("screens", "leaks")) for name in chosen):
        _ = assistant.adviser  # built now, so that no case pays for it
    folder = collect.open_run(collect.describe(assistant, chosen, selection), RUNS)
    collect.collect(assistant, chosen, folder, Bar(sum(map(len, chosen.values()))), selection.smoke)
    return folder


def changed_by(run: Path, without: Path, verdict: gate.Verdict) -> str:
    """What the model of a run changed against a run without one, case by case."""
    results = load(run)
    head = f"{results['model']} (run {run.name}) beside no model (run {without.name})\n"
    if results["selection"]["sealed"]:
        return head + "Sealed cases: the figures stand side by side, single cases are not shown.\n\n"
    lines = report.by_model(verdict, read_records(without), read_records(run)) or ["no case came out differently"]
    return head + "".join(f"    {line}\n" for line in lines) + "\n"


def judged(folder: Path, name: str, against: Path | None = None) -> None:
    """Puts every answer of a run to a model judge, beside those of `against` where one is given; verdicts go into the cassette."""
    try:
        ask = judge.open_model(name)
    except (ImportError, ValueError) as error:
        raise CaseError(f"{name} cannot be opened: {error}") from None
    rows = [r for r in read_records(folder) if r["suite"] == "answers" and r["state"] == "done"]
    others = {r["id"]: r["got"]["answer"]["text"] for r in read_records(against) if "answer" in r["got"]} if against else {}
    bar = Bar(len(rows))
    for n, record in enumerate(rows, 1):
        judge.judge(record, ask, name, other=others.get(record["id"]))
        bar("judge", n, len(rows))


def show(options: argparse.Namespace) -> int:
    run_folder = named(options.run) if options.run else latest()
    found = [r for r in read_records(run_folder) if r["id"] == options.case or r["id"].endswith("/" + options.case)]
    if not found:
        raise CaseError(f"Run {run_folder.name} holds no case {options.case!r}.")
    results = load(run_folder)
    for record in found:
        sys.stdout.write(report.case_text(record, results) + "\n")
    return 0


def diff(options: argparse.Namespace) -> int:
    """Flips first, then the figures that moved."""
    before = named(options.run)
    after = named(options.to) if options.to else latest()
    old, new = load(before), load(after)
    verdict = gate.gate({**new, "model": "none"}, gate.Standing({n: gate.as_baseline(s) for n, s in old["suites"].items()}))
    sys.stdout.write(f"{before.name} ({report.versions(old)})\nto {after.name} ({report.versions(new)})\n\n")
    for flip in verdict.flips:
        sign = "worse " if flip.before == "passed" else "better"
        sys.stdout.write(f"{sign} {flip.case}: {flip.before} to {flip.now}  {'; '.join(flip.why)[:200]}".rstrip() + "\n")
    if not verdict.flips:
        sys.stdout.write("No case flipped.\n")
    moved = [line for line in verdict.lines if line.change]
    for line in sorted(moved, key=lambda x: -abs(x.change or 0) / max(abs(x.before or 1), 1e-9))[:10]:
        sys.stdout.write(f"{line.suite}: {line.name}: {report.value(line.before, line.unit)} to {report.value(line.value, line.unit)}\n")
    return 0


def accept(options: argparse.Namespace) -> int:
    if not options.case and not options.all:
        raise CaseError("Name the cases or suites to accept, or --all.")
    if len(options.reason.split()) < 3:
        raise CaseError("--reason says why in a few words, and names an issue where a critical case fails.")
    folder = named(options.run) if options.run else latest()
    results = load(folder)
    if results["selection"]["sealed"] or results["model"] != "none":
        raise CaseError("Only a run without a model and without the sealed cases makes the baseline.")
    known = {f"{n}/{c}" for n, s in results["suites"].items() for c in s["cases"]} | set(results["suites"])
    known |= {f"{n}/{c}" for n, b in gate.Standing.read().baseline.items() for c in b["cases"]}
    wanted = [w if w in known else next((k for k in sorted(known) if k.endswith("/" + w)), w) for w in options.case]
    if unknown := [w for w in wanted if w not in known]:
        raise CaseError(f"Run {folder.name} holds no case or suite {unknown[0]!r}.")
    taken = gate.accept(results, None if options.all else wanted, options.reason, date=datetime.now(UTC).date().isoformat())
    sys.stdout.write(f"{len(taken)} cases accepted from run {folder.name}; see evals/accepted.md\n")
    return 0


def new(options: argparse.Namespace) -> int:
    """A case written from a live answer, for a person to correct. The answer stands beside it as a comment."""
    asked = {"question": options.question, "jurisdiction": options.jurisdiction}
    answer = as_json(Assistant(progress=building).ask(question_from(asked)))
    name = "ask-" + "-".join(re.findall(r"[a-z]+", options.question.lower())[:5])
    case = {
        "name": name,
        "inputs": {"question": options.question, **({"jurisdiction": options.jurisdiction} if options.jurisdiction else {})},
        "metadata": {
            "outcome": [answer["outcome"]],
            "kind": [answer["kind"]],
            "must": [["CORRECT ME: an idea a good answer holds", "another wording"]],
            "must_not": [],
            "min_steps": 0,
            "severity": "major",
            "slices": {"asker": "board", "nation": options.jurisdiction or "england", "english": "plain"},
            "sealed": False,
        },
    }
    comment = "\n".join("# " + line for line in score.shown(answer).splitlines())
    written = yaml.safe_dump([case], sort_keys=False, allow_unicode=True, width=150)
    note = "# Correct this from the sources, not from the answer above; then add it to evals/cases/answers/cases.yaml."
    sys.stdout.write(f"{comment}\n{note}\n{written}")
    return 0


def sealed_beside(results: Mapping[str, Any]) -> gate.Verdict | None:
    """The latest run of all sealed cases by the versions of `results`."""
    made_by = {k: v for k, v in results["versions"].items() if k != "cases"}
    for other in map(load, reversed(runs())):
        chosen = other["selection"]
        every = chosen["sealed"] and not (chosen["suites"] or chosen["words"] or chosen["smoke"])
        if every and other["model"] == results["model"] and made_by.items() <= other["versions"].items():
            return gate.gate(other, gate.Standing())
    return None


def make_report(options: argparse.Namespace) -> int:
    folder = named(options.run) if options.run else latest(whole=options.card)
    results = load(folder)
    verdict = gate.gate(results, standing(results), timing(folder))
    if options.card:
        path = HERE.parent / "docs" / "system-card.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(report.system_card(results, verdict, timing(folder), gate.Standing.read(), sealed_beside(results)), "utf-8")
        sys.stdout.write(f"{path}\n")
    if options.html or not options.card:
        earlier = [r for r in runs() if r.name < folder.name]
        path = Path(options.out) if options.out else folder / "report.html"
        previous = keyless(results) if results["model"] != "none" else None
        previous = previous or next((r for r in reversed(earlier) if load(r)["selection"] == results["selection"]), None)
        history = [(r.name, load(r)) for r in [*earlier[-19:], folder]]
        before = read_records(previous) if previous else []
        path.write_text(report.html(folder.name, results, verdict, read_records(folder), timing(folder), history, before), "utf-8")
        sys.stdout.write(f"{path}\n")
    return 0


def retrieval(options: argparse.Namespace) -> int:
    found = collection.measure(Path(options.collection), building)
    sys.stdout.write(json.dumps(found) + "\n" if options.json else collection.as_table(found))
    return 0


def rescore(options: argparse.Namespace) -> int:
    folder = named(options.run) if options.run else latest()
    verdict = finish(folder)
    sys.stdout.write(table(load(folder), verdict))
    return 0 if verdict.passed else 1


def schema(_: argparse.Namespace) -> int:
    sys.stdout.write(f"{write_schema()}\n")
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    verbs = top.add_subparsers(title="verbs", metavar="VERB")

    def verb(name: str, act: Any, text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text)
        made.set_defaults(act=act)
        return made

    p = verb("run", run, "ask and score: all suites, or those named")
    p.add_argument("suites", nargs="*", metavar="SUITE")
    p.add_argument("--model", metavar="PROVIDER:NAME", help="let this chat model write the answers, beside the same cases without it")
    p.add_argument("--judge", metavar="PROVIDER:NAME", help="let this chat model judge the answers; verdicts are kept in evals/judged")
    p.add_argument("--against", metavar="RUN", help="with --judge: also say which answer is better, this one or that run's")
    p.add_argument("-k", dest="words", metavar="WORDS", help="only cases that hold these words, or are called so")
    p.add_argument("--smoke", action="store_true", help="a selection that takes two minutes or less")
    p.add_argument("--sealed", action="store_true", help="the cases not used in development, and only those")
    p = verb("show", show, "one case: question, passages used and rejected, statements with support, expected against got")
    p.add_argument("case")
    p.add_argument("--run", help="a run other than the latest")
    p = verb("diff", diff, "what changed since a run, flipped cases first")
    p.add_argument("run")
    p.add_argument("--to", help="a run other than the latest")
    p = verb("accept", accept, "take the present state of cases or suites into the baseline, with a reason")
    p.add_argument("case", nargs="*")
    p.add_argument("--all", action="store_true", help="everything: makes the baseline anew")
    p.add_argument("--reason", required=True)
    p.add_argument("--run")
    p = verb("new", new, "write a case from a live answer, for a person to correct")
    p.add_argument("question")
    p.add_argument("--jurisdiction")
    p = verb("report", make_report, "a page for a manager, or the system card")
    p.add_argument("--html", action="store_true")
    p.add_argument("--card", action="store_true", help="write docs/system-card.md")
    p.add_argument("--run")
    p.add_argument("--out", help="where the page goes")
    p = verb("retrieval", retrieval, "measure our search on a collection of your own")
    p.add_argument("--collection", required=True, metavar="DIR", help="holds docs.jsonl, queries.jsonl and qrels.tsv")
    p.add_argument("--json", action="store_true")
    p = verb("score", rescore, "score a run's records again")
    p.add_argument("run", nargs="?")
    verb("schema", schema, "write the editor schema of the case files")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    made = parser()
    options = made.parse_args(given or ["run"])
    try:
        return int(options.act(options))
    except CaseError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The same command goes on from here.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
