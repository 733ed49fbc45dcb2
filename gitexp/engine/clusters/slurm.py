"""SLURM: runs are tasks of job arrays, which its own commands submit, list and cancel.

The tasks are in the batch script itself, which SLURM takes to the node, so that nodes need no file
of this machine. What was submitted is remembered in this clone; another command finds it there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.clusters.cluster import Batch, Standing, State
from gitexp.engine.clusters.hosts import Host
from gitexp.engine.clusters.slurm_script import batch_script, options_of
from gitexp.engine.clusters.slurm_states import is_open, standing_of
from gitexp.errors import NotReady
from gitexp.rules.text import visible
from gitexp.store.local import locked, make_folder, read_json, write_json

if TYPE_CHECKING:
    from gitexp.rules.documents.elsewhere import Slurm
    from gitexp.rules.documents.ended import Ended

_EVERY = 2.0  # seconds between questions to the controller, which serves everybody
_FORGETS = 30.0  # seconds for which it lists what has ended, at the least
_PATIENCE = 60.0  # seconds that a controller which does not answer is asked again
_LINES = 8  # of a job's output
_NEEDED = {"SLURM_CONF", "SLURM_JWT", "SLURM_CLUSTERS"}  # variables, by SLURM's own commands
_SINFO_PATIENCE = 20.0  # seconds
_GPU = re.compile(r"gpu:([A-Za-z][\w.-]*):\d+", re.ASCII)
# Options that choose nodes in ways that are not looked into.
_CHOOSES = re.compile(r"-C|-w|--constraint|--gres|--gpus|--nodelist|--nodefile|-p|--partition")


class SlurmArrays:
    """Job arrays of this clone; `folder` is where it remembers them, and where their output is."""

    lasts = True
    shares = True

    def __init__(self, settings: Slurm, folder: Path) -> None:
        self.most = settings.jobs
        self._settings, self._folder = settings, folder
        self._asked = 0.0
        self._listed: dict[str, tuple[str, str]] = {}  # state and reason by task, as last listed
        self._cancelled: set[str] = set()  # tasks that went while they waited
        self._accounted: dict[str, str] = {}  # states that only the accounting knew
        self._has_accounting = True  # as far as is known
        self._jobs: dict[str, str] = {}  # numbers of the arrays by their name, likewise

    def hosts(self, program: str, tree: str) -> Mapping[str, Host]:
        """Which kinds of accelerators a job may get; nodes themselves cannot be asked."""
        del program, tree
        return nodes_by_kind(self._settings)

    def submit(self, batches: Sequence[Batch]) -> Mapping[str, str]:
        """Submit those tasks as one array that are not waiting or running already."""
        make_folder(self._folder)
        with locked(self._folder / "arrays.lock"):
            self._list(at_once=True)
            known = self._known()
            new = [tuple(line for line in batch if _key(line) not in known) for batch in batches]
            if new := [batch for batch in new if batch]:
                known |= self._submit(new)
        return {line: known[_key(line)] for batch in batches for line in batch}

    def _submit(self, batches: Sequence[Batch]) -> dict[str, str]:
        keys = {_key(line): index for index, batch in enumerate(batches) for line in batch}
        # Remembered before it is submitted: by its name it is found if we are killed just then.
        name = f"gitexp-{_key(repr(([*keys], time.time_ns())))[:12]}"
        arrays = self._arrays()
        arrays.append({"name": name, "job": "", "places": keys})
        self._write(arrays)
        options = options_of(self._settings, batches, name, str(self._folder / "%A_%a.out"))
        script = batch_script(self._settings, batches, options)
        # Those of the script would give way to variables such as SBATCH_PARTITION.
        words = ["--parsable", *options, *shlex.split(" ".join(self._settings.options))]
        end = time.monotonic() + _PATIENCE
        while True:
            done = _call("sbatch", *words, stdin=script)
            said = done.stderr.strip() or f"it ended with exit code {done.returncode}"
            if done.returncode == 0 or not _is_away(said) or time.monotonic() > end:
                break
            time.sleep(_EVERY)
        if done.returncode:
            self._write(arrays[:-1])
            raise NotReady(
                f"SLURM refused the runs: {visible(said)}",
                "change what the settings ask for in [on.slurm]; partitions and limits: sinfo -s",
            )
        job = done.stdout.strip().partition(";")[0]
        arrays[-1]["job"] = job
        self._write(arrays)
        self._asked = 0.0
        return {key: f"{job}_{index}" for key, index in keys.items()}

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Ask the controller, now and then; what it no longer knows has gone."""
        if not self._list():
            return {}
        self._ask_accounting([name for name in names if name not in self._listed])
        return {name: self._standing(name) for name in names}

    def _standing(self, name: str) -> Standing:
        # Of an array that was cancelled before any task began, only its own number is left.
        job = name.partition("_")[0]
        forgotten = "CANCELLED" if name in self._cancelled else self._accounted.get(name, "")
        state, reason = self._listed.get(name) or self._listed.get(job) or (forgotten, "")
        if not state:
            return Standing(State.GONE, f"SLURM no longer knows job {name}", again=True)
        return standing_of(name, state, reason, "" if is_open(state) else self._output(name))

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
        before, self._asked = self._asked, time.monotonic()
        words = ("--me", "--noheader", "--array", "--states=all", "--format=%i|%T|%r|%j")
        done = _call("squeue", *words)
        if done.returncode:
            raise NotReady(
                f"squeue failed: {visible(done.stderr.strip())}",
                "where SLURM cannot be reached: gitexp run NAME --on slurm --script",
            )
        rows = [line.split("|", 3) for line in visible(done.stdout).splitlines()]
        listed = {row[0]: (row[1], row[2]) for row in rows if len(row) == 4}
        if self._asked - before < _FORGETS:
            # SLURM drops a waiting task that is cancelled, and lists any other for minutes.
            gone = self._listed.keys() - listed.keys()
            self._cancelled |= {name for name in gone if self._listed[name][0] == "PENDING"}
        self._listed = listed
        self._jobs = {row[3]: row[0].partition("_")[0] for row in rows if len(row) == 4}
        return True

    def _ask_accounting(self, names: Sequence[str]) -> None:
        """Ask how tasks ended that the controller has forgotten, where a database remembers."""
        lacking = [name for name in names if name not in self._accounted]
        if not lacking or not self._has_accounting:
            return
        words = ("--noheader", "--parsable2", "--allocations", "--format=JobID,State")
        with contextlib.suppress(NotReady):
            done = _call("sacct", *words, f"--jobs={','.join(lacking)}")
            if done.returncode == 0:
                rows = [line.partition("|") for line in visible(done.stdout).splitlines()]
                # Who cancelled a job stands behind the state.
                self._accounted |= {job: f"{state} ".split(" ")[0] for job, _, state in rows}
                return
        self._has_accounting = False

    def _known(self) -> dict[str, str]:
        """Names of the tasks that wait or run, by key; forgets the others."""
        found: dict[str, str] = {}
        kept = []
        for array in self._arrays():
            job = array["job"] or self._jobs.get(array["name"], "")
            alive = {
                key: f"{job}_{index}"
                for key, index in array["places"].items()
                if is_open(self._listed.get(f"{job}_{index}", ("", ""))[0])
            }
            if alive:
                kept.append(array | {"job": job})
                found |= alive
        self._write(kept)
        return found

    def _arrays(self) -> list[dict[str, Any]]:
        found = read_json(self._folder / "arrays.json").get("arrays", [])
        return [one for one in found if {"name", "job", "places"} <= one.keys()]

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


