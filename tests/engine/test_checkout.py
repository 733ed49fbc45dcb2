from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.checkout import take_checkout
from gitexp.engine.host import clone_id
from gitexp.errors import GitexpError
from gitexp.store.repository import Repository
from tests.project import World, needs_git

if TYPE_CHECKING:
    from collections.abc import Callable


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != ".git"}


TRACKED = {"README.md", "config.toml", "gitexp.toml", "train.py"}


def test_a_checkout_is_clean_and_known_to_git(world: World) -> None:
    before = world.snapshot()
    commit = world.git("rev-parse", "HEAD")
    with take_checkout(Repository.discover(world.path), commit) as checkout:
        here = World(checkout.path)
        assert here.git("rev-parse", "HEAD") == commit
        assert here.try_git("symbolic-ref", "-q", "HEAD").code == 1
        assert here.git("status", "--porcelain", "--ignored") == ""
        assert files_of(checkout.path) == TRACKED
        assert world.path not in checkout.path.parents
    assert world.snapshot() == before


def test_a_checkout_is_reused_and_keeps_nothing_of_its_last_use(world: World) -> None:
    repository = Repository.discover(world.path)
    old = world.git("rev-parse", "HEAD")
    world.write(".gitignore", "*.log\n")
    world.write("new/file.txt", "x")
    new = world.commit("more files")
    with take_checkout(repository, new) as first:
        World(first.path).write("out.log", "ignored")
        World(first.path).write("config.toml", "edited")
        World(first.path).write("nested/.git/HEAD", "ref: refs/heads/main\n")
        World(first.path).git("add", "config.toml")
        (first.path / "train.py").unlink()
    with take_checkout(repository, old) as second:
        assert second.path == first.path
        assert files_of(second.path) == TRACKED
        assert World(second.path).git("status", "--porcelain", "--ignored") == ""


def test_a_clone_whose_path_is_not_utf8_has_checkouts(world: World) -> None:
    commit = world.git("rev-parse", "HEAD")
    moved = world.path.rename(world.path.parent / os.fsdecode(b"\xff"))
    repository = Repository.discover(moved)
    for _ in range(2):
        with take_checkout(repository, commit) as checkout:
            assert files_of(checkout.path) == TRACKED
    assert len(clone_id(repository)) == 12


