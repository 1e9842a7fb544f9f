"""The evaluation suite by itself: metrics, gate, scoring, collections, leaks, the command. The product is a small honest fake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assistant import Answer, Settings
from evals import __main__ as command
from evals import collect, collection, gate, judge, leaks, metrics, report, score, screens
from evals.__main__ import main
from evals.cases import BLIND, FOLDER, SUITES, Case, CaseError, Selection, choose, load, write_schema

ROOT = Path(__file__).resolve().parent.parent


# ---- metrics


@pytest.mark.parametrize(
    ("text", "idea", "there"),
    [
        ("A **joint** board decides [2].", "joint board", True),
        ("They don’t share", "don't share", True),
        ("First\nCreate a new sub-group", r"/^\W*create a (new|another) sub-group/", True),
        ("Do not create a new sub-group", r"/^\W*create a (new|another) sub-group/", False),
        ("it is not always the best", "/(?<!not )always the best/", False),
        ("half", "/", False),
    ],
)
def test_an_idea_is_looked_for_in_plain_lower_case_or_as_a_pattern(text: str, idea: str, there: bool) -> None:
    assert metrics.says(text, idea) is there


def test_an_idea_is_missing_only_when_no_alternative_stands_there() -> None:
    assert metrics.missing_ideas("The chair decides", [["chair", "lead"], ["budget", "money"]]) == [["budget", "money"]]


def test_an_interval_of_no_case_is_none_and_zero_of_thirty_reaches_one_in_ten() -> None:
    assert metrics.wilson(0, 0) is None
    low, high = metrics.wilson(0, 30) or (1, 1)
    assert low == 0
    assert 0.09 < high < 0.12


def test_six_flips_one_way_are_the_first_that_chance_hardly_makes() -> None:
    assert metrics.mcnemar(5, 0) > 0.05 > metrics.mcnemar(6, 0)
    assert metrics.mcnemar(0, 0) == 1


def test_cases_that_share_a_card_widen_the_interval() -> None:
    values = [1.0] * 10 + [0.0] * 10
    alone, together = metrics.bootstrap(values), metrics.bootstrap(values, ["a"] * 10 + ["b"] * 10)
    assert alone is not None
    assert together is not None
    assert together[1] - together[0] > alone[1] - alone[0]


def test_a_query_that_found_nothing_counts_as_zero() -> None:
    found = metrics.ranking({"q1": ["b", "a"]}, {"q1": {"a": 1}, "q2": {"a": 1}}, metrics.CARDS)
    assert found["RR"] == {"q1": 0.5, "q2": 0.0}
    assert found["Success@1"]["q1"] == 0
    assert found["Success@5"]["q1"] == 1


def test_coverage_at_a_precision_answers_no_more_than_it_may() -> None:
    right = [True] * 9 + [False] + [True] * 5 + [False] * 5
    confidence = [float(-i) for i in range(20)]
    assert metrics.coverage_at_precision(confidence, right, 0.90) == pytest.approx(14 / 14)
    assert metrics.coverage_at_precision(confidence, right, 0.95) == pytest.approx(9 / 14)
    assert metrics.coverage_at_precision([1.0] * 4, [True, False, False, False]) == 0
    assert metrics.coverage_at_precision([1.0], [False]) is None


def test_cases_of_equal_confidence_are_answered_together() -> None:
    assert metrics.risk_coverage([1.0, 1.0], [True, False]) == [(1.0, 0.5)]


def test_brier_is_nothing_for_certainty_that_is_right_and_two_for_the_worst() -> None:
    assert metrics.brier("a", {"a": 1.0, "b": 0.0}) == 0
    assert metrics.brier("a", {"a": 0.0, "b": 1.0}) == 2


def test_being_two_levels_away_is_worse_than_one() -> None:
    order = ("low", "middle", "high")
    assert metrics.order_error(["low", "low"], ["middle", "high"], order) == 1.5
    assert metrics.order_error([], [], order) is None


def test_short_words_read_more_easily_than_long_ones() -> None:
    easy = metrics.reading_ease("The chair rings the school. They meet on Monday and talk it through.")
    hard = metrics.reading_ease(
        "Organisational interdependencies necessitate comprehensive accountability arrangements notwithstanding jurisdictional complexity."
    )
    assert easy is not None
    assert hard is not None
    assert easy > 70
    assert hard < 0
    assert metrics.reading_ease("Yes.") is None


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        ("Ask for one named member.", True),
        ("ask for  one NAMED member", True),
        ("Ask for two named members.", False),
        ("named", True),
        ("ame", False),
    ],
)
def test_a_quotation_is_word_for_word_on_word_boundaries(statement: str, holds: bool) -> None:
    assert metrics.quotes(statement, "- Ask for one named member. A seat moves.") is holds


def test_a_rewording_may_not_bring_a_number_or_a_negation() -> None:
    passage = ["Ask the executive for one named member and one named deputy."]
    assert metrics.rewords("The executive names one member and a deputy", passage)
    assert not metrics.rewords("The executive names 3 members and a deputy", passage)
    assert not metrics.rewords("The executive never names a member and a deputy", passage)


# ---- cases


def test_every_suite_has_cases_and_every_case_file_loads() -> None:
    for suite in SUITES:
        cases = load(suite)
        assert cases, suite.name
        assert len({c.id for c in cases}) == len(cases)


def test_the_editor_schema_is_the_one_the_loader_reads_by(tmp_path: Path) -> None:
    assert (FOLDER / "case.schema.json").read_text("utf-8") == write_schema(tmp_path).read_text("utf-8")


def test_abstention_has_questions_enough_and_a_third_of_what_it_should_decline_is_near() -> None:
    labels = [c.expected["label"] for c in load(next(s for s in SUITES if s.name == "abstention"))]
    assert len(labels) >= 240
    assert labels.count("near") * 4 >= len(labels)


def test_sealed_cases_are_asked_by_their_own_flag_only() -> None:
    chosen = choose(Selection(("placement",)))
    sealed = choose(Selection(("placement",), sealed=True))
    assert set(chosen) == {"placement-level", "placement-element", "placement-step"}
    assert not {c.id for v in chosen.values() for c in v} & {c.id for v in sealed.values() for c in v}
    assert not any(c.sealed for v in chosen.values() for c in v)


def test_the_smoke_selection_is_small_and_reaches_every_suite() -> None:
    smoke, whole = choose(Selection(smoke=True)), choose(Selection())
    assert set(smoke) == set(whole)
    assert sum(map(len, smoke.values())) * 4 < sum(map(len, whole.values()))


def test_a_slip_in_a_case_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "cases.yaml").write_text("name: x\ncases: [{name: a, inputs: {questoin: what}}]\n", "utf-8")
    with pytest.raises(CaseError, match="questoin"):
        load(next(s for s in SUITES if s.name == "answers"), tmp_path)


# ---- collecting and scoring


def answer(**more: Any) -> dict[str, Any]:
    passage = "card:a#in-short"
    made: dict[str, Any] = {
        "outcome": "answered", "kind": "definition", "text": "A joint board decides. [1]", "more": "", "dropped": [], "questions": [],
        "statements": [{"text": "A joint board decides.", "sources": [1], "support": "quoted"}],
        "next_steps": [], "rejected": [],
        "notices": [], "model": "none",
        "sources": [{"n": 1, "passage": passage, "title": "A", "quote": "A joint board decides.", "status": "practice", "origin": "card"}],
    }  # fmt: skip
    return made | more


def record(name: str = "answers/one", got: dict[str, Any] | None = None, **expected: Any) -> dict[str, Any]:
    passages = {"card:a#in-short": {"text": "A joint board decides. Partners keep their budgets.", "status": "practice", "title": "A"}}
    return {
        "id": name, "suite": name.partition("/")[0], "inputs": {"question": "What is it?"},
        "expected": {"outcome": ["answered"], **expected},
        "severity": "major", "slices": {"nation": "england"}, "state": "done", "error": None,
        "got": got or {"answer": answer(), "passages": passages},
    }  # fmt: skip


def scored(*records: dict[str, Any], **selection: Any) -> dict[str, Any]:
    settings = {
        "versions": {"knowledge": "k"}, "model": "none", "suites": {r["suite"]: [] for r in records},
        "selection": {"suites": [], "words": "", "smoke": False, "sealed": False, "whole": True} | selection,
    }  # fmt: skip
    results: dict[str, Any] = score.rounded(score.score(settings, list(records)))
    return results


def test_scoring_does_not_import_the_assistant() -> None:
    code = "import evals.score, evals.gate, evals.report, sys; sys.exit('assistant' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_four_counts_are_kept_apart() -> None:
    crashed = {**record("answers/two"), "state": "crashed", "error": "ValueError: x", "got": {}}
    wrong = record("answers/three", must=[["nowhere"]])
    social = record("answers/four", {"answer": answer(statements=[], sources=[]), "passages": {}})
    results = scored(record(), crashed, wrong, social)
    assert results["suites"]["answers"]["counts"] == {"passed": 2, "failed": 1, "crashed": 1, "not_scored": 0, "not_applicable": 0}
    assert results["suites"]["grounding"]["cases"]["answers/four"]["state"] == "not_applicable"
    assert results["suites"]["grounding"]["cases"]["answers/two"]["state"] == "crashed"


def test_next_steps_and_questions_back_are_part_of_what_is_shown() -> None:
    step = {"action": "Ask for two names.", "owner": "Chair", "when": "this week", "progress": "They arrive", "sources": [1]}
    shown = {"answer": answer(next_steps=[step], questions=["Who decides?"]), "passages": {}}
    assert score.answer_reasons(record(got=shown, must=[["chair"], ["this week"], ["who decides"]], min_steps=1)) == []
    assert score.answer_reasons(record(got={"answer": answer(next_steps=[step | {"when": "soon"}]), "passages": {}}))[0].startswith(
        "next step without"
    )


def test_a_wrong_idea_counts_even_where_it_stands_after_more() -> None:
    said = {"answer": answer(more="You must have consent."), "passages": {}}
    assert score.answer_reasons(record(got=said, must_not=["you must have consent"])) == ["says: you must have consent"]


def test_must_from_guidance_is_found_and_must_from_statute_is_not() -> None:
    text = "Agencies must share."
    for status, wrong in (("guidance", True), ("statutory", False)):
        source = {"n": 1, "passage": "p", "title": "A", "quote": text, "status": status, "origin": "card"}
        made = answer(text=text + " [1]", statements=[{"text": text, "sources": [1], "support": "quoted"}], sources=[source])
        _, why = score.support(made, {"p": {"text": text}})
        assert bool(why) is wrong


def test_a_quote_that_is_not_in_its_passage_and_a_mark_without_a_source_are_found() -> None:
    made = answer(text="A joint board decides. [1] [7]")
    _, why = score.support(made, {"card:a#in-short": {"text": "Something else."}})
    assert len(why) == 3


def test_nobody_is_told_that_a_suite_without_cases_passed() -> None:
    results = scored(record())
    results["suites"]["rehearsal"] = {"built": False, "why": "not there", "figures": [], "cases": {}}
    lines = [x for x in gate.gate(results, gate.Standing()).lines if x.suite == "rehearsal"]
    assert [x.verdict for x in lines] == ["not built"]


def test_the_worst_slice_stands_on_the_first_line() -> None:
    rows = [record(f"answers/e{i}") for i in range(9)] + [
        {**record(f"answers/w{i}", must=[["nowhere"]]), "slices": {"nation": "wales"}} for i in range(9)
    ]
    results = scored(*rows)
    assert report.headline(results, gate.gate(results, gate.Standing())).startswith("Worst slice: answers, nation wales: 0 of 9")
    assert "nation scotland: 0" in results["thin"]


class Fake:
    """An assistant that answers from nothing and falls over when it is told to."""

    def __init__(self, tmp_path: Path) -> None:
        self.settings = Settings(tmp_path, tmp_path, tmp_path)
        self.library = SimpleNamespace(version="k", passages={}, cards={}, members={})
        self.prompts = SimpleNamespace(version="p")
        self.embeddings = SimpleNamespace(version="e", vectors=lambda texts: np.ones((len(texts), 2), np.float32))
        self.asked: list[str] = []

    def ask(self, question: Any) -> Any:
        self.asked.append(question.text)
        if "fall" in question.text:
            raise RuntimeError("over")
        return Answer("answered", "other", "Yes.", milliseconds={"screen": 1.0, "total": 2.0})


def cases_of(*texts: str) -> dict[str, list[Case]]:
    return {"answers": [Case(f"answers/c{n}", "answers", {"question": t}, {"outcome": ["answered"]}) for n, t in enumerate(texts)]}


def quiet(*_: Any) -> None:
    """Reports nothing."""


def test_a_crash_is_one_record_and_the_run_goes_on(tmp_path: Path) -> None:
    fake: Any = Fake(tmp_path)
    collect.collect(fake, cases_of("one", "fall over", "three"), tmp_path, quiet)
    rows = collect.records(tmp_path / "records.jsonl")
    assert [r["state"] for r in rows] == ["done", "crashed", "done"]
    assert "RuntimeError: over" in rows[1]["error"]
    assert "milliseconds" not in rows[0]["got"]["answer"]


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    first: Any = Fake(tmp_path)
    collect.collect(first, cases_of("one", "two"), tmp_path, quiet)
    path = tmp_path / "records.jsonl"
    path.write_text(path.read_text("utf-8") + '{"id": "answers/c2", "sui', "utf-8")
    second: Any = Fake(tmp_path)
    collect.collect(second, cases_of("one", "two", "three"), tmp_path, quiet)
    assert second.asked == ["three"]
    assert len(collect.records(path)) == 3


def test_a_run_resumes_only_into_a_run_of_the_same_make(tmp_path: Path) -> None:
    fake: Any = Fake(tmp_path)
    settings = collect.describe(fake, cases_of("one"), Selection(("answers",)))
    folder = collect.open_run(settings, tmp_path / "runs")
    assert collect.open_run(settings, tmp_path / "runs") == folder
    other = collect.describe(fake, cases_of("two"), Selection(("answers",)))
    assert collect.open_run(other, tmp_path / "runs") != folder
    (folder / "results.json").write_text("{}", "utf-8")
    assert collect.open_run(settings, tmp_path / "runs") != folder


def test_two_runs_of_one_version_give_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        fake: Any = Fake(tmp_path)
        settings = collect.describe(fake, cases_of("one", "two"), Selection(("answers",)))
        collect.collect(fake, cases_of("one", "two"), folder, quiet)
        score.write(score.score(settings, collect.records(folder / "records.jsonl")), folder / "results.json")
        written.append((folder / "results.json").read_bytes())
    assert written[0] == written[1]


# ---- the gate


def results_of(severity: str = "major", whole: bool = True, **states: str) -> dict[str, Any]:
    cases = {c: {"state": s, "why": [], "severity": severity, "slices": {}} for c, s in states.items()}
    good = sum(s == "passed" for s in states.values())
    figures = [score.share("passed", good, len(states))]
    return {
        "versions": {"knowledge": "k"}, "model": "none", "slices": [], "thin": [],
        "selection": {"suites": [], "words": "", "smoke": False, "sealed": False, "whole": whole},
        "suites": {"answers": {"built": True, "why": "", "cases": cases, "figures": figures, "counts": score.counts(cases.values())}},
    }  # fmt: skip


def standing(floors: dict[str, Any] | None = None, exceptions: dict[str, str] | None = None, **states: str) -> gate.Standing:
    return gate.Standing({"answers": {"cases": states, "figures": {"passed": 1.0}}} if states else {}, floors or {}, exceptions or {})


@pytest.mark.parametrize(
    ("results", "held", "rule"),
    [
        (results_of("critical", a="failed"), standing(a="failed"), "critical case fails"),
        (results_of(a="failed"), standing(a="passed"), "case that passed before fails"),
        (results_of(a="crashed"), standing(a="passed"), "case that passed before fails"),
        (results_of(a="passed", b="failed"), standing(a="passed"), "new case fails"),
        (results_of(a="passed"), standing(exceptions={"answers/a": "issue 3: known"}, a="failed"), "exception starts to pass"),
        (results_of(a="passed"), standing(a="passed", b="passed"), "case is missing"),
        (results_of(**{f"c{i}": "passed" for i in range(40)}, d="not_scored"), standing(), "not scored"),
        (
            results_of(a="passed", b="failed"),
            standing({"answers": {"passed": {"floor": 0.9, "why": "x"}}}, a="passed", b="failed"),
            "below its floor",
        ),
    ],
)
def test_each_rule_fails_the_gate(results: dict[str, Any], held: gate.Standing, rule: str) -> None:
    verdict = gate.gate(results, held)
    assert not verdict.passed
    assert rule in {f.rule for f in verdict.findings}


def test_what_is_accepted_passes_and_a_known_failure_stays_silent() -> None:
    assert gate.gate(results_of(a="passed", b="failed"), standing(a="passed", b="failed")).passed
    assert gate.gate(results_of("critical", a="failed"), standing(exceptions={"answers/a": "issue 3: known"}, a="failed")).passed


def test_a_part_of_a_suite_is_not_held_to_its_floor_nor_missed() -> None:
    held = standing({"answers": {"passed": {"floor": 1.0, "why": "x"}}}, a="failed", b="passed")
    assert gate.gate(results_of(whole=False, a="failed"), held).passed


def test_significance_is_told_and_does_not_block() -> None:
    verdict = gate.gate(results_of(**{f"c{i}": "passed" for i in range(7)}), standing(**{f"c{i}": "failed" for i in range(7)}))
    assert verdict.passed
    assert verdict.significance["answers"] < 0.05
    assert len(verdict.flips) == 7


def test_answers_of_a_model_are_shown_and_never_gated() -> None:
    assert gate.gate({**results_of("critical", a="failed"), "model": "x:y"}, standing(a="passed")).passed


def test_accepting_makes_a_baseline_that_passes_and_names_critical_exceptions(tmp_path: Path) -> None:
    results = results_of("critical", a="failed", b="passed")
    gate.accept(results, None, "issue 3: not yet", tmp_path, "2026-11-23")
    held = gate.Standing.read(tmp_path / "baseline", tmp_path / "floors.yaml", tmp_path / "exceptions.yaml")
    assert held.exceptions == {"answers/a": "issue 3: not yet"}
    assert gate.gate(results, held).passed
    assert "issue 3: not yet" in (tmp_path / "accepted.md").read_text("utf-8")
    gate.accept(results_of("critical", a="passed", b="passed"), ["answers/a"], "mended in issue 3", tmp_path, "2026-11-24")
    held = gate.Standing.read(tmp_path / "baseline", tmp_path / "floors.yaml", tmp_path / "exceptions.yaml")
    assert held.exceptions == {}
    assert gate.gate(results_of("critical", a="passed", b="passed"), held).passed


def test_every_floor_has_a_reason() -> None:
    for figures in gate.Standing.read().floors.values():
        for rule in figures.values():
            assert len(rule["why"].split()) > 3
            assert ("floor" in rule) != ("ceiling" in rule)


# ---- leaks


def test_a_case_that_stands_among_the_training_examples_is_found(tmp_path: Path) -> None:
    fake: Any = Fake(tmp_path)
    card = SimpleNamespace(
        asks=["who keeps sending other people to our board every month", "how do we pool our budgets next year"], file="a.md"
    )
    fake.library.cards = {"a": card}
    texts = {
        "x/1": ["Who keeps sending other people to our board every month?"],
        "x/2": ["How do we pool our budgets the next year?"],
        "x/3": ["Nobody here has ever read our escalation policy."],
    }
    found = leaks.Leaks(fake, tmp_path, by_meaning=False).of(texts)
    assert [(p["case"], p["how"]) for p in found["pairs"]] == [("x/1", "the same"), ("x/2", "words 0.89")]


def test_two_sentences_with_one_vector_are_found_though_no_word_is_shared(tmp_path: Path) -> None:
    fake: Any = Fake(tmp_path)
    fake.library.cards = {"a": SimpleNamespace(asks=["who keeps sending other people here"], file="a.md")}
    found = leaks.Leaks(fake, tmp_path).of({"x/1": ["a quite different sentence stands there"]})
    assert found["pairs"][0]["how"] == "meaning 2.00"


# ---- the judge


def test_a_verdict_off_the_menu_leaves_the_case_unscored() -> None:
    assert judge.read_verdict("verdict: Good\nreason: it says who", ("good", "poor")) == ("good", "it says who")
    assert judge.read_verdict("verdict: splendid\nreason: so", ("good", "poor"))[0] is None
    assert judge.read_verdict("I like it", ("good", "poor")) == (None, "")


def test_a_verdict_is_kept_and_goes_stale_when_the_answer_changes(tmp_path: Path) -> None:
    asked: list[str] = []

    def model(text: str) -> str:
        asked.append(text)
        return "verdict: good\nreason: clear"

    one = record()
    judge.judge(one, model, "fake:one", tmp_path)
    judge.judge(one, model, "fake:one", tmp_path)
    assert len(asked) == 1
    kept = judge.scored([one], judge.read(tmp_path), {one["id"]: True})
    assert kept["figures"][0]["value"] == 1
    changed = record(got={"answer": answer(text="Another."), "passages": {}})
    stale = judge.scored([changed], judge.read(tmp_path), {one["id"]: True})
    assert stale["verdicts"][one["id"]]["verdict"] == "stale"
    assert not judge.scored([one], {}, {})["built"]


def test_a_judge_that_always_prefers_the_first_has_no_preference(tmp_path: Path) -> None:
    entry = judge.judge(record(), lambda _: "verdict: first\nreason: it comes first", "fake:one", tmp_path, other="Another answer.")
    assert entry["pair"] is None


# ---- a collection of one's own


def write(folder: Path, docs: str, queries: str, qrels: str) -> Path:
    for name, text in {"docs.jsonl": docs, "queries.jsonl": queries, "qrels.tsv": qrels}.items():
        (folder / name).write_text(text, "utf-8")
    return folder


DOCS = """{"id": "d1", "title": "Attendance", "text": "A seat that changes hands cannot decide."}
{"id": "d2", "text": "Pooled budgets need an agreement."}
"""
QUERIES = '{"id": "q1", "text": "who sits in the seat"}\n{"id": "q2", "text": "money put together"}\n'
QRELS = "q1\td1\t1\nq2\td2\t1\n"


@pytest.mark.parametrize(
    ("docs", "queries", "qrels", "said"),
    [
        ("", QUERIES, QRELS, "docs.jsonl: the file is empty"),
        ("{no\n", QUERIES, QRELS, "docs.jsonl line 1: it is not JSON"),
        ("[1]\n", QUERIES, QRELS, "docs.jsonl line 1: it is not an object"),
        ('{"title": "x", "text": "y"}\n', QUERIES, QRELS, "line 1: id is missing"),
        ('{"id": "d1"}\n', QUERIES, QRELS, "line 1: text is missing"),
        (DOCS + DOCS, QUERIES, QRELS, "line 3: the id 'd1' stands twice"),
        (DOCS, QUERIES, "q1 d1 1\n", "qrels.tsv line 1: it is not query, document and grade"),
        (DOCS, QUERIES, "q9\td1\t1\n", "qrels.tsv line 1: there is no query 'q9'"),
        (DOCS, QUERIES, "q1\td9\t1\n", "qrels.tsv line 1: there is no document 'd9'"),
        (DOCS, QUERIES, "q1\td1\t1\nq1\td2\tyes\n", "line 2: the grade 'yes' is not a whole number"),
        (DOCS, QUERIES, "query\tdoc\tgrade\n", "a header and no judgement"),
        (DOCS, QUERIES, "q1\td1\t1\nq1\td1\t2\n", "judged twice"),
    ],
)
def test_a_wrong_collection_is_told_in_plain_words(tmp_path: Path, docs: str, queries: str, qrels: str, said: str) -> None:
    with pytest.raises(CaseError, match=said.replace("'", ".")):
        collection.read(write(tmp_path, docs, queries, qrels))


def test_a_missing_file_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no such folder"):
        collection.read(tmp_path / "nowhere")
    with pytest.raises(CaseError, match=r"docs\.jsonl: there is no such file"):
        collection.read(tmp_path)


def test_numbers_as_ids_a_header_and_windows_lines_are_tolerated(tmp_path: Path) -> None:
    read = collection.read(
        write(tmp_path, '\ufeff{"id": 1, "text": "a"}\r\n', '{"id": 7, "text": "a"}\r\n', "query-id\tcorpus-id\tscore\r\n7\t1\t2\r\n")
    )
    assert read.relevant == {"7": {"1": 2}}


def test_our_search_finds_the_known_answers_of_a_made_collection(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words find what shares words, meaning what does not, and both together all of it."""
    animals = ["dog", "horse", "sparrow", "salmon", "beetle", "lizard", "whale", "goat"]
    docs = [
        {"id": a, "title": a.title(), "text": f"The {a} was seen by the river in reserve number {n}{n}{n}."} for n, a in enumerate(animals)
    ]
    docs += [{"id": f"other{i}", "title": "Minutes", "text": f"Item {i} of the agenda was put off until meeting {i}."} for i in range(40)]
    queries = [{"id": "w", "text": "reserve number 333"}, {"id": "m", "text": "a puppy on a lead"}, {"id": "b", "text": "a big sea mammal"}]
    write(tmp_path, "\n".join(map(json.dumps, docs)), "\n".join(map(json.dumps, queries)), "w\tsalmon\t1\nm\tdog\t1\nb\twhale\t2\n")
    monkeypatch.setenv("ASSISTANT_HOME", str(settings.home))
    assert main(["retrieval", "--collection", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["documents", "queries", "words", "meaning", "both"]
    assert list(found["both"]) == ["nDCG@10", "RR@10", "R@5", "R@10", "R@100", "AP@100"]
    assert (found["documents"], found["queries"]) == (48, 3)
    assert found["both"]["R@5"] == 1
    assert found["both"]["nDCG@10"] > found["words"]["nDCG@10"]
    assert main(["retrieval", "--collection", str(tmp_path)]) == 0
    assert "48 documents, 3 queries" in capsys.readouterr().out


# ---- the command and the report


def test_a_wrong_name_is_told_with_the_right_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "nosuch"]) == 2
    assert "There is no suite 'nosuch'. Suites: blind-retrieval" in capsys.readouterr().err