def _key(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _is_away(said: str) -> bool:
    """Whether the controller cannot be reached, as while it is started again."""
    return "contact slurm controller" in said or "Socket timed out" in said


def _call(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    # --export=NIL lets all variables of this name go along to the job.
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SLURM_") or name in _NEEDED
    }
    try:
        return subprocess.run(
            words, input=stdin, capture_output=True, text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL if stdin is None else None, env=variables,
        )  # fmt: skip
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError)
        raise NotReady(
            f"{words[0]} could not be started here:"
            f" {'it is not on PATH' if is_missing else error.strerror}",
            "use a machine that has SLURM's commands, such as a login node of the cluster",
        ) from None


def nodes_by_kind(settings: Slurm) -> Mapping[str, Host]:
    """Kinds of accelerators among the nodes that a job may get; {} where it asks for one of them.

    SLURM's names are chosen by whoever set it up, so nothing is sure.
    """
    asked = settings.gpus
    if not re.fullmatch(r"[0-9]+", asked) or any(
        _CHOOSES.match(option) for option in settings.options
    ):
        return {}
    words = ["sinfo", "--noheader", "--format=%G"]
    if settings.partition:
        words.append(f"--partition={settings.partition}")
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL, timeout=_SINFO_PATIENCE,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return {}  # `sbatch` will say why
    kinds = dict.fromkeys(_GPU.findall(done.stdout) if done.returncode == 0 else ())
    return {f'to choose: gpus = "{kind}:{asked}"': Host((kind,), sure=False) for kind in kinds}
