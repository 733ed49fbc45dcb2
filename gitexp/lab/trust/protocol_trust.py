"""Trust in what measures: a protected file that changed is used once this clone has approved it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from gitexp.lab.projects.differences import relative
from gitexp.lab.projects.project import Project
from gitexp.lab.trust.approvals import Approved, approvals, approve
from gitexp.rules.gate.protected import is_protected
from gitexp.rules.text import counted, visible

_MOST_FILES, _MOST_LINES = 20, 120  # that are shown


def protocol_key(project: Project, commit: str) -> str:
    """Name what measures in a commit, by the project and the content of protected files.

    Empty where the settings protect nothing by name: then declared data and the holdout may change
    without anybody's approval.
    """
    import hashlib  # loads OpenSSL

    files = _protected_files(project, commit)
    text = "".join(f"{entry}\t{path}\0" for path, entry in sorted(files.items()))
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{project.prefix}{digest}" if project.settings.protect else ""


def is_protocol_approved(project: Project, commit: str) -> bool:
    """Whether this clone has approved what measures in a commit."""
    key = protocol_key(project, commit)
    return not key or key in approvals(project.repository, Approved.PROTOCOL)


def approve_protocol(project: Project, commit: str) -> None:
    """Approve what measures in a commit."""
    if key := protocol_key(project, commit):
        entry = {"project": project.prefix, "commit": commit}
        approve(project.repository, Approved.PROTOCOL, {key: entry})


def protocol_difference(project: Project, commit: str) -> str:
    """Return what measures in a commit as a diff against what this clone approved last."""
    before = _last_approved(project)
    now = _protected_files(project, commit)
    then = _protected_files(project, before) if before else {}
    paths = sorted(path for path in now.keys() | then.keys() if now.get(path) != then.get(path))
    lines = [] if not before else _diff(project, before, commit, paths[:_MOST_FILES])
    if not lines:
        lines = [f"{'+' if path in now else '-'} {visible(path)}" for path in paths[:_MOST_FILES]]
    if left := len(paths) - _MOST_FILES:
        lines += [f"and {counted(left, 'more file')}"] if left > 0 else []
    return "\n".join(f"  {line}" for line in lines)


def _protected_files(project: Project, commit: str) -> Mapping[str, str]:
    """Protected files of a commit by path from the top, each with its mode, type and id."""
    if not project.settings.protect:
        return {}
    listed = project.repository.git.fields("ls-tree", "-r", "-z", "--full-tree", commit)
    return {
        path: header
        for header, _, path in (entry.partition("\t") for entry in listed)
        if is_protected(project.settings, relative(project, path))
    }


def _last_approved(project: Project) -> str:
    """The commit that was approved last for a project, empty if none, or if it is gone."""
    mine = (
        entry
        for entry in approvals(project.repository, Approved.PROTOCOL).values()
        if entry.get("project") == project.prefix
    )
    last = max(mine, key=lambda entry: str(entry.get("time")), default={})
    commit = str(last.get("commit", ""))
    return commit if commit and project.repository.git.resolve(commit) else ""


def _diff(project: Project, before: str, after: str, paths: list[str]) -> list[str]:
    """Lines of git's own diff of some files, safe to show."""
    out = project.repository.git.run(
        "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--no-relative",
        before, after, "--", *(f":(top,literal){path}" for path in paths),
        environment={"GIT_LITERAL_PATHSPECS": "0"},
    ).stdout  # fmt: skip
    lines = out.decode("utf-8", "replace").split("\n")
    shown = [visible(line.rstrip("\r")) for line in islice(lines, _MOST_LINES)]
    if left := len(lines) - len(shown):
        shown.append(f"and {counted(left, 'more line')}: git diff {before[:10]} {after[:10]}")
    return [line for line in shown if line]
