"""What a code commit below an experiment means for its verdict, as checks on record tell.

The experiment is compared with its baseline, which is what accepting it would change. That the
switch alone did it follows where the code is neutral; where that cannot be proven, the experiment
must at least be better than its own code with the switch off.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitexp.rules.documents.found import Found
from gitexp.rules.text import counted
from gitexp.rules.verdict.figures import number
from gitexp.rules.verdict.neutrality import drawn_seeds
from gitexp.rules.verdict.objections.evidence import Objection
from gitexp.rules.verdict.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.check import Check
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration

ALTERED = "the code changes what it should not"
CODE_ALONE = "no better than its own code"
TOGETHER = "code and switch together"


def first_altered(checks: Sequence[Check]) -> Check | None:
    """The first check that showed that code is not neutral."""
    found = (check for check in checks if check.found is Found.ALTERED)
    return min(found, key=lambda check: check.moment, default=None)


def code_altered(checks: Sequence[Check]) -> Objection | None:
    """Object to code that alters results while its switch is off."""
    check = first_altered(checks)
    return None if check is None else Objection(ALTERED, say_altered(check))


def say_altered(check: Check) -> str:
    """Say what code has altered on which seed."""
    what = ", ".join(check.changed)
    with_off = f"with the switch off, seed {check.seed}"
    # With all their digits: the last of them may be what differs.
    if len(check.scores) == 2:
        before, after = (f"{score:.15g}" for score in check.scores)
        return f"{with_off} gives {what} {after}, and the baseline gives {before} whenever it runs"
    return f"{with_off} differs in {what}, which the baseline repeats"


def unproven_seeds(registration: Registration, commit: str, checks: Sequence[Check]) -> list[int]:
    """Seeds on which the code must still be proven neutral before a confirmation stands.

    None where the baseline does not repeat itself, so that no proof is possible.
    """
    if not registration.code or _unrepeated(checks):
        return []
    proven = {check.seed for check in checks if check.found is Found.NEUTRAL}
    return [seed for seed in drawn_seeds(commit, registration) if seed not in proven]


def say_code(registration: Registration, checks: Sequence[Check]) -> str:
    """Say what is known of an experiment's code commit; empty if nothing is."""
    if not registration.code:
        return ""
    if _unrepeated(checks):
        return TOGETHER
    if altered := first_altered(checks):
        return f"not neutral: {say_altered(altered)}"
    seeds = sorted({check.seed for check in checks if check.found is Found.NEUTRAL})
    if not seeds:
        return ""
    return f"neutral, proven on seed{'s'[: len(seeds) > 1]} {', '.join(map(str, seeds))}"


def _unrepeated(checks: Sequence[Check]) -> bool:
    """Whether the baseline does not repeat itself, and the code's own score is known."""
    return any(check.found is Found.UNREPEATED and check.scores for check in checks)


def held_against_code(
    judgement: Judgement,
    registration: Registration,
    pairs: Sequence[tuple[Record, Record]],
    checks: Sequence[Check],
) -> Judgement:
    """Let a confirmation stand only if the code below the experiment does not explain it.

    Until its code is proven neutral on all seeds that were drawn, nothing is decided.
    """
    if judgement.verdict is not Verdict.CONFIRMED or not registration.code:
        return judgement
    commit = checks[0].commit if checks else ""  # checks are those of one experiment
    if left := unproven_seeds(registration, commit, checks):
        return judgement._replace(verdict=None, reason="", unproven=len(left))
    gains = _gains_over_code(registration, pairs, checks)
    if judgement.code != TOGETHER or not gains or math.fsum(gains) > 0:
        return judgement
    mean = number(registration.criterion.sign * math.fsum(gains) / len(gains), sign=True)
    detail = (
        f"on {counted(len(gains), 'seed')}, the switch changes {registration.criterion.metric} by"
        f" {mean} on average"
    )
    return judgement._replace(verdict=Verdict.INCONCLUSIVE, reason=CODE_ALONE, detail=detail)


def _gains_over_code(
    registration: Registration,
    pairs: Sequence[tuple[Record, Record]],
    checks: Sequence[Check],
) -> list[float]:
    """How much better the experiment is than its code on the seeds on which that was measured."""
    criterion = registration.criterion
    told = (Found.NEUTRAL, Found.UNREPEATED)
    of_code = {
        check.seed: check.scores[-1] for check in checks if check.found in told and check.scores
    }
    return [
        criterion.sign * (mine.metrics[criterion.metric] - of_code[mine.seed])
        for _, mine in pairs
        if mine.seed in of_code
    ]
