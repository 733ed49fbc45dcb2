"""The verdict in words, the same in notes, in `run` and in `show`."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import Guarded, Judgement

_MOST_GUARDS = 3  # lines of a note; gitexp show lists all
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
    "not positive": "a score at or under 0 has no percent",
    "guard broken": "the gain is not worth what it costs",
    "guard not shown": "the gain is there, and the runs do not show that nothing else got worse",
    "not deterministic": "two runs of the baseline differ, so one run says nothing",
}


def number(value: float | None, *, sign: bool = False) -> str:
    """Four significant digits, enough for a metric and few enough to read."""
    if value is None:
        return "?"
    value += 0.0  # no minus before a zero
    return f"{value:+.4g}" if sign else f"{value:.4g}"


def span(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def newer(counts: Mapping[int, int]) -> str:
    """Say that a note holds what a newer gitexp wrote; empty where it does not."""
    return "; ".join(
        f"{counted(count, 'record')} of a newer gitexp (schema {schema})"
        f" {'is' if count == 1 else 'are'} left untouched"
        for schema, count in sorted(counts.items())
    )


def verdict_line(registration: Registration, judgement: Judgement) -> str:
    """Verdict, effect with its bounds, and the number of pairs, on one line."""
    word = judgement.verdict or "UNDECIDED"
    criterion = registration.criterion
    if judgement.effect is None:
        reason = f"{judgement.reason}, " if judgement.reason else ""
        return f"{word}: {reason}{_counted(judgement)}"
    return f"{word}: {effect(criterion, judgement)}, {_counted(judgement)}"


def effect(criterion: Criterion, judgement: Judgement) -> str:
    """A measured effect with its bounds."""
    bounds = [b for b in (judgement.lower, judgement.upper) if b is not None]
    shown = sorted(bounds, reverse=criterion.sign < 0)
    between = f" [{' to '.join(moved(criterion, b) for b in shown)}]" if len(bounds) == 2 else ""
    return f"{criterion.metric} {moved(criterion, judgement.effect or 0.0)}{between}"


def moved(criterion: Criterion, effect: float) -> str:
    """How the metric moved, as the criterion counts; against a constant, where it is."""
    match criterion.scale:
        case Scale.PERCENT:
            return f"{number(100 * math.expm1(criterion.sign * effect), sign=True)}%"
        case Scale.CONSTANT:
            return number(criterion.amount + criterion.sign * effect)
    return number(criterion.sign * effect, sign=True)


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
    lines += [f"guard {guarded_line(guarded)}" for guarded in judgement.guards[:_MOST_GUARDS]]
    if len(judgement.guards) > _MOST_GUARDS:
        lines.append(f"and {len(judgement.guards) - _MOST_GUARDS} more guards")
    lines.append(meaning(judgement))
    return "\n".join(textwrap.fill(line, _WIDTH, break_long_words=False) for line in lines) + "\n"


def guarded_line(guarded: Guarded) -> str:
    """A guard, how it came out, and the worst that the runs leave possible."""
    state = {True: "holds", False: "broken", None: "not shown"}[guarded.holds]
    if guarded.lower is None:
        return f"{guarded.guard}: {state}"
    limit = guarded.guard.limit
    # The limit is written in the direction that gets worse, and so is the worst case.
    way = 1 if limit.scale is Scale.CONSTANT else -1
    return f"{guarded.guard}: {state}, at worst {moved(limit, way * guarded.lower)}"


def explained(registration: Registration, judgement: Judgement) -> list[str]:
    """What the figures of a judgement say, in plain sentences."""
    criterion, metric = registration.criterion, registration.criterion.metric
    if judgement.effect is None:
        return [f"{meaning(judgement)[:1].upper()}{meaning(judgement)[1:]}."]
    went = f"{number(judgement.baseline_mean)} to {number(judgement.candidate_mean)}"
    over = f"Over {_pairs(judgement.pairs)} of runs with seed and conditions in common"
    sentences = [f"{over}, {metric} went from {went}."]
    if judgement.p is None or judgement.level is None:
        return [*sentences, f"{meaning(judgement)[:1].upper()}{meaning(judgement)[1:]}."]
    nothing = (
        f"If the truth were just {number(criterion.amount)}"
        if criterion.scale is Scale.CONSTANT
        else "If the change did nothing"
    )
    sentences.append(
        f"{nothing}, a result this good would come up {_times(judgement.p)}; the place that it took"
        f" in its campaign allows {_times(judgement.level)}."
    )
    if judgement.lower is not None and judgement.upper is not None:
        sentences.append(
            f"At these error rates {metric} moved by {moved(criterion, judgement.lower)} at the"
            f" least and by {moved(criterion, judgement.upper)} at the most"
            f" (success was: {criterion})."
            if criterion.scale is not Scale.CONSTANT
            else f"At these error rates {metric} lies between {moved(criterion, judgement.lower)}"
            f" and {moved(criterion, judgement.upper)} (success was: {criterion})."
        )
    if judgement.examples is not None:
        sentences.append(
            f"The error allows for the {judgement.examples} examples that were tested having been"
            " others."
        )
    sentences += [f"Guard {guarded_line(guarded)}." for guarded in judgement.guards]
    said = meaning(judgement)
    return [*sentences, f"{said[:1].upper()}{said[1:]}."]


def untold(registration: Registration, judgement: Judgement, *, shared: int = 0) -> list[str]:
    """What a judgement leaves open, however clear it is.

    `shared` is how many other experiments were held against the same baseline runs.
    """
    sentences = []
    if not registration.seeded:
        sentences.append("What another training run would give: one run stands for all.")
    elif not registration.widening:
        sentences.append(
            "Anything about other splits of the data: every seed was tested on the same one."
        )
    if shared:
        others = "one other experiment" if shared == 1 else f"{shared} other experiments"
        sentences.append(
            f"Whether the baseline was unlucky: {others} used the same baseline runs, so errors"
            " come in clumps."
        )
    if judgement.verdict is Verdict.CONFIRMED:
        sentences.append(
            "How much of the gain will stay: winners shrink on re-test, as luck helped to choose"
            " them (gitexp start --replicate measures it on fresh seeds)."
        )
    if judgement.detectable is not None and judgement.verdict is not Verdict.CONFIRMED:
        sentences.append(
            f"Anything about effects smaller than"
            f" {moved_by(registration.criterion, judgement.detectable)}: this design sees larger"
            " ones only."
        )
    return sentences


def moved_by(criterion: Criterion, effect: float) -> str:
    """The size of an effect, without its direction."""
    if criterion.scale is Scale.PERCENT:
        return f"{number(100 * math.expm1(effect))}%"
    return number(effect)


def _times(share: float) -> str:
    """A probability as people picture it."""
    if share < 1e-6:
        return "less than once in a million"
    return f"{100 * share:.2g} times in 100" if share > 0.015 else f"once in {1 / share:,.0f}"


def is_decided(judgement: Judgement) -> bool:
    """Whether the experiment has its answer."""
    return judgement.verdict is not None


def succeeded(judgement: Judgement) -> bool:
    """Whether the hypothesis held."""
    return judgement.verdict is Verdict.CONFIRMED


def _pairs(count: int) -> str:
    return f"{count} pair{'' if count == 1 else 's'}"


def _counted(judgement: Judgement) -> str:
    examples = f", {judgement.examples} examples" if judgement.examples is not None else ""
    return f"{_pairs(judgement.pairs)}{examples}"
