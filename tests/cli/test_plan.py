"""What planning prints of a design."""

from __future__ import annotations

import pytest

from gitexp.cli.views.registered import power
from gitexp.rules.verdict.power import Power
from tests.rules.verdict.test_power import a_registration


def test_a_shorter_design_for_a_large_gain_is_told_as_an_option_to_paste(
    capsys: pytest.CaptureFixture[str],
) -> None:
    registration = a_registration("accuracy +0.005", 4, 6, 9)._replace(extra=(("Gain", "0.02"),))
    power(registration, Power(18), doubted=True)
    power(registration, Power(18, enough_for_gain=6), doubted=True)
    assert " ".join(capsys.readouterr().out.split()) == (
        "shorter: a gain of 0.02, as predicted, needs at most --repeats 6; smaller gains are then"
        " missed more often"
    )
