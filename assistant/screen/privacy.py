"""Finds other people's details by span: numbers by form and check digit, names by lists, cues and shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from stdnum import iban, luhn
from stdnum.gb import nhs
from stdnum.ie import pps


class Found(NamedTuple):
    start: int
    end: int
    kind: str


NAMES = frozenset({"child", "parent", "relative", "practitioner", "person"})
_LABEL = re.compile(r"\[[a-z][A-Za-z& ]{1,24}(?: \d{1,4})?\]")

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    rf"(?:\d{{1,2}}\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?\d{{2,4}}|\d{{4}}-\d{{2}}-\d{{2}}|(?:the )?\d{{1,2}}(?:st|nd|rd|"
    rf"th)?(?: of)? {_MONTH}\.?,? \d{{2,4}}|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|(?:the )?\d{{1,2}}(?:st|nd|rd|"
    rf"th)?(?: of)? {_MONTH}\b)"
)
_POSTCODE = r"(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2})"
_REF = r"(?=[A-Za-z/.-]*\d)(?:[A-Za-z]{1,4} )?(?=[\w/.-]*\d{3})[A-Za-z0-9][A-Za-z0-9/.-]{2,}[A-Za-z0-9]"


def _valid(check: Any, text: str) -> bool:
    return bool(check.is_valid(text))


def _form(pattern: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(pattern, flags)


# Forms that hold others inside them: tried before addresses.
FIRST: tuple[tuple[str, re.Pattern[str], int, Any], ...] = (
    ("address", _form(r"\b(?:c/o )?P\.?O\.? ?Box \d{1,6}(?:, [A-Z][\w'-]+)*(?:,? " + _POSTCODE + ")?"), 0, None),
    (
        "case number",
        _form(r"\b(?:police |incident |custody )(?:log|ref(?:erence)?|number|no\.?)[\s:]*(\d{2,5} of \d{1,2}[/.]\d{1,2}[/.]\d{2,4})"),
        1,
        None,
    ),
)
# (kind, pattern, group of the detail, check or None): each form with the cue or the check digit that makes it one.
FORMS: tuple[tuple[str, re.Pattern[str], int, Any], ...] = (
    ("email", _form(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), 0, None),
    (
        "email",
        _form(
            r"\b[\w.+-]{2,40} ?[\[(]? ?\bat\b ?[\])]? ?[\w-]{2,40} ?[\[(]? ?\bdot\b ?[\])]? ?(?:co|com|org|net|gov|nhs|"
            r"ie|uk)\b(?: ?(?:dot|\.) ?uk)?"
        ),
        0,
        None,
    ),
    (
        "date of birth",
        _form(
            rf"(?:\bd\.?\s?o\.?\s?b\b\.?|\bdate of birth|\bbirth ?date|\bborn(?: on)?|\bbirthday(?: is)?|"
            rf"\bb\.)[\s:=,is-]{{0,6}}(?:on )?({_DATE})"
        ),
        1,
        None,
    ),
    ("date of birth", _form(r"[^\W\d_]{2,} \((\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\)"), 1, None),
    ("date of birth", _form(rf"\b({_DATE})[\s,]{{0,3}}(?:\(?d\.?o\.?b\.?|date of birth)"), 1, None),
    ("CHI number", _form(r"\bCHI\b[\s:]*(?:no\.?|number)?[\s:]*(\d{6} ?\d{4})"), 1, None),
    ("H&C number", _form(r"\b(?:H ?& ?C|HCN|health and care)\b[\s:]*(?:no\.?|number)?[\s:]*(\d{3} ?\d{3} ?\d{4})"), 1, None),
    ("NHS number", _form(r"\bNHS\b[\s:]*(?:no\.?|number|num|#)?[\s:]*(?:is )?(\d{3}[ -]?\d{3}[ -]?\d{4})\b"), 1, None),
    ("NHS number", _form(r"(?<![\d+-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\d-])"), 0, nhs),
    ("UPN", _form(r"\b[A-Z]\d{11}[\dA-Z]\b"), 0, None),
    ("UPN", _form(r"\bUPN[\s:]*(?:no\.?|number)?[\s:]*([A-Z0-9]{8,13})\b"), 1, None),
    ("NI number", _form(r"\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"), 0, None),
    ("PPS number", _form(r"\bPPS[NO]?\b[\s:]*(?:no\.?|number)?[\s:]*(?:is )?(\d{7}[A-W][A-IW]?)\b"), 1, None),
    ("PPS number", _form(r"\b\d{7}[A-W][A-IW]?\b", 0), 0, pps),
    ("NHI number", _form(r"\bNHI\b[\s:]*(?:no\.?|number)?[\s:]*(?:is )?([A-Z]{3}(?:\d{4}|\d{2}[A-Z]{2}))\b"), 1, None),
    ("Medicare number", _form(r"\bMedicare\b[\s:]*(?:no\.?|number|card)*[\s:]*(?:is )?(\d{4} ?\d{5} ?\d(?: ?/ ?\d)?)(?!\d)"), 1, None),
    ("SSN", _form(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"), 0, None),
    ("tax number", _form(r"\b(?:TFN|UTR|IRD|tax (?:file|reference))\b[\s:]*(?:no\.?|number)?[\s:]*(\d[\d ]{7,11}\d)"), 1, None),
    ("passport", _form(r"\bpassport[\s:]*(?:no\.?|number)?[\s:]*([A-Z]{0,2}\d{6,9})\b"), 1, None),
    ("licence", _form(r"\blicen[cs]e[\s:]*(?:no\.?|number)[\s:]*([A-Z0-9]{8,18})\b"), 1, None),
    ("bank details", _form(r"\b[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}\b", 0), 0, iban),
    ("bank details", _form(r"\bIBAN[\s:]*([A-Z]{2}\d{2}[A-Z0-9 ]{10,32}[A-Z0-9])"), 1, None),
    ("bank details", _form(r"(?<!\d)(?:\d{4}[ -]?){3}\d{1,7}(?!\d)"), 0, luhn),
    ("bank details", _form(r"\bcard(?: number| no\.?)?[\s:]*((?:\d{4}[ -]?){3}\d{3,4})(?!\d)"), 1, None),
    (
        "bank details",
        _form(
            r"(?:\bsort(?: code)?|\bbank[\w ]{0,12}|\ba/c|\baccount)[\s:.]*(?:no\.?|number)?[\s:]*(?:is )?(\d{2}[ -]\d{2}[ -]\d{2})(?!\d)"
        ),
        1,
        None,
    ),
    ("bank details", _form(r"(?:\baccount|\bacc|\ba/c)\b[\s:.]*(?:no\.?|number)?[\s:]*(?:is )?(\d{6,10})(?!\d)"), 1, None),
    ("bank details", _form(r"(?<!\d)\d{2}-\d{2}-\d{2}[\s,]{1,3}(?:account |acc |a/c )?(\d{7,8})(?!\d)"), 1, None),
    ("bank details", _form(r"(?<!\d)(\d{2}-\d{2}-\d{2})[\s,]{1,3}(?:account |acc |a/c )?\d{7,8}(?!\d)"), 1, None),
    ("Eircode", _form(r"\b(?:[AC-FHKNPRTV-Y]\d{2}|D6W) ?[0-9AC-FHKNPRTV-Y]{4}\b", 0), 0, None),
    ("postcode", _form(rf"\b{_POSTCODE}\b", 0), 0, None),
    ("postcode", _form(rf"\bpost ?code\b[\s:is]*({_POSTCODE})\b"), 1, None),
    ("plate", _form(r"\b[A-HJ-PR-Y][A-HJ-PR-Y]\d{2} ?[A-HJ-PR-Z]{3}\b", 0), 0, None),
    ("plate", _form(r"\b\d{2,3}-[A-Z]{1,2}-\d{1,6}\b", 0), 0, None),
    (
        "plate",
        _form(
            (
                r"\b(?:reg(?:istration)?|plates?|number plate|licen[cs]e plate)\b[\s.:]*(?:no\.?|number)?[\s:.]*(?:is |"
                r"was )?([A-Z]{1,3}[ -]?\d{1,4}[ -]?[A-Z]{0,3}|\d{1,4}[ -]?[A-Z]{1,3}[ -]?\d{0,4})\b(?!\w)"
            ),
            0,
        ),
        1,
        None,
    ),
    ("handle", _form(r"(?<![\w@.])@[A-Za-z0-9_.]{2,30}(?<!\.)"), 0, None),
    ("handle", _form(r"\b(?:(?:www\.)?(?:facebook|instagram|tiktok|twitter|x|snapchat|linkedin|vk|youtube)\.com)/[\w.@/-]*\w"), 0, None),
    (
        "handle",
        _form(
            r"\b(?:insta(?:gram)?|snap(?:chat)?|tik ?tok|skype|discord|telegram|kik|roblox|twitter|username|user name|"
            r"handle|gamertag)\b(?: name| handle| id)?[\s:]*(?:is |as |me |"
            r"at )*[:\s]*((?=\w*[\d_.:#])[\w.:#-]*[\d_.:#][\w.:#-]*\w)"
        ),
        1,
        None,
    ),
    ("IP address", _form(r"\bIP\b[\w ]{0,10}?[\s:]*((?:\d{1,3}\.){3}\d{1,3})"), 1, None),
    ("IP address", _form(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d)\.)(?:\d{1,3}\.){2}\d{1,3}(?![\d.])"), 0, None),
    (
        "case number",
        _form(
            rf"\b(?:(?:case|crime|court|police|incident|log|hospital|record|file|patient|client|person|unique|referral|"
            rf"claim|EHCP?|ICS|URN|ULN|Mosaic|liquidlogic|carefirst|frameworki|eclipse|rio|systmone|MARAC|LCS|NHS|CRN|"
            rf"custody|occurrence|niche|medicare|medicaid)\b[\s:]*){{1,3}}(?:ref(?:erence)?|no|number|num|id|log|"
            rf"#)\.?[\s:#]*(?:is |was )?({_REF})"
        ),
        1,
        None,
    ),
    ("case number", _form(rf"\b(?:our|your|my|the)? ?ref(?:erence)?(?: no\.?| number)?\.?[\s:#]+(?:is )?({_REF})"), 1, None),
    ("case number", _form(r"\b(?:LCS|CRN|URN|EHC|MOS|LL)[-/ ]?(?=[\w/-]*\d{4})[\w/-]{4,}\b", 0), 0, None),
)
_PHONE = re.compile(
    r"(?<![\w./-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d[\d ().-]{6,16}\d(?: ?(?:ext|extension|x)\.? ?\d{1,5})?(?![\w/-])"
)
_PHONE_CUE = re.compile(
    r"\b(?:tel|telephone|phone|mobile|mob|ring|call|text|whats ?app|line|contact|fax|landline|cell|number|reach)\b", re.IGNORECASE
)
_SCHOOL_NAME = (
    r"(?:(?:St\.?|Saint|Our|The|of|and|the|&|[A-Z][\w'’.-]*)\s+){1,6}?(?:R\.?C\.? |CE |CofE |C of E )?(?:High |Primary |"
    r"Junior |Infant |Infants |Secondary |Grammar |Community |Elementary |Middle |Comprehensive |National )*(?:School|"
    r"Academy|College|Primary|High|Nursery|Elementary|Juniors|Infants|Grammar|Gaelscoil)\b(?:\s(?:School|Academy|College))?"
)
_CLASS = (
    r"(?:(?:[Yy]ear|[Yy]r|Y|[Cc]lass|[Gg]rade|P|S|Primary|[Ff]orm)\s?\d{1,2}[A-Za-z]?|[Rr]eception|\d{1,2}[A-Z]|"
    r"[Ss]ixth [Ff]orm|[Nn]ursery|[Kk]indergarten)"
)
_SCHOOL = (
    re.compile(rf"\b{_CLASS}(?:,? (?:at|in|of|class at|pupil at|student at))+ {_SCHOOL_NAME}"),
    re.compile(rf"\b{_CLASS},? {_SCHOOL_NAME}"),
    re.compile(rf"\b{_SCHOOL_NAME},? \(?(?:in )?{_CLASS}\b\)?"),
    re.compile(
        rf"(?:(?<=attends )|(?<=goes to )|(?<=go to )|(?<=pupil at )|(?<=student at )|(?<=pupils at )|"
        rf"(?<=enrolled at ))(?:the )?{_SCHOOL_NAME}(?:,? \(?{_CLASS}\)?)?"
    ),
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?(?<!['’])", re.UNICODE)
_INITIALS = re.compile(
    r"(?:[A-Z]\.){2,3}|[A-Z]{2,3}(?=,? (?:aged? \d|\(\d|\d{1,2} ?(?:,|years?|yrs?)))|[A-Z]{1,3}(?=['’]s (?:mum|dad|mother|father))"
)
_NO_NAME = re.compile(r"[\w'’-]{60,}")
_YEAR_AFTER = re.compile(r"[\s,]*(?:et al\.?)?[\s,]*[\[(]?(?:19|20)\d\d[a-z]?\b")
_CHAIN = re.compile(
    r"[^\W\d_][\w'’-]+(?:(?:, | and | & |, and )[^\W\d_][\w'’-]+){0,5}(?: et al\.?)?,? ?[\[(](?:19|20)\d\d[a-z]?\b|"
    r"[A-Z][\w'’-]+(?:(?:, | and | & |, and )[A-Z][\w'’-]+){0,5}(?: et al\.?)?,? (?:19|20)\d\d\b"
)


class _Token(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        return self.text.lower().replace("’", "'").rstrip(".")

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper()


class Privacy:
    def __init__(self, data: dict[str, Any], names: Path, known: frozenset[str]) -> None:
        lists: dict[str, set[str]] = {}
        section: set[str] = set()
        for line in names.read_text("utf-8").splitlines():
            if line.startswith("["):
                section = lists.setdefault(line.strip("[]"), set())
            elif not line.startswith("#"):
                section.update(line.split())
        self._given = lists["given"]
        self._capital = lists["given-capital"]
        self._context = lists["given-in-context"]
        self._family = lists["family"]
        self._places = lists["place"]
        self._known = known
        self._public = frozenset(data["public-people"])
        self._works = frozenset(data["work-words"])
        self._never = frozenset(data["never"])
        self._cues = {word: kind for kind, words in data["cues"].items() for word in words}
        self._titles = {word: kind for kind, words in data["titles"].items() for word in words}
        self._abbreviated = frozenset({"dr", "mr", "m", "mi"})
        self._public_numbers = tuple(data["public-numbers"])
        streets = "|".join(sorted((w.capitalize() for w in data["street-words"]), key=len, reverse=True))
        flat = r"(?:(?:Flat|Apt\.?|Apartment|Unit|Room|Suite) ?\w{1,4},? )?"
        house = r"(?:(?:[A-Z][\w'’]+ ){1,3}(?:House|Court|Lodge|Mansions|Heights|Point|Tower),? )?"
        tail = rf"(?:,? (?:[A-Z][\w'’-]+ ?){{1,3}}(?: \d{{1,2}})?)?(?:,? (?:{_POSTCODE}|[A-Z]{{2}} \d{{5}}(?:-\d{{4}})?))?"
        self._addresses = (
            re.compile(
                rf"\b{flat}{house}(?:No\.? ?)?\d{{1,4}}[a-zA-Z]?,? (?:[A-Z][\w'’.-]+ ){{1,4}}?(?:{streets})\b\.?(?: (?:Upper|"
                rf"Lower|North|South|East|West))?{tail}"
            ),
            re.compile(rf"\b{flat}\d{{1,4}}[a-zA-Z]?,? (?:[A-Z][\w'’.-]+,? ){{1,6}}{_POSTCODE}\b"),
            re.compile(rf"\b{flat}\d{{1,4}}[a-zA-Z]? (?:Bryn|Heol|Ffordd|Stryd|Maes|Lôn|Clos|Rhodfa|Rue|Via|Calle) [A-Z][\w'’-]+{tail}"),
            re.compile(
                rf"(?:(?<=address is )|(?<=address: )|(?<=address )|(?<=lives at )|(?<=live at )|(?<=living at )|"
                rf"(?<=stays at )|(?<=staying at )|(?<=lives in )|(?<=moved to ))(?:(?:The|Flat|"
                rf"[A-Z])[\w'’]*,? ){{1,5}}(?:[A-Z][\w'’]+ )?(?:{streets})\b{tail}"
            ),
            re.compile(
                rf"(?:(?<=lives at )|(?<=live at )|(?<=living at )|(?<=address is )|(?<=number )|"
                rf"(?<=address: ))\d{{1,4}}[a-z]? (?:[A-Za-z'’]+ ){{1,3}}?(?:{streets.lower()})\b"
            ),
        )

    def find(self, text: str) -> tuple[Found, ...]:
        """Every detail, in order, none overlapping another, none inside a mask label."""
        taken = [(m.start(), m.end()) for m in _LABEL.finditer(text)]
        kept: list[Found] = []
        for found in (*self._forms(text), *self._names(text, taken)):
            if found.start < found.end and not any(found.start < e and s < found.end for s, e in taken):
                kept.append(found)
                taken.append((found.start, found.end))
        return tuple(sorted(kept))

    def mask(self, text: str, found: tuple[Found, ...], memory: MutableMapping[str, str]) -> str:
        """The text with each detail replaced by its label; the same name always gets the same label."""
        out, at = [], 0
        for f in found:
            out += [text[at : f.start], _label(f, text[f.start : f.end], memory)]
            at = f.end
        return "".join(out) + text[at:]

    def _forms(self, text: str) -> Iterator[Found]:
        digits = any(c.isdigit() for c in text)
        yield from self._places_of(text, digits)
        lower = text.lower()
        for kind, pattern, group, check in FORMS:
            if not digits and kind not in {"email", "handle", "date of birth"}:
                continue
            if (kind == "email" and "@" not in text and " dot " not in lower) or (
                kind == "date of birth" and not any(w in lower for w in ("b", "("))
            ):
                continue
            yield from (
                Found(m.start(group), m.end(group), kind) for m in pattern.finditer(text) if check is None or _valid(check, m[group])
            )
        phones = _PHONE.finditer(text) if digits else ()
        yield from (Found(m.start(), m.end(), "phone") for m in phones if self._is_phone(m[0], text[max(0, m.start() - 30) : m.start()]))
        for pattern in _SCHOOL:
            yield from (Found(m.start(), m.end(), "school and year") for m in pattern.finditer(text))

    def _places_of(self, text: str, digits: bool) -> Iterator[Found]:
        """Addresses, and the forms that hold others inside them."""
        if digits:
            for kind, pattern, group, _ in FIRST:
                for m in pattern.finditer(text):
                    yield Found(m.start(group), m.end(group), kind)
            for pattern in self._addresses:
                for m in pattern.finditer(text):
                    yield Found(m.start(), m.end() - (len(m[0]) - len(m[0].rstrip(" ,"))), "address")
        elif "address" in text or "live" in text or "living" in text:
            for m in self._addresses[3].finditer(text):
                yield Found(m.start(), len(m[0].rstrip(" ,")) + m.start(), "address")

    def _is_phone(self, text: str, before: str) -> bool:
        number = re.sub(r"(?:ext|extension|x).*", "", text)
        compact = re.sub(r"[^\d+]", "", number)
        digits = compact.lstrip("+")
        if (
            not 7 <= len(digits) <= 15
            or any(compact.startswith(p) for p in self._public_numbers)
            or digits.startswith("1800")
            or re.fullmatch(r"\(?(19|20)\d\d\)?[ -]+(19|20)\d\d", number.strip())
        ):
            return False
        cue = bool(_PHONE_CUE.search(before))
        if not (compact.startswith(("+", "0")) or "(" in number or cue):
            return False
        import phonenumbers

        for region in ("GB", "IE", "US", "AU", "NZ"):
            try:
                if phonenumbers.is_possible_number(phonenumbers.parse(compact, region)):
                    return cue or compact.startswith("+") or len(digits) >= 9
            except phonenumbers.NumberParseException:
                continue
        return False

    # ---- names

    def _names(self, text: str, taken: list[tuple[int, int]]) -> Iterator[Found]:
        # No name is as long as such a run of letters, and looking for one in it takes the square of its length.
        readable = _NO_NAME.sub(lambda m: "-" * len(m[0]), text)
        works = [(m.start(), m.end()) for m in _CHAIN.finditer(readable)]
        tokens = [_Token(m[0], m.start(), m.end()) for m in _WORD.finditer(text)]
        shouting = text.isupper() or sum(t.text.isupper() and len(t.text) > 1 for t in tokens) > max(3, 0.7 * len(tokens))
        i = 0
        while i < len(tokens):
            if any(s < tokens[i].end and tokens[i].start < e for s, e in taken) or any(s <= tokens[i].start < e for s, e in works):
                i += 1
                continue
            hit = self._name_at(text, tokens, i, shouting)
            if hit is None:
                i += 1
                continue
            start, end, n, kind = hit
            yield Found(start, end, kind)
            yield from self._neighbours(text, tokens, i, i + n, kind, works)
            i += n

    def _neighbours(
        self, text: str, tokens: list[_Token], start: int, end: int, kind: str, works: list[tuple[int, int]]
    ) -> Iterator[Found]:
        """Names listed beside a sure one: Ashanti, Blessing and Precious; and the half of a name just before it."""
        linked = {", ", " and ", ", and ", " & ", "; "}
        at = start
        while at > 0 and tokens[at - 1].capital:
            t = tokens[at - 1]
            gap = self._gap(text, t, tokens[at])
            if gap not in {" "} or not self._listable(t):
                break
            yield Found(t.start, t.end, kind)
            at -= 1
        for step in (-1, 1):
            at = start if step < 0 else end - 1
            while 0 <= at + step < len(tokens):
                near = at + step
                if tokens[near].low == "and" and 0 <= near + step < len(tokens):
                    near += step
                a, b = sorted((at, near))
                t = tokens[near]
                if (
                    self._gap(text, tokens[a], tokens[b]) not in linked
                    or not t.capital
                    or not self._listable(t)
                    or any(s <= t.start < e for s, e in works)
                ):
                    break
                if near + 1 < len(tokens) and tokens[near + 1].low in self._works and self._gap(text, t, tokens[near + 1]) == " ":
                    break
                last = self._run(text, tokens, near, shouting=False) - 1
                yield Found(t.start, _trim(tokens[last]), kind)
                at = last if step > 0 else near

    def _listable(self, t: _Token) -> bool:
        word = _bare(t.low)
        if word in self._never or word in self._places or word in self._public or t.text.isupper() or len(word) < 2:
            return False
        return word not in self._known or word in self._context or word in self._capital

    def _gap(self, text: str, a: _Token, b: _Token) -> str:
        return text[a.end : b.start]

    def _is_namelike(self, token: _Token, shouting: bool) -> bool:
        """Could this word continue a name that has begun?"""
        word = _bare(token.low)
        if (
            not token.capital
            or word in self._never
            or (token.text.isupper() and len(token.text) > 3 and not shouting and word not in self._family and word not in self._given)
        ):
            return False
        return word not in self._known or word in self._family or word in self._given

    def _name_at(self, text: str, tokens: list[_Token], i: int, shouting: bool) -> tuple[int, int, int, str] | None:
        t = tokens[i]
        word = _bare(t.low)
        if not t.capital and word not in self._given and word not in self._capital and t.low.rstrip("s.&") not in self._abbreviated:
            return None
        title = self._title_length(text, tokens, i)
        if title:
            return self._titled(text, tokens, i, title, shouting)
        if re.match(r"(?:[DO]|Mc|Mac)['’][A-Z]|[DT]['’][A-Z]", t.text) and word not in self._public:
            end = self._run(text, tokens, i, shouting)
            return t.start, _trim(tokens[end - 1]), end - i, self._cue_kind(text, tokens, i) or "person"
        if (
            word in self._never
            or (t.text.isupper() and word in {"dob", "upn", "chi", "ppsn", "ssn"})
            or (len(word) < 2 and not t.text.endswith("."))
        ):
            return self._initials(text, tokens, i)
        kind = self._cue_kind(text, tokens, i)
        strong = self._strong_cue(text, tokens, i)
        given = word in self._given or (word.split("-")[0] in self._given and t.capital and "-" in word)
        lower_ok = word in self._given and len(word) >= 4 and word not in self._known
        if not t.capital:
            if lower_ok or (strong and (given or word in self._capital)):
                return self._lower_name(text, tokens, i, kind)
            return self._initials(text, tokens, i)
        return self._capital_name(text, tokens, i, shouting, given)

    def _capital_name(self, text: str, tokens: list[_Token], i: int, shouting: bool, given: bool) -> tuple[int, int, int, str] | None:
        """A word with a capital: a name by the lists, by what stands before it or by what follows."""
        t = tokens[i]
        word = _bare(t.low)
        before = [x.low for x in tokens[max(0, i - 3) : i]]
        gap = self._gap(text, tokens[i - 1], t) if i else "\n"
        linked = gap in {" ", " (", ": ", ", ", ":  ", " ,"} if i else False
        kind = self._cue_kind(text, tokens, i)
        strong = self._strong_cue(text, tokens, i)
        end = self._run(text, tokens, i, shouting)
        if self._is_work(text, tokens, i, end) or self._is_public(tokens, i, end):
            return None
        opening = i == 0 or bool(re.search(r"[.!?\n:;\"“(|]\s*$", gap)) or gap.startswith(("\n", ". "))
        alone = end == i + 1
        if alone and word in self._places and word not in self._context:
            return None
        aged = bool(re.match(r",? (?:\()?(?:aged? \d|\d{1,2}(?:,| years?| yrs?|\))|\(?dob)", text[t.end : t.end + 14], re.IGNORECASE))
        nextw = tokens[i + 1].low if i + 1 < len(tokens) else ""
        family_next = not alone and _bare(tokens[i + 1].low) in self._family
        capital_name = word in self._capital and not shouting
        is_name = False
        if (given and not (shouting and word in self._known)) or capital_name:
            is_name = True
        elif word in self._context:
            is_name = (
                strong
                or aged
                or (not alone and family_next)
                or self._acts(text, tokens, i)
                or bool(kind and linked and not opening)
                or self._beside_name(text, tokens, i)
            )
        elif strong:
            is_name = (
                word not in self._known
                or (word in self._family and t.text[1:].islower())
                or (not alone and family_next)
                or bool(re.search(r"\b(?:named|name is|name's|name:) $", text[max(0, t.start - 12) : t.start].lower()))
            )
        elif kind and linked and not opening and tokens[i - 1].low not in _PREPOSITIONS:
            is_name = word not in self._known and not t.text.isupper()
        elif (
            opening
            and alone
            and word not in self._known
            and not t.text.isupper()
            and re.match(r" and (?:his|her|their) ", text[t.end : t.end + 11])
        ):
            is_name = True
        elif word not in self._known and family_next and not t.text.isupper():
            is_name = word not in self._family or _bare(tokens[i + 1].low) not in self._known
        elif word in self._family and word not in self._known and self._is_family_use(text, tokens, i, before, nextw):
            return t.start, _trim(t), 1, "relative"
        elif (
            word not in self._known
            and not opening
            and not t.text.isupper()
            and (
                aged
                or re.match(
                    r"['’]s (?:mum|dad|mother|father|plan|case|file|family|sister|brother|school|social)",
                    text[t.end - (2 if t.text.endswith(("'s", "’s")) else 0) : t.end + 12],
                )
            )
        ):
            is_name = True
            kind = kind or "child"
        if (
            not is_name
            and self._is_family_use(text, tokens, i, before, nextw)
            and word not in self._never
            and (word not in self._known or word in self._family)
        ):
            return t.start, _trim(tokens[end - 1]), end - i, "relative"
        if not is_name:
            return self._initials(text, tokens, i)
        return t.start, _trim(tokens[end - 1]), end - i, kind or _kind_after(text, tokens[end - 1].end)

    def _could_be_given(self, t: _Token) -> bool:
        word = _bare(t.low)
        return word in self._given or word in self._capital or word in self._context

    def _lower_name(self, text: str, tokens: list[_Token], i: int, kind: str | None) -> tuple[int, int, int, str] | None:
        """A name typed without a capital, with the family name after it."""
        end = i + 1
        while end < len(tokens) and self._gap(text, tokens[end - 1], tokens[end]) == " ":
            word = _bare(tokens[end].low)
            if not ((word in self._family and word not in self._known) or word in {"smith", "jones", "brown"}):
                break
            end += 1
        if self._is_work(text, tokens, i, end) or self._is_public(tokens, i, end):
            return None
        return tokens[i].start, _trim(tokens[end - 1]), end - i, kind or "person"

    def _title_length(self, text: str, tokens: list[_Token], i: int) -> int:
        """How many words of a title with a name after it start at token i."""
        for n in (3, 2, 1):
            title = " ".join(x.low for x in tokens[i : i + n])
            if title not in self._titles or len(tokens) <= i + n or not (tokens[i].capital or title in _SHORT_TITLES):
                continue
            nxt = tokens[i + n]
            word = _bare(nxt.low)
            short = title in _SHORT_TITLES and word not in self._known and len(nxt.low) > 2
            named = self._gap(text, tokens[i + n - 1], nxt) in {" ", ". ", "  "} and (nxt.capital or short) and word not in self._never
            if named and not (title in _OFTEN_NO_TITLE and word in self._known and not self._could_be_given(nxt)):
                return n
        return 0

    def _titled(self, text: str, tokens: list[_Token], i: int, n: int, shouting: bool) -> tuple[int, int, int, str] | None:
        title = " ".join(x.low for x in tokens[i : i + n])
        end = self._run(text, tokens, i + n, shouting)
        if self._is_work(text, tokens, i + n, end) or self._is_public(tokens, i + n, end) or self._is_public(tokens, i, end):
            return None
        owner = tokens[i - 1].low if i else ""
        relation = self._titles[title] == "relative" or (title in {"father", "sister"} and owner in {"my", "her", "his"})
        first = tokens[i + n] if relation else tokens[i]
        return first.start, _trim(tokens[end - 1]), end - i, self._titles[title]

    def _run(self, text: str, tokens: list[_Token], i: int, shouting: bool) -> int:
        """The end of a name that starts at token i: given names, initials, particles, family names."""
        end = i + 1
        while end < len(tokens) and end - i < 5:
            last, t = tokens[end - 1], tokens[end]
            gap = self._gap(text, last, t)
            if (
                last.text.endswith(("'s", "’s"))
                or gap not in {" ", "  ", ". "}
                or (last.text.endswith(".") and len(last.low) > 2 and last.low not in {"dr", "mr", "mrs", "st"})
            ):
                break
            if (
                t.low
                in {
                    "al",
                    "ap",
                    "ab",
                    "bin",
                    "ibn",
                    "de",
                    "da",
                    "van",
                    "von",
                    "o",
                    "ní",
                    "ni",
                    "mac",
                    "ó",
                    "uí",
                    "ferch",
                    "el",
                    "abu",
                    "der",
                    "la",
                }
                and end + 1 < len(tokens)
                and tokens[end + 1].capital
                and self._gap(text, t, tokens[end + 1]) in {" ", "-", "'"}
            ):
                end += 2
                continue
            if (len(t.low) == 1 and t.capital and t.text.endswith(".")) or self._is_namelike(t, shouting):
                end += 1
                continue
            break
        return end

    def _cue_kind(self, text: str, tokens: list[_Token], i: int) -> str | None:
        """Whose name it is, by the nearest word before or the words just after."""
        for back in range(1, 5):
            if i - back < 0:
                break
            between = text[tokens[i - back].end : tokens[i].start]
            if re.search(r"[.;!?\n]", between):
                break
            two = f"{tokens[i - back - 1].low} {tokens[i - back].low}" if i - back > 0 else ""
            word = tokens[i - back].low.removesuffix("'s")
            if tokens[i - back].low.endswith("'s") and back > 1:
                continue
            for cue in (two, word):
                if cue in self._cues:
                    return str(self._cues[cue])
            if tokens[i - back].low in _PREPOSITIONS:
                break
        m = re.match(
            r"[^.;!?\n]{0,4}?(?:,|\(|is|from|at)? ?(?:the |our |a |her |his |my )?([a-z]+(?: [a-z]+)?)",
            text[tokens[i].end : tokens[i].end + 40],
        )
        if m and text[tokens[i].end : tokens[i].end + 2].startswith((", ", " (")):
            for cue in (m[1], m[1].split()[0]):
                if cue in self._cues:
                    return str(self._cues[cue])
        return None

    def _strong_cue(self, text: str, tokens: list[_Token], i: int) -> bool:
        """Words that introduce a name: called X, my name is X, her son X, Name: X, the worker, X,"""
        lead = text[max(0, tokens[i].start - 48) : tokens[i].start].lower()
        if re.search(
            (
                r"(?:\b(?:called|named|name is|name's|names are|known as|i am|i'm|i’m|this is|it was|it is|she is|he is|"
                r"she's|he's|signed,?|regards,?|sincerely,?|thanks,?|from|by|cc|mae|ask|told|asked|tell|with) |\b(?:name|"
                r"child|mother|father|mum|dad|subject|from|cc|attendees|contact|pupil|worker|parent|author|"
                r"chair)s?(?:'s name)?:\s*)$"
            ),
            lead,
        ):
            soft = re.search(
                r"\b(?:i am|i'm|i’m|this is|it was|it is|she is|he is|she's|he's|from|by|mae|ask|told|asked|tell|with) $", lead
            )
            return (
                not soft
                or self._could_be_given(tokens[i])
                or (
                    _bare(tokens[i].low) not in self._known
                    and not text[tokens[i].start : tokens[i].end].isupper()
                    and not re.search(r"\b(?:from|by|with|mae|this is|it is|it was) $", lead)
                )
            )
        if i:
            two = f"{tokens[i - 2].low} {tokens[i - 1].low}" if i > 1 else ""
            gap = self._gap(text, tokens[i - 1], tokens[i])
            if gap in {" ", ", ", " (", ": ", " is "} and (tokens[i - 1].low in self._cues or two in self._cues):
                owner = tokens[i - 2].low if i > 1 else ""
                return (
                    gap != " "
                    or owner in {"my", "her", "his", "their", "our", "the", "a", "little", "baby", "allocated", "named"}
                    or owner.endswith("'s")
                    or two in self._cues
                    or self._could_be_given(tokens[i])
                )
            if tokens[i - 1].low in {"is", "was"} and i > 1 and tokens[i - 2].low in self._cues:
                return True
        return False

    def _acts(self, text: str, tokens: list[_Token], i: int) -> bool:
        """An ambiguous word that is followed by a verb only a person takes, or owns a relative."""
        nextw = tokens[i + 1].low if i + 1 < len(tokens) and self._gap(text, tokens[i], tokens[i + 1]) == " " else ""
        if nextw in {
            "chairs",
            "minutes",
            "leads",
            "runs",
            "says",
            "said",
            "told",
            "thinks",
            "wants",
            "asked",
            "refuses",
            "emailed",
            "rang",
            "resigned",
            "attends",
            "came",
            "left",
            "does",
            "has",
            "feels",
            "wrote",
            "agreed",
            "knows",
            "needs",
            "lives",
            "moved",
            "started",
            "joined",
            "and",
        }:
            if nextw == "and":
                return i + 2 < len(tokens) and tokens[i + 2].capital and self._could_be_given(tokens[i + 2])
            return _bare(tokens[i].low) not in {"trust", "will", "may", "charity", "forum"} or (
                nextw in {"chairs", "minutes", "said", "told", "rang", "emailed"} and _bare(tokens[i].low) in {"will", "may"}
            )
        return bool(
            re.match(r"['’]s (?:mum|dad|mother|father|plan|sister|brother|family|social)", text[tokens[i].end - 2 : tokens[i].end + 9])
        )

    def _beside_name(self, text: str, tokens: list[_Token], i: int) -> bool:
        for j, gap_of in ((i - 2, (i - 2, i - 1, i)), (i + 2, (i, i + 1, i + 2))):
            if (
                0 <= j < len(tokens)
                and tokens[gap_of[1]].low == "and"
                and tokens[j].capital
                and (_bare(tokens[j].low) in self._given or _bare(tokens[j].low) in self._capital)
            ):
                return text[tokens[gap_of[0]].end : tokens[gap_of[2]].start].strip() == "and"
        return False

    def _is_family_use(self, text: str, tokens: list[_Token], i: int, before: list[str], nextw: str) -> bool:
        t = tokens[i]
        if before[-1:] == ["the"] and t.capital and not t.text.isupper():
            gap = self._gap(text, t, tokens[i + 1]) if i + 1 < len(tokens) else ""
            if gap == " " and nextw in {
                "family",
                "children",
                "household",
                "kids",
                "siblings",
                "twins",
                "brothers",
                "sisters",
                "boys",
                "girls",
                "baby",
            }:
                return True
            word = _bare(t.low)
            return (
                word.endswith("s")
                and word not in self._known
                and (word[:-1] in self._family or word.removesuffix("es") in self._family)
                and not (i + 1 < len(tokens) and tokens[i + 1].capital and gap == " ")
            )
        return False

    def _initials(self, text: str, tokens: list[_Token], i: int) -> tuple[int, int, int, str] | None:
        """J. Peters; A.B. after `child`; JM before an age."""
        t = tokens[i]
        if re.fullmatch(r"[B-HJ-Z]", t.text) and i + 1 < len(tokens) and tokens[i + 1].capital and self._gap(text, t, tokens[i + 1]) == " ":
            word = _bare(tokens[i + 1].low)
            if (word in self._family and len(word) > 3 and word not in self._known) or word == "smith":
                return t.start, _trim(tokens[i + 1]), 2, self._cue_kind(text, tokens, i) or "person"
        if re.fullmatch(r"[A-Z]\.?", t.text) and i + 1 < len(tokens) and text[t.end - 1] == ".":
            end = i + 1
            while (
                end < len(tokens)
                and re.fullmatch(r"[A-Z]\.", tokens[end].text)
                and self._gap(text, tokens[end - 1], tokens[end]) in {"", " "}
            ):
                end += 1
            if end < len(tokens) and tokens[end].capital and self._gap(text, tokens[end - 1], tokens[end]) in {" ", ""}:
                word = _bare(tokens[end].low)
                if (
                    word not in self._never
                    and not _YEAR_AFTER.match(text[tokens[end].end :])
                    and not self._is_public(tokens, end, end + 1)
                    and ((word in self._family and len(word) > 3) or word not in self._known)
                ):
                    return t.start, _trim(tokens[end]), end + 1 - i, self._cue_kind(text, tokens, i) or "person"
        m = _INITIALS.match(text, t.start) if t.capital else None
        if (
            m
            and t.low.upper().rstrip(".") not in {"NHS", "GP", "UK"}
            and (t.low in {"child"} or "." not in m[0] or self._cue_kind(text, tokens, i) is not None)
        ):
            n = sum(1 for x in tokens[i:] if x.start < m.end())
            return m.start(), m.end(), max(1, n), "child"
        return None

    def _is_work(self, text: str, tokens: list[_Token], i: int, end: int) -> bool:
        """The name belongs to a report, a law, a building or an author with a year."""
        last = tokens[end - 1]
        after = tokens[end] if end < len(tokens) else None
        if any(_bare(x.low) in self._works and x.capital for x in tokens[i:end]):
            return True
        if after and self._gap(text, last, after) == " " and after.low in self._works:
            return after.capital or after.low in {
                "report",
                "review",
                "inquiry",
                "law",
                "rule",
                "model",
                "competence",
                "guidelines",
                "scale",
                "framework",
                "test",
                "guardian",
                "recommendations",
                "findings",
                "stages",
                "ladder",
                "theory",
                "principles",
                "rubric",
                "typology",
            }
        return bool(_YEAR_AFTER.match(text[last.end :])) and text[last.end : last.end + 3].strip(" ").startswith(
            ("(", "[", "1", "2", ",", "e")
        )

    def _is_public(self, tokens: list[_Token], i: int, end: int) -> bool:
        whole = " ".join(_bare(x.low) for x in tokens[i:end])
        return whole in self._public or (
            end - i == 2
            and whole.split()[1] in self._public
            and whole.split()[0] in {"professor", "lord", "lady", "baroness", "dame", "sir", "dr"}
        )


_SHORT_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss"})
# Words that are a title only before a name that is no common word.
_OFTEN_NO_TITLE = frozenset(
    "sister father child baby nan gran nurse doctor justice inspector judge pastor midwife professor lord aunt uncle".split()
)
_PREPOSITIONS = frozenset({"in", "from", "near", "to", "of", "at", "across", "into", "for", "through", "around", "outside", "under", "on"})


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s").rstrip("'")


def _kind_after(text: str, at: int) -> str:
    """An age, a birthday or a mother after a name make it a child's."""
    aged = r"(?:['’]s)? ?(?:[(,]? ?(?:aged? )?\d{1,2}\b|[(,] ?(?:dob|d\.o\.b|born|\d{1,2}[./])|\(?UPN|mum|dad|plan)"
    owner = r"['’]s (?:mum|dad|mother|father|plan|file|case|family|reports)"
    return "child" if re.match(aged, text[at : at + 40], re.IGNORECASE) or re.match(owner, text[at - 2 : at + 12]) else "person"


def _trim(token: _Token) -> int:
    end = token.end
    if token.text.endswith(("'s", "’s")):
        return end - 2
    return end - 1 if token.text.endswith(".") and len(token.text) > 3 else end


def _label(found: Found, words: str, memory: MutableMapping[str, str]) -> str:
    if found.kind not in NAMES:
        return f"[{found.kind}]"
    key = " ".join(
        w for w in re.findall(r"[^\W\d_]+", words.lower()) if w not in {"dr", "mr", "mrs", "ms", "miss", "pc", "prof", "professor"}
    )
    if key not in memory:
        # a given name alone is the person whose full name was seen, if there is only one
        near = {v for k, v in memory.items() if key and (k.split()[:1] == [key] or key.split()[:1] == [k])}
        number = 1 + sum(1 for v in set(memory.values()) if v.startswith(f"[{found.kind} "))
        memory[key] = near.pop() if len(near) == 1 else f"[{found.kind} {number}]"
    return memory[key]
