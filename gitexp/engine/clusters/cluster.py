"""What every cluster can do: take tasks, say how they are, end them.

A cluster is not trusted. What counts is what is on the remote; a cluster only says when it makes
sense to look there, and when nothing more will come.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitexp.rules.documents.ended import Ended


class State(StrEnum):
    """How a task is, as far as it matters here."""

    WAITING = "waiting"
    RUNNING = "running"
    GONE = "gone"  # ended, however that was


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task is in the cluster's words: why it waits, or how it ended.

    `again`: what ended it says nothing about the task. `hint` is what helps against it.
    """

    state: State
    said: str = ""
    again: bool = False
    hint: str = ""


class Cluster(Protocol):
    """Makes runs elsewhere: each task is a line that `gitexp worker` takes.

    `lasts`: its tasks go on when this command ends.
    """

    lasts: bool

    @property
    def most(self) -> int:
        """How many tasks it takes at once."""

    def submit(self, lines: Sequence[str]) -> Sequence[str]:
        """Hand tasks over; returns the name of each, by which it is asked about.

        What goes on there already need not be handed over twice.

        Raises:
            NotReady: the cluster does not take them; the message has its own words.
        """

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say how tasks are; what is left out is as it was.

        Raises:
            NotReady: the cluster cannot be asked just now.
        """

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """End tasks early, if they are still there; their ends go on record as `how`."""
