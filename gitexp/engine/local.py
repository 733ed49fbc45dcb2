"""One run on this machine: a slot, the command, and everything worth knowing about it."""

from __future__ import annotations

import contextlib
import math
import os
import re
import shutil
import signal
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitexp.engine import command as commands
from gitexp.engine import environment, metrics, process
from gitexp.engine.condition import ask_present, fingerprint
from gitexp.engine.metrics import Unreadable
from gitexp.engine.slot import Slot, link_inputs, take_slot
from gitexp.errors import NotReady
from gitexp.rules.documents.known_metrics import find_metric
from gitexp.rules.documents.lines import Kind, sha256, stamped
from gitexp.rules.documents.outcomes import outcomes_line
from gitexp.rules.documents.record import LONGEST, Record
from gitexp.rules.gate import formats
from gitexp.rules.verdict.verdict import LARGEST_SCORE
from gitexp.store.git import clean_environment
from gitexp.store.local import locked, salt

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gitexp.rules.documents.outcomes import Outcomes
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.git import Repository

_PREDICTIONS = "predictions.csv"  # in the run's folder, where `gitexp.predictions` writes
_LOG = 1000, 3000  # first and last bytes of what a run printed that are stored
_HALF_AT_THE_END = re.compile(rb"[^\r\n]+\Z")
_HALF_AT_THE_START = re.compile(rb"\A[^\r\n]*[\r\n]?")
_LAST_LINES = 15  # of a failed run's output, shown to the user


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: one commit, one seed; `folder` is kept, the checkout is not."""

    commit: str
    seed: int
    attempt: int
    metric: str
    folder: Path
    explore: str = ""  # why the gate was skipped, "" where it was not
    sample: float = 1.0  # share of the data that the run is asked to train on
    holdout: bool = False  # the holdout is opened: GITEXP_HOLDOUT tells the command so


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: its record, the lines that go with it, and its last output."""

    record: Record
    bulk: tuple[dict[str, Any], ...]
    log: dict[str, Any]
    last_lines: str
    warning: str = ""  # what is odd about a run that counts all the same


class Interrupted(Exception):
    """The run was stopped from outside; it leaves no record."""


def run_job(
    repository: Repository,
    prefix: str,
    settings: Settings,
    job: Job,
    *,
    keeper: process.Keeper,
    stop: threading.Event,
    condition: Callable[[dict[str, Any]], str],
    hold: Sequence[int] = (),
) -> Done:
    """Run the training command once in its own checkout; nobody frees its folder meanwhile.

    `condition` names the condition of an environment, so that runs which differ only in what they
    loaded besides can share one. `hold` are lock descriptors that must live as long as the child.

    Raises:
        Interrupted: `stop` was set before the command ended.
        NotReady: the checkout could not be prepared.
    """
    busy = busy_lock(job.folder)
    with locked(busy) as lock:
        try:
            return _run_job(
                repository, prefix, settings, job, keeper=keeper, stop=stop, condition=condition,
                hold=(*hold, *([lock] if lock is not None else [])),
            )  # fmt: skip
        finally:
            busy.unlink(missing_ok=True)


def busy_lock(folder: Path) -> Path:
    """Lock that a run holds as long as anything may be written to its folder."""
    return folder.with_name(f"{folder.name}.lock")


