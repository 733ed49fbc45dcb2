"""Read objects one by one from a git process that keeps running."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from gitexp.store.git_errors import translated
from gitexp.store.sifting import LARGEST_NOTE, MOST_LINES, sift

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.store.git import Git


_AHEAD = 100  # names that git is given at a time; its input takes a thousand
_PIECE = 1 << 20  # bytes that are read at a time


@dataclass(frozen=True, slots=True)
class Object:
    """An object as git stores it."""

    id: str
    kind: str
    content: bytes


class Reader:
    """One git process that is asked for objects, and reads refs as they are at that moment."""

    def __init__(self, git: Git) -> None:
        self._process = git.start(
            "cat-file", "--batch",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, alone=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
        self._ask([name])
        header = self._header()
        if header is None:
            return None
        return Object(header[0], header[1], b"".join(self._pieces(header[2])))

    def read_notes(self, names: Sequence[str], most: int = MOST_LINES) -> Iterator[bytes | None]:
        """Read notes as far as gitexp wrote them, one after the other; None for a missing one.

        Of one that is very large, the first `most` lines that are gitexp's are returned.
        """
        for at in range(0, len(names), _AHEAD):
            asked = names[at : at + _AHEAD]
            self._ask(asked)
            for _ in asked:
                header = self._header()
                if header is None:
                    yield None
                else:
                    pieces = self._pieces(header[2])
                    yield sift(pieces, most) if header[2] > LARGEST_NOTE else b"".join(pieces)

    def _ask(self, names: Sequence[str]) -> None:
        assert self._process.stdin is not None  # noqa: S101
        # That git has ended is seen by what it answers.
        with suppress(BrokenPipeError):
            words = "".join(f"{name}\n" for name in names)
            self._process.stdin.write(words.encode(errors="surrogateescape"))
            self._process.stdin.flush()

    def _header(self) -> tuple[str, str, int] | None:
        """Read id, kind and size of the next object; its content follows."""
        process = self._process
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        header = process.stdout.readline().split()
        if not header:  # git ends at a damaged object
            said = process.stderr.read().decode(errors="replace")
            raise translated(["cat-file"], process.wait(), said)
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
    """Readers of one git; between `kept` uses, one of them goes on running.

    Whoever runs experiments for a night reads notes several times a run, and starting a process
    costs more than what it reads.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._free = threading.Lock()
        self._keeps = False
        self._idle: Reader | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep a reader running for as long as the block takes."""
        self._keeps = True
        try:
            yield
        finally:
            self._keeps = False
            with self._free:
                idle, self._idle = self._idle, None
            if idle is not None:
                idle.close()

    @contextmanager
    def take(self) -> Iterator[Reader]:
        """Take the reader that is kept, or a new one if there is none or another thread has it.

        Whoever takes it reads every answer to the end.
        """
        if not self._keeps or not self._free.acquire(blocking=False):
            with Reader(self._git) as reader:
                yield reader
            return
        try:
            idle, self._idle = self._idle, None
            if idle is not None and not idle.is_alive:
                idle.close()
                idle = None
            reader = idle or Reader(self._git)
            try:
                yield reader
            except BaseException:
                reader.close()  # part of an answer may be left in it
                raise
            self._idle = reader
        finally:
            self._free.release()
