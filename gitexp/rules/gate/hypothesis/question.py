"""H1: a hypothesis is a statement; a question cannot be confirmed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitexp.rules.finding import Finding
from gitexp.rules.gate.hypothesis.pointing import TEMPLATE, point_at, visible_character, width_of
from gitexp.rules.gate.hypothesis.reading import Reading, words_of
from gitexp.rules.gate.hypothesis.vocabulary import BASE_VERBS, FINITE, is_move

if TYPE_CHECKING:
    from gitexp.rules.gate.hypothesis.reason import Reason

# `a?b`, `lr=?`, `(?)`, `part-??.csv` and "coded as ? in the file" ask nothing.
_MARK = (
    r"[？؟՞⁇⁈⁉‽፧]|(?:(?<=\s)|^)[(\[]*¿"
    r"|(?<![=\-/:(\[{,|&<>?])(?!(?<=\s)\?\s+[a-z\d])\?[?!.…]*+"
    r"(?=[)\]}\"'»”*_]*+(?:[\s,;]|$|[^\x00-\x7f]))"
)
_PREFIX = r"[^\w¿]*+(?:\w{1,20}(?:\(\w{0,20}\))?:\s+)?(?:(?:so|and|but|ok|well|hm+),?\s+)?"
_PERSON = r"(?:i|we|you|they)\b"
_SUBJECT = (
    r"(?:(?:i|we|you|he|she|it|they|there|the|an?|this|that|these|those|our|my|your|its|their|any"
    r"|every|each|all|some)\b(?!-)|[\w.]+=\S)"
)
# "Is better with C=10 because …" and "Does not overfit because …" leave their subject out.
_ELLIPSIS = (
    r"(?:not|no|never|also|already|only|still|now|better|worse|faster|slower|well|because)\b"
)
_BE = r"(?:is|are|was|were)"
_ASK = r"(?:does|do|did|will|would|can|could|should)"
_LET_US = r"(?:(?:let'?s|let\s+us|i|we|i'm|just|to|want|am|are|would|like)\s+){0,5}"
_FIND_OUT = (
    r"wonder(?:ing)?|see|check|test|find\s+out|investigate|explore|examine|verify|ask"
    r"|curious|unsure|not\s+sure"
)
_OPENING = "|".join(
    (
        rf"(?:does|did|is|are)\s+(?!{_ELLIPSIS})(?=\S)",
        rf"(?:was|were|has|will|would|can|could|should|may|might|shall|must)\s+(?={_SUBJECT})",
        rf"do(?:n't)?\s+(?={_PERSON})",
        rf"(?:isn|aren|wasn|weren|doesn|didn|won|wouldn|couldn|shouldn|hasn|can)'t\s+(?={_SUBJECT})",
        r"what\s+(?:if|about|happens\s+(?:if|when))\b|how\s+(?:about|come)\b|any\s+idea\b",
        rf"what\s+{_BE}\s+(?:the|an?|our|your|this|best)\b",
        rf"(?:what|when|where)\s+(?:{_ASK}|has|{_BE})\s+(?={_SUBJECT})",
        rf"(?:what|which|how\s+(?:much|many))(?:\s+\w+){{1,2}}\s+{_ASK}\s+(?={_SUBJECT})",
        rf"how\s+(?:(?:much|many|well|far|fast|often|long)\s+)?(?:{_ASK}|{_BE})\b",
        rf"why\s+(?:{_ASK}|{_BE}|not|bother|{_BE}n't|(?:do|does|did|wo|ca|could|would|should)n't)\b",
        r"which\s+(?:is|are|does|do|would|will|should)\b",
        rf"{_LET_US}(?:{_FIND_OUT})\s+(?:if|whether)\b(?!-)",
        r"est-ce\s+qu",
    )
)
_CLOSING_PARTICLE = r"(?:[吗嗎]|(?:です|ます|でしょう|だろう)か|(?:습|입)니까|까요)[。.!！\s]*+$"
# A question's subject contains none of these words before its verb.
_BREAKS = words_of("""
    and or to that which thus will would can so but because since as be have also not just even
    further still only then often
""")
_PREDICATES = words_of("""
    better worse enough needed useful helpful harmful necessary faster slower worth
