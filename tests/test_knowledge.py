"""The library loads strictly: each slip we can imagine is named by file and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import KnowledgeError
from assistant.knowledge import load_library, sentences
from assistant.prompts import load_prompts
from assistant.types import ELEMENTS, LEVELS, STEPS
from tests.conftest import CARD, ROOT

FILE = "cards/problems/stand-ins.md"


def test_the_real_library_loads_and_names_every_member_of_the_framework() -> None:
    library = load_library(ROOT / "knowledge")
    assert list(library.members) == [*LEVELS, *ELEMENTS, *STEPS]
    assert len(library.cards) >= 220
    assert all(len(c.asks) >= 4 for c in library.cards.values())


def test_a_card_becomes_passages_statements_and_steps(small: Path) -> None:
    card = load_library(small).cards["stand-ins"]
    assert [p.id for p in card.passages][:2] == ["card:stand-ins#in-short", "card:stand-ins#signs"]
    assert [s.text for s in card.passages[0].sentences] == [
        "Ask each agency for one named member and one named deputy.",
        "A seat that changes hands each month cannot decide.",
    ]
    why = card.section("why-it-happens")
    assert why is not None
    assert why.sentences[0].references == ("sloper2004",)
    assert "[" not in why.text
    steps = card.section("next-steps")
    assert steps is not None
    assert (steps.steps[0].owner, steps.steps[0].when, steps.steps[0].progress) == ("Chair", "this week", "Two names arrive")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: problem", "kind: puzzle", "kind: "),
        ("title: Members send a stand-in every time\n", "", "title: is missing"),
        ("status: practice", "status: gospel", "status: "),
        ("elements: [leadership]", "elements: [leaders]", "elements.0: "),
        ("elements: [leadership]", "elements: []", "elements: "),
        ("levels: [co-ordination]", "levels: [co-ordination, co-ordination]", "levels: "),
        ("steps: [preparation]", "steps: [ready]", "steps.0: "),
        ("jurisdictions: [any]", "jurisdictions: [narnia]", "jurisdictions: there is no 'narnia'"),
        ("by: builder}", "by: builder, mood: good}", "reviewed.mood: there is no such field"),
        ("on: 2026-11-23", "on: soon", "reviewed.on: "),
        ("  - stand-ins at meetings\n", "", "asks: "),
        ("## Signs\n- The minutes list a new name for the same agency each month.\n", "", "## Signs: the section is missing"),
        ("## Watch for", "## Beware", "## Beware: a problem card has no such section"),
        ("## Watch for", "## Signs", "## Signs: the section stands twice"),
        ("[sloper2004].", "[nobody1999].", "there is no source 'nobody1999'"),
        (" | owner: Chair", "", "lacks owner"),
        (" | progress: Two names arrive [sloper2004]", "", "lacks progress"),
        ("when: this week", "when: yesterday", "when is one of this week"),
        ("**Do** ask", "ask", "a next step starts with **Do**"),
        ("| owner: Chair", "| owner: Chair | cost: none", "unknown part 'cost'"),
        ("- Who could decide today?", "", "## Ask yourselves: the section is empty"),
        ("---\ntitle", "title", "front matter: "),
        ("kind: problem", "kind: problem\nkind: tool", "'kind' stands twice"),
        ("kind: problem", "kind: [problem", "line "),
    ],
)
def test_a_slip_in_a_card_is_named_by_file_and_field(small: Path, old: str, new: str, says: str) -> None:
    assert old in CARD
    (small / FILE).write_text(CARD.replace(old, new, 1), "utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_library(small)
    assert any(FILE in slip and says in slip for slip in caught.value.slips), caught.value.slips


def test_an_id_may_stand_once(small: Path) -> None:
    (small / "cards" / "again").mkdir()
    (small / "cards" / "again" / "stand-ins.md").write_text(CARD, "utf-8")
    with pytest.raises(KnowledgeError, match="is also the id of"):
        load_library(small)


def test_an_empty_folder_is_an_error_and_not_zero_cards(small: Path) -> None:
    (small / FILE).unlink()
    with pytest.raises(KnowledgeError, match="holds no card"):
        load_library(small)


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("framework.yaml", "- id: communication\n", "- id: chatting\n", "the ids are communication"),
        ("framework.yaml", "definition_sources: []", "definition_sources: [nobody1999]", "there is no source 'nobody1999'"),
        ("sources.yaml", "\n  seen: read", "\n  seen: glanced", "seen: "),
        ("jurisdictions.yaml", "parent: any", "parent: mars", "must stand above it"),
        ("kinds.yaml", "problem:", "puzzles:", "kinds.yaml"),
    ],
)
def test_a_slip_in_a_data_file_is_named(small: Path, name: str, old: str, new: str, says: str) -> None:
    text = (small / name).read_text("utf-8")
    assert old in text
    (small / name).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_library(small)
    assert any(name in slip and says in slip for slip in caught.value.slips), caught.value.slips


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="no such knowledge folder"):
        load_library(tmp_path / "nowhere")


def test_the_version_changes_with_a_word(small: Path) -> None:
    before = load_library(small).version
    (small / FILE).write_text(CARD.replace("two names", "three names"), "utf-8")
    assert load_library(small).version != before


def test_marks_after_the_full_stop_belong_to_the_sentence_before() -> None:
    assert sentences("One thing. [a1] Another, e.g. this. [b2] [c3] Last?") == ["One thing. [a1]", "Another, e.g. this. [b2] [c3]", "Last?"]


def test_prompts_load_and_a_slip_is_named(tmp_path: Path) -> None:
    prompts = load_prompts(ROOT / "prompts")
    assert "Chair" in prompts.say("writer.step", when="This week", action="Ask.", owner="Chair", progress="Names")
    (tmp_path / "one.yaml").write_text("good: $name\nbad: costs 5$ \nworse: 3\n", "utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_prompts(tmp_path)
    assert len(caught.value.slips) == 2


def test_a_library_is_kept_as_it_was_read(small: Path, tmp_path: Path) -> None:
    kept = tmp_path / "index"
    first = load_library(small, kept)
    assert first == load_library(small)
    (file,) = kept.glob("library-*.json")
    assert load_library(small, kept) == first
    file.write_text('{"cards": {}')
    assert load_library(small, kept) == first, "a broken file is read again"
    card = small / "cards" / "problems" / "stand-ins.md"
    card.write_text(card.read_text("utf-8").replace("stand-in with a badge", "stand-in with a chair"), "utf-8")
    changed = load_library(small, kept)
    assert "with a chair" in changed.passages["card:stand-ins#watch-for"].text


def test_a_library_that_cannot_be_kept_is_read_all_the_same(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert load_library(small, tmp_path / "file" / "index") == load_library(small)
