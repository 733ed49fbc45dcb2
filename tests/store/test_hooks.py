"""Installing the hooks: whatever was there before runs first, and comes back with --undo."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.store.hooks import NAMES, faults
from tests.project import World, git
from tests.team import repository_of

if TYPE_CHECKING:
    from collections.abc import Callable

BECAUSE = "C raises accuracy because the model underfits"


def a_hook(path: Path, body: str = "", *, executable: bool = True) -> Path:
    """Write a hook that notes its name, arguments and input, and then does as told."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'#!/bin/sh\necho "{path.name} $*" >> "$(git rev-parse --git-common-dir)/called"\n{body}\n'
    )
    path.chmod(0o755 if executable else 0o644)
    return path


def called(world: World) -> list[str]:
    """What the former hooks noted since they were last asked."""
    path = world.path / ".git" / "called"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def hooks_folder(world: World) -> dict[str, tuple[str, int]]:
    """Every hook with its text (a link's target) and mode; git's samples left out."""
    return {
        path.name: (
            str(path.readlink()) if path.is_symlink() else path.read_text(),
            path.lstat().st_mode,
        )
        for path in (world.path / ".git" / "hooks").iterdir()
        if path.suffix != ".sample"
    }


def settings(world: World) -> list[str]:
    return sorted(world.git("config", "--list", "--local").splitlines())


def experiment(world: World, name: str = "x") -> None:
    world.git("switch", "--quiet", "--create", f"exp/{name}", "main")
    world.edit("C = 1.0", "C = 10")


def is_enforced(world: World) -> bool:
    """Whether git refuses two values on an experiment's branch."""
    world.git("switch", "--quiet", "--create", "exp/probe")
    world.edit("C = 1.0", "C = 10")
    world.edit("epochs = 20", "epochs = 40")
    ran = world.try_git("commit", "-am", BECAUSE)
    world.git("switch", "--quiet", "--discard-changes", "main")
    world.git("branch", "--quiet", "-D", "exp/probe")
    called(world)
    return ran.code == 1 and "C2 ·" in ran.err


# --- in .git/hooks -------------------------------------------------------------------------------


def test_the_hooks_are_installed_under_the_common_folder(ready: World) -> None:
    for name in NAMES:
        path = ready.path / ".git" / "hooks" / name
        assert os.access(path, os.X_OK)
        assert "@" not in path.read_text().replace('"$@"', "")
        assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
    assert "core.hookspath" not in ready.git("config", "--list")
    assert is_enforced(ready)


def test_installing_twice_changes_nothing(ready: World) -> None:
    before, config = hooks_folder(ready), settings(ready)
    ran = ready.gitexp("init", "--yes")
    assert "nothing was changed" in ran.out
    assert (hooks_folder(ready), settings(ready)) == (before, config)


def test_a_hook_that_lost_its_executable_bit_gets_it_back(ready: World) -> None:
    (ready.path / ".git" / "hooks" / "pre-commit").chmod(0o644)
    assert "pre-commit" in ready.gitexp("init", "--yes").out
    assert is_enforced(ready)


def test_hooks_that_were_there_run_first_and_come_back(world: World, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "server.git")
    server = f"file://{tmp_path / 'server.git'}"
    for name in NAMES:
        a_hook(
            world.path / ".git" / "hooks" / name, "cat > /dev/null" if name == "pre-push" else ""
        )
    a_hook(world.path / ".git" / "hooks" / "post-commit")
    before, config = hooks_folder(world), settings(world)
    told = " ".join(world.gitexp("init", "--yes").out.split())
    assert "the commit-msg, pre-commit, pre-push, pre-run hooks that were there run first" in told
    called(world)
    world.write("README.md", "more\n")
    world.git("commit", "--quiet", "-am", "on the baseline")
    assert called(world) == ["pre-commit ", "commit-msg .git/COMMIT_EDITMSG", "post-commit "]
    experiment(world)
    world.git("commit", "--quiet", "-am", BECAUSE)
    assert called(world) == ["pre-commit ", "commit-msg .git/COMMIT_EDITMSG", "post-commit "]
    assert "Experiment: x" in world.git("log", "-1", "--format=%B")
    assert world.pre_run().code == 0
    assert called(world) == ["pre-run "]
    world.git("push", "--quiet", server, "exp/x")
    assert called(world) == [f"pre-push {server} {server}"]
    world.git("switch", "--quiet", "main")
    assert is_enforced(world)
    told = world.gitexp("init", "--undo").out
    assert "put the former pre-commit hook back" in told
    assert (hooks_folder(world), settings(world)) == (before, config)
    world.git("commit", "--quiet", "--allow-empty", "-m", "after")
    assert called(world) == ["pre-commit ", "commit-msg .git/COMMIT_EDITMSG", "post-commit "]


