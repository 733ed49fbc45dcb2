"""Carry out what `gitexp start` was asked: register it, with or without code, and run it.

Functions below import what takes code along and what makes runs: other starts need none of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views import code as code_views
from gitexp.cli.views import registered as views
from gitexp.errors import Refused, UsageError
from gitexp.lab.projects.project import Project
from gitexp.workflows.start import start, start_sweep

if TYPE_CHECKING:
    from gitexp.lab.registering.registering import Started
    from gitexp.rules.plan.options import Options
    from gitexp.workflows.start_again import Replaced
    from gitexp.workflows.start_code import FoundCode


@dataclass(frozen=True, slots=True)
class Way:
    """What happens to what was registered: it is printed, or run, and merged if confirmed."""

    run: bool
    accept: bool
    jobs: int | None
    yes: bool
    several: bool
    as_json: bool

    def go_on(self, started: Sequence[Started]) -> None:
        """Print what was registered, and run it if that was asked."""
        if self.several:
            views.overrun(started)
        if self.run:
            if not self.as_json:
                views.registered(started)
            self.run_it(started)
        elif self.several:
            views.started_all(started, as_json=self.as_json)
        else:
            views.started(started[0], as_json=self.as_json)

    def run_it(self, started: Sequence[Started | Replaced]) -> None:
        """Run and judge it."""
        from gitexp.cli.run_started import run_started

        run_started(
            started, jobs=self.jobs, yes=self.yes, accepting=self.accept, several=self.several,
            as_json=self.as_json,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskedStart:
    """What the options say about one experiment, or about the values of a sweep."""

    set: str | None
    sweep: str
    options: Options
    switch: bool
    replicate: bool
    code: bool
    code_from: str | None
    on: str | None


def register(project: Project, text: str, asked: AskedStart, way: Way) -> None:
    """Register an experiment, or a sweep; where code is edited too, show the split and ask.

    Raises:
        Refused: it breaks a rule; nothing was created.
        UsageError: the options contradict each other.
    """
    found = _code_of(project, asked)
    if found is None and not asked.sweep:
        try:
            one = start(
                project, text, set_=asked.set, options=asked.options, switch=asked.switch,
                replicate=asked.replicate,
            )  # fmt: skip
        except Refused as refused:
            found = None if asked.set else _offered(project, refused, as_json=way.as_json)
            if found is None:
                raise
        else:
            way.go_on([one])
            return
    if found is None:
        started, left = start_sweep(
            project, text, asked.sweep, options=asked.options, replicate=asked.replicate
        )
    else:
        from gitexp.workflows.start_code import start_on_code

        started, left = start_on_code(
            found, text, set_=asked.set, sweep=asked.sweep, options=asked.options,
            switch=asked.switch, replicate=asked.replicate,
        )  # fmt: skip
        code_views.left_in_work_tree(found.left)
    views.left_out(left, project.baseline)
    way.go_on(started)


def replace_code(project: Project, way: Way) -> None:
    """Replace the code of the experiment that is checked out; print it, or run it."""
    from gitexp.workflows.start_again import start_again

    done = start_again(project)
    if not (way.run and way.as_json):
        code_views.replaced(done, as_json=way.as_json, goes_on=way.run)
    if way.run:
        way.run_it([done])


def _code_of(project: Project, asked: AskedStart) -> FoundCode | None:
    """Find the code that one of the options --code, --code-from and --on means."""
    ways = {
        "--code": asked.code, "--code-from": asked.code_from is not None,
        "--on": asked.on is not None,
    }  # fmt: skip
    given = [option for option, value in ways.items() if value]
    if not given:
        return None
    if len(given) > 1:
        raise UsageError(
            f"{' and '.join(given)} each say which code is meant", "leave out all but one"
        )
    from gitexp.workflows.start_code import code_from, code_in_work_tree, code_of

    if asked.code_from is not None:
        return code_from(project, asked.code_from)
    return code_in_work_tree(project) if asked.on is None else code_of(project, asked.on)


def _offered(project: Project, refused: Refused, *, as_json: bool) -> FoundCode | None:
    """Where code is edited too, show how it would be split, and ask; None where nobody says yes."""
    mixed = {finding.id for finding in refused.findings} in ({"C1"}, {"C2"}, {"C3"})
    if not mixed or as_json or not sys.stdin.isatty():
        return None
    from gitexp.workflows.start_code import code_in_work_tree

    try:
        found = code_in_work_tree(project)
    except UsageError:  # only config differs
        return None
    code_views.split_shown(found)
    return found if typer.confirm("Register it like this?", default=False) else None
