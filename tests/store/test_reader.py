"""One git process that reads for a whole command answers as a new one would."""

from __future__ import annotations

import gc
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from gitexp.store.git import Git
from gitexp.store.note_writing import append_lines
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS
from tests.team import repository_of

if TYPE_CHECKING:
    from tests.project import World


def test_it_is_kept_between_uses_and_ends_with_its_git(ready: World) -> None:
    git = Git(ready.path)
    with git.readers.take() as first, git.readers.take() as beside:
        assert beside is not first
    with git.readers.take() as second:
        assert second in {first, beside}
    assert first.is_alive
    assert git.objects(["HEAD:config.toml"]) != [None]
    del git, second
    gc.collect()
    assert [one for one in (first, beside) if one.is_alive] == []


def test_ctrl_c_reaches_it_unless_it_is_started_alone(ready: World) -> None:
    git = Git(ready.path)
    readers = git.readers
    groups = []
    with readers.take() as before:
        groups.append(os.getpgid(before._process.pid))
    with readers.alone():
        assert not before.is_alive
        with readers.take() as alone:
            groups.append(os.getpgid(alone._process.pid))
    assert not alone.is_alive
    assert [group == os.getpgrp() for group in groups] == [True, False]


def test_git_may_complain_of_every_object(ready: World) -> None:
    """What it says is taken from it, so that it never waits for us while we wait for it."""
    names = [f"ab{number:038x}" for number in range(1_000)]
    for name in names:
        ready.write(f".git/objects/ab/{name[2:]}", "damaged")
    assert Git(ready.path).sizes([*names, "HEAD:config.toml"]).keys() == {"HEAD:config.toml"}
    assert Git(ready.path).resolve(names[0]) is None


def test_it_reads_refs_and_objects_as_they_are_by_now(ready: World) -> None:
    repository = repository_of(ready)
    tip = ready.git("rev-parse", "main")
    for number in range(3):
        append_lines(repository, RUNS, {tip: [f'{{"line":{number}}}']})
        ready.git("pack-refs", "--all")
        ready.git("gc", "--quiet", "--prune=now")
        note = read_notes(repository, RUNS, [tip])[tip]
        assert note == "\n".join(f'{{"line":{n}}}' for n in range(number + 1))
    assert repository.git.resolve("refs/heads/new") is None
    ready.git("branch", "new")
    assert repository.git.resolve("refs/heads/new") == tip


def test_what_was_left_in_it_or_killed_is_read_by_another(ready: World) -> None:
    git = repository_of(ready).git
    with suppress(KeyboardInterrupt), git.readers.take() as left:
        left._ask("contents", ["main", "main"])
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
