"""What a folder was proven to hold: a commit, and git's index of it as it was then."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitexp.engine.host import boot_id
from gitexp.store.git_output import decode
from gitexp.store.index_file import IndexEntry, files_called, raw_entries


@dataclass(frozen=True, slots=True)
class Proven:
    """A commit and an index; both are empty where nothing was proven."""

    commit: str = ""
    index: bytes = b""

    @classmethod
    def read(cls, path: Path) -> Proven:
        """Read what was proven since the machine started."""
        with suppress(OSError), path.open("rb") as handle:
            boot, _, commit = handle.readline().rstrip(b"\n").rpartition(b" ")
            if boot == boot_id().encode():
                return cls(decode(commit), handle.read())
        return cls()

    def write(self, path: Path) -> None:
        """Remember it until the machine stops."""
        path.write_bytes(f"{boot_id()} {self.commit}\n".encode() + self.index)

    def entries(self, id_bytes: int) -> set[bytes]:
        """Return the entries of the index; none if a crash damaged it."""
        try:
            return {*raw_entries(self.index, id_bytes)} if self.index else set()
        except ValueError:
            return set()

    def files_called(self, name: str, id_bytes: int) -> list[IndexEntry]:
        """Return the files of a name, in whatever folder."""
        try:
            return files_called(name, self.index, id_bytes)
        except ValueError:
            return []
