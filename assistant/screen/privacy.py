"""Finds other people's details by span: numbers and addresses by form and check digit, names by `names`; and masks them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping
from datetime import date
from typing import Any, NamedTuple

from stdnum import iban, luhn
from stdnum.gb import nhs
from stdnum.ie import pps

from assistant.screen.names import KINDS, Names


class Found(NamedTuple):
    start: int
    end: int
    kind: str


_LABEL = re.compile(r"\[(?!at\]|dot\])[a-z][A-Za-z& ]{1,24}(?: \d{1,4})?\]")

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?|"
    # in Welsh, Irish and Māori, as births are written there
    r"ionawr|chwefror|mawrth|ebrill|fai|mai|mehefin|gorffennaf|awst|medi|hydref|tachwedd|rhagfyr|"
    r"ean[aá]ir|feabhra|m[aá]rta|aibre[aá]n|bealtaine|meitheamh|i[uú]il|l[uú]nasa|me[aá]n f[oó]mhair|deireadh f[oó]mhair|samhain|nollaig|"
    r"kohi-?t[aā]tea|hui-?tanguru|pout[uū]-?te-?rangi|paenga-?wh[aā]wh[aā]|haratua|pipiri|h[oō]ngongoi|here-?turi-?k[oō]k[aā]|mahuru|"
    r"whiringa-ā-(?:nuku|rangi)|hakihea|hānuere|pēpuere|māehe|āperira|hune|hūrae|ākuhata|hepetema|oketopa|noema|tīhema)"
)
_UNIT = "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_YEAR_IN_WORDS = rf"(?:two thousand(?: and)?|twenty|nineteen)[ -](?:oh[ -]|(?:twen|thir|for|fif|six|seven|eigh|nine)ty[ -]?)?{_UNIT}?\b"
_FULL_DATE = (
    rf"(?:\d{{1,2}}(?:(?:st|nd|rd|th)(?=/))?\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?\d{{2,4}}|\d{{4}}[-/.]\d{{2}}[-/.]\d{{2}}|\d{{1,2}}-{_MONTH}-\d{{2,4}}"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th|ú|af|ail|ydd|fed)?(?: of)? {_MONTH}\.?,? (?:['’]?\d{{2,4}}|{_YEAR_IN_WORDS})"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:\d{{4}}|{_YEAR_IN_WORDS}))"
)
_ORDINAL = (
    r"(?:(?:twenty|thirty)[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|"
    r"fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_WRITTEN_DATE = rf"(?:the )?{_ORDINAL}(?: day)?(?: of)? {_MONTH}(?:,? (?:\d{{2,4}}|{_YEAR_IN_WORDS}))?"
_COUNT = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen)"
_SPOKEN_DATE = rf"(?:the )?{_UNIT} {_UNIT} {_YEAR_IN_WORDS}"
_DATE = rf"(?:{_FULL_DATE}|{_WRITTEN_DATE}|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?\b|(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b)"
# What is founded, not born: the partnership was born on 1 April.
_THING_BORN = r"(?<!ship was )(?<!board was )(?<!team was )(?<!hub was )(?<!idea was )(?<!service was )(?<!project was )"
_POSTCODE = r"(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? {0,2}\d[ABD-HJLNP-UW-Z]{2})"
_AREA = (
    "A[BL]|B[ABDHLNRST]|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]|F[KY]|G[LUY]|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]|M[EKL]|N[EGNPRW]|"
    "O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]|T[ADFNQRSW]|UB|W[ACDFNRSV]|YO|ZE|[BEGLMNSW]"
)
# Typed in lower case, a postcode needs a real area, a space and an end that is no ordinal: bt9 3zz, but not s1 2nd.
_POSTCODE_LOWER = rf"(?:{_AREA.lower()})\d{{1,2}}[a-z]? (?!1st|2nd|3rd|\dth)\d[abd-hjlnp-uw-z]{{2}}"
# A number somebody is kept under: digits and letters with strokes, dots and hyphens between; a year alone is none.
_NO_YEAR = r"(?!(?:19|20)\d\d(?:[/-]\d\d)?(?![\w/]|[.-]\w))"
_REF = (
    rf"{_NO_YEAR}((?:[A-Za-z] "
    rf"|(?-i:[A-Z]{{2,5}}) )?(?=(?:[\w/.-]*?\d){{LEAST}})[A-Za-z0-9](?:[A-Za-z0-9/.-]*[A-Za-z0-9])?"
    rf"(?:(?: \d{{3,5}})+ \d(?= ?[-–,.;)\n]|$)|(?: \d{{3,5}})*)[A-Z]?)(?!\w)"
)
_NUMBER_WORD_OR_SIGN = (
    r"(?:(?:ref(?:erence)?s?|no|number|num|id|log|incident|crime|record|report|case|file|occurrence|certificate|cert|pin"
    r"|reg(?:istration)?|code|journal|card|"
    r"account)(?:\b\.?|(?=\d))|#)[\s:.#]*"
)
_DAY_MONTH_YEAR = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d"  # 140312
_STATUS = r"(?= ?[-–—|] ?(?:CIN|CPP?|LAC|CLA|EHCP?|SEND?|[MF])\b)"  # what a list of children says after a birthday
_BORN_AFTER = re.compile(rf"(?:['’]s)?(?:(?:,? ?| ?\| ?|\t)[(\[]?({_FULL_DATE})| ?[-–—] ?({_FULL_DATE}){_STATUS})", re.IGNORECASE)
# The same with a stroke or a semicolon between, or as month and year or six digits: an event's date stands so too, but not one years ago.
_LONG_AGO_AFTER = re.compile(
    rf"(?: ?[-–—;] ?({_FULL_DATE})(?!\d)| \(?(\d{{1,2}}/(?:19|20)\d\d)(?![\d/])| ({_DAY_MONTH_YEAR})(?!\d))", re.IGNORECASE
)
_YEARS_AGO = 2
# What has a date and is nobody's birthday.
_EVENT = r"(?:meeting|review|conference|hearing|visit|party|panel|training|report|course|letter|plan|strategy|placed|moved|seen|met)\w*\b"
# A second birthday beside the first, which another agency has or a twin: 03/05/14 on ours and 05/03/14 on theirs. No event's date.
_BORN_TOO = re.compile(
    r"(?:[^.!?;\n\d]|\.(?=\d)){0,40}?(?:[,/&;]|\b(?:and|or|not|vs|versus|but|then|n)\b)\.? ?"
    rf"(?:(?!(?:on|since|from|by|until|till|at|before|after|last|next|dated)\b|{_EVENT})[\w'’]+,?:? ){{0,4}}?\(?({_FULL_DATE})(?!\d)",
    re.IGNORECASE,
)
_SAID_INITIALS = r"\b(?:initials|d\.?o\.?b|birthda\w+|date of birth)\b"


def _form(pattern: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(pattern, flags)


_PLATFORM = (
    r"(?:ig(?= ?[:–-])|"
    r"insta(?:gram)?|snap(?:chat)?|tik ?tok|skype|discord|telegram|kik|roblox|twitter|facebook|fb|xbox|playstation|psn|steam|fortnite|"
    r"(?:whats ?app|signal)(?= name)|username|user name|handle|gamertag)"
)


class Form(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    group: int  # of the detail
    check: Callable[[str], bool] | None = None  # its check digit
    near: tuple[str, ...] = ()  # tried only where the text, in lower case, holds one of these


def _made(*rows: tuple[Any, ...]) -> tuple[Form, ...]:
    return tuple(Form(*row) for row in rows)


# Forms that hold others inside them: tried before addresses.
FIRST = _made(
    # a row of a list of people: Name - F - 02/02/2015
    ("date of birth", _form(rf"[-–|,/(] ?(?:M|F|male|female|boy|girl) ?[-–|,;/] ?({_FULL_DATE})(?!\d)"), 1, None),
    (
        "address",
        _form(r"\b(?:c/o )?P\.?O\.? ?Box \d{1,6}(?:, (?:[A-Z][\w'-]+ ?){1,3})*(?:,? ?(?:" + _POSTCODE + r"|[A-Z]{2,3} \d{4,5}))?"),
        0,
        None,
    ),
    (
        "case number",
        _form(
            rf"\b(?:CAD|STORM|log|incident|inc|occurrence|ref(?:erence)?|police|custody)\b[\s:]*(?:(?:log|ref(?:erence)?"
            rf"|number|no)\b\.?[\s:]*)?"
            rf"(\d{{1,5}} (?:of )?(?:{_FULL_DATE}|\d{{1,2}} {_MONTH}))"
        ),
        1,
        None,
    ),
)
# Each form with the cue or the check digit that makes it one.
_BORN = (
    *("geni", "breithe", "g. "),
    *("birth", "born", "death", "deliver", "due", "b-day", "bday", "b.", "b ", "edd", "dob", "dod"),
    *("d.o", "d. o", "d o", "do.", "do b", "do d"),
)
_OTHER_LINK = re.compile(
    r"zoom\.us|teams\.(?:microsoft|live)|meet\.google|webex|facebook|instagram|tiktok|twitter|//x\.com|snapchat|linkedin", re.IGNORECASE
)
FORMS = _made(
    ("email", _form(r"[\w.+'-]{1,64}@ ?[\w-]{1,63}(?:\.[\w-]{1,63})+"), 0, None),
    (
        "email",
        _form(
            r"(?:(?<![\w.+-])[\w+-]{1,40} ?[\[(]?\bdot\b[\])]? )?(?<![\w.+-])[\w.+-]{2,40}"
            r" ?[\[(]? ?\bat\b ?[\])]? ?[\w-]{2,40} ?[\[(]? ?\bdot\b ?[\])]? ?"
            r"(?:co|com|org|net|gov|nhs|ie|uk)\b(?: ?(?:dot|\.) ?uk)?"
        ),
        0,
        None,
    ),
    (
        "date of birth",
        _form(
            rf"(?:\bd\.?\s?o\.?\s?[bd]\b\.?|\bdate of (?:birth|death)|\bbirth ?date|{_THING_BORN}\bborn(?: on)?|\bbirthday(?:['’]s| is)?|"
            rf"\bdyddiad geni|\bdáta breithe|\bg\.(?= \d)|"
            rf"\bb\.|\bb(?= \d)|\bEDD\b|\bdate of delivery|\bbaby due|\bdue date|\bb-?day|\bD ?of ?B\b)[\s:=,is–-]{{0,6}}"
            rf"(?:on )?({_DATE}|{_SPOKEN_DATE})"
        ),
        1,
        None,
        _BORN,
    ),
    (
        "date of birth",
        _form(rf"\b(?:d\.?o\.?b\.?|date of birth|due date)[\s:=is]{{1,5}}(\d{{6}}(?:\d\d)?|{_MONTH}\.? \d{{2,4}})(?!\d)"),
        1,
        None,
        _BORN,
    ),
    ("date of birth", _form(rf"\bborn (?:in |around |about )?({_MONTH}\.? \d{{4}})"), 1, None, ("born",)),
    ("date of birth", _form(rf"(?<![\w.])(?<!ersion )(b\. ?(?:{_MONTH} )?(?:19|20)\d\d)(?=[),;\s]|$)"), 1, None, ("b.",)),
    # an unborn child's: due 3/26, due mid-May
    (
        "date of birth",
        _form(
            rf"\b(?:bab(?:y|ies)|unborn|bump|twins|newborn|pregnan\w+|expecting)\b"
            rf"(?:(?!\b(?:{_EVENT}|policy|policies|audit|paper|pathway|protocol|guide|guidance)\b)[^.!?\n]){{0,30}}?"
            rf"\bdue:? (?:in |on |around |about )?"
            rf"((?:(?:mid|early|late)[- ])?{_MONTH}(?:,? \d{{4}})?|\d{{1,2}}/\d{{2,4}}|{_DATE})(?![\d/])"
        ),
        1,
        None,
        ("due",),
    ),
    (
        "date of birth",
        _form(
            rf"\bdue:? (?:in |on |around |about )?((?:(?:mid|early|late)[- ])?{_MONTH} \d{{4}}|{_FULL_DATE})"
            r"(?=[^.!?\n]{0,60}\b(?:pre-?birth|pre birth|midwi\w+|unborn|maternity|labour ward))"
        ),
        1,
        None,
        ("due",),
    ),
    # his birthday on our system is; the date of birth was first given as
    (
        "date of birth",
        _form(
            rf"\b(?:d\.?o\.?b|date of birth|birth ?date|birthday|dates of birth)s?\b(?:['’]s)?[\s:=,–-]{{1,3}}"
            rf"(?:(?!{_EVENT})[a-z'’]+[,:]? ){{0,6}}({_FULL_DATE}|{_WRITTEN_DATE})(?!\d)"
        ),
        1,
        None,
        _BORN,
    ),
    ("date of birth", _form(rf"\bbirth(?: was)?(?: to)?(?: (?!{_EVENT})[\w'’-]+){{0,5}}? on ({_DATE})"), 1, None, ("birth",)),
    (
        "date of birth",
        _form(
            r"\b(?:(?:bab(?:y|ies)|newborn|infant|twins?|triplets|child|mum|mam|mom|mother)\b[^.!?\n]{0,20}?|(?:s?he|they) (?:was|were) )"
            rf"delivered(?: (?!{_EVENT})[\w'’-]+){{0,4}}? on ({_DATE})"
        ),
        1,
        None,
        ("delivered",),
    ),
    (
        "date of birth",
        _form(rf"\b(?:baby|babies|newborn|twins|triplets)(?: \w+){{0,2}}? (?:arrived|came|appeared)(?: \w+){{0,3}}? (?:on )?({_DATE})"),
        1,
        None,
        ("arrived", "came", "appeared"),
    ),
    # a date that stands for a child, as in a list
    (
        "date of birth",
        _form(
            r"\b(?<!each )(?<!every )(?<!per )(?:child|boy|girl|baby|infant|toddler|pupil|sibling|twin|son|daughter|brother|sister|lad|lass"
            r"|kid|client|patient|young person|YP)(?:, ?| ?\(| ?: ?| [–-] | )"
            r"(\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{2,4}|\d{4}[-/.]\d{2}[-/.]\d{2})(?![\d/])"
        ),
        1,
        None,
    ),
    (
        "date of birth",
        _form(r"\bborn (?:on )?((?:Christmas|Boxing|New Year['’]?s|St \w+['’]?s) (?:Day|Eve)(?:,? \d{4})?)"),
        1,
        None,
        ("born",),
    ),
    ("date of birth", _form(rf"\b(?:turn(?:ed|s|ing)?|(?:will|['’]ll) be|is|was) {_COUNT} on ({_DATE})"), 1, None, (" on ",)),
    ("date of birth", _form(r"(?<=[^\W\d_]{2} )\((\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\)"), 1, None),
    (
        "date of birth",
        _form(rf"\b({_DATE})[\s,)]{{0,3}}(?:is |was )?(?:the |her |his |their )?(?:\(?d\.?o\.?b\b\.?|date of birth|birth ?date|birthday)"),
        1,
        None,
        _BORN,
    ),
    ("child", _form(rf"{_SAID_INITIALS}[^.!?\n]{{0,60}}?\b((?-i:[A-Z]{{2,3}}) {_DAY_MONTH_YEAR})(?!\d)"), 1, None),
    ("child", _form(rf"\b((?-i:[A-Z]{{2,3}})[ ,]{{1,2}}{_DAY_MONTH_YEAR})(?!\d)(?=[^.!?\n]{{0,60}}{_SAID_INITIALS})"), 1, None),
    ("child", _form(r"\(((?-i:[A-Z])),? (?:aged? )?\d{1,2}\)"), 1, None),
    # T.J.'s worker; the countries that are written so are none
    ("person", _form(r"(?<![\w.])(?!U\.[SKN]|E\.U|N\.[IZY]|D\.C|L\.A|R\.C)(?:[A-Z]\.){2,3}(?=['’]s\b)", 0), 0, None, (".'s", ".’s")),
    # as Irish and Gaelic surnames are written: Mac an Rí, Nic Giolla Phádraig
    (
        "person",
        _form(r"\b(?:[A-ZÁÉÍÓÚÀÈÌÒÙ]\w+ ){0,2}(?:Mac|Nic|Mhic) (?:an|na|Giolla) [A-ZÁÉÍÓÚÀÈÌÒÙ]\w+", 0),
        0,
        None,
        ("mac ", "nic ", "mhic "),
    ),
    ("child", _form(r"\binitials(?: are| were|:|,)? [\"'“‘(]?((?-i:[A-Z]{2,3}))\b"), 1, None),
    ("CHI number", _form(r"\bCHI\b[\s:]*(?:no\.?|number)?[\s:]*(?:is )?((?:\d[ .-]?){9}\d)(?!\d)"), 1, None),
    (
        "H&C number",
        _form(
            r"\b(?:H ?(?:[&+/]|and) ?C|HCN?|health (?:and|&) (?:social )?care)\b[\s:]*(?:no\.?|number)?[\s:]*(?:is )?"
            r"((?:\d[ .-]?){9}\d)(?!\d)"
        ),
        1,
        None,
    ),
    ("NHS number", _form(r"\bNHS\b[\s:]*(?:no\.?|number|num|#)?[\s:]*(?:is )?((?:\d[ .-]?){9}\d)(?!\d)"), 1, None),
    ("NHS number", _form(r"(?<![\d+-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\d-])"), 0, nhs.is_valid),
    ("UPN", _form(r"\b[A-Z]\d{11}[\dA-Z]\b"), 0, None),
    ("UPN", _form(r"\bUPN[\s:]*(?:no\.?|number)?[\s:]*(?:is )?([A-Z] ?(?:\d ?){11}[\dA-Z]|(?=[A-Z]*\d)[A-Z0-9]{8,13})\b"), 1, None),
    ("NI number", _form(r"\b[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]\b"), 0, None),
    ("PPS number", _form(r"\bPPS[NO]?\b[\s:]*(?:no\.?|number)?[\s:]*(?:is )?(\d{7} ?[A-W][A-IW]?)\b"), 1, None),
    ("PPS number", _form(r"\b\d{7}[A-W][A-IW]?\b", 0), 0, pps.is_valid),
    # where the text names the NHI at all (NEEDS), each of several
    ("NHI number", _form(r"(?<!\w)[A-Z]{3} ?(?:\d{4}|\d{2}[A-Z]{2})(?!\w)", 0), 0, None),
    ("NHI number", _form(r"\bNHI\b[\s:]*(?:no\.?|number)?[\s:]*(?:is )?([A-Z]{3}(?:\d{4}|\d{2}[A-Z]{2}))\b"), 1, None),
    (
        "health number",
        _form(
            r"\b(?:IHI|individual health(?:care)? identifier|health identifier|NSN|national student number|DVA|PHN|CHI|HCN|NHI)\b[\s:#]*"
            r"(?:(?:no|number|id)\b\.?[\s:]*)?(?:is )?((?:\d[ -]?){8,17}\d)(?!\d)"
        ),
        1,
        None,
    ),
    (
        "Medicare number",
        _form(
            r"\b(?:Medicare|Medicaid|MBI)\b[\s:]*(?:(?:no|number|card"
            r"|id)\b\.?[\s:]*)*(?:is )?(\d{4} ?\d{5} ?\d(?: ?/ ?\d)?|\d[A-Z]{2}\d-?[A-Z]{2}\d-?[A-Z]{2}\d{2}|[A-Z]{2}\d{5}[A-Z])(?!\d)"
        ),
        1,
        None,
    ),
    ("SSN", _form(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"), 0, None),
    (
        "SSN",
        _form(
            r"\b(?:SSN|social(?: security)?)\b[^.!?\n\d]{0,25}?(?:ending|ends|last (?:four|4))(?: digits)?(?: in| with| are| is)?[\s:]*"
            r"((?:[x*]{3}-?[x*]{2}-?)?\d{4})(?!\d)"
        ),
        1,
        None,
        ("ending", "ends", "last"),
    ),
    ("SSN", _form(r"(?<!\w)[x*]{3}-[x*]{2}-\d{4}(?!\d)"), 0, None, ("-",)),
    ("SSN", _form(r"\b(?:SSN|social security)\b[\s:#]*(?:no\.?|number)?[\s:#]*(?:is )?(\d{3}[ .-]?\d{2}[ .-]?\d{4})(?!\d)"), 1, None),
    ("tax number", _form(r"\b(?:TFN|UTR|IRD|tax (?:file|reference))\b[\s:]*(?:no\.?|number)?[\s:]*(\d[\d -]{7,11}\d)"), 1, None),
    (
        "passport",
        _form(
            r"\b(?:passports?|pp(?= no))[\s:]*(?:no\.?|number)?[\s:]*(?:is )?((?:[A-Z]{2,3} )?[A-Z]{0,2}(?:\d{6,9}|\d{3} \d{3} \d{3}))\b"
        ),
        1,
        None,
    ),
    (
        "passport",
        _form(
            r"\bpassports?\b(?:[^.!?\n]|(?<=no)\.){0,60}?(?:\b(?:one|and|other|second|also)\b|\d[,;/&])[\s:]*(?:is |no\.? |number )?"
            r"([A-Z]{0,2}\d{6,9})\b"
        ),
        1,
        None,
    ),
    ("passport", _form(r"\bpassports?\b[^.!?\n]{0,60}?\(([A-Z]{0,2}\d{6,9})\)"), 1, None),
    ("passport", _form(r"\bpassports?\b[^.!?\n\d£$€]{0,45}?(?<![\w£$€])([A-Z]{0,3}\d{7,9}|\d{3} \d{3} \d{3})(?![ ,]?\d)\b"), 1, None),
    ("passport", _form(r"(?<![\w£$€])([A-Z]{0,2}\d{8,9})\b[^.!?\n\d]{0,30}?\bpassports?\b"), 1, None),
    ("licence", _form(r"\b(?:licen[cs]e|DL)[\s:]*(?:no\.?|number)?[\s:]*(?:is )?((?=[\w-]*\d{3})[A-Z0-9-]{8,18})(?![\w-])"), 1, None),
    ("licence", _form(r"\b[A-Z9]{5} ?\d{6} ?[A-Z9]{2}\d[A-Z]{2}\b", 0), 0, None),
    ("bank details", _form(r"\b[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}\b", 0), 0, iban.is_valid),
    ("bank details", _form(r"(?<![\d-])\d{2}-\d{4}-\d{7}-\d{2,3}(?![\d-])"), 0, None),
    ("bank details", _form(r"\bBSB\b[\s:]*(?:no\.?|number)?[\s:]*(\d{3}[ -]?\d{3})(?!\d)"), 1, None),
    (
        "bank details",
        _form(r"\b(?:routing|roll)\b[\s:]*(?:no\.?|number|num)?[\s:]*(?:is )?((?=[A-Z0-9/-]*\d{4})[A-Z0-9][A-Z0-9/-]{5,})"),
        1,
        None,
    ),
    ("bank details", _form(r"\bIBAN[\s:]*([A-Z]{2}\d{2}[A-Z0-9 ]{10,32}[A-Z0-9])"), 1, None),
    ("bank details", _form(r"(?<!\d)(?:\d{4}[ -]?){3}\d{1,7}(?!\d)"), 0, luhn.is_valid),
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
    ("Eircode", _form(r"\beircode\b[\s:]*(?:is )?([A-Z]\d[\dW] ?[A-Z0-9]{4})\b"), 1, None),
    ("postcode", _form(rf"\b{_POSTCODE}\b", 0), 0, None),
    ("postcode", _form(rf"\b{_POSTCODE_LOWER}\b", 0), 0, None),
    ("postcode", _form(rf"\bpost ?code\b[\s:is]*({_POSTCODE})\b"), 1, None),
    ("postcode", _form(r"\bzip(?: ?code)?\b[\s:]*(?:is |was )?(\d{5}(?:-\d{4})?)(?![\d-])"), 1, None, ("zip",)),
    ("postcode", _form(r"(?<![\w-])\d{5}-\d{4}(?![\w-])"), 0, None, ("-",)),
    # the first half of a postcode, where it is said to be one person's
    ("postcode", _form(rf"\bpost ?code\b(?: is| starts| begins)(?: with)? ((?:{_AREA})\d[\dA-Z]?(?: \d)?)\b"), 1, None),
    (
        "address",
        _form(
            r"\b(?:mum|mam|mom|dad|nan|gran|she|he|they|lives?|living|stay(?:s|ing)?|family)"
            r"(?: is| are|['’]s)? (?:at|in) ((?:number|no\.?) \d{1,4}[a-z]?)\b"
        ),
        1,
        None,
        ("number", "no"),
    ),
    (
        "address",
        _form(rf"\b((?:house |flat )?(?:number|no\.?) \d{{1,4}}[a-z]?,? (?:in )?(?:{_AREA})\d[\dA-Z]?)\b"),
        1,
        None,
        ("number", "no"),
    ),
    ("plate", _form(r"\b[A-HJ-PR-Y][A-HJ-PR-Y]\d{2} ?[A-HJ-PR-Z]{3}\b", 0), 0, None),
    ("plate", _form(r"\b\d{2,3}-[A-Z]{1,2}-\d{1,6}\b|\b\d{2,3} [A-Z]{1,2} \d{3,6}\b", 0), 0, None),
    # Northern Ireland: a county code with an I or a Z, and four digits that are no year
    ("plate", _form(r"\b[A-Z](?:[A-HJ-PR-Z]Z|I[ABGJLWZ]|[JOUX]I) ?(?!(?:19|20)\d\d)\d{4}\b", 0), 0, None),
    ("plate", _form(r"\b(?:reg|plate|vrm|rego)\b[\s:]*((?:[A-Z0-9] ){5,6}[A-Z0-9])\b"), 1, None),
    # as the family court numbers a case
    ("case number", _form(r"(?<!\w)[A-Z]{2}\d{2}[A-Z]\d{5}(?!\w)", 0), 0, None),
    ("case number", _form(r"\bcause (?:no|number)\b\.?[\s:]*((?=[\w-]*\d{4})[\w-]{6,})", re.IGNORECASE), 1, None, ("cause",)),
    ("case number", _form(r"\b(?:CRN|Centrelink)\b[\s:]*(?:(?:no|number|ref)\b\.?[\s:]*)?(\d{3} ?\d{3} ?\d{3} ?[A-Z])\b"), 1, None),
    ("VIN", _form(r"\bVIN\b[\s:]*(?:no\.?|number)?[\s:]*([A-HJ-NPR-Z0-9]{17})\b"), 1, None),
    (
        "plate",
        _form(
            (
                r"\b(?:reg(?:istration)?|(?:number |licen[cs]e )?plates?|vrm|rego|tag|car|van|vehicle|truck|pickup|"
                r"minivan|suv|ute|lorry|motorbike|moped|fiesta|corsa|golf|transit)(?:['’]s)?\b[\s.:,(]*"
                r"(?:no\.?|number|mark|plate|tag|reg(?:istration)?)?[\s:.,]*(?:is |was )?(?-i:(\d[A-Z]{2}[ -]?\d[A-Z]{2}"
                r"|[A-Z]{1,3}[ -]?\d{1,4}[ -]?[A-Z]{0,3}|"
                r"\d{1,4}[ -]?[A-Z]{1,3}[ -]?\d{0,4}|\d{1,3}-?[a-z]{1,2}-?\d{1,6}|[a-z]{2}\d{2} ?[a-z]{3}|[a-z]{3} ?\d{2,3}[a-z]))\b(?!\w)"
            ),
            re.IGNORECASE,
        ),
        1,
        None,
    ),
    ("handle", _form(r"(?<![\w@.])@[A-Za-z0-9_.]{2,30}(?<!\.)"), 0, None, ("@",)),
    (
        "handle",
        _form(
            r"\b(?:https?://)?(?:(?:www\.|m\.)?(?:facebook|instagram|tiktok|twitter|x|snapchat|linkedin|vk|youtube)\.com)/[\w.@/-]*\w(?:\?(?:id|u|user)=[\w.-]*\w)?"
        ),
        0,
        None,
        (".com/",),
    ),
    (
        "handle",
        _form(
            rf"\b{_PLATFORM}\b(?: (?:user ?name|user|name|handle|id|account|tag))?[\s:–-]*(?:is |as |me |at )*[:\s]*"
            r"((?=[\w.:#-]*[\d_.:#-])[\w.:#-]*\w)"
        ),
        1,
        None,
    ),
    (
        "handle",
        _form(
            rf"\b(?:{_PLATFORM} (?:user ?name|name|handle|tag|gamertag)"
            rf"|gamertag)[\s:]*(?:is )?((?-i:[A-Z]\w+(?: [A-Z]\w+){{0,3}}|\w*[a-z][A-Z]\w*))"
        ),
        1,
        None,
    ),
    (
        "meeting link",
        _form(r"\b(?:https?://)?(?:[\w-]+\.)?(?:zoom\.us|teams\.microsoft\.com|teams\.live\.com|meet\.google\.com|webex\.com)/\S*\w"),
        0,
        None,
    ),
    (
        "access code",
        _form(
            r"\b(?:pass ?code|pass ?word|pwd|pin|key ?safe|door code|gate code|access code|conference (?:code|id)"
            r"|meeting id|log ?in|webinar id)\b"
            r"(?: (?:code|number|no))?[\s:=]*(?:is |was )?((?:\d{3,4} ?){2,3}\d{2,4}|(?=[\w!#$%&*+@.-]*\d)[\w!#$%&*+@.-]{3,24}[\w!#])"
        ),
        1,
        None,
    ),
    (
        "address",
        _form(r"(?:///|\b(?:what3words|w3w)[\s:]*(?:is )?)([a-z]{3,}\.[a-z]{3,}\.[a-z]{3,})\b"),
        1,
        None,
        ("///", "what3words", "w3w"),
    ),
    ("address", _form(r"(?<![\d.])-?\d{1,2}\.\d{4,}, ?-?\d{1,3}\.\d{4,}"), 0, None),
    (
        "address",
        _form(
            r"""\d{1,3} ?[°º] ?\d{1,2} ?['’′] ?(?:[\d.]{1,6} ?["”″] ?)?[NS]"""
            r""",? ?\d{1,3} ?[°º] ?\d{1,2} ?['’′] ?(?:[\d.]{1,6} ?["”″] ?)?[EW]"""
        ),
        0,
        None,
        ("°", "º"),
    ),
    ("address", _form(r"\b(?:lat(?:itude)?|long?(?:itude)?|lng)\b[\s:=]*(?:is )?(-?\d{1,3}\.\d{3,})"), 1, None, ("lat", "lon", "lng")),
    ("address", _form(r"\bgrid ref(?:erence)?\b[\s:]*([A-Z]{2} ?\d{3,5} ?\d{3,5})\b"), 1, None, ("grid",)),
    ("IP address", _form(r"\bIP\b[\w ]{0,10}?[\s:]*((?:\d{1,3}\.){3}\d{1,3})"), 1, None),
    ("device", _form(r"(?<![\w:-])(?:[\dA-F]{2}[:-]){5}[\dA-F]{2}(?![\w:-])"), 0, None),
    ("device", _form(r"\bIMEI\b[\s:]*(?:no\.?|number)?[\s:]*(\d{2} ?\d{6} ?\d{6} ?\d)(?!\d)"), 1, None),
    ("IP address", _form(r"(?<![\w:])(?=[\da-f:]*\d)(?:[\da-f]{1,4}:){3,7}(?::?[\da-f]{1,4}){1,4}(?![\w:])"), 0, None),
    ("IP address", _form(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d)\.)(?:\d{1,3}\.){2}\d{1,3}(?![\d.])"), 0, None),
)


