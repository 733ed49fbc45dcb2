"""Records in conflict: several records of one run, and nobody can tell which one is right."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict.objections.evidence import Objection

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.verdict import Judgement

CONFLICT = "records in conflict"
_MOST_CHOICES = 64  # beyond it, one of them is taken to alter the verdict


def in_conflict(
    contested: Sequence[tuple[Record, ...]],
    judgement: Judgement,
    judge: Callable[[Sequence[Record]], Judgement],
) -> Objection | None:
    """Object where a decided verdict would be another one with other records.

    `contested` are groups of records of one run, of which the history of the notes does not tell
    the first; `judge` judges by one record of each.
    """
    if not contested:
        return None
    if math.prod(map(len, contested)) <= _MOST_CHOICES:
        found = (judge(choice) for choice in itertools.product(*contested))
        came_to = {(one.verdict, one.reason) for one in found}
        if came_to == {(judgement.verdict, judgement.reason)}:
            return None
    return Objection(
        CONFLICT,
        f"{counted(len(contested), 'run')} (seeds {_seeds(contested)}) have several records, and"
        " nothing shows which came first; gitexp retest measures the change again",
    )


def in_opposition(
    opposed: Sequence[tuple[Record, Record]], compared: Iterable[Record]
) -> Objection | None:
    """Object where two clones measured other scores by a run that is compared: one is wrong."""
    runs = {(record.seed, record.condition) for record in compared}
    found = [both for both in opposed if (both[0].seed, both[0].condition) in runs]
    if not found:
        return None
    return Objection(
        CONFLICT,
        f"two clones have different scores of the same run (seeds {_seeds(found)}), although the"
        " trainer otherwise repeats its scores; gitexp retest measures the change again",
    )


def _seeds(groups: Iterable[tuple[Record, ...]]) -> str:
    return ", ".join(map(str, sorted({group[0].seed for group in groups})[:5]))
