"""How many threads a run gets, and what is said about it."""

from __future__ import annotations

import pytest

from gitexp.engine import threads
from gitexp.engine.threads import about_threads, share_of_cores, thread_variables


def test_every_library_is_limited_unless_the_user_has_set_its_variable() -> None:
    limited = thread_variables(3, {"RAYON_NUM_THREADS": "8"})
    assert {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"} <= limited.keys()
    assert set(limited.values()) == {"3"}
    assert "RAYON_NUM_THREADS" not in limited


def test_what_follows_the_users_openmp_keeps_following_it() -> None:
    limited = thread_variables(3, {"OMP_NUM_THREADS": "1"})
    assert not {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"} & limited.keys()
    assert limited["POLARS_MAX_THREADS"] == "3"


@pytest.mark.parametrize(("cores", "jobs", "share"), [(8, 1, 8), (8, 3, 2), (2, 4, 1)])
def test_runs_at_once_share_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, jobs: int, share: int
) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda: cores)
    assert share_of_cores(jobs) == share


@pytest.mark.parametrize(
    ("number", "jobs", "fixed", "said"),
    [
        (4, 1, True, ""),
        (4, 1, False, ""),
        (2, 2, True, ""),
        (2, 2, False, "so will every run compared with it"),
        (8, 1, True, "this machine has 4 cores: they take longer"),
        (4, 2, True, "threads = 2 in the settings"),
    ],
)
def test_a_number_of_threads_that_surprises_is_explained(
    monkeypatch: pytest.MonkeyPatch, number: int, jobs: int, *, fixed: bool, said: str
) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    told = about_threads(number, jobs, fixed=fixed)
    assert (said in told) is True
    assert bool(told) is bool(said)
