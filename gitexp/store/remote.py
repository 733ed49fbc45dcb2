"""What lies on a remote: fetched beside the user's own refs, pushed without force.

Everything that a remote has of gitexp goes to `refs/gitexp/remote/<remote>/`, where nothing of the
user's is. Runs of other machines come as refs that are written once:

    refs/gitexp/runs/<commit>/<seed>-<first 12 digits of the sha256 of the record>

Each names a blob, whose first line is the record and whose other lines are its bulk. Nobody else
ever writes that ref, so a push of one never has to be tried again, however many there are at once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, Refused, UsageError, disk_full
from gitexp.rules.documents.lines import Kind, kind_of, parse_object
from gitexp.rules.documents.name import is_name
from gitexp.rules.documents.record import parse_records
from gitexp.store.experiments import ARCHIVE, HEADS
from gitexp.store.git import decode
from gitexp.store.notes import BULK, LOGS, RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitexp.store.git import Repository

PRIVATE = "refs/gitexp/remote/"
REHEARSAL = "refs/gitexp/rehearsal/"  # of a dry run, which leaves nothing behind
OUTGOING = "refs/gitexp/outgoing/"  # for as long as a push of many refs takes
ONCE = "refs/gitexp/runs/"
_NOTES = "refs/notes/gitexp"

_MANY = 200  # refs of one push
_LONGEST, _WIDEST = 20, 300  # lines and characters that a remote's hook gets to say
_ONCE = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})/(-?\d+)-([0-9a-f]{12})")


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


def fetch(repository: Repository, remote: str, *, logs: bool, into: str = PRIVATE) -> None:
    """Fetch all that a remote has of gitexp, or nothing; no ref of the user's moves.

    Raises:
        NotReady: it cannot be reached, or does not let us read.
    """
    where = f"{into}{remote}/"
    branches = [f"+{HEADS}*:{where}heads/*", f"+{ARCHIVE}*:{where}archive/*"]
    notes = [
        f"+{ONCE}*:{where}runs/*",
        f"+{_NOTES}*:{where}notes/gitexp*",
        # Those of another clone, at work.
        f"^{_NOTES}-scratch/*",
        *([] if logs else [f"^{LOGS}"]),
    ]
    if repository.setting(f"remote.{remote}.promisor") == "true":
        # A partial clone fetches each missing text by itself, one connection a note.
        calls = [
            ["--filter=blob:none", "--", remote, *branches],
            ["--no-filter", "--", remote, *notes],
        ]
    else:
        calls = [["--", remote, *branches, *notes]]
    for call in calls:
        done = repository.git.run(
            "fetch", "--quiet", "--atomic", "--prune", "--no-tags", "--no-write-fetch-head",
            "--refmap=",
            "--no-recurse-submodules", "--no-auto-maintenance", *call,
            allow=range(1, 256),
        )  # fmt: skip
        if done.returncode:
            said = decode(done.stderr)
            raise disk_full() if repository.git.lacked_room(said) else unreachable(remote, said)


def read(repository: Repository, remote: str, into: str = PRIVATE) -> Remote:
    """Read what was fetched; one git process. Names that no experiment can have are left out."""
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


def remember(repository: Repository, remote: str, pushes: Iterable[Push]) -> None:
    """Note that a remote took these refs, as the next fetch would find it."""
    lines = ""
    for one in pushes:
        for kind, prefix in (("heads/", HEADS), ("archive/", ARCHIVE), ("notes/", "refs/notes/")):
            if one.ref.startswith(prefix):
                place = f"{PRIVATE}{remote}/{kind}{one.ref.removeprefix(prefix)}"
                lines += f"update {place} {one.target}\n"
    if lines:
        repository.git.run("update-ref", "--stdin", stdin=lines.encode())


def forget(repository: Repository, refs: Iterable[str]) -> None:
    """Delete refs of our own, in one process."""
    lines = "".join(f"delete {ref}\n" for ref in refs)
    if lines:
        repository.git.run("update-ref", "--stdin", stdin=lines.encode())


def unreachable(remote: str, said: str) -> GitexpError:
    """Say why a remote could not be read or written, in git's words but without passwords."""
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("hint:")]
    told = [line for line in lines if not line.startswith(("To ", "From ", "remote: Enumer"))]
    text = re.sub(r"//[^/@\s]*@", "//", "\n".join(told[-6:])) or "git gave no reason"
    lower = text.lower()
    if any(
        word in lower for word in ("permission", "denied", "authentic", "403", "401", "username")
    ):
        return NotReady(
            f"{remote} does not let this clone in:\n{text}",
            "a name or key that may write is needed; see which remote that is: git remote -v",
        )
    if "not our ref 0000" in lower:
        return NotReady(
            f"a ref on {remote} is damaged, and git reads nothing there till it is mended:\n{text}",
            "on that machine: gitexp doctor --fix\nor remove the file that git fsck names there; a"
            " clone that has it all brings it back: gitexp sync",
        )
    return NotReady(
        f"{remote} could not be reached:\n{text}",
        "nothing that is stored here is affected; see where it should be: git remote -v",
    )


