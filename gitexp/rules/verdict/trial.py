"""What trial runs show before a project is set up: what a seed changes, how many runs to plan.

People who set up a project seldom know what a seed does to it, or what a plan will cost. Seed 1,
seed 1 again and seed 2 show both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.rules.documents.outcomes import PREDICTED, TRUE, Outcomes
from gitexp.rules.documents.record import PROOF
from gitexp.rules.documents.settings import LOOKS, LOOKS_ON_FIXED_SPLIT
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.figures import number
from gitexp.rules.verdict.power import sds_to_confirm

LONG_RUN = 30 * 60  # seconds; twenty experiments at up to 20 runs of that take weeks
# Looks, and experiments planned. Three repeats are listed as a warning; of the other two, the
# cheaper is proposed where a run is long.
_PLANS = (((3,), 5), ((5,), 5), (LOOKS, 20))
_PLANS_ON_FIXED_SPLIT = (*_PLANS[:-1], (LOOKS_ON_FIXED_SPLIT, 20))
_PLANS_OF_ONE_RUN = (((1,), 5), ((1,), 20))
_ENOUGH_SHARED = 30  # rows; their number then has an error of a fifth
_ONE_RUN = (
    'A repeat would show nothing new, so an experiment is one run: vary = "none". Only per-example'
    " predictions can then tell how sure a difference is (gitexp.predictions in the script,"
    " `predictions` in the settings)."
)
_NO_SEED = (
    "If a seed should change something, pass it to the command ({seed}), the config (seed_key) or"
    ' the script (GITEXP_SEED), and set vary to "split" or "seed".'
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to spend runs: looks, experiments in a campaign, and what they cost and can detect.

    Costs are in seconds and assume that every look is taken: `experiment` is one experiment on a
    baseline that was run, `alone` one with its baseline, and `campaign` all planned experiments on
    one baseline. `in_sds` is the smallest effect that the campaign's first experiment confirms four
    times in five, in standard deviations of a paired difference; None if only predictions can.
    """

    repeats: tuple[int, ...]
    planned: int
    experiment: float
    alone: float
    campaign: float
    in_sds: float | None
    proposed: bool


def plan_choices(
    seconds: float,
    *,
    seeded: bool,
    widening: float,
    budget: float,
    long: float = LONG_RUN,
) -> tuple[Choice, ...]:
    """Lay out the choices for runs of this duration; one choice is proposed.

    `widening` is n_test / n_train where a seed redraws the split, else 0; `budget` is the error
    that a campaign may spend; runs of more than `long` seconds call for the cheaper plan.
    """
    plans: tuple[tuple[tuple[int, ...], int], ...] = _PLANS_OF_ONE_RUN
    if seeded:
        plans = _PLANS if widening else _PLANS_ON_FIXED_SPLIT
    proposed = plans[-2] if seconds > long else plans[-1]
    choices = []
    for repeats, planned in plans:
        runs, partners = repeats[-1], repeats[-1] if seeded else len(PROOF)
        level = campaign_level(budget, planned, 0)
        choices.append(
            Choice(
                repeats,
                planned,
                experiment=runs * seconds,
                alone=(runs + partners) * seconds,
                campaign=(planned * runs + partners) * seconds,
                in_sds=sds_to_confirm(repeats, level, widening) if seeded else None,
                proposed=(repeats, planned) == proposed,
            )
        )
    return tuple(choices)


@dataclass(frozen=True, slots=True)
class TrialRun:
    """A trial run: the metrics that it reported, and its outcomes where it stored any."""

    metrics: Mapping[str, float]
    outcomes: Outcomes | None = None


def ids_clash(runs: Sequence[TrialRun]) -> bool:
    """Whether an id names rows with different truths, so that examples cannot be compared."""
    truth: dict[str, str] = {}
    return any(
        truth.setdefault(row, true) != true
        for run in runs
        for row, (true, _) in (_table(run) or {}).items()
    )


