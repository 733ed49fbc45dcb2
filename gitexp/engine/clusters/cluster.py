"""What every cluster can do: start workers, say how they are, end them.

A cluster is not trusted. What counts is what is on the remote; a cluster only says when it makes
sense to look there, and when nothing more will come.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gitexp.engine.clusters.hosts import Host
    from gitexp.rules.documents.ended import Ended


Batch = tuple[str, ...]  # tasks for one worker, each as `Task.line` writes it


class State(StrEnum):
    """How a worker is, as far as it matters here."""

    WAITING = "waiting"
    RUNNING = "running"
    GONE = "gone"  # ended, however that was


@dataclass(frozen=True, slots=True)
class Standing:
    """How a worker is in the cluster's words: why it waits, or how it ended.

    `again`: its end says nothing about its tasks. `hint` is what helps against it. `too_long`: it
    ran over a limit; so would a task that it had to itself, but not each of several.
    """

    state: State
    said: str = ""
    again: bool = False
    hint: str = ""
    too_long: bool = False


class Cluster(Protocol):
    """Starts workers elsewhere, each with one or several tasks, which are lines of JSON.

    `lasts`: its workers go on when this command ends. `shares`: one may get several short runs.
    """

    lasts: bool
    shares: bool

    def hosts(self, program: str, tree: str) -> Mapping[str, Host]:
        """What its machines have that may run a program, as far as that can be asked now.

        `tree` is the work tree there.
        """

    @property
    def most(self) -> int:
        """How many workers it has at once."""

    def submit(self, batches: Sequence[Batch]) -> Mapping[str, str]:
        """Have a worker started for each batch; returns by task the name of its worker.

        A task that somebody works at already keeps its worker.

        Raises:
            NotReady: the cluster does not take them; the message has its own words.
        """

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say how workers are; what is left out is as it was.

        Raises:
            NotReady: the cluster cannot be asked just now.
        """

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """End workers early, if they are still there; their runs' ends go on record as `how`."""