def test_the_report_holds_every_case_and_asks_nothing_of_the_network() -> None:
    bad = record("answers/bad", must=[["<script>alert(1)</script>"]])
    results = scored(record(), bad)
    verdict = gate.gate(results, gate.Standing({"answers": {"cases": {"bad": "passed", "one": "passed"}, "figures": {}}}))
    page = report.html("run", results, verdict, [record(), bad], {}, [("run", results)], [bad])
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "answers/bad: passed to failed" in page
    assert "A joint board decides." in page
    assert "What this suite does not test" in page


def test_the_system_card_leaves_no_gap_unfilled() -> None:
    results = scored(record())
    card = report.system_card(results, gate.gate(results, gate.Standing()), {}, gate.Standing())
    assert "$" not in card
    assert "**answers**: passed" in card


# ---- the blind sets


BLIND_SUITES = [s for s in SUITES if s.name.startswith(BLIND)]


def test_the_blind_sets_stand_first_and_half_of_each_is_sealed() -> None:
    assert list(choose(Selection()))[: len(BLIND_SUITES)] == [s.name for s in BLIND_SUITES]
    for suite in BLIND_SUITES:
        cases = load(suite)
        assert sum(c.sealed for c in cases) in ((0,) if suite.name == "blind-robust" else (len(cases) // 2,)), suite.name


def test_a_live_concern_and_an_attack_that_works_are_critical_in_the_blind_sets_and_nothing_else() -> None:
    cases = [(s, c) for s in BLIND_SUITES for c in load(s)]
    grave = {c.id for s, c in cases if s.asks == "attack" or c.inputs.get("set") == "urgent" or "urgent" in c.expected.get("outcome", ())}
    assert {c.id for _, c in cases if c.severity == "critical"} == grave


def test_what_learns_or_fits_never_reads_a_blind_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=None))  # slow to import, not used here
    from evals import screen_weights

    blind = {c.inputs.get("question") or c.inputs["text"] for s in BLIND_SUITES for c in load(s)}
    read = {*screen_weights._open_cases(), *(row["text"] for rows in screens.load_all().values() for row in rows)}
    assert len(read) > 1000
    assert not {text for text in blind & read if len(text.split()) > 4}
    for script in ("calibrate", "check_support", "rehearse", "screen_names"):  # each names the files it reads
        assert "blind" not in (ROOT / "evals" / f"{script}.py").read_text("utf-8")


