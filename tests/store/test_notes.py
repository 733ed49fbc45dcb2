"""Results as notes: whoever writes at the same time, dies half-way or bypasses us, none is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from gitexp.store.git import Repository
from gitexp.store.notes import (
    BULK,
    RUNS,
    VERDICTS,
    append_lines,
    find_cuts,
    find_lines,
    list_notes,
    read_notes,
    replace_notes,
)
from tests.project import World, git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A writer of its own process: appends the lines "FIRST" ... "LAST" to HEAD's note, one at a time,
# and says after each one that it is in.
WRITER = """\
import sys
from pathlib import Path
from gitexp.errors import GitexpError
from gitexp.store.git import Repository
from gitexp.store.notes import append_lines

ref, commit, prefix, first, last = sys.argv[1:]
repository = Repository.discover(Path.cwd())
for number in range(int(first), int(last)):
    try:
        append_lines(repository, ref, {commit: [f'{{"n":{number},"writer":"{prefix}"}}']})
    except GitexpError as error:
        sys.exit(f"{error.exit_code} {error.render()}")
    print(number, flush=True)
"""


def line(number: int, writer: str = "a") -> str:
    return f'{{"n":{number},"writer":"{writer}"}}'


def writer(
    world: World, prefix: str, first: int, last: int, *, commit: str = "", ref: str = RUNS
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, ref, commit or world.git("rev-parse", "HEAD"), prefix,
         str(first), str(last)],
        cwd=world.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def said(process: subprocess.Popen[str]) -> set[int]:
    """Wait for a writer that must succeed; returns the numbers that it reported as written."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return {int(word) for word in out.split()}


def note(world: World, ref: str = RUNS, commit: str = "HEAD") -> list[str]:
    """The lines of a note, as git itself shows them."""
    return world.git("notes", f"--ref={ref}", "show", commit).splitlines()


def repository_of(world: World) -> Repository:
    return Repository.discover(world.path)


def append(world: World, *lines: str, ref: str = RUNS, commit: str = "") -> None:
    append_lines(repository_of(world), ref, {commit or world.git("rev-parse", "HEAD"): lines})


@pytest.fixture(autouse=True)
def _nothing_is_left_over(world: World) -> Iterator[None]:
    yield
    local = world.path / ".git" / "gitexp"
    assert not list(local.glob("aside/*"))
    assert not (local / "notes.lock").exists() or not (local / "notes.lock").read_bytes()


# --- writing and reading -------------------------------------------------------------------------


def test_lines_are_appended_in_order_and_read_back(world: World) -> None:
    append(world, line(1), line(2))
    append(world, line(3))
    assert note(world) == [line(1), line(2), line(3)]
    head = world.git("rev-parse", "HEAD")
    assert read_notes(repository_of(world), RUNS, [head]) == {
        head: "\n".join([line(1), line(2), line(3)])
    }


def test_a_line_that_is_there_already_is_not_written_again(world: World) -> None:
    append(world, line(1), line(2))
    before = world.git("rev-parse", RUNS)
    append(world, line(2), line(1))
    assert world.git("rev-parse", RUNS) == before
    append(world, line(2), line(3), line(1))
    assert note(world) == [line(1), line(2), line(3)]


def test_appending_nothing_makes_no_ref(world: World) -> None:
    append(world)
    append_lines(repository_of(world), RUNS, {})
    assert world.git("for-each-ref", "refs/notes") == ""


def test_several_commits_are_written_in_one_move(world: World) -> None:
    first = world.git("rev-parse", "HEAD")
    world.write("more.txt", "more\n")
    second = world.commit("second")
    append_lines(repository_of(world), RUNS, {first: [line(1)], second: [line(2), line(3)]})
    assert note(world, commit=first) == [line(1)]
    assert note(world, commit=second) == [line(2), line(3)]
    assert world.git("reflog", "show", "--format=%gs", RUNS) == "gitexp"