def _records(data: dict[str, Any]) -> tuple[Form, ...]:
    """Forms of the numbers that records are kept under, made of the words in privacy.yaml."""

    def words(key: str) -> str:
        return "|".join(re.escape(w).replace(r"\ ", " ?") for w in sorted(data[key], key=len, reverse=True))

    least = {n: _REF.replace("LEAST", str(n)) for n in (3, 4, 5)}
    mixed = rf"(?-i:{_NO_YEAR}((?=[A-Z\d/-]*[A-Z])(?=(?:[A-Z/-]*\d){{LEAST}})[A-Z\d][A-Z\d/-]{{4,}}[A-Z\d]))(?![\w/-])"
    bodies = ("ofsted", "school", "provider", "setting", "charity", "company")  # what has a number of its own
    not_a_body = "(?i:" + "".join(rf"(?<!{body} )" for body in bodies) + ")"
    said = rf"[\s:.#]*(?:{_NUMBER_WORD_OR_SIGN}){{1,3}}(?:is |was )?"
    return _made(
        (
            "case number",
            _form(
                r"\b(?:refs?|reference|(?:case|matter|file|docket|claim|incident)"
                rf"(?= ?[:#]| \d{{4}}-[A-Z]| [A-Z]{{2,5}}[-/]\d{{2,4}}[-/]\d))(?:(?: id| no"
                rf"| num(?:ber)?)\b)?\.?[\s:#]+(?:is |was )?{least[3]}"
            ),
            1,
            None,
        ),
        ("case number", _form(rf"{not_a_body}\b(?:{words('record-systems')}){said}{least[3]}"), 1, None),
        ("case number", _form(rf"{not_a_body}\b(?:{words('record-systems')})\b[\s:#-]{{1,3}}(?:is |was )?{least[5]}"), 1, None),
        # a code of capitals and digits: ChildStory 1-5XKQ2P8; and after any word that looks like a system's
        (
            "case number",
            _form(rf"{not_a_body}\b(?:{words('record-systems')})\b[\s:#-]{{1,3}}(?:(?:record|file|entry) )?{mixed.replace('LEAST', '3')}"),
            1,
            None,
        ),
        (
            "case number",
            _form(
                rf"\b(?!(?:{words('public-registers')})\b)(?-i:[A-Z]{{4,8}}|[A-Z][a-z]+[A-Z][A-Za-z]+)"
                rf"[ :#]{{1,2}}(?=\S{{7}}){mixed.replace('LEAST', '4')}"
            ),
            1,
            None,
        ),
        # any system known by its capitals: OASYS no 88120
        (
            "case number",
            _form(
                rf"{not_a_body}\b(?!(?:{words('public-registers')})\b)(?-i:[A-Z]{{3,6}})"
                rf"[ -](?:ref|no|number|id)\b[.: ]{{1,3}}(?:is )?{least[5]}"
            ),
            1,
            None,
        ),
        # a number with a stroke or a hyphen in it, letters or none beside: CAD 3341/12FEB, System ID PR-0044-77/2
        (
            "case number",
            _form(
                rf"{not_a_body}\b(?:{words('record-systems')}|file|[Ii][Dd]|log|incident|ref)\b\.?[\s:#]{{1,2}}{_NO_YEAR}"
                r"(?=(?:[\w/-]*?\d){5})(?=[\w/]*?[/-]\w)([A-Za-z0-9][\w/-]{4,})(?!\w)"
            ),
            1,
            None,
        ),
        ("registration number", _form(rf"\b(?:{words('registers')})(?:{said}|[\s:#-]{{1,3}}){least[4]}"), 1, None),
        ("case number", _form(rf"\b(?:{words('record-owners')}){said}{least[3]}"), 1, None),
        (
            "case number",
            _form(
                r"\b(?:(?:CP|CIN|LAC|CLA|EH|TAF|CFA|TCM|PULSE)[/ #:-]{1,2}|(?:CP|CIN|LAC|CLA)(?=(?:19|20)\d\d/)"
                r"|(?:INC|REQ|RITM|CHG)(?=\d{5}))"
                r"((?:\d{2,4}/)?\d{4,}(?:/\d+)?)(?![\w/])",
                0,
            ),
            1,
            None,
        ),
        ("case number", _form(rf"{not_a_body}\b(?:{words('record-prefixes')})[-/ ]?(?=[\w/-]*\d{{4}})[\w/-]{{4,}}\b", 0), 0, None),
    )


