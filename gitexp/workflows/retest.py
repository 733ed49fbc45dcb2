"""Register the change of an experiment again, on the current tip of the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.errors import Refused, UsageError
from gitexp.lab.code.carrying import carry
from gitexp.lab.log.results import read_results
from gitexp.lab.projects.differences import inspect_files, inspect_trees
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project, project_in, settings_of
from gitexp.lab.queues.queue import take_out
from gitexp.lab.registering.edit import NOT_REGISTERED
from gitexp.lab.registering.registering import Proposal, Started, register, register_some
from gitexp.lab.standing.outdated import measured_gain, waiting
from gitexp.rules.demand import demand
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.code_commit import BASE, CODE
from gitexp.rules.documents.registration import AGAIN, Registration
from gitexp.rules.documents.settings import Settings
from gitexp.rules.finding import Finding, refusals
from gitexp.rules.gate import formats
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.keys import Key, spell_key
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.plan.options import Options
from gitexp.store.archive import archive_refs
from gitexp.store.commits import replay
from gitexp.store.refs import HEADS

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


# Trailers that belong to one registration, not to its change.
_OWN = {*AGAIN, "Project", CODE, BASE, "Replaces"}


def retest(project: Project, name: str | None, repeats: int | None = None) -> Started:
    """Register the change of an experiment again, on the baseline's current tip and fresh seeds.

    With more `repeats`, it asks again what was inconclusive; without, it has as many as it was
    planned with. The code that it stands on comes along, unless the tip has it.

    Raises:
        Refused: the change or its code no longer applies, the baseline already has it, or there are
            no seeds to test it again on.
        UsageError: nobody can run so many repeats, or a repeat would show nothing new.
    """
    return register(*_propose(project, name, repeats))


def _propose(
    project: Project, name: str | None, repeats: int | None = None
) -> tuple[Project, Proposal]:
    """The change of an experiment as it would be registered again, in the project that it is of."""
    ref, commit = find_experiment(project.repository, name)
    old_name = ref.rpartition("/")[2]
    result = read_results(project, old_name)[0]
    if result.registration is None or len(result.entry.parents) != 1:
        raise UsageError(
            f"exp/{old_name} is not a registered experiment", f"gitexp check {old_name} says why"
        )
    project = project_in(project, result.registration.project)
    parent = result.entry.parents[0]
    settings = settings_of(project, result.base)
    change = inspect_trees(project, settings, parent, commit).change
    if change is None:
        raise UsageError(
            f"exp/{old_name} changes more than one value", f"gitexp check {old_name} lists them"
        )
    carried = carry(project, result)
    trees = (parent, commit, carried.tree if carried else project.tip)
    onto, content = _changed_again(project, change, trees)
    inspection = inspect_files(project, [Edited(change.file, "100644", "100644", onto, content)])
    about_code = carried.findings(inspection.change) if carried else []
    advice = demand([*inspection.findings, *about_code], NOT_REGISTERED)
    assert inspection.change is not None  # noqa: S101 - nothing was refused
    if repeats is None:
        repeats = _repeats_of_its_own(project, settings, result.registration)
    proposal = Proposal(
        result.registration.hypothesis,
        inspection.change,
        content,
        options=Options(repeats=repeats),
        advice=advice,
        criterion=result.registration.criterion,
        guards=result.registration.guards,
        extra=(
            *_predicted(result, moved=inspection.change.before != change.before),
            ("Retest", f"{old_name} {commit}"),
        ),
        code=carried.code if carried else None,
    )
    return project, proposal


def _changed_again(project: Project, change: Change, trees: Sequence[str]) -> tuple[bytes, bytes]:
    """Make the change between the first two trees once more in the third: its file before, after.

    Raises:
        Refused: the file is gone there, or has the value already.
    """
    path = project.path(change.file)
    before, after, onto = project.repository.git.objects([f"{tree}:{path}" for tree in trees])
    if before is None or after is None or onto is None:
        raise Refused(
            f"{change.file} is no longer on {project.baseline}",
            hint="there is nothing left to change",
        )
    try:
        content = replay(project.repository, before, after, onto)
    except Refused:
        content = _set_again(change.file, change.key, after, onto)
    if content == onto:
        raise Refused(
            f"{project.baseline} already has {change.place} = {spell(change.after)}",
            hint="there is nothing left to test; gitexp log shows what was accepted",
        )
    return onto, content


def _repeats_of_its_own(
    project: Project, settings: Settings, registration: Registration
) -> int | None:
    """How many repeats it was planned with, if its own `settings` plan another number."""
    if registration.borrowed:
        return 1
    most = registration.repeats[-1]
    planned = registration.seeded and project.settings.seeded and most != settings.looks[-1]
    return most if planned else None


def _predicted(result: Result, *, moved: bool) -> Iterator[tuple[str, str]]:
    """Trailers that a retest keeps; what was confirmed predicts the gain that was measured.

    Where the baseline has `moved` to another value of the key, a gain over the old one says little.
    """
    assert result.registration is not None  # noqa: S101 - the caller has looked
    kept = {t: v for t, v in result.registration.extra if t not in _OWN}
    measured = measured_gain(result)
    if measured is not None:
        start = " from another value" if moved else ""
        kept.setdefault("Evidence", f"log exp/{result.name} was confirmed{start}")
        kept.pop("Gain", None)
        if not moved:
            kept["Gain"] = f"{measured:.3g}"
    yield from kept.items()


@dataclass(frozen=True, slots=True)
class CarriedOn:
    """Experiments that were registered again, by their old name, and those that were not.

    `left` says why, by name. `archived` are those that were never run.
    """

    started: dict[str, Started]
    left: dict[str, str]
    archived: frozenset[str]


def carry_on(project: Project) -> CarriedOn:
    """Register again what was confirmed or planned on an older baseline, the oldest first."""
    wait = waiting(project)
    proposals: dict[object, Proposal] = {}
    left: dict[str, str] = {}
    branches = project.repository.branches([HEADS])
    for result in (*wait.confirmed, *wait.planned):
        try:
            proposal = replace(_propose(project, result.name)[1], label=result.name)
        except (Refused, UsageError) as error:
            left[result.name] = _why(error)
            continue
        change, code = proposal.change.setting, proposal.code
        first = proposals.setdefault((change or result.name, code, proposal.criterion), proposal)
        if first is not proposal:
            left[result.name] = f"exp/{first.label} makes the same change"
    started, refused = register_some(project, [*proposals.values()])
    left |= {name: _why(error) for name, error in refused.items()}
    held = project.repository.checked_out()
    done = {
        name: commit
        for name in (result.name for result in wait.planned if result.name in started)
        if (commit := branches.get(f"{HEADS}{name}")) and f"{HEADS}{name}" not in held
    }
    archive_refs(project.repository, done)
    take_out(project.repository, done)
    return CarriedOn(started, left, frozenset(done))


def _why(error: Refused | UsageError) -> str:
    found = refusals(error.findings) if isinstance(error, Refused) else ()
    return found[0].message if found else error.message


def _set_again(path: str, key: Key, after: bytes, onto: bytes) -> bytes:
    try:
        return formats.copy_value(path, key, after, onto)
    except (ValueError, LookupError):
        raise Refused(
            f"{path}: the line of {spell_key(key)} has changed on the baseline",
            [
                Finding(
                    "C2", "the old edit no longer applies",
                    f'gitexp start --set {spell_key(key)}=VALUE "HYPOTHESIS"', path,
                )
            ],
        ) from None  # fmt: skip
