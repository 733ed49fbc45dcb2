"""Short runs share a worker, because starting one takes about a second.

A worker gets about a minute of them, since others can have what it has not begun only once it has
ended.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.lab.workers.flight import Flight
    from gitexp.rules.documents.record import Record

_WORK, _MOST = 60.0, 100  # seconds of work that a worker gets at once, and the most runs
_SHORTEST = 1e-3  # seconds
_ROUNDING = 1e-9


class Durations:
    """How long runs take, by the longest one on record of their commit."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def learn(self, commit: str, records: Iterable[Record]) -> None:
        """Take the good runs of a commit into account, of those on the whole data."""
        for one in records:
            if one.ok and one.sample == 1:
                self._seconds[commit] = max(self._seconds.get(commit, 0.0), one.duration)

    def fitting(self, commits: Iterable[str]) -> int:
        """How many tasks that each run these commits a worker gets at once."""
        seconds = sum(self._seconds.get(commit, math.inf) for commit in commits)
        return max(1, min(_MOST, int(_WORK / max(seconds, _SHORTEST))))

    @property
    def most_fitting(self) -> int:
        """The most that a worker gets of any commit."""
        return max((self.fitting([commit]) for commit in self._seconds), default=1)

    def share_out(self, due: Sequence[Flight], places: int, most: int) -> list[list[Flight]]:
        """Give tasks to as many workers as there are places, at most so many to each.

        Nobody knows how long the first run of a commit takes, so it is the last one of its worker.
        What was lost once goes alone, so that it takes nothing with it. What is too much waits.
        """
        found: list[list[Flight]] = []
        taken = 1.0  # part of the last worker
        for flight in due:
            fitting = self.fitting(flight.commits) if flight.tries == 1 else 1
            part = 1 / min(most, fitting)
            is_first = flight.tries == 1 and not self._seconds.keys() >= {*flight.commits}
            if taken < 1 - _ROUNDING if is_first else taken + part < 1 + _ROUNDING:
                found[-1].append(flight)
                taken += part
            elif len(found) < places:
                found.append([flight])
                taken = part
            else:
                break
        return found
