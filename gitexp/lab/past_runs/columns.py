"""What a column, parameter or status is about, by its name."""

from __future__ import annotations

import re

from gitexp.rules.documents.metric_name import direction_of
from gitexp.rules.plan.past_runs import Kept

_SEED = {"seed", "random_state", "random_seed", "rng", "fold"}
DESCRIPTIONS = ("description", "change", "idea", "hypothesis")
LABELS = (*DESCRIPTIONS, "name", "run_name", "run", "commit", "id")
STATUSES = ("status", "state", "outcome", "decision", "result", "kept")
# Words of columns that say when, where or at what price a run was made.
_ABOUT_THE_RUN = {
    "author", "created", "date", "duration", "end", "finished", "gb", "gpu", "host", "hostname",
    "hours", "id", "index", "iteration", "mb", "memory", "mfu", "minutes", "name", "notes", "path",
    "run", "runtime", "seconds", "sha", "start", "started", "time", "timestamp", "user", "vram",
}  # fmt: skip
_KEPT = {"accept", "accepted", "baseline", "improved", "keep", "kept", "true", "win", "yes"}
_DISCARDED = {"discard", "discarded", "false", "no", "rejected", "revert", "reverted"}
_FAILED = {"crash", "crashed", "error", "failed", "failure", "killed", "oom", "timeout"}


def words(name: str) -> set[str]:
    """The words of a column's name."""
    return set(re.findall(r"[a-z0-9]+", name.lower()))


def is_seed(name: str) -> bool:
    """Whether it holds what repeats of one configuration differ in."""
    last = re.split(r"[./]", name.lower())[-1]
    return last in _SEED or last.endswith("_seed")


def is_about_the_run(name: str) -> bool:
    """Whether it says when, where or at what price a run was made."""
    return bool(words(name) & _ABOUT_THE_RUN)


def is_setting(name: str) -> bool:
    """Whether it configures a run: neither seed nor metric, nor about the run itself."""
    return not (
        is_seed(name) or is_about_the_run(name) or direction_of(name) or name.lower() in STATUSES
    )


def kept_by(status: str) -> Kept:
    """What became of a run by the word of its status."""
    word = status.strip().lower()
    if word in _KEPT:
        return Kept.KEPT
    if word in _FAILED:
        return Kept.FAILED
    return Kept.DISCARDED if word in _DISCARDED else Kept.UNSAID
