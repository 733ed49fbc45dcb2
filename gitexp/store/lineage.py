"""What commits changed: along the history of a baseline branch, as diffs, and line by line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from gitexp.store.git import RAW, Git
from gitexp.store.git_output import FileChange, decode, one_a_line, parse_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PAGE = 200  # commits that are read at first: most questions end within a few
_LARGEST = 20_000  # bytes of one patch that are kept


class LineageStep(NamedTuple):
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
        out = self._git.log(
            "--first-parent", "--diff-merges=first-parent", f"-{page}", *RAW,
            "--format=%x01%H %P", commit,
        )  # fmt: skip
        for (head,), files, _ in parse_history(out, fields=1):
            name, *parents = head.split()
            self._steps[name] = LineageStep(name, parents[0] if parents else "", tuple(files))


def read_patches(git: Git, commits: Sequence[str]) -> dict[str, str]:
    """Diffs of commits against their first parents, in one git process; long ones are cut.

    A commit without a parent, or whose parent is not in this clone, has none.
    """
    if not commits:
        return {}
    out = git.run(
        "diff-tree", "--stdin", "-p", "-r", "--no-ext-diff", "--no-textconv", "--no-color",
        "--no-renames", "--no-relative", "--diff-merges=first-parent", "--unified=1",
        stdin=one_a_line(commits), allow=(128,),
    ).stdout  # fmt: skip
    found: dict[str, list[bytes]] = {}
    names = {commit.encode(): commit for commit in commits}
    into: list[bytes] = []
    # Each line of a patch has a mark or a word before it, so an id alone on a line begins the next.
    for line in out.split(b"\n"):
        if line in names:
            into = found.setdefault(names[line], [])
        else:
            into.append(line)
    return {commit: decode(b"\n".join(lines)[:_LARGEST]) for commit, lines in found.items()}


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
        "-c", "blame.ignoreRevsFile=", "blame", "--line-porcelain", commit,
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
