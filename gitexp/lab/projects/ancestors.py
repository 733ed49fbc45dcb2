"""Which baseline commits run the same code, so that records of one count for all."""

from __future__ import annotations

from gitexp.lab.code.code_steps import ProvenSteps, code_steps, unproven_step
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.settings import Settings


def same_runs(project: Project, settings: Settings, commit: str) -> list[str]:
    """Ancestors that run the same, nearest first.

    Only files differ that cannot alter a run, or code that is proven to leave results as they were.
    """
    ancestors: list[str] = []
    proven, until = ProvenSteps(project), ""
    for step, alters in code_steps(project, settings, commit):
        if alters and not until:
            until = proven.against(step.commit)
            if not until:
                break
        # What lies between a commit and the one that it was compared with may run otherwise.
        if step.parent == until:
            until = ""
        if not until:
            ancestors.append(step.parent)
    return ancestors


def origin_of(project: Project, settings: Settings, commit: str) -> str:
    """The earliest commit that runs the same, or will turn out to if code proves to be neutral."""
    step = unproven_step(project, settings, commit)
    nearest = step.ancestor if step else commit
    return [nearest, *same_runs(project, settings, nearest)][-1]