@pytest.mark.parametrize("name", ["pre-commit", "commit-msg"])
@pytest.mark.parametrize("branch", ["main", "exp/x"])
def test_a_former_hook_that_fails_stops_the_commit(name: str, branch: str, world: World) -> None:
    a_hook(world.path / ".git" / "hooks" / name, "echo 'not like this' >&2; exit 7")
    world.gitexp("init", "--yes")
    if branch != "main":
        world.git("switch", "--quiet", "--create", branch)
    world.edit("C = 1.0", "C = 10")
    before = world.snapshot()
    ran = world.try_git("commit", "-am", BECAUSE)
    assert ran.code == 1
    assert "not like this" in ran.err
    assert "gitexp" not in ran.err
    assert world.snapshot() == before


def test_a_former_hook_that_stages_a_second_value_does_not_get_it_past_the_gate(
    world: World,
) -> None:
    a_hook(
        world.path / ".git" / "hooks" / "pre-commit",
        "case $(git symbolic-ref HEAD) in refs/heads/exp/*)"
        " sed -i 's/epochs = 20/epochs = 40/' config.toml && git add config.toml;; esac",
    )
    world.gitexp("init", "--yes")
    experiment(world)
    ran = world.try_git("commit", "-am", BECAUSE)
    assert (ran.code, "C2 ·" in ran.err) == (1, True)


def test_a_former_hook_may_still_write_the_message(world: World) -> None:
    a_hook(world.path / ".git" / "hooks" / "commit-msg", 'echo "Ticket: 5" >> "$1"')
    world.gitexp("init", "--yes")
    experiment(world)
    world.git("commit", "--quiet", "-am", f"{BECAUSE}\n\nRepeats: 3")
    body = world.git("log", "-1", "--format=%B")
    assert "Repeats: 3\nTicket: 5\nExperiment: x\n" in body


def test_a_former_hook_that_is_not_executable_stays_silent(world: World) -> None:
    a_hook(world.path / ".git" / "hooks" / "pre-commit", "exit 7", executable=False)
    before = hooks_folder(world)
    world.gitexp("init", "--yes")
    assert is_enforced(world)
    world.gitexp("init", "--undo")
    assert hooks_folder(world) == before


@pytest.mark.parametrize("dangling", [False, True])
def test_a_former_hook_that_is_a_link_comes_back_as_one(dangling: bool, world: World) -> None:
    if not dangling:
        a_hook(world.path / ".git" / "scripts" / "check")
    (world.path / ".git" / "hooks").mkdir(exist_ok=True)
    (world.path / ".git" / "hooks" / "pre-commit").symlink_to("../scripts/check")
    before = hooks_folder(world)
    world.gitexp("init", "--yes")
    called(world)
    world.git("commit", "--quiet", "--allow-empty", "-m", "x")
    assert called(world) == ([] if dangling else ["check "])
    assert is_enforced(world)
    world.gitexp("init", "--undo")
    assert hooks_folder(world) == before


def test_a_push_of_nothing_gives_the_former_hook_an_empty_list(
    world: World, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "server.git")
    world.git("remote", "add", "origin", f"file://{tmp_path / 'server.git'}")
    a_hook(
        world.path / ".git" / "hooks" / "pre-push",
        'while read -r line; do echo "line: $line" >> .git/called; done',
    )
    world.gitexp("init", "--yes")
    head = world.git("rev-parse", "HEAD")
    world.git("push", "--quiet", "origin", "main", "main:two")
    lines = [line for line in called(world) if line.startswith("line: ")]
    assert lines == [
        f"line: refs/heads/main {head} refs/heads/{name} {'0' * 40}" for name in ("main", "two")
    ]
    world.git("push", "--quiet", "origin", "main")
    assert called(world) == [f"pre-push origin file://{tmp_path / 'server.git'}"]


