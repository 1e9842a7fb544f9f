"""What a question means: made to stand alone, what kind it is, what it wants of the answer before, what it tells of the partnership.

Rules first, kept as data in `knowledge/questions.yaml`; what no rule settles is decided by small classifiers learned when
the library is built: of the kind, from the examples in `knowledge/questions/`; of what a follow-up wants, from those in
`knowledge/follow_ups/`, where a file named after a card holds follow-ups that this card answers whatever they follow.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, get_args

from assistant.embed import OnnxEmbeddings
from assistant.errors import KnowledgeError
from assistant.knowledge import Library
from assistant.learn import FORMAT, NO_CUES, Classifier, fit, fit_many, kept
from assistant.strict import read_yaml
from assistant.types import FACETS, Kind, Member, Request, Turn

Label = TypeVar("Label", bound=str)
Patterns = tuple[re.Pattern[str], ...]
_LEARNED: tuple[Kind, ...] = tuple(k for k in get_args(Kind) if k != "follow_up")  # a follow-up shows only beside what came before
_WISHES: tuple[Request, ...] = tuple(r for r in get_args(Request) if r not in ("", "agency", "nation"))  # these two name something
_SOCIAL: tuple[Kind, ...] = ("greeting", "thanks", "about")
_SHOWS: dict[Kind, str] = {"about": "to_us", "thanks": "thanking", "who_when": "who_or_when", "placement": "placing"}
_ASKED: tuple[Kind, ...] = ("placement", "next_steps", "reasons", "who_when")  # a phrase that names a thing can be any of the others
_ENOUGH = 5  # words of weight that make a message of their own
_BARE: tuple[Kind, ...] = ("vague", "other", "next_steps", "reasons", "who_when")  # kinds whose words may name no subject
_NARROW: tuple[Kind, ...] = ("who_when", "reasons", "comparison", "list")  # shapes that answer just what they were asked
_POSSIBLE = 0.15  # what a rule says is kept where the learned reader thinks it at least so probable
_LIKELY = 0.7  # from here on the learned reader overrules a rule
_CERTAIN = 0.75  # what ends the run at once needs more
_SAID = 90  # words of the answer before that help to find its cards again
_BRIEF = 9  # words; a longer sentence without a mark may begin with such a word and ask nothing
_OPENING, _POINTS, _POINT_WORDS = 24, 4, 8  # of an answer before: words of its first sentence, points, words of each
_LONGEST_WISH = 36  # words of a message that may be a follow-up by what was learned
_LEANS, _ALONE = "leans", "alone"  # labels of what follows and what does not
_LEANING = 0.7  # chance from which a message follows what was said before
_WISHED = 0.55  # chance from which it wants just that
_NARROW_WISHES: tuple[Request, ...] = ("who", "when", "why")
_FEW = 4  # words with a meaning of their own; more of them and a message is not vague
_FILLERS = re.compile(r"\s+(?:actually|really|exactly|even|basically)\b", re.I)  # in a question what a thing is
_SENTENCE = re.compile(r"[^.?!\n]+(?:[.?!]+(?=\s|$)|\n|$)|[^\n]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_TELLS = re.compile(r"^\W*(?:and |so |but )?(?:when|where|has|have|may|will|any|is|are)\b", re.I)
_ANAPHOR = re.compile(
    r"\b(that|this|it|its|they|them|their|those|these|he|she|him|her|ones?|same|the (?:first|second|third|fourth|fifth|last) one)\b", re.I
)
_REACTS = re.compile(r"^\W*(mm+|hm+|lol|haha|sorry|wait|but|no|nah|yeah|yes|aye|och|ach|oh|ah|eh|er)\b", re.I)
_TELLING = re.compile(r"^\W*(our|my|we|an?|every|half|both|two|three|since)\b", re.I)  # begins a story of its own
_MANY = re.compile(r"\b(those|these|them|they|any of (that|it)|all (of )?(that|it)|which one)\b", re.I)
_CONTINUES = re.compile(r"^\W*(and|but|so|or|also|then|plus|ok(ay)?|what about|how about|what if|in that case|for|in)\b", re.I)
_NUMBERED = re.compile(r"(?:^|(?<=[.:;,!?])[^\S\n])\s*(\d{1,2})[.)]\s+(.+?)(?=(?<=[.:;,!?])\s+\d{1,2}[.)]\s|$)", re.M)
_BULLETS = re.compile(r"(?:^[-*] .+\n?){2,}", re.M)
_BULLET = re.compile(r"^[-*] (.+)$", re.M)
_NOT_COMPARED = re.compile(r"\b(?:steps?|points?|sources?|number|action|suggestion|bullet|row|question)\b", re.IGNORECASE)
_ORDINALS = {
    w: n for n, ws in enumerate(("first one", "second two", "third three", "fourth four", "fifth five", "sixth six"), 1) for w in ws.split()
}
_NOT_A_POINT = r"(?!\s*(?:%|years?|months?|weeks?|days?|people|agenc|partners?|of us|hours?|minutes?|sentences?|lines?|words|or\b|\d))"
_POINT = re.compile(
    rf"\b(?:step|point|number|item|source|no\.?|about|on|action|bullet|suggestion"
    rf"|(?:owner|cost|source|date|deadline) (?:of|for))\s*#?(\d{{1,2}})\b{_NOT_A_POINT}"
    r"|^\W*(?:(?:and|or|but|ok|then|so|just)\W+)*#?(\d{1,2})[.)?]*\s*$|\[(\d{1,2})\]"
    r"|\b(?:step|point|number|item|action)\s+(one|two|three|four|five|six)\b"
    r"|\b(?:the )?(first|second|third|fourth|fifth|sixth|last|final) (?:one|step|point|thing|action|item|bullet|suggestion)\b"
    r"|\b(?:about|on|explain|describe|define|unpack|what(?:'s| is)) (?:the )?(first|second|third|fourth|fifth|sixth|last)\W*$",
    re.I,
)
_COMMON = frozenset(
    (
        "a about again all also am an and any are as at be because been but by can could did do does doing done don't for from "
        "get give go going got had has have he her here him how i i'm if in into is it it's its just know let like make may me "
        "mean might more much must my need no not now of ok okay on one or our out over please say she should so some tell than "
        "that that's the their them then there these they thing things think this those to too up us use very want was we we're "
        "well were what what's when where which who whose why will with would you your yours explain really actually bit step "
        "steps point number last first second third fourth fifth next else yes "
    ).split()
)


@dataclass(frozen=True)
class Meaning:
    """A question read by itself, before anything is searched."""

    text: str  # stands alone
    kind: Kind
    jurisdiction: str | None  # named in the words, not a setting
    subjects: tuple[str, ...]  # ids of framework members named
    follows: bool  # it only makes sense with the turns before
    points_at: int | None  # a numbered step or source of the last answer
    whole: str = ""  # which whole list is asked for: levels, elements, steps
    told: str = ""  # `text` without what we said: the person's own words, on which a placement may rest
    base: str = ""  # the question it follows, itself standing alone
    request: Request = ""  # what it wants of the answer before
    whatever: str = ""  # the card that answers it whatever it follows
    point: str = ""  # the words of what it points at
    agency: str = ""  # the agency it turns to
    said: str = ""  # what was answered before, without marks, as far as it helps to find the same cards
    answers_as: Kind = "other"  # the shape an answer should have: of a follow-up, that of the question before
    certain: float = 1.0
    facts: Mapping[str, str] = field(default_factory=dict)  # what the person has told of this partnership


@dataclass(frozen=True)
class Reader:
    """Reads questions by rules, and by what was learned where no rule applies."""

    rules: tuple[tuple[Kind, re.Pattern[str]], ...]
    follows: tuple[tuple[Request, re.Pattern[str]], ...]
    words: Mapping[str, re.Pattern[str]]  # those of _WORDS
    agencies: Mapping[str, re.Pattern[str]]
    places: tuple[tuple[str, re.Pattern[str]], ...]
    names: tuple[tuple[str, re.Pattern[str]], ...]  # framework member id, pattern
    known: frozenset[str] = frozenset()  # words of the library; others may be slips of the pen
    learned: Classifier | None = None
    wishes: tuple[Classifier, Classifier] | None = None  # whether a message follows an answer, and what it then wants
    embeddings: OnnxEmbeddings | None = None

    def read(self, text: str, history: tuple[Turn, ...] = (), blocked: bool = False) -> Meaning:
        """The meaning of `text` after `history`; `blocked` says that turns before it were left out."""
        alone = self._asked(text)
        kind, certain = self._kind(alone)
        subjects = self._subjects(self._mended(alone))
        facts = self._facts(text)
        announced = bool(self.words["new_subject"].search(text))
        turns = [t for t in history if t.text.strip()]
        learned = bool(turns) and kind not in ("greeting", "thanks") and (kind != "about" or certain < 1.0)
        asking = bool(turns) or blocked or kind not in _SOCIAL
        request, agency, whatever = self._wish(alone, subjects, kind, learned) if asking else ("", "", "")
        points = [w for w in _ANAPHOR.findall(alone) if w.lower() != "this"]  # "this" may be the page
        social = kind in ("greeting", "thanks") or (kind == "about" and certain >= (1.0 if points else _CERTAIN))
        if not announced and (request or not social):
            base = self._base([t.text for t in turns if t.role == "user"])
            points_at, point = self._pointed(alone, [t for t in turns if t.role == "assistant"])
            if compared := self._compared(alone, base):
                points_at, point, subjects = None, "", compared
            follows = bool(compared) or points_at is not None or self._leans(alone, kind, subjects, request)
            if follows and base:
                answers = [t.text for t in reversed(turns) if t.role == "assistant"]
                said = next((_plain(t) for t in answers if len(t.split()) > 8), "")
                gist = self._gist(answers[0], base, alone) if answers and not point and request not in ("shorter", "nation") else ""
                found = self._following(alone, base, kind, request, agency, subjects, points_at, point, facts, gist)
                if whatever and points_at is None:
                    found = replace(found, whatever=whatever, answers_as="next_steps")
                return replace(found, said=said)
            content = len(self._content(alone))
            leans = request or points_at is not None or ((turns or blocked) and kind in _BARE and bool(_ANAPHOR.search(alone)))
            if follows and leans and not subjects and (blocked or content <= (2 if turns else 1)):
                kind = "vague"  # it leans on something that is not there
        whole = whole_list(alone)
        return Meaning(alone, kind, self._place(text), subjects, False, None, whole, answers_as=kind, certain=certain, facts=facts)

    # ---- kinds

    def _kind(self, text: str) -> tuple[Kind, float]:
        """The kind and how probable it is: rules on what asks, the last first, then on the whole, then what was learned."""
        mended = self._mended(text)
        asks = self._asks(mended)
        content, subjects = self._content(mended), self._subjects(mended)
        ruled = self._ruled(mended, asks)
        if ruled in _SOCIAL or ruled == "comparison":
            return ruled, 1.0
        if not asks and self._thanks_first(mended):
            return "thanks", 1.0
        if not content and not asks:
            return "vague", 1.0
        if ruled is None and subjects and len(content) <= 3 and not asks:
            return "definition", 0.9
        chances = self._chances(" ".join(asks) if asks else mended)
        best: Kind = max(_LEARNED, key=lambda k: (chances.get(k, 0.0), k == "other"))
        certain = chances.get(best, 0.0)
        shows = _SHOWS.get(best)  # words without which it cannot be that
        asked = " ".join(asks) if asks and best == "placement" else mended
        named = best == "placement" and self._subjects(asked)
        if shows and not named and not self.words[shows].search(asked):
            best, certain = "other", 1.0 - certain
        if best == "about" and certain >= _CERTAIN and asks and not subjects and len(content) <= _FEW:
            return best, certain
        if best == "definition" and not subjects and len(content) > _BRIEF and not any(map(self.term, asks)):
            best, certain = "other", 1.0 - certain  # "what goes in it?" at the end of a story asks for no meaning of a word
        if ruled and (chances.get(ruled, 1.0) >= _POSSIBLE or certain < _LIKELY or best in (*_SOCIAL, "vague", "other")):
            return ruled, max(chances.get(ruled, 1.0), 0.5)
        if best in _SOCIAL:
            said = certain >= _CERTAIN and len(mended.split()) <= 12 and (asks or best != "about") and not subjects
            return (best if said else "vague" if len(content) < 2 else "other"), certain
        if not subjects and (best == "vague" or len(content) < 2) and self.term(mended):
            return "definition", certain  # one strange word is a name, and may be ours
        if best == "vague" or (len(content) < 2 and not subjects and (certain < _CERTAIN or best == "other")):
            return ("vague" if len(content) <= _FEW and not subjects else "other"), certain
        if not asks and best != "other" and (best in _ASKED or certain < _CERTAIN or len(content) > 5):
            return "other", certain  # a plain description of trouble asks nothing
        return (best if certain >= _POSSIBLE * 2 else "other"), certain

    def _ruled(self, mended: str, asks: Sequence[str]) -> Kind | None:
        """The kind that a rule gives; of a whole list and where one stands in it, the list, which says both."""
        ruled = self._by_rules(mended, asks)
        lists = [p for kind, p in self.rules if kind == "list"]
        if ruled == "placement" and whole_list(mended) and any(p.search(part) for p in lists for part in asks):
            return "list"
        return ruled

    def _by_rules(self, mended: str, asks: Sequence[str]) -> Kind | None:
        for part in (*reversed(asks), *([mended] if len(mended.split()) <= 12 else [])):
            for kind, pattern in self.rules:
                if kind == "who_when" and not asks:
                    continue  # "two agencies fight over who leads" tells, and asks nothing
                if pattern.search(part) and not (kind in _SOCIAL and part != mended and self._says_more(mended, part, kind)):
                    return kind
        return None

    def _says_more(self, whole: str, part: str, kind: Kind) -> bool:
        """Whether a message does more than greet, thank or ask about us: a "help" at the end of a story is no question about us."""
        rest = len(self._content(whole)) - len(self._content(part))
        return len(whole.split()) > 14 or (kind == "about" and rest > _FEW)

    def _thanks_first(self, text: str) -> bool:
        """Whether thanks come first and a few words that ask nothing after them."""
        sentences = [m.group().strip() for m in _SENTENCE.finditer(text) if m.group().strip()]
        thanked = bool(sentences) and any(kind == "thanks" and pattern.search(sentences[0]) for kind, pattern in self.rules)
        return thanked and len(" ".join(sentences[1:]).split()) <= _BRIEF

    def _chances(self, text: str) -> dict[str, float]:
        if self.learned is None or self.embeddings is None:
            return {}
        text = text.encode("utf-8", "replace").decode()  # half a character cannot be read
        return self.learned.probabilities(text, self.embeddings.vectors([text])[0])

    def _asks(self, text: str) -> list[str]:
        """The sentences that ask something; of a rambling one without marks, its tail."""
        found: list[str] = []
        for m in _SENTENCE.finditer(text):
            sentence = m.group().strip()
            if not sentence:
                continue
            tells = len(sentence.split()) > _BRIEF and _TELLS.search(sentence)  # "When the chair left, …" asks nothing
            asking = sentence.endswith("?") or (self.words["asks"].search(sentence) and not tells)
            tail = self.words["tail"].search(sentence) if len(sentence.split()) > 12 else None
            if tail:
                found.append(tail.group())
            elif asking:
                found.append(sentence)
        return found

    def _asked(self, text: str) -> str:
        """`text` without the announcement of another subject or a reassurance before it or who writes, and "s16E" written out."""
        for name in ("new_subject", "preamble"):
            rest = self.words[name].sub("", text, count=1).strip()
            if rest and rest != text.strip() and (name == "new_subject" or len(rest.split()) > 1):
                text = rest
        rest = self.words["who_writes"].sub("", text, count=1)
        if rest != text and len(self._content(rest)) >= _ENOUGH:
            text = rest
        return _SECTION.sub(r"section \1", text)

    def _content(self, text: str) -> list[str]:
        return [w for w in _WORD.findall(text.lower().replace("’", "'")) if w not in _COMMON and len(w) > 1]

    # ---- what leans on the turns before

    def _leans(self, text: str, kind: Kind, subjects: tuple[str, ...], request: Request) -> bool:
        content = self._content(text)
        if request:
            return True
        if len(content) > 9:
            return False
        anaphor = bool(_ANAPHOR.search(text))
        begins = bool(_CONTINUES.search(text))
        stands = kind not in ("vague", "other", "follow_up", "next_steps", "about")
        if begins and (anaphor or not stands or len(text.split()) <= 3 or (len(content) <= 1 and not subjects)):
            return len(text.split()) <= 16
        if anaphor:
            if kind == "other" and len(content) > 3 and _TELLING.search(text):
                return False
            return len(content) <= (2 if subjects else 5)
        if _REACTS.search(text) and not subjects:
            return len(content) <= 5
        if kind in ("who_when", "reasons") and len(content) <= 1 and not subjects:
            return True  # "who with exactly?"
        return len(content) <= 2 and not subjects and not stands

    def _wish(self, text: str, subjects: tuple[str, ...], kind: Kind, learned: bool) -> tuple[Request, str, str]:
        """What is wanted of the answer before, the agency it turns to, and the card that answers it whatever it follows.

        Rules first; then, where `learned` may say, what was learned from examples: where no rule speaks, and with more certainty
        where a rule says only that something is meant. Of what reads like a question about us it may only say that it doubts.
        """
        request, agency = self._request(text, subjects)
        if not learned or request not in ("", "other"):
            return request, agency, ""
        best, chance = self._wanted(text)
        if not best or (kind == "about" and best != "doubt"):
            return request, agency, ""
        of_its_own = best in _NARROW_WISHES and len(self._content(text)) > _FEW  # "whose job is the threshold document" names a thing
        if chance < (_WISHED if request == "" else _CERTAIN) or of_its_own:
            return "other", "", ""
        wished: Request | None = next((r for r in _WISHES if r == best), None)
        return (wished, "", "") if wished else ("other", "", best)

    def _wanted(self, text: str) -> tuple[str, float]:
        """What was learned of a message that follows an answer: the want or the card, and its chance; "" where it stands alone."""
        if self.wishes is None or self.embeddings is None or len(text.split()) > _LONGEST_WISH:
            return "", 0.0
        leaning, wants = self.wishes
        read = text.encode("utf-8", "replace").decode()  # half a character cannot be read
        vector = self.embeddings.vectors([read])[0]
        if leaning.probabilities(read, vector)[_LEANS] < _LEANING:
            return "", 0.0
        chances = wants.probabilities(read, vector)
        best = max(chances, key=lambda k: chances[k])
        return best, chances[best]

    def _request(self, text: str, subjects: tuple[str, ...]) -> tuple[Request, str]:
        """What is wanted of the answer before, and the agency it turns to; "" where the words do not say."""
        for m in reversed(list(_SENTENCE.finditer(text))):
            sentence = m.group().strip()
            size = len(sentence.split())
            if not sentence or size > 22:
                continue
            content = len(self._content(sentence))
            named = self._place(self.term(sentence))  # of a body of one nation it is asked what it is
            if size <= 6 and not named and not subjects and self._place(sentence) and len(self._beside_place(sentence)) <= 1:
                return "nation", ""
            for request, pattern in self.follows:
                if not pattern.search(sentence):
                    continue
                anaphor = bool(_ANAPHOR.search(sentence))
                if request in ("who", "when", "why") and not (content <= 1 or (anaphor and content <= 4)):
                    continue
                if request in ("first", "progress", "more", "shorter") and subjects and content > 3:
                    continue
                if request == "agency":
                    agency = next((a for a, p in self.agencies.items() if p.search(sentence)), "")
                    if agency and content <= 5:
                        return "agency", agency
                    if content > 3 or subjects:
                        continue
                    return "other", ""
                return request, ""
        return "", ""

    def _beside_place(self, text: str) -> list[str]:
        """The words of weight in `text` but for the places it names."""
        for _, pattern in self.places:
            text = pattern.sub(" ", text)
        return self._content(text)

    def _base(self, asked: Sequence[str]) -> str:
        """The last question that stands alone, with what followed it up since."""
        kept: list[str] = []
        for turn, text in reversed(list(enumerate(asked))):
            alone = self._asked(text)
            kind, _ = self._kind(alone)
            if kind in _SOCIAL:
                continue
            subjects = self._subjects(alone)
            request, _, _ = self._wish(alone, subjects, kind, learned=turn > 0)
            leans = self._leans(alone, kind, subjects, request) or _pointer(alone) or (len(self._content(alone)) <= 3 and not subjects)
            if not leans or self.words["new_subject"].search(text):
                return alone
            kept.append(alone)
        return kept[-1] if kept else ""

    def _gist(self, answer: str, base: str, alone: str) -> str:
        """What the answer before spoke of: how it opened, and its points where these are meant or where it opened with few words."""
        first, *_ = [*(m.group().strip() for m in _SENTENCE.finditer(_unmarked(answer[: _first_point(answer)]))), ""]
        opening = " ".join(first.split()[:_OPENING])
        rows: list[str] = []
        if len(self._content(opening)) < _FEW or _MANY.search(alone):
            rows = [" ".join(_unmarked(m[2]).split()[:_POINT_WORDS]) for m in _NUMBERED.finditer(answer)][:_POINTS]
        return " ".join(part for part in (opening, *rows) if part and part not in base)

    def _following(
        self, alone: str, base: str, kind: Kind, request: Request, agency: str, subjects: tuple[str, ...],
        points_at: int | None, point: str, facts: Mapping[str, str], gist: str = "",
    ) -> Meaning:  # fmt: skip
        shape, _ = self._kind(base)
        free = request in ("", "other")  # it asks of its own
        if shape == "comparison" and len(subjects) == 1 and (free or request == "more"):
            shape = "definition"  # one of what was compared
        # A new question takes the shape of the one before only where that shape suits any subject.
        asks_anew = free and kind in ("vague", "other") and bool(self._asks(alone))
        shape = "other" if shape in (*_SOCIAL, "vague") or (asks_anew and shape in _NARROW) else shape
        before = self._subjects(self._mended(base))
        subjects = self._beside(alone, before) or subjects or self._subjects(point.partition(":")[0]) or before
        answers_as: Kind = shape
        if request == "why":
            answers_as = "reasons"
        elif request in ("who", "when"):
            answers_as = "who_when"
        elif points_at is not None or request in ("unmoved", "doubt", "risk", "paper"):
            answers_as = "other"
        elif free and kind not in ("vague", "other", "about", "definition"):
            answers_as = kind
        asks = "" if request == "shorter" else alone
        text, told = (" ".join(p.strip() for p in parts if p) for parts in ((base, point or gist, asks), (base, point, asks)))
        return Meaning(
            text, "follow_up", self._place(alone) or self._place(base), subjects, True, points_at, told=told, base=base,
            request=request, point=point, agency=agency, answers_as=answers_as, facts=facts,
        )  # fmt: skip

    def _compared(self, text: str, base: str) -> tuple[str, ...]:
        """Which of the things just compared "the second one" means; none where the words point at a step or a source."""
        wanted = _pointer(text)
        compared = self._subjects(self._mended(base)) if wanted and self._kind(base)[0] == "comparison" else ()
        number = len(compared) if wanted in ("last", "final") else _ORDINALS.get(wanted, 0)
        return (compared[number - 1],) if 0 < number <= len(compared) and len(compared) > 1 and not _NOT_COMPARED.search(text) else ()

    def _beside(self, text: str, before: tuple[str, ...]) -> tuple[str, ...]:
        """The framework members meant by "the one below" and the like."""
        m = re.search(r"\b(?:the )?(?:one|level|step|stage|rung)? ?(below|above|before|after|under|next up)\b", text, re.I)
        if not m or len(before) != 1 or self._subjects(text):
            return ()
        for ids in FACETS.values():
            if before[0] in ids:
                at = ids.index(before[0]) + (-1 if m[1].lower() in ("below", "before", "under") else 1)
                return (before[0], ids[at]) if 0 <= at < len(ids) else ()
        return ()

    def _pointed(self, text: str, answers: Sequence[Turn]) -> tuple[int | None, str]:
        """The number of what the words point at in the last answer that has numbers, and what stands there."""
        wanted = next((p for m in reversed(list(_SENTENCE.finditer(text))) if (p := _pointer(m.group()))), "")
        if not wanted or len(text.split()) > 40:
            return None, ""
        for turn in reversed(answers[-3:]):
            rows = _numbered(turn, "source" in text.lower()) or _listed(turn.text)
            number = (
                max(rows, default=0) if wanted in ("last", "final") else _ORDINALS.get(wanted) or int(wanted if wanted.isdigit() else 0)
            )
            if number in rows:
                return number, rows[number]
        return (int(wanted), "") if wanted.isdigit() else (_ORDINALS.get(wanted), "")

    # ---- what is named

    def _subjects(self, text: str) -> tuple[str, ...]:
        found = sorted((m.start(), -len(m.group()), name) for name, p in self.names if (m := p.search(text)))
        return tuple(dict.fromkeys(name for _, _, name in found))

    def _place(self, text: str) -> str | None:
        found = [(m.start(), -len(m.group()), code) for code, p in self.places for m in p.finditer(text)]
        return min(found)[2] if found else None

    def _facts(self, text: str) -> dict[str, str]:
        """What the person tells of this partnership: jurisdiction, level, step, members."""
        facts: dict[str, str] = {}
        if (place := self._place(text)) and re.search(r"\b(we|our|us|i|i'm|my)\b", text, re.I):
            facts["jurisdiction"] = place
        for name, pattern in self.names:
            for m in pattern.finditer(text):
                said = self.words["said"].search(text[: m.start()])
                facet = next(f for f, ids in FACETS.items() if name in ids)
                if said and facet != "element":
                    facts.setdefault(facet, name)
        if listed := self.words["members"].search(text):
            clause = re.split(r"[.;?!]", text[listed.end() :])[0]
            members = [a for a, p in self.agencies.items() if p.search(clause)]
            if len(members) > 1:
                facts["members"] = ", ".join(members)
        return facts

    def facts(self, history: Iterable[Turn]) -> dict[str, str]:
        """What was told in the turns before, the later word winning."""
        return {k: v for t in history if t.role == "user" for k, v in self._facts(t.text).items()}

    def says(self, text: str) -> bool:
        """Whether `text` has any word of weight."""
        return bool(self._content(text))

    def knows(self, text: str) -> bool:
        """Whether the library uses every word of weight in `text`."""
        return all(w in self.known for w in self._content(text))

    def points_back(self, text: str, history: Sequence[Turn]) -> bool:
        """Whether most words of weight in `text` were used before in some form, or name an agency or a place."""
        used = {w[:3] for t in history for w in self._content(t.text)}
        known = [*self.agencies.values(), *(p for _, p in self.places)]
        words = [w for w in self._content(text) if not self._request(w, ())[0]]
        new = [w for w in words if w[:3] not in used and not any(p.search(w) for p in known)]
        return len(new) <= max(1, len(words) // 2)

    def term(self, text: str) -> str:
        """What a short question of the form "what is X" asks about; empty for any other."""
        found = self.words["term"].match(_FILLERS.sub("", text))
        return found["term"].strip() if found else ""

    def nation(self, text: str) -> str | None:
        """The jurisdiction that `text` names first; None where it names none."""
        return self._place(text)

    def elsewhere(self, text: str) -> bool:
        """Whether a country is named that the library knows nothing of, and none that it knows."""
        return bool(self.words["elsewhere"].search(text)) and not self._place(text)

    def reports(self, text: str) -> bool:
        """Whether a message asks about telling somebody of a worry, or whom to reach: a story may well have a report in it."""
        asks = " ".join(self._asks(text)) or (text if len(text.split()) <= _BRIEF else "")
        return bool(self.words["reporting"].search(asks))

    def split_over_need(self, text: str) -> bool:
        """Whether some agencies are said to be ready and another not to see the need."""
        return bool(self.words["split_over_need"].search(text))

    def apart(self, text: str) -> list[tuple[str, str]]:
        """What is told of each agency, where two or more are described apart: (the word for it, the words about it)."""
        found: list[tuple[str, str]] = []
        for clause in re.split(r"[,;:.?!\n]|\b(?:but|while|whereas)\b|\band (?=the )", text):
            named = [m.group() for p in self.agencies.values() if (m := p.search(clause))]
            if len(named) == 1 and named[0] not in [a for a, _ in found]:
                if len(self._content(clause)) < 2:
                    continue  # one in a list of members tells nothing
                found.append((named[0], clause.strip()))
            elif found and not named and len(clause.split()) > 1 and not self._subjects(clause):  # "… integration or coalition?" only asks
                found[-1] = (found[-1][0], f"{found[-1][1]}, {clause.strip()}")
        return found if len(found) > 1 else []

    def _mended(self, text: str) -> str:
        """`text` with slips of the pen in our own terms put right."""

        def mend(m: re.Match[str]) -> str:
            word = m.group().lower()
            if len(word) < 5 or word in self.known or word in _COMMON:
                return m.group()
            near = [(d, t) for t in _TERMS if abs(len(t) - len(word)) <= 2 and (d := _distance(word, t)) <= (1 if len(t) < 7 else 2)]
            return min(near)[1] if near else m.group()

        return _WORD.sub(mend, text) if self.known else text


_SECTION = re.compile(r"(?<![\w'’])s(?:ec)?\.? ?(\d+[a-z]{0,2})\b", re.IGNORECASE)
_TERMS = (
    "communication", "cooperation", "coordination", "coalition", "integration", "predisposing", "mandate", "leadership", "machinery",
    "process", "outcomes", "contemplation", "preparation", "maintenance", "difference", "between", "meaning", "definition", "partnership",
    "levels", "elements", "compare", "template", "collaboration", "should", "explain", "describe",
)  # fmt: skip


def _distance(a: str, b: str) -> int:
    """Insertions, deletions, changes and swaps of neighbours between two words."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], older[j - 2] + 1)
    return row[-1]


