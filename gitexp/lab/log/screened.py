"""What screening says of ideas, read from the notes of all that were screened on one baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.lab.log.decided import has_verdict
from gitexp.lab.registering.design import history
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, made_by, parse_records
from gitexp.rules.plan.prediction import prediction_of
from gitexp.rules.plan.ranking import usual_chance
from gitexp.rules.plan.screening import Differences, differences
from gitexp.rules.plan.shrinkage import Prior, Screened, noise_of, scatter_of, shrunk
from gitexp.rules.verdict.foreseen import foresee
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement


@dataclass(frozen=True, slots=True)
class _Idea:
    commit: str
    registration: Registration
    found: Differences


def bar_of(registration: Registration, baseline: float) -> float:
    """The smallest gain that counts as success, in the metric's unit, above a baseline's score."""
    criterion = registration.criterion
    return criterion.bar * criterion.unit_at(baseline)


def read_screened(
    repository: Repository,
    planned: Sequence[Result],
    results: Sequence[Result],
    baseline: Sequence[Record],
) -> dict[str, Screened]:
    """What to expect of planned experiments that were screened, by commit.

    All `results` that were screened beside them tell how lucky their baseline was. With the records
    of the `baseline`, they also say what pairs vary by, and how often an idea is confirmed.
    """
    if not any(result.summary.screened for result in planned):
        return {}
    parents = {result.base for result in planned}
    tried = [r for r in results if r.base in parents and r.registration and r.summary.screened]
    notes = read_notes(repository, RUNS, [*parents, *(result.commit for result in tried)])
    groups: dict[tuple[str, str, float], list[_Idea]] = {}
    for result in tried:
        assert result.registration is not None  # noqa: S101 - chosen above
        found = _differences(result.registration, result.commit, result.base, notes)
        if found is not None:
            key = result.base, result.registration.criterion.metric, found.share
            idea = _Idea(result.commit, result.registration, found)
            groups.setdefault(key, []).append(idea)
    past = history(results, baseline)[0]
    decided = [result for result in results if has_verdict(result)]
    chance = usual_chance(sum(result.confirmed for result in decided), len(decided))
    screened: dict[str, Screened] = {}
    for ideas in groups.values():
        screened |= _posteriors(ideas, past, baseline, chance)
    wanted = {result.commit for result in planned}
    return {commit: one for commit, one in screened.items() if commit in wanted}


def _differences(
    registration: Registration, commit: str, parent: str, notes: Mapping[str, str]
) -> Differences | None:
    mine, before = (
        made_by(parse_records(notes.get(noted, ""), Purpose.SCREEN), noted, registration.project)
        for noted in (commit, parent)
    )
    return differences(registration, before, mine)


def _posteriors(
    ideas: Sequence[_Idea],
    past: Sequence[tuple[Registration, Judgement]],
    baseline: Sequence[Record],
    chance: float,
) -> dict[str, Screened]:
    """What to expect of ideas that were compared with the same runs."""
    priors = [_prior(one.registration, one.found.baseline, chance) for one in ideas]
    measured = [math.fsum(one.found.values) / len(one.found.values) for one in ideas]
    runs = [len(one.found.values) for one in ideas]
    first = ideas[0]
    if (foreseen := foresee(first.registration, past, baseline).most) is not None:
        # On a part of the data, scores vary by more.
        unit = first.registration.criterion.unit_at(first.found.baseline)
        noise = foreseen.sd * unit / math.sqrt(first.found.share)
    else:
        noise = noise_of(measured, runs, [prior.gain for prior in priors])
    scatter = scatter_of(measured, runs, noise)
    priors = [
        replace(prior, scatter=scatter) if prediction_of(one.registration).gain is None else prior
        for prior, one in zip(priors, ideas, strict=True)
    ]
    found = shrunk(priors, measured, runs, noise)
    return {
        one.commit: Screened(
            number, one.found.share, mean, expected, sd, one.found.baseline, one.found.same
        )
        for one, number, mean, (expected, sd) in zip(ideas, runs, measured, found, strict=True)
    }


def _prior(registration: Registration, baseline: float, chance: float) -> Prior:
    """What a registration predicts; what it does not state is the bar, and the chance of others."""
    prediction = prediction_of(registration)
    gain, stated = prediction.gain, prediction.chance
    if gain is None:
        gain = bar_of(registration, baseline)
    return Prior(gain, chance if stated is None else stated)
