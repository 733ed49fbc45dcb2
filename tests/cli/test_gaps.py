"""What `gaps` says of probabilities, of a learning curve, and of what it could not look for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitexp.cli.views.gaps import gaps
from gitexp.statistics.learning_curve import LearningCurve
from gitexp.workflows.gaps import GapReport

REPORT = GapReport(
    metric="accuracy", score=0.9, runs=3, within=0.01, sd=None, detectable=None, seen_by="",
    train=0.95, task="classification", unit="accuracy", dummy=0.1, rows=300, examples=100, gaps=(),
    calibration=None, curve=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (0.09, "probabilities look calibrated: off by 0.090 on average"),
        (
            0.17,
            "probabilities are off by 0.17 on average; by chance alone they would be off by 0.080",
        ),
    ],
)
def test_probabilities_are_held_against_perfect_ones(
    error: float, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"error": error, "by_chance": 0.08, "limit": 0.11, "bins": []}
    gaps(replace(REPORT, calibration=found), 5, as_json=False)
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_curve_without_a_gap_and_what_was_skipped_are_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    curve = LearningCurve(((0.5, 0.89), (1.0, 0.9)), 0.012, (-0.004, 0.028), (-0.004, 0.028))
    gaps(replace(REPORT, curve=curve, skipped=("slices: " + 30 * "no ",)), 5, as_json=False)
    out = capsys.readouterr().out
    assert "brought +0.012 [-0.004, +0.028]; the next one usually brings less" in " ".join(
        out.split()
    )
    assert max(map(len, out.splitlines())) <= 80
