"""The verdict in words: one line for a log, two to six lines for the note that git shows."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict import figures
from gitexp.rules.verdict.criterion import Scale, number_written

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import GuardOutcome, Judgement

_MOST_GUARDS = 3  # lines of a note; gitexp show lists all
_WIDTH = 76  # columns; git log indents notes by four
_LARGEST_LOG = 709.0  # exp() overflows beyond it

# By the reason that a judgement gives; what stands in braces is filled in from its figures.
_MEANING = {
    "strong": "even the {worst} bound reaches {aim}",
    "": "a real gain; it may be smaller than {size}",
    "identical output": "every run gave the baseline's score: does the code read the value?",
    "below the bar": "even the {best} bound does not reach {aim}",
    "harmful": "the change makes {metric} worse",
    "zero variance": "all pairs differ by the same amount: does the seed change anything?",
    "unreplicated": "fewer than three pairs cannot tell an effect from a lucky seed",
    "repeats failed": "a registered run failed, and leaving it out would bias the result",
    "futile": "stopped early: unlikely to reach {aim}; not ruled out",
    "real but below the bar": "a real gain, but smaller than {size} on average; not ruled out",
    "passes alone but not at its level": "promising ({p}), but this campaign needs {limit}",
    "too noisy": "too noisy to tell: it can detect {detectable} or better",
    "not positive": "a percentage needs scores above zero",
    "guard broken": "it breaks a guard: {broken}",
    "guard not shown": "a real gain, but the runs do not show that {unsure} holds",
    "not deterministic": "two runs of the baseline differ, so one run is not evidence",
}
_ONE_RUN = "one run cannot tell an effect from chance; per-example predictions could"


def verdict_line(registration: Registration, judgement: Judgement) -> str:
    """Verdict, effect with its bounds, and the number of pairs, on one line."""
    word = judgement.verdict or "UNDECIDED"
    found = judgement.reason
    if judgement.effect is not None:
        found = effect(registration.criterion, judgement)
    said = [found, counted(judgement.pairs, "pair")]
    if judgement.examples is not None:
        said.append(counted(judgement.examples, "example"))
    return f"{word}: {', '.join(filter(None, said))}"


def effect(criterion: Criterion, judgement: Judgement) -> str:
    """A measured effect with its bounds: `accuracy +0.020 [+0.008, +0.026]`."""
    found = interval(criterion, judgement.effect or 0.0, judgement.lower, judgement.upper)
    return f"{criterion.metric} {found}"


def interval(criterion: Criterion, effect: float, lower: float | None, upper: float | None) -> str:
    """An effect with its bounds as the criterion counts, the smaller number first."""
    low, high = _sorted(criterion, lower, upper)
    return figures.interval(
        displayed(criterion, effect), low, high,
        sign=criterion.scale is not Scale.CONSTANT, unit=_unit(criterion),
        bar=displayed(criterion, criterion.bar),
    )  # fmt: skip


def displayed(criterion: Criterion, effect: float) -> float:
    """How the metric moved, in its own unit or in percent; against a constant, where it is."""
    match criterion.scale:
        case Scale.PERCENT:
            return 100 * math.expm1(min(criterion.sign * effect, _LARGEST_LOG))
        case Scale.CONSTANT:
            return criterion.amount + criterion.sign * effect
    return criterion.sign * effect


def detectable(criterion: Criterion, effect: float) -> str:
    """The smallest effect that a design detects; against a constant, the value it leads to."""
    value, bar = displayed(criterion, effect), displayed(criterion, criterion.bar)
    if criterion.scale is Scale.CONSTANT:
        # The distance from the constant is what is known to two digits.
        decimals = figures.decimals_for(abs(effect)) if effect else 0
        return figures.fixed(value, figures.decimals_apart([value], (bar,), decimals))
    return figures.rough(value, sign=True, marks=(bar,)) + _unit(criterion)


def means(registration: Registration, judgement: Judgement) -> tuple[str, str]:
    """Mean score of the baseline and of the experiment, to the decimal of the effect."""
    scores = judgement.baseline_mean, judgement.candidate_mean
    decimals = means_decimals(registration.criterion, judgement)
    if decimals is None:
        return figures.number(scores[0]), figures.number(scores[1])
    before, after = ("?" if one is None else figures.fixed(one, decimals) for one in scores)
    return before, after


def means_decimals(criterion: Criterion, judgement: Judgement) -> int | None:
    """Decimals that the interval of an effect supports in a mean; None where nothing tells."""
    decimals = effect_decimals(criterion, judgement)
    if criterion.scale is Scale.PERCENT and decimals is not None:
        # One percent of the mean, in digits of the mean.
        mean = abs(judgement.baseline_mean or 0.0) / 100
        return decimals - math.floor(math.log10(mean)) if mean else None
    return decimals


def effect_decimals(criterion: Criterion, judgement: Judgement) -> int | None:
    """Decimals of an effect and its bounds as they are displayed; None where nothing tells."""
    if judgement.effect is None:
        return None
    value, bar = displayed(criterion, judgement.effect), displayed(criterion, criterion.bar)
    return figures.decimals_of(value, *bounds(criterion, judgement), bar=bar)


def meaning(registration: Registration, judgement: Judgement) -> str:
    """The one reason of a verdict, in plain words."""
    if judgement.verdict is None:
        return f"not decided yet: the next look needs {counted(judgement.due or 0, 'pair')}"
    if judgement.reason not in _MEANING:  # runs that skipped the gate say why in their own words
        return judgement.reason
    if judgement.reason == "unreplicated" and not registration.seeded:
        return _ONE_RUN
    criterion = registration.criterion
    worst, best = ("lower", "upper") if criterion.higher_is_better else ("upper", "lower")
    constant = criterion.scale is Scale.CONSTANT
    aim = number_written(criterion.amount) if constant else criterion.target
    could = judgement.detectable
    if judgement.reason == "too noisy" and could is None:
        return "too noisy to tell"
    return _MEANING[judgement.reason].format(
        worst=worst, best=best, aim=aim, metric=criterion.metric,
        size=aim if criterion.higher_is_better else aim.lstrip("-"),
        p="?" if judgement.p is None else figures.p_value(judgement.p),
        limit="?" if judgement.level is None else f"{judgement.level:.3g}",
        detectable="?" if could is None else detectable(criterion, could),
        broken=", ".join(str(one.guard) for one in judgement.guards if one.holds is False),
        unsure=" and ".join(str(one.guard) for one in judgement.guards if not one.holds),
    )  # fmt: skip


def note(registration: Registration, judgement: Judgement) -> str:
    """The verdict note: two to six lines that fit a terminal, readable without gitexp."""
    return "".join(
        textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"
        for line in note_lines(registration, judgement)
    )


def note_lines(registration: Registration, judgement: Judgement) -> list[str]:
    """The lines of a verdict note, before they are broken to fit."""
    lines = [verdict_line(registration, judgement)]
    if judgement.p is not None and judgement.level is not None:
        before, after = means(registration, judgement)
        held = figures.p_value(judgement.p, judgement.level)
        parts = [f"mean {before} -> {after}", f"success: {registration.criterion}", held]
        if judgement.reason == "passes alone but not at its level":
            parts.pop()  # the last line says it
        lines.append("; ".join(parts))
    lines += [f"guard {guard_line(one)}" for one in judgement.guards[:_MOST_GUARDS]]
    if len(judgement.guards) > _MOST_GUARDS:
        lines.append(f"and {len(judgement.guards) - _MOST_GUARDS} more guards")
    return [*lines, meaning(registration, judgement)]


def guard_line(outcome: GuardOutcome) -> str:
    """A guard, how it came out, and the worst value that the runs leave possible."""
    guard, limit = outcome.guard, outcome.guard.limit
    state = {True: "holds", False: "broken", None: "not shown"}[outcome.holds]
    if outcome.lower is None:
        return f"{guard}: {state}"
    value = worst(outcome)
    mean = value if outcome.effect is None else _against(limit, outcome.effect)
    signed = limit.scale is not Scale.CONSTANT
    decimals = figures.decimals_of(mean, value, None, bar=displayed(limit, limit.bar))
    text = (
        figures.number(value, sign=signed)
        if decimals is None
        else figures.fixed(value, decimals, sign=signed)
    )
    return f"{guard}: {state}, at worst {text}{_unit(limit)}"


def worst(outcome: GuardOutcome) -> float:
    """The worst value of a guarded metric that the runs leave possible, as it is displayed."""
    return _against(outcome.guard.limit, outcome.lower or 0.0)


def _against(limit: Criterion, effect: float) -> float:
    # A limit is written in the direction that gets worse.
    return displayed(limit, effect if limit.scale is Scale.CONSTANT else -effect)


def bounds(criterion: Criterion, judgement: Judgement) -> tuple[float | None, float | None]:
    """Bounds as they are displayed, the smaller number first; both None unless both are known."""
    return _sorted(criterion, judgement.lower, judgement.upper)


def _sorted(
    criterion: Criterion, lower: float | None, upper: float | None
) -> tuple[float | None, float | None]:
    if lower is None or upper is None:
        return None, None
    low, high = sorted((displayed(criterion, lower), displayed(criterion, upper)))
    return low, high


def _unit(criterion: Criterion) -> str:
    return "%" if criterion.scale is Scale.PERCENT else ""
