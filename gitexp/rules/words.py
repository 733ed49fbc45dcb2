"""The verdict in words, the same in notes, in `run` and in `show`."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from gitexp.rules.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.rules.registration import Registration
    from gitexp.rules.verdict import Judgement

_WIDTH = 76  # columns; git log indents notes by four

_MEANING = {
    "strong": "even the lower bound reaches the bar",
    "": "the mean reaches the bar; the gain itself is beyond chance, its size is not",
    "identical output": "every run gave the baseline's number: is the changed value read at all?",
    "below the bar": "an effect as large as the bar would have shown",
    "harmful": "the change makes it worse",
    "zero variance": "all differences are equal: repeats did not repeat anything",
    "unreplicated": "fewer than three pairs cannot tell an effect from a lucky seed",
    "repeats failed": "a registered repeat failed, and leaving it out would choose the result",
    "futile": "more repeats would not change the answer",
    "real but below the bar": "there is an effect, smaller than what would have counted",
    "passes alone but not at its level": "one such result in twenty comes by chance; the campaign"
    " allows fewer",
    "too noisy": "this design cannot tell",
}


def number(value: float | None, *, sign: bool = False) -> str:
    """Four significant digits, enough for a metric and few enough to read."""
    if value is None:
        return "?"
    value += 0.0  # no minus before a zero
    return f"{value:+.4g}" if sign else f"{value:.4g}"


def verdict_line(registration: Registration, judgement: Judgement) -> str:
    """Verdict, effect with its bounds, and the number of pairs, on one line."""
    word = judgement.verdict or "UNDECIDED"
    if judgement.effect is None:
        reason = f"{judgement.reason}, " if judgement.reason else ""
        return f"{word}: {reason}{_pairs(judgement.pairs)}"
    sign = 1 if registration.criterion.higher_is_better else -1
    bounds = sorted(
        sign * bound for bound in (judgement.lower, judgement.upper) if bound is not None
    )
    between = (
        f" [{number(bounds[0], sign=True)} to {number(bounds[1], sign=True)}]"
        if len(bounds) == 2
        else ""
    )
    return (
        f"{word}: {registration.criterion.metric} {number(sign * judgement.effect, sign=True)}"
        f"{between}, {_pairs(judgement.pairs)}"
    )


def meaning(judgement: Judgement) -> str:
    """The one reason, in plain words."""
    if judgement.verdict is None:
        return f"open: the next look needs {_pairs(judgement.due or 0)}"
    said = _MEANING.get(judgement.reason, "")
    if judgement.reason == "too noisy" and judgement.detectable is not None:
        said += f": the smallest effect it could have seen is {number(judgement.detectable)}"
    head = judgement.reason
    return f"{head}: {said}" if head and said else said or head


def note(registration: Registration, judgement: Judgement) -> str:
    """The verdict note: two or three lines that fit a terminal, readable without gitexp."""
    lines = [verdict_line(registration, judgement)]
    if judgement.p is not None and judgement.level is not None:
        lines.append(
            f"mean {number(judgement.baseline_mean)} -> {number(judgement.candidate_mean)},"
            f" bar {registration.criterion},"
            f" p {judgement.p:.3g} against {judgement.level:.3g}"
        )
    lines.append(meaning(judgement))
    return "\n".join(textwrap.fill(line, _WIDTH, break_long_words=False) for line in lines) + "\n"


def is_decided(judgement: Judgement) -> bool:
    """Whether the experiment has its answer."""
    return judgement.verdict is not None


def succeeded(judgement: Judgement) -> bool:
    """Whether the hypothesis held."""
    return judgement.verdict is Verdict.CONFIRMED


def _pairs(count: int) -> str:
    return f"{count} pair{'' if count == 1 else 's'}"
