"""The experiment log: every experiment with its state and verdict, recomputed from git."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gitexp.rules.criterion import Scale
from gitexp.rules.registration import hypothesis_of, split_message
from gitexp.rules.verdict import Verdict
from gitexp.store.git import decode
from gitexp.store.local import locked
from gitexp.workflows.ancestors import same_runs
from gitexp.workflows.ladder import Step, read_steps
from gitexp.workflows.results import Result, read_results

if TYPE_CHECKING:
    from gitexp.rules.criterion import Criterion
    from gitexp.rules.verdict import Guarded
    from gitexp.store.git import Repository
    from gitexp.workflows.project import Project


_NOTHING = {"(absent)", "null"}  # in a Change trailer; TOML has a word for neither


@dataclass(frozen=True, slots=True)
class Row:
    """One experiment with its state.

    That is planned, running, done, failed, stale (never run, and what runs on the baseline branch
    has moved since), accepted or archived.
    """

    result: Result
    state: str

    @property
    def commit(self) -> str:
        """Commit that the row is about."""
        return self.result.entry.commit

    @property
    def time(self) -> str:
        """When it was registered, ISO 8601."""
        return self.result.entry.time

    def as_json(self) -> dict[str, Any]:
        """Return the row as `gitexp log --json` prints it."""
        entry, registration = self.result.entry, self.result.registration
        judgement = self.result.judgement
        sign = 1 if registration is None or registration.criterion.higher_is_better else -1
        effect = judgement.effect if judgement else None
        bounds = sorted(
            sign * bound
            for bound in ((judgement.lower, judgement.upper) if judgement else ())
            if bound is not None
        )
        lower, upper = bounds if len(bounds) == 2 else (None, None)
        criterion = registration and _criterion_json(registration.criterion)
        return {
            "name": entry.name,
            "branch": None if entry.archived else f"exp/{entry.name}",
            "commit": entry.commit,
            "baseline": entry.parents[0] if entry.parents else None,
            "author": entry.author,
            "time": entry.time,
            "hypothesis": hypothesis_of(entry.message),
            "change": registration and parse_change(registration.change),
            "criterion": criterion,
            "repeats": list(registration.repeats) if registration else None,
            "campaign": registration and registration.campaign,
            "trailers": split_message(entry.message)[1],
            "state": self.state,
            "verdict": Verdict.EXPLORATORY
            if self.result.explored
            else judgement and judgement.verdict,
            "reason": (judgement.reason or None) if judgement else None,
            "effect": None if effect is None else sign * effect,
            "lower": lower,
            "upper": upper,
            "p": judgement and judgement.p,
            "level": (judgement and judgement.level) or (registration and registration.level),
            "pairs": judgement.pairs if judgement else 0,
            "examples": judgement and judgement.examples,
            "guards": [_guard_json(guarded) for guarded in judgement.guards] if judgement else [],
            "foreign": len(self.result.foreign),
            "newer": sum(self.result.newer.values()),
        }


def _criterion_json(criterion: Criterion) -> dict[str, Any]:
    """Criterion in the metric's unit; a percentage as a share, a constant under its own name."""
    direction = "higher" if criterion.higher_is_better else "lower"
    fields = {"metric": criterion.metric, "direction": direction, "effect": criterion.amount}
    match criterion.scale:
        case Scale.PERCENT:
            return fields | {"effect": criterion.amount / 100, "scale": "percent"}
        case Scale.CONSTANT:
            return fields | {"effect": None, "scale": "constant", "constant": criterion.amount}
    return fields


def _guard_json(guarded: Guarded) -> dict[str, Any]:
    return {
        "guard": str(guarded.guard),
        "holds": guarded.holds,
        "effect": guarded.effect,
        "lower": guarded.lower,
    }


def parse_change(text: str) -> dict[str, Any]:
    """Read a Change trailer back: file, key, before and after, values as TOML reads them."""
    from gitexp.rules.formats import to_json
    from gitexp.rules.formats.toml import parse_value

    file, _, rest = text.partition(": ")
    key, _, values = rest.partition(" = ")
    # A value may hold an arrow of its own: the arrow meant has a whole value on either side.
    arrows = [found.span() for found in re.finditer(" -> ", values)]
    sides = [(values[:start], values[end:]) for start, end in arrows] or [(values, "")]
    if len(sides) > 1:
        sides = [both for both in sides if all(map(_is_value, both))] or sides
    before, after = (None if side in _NOTHING else to_json(parse_value(side)) for side in sides[0])
    return {"file": file, "key": key, "before": before, "after": after}


def _is_value(text: str) -> bool:
    from gitexp.rules.formats.toml import parse_value

    return text in _NOTHING or parse_value(text) is not text


def log(project: Project, name: str | None = None) -> list[Row]:
    """Read the log, newest first."""
    accepted = read_accepted(project)
    results = read_results(project, name)
    states = [_state(project, result, accepted) for result in results]
    alike = {project.tip}
    if any(
        state == "planned" and result.entry.parents[:1] != (project.tip,)
        for state, result in zip(states, results, strict=True)
    ):
        alike |= set(same_runs(project, project.settings, project.tip))
    return [
        Row(
            result, "stale" if state == "planned" and not alike & {*result.entry.parents} else state
        )
        for state, result in zip(states, results, strict=True)
    ]


def read_log(project: Project) -> list[Row | Step]:
    """Read experiments and the untested steps of the baseline branch, newest first."""
    experiments = log(project)
    bases = {row.result.entry.parents[0] for row in experiments if row.result.entry.parents}
    rows: list[Row | Step] = [*experiments]
    if bases - {project.tip}:
        rows += [step for step in read_steps(project, bases) if not step.accepted]
        rows.sort(key=lambda row: datetime.fromisoformat(row.time), reverse=True)
    return rows


def _state(project: Project, result: Result, accepted: set[str]) -> str:
    entry, judgement = result.entry, result.judgement
    if entry.commit in accepted:
        return "accepted"
    if entry.archived:
        return "archived"
    repeatable = judgement is None or judgement.reason == "repeats failed"
    if judgement is not None and judgement.verdict is not None and not repeatable:
        return "done"
    if is_running(project.repository, entry.commit):
        return "running"
    if result.explored:
        return "done"
    # A failed attempt that was made good is none any more.
    good = {record.seed for record in result.records if record.ok}
    return "failed" if any(r.seed not in good for r in result.records) else "planned"


def read_accepted(project: Project) -> set[str]:
    """Commits of experiments that the baseline branch has taken in, merged or squashed."""
    out = project.repository.git.run(
        "log", "--first-parent", "-E", "--grep=^Accepted: [0-9a-f]{40}", "-z", "--no-notes",
        "--no-show-signature", "--no-color", "--format=%B", project.tip,
    ).stdout  # fmt: skip
    return {
        split_message(message)[1].get("Accepted", "") for message in decode(out).split("\0")
    } - {""}


def is_open(row: Row | Step) -> bool:
    """Whether an experiment was never run, or run and never decided."""
    return isinstance(row, Row) and row.state in {"planned", "stale", "running", "failed"}


def is_confirmed(result: Result) -> bool:
    """Whether an experiment's hypothesis held."""
    return result.judgement is not None and result.judgement.verdict is Verdict.CONFIRMED


def is_running(repository: Repository, commit: str) -> bool:
    """Whether some gitexp of this clone is running this commit right now."""
    for path in (repository.local / "claims").glob(f"{commit}-*.lock"):
        with locked(path, wait=False) as claim:
            if claim is None:
                return True
    return False
