"""SLURM: runs are tasks of job arrays, which its own commands submit, list and cancel.

The tasks are in the batch script itself, which SLURM takes to the node, so that nodes need no file
of this machine. What was submitted is remembered in this clone; another command finds it there.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.clusters.cluster import Standing, State
from gitexp.errors import NotReady, Stopped
from gitexp.rules.documents.task import parse_task
from gitexp.rules.text import visible
from gitexp.store.local import locked, make_folder, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitexp.rules.documents.elsewhere import Slurm
    from gitexp.rules.documents.ended import Ended

_EVERY = 2.0  # seconds between questions to the controller, which serves everybody
_PATIENCE = 60.0  # seconds that a controller which does not answer is asked again
_LINES = 8  # of a job's output
_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING",
            "RESV_DEL_HOLD", "SPECIAL_EXIT", "SUSPENDED", "STOPPED"}  # fmt: skip
_RUNNING = {"RUNNING", "COMPLETING", "SIGNALING", "STAGE_OUT"}
# Ends that say nothing about the task. Who cancels one wants it to end.
_AGAIN = {"BOOT_FAIL", "NODE_FAIL", "PREEMPTED", "TIMEOUT"}

_SCRIPT = """\
#!/bin/bash
{options}
# Nothing of the environment where this was submitted is here.
export HOME="${{HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}}"
export PATH="${{PATH:-/usr/local/bin:/usr/bin:/bin}}"
{setup}
# Not as an argument, which others on the node could read.
exec {gitexp} worker < <(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" <<'TASKS'
{tasks}
TASKS
)
"""


def batch_script(settings: Slurm, lines: Sequence[str], name: str, output: str) -> str:
    """The script of a job array with these tasks."""
    threads = max(parse_task(line).threads for line in lines)
    options = {
        "--job-name": name,
        "--array": f"0-{len(lines) - 1}%{settings.jobs}",
        "--partition": settings.partition,
        "--time": settings.time,
        "--gpus": settings.gpus,
        "--mem": settings.memory,
        "--cpus-per-task": str(threads or ""),
        "--output": settings.output or output,
        "--chdir": "/",
    }
    asked = [f"{option}={value}" for option, value in options.items() if value]
    asked += ["--export=NIL", "--requeue", "--open-mode=append", *settings.options]
    modules = [f"module load {shlex.quote(one)}" for one in settings.modules]
    setup = [*([". /etc/profile"] if modules else []), *modules, *settings.setup]
    return _SCRIPT.format(
        options="\n".join(f"#SBATCH {one}" for one in asked),
        setup="\n".join(setup),
        gitexp=settings.gitexp,
        tasks="\n".join(lines),
    )


class SlurmArrays:
    """Job arrays of this clone; `folder` is where it remembers them, and where their output is."""

    lasts = True

    def __init__(self, settings: Slurm, folder: Path) -> None:
        self.most = settings.jobs
        self._settings, self._folder = settings, folder
        self._asked = 0.0
        self._listed: dict[str, str] = {}  # states by task, as last listed
        self._jobs: dict[str, str] = {}  # numbers of the arrays by their name, likewise

    def submit(self, lines: Sequence[str]) -> Sequence[str]:
        """Submit those tasks as one array that are not waiting or running already."""
        make_folder(self._folder)
        with locked(self._folder / "arrays.lock"):
            self._list(at_once=True)
            known = self._known()
            new = [line for line in lines if _key(line) not in known]
            if new:
                known |= self._submit(new)
        return [known[_key(line)] for line in lines]

    def _submit(self, lines: Sequence[str]) -> dict[str, str]:
        keys = [_key(line) for line in lines]
        # Remembered before it is submitted: by its name it is found if we are killed just then.
        name = f"gitexp-{_key(repr((keys, time.time_ns())))[:12]}"
        arrays = self._arrays()
        arrays.append({"name": name, "job": "", "tasks": keys})
        self._write(arrays)
        script = batch_script(self._settings, lines, name, str(self._folder / "%A_%a.out"))
        end = time.monotonic() + _PATIENCE
        while True:
            done = _call("sbatch", "--parsable", "--export=NIL", stdin=script)
            said = done.stderr.strip() or f"it ended with exit code {done.returncode}"
            if done.returncode == 0 or not _is_away(said) or time.monotonic() > end:
                break
            time.sleep(_EVERY)
        if done.returncode:
            self._write(arrays[:-1])
            raise NotReady(f"SLURM refused the runs: {visible(said)}", "see docs/clusters.md")
        job = done.stdout.strip().partition(";")[0]
        arrays[-1]["job"] = job
        self._write(arrays)
        self._asked = 0.0
        return {key: f"{job}_{index}" for index, key in enumerate(keys)}

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Ask the controller, now and then; what it no longer knows has gone."""
        if not self._list():
            return {}
        return {name: self._standing(name) for name in names}

    def _standing(self, name: str) -> Standing:
        state = self._listed.get(name)
        if state is None:
            return Standing(State.GONE, f"SLURM no longer knows job {name}", again=True)
        if state in _WAITING:
            return Standing(State.WAITING, state)
        if state in _RUNNING:
            return Standing(State.RUNNING, state)
        return Standing(State.GONE, f"SLURM job {name}: {state}{self._output(name)}",
                        again=state in _AGAIN)  # fmt: skip

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """Cancel tasks; their workers put on record that the scheduler ended them."""
        del how
        if names:
            _call("scancel", "--quiet", *names)

    # --- what is known ----------------------------------------------------------------------------

    def _list(self, *, at_once: bool = False) -> bool:
        """List this user's tasks, also those that ended of late; whether they were listed.

        Raises:
            NotReady: the controller does not answer.
        """
        if not at_once and time.monotonic() < self._asked + _EVERY:
            return False
        self._asked = time.monotonic()
        done = _call("squeue", "--me", "--noheader", "--array", "--states=all", "--format=%i|%T|%j")
        if done.returncode:
            raise NotReady(
                f"squeue failed: {visible(done.stderr.strip())}",
                "where SLURM cannot be reached: gitexp run NAME --on slurm --script",
            )
        rows = [line.split("|") for line in done.stdout.splitlines()]
        self._listed = {row[0]: row[1] for row in rows if len(row) == 3}
        self._jobs = {row[2]: row[0].partition("_")[0] for row in rows if len(row) == 3}
        return True

    def _known(self) -> dict[str, str]:
        """Names of the tasks that wait or run, by key; forgets the others."""
        found: dict[str, str] = {}
        kept = []
        for array in self._arrays():
            job = array["job"] or self._jobs.get(array["name"], "")
            alive = {
                key: f"{job}_{index}"
                for index, key in enumerate(array["tasks"])
                if self._listed.get(f"{job}_{index}", "") in _WAITING | _RUNNING
            }
            if alive:
                kept.append(array | {"job": job})
                found |= alive
        self._write(kept)
        return found

    def _arrays(self) -> list[dict[str, Any]]:
        found = read_json(self._folder / "arrays.json").get("arrays", [])
        return [one for one in found if {"name", "job", "tasks"} <= one.keys()]

    def _write(self, arrays: Sequence[Mapping[str, Any]]) -> None:
        write_json(self._folder / "arrays.json", {"arrays": [*arrays]})

    def _output(self, name: str) -> str:
        """The last lines that a task printed, where this machine sees them."""
        place = self._settings.output or str(self._folder / "%A_%a.out")
        job, _, index = name.partition("_")
        path = Path(place.replace("%A", job).replace("%a", index))
        try:
            said = visible(path.read_text("utf-8", errors="replace")).strip().splitlines()
        except OSError:
            return ""
        return "".join(f"\n  | {line}" for line in said[-_LINES:])


class PrintedScript:
    """In place of a cluster that cannot be reached from here: the script of what is due now."""

    lasts = False

    def __init__(self, settings: Slurm) -> None:
        self.most = settings.jobs
        self.script = ""
        self._settings = settings

    def submit(self, lines: Sequence[str]) -> Sequence[str]:
        """Write the script, and submit nothing.

        Raises:
            Stopped: always; somebody else submits it.
        """
        self.script = batch_script(self._settings, lines, "gitexp", "/dev/null")
        raise Stopped(
            "nothing was submitted",
            "when its jobs have ended, the same command prints what is due next",
        )

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say nothing: nothing was submitted."""
        del names
        return {}

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """Do nothing, likewise."""


def _key(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _is_away(said: str) -> bool:
    """Whether the controller cannot be reached, as while it is started again."""
    return "contact slurm controller" in said or "Socket timed out" in said


def _call(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words, input=stdin, capture_output=True, text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL if stdin is None else None,
        )  # fmt: skip
    except OSError as error:
        raise NotReady(
            f"{words[0]} could not be started here: {error.strerror}",
            "use a machine that has SLURM's commands, such as a login node of the cluster",
        ) from None
