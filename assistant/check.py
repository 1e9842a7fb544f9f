"""Does a statement stand on the passages it cites? Word for word, or by rules; never by cosine, which cannot tell.

Cosine cannot tell a changed number, modal, negation or agency from an honest shortening (docs/decisions/0003-check.md).
`quoted`: a span of a cited passage, space and case aside. `supported`: every rule holds and the passages cover enough of
the statement's rare words. Anything else is dropped, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import Stemmer

from assistant.types import Passage, Support

Rarity = Callable[[str], float]


def _any(words: str) -> re.Pattern[str]:
    """Any of the words or patterns between bars, whole, in either case."""
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


def _longest_first(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
_MONTH = re.compile(r"\b(january|february|march|april|may|june|july|august|september|october|november|december)\s+\d", re.IGNORECASE)
_SPELT = {w: str(n) for n, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())} | {
    "once": "1", "twice": "2", "fifteen": "15", "twenty": "20", "thirty": "30", "half": "1/2", "third": "3", "quarter": "1/4",
}  # fmt: skip
_NEGATION = _any(r"not|no|never|none|nor|neither|nobody|nothing|without|cannot|unless|\w+n['’]t")
_STRENGTH = {
    "must": 3, "shall": 3, "required": 3, "requires": 3, "obliged": 3, "duty": 3, "mandatory": 3, "has to": 3, "have to": 3,
    "should": 2, "ought": 2, "need to": 2, "needs to": 2, "expected": 2,
    "may": 1, "might": 1, "can": 1, "could": 1, "optional": 1,
}  # fmt: skip
_DUTY = _any(_longest_first(_STRENGTH))
_LIMITS = _any(
    "only|all|every|always|(?<!before )any|each|both|unless|except(?:ed)?|until|at least|at most|no more than|first|before|after|"
    "immediately|most|more|less|few|fewer|many|some|rarely|seldom|often|sometimes|usually|mostly|almost|nearly"
)
_SAME_LIMIT = {"every": "all", "each": "all", "both": "all", "excepted": "except", "unless": "except", "before": "first", "fewer": "less"}
_MUST = _any("must|shall")
AGENCIES = {
    "police": r"police|constabulary|garda[ií]?|officers?|chief constable",
    "health": r"health|nhs|gps?|hospitals?|nurses?|icbs?|integrated care boards?|health visitors?|midwi\w+|camhs|clinicians?|paediatric\w*",
    "schools": r"schools?|education|teachers?|heads?|colleges?|academ\w+",
    "social care": r"social (?:care|work|workers?|services)|council|local authorit\w+|children['’]s services|tusla",
    "housing": r"housing|landlords?|homeless\w*",
    "voluntary": r"voluntary|charit\w+|third sector|community (?:groups?|organisations?)",
    "probation": r"probation|youth justice|youth offending|yots?",
    "courts": r"courts?|cafcass|judges?",
    "chair": r"chairs?|chairperson|chairman",
    "scrutineer": r"scrutin\w+",
    "manager": r"business managers?|managers?",
    "parents": r"parents?|mothers?|fathers?|famil\w+|carers?",
    "child": r"child|children|young p\w+",
}
_AGENCY = {name: _any(p) for name, p in AGENCIES.items()}
_NATION = _any(
    r"england|english|scotland|scottish|wales|welsh|northern ireland|ireland|irish|united states|american|australia\w*|"
    r"new zealand|victoria\w*|uk|united kingdom"
)
_TOKEN = re.compile(r"\d+[a-z]?\b|[a-z]+(?:'t)?")
# What holds only then, only so far, or only as we remember it: each kind is kept.
_CONDITIONS = (
    re.compile(
        r"\b(?:if|unless|except|until|provided that|as long as|only (?:when|where))\b|(?:^|[,;:.]\s+)(?:when|where|once)\b", re.IGNORECASE
    ),
    _any(r"unless|except\w*|apart from|other than|exclud\w+"),
    _any(r"recall\w*|not (?:been )?(?:read|seen)"),
)
_WHENEVER = _any("when|where|once|in case")
# "Fails to", "hides", "believes that": what follows is not so, or not known to be.
_DENIES = _any(
    r"avoid\w*|stop\w*|fail\w*|refus\w+|lacks?|lacking|los(?:e[sr]?|ing|t)|hid(?:e[s]?|ing|den)|prevent\w*|delay\w*|weaken\w*|believ\w+|"
    r"claim\w*|fear\w*|pretend\w*|hard(?:ly)?|difficult\w*|barely|instead|rather than|against|mistake\w*|myth\w*|wrong\w*|den(?:y|ies|ied)|"
    r"reject\w*|withh[eo]ld\w*|block\w*|ignor\w+|oppos\w+|too|unable|unlikely|harm\w*|damag\w+|less|fewer|doubt\w*|missed|miss(?:es|ing)"
)
_CLAUSE = re.compile(r"[,;:.]|\b(?:because|so|if|unless|when|where|while|since|although|though|once|until|but)\b", re.IGNORECASE)
_BECAUSE = re.compile(r"\b(?:because|since)\b|,\s+as\b", re.IGNORECASE)
_HENCE = _any("so|therefore|thus|hence")
_LINKED = re.compile(r"[;:]|\b(?:as|for|that|which|when|where|if|by|through|means?)\b", re.IGNORECASE)
# Before a span that is cut out, these would turn it: a possibility, a condition, a rare case.
_TURNS = _any(r"may|might|can|could|should|must|when|where|whether|few|rarely|seldom|think\w*|only")
_QUALIFIER = _any(
    "less|more|fewer|few|some|most|many|rarely|seldom|often|sometimes|nearly|almost|mostly|usually|only|partly|largely|up to|"
    "at least|at most|about|around|perhaps|likely"
)
_WHOLE = frozenset(("all", "every", "most"))
_RELATION = _any("before|after|with|without|under|over|above|below|rather than|instead of|all|every|most")
_FORCE = _any(_longest_first(w for w in (*_STRENGTH, "will") if w not in ("duty", "optional")))
_FUNCTION = frozenset(
    "a an the this that these those it its they them their there he she his her you your we our us i who whom which what where "
    "when why how whose is are was were be been being am do does did done doing have has had having of in on at by for with from "
    "to into onto as and or but nor so if than then also both either such own same other one ones up out over under about "
    "across through within between among during while because since although though yet still just very too each every all any "
    "some no not never none nobody nothing without cannot unless neither may might can could shall should must will would ought "
    "itself themselves yourself ourselves "
    "need needs needed has only first before after until except always immediately most more less few fewer many much rarely "
    "seldom often sometimes nearly almost mostly usually s t isn't aren't doesn't don't can't won't get gets ".split()
)
_PASSIVE = re.compile(r"(.+?)\b(?:is|are|was|were|be|been)\s+((?:\w+ly\s+)?\w+\b.*?)\bby\b(.+)", re.IGNORECASE)
_GIVEN = re.compile(r"\b(\w+) to (?:the|an?|its|their)\s+(\w+)", re.IGNORECASE)
# Words that may stand anywhere in their clause: how and when something is done, and what "is done".
_MOVABLE = re.compile(
    r"\b(?:\w+ly|meanwhile|together|aside|today|tomorrow|now|soon|again|alone|later|early)\b|(?<=\bis )\w+|(?<=\bare )\w+|(?<=\bbe )\w+|"
    r"(?<=\bwas )\w+|(?<=\bwere )\w+|(?<=\bbeen )\w+",
    re.IGNORECASE,
)
_SNOWBALL = Stemmer.Stemmer("english")
# Words a faithful rewording brings along; none of them says anything by itself. Adjectives, people, time, cause and what
# somebody only wants or tries would.
_NEUTRAL = frozenset(
    map(
        _SNOWBALL.stemWord,
        "say set ask choose pick use make mean include hold list call give cover describe show tell read begin start find see body thing "
        "way part people person agency beware remember put take go come write work happen matter involve relate apply concern exist "
        "bring stand sit rest base serve treat deal handle carry run place leave stay lie case point fact kind sort type form side sense "
        "area issue topic item detail example instance subject term word statement information material something process step approach "
        "method moment task job effort activity role own itself along around toward upon via including regarding particular".split(),
    )
)
_WHO = frozenset("agenc bodi peopl person".split())
_OPPOSED = [
    set(pair.split())
    for pair in "ask tell; ask say; ask give; give take; give hold; put take; come go; go stay; write read; "
    "leav stay; leav come; leav hold; leav take; leav begin".split("; ")
]
# Forms a stemmer cannot fold: the word as it is listed, then its forms.
_IRREGULAR = {
    form: _SNOWBALL.stemWord(word)
    for word, *forms in map(
        str.split,
        "become became; begin began begun; break broke broken; bring brought; build built; child children; choose chose chosen; come "
        "came; deal dealt; draw drew drawn; fall fell fallen; feel felt; find found; give gave given; go goes went gone; grow grew "
        "grown; hear heard; hide hid hidden; hold held; keep kept; know knew known; lead led; leave left; lose lost; make made; man "
        "men; mean meant; meet met; oversee oversaw overseen; pay paid; rise rose risen; run ran; say said; see saw seen; seek "
        "sought; send sent; show shown; speak spoke spoken; spend spent; stand stood; take took taken; teach taught; tell told; think "
        "thought; understand understood; undertake undertook undertaken; win won; withdraw withdrew withdrawn; withhold withheld; "
        "woman women; write wrote written".split("; "),
    )
    for form in forms
}
# Words that say the same in any sentence of guidance, with all words of their stem; the first stands for the others.
_SAME = {
    _SNOWBALL.stemWord(word): _SNOWBALL.stemWord(first)
    for first, *others in map(
        str.split,
        "begin start commence; choose pick select; set fix; use utilise; give provide supply; allow permit; forbid prohibit; change alter "
        "amend; keep retain; find discover; check verify; help assist aid; hide conceal; happen occur; end finish; buy purchase; mend "
        "repair; show demonstrate; enough sufficient; large big; quick fast swift rapid; vital essential crucial; whole entire; part "
        "portion; later afterwards; annual yearly; amount quantity; staff personnel workforce; error mistake; evidence proof".split("; "),
    )
    for word in others
}
# Set on labelled pairs (evals/cases/check): below it, a statement says more than its passages.
COVERAGE = 0.75


def normal(text: str) -> str:
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"').replace("–", "-").replace("—", "-")
    return _SPACE.sub(" ", text).strip().casefold()


@dataclass(frozen=True)
class Verdict:
    support: Support | None  # None: dropped
    why: str = ""
    rests_on: tuple[str, ...] = field(default=())  # ids of the passages that bear it


def _figures(text: str) -> set[str]:
    """Numbers in figures or words, and the months of dates."""
    found = {n.replace(",", "").rstrip(".") for n in _NUMBER.findall(text)}
    spelt = {_SPELT[w] for w in re.findall(r"[a-z]+", text.lower()) if w in _SPELT}
    return found | spelt | {m.lower() for m in _MONTH.findall(text)}


def _duty(text: str) -> int:
    return max((_STRENGTH[m.group().lower()] for m in _DUTY.finditer(text)), default=0)


def _agencies(text: str) -> set[str]:
    return {name for name, p in _AGENCY.items() if p.search(text)}


def coverage(statement: str, evidence: str, rarity: Rarity) -> float:
    """Share of the statement's words of weight, by rarity, that the evidence holds: 0..1. `rarity` is given a stem."""
    held, asked = set(_content(evidence)), set(_content(statement))
    weights = {w: rarity(w) for w in asked}
    total = sum(weights.values())
    return sum(v for w, v in weights.items() if w in held) / total if total else 1.0


