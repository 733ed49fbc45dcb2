"""Experiments archived and restored; branches deleted by hand, which take no result along."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.record import Record
from gitexp.store.archive import archive_deleted, tidy
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import KEPT, RUNS
from gitexp.store.repository import Repository
from tests.arrange import refs, settle
from tests.project import World

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def repository_of(world: World) -> Repository:
    return Repository.discover(world.path)


def rows(world: World) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in world.gitexp("log", "--json").json}


def measured(world: World, value: float = 10) -> str:
    """An experiment with its verdict, in runs as few as can be."""
    settle(world, repeats=[3])
    name = world.start("--set", f"model.C={value}")
    world.gitexp("run", name)
    return name


def recorded(world: World) -> str:
    """An experiment with a record that no run made."""
    name = world.start("--set", "model.C=10")
    record = Record(
        seed=1, attempt=1, condition="c", environment="e", metrics={"accuracy": 0.9},
        start="2026-01-01T00:00:00Z", duration=1, exit=0,
    )  # fmt: skip
    commit = world.git("rev-parse", f"exp/{name}")
    append_lines(repository_of(world), RUNS, {commit: [record.line()]})
    return name


def drop_what_nothing_holds(world: World) -> None:
    world.git("reflog", "expire", "--expire=now", "--all")
    world.git("gc", "--quiet", "--prune=now")


# --- archive and restore -------------------------------------------------------------------------


def test_an_archived_experiment_leaves_the_branches_and_comes_back(ready: World) -> None:
    name = measured(ready)
    before = refs(ready)
    ran = ready.gitexp("archive", name)
    assert f"exp/{name} is in the archive." in ran.out
    assert ran.out.endswith(f"undo: gitexp archive --restore {name}\n")
    assert ready.git("branch", "--list", "exp/*") == ""
    drop_what_nothing_holds(ready)
    row = rows(ready)[name]
    assert (row["state"], row["verdict"], row["branch"]) == ("archived", "CONFIRMED", None)
    assert ready.gitexp("archive", "--restore", f"exp/{name}", "--json").json == [
        {"name": name, "commit": row["commit"]}
    ]
    assert refs(ready) == before
    assert rows(ready)[name]["state"] == "done"


def test_many_are_chosen_by_verdict_and_by_age(ready: World) -> None:
    settle(ready, repeats=[3])
    names = {}
    for what, value in [("worse", -9), ("old worse", -8), ("old better", 11)]:
        when = "2020-01-01T00:00:00Z" if what.startswith("old") else ""
        ran = ready.gitexp(
            "start", "C matters because the model underfits", "--set", f"model.C={value}", "--json",
            GIT_COMMITTER_DATE=when,
        )  # fmt: skip
        names[what] = ran.json["name"]
        ready.gitexp("run", names[what])
    planned = ready.start("--set", "model.C=12")

    def archived(*words: str) -> set[str]:
        return {one["name"] for one in ready.gitexp("archive", *words, "--json").json["archived"]}

    assert archived("--ruled-out", "--older", "90d") == {names["old worse"]}
    assert archived("--older", "90d") == {names["old better"]}
    assert archived("--ruled-out", "--why", "no use") == {names["worse"]}
    # What has a verdict is not withdrawn.
    [remark] = ready.gitexp("show", names["worse"], "--json").json["remarks"]
    assert (remark["text"], remark["withdraws"]) == ("no use", False)
    assert archived("--ruled-out") == set()
    assert "nothing to archive" in ready.gitexp("archive", "--ruled-out").out
    assert ready.git("branch", "--list", "exp/*").split() == [f"exp/{planned}"]
    # Taken places and spent error stay taken and spent.
    assert {row["state"] for row in rows(ready).values()} == {"archived", "planned"}


def test_what_is_checked_out_or_runs_stays(ready: World, tmp_path: Path) -> None:
    name, other = ready.start("--set", "model.C=10"), ready.start("--set", "model.C=11")
    ready.git("worktree", "add", "--quiet", str(tmp_path / "work tree"), f"exp/{name}")
    before = refs(ready)
    ran = ready.gitexp("archive", other, name, code=3)
    assert f"exp/{name} is checked out in {tmp_path / 'work tree'}" in ran.err
    assert refs(ready) == before
    left = ready.gitexp("archive", "--older", "1s", "--json").json["left"]
    assert [one["name"] for one in left] in ([name], [])  # a second may have passed, or not
    assert f"refs/heads/exp/{name}" in refs(ready)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("archive",), "name the experiments, or say which"),
        (("archive", "x", "--ruled-out"), "name the experiments, or say which"),
        (("archive", "nobody"), "there is no branch exp/nobody"),
        (("archive", "Not_A_Name"), "is not a valid experiment name"),
        (("archive", "--older", "long"), "--older must be a time"),
        (("restore",), "which experiments?"),
        (("restore", "nobody"), "exp/nobody is neither archived nor on a remote"),
        (("gc", "--older", "-1"), "--older must be a time"),
    ],
)
def test_what_makes_no_sense_is_said_and_moves_nothing(
    words: tuple[str, ...], said: str, ready: World
) -> None:
    name = ready.start("--set", "model.C=10")
    before = refs(ready)
    assert said in ready.gitexp(*words, code=2).err
    assert refs(ready) == before
    ready.gitexp("archive", name)
    assert "is already archived" in ready.gitexp("archive", name, code=2).err


def test_all_are_moved_or_none(ready: World) -> None:
    one, other = ready.start("--set", "model.C=10"), ready.start("--set", "model.C=11")
    # Somebody else's experiment has the name in the archive.
    ready.git("update-ref", f"refs/gitexp/archive/{other}", "main")
    before = refs(ready)
    assert "nothing was moved" in ready.gitexp("archive", one, other, code=3).err
    assert refs(ready) == before


def test_an_archived_experiment_that_a_remote_still_shows_is_archived_here(
    ready: World, tmp_path: Path
) -> None:
    name = ready.start("--set", "model.C=10")
    ready.git("init", "--quiet", "--bare", str(tmp_path / "server"))
    ready.git("remote", "add", "server", str(tmp_path / "server"))
    ready.git("push", "--quiet", "server", "main", f"exp/{name}")
    ready.gitexp("archive", name)
    assert rows(ready)[name]["state"] == "archived"
    ready.gitexp("archive", "--restore", name)
    assert rows(ready)[name]["state"] == "planned"


# --- deleted by hand -----------------------------------------------------------------------------


def test_a_branch_deleted_by_hand_takes_no_result_along(ready: World) -> None:
    name = measured(ready)
    commit = ready.git("rev-parse", f"exp/{name}")
    ready.git("branch", "--quiet", "-D", f"exp/{name}")
    drop_what_nothing_holds(ready)
    assert "CONFIRMED" in ready.gitexp("show", name).out
    row = rows(ready)[name]
    assert (row["state"], row["commit"], row["pairs"]) == ("archived", commit, 3)
    assert "1 of 20 experiments run" in ready.gitexp("log").out
    ready.gitexp("archive", "--restore", name)
    assert ready.git("rev-parse", f"exp/{name}") == commit


def test_a_renamed_branch_and_an_accepted_one_are_not_found_twice(ready: World) -> None:
    name = measured(ready)
    ready.git("branch", "-m", f"exp/{name}", "exp/other-name")
    assert [row["name"] for row in ready.gitexp("log", "--json").json] == ["other-name"]
    ready.git("branch", "-m", "exp/other-name", f"exp/{name}")
    ready.gitexp("accept", name)
    ready.git("branch", "--quiet", "-D", f"exp/{name}")
    row = rows(ready)[name]
    assert (row["state"], row["branch"]) == ("accepted", None)
    assert "Ladder: 1 accepted" in ready.gitexp("log").out


def test_the_former_commit_of_an_amended_experiment_is_kept_alive_and_not_shown(
    ready: World,
) -> None:
    name = recorded(ready)
    former = ready.git("rev-parse", f"exp/{name}")
    ready.git("switch", "--quiet", f"exp/{name}")
    ready.git("commit", "--quiet", "--amend", "-m", "C lowers nothing because of something else")
    ready.git("switch", "--quiet", "main")
    drop_what_nothing_holds(ready)
    assert ready.git("cat-file", "-t", former) == "commit"
    assert rows(ready)[name]["pairs"] == 0
    assert former not in ready.git("for-each-ref", "refs/gitexp/archive", "refs/heads")


def test_refs_are_listed_again_only_after_one_came_or_went(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = recorded(ready)
    repository, listed = repository_of(ready), []
    for place in (".git/refs/heads/exp", ".git/refs/gitexp/kept"):
        os.utime(ready.path / place, (1, 1))
    plain = Repository.branches

    def counted(repository: Repository, patterns: Iterable[str]) -> dict[str, str]:
        listed.append(patterns)
        return plain(repository, patterns)

    monkeypatch.setattr(Repository, "branches", counted)
    for _ in range(3):
        archive_deleted(repository)
    assert len(listed) == 1
    ready.git("branch", "--quiet", "-D", f"exp/{name}")
    archive_deleted(repository)
    assert len(listed) == 2
    assert f"refs/gitexp/archive/{name}" in refs(ready)


def test_records_of_commits_that_are_not_here_are_stored_all_the_same(world: World) -> None:
    append_lines(repository_of(world), RUNS, {"a" * 40: ["{}"]})
    assert refs(world).keys() == {"refs/heads/main", RUNS}


# --- refs that pile up ---------------------------------------------------------------------------


def test_refs_are_packed_once_many_lie_about(ready: World) -> None:
    head = ready.git("rev-parse", "HEAD")
    packed = ready.path / ".git" / "packed-refs"

    def some_refs(first: int, count: int) -> None:
        for number in range(first, first + count):
            ready.write(f".git/refs/heads/exp/e{number}", f"{head}\n")

    some_refs(0, 98)
    ready.start("--set", "model.C=10")
    assert not packed.exists()
    ready.start("--set", "model.C=11")
    assert len(packed.read_text().splitlines()) > 100
    # The more are packed, the more may lie about: packing costs by all of them.
    packed.write_text(
        packed.read_text() + "".join(f"{head} refs/z/{n:06}\n" for n in range(20_000))
    )
    some_refs(0, 400)
    tidy(repository_of(ready))
    assert (ready.path / ".git" / "refs" / "heads" / "exp" / "e0").exists()
    some_refs(400, 200)
    tidy(repository_of(ready))
    assert not (ready.path / ".git" / "refs" / "heads" / "exp" / "e0").exists()
    assert len(ready.git("for-each-ref", "refs/heads/exp").splitlines()) == 602


def test_a_lock_on_the_packed_refs_is_no_obstacle_to_start(ready: World) -> None:
    head = ready.git("rev-parse", "HEAD")
    for number in range(120):
        ready.write(f".git/refs/heads/exp/e{number}", f"{head}\n")
    ready.write(".git/packed-refs.lock", "")
    name = ready.start("--set", "model.C=10")
    assert f"refs/heads/exp/{name}" in refs(ready)


def test_loose_objects_are_packed_as_git_commit_would(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.git("config", "gc.auto", "100")
    ready.git("config", "gc.autoDetach", "false")
    for number in range(30):
        ready.write(f".git/objects/17/{number:038x}", "")
    ready.git("hash-object", "-w", "config.toml")
    ready.gitexp("run", name)
    assert list((ready.path / ".git" / "objects" / "pack").glob("*.pack"))
    assert json.loads(ready.git("notes", "--ref=gitexp-runs", "show", f"exp/{name}").split("\n")[0])


def test_a_commit_is_held_from_its_first_record_on(ready: World) -> None:
    ready.start("--set", "model.C=11")
    name = recorded(ready)
    held = {ref: commit for ref, commit in refs(ready).items() if ref.startswith(KEPT)}
    commit = ready.git("rev-parse", f"exp/{name}")
    assert held == {f"{KEPT}{commit}": commit}


def test_an_idea_is_withdrawn_with_its_reason_and_no_longer_planned(ready: World) -> None:
    name, other = ready.start("--set", "model.C=10"), ready.start("--set", "model.C=11")
    ready.gitexp("archive", name, "--why", "the paper was retracted")
    shown = ready.gitexp("show", name).out
    assert "by Ada Tester: the paper was retracted" in shown
    [remark] = ready.gitexp("show", name, "--json").json["remarks"]
    assert (remark["text"], remark["by"], remark["withdraws"]) == (
        "the paper was retracted", "Ada Tester", True,
    )  # fmt: skip
    assert rows(ready)[name]["state"] == "archived"
    assert [idea["name"] for idea in ready.gitexp("next", "--json").json] == [other]
    ready.gitexp("archive", name, "--restore")
    assert rows(ready)[name]["state"] == "planned"
    ready.gitexp("verify")
    for words, said in (
        (("--restore", name, "--why", "x"), "--restore does not take --why"),
        ((other, "--why", "x" * 2001), "may have 2,000 characters"),
        ((other, "--why", "\x1b[31m"), "--why"),
    ):
        assert said in ready.gitexp("archive", *words, code=2).err
    assert rows(ready)[other]["state"] == "planned"
