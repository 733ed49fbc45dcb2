"""What the log and a single experiment look like."""

from __future__ import annotations

import itertools
import textwrap
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.run import effect_of
from gitexp.cli.views.terminal import WIDTH, coloured, print_json, wrapped
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.lab.ladder import Step as LadderStep
    from gitexp.lab.log import Row
    from gitexp.lab.standing import Standing
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement
    from gitexp.workflows.show import Sheet

_AT_ONCE = 200  # rows of JSON


def _result_line(row: Row) -> str:
    judgement, registration = row.result.judgement, row.result.registration
    if judgement is not None and judgement.verdict is not None and registration is not None:
        return coloured(words.verdict_line(registration, judgement), judgement.verdict)
    name = row.result.name
    return {
        "planned": f"planned: gitexp run {name}",
        "stale": f"planned on an older baseline: gitexp retest {name}",
    }.get(row.state, row.state)


def log_json(rows: Iterable[Row]) -> None:
    """Print the log for programs, a row a line, each as soon as it is there."""
    begin, left = "[", iter(rows)
    # Some at a time, because each echo is flushed.
    while texts := [row.json_text() for row in itertools.islice(left, _AT_ONCE)]:
        typer.echo(begin + ",\n ".join(texts), nl=False)
        begin = ",\n "
    typer.echo("[]" if begin == "[" else "]")


def log(
    rows: Iterable[Row | LadderStep], nothing: str = "No experiment fits; all of them: gitexp log"
) -> list[Row]:
    """Print the log, newest first, each row as soon as it is there; returns the experiments."""
    from gitexp.lab.ladder import Step

    found: list[Row] = []
    stepped = False
    for number, row in enumerate(rows):
        if number:
            typer.echo("")
        if isinstance(row, Step):
            typer.echo(f"UNTESTED STEP  {row.commit[:8]}  {row.time[:10]}")
            typer.echo(wrapped(row.subject))
            new = f"adds {', '.join(row.dependencies)}; " if row.dependencies else ""
            typer.echo(f"  {visible(new)}{effect_of(row, newest=not stepped)}")
            stepped = True
        else:
            found.append(row)
            _experiment(row)
    if not found:
        typer.echo(nothing)
    return found


def standing(now: Standing) -> None:
    """Print where the log as a whole stands."""
    typer.echo("\n" + "\n".join(standing_lines(now)))


def standing_lines(now: Standing, *, bound: bool = False) -> list[str]:
    """Where the log as a whole stands, in sentences; `bound` says also what errors are allowed."""
    places = (
        f"Campaign {now.campaign} on {now.metric}: {now.taken} of {now.planned} places taken,"
        f" {now.confirmed} confirmed; the next experiment's level is {now.next_level:.4g}."
    )
    said = [places]
    most = f"at most {100 * now.bound:.3g} % of what it confirms is false, in the long run"
    if now.taken > now.planned:
        said.append(f"Clones that did not know of each other overran it: {most}.")
    elif bound:
        said.append(f"{most[0].upper()}{most[1:]}; gitexp verify checks what that stands on.")
    if now.asked:
        which = "The validation set" if now.sets == 1 else "The validation set asked most"
        said.append(f"{which} has answered {counted(now.asked, 'experiment')}.")
    if len(now.shares) > 1:
        shares = ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in now.shares.items())
        said.append(f"Confirmed gain by kind of change: {shares}.")
    if now.ladder is not None:
        claimed = words.number(now.ladder.claimed, sign=True)
        measured = "not measured yet between its ends: gitexp baseline"
        if now.ladder.measured is not None:
            measured = (
                f"measured between its ends {words.number(now.ladder.measured, sign=True)}"
                f" ± {words.number(now.ladder.within)} (95 %, on fresh seeds)"
            )
        said.append(f"Ladder: {now.ladder.accepted} accepted, gains claimed {claimed}; {measured}.")
    return said


def _experiment(row: Row) -> None:
    entry, registration = row.result.entry, row.result.registration
    state = "" if row.state in {"done", "planned", "stale"} else f"  [{row.state}]"
    typer.echo(f"{typer.style(f'exp/{visible(entry.name)}', bold=True)}  {entry.time[:10]}{state}")
    typer.echo(wrapped(hypothesis_of(entry.message), lines=3))
    if row.result.explored:
        typer.echo(
            f"  {coloured(Verdict.EXPLORATORY, Verdict.EXPLORATORY)}: {visible(row.result.why)}"
        )
    elif registration is None:
        typer.echo(f"  no registration: gitexp check {entry.name}")
    else:
        typer.echo(f"  {visible(str(registration.change))}")
        typer.echo(f"  {_result_line(row)}")
    if foreign := row.result.facts["foreign"]:
        typer.echo(f"  {counted(foreign, 'record')} of another commit do not count")
    if row.result.newer:
        typer.echo(f"  {words.newer(row.result.newer)}")


