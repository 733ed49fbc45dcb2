"""Make branches for the experiments of a remote, each with a name of its own.

Each clone draws names by itself, so two experiments may get the same name. The one that was
registered first keeps it; the branch of the later one gets digits of its commit's id, the same in
every clone, whichever syncs first. Commits do not change.

An experiment whose code was replaced is one experiment: the branch goes to the new commit in every
clone, and the old one to the archive.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, StoreBusy
from gitexp.lab.code.replacement import replaced_among
from gitexp.lab.projects.last_started import rename_started
from gitexp.rules.documents.name import base_name, is_name, set_apart
from gitexp.store.experiments import read_noted, timestamp
from gitexp.store.merge import exclusively, move
from gitexp.store.refs import ARCHIVE, HEADS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.store.fetch import Remote


@dataclass(frozen=True, slots=True)
class Here:
    """The experiments of this clone, commits by name: branches and archived ones."""

    heads: Mapping[str, str]
    archive: Mapping[str, str]

    @property
    def commits(self) -> set[str]:
        """All commits that have a name."""
        return {*self.heads.values(), *self.archive.values()}


@dataclass(frozen=True, slots=True)
class Rename:
    """An experiment whose name changed here, or differs from the one on the remote.

    `replaced`: another commit took its name, as the same experiment with other code.
    """

    commit: str
    old: str
    new: str
    replaced: bool


@dataclass(frozen=True, slots=True)
class _Names:
    """The name of every commit, and which of them others replace; see `Delivery` for the rest."""

    by_commit: Mapping[str, str]
    replaced: set[str]
    blocked: Sequence[str]
    outdated: Sequence[str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What to make here of a remote's experiments.

    `moves` are the refs that change, with their commits before and after ("" for none). `blocked`
    are names that the earlier experiment cannot get yet, because a branch is checked out, and
    `outdated` those that new code cannot get. `away` are experiments that were deleted here after
    an earlier sync brought them.
    """

    moves: Mapping[str, tuple[str, str]]
    experiments: Sequence[str]
    archived: Sequence[str]
    renames: Sequence[Rename]
    blocked: Sequence[str]
    outdated: Sequence[str]
    away: Sequence[str]


def read_here(repository: Repository) -> Here:
    """Read the experiments of this clone; one git process."""
    found: dict[str, dict[str, str]] = {HEADS: {}, ARCHIVE: {}}
    for ref, commit in repository.branches([HEADS, ARCHIVE]).items():
        if is_name(_name(ref)):
            found[_kind(ref)][_name(ref)] = commit
    return Here(found[HEADS], found[ARCHIVE])


def plan_delivery(
    repository: Repository, here: Here, theirs: Remote, before: Remote | None
) -> Delivery:
    """Plan which branches to make, and which names to change; nothing moves.

    `before` is what the remote had when the last sync ended: an experiment that came then and is
    gone now was deleted here, and is not brought back. It is None if that sync did not end.
    """
    known = here.commits
    old = {*before.heads.values(), *before.archive.values()} if before else set()
    archived_there = {*theirs.archive.values()}
    there = {**theirs.archive, **theirs.heads}
    away = {c: n for n, c in there.items() if c in old and c not in known}
    settled, archived = known | away.keys() | archived_there, known | away.keys()
    heads = {c: n for n, c in theirs.heads.items() if c not in settled}
    archive = {c: n for n, c in theirs.archive.items() if c not in archived}
    refs = {c: f"{ARCHIVE}{n}" for n, c in here.archive.items()}
    refs |= {c: f"{HEADS}{n}" for n, c in here.heads.items()}
    coming = {c: f"{HEADS}{n}" for c, n in heads.items()}
    coming |= {c: f"{ARCHIVE}{n}" for c, n in archive.items()}
    assigned = _assign_names(repository, refs, coming)
    names, replaced = assigned.by_commit, assigned.replaced
    wanted = {
        (ARCHIVE if c in replaced else _kind(ref)) + names[c]: c
        for c, ref in (refs | coming).items()
    }
    current = {ref: commit for commit, ref in refs.items()}
    every = refs | coming
    return Delivery(
        moves={
            ref: (current.get(ref, ""), wanted.get(ref, ""))
            for ref in current.keys() | wanted.keys()
            if current.get(ref) != wanted.get(ref)
        },
        experiments=[names[c] for c in heads if c not in replaced],
        archived=[names[c] for c in archive] + [names[c] for c in heads if c in replaced],
        renames=[
            Rename(c, _name(ref), names[c], c in replaced)
            for c, ref in every.items()
            if _name(ref) != names[c] and base_name(names[c], c) not in assigned.outdated
        ],
        blocked=assigned.blocked,
        outdated=assigned.outdated,
        away=sorted(away.values()),
    )