def check(statement: str, passages: Sequence[Passage], rarity: Rarity = lambda _: 1.0) -> Verdict:
    """How `statement` stands on `passages`; the verdict without support says which rule failed."""
    if not passages:
        return Verdict(None, "cites nothing")
    wanted = normal(statement).rstrip(".")
    if len(wanted) < 2:
        return Verdict(None, "says nothing")
    quoted = [p for p in passages if _holds(p, wanted)]
    if quoted:
        beyond = _beyond_statute(statement, quoted)
        return Verdict(None, beyond) if beyond else Verdict("quoted", rests_on=tuple(p.id for p in quoted))
    if len(_content(statement)) < 2:
        return Verdict(None, "says too little to be checked")
    evidence = " ".join(_nearest(statement, passages, rarity))
    # A statement may take its subject, or its nation, from the title its passage stands under.
    named = " ".join([evidence, *(f"{p.title} {p.heading}" for p in passages)])
    held = coverage(statement, named, rarity)
    if held < COVERAGE:
        return Verdict(None, f"says more than its passages ({held:.0%} of its rare words stand there)")
    reasons = (rule(statement, evidence) for rule in _RULES)
    reason = next(filter(None, reasons), "") or _nations(statement, named) or _new_words(statement, named)
    reason = reason or _beyond_statute(statement, passages)
    return Verdict(None, reason) if reason else Verdict("supported", rests_on=tuple(p.id for p in passages))


