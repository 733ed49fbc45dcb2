"""H2: a hypothesis gives its reason, in English or in any of some thirty other languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.finding import Finding
from gitexp.rules.gate.hypothesis.pointing import (
    TEMPLATE,
    cells_of,
    cut_cells,
    first_sentence,
    point_at,
)
from gitexp.rules.gate.hypothesis.reading import phrases_of

if TYPE_CHECKING:
    from gitexp.rules.gate.hypothesis.reading import Reading


class Reason(NamedTuple):
    """Where a reason word is; `complete` if the words that its language expects are beside it."""

    start: int
    end: int
    english: bool
    leads: bool  # it comes before the reason, not between reason and claim or after it
    complete: bool


_START, _END = r"(?=\w)(?<!\w)(?<!\w-)", r"(?!\w|-\w|[\"”»])"
# "since 2020" and "since v2" give a date; with a verb after it ("since v2 lacks it"), a reason.
_DATE = (
    r"(?:then|yesterday|last\s+\w+|(?:19|20)\d\d[\d-]*|v\d[\w.]*|\d+\.\d+\.\d+|\w+day"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ch|il|e|y|ust|ember|tember|ober)?"
    r"|(?:epoch|step|version|commit|release)\s+[\w.]*\d|the\s+(?:start|beginning|last\s+(?:week"
    r"|month|year|release|commit|run|time)))\b"
    r"(?!\s+(?!(?:in|on|at|for|with|to|by|and|or|but|from|when)\b)(?:\w+\s+){0,3}?"
    r"(?:is|are|was|were|has|have|had|does|do|did|can|will|\w{2,40}(?:ed|s))\b)"
)
# Only at the start of a clause: elsewhere "as" compares, or names a role.
_AS = (
    r"(?=as\s)(?<!\S)(?<![^.,;:!?(—–]\s)as\s+"
    r"(?!(?:a|an|soon|long|far|much|many|well|if|of|in|for|to|with)\b)"
    r"(?:(?:the|it|they|there|this|these|those|its|our|their|most|many|all|both|every)(?=\s)"
    r"|(?=(?:[\w%-]+\s+){1,4}?(?:is|are|was|were|has|have|had|does|do|can|cannot|will)\b))"
)
_WORDS_AHEAD = (
    rf"{_START}(?:"
    + phrases_of(
        r"because(?: of\b)?+",
        rf"(?<!ever\s)since(?! {_DATE})",
        "b/c",
        "due to",
        "owing to",
        "thanks to",
        "given (?:that|how)",
        "on account of",
        "by virtue of",
        "in (?:view|light) of",
        "seeing (?:that|as|how)",
        "now that",
        "inasmuch as",
        "as a (?:result|consequence) of",
        "for the (?:simple )?reason that",
        r"the reason (?:is|being)(?: that\b)?+",
        r"the reason\b[^.!?\n]{1,150}?\bis(?: that\b)?+",
        "on the grounds? that",
        "(?:caused|driven|explained) by",
    )
    + rf"){_END}|{_START}(?:reason|rationale|mechanism|why)\s?:|{_AS}"
)
_WORDS_AROUND = (
    rf"{_START}(?:"
    + phrases_of(
        r"(?<=[.,;:—–]\s)so(?! (?:that|far|much|many|as|on|forth|called|long)\b)",
        "therefore|hence|thus|consequently",
        "(?:that|this|which)(?:'s| is) why",
    )
    + rf"){_END}"
)
# Short words that mean something else in another language (da, denn, car, bo, want) count only
# after the comma, or before the article, that their own language puts there.
_FOREIGN_AHEAD = (
    rf"{_START}(?:"
    + phrases_of(
        r"weil|aufgrund|wegen|dank|(?<=,\s)(?:da|denn)|da(?= (?:das|die|der|es|wir|eine?)\b)",
        "porque|ya que|puesto que|debido al?|dado que|gracias al?|a causa del?",
        r"(?<=,\s)pues",
        r"j[áa] que|uma vez que|devido (?:ao?s?|às?)|visto que|graças (?:ao?|à)",
        r"(?<=,\s)pois(?= (?:o|a|os|as|um|uma|não)\b)",
        "parce que|puisque|grâce (?:à|aux?)|étant donné|en raison d(?:e|u|es)|à cause d(?:e|u|es)",
        r"vu que|car(?= (?:les?|la|il|elle|ce|cela|une?|nous|notre|sa|ses|leur)\b)",
        "(?:perch|poich|giacch)(?:é|è|e'?)|dato che|siccome|grazie a[il]?|a causa d[ei]l?",
        "omdat|aangezien|doordat|vanwege|dankzij",
        r"(?<=,\s)want(?= (?:de|het|er|een|we|dit|dat|ze)\b)",
        "eftersom|fordi|därför att|på (?:grund|grunn) a[vf]|tack vare|takket være|koska",
        r"protože|kvůli|pretože|mert|mivel|çünkü|deoarece|pentru că|fiindcă|datorită|jer|karena",
        r"ponieważ|gdyż|dlatego że|z powodu|dzięki|(?<=,\s)(?:bo|бо)",
        "потому что|так как|поскольку|из-за|благодаря|ибо|ввиду|тому що|оскільки|защото|понеже|јер",
        "επειδή|διότι|λόγω|γιατί|bởi|vì|nhờ|क्योंकि|चूँकि|زیرا|چون|به دلیل|כי|בגלל",
    )
    + rf"){_END}|{_START}(?:"
    + phrases_of("parce qu'|puisqu'|car [lc]'|و?لأن|و?لان|بسبب|מכיוון ש|כיוון ש|משום ש")
    + r")|因为|因為|由于|由於|鉴于|鑑於|なぜなら|というのも|왜냐하면|เพราะ|เนื่องจาก"
)
_FOREIGN_AROUND = (
    rf"{_START}(?:"
    + phrases_of("deshalb|daher|deswegen|darum|por eso|por lo tanto|donc|quindi|perciò|portanto")
    + rf"|więc|поэтому|därför){_END}|所以|因此|だから|したがって|그래서|따라서|그러므로"
)
# から alone also means "from" and ため "in order to": the verb form before them decides.
_FOREIGN_BEHIND = (
    r"ので|(?:だ|です|ます|る|い|た|う)から|(?:である|ている|ない|った|した|いた)ため"
    r"|때문|므로|(?:으|하|되|이)니까|덕분|के\s+कारण|की\s+वजह"
    rf"|{_START}(?:nedeniyle|sayesinde|yüzünden|olduğundan)(?!\w)"
)
# From a reason word to the next word, not past the end of the sentence or paragraph.
_WORD_AHEAD = (
    r"(?:[^\w.!?。！？\n]|_|\.\.+|\.(?=\d)|\n(?![ \t]*+(?:\n|\Z)))*+"
    r"(?!(?:todo|tbd|fixme)\b)[^\W_]"
)


def find_reason(reading: Reading) -> Reason | None:
    """Find the first complete reason, else the first incomplete one."""
    plain = reading.plain
    word_ahead = re.compile(_WORD_AHEAD)
    first_word = re.search(r"[^\W_]", plain)
    begin = first_word.start() if first_word else len(plain)
    shouted = reading.shown.isupper()
    incomplete = None
    for pattern, english, behind, ahead in (
        (_WORDS_AHEAD, True, False, True),
        (_WORDS_AROUND, True, True, True),
        (_FOREIGN_AHEAD, False, False, True),
        (_FOREIGN_AROUND, False, True, True),
        (_FOREIGN_BEHIND, False, True, False),
    ):
        for found in re.finditer(pattern, plain):
            start, end = found.span()
            # BO is Bayesian optimisation, DA domain adaptation: capitals make a name.
            if end - start <= 3 and not shouted and reading.shown[start:end].isupper():
                continue
            if (not behind or begin < start) and (not ahead or word_ahead.match(plain, end)):
                return Reason(start, end, english, ahead and not behind, complete=True)
            if incomplete is None and not behind:
                incomplete = Reason(start, end, english, leads=True, complete=False)
    return incomplete


def claim_end(reading: Reading, reason: Reason | None) -> int:
    """Return where the claim ends: before the reason, or at the end of the first sentence."""
    start, end = first_sentence(reading)
    if reason and reason.leads and reason.start < end:
        return reason.start if re.search(r"\w", reading.plain[start : reason.start]) else end
    return end


def find_missing_reason(reading: Reading, reason: Reason | None) -> Finding | None:
    """H2: refuse a text without a reason, or with a reason word that nothing follows."""
    if reason and reason.complete:
        return None
    if reason:
        said = "".join(cut_cells(cells_of(reading.shown[reason.start : reason.end]), 24))
        message = f'nothing follows "{said}": the reason itself is missing'
        shown = point_at(reading, reason.end, reason.end, "‹…›", tail=False)
    else:
        message = "the reason is missing: a hypothesis says why the change should work"
        end = first_sentence(reading)[1]
        shown = point_at(reading, end, end, "‹because …›", tail=False)
    return Finding("H2", f"{message}\n{shown}", f'say why: "{TEMPLATE}"')
