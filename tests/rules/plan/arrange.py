"""Registrations and verdicts for the rules on planning."""

from __future__ import annotations

from typing import Any

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.plan.precedent import Precedent
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Judgement, Verdict


def a_registration(change: str = "C = 1 -> 2", **trailers: str) -> Registration:
    """A registration of a change in config.toml, with further trailers."""
    return Registration(
        hypothesis="C raises accuracy because it is too low",
        name="brave-otter",
        change=parse_change(f"config.toml: {change}"),
        criterion=Criterion("accuracy", 0.005, higher_is_better=True),
        repeats=(5,),
        seeds=(1, 5),
        widening=0.0,
        campaign=1,
        level=0.005,
        extra=tuple(trailers.items()),
    )


def judged(verdict: Verdict, effect: float, **fields: Any) -> Judgement:  # noqa: ANN401
    """A verdict after five pairs."""
    return Judgement(verdict, "", 1, 5, None, effect=effect, **fields)


def a_precedent(name: str, change: str, verdict: Verdict, effect: float = 0.0) -> Precedent:
    """An experiment with a verdict, each on a baseline of its own."""
    judgement = judged(verdict, effect, sd=0.002 * 5**0.5, standard_error=0.002)
    return Precedent(name, f"base of {name}", a_registration(change), judgement)
