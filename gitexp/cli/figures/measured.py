"""What a picture needs of an experiment: its effect with its bounds, as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.cli.views.log_cells import in_fewer_words
from gitexp.rules.documents.change import Change
from gitexp.rules.plan.prediction import prediction_of
from gitexp.rules.verdict import effects
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.criterion import Scale as Unit
from gitexp.store.experiments import timestamp

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.rules.verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Measured:
    """An experiment with an effect; figures are changes of the metric, in its unit or in percent.

    `lower` is the smaller bound; both are None where there is no interval. `bar` is the change that
    counts as success, `said` the effect with its bounds in words, and `predicted` the gain that was
    predicted, where it is in the same unit. `before` and `after` are the mean scores, `base` is the
    commit of the baseline. `time` is in seconds since 1970.
    """

    name: str
    change: str
    verdict: Verdict | None
    accepted: bool
    base: str
    criterion: Criterion
    effect: float
    lower: float | None
    upper: float | None
    bar: float
    said: str
    predicted: float | None
    before: float | None
    after: float | None
    time: float

    @property
    def kind(self) -> tuple[str, Unit]:
        """Effects of one kind can be drawn on one scale."""
        return self.criterion.metric, self.criterion.scale


def in_brief(change: Change) -> str:
    """A change on one line: `model.C 1.0 → 10`."""
    return in_fewer_words(change, "→")[0]


def measured(row: Row) -> Measured | None:
    """What a picture needs of an experiment; None while it has no effect to show."""
    registration, judgement = row.result.registration, row.result.judgement
    if registration is None or judgement is None or judgement.effect is None:
        return None
    criterion = registration.criterion
    gain = prediction_of(registration).gain if criterion.scale is Unit.DIFFERENCE else None
    lower, upper = effects.bounds(criterion, judgement)
    return Measured(
        name=row.result.name,
        change=in_brief(registration.change),
        verdict=judgement.verdict,
        accepted=row.state == "accepted",
        base=row.result.base,
        criterion=criterion,
        effect=effects.displayed(criterion, judgement.effect),
        lower=lower,
        upper=upper,
        bar=effects.displayed(criterion, criterion.bar),
        said=effects.measured(criterion, judgement),
        predicted=None if gain is None else criterion.sign * gain,
        before=judgement.baseline_mean,
        after=judgement.candidate_mean,
        time=timestamp(row.time),
    )


def most_common(found: Iterable[Measured], metric: str) -> list[Measured]:
    """Those that can share one scale: on the project's metric if there are any, else the most."""
    every = [*found]
    kinds = Counter(one.kind for one in every)
    if not kinds:
        return []
    own = [kind for kind in kinds if kind[0] == metric]
    kind = max(own or kinds, key=lambda kind: kinds[kind])
    return [one for one in every if one.kind == kind]
