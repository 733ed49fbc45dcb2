"""Runs of other machines: refs that are written once, each with one run.

    refs/gitexp/runs/<commit>/<seed>-<first 12 digits of the sha256 of the record>

The ref points to a blob: the first line is the record, the others are its start, its log and its
bulk. Nobody else ever writes that ref, so a push never has to be repeated, however many machines
push at once. Before it is pushed it stands in the clone that made the run: what is there waits.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import NotReady, UsageError
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import kind_of, parse_line
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.start import parse_starts
from gitexp.store.aside import Intent
from gitexp.store.fetch import delete_refs
from gitexp.store.push import Push, push
from gitexp.store.refs import BULK, LOGS, RUNS, SHARED_RUNS
from gitexp.store.repository import Repository

# The notes in which lines of a run belong; what is not named here is bulk.
_HOME: dict[Kind | None, str] = {Kind.LOG: LOGS, Kind.START: RUNS}
_MOST = 1_000  # lines of one run; a worker sends 200 series and a few more
_ONCE = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})/(-?\d+)-([0-9a-f]{12})")


def waiting_run(commit: str, record: str, others: Sequence[str]) -> Intent:
    """What `write` makes a ref of this clone, with the lines of one run, until it is sent.

    Raises:
        UsageError: the line is not a record of that commit.
    """
    run = _parse_run(commit, record)
    if run is None:
        raise UsageError(f"this is not a record of {commit[:10]}")
    return Intent(f"{SHARED_RUNS}{commit}/{_name(run, record)}", commit, (record, *others))


def waiting_runs(repository: Repository) -> list[str]:
    """Refs of runs that were not sent yet."""
    return list(repository.branches([SHARED_RUNS]))


def send_runs(repository: Repository, remote: str, refs: Sequence[str]) -> None:
    """Push runs that wait in this clone, all at once; what the remote has waits no more.

    Raises:
        Refused: a hook of the remote or of this clone said no to one of them.
        NotReady: the remote cannot be reached, or does not take one of them.
    """
    held = repository.branches([SHARED_RUNS])
    pushes = [Push(ref, held[ref]) for ref in refs if ref in held]
    common = shlex.quote(str(repository.common))
    send = f"git -C {common} push {shlex.quote(remote)}"
    try:
        answers = push(repository, remote, pushes, atomic=False)
    except NotReady as error:
        every = shlex.quote(f"{SHARED_RUNS}*:{SHARED_RUNS}*")
        kept = (
            f"what was run is kept in {repository.common}; once that works, send it: {send} {every}"
        )
        raise NotReady(error.message, kept) from None
    delete_refs(repository, [ref for ref, answer in answers.items() if not answer.why])
    for one in pushes:
        answer = answers.get(one.ref)
        if answer is None or answer.why:
            why = answer.why if answer else "it did not say why"
            raise NotReady(
                f"{remote} did not take {one.ref}: {why}",
                f"the run is kept in {repository.common}; send it: {send} {one.ref}",
            )


def _parse_run(commit: str, line: str) -> Record | None:
    """The record on a line, None if it is not one of that commit."""
    records = parse_records(line, None)
    if len(records) != 1 or not records[0].is_of(commit) or "\n" in line:
        return None
    return records[0]


def _name(run: Record, line: str) -> str:
    import hashlib  # loads OpenSSL, which few syncs need

    return f"{run.seed}-{hashlib.sha256(line.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Folded:
    """Runs of other machines, as lines of notes by notes ref and commit.

    `refs` are those that were read, with their blobs; `odd` those that hold something else.
    """

    lines: Mapping[str, Mapping[str, Sequence[str]]]
    refs: Mapping[str, str]
    odd: Sequence[str]


def read_runs(repository: Repository, runs: Mapping[str, str]) -> Folded:
    """Read runs that were fetched; anything else is left where it is."""
    lines: dict[str, dict[str, list[str]]] = {ref: defaultdict(list) for ref in (RUNS, BULK, LOGS)}
    refs, odd = {}, []
    for name, blob in zip(runs, repository.git.each(runs.values()), strict=True):
        found = _ONCE.fullmatch(name)
        first, *rest = _text(blob).split("\n")
        bulk = [(line, parse_line(line) or {}) for line in rest[:_MOST]]
        run = _parse_run(found[1], first) if found is not None else None
        if (
            found is None
            or run is None
            or _name(run, first) != f"{found[2]}-{found[3]}"
            or len(rest) > _MOST
            or not _are_of(run, bulk)
        ):
            odd.append(f"{SHARED_RUNS}{name}")
            continue
        refs[f"{SHARED_RUNS}{name}"] = runs[name]
        lines[RUNS][found[1]].append(first)
        for line, content in bulk:
            lines[_HOME.get(kind_of(content), BULK)][found[1]].append(line)
    return Folded(lines, refs, odd)


def _are_of(run: Record, bulk: Sequence[tuple[str, Mapping[str, object]]]) -> bool:
    """Whether lines belong to a run: starts of others would bury its notes.

    The bulk may have kinds that only a newer gitexp knows.
    """
    if not all("kind" in content for _, content in bulk):
        return False
    begun = [line for line, content in bulk if kind_of(content) is Kind.START]
    starts = parse_starts("\n".join(begun))
    return len(begun) == len(starts) <= 1 and all(
        (one.commit, one.seed, one.attempt, one.start)
        == (run.commit, run.seed, run.attempt, run.start)
        for one in starts
    )


def _text(content: bytes | None) -> str:
    try:
        return (content or b"").decode().rstrip("\n")
    except UnicodeDecodeError:
        return ""
