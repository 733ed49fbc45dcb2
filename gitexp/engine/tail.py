"""What is new in a file that a run writes to."""

from __future__ import annotations

from pathlib import Path

_MOST = 1 << 20  # bytes that are read at once; what a flood brings beyond them is passed over


class Tail:
    """Reads a growing file from where it was read last, in whole lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._rest = b""
        self.size = 0

    def grew(self) -> bool:
        """Whether its size is another one than when this was asked last."""
        try:
            size = self._path.stat().st_size
        except OSError:
            size = 0
        before, self.size = self.size, size
        return size != before

    def read(self, *, to_the_end: bool = False) -> str:
        """Lines that were added, at most the last megabyte; with `to_the_end`, half a line too."""
        try:
            with self._path.open("rb") as handle:
                end = handle.seek(0, 2)
                passed_over = not self._at <= end <= self._at + _MOST
                if passed_over:
                    self._at = max(0, end - _MOST)
                handle.seek(self._at)
                added = handle.read(_MOST)
        except OSError:
            return ""
        self._at += len(added)
        # Half a line would be another one.
        added = added.partition(b"\n")[2] if passed_over else self._rest + added
        # A progress bar ends its states by a carriage return.
        end = len(added) if to_the_end else 1 + max(added.rfind(b"\n"), added.rfind(b"\r"))
        self._rest = added[end:][-_MOST:]
        return added[:end].decode("utf-8", "replace")