def _pointer(text: str) -> str:
    m = _POINT.search(text)
    return next(g for g in m.groups() if g).lower() if m and len(text.split()) <= 14 else ""


def _numbered(turn: Turn, source: bool) -> dict[int, str]:
    """What stands at each number of an answer: its next steps, or its sources where these are meant."""
    if turn.answer and source:
        return {s.n: s.quote for s in turn.answer.sources}
    if turn.answer and turn.answer.next_steps:
        return {n: s.action for n, s in enumerate(turn.answer.next_steps, 1)}
    rows: dict[int, str] = {}
    for m in _NUMBERED.finditer(turn.text):
        said = re.sub(r"^\*\*[^*]+\*\*\s*|\*?\b(?:Owner|When|Progress):.*|\[\d+\]|\*", "", m[2]).strip()
        if "owner:" in m[2].lower() or int(m[1]) not in rows:  # next steps carry an owner; other lists give way to them
            rows[int(m[1])] = said
    return rows


def _listed(answer: str) -> dict[int, str]:
    """What stands at each place of the first list of an answer that numbers nothing."""
    found = _BULLETS.search(answer)
    return {n: _unmarked(row).strip() for n, row in enumerate(_BULLET.findall(found.group()), 1)} if found else {}


def _first_point(answer: str) -> int:
    return m.start() if (m := _NUMBERED.search(answer)) else len(answer)