def _run_job(
    repository: Repository,
    prefix: str,
    settings: Settings,
    job: Job,
    *,
    keeper: process.Keeper,
    stop: threading.Event,
    condition: Callable[[dict[str, Any]], str],
    hold: Sequence[int],
) -> Done:
    job.folder.mkdir(parents=True, exist_ok=True)
    probe = job.folder / "probe"
    probe.mkdir(exist_ok=True)
    with take_slot(repository, job.commit) as slot:
        place = slot.path / prefix
        values = _prepare(repository, prefix, settings, job, slot)
        hashed = environment.hash_secrets(values, salt(repository.local))
        parameters = stamped(Kind.PARAMETERS, {"values": hashed})
        words, variables = _command(repository, prefix, settings, job, slot, probe)
        cache = repository.local / "data.json"
        data = fingerprint(place, [*settings.data, *settings.link], cache)
        began, clock = datetime.now(UTC), time.monotonic()
        finished = process.execute(
            words,
            cwd=place,
            env=variables,
            stdout=job.folder / "stdout.log",
            stderr=job.folder / "stderr.log",
            keeper=keeper,
            timeout=settings.timeout,
            stop=stop,
            hold_fds=(slot.lock, *hold),
        )
        if finished.interrupted:
            raise Interrupted
        loaded = environment.read_probe(
            probe, checkout=slot.path, forbidden=_user_trees(repository)
        )
        found, failure = _outcome(settings, job, finished, loaded, place)
        outcomes, warning = None, ""
        if not failure:
            outcomes, failure, warning = _predictions(settings, job, place, found[job.metric])
        if data != fingerprint(place, data, cache):
            failure = failure or "R2: declared data changed while it ran"
        _keep(place, job.folder, settings.keep)
    described = _describe(repository, settings, loaded, variables) | {"data": data}
    described["condition"] = condition(described)
    record = Record(
        seed=job.seed,
        attempt=job.attempt,
        condition=described["condition"],
        environment=sha256(described),
        metrics=found,
        start=began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        duration=finished.duration or time.monotonic() - clock,
        exit=finished.exit_code,
        cpu=finished.cpu,
        memory=finished.peak_memory,
        failure=failure,
        folder=str(job.folder.relative_to(repository.local)),
        explore=job.explore,
        project=prefix.rstrip("/"),
        commit=job.commit,
        ids=outcomes.ids_fingerprint if outcomes else "",
    )
    record, more = _fitted(record, job.metric)
    if outcomes:
        more.append(
            outcomes_line(outcomes, seed=job.seed, attempt=job.attempt, condition=record.condition)
        )
    shutil.rmtree(probe, ignore_errors=True)
    last = _last_lines(job.folder) if failure else ""
    log = _log(job, record.condition, variables | values)
    return Done(record, (described, parameters, *more), log, last, warning)


def _prepare(
    repository: Repository, prefix: str, settings: Settings, job: Job, slot: Slot
) -> dict[str, Any]:
    """Link inputs, remove old results, write the seed; returns the parameters by file."""
    place = slot.path / prefix
    trees = [tree / prefix for tree in _user_trees(repository)]
    if settings.link:
        link_inputs(place, trees, settings.link)
    for name in filter(None, (settings.metrics, settings.predictions)):
        # What is no file is named after the run, when it is read.
        with contextlib.suppress(IsADirectoryError, NotADirectoryError):
            (place / name).unlink(missing_ok=True)
    key = settings.key_of_seed() if settings.seed_key else None
    values: dict[str, Any] = {}
    written = False
    for name in _configs(place, settings.config):
        path = place / name
        content = path.read_bytes()
        form = formats.format_of(name)
        if form is None:
            continue
        try:
            leaves = formats.read_leaves(name, content)
        except formats.Malformed as error:
            raise NotReady(
                f"{name} does not parse: {error}", f"mend {name} on the baseline branch"
            ) from None
        if key and not written and (found := formats.keys_at(leaves, key)):
            try:
                seed = form.spell_value(str(job.seed))
                edited = form.set_value(content.decode("utf-8"), found[0], seed)
            except (ValueError, LookupError) as error:
                message = f"{name}: the seed cannot be written to {settings.seed_key}: {error}"
                raise NotReady(message, "name another seed_key in the settings") from None
            path.write_bytes(edited.encode("utf-8"))
            written = True
        values[name] = {formats.spell_key(k): formats.to_json(v) for k, v in leaves.items()}
    if key and not written:
        raise NotReady(
            f"seed_key {settings.seed_key} is in none of {', '.join(settings.config)}",
            "add it to the config on the baseline, or mend seed_key in the settings",
        )
    return values


def _configs(place: Path, patterns: Sequence[str]) -> list[str]:
    names: list[str] = []
    for pattern in patterns:
        found = [path for path in place.glob(pattern) if path.is_file()]
        names += sorted(path.relative_to(place).as_posix() for path in found)
    return list(dict.fromkeys(names))


