"""Experiments, a batch at a time: those whose notes are new are judged, and kept for the next time.

Where thousands are new, as in a fresh clone, a second process judges some of the batches. It hands
over what the cache would have had, so a row is the same whoever judged it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from gitexp.lab.log.result import Result
from gitexp.lab.log.run_notes import RunNotes
from gitexp.lab.log.same_change import complete_changes
from gitexp.lab.log.second_process import Beside, has_second_core
from gitexp.lab.log.summary_cache import opened_cache
from gitexp.lab.progress import counted_off
from gitexp.store.cache import Cache, CachedSummary
from gitexp.store.git_output import decode
from gitexp.store.heads import Head, list_heads, read_entries
from gitexp.store.notes import find_notes, list_notes
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.store.experiments import Entry

    _Heads = Sequence[Head]
    # Summaries as another process hands them over: the fields of each, with its commit.
    _HandedOver = list[tuple[str, tuple[Any, ...]]]

_FEW = 100  # experiments whose notes are looked up one by one, not in the list of all
WORTH_KEEPING = 20  # experiments; to judge fewer costs a log next to nothing
_FIRST, _BATCH = 50, 500  # experiments of the first batch, which a screen waits for, and of most
MANY = 2000  # experiments that take a second to judge: from there on, a second process pays


def read_some(
    repository: Repository, cache: Cache, heads: _Heads, new: int | None = None
) -> Iterator[Result]:
    """Read experiments, and judge those whose notes are new, `new` of them if this is known."""
    if new is None:
        new = count_new(repository, cache, heads)
    return read_batches(repository, cache, heads, _BATCH, beside=new >= MANY and has_second_core())


def count_new(repository: Repository, cache: Cache, heads: _Heads) -> int:
    """How many of many experiments have to be judged; of few, none are counted."""
    if len(heads) < MANY:
        return 0
    kept, blobs = cache.keys(), list_notes(repository, RUNS)
    return sum(kept.get(head.commit) != _key(head, blobs) for head in heads)


def read_batches(
    repository: Repository, cache: Cache, heads: _Heads, size: int, *, beside: bool
) -> Iterator[Result]:
    """Read experiments in batches that grow to this `size`.

    If `beside`, a second process judges every other batch.
    """
    if len(heads) <= _FEW:
        both = dict.fromkeys(c for head in heads for c in (head.commit, head.base) if c)
        blobs = find_notes(repository, RUNS, both)
    else:
        blobs = list_notes(repository, RUNS)
    batches = [*_batches(heads, size)]
    theirs = batches[1::2] if beside else []
    with _judged_beside(repository, cache, theirs, blobs) as judged:
        done = 0
        for number, batch in enumerate(batches):
            found = cache.summaries([head.commit for head in batch])
            if number % 2 and (new := next(judged, None)) is not None:
                cache.add_summaries(new)
                found |= dict(new)
            results, new = _read_batch(repository, cache, batch, blobs, found, (done, len(heads)))
            cache.add_summaries(new)
            yield from results
            done += len(batch)


def _batches(heads: _Heads, most: int) -> Iterator[_Heads]:
    at, size = 0, min(_FIRST, most)
    while at < len(heads):
        yield heads[at : at + size]
        at, size = at + size, min(2 * size, most)


def keep_judged(repository: Repository, results: Sequence[Result], notes: str) -> None:
    """Keep many experiments, judged just now by the `notes` of this commit, for the next log.

    So the first log of a clone that was synced finds what the sync had to judge.
    """
    if len(results) < WORTH_KEEPING:
        return
    blobs = list_notes(repository, RUNS)
    if repository.git.resolve(RUNS) != notes:
        return  # other notes came meanwhile
    complete_changes(repository, results)
    with opened_cache(repository) as cache:
        list_heads(repository, cache)
        cache.add_summaries((one.commit, one.summed_up(_key(one, blobs))) for one in results)


def shown_otherwise(
    repository: Repository, results: Sequence[Result]
) -> list[tuple[Result, CachedSummary]]:
    """Experiments of which the cache says something else than their notes do, and what it says."""
    blobs = list_notes(repository, RUNS)
    with opened_cache(repository) as cache:
        kept = cache.summaries([result.commit for result in results])
    doubtful = [r for r in results if r.commit in kept and kept[r.commit].key == _key(r, blobs)]
    complete_changes(repository, doubtful)
    return [
        (result, said)
        for result in doubtful
        if (said := kept[result.commit]).shown != (due := result.summed_up(said.key)).shown
        or said.verdict != due.verdict
    ]


def _key(experiment: Head | Result, blobs: Mapping[str, str]) -> str:
    """Name the notes that an experiment is judged from."""
    return f"{blobs.get(experiment.commit, '')} {blobs.get(experiment.base, '')}"


def _read_batch(
    repository: Repository,
    cache: Cache,
    heads: _Heads,
    blobs: Mapping[str, str],
    found: Mapping[str, CachedSummary],
    place: tuple[int, int],
) -> tuple[list[Result], list[tuple[str, CachedSummary]]]:
    """Read a batch; returns it with the summaries of those that had to be judged.

    `found` are earlier summaries. `place` is how many came before the batch, and how many there
    are.
    """
    keys = {head.commit: _key(head, blobs) for head in heads}
    kept = {commit: one for commit, one in found.items() if one.key == keys[commit]}
    new = [head for head in heads if head.commit not in kept]
    notes = RunNotes(repository, _texts(repository, new, blobs))
    commits = _Commits(repository, cache, heads)
    results = [
        Result(head, partial(commits.entry, head.commit), notes, kept.get(head.commit))
        for head in heads
    ]
    judged_now = [result for result in results if result.commit not in kept]
    complete_changes(repository, judged_now)  # the kept JSON has whole values
    return results, [
        (result.commit, result.summed_up(keys[result.commit]))
        for result in counted_off("judging experiments", judged_now, place[1], before=place[0])
    ]


@contextmanager
def _judged_beside(
    repository: Repository, cache: Cache, batches: Sequence[_Heads], blobs: Mapping[str, str]
) -> Iterator[Iterator[list[tuple[str, CachedSummary]]]]:
    """Judge batches in a second process; yields the new summaries of one after the other."""
    if not batches:
        yield iter(())
        return

    def judged() -> Iterator[_HandedOver]:
        repository.git.readers.forget()
        cache.open()
        for heads in batches:
            found = cache.summaries([head.commit for head in heads])
            _, new = _read_batch(repository, cache, heads, blobs, found, (0, len(heads)))
            yield [(commit, tuple(one)) for commit, one in new]

    with cache.shut():
        process = Beside(judged)
    try:
        yield (
            [(commit, CachedSummary(*fields)) for commit, fields in answer]
            for answer in iter(process.answer, None)
        )
    finally:
        process.close()


class _Commits:
    """Commits of a batch, all read when the first is asked for."""

    def __init__(self, repository: Repository, cache: Cache, heads: _Heads) -> None:
        self._repository, self._cache, self._heads = repository, cache, heads

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        found = read_entries(self._repository, self._cache, self._heads)
        return {entry.commit: entry for entry in found}

    def entry(self, commit: str) -> Entry:
        return self._entries[commit]


def _texts(repository: Repository, heads: _Heads, blobs: Mapping[str, str]) -> dict[str, str]:
    """Notes of experiments and of their baselines."""
    commits = dict.fromkeys(c for head in heads for c in (head.commit, head.base) if c)
    noted = [commit for commit in commits if commit in blobs]
    contents = repository.git.each(blobs[commit] for commit in noted)
    texts = {c: decode(t or b"").strip("\n") for c, t in zip(noted, contents, strict=True)}
    return dict.fromkeys(commits, "") | texts
