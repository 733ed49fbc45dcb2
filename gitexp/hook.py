"""The hooks' entry point: the checks of `gitexp check`, without loading the command line.

Every hook returns the gate's advice, which is printed and stops nothing. Imports inside functions
keep apart what one hook needs and another does not: pre-commit runs at every commit, and half of
its time is imports.
"""

from __future__ import annotations

import os
import signal
import sys

# Ctrl-C while modules load ends in silence: a hook leaves nothing behind to clean up.
if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from pathlib import Path
from typing import TYPE_CHECKING

import gitexp.later  # noqa: F401 - before anything loads dataclasses
from gitexp.errors import GitexpError, NotReady
from gitexp.lab.projects.comparison import Comparison, compare_index
from gitexp.lab.projects.differences import inspect_comparisons
from gitexp.lab.projects.project import NO_SETTINGS
from gitexp.rules.demand import demand
from gitexp.rules.rendering import error_text, finding_lines
from gitexp.rules.text import visible
from gitexp.store.git_output import decode, parse_commit
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.finding import Finding
    from gitexp.rules.gate.one_change import Inspection

_NOT_AN_EXPERIMENT = "this commit is not an experiment"


def main(arguments: Sequence[str], *, branch_checked: bool = True) -> int:
    """Run the hook that the first argument names; returns the exit code that git acts on.

    `branch_checked` says that a shell script has already found the branch to be an experiment's.
    """
    name, *rest = arguments
    try:
        # A hook checks what git points at: perhaps a temporary index, or a git folder elsewhere.
        repository = Repository.discover(Path.cwd(), keep_location=True)
        if branch_checked or name not in _ON_BRANCH or _is_on_experiment(repository):
            _show(_called(name, repository, rest))
    except GitexpError as error:
        print(error_text(error, "gitexp"), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the edge: a bug must end in one readable line
        print(f"gitexp: this is a bug in gitexp, sorry: {error!r}", file=sys.stderr)
        return 70
    return 0


def run() -> None:
    """Run a hook for the pre-commit framework, which has not looked at the branch."""
    if len(sys.argv) < 2 or sys.argv[1] not in _HOOKS:
        print(f"usage: gitexp-hook {'|'.join(_HOOKS)} [ARGUMENT ...]", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:], branch_checked=False))


def _is_on_experiment(repository: Repository) -> bool:
    return (repository.head_branch() or "").startswith("exp/")


def _called(name: str, repository: Repository, rest: Sequence[str]) -> Sequence[Finding]:
    try:
        return _HOOKS[name](repository, rest)
    except NotReady as error:
        if error.hint != NO_SETTINGS or name not in _ON_BRANCH or not _is_older(repository):
            raise
        if name == "pre-commit":
            branch = visible(repository.head_branch() or "")
            print(f"gitexp: {branch} is from before gitexp, so it is not judged", file=sys.stderr)
        return ()


def _is_older(repository: Repository) -> bool:
    """Whether the branch goes on where there were no settings yet, as `gitexp check` decides."""
    from gitexp.store.older_branches import older_than_gitexp, registers

    head = repository.git.resolve("HEAD")
    if head is None or registers(parse_commit(repository.git.objects([head])[0]).message):
        return False
    return head in older_than_gitexp(repository, [head])


def _show(advice: Sequence[Finding]) -> None:
    if advice:
        lines = ["gitexp: advice, nothing is refused", *finding_lines(advice)]
        print("\n".join(lines), file=sys.stderr)


def _pre_commit(repository: Repository, _rest: Sequence[str]) -> Sequence[Finding]:
    _, inspection = _inspect_index(repository)
    return demand(inspection.findings, _NOT_AN_EXPERIMENT)


def _commit_msg(repository: Repository, rest: Sequence[str]) -> Sequence[Finding]:
    from gitexp.lab.projects.experiment_name import short_name
    from gitexp.lab.registering.message_file import read_message_file
    from gitexp.rules.documents.message import hypothesis_of, lint_trailers, split_message
    from gitexp.rules.gate import hypothesis
    from gitexp.workflows.fill import fill

    # The shell script has asked git for the branch already, and passes it on.
    name = short_name(rest[1] if len(rest) > 1 else repository.head_branch() or "")
    comparison, inspection = _inspect_index(repository)
    # Asked again, because a merge runs this hook and not pre-commit. Its advice was shown there.
    demand(inspection.findings, _NOT_AN_EXPERIMENT)
    message = read_message_file(repository, Path(rest[0]))
    text = message.text
    if not text.strip():
        return ()  # git itself refuses an empty message
    given = split_message(text)[1]
    linted = hypothesis.lint(hypothesis_of(text), comparison.project.settings.metric)
    advice = demand([*linted, *lint_trailers(given)], "this message is not a hypothesis")
    if (change := inspection.change) is not None:
        message.replace(fill(comparison, message.written, name, change, given, message.comment))
    return advice


def _pre_run(repository: Repository, _rest: Sequence[str]) -> Sequence[Finding]:
    from gitexp.workflows.pre_run import pre_run

    return pre_run(repository)


def _pre_push(repository: Repository, _rest: Sequence[str]) -> Sequence[Finding]:
    from gitexp.lab.gate import check_refs

    lines = (line.split(" ") for line in decode(sys.stdin.buffer.read()).split("\n"))
    # What is deleted has no commit.
    moves = [words for words in lines if len(words) == 4 and words[1].strip("0")]
    for _, commit, ref, there in moves:
        if ref.startswith("refs/notes/gitexp"):
            from gitexp.lab.gate.pushed_notes import check_pushed_notes

            known = repository.git.resolve(there) or ""
            demand(check_pushed_notes(repository, ref, known, commit), f"not pushed: {ref}")
    pushed = [(ref, commit) for _, commit, ref, _ in moves if ref.startswith("refs/heads/exp/")]
    broken = [report for report in check_refs(repository, pushed, older=False) if not report.ok]
    names = ", ".join(f"exp/{visible(report.name)}" for report in broken)
    demand([finding for report in broken for finding in report.findings], f"not pushed: {names}")
    return ()  # the commit's hooks showed the advice, and the server's hook shows it again


def _update(repository: Repository, rest: Sequence[str]) -> Sequence[Finding]:
    from gitexp.workflows.update import update

    return update(repository, *rest)


def _inspect_index(repository: Repository) -> tuple[Comparison, Inspection]:
    """Compare the index with the commit at which this branch left the baseline."""
    comparison = compare_index(repository)
    return comparison, inspect_comparisons([comparison])[0]


_HOOKS = {
    "commit-msg": _commit_msg,
    "pre-commit": _pre_commit,
    "pre-push": _pre_push,
    "pre-run": _pre_run,
    "update": _update,
}
_ON_BRANCH = {"commit-msg", "pre-commit", "pre-run"}


if __name__ == "__main__":
    ended = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # A normal exit frees every object: a tenth of the hook's time (mypy ends like this too).
    os._exit(ended)
