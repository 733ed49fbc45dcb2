"""Trees and packs made here, compared with what git itself makes of the same notes."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from gitexp.store.note_writing import append_lines, replace_notes
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from tests.project import World


def some_ids(world: World, count: int, digits: int = 40) -> list[str]:
    """Ids that only the last of which names a commit, as in a clone that fetched notes alone."""
    rng = random.Random(count)
    ids = {f"{rng.getrandbits(4 * digits):0{digits}x}" for _ in range(count - 1)}
    return [*sorted(ids, key=lambda _: rng.random()), world.git("rev-parse", "HEAD")]


def laid_out_by_git(world: World, ids: list[str]) -> str:
    """Tree of notes that say their commit's id, all but the last put in flat; git adds that one."""
    blobs = dict(zip(ids, blobs_of(world, ids), strict=True))
    listed = "".join(f"100644 blob {blobs[name]}\t{name}\n" for name in ids[:-1])
    tree = subprocess.run(
        ["git", "mktree"], cwd=world.path, input=listed, capture_output=True, text=True, check=True
    ).stdout.strip()
    world.git("update-ref", "refs/notes/theirs", world.git("commit-tree", "-m", "flat", tree))
    world.git("notes", "--ref=theirs", "add", "-C", blobs[ids[-1]], ids[-1])
    return world.git("rev-parse", "refs/notes/theirs^{tree}")


def blobs_of(world: World, texts: list[str]) -> list[str]:
    stream = "".join(
        f"blob\nmark :{at}\ndata {len(text) + 1}\n{text}\n\nget-mark :{at}\n"
        for at, text in enumerate(texts, start=1)
    )
    return subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=world.path, input=stream, capture_output=True,
        text=True, check=True,
    ).stdout.split()  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 60, 73, 80, 120, 255, 600])
def test_notes_are_laid_out_as_git_would(count: int, world: World) -> None:
    ids = some_ids(world, count)
    # Every other one begins alike, so that folders in folders are due early.
    ids[: count // 2] = [f"ab{name[2:]}" for name in ids[: count // 2]]
    expected = laid_out_by_git(world, ids)
    append_lines(Repository.discover(world.path), RUNS, {name: [name] for name in ids})
    assert world.git("rev-parse", f"{RUNS}^{{tree}}") == expected
    assert world.git("notes", f"--ref={RUNS}", "show", ids[-1]) == ids[-1]
    depths = {path.count("/") for path in world.git("ls-tree", "-r", "--name-only", RUNS).split()}
    # Among 255, where git begins a level depends on HEAD's id.
    assert max(depths) == {600: 2}.get(count, max(depths))
    world.git("fsck", "--strict", "--no-dangling")


def test_notes_that_come_by_and_by_are_laid_out_alike(world: World) -> None:
    ids, repository = some_ids(world, 130), Repository.discover(world.path)
    rng, at = random.Random(1), 0
    while at < len(ids):
        new = ids[at : at + rng.randint(1, 12)]
        append_lines(repository, RUNS, {name: [name] for name in new})
        at += len(new)
    assert world.git("rev-parse", f"{RUNS}^{{tree}}") == laid_out_by_git(world, ids)
    assert len(world.git("notes", f"--ref={RUNS}", "list").splitlines()) == 130


def test_a_layout_that_git_would_not_choose_is_written_to_all_the_same(world: World) -> None:
    [first, second, _], repository = some_ids(world, 3), Repository.discover(world.path)
    [one, other] = blobs_of(world, ["deep", "flat"])
    stream = (
        f"commit {RUNS}\ncommitter A <a@b> 0 +0000\ndata 0\n"
        f"M 100644 {one} {first[:2]}/{first[2:4]}/{first[4:]}\nM 100644 {other} {first}\n"
        f"M 100644 {other} {second}\nM 100644 {one} README\n"
    )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=world.path, input=stream, text=True,
                   check=True)  # fmt: skip
    append_lines(repository, RUNS, {first: ["more"], second: ["more"]})
    assert world.git("cat-file", "blob", f"{RUNS}:README") == "deep"
    notes = world.git("notes", f"--ref={RUNS}", "list").splitlines()
    said = {name: world.git("cat-file", "blob", blob) for blob, name in map(str.split, notes)}
    assert said[second] == "flat\nmore"
    # Two notes for one commit, which git would show one after the other, are one from now on.
    assert sorted(said[first].split()) == ["deep", "flat", "more"]
    world.git("fsck", "--strict", "--no-dangling")


def test_a_note_without_text_is_gone_and_so_is_its_folder(world: World) -> None:
    ids, repository = some_ids(world, 120), Repository.discover(world.path)
    append_lines(repository, RUNS, {name: [name] for name in ids})
    lonely = next(a for a in ids if sum(a[:2] == b[:2] for b in ids) == 1)
    replace_notes(repository, RUNS, {lonely: ""})
    names = [line.split()[1] for line in world.git("notes", f"--ref={RUNS}", "list").splitlines()]
    assert sorted(names) == sorted({*ids} - {lonely})
    assert lonely[:2] not in world.git("ls-tree", "--name-only", RUNS).split()
    world.git("fsck", "--strict", "--no-dangling")
