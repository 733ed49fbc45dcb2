"""Whether a verdict note in the words of another gitexp says what the records give.

Wording changes from one version to the next, and a clone may hold notes of several. What counts is
the verdict and every figure, each to the precision that it is printed with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.rules.verdict import effects, figures, words
from gitexp.rules.verdict.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from gitexp.rules.documents.registration import Registration

_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")
_PAIRS = re.compile(r"\d (?:pairs?|run against \d+)\b")
_Figure = tuple[float, int]  # exact value, and decimals that are printed today


def says_the_same(note: str, registration: Registration, judgement: Judgement) -> bool:
    """Whether a note has the verdict of a judgement and no figure that is not the judgement's.

    Its first figures must be the effect, its bounds and the number of pairs, in this order.
    """
    if not decides_the_same(note, registration, judgement):
        return False
    rest = _joined(note).partition(":")[2]
    if any(other in rest for other in Verdict):
        return False
    lines = words.note_lines(registration, judgement)
    # Older notes do not say what single runs would have told.
    if note.strip().count("\n") < len(lines) - 1 - bool(words.single_runs(registration, judgement)):
        return False
    first = list(_first(registration, judgement))
    due = words.note(registration, judgement)
    others = [*first, *_others(registration, judgement, due)]
    further = _numbers(rest, registration, judgement)[len(first) :]
    return all(any(_agrees(one, other) for other in others) for one in further)


def decides_the_same(note: str, registration: Registration, judgement: Judgement) -> bool:
    """Whether a note has the verdict of a judgement, its effect, bounds and number of pairs."""
    verdict, _, rest = _joined(note).partition(":")
    if judgement.verdict is None or verdict != judgement.verdict:
        return False
    found = _numbers(rest, registration, judgement)
    first = list(_first(registration, judgement))
    return len(found) >= len(first) and all(map(_agrees, found, first))


def _joined(note: str) -> str:
    """A note as one line, without the breaks at the hyphens of names."""
    return re.sub(r"(?<=\w)-\n", "-", note).replace("\n", " ")


def _numbers(text: str, registration: Registration, judgement: Judgement) -> list[str]:
    """The numbers of a note, without those that are part of a name or of what was registered."""
    before, metric, after = "", registration.criterion.metric, text
    if judgement.effect is not None:
        before, _, after = text.partition(metric)
    # An effect may read like the criterion: `rmse -2%`. So the first figures are kept.
    pairs = _PAIRS.search(after)
    end = pairs.end() if pairs else 0
    rest = after[end:]
    for known in sorted(_texts(registration), key=len, reverse=True):
        rest = rest.replace(known, " ")
    return _NUMBER.findall(f"{before} {after[:end]} {rest}")


def _texts(registration: Registration) -> Iterator[str]:
    yield str(registration.criterion)
    yield registration.criterion.metric
    yield registration.criterion.target
    yield from map(str, registration.guards)


def _first(registration: Registration, judgement: Judgement) -> Iterator[_Figure]:
    """Effect and bounds as they are displayed, pairs and examples."""
    criterion = registration.criterion
    if judgement.effect is not None:
        decimals = effects.effect_decimals(criterion, judgement)
        shown = (
            effects.displayed(criterion, judgement.effect),
            *(bound for bound in effects.bounds(criterion, judgement) if bound is not None),
        )
        for value in shown:
            yield value, _usual(value) if decimals is None else decimals
    yield judgement.pairs, 0
    if registration.borrowed and judgement.pairs:
        yield registration.borrowed, 0
    if judgement.examples is not None:
        yield judgement.examples, 0


def _others(registration: Registration, judgement: Judgement, due: str) -> Iterator[_Figure]:
    """Every further figure that a note may tell."""
    criterion = registration.criterion
    decimals = effects.means_decimals(criterion, judgement)
    for mean in (judgement.baseline_mean, judgement.candidate_mean):
        if mean is not None:
            yield mean, _usual(mean) if decimals is None else decimals
    for value in (criterion.amount, judgement.p, judgement.level, judgement.detectable):
        if value is not None:
            yield value, _usual(value) - 2
    if judgement.detectable is not None:
        value = effects.displayed(criterion, judgement.detectable)
        yield value, _usual(value) - 2
    for outcome in judgement.guards:
        if outcome.lower is not None:
            worst = effects.worst(outcome)
            yield worst, _usual(worst) - 2
    # Whatever else today's own note tells.
    for text in _NUMBER.findall(due):
        yield float(text.replace(",", "")), _decimals(text)


def _agrees(text: str, figure: _Figure) -> bool:
    """Whether a printed number is this figure, at least as precisely as it is printed today."""
    exact, decimals = figure
    value = float(text.replace(",", ""))
    if text.removeprefix("+") in {f"{exact + 0.0:.3g}", f"{exact + 0.0:.4g}"}:
        return True  # as versions before the rounding by intervals printed it
    return abs(value - exact) <= 0.500001 * 10.0 ** -max(decimals, _decimals(text))


def _decimals(text: str) -> int:
    """Decimals that a printed number has; negative for tens and more by an exponent."""
    mantissa, _, exponent = text.partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def _usual(value: float) -> int:
    """Decimals of four significant digits."""
    return figures.decimals_for(abs(value)) + 2 if value else 0
