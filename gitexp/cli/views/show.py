"""What a single experiment looks like in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import typer

from gitexp.cli.views.rows import about_code, note_lines, result_lines
from gitexp.cli.views.seeds import deviation, seed_table
from gitexp.cli.views.terminal import hanging, print_json, shortened, styled, wrapped
from gitexp.lab.measuring.arms import about_arms
from gitexp.rules.documents.conditions import version_of
from gitexp.rules.documents.lines import say_newer
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.documents.quantities import said_size
from gitexp.rules.plan.together import say_together
from gitexp.rules.text import counted, first_few, visible
from gitexp.rules.verdict import figures
from gitexp.rules.verdict.explain import what_it_cannot_tell, what_it_says

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.rules.documents.holdout import Opening
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import Judgement
    from gitexp.workflows.show import Sheet

_MOST_ARTIFACTS = 20  # lines
_MOST_METRICS, _WIDE = 5, 60  # that are named, and the columns of such a name


def show(sheet: Sheet, *, as_json: bool) -> None:
    """Print one experiment in full."""
    if as_json:
        print_json(sheet)
        return
    row = sheet.row
    entry, registration = row.result.entry, row.result.registration
    head = styled(f"exp/{visible(entry.name)}", bold=True)
    typer.echo(f"{head}  {entry.commit[:10]}  [{row.state}]")
    typer.echo(f"  {visible(entry.author)}, {entry.time}\n")
    _uncounted(row)
    typer.echo(wrapped(hypothesis_of(entry.message)) + "\n")
    if registration is None:
        said = f"This commit is not a registration: gitexp check {entry.name}"
        typer.echo(_explored(sheet) or said)
        return
    for token, value in registration.trailers():
        typer.echo(hanging(f"  {token + ':':12} ", value))
    if sheet.code_size:
        typer.echo(hanging("  Code brings: ", str(sheet.code_size)))
    _earlier(row)
    _openings(sheet, registration)
    _remarks(sheet)
    judgement = row.result.judgement
    _samples(row, registration.criterion.metric)
    typer.echo("")
    if (said := _unjudged(sheet)) or judgement is None:
        typer.echo(said)
        return
    if judgement.verdict is not None:
        for line in note_lines(registration, judgement):
            typer.echo(line)
    else:
        _undecided(sheet, judgement)
    _seeds(sheet, registration.criterion, judgement)
    _explained(sheet, registration, judgement)
    said = row.result.without_score
    if said and said not in judgement.detail:
        typer.echo("\n" + wrapped(f"Attempts without a score: {said}."))
    for record in row.result.records:
        if not record.ok:
            failed = f"seed {record.seed}, attempt {record.attempt}: {record.failure}"
            typer.echo(wrapped(failed))
    _curves(sheet)
    _artifacts(sheet)
    _gone(sheet)
    for finding in about_arms(entry.name, sheet.arms):
        typer.echo("\n" + wrapped(f"{finding.id} {finding.message}."))
    _environments(sheet)


def printed(pieces: Iterable[str]) -> None:
    """Print what runs have printed, as it comes."""
    for piece in pieces:
        typer.echo("\n".join(map(visible, piece.split("\n"))), nl=False)


def _unjudged(sheet: Sheet) -> str:
    """What there is to say of an experiment that is not judged here; empty if it is."""
    row = sheet.row
    if row.state == "unsynced":
        return result_lines(row)
    if row.result.judgement is None:
        return _explored(sheet) or f"  Not run yet: gitexp run {row.result.name}"
    return _explored(sheet)


def _explored(sheet: Sheet) -> str:
    """The note of an experiment that skipped the gate; empty if it did not."""
    return "\n".join(hanging("  ", visible(line)) for line in sheet.explored.splitlines())


def _earlier(row: Row) -> None:
    """Say how often code failed that the experiment had before."""
    if failed := row.result.counted.of_replaced:
        said = f"{counted(len(failed), 'failed run')} of code that was replaced; they count"
        typer.echo(hanging("  Earlier:     ", said))


def _undecided(sheet: Sheet, judgement: Judgement) -> None:
    name = sheet.row.result.name
    if _all_there(sheet, judgement):
        typer.echo(f"  Its runs are there, but could not be judged: gitexp run {name} says why")
    elif sheet.row.state == "refused":
        typer.echo(result_lines(sheet.row))
    else:
        typer.echo(f"  Not decided yet: gitexp run {name}")
    if judgement.detail:
        typer.echo(hanging("  ", judgement.detail))
    if said := about_code(sheet.row):
        typer.echo(wrapped(said))


def _all_there(sheet: Sheet, judgement: Judgement) -> bool:
    """Whether every run that the next look needs is there, and something else is wrong."""
    complete = sum(one is not None and other is not None for _, one, other in sheet.seeds)
    return judgement.verdict is None and judgement.due is not None and complete >= judgement.due


def _uncounted(row: Row) -> None:
    """Say what in an experiment's note does not count here."""
    if foreign := row.result.foreign:
        origin = ", ".join(sorted({record.commit[:10] for record in foreign}))
        said = (
            f"{counted(len(foreign), 'record')} in its note belong to another commit ({origin}) and"
            " do not count."
        )
        typer.echo(wrapped(said) + "\n")
    if row.result.newer:
        typer.echo(wrapped(f"{say_newer(row.result.newer)}.") + "\n")


