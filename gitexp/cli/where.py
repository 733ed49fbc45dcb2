"""Where runs are made, as `--on` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.lab.away.elsewhere import Place
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.elsewhere import Where


def place_of(project: Project, where: Where) -> Place | None:
    """Return the cluster that is wanted, and the remote that its workers use; None for here."""
    if not where.on:
        return None
    from gitexp.workflows.away import place_of as away  # loads what syncs and hands runs over

    return away(project, where)
