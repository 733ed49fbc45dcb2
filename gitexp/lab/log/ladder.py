"""The ladder: the baseline branch's first-parent history, and the effect of each of its steps.

A step is a commit that changes what runs. It comes from an accepted experiment, or it is an
UNTESTED STEP: a refactoring, new data, a bug fix. Running the baseline's seeds on it shows whether
it changed the metric. A change of protocol, of the criterion or of a goal stands there, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from gitexp.lab.code.code_steps import alters_runs, step_checks
from gitexp.lab.log.acceptance import read_acceptances
from gitexp.lab.projects.amendments import UNAMENDED, Amendment, read_amendments
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.record import Record, parse_records
from gitexp.rules.plan.dependencies import added, declares
from gitexp.rules.verdict.pairs import first_good
from gitexp.rules.verdict.winning_runs import without_winning_runs
from gitexp.store.git import RAW
from gitexp.store.git_output import parse_history
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from gitexp.lab.projects.project import Project
    from gitexp.store.git_output import FileChange

_FURTHEST = 2000  # commits of the baseline branch that are searched for steps


@dataclass(frozen=True, slots=True)
class StepEffect:
    """Effect of a step on the metric, over the seeds measured before and after it.

    `mean` is after minus before in the metric's own unit, `sd` the standard deviation of the
    differences (None for a single seed); `neutral` means that every seed gave the same number.
    """

    seeds: int
    mean: float
    sd: float | None
    neutral: bool


_PROVEN = StepEffect(1, 0.0, None, neutral=True)  # the one seed on which it was compared


class LadderStepJson(TypedDict):
    """A commit of the baseline branch that is not an experiment, and what it did to the metric.

    `protocol` names what it changed in how results are measured, and `asked` how it changed
    criterion and goals.
    """

    commit: str
    author: str
    time: str
    subject: str
    reason: Literal["neutral", "moved"] | None
    effect: float | None
    pairs: int
    protocol: list[str]
    asked: list[str]


@dataclass(frozen=True, slots=True)
class LadderStep:
    """A baseline commit that changed what runs, or how results are judged.

    `effect` is None until it is measured on both sides, and across a change of protocol; `measured`
    says whether it was on the side after it. `dependencies` are those that it declares and its
    parent does not; unless it `alters` what runs, only its amendment counts.
    """

    commit: str
    time: str
    author: str
    subject: str
    accepted: str
    effect: StepEffect | None
    dependencies: tuple[str, ...] = ()
    amendment: Amendment = UNAMENDED
    alters: bool = True
    measured: bool = False

    @property
    def untested(self) -> bool:
        """Whether it changed what runs without having been an experiment."""
        return self.alters and not self.accepted

    def as_json(self) -> LadderStepJson:
        """Return the step as `gitexp run --baseline --json` prints it."""
        effect = self.effect
        return {
            "commit": self.commit,
            "author": self.author,
            "time": self.time,
            "subject": self.subject,
            "reason": None if effect is None else "neutral" if effect.neutral else "moved",
            "effect": effect.mean if effect else None,
            "pairs": effect.seeds if effect else 0,
            "protocol": [*self.amendment.protocol],
            "asked": [*self.amendment.asked],
        }


@dataclass(slots=True)
class _Commit:
    commit: str
    time: str
    author: str
    message: str
    records: list[Record]
    alters: bool
    files: list[FileChange]
    proven: bool


def read_steps(project: Project, until: Collection[str]) -> list[LadderStep]:
    """Read the steps of the baseline branch, newest first, back to the oldest commit of `until`.

    One git process. Steps before the first experiment do not matter: nothing was measured.
    """
    metric = project.settings.metric
    commits = list(_until(_commits(project), until))
    amended = read_amendments(project, commits[:-1], commits[-1].commit) if commits[1:] else {}
    measured = max((at for at, one in enumerate(commits) if one.records), default=0)
    accepted_at = {one.commit: one.experiment for one in read_acceptances(project)[0]}
    steps = []
    after: list[Record] = []
    # The last commit of `until` is where the oldest experiment began, not a step after it.
    for at, commit in enumerate(commits[:-1]):
        after += commit.records
        amendment = amended.get(commit.commit, UNAMENDED)
        if at >= measured:  # before anything was measured, anything may be asked for
            amendment = amendment._replace(asked=())
        if not (commit.alters or amendment.protocol or amendment.asked):
            continue
        effect = None
        if commit.alters and not amendment.protocol:
            before = _records_of_group(commits[at + 1 :])
            effect = _PROVEN if commit.proven else compare(before, after, metric)
        steps.append(
            LadderStep(
                commit.commit,
                commit.time,
                commit.author,
                commit.message.strip().split("\n", 1)[0],
                # An experiment of another project was tested there; here it is like any other.
                accepted_at.get(commit.commit, ""),
                effect,
                _dependencies(project, [file for file in commit.files if declares(file.path)]),
                amendment,
                commit.alters,
                any(record.ok for record in after),
            )
        )
        if commit.alters:
            after = []
    return steps


def _dependencies(project: Project, files: Sequence[FileChange]) -> tuple[str, ...]:
    """Dependencies that a commit adds to the files that declare them."""
    ids = [one for file in files for one in (file.old_id, file.new_id)]
    contents = project.repository.git.objects(ids) if ids else []
    names: set[str] = set()
    for file, before, after in zip(files, contents[::2], contents[1::2], strict=True):
        names.update(added(file.path, before, after))
    return tuple(sorted(names))


def _until(commits: Iterable[_Commit], until: Collection[str]) -> Iterator[_Commit]:
    missing = set(until)
    for commit in commits:
        if not missing:
            return
        missing.discard(commit.commit)
        yield commit


def _records_of_group(commits: Iterable[_Commit]) -> list[Record]:
    """Records of a commit and of the earlier ones that run the same code."""
    records: list[Record] = []
    for commit in commits:
        records += commit.records
        if commit.alters:
            break
    return records


def compare(before: Iterable[Record], after: Iterable[Record], metric: str) -> StepEffect | None:
    """Compare two sets of runs seed by seed within one condition; None if they share no seed."""
    old, differences = list(before), []
    new = list(after)
    for seed, record in first_good(new, {r.seed for r in new}, metric).items():
        partner = first_good(old, [seed], metric, [record.condition]).get(seed)
        if partner is not None:
            differences.append(record.metrics[metric] - partner.metrics[metric])
    if not differences:
        return None
    import statistics  # loads fractions and decimal, and few logs have such a step

    return StepEffect(
        len(differences),
        statistics.fmean(differences),
        statistics.stdev(differences) if len(differences) > 1 else None,
        all(difference == 0 for difference in differences),
    )


def _commits(project: Project) -> Iterator[_Commit]:
    out = project.repository.git.log(
        "--root", "--first-parent", "--diff-merges=first-parent", f"-{_FURTHEST}", *RAW,
        f"--notes={RUNS}", "--format=%x01%H%x00%cI%x00%an%x00%B%x00%N", project.tip,
    )  # fmt: skip
    for head, files, _ in parse_history(out, fields=5):
        commit, time, author, message, notes = head
        alters = any(alters_runs(project, project.settings, file) for file in files)
        own = (r for r in parse_records(notes) if r.project == project.folder)
        records = without_winning_runs(own, message)
        told = step_checks(notes, commit, project.folder)
        proven = any(check.found is Found.NEUTRAL for check in told)
        yield _Commit(commit, time, author, message, records, alters, files, proven)
