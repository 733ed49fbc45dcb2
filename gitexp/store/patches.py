"""What commits changed, as git's own diff shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.store.git import Git

_LARGEST = 20_000  # bytes of one patch that are kept


def read_patches(git: Git, commits: Sequence[str]) -> dict[str, str]:
    """Diffs of commits against their first parents, in one git process; long ones are cut.

    A commit without a parent, or whose parent is not in this clone, has none.
    """
    if not commits:
        return {}
    out = git.run(
        "diff-tree", "--stdin", "-p", "-r", "--no-ext-diff", "--no-textconv", "--no-color",
        "--no-renames", "--no-relative", "--diff-merges=first-parent", "--unified=1",
        stdin="".join(f"{commit}\n" for commit in commits).encode(), allow=(128,),
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
