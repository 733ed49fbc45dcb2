"""Runs an experiment on a part of the data: what fails there would fail on all of it, hours later.

Such a run is on record with its purpose, and no verdict counts it.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.engine.job import Job
from gitexp.errors import CommandFailed
from gitexp.lab.claims import claim_of
from gitexp.lab.running import free_folder, run_once
from gitexp.rules.documents.lines import canonical
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import parse_records
from gitexp.rules.text import duration
from gitexp.rules.verdict.small_first import SMALL_SEED, full_seconds, shares_due
from gitexp.store.aside import Intent
from gitexp.store.local import locked
from gitexp.store.note_writing import write
from gitexp.store.notes import read_notes
from gitexp.store.refs import LOGS, RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.engine.job import RunResult
    from gitexp.lab.ledger import Ledger
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.record import Record

_IGNORED = 0.8  # of a full run's time: a run on half of the data that takes longer did not see it


def small_first(
    ledger: Ledger, label: str, base: str, commit: str, watcher: Watcher, *, always: bool = False
) -> list[Record]:
    """Run an experiment on the samples that the settings name, before its first full run.

    With `always`, also if it has passed, or a full run takes no time. Returns the runs made now.

    Raises:
        CommandFailed: it crashed, or reported no usable metric; the run is on record.
        NotReady: the checkout could not be prepared.
        StoreBusy: the run could not be stored; it is kept aside.
    """
    shares, baseline = ledger.settings.sample, ledger.records(base)
    if not shares:
        return []
    if not always:
        text = read_notes(ledger.repository, RUNS, [commit]).get(commit, "")
        shares = shares_due(
            shares,
            tried=parse_records(text, Purpose.SAMPLE),
            full=ledger.records(commit),
            baseline=baseline,
            metric=ledger.metric,
        )
    return [_run(ledger, label, commit, share, full_seconds(baseline), watcher) for share in shares]


def _run(
    ledger: Ledger, label: str, commit: str, share: float, full: float | None, watcher: Watcher
) -> Record:
    repository, label = ledger.repository, f"{label} on {100 * share:g} % of the data"
    with locked(claim_of(repository, commit, SMALL_SEED)):
        number = ledger.attempt(commit, SMALL_SEED, [])
        runs = repository.local / "runs" / commit[:12]
        folder, number = free_folder(runs, f"sample-{share:g}", number)
        job = Job(
            commit, SMALL_SEED, number, ledger.metric, folder, ledger.why,
            sample=share, purpose=Purpose.SAMPLE,
        )  # fmt: skip
        result = run_once(repository, ledger.project.prefix, ledger.settings, label, job, watcher)
        # Its environment would be taken for one that full runs may share.
        record = replace(result.record, environment="")
        write(
            repository,
            [
                Intent(RUNS, commit, (record.line(),)),
                Intent(LOGS, commit, (canonical(result.log),)),
            ],
        )
    if not record.ok:
        raise _failed(label, job, result, ledger.settings.sample)
    if full is not None and share <= 0.5 and record.duration > _IGNORED * full:
        watcher.said(
            f"{label}: it took {duration(record.duration)}, and a full run takes {duration(full)};"
            " does the command use {sample}, GITEXP_SAMPLE or gitexp.sample()?"
        )
    return record


def _failed(label: str, job: Job, result: RunResult, shares: Sequence[float]) -> CommandFailed:
    logs = [shlex.quote(str(job.folder / name)) for name in ("stdout.log", "stderr.log")]
    return CommandFailed(
        f"{label}: {result.record.failure}{result.quoted}\nnothing was run on all of the data",
        f"read its whole output: cat {' '.join(logs)}\n"
        "the same command tries it again; where only the sample is too small, raise"
        f" sample = {', '.join(f'{share:g}' for share in shares)} in the settings",
    )
