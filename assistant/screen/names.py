"""Finds names of people by adding up what speaks for and against one: lists, the words around it, its shape.

No list holds every name, and many names are also words or places. So each word that could begin a name starts with points
for what the lists say about it, the words beside it add or take away, and from two points on it is masked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

KINDS = frozenset({"child", "parent", "relative", "practitioner", "person"})

ENOUGH = 2.0
# What the lists say of a word, as bits: sections of names.txt, in the order of their weight.
GIVEN, CAPITAL, RARE, CONTEXT, FAMILY, PLACE = 1, 2, 4, 8, 16, 32
_SECTIONS = {"given": GIVEN, "given-capital": CAPITAL, "given-rare": RARE, "given-in-context": CONTEXT, "family": FAMILY, "place": PLACE}
_FIRST = GIVEN | CAPITAL | RARE | CONTEXT

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?(?<!['’])")
_PLAIN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_NO_NAME = re.compile(r"[\w'’-]{60,}")
_MIXED = re.compile(r"(?:^|-)(?:[DOTM]|[A-Z][a-z]{1,2})['’][A-Z]")  # O'Hara, De'Andre, Lee-O'Hara
_CONTRACTED = re.compile(r"'(?:s|ve|re|ll|d|m|t|em|l|n|y|er|all|en|clock)$")
_YEAR_AFTER = re.compile(r"[\s,]*(?:et al\.?)?[\s,]*[\[(]?(?:19|20)\d\d[a-z]?\b(?![-/.]\d)")
_ANY_YEAR = re.compile(r"(?:19|20)\d\d")
_CHAIN = re.compile(
    r"(?<![\w'’-])[^\W\d_][\w'’-]+(?:(?:, | and | & |, and )[^\W\d_][\w'’-]+){0,5}(?: et al\.?)?,? ?[\[(](?:19|20)\d\d[a-z]?\b(?![-/.]\d)|"
    r"[A-Z][\w'’-]+(?:(?:, | and | & |, and )[A-Z][\w'’-]+){0,5}(?: et al\.?)?,? (?:19|20)\d\d\b(?![-/.]\d)|"
    r"[A-Z][\w'’-]+(?:(?:, | and | & |, and )[A-Z][\w'’-]+){1,5} on [a-z][a-z ]{2,40}[\[(](?:19|20)\d\d[a-z]?[\])]"
)
_AGED = re.compile(
    r"(?:,? ?\(?|, ?(?:now |only |just )?)(?:aged? \d|"
    r"\d{1,2}(?:,| ?(?:years?|yrs?|months?|weeks?|yo|y/o)\b|\)| (?:has|is|and|who|in|was)\b)|"
    r"in (?:\d(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth) (?:gr|grade|class)\b|"
    r"(?:dob|d\.o\.b|born|b\.) ?|year \d|yr ?\d|y\d{1,2}\b|in (?:year|yr) \d)|"
    r",? \(?(?:grade|primary) \d|, \(?(?:p[1-7]|s[1-6]|prep|reception|transition year)\b|"
    r" yn \d{1,2} oed| (?:is|was) (?:on an? (?:\w+ ){0,2}plan\b|\d{1,2}\b|in care|looked after|open to|known to)|"
    r"(?:, ?| ?\(|: )(?:NHS|CHI|UPN|H&C|HCN|PPSN?|NI|URN|ULN|NHI|IHI|TFN|SSN|CRN|MRN|ARC|HO|EDD)\b(?!\))",
    re.IGNORECASE,
)
# The initials of a family name after a name: Archie B-W, Shoshana F.
_FAMILY_INITIALS = re.compile(r" (?:[A-Z]-[A-Z]|[B-HJ-Z])\b\.?(?![\w'’&/-]| ?[A-Z]?\d)")
# A nickname inside a name: Curtis "Curly" Mbeki, jacinta (jaz) moloney.
_INSIDE = re.compile(r" (?:[\"“‘']([^\W\d_][\w'’ -]{0,18})[\"”’']|\(([^\W\d_][\w'’-]{1,14})\))(?= ([^\W\d_][\w'’-]{2,}))")
_IS_A_NAME = re.compile(
    r"[\"'”’]? (?:is|was) (?:actually |really )?(?:his|her|their|my|the \w+'s) "
    r"(?:(?:actual|real|first|given|middle|last|family|birth|legal|proper|pet|own) ){0,3}(?:name|surname|nickname)\b(?! for)"
)
_SAID_AT = re.compile(r"(?:^|[\[\s])\[?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: ?[ap]m)?\]?:?(?: -)? $")  # a chat: [09:14] Neesha: hello
_WITH_A_NUMBER = re.compile(r":? \(?(?!0[38]0|034|0844)(?:\+\d|0)\d[\d ()-]{7,}")
_LIVES_WITH = re.compile(
    r"\b(?:(?:know|knows|knew|known to|foster|visit|visited|visiting|grandparents|neighbours|carers)|"
    r"(?:mum|mam|dad|gran|nan|grandad|aunt|aunty|auntie|uncle|family) and|"
    r"(?:live|lives|living|stay|stays|staying|placed|care|placement|up|home) with) the $"
)
_SPELT_OUT = re.compile(r" (?:is short|stands?|are short) for\b| is not an? (?:name|person)\b")
_ONE = r"[A-Z][\w'’-]*[a-z]"
_WHEN = r"(?:,? \(?(?:\d{1,2}[/.-]){0,2}(?:20)?\d\d\)?)"
# Names in a row, each with a date or an age or with none, or each a sentence of its own.
_ROW = re.compile(
    rf"(?<![\w'’-]){_ONE}{_WHEN}?"
    rf"(?:(?:, and |, | and | & | ?/ ?|; ?|\n(?:[-*•] ?)?|(?<=[\d)]) )(?:(?:baby|wee|little) )?{_ONE}{_WHEN}?){{1,7}}(?![\w'’-])|"
    rf"(?<![\w'’-]){_ONE}(?:\. {_ONE}){{2,7}}(?=\.)"
)
_IN_ROW = re.compile(_ONE)
_CITED_IN_ROW = re.compile(r"\((?:19|20)\d\d\)")
_MORE_BEFORE, _MORE_AFTER = re.compile(r"[A-Z][\w'’-]* $"), re.compile(r" [A-Z]")
_OPENERS = frozenset(
    "yesterday today tomorrow sometimes however meanwhile also first then now later please still both all yes no if but so".split()
)
_INITIALS = re.compile(
    r"(?:[A-Z]\.){2,3}|[A-Z]\. [A-Z]\.|"
    r"[A-Z]{2,3}(?=,? (?:aged? \d|\((?:aged? )?\d{1,2}(?: ?(?:y|yo|yrs?|years?|m|mths?|months?))?[),;]|\d{1,2} ?(?:,|years?|yrs?)))|"
    r"[A-Z]{1,3}(?=['’]s (?:mum|dad|mother|father))"
)
_BODIES = frozenset({"NHS", "GP", "UK"})
_COUNTED = re.compile(r",? \(\d")  # the YOT (5); initials are no body before an age or somebody's mum
_DATED = re.compile(r"\d{1,2}[-/. ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[-/. ]\d{2,4}", re.IGNORECASE)
# A number before it makes Jan a month.
_IN_JANUARY = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)? (?:of )?Jan\b(?!['’]s)")
# Days, schools and towns whose first word says what they are, operations with a code name, and cases against a public body.
_NAMED_THING = re.compile(
    r"(?<![\w'’-])(?:(?:Dydd|Dé|Ysgol|Coleg|Scoil|Gaelscoil|Bunscoil|Coláiste|Gaelcholáiste|Sgoil|Los|Las|San|Santa|Mount|Port|Fort|Saint)"
    r"(?: (?:y|yr|na|an|de|la|h?[A-Z][\w'’-]+)){1,3}|(?:Project|Operation|Campaign) [A-Z][\w-]+|"
    r"[A-Z][\w'’-]+ v\.? (?=the |R\b|Secretary|Commissioner|Chief|Attorney|Minister|Director|[A-Z]\w+ (?:County|City|Borough|Council)))"
)
_NAMES_THINGS = frozenset(
    "dydd dé ysgol coleg scoil gaelscoil bunscoil coláiste gaelcholáiste sgoil los las san santa mount port fort saint project operation "
    "campaign v".split()
)
_QUOTED = re.compile(r"[,:]? [\"'“‘]$")
_NO_PERSON = frozenset(
    {"D.O.", "U.S.", "U.K.", "N.I.", "N.B.", "P.S.", "A.I.", "U.N.", "E.U.", "N.Z.", "A.M.", "P.M.", "Q.A.", "H.R.", "I.T."}
)
_INITIALS_ACT = re.compile(
    r" (?:(?:was|is|has|had|says|said|rang|told|thinks|asked|wants|absent|present|attended|chaired|deputis|"
    r"apologis|agreed|noted|raised|reported|"
    r"will|and his|and her)\w*|[—–-] |\(aged? \d|\d{1,2}[-/.])|, (?:aged? )?\d{1,2},"
)
# In a list of actions: `DH to circulate the protocol`.
_ACTS_ON = re.compile(
    r"([A-Z]{2,3}) (?:to|will) (?:speak|send|write|chase|book|circulate|share|e?mail|contact|follow|draft|check|ask|invite|update|arrange|"
    r"confirm|ring|call|talk|meet|report|bring|find|take|lead|raise|feed)\b"
)
_MONTHS = frozenset({"april", "may", "june", "august"})  # names only where a role in brackets or a mother says so
_CLANS = frozenset({"mac", "mc", "nic", "ní", "ó"})  # in lower case too these go with the word after them
_TEXTING = frozenset({"n", "r", "u", "y", "a", "i"})  # letters that stand for words: kayleigh n mum
_PREPOSITIONS = frozenset({"in", "from", "near", "to", "of", "at", "across", "into", "for", "through", "around", "outside", "under", "on"})
_WHERE = frozenset({"in", "near", "at", "across", "into", "around", "outside", "throughout", "of", "through", "beyond"})
_FAMILIAR = frozenset({"smith", "jones", "brown", "taylor", "khan", "singh", "patel", "evans"})  # names before they are words
_SHORTENED = frozenset("dr mr mrs ms st prof rev revd sgt supt cllr det insp hon fr sr jr ofc lt col capt maj cpl".split())
_SOMEBODY = re.compile(r"^[^\n:;]{0,56}?\b(?:she|he|her|his|him|she's|he's)\b", re.IGNORECASE)
_SOME = frozenset({"two", "three", "four", "both", "my", "her", "his", "their"})
_MINE = frozenset({"my", "her", "his", "their"})
_UNDERWENT = re.compile(
    r" (?:was|is|were|has been|is being|got|gets|had been|being) (?:not |never |being |also |only |first |last )?([a-z]+)"
)
_ON_A_NUMBER = re.compile(r" on \+?[\d(\[]")
_WITH_FAMILY = re.compile(r",? (?:and|agus|n|&) (his|her|their|my|mum|dad|family|i|me|mise|siblings)\b", re.IGNORECASE)
_BODIES_TOO = frozenset("family plan case file school review reports notes assessment conference social home voice name".split())
_ARTICLES = frozenset({"the", "a", "an", "it", "this", "that", "our", "your", "of", "to", "one", "all", "every", "their"})
_ABOUT_ONE = frozenset(
    {"meeting", "conference", "situation", "incident", "file", "referral", "strategy", "removal", "funeral", "kids", "house"}
)
_AT_LAW = frozenset(
    {"passes", "passed", "clause", "clauses", "reading", "receives", "received", "committee", "amendment", "amendments", "becomes"}
)
_CLAUSE = frozenset({"about", "on", "again", "yesterday", "who", "to", "because", "before", "after", "when", "if", "be"})
_HONOURS = frozenset({"professor", "prof", "lord", "lady", "baroness", "dame", "sir", "dr"})
_SMALL = frozenset({"little", "wee", "young", "poor", "baby", "tiny", "old"})
# Words that are a title only before a name that is no common word.
_OFTEN_NO_TITLE = frozenset(
    "sister father child baby nan nana gran nurse doctor justice inspector judge pastor midwife professor lord aunt uncle hv sw "
    "officer commander coach sr lt colonel captain major corporal matron master vicar bishop canon deacon trooper "
    "pa pop oma opa mama papa koro kuia dada grandma grandpa gramps fr".split()
)


_OFFICERS = frozenset("pc dc ds di sgt sergeant constable".split())  # a number may stand before the name: PC 4471 Boyle
_ON_DUTY = re.compile(r"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]* ?(?:(?:am|pm) ?)?[-–—:] $")
_SPEAKER = re.compile(r"^[ \t>*-]*([^\W\d_][\w'’-]+):[ \t]", re.MULTILINE)
_ANDS = frozenset({"and", "a", "ac", "agus"})
# Charlotte, North Carolina; Barry, Vale of Glamorgan.
_REGION_AFTER = re.compile(r", (?:North|South|East|West|New|County|Co\.?|Vale|Isle|Isles)\b|,? (?:[Cc]ounty|[Cc]ouncil|[Bb]orough)\b")
_STREETS = frozenset({"street", "road", "avenue", "lane", "terrace", "parade", "quay", "square"})
_JOINS = frozenset({", ", " and ", ", and ", " & ", " + ", "; ", " / ", "/", " a ", " ac ", " agus "})


class Name(NamedTuple):
    start: int
    end: int
    kind: str


class _Word(NamedTuple):
    text: str
    start: int
    end: int
    low: str  # lower case, plain apostrophes, no closing point
    bare: str  # `low` without a possessive ending
    gap: str  # what stands between it and the word before
    sort: int
    plain: bool  # a word of the language in lower case, with which no name begins

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def upper(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()

    @property
    def owner(self) -> bool:
        return self.low != self.bare

    @property
    def last(self) -> int:
        """Where the name ends: before 's."""
        if self.text.endswith(("'s", "’s")):
            return self.end - 2
        return self.end


