"""Complete a hand-written commit message with the trailers that make it a registration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitexp.rules.registration import Criterion, Registration
from gitexp.workflows.design import criterion_from, first_fresh_seed
from gitexp.workflows.results import place_of_next, read_results

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitexp.rules.one_change import Change
    from gitexp.workflows.project import Project


def _repeats(text: str) -> tuple[int, ...]:
    """Looks as the author wrote them; what cannot be read is left for the gate to name."""
    return tuple(map(int, text.split())) if re.fullmatch(r"[1-9]\d*(\s+[1-9]\d*)*", text) else ()


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
    repeats = _repeats(given.get("Repeats", "")) or settings.repeats
    registration = Registration(
        hypothesis="",
        name=name,
        change=str(change),
        criterion=criterion,
        repeats=repeats,
        seeds=(first, first + repeats[-1] - 1),
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
        "--no-divider",  # a line of dashes is the author's, not the start of a patch
        "--where=end",
        "--if-missing=add",
        *words,
        str(path.absolute()),
    )
