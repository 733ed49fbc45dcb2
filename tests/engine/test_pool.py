"""The engine of this machine: orders begin, end, and are stopped."""

from __future__ import annotations

import threading

import pytest

from gitexp.engine.engine import Came, Made, Order, Slot
from gitexp.engine.pool import Pool
from gitexp.errors import NotReady
from gitexp.rules.documents.ended import Ended


def an_order(seed: int) -> Order:
    return Order("", "a" * 40, seed, "exp/x", "accuracy", 1)


def until_stopped(order: Order, slot: Slot) -> Made:
    """An order that only ends if it is stopped; odd seeds end at once."""
    if order.seed % 2:
        return Made(Came.RAN)
    assert slot.wait(30)
    return Made(Came.STOPPED)


def test_whatever_ends_is_returned_once() -> None:
    with Pool(3, until_stopped) as pool:
        for seed in (1, 2, 3):
            pool.submit(an_order(seed))
        ended = [*pool.poll(None)]
        while len(ended) < 2:
            ended += pool.poll(None)
        assert {done.order.seed for done in ended} == {1, 3}
        assert pool.poll(0.01) == []
        pool.cancel(an_order(2))
        [done] = pool.poll(None)
        assert done.made == Made(Came.STOPPED)
        assert pool.poll(0.01) == []


def test_what_goes_wrong_is_returned_with_its_order() -> None:
    def broken(order: Order, _: Slot) -> Made:
        raise NotReady(f"no checkout for seed {order.seed}")

    with Pool(1, broken) as pool:
        pool.submit(an_order(7))
        [done] = pool.poll(None)
    assert (done.made, str(done.error)) == (None, "no checkout for seed 7")


@pytest.mark.parametrize("how", [Ended.ABORT, None])
def test_stopping_all_waits_for_all_and_tells_how(how: Ended | None) -> None:
    told: list[Ended | None] = []
    begun = threading.Barrier(3)

    def waits(_: Order, slot: Slot) -> Made:
        begun.wait(30)
        slot.wait(30)
        told.append(slot.how)
        return Made(Came.STOPPED)

    with Pool(2, waits) as pool:
        pool.submit(an_order(2))
        pool.submit(an_order(4))
        assert pool.free == 0
        begun.wait(30)
        pool.stop_all(how)
        assert told == [how, how]


def test_a_slot_is_free_again_while_a_run_is_stored() -> None:
    store = threading.Event()

    def stored_late(_: Order, slot: Slot) -> Made:
        slot.give_back()
        assert store.wait(30)
        return Made(Came.RAN)

    with Pool(1, stored_late) as pool:
        for left in (1, 0):  # no more runs wait to be stored than there are slots
            pool.submit(an_order(left))
            assert pool.poll(30) == []
            assert pool.free == left
        store.set()
        ended = [*pool.poll(None)]
        while len(ended) < 2:
            ended += pool.poll(None)
        assert pool.free == 1
