"""How far a long step is: told to the terminal that watches, if there is one.

Whatever reads or checks many things counts them off here. The command line says who listens; in
pipes, under --json and in the library nobody does, and counting costs nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Listener(Protocol):
    """Whoever shows progress."""

    def tell(self, step: str, done: int, total: int) -> None:
        """Show that so many of all are done; of a step in one piece, `total` is 0."""

    def end(self) -> None:
        """Show nothing any more: what is printed next stands by itself."""


_listeners: list[Listener] = []  # the last one listens
_around: list[str] = []  # steps in one piece that others are a part of


def listen(listener: Listener) -> None:
    """Tell this listener from now on."""
    _listeners.append(listener)


def counted_off(step: str, items: Iterable[_T], total: int, *, before: int = 0) -> Iterator[_T]:
    """Yield items, and tell how many of all are done; `before` were done earlier.

    Nothing may be printed between two items.
    """
    if not _listeners:
        yield from items
        return
    listener, told = _listeners[-1], False
    try:
        for done, item in enumerate(items, before):
            told = True
            listener.tell(step, min(done, total), total)
            yield item
    finally:
        if told:
            listener.end()
            if _around:
                listener.tell(_around[-1], 0, 0)


@contextlib.contextmanager
def in_one_piece(step: str) -> Iterator[None]:
    """Tell meanwhile that a step is under way that has nothing to count, but may have such parts.

    Nothing may be printed before it ends.
    """
    if not _listeners:
        yield
        return
    listener = _listeners[-1]
    listener.tell(step, 0, 0)
    _around.append(step)
    try:
        yield
    finally:
        _around.pop()
        listener.end()


def silence() -> None:
    """Tell nobody from now on: what is printed stays, and a pager may show it."""
    _listeners.clear()


@contextlib.contextmanager
def heard_by(*listeners: Listener) -> Iterator[None]:
    """Tell this listener meanwhile, or nobody: something else is shown in that place."""
    kept, _listeners[:] = _listeners[:], [*listeners]
    try:
        yield
    finally:
        _listeners[:] = kept
