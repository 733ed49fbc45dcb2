"""A second process makes what this one would have made, or nothing."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gitexp.lab.log.second_process import Beside, has_second_core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def squares() -> Iterator[list[int]]:
    return ([number, number * number] for number in range(3))


def failing_later() -> Iterator[list[int]]:
    yield [1]
    raise ValueError("after the first")


def killed_later() -> Iterator[list[int]]:
    yield [1]
    os.kill(os.getpid(), signal.SIGKILL)


def ended_halfway() -> Iterator[list[int]]:
    yield [1]
    os._exit(3)


def answers(compute: Callable[[], Iterable[list[int]]]) -> list[list[int]]:
    with closing(Beside(compute)) as process:
        found = [*iter(process.answer, None)]
        assert process.answer() is None
    return found


def test_answers_come_in_their_order() -> None:
    assert answers(squares) == [[0, 0], [1, 1], [2, 4]]


@pytest.mark.parametrize("compute", [failing_later, killed_later, ended_halfway])
def test_a_process_that_fails_answers_no_more(
    compute: Callable[[], Iterable[list[int]]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert answers(compute) == [[1]]
    assert capfd.readouterr() == ("", "")


def test_answers_are_as_large_as_they_are() -> None:
    assert answers(lambda: iter([[7] * 1_000_000])) == [[7] * 1_000_000]


def test_a_process_that_nobody_waits_for_is_ended() -> None:
    def endless() -> Iterator[int]:
        yield os.getpid()
        while True:
            signal.pause()

    process = Beside(endless)
    number = process.answer()
    assert number not in {None, os.getpid()}
    process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number or 0, 0)


def test_no_process_is_forked_where_there_are_threads() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        assert not has_second_core()
    finally:
        ended.set()
        thread.join()
