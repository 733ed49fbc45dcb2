"""One git process that reads for a whole command answers as a new one would."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from gitexp.store.note_writing import append_lines
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS
from tests.team import repository_of

if TYPE_CHECKING:
    from tests.project import World


def test_it_is_kept_between_uses_and_ends_with_them(ready: World) -> None:
    readers = repository_of(ready).git.readers
    with readers.take() as before:
        pass
    assert not before.is_alive
    with readers.kept():
        with readers.take() as first, readers.take() as beside:
            assert beside is not first
        with readers.take() as second:
            assert second is first
    assert not first.is_alive


def test_it_reads_refs_and_objects_as_they_are_by_now(ready: World) -> None:
    repository = repository_of(ready)
    tip = ready.git("rev-parse", "main")
    with repository.git.readers.kept():
        for number in range(3):
            append_lines(repository, RUNS, {tip: [f'{{"line":{number}}}']})
            ready.git("pack-refs", "--all")
            ready.git("gc", "--quiet", "--prune=now")
            note = read_notes(repository, RUNS, [tip])[tip]
            assert note == "\n".join(f'{{"line":{n}}}' for n in range(number + 1))


def test_what_was_left_in_it_or_killed_is_read_by_another(ready: World) -> None:
    git = repository_of(ready).git
    with git.readers.kept():
        with suppress(KeyboardInterrupt), git.readers.take() as left:
            left._ask(["main", "main"])
            raise KeyboardInterrupt
        with git.readers.take() as reader:
            assert reader is not left
            found = reader.read("main")
            assert found is not None
            assert found.id == ready.git("rev-parse", "main")
        os.kill(reader._process.pid, signal.SIGKILL)
        reader._process.wait()
        with git.readers.take() as reader:
            assert reader.read("main") == found
