"""What a trial tells before anything is settled: what a seed varies, and how many runs to plan.

Whoever sets a project up seldom knows what a seed does to it, nor what a plan will cost. Seed 1,
seed 1 again and seed 2 show both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.documents.outcomes import PREDICTED, TRUE
from gitexp.rules.documents.record import PROOF
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.outlook import spreads_to_confirm
from gitexp.rules.verdict.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitexp.rules.documents.outcomes import Outcomes

LONG_RUN = 30 * 60  # seconds; twenty experiments at up to 20 runs of that take weeks
# Looks, and experiments planned. Three repeats are there to be warned of; of the other two, the
# cheaper is proposed where a run is long.
_PLANS = (((3,), 5), ((5,), 5), ((5, 10, 20), 20))
_PLANS_OF_ONE_RUN = (((1,), 5), ((1,), 20))
_ONE_RUN = (
    'A repeat would tell nothing new, so one run is an experiment: vary = "none". How sure a'
    " difference is, only per-example predictions can tell then (gitexp.predictions in the script,"
    " predictions in the settings)."
)
_NO_SEED = (
    "If a seed should change something, give it to the command ({seed}), the config (seed_key) or"
    ' the script (GITEXP_SEED), and set vary to "split" or "seed".'
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to spend runs: looks, the experiments of a campaign, and what they cost and see.

    All costs are seconds with every look taken: `experiment` where the baseline's runs are there,
    `alone` where they are not, `campaign` for all planned experiments against one baseline.
    `spreads` is the smallest effect that the campaign's first experiment confirms four times in
    five, in standard deviations of a paired difference; None where only examples can tell.
    """

    repeats: tuple[int, ...]
    planned: int
    experiment: float
    alone: float
    campaign: float
    spreads: float | None
    proposed: bool


def plan_choices(
    seconds: float,
    *,
    seeded: bool,
    widening: float,
    budget: float,
    long: float = LONG_RUN,
) -> tuple[Choice, ...]:
    """Lay out what can be afforded where a run takes so many seconds; one choice is proposed.

    `widening` is n_test / n_train where a seed redraws the split, else 0; `budget` is the error
    that a campaign may spend; runs of more than `long` seconds call for the cheaper plan.
    """
    plans = _PLANS if seeded else _PLANS_OF_ONE_RUN
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
                spreads=spreads_to_confirm(repeats, level, widening) if seeded else None,
                proposed=(repeats, planned) == proposed,
            )
        )
    return tuple(choices)


@dataclass(frozen=True, slots=True)
class Tried:
    """A run of a trial: the metrics that it reported, and its outcomes where it stored any."""

    metrics: Mapping[str, float]
    outcomes: Outcomes | None = None


def find_vary(runs: Sequence[Tried], metric: str, said: str) -> tuple[str, tuple[str, ...]]:
    """Find what a seed varies, as the setting `vary` has it, and say why in sentences.

    `runs` are those of seed 1, of seed 1 again and of seed 2, as far as they were made; `said` is
    what holds where they cannot tell.
    """
    if len(runs) == 1:
        return said, (f'What a seed varies was not tried, as a run takes long: vary = "{said}".',)
    first, again, *other = runs
    score = number(first.metrics[metric])
    if first.metrics[metric] != again.metrics[metric] or _table(first) != _table(again):
        saw = (
            f"Seed 1 run twice gave two results ({metric} {score} and"
            f" {number(again.metrics[metric])}): the seed does not fix all that is random, which is"
            " fine, as repeats vary all the same."
        )
    elif all(_same(first, again, run, metric) for run in other):
        same = f"Seed 1, seed 1 again and seed 2 gave the same {metric} {score}."
        return "none", (same, _ONE_RUN, _NO_SEED)
    else:
        saw = f"Seed 1 gave {metric} {score} twice, and seed 2 another result: the seed works."
    careful = "split" if said == "none" else said
    vary, why = _find_redrawn(runs, careful)
    return vary, (saw, why)


def _same(first: Tried, again: Tried, other: Tried, metric: str) -> bool:
    """Whether another seed changed nothing that the first seed reproduces.

    Scores alone may agree by chance: on 50 test rows two models often do.
    """
    exact = {metric: first.metrics[metric], **dict(first.metrics.items() & again.metrics.items())}
    same = all(other.metrics.get(name) == value for name, value in exact.items())
    return same and _table(first) == _table(other)


def _table(run: Tried) -> dict[str, tuple[str, str]] | None:
    """What was true and what was predicted, by the row's id."""
    if run.outcomes is None:
        return None
    columns = run.outcomes.columns
    both = zip(columns[TRUE], columns[PREDICTED], strict=True)
    return dict(zip(run.outcomes.ids, both, strict=True))


def _find_redrawn(runs: Sequence[Tried], said: str) -> tuple[str, str]:
    """Find whether the rows tell if the split is redrawn."""
    tables = [_table(run) for run in runs]
    if None in tables:
        if said == "seed":
            return said, 'Scores do not tell whether the split stays: vary = "seed" is kept.'
        return said, (
            "Whether a seed redraws the split or the training alone cannot be told from scores:"
            ' vary = "split" is the careful answer, with the larger error. If the split stays the'
            ' same: vary = "seed".'
        )
    truths = [{row: true for row, (true, _) in (table or {}).items()} for table in tables]
    if all(truth == truths[0] for truth in truths):
        return "seed", 'Every run was tested on the same rows, so the split stays: vary = "seed".'
    if all(truth.keys() == truths[0].keys() for truth in truths):
        return "split", (
            "The runs use the same ids for different rows, so the split is redrawn:"
            ' vary = "split". Name a row by the same id in every run (ids= of gitexp.predictions),'
            " or examples cannot be compared."
        )
    return "split", 'The runs were tested on different rows: vary = "split".'
