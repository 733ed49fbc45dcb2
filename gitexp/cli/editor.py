"""git's editor, for a text that was not typed with its command."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.store.git_errors import GitFailed

if TYPE_CHECKING:
    from gitexp.store.repository import Repository


def edited(repository: Repository, text: str, without: str) -> str:
    """Return a text as its writer leaves it in the editor; `without` is a command that needs none.

    Raises:
        UsageError: there is no editor, or it failed.
    """
    command = _editor(repository, without)
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        path = Path(folder, "text.txt")
        path.write_text(text, encoding="utf-8")
        # A shell reads the command, as with git: it is the user's own, and may have options.
        ended = subprocess.run(["/bin/sh", "-c", f'{command} "$@"', command, path], check=False)
        if ended.returncode:
            raise UsageError(f"the editor failed: {command}", without)
        return path.read_text(encoding="utf-8", errors="replace")


def _editor(repository: Repository, without: str) -> str:
    # Our git does not see the variable, and knows the other places to look.
    if named := os.environ.get("GIT_EDITOR"):
        return named
    try:
        return repository.git.text("var", "GIT_EDITOR").strip()
    except GitFailed as error:
        raise UsageError(f"there is no editor: {error}", without) from None
