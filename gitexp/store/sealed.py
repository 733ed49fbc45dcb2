"""git that reads nothing of a clone but its objects, to write files exactly as a commit has them.

What a file becomes in a work tree depends on more than its commit: on filters and line ends in the
configuration, on info/attributes, sparse cones, replaced objects, and on flags in the index that a
script may set. Here git gets a folder of its own instead of the clone's, with its own configuration
and index. What is left are the attributes that the commit has itself.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gitexp.store.git import Git
from gitexp.store.git_environment import sealed_environment
from gitexp.store.local import locked
from gitexp.store.repository import Repository

_CONFIG = """\
[core]
\trepositoryformatversion = 1
\tattributesFile = {nowhere}
\tautocrlf = false
\tbare = false
\teol = lf
\tfileMode = true
\tignoreCase = {ignore_case}
\tsafecrlf = false
\tsymlinks = true
[extensions]
\tobjectFormat = {format}
[index]
\tversion = 2
"""
_EXPECTED = {"HEAD", "config", "refs"}


def object_format(repository: Repository) -> str:
    """Return what names the objects of a clone: sha1 or sha256."""
    return repository.setting("extensions.objectformat") or "sha1"


def sealed_folder(repository: Repository, path: Path) -> Path:
    """Make a folder in which git believes to be in a repository; returns it."""
    config = _CONFIG.format(
        nowhere=os.devnull,
        format=object_format(repository),
        ignore_case=repository.setting("core.ignorecase") or "false",
    )
    if not _holds(path, config):
        with locked(path.with_name("sealed.lock")):
            if not _holds(path, config):
                shutil.rmtree(path, ignore_errors=True)
                (path / "refs").mkdir(parents=True)
                (path / "HEAD").write_text("ref: refs/heads/none\n")
                (path / "config").write_text(config)
    return path


def _holds(path: Path, config: str) -> bool:
    try:
        names = {entry.name for entry in path.iterdir()}
        return names == _EXPECTED and (path / "config").read_text() == config
    except (OSError, ValueError):
        return False


def sealed_git(folder: Path, objects: Path, work_tree: Path, index: Path) -> Git:
    """Return a git that knows `objects`, and writes to `work_tree` what `index` is made to have."""
    git = Git(work_tree)
    git.environment = sealed_environment() | {
        "LANGUAGE": "C",
        "GIT_DIR": str(folder),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_WORK_TREE": str(work_tree),
        "GIT_INDEX_FILE": str(index),
    }
    return git
