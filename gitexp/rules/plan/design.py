"""What an experiment is measured by: criterion, seeds and evidence, as the settings have them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.rules.documents.change import NO_CHANGE, Change
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.documents.registration import LENDERS, Registration
from gitexp.rules.documents.settings import INTERLEAVED, MOST_REPEATS, RULES, Settings
from gitexp.rules.finding import Finding
from gitexp.rules.text import meant
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.criterion import Criterion, Guard, Scale

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record


def criterion_from(settings: Settings, expect: str) -> Criterion:
    """Return the criterion as typed, else the one of the settings.

    Raises:
        UsageError: it cannot be read, asks for no gain, counts a worse value as success, or has no
            pairs where the settings ask for them.
    """
    criterion = Criterion.parse(expect) if expect else settings.criterion
    if settings.pairing and criterion.scale is Scale.CONSTANT:
        raise UsageError(
            f"{criterion} is not compared with the baseline, but the settings have pairing ="
            f' "{INTERLEAVED}"',
            f'compare with it: --expect "{settings.metric} +0.005"',
        )
    if settings.rules > 1 and asks_for_nothing(criterion):
        raise UsageError(
            f"{criterion} asks for no gain, so luck alone would meet it",
            f'name the smallest gain worth having: --expect "{criterion.metric} +0.005"',
        )
    if wrong := against_direction(criterion, settings):
        raise UsageError(wrong.message, wrong.hint)
    return criterion


def asks_for_nothing(criterion: Criterion) -> bool:
    """Whether a criterion is met by no gain at all, so that any luck would do."""
    return criterion.scale is not Scale.CONSTANT and not criterion.amount > 0


def against_direction(criterion: Criterion, settings: Settings) -> Finding | None:
    """Find that a criterion counts a worse value of the project's metric as success."""
    if criterion.metric != settings.metric:
        return None
    if criterion.higher_is_better == settings.higher_is_better:
        return None
    return Finding(
        "S3",
        f"{criterion} counts a worse {settings.metric} as success: the settings say that"
        f" {settings.direction} is better",
        f"--expect '{replace(criterion, higher_is_better=settings.higher_is_better)}'",
    )


def improvised(settings: Settings, name: str, message: str) -> Registration:
    """Return what to measure where a message registers nothing: the settings, with one look.

    Its seeds are those that no verdict uses, so that the change can still be registered.
    """
    return registration_for(
        settings,
        hypothesis=hypothesis_of(message),
        name=name,
        criterion=settings.criterion,
        first_seed=1 if settings.first_seed is None else settings.first_seed,
        campaign=1,
        level=campaign_level(settings.error_budget, settings.planned, 0),
        repeats=settings.looks[:1],
    )


def registration_for(
    settings: Settings,
    *,
    criterion: Criterion,
    first_seed: int,
    campaign: int,
    level: float,
    hypothesis: str = "",
    name: str = "",
    change: Change = NO_CHANGE,
    repeats: tuple[int, ...] = (),
    guards: tuple[Guard, ...] = (),
    extra: tuple[tuple[str, str], ...] = (),
) -> Registration:
    """Freeze what the settings say of repeats, seeds and evidence; `repeats` overrides theirs.

    A single run with predictions is compared with as many runs of the baseline as the settings
    plan, from 5 to 10.
    """
    looks = (repeats or settings.looks) if settings.seeded else (1,)
    first = first_seed if settings.seeded else 1
    by_examples = bool(settings.predictions) and _is_known(criterion.metric)
    borrowed = 0
    if looks == (1,) and by_examples and may_be_one_run(settings, criterion, guards):
        borrowed = min(max(settings.looks[-1], LENDERS[0]), LENDERS[-1])
    return Registration(
        hypothesis=hypothesis,
        name=name,
        change=change,
        criterion=criterion,
        repeats=looks,
        seeds=(first, first + (borrowed or looks[-1]) - 1),
        widening=settings.widening,
        campaign=campaign,
        level=level,
        guards=guards,
        seeded=settings.seeded,
        by_examples=by_examples,
        borrowed=borrowed,
        rules=RULES,
        interleaved=bool(settings.pairing),
        extra=extra,
    )


def looks_up_to(settings: Settings, most: int) -> tuple[int, ...]:
    """Return the looks of the settings before the last of so many repeats, and that one.

    Raises:
        UsageError: nobody can run so many, or a repeat would show nothing new.
    """
    if not settings.seeded:
        raise UsageError(
            "a repeat would show nothing new: according to the settings, no seed changes anything",
            "the same command without --repeats",
        )
    if not 1 <= most <= MOST_REPEATS:
        raise UsageError(
            f"{most} repeats are out of range", f"a number from 1 to {MOST_REPEATS}: --repeats 20"
        )
    return (*(look for look in settings.looks if look < most), most)


def may_be_one_run(settings: Settings, criterion: Criterion, guards: tuple[Guard, ...]) -> bool:
    """Whether runs of the baseline can lend a single run what they vary by.

    They must be tested on the same examples. Nothing of the kind is known of a constant, which the
    baseline has no part in, nor of a guard, which has no examples.
    """
    redrawn, constant = settings.widening, criterion.scale is Scale.CONSTANT
    return settings.seeded and not (redrawn or constant or guards or settings.pairing)


def _is_known(metric: str) -> bool:
    # Loaded late: the hooks need it only where predictions are declared.
    from gitexp.rules.documents.known_metrics import is_known

    return is_known(metric)


def met_already(criterion: Criterion, baseline: Sequence[float]) -> Finding | None:
    """Find that the baseline's scores already reach the constant of a criterion."""
    if criterion.scale is not Scale.CONSTANT or not baseline:
        return None
    mean = math.fsum(baseline) / len(baseline)
    if criterion.difference(mean, mean) < 0:
        return None
    return Finding(
        "S1",
        f"the baseline already meets {criterion}: its mean over {len(baseline)}"
        f" run{'s' if len(baseline) > 1 else ''} is {mean:.4g}",
        f'ask for more, or for a gain over the baseline: --expect "{criterion.metric} +0.005"',
    )


def not_reported(metric: str, settings: Settings, baseline: Iterable[Record]) -> Finding | None:
    """Find that no run of the baseline reported a metric, and name the one that may be meant."""
    reported = {name for record in baseline if record.ok for name in record.metrics}
    if not reported or metric in reported or metric == settings.metric:
        return None
    return Finding(
        "S4",
        f"no run of the baseline reported {metric}",
        meant(metric, sorted(reported), "they reported"),
        advice=True,
    )


def unguarded(registration: Registration, settings: Settings) -> Finding | None:
    """Find that success says nothing of the project's own metric."""
    judged = {registration.criterion.metric, *(one.limit.metric for one in registration.guards)}
    if settings.metric in judged:
        return None
    own = settings.criterion
    return Finding(
        "S5",
        f"judged by {registration.criterion.metric} alone, it may be confirmed and accepted while"
        f" {settings.metric} gets worse",
        f"--guard '{replace(own, higher_is_better=not own.higher_is_better)}'",
        advice=True,
    )