def test_commits_without_a_note_are_left_out(world: World) -> None:
    first = world.git("rev-parse", "HEAD")
    world.write("more.txt", "more\n")
    second = world.commit("second")
    append(world, line(1), commit=first)
    found = read_notes(repository_of(world), RUNS, [second, first, second])
    assert found == {first: line(1)}
    assert read_notes(repository_of(world), RUNS, []) == {}


def test_a_note_is_replaced_as_a_whole(world: World) -> None:
    head = world.git("rev-parse", "HEAD")
    replace_notes(repository_of(world), VERDICTS, {head: "INCONCLUSIVE: 3 of 5\n\n  two lines\n"})
    replace_notes(repository_of(world), VERDICTS, {head: "CONFIRMED: 5 of 5\n\n  two lines\n"})
    assert world.git("notes", f"--ref={VERDICTS}", "show", "HEAD") == (
        "CONFIRMED: 5 of 5\n\n  two lines"
    )
    history = world.git("rev-list", "--count", VERDICTS)
    replace_notes(repository_of(world), VERDICTS, {head: "CONFIRMED: 5 of 5\n\n  two lines\n"})
    assert world.git("rev-list", "--count", VERDICTS) == history == "3"


def test_the_three_kinds_of_notes_do_not_meet(world: World) -> None:
    append(world, line(1))
    append(world, line(2), ref=BULK)
    replace_notes(repository_of(world), VERDICTS, {world.git("rev-parse", "HEAD"): "CONFIRMED\n"})
    assert (note(world), note(world, BULK), note(world, VERDICTS)) == (
        [line(1)], [line(2)], ["CONFIRMED"],
    )  # fmt: skip


def test_what_another_tool_wrote_is_kept_byte_for_byte(world: World) -> None:
    foreign = b'by hand\xff\n\n{"text":"a\xe2\x80\xa8b\x0cc\xc2\x85d"}'
    (world.path / ".git" / "foreign").write_bytes(foreign)
    blob = world.git("hash-object", "-w", ".git/foreign")
    world.git("notes", f"--ref={RUNS}", "add", "-C", blob, "HEAD")
    append(world, line(1))
    shown = subprocess.run(
        ["git", "notes", f"--ref={RUNS}", "show", "HEAD"], cwd=world.path, capture_output=True,
        check=True,
    ).stdout  # fmt: skip
    assert shown == foreign + b"\n" + line(1).encode() + b"\n"


def test_a_work_tree_elsewhere_and_a_bare_clone_write_the_same_notes(
    world: World, tmp_path: Path
) -> None:
    world.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    append(World(tmp_path / "linked"), line(1))
    append(World(world.path / ".git"), line(2))
    assert note(world) == [line(1), line(2)]


# --- settings that could mislead -----------------------------------------------------------------


def settings(world: World, **values: str) -> None:
    for key, value in values.items():
        world.git("config", key.replace("__", "."), value)


def test_no_setting_of_the_user_garbles_what_is_read(world: World) -> None:
    text = '{"note":"größe 模型 \\u0001"}'
    world.git("notes", "--ref=other", "add", "-m", "not ours", "HEAD")
    world.git("notes", "add", "-m", "not ours either", "HEAD")
    settings(
        world, log__showSignature="true", color__ui="always", log__decorate="full",
        format__pretty="fuller", log__diffMerges="on", log__abbrevCommit="true",
        log__date="relative", log__follow="true", log__showRoot="true", log__mailmap="true",
        i18n__logOutputEncoding="latin1", i18n__commitEncoding="latin1", core__pager="false",
        notes__displayRef="refs/notes/*", core__notesRef="refs/notes/other",
        diff__renames="copies", core__quotePath="true", core__abbrev="4", format__notes="other",
        format__noprefix="true", column__ui="always", log__initialDecorationSet="all",
        gpg__program="/no/such/gpg",
    )  # fmt: skip
    append(world, text)
    append(world, line(2))
    head = world.git("rev-parse", "HEAD")
    assert read_notes(repository_of(world), RUNS, [head]) == {head: f"{text}\n{line(2)}"}
    raw = subprocess.run(
        ["git", "cat-file", "blob", f"{RUNS}:{head}"], cwd=world.path, capture_output=True,
        check=True,
    ).stdout  # fmt: skip
    assert raw.decode() == f"{text}\n{line(2)}\n"


