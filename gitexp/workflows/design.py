"""What a new experiment is measured by, and on which seeds, for whoever registers one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.rules.registration import Criterion, split_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.workflows.project import Project
    from gitexp.workflows.results import Result


def criterion_from(project: Project, expect: str) -> Criterion:
    """Criterion as typed, else as the settings have it."""
    settings = project.settings
    if not expect:
        return Criterion(settings.metric, settings.effect, settings.higher_is_better)
    criterion = Criterion.parse(expect)
    if (
        criterion.metric == settings.metric
        and criterion.higher_is_better != settings.higher_is_better
    ):
        raise UsageError(
            f"{expect!r} counts a worse {settings.metric} as success:"
            f" settings say that {settings.direction} is better",
            f"--expect '{replace(criterion, higher_is_better=settings.higher_is_better)}'",
        )
    return criterion


def first_fresh_seed(project: Project, results: Sequence[Result], after: int = 0) -> int:
    """First seed for a new experiment: beyond those that won the present baseline.

    A baseline measured on the very seeds that its change won on would look better than it is.
    """
    # The experiments that were accepted name their seeds in the commits that took them in.
    out = project.repository.git.text(
        "log", "--first-parent", "-z", "--no-notes", "--no-show-signature", "--no-color", "-E",
        "--grep=^Accepted: [0-9a-f]{40}", "--format=%B", project.tip,
    )  # fmt: skip
    taken_in = (split_message(message)[1] for message in out.split("\0"))
    newest = next((t for t in taken_in if t.get("Project", "") == project.folder), {})
    last = after
    _, _, end = newest.get("Seeds", "").partition("-")
    if end.isdigit():
        last = max(last, int(end))
    accepted = newest.get("Accepted", "")
    last = max(
        [last]
        + [
            r.registration.seeds[1]
            for r in results
            if r.registration and r.entry.commit == accepted
        ]
    )
    return last + 1
