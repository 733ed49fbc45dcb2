"""What the log answers already: the same key set to the same value, tried before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import Refused, UsageError
from gitexp.rules import words
from gitexp.rules.finding import Finding
from gitexp.rules.registration import same_target
from gitexp.rules.verdict import Verdict
from gitexp.workflows.ancestors import same_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.one_change import Change
    from gitexp.workflows.project import Project
    from gitexp.workflows.results import Result


def tried_before(results: Sequence[Result], change: str) -> list[Result]:
    """Experiments that set the same key to the same value, whatever it was before, newest first."""
    return [
        result
        for result in results
        if result.registration and same_target(result.registration.change, change)
    ]


def is_answered(result: Result) -> bool:
    """Whether an experiment has a verdict that a repetition would only ask for again."""
    judgement = result.judgement
    return (
        judgement is not None
        and judgement.verdict in {Verdict.CONFIRMED, Verdict.RULED_OUT, Verdict.INCONCLUSIVE}
        and judgement.reason != "repeats failed"
    )


def answered(project: Project, earlier: Sequence[Result]) -> list[Finding]:
    """Say what the log knows of a change.

    Raises:
        Refused: it was answered on a baseline that runs like the present one.
    """
    done = [result for result in earlier if is_answered(result)]
    if not done:
        return [
            Finding(
                "K2",
                f"exp/{result.entry.name} registers the same change, and has no verdict yet",
                f"gitexp run {result.entry.name}",
                advice=True,
            )
            for result in earlier[:1]
        ]
    if found := answer_known(project, done, (project.tip,)):
        raise Refused("not registered; nothing was created", [found])
    newest = done[0]
    return [
        Finding(
            "K2",
            f"exp/{newest.entry.name} made the same change on an older baseline"
            f"\n{_indented(newest)}",
            "both stand beside each other in: gitexp show",
            advice=True,
        )
    ]


def answer_known(
    project: Project, earlier: Sequence[Result], parents: Sequence[str]
) -> Finding | None:
    """Find a verdict on the same change, on a baseline that runs like the one in `parents`."""
    done = [result for result in earlier if is_answered(result)]
    alike = {*parents}
    if any(not alike.issuperset(result.entry.parents) for result in done):
        alike |= {*same_runs(project, project.settings, parents[0])}
    for result in done:
        if alike.intersection(result.entry.parents):
            return Finding(
                "K1",
                f"the log has the answer: exp/{result.entry.name} made the same change on this"
                f" baseline\n{_indented(result)}",
                f"gitexp show {result.entry.name} tells more; gitexp start --replicate tests it"
                " again, on seeds that it has not used",
            )
    return None


def _indented(result: Result) -> str:
    assert result.registration is not None  # noqa: S101 - it was found by its change
    assert result.judgement is not None  # noqa: S101 - it has a verdict
    return f"  {words.verdict_line(result.registration, result.judgement)}"


def replicated(change: Change, earlier: Sequence[Result]) -> tuple[str, str]:
    """Trailer that ties a replication to the experiment that it repeats.

    Raises:
        UsageError: nothing was tried that could be repeated.
    """
    first = next((result for result in earlier if is_answered(result)), None)
    if first is None:
        raise UsageError(
            f"there is nothing to replicate: no experiment with a verdict made the change {change}",
            "the same command without --replicate",
        )
    return "Replicate", f"{first.entry.name} {first.entry.commit}"
