"""What commands print: text for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import itertools
import json
import textwrap
from typing import TYPE_CHECKING, Any

import typer

from gitexp.rules.documents.registration import hypothesis_of
from gitexp.rules.gate import formats
from gitexp.rules.text import json_text, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.outlook import shown
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.lab.gate import Report, Sweep, Unjudged
    from gitexp.lab.ladder import Step as LadderStep
    from gitexp.lab.log import Row
    from gitexp.lab.project import Project
    from gitexp.lab.standing import Standing
    from gitexp.lab.trial import Trial
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.finding import Finding
    from gitexp.rules.gate.one_change import Change
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.outlook import Outlook
    from gitexp.rules.verdict.verdict import Judgement
    from gitexp.workflows.accept import Accepted, Offered
    from gitexp.workflows.holdout import Opened
    from gitexp.workflows.init import Initialised
    from gitexp.workflows.preset import Preset
    from gitexp.workflows.run import Answer, Measured
    from gitexp.workflows.show import Sheet
    from gitexp.workflows.start import Started
    from gitexp.workflows.verify import Campaign, Verification

_COLOURS = {
    Verdict.CONFIRMED: typer.colors.GREEN,
    Verdict.RULED_OUT: typer.colors.RED,
    Verdict.INCONCLUSIVE: typer.colors.YELLOW,
    Verdict.EXPLORATORY: typer.colors.CYAN,
}
_EXITS = {Verdict.RULED_OUT: 10, Verdict.INCONCLUSIVE: 11}
_WIDTH = 96
_AT_ONCE = 200  # rows of JSON


def _print_json(content: object) -> None:
    typer.echo(in_json(content))


def in_json(content: object) -> str:
    """Write JSON for a program that a terminal may show."""
    return json_text(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def _filled(line: str) -> str:
    return textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _wrapped(text: str, indent: str = "  ", lines: int | None = None) -> str:
    return textwrap.fill(
        visible(text), _WIDTH, initial_indent=indent, subsequent_indent=indent, max_lines=lines,
        placeholder=" …",
    )  # fmt: skip


def _coloured(text: str, verdict: Verdict | None) -> str:
    """Colour a verdict where it stands first in a text."""
    if verdict is None or not text.startswith(verdict):
        return text
    return typer.style(str(verdict), fg=_COLOURS[verdict], bold=True) + text[len(verdict) :]


def findings(found: Sequence[Finding]) -> None:
    """Print findings, each with its id and what mends it."""
    for finding in found:
        typer.echo("")
        for line in visible(finding.message).split("\n"):
            # What is indented has a mark below it that points at a place.
            typer.echo(line if line.startswith(" ") else _filled(line))
        if finding.hint:
            mark = f"{finding.id} · "
            typer.echo(mark + visible(finding.hint).replace("\n", "\n" + " " * len(mark)))


def tried(trial: Trial) -> None:
    """Print what a trial saw, and what the ways to spend runs would cost and see."""
    typer.echo(
        f"{_counted(trial.runs, 'trial run')}, {words.span(trial.seconds)} each; thrown away, as"
        " records need settings to stand on."
    )
    for sentence in trial.told:
        typer.echo(_wrapped(sentence, ""))
    typer.echo(
        f"\n  {'repeats':<9} {'planned':>7} {'experiment':>11} {'with baseline':>14}"
        f" {'campaign':>9}  confirms from"
    )
    for choice in trial.choices:
        sees = "-" if choice.spreads is None else f"{choice.spreads:.1f} sd"
        typer.echo(
            f"  {', '.join(map(str, choice.repeats)):<9} {choice.planned:>7}"
            f" {words.span(choice.experiment):>11} {words.span(choice.alone):>14}"
            f" {words.span(choice.campaign):>9}  {sees:>7}"
            f"{'  <- proposed' if choice.proposed else ''}"
        )
    few = trial.choices[0]
    if few.spreads is not None:
        typer.echo(
            _wrapped(
                "Costs are with every look taken. An effect from there on is confirmed four times"
                " in five, by scores; sd is the standard deviation of the difference that one seed"
                f" shows. Three repeats cannot confirm anything below {few.spreads:.1f} sd, and few"
                " changes do that much."
            )
        )
    typer.echo("")


def initialised(done: Initialised) -> None:
    """Print what init changed and how to take it back."""
    if done.trial is not None:
        tried(done.trial)
    if not done.changes:
        typer.echo("Everything is set up here already; nothing was changed.")
    for change in done.changes:
        typer.echo(f"{change.what}\n    undo: {change.undo}")
    for warning in done.warnings:
        typer.echo(f"\nNote: {warning}")
    if done.changes:
        typer.echo("\ngitexp init --undo takes all of it back.")
    if done.changes and done.server:
        typer.echo("Experiments that break a rule are refused here when they are pushed.")
    elif done.changes:
        typer.echo('Next: gitexp start --set KEY=VALUE "HYPOTHESIS because REASON"')


def undone(done: Sequence[str]) -> None:
    """Print what undoing did."""
    for line in done or ["there was nothing to undo"]:
        typer.echo(line)


def started(experiment: Started, *, as_json: bool) -> None:
    """Print a registered experiment and the next command."""
    if as_json:
        _print_json(_started_json(experiment))
        return
    _started(experiment)
    typer.echo(f"\nnext: gitexp run {experiment.name}")


def split(experiments: Sequence[Started], *, as_json: bool) -> None:
    """Print the experiments that one edit was split into."""
    if as_json:
        _print_json([_started_json(experiment) for experiment in experiments])
        return
    for experiment in experiments:
        _started(experiment)
        typer.echo("")
    typer.echo("Your files are as they were.")
    typer.echo("next: " + "\n      ".join(f"gitexp run {e.name}" for e in experiments))


def preset(done: Preset, *, as_json: bool) -> None:
    """Print a preset that was written, and what to add where no program reads presets."""
    if as_json:
        _print_json(
            {"name": done.name, "file": done.file, "commit": done.commit, "is_read": done.is_read}
        )
        return
    typer.echo(f"{done.file} has the preset {done.name} now ({done.commit[:10]}):\n")
    typer.echo(visible(done.added))
    if not done.is_read:
        typer.echo("\nNo program here mentions presets. What to add where the config is loaded:\n")
        from gitexp.workflows.preset import READER

        typer.echo(READER)
    typer.echo(f'\nnext: gitexp start --set preset={done.name} "HYPOTHESIS because REASON"')


def _started_json(experiment: Started) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "branch": f"exp/{experiment.name}",
        "commit": experiment.commit,
        "baseline": experiment.base,
        "change": _change_json(experiment.change),
        "trailers": dict(experiment.registration.trailers()),
        "advice": [_finding_json(finding) for finding in experiment.advice],
        "outlook": dataclasses.asdict(experiment.outlook),
    }


def _started(experiment: Started) -> None:
    registration, change = experiment.registration, experiment.change
    typer.echo(
        f"{typer.style(f'exp/{experiment.name}', bold=True)}  on {experiment.baseline}"
        f" ({experiment.base[:8]})"
    )
    typer.echo(f"  {change.file}:{change.line}" + (f"  ({change.kind})" if change.kind else ""))
    if experiment.old_line:
        typer.secho(f"  - {visible(experiment.old_line)}", fg=typer.colors.RED)
    if experiment.new_line:
        typer.secho(f"  + {visible(experiment.new_line)}", fg=typer.colors.GREEN)
    looks = ", ".join(map(str, registration.repeats))
    over = f"over {looks} paired repeats" if registration.seeded else "in one run (deterministic)"
    examples = ", by examples" if registration.by_examples else ""
    typer.echo(
        f"  success: {registration.criterion} {over}{examples}, level"
        f" {registration.level:.4g} (campaign {registration.campaign}, place {experiment.place} of"
        f" {experiment.planned})"
    )
    if registration.guards:
        typer.echo(f"  guards:  {', '.join(map(str, registration.guards))}")
    doubted = any(finding.id == "S2" for finding in experiment.advice)
    _outlook(registration.criterion, experiment.outlook, doubted=doubted)
    findings(experiment.advice)


def _outlook(
    criterion: Criterion, outlook: Outlook, *, doubted: bool, head: str = "outlook"
) -> None:
    """Print what can be seen (unless advice says that it is too little), and what it takes."""
    said = []
    if outlook.detectable is not None and not doubted:
        said.append(
            f"{shown(criterion, outlook.detectable)} or more shows four times in five (by"
            f" {outlook.source})"
        )
    if outlook.seconds is not None:
        said.append(f"about {_counted(outlook.runs, 'run')}, {words.span(outlook.seconds)}")
    if said:
        typer.echo(_wrapped(f"{head}: {'; '.join(said)}"))


def _change_json(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "file": change.file,
        "key": formats.spell_key(change.key),
        "before": formats.to_json(change.before),
        "after": formats.to_json(change.after),
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "message": finding.message,
        "file": finding.file,
        "line": finding.line,
        "hint": finding.hint,
    }


def checked(report: Report | Unjudged, *, as_json: bool) -> None:
    """Print what the gate says about one experiment."""
    if as_json:
        _print_json(_report_json(report))
        return
    name = f"exp/{visible(report.name)}"
    if report.ok:
        typer.echo(f"{name}: one change, and it may run")
        typer.echo(f"  {report.change}")
    else:
        broken = sum(not finding.advice for finding in report.findings)
        typer.echo(f"{name}: refused, {broken} rule{'s' if broken > 1 else ''} broken")
    findings(report.findings)


def swept(sweep: Sweep, *, as_json: bool) -> None:
    """Print what the gate says about several experiments: the refused ones in full."""
    if as_json:
        _print_json([_report_json(report) for report in sweep.reports])
        return
    for report in sweep.reports:
        if report.ok:
            typer.echo(f"exp/{report.name}: {report.change}")
        else:
            typer.echo("")
            checked(report, as_json=False)
            typer.echo("")
    refused = sum(not report.ok for report in sweep.reports)
    count = len(sweep.reports)
    typer.echo(
        f"{count} experiment{'' if count == 1 else 's'}, {refused} refused"
        + (f"; {sweep.others} other commits are no experiment's" if sweep.others else "")
    )


def _report_json(report: Report | Unjudged) -> dict[str, Any]:
    return {
        "name": report.name,
        "ok": report.ok,
        "change": _change_json(report.change),
        "violations": [_finding_json(f) for f in report.findings if not f.advice],
        "advice": [_finding_json(f) for f in report.findings if f.advice],
    }


def answered(answer: Answer, *, as_json: bool) -> None:
    """Print an experiment's verdict and what to do with it."""
    if as_json:
        _print_json(
            {
                "name": answer.name,
                "commit": answer.commit,
                "verdict": answer.judgement.verdict,
                "reason": answer.judgement.reason or None,
                "runs": answer.ran,
                "note": answer.note,
            }
        )
        return
    typer.echo(f"exp/{answer.name}")
    for line in answer.note.splitlines():
        typer.echo(f"  {_coloured(line, answer.judgement.verdict)}")
    if not answer.ran:
        typer.echo("(nothing was left to run)")
    if answer.judgement.verdict is Verdict.CONFIRMED:
        typer.echo(f"\nnext: gitexp accept {answer.name}")
    else:
        typer.echo(f"\nnext: gitexp show {answer.name}, or the next idea: gitexp start")


