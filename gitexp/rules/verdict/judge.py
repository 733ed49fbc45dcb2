"""The rule: what paired runs say about a change, by the criterion that was registered before them.

Going by "the number went up" confirms about half of all changes that do nothing, and testing again
after every run confirms a quarter of them. So runs are paired by seed, looks are fixed in advance,
each look spends only its share of both error rates, and the first look that decides is the last.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.carried import carrying_seed
from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.failed_runs import (
    FAILED_RUNS,
    Suspects,
    SuspectsAt,
    like_the_worst,
    say_worst,
)
from gitexp.rules.verdict.futility import is_futile
from gitexp.rules.verdict.guard import ROUNDING, TiesOf, judge_guard
from gitexp.rules.verdict.paired_t import (
    FEWEST_PAIRS,
    detectable_effect,
    error_of_mean,
    standard_deviation,
)
from gitexp.rules.verdict.single_run import judge_singly
from gitexp.rules.verdict.ties import SAME_SCORE, Ties, about_same_shift, room
from gitexp.rules.verdict.verdict import LARGEST_SCORE, GuardOutcome, Judgement, Verdict, close

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitexp.rules.verdict.criterion import Guard
    from gitexp.rules.verdict.verdict import Design, Examples, Pair, SingleRuns

RULE_OUT_LEVEL = 0.05  # one-sided error that an experiment may spend on missing a gain at the bar
_SHOW_A_SEED = 4  # pairs whose scores differ if the seed does anything


def _unknown(metric: str, pairs: int) -> Ties:  # noqa: ARG001 - as TiesOf has them
    return Ties()


def _unsuspected(pairs: int) -> Suspects:  # noqa: ARG001 - as SuspectsAt has it
    return Suspects()


def judge(
    design: Design,
    pairs: Sequence[Pair],
    failed_seeds: Sequence[int] = (),
    *,
    guards: Mapping[str, Sequence[Pair]] | None = None,
    examples: Mapping[int, Examples] | None = None,
    ties: TiesOf = _unknown,
    baseline: Sequence[float] = (),
    suspects: SuspectsAt = _unsuspected,
) -> Judgement:
    """Take the registered looks one by one as far as the pairs go; stop at the first that decides.

    `pairs` come in the order of the registered seeds, without a gap; those beyond a deciding look
    change nothing. `failed_seeds` are registered seeds of a look still undecided whose candidate
    run failed and could not be repeated. `guards` holds the pairs of each guarded metric, as far as
    they were reported; `examples` what a look's examples say, by its number of pairs. `ties` tells
    what is known of the outputs behind equal scores, for a metric and the first so many pairs.
    `baseline` are the baseline's scores on all registered seeds, which a constant is judged with.
    `suspects` tells the seeds among the first so many pairs whose scores may have been chosen: a
    gain is confirmed only if it also is where these count like the worst pair.

    Raises:
        ValueError: a score is not a finite number, or a seed has two pairs.

    Source: Nadeau & Bengio (2003) for the standard error; both error rates are split over the looks
    in proportion to the runs that each adds, which Bonferroni's inequality makes safe.
    """
    examples = examples or {}
    for asked in (pairs, *(guards or {}).values()):
        _refuse_unusable(asked)
    judgement = Judgement(verdict=None, reason="", look=0, pairs=0, due=design.looks[0])
    if design.needs_whole_baseline and len(baseline) < design.looks[-1]:
        return judgement
    for look, count in enumerate(design.looks, start=1):
        if count > len(pairs):
            break
        if design.by_examples and count not in examples:
            judgement = judgement._replace(due=count)
            break
        seen = _Analysis(
            design, look, tuple(pairs[:count]), guards or {}, examples.get(count), ties,
            tuple(baseline),
        )  # fmt: skip
        judgement = seen.judge()
        if judgement.verdict is Verdict.CONFIRMED and (suspected := suspects(count)).seeds:
            judgement = seen.judge_at_worst(suspected)
        if judgement.verdict is not None:
            return judgement
    if failed_seeds:
        return close(judgement, Verdict.INCONCLUSIVE, "repeats failed")
    return judgement


class _Analysis(NamedTuple):
    """The first pairs, analyzed at one look: their figures, and a verdict where it decides."""

    design: Design
    number: int
    pairs: tuple[Pair, ...]
    guarded: Mapping[str, Sequence[Pair]]
    examples: Examples | None
    ties: TiesOf
    baseline: tuple[float, ...]
    at_worst: frozenset[int] = frozenset()  # seeds that count like the worst pair

    @property
    def share(self) -> float:
        """Part of both error rates that this look may spend."""
        return share_of(self.design.looks, self.number)

    def judge(self) -> Judgement:
        """Decide, if this look can; the last one always does."""
        design, pairs, n = self.design, self.pairs, len(self.pairs)
        last = self.number == len(design.looks)
        try:
            differences = [design.criterion.difference(p.baseline, p.candidate) for p in pairs]
        except ValueError:
            seen = self._seen()
            return close(seen, Verdict.INCONCLUSIVE, "not positive")
        effect = math.fsum(differences) / n
        few = design.seeded and n < FEWEST_PAIRS
        seen = self._seen(
            effect,
            None if few or not design.seeded else self._spread(differences),
            judge_singly(design.criterion, pairs),
        )
        if few:
            return close(seen, Verdict.INCONCLUSIVE, "unreplicated") if last else seen
        # Scores near a million are rounded at 1e-10, so the differences of a deterministic trainer
        # are not quite equal. Taken for repeats that agree to ten digits, they would confirm
        # anything.
        largest = max(max(abs(p.baseline), abs(p.candidate)) for p in pairs)
        rounding = ROUNDING * (max(1.0, largest) if design.rules < 2 else largest)
        if all(abs(p.candidate - p.baseline) <= rounding for p in pairs):
            tied = self._judge_ties(seen)
            if tied is not None:
                return tied
        if design.criterion.scale is Scale.PERCENT:
            rounding = ROUNDING
        error, df = self._error(seen.sd, n)
        if df < FEWEST_PAIRS - 1:
            return close(seen, Verdict.INCONCLUSIVE, "unreplicated")
        if design.rules < 2:
            if (error if seen.sd is None else seen.sd) <= rounding:
                return close(seen, Verdict.INCONCLUSIVE, "zero variance")
        elif error <= rounding:
            said = about_same_shift([p.baseline for p in pairs]) if design.seeded else ""
            # Equal shifts of scores that vary may be chance; what ignores its seed stays the same.
            if not last and (said is not SAME_SCORE or n < _SHOW_A_SEED):
                return seen
            return close(seen._replace(detail=said), Verdict.INCONCLUSIVE, "zero variance")
        return self._weigh(seen, effect, error, df, rounding)

    def judge_at_worst(self, suspected: Suspects) -> Judgement:
        """Confirm only what does not rest on seeds whose scores may have been chosen.

        If running some of them again may answer that, or no look is left, it is INCONCLUSIVE.
        """
        seeds = suspected.seeds
        pairs = tuple(like_the_worst(self.pairs, seeds, self.design.criterion.difference))
        held = self._replace(pairs=pairs, at_worst=seeds).judge()
        if held.verdict is Verdict.CONFIRMED and len(seeds) < len(self.pairs):
            said = filter(None, (held.detail, say_worst(seeds)))
            return held._replace(detail="; ".join(said))
        looks = self.design.looks
        if suspected.answerable or self.number == len(looks):
            return close(held, Verdict.INCONCLUSIVE, FAILED_RUNS)
        return held._replace(
            verdict=None, reason="", detail=say_worst(seeds), due=looks[self.number]
        )

    def _seen(
        self,
        effect: float | None = None,
        sd: float | None = None,
        single_runs: SingleRuns | None = None,
    ) -> Judgement:
        """The figures of this look, before they decide anything."""
        design, pairs, n = self.design, self.pairs, len(self.pairs)
        return Judgement(
            verdict=None,
            reason="",
            look=self.number,
            pairs=n,
            due=None if self.number == len(design.looks) else design.looks[self.number],
            effect=effect,
            sd=sd,
            level=design.level * self.share,
            baseline_mean=math.fsum(pair.baseline for pair in pairs) / n,
            candidate_mean=math.fsum(pair.candidate for pair in pairs) / n,
            examples=None if self.examples is None else self.examples.count,
            single_runs=single_runs,
        )

    def _spread(self, differences: Sequence[float]) -> float:
        """Standard deviation of the differences.

        Against a constant, a single arm's few scores often agree by chance; so it is at least what
        both arms have in common.
        """
        own = standard_deviation(differences)
        if not self.design.needs_whole_baseline:
            return own
        n, other = len(differences), len(self.baseline)
        of_baseline = standard_deviation(self.baseline)
        pooled = ((n - 1) * own**2 + (other - 1) * of_baseline**2) / (n + other - 2)
        return max(own, math.sqrt(pooled))

    def _judge_ties(self, seen: Judgement) -> Judgement | None:
        """Judge pairs that all have equal scores; None if their examples tell more.

        Under rules 1 equal scores rule out whatever was asked.
        """
        design, known = self.design, self.ties(self.design.criterion.metric, seen.pairs)
        if design.rules < 2 or known.identical:
            return close(seen, Verdict.RULED_OUT, "identical output")
        if self.examples is not None or design.criterion.scale is Scale.CONSTANT:
            return None
        if known.step is not None:
            upper = room(known.step, seen.pairs, RULE_OUT_LEVEL * self.share)
            seen = seen._replace(upper=upper)
            if upper < design.criterion.bar:
                return close(seen, Verdict.RULED_OUT, "equal scores")
        return close(seen, Verdict.INCONCLUSIVE, "too coarse") if seen.due is None else seen

    def _error(self, sd: float | None, pairs: int) -> tuple[float, float]:
        """Standard error of the mean of so many differences, and its degrees of freedom."""
        error, df = error_of_mean(sd, pairs, self.design.widening, self.examples)
        return error, df if self.design.rules > 1 or sd is None else pairs - 1

    def _weigh(
        self, seen: Judgement, effect: float, error: float, df: float, rounding: float
    ) -> Judgement:
        """Compare an effect that varies with the bar, at both levels of its look."""
        criterion = self.design.criterion
        level, other_level = self.design.level * self.share, RULE_OUT_LEVEL * self.share
        p = student_t.sf(effect / error, df)
        lower = effect + student_t.ppf(level, df) * error
        upper = effect - student_t.ppf(other_level, df) * error
        guards = tuple(self._guard(guard, other_level) for guard in self.design.guards)
        seen = seen._replace(
            standard_error=error,
            p=p,
            lower=lower,
            upper=upper,
            detectable=detectable_effect(error, df, level),
            guards=guards,
        )
        reaches_bar = effect >= criterion.bar - rounding
        passes = p <= level and reaches_bar
        if passes and all(guard.holds for guard in guards):
            strong = lower >= criterion.bar - rounding
            asks = self.design.rules > 1 and criterion.scale is not Scale.CONSTANT
            if asks and (carrier := self._carrier()):
                seen = seen._replace(detail=carrier)
            return close(seen, Verdict.CONFIRMED, "strong" if strong else "")
        if upper < criterion.bar:
            harmful = upper < 0 and criterion.scale is not Scale.CONSTANT
            return close(seen, Verdict.RULED_OUT, "harmful" if harmful else "below the bar")
        if any(guard.holds is False for guard in guards):
            return close(seen, Verdict.RULED_OUT, "guard broken")
        if seen.due is not None:
            sd, last = seen.sd or 0.0, self.design.looks[-1]
            if is_futile(effect, self._goal(sd), sd, len(self.pairs), last):
                return close(seen, Verdict.INCONCLUSIVE, "futile")
            return seen
        if passes:
            return close(seen, Verdict.INCONCLUSIVE, "guard not shown")
        if p <= level:
            below = "real but below the bar" if self.design.rules < 2 else "real, size uncertain"
            return close(seen, Verdict.INCONCLUSIVE, below)
        # Alone, the experiment would have had the customary 5 %, spent over the same looks.
        if p <= other_level and reaches_bar:
            return close(seen, Verdict.INCONCLUSIVE, "passes alone but not at its level")
        return close(seen, Verdict.INCONCLUSIVE, "too noisy")

    def _guard(self, guard: Guard, level: float) -> GuardOutcome:
        seeds = {pair.seed for pair in self.pairs}
        pairs = [pair for pair in self.guarded.get(guard.metric, ()) if pair.seed in seeds]
        if len(pairs) < len(seeds):
            return GuardOutcome(guard, None)
        if self.at_worst:
            pairs = like_the_worst(pairs, self.at_worst, guard.difference)
        return judge_guard(self.design, guard, pairs, self.ties, level)

    def _carrier(self) -> str:
        """Name the seed that a confirmed gain rests on, if there is one."""
        criterion = self.design.criterion
        differences = [criterion.difference(p.baseline, p.candidate) for p in self.pairs]
        seed = carrying_seed(self.pairs, differences, criterion.bar)
        if seed is None:
            return ""
        return f"without seed {seed}, on which the baseline did badly, the gain would miss the bar"

    def _goal(self, sd: float) -> float:
        """The effect that the last look would confirm, if the runs to come vary as these do."""
        bar, looks = self.design.criterion.bar, self.design.looks
        if self.design.rules < 2:
            return bar
        error, df = self._error(sd, looks[-1])
        level = self.design.level * share_of(looks, len(looks))
        return max(bar, -student_t.ppf(level, df) * error)


def share_of(looks: Sequence[int], number: int) -> float:
    """Part of both error rates that look `number`, from 1, may spend: that of the runs it adds."""
    before = looks[number - 2] if number > 1 else 0
    return (looks[number - 1] - before) / looks[-1]


def _refuse_unusable(pairs: Sequence[Pair]) -> None:
    seeds: set[int] = set()
    for pair in pairs:
        # Written so that NaN, which compares as false, is refused too.
        if not (abs(pair.baseline) <= LARGEST_SCORE and abs(pair.candidate) <= LARGEST_SCORE):
            scores = f"{pair.baseline} and {pair.candidate}"
            raise ValueError(f"seed {pair.seed}: {scores} are not two scores within +-1e300")
        if pair.seed in seeds:
            raise ValueError(f"seed {pair.seed} has two pairs; a seed counts once")
        seeds.add(pair.seed)