def read_names(path: Path) -> dict[str, int]:
    """Each listed name in small letters, with the sections it stands in as bits. Raises ValueError naming a wrong or missing section."""
    sorts: dict[str, int] = {}
    bit = 0
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            if section not in _SECTIONS:
                raise ValueError(f"names.txt: [{section}] is none of {', '.join(_SECTIONS)}")
            bit = _SECTIONS[section]
        elif not line.startswith("#"):
            for word in line.split():
                sorts[word] = sorts.get(word, 0) | bit
    if missing := [name for name, b in _SECTIONS.items() if not any(s & b for s in sorts.values())]:
        raise ValueError(f"names.txt: [{missing[0]}] is missing or empty")
    return sorts


class Names:
    def __init__(self, data: dict[str, Any], listed: dict[str, int], known: frozenset[str]) -> None:
        self._sorts = listed
        self._known = known
        self._plain = known - _FAMILIAR
        self._never = frozenset(data["never"]) | {w for words in data["cues"].values() for w in words} | set(data["greetings"])
        self._public = frozenset(data["public-people"])
        self._cited = frozenset(data["public-when-cited"])
        self._works = frozenset(data["work-words"])
        self._lower_works = frozenset(data["work-words-in-lower-case"])
        self._grounds = frozenset(data["place-words"])
        self._owned = frozenset(data["owned-by-a-person"])
        self._undergone = frozenset(data["done-to-a-person"])
        self._verbs_too = frozenset(data["names-that-are-verbs"])
        self._acts = frozenset(data["person-verbs"])
        self._does = frozenset(data["anybodys-verbs"])
        self._stands = self._does | self._acts | {"and", "who", "n"}
        self._near_names = self._grounds | self._lower_works
        self._abbreviations = frozenset(data["abbreviations"])
        self._nicknames = frozenset(data["nickname-words"])
        self._lower_titles = frozenset(data["titles-in-lower-case"])
        self._starts = self._nicknames | self._lower_titles  # in lower case too these may begin a name
        self._particles = frozenset(data["particles"])
        self._families = frozenset(data["family-words"])
        self._cues = {word: kind for kind, words in data["cues"].items() for word in words}
        self._kin = frozenset(w for kind in ("parent", "relative") for w in data["cues"][kind])
        self._relations = self._kin | frozenset(data["cues"]["child"])
        self._after_kin = tuple(f" {word} " for word in self._relations)
        self._titles = {word: kind for kind, words in data["titles"].items() for word in words}
        self._begins_title = frozenset(re.split(r"[ .]", title)[0] for title in self._titles)

        def any_of(key: str) -> str:
            return "|".join(sorted((re.escape(w) for w in data[key]), key=len, reverse=True))

        # by first word, so that most texts try none of them
        sayings: dict[str, list[str]] = {}
        for saying in (*data["sayings"], *(w for w in self._public if " " in w)):
            sayings.setdefault(re.split(r"[^\w'’]", saying)[0], []).append(saying)
        self._sayings: dict[str, list[str] | re.Pattern[str]] = {**sayings}
        self._introduced = re.compile(
            rf"\b(?:{any_of('introductions')}) (?:is )?[\"'‘“]?$|\b(?:name|child|mother|father|mum|dad|subject|from|cc|surname|"
            r"forename|first name|last name|family name|given name|referrer|next of kin|nok|attendees|present|"
            r"apologies|contact|pupil|worker|parent|author|chair|minutes)s?(?:'s name)?: ?$"
        )
        somebody = "|".join(sorted((re.escape(w) for w in self._relations), key=len, reverse=True))
        self._named = re.compile(rf"\b(?:{any_of('namings')})(?: is)?:? [\"'‘“]?$")
        self._somebody_called = re.compile(rf"\b(?:an?|another) (?:[\w-]+ )?(?:{somebody}) (?:called|named) [\"'‘“]?$")
        self._naming = {"is", "called", "named"}.union(_PLAIN.findall(phrase)[-1] for phrase in data["namings"])
        self._row_words(data)
        self._signed = re.compile(rf"(?:^|[\s.;\"])(?:{any_of('greetings')}),?\s+$")
        self._met = re.compile(rf"\b(?:{any_of('dealings')}) $")
        # the words these end with: a look at one word spares most searches
        self._introducing, self._signing, self._meeting = (
            {"is"}.union(_PLAIN.findall(phrase)[-1] for phrase in data[key]) for key in ("introductions", "greetings", "dealings")
        )
        self._agency = re.compile(
            rf",? (?:from|in|at|of) (?:the |our |a |my |their )?(?:[\w&-]+ )?(?:{any_of('agencies')})\b", re.IGNORECASE
        )
        self._agency_in_brackets = re.compile(rf" \((?:{any_of('agencies')})\)", re.IGNORECASE)
        self._thing = re.compile(
            rf"(?:,| is| was| are| were) (?:our|the|a|an|my|their) (?:[\w-]+ ){{0,2}}?(?:{any_of('things')})s?\b"
            r"(?![- ](?:manager|lead|leader|head|director|worker|officer|user|chair|nurse|rep))",
            re.IGNORECASE,
        )
        # Dame Ann Lee, Lord Justice Lee; the Education Secretary, Ann Lee; Ann Lee MP
        whole = r"(?:[A-Z][\w'’-]+|[A-Z]\.)(?: (?:of|de|van|[A-Z][\w'’-]+|[A-Z]\.)){0,3}"
        self._in_office = re.compile(
            rf"\b(?<!Dear )(?:{any_of('public-titles')}) {whole}|\b(?:{any_of('public-offices')}),? (?:(?:is|was|called) )?{whole}|"
            rf"\b(?:[A-Z][\w'’-]+ ){{0,2}}[A-Z][\w'’-]+(?= (?:{any_of('public-letters')})\b)"
        )
        offices = (*data["public-titles"], *data["public-offices"], *data["public-letters"])
        self._office_words = tuple({office.split()[0] for office in offices})
        roles = "|".join(sorted((re.escape(w) for w in self._cues), key=len, reverse=True))
        self._role_after = re.compile(
            rf"(?:, (?:that's |thats |that is )?"
            rf"(?:the |our |a |an |new |her |his |my |their |who (?:is|was) (?:the |our |a |her |his )?)(?:[\w’'-]+ ){{0,3}}?|"
            rf",? \((?:the |our |his |her |my |a )?(?:[\w’'-]+ )?|, (?:[\w’'-]+ )?"
            rf"| is (?:the|our|my|her|his|a) (?:[\w'’-]+ )?)(?:{roles})\b",
            re.IGNORECASE,
        )

    def _row_words(self, data: dict[str, Any]) -> None:
        """The words that say, before or after a row of words, that the row is one of children."""
        self._rows = frozenset(data["listed-together"])
        together = "|".join(data["listed-together"])
        self._together = re.compile(rf"\b(?:{together})\b", re.IGNORECASE)
        self._before_row = re.compile(
            rf"\b(?:{together})(?: list| group)?(?: \([^)]*\))?(?:: ?|, | are | called | named |[ \n]+)[\"“]?$", re.IGNORECASE
        )
        no_row = "|".join(
            sorted((re.escape(w) for w in (*data["place-words"], *data["things"], *data["work-words"])), key=len, reverse=True)
        )
        self._after_row = re.compile(
            rf"(?! (?:{no_row}|class|classe|service|room|team|board|children)e?s?\b)(?:[^\w]+[\w'’]+){{0,5}}?[^\w]+(?:{together})\b",
            re.IGNORECASE,
        )

    # ---- the walk through a text

    def find(self, text: str, taken: Iterable[tuple[int, int]]) -> Iterator[Name]:
        """Every name outside the spans that are taken."""
        # No name is as long as such a run of letters, and looking for one in it takes the square of its length.
        readable = _NO_NAME.sub(lambda m: "-" * len(m[0]), text)
        closed = bytearray(len(text))
        for start, end in taken:
            closed[start:end] = b"\1" * (end - start)
        words = self._words(text)
        found: list[Name] = []
        for start, end in self._children_in_a_row(readable) if any(w.low in self._rows for w in words) else ():
            if not any(closed[start:end]):
                found.append(Name(start, end, "child"))
                closed[start:end] = b"\1" * (end - start)
        self._close_public(text, readable, words, closed)
        shouting = text.isupper() or sum(w.upper for w in words if not w.plain) > max(3, 0.7 * len(words))
        again: set[str] = set()
        i = 0
        while i < len(words):
            n = 0 if words[i].plain or closed[words[i].start] else self._add(text, words, i, shouting, closed, found)
            again.update(w.bare for w in words[i : i + n] if len(w.bare) > 2 and w.bare not in self._known)
            i += n or 1
        yield from found
        if "\n" in text:
            speakers = Counter(m[1].lower() for m in _SPEAKER.finditer(readable))  # of a chat: who begins two lines
            again.update(s for s, lines in speakers.items() if lines > 1 and s not in self._known and not self._sorts.get(s, 0) & PLACE)
        for w in words:  # a name known by what stood beside it once is known in the rest of the text
            if w.bare in again and w.capital and not closed[w.start] and not self._never_name(w):
                yield Name(w.start, w.last, "person")

    def _children_in_a_row(self, text: str) -> Iterator[tuple[int, int]]:
        """Arlo / Juniper / Wren, the three siblings: one sure name and a word for children make every word of a row a name."""
        for m in _ROW.finditer(text):
            row = [(m.start() + x.start(), m.start() + x.end(), x[0].lower()) for x in _IN_ROW.finditer(m[0])]
            before, after = text[max(0, m.start() - 40) : m.start()], text[m.end() : m.end() + 60]
            told = self._before_row.search(before) is not None
            if self._together.fullmatch(row[0][2]):
                told, row = True, row[1:]
            if _MORE_AFTER.match(after) or (not told and _MORE_BEFORE.search(before)):
                continue  # Desmond Tutu and Nelson Mandela
            theirs = self._after_row.match(after)
            likely = told or (theirs and not _CITED_IN_ROW.search(m[0]))
            if likely and all(self._in_row(low, n == 0 and not told) for n, (_, _, low) in enumerate(row)) and self._sure_row(row, told):
                yield from ((start, end) for start, end, _ in row)

    def _in_row(self, low: str, opening: bool) -> bool:
        if low in self._never or low in self._public or low in self._works or (opening and (low in _OPENERS or low.endswith("ly"))):
            return False
        return "'" not in low and "’" not in low

    def _sure_row(self, row: list[tuple[int, int, str]], told: bool) -> bool:
        """Is one of them surely a name, and none a place that nobody is called by?"""
        sorts = [self._sorts.get(low, self._sorts.get(low.split("-")[0], 0)) for _, _, low in row]
        strange = sum(not sort and low not in self._known for sort, (_, _, low) in zip(sorts, row, strict=True))
        if all(sort & FAMILY and not sort & (GIVEN | CAPITAL) for sort in sorts):
            return False  # authors, with or without their years
        if told:
            return strange > 0 or any(sort & _FIRST for sort in sorts)
        if any(sort & PLACE and not sort & (GIVEN | CAPITAL) for sort in sorts) or any(low in self._cited for _, _, low in row):
            return False
        return strange > 1 or any(sort & _FIRST for sort in sorts)

    def _close_public(self, text: str, readable: str, words: list[_Word], closed: bytearray) -> None:
        """Shuts what is no private person's name: sayings, people in office, dates, authors with a year."""
        for start, end in self._public_spans(text, readable, words):
            closed[start:end] = b"\1" * (end - start)
        if any(word in text for word in self._office_words):
            for m in self._in_office.finditer(readable):
                if self._follows_kin(readable, m.start()):
                    continue  # Father Sir Jocelyn
                closed[m.start() : m.end()] = b"\1" * (m.end() - m.start())
                public = m[0].split()[-1].lower()
                for w in words:  # and the same surname elsewhere
                    if w.bare == public:
                        closed[w.start : w.end] = b"\1" * (w.end - w.start)

    def _public_spans(self, text: str, readable: str, words: list[_Word]) -> Iterator[tuple[int, int]]:
        lower = readable.lower().replace("’", "'") if len(readable.lower()) == len(text) else ""
        present = {w.low for w in words}
        for first in present & self._sayings.keys():
            yield from (m.span() for m in self._said(first).finditer(lower))
        yield from (m.span() for m in _DATED.finditer(readable))
        if "jan" in present:
            yield from (m.span() for m in _IN_JANUARY.finditer(readable))
        if present & _NAMES_THINGS:
            yield from (m.span() for m in _NAMED_THING.finditer(readable))
        if _ANY_YEAR.search(text):
            for m in _CHAIN.finditer(readable):
                if not (text[m.end() - 1].isdigit() and self._follows_kin(readable, m.start())):  # Child Rafferty, Spring 2014
                    yield m.span()

    def _follows_kin(self, text: str, at: int) -> bool:
        return f" {text[max(0, at - 20) : at]}".lower().endswith(self._after_kin)

    def _said(self, first: str) -> re.Pattern[str]:
        """The sayings that begin with a word, compiled when first needed."""
        found = self._sayings[first]
        if isinstance(found, list):
            found = self._sayings[first] = re.compile("|".join(rf"(?<!\w){re.escape(x)}(?!\w)" for x in found))
        return found

    def _words(self, text: str) -> list[_Word]:
        words, at = [], 0
        for m in _WORD.finditer(text):
            raw, (start, end) = m[0], m.span()
            if raw.islower() and raw.isalpha():  # most words
                low = bare = raw
                sort = self._sorts.get(raw, 0)
            else:
                low = raw.lower().replace("’", "'").rstrip(".")
                if raw.endswith(".") and len(low) > 1 and low not in _SHORTENED and "." not in raw[:-1]:
                    end -= 1  # the point ends a sentence
                bare = low.removesuffix("'s").rstrip("'")
                sort = self._sorts.get(bare, 0)
                if not sort and "-" in bare and raw[0].isupper() and bare not in self._known:
                    first, _, second = bare.partition("-")
                    sort = self._sorts.get(first, 0) & (GIVEN | CAPITAL | FAMILY)  # Mary-Kate, Smith-Bailey
                    if self._sorts.get(first, 0) & _FIRST and self._sorts.get(second, 0) & _FIRST and not {first, second} & _MONTHS:
                        sort |= GIVEN  # Stevie-Leigh
            plain = not sort & _FIRST and low in self._known and not raw[0].isupper() and low not in self._starts
            words.append(_Word(text[start:end], start, end, low, bare, text[at:start], sort, plain))
            at = end
        return words

    def _add(self, text: str, words: list[_Word], i: int, shouting: bool, closed: bytearray, found: list[Name]) -> int:
        """Adds the name that starts at word i with those listed beside it; returns how many words it takes."""
        hit = self._at(text, words, i, shouting)
        if hit is None:
            return 0
        start, end, n, kind = hit
        first = i
        while first > 0 and words[first].gap == " " and words[first - 1].capital and self._listable(words[first - 1], closed):
            first -= 1  # the half of a name just before the half that is known
            start = words[first].start
        if first > 0 and self._surname_first(words[first - 1], words[first]) and not closed[words[first - 1].start]:
            first -= 1  # SURNAME First, as in a table
            start = words[first].start
        if first > 0 and words[first].gap == " " and words[first - 1].low in self._nicknames and words[first - 1].capital:
            start = words[first - 1].start  # Little Bear
        end = self._reach(text, end)
        spans = [(start, end), *self._beside(text, words, first, i + n, closed, shouting)]
        for s, e in spans:
            if not any(closed[s:e]):
                found.append(Name(s, e, kind))
                closed[s:e] = b"\1" * (e - s)
        return n

    def _reach(self, text: str, end: int) -> int:
        """Where a name ends with what is tied to it: initials of a family name, a nickname and the name behind it."""
        if m := _FAMILY_INITIALS.match(text, end):
            return m.end() - m[0].endswith(".")
        m = _INSIDE.match(text, end)
        if not m:
            return end
        nick, behind = m[1] or m[2], m[3]
        family = (
            bool(self._sorts.get(behind.lower(), 0) & FAMILY) if behind.islower() else behind.istitle() or "-" in behind or "'" in behind
        )
        if not family or behind.lower() in self._known or behind.lower() in self._never:
            return m.end() if m[1] and nick.istitle() else end
        if m[2] and (nick.isupper() or nick.lower() in self._never):
            return end  # Curtis (CAMHS)
        return m.end(3)

    def _surname_first(self, w: _Word, given: _Word) -> bool:
        if not w.upper or given.upper or given.gap not in {" ", ", "} or w.bare in self._known or self._never_name(w):
            return False
        return bool(w.sort & FAMILY or "-" in w.bare or len(w.bare) > 4) and re.search(r"[|\n:;\t•]\s*$|^$", w.gap) is not None

    def _beside(self, text: str, words: list[_Word], start: int, end: int, closed: bytearray, shouting: bool) -> Iterator[tuple[int, int]]:
        """Names listed beside a sure one: Ashanti, Blessing and Precious."""
        for step in (-1, 1):
            at = start if step < 0 else end - 1
            while 0 <= at + step < len(words):
                near = at + step
                if words[near].low in _ANDS and 0 <= near + step < len(words):
                    near += step
                a, b = sorted((at, near))
                w = words[near]
                if text[words[a].end : words[b].start].lower() not in _JOINS or not self._listable(w, closed, shouting):
                    break
                last = self._run(words, near, shouting=False) - 1
                after = words[last + 1] if last + 1 < len(words) else None
                if after and after.gap == " " and after.capital and after.low in self._works | self._grounds:
                    break
                yield w.start, words[last].last
                at = last if step > 0 else near

    def _listable(self, w: _Word, closed: bytearray, shouting: bool = False) -> bool:
        if not w.capital or closed[w.start] or self._never_name(w) or len(w.bare) < 2:
            return False
        if w.upper and not (shouting and len(w.bare) > 5):
            return False
        if (w.sort & PLACE and not w.sort & GIVEN) or w.bare in self._public:
            return False
        return w.bare not in self._known or bool(w.sort & _FIRST)

    def _never_name(self, w: _Word) -> bool:
        """Words that are no name whatever stands beside them: listed ones, I've and they're, GPs and IROs."""
        if w.bare in self._never or (w.text[-1] == "s" and w.text[:-1].isupper()):
            return True
        if "'" in w.bare:
            return not w.capital or (_CONTRACTED.search(w.bare) is not None and not _MIXED.search(w.text)) or w.bare in self._known
        return "-" in w.bare and not w.sort and self._compound(w.bare)

    def _compound(self, bare: str) -> bool:
        """Director-General: words of the language joined by a hyphen, of which none is a name."""
        return all(part in self._known and not self._sorts.get(part, 0) & (_FIRST | FAMILY) for part in bare.split("-"))

    # ---- one word

    def _at(self, text: str, words: list[_Word], i: int, shouting: bool) -> tuple[int, int, int, str] | None:
        """(start, end, number of words, kind) of the name that starts at word i."""
        w = words[i]
        if title := self._title(words, i):
            return self._titled(text, words, i, title, shouting)
        if w.low in self._nicknames:
            if i + 1 < len(words) and words[i + 1].gap == " " and (title := self._title(words, i + 1)):
                titled = self._titled(text, words, i + 1, title, shouting)  # old Mr Finch
                return titled and (w.start, titled[1], titled[2] + 1, titled[3])
            if self._nicknamed(words, i):
                return w.start, words[i + 1].last, 2, self._kind(text, words, i) or "person"
        if w.bare in _MONTHS and w.capital and self._month_is_name(text, words, i):
            return w.start, w.last, 1, self._kind_after(text, w.last)
        if self._never_name(w) or len(w.bare) < 2 or (w.upper and not shouting and w.low in self._abbreviations):
            return self._initials(text, words, i)
        if i and words[i - 1].low in {"st", "saint"} and w.gap.endswith(" "):
            return None  # St Giles
        if _MIXED.search(w.text) and w.bare not in self._public:
            end = self._run(words, i, shouting)
            return w.start, words[end - 1].last, end - i, self._kind(text, words, i) or "person"
        plural = self._plural_owner(words, i)
        end, cut = (i + 1, w.end - 1) if plural else self._extent(words, i, shouting)
        if self._is_work(text, words, i, end) or self._is_public(text, words, i, end) or text.endswith("Co. ", 0, w.start):
            return None  # Co. Clare is a county
        if self._is_family(text, words, i, shouting):
            return w.start, words[i].last, 1, "relative"
        if self._points(text, words, i, end, cut, shouting, plural) < ENOUGH:
            return self._initials(text, words, i)
        return w.start, cut, end - i, self._kind(text, words, i) or self._kind_after(text, cut)

    def _month_is_name(self, text: str, words: list[_Word], i: int) -> bool:
        """April (school nurse), June's mum; but not April (draft)."""
        after = words[i + 1] if i + 1 < len(words) else None
        if words[i].owner:
            return after is not None and after.low in self._kin
        return (
            text.startswith((" (", ", her ", ", his ", ", my ", ", their "), words[i].end)
            and self._role_after.match(text[words[i].end : words[i].end + 40]) is not None
        )

    def _nicknamed(self, words: list[_Word], i: int) -> bool:
        """Big Tam, but neither Big Lottery nor Wee County."""
        if i + 1 >= len(words) or words[i + 1].gap != " ":
            return False
        if (not words[i].capital or words[i].low in _SMALL) and not words[i + 1].sort & (GIVEN | CAPITAL):
            return False
        w, after = words[i + 1], words[i + 2] if i + 2 < len(words) else None
        if not w.capital or w.upper or self._never_name(w) or (w.sort & PLACE and not w.sort & _FIRST):
            return False
        ground = after is not None and after.gap == " " and after.capital and after.low in self._grounds | self._works
        return (w.bare not in self._known or bool(w.sort & _FIRST)) and not ground

    def _points(self, text: str, words: list[_Word], i: int, end: int, cut: int, shouting: bool, plural: bool) -> float:
        w = words[i]
        sort = self._sorts.get(w.bare[:-1], 0) if plural else w.sort
        opening = i == 0 or bool(re.search(r"[.!?\n:;\"“(|]\s*$|^\.", w.gap))
        before = text[max(0, w.start - 48) : w.start].lower().replace("’", "'")
        after = text[cut : cut + 64]
        following = words[end] if end < len(words) and words[end].gap == " " else None
        points = self._listed(w, sort, opening, shouting)
        points += self._words_before(words, i, before, sort, opening)
        points += self._words_after(words, i, end, after, following, sort, opening)
        if plural:
            points += 5.0 if words[i + 1].low in self._kin else 2.5
        if w.capital and after.startswith(":") and _SAID_AT.search(before):
            points += 3.0
        if end - i > 1:
            points += self._second(words, i, end, self._role_after.match(after) is not None)
        if sort & FAMILY and w.capital and w.bare not in self._known and (_ON_DUTY.search(before) or self._beside_a_stroke(words, i)):
            points += 2.5
        if (sort & (CONTEXT | CAPITAL | RARE | PLACE) or not sort & _FIRST) and not (i and words[i - 1].bare in self._kin):
            points -= self._in_list_of_places(words, i)
        if sort & PLACE and (_REGION_AFTER.match(after) or (i and w.gap == " " and words[i - 1].capital and words[i - 1].low in _STREETS)):
            points -= 3.0
        return points

    def _comes_introduced(self, words: list[_Word], i: int, before: str) -> bool:
        """A boy called Zed; Name: Zed."""
        told = i > 0 and words[i - 1].low in self._introducing
        return (told or before.rstrip().endswith(":")) and self._introduced.search(before) is not None

    def _is_named(self, words: list[_Word], i: int, before: str) -> bool:
        """Surname Weathers, call her Button, a dad called Diesel: a name, be it a word of the language."""
        if not i or words[i - 1].low not in self._naming:
            return False
        return (self._named.search(before) or self._somebody_called.search(before)) is not None

    def _one_of_some(self, words: list[_Word], i: int) -> bool:
        """Her two workers, Bel and Sukhi; little Fern."""
        w, last = words[i], words[i - 1]
        if (
            i
            and last.text in _SMALL
            and w.gap == " "
            and w.capital
            and not w.upper
            and (w.sort & _FIRST or not (w.sort or w.bare in self._known))
        ):
            return True
        if i < 2 or w.gap != ", " or not w.capital or w.bare in self._known:
            return False
        return words[i - 2].low in _SOME and last.low.endswith("s") and last.low[:-1] in self._cues

    def _two_places(self, words: list[_Word], i: int) -> bool:
        """Kerry and Clare, two counties."""
        return i > 1 and words[i - 1].low == "and" and bool(words[i].sort & words[i - 2].sort & PLACE)

    def _beside_a_stroke(self, words: list[_Word], i: int) -> bool:
        """Patel / Sweeney: two family names, as in a roster."""
        for gap, j in ((words[i].gap, i - 1), (words[i + 1].gap if i + 1 < len(words) else "", i + 1)):
            if gap.strip() == "/" and j >= 0 and words[j].capital and words[j].sort & FAMILY and words[j].bare not in self._known:
                return True
        return False

    def _listed(self, w: _Word, sort: int, opening: bool, shouting: bool) -> float:
        """What the word is worth before anything beside it is looked at."""
        if not w.capital:
            if sort & GIVEN and w.bare not in self._known:
                return 2.25 if len(w.bare) > 3 else 1.0
            if sort & CAPITAL:
                return -0.5
            return -1.5 if w.bare not in self._known and not sort & PLACE else -3.0
        if sort & GIVEN:
            return 3.0
        if shouting:
            return 0.0 if sort & _FIRST else -2.0
        if sort & CAPITAL:
            return 2.0 if opening else 2.5
        if w.upper:
            return -1.5
        if sort & PLACE:
            return -0.25 if sort & CONTEXT else -1.0
        if sort & CONTEXT:
            return 0.0 if opening else 0.75
        if sort & RARE:
            return 0.75 if opening else 1.25
        if w.bare in self._known:
            return -1.0 if sort & FAMILY else -2.5
        return (0.0 if opening else 0.5) if sort & FAMILY else 0.0

    def _words_before(self, words: list[_Word], i: int, before: str, sort: int, opening: bool) -> float:
        w = words[i]
        stands = i + 1 == len(words) or words[i + 1].gap != " " or words[i + 1].low in self._stands
        sure = (
            w.capital or bool(sort & _FIRST) or (stands and not before.endswith("named "))
        )  # in lower case a word that is in no list must stand like a name
        if (w.capital or sort & (_FIRST | FAMILY)) and not self._never_name(w) and self._is_named(words, i, before):
            return 6.0
        if self._comes_introduced(words, i, before) or self._one_of_some(words, i):
            return 4.0 if sure else 1.0
        if i == 0:
            return 0.0
        last, two = words[i - 1], f"{words[i - 2].low} {words[i - 1].low}" if i > 1 else ""
        if (last.bare in self._cues or two in self._cues) and (points := self._after_cue(words, i, two, sort, opening, stands)) is not None:
            return points
        if last.low in {"is", "was"} and i > 1 and words[i - 2].bare in self._cues and w.gap == " ":
            return 4.0 if sure and (w.bare not in self._known or (sort & _FIRST and w.capital)) else 0.0
        if last.low in {"the", "a", "an", "this", "these", "no", "every", "each", "any"} and w.gap == " ":
            return -0.5 if sort & GIVEN else -2.5 if sort & CAPITAL else -3.0
        if last.low in self._signing and self._signed.search(before):
            return 2.5 if w.bare not in self._known or sort & _FIRST else 0.0
        if two == "me and" and w.gap == " " and w.capital and (w.bare not in self._known or sort & _FIRST):
            return 2.5
        points = 0.0
        if last.low in _WHERE and w.gap == " " and not sort & GIVEN:
            points -= 1.5
        elif last.low in self._meeting and self._met.search(before) and not (opening and w.gap != " ") and not self._two_places(words, i):
            points += 1.25
        if points >= 0 and not opening and self._cue_near(words, i):
            points += 0.75
        return points

    def _after_cue(self, words: list[_Word], i: int, two: str, sort: int, opening: bool, stands: bool) -> float | None:
        """What a word for kin or a role just before is worth; None where it does not stand close enough."""
        w, last = words[i], words[i - 1]
        owner = words[i - 2].low if i > 1 else ""
        if two in self._cues:
            owner = words[i - 3].low if i > 2 else ""
        quoted = last.bare in self._relations and w.capital and _QUOTED.fullmatch(w.gap) and not last.owner  # stepdad "Smiler"
        if quoted or w.gap in {", ", " (", ": ", " – ", " - "}:
            # `the social worker, Lucy,` names her; `mum, housing and police` does not
            return 5.0 if quoted else 3.0 if w.capital or sort & GIVEN else 0.0
        if w.gap == " " and not (last.owner and last.bare not in self._cues):
            mine = owner in {"my", "her", "his", "their", "our", "the", "a", "little", "allocated", "named", "whose", "wee", "and", "link"}
            if mine or owner.endswith("'s") or two in self._cues:
                return 3.0 if w.capital or sort & _FIRST or (stands and not last.owner and owner in _MINE) else 0.0
            after = words[i + 1] if i + 1 < len(words) and words[i + 1].gap == " " else None
            family = after and after.sort & FAMILY and after.bare not in self._known and after.capital == w.capital
            if family and last.bare in self._kin and w.bare not in self._known:
                return 4.0  # dad Warrick Dunbar, mum sarahjayne mccrory
            return 2.0 if sort & _FIRST or (not opening and w.bare not in self._known) else 0.5
        return None

    def _words_after(self, words: list[_Word], i: int, end: int, after: str, following: _Word | None, sort: int, opening: bool) -> float:
        if (following and following.capital and following.low in self._grounds and not following.owner) or self._thing.match(after):
            return -4.0
        if _SPELT_OUT.match(after) or self._at_law(words, i, end):
            return -4.0
        joined = words[i].gap == " & " or (i > 0 and words[i - 1].low == "the" and words[i].gap == " ")
        if (not sort & GIVEN or joined) and self._names_a_ground(words, end):
            return -4.0
        if opening and words[i].bare in self._verbs_too and re.match(r" or [a-z]", after):
            return -4.0  # Sue or settle?
        if words[i].capital and end == i + 1 and _IS_A_NAME.match(after):
            return 6.0
        if after.startswith(("'s", "’s")):
            return self._owns(words, end, sort)
        points = -2.0 if following and following.low in self._near_names and (not sort & GIVEN or sort & PLACE) else 0.0
        if following and following.low in self._families and i and words[i - 1].low == "the":
            points += 5.0
        before, beside = words[max(0, i - 2) : i], words[end : end + 2]
        if len(beside) == 2 and beside[0].low == "and" and beside[0].gap == beside[1].gap == " ":
            points += 2.0 if beside[1].capital and beside[1].sort & (GIVEN | CAPITAL) and not beside[1].sort & sort & PLACE else 0.0
            beyond = words[end + 2] if end + 2 < len(words) else None
            if beside[1].sort & _FIRST and beyond and beyond.gap == " " and beyond.capital and beyond.bare not in self._known:
                points += 2.0 if sort & _FIRST and beyond.sort & FAMILY | (not beyond.sort) else 0.0  # Pat and Sue Dimmock
        if len(before) == 2 and before[1].low == "and" and words[i].gap == " ":
            points += 2.0 if before[0].capital and before[0].sort & (GIVEN | CAPITAL) and not before[0].sort & sort & PLACE else 0.0
        return points + self._what_follows(words[i], after, following, sort, opening, alone=end == i + 1)

    def _names_a_ground(self, words: list[_Word], end: int) -> bool:
        """Woodhouse & Oakley Children's Centre: words of a building or a body after the name, joined ones first."""
        n = end
        while n < len(words) and words[n].capital and words[n].gap in {" ", " & "} and n < end + 4:
            if n > end and words[n].low in self._grounds:
                return True
            n += 1
        return False

    def _at_law(self, words: list[_Word], i: int, end: int) -> bool:
        """The Schools Bill; Bill, clause 4; the Bill passes. A man is seldom `the Bill`, and no word of a title stands before him."""
        if words[i].bare != "bill" or end > i + 1:
            return False
        last, after = words[i - 1] if i else None, words[end] if end < len(words) else None
        if last and words[i].gap == " " and (last.low in _ARTICLES or (last.capital and i > 1 and last.bare in self._plain)):
            return True
        return after is not None and after.low in _AT_LAW and after.gap in {" ", ", "}

    def _owns(self, words: list[_Word], end: int, sort: int) -> float:
        """A mother, a key worker or a plan is a person's; a body has other things."""
        thing = words[end].bare if end < len(words) else ""
        pair = f"{thing} {words[end + 1].bare}" if end + 1 < len(words) else ""
        if thing not in self._owned and pair not in self._owned and pair not in self._cues:
            return 0.0
        if thing in self._kin:
            return 5.0
        if sort & PLACE and thing in _BODIES_TOO and pair not in self._cues:
            return 1.0
        return 2.5 if sort & (_FIRST | FAMILY) or thing in self._kin or pair in self._cues or thing.endswith("worker") else 1.75

    def _what_follows(self, w: _Word, tail: str, following: _Word | None, sort: int, opening: bool, alone: bool) -> float:
        points = 1.0 if _SOMEBODY.match(tail) else 0.0
        if _AGED.match(tail):
            return points + 2.5
        if self._role_after.match(tail):
            return points + (2.5 if w.capital or sort & _FIRST else 1.0)
        if m := self._agency.match(tail):
            verb = re.match(r" ([a-z]+)", tail[m.end() :])
            return points + (2.5 if verb and verb[1] in self._acts | self._does else 1.75)
        if sort & (FAMILY | _FIRST) and w.capital and self._agency_in_brackets.match(tail):
            return points + 2.0
        if m := _WITH_FAMILY.match(tail):
            return points + (1.5 if m[1].lower() in {"i", "me", "my", "their"} and w.bare in self._known else 2.5)
        if (m := _UNDERWENT.match(tail)) and m[1] in self._undergone:
            return points + 2.5
        if (m := re.match(r", ([a-z]+)\b", tail)) and m[1] in self._acts and w.capital and w.bare not in self._known:
            return points + 2.0
        if _ON_A_NUMBER.match(tail):
            return points + 1.0
        if w.capital and _WITH_A_NUMBER.match(tail) and w.bare not in self._known:
            return points + 2.0
        if w.capital and re.match(r" (?:not )?(?:present|absent)\b(?! an?\b| the\b)", tail) and w.bare not in self._known:
            return points + 2.0
        if opening and re.match(r" here\b", tail):
            return points + 2.0
        if opening and following and following.low in self._does and w.bare in self._verbs_too:
            return points + 2.0  # an order is not followed by a verb: Mark has left
        return points + (self._verb(following, sort, opening, alone) if following else 0.25)

    def _verb(self, following: _Word, sort: int, opening: bool, alone: bool) -> float:
        """What the next word says: only a person texts, anyone leads, and an order takes an article."""
        if following.low in self._acts:
            return 2.0
        if following.low in self._does:
            return 1.25 if not opening or sort & (CAPITAL | RARE) else 1.0 if sort & CONTEXT else 0.75
        if opening and alone and not sort & GIVEN and following.low in _ARTICLES:
            return -2.5
        return 0.5 if following.low in _CLAUSE else 0.0

    def _second(self, words: list[_Word], i: int, end: int, has_a_post: bool) -> float:
        """What the words of a run say of the first one: Grace Okafor, Ivor P; but Rose Hill, unless she is our finance lead."""
        first, second = words[i], words[i + 1]
        points = 0.0
        if len(second.bare.rstrip(".")) == 1 or re.fullmatch(r"[a-z]s", second.text):
            points = 1.5
        elif second.sort & FAMILY and (first.sort & _FIRST or second.bare not in self._known):
            points = 2.0 if first.capital or first.sort & GIVEN else 0.5
        elif second.sort & _FIRST and first.sort & _FIRST:
            points = 1.0
        elif second.bare not in self._known and not second.sort & PLACE and (first.bare not in self._known or first.sort & _FIRST):
            points = 1.5 if i and not re.search(r"[.!?\n:]", first.gap) else 1.25  # two words that no list has
        if words[end - 1].bare in self._grounds and end - i == 2 and not has_a_post:
            points -= 1.0 if first.bare in self._verbs_too else 3.0
        return points

    def _in_list_of_places(self, words: list[_Word], i: int) -> float:
        places = 0
        for step in (-1, 1):
            j = i + step
            while 0 <= j < len(words) and words[max(j, j - step)].gap in {", ", " "} and (words[j].capital or words[j].low == "and"):
                places += bool(words[j].sort & PLACE)
                j += step
        return 3.0 if places > 1 else 1.5 if places else 0.0

    # ---- how far a name goes

    def _continues(self, w: _Word, shouting: bool) -> bool:
        """Could this word continue a name that has begun?"""
        if not w.capital or self._never_name(w):
            return False
        if w.upper and not shouting and not w.sort & (FAMILY | GIVEN):
            return False
        return w.bare not in self._known or bool(w.sort & (FAMILY | GIVEN | CAPITAL))

    def _could_be_surname(self, words: list[_Word], i: int, titled: bool) -> bool:
        """A word of the language with a capital straight after a first name: Ruth Testimony."""
        w, after = words[i], words[i + 1] if i + 1 < len(words) else None
        if not (titled or words[i - 1].sort & (GIVEN | CAPITAL | RARE)) or not words[i - 1].capital:
            return False
        if not w.capital or w.upper or len(w.bare) < 3 or self._never_name(w):
            return False
        if w.low in self._works | self._grounds | self._acts | self._does or w.bare in self._cues or w.low in self._titles:
            return False
        return not (after and after.gap == " " and after.capital)  # a heading, or the name of a body

    def _dated(self, words: list[_Word], at: int) -> bool:
        """Is this May the month: before a number, or a verb that starts a wish or a question?"""
        return at + 1 < len(words) and (
            any(c.isdigit() for c in words[at + 1].gap) or words[at + 1].low in {"be", "we", "i", "have", "not"}
        )

    def _run(self, words: list[_Word], i: int, shouting: bool, titled: bool = False) -> int:
        """The end of a name that starts at word i: given names, initials, particles, family names."""
        end = i + 1
        while end < len(words) and end - i < 5:
            last, w = words[end - 1], words[end]
            if last.owner or w.gap not in {" ", "  "} or w.text == "I":
                break
            if re.match(r"(?:al|el|ul|ud)-[A-Z]|ff[a-z]{3}", w.text):
                end += 1
            elif w.text == "v." and end + 2 < len(words) and words[end + 1].text == "d." and words[end + 2].capital:
                end += 3  # van den and van der, cut short
            elif w.low in self._particles and end + 1 < len(words) and words[end + 1].capital and words[end + 1].gap in {" ", "-", "'"}:
                end += 2
            elif w.text == "May" and end == i + 1 and last.capital and last.sort & GIVEN and not shouting and not self._dated(words, end):
                end += 1  # Ellie May
            elif (
                (len(w.low) == 1 and w.capital and w.text.endswith("."))
                or self._continues(w, shouting)
                or (end == i + 1 and not shouting and self._could_be_surname(words, end, titled))
            ):
                end += 1
            elif (
                last.upper
                and w.upper
                and last.sort & GIVEN
                and end == i + 1
                and w.bare not in self._known
                and w.bare not in self._never
                and len(w.bare) > 4
            ):
                end += 1  # ELIJAH OKPARA-WEBB in a line of small letters
            else:
                break
        return end

    def _extent(self, words: list[_Word], i: int, shouting: bool) -> tuple[int, int]:
        """(the word after the name, the offset where it ends), with the initial of a family name: Ivor P, tracey b."""
        w = words[i]
        end = self._run(words, i, shouting) if w.capital else i + 1
        if not w.capital and w.sort & GIVEN and end + 1 < len(words) and words[end].low in _CLANS and words[end + 1].gap == " ":
            end += 2
        while not w.capital and end < len(words) and words[end].gap == " " and not words[end - 1].owner:
            if not (words[end].sort & FAMILY and words[end].bare not in self._plain):
                break
            end += 1
        cut = words[end - 1].last
        if end == i + 1 < len(words) and w.sort & _FIRST and not w.owner and words[end].gap == " ":
            t = words[end].text.rstrip(".")
            after = words[end + 1] if end + 1 < len(words) else None
            stands = after is None or not after.gap.startswith(" ") or after.low in {"from", "in", "at", "has", "is", "was", "who"}
            letter = re.fullmatch(r"[A-Za-z](?:['’]s)?", t)
            if letter and (t[0].lower() not in _TEXTING or (t[0].isupper() and t != "I") or (stands and t[0].lower() not in "ai")):
                if w.capital and t == "A" and not stands:
                    return end, cut
                return end + 1, words[end].start + 1
            if re.fullmatch(r"[a-zA-Z]s", t) and t.lower() not in {"is", "as", "us"} and after and after.bare in self._owned:
                return end + 1, words[end].start + 2
        return end, cut

    def _plural_owner(self, words: list[_Word], i: int) -> bool:
        """A possessive typed without its apostrophe: Tyrells nana, kayleighs mum."""
        w = words[i]
        if (
            not w.low.endswith("s")
            or (w.low in self._known and not w.capital)
            or w.sort & (GIVEN | CAPITAL)
            or len(w.low) < 4
            or i + 1 >= len(words)
        ):
            return False
        after = words[i + 1]
        pair = f"{after.low} {words[i + 2].low}" if i + 2 < len(words) else ""
        sort = self._sorts.get(w.low[:-1], 0)
        return after.gap == " " and bool(sort & _FIRST) and (after.low in self._owned or pair in self._owned or pair in self._cues)

    # ---- titles, families, initials

    def _title(self, words: list[_Word], i: int) -> int:
        """How many words of a title with a name after it start at word i."""
        w = words[i]
        if w.low not in self._begins_title:
            return 0
        for n in (3, 2, 1):
            if len(words) <= i + n:
                continue
            title = w.low if n == 1 else " ".join(x.low for x in words[i : i + n])
            if title not in self._titles or not (w.capital or title in self._lower_titles):
                continue
            nxt = words[i + n]
            surname_too = title in {"mr", "mrs", "dr"} and bool(nxt.sort & FAMILY)  # old mr finch
            short = title in self._lower_titles and (nxt.bare not in self._plain or surname_too) and len(nxt.low) > 2
            named = (
                (nxt.gap in {" ", "  "} or (title in _OFFICERS and re.fullmatch(r" \d{2,5} ", nxt.gap)))
                and (nxt.capital or short)
                and nxt.bare not in self._never
                and len(nxt.bare) > 1
                and not nxt.upper
            )
            beyond = words[i + n + 1] if len(words) > i + n + 1 else None
            surname = beyond is not None and beyond.gap == " " and beyond.capital and not beyond.upper and beyond.bare not in self._known
            common = nxt.bare in self._known and not nxt.sort & _FIRST and not surname
            if title in self._lower_titles and nxt.gap == " " and re.fullmatch(r"[B-HJ-W]", nxt.text):
                return n  # Mrs T
            if surname and nxt.gap == " " and re.fullmatch(r"[A-Z]\.?", nxt.text):
                return n  # Master H. Fazackerley
            if named and not (title in _OFTEN_NO_TITLE and common):
                return n
        return 0

    def _titled(self, text: str, words: list[_Word], i: int, n: int, shouting: bool) -> tuple[int, int, int, str] | None:
        title = " ".join(x.low for x in words[i : i + n])
        end = self._run(words, i + n, shouting, titled=True)
        if self._is_work(text, words, i + n, end) or self._is_public(text, words, i + n, end) or self._is_public(text, words, i, end):
            return None
        owned = i > 0 and (words[i - 1].low in {"my", "her", "his", "their", "the", "our"} or words[i - 1].owner)
        first = words[i + n] if owned and (self._titles[title] == "relative" or title in {"father", "sister"}) else words[i]
        return first.start, words[end - 1].last, end - i, self._titles[title]

    def _is_family(self, text: str, words: list[_Word], i: int, shouting: bool) -> bool:
        """The Okonkwo family, the Connors children, the Okonkwos, the family Pocock, the Hanratty meeting."""
        w = words[i]
        after = words[i + 1] if i + 1 < len(words) and words[i + 1].gap == " " else None
        if (w.upper and not shouting) or w.bare in self._never:
            return False
        if (
            w.gap == " "
            and w.capital
            and i > 1
            and words[i - 1].low == "family"
            and words[i - 2].low == "the"
            and w.bare not in self._known
        ):
            return not (w.sort & PLACE and not w.sort & FAMILY) and not (after and after.capital)
        if i == 0 or words[i - 1].low != "the" or w.gap != " ":  # Hughes siblings, at the head of a note
            named = w.capital and w.sort & FAMILY and w.bare not in self._plain and not w.sort & PLACE
            return bool(named and after and after.low in self._families)
        if (w.bare in self._known and not w.sort & (FAMILY | GIVEN | CAPITAL)) or not (w.capital or w.sort & (GIVEN | FAMILY)):
            return False
        if after and after.low in self._families and (w.capital or w.bare not in self._known):
            return True
        if not w.capital:
            return False
        if (
            after
            and after.low in _ABOUT_ONE
            and w.sort & FAMILY
            and not w.sort & PLACE
            and w.bare not in self._known
            and w.bare not in self._public
        ):
            return w.bare not in self._cited
        whose = text[max(0, w.start - 40) : w.start].lower()
        strange = w.low[-1] in "si" and len(w.low) > 5 and not w.sort & PLACE and w.bare not in self._known
        if strange and not (after and after.capital and not shouting) and _LIVES_WITH.search(whose):
            return True  # nobody fosters with a body
        base = self._sorts.get(w.bare[:-1], 0) | (self._sorts.get(w.bare[:-2], 0) if w.bare.endswith("es") else 0)
        return w.bare.endswith("s") and w.bare not in self._known and bool(base & FAMILY) and not (after and after.capital)

    def _initials(self, text: str, words: list[_Word], i: int) -> tuple[int, int, int, str] | None:
        """J. Peters; A.B. after `child`; JM before an age."""
        w = words[i]
        after = words[i + 1] if i + 1 < len(words) else None
        if not w.capital:
            named = len(w.low) == 1 and after and after.gap == " " and after.sort & FAMILY and after.bare not in self._known
            if after and named and i and words[i - 1].bare in self._cues:
                return w.start, after.last, 2, str(self._cues[words[i - 1].bare])  # child m hollis
            return None
        family = after and after.capital and after.gap == " " and not after.upper and len(after.bare) > 3
        listed = after and after.sort & FAMILY and after.bare not in self._plain
        stray = after and not after.sort and after.bare not in self._known  # in no list, and the letter ends no heading
        heading = i > 0 and w.gap == " " and words[i - 1].capital
        if after and family and re.fullmatch(r"[B-HJ-Z]", w.text) and (listed or (stray and not heading)):
            return w.start, after.last, 2, self._kind(text, words, i) or "person"
        if re.fullmatch(r"[A-Z]\.", w.text):
            end = i + 1
            while end < len(words) and re.fullmatch(r"[A-Z]\.", words[end].text) and words[end].gap in {"", " "}:
                end += 1
            if end + 1 < len(words) and words[end].low in self._particles and words[end].gap == words[end + 1].gap == " ":
                end += 1  # T. St. Clair, J. de Souza
            if end < len(words) and words[end].capital and words[end].gap in {" ", ""} and not words[end].upper:
                x = words[end]
                cited = _YEAR_AFTER.match(text[x.end :]) or self._is_public(text, words, end, end + 1)
                if (
                    len(x.bare) > 1
                    and not self._never_name(x)
                    and not cited
                    and ((x.sort & FAMILY and len(x.bare) > 3) or x.bare not in self._known)
                ):
                    stop = self._run(words, end, shouting=False)
                    return w.start, words[stop - 1].last, stop - i, self._kind(text, words, i) or "person"
        if (m := _ACTS_ON.match(text, w.start)) and m[1].lower() not in self._abbreviations and re.search(r"[:;\n•–-]\s*$|^$", w.gap):
            return m.start(1), m.end(1), 1, "practitioner"
        m = _INITIALS.match(text, w.start)
        if m and "." in m[0] and m[0] not in _NO_PERSON and _INITIALS_ACT.match(text, m.end()):
            return m.start(), m.end(), max(1, sum(1 for x in words[i : i + 4] if x.start < m.end())), "person"
        body = m and (m[0].rstrip(".") in _BODIES or (m[0].lower() in self._abbreviations and _COUNTED.match(text, m.end())))
        if m and not body and ("." not in m[0] or self._kind(text, words, i) is not None):
            return m.start(), m.end(), max(1, sum(1 for x in words[i : i + 4] if x.start < m.end())), "child"
        return None

    # ---- whose name it is

    def _cue_near(self, words: list[_Word], i: int) -> str | None:
        """The kind of person the nearest word before makes it, within the sentence."""
        for back in range(1, 5):
            if i - back < 0 or any(c in words[i - back + 1].gap for c in ".;!?\n"):
                return None
            w = words[i - back]
            if w.owner and back > 1:
                continue
            two = f"{words[i - back - 1].low} {w.low}" if i - back > 0 else ""
            for cue in (two, w.bare):
                if cue in self._cues:
                    return str(self._cues[cue])
            if w.low in _PREPOSITIONS:
                return None
        return None

    def _kind(self, text: str, words: list[_Word], i: int) -> str | None:
        """Whose name it is, by the nearest word before or the words just after."""
        if kind := self._cue_near(words, i):
            return kind
        m = re.match(
            r"(?:, | \()(?:is |from |at )?(?:the |our |a |her |his |my )?([a-z]+(?: [a-z]+)?)", text[words[i].last : words[i].last + 40]
        )
        if m:
            for cue in (m[1], m[1].split()[0]):
                if cue in self._cues:
                    return str(self._cues[cue])
        return None

    def _kind_after(self, text: str, at: int) -> str:
        """An age, a birthday or a mother after a name make it a child's."""
        owned = re.match(r"['’]?s (\w+)", text[at : at + 24])
        theirs = owned is not None and (owned[1].lower() in self._kin or owned[1].lower() in {"plan", "file", "case"})
        child = theirs or _AGED.match(text[at : at + 24])
        return "child" if child else "person"

    # ---- what is public

    def _is_work(self, text: str, words: list[_Word], i: int, end: int) -> bool:
        """The name belongs to a report, a law, a building or an author with a year."""
        last = words[end - 1]
        after = words[end] if end < len(words) and words[end].gap == " " else None
        if end - i > 1 and any(x.bare in self._works and x.capital for x in words[i:end]):
            return True
        if after and after.low in self._works:
            return after.capital or after.low in self._lower_works
        year = _YEAR_AFTER.match(text, last.end)
        return bool(year) and text[last.end : last.end + 3].strip(" ").startswith(("(", "[", "1", "2", ",", "e"))

    def _is_public(self, text: str, words: list[_Word], i: int, end: int) -> bool:
        whole = " ".join(x.bare for x in words[i:end])
        if whole in self._public:
            return True
        surname = words[end - 1].bare
        first = words[i if end - i == 2 else i - 1].bare if i or end - i == 2 else ""
        if end - i < 3 and (surname in self._public or surname in self._cited) and first in _HONOURS:
            return True
        return whole in self._cited and self._is_cited(text, words, i, end)

    def _is_cited(self, text: str, words: list[_Word], i: int, end: int) -> bool:
        """An author's name that is also anybody's, used as an author's: as Francis found, Gillick and Fraser."""
        before = text[max(0, words[i].start - 24) : words[i].start].lower()
        after = text[words[end - 1].last : words[end - 1].last + 40].lower()
        return bool(
            re.search(r"\b(?:what (?:did|does|do)|according to|as|since|after|read|cite|gillick(?: and|/| or)) ?$", before)
            or re.match(r" (?:and [a-z]+ )?(?:found|recommend|argue|describe|conclud|wrote|call|identif|sa[iy])", after)
            or re.match(
                r"['’]s (?:\w+ ){0,2}(?:report|review|work|analys|stud|paper|book|tool|model|framework|ladder|"
                r"theor|typolog|continuum|stag)",
                after,
            )
            or any(words[j].bare in self._public for j in (i - 2, end + 1) if 0 <= j < len(words) and words[max(i, j) - 1].low == "and")
        )
