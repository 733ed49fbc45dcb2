"""H3, H4, H5: what a hypothesis could say better; these inform and never refuse."""

from __future__ import annotations

import re

from gitexp.rules.finding import Finding
from gitexp.rules.gate.hypothesis.pointing import point_at, spell_metric
from gitexp.rules.gate.hypothesis.reading import Reading, phrases_of, words_of
from gitexp.rules.gate.hypothesis.reason import Reason, claim_end
from gitexp.rules.gate.hypothesis.vocabulary import COMPARED, FINITE, is_act, is_move, names_metric

# Two letters beyond Latin and Greek (whose single letters are mathematics) are a word of a language
# that the lists below do not know; so are these words, which English does not have.
NOT_ENGLISH = (
    r"[^\W\d_\u0000-\u024f\u0370-\u03ff\u1e00-\u1eff]{2}|[\u0370-\u03ff]{2}"
    r"|\b(?:das|der|die|und|ist|mit|eine?|auf|le|la|les|une|dans|est|avec|que|el|los|una|para|con"
    r"|não|uma|il|che|della|de|het|een|van|och|att|nie|jest)\b"
)


def find_bare_label(reading: Reading, reason: Reason | None, metric: str) -> Finding | None:
    """H3: find a text that names the change and has no verb that says what it will do."""
    # Twelve words surely hold a verb, whether the lists know it or not.
    words = re.findall(r"\S*\w\S*", reading.plain[:500])[:12]
    parts = re.findall(r"[^\W_]+", " ".join(words))
    moves = any(map(is_move, parts))
    acts = any(
        word in FINITE or word.endswith(("ed", "izes", "ises", "ifies")) or is_act(word)
        for word in parts
    )
    if len(words) >= (3 if moves else 5) and (moves or acts or len(words) == 12):
        return None
    at = claim_end(reading, reason)
    missing = f"‹raises|lowers {spell_metric(metric)}{'' if reason else ' because …'}›"
    return Finding(
        "H3",
        "this names the change but does not say what it will do\n"
        + point_at(reading, at, at, missing),
        "say what you expect to happen; the diff already shows the change",
        advice=True,
    )


def find_unmeasurable(reading: Reading, reason: Reason | None, metric: str) -> Finding | None:
    """H4: find a claim without a metric, a comparison or a verb that gives a direction."""
    words = set(re.findall(r"[^\W_]+", reading.plain))
    if not COMPARED.isdisjoint(words) or any(map(is_move, words)):
        return None
    if names_metric(reading.plain, metric):
        return None
    at = claim_end(reading, reason)
    return Finding(
        "H4",
        "this names neither a metric nor a direction, so no number can prove it wrong\n"
        + point_at(reading, at, at, f"‹raises|lowers {spell_metric(metric)}›"),
        "say which number should change, and in which direction",
        advice=True,
    )


_HYPE = phrases_of(
    r"state[ -]of[ -]the[ -]art|sota|(?:cutting|bleeding)[ -]edge|next[ -]gen\w*|game[ -]changer",
    "(?:new|newest|recent|latest) (?:papers?|thing|models?|architecture|method|technique|trend"
    "|research|version|optimi[sz]er|work)|latest and greatest",
    "(?:is|are|'s|so|very|most) (?:the )?(?:latest|newest|popular|modern|trendy|novel|hot|cool|hip"
    "|famous|fashionable)",
    "(?:every(?:one|body)|the cool kids|people|others|they|google|openai|deepmind|meta|kagglers)"
    r" (?:(?:is|are|now|else) ){0,2}(?:us|say|said|lik|lov|recommend|do|switch|talk|rav|claim)\w*",
    "i (?:read|heard)|on (?:twitter|reddit|youtube|x|hacker news)|(?:a|the) blog(?: ?post)?",
    "hyped?|trending|viral|revolutionary|breakthrough|best practice|industry standard",
    "leaderboards?",
)
_FILLERS = words_of("""
    it is s are was be been has have had the a an of in on at by from to this that these those and
    or with for as its their our we i you they which who all most now today nowadays very so just
    really well good great best better new one ones says said shows showed claims recommends
    reports use uses used using model models architecture architectures method methods approach
    technique paper papers work works worked world results result people everyone there out thing
    things today do does about x field community industry year
""")


def find_hype(reading: Reading, reason: Reason | None, metric: str) -> Finding | None:
    """H5: find a reason that says only that others use or praise the method."""
    if not reason or not reason.complete or not reason.leads:
        return None
    # An explanation takes more words than hype does, so a longer text is never read as hype.
    said = reading.plain[reason.end : reason.end + 301]
    if not re.search(r"\w", reading.plain[max(0, reason.start - 300) : reason.start]):
        said = said.partition(",")[0]
    found = re.search(rf"\b(?:{_HYPE})\b", said)
    if not found or len(said) > 300:
        return None
    rest = re.sub(rf"\b(?:{_HYPE})\b", " ", said)
    if names_metric(rest, metric) or re.search(r"\d\.\d|\d\s*%", said):
        return None
    if len([word for word in re.findall(r"[^\W_]+", rest) if word not in _FILLERS]) > 2:
        return None
    return Finding(
        "H5",
        "popularity is not a reason: say what you saw in your own baseline\n"
        + point_at(reading, reason.end + found.start(), reason.end + found.end()),
        "name what goes wrong in your baseline, and how often",
        advice=True,
    )
