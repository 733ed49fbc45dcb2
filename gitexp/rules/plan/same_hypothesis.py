"""Earlier experiments that said nearly the same as a new one."""

from __future__ import annotations

from collections.abc import Container, Iterable

from gitexp.rules.finding import Finding
from gitexp.rules.plan.similar import Texts

_ALIKE = 0.6  # cosine of two hypotheses that say the same


class Hypotheses:
    """What experiments said, as (name, text), to find the one that is most like another."""

    def __init__(self, said: Iterable[tuple[str, str]]) -> None:
        self._said = [*said]
        self._texts = Texts(text for _, text in self._said)

    def most_like(self, hypothesis: str, but: Container[str]) -> tuple[float, str, str]:
        """Cosine, name and text of the nearest one that has none of the names in `but`."""
        ranked = ((alike, *self._said[index]) for alike, index in self._texts.rank(hypothesis))
        return next((one for one in ranked if one[1] not in but), (0.0, "", ""))


def same_hypothesis(
    hypothesis: str, others: Hypotheses, again: Container[str] = ()
) -> Finding | None:
    """Point to the experiment whose hypothesis is most like this one, but none of `again`."""
    alike, name, text = others.most_like(hypothesis, again)
    if alike < _ALIKE:
        return None
    return Finding(
        "K5",
        f"exp/{name} has much the same hypothesis\n  {text}",
        f"gitexp show {name} shows it",
        advice=True,
    )