def test_a_follow_up_is_understood_when_the_question_holds_what_it_is_about() -> None:
    def row(name: str, read_as: str, text: str, **expected: Any) -> dict[str, Any]:
        return {**record(f"blind-understanding/{name}", {"kind": read_as, "text": text}), "expected": expected}

    rows = [
        row("a", "law", "what", kind=["law"]),
        row("b", "law", "seats on the board", must=[["board"]]),
        row("c", "law", "so", must=[["chair"]]),
    ]
    suite = scored(*rows)["suites"]["blind-understanding"]
    assert [c["state"] for c in suite["cases"].values()] == ["passed", "passed", "failed"]
    assert [(f["k"], f["n"]) for f in suite["figures"]] == [(1, 1), (1, 2)]


def test_a_text_without_a_situation_may_not_be_placed_with_confidence() -> None:
    rows = [record(f"blind-none/{n}", {"placement": {"sure": {"level": s, "step": False}}}) for n, s in (("a", False), ("b", True))]
    suite = scored(*rows)["suites"]["blind-none"]
    assert [c["why"] for c in suite["cases"].values()] == [[], ["sure of the level"]]


# ---- a model beside none


def test_a_model_stands_beside_the_same_cases_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = [record(), record("answers/two", must=[["joint board"]]), record("answers/three")]
    other = {"answer": answer(outcome="no_evidence", text="Nothing.", statements=[], sources=[]), "passages": {}}
    wrong = {"answer": answer(text="A board decides. [1]"), "passages": without[0]["got"]["passages"]}
    with_model = [record(), record("answers/two", wrong, must=[["joint board"]]), record("answers/three", other)]
    monkeypatch.setattr("evals.__main__.RUNS", tmp_path)
    for name, rows, model in (("20260101-000000", without, "none"), ("20260101-000001", with_model, "x:y")):
        settings = {"versions": {"knowledge": "k"}, "model": model, "suites": {"answers": []}, "selection": scored(record())["selection"]}
        (tmp_path / name).mkdir()
        (tmp_path / name / "settings.json").write_text(json.dumps(settings), "utf-8")
        (tmp_path / name / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
        verdict = command.finish(tmp_path / name)
    results = command.load(tmp_path / "20260101-000001")
    assert command.keyless(results) == tmp_path / "20260101-000000"
    assert verdict.passed
    assert report.by_model(verdict, without, with_model) == [
        "answers/three: answered without it, no_evidence with it",
        "answers/three: passed without it, failed with it  outcome: no_evidence, not answered",
        "answers/two: passed without it, failed with it  lacks: joint board",
    ]
    head = next(line for line in command.table(results, verdict).splitlines() if line.startswith("suite"))
    assert head.split()[:3] == ["suite", "n", "x:y"]
    assert "without a model" in head
    first = next(line for line in verdict.lines if line.suite == "answers")
    assert (first.before, first.value) == (1.0, 0.3333)


def test_a_run_with_a_model_asks_the_same_cases_without_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def opening(settings: Settings, progress: Any = None) -> Any:
        fake = Fake(tmp_path)
        fake.settings, fake.adviser = settings, None
        fake.ask = lambda _: Answer("answered", "other", f"Yes, says {settings.model}.", model=settings.model, milliseconds={"total": 1.0})
        opened.append(settings.model)
        return fake

    monkeypatch.setattr(command, "RUNS", tmp_path)
    monkeypatch.setattr(command, "Assistant", opening)
    for _ in range(2):
        assert main(["run", "blind-robust", "-k", "escalaton", "--model", "x:y"]) == 0
    assert opened == ["x:y", "none", "x:y"]
    assert [command.load(r)["model"] for r in command.runs()] == ["none", "x:y", "x:y"]
    assert "no case came out differently" in capsys.readouterr().out


def test_the_sealed_cases_of_a_model_show_figures_only() -> None:
    held = standing(a="passed")
    results = {**results_of(whole=False, a="failed"), "model": "x:y"}
    results["selection"]["sealed"] = True
    verdict = gate.gate(results, held)
    assert not verdict.flips
    assert verdict.lines[0].before == 1.0


def test_the_system_card_tells_sealed_cases_apart() -> None:
    results = scored(record("blind-answers/one"), sealed=True, whole=False)
    verdict = gate.gate(results, gate.Standing())
    card = report.system_card(scored(record()), verdict, {}, gate.Standing(), verdict)
    unseen = card.partition("### Not used in development")[2].partition("### Used in development")[0]
    assert "**blind-answers**: passed | 1 | 100.0%" in unseen
    assert "right outcome" in unseen
