"""`gitexp init` and `--undo`: what it finds, what it writes, and that it takes all of it back."""

from __future__ import annotations

import os
import shutil
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from tests.project import TRAIN, World, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOML = "[model]\nC = 1.0\n\n[train]\nepochs = 20\n"
BECAUSE = "C raises accuracy because the model underfits"


def everything(world: World) -> object:
    """What a refused init must leave as it was: refs, index, files, configuration and hooks."""
    folder = world.path / ".git"
    own = sorted(str(path.relative_to(folder)) for path in (folder / "hooks").rglob("*"))
    gitexp = sorted(str(path.relative_to(folder)) for path in (folder / "gitexp").rglob("*"))
    return world.snapshot(), (folder / "config").read_text(), own, gitexp


def settings(world: World) -> dict[str, Any]:
    return tomllib.loads((world.path / "gitexp.toml").read_text())


# --- what it writes ------------------------------------------------------------------------------


def test_a_new_project_is_set_up(bare_project: World) -> None:
    told = bare_project.gitexp("init", "--yes").out
    assert settings(bare_project)["config"] == ["config.toml"]
    assert settings(bare_project)["command"] == "python train.py"
    assert settings(bare_project)["metric"] == "accuracy"
    assert settings(bare_project)["baseline"] == "main"
    assert bare_project.git("log", "--format=%s") == "Set up gitexp\nbaseline"
    assert bare_project.git("show", "--format=", "--name-only", "HEAD") == "gitexp.toml"
    assert bare_project.git("config", "gitexp.baseline") == "main"
    assert bare_project.git("config", "notes.displayRef") == "refs/notes/gitexp"
    assert bare_project.git("status", "--porcelain") == ""
    assert "gitexp init --undo" in told
    bare_project.start("--set", "model.C=10")


def test_a_script_that_no_commit_holds_is_named(bare_project: World) -> None:
    bare_project.write("fit.py", TRAIN)
    told = bare_project.gitexp("init", "--yes", "--command", "python fit.py").out
    assert "fit.py is not committed, so no run would find it:\ngit add fit.py && git comm" in told


def test_every_flag_is_written(bare_project: World) -> None:
    bare_project.write("knobs.toml", "[a]\nseed = 1\n")
    bare_project.commit("more")
    command = """sh -c "echo 'größe' \\\\ {seed}" """.strip()
    bare_project.gitexp(
        "init", "--yes", "--config", "knobs.toml", "--command", command, "--metric", "score",
        "--direction", "lower", "--effect", "0.25", "--metrics", "out/m.json",
        "--seed-key", "a.seed",
    )  # fmt: skip
    written = settings(bare_project)
    assert written["command"] == command
    assert {name: written[name] for name in ("config", "metric", "direction", "effect", "metrics",
                                             "seed_key")} == {
        "config": ["knobs.toml"], "metric": "score", "direction": "lower", "effect": 0.25,
        "metrics": "out/m.json", "seed_key": "a.seed",
    }  # fmt: skip


def test_what_was_written_and_found_is_shown(bare_project: World) -> None:
    told = bare_project.gitexp("init", "--yes").out
    for line in (bare_project.path / "gitexp.toml").read_text().splitlines():
        assert f"    | {line}\n" in told


@pytest.mark.parametrize(
    ("flags", "written"),
    [
        (("--metric", "rmse"), ("lower", 0.01)),
        (("--metric", "rmse", "--direction", "higher", "--effect", "0.005"), ("higher", 0.005)),
        (("--metric", "mine"), ("higher", 0.005)),
        (("--metric", "rmse", "--effect", "2%"), ("lower", "2%")),
    ],
)
def test_direction_and_effect_follow_the_metric_unless_they_are_given(
    flags: tuple[str, ...], written: tuple[str, float | str], bare_project: World
) -> None:
    bare_project.gitexp("init", "--yes", *flags)
    found = settings(bare_project)
    assert (found["direction"], found["effect"]) == written


def test_other_settings_than_there_are_are_not_taken_for_written(bare_project: World) -> None:
    flags = ("--config", "config.toml", "--metric", "accuracy", "--effect", "0.005")
    bare_project.gitexp("init", "--yes", *flags)
    before = everything(bare_project)
    assert "nothing was changed" in bare_project.gitexp("init", "--yes", *flags).out
    ran = bare_project.gitexp("init", "--yes", "--metric", "rmse", "--seed-key", "a.b", code=2)
    assert 'init does not change them: metric = "accuracy", seed_key = ""' in ran.err
    assert everything(bare_project) == before


