"""A run that is due: which commit, which seed, and what for."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple

from gitexp.rules.documents.purpose import Purpose


class Arm(StrEnum):
    """The two commits that are compared, and the code commit between them, if there is one."""

    BASELINE = "baseline"
    EXPERIMENT = "experiment"
    CODE = "code"


class Why(Enum):
    """What a run is due for."""

    SAMPLE = "what fails on a part of the data would fail on all of it"
    CHECK = "does the baseline still give what it gave"
    PROOF = "does the trainer give the same twice"
    PARTNER = "the experiment's next run will be paired with it"
    NEUTRAL = "does code that is switched off leave the baseline as it was"
    TWICE = "what does the baseline itself repeat"
    LOOK = "the experiment's next look needs it"
    MATCH = "the experiment ran in another condition than the baseline"
    BLOCK = "several experiments agree so well that the baseline may have been unlucky"
    SCREEN = "which of many ideas are worth confirming"
    REPEAT = "does a seed repeat its score, after an attempt that gave none"

    @property
    def purpose(self) -> Purpose:
        """The purpose that goes on record: only a run is evidence."""
        if self is Why.SAMPLE:
            return Purpose.SAMPLE
        if self is Why.SCREEN:
            return Purpose.SCREEN
        if self is Why.NEUTRAL:
            return Purpose.NEUTRAL
        return Purpose.CANARY if self in {Why.CHECK, Why.REPEAT, Why.TWICE} else Purpose.RUN


class Run(NamedTuple):
    """A run that is due, unless it is on record in one of the `conditions` (None: in any).

    Where two have to follow each other on one device, `then` is the second. `attempt` is 2 for what
    takes the place of a pair that was set aside, and counts the runs that repeat a baseline's.
    """

    arm: Arm
    seed: int
    why: Why
    conditions: tuple[str, ...] | None = None
    share: float = 1.0  # of the data that it is asked to train on
    then: Run | None = None
    attempt: int = 1
