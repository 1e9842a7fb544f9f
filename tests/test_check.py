"""A statement stands on its passages word for word or by rules; the five ways guidance goes wrong are caught."""

from __future__ import annotations

import pytest

from assistant.check import check, coverage
from assistant.types import Passage, Sentence, Status


def passage(text: str, status: Status = "practice") -> Passage:
    return Passage("card:x#y", "x", "X", "Y", text, (Sentence(text),), status=status)


SOURCE = "The police should send the report to the council within 5 working days, and the chair may not delay it."


@pytest.mark.parametrize("said", [SOURCE, SOURCE.upper(), "  ".join(SOURCE.split()), "the police should send the report to the council"])
def test_a_span_is_quoted_space_and_case_aside(said: str) -> None:
    assert check(said, [passage(SOURCE)]).support == "quoted"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("The police should send the report to the council within 7 working days.", "number"),
        ("The police must send the report to the council within 5 working days.", "duty"),
        (
            "The police should not send the report to the council within 5 working days, and the chair may not delay it, nor may others.",
            "negation",
        ),
        ("The police should send the report to the council within 5 working days, and the chair may delay it.", "negation"),
        ("Health should send the report to the council within 5 working days, and the chair may not delay it.", "health"),
        ("In Scotland the police should send the report to the council within 5 working days, and the chair may not delay it.", "scotland"),
        ("The police should always send the report to the council within 5 working days, and the chair may not delay it.", "always"),
        ("Bananas ripen faster in paper bags than in plastic ones.", "more than its passages"),
    ],
)
def test_what_goes_beyond_its_passage_is_dropped_with_the_reason(said: str, why: str) -> None:
    verdict = check(said, [passage(SOURCE)])
    assert verdict.support is None
    assert why in verdict.why


def test_an_honest_shortening_is_supported() -> None:
    said = "The police should send the council the report within 5 working days, and the chair may not delay."
    assert check(said, [passage(SOURCE)]).support == "supported"


@pytest.mark.parametrize(
    ("said", "support"),
    [
        ("A child is safer when agencies share what they knew early.", "supported"),
        ("A child is safer when agencies share what they knew too late.", None),
        ("No child is safer when agencies share what they knew early.", None),
    ],
)
def test_a_word_may_change_its_form_and_nothing_else(said: str, support: str | None) -> None:
    assert check(said, [passage("Children are safer when agencies share what they know early.")]).support == support


def test_must_needs_a_statutory_source_even_when_quoted() -> None:
    text = "Partners must publish their arrangements."
    assert check(text, [passage(text)]).support is None
    assert check(text, [passage(text, "statutory")]).support == "quoted"


def test_nothing_cited_is_dropped() -> None:
    assert check("Anything.", []).support is None


def test_one_short_word_is_no_quotation() -> None:
    assert check("report", [passage(SOURCE)]).support != "quoted"


def test_coverage_is_a_share_weighted_by_rarity() -> None:
    assert coverage("police report", "the police", lambda w: 3.0 if w.startswith("report") else 1.0) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Strong feeling in a family spreads among helpers.", "Strong feeling among helpers spreads in a family."),
        ("Less urgent worries go to the duty team at the office.", "Urgent worries go to the duty team at the office."),
        ("Consent is not the only route for sharing in a hub.", "Consent is not a route for sharing in a hub."),
        ("If a parent may be at risk, share what is relevant with the team.", "Share what is relevant with the team."),
        ("Do not wait for the police before telling the lead.", "Wait for the police before telling the lead."),
        ("The Act was read; the guide was not.", "The guide was"),
        ("Families may be seeking a fresh start in the area.", "Families are seeking a fresh start in the area."),
        ("Agree the words before the forms of the programme.", "Agree the forms before the words of the programme."),
        ("Some agencies keep a list of open actions.", "All agencies keep a list of open actions."),
        ("The tool suits yearly use by a small board.", "The tool suits monthly use by a small board."),
        ("A child under 16 needs an advocate at the meeting.", "A child under 18 needs an advocate at the meeting."),
        ("The guide of September 2023 sets out the steps.", "The guide of October 2023 sets out the steps."),
        ("Some teams refuse to lend staff to the hub.", "Some teams lend staff to the hub."),
        ("Volunteers fear that one call will end a friendship.", "One call will end a friendship."),
        ("Notes are shared in full, with legal advice excepted.", "Notes are shared in full, including legal advice."),
        ("Panels sit within the area of a Trust, as recalled.", "Panels sit within the area of a Trust."),
        ("Where bullying is alleged, take advice on the proper route.", "Take advice on the proper route."),
        ("Posts were cut, so visits became rare in the district.", "Posts were cut in the district, because visits became rare."),
        ("Visits became rare. Posts stayed vacant in the district.", "Visits became rare because posts stayed vacant in the district."),
        ("The board sets the aims, and the hub reports on progress.", "The hub sets the aims, and the board reports on progress."),
        (
            "Do not move money between pots, and do not spend what nobody counted.",
            "Do move money between pots, and do not spend what nobody counted.",
        ),
        ("Talk with each partner rather than with the whole room.", "Talk with the whole room rather than with each partner."),
        ("Return the keys of the shared office at the end of a lease.", "Hold the keys of the shared office at the end of a lease."),
        ("Tell the landlord of the shared office when a lease ends.", "Ask the landlord of the shared office when a lease ends."),
        (
            "The chair and the treasurer reject a lease that nobody costed.",
            "The chair and the treasurer handle a lease that nobody costed.",
        ),
    ],
)
def test_who_does_what_to_whom_and_under_which_condition_is_kept(source: str, said: str) -> None:
    assert check(said, [passage(source)]).support is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "Managers lost focus on services, and plans slipped by 18 months.",
            "Plans slipped by 18 months and managers lost focus on services.",
        ),
        ("The 2011 Act set up the board in that nation.", "The board in that nation was set up by the 2011 Act."),
        ("Consent is not the only route for sharing information.", "Consent isn't the only route for sharing information."),
        ("A shared rota can hold two teams together meanwhile.", "Meanwhile, a shared rota can hold two teams together."),
        ("Posts were cut, so visits became rare in the district.", "Visits became rare in the district, because posts were cut."),
        ("Agree the rota before the launch of the hub.", "The rota is agreed before the launch of the hub."),
        ("A manager should supply the file, with legal advice excepted.", "A manager should supply the file, except for legal advice."),
        ("Retain the keys of the shared office until the lease finishes.", "Keep the keys of the shared office until the lease ends."),
        ("Each tenant verifies the meter of the office.", "Each tenant checks the meter of the office in this process."),
    ],
)
def test_an_honest_rewording_is_supported(source: str, said: str) -> None:
    assert check(said, [passage(source)]).support == "supported"


@pytest.mark.parametrize(("name", "size", "precision", "recall"), [("first", 300, 0.95, 0.99), ("second", 170, 0.77, 0.96)])
def test_the_labelled_pairs_stay_as_well_judged_as_they_are(name: str, size: int, precision: float, recall: float) -> None:
    from evals.check_support import SETS, load, measure

    pairs = load(SETS[name])
    assert len(pairs) == size
    found = measure(pairs)
    assert found["recall"] >= recall
    assert found["precision"] >= precision


def test_a_nation_may_come_from_the_title_and_from_nowhere_else() -> None:
    source = Passage("card:x#y", "x", "Duties in Wales", "In short", SOURCE, (Sentence(SOURCE),), status="statutory")
    said = "In {}, the police should send the council the report within 5 working days."
    assert check(said.format("Wales"), [source]).support == "supported"
    assert "scotland" in check(said.format("Scotland"), [source]).why
