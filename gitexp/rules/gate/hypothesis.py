"""The hypothesis linter: a statement with its reason passes, a question or a bare wish does not.

    H0  nothing was written                      refuses
    H1  a question                               refuses
    H2  no reason                                refuses
    H3  a mere label                             advises
    H4  neither a metric nor a direction         advises
    H5  fashion given as the only reason         advises
    H6  what a terminal obeys instead of showing refuses

It reads words, not meaning: whoever writes "because it is better" gets through. Where a text can be
read both ways the honest reading wins, since a refusal of an honest sentence teaches nothing.

Patterns are strings, compiled by `re` when a text first needs them: a hook imports this module on
every commit. Repetition in them is possessive or bounded, because a message may be a pasted log and
time must stay linear in its length.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from gitexp.rules.finding import Finding
from gitexp.rules.text import OBEYED

REASON_TEMPLATE = "<change> raises|lowers <metric> because <what you saw or know>"

_COLUMNS = 76  # an 80-column terminal, less what the view may indent by
_INDENT = "    "


def lint(text: str, metric: str = "") -> tuple[Finding, ...]:
    """Say what a hypothesis lacks, refusals first; empty where it lacks nothing.

    `metric` is the project's own, by whatever name: `val_acc`, `val-acc` and "val acc" are one.
    """
    reading = _read(text)
    if not any(c.isprintable() and not c.isspace() for c in reading.shown):
        return (Finding("H0", "the hypothesis is empty", f'write: "{REASON_TEMPLATE}"'),)
    reason = _find_reason(reading)
    question = _question(reading, reason)
    findings = [question, _missing_reason(reading, reason), _unshown(reading)]
    # Word lists know English. Of any other language they would complain without understanding.
    if (reason is None or reason.english) and not re.search(_NOT_ENGLISH, reading.plain):
        label = None if question else _mere_label(reading, reason, metric)
        findings += [label, _unmeasured(reading, reason, metric), _hype(reading, reason, metric)]
    return tuple(finding for finding in findings if finding)


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reading:
    """One text in three forms of equal length, so that a place in one is that place in all.

    `shown` is what was written; `plain` is folded to lower case with code, URLs and placeholders
    masked; `spoken` is `plain` without quoted passages, which say what others asked.
    """

    shown: str
    plain: str
    spoken: str


class _Folding(dict[int, str]):
    """Characters to their lower-case compatibility form, where that is one character as well."""

    def __missing__(self, code: int) -> str:
        form = unicodedata.normalize("NFKC", chr(code)).lower()
        # A full-width question mark asks even where no space follows; an ASCII one may be code.
        self[code] = form if len(form) == 1 and chr(code) != "？" else chr(code)
        return self[code]


_FOLDING = _Folding({0x2019: "'", 0x02BC: "'"})

# Within one paragraph, and never across another opening mark: N openings without an end would
# otherwise be N scans of the whole text.
_PASSAGE = r"{0}[^{0}{1}\n]*+(?:\n(?![ \t]*\n)[^{0}{1}\n]*+)*+{1}"
_CODE = (
    r"```[^`]*+```|"
    + _PASSAGE.format("`", "`")
    + r"|\b(?:https?|ftp|file)://[!-~]++|\bwww\.[!-~]++"
)
_PLACEHOLDER = r"<(?:change|metric|what\s+you\s+saw\s+or\s+know|reason|why|[^\w<>]{0,20})>"
_QUOTED = "|".join(_PASSAGE.format(*pair) for pair in ('""', "“”", "„“", "«»", "「」", "『』")) + (
    r"|(?<!\w)'[^'\n]*+'(?!\w)|‘[^‘'\n]*+'(?!\w)"
)


def _read(text: str) -> _Reading:
    shown = text.replace("\r\n", "\n").strip()
    # Normalizing sorts runs of combining marks, at quadratic cost: 5 s for 80,000 of them. No
    # orthography stacks forty; such a text is taken as it is.
    if not re.search(r"[^\w\s\x00-\x7f]{40}", shown):
        shown = unicodedata.normalize("NFC", shown)
    plain = re.sub(_CODE, _mask_word, shown.translate(_FOLDING))
    plain = re.sub(_PLACEHOLDER, lambda found: " " * len(found[0]), plain)
    spoken = re.sub(_QUOTED, _mask_word, plain)
    # A text that is one quotation as a whole is what its author says.
    if not re.search(r"[^\W_x]", spoken) and re.search(r"[^\W_x]", plain):
        spoken = plain
    return _Reading(shown, plain, spoken)


def _mask_word(found: re.Match[str]) -> str:
    return "x" * len(found[0])


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- H1: a question -----------------------------------------------------------------------------

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
# Not part of a subject: a question's subject runs on to its verb without any of these.
_BREAKS = _words("""
    and or to that which thus will would can so but because since as be have also not just even
    further still only then often
