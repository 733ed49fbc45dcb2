"""Complete a hand-written commit message with the trailers that make it a registration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.registration import Criterion, Registration
from gitexp.workflows.results import place_of_next, read_results
from gitexp.workflows.start import criterion_from, first_fresh_seed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitexp.rules.one_change import Change
    from gitexp.workflows.project import Project


def fill(project: Project, path: Path, name: str, change: Change, given: Mapping[str, str]) -> None:
    """Add what is missing; what the author wrote stays, but for the facts: name and change."""
    settings = project.settings
    criterion = (
        Criterion.parse(given["Criterion"])
        if given.get("Criterion")
        else criterion_from(project, "")
    )
    # An amended experiment is not its own competitor.
    results = [r for r in read_results(project.repository) if r.entry.name != name]
    place = place_of_next(results, criterion.metric, settings)
    first = first_fresh_seed(project, results)
    registration = Registration(
        hypothesis="",
        name=name,
        change=str(change),
        criterion=criterion,
        repeats=settings.repeats,
        seeds=(first, first + settings.repeats[-1] - 1),
        widening=settings.widening,
        campaign=place.campaign,
        level=place.level,
        extra=(("Project", project.prefix.rstrip("/")),) if project.prefix else (),
    )
    words = []
    for token, value in registration.trailers():
        rule = "replace" if token in {"Experiment", "Change"} else "doNothing"
        words += ["--if-exists", rule, "--trailer", f"{token}: {value}"]
    project.repository.git.run(
        "-c",
        "trailer.separators=:",
        "interpret-trailers",
        "--in-place",
        *words,
        str(path.absolute()),
    )
