"""How often the verdict is wrong on real trainings: `python -m tests.bench.trainers [ROW ...]`.

gitexp's own code judges thousands of experiments drawn from real scikit-learn trainings, of which
the true effect is known. Shares are in per cent with their standard error. Nothing is asserted
here: a share is called missed where chance (two standard errors) does not explain that it is over
its aim.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import sklearn

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.campaign import Member, Place, next_place
from gitexp.rules.verdict.criterion import Criterion, Guard, Scale
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.paired_t import smallest_detectable_effect
from gitexp.rules.verdict.verdict import Design, Examples, Judgement, Pair, Verdict
from tests.bench import trained
from tests.bench.simulated import (
    RUNS,
    SAMPLE,
    TRAINED,
    Draw,
    Estimate,
    Experiment,
    Size,
    Told,
    dealt,
    gathered,
    in_parts,
    judged,
    naive_answers,
    resplit,
    simulated,
    twins,
)
from tests.bench.trained import WIDENING, Floats

LOOKS = (5, 10, RUNS)
LEVEL = 0.05
BUDGET, PLANNED = 0.10, 50
FULL = Size(parts=10, experiments=100, seeds=100, sets=50, streams=100, chains=6)
QUICK = Size(parts=2, experiments=8, seeds=24, sets=4, streams=10, chains=1)

_MOVING = ("SGD", "forest", "random tree")
_FOREST = "digits, forest"


def a_design(bar: float = 0.0, **change: object) -> Design:
    """Accuracy must rise by at least `bar`, at looks 5, 10 and 20."""
    design = Design(Criterion("accuracy", bar, higher_is_better=True), LOOKS, LEVEL, 0.0)
    return replace(design, **change)  # type: ignore[arg-type]


# --- tables -------------------------------------------------------------------------------------


def _head(title: str, *columns: str) -> None:
    print(f"\n{title}\n{'':44}" + "".join(f"{column:>17}" for column in columns), flush=True)


def _line(what: str, *cells: str, note: str = "") -> None:
    print(
        (f"{what:44}" + "".join(f"{cell:>17}" for cell in cells) + f"  {note}").rstrip(), flush=True
    )


def _share(found: Estimate, most: float = 1.0) -> str:
    missed = "!" if found.value - 2 * found.error > most else ""
    return f"{missed}{100 * found.value:.1f} ±{100 * found.error:.1f}"


# --- changes that do nothing --------------------------------------------------------------------


def nothing(size: Size) -> None:
    """Changes that do nothing, confirmed all the same."""
    _head(
        "Changes that do nothing, confirmed at 5 % against a bar of 0 (aim: 5 at most)",
        "one look, 20", "looks 5 10 20", "went up, 1", "went up, 5", "plain t, 20", "peeking",
        "1 run by rows",
    )  # fmt: skip
    for what, draw, design in _designs():
        found = simulated(size, partial(_confirmed, design), draw)
        cells = [_share(found.pop(name), LEVEL) for name in ("one look", "looks")]
        _line(what, *cells, *map(_share, found.values()))
    for what, draw, design in _further_designs(size):
        found = simulated(size, partial(_confirmed_at_last, design), draw)
        _line(what, _share(found["looks"], LEVEL), note=f"looks {design.looks}")


def _designs() -> Iterator[tuple[str, Draw, Design]]:
    for name in trained.SHIPPED:
        yield f"scores, fixed split: {name}", partial(dealt, name), a_design()
    redrawn = a_design(widening=WIDENING)
    yield f"scores, split redrawn: {_FOREST}", partial(dealt, _FOREST, redrawn=True), redrawn
    for name in _MOVING:
        yield f"scores, split redrawn: {name}", partial(resplit, name), redrawn
    yield f"examples, fixed split: {_FOREST}", partial(dealt, _FOREST), a_design(by_examples=True)
    for name in _MOVING:
        yield f"examples, fixed split: {name}", partial(twins, name), a_design(by_examples=True)
    both = a_design(widening=WIDENING, by_examples=True)
    for name in _MOVING:
        yield f"examples, split redrawn: {name}", partial(resplit, name), both


def _confirmed(design: Design, experiment: Experiment, _: np.random.Generator) -> Told:
    weighed: dict[int, Examples] = {}
    once = judged(replace(design, looks=(RUNS,)), experiment, weighed)
    return {
        "one look": once.verdict is Verdict.CONFIRMED,
        "looks": judged(design, experiment, weighed).verdict is Verdict.CONFIRMED,
    } | naive_answers(experiment, LEVEL)


def _further_designs(size: Size) -> Iterator[tuple[str, Draw, Design]]:
    loss = Criterion("log_loss", 0.0, higher_is_better=False, scale=Scale.PERCENT)
    for name in (_FOREST, "breast cancer, SGD"):
        yield f"percent, log loss: {name}", partial(dealt, name), a_design(criterion=loss)
    for name in trained.SHIPPED:
        constant = Criterion(
            "accuracy", _mean(name, size), higher_is_better=True, scale=Scale.CONSTANT
        )
        yield f"constant: {name}", partial(dealt, name), a_design(criterion=constant)
    five = a_design(looks=(5,), by_examples=True)
    f1 = replace(five, criterion=Criterion("f1", 0.0, higher_is_better=True))
    yield "F1 by bootstrap, fixed split: forest", partial(twins, "forest", runs=5), f1
    yield (
        "F1 by bootstrap, split redrawn: forest", partial(resplit, "forest", runs=5),
        replace(f1, widening=WIDENING),
    )  # fmt: skip
    one = a_design(looks=(1,), seeded=False, by_examples=True)
    bayes = "naive Bayes"
    yield f"Seeds: none, fixed split: {bayes}", partial(twins, bayes, runs=1), one
    redrawn = replace(one, widening=WIDENING)
    yield f"Seeds: none, one split of many: {bayes}", partial(resplit, bayes, runs=1), redrawn


def _confirmed_at_last(design: Design, experiment: Experiment, _: np.random.Generator) -> Told:
    return {"looks": judged(design, experiment).verdict is Verdict.CONFIRMED}


def split(size: Size) -> None:
    """What a fixed split cannot tell."""
    _head(
        "As good on all data, judged by scores of one fixed split: confirmed at 5 %, looks 5 10 20",
        "as it should be", "on other rows",
    )  # fmt: skip
    for name in _MOVING:
        found = simulated(size, partial(_confirmed_at_last, a_design()), partial(twins, name))
        _line(name, "", _share(found["looks"]))


# --- an effect at the bar -----------------------------------------------------------------------


def bar(size: Size) -> None:
    """A true effect exactly at the bar, ruled out all the same."""
    _head(
        "A true effect exactly at the bar, ruled out (aim: 5 at most)",
        "one look, 20", "looks 5 10 20", "5 % each look",
    )  # fmt: skip
    for what, draw, design, plant in _at_the_bar(size):
        found = simulated(size, partial(_ruled_out, design, plant), draw)
        _line(what, *(_share(found[name], LEVEL) for name in ("one look", "looks")),
              _share(found["each"]))  # fmt: skip


Plant = Callable[[Experiment, np.random.Generator], Experiment]


def _shifted(effect: float, experiment: Experiment, _: np.random.Generator) -> Experiment:
    return experiment.gaining(effect)


def _mended(share: float, experiment: Experiment, rng: np.random.Generator) -> Experiment:
    return experiment.mended(share, rng)


def _at_the_bar(size: Size) -> Iterator[tuple[str, Draw, Design, Plant]]:
    for name in trained.SHIPPED:
        effect = _spread(name, size) / 2
        plant = partial(_shifted, effect)
        yield f"scores, fixed split: {name}", partial(dealt, name), a_design(effect), plant
    # Mistakes put right at random raise the expected accuracy by exactly that share of them.
    effect = 0.03
    for name in _MOVING:
        plant = partial(_mended, effect / _mistakes(name, size))
        for redrawn, draw in ((0.0, twins), (WIDENING, resplit)):
            for by_examples in (False, True):
                if not redrawn and not by_examples:
                    continue
                what = "examples" if by_examples else "scores"
                where = "split redrawn" if redrawn else "fixed split"
                design = a_design(effect, widening=redrawn, by_examples=by_examples)
                yield f"{what}, {where}: {name}", partial(draw, name), design, plant


def _mean(name: str, size: Size) -> float:
    """Mean accuracy on a fixed split."""
    return float(np.mean(in_parts(size, partial(_scores, name, size))))


def _spread(name: str, size: Size) -> float:
    """Standard deviation of a paired difference on a fixed split."""
    scores = np.concatenate(in_parts(size, partial(_scores, name, size)))
    return float(np.std(scores[:, 1] - scores[:, 0]))


def _scores(name: str, size: Size, part: int) -> Floats:
    return trained.shipped(name, redrawn=False, part=part, seeds=size.seeds).score


def _mistakes(name: str, size: Size) -> float:
    """Expected share of rows that a trainer gets wrong, on other data than is judged."""
    predicted, true = trained.twins(
        name, part=99, seeds=size.seeds // 2, train=TRAINED, rows=SAMPLE
    )
    return float((predicted != true).mean())


def _ruled_out(
    design: Design, plant: Plant, experiment: Experiment, rng: np.random.Generator
) -> Told:
    planted, weighed = plant(experiment, rng), dict[int, Examples]()
    each = (
        judged(replace(design, looks=(look,)), planted, weighed).verdict for look in design.looks
    )
    decided = next((v for v in each if v is not Verdict.INCONCLUSIVE), None)
    once = judged(replace(design, looks=(RUNS,)), planted, weighed).verdict
    return {
        "one look": once is Verdict.RULED_OUT,
        "looks": judged(design, planted, weighed).verdict is Verdict.RULED_OUT,
        "each": decided is Verdict.RULED_OUT,
    }


def guards(size: Size) -> None:
    """A clear gain whose guarded metric is worse by exactly the margin."""
    _head(
        "Gains of 4 sd, with log loss worse by exactly its margin (aim: 5 at most for each)",
        "confirmed", "guard broken", "not shown",
    )  # fmt: skip
    for name in trained.SHIPPED:
        found = simulated(
            size, partial(_guarded, 4 * _spread(name, size), 0.05), partial(dealt, name)
        )
        _line(f"log_loss +0.05: {name}", _share(found["confirmed"], LEVEL),
              _share(found["broken"], LEVEL), _share(found["open"]))  # fmt: skip


def _guarded(effect: float, margin: float, experiment: Experiment, _: np.random.Generator) -> Told:
    design = a_design(guards=(Guard(Criterion("log_loss", margin, higher_is_better=True)),))
    worse = replace(experiment.gaining(effect), loss=np.add(experiment.loss, (0.0, margin)))
    judgement = judged(design, worse)
    return {
        "confirmed": judgement.verdict is Verdict.CONFIRMED,
        "broken": judgement.verdict is Verdict.RULED_OUT,
        "open": judgement.verdict is Verdict.INCONCLUSIVE,
    }


# --- power --------------------------------------------------------------------------------------


def power(size: Size) -> None:
    """How often a true gain is confirmed, and after how many pairs."""
    _head(
        "Gains confirmed, and pairs until the verdict; bar 0.5 sd of a paired difference",
        *(f"{effect} sd" for effect in (1, 2, 3, 4)),
    )  # fmt: skip
    for level in (0.05, 0.005):
        for name, widening, draw, sd in (
            (_FOREST, 0.0, partial(dealt, _FOREST), _spread(_FOREST, size)),
            ("SGD", WIDENING, partial(resplit, "SGD"), _spread_redrawn("SGD", size)),
        ):
            design = a_design(sd / 2, level=level, widening=widening)
            found = simulated(size, partial(_confirmed_gains, design, sd), draw)
            where = "split redrawn" if widening else "fixed split"
            cells = [
                f"{_share(found[f'{k} sd'])}, {found[f'{k} pairs'].value:.1f}"
                for k in (1, 2, 3, 4)
            ]  # fmt: skip
            _line(f"level {level}, {where}: {name}", *cells)
    sd = _spread(_FOREST, size)
    for looks in ((RUNS,), LOOKS):
        share = (looks[-1] - ([0, *looks][-2])) / looks[-1]
        effect = smallest_detectable_effect(sd, RUNS, 0.0, LEVEL * share)
        design = a_design(sd / 10, looks=looks)
        ask = partial(_planted, design, partial(_shifted, effect))
        found = simulated(size, ask, partial(dealt, _FOREST))
        _line(
            f"smallest detectable, looks {looks}",
            _share(found["confirmed"]),
            note="aim: 80 or more",
        )


def _spread_redrawn(name: str, size: Size) -> float:
    """The same where a seed redraws the split, within one data set."""
    return float(np.sqrt(np.mean(in_parts(size, partial(_variance_redrawn, name, size)))))


def _variance_redrawn(name: str, size: Size, part: int) -> float:
    score = np.array([experiment.score for experiment in resplit(name, part, size)])
    return float(np.mean(np.var(score[..., 1] - score[..., 0], axis=1, ddof=1)))


def _confirmed_gains(
    design: Design, sd: float, experiment: Experiment, _: np.random.Generator
) -> Told:
    told: Told = {}
    for k in (1, 2, 3, 4):
        judgement = judged(design, experiment.gaining(k * sd))
        told[f"{k} sd"] = judgement.verdict is Verdict.CONFIRMED
        told[f"{k} pairs"] = judgement.pairs
    return told


def _planted(
    design: Design, plant: Plant, experiment: Experiment, rng: np.random.Generator
) -> Told:
    return {"confirmed": judged(design, plant(experiment, rng)).verdict is Verdict.CONFIRMED}


# --- a stream of experiments --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stream:
    """Fifty experiments of which `gains` have a true effect of so many standard deviations.

    Confirmed ones may be accepted; of the last `late` the verdicts are not known yet. Without a
    plan each is judged at 5 %.
    """

    gains: int
    spreads: float = 2
    accept: bool = False
    late: int = 0
    planned: int | None = PLANNED


_STREAMS = {
    "no gain among them": Stream(0),
    "10 gains of 1 sd": Stream(10, 1),
    "10 gains of 2 sd": Stream(10),
    "the same, confirmed ones accepted": Stream(10, accept=True),
    "the same, five always under way": Stream(10, late=5),
    "the same, planned 20: three campaigns": Stream(10, planned=20),
    "the same, each at 5 %": Stream(10, planned=None),
}


def stream(size: Size) -> None:
    """Fifty experiments under one budget, on shared baseline runs."""
    _head(
        "50 experiments, planned 50, budget 10 %, bar 0.5 sd, looks 5 10 20 (aim: 10 at most)",
        "false, of conf.", "false, of nulls", "found, of gains", "pairs each",
    )  # fmt: skip
    sd = _spread(_FOREST, size)
    for what, plan in _STREAMS.items():
        found = gathered(size, partial(_streams, size, plan, sd))
        _line(
            what, _share(found["fdr"], BUDGET if plan.planned else 1.0),
            f"{found['false'].value:.2f} of {PLANNED - plan.gains}",
            f"{found['found'].value:.2f} of {plan.gains}", f"{found['pairs'].value:.1f}",
        )  # fmt: skip


def _streams(size: Size, plan: Stream, sd: float, part: int) -> list[Told]:
    scores, rng = _scores(_FOREST, size, part).ravel(), np.random.default_rng([part, 6])
    return [_stream(plan, scores, sd, rng) for _ in range(size.streams)]


def _stream(plan: Stream, scores: Floats, sd: float, rng: np.random.Generator) -> Told:
    """Run one stream: what share of its confirmations is false, how many gains are found.

    Candidates draw their runs from what the baseline left, so both come from one distribution.
    """
    gains = [plan.spreads * sd] * plan.gains
    mixed = rng.permutation(scores)
    members: list[Member] = []
    confirmed, pairs = [], []
    for effect in rng.permutation(gains + [0.0] * (PLANNED - plan.gains)).tolist():
        decided = len(members) - plan.late
        known = [
            standing if number < decided else standing._replace(verdict=None)
            for number, standing in enumerate(members)
        ]
        place = next_place(known, "accuracy", planned=plan.planned or PLANNED, budget=BUDGET)
        design = a_design(sd / 2, level=place.level if plan.planned else LEVEL)
        candidate = rng.choice(mixed[RUNS:], RUNS, replace=False) + effect
        rows = zip(mixed[:RUNS].tolist(), candidate.tolist(), strict=True)
        judgement = judge(design, [Pair(seed, *row) for seed, row in enumerate(rows)])
        members.append(_member(design, place, judgement))
        pairs.append(judgement.pairs)
        if judgement.verdict is Verdict.CONFIRMED:
            confirmed.append(effect)
            if plan.accept:
                # The new baseline is measured on fresh seeds; effects count from there.
                mixed = rng.permutation(scores)
    false = confirmed.count(0.0)
    return {
        "fdr": false / max(1, len(confirmed)),
        "false": false,
        "found": len(confirmed) - false,
        "pairs": float(np.mean(pairs)),
    }


def _member(design: Design, place: Place, judgement: Judgement) -> Member:
    registration = Registration(
        hypothesis="a change raises accuracy because it was planted so",
        name="drawn",
        change=parse_change("config.toml: model.C = 1 -> 2"),
        criterion=design.criterion,
        repeats=design.looks,
        seeds=(1, design.looks[-1]),
        widening=design.widening,
        campaign=place.campaign,
        level=design.level,
    )
    return Member.of(registration, judgement.verdict, measured=True)


# --- a chain of accepted changes ----------------------------------------------------------------


_CHAIN = (5, 10)  # looks; accepted changes need as many fresh seeds again
_VALIDATION = 1_000  # rows of the one validation set, or of the one data set that is split


def chain(size: Size) -> None:
    """Fifty changes that do nothing, taken in one after the other."""
    _head(
        "50 changes that do nothing, in a chain, in points of accuracy (truth: 0)",
        "accepted", "gain claimed",
    )  # fmt: skip
    for where, links, designs in (
        ("fixed split", _fixed_links, [a_design(), a_design(by_examples=True)]),
        ("split redrawn", _redrawn_links, [a_design(widening=WIDENING)]),
    ):
        found = gathered(size, partial(_chains, size, links, designs))
        for name in dict.fromkeys(key.partition(":")[0] for key in found):
            taken, claimed = found[f"{name}:accepted"], found[f"{name}:claimed"]
            _line(
                f"{where}, {name}", f"{taken.value:.1f}",
                f"{100 * claimed.value:+.2f} ±{100 * claimed.error:.2f}",
            )  # fmt: skip


Links = Callable[[Size, int], Iterator[Experiment]]


def _chains(size: Size, links: Links, designs: Sequence[Design], part: int) -> list[Told]:
    told = []
    for runs in links(size, part):
        found = _went_up(runs, 1) | _went_up(runs, 5)
        for design in designs:
            found |= _accepted(runs, replace(design, looks=_CHAIN))
        told.append(found)
    return told


def _fixed_links(size: Size, part: int) -> Iterator[Experiment]:
    """Runs of a baseline and fifty candidates on one validation set, each a block of its own."""
    seeds, rows = 2 * _CHAIN[-1], size.chains * _VALIDATION
    predicted, true = trained.twins(
        "SGD", part=part, seeds=seeds, train=TRAINED // 2, rows=rows, blocks=PLANNED + 1
    )
    for begin in range(0, rows, _VALIDATION):
        told = predicted[:, :, begin : begin + _VALIDATION]
        truth = np.broadcast_to(true[begin : begin + _VALIDATION], (seeds, _VALIDATION))
        ids = np.broadcast_to(np.arange(_VALIDATION, dtype=np.int32), truth.shape)
        score = (told == truth[:, None]).mean(axis=2)
        yield Experiment(score, score, told, truth, ids)


def _redrawn_links(size: Size, part: int) -> Iterator[Experiment]:
    for pool in trained.redrawn(
        "SGD", part=part, sets=size.chains, rows=_VALIDATION, seeds=2 * _CHAIN[-1],
        blocks=PLANNED + 1,
    ):  # fmt: skip
        yield Experiment(pool.score, pool.score, pool.predicted, pool.true, pool.ids)


def _went_up(links: Experiment, runs: int) -> Told:
    """Keep whatever has the best mean so far."""
    best, taken = 0, 0
    means = links.score[:runs].mean(axis=0)
    for candidate in range(1, PLANNED + 1):
        if means[candidate] > means[best] + 1e-12:
            best, taken = candidate, taken + 1
    name = "what went up, " + ("1 run" if runs == 1 else f"mean of {runs}")
    return {f"{name}:accepted": taken, f"{name}:claimed": float(means[best] - means[0])}


def _accepted(links: Experiment, design: Design) -> Told:
    """Accept what is confirmed within one campaign, each baseline measured on fresh seeds."""
    best, claimed, taken, members = 0, 0.0, 0, list[Member]()
    # Never the seeds that the present baseline won on.
    seeds = np.arange(2 * design.looks[-1]).reshape(2, -1)
    bar = replace(design.criterion, amount=0.005)
    for candidate in range(1, PLANNED + 1):
        place = next_place(members, "accuracy", planned=PLANNED, budget=BUDGET)
        fresh = seeds[taken % 2]
        pair = np.ix_(fresh, [best, candidate])
        experiment = Experiment(
            links.score[pair], links.loss[pair], links.predicted[pair], links.true[fresh],
            links.ids[fresh],
        )  # fmt: skip
        judgement = judged(replace(design, criterion=bar, level=place.level), experiment)
        members.append(_member(design, place, judgement))
        if judgement.verdict is Verdict.CONFIRMED:
            best, claimed, taken = candidate, claimed + (judgement.effect or 0.0), taken + 1
    name = f"CONFIRMED by {'examples' if design.by_examples else 'scores'}"
    return {f"{name}:accepted": taken, f"{name}:claimed": claimed}


ROWS = {row.__name__: row for row in (nothing, split, bar, guards, power, stream, chain)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", nargs="*", help=f"any of {', '.join(ROWS)}; none: all of them")
    parser.add_argument("--quick", action="store_true", help="too few to conclude, in a minute")
    asked = parser.parse_args()
    if unknown := set(asked.row) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="gitexp-bench-") as folder:
        os.environ[trained.KEPT] = folder
        _simulate(asked.row or list(ROWS), QUICK if asked.quick else FULL)


def _simulate(rows: Sequence[str], size: Size) -> None:
    print(f"Python {platform.python_version()}, scikit-learn {sklearn.__version__}; per cent")
    for name in rows:
        begin = time.perf_counter()
        ROWS[name](size)
        print(f"({name}: {time.perf_counter() - begin:.0f} s)")


if __name__ == "__main__":
    main()