""")
_PREDICATES = _words("""
    better worse enough needed useful helpful harmful necessary faster slower worth
""")


_INVERTING = _words("do will would can could should may might must")


def _question(reading: _Reading, reason: _Reason | None) -> Finding | None:
    found = _asked(reading, reason)
    if found is None:
        return None
    start, end = found
    statement = _statement(reading, start, reason)
    return Finding(
        "H1",
        "a hypothesis is a statement, and this asks a question\n" + _point(reading, start, end),
        f'state it: "{statement or REASON_TEMPLATE}"',
    )


def _asked(reading: _Reading, reason: _Reason | None) -> tuple[int, int] | None:
    """Where the text asks: its question mark, else the words that open it as a question."""
    if mark := re.search(_MARK, reading.spoken):
        return mark.span()
    start, _ = _head(reading)
    if opening := _opens_as_question(reading, reason):
        return start, start + len(opening)
    tail = max(0, len(reading.spoken) - 200)
    if particle := re.compile(_CLOSING_PARTICLE).search(reading.spoken, tail):
        return particle.span()
    return None


def _opens_as_question(reading: _Reading, reason: _Reason | None) -> str:
    start, head = _head(reading)
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
    asks = word == "whether" and _only_asks(head, reason, start)
    # "Will Smith photos …" is a name again.
    if word in _INVERTING and not second.istitle():
        verb = _inverted(head, _BASE_VERBS)
        # "Can images reduce …" may speak of cans; "can dropout reduce …" cannot.
        plural = verb and re.search(r"s\s+$", head[: verb.start()])
        asks = bool(verb) and not (word == "can" and plural)
    return word if asks else ""


def _head(reading: _Reading) -> tuple[int, str]:
    """The text behind bullets, emoji and labels such as "Hypothesis:", and where it begins."""
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


def _only_asks(head: str, reason: _Reason | None, start: int) -> bool:
    """Tell "whether C=10 lifts accuracy" from "whether a token is masked predicts the label".

    The second has two verbs; only one, and one of effect, makes the clause all there is.
    """
    if re.match(r"whether\s+(?:to|or|i|we|you|it|they|one)\b", head):
        return reason is None
    clause = head[: max(0, reason.start - start)] if reason else head
    verbs = [word for word in re.findall(r"\w+", clause) if word in _FINITE or _is_move(word)]
    return reason is None or (len(verbs) == 1 and verbs[0] not in _FINITE)


def _statement(reading: _Reading, asked: int, reason: _Reason | None) -> str:
    """Turn a plain yes-or-no question into its statement; empty where that would be guessing."""
    start, head = _head(reading)
    first = re.match(rf"(?:{_ASK}|is|are)\b", head)
    end = re.search(r"[.?？!\n]\W|[.?？!]*$", head)
    if not first or not end or not start <= asked <= start + end.end() or first[0] == "did":
        return ""
    verb = _inverted(head, _PREDICATES if first[0] in {"is", "are"} else _BASE_VERBS)
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
    statement = "".join(map(_visible, statement))
    return statement if _width(statement) <= len(REASON_TEMPLATE) else ""


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


# --- H2: the reason -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reason:
    """Where a reason word stands; `complete` where words stand beside it as its language wants."""

    start: int
    end: int
    english: bool
    leads: bool  # it stands before the reason, not between reason and claim or behind it
    complete: bool


def _phrases(*phrases: str) -> str:
    return "|".join(phrases).replace(" ", r"\s+")


_START, _END = r"(?=\w)(?<!\w)(?<!\w-)", r"(?!\w|-\w|[\"”»])"
# "since 2020" and "since v2" tell a date; with a verb after it ("since v2 lacks dropout") a reason.
_DATE = (
    r"(?:then|yesterday|last\s+\w+|(?:19|20)\d\d[\d-]*|v\d[\w.]*|\d+\.\d+\.\d+|\w+day"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ch|il|e|y|ust|ember|tember|ober)?"
    r"|(?:epoch|step|version|commit|release)\s+[\w.]*\d|the\s+(?:start|beginning|last\s+(?:week"
    r"|month|year|release|commit|run|time)))\b"
    r"(?!\s+(?!(?:in|on|at|for|with|to|by|and|or|but|from|when)\b)(?:\w+\s+){0,3}?"
    r"(?:is|are|was|were|has|have|had|does|do|did|can|will|\w{2,40}(?:ed|s))\b)"
)
# At the head of a clause only: elsewhere "as" compares or names a role.
_AS = (
    r"(?=as\s)(?<!\S)(?<![^.,;:!?(—–]\s)as\s+"
    r"(?!(?:a|an|soon|long|far|much|many|well|if|of|in|for|to|with)\b)"
    r"(?:(?:the|it|they|there|this|these|those|its|our|their|most|many|all|both|every)(?=\s)"
    r"|(?=(?:[\w%-]+\s+){1,4}?(?:is|are|was|were|has|have|had|does|do|can|cannot|will)\b))"
)
_WORDS_AHEAD = (
    rf"{_START}(?:"
    + _phrases(
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
    + _phrases(
        r"(?<=[.,;:—–]\s)so(?! (?:that|far|much|many|as|on|forth|called|long)\b)",
        "therefore|hence|thus|consequently",
        "(?:that|this|which)(?:'s| is) why",
    )
    + rf"){_END}"
)
# Short words that mean something else in another language (da, denn, car, bo, want) count only
# behind the comma, or before the article, that their own language puts there.
_FOREIGN_AHEAD = (
    rf"{_START}(?:"
    + _phrases(
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
    + _phrases("parce qu'|puisqu'|car [lc]'|و?لأن|و?لان|بسبب|מכיוון ש|כיוון ש|משום ש")
    + r")|因为|因為|由于|由於|鉴于|鑑於|なぜなら|というのも|왜냐하면|เพราะ|เนื่องจาก"
)
_FOREIGN_AROUND = (
    rf"{_START}(?:"
    + _phrases("deshalb|daher|deswegen|darum|por eso|por lo tanto|donc|quindi|perciò|portanto")
    + rf"|więc|поэтому|därför){_END}|所以|因此|だから|したがって|그래서|따라서|그러므로"
)
# から alone also means "from" and ため "in order to": the verb form before them decides.
_FOREIGN_BEHIND = (
    r"ので|(?:だ|です|ます|る|い|た|う)から|(?:である|ている|ない|った|した|いた)ため"
    r"|때문|므로|(?:으|하|되|이)니까|덕분|के\s+कारण|की\s+वजह"
    rf"|{_START}(?:nedeniyle|sayesinde|yüzünden|olduğundan)(?!\w)"
)
# On to the next word, but not past the end of the sentence or paragraph; "because … it" goes on.
_WORD_AHEAD = (
    r"(?:[^\w.!?。！？\n]|_|\.\.+|\.(?=\d)|\n(?![ \t]*+(?:\n|\Z)))*+"
    r"(?!(?:todo|tbd|fixme)\b)[^\W_]"
)


def _find_reason(reading: _Reading) -> _Reason | None:
    """Find the first reason that is complete, else the first that is not."""
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
                return _Reason(start, end, english, ahead and not behind, complete=True)
            if incomplete is None and not behind:
                incomplete = _Reason(start, end, english, leads=True, complete=False)
    return incomplete


def _missing_reason(reading: _Reading, reason: _Reason | None) -> Finding | None:
    if reason and reason.complete:
        return None
    if reason:
        said = "".join(_cut(_cells(reading.shown[reason.start : reason.end]), 24))
        message = f'nothing follows "{said}": the reason itself is missing'
        shown = _point(reading, reason.end, reason.end, "‹…›", tail=False)
    else:
        message = "the reason is missing: a hypothesis says why the change should work"
        end = _claim(reading)[1]
        shown = _point(reading, end, end, "‹because …›", tail=False)
    return Finding("H2", f"{message}\n{shown}", f'say why: "{REASON_TEMPLATE}"')


# --- H6: what a terminal obeys ------------------------------------------------------------------


def _unshown(reading: _Reading) -> Finding | None:
    found = re.search(OBEYED, reading.shown)
    if found is None:
        return None
    return Finding(
        "H6",
        "a hypothesis holds nothing that a terminal obeys instead of showing it\n"
        + _point(reading, found.start(), found.end()),
        "take it out: it could hide or turn around what others read",
    )


# --- H3, H4, H5: advice -------------------------------------------------------------------------

# Two letters beyond Latin and Greek (whose single letters are mathematics) are a word of a language
# that the lists below do not know; so are these words, which English does not have.
_NOT_ENGLISH = (
    r"[^\W\d_\u0000-\u024f\u0370-\u03ff\u1e00-\u1eff]{2}|[\u0370-\u03ff]{2}"
    r"|\b(?:das|der|die|und|ist|mit|eine?|auf|le|la|les|une|dans|est|avec|que|el|los|una|para|con"
    r"|não|uma|il|che|della|de|het|een|van|och|att|nie|jest)\b"
)
_MOVES = _words("""
    raise lift lower improve reduce increase decrease boost hurt cut drop shrink grow rise fall
    gain lose beat outperform speed slow halve double degrade harm worsen narrow widen push lessen
    diminish enhance elevate minimise minimize maximise maximize tighten exceed surpass fell rose
    grew lost shrank
