"""Whether an experiment repeats itself, so that nobody chose by stopping its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.engine.clock import now
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.objections.failed_runs import hinges_on_stopped
from gitexp.rules.verdict.same_score import same_score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.lab.bench import Bench


def check_aborted(bench: Bench, label: str, base: str, commit: str, seeds: Iterable[int]) -> bool:
    """Run a seed again whose run was stopped, if that can answer an objection; whether it was run.

    Raises:
        CommandFailed: the run failed.
    """
    ledger, seeds = bench.ledger, [*seeds]
    good = ledger.good(commit, seeds)
    measured = [seed for seed in seeds if seed in good]
    arms = [[r for r in ledger.records(c) if r.seed in measured] for c in (commit, base)]
    asked = any(check.found in {Found.REPEATS, Found.DIFFERS} for check in ledger.checks(commit))
    if asked or not hinges_on_stopped(*arms):
        return False
    # One that was stopped: that the others repeat themselves would prove little.
    stopped = [r.seed for r in arms[0] if r.end is Ended.ABORT and r.seed in good]
    if not stopped:
        return False
    old = good[stopped[-1]]
    bench.watcher.said(f"{label}: 1 run to see whether an aborted run gives its score again")
    new = bench.repeat(label, commit, old.seed)
    scores = old.metrics[ledger.metric], new.metrics[ledger.metric]
    found = Found.REPEATS if same_score(*scores) else Found.DIFFERS
    ledger.note(Check(commit, found, now(), old.seed, new.condition, scores))
    return True
