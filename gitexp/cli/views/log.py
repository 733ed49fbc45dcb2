"""What `log` prints: a table, each experiment in full, or a form for other programs."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.log_cells import Column
from gitexp.cli.views.log_table import log_table
from gitexp.cli.views.rows import about_code, result_lines, uncounted
from gitexp.cli.views.steps import amendment_lines, effect_of
from gitexp.cli.views.terminal import colored, styled, wrapped
from gitexp.errors import UsageError
from gitexp.lab.log.ladder import LadderStep
from gitexp.lab.progress import silence
from gitexp.lab.tables.columns import EXPERIMENTS
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.text import meant, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.code_below import TOGETHER
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row

NO_MATCH = "No experiment matches. All of them: gitexp log"

_SAID_BELOW = {"done", "planned", "stale", "unsynced", "refused"}  # states, by result_lines


class Form(enum.Enum):
    """In which form a log is printed."""

    TABLE = "table"
    LONG = "--long"
    JSON = "--json"
    BRIEF = "--json --brief"
    CSV = "--csv"
    MARKDOWN = "--markdown"

    @property
    def is_for_people(self) -> bool:
        """Whether people read it as it is, and no program."""
        return self in {Form.TABLE, Form.LONG}


@dataclass(frozen=True, slots=True)
class Look:
    """A form, and of a table the columns; without any, those of the form."""

    form: Form = Form.TABLE
    columns: tuple[str, ...] = ()
    only_changed: bool = False


def form_of(*, json: bool, brief: bool, csv: bool, markdown: bool, long: bool) -> Form:
    """Tell which form the options ask for.

    Raises:
        UsageError: they ask for several.
    """
    if brief and not json:
        raise UsageError("--brief is a form of --json", "gitexp log --json --brief")
    asked = {
        Form.JSON: json and not brief, Form.BRIEF: brief, Form.CSV: csv, Form.MARKDOWN: markdown,
        Form.LONG: long,
    }  # fmt: skip
    found = [form for form, is_asked in asked.items() if is_asked]
    # --json says that a program reads; it has always had the last word on --long.
    if len(found) > 1 and found not in ([Form.JSON, Form.LONG], [Form.BRIEF, Form.LONG]):
        both = f"{found[0].value} and {found[1].value}"
        raise UsageError(f"{both} exclude each other", f"for example: gitexp log {found[0].value}")
    return next(iter(found), Form.TABLE)


def columns_of(names: str, form: Form) -> tuple[str, ...]:
    """Read what --columns takes.

    Raises:
        UsageError: there is no such column, or the form has none.
    """
    if not names:
        return ()
    if form in {Form.LONG, Form.JSON, Form.BRIEF}:
        raise UsageError(f"{form.value} has no columns", "gitexp log --columns change,effect,name")
    known = [one.name for one in EXPERIMENTS] if form is Form.CSV else [*Column]
    asked = tuple(dict.fromkeys(name.strip().casefold() for name in names.split(",")))
    for name in asked:
        if name not in known:
            raise UsageError(
                f"there is no column {visible(name)[:40]!r}", meant(name, known, "choose among:")
            )
    return asked


def log(rows: Iterable[Row | LadderStep], look: Look, nothing: str = NO_MATCH) -> list[Row]:
    """Print the log, each row as soon as it is there; returns the experiments for people."""
    if look.form.is_for_people:
        return _for_people(rows, look, nothing)
    # People who look at a table need not wait until what writes the other forms is loaded.
    from gitexp.cli.views.log_programs import as_csv, as_json, as_markdown, brief_text

    experiments = (row for row in rows if not isinstance(row, LadderStep))
    match look.form:
        case Form.CSV:
            as_csv(experiments, look.columns, only_changed=look.only_changed)
        case Form.MARKDOWN:
            as_markdown(experiments, look.columns, only_changed=look.only_changed)
        case Form.BRIEF:
            as_json(map(brief_text, experiments))
        case _:
            as_json(row.json_text() for row in experiments)
    return []


def _for_people(rows: Iterable[Row | LadderStep], look: Look, nothing: str) -> list[Row]:
    found: list[Row] = []

    def noted() -> Iterator[Row | LadderStep]:
        for row in rows:
            if not isinstance(row, LadderStep):
                found.append(row)
            yield row

    if look.form is Form.LONG:
        _in_full(noted())
    else:
        columns = [Column(name) for name in look.columns]
        log_table(noted(), columns, only_changed=look.only_changed)
    if not found:
        typer.echo(nothing)
    return found


def mistyped(near: Mapping[str, str]) -> None:
    """Say which words look like a mistyped name of an experiment."""
    for word, name in near.items():
        typer.echo(
            f"There is no experiment {visible(word)}. Did you mean exp/{name}? gitexp log {name}",
            err=True,
        )


def _in_full(rows: Iterable[Row | LadderStep]) -> None:
    stepped = False
    for number, row in enumerate(rows):
        silence()
        if number:
            typer.echo("")
        if isinstance(row, LadderStep):
            for said in amendment_lines(row):
                typer.echo(wrapped(f"{said}, {row.time[:10]}", ""))
            if not row.untested or row.amendment.protocol:
                continue
            typer.echo(f"UNTESTED STEP  {row.commit[:8]}  {row.time[:10]}")
            typer.echo(wrapped(row.subject))
            new = f"adds {', '.join(row.dependencies)}; " if row.dependencies else ""
            typer.echo(wrapped(f"{new}{effect_of(row, newest=not stepped)}"))
            stepped = True
        else:
            _experiment(row)


def _experiment(row: Row) -> None:
    entry, registration = row.result.entry, row.result.registration
    state = "" if row.state in _SAID_BELOW else f"  [{row.state}]"
    typer.echo(f"{styled(f'exp/{visible(entry.name)}', bold=True)}  {entry.time[:10]}{state}")
    typer.echo(wrapped(hypothesis_of(entry.message), lines=3))
    if row.result.explored:
        exploratory = colored(Verdict.EXPLORATORY, Verdict.EXPLORATORY)
        typer.echo(f"  {exploratory}: {visible(row.result.why)}")
    elif registration is None:
        typer.echo(f"  no registration: gitexp check {entry.name}")
    else:
        typer.echo(wrapped(str(registration.change)))
        typer.echo(result_lines(row))
        judgement = row.result.judgement
        if judgement is not None and (said := words.single_runs(registration, judgement)):
            typer.echo(wrapped(said))
        if (said := about_code(row)) not in {"", TOGETHER}:
            typer.echo(wrapped(said))
    for said in uncounted(row):
        typer.echo(f"  {said}")
    for remark in row.result.remarks:
        typer.echo(wrapped(str(remark), lines=3))
