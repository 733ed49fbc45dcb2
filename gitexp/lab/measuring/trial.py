"""Try the command before the project is set up: does it work, how long, what does a seed change?"""

from __future__ import annotations

import posixpath
import shlex
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.job import Job, RunResult
from gitexp.errors import CommandFailed
from gitexp.lab.measuring.missing_inputs import (
    about_environment,
    link_hint,
    named_in,
    without_inputs,
)
from gitexp.lab.measuring.running import folder_of_failed, run_once
from gitexp.rules.documents.lines import canonical
from gitexp.rules.documents.outcomes import parse_outcomes
from gitexp.rules.documents.settings import Settings
from gitexp.rules.verdict.trial import (
    LONG_RUN,
    Choice,
    TrialRun,
    estimate_test_ratio,
    find_vary,
    ids_clash,
    plan_choices,
)
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.measuring.watcher import Watcher

# Seed 1 twice shows whether a seed fixes what is random, seed 2 whether it changes anything.
_RUNS = ((1, 1), (1, 2), (2, 1))
_LABEL = "trial"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial showed: `runs` took `seconds` each on average.

    `vary` is the setting that the runs prove, else the one that was there; `reasons` say why, in
    sentences. `stored` says whether every run stored predictions, `clash` whether their ids name
    different rows in different runs, and `test_ratio` what the ids tell, None if nothing.
    """

    runs: int
    seconds: float
    vary: str
    reasons: tuple[str, ...]
    choices: tuple[Choice, ...]
    stored: bool
    clash: bool
    test_ratio: float | None = None

    @property
    def proposed(self) -> Choice:
        """The choice that fits the duration of a run."""
        return next(choice for choice in self.choices if choice.proposed)


def try_out(
    repository: Repository,
    prefix: str,
    settings: Settings,
    commit: str,
    watcher: Watcher,
    *,
    long: float = LONG_RUN,
    again: str = "",
    inputs: Sequence[str] = (),
) -> Trial:
    """Run seed 1, seed 1 again and seed 2 of a commit; if a run takes over `long` seconds, stop.

    Nothing is recorded, because the commit does not have the settings yet. `again` is the command
    that tries the same settings again, where there are none yet, and `inputs` are paths that runs
    may lack.

    Raises:
        CommandFailed: a run failed, or did not report the metric; its folder is kept.
        NotReady: the checkout could not be prepared.
    """
    watcher.said(f"{_LABEL} ({commit[:8]}): {settings.command}, two or three runs")
    with folder_of_failed(repository, _LABEL) as folder:
        done = _run(repository, prefix, settings, commit, watcher, folder, long, again, inputs)
    seconds = statistics.fmean(one.record.duration for one in done)
    tried = [_tried(one) for one in done]
    vary, reasons = find_vary(tried, settings.metric, settings.vary)
    proven = replace(settings, vary=vary)
    choices = plan_choices(
        seconds,
        seeded=proven.seeded,
        widening=proven.widening,
        budget=proven.error_budget,
        long=long,
    )
    stored = all(run.outcomes is not None for run in tried)
    ratio = estimate_test_ratio(tried) if vary == "split" else None
    return Trial(len(done), seconds, vary, reasons, choices, stored, ids_clash(tried), ratio)


def _run(
    repository: Repository,
    prefix: str,
    settings: Settings,
    commit: str,
    watcher: Watcher,
    folder: Path,
    long: float,
    again: str,
    inputs: Sequence[str],
) -> list[RunResult]:
    ended: list[RunResult] = []
    for seed, attempt in _RUNS:
        job = Job(commit, seed, attempt, settings.metric, folder / f"{seed}-{attempt}")
        result = run_once(repository, prefix, settings, _LABEL, job, watcher, condition=_LABEL)
        if not result.record.ok:
            lacking = named_in(repository, result.last_lines)
            # What lies beside a file that was missing would be the next one.
            beside = {posixpath.dirname(name) for name in lacking}
            lacking += [name for name in inputs if posixpath.dirname(name) in beside]
            raise _failed(settings, job, result, [*dict.fromkeys(lacking)], again)
        if result.warning and not ended:
            watcher.said(f"{_LABEL}: {result.warning}")
        ended.append(result)
        if result.record.duration > long or _differ(ended, settings.metric):
            break
    return ended


def _differ(ended: list[RunResult], metric: str) -> bool:
    """Whether seed 1 gave two scores and no rows, so that seed 2 would show nothing more."""
    scores = {done.record.metrics[metric] for done in ended}
    return len(scores) > 1 and not all(done.record.ids for done in ended)


def _tried(done: RunResult) -> TrialRun:
    outcomes = parse_outcomes("\n".join(map(canonical, done.bulk)))
    return TrialRun(done.record.metrics, next(iter(outcomes.values()), None))


def _failed(
    settings: Settings, job: Job, done: RunResult, lacking: Sequence[str], again: str
) -> CommandFailed:
    """Say what went wrong in a trial run, and what to do about it."""
    hint = "fix that, then run the same command again"
    if lacking and again:
        links = "".join(f" --link {shlex.quote(name)}" for name in lacking)
        hint = f"{without_inputs(lacking)}:\n  {again}{links}"
    elif lacking:
        hint = link_hint(lacking)
    elif done.record.exit and (tool := about_environment(settings)):
        hint = tool
    elif done.record.exit:
        hint += (
            "; a run gets a checkout of the current commit, without files that git does not track:"
            " commit what is missing, or for data: gitexp init --try --link FOLDER"
        )
    elif settings.metric not in done.record.metrics:
        hint = (
            f"print {settings.metric}=0.93 at the end, write it to a file that --metrics names, or"
            " name another metric: --metric"
        )
    return CommandFailed(
        f"the trial failed, and nothing was set up: {done.record.failure}{done.quoted}",
        f"{hint}\nthe whole output is in {job.folder}",
    )
