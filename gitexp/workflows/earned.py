"""What the baseline took in, and whether it had earned that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.finding import Finding
from gitexp.workflows.inventory import label_of, name_of, own_records
from gitexp.workflows.log import is_confirmed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.workflows.inventory import Inventory
    from gitexp.workflows.results import Result


def about_acceptances(inventory: Inventory) -> Iterator[Finding]:
    """Find experiments that the baseline took in without a confirmation or a reason."""
    known = {r.entry.commit: r for r in (*inventory.held, *inventory.lost)}
    baseline = inventory.project.baseline
    for acceptance in inventory.acceptances:
        result, at = known.get(acceptance.experiment), acceptance.commit[:10]
        if acceptance.anyway or (result and is_confirmed(result)):
            continue
        if result is None:
            yield Finding(
                "V8",
                f"{baseline} took in {acceptance.experiment[:10]} ({at}), of which no record is"
                " here",
                "git fetch REMOTE 'refs/notes/gitexp*:refs/notes/gitexp*', if it was measured"
                " elsewhere",
            )
        else:
            yield _unearned(inventory, result, f"{baseline} took in {label_of(result)} ({at})")
    accepted = {acceptance.experiment for acceptance in inventory.acceptances}
    for result in inventory.held:
        commit = result.entry.commit
        by_hand = result.registration is not None and commit in inventory.merged - accepted
        if by_hand and not is_confirmed(result):
            said = f"{label_of(result)} was merged into {baseline} by hand"
            yield _unearned(inventory, result, said)


def _unearned(inventory: Inventory, result: Result, said: str) -> Finding:
    is_what = result.verdict or ("EXPLORATORY" if result.explored else "not decided")
    merged = next(
        (a.commit for a in inventory.acceptances if a.experiment == result.entry.commit), "COMMIT"
    )
    return Finding(
        "V8",
        f"{said}, and by message and records it is {is_what}",
        f"git revert -m 1 {merged[:10]} takes it out again (no -m for a squash); gitexp retest"
        f" {name_of(result)} measures it on fresh seeds",
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
                    "gitexp baseline measures it on fresh seeds; compare with those",
                )
