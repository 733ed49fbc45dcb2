"""Push refs to a remote, without force, and read whether it took each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import Refused
from gitexp.store.fetch import delete_refs, unreachable
from gitexp.store.git_output import decode, one_a_line, split_lines
from gitexp.store.refs import ARCHIVE, FETCHED, HEADS, OUTGOING
from gitexp.store.repository import Repository
from gitexp.store.transfer import Show, transfer

_MANY = 200  # refs of one push
_MOST_PATTERNS = 2_000  # of one push; they have to fit on a command line
_NOWHERE = f"{OUTGOING}nowhere/"
_LONGEST, _WIDEST = 20, 300  # lines and characters that are shown of what a remote's hook says


@dataclass(frozen=True, slots=True)
class Push:
    """A ref of the remote and its new target ("" deletes the ref).

    `lease` is the target that it must have now; with None, the push must only lose nothing.
    """

    ref: str
    target: str
    lease: str | None = None


_CONTENDED = (
    "fetch first", "non-fast-forward", "stale info", "failed to update ref", "cannot lock ref",
    "incorrect old value", "failed to lock", "already exists", "atomic", "unable to lock",
    "is at", "needs force",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PushedRef:
    """The remote's answer to one pushed ref; `why` is its reason, empty if it took the ref.

    `had` says that the ref stood there already, so that nothing went out.
    """

    ref: str
    why: str
    had: bool = False

    @property
    def contended(self) -> bool:
        """Whether somebody else came first, so that trying again makes sense."""
        return "hook" not in self.why and any(word in self.why for word in _CONTENDED)


def push(
    repository: Repository,
    remote: str,
    pushes: Sequence[Push],
    *,
    atomic: bool,
    show: Show | None = None,
) -> dict[str, PushedRef]:
    """Push refs; returns the remote's answer to each.

    `show` is called with how far a long push is.

    Raises:
        Refused: the pre-push hook of this clone said no.
        NotReady: the remote cannot be reached, or this clone may not write to it.
    """
    made, gone = [p for p in pushes if p.target], [p for p in pushes if not p.target]
    answers: dict[str, PushedRef] = {}
    if len(made) > _MANY:
        answers = _push_many(repository, remote, made, atomic=atomic, show=show)
        made = []
    # git looks for each named ref among all others: 2,000 of them take ten seconds.
    for some in (made, *(gone[at : at + _MANY] for at in range(0, len(gone), _MANY))):
        specs = [f"{one.target}:{one.ref}" for one in some]
        answers |= _push(repository, remote, specs, _leases(some), atomic=atomic, show=show)
    return answers


def delete_by_name(repository: Repository, remote: str, refs: Mapping[str, str]) -> list[PushedRef]:
    """Delete refs of a remote whose names say what they hold, with their objects as they were read.

    For each ref that is named, git goes through all that the remote has, several times: 10,000 take
    minutes. Patterns take seconds, and one transaction for many. Each pattern is a whole name.
    """
    answers: list[PushedRef] = []
    names = [*refs]
    for at in range(0, len(names), _MOST_PATTERNS):
        some = names[at : at + _MOST_PATTERNS]
        # A ref that the remote has and that `--prune` finds nothing for here is deleted.
        specs = [f"{_NOWHERE}{number}*:{ref}*" for number, ref in enumerate(some)]
        found = _push(repository, remote, specs, ["--prune"], atomic=True, show=None)
        if any(answer.why for answer in found.values()):
            # One by one, each as it was read: the others go, and what keeps this one is told.
            gone = [Push(ref, "", refs[ref]) for ref in some]
            found = push(repository, remote, gone, atomic=False)
        answers += found.values()
    return answers


def _push_many(
    repository: Repository,
    remote: str,
    pushes: Sequence[Push],
    *,
    atomic: bool,
    show: Show | None,
) -> dict[str, PushedRef]:
    """Push refs by one pattern, below which copies of them stand until the push ends."""
    refs = [f"{OUTGOING}{one.ref.removeprefix('refs/')}" for one in pushes]
    delete_refs(repository, repository.branches([OUTGOING]))
    copies = (f"create {ref} {one.target}" for ref, one in zip(refs, pushes, strict=True))
    repository.git.run("update-ref", "--stdin", stdin=one_a_line(copies))
    try:
        specs = [f"{OUTGOING}*:refs/*"]
        return _push(repository, remote, specs, _leases(pushes), atomic=atomic, show=show)
    finally:
        delete_refs(repository, refs)


def record_pushed(repository: Repository, remote: str, pushes: Iterable[Push]) -> None:
    """Record that a remote took these refs, as the next fetch would."""
    kinds = (("heads/", HEADS), ("archive/", ARCHIVE), ("notes/", "refs/notes/"))
    lines = one_a_line(
        f"update {FETCHED}{remote}/{kind}{one.ref.removeprefix(prefix)} {one.target}"
        for one in pushes
        for kind, prefix in kinds
        if one.ref.startswith(prefix)
    )
    if lines:
        repository.git.run("update-ref", "--stdin", stdin=lines)


def pushed_elsewhere(repository: Repository, remote: str, refs: Mapping[str, str]) -> str:
    """Return the address to which a remote's pushes go, if another repository is fetched.

    `refs` are those that were pushed and are not there when fetched, by what was pushed. Only the
    place itself can tell: two addresses may be of one repository.
    """
    address = ("remote", "get-url")
    fetched = repository.git.text(*address, remote)
    pushed = repository.git.text(*address, "--push", "--all", remote).splitlines()
    if not refs or fetched in pushed:
        return ""
    for place in pushed:
        done = repository.git.run("ls-remote", "--refs", "--", place, *refs, allow=range(1, 256))
        there = [line.split("\t")[::-1] for line in decode(done.stdout).splitlines()]
        if any(refs.get(ref) == target for ref, target in there):
            return re.sub(r"//[^/@\s]*@", "//", place)
    return ""


def _leases(pushes: Iterable[Push]) -> list[str]:
    return [f"--force-with-lease={p.ref}:{p.lease}" for p in pushes if p.lease is not None]


def _push(
    repository: Repository,
    remote: str,
    specs: Sequence[str],
    leases: Sequence[str],
    *,
    atomic: bool,
    show: Show | None,
) -> dict[str, PushedRef]:
    if not specs:
        return {}
    options = ["--atomic"] * atomic + ["--progress"] * (show is not None)
    done = transfer(
        # With remote.<name>.mirror, git refuses to push refs by name.
        repository.git, "-c", f"remote.{remote}.mirror=false", "push", "--porcelain",
        "--no-follow-tags", "--recurse-submodules=no", *options, *leases, "--", remote, *specs,
        show=show,
    )  # fmt: skip
    said = decode(done.stderr)
    answers = _answers(decode(done.stdout), said)
    if done.returncode and not answers:
        if atomic and "--atomic" in said:
            return _push(repository, remote, specs, leases, atomic=False, show=show)
        if "failed to push some refs" in said and "fatal: " not in said:
            raise Refused(f"a hook of this clone stopped the push:\n{said.strip()}")
        raise unreachable(remote, said)
    return answers


def _from_remote(said: str) -> str:
    """Return what the remote's own hooks said."""
    lines = [line[7:].strip() for line in said.splitlines() if line.startswith("remote:")]
    told = [line for line in lines if line and not line.startswith("error: hook declined")]
    return "\n".join(line[:_WIDEST] for line in told[:_LONGEST])


def _answers(out: str, said: str) -> dict[str, PushedRef]:
    answers, told = {}, _from_remote(said)
    for line in split_lines(out):
        flag, _, rest = line.partition("\t")
        refs, _, summary = rest.partition("\t")
        if len(flag) == 1 and summary:
            ref = refs.rpartition(":")[2]
            why = (summary.rpartition("(")[2].rstrip(")") or "refused") if flag == "!" else ""
            if why and f"exists; cannot create '{ref}'" in said:
                why = "another ref there stands in its way"  # trying again changes nothing
            why = f"{why}\n{told}" if "hook" in why and told else why
            answers[ref] = PushedRef(ref, why, had=flag == "=")
    return answers
