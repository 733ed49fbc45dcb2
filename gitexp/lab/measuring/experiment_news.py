"""What a person reads of an experiment under way: what is run and why, and how far it is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gitexp.lab.code.code_proof import to_see_what_repeats
from gitexp.lab.measuring.bench import say_changed
from gitexp.lab.measuring.watcher import LookProgress
from gitexp.rules.verdict.due_run import Run, Why
from gitexp.rules.verdict.pairs import compared

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.lab.measuring.session import Session
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement


def why_it_runs(session: Session, run: Run) -> str:
    """Say what a run is for, where that is more than one of the registered seeds; else ""."""
    ledger, base = session.ledger, session.bench.base
    match run.why:
        case Why.REPEAT:
            return f"1 run to see whether seed {run.seed} repeats its score"
        case Why.NEUTRAL:
            return (
                f"1 run of its code ({ledger.code[:8]}) with the switch off, seed {run.seed}, to"
                " prove that it leaves the baseline as it was"
            )
        case Why.TWICE:
            return to_see_what_repeats(run)
        case Why.BLOCK:
            return (
                "running fresh seeds too, because several experiments agree so well that the"
                " baseline may have been unlucky"
            )
        case Why.MATCH:
            return (
                f"{what_changed(ledger, base, run)}; its seeds are run again, because the two runs"
                " of a pair must share their condition"
            )
    return ""


def look_progress(
    session: Session, registration: Registration, judgement: Judgement
) -> LookProgress:
    """Return how far an experiment is that needs more runs."""
    ledger = session.ledger
    baseline, records = ledger.records(session.bench.base), ledger.records(ledger.experiment)
    pairs, _ = compared(registration, baseline, records)
    looks = [look for look in registration.repeats if look > judgement.pairs]
    took = [record.duration for record in (*baseline, *records) if record.ok]
    at_once = min(session.bench.at_once, max(1, session.due.left))
    runs = sum(1 if run.then is None else 2 for run in (*session.due.now, *session.due.later))
    seconds = sum(took) / len(took) * runs / at_once if took and at_once else None
    metric, found = registration.criterion.metric, list[float]()
    for before, after in pairs:
        with contextlib.suppress(ValueError):  # scores of 0 or less have no ratio
            found.append(
                registration.criterion.difference(before.metrics[metric], after.metrics[metric])
            )
    return LookProgress(
        session.name, registration.criterion, len(pairs), min(looks, default=len(pairs)),
        registration.repeats[-1], session.due.left, seconds,
        sum(found) / len(found) if found else None,
    )  # fmt: skip


def what_changed(ledger: Ledger, base: str, run: Run) -> str:
    """Say how a run's condition differs from the one that the baseline was last measured in."""
    (condition,) = run.conditions or ("",)
    ledger.environments.read(base)
    records = reversed(ledger.records(base))
    other = (record.condition for record in records if record.condition != condition)
    environment = ledger.environments.of
    return say_changed(environment(next(other, "")), environment(condition))
