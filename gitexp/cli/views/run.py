"""What `run` prints: verdicts, and why an experiment has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired

import typer

from gitexp.cli.errors import ErrorJson, FailureJson, failure_json
from gitexp.cli.views.rows import note_lines
from gitexp.cli.views.terminal import filled, print_json
from gitexp.lab.log.log_json import FiguresJson, figures_json
from gitexp.rules.plan.together import Together, say_together
from gitexp.rules.rendering import error_text
from gitexp.rules.text import visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.objections.moved import MOVED
from gitexp.rules.verdict.verdict import Verdict
from gitexp.workflows.run import Conclusion, Unfinished

_EXITS = {Verdict.RULED_OUT: 10, Verdict.INCONCLUSIVE: 11}


class ConcludedJson(FiguresJson):
    """How an experiment was judged. `runs` counts the runs that were made for it just now."""

    name: str
    commit: str
    verdict: Verdict | None
    reason: str | None
    detail: str | None
    note: str
    together: Together | None
    runs: int
    next: str


class UnfinishedJson(FailureJson):
    """An experiment without a verdict, and why.

    Where several have none for one reason, the first has all that is said, and the others only
    begin with it and name the first in `same_as`.
    """

    name: str
    same_as: NotRequired[str]


def ended(
    ended: Sequence[Conclusion | Unfinished], *, several: bool, as_json: bool, quiet: bool = False
) -> None:
    """Print what came of one experiment, or a list; `quiet` leaves a line for each."""
    first = ended[0] if ended else None
    if quiet and not as_json:
        in_lines(ended)
    elif several or first is None or isinstance(first, Unfinished):
        all_ended(ended, as_json=as_json)
    else:
        concluded(first, as_json=as_json)


def concluded(conclusion: Conclusion, *, as_json: bool, goes_on: bool = False) -> None:
    """Print an experiment's verdict and, unless the command `goes_on`, what to do with it."""
    if as_json:
        print_json(concluded_json(conclusion))
        return
    _print(conclusion)
    if not goes_on:
        typer.echo(f"\nnext: {_next(conclusion)}")


def all_ended(ended: Sequence[Conclusion | Unfinished], *, as_json: bool) -> None:
    """Print the verdicts of several experiments, then why others have none."""
    unfinished = [one for one in ended if isinstance(one, Unfinished)]
    if as_json:
        told: dict[str, str] = {}
        print_json([
            unfinished_json(one, told) if isinstance(one, Unfinished) else concluded_json(one)
            for one in ended
        ])  # fmt: skip
    else:
        for one in ended:
            if not isinstance(one, Unfinished):
                _print(one)
                typer.echo(f"  next: {_next(one)}")
    tell_unfinished(unfinished)


def tell_unfinished(unfinished: Sequence[Unfinished]) -> None:
    """Print what went wrong, once: a run of the baseline that fails ends all that need it."""
    found: dict[str, list[str]] = {}
    for one in unfinished:
        found.setdefault(error_text(one.error), []).append(one.name)
    for text, names in found.items():
        whose = ", ".join(f"exp/{name}" for name in names)
        # What is about one of its own runs begins with its name.
        head = "" if text.startswith(f"{whose}, ") else f"{whose}\n"
        typer.echo(f"gitexp: {head}{text}", err=True)


def in_lines(ended: Sequence[Conclusion | Unfinished]) -> None:
    """Print a line for each experiment, and nothing else."""
    for one in ended:
        if isinstance(one, Unfinished):
            said = one.error.message.partition("\n")[0]
            typer.echo(f"exp/{one.name}: no verdict: {visible(said)}")
        else:
            typer.echo(f"exp/{one.name}: {words.verdict_line(one.registration, one.judgement)}")


def unfinished_json(one: Unfinished, told: dict[str, str]) -> UnfinishedJson:
    """The error in the place of a verdict; `told` has whom each error so far was told of first.

    A run of the baseline that fails ends all that need it, and its output is long.
    """
    error = failure_json(one.error)["error"]
    first = told.setdefault(error_text(one.error), one.name)
    if first == one.name:
        return {"name": one.name, "error": error}
    brief = error["message"].partition("\n")[0]
    again: ErrorJson = {"id": error["id"], "message": brief, "hint": "", "commands": []}
    return {"name": one.name, "error": again, "same_as": first}


def concluded_json(one: Conclusion) -> ConcludedJson:
    """A verdict with its figures and the next command."""
    return {
        "name": one.name,
        "commit": one.commit,
        "verdict": one.judgement.verdict,
        "reason": one.judgement.reason or None,
        "detail": one.judgement.detail or None,
        **figures_json(one.registration, one.judgement),
        "runs": one.ran,
        "note": one.note,
        "together": one.together.as_change(one.registration.criterion) if one.together else None,
        "next": _next(one),
    }


def _print(conclusion: Conclusion) -> None:
    typer.echo(f"exp/{conclusion.name}")
    for line in note_lines(conclusion.registration, conclusion.judgement):
        typer.echo(line)
    if conclusion.together is not None:
        said = say_together(conclusion.together, conclusion.registration.criterion)
        typer.echo(filled(said, "  ", "  "))
    if not conclusion.ran:
        typer.echo("(nothing was left to run)")


def _next(conclusion: Conclusion) -> str:
    if conclusion.judgement.reason == MOVED:
        return f"gitexp run --baseline --again && gitexp retest {conclusion.name}"
    verb = "accept" if conclusion.judgement.verdict is Verdict.CONFIRMED else "show"
    return f"gitexp {verb} {conclusion.name}"


def exit_code(ended: Sequence[Conclusion | Unfinished], *, by_verdict: bool) -> int:
    """The worst failure's exit code; without one 0, or with `by_verdict` the worst verdict's."""
    failures = [one.error.exit_code for one in ended if isinstance(one, Unfinished)]
    verdicts = [
        _EXITS.get(one.judgement.verdict or Verdict.CONFIRMED, 0)
        for one in ended
        if not isinstance(one, Unfinished)
    ]
    return max(failures or (verdicts if by_verdict else []), default=0)
