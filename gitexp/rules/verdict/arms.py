"""What tells the two arms of an experiment apart, though no condition holds it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WORD = re.compile(r"[^\W_]+")
# Words that tell scores of one kind from those of another; any other may be the name of a model.
_KINDS = {
    "average", "best", "dev", "eval", "evaluation", "final", "holdout", "last", "mean", "test",
    "testing", "train", "training", "val", "valid", "validation",
}  # fmt: skip


class ArmEnvironments(NamedTuple):
    """Environments of an experiment's paired runs, as their lines in the bulk say.

    `measured` is when the last of the baseline's runs ended, in seconds since 1970. `named` is the
    text that the change sets, and `replaced` the one that it sets it for, each if it is a text.
    `spans` are when runs of the experiment began and ended, also those that were not paired, such
    as one on a sample or one that failed.
    """

    baseline: Sequence[Mapping[str, Any]]
    candidate: Sequence[Mapping[str, Any]]
    measured: float = math.inf
    named: str = ""
    replaced: str = ""
    spans: Sequence[tuple[float, float]] = ()

    @property
    def differing(self) -> tuple[str, ...]:
        """Variables with one value in all runs of the baseline and another in all of the candidate.

        Hashes only compare if every run has them: version 0.1.0 stored none.
        """
        every = (*self.baseline, *self.candidate)
        if not every or any("hashed" not in environment for environment in every):
            return ()
        return self._telling("hashed")

    @property
    def suspicious(self) -> tuple[str, ...]:
        """Those of them that a run looked up, the first; then all others, if some went unwatched.

        However many there are: whoever sets one for a single arm could set others beside it.
        """
        every = (*self.baseline, *self.candidate)
        read = {name for environment in every for name in environment.get("read") or ()}
        unwatched = any(environment.get("unwatched") for environment in every)
        looked_up = [name for name in self.differing if name in read]
        others = [name for name in self.differing if name not in read]
        return (*looked_up, *others) if unwatched else (*looked_up,)

    @property
    def files(self) -> tuple[str, ...]:
        """Files outside the checkout with one content in all runs of either arm, but not the same.

        A file that only one arm opened belongs to the change: it may be what the change names.
        """
        return self._in_both("files")

    @property
    def appeared(self) -> tuple[str, ...]:
        """Files that the experiment alone read, and that were put there between the two arms.

        Neither those that a run brought, nor those that the experiment's change names.
        """
        known = {name for one in self.baseline for name in one.get("files") or ()}
        every = [one.get("changed") or {} for one in self.candidate]
        shared = set.intersection(*map(set, every)) if every else set()
        # A line that is not in this clone may have any, and a folder stands for many files.
        if not all(self.baseline) or any(name.endswith("/") for name in known):
            return ()
        moments = {name: {one[name] for one in every} for name in sorted(shared - known)}
        return tuple(
            name
            for name, found in moments.items()
            if min(found) > self.measured
            if not self._names(name) and not self._was_brought(found)
        )

    def _was_brought(self, moments: Iterable[float]) -> bool:
        """Whether a file never changed but while a run of the experiment went on."""
        return all(any(began <= at <= ended for began, ended in self.spans) for at in moments)

    def _names(self, file: str) -> bool:
        """Whether the change sets a text that the file's path has, or that has the file's name."""
        stem, text = file.rpartition("/")[2].partition(".")[0], self.named.rpartition("/")[2]
        return bool(text) and (text in file or (bool(stem) and stem in self.named))

    @property
    def sources(self) -> dict[str, tuple[str, str]]:
        """Where either arm's scores were read, by metric, for metrics that have one place each.

        `logreg accuracy` and `forest accuracy` are one place if the change sets another name.
        """
        return {
            name: (theirs, own)
            for name in self._in_both("sources")
            for theirs, own in [(a["sources"][name] for a in (self.baseline[0], self.candidate[0]))]
            if not (self.named and self.replaced and _differ_by_name(theirs, own))
        }

    @property
    def carried(self) -> tuple[str, ...]:
        """Files outside the checkout that a run read, and wrote for the next run to read."""
        every = (*self.baseline, *self.candidate)
        return tuple(sorted({file for one in every for file in one.get("carried") or ()}))

    @property
    def inert(self) -> tuple[str, ...]:
        """Files that a run loaded although the settings say that they cannot change a run."""
        every = (*self.baseline, *self.candidate)
        return tuple(sorted({file for one in every for file in one.get("inert") or ()}))

    def _in_both(self, field: str) -> tuple[str, ...]:
        """Entries that tell the arms apart and that no run is without."""
        return tuple(
            name
            for name in self._telling(field)
            if all(name in (one.get(field) or ()) for one in (self.baseline[0], self.candidate[0]))
        )

    def _telling(self, field: str) -> tuple[str, ...]:
        """Entries of a map with one value in all runs of the baseline and another in the others."""
        every = (*self.baseline, *self.candidate)
        return tuple(
            name
            for name in sorted({name for one in every for name in one.get(field) or ()})
            if _differ(_values(self.baseline, field, name), _values(self.candidate, field, name))
        )


def _differ_by_name(one: str, other: str) -> bool:
    """Whether a word takes the place of another in two labels, and none tells a kind of scores."""
    words, others = (_WORD.findall(label.lower()) for label in (one, other))
    pairs = [both for both in zip(words, others, strict=False) if both[0] != both[1]]
    return len(words) == len(others) and len(pairs) == 1 and _KINDS.isdisjoint(pairs[0])


def _values(arm: Sequence[Mapping[str, Any]], field: str, name: str) -> set[str | None]:
    return {(environment.get(field) or {}).get(name) for environment in arm}


def _differ(baseline: set[str | None], candidate: set[str | None]) -> bool:
    if len(baseline) != 1 or len(candidate) != 1 or baseline == candidate:
        return False
    # A secret's hash has the mark of the clone whose key made it, and compares only within it.
    marks = {value.partition(":")[0] for value in (*baseline, *candidate) if value and ":" in value}
    return len(marks) < 2