# --- pushing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Push:
    """A ref of the remote and what it shall name ("" deletes it).

    `lease` is what it must name now; None asks for no more than that nothing is lost.
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
class Answer:
    """What became of one pushed ref; `why` is the remote's reason, empty where it took it."""

    ref: str
    why: str

    @property
    def contended(self) -> bool:
        """Whether somebody else came first, so that it can be tried again."""
        return "hook" not in self.why and any(word in self.why for word in _CONTENDED)


def push(
    repository: Repository, remote: str, pushes: Sequence[Push], *, atomic: bool
) -> dict[str, Answer]:
    """Push refs; returns what the remote answered about each.

    Raises:
        Refused: the pre-push hook of this clone said no.
        NotReady: the remote cannot be reached, or lets nobody write.
    """
    made, gone = [p for p in pushes if p.target], [p for p in pushes if not p.target]
    answers: dict[str, Answer] = {}
    if len(made) > _MANY:
        answers = _push_many(repository, remote, made, atomic=atomic)
        made = []
    # A ref named by itself is looked for among all others: 2,000 of them take git ten seconds.
    for some in (made, *(gone[at : at + _MANY] for at in range(0, len(gone), _MANY))):
        specs = [f"{one.target}:{one.ref}" for one in some]
        answers |= _push(repository, remote, specs, _leases(some), atomic=atomic)
    return answers


def _push_many(
    repository: Repository, remote: str, pushes: Sequence[Push], *, atomic: bool
) -> dict[str, Answer]:
    """Push refs by a pattern, for which they are put beside all others for as long as it takes."""
    refs = [f"{OUTGOING}{one.ref.removeprefix('refs/')}" for one in pushes]
    forget(repository, repository.branches([OUTGOING]))
    lines = "".join(f"create {ref} {one.target}\n" for ref, one in zip(refs, pushes, strict=True))
    repository.git.run("update-ref", "--stdin", stdin=lines.encode())
    try:
        specs = [f"{OUTGOING}*:refs/*"]
        return _push(repository, remote, specs, _leases(pushes), atomic=atomic)
    finally:
        forget(repository, refs)


def _leases(pushes: Iterable[Push]) -> list[str]:
    return [f"--force-with-lease={p.ref}:{p.lease}" for p in pushes if p.lease is not None]


def _push(
    repository: Repository,
    remote: str,
    specs: Sequence[str],
    leases: Sequence[str],
    *,
    atomic: bool,
) -> dict[str, Answer]:
    if not specs:
        return {}
    done = repository.git.run(
        # A mirror would take no refs by name.
        "-c", f"remote.{remote}.mirror=false", "push", "--porcelain", "--no-follow-tags",
        "--recurse-submodules=no", *(["--atomic"] if atomic else []), *leases, "--", remote, *specs,
        allow=range(1, 256),
    )  # fmt: skip
    said = decode(done.stderr)
    answers = _answers(decode(done.stdout), _from_remote(said))
    if done.returncode and not answers:
        if atomic and "--atomic" in said:
            return _push(repository, remote, specs, leases, atomic=False)
        if "failed to push some refs" in said and "fatal: " not in said:
            raise Refused(f"a hook of this clone held the push back:\n{said.strip()}")
        raise unreachable(remote, said)
    return answers


