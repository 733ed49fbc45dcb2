"""Carry the code of an experiment to the tip of the baseline branch: a merge of three versions."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitexp.errors import Refused
from gitexp.lab.code.code_edit import CodeEdit
from gitexp.lab.projects.differences import relative
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.committing import Code
from gitexp.lab.trust.code_trust import untrusted
from gitexp.rules.text import counted, visible
from gitexp.store.git_output import decode
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result

_MOST = 5  # files in one sentence
# What is merged is in no history: who made it, and when, is nobody's.
_NOBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "gitexp"), ("EMAIL", "gitexp"), ("DATE", "2000-01-01T00:00:00Z"))
}


def carry(project: Project, result: Result) -> CodeEdit | None:
    """The code of an experiment on the baseline's tip; None if it has none, or the tip has it.

    On the same baseline commit, that is the code commit itself.

    Raises:
        Refused: the code and the baseline branch changed the same lines; the message says where.
    """
    if not result.code:
        return None
    git, tip = project.repository.git, project.tip
    new = result.base != tip
    tree = _merged(project, result) if new else result.code
    files = tuple(git.differences("diff-tree", tip, tree))
    if not files:
        return None
    paths = tuple(relative(project, file.path) for file in files)
    # What was not read before it was carried has still not been read.
    foreign = bool(new and untrusted(project, f"exp/{result.name}", [result.code]))
    code = Code(tip, paths, "" if new else tree, tree if new else "", foreign)
    return CodeEdit(project, code, files, ())


def _merged(project: Project, result: Result) -> str:
    """The tree of the tip with what the code changes of its own baseline commit.

    Both versions are put on that commit first: what the branch has merged before, and perhaps
    reverted since, is compared by its content alone.
    """
    repository, base = project.repository, result.base
    ours, theirs = (_put_on(repository, base, one) for one in (project.tip, result.code))
    done = repository.git.run(
        "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs,
        allow=(1,),
    )  # fmt: skip
    tree, *files = filter(None, decode(done.stdout).split("\0"))
    if done.returncode:
        where = [_place(repository, tree, path) for path in dict.fromkeys(files)]
        more = f" and {counted(len(where) - _MOST, 'more file')}" if len(where) > _MOST else ""
        raise Refused(
            f"the code of exp/{result.name} and {project.baseline} changed the same lines:"
            f" {', '.join(where[:_MOST])}{more}",
            hint=f"git switch --detach {shlex.quote(project.baseline)} && git cherry-pick"
            f" --no-commit {result.code[:10]}\nresolve that, edit the config line, and then:"
            ' gitexp start --code "HYPOTHESIS"',
        )
    return tree


def _put_on(repository: Repository, base: str, commit: str) -> str:
    words = ("commit-tree", f"{commit}^{{tree}}", "-p", base, "-m", "to be merged")
    return repository.git.text(*words, environment=_NOBODY)


def _place(repository: Repository, tree: str, path: str) -> str:
    """A file, and the line of the merge at which the first conflict is."""
    [content] = repository.git.objects([f"{tree}:{path}"]) if "\n" not in path else [None]
    lines = (content or b"").split(b"\n")
    at = next((at for at, line in enumerate(lines, 1) if line.startswith(b"<<<<<<< ")), None)
    return visible(path) + (f" (line {at})" if at else "")