def brings_in(text: str, said: str) -> str:
    """What `text`, a question or a statement, has that stands nowhere in `said`; "" where it only words it otherwise."""
    rules = (_numbers, _named_agencies, _nations, _negations, _modals, _limits, _new_words)
    return next(filter(None, (rule(text, said) for rule in rules)), "")


def _holds(passage: Passage, wanted: str) -> bool:
    """Whether the words stand in one sentence or step of the passage, or run through its text."""
    parts = _parts_of(passage)
    if any(_within(wanted, normal(part)) for part in parts):
        return True
    # Across sentences only in whole sentences: the words before and after are then other sentences.
    return any(
        wanted == " ".join(normal(p) for p in parts[i:j]).rstrip(".")
        for i in range(len(parts))
        for j in range(i + 2, min(i + 5, len(parts)) + 1)
    ) or (not parts and _within(wanted, normal(passage.text)))


def _parts_of(passage: Passage) -> list[str]:
    return [s.text for s in passage.sentences] + [t for s in passage.steps for t in (s.action, s.owner, s.progress)]


def _within(wanted: str, text: str) -> bool:
    """On word boundaries, two words or the whole; and what is cut off does not turn the meaning: no "not" or "if" before it."""
    if wanted == text.rstrip("."):
        return True
    found = re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text) if " " in wanted else None
    if found is None:
        return False
    before, after = text[: found.start()], text[found.end() :]
    clause = re.split(r"[;:,.]", before)[-1]
    if re.match(r"\W*(?:not|never|no|only|rarely|seldom|where|when)\b", after):
        return False
    if any(kind.search(cut) for kind in _CONDITIONS for cut in (before, after)):
        return False
    return not (_TURNS.search(clause) or _DENIES.search(clause) or _NEGATION.search(clause))


