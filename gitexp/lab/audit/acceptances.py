"""What the baseline accepted, and whether it was confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.audit.inventory import Inventory, label_of, name_of, own_records
from gitexp.lab.log.acceptance import merges_on
from gitexp.lab.projects.past_settings import read_settings
from gitexp.lab.projects.project import Project
from gitexp.rules.finding import Finding
from gitexp.rules.verdict.winning_runs import without_winning_runs

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


def about_acceptances(inventory: Inventory) -> Iterator[Finding]:
    """Find experiments that the baseline accepted unconfirmed, without a reason."""
    known = {r.entry.commit: r for r in (*inventory.held, *inventory.lost)}
    baseline = inventory.project.baseline
    for acceptance in inventory.acceptances:
        result, at = known.get(acceptance.experiment), acceptance.commit
        if acceptance.anyway or (result and result.confirmed):
            continue
        if result is not None:
            said = f"{baseline} accepted {label_of(result)} ({at[:10]})"
            if acceptance.by_hand:
                said = f"{label_of(result)} was merged into {baseline} by hand ({at[:10]})"
            yield _unconfirmed(result, said, at)
        else:
            yield Finding(
                "V8",
                f"{baseline} accepted {acceptance.experiment[:10]} ({at[:10]}), which has no record"
                " in this clone",
                "if it was measured elsewhere, fetch its records: gitexp sync",
            )
    accepted = {acceptance.experiment for acceptance in inventory.acceptances}
    by_hand = [
        result
        for result in inventory.held
        if result.registration is not None
        and result.entry.commit in inventory.merged - accepted
        and not result.confirmed
    ]
    joined = merges_on(inventory.project) if by_hand else ()
    merges = {parent: merge for merge, _, *parents in joined for parent in parents}
    for result in by_hand:
        at = merges.get(result.entry.commit, result.entry.commit)
        if at not in inventory.reverted:
            said = f"{label_of(result)} was merged into {baseline} by hand ({at[:10]})"
            yield _unconfirmed(result, said, at)


def _unconfirmed(result: Result, said: str, at: str) -> Finding:
    is_what = result.verdict or ("EXPLORATORY" if result.explored else "not decided")
    mainline = "" if at == result.entry.commit else "-m 1 "
    return Finding(
        "V8",
        f"{said}, but its message and records say {is_what}",
        f"to undo it: git revert {mainline}{at[:10]} (without -m if it was squashed); to measure it"
        f" on fresh seeds: gitexp retest {name_of(result)}",
    )


def about_winning_seeds(inventory: Inventory) -> Iterator[Finding]:
    """Find a baseline that was measured on the seeds on which its own change was confirmed.

    Where a seed is the number of a fold, or nothing at all, there are no others.
    """
    known = {r.entry.commit: r.registration for r in (*inventory.held, *inventory.lost)}
    won = [
        (inventory.chain[acceptance.commit], registration)
        for acceptance in inventory.acceptances
        if acceptance.commit in inventory.chain
        and (registration := known.get(acceptance.experiment))
        and registration.seeded
    ]
    for commit, age in inventory.chain.items():
        entry = inventory.entries.get(commit)
        if entry is None or not entry.runs:
            continue
        records = without_winning_runs(own_records(inventory.project, entry), entry.message)
        seeds = {record.seed for record in records}
        for accepted_at, registration in won:
            same = seeds.intersection(registration.registered_seeds())
            if accepted_at >= age and same and _draws(inventory.project, commit):
                yield Finding(
                    "V9",
                    f"baseline {commit[:10]} was measured on seeds {min(same)} to {max(same)}, the"
                    f" ones that confirmed exp/{registration.name}: it looks better than it is",
                    "measure it on fresh seeds, and compare with those: gitexp run --baseline",
                )


def _draws(project: Project, commit: str) -> bool:
    """Whether a baseline's seeds are drawn, as far as its settings can be read."""
    settings = read_settings(project.repository, project.prefix, [commit])[commit]
    return isinstance(settings, NotReady) or settings.fresh_seeds
