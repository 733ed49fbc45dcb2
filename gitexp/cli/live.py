"""What you see during runs: live lines on a terminal, elsewhere news and one line a minute."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import typer

from gitexp.cli.events import Pace
from gitexp.cli.views.progress import progress_text
from gitexp.cli.views.terminal import filled, is_dumb
from gitexp.engine.metrics import logged, printed
from gitexp.lab.progress import heard_by
from gitexp.rules.text import duration
from gitexp.rules.verdict import effects
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.figures import number
from gitexp.store.transfer import Progress

if TYPE_CHECKING:
    from gitexp.engine.job import Job
    from gitexp.lab.measuring.watcher import LookProgress, Watcher
    from gitexp.rules.documents.record import Record

_REFRESH = 0.5  # seconds
_PATIENCE = 1.0  # seconds without a sign of life
_TAIL = 1 << 13  # bytes of a log that are read each time; a whole log would take 4 % of a processor


@contextlib.contextmanager
def watcher(
    *, yes: bool = False, as_json: bool = False, quiet: bool = False, every: bool = False
) -> Iterator[Watcher]:
    """Choose the view for where standard error goes; standard output is for results.

    `yes` agrees to every question. With `as_json` each event is an object on a line of its own; a
    program is told of progress once a minute, unless it wants `every` event.
    """
    if quiet:
        yield Quiet(yes=yes)
    elif as_json:
        from gitexp.cli.events import Events  # programs alone need it

        yield Events(yes=yes, pace=Pace(0) if every else Pace())
    elif sys.stderr.isatty() and not is_dumb():
        with Screen(yes=yes) as screen, heard_by(screen):
            yield screen
    else:
        yield Lines(yes=yes)


def _finished(label: str, job: Job, record: Record | None) -> str:
    head = f"  {label} seed {job.seed}"
    if record is None:
        return f"{head}: stopped"
    if not record.ok:
        return f"{head}: failed: {record.failure}"
    return f"{head}: {job.metric} {number(record.metrics[job.metric])} in {record.duration:.1f} s"


def _progress(standing: LookProgress, told: float) -> str:
    """How far an experiment is, in one line."""
    of = f"{standing.pairs} of {standing.look} pairs"
    if standing.most > standing.look:
        of += f" to the next look, of {standing.most} at most"
    parts = [of]
    if standing.effect is not None:
        shown = effects.displayed(standing.criterion, standing.effect)
        percent = "%" if standing.criterion.scale is Scale.PERCENT else ""
        sign = standing.criterion.scale is not Scale.CONSTANT
        parts.append(f"{number(shown, sign=sign)}{percent} so far (not a verdict yet)")
    if standing.seconds is not None:
        left = max(0.0, standing.seconds - (time.monotonic() - told))
        parts.append(f"about {duration(left)} left")
    return f"  exp/{standing.name}: {', '.join(parts)}"


class _Share:
    """How many of several experiments have ended, and when the rest will at this rate."""

    def __init__(self) -> None:
        self._done = self._of = 0
        self._before: tuple[int, float] | None = None  # those before the first run, and when it was

    def begin(self) -> None:
        """Note that a run starts."""
        self._before = self._before or (self._done, time.monotonic())

    def count(self, done: int, of: int) -> None:
        """Note how many there are."""
        self._done, self._of = done, of

    def __str__(self) -> str:
        """Say it; "" where there is one experiment."""
        if not self._of:
            return ""
        said = f"{self._done} of {self._of} experiments done"
        before, since = self._before or (0, 0.0)
        if not 1 < self._done - before < self._of - before:
            return said
        each = (time.monotonic() - since) / (self._done - before)
        return f"{said}, about {duration((self._of - self._done) * each)} left"


class Lines:
    """One line of plain text for each piece of news, and one a minute on progress."""

    def __init__(self, *, yes: bool, pace: Pace | None = None) -> None:
        self._yes = yes
        self._pace = pace or Pace()
        self._shows_metric = False  # whether a run has shown that its metric is read as meant
        self._standing: tuple[LookProgress, float] | None = None
        self._share = _Share()

    def agrees(self, question: str) -> bool:
        """Return what --yes says: there is nobody to ask."""
        typer.echo(question, err=True)
        return self._yes

    def said(self, text: str) -> None:
        """Print news."""
        typer.echo(text, err=True)

    def started(self, label: str, job: Job) -> None:
        """Print nothing: whoever reads this later wants to know how it ended."""
        del label, job
        self._share.begin()

    def finished(self, label: str, job: Job, record: Record | None) -> None:
        """Print how a run failed, and the first good one; then, once a minute, how far all are."""
        if record is None or not record.ok:
            typer.echo(_finished(label, job, record), err=True)
        elif not self._shows_metric:
            self._shows_metric = True
            typer.echo(_finished(label, job, record), err=True)
        elif self._pace.is_due():
            at = self._standing
            said = _finished(label, job, record) if at is None else _progress(*at)
            typer.echo("; ".join(filter(None, (said, str(self._share)))), err=True)

    def stands(self, standing: LookProgress) -> None:
        """Print nothing now: the next line on progress says it."""
        self._standing = standing, time.monotonic()

    def ended(self, name: str, done: int, of: int) -> None:
        """Print nothing now: the next line on progress says it."""
        del name
        self._share.count(done, of)

    def waits(self, text: str) -> None:
        """Print what runs on other machines wait for, once a minute."""
        if text and self._pace.is_due():
            typer.echo(text, err=True)


class Quiet(Lines):
    """Nothing, until there is a result."""

    def said(self, text: str) -> None:
        """Print nothing."""

    def finished(self, label: str, job: Job, record: Record | None) -> None:
        """Print nothing."""

    def waits(self, text: str) -> None:
        """Print nothing."""


class Screen:
    """A live line for each experiment and each run in progress, below those that ended."""

    def __init__(self, *, yes: bool) -> None:
        # rich takes 50 ms to load, which a run that nobody watches does without.
        from rich.console import Console
        from rich.live import Live

        self._yes = yes
        self._running: dict[tuple[str, int], tuple[Job, str, float]] = {}
        self._standings: dict[str, tuple[LookProgress, float]] = {}
        self._waits = ""
        self._share = _Share()
        self._step: tuple[Progress, float] | None = None  # and since when
        self._lock = threading.Lock()
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=1 / _REFRESH,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def agrees(self, question: str) -> bool:
        """Ask, with the live lines out of the way."""
        if self._yes or not sys.stdin.isatty():
            return self._yes
        self._live.stop()
        try:
            return typer.confirm(question, err=True)
        finally:
            self._live.start()

    def said(self, text: str) -> None:
        """Print news above the live lines."""
        self._live.console.print(text)

    def started(self, label: str, job: Job) -> None:
        """Add a live line."""
        with self._lock:
            self._share.begin()
            self._running[job.commit, job.seed] = (job, label, time.monotonic())

    def finished(self, label: str, job: Job, record: Record | None) -> None:
        """Replace a live line by one that stays."""
        with self._lock:
            self._running.pop((job.commit, job.seed), None)
        self._live.console.print(_finished(label, job, record))

    def stands(self, standing: LookProgress) -> None:
        """Replace the line of an experiment."""
        with self._lock:
            self._standings[standing.name] = standing, time.monotonic()

    def ended(self, name: str, done: int, of: int) -> None:
        """Replace the line that says how many experiments have ended."""
        del name
        with self._lock:
            self._share.count(done, of)

    def waits(self, text: str) -> None:
        """Replace the line that says what runs on other machines wait for."""
        with self._lock:
            self._waits = text

    def tell(self, step: str, done: int, total: int) -> None:
        """Show how far a step between runs is, once it has taken a second."""
        with self._lock:
            since = self._step[1] if self._step else time.monotonic()
            self._step = Progress(step, done, total, ""), since

    def end(self) -> None:
        """Take that line away."""
        with self._lock:
            self._step = None

    def _render(self) -> Any:  # noqa: ANN401 - rich's renderables share no type
        from rich.text import Text  # as above

        with self._lock:
            running = list(self._running.values())
            labels = {label for _, label, _ in running}
            standings = [
                one for one in self._standings.values() if f"exp/{one[0].name}" in labels
            ] or [*self._standings.values()][-1:]
            step, share = self._step, str(self._share)
        lines = [
            line for one in standings for line in filled(_progress(*one), "", "    ").splitlines()
        ]
        if self._waits:
            lines += filled(f"  {self._waits}", "", "    ").splitlines()
        lines += [self._line(*one) for one in running]
        lines += [f"  {share}"] if share else []
        if step is not None and time.monotonic() - step[1] > _PATIENCE:
            lines.append(progress_text(step[0]))
        return Text("\n".join(lines[: max(2, self._console.height - 2)]))

    def _line(self, job: Job, label: str, began: float) -> str:
        folder = job.folder
        metrics = printed(folder, job.metric, _TAIL) | logged(folder / "metrics.jsonl", _TAIL)
        line = f"  {label} seed {job.seed}: running {time.monotonic() - began:.0f} s "
        first = sorted(metrics.items(), key=lambda item: item[0] != job.metric)[:3]
        for at, (name, value) in enumerate(first):
            more = f"{',' if at else ''} {name} {number(value)}"
            if at and len(line + more) >= self._console.width:
                break
            line += more
        return line