""")


_INVERTING = words_of("do will would can could should may might must")


def find_question(reading: Reading, reason: Reason | None) -> Finding | None:
    """H1: find a question, by its mark, its opening words or its closing particle."""
    found = _locate_question(reading, reason)
    if found is None:
        return None
    start, end = found
    statement = _as_statement(reading, start, reason)
    return Finding(
        "H1",
        "this asks a question, and a hypothesis is a statement\n" + point_at(reading, start, end),
        f'state it: "{statement or TEMPLATE}"',
    )


def _locate_question(reading: Reading, reason: Reason | None) -> tuple[int, int] | None:
    """Return where the text asks: its question mark, else the words that open a question."""
    if mark := re.search(_MARK, reading.spoken):
        return mark.span()
    start, _ = _opening_words(reading)
    if opening := _question_opening(reading, reason):
        return start, start + len(opening)
    tail = max(0, len(reading.spoken) - 200)
    if particle := re.compile(_CLOSING_PARTICLE).search(reading.spoken, tail):
        return particle.span()
    return None


def _question_opening(reading: Reading, reason: Reason | None) -> str:
    start, head = _opening_words(reading)
    first, second = (*re.findall(r"\w\S*", reading.shown[start : start + 80])[:2], "", "")[:2]
    # "IS lifts FID because …", "CAN bus data …" and "DO (dissolved oxygen) …" are names.
    if first.isupper() and len(first) > 1 and not reading.shown.isupper():
        return ""
    # "Should the model underfit, …" and "Were …" are conditions.
    if first.lower() in {"should", "were"} and "," in head:
        return ""
    if opening := re.match(_OPENING, head):
        return opening[0].rstrip()
    word = first.lower()
    asks = word == "whether" and _is_bare_whether(head, reason, start)
    # "Will Smith photos …" is a name again.
    if word in _INVERTING and not second.istitle():
        verb = _inverted(head, BASE_VERBS)
        # "Can images reduce …" may speak of cans; "can dropout reduce …" cannot.
        plural = verb and re.search(r"s\s+$", head[: verb.start()])
        asks = bool(verb) and not (word == "can" and plural)
    return word if asks else ""


def _opening_words(reading: Reading) -> tuple[int, str]:
    """Return the text after bullets, emoji and labels such as "Hypothesis:", and its start."""
    prefix = re.match(_PREFIX, reading.spoken[:300])
    start = prefix.end() if prefix else 0
    return start, reading.spoken[start : start + 300]


def _inverted(head: str, among: frozenset[str]) -> re.Match[str] | None:
    """Find the word of `among` that follows an auxiliary and a subject of one to five words."""
    words = [*re.finditer(r"\w(?:[\w=.%'+-]*[\w%+])?|\S", head)]
    for place, word in enumerate(words[1:7]):
        if word[0] in among:
            return word if place else None
        if word[0] in _BREAKS or word[0].endswith("ly") or not re.match(r"\w", word[0]):
            return None
    return None


def _is_bare_whether(head: str, reason: Reason | None, start: int) -> bool:
    """Tell "whether C=10 lifts accuracy" from "whether a token is masked predicts the label".

    The first has one verb, a verb of change, so the clause is the whole sentence.
    """
    if re.match(r"whether\s+(?:to|or|i|we|you|it|they|one)\b", head):
        return reason is None
    clause = head[: max(0, reason.start - start)] if reason else head
    verbs = [word for word in re.findall(r"\w+", clause) if word in FINITE or is_move(word)]
    return reason is None or (len(verbs) == 1 and verbs[0] not in FINITE)


def _as_statement(reading: Reading, asked: int, reason: Reason | None) -> str:
    """Turn a plain yes-or-no question into a statement; empty if that would be guessing."""
    start, head = _opening_words(reading)
    first = re.match(rf"(?:{_ASK}|is|are)\b", head)
    end = re.search(r"[.?？!\n]\W|[.?？!]*$", head)
    if not first or not end or not start <= asked <= start + end.end() or first[0] == "did":
        return ""
    verb = _inverted(head, _PREDICATES if first[0] in {"is", "are"} else BASE_VERBS)
    if not verb or re.search(r"\bor\b", head[: end.start()]):
        return ""
    written = reading.shown[start : start + len(head)]
    subject, rest = (
        " ".join(written[slice(*bounds)].split())
        for bounds in ((first.end(), verb.start()), (verb.end(), end.start()))
    )
    said = {"does": _third_person(verb[0]), "do": verb[0]}.get(first[0], f"{first[0]} {verb[0]}")
    given = reason and reason.complete and reason.start < start + end.start()
    statement = f"{subject} {said} {rest}".rstrip() + ("" if given else " because …")
    statement = "".join(map(visible_character, statement))
    return statement if width_of(statement) <= len(TEMPLATE) else ""


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"
