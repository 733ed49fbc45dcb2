"""What `gitexp` without a command prints: where you stand, in a dozen lines."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.goal import progress
from gitexp.cli.views.log_cells import in_fewer_words
from gitexp.cli.views.terminal import (
    beginning,
    colored,
    columns,
    padded,
    print_json,
    row_width,
    shortened,
    styled,
)
from gitexp.lab.queues.queue import QueueStage
from gitexp.rules.plan.evidence import say_evidence
from gitexp.rules.text import counted, duration, visible
from gitexp.rules.verdict import figures, words

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.lab.queues.queue_progress import QueueProgress
    from gitexp.lab.queues.under_way import UnderWay
    from gitexp.workflows.status import Status

_LINES = 12  # in all, with an empty one above the next step
_SIDE = 10  # columns of the words at the side
_LAST = 3  # verdicts
_LEAST = 8  # columns of a change that still say something


def status(now: Status, *, as_json: bool) -> None:
    """Print the baseline, what runs and is planned, verdicts, what waits, and the next step."""
    if as_json:
        print_json(now)
        return
    for warning in now.warnings:
        typer.echo(f"gitexp: {visible(warning)}", err=True)
    for line in status_lines(now):
        typer.echo(line)


def status_lines(now: Status) -> list[str]:
    """Where you stand, in at most a dozen lines, none wider than the terminal."""
    goals = [
        progress(one, known=now.score).removeprefix("Goal ").removesuffix(".") for one in now.goals
    ]
    must = [
        *_beside("Baseline", _cut([_baseline(now)])),
        *_beside("Goal" if len(goals) == 1 else "Goals", _cut(_some(goals, 2))),
        *_beside("Running", _cut(_some([*_running(now)], 2))),
        *_beside("Queue", _cut(_some([*map(_queue, now.queues)], 1))),
        *_beside("Planned", _cut(_planned(now))),
    ]
    waits = [f"{wait.said}: {wait.command}" for wait in now.waits]
    left = _LINES - 2 - len(must)
    campaign = _campaign(now, max(1, left - 1 - bool(waits)))
    left -= len(campaign)
    decided = _verdicts(now, max(min(1, left - bool(waits)), min(_LAST, left - len(waits))))
    return [
        *must,
        *_beside("Campaign", _cut(campaign)),
        *_beside("Verdicts", decided),
        *_beside("Waiting", _cut(_some(waits, left - len(decided)))),
        "",
        *_next(now),
    ]


def _beside(word: str, lines: Sequence[str]) -> Iterator[str]:
    """Lines with a word at the side of the first."""
    for number, line in enumerate(lines):
        head = padded("" if number else word, _SIDE)
        yield (head if number else styled(head, bold=True)) + line


def _cut(lines: Sequence[str]) -> list[str]:
    """Lines without colors, each cut where there is no more room beside the words."""
    room = row_width() - _SIDE
    return [line if columns(line) <= room else f"{beginning(line, room - 1)}…" for line in lines]


def _some(lines: Sequence[str], most: int) -> list[str]:
    if len(lines) <= most:
        return [*lines]
    return [*lines[: most - 1], f"{lines[most - 1]} (and {len(lines) - most} more)"]


def _baseline(now: Status) -> str:
    head = f"{visible(f'{now.folder} on ' if now.folder else '')}{visible(now.baseline)}"
    score = "is not measured yet" if now.score is None else now.score
    return f"{head} ({now.commit[:8]}): {visible(now.metric)} {score}"


def _running(now: Status) -> Iterator[str]:
    for one in now.running:
        if not one.name:
            yield f"the baseline: {counted(one.runs, 'run')} so far"
        else:
            yield f"{_how_far(one)}: {visible(one.change)}  ({one.name})"


def _how_far(one: UnderWay) -> str:
    said = f"{one.runs} of {counted(one.due, 'run')}" if one.due else counted(one.runs, "run")
    return f"{said}, about {duration(one.seconds)} left" if one.seconds else said


def _queue(one: QueueProgress) -> str:
    states = Counter(it.state for it in one.experiments)
    listed = ", ".join(f"{number} {state}" for state, number in states.items())
    if one.queue.measures_baseline:
        listed = f"baseline {', '.join(states)}"
    left = f", at least {duration(one.seconds)} left" if one.seconds else ""
    stage = "" if one.stage is QueueStage.RUNS else f" {one.stage}"
    return f"{one.queue.id}{stage}: {listed}{left}"


def _planned(now: Status) -> list[str]:
    """The best idea, and the reason for it."""
    number = len(now.by_state.get("planned", ()))
    if not number or not now.planned:
        return [f"{number} experiments" if number else "nothing"]
    best = now.planned[0]
    change = visible(best.change)
    ahead = f"{number}, the best: " if number > 1 else ""
    gain = f"{best.sign * best.gain:+.2g}"
    worth = f"{100 * best.chance:.0f} % chance of {gain} in {duration(best.seconds)}"
    why = f"; {visible(best.evidence)}" if best.evidence else "; no evidence given"
    if (found := best.screened) is not None:
        expected = figures.rounded_like(best.sign * found.expected, found.sd, sign=True)
        worth, why = f"{expected} expected since it was screened", f"; {duration(best.seconds)}"
    return [f"{ahead}{change}  ({best.name})", worth + why]


def _campaign(now: Status, most: int) -> list[str]:
    """How many places are taken, and what evidence came true, on lines of its own where it must."""
    one = now.campaign
    if not one.taken and not now.withdrawn:
        return []
    taken = f"{one.number}: {one.taken:,} of {counted(one.planned, 'experiment')} run"
    withdrawn = f"{now.withdrawn} withdrawn" if now.withdrawn else ""
    evidence = f"by evidence: {say_evidence(now.evidence)}" if now.evidence else ""
    parts = [*filter(None, (taken, withdrawn, evidence))]
    whole = "; ".join(parts)
    if columns(whole) <= row_width() - _SIDE or most < 2 or not now.evidence:
        return [whole]
    lines = textwrap.wrap(evidence, row_width() - _SIDE, max_lines=most - 1, placeholder=" …")
    return ["; ".join(parts[:-1]), *lines]


def _verdicts(now: Status, most: int) -> list[str]:
    """A line for each of the last verdicts: the verdict, its effect, the change and the name."""
    shown = now.decided[:most]
    cells = [_cells(row, now.metric) for row in shown]
    wide = [max((columns(row[at]) for row in cells), default=0) for at in range(2)]
    return [
        _verdict(row, f"{padded(one, wide[0])}  {padded(other, wide[1])}")
        for row, (one, other) in zip(shown, cells, strict=True)
    ]


def _cells(row: Row, metric: str) -> tuple[str, str]:
    """The verdict and the effect; of the project's own metric, without its name."""
    judgement, registration = row.result.judgement, row.result.registration
    if judgement is None or registration is None or judgement.effect is None:
        return str(row.result.verdict), judgement.reason if judgement else ""
    effect = words.effect(registration.criterion, judgement)
    own = registration.criterion.metric == metric
    return str(row.result.verdict), effect.partition(" ")[2] if own else effect


def _verdict(row: Row, head: str) -> str:
    room = row_width() - _SIDE - columns(head) - 2
    if row.result.registration is not None and room >= _LEAST:
        changes = in_fewer_words(row.result.registration.change)
        fitting = (text for text in changes if columns(text) <= room)
        change = next(fitting, shortened(changes[-1], room))
        name = f"  ({row.result.name})"
        head += f"  {change}" + (name if columns(change + name) <= room else "")
    return colored(_cut([head.rstrip()])[0], row.result.verdict)


def _next(now: Status) -> Iterator[str]:
    line, why = f"next: {now.next.command}", f"   ({now.next.why})"
    yield line + (why if columns(line + why) <= row_width() else "")
