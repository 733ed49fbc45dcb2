"""The file in which git hands a commit message to the commit-msg hook."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gitexp.store.git_output import decode
from gitexp.store.repository import Repository

_SCISSORS = "------------------------ >8 ------------------------"


@dataclass(frozen=True, slots=True)
class MessageFile:
    """What the author wrote, what git will cut off below it, and the mark of comment lines.

    `comment` is empty if git keeps every line, as far as a hook can tell.
    """

    path: Path
    written: str
    cut_off: str
    comment: str

    @property
    def text(self) -> str:
        """What was written, without the comment lines that git drops."""
        comment = self.comment
        lines = self.written.split("\n")
        return "\n".join(line for line in lines if not (comment and line.startswith(comment)))

    def replace(self, written: str) -> None:
        """Write another message above what git will cut off."""
        self.path.write_bytes((written + self.cut_off).encode(errors="surrogateescape"))


def read_message_file(repository: Repository, path: Path) -> MessageFile:
    """Read a commit message as git's settings make git read it."""
    setting = repository.setting
    mark = setting("core.commentstring") or setting("core.commentchar") or "#"
    if mark == "auto":
        mark = "#"
    text = decode(path.read_bytes())
    # git sets this editor if it opens none (-m, -F); then a line that begins with # is text.
    edited = os.environ.get("GIT_EDITOR") != ":"
    at = f"\n{text}".find(f"\n{mark} {_SCISSORS}\n") if edited else -1
    if at < 0:
        at = len(text)
    cleanup = setting("commit.cleanup") or "default"
    drops = cleanup == "strip" or (edited and cleanup == "default")
    return MessageFile(path, text[:at], text[at:], mark if drops else "")
