"""How many threads a run computes with: one number, the same for every run of a condition.

The libraries below take as many threads as the machine has cores, unless a variable says otherwise.
Then two runs at once get in each other's way, and sums are rounded in another order on another
machine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from gitexp.rules.text import counted

_OMP = "OMP_NUM_THREADS"
# They read the number of OpenMP's threads if their own variable is unset.
_AFTER_OMP = ("BLIS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_OWN = (
    "LOKY_MAX_CPU_COUNT",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def usable_cores() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share_of_cores(jobs: int) -> int:
    """Threads that each of `jobs` runs at once gets, so that together they use every core."""
    return max(1, usable_cores() // jobs)


def thread_variables(threads: int, given: Mapping[str, str]) -> dict[str, str]:
    """Variables that limit a run to `threads`; what is `given` already is left as it is."""
    names = (_OMP, *_AFTER_OMP, *_OWN) if _OMP not in given else _OWN
    return {name: str(threads) for name in names if name not in given}


def about_threads_elsewhere(threads: int) -> str:
    """What to know about the number of threads that runs get on other machines."""
    each = f"each run computes with {counted(threads, 'thread')}"
    return f"{each}, and so will every run compared with it (`threads` in the settings)"


def about_threads(threads: int, jobs: int, *, fixed: bool) -> str:
    """What to know about the number of threads of a run; "" if it is as one would expect."""
    each, cores = f"each run computes with {counted(threads, 'thread')}", usable_cores()
    here = f"this machine has {counted(cores, 'core')}"
    if threads > cores:
        return f"{each}, as the baseline's runs do, but {here}: they take longer here"
    if jobs > 1 and not fixed:
        return f"{each}, and so will every run compared with it: {here} for {jobs} runs at once"
    if jobs > 1 and jobs * threads > cores:
        return (
            f"{each}, as the baseline's runs do, but {here} for {jobs} runs at once: they take"
            f" longer; threads = {share_of_cores(jobs)} in the settings measures the baseline again"
        )
    return ""
