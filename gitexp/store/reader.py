"""Read objects one by one from a git process that keeps running."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from gitexp.store.git_errors import translated

if TYPE_CHECKING:
    from gitexp.store.git import Git


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
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # closes the pipes and waits
            pass

    def read(self, name: str) -> Object | None:
        """Return the object that an id or a ref (without a line break) names, or None."""
        process = self._process
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        try:
            process.stdin.write(name.encode(errors="surrogateescape") + b"\n")
            process.stdin.flush()
            header = process.stdout.readline().split()
        except BrokenPipeError:
            header = []
        if not header:  # git ends at a damaged object
            said = process.stderr.read().decode(errors="replace")
            raise translated(["cat-file"], process.wait(), said)
        if len(header) != 3 or not header[2].isdigit():  # "a b missing" has three words too
            return None
        content = process.stdout.read(int(header[2]))
        process.stdout.read(1)
        return Object(header[0].decode(), header[1].decode(), content)
