"""When each line of a file was last changed, and by which commit: `git blame`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from gitexp.store.git import Git


class LineDate(NamedTuple):
    """The commit that last changed a line; `time` is ISO 8601, in UTC."""

    commit: str
    author: str
    time: str


def line_dates(git: Git, commit: str, path: str) -> list[LineDate]:
    """Who last changed each line of a committed file, in the order of the lines.

    git's own settings for blame do not count: each clone gives the same answer.
    """
    out = git.run(
        "-c", "blame.ignoreRevsFile=", "blame", "--line-porcelain", "--encoding=UTF-8", commit,
        "--", path,
    ).stdout  # fmt: skip
    lines, said = [], dict[str, str]()
    for text in decode(out).split("\n"):
        if text.startswith("\t"):
            lines.append(LineDate(said["commit"], said.get("author", ""), _time(said)))
            said = {}
        elif said:
            word, _, rest = text.partition(" ")
            said.setdefault(word, rest)
        elif text:
            said["commit"] = text.partition(" ")[0]
    return lines


def _time(said: dict[str, str]) -> str:
    try:
        moment = datetime.fromtimestamp(int(said.get("committer-time", "0")), UTC)
    except (ValueError, OverflowError, OSError):  # anybody can write a commit of the year 10000
        return ""
    return moment.isoformat(timespec="seconds")
