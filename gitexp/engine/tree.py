"""A folder for the files of a commit, and where gitexp remembers what it wrote there."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from gitexp.store.git import Git
from gitexp.store.sealed import sealed_git


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder for the files of a commit, and what is remembered about it.

    `state` names our own files beside it: `state.index` is the index that only gitexp's git writes,
    and `state.proven` a copy of it from when every file was last known to be its commit's.
    `sealed` is what git takes for the clone's folder, `objects` and `lfs` are its stores.
    """

    sealed: Path
    objects: Path
    lfs: Path
    work_tree: Path
    state: Path
    hash_name: str

    @property
    def index(self) -> Path:
        """The index that only gitexp's git writes."""
        return self.state.with_name(f"{self.state.name}.index")

    @property
    def proven(self) -> Path:
        """What was last proven."""
        return self.state.with_name(f"{self.state.name}.proven")

    @property
    def contents(self) -> Path:
        """Contents of Git LFS files while git writes."""
        return self.state.with_name(f"{self.state.name}.contents")

    @property
    def known_contents(self) -> Path:
        """Where contents of Git LFS files are while git does not write, and their states."""
        return self.contents.with_suffix(".json")

    @property
    def id_bytes(self) -> int:
        """How long an object's id is."""
        return 32 if self.hash_name == "sha256" else 20

    @property
    def git(self) -> Git:
        """A git that nothing but the commit's own attributes can influence."""
        return sealed_git(self.sealed, self.objects, self.work_tree, self.index)

    @property
    def git_without_index(self) -> Git:
        """The same for commits alone; git reads its index even to compare two of them."""
        return sealed_git(
            self.sealed, self.objects, self.work_tree, self.index.with_suffix(".none")
        )

    def date_index(self, time: int) -> None:
        """Say since when, in ns, files have not been edited unless it shows in their times.

        git reads those again that were written in the second of its index's time or later, because
        a further edit in the same second may not show.
        """
        os.utime(self.index, ns=(time, time))

    def now(self) -> int:
        """The time, in ns, by the clock that dates files here."""
        mark = self.state.with_name(f"{self.state.name}.now")
        mark.touch()
        return mark.stat().st_mtime_ns

    def forget(self) -> None:
        """Let the next use write every file."""
        lock = self.index.with_name(f"{self.index.name}.lock")  # of a git that was killed
        for path in (self.index, lock, self.proven, self.known_contents):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.contents, ignore_errors=True)
