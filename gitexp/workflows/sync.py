"""Share experiments, records and verdicts with a remote, both ways, without force and without loss.

What a remote has is fetched into private refs, merged here under the writers' lock, and pushed. If
somebody else pushed meanwhile, all of that is done again. If a sync is killed half-way, the next
one continues from what is in git.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from gitexp.errors import StoreBusy
from gitexp.lab.health.git_settings import check_fetches
from gitexp.lab.log.batches import WORTH_KEEPING
from gitexp.lab.measuring.unended import end_all_unended
from gitexp.lab.progress import in_one_piece
from gitexp.lab.projects.project import Project
from gitexp.lab.remote import choose_remote
from gitexp.lab.sharing.deliver import Delivery, Here, deliver, plan_delivery, read_here
from gitexp.lab.sharing.incoming import merge_results, merge_verdict_notes
from gitexp.lab.sharing.notices import (
    about_baseline,
    about_foreign_lines,
    about_left_out,
    about_names,
    about_rewritten,
    about_unpushed_baseline,
)
from gitexp.lab.sharing.outgoing import Outgoing, push_all
from gitexp.lab.sharing.report import Synced
from gitexp.lab.standing.headline import sum_up_log
from gitexp.store.archive import tidy
from gitexp.store.fetch import Remote, delete_refs, fetch, read_fetched
from gitexp.store.local import locked, read_json, write_json
from gitexp.store.mending import free_locks
from gitexp.store.note_writing import store_aside
from gitexp.store.push import Push, delete_by_name, record_pushed
from gitexp.store.refs import LOGS, OUTGOING, REHEARSAL, RUNS, VERDICTS
from gitexp.store.shared_runs import Folded, read_runs

if TYPE_CHECKING:
    from gitexp.store.merge import Merged
    from gitexp.store.transfer import Show

# Every try fetches again, so of n clones that push at once, one gets through each time.
_TRIES = 20
_LONGEST_PAUSE = 2.0  # seconds
_NAMED = 5  # refs that hold no run; anybody who may push can make thousands


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
    among several remotes, `say` is told what is being done, `show` how far a long transfer is.

    Raises:
        NotReady: no remote is known, or it cannot be reached.
        StoreBusy: somebody else came first every time; what came in is stored.
    """
    repository = project.repository
    remote = choose_remote(repository, project.baseline, named, ask)
    with locked(repository.local / "sync.lock", wait=False) as lock:
        if lock is None:
            raise StoreBusy(
                "another gitexp sync is running in this clone", "when it has ended: gitexp sync"
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
        self.outgoing = Outgoing(self.repository)
        self.marker = self.repository.local / "sync" / f"{quote(remote, safe='')}.json"
        self.began = time.time()
        self.judged = 0  # experiments whose records came in
        # Whether something was fetched and not delivered yet, by us or by a sync that was killed.
        self.whole = False

    def run(self) -> Synced:
        if killed := read_json(self.marker):
            self.whole = not killed.get("delivered")
            free_locks(self.repository, killed.get("began"))
        delete_refs(self.repository, self.repository.branches([REHEARSAL, OUTGOING]))
        self.done.warn(*(f"{one.message}\n{one.hint}" for one in check_fetches(self.repository)))
        self._mark(delivered=not self.whole)
        try:
            return self._rehearse() if self.done.dry else self._repeat()
        finally:
            if not self.whole:
                self.marker.unlink(missing_ok=True)

    def _mark(self, *, delivered: bool) -> None:
        """Leave word for the next sync, in case this one is killed."""
        write_json(self.marker, {"began": self.began, "delivered": delivered})

    def _repeat(self) -> Synced:
        store_aside(self.repository)
        for attempt in range(_TRIES):
            self.say(f"{self.remote}: fetching" + (" again, as others pushed" if attempt else ""))
            if self._once():
                if self.judged >= WORTH_KEEPING:
                    sum_up_log(self.project)
                return self.done
            # Jitter keeps two contenders from meeting again at the next try.
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.05 * 2**attempt)))  # noqa: S311
        raise StoreBusy(
            f"others pushed to {self.remote} first, {_TRIES} times; what came in is stored",
            "if nobody else is syncing, the remote may have a stale lock file, or you push to"
            " another place than you fetch from: git remote -v\nthen again: gitexp sync",
        )

    def _once(self) -> bool:
        """Fetch, merge and push; False if others pushed meanwhile."""
        repository = self.repository
        before = read_fetched(repository, self.remote)
        known = None if self.whole else before
        self._mark(delivered=False)
        fetch(repository, self.remote, logs=self.logs, show=self.show)
        self.whole, whole = True, self.whole
        # Nobody else can tell what became of an attempt that was killed here.
        end_all_unended(repository)
        with in_one_piece("merging what came in"):
            theirs = read_fetched(repository, self.remote)
            folded = read_runs(repository, theirs.runs)
            merged = merge_results(repository, theirs.notes, folded.lines, logs=self.logs)
            self.done.warn(
                *about_rewritten(repository, self.remote, before, theirs, merged),
                *about_left_out(self.remote, merged),
            )
            self.done.redacted += sum(bool(one.ours_stale) for one in merged.values())
            delivery = plan_delivery(repository, read_here(repository), theirs, known)
            deliver(repository, delivery)
            self._tell_incoming(delivery, merged)
            views = merge_verdict_notes(repository, theirs.notes, merged[RUNS], whole=whole)
        self.done.verdicts += views.changed
        self.judged += views.judged
        self.whole = False
        self._mark(delivered=True)
        odd = folded.odd[:_NAMED]
        self.done.warn(*(f"{ref} does not hold a run, and is left there" for ref in odd))
        if more := folded.odd[_NAMED:]:
            self.done.warn(f"{len(more):,} more refs there hold no run")
        notes = {
            ref: (one.theirs.commit, one.after)
            for ref, one in merged.items()
            # The logs of workers stay here, as all logs do unless you ask for them.
            if ref != LOGS or self.logs
        }
        notes[VERDICTS] = (views.theirs.commit, views.after)
        if not self._send(theirs, notes, merged):
            return False
        self._sweep_runs(folded, notes)
        with in_one_piece("tidying up"):
            tidy(repository)
        return True

    def _rehearse(self) -> Synced:
        """Fetch into refs of their own, count, and leave everything as it was."""
        repository = self.repository
        before = read_fetched(repository, self.remote)
        try:
            fetch(repository, self.remote, logs=self.logs, into=REHEARSAL, show=self.show)
            theirs = read_fetched(repository, self.remote, REHEARSAL)
            folded = read_runs(repository, theirs.runs)
            merged = merge_results(
                repository, theirs.notes, folded.lines, logs=self.logs, write=False
            )
            self.done.warn(*about_rewritten(repository, self.remote, before, theirs, merged))
            here = read_here(repository)
            delivery = plan_delivery(repository, here, theirs, None if self.whole else before)
            self._tell_incoming(delivery, merged)
            self.done.folded = len(folded.refs)
            pushes = self._experiments(here, theirs)
            self.done.count_out([*(push.ref for push in pushes), RUNS, LOGS], merged)
            self.done.pending += _pending(merged) if not self.redacted else []
        finally:
            delete_refs(repository, repository.branches([REHEARSAL]))
        return self.done

    def _tell_incoming(self, delivery: Delivery, merged: Mapping[str, Merged]) -> None:
        self.done.count_in(delivery, merged)
        self.done.warn(
            *about_foreign_lines(merged),
            *about_names(self.project, delivery),
            *about_baseline(self.project, self.remote, delivery),
            *about_unpushed_baseline(self.project, self.remote),
        )

    def _experiments(self, here: Here, theirs: Remote) -> list[Push]:
        pushes = self.outgoing.experiments(here, theirs)
        self.done.kept |= {f"exp/{name}": why for name, why in self.outgoing.kept.values()}
        return pushes

    def _send(
        self,
        theirs: Remote,
        notes: Mapping[str, tuple[str, str]],
        merged: Mapping[str, Merged],
    ) -> bool:
        """Push what the remote lacks; False if others pushed meanwhile."""
        done, pending = self.done, _pending(merged)
        experiments = self._experiments(read_here(self.repository), theirs)
        pushes = [push for push in experiments if push.ref not in done.refused]
        done.pending = [] if self.redacted else pending
        for ref, (there, after) in notes.items():
            if after in {"", there} or ref in done.refused or ref in done.pending:
                continue
            pushes.append(Push(ref, after, there if ref in pending else None))
        if not pushes:
            return True
        self.say(f"{self.remote}: pushing")
        answers = push_all(self.repository, self.remote, pushes, self.show)
        taken = [push for push in pushes if not answers[push.ref].why]
        record_pushed(self.repository, self.remote, taken)
        done.count_out([push.ref for push in taken if not answers[push.ref].had], merged)
        done.replaced += [push.ref for push in taken if push.lease and push.ref in notes]
        done.refused |= {a.ref: a.why for a in answers.values() if a.why and not a.contended}
        return not any(answer.contended for answer in answers.values())

    def _sweep_runs(self, folded: Folded, notes: Mapping[str, tuple[str, str]]) -> None:
        """Delete runs of other machines from the remote, now that its notes hold them."""
        if any(ref in self.done.refused or ref in self.done.pending for ref in notes):
            return
        self.done.folded += len(folded.refs)
        answers = delete_by_name(self.repository, self.remote, folded.refs)
        left = [a for a in answers if a.why and not a.contended and "exist" not in a.why]
        if left:
            self.done.warn(
                f"{len(left)} runs are in the notes now, and {self.remote} does not let anyone"
                f" delete them ({left[0].why.splitlines()[0]}); the next sync reads them again,"
                " which does no harm"
            )


def _pending(merged: Mapping[str, Merged]) -> list[str]:
    """Notes that were redacted here and not on the remote."""
    refs = [ref for ref, one in merged.items() if one.theirs_stale]
    return refs + [VERDICTS] * (RUNS in refs)
