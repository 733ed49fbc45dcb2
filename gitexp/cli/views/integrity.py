"""What `check`, `verify` and `holdout` print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.terminal import findings, print_json, wrapped
from gitexp.lab.code.brought_code import CodeSize, measure_code
from gitexp.lab.gate.checked import Checked, CheckedMany, Uncheckable
from gitexp.rules.documents.change import ChangeJson
from gitexp.rules.finding import Finding, advice, refusals
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import figures
from gitexp.store.signatures import BAD, EXPIRED, UNKNOWN

if TYPE_CHECKING:
    from gitexp.workflows.holdout import Opened
    from gitexp.workflows.verify import Spent, Verification

_SIGNED = {
    "": "not signed",
    UNKNOWN: "by an unknown key",
    EXPIRED: "by a key that has expired since",
    BAD: "with a bad signature",
}


class CheckedJson(TypedDict):
    """What the gate says about an experiment. `name` is null for commits of the baseline."""

    name: str | None
    ok: bool
    change: ChangeJson | None
    code: str | None
    code_size: CodeSize | None
    violations: Sequence[Finding]
    advice: Sequence[Finding]


def checked(report: Checked | Uncheckable, *, as_json: bool) -> None:
    """Print what the gate says about one experiment."""
    if as_json:
        print_json(_report_json(report))
        return
    name = f"exp/{visible(report.name)}"
    if report.ok:
        typer.echo(f"{name}: one change, and it may run")
        typer.echo(f"  {report.change}")
        if (size := _code_size(report)) is not None and isinstance(report, Checked):
            typer.echo(wrapped(f"on the code commit {report.code[:10]}: {size}"))
    else:
        broken = len(refusals(report.findings))
        typer.echo(f"{name}: refused, {counted(broken, 'rule')} broken")
    findings(report.findings)


def swept(sweep: CheckedMany, *, as_json: bool) -> None:
    """Print what the gate says about several experiments: the refused ones in full."""
    if as_json:
        reports = [_report_json(report) for report in sweep.reports]
        if sweep.baseline:
            reports.append(
                {
                    "name": None,
                    "ok": False,
                    "change": None,
                    "code": None,
                    "code_size": None,
                    "violations": sweep.baseline,
                    "advice": [],
                }
            )
        print_json(reports)
        return
    for report in sweep.reports:
        if report.ok:
            typer.echo(f"exp/{report.name}: {report.change}")
        else:
            typer.echo("")
            checked(report, as_json=False)
            typer.echo("")
    findings(sweep.baseline)
    refused = sum(not report.ok for report in sweep.reports)
    typer.echo(
        f"{counted(len(sweep.reports), 'experiment')}, {refused} refused"
        + (f"; {sweep.others} other commits do not belong to an experiment" if sweep.others else "")
    )


def _report_json(report: Checked | Uncheckable) -> CheckedJson:
    return {
        "name": report.name,
        "ok": report.ok,
        "change": report.change.as_json() if report.change else None,
        "code": None if isinstance(report, Uncheckable) else report.code or None,
        "code_size": _code_size(report),
        "violations": refusals(report.findings),
        "advice": advice(report.findings),
    }


def _code_size(report: Checked | Uncheckable) -> CodeSize | None:
    """How much code an experiment stands on; None if it has no code commit."""
    if isinstance(report, Uncheckable) or not report.code:
        return None
    return measure_code(report.project.repository, [(report.base, report.code)])[0]


def verified(report: Verification, *, as_json: bool) -> None:
    """Print the problems found, what else is worth knowing, and what each campaign spent."""
    if as_json:
        print_json(report)
        return
    if report.rewritten:
        typer.echo(f"{counted(report.rewritten, 'verdict note')} rewritten.")
    recomputed = (
        f"{counted(report.verdicts, 'verdict')} recomputed from {counted(report.records, 'record')}"
    )
    found = counted(len(report.problems), "problem") if report.problems else "no problems"
    typer.echo(f"{recomputed}: {found} found.")
    if report.signatures:
        by = ", ".join(
            f"{count} {_SIGNED.get(who) or f'by {visible(who)}'}"
            for who, count in sorted(report.signatures.items())
        )
        typer.echo(wrapped(f"Commits that added records: {by}.", ""))
    for campaign in report.campaigns:
        typer.echo(wrapped(_spent(campaign), ""))
    if report.campaigns[1:]:
        confirmed = sum(campaign.confirmed for campaign in report.campaigns)
        levels = sum(campaign.levels for campaign in report.campaigns)
        typer.echo(
            f"All campaigns: {confirmed} confirmed; up to {figures.rough(levels)} false ones to"
            " expect."
        )
    findings(report.problems)
    if report.information:
        typer.echo("\nAlso worth knowing:")
        findings(report.information)


def _spent(one: Spent) -> str:
    lost = f" ({one.lost} by commits that no branch holds)" if one.lost else ""
    said = (
        f"Campaign {one.campaign} on {one.metric}: {one.taken:,} of {one.planned:,} experiments"
        f" run{lost}, {one.confirmed} confirmed; up to {figures.rough(one.levels)} false"
        " confirmations to expect, the sum of its levels"
    )
    overran = " It overran its plan." if one.taken > one.planned else ""
    return f"{said}.{overran}"


def opened(done: Opened, *, as_json: bool) -> None:
    """Print what the holdout showed, and how often it was opened."""
    if as_json:
        print_json(done)
        return
    typer.echo(
        f"{done.of} on the holdout: {done.metric} {figures.number(done.metrics[done.metric])}"
        f" (seed {done.seed}, one run)"
    )
    if done.times == 1:
        said = "The holdout was opened for the first time: its number is unbiased only once."
    else:
        said = (
            f"The holdout has now been opened {done.times} times. If you choose by what it shows,"
            " you fit it, and its number is optimistic. Only fresh data is unbiased."
        )
    typer.echo(wrapped(said, ""))
