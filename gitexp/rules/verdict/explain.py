"""What a verdict says and what it leaves open, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict import effects, figures, words
from gitexp.rules.verdict.criterion import Scale, number_written
from gitexp.rules.verdict.judge import RULE_OUT_LEVEL
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement

_NEVER = 1e-6  # a share that is too small to picture


def what_it_says(registration: Registration, judgement: Judgement) -> list[str]:
    """What the figures of a judgement say."""
    criterion, metric = registration.criterion, registration.criterion.metric
    meaning = words.meaning(registration, judgement)
    end = "" if meaning.endswith("?") else "."
    conclusion = f"{meaning[:1].upper()}{meaning[1:]}{end}"
    if judgement.effect is None:
        return [conclusion]
    before, after = effects.means(registration, judgement)
    over = f"Over {counted(judgement.pairs, 'pair')} of runs (same seed, same conditions)"
    sentences = [f"{over}, the mean {metric} went from {before} to {after}."]
    if judgement.p is None or judgement.level is None:
        return [*sentences, conclusion]
    sentences.append(_by_chance(criterion.scale, criterion.amount, judgement.p, judgement.level))
    if judgement.lower is not None and judgement.upper is not None:
        found = effects.interval(criterion, judgement.effect, judgement.lower, judgement.upper)
        low, high = found.partition("[")[2].rstrip("]").split(", ")
        moved = "is" if criterion.scale is Scale.CONSTANT else "changed by"
        worst, best = (low, high) if criterion.higher_is_better else (high, low)
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


def _by_chance(scale: Scale, amount: float, p: float, level: float) -> str:
    if scale is Scale.CONSTANT:
        nothing = f"If the true value were exactly {number_written(amount)}"
    else:
        nothing = "If the change did nothing"
    return (
        f"{nothing}, a result this good would come up {_chance(p)};"
        f" the limit for this experiment is {_chance(level)}."
    )


def what_it_cannot_tell(
    registration: Registration, judgement: Judgement, *, shared: int = 0
) -> list[str]:
    """What a judgement leaves open, however clear it is.

    `shared` is how many other experiments were compared with the same baseline runs.
    """
    sentences = []
    if not registration.seeded:
        sentences.append("Whether another training run would give the same: there was only one.")
    elif not registration.widening:
        sentences.append(
            "Whether it holds on other splits of the data: every seed was tested on the same one."
        )
    if shared:
        every = "both" if shared == 1 else f"all {shared + 1}"
        sentences.append(
            f"Whether the baseline was lucky: {counted(shared, 'other experiment')} used the same"
            " baseline runs, so their errors are correlated. If that baseline was unlucky, it"
            f" affects {every}."
        )
    if judgement.verdict is Verdict.CONFIRMED:
        if registration.seeded:
            most = 1 - 0.05 ** (1 / judgement.pairs)
            sentences.append(
                f"How often training diverges: it did in none of {counted(judgement.pairs, 'run')}"
                f" of the experiment, and up to {100 * most:.0f} % of runs still may."
            )
        sentences.append(
            "How much of the gain will last: a winner's gain usually shrinks when it is measured"
            f" again, because luck helped to pick it (gitexp retest {registration.name} tests it on"
            " fresh seeds)."
        )
    elif judgement.detectable is not None and not (
        # A gain of the bar is ruled out, whatever the design could have detected.
        judgement.verdict is Verdict.RULED_OUT
        and judgement.detectable >= registration.criterion.bar
    ):
        could = effects.detectable(registration.criterion, judgement.detectable)
        sentences.append(
            f"Whether there is a smaller effect: this design detects {could} or better."
        )
    return sentences


def _chance(share: float) -> str:
    """A probability in words that people can picture."""
    if share < _NEVER:
        return "less than 1 time in a million"
    if share > 0.015:
        return f"{figures.rough(100 * share).removesuffix('.0')} times in 100"
    return f"1 time in {float(f'{1 / share:.2g}'):,.0f}"
