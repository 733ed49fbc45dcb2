"""The first-parent history of a baseline branch, and what each of its commits changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.store.git_output import FileChange, parse_history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.store.git import Git

_PAGE = 200  # commits that are read at first: most questions end within a few


@dataclass(frozen=True, slots=True)
class LineageStep:
    """A commit, its first parent, and the files in which they differ.

    `parent` is empty where history begins, or ends in a shallow clone.
    """

    commit: str
    parent: str
    files: tuple[FileChange, ...]


class Lineage:
    """First-parent history from any commit on; read once, as far back as somebody asks."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._steps: dict[str, LineageStep] = {}

    def since(self, commit: str) -> Iterator[LineageStep]:
        """Walk from a commit to where history begins."""
        while commit:
            if commit not in self._steps:
                self._read(commit)
            step = self._steps[commit]
            yield step
            commit = step.parent

    def _read(self, commit: str) -> None:
        page = max(_PAGE, len(self._steps))
        # A root commit would list every file there is.
        out = self._git.run(
            "-c", "log.showRoot=false", "log", "--first-parent", "--diff-merges=first-parent",
            f"-{page}", "--raw", "-r", "-z", "--no-abbrev", "--no-renames", "--no-relative",
            "--no-ext-diff", "--ignore-submodules=none", "--no-notes", "--no-show-signature",
            "--no-color", "--format=%x01%H %P", commit,
        ).stdout  # fmt: skip
        for (head,), files in parse_history(out, fields=1):
            name, *parents = head.split()
            self._steps[name] = LineageStep(name, parents[0] if parents else "", tuple(files))
