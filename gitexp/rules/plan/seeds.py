"""Which seeds a registration takes: known to everybody beforehand, and chosen by nobody.

Whoever may choose seeds can choose those on which an idea did well when it was tried by hand. So
the first one is a hash of what stands before the experiment, and the seeds of all experiments on
one baseline are the same.
"""

from __future__ import annotations

from collections.abc import Collection

from gitexp.rules.finding import Finding

SCREENING = range(1, 100_000)  # seeds that no verdict uses, unless they are numbers of folds
REGISTERED = range(100_000, 1_000_000)  # where the first block begins
APART = 1_000  # from the first seed of one block to that of the next
MOST_BLOCKS = 50  # that a baseline ever needs


def start_of(project: str, commit: str) -> int:
    """First seed of the first block on a baseline.

    `project` is the project's folder, `commit` the earliest one whose records count for the
    baseline: a commit that alters no run leaves the seeds as they are.
    """
    import hashlib  # loads OpenSSL

    drawn = hashlib.sha256(f"{project}\0{commit}".encode()).digest()
    return REGISTERED[int.from_bytes(drawn[:8], "big") % len(REGISTERED)]


def block(start: int, number: int, runs: int) -> range:
    """Seeds of a block, numbered from 0, on a baseline that starts at `start`."""
    first = start + APART * number
    return range(first, first + runs)


def fresh_block(start: int, runs: int, used: Collection[int], least: int = 0) -> int:
    """Number of the first block, from `least` on, in which no seed was `used`."""
    number = least
    # Longer tests reach into the next blocks.
    while any(seed in block(start, number, max(runs, APART)) for seed in used):
        number += 1
    return number


def on_one_baseline(first: int, other: int) -> bool:
    """Whether two registrations whose seeds begin so are on one baseline, in whatever blocks.

    Two baselines hardly ever start that close with the same last digits.
    """
    return (first - other) % APART == 0 and abs(first - other) <= APART * MOST_BLOCKS


def nothing_fresh(name: str, first_seed: int | None) -> Finding:
    """Refuse to test a change again where there is nothing left to draw."""
    why = (
        'the seed changes nothing here (vary = "none")'
        if first_seed is None
        else f"seeds are fold numbers here (first_seed = {first_seed})"
    )
    return Finding(
        "K6",
        f"exp/{name} tested this change, and {why}: a second test would see the same data and"
        " add nothing",
        f"see what it found: gitexp show {name}\n"
        f"or, once the code on the baseline has changed: gitexp retest {name}",
    )
