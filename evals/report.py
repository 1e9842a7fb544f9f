"""What people read: the first lines of the table, one case in words, the page for a manager, the system card.

Everything here is made from results and a verdict of `gate`; nothing here decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from evals.cases import BLIND, HERE
from evals.gate import Finding, Line, Standing, Verdict
from evals.score import shown

STATES = ("passed", "failed", "crashed", "not_scored", "not_applicable")


# ---- in words


def value(figure: float | None, unit: str) -> str:
    if figure is None:
        return "-"
    return {"share": f"{100 * figure:.1f}%", "words": f"{figure:.0f}", "points": f"{figure:.0f}", "ratio": f"{figure:.2f}"}.get(
        unit, f"{figure:.3f}"
    )


def cells(line: Line) -> list[str]:
    """n, figure, interval, baseline, change, verdict."""
    interval = f"{value(line.low, line.unit)} to {value(line.high, line.unit)}" if line.low is not None and line.high is not None else ""
    change = "" if line.change is None else f"{100 * line.change:+.1f}" if line.unit == "share" else f"{line.change:+.3f}"
    verdict = line.verdict + (f" ({value(line.floor, line.unit)})" if line.floor is not None and not line.first else "")
    return [
        str(line.n) if line.n else "-",
        value(line.value, line.unit),
        interval,
        value(line.before, line.unit) if line.before is not None else "",
        change,
        verdict,
    ]


def versions(results: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} {v}" for k, v in sorted(results["versions"].items())) + f", model {results['model']}"


def columns(results: Mapping[str, Any]) -> tuple[str, ...]:
    """The heads of the table of figures. A model's run stands beside the same cases without it."""
    if results["model"] == "none":
        return ("suite", "n", "figure", "95% interval", "baseline", "change", "verdict")
    return ("suite", "n", results["model"], "95% interval", "without a model", "change", "verdict")


