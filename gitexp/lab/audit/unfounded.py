"""Checks without the runs that they tell of: whoever wrote them made no such run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gitexp.lab.audit.inventory import Inventory, label_of
from gitexp.lab.code.code_steps import step_checks
from gitexp.lab.projects.past_settings import read_settings
from gitexp.rules.documents.check import Check, parse_checks
from gitexp.rules.documents.code_commit import BASE
from gitexp.rules.documents.found import CODE_FOUND, Found
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record, made_by, parse_records
from gitexp.rules.documents.settings import Settings
from gitexp.rules.finding import Finding
from gitexp.rules.text import visible
from gitexp.rules.verdict.neutrality import CodeRuns, code_runs, prove
from gitexp.rules.verdict.ties import same_score
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.registration import Registration
    from gitexp.store.experiments import Entry

_OF_THE_EXPERIMENT = {Found.REPEATS, Found.DIFFERS}  # what its own runs, made again, have shown


def about_unfounded(inventory: Inventory) -> Iterator[Finding]:
    """Find checks that excuse or blame failed runs, and that no run on record bears out."""
    yield from _about_steps(inventory)
    for result in inventory.held:
        entry = inventory.entries.get(result.commit)
        if entry is None or result.registration is None or result.registration.rules < 2:
            continue
        yield from _about_code(inventory, result)
        metric = result.registration.criterion.metric
        checks = parse_checks(entry.runs, result.commit)
        told = [check for check in checks if check.found in _OF_THE_EXPERIMENT]
        # Reading every record of thousands of experiments once more would take seconds.
        again = parse_records(entry.runs, Purpose.CANARY) if told else []
        for check in told:
            if not _is_founded(check, again, metric):
                said = f"that seed {check.seed} {check.found} its score"
                yield _unfounded(label_of(result), said, entry.runs)


def _about_code(inventory: Inventory, result: Result) -> Iterator[Finding]:
    """Find checks of the code below an experiment that its runs do not bear out."""
    registration = result.registration
    told = [check for check in result.checks if check.found in CODE_FOUND]
    if registration is None or not told or _cut_off(inventory.project.repository, registration):
        return
    notes, folder = inventory.entries, inventory.project.folder
    below, base = (notes.get(commit) for commit in (registration.code, result.base))
    texts = [result.text, *(entry.runs for entry in (below, base) if entry is not None)]
    runs = code_runs(
        registration,
        _runs_of(folder, result.baseline_records),
        _runs_of(folder, parse_records(base.runs, Purpose.CANARY, result.pair) if base else ()),
        _proving(folder, below),
    )
    metric = registration.criterion.metric
    for check in told:
        if not _is_proven(check, runs, metric):
            said = f"of its code that it is {check.found} on seed {check.seed}"
            yield _unfounded(label_of(result), said, *texts)


def _cut_off(repository: Repository, registration: Registration) -> bool:
    """Whether a shallow clone ends before the code of an experiment, or before its baseline."""
    below = [registration.code, dict(registration.extra).get(BASE, "")]
    return repository.shallow and len(repository.git.sizes(below)) < len(below)


def _about_steps(inventory: Inventory) -> Iterator[Finding]:
    """Find baseline commits that are said to give what an ancestor gave, and no run shows it."""
    project, notes = inventory.project, inventory.entries
    told = [
        (entry, check)
        for commit, entry in notes.items()
        for check in step_checks(entry.runs, commit, project.folder)
        if check.found is Found.NEUTRAL
    ]
    commits = [entry.commit for entry, _ in told]
    known = read_settings(project.repository, project.prefix, commits)
    for entry, check in told:
        settings, ancestor = known[entry.commit], notes.get(check.baseline)
        before = ancestor.runs if ancestor else ""
        runs = CodeRuns(
            _runs_of(project.folder, parse_records(before)),
            _runs_of(project.folder, parse_records(before, Purpose.CANARY)),
            _proving(project.folder, entry),
        )
        if isinstance(settings, Settings) and not _is_proven(check, runs, settings.metric):
            than = visible(check.baseline[:10])
            said = f"that it gives what {than} gave on seed {check.seed}"
            yield _unfounded(f"baseline {entry.commit[:10]}", said, before, entry.runs)


def _unfounded(label: str, said: str, *texts: str) -> Finding:
    """V22; only advice where tombstones in these notes say that runs may have been redacted."""
    return Finding(
        "V22",
        f"a check in the note of {label} says {said}, but no run on record shows that",
        "git log -p refs/notes/gitexp-runs shows who added it; to remove the line: gitexp redact",
        advice=any(True for text in texts for _ in read_contents(text, Kind.TOMBSTONE)),
    )


def _proving(folder: str, entry: Entry | None) -> tuple[Record, ...]:
    """Runs of a commit for a project that were made to prove that it changes nothing."""
    if entry is None:
        return ()
    return tuple(made_by(parse_records(entry.runs, Purpose.NEUTRAL), entry.commit, folder))


def _runs_of(folder: str, records: Iterable[Record]) -> tuple[Record, ...]:
    """Those runs that a project's training made; projects may share a commit."""
    return tuple(record for record in records if record.project == folder)


def _is_proven(check: Check, runs: CodeRuns, metric: str) -> bool:
    """Whether runs of the code and of the baseline show what a check says.

    Later runs may have shown that the baseline does not repeat itself.
    """
    proof = prove(check.seed, metric, runs, (check.condition,))
    if proof.found is Found.UNREPEATED and check.found is not Found.UNREPEATED:
        return check.found is Found.ALTERED or same_score(*proof.scores)
    return proof.found is check.found and proof.scores == check.scores


def _is_founded(check: Check, again: Sequence[Record], metric: str) -> bool:
    """Whether each new score of a check is that of a run which was made again."""
    found = [r.metrics[metric] for r in again if r.seed == check.seed and metric in r.metrics]
    new = check.scores[1:]
    return bool(new) and all(any(same_score(score, one) for one in found) for score in new)
