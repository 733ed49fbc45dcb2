"""What the baseline took in, and whether it had earned that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import label_of, name_of, own_records
from gitexp.rules.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.lab.audit.inventory import Inventory
    from gitexp.lab.result import Result


def about_acceptances(inventory: Inventory) -> Iterator[Finding]:
    """Find experiments that the baseline took in without a confirmation or a reason."""
    known = {r.entry.commit: r for r in (*inventory.held, *inventory.lost)}
    baseline = inventory.project.baseline
    for acceptance in inventory.acceptances:
        result, at = known.get(acceptance.experiment), acceptance.commit
        if acceptance.anyway or (result and result.confirmed):
            continue
        if result is not None:
            yield _unearned(result, f"{baseline} took in {label_of(result)} ({at[:10]})", at)
        else:
            yield Finding(
                "V8",
                f"{baseline} took in {acceptance.experiment[:10]} ({at[:10]}), of which no record"
                " is here",
                "if it was measured elsewhere: gitexp sync",
            )
    accepted = {acceptance.experiment for acceptance in inventory.acceptances}
    by_hand = [
        result
        for result in inventory.held
        if result.registration is not None
        and result.entry.commit in inventory.merged - accepted
        and not result.confirmed
    ]
    merges = _merges(inventory) if by_hand else {}
    for result in by_hand:
        at = merges.get(result.entry.commit, result.entry.commit)
        if at not in inventory.reverted:
            said = f"{label_of(result)} was merged into {baseline} by hand ({at[:10]})"
            yield _unearned(result, said, at)


def _merges(inventory: Inventory) -> dict[str, str]:
    """Merges of the baseline branch by what they took in."""
    out = inventory.project.repository.git.text(
        "rev-list", "--first-parent", "--merges", "--parents", inventory.project.tip
    )
    lines = [line.split() for line in out.splitlines()]
    return {parent: merge for merge, _, *parents in lines for parent in parents}


def _unearned(result: Result, said: str, at: str) -> Finding:
    is_what = result.verdict or ("EXPLORATORY" if result.explored else "not decided")
    mainline = "" if at == result.entry.commit else "-m 1 "
    return Finding(
        "V8",
        f"{said}, and by message and records it is {is_what}",
        f"git revert {mainline}{at[:10]} takes it out again (without -m where it was squashed);"
        f" gitexp retest {name_of(result)} measures it on fresh seeds",
    )


def about_winning_seeds(inventory: Inventory) -> Iterator[Finding]:
    """Find a baseline that was measured on the seeds that its own change had won on."""
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
        seeds = {record.seed for record in own_records(inventory.project, entry)}
        for accepted_at, registration in won:
            if accepted_at >= age and (same := seeds.intersection(registration.registered_seeds())):
                yield Finding(
                    "V9",
                    f"baseline {commit[:10]} was measured on seeds {min(same)} to {max(same)}, on"
                    f" which exp/{registration.name} had won: it looks better than it is",
                    "gitexp run --baseline measures it on fresh seeds; compare with those",
                )
