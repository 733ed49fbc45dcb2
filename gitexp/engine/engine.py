"""What runs are ordered from: one interface, whoever makes them.

An engine is not trusted. It is told what to run, and says when something has ended; what counts is
what the notes then have. So an order that is given twice does no harm.
"""

from __future__ import annotations

import threading
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.purpose import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.engine.job import Job, RunResult


class Order(NamedTuple):
    """A run to make unless a good one is on record in one of the `conditions` (None: in any).

    `prefix` is the folder of its project, `label` what a person calls it, `metric` what it must
    report, `threads` what it computes with, `share` the part of the data that it is to train on.
    `explore` says why the gate was skipped. `pair` is the experiment that a run of its baseline is
    for alone. Of two that follow each other on one device, `then` is the second, and `claimed` the
    commit by which both are known.
    """

    prefix: str
    commit: str
    seed: int
    label: str
    metric: str
    threads: int
    purpose: Purpose = Purpose.RUN
    conditions: tuple[str, ...] | None = None
    explore: str = ""
    share: float = 1.0
    pair: str = ""
    then: Order | None = None
    claimed: str = ""

    @property
    def run(self) -> tuple[str, str, int]:
        """What only one run is made of at a time, whatever for."""
        return self.prefix, self.claimed or self.commit, self.seed


class Came(Enum):
    """What came of an order."""

    RAN = auto()
    STORED = auto()  # nothing ran: by now somebody else's run is on record
    BUSY = auto()  # nothing ran: another gitexp is running it
    NO_DEVICE = auto()  # nothing ran: no device is free
    STOPPED = auto()


class Made(NamedTuple):
    """What came of an order; `job` and `result` where a run was made to its end.

    `why` says who has the accelerators that it waits for; `then` is what came of the order that
    followed it on the same device, if one did.
    """

    came: Came
    job: Job | None = None
    result: RunResult | None = None
    why: str = ""
    then: Made | None = None


class Done(NamedTuple):
    """An order that has ended: what came of it, or the exception that ended it."""

    order: Order
    made: Made | None
    error: BaseException | None = None


class Slot(threading.Event):
    """A place to make one run in; set as soon as that run is to stop.

    `how` says what to record then, None what the next command can tell; `batch` names the command
    that stopped it, if that was another one. `told` hears of it when the slot is given back before
    the run has been stored.
    """

    def __init__(self, told: Callable[[], object]) -> None:
        super().__init__()
        self.how: Ended | None = Ended.FREED
        self.batch = ""
        self.is_given_back = False
        self._told = told

    def give_back(self) -> None:
        """Let the next command start."""
        self.is_given_back = True
        self._told()


class Engine(Protocol):
    """Makes runs, several at once."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """Leave nothing running that would go on by mistake."""

    @property
    def free(self) -> int:
        """How many more orders can be carried out at once."""

    def submit(self, order: Order) -> None:
        """Start a run."""

    def poll(self, seconds: float | None) -> Sequence[Done]:
        """Wait until some order ends, more are free or so many seconds have passed.

        Returns the orders that have ended.
        """

    def cancel(self, order: Order, how: Ended | None = Ended.FREED) -> None:
        """Ask a run to end early, which goes on record as `how`; `poll` returns it all the same."""

    def stop_all(self, how: Ended | None) -> None:
        """Stop every run that would go on by mistake, and wait for its end."""