def test_a_former_pre_push_hook_that_fails_stops_the_push(world: World, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "server.git")
    a_hook(world.path / ".git" / "hooks" / "pre-push", "exit 7")
    world.gitexp("init", "--yes")
    ran = world.try_git("push", f"file://{tmp_path / 'server.git'}", "main")
    assert ran.code == 1
    assert git(tmp_path / "server.git", "for-each-ref") == ""


def test_a_tool_that_takes_our_place_is_chained_at_the_next_init(ready: World) -> None:
    a_hook(ready.path / ".git" / "hooks" / "pre-commit")
    ready.gitexp("init", "--yes")
    assert is_enforced(ready)
    ready.git("commit", "--quiet", "--allow-empty", "-m", "x")
    assert called(ready) == ["pre-commit "]


def test_two_former_hooks_for_one_place_are_refused_and_both_kept(world: World) -> None:
    a_hook(world.path / ".git" / "hooks" / "pre-commit", ": first")
    world.gitexp("init", "--yes")
    a_hook(world.path / ".git" / "hooks" / "pre-commit", ": second")
    world.git("rm", "--quiet", "gitexp.toml")
    world.git("commit", "--quiet", "--no-verify", "-m", "without settings")
    before, head = hooks_folder(world), world.git("rev-parse", "HEAD")
    ran = world.gitexp("init", "--yes", code=3)
    assert world.git("rev-parse", "HEAD") == head
    assert "pre-commit was replaced by another tool" in ran.err
    assert "remove one of the two" in ran.err
    assert hooks_folder(world) == before


def test_undo_leaves_a_foreign_hook_alone(ready: World) -> None:
    a_hook(ready.path / ".git" / "hooks" / "pre-commit")
    ready.gitexp("init", "--undo")
    assert list(hooks_folder(ready)) == ["pre-commit"]


def test_undo_without_init_changes_nothing(world: World) -> None:
    a_hook(world.path / ".git" / "hooks" / "pre-commit")
    before, config = hooks_folder(world), settings(world)
    world.gitexp("init", "--undo")
    assert (hooks_folder(world), settings(world)) == (before, config)


# --- beside the pre-commit framework, the real one ------------------------------------------------

OF_THE_FRAMEWORK = """\
repos:
- repo: local
  hooks:
  - {id: a, name: a, entry: sh -c 'echo framework >> .git/called', language: system,
     always_run: true, pass_filenames: false, stages: [pre-commit, commit-msg]}
"""


def framework(world: World) -> None:
    world.write(".pre-commit-config.yaml", OF_THE_FRAMEWORK)
    world.commit("hooks of a framework")
    ran = world.run("pre-commit", "install", "-t", "pre-commit", "-t", "commit-msg")
    assert ran.code == 0, ran.out + ran.err
    called(world)


@pytest.mark.parametrize("first", ["gitexp", "framework"])
def test_the_pre_commit_framework_and_our_hooks_live_together(first: str, world: World) -> None:
    if first == "gitexp":
        world.gitexp("init", "--yes")
    framework(world)
    world.gitexp("init", "--yes")
    called(world)
    assert is_enforced(world)
    experiment(world)
    ran = world.try_git("commit", "-am", BECAUSE)
    assert ran.code == 0, ran.err
    assert "Experiment: x" in world.git("log", "-1", "--format=%B")
    assert called(world) == ["framework", "framework"]
    assert "nothing was changed" in world.gitexp("init", "--yes").out
    world.git("switch", "--quiet", "main")
    world.gitexp("init", "--undo")
    called(world)
    world.git("commit", "--quiet", "--allow-empty", "-m", "after")
    assert called(world) == ["framework", "framework"]
    assert not any(b"gitexp.hook" in hook.encode() for hook, _ in hooks_folder(world).values())


def test_beside_a_hooks_path_the_framework_refuses_by_itself_and_ours_stay(world: World) -> None:
    a_hook(world.path / "hooks" / "pre-commit")
    world.git("config", "core.hooksPath", "hooks")
    world.gitexp("init", "--yes")
    ran = world.run("pre-commit", "install")
    assert (ran.code, "core.hooksPath" in ran.out + ran.err) == (1, True)
    assert is_enforced(world)


# --- beside core.hooksPath -----------------------------------------------------------------------


def relative(world: World, _tmp: Path) -> tuple[str, Path]:
    return "my hooks", world.path / "my hooks"


