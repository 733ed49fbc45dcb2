"""The words and environment variables that a run is started with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine import command as commands
from gitexp.engine.loaded import PROBE_FOLDER
from gitexp.engine.threads import thread_variables, usable_cores
from gitexp.store.git_environment import script_environment

if TYPE_CHECKING:
    from pathlib import Path

    from gitexp.engine.checkout import Checkout
    from gitexp.engine.devices.grant import Granted
    from gitexp.engine.job import Job
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository

# In the run's folder, where `gitexp.predictions` and `gitexp.artifact` write.
PREDICTIONS, ARTIFACTS = "predictions.csv", "artifacts.jsonl"


class Launch(NamedTuple):
    """How a run is started: the command's words (or a text for the shell) and its variables.

    `given` are the variables that the user set, in the environment or before the command; gitexp
    adds its own to them.
    """

    words: list[str] | str
    given: dict[str, str]
    variables: dict[str, str]
    threads: int
    granted: Granted | None = None


def prepare_launch(
    repository: Repository,
    prefix: str,
    settings: Settings,
    job: Job,
    checkout: Checkout,
    probe: Path,
) -> Launch:
    """Find out how to start a run in its checkout."""
    place = checkout.path / prefix
    project = repository.top / prefix if repository.top else None
    words = commands.build(settings, seed=job.seed, sample=job.sample)
    given = script_environment()
    given |= commands.assigned(settings, seed=job.seed, sample=job.sample)
    threads = settings.threads or job.threads or usable_cores()
    variables = given | thread_variables(threads, given)
    if job.granted:
        variables = _with_devices(variables, job.granted)
    variables["PATH"] = commands.search_path(variables, project, repository.top)
    if isinstance(words, list):
        words = [commands.locate(words[0], place, project, variables["PATH"]), *words[1:]]
    # The checkout comes before everything that is installed: an editable install would import the
    # user's tree, with its edits, instead of the commit.
    roots = dict.fromkeys([place, place / "src", checkout.path, checkout.path / "src"])
    before = variables.get("PYTHONPATH")
    variables["PYTHONPATH"] = os.pathsep.join(
        [
            str(PROBE_FOLDER),
            *(str(root) for root in roots if root.is_dir()),
            *([before] if before else []),
        ]
    )
    variables |= {
        "GITEXP_PROBE": str(probe.absolute()),
        "GITEXP_CHECKOUT": str(checkout.path),
        "GITEXP_TREES": os.pathsep.join(str(tree.resolve()) for tree in user_trees(repository)),
        "GITEXP_SEED": str(job.seed),
        "GITEXP_SAMPLE": f"{job.sample:g}",
        "GITEXP_RUN_DIR": str(job.folder),
        "GITEXP_METRICS": str(job.folder / "metrics.jsonl"),
        "GITEXP_ARTIFACTS": str(job.folder / ARTIFACTS),
        "GITEXP_PREDICTIONS": str(job.folder / PREDICTIONS),
    }
    if settings.stop_if or settings.silent:
        # Python keeps what it prints until 8 kB are together, which may take hours.
        variables.setdefault("PYTHONUNBUFFERED", "1")
    # Even if the caller's environment has it: only this kind of run opens the holdout.
    variables.pop("GITEXP_HOLDOUT", None)
    if job.holdout:
        variables["GITEXP_HOLDOUT"] = "1"
    return Launch(words, given, variables, threads, job.granted)


def _with_devices(variables: dict[str, str], granted: Granted) -> dict[str, str]:
    kept = {name: value for name, value in variables.items() if name not in granted.variables}
    return kept | {name: value for name, value in granted.variables.items() if value is not None}


def user_trees(repository: Repository) -> list[Path]:
    """The user's own work trees: the current one first, then the main one."""
    trees = [repository.top] if repository.top else []
    if repository.common.name == ".git" and repository.common.parent not in trees:
        trees.append(repository.common.parent)
    return trees