def _nearest(statement: str, passages: Sequence[Passage], rarity: Rarity) -> list[str]:
    """The sentence of the passages that covers the statement's words best, and up to two that add three words or more.

    A sentence that would add a single word is left out: it is how a word of one sentence gets into the claim of another.
    """
    pool = [s.text for p in passages for s in p.sentences] + [f"{s.action} {s.owner} {s.progress}" for p in passages for s in p.steps]
    pool = pool or [p.text for p in passages]
    asked = set(_content(statement))
    chosen = [max(pool, key=lambda t: coverage(statement, t, rarity))]
    for _ in range(2):
        missing = asked - {w for t in chosen for w in _content(t)}
        best = max((t for t in pool if t not in chosen), key=lambda t: len(missing & set(_content(t))), default=None)
        if best is None or len(missing & set(_content(best))) < 3:
            break
        chosen.append(best)
    return chosen


def _beyond_statute(statement: str, passages: Sequence[Passage]) -> str:
    if _MUST.search(statement) and not any(p.status in ("statutory", "local") for p in passages):
        return "says must without a statutory source"
    return ""


def _numbers(statement: str, evidence: str) -> str:
    extra = _figures(statement) - _figures(evidence)
    return f"the number or date {sorted(extra)[0]} does not stand there" if extra else ""


def _negations(statement: str, evidence: str) -> str:
    """Each "not" stands before the same words in both: the count alone misses one moved, or one of another sentence."""
    said, there = _scopes(_NEGATION, statement), _scopes(_NEGATION, evidence)
    if len(said) > len(there):
        return "a negation was added or left out"
    denied, refused = {w for s in said for w in s}, {w for s in there for w in s}
    for scope in said:
        if scope and not refused & set(scope):
            return "a negation was added or left out"
    plain = set(_content(statement)) - denied
    for scope in there:
        if scope and scope[0] in plain:
            return "a negation was added or left out"
    return ""


def _modals(statement: str, evidence: str) -> str:
    said, there = _duty(statement), _duty(evidence)
    if said > max(there, 1):
        return "claims more duty than its passages"
    return "weakens a duty" if there == 3 and 0 < said < 3 else ""


def _named_agencies(statement: str, evidence: str) -> str:
    extra = _agencies(statement) - _agencies(evidence)
    return f"brings in {sorted(extra)[0]}" if extra else ""


def _nations(statement: str, evidence: str) -> str:
    extra = {m.lower() for m in _NATION.findall(statement)} - {m.lower() for m in _NATION.findall(evidence)}
    return f"brings in {sorted(extra)[0]}" if extra else ""


