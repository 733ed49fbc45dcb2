"""Share experiments, records and verdicts with a remote, both ways, without force and without loss.

What a remote has is fetched beside everything, merged here under the lock of the notes, and pushed.
Where somebody else pushed meanwhile, all of that is done again. Whatever ends it half-way, the next
sync goes on from what git holds.
"""

from __future__ import annotations

import random
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gitexp.errors import NotReady, StoreBusy
from gitexp.lab.gate import check_refs
from gitexp.lab.remote import choose_remote
from gitexp.lab.sharing.deliver import deliver, plan_delivery, read_here
from gitexp.lab.sharing.incoming import merge_lines, merge_views
from gitexp.rules.documents.lines import Kind, kind_of, parse_object
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.name import base_name, set_apart
from gitexp.rules.documents.record import parse_records
from gitexp.rules.finding import refusals
from gitexp.rules.text import counted
from gitexp.store import fetch as remotes
from gitexp.store.archive import tidy
from gitexp.store.experiments import read_noted, unreached
from gitexp.store.local import locked, read_json, write_json
from gitexp.store.note_writing import store_aside
from gitexp.store.push import Push, PushedRef, push
from gitexp.store.refs import ARCHIVE, HEADS, LOGS, OUTGOING, PRIVATE, REHEARSAL, RUNS, VERDICTS
from gitexp.store.shared_runs import read_runs
from gitexp.store.writers_lock import packing_locks
from gitexp.workflows.doctor import overwriting_fetches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitexp.lab.project import Project
    from gitexp.lab.sharing.deliver import Delivery, Here, Rename
    from gitexp.lab.sharing.incoming import Moved
    from gitexp.store.fetch import Remote
    from gitexp.store.merge import Merged
    from gitexp.store.repository import Repository
    from gitexp.store.shared_runs import Folded
    from gitexp.store.transfer import Show

# Every try fetches anew, so among n clones that push at once somebody gets through each time.
_TRIES = 20
_LONGEST_PAUSE = 2.0  # seconds
_OLD = 2.0  # seconds; git holds the lock on a ref for milliseconds


@dataclass(slots=True)
class Flow:
    """How much went one way."""

    experiments: int = 0
    archived: int = 0
    records: int = 0
    logs: int = 0


