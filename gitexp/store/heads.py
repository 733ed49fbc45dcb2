"""List experiments: their refs, and what sorting and filters need of their commits.

Of 100,000 experiments, the newest twenty are found without listing the others: the list is cached
until a ref of an experiment is created, deleted or moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.rules.documents.message import split_message
from gitexp.store.archive import SeenRefs, is_settled, refs_signature
from gitexp.store.cache import Cache, HeadQuery, Moment
from gitexp.store.experiment_refs import is_experiments, own_ref, rank
from gitexp.store.experiments import Entry, Named, read_commits, timestamp
from gitexp.store.older_branches import older_than_gitexp
from gitexp.store.refs import ARCHIVE, HEADS, REMOTE_HEADS
from gitexp.store.repository import Repository

_BATCH = 5000  # commits that are read at once: all of them may take a gigabyte


@dataclass(frozen=True, slots=True)
class Head(Named):
    """An experiment as a ref names it, before its message and its records are read."""

    ref: str
    commit: str
    moment: Moment

    @property
    def base(self) -> str:
        """The baseline commit that it stands on, as it says; empty without a parent."""
        return self.moment.base


def list_heads(
    repository: Repository,
    cache: Cache,
    query: HeadQuery | None = None,
    seen: SeenRefs | None = None,
) -> list[Head]:
    """List experiments, newest first; refs that were `seen` are not listed again.

    Finds the same ones as `read_experiments`, which explains which ref hides which.
    """
    query = query or HeadQuery()
    current = refs_signature(repository)
    signature = repr(current)
    found = cache.heads(signature, query)
    if found is not None:
        return [Head(ref, commit, Moment(*moment)) for ref, commit, *moment in found]
    if seen is not None and seen.signature == current:
        there = seen.refs
    else:
        there = repository.branches([HEADS, ARCHIVE, REMOTE_HEADS])
    heads = _read_heads(repository, cache, there)
    if is_settled(repository):
        cache.keep_heads(signature, ((h.ref, h.commit, h.moment) for h in heads))
    return [head for head in heads if query.wants(head.moment)][: query.most]


def _read_heads(repository: Repository, cache: Cache, there: Mapping[str, str]) -> list[Head]:
    refs: dict[str, list[str]] = {}
    for ref, commit in there.items():
        if is_experiments(ref):
            refs.setdefault(commit, []).append(ref)
    moments = cache.moments()
    missing = [commit for commit in refs if commit not in moments]
    for at in range(0, len(missing), _BATCH):
        entries = read_commits(repository, [("", c) for c in missing[at : at + _BATCH]])
        new = [(entry.commit, _moment(entry), entry.fields()) for entry in entries]
        cache.add_commits(new)
        moments.update((commit, moment) for commit, moment, _ in new)
    # A ref of the archive may name something other than a commit.
    heads = [Head(min(r, key=rank), c, moments[c]) for c, r in refs.items() if c in moments]
    several = [h for h in heads if len({ref.rpartition("/")[2] for ref in refs[h.commit]}) > 1]
    messages = {e.commit: e.message for e in read_entries(repository, cache, several)}
    found: dict[str, Head] = {}
    for head in heads:
        if head.commit in messages:
            named = own_ref(refs[head.commit], messages[head.commit], head.commit)
            head = replace(head, ref=named)  # noqa: PLW2901
        known = found.get(head.name)
        if known is None or rank(head.ref) < rank(known.ref):
            found[head.name] = head
    older = older_than_gitexp(
        repository,
        (h.commit for h in found.values() if h.moment.project is None and h.base),
    )
    listed = [head for head in found.values() if head.commit not in older]
    # How git orders commits of one second depends on where their refs are stored, which differs
    # between clones.
    return sorted(listed, key=lambda head: (-head.moment.time, head.name))


def _moment(entry: Entry) -> Moment:
    trailers = split_message(entry.message)[1]
    project = trailers.get("Project", "") if "Experiment" in trailers else None
    return Moment(timestamp(entry.time), entry.base, project)


def read_entries(repository: Repository, cache: Cache, heads: Sequence[Head]) -> list[Entry]:
    """Commits of heads without their notes, from the cache where it has them."""
    bodies = cache.bodies([head.commit for head in heads])
    missing = [(head.ref, head.commit) for head in heads if head.commit not in bodies]
    read = {entry.commit: entry for entry in read_commits(repository, missing)}
    return [
        Entry.of(head.ref, head.commit, bodies[head.commit])
        if head.commit in bodies
        else read[head.commit]
        for head in heads
    ]
