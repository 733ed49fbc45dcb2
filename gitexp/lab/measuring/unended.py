"""Attempts that were started and never ended: what became of them, as this clone can tell.

A command that is killed writes nothing. So the next one of its clone gives each such attempt the
record that it lacks, and everybody can judge from the notes alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.engine.host import boot_id, clone_id, host_id
from gitexp.lab.measuring.claims import claim_of, claims
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.start import Start, without_end
from gitexp.store.local import locked
from gitexp.store.note_writing import append_lines
from gitexp.store.notes import read_notes
from gitexp.store.refs import FETCHED, RUNS
from gitexp.store.repository import Repository


def end_unended(repository: Repository, commits: Sequence[str]) -> int:
    """Record the end of attempts that this clone began and nobody is running; returns how many.

    Raises:
        StoreBusy, NotReady: the records could not be stored.
    """
    found = 0
    for commit, text in read_notes(repository, RUNS, commits).items():
        for start in without_end(text, commit):
            if (ended := _fate(repository, start)) is None:
                continue
            with locked(claim_of(repository, commit, start.seed), wait=False) as claim:
                # Who held the claim until now may have stored its record since we read the note.
                if claim is not None and _lacks_end(repository, start):
                    line = start.ended_early(ended).line()
                    append_lines(repository, RUNS, {commit: [line]})
                    found += 1
    return found


def end_all_unended(repository: Repository) -> int:
    """Record the end of such attempts at any commit that was run in this clone."""
    claimed = list(claims(repository))
    found = repository.git.objects([f"{commit}^{{commit}}" for commit in claimed])
    here = [commit for commit, content in zip(claimed, found, strict=True) if content is not None]
    return end_unended(repository, here)


def _fate(repository: Repository, start: Start) -> Ended | None:
    """How an attempt ended if it is not running; None where only another clone can tell."""
    if start.clone != clone_id(repository):
        return None
    if start.scheduler:
        return Ended.SCHEDULER
    if start.boot == boot_id():
        return Ended.ABORT
    return Ended.REBOOT if start.host == host_id() else None


def _lacks_end(repository: Repository, start: Start) -> bool:
    """Whether no record of an attempt is here, nor was on a remote when that was last fetched.

    Notes that lost their newest state, and were restored, lack records that a remote may have.
    """
    there = repository.branches([f"{FETCHED}*/{RUNS.removeprefix('refs/')}"])
    texts = [
        read_notes(repository, ref, [start.commit]).get(start.commit, "") for ref in (RUNS, *there)
    ]
    return start in without_end("\n".join(texts), start.commit)
