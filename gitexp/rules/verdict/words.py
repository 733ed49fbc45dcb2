"""The verdict in words: one line for a log, two to six lines for the note that git shows."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict import effects, figures
from gitexp.rules.verdict.code_below import TOGETHER
from gitexp.rules.verdict.criterion import Criterion, Scale, number_written
from gitexp.rules.verdict.single_run import say_single_runs

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import GuardOutcome, Judgement

_MOST_GUARDS = 3  # lines of a note; gitexp show lists all
_WIDTH = 76  # columns; git log indents notes by four

# By the reason that a judgement gives; what stands in braces is filled in from its figures.
_MEANING = {
    "strong": "even the {worst} bound reaches {aim}",
    "": "a real gain; it may be smaller than {size}",
    "identical output": "every run gave the baseline's score: does the code read the value?",
    "equal scores": "every pair has the same score: {aim} is ruled out at this level",
    "too coarse": "every pair has the same score, too coarse to rule out {aim}",
    "seed spread borrowed": "a real gain, if runs of the change vary at most twice as much as the"
    " baseline's; it may be smaller than {size}",
    "rests on the borrowed spread": "holds only if runs of the change vary about as little as the"
    " baseline's: repeats would tell",
    "below the bar": "even the {best} bound does not reach {aim}",
    "harmful": "the change makes {metric} worse",
    "zero variance": "all pairs differ by the same amount, so chance cannot be measured",
    "unreplicated": "fewer than three pairs cannot tell an effect from a lucky seed",
    "repeats failed": "a registered run failed, and leaving it out would bias the result",
    "futile": "stopped early: unlikely to reach {aim}; not ruled out",
    "real but below the bar": "a real gain, but smaller than {size} on average; not ruled out",
    "real, size uncertain": "a real gain of uncertain size: its mean misses {aim}; not ruled out",
    "passes alone but not at its level": "promising ({p}), but this campaign needs {limit}",
    "too noisy": "too noisy to tell: it can detect {detectable} or better",
    "not positive": "a percentage needs scores above zero",
    "guard broken": "it breaks a guard: {broken}",
    "guard not shown": "a real gain, but the runs do not show that {unsure} holds",
    "other rows were tested": "the two arms were not tested on the same rows",
    "seeds repeat each other": "pairs came again, so there are fewer of them than it seems",
    "records in conflict": "two records of one run differ, and the verdict depends on which counts",
    "failed runs may have chosen": "runs that failed may have left only the good ones",
    "the baseline has moved": "a repeated run of the baseline no longer gives its recorded score",
    "the code changes what it should not": "the code alters results while its switch is off",
    "no better than its own code": "better than the baseline, but not than its own code with the"
    " switch off",
    "unlucky baseline": "runs of the baseline on fresh seeds do not bear the gain out",
    "not deterministic": "two runs of the baseline differ, so one run is not evidence",
}
_MEANING_OF_RULES_1 = {  # in notes that are not rewritten
    "zero variance": "all pairs differ by the same amount: does the seed change anything?"
}
_ONE_RUN = "one run cannot tell an effect from chance; per-example predictions could"


def verdict_line(registration: Registration, judgement: Judgement) -> str:
    """Verdict, effect with its bounds, and the number of pairs, on one line."""
    word = judgement.verdict or "UNDECIDED"
    found = judgement.reason
    if judgement.effect is not None:
        found = effect(registration.criterion, judgement)
    said = [found, compared(registration, judgement)]
    if judgement.examples is not None:
        said.append(counted(judgement.examples, "example"))
    if judgement.code == TOGETHER:
        said.append(TOGETHER)
    return f"{word}: {', '.join(filter(None, said))}"


def compared(registration: Registration, judgement: Judgement) -> str:
    """How many runs were compared: `5 pairs`, or `1 run against 5 of the baseline`."""
    if registration.borrowed and judgement.pairs:
        return f"1 run against {registration.borrowed} of the baseline"
    return counted(judgement.pairs, "pair")


def effect(criterion: Criterion, judgement: Judgement) -> str:
    """A measured effect with its bounds: `accuracy +0.020 [+0.008, +0.026]`."""
    return f"{criterion.metric} {effects.measured(criterion, judgement)}"


def meaning(registration: Registration, judgement: Judgement) -> str:
    """The one reason of a verdict, in plain words."""
    if judgement.block:
        runs = counted(judgement.block, "run")
        return f"not decided yet: the baseline needs {runs} on its next block of seeds"
    if judgement.unproven:
        seeds = counted(judgement.unproven, "more seed")
        return f"not decided yet: the code must be proven neutral on {seeds}"
    if judgement.verdict is None:
        return f"not decided yet: the next look needs {counted(judgement.due or 0, 'pair')}"
    if judgement.reason not in _MEANING:  # runs that skipped the gate say why in their own words
        return judgement.reason
    if judgement.reason == "unreplicated" and not registration.seeded:
        return _ONE_RUN
    criterion = registration.criterion
    worst, best = ("lower", "upper") if criterion.higher_is_better else ("upper", "lower")
    constant = criterion.scale is Scale.CONSTANT
    aim = number_written(criterion.amount) if constant else criterion.target
    could = judgement.detectable
    if judgement.reason == "too noisy" and could is None:
        return "too noisy to tell"
    former = _MEANING_OF_RULES_1 if registration.rules < 2 else {}
    return former.get(judgement.reason, _MEANING[judgement.reason]).format(
        worst=worst, best=best, aim=aim, metric=criterion.metric,
        size=aim if criterion.higher_is_better else aim.lstrip("-"),
        p="?" if judgement.p is None else figures.p_value(judgement.p),
        limit="?" if judgement.level is None else f"{judgement.level:.3g}",
        detectable="?" if could is None else effects.detectable(criterion, could),
        broken=", ".join(str(one.guard) for one in judgement.guards if one.holds is False),
        unsure=" and ".join(str(one.guard) for one in judgement.guards if not one.holds),
    )  # fmt: skip


def single_runs(registration: Registration, judgement: Judgement) -> str:
    """What single runs would have told; empty under rules 1, whose notes do not change."""
    return say_single_runs(judgement) if registration.rules > 1 else ""


def note(registration: Registration, judgement: Judgement) -> str:
    """The verdict note: two to six lines that fit a terminal, readable without gitexp."""
    return "".join(
        textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"
        for line in note_lines(registration, judgement)
    )


def note_lines(registration: Registration, judgement: Judgement) -> list[str]:
    """The lines of a verdict note, before they are broken to fit."""
    lines = [verdict_line(registration, judgement)]
    if judgement.p is not None and judgement.level is not None:
        before, after = effects.means(registration, judgement)
        held = figures.p_value(judgement.p, judgement.level)
        parts = [f"mean {before} -> {after}", f"success: {registration.criterion}", held]
        if judgement.reason == "passes alone but not at its level":
            parts.pop()  # the last line says it
        lines.append("; ".join(parts))
    lines += [f"guard {guard_line(one)}" for one in judgement.guards[:_MOST_GUARDS]]
    if len(judgement.guards) > _MOST_GUARDS:
        lines.append(f"and {len(judgement.guards) - _MOST_GUARDS} more guards")
    lines.append(meaning(registration, judgement))
    if said := single_runs(registration, judgement):
        lines.append(said)
    if judgement.code == TOGETHER:
        lines.append(
            f"{TOGETHER}: the baseline does not repeat its own score, so the code cannot be proven"
            " neutral"
        )
    elif judgement.code:
        lines.append(f"code {judgement.code}")
    steady = judgement.verdict == "CONFIRMED" and not judgement.failed
    if registration.rules > 1 and registration.seeded and steady:
        # Divergence that none of the runs showed cannot be seen by any test on them.
        n, most = judgement.pairs, 1 - 0.05 ** (1 / judgement.pairs)
        rate = f"the true rate may be up to {100 * most:.0f} %"
        lines.append(f"0 of {n} candidate runs diverged; {rate}")
    explored = judgement.verdict == "EXPLORATORY"  # on seeds that no verdict uses
    if registration.rules > 1 and not (registration.fresh_seeds or explored):
        what, them = ("seeds (folds)", "them") if registration.seeded else ("data", "it")
        lines.append(f"all experiments use the same {what}, so none of {them} is fresh")
    return [*lines, judgement.detail] if judgement.detail else lines


def guard_line(outcome: GuardOutcome) -> str:
    """A guard, how it came out, and the worst value that the runs leave possible."""
    state = {True: "holds", False: "broken", None: "not shown"}[outcome.holds]
    if outcome.lower is None:
        return f"{outcome.guard}: {state}"
    return f"{outcome.guard}: {state}, at worst {effects.worst_text(outcome)}"
