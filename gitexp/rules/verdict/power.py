"""The power of an experiment: what it can detect and what it costs, estimated before it runs.

A design that cannot detect an effect does not test it: the verdict would be INCONCLUSIVE whatever
is true. So `start` says the smallest effect that would be found, how many repeats would find one as
large as the bar, and how long that takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.rules.documents.record import PROOF
from gitexp.rules.finding import Finding
from gitexp.rules.plan.prediction import prediction_of
from gitexp.rules.text import counted, duration
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.effects import detectable
from gitexp.rules.verdict.foreseen import detects, foresee
from gitexp.rules.verdict.judge import share_of
from gitexp.rules.verdict.paired_t import FEWEST_PAIRS, smallest_detectable_effect
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.foreseen import Noise
    from gitexp.rules.verdict.verdict import Judgement

_MOST_REPEATS = 1000  # more are no advice
_WORTH_SAYING = 3.0  # standard deviations of a paired difference; few changes do more
_CLEAR = 2.0  # times the bar: a gain that large is hardly ever measured below it
_WORTH_DATA = 2.0  # times as much test data; for less, more repeats are the easier way


@dataclass(frozen=True, slots=True)
class Power:
    """What a registered design can detect, 4 times in 5, and what it takes.

    `detectable` is the smallest true effect confirmed at the last look, as the criterion counts:
    where no experiment has shown yet how alike the runs of a pair are, if they are not alike at
    all, and `detectable_at_best` if they are as alike as is usual. `spreads` is the same in
    standard deviations of a paired difference, which holds before any is known. `source` says what
    it was estimated from, `enough` how many repeats would detect the bar (null where no number up
    to 1,000 would) and `enough_at_best` how many at best. `seconds` is what all its `runs` would
    take one after the other; `checks` of them only check the baseline, `failing` repeat others that
    are likely to fail. What is not known yet is null. `enough_for_gain` are fewer repeats that
    would find the gain which the registration predicts, null where all of them are needed.
    """

    runs: int
    checks: int = 0
    failing: int = 0
    detectable: float | None = None
    detectable_at_best: float | None = None
    source: str = ""
    enough: int | None = None
    enough_at_best: int | None = None
    enough_for_gain: int | None = None
    spreads: float | None = None
    seconds: float | None = None

    @property
    def per_run(self) -> float | None:
        """Seconds of one run."""
        return None if self.seconds is None else self.seconds / max(self.runs, 1)

    def beside(self, *, checks: int = 0, failing: int = 0) -> Power:
        """Add runs that check the baseline, and runs that repeat what fails."""
        runs, each = self.runs + checks + failing, self.per_run
        return replace(
            self,
            runs=runs,
            seconds=None if each is None else each * runs,
            checks=self.checks + checks,
            failing=self.failing + failing,
        )


def power_of(
    registration: Registration,
    past: Sequence[tuple[Registration, Judgement]],
    baseline: Sequence[Record],
    durations: Sequence[float],
) -> Power:
    """Estimate the power of a registration from past experiments on its metric, or the baseline.

    `durations` are seconds of runs that ended well, `baseline` the records of the baseline's tip.
    """
    partners = registration.registered_seeds() if registration.seeded else PROOF
    measured = first_good(baseline, partners, registration.criterion.metric)
    last = registration.repeats[-1]
    runs = last + len(partners) - len(measured)
    power = Power(runs, seconds=math.fsum(durations) / len(durations) * runs if durations else None)
    single = bool(registration.borrowed) or not registration.seeded
    if not single and last < FEWEST_PAIRS:
        return power
    if not (single or registration.by_examples):
        spreads = sds_to_confirm(registration.repeats, registration.level, registration.widening)
        power = replace(power, spreads=spreads)
    foreseen = foresee(registration, past, baseline)
    if (least := foreseen.least) is not None:
        power = replace(
            power,
            source=foreseen.source,
            detectable_at_best=detects(registration, least, last),
            enough_at_best=None if single else _enough(registration, least),
        )
    if (most := foreseen.most) is not None:
        power = replace(
            power,
            detectable=detects(registration, most, last),
            enough=None if single else _enough(registration, most),
            enough_for_gain=None if single else _for_gain(registration, most),
        )
    return power


def sds_to_confirm(looks: Sequence[int], level: float, widening: float) -> float:
    """Smallest effect that the last look confirms four times in five, in sds of a difference."""
    level *= share_of(looks, len(looks))
    return smallest_detectable_effect(1.0, looks[-1], widening, level)


def _enough(registration: Registration, noise: Noise) -> int | None:
    """How many repeats would detect the bar; None if no number up to 1,000 would."""
    bar = registration.criterion.bar
    low, high = FEWEST_PAIRS, _MOST_REPEATS
    if detects(registration, noise, high) > bar:
        return None
    while low < high:
        middle = (low + high) // 2
        if detects(registration, noise, middle) <= bar:
            high = middle
        else:
            low = middle + 1
    return high


def _for_gain(registration: Registration, noise: Noise) -> int | None:
    """The first look at which a design that ends there would find the predicted gain.

    None where that is the last one, or where the mean could easily miss the bar all the same.
    """
    criterion, gain = registration.criterion, prediction_of(registration).gain
    if gain is None or criterion.scale is not Scale.DIFFERENCE or gain < _CLEAR * criterion.bar:
        return None
    for number, look in enumerate(registration.repeats[:-1], start=1):
        shorter = registration._replace(repeats=registration.repeats[:number])
        if look >= FEWEST_PAIRS and detects(shorter, noise, look) <= gain:
            return look
    return None


def underpowered(registration: Registration, power: Power) -> Finding | None:
    """Warn that a design would usually miss the effect that it asks for, and what would help."""
    criterion, repeats = registration.criterion, registration.repeats[-1]
    if registration.seeded and not registration.borrowed and repeats < FEWEST_PAIRS:
        return Finding(
            "S2",
            f"{counted(repeats, 'repeat')} cannot confirm anything: fewer than {FEWEST_PAIRS} pairs"
            " cannot tell an effect from a lucky seed",
            "ask for at least 5 (--repeats, or `repeats` in the settings). A single run is judged"
            " only by its predictions, where a seed does not redraw the split, and for a gain"
            " without guards",
            advice=True,
        )
    if power.detectable_at_best is None:
        if power.spreads is None or power.spreads <= _WORTH_SAYING:
            return None
        return Finding(
            "S2",
            f"{counted(repeats, 'repeat')} at level {registration.level:.3g} detect only effects of"
            f" {power.spreads:.1f} standard deviations of a paired difference, or more",
            "more repeats detect smaller effects: `repeats` in the settings; gitexp run --baseline"
            " measures the standard deviation",
            advice=True,
        )
    # Against a constant any true value beyond it is success, and how far beyond nobody can know.
    if criterion.bar >= power.detectable_at_best or criterion.scale is Scale.CONSTANT:
        return None
    return Finding(
        "S2",
        f"a gain of just {criterion} would"
        f" {how_often_missed(criterion.bar, power.detectable_at_best)} be missed;"
        f" {said_to_detect(criterion, power)} would be found 4 times in 5"
        f" (estimated from {power.source})",
        _remedy(registration, power),
        advice=True,
    )


def how_often_missed(gain: float, detectable: float) -> str:
    """Say how often a gain below the minimum detectable effect is missed: "usually" or "often".

    A gain of 2/3 of the effect that is found 4 times in 5 is missed about every other time.
    """
    return "often" if gain > detectable * 2 / 3 else "usually"


def said_to_detect(criterion: Criterion, power: Power) -> str:
    """The minimum detectable effect, as a range where only that is known; empty without any."""
    if power.detectable_at_best is None:
        return ""
    least = detectable(criterion, power.detectable_at_best)
    if power.detectable is None:
        return f"at best {least}"
    most = detectable(criterion, power.detectable)
    return most if least == most else f"{least} to {most}"


def repeats_needed(registration: Registration, power: Power) -> str:
    """How many repeats would detect the bar, and what they take: `14 to 24 repeats (40 min)`.

    Empty where no number would.
    """
    repeats = registration.repeats[-1]
    least, most = power.enough_at_best, power.enough
    if least is None:
        return ""
    if most is None:
        return f"at least {counted(least, 'repeat')}"
    said = counted(most, "repeat") if least == most else f"{least} to {most} repeats"
    if power.per_run is None or most <= repeats:
        return said
    # Each further repeat is a run of the experiment and one of the baseline.
    return f"{said} ({duration(power.per_run * (power.runs + 2 * (most - repeats)))} at most)"


def _remedy(registration: Registration, power: Power) -> str:
    """What would find an effect as large as the bar."""
    bar = registration.criterion.bar
    if not bar:
        return "ask for an effect worth having: --expect"
    times = ((power.detectable_at_best or 0.0) / bar) ** 2
    larger = f"a test set about {_rounded(times)} times as large"
    if registration.borrowed:
        return f"repeats find smaller effects (--repeats 5 or more), or you would need {larger}"
    if not registration.seeded:
        return f"you would need {larger}"
    needed = repeats_needed(registration, power)
    if not needed:
        return f"no number of repeats is enough; you would need {larger}"
    way = f"you would need {needed}: --repeats {power.enough or power.enough_at_best}"
    return f"{way}, or {larger}" if times > _WORTH_DATA else way


def _rounded(times: float) -> str:
    return f"{times:.1f}" if times < 3 else f"{times:,.0f}"
