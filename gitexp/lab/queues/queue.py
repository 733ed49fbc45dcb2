"""Queues: gitexp at work without a terminal, each with a folder in this clone.

The folder holds what was asked for, the lock that the process holds while it lives, what it says on
the way, whom it was asked to stop, and what came of it. There is no server and no port: whoever
looks reads these files, and whoever stops something writes one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict

from gitexp.engine.host import boot_id, host_id
from gitexp.rules.documents.purpose import RunKind
from gitexp.rules.documents.shape import (
    Shape,
    flag,
    listed,
    maybe,
    number,
    one_of,
    text,
    whole,
)
from gitexp.store.local import is_locked, locked, read_json, write_json
from gitexp.store.repository import Repository

_MOST_EVENTS = 1 << 22  # bytes at the end of what a queue said that are read
_TYPED = 3  # names in a command to type
_MOST = 1 << 32  # what a count is held against
_are_texts = listed(text)


class QueueStage(StrEnum):
    """How far a queue is; INTERRUPTED is one whose process has ended before its work was done.

    What runs on another machine can only be seen there.
    """

    RUNS = "runs"
    ENDED = "ended"
    INTERRUPTED = "interrupted"
    ELSEWHERE = "on another machine"


class QueueJson(TypedDict):
    """A queue that was started.

    `events` is a file that says what it does, one line of JSON for each event. A queue that
    measures the baseline has the branch's name in place of an experiment's.
    """

    queue: str
    kind: RunKind
    experiments: list[str]
    process: int
    folder: str
    events: str


@dataclass(frozen=True, slots=True)
class Queue:
    """What one `gitexp run --detach` asked for, and where it was started last.

    `names` are those of experiments; one that measures the baseline has that branch's name alone.
    `jobs` is None for as many as the machine serves; `prefix` is the project's folder. `several`
    says whether it prints a list, `yes` whether somebody agreed to more than 30 minutes of runs.
    `pid` is 0 before the process has started. With `runs`, so many runs of each on a `share` of the
    data only screen it. `on`, `remote` and `address` are where its runs are made.
    """

    folder: Path
    names: tuple[str, ...]
    jobs: int | None
    gpus: str
    prefix: str
    several: bool
    start: str
    host: str = ""
    boot: str = ""
    pid: int = 0
    yes: bool = True
    runs: int = 0
    share: float = 1.0
    on: str = ""
    remote: str = ""
    address: str = ""
    kind: RunKind = RunKind.EXPERIMENTS

    @property
    def id(self) -> str:
        """Its name."""
        return self.folder.name

    @property
    def lock(self) -> Path:
        """The file that its process keeps locked."""
        return self.folder / "lock"

    @property
    def events(self) -> Path:
        """What it says on the way, a line of JSON each; errors of its start, too."""
        return self.folder / "events.jsonl"

    @property
    def asked_to_stop(self) -> frozenset[str]:
        """Experiments that it was asked to stop; all of them if its folder is gone.

        Where a folder is deleted or a clone moves, nobody could watch or stop it any more.
        """
        if not _place(self.folder).is_file():
            return frozenset(self.names)
        names = read_json(self.folder / "stop.json").get("names")
        return frozenset(names if isinstance(names, list) and _are_texts(names) else ())

    @property
    def left(self) -> tuple[str, ...]:
        """Experiments that it was not asked to stop."""
        stopped = self.asked_to_stop
        return tuple(name for name in self.names if name not in stopped)

    @property
    def result(self) -> dict[str, Any]:
        """What came of it, {} before it has ended."""
        return read_json(self.folder / "result.json")

    @property
    def is_of_this_boot(self) -> bool:
        """Whether it was started on this machine since that was started."""
        return bool(self.boot) and (self.host, self.boot) == (host_id(), boot_id())

    @property
    def measures_baseline(self) -> bool:
        """Whether it runs the baseline alone."""
        return self.kind in {RunKind.BASELINE, RunKind.BASELINE_AGAIN}

    def label(self, name: str) -> str:
        """What a person calls one of its names."""
        return f"baseline {name}" if self.measures_baseline else f"exp/{name}"

    def command(self, names: Sequence[str]) -> str:
        """What runs some of its names in a terminal; many are all that is planned."""
        if self.measures_baseline:
            return f"gitexp run --{self.kind.replace(' ', ' --')}"
        words = ["gitexp run", *(names if len(names) <= _TYPED else ["--all"])]
        words += ["--smoke"] if self.kind is RunKind.SMOKE else []
        words += ["--screen"] if self.runs else []
        words += [f"--runs {self.runs}"] if self.runs > 1 else []
        words += [f"--sample {self.share:g}"] if self.share < 1 else []
        return " ".join(words)

    def stage(self) -> QueueStage:
        """Find out how far it is."""
        if self.result:
            return QueueStage.ENDED
        if self.host != host_id():
            return QueueStage.ELSEWHERE  # locks need not reach from one machine to another
        if is_locked(self.lock):
            return QueueStage.RUNS
        # It may have ended just now.
        return QueueStage.ENDED if self.result else QueueStage.INTERRUPTED

    def as_json(self) -> QueueJson:
        """Return the queue as `--json` shows it."""
        return {
            "queue": self.id,
            "kind": self.kind,
            "experiments": [*self.names],
            "process": self.pid,
            "folder": str(self.folder),
            "events": str(self.events),
        }

    def here(self, pid: int = 0) -> Queue:
        """The same queue, started by this machine now."""
        return replace(self, host=host_id(), boot=boot_id(), pid=pid)

    def write(self) -> None:
        """Put it on disk."""
        content = {name: value for name, value in asdict(self).items() if name != "folder"}
        write_json(_place(self.folder), content)

    def stop(self, names: Sequence[str]) -> None:
        """Ask its process, wherever it runs, to stop these experiments."""
        with locked(self.folder / "stop.lock"):
            write_json(
                self.folder / "stop.json", {"names": sorted(self.asked_to_stop.union(names))}
            )

    def finish(self, result: dict[str, Any]) -> None:
        """Put what came of it on disk, unless its folder was deleted."""
        if _place(self.folder).is_file():
            write_json(self.folder / "result.json", result)

    def said(self) -> list[dict[str, Any]]:
        """What it has said, oldest first; what is not an event is left out."""
        try:
            with self.events.open("rb") as handle:
                handle.seek(max(0, handle.seek(0, os.SEEK_END) - _MOST_EVENTS))
                lines = handle.read().splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                found.append(event)
        return found


def queues_folder(repository: Repository) -> Path:
    """The folder that holds those of all queues."""
    return repository.local / "queue"


def queues(repository: Repository) -> list[Queue]:
    """Read the queues of this clone, oldest first; damaged ones are left out."""
    folders = (path for path in queues_folder(repository).glob("*/") if path.name.isdecimal())
    found = map(read_queue, folders)
    # Not by time: clocks are set back.
    return sorted(filter(None, found), key=lambda one: int(one.id))


def take_out(repository: Repository, names: Collection[str]) -> None:
    """Have the queues of this clone leave out experiments, such as those that were archived."""
    for queue in queues(repository):
        mine = [name for name in queue.left if name in names]
        if mine and queue.stage() is not QueueStage.ENDED:
            queue.stop(mine)


def read_queue(folder: Path) -> Queue | None:
    """Read a queue from its folder; None if there is none, or what is there is damaged."""
    content = _LATER | read_json(_place(folder))
    if _SHAPE.read(content) is None:
        return None
    parsed = {"names": tuple(content["names"]), "kind": RunKind(content["kind"])}
    return Queue(folder, **{name: content[name] for name in _SHAPE.required} | parsed)


def _place(folder: Path) -> Path:
    return folder / "queue.json"


_SHAPE = Shape(
    {
        "names": lambda value: bool(value) and _are_texts(value),
        "jobs": maybe(whole(1, _MOST)),
        **dict.fromkeys(("pid", "runs"), whole(0, _MOST)),
        **dict.fromkeys(("several", "yes"), flag),
        **dict.fromkeys(
            ("gpus", "prefix", "start", "host", "boot", "on", "remote", "address"), text
        ),
        "share": number(0, 1),
        "kind": one_of(*RunKind),
    },
    closed=True,
)
# Of queues that an earlier version began.
_LATER: dict[str, Any] = {
    "yes": True, "runs": 0, "share": 1.0, "on": "", "remote": "", "address": "",
    "kind": RunKind.EXPERIMENTS,
}  # fmt: skip
