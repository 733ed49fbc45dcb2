"""One of several writers that add notes at the same time: `python -m tests.bench.writer HOW IDS`.

Writes a note for each commit id on standard input, by gitexp's own store, by `git notes add` under
a lock file, or by `git notes add` alone.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from gitexp.errors import GitexpError
from gitexp.store.note_writing import append_lines
from gitexp.store.repository import Repository

REF = "refs/notes/bench"
WAYS = ("gitexp", "flock", "flock fsync", "git notes")


def _text(commit: str) -> str:
    return f'{{"commit":"{commit}","metrics":{{"accuracy":0.93}},"schema":1,"seed":1}}'


def _add(how: str, commit: str) -> None:
    durable = ["-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync"] if "fsync" in how else []
    with Path(".git/bench.lock").open("w") if "flock" in how else nullcontext() as lock:
        if lock is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        # No check: that it loses notes is what is measured.
        subprocess.run(
            ["git", *durable, "notes", f"--ref={REF}", "add", "-m", _text(commit), commit],
            check=False, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def main() -> None:
    how = sys.argv[1]
    repository = Repository.discover(Path.cwd())
    for commit in sys.stdin.read().split():
        if how == "gitexp":
            try:
                append_lines(repository, REF, {commit: [_text(commit)]})
            except GitexpError as error:
                print(error, file=sys.stderr)
        else:
            _add(how, commit)


if __name__ == "__main__":
    main()
