"""Which settings measure: where they change, results before and after cannot be compared."""

from __future__ import annotations

from gitexp.rules.documents.overlap import overlap
from gitexp.rules.documents.settings import Settings
from gitexp.rules.gate.formats.values import spell

# What runs and what is read from it. A training that takes longer, or gets other seeds, is still
# measured as before.
_MEASURE = ("command", "shell", "metric", "direction", "metrics", "predictions", "data")
_LONGEST = 60  # characters of a value in a sentence


def changed_protocol(before: Settings, after: Settings) -> tuple[str, ...]:
    """What two versions of the settings measure differently, each as `KEY: BEFORE -> AFTER`.

    Locking more changes nothing that measures: paths may be added to `protect`, and a first holdout
    may be declared. Taking the lock from a path counts, also where it becomes a config.
    """
    names = [name for name in _MEASURE if getattr(before, name) != getattr(after, name)]
    if not {*before.protect} <= {*after.protect}:
        names.append("protect")
    if before.holdout and before.holdout != after.holdout:
        names.append("holdout")
    if _takes_data(before, after):
        names.append("config")
    return tuple(f"{name}: {_shown(before, name)} -> {_shown(after, name)}" for name in names)


def _takes_data(before: Settings, after: Settings) -> bool:
    """Whether a new config pattern may match declared data, or what the holdout command reads."""
    new = {*after.config} - {*before.config}
    locked = [*before.data, *before.holdout.split()]
    return any("**" in one or any(overlap(one, two) for two in locked) for one in new if locked)


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    text = spell([*value] if isinstance(value, tuple) else value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
