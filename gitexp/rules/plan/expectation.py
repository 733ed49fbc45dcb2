"""Ideas by what they promise for the time that they take, and promises held against what came.

Of sixty simulated ideas under sixty hours, taking the largest chance x gain / cost first banks 86 %
of what perfect knowledge banks; the cheapest first 67 %, at random 38 % (docs/benchmarks.md).
"""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.finding import Finding
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement

_CEILING = re.compile(r"\bceiling\s*[:=]?\s*([+\-−]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")
_ENOUGH = 3  # experiments, before a ratio is put into words


# Words in a key by which people name what a change is about; the first that fits counts.
_TOPICS = (
    ("data", ("data", "augment", "split", "sampl", "balance", "class_weight")),
    ("features", ("feature", "input", "preprocess", "token", "vocab", "scal", "encod")),
    ("training", ("train", "optim", "lr", "learning", "sched", "batch", "epoch", "loss", "warm")),
    ("model", ("model", "net", "arch", "layer", "hidden", "kernel", "head", "dropout", "preset")),
)


def topic_of(change: Change) -> str:
    """What a change is about by the words of its key: data, features, training, model, or other."""
    key = change.spelled_key.lower()
    # The last name says most: `model.class_weight` is about the data.
    for name in reversed(key.split(".")):
        for topic, words in _TOPICS:
            if any(word in name for word in words):
                return topic
    return "other"


@dataclass(frozen=True, slots=True)
class Promise:
    """What a registration says of its gain, and what it rests on; None where it says nothing.

    `gain` and `ceiling` are in the metric's unit, more is better; `cost` in seconds.
    """

    gain: float | None
    chance: float | None
    cost: float | None
    evidence: str
    ceiling: float | None


def promise_of(registration: Registration) -> Promise:
    """Read the trailers that foretell; what cannot be read says nothing."""
    from gitexp.errors import NotReady
    from gitexp.rules.documents.settings import parse_time

    trailers = dict(registration.extra)
    cost = None
    try:
        cost = parse_time(trailers["Cost"], "Cost") if "Cost" in trailers else None
    except NotReady:
        cost = None
    evidence = trailers.get("Evidence", "")
    found = _CEILING.search(evidence)
    return Promise(
        gain=_number(trailers.get("Gain")),
        chance=_share(trailers.get("Chance")),
        cost=cost,
        evidence=evidence,
        ceiling=abs(float(found[1].replace("−", "-"))) if found else None,
    )


