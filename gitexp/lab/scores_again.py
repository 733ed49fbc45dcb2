"""Whether an experiment gives its scores again, so that no failed or stopped run chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.engine.clock import now
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.objections.failed_runs import seeds_to_repeat
from gitexp.rules.verdict.same_score import same_score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitexp.lab.bench import Bench
    from gitexp.rules.documents.record import Record


def repeat_failed(bench: Bench, label: str, base: str, commit: str, seeds: Sequence[int]) -> bool:
    """Run seeds again that failed or were stopped, if that can answer an objection.

    `seeds` are those of the deciding look. Returns whether anything was run.

    Raises:
        CommandFailed: a run failed.
    """
    ledger, ran = bench.ledger, False
    while True:
        mine, theirs = (
            [r for r in ledger.records(one) if r.seed in seeds] for one in (commit, base)
        )
        due = seeds_to_repeat(mine, theirs, ledger.checks(commit))
        if not due:
            return ran
        good = ledger.good(commit, seeds)
        ledger.note(_repeat(bench, label, commit, good, due[0]))
        ran = True


def _repeat(bench: Bench, label: str, commit: str, good: Mapping[int, Record], seed: int) -> Check:
    """Run a seed again; twice, where its score alone could come up again by chance."""
    metric, old = bench.ledger.metric, good[seed]
    known = {record.metrics[metric] for record in good.values()}
    runs = 1 if len(known) == len(good) or old.output else 2
    scores = [old.metrics[metric]]
    found = Found.REPEATS
    while found is Found.REPEATS and len(scores) <= runs:
        bench.watcher.said(f"{label}: 1 run to see whether seed {seed} gives its score again")
        new = bench.repeat(label, commit, seed)
        scores.append(new.metrics[metric])
        if not same_score(*scores[:: len(scores) - 1]) or new.output != old.output:
            found = Found.DIFFERS
    return Check(commit, found, now(), seed, new.condition, tuple(scores))
