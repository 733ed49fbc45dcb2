"""Data that git does not track and that runs need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.lab.measuring.missing_inputs import missing_inputs, named_in
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from tests.project import World


@pytest.fixture
def with_data(world: World) -> World:
    """A project with data of all kinds; only data/kept.csv and mixed/a.csv are tracked."""
    world.write(".gitignore", "raw/\n*.npz\nmixed/b.csv\nout/\n")
    for name in ("data/kept.csv", "raw/a/x.csv", "raw/y.csv", "set.npz", "mixed/a.csv",
                 "mixed/b.csv", "out/m.json"):  # fmt: skip
        world.write(name, "1\n")
    world.commit("data")
    return world


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["raw/a/x.csv", "raw/y.csv"], ["raw"]),
        (["raw"], ["raw"]),
        (["set.npz", "data/kept.csv", "data"], ["set.npz"]),
        (["mixed", "mixed/b.csv"], ["mixed/b.csv"]),
        (["out/m.json", "nowhere.csv", "../x", "/etc/passwd", ""], []),
    ],
)
def test_what_git_lacks_is_named_by_the_folder_that_it_lacks(
    with_data: World, names: list[str], found: list[str]
) -> None:
    assert missing_inputs(Repository.discover(with_data.path), names) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: 'raw/y.csv'", ["raw"]),
        ("OSError: /some/checkout/gitexp-0/raw/a/x.csv not found.", ["raw"]),
        ("cannot open set.npz: missing", ["set.npz"]),
        ('File "train.py", line 3, in load: ValueError: data/kept.csv', []),
        ("", []),
    ],
)
def test_what_a_failed_run_names_is_found(with_data: World, text: str, found: list[str]) -> None:
    assert named_in(Repository.discover(with_data.path), text) == found


def test_a_failed_run_says_how_to_link_data(with_data: World) -> None:
    with_data.write("train.py", "raise SystemExit('there is no raw/y.csv')\n")
    with_data.commit("reads data")
    with_data.gitexp("init", "--yes")
    err = with_data.gitexp("run", "--baseline", code=4).err
    assert 'add link = ["raw"] to the settings' in err