_SHARING = (
    "padlet.",
    "dropbox.",
    "drive.google.",
    "docs.google.",
    "onedrive.",
    "1drv.",
    "sharepoint.",
    "wetransfer.",
    "wakelet.",
    "icloud.",
)
_HOSTS = (".com/", ".uk/", ".org/", ".net/", ".io/", ".ie/", ".me/", ".blog/", ".info/", ".app/", ".example/", ".au/", ".nz/")
_RECORD_PAGE = re.compile(r"(?:person|people|child|client|case|record|famil|patient|pupil)\w*/.*?\d{4}")  # in a public body's system
_LINKED = re.compile(
    rf"(?:https?://|\bwww\.|\b(?:[\w-]+\.)?(?:{'|'.join(map(re.escape, _SHARING))})|"
    rf"(?<![\w.@-])(?:[a-z\d-]{{1,40}}\.){{0,3}}[a-z\d-]{{1,40}}(?:{'|'.join(map(re.escape, _HOSTS))}))"
    r"[^\s<>\"'“”|]*[\w/#=&]",
    re.IGNORECASE,
)


def _links(data: dict[str, Any], known: frozenset[str]) -> tuple[Form, ...]:
    """Links that lead to one person's page or to a shared file, and handles that are said to be handles."""
    public = tuple(data["public-hosts"])

    def private(link: str) -> bool:
        host, _, path = re.sub(r"^https?://", "", link.lower()).partition("/")
        host = host.split("@")[-1].split(":")[0]
        if any(host == p or host.endswith("." + p) for p in public):
            return bool(_RECORD_PAGE.search(path))
        if re.search(r"\.org(?:\.\w\w)?$", host) and not re.search(r"[\d?=]", path):
            return not known.issuperset(re.findall(r"[a-z]{2,}", path))  # a charity's page, in plain words
        return bool(path.strip("/#"))

    platform = r"\b(?:ig|insta(?:gram)?|tik ?tok|snap(?:chat)?|fb|twitter|discord|telegram|threads) ?[:=–-] ?([a-z]{6,30})(?!\w|\.\w)"
    return (
        Form("link", _LINKED, 0, lambda link: private(link) and not _OTHER_LINK.search(link)),
        Form("handle", _form(platform), 1, lambda word: word.lower() not in known),
    )


