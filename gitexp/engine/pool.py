"""The engine on this machine: threads, each of which makes one run."""

from __future__ import annotations

import queue
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from gitexp.engine.engine import Done, Slot
from gitexp.rules.documents.ended import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitexp.engine.engine import Made, Order


class Pool:
    """At most `slots` commands at once; `make` makes a run, and ends early if its slot says so.

    A run may give its slot back when its command has ended, and be stored while the next one goes
    on: that takes as many threads again.
    """

    def __init__(self, slots: int, make: Callable[[Order, Slot], Made]) -> None:
        self._slots, self._make = slots, make
        self._threads = ThreadPoolExecutor(2 * slots, thread_name_prefix="gitexp-run")
        self._running: dict[Future[Made], tuple[Order, Slot]] = {}
        # What has ended, and None for a slot that was given back.
        self._news: queue.SimpleQueue[Future[Made] | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    @property
    def free(self) -> int:
        """How many more orders can be carried out at once."""
        taken = sum(not slot.is_given_back for _, slot in self._running.values())
        return min(self._slots - taken, 2 * self._slots - len(self._running))

    def submit(self, order: Order) -> None:
        """Start a run in a thread."""
        slot = Slot(lambda: self._news.put(None))
        future = self._threads.submit(self._make, order, slot)
        self._running[future] = order, slot
        future.add_done_callback(self._news.put)

    def poll(self, seconds: float | None) -> Sequence[Done]:
        """Wait until some order ends, a slot is free or so many seconds have passed.

        Returns the orders that have ended.
        """
        found = []
        try:
            news = self._news.get(timeout=seconds)
            while True:
                if news is not None:
                    order, _ = self._running.pop(news)
                    error = news.exception()
                    found.append(Done(order, None if error else news.result(), error))
                news = self._news.get_nowait()
        except queue.Empty:
            return found

    def cancel(self, order: Order, how: Ended | None = Ended.FREED) -> None:
        """Ask a run to end early, which goes on record as `how`; `poll` returns it all the same."""
        for mine, slot in self._running.values():
            if mine == order and not slot.is_set():
                slot.how = how
                slot.set()

    def stop_all(self, how: Ended | None) -> None:
        """Stop every run and wait for its end, which goes on record as `how`."""
        for _, slot in [*self._running.values()]:
            slot.how = how
            slot.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