def absolute(_world: World, tmp: Path) -> tuple[str, Path]:
    return str(tmp / "it's hooks"), tmp / "it's hooks"


def in_home(_world: World, _tmp: Path) -> tuple[str, Path]:
    return "~/hooks", Path(os.environ["HOME"]) / "hooks"


@pytest.mark.parametrize("place", [relative, absolute, in_home])
@pytest.mark.parametrize("level", ["--local", "--global"])
def test_hooks_of_another_path_run_first_and_the_path_comes_back(
    level: str, place: Callable[[World, Path], tuple[str, Path]], world: World, tmp_path: Path
) -> None:
    setting, folder = place(world, tmp_path)
    for name in ("pre-commit", "commit-msg", "prepare-commit-msg", "post-commit"):
        a_hook(folder / name)
    a_hook(folder / "pre-rebase", executable=False)
    world.git("add", "--all")
    world.git("commit", "--quiet", "--allow-empty", "-m", "hooks")
    world.git("config", level, "core.hooksPath", setting)
    config, kept = settings(world), {path: path.read_text() for path in folder.iterdir()}
    told = " ".join(world.gitexp("init", "--yes").out.split())
    assert f"core.hooksPath was {setting}; its hooks run first" in told
    assert is_enforced(world)
    experiment(world)
    called(world)
    world.git("commit", "--quiet", "-am", BECAUSE)
    assert [line.split()[0] for line in called(world)] == [
        "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit",
    ]  # fmt: skip
    assert "Experiment: x" in world.git("log", "-1", "--format=%B")
    world.git("switch", "--quiet", "main")
    called(world)
    assert "nothing was changed" in world.gitexp("init", "--yes").out
    told = world.gitexp("init", "--undo").out
    assert f"core.hooksPath is {setting} again" in told
    assert settings(world) == config
    assert world.git("config", "core.hooksPath") == setting
    assert {path: path.read_text() for path in folder.iterdir()} == kept
    world.git("commit", "--quiet", "--allow-empty", "-m", "after")
    assert len(called(world)) == 4


def test_a_work_tree_without_the_relative_folder_can_still_commit(
    world: World, tmp_path: Path
) -> None:
    for name in ("pre-commit", "prepare-commit-msg"):
        a_hook(world.path / "githooks" / name, "exit 7")
    world.git("config", "core.hooksPath", "githooks")
    world.gitexp("init", "--yes")
    linked = World(tmp_path / "linked")
    world.git("worktree", "add", "--quiet", "-b", "feature", str(linked.path))
    # An untracked folder of hooks is not in the linked work tree: nothing to run, nothing to stop.
    linked.git("commit", "--quiet", "--allow-empty", "-m", "what if?")
    linked.git("switch", "--quiet", "--create", "exp/probe")
    linked.edit("C = 1.0", "C = 10")
    linked.edit("epochs = 20", "epochs = 40")
    ran = linked.try_git("commit", "-am", BECAUSE)
    assert (ran.code, "C2 ·" in ran.err) == (1, True)
    assert world.try_git("commit", "--allow-empty", "-m", "x").code == 1


def test_a_hook_added_to_the_other_path_is_handed_over_at_the_next_init(
    world: World, tmp_path: Path
) -> None:
    a_hook(tmp_path / "hooks" / "pre-commit")
    world.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    world.gitexp("init", "--yes")
    a_hook(tmp_path / "hooks" / "commit-msg")
    a_hook(tmp_path / "hooks" / "post-commit")
    world.git("commit", "--quiet", "--allow-empty", "-m", "x")
    assert [line.split()[0] for line in called(world)] == ["pre-commit", "commit-msg"]
    world.gitexp("init", "--yes")
    world.git("commit", "--quiet", "--allow-empty", "-m", "x")
    assert [line.split()[0] for line in called(world)] == [
        "pre-commit", "commit-msg", "post-commit",
    ]  # fmt: skip


def test_a_path_that_a_tool_set_after_us_is_chained_and_restored(
    ready: World, tmp_path: Path
) -> None:
    a_hook(tmp_path / "husky" / "pre-commit")
    ready.git("config", "core.hooksPath", str(tmp_path / "husky"))
    ready.gitexp("init", "--yes")
    assert is_enforced(ready)
    ready.git("commit", "--quiet", "--allow-empty", "-m", "x")
    assert called(ready) == ["pre-commit "]
    ready.gitexp("init", "--undo")
    assert ready.git("config", "core.hooksPath") == str(tmp_path / "husky")
    assert hooks_folder(ready) == {}
    assert not (ready.path / ".git" / "gitexp" / "hooks").exists()


