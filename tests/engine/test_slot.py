from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.slot import link_inputs, take_slot
from gitexp.errors import GitexpError, NotReady
from gitexp.store.git import Repository
from tests.project import World

if TYPE_CHECKING:
    from collections.abc import Callable


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != ".git"}


TRACKED = {"README.md", "config.toml", "gitexp.toml", "train.py"}


def test_a_slot_is_a_clean_checkout_that_git_knows(world: World) -> None:
    before = world.snapshot()
    commit = world.git("rev-parse", "HEAD")
    with take_slot(Repository.discover(world.path), commit) as slot:
        here = World(slot.path)
        assert here.git("rev-parse", "HEAD") == commit
        assert here.try_git("symbolic-ref", "-q", "HEAD").code == 1
        assert here.git("status", "--porcelain", "--ignored") == ""
        assert files_of(slot.path) == TRACKED
        assert (world.path / ".git") in slot.path.parents
    assert world.snapshot() == before


def test_a_slot_is_used_again_and_holds_nothing_of_its_last_use(world: World) -> None:
    repository = Repository.discover(world.path)
    old = world.git("rev-parse", "HEAD")
    world.write(".gitignore", "*.log\n")
    world.write("new/file.txt", "x")
    new = world.commit("more files")
    with take_slot(repository, new) as first:
        World(first.path).write("out.log", "ignored")
        World(first.path).write("config.toml", "edited")
        World(first.path).write("nested/.git/HEAD", "ref: refs/heads/main\n")
        World(first.path).git("add", "config.toml")
        (first.path / "train.py").unlink()
    with take_slot(repository, old) as second:
        assert second.path == first.path
        assert files_of(second.path) == TRACKED
        assert World(second.path).git("status", "--porcelain", "--ignored") == ""


def test_runs_at_once_have_slots_of_their_own(world: World) -> None:
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    with contextlib.ExitStack() as stack:
        slots = [stack.enter_context(take_slot(repository, commit)) for _ in range(3)]
        assert len({slot.path for slot in slots}) == 3
    with take_slot(repository, commit) as again:
        assert again.path == slots[0].path


def admin(slot: Path) -> Path:
    return Path((slot / ".git").read_text().removeprefix("gitdir:").strip())


def left_locks(slot: Path) -> None:
    for name in ("index.lock", "HEAD.lock"):
        (admin(slot) / name).touch()


def lost_git_file(slot: Path) -> None:
    (slot / ".git").unlink()


def lost_admin(slot: Path) -> None:
    shutil.rmtree(admin(slot))


def broken_index(slot: Path) -> None:
    (admin(slot) / "index").write_bytes(b"DIRC broken")


def gone(slot: Path) -> None:
    shutil.rmtree(slot)


def a_repository_of_its_own(slot: Path) -> None:
    (slot / ".git").unlink()
    World(slot).git("init", "--quiet")


@pytest.mark.parametrize(
    "damage",
    [left_locks, lost_git_file, lost_admin, broken_index, gone, a_repository_of_its_own],
)
def test_a_damaged_slot_is_built_anew(world: World, damage: Callable[[Path], None]) -> None:
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    with take_slot(repository, commit) as slot:
        pass
    damage(slot.path)
    for _ in range(2):
        with take_slot(repository, commit) as slot:
            assert files_of(slot.path) == TRACKED
            assert World(slot.path).git("rev-parse", "HEAD") == commit
            assert World(slot.path).git("status", "--porcelain") == ""


def test_pruning_work_trees_leaves_slots_alone(world: World) -> None:
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    with take_slot(repository, commit) as slot:
        world.git("worktree", "prune", "--expire=now")
        assert World(slot.path).git("rev-parse", "HEAD") == commit


def test_hooks_of_the_user_are_not_run(world: World, tmp_path: Path) -> None:
    hook = world.path / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'proof'}\n")
    hook.chmod(0o755)
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    for _ in range(2):
        with take_slot(repository, commit):
            pass
    assert not (tmp_path / "proof").exists()


def test_a_submodule_is_checked_out_too(world: World, tmp_path: Path) -> None:
    part = World(tmp_path / "part")
    part.path.mkdir()
    part.git("init", "--quiet")
    part.write("part.py", "X = 1\n")
    part.commit("part")
    world.git("submodule", "--quiet", "add", str(part.path), "lib/part")
    commit = world.commit("a submodule")
    with take_slot(Repository.discover(world.path), commit) as slot:
        assert (slot.path / "lib" / "part" / "part.py").read_text() == "X = 1\n"
        (slot.path / "lib" / "part" / "part.py").write_text("X = 2\n")
    with take_slot(Repository.discover(world.path), commit) as slot:
        assert (slot.path / "lib" / "part" / "part.py").read_text() == "X = 1\n"


def test_a_commit_that_is_not_there_is_an_error_and_frees_the_slot(world: World) -> None:
    repository = Repository.discover(world.path)
    with pytest.raises(GitexpError), take_slot(repository, "0123456789" * 4):
        pytest.fail("there is nothing to check out")
    with take_slot(repository, world.git("rev-parse", "HEAD")) as slot:
        assert slot.path.name == "gitexp-0"


def test_inputs_are_linked_from_the_first_tree_that_has_them(tmp_path: Path) -> None:
    slot, mine, main = (tmp_path / name for name in ("slot", "mine", "main"))
    for folder in (slot, mine, main):
        folder.mkdir()
    (main / "data").mkdir()
    (main / "data" / "a.csv").write_text("main")
    (mine / "deep").mkdir()
    (mine / "deep" / "b.csv").write_text("mine")
    (slot / "tracked.csv").write_text("the commit's own")
    (mine / "tracked.csv").write_text("edited")
    link_inputs(slot, [mine, main], ("data", "deep/b.csv", "tracked.csv"))
    assert (slot / "data" / "a.csv").read_text() == "main"
    assert (slot / "deep" / "b.csv").read_text() == "mine"
    assert (slot / "tracked.csv").read_text() == "the commit's own"
    link_inputs(slot, [mine, main], ("data",))
    assert (slot / "data").readlink() == main / "data"
    with pytest.raises(NotReady, match="gone"):
        link_inputs(slot, [mine, main], ("gone",))
