"""Clones that share at once, and syncs that are killed: what was said to be stored is there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitexp.rules.documents.record import parse_records
from gitexp.store.refs import RUNS
from tests.arrange import note
from tests.project import World
from tests.team import (
    an_experiment,
    clone_of,
    hub_of,
    synced,
    texts,
)

# Stores records 1 ... LAST of a commit, and syncs after every tenth.
WRITER = """\
import sys
from pathlib import Path
from gitexp.store.refs import RUNS
from gitexp.store.note_writing import append_lines
from gitexp.lab.projects.project import open_project
from gitexp.workflows.sync import sync
from tests.team import a_record

commit, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
project = open_project()
for seed in range(first, last):
    line = a_record(commit, seed, start=f"2026-11-25T10:00:00.{seed:03}Z")
    append_lines(project.repository, RUNS, {commit: [line]})
    print(seed, flush=True)
    if seed % 10 == 9:
        sync(project)
        print("synced", seed, flush=True)
"""


def writer(world: World, commit: str, first: int, last: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, commit, str(first), str(last)],
        cwd=world.path, env=os.environ | {"PYTHONPATH": str(Path.cwd())}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


@pytest.mark.slow
def test_four_clones_of_a_hundred_records_lose_none(world: World) -> None:
    hub = hub_of(world)
    commit = an_experiment(world, "brave-otter")
    synced(world)
    clones = [clone_of(hub, f"clone-{n}") for n in range(4)]
    begin = time.monotonic()
    writers = [writer(clone, commit, n * 100, n * 100 + 100) for n, clone in enumerate(clones)]
    for process in writers:
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
    print(f"4 x 100 records with 40 syncs in {time.monotonic() - begin:.1f} s")
    for clone in clones * 2:
        synced(clone)
    for place in (*clones, hub):
        records = parse_records(note(place, RUNS, commit))
        assert sorted(record.seed for record in records) == list(range(400))
        assert texts(place) == texts(clones[0])
        assert place.git("rev-parse", RUNS) == hub.git("rev-parse", RUNS)
    hub.git("fsck", "--strict", "--no-dangling")
