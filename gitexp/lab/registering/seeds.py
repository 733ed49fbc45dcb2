"""The seeds of a baseline, and those that a change has not been tested on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from gitexp.lab.projects.ancestors import origin_of, same_runs
from gitexp.lab.projects.differences import relative
from gitexp.lab.projects.project import Project
from gitexp.rules.finding import Finding
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.gate.kept_values import keeps_values
from gitexp.rules.gate.paths import is_config
from gitexp.rules.plan.seeds import APART, block, fresh_block, nothing_fresh, start_of

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.store.git_output import FileChange


def first_seed(
    project: Project,
    base: str,
    again: Iterable[Result] = (),
    runs: int = 0,
    *,
    due: Callable[[int], int] | None = None,
) -> int:
    """First seed of an experiment on a baseline commit, or of the baseline itself.

    `again` are the experiments whose change is tested again: it gets the first block in which they
    have no record, if there are other seeds at all. `runs` are given where they may be more than
    the settings plan. `due` says which block is the first that may be registered where a baseline's
    seeds begin so: other experiments may have left blocks behind.
    """
    settings = project.settings
    if not settings.seeded:
        return 1
    if settings.first_seed is not None:
        return settings.first_seed
    # Commits that run the same leave the records as they are, and so the seeds.
    start = start_of(project.folder, origin_of(project, settings, base))
    runs = max(runs, settings.looks[-1])
    least = due(start) if due else 0
    return block(start, fresh_block(start, runs, used_seeds(again), least), runs).start


def no_seeds_left(project: Project, base: str, again: Iterable[Result]) -> Finding | None:
    """Find that a change cannot be tested again, because every run would be one that was seen.

    On a baseline that runs other code it can be tested, on the same data.
    """
    settings = project.settings
    # Without figures nothing was learnt, as where a run failed or the baseline moved.
    seen = [one for one in again if one.judgement and one.judgement.effect is not None]
    if settings.fresh_seeds or not seen:
        return None
    alike = {base, *same_runs(project, settings, base)}
    here = [one.name for one in seen if one.base in alike]
    return nothing_fresh(here[0], settings.first_seed) if here else None


def used_seeds(results: Iterable[Result]) -> set[int]:
    """Seeds on which experiments have records, whatever came of these runs."""
    return {record.seed for result in results if result.ran for record in result.records}


def may_begin(project: Project, base: str, first: int, blocks: int) -> bool:
    """Whether one of the first blocks of seeds on a baseline commit begins with this seed.

    A clone may lack the records that prove which commits run alike. So every start counts of the
    commits back to the one that changed a config value, and where a shallow clone ends, any.
    """
    settings = project.settings
    if settings.first_seed is not None:
        return first == settings.first_seed
    for start in _starts(project, base):
        number, rest = divmod(first - start, APART)
        if rest == 0 and 0 <= number < blocks:
            return True
    return _ends_in_the_dark(project, base)


def _starts(project: Project, base: str) -> Iterator[int]:
    # The one that `first_seed` takes here. Where settings are among the configs, values of theirs
    # that leave every run as it was may lie between.
    yield start_of(project.folder, origin_of(project, project.settings, base))
    for step in project.repository.lineage.since(base):
        yield start_of(project.folder, step.commit)
        if any(_changes_values(project, file) for file in step.files):
            return


def _ends_in_the_dark(project: Project, base: str) -> bool:
    if not project.repository.shallow:
        return False
    steps = project.repository.lineage.since(base)
    return not any(_changes_values(project, file) for step in steps for file in step.files)


def _changes_values(project: Project, file: FileChange) -> bool:
    """Whether a config file differs by more than its layout and its comments."""
    path = relative(project, file.path)
    if not is_config(path, project.settings.config):
        return False
    before, after = project.repository.git.objects([file.old_id, file.new_id], largest=LARGEST)
    return not keeps_values(path, before, after)
