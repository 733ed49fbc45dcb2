"""What a run gave to `gitexp.log` step by step, read as it was written."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING

from gitexp.rules.documents.series import Curve
from gitexp.rules.documents.shape import text as is_text

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_LINE = 1 << 16  # bytes; whatever is longer was not written by gitexp
_MOST = 200  # metrics of one run
_LARGEST_STEP = 1 << 53  # what every reader of JSON holds exactly


def read_curves(path: Path) -> dict[str, Curve]:
    """Series of each metric, in whatever memory the file would not fit; {} if there is no file.

    Values that are not finite are left out, and those that were logged without a step.
    """
    curves: dict[str, Curve] = {}
    with suppress(OSError), path.open("rb") as handle:
        while line := handle.readline(_LONGEST_LINE):
            with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
                content = json.loads(line)
                step, metrics = content["step"], content["metrics"]
                if type(step) is not int or abs(step) > _LARGEST_STEP:
                    continue
                for name, value in metrics.items():
                    if name not in curves and (len(curves) == _MOST or not is_text(name)):
                        continue
                    if math.isfinite(value):
                        curves.setdefault(name, Curve()).add(step, float(value))
    return curves
