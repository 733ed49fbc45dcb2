"""Add a settled claim to KNOWN.toml on the baseline branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import Refused, UsageError
from gitexp.lab.log.missing_results import way_to_verdict
from gitexp.lab.log.results import project_of, read_results
from gitexp.lab.log.same_change import whole_changes
from gitexp.lab.projects.baseline_files import commit_on_baseline, read_on_baseline
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.known import FILE, Known, add_known, parse_known
from gitexp.rules.gate.formats.keys import parse_key, spell_key
from gitexp.rules.gate.formats.toml import parse_value
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.text import demand_plain, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result

_SAID = {Verdict.CONFIRMED: "confirmed", Verdict.RULED_OUT: "ruled out"}


@dataclass(frozen=True, slots=True)
class Learned:
    """A claim on the baseline branch; `is_new` unless it was there already."""

    known: Known
    baseline: str
    is_new: bool = True


def learn(project: Project, claim: str, key: str, source: str, value: str | None) -> Learned:
    """Commit a claim on the baseline branch.

    Raises:
        UsageError: the key does not parse, or the claim or its source is empty.
    """
    if not claim.strip() or not source.strip():
        raise UsageError("a claim needs a text and a source", "--source says who settled it")
    try:
        names = spell_key(parse_key(key))
    except ValueError:
        raise UsageError(f"{key!r} is not a key", "write it as in optimizer.name") from None
    spelled = None if value is None else spell(parse_value(value))
    known = Known(
        demand_plain(" ".join(claim.split()), "the claim"),
        demand_plain(names, "--key"),
        demand_plain(" ".join(source.split()), "--source"),
        None if spelled is None else demand_plain(spelled, "--value"),
    )
    return _add(project, known)


def learn_from(here: Project, name: str) -> Learned:
    """Commit what an experiment has settled; once only, however often it is asked for.

    Raises:
        UsageError: there is no such experiment, or KNOWN.toml cannot hold its change.
        Refused: it has no verdict, or one that settles nothing.
    """
    ref, commit = find_experiment(here.repository, name)
    project, short = project_of(here, ref, commit), ref.rpartition("/")[2]
    [result] = read_results(project, short)[:1]
    known = _settled_by(project, result, short)
    for one in parse_known(read_on_baseline(project, FILE) or b""):
        if one.source == known.source:  # in whatever words
            return Learned(one, project.baseline, is_new=False)
    return _add(project, known)


def _settled_by(project: Project, result: Result, name: str) -> Known:
    registration, judgement = result.registration, result.judgement
    verdict = Verdict.EXPLORATORY if result.explored else result.verdict
    if registration is None or judgement is None or verdict not in _SAID:
        raise Refused(
            f"exp/{name} is {verdict or 'not decided yet'}, so it has settled nothing",
            hint=f'gitexp known add "CLAIM" --key KEY --source "exp/{name}"'
            if verdict
            else way_to_verdict(project.repository, name, result.commit),
        )
    change = whole_changes(project.repository, [result])[result.commit]
    value = spell(change.after)
    try:
        parse_key(change.spelled_key)
        can_hold = spell(parse_value(value)) == value
    except ValueError:
        can_hold = False  # a line of a format without a parser
    if not can_hold:
        raise UsageError(
            f"{FILE} cannot hold this change: {visible(str(registration.change))}",
            f'write it yourself: gitexp known add "CLAIM" --key KEY --source "exp/{name}"',
        )
    effect = words.verdict_line(registration, judgement).partition(": ")[2]
    claim = f"{change.brief} was {_SAID[verdict]}: {effect}"
    source = f"exp/{name} ({result.commit[:10]})"
    return Known(visible(claim), change.spelled_key, source, value)


def _add(project: Project, known: Known) -> Learned:
    """Append a claim, unless it is there already."""
    before = read_on_baseline(project, FILE)
    for one in parse_known(before or b""):
        if one == known:
            return Learned(one, project.baseline, is_new=False)
    commit_on_baseline(
        project, FILE, before, add_known(before or b"", known),
        f"Known: {known.claim}\n",
    )  # fmt: skip
    return Learned(known, project.baseline)