def test_undo_leaves_a_path_alone_that_was_set_after_us(world: World, tmp_path: Path) -> None:
    world.git("config", "core.hooksPath", str(tmp_path / "one"))
    world.gitexp("init", "--yes")
    world.git("config", "core.hooksPath", str(tmp_path / "two"))
    world.gitexp("init", "--undo")
    assert world.git("config", "core.hooksPath") == str(tmp_path / "two")


def test_a_linked_work_tree_can_install_for_all(world: World, tmp_path: Path) -> None:
    linked = World(tmp_path / "linked tree")
    world.git("worktree", "add", "--quiet", "-b", "feature", str(linked.path))
    linked.gitexp("init", "--yes")
    assert is_enforced(world)
    world.gitexp("init", "--undo")
    assert hooks_folder(world) == {}


def test_a_submodule_gets_its_own_hooks(world: World, tmp_path: Path) -> None:
    outer = World(tmp_path / "outer")
    outer.path.mkdir()
    outer.git("init", "--quiet")
    outer.git("submodule", "--quiet", "add", str(world.path), "inner project")
    inner = World(outer.path / "inner project")
    inner.gitexp("init", "--yes")
    assert (outer.path / ".git" / "modules" / "inner project" / "hooks" / "pre-run").exists()
    inner.git("switch", "--quiet", "--create", "exp/probe")
    inner.edit("C = 1.0", "C = 10")
    inner.edit("epochs = 20", "epochs = 40")
    assert inner.try_git("commit", "-am", BECAUSE).code == 1


def test_a_path_for_one_work_tree_alone_is_refused(world: World) -> None:
    world.git("config", "extensions.worktreeConfig", "true")
    world.git("config", "--worktree", "core.hooksPath", "hooks")
    before, config = hooks_folder(world), settings(world)
    ran = world.gitexp("init", "--yes", code=3)
    assert "core.hooksPath is set for this worktree alone" in ran.err
    assert "git config --show-origin core.hooksPath" in ran.err
    assert (hooks_folder(world), settings(world)) == (before, config)


# --- clones that were moved, commands that were killed -------------------------------------------


def test_a_hook_from_before_still_runs_after_the_clone_was_moved(world: World) -> None:
    a_hook(world.path / ".git/hooks/pre-push")
    world.gitexp("init", "--yes")
    moved = World(world.path.with_name("moved"))
    world.path.rename(moved.path)
    moved.git("hook", "run", "pre-push")
    assert called(moved) == ["pre-push "]
    assert faults(repository_of(moved)) == {}


def test_a_hooks_path_follows_a_clone_that_was_moved(world: World) -> None:
    a_hook(world.path / "team/pre-push")
    world.git("config", "core.hooksPath", "team")
    world.gitexp("init", "--yes")
    moved = World(world.path.with_name("moved"))
    world.path.rename(moved.path)
    moved.gitexp("log")
    moved.git("hook", "run", "pre-push")
    assert called(moved) == ["pre-push "]
    moved.gitexp("init", "--undo")
    assert moved.git("config", "core.hooksPath") == "team"


@pytest.mark.parametrize("again", [["init", "--yes"], ["init", "--undo"], ["doctor", "--fix"]])
def test_a_hook_that_a_killed_command_left_aside_comes_back(world: World, again: list[str]) -> None:
    path = a_hook(world.path / ".git/hooks/pre-push")
    world.gitexp("init", "--yes")
    path.unlink()  # as a kill between two steps left it
    world.gitexp(*again)
    world.git("hook", "run", "pre-push")
    assert called(world) == ["pre-push "]


def test_a_hook_that_is_also_the_one_kept_aside_runs_once(world: World) -> None:
    path = a_hook(world.path / ".git/hooks/pre-push")
    text = path.read_bytes()
    world.gitexp("init", "--yes")
    path.write_bytes(text)  # as git-lfs does at every `git lfs install`
    world.gitexp("init", "--yes")
    world.git("hook", "run", "pre-push")
    assert called(world) == ["pre-push "]
