"""What a verdict says and what it leaves open, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict import effects, words
from gitexp.rules.verdict.criterion import Criterion, Scale, number_written
from gitexp.rules.verdict.judge import RULE_OUT_LEVEL
from gitexp.rules.verdict.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration

_NEVER = 1e-6  # a share that is too small to picture
_OFTEN = 0.095  # from here on, people think in hundredths
_ALWAYS = 0.995


def what_it_says(registration: Registration, judgement: Judgement) -> list[str]:
    """What the figures of a judgement say."""
    criterion, metric = registration.criterion, registration.criterion.metric
    meaning = words.meaning(registration, judgement)
    end = "" if meaning.endswith("?") else "."
    if judgement.reason == "below the bar":
        meaning += ": it is ruled out at this level"
    conclusion = f"{meaning[:1].upper()}{meaning[1:]}{end}"
    if judgement.effect is None:
        return [conclusion]
    before, after = effects.means(registration, judgement)
    if registration.borrowed:
        runs = f"{registration.borrowed} runs of the baseline (same conditions)"
        sentences = [f"The mean {metric} of {runs} is {before}, and one run of the change {after}."]
    else:
        over = f"Over {counted(judgement.pairs, 'pair')} of runs (same seed, same conditions)"
        sentences = [f"{over}, the mean {metric} went from {before} to {after}."]
    if judgement.p is None or judgement.level is None:
        return [*sentences, conclusion]
    sentences.append(_by_chance(registration, judgement.p, judgement.level))
    if judgement.lower is not None and judgement.upper is not None:
        worst, best = _bounds(criterion, judgement)
        moved = "is" if criterion.scale is Scale.CONSTANT else "changed by"
        other = RULE_OUT_LEVEL * judgement.level / registration.level  # of the same look
        sentences.append(
            f"At worst, {metric} {moved} {worst} (wrong {_chance(judgement.level)}); at best,"
            f" {best} (wrong {_chance(other)}). Success is {criterion}."
        )
    if judgement.examples is not None:
        sentences.append(
            f"The interval allows for chance in which {counted(judgement.examples, 'example')}"
            " were tested."
        )
    sentences += [f"Guard {words.guard_line(outcome)}." for outcome in judgement.guards]
    return [*sentences, conclusion]


def _bounds(criterion: Criterion, judgement: Judgement) -> tuple[str, str]:
    """The worse bound of an effect and the better one, as its line in the note shows them."""
    found = words.effect(criterion, judgement)
    low, high = found.rpartition("[")[2].rstrip("]").split(", ")
    return (low, high) if criterion.higher_is_better else (high, low)


def _by_chance(registration: Registration, p: float, level: float) -> str:
    criterion = registration.criterion
    if criterion.scale is Scale.CONSTANT:
        nothing = f"If the true value were exactly {number_written(criterion.amount)}"
    else:
        nothing = "If the change did nothing"
    whose = "of this look" if registration.repeats[1:] else "for this experiment"
    return (
        f"{nothing}, a result this good would come up {_chance(p)};"
        f" the limit {whose} is {_chance(level)}."
    )


def what_it_cannot_tell(
    registration: Registration, judgement: Judgement, *, shared: int = 0
) -> list[str]:
    """What a judgement leaves open, however clear it is.

    `shared` is how many other experiments were compared with the same baseline runs.
    """
    if judgement.reason == "identical output":
        return []  # the change had no effect to ask about
    sentences = []
    criterion = registration.criterion
    constant = criterion.scale is Scale.CONSTANT
    if constant:
        sentences.append(
            "Whether the change did it: the runs are compared with"
            f" {number_written(criterion.amount)}, not with the baseline."
        )
    if not registration.seeded:
        sentences.append("Whether another training run would give the same: there was only one.")
    elif not registration.widening:
        sentences.append(
            "Whether it holds on other splits of the data: every seed was tested on the same one."
        )
    if registration.borrowed:
        sentences.append(
            "How much runs of the change vary: there was only one, so the baseline's lent their"
            " standard deviation. The verdict holds if those of the change vary at most twice as"
            " much."
        )
    if shared and not constant:
        every = "both" if shared == 1 else f"all {shared + 1}"
        sentences.append(
            f"Whether the baseline was lucky: {counted(shared, 'other experiment')} used the same"
            " baseline runs, so their errors are correlated. If that baseline was unlucky, it"
            f" affects {every}."
        )
    if judgement.verdict is Verdict.CONFIRMED:
        return [*sentences, _after_success(registration)]
    if open_effect := _still_open(criterion, judgement):
        sentences.append(open_effect)
    return sentences


def _after_success(registration: Registration) -> str:
    again = f" (gitexp retest {registration.name} tests it on fresh seeds)"
    return (
        "How much of the gain will last: a winner's gain usually shrinks when it is measured"
        f" again, because luck helped to pick it{again * registration.fresh_seeds}."
    )


def _still_open(criterion: Criterion, judgement: Judgement) -> str:
    """The effects that a verdict without success leaves possible; empty where it leaves none."""
    constant = criterion.scale is Scale.CONSTANT
    if judgement.verdict is Verdict.RULED_OUT:
        if constant or judgement.upper is None or not 0 < judgement.upper < criterion.bar:
            return ""
        if judgement.lower is None:
            most = effects.detectable(criterion, judgement.upper)
        else:
            most = _bounds(criterion, judgement)[1]
        return f"Whether there is a smaller gain: one of up to {most} is not ruled out."
    shown = judgement.p is not None and judgement.p <= (judgement.level or 0.0)
    if judgement.detectable is None or shown:
        return ""
    could = effects.detectable(criterion, judgement.detectable)
    if constant:
        aim = number_written(criterion.amount)
        return f"Whether {criterion.metric} reaches {aim}: this design detects {could} or better."
    return f"Whether there is a smaller effect: this design detects {could} or better."


def _chance(share: float) -> str:
    """A probability in words that people can picture."""
    if share < _NEVER:
        return "less than 1 time in a million"
    if share >= _ALWAYS:
        return "nearly every time"
    if share >= _OFTEN:
        return f"{100 * share:.0f} times in 100"
    return f"1 time in {float(f'{1 / share:.2g}'):,.0f}"