# What a text must hold for a kind to be looked for at all: so many digits, and one of these words.
NEEDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "link": (0, ("http", "www.", *_SHARING, *_HOSTS)),
    "child": (0, ("(", "initials", "dob", "d.o.b", "birth")),
    "person": (0, (".'s", ".’s", "mac ", "nic ", "mhic ")),
    "email": (0, ("@", "dot")),
    "handle": (
        0,
        (
            "@",
            ".com/",
            "insta",
            "snap",
            "tik",
            "skype",
            "discord",
            "telegram",
            "kik",
            "roblox",
            "twitter",
            "user",
            "handle",
            "ig:",
            "ig ",
            "gamer",
            "facebook",
            "fb",
            "xbox",
            "playstation",
            "psn",
            "steam",
            "fortnite",
            "app",
            "signal",
        ),
    ),
    "date of birth": (
        0,
        (
            "dob",
            "geni",
            "breithe",
            "g. ",
            "d.o",
            "o.b",
            "o.d",
            "dod",
            "birth",
            "born",
            "b.",
            "b ",
            "(",
            "turn",
            " be ",
            " is ",
            " was ",
            "edd",
            "date of",
            "due",
            "bday",
            "b-day",
            " - ",
            "/",
            "|",
            "dob",
            *("deliver", "arrived", "came", "child", "boy", "girl", "twin", "sibling", "pupil", "son", "daughter", "brother", "sister"),
            *("infant", "toddler", "patient", "client", "kid", "lad", "lass", "yp"),
        ),
    ),
    "CHI number": (10, ("chi",)),
    "H&C number": (
        10,
        (
            *("h&c", "h & c", "h &c", "h& c", "h+c", "h + c", "h/c", "h / c", "h and c", "hc"),
            *("health and care", "health & care", "health and social care", "health & social care"),
        ),
    ),
    "NHS number": (10, ()),
    "UPN": (3, ()),
    "NI number": (6, ()),
    "PPS number": (7, ()),
    "NHI number": (2, ("nhi",)),
    "Medicare number": (5, ("medicare", "medicaid", "mbi")),
    "SSN": (4, ()),
    "tax number": (8, ("tfn", "utr", "ird", "tax")),
    "passport": (6, ("passport", "pp no")),
    "licence": (3, ()),
    "bank details": (6, ()),
    "Eircode": (1, ()),
    "postcode": (2, ()),
    "plate": (1, ()),
    "IP address": (3, ()),
    "device": (2, (":", "-", "imei")),
    "health number": (9, ("ihi", "identifier", "nsn", "student number", "dva", "phn", "chi", "hcn", "nhi")),
    "access code": (3, ("pass", "pwd", "pin", "safe", "code", "id", "log")),
    "meeting link": (0, ("zoom.us", "teams.", "meet.google", "webex")),
    "VIN": (3, ("vin",)),
    "address": (0, ("///", "what3words", "w3w", ".", "grid", "no", "number", "°", "º")),
    "registration number": (4, ()),
    "case number": (3, ()),
}
_CODES = frozenset({"postcode", "Eircode"})
# What stands before a private postcode, in capitals and between commas, is the rest of the address: The Old Smithy, Larkbeare,
_LINE = r"(?:[A-ZÀ-Þ][\w'’.-]*|\d{1,4}[a-z]?(?= [A-ZÀ-Þ]))(?: (?:[A-ZÀ-Þ][\w'’.-]*|na|an|a'|y|yr|by|the|of|on|upon|le|in))*"
_LINES_BEFORE = re.compile(rf"(?:^|(?<=[\s:(/|]))((?:{_LINE}, ?){{1,4}})(?:(?:[Ee]ir|[Pp]ost) ?code:? )?$")
_BODY = re.compile(r"\b(?:for|of) Children(?: and Young People)?\b|\bChildren['’]s [A-Z]\w+")  # in the name of a public body
_PLACES = frozenset({"postcode", "address"})
_PHONE = re.compile(
    r"(?<![\w./-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d[\d ().-]{6,16}\d(?: ?(?:ext|extension|x)\.? ?\d{1,5})?(?![\w/-])"
)
_NOUGHT = re.compile(r"(?<![\w.])[oO]7[\d ().-]{7,13}\d(?!\w)")
_EXTENSION = re.compile(r"\bext(?:ension|n)?\b\.? ?(\d{3,6}(?: \d{3,4})?)\b", re.IGNORECASE)
_SPOKEN = re.compile(
    r"\b(?:(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|double|treble|triple|hundred|thousand)\b[ ,-]*){9,}",
    re.IGNORECASE,
)
# 404.555.0177, and with the country's 1 before an area that is no freephone's
_NORTH_AMERICAN = re.compile(r"(?:1[-. ])?[2-9]\d\d[-.][2-9]\d\d[-.]\d{4}")
_ONE_AREA = re.compile(r"1[-. ](?!8(?:00|33|44|55|66|77|88)|900)[2-9]\d\d[-. ][2-9]\d\d[-. ]\d{4}")
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
# A class has a number or one of these in it.
_CLASS_WORDS = (
    *("year", "class", "grade", "primary", "form", "infants", "rang", "derbyn", "reception", "nursery", "kind", "prep", "foundation"),
    *("yr", "dosbarth", "blwyddyn", "clár"),
)
_ROOM = r"(?:[Rr]oom|[Rr]m) \d{1,3}[A-Za-z]?"
_LINK = r"(?:,? (?:at|in|of|class at|pupil at|student at|yn|ag|i|sa|in the))+"
_AT = rf"(?:{_SCHOOL_FRONT}|{_SCHOOL_NAME})"
_SCHOOL = (
    re.compile(rf"\b{_CLASS}{_LINK} {_AT}"),
    re.compile(rf"\b{_CLASS}(?:,? (?:at|pupil at|student at)) [A-Z][\w'’-]+(?: [A-Z][\w'’-]+){{0,3}}"),
    re.compile(rf"\b(?:{_ROOM},? (?:in )?)?{_CLASS}(?: pupil| student| child)?,?(?: (?:in )?{_ROOM},?)?(?: at)? {_AT}"),
    re.compile(rf"\b{_AT},? ?[-–]? ?\(?(?:in |his |her |their )?{_CLASS}\)?"),
    re.compile(rf"(?<=\bin )\d{{1,2}} (?!(?i:{_MONTH})\b)[A-Z][a-z]+ at {_AT}"),  # a class with a name: in 4 Hazel at
    re.compile(
        rf"(?:(?<=attends )|(?<=attend )|(?<=goes to )|(?<=go to )|(?<=went to )|(?<=pupil at )|(?<=student at )|(?<=pupils at )|"
        rf"(?<=enrolled at )|(?<=starts at )|(?<=excluded from )|(?<=starting at ))(?:the |Te )?{_AT}(?:,? \(?{_CLASS}\)?)?"
    ),
)
# A year or a class by itself, where it says whose; not a year group, and no other thing of that name.
_GROUP = (
    r"(?! ?(?:[-–/&]|to|and) ?(?:[Yy]ear|[YPS])? ?\d)(?!['’]?s\b)"
    r"(?![ -](?:transition|group|cohort|intake|pupils|students|children|curricul|assembl|teacher|lead|head|tutor|parents|list|classes|"
    r"lesson|exam|SATs|upward|onward|of\b|review|panel|plan\b|budget|data|funding|figure|target|return|report|programme|project|staff|"
    r"post\b|desk|area|phase|evaluation|induction|pathway|tests?\b))"
)
_CLASS_BY_NUMBER = (
    r"(?:(?:[Yy]ear|[Yy]r|Y|[Gg]rade|[Bb]lwyddyn) ?\d{1,2}[A-Z]?|P[1-7]|S[1-6]|[Pp]rimary [1-7]|"
    rf"(?:[Yy]ear|[Gg]rade|[Pp]rimary) {_NUMBER_WORD}|"
    r"(?:[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ff]ifth|[Ss]ixth|[1-6](?:st|nd|rd|th)) [Cc]lass|"
    r"(?:[1-9]|1[0-2])(?:st|nd|rd|th) (?:[Gg]rade|gr)|[Bb]l\. ?\d{1,2}|"
    r"(?:[Jj]unior|[Ss]enior) [Ii]nfants|[Tt]ransition [Yy]ear)\b"
)
_CLASS_BY_WORD = (  # words of other meanings too, so only as said of somebody
    r"(?:(?<=in )|(?<=, )|(?<=\()|(?<=: )|(?<=\| ))(?:Reception|Prep|Kindy|Kindergarten|Nursery|Foundation|Sixth Form)\b"
    r"(?= ?[,.;:)|?!\n]|$| (?:and|is|has|have|who|class)\b)|"
    r"(?:(?<=is in )|(?<=was in )|(?<=starts in )|(?<=started in )|(?<='s in )|(?<=’s in ))(?:reception|nursery|kindy|kindergarten|prep)\b"
)
_ONE_CLASS = re.compile(rf"(?:\b{_CLASS_BY_NUMBER}|{_CLASS_BY_WORD}){_GROUP}")
_NOT_ONES = ("every ", "all ", "each ", "our ", "the whole ", "any ", "for ", "project ", "in the ", "priority ")
_CHILD = re.compile(r"\b(?:child|boy|girl|lad|lass|pupil|son|daughter|sibling|brother|sister|he|she|his|her)\b", re.IGNORECASE)
_IDENTIFIES = frozenset(
    {
        "child",
        "parent",
        "relative",
        "person",
        "date of birth",
        "school and year",
        "UPN",
        "NHS number",
        "CHI number",
        "H&C number",
        "PPS number",
        "NHI number",
        "case number",
        "postcode",
        "address",
    }
)
_ANY_CLASS = re.compile(rf"\b{_CLASS}")
_ANY_SCHOOL = re.compile(rf"\b(?:{_SCHOOL_KIND}|{_SCHOOL_FRONT})")


