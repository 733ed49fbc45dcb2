"""The engine on this machine: threads, each of which makes one run."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Self

from gitexp.engine.engine import Done, Made, Order, Slot
from gitexp.rules.documents.ended import Ended


class Pool:
    """At most `slots` commands at once; `make` makes a run, and ends early if its slot says so.

    A run may give its slot back when its command has ended, and be stored while the next one goes
    on: that takes as many threads again.
    """

    def __init__(self, slots: int, make: Callable[[Order, Slot], Made]) -> None:
        self._slots, self._make = slots, make
        self._running: dict[Slot, tuple[Order, Thread]] = {}
        # What has ended, and None for a slot that was given back.
        self._news: queue.SimpleQueue[tuple[Slot, Done] | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wait()

    @property
    def free(self) -> int:
        """How many more orders can be carried out at once."""
        taken = sum(not slot.is_given_back for slot in self._running)
        return min(self._slots - taken, 2 * self._slots - len(self._running))

    def submit(self, order: Order) -> None:
        """Start a run in a thread."""
        slot = Slot(lambda: self._news.put(None))
        thread = Thread(target=self._carry_out, args=(order, slot), name="gitexp-run")
        self._running[slot] = order, thread
        thread.start()

    def _carry_out(self, order: Order, slot: Slot) -> None:
        try:
            done = Done(order, self._make(order, slot))
        except BaseException as error:  # noqa: BLE001 - whoever polls raises it
            done = Done(order, None, error)
        self._news.put((slot, done))

    def poll(self, seconds: float | None) -> Sequence[Done]:
        """Wait until some order ends, a slot is free or so many seconds have passed.

        Returns the orders that have ended.
        """
        found: list[Done] = []
        try:
            news = self._news.get(timeout=seconds)
            while True:
                if news is not None:
                    slot, done = news
                    del self._running[slot]
                    found.append(done)
                news = self._news.get_nowait()
        except queue.Empty:
            return found

    def cancel(self, order: Order, how: Ended | None = Ended.FREED) -> None:
        """Ask a run to end early, which goes on record as `how`; `poll` returns it all the same."""
        for slot, (mine, _) in self._running.items():
            if mine == order and not slot.is_set():
                slot.how = how
                slot.set()

    def stop_all(self, how: Ended | None) -> None:
        """Stop every run and wait for its end, which goes on record as `how`."""
        for slot in reversed(self._running):  # what waits for another one's turn, before that ends
            slot.how = how
            slot.set()
        self._wait()

    def _wait(self) -> None:
        for _, thread in self._running.values():
            thread.join()