def _plain(text: str) -> str:
    return " ".join(_unmarked(text).split()[:_SAID])


def _unmarked(text: str) -> str:
    return re.sub(r"\*?\b(?:Owner|When|Progress):[^.\n]*\.?|\[\d+\]|[*|#]|^\s*\d+[.)]", " ", text, flags=re.M)


def whole_list(text: str) -> str:
    """Which whole list of the framework is asked for: levels, elements, steps."""
    m = re.search(r"\b(?:five|5|six|6|all|the|list|name|what are|which)\b.{0,30}\b(levels|elements|ingredients|steps|stages)\b", text, re.I)
    return {"ingredients": "elements", "stages": "steps"}.get(m[1].lower(), m[1].lower()) if m else ""


# ---- building


def load_reader(library: Library, folder: Path, embeddings: OnnxEmbeddings | None = None, trained: Path | None = None) -> Reader:
    """The reader for this library, what it learns stored under `trained`. Raises KnowledgeError naming what is wrong in its files."""
    name = "questions.yaml"
    data = read_yaml((folder / name).read_text("utf-8"), name)
    slips: list[str] = []

    def compiled(where: str, pattern: object) -> re.Pattern[str]:
        try:
            return re.compile(str(pattern), re.IGNORECASE)
        except re.error as error:
            slips.append(f"{name}: {where}: {str(pattern)!r} is not a pattern ({error})")
            return re.compile(r"(?!)")

    rules: list[tuple[Kind, re.Pattern[str]]] = []
    for row in data.get("rules", []):
        if row.get("kind") not in get_args(Kind):
            slips.append(f"{name}: kind: there is no kind {row.get('kind')!r}")
        else:
            rules += [(row["kind"], compiled(row["kind"], p)) for p in row.get("patterns", [])]
    follows: list[tuple[Request, re.Pattern[str]]] = []
    for request, patterns in data.get("follows", {}).items():
        if request not in get_args(Request):
            slips.append(f"{name}: follows: there is no request {request!r}")
        follows += [(request, compiled(f"follows: {request}", p)) for p in patterns]
    told: dict[str, Any] = {**data, **data.get("facts", {})}
    slips += [f"{name}: {k}: is missing" for k in _WORDS if not isinstance(told.get(k), str)]
    words = {k: compiled(k, told.get(k, "")) for k in _WORDS}
    agencies = {a: compiled(f"agencies: {a}", rf"\b(?:{p})\b") for a, p in data.get("agencies", {}).items()}
    examples = _examples(folder / "questions", _LEARNED, slips)
    labels: tuple[str, ...] = (*_WISHES, *library.cards)
    wished = _examples(folder / "follow_ups", labels, slips)
    if slips:
        raise KnowledgeError(slips)
    # The longest term first, so that "northern ireland" hides "ireland" inside it.
    terms = sorted(
        ((t, j.code) for j in library.jurisdictions.values() for t in (*j.terms, j.name.lower()) if j.code != "any"),
        key=lambda p: -len(p[0]),
    )
    places = tuple((code, re.compile(rf"(?<![\w.]){re.escape(term)}(?![\w])", re.IGNORECASE)) for term, code in terms)
    names = tuple((m.id, re.compile(rf"\b(?:{'|'.join(map(_spelling, _names(m)))})\b", re.IGNORECASE)) for m in library.members.values())
    known = frozenset(w.lower() for p in library.passages.values() for w in _WORD.findall(p.text))
    if not (examples and embeddings and trained):
        return Reader(tuple(rules), tuple(follows), words, agencies, places, names, known)
    kind = _learned_kind(examples, embeddings, trained)
    alone = [text for text, label in examples if label not in (*_SOCIAL, "vague")]
    wishes = _learned_wishes(wished, alone, embeddings, trained) if wished else None
    return Reader(tuple(rules), tuple(follows), words, agencies, places, names, known, kind, wishes, embeddings)