""")
_ACTS = _words("""
    help matter work make give learn need keep let lead cause generalise generalize converge
    transfer scale overfit underfit use try add remove replace show see find know
    get go allow prevent stop start stay become carry hold miss lack suffer depend explain predict
    separate stabilise stabilize regularise regularize smooth act mean think expect believe fit
    win leak saturate dominate encode capture share ignore confuse discard preserve bring take
    vanish explode contain differ vary agree benefit match solve fix avoid hide cost last run
    happen memorise memorize forget recover restore exist remain seem appear come tend fail
""")
_BASE_VERBS = _MOVES | _ACTS
_FINITE = _words("""
    is are was were be been has have had does do did will would can could may might must should
    cannot isn aren doesn don won it they we i you he she there got
    went led made gave took found saw knew kept held won
""")
_COMPARED = _words("better worse faster slower fewer")
_METRICS = _words("""
    accuracy acc error errors loss losses precision recall specificity sensitivity ap f1 auc auroc
    auprc roc perplexity ppl bleu rouge chrf meteor wer cer mse rmse mae mape r2 ndcg map mrr iou
    miou dice fid psnr ssim lpips latency throughput reward return returns regret likelihood nll
    elbo ece brier kappa mcc logloss bpc bpb correlation spearman pearson score scores hits
    coverage ctr lddt rmsd pesq stoi mos eer gap variance bias calibration memory runtime flops
    seconds crps pinball
