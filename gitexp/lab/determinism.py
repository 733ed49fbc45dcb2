"""Proves that a trainer is deterministic, if the settings say so, by running the baseline twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.pairing import measure_partners
from gitexp.rules.documents.record import PROOF
from gitexp.rules.verdict.experiment import exact_metrics

if TYPE_CHECKING:
    from gitexp.lab.bench import Bench


def prove_deterministic(bench: Bench, label: str, base: str, then: str = "") -> None:
    """Run the baseline twice in one condition, unless that was done, and compare the metric.

    Raises:
        NotReady: the two runs differ; `then` is what to do after correcting the settings.
    """
    ledger, metric = bench.ledger, bench.ledger.metric
    measure_partners(bench, label, base, "", PROOF)
    for _ in PROOF:
        if exact_metrics(ledger.records(base), metric) is not None:
            break
        # The two have different conditions: run the older one again in that of the newer one.
        newest = max(ledger.good(base, PROOF).values(), key=lambda record: record.start)
        bench.measure(label, base, PROOF, [newest.condition])
    exact = exact_metrics(ledger.records(base), metric)
    if exact is None:
        raise NotReady(
            "the two runs that must give the same result do not run in the same condition",
            "keep python, packages and declared data unchanged between two runs",
        )
    if metric not in exact:
        found = ledger.good(base, PROOF).values()
        values = " and ".join(f"{record.metrics[metric]:.6g}" for record in found)
        raise NotReady(
            f'vary = "none" says that repeating a run gives the same result, but two runs gave'
            f" {metric} {values}",
            f'set vary = "seed" (or "split") in the settings on the baseline branch{then}',
        )