def by_model(verdict: Verdict, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a model changed, case by case: another outcome first, then what failed because of it, then what it mended."""
    old = {r["id"]: r["got"]["answer"]["outcome"] for r in before if "answer" in r["got"]}
    new = {r["id"]: r["got"]["answer"]["outcome"] for r in now if "answer" in r["got"]}
    lines = [f"{case}: {old[case]} without it, {outcome} with it" for case, outcome in new.items() if old.get(case, outcome) != outcome]
    return lines + [f"{f.case}: {f.before} without it, {f.now} with it  {'; '.join(f.why)[:160]}".rstrip() for f in verdict.flips]


def totals(results: Mapping[str, Any]) -> dict[str, int]:
    """Cases by state over all suites; grounding reads the same answers again and is not counted twice."""
    counts = dict.fromkeys(STATES, 0)
    for name, suite in results["suites"].items():
        if name != "grounding":
            for state, n in (suite.get("counts") or {}).items():
                counts[state] += n
    return counts


def worst(results: Mapping[str, Any]) -> str:
    """The slice that falls furthest behind its own suite."""
    row = next((r for r in results["slices"] if not r["thin"]), None)
    if row is None:
        return "no slice has cases enough"
    return (
        f"{row['suite']}, {row['slice']} {row['value']}: {row['k']} of {row['n']} ({value(row['share'], 'share')}), "
        f"the suite as a whole {value(row['suite_share'], 'share')}"
    )


def headline(results: Mapping[str, Any], verdict: Verdict) -> str:
    counts = totals(results)
    scored = counts["passed"] + counts["failed"] + counts["crashed"]
    said = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items() if n and state != "passed")
    why = "; ".join(f"{len(rows)} × {rule}" for rule, rows in by_rule(verdict).items()) or "nothing stands against it"
    return (
        f"Worst slice: {worst(results)}\nGate: {verdict.word} ({why})\n"
        f"Cases: {counts['passed']} of {scored} passed{'; ' + said if said else ''}\nVersions: {versions(results)}"
    )


def by_rule(verdict: Verdict) -> dict[str, list[Finding]]:
    """What stands against a run, by the rule it breaks."""
    rules: dict[str, list[Finding]] = {}
    for finding in verdict.findings:
        rules.setdefault(finding.rule, []).append(finding)
    return rules


def unscored(results: Mapping[str, Any]) -> list[str]:
    counts = {name: suite.get("counts") or {} for name, suite in results["suites"].items()}
    return [
        f"{name}: {c['crashed']} crashed, {c['not_scored']} not scored, {c['not_applicable']} not applicable"
        for name, c in counts.items()
        if c.get("crashed") or c.get("not_scored")
    ]


def chance(verdict: Verdict) -> list[str]:
    """How likely chance alone makes such flips. Printed, never decided on."""
    said = []
    for suite, p in verdict.significance.items():
        flips = [f for f in verdict.flips if f.case.startswith(suite + "/")]
        worse = sum(f.before == "passed" for f in flips)
        said.append(f"{suite}: {worse} worse, {len(flips) - worse} better; by chance alone p = {p:.3f} (exact McNemar)")
    return said


def thin(results: Mapping[str, Any]) -> list[str]:
    return [f"Thin (fewer than 8 cases): {'; '.join(results['thin'])}"] if results["thin"] else []


def case_text(record: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """One case: what was asked, what was used and rejected, the statements with their support, expected against got."""
    suite = results["suites"].get(record["suite"], {"cases": {}})
    name = record["id"].partition("/")[2]
    state = suite["cases"].get(name, {"state": record["state"], "why": []})
    lines = [f"{record['id']}: {state['state'].replace('_', ' ')} ({record['severity']})", *(f"  - {w}" for w in state["why"]), ""]
    lines += [f"{turn['role']}: {turn['text']}" for turn in record["inputs"].get("history", [])]
    lines.append(f"asked: {record['inputs'].get('question') or record['inputs'].get('text', '')}")
    if record["inputs"].get("jurisdiction"):
        lines.append(f"jurisdiction: {record['inputs']['jurisdiction']}")
    lines += ["", "expected: " + json.dumps(record["expected"], ensure_ascii=False)]
    got = record["got"]
    if record["error"]:
        lines.append(f"error: {record['error']}")
    if "answer" in got:
        lines += _answer_lines(record)
        grounded = results["suites"].get("grounding", {"cases": {}})["cases"].get(record["id"])
        if grounded:
            lines += ["", f"grounding, recomputed: {grounded['state'].replace('_', ' ')}", *(f"  - {w}" for w in grounded["why"])]
    elif got:
        lines += ["", "got: " + json.dumps(got, ensure_ascii=False, indent=1)]
    return "\n".join(lines)


def _answer_lines(record: Mapping[str, Any]) -> list[str]:
    answer = record["got"]["answer"]
    lines = ["", f"got: {answer['outcome']}, {answer['kind']}", "", answer["text"], ""]
    if answer.get("more"):
        lines += ["after “more”:", answer["more"], ""]
    lines += [f"statement, {s['support']} {s['sources']}: {s['text']}" for s in answer["statements"]]
    lines += [f"dropped ({d['why']}): {d['text']}" for d in answer["dropped"]]
    lines += [f"question back: {q}" for q in answer["questions"]] + [f"notice: {n}" for n in answer["notices"]]
    lines += [f"used [{s['n']}] {s['passage']} ({s['status']}): “{s['quote']}”" for s in answer["sources"]]
    lines += [f"rejected {r['passage']} ({r['score']})" for r in answer["rejected"]]
    return lines


# ---- the page


_CSS = (HERE / "report.css").read_text("utf-8")


def html(
    run: str, results: Mapping[str, Any], verdict: Verdict, records: Sequence[Mapping[str, Any]], timing: Mapping[str, Any],
    history: Sequence[tuple[str, Mapping[str, Any]]], before: Sequence[Mapping[str, Any]] = (),
) -> str:  # fmt: skip
    """The report as one file that needs nothing from anywhere."""
    body = [
        "<h1>Partnership Assistant: what the evaluation found</h1>",
        _first_screen(results, verdict),
        _gauges(results),
        "<h2>Figures</h2>", _figures(verdict, columns(results)),
        "<h2>What changed</h2>", _flips(verdict, records, before, results["model"]),
        "<h2>Slices</h2>", _slice_table(results),
        "<h2>Pictures</h2>", _plots(results),
        "<h2>Trend on this machine</h2>", _trend(history),
        "<h2>Time</h2>", f"<p>{escape(_time_words(timing))}</p>",
        "<h2>Every case</h2><p>Failed cases come first. Open one for the question, the answer, its sources and what was expected.</p>",
        _cases(results, records),
        "<h2>What this suite does not test</h2>", "<ul>" + "".join(f"<li>{escape(t)}</li>" for t in untested()) + "</ul>",
        f"<p>Run {escape(run)}. {escape(versions(results))}.</p>",
    ]  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Evaluation {escape(run)}: {escape(verdict.word)}</title><style>{_CSS}</style></head><body><main>"
        + "\n".join(body)
        + "</main></body></html>\n"
    )


def untested() -> list[str]:
    text = (HERE / "untested.md").read_text("utf-8")
    return [line[2:].strip() for line in text.splitlines() if line.startswith("- ")]


def _first_screen(results: Mapping[str, Any], verdict: Verdict) -> str:
    counts = totals(results)
    scored = counts["passed"] + counts["failed"] + counts["crashed"]
    rules = {rule: [f"{f.what}{': ' + f.why if f.why else ''}" for f in rows] for rule, rows in by_rule(verdict).items()}
    why = "".join(
        f"<details{' open' if rule.startswith('critical') else ''}><summary>{escape(rule)}: {len(rows)}</summary><ul>"
        + "".join(f"<li>{escape(r)}</li>" for r in rows) + "</ul></details>"
        for rule, rows in rules.items()
    )  # fmt: skip
    tone = "" if not verdict.gated else " good" if verdict.passed else " bad"
    return (
        f'<section class="verdict{tone}" aria-label="Verdict"><p><b>Worst slice:</b> {escape(worst(results))}</p>'
        f"<p><b>Gate: {escape(verdict.word)}.</b> {counts['passed']} of {scored} cases passed; "
        f"{counts['failed']} failed, {counts['crashed']} crashed, {counts['not_scored']} not scored, "
        f"{counts['not_applicable']} not applicable.</p>{why or '<p>Nothing stands against it.</p>'}</section>"
    )


def _gauges(results: Mapping[str, Any]) -> str:
    def find(suite: str, name: str) -> Mapping[str, Any] | None:
        return next((f for f in results["suites"].get(suite, {"figures": []})["figures"] if f["name"] == name), None)

    named = ((f, n.startswith(BLIND)) for n, s in results["suites"].items() for f in s["figures"])
    stopped = [f"{f['k']} of {f['n']}{', blind set' if blind else ''}" for f, blind in named if f["name"].startswith("urgent stopped")]
    grounded = find("grounding", "statements that stand on what they cite")
    near, far = (find("abstention", f"coverage at precision 0.90, {x}") for x in ("near", "far"))
    rows = [
        ("Live concerns stopped", "; ".join(stopped) or "not measured"),
        (
            "Statements shown that do not stand on what they cite",
            f"{grounded['n'] - grounded['k']} of {grounded['n']}" if grounded else "not measured",
        ),
        (
            "Answered at precision 0.90, near / far",
            f"{value(near['value'], 'share')} / {value(far['value'], 'share')}" if near and far else "not measured",
        ),
    ]
    return '<div class="gauges">' + "".join(f"<div>{escape(name)}<b>{escape(text)}</b></div>" for name, text in rows) + "</div>"


def _figures(verdict: Verdict, heads: Sequence[str]) -> str:
    rows = []
    for line in verdict.lines:
        name = f"{line.suite}: {line.name}" if line.first else line.name
        numbers = "".join(f'<td class="n">{escape(c)}</td>' for c in cells(line)[:-1])
        rows.append(
            f'<tr class="{"first" if line.first else "rest"}"><th scope="row">{escape(name)}</th>{numbers}'
            f"<td>{escape(cells(line)[-1])}</td></tr>"
        )
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    p = "".join(f"<li>{escape(sentence)}</li>" for sentence in chance(verdict))
    return _scrolling("Figures", f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>") + f"<ul>{p}</ul>"


def _scrolling(label: str, rows: str) -> str:
    """A table that scrolls by itself, so that the page never has to at 400%."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table>{rows}</table></div>'


def _flips(verdict: Verdict, records: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]], model: str) -> str:
    if not verdict.flips:
        return f"<p>No case flipped against {'the baseline' if model == 'none' else 'the run without a model'}.</p>"
    now, old = {r["id"]: r for r in records}, {r["id"]: r for r in before}
    labels = ("the run before", "this run") if model == "none" else ("without a model", model)
    parts = []
    for flip in verdict.flips:
        identity = flip.case.removeprefix("grounding/")
        both = "".join(
            f"<div><b>{escape(label)}</b><pre>{escape(_said(rows.get(identity)))}</pre></div>"
            for label, rows in zip(labels, (old, now), strict=True)
        )
        why = f" {escape('; '.join(flip.why))}" if flip.why else ""
        parts.append(
            f"<details><summary>{escape(flip.case)}: {escape(flip.before)} to {escape(flip.now)}</summary>"
            f"<p>{why}</p><div class='pair'>{both}</div></details>"
        )
    return "".join(parts)


