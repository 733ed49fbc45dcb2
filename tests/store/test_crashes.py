"""Crashes at random moments: what was reported is there, and the next command works."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests import crashes
from tests.project import World

pytestmark = pytest.mark.slow


@pytest.fixture
def rng() -> random.Random:
    """Other moments in each run; what they were is printed where a test fails."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    return random.Random(seed)


def none(faults: crashes.Faults) -> None:
    found = list(faults)
    assert found
    assert [*filter(None, found)] == []


def test_killed_writers_cost_nothing_that_was_reported(ready: World, rng: random.Random) -> None:
    none(crashes.killed_writes(ready, 30, rng))


def test_killed_syncs_cost_nothing_that_was_stored(ready: World, rng: random.Random) -> None:
    none(crashes.killed_syncs(ready, 12, rng))


def test_a_full_disk_loses_nothing_that_was_reported(
    tmp_path: Path, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try:
        none(crashes.full_disks(tmp_path, 3, rng))
    except PermissionError as error:
        pytest.skip(f"a disk of its own takes the right to mount one: {error}")


def test_any_truncated_ref_is_put_back_by_the_next_command(ready: World) -> None:
    none(crashes.truncated_refs(ready))
