"""New objects outlive a gc that throws away whatever no ref holds, at the worst moment for it."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from gitexp.store.archive import archive_refs, tidy
from gitexp.store.fetch import delete_refs
from gitexp.store.kept_pack import free_kept, keep, merge_packs
from gitexp.store.note_writing import append_lines
from gitexp.store.pack import Pack
from gitexp.store.refs import BULK, RUNS
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import move_refs, pack_refs, writing
from tests.arrange import note, refs, settle
from tests.team import an_experiment, clone_of, hub_of, synced

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.project import World

# What git gc --prune=now does to objects. gc itself would wait for the refs that are locked.
PRUNE = "git repack -a -d -q && git prune --expire=now"


def prune_as_refs_move(world: World, where: str = "") -> Path:
    """Prune after new objects are stored and before a ref names them; returns what says so.

    `where` is a condition in shell; git lists the refs that move on standard input.
    """
    hook = world.write(
        ".git/hooks/reference-transaction",
        f'#!/bin/sh\n[ "$1" = prepared ] {where and f"&& {where}"} || exit 0\n'
        f"{PRUNE} && echo >> .git/pruned\n",
    )
    hook.chmod(0o755)
    return world.path / ".git" / "pruned"


def prune_before_keeping(folder: Path) -> str:
    """Prune once after git wrote loose objects; returns the PATH that brings that about."""
    git = folder / "git"
    folder.mkdir()
    git.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *pack-objects*) mkdir "{folder}/pruned" 2>/dev/null &&'
        f" {shutil.which('git')} prune --expire=now ;; esac\n"
        f'exec {shutil.which("git")} "$@"\n'
    )
    git.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def packs(world: World, ending: str) -> list[Path]:
    return [*(world.path / ".git" / "objects" / "pack").glob(f"*.{ending}")]


def is_whole(world: World) -> bool:
    world.git("fsck", "--strict", "--no-dangling")
    return not packs(world, "keep")


def test_a_pack_is_written_again_where_a_prune_took_it_half_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, synced_to_disk = [], os.fsync

    def prune_at_first(descriptor: int) -> None:
        synced_to_disk(descriptor)
        written.append(descriptor)
        if len(written) in {1, 3}:  # the pack, and then its index
            world.git("prune", "--expire=now")

    monkeypatch.setattr(os, "fsync", prune_at_first)
    head = world.git("rev-parse", "HEAD")
    (world.path / ".git" / "objects" / "pack").rmdir()  # as of a copy without empty folders
    append_lines(Repository.discover(world.path), RUNS, {head: ['{"schema":1,"seed":1}']})
    assert len(written) >= 4
    assert note(world, RUNS, "HEAD")
    assert is_whole(world)


def test_notes_and_what_they_note_outlive_a_gc_before_their_ref_moves(world: World) -> None:
    pruned = prune_as_refs_move(world)
    head = world.git("rev-parse", "HEAD")
    for number in range(3):
        lines = {head: [f'{{"schema":1,"seed":{number}}}']}
        append_lines(Repository.discover(world.path), RUNS, lines)
        append_lines(Repository.discover(world.path), BULK, lines)
    assert len(pruned.read_text().splitlines()) >= 6
    assert len(note(world, RUNS, "HEAD").splitlines()) == 3
    assert is_whole(world)


@pytest.mark.parametrize("switch", ["main", "elsewhere"])
def test_an_experiment_and_its_acceptance_outlive_a_gc_before_their_ref_moves(
    ready: World, switch: str
) -> None:
    settle(ready, repeats=[3])
    ready.git("switch", "--quiet", *(["-c"] if switch != "main" else []), switch)
    pruned = prune_as_refs_move(ready)
    name = ready.start("--set", "model.C=10")
    pruned.unlink()
    ready.gitexp("accept", name, "--anyway", "to see what is left of it")
    assert pruned.exists()
    assert ready.git("rev-parse", "main^2") == ready.git("rev-parse", f"exp/{name}")
    assert ready.git("status", "--porcelain") == ""
    assert is_whole(ready)


@pytest.mark.parametrize("command", ["start", "accept", "known"])
def test_what_a_gc_took_before_it_was_kept_is_made_again(
    ready: World, command: str, tmp_path: Path
) -> None:
    ready.git("switch", "--quiet", "-c", "elsewhere")
    name = ready.start("--set", "model.C=10")
    words = {
        "start": ("start", "--set", "model.C=11", "C raises accuracy because the model underfits"),
        "accept": ("accept", name, "--anyway", "to see what is left of it"),
        "known": ("known", "add", "C is best at 1", "--key", "model.C", "--source", "us"),
    }[command]
    before = refs(ready)
    ready.gitexp(*words, PATH=prune_before_keeping(tmp_path / "bin"))
    assert (tmp_path / "bin" / "pruned").is_dir()
    assert refs(ready) != before
    assert is_whole(ready)


FETCHED_ONCE = "grep -q refs/gitexp/remote && mkdir .git/once 2> /dev/null"


@pytest.mark.parametrize("where", [FETCHED_ONCE, "! grep -q refs/gitexp/remote"])
def test_a_sync_outlives_a_gc_as_its_refs_move(world: World, where: str) -> None:
    hub = hub_of(world)
    commit = an_experiment(world, "brave-otter")
    append_lines(Repository.discover(world.path), RUNS, {commit: ['{"schema":1,"seed":1}']})
    synced(world)
    other = clone_of(hub, "other")
    other.git("remote", "set-url", "team", str(hub.path))
    pruned = prune_as_refs_move(other, where)
    synced(other)
    assert pruned.exists()
    assert note(other, RUNS, commit) == note(world, RUNS, commit)
    assert is_whole(other)


def test_what_a_killed_writer_kept_is_freed_and_what_others_keep_is_not(world: World) -> None:
    repository = Repository.discover(world.path)
    theirs = world.write(".git/objects/pack/pack-of-somebody.keep", "mine\n")
    pack = Pack(40)
    pack.add("blob", b"new")
    with writing(repository):
        ours = keep(repository, pack)
        assert ours.read_text() == "gitexp\n"
        free_kept(repository)
    assert packs(world, "keep") == [theirs]


def test_small_packs_are_merged_before_there_are_many(world: World) -> None:
    repository, head = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    for number in range(26):
        append_lines(repository, RUNS, {head: [f'{{"schema":1,"seed":{number}}}']})
    most = len(packs(world, "pack"))
    tidy(repository)
    assert len(packs(world, "pack")) < most / 4
    merge_packs(repository)
    assert len(note(world, RUNS, "HEAD").splitlines()) == 26
    assert is_whole(world)


# --- the file of all packed refs -----------------------------------------------------------------


def all_are_packed(repository: Repository) -> None:
    with writing(repository) as lock:
        assert lock is not None
        pack_refs(repository, lock)


def one_is_deleted(repository: Repository) -> None:
    with writing(repository) as lock:
        assert lock is not None
        move_refs(repository, ["delete refs/heads/exp/brave-otter"], lock, durable=False)


def one_is_archived(repository: Repository) -> None:
    archive_refs(repository, {"brave-otter": repository.git.resolve("exp/brave-otter") or ""})


def fetched_ones_are_deleted(repository: Repository) -> None:
    delete_refs(repository, ["refs/heads/exp/brave-otter"])


@pytest.mark.parametrize(
    "rewrite", [all_are_packed, one_is_deleted, one_is_archived, fetched_ones_are_deleted]
)
def test_packed_refs_are_on_the_disk_before_they_count(
    world: World, rewrite: Callable[[Repository], None], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    an_experiment(world, "brave-otter")
    world.git("pack-refs", "--all")
    world.git("branch", "another")
    packed = world.path / ".git" / "packed-refs"
    before, told = packed.stat().st_ino, tmp_path / "told"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(told))
    rewrite(Repository.discover(world.path))
    assert packed.stat().st_ino != before
    events = [json.loads(line) for line in told.read_text().splitlines()]
    flushes = [one["value"] for one in events if one.get("key") == "fsync/hardware-flush"]
    flushes += [one["count"] for one in events if one.get("name") == "hardware-flush"]  # git 2.42+
    assert sum(map(int, flushes)) >= 1
