"""Read objects one by one from a git process that keeps running."""

from __future__ import annotations

import os
import subprocess
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from gitexp.store.git_errors import translated
from gitexp.store.sifting import LARGEST_NOTE, MOST_LINES, sift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Start = Callable[..., subprocess.Popen[bytes]]

# Names that git is given at a time. Its input takes a thousand, and what it complains of about so
# many fits into the pipe that takes its errors.
_AHEAD = 100
_PIECE = 1 << 20  # bytes that are read at a time


class Object(NamedTuple):
    """An object as git stores it."""

    id: str
    kind: str
    content: bytes


class Reader:
    """One git process that is asked for objects, and reads refs as they are at that moment."""

    def __init__(self, start: Start, *, alone: bool) -> None:
        self._process = start(
            "cat-file", "--batch-command",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, alone=alone,
        )  # fmt: skip
        assert self._process.stderr is not None  # noqa: S101
        os.set_blocking(self._process.stderr.fileno(), False)
        self._said = b""

    def close(self) -> None:
        """Close the pipes, at which git ends, and wait for that."""
        with suppress(BrokenPipeError), self._process:
            pass

    @property
    def is_alive(self) -> bool:
        """Whether git is still there to be asked."""
        return self._process.poll() is None

    def read(self, name: str) -> Object | None:
        """Return the object that an id or a ref (without a line break) names, or None."""
        self._ask("contents", [name])
        header = self._header()
        if header is None:
            return None
        return Object(header[0], header[1], b"".join(self._pieces(header[2])))

    def find(self, name: str) -> str | None:
        """Return the id of the object that a name means, or None."""
        self._ask("info", [name])
        header = self._header()
        return header[0] if header else None

    def sizes(self, names: Sequence[str]) -> Iterator[int | None]:
        """Read the sizes of objects in bytes; None for a missing one."""
        for header in self._headers("info", names):
            yield header[2] if header else None

    def contents(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Read objects one after the other; None for a missing one."""
        for header in self._headers("contents", names):
            yield b"".join(self._pieces(header[2])) if header else None

    def read_notes(self, names: Sequence[str], most: int = MOST_LINES) -> Iterator[bytes | None]:
        """Read notes as far as gitexp wrote them, one after the other; None for a missing one.

        Of one that is very large, the first `most` lines that are gitexp's are returned.
        """
        for header in self._headers("contents", names):
            if header is None:
                yield None
            else:
                pieces = self._pieces(header[2])
                yield sift(pieces, most) if header[2] > LARGEST_NOTE else b"".join(pieces)

    def _headers(self, command: str, names: Sequence[str]) -> Iterator[tuple[str, str, int] | None]:
        for at in range(0, len(names), _AHEAD):
            asked = names[at : at + _AHEAD]
            self._ask(command, asked)
            for _ in asked:
                yield self._header()

    def _ask(self, command: str, names: Sequence[str]) -> None:
        assert self._process.stdin is not None  # noqa: S101
        self._listen()
        # That git has ended is seen by what it answers.
        with suppress(BrokenPipeError):
            words = "".join(f"{command} {name}\n" for name in names)
            self._process.stdin.write(words.encode(errors="surrogateescape"))
            self._process.stdin.flush()

    def _listen(self) -> None:
        """Take what git complained of, so that it never waits for room to say more."""
        assert self._process.stderr is not None  # noqa: S101
        while said := self._process.stderr.read():
            self._said = (self._said + said)[-_PIECE:]

    def _header(self) -> tuple[str, str, int] | None:
        """Read id, kind and size of the next object; in an answer to `contents`, that follows."""
        assert self._process.stdout is not None  # noqa: S101
        header = self._process.stdout.readline().split()
        if not header:  # git ends at a damaged object
            code = self._process.wait()
            self._listen()
            raise translated(["cat-file"], code, self._said.decode(errors="replace"))
        if len(header) != 3 or not header[2].isdigit():  # "a b missing" has three words too
            return None
        return header[0].decode(), header[1].decode(), int(header[2])

    def _pieces(self, size: int) -> Iterator[bytes]:
        """Read the content of an object, and the line break after it."""
        assert self._process.stdout is not None  # noqa: S101
        left = size
        while left and (piece := self._process.stdout.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
        self._process.stdout.read(1)


class Readers:
    """Readers of one git, which go on running between uses.

    A command reads here and there, and starting a process costs more than what it reads. They end
    with their git, which has to be held as long as they are used.
    """

    def __init__(self, start: weakref.ReferenceType[Start]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._alone = False
        self._idle: list[Reader] = []
        weakref.finalize(self, _close, self._idle)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep Ctrl-C from readers that are started as long as the block takes."""
        self._close()  # those that Ctrl-C would reach
        self._alone = True
        try:
            yield
        finally:
            self._alone = False
            self._close()

    @contextmanager
    def take(self) -> Iterator[Reader]:
        """Take a reader that nobody else has; whoever takes it reads every answer to the end."""
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        if reader is not None and not reader.is_alive:
            reader.close()
            reader = None
        if reader is None:
            start = self._start()
            assert start is not None  # noqa: S101 - whoever reads holds the git
            reader = Reader(start, alone=self._alone)
        try:
            yield reader
        except BaseException:
            reader.close()  # part of an answer may be left in it
            raise
        with self._lock:
            self._idle.append(reader)

    def forget(self) -> None:
        """Leave the readers to the process that this one was forked from, which goes on asking."""
        self._idle.clear()

    def _close(self) -> None:
        with self._lock:
            idle = [*self._idle]
            self._idle.clear()
        _close(idle)


def _close(readers: list[Reader]) -> None:
    for reader in readers:
        reader.close()
