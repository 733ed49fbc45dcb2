"""Attempts that were killed: what the next command of the clone makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitexp.engine.host import boot_id, clone_id, host_id
from gitexp.lab.measuring.claims import claim_of
from gitexp.lab.measuring.unended import end_all_unended, end_unended
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.start import Start
from gitexp.store.local import locked
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import FETCHED, RUNS
from tests.arrange import note, records
from tests.team import repository_of

if TYPE_CHECKING:
    from tests.project import World


LOOKS = """
import os, subprocess
free = {{name: value for name, value in os.environ.items() if not name.startswith('GIT')}}
show = ['git', '-C', {top!r}, 'notes', '--ref=gitexp-runs', 'show', 'main']
note = subprocess.run(show, capture_output=True, text=True, env=free).stdout
begun = [line for line in note.splitlines() if '"kind":"start"' in line]
assert any('"seed":' + os.environ['GITEXP_SEED'] + ',' in line for line in begun), note
print('accuracy=0.5')
"""


def begun(world: World, **changes: Any) -> Start:  # noqa: ANN401 - any field
    """Leave a start in the note of main, as a killed command does."""
    repository = repository_of(world)
    start = Start(
        world.git("rev-parse", "main"), 4, 1, "2026-11-29T10:00:00.000Z",
        host=host_id(), boot=boot_id(), clone=clone_id(repository), batch="a1",
    )  # fmt: skip
    start = start._replace(**changes)
    append_lines(repository, RUNS, {start.commit: [start.line()]})
    return start


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        ({}, Ended.ABORT),
        ({"boot": "another"}, Ended.REBOOT),
        ({"host": "a container of another name"}, Ended.ABORT),
        ({"scheduler": "SLURM 4711"}, Ended.SCHEDULER),
        ({"host": "another", "boot": "another"}, None),
        ({"clone": "another"}, None),
    ],
)
def test_an_attempt_without_an_end_gets_the_one_that_its_clone_can_tell(
    ready: World, changes: dict[str, str], ended: Ended | None
) -> None:
    start = begun(ready, **changes)
    for _ in range(2):  # again, there is nothing left to do
        end_unended(repository_of(ready), [start.commit])
        assert [r.end for r in parse_records(note(ready, "gitexp-runs", "main"))] == (
            [] if ended is None else [ended]
        )


def test_what_was_killed_here_is_told_before_anything_is_shared(ready: World) -> None:
    start = begun(ready)
    repository = repository_of(ready)
    assert end_all_unended(repository) == 0  # nothing was ever run in this clone
    for name in (start.commit, "f" * 40, "odd name"):
        path = repository.local / "claims" / f"{name}-4.lock"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert end_all_unended(repository) == 1


def test_an_attempt_whose_record_a_remote_has_was_not_aborted(ready: World) -> None:
    start = begun(ready)
    repository = repository_of(ready)
    record = start.ended_early(Ended.FREED).line()
    append_lines(repository, RUNS, {start.commit: [record]})
    ready.git("update-ref", f"{FETCHED}hub/notes/gitexp-runs", RUNS)
    # As a damaged ref that was restored from its reflog.
    ready.git("update-ref", RUNS, f"{RUNS}~1")
    assert end_unended(repository, [start.commit]) == 0


@pytest.mark.slow
def test_an_attempt_that_never_began_is_nobodys_abort(ready: World) -> None:
    lock = ready.write(f".git/{RUNS}.lock", "")
    ready.gitexp("run", "--baseline", code=5)
    assert note(ready, RUNS, "main") == ""
    lock.unlink()
    ready.gitexp("run", "--baseline")
    ends = [r.end for r in parse_records(note(ready, RUNS, "main"))]
    assert [end for end in ends if end] == [Ended.FREED]


def test_an_attempt_that_is_running_is_left_alone(ready: World) -> None:
    start = begun(ready)
    repository = repository_of(ready)
    with locked(claim_of(repository, start.commit, start.seed)):
        assert end_unended(repository, [start.commit]) == 0
    assert end_unended(repository, [start.commit]) == 1


def test_every_run_is_on_record_before_it_starts_with_the_time_that_its_record_has(
    ready: World,
) -> None:
    ready.write("train.py", LOOKS.format(top=str(ready.path)))
    ready.commit("a script that looks for its own start")
    ready.gitexp("run", "--baseline", "--jobs", "2")
    starts = [s for s in note(ready, "gitexp-runs", "main").splitlines() if '"kind":"start"' in s]
    found = records(ready, "main")
    assert len(starts) == len(found) == 5
    assert all(any(f'"start":"{r["start"]}"' in s for s in starts) for r in found)
