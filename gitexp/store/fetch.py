"""Fetch what a remote has of gitexp, into refs of their own below `refs/gitexp/remote/`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, StoreBusy, disk_full
from gitexp.rules.documents.name import is_name
from gitexp.store.aside import make_durable
from gitexp.store.git_errors import lacked_room
from gitexp.store.git_output import decode, one_a_line
from gitexp.store.kept_pack import DURABLE
from gitexp.store.refs import ARCHIVE, FETCHED, HEADS, LOGS, SHARED_RUNS, VERDICTS
from gitexp.store.repository import Repository
from gitexp.store.transfer import Show, transfer

if TYPE_CHECKING:
    import subprocess


_TRIES = 3
# A file: objects were lost, so the next fetch brings all of them, whatever refs claim to have.
REFETCH = "refetch"


@dataclass(frozen=True, slots=True)
class Remote:
    """What a remote had when it was last fetched.

    `heads` and `archive` are commits by the experiment's name, `runs` blobs by what follows
    `refs/gitexp/runs/`, `notes` commits by their ref on the remote.
    """

    heads: Mapping[str, str]
    archive: Mapping[str, str]
    runs: Mapping[str, str]
    notes: Mapping[str, str]


def fetch(
    repository: Repository,
    remote: str,
    *,
    logs: bool,
    into: str = FETCHED,
    show: Show | None = None,
) -> None:
    """Fetch all that a remote has of gitexp, or nothing; none of your own refs moves.

    `show` is called with how far a long fetch is.

    Raises:
        NotReady: it cannot be reached, or this clone may not read it.
        StoreBusy: a gc took all of it every time.
    """
    where = f"{into}{remote}/"
    had = {*repository.branches([where]).values()}
    for _ in range(_TRIES):
        _fetch_once(repository, remote, where, logs=logs, show=show)
        # git frees the pack that it fetched just before its refs move, and a gc may be quicker.
        came = {r: c for r, c in repository.branches([where]).items() if c not in had}
        there = repository.git.sizes([*came.values()])
        lost = [ref for ref, target in came.items() if target not in there]
        if not lost:
            return
        delete_refs(repository, lost)
    raise StoreBusy(
        f"a git gc took what came from {remote}, {_TRIES} times", "when it has ended: gitexp sync"
    )


def _fetch_once(
    repository: Repository, remote: str, where: str, *, logs: bool, show: Show | None
) -> None:
    branches = [f"+{HEADS}*:{where}heads/*", f"+{ARCHIVE}*:{where}archive/*"]
    results = [f"+{SHARED_RUNS}*:{where}runs/*", *notes_into(where, logs=logs)]
    if repository.setting(f"remote.{remote}.promisor") == "true":
        # A partial clone would fetch each missing note by itself, with a connection for each.
        calls = [(branches, ["--filter=blob:none"]), (results, ["--no-filter"])]
    else:
        calls = [([*branches, *results], [])]
    again = repository.local / REFETCH
    whole = ["--refetch"] if again.exists() else []
    for specs, options in calls:
        done = pull(repository, remote, specs, *whole, *options, show=show)
        if done.returncode:
            said = decode(done.stderr)
            full = lacked_room(repository.git.directory, said)
            raise disk_full(repository.common) if full else unreachable(remote, said)
    again.unlink(missing_ok=True)
    # To sync each of thousands of refs that can be fetched again would take seconds; --prune writes
    # the file with all packed refs, though.
    make_durable(repository.common / "packed-refs")


def notes_into(where: str, *, logs: bool = False) -> list[str]:
    """Refspecs of results, without the scratch refs of another clone."""
    scratch = f"^{VERDICTS}-scratch/*"
    return [f"+{VERDICTS}*:{where}notes/gitexp*", scratch, *([] if logs else [f"^{LOGS}"])]


def pull(
    repository: Repository,
    remote: str,
    specs: Sequence[str],
    *options: str,
    show: Show | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Fetch by refspecs, all or nothing, and return it whatever its exit code."""
    # A pack is kept from every gc until refs hold it; what git unpacks from a small one is not.
    # Nor does it show progress while it unpacks, and notes may have megabytes.
    words = (
        "-c", "fetch.unpackLimit=1", "fetch", "--atomic", "--prune", "--no-tags",
        "--no-write-fetch-head", "--refmap=", "--no-recurse-submodules", "--no-auto-maintenance",
        "--progress" if show else "--quiet", *options, "--", remote, *specs,
    )  # fmt: skip
    done = transfer(repository.git, *words, show=show)
    if done.returncode and _forget_gone(repository, remote, specs, decode(done.stderr)):
        done = transfer(repository.git, *words, show=show)
    return done


