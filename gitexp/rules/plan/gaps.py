"""Gaps of a baseline: where it loses most, how much could be recovered, and how sure that is."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gitexp.rules.text import visible
from gitexp.rules.verdict.figures import rough

_LONGEST = 40  # characters of a label in a sentence
_DOUBLINGS = 4  # sixteen times the data: what that does not close is more than a lack of data
_Z = 1.959963984540054  # of a two-sided 95 % interval


@dataclass(frozen=True, slots=True)
class Gap:
    """One place where errors accumulate.

    `ceiling` is the gain of closing the gap completely: a limit, not a forecast. Its `unit` is the
    project's metric where it is None. `recoverable` is the part beyond the usual error rate in
    these predictions; gaps are ranked by it. `interval` is the ceiling's 95 % interval. `count` is
    the number of rows (errors, or rows of a slice) out of `rows`. `true` and `predicted` are
    labels, `where` names a slice. `template` is the command that registers an experiment about it.
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
    unit: str | None = None
    template: str = ""


def with_template(gap: Gap, metric: str, *, higher_is_better: bool) -> Gap:
    """Add a command with a hypothesis to fill in and the gap as its evidence.

    It is safe to paste, whatever labels and column names the data has.
    """
    verb = "raises" if higher_is_better else "lowers"
    told = f"ceiling {'+' if higher_is_better else '-'}{gap.ceiling:.3g}"
    if gap.unit:
        told = f"ceiling of {gap.ceiling:.3g} in {gap.unit}"
    # A question mark in a label would turn the hypothesis into a question, which is refused.
    hypothesis = f"<change> {verb} {metric} because {gap.said.replace('?', '')}"
    options = f"{_quoted(hypothesis)} --evidence {_quoted(f'gap:{gap.said}, {told}')}"
    return replace(gap, template=f"gitexp start --set KEY=VALUE {options}")


def _quoted(text: str) -> str:
    """Quote a text for a shell, without the characters that a registration refuses."""
    return shlex.quote(" ".join(visible(text).split()))


def label(text: str) -> str:
    """Shorten a label for a sentence: one line of at most 40 characters."""
    plain = " ".join(visible(str(text)).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def ranked_gaps(gaps: Iterable[Gap]) -> list[Gap]:
    """Most recoverable first; gaps of the model as a whole count for what specific gaps leave.

    A tree that makes no errors in training has all its errors between training and test, including
    those from two labels that look alike: what a specific gap explains is subtracted. What more
    data has brought on a learning curve was measured, and is not.
    """
    every = list(gaps)
    specific = [gap for gap in every if gap.kind not in WHOLE]
    # Slices and confusions may describe the same errors, so only the larger kind counts.
    by_kind: dict[str, float] = {}
    for gap in specific:
        by_kind[gap.kind] = by_kind.get(gap.kind, 0.0) + max(gap.recoverable, 0.0)
    explained = max(by_kind.values(), default=0.0)

    def weight(gap: Gap) -> float:
        if gap.kind not in WHOLE:
            return gap.recoverable
        return gap.recoverable - (0.0 if gap.kind == "data" else explained)

    def apart(gap: Gap) -> bool:
        return gap.kind in WHOLE and any(other.unit != gap.unit for other in specific)

    # Numbers in two units cannot be compared.
    return sorted(every, key=lambda gap: (apart(gap), -weight(gap), gap.kind, gap.said))


def with_lack_of_data(
    gaps: Iterable[Gap], metric: str, gain: float, interval: tuple[float, float]
) -> list[Gap]:
    """Add the lack of data to the gaps of a model whose learning curve still rises.

    `gain` is how the last doubling of the data moved the metric, `interval` its 95 % interval with
    improvements above 0. A gap between training and test that a few more doublings as good would
    close is not ranked beside it.
    """
    said = f"{metric} still improves with more training data: the last doubling brought"
    data = Gap("data", f"{said} {rough(gain, sign=True)}", abs(gain), abs(gain), interval)
    return [
        *(
            replace(gap, recoverable=0.0)
            if gap.kind == "variance" and gap.ceiling <= _DOUBLINGS * abs(gain)
            else gap
            for gap in gaps
        ),
        data,
    ]


# Kinds that concern the model as a whole.
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
