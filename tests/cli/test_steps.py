"""Steps of the baseline branch in words."""

from __future__ import annotations

import pytest

from gitexp.cli.views.steps import effect_of
from gitexp.lab.log.ladder import LadderStep


@pytest.mark.parametrize(
    ("measured", "newest", "said"),
    [
        (False, True, "not measured: gitexp run --baseline"),
        (False, False, "not measured"),
        (True, True, "cannot be compared: what ran before it has no runs on the same seeds"),
    ],
)
def test_only_what_measuring_would_tell_is_to_be_measured(
    measured: bool,
    newest: bool,
    said: str,
) -> None:
    step = LadderStep("a" * 40, "", "Ada", "a refactoring", "", None, measured=measured)
    assert effect_of(step, newest=newest) == said