def _from_remote(said: str) -> str:
    """What the remote's own hooks said."""
    lines = [line[7:].strip() for line in said.splitlines() if line.startswith("remote:")]
    told = [line for line in lines if line and not line.startswith("error: hook declined")]
    return "\n".join(line[:_WIDEST] for line in told[:_LONGEST])


def _answers(out: str, said: str) -> dict[str, Answer]:
    answers = {}
    for line in out.splitlines():
        flag, _, rest = line.partition("\t")
        refs, _, summary = rest.partition("\t")
        if len(flag) == 1 and summary:
            ref = refs.rpartition(":")[2]
            why = (summary.rpartition("(")[2].rstrip(")") or "refused") if flag == "!" else ""
            answers[ref] = Answer(ref, f"{why}\n{said}" if "hook" in why and said else why)
    return answers


# --- runs of other machines ---------------------------------------------------------------------


def write_run(
    repository: Repository, remote: str, commit: str, record: str, bulk: Sequence[str]
) -> str:
    """Push the record of one run with its bulk lines as a ref that is written once; returns it.

    Doing so again is harmless. `remote` is a name or a URL.

    Raises:
        UsageError: the line is no record of that commit.
        NotReady: the remote cannot be reached, or does not take it.
    """
    ref = f"{ONCE}{commit}/{_name(commit, record)}"
    text = "".join(f"{line}\n" for line in (record, *bulk))
    done = repository.git.run("hash-object", "-w", "--stdin", stdin=text.encode())
    answer = push(repository, remote, [Push(ref, decode(done.stdout).strip())], atomic=False).get(
        ref
    )
    if answer is None or answer.why:
        why = answer.why if answer else "it did not say why"
        raise NotReady(f"{remote} did not take {ref}: {why}", "the run is kept in its folder")
    return ref


def _name(commit: str, record: str) -> str:
    import hashlib  # loads OpenSSL

    records = parse_records(record)
    if len(records) != 1 or not records[0].is_of(commit) or "\n" in record:
        raise UsageError(f"this is no record of {commit[:10]}")
    return f"{records[0].seed}-{hashlib.sha256(record.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Folded:
    """Runs of other machines as lines of notes, by notes ref and commit.

    `refs` are those that were read, with their blobs; `odd` those that hold something else.
    """

    lines: Mapping[str, Mapping[str, Sequence[str]]]
    refs: Mapping[str, str]
    odd: Sequence[str]


def read_runs(repository: Repository, runs: Mapping[str, str]) -> Folded:
    """Read runs that were fetched; what is no run is left where it is."""
    lines: dict[str, dict[str, list[str]]] = {ref: defaultdict(list) for ref in (RUNS, BULK, LOGS)}
    refs, odd = {}, []
    for name, blob in zip(runs, repository.git.each(runs.values()), strict=True):
        found = _ONCE.fullmatch(name)
        text = _text(blob)
        first, *rest = text.split("\n") if text else [""]
        bulk = [(line, parse_object(line) or {}) for line in rest]
        try:
            fits = found is not None and _name(found[1], first) == f"{found[2]}-{found[3]}"
        except UsageError:
            fits = False
        # A kind that only a newer gitexp knows is as welcome as ours.
        if not fits or found is None or not all("kind" in content for _, content in bulk):
            odd.append(f"{ONCE}{name}")
            continue
        refs[f"{ONCE}{name}"] = runs[name]
        lines[RUNS][found[1]].append(first)
        for line, content in bulk:
            lines[LOGS if kind_of(content) is Kind.LOG else BULK][found[1]].append(line)
    return Folded(lines, refs, odd)


def _text(content: bytes | None) -> str:
    try:
        return (content or b"").decode().rstrip("\n")
    except UnicodeDecodeError:
        return ""
