"""The engine on this machine: threads, each of which makes one run at a time."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Self

from gitexp.engine.engine import Done, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.engine.engine import Made, Order
    from gitexp.rules.documents.ended import Ended


class Pool:
    """At most `slots` runs at once; `make` makes one, and ends early where it is told to stop."""

    def __init__(self, slots: int, make: Callable[[Order, Stop], Made]) -> None:
        self.slots = slots
        self._make = make
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="gitexp-run")
        self._running: dict[Future[Made], tuple[Order, Stop]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def submit(self, order: Order) -> None:
        """Start a run in a thread."""
        stop = Stop()
        self._running[self._threads.submit(self._make, order, stop)] = (order, stop)

    def poll(self, seconds: float | None) -> Sequence[Done]:
        """Wait until some order ends, or so many seconds have passed; returns those that did."""
        if not self._running:
            time.sleep(seconds or 0)
        ended, _ = wait(self._running, seconds, FIRST_COMPLETED)
        found = []
        for future in ended:
            order, _ = self._running.pop(future)
            error = future.exception()
            found.append(Done(order, None if error else future.result(), error))
        return found

    def cancel(self, order: Order) -> None:
        """Ask a run to end early; `poll` returns it all the same."""
        for mine, stop in self._running.values():
            if mine == order:
                stop.set()

    def stop_all(self, how: Ended | None) -> None:
        """Stop every run and wait for its end, which goes on record as `how`."""
        for _, stop in [*self._running.values()]:
            stop.how = how
            stop.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
