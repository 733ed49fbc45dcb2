"""Results as notes: whoever writes at the same time, dies half-way or bypasses us, none is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.errors import NotReady, StoreBusy
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import write_line
from gitexp.store.aside import Intent, files_aside, put_aside
from gitexp.store.mending import mend_refs
from gitexp.store.note_history import find_cuts
from gitexp.store.note_writing import append_lines, replace_notes, store_aside
from gitexp.store.notes import find_lines, list_notes, read_notes
from gitexp.store.refs import BULK, KEPT, RUNS, VERDICTS
from gitexp.store.repository import Repository
from gitexp.store.shared_runs import waiting_run
from tests.arrange import lose_object
from tests.crashes import many_commits, stale_locks
from tests.project import World, git
from tests.team import a_record

if TYPE_CHECKING:
    from collections.abc import Iterator

# A writer of its own process: appends the lines "FIRST" ... "LAST" to HEAD's note, one at a time,
# and says after each one that it is in.
WRITER = """\
import sys
from pathlib import Path
from gitexp.errors import GitexpError
from gitexp.rules.rendering import error_text
from gitexp.store.repository import Repository
from gitexp.store.note_writing import append_lines

ref, commit, prefix, first, last = sys.argv[1:]
repository = Repository.discover(Path.cwd())
for number in range(int(first), int(last)):
    try:
        append_lines(repository, ref, {commit: [f'{{"n":{number},"writer":"{prefix}"}}']})
    except GitexpError as error:
        sys.exit(f"{error.exit_code} {error_text(error)}")
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
def _nothing_is_left_over(tmp_path: Path) -> Iterator[None]:
    yield
    project = tmp_path / "project"
    local = project / ".git" / "gitexp"
    assert not files_aside(Repository.discover(project))
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


def test_the_address_that_the_environment_gives_is_taken_where_git_knows_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(world, user__email="")
    monkeypatch.setenv("EMAIL", "grace@example.org")
    append(world, line(1))
    assert world.git("log", "-1", "--format=%an <%ae>", RUNS) == "Ada Tester <grace@example.org>"


def test_a_known_author_signs_the_notes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace Tester")
    append(world, line(1))
    assert world.git("log", "-1", "--format=%an <%ae>, %cn", RUNS) == (
        "Grace Tester <ada@example.org>, Ada Tester"
    )


