"""Rules 1 and rules 2 side by side: `python -m tests.bench.verdicts [--experiments N] [KIND ...]`.

gitexp's own code judges simulated scores (tests.bench.scores) by both versions of the rules, on the
same draws. Every figure has its Monte Carlo error; experiments on one baseline count as one draw.
The last line says whether rules 2 err above a level where rules 1 did not. On real trainings:
tests.bench.trainers.
"""

from __future__ import annotations

import argparse
import math
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.campaign import campaign_level
from gitexp.rules.verdict.criterion import Criterion, Guard, Scale
from gitexp.rules.verdict.judge import RULE_OUT_LEVEL, judge
from gitexp.rules.verdict.paired_t import standard_deviation
from gitexp.rules.verdict.pooling import Estimate, pool
from gitexp.rules.verdict.verdict import Design, Judgement, Pair, Verdict
from tests.bench.scores import BAR, GROUP, Guarded, Kind, Rng, Runs, guarded, kinds

LOOKS, FIXED_LOOKS = (5, 10, 20), (4, 6, 9, 13, 18, 24)
LEVELS = (0.05, 0.025, 0.005)
RULES = (1, 2)
BUDGET, GAIN = 0.10, 2.0  # of campaigns; units


@dataclass(frozen=True, slots=True)
class Share:
    """A mean over experiments and its standard error, which counts each group of them once."""

    value: float
    error: float

    @classmethod
    def of(cls, groups: Sequence[Sequence[float]]) -> Share:
        means = [float(np.mean(group)) for group in groups]
        error = float(np.std(means, ddof=1)) / math.sqrt(len(means))
        # Where all came out alike: as if one experiment had not.
        return cls(float(np.mean(means)), error or 1 / sum(map(len, groups)))

    def percent(self) -> str:
        return f"{100 * self.value:.2f} ±{100 * self.error:.2f}"

    def runs(self) -> str:
        return f"{self.value:.1f} ±{self.error:.1f}"

    def above(self, level: float) -> bool:
        """Whether it lies above the level by more than chance explains."""
        return self.value - 2 * self.error > level


Shares = dict[int, Share]  # by the version of the rules
Judged = dict[int, list[list[Judgement]]]  # by the version of the rules and the baseline


def judged(design: Design, runs: Runs) -> Judgement:
    """Judge as `gitexp run` does: the first look that decides ends it."""
    count = design.looks[-1]
    examples = {} if runs.examples is None else dict.fromkeys(design.looks, runs.examples)
    return judge(
        design,
        runs.pairs(count),
        guards=runs.guards(count),
        examples=examples,
        ties=runs.ties,
        baseline=runs.baseline[:count].tolist(),
    )


def judged_by_both(draws: Iterable[Iterable[Runs]], design: Callable[[int], Design]) -> Judged:
    """Judge every experiment by both versions of the rules."""
    both = {rules: design(rules) for rules in RULES}
    found: Judged = {rules: [] for rules in RULES}
    for group in draws:
        runs = list(group)
        for rules in RULES:
            found[rules].append([judged(both[rules], one) for one in runs])
    return found


def shares(found: Judged, of: Callable[[Judgement], float]) -> Shares:
    return {
        rules: Share.of([[of(one) for one in group] for group in groups])
        for rules, groups in found.items()
    }


