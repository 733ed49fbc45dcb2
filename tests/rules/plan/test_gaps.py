"""Gaps in their order, and the lack of data among them."""

from __future__ import annotations

import pytest

from gitexp.rules.plan.gaps import Gap, ranked_gaps, with_lack_of_data


def a_gap(kind: str, size: float) -> Gap:
    return Gap(kind, kind, size, size, (size / 2, size * 2))


@pytest.mark.parametrize(
    ("lost", "gain", "order"),
    [
        # A gap between training and test that four doublings as good would close.
        (0.10, 0.04, ["confusion", "data", "variance"]),
        (0.10, 0.07, ["data", "confusion", "variance"]),
        # What is lost beyond that is more than a lack of data.
        (0.30, 0.04, ["variance", "confusion", "data"]),
    ],
)
def test_a_curve_that_rises_explains_what_more_data_would_close(
    lost: float, gain: float, order: list[str]
) -> None:
    known = [a_gap("variance", lost), a_gap("confusion", 0.05)]
    gaps = with_lack_of_data(known, "accuracy", gain, (gain / 2, gain * 2))
    assert [gap.kind for gap in ranked_gaps(gaps)] == order


def test_the_lack_of_data_says_what_was_measured_and_claims_no_more() -> None:
    *_, data = with_lack_of_data([], "loss", -0.0412, (0.02, 0.06))
    assert data.said.endswith("with more training data: the last doubling brought -0.041")
    assert (data.ceiling, data.recoverable, data.interval) == (0.0412, 0.0412, (0.02, 0.06))