def estimate_test_ratio(runs: Sequence[TrialRun]) -> float | None:
    """Rows tested per row trained on, from how many rows two redrawn test sets share.

    None where too few are shared to tell, as with test sets that never overlap.

    Source: Chapman (1951), the size of a population from two samples.
    """
    tested = [set(table) for run in runs if (table := _table(run)) is not None]
    first, last = (tested[0], tested[-1]) if len(tested) > 1 else (set(), set())
    shared = len(first & last)
    if shared < _ENOUGH_SHARED or first == last:
        return None
    rows = (len(first) + 1) * (len(last) + 1) / (shared + 1) - 1
    trained = rows - len(first)
    return round(len(first) / trained, 2) if trained > 0 else None


def find_vary(runs: Sequence[TrialRun], metric: str, said: str) -> tuple[str, tuple[str, ...]]:
    """Find what a seed changes, as the setting `vary` has it, and say why in sentences.

    `runs` are those of seed 1, of seed 1 again and of seed 2, as far as they were made; `said` is
    the value to keep where they cannot tell.
    """
    if len(runs) == 1:
        return said, (
            f'What a seed changes was not tested, because a run takes long: vary = "{said}".',
        )
    first, again, *other = runs
    score = number(first.metrics[metric])
    if first.metrics[metric] != again.metrics[metric] or _table(first) != _table(again):
        saw = (
            f"Seed 1 run twice gave two results ({metric} {score} and"
            f" {number(again.metrics[metric])}): the seed does not fix everything random, which is"
            " fine, because repeats vary all the same."
        )
    elif all(_same(first, again, run, metric) for run in other):
        same = f"Seed 1, seed 1 again and seed 2 gave the same {metric} {score}."
        return "none", (same, _ONE_RUN, _NO_SEED)
    else:
        saw = f"Seed 1 gave {metric} {score} twice, and seed 2 gave another result: the seed works."
    careful = "split" if said == "none" else said
    vary, why = _find_redrawn(runs, careful)
    return vary, (saw, why)


def _same(first: TrialRun, again: TrialRun, other: TrialRun, metric: str) -> bool:
    """Whether another seed changed nothing that the first seed reproduces.

    Scores alone may be equal by chance: on 50 test rows those of two models often are.
    """
    exact = {metric: first.metrics[metric], **dict(first.metrics.items() & again.metrics.items())}
    same = all(other.metrics.get(name) == value for name, value in exact.items())
    return same and _table(first) == _table(other)


def _table(run: TrialRun) -> dict[str, tuple[str, str]] | None:
    """What was true and what was predicted, by the row's id."""
    if run.outcomes is None:
        return None
    columns = run.outcomes.columns
    both = zip(columns[TRUE], columns[PREDICTED], strict=True)
    return dict(zip(run.outcomes.ids, both, strict=True))


def _find_redrawn(runs: Sequence[TrialRun], said: str) -> tuple[str, str]:
    """Find out from the rows whether a seed redraws the split, and say why."""
    tables = [_table(run) for run in runs]
    if None in tables:
        if said == "seed":
            return (
                said,
                'Scores do not show whether the split stays the same: vary = "seed" is kept.',
            )
        return said, (
            "Scores alone do not show whether a seed redraws the split or only changes training."
            ' vary = "split" is the safe choice: it asks for a clearer effect. If the split stays'
            ' the same, set vary = "seed".'
        )
    truths = [{row: true for row, (true, _) in (table or {}).items()} for table in tables]
    if all(truth == truths[0] for truth in truths):
        return (
            "seed",
            'Every run was tested on the same rows, so the split stays the same: vary = "seed".',
        )
    if all(truth.keys() == truths[0].keys() for truth in truths):
        return "split", (
            "The runs use the same ids for different rows, so the split is redrawn:"
            ' vary = "split". Before you set `predictions`, give a row the same id in every run'
            " (ids= of gitexp.predictions): examples are compared by id."
        )
    return "split", 'The runs were tested on different rows: vary = "split".'
