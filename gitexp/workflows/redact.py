"""Remove a value from everything that gitexp stored, and from the history of its notes.

The lines stay, with the value masked: what was measured cannot be redacted. The notes start over,
in commits without parents, because their history is as public as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, UsageError
from gitexp.lab.redaction import (
    Occurrences,
    RedactionPlan,
    find_code,
    find_holders,
    find_messages,
    rewrite_verdict_notes,
)
from gitexp.rules.documents.name import is_name
from gitexp.rules.documents.tombstones import RESULTS
from gitexp.store.experiment_refs import find_ref
from gitexp.store.fetch import delete_refs
from gitexp.store.merge import exclusively
from gitexp.store.note_history import drop_past
from gitexp.store.note_writing import store_aside
from gitexp.store.refs import FETCHED, RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.rules.documents.redaction import Sought


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction(Occurrences):
    """Where a value was removed from, or would be in a `dry_run`, and where it may still be.

    `holders` are refs that still lead to the notes as they were, `folders` those of runs whose
    output may have the value, `remotes` are where the notes may have been shared.
    """

    holders: tuple[str, ...]
    folders: tuple[str, ...]
    remotes: tuple[str, ...]
    dry_run: bool


def redact(
    repository: Repository,
    sought: Sought,
    names: Sequence[str],
    *,
    dry: bool,
    agree: Callable[[Occurrences], bool],
) -> Redaction:
    """Redact a value in records, bulk and logs, of all commits or of the named ones.

    `agree` is asked once it is known where the value is.

    Raises:
        UsageError: a name is not an experiment or a commit, or the key holds a result.
        NotReady: nobody agreed.
    """
    if not sought.value.strip() and not sought.key.strip():
        raise UsageError(
            "there is nothing to redact: the value is empty",
            "give it on standard input, where no history keeps it: gitexp redact - < FILE; or name"
            " the key that holds it: gitexp redact --key KEY",
        )
    if sought.key in RESULTS:
        raise UsageError(
            f"{sought.key} is part of what was measured, and results are never redacted",
            "name another key, or redact a value: gitexp redact",
        )
    store_aside(repository)
    named = {_commit_of(repository, place, name) for place, name in enumerate(names, start=1)}
    plan = RedactionPlan(repository, sought, named)
    plan.read()
    found = plan.found(find_messages(repository, sought), find_code(repository, sought))
    remotes = tuple(repository.git.text("remote").splitlines())
    folders = tuple(
        str(folder)
        for commit in sorted(plan.commits)
        if (folder := repository.local / "runs" / commit[:12]).is_dir()
    )
    done = Redaction(**asdict(found), holders=(), folders=folders, remotes=remotes, dry_run=dry)
    if dry or not found:
        return done
    if not agree(found):
        raise NotReady("nothing was redacted: nobody confirmed it", "add --yes to confirm")
    before = exclusively(repository, plan.write)
    before |= rewrite_verdict_notes(repository, sought, plan.changes.get(RUNS, {}).keys())
    fetched = repository.branches([FETCHED])
    short = {ref.removeprefix("refs/") for ref in before}
    delete_refs(repository, [ref for ref in fetched if ref.endswith(tuple(f"/{s}" for s in short))])
    for ref in before:
        drop_past(repository, ref)
    return replace(done, holders=find_holders(repository, before.values()))


def _commit_of(repository: Repository, place: int, name: str) -> str:
    short = name.removeprefix("exp/")
    ref = find_ref(repository, short) if is_name(short) else None
    commit = ref[1] if ref else repository.git.resolve(name)
    if commit is None:
        # The word is not repeated: with the words in another order, it may be the value.
        raise UsageError(
            f"name number {place} is not an experiment or a commit here",
            "see what there is: gitexp log",
        )
    return commit