class Privacy:
    def __init__(self, data: dict[str, Any], names: dict[str, int], known: frozenset[str]) -> None:
        self._names = Names(data, names, known)
        self._public_numbers = tuple(data["public-numbers"])
        self._all_forms = (*_links(data, known), *FORMS, *_records(data))
        self._public_buildings, self._lived_in = (
            re.compile(rf"\b(?:{'|'.join(map(re.escape, data[key]))})\b", re.IGNORECASE)
            for key in ("public-buildings", "where-people-live")
        )
        streets = "|".join(sorted((w.capitalize() for w in data["street-words"]), key=len, reverse=True))
        not_a_street = "|".join(data["not-a-street"])
        lane = "|".join(re.escape(w) for w in data["streets-in-lower-case"])
        flat = r"(?:(?:[Ff]lat|Apt\.?|Apartment|Unit|Room|Suite) ?\w{1,4}(?:/\w{1,3})?,? )?"
        number = r"\d{1,4}[a-zA-Z]?(?:[-/]\d{1,4}[a-zA-Z]?)?"
        home = "|".join(w.capitalize() for w in data["home-words"])
        front = "|".join(w.capitalize() for w in data["home-words-in-front"])
        self._homes = re.compile(rf"\bThe [A-Z]|\b(?:{home}|{front}|{streets})\b|\b\d")
        house = rf"(?:(?:The (?:[A-Z][\w'’]+ ){{0,3}}[A-Z][\w'’]+|(?:[A-Z][\w'’]+ ){{1,3}}(?:{home})),? )?"
        states = r"(?:VIC|NSW|QLD|SA|WA|TAS|ACT|NT)"
        town = rf"(?!{states} \d{{4}}\b)[A-Z][^\W\d_]+(?:['’-][^\W\d_]+)*(?![\d\w])"
        flat_after = r"(?:,? (?:Apt|Apartment|Unit|Suite|Ste|Lot|Trlr|Rm|#)\.? ?#?\w{1,4}\b)?"
        code = rf"(?:,? ?(?:{_POSTCODE}|[A-Z]{{2}} \d{{5}}(?:-\d{{4}})?|{states} \d{{4}}))?"
        us = "|".join(sorted((re.escape(w) for w in data["us-states"]), key=len, reverse=True))
        self._zip = re.compile(rf"\b(?:{us}),? (\d{{5}}(?:-\d{{4}})?)(?![\d-])")
        short = r"(?:(?<=[SRLD][tdnr])\.|(?<=Ave)\.)?"  # a stop after St or Rd is none of a sentence's
        further = rf"(?:, (?:{town} ?){{1,3}}(?=[.,;)\n]|$))?"
        tail = rf"{flat_after}(?:,? (?:{town} ?){{1,3}}(?: \d{{1,2}})?)?{further}{code}"
        more_streets = "|".join(w.capitalize() for w in data["us-street-words"])
        self._us_address = re.compile(
            r"\b\d{1,5} (?:(?:[NSEW]|[NS][EW])\.? )?(?:(?:\d{1,3}(?:st|nd|rd|th)|[A-Z][\w'’-]+) ){1,4}?"
            rf"(?:{streets}|{more_streets})\b\.?(?: [NSEW]{{1,2}}\b)?{flat_after}(?:,? (?:[A-Z][A-Za-z'’.-]+ ?){{1,3}}?)?,? ?"
            rf"(?:(?:{us})\b(?:,? \d{{5}}(?:-\d{{4}})?)?|\b\d{{5}}(?:-\d{{4}})?)(?![\d-])"
        )
        self._sited = (
            re.compile(
                rf"\b(?:Pitch|Plot|[Tt]railer|[Cc]aravan|[Cc]halet) \d{{1,3}}[a-z]?,? (?:on |at )?"
                rf"(?:[A-Z][\w'’-]+ ){{1,3}}(?:Site|Park)\b{tail}"
            ),
            re.compile(rf"\b(?:[Nn]umber|No\.?) \d{{1,4}}[a-z]?,? (?:[A-Z][\w'’-]+ ){{1,3}}(?:{streets})\b{tail}"),
            re.compile(rf"\b(?:(?:FLAT|UNIT|APT|ROOM) ?\w{{1,4}},? )?\d{{1,4}}[A-Z]?,? (?:[A-Z'’]{{3,}} ){{1,3}}(?:{streets.upper()})\b"),
            re.compile(r"\b(?:FLAT|UNIT|APT) ?\w{1,4},? (?:[A-Z'’]{3,} ?){2,4}(?=[,\n]|$)"),
            # as the country is addressed in the United States
            re.compile(r"\bHC ?\d{1,3},? Box \d{1,5}\b"),
            re.compile(r"\b\d{1,5} (?:[NSEW]\.? )?(?:County|State|Farm|Ranch) (?:Road|Rd|Route|Rte|Highway|Hwy) \d{1,4}\b"),
            re.compile(r"\b(?:Hwy|Highway|Route) \d{1,3} (?:past |at |near )?mile ?(?:marker|post) \d{1,4}\b"),
        )
        self._addresses = (
            re.compile(rf"\b(?:Lot|RMB|RSD) \d{{1,4}},? (?:[A-Z][\w'’-]+ ){{1,3}}(?:{streets}|Track)\b(?: via)?{tail}"),
            re.compile(
                rf"\b{flat}{house}(?:No\.? ?)?{number},? (?:on )?(?:[A-Z][\w'’.-]+ ){{1,4}}?(?:{streets})\b{short}(?: (?:Upper|"
                rf"Lower|North|South|East|West))?{tail}"
            ),
            re.compile(rf"\b{flat}\d{{1,4}}[a-zA-Z]?,? (?:[A-Z][\w'’.-]+,? ){{1,6}}{_POSTCODE}\b"),
            re.compile(rf"\b(?:Flat|Apt\.?|Apartment) ?\w{{1,4}},? (?:[A-Z][\w'’.-]+,? ){{1,5}}(?:{streets}|{home})\b{tail}"),
            re.compile(
                rf"\b{flat}\d{{1,4}}[a-zA-Z]? (?:Bryn|Heol|Ffordd|Stryd|Maes|Lôn|Clos|Rhodfa|Rue|Via|Calle) "
                rf"(?:yr? |'r )?[A-Z][\w'’-]+{tail}"
            ),
            re.compile(
                rf"(?:(?<=address is )|(?<=address: )|(?<=address )|(?<=lives at )|(?<=live at )|(?<=living at )|"
                rf"(?<=stays at )|(?<=staying at )|(?<=lives on )|(?<=live on )|(?<=living on )|(?<=lives in )|"
                rf"(?<=moved to )|(?<=stay at )|(?<=home is ))(?:(?:The|Flat|"
                rf"[A-Z])[\w'’]*,? ){{1,5}}(?:[A-Z][\w'’]+ )?(?:{streets}|{home})\b{tail}"
            ),
            re.compile(rf"\b{flat}\d{{1,4}}[a-zA-Z]? (?:[A-Z][\w'’-]+ ?){{1,3}}, (?:{town} ?){{1,2}}, (?:Co\.|County) {town}"),
            re.compile(
                rf"(?:(?<=lives at )|(?<=live at )|(?<=living at )|(?<=address is )|(?<=number )|"
                rf"(?<=address: ))\d{{1,4}}[a-z]? (?:[A-Za-z'’]+ ){{1,3}}?(?:{streets.lower()})\b"
            ),
            re.compile(rf"\b(?:flat \w{{1,4}},? )?\d{{1,4}}[a-z]? (?!(?:{not_a_street})\b)(?:[a-z'’]{{3,}} ){{1,2}}?(?:{lane})\b"),
            re.compile(r"\b(?:Bay|Plot|Pitch) \d{1,3},? (?:[A-Z][\w'’-]+ ){1,3}(?:Caravan |Halting |Traveller )(?:Site|Park)\b"),
            re.compile(
                rf"\b(?:[A-Z][\w'’]+ ){{1,2}}(?:Cottages?|Farm|Farmhouse|Bungalow|Barn|Caravan|Bothy|Croft|Manse|Rectory|Vicarage|Mill), "
                rf"(?:[A-Z][\w'’]+ ){{1,3}}(?:{streets})\b{tail}"
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
            if found.kind in _CODES and (lines := _LINES_BEFORE.search(text, max(0, found.start - 90), found.start)):
                begin = max([lines.start(1), *(e for _, e in taken if lines.start(1) < e <= found.start)])
                if self._homes.search(text, begin, lines.end(1)):  # else it may be the name of who lives there
                    told = text[begin : lines.end(1)]
                    keep(Found(lines.end(1) - len(told.lstrip(" ,")), begin + len(told.rstrip(" ,")), "address"))
            keep(found)
            while found.kind == "date of birth" and (too := _BORN_TOO.match(text, found.end)):
                found = Found(*too.span(1), "date of birth")  # noqa: PLW2901 - each leads to the next
                keep(found)
        for name in self._names.find(text, taken):
            keep(Found(*name))
            born = _BORN_AFTER.match(text, name.end)  # a full date just after a name is that person's
            if not born and (born := _LONG_AGO_AFTER.match(text, name.end)) and not _is_long_ago(born[born.lastindex or 1]):
                born = None
            if born and name.kind != "practitioner":
                keep(Found(*born.span(born.lastindex or 1), "date of birth"))
        classes = _ONE_CLASS.finditer(text) if _may_hold_a_class(text) else ()
        years = [m for m in classes if not text[max(0, m.start() - 12) : m.start()].lower().endswith(_NOT_ONES)]
        if years and self._is_about_one(text, kept):
            for m in years:
                keep(Found(m.start(), m.end(), "school and year"))
        return tuple(sorted(kept))

    def _is_about_one(self, text: str, found: list[Found]) -> bool:
        """Does something in the message say which child's year it is?"""
        if any(f.kind in _IDENTIFIES for f in found) or re.search(r"\[(?:child|parent|relative|person) \d+\]", text):
            return True
        return bool(_CHILD.search(text)) and re.search(_AT, text) is not None

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
        for kind, pattern, group, check, near in self._all_forms:
            if kind in possible and (not near or any(word in lower for word in near)):
                yield from (
                    Found(m.start(group), m.end(group), kind)
                    for m in pattern.finditer(text)
                    if (check is None or check(m[group])) and not (kind in _PLACES and self._is_public(text, m))
                )
        phones = _PHONE.finditer(text) if digits > 6 else ()
        yield from (Found(m.start(), m.end(), "phone") for m in phones if self._is_phone(m[0], text[max(0, m.start() - 30) : m.start()]))
        yield from (Found(m.start(), m.end(), "phone") for m in _NOUGHT.finditer(text)) if digits > 6 else ()
        yield from (Found(m.start(1), m.end(1), "phone") for m in _EXTENSION.finditer(text)) if digits else ()
        yield from (Found(m.start(), len(m[0].rstrip(" ,-")) + m.start(), "phone") for m in _SPOKEN.finditer(text))
        classes = _SCHOOL if _may_hold_a_class(text) and _ANY_CLASS.search(text) else _SCHOOL[-2:] if _ANY_SCHOOL.search(text) else ()
        for pattern in classes:
            yield from (Found(m.start(), m.end(), "school and year") for m in pattern.finditer(text))

    def _places_of(self, text: str, digits: bool) -> Iterator[Found]:
        """Addresses, and the forms that hold others inside them."""
        if digits:
            for form in FIRST:
                for m in form.pattern.finditer(text):
                    yield Found(m.start(form.group), m.end(form.group), form.kind)
            for pattern in (self._us_address, *self._sited, *self._addresses):
                for m in pattern.finditer(text):
                    if not self._is_public(text, m):
                        yield Found(m.start(), m.end() - (len(m[0]) - len(m[0].rstrip(" ,"))), "address")
            yield from (Found(m.start(1), m.end(1), "postcode") for m in self._zip.finditer(text) if not self._is_public(text, m))
        elif any(w in text for w in ("address", "live", "living", "stay", "moved to", "home is")):
            for m in self._addresses[5].finditer(text):
                yield Found(m.start(), len(m[0].rstrip(" ,")) + m.start(), "address")
        if not digits and "," in text:
            yield from (Found(m.start(), m.end(), "address") for m in self._addresses[-1].finditer(text))

    def _is_public(self, text: str, place: re.Match[str]) -> bool:
        """Is it where an office is, and not where somebody lives?"""
        before, after = text[max(0, place.start() - 60) : place.end()], text[place.end() : place.end() + 40]
        near = re.split(r"[.;!?\n]\s", before)[-1] + re.split(r"[.;!?\n]", after)[0]
        return bool(self._public_buildings.search(near)) and not self._lived_in.search(_BODY.sub("", near))

    def _is_phone(self, text: str, before: str) -> bool:
        number = re.sub(r"(?:ext|extension|x).*", "", text)
        compact = re.sub(r"[^\d+]", "", number)
        digits = compact.lstrip("+")
        if (
            not 7 <= len(digits) <= 15
            or (any(compact.startswith(p) for p in self._public_numbers) and not _ONE_AREA.fullmatch(number.strip()))
            or digits.startswith("1800")
            or re.fullmatch(r"\(?(19|20)\d\d\)?[ -]+(19|20)\d\d", number.strip())
        ):
            return False
        cue = bool(_PHONE_CUE.search(before)) or bool(_NORTH_AMERICAN.fullmatch(number.strip()))
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


def _is_long_ago(day: str) -> bool:
    """Is the year at the end of a date, in two digits or four, some years back?"""
    year = int(re.findall(r"\d+", day)[-1][-4:] if not day.isdigit() else day[-2:])
    now = date.today().year
    return (year if year > 99 else year + (2000 if year <= now % 100 else 1900)) <= now - _YEARS_AGO


def _may_hold_a_class(text: str) -> bool:
    lower = text.lower()
    return any(map(str.isdigit, text)) or any(word in lower for word in _CLASS_WORDS)


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
