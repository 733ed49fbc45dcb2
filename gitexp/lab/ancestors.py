"""Which baseline commits run the same code, so that records of one count for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.differences import relative
from gitexp.rules.documents.same_settings import run_alike
from gitexp.rules.documents.settings import FILES
from gitexp.rules.gate.paths import matches
from gitexp.store.git_output import decode, parse_raw

if TYPE_CHECKING:
    from gitexp.lab.project import Project
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.git_output import FileChange

_FURTHEST = 200  # commits of the baseline branch that are searched


def same_runs(project: Project, settings: Settings, commit: str) -> list[str]:
    """Ancestors that differ only in files that cannot alter a run, nearest first."""
    # A root commit would list every file there is.
    out = project.repository.git.run(
        "-c", "log.showRoot=false", "log", "--first-parent", "--diff-merges=first-parent",
        f"-{_FURTHEST}", "--raw", "-r", "-z", "--no-abbrev", "--no-renames", "--no-relative",
        "--no-ext-diff", "--ignore-submodules=none", "--no-notes", "--no-show-signature",
        "--no-color", "--format=%x01%H %P", commit,
    ).stdout  # fmt: skip
    ancestors: list[str] = []
    for entry in out.split(b"\x01")[1:]:
        head, _, raw = entry.partition(b"\0")
        parents = decode(head).split()[1:]
        if not parents or any(alters_runs(project, settings, file) for file in parse_raw(raw)):
            break
        ancestors.append(parents[0])
    return ancestors


def alters_runs(project: Project, settings: Settings, file: FileChange) -> bool:
    """Whether a file that differs can alter a run."""
    path = relative(project, file.path)
    if matches(path, settings.unread):
        return False
    if path not in FILES or file.old_mode != file.new_mode:
        return True
    return not run_alike(path, *project.repository.git.objects([file.old_id, file.new_id]))
