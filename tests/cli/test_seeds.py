"""Scores seed by seed, as the criterion compares them."""

from __future__ import annotations

import pytest

from gitexp.cli.views.seeds import deviation, seed_table
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.verdict import Design, Pair

PAIRS = ((1, 0.5019, 0.2982), (2, 0.4988, 0.2966), (3, 0.5096, 0.2980))


@pytest.mark.parametrize(
    ("criterion", "differences", "said"),
    [
        ("loss -0.1", ["-0.2037", "-0.2022", "-0.2116"],
         "standard deviation of the differences 0.0051; minimum detectable effect -0.012"),
        ("loss -10%", ["-40.59%", "-40.54%", "-41.52%"],
         "standard deviation of the differences 0.95%; minimum detectable effect -2.2%"),
        ("loss <= 0.31", ["-0.2037", "-0.2022", "-0.2116"],
         "standard deviation of the scores 0.0040; minimum detectable score 0.3007"),
    ],
)  # fmt: skip
def test_differences_are_shown_as_the_criterion_counts(
    criterion: str, differences: list[str], said: str
) -> None:
    asked = Criterion.parse(criterion)
    design = Design(asked, looks=(3,), level=0.05, widening=0.0, rules=2)
    judgement = judge(design, [Pair(*pair) for pair in PAIRS], baseline=[b for _, b, _ in PAIRS])
    _, *rows = seed_table(PAIRS, asked, judgement)
    assert [row.split()[-1] for row in rows] == differences
    assert deviation(asked, judgement) == said


def test_a_score_that_is_missing_or_has_no_percentage_leaves_its_cell_empty() -> None:
    asked = Criterion.parse("loss -10%")
    undecided = judge(Design(asked, looks=(3,), level=0.05, widening=0.0), [])
    _, *rows = seed_table([(1, 0.5, None), (2, 0.5, -0.1)], asked, undecided)
    assert [row.split() for row in rows] == [["1", "0.5", "-", "-"], ["2", "0.5", "-0.1", "-"]]
