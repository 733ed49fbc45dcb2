"""The rules about the code commits that experiments stand on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.lab.projects.differences import read_edited
from gitexp.rules.documents.change import Change
from gitexp.rules.finding import Finding
from gitexp.rules.gate.code_commit import inspect_code, needs_content

if TYPE_CHECKING:
    from gitexp.lab.projects.comparison import Comparison


def check_code(
    comparisons: Sequence[Comparison],
    changes: Sequence[Change | None],
    *,
    largest: int | None = None,
) -> list[list[Finding]]:
    """Judge the code commits of experiments, whose `changes` are in the same order.

    One git process for them all; files of more than `largest` bytes are not read.
    """
    wanted = [(comparison.project, comparison.code_files) for comparison in comparisons]
    edited = read_edited(wanted, needs_content, largest)
    return [
        inspect_code(files, project.settings, change=change, baseline=project.baseline)
        for (project, _), files, change in zip(wanted, edited, changes, strict=True)
    ]
