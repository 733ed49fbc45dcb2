"""All notes of a ref merged and written at once; git's own merge says what should come out."""

from __future__ import annotations

import subprocess

import pytest

from gitexp.rules.documents.redaction import Sought, redact_note
from gitexp.store.all_notes import NotesSnapshot, read_all, read_texts, write_all
from gitexp.store.aside import Intent, put_aside
from gitexp.store.merge import Merged, exclusively, merge, move
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from tests.project import World
from tests.team import a_record

THEIRS = "refs/notes/theirs"


def line(number: int, writer: str = "a", text: str = "") -> str:
    more = f',"text":"{text}"' if text else ""
    return f'{{"n":{number},"schema":1{more},"writer":"{writer}"}}'


def objects(world: World, count: int) -> list[str]:
    """Commits to be noted, made by one process."""
    stream = "".join(
        f"commit refs/many/{n}\ncommitter A <a@b> {n} +0000\ndata 1\nx\n" for n in range(count)
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=world.path, input=stream.encode(), check=True
    )
    return world.git("for-each-ref", "--format=%(objectname)", "refs/many/").split()


def noted(world: World, ref: str, notes: dict[str, list[str]]) -> None:
    """Write notes as git fast-import does."""
    stream = [f"commit {ref}\ncommitter A <a@b> 1 +0000\ndata 1\nx\n"]
    for commit, lines in notes.items():
        text = "".join(f"{x}\n" for x in lines)
        stream.append(f"N inline {commit}\ndata {len(text.encode())}\n{text}\n")
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"], cwd=world.path, check=True,
        input="".join(stream).encode(),
    )  # fmt: skip


def repository_of(world: World) -> Repository:
    return Repository.discover(world.path)


def merged(world: World, theirs: str = THEIRS, more: dict[str, list[str]] | None = None) -> Merged:
    """Merge and move, as sync does under its lock."""
    repository = repository_of(world)
    other = read_all(repository, theirs)

    def act(lock: int) -> Merged:
        found = merge(repository, RUNS, other, more or {}, count=True, lock=lock)
        move(repository, {RUNS: (found.ours.commit, found.after)}, lock)
        return found

    return exclusively(repository, act)


def listed(world: World, ref: str) -> dict[str, str]:
    """Blobs by commit, as git lists them."""
    lines = world.git("notes", f"--ref={ref}", "list").splitlines()
    return {commit: blob for blob, commit in map(str.split, lines)}


@pytest.mark.parametrize("count", [3, 400], ids=["flat", "in folders"])
def test_merging_gives_what_git_gives_and_git_reads_it(world: World, count: int) -> None:
    commits = objects(world, count)
    ours = {c: [line(n, "b"), line(n)] for n, c in enumerate(commits) if n % 3 != 1}
    others = {c: [line(n), line(n, "c")] for n, c in enumerate(commits) if n % 3 != 2}
    noted(world, RUNS, ours)
    noted(world, THEIRS, others)
    world.git("update-ref", "refs/notes/oracle", RUNS)
    world.git("notes", "--ref=oracle", "merge", "--quiet", "-s", "cat_sort_uniq", THEIRS)
    found = merged(world)
    assert listed(world, RUNS) == listed(world, "oracle")
    assert world.git("rev-list", "--parents", "-1", RUNS).split()[1:] == [
        found.ours.commit, found.theirs.commit,
    ]  # fmt: skip
    assert (sum(map(len, found.came.values())), sum(map(len, found.went.values()))) == (
        sum(len({*x} - {*ours.get(c, [])}) for c, x in others.items()),
        sum(len({*x} - {*others.get(c, [])}) for c, x in ours.items()),
    )
    # And git goes on from there.
    append_lines(repository_of(world), RUNS, {commits[0]: [line(0, "z")]})
    assert world.git("notes", f"--ref={RUNS}", "show", commits[0]).splitlines()[-1] == line(0, "z")
    assert listed(world, RUNS).keys() == {*commits}
    world.git("fsck", "--strict", "--no-dangling")


def test_nothing_is_written_where_one_side_holds_all_of_the_other(world: World) -> None:
    commits = objects(world, 3)
    noted(world, THEIRS, {c: [line(2), line(1)] for c in commits})
    found = merged(world)
    assert found.after == world.git("rev-parse", THEIRS) == world.git("rev-parse", RUNS)
    append_lines(repository_of(world), RUNS, {commits[0]: [line(0)]})
    assert merged(world).after == world.git("rev-parse", RUNS)
    assert world.git("rev-list", "--count", RUNS) == "2"
    # Nor where somebody committed the same notes once more.
    same = world.git("commit-tree", "-p", RUNS, "-m", "the same", f"{RUNS}^{{tree}}")
    world.git("update-ref", THEIRS, same)
    assert merged(world).after == same
    noted(world, "refs/notes/none", {})
    world.git("update-ref", "-d", RUNS)
    assert merged(world, "refs/notes/missing").after == ""