def _command(
    repository: Repository, prefix: str, settings: Settings, job: Job, slot: Slot, probe: Path
) -> tuple[list[str] | str, dict[str, str]]:
    place = slot.path / prefix
    project = repository.top / prefix if repository.top else None
    variables = clean_environment()
    for name in ("GIT_NO_REPLACE_OBJECTS", "GIT_LITERAL_PATHSPECS", "GIT_OPTIONAL_LOCKS"):
        variables.pop(name)  # ours, for reading; the training script's git is the user's
    variables["PATH"] = commands.search_path(variables, project)
    words = commands.build(settings, seed=job.seed, sample=job.sample)
    if isinstance(words, list):
        words = [commands.locate(words[0], place, project, variables["PATH"]), *words[1:]]
    # The checkout comes before everything that is installed: an editable install would import the
    # user's tree, edits and all, instead of the commit.
    roots = dict.fromkeys([place, place / "src", slot.path, slot.path / "src"])
    before = variables.get("PYTHONPATH")
    variables |= environment.probe_environment(probe)
    variables["PYTHONPATH"] = os.pathsep.join(
        [
            str(environment.PROBE_FOLDER),
            *(str(root) for root in roots if root.is_dir()),
            *([before] if before else []),
        ]
    )
    variables |= {
        "GITEXP_SEED": str(job.seed),
        "GITEXP_SAMPLE": f"{job.sample:g}",
        "GITEXP_RUN_DIR": str(job.folder),
        "GITEXP_METRICS": str(job.folder / "metrics.jsonl"),
        "GITEXP_PREDICTIONS": str(job.folder / _PREDICTIONS),
    }
    # Whatever the caller's environment says: no other run opens the holdout.
    variables.pop("GITEXP_HOLDOUT", None)
    if job.holdout:
        variables["GITEXP_HOLDOUT"] = "1"
    return words, variables


def present_environment(
    repository: Repository, prefix: str, settings: Settings, packages: Sequence[str]
) -> dict[str, Any] | None:
    """Environment in which a run would find itself today, as far as it can be told beforehand.

    Linked data is looked at where it lies; tracked data belongs to the commit. None where the
    command does not begin with a Python.
    """
    project = repository.top / prefix if repository.top else repository.common
    variables = clean_environment()
    variables["PATH"] = commands.search_path(variables, project)
    words = commands.build(settings, seed=0)
    if isinstance(words, str):
        return None
    program = commands.locate(words[0], project, project, variables["PATH"])
    present = ask_present([program], project, variables, packages)
    if present is not None:
        linked = [p for p in settings.data if settings.link and p.startswith(settings.link)]
        cache = repository.local / "data.json"
        present["data"] = fingerprint(project, [*linked, *settings.link], cache)
    return present


def _user_trees(repository: Repository) -> list[Path]:
    """The user's own work trees: the present one first, then the main one."""
    trees = [repository.top] if repository.top else []
    if repository.common.name == ".git" and repository.common.parent not in trees:
        trees.append(repository.common.parent)
    return trees


def _outcome(
    settings: Settings,
    job: Job,
    finished: process.Finished,
    loaded: environment.Loaded,
    place: Path,
) -> tuple[dict[str, float], str]:
    """Metrics of a run, and why it counts as failed ("" where it does not)."""
    found: dict[str, float] = {}
    failure = ""
    try:
        file = place / settings.metrics if settings.metrics else None
        found = metrics.collect(
            job.folder / "stdout.log", job.folder / "metrics.jsonl", file, metric=job.metric
        )
    except Unreadable as error:
        failure = f"the metrics file cannot be read: {error}"
    value = found.get(job.metric)
    if finished.timed_out:
        failure = f"stopped after the time-out of {settings.timeout:g} s"
    elif finished.exit_code < 0:
        failure = f"killed by {_signal_name(-finished.exit_code)}"
    elif finished.exit_code:
        failure = f"the command ended with exit code {finished.exit_code}"
    elif loaded.foreign:
        names = ", ".join(str(path) for path in loaded.foreign[:3])
        failure = f"R1: code was loaded from outside the checkout: {names}"
    elif not failure and value is None:
        seen = f"; it reported {', '.join(sorted(found)[:8])}" if found else ""
        failure = f"no metric {job.metric} was reported{seen}"
    elif value is not None and not _is_score(value):
        failure = f"{job.metric} is {value}"
    return {name: number for name, number in found.items() if _is_score(number)}, failure