def exit_code(answer: Answer) -> int:
    """Exit code of a verdict for --exit-code."""
    return _EXITS.get(answer.judgement.verdict or Verdict.CONFIRMED, 0)


def measured(project: Project, done: Measured, *, as_json: bool) -> None:
    """Print the baseline's repeats, and what the last step did where it was no experiment."""
    import statistics

    metric = project.settings.metric
    values = [record.metrics[metric] for record in done.records]
    if as_json:
        _print_json(
            {
                "baseline": project.baseline,
                "commit": project.tip,
                "metric": metric,
                "seeds": {str(record.seed): record.metrics[metric] for record in done.records},
                "step": done.step and done.step.as_json(),
                "outlook": {
                    "criterion": str(done.next.criterion),
                    "level": done.next.level,
                    **dataclasses.asdict(done.outlook),
                },
                "advice": [_finding_json(done.advice)] if done.advice else [],
            }
        )
        return
    over = f"over {_counted(len(values), 'repeat')}"
    if len(values) > 1:
        over += f", standard deviation {words.number(statistics.stdev(values))}"
    if not done.next.seeded:
        over = "(deterministic: a repeated run gives the same)"
        if not done.next.by_examples:
            over += "; only per-example predictions could tell how sure a difference is"
    mean = words.number(statistics.fmean(values))
    typer.echo(f"{project.baseline} ({project.tip[:8]}): {metric} {mean} {over}")
    if done.step is not None:
        typer.echo(
            f"  {visible(done.step.subject)} ({done.step.commit[:8]}): {effect_of(done.step)}"
        )
    criterion = done.next.criterion
    head = f"outlook for {criterion} at level {done.next.level:.3g}"
    _outlook(criterion, done.outlook, doubted=done.advice is not None, head=head)
    findings([done.advice] if done.advice else [])


def effect_of(step: LadderStep, *, newest: bool = True) -> str:
    """What a step did to the metric, in words; only the newest can still be measured."""
    effect = step.effect
    if effect is None:
        return "not measured on both sides" + (": gitexp baseline" if newest else "")
    over = f"over {effect.seeds} seed{'s' if effect.seeds > 1 else ''}"
    if effect.neutral:
        return f"neutral, identical {over}"
    spread = "" if effect.spread is None else f" (standard deviation {words.number(effect.spread)})"
    return f"moved by {words.number(effect.mean, sign=True)} {over}{spread}"


def _result_line(row: Row) -> str:
    judgement, registration = row.result.judgement, row.result.registration
    if judgement is not None and judgement.verdict is not None and registration is not None:
        return _coloured(words.verdict_line(registration, judgement), judgement.verdict)
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
            typer.echo(_wrapped(row.subject))
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
        said.append(f"{which} has answered {_counted(now.asked, 'experiment')}.")
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


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _experiment(row: Row) -> None:
    entry, registration = row.result.entry, row.result.registration
    state = "" if row.state in {"done", "planned", "stale"} else f"  [{row.state}]"
    typer.echo(f"{typer.style(f'exp/{visible(entry.name)}', bold=True)}  {entry.time[:10]}{state}")
    typer.echo(_wrapped(hypothesis_of(entry.message), lines=3))
    if row.result.explored:
        typer.echo(
            f"  {_coloured(Verdict.EXPLORATORY, Verdict.EXPLORATORY)}: {visible(row.result.why)}"
        )
    elif registration is None:
        typer.echo(f"  no registration: gitexp check {entry.name}")
    else:
        typer.echo(f"  {visible(registration.change)}")
        typer.echo(f"  {_result_line(row)}")
    if foreign := row.result.facts["foreign"]:
        typer.echo(f"  {_counted(foreign, 'record')} of another commit do not count")
    if row.result.newer:
        typer.echo(f"  {words.newer(row.result.newer)}")


