"""The bare clone that workers on this machine share: one for each remote and baseline branch.

It is a cache. It may be deleted whenever no worker runs, except that runs which could not be pushed
wait in it. Nothing in it is trusted because it is there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.cache_folder import make_clones_folder
from gitexp.errors import NotReady, disk_full
from gitexp.store.fetch import Remote, notes_into, pull, read_fetched, unreachable
from gitexp.store.git import Git
from gitexp.store.git_errors import lacked_room
from gitexp.store.git_output import decode
from gitexp.store.local import locked
from gitexp.store.refs import ARCHIVE, FETCHED, HEADS, SHARED_RUNS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.rules.documents.task import Task

REMOTE = "origin"
# Seconds between tries to reach the remote, and what git says where a host is cut off for a while,
# or where another git on this machine has locked refs of the clone.
_PAUSES = (1, 2, 4, 8, 15, 30)
_PASSES = (
    "could not resolve", "connection refused", "timed out", "no route to host", "unreachable",
    "unable to connect", "connection reset", "cannot lock ref", "file exists",
)  # fmt: skip
# What git allows by default, whatever the user's own configuration allows beyond that.
_PROTOCOLS = ("file", "git", "http", "https", "ssh")


def open_host_clone(task: Task) -> Repository:
    """Return the bare clone of a task's remote on this machine, which is made at first use.

    Raises:
        NotReady: it cannot be made here.
    """
    known = f"{task.url}\n{task.baseline}\n{len(task.commit)}"
    folder = make_clones_folder() / f"{hashlib.sha256(os.fsencode(known)).hexdigest()[:16]}.git"
    with locked(folder.with_suffix(".lock")):
        # Written last: a clone that was made halfway is made again.
        if not (folder / "gitexp" / "made").exists():
            _make(folder, task)
        (folder / "gitexp" / "made").touch()  # `gitexp doctor --gc` sees when it was last used
    return Repository.discover(folder)


def beside_tree(clone: Repository, tree: str) -> Repository:
    """Return the clone as it is seen from a work tree of the user's, if that is on this machine.

    Linked inputs and `.venv` are looked for there. Elsewhere the path may be anybody's.
    """
    place = own_folder(tree)
    return clone if place is None else replace(clone, top=place)


def own_folder(path: str) -> Path | None:
    """A folder of the user's on this machine; None if there is none, or it is somebody else's."""
    place = Path(path)
    try:
        is_own = bool(path) and place.is_dir() and place.stat().st_uid == os.getuid()
    except OSError:
        is_own = False
    return place if is_own else None


def _make(folder: Path, task: Task) -> None:
    kind = "sha256" if len(task.commit) == 64 else "sha1"
    git = Git(folder.parent)
    git.run("init", "--quiet", "--bare", "--template=", f"--object-format={kind}", folder.name)
    git = Git(folder)
    git.run("symbolic-ref", "HEAD", f"refs/heads/{task.baseline}")
    settings = {
        f"remote.{REMOTE}.url": task.url,
        "gitexp.baseline": task.baseline,
        "core.hooksPath": os.devnull,
        "protocol.allow": "never",
        **{f"protocol.{name}.allow": "always" for name in _PROTOCOLS},
    }
    for key, value in settings.items():
        git.run("config", "--replace-all", key, value)
    (folder / "gitexp").mkdir(exist_ok=True)
    (folder / "gitexp" / "made").touch()


def update(clone: Repository, tasks: Sequence[Task]) -> Remote:
    """Fetch the baseline, the experiments, all records, and what others ran of the tasks' commits.

    Raises:
        NotReady: the remote cannot be reached, or has no such branch.
        StoreBusy: the disk is full.
    """
    where, baseline = f"{FETCHED}{REMOTE}/", tasks[0].baseline
    parts = [part for task in tasks for part in task.parts]
    commits = dict.fromkeys(c for part in parts for c in (part.commit, part.pair) if c)
    specs = [
        f"+refs/heads/{baseline}:refs/heads/{baseline}",
        f"+{HEADS}*:{HEADS}*",
        f"+{ARCHIVE}*:{ARCHIVE}*",
        *notes_into(where),
        *(f"+{SHARED_RUNS}{commit}/*:{where}runs/{commit}/*" for commit in commits),
    ]
    for pause in (*_PAUSES, None):
        with locked(clone.local / "sync.lock"):
            done = pull(clone, REMOTE, specs, "--update-shallow")
            if not done.returncode:
                break
        said = decode(done.stderr)
        if lacked_room(clone.common, said):
            raise disk_full(clone.common)
        if "couldn't find remote ref" in said:
            raise NotReady(
                f"the remote has no branch {baseline}, and experiments stand on it",
                f"where you submitted this: git push REMOTE {baseline}",
            )
        if pause is None or not any(word in said.lower() for word in _PASSES):
            raise unreachable("the remote", said, _first_here(tasks[0].url))
        time.sleep(pause)
    return read_fetched(clone, REMOTE)


def _first_here(url: str) -> str:
    """Where to begin if a remote cannot be reached: whoever submitted reads this, elsewhere."""
    plain = re.sub(r"(?<=^https://)[^/@]*@|(?<=^http://)[^/@]*@", "", url)  # without its password
    return f"this has to work on {os.uname().nodename} first: git ls-remote {shlex.quote(plain)}"