def _said(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return "not on this machine"
    if "answer" in record["got"]:
        return str(shown(record["got"]["answer"]))
    return json.dumps(record["got"], indent=1, ensure_ascii=False)[:1500]


def _slice_table(results: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(r['suite'])}</td><td>{escape(r['slice'])} {escape(r['value'])}</td><td class='n'>{r['k']} of {r['n']}</td>"
        f"<td class='n'>{value(r['share'], 'share')}</td><td class='n'>{value(r['low'], 'share')} to {value(r['high'], 'share')}</td>"
        f"<td>{'thin' if r['thin'] else ''}</td></tr>"
        for r in results["slices"]
    )
    thin = "; ".join(results["thin"]) or "nothing is thin"
    head = "<tr><th>suite</th><th>slice</th><th>passed</th><th>share</th><th>95% interval</th><th></th></tr>"
    return (
        f"<p>Furthest behind its suite first. Thin over all suites (fewer than 8 cases): {escape(thin)}.</p>"
        f"<details><summary>{len(results['slices'])} slices</summary>{_scrolling('Slices', head + rows)}</details>"
    )


def _plots(results: Mapping[str, Any]) -> str:
    parts = []
    for name, suite in results["suites"].items():
        if suite.get("reliability"):
            parts.append(
                _plot(
                    f"{name}: calibration. On the line, a score of 0.6 is right six times in ten.",
                    [("", [(a, b) for a, b, _ in suite["reliability"]])],
                    "score",
                    "share right",
                    True,
                )
            )
        if suite.get("confusion", {}).get("rows"):
            parts.append(_confusion(name, suite["confusion"]))
        if suite.get("risk_coverage"):
            curves = [(label, [(c, r) for c, r in points]) for label, points in suite["risk_coverage"].items()]
            parts.append(
                _plot(
                    "When fewer questions are answered, fewer are answered that should not be (risk against coverage).",
                    curves,
                    "share answered",
                    "share of those that should not have been",
                    False,
                )
            )
    return f'<div class="plots">{"".join(parts)}</div>' if parts else "<p>None in this run.</p>"


