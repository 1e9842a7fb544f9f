"""The card writer: chooses and orders reviewed statements, never writes new ones. Same input, same answer.

Each kind of question reads differently; what is shown first stays within a budget of words, the rest stands after "more".
Statements are chosen greedily for what they add to what is already said (maximal marginal relevance, Carbonell and
Goldstein 1998), by words: meaning cannot tell two sentences of one card apart.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from assistant.knowledge import Library
from assistant.prompts import Prompts
from assistant.retrieve import points_at_a_document
from assistant.types import (
    FACETS,
    STEPS,
    WHENS,
    Card,
    Claim,
    Draft,
    Evidence,
    Facet,
    Kind,
    Part,
    Passage,
    Placement,
    PlannedStep,
    Request,
    Score,
    Sentence,
    Understanding,
)

BUDGET = 350  # words shown before "more"
MOST_STEPS = 5
MOST_QUESTIONS = 8
_ALIKE = 0.6  # two statements that share this much of the shorter one's words say the same
_WORD = re.compile(r"[a-z]{3,}")
_MARK = re.compile(r"\[\d+\]")  # of a source
_TOKEN = re.compile(r"[a-z0-9]{3,}|\d+[a-z]?")
_FORM = re.compile(r"\b(agreement|arrangement|enquiry|process|document|scheme)s?\b", re.IGNORECASE)  # says of what form a thing is
_WHAT_IS = re.compile(r"\bwhat(?:'s|’s| is| are| does)\b|\bmean(?:s|ing)?\b|\bdefin|\bexplain", re.IGNORECASE)
# A line that sends a child in danger past whatever the card is about.
_WARNS = re.compile(
    r"\bemergency (?:number|route|services)\b|(?=.*\b(?:danger|unsafe|at risk (?:now|today)|(?:is|being) hurt|hurting|harm now|fears? for"
    r"|afraid for)\b)(?=.*\b(?:ring|rings|rung|call|calls|telephones?|police)\b)",
    re.IGNORECASE | re.DOTALL,
)
_HOLDS_FOR = re.compile(r"\bholds for\b", re.IGNORECASE)  # names things the advice is good for, and says of none what it is
_COMMON = frozenset(
    "the and for with that this from are was were have has had not you your our their they them who what when where which will would "
    "should could can may into out about over each every one other than then there here how why its does did been being also".split()
)
_LIKELY = 0.45  # a reading less probable than this is no more than the nearest
_TOLD = 7  # words of weight below which a description is too thin to be sure
_OF_ITS_OWN = 0.4  # share of a card's asks that name an agency, from which the card counts as being about it
_FOR_ONE = ("why-it-happens", "what-it-means", "what-binds-whom", "what-the-sources-say")  # sections whose sentences stand by themselves
_WOVEN = 2  # words that a step of another card shares with the question
_WEIGHTY = 4.5  # and what they weigh together, by how few cards use them: two that half of all cards use weigh 1.4
_RARE = 1.0  # weight of a word that four cards in ten use
_POINTED = 0.5  # share of the weight of a follow-up's own words, from which a statement is to the point
_FURTHER: tuple[Request, ...] = ("", "other", "more", "agency", "tried", "unmoved")  # follow-ups that want what has not been said yet
_FRESH = 3  # statements and steps below which an answer to these says nothing new
_SITUATED = 10  # words of weight from which a level or a step is read aloud without being asked for
_GENERAL = 4  # words of a question that are so few that several cards may answer
_WORKS = 4  # published works named for a card
SHORT = 72  # words of an answer asked to be short
_FRAGMENT = 3  # words: no more than a heading says
_SHORT_DOCUMENT = 6  # sentences: of so few, all may matter
_BEARS_ON = 0.4  # of the best sentence's likeness to the question: below it a sentence of a document is off the point
_EVERYWHERE = (
    "what-binds-whom", "how-to-run-it", "headings", "features", "what-it-covers", "partnership-body", "who-to-contact", "why-it-happens",
    "signs", "when-to-use-it", "when-it-is-right", "watch-for", "common-mistakes", "what-was-found", "what-it-means", "by-nation",
    "what-the-sources-say", "tasks-for-leaders", "moving-up-or-down",
)  # fmt: skip
# Of what has no table of features, the sections whose first sentences set one beside another.
_SET_APART = ("what-it-covers", "strengths", "signs", "tasks-for-leaders", "how-people-react", "watch-for", "ask-yourselves")
# Which section a list is wanted of, by the words that ask for it.
_LISTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"questions?\b|prompts", ("ask-yourselves", "what-to-check"), "questions"),
    (r"signs?\b|symptoms?|signals?|indicators?|warning", ("signs", "watch-for", "features"), "signs"),
    (r"mistakes?|pitfalls?|traps?|risks?|dangers?", ("common-mistakes", "watch-for"), "watch"),
    (r"headings?|points?|items?|template|topics?|goes? in|put in", ("headings", "features", "how-to-run-it"), "template"),
    (r"reasons?|causes?|barriers?", ("why-it-happens", "watch-for"), "reasons"),
    (r"strengths?|benefits?|advantages?", ("strengths", "when-it-is-right", "features"), "right"),
)
_ROLE = re.compile(
    r"\b(chairs?|managers?|executive|leads?|directors?|members?|partners?|police|health|schools?|councils?|local authority|"
    r"social (?:work\w*|care)|officers?|signator\w+|signs?|authoris\w+|boards?|owner|nurses?|gps?|practitioners?|scrutineer|"
    r"volunt\w+|parents?|families)\b",
    re.I,
)
_TIME = re.compile(
    r"\b(years?|months?|weeks?|days?|quarter|annual\w*|when|before|after|once|until|date|meeting|yearly|each time|as soon as)\b", re.I
)
_TERM = re.compile(r"\b(\w+ (?:years?|months?|weeks?|days?)|terms? of office|tenure|yearly|annual(?:ly)?|until|in turn|rotat\w+)\b", re.I)
_OFTEN = re.compile(
    r"\b(every \w+|each (?:week|month|quarter|term|year|meeting|time)|once|twice|\w+ times a|weekly|fortnight\w*|monthly|quarterly|termly|"
    r"yearly|annual(?:ly)?|(?:a|per) (?:week|month|quarter|term|year))\b",
    re.I,
)
_WHEN = re.compile(
    r"\b(when|how (?:long|often|soon|frequently|quick\w*)|what (?:point|date|time|year)|"
    r"time ?limits?|time ?scales?|deadlines?|dates?)\b",
    re.I,
)
_DOUBT = re.compile(
    r"\b(?:was|were|been|is|are) not (?:been )?(?:seen|read|found|established|tested|proven|proved|checked|settled)\b|\bnot seen\b|"
    r"\brecalled\b|\blittle evidence\b|\bcontradict\w*|\bno (?:firm|study|trial|strong|good) (?:evidence|finding|study|proof)\w*|"
    r"\b(?:evidence|studies|findings|results|research)\b.{0,60}\b(?:mixed|thin|weak|limited|scarce|unclear|disagree\w*|differ)\b|"
    r"\bonly (?:its|the) (?:abstract|contents?)\b|"
    r"\b(?:sources?|stud(?:y|ies)|papers?|authors) (?:disagree|differ|do not|does not|are silent|is silent)\b",
    re.I,
)
_REASONS = ("why-it-happens", "what-it-means", "tasks-for-leaders", "what-it-covers", "when-it-is-right")


_HAVE_IT = re.compile(
    r"\bhow (?:do|can|would|will|could) (?:i|we|you|one) (?:know|tell)\b|\b(?:do|have) we (?:got|have) (?:it|one|this)\b", re.I
)
_FITTING = re.compile(
    r"\b(right|best|better|choice|should|worth\w*|suits?|suitable|fits?|enough|needs?|needed|sense|too (?:far|much))\b", re.IGNORECASE
)  # a question of when something is right, not of when it was
LEGAL = re.compile(
    r"\b(law(?:s|ful|fully)?|legal(?:ly)?|legislation|statut\w+|dut(?:y|ies)|acts?|must|requir\w+|oblig\w+|bound|allowed)\b", re.I
)
_DANGER = re.compile(
    r"\b(?:child|children|they|she|he|who)\b.{0,40}\b(?:at risk|in danger|unsafe|not safe)\b.{0,20}\b(?:now|today|tonight)\b|"
    r"\bimmediate danger\b|\bunsafe (?:now|today|tonight)\b",
    re.IGNORECASE,
)
_BETTER = re.compile(r"\b(better|best|higher|superior|preferable|worse)\b", re.IGNORECASE)
_WHERE = re.compile(
    r"\bwhere (?:(?:are|r|do|does|did|would|is) )?(?:we|us|our|this|that|it)\b|\bhow (?:far|well|mature|integrated) are we\b", re.I
)
_FIT = re.compile(
    r"\b(?:ok(?:ay)?|all right|alright|enough|stay(?:ing)? (?:at|with)|good (?:thing|idea)|worth (?:it|\w+ing)|too (?:far|much|little)|"
    r"(?:should|must|ought|need|have to|do) (?:we|our \w+|it|this|they) (?:be|become|move|go|aim|climb|integrate|merge|stay|try)|"
    r"right (?:level|for us|place))\b",
    re.IGNORECASE,
)  # whether where one stands will do
_SITUATIONS = ("other", "next_steps", "reasons", "follow_up", "placement")  # kinds of question that tell of something going on
_CHANGING: tuple[Facet, ...] = ("level", "step")  # what a partnership moves along; an element it always has
_FACET_WORDS: tuple[tuple[Facet, str], ...] = (
    ("level", r"\blevels?\b|\bscale\b|\brung"),
    ("step", r"\bsteps?\b|\bstages?\b|\bphase"),
    ("element", r"\belements?\b|\bingredients?\b|\b(problem|issue|wrong|weak\w*|trouble)\b"),
)


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, cut to six letters so that forms of a word meet."""
    return frozenset(w[:6] for w in _WORD.findall(text.lower()) if w not in _COMMON)


def likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """Overlap of two word sets as a share of the smaller: 0..1."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def _terms(text: str) -> set[str]:
    """The words of a name, plurals and endings cut so that their forms meet."""
    return {w.removesuffix("s")[:5] for w in _TOKEN.findall(text.lower()) if w not in _COMMON}


def speaks_of(card: Card, term: str) -> bool:
    """Whether some line of the card, its title or a question it answers names the term."""
    words = _terms(term)
    return any(words <= _terms(line) for line in (card.title, *card.asks, *(s.text for p in card.passages for s in p.sentences)))


def defines(card: Card, term: str) -> bool:
    """Whether the card is about the term: its title, its short answer or a question what it is names it."""
    words = _terms(_FORM.sub("", term)) or _terms(term)
    short = term.isupper()  # an abbreviation stands in the questions only
    asks = (a for a in card.asks if short or _WHAT_IS.search(a))
    short_answer = (s.text for s in card.passages[0].sentences if not _HOLDS_FOR.search(s.text))
    return any(words <= _terms(line) for line in (card.title, *short_answer, *asks))


def _stems(text: str) -> set[str]:
    return {w[:4] for w in content_words(text)}


def _beyond(question: Understanding, card: Card) -> set[str]:
    """What a question asks of the card's subject: its words without those of the title; all of them where none is left."""
    whole = _stems(question.asked)
    return whole - _stems(card.title) or whole


@dataclass
class _Said:
    """What an answer already says, so that nothing is said twice, and how much room is left."""

    asked: frozenset[str]
    heard: str = ""  # the answers before, where what they said is not wanted again
    own: frozenset[str] = frozenset()  # words of the follow-up itself: what bears on them may be told again
    sets: list[frozenset[str]] = field(default_factory=list)
    count: int = 0
    defines: bool = False  # whether it was asked what something is
    warned: bool = False  # whether a child in danger was spoken of

    def repeats(self, text: str) -> bool:
        words = content_words(text)
        return self.told(text, words) or any(likeness(words, s) >= _ALIKE for s in self.sets)

    def told(self, text: str, words: frozenset[str] | None = None) -> bool:
        """Whether an answer before said this, and the words of the follow-up do not ask for it."""
        bears = len((words or content_words(text)) & self.own)
        return bool(self.heard) and _plain_words(text) in self.heard and bears < max(1, min(2, len(self.own)))

    def add(self, *texts: str) -> None:
        for text in texts:
            self.sets.append(content_words(text))
            self.count += len(text.split())
            self.warned |= _WARNS.search(text) is not None

    def best(self, ranked: Iterable[tuple[Sentence, str]], k: int) -> tuple[Claim, ...]:
        """The first `k` of (sentence, passage id) pairs that say something new."""
        chosen: list[Claim] = []
        for sentence, passage in ranked:
            if len(chosen) < k and not self.repeats(sentence.text):
                chosen.append(Claim(sentence.text, (passage,)))
                self.add(sentence.text)
        return tuple(chosen)

    def choose(self, candidates: Iterable[tuple[Sentence, str]], k: int) -> tuple[Claim, ...]:
        """Up to `k` (sentence, passage id) pairs in their own order: most to the point, least said already."""
        pool = [(s, p) for s, p in candidates if not self.repeats(s.text)]
        chosen: list[tuple[int, Claim]] = []
        while pool and len(chosen) < k:
            best = max(range(len(pool)), key=lambda i: (likeness(content_words(pool[i][0].text), self.asked) - 0.06 * i, -i))
            sentence, passage = pool.pop(best)
            if not self.repeats(sentence.text):
                chosen.append((best + len(chosen), Claim(sentence.text, (passage,))))
                self.add(sentence.text)
        return tuple(claim for _, claim in sorted(chosen, key=lambda c: c[0]))