def _remarks(sheet: Sheet) -> None:
    for remark in sheet.row.result.remarks:
        typer.echo(hanging(f"  {f'{remark.what.capitalize()}:':<12} ", remark.said))


def _openings(sheet: Sheet, registration: Registration) -> None:
    metric = registration.criterion.metric
    for opening in sheet.openings:
        came = _came(opening, metric)
        typer.echo(wrapped(f"holdout opened {opening.start[:10]} ({opening.why}): {came}"))


def _samples(row: Row, metric: str) -> None:
    """Say what came of its runs on a part of the data, and of those that chose among ideas."""
    for record in row.result.tried:
        share = f"{100 * record.sample:g} % of the data"
        typer.echo(wrapped(f"on {share}, attempt {record.attempt}: {_came(record, metric)}"))
    for record in row.result.screened:
        share = f" on {100 * record.sample:g} % of the data" if record.sample < 1 else ""
        came = _came(record, metric)
        typer.echo(wrapped(f"screened, not a verdict{share}, seed {record.seed}: {came}"))


def _came(record: Record | Opening, metric: str) -> str:
    """What a run came to: why it failed, else its score."""
    return record.failure or f"{metric} {figures.number(record.metrics.get(metric))}"


def _seeds(sheet: Sheet, criterion: Criterion, judgement: Judgement) -> None:
    if not sheet.seeds:
        return
    typer.echo("\n" + "\n".join(seed_table(sheet.seeds, criterion, judgement)))
    if judgement.sd is not None:
        typer.echo(wrapped(deviation(criterion, judgement)))


def _explained(sheet: Sheet, registration: Registration, judgement: Judgement) -> None:
    """Print what the figures say in plain sentences, what they cannot tell, and the siblings."""
    says = [] if _all_there(sheet, judgement) else what_it_says(registration, judgement)
    for title, sentences in (
        ("What this says", says),
        ("What it cannot tell", what_it_cannot_tell(registration, judgement, shared=sheet.shared)),
    ):
        if sentences:
            typer.echo(f"\n  {title}")
        for sentence in sentences:
            typer.echo(hanging("  - ", sentence))
    if sheet.siblings:
        typer.echo("\n  The same change in other experiments")
    for row in sheet.siblings:
        typer.echo(result_lines(row, f"  - exp/{visible(row.result.name)}  "))
    if sheet.together is not None:
        typer.echo(hanging("  - ", say_together(sheet.together, registration.criterion)))


def _curves(sheet: Sheet) -> None:
    """Say what was logged step by step, and how to see it."""
    if metrics := sorted({one.metric for one in sheet.series}):
        names = first_few([shortened(visible(one), _WIDE) for one in metrics], _MOST_METRICS)
        typer.echo("\n" + wrapped(f"Logged step by step: {names}"))
        typer.echo(f"  draw it: gitexp show {sheet.row.result.name} --curves")


def _artifacts(sheet: Sheet) -> None:
    """List what files runs put on record."""
    shown = sorted(sheet.artifacts, key=lambda one: (one["seed"], one["attempt"]))
    if shown:
        typer.echo("\n  Files on record")
    for one in shown[:_MOST_ARTIFACTS]:
        what = f"{said_size(one['size'])}, sha256 {one['sha256'][:12]}"
        path = visible(one.get("path", ""))
        typer.echo(hanging("  - ", f"seed {one['seed']}: {path} ({what})"))
    if more := shown[_MOST_ARTIFACTS:]:
        typer.echo(f"  and {counted(len(more), 'file')} more: gitexp show --json")


def _gone(sheet: Sheet) -> None:
    """Say whose output is not here, and what is left of it."""
    if not sheet.gone:
        return
    which = f"seed{'' if len(sheet.gone) == 1 else 's'} {', '.join(map(str, sheet.gone))}"
    said = (
        f"The output of {which} is not here: freed by gitexp doctor --gc, or made in another clone."
    )
    typer.echo("\n" + wrapped(said))
    if sheet.logged:
        commit = sheet.row.result.entry.commit[:10]
        typer.echo(f"  How it began and ended: git notes --ref=gitexp-logs show {commit}")


def _environments(sheet: Sheet) -> None:
    # Environments may differ in more than is shown here.
    for shown in dict.fromkeys(map(_environment, sheet.environments)):
        typer.echo("\n" + shown)


def _environment(environment: Mapping[str, Any]) -> str:
    host = environment.get("machine", {}).get("host", "unknown host")
    threads = environment.get("threads")
    many = f", {counted(threads, 'thread')}" if threads else ""
    shown = wrapped(f"ran on python {environment.get('python')}{many} ({host})")
    packages = environment.get("packages") or {}
    if packages:
        listed = ", ".join(f"{name} {version_of(found)}" for name, found in packages.items())
        shown += "\n" + wrapped(f"with {listed}")
    return shown