def test_git_log_is_silent_where_no_verdict_is_yet(bare_project: World) -> None:
    bare_project.gitexp("init", "--yes")
    assert bare_project.try_git("log").err == ""
    bare_project.gitexp("init", "--undo")
    assert bare_project.git("for-each-ref", "refs/notes") == ""


def test_notes_of_others_are_fetched_over_those_that_init_began(
    bare_project: World, tmp_path: Path
) -> None:
    bare_project.gitexp("init", "--yes")
    other = World(tmp_path / "other")
    git(tmp_path, "clone", "--quiet", str(bare_project.path), str(other.path))
    other.gitexp("init", "--yes")
    name = bare_project.start("--set", "model.C=10")
    bare_project.gitexp("run")
    notes = "refs/notes/gitexp*:refs/notes/gitexp*"
    other.git("fetch", "--quiet", "origin", "refs/heads/*:refs/remotes/origin/*", notes)
    assert other.gitexp("show", name, "--json").json["pairs"] > 0
    assert "Notes (gitexp)" in other.git("log", "-1", f"origin/exp/{name}")


def test_twice_changes_nothing(bare_project: World) -> None:
    bare_project.gitexp("init", "--yes")
    before = everything(bare_project)
    assert "nothing was changed" in bare_project.gitexp("init", "--yes").out
    assert everything(bare_project) == before


def test_a_folder_below_becomes_a_project_of_its_own(bare_project: World) -> None:
    name = "it's a project"
    bare_project.write(f"{name}/config.toml", TOML)
    bare_project.write(f"{name}/train.py", TRAIN)
    bare_project.commit("a folder")
    bare_project.gitexp("init", "--yes", cwd=bare_project.path / name)
    assert bare_project.git("ls-files", "--", name).splitlines()[1] == f"{name}/gitexp.toml"
    assert bare_project.git("config", f"gitexp.{name}.baseline") == "main"
    started = bare_project.gitexp(
        "start", BECAUSE, "--set", "model.C=10", "--json", cwd=bare_project.path / name
    ).json["name"]
    assert f"Project: {name}" in bare_project.git("log", "-1", "--format=%B", f"exp/{started}")


def test_settings_in_pyproject_are_taken_as_they_are(bare_project: World) -> None:
    bare_project.write(
        "pyproject.toml",
        '[project]\nname = "x"\n[tool.gitexp]\nconfig = "config.toml"\n'
        'command = "python train.py"\nmetric = "accuracy"\nvary = "seed"\nrepeats = 5\nrules = 2\n',
    )
    head = bare_project.commit("settings")
    bare_project.gitexp("init", "--yes")
    assert bare_project.git("rev-parse", "HEAD") == head
    assert not (bare_project.path / "gitexp.toml").exists()
    name = bare_project.start("--set", "model.C=10")
    assert bare_project.gitexp("run", name, "--json").json["verdict"] == "CONFIRMED"
    bare_project.gitexp("init", "--undo")
    assert bare_project.git("rev-parse", "HEAD") == head


def test_a_pyproject_of_other_tools_is_left_alone(bare_project: World) -> None:
    bare_project.write("pyproject.toml", "[tool.ruff]\nline-length = 100\n")
    bare_project.commit("ruff")
    bare_project.gitexp("init", "--yes")
    assert settings(bare_project)["metric"] == "accuracy"
    assert "gitexp" not in (bare_project.path / "pyproject.toml").read_text()


def test_settings_are_committed_where_git_refuses_their_line_ends(bare_project: World) -> None:
    bare_project.git("config", "core.autocrlf", "true")
    bare_project.git("config", "core.safecrlf", "true")
    bare_project.gitexp("init", "--yes")
    assert bare_project.git("show", "HEAD:gitexp.toml").startswith("#")


def test_settings_are_committed_although_git_ignores_them(bare_project: World) -> None:
    bare_project.write(".gitignore", "*.toml\n")
    bare_project.commit("ignore")
    bare_project.gitexp("init", "--yes")
    assert "gitexp.toml" in bare_project.git("ls-files")


def test_what_is_staged_and_edited_stays_so(bare_project: World) -> None:
    bare_project.write("train.py", f"{TRAIN}# staged\n")
    bare_project.write("new.py", "staged = True\n")
    bare_project.git("add", "--all")
    bare_project.write("train.py", f"{TRAIN}# edited\n")
    bare_project.write("untracked.py", "")
    before = bare_project.git("status", "--porcelain"), bare_project.git("diff", "--cached")
    bare_project.gitexp("init", "--yes")
    after = bare_project.git("status", "--porcelain"), bare_project.git("diff", "--cached")
    assert after == before
    assert bare_project.git("show", "--format=", "--name-only", "HEAD") == "gitexp.toml"


def test_a_fresh_clone_needs_nothing_but_init(bare_project: World, tmp_path: Path) -> None:
    bare_project.gitexp("init", "--yes")
    name = bare_project.start("--set", "model.C=10")
    git(tmp_path, "clone", "--quiet", "--branch", f"exp/{name}", str(bare_project.path), "clone")
    clone = World(tmp_path / "clone")
    clone.gitexp("run", name, code=3)
    clone.gitexp("init", "--yes")
    assert clone.git("config", "gitexp.baseline") == "main"
    clone.gitexp("check", name)
    assert clone.git("branch", "--show-current") == f"exp/{name}"


def test_the_usual_name_of_a_baseline_goes_before_the_branch_that_is_checked_out(
    world: World,
) -> None:
    assert "baseline" not in settings(world)
    for branch in ("feature", "exp/x"):
        world.git("switch", "--quiet", "--create", branch)
        world.gitexp("init", "--yes")
        assert world.git("config", "gitexp.baseline") == "main"
        world.gitexp("init", "--undo")


def test_a_baseline_of_another_name_is_taken_where_nothing_else_is_there(world: World) -> None:
    world.git("branch", "--move", "trunk")
    world.gitexp("init", "--yes")
    assert world.git("config", "gitexp.baseline") == "trunk"
    world.start("--set", "model.C=10")


def test_the_baseline_can_be_named(world: World) -> None:
    world.git("branch", "trunk")
    world.gitexp("init", "--yes", "--baseline", "trunk")
    assert world.git("config", "gitexp.baseline") == "trunk"
    world.gitexp("init", "--yes", "--baseline", "main")
    assert world.git("config", "gitexp.baseline") == "main"
    world.gitexp("init", "--undo")
    assert world.try_git("config", "gitexp.baseline").code == 1


# --- what it refuses, with nothing changed -------------------------------------------------------


def unborn(world: World) -> None:
    world.git("switch", "--quiet", "--orphan", "fresh")


def detached(world: World) -> None:
    world.git("switch", "--quiet", "--detach")


def on_an_experiment(world: World) -> None:
    world.git("switch", "--quiet", "--create", "exp/x")


def without_an_identity(world: World) -> None:
    world.git("config", "user.useConfigOnly", "true")
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull


def hook(name: str) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        path = world.path / ".git" / "hooks" / name
        path.write_text("#!/bin/sh\necho 'not in this house' >&2\nexit 1\n")
        path.chmod(0o755)

    return arrange


def in_a_merge(world: World) -> None:
    world.git("switch", "--quiet", "--create", "other")
    world.write("other.txt", "x\n")
    world.commit("other")
    world.git("switch", "--quiet", "main")
    world.git("merge", "--quiet", "--no-ff", "--no-commit", "other")


def unable_to_sign(world: World) -> None:
    world.git("config", "commit.gpgSign", "true")
    world.git("config", "gpg.program", "/no/such/gpg")


def with_uncommitted_settings(world: World) -> None:
    world.write("gitexp.toml", 'config = "config.toml"\ncommand = "true"\nmetric = "accuracy"\n')


def with_broken_settings(world: World) -> None:
    world.write("gitexp.toml", 'config = "config.toml"\ncomand = "true"\nmetric = "accuracy"\n')
    world.commit("settings")


def with_settings_that_are_no_toml(world: World) -> None:
    world.write("gitexp.toml", "config = [\n")
    world.commit("settings")


@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        (unborn, ["no commits yet", "git add -A && git commit"]),
        (detached, ["no branch is checked out", "git switch main && gitexp init"]),
        (on_an_experiment, ["this is an experiment, not a baseline", "git switch main"]),
        (without_an_identity, ["git does not know who you are"]),
        (hook("pre-commit"), ["not in this house"]),
        (hook("commit-msg"), ["not in this house"]),
        (in_a_merge, ["a merge or a rebase is under way", "git merge --abort"]),
        (unable_to_sign, ["could not sign the commit"]),
        (with_uncommitted_settings, ["are not committed on main", "git add gitexp.toml"]),
        (with_broken_settings, ["unknown setting 'comand'", "did you mean command?"]),
        (with_settings_that_are_no_toml, ["gitexp.toml does not parse"]),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_said_and_nothing_is_changed(
    arrange: Callable[[World], None],
    words: list[str],
    bare_project: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.environ["GIT_CONFIG_GLOBAL"])
    arrange(bare_project)
    bare_project.write("train.py", f"{TRAIN}# staged\n")
    bare_project.git("add", "train.py")
    before = everything(bare_project)
    ran = bare_project.gitexp("init", "--yes", code=3)
    for word in words:
        assert word in ran.err
    assert everything(bare_project) == before


def test_a_bare_repository_gets_the_servers_hook_alone(bare_project: World, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(bare_project.path), "bare.git")
    server = World(tmp_path / "bare.git")
    before = server.git("config", "--list", "--local"), server.git("for-each-ref")
    assert "installed hooks" in server.gitexp("init").out
    assert [p.name for p in (server.path / "hooks").iterdir() if p.suffix != ".sample"] == [
        "update"
    ]
    assert "nothing was changed" in server.gitexp("init", "--yes").out
    assert (server.git("config", "--list", "--local"), server.git("for-each-ref")) == before
    assert "removed the update hook" in server.gitexp("init", "--undo").out
    assert not (server.path / "hooks" / "update").exists()


def test_outside_of_a_repository_it_says_how_to_make_one(tmp_path: Path) -> None:
    ran = World(tmp_path).gitexp("init", "--yes", code=3)
    assert "is not in a git repository" in ran.err
    assert "git init" in ran.err


def test_what_it_could_not_find_out_is_named_by_its_flags(bare_project: World) -> None:
    bare_project.git("rm", "--quiet", "config.toml", "train.py")
    bare_project.write("x.txt", "x\n")
    bare_project.commit("nothing to find")
    before = everything(bare_project)
    ran = bare_project.gitexp("init", "--yes", code=2)
    assert "could not find out: config, command, metric" in ran.err
    hint = "gitexp init --config config.toml --command 'python train.py' --metric accuracy"
    assert hint in ran.err
    ran = bare_project.gitexp("init", "--yes", "--metric", "score", code=2)
    assert "could not find out: config, command\n" in ran.err
    assert everything(bare_project) == before


@pytest.mark.parametrize(
    "flags",
    [("--config", "nope.toml"), ("--direction", "sideways"), ("--effect", "-1"),
     ("--effect", "nan"), ("--effect", "some"), ("--effect", "120%"),
     ("--metric", "a=b"), ("--metrics", "../m.json"),
     ("--command", "python 'train.py"), ("--config", "untracked.toml"),
     ("--baseline", "nope"), ("--config", "../config.toml"),
     ("--metric", ""), ("--config", ""), ("--link", ""),
     ("--command", "python train.py | tee log"), ("--config", "conf/**/*.yaml")],
)  # fmt: skip
def test_a_flag_that_cannot_be_is_refused_before_anything_is_changed(
    flags: tuple[str, str], bare_project: World
) -> None:
    bare_project.write("untracked.toml", TOML)
    before = everything(bare_project)
    ran = bare_project.run("gitexp", "init", "--yes", *flags)
    assert ran.code in {2, 3}
    assert ran.err.startswith("gitexp: ")
    assert everything(bare_project) == before


def test_a_baseline_that_is_not_there_is_refused_where_settings_are(world: World) -> None:
    before = everything(world)
    ran = world.gitexp("init", "--yes", "--baseline", "nope", code=3)
    assert "there is no branch nope" in ran.err
    assert everything(world) == before


# --- undo ----------------------------------------------------------------------------------------


def test_undo_takes_back_everything_but_the_experiments(bare_project: World) -> None:
    config, tree = (
        (bare_project.path / ".git" / "config").read_text(),
        bare_project.git("rev-parse", "HEAD^{tree}"),
    )
    bare_project.gitexp("init", "--yes")
    name = bare_project.start("--set", "model.C=10")
    bare_project.gitexp("run", name)
    notes = bare_project.git("for-each-ref", "refs/notes", "refs/heads/exp")
    told = bare_project.gitexp("init", "--undo").out
    for words in ("removed the pre-commit hook", "unset gitexp.baseline", "removed gitexp.toml"):
        assert words in told
    after = (bare_project.path / ".git" / "config").read_text()
    assert [line for line in after.splitlines() if line not in {"[gitexp]", "[notes]"}] == (
        config.splitlines()
    )
    assert bare_project.git("rev-parse", "HEAD^{tree}") == tree
    assert bare_project.git("for-each-ref", "refs/notes", "refs/heads/exp") == notes
    assert bare_project.git("status", "--porcelain") == ""
    assert not [p for p in (bare_project.path / ".git" / "hooks").iterdir() if not p.suffix]
    bare_project.gitexp("init", "--undo")
    bare_project.gitexp("init", "--yes")
    bare_project.gitexp("check", name)


