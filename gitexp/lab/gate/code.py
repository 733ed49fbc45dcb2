"""The rules about the code commits that experiments stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.projects.differences import relative
from gitexp.rules.gate.code_commit import inspect_code, needs_content
from gitexp.rules.gate.edited import Edited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.projects.comparison import Comparison
    from gitexp.rules.documents.change import Change
    from gitexp.rules.finding import Finding


def check_code(
    comparisons: Sequence[Comparison],
    changes: Sequence[Change | None],
    *,
    largest: int | None = None,
) -> list[list[Finding]]:
    """Judge the code commits of experiments, whose `changes` are in the same order.

    One git process for them all; files of more than `largest` bytes are not read.
    """
    read: dict[str, bytes | None] = {}
    for comparison in comparisons:
        for file in comparison.code_files:
            path = relative(comparison.project, file.path)
            if needs_content(path, comparison.project.settings.config):
                both = (file.old_mode, file.old_id), (file.new_mode, file.new_id)
                read |= {blob: None for mode, blob in both if mode.startswith("10")}
    if read:
        git = comparisons[0].project.repository.git
        read = dict(zip(read, git.objects([*read], largest=largest), strict=True))
    return [
        inspect_code(
            [
                Edited(
                    relative(comparison.project, file.path), file.old_mode, file.new_mode,
                    read.get(file.old_id), read.get(file.new_id),
                )
                for file in comparison.code_files
            ],
            comparison.project.settings,
            change=change,
            baseline=comparison.project.baseline,
        )
        for comparison, change in zip(comparisons, changes, strict=True)
    ]  # fmt: skip
