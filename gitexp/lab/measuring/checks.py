"""What is found beside the runs of an experiment, put on record: on baseline, pairs, repeats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.engine.clock import now
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import TOLD, Found
from gitexp.rules.verdict.scores_again import scores_again, seed_to_repeat

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement


def note_of_baseline(ledger: Ledger, check: Check) -> None:
    """Put what a check of the baseline showed beside the experiment's records, once."""
    told = {known.found for known in ledger.checks}
    if check.found in TOLD - (told - {Found.MOVED}):
        ledger.note(check)


def note_repeat(ledger: Ledger, registration: Registration, judgement: Judgement) -> bool:
    """Note whether a seed with an attempt that gave no score repeated its scores.

    Returns whether there was something to note: then the experiment is judged again, and another
    seed may be next.
    """
    commit = ledger.experiment
    records = ledger.records(commit)
    seed = seed_to_repeat(registration, judgement, records, ledger.checks)
    if seed is None:
        return False
    seeds = registration.registered_seeds()[: judgement.pairs]
    again = [record for _, record in ledger.canaries(commit)]
    found = scores_again(seed, records, again, seeds, ledger.metric)
    if found is None or found.found is None:
        return False
    ledger.note(Check(commit, found.found, now(), seed, found.condition, found.scores))
    return True


def note_pairs_aside(ledger: Ledger) -> Iterator[str]:
    """Put on record which pairs are set aside, and say so of each that is new."""
    commit = ledger.experiment
    known = {check.seed for check in ledger.checks if check.found is Found.SLOW}
    for one in ledger.aside:
        if one.mine.seed not in known:
            rates = one.rate, one.usual
            seed, condition = one.mine.seed, one.mine.condition
            ledger.note(Check(commit, Found.SLOW, now(), seed, condition, rates))
            yield (
                f"seed {seed}: {Found.SLOW} (the baseline did {rates[0]:.4g} steps per second, and"
                f" {rates[1]:.4g} before); both runs are repeated once"
            )