def test_a_record_keeps_its_commit_and_nothing_else_does(world: World) -> None:
    repository, head = repository_of(world), world.git("rev-parse", "HEAD")
    append_lines(repository, BULK, {head: [line(1)]})
    assert world.git("for-each-ref", "refs/gitexp/kept") == ""
    append_lines(repository, RUNS, {head: [line(1)], "12" * 20: [line(1)]})
    assert world.git("for-each-ref", "--format=%(refname)", "refs/gitexp/kept") == (
        f"refs/gitexp/kept/{head}"
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
    # What waited was written together: eight at once need far fewer commits than lines.
    assert 50 < int(world.git("rev-list", "--count", RUNS)) < 400
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


def a_program_before_git(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program in front of git that runs a script of its own first."""
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n{script}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("before", [[], [line(0)]], ids=["first note", "later note"])
def test_a_note_that_slips_in_between_is_kept_and_ours_is_written_too(
    before: list[str], world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(world, *before)
    other = world.git("commit-tree", "-m", "another commit", "HEAD^{tree}")
    # Ours asks this git to move the ref after it has read the notes: just then another writer, who
    # knows no lock, is done.
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "git"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *update-ref*) mkdir .git/slipped 2> /dev/null &&'
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
    # never do that to anybody: each was built on the very value that it replaced. What is
    # overwritten before it was read back is written again.
    moves = (world.path / ".git" / "logs" / RUNS).read_text().splitlines()
    ours = [move.split(" ")[:2] for move in moves if move.endswith("\tgitexp")]
    assert len(ours) >= 30
    for old, new in ours:
        parents = world.git("rev-list", "--parents", "-1", new).split()[1:]
        assert parents == [old] or (not parents and not old.strip("0"))


# --- stale locks and dead writers ----------------------------------------------------------------


@pytest.mark.slow
def test_a_foreign_lock_is_named_and_what_ran_is_kept_aside(ready: World) -> None:
    first = ready.start("--set", "model.C=10")
    ready.gitexp("run", first)
    second = ready.start("--set", "model.C=5")
    refs = ready.git("for-each-ref", RUNS, VERDICTS, "refs/heads")
    lock = ready.path / ".git" / f"{RUNS}.lock"
    lock.touch()
    ran = ready.gitexp("run", second, code=5)
    # The start of a run, and that it never began.
    aside, end = sorted((ready.path / ".git" / "gitexp" / "aside").iterdir())
    assert f"or left its lock behind:\n{lock}\n" in ran.err
    assert f"the result is kept in {aside}" in ran.err or f"kept in {end}" in ran.err
    assert f"if no git command is running: rm {lock}" in ran.err
    assert ready.git("for-each-ref", RUNS, VERDICTS, "refs/heads") == refs
    lock.unlink()
    ready.gitexp("log")  # any command stores it
    assert (aside.exists(), end.exists()) == (False, False)
    assert len(note(ready, commit=f"exp/{second}")) == 2
    assert ready.gitexp("run", second, "--json").json["verdict"] == "CONFIRMED"
    found = [json.loads(text) for text in note(ready, commit=f"exp/{second}") if "metrics" in text]
    assert sorted(record["seed"] for record in found if "failure" not in record) == [*range(1, 6)]


def a_hook(world: World, script: str) -> None:
    """Let git run a script at every move of a ref."""
    hook = world.path / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)


# Once, when git has locked the refs and has not moved them yet.
KILL_ONCE = '[ "$1" = prepared ] && mkdir .git/killed 2> /dev/null && kill -9 {whom}; exit 0'


def test_a_git_that_is_killed_half_way_is_started_again(world: World) -> None:
    a_hook(world, KILL_ONCE.format(whom="$PPID"))
    append(world, line(1))
    assert (world.path / ".git" / "killed").is_dir()
    assert note(world) == [line(1)]
    assert stale_locks(world) == []


def test_the_locks_of_a_killed_writer_go_and_its_line_is_stored(world: World) -> None:
    append(world, line(0))
    a_hook(world, KILL_ONCE.format(whom="0"))  # its whole process group
    process = writer(world, "killed", 1, 2)
    assert process.wait(timeout=60) == -signal.SIGKILL
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()
    assert [path.name for path in stale_locks(world)] == ["gitexp-runs.lock"]
    append(world, line(2))
    assert stale_locks(world) == []
    assert note(world) == [line(0), line(1, "killed"), line(2)]


def test_a_lock_that_says_something_else_is_nobodys_to_remove(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitexp.store.writers_lock._ATTEMPTS", 3)
    append(world, line(0))
    a_hook(world, KILL_ONCE.format(whom="0"))
    process = writer(world, "killed", 1, 2)
    process.communicate(timeout=60)
    [lock] = stale_locks(world)
    lock.write_text("0" * 40 + "\n")
    with pytest.raises(StoreBusy, match=r"gitexp-runs\.lock"):
        append(world, line(2))
    # A run asks for that first: nobody waits for hours for what could not be stored then.
    with pytest.raises(StoreBusy, match=r"gitexp-runs\.lock"):
        store_aside(repository_of(world))
    assert lock.exists()
    lock.unlink()
    store_aside(repository_of(world))
    assert note(world) == [line(0), line(1, "killed"), line(2)]


def test_what_packing_left_behind_goes_and_nothing_else(world: World) -> None:
    append(world, line(0))
    git_folder = world.path / ".git"
    ours = [git_folder / name for name in ("packed-refs.lock", "packed-refs.new",
                                           "refs/heads/main.lock", f"{RUNS}.lock")]  # fmt: skip
    older, filled = git_folder / "refs/heads/older.lock", git_folder / "refs/heads/filled.lock"
    now = time.time()
    for age, paths in {
        9: [older],
        7: [git_folder / "gitexp/notes.lock"],
        5: [*ours, filled],
    }.items():
        for path in paths:
            path.touch()
            path.write_text("pack-refs" if age == 7 else "0" * 40 if path == filled else "")
            os.utime(path, (now - age, now - age))
    mend_refs(repository_of(world))  # as any command does before it reads
    assert [path for path in (*ours, older, filled) if path.exists()] == [older, filled]
    world.git("pack-refs", "--all")


# --- refs that a crash of the machine left damaged -----------------------------------------------


@pytest.mark.parametrize(
    ("left", "packed"), [(b"", False), (b"\0" * 41, True), (b"9d2e0f\n", False)],
    ids=["empty", "zeros before an older one", "short"],
)  # fmt: skip
def test_a_truncated_ref_costs_no_record(left: bytes, packed: bool, ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run", name)
    if packed:
        ready.git("pack-refs", "--all", "--no-prune")
    append(ready, line(7), commit=ready.git("rev-parse", "main"))
    tips = {ref: ready.git("rev-parse", ref) for ref in (RUNS, BULK, VERDICTS)}
    for ref in tips:
        (ready.path / ".git" / ref).write_bytes(left)
    # Whoever reads first puts them back: git would take them for refs without any note.
    [row] = ready.gitexp("log", "--json").json
    assert (row["verdict"], row["pairs"]) == ("CONFIRMED", 5)
    assert {ref: ready.git("rev-parse", ref) for ref in tips} == tips
    (ready.path / ".git" / RUNS).write_bytes(left)
    append(ready, line(8), commit=ready.git("rev-parse", "main"))
    assert note(ready, commit="main")[-2:] == [line(7), line(8)]


def test_what_keeps_a_commit_alive_has_no_reflog_and_is_restored_by_its_name(ready: World) -> None:
    append(ready, line(1), commit=ready.git("rev-parse", "main"))
    [ref] = ready.git("for-each-ref", "--format=%(refname)", KEPT).split()
    assert not (ready.path / ".git" / "logs" / ref).exists()
    (ready.path / ".git" / ref).write_text("")
    ready.gitexp("log")
    assert ready.git("rev-parse", ref) == ready.git("rev-parse", "main")


def test_a_truncated_branch_is_restored_and_what_can_be_fetched_again_goes(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    commit = ready.git("rev-parse", f"exp/{name}")
    refs = [f"refs/heads/exp/{name}", "refs/gitexp/remote/hub/heads/x", "refs/remotes/hub/exp/x"]
    for ref in refs:
        ready.write(f".git/{ref}", "")
    # git itself fails where it meets one of them.
    assert ready.try_git("log", "--branches=exp/*").code
    assert [row["name"] for row in ready.gitexp("log", "--json").json] == [name]
    assert ready.git("for-each-ref", "--format=%(objectname)", *refs) == commit


def test_a_truncated_ref_of_a_bare_repository_is_restored_too(world: World) -> None:
    bare = World(world.path / ".git")
    bare.git("config", "core.bare", "true")
    append(bare, line(1))
    (bare.path / RUNS).write_text("")
    append(bare, line(2))
    assert note(bare) == [line(1), line(2)]


def test_a_ref_that_nothing_can_restore_is_not_begun_anew(world: World) -> None:
    append(world, line(1))
    (world.path / ".git" / RUNS).write_text("")
    shutil.rmtree(world.path / ".git" / "logs")
    with pytest.raises(NotReady, match="nothing here says where") as raised:
        append(world, line(2))
    assert f"rm {world.path / '.git' / RUNS}" in raised.value.hint
    # With that done, what was kept aside is stored.
    (world.path / ".git" / RUNS).unlink()
    append(world, line(3))
    assert note(world) == [line(2), line(3)]


# --- what waits ----------------------------------------------------------------------------------


def leave_aside(world: World, *intents: Intent) -> Path:
    """Leave what another command was to write, as if it had been killed then."""
    return put_aside(repository_of(world), intents)


def test_what_several_wait_to_add_to_one_note_is_all_added(world: World) -> None:
    append(world, line(0))
    head = world.git("rev-parse", "HEAD")
    for number in range(1, 5):
        leave_aside(world, Intent(RUNS, head, (line(number), line(number // 2, "shared"))))
    append(world, line(5))
    assert sorted(note(world)) == sorted(
        [*(line(n) for n in range(6)), *(line(n, "shared") for n in range(3))]
    )


def test_a_note_that_cannot_be_read_is_not_overwritten(world: World) -> None:
    append(world, line(1))
    blob = world.git("rev-parse", f"{RUNS}:{world.git('rev-parse', 'HEAD')}")
    lost = lose_object(world, blob)
    before = world.git("rev-parse", RUNS)
    with pytest.raises(NotReady, match="is missing"):
        append(world, line(2))
    assert world.git("rev-parse", RUNS) == before
    (world.path / ".git" / "objects" / blob[:2] / blob[2:]).write_bytes(lost)
    append(world, line(3))
    assert note(world) == [line(1), line(2), line(3)]


def test_any_command_stores_what_waits_unless_it_cannot(ready: World) -> None:
    append(ready, line(0))
    leave_aside(ready, Intent(RUNS, ready.git("rev-parse", "HEAD"), (line(1),)))
    lock = ready.write(f".git/{RUNS}.lock", "0" * 40)
    begin = time.monotonic()
    ready.gitexp("log")
    assert (note(ready), time.monotonic() - begin < 8) == ([line(0)], True)
    lock.unlink()
    ready.gitexp("log")
    assert note(ready) == [line(0), line(1)]


def test_whoever_writes_next_stores_what_waits(world: World) -> None:
    head = world.git("rev-parse", "HEAD")
    leave_aside(world, Intent(BULK, head, (line(1),)), Intent(RUNS, head, (line(2),)))
    leave_aside(world, Intent(VERDICTS, head, ("first", "view"), whole=True))
    leave_aside(world, Intent(VERDICTS, head, ("later", "view"), whole=True))
    run = waiting_run(head, a_record(head, 1), [line(4)])
    for _ in range(2):
        leave_aside(world, run)
    append(world, line(3))
    assert world.git("cat-file", "blob", run.ref).splitlines() == [*run.lines]
    assert (note(world, BULK), note(world)) == ([line(1)], [line(2), line(3)])
    assert note(world, VERDICTS) == ["later", "view"]
    # All of it in one step of each ref.
    assert world.git("rev-list", "--count", RUNS) == "2"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"ref":"refs/heads/main","commit":"' + b"a" * 40 + b'"}',
        b'{"ref":"refs/heads/main","commit":"' + b"a" * 40 + b'","lines":["x"],"whole":true}',
        b'{"ref":"refs/notes/x\\nupdate refs/heads/main","commit":"' + b"a" * 40
        + b'","lines":["x"],"whole":false}',
        b'{"ref":"refs/notes/x","commit":"HEAD","lines":["x"],"whole":false}',
        b'{"ref":"refs/gitexp/runs/x","commit":"' + b"a" * 40 + b'","lines":["x"],"whole":false}',
        b'{"ref":"refs/notes/x","commit":"' + b"a" * 40 + b'","lines":[1],"whole":false}',
        b'{"ref":"refs/notes/x","commit":"' + b"a" * 40 + b'","lines":["x\\ny"],"whole":false}',
    ],
)  # fmt: skip
def test_a_damaged_file_of_what_waits_stops_nobody(content: bytes, world: World) -> None:
    path = leave_aside(world, Intent(RUNS, world.git("rev-parse", "HEAD"), (line(1),)))
    path.write_bytes(content)
    refs = world.git("for-each-ref")
    append(world, line(2))
    assert note(world) == [line(2)]
    assert world.git("for-each-ref", "refs/heads") == refs
    assert path.read_bytes() == content
    path.unlink()


def test_a_write_that_another_overwrites_is_written_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(world, line(1))
    # A writer that compares nothing, and read the notes before we moved them.
    a_program_before_git(
        tmp_path, monkeypatch,
        'case "$*" in *update-ref*--stdin*) if mkdir .git/overwritten 2> /dev/null; then'
        f" old=$({shutil.which('git')} rev-parse {RUNS}); {shutil.which('git')} \"$@\" &&"
        f" exec {shutil.which('git')} update-ref {RUNS} $old; fi ;; esac",
    )  # fmt: skip
    append(world, line(2))
    assert (world.path / ".git" / "overwritten").is_dir()
    assert note(world) == [line(1), line(2)]


# --- all notes at once --------------------------------------------------------------------------


def test_notes_that_git_only_sorts_into_folders_are_listed_and_not_cut(world: World) -> None:
    repository = Repository.discover(world.path)
    commits = many_commits(world, 300)
    append_lines(repository, RUNS, {commit: [line(1)] for commit in commits})
    score = write_line(Kind.SAMPLE, {"seed": 2, "sample": 0.5})
    append_lines(repository, RUNS, {commit: [score, line(2)] for commit in commits[:3]})
    paths = world.git("ls-tree", "-r", "--name-only", RUNS).splitlines()
    assert all("/" in path for path in paths)
    assert list_notes(repository, RUNS).keys() == {*commits}
    assert find_cuts(repository, RUNS) == []
    assert find_lines(repository, RUNS, '"').splitlines() == [score] * 3


def test_a_path_among_notes_hides_no_cut(world: World) -> None:
    repository = Repository.discover(world.path)
    commit = world.git("rev-parse", "HEAD")
    append_lines(repository, RUNS, {commit: [line(1), line(2)]})
    whole = world.git("rev-parse", RUNS)
    blob = world.git("hash-object", "-w", str(world.write("less", f"{line(1)}\n")))
    rows = f"100644 blob {blob}\t\x02{whole}\t\x00100644 blob {blob}\t{commit}\0"
    tree = repository.git.run("mktree", "-z", stdin=rows.encode()).stdout.decode().strip()
    world.git("update-ref", RUNS, world.git("commit-tree", tree, "-p", whole, "-m", "less"))
    assert [(cut.noted, cut.after) for cut in find_cuts(repository, RUNS)] == [(commit, blob)]


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


def test_the_guard_that_is_documented_vetoes_a_bare_note_and_lets_ours_pass(world: World) -> None:
    page = Path(__file__).parents[2] / "docs" / "decisions" / "0014-guard.md"
    _, _, script = page.read_text("utf-8").partition("```sh\n#!/bin/sh\n")
    append(world, line(1))
    a_hook(world, script.partition("```")[0])
    ran = world.try_git("notes", f"--ref={RUNS}", "append", "-m", "by hand", "HEAD")
    assert ran.code == 128
    assert f"{RUNS} holds results" in ran.err
    append(world, line(2))
    world.git("notes", "add", "-m", "another's note", "HEAD")
    assert note(world) == [line(1), line(2)]