def test_folders_that_lie_too_deep_for_python_go_away(world: World) -> None:
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    with take_checkout(repository, commit) as first:
        here = os.open(first.path, os.O_RDONLY)
        for _ in range(1200):
            os.mkdir("a", dir_fd=here)
            inner = os.open("a", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.close(here)
    try:
        with take_checkout(repository, commit) as second:
            assert second.path == first.path
            assert files_of(second.path) == TRACKED
    finally:
        subprocess.run(["rm", "-rf", first.path / "a"], check=True)  # pytest could not


def test_concurrent_runs_have_their_own_checkouts(world: World) -> None:
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    with contextlib.ExitStack() as stack:
        checkouts = [stack.enter_context(take_checkout(repository, commit)) for _ in range(3)]
        assert len({checkout.path for checkout in checkouts}) == 3
    with take_checkout(repository, commit) as again:
        assert again.path == checkouts[0].path


def admin(checkout: Path) -> Path:
    return Path((checkout / ".git").read_text().removeprefix("gitdir:").strip())


def left_locks(checkout: Path) -> None:
    for name in ("index.lock", "HEAD.lock"):
        (admin(checkout) / name).touch()


def lost_git_file(checkout: Path) -> None:
    (checkout / ".git").unlink()


def lost_admin(checkout: Path) -> None:
    shutil.rmtree(admin(checkout))


def broken_index(checkout: Path) -> None:
    (admin(checkout) / "index").write_bytes(b"DIRC broken")


def gone(checkout: Path) -> None:
    shutil.rmtree(checkout)


def a_repository_of_its_own(checkout: Path) -> None:
    (checkout / ".git").unlink()
    World(checkout).git("init", "--quiet")


@pytest.mark.parametrize(
    "damage",
    [left_locks, lost_git_file, lost_admin, broken_index, gone, a_repository_of_its_own],
)
def test_a_damaged_checkout_is_rebuilt(world: World, damage: Callable[[Path], None]) -> None:
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    with take_checkout(repository, commit) as checkout:
        pass
    damage(checkout.path)
    for _ in range(2):
        with take_checkout(repository, commit) as checkout:
            assert files_of(checkout.path) == TRACKED
            assert World(checkout.path).git("rev-parse", "HEAD") == commit
            assert World(checkout.path).git("status", "--porcelain") == ""


def test_a_checkout_that_became_a_link_is_made_again_and_nothing_changes_where_it_leads(
    world: World, tmp_path: Path
) -> None:
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    with take_checkout(repository, commit) as checkout:
        shutil.rmtree(checkout.path)
        theirs = tmp_path / "theirs"
        theirs.mkdir(mode=0o750)
        theirs.joinpath("inner").mkdir(mode=0o750)
        theirs.joinpath("file").touch()
        checkout.path.symlink_to(theirs)
    with take_checkout(repository, commit) as again:
        assert again.path == checkout.path
        assert files_of(again.path) == TRACKED
    assert {path.name: path.stat().st_mode & 0o777 for path in theirs.iterdir()} == {
        "inner": 0o750, "file": 0o644,
    }  # fmt: skip
    assert theirs.stat().st_mode & 0o777 == 0o750


def test_pruning_work_trees_leaves_checkouts_alone(world: World) -> None:
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    with take_checkout(repository, commit) as checkout:
        world.git("worktree", "prune", "--expire=now")
        assert World(checkout.path).git("rev-parse", "HEAD") == commit


def test_hooks_of_the_user_are_not_run(world: World, tmp_path: Path) -> None:
    hook = world.path / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'proof'}\n")
    hook.chmod(0o755)
    repository, commit = Repository.discover(world.path), world.git("rev-parse", "HEAD")
    for _ in range(2):
        with take_checkout(repository, commit):
            pass
    assert not (tmp_path / "proof").exists()


def test_hooks_of_the_configuration_are_not_run(world: World, tmp_path: Path) -> None:
    needs_git(2, 55)
    clone, proof = World(tmp_path / "clone"), tmp_path / "proof"
    for number, event in enumerate(("post-checkout", "post-index-change", "reference-transaction")):
        world.git("config", "--global", f"hook.{number}.event", event)
        world.git("config", "--global", f"hook.{number}.command", f"echo >> {proof}")
    world.git("submodule", "--quiet", "add", str(world.path), "part")
    commit = world.commit("a submodule")
    world.git("clone", "--quiet", "--ref-format=reftable", str(world.path), str(clone.path))
    for _ in range(2):
        proof.unlink()
        with take_checkout(Repository.discover(clone.path), commit) as checkout:
            assert (checkout.path / "part" / "train.py").exists()
            assert not proof.exists()
            World(checkout.path).git("checkout", "--quiet", "HEAD~")
    assert proof.exists()


def test_a_submodule_is_checked_out_too(world: World, tmp_path: Path) -> None:
    part = World(tmp_path / "part")
    part.path.mkdir()
    part.git("init", "--quiet")
    part.write("part.py", "X = 1\n")
    part.commit("part")
    world.git("submodule", "--quiet", "add", str(part.path), "lib/part")
    commit = world.commit("a submodule")
    with take_checkout(Repository.discover(world.path), commit) as checkout:
        assert (checkout.path / "lib" / "part" / "part.py").read_text() == "X = 1\n"
        (checkout.path / "lib" / "part" / "part.py").write_text("X = 2\n")
    with take_checkout(Repository.discover(world.path), commit) as checkout:
        assert (checkout.path / "lib" / "part" / "part.py").read_text() == "X = 1\n"


def test_a_commit_that_is_not_there_is_an_error_and_frees_the_checkout(world: World) -> None:
    repository = Repository.discover(world.path)
    with pytest.raises(GitexpError), take_checkout(repository, "0123456789" * 4):
        pytest.fail("there is nothing to check out")
    with take_checkout(repository, world.git("rev-parse", "HEAD")) as checkout:
        assert checkout.path.name == "gitexp-0"