_WORDS = (
    "asks",
    "tail",
    "to_us",
    "thanking",
    "new_subject",
    "preamble",
    "said",
    "members",
    "split_over_need",
    "term",
    "who_writes",
    "who_or_when",
    "placing",
    "reporting",
    "elsewhere",
)


def _examples(folder: Path, labels: Sequence[Label], slips: list[str]) -> list[tuple[str, Label]]:
    """Labelled messages, one file for each label that has any."""
    found: list[tuple[str, Label]] = []
    for path in sorted(folder.glob("*.yaml")):
        name = f"{folder.name}/{path.name}"
        rows = read_yaml(path.read_text("utf-8"), name)
        label = next((k for k in labels if k == path.stem), None)
        if label is None:
            slips.append(f"{name}: there is no {path.stem!r} to have examples of")
        elif not isinstance(rows, list) or not all(isinstance(r, str) and r.strip() for r in rows):
            slips.append(f"{name}: should be a list of texts")
        else:
            found += [(text, label) for text in rows]
    texts = [t.strip().lower() for t, _ in found]
    slips += [f"{folder.name}: stands twice: {t}" for t in sorted({t for t in texts if texts.count(t) > 1})]
    return found


def _learned_kind(examples: Sequence[tuple[str, str]], embeddings: OnnxEmbeddings, trained: Path) -> Classifier:
    """What tells the kind of a question, trained on first use."""

    def train() -> dict[str, Classifier]:
        texts, labels = [t for t, _ in examples], [label for _, label in examples]
        return {"kind": fit(texts, embeddings.vectors(texts), labels, [k for k in _LEARNED if k in labels], NO_CUES)}

    return kept(trained, "questions", _version(examples, embeddings), {"kind": NO_CUES}, train)["kind"]


