"""Register an experiment: one hypothesis, one changed value, one commit, no file touched."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, Refused, UsageError
from gitexp.lab.design import first_fresh_seed, history, records_like_tip
from gitexp.lab.differences import inspect_files
from gitexp.lab.edit import from_setting, from_work_tree, put_back
from gitexp.lab.known import (
    advise_on_neighbors,
    advise_on_same_change,
    replication_of,
)
from gitexp.lab.last_started import note_started
from gitexp.lab.results import place_of_next, read_results
from gitexp.lab.same_change import same_change
from gitexp.lab.settled import settled
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.documents.name import is_name
from gitexp.rules.documents.settings import parse_time
from gitexp.rules.documents.settled import against
from gitexp.rules.finding import demand
from gitexp.rules.gate import hypothesis
from gitexp.rules.gate.edited import Edited
from gitexp.rules.plan.design import criterion_from, met_already, registration_for
from gitexp.rules.plan.prediction import exceeds_ceiling
from gitexp.rules.plan.scores import scores
from gitexp.rules.text import demand_plain
from gitexp.rules.verdict.criterion import parse_guards
from gitexp.rules.verdict.power import power_of, underpowered
from gitexp.store.archive import tidy
from gitexp.store.commits import commit_file, create_branch
from gitexp.store.experiment_refs import names_taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.project import Project
    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.finding import Finding
    from gitexp.rules.verdict.criterion import Criterion, Guard
    from gitexp.rules.verdict.power import Power

_NOTHING = "not registered; nothing was created"

# Two words give about 10^5 names; by the birthday bound a thousand of them collide somewhere among
# clones with near certainty, so longer names begin well before that.
_TWO_WORDS = 100

# Words of coolname's that nobody wants to read out in a meeting.
_UNFIT = {"sexy", "naughty", "nude", "drunk"}


@dataclass(frozen=True, slots=True)
class Options:
    """What `start` may be told besides the hypothesis; empty means: from the settings."""

    expect: str = ""
    evidence: str = ""
    gain: float | None = None
    chance: float | None = None
    cost: str = ""
    guards: tuple[str, ...] = ()
    despite: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A registered experiment."""

    name: str
    commit: str
    baseline: str
    base: str
    registration: Registration
    change: Change
    place: int
    planned: int
    old_line: str
    new_line: str
    advice: tuple[Finding, ...]
    power: Power


def start(
    project: Project,
    text: str,
    *,
    set_: str | None = None,
    options: Options | None = None,
    switch: bool = False,
    replicate: bool = False,
) -> Started:
    """Create `exp/<name>`, one commit on the tip of the baseline branch.

    With `set_` (`KEY=VALUE`) nothing in the work tree is read or touched. Without it the one-line
    edit in the work tree becomes the experiment, and the file goes back to its committed state.
    `replicate` tests a change again that was answered before, on seeds never used for it.

    Raises:
        Refused: the hypothesis or the change breaks a rule; nothing was created.
    """
    options = options or Options()
    findings = hypothesis.lint(hypothesis_of(text), project.settings.metric)
    try:
        edit = from_setting(project, set_) if set_ is not None else from_work_tree(project)
    except Refused as refused:
        # Everything wrong at once, not the first.
        raise Refused(refused.message, [*findings, *refused.findings], refused.hint) from None
    inspection = inspect_files(
        project, [Edited(edit.path, "100644", "100644", edit.before, edit.after)]
    )
    advice = demand([*findings, *inspection.findings], _NOTHING)
    assert inspection.change is not None  # noqa: S101 - nothing was refused
    started = register(
        project, text, inspection.change, edit.after, options=options, advice=advice,
        replicate=replicate,
    )  # fmt: skip
    if edit.lies is not None:
        put_back(project, edit)
    if switch:
        try:
            project.repository.git.run("switch", "--quiet", f"exp/{started.name}")
        except GitexpError as error:
            raise NotReady(
                f"exp/{started.name} is registered, but could not be switched to: {error.message}",
                f"git stash && git switch exp/{started.name}",
            ) from None
    return started


