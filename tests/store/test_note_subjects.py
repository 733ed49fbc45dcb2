"""The history of notes, as `git log` shows it."""

from __future__ import annotations

import pytest

from gitexp.rules.documents.remark import Remark
from gitexp.store.note_writing import append_lines, replace_notes
from gitexp.store.refs import BULK, RUNS, VERDICTS
from gitexp.store.repository import Repository
from tests.project import World
from tests.team import a_record

NAMED = "C helps because it does\n\nExperiment: brave-otter"


def subject(world: World, ref: str) -> str:
    return world.git("log", "-1", "--format=%s", ref)


def test_a_commit_of_records_says_whose_runs_it_adds(world: World) -> None:
    repository = Repository.discover(world.path)
    baseline = world.git("rev-parse", "HEAD")
    commit = world.git("commit-tree", "-m", NAMED, "HEAD^{tree}")
    runs = [a_record(commit, seed) for seed in range(10)]
    append_lines(repository, RUNS, {commit: runs[:1]})
    assert subject(world, RUNS) == "gitexp: 1 run of brave-otter"
    append_lines(repository, RUNS, {commit: runs})
    assert subject(world, RUNS) == "gitexp: 9 runs of brave-otter"
    said = Remark(commit, "the loss spikes", "A", "2026-01-31T00:00:00+00:00").line()
    append_lines(repository, RUNS, {commit: [said]})
    assert subject(world, RUNS) == "gitexp: 1 remark on brave-otter"
    third = world.git("commit-tree", "-m", "no name", "HEAD^{tree}")
    append_lines(repository, RUNS, {c: [a_record(c, 50)] for c in (commit, baseline, third)})
    assert subject(world, RUNS) == f"gitexp: 3 runs of brave-otter, {baseline[:8]} and 1 more"
    append_lines(repository, RUNS, {commit: ["another program's line"]})
    assert subject(world, RUNS) == "gitexp: records of brave-otter"
    append_lines(repository, BULK, {commit: runs[:1]})
    assert subject(world, BULK) == "gitexp: details of runs of brave-otter"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RULED OUT: accuracy +0.001", "verdict on brave-otter: RULED OUT"),
        ("\x1b[2J: x", "note on brave-otter"),
    ],
)
def test_a_commit_of_verdicts_says_which(text: str, said: str, world: World) -> None:
    commit = world.git("commit-tree", "-m", NAMED, "HEAD^{tree}")
    replace_notes(Repository.discover(world.path), VERDICTS, {commit: text})
    assert subject(world, VERDICTS) == f"gitexp: {said}"


def test_no_text_that_somebody_pushed_gets_into_a_subject(world: World) -> None:
    message = "C helps because it does\n\nExperiment: \x1b[2J evil --name"
    commit = world.git("commit-tree", "-m", message, "HEAD^{tree}")
    append_lines(Repository.discover(world.path), RUNS, {commit: [a_record(commit, 1)]})
    assert subject(world, RUNS) == f"gitexp: 1 run of {commit[:8]}"
