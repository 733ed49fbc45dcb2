"""The hooks' light way in: no typer, no rich, the same functions that `check` and `run` call."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, Refused
from gitexp.rules.text import visible
from gitexp.store.git import decode
from gitexp.workflows.differences import inspect_index
from gitexp.workflows.project import open_project, settings_of, short_name

if TYPE_CHECKING:
    from gitexp.rules.finding import Finding
    from gitexp.rules.one_change import Inspection
    from gitexp.rules.settings import Settings
    from gitexp.workflows.project import Project


_SCISSORS = "------------------------ >8 ------------------------"


def main(arguments: list[str]) -> int:
    """Run one hook by its name; returns the exit code that git acts on."""
    name, *rest = arguments
    try:
        # A hook judges what git points at: a temporary index, a git folder that lies elsewhere.
        project = open_project(keep_location=True)
        _HOOKS[name](project, rest)
    except GitexpError as error:
        print(visible(error.render("gitexp")), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the edge: a bug must end in one readable line
        print(f"gitexp: a bug of ours, sorry: {type(error).__name__}: {error!r}", file=sys.stderr)
        return 70
    return 0


def _pre_commit(project: Project, _rest: list[str]) -> None:
    inspection, _ = _judge_index(project)
    _refuse(inspection.findings, "this commit is no experiment")


def _commit_msg(project: Project, rest: list[str]) -> None:
    from gitexp.rules import hypothesis
    from gitexp.rules.registration import hypothesis_of, lint_trailers, split_message
    from gitexp.workflows.fill import fill

    path = Path(rest[0])
    name = short_name(project.repository.head_branch() or "")
    inspection, settings = _judge_index(project)
    # A merge runs no pre-commit hook, and comes here all the same.
    _refuse(inspection.findings, "this commit is no experiment")
    written, below, mark = _read_message(project, path)
    text = "\n".join(line for line in written.split("\n") if not (mark and line.startswith(mark)))
    if not text.strip():
        return  # git itself refuses an empty message
    given = split_message(text)[1]
    linted = hypothesis.lint(hypothesis_of(text), settings.metric)
    _refuse([*linted, *lint_trailers(given)], "this message is no hypothesis")
    if inspection.change is not None:
        project = replace(project, settings=settings)
        whole = fill(project, written, name, inspection.change, given, mark) + below
        path.write_bytes(whole.encode(errors="surrogateescape"))


def _pre_run(project: Project, _rest: list[str]) -> None:
    from gitexp.workflows.pre_run import pre_run

    pre_run(project)


def _pre_push(project: Project, _rest: list[str]) -> None:
    from gitexp.workflows.check import check_commit

    findings: list[Finding] = []
    names = []
    for line in decode(sys.stdin.buffer.read()).split("\n"):
        words = line.split(" ")
        if len(words) != 4 or not words[2].startswith("refs/heads/exp/") or not words[1].strip("0"):
            continue
        report = check_commit(project, words[2], words[1])
        if not report.ok:
            names.append(f"exp/{report.name}")
            findings += report.findings
    _refuse(findings, f"not pushed: {', '.join(names)}")


def _judge_index(project: Project) -> tuple[Inspection, Settings]:
    """Hold what is about to be committed against the point where this branch left the baseline.

    Not against HEAD: an amend would look like a new commit, and a second commit like a first.
    Returns the settings of that point too.
    """
    git = project.repository.git
    base = git.text("merge-base", project.tip, "HEAD", allow=(1,)).split("\n")[0]
    if not base:
        raise NotReady(
            f"this branch and {project.baseline} have no common commit",
            f"git switch --create exp/NAME {project.baseline}",
        )
    settings = settings_of(project, base)
    return inspect_index(project, settings, base), settings


def _read_message(project: Project, path: Path) -> tuple[str, str, str]:
    """What was written, what git will cut off below it, and how the lines begin that git drops.

    The last is empty where git keeps every line; as far as a hook can tell.
    """
    setting = project.repository.setting
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


def _refuse(findings: list[Finding] | tuple[Finding, ...], message: str) -> None:
    refusals = [finding for finding in findings if not finding.advice]
    if refusals:
        raise Refused(message, refusals)


_HOOKS = {
    "commit-msg": _commit_msg,
    "pre-commit": _pre_commit,
    "pre-push": _pre_push,
    "pre-run": _pre_run,
}


if __name__ == "__main__":
    ended = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking the interpreter apart would be a tenth of the whole hook (mypy ends in the same way).
    os._exit(ended)