def _predictions(
    settings: Settings, job: Job, place: Path, score: float
) -> tuple[Outcomes | None, str, str]:
    """Outcomes that a good run stored, why it counts as failed all the same, and a warning.

    Only where the settings promise predictions does a run without them fail.
    """
    promised = [place / settings.predictions] if settings.predictions else []
    written = [path for path in [*promised, job.folder / _PREDICTIONS] if path.exists()]
    if not written:
        missing = f"no predictions were written to {settings.predictions}" if promised else ""
        return None, missing, ""
    # csv, NumPy and scikit-learn: only runs with predictions pay for them
    from gitexp.engine.predictions import read_predictions

    try:
        outcomes = read_predictions(written[0])
    except Unreadable as error:
        reason = f"the predictions cannot be read: {error}"
        return (None, reason, "") if promised else (None, "", reason)
    known = find_metric(job.metric)
    if promised and known and (lacking := set(known.columns) - outcomes.columns.keys()):
        # Told by the first run, not by the verdict that cannot be computed after the last.
        return None, f"{job.metric} needs a column {lacking.pop()} in the predictions", ""
    if known is None:
        return outcomes, "", ""
    from gitexp.statistics.recompute import disagreement

    return outcomes, "", disagreement(job.metric, score, outcomes)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"


def _is_score(number: float) -> bool:
    """Whether a verdict can be computed from a number: finite, and its sums are too."""
    return math.isfinite(number) and abs(number) <= LARGEST_SCORE


def _keep(place: Path, folder: Path, names: Sequence[str]) -> None:
    # Listed first: a folder that is moved takes along what it holds.
    for source in [source for name in names for source in place.glob(name)]:
        if os.path.lexists(source):
            target = folder / source.relative_to(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)


def _describe(
    repository: Repository,
    settings: Settings,
    loaded: environment.Loaded,
    variables: Mapping[str, str],
) -> dict[str, Any]:
    """The environment line: what a run stood on besides its commit, stored once per commit."""
    key = salt(repository.local)
    machine = environment.machine()
    fields = {
        "python": loaded.python,
        "implementation": loaded.implementation,
        "executable": loaded.executable,
        "packages": loaded.packages,
        "accelerators": list(loaded.accelerators or machine.get("gpus", ())),  # type: ignore[call-overload]
        "machine": machine,
        "git": repository.git_version,
        "command": settings.command,
        "variables": environment.kept_variables(variables, key),
    }
    return stamped(Kind.ENVIRONMENT, fields)


def _fitted(record: Record, metric: str) -> tuple[Record, list[dict[str, Any]]]:
    """Keep the record's line short: metrics that do not fit go into the bulk."""
    if len(record.line()) <= LONGEST:
        return record, []
    # What JSON escapes takes six bytes a character.
    record = replace(record, failure=record.failure[: 300 if record.failure.isascii() else 50])
    rest = dict(record.metrics)
    kept = {metric: rest.pop(metric)} if metric in rest else {}
    for name in sorted(rest, key=len):
        trial = replace(record, metrics=kept | {name: rest[name]})
        if len(trial.line()) > LONGEST:
            break
        kept[name] = rest[name]
    more = {k: v for k, v in record.metrics.items() if k not in kept}
    fields = {
        "seed": record.seed, "attempt": record.attempt, "condition": record.condition,
        "values": more,
    }  # fmt: skip
    return replace(record, metrics=kept), [stamped(Kind.METRICS, fields)] if more else []


def _log(job: Job, condition: str, values: Mapping[str, object]) -> dict[str, Any]:
    """The log line of a run: both ends of what it printed, without secrets."""
    printed = {
        name: environment.hide_secrets(_ends(job.folder / f"{name}.log"), values)
        for name in ("stdout", "stderr")
    }
    fields = {"seed": job.seed, "attempt": job.attempt, "condition": condition, **printed}
    return stamped(Kind.LOG, fields)


def _ends(path: Path) -> str:
    """Beginning and end of a file in whole lines, each as a terminal would show it at last."""
    first, last = _LOG
    try:
        with path.open("rb") as handle:
            text = handle.read(first + last)
            if path.stat().st_size > len(text):
                handle.seek(-last, os.SEEK_END)
                # Half a line may hold half a secret, which is not recognised.
                ends = _HALF_AT_THE_END.sub(b"", text[:first]), handle.read(last)
                text = b"[...]\n".join((ends[0], _HALF_AT_THE_START.sub(b"", ends[1])))
    except OSError:
        return ""
    lines = text.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    # A progress bar writes over itself.
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _last_lines(folder: Path) -> str:
    for name in ("stderr.log", "stdout.log"):
        try:
            text = (folder / name).read_bytes()[-8192:].decode("utf-8", "replace")
        except OSError:
            continue
        lines = [line for line in text.splitlines() if line.strip()]
        if lines:
            return "\n".join(lines[-_LAST_LINES:])
    return ""
