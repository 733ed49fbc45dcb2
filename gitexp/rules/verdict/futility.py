"""Futility: whether more runs could still change the answer.

Stopping early can only end an experiment without an answer, never confirm one or rule one out, so
it costs no error, just the chance that a late gain is missed.
"""

from __future__ import annotations

import math

from gitexp.rules.verdict import student_t

FUTILE = 0.05  # chance below which the runs of later looks are saved


def is_futile(effect: float, goal: float, sd: float, pairs: int, last: int) -> bool:
    """Whether the mean of all `last` pairs would reach `goal` in less than one case in twenty.

    The chance is Phi((effect - goal) / (sd sqrt(1 / pairs - 1 / last))), judged by the first
    `pairs` alone. Under rules 1 the goal is the bar; under rules 2 it is what the last look would
    confirm, so that the chance is that of being confirmed there.
    """
    ahead = sd * math.sqrt(1 / pairs - 1 / last)
    if not ahead:  # nothing varies: what has been seen will be seen again
        return effect < goal
    return student_t.normal_cdf((effect - goal) / ahead) < FUTILE
