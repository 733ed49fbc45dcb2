"""A metric's values on resampled examples; each run is resampled once, however often it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from gitexp.statistics.weighted import weighted_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gitexp.statistics.arrays import RunRows

    Floats = NDArray[np.float64]

BLOCK = 1 << 17  # weights at a time: a megabyte, which stays in the processor's cache
SEED = 20_261_125  # of the bootstrap: any number will do, but always the same one
DRAWS = 500  # of the bootstrap: they give a standard error to 3 %


def draw_weights(examples: int, draws: int) -> Iterator[Floats]:
    """Draw examples with replacement: how often each was drawn, a line per draw, some at a time.

    The draws depend on the number of examples alone.
    """
    rng = np.random.default_rng(SEED)
    size = max(1, min(draws, BLOCK // examples))
    for begin in range(0, draws, size):
        picks = rng.integers(0, examples, (min(size, draws - begin), examples))
        counts = [np.bincount(row, minlength=examples) for row in picks]
        yield np.stack(counts).astype(np.float64)


class Resampler:
    """Remembers the values that runs have on the draws.

    A baseline run is compared with every experiment on that baseline, and any run at several looks.
    As long as they have the same examples, they are resampled alike.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Floats] = {}

    def scores(self, metric: str, runs: Sequence[RunRows], examples: int) -> list[Floats]:
        """Value of a metric on each draw, one array per run; nan where it is undefined.

        `examples` is the number of distinct ids, of which the runs' places are indices.
        """
        keys = [_identity(metric, run, examples) for run in runs]
        new = {k: run for k, run in zip(keys, runs, strict=True) if k not in self._known}
        found: dict[bytes, list[Floats]] = {key: [] for key in new}
        for weights in draw_weights(examples, DRAWS) if new else ():
            for key, run in new.items():
                whole = len(run.place) == examples
                mine = weights if whole else weights[:, run.place]
                found[key].append(weighted_score(metric, run, mine))
        self._known |= {key: np.concatenate(parts) for key, parts in found.items()}
        return [self._known[key] for key in keys]


def _identity(metric: str, run: RunRows, examples: int) -> bytes:
    identity = blake2b(f"{metric} {examples} {run.labels} {run.positive}".encode(), digest_size=16)
    for array in (run.place, run.true, run.guess):
        identity.update(np.ascontiguousarray(array).data)
    return identity.digest()
