"""What a question means: its kind, what it wants of the answer before, what it points at, what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant, KnowledgeError, Turn
from assistant.knowledge import load_library
from assistant.understand import Reader, load_reader

ASKED = Turn("user", "Our pooled budget has no agreed exit and the trust wants out. What should we do?")
ANSWERED = Turn(
    "assistant",
    "Settle the exit first.\n1. Read the signed agreement. Owner: Lead commissioner. When: this week.\n"
    "2. Draft notice terms with the legal leads. Owner: Legal leads. When: this month.\n"
    "3. Put the date in every diary. Owner: Business manager. When: this month.",
)
TALK = (ASKED, ANSWERED)


@pytest.fixture(scope="module")
def reader(assistant: Assistant) -> Reader:
    return assistant.adviser.reader


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("waht is coalitoin", "definition"),
        ("Coalition.", "definition"),
        ("explain what the mandate bit of your model is", "definition"),
        ("all six elements please", "list"),
        ("Give me some warning signs of a merger going badly", "list"),
        ("diffrence between cooperation and coordination", "comparison"),
        ("shared premises versus a shared manager", "comparison"),
        ("So which level would you call that? We meet, we plan, nobody can be held to it.", "placement"),
        ("Two votes bound us last year and the money is pooled. Where does that leave us?", "placement"),
        ("Our members never read the papers. What can we do about it?", "next_steps"),
        ("my director says leave it but the families lose out so what should I do", "next_steps"),
        ("how do I go about running a joint audit", "how_to"),
        ("Have you got a template for minutes?", "how_to"),
        ("Are GPs legally required to attend?", "law"),
        ("What does the Welsh Act ask of health boards?", "law"),
        ("who should own the risk register", "who_when"),
        ("How often should an executive meet?", "who_when"),
        ("How come nobody trusts the figures?", "reasons"),
        ("hiya", "greeting"),
        ("G'day", "greeting"),
        ("Grand, thanks a million", "thanks"),
        ("Are you a real human being?", "about"),
        ("can i trust you", "about"),
        ("Do you understand Gaelic?", "about"),
        ("Am I able to paste in our minutes?", "about"),
        ("In which year did the boards begin?", "who_when"),
        ("Which ministry runs this in New Zealand?", "who_when"),
        ("Is a dentist legally bound to reply?", "law"),
        ("Show us how a learning circle is run", "how_to"),
        ("Mōrena", "greeting"),
        ("Lovely, thanks. I will bring it to the chair.", "thanks"),
        ("problems", "vague"),
        ("it's all a mess here", "vague"),
        ("The sergeant left in May and nobody has come in her place.", "other"),
        ("Our county collaborative chased a grant and now the school district has gone quiet.", "other"),
    ],
)
def test_the_kind_of_a_question(reader: Reader, text: str, kind: str) -> None:
    assert reader.read(text).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "Everyone cites the law and their duty, and when the meeting ends nobody has listened to the youth worker who knows the family.",
        "It is a legal duty, they say, whoever asks, and then the seat stays empty again.",
        "When the new act was announced the trust stopped coming and has not been seen since.",
    ],
)
def test_a_message_that_only_holds_the_word_is_not_a_question_of_law_or_time(reader: Reader, text: str) -> None:
    assert reader.read(text).kind == "other"


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        ("tell me more about 2", "follow_up", "more"),
        ("shorter please", "follow_up", "shorter"),
        ("can you sum that up in two lines", "follow_up", "shorter"),
        ("and schools?", "follow_up", "agency"),
        ("What about the police?", "follow_up", "agency"),
        ("for Scotland", "follow_up", "nation"),
        ("who should do that?", "follow_up", "who"),
        ("by when?", "follow_up", "when"),
        ("why?", "follow_up", "why"),
        ("why do you say that", "follow_up", "why"),
        ("which one first?", "follow_up", "first"),
        ("how would we know it had worked?", "follow_up", "progress"),
        ("we've done all that already", "follow_up", "tried"),
    ],
)
def test_a_follow_up_says_what_it_wants(reader: Reader, text: str, kind: str, wanted: str) -> None:
    meaning = reader.read(text, TALK)
    assert (meaning.kind, meaning.request, meaning.follows) == (kind, wanted, True)
    assert meaning.base == ASKED.text


@pytest.mark.parametrize(
    ("text", "number", "words"),
    [
        ("tell me more about 2", 2, "Draft notice terms"),
        ("Can you expand on point 3?", 3, "Put the date"),
        ("explain the first step", 1, "Read the signed agreement"),
        ("what do you mean by the last one", 3, "Put the date"),
        ("who should do step two?", 2, "Draft notice terms"),
    ],
)
def test_a_follow_up_points_at_a_step(reader: Reader, text: str, number: int, words: str) -> None:
    meaning = reader.read(text, TALK)
    assert meaning.points_at == number
    assert meaning.point.startswith(words)
    assert "Owner" not in meaning.point


@pytest.mark.parametrize(
    "text",
    [
        "What is the maintenance step?",
        "How do I write terms of reference?",
        "Different question: who chairs a safeguarding board?",
        "Our health visitors are never told when a family moves. What should we do?",
        "What does Irish law say about mandated persons?",
        "Two years ago the hospital left our group and the school followed.",
    ],
)
def test_a_change_of_subject_stands_alone(reader: Reader, text: str) -> None:
    meaning = reader.read(text, TALK)
    assert not meaning.follows
    assert "pooled budget" not in meaning.text


def test_follow_ups_lead_back_to_the_question_that_stood_alone(reader: Reader) -> None:
    chain = (*TALK, Turn("user", "why?"), Turn("assistant", "Because."), Turn("user", "thanks"), Turn("assistant", "You are welcome."))
    assert reader.read("and who does that?", chain).base == ASKED.text


@pytest.mark.parametrize("text", ["shorter", "tell me more about 2", "and who should do that?", "why?"])
def test_a_follow_up_to_nothing_is_vague(reader: Reader, text: str) -> None:
    assert reader.read(text, blocked=True).kind == "vague"


STATED = Turn("assistant", "Pick a lead practitioner for each family: 1. Ask the family. 2. Name a deputy. 3. Review it each term.")


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("is there evidence for it?", ["many professionals", "lead practitioner"]),
        ("which of those is cheapest", ["lead practitioner", "Name a deputy"]),
        ("does it take long", ["lead practitioner"]),
        ("and 2?", ["many professionals", "Name a deputy"]),
        ("shorter pls", ["many professionals"]),
        ("hmm, would schools agree", ["many professionals", "lead practitioner"]),
        ("anything else?", ["many professionals"]),
    ],
)
def test_a_follow_up_carries_what_was_spoken_of(reader: Reader, text: str, held: list[str]) -> None:
    meaning = reader.read(text, (Turn("user", "Too many professionals visit one family."), STATED))
    assert meaning.kind == "follow_up"
    assert all(words in meaning.text for words in held), meaning.text
    assert "lead practitioner" not in meaning.told  # a placement rests on the person's own words


def test_a_follow_up_to_a_greeting_alone_is_vague(reader: Reader) -> None:
    turns = (Turn("user", "hello"), Turn("assistant", "Hello. Ask me about your partnership."))
    assert reader.read("which of those is quickest?", turns).kind == "vague"


def test_a_question_about_the_assistant_is_no_follow_up(reader: Reader) -> None:
    assert reader.read("Are you a real person?", TALK).kind == "about"


def test_one_below_names_the_level_below(reader: Reader) -> None:
    meaning = reader.read("how is it different from the one below?", (Turn("user", "What is coalition?"), Turn("assistant", "A level.")))
    assert meaning.subjects == ("coalition", "co-ordination")


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("We are at co-ordination and want to move up.", {"level": "co-ordination"}),
        ("we're still in contemplation I think", {"step": "contemplation"}),
        ("We work in Wales.", {"jurisdiction": "wales"}),
        ("We have health, police and two schools round the table.", {"members": "schools, health, police"}),
        ("What is coalition?", {}),
        ("What does Irish law say?", {}),
    ],
)
def test_what_a_person_tells_of_the_partnership_is_kept(reader: Reader, text: str, facts: dict[str, str]) -> None:
    assert dict(reader.read(text).facts) == facts


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("- kind: thanks", "- kind: praise", "there is no kind 'praise'"),
        ("  shorter: [", "  louder: [", "there is no request 'louder'"),
        ("  - '\\bhow come\\b'", "  - '('", "questions.yaml"),
        ("new_subject:", "other_subject:", "new_subject: is missing"),
    ],
)
def test_a_slip_in_the_rules_is_named(small: Path, old: str, new: str, says: str) -> None:
    path = small / "questions.yaml"
    text = path.read_text("utf-8")
    if old in text:
        path.write_text(text.replace(old, new, 1), "utf-8")
    else:
        path.write_text(text.replace("  patterns:\n", f"  patterns:\n{new}\n", 1), "utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_reader(load_library(small), small)
    assert any(says in slip for slip in caught.value.slips), caught.value.slips


def test_examples_are_read_strictly(small: Path) -> None:
    (small / "questions").mkdir()
    (small / "questions" / "gossip.yaml").write_text("- what now\n", "utf-8")
    with pytest.raises(KnowledgeError, match=r"questions/gossip\.yaml: there is no 'gossip'"):
        load_reader(load_library(small), small)


def test_examples_of_follow_ups_are_of_a_wish_or_a_card(small: Path) -> None:
    (small / "follow_ups").mkdir()
    (small / "follow_ups" / "no-such-card.yaml").write_text("- there is no money\n", "utf-8")
    with pytest.raises(KnowledgeError, match=r"follow_ups/no-such-card\.yaml: there is no 'no-such-card'"):
        load_reader(load_library(small), small)


def test_without_what_was_learned_the_rules_still_read(small: Path) -> None:
    reader = load_reader(load_library(small), small)
    assert reader.read("What is coalition?").kind == "definition"
    assert reader.read("The seat is empty again.").kind == "other"


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("Two agencies are keen to start and the third says there is no need.", True),
        ("Health signed up, but the school isn't convinced", True),
        ("Everyone is ready and the plan is signed.", False),
        ("We want a shared form and the police sent theirs.", False),
    ],
)
def test_agencies_that_are_ready_beside_one_that_is_not_are_told_from_the_rest(reader: Reader, text: str, split: bool) -> None:
    assert reader.split_over_need(text) is split


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("What is a core group?", "core group"),
        ("What is a MASH and who should be in it?", "MASH"),
        ("what's the chief officers group in Scotland for?", "chief officers group"),
        ("Explain what a pathway plan is", "pathway plan"),
        ("What is independent scrutiny in English arrangements?", "independent scrutiny"),
        ("What is a child in need plan?", "child in need plan"),
        ("What is the role of a lead safeguarding partner?", "lead safeguarding partner"),
        ("what do people mean by early help", "early help"),
        ("what is Tusla's part in the county committees", ""),
        ("what are we missing", ""),
        ("What is happening with our board", ""),
        ("What does a good escalation policy look like?", ""),
        ("How do we get schools to the table?", ""),
    ],
)
def test_a_short_question_names_the_thing_it_wants_explained(reader: Reader, text: str, term: str) -> None:
    assert reader.term(text) == term


@pytest.mark.parametrize(
    ("text", "kind"), [("What's a CYPSC for?", "definition"), ("what is MARAC", "definition"), ("what is the SBNI?", "definition")]
)
def test_one_strange_word_is_a_name_to_be_explained(reader: Reader, text: str, kind: str) -> None:
    assert reader.read(text).kind == kind


@pytest.mark.parametrize(
    ("text", "read"),
    [("what does s16E say", "what does section 16E say"), ("s.47 enquiry", "section 47 enquiry"), ("it's 5 years", "it's 5 years")],
)
def test_a_section_is_read_however_it_is_written(reader: Reader, text: str, read: str) -> None:
    assert reader.read(text).text == read


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Two agencies are fighting over who leads", "other"), ("who chairs it and for how long", "who_when")],
)
def test_a_quarrel_over_who_leads_is_told_and_not_asked(reader: Reader, text: str, kind: str) -> None:
    assert reader.read(text).kind == kind


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("I'm a superintendent in Gwynedd. Two partners argue about money every spring.", "Two partners argue about money every spring."),
        ("I'm a new chair. What do I do first?", "I'm a new chair. What do I do first?"),
        ("As a nurse I see every family twice.", "As a nurse I see every family twice."),
    ],
)
def test_who_writes_is_left_out_of_the_search_where_enough_is_told(reader: Reader, text: str, read: str) -> None:
    assert reader.read(text).text == read


def test_who_writes_still_says_where(reader: Reader) -> None:
    assert reader.read("I'm a head teacher in Gwynedd. Nobody from education sits on the regional board here.").jurisdiction == "wales"


def test_the_second_thing_said_is_the_second_step(reader: Reader) -> None:
    read = reader.read("What's the second thing you said about?", TALK)
    assert (read.points_at, read.point) == (2, "Draft notice terms with the legal leads.")


@pytest.mark.parametrize(
    ("text", "words"),
    [("more on the fourth one", "Machinery"), ("explain the second", "Mandate"), ("tell me about the last one", "Outcomes")],
)
def test_a_place_in_a_list_without_numbers_can_be_pointed_at(reader: Reader, text: str, words: str) -> None:
    names = ("Predisposing factors", "Mandate", "Leadership", "Machinery", "Process", "Outcomes")
    listed = Turn("assistant", "There are six.\n\n**What marks it**\n\n" + "\n".join(f"- {n}: what it is. [2]" for n in names))
    meaning = reader.read(text, (Turn("user", "Name the elements"), listed))
    assert meaning.point.startswith(words)
    assert meaning.subjects[0] == words.lower()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Says who, though?", "doubt"),
        ("what's the downside of doing that", "risk"),
        ("could you word it for the chief executive's briefing", "paper"),
        ("Whit's the catch?", "risk"),
        ("been there, it died after a month", "tried"),
    ],
)
def test_a_wish_in_words_of_no_rule_is_read_from_examples(reader: Reader, text: str, wanted: str) -> None:
    assert reader.read(text, TALK).request == wanted


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("there isn't a penny for it, I asked", "no-money-for-joint-work"),
        ("we're run off our feet, when would we do this", "no-time-for-it"),
        ("how far up do I take it now that their manager has refused", "partner-manager-says-no"),
        ("give me a sentence to start with when I ring him", "words-to-open-with"),
        ("I'm only the administrator", "no-authority-to-do-it"),
        ("and when it goes belly up, whose head rolls", "who-carries-the-blame"),
    ],
)
def test_an_objection_is_answered_by_its_own_card(reader: Reader, text: str, card: str) -> None:
    meaning = reader.read(text, TALK)
    assert (meaning.whatever, meaning.follows, meaning.base) == (card, True, ASKED.text)
    assert reader.read(text).whatever == ""  # with nothing before it, it is a question like any other


def test_a_story_of_its_own_is_no_objection(reader: Reader) -> None:
    text = "Our neighbouring authority has a different threshold document and the hospital that serves both is losing patience. What now?"
    assert not reader.read(text, TALK).follows


def test_a_list_of_members_tells_of_no_agency_apart(reader: Reader) -> None:
    assert reader.apart("Is it integration or coalition with staff lent by police, probation and health under one manager?") == []
    apart = reader.apart("Police are trying it out already, while the schools see no need.")
    assert [agency for agency, _ in apart] == ["Police", "schools"]


def test_what_if_it_fails_wants_to_know_what_is_left(reader: Reader) -> None:
    assert reader.read("And what if they never answer?", TALK).request == "unmoved"


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [("Does Norwegian law oblige us to meet?", True), ("Does Welsh law oblige us to meet?", False), ("Scotland or Denmark?", False)],
)
def test_a_country_whose_law_we_do_not_hold_is_known(reader: Reader, text: str, elsewhere: bool) -> None:
    assert reader.elsewhere(text) is elsewhere


COMPARED = Turn("user", "How do leadership and mandate differ?")
TABLE = Turn(
    "assistant",
    "| | Leadership | Mandate |\n|---|---|---|\n\n1. Write down who may decide what. Owner: Chair.\n2. Meet alone. Owner: Chair.",
)


@pytest.mark.parametrize(
    ("text", "subjects", "points_at"),
    [("tell me more about the second one", ("mandate",), None), ("tell me more about step two", ("leadership", "mandate"), 2)],
)
def test_one_of_two_things_compared_can_be_pointed_at(reader: Reader, text: str, subjects: tuple[str, ...], points_at: int | None) -> None:
    read = reader.read(text, (COMPARED, TABLE))
    assert (read.follows, read.subjects, read.points_at) == (True, subjects, points_at)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We are in the plan, it seems. What does that make us responsible for? Nobody has said.", "other"),
        ("An inspection called our contact with other services patchy. Where do we look for the cause, apart from training?", "other"),
        ("How do I tell whether what we have is action or prep? The forms changed last week.", "placement"),
        ("We share one budget and one head. What does that make us?", "placement"),
    ],
)
def test_where_a_partnership_stands_is_asked_in_words_of_its_own(reader: Reader, text: str, kind: str) -> None:
    assert (reader.read(text).kind == "placement") is (kind == "placement")


def test_a_story_with_a_report_in_it_does_not_ask_whom_to_reach(reader: Reader) -> None:
    assert not reader.reports(
        "Nurseries report, the hub tells them nothing, and they have stopped. I am to write an agreement. What goes in it?"
    )
    assert reader.reports("Where does a nursery in Fife report a worry?")


def test_a_few_lines_are_wanted_in_several_ways(reader: Reader) -> None:
    for text in ("give me two lines", "in three sentences", "just a couple of points please"):
        assert reader.read(text, TALK).request == "shorter"
