"""Gaps of a baseline: where it loses, how much of that could be won back, how sure that is."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.rules.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST = 40  # characters of a label in a sentence
_Z = 1.959963984540054  # of a two-sided 95 % interval


@dataclass(frozen=True, slots=True)
class Gap:
    """One place where errors gather.

    `ceiling` is what closing it whole would gain, in the `unit`: a limit and no forecast. Empty is
    the project's metric; else it is named.
    `recoverable` is the part beyond what is usual elsewhere in these predictions, by which gaps are
    ranked. `interval` is the ceiling's 95 % interval. `count` counts rows (errors, or rows of a
    slice), out of `rows`. `true` and `predicted` name labels, `where` a slice.
    """

    kind: str
    said: str
    ceiling: float
    recoverable: float
    interval: tuple[float, float]
    count: int | None = None
    rows: int | None = None
    true: str | None = None
    predicted: str | None = None
    where: str | None = None
    unit: str = ""

    def template(self, metric: str, *, higher_is_better: bool) -> str:
        """A hypothesis to be filled in, with the gap as its evidence, as one command.

        It is safe to paste: labels and names of columns are whatever the data holds.
        """
        verb = "raises" if higher_is_better else "lowers"
        told = f"ceiling {'+' if higher_is_better else '-'}{self.ceiling:.3g}"
        if self.unit:
            told = f"ceiling of {self.ceiling:.3g} in {self.unit}"
        # A label with a question mark would make the whole a question, which none may be.
        hypothesis = f"<change> {verb} {metric} because {self.said.replace('?', '')}"
        evidence = f"{self.said}, {told}"
        return f"gitexp start --set KEY=VALUE {_quoted(hypothesis)} --evidence {_quoted(evidence)}"

    def as_json(self) -> dict[str, Any]:
        """Return the gap as `gitexp gaps --json` prints it."""
        return {
            "kind": self.kind, "true": self.true, "predicted": self.predicted,
            "where": self.where, "count": self.count, "rows": self.rows,
            "ceiling": self.ceiling, "recoverable": self.recoverable,
            "interval": list(self.interval), "unit": self.unit or None, "said": self.said,
        }  # fmt: skip


def _quoted(text: str) -> str:
    """Quoted for a shell, without the line ends and marks that a registration refuses."""
    return shlex.quote(" ".join(visible(text).split()))


def label(text: str) -> str:
    """A label as a sentence can hold it: on one line, at most 40 characters."""
    plain = " ".join(visible(str(text)).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def ranked(gaps: Iterable[Gap]) -> list[Gap]:
    """Most recoverable first; those of the whole model only for what the special ones leave.

    A tree that never errs in training has all its errors between training and test, also those
    that come from two labels which look alike: what a special gap explains is taken off. What a
    learning curve has measured that data would bring stands as it is.
    """
    every = list(gaps)
    special = [gap for gap in every if gap.kind not in WHOLE]
    # Slices and confusions may be the same errors seen twice, so the larger kind counts.
    by_kind: dict[str, float] = {}
    for gap in special:
        by_kind[gap.kind] = by_kind.get(gap.kind, 0.0) + max(gap.recoverable, 0.0)
    explained = max(by_kind.values(), default=0.0)

    def weight(gap: Gap) -> float:
        if gap.kind not in WHOLE:
            return gap.recoverable
        left = gap.recoverable - explained
        return max(left, gap.ceiling) if gap.kind == "data" else left

    def apart(gap: Gap) -> bool:
        return gap.kind in WHOLE and any(other.unit != gap.unit for other in special)

    # Numbers of two units do not compare.
    return sorted(every, key=lambda gap: (apart(gap), -weight(gap), gap.kind, gap.said))


# Kinds that blame the model as a whole.
WHOLE = ("bias", "variance", "data")


def wilson(count: float, n: float) -> tuple[float, float]:
    """95 % interval of a share.

    Source: Wilson (1927).
    """
    if n <= 0:
        return 0.0, 1.0
    share = count / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values.

    Source: Holm (1979).
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted
