"""Accepting an experiment, and registering one anew."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.arrange import (
    SCORE,
    head_and_index_and_files,
    message,
    note,
    records,
    refs,
    seeds_of,
    settle,
    trailers,
    train_with,
)
from tests.forked import run_forked
from tests.made_once import fresh, made_once
from tests.project import BECAUSE, World

if TYPE_CHECKING:
    from pathlib import Path


def confirmed(world: World, value: int = 10) -> str:
    """Register and run an experiment that holds."""
    name = world.start("--set", f"model.C={value}")
    assert world.gitexp("run", name, "--jobs", "2", "--json").json["verdict"] == "CONFIRMED"
    return name


@pytest.fixture(scope="module")
def _made_once(_drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A project whose experiments take three pairs, the same with one that holds, and its name."""
    folder, confirming = (tmp_path_factory.mktemp(name) for name in ("short", "confirmed"))
    with made_once(_drawn, folder) as short:
        settle(short, repeats=[3])
    with made_once(short.path, confirming) as after:
        name = confirmed(after)
    return short.path, after.path, name


@pytest.fixture
def short(_made_once: tuple[Path, Path, str], tmp_path: Path) -> World:
    """A project whose experiments take three pairs."""
    return fresh(_made_once[0], tmp_path / "project")


@pytest.fixture
def name(_made_once: tuple[Path, Path, str], short: World) -> str:
    """An experiment of `short` that holds, and has been run."""
    _, after, name = _made_once
    shutil.rmtree(short.path)
    fresh(after, short.path)
    return name


def refuses_without_a_trace(world: World, *words: str, code: int) -> str:
    before = refs(world), head_and_index_and_files(world)
    ran = world.gitexp(*words, code=code)
    assert (refs(world), head_and_index_and_files(world)) == before
    return ran.err


def test_only_what_is_confirmed_is_accepted_unless_a_reason_is_given(short: World) -> None:
    name = short.start("--set", "model.C=2")
    said = refuses_without_a_trace(short, "accept", name, code=1)
    assert "not decided yet" in said
    assert f"gitexp run {name}" in said
    verdict = short.gitexp("run", "--json").json["verdict"]
    assert verdict != "CONFIRMED"
    said = refuses_without_a_trace(short, "accept", name, code=1)
    assert f"exp/{name} is {verdict}" in said
    assert f"gitexp accept {name} --anyway" in said
    assert "only CONFIRMED" in refuses_without_a_trace(
        short, "accept", name, "--anyway", " ", code=1
    )
    short.gitexp("accept", name, "--anyway", "needed for\nthe demo")
    assert trailers(short, "main")["Anyway"] == "needed for the demo"
    assert verdict in message(short, "main")
    assert short.gitexp("log", "--json").json[0]["state"] == "accepted"


def test_accepting_merges_so_that_the_commit_and_its_results_stay(short: World, name: str) -> None:
    commit, before = short.git("rev-parse", f"exp/{name}", "main").split()
    first_parents = short.git("rev-list", "--first-parent", "main").split()
    done = short.gitexp("accept", "--json").json
    assert done == {
        "name": name, "baseline": "main", "commit": short.git("rev-parse", "main"),
        "before": before, "worse": "", "waiting": 0, "confirmed": [],
    }  # fmt: skip
    assert short.git("rev-list", "--parents", "-1", "main").split()[1:] == [before, commit]
    assert short.git("rev-list", "--first-parent", "main").split()[1:] == first_parents
    assert short.git("rev-parse", f"exp/{name}") == commit
    assert len(records(short, commit)) == 3
    assert "CONFIRMED" in note(short, "gitexp", commit)
    assert trailers(short, "main")["Accepted"] == commit
    text = message(short, "main")
    subject, rest = text.split("\n", 1)
    measured = note(short, "gitexp", commit).splitlines()[0]
    effect = measured.removeprefix("CONFIRMED: ").removesuffix(", 3 pairs")
    assert subject.endswith(f"-> 10: {effect} (exp/{name})")
    assert rest.startswith("\nC raises accuracy because")
    assert measured in text
    assert short.git("status", "--porcelain") == ""
    assert "C = 10  # strength" in (short.path / "config.toml").read_text()
    tip = short.git("rev-parse", "main")
    again = short.gitexp("accept", name)
    assert "is already accepted" in again.out
    assert short.git("rev-parse", "main") == tip
    assert "is already accepted" in refuses_without_a_trace(short, "accept", name, "--pr", code=2)


def test_the_shown_undo_takes_it_back(short: World, name: str) -> None:
    before = short.git("rev-parse", "main")
    [undo] = [
        line for line in short.gitexp("accept").out.splitlines() if line.startswith("undo: git ")
    ]
    short.git(*undo.removeprefix("undo: git ").split())
    assert short.git("rev-parse", "main") == before
    assert "C = 1.0" in (short.path / "config.toml").read_text()
    assert short.gitexp("log", "--json").json[0]["state"] == "done"
    short.gitexp("accept", name)


def test_the_next_experiment_stands_on_seeds_that_nobody_won_on(short: World, name: str) -> None:
    short.gitexp("accept", name)
    following = short.start("--set", "model.C=20")
    fresh = seeds_of(short, f"exp/{following}")
    assert not {*fresh} & {*seeds_of(short, f"exp/{name}")}
    assert trailers(short, f"exp/{following}")["Level"] == "0.01"
    answer = short.gitexp("run", "--json").json
    assert (answer["verdict"], answer["runs"]) == ("CONFIRMED", 6)
    assert [record["seed"] for record in records(short, "main")] == [*fresh]
    short.gitexp("accept", following)
    subjects = short.git("log", "--first-parent", "--format=%s", "main").splitlines()
    assert [subject.rpartition(" (")[2] for subject in subjects[:2]] == [
        f"exp/{following})", f"exp/{name})"
    ]  # fmt: skip
    third = short.start("--set", "model.C=30")
    assert not {*seeds_of(short, f"exp/{third}")} & {*fresh}


def test_a_baseline_that_is_not_checked_out_is_merged_without_touching_files(
    short: World, name: str
) -> None:
    short.git("switch", "--quiet", "--create", "feature")
    short.edit("C = 1.0", "C = 7.0")
    short.write("untracked.txt", "mine")
    untouched = head_and_index_and_files(short)
    before = short.git("rev-parse", "main")
    ran = short.gitexp("accept", name)
    assert head_and_index_and_files(short) == untouched
    assert short.git("rev-parse", "main^1") == before
    assert short.git("show", "main:config.toml") == short.git("show", f"exp/{name}:config.toml")
    assert trailers(short, "main")["Accepted"] == short.git("rev-parse", f"exp/{name}")
    assert f"undo: git branch -f main {before[:10]}" in ran.out


def test_a_baseline_that_is_checked_out_elsewhere_is_left_to_its_place(
    short: World, name: str, tmp_path: Path
) -> None:
    place = tmp_path / "a linked tree"
    short.git("switch", "--quiet", "--create", "feature")
    short.git("worktree", "add", "--quiet", str(place), "main")
    said = refuses_without_a_trace(short, "accept", name, code=3)
    assert f"cd '{place}' && gitexp accept {name}" in said
    World(place).gitexp("accept", name)
    assert "C = 10" in (place / "config.toml").read_text()
    assert "C = 1.0" in (short.path / "config.toml").read_text()


def test_an_edited_config_is_not_overwritten(short: World, name: str) -> None:
    short.edit("lr = 1e-3", "lr = 2e-3")
    said = refuses_without_a_trace(short, "accept", name, code=3)
    assert "git stash" in said
    short.git("restore", "config.toml")
    (short.path / "config.toml").chmod(0o755)
    assert "config.toml is edited here" in refuses_without_a_trace(short, "accept", name, code=3)
    short.git("restore", "config.toml")
    for flag in ("assume-unchanged", "skip-worktree"):
        short.git("update-index", f"--{flag}", "config.toml")
        short.edit("lr = 1e-3", "lr = 2e-3")
        said = refuses_without_a_trace(short, "accept", name, code=3)
        assert "git update-index --no-assume-unchanged --no-skip-worktree config.toml" in said
        short.edit("lr = 2e-3", "lr = 1e-3")
        short.git("update-index", f"--no-{flag}", "config.toml")
    short.gitexp("accept", name)


# A program called git that lets somebody else act once, right after everything was checked: the
# merge commit is made by commit-tree, and only then does the branch move.
_MEANWHILE = """\
#!/bin/sh
case " $* " in *" commit-tree "*)
    if mkdir {once} 2>/dev/null; then (unset GIT_INDEX_FILE; {act}) >/dev/null 2>&1; fi
esac
exec {git} "$@"
"""


def meanwhile(folder: Path, act: str) -> str:
    """Arrange that `act` (shell commands; $git is git) happens before the branch moves."""
    real = shutil.which("git")
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        _MEANWHILE.format(once=folder / "once", act=act.replace("$git", str(real)), git=real)
    )
    program.chmod(0o755)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    "act",
    [
        "$git commit --quiet --allow-empty --no-verify -m theirs",
        "echo theirs >> README.md && $git add README.md && $git commit -q --no-verify -m theirs",
        "$git reset --quiet --keep HEAD^",
    ],
    ids=["a commit", "a commit of files", "a reset"],
)
@pytest.mark.parametrize("place", ["checked out", "not checked out"])
def test_a_baseline_that_moves_after_the_check_is_left_where_it_went(
    short: World, name: str, tmp_path: Path, place: str, act: str
) -> None:
    worker = short
    if place == "not checked out":
        # The baseline moves in a work tree that lets go of it again.
        short.git("switch", "--quiet", "--create", "feature")
        worker = World(tmp_path / "theirs")
        short.git("worktree", "add", "--quiet", "--detach", str(worker.path), "main")
        act = f"{act} && $git update-ref refs/heads/main HEAD"
    before = short.git("rev-parse", "main")
    path = meanwhile(tmp_path, f"cd {worker.path} && {act}")
    said = short.gitexp("accept", name, code=3, PATH=path).err
    assert (tmp_path / "once").exists()
    assert f"main moved away from {before[:10]}" in said
    now = short.git("rev-parse", "main")
    assert now == worker.git("rev-parse", "HEAD") != before
    assert now == short.git("rev-parse", "main^{/theirs}" if "theirs" in act else f"{before}^")
    assert short.git("status", "--porcelain") == ""
    assert "C = 1.0" in (short.path / "config.toml").read_text()
    assert short.gitexp("log", "--json").json[0]["state"] != "accepted"
    if "reset" not in act:
        short.gitexp("accept", name)
        assert short.git("rev-list", "--parents", "-1", "main").split()[1] == now


def test_habits_of_merging_that_git_was_taught_do_not_break_the_record(short: World) -> None:
    for key, value in {
        "merge.ff": "only", "merge.log": "true", "merge.autoStash": "true",
        "commit.cleanup": "scissors", "branch.main.mergeOptions": "--no-ff --edit",
    }.items():  # fmt: skip
        short.git("config", key, value)
    name = confirmed(short)
    short.gitexp("accept", name, GIT_EDITOR="false")
    assert trailers(short, "main")["Accepted"] == short.git("rev-parse", f"exp/{name}")
    assert short.gitexp("log", "--json").json[0]["state"] == "accepted"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("branch.main.mergeOptions", "--squash"),
        ("branch.main.mergeOptions", "--no-commit --strategy=ours"),
        ("merge.verifySignatures", "true"),
        ("merge.ours.driver", "true"),
        ("submodule.recurse", "true"),
    ],
)
def test_no_setting_of_git_turns_accepting_into_something_else(
    short: World, name: str, key: str, value: str
) -> None:
    short.write("README.md", "More words.\n")
    short.commit("words alone")
    short.write(".git/info/attributes", "*.toml merge=ours\n")
    short.git("config", key, value)
    short.gitexp("accept", name)
    assert short.git("show", "main:config.toml") == short.git("show", f"exp/{name}:config.toml")
    assert short.git("status", "--porcelain") == ""
    assert len(short.git("rev-list", "--parents", "-1", "main").split()) == 3


# A program called git that kills itself, or the command that started it, as it begins to do `what`.
_KILLED = """\
#!/bin/sh
case " $* " in *" {what} "*)
    if mkdir {once} 2>/dev/null; then {first} kill -9 {whom}; exit 1; fi
esac
exec {git} "$@"
"""


@pytest.mark.parametrize("whom", ["$$", "$PPID"], ids=["its git is killed", "it is killed"])
@pytest.mark.parametrize(
    ("what", "first"),
    [
        ("update-ref", ""),
        ("read-tree", ""),
        ("checkout-index", ""),
        ("checkout-index", 'printf %.5s "$(cat config.toml)" > half; mv half config.toml;'),
        ("checkout-index", "rm config.toml;"),
    ],
    ids=["before the branch moved", "after it", "before the files", "in a file", "between files"],
)
def test_an_acceptance_that_is_killed_is_finished_by_the_next_command(
    short: World, name: str, tmp_path: Path, whom: str, what: str, first: str
) -> None:
    short.write("notes.txt", "mine")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        _KILLED.format(
            what=what, once=tmp_path / "once", first=first, whom=whom, git=shutil.which("git")
        )
    )
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    ended, _, _ = run_forked(("accept", name), short.path, os.environ | {"PATH": path})
    assert (tmp_path / "once").exists()
    lock = short.path / ".git" / "index.lock"
    if whom == "$$":
        assert ended == (3 if what == "update-ref" else 0)
        assert not lock.exists()
    else:
        assert ended < 0
        if what != "update-ref":  # nothing can be committed in the meantime
            assert short.run("git", "commit", "--quiet", "-am", "oops").code == 128
    accepted = short.gitexp("accept", name)
    assert ("already accepted" in accepted.out) is (what != "update-ref")
    assert short.git("rev-list", "--count", "--merges", "main") == "1"
    assert short.git("status", "--porcelain") == "?? notes.txt"
    assert "C = 10  # strength" in (short.path / "config.toml").read_text()
    assert not lock.exists()


def test_what_was_edited_after_a_kill_stays_edited(short: World, name: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        _KILLED.format(
            what="read-tree", once=tmp_path / "once", first="", whom="$PPID",
            git=shutil.which("git"),
        )
    )  # fmt: skip
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    assert run_forked(("accept", name), short.path, os.environ | {"PATH": path})[0] < 0
    short.edit("lr = 1e-3", "lr = 7")
    short.gitexp("log")
    assert "lr = 7" in (short.path / "config.toml").read_text()
    assert "C = 10" in short.git("show", ":config.toml")
    assert short.git("status", "--porcelain") == " M config.toml"


def test_another_git_at_work_in_the_work_tree_is_waited_for(short: World, name: str) -> None:
    lock = short.path / ".git" / "index.lock"
    lock.write_text("")
    said = refuses_without_a_trace(short, "accept", name, code=3)
    assert str(lock) in said
    lock.unlink()
    short.gitexp("accept", name)


@pytest.mark.parametrize("how", ["submodule", "separate"])
def test_accepting_works_where_the_git_folder_is_elsewhere(
    short: World, tmp_path: Path, how: str
) -> None:
    if how == "separate":
        short.git("init", "--quiet", "--separate-git-dir", str(tmp_path / "elsewhere.git"))
        inside = short
    else:
        above = World(tmp_path / "above")
        above.path.mkdir()
        above.git("init", "--quiet")
        above.git(
            "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(short.path), "in"
        )
        inside = World(above.path / "in")
        inside.gitexp("init", "-y")
    name = confirmed(inside)
    inside.gitexp("accept", name)
    assert "C = 10  # strength" in (inside.path / "config.toml").read_text()
    assert inside.git("status", "--porcelain") == ""


def test_an_acceptance_that_a_rebase_rewrote_is_known(short: World, name: str) -> None:
    short.gitexp("accept", name)
    theirs = short.git("commit-tree", "-p", "main^1", "-m", "theirs", "main^1^{tree}")
    short.git("-c", "core.hooksPath=/dev/null", "rebase", "--quiet", theirs)
    copied = short.git("rev-parse", "main")
    assert copied != short.git("rev-parse", f"exp/{name}")
    assert short.gitexp("log", "--json").json[0]["state"] == "accepted"
    assert copied[:10] in short.gitexp("accept", name).out
    assert "UNTESTED" not in short.gitexp("log").out
    assert short.gitexp("verify").code == 0


def test_a_fast_forward_to_an_experiment_is_an_acceptance(short: World, name: str) -> None:
    short.git("merge", "--quiet", "--ff", f"exp/{name}")
    [row] = short.gitexp("log", "--json").json
    assert (row["state"], row["verdict"]) == ("accepted", "CONFIRMED")
    assert "is already accepted" in short.gitexp("accept", name).out
    # The runs that won do not measure the new baseline.
    assert "is not measured yet" in short.gitexp().out
    assert short.gitexp("check").code == short.gitexp("verify").code == 0


def test_a_copy_with_another_patch_is_not_an_acceptance(short: World, name: str) -> None:
    said = message(short, f"exp/{name}")
    short.edit("C = 1.0", "C = 9")
    short.commit(said)
    assert short.gitexp("log", "--json").json[0]["state"] == "done"


def test_what_was_reverted_is_not_accepted_any_more(short: World, name: str) -> None:
    short.gitexp("accept", name)
    short.git("revert", "--no-edit", "-m", "1", "main")
    assert short.gitexp("log", "--json").json[0]["state"] == "done"


def test_a_baseline_behind_its_upstream_is_updated_first(short: World, tmp_path: Path) -> None:
    short.git("clone", "--quiet", "--bare", ".", str(tmp_path / "remote.git"))
    short.git("remote", "add", "hub", str(tmp_path / "remote.git"))
    short.git("fetch", "--quiet", "hub")
    short.git("branch", "--quiet", "--set-upstream-to=hub/main", "main")
    name = confirmed(short)
    other = World(tmp_path / "other")
    short.git("clone", "--quiet", str(tmp_path / "remote.git"), str(other.path))
    other.write("README.md", "theirs\n")
    other.commit("theirs")
    other.git("push", "--quiet", "origin", "main")
    short.git("fetch", "--quiet", "hub")
    assert "main is 1 commit behind hub/main" in refuses_without_a_trace(
        short, "accept", name, code=3
    )
    short.git("pull", "--quiet", "--ff-only")
    short.gitexp("accept", name)


def test_a_pull_request_carries_the_experiment_and_its_results(
    short: World, name: str, tmp_path: Path
) -> None:
    short.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    said = refuses_without_a_trace(short, "accept", "--pr", code=3)
    assert "this clone has no remote" in said
    short.git("remote", "add", "hub", str(tmp_path / "remote.git"))
    short.git("push", "--quiet", "hub", "main")
    done = short.gitexp("accept", "--pr", "--json").json
    assert (done["name"], done["remote"]) == (name, "hub")
    remote = World(tmp_path / "remote.git")
    commit = short.git("rev-parse", f"exp/{name}")
    assert remote.git("rev-parse", f"exp/{name}") == commit
    assert "CONFIRMED" in note(remote, "gitexp", commit)
    # A squash that keeps the message counts as accepted.
    short.git("merge", "--quiet", "--squash", f"exp/{name}")
    short.git("commit", "--quiet", "-m", done["message"])
    assert short.gitexp("log", "--json").json[0]["state"] == "accepted"


def test_where_the_baseline_has_moved_the_gain_is_measured_anew(short: World, name: str) -> None:
    short.write("README.md", "More words.\n")
    short.commit("words alone")
    short.edit("0.9 +", "0.8 +", "train.py")
    short.commit("what runs has changed")
    said = refuses_without_a_trace(short, "accept", name, code=1)
    assert f"gitexp retest {name}" in said
    again = short.gitexp("retest", name, "--json").json
    assert again["change"] == {
        "file": "config.toml", "key": "model.C", "before": 1.0, "after": 10,
    }  # fmt: skip
    assert short.git("rev-parse", f"exp/{again['name']}^") == short.git("rev-parse", "main")
    found = trailers(short, f"exp/{again['name']}")
    assert not {*seeds_of(short, f"exp/{again['name']}")} & {*seeds_of(short, f"exp/{name}")}
    assert found["Retest"] == f"{name} {short.git('rev-parse', f'exp/{name}')}"
    assert message(short, f"exp/{again['name']}").startswith("C raises accuracy because")
    assert short.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    short.gitexp("accept", again["name"])
    assert "C = 10" in (short.path / "config.toml").read_text()


def test_a_commit_that_cannot_alter_a_run_does_not_hinder(short: World, name: str) -> None:
    short.write("README.md", "More words.\n")
    short.write("tests/test_it.py", "")
    short.commit("words and tests")
    short.gitexp("accept", name)
    assert trailers(short, "main")["Accepted"] == short.git("rev-parse", f"exp/{name}")
    assert "More words." in (short.path / "README.md").read_text()


def test_that_the_projects_own_metric_got_worse_is_said(short: World) -> None:
    falling = "print(f\"accuracy={0.9 - 0.01 * CONFIG['model']['C']}\")\n"
    train_with(short, falling + SCORE.replace("accuracy", "f1"))
    words = ("start", "--set", "model.C=10", BECAUSE, "--expect", "f1 +0.005", "--run", "--json")
    name = short.gitexp(*words).json["name"]
    out = short.gitexp("accept", name).out
    assert "the project's own metric got worse: accuracy -0.09 ± 0 (95 %)" in out


def test_a_second_experiment_on_the_old_baseline_has_to_be_retested(
    short: World, name: str
) -> None:
    second = confirmed(short, 11)
    short.gitexp("accept", name)
    assert f"gitexp retest {second}" in refuses_without_a_trace(short, "accept", second, code=1)
    again = short.gitexp("retest", second, "--json").json
    assert (again["change"]["before"], again["change"]["after"]) == (10, 11)
    assert not {*seeds_of(short, f"exp/{again['name']}")} & {*seeds_of(short, f"exp/{second}")}


@pytest.mark.slow
def test_each_retest_takes_a_block_of_seeds_that_its_change_has_no_record_on(
    short: World,
) -> None:
    name = short.start(
        "--set", "model.C=10", "--expect", "accuracy +0.01", "--evidence", "train 0.93",
        "--gain", "0.02",
    )  # fmt: skip
    start = seeds_of(short, f"exp/{name}").start
    # Registered alone, nothing is known yet, and another change uses nothing up.
    confirmed(short, 30)
    for block in (0, 1, 2):
        again = short.gitexp("retest", name, "--json").json["name"]
        assert seeds_of(short, f"exp/{again}") == range(
            start + 1000 * block, start + 1000 * block + 3
        )
        found = trailers(short, f"exp/{again}")
        assert found["Criterion"] == "accuracy +0.01"
        assert found["Evidence"] == "train 0.93"
        # What was predicted, until it is confirmed and measured.
        assert (found["Gain"] == "0.02") == (block == 0)
        short.gitexp("run", again)
        assert short.gitexp("check", again).code == 0
        name = again
    assert list(found).count("Retest") == 1


def test_a_retest_finds_its_line_where_the_baseline_rewrote_it(short: World) -> None:
    name = short.start("--set", "model.C=10")
    short.edit("C = 1.0  # strength", "C = 3.0  # strength of the penalty")
    short.commit("another C")
    again = short.gitexp("retest", name, "--json").json
    assert again["change"]["before"] == 3.0
    assert "C = 10  # strength of the penalty" in short.git(
        "show", f"exp/{again['name']}:config.toml"
    )


def test_a_retest_of_what_the_baseline_holds_already_is_refused(short: World, name: str) -> None:
    short.gitexp("accept", name)
    said = refuses_without_a_trace(short, "retest", name, code=1)
    assert "main already has config.toml: model.C = 10" in said


def test_a_retest_of_a_key_that_is_gone_is_refused(short: World) -> None:
    name = short.start("--set", "train.lr=2e-3")
    short.edit("lr = 1e-3\n", "")
    short.commit("no lr any more")
    refuses_without_a_trace(short, "retest", name, code=1)


def test_what_is_no_experiment_is_neither_accepted_nor_retested(short: World) -> None:
    short.git("switch", "--quiet", "--create", "exp/sketch")
    short.edit("C = 1.0", "C = 10")
    short.edit("epochs = 20", "epochs = 40")
    short.commit(BECAUSE, verify=False)
    assert "C2" in refuses_without_a_trace(short, "accept", "sketch", "--anyway", "why", code=1)
    assert "is not a registered experiment" in refuses_without_a_trace(short, "retest", code=2)