def confirmed(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.CONFIRMED


def strong(judgement: Judgement) -> bool:
    return confirmed(judgement) and judgement.reason == "strong"


def ruled_out(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.RULED_OUT


def pairs(judgement: Judgement) -> float:
    return judgement.pairs


# --- one kind of project ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """What both versions of the rules do to one kind of project at one level.

    `false` is CONFIRMED where the effect and the bar are 0; with the effect exactly at the bar,
    `large` is CONFIRMED as strong (at least the bar) and `out` is RULED OUT. `one` and `two` are
    CONFIRMED at one and two units; `cost` and `work` are pairs until the verdict at 0 and one unit.
    """

    name: str
    level: float
    false: Shares
    large: Shares
    out: Shares
    one: Shares
    two: Shares
    cost: Shares
    work: Shares

    def rates(self) -> Iterator[tuple[str, Shares, float]]:
        """Errors with the level that each must keep."""
        yield f"{self.name}, level {self.level:g}: false", self.false, self.level
        yield f"{self.name}, level {self.level:g}: strong at the bar", self.large, self.level
        yield f"{self.name}, level {self.level:g}: ruled out at the bar", self.out, RULE_OUT_LEVEL


def row_of(kind: Kind, level: float, groups: int, *, proposed: bool = False) -> Row:
    """Simulate a row; `proposed` gives rules 2 the looks that they propose for a fixed split."""

    def designed(bar: float) -> Callable[[int], Design]:
        amount = bar * kind.unit
        if kind.scale is Scale.PERCENT:
            amount = -100 * math.expm1(-amount)
        higher = kind.scale is not Scale.PERCENT
        criterion = Criterion("score", amount, higher, kind.scale)
        return lambda rules: Design(
            criterion, FIXED_LOOKS if proposed and rules > 1 else LOOKS, level, kind.widening,
            by_examples=kind.by_examples, rules=rules,
        )  # fmt: skip

    def found(effect: float, bar: float) -> Judged:
        rng = np.random.default_rng([12, round(10 * effect)])
        draws = (kind.draw(rng, effect * kind.unit) for _ in range(groups))
        return judged_by_both(draws, designed(bar))

    nothing, at_bar = found(0, kind.bar), found(kind.bar, kind.bar)
    one, two = found(1, kind.bar), found(2, kind.bar)
    return Row(
        kind.name + ", proposed looks" * proposed, level,
        false=shares(found(0, 0) if kind.bar else nothing, confirmed),
        large=shares(at_bar, strong), out=shares(at_bar, ruled_out),
        one=shares(one, confirmed), two=shares(two, confirmed),
        cost=shares(nothing, pairs), work=shares(one, pairs),
    )  # fmt: skip


def rows_of(groups: int, words: Sequence[str]) -> Iterator[Row]:
    """Kinds of projects whose names have one of the words, with all levels for scores alone."""
    for kind in kinds():
        if words and not any(word in kind.name for word in words):
            continue
        plain = kind.name.startswith("scores")
        for level in LEVELS if plain else (LEVELS[0], LEVELS[-1]):
            yield row_of(kind, level, groups)
            if plain and not kind.widening:
                yield row_of(kind, level, groups, proposed=True)


# --- tables -------------------------------------------------------------------------------------


def head(title: str, *columns: str) -> None:
    """Print the head of a table in Markdown; both versions of the rules have their column."""
    names = [f"{column}, rules {rules}" for column in columns for rules in RULES]
    print(f"\n{title}\n\n| | {' | '.join(names)} |\n|---|{'---|' * len(names)}", flush=True)


def line(what: str, *cells: Shares, percent: bool = True) -> None:
    """Print a line of a table."""
    told = [
        cell[rules].percent() if percent else cell[rules].runs()
        for cell in cells
        for rules in RULES
    ]
    print(f"| {what} | {' | '.join(told)} |", flush=True)


def errors(rows: Iterable[Row]) -> list[Row]:
    """Print how often each kind of project is told something wrong, as it comes."""
    head(
        f"Errors, %; looks {LOOKS}: confirmed where effect and bar are 0 (at most the level), with"
        " an effect exactly at the bar confirmed as strong (at most the level) or ruled out (at"
        " most 5)",
        "false", "strong at the bar", "out at the bar",
    )  # fmt: skip
    done = []
    for row in rows:
        line(f"{row.name}, level {100 * row.level:g} %", row.false, row.large, row.out)
        done.append(row)
    return done


def costs(rows: Sequence[Row]) -> None:
    """Print what each kind of project gets for its runs."""
    head(f"Power, %, against a bar of {BAR} units", "1 unit", "2 units")
    for row in rows:
        line(f"{row.name}, level {100 * row.level:g} %", row.one, row.two)
    head(f"Pairs until the verdict, against a bar of {BAR} units", "no effect", "1 unit")
    for row in rows:
        line(f"{row.name}, level {100 * row.level:g} %", row.cost, row.work, percent=False)


def guard_rows(groups: int) -> Iterator[tuple[str, Shares, float]]:
    """Print what becomes of guards at their margin; return the errors with their level."""
    head(
        "A gain of 4 units, level 5 %, with a guarded metric worse by exactly its margin (at most"
        " 5), %; and not worse",
        "confirmed", "guard broken", "not worse: confirmed",
    )  # fmt: skip
    for kind in guarded():
        at_margin, unharmed = (_guarded(kind, worse, groups) for worse in (kind.margin, 0.0))
        wrong, broken = shares(at_margin, confirmed), shares(at_margin, ruled_out)
        line(kind.name, wrong, broken, shares(unharmed, confirmed))
        yield f"guard, {kind.name}: confirmed", wrong, RULE_OUT_LEVEL
        yield f"guard, {kind.name}: broken", broken, RULE_OUT_LEVEL


def _guarded(kind: Guarded, worse: float, groups: int) -> Judged:
    limit = Criterion("guarded", kind.margin, higher_is_better=False)
    criterion = Criterion("score", BAR, higher_is_better=True)
    rng = np.random.default_rng([13, round(100 * worse)])
    return judged_by_both(
        (kind.draw(rng, worse) for _ in range(groups)),
        lambda rules: Design(
            criterion, LOOKS, LEVELS[0], kind.widening, (Guard(limit),), rules=rules
        ),
    )


def known_seeds(groups: int) -> None:
    """Print what trying by hand does: rules 1 register the tried seeds, rules 2 fresh ones."""
    head(
        "Do nothing, tried by hand on five seeds and registered where p < .05: confirmed, %; bar 0",
        *(f"level {100 * level:g} %" for level in (LEVELS[0], LEVELS[-1])),
    )
    rng = np.random.default_rng(14)
    tried: list[list[float]] = []
    while len(tried) < groups * GROUP:
        d = rng.normal(size=LOOKS[-1]).tolist()
        t = math.fsum(d[:5]) / 5 / (standard_deviation(d[:5]) / math.sqrt(5))
        if student_t.sf(t, 4) < 0.05:
            tried.append(d)
    fresh = rng.normal(size=(groups * GROUP, LOOKS[-1])).tolist()
    cells = []
    for level in (LEVELS[0], LEVELS[-1]):
        design = Design(Criterion("score", 0, higher_is_better=True), LOOKS, level, 0.0)
        cells.append({
            rules: Share.of([[confirmed(judge(design, _differing(d)))] for d in seen])
            for rules, seen in zip(RULES, (tried, fresh), strict=True)
        })  # fmt: skip
    line("seeds 1, 2, ... / fresh ones", *cells)


def _differing(differences: Sequence[float]) -> list[Pair]:
    return [Pair(seed, 0.0, d) for seed, d in enumerate(differences)]


def intervals(groups: int) -> None:
    """Print how often the 95 % interval of several tries of one value holds its effect."""
    print("\nPooled 95 % interval of tries of one value holds the effect, %\n\n| | |\n|---|---|")
    for tries, each in ((2, 5), (5, 5), (10, 3), (3, 20)):
        rng, held = np.random.default_rng([15, tries]), []
        for _ in range(groups * GROUP):
            d = rng.normal(size=(tries, each))
            mean, reach = pool(
                Estimate(float(row.mean()), each, "a", (each * n + 1, each * (n + 1)),
                         float(row.std(ddof=1)))
                for n, row in enumerate(d)
            )  # fmt: skip
            held.append([abs(mean) <= reach])
        print(f"| {tries} tries of {each} pairs | {Share.of(held).percent()} |", flush=True)


# --- a project ----------------------------------------------------------------------------------

_EXPERIMENTS = 400  # of one project


def projects(number: int) -> None:
    """Print which share of the confirmed changes of whole projects does nothing."""
    head(
        f"False, of the confirmed, %: {_EXPERIMENTS} experiments in campaigns with a budget of"
        f" 10 %; gains of {GAIN:g} units; each confirmed change becomes the baseline",
        "20 planned", "5 planned",
    )  # fmt: skip
    for real in (0.0, 0.02, 0.05, 0.1, 0.2):
        cells = [
            {rules: Share.of([[_false_share(rules, planned, real, np.random.default_rng([16, n]))]
                              for n in range(number)])
             for rules in RULES}
            for planned in (20, 5)
        ]  # fmt: skip
        line(f"{100 * real:g} % of ideas work", *cells)


def _false_share(rules: int, planned: int, real: float, rng: Rng) -> float:
    looks = LOOKS if rules < 2 else FIXED_LOOKS
    baseline, found, false, within = rng.normal(size=looks[-1]), 0, 0, 0
    for number in range(_EXPERIMENTS):
        within = within if number % planned else 0
        level = campaign_level(BUDGET, planned, within)
        design = Design(Criterion("score", BAR, True), looks, level, 0.0, rules=rules)
        works = rng.random() < real
        candidate = rng.normal(size=looks[-1]) + math.sqrt(2) * GAIN * works
        d = (candidate - baseline) / math.sqrt(2)
        if confirmed(judge(design, _differing(d.tolist()))):
            found, false, within = found + 1, false + (not works), within + 1
            baseline = rng.normal(size=looks[-1])
    return false / max(1, found)


# --- the check ----------------------------------------------------------------------------------


def failures(rates: Iterable[tuple[str, Shares, float]]) -> list[str]:
    """Errors of rules 2 above their level, where those of rules 1 were not."""
    return [
        f"{name} {both[2].percent()}, at most {100 * level:g}"
        for name, both, level in rates
        if both[2].above(level) and both[1].value <= level + 2 * both[1].error
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", nargs="*", help="words of their names; none: every table")
    parser.add_argument("--experiments", type=int, default=1000, help="of each cell; default 1000")
    asked = parser.parse_args()
    groups, begin = max(2, asked.experiments // GROUP), time.process_time()
    print(f"Python {platform.python_version()}, NumPy {np.__version__};"
          f" {groups * GROUP} experiments each, {GROUP} of them on one baseline")  # fmt: skip
    rows = errors(rows_of(groups, asked.kind))
    costs(rows)
    wrong = [rate for row in rows for rate in row.rates()]
    if not asked.kind:
        wrong += guard_rows(groups)
        known_seeds(groups)
        intervals(groups)
        projects(max(4, groups // 8))
    found = failures(wrong)
    print(f"\n{time.process_time() - begin:.0f} s of CPU; {len(wrong)} error rates")
    print("\n".join(found) or "Rules 2 keep every level that rules 1 keep.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