def _forget_gone(repository: Repository, remote: str, specs: Sequence[str], said: str) -> bool:
    """Delete what was fetched of refs that a remote no longer has, if that made a fetch fail.

    git prunes by the same transaction that brings what is new, in which a name that has gone keeps
    `name/more` from coming. Returns whether another fetch may go better.
    """
    if "exists; cannot create" not in said:
        return False
    done = repository.git.run("ls-remote", "--refs", "--", remote, allow=range(1, 256))
    there = {line.partition("\t")[2] for line in decode(done.stdout).splitlines()}
    if done.returncode:
        return False
    pairs = [
        [part.rpartition("/")[0] + "/" for part in spec[1:].split(":")]
        for spec in specs
        if spec.startswith("+") and spec.endswith("*")
    ]
    delete_refs(
        repository,
        [
            ref
            for source, place in pairs
            for ref in repository.branches([place])
            if source + ref.removeprefix(place) not in there
        ],
    )
    return True


def read_fetched(repository: Repository, remote: str, into: str = FETCHED) -> Remote:
    """Read what was fetched, one git process; names that no experiment can have are left out."""
    where = f"{into}{remote}/"
    kinds: dict[str, dict[str, str]] = defaultdict(dict)
    for ref, target in repository.branches([where]).items():
        kind, _, name = ref.removeprefix(where).partition("/")
        kinds[kind][name] = target
    return Remote(
        {name: target for name, target in kinds["heads"].items() if is_name(name)},
        {name: target for name, target in kinds["archive"].items() if is_name(name)},
        kinds["runs"],
        {f"refs/notes/{name}": target for name, target in kinds["notes"].items()},
    )


def delete_refs(repository: Repository, refs: Iterable[str]) -> None:
    """Delete refs of gitexp, in one process."""
    if lines := one_a_line(f"delete {ref}" for ref in refs):
        repository.git.run(*DURABLE, "update-ref", "--stdin", stdin=lines)


_LOOK = "see the remote's address: git remote -v"


def unreachable(remote: str, said: str, look: str = _LOOK) -> GitexpError:
    """Say why a remote could not be read or written, in git's words but without passwords.

    `look` is where to begin.
    """
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("hint:")]
    told = [line for line in lines if not line.startswith(("To ", "From ", "remote: Enumer"))]
    text = re.sub(r"//[^/@\s]*@", "//", "\n".join(told[-6:])) or "git gave no reason"
    lower = text.lower()
    if any(
        word in lower for word in ("permission", "denied", "authentic", "403", "401", "username")
    ):
        return NotReady(
            f"{remote} does not let this clone in:\n{text}",
            f"you need a name or key that may write there; {look}",
        )
    if "not our ref 0000" in lower:
        return NotReady(
            f"a ref on {remote} is damaged, and git cannot read it until it is fixed:\n{text}",
            "on that machine: gitexp doctor --fix\n"
            "or remove the file that git fsck names there, then in a clone that has everything:"
            " gitexp sync",
        )
    return NotReady(
        f"{remote} could not be reached:\n{text}",
        f"nothing that is stored here is affected; {look}",
    )
