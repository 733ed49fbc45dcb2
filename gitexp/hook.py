"""The hooks' light way in: no typer, no rich, the same functions that `check` and `run` call."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import gitexp.later  # noqa: F401 - before anything loads dataclasses
from gitexp.errors import GitexpError
from gitexp.lab.comparison import Ground, find_ground_of_index
from gitexp.lab.differences import inspect_grounds
from gitexp.lab.project import short_name
from gitexp.rules.finding import demand
from gitexp.rules.rendering import error_text, finding_lines
from gitexp.rules.text import visible
from gitexp.store.git_output import decode
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.finding import Finding
    from gitexp.rules.gate.one_change import Inspection


_SCISSORS = "------------------------ >8 ------------------------"
_NO_EXPERIMENT = "this commit is not an experiment"


def main(arguments: Sequence[str], *, asked: bool = True) -> int:
    """Run one hook by its name; returns the exit code that git acts on.

    `asked` says that a shell has looked already whether the branch is an experiment's.
    """
    name, *rest = arguments
    try:
        # A hook judges what git points at: a temporary index, a git folder that lies elsewhere.
        repository = Repository.discover(Path.cwd(), keep_location=True)
        branch = "" if asked else repository.head_branch() or ""
        if asked or branch.startswith("exp/") or name not in _ON_BRANCH:
            advice = _HOOKS[name](repository, rest)
            if advice:
                print("gitexp: advice, nothing is refused", file=sys.stderr)
                print("\n".join(finding_lines(advice)), file=sys.stderr)
    except GitexpError as error:
        print(error_text(error, "gitexp"), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the edge: a bug must end in one readable line
        print(f"gitexp: a bug of ours, sorry: {type(error).__name__}: {error!r}", file=sys.stderr)
        return 70
    return 0


def run() -> None:
    """Run one hook for a framework: no shell has looked at the branch before."""
    if len(sys.argv) < 2 or sys.argv[1] not in _HOOKS:
        print(f"usage: gitexp-hook {'|'.join(_HOOKS)} [ARGUMENT ...]", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:], asked=False))


def _pre_commit(repository: Repository, _rest: Sequence[str]) -> Sequence[Finding]:
    _, inspection = _judge_index(repository)
    return demand(inspection.findings, _NO_EXPERIMENT)


def _commit_msg(repository: Repository, rest: Sequence[str]) -> Sequence[Finding]:
    from gitexp.rules.documents.message import hypothesis_of, lint_trailers, split_message
    from gitexp.rules.gate import hypothesis
    from gitexp.workflows.fill import fill

    path = Path(rest[0])
    # The shim has asked git already, and hands the answer on.
    name = short_name(rest[1] if len(rest) > 1 else repository.head_branch() or "")
    ground, inspection = _judge_index(repository)
    # A merge runs this hook and not pre-commit; the advice was shown by pre-commit already.
    demand(inspection.findings, _NO_EXPERIMENT)
    written, below, mark = _read_message(repository, path)
    text = "\n".join(line for line in written.split("\n") if not (mark and line.startswith(mark)))
    if not text.strip():
        return ()  # git itself refuses an empty message
    given = split_message(text)[1]
    linted = hypothesis.lint(hypothesis_of(text), ground.project.settings.metric)
    advice = demand([*linted, *lint_trailers(given)], "this message is not a hypothesis")
    if inspection.change is not None:
        whole = fill(ground.project, written, name, inspection.change, given, mark) + below
        path.write_bytes(whole.encode(errors="surrogateescape"))
    return advice


def _pre_run(repository: Repository, _rest: Sequence[str]) -> Sequence[Finding]:
    from gitexp.workflows.pre_run import pre_run

    return pre_run(repository)


def _pre_push(repository: Repository, _rest: Sequence[str]) -> Sequence[Finding]:
    from gitexp.lab.gate import check_refs

    lines = (line.split(" ") for line in decode(sys.stdin.buffer.read()).split("\n"))
    pushed = [
        (words[2], words[1])
        for words in lines
        if len(words) == 4 and words[2].startswith("refs/heads/exp/") and words[1].strip("0")
    ]
    broken = [report for report in check_refs(repository, pushed) if not report.ok]
    demand(
        [finding for report in broken for finding in report.findings],
        f"not pushed: {', '.join(f'exp/{visible(report.name)}' for report in broken)}",
    )
    return ()  # the advice was shown at the commit, and a server with a hook shows it again


def _update(repository: Repository, rest: Sequence[str]) -> Sequence[Finding]:
    from gitexp.workflows.update import update

    return update(repository, *rest)


def _judge_index(repository: Repository) -> tuple[Ground, Inspection]:
    """Hold what is about to be committed against the point where this branch left the baseline."""
    ground = find_ground_of_index(repository)
    return ground, inspect_grounds([ground])[0]


def _read_message(repository: Repository, path: Path) -> tuple[str, str, str]:
    """What was written, what git will cut off below it, and how the lines begin that git drops.

    The last is empty where git keeps every line; as far as a hook can tell.
    """
    setting = repository.setting
    mark = setting("core.commentstring") or setting("core.commentchar") or "#"
    if mark == "auto":
        mark = "#"
    text = decode(path.read_bytes())
    # git names this editor where it opens none (-m, -F): there a line with # is text, and stays.
    edited = os.environ.get("GIT_EDITOR") != ":"
    at = f"\n{text}".find(f"\n{mark} {_SCISSORS}\n") if edited else -1
    if at < 0:
        at = len(text)
    cleanup = setting("commit.cleanup") or "default"
    drops = cleanup == "strip" or (edited and cleanup == "default")
    return text[:at], text[at:], mark if drops else ""


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
    # Taking the interpreter apart would be a tenth of the whole hook (mypy ends in the same way).
    os._exit(ended)
