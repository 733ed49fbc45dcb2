"""The rows in which gaps are looked for, pooled over all runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gitexp.rules.plan.gaps import Gap, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gitexp.statistics.yardstick import Yardstick

SURE = 0.05  # familywise error rate of the gaps that are reported
FEWEST = 3  # errors, before they are a pattern
FEWEST_ROWS = 40  # before slices or ranges of the target are looked at


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of all runs, `examples` of them distinct, and the yardstick that measures them."""

    ids: NDArray[np.str_]
    true: NDArray[Any]
    predicted: NDArray[Any]
    columns: Mapping[str, Sequence[str]]
    stick: Yardstick
    examples: int
    unit: str  # of ceilings, "" if it is the project's metric

    @property
    def count(self) -> int:
        """Number of rows of all runs."""
        return len(self.ids)

    @property
    def worth(self) -> float:
        """Distinct examples per row: 1 if no example occurs twice."""
        return self.examples / self.count

    def gap(
        self,
        kind: str,
        said: str,
        mine: NDArray[np.bool_],
        usual: float,
        *,
        among: NDArray[np.bool_] | None = None,
        **more: Any,  # noqa: ANN401 - what the gap is about
    ) -> Gap:
        """A gap in the rows `mine`, of whose loss the share `usual` is normal."""
        if self.stick.shares and among is None:
            count = float((mine & (self.true != self.predicted)).sum())
            ceiling, between = count / self.count, wilson(count * self.worth, self.examples)
        else:
            ceiling, between = self.stick.ceiling(mine, among)
        unit = self.unit or None
        return Gap(kind, said, ceiling, ceiling * (1 - usual), between, unit=unit, **more)


def numbers_of(
    texts: Sequence[str] | NDArray[np.str_], *, missing: bool = False
) -> NDArray[np.float64] | None:
    """A column as numbers, None if it is not numeric.

    With `missing`, empty or infinite cells become nan, as long as some cells are numbers.
    """
    try:
        values = np.array([float(text) if text or not missing else math.nan for text in texts])
    except ValueError:
        return None
    finite = np.isfinite(values)
    if missing and finite.any():
        return np.where(finite, values, np.nan)
    return values if finite.all() else None


def one_spelling(texts: NDArray[np.str_]) -> NDArray[np.str_]:
    """Labels in one spelling: 3 and 3.0 are the same label, and so are True and true."""
    spelled = {}
    for text in np.unique(texts):
        plain = str(text).strip()
        try:
            value = float(plain)
            plain = str(int(value)) if value == int(value) else plain
        except (ValueError, OverflowError):
            plain = {"true": "True", "false": "False"}.get(plain.lower(), plain)
        spelled[str(text)] = plain
    return np.array([spelled[str(text)] for text in texts])