def test_what_a_later_commit_of_theirs_dropped_is_kept(world: World) -> None:
    [commit] = objects(world, 1)
    append_lines(repository_of(world), RUNS, {commit: [line(1), line(2)]})
    world.git("update-ref", THEIRS, RUNS)
    world.git("notes", f"--ref={THEIRS}", "add", "-f", "-m", line(3), commit)
    merged(world)
    shown = world.git("notes", f"--ref={RUNS}", "show", commit).splitlines()
    assert shown == [line(1), line(2), line(3)]


def test_notes_on_commits_that_are_not_here_are_merged_too(world: World) -> None:
    [commit] = objects(world, 1)
    append_lines(repository_of(world), RUNS, {commit: [line(1)]})
    text = f"{line(2)}\n".encode()
    absent, also = "12" * 20, "34" * 20
    repository = repository_of(world)
    theirs = exclusively(
        repository,
        lambda _: write_all(repository, NotesSnapshot(), {absent: text, commit: text}, [], "notes"),
    )
    world.git("update-ref", THEIRS, theirs)
    merged(world, more={also: [line(3)]})
    assert listed(world, RUNS).keys() == {absent, also, commit}
    assert read_texts(repository, read_all(repository, RUNS), [also]) == {also: f"{line(3)}\n"}


def test_what_is_no_note_stays_where_it_lies(world: World) -> None:
    [commit] = objects(world, 1)
    append_lines(repository_of(world), RUNS, {commit: [line(1)]})
    noted(world, THEIRS, {commit: [line(2)]})
    stream = (
        f"commit {RUNS}\ncommitter A <a@b> 1 +0000\ndata 1\nx\nfrom {RUNS}^0\n"
        "M 100644 inline a/README\ndata 2\nhi\nM 100644 inline ab/cd\ndata 2\nho\n"
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=world.path, input=stream.encode(), check=True
    )
    merged(world)
    assert world.git("cat-file", "blob", f"{RUNS}:a/README") == "hi"
    assert listed(world, RUNS).keys() == {commit}
    assert len(world.git("notes", f"--ref={RUNS}", "show", commit).splitlines()) == 2


def test_the_past_of_a_side_that_was_not_redacted_is_not_passed_on(world: World) -> None:
    commits = objects(world, 2)
    repository = repository_of(world)
    append_lines(repository, RUNS, {commits[0]: [line(1, text="hunter2")]})
    old = world.git("rev-parse", RUNS)
    clean, _ = redact_note(line(1, text="hunter2"), Sought("hunter2"), {})
    noted(world, THEIRS, {commits[0]: clean})
    append_lines(repository, RUNS, {commits[1]: [line(2)]})
    found = merged(world)
    assert found.ours_stale
    assert not found.theirs_stale
    assert old not in world.git("rev-list", RUNS)
    assert listed(world, RUNS).keys() == {*commits}
    # The other way round, and when nobody is clean.
    world.git("update-ref", THEIRS, old)
    found = merged(world)
    assert found.theirs_stale
    assert not found.ours_stale
    assert found.after == found.ours.commit
    noted(world, RUNS, {commits[0]: [*clean, line(1, text="hunter2")]})
    # Then the notes begin anew where all notes begin.
    assert world.git("rev-list", "--count", merged(world).after) == "2"


def test_what_waits_to_be_stored_is_merged_too(world: World) -> None:
    [commit] = objects(world, 1)
    noted(world, THEIRS, {commit: [line(1)]})
    put_aside(repository_of(world), [Intent(RUNS, commit, (line(2),))])
    merged(world)
    shown = world.git("notes", f"--ref={RUNS}", "show", commit).splitlines()
    assert shown == [line(1), line(2)]


def test_of_notes_that_gitexp_cannot_have_written_what_is_left_out_is_counted(world: World) -> None:
    large, long, plain = objects(world, 3)
    ours, theirs = (a_record(large, seed) for seed in (1, 2))
    noted(world, RUNS, {commit: [ours] for commit in (large, long, plain)})
    foreign = "x" * (1 << 20)
    many = [line(number) for number in range(100_001)]
    noted(world, THEIRS, {large: [theirs, *[foreign] * 16], long: many, plain: [theirs]})
    assert merged(world).left_out == {
        large: 16 * len(f"{foreign}\n"), long: sum(len(f"{one}\n") for one in many)
    }  # fmt: skip
    repository = repository_of(world)
    texts = read_texts(repository, read_all(repository, RUNS), [large, long, plain])
    assert texts == {large: f"{ours}\n{theirs}\n", long: f"{ours}\n", plain: texts[large]}
