"""A pack is what git would make of the same objects, and its index is git's byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.store.kept_pack import kept
from gitexp.store.pack import Pack
from gitexp.store.repository import Repository
from tests.project import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
@pytest.mark.parametrize("blobs", [1, 700])
def test_a_pack_is_indexed_as_git_does_it(hash_name: str, blobs: int, tmp_path: Path) -> None:
    world = World(tmp_path)
    world.git("init", "--quiet", f"--object-format={hash_name}")
    pack = Pack(40 if hash_name == "sha1" else 64)
    names = [pack.add("blob", f"{n} ".encode() * 7 * n) for n in range(1, blobs + 1)]
    entry = b"100644 a\0" + bytes.fromhex(names[-1])
    tree = pack.add("tree", entry)
    who = "Ada <ada@example.org> 1700000000 +0000"
    commit = pack.add("commit", f"tree {tree}\nauthor {who}\ncommitter {who}\n\none\n".encode())
    files = pack.files()
    (tmp_path / "given.pack").write_bytes(files.pack)
    world.git("index-pack", "--index-version=2", "given.pack")
    assert (tmp_path / "given.idx").read_bytes() == files.index
    with kept(Repository.discover(tmp_path), pack):
        folder = tmp_path / ".git" / "objects" / "pack"
        assert sorted(path.name for path in folder.iterdir()) == [
            f"pack-{files.name}.{ending}" for ending in ("idx", "keep", "pack")
        ]
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}
    world.git("update-ref", "refs/heads/one", commit)
    world.git("fsck", "--strict", "--full")
    assert world.git("cat-file", "-p", "one:a") == " ".join([str(blobs)] * 7 * blobs) + " "