def overpromised(registration: Registration) -> Finding | None:
    """Question a gain that is more than the gap which it names could give."""
    promise = promise_of(registration)
    if promise.gain is None or promise.ceiling is None or promise.gain <= promise.ceiling:
        return None
    return Finding(
        "G1",
        f"a gain of {promise.gain:g} is more than the gap could give: its ceiling is"
        f" {promise.ceiling:g}",
        "gitexp gaps shows ceilings; a gap is seldom closed whole",
        advice=True,
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _share(text: str | None) -> float | None:
    value = _number(text)
    return value if value is not None and 0 <= value <= 1 else None


@dataclass(frozen=True, slots=True)
class Idea:
    """A planned experiment as it is ranked: `worth` is chance x gain per hour of runs.

    `doubts` say in words what keeps the numbers from being taken at their word.
    """

    name: str
    gain: float
    chance: float
    seconds: float
    worth: float
    evidence: str
    answerable: bool
    doubts: tuple[str, ...]


def weigh(
    name: str,
    registration: Registration,
    *,
    hit_rate: float,
    seconds: float | None,
    detectable: float | None,
) -> Idea:
    """Weigh a planned experiment; what it does not say comes from the criterion and the past.

    `hit_rate` is the share of decided experiments that were confirmed, `seconds` what its missing
    runs would take, `detectable` the smallest effect that its design confirms.
    """
    promise = promise_of(registration)
    doubts = []
    gain, chance = promise.gain, promise.chance
    if gain is None:
        gain = registration.criterion.bar
        doubts.append("no --gain: the bar is taken")
    if chance is None:
        chance = hit_rate
        doubts.append(f"no --chance: the share confirmed so far, {hit_rate:.2g}, is taken")
    cost = promise.cost or seconds
    if cost is None:
        cost = 3600.0
        doubts.append("nothing tells what it costs: an hour is taken")
    if not promise.evidence:
        doubts.append("no --evidence: ideas that rest on something go first")
    if promise.ceiling is not None and gain > promise.ceiling:
        doubts.append(f"a gain of {gain:g} is more than its gap's ceiling, {promise.ceiling:g}")
    answerable = detectable is None or gain >= detectable
    if not answerable:
        doubts.append(f"unanswerable: the design confirms {detectable:.3g} or more")
    return Idea(
        name, gain, chance, cost, chance * gain / cost * 3600, promise.evidence, answerable,
        tuple(doubts),
    )  # fmt: skip


def ranked(ideas: Iterable[Idea]) -> list[Idea]:
    """Best first: with evidence before without, answerable before not, then by worth."""
    return sorted(
        ideas, key=lambda idea: (not idea.evidence, not idea.answerable, -idea.worth, idea.name)
    )


def within(ideas: Sequence[Idea], seconds: float) -> list[Idea]:
    """Fill a time budget in the order of rank; what no longer fits is passed over."""
    chosen, left = [], seconds
    for idea in ideas:
        if idea.seconds <= left:
            chosen.append(idea)
            left -= idea.seconds
    return chosen


# --- held against what came -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calibration:
    """Promises of one group of experiments beside their results.

    `predicted` and `measured` are mean gains of those that foretold one and were measured (`gains`
    of them), better is positive. `stated` is the mean stated chance and `hits` the share confirmed,
    over the `decided` ones that stated a chance; `brier` the mean squared distance between the two
    (0 is best, 0.25 is what a coin gets); `inconclusive` ones are counted apart.
    """

    group: str
    gains: int
    predicted: float | None
    measured: float | None
    decided: int
    stated: float | None
    hits: float | None
    brier: float | None
    inconclusive: int


def calibrate(
    group: str, metric: str, past: Sequence[tuple[Registration, Judgement]]
) -> Calibration:
    """Hold the promises of a group against its verdicts; gains of one metric alone have a mean.

    Source: Brier (1950) for the score.
    """
    gains, chances, inconclusive = [], [], 0
    for registration, judgement in past:
        promise = promise_of(registration)
        measured = _gain(registration, judgement)
        if registration.criterion.metric == metric and None not in (promise.gain, measured):
            gains.append((promise.gain or 0.0, measured or 0.0))
        if promise.chance is not None and judgement.verdict is Verdict.INCONCLUSIVE:
            inconclusive += 1
        elif promise.chance is not None and judgement.verdict is not None:
            chances.append((promise.chance, judgement.verdict is Verdict.CONFIRMED))
    return Calibration(
        group=group,
        gains=len(gains),
        predicted=statistics.fmean(g for g, _ in gains) if gains else None,
        measured=statistics.fmean(m for _, m in gains) if gains else None,
        decided=len(chances),
        stated=statistics.fmean(c for c, _ in chances) if chances else None,
        hits=statistics.fmean(hit for _, hit in chances) if chances else None,
        brier=statistics.fmean((c - hit) ** 2 for c, hit in chances) if chances else None,
        inconclusive=inconclusive,
    )


def _gain(registration: Registration, judgement: Judgement) -> float | None:
    """What a change gained over the baseline in the metric's unit, however its criterion counts."""
    criterion = registration.criterion
    if criterion.scale is Scale.DIFFERENCE:
        return judgement.effect
    if judgement.candidate_mean is None or judgement.baseline_mean is None:
        return None
    return criterion.sign * (judgement.candidate_mean - judgement.baseline_mean)


def in_words(calibration: Calibration) -> list[str]:
    """What a calibration says, in plain sentences; empty where there is too little to say."""
    said = []
    predicted, measured = calibration.predicted, calibration.measured
    if calibration.gains >= _ENOUGH and predicted is not None and measured is not None:
        if measured <= 0 < predicted:
            said.append("You expect gains, and on average there were none.")
        elif predicted > 0:
            times = predicted / measured
            said.append(
                f"You expect {_times(times)} the gain that you get."
                if times > 1.25
                else f"You get {_times(1 / times)} the gain that you expect."
                if times < 0.8
                else "The gains that you expect are the gains that you get."
            )
    if calibration.decided >= _ENOUGH and calibration.stated is not None:
        hits = calibration.hits or 0.0
        said.append(
            f"You give your ideas {100 * calibration.stated:.0f} %, and {100 * hits:.0f} % of them"
            " were confirmed."
        )
    return said


def _times(ratio: float) -> str:
    if 1.75 <= ratio < 2.5:
        return "twice"
    return f"{ratio:.2g} times"
