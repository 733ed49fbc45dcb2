"""Which baseline commits run the same code, so that records of one count for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.differences import relative
from gitexp.rules.documents.same_settings import run_alike
from gitexp.rules.documents.settings import FILES
from gitexp.rules.gate.paths import matches
from gitexp.rules.gate.protected import is_protected

if TYPE_CHECKING:
    from gitexp.lab.project import Project
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.git_output import FileChange


def same_runs(project: Project, settings: Settings, commit: str) -> list[str]:
    """Ancestors that differ only in files that cannot alter a run, nearest first."""
    ancestors: list[str] = []
    for step in project.repository.lineage.since(commit):
        if not step.parent or any(alters_runs(project, settings, file) for file in step.files):
            break
        ancestors.append(step.parent)
    return ancestors


def alters_runs(project: Project, settings: Settings, file: FileChange) -> bool:
    """Whether a file that differs can alter a run; what measures can, whatever its name."""
    path = relative(project, file.path)
    if is_protected(settings, path):
        return True
    if matches(path, settings.unread):
        return False
    if path not in FILES or file.old_mode != file.new_mode:
        return True
    return not run_alike(path, *project.repository.git.objects([file.old_id, file.new_id]))