@dataclass(slots=True)
class Synced:
    """What a sync did, or (`dry`) would do; `redacting` may rewrite notes on the remote.

    `folded` counts runs of other machines that became notes. `kept` are experiments that stay here
    and why, `refused` refs that the remote did not take and its reason. `pending` are notes that
    were redacted here and go out only where that is asked for, `replaced` those that did.
    """

    remote: str
    dry: bool = False
    redacting: bool = False
    came: Flow = field(default_factory=Flow)
    went: Flow = field(default_factory=Flow)
    verdicts: list[Moved] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    # Experiments of the remote that were deleted here, and stay away.
    away: list[str] = field(default_factory=list)
    folded: int = 0
    redacted: int = 0  # notes refs from which others took something out
    kept: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the remote took the notes."""
        return not any(ref.startswith("refs/notes/") for ref in self.refused)

    def as_json(self) -> dict[str, Any]:
        """Return it as `gitexp sync --json` prints it."""
        return {
            "remote": self.remote,
            "dry_run": self.dry,
            "in": asdict(self.came),
            "out": asdict(self.went),
            "verdicts": [
                {"commit": m.commit, "before": m.before, "after": m.after} for m in self.verdicts
            ],
            "renamed": [{"commit": r.commit, "old": r.old, "new": r.new} for r in self.renames],
            "away": list(self.away),
            "folded": self.folded,
            "redacted": self.redacted,
            "kept": dict(self.kept),
            "refused": dict(self.refused),
            "pending": list(self.pending),
            "replaced": list(self.replaced),
            "warnings": list(self.warnings),
        }


def sync(
    project: Project,
    named: str | None = None,
    *,
    logs: bool = False,
    dry: bool = False,
    redacted: bool = False,
    ask: Callable[[Sequence[str]], str] | None = None,
    say: Callable[[str], None] = lambda _: None,
    show: Show | None = None,
) -> Synced:
    """Bring a remote and this clone to the same state, both ways.

    `redacted` replaces notes on the remote that still have what was redacted here. `ask` chooses
    among several remotes, `say` shows what is going on, `show` how far a long transfer is.

    Raises:
        NotReady: no remote is known, it cannot be reached, or it takes no notes.
        StoreBusy: somebody else came first every time; what came in is stored.
    """
    repository = project.repository
    remote = choose_remote(repository, project.baseline, named, ask)
    with locked(repository.local / "sync.lock", wait=False) as lock:
        if lock is None:
            raise StoreBusy(
                "another gitexp sync is at work in this clone", "when it has ended: gitexp sync"
            )
        return _Sync(project, remote, say, show, logs=logs, dry=dry, redacted=redacted).run()


class _Sync:
    """One sync with one remote."""

    def __init__(
        self,
        project: Project,
        remote: str,
        say: Callable[[str], None],
        show: Show | None,
        *,
        logs: bool,
        dry: bool,
        redacted: bool,
    ) -> None:
        self.project, self.repository, self.remote = project, project.repository, remote
        self.say, self.show, self.logs, self.redacted = say, show, logs, redacted
        self.done = Synced(remote, dry, redacted)
        self.marker = self.repository.local / "sync" / f"{quote(remote, safe='')}.json"
        self.began = time.time()
        # Whether something was fetched that has not been delivered: by a sync that died, or by us.
        self.whole = False
        # Commits of experiments that do not leave this clone, and of those that may.
        self.kept: set[str] = set()
        self.sound: set[str] = set()

    def run(self) -> Synced:
        if died := read_json(self.marker):
            self.whole = not died.get("delivered")
            free_locks(self.repository, died.get("began"))
        left = self.repository.branches([REHEARSAL, OUTGOING])
        remotes.forget(self.repository, left)
        for found in overwriting_fetches(self.repository):
            self._warn(f"{found.message}\n{found.hint}")
        self._mark(delivered=not self.whole)
        try:
            return self._rehearse() if self.done.dry else self._repeat()
        finally:
            if not self.whole:
                self.marker.unlink(missing_ok=True)

    def _warn(self, text: str) -> None:
        """Say something once, however often it is tried."""
        if text not in self.done.warnings:
            self.done.warnings.append(text)

    def _mark(self, *, delivered: bool) -> None:
        """Leave word for the next sync, if this one is killed."""
        self.marker.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.marker, {"began": self.began, "delivered": delivered})

    def _repeat(self) -> Synced:
        store_aside(self.repository)
        for attempt in range(_TRIES):
            self.say(f"{self.remote}: fetching" + (" again, as others pushed" if attempt else ""))
            if self._once():
                return self.done
            # Jitter keeps two contenders from meeting again at the next try.
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.05 * 2**attempt)))  # noqa: S311
        raise StoreBusy(
            f"others pushed to {self.remote} first, {_TRIES} times; what came in is stored",
            "if nobody else is at work, a stale lock file may lie on the remote, or it is pushed to"
            " elsewhere than it is fetched from: git remote -v\nthen again: gitexp sync",
        )

    def _once(self) -> bool:
        """Fetch, merge and push; False where others pushed meanwhile."""
        repository = self.repository
        before = remotes.read(repository, self.remote)
        known = None if self.whole else before
        self._mark(delivered=False)
        remotes.fetch(repository, self.remote, logs=self.logs, show=self.show)
        self.whole, whole = True, self.whole
        theirs = remotes.read(repository, self.remote)
        folded = read_runs(repository, theirs.runs)
        merged = merge_lines(repository, theirs.notes, folded.lines, logs=self.logs)
        self._tell_rewritten(before, theirs, merged)
        delivery = plan_delivery(repository, read_here(repository), theirs, known)
        deliver(repository, delivery)
        self._count_in(delivery, merged)
        views = merge_views(repository, theirs.notes, merged[RUNS], whole=whole)
        self.done.verdicts += views.moved
        self.whole = False
        self._mark(delivered=True)
        for ref in folded.odd:
            self._warn(f"{ref} holds no run, and is left there")
        notes = {
            ref: (one.theirs.commit, one.after)
            for ref, one in merged.items()
            # What workers logged stays here as any other log does.
            if ref != LOGS or self.logs
        }
        notes[VERDICTS] = (views.theirs.commit, views.after)
        if not self._send(theirs, notes, merged):
            return False
        self._sweep_runs(folded, notes)
        tidy(repository)
        return True

    def _rehearse(self) -> Synced:
        """Fetch beside what was fetched before, count, and leave everything as it was."""
        repository = self.repository
        before = remotes.read(repository, self.remote)
        try:
            remotes.fetch(repository, self.remote, logs=self.logs, into=REHEARSAL, show=self.show)
            theirs = remotes.read(repository, self.remote, REHEARSAL)
            folded = read_runs(repository, theirs.runs)
            merged = merge_lines(
                repository, theirs.notes, folded.lines, logs=self.logs, write=False
            )
            here = read_here(repository)
            delivery = plan_delivery(repository, here, theirs, None if self.whole else before)
            self._count_in(delivery, merged)
            self.done.folded = len(folded.refs)
            pushes = self._experiments(here, theirs)
            self._count_out([*(push.ref for push in pushes), RUNS, LOGS], merged)
            self.done.pending += _pending(merged) if not self.redacted else []
        finally:
            remotes.forget(repository, repository.branches([REHEARSAL]))
        return self.done

    # --- out ------------------------------------------------------------------------------------

    def _send(
        self,
        theirs: Remote,
        notes: Mapping[str, tuple[str, str]],
        merged: Mapping[str, Merged],
    ) -> bool:
        """Push what the remote lacks; False where others pushed meanwhile."""
        pending = _pending(merged)
        experiments = self._experiments(read_here(self.repository), theirs)
        pushes = [push for push in experiments if push.ref not in self.done.refused]
        self.done.pending = [] if self.redacted else pending
        for ref, (there, after) in notes.items():
            if after in {"", there} or ref in self.done.refused or ref in self.done.pending:
                continue
            pushes.append(Push(ref, after, there if ref in pending else None))
        if not pushes:
            return True
        self.say(f"{self.remote}: pushing")
        answers = self._push(pushes)
        taken = [push for push in pushes if not answers[push.ref].why]
        remotes.remember(self.repository, self.remote, taken)
        self._count_out([push.ref for push in taken], merged)
        self.done.replaced += [push.ref for push in taken if push.lease is not None]
        late = [answer for answer in answers.values() if answer.contended]
        self.done.refused |= {a.ref: a.why for a in answers.values() if a.why and not a.contended}
        return not late

    def _push(self, pushes: Sequence[Push]) -> dict[str, PushedRef]:
        """Push all at once; else, where the remote refuses some, each kind by itself."""
        try:
            answers = push(self.repository, self.remote, pushes, atomic=True, show=self.show)
            if any(answer.why and not answer.contended for answer in answers.values()):
                for kind in (HEADS, ARCHIVE, "refs/notes/"):
                    some = [one for one in pushes if one.ref.startswith(kind)]
                    answers |= push(self.repository, self.remote, some, atomic=False)
        except NotReady as error:
            raise NotReady(f"{error.message}\nwhat came in is stored", error.hint) from None
        unknown = PushedRef("", "the remote did not say why")
        return {one.ref: answers.get(one.ref, replace(unknown, ref=one.ref)) for one in pushes}

    def _experiments(self, here: Here, theirs: Remote) -> list[Push]:
        """Experiments that the remote lacks, under names that are free there."""
        put_away = {*theirs.archive.values()}
        known = {*theirs.heads.values()} | put_away | self.kept
        heads = {c: n for n, c in here.heads.items() if c not in known}
        self._keep_what_may_not_go({c: n for c, n in heads.items() if c not in self.sound})
        heads = {c: n for c, n in heads.items() if c not in self.kept}
        self.sound |= heads.keys()
        archive = {c: n for n, c in here.archive.items() if c not in put_away}
        # What is put away has there the name that its branch has, if there is one.
        labels = {commit: name for name, commit in theirs.heads.items()}
        taken = {**theirs.heads, **theirs.archive}
        return [
            *_named_apart(HEADS, heads, taken),
            *_named_apart(ARCHIVE, {c: labels.get(c, n) for c, n in archive.items()}, taken),
        ]

    def _keep(self, name: str, commit: str, why: str) -> None:
        self.kept.add(commit)
        self.done.kept[f"exp/{name}"] = why

    def _keep_what_may_not_go(self, heads: Mapping[str, str]) -> None:
        """Keep experiments (commit to name) back that the gate refuses, or that ran past it.

        The hook of this clone would hold up everything else with them, and may be missing.
        """
        for entry in read_noted(self.repository, heads):
            records = parse_records(entry.runs)
            if records and all(record.explore for record in records):
                self._keep(heads[entry.commit], entry.commit, "it ran past the gate")
        left = [(f"{HEADS}{name}", c) for c, name in heads.items() if c not in self.kept]
        for report in check_refs(self.repository, left) if left else ():
            if not report.ok:
                first = refusals(report.findings)[0]
                said = first.message.splitlines()[0]
                why = f"{first.id} {said} (gitexp check {report.name})"
                self._keep(report.name, report.entry.commit, why)

    def _sweep_runs(self, folded: Folded, notes: Mapping[str, tuple[str, str]]) -> None:
        """Delete runs of other machines from the remote, now that its notes hold them."""
        if any(ref in self.done.refused or ref in self.done.pending for ref in notes):
            return
        self.done.folded += len(folded.refs)
        deletes = [Push(ref, "", blob) for ref, blob in folded.refs.items()]
        if not deletes:
            return
        answers = push(self.repository, self.remote, deletes, atomic=False)
        left = [a for a in answers.values() if a.why and not a.contended and "exist" not in a.why]
        if left:
            self._warn(
                f"{len(left)} runs are in the notes now, and {self.remote} does not let them be"
                f" deleted ({left[0].why.splitlines()[0]}); the next sync reads them again, which"
                " is harmless"
            )

    # --- what is told ---------------------------------------------------------------------------

    def _count_in(self, delivery: Delivery, merged: Mapping[str, Merged]) -> None:
        done = self.done
        done.came.experiments += len(delivery.experiments)
        done.came.archived += len(delivery.archived)
        runs, logs = merged[RUNS], merged.get(LOGS)
        done.came.records += _records(runs.came, runs.ours_stale)
        if logs is not None:
            done.came.logs += _logs(logs.came, logs.ours_stale)
        done.renames += delivery.renames
        done.away = [*delivery.away]
        for name in delivery.blocked:
            self._warn(
                f"exp/{name} is the name of two experiments, and the earlier one gets it when its"
                f" branch is not checked out\ngit switch {self.project.baseline} && gitexp sync"
            )
        self._tell_behind(delivery)

    def _tell_behind(self, delivery: Delivery) -> None:
        """Say that experiments came whose baseline this clone's branch does not have.

        The gate finds them several commits away from it, which looks like their fault.
        """
        project, repository = self.project, self.repository
        came = {new for _, new in delivery.moves.values()}
        came -= {old for old, _ in delivery.moves.values()}
        bases = [
            # Where a shallow clone ends, a commit seems to have no parent.
            (*entry.parents, entry.commit)[0]
            for entry in read_noted(repository, came)
            if split_message(entry.message)[1].get("Project", "") == project.folder
        ]
        ahead = unreached(repository, bases, project.tip)
        number = counted(sum(base in ahead for base in bases), "experiment")
        if ahead and repository.shallow:
            self._warn(
                f"{number} came whose baseline this clone, which is shallow, cannot connect with"
                f" {project.baseline}; what cannot be computed here stays as it is on"
                f" {self.remote}\ngit fetch --unshallow"
            )
        elif ahead:
            self._warn(
                f"{number} came from a later {project.baseline} than this clone has\n"
                f"git switch {project.baseline} && git pull {self.remote} {project.baseline}"
            )

    def _count_out(self, refs: Sequence[str], merged: Mapping[str, Merged]) -> None:
        went, runs, logs = self.done.went, merged[RUNS], merged.get(LOGS)
        for ref in refs:
            went.experiments += ref.startswith(HEADS)
            went.archived += ref.startswith(ARCHIVE)
        if RUNS in refs:
            went.records += _records(runs.went, runs.theirs_stale)
        if LOGS in refs and logs is not None:
            went.logs += _logs(logs.went, logs.theirs_stale)

    def _tell_rewritten(self, before: Remote, theirs: Remote, merged: Mapping[str, Merged]) -> None:
        """Say that notes on the remote do not go on from what they were, and what was done."""
        for ref, one in merged.items():
            self.done.redacted += bool(one.ours_stale)
            old, new = before.notes.get(ref), theirs.notes.get(ref)
            if not old or not new or old == new or one.ours_stale:
                continue
            if not self.repository.git.succeeds("merge-base", "--is-ancestor", old, new):
                self._warn(
                    f"{ref} on {self.remote} was rewritten by force since the last sync; what this"
                    " clone had of it is kept here, and goes out again"
                )


def _pending(merged: Mapping[str, Merged]) -> list[str]:
    """Notes that were redacted here, and on the remote still are as they were."""
    refs = [ref for ref, one in merged.items() if one.theirs_stale]
    return refs + [VERDICTS] * (RUNS in refs)


def _records(new: Mapping[str, Iterable[str]], old: Mapping[str, Iterable[str]]) -> int:
    """Count records in lines by commit, but for redacted ones that take the place of old ones.

    A copy in another commit's note counts for nothing.
    """

    def count(lines: Mapping[str, Iterable[str]]) -> int:
        return sum(
            record.is_of(commit)
            for commit, found in lines.items()
            for record in parse_records("\n".join(found))
        )

    return max(0, count(new) - count(old))


def _logs(new: Mapping[str, Iterable[str]], old: Mapping[str, Iterable[str]]) -> int:
    """Count logs in lines likewise."""

    def count(lines: Mapping[str, Iterable[str]]) -> int:
        contents = (parse_object(line) or {} for found in lines.values() for line in found)
        return sum(kind_of(content) is Kind.LOG for content in contents)

    return max(0, count(new) - count(old))


def _named_apart(kind: str, wanted: Mapping[str, str], taken: dict[str, str]) -> Iterator[Push]:
    """Push experiments under names that no other one has there."""
    for commit, name in wanted.items():
        mine = taken.get(name, commit) == commit
        free = name if mine else set_apart(base_name(name, commit), commit, taken)
        taken[free] = commit
        yield Push(f"{kind}{free}", commit)


def free_locks(repository: Repository, began: object) -> None:
    """Remove locks on refs that a sync which was killed has left; git itself never does.

    Only those made since it began. What a git that outlived it still holds is gone before they are
    old enough.
    """
    since = began if isinstance(began, float) else 0.0
    folders = [
        repository.common / path
        for path in (PRIVATE, REHEARSAL, OUTGOING, HEADS, ARCHIVE, "refs/notes/")
    ]
    locks = [*packing_locks(repository), repository.common / "shallow.lock"]
    for path in [*locks, *(path for folder in folders for path in folder.rglob("*.lock"))]:
        try:
            while (made := path.stat().st_mtime) >= since - 1:
                if time.time() - made > _OLD:
                    path.unlink()
                time.sleep(_OLD / 10)
        except FileNotFoundError:
            continue
