"""Register, run, judge and accept in one call, with one object to read at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import typer

from gitexp.cli import live
from gitexp.cli.errors import ErrorJson, failure_json
from gitexp.cli.views import keep
from gitexp.cli.views import run as views
from gitexp.cli.views.run import ConcludedJson, UnfinishedJson
from gitexp.cli.views.terminal import print_json
from gitexp.errors import GitexpError
from gitexp.lab.measuring.driving import RunOptions
from gitexp.lab.projects.project import open_project
from gitexp.rules.documents.change import ChangeJson
from gitexp.rules.verdict.verdict import Verdict
from gitexp.workflows.accept import accept
from gitexp.workflows.run import Conclusion, Unfinished, run

if TYPE_CHECKING:
    from gitexp.lab.registering.registering import Started
    from gitexp.workflows.start_again import Replaced


class AfterwardsJson(TypedDict):
    """What else is said where a command registers and runs."""

    change: ChangeJson
    seconds: float
    accepted: NotRequired[str | None]
    worse: NotRequired[str]


class RunConcludedJson(ConcludedJson, AfterwardsJson):
    """An experiment that was registered, run and judged; `accepted` is its merge, if it has one.

    `worse` says how far the project's own metric got worse with it, where success was another one.
    """


class NotAcceptedJson(RunConcludedJson):
    """A confirmed experiment whose merge failed: `accepted` is null."""

    error: ErrorJson


class RunUnfinishedJson(UnfinishedJson, AfterwardsJson):
    """An experiment that was registered and has no verdict, and why."""


def run_started(
    started: Sequence[Started | Replaced],
    *,
    jobs: int | None,
    yes: bool,
    accepting: bool,
    several: bool,
    as_json: bool,
) -> None:
    """Run what was registered just now; with `accepting`, merge it where it is confirmed.

    An error after the registration is part of what is printed, and the exit code is its own.
    """
    began = time.monotonic()
    with live.watcher(yes=yes, as_json=as_json) as watcher:
        names = [one.name for one in started]
        ended = run(open_project(), names, RunOptions(watcher, jobs))
    seconds = round(time.monotonic() - began, 3)
    told: dict[str, str] = {}
    rows = [_row(one, how, seconds, told) for one, how in zip(started, ended, strict=True)]
    merged: dict[str, Any] = {}
    code = views.exit_code(ended, by_verdict=False)
    first, merges = ended[0], accepting and _is_confirmed(ended[0])
    if as_json:
        pass  # one object at the end
    elif several or isinstance(first, Unfinished):
        views.all_ended(ended, as_json=False)
    else:
        views.concluded(first, as_json=False, goes_on=merges)
    if merges:
        try:
            done = accept(open_project(), started[0].name)
        except GitexpError as error:
            if not as_json:
                raise
            code = error.exit_code
            merged = {"accepted": None, **failure_json(error)}
        else:
            merged = {
                "accepted": done.commit, "worse": done.worse, "next": "gitexp run --baseline",
            }  # fmt: skip
            if not as_json:
                keep.accepted(done, as_json=False)
    if as_json:
        print_json(rows if several else {**rows[0], **merged})
    if code:
        raise typer.Exit(code)


def _is_confirmed(ended: Conclusion | Unfinished) -> bool:
    return not isinstance(ended, Unfinished) and ended.judgement.verdict is Verdict.CONFIRMED


def _row(
    started: Started | Replaced,
    ended: Conclusion | Unfinished,
    seconds: float,
    told: dict[str, str],
) -> RunConcludedJson | RunUnfinishedJson:
    more: AfterwardsJson = {"change": started.change.as_json(), "seconds": seconds}
    if isinstance(ended, Unfinished):
        return {**more, **views.unfinished_json(ended, told)}
    return {**more, **views.concluded_json(ended)}