@dataclass(frozen=True)
class CardWriter:
    """Composes drafts from cards. Needs no model."""

    library: Library
    prompts: Prompts
    name: str = "none"

    def compose(self, question: Understanding, evidence: Evidence) -> Draft:
        """A draft that answers `question` from `evidence`, which holds a card or a document passage."""
        said = _Said(content_words(question.text), defines=_shape(question) == "definition")
        if question.request in _FURTHER and question.heard:
            said = replace(said, heard=_plain_words(_MARK.sub("", question.heard)), own=self._own(question.asked))
        parts: list[Part] = []
        notices: list[str] = []
        cards = [c for c, _ in evidence.cards]
        if question.term and cards and not evidence.documents and not defines(cards[0], question.term):
            parts.append(Part("plain", lines=(self.prompts.say("writer.term.none"),)))
        document = self._from_document(evidence, said, points_at_a_document(question.text)) if evidence.documents else []
        # A document never outranks the law: not where law was asked for, nor where a question of who must do what touches it.
        touched = cards if question.kind in ("law", "who_when") else cards[:1]
        law_first = bool(document and any(c.kind == "law" for c in touched))
        # Nor does it outrank any card, unless it is what was asked about: then what it says is the answer.
        leads = not cards or points_at_a_document(question.text)
        if leads and not law_first:
            parts += document
        if cards:
            body = self._body(question, cards, said)
            beside = [] if leads or law_first else document
            if question.request != "shorter":
                parts += [*body[:1], *self._safety(cards[0], body), *beside, *body[1:], *self._country(question, cards)]
            else:
                parts += [*body, *beside]
            notices += self._notices(question, cards)
        if law_first:
            parts = [p for p in parts if not p.more] + document + [p for p in parts if p.more]
            notices.append(self.prompts.say("writer.notice.statute"))
        questions = tuple(line for p in parts if p.heading == self._heading("questions") and not p.more for line in p.lines)
        if cards and question.request != "shorter" and self._country(question, cards):
            questions = (self.prompts.say("writer.country.ask"), *questions)
        return Draft(tuple(p for p in parts if p.claims or p.steps or p.lines), questions, tuple(notices), self.name)

    def _safety(self, card: Card, parts: Sequence[Part]) -> list[Part]:
        """What the card says of a child in danger, where no part that is shown says it: no cut may lose it."""
        shown = {c.text for p in parts if not p.more for c in p.claims} | {p.step.action for part in parts for p in part.steps}
        pool = self._pool([card], ("in-short", *_EVERYWHERE, "how-to-run-it"))
        found = [x for x in pool if _DANGER.search(x[0].text)]
        if not found or any(s.text in shown for s, _ in found):
            return []
        sentence, passage = found[0]
        return [Part("paragraph", claims=(Claim(sentence.text, (passage,)),))]

    def _heading(self, key: str) -> str:
        return self.prompts.say(f"writer.heading.{key}")

    def _body(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        if question.request == "shorter":
            return self._short(question, self._pair(self._named(question)) or cards[0], said)
        if said.heard and not question.point:
            return self._further(question, cards, said)
        if question.point:
            stood = self._stood(question.point)
            if stood and question.request in ("who", "when"):
                return self._whose(*stood, said)
            return self._more_on(question, cards, said, stood)
        if question.request in ("tried", "progress", "first"):
            return self._again(question, cards, said)
        shaped = {"doubt": self._grounds, "risk": self._risks, "paper": self._paper}.get(question.request)
        if shaped:
            return shaped(question, cards, said)
        return self._of_kind(_shape(question), question, cards, said)

    def _further(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """What bears on the words of the follow-up first, then what has not been said yet; that there is no more, where there is not."""
        again = replace(said, heard="", sets=[], count=0)
        if question.request in ("agency", "tried"):
            shaped = self._for_agency if question.request == "agency" else self._again
            parts = shaped(question, cards, said)
            return parts if _substance(parts) >= _FRESH else shaped(question, cards, again)
        shape = _shape(question)
        named = shape in ("definition", "list", "comparison", "placement") and question.subjects
        answer = () if named else self._to_the_point(cards, said)
        fresh = [c for c in cards if not all(said.told(s.text) for s in c.passages[0].sentences)]
        parts = self._of_kind(shape, question, [*fresh, *(c for c in cards if c not in fresh)], said)
        parts = [Part("bullets", self._heading("answer" if question.request == "" else "point"), answer), *parts]
        if _substance(parts) >= _FRESH:
            return parts
        silent = "law.none" if shape == "law" and all(c.kind != "law" for c in cards) else "further.none"
        return [Part("plain", lines=(self.prompts.say(f"writer.{silent}"),)), *parts[:1], self._opening(cards[0], again), *parts[1:]]

    def _own(self, asked: str) -> frozenset[str]:
        """The words of a follow-up that not every card has."""
        return frozenset(w for w in content_words(asked) if self._weight([w]) >= _RARE)

    def _to_the_point(self, cards: Sequence[Card], said: _Said) -> tuple[Claim, ...]:
        """Statements from any section that hold most of what the words of the follow-up weigh."""
        whole = self._weight(said.own)
        pool = self._pool(cards, ("in-short", *_EVERYWHERE))
        ranked = sorted(((self._weight(content_words(s.text) & said.own), (s, p)) for s, p in pool), key=lambda x: -x[0])
        return said.best((x for weight, x in ranked if weight >= max(_WEIGHTY, _POINTED * whole)), 3)

    @cached_property
    def _cards_with(self) -> Counter[str]:
        """How many cards use a word."""
        return Counter(w for c in self.library.cards.values() for w in content_words(" ".join(p.text for p in c.passages)))

    def _weight(self, words: Iterable[str]) -> float:
        """What words weigh together: more, the fewer cards use them; nothing, where none does."""
        return sum(math.log(len(self.library.cards) / n) for w in words if (n := self._cards_with[w]))

    def _of_kind(self, kind: Kind, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """The shape that suits what was asked."""
        named = self._named(question)
        same_facet = len({self.library.members[s].facet for s in question.subjects}) == 1
        if kind == "comparison" and len(named) < 2:  # "an integrated service" names integration to the card on the pair
            ends = [f"level-{end}" for end in cards[0].id.split("-or-")]
            named = [self.library.cards[c] for c in ends] if all(c in self.library.cards for c in ends) else named
            same_facet = same_facet or len(named) == 2
        if kind == "comparison" and len(named) >= 2 and same_facet:
            return self._comparison(question, named, said)
        if kind in ("placement", "other") and self._fit_asked(question):
            return self._fits(question, cards, said)
        if kind == "placement" and self._can_stand(question, said):
            return self._standing(question, cards, said)
        first = named[0] if kind in ("definition", "list") and named else cards[0]
        listed = kind == "list" and not first.id.startswith(("five-", "six-"))
        if listed and (parts := self._listed(question, [first, *(c for c in cards if c != first)], said)):
            return parts
        if kind in ("who_when", "reasons") and first.kind != "law":
            return self._who(question, cards, said) if kind == "who_when" else self._reasons(question, cards, said)
        return self._by_card(kind, question, first, cards, said)

    def _named(self, question: Understanding) -> list[Card]:
        """The cards of the levels, elements and steps that the words name."""
        return [
            self.library.cards[c] for c in (f"{self.library.members[s].facet}-{s}" for s in question.subjects) if c in self.library.cards
        ]

    def _pair(self, named: Sequence[Card]) -> Card | None:
        """The card on the boundary of two levels, where there is one."""
        return next((c for c in self.library.cards.values() if len(named) == 2 and c.id in _pairs(named)), None)

    def _by_card(self, kind: Kind, question: Understanding, first: Card, cards: Sequence[Card], said: _Said) -> list[Part]:
        """The shape that suits the card that answers."""
        if kind == "list" or first.id.startswith(("five-", "six-")):
            holds = next((c for c in cards if c.section("features")), first)
            return self._sections(holds, said, [("features", "features", 8)], more=["what-it-covers", "how-sure-we-are", "ask-yourselves"])
        if first.kind == "tool" and kind in ("how_to", "next_steps", "other", "definition", "follow_up"):
            shown = [("how", "how-to-run-it", 10), ("mistakes", "common-mistakes", 2)]
            more = ["headings", "when-to-use-it", "ask-yourselves"]
            if question.kind == "follow_up":  # a tool that answers an objection: what to say, bring or send stands in either
                shown, more = [("how", "how-to-run-it", 10), ("template", "headings", 6)], ["common-mistakes", "when-to-use-it"]
            elif re.search(r"\b(template|headings?|format|outline|sample|example|blueprint)\b", question.asked or question.text, re.I):
                shown, more = (
                    [("template", "headings", 10), ("how", "how-to-run-it", 4)],
                    ["how-to-run-it", "common-mistakes", "ask-yourselves"],
                )
            return self._sections(first, said, shown, more=more, steps=kind != "definition")
        if first.kind == "law":
            shown = [
                ("binds", "what-binds-whom", 5),
                ("body", "partnership-body", 3),
                ("asof", "as-of-when", 2),
                ("check", "what-to-check", 3),
            ]
            return self._sections(first, said, shown, more=["who-to-contact", "ask-yourselves"], steps=kind in ("next_steps", "who_when"))
        if kind == "definition" and first.kind == "framework":
            shown = [("features", "features", 6), ("covers", "what-it-covers", 4), ("signs", "signs", 3), ("right", "when-it-is-right", 2)]
            if _HAVE_IT.search(question.asked):
                shown = [("signs", "signs", 4), ("watch", "watch-for", 2), ("features", "features", 3), ("covers", "what-it-covers", 3)]
            return self._sections(
                first, said, shown, more=["strengths", "moving-up-or-down", "at-each-level", "how-sure-we-are", "watch-for"]
            )
        return self._advice(question, [first, *(c for c in cards if c != first)], said)

    # ---- advice: the situation, why, what next, what to ask, what to watch for

    def _advice(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        first = cards[0]
        opening = self._opening(first, said)
        placed = [line for line in self._placed(question, first) if not said.told(line.replace("**", ""))]
        said.add(*placed)
        reasons_wanted = 4 if _shape(question) == "reasons" else 2
        reasons = said.choose(
            self._pool([first], _REASONS if first.kind != "lesson" else ("what-was-found", "what-it-means")), reasons_wanted
        )
        steps = self._steps(question, cards, said)
        questions = [c.text for c in said.choose(self._pool([first], ("ask-yourselves",)), 2)]
        watch = self._watch(cards[:2], said, 2 if said.count < BUDGET - 40 else 1)
        heading = "found" if first.kind == "lesson" else "reasons" if first.section("why-it-happens") else "meaning"
        shown = [
            opening,
            Part("plain", lines=tuple(placed)),
            Part("bullets", self._heading(heading), reasons),
            Part("steps", self._heading("steps"), steps=steps),
            Part("plain", self._heading("questions"), lines=tuple(questions)),
            Part("bullets", self._heading("watch"), watch),
        ]
        if _shape(question) in ("next_steps", "how_to"):
            shown[2], shown[3] = shown[3], shown[2]
        if _shape(question) == "law" and (law := next((c for c in cards if c.kind == "law"), None)):
            shown.insert(
                1, Part("bullets", self._heading("binds"), said.choose(self._pool([law], ("what-binds-whom", "partnership-body")), 4))
            )
            shown.insert(2, Part("bullets", self._heading("asof"), said.choose(self._pool([law], ("as-of-when",)), 1)))
        shown.append(self._doubt([first], said))
        more = [
            Part("bullets", self._heading("signs"), said.choose(self._pool([first], ("signs",)), 5), more=True),
            Part(
                "bullets",
                self._heading("reasons"),
                said.choose(self._pool(cards[:2], (*_REASONS, "what-the-sources-say", "by-nation")), 4),
                more=True,
            ),
        ]
        return shown + more

    # ---- an answer before, in another shape

    def _short(self, question: Understanding, card: Card, said: _Said) -> list[Part]:
        """The gist, and what to do in the fewest words that stand in the card."""
        opening = card.passages[0]
        few = bool(re.search(r"\b(one|two|1|2) (sentence|line)", question.asked, re.I))
        kept = list(opening.sentences[: 2 if few else 1])
        said.add(*(s.text for s in kept))
        parts = [Part("paragraph", claims=_claims(kept, opening))]
        run = card.section("how-to-run-it") if _shape(question) == "how_to" else None
        steps = sorted(((s, p.id) for p in card.passages for s in p.steps), key=lambda x: WHENS.index(x[0].when))
        lines = [(s.text, run.id) for s in run.sentences] if run else [(s.action, passage) for s, passage in steps]
        claims: list[Claim] = []
        for line, passage in lines if not few else []:
            if len(claims) < (4 if run else 3) and said.count + len(line.split()) <= SHORT:
                said.add(line)
                claims.append(Claim(line, (passage,)))
        return [*parts, Part("numbers", claims=tuple(claims))]

    def _stood(self, point: str) -> tuple[Card, PlannedStep] | None:
        """The step that a numbered line of the answer before holds word for word, and its card."""
        words = _plain_words(point)
        found = [
            (len(s.action), card, PlannedStep(s, p.id))
            for card in self.library.cards.values()
            for p in card.passages
            for s in p.steps
            if _plain_words(s.action) in words
        ]
        return max(found, key=lambda f: f[0])[1:] if found else None

    def _whose(self, card: Card, planned: PlannedStep, said: _Said) -> list[Part]:
        """Whose one step is, by when and how they will know; then what to mind in asking them."""
        step = planned.step
        said.asked = content_words(f"{step.action} {step.owner}")
        said.add(step.action)
        line = self.prompts.say("writer.owner.one", owner=step.owner, when=str(step.when))
        return [
            Part("plain", lines=(line,)),
            Part("steps", self._heading("steps"), steps=(planned,)),
            Part("bullets", self._heading("watch"), self._watch([card], said, 2)),
            self._asking([card], said, 1),
        ]

    def _more_on(self, question: Understanding, cards: Sequence[Card], said: _Said, stood: tuple[Card, PlannedStep] | None) -> list[Part]:
        """What the cards hold on one step or source of the answer before: it, then why and how, most to the point first."""
        wanted = content_words(question.point)
        if stood:
            cards = [stood[0], *(c for c in cards if c != stood[0])]
        if question.request == "why":
            return self._reasons(question, cards, said)
        steps = [
            (likeness(content_words(f"{s.action} {s.progress}"), wanted), PlannedStep(s, p.id))
            for c in cards
            for p in c.passages
            for s in p.steps
        ]
        near = [stood[1]] if stood else [p for score, p in sorted(steps, key=lambda x: -x[0])[:2] if score >= 0.25]
        tool = next((c for c in cards[: 1 if stood else None] if c.kind in ("tool", "law")), None)
        lead = tool or cards[0]
        parts = [Part("steps", self._heading("steps"), steps=tuple(near))] if stood else []
        said.add(*(p.step.action for p in near))
        parts.append(self._opening(lead, said))
        if tool and (section := tool.section("how-to-run-it") or tool.section("what-binds-whom")):
            parts.append(Part("bullets", section.heading, said.choose([(s, section.id) for s in section.sentences], 5)))
        pool = [(self._weight(content_words(s.text) & wanted), (s, p)) for s, p in self._pool(cards, _EVERYWHERE)]
        pool.sort(key=lambda x: -x[0])
        if stood:  # its card speaks of it throughout; another one where it shares words of weight
            pool = [x for x in pool if x[0] >= _WEIGHTY or x[1][1].startswith(f"card:{stood[0].id}#")]
        parts.append(Part("bullets", self._heading("point"), said.best((x for _, x in pool), 5)))
        if not stood:
            parts.append(Part("steps", self._heading("steps"), steps=tuple(near) or self._steps(question, [lead], said)[:3]))
        parts.append(self._asking([lead], said, 2))
        return parts

    def _for_agency(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """The same question for one agency: what names it first, then the steps."""
        names = question.agency
        pattern = re.compile(question.agency_words, re.IGNORECASE)
        about = next(
            (c for c in cards if pattern.search(c.title) or sum(bool(pattern.search(a)) for a in c.asks) >= _OF_ITS_OWN * len(c.asks)), None
        )
        # What opened the answer before is not told again: a card of the agency's own opens this one, or nothing does.
        opening = [self._opening(about, said)] if about else []
        pool = [(s, p) for s, p in self._pool(cards, ("in-short", *_FOR_ONE)) if pattern.search(s.text)]
        pool = pool or [(s, p) for s, p in self._pool(cards, _EVERYWHERE) if pattern.search(s.text)]
        claims = said.choose(sorted(pool, key=lambda x: -likeness(content_words(x[0].text), said.asked))[:12], 6)
        named = [PlannedStep(s, p.id) for c in cards for p in c.passages for s in p.steps if pattern.search(f"{s.action} {s.owner}")]
        kept: list[PlannedStep] = []
        for planned in named:
            if len(kept) < 4 and not said.repeats(planned.step.action):
                said.add(planned.step.action)
                kept.append(planned)
        rest = self._steps(question, cards[:2], said) if len(kept) < 3 else ()
        steps = sorted([*kept, *rest][:MOST_STEPS], key=lambda s: WHENS.index(s.step.when))
        heading = self.prompts.say("writer.heading.agency", agency=names)
        silent = [] if claims or about else [Part("plain", lines=(self.prompts.say("writer.agency.silent", agency=names),))]
        return [
            *opening, *silent, Part("bullets", heading, claims), Part("steps", self._heading("steps"), steps=tuple(steps)),
            self._asking([about] if about else cards[:2], said, 2),
        ]  # fmt: skip

    def _again(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """What to start with, how to know that it worked, or what to look at when it was tried."""
        first = cards[0]
        steps = self._steps(question, [first], said)
        if question.request == "first":
            lead = Part("steps", self._heading("first"), steps=steps[:1])
            why = Part("bullets", self._heading("reasons"), said.choose(self._pool([first], _REASONS), 2))
            return [
                lead,
                Part("paragraph", claims=self._opening(first, said).claims),
                why,
                Part("steps", self._heading("steps"), steps=steps[1:4]),
            ]
        if question.request == "progress":
            signs = Part("bullets", self._heading("progress"), tuple(Claim(p.step.progress, (p.passage,)) for p in steps[:5]))
            return [self._opening(first, said), signs, Part("steps", self._heading("steps"), steps=steps), self._asking([first], said, 2)]
        # Another way is a card of its own, whose steps need not share the words of the question.
        others = [c for c in cards[1:] if not all(said.told(s.text) for s in c.passages[0].sentences)][:1]
        openings = [self._opening(c, said) for c in others]
        steps = (*steps[:2], *(step for c in others for step in self._steps(question, [c], said)))
        why = Part("bullets", self._heading("reasons"), said.choose(self._pool(cards[:2], _REASONS), 2))
        watch = Part("bullets", self._heading("watch"), self._watch(cards[:2], said, 2))
        return [
            Part("plain", lines=(self.prompts.say("writer.tried"),)), self._asking(cards[:2], said, 2), *openings, why,
            Part("steps", self._heading("steps"), steps=tuple(sorted(steps, key=lambda s: WHENS.index(s.step.when)))[:MOST_STEPS]), watch,
        ]  # fmt: skip

    def _grounds(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """What the answer before rests on: of what kind it is and when it was looked over, what the sources say, how to see for oneself."""
        lines: list[str] = []
        for card in cards[:2]:
            lines.append(self.prompts.say(f"writer.grounds.{card.status}", title=card.title))
            cited = dict.fromkeys(key for p in card.passages for s in p.sentences for key in s.references)
            lines += [self._work(key) for key in list(cited)[:_WORKS]]
        first = cards[0]
        role = self.prompts.say("writer.grounds.builder") if first.reviewed_by == "builder" else first.reviewed_by
        lines.append(self.prompts.say("writer.grounds.reviewed", on=f"{first.reviewed_on.day} {first.reviewed_on:%B %Y}", role=role))
        found = said.choose(self._pool(cards[:2], ("what-the-sources-say", "what-was-found", "what-binds-whom")), 4)
        general = self.library.cards.get("thin-evidence")
        limits = said.choose(self._pool([general] if general else [], ("in-short",)), 2)
        steps = self._steps(question, cards[:1], said)
        return [
            Part("plain", self._heading("grounds"), lines=tuple(lines)),
            Part("bullets", self._heading("mandate"), found),
            Part("bullets", self._heading("sure"), (*self._doubt(cards[:1], said).claims, *limits)),
            Part("bullets", self._heading("progress"), tuple(Claim(p.step.progress, (p.passage,)) for p in steps[:4])),
            self._asking(cards[:1], said, 1),
        ]

    def _work(self, key: str) -> str:
        """One published work that a card cites: what it is and how much of it we saw."""
        source = self.library.sources[key]
        named = ", ".join(str(part) for part in (source.title, source.authors, source.year) if part)
        return self.prompts.say(f"writer.grounds.{source.seen}", work=named)

    def _risks(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """What can go wrong with what was advised, then what would show it early and what to ask."""
        watch = self._watch(cards[:2], said, 5)
        return [
            Part("bullets", self._heading("watch"), watch),
            Part("bullets", self._heading("signs"), said.choose(self._pool(cards[:1], ("signs",)), 2)),
            self._asking(cards[:2], said, 3),
            Part("steps", self._heading("steps"), steps=self._steps(question, cards[:1], said)[:3], more=bool(watch)),
        ]

    def _paper(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """The answer before as a paper for a board: in short, why it happens, what is proposed, what to mind, what to decide."""
        first = cards[0]
        opening = self._opening(first, said)
        reasons = said.choose(self._pool([first], (*_REASONS, "what-was-found", "signs", "when-to-use-it")), 3)
        steps = self._steps(question, cards[:1], said)
        return [
            replace(opening, heading=self._heading("gist")),
            Part("bullets", self._heading("reasons"), reasons),
            Part("steps", self._heading("paper.proposed"), steps=steps),
            Part("bullets", self._heading("paper.risks"), self._watch([first], said, 2)),
            Part("plain", self._heading("paper.decide"), lines=(self.prompts.say("writer.paper.decide"),)),
        ]

    # ---- reasons, who and when, lists, where we stand

    def _reasons(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """The reasons first, then what follows from them."""
        first = cards[0]
        own = _REASONS if first.kind != "lesson" else ("what-was-found", "what-it-means")
        pool = self._pool([first], own) or self._pool([first], ("signs", "features", "watch-for"))
        said.asked = content_words(f"{question.asked} {question.point}") | said.asked
        reasons = said.choose(pool, 4)
        general = len(said.asked) <= _GENERAL  # a question in few words is about more than the one card
        woven = [x for c in cards[1:3] for x in self._pool([c], ("why-it-happens", "what-was-found"))[:2]]
        others = said.choose([x for x in woven if general or likeness(content_words(x[0].text), said.asked) >= 0.15], 3)
        opening = self._opening(first, said)
        placed = self._placed(question, first)
        said.add(*placed)
        doubt = self._doubt([first], said)
        steps = self._steps(question, cards, said)
        parts = [Part("bullets", self._heading("found" if first.kind == "lesson" else "reasons"), (*reasons, *others)), opening]
        if not reasons:
            parts.reverse()
        return [
            *parts, Part("plain", lines=tuple(placed)), Part("steps", self._heading("steps"), steps=steps),
            self._asking([first], said, 2), doubt,
            Part("bullets", self._heading("watch"), self._watch([first], said, 2), more=True),
        ]  # fmt: skip

    def _who(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """Who does what, by when: the owners of the steps first; before them, what the card says on the very question."""
        first = cards[0]
        follows = bool(question.request)
        when = question.request == "when" or bool(_WHEN.search(question.asked))
        parts: list[Part] = []
        silent: list[Part] = []
        if not follows:
            opening = self._opening(first, said)
            rhythm = re.search(r"\bhow (long|often|frequently)\b", question.asked, re.I)
            right = self._pool([first], ("when-it-is-right",)) if when and not rhythm and _FITTING.search(question.asked) else []
            marks = (_TERM if rhythm[1].lower() == "long" else _OFTEN) if rhythm else _TIME if when else _ROLE
            claims = said.choose(right, 4) or self._on_the_point(question, cards[:3], marks, said)
            silent = (
                []
                if claims or any(marks.search(c.text) and _beyond(question, first) & _stems(c.text) for c in opening.claims)
                else [Part("plain", lines=(self.prompts.say("writer.owners.none" if marks is _ROLE else "writer.dates.none"),))]
            )
            costs = said.choose(self._pool([first], ("watch-for",)), 2) if right else ()
            parts = [*silent, opening, Part("bullets", self._heading("answer"), claims), Part("bullets", self._heading("watch"), costs)]
        steps = self._steps(question, cards if not follows else cards[:1], said)
        order: dict[str, list[str]] = {}
        for n, planned in enumerate(steps, 1):
            owner, due = planned.step.owner, str(planned.step.when)
            key, other = (due[:1].upper() + due[1:], owner) if when else (owner, due)
            order.setdefault(key, []).append(self.prompts.say("writer.owner.step", n=str(n), other=other))
        told = not follows and not silent  # the short answer has said it, and each step names its owner
        lines = () if told else tuple(self.prompts.say("writer.owner", owner=k, steps="; ".join(v)) for k, v in order.items())
        owners = Part("plain", self._heading("dates" if when else "owners"), lines=lines)
        listed = Part("steps", self._heading("steps"), steps=steps)
        gist = [] if parts else [self._opening(first, said)]
        return [*parts, owners, listed, *gist, self._asking([first], said, 1)]

    def _on_the_point(self, question: Understanding, cards: Sequence[Card], marks: re.Pattern[str], said: _Said) -> tuple[Claim, ...]:
        """Statements from any section that bear on the very words of the question, beyond those that name the card's subject."""
        ranked: list[tuple[float, int, tuple[Sentence, str]]] = []
        for n, card in enumerate(cards):
            whole, verbs = _stems(question.asked), _beyond(question, card)
            for i, (sentence, passage) in enumerate(self._pool([card], _EVERYWHERE)):
                words = _stems(sentence.text)
                hits, named = len(words & verbs), len({m.lower() for m in marks.findall(sentence.text)})
                if hits and named:  # it speaks of what was asked, and names somebody or some time
                    score = (
                        0.6 * hits + 0.4 * min(named, 4) + 0.3 * len(words & whole - verbs) - 0.5 * n - 0.004 * len(sentence.text.split())
                    )
                    ranked.append((-score, i + 100 * n, (sentence, passage)))
        return said.best((x for score, _, x in sorted(ranked, key=lambda r: r[:2]) if score <= -0.75), 5)

    def _listed(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """A list of what was asked for: signs, questions, headings, mistakes; nothing where the words name none of these."""
        found = next(
            ((sections, heading) for p, sections, heading in _LISTS if re.search(rf"\b(?:{p})", question.asked or question.text, re.I)),
            None,
        )
        if not found:
            return []
        sections, heading = found
        first = cards[0]
        own = next((p for name in sections if (p := first.section(name))), None)
        if own is None:
            return []
        parts = [self._opening(first, said)]
        shown = [(s, own.id) for s in own.sentences[:10]]
        rest = [x for name in sections[:1] for x in self._pool(cards[1:3], (name,))] if len(shown) < 5 else []
        said.add(*(s.text for s, _ in shown))
        claims = (*(Claim(s.text, (p,)) for s, p in shown), *said.choose(rest, 4))
        if heading == "questions":
            claims = (*claims, *self._questions_on(first, said, MOST_QUESTIONS - len(claims)))
        if heading == "questions":
            parts.append(Part("plain", self._heading("questions"), lines=tuple(c.text for c in claims)))
        else:
            parts.append(Part("bullets", self._heading(heading), claims))
            watch = self._watch([first], said, 2) if heading != "watch" else ()
            parts += [Part("bullets", self._heading("watch"), watch), self._asking([first], said, 2)]
        parts.append(Part("steps", self._heading("steps"), steps=self._steps(question, [first], said), more=True))
        return parts

    def _questions_on(self, member: Card, said: _Said, most: int) -> list[Claim]:
        """One question each from other cards on the same level, element or step, for a list longer than one card holds."""
        _, _, name = member.id.partition("-")
        if most <= 0 or name not in self.library.members:
            return []
        alike = [c for c in self.library.cards.values() if name in (*c.elements, *c.levels, *c.steps)[:1] and c.id != member.id]
        found: list[Claim] = []
        for card in sorted(alike, key=lambda c: c.id):
            if len(found) < most:
                found += said.choose(self._pool([card], ("ask-yourselves",))[:1], 1)
        return found

    def _fit_asked(self, question: Understanding) -> bool:
        """Whether a level the person names is asked about: whether it is right, enough, or to be left."""
        levels = [s for s in question.subjects if self.library.members[s].facet == "level"]
        return bool(levels) and bool(_FIT.search(question.asked or question.text))

    def _can_stand(self, question: Understanding, said: _Said) -> bool:
        """Whether there is something to place: a facet named, or more than a few words told."""
        text = question.asked or question.text
        named = any(re.search(pattern, text, re.I) for _, pattern in _FACET_WORDS) or bool(question.subjects) or bool(_WHERE.search(text))
        return named or len(said.asked) >= _TOLD or bool(question.each)

    def _fits(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """Whether a level suits: higher is no better, when each level that was named is right, and how to choose."""
        named = [self.library.cards[f"level-{s}"] for s in question.subjects if f"level-{s}" in self.library.cards][:2]
        general = self.library.cards.get("higher-is-not-better", cards[0])
        pair = self._pair(named)
        choosing = pair or self.library.cards.get("choosing-a-level", named[0])
        opening = self._opening(general, said)
        rights = [
            Part("bullets", self.prompts.say("writer.heading.level_right", name=card.title.partition(":")[0]), claims)
            for card in named
            if (claims := said.choose(self._pool([card], ("when-it-is-right",)), 2))
        ]
        move = said.choose(self._pool([named[0]], ("moving-up-or-down",)), 2)
        return [
            opening, *rights, Part("bullets", self._heading("move"), move),
            Part("steps", self._heading("steps"), steps=self._steps(question, [choosing], said)),
            self._asking([choosing, general], said, 2),
        ]  # fmt: skip

    def _standing(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        """Where the described situation stands: the reading, its ground, what argues against it, what would move it."""
        if question.each:
            return self._each(question, cards, said)
        facet = self._asked_facet(question)
        placement = question.placement
        best = placement.best(facet)
        member = self.library.members[best.id]
        ranked: Sequence[Score] = getattr(placement, f"{facet}s")
        second = self.library.members[ranked[1].id]
        names = {"name": member.name.lower(), "second": second.name.lower(), "facet": self.prompts.say(f"writer.facet.{facet}")}
        told = len(said.asked) >= _TOLD
        certain = "sure" if placement.sure[facet] and told else "likely" if best.score >= _LIKELY else "open"
        lines = [self.prompts.say(f"writer.standing.{certain}", **names)]
        for cues, key in ((placement.evidence, "ground"), (placement.against, "against")):
            words = [_bare(c.text) for c in cues if c.reading.partition(":")[0] == facet][:2]
            if words:
                lines.append(self.prompts.say(f"writer.standing.{key}", words="” and “".join(words), **names))
        if certain != "open" and not any(c.reading.partition(":")[0] == facet for c in placement.against):
            lines.append(self.prompts.say("writer.standing.nothing", **names))
        card = self.library.cards.get(f"{facet}-{best.id}", cards[0])
        said.add(*lines)
        opening = self._opening(card, said)
        marks = said.choose(self._pool([card], ("features", "what-it-covers", "signs")), 2)
        move = said.choose(self._pool([card], ("moving-up-or-down",)) or self._pool([card], ("how-people-react", "watch-for")), 2)
        asks_fit = bool(_FIT.search(question.asked or question.text))
        beside = [self.library.cards[c] for c in self._above(facet, best.id) if asks_fit and c in self.library.cards]
        right = said.choose(self._pool([card], ("when-it-is-right",)), 2 if asks_fit else 1)
        right = (*right, *said.choose(self._pool(beside, ("when-it-is-right",)), 1))
        unknown = [q for q, f in self._unknown(placement) if f == facet][:1]
        asks = Part("plain", self._heading("questions"), lines=(*unknown, *self._asking([card], said, 1).lines))
        steps = self._steps(question, [card, *(c for c in cards if c != card)], said)[:4]
        parts = [
            Part("plain", lines=(" ".join(lines),)), opening,
            *([Part("bullets", self._heading("right"), right)] if asks_fit else []), Part("bullets", self._heading("features"), marks),
            Part("bullets", self._heading("move"), move), *([] if asks_fit else [Part("bullets", self._heading("right"), right)]),
            Part("steps", self._heading("steps"), steps=steps), asks,
        ]  # fmt: skip
        if certain == "open":
            parts[1:2] = [Part("plain", lines=(self.prompts.say("writer.standing.tell", **names),)), opening]
        return parts

    def _above(self, facet: Facet, best: str) -> list[str]:
        """The card of the level above, which is what a person who asks whether theirs will do has in mind."""
        ids = FACETS[facet]
        return [f"level-{ids[ids.index(best) + 1]}"] if facet == "level" and best != ids[-1] else []

    def _each(self, question: Understanding, cards: Sequence[Card], said: _Said) -> list[Part]:
        facet = self._asked_facet(question)
        lines = []
        for agency, placement in question.each:
            name = self.library.members[placement.best(facet).id].name
            words = next((_bare(c.text) for c in placement.evidence if c.reading.startswith(f"{facet}:")), "")
            key = "each" if words else "each_bare"
            lines.append(self.prompts.say(f"writer.standing.{key}", agency=agency[:1].upper() + agency[1:], name=name.lower(), words=words))
        apart = self.library.cards.get("agencies-at-different-steps" if facet == "step" else "different-levels-at-once", cards[0])
        said.add(*lines)
        steps = self._steps(question, [apart], said)
        return [
            Part("plain", self._heading("each"), lines=tuple(lines)), self._opening(apart, said),
            Part("bullets", self._heading("reasons"), said.choose(self._pool([apart], (*_REASONS, "signs")), 3)),
            Part("steps", self._heading("steps"), steps=steps), self._asking([apart], said, 2),
        ]  # fmt: skip

    def _asked_facet(self, question: Understanding) -> Facet:
        """Level, element or step, as the words of the question name it; else what the text is surest of."""
        text = f"{question.asked} {question.text}"
        for facet, pattern in _FACET_WORDS:
            if re.search(pattern, text, re.I):
                return facet
        named = [self.library.members[s].facet for s in question.subjects]
        return named[0] if named else next((f for f in (*_CHANGING, "element") if question.placement.sure.get(f)), "level")

    def _unknown(self, placement: Placement) -> list[tuple[str, Facet]]:
        """What placement would ask, with the facet it is about: in the order of the facets that are not sure."""
        return list(zip(placement.unknown, [f for f in FACETS if not placement.sure.get(f)], strict=False))

    def _asking(self, cards: Sequence[Card], said: _Said, most: int) -> Part:
        return Part(
            "plain", self._heading("questions"), lines=tuple(c.text for c in said.choose(self._pool(cards, ("ask-yourselves",)), most))
        )

    def _doubt(self, cards: Sequence[Card], said: _Said) -> Part:
        """What the sources disagree on, or do not say, where the card holds it."""
        pool = [x for x in self._pool(cards, ("how-sure-we-are", "what-the-sources-say")) if _DOUBT.search(x[0].text)]
        return Part("bullets", self._heading("sure"), said.choose(pool[:3], 1))

    def _country(self, question: Understanding, cards: Sequence[Card]) -> list[Part]:
        """For a law question that names no nation: which one the answer is for, and the question which one is meant."""
        if question.jurisdiction or not (cards[0].kind == "law" or (_shape(question) == "law" and LEGAL.search(question.asked))):
            return []
        nations = [self.library.jurisdictions[c].name for c in cards[0].jurisdictions if c != "any"]
        key = "country.of" if nations else "country.any"
        line = self.prompts.say(f"writer.{key}", nations=", ".join(nations))
        return [Part("plain", lines=(line + " " + self.prompts.say("writer.country.ask"),))]

    def _opening(self, card: Card, said: _Said) -> Part:
        passage = card.passages[0]
        kept = [s for s in passage.sentences[:3] if not said.told(s.text)]
        if said.defines:
            kept.sort(key=lambda s: _WARNS.search(s.text) is not None)  # who asks what a thing is hears that first
        said.add(*(s.text for s in kept))
        return Part("paragraph", claims=_claims(kept, passage))

    def _placed(self, question: Understanding, card: Card) -> list[str]:
        """What this is about in the framework: the elements of the card that answers, which are reviewed, with the words
        of the question that point the same way; level and step only where the text itself is sure."""
        if question.kind not in _SITUATIONS or card.kind == "law":
            return []
        placement = self._told(question)
        # What the words themselves say comes first, so that the line and the strip above it tell the same.
        read = [placement.best("element").id] if placement.sure["element"] else []
        elements = list(dict.fromkeys([*read, *card.elements]))[: 2 + bool(read and read[0] not in card.elements)]
        shown_elements = [f"**{self.library.members[e].name.lower()}**" for e in elements]
        names = {
            "elements": " and ".join([", ".join(shown_elements[:-1]), shown_elements[-1]] if len(shown_elements) > 1 else shown_elements),
            "level": self.library.members[placement.best("level").id].name.lower(),
            "step": self.library.members[placement.best("step").id].name.lower(),
        }
        told = len(content_words(question.text)) >= _SITUATED  # a line of complaint bears no such reading
        sure: list[Facet] = [f for f in _CHANGING if placement.sure[f] and (told or question.facts.get(f) in FACETS[f])]
        line = self.prompts.say("writer.placement." + "_".join(["element", *sure]), **names)
        seen = [c for c in placement.evidence if c.reading.partition(":")[0] in (*sure, *(["element"] if read else []))]
        spans = dict.fromkeys(_bare(c.text) for c in seen)
        words = [w for w in spans if not any(w != other and w in other for other in spans)][:2]
        if not words:
            return [line]
        shown = "” and “".join(w if len(w.split()) <= 12 else " ".join(w.split()[:12]) + " …" for w in words)
        return [line + " " + self.prompts.say("writer.placement.words", words=shown)]

    def _told(self, question: Understanding) -> Placement:
        """The placement, with what the person said of level and step counting for more than what was read."""
        placement = question.placement
        told: list[Facet] = [f for f in _CHANGING if question.facts.get(f) in FACETS[f]]
        sure = {**placement.sure, **dict.fromkeys(told, True)}

        def first(scores: tuple[Score, ...], told: str | None) -> tuple[Score, ...]:
            return tuple(sorted(scores, key=lambda s: s.id != told)) if told else scores

        return replace(
            placement,
            levels=first(placement.levels, question.facts.get("level")),
            steps=first(placement.steps, question.facts.get("step")),
            sure=sure,
        )

    def _steps(self, question: Understanding, cards: Sequence[Card], said: _Said) -> tuple[PlannedStep, ...]:
        """The first card's steps, then what others add, soonest first; fitted to the step of change when it is sure."""
        chosen: list[PlannedStep] = []
        placement = self._told(question)
        reached = STEPS.index(placement.best("step").id) if placement.sure.get("step") else None
        for n, card in enumerate(cards[:3]):
            too_early = reached is not None and n > 0 and all(STEPS.index(s) > reached + 1 for s in card.steps)
            if too_early:
                continue  # nobody who does not yet see the need is told to launch a structure
            for passage in card.passages:
                for step in passage.steps:
                    if len(chosen) >= (MOST_STEPS if n == 0 else MOST_STEPS + 1) or (n > 0 and said.count > BUDGET - 90):
                        break
                    shared = content_words(step.action) & said.asked
                    if n > 0 and (len(shared) < _WOVEN or self._weight(shared) < _WEIGHTY):
                        continue  # another card's step is woven in only where it bears on what was asked
                    if not said.repeats(step.action):
                        said.add(f"{step.action} {step.owner} {step.progress}")
                        chosen.append(PlannedStep(step, passage.id))
        return tuple(sorted(chosen, key=lambda s: WHENS.index(s.step.when)))

    # ---- sections: definitions, tools, law

    def _sections(
        self, card: Card, said: _Said, shown: Sequence[tuple[str, str, int]], more: Sequence[str], steps: bool = False
    ) -> list[Part]:
        parts = [self._opening(card, said)]
        for key, section, most in shown:
            passage = card.section(section)
            if passage is None or said.count > BUDGET:
                continue
            numbered = section == "how-to-run-it"
            kept = [s for s in passage.sentences if not said.told(s.text)][:most]
            said.add(*(s.text for s in kept))
            parts.append(Part("numbers" if numbered else "bullets", self._heading(key), _claims(kept, passage)))
        if steps or card.kind in ("tool", "law"):
            found = [PlannedStep(s, p.id) for p in card.passages for s in p.steps if not said.told(s.action)][:MOST_STEPS]
            parts.append(Part("steps", self._heading("steps"), steps=tuple(found), more=not steps or said.count > BUDGET))
        for section in more:
            passage = card.section(section)
            if passage is None:
                continue
            if section == "ask-yourselves":
                parts.append(
                    Part(
                        "plain",
                        self._heading("questions"),
                        lines=tuple(s.text for s in passage.sentences if not said.told(s.text))[:3],
                        more=said.count > BUDGET - 40,
                    )
                )
            else:
                parts.append(Part("bullets", passage.heading, _claims(passage.sentences, passage), more=True))
        return parts

    def _comparison(self, question: Understanding, named: Sequence[Card], said: _Said) -> list[Part]:
        """What each is, then a table of what sets them apart; a card on the very pair leads where there is one."""
        named = named[:4]
        pair = self._pair(named)
        general = (
            self.library.cards.get("higher-is-not-better") if _BETTER.search(question.asked) and named[0].id.startswith("level-") else None
        )
        parts = [self._opening(c, said) for c in (general, pair) if c]
        columns = tuple(self.library.members[c.id.split("-", 1)[1]].name for c in named)
        labels: dict[str, dict[str, Claim]] = {}
        for card in named:
            first = card.passages[0]
            if pair is None:
                says = next((s for s in first.sentences if not _WARNS.search(s.text)), first.sentences[0])
                labels.setdefault(self._heading("meaning"), {})[card.id] = Claim(says.text, (first.id,))
            if features := card.section("features"):
                for s in features.sentences:
                    label, colon, rest = s.text.partition(":")
                    if colon and len(label.split()) <= 3:
                        text = rest.strip()
                        labels.setdefault(label.strip(), {})[card.id] = Claim(text[:1].upper() + text[1:], (features.id,))
                continue
            for name in _SET_APART:
                if passage := card.section(name):
                    labels.setdefault(passage.heading, {})[card.id] = Claim(passage.sentences[0].text, (passage.id,))
        full = [(label, row) for label, row in labels.items() if len(row) == len(named)]
        kept = full[: 7 if len(named) <= 2 else 5]
        claims = tuple(row[c.id] for _, row in kept for c in named)
        said.add(*(c.text for c in claims))
        parts.append(Part("table", columns=columns, rows=tuple(label for label, _ in kept), claims=claims))
        lead = pair or named[0]
        parts.append(Part("steps", self._heading("steps"), steps=self._steps(question, [lead], said), more=said.count > BUDGET - 60))
        questions = tuple(c.text for c in said.choose(self._pool([lead], ("ask-yourselves",)), 2))
        parts.append(Part("plain", self._heading("questions"), lines=questions, more=said.count > BUDGET))
        right = tuple(
            c
            for card in named
            for c in _claims(
                (card.section("when-it-is-right") or card.passages[0]).sentences[:1], card.section("when-it-is-right") or card.passages[0]
            )
        )
        parts.append(Part("bullets", self._heading("right"), right, more=True))
        return parts

    # ---- documents, notices

    def _from_document(self, evidence: Evidence, said: _Said, asked_about: bool) -> list[Part]:
        """The sentences of the person's own documents that bear on the question, word for word, under each document's name.

        Where the document is what was asked about, the search has found the place, and it is quoted as it stands: what was decided
        beside what was said, and a row of a table beside the next.
        """
        pool = [(s, h.passage.id) for h in evidence.documents for s in h.passage.sentences if len(s.text.split()) > _FRAGMENT]
        if not pool:
            pool = [(s, h.passage.id) for h in evidence.documents for s in h.passage.sentences]
        ranked = sorted(((likeness(content_words(s.text), said.asked), (s, p)) for s, p in pool), key=lambda x: -x[0])
        least = _BEARS_ON * ranked[0][0] if len(pool) > _SHORT_DOCUMENT else 0.0
        # What a document says takes room but counts as said by nobody: a card that says nearly the same is heard all the same.
        theirs = replace(said, sets=[])
        whole = [x for x in pool if x[1] == pool[0][1]] if asked_about else []
        for sentence, _ in whole:
            theirs.add(sentence.text)
        others = [x for score, x in ranked[:4] if score >= least and x not in whole]
        claims = (*(Claim(s.text, (p,)) for s, p in whole), *theirs.choose(others, 2 if whole else 3))
        said.count = theirs.count
        return from_documents(self.prompts, claims, [h.passage for h in evidence.documents])

    def _notices(self, question: Understanding, cards: Sequence[Card]) -> list[str]:
        notices = []
        nations = [self.library.jurisdictions[c].name for c in cards[0].jurisdictions if c not in ("any",)]
        covered = not question.jurisdiction or set(self.library.chain(question.jurisdiction)) & set(cards[0].jurisdictions)
        if nations and not (covered and (question.jurisdiction or self._country(question, cards))):
            notices.append(self.prompts.say("writer.notice.jurisdiction", nations=", ".join(nations)))
        if _shape(question) in ("definition", "list", "comparison") and (
            "steps" in cards[0].id or any(self.library.members[s].facet == "step" for s in question.subjects)
        ):
            notices.append(self.prompts.say("writer.notice.steps", caveat=self.library.caveat))
        return notices

    def _watch(self, cards: Sequence[Card], said: _Said, k: int) -> tuple[Claim, ...]:
        """What to watch for: a child in danger first, where nothing has spoken of one yet; what else speaks of danger last."""
        pool = self._pool(cards, ("watch-for", "common-mistakes"))
        warnings = [x for x in pool if _WARNS.search(x[0].text)]
        first = said.choose(warnings, 0 if said.warned else 1)
        rest = said.choose([x for x in pool if x not in warnings], k - len(first))
        return (*first, *rest, *said.choose(warnings, k - len(first) - len(rest)))

    def _pool(self, cards: Sequence[Card], sections: Sequence[str]) -> list[tuple[Sentence, str]]:
        return [(s, p.id) for card in cards for name in sections if (p := card.section(name)) for s in p.sentences]


def _shape(question: Understanding) -> Kind:
    """The shape the answer should have: of a follow-up, that of the question before."""
    return question.answers_as if question.kind == "follow_up" else question.kind


def _substance(parts: Sequence[Part]) -> int:
    """How many statements and steps are shown."""
    return sum(len(p.claims) + len(p.steps) for p in parts if not p.more)


def _plain_words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


def _pairs(cards: Sequence[Card]) -> set[str]:
    """The ids a card on the boundary of two levels may have."""
    one, two = (c.id.removeprefix("level-") for c in cards[:2])
    return {f"{one}-or-{two}", f"{two}-or-{one}"}


def from_documents(prompts: Prompts, claims: Iterable[Claim], passages: Iterable[Passage]) -> list[Part]:
    """What documents say, each under a heading that names it."""
    titles = {p.id: p.title for p in passages}
    named: dict[str, list[Claim]] = {}
    for claim in claims:
        named.setdefault(titles[claim.passages[0]], []).append(claim)
    return [Part("bullets", prompts.say("writer.heading.document", name=name), tuple(said)) for name, said in named.items()]


def _claims(sentences: Sequence[Sentence], passage: Passage) -> tuple[Claim, ...]:
    return tuple(Claim(s.text, (passage.id,)) for s in sentences)


def _bare(words: str) -> str:
    """Words quoted inside a sentence of ours, without the stop they ended with."""
    return words.rstrip(" .,;:?!")
