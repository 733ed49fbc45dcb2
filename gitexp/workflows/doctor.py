"""What is wrong with gitexp's part of a repository, and how it is mended."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.checkout import checkouts, free_checkout, is_sound, is_used
from gitexp.errors import GitexpError
from gitexp.lab.installation import show_verdicts
from gitexp.lab.project import project_at
from gitexp.lab.project_folder import known_projects, project_prefix
from gitexp.lab.trust import is_trusted
from gitexp.rules.documents.lines import count_lines, say_newer
from gitexp.rules.text import counted, duration
from gitexp.store import hooks
from gitexp.store.archive import loose_objects_abound, loose_refs
from gitexp.store.aside import files_aside, read_aside
from gitexp.store.damaged_refs import broken_refs, restore_ref
from gitexp.store.experiments import unreached
from gitexp.store.git_output import decode
from gitexp.store.note_writing import store_aside
from gitexp.store.notes import list_notes
from gitexp.store.refs import ARCHIVE, BULK, HEADS, KEPT, LOGS, RUNS, VERDICTS
from gitexp.store.repository import Repository
from gitexp.store.writers_lock import packing_locks, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# git holds a lock for milliseconds, and for minutes where it packs a huge repository.
_ODD, _DEAD = 60.0, 3600.0  # seconds
_NAMED = 3  # commits or lines in one sentence


@dataclass(frozen=True, slots=True)
class Ailment:
    """One thing that is wrong, or (`advice`) only worth knowing; `hint` ends in a command.

    `mend` does what is safe to do without asking; None where nothing is.
    """

    id: str
    message: str
    hint: str
    mend: Callable[[], object] | None = None
    advice: bool = False


@dataclass(frozen=True, slots=True)
class Examined:
    """An ailment and what became of it: `failure` says why it could not be mended."""

    ailment: Ailment
    mended: bool = False
    failure: str = ""

    @property
    def wrong(self) -> bool:
        """Whether something is wrong still, and not only worth knowing."""
        return not self.mended and not self.ailment.advice

    def as_json(self) -> dict[str, Any]:
        """Return it as `gitexp doctor --json` prints it."""
        ailment = self.ailment
        return {
            "id": ailment.id,
            "message": ailment.message,
            "hint": ailment.hint,
            "advice": ailment.advice,
            "fixable": ailment.mend is not None,
            "mended": self.mended,
            "failure": self.failure or None,
        }


def doctor(directory: Path, *, fix: bool) -> list[Examined]:
    """Examine everything; with `fix`, mend what is safe to mend.

    Raises:
        NotReady: there is no repository.
    """
    repository = Repository.discover(directory)
    examined = []
    # One after the other: what was mended is not found again by the next look.
    for look in (
        _writable, _hooks, _damaged_refs, _settings, _display, overwriting_fetches, _rewriting,
        _merging, _aside, _notes, _held, _slots, _locks, _growth, _shallow,
    ):  # fmt: skip
        for ailment in list(look(repository)):
            examined.append(_mended(ailment) if fix else Examined(ailment))
    return examined


def _mended(ailment: Ailment) -> Examined:
    if ailment.mend is None:
        return Examined(ailment)
    try:
        ailment.mend()
    except (GitexpError, OSError) as error:
        return Examined(ailment, failure=str(error))
    return Examined(ailment, mended=True)


def _writable(repository: Repository) -> Iterator[Ailment]:
    for folder in (repository.common, repository.common / "objects", repository.local):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            yield Ailment(
                "D1",
                f"{folder} cannot be written by you, so no result could be stored",
                f"see whose it is: ls -ld {shlex.quote(str(folder))}",
            )


def _hooks(repository: Repository) -> Iterator[Ailment]:
    try:
        hooks.demand_room(repository)
    except GitexpError as error:
        yield Ailment("D2", error.message, error.hint)
        return
    found = hooks.faults(repository)
    same = set(found.values())
    if len(found) == len(hooks.wanted(repository)) > 1 and len(same) == 1:
        found = {"every": same.pop()}
    for name, fault in found.items():
        yield Ailment(
            "D2",
            f"{name if name == 'every' else f'the {name}'} hook {fault}",
            "write it anew: gitexp init",
            partial(hooks.install, repository),
        )


def _damaged_refs(repository: Repository) -> Iterator[Ailment]:
    done = repository.git.run("for-each-ref", HEADS, ARCHIVE, KEPT, "refs/notes/gitexp*")
    named = re.findall(r"ignoring broken ref (\S+)", decode(done.stderr))
    for ref in dict.fromkeys([*broken_refs(repository), *named]):
        yield Ailment(
            "D3",
            f"{ref} is damaged, and git reads it as if it were not there",
            "put it back where its reflog says: gitexp doctor --fix",
            partial(_restore, repository, ref),
        )


def _restore(repository: Repository, ref: str) -> None:
    with writing(repository):
        restore_ref(repository, ref)


def _settings(repository: Repository) -> Iterator[Ailment]:
    if repository.top is None:
        return  # nothing runs on a server
    known = known_projects(repository)
    for prefix in known if len(known) > 1 else [project_prefix(repository)]:
        try:
            project = project_at(repository, prefix)
        except GitexpError as error:
            yield Ailment("D4", error.message, error.hint)
            continue
        if is_trusted(project):
            continue
        yield Ailment(
            "D5",
            f"{project.settings_path} on {project.baseline} is not approved in this clone, so"
            " nothing runs by it",
            "read what it would run, and approve it: "
            + (f"cd {shlex.quote(prefix)} && gitexp trust" if prefix else "gitexp trust"),
        )


def _display(repository: Repository) -> Iterator[Ailment]:
    shown = repository.config.get("notes.displayref", ())
    if repository.top is not None and not any(fnmatchcase(VERDICTS, pattern) for pattern in shown):
        yield Ailment(
            "D6",
            "git log does not show verdicts in this clone",
            f"let it: git config --add notes.displayRef {VERDICTS}",
            partial(show_verdicts, repository),
        )


def overwriting_fetches(repository: Repository) -> Iterator[Ailment]:
    """Find fetch specs with which a plain `git fetch` overwrites results that were not pushed."""
    for key, values in repository.config.items():
        remote = re.fullmatch(r"remote\.(.+)\.fetch", key, re.DOTALL)
        for value in values if remote else ():
            _, _, target = value.partition(":")
            if not value.startswith("+") or not _touches_notes(target):
                continue
            unset = ("config", "--local", "--fixed-value", "--unset-all", key, value)
            broad = fnmatchcase("refs/heads/main", target)
            yield Ailment(
                "D7",
                f"git fetch would overwrite results that are not pushed yet: {key} is {value}",
                "this repository is a mirror; work in a clone that is none: git clone"
                if broad
                else f"take it out, gitexp sync brings notes without loss: git {shlex.join(unset)}",
                None if broad or not _is_local(repository, key, value)
                else partial(repository.git.run, *unset),
            )  # fmt: skip


def _rewriting(repository: Repository) -> Iterator[Ailment]:
    for value in repository.config.get("notes.rewriteref", ()):
        if not _touches_notes(value):
            continue
        unset = ("config", "--local", "--fixed-value", "--unset-all", "notes.rewriteRef", value)
        local = _is_local(repository, "notes.rewriteref", value)
        yield Ailment(
            "D8",
            "git copies results to amended and rebased commits, which never ran: notes.rewriteRef"
            f" is {value}",
            f"take it out: git {shlex.join(unset)}"
            if local
            else "take it out where it is set: git config --show-origin --get-all notes.rewriteRef",
            partial(repository.git.run, *unset) if local else None,
        )


def _touches_notes(pattern: str) -> bool:
    return any(fnmatchcase(ref, pattern) for ref in (VERDICTS, RUNS, BULK, LOGS))


def _is_local(repository: Repository, key: str, value: str) -> bool:
    there = repository.git.text("config", "--local", "--get-all", key, allow=(1,))
    return value in there.splitlines()


def _merging(repository: Repository) -> Iterator[Ailment]:
    places = [repository.common, *(repository.common / "worktrees").glob("*")]
    if any((place / "NOTES_MERGE_PARTIAL").exists() for place in places):
        yield Ailment(
            "D9",
            "a merge of notes was begun by hand and not ended, and git refuses the next one",
            "leave the notes as they are: git notes merge --abort",
        )


def _aside(repository: Repository) -> Iterator[Ailment]:
    files = files_aside(repository)
    damaged = [path for path in files if read_aside(path) is None]
    if waiting := len(files) - len(damaged):
        yield Ailment(
            "D10",
            f"{counted(waiting, 'result')} could not be stored and {_are(waiting)} kept aside",
            "store what can be stored: gitexp doctor --fix",
            partial(store_aside, repository),
        )
    for path in damaged:
        yield Ailment(
            "D10",
            f"a result that was kept aside cannot be read: {path}",
            f"look at it, and remove it: less {shlex.quote(str(path))}",
        )


def _notes(repository: Repository) -> Iterator[Ailment]:
    newest: dict[int, int] = {}
    for ref in (RUNS, BULK):
        notes = list_notes(repository, ref)
        bad = []
        for commit, content in zip(notes, repository.git.each(notes.values()), strict=True):
            text = decode(content or b"")
            census = count_lines(text)
            if content is None or census.foreign:
                bad.append(commit)
            for schema, count in census.newer.items() if ref == RUNS else ():
                newest[schema] = newest.get(schema, 0) + count
        if bad:
            yield Ailment(
                "D11",
                f"{counted(len(bad), 'note')} of {ref} {'has' if len(bad) == 1 else 'have'} lines"
                f" that are no records, and are passed over ({_listed(bad)})",
                f"see what stands there: git notes --ref={ref} show {bad[0][:10]}",
            )
    if newest:
        yield Ailment(
            "D12", say_newer(newest), "read them too: pip install --upgrade gitexp", advice=True
        )


def _held(repository: Repository) -> Iterator[Ailment]:
    noted = list_notes(repository, RUNS)
    kinds = repository.git.run(
        "cat-file", "--batch-check=%(objectname) %(objecttype)",
        stdin="".join(f"{commit}\n" for commit in noted).encode(),
    )  # fmt: skip
    gone = [
        words[0]
        for line in decode(kinds.stdout).splitlines()
        if (words := line.split())[1] == "missing"
    ]
    if gone:
        yield Ailment(
            "D13",
            f"{counted(len(gone), 'commit')} with records {_are(len(gone))} not in this clone"
            f" ({_listed(gone)})",
            "bring the rest of the history: git fetch --unshallow"
            if repository.shallow
            else "bring them from where they were measured: gitexp sync",
        )
    loose = unreached(repository, noted.keys() - {*gone}, "--all")
    if loose:
        yield Ailment(
            "D14",
            f"{counted(len(loose), 'commit')} with records {_are(len(loose))} held by no ref, and"
            f" git's next gc would drop {'it' if len(loose) == 1 else 'them'} ({_listed(loose)})",
            "keep them alive: gitexp doctor --fix",
            partial(_keep, repository, loose),
        )


def _keep(repository: Repository, commits: set[str]) -> None:
    lines = "".join(f"update {KEPT}{commit} {commit}\n" for commit in sorted(commits))
    repository.git.run("update-ref", "-m", "gitexp", "--stdin", stdin=lines.encode())


def _slots(repository: Repository) -> Iterator[Ailment]:
    for path in checkouts(repository):
        if not is_sound(repository, path) and not is_used(path):
            yield Ailment(
                "D15",
                f"{path} is no checkout of this clone, and no run uses it",
                "remove it: gitexp doctor --fix",
                partial(free_checkout, repository, path),
            )
    for admin in (repository.common / "worktrees").glob("gitexp-*"):
        with suppress(OSError):
            place = Path((admin / "gitdir").read_text().strip()).parent
            if place.parent == repository.local / "slots" and not place.exists():
                yield Ailment(
                    "D15",
                    f"git lists the checkout {place}, which is gone",
                    "forget it: git worktree prune",
                    partial(shutil.rmtree, admin),
                )


def _locks(repository: Repository) -> Iterator[Ailment]:
    common = repository.common
    folders = [common / HEADS, common / ARCHIVE, common / KEPT]
    paths = [path for folder in folders for path in folder.glob("*.lock")]
    paths += [*(common / "refs/notes").glob("gitexp*.lock"), *packing_locks(repository)]
    for path in paths:
        with suppress(OSError):
            age = time.time() - path.stat().st_mtime
            if age > _ODD:
                yield Ailment(
                    "D16",
                    f"a git command left its lock behind, or has been at work for {duration(age)}:"
                    f" {path}",
                    f"if no git command is running: rm {shlex.quote(str(path))}",
                    partial(path.unlink, missing_ok=True) if age > _DEAD else None,
                )


def _growth(repository: Repository) -> Iterator[Ailment]:
    loose, many = loose_refs(repository)
    if loose > many:
        yield Ailment(
            "D17",
            f"{counted(loose, 'ref')} of experiments lie in files of their own, which makes every"
            " listing slow",
            "pack them: git pack-refs --all",
            partial(repository.git.run, "pack-refs", "--all"),
            advice=True,
        )
    if loose_objects_abound(repository):
        yield Ailment(
            "D17",
            "many objects lie in files of their own, which takes room and time",
            "pack them: git gc",
            advice=True,
        )


def _shallow(repository: Repository) -> Iterator[Ailment]:
    if repository.shallow:
        yield Ailment(
            "D18",
            "this clone is shallow: what is older than its history is not in the log",
            "bring it all: git fetch --unshallow",
            advice=True,
        )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _listed(commits: list[str] | set[str]) -> str:
    named = ", ".join(commit[:10] for commit in sorted(commits)[:_NAMED])
    return named + (f" and {len(commits) - _NAMED} more" if len(commits) > _NAMED else "")
