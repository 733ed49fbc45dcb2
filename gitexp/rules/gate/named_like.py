"""What a value is by its name: one more seed, or a part of how results are measured."""

from __future__ import annotations

import re

from gitexp.rules.documents.change import Change

_SEED = re.compile(r"(\w+[_-])?(seed|random[_-]?state)", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")
_MEASURING = {
    "eval", "evaluate", "evaluation", "holdout", "metric", "metrics", "score", "scorer", "scoring",
    "test", "testing", "val", "valid", "validation",
}  # fmt: skip
# Words of other meanings: the value at which gradients are clipped, XGBoost's first prediction.
_NOT_MEASURING = re.compile(r"(?:clip|fill|init|pad)_val(?![a-z])|base_score", re.IGNORECASE)
# Of these: how often it is measured, and at what price.
_WHEN = {
    "batch", "best", "device", "early", "every", "freq", "frequency", "interval", "log", "num",
    "patience", "period", "save", "step", "steps", "stopping", "verbose", "workers",
}  # fmt: skip


def by_its_name(change: Change) -> str:
    """Say what a changed value may be besides a part of the model; empty if nothing.

    Where repeats do not draw a seed, whoever tries several keeps the luckiest.
    """
    if is_another_seed(change):
        return (
            f"{change.spelled_key} is a seed, by its name: some value of it gives a better score by"
            " luck, on which no other data will agree"
        )
    names = [part for part in change.key if isinstance(part, str)]
    said = [_NOT_MEASURING.sub("", name).lower() for name in names]
    words = {word for name in said for word in _WORD.findall(name)}
    if not words & _MEASURING or words & _WHEN:
        return ""
    return (
        f"{change.spelled_key} may decide what is measured, by its name: if other examples are"
        " scored, or scored otherwise, the verdict is about that and not about the model"
    )


def is_another_seed(change: Change) -> bool:
    """Whether one number takes the place of another under the name of a seed."""
    return (
        type(change.before) is type(change.after) is int
        and bool(change.key)
        and _SEED.fullmatch(str(change.key[-1])) is not None
    )