def test_undo_brings_back_what_the_user_had_set(bare_project: World) -> None:
    bare_project.git("config", "gitexp.baseline", "main")
    bare_project.git("config", "--add", "notes.displayRef", "refs/notes/mine")
    bare_project.git("config", "--add", "notes.displayRef", "refs/notes/gitexp")
    config = (bare_project.path / ".git" / "config").read_text()
    bare_project.gitexp("init", "--yes")
    bare_project.gitexp("init", "--undo")
    assert (bare_project.path / ".git" / "config").read_text() == config


def test_undo_on_an_experiment_adds_no_commit_to_it(bare_project: World) -> None:
    bare_project.gitexp("init", "--yes")
    name = bare_project.start("--set", "model.C=10")
    bare_project.git("switch", "--quiet", f"exp/{name}")
    heads = bare_project.git("for-each-ref", "refs/heads")
    _, *before = bare_project.snapshot()
    told = bare_project.gitexp("init", "--undo").out
    assert "gitexp.toml was left alone" in told
    assert bare_project.git("for-each-ref", "refs/heads") == heads
    _, *after = bare_project.snapshot()
    assert after == before
    bare_project.git("switch", "--quiet", "--detach")
    bare_project.gitexp("init", "--undo")
    assert bare_project.git("rev-parse", "HEAD") == bare_project.git("rev-parse", f"exp/{name}")


def test_undo_leaves_edited_settings_alone(bare_project: World) -> None:
    bare_project.gitexp("init", "--yes")
    path = bare_project.path / "gitexp.toml"
    path.write_text(f"{path.read_text()}planned = 5\n")
    head = bare_project.git("rev-parse", "HEAD")
    assert bare_project.try_git("log", "-1").err == ""  # of notes that are not there git warns
    told = bare_project.gitexp("init", "--undo").out
    assert bare_project.git("for-each-ref", "refs/notes") == ""  # no note was written
    assert "gitexp.toml is edited and was left alone" in told
    assert "planned = 5" in path.read_text()
    assert bare_project.git("rev-parse", "HEAD") == head


def test_undo_that_a_hook_rejects_leaves_the_settings_in_place(bare_project: World) -> None:
    bare_project.gitexp("init", "--yes")
    hook("pre-commit")(bare_project)
    head = bare_project.git("rev-parse", "HEAD")
    told = bare_project.gitexp("init", "--undo").out
    assert "gitexp.toml was left alone" in told
    assert "not in this house" in told
    assert bare_project.git("status", "--porcelain") == ""
    assert bare_project.git("rev-parse", "HEAD") == head
    assert (bare_project.path / "gitexp.toml").exists()


def test_undo_leaves_what_is_staged_as_it_is(bare_project: World) -> None:
    bare_project.gitexp("init", "--yes")
    bare_project.write("train.py", f"{TRAIN}# staged\n")
    bare_project.git("add", "train.py")
    bare_project.gitexp("init", "--undo")
    assert bare_project.git("status", "--porcelain") == "M  train.py"
    assert not (bare_project.path / "gitexp.toml").exists()


def test_undo_works_where_the_local_state_is_gone(bare_project: World) -> None:
    bare_project.gitexp("init", "--yes")
    shutil.rmtree(bare_project.path / ".git" / "gitexp")
    bare_project.gitexp("init", "--undo")
    assert not (bare_project.path / ".git" / "hooks" / "pre-commit").exists()
    bare_project.edit("C = 1.0", "C = 10")
    bare_project.commit("what if?")


def test_an_undo_that_was_killed_before_its_commit_is_finished(bare_project: World) -> None:
    bare_project.gitexp("init", "--yes")
    bare_project.git("rm", "--quiet", "gitexp.toml")
    assert "removed gitexp.toml" in bare_project.gitexp("init", "--undo").out
    assert bare_project.git("status", "--porcelain") == ""