def _kind(ref: str) -> str:
    return HEADS if ref.startswith(HEADS) else ARCHIVE


def _name(ref: str) -> str:
    return ref.removeprefix(_kind(ref))


def _assign_names(
    repository: Repository, refs: Mapping[str, str], coming: Mapping[str, str]
) -> _Names:
    """Name every commit; if two claim the same name, the one that was registered first has it.

    What was replaced claims none.
    """
    every = {**refs, **coming}
    claims: dict[str, list[str]] = defaultdict(list)
    for commit, ref in every.items():
        claims[base_name(_name(ref), commit)].append(commit)
    names = {commit: _name(ref) for commit, ref in every.items()}
    contested = {name: commits for name, commits in claims.items() if len(commits) > 1}
    taken = {*names.values()}
    replaced: set[str] = set()
    blocked: list[str] = []
    outdated: list[str] = []
    if contested:
        asked = [commit for commits in contested.values() for commit in commits]
        entries = {entry.commit: entry for entry in read_noted(repository, asked)}
        times = {commit: entry.time for commit, entry in entries.items()}
        checked_out = repository.checked_out()
    for name, commits in contested.items():
        # A commit that is not here, or has no date, does not count as the first.
        gone = replaced_among(repository, [entries[c] for c in commits if c in entries])
        order = {c: (c in gone, timestamp(times.get(c, "")) or math.inf, c) for c in commits}
        first, *later = sorted(commits, key=order.__getitem__)
        due = {first: name} | {c: _apart(name, c, names[c], taken) for c in later}
        if any(due[c] != names[c] and refs.get(c) in checked_out for c in commits):
            # A branch that is checked out keeps its name; a later sync renames it.
            old = any(refs.get(c) in checked_out for c in gone)
            (outdated if old else blocked).append(name)
            due = {c: names[c] if c in refs else _apart(name, c, names[c], taken) for c in commits}
            gone = {c for c in gone if not refs.get(c, "").startswith(HEADS)}
        replaced |= {c for c in gone if refs.get(c) not in checked_out}
        names |= due
    used = {names[commit] for commit in refs}
    for commit in coming:
        if names[commit] in used:  # by an experiment whose own name looks like ours with digits
            names[commit] = set_apart(names[commit], commit, taken | used)
        used.add(names[commit])
    return _Names(names, replaced, blocked, outdated)


def _apart(name: str, commit: str, own: str, taken: set[str]) -> str:
    if own != name and base_name(own, commit) == name:
        return own
    apart = set_apart(name, commit, taken)
    taken.add(apart)
    return apart


def deliver(repository: Repository, delivery: Delivery) -> None:
    """Make branches and change names: all of them or, if one fails, none.

    Raises:
        StoreBusy, NotReady: git refused, and nothing was changed.
    """
    if not delivery.moves:
        return
    try:
        exclusively(repository, lambda lock: move(repository, delivery.moves, lock, durable=False))
    except StoreBusy as busy:
        if "refs/heads/exp'" in busy.message:
            raise NotReady(
                "a branch called exp exists, and git cannot hold exp/... beside it",
                "git branch -m exp another-name",
            ) from None
        raise
    for rename in delivery.renames:
        if rename.replaced:
            continue
        if delivery.moves.get(f"{HEADS}{rename.old}", ("",))[0] == rename.commit:
            rename_started(repository, rename.old, rename.new)
