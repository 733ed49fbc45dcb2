"""git reads what we make of its index, and finds there what it would have written itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.store.git import Git
from gitexp.store.index_file import IndexEntry, index_of, raw_entries, replace_entries
from tests.project import World

if TYPE_CHECKING:
    from pathlib import Path

# Paths of which one begins as another does or is all but longest, and one that is not UTF-8.
NAMES = (
    "a",
    "a.b",
    "a/b",
    "ab/a",
    "x" * 200 + "/" + "y" * 200,
    "long/" + "z/" * 2100 + "z",
    "ü\udcff",
)


@pytest.mark.parametrize(("hash_name", "id_bytes"), [("sha1", 20), ("sha256", 32)])
def test_git_reads_an_index_with_replaced_entries(
    hash_name: str, id_bytes: int, tmp_path: Path
) -> None:
    world = World(tmp_path)
    world.git("init", "--quiet", f"--object-format={hash_name}")
    world.git("config", "index.version", "2")
    for name in ("a", "a.b", "ab/a", "deep/er/a"):
        world.write(name, f"one {name}")
    world.git("add", "--all")
    world.git("write-tree")  # the index remembers the tree, which a replaced entry would belie
    path = tmp_path / ".git" / "index"
    before = raw_entries(path.read_bytes(), id_bytes)
    old_ids = {
        entry.path: entry.id for entry in (IndexEntry.parse(one, id_bytes) for one in before)
    }
    plain = index_of(reversed(before), id_bytes)
    world.write("a", "another")
    world.write("deep/er/a", "another one")
    world.git("add", "--all")
    tree, listed = world.git("write-tree"), world.git("ls-files", "--stage", "--debug")
    now = [one for one in raw_entries(path.read_bytes(), id_bytes) if one not in before]
    assert len(now) == 2
    path.write_bytes(replace_entries(plain, old_ids, now, id_bytes))
    assert world.git("ls-files", "--stage", "--debug") == listed
    assert world.git("write-tree") == tree
    world.git("fsck", "--strict")


def test_git_reads_entries_of_files_that_were_never_written(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.git("init", "--quiet")
    empty = world.git("hash-object", "-w", "-t", "blob", "/dev/null")
    entries = [IndexEntry(name, 0o100644, empty, 0) for name in NAMES]
    assert [IndexEntry.parse(entry.raw(), 20) for entry in entries] == entries
    content = index_of([entry.raw() for entry in entries], 20)
    (tmp_path / ".git" / "index").write_bytes(content)
    listed = Git(tmp_path).text("ls-files", "-z").split("\0")[:-1]
    assert listed == sorted(NAMES, key=lambda name: name.encode("utf-8", "surrogateescape"))


def test_an_entry_that_is_not_there_is_not_replaced() -> None:
    entry = IndexEntry("a", 0o100644, "1" * 40, 0)
    content = index_of([entry.raw()], 20)
    with pytest.raises(ValueError, match="not found"):
        replace_entries(content, {"a": "2" * 40}, [entry.raw()], 20)
