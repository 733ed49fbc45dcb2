"""A report as Markdown, ready to paste; text from experiments is escaped."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitexp.cli.views.forest import Forest
from gitexp.cli.views.headline import headline_lines
from gitexp.cli.views.log_cells import Column, cells_of, fitted_change
from gitexp.cli.views.log_table import asked_for, mark_of, meanings
from gitexp.cli.views.steps import amendment_lines, effect_of
from gitexp.cli.views.terminal import columns, padded
from gitexp.lab.log.ladder import LadderStep
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.plan.calibration import in_words
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.workflows.report import Report

_LONGEST = 100  # characters of a text in a table
_LONGEST_REMARK = 500
_CHANGE, _PLOT = 34, 25  # columns


def plain(text: str, longest: int | None = None) -> str:
    """Write a text so that Markdown shows it on one line and does nothing else with it.

    No markup, no HTML, no links; a comment inside keeps @name and #1 from notifying anybody.
    """
    line = re.sub(
        r"[\\`*[<|~]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", _line(text, longest)
    )
    line = re.sub(r"[@#](?=\w)", r"\g<0><!-- -->", line)
    return re.sub(r":(?=//)|(?<=www)\.", r"\\\g<0>", line, flags=re.IGNORECASE)


def code(text: str) -> str:
    """Write a text as code on one line, safe in a table too."""
    line = _line(text, _LONGEST).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def fenced(lines: Sequence[str]) -> str:
    """Write lines as a block of text that keeps its columns, whatever is in them."""
    shown = "\n".join(" ".join(visible(line).split("\n")) for line in lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence}text\n{shown}\n{fence}\n"


def _line(text: str, longest: int | None) -> str:
    line = " ".join(visible(text).split())
    return line if longest is None or len(line) <= longest else line[: longest - 1] + "…"


def document(report: Report, goals: Sequence[str], campaign: Sequence[str], number: int) -> str:
    """The whole report; `goals` and `campaign` are its sentences, as the log has them."""
    head = (
        f"{counted(len(report.experiments), 'experiment')} up to {report.day}, baseline at"
        f" {report.commit[:8]}. Written by `gitexp report`."
    )
    parts = [f"# {plain(report.standing.metric)} on {plain(report.baseline)}\n\n{head}\n\n"]
    parts += [f"- {plain(sentence)}\n" for sentence in headline_lines(report.headline)]
    decided = [row for row in report.experiments if not row.state.is_open]
    if drawn := forest_lines(decided[:number]):
        parts.append(f"\n## Effects\n{fenced(drawn)}")
    if goals:
        parts.append("\n## Goals\n" + "".join(f"- {plain(goal)}\n" for goal in goals))
    if steps := report.ladder:
        rows = [_step(row) for row in steps[-number:]]
        parts.append("\n## Ladder\n" + table(("day", "step", "effect", "change"), rows))
        parts.append(_older(len(steps) - number, "steps"))
    if decided:
        rows = [_verdict(report, row) for row in decided[:number]]
        columns = ("experiment", "change", "verdict", "effect", "reason")
        parts.append("\n## Verdicts\n" + table(columns, rows))
        parts.append(_older(len(decided) - number, "experiments"))
    if waiting := [row for row in report.experiments if row.state.is_open]:
        lines = (
            f"- exp/{plain(row.result.name)} ({row.state}): {_hypothesis(row)}\n"
            for row in waiting[:number]
        )
        parts.append("\n## Open\n" + "".join(lines) + _older(len(waiting) - number, "experiments"))
    if remarks := sorted(_remarks(report), reverse=True):
        noted = "".join(f"- {said}\n" for _, said in remarks[:number])
        parts.append(f"\n## Remarks\n{noted}{_older(len(remarks) - number, 'remarks')}")
    said = [*campaign, *(in_words(report.calibration) if report.calibration else ())]
    parts.append("\n## Campaign\n" + "".join(f"- {plain(sentence)}\n" for sentence in said))
    return "".join(parts)


def _remarks(report: Report) -> Iterator[tuple[str, str]]:
    """When each remark was made, and the whole of it."""
    for row in report.experiments:
        for remark in row.result.remarks:
            said = f"exp/{plain(row.result.name)}, {plain(str(remark), _LONGEST_REMARK)}"
            yield remark.time, said


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _older(number: int, what: str) -> str:
    return f"\nAnd {number} older {what}: `gitexp log`.\n" if number > 0 else ""


def _hypothesis(row: Row) -> str:
    return plain(hypothesis_of(row.result.entry.message), _LONGEST)


def _step(row: Row | LadderStep) -> tuple[str, ...]:
    if isinstance(row, LadderStep):
        new = f"adds {', '.join(row.dependencies)}; " if row.dependencies else ""
        amended = plain("; ".join(amendment_lines(row)))
        if row.amendment.protocol or not row.untested:
            return row.time[:10], amended, effect_of(row) if row.amendment.protocol else "", ""
        said = f"UNTESTED STEP {row.commit[:8]}: {plain(row.subject, _LONGEST)}"
        said += f"; {amended}" if amended else ""
        return row.time[:10], said, plain(f"{new}{effect_of(row, newest=False)}"), ""
    said = f"exp/{plain(row.result.name)}: {_hypothesis(row)}"
    return row.time[:10], said, _effect(row), _change(row)


def _verdict(report: Report, row: Row) -> tuple[str, ...]:
    judgement, name = row.result.judgement, f"exp/{plain(row.result.name)}"
    if row.result.explored:
        why = plain(row.result.why, _LONGEST)
        return name, _change(row), str(Verdict.EXPLORATORY), "", why
    verdict = str(judgement.verdict or "undecided") if judgement else "never run"
    state = "" if row.state == "done" else f" ({row.state})"
    registration = row.result.registration
    said = []
    if registration and judgement:
        said = [words.meaning(registration, judgement), words.single_runs(registration, judgement)]
    if (size := report.code.get(row.result.code)) is not None:
        proof = judgement.code if judgement else ""
        said.append(f"its code: {size}{proof and f' ({proof})'}")
    reason = "; ".join(filter(None, said))
    return name, _change(row), verdict + state, _effect(row), plain(reason)


def _change(row: Row) -> str:
    registration = row.result.registration
    return code(str(registration.change)) if registration else ""


def _effect(row: Row) -> str:
    registration, judgement = row.result.registration, row.result.judgement
    if registration is None or judgement is None or judgement.effect is None:
        return ""
    return plain(words.effect(registration.criterion, judgement))


def forest_lines(rows: Sequence[Row]) -> list[str]:
    """A line for each experiment that has an effect, between the columns' names and a legend."""
    now = dt.datetime.now(tz=dt.UTC)  # of which nothing is shown
    found = [cells_of(row, now, "→") for row in rows]
    known = [(one, one.estimate) for one in found if one.estimate is not None]
    if not known:
        return []
    forest = Forest([measured for _, measured in known], _PLOT)
    changes = [fitted_change(one.texts.get(Column.CHANGE, ("",)), _CHANGE, "→") for one, _ in known]
    wide = max(map(columns, changes))
    effects = [one.text(Column.EFFECT) for one, _ in known]
    most = max(map(columns, effects))
    lines = [f"   {'':{wide}}  {forest.head()}  {'effect':>{most}}".rstrip()]
    for (one, measured), change, effect in zip(known, changes, effects, strict=True):
        told = f"{padded(effect, most, right=True)}  {one.text(Column.INTERVAL)}".rstrip()
        line = f"{mark_of(one)} {padded(change, wide)}  {forest.drawn(measured)}  {told}"
        lines.append(line.rstrip())
    marks = {mark for one, _ in known for mark in (one.mark, one.state)}
    return [*lines, "", "   ".join([*meanings(marks), asked_for()])]
