"""Which runs of the baseline an experiment is paired with: they must share its condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.engine.condition import changes_between
from gitexp.engine.present import present_environment
from gitexp.errors import NotReady
from gitexp.rules.documents.generation import generation_of, newest_generation
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.bench import Bench
    from gitexp.lab.ledger import Ledger


def measure_partners(
    bench: Bench, label: str, base: str, commit: str, seeds: Sequence[int]
) -> None:
    """Run the baseline's seeds that the experiment's next runs will be paired with.

    A record made in another condition cannot be paired with a run that is made today.
    """
    done = bench.ledger.good(commit, seeds) if commit else {}
    due = [seed for seed in seeds if seed not in done]
    if due:
        find_conditions(bench, label, base)
    bench.measure(label, base, due, bench.here, ask=True)


def find_conditions(bench: Bench, label: str, base: str) -> None:
    """Find out which conditions of the baseline's records hold today, once for all runs."""
    if bench.here is None:
        bench.here = _conditions_here(bench, label, base)


def _conditions_here(bench: Bench, label: str, base: str) -> list[str] | None:
    """Conditions of the baseline's records that hold today, None if that is not known."""
    ledger = bench.ledger
    known = ledger.environments(base)
    if not known:
        return None
    now = present_environment(
        ledger.repository, ledger.project.prefix, ledger.settings, bench.threads(), known.values()
    )
    if now is None:
        return None
    newest = newest_generation(known)
    here = [
        name
        for name, then in known.items()
        if generation_of(name) == newest and not changes_between(then, now)
    ]
    if not here:
        then = list(known.values())[-1]
        bench.watcher.said(f"{label}: {_changed(then, now)}; its seeds are run again")
    return here


def match(
    bench: Bench, label: str, base: str, commit: str, seeds: Sequence[int], partners: Sequence[int]
) -> None:
    """Run baseline seeds again whose records have another condition than the experiment's.

    `seeds` are those of the experiment, `partners` those of the baseline that it needs.

    Raises:
        NotReady: the baseline runs in another condition every time.
    """
    ledger = bench.ledger
    baseline = ledger.records(base)
    measured = ledger.good(commit, seeds)
    conditions = list(dict.fromkeys(record.condition for record in measured.values()))
    alone: dict[str, list[int]] = {}
    for seed in partners:
        fitting = [measured[seed].condition] if seed in measured else conditions
        if fitting and seed not in first_good(baseline, [seed], ledger.metric, fitting):
            alone.setdefault(fitting[-1], []).append(seed)
    for condition, mine in alone.items():
        bench.watcher.said(
            f"{label}: {_what_changed(ledger, base, condition)}; its seeds are run again, because"
            " the two runs of a pair must share their condition"
        )
        bench.measure(label, base, mine, [condition])
        if len(ledger.good(base, mine, [condition])) < len(mine):
            raise NotReady(
                "baseline and experiment do not run in the same condition:"
                f" {_what_changed(ledger, base, condition)}",
                "make the environment the same for both (python and package versions), then run"
                " again",
            )


def _what_changed(ledger: Ledger, base: str, condition: str) -> str:
    """Say how a condition differs from the one that the baseline was last measured in."""
    ledger.read_environments(base)
    other = (r.condition for r in reversed(ledger.records(base)) if r.condition != condition)
    return _changed(ledger.environment(next(other, "")), ledger.environment(condition))


def _changed(then: dict[str, Any], now: dict[str, Any]) -> str:
    return f"the environment has changed ({', '.join(changes_between(then, now)) or 'unknown'})"
