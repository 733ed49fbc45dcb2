"""The lines that a run leaves in the notebook: its record, its environment, surplus metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.builds import builds_of
from gitexp.engine.condition import with_builds
from gitexp.engine.contents import remembered
from gitexp.engine.elsewhere import inert_files, libraries_of, modules_of
from gitexp.engine.loaded import GITEXP
from gitexp.engine.machine import machine
from gitexp.engine.masking import hide_secrets
from gitexp.engine.opened import changed_before, contents_of, spell
from gitexp.engine.program import is_python, programs_of
from gitexp.engine.startup import CUSTOMIZATIONS, startup_of
from gitexp.engine.variables import deciding_variables, hashed_variables, place_variables
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import sha256, stamped
from gitexp.rules.documents.record import LONGEST, Record
from gitexp.rules.verdict.set_aside import RATE
from gitexp.store.local import salt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitexp.engine.contents import Contents
    from gitexp.engine.job import Job
    from gitexp.engine.launch import Launch
    from gitexp.engine.loaded import Loaded
    from gitexp.engine.outcome import Reported
    from gitexp.engine.process import Finished
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository

_MOST_CARRIED = 20  # files of an environment line


def make_record(
    job: Job,
    prefix: str,
    folder: str,
    environment: Mapping[str, Any],
    start: str,
    finished: Finished,
    reported: Reported,
) -> Record:
    """Record of a run, from its environment line and what it reported; `folder` has its logs."""
    outcomes = reported.outcomes
    return Record(
        seed=job.seed,
        attempt=job.attempt,
        condition=environment["condition"],
        environment=sha256(environment),
        metrics=reported.metrics,
        start=start,
        duration=finished.duration,
        exit=finished.exit_code,
        cpu=finished.cpu,
        memory=finished.peak_memory,
        failure=reported.failure,
        ended=reported.ended,
        folder=folder,
        explore=job.explore,
        project=prefix.rstrip("/"),
        commit=job.commit,
        ids=outcomes.ids_fingerprint if outcomes else "",
        tested=outcomes.count if outcomes else 0,
        truth=outcomes.truth_fingerprint if outcomes else "",
        output=outcomes.output_fingerprint if outcomes else "",
        purpose=job.purpose,
        sample=job.sample,
        pair=job.pair,
    )


def describe(
    repository: Repository,
    prefix: str,
    settings: Settings,
    loaded: Loaded,
    launch: Launch,
    places: Sequence[Path],
    since: float,
) -> dict[str, Any]:
    """Environment line: what a run depended on besides its commit, stored once per commit.

    `places` are the checkout and what its linked inputs lead to; `since` is when the run began, in
    seconds since 1970.
    """
    key = salt(repository.local)
    here = machine()
    granted = launch.granted
    devices = loaded.accelerators or (granted and granted.models) or here.get("gpus", ())
    hashed = hashed_variables(launch.given, key)
    fields = {
        "python": loaded.python,
        "build": loaded.build,
        "implementation": loaded.implementation,
        "executable": loaded.executable,
        "accelerators": list(devices),  # type: ignore[call-overload]
        "machine": here,
        "git": repository.git_version,
        "command": hide_secrets(settings.command, {}),
        "threads": launch.threads,
        "variables": deciding_variables(launch.given, key),
        "place": place_variables(launch.given, key),
        "hashed": hashed,
        "read": sorted(loaded.read & hashed.keys()),
    }
    modules = {one.file for one in loaded.placed}
    with remembered(repository.local / "code.json") as contents:
        fields |= _code(loaded, launch, places[0], contents)
        outside = loaded.opened.outside((*places, repository.common, GITEXP, *loaded.prefixes))
        read = {path: real for path, real in outside.read.items() if path not in modules}
        if files := contents_of(read, contents):
            fields["files"] = files
        if changed := changed_before(read, since, contents):
            fields["changed"] = changed
    carried = sorted(map(spell, outside.carried - modules))
    runs, own = repository.local / "runs", Path(launch.variables["GITEXP_RUN_DIR"])
    if any(path.is_relative_to(runs) for path in loaded.opened.outside((own,)).read):
        carried.insert(0, f"{spell(runs)}/")
    if carried:
        fields["carried"] = carried[:_MOST_CARRIED]
    used = (*modules, *loaded.opened.read)
    if inert := inert_files(used, places[0], prefix, settings):
        fields["inert"] = inert
    return stamped(Kind.ENVIRONMENT, fields)


def _code(loaded: Loaded, launch: Launch, checkout: Path, contents: Contents) -> dict[str, Any]:
    """Fields of an environment line about the code that ran, besides what the commit holds."""
    inside = (checkout, checkout.resolve())
    builds = builds_of(loaded.infos.items(), contents)
    built = {info for name, info in loaded.infos.items() if name in builds}
    # An extension module is a shared library, too.
    libraries = sorted({*loaded.libraries} - {one.file for one in loaded.placed})
    customized = {
        one.module: one.file
        for one in loaded.placed
        if one.module in CUSTOMIZATIONS and not any(map(one.file.is_relative_to, inside))
    }
    programs = programs_of(launch.words, launch.variables["PATH"], inside, contents)
    # A shell, or any program that is not Python, reads what it likes.
    shell = isinstance(launch.words, str)
    unwatched = loaded.unwatched or programs or shell or not is_python(launch.words[0])
    return {
        "packages": with_builds(loaded.packages, builds),
        "modules": libraries_of(libraries, inside, contents)
        | modules_of(loaded.placed, built, inside, contents),
        "startup": startup_of(loaded.sites, customized, contents) | programs,
        **({"unwatched": True} if unwatched else {}),
    }


def shorten(record: Record, metric: str) -> tuple[Record, list[dict[str, Any]]]:
    """Keep the record's line short: metrics that do not fit are returned as bulk lines."""
    if len(record.line()) <= LONGEST:
        return record, []
    # A character that JSON escapes takes six bytes.
    record = record._replace(failure=record.failure[: 300 if record.failure.isascii() else 50])
    rest = dict(record.metrics)
    kept = {name: rest.pop(name) for name in (metric, RATE) if name in rest}
    for name in sorted(rest, key=len):
        trial = record._replace(metrics=kept | {name: rest[name]})
        if len(trial.line()) > LONGEST:
            break
        kept[name] = rest[name]
    more = {k: v for k, v in record.metrics.items() if k not in kept}
    fields = {
        "seed": record.seed, "attempt": record.attempt, "condition": record.condition,
        "values": more,
    }  # fmt: skip
    return record._replace(metrics=kept), [stamped(Kind.METRICS, fields)] if more else []
