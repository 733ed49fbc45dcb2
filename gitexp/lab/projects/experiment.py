"""The experiment that a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import UsageError
from gitexp.lab.projects.experiment_name import find_by_name, short_name
from gitexp.lab.projects.last_started import last_started
from gitexp.lab.projects.project import project_at
from gitexp.lab.projects.project_folder import project_prefix

if TYPE_CHECKING:
    from gitexp.lab.projects.project import Project
    from gitexp.store.repository import Repository


def find_experiment(repository: Repository, name: str | None) -> tuple[str, str]:
    """Return the full ref and the commit of the experiment that a command means.

    That is the named one, else the one that is checked out, else the one last started here.

    Raises:
        UsageError: there is no such experiment, or none to choose.
        NotReady: there is none, because the repository has no settings.
    """
    if name is None:
        name = repository.head_branch() or ""
        if not name.startswith("exp/"):
            last = last_started(repository, project_prefix(repository))
            if last is not None:
                return last
            _demand_settings(repository)
            raise UsageError(
                "which experiment? none is checked out, and none was started in this clone",
                'register one: gitexp start --set KEY=VALUE "HYPOTHESIS"\n'
                "or name one of these: gitexp log",
            )
    short = short_name(name)
    found = find_by_name(repository, short)
    if found is None:
        _demand_settings(repository)
        raise UsageError(f"there is no experiment {short}", meant_by(repository, short))
    return found


class Measured(NamedTuple):
    """What has runs: an experiment, or the baseline under its branch's name."""

    name: str
    commit: str
    label: str


def find_measured(project: Project, name: str | None) -> Measured:
    """What a command means that takes a baseline as well: an experiment of that name comes first.

    Raises:
        UsageError: there is no such experiment, or none to choose.
    """
    if name == project.baseline and find_by_name(project.repository, name) is None:
        return Measured(name, project.tip, f"baseline {name}")
    ref, commit = find_experiment(project.repository, name)
    short = ref.rpartition("/")[2]
    return Measured(short, commit, f"exp/{short}")


def _demand_settings(repository: Repository) -> None:
    """Without settings there is nothing to name or register; raises what to do first."""
    project_at(repository, project_prefix(repository))


def meant_by(repository: Repository, name: str) -> str:
    """Hint at the experiments that a wrong name may mean."""
    from difflib import get_close_matches  # only a wrong name waits for these two

    from gitexp.store.experiment_refs import names_taken

    known = sorted(names_taken(repository))
    near = [one for one in known if name and one.startswith(name)] or get_close_matches(name, known)
    meant = f"did you mean: {' or '.join(near[:3])}\n" if near else ""
    return f"{meant}list the experiments: gitexp log"
