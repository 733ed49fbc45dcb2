"""What a report's page weighs, and how long it takes to write and to open: `-m tests.bench.pages`.

Projects of 200 and 10,000 measured experiments, the newest 200 with curves; the browser is
Chromium, which loads and lays out the page from a local file.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import time
from pathlib import Path

from gitexp.rules.documents.lines import canonical
from gitexp.rules.documents.series import Curve, series_lines
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import BULK
from gitexp.store.repository import Repository
from tests.bench.projects import many_experiments, project, seal
from tests.bench.timing import cost_of
from tests.browser import browsing, find_browser
from tests.project import World

_COUNTS = (200, 10_000)
_CURVED = 200  # experiments, the newest, and their baseline: more are not shown in full
_SEEDS, _STEPS = range(1, 6), 300


def main() -> None:
    """Print a line for each number of experiments."""
    for count in _COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            seal(home)
            os.environ["GITEXP_FRESH"] = "1"
            world = project(home / "project")
            many_experiments(world, count)
            _draw_curves(world, count)
            world.gitexp("log")  # so that nothing is judged for the first time
            words = (sys.executable, "-m", "gitexp", "report", "-o", "report.html")
            cost = cost_of(words, world.path)
            page = world.path / "report.html"
            print(
                f"{count:6,} experiments: {page.stat().st_size / 1000:.0f} kB, written in"
                f" {cost.wall / 1000:.1f} s ({cost.cpu / 1000:.1f} s of CPU), {_opened(page, home)}"
            )


def _draw_curves(world: World, count: int) -> None:
    """Give the newest experiments, and the baseline, two step metrics of every run."""
    commits = [world.git("rev-parse", "main")]
    refs = (f"exp/run-{number}" for number in range(max(0, count - _CURVED), count))
    commits += world.git("rev-parse", *refs).split()
    lines = {
        commit: [canonical(line) for seed in _SEEDS for line in _series(number, seed)]
        for number, commit in enumerate(commits)
    }
    append_lines(Repository.discover(world.path), BULK, lines)


def _series(number: int, seed: int) -> list[dict[str, object]]:
    run = {"seed": seed, "attempt": 1, "condition": "0123456789ab"}
    curves = {"loss": Curve(), "val_accuracy": Curve()}
    for step in range(_STEPS):
        noise = math.sin(number + 7 * seed + step)
        curves["loss"].add(step, 2 * math.exp(-step / 80) + 0.02 * noise)
        curves["val_accuracy"].add(step, 0.9 - math.exp(-step / 50) + 0.01 * noise)
    return series_lines(run, curves, "accuracy")


def _opened(page: Path, home: Path) -> str:
    browser = find_browser()
    if browser is None:
        return "not opened: there is no Chromium"
    with browsing(browser, home / "profile") as found:
        found.look(1280, 900)
        began = time.monotonic()
        found.open(page.as_uri())
        found.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        opened = time.monotonic() - began
        began = time.monotonic()
        found.ask("document.querySelectorAll('#table th button')[2].click()")
        found.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return f"opened in {opened:.2f} s, sorted in {time.monotonic() - began:.2f} s"


if __name__ == "__main__":
    main()
