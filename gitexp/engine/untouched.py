"""Takes a folder from one commit to another by writing only the few files that the two differ in.

git first looks whether anything in the folder was touched. Where something was, all of it has to be
compared with the commit (engine/committed.py).
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from gitexp.store.git_errors import GitFailed
from gitexp.store.index_file import IndexEntry

if TYPE_CHECKING:
    from gitexp.engine.proven import Proven
    from gitexp.store.git import Git
    from gitexp.store.git_output import FileChange

_FEW = 50  # git looks for each of them among all files
_ABSENT, _SUBMODULE = "000000", "160000"


def write_changes(git: Git, proven: Proven, commit: str) -> list[IndexEntry] | None:
    """Write what a commit has otherwise, if that is little and nothing was touched since.

    git's index is the proven one. Returns the files that were written; None if the folder may not
    hold the commit, or more than that.
    """
    try:
        same = commit == proven.commit
        changes = [] if same else git.differences("diff-tree", proven.commit, commit)
        if len(changes) > _FEW or not all(map(_is_plain, changes)) or not _is_untouched(git):
            return None
        if changes:
            git.run(
                "restore", f"--source={commit}", "--staged", "--worktree",
                "--pathspec-from-file=-", "--pathspec-file-nul",
                stdin=b"".join(os.fsencode(change.path) + b"\0" for change in changes),
            )  # fmt: skip
    except GitFailed:
        return None
    return [IndexEntry(one.path, int(one.new_mode, 8), one.new_id, 0) for one in changes]


def _is_plain(change: FileChange) -> bool:
    """Whether a file is there afterwards, and no submodule is or was in its place."""
    return change.new_mode != _ABSENT and _SUBMODULE not in {change.old_mode, change.new_mode}


def _is_untouched(git: Git) -> bool:
    """Whether all files are as the index knows them, and there are no others."""
    # Two processes use two cores: each looks at the whole tree. What git cannot look at, it only
    # says on standard error.
    with git.start(
        "diff-files", "--quiet",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as looking:  # fmt: skip
        others = git.run("ls-files", "--others", "--directory", "-z", allow=(128,))
        said, _ = looking.communicate()
    return not any((others.returncode, others.stdout, others.stderr, looking.returncode, said))