def register(
    project: Project,
    text: str,
    change: Change,
    content: bytes,
    *,
    options: Options,
    advice: Sequence[Finding] = (),
    extra: Sequence[tuple[str, str]] = (),
    criterion: Criterion | None = None,
    guards: tuple[Guard, ...] = (),
    replicate: bool = False,
) -> Started:
    """Commit a change whose rules were checked, under a new name, with its registration.

    `extra` are further trailers; a change that was tried before gets seeds that it has not used.

    Raises:
        Refused: the log has the answer already, or the baseline meets the criterion by itself.
    """
    settings, repository = project.settings, project.repository
    criterion = criterion or criterion_from(project.settings, options.expect)
    guards = guards or parse_guards(",".join(options.guards))
    results = read_results(project)
    earlier = tried = same_change(repository, results, change)
    if replicate:
        extra = [*extra, replication_of(change, earlier)]
    elif "Retest" not in dict(extra):
        advice = [*advice, *advise_on_same_change(project, earlier)]
        earlier = []
    advice = [*advice, *advise_on_neighbors(results, tried, change, text, criterion)]
    if not options.despite.strip() and (known := against(settled(project, project.tip), change)):
        raise Refused(_NOTHING, [known])
    place = place_of_next(results, criterion.metric, settings)
    first = first_fresh_seed(project, results, earlier)
    baseline = records_like_tip(project)
    if met := met_already(criterion, scores(baseline, criterion.metric)):
        raise Refused(_NOTHING, [met])
    trailers = [
        ("Evidence", demand_plain(options.evidence, "--evidence")),
        ("Gain", "" if options.gain is None else f"{_gain(options.gain):g}"),
        ("Chance", "" if options.chance is None else f"{_chance(options.chance):g}"),
        ("Cost", options.cost and _cost(options.cost)),
        ("Despite", " ".join(options.despite.split())),
        *extra,
        ("Project", project.folder),
    ]
    taken = names_taken(repository)
    for _ in range(5):
        name = new_name(taken)
        registration = registration_for(
            settings,
            hypothesis=text.strip(),
            name=name,
            change=change,
            criterion=criterion,
            first_seed=first,
            campaign=place.campaign,
            level=place.level,
            guards=guards,
            extra=tuple((token, value) for token, value in trailers if value),
        )
        commit = commit_file(
            repository, project.tip, project.path(change.file), content, registration.message()
        )
        try:
            create_branch(repository, name, commit)
        except NotReady:
            # Another clone of this work tree took the name between looking and creating.
            if name not in names_taken(repository):
                raise
            taken.add(name)
            continue
        break
    else:
        raise NotReady("no free name was found in five tries", "run the same command again")
    note_started(repository, project.prefix, name)
    tidy(repository)
    power = power_of(registration, *history(results, baseline))
    asked = [underpowered(registration, power), exceeds_ceiling(registration)]
    advice = [*advice, *filter(None, asked)]
    base = project.repository.git.objects([f"{project.tip}:{project.path(change.file)}"])[0] or b""
    old_line, new_line = _lines_at(base, content, change.line)
    return Started(
        name, commit, project.baseline, project.tip, registration, change, place.number,
        settings.planned, old_line, new_line, tuple(advice), power,
    )  # fmt: skip


def new_name(taken: set[str]) -> str:
    """Draw a free name from coolname: two words, three once collisions grow likely."""
    import coolname

    for attempt in range(100):
        words = 2 if len(taken) < _TWO_WORDS and attempt < 20 else 3
        name: str = coolname.generate_slug(words)
        if is_name(name) and name not in taken and not _UNFIT & {*name.split("-")}:
            return name
    raise NotReady("no free name was found in a hundred draws", "gitexp archive old experiments")


def _lines_at(old: bytes, new: bytes, line: int | None) -> tuple[str, str]:
    """The changed line before and after; an added or removed one is empty on one side."""
    before, after = (text.decode("utf-8", "replace").split("\n") for text in (old, new))
    at = (line or 1) - 1
    grown = len(after) - len(before)
    return (
        before[at].strip() if grown <= 0 and at < len(before) else "",
        after[at].strip() if grown >= 0 and at < len(after) else "",
    )


def _gain(gain: float) -> float:
    if not math.isfinite(gain):
        raise UsageError(f"--gain {gain:g} is no gain", "in the metric's own unit: --gain 0.01")
    return gain


def _chance(chance: float) -> float:
    if not 0 <= chance <= 1:
        raise UsageError(f"--chance {chance:g} is no probability", "between 0 and 1: --chance 0.3")
    return chance


def _cost(cost: str) -> str:
    try:
        parse_time(cost, "--cost")
    except NotReady as error:
        raise UsageError(error.message) from None
    return cost