""")


def _bases(word: str) -> tuple[str, ...]:
    """What a finite verb may be a form of: `raises` raise, `dropped` drop, `carries` carry."""
    return (
        word,
        word.removesuffix("s"),
        word.removesuffix("es"),
        word.removesuffix("d"),
        word.removesuffix("ed"),
        re.sub(r"(?:(.)\1ed)$", r"\1", word),
        re.sub(r"ie[sd]$", "y", word),
    )


def _is_move(word: str) -> bool:
    return not _MOVES.isdisjoint(_bases(word))


def _is_act(word: str) -> bool:
    return not _ACTS.isdisjoint(_bases(word))


def _names_metric(text: str, metric: str) -> bool:
    words, own = (re.findall(r"[^\W_]+", said) for said in (text, metric.translate(_FOLDING)))
    if not _METRICS.isdisjoint(words):
        return True
    return bool(own) and f" {' '.join(own)} " in f" {' '.join(words)} "


def _mere_label(reading: _Reading, reason: _Reason | None, metric: str) -> Finding | None:
    # Twelve words hold a verb, known here or not; to say they do not would be nagging.
    words = re.findall(r"\S*\w\S*", reading.plain[:500])[:12]
    parts = re.findall(r"[^\W_]+", " ".join(words))
    moves = any(map(_is_move, parts))
    acts = any(
        word in _FINITE or word.endswith(("ed", "izes", "ises", "ifies")) or _is_act(word)
        for word in parts
    )
    if len(words) >= (3 if moves else 5) and (moves or acts or len(words) == 12):
        return None
    at = _where_claim_ends(reading, reason)
    missing = f"‹raises|lowers {_spelled(metric)}{'' if reason else ' because …'}›"
    return Finding(
        "H3",
        "this labels the change without saying what it will do\n"
        + _point(reading, at, at, missing),
        "say what you expect to happen; the change itself stands in the diff",
        advice=True,
    )


def _unmeasured(reading: _Reading, reason: _Reason | None, metric: str) -> Finding | None:
    words = set(re.findall(r"[^\W_]+", reading.plain))
    if not _COMPARED.isdisjoint(words) or any(map(_is_move, words)):
        return None
    if _names_metric(reading.plain, metric):
        return None
    at = _where_claim_ends(reading, reason)
    return Finding(
        "H4",
        "neither a metric nor a direction is named, so no number can prove this wrong\n"
        + _point(reading, at, at, f"‹raises|lowers {_spelled(metric)}›"),
        "say which number should move, and which way",
        advice=True,
    )


_HYPE = _phrases(
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
_FILLERS = _words("""
    it is s are was be been has have had the a an of in on at by from to this that these those and
    or with for as its their our we i you they which who all most now today nowadays very so just
    really well good great best better new one ones says said shows showed claims recommends
    reports use uses used using model models architecture architectures method methods approach
    technique paper papers work works worked world results result people everyone there out thing
    things today do does about x field community industry year