def show(sheet: Sheet, *, as_json: bool) -> None:
    """Print one experiment in full."""
    if as_json:
        _print_json(sheet.as_json())
        return
    row = sheet.row
    entry, registration = row.result.entry, row.result.registration
    head = typer.style(f"exp/{visible(entry.name)}", bold=True)
    typer.echo(f"{head}  {entry.commit[:10]}  [{row.state}]")
    typer.echo(f"  {visible(entry.author)}, {entry.time}\n")
    _uncounted(row)
    typer.echo(_wrapped(hypothesis_of(entry.message)) + "\n")
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
            typer.echo(f"  {_coloured(line, judgement.verdict)}")
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
            typer.echo(_wrapped(f"with {listed}"))


def _uncounted(row: Row) -> None:
    """Say what in an experiment's note counts for nothing here."""
    if foreign := row.result.foreign:
        origin = ", ".join(sorted({record.commit[:10] for record in foreign}))
        typer.echo(
            f"  {_counted(len(foreign), 'record')} in its note belong to another commit ({origin}),"
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
                textwrap.fill(sentence, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
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


def verified(report: Verification, *, as_json: bool) -> None:
    """Print what recomputing found, what is worth knowing besides, and each campaign's bound."""
    if as_json:
        _print_json(report.as_json())
        return
    wrong = [finding for finding in report.findings if not finding.advice]
    if report.rewritten:
        typer.echo(f"{_counted(report.rewritten, 'verdict note')} written anew.")
    recomputed = (
        f"{_counted(report.verdicts, 'verdict')} recomputed from"
        f" {_counted(report.records, 'record')}"
    )
    typer.echo(f"{recomputed}: {_counted(len(wrong), 'thing') if wrong else 'nothing'} wrong.")
    for campaign in report.campaigns:
        typer.echo(_wrapped(_campaign(campaign), ""))
    findings(wrong)
    if others := [finding for finding in report.findings if finding.advice]:
        typer.echo("\nWorth knowing, and not wrong:")
        findings(others)


def _campaign(campaign: Campaign) -> str:
    lost = f" ({campaign.lost} by commits that no branch holds)" if campaign.lost else ""
    said = (
        f"Campaign {campaign.number} on {campaign.metric}: {campaign.taken} of {campaign.planned}"
        f" places taken{lost}, {campaign.confirmed} confirmed, levels of"
        f" {words.number(campaign.levels)} spent"
    )
    if campaign.bound is None:
        return f"{said}; as a level is above what it allowed, nothing bounds its errors."
    overran = " It overran its plan." if campaign.taken > campaign.planned else ""
    return (
        f"{said}.{overran} In the long run at most {100 * campaign.bound:.3g} % of what it confirms"
        " is false."
    )


def opened(done: Opened, *, as_json: bool) -> None:
    """Print what the holdout showed, and how often it was opened."""
    opening = done.opening
    if as_json:
        _print_json(
            {
                "of": done.label,
                "commit": opening.commit,
                "metric": done.metric,
                "seed": opening.seed,
                "metrics": dict(opening.metrics),
                "why": opening.why,
                "times": done.times,
            }
        )
        return
    typer.echo(
        f"{done.label} on the holdout: {done.metric} {words.number(opening.metrics[done.metric])}"
        f" (seed {opening.seed}, one run)"
    )
    if done.times == 1:
        typer.echo("This is the first time that the holdout was opened; the number is honest once.")
    else:
        typer.echo(
            f"The holdout has been opened {done.times} times now. Each opening spends what makes it"
            " one:\nwhoever chooses by what it showed has fitted it, and its number flatters."
            " Fresh data would not."
        )


def accepted(done: Accepted, *, as_json: bool) -> None:
    """Print what accepting did."""
    if as_json:
        _print_json(
            {
                "name": done.name,
                "baseline": done.baseline,
                "commit": done.commit,
                "before": done.before,
            }
        )
        return
    typer.echo(f"exp/{done.name} is on {done.baseline} now ({done.commit[:10]}).")
    typer.echo(f"undo: git {_undo(done)}")
    typer.echo("next: gitexp baseline measures the new baseline on fresh seeds")


def offered(done: Offered, *, as_json: bool) -> None:
    """Print what was pushed for review."""
    if as_json:
        _print_json({"name": done.name, "remote": done.remote, "message": done.message})
        return
    typer.echo(f"exp/{done.name} and its results are on {done.remote}.")
    typer.echo(f"Merge it there; if you squash, keep this message:\n\n{visible(done.message)}")


def _undo(done: Accepted) -> str:
    if done.moved_here:
        return f"reset --keep {done.before[:10]}"
    return f"branch -f {done.baseline} {done.before[:10]}"
