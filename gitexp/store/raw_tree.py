"""The tree objects of git: modes and ids by name."""

from __future__ import annotations

from collections.abc import Mapping

FILE, FOLDER = b"100644", b"40000"


def parse_tree(content: bytes, width: int) -> dict[bytes, tuple[bytes, str]]:
    """Read mode and id of each entry by its name; ids are `width` bytes long."""
    entries, at = dict[bytes, tuple[bytes, str]](), 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        at = end + 1 + width
        entries[name] = mode, content[end + 1 : at].hex()
    return entries


def write_tree(entries: Mapping[bytes, tuple[bytes, str]]) -> bytes:
    """Return the content of a tree with these entries."""
    # git sorts a folder's name as if it ended in a slash.
    ordered = sorted(entries.items(), key=lambda entry: entry[0] + b"/" * (entry[1][0] == FOLDER))
    return b"".join(
        mode + b" " + name + b"\0" + bytes.fromhex(identity) for name, (mode, identity) in ordered
    )
