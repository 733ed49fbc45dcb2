"""How many runs would check the baseline if its records were used now."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitexp.rules.verdict.canary import span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.settings import Settings


def checks_due(settings: Settings, baseline: Sequence[Record]) -> int:
    """Runs that a baseline with these records would be checked with, if it gives the same."""
    good = [record for record in baseline if record.ok]
    if settings.rules < 2 or not good:
        return 0
    span = span_of(settings.canary, [record.duration for record in good])
    ends = (r.began + r.duration for r in good)
    age = datetime.now(UTC).timestamp() - max(ends)
    return int(span < math.inf and age > span)
