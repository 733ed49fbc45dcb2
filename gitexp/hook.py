"""The hooks' light way in: no typer, no rich, the same functions that `check` and `run` call."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, Refused
from gitexp.rules import hypothesis
from gitexp.rules.registration import split_message
from gitexp.workflows.check import check_commit, inspect_index
from gitexp.workflows.project import Project, open_project, settings_at, short_name

if TYPE_CHECKING:
    from gitexp.rules.finding import Finding
    from gitexp.rules.one_change import Inspection


def main(arguments: list[str]) -> int:
    """Run one hook by its name; returns the exit code that git acts on."""
    name, *rest = arguments
    try:
        project = open_project(keep_location=name in {"commit-msg", "pre-commit"})
        _HOOKS[name](project, rest)
    except GitexpError as error:
        print(error.render("gitexp"), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _pre_commit(project: Project, _rest: list[str]) -> None:
    inspection, _ = _judge_index(project)
    _refuse(inspection.findings, "this commit is no experiment")


def _commit_msg(project: Project, rest: list[str]) -> None:
    from gitexp.workflows.fill import fill

    path = Path(rest[0])
    name = short_name(project.repository.head_branch() or "")
    inspection, base = _judge_index(project)
    text = _without_comments(project, path)
    if not text.strip():
        return  # git itself refuses an empty message
    statement = " ".join(split_message(text)[0].split("\n\n", 1)[0].split())
    settings = settings_at(project.repository, base, project.prefix)[1]
    _refuse(hypothesis.lint(statement, settings.metric), "this message is no hypothesis")
    if inspection.change is not None:
        fill(project, path, name, inspection.change, split_message(text)[1])


def _pre_run(project: Project, _rest: list[str]) -> None:
    from gitexp.workflows.pre_run import pre_run

    pre_run(project)


def _pre_push(project: Project, _rest: list[str]) -> None:
    findings: list[Finding] = []
    names = []
    for line in sys.stdin.read().splitlines():
        words = line.split(" ")
        if len(words) != 4 or not words[2].startswith("refs/heads/exp/") or not words[1].strip("0"):
            continue
        report = check_commit(project, words[2], words[1])
        if not report.ok:
            names.append(f"exp/{report.name}")
            findings += report.findings
    _refuse(findings, f"not pushed: {', '.join(names)}")


def _judge_index(project: Project) -> tuple[Inspection, str]:
    """Hold what is about to be committed against the point where this branch left the baseline.

    Not against HEAD: an amend would look like a new commit, and a second commit like a first.
    """
    git = project.repository.git
    base = git.text("merge-base", project.tip, "HEAD", allow=(1,)).split("\n")[0]
    if not base:
        raise NotReady(
            f"this branch and {project.baseline} have no common commit",
            f"git switch --create exp/NAME {project.baseline}",
        )
    settings = settings_at(project.repository, base, project.prefix)[1]
    return inspect_index(project, settings, base), base


def _without_comments(project: Project, path: Path) -> str:
    """The message as git will take it, as far as a hook can tell: comments and scissors gone."""
    mark = project.repository.setting("core.commentchar") or "#"
    if mark == "auto":
        mark = "#"
    lines = []
    for line in path.read_text("utf-8", "surrogateescape").splitlines():
        if line.startswith(mark) and ">8" in line:
            break
        if not line.startswith(mark):
            lines.append(line)
    return "\n".join(lines)


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
    sys.exit(main(sys.argv[1:]))