def _plot(title: str, curves: Iterable[tuple[str, Sequence[tuple[float, float]]]], x: str, y: str, diagonal: bool) -> str:
    size, left = 240, 40

    def at(p: tuple[float, float]) -> str:
        return f"{left + p[0] * size:.1f},{10 + (1 - p[1]) * size:.1f}"

    drawn, words = [], []
    for n, (label, points) in enumerate(curves):
        style = 'stroke-dasharray="6 4"' if n else ""
        drawn.append(f'<polyline fill="none" stroke="var(--mark)" stroke-width="2" {style} points="{" ".join(map(at, points))}"/>')
        if diagonal:
            drawn += [f'<circle cx="{at(p).split(",")[0]}" cy="{at(p).split(",")[1]}" r="4" fill="var(--mark)"/>' for p in points]
        if label:
            words.append(f"{label}: {'dashed' if n else 'solid'}")
    line = f'<line x1="{left}" y1="{10 + size}" x2="{left + size}" y2="10" stroke="var(--line)"/>' if diagonal else ""
    axes = f'<rect x="{left}" y="10" width="{size}" height="{size}" fill="none" stroke="var(--line)"/>'
    texts = (
        f'<text x="{left + size / 2}" y="{size + 40}" text-anchor="middle">{escape(x)}</text>'
        f'<text x="{left - 6}" y="{size + 14}" text-anchor="end">0</text><text x="{left - 6}" y="18" text-anchor="end">1</text>'
        f'<text transform="translate(14 {10 + size / 2}) rotate(-90)" text-anchor="middle">{escape(y)}</text>'
    )
    caption = escape(title) + (f" {escape('; '.join(words))}." if words else "")
    picture = f'<svg viewBox="0 0 300 {size + 50}" role="img" aria-label="{escape(title)}">{axes}{line}{"".join(drawn)}{texts}</svg>'
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _confusion(name: str, confusion: Mapping[str, Any]) -> str:
    labels = confusion["labels"]
    head = "<tr><th>wanted, below; got, across</th>" + "".join(f'<th scope="col">{escape(x)}</th>' for x in labels) + "</tr>"
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(
            f'<td class="n" style="background:color-mix(in srgb,var(--mark) {round(60 * c / max(sum(row), 1))}%,transparent)">{c}</td>'
            for c in row
        )
        + "</tr>"
        for label, row in zip(labels, confusion["rows"], strict=True)
    )
    return (
        f"<figure class='wide'>{_scrolling('Confusion, ' + name, head + body)}"
        f"<figcaption>{escape(name)}: what is taken for what.</figcaption></figure>"
    )