def _limits(statement: str, evidence: str) -> str:
    extra = _limiting(statement) - _limiting(evidence)
    return f"adds {sorted(extra)[0]!r}" if extra else ""


def _limiting(text: str) -> set[str]:
    return {_SAME_LIMIT.get(m.lower(), m.lower()) for m in _LIMITS.findall(text)}


def _scopes(mark: re.Pattern[str], text: str, reach: int = 3) -> list[list[str]]:
    """For each mark, the content words that follow it in its clause: what it says something about."""
    scopes = []
    for found in mark.finditer(text):
        clause = re.split(r"[,;:.]|\b(?:but|unless|if|when|because)\b", text[found.end() :], maxsplit=1)[0]
        before = re.split(r"[.;:]", text[: found.start()])[-1]
        looks_back = found.group().lower() in ("not", "never", "cannot", "nothing", "nobody", "none")  # "those that do not"
        scopes.append(_content(clause)[:reach] or (_content(before)[:-3:-1] if looks_back else []))
    return scopes


def _content(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, one for words that say the same."""
    words = (w for w in _TOKEN.findall(text.lower().replace("’", "'")) if w not in _FUNCTION)
    stems = (_IRREGULAR.get(w) or _SNOWBALL.stemWord(w) for w in words)
    return [_SAME.get(stem, stem) for stem in stems]


def _duties_where_they_stand(statement: str, evidence: str) -> str:
    """A "may", "should", "must" or "will" stands before the same verb in both, and with the same force."""
    for one, other in ((statement, evidence), (evidence, statement)):
        there, known = _forces(other), set(_content(other))
        for force, scope in _forces(one):
            if scope and scope[0] in known and not any(f == force and scope[0] in s for f, s in there):
                return "changes may, should, must or will"
    return ""


def _forces(text: str) -> list[tuple[int, list[str]]]:
    """The force of each modal, and the words of its clause up to the next one."""
    found = []
    for mark in _FORCE.finditer(text):
        clause = re.split(r"[,;:.]", text[mark.end() :], maxsplit=1)[0]
        following = _FORCE.search(clause)
        word = mark.group().lower()
        found.append((4 if word == "will" else _STRENGTH[word], _content(clause[: following.start()] if following else clause)))
    return found


def _qualifiers(statement: str, evidence: str) -> str:
    """ "Less urgent" never becomes "urgent", nor "not the only route" "not a route"."""
    kept, said = set(_content(statement)), set(re.findall(r"[a-z]+", statement.lower()))
    for found in _QUALIFIER.finditer(evidence):
        following = _content(re.split(r"[,;:.]", evidence[found.end() :], maxsplit=1)[0])[:1] or _content(evidence[: found.start()])[-1:]
        if following and following[0] in kept and found.group().lower().split()[0] not in said:
            return f"leaves out {found.group().lower()!r}"
    return ""


def _conditions(statement: str, evidence: str) -> str:
    """An "if", an "excepted" and an "as recalled" of the passage are kept."""
    first, *others = _CONDITIONS
    lost = first.search(evidence) and not (first.search(statement) or _WHENEVER.search(statement))
    return "leaves out a condition" if lost or any(k.search(evidence) and not k.search(statement) for k in others) else ""


def _denials(statement: str, evidence: str) -> str:
    """What the passage says fails, is hidden or is only believed is not said to be so."""
    said = {w for c in _CLAUSE.split(statement) if not _DENIES.search(c) and not _NEGATION.search(c) for w in _content(c)}
    for found in _DENIES.finditer(evidence):
        following = _content(_CLAUSE.split(evidence[found.end() :], maxsplit=1)[0])[:1]
        if said & set(following or _content(_CLAUSE.split(evidence[: found.start()])[-1])[-1:]):
            return f"leaves out {found.group().lower()!r}"
    return ""


def _reasons(statement: str, evidence: str) -> str:
    """No reason is added, and cause and consequence do not change places."""
    said, there = _causes(statement), _causes(evidence)
    if said is None:
        return ""
    if there is None:
        return "" if _LINKED.search(evidence) else "adds a reason"
    return "turns cause and consequence round" if said[0] and said[0][0] in set(there[1]) - set(there[0]) else ""


def _causes(text: str) -> tuple[list[str], list[str]] | None:
    """The words of weight of a cause and of what follows from it; None where the text gives no reason."""
    for mark, turned in ((_BECAUSE, False), (_HENCE, True)):
        if found := mark.search(text):
            before, after = text[: found.start()], text[found.end() :]
            if not before.strip() and "," in after:
                after, _, before = after.partition(",")
            return (_content(before), _content(after)) if turned else (_content(after), _content(before))
    return None


def _relations(statement: str, evidence: str) -> str:
    """What "before", "without" or "all" stands before in the statement, it stands before in the passage."""
    known, there = set(_content(evidence)), _objects(evidence)
    for relation, said in _objects(statement):
        if (
            not said
            or said[0] not in known
            or any(r == relation and words and (said[0] in words or words[0] in said) for r, words in there)
        ):
            continue
        if relation in _WHOLE or any(r == relation or said[0] == words[0] for r, words in there if words):
            return f"puts {relation!r} elsewhere"
    return ""


def _objects(text: str) -> list[tuple[str, list[str]]]:
    """Each relation with the words of weight that follow it."""
    found = []
    for mark in _RELATION.finditer(text):
        clause = re.split(r"[,;:.]", text[mark.end() :], maxsplit=1)[0]
        found.append((mark.group().lower(), _content(clause)[: 1 if mark.group().lower() in _WHOLE else 3]))
    return found


def _order(statement: str, evidence: str) -> str:
    """Who does what to whom: no word stands where another stood, and no two change places.

    Clauses may, and words that may stand anywhere.
    """
    fixed, there = _neighbours(_MOVABLE.sub(" ", statement)), _neighbours(evidence)
    said = fixed + _neighbours(statement)
    before, after = {(left, w) for left, w, _ in there}, {(w, right) for _, w, right in there}
    # Words that stand beside a neighbour they did not have, and whose that neighbour was.
    lefts = {(w, b) for left, w, _ in said if left and (left, w) not in before for x, b in before if x == left}
    rights = {(w, b) for _, w, right in said if right and (w, right) not in after for b, x in after if x == right}
    known = {w for _, w, _ in there}
    exchanged = any((b, w) in lefts | rights for w, b in lefts | rights)
    replaced = any(w in known for w, _ in lefts & rights)
    turned = any((right, w) in after for _, w, right in fixed if (w, right) not in after)
    return "turns round who does what" if exchanged or replaced or turned else ""


def _neighbours(text: str) -> list[tuple[str, str, str]]:
    """Each word of weight between the one before and the one after it in its clause; empty at the ends."""
    found: list[tuple[str, str, str]] = []
    for clause in _CLAUSE.split(text):
        words = ["", *_content(_straight(clause)), ""]
        found += zip(words, words[1:], words[2:], strict=False)
    return found


def _straight(clause: str) -> str:
    """ "B is done by A" as "A does B", and "sends B to A" as "sends A B"."""
    found = _PASSIVE.match(clause)
    return _GIVEN.sub(r"\2 \1", "{2} {1} {0}".format(*found.groups()) if found else clause)


def _new_words(statement: str, evidence: str) -> str:
    """No word that carries meaning is new, save neutral verbs of saying, having and choosing."""
    held = _NEUTRAL | set(_content(evidence))
    extra = [w for w in _content(statement) if w not in held and not w.isdigit()]
    return f"brings in {extra[0]!r}" if extra else ""


def _exchanges(statement: str, evidence: str) -> str:
    """A word that says nothing by itself may be new, but stands where no other word stood: "hold the file" for "share the file"."""
    said, there, known = _neighbours(statement), _neighbours(evidence), set(_content(evidence))
    for left, new, right in said:
        if new in known:
            continue
        for old in (w for before, w, after in there if (before, after) == (left, right) and (left, w, right) not in said):
            if old not in _NEUTRAL or {old, new} in _OPPOSED or (old in _WHO) != (new in _WHO):
                return f"puts {new!r} for {old!r}"
    return ""


_RULES = (
    _numbers, _modals, _negations, _named_agencies, _limits, _duties_where_they_stand, _qualifiers, _conditions, _denials, _relations,
    _reasons, _order, _exchanges,
)  # fmt: skip


def best_quote(text: str, passage: Passage, rarity: Rarity = lambda _: 1.0) -> str:
    """The sentence of the passage that `text` rests on, by words: what the page shows highlighted."""
    wanted = normal(text).rstrip(".")
    parts = [s.text for s in passage.sentences] + [s.action for s in passage.steps] or [passage.text]
    exact = next((p for p in parts if _within(wanted, normal(p))), None)
    return exact or max(parts, key=lambda p: coverage(text, p, rarity))