""")


def _hype(reading: _Reading, reason: _Reason | None, metric: str) -> Finding | None:
    if not reason or not reason.complete or not reason.leads:
        return None
    # A mechanism takes more words than this; what is longer is not read as hype alone.
    said = reading.plain[reason.end : reason.end + 301]
    if not re.search(r"\w", reading.plain[max(0, reason.start - 300) : reason.start]):
        said = said.partition(",")[0]
    found = re.search(rf"\b(?:{_HYPE})\b", said)
    if not found or len(said) > 300:
        return None
    rest = re.sub(rf"\b(?:{_HYPE})\b", " ", said)
    if _names_metric(rest, metric) or re.search(r"\d\.\d|\d\s*%", said):
        return None
    if len([word for word in re.findall(r"[^\W_]+", rest) if word not in _FILLERS]) > 2:
        return None
    return Finding(
        "H5",
        "fashion is no reason: nothing here was seen in your baseline\n"
        + _point(reading, reason.end + found.start(), reason.end + found.end()),
        "name the gap in the baseline that it answers: what goes wrong, how often",
        advice=True,
    )


# --- showing ------------------------------------------------------------------------------------

_SENTENCE_END = (
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)[.!?…؟]++[\"')\]»”]*+(?=\s|$)|[。！？]"
    r"|\n[ \t]*+(?=\n|\Z)"
)
_REACH = 400  # characters read each way: far more than a line shows


def _claim(reading: _Reading) -> tuple[int, int]:
    """The first sentence, without the marks that end it."""
    first = re.search(r"\S", reading.spoken)
    return _sentence(reading, first.start() if first else 0)


def _where_claim_ends(reading: _Reading, reason: _Reason | None) -> int:
    start, end = _claim(reading)
    if reason and reason.leads and reason.start < end:
        return reason.start if re.search(r"\w", reading.plain[start : reason.start]) else end
    return end


def _sentence(reading: _Reading, at: int) -> tuple[int, int]:
    before = reading.spoken[max(0, at - _REACH) : at]
    after = reading.spoken[at : at + _REACH]
    start = at - len(before)
    for end in re.finditer(_SENTENCE_END, before):
        start = at - len(before) + end.end()
    ending = re.search(_SENTENCE_END, after)
    return start, at + (ending.start() if ending else len(after.rstrip()))


def _spelled(metric: str) -> str:
    name = "".join(map(_visible, metric[:24]))
    return name if name.strip() and _width(name) <= 24 else "<metric>"


def _point(reading: _Reading, start: int, end: int, missing: str = "", *, tail: bool = True) -> str:
    """Show the sentence around a passage with carets below it, or below what is `missing` there.

    The passage is always in view: the sentence is cut on either side to fit the line.
    """
    first, last = _sentence(reading, start)
    before = _cells(reading.shown[first:start].lstrip())
    after = _cells(reading.shown[end : max(end, last)].rstrip() if tail else "")
    mark = _cells(missing or reading.shown[start : min(end, start + 2 * _REACH)])
    if missing and before and before[-1] != " ":
        before.append(" ")
    if missing and after and after[0] != " ":
        after.insert(0, " ")
    room = _COLUMNS - len(_INDENT)
    mark = _cut(mark, room - 2)
    room -= sum(map(_width, mark))
    after = _cut(after, max(room - sum(map(_width, before)), room // 3))
    room -= sum(map(_width, after))
    before = _cut(before[::-1], room)[::-1]
    pad, carets = (sum(map(_width, cells)) for cells in (before, mark))
    line = "".join((*before, *mark, *after)).rstrip()
    return f"{_INDENT}{line}\n{_INDENT}{' ' * pad}{'^' * max(carets, 1)}"


def _cells(text: str) -> list[str]:
    return [
        _visible(c)
        for c in re.sub(r"[ \t\n\r\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+", " ", text)
    ]


def _cut(cells: list[str], room: int) -> list[str]:
    """Keep the first cells that fit into `room` columns, with an ellipsis where some are lost."""
    if len(cells) <= _REACH and sum(map(_width, cells)) <= room:
        return cells
    kept: list[str] = []
    for cell in cells[:_REACH]:
        room -= _width(cell)
        if room < 1:
            break
        kept.append(cell)
    return [*kept, "…"]


def _visible(char: str) -> str:
    # The two joiners steer nothing, and Persian, Hindi and emoji cannot be spelled without them.
    return char if char.isprintable() or char in "\u200c\u200d" else ascii(char)[1:-1]


def _width(text: str) -> int:
    """Columns that a terminal gives to a text."""
    return sum(
        0
        if unicodedata.category(c) in {"Mn", "Me", "Cf"}
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )
