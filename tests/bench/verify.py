"""How long `gitexp verify` takes, judging per example: `python -m tests.bench.verify`.

Experiments of one project, 10 runs an arm, some judged by F1 (a bootstrap over examples), some by
ROC AUC (likewise) and some by accuracy (a closed form). Everything that verify reads is written as
gitexp writes it: registrations, records, outcomes, what the examples say, verdict notes. The
predictions are drawn; each change makes a few of them better.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from gitexp.engine.clock import now
from gitexp.lab.measuring.evidence import weigh_examples
from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.example_spread import ExampleSpread
from gitexp.rules.documents.lines import canonical
from gitexp.rules.documents.outcomes import Outcomes, outcomes_line
from gitexp.rules.documents.record import Record
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.pairs import inputs_of
from gitexp.statistics.recompute import recompute
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import BULK, RUNS
from tests.bench.projects import project, seal
from tests.bench.timing import cost_of
from tests.project import BECAUSE, World
from tests.team import repository_of, starts_of

METRICS = ("f1", "roc_auc", "accuracy")
LOOKS = (5, 10)
CONDITION = "0123456789ab"
AIM = 5.0  # seconds
VERIFY = (sys.executable, "-m", "gitexp", "verify")


def a_project(folder: Path, *, experiments: int, rows: int) -> World:
    """Build a project whose experiments were all measured and are judged per example."""
    world = project(folder, planned=experiments)
    settings = (world.path / "gitexp.toml").read_text()
    settings = settings.replace("repeats = [5]", f"repeats = [{', '.join(map(str, LOOKS))}]")
    world.write("gitexp.toml", settings + 'predictions = "predictions.csv"\n')
    base = world.commit("judge per example")
    rng = np.random.default_rng(20_261_128)
    true = rng.integers(0, 2, rows)
    hard = rng.normal(size=rows)  # how far an example itself goes against its label
    baseline = [_predictions(rng, true, hard, 0.0) for _ in range(LOOKS[-1])]
    before = _stored(world, base, baseline)
    for number in range(experiments):
        metric = METRICS[number % len(METRICS)]
        world.git("switch", "--quiet", "--create", f"exp/run-{number}", "main")
        world.edit("C = 1.0", f"C = {2 + number}.0")
        commit = world.commit(_registration(number, metric).message())
        arm = [_predictions(rng, true, hard, 0.01 * (number % 5)) for _ in range(LOOKS[-1])]
        pairs = list(zip(before, _stored(world, commit, arm), strict=True))
        criterion = _registration(number, metric).criterion
        lines = []
        for look in LOOKS:
            variance, count = weigh_examples(criterion, baseline[:look], arm[:look])
            lines.append(ExampleSpread(look, inputs_of(pairs[:look]), count, variance).line())
        append_lines(repository_of(world), RUNS, {commit: lines})
    world.git("switch", "--quiet", "main")
    world.gitexp("verify", "--fix")
    return world


def _predictions(
    rng: np.random.Generator, true: np.ndarray, hard: np.ndarray, gain: float
) -> Outcomes:
    score = 1 / (1 + np.exp(-(2 + gain) * (2 * true - 1) - 2 * hard - rng.normal(size=len(true))))
    return Outcomes(
        tuple(map(str, range(len(true)))),
        {
            "y_true": tuple(map(str, true)),
            "y_pred": tuple(str(int(value > 0.5)) for value in score),
            "y_score": tuple(f"{value:.6g}" for value in score),
        },
        len(true),
    )


def _stored(world: World, commit: str, arm: list[Outcomes]) -> list[Record]:
    records, bulk = [], []
    for seed, outcomes in enumerate(arm, start=1):
        line = outcomes_line(outcomes, seed=seed, attempt=1, condition=CONDITION)
        bulk.append(canonical(line))
        metrics = {metric: round(recompute(metric, outcomes) or 0.0, 9) for metric in METRICS}
        records.append(
            Record(
                seed=seed,
                attempt=1,
                condition=CONDITION,
                environment="e" * 64,
                metrics=metrics,
                start=now(),
                duration=61.5,
                exit=0,
                commit=commit,
                ids=outcomes.ids_fingerprint,
            )
        )
    repository = repository_of(world)
    append_lines(repository, BULK, {commit: bulk})
    lines = [record.line() for record in records]
    append_lines(repository, RUNS, {commit: [*starts_of(lines), *lines]})
    return records


def _registration(number: int, metric: str) -> Registration:
    return Registration(
        hypothesis=BECAUSE,
        name=f"run-{number}",
        change=parse_change(f"config.toml: model.C = 1.0 -> {2 + number}.0"),
        criterion=Criterion(metric, 0.005, higher_is_better=True),
        repeats=LOOKS,
        seeds=(1, LOOKS[-1]),
        widening=0.0,
        campaign=1,
        level=0.005,
        by_examples=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=16)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder to build the project in, and leave it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitexp-bench-") as temporary:
        seal(Path(temporary))
        folder = asked.keep or Path(temporary) / "project"
        begin = time.perf_counter()
        world = (
            World(folder)
            if folder.exists()
            else a_project(folder, experiments=asked.experiments, rows=asked.rows)
        )
        print(f"built in {time.perf_counter() - begin:.1f} s", file=sys.stderr)
        told = world.gitexp("verify").out.splitlines()[0]
        costs = [cost_of(VERIFY, world.path) for _ in range(asked.rounds)]
        best = min(costs, key=lambda cost: cost.wall)
        print(told)
        print(
            f"verify of {asked.experiments} experiments per example, {2 * LOOKS[-1]} runs each,"
            f" {asked.rows} rows a run: {best.wall / 1000:.1f} s, CPU {best.cpu / 1000:.1f} s"
            f" (aim: under {AIM:g} s)"
        )


if __name__ == "__main__":
    main()
