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
from gitexp.rules.text import duration
from gitexp.rules.verdict.small_first import SMALL_SEED, full_seconds
from gitexp.store.aside import Intent
from gitexp.store.local import locked
from gitexp.store.note_writing import write
from gitexp.store.refs import LOGS, RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.engine.job import RunResult
    from gitexp.lab.ledger import Ledger
    from gitexp.lab.watcher import Watcher
    from gitexp.rules.documents.record import Record

_IGNORED = 0.8  # of a full run's time: a run on half of the data that takes longer did not see it


def small_first(
    ledger: Ledger, label: str, base: str, commit: str, watcher: Watcher
) -> list[Record]:
    """Run an experiment on the samples that the settings name, whatever it was run on before.

    Raises:
        CommandFailed: it crashed, or reported no usable metric; the run is on record.
        NotReady: the checkout could not be prepared.
        StoreBusy: the run could not be stored; it is kept aside.
    """
    full = full_seconds(ledger.records(base))
    shares = sorted(ledger.settings.sample)
    return [_run(ledger, label, commit, share, full, watcher) for share in shares]


def on_share(label: str, share: float) -> str:
    """What a person calls runs on a part of the data."""
    return label if share == 1 else f"{label} on {100 * share:g} % of the data"


def _run(
    ledger: Ledger, label: str, commit: str, share: float, full: float | None, watcher: Watcher
) -> Record:
    repository, label = ledger.repository, on_share(label, share)
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
        raise failed_on_sample(label, job, result, ledger.settings.sample)
    if said := about_ignored(label, record, full):
        watcher.said(said)
    return record


def about_ignored(label: str, record: Record, full: float | None) -> str:
    """Doubt that a run was made on a part of the data only; "" if nothing says so.

    `full` is how many seconds a full run takes, if that is known.
    """
    if full is None or record.sample > 0.5 or record.duration <= _IGNORED * full or not record.ok:
        return ""
    return (
        f"{label}: it took {duration(record.duration)}, and a full run takes {duration(full)};"
        " does the command use {sample}, GITEXP_SAMPLE or gitexp.sample()?"
    )


def failed_on_sample(
    label: str, job: Job, result: RunResult, shares: Sequence[float]
) -> CommandFailed:
    """The error that an experiment ends with which failed on a part of the data."""
    logs = [shlex.quote(str(job.folder / name)) for name in ("stdout.log", "stderr.log")]
    return CommandFailed(
        f"{label}: {result.record.failure}{result.quoted}\nnothing was run on all of the data",
        f"read its whole output: cat {' '.join(logs)}\n"
        "the same command tries it again; if only the sample is too small, raise"
        f" sample = {', '.join(f'{share:g}' for share in shares)} in the settings",
    )