def _learned_wishes(
    wished: Sequence[tuple[str, str]], alone: Sequence[str], embeddings: OnnxEmbeddings, trained: Path
) -> tuple[Classifier, Classifier]:
    """What tells whether a message follows an answer, and what one that follows wants; trained on first use.

    On held-out fifths nine in ten were told apart and nearly three in four wants were named rightly, of 25; where a want was
    thought likelier than not, five in six. Probabilities were honest there as they are, so nothing is held out here.
    """
    texts = [t for t, _ in wished]

    def train() -> dict[str, Classifier]:
        labels = [label for _, label in wished]
        vectors = embeddings.vectors([*texts, *alone])
        sides = [*([_LEANS] * len(texts)), *([_ALONE] * len(alone))]
        return {
            "leaning": fit_many([*texts, *alone], vectors, sides, (_LEANS, _ALONE), pairs=True),
            "wants": fit_many(texts, vectors[: len(texts)], labels, tuple(dict.fromkeys(labels)), pairs=True),
        }

    found = kept(trained, "follow-ups", _version((*wished, *alone), embeddings), {"leaning": NO_CUES, "wants": NO_CUES}, train)
    return found["leaning"], found["wants"]


def _version(examples: Sequence[object], embeddings: OnnxEmbeddings) -> str:
    return f"{hashlib.sha256(repr((FORMAT, examples)).encode()).hexdigest()[:12]}-{embeddings.version}"


def _names(member: Member) -> list[str]:
    return [member.id, *([member.name] if member.name.lower() != member.id else [])]


def _spelling(name: str) -> str:
    """Hyphen, space or nothing: people write co-operation, co operation and cooperation."""
    return re.escape(name.lower()).replace(r"\-", r"[\s-]?").replace("factors", "(?:factors?|circumstances)") + (
        "(?:es)?" if name.endswith("ss") else ""
    )
