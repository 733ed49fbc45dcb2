"""`gitexp run --baseline` and `--smoke`: runs without a verdict, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli import live
from gitexp.cli.views.baseline import measured
from gitexp.cli.views.samples import smoked
from gitexp.workflows.baseline import measure_baseline
from gitexp.workflows.smoke import smoke

if TYPE_CHECKING:
    from gitexp.lab.away.elsewhere import Place
    from gitexp.lab.projects.project import Project


def run_baseline(
    project: Project,
    *,
    jobs: int | None,
    yes: bool,
    as_json: bool,
    again: bool = False,
    gpus: str = "",
    quiet: bool = False,
    on: Place | None = None,
) -> None:
    """Run the repeats that the baseline lacks, and print what they say."""
    with live.watcher(yes=yes, as_json=as_json, quiet=quiet) as watcher:
        done = measure_baseline(project, jobs=jobs, watcher=watcher, again=again, gpus=gpus, on=on)
    measured(project, done, as_json=as_json, quiet=quiet)


def run_smoke(
    project: Project,
    name: str | None,
    *,
    yes: bool,
    as_json: bool,
    gpus: str = "",
    quiet: bool = False,
    on: Place | None = None,
) -> None:
    """Run an experiment on the settings' sample of the data, and print its scores there."""
    with live.watcher(yes=yes, as_json=as_json, quiet=quiet) as watcher:
        done = smoke(project, name, watcher=watcher, gpus=gpus, on=on)
    smoked(done, as_json=as_json, quiet=quiet)
