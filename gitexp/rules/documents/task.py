"""Tasks: runs that another machine is asked to make, as one line of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from gitexp.errors import UsageError
from gitexp.rules.documents.kinds import MOST_ATTEMPTS
from gitexp.rules.documents.lines import canonical, parse_object
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.documents.shape import Shape, listed, number, one_of, text, whole
from gitexp.rules.documents.start import was_over_time
from gitexp.rules.text import visible

_LONGEST = 8192  # characters of a task; ours have a few hundred
_MOST = 1000  # tasks of one line
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CONDITION = re.compile(r"[\w.-]{1,64}", re.ASCII)
_METRIC = re.compile(r"[^\s=,:+<>%]{1,200}")
# `helper::address` would let git start a program of that name.
_URL = re.compile(r"(?!-)(?!\w+::)[^\x00-\x20\x7f]{1,2000}")
# What git takes for the name of a branch, and a refspec does not take for a pattern.
_BRANCH = re.compile(
    r"(?![-/.])(?!.*(\.\.|//|@\{|/\.|\.lock(/|$)))[^\x00-\x20\x7f~^:?*\[\\]{1,200}"
)


@dataclass(frozen=True, slots=True)
class Task:
    """What to run, and what whoever asks has approved.

    `url` is the remote where the commit is and where the result goes, `baseline` the branch there.
    `settings` is the digest of the settings that may run, and `code` the code commit that may, if
    the experiment has one. `attempt` is the number that this attempt gets at least: where a later
    one is on record, nothing is run. `conditions` are those that it must have, any if there are
    none, and `generation` is the generation that its condition belongs to, if there is no newer
    one; `beside` are those of the run that it is paired with, from whose accelerators it must not
    differ. `tree` is the folder in which linked inputs and `.venv` are looked for. `pair` is the
    experiment that a run of its baseline is for alone. Of two that follow each other on one device,
    `then` is the second.
    """

    url: str
    baseline: str
    commit: str
    seed: int
    metric: str
    settings: str
    project: str = ""
    attempt: int = 1
    threads: int = 0
    purpose: Purpose = Purpose.RUN
    share: float = 1.0
    code: str = ""
    conditions: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    tree: str = ""
    generation: int = 1
    pair: str = ""
    then: Task | None = None

    @property
    def parts(self) -> tuple[Task, ...]:
        """The runs that it asks for, one after the other."""
        return (self,) if self.then is None else (replace(self, then=None), self.then)

    @property
    def experiment(self) -> str:
        """The experiment that it is part of a pair of, "" if the task does not say so."""
        return self.pair or (self.commit if self.then is not None else "")

    def followed_by(self, commit: str, attempt: int) -> Task:
        """Let the run of the other commit of its pair follow."""
        pair = "" if self.pair else self.commit
        return replace(self, then=replace(self, commit=commit, attempt=attempt, pair=pair))

    def line(self) -> str:
        """Write it as one line, without what is as it is by default."""
        always = {"url", "baseline", "commit", "seed", "metric", "settings"}
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        defaults = {"attempt": 1, "threads": 0, "share": 1.0, "generation": 1}
        said = {
            name: [*value] if isinstance(value, tuple) else value
            for name, value in fields.items()
            if name in always or value not in (defaults.get(name), "", (), None)
        }
        if self.then is not None:
            said["then"] = {"commit": self.then.commit, "attempt": self.then.attempt}
        return canonical(said)

    def answers(self, text: str) -> Iterator[Record]:
        """Records in the notes of its commit of this attempt or a later one, in any condition.

        One that was stopped from outside does not count, nor at the time limit of its batch job:
        it needs a longer one.
        """
        for record in parse_records(text, self.purpose, self.pair):
            if (
                record.seed == self.seed
                and record.attempt >= self.attempt
                and record.sample == self.share
                and record.is_of(self.commit)
                and (record.ok or (record.end.by_itself and not was_over_time(record)))
            ):
                yield record


def _matching(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: text(value) and pattern.fullmatch(str(value)) is not None


def _is_folder(value: object) -> bool:
    """Whether it is a folder of a project inside a repository; "" is its top."""
    if not text(value) or "\\" in str(value) or not str(value).isprintable():
        return False
    parts = str(value).lower().split("/")
    return value == "" or not {"", ".", "..", ".git"}.intersection(parts)


def _is_absolute(value: object) -> bool:
    return text(value) and str(value).startswith("/") and str(value).isprintable()


def _is_then(value: object) -> bool:
    return isinstance(value, dict) and _THEN.read(value) is not None


_THEN = Shape({"commit": _matching(_COMMIT), "attempt": whole(1, MOST_ATTEMPTS)}, closed=True)
_REQUIRED: dict[str, Callable[[object], bool]] = {
    "url": _matching(_URL),
    "baseline": _matching(_BRANCH),
    "commit": _matching(_COMMIT),
    "seed": whole(0, (1 << 63) - 1),
    "metric": _matching(_METRIC),
    "settings": _matching(_DIGEST),
}
_OPTIONAL: dict[str, Callable[[object], bool]] = {
    "project": _is_folder,
    "attempt": whole(1, MOST_ATTEMPTS),
    "threads": whole(0, 4096),
    "purpose": one_of(*Purpose),
    "share": number(1e-6, 1),
    "code": _matching(_COMMIT),
    "conditions": listed(_matching(_CONDITION)),
    "beside": listed(_matching(_CONDITION)),
    "tree": _is_absolute,
    "generation": whole(1, 999_999),
    "pair": _matching(_COMMIT),
    "then": _is_then,
}
_SHAPE = Shape(_REQUIRED, _OPTIONAL)


def join_tasks(lines: Sequence[str]) -> str:
    """Write tasks for one worker as one line: an object, or a list of several."""
    return lines[0] if len(lines) == 1 else f"[{','.join(lines)}]"


def parse_tasks(line: str) -> tuple[Task, ...]:
    """Read the line of a worker, which anybody may have written.

    Raises:
        UsageError: it is neither a task nor a list of tasks with one remote and baseline branch.
    """
    line = line.strip()
    if not line.startswith("["):
        return (parse_task(line),)
    try:
        listed = json.loads(line) if len(line) <= _MOST * _LONGEST else []
        lines = [canonical(one) if isinstance(one, dict) else "" for one in listed]
    except (ValueError, RecursionError):
        lines = []
    if not 1 <= len(lines) <= _MOST:
        _refuse(f"it is not a list of tasks on one line, at most {_MOST} of them")
    tasks = tuple(parse_task(one) for one in lines)
    if len({(task.url, task.baseline, len(task.commit)) for task in tasks}) > 1:
        _refuse("the tasks of one worker have the same remote and the same baseline branch")
    return tasks


def parse_task(line: str) -> Task:
    """Read the line of a task, which anybody may have written.

    Raises:
        UsageError: it is not one; the message names what is wrong.
    """
    line = line.strip()
    content = parse_object(line) if len(line) <= _LONGEST else None
    if content is None:
        _refuse(f"it is not a JSON object on one line, of at most {_LONGEST} characters")
    unknown = [name for name in content if name not in _REQUIRED | _OPTIONAL]
    if unknown:
        _refuse(f"{visible(unknown[0])} is not part of a task; a newer gitexp may have written it")
    missing = [name for name in _REQUIRED if name not in content]
    if missing:
        _refuse(f"it lacks {', '.join(missing)}")
    if _SHAPE.read(content) is None:
        checks = _REQUIRED | _OPTIONAL
        wrong = next(name for name, value in content.items() if not checks[name](value))
        _refuse(f"{wrong} cannot be {visible(str(content[wrong])[:80])}")
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    given["purpose"] = Purpose(content.get("purpose", ""))
    then = given.pop("then", None)
    task = Task(**given)
    other = then["commit"] if then is not None else task.pair
    if other == task.commit or task.pair not in {"", other}:
        _refuse("a pair has one run of an experiment and one of its baseline")
    return task if then is None else task.followed_by(then["commit"], then["attempt"])


def _refuse(why: str) -> NoReturn:
    raise UsageError(f"this is not a task for a worker: {why}", "see docs/clusters.md")