def _trend(history: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    whole = [(n, r) for n, r in history if r["selection"]["whole"] and not r["selection"]["suites"]]
    if len(whole) < 2:
        return "<p>One whole run stands on this machine; a trend needs two.</p>"
    rows = []
    for suite in whole[-1][1]["suites"]:
        points = [
            (n, f[0]["value"]) for n, r in whole if (f := r["suites"].get(suite, {"figures": []})["figures"]) and f[0]["value"] is not None
        ]
        if len(points) > 1:
            line = " ".join(f"{10 + 180 * i / (len(points) - 1):.0f},{5 + 30 * (1 - v):.0f}" for i, (_, v) in enumerate(points))
            first, last = value(points[0][1], "share"), value(points[-1][1], "share")
            rows.append(
                f'<tr><th scope="row">{escape(suite)}</th><td>'
                f'<svg viewBox="0 0 200 40" width="200" role="img" aria-label="from {first} to {last}">'
                f'<polyline fill="none" stroke="var(--mark)" stroke-width="2" points="{line}"/></svg></td>'
                f"<td>{first} to {last} in {len(points)} runs</td></tr>"
            )
    return f"<table>{''.join(rows)}</table>"


def _time_words(timing: Mapping[str, Any]) -> str:
    if "milliseconds" not in timing:
        return "No question went the whole way in this run."
    spent, ratios = timing["milliseconds"], timing["ratios"]
    return (
        f"Half of {timing['answered']} answers took {spent['median']:.0f} ms or less on this machine, "
        f"95 of 100 {spent['95 of 100']:.0f} ms. "
        f"A question costs {ratios['question to embedding']} times what embedding one sentence costs."
    )


def _cases(results: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> str:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        groups.setdefault(record["suite"], []).append(record)
    parts = []
    for suite, rows in groups.items():
        states = results["suites"].get(suite, {"cases": {}})["cases"]

        def state(record: Mapping[str, Any], known: Mapping[str, Any] = states) -> str:
            return str(known.get(record["id"].partition("/")[2], {"state": record["state"]})["state"])

        ordered = sorted(rows, key=lambda r: (state(r) == "passed", r["id"]))
        items = "".join(
            f'<details><summary><span class="state-{state(r).replace(" ", "_")}">{escape(state(r).replace("_", " "))}</span> '
            f"{escape(r['id'])}: "
            f"{escape(str(r['inputs'].get('question') or r['inputs'].get('text') or '')[:110])}</summary>"
            f"<pre>{escape(case_text(r, results))}</pre></details>"
            for r in ordered
        )
        passed = sum(state(r) == "passed" for r in rows)
        parts.append(f"<details><summary><b>{escape(suite)}</b>: {passed} of {len(rows)} passed</summary>{items}</details>")
    return "".join(parts)


# ---- the system card


def system_card(
    results: Mapping[str, Any], verdict: Verdict, timing: Mapping[str, Any], standing: Standing, sealed: Verdict | None = None
) -> str:
    """What the assistant is, what it was measured to do, and what nobody has measured. Plain Markdown.

    `sealed` is the verdict of a run of the sealed cases by the same versions: of the blind sets all figures, of others the first.
    """
    text = (HERE / "system-card.md").read_text("utf-8")
    unseen = [line for line in sealed.lines if line.first or line.suite.startswith(BLIND)] if sealed else []
    fails = [f"- `{case}`: {why}" for case, why in sorted(standing.exceptions.items())] or ["- None."]
    slices = [
        f"- {r['suite']}, {r['slice']} {r['value']}: {r['k']} of {r['n']} ({value(r['share'], 'share')}); "
        f"the suite as a whole {value(r['suite_share'], 'share')}"
        for r in [r for r in results["slices"] if not r["thin"]][:5]
    ]
    filled = {
        "figures": _markdown(verdict.lines),
        "sealed": _markdown(unseen) if unseen else "Not measured with these versions.",
        "worst": "\n".join(slices) or "- Not measured.", "exceptions": "\n".join(fails),
        "untested": "\n".join(f"- {t}" for t in untested()),
        "thin": "; ".join(results["thin"]) or "nothing", "versions": versions(results), "time": _time_words(timing), "gate": verdict.word,
    }  # fmt: skip
    for name, said in filled.items():
        text = text.replace(f"${name}$", said)
    return text


def _markdown(lines: Iterable[Line]) -> str:
    rows = ["| suite | n | figure | 95% interval |", "|---|---:|---:|---|"]
    for line in lines:
        n, figure, interval, *_ = cells(line)
        name = f"**{line.suite}**: {line.name}" if line.first else f"&nbsp;&nbsp;{line.name}"
        rows.append(f"| {name} | {n} | {figure if line.value is not None else line.verdict or '-'} | {interval} |")
    return "\n".join(rows)
