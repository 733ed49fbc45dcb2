from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.engine.links import link_inputs
from gitexp.errors import NotReady

if TYPE_CHECKING:
    from pathlib import Path


def grown(root: Path, *files: str) -> Path:
    """A folder with files that hold their own place."""
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{root.name}:{name}")
    root.mkdir(exist_ok=True)
    return root


def test_inputs_are_linked_from_the_first_tree_that_has_them(tmp_path: Path) -> None:
    checkout = grown(tmp_path / "checkout", "tracked.csv")
    mine = grown(tmp_path / "mine", "deep/b.csv", "tracked.csv")
    main = grown(tmp_path / "main", "data/a.csv", "deep/b.csv")
    linked = link_inputs(checkout, checkout, [mine, main], ("data/", "deep/b.csv", "tracked.csv"))
    assert linked == (main / "data", mine / "deep/b.csv")
    assert (checkout / "data" / "a.csv").read_text() == "main:data/a.csv"
    assert (checkout / "deep" / "b.csv").read_text() == "mine:deep/b.csv"
    assert (checkout / "tracked.csv").read_text() == "checkout:tracked.csv"
    with pytest.raises(NotReady, match=r"gone \(named by `link` in the settings\) is not in"):
        link_inputs(checkout, checkout, [mine, main], ("gone",))


def test_of_a_folder_that_the_commit_has_too_only_the_rest_is_linked(tmp_path: Path) -> None:
    checkout = grown(tmp_path / "checkout", "data/raw/.gitkeep", "data/raw/more/notes.txt")
    mine = grown(
        tmp_path / "mine",
        "data/raw/.gitkeep", "data/raw/a.csv", "data/raw/more/b.csv", "data/raw/deep/c.csv",
    )  # fmt: skip
    link_inputs(checkout, checkout, [mine], ("data/raw",))
    raw = checkout / "data" / "raw"
    assert (raw / ".gitkeep").read_text() == "checkout:data/raw/.gitkeep"
    assert (raw / "more/notes.txt").read_text() == "checkout:data/raw/more/notes.txt"
    assert (raw / "a.csv").is_symlink()
    assert (raw / "more" / "b.csv").is_symlink()
    assert (raw / "deep").is_symlink()
    assert not (mine / "data/raw/more/notes.txt").exists()


def test_a_pattern_links_every_match(tmp_path: Path) -> None:
    checkout = grown(tmp_path / "checkout", "data/notes.txt")
    mine = grown(tmp_path / "mine", "data/a.csv", "data/b.csv", "data/c.txt", "deep/er/d.npy")
    link_inputs(checkout, checkout, [mine], ("data/*.csv", "**/*.npy"))
    assert sorted(path.name for path in (checkout / "data").iterdir()) == [
        "a.csv", "b.csv", "notes.txt",
    ]  # fmt: skip
    assert (checkout / "deep" / "er" / "d.npy").read_text() == "mine:deep/er/d.npy"


def test_a_link_of_the_commit_that_leads_out_is_replaced_by_where_it_leads_from_your_tree(
    tmp_path: Path,
) -> None:
    grown(tmp_path / "shared", "x.csv")
    mine = grown(tmp_path / "mine", "own/y.csv")
    checkout = grown(tmp_path / "cache" / "checkout", "own/y.csv")
    for tree in (mine, checkout):
        (tree / "data").symlink_to("../shared")
        (tree / "inner").symlink_to("own")
    link_inputs(checkout, checkout, [mine], ("data", "inner"))
    assert (checkout / "data" / "x.csv").read_text() == "shared:x.csv"
    assert (checkout / "inner").readlink().name == "own"
    assert (mine / "data").readlink().parts == ("..", "shared")


def test_nothing_is_linked_behind_a_link_that_leads_out(tmp_path: Path) -> None:
    outside = grown(tmp_path / "outside", "kept.csv")
    mine, checkout = grown(tmp_path / "mine", "out/new.csv"), grown(tmp_path / "checkout")
    (checkout / "out").symlink_to(outside)
    with pytest.raises(NotReady, match=r"out/new\.csv cannot be linked"):
        link_inputs(checkout, checkout, [mine], ("out/new.csv",))
    assert sorted(path.name for path in outside.iterdir()) == ["kept.csv"]
