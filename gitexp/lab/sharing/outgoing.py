"""What goes to a remote: which experiments, under which names, and how they are pushed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.code.replacement import replaced_among
from gitexp.lab.gate import check_refs
from gitexp.rules.documents.name import base_name, set_apart
from gitexp.rules.documents.record import parse_records
from gitexp.rules.finding import refusals
from gitexp.store.experiments import read_noted
from gitexp.store.push import Push, PushedRef, push
from gitexp.store.refs import ARCHIVE, HEADS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.sharing.deliver import Here
    from gitexp.store.fetch import Remote
    from gitexp.store.transfer import Show


class Outgoing:
    """Experiments that may leave this clone; `kept` says why others stay, by commit."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._sound: set[str] = set()
        self.kept: dict[str, tuple[str, str]] = {}  # commit -> name, reason

    def experiments(self, here: Here, theirs: Remote) -> list[Push]:
        """Choose the experiments that the remote lacks, under names that are free there."""
        archived_there = {*theirs.archive.values()}
        known = {*theirs.heads.values()} | archived_there | self.kept.keys()
        heads = {c: n for n, c in here.heads.items() if c not in known}
        self._hold_back({c: n for c, n in heads.items() if c not in self._sound})
        heads = {c: n for c, n in heads.items() if c not in self.kept}
        self._sound |= heads.keys()
        gone = self._replaced_there(heads, theirs)
        taken = {**theirs.heads, **theirs.archive}
        archive = {c: set_apart(name, c, taken) for name, c in gone.items()}
        archive |= {c: n for n, c in here.archive.items()}
        archive = {c: n for c, n in archive.items() if c not in archived_there}
        # An archived experiment keeps the name that its branch has on the remote, if it has one.
        labels = {c: name for name, c in theirs.heads.items() if name not in gone}
        for name in gone:
            del taken[name]
        return [
            *(
                replace(one, lease=gone.get(one.ref.removeprefix(HEADS)))
                for one in _named_apart(HEADS, heads, taken)
            ),
            *_named_apart(ARCHIVE, {c: labels.get(c, n) for c, n in archive.items()}, taken),
        ]

    def _replaced_there(self, heads: Mapping[str, str], theirs: Remote) -> dict[str, str]:
        """Find branches of the remote whose code ours (commit to name) replaces; name to commit."""
        there = {
            name: theirs.heads[name]
            for name in heads.values()
            if name in theirs.heads and name not in theirs.archive
        }
        ours = [commit for commit, name in heads.items() if name in there]
        entries = read_noted(self._repository, [*ours, *there.values()])
        replaced = replaced_among(self._repository, entries)
        return {name: commit for name, commit in there.items() if commit in replaced}

    def _hold_back(self, heads: Mapping[str, str]) -> None:
        """Keep experiments (commit to name) here that the gate refuses, or whose runs skipped it.

        The pre-push hook would hold up everything else along with them, and may be missing.
        """
        for entry in read_noted(self._repository, heads):
            records = parse_records(entry.runs)
            if records and all(record.explore for record in records):
                self.kept[entry.commit] = heads[entry.commit], "its runs skipped the gate"
        left = [(f"{HEADS}{name}", c) for c, name in heads.items() if c not in self.kept]
        for report in check_refs(self._repository, left) if left else ():
            if not report.ok:
                first = refusals(report.findings)[0]
                said = first.message.splitlines()[0]
                why = f"{first.id} {said} (gitexp check {report.name})"
                self.kept[report.entry.commit] = report.name, why


def _named_apart(kind: str, wanted: Mapping[str, str], taken: dict[str, str]) -> Iterator[Push]:
    """Push experiments under names that no other experiment has on the remote."""
    for commit, name in wanted.items():
        mine = taken.get(name, commit) == commit
        free = name if mine else set_apart(base_name(name, commit), commit, taken)
        taken[free] = commit
        yield Push(f"{kind}{free}", commit)


def _push_in_any_order(
    repository: Repository, remote: str, pushes: Sequence[Push], show: Show | None
) -> dict[str, PushedRef]:
    """Push refs, and those that are refused again as long as others are taken.

    A server's hook may take an experiment only after those that opened the way for it.
    """
    answers: dict[str, PushedRef] = {}
    left = pushes
    while left:
        answers |= push(repository, remote, left, atomic=False, show=show)
        tried, left = left, [one for one in left if one.ref in answers and answers[one.ref].why]
        if len(left) == len(tried):
            break
    return answers


def push_all(
    repository: Repository, remote: str, pushes: Sequence[Push], show: Show | None
) -> dict[str, PushedRef]:
    """Push everything at once or, where the remote refuses some of it, each kind by itself.

    Notes go first: a server's hook judges level and campaign by the results that it has. A branch
    may move to new code once the old one is in the archive.

    Raises:
        NotReady: the remote cannot be reached, or does not let us write.
    """
    try:
        answers = push(repository, remote, pushes, atomic=True, show=show)
        if any(answer.why and not answer.contended for answer in answers.values()):
            for kind in ("refs/notes/", ARCHIVE, HEADS):
                some = [one for one in pushes if one.ref.startswith(kind)]
                answers |= _push_in_any_order(repository, remote, some, show)
    except NotReady as error:
        raise NotReady(f"{error.message}\nwhat came in is stored", error.hint) from None
    unknown = "the remote did not say why"
    return {one.ref: answers.get(one.ref, PushedRef(one.ref, unknown)) for one in pushes}
