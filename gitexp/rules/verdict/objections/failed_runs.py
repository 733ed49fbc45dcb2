"""Failed runs may have chosen: whoever repeats what failed keeps what did not.

A script that ends where its score is low, and a user who stops what looks bad, choose among scores
as surely as somebody who deletes records. One such attempt is nobody's choice; two more than the
baseline's may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.attempts import count_attempts, say_attempts
from gitexp.rules.verdict.objections.evidence import Evidence, Objection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.attempts import Attempts

FAILED_RUNS = "failed runs may have chosen"
TOLERATED = 1  # attempts without a score, beyond those of the baseline


def failed_runs(evidence: Evidence) -> Objection | None:
    """Object to more attempts without a score than the baseline has on the same seeds.

    Runs that the user stopped do not count where the experiment is known to repeat itself: its next
    attempt gives the same score.
    """
    mine, theirs = count_attempts(evidence.candidate), count_attempts(evidence.baseline)
    if not _too_many(mine, theirs, repeats=repeats_itself(evidence.checks)):
        return None
    return Objection(FAILED_RUNS, say_attempts(mine, theirs))


def hinges_on_stopped(candidate: Iterable[Record], baseline: Iterable[Record]) -> bool:
    """Whether it would be no objection if the experiment were known to repeat itself."""
    mine, theirs = count_attempts(candidate), count_attempts(baseline)
    return _too_many(mine, theirs, repeats=False) and not _too_many(mine, theirs, repeats=True)


def _too_many(mine: Attempts, theirs: Attempts, *, repeats: bool) -> bool:
    beyond = mine.failed - theirs.failed
    if not repeats:
        beyond += mine.stopped - theirs.stopped
    return beyond > TOLERATED


def repeats_itself(checks: Iterable[Check]) -> bool:
    """Whether a run of the experiment gave its score again, and none gave another."""
    found = {check.found for check in checks}
    return Found.REPEATS in found and Found.DIFFERS not in found
