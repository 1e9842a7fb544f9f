"""Finds other people's details by span: numbers and addresses by form and check digit, names by `names`; and masks them."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from stdnum import iban, luhn
from stdnum.gb import nhs
from stdnum.ie import pps

from assistant.screen.names import KINDS, Names


class Found(NamedTuple):
    start: int
    end: int
    kind: str


_LABEL = re.compile(r"\[[a-z][A-Za-z& ]{1,24}(?: \d{1,4})?\]")

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_FULL_DATE = (
    rf"(?:\d{{1,2}}\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?\d{{2,4}}|\d{{4}}-\d{{2}}-\d{{2}}|(?:the )?\d{{1,2}}(?:st|nd|rd|"
    rf"th)?(?: of)? {_MONTH}\.?,? \d{{2,4}}|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
)
_DATE = rf"(?:{_FULL_DATE}|(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b)"
_POSTCODE = r"(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2})"
_AREA = (
    "A[BL]|B[ABDHLNRST]|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]|F[KY]|G[LUY]|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]|M[EKL]|N[EGNPRW]|"
    "O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]|T[ADFNQRSW]|UB|W[ACDFNRSV]|YO|ZE|[BEGLMNSW]"
)
# Typed in lower case, a postcode needs a real area, a space and an end that is no ordinal: bt9 3zz, but not s1 2nd.
_POSTCODE_LOWER = rf"(?:{_AREA.lower()})\d{{1,2}}[a-z]? (?!1st|2nd|3rd|\dth)\d[abd-hjlnp-uw-z]{{2}}"
_REF = r"(?:[A-Za-z]{1,5} )?(?=[\w/.-]*\d{3})[A-Za-z0-9][A-Za-z0-9/.-]{2,}[A-Za-z0-9]"
_BORN_AFTER = re.compile(rf"(?:['’]s)?,? ?[(\[]?({_FULL_DATE})", re.IGNORECASE)


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
            r"\b(?:[\w+-]{1,40} dot )?[\w.+-]{2,40} ?[\[(]? ?\bat\b ?[\])]? ?[\w-]{2,40} ?[\[(]? ?\bdot\b ?[\])]? ?"
            r"(?:co|com|org|net|gov|nhs|ie|uk)\b(?: ?(?:dot|\.) ?uk)?"
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
    ("date of birth", _form(rf"\bborn (?:in |around |about )?({_MONTH}\.? \d{{4}})"), 1, None),
    ("date of birth", _form(rf"\bturn(?:ed|s)? \d{{1,2}} on ({_DATE})"), 1, None),
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
    ("passport", _form(r"\bpassport[\s:]*(?:no\.?|number)?[\s:]*(?:is |[A-Z]{2,3} )?([A-Z]{0,2}\d{6,9})\b"), 1, None),
    ("licence", _form(r"\blicen[cs]e[\s:]*(?:no\.?|number)[\s:]*([A-Z0-9]{8,18})\b"), 1, None),
    ("bank details", _form(r"\b[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}\b", 0), 0, iban),
    ("bank details", _form(r"\bIBAN[\s:]*([A-Z]{2}\d{2}[A-Z0-9 ]{10,32}[A-Z0-9])"), 1, None),
    ("bank details", _form(r"(?<!\d)(?:\d{4}[ -]?){3}\d{1,7}(?!\d)"), 0, luhn),
    ("bank details", _form(r"\bcard(?: number| no\.?)?[\s:]*((?:\d{4}[ -]?){3}\d{3,4})(?!\d)"), 1, None),
    (
        "bank details",
        _form(
            r"(?:\bsort(?: ?code)?|\bs/c|\bbank[\w ]{0,12}|\ba/c|\bacct|\baccount)[\s:.]*"
            r"(?:no\.?|number)?[\s:]*(?:is |was )?(\d{2}[ -]?\d{2}[ -]?\d{2})(?!\d)"
        ),
        1,
        None,
    ),
    (
        "bank details",
        _form(r"\b(?:account|acc|acct|a/c)\b[\s:.]*(?:no\.?|number|num|#)?[\s:#]*(?:is |was )?(\d{4} ?\d{4}|\d{6,10})(?!\d)"),
        1,
        None,
    ),
    (
        "bank details",
        _form(
            r"(?<!\d)\d{2}[- ]\d{2}[- ]\d{2}[\s,;/|]{1,3}(?:and )?(?:account |acc |acct |a/c )?(?:no\.? |number )?(\d{4} ?\d{3,4})(?!\d)"
        ),
        1,
        None,
    ),
    (
        "bank details",
        _form(
            r"(?<!\d)(\d{2}[- ]\d{2}[- ]\d{2})[\s,;/|]{1,3}(?:and )?(?:account |acc |acct |a/c )?(?:no\.? |number )?\d{4} ?\d{3,4}(?!\d)"
        ),
        1,
        None,
    ),
    ("Eircode", _form(r"\b(?:[AC-FHKNPRTV-Y]\d{2}|D6W) ?[0-9AC-FHKNPRTV-Y]{4}\b", 0), 0, None),
    ("postcode", _form(rf"\b{_POSTCODE}\b", 0), 0, None),
    ("postcode", _form(rf"\b{_POSTCODE_LOWER}\b", 0), 0, None),
    ("postcode", _form(rf"\bpost ?code\b[\s:is]*({_POSTCODE})\b"), 1, None),
    ("plate", _form(r"\b[A-HJ-PR-Y][A-HJ-PR-Y]\d{2} ?[A-HJ-PR-Z]{3}\b", 0), 0, None),
    ("plate", _form(r"\b\d{2,3}-[A-Z]{1,2}-\d{1,6}\b", 0), 0, None),
    (
        "plate",
        _form(
            (
                r"\b(?:reg(?:istration)?|(?:number |licen[cs]e )?plates?|vrm|rego|car|van|vehicle|fiesta|corsa|golf|transit)\b[\s.:,(]*"
                r"(?:no\.?|number|mark|plate|reg(?:istration)?)?[\s:.,]*(?:is |was )?(?-i:([A-Z]{1,3}[ -]?\d{1,4}[ -]?[A-Z]{0,3}|"
                r"\d{1,4}[ -]?[A-Z]{1,3}[ -]?\d{0,4}|\d{1,3}-?[a-z]{1,2}-?\d{1,6}|[a-z]{2}\d{2} ?[a-z]{3}))\b(?!\w)"
            ),
            re.IGNORECASE,
        ),
        1,
        None,
    ),
    ("handle", _form(r"(?<![\w@.])@[A-Za-z0-9_.]{2,30}(?<!\.)"), 0, None),
    (
        "handle",
        _form(r"\b(?:https?://)?(?:(?:www\.|m\.)?(?:facebook|instagram|tiktok|twitter|x|snapchat|linkedin|vk|youtube)\.com)/[\w.@/-]*\w"),
        0,
        None,
    ),
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
            rf"claim|EHCP?|ICS|URN|ULN|Mosaic|liquidlogic|carefirst|frameworki|eclipse|rio|systmone|MARAC|LCS|NHS|CRN|CSC|case ?file|"
            rf"caseid|custody|occurrence|niche|medicare|medicaid)\b[\s:]*){{1,3}}(?:ref(?:erence)?|no|number|num|id|log|"
            rf"#)\.?[\s:#]*(?:is |was )?({_REF})"
        ),
        1,
        None,
    ),
    (
        "case number",
        _form(
            rf"\b(?:refs?|reference|(?:case|file|docket|claim|incident)(?= ?[:#]))"
            rf"(?: id| no\.?| num(?:ber)?|\.)?[\s:#]+(?:is |was )?({_REF})"
        ),
        1,
        None,
    ),
    ("case number", _form(r"\b(?:LCS|CRN|URN|EHC|MOS|LL)[-/ ]?(?=[\w/-]*\d{4})[\w/-]{4,}\b", 0), 0, None),
)
# What a text must hold for a kind to be looked for at all: so many digits, and one of these words.
NEEDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "email": (0, ("@", " dot ")),
    "handle": (
        0,
        ("@", ".com/", "insta", "snap", "tik", "skype", "discord", "telegram", "kik", "roblox", "twitter", "user", "handle", "gamer"),
    ),
    "date of birth": (1, ("dob", "d.o", "o.b", "birth", "born", "b.", "(", "turn")),
    "CHI number": (10, ("chi",)),
    "H&C number": (10, ("h&c", "h & c", "h &c", "h& c", "hcn", "health and care")),
    "NHS number": (10, ()),
    "UPN": (3, ()),
    "NI number": (6, ()),
    "PPS number": (7, ()),
    "NHI number": (2, ("nhi",)),
    "Medicare number": (10, ("medicare",)),
    "SSN": (9, ()),
    "tax number": (8, ("tfn", "utr", "ird", "tax")),
    "passport": (6, ("passport",)),
    "licence": (1, ("licen",)),
    "bank details": (6, ()),
    "Eircode": (1, ()),
    "postcode": (2, ()),
    "plate": (1, ()),
    "IP address": (4, ()),
    "case number": (3, ()),
}
_PHONE = re.compile(
    r"(?<![\w./-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d[\d ().-]{6,16}\d(?: ?(?:ext|extension|x)\.? ?\d{1,5})?(?![\w/-])"
)
_PHONE_CUE = re.compile(
    r"\b(?:tel|telephone|phone|mobile|mob|ring|call|text|whats ?app|line|contact|fax|landline|cell|number|reach)\b", re.IGNORECASE
)
_SCHOOL_KIND = (
    r"(?:School|Academy|College|Primary|High|Nursery|Elementary|Juniors?|Infants?|Grammar|Gaelscoil|Preschool|Kindergarten|Comprehensive|"
    r"Kura|Comp)\b(?:\s(?:School|Academy|College))?"
)
_SCHOOL_NAME = (
    r"(?:(?:St\.?|Saint|Our|The|of|and|the|&|[A-Z][\w'’.-]*)\s+){1,6}?(?:R\.?C\.? |CE |CofE |C of E )?(?:High |Primary |"
    rf"Junior |Infant |Infants |Secondary |Grammar |Community |Elementary |Middle |Comprehensive |National )*{_SCHOOL_KIND}"
)
# Welsh, Irish, Gaelic and Māori schools carry the word in front.
_SCHOOL_FRONT = (
    r"(?:Ysgol|Scoil|Gaelscoil|Bunscoil|Meánscoil|Meanscoil|Gaelcholáiste|Coláiste|Colaiste|Pobalscoil|Naíscoil|Naiscoil|Bun-?sgoil|"
    r"Sgoil|Àrd-?sgoil|Kura|Coleg|Cylch Meithrin)(?:\s(?:(?:bhf|[nbgdtmh]-?)?[A-ZÁÉÍÓÚÂÊÎÔÛŴŶÀÈÌÒÙ][\w'’-]*|y|yr|na|an|o|ar)){1,5}"
)
_NUMBER_WORD = r"(?:[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|[Ee]leven|[Tt]welve|[Tt]hirteen)"
_CLASS = (
    r"(?:(?:[Yy]ear|[Yy]r|Y|[Cc]lass|[Gg]rade|P|S|Primary|[Ff]orm|[Bb]lwyddyn|[Bb]l\.?|[Dd]osbarth|[Rr]ang|[Cc]lár)\s?\d{1,2}[A-Za-z]?\b|"
    rf"(?:[Yy]ear|[Cc]lass|[Gg]rade|[Pp]rimary|[Ff]orm) {_NUMBER_WORD}\b|"
    r"(?:[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ff]ifth|[Ss]ixth|\d{1,2}(?:st|nd|rd|th)) (?:[Cc]lass|[Yy]ear|[Gg]rade)|"
    r"[Rr]ang (?:a )?[a-zá-ú]+|(?:[Jj]unior|[Ss]enior) [Ii]nfants|[Tt]ransition [Yy]ear|[Rr]eception(?: class)?|[Dd]erbyn|\d{1,2}[A-Z]|"
    r"[Ss]ixth [Ff]orm|[Nn]ursery(?: class)?|[Kk]indergarten)"
)
_LINK = r"(?:,? (?:at|in|of|class at|pupil at|student at|yn|ag|i|sa|in the))+"
_AT = rf"(?:{_SCHOOL_FRONT}|{_SCHOOL_NAME})"
_SCHOOL = (
    re.compile(rf"\b{_CLASS}{_LINK} {_AT}"),
    re.compile(rf"\b{_CLASS}(?:,? (?:at|pupil at|student at)) [A-Z][\w'’-]+(?: [A-Z][\w'’-]+){{0,3}}"),
    re.compile(rf"\b{_CLASS},? {_AT}"),
    re.compile(rf"\b{_AT},? ?[-–]? ?\(?(?:in |his |her |their )?{_CLASS}\)?"),
    re.compile(
        rf"(?:(?<=attends )|(?<=attend )|(?<=goes to )|(?<=go to )|(?<=went to )|(?<=pupil at )|(?<=student at )|(?<=pupils at )|"
        rf"(?<=enrolled at )|(?<=starts at )|(?<=excluded from )|(?<=starting at ))(?:the )?{_AT}(?:,? \(?{_CLASS}\)?)?"
    ),
)
_ANY_CLASS = re.compile(rf"\b{_CLASS}")
_ANY_SCHOOL = re.compile(rf"\b(?:{_SCHOOL_KIND}|{_SCHOOL_FRONT})")


class Privacy:
    def __init__(self, data: dict[str, Any], names: Path, known: frozenset[str]) -> None:
        self._names = Names(data, names, known)
        self._public_numbers = tuple(data["public-numbers"])
        streets = "|".join(sorted((w.capitalize() for w in data["street-words"]), key=len, reverse=True))
        flat = r"(?:(?:Flat|Apt\.?|Apartment|Unit|Room|Suite) ?\w{1,4},? )?"
        home = "|".join(w.capitalize() for w in data["home-words"])
        house = rf"(?:(?:The (?:[A-Z][\w'’]+ ){{0,3}}[A-Z][\w'’]+|(?:[A-Z][\w'’]+ ){{1,3}}(?:{home})),? )?"
        town = r"[A-Z][^\W\d_]+(?:['’-][^\W\d_]+)*(?![\d\w])"
        tail = rf"(?:,? (?:{town} ?){{1,3}}(?: \d{{1,2}})?)?(?:,? ?(?:{_POSTCODE}|[A-Z]{{2}} \d{{5}}(?:-\d{{4}})?))?"
        self._addresses = (
            re.compile(
                rf"\b{flat}{house}(?:No\.? ?)?\d{{1,4}}[a-zA-Z]?,? (?:[A-Z][\w'’.-]+ ){{1,4}}?(?:{streets})\b\.?(?: (?:Upper|"
                rf"Lower|North|South|East|West))?{tail}"
            ),
            re.compile(rf"\b{flat}\d{{1,4}}[a-zA-Z]?,? (?:[A-Z][\w'’.-]+,? ){{1,6}}{_POSTCODE}\b"),
            re.compile(rf"\b(?:Flat|Apt\.?|Apartment) ?\w{{1,4}},? (?:[A-Z][\w'’.-]+,? ){{1,5}}(?:{streets}|{home})\b{tail}"),
            re.compile(rf"\b{flat}\d{{1,4}}[a-zA-Z]? (?:Bryn|Heol|Ffordd|Stryd|Maes|Lôn|Clos|Rhodfa|Rue|Via|Calle) [A-Z][\w'’-]+{tail}"),
            re.compile(
                rf"(?:(?<=address is )|(?<=address: )|(?<=address )|(?<=lives at )|(?<=live at )|(?<=living at )|"
                rf"(?<=stays at )|(?<=staying at )|(?<=lives in )|(?<=moved to )|(?<=stay at )|(?<=home is ))(?:(?:The|Flat|"
                rf"[A-Z])[\w'’]*,? ){{1,5}}(?:[A-Z][\w'’]+ )?(?:{streets}|{home})\b{tail}"
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

        def keep(found: Found) -> None:
            if found.start < found.end and not any(found.start < e and s < found.end for s, e in taken):
                kept.append(found)
                taken.append((found.start, found.end))

        for found in self._forms(text):
            keep(found)
        for name in self._names.find(text, taken):
            keep(Found(*name))
            born = _BORN_AFTER.match(text, name.end)  # a full date just after a name is that person's
            if born and name.kind != "practitioner":
                keep(Found(born.start(1), born.end(1), "date of birth"))
        return tuple(sorted(kept))

    def mask(self, text: str, found: tuple[Found, ...], memory: MutableMapping[str, str]) -> str:
        """The text with each detail replaced by its label; the same name always gets the same label."""
        out, at = [], 0
        for f in found:
            out += [text[at : f.start], _label(f, text[f.start : f.end], memory)]
            at = f.end
        return "".join(out) + text[at:]

    def _forms(self, text: str) -> Iterator[Found]:
        digits = sum(map(str.isdigit, text))
        yield from self._places_of(text, digits > 0)
        lower = text.lower()
        possible = {kind for kind, (least, near) in NEEDS.items() if digits >= least and (not near or any(word in lower for word in near))}
        for kind, pattern, group, check in FORMS:
            if kind in possible:
                yield from (
                    Found(m.start(group), m.end(group), kind) for m in pattern.finditer(text) if check is None or _valid(check, m[group])
                )
        phones = _PHONE.finditer(text) if digits > 6 else ()
        yield from (Found(m.start(), m.end(), "phone") for m in phones if self._is_phone(m[0], text[max(0, m.start() - 30) : m.start()]))
        classes = _SCHOOL if _ANY_CLASS.search(text) else _SCHOOL[-1:] if _ANY_SCHOOL.search(text) else ()
        for pattern in classes:
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
        elif any(w in text for w in ("address", "live", "living", "stay", "moved to", "home is")):
            for m in self._addresses[4].finditer(text):
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


def _label(found: Found, words: str, memory: MutableMapping[str, str]) -> str:
    if found.kind not in KINDS:
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