def test_encoding_settings_garble_no_records_of_real_runs(ready: World) -> None:
    settings(ready, i18n__logOutputEncoding="latin1", i18n__commitEncoding="latin1")
    name = ready.start("--set", "model.C=10", text="Größe C hebt accuracy, because 模型 underfits")
    ready.gitexp("run", name)
    [row] = ready.gitexp("log", "--json").json
    assert row["hypothesis"] == "Größe C hebt accuracy, because 模型 underfits"
    assert row["verdict"] == "CONFIRMED"


def test_notes_settings_of_the_environment_do_not_mislead(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_NOTES_REF", "refs/notes/other")
    monkeypatch.setenv("GIT_NOTES_DISPLAY_REF", "refs/notes/*")
    monkeypatch.setenv("GIT_NOTES_REWRITE_REF", "refs/notes/*")
    append(world, line(1))
    head = world.git("rev-parse", "HEAD")
    assert read_notes(repository_of(world), RUNS, [head]) == {head: line(1)}
    assert world.git("for-each-ref", "--format=%(refname)", "refs/notes") == RUNS


def test_an_amended_experiment_leaves_its_results_behind(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run", name)
    ready.git("switch", "--quiet", f"exp/{name}")
    ready.git("commit", "--quiet", "--amend", "-m", "C lowers nothing because of something else")
    [row] = ready.gitexp("log", "--json").json
    assert (row["state"], row["verdict"]) == ("planned", None)


@pytest.mark.parametrize("given", [{}, {"GIT_AUTHOR_NAME": "", "GIT_COMMITTER_NAME": ""}])
def test_results_are_written_without_an_identity(
    given: dict[str, str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    world.git("config", "user.useConfigOnly", "true")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    append(world, line(1))
    assert note(world) == [line(1)]
    assert world.git("log", "-1", "--format=%an <%ae>", RUNS) == "gitexp <gitexp@localhost>"


def test_an_empty_name_counts_as_none(world: World) -> None:
    settings(world, user__name="")
    append(world, line(1))
    assert world.git("log", "-1", "--format=%an <%ae>", RUNS) == "gitexp <ada@example.org>"


def test_a_known_author_signs_the_notes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace Tester")
    append(world, line(1))
    assert world.git("log", "-1", "--format=%an <%ae>, %cn", RUNS) == (
        "Grace Tester <ada@example.org>, Ada Tester"
    )


# --- many writers --------------------------------------------------------------------------------


@pytest.mark.slow
def test_eight_writers_lose_none_of_four_hundred_records(world: World) -> None:
    writers = {name: writer(world, name, 0, 50) for name in "abcdefgh"}
    for name, process in writers.items():
        assert said(process) == set(range(50)), name
    found = note(world)
    assert sorted(found) == sorted(line(number, name) for name in writers for number in range(50))
    assert all(set(json.loads(text)) == {"n", "writer"} for text in found)
    # One commit of the notes ref a record, and the one that all begin with: nobody's write
    # was folded into another's.
    assert world.git("rev-list", "--count", RUNS) == "401"
    world.git("fsck", "--strict", "--no-dangling")


def test_writers_on_several_commits_and_refs_lose_nothing(world: World) -> None:
    commits = [world.git("rev-parse", "HEAD")]
    for number in range(2):
        world.write("more.txt", f"{number}\n")
        commits.append(world.commit("more"))
    writers = [
        writer(world, "a", 0, 8, commit=commit, ref=ref)
        for commit in commits
        for ref in (RUNS, BULK)
    ]
    for process in writers:
        assert said(process) == set(range(8))
    for commit in commits:
        for ref in (RUNS, BULK):
            assert sorted(note(world, ref, commit)) == sorted(line(n) for n in range(8))


def test_two_clones_merge_without_loss(world: World, tmp_path: Path) -> None:
    append(world, *(line(n, "both") for n in range(3)))
    git(tmp_path, "clone", "--quiet", str(world.path), "clone")
    clone = World(tmp_path / "clone")
    clone.git("fetch", "--quiet", "origin", f"{RUNS}:{RUNS}")
    append(clone, *(line(n, "there") for n in range(20)))
    append(world, *(line(n, "here") for n in range(20)))
    clone.git("fetch", "--quiet", "origin", f"{RUNS}:refs/notes/theirs")
    clone.git("notes", f"--ref={RUNS}", "merge", "-s", "cat_sort_uniq", "refs/notes/theirs")
    everything = {line(n, "both") for n in range(3)}
    everything |= {line(n, where) for n in range(20) for where in ("here", "there")}
    merged = note(clone)
    assert sorted(everything) == merged
    # And a merged note is appended to like any other.
    append(clone, line(99))
    assert note(clone) == [*merged, line(99)]


# --- writers that know no lock -------------------------------------------------------------------


@pytest.mark.parametrize("before", [[], [line(0)]], ids=["first note", "later note"])
def test_a_note_that_slips_in_between_is_kept_and_ours_is_written_too(
    before: list[str], world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(world, *before)
    other = world.git("commit-tree", "-m", "another commit", "HEAD^{tree}")
    # Ours asks this git to store objects after it has read the notes and before it moves the ref:
    # just then another writer, who knows no lock, is done.
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "git"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *unpack-objects*) mkdir .git/slipped 2> /dev/null &&'
        f" {real} notes --ref={RUNS} add -m 'a bare note' {other} ;; esac\nexec {real} \"$@\"\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    append(world, line(1))
    assert (world.path / ".git" / "slipped").is_dir()
    assert note(world) == [*before, line(1)]
    assert note(world, commit=other) == ["a bare note"]
    # Notes that we begin begin with a commit that is the same everywhere.
    assert world.git("rev-list", "--count", RUNS) == str(len(before) + 2 + bool(before))


@pytest.mark.slow
def test_we_overwrite_no_note_of_a_writer_that_knows_no_lock(world: World) -> None:
    others = [world.git("commit-tree", "-m", f"other {n}", "HEAD^{tree}") for n in range(60)]
    words = f'for id in "$@"; do git notes --ref={RUNS} add -m bare $id; done'
    loop = subprocess.Popen(
        ["sh", "-c", words, "sh", *others], cwd=world.path, stderr=subprocess.DEVNULL
    )
    assert said(writer(world, "a", 0, 30)) == set(range(30))
    loop.wait(timeout=120)
    # A bare `git notes` compares nothing and may overwrite ours with what it read before. Ours
    # never do that to anybody: each was built on the very value that it replaced.
    moves = (world.path / ".git" / "logs" / RUNS).read_text().splitlines()
    ours = [move.split(" ")[:2] for move in moves if move.endswith("\tgitexp")]
    assert len(ours) == 30
    for old, new in ours:
        parents = world.git("rev-list", "--parents", "-1", new).split()[1:]
        assert parents == [old] or (not parents and not old.strip("0"))


# --- stale locks and dead writers ----------------------------------------------------------------


@pytest.mark.slow
def test_a_stale_lock_is_named_and_loses_nothing(ready: World) -> None:
    first = ready.start("--set", "model.C=10")
    ready.gitexp("run", first)
    second = ready.start("--set", "model.C=5")
    refs = ready.git("for-each-ref", RUNS, VERDICTS, "refs/heads")
    lock = ready.path / ".git" / f"{RUNS}.lock"
    lock.touch()
    ran = ready.gitexp("run", second, code=5)
    assert f"{RUNS}.lock" in ran.err
    assert "remove the stale lock file that it names" in ran.err
    assert ready.git("for-each-ref", RUNS, VERDICTS, "refs/heads") == refs
    lock.unlink()
    assert ready.gitexp("run", second, "--json").json["verdict"] == "CONFIRMED"
    assert len(note(ready, commit=f"exp/{second}")) == 5


def killed_at_random(world: World, rng: random.Random, prefix: str, *, group: bool) -> set[str]:
    """Let a writer write for a random time, then kill -9 it; returns the lines it reported."""
    process = writer(world, prefix, 0, 1000)
    assert process.stdout is not None
    first = process.stdout.readline()  # it is under way
    time.sleep(rng.uniform(0, 0.06))
    (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    return {line(int(word), prefix) for word in (first + out).split()}


def stale_locks(world: World) -> list[Path]:
    """Lock files of a git that was killed; our own are no such thing, the kernel frees them."""
    return [
        path
        for path in (world.path / ".git").rglob("*.lock")
        if "gitexp" not in path.parts and "gitexp-scratch" not in path.parts
    ]


@pytest.mark.slow
@pytest.mark.parametrize("group", [False, True], ids=["alone", "with its git"])
def test_a_killed_writer_costs_nothing_that_it_reported(group: bool, world: World) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    kept: set[str] = set()
    locks = 0
    for turn in range(20):
        kept |= killed_at_random(world, rng, f"killed-{turn}", group=group)
        if group:
            # git itself never removes these; that gitexp names them is tested above.
            left = stale_locks(world)
            locks += len(left)
            for path in left:
                path.unlink()
        append(world, line(turn, "next"))
        kept.add(line(turn, "next"))
        assert kept <= set(note(world)), turn
    # A git that outlived its writer may have finished its note on the scratch ref later.
    time.sleep(0.2)
    append(world, line(0, "last"))
    print(f"{locks} stale locks of git")
    for text in note(world):
        json.loads(text)
    world.git("fsck", "--strict", "--no-dangling")


# --- all notes at once --------------------------------------------------------------------------


def many_commits(world: World, count: int) -> list[str]:
    """Commits of their own, each under a ref, made by one process."""
    stream = "".join(
        f"commit refs/many/{n}\ncommitter A <a@b> {n} +0000\ndata 1\nx\n" for n in range(count)
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=world.path, input=stream.encode(), check=True
    )
    return world.git("for-each-ref", "--format=%(objectname)", "refs/many/").split()


def test_notes_that_git_only_sorts_into_folders_are_listed_and_not_cut(world: World) -> None:
    repository = Repository.discover(world.path)
    commits = many_commits(world, 300)
    append_lines(repository, RUNS, {commit: [line(1)] for commit in commits})
    append_lines(repository, RUNS, {commit: [line(2)] for commit in commits[:3]})
    paths = world.git("ls-tree", "-r", "--name-only", RUNS).splitlines()
    assert all("/" in path for path in paths)
    assert list_notes(repository, RUNS).keys() == {*commits}
    assert find_cuts(repository, RUNS) == []
    assert find_lines(repository, RUNS, '"n":2').splitlines() == [line(2)] * 3


def test_lines_taken_or_changed_or_lost_with_their_note_are_cuts(world: World) -> None:
    repository = Repository.discover(world.path)
    commit = world.git("rev-parse", "HEAD")
    for what in (list_notes, find_cuts):
        assert not what(repository, RUNS)
    assert find_lines(repository, RUNS, "n") == ""
    append_lines(repository, RUNS, {commit: [line(1), line(2)]})
    first = world.git("rev-parse", f"{RUNS}:{commit}")
    world.git("notes", f"--ref={RUNS}", "add", "-f", "-m", f"{line(1)}\n{line(3)}", commit)
    second, changed = world.git("rev-parse", f"{RUNS}:{commit}"), world.git("rev-parse", RUNS)
    world.git("notes", f"--ref={RUNS}", "remove", commit)
    removed = world.git("rev-parse", RUNS)
    assert [
        (cut.edit, cut.noted, cut.before, cut.after) for cut in find_cuts(repository, RUNS)
    ] == [
        (removed, commit, second, None),
        (changed, commit, first, second),
    ]
