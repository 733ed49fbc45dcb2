"""How attempts end that do not measure anything: what judges need to know about a failed run."""

from __future__ import annotations

from enum import StrEnum


class Ended(StrEnum):
    """How an attempt ended that is not a measurement."""

    WELL = ""
    EXIT = "exit"  # its own exit code
    SIGNAL = "signal"  # one that gitexp did not send
    METRIC = "metric"  # missing, unreadable, or not a finite number
    PREDICTIONS = "predictions"  # missing or unreadable
    RULE = "rule"  # one that refuses what it did, such as R1
    TIMEOUT = "timeout"
    STOP_IF = "stop_if"  # by a metric that it reported on its way
    MEMORY = "memory"  # more than it may have
    SILENCE = "silence"  # no output for too long
    ABORT = "abort"  # by its user
    FREED = "freed"  # by gitexp, to free what could not go on
    SCHEDULER = "scheduler"
    REBOOT = "reboot"

    @property
    def by_itself(self) -> bool:
        """Whether the command brought it about: then its score may have decided whether it did."""
        return self not in _FROM_OUTSIDE


_FROM_OUTSIDE = {Ended.WELL, Ended.ABORT, Ended.FREED, Ended.SCHEDULER, Ended.REBOOT}
# How failures of gitexp 0.1.0 begin, whose records name no way of ending.
_TOLD = {
    "the command ended with exit code": Ended.EXIT,
    "killed by": Ended.SIGNAL,
    "stopped after the timeout": Ended.TIMEOUT,
    "R1": Ended.RULE,
    "R2": Ended.RULE,
    "no predictions": Ended.PREDICTIONS,
    "the predictions": Ended.PREDICTIONS,
}


def ended_as_told(failure: str) -> Ended:
    """How a run ended, from the text of its failure."""
    return next((e for said, e in _TOLD.items() if failure.startswith(said)), Ended.METRIC)
