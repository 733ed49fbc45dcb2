"""Records in conflict: several records of one run, and the verdict depends on which counts."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict.objections.evidence import Objection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.verdict import Judgement

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
    if judgement.verdict is None:
        return None
    if math.prod(map(len, contested)) <= _MOST_CHOICES:
        found = (judge(choice) for choice in itertools.product(*contested))
        came_to = {(one.verdict, one.reason) for one in found}
        if came_to == {(judgement.verdict, judgement.reason)}:
            return None
    seeds = ", ".join(map(str, sorted({group[0].seed for group in contested})[:5]))
    return Objection(
        "records in conflict",
        f"{counted(len(contested), 'run')} (seeds {seeds}) have several records, and nothing shows"
        " which came first; gitexp retest measures the change again",
    )
