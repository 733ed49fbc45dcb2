"""What results take up in git: an environment stands there once, however many seeds ran in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitexp.store.refs import BULK, RUNS
from tests.arrange import SCORE, bulk, records, train_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

PACKAGES, SEEDS = 300, 20


def install_many_packages(folder: Path) -> None:
    """Lay out packages as pip would, each with a version of its own."""
    folder.mkdir()
    for number in range(PACKAGES):
        name = f"a_package_of_some_sort_{number:03}"
        (folder / f"{name}.py").write_text("")
        about = folder / f"{name}-1.{number}.7.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.{number}.7\n"
        )
        (about / "RECORD").write_text(f"{name}.py,,\n")


def fill_notes(world: World, site: Path) -> dict[str, int]:
    """Measure a baseline among many packages; returns the bytes of its notes by their ref."""
    install_many_packages(site)
    train_with(
        world,
        f"for number in range({PACKAGES}): __import__(f'a_package_of_some_sort_{{number:03}}')\n"
        + SCORE,
        repeats=[SEEDS],
    )
    world.gitexp("run", "--baseline", "--jobs", "2", PYTHONPATH=str(site))
    # Notes as they stand, not what git makes of them with zlib.
    commit = world.git("rev-parse", "main")
    return {ref: int(world.git("cat-file", "-s", f"{ref}:{commit}")) for ref in (RUNS, BULK)}


@pytest.mark.slow
def test_twenty_seeds_among_three_hundred_packages_take_under_30_kb(
    ready: World, tmp_path: Path
) -> None:
    sizes = fill_notes(ready, tmp_path / "site-packages")
    [environment] = bulk(ready, "main", "environment")
    packages = environment["packages"]
    assert sum(name.startswith("a-package-of-some-sort") for name in packages) == PACKAGES
    assert len(json.dumps(environment)) > 8000
    assert len(records(ready, "main")) == SEEDS
    assert sum(sizes.values()) < 30_000