def show(sheet: Sheet, *, as_json: bool) -> None:
    """Print one experiment in full."""
    if as_json:
        print_json(sheet.as_json())
        return
    row = sheet.row
    entry, registration = row.result.entry, row.result.registration
    head = typer.style(f"exp/{visible(entry.name)}", bold=True)
    typer.echo(f"{head}  {entry.commit[:10]}  [{row.state}]")
    typer.echo(f"  {visible(entry.author)}, {entry.time}\n")
    _uncounted(row)
    typer.echo(wrapped(hypothesis_of(entry.message)) + "\n")
    if registration is None:
        typer.echo(f"This commit is no registration: gitexp check {entry.name}")
        return
    for token, value in registration.trailers():
        typer.echo(f"  {token + ':':12} {visible(value)}")
    for opening in sheet.openings:
        number = opening.metrics.get(registration.criterion.metric)
        came = opening.failure or f"{registration.criterion.metric} {words.number(number)}"
        said = f"{opening.start[:10]} ({opening.why}): {came}"
        typer.echo(f"  holdout opened {visible(said)}")
    judgement = row.result.judgement
    typer.echo("")
    if judgement is None:
        typer.echo(f"  Not run yet: gitexp run {entry.name}")
        return
    if judgement.verdict is not None:
        for line in words.note(registration, judgement).splitlines():
            typer.echo(f"  {coloured(line, judgement.verdict)}")
    else:
        typer.echo(f"  Not decided yet: gitexp run {entry.name}")
    _seeds(sheet, judgement)
    _explained(sheet, registration, judgement)
    for record in row.result.records:
        if not record.ok:
            typer.echo(f"  seed {record.seed}, attempt {record.attempt}: {visible(record.failure)}")
    _gone(sheet)
    for environment in sheet.environments:
        packages = environment.get("packages") or {}
        listed = ", ".join(f"{name} {version}" for name, version in packages.items())
        typer.echo(
            f"\n  ran on python {environment.get('python')}"
            f" ({environment.get('machine', {}).get('host', 'unknown host')})"
        )
        if listed:
            typer.echo(wrapped(f"with {listed}"))


def _uncounted(row: Row) -> None:
    """Say what in an experiment's note counts for nothing here."""
    if foreign := row.result.foreign:
        origin = ", ".join(sorted({record.commit[:10] for record in foreign}))
        typer.echo(
            f"  {counted(len(foreign), 'record')} in its note belong to another commit ({origin}),"
            " and do not count.\n"
        )
    if row.result.newer:
        typer.echo(f"  {words.newer(row.result.newer)}.\n")


def _explained(sheet: Sheet, registration: Registration, judgement: Judgement) -> None:
    """Print what the figures say in plain sentences, what they cannot tell, and the siblings."""
    for title, sentences in (
        ("What this says", words.explained(registration, judgement)),
        ("What it cannot tell", words.untold(registration, judgement, shared=sheet.shared)),
    ):
        if sentences:
            typer.echo(f"\n  {title}")
        for sentence in sentences:
            typer.echo(
                textwrap.fill(sentence, WIDTH, initial_indent="  - ", subsequent_indent="    ")
            )
    if sheet.siblings:
        typer.echo("\n  The same change in other experiments")
    for row in sheet.siblings:
        typer.echo(f"  - exp/{visible(row.result.entry.name)}  {_result_line(row)}")


def _gone(sheet: Sheet) -> None:
    """Say whose output is not here, and what is left of it."""
    if not sheet.gone:
        return
    which = f"seed{'' if len(sheet.gone) == 1 else 's'} {', '.join(map(str, sheet.gone))}"
    typer.echo(
        f"\n  The output of {which} is not here: freed by gitexp gc, or made in another clone."
    )
    if sheet.logged:
        commit = sheet.row.result.entry.commit[:10]
        typer.echo(f"  How it began and ended: git notes --ref=gitexp-logs show {commit}")


def _seeds(sheet: Sheet, judgement: Judgement) -> None:
    if not sheet.seeds:
        return
    typer.echo(f"\n  {'seed':>6} {'baseline':>12} {'experiment':>12} {'difference':>12}")
    for seed, one, other in sheet.seeds:
        difference = other - one if one is not None and other is not None else None
        typer.echo(f"  {seed:>6} {_cell(one)} {_cell(other)} {_cell(difference, sign=True)}")
    if judgement.spread is not None:
        typer.echo(
            f"  standard deviation of the differences {words.number(judgement.spread)};"
            f" smallest effect this could have seen {words.number(judgement.detectable)}"
        )


def _cell(value: float | None, *, sign: bool = False) -> str:
    return f"{'-' if value is None else words.number(value, sign=sign):>12}"
