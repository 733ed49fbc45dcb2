"""Runs that something else than gitexp recorded, and the changes that were kept because of them."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


class Kept(enum.Enum):
    """What became of a run, as its record says."""

    KEPT = "kept"
    DISCARDED = "discarded"
    FAILED = "failed"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class PastRun:
    """One recorded run: finite scores by metric, and what it was configured with, as text.

    `settings` is empty where the record does not say; `seed` is "" where it does not.
    """

    label: str
    scores: Mapping[str, float]
    settings: Mapping[str, str] = field(default_factory=dict)
    seed: str = ""
    kept: Kept = Kept.UNSAID


@dataclass(frozen=True, slots=True)
class Configuration:
    """One configuration: its scores, one for each repeat, in the order of the record."""

    label: str
    scores: tuple[float, ...]
    settings: tuple[tuple[str, str], ...] = ()
    kept: Kept = Kept.UNSAID

    @property
    def mean(self) -> float:
        """Mean score of its repeats."""
        return math.fsum(self.scores) / len(self.scores)


@dataclass(frozen=True, slots=True)
class Win:
    """A change that was kept, and what it was compared with; `gain` is positive for better."""

    before: Configuration
    after: Configuration
    gain: float

    @property
    def widening(self) -> float:
        """Standard error of the gain, in standard deviations of one run."""
        return math.sqrt(1 / len(self.after.scores) + 1 / len(self.before.scores))


def configurations(runs: Iterable[PastRun], metric: str) -> tuple[Configuration, ...]:
    """Join the repeats of each configuration, at the place of its first run.

    Runs that failed or lack the metric are left out; of runs with the same seed the first counts,
    as the others show no noise between seeds.
    """
    groups: dict[object, list[PastRun]] = {}
    for number, run in enumerate(runs):
        if metric in run.scores and run.kept is not Kept.FAILED:
            settings = _settings(run, metric)
            groups.setdefault(settings or number, []).append(run)
    return tuple(_joined(group, metric) for group in groups.values())


def _settings(run: PastRun, metric: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((k, v) for k, v in run.settings.items() if k != metric))


def _joined(group: Sequence[PastRun], metric: str) -> Configuration:
    scores, seeds = [], set()
    for run in group:
        if not run.seed or run.seed not in seeds:
            scores.append(run.scores[metric])
        seeds.add(run.seed)
    outcomes = [run.kept for run in group]
    kept = Kept.KEPT if Kept.KEPT in outcomes else outcomes[0]
    return Configuration(group[0].label, tuple(scores), _settings(group[0], metric), kept)


def wins(tried: Sequence[Configuration], *, higher_is_better: bool) -> tuple[Win, ...]:
    """Kept changes, each against the one kept before it; the first one kept is the baseline.

    Where the record does not say what was kept, it is whatever was better than all before it.
    """
    sign = 1 if higher_is_better else -1
    says = any(one.kept is Kept.KEPT for one in tried)
    found: list[Win] = []
    best: Configuration | None = None
    for one in tried:
        if best is None:
            if not says or one.kept is Kept.KEPT:
                best = one
            continue
        gain = sign * (one.mean - best.mean)
        if one.kept is Kept.KEPT if says else gain > 0:
            found.append(Win(best, one, gain))
            best = one
    return tuple(found)
