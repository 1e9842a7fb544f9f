"""Misspelt words are put right for the search, and nothing else is touched."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.spelling import Spelling


@pytest.fixture(scope="module")
def spelling(assistant: Assistant) -> Spelling:
    return assistant.adviser.spelling


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("threshholds for referals", "thresholds for referrals"),
        ("our comisioner wont comunicate", "our commissioner wont communicate"),
        ("proffesional curiousity", "professional curiosity"),
        ("the comittee is usless", "the committee is useless"),
    ],
)
def test_a_misspelt_word_is_read_as_the_librarys_own(spelling: Spelling, typed: str, meant: str) -> None:
    assert spelling.mended(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "whanau hui with iwi kaitiaki in torbay and kirklees",
        "evictions, arrears, lanyards and a flipchart",
        "the offline padlet is mortified",
        "Referals to Threshhold House",  # a capital may begin a name
        "plan pln referral",
    ],
)
def test_names_short_words_and_words_of_other_worlds_are_left_alone(spelling: Spelling, text: str) -> None:
    assert spelling.mended(text) == text
