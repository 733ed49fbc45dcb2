"""Runs that may be compared, and what keeps two of them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitexp.engine.condition import changes_between, condition_of

if TYPE_CHECKING:
    pass


ENVIRONMENT = {
    "python": "3.11.7",
    "implementation": "cpython",
    "accelerators": ["A100"],
    "build": "3.11.7 (main) [GCC 12]",
    "threads": 2,
    "variables": {"OMP_PROC_BIND": "true"},
    "startup": {"extra.pth": "123"},
    "data": {"data": "abc"},
    "modules": {"mine": "ccc"},
    "packages": {"numpy": "2.0 aaa", "torch": "2.5 bbb"},
}


def other(**changed: object) -> dict[str, Any]:
    return ENVIRONMENT | changed


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (other(), []),
        (other(packages={"numpy": "2.0 aaa"}), []),
        (other(packages={"numpy": "2.0 aaa", "torch": "2.5 bbb", "lightgbm": "4"}), []),
        (other(packages={"numpy": "2.1 aaa"}), ["numpy 2.0 -> 2.1"]),
        (other(packages={"numpy": None}), ["numpy 2.0 -> None"]),
        (other(packages={"numpy": "2.0 zzz"}), ["numpy has changed, though not its version"]),
        (other(packages={"numpy": "2.1 zzz"}), ["numpy 2.0 -> 2.1"]),
        (other(python="3.12.1", build="3.12.1 (main)"), ["python 3.11.7 -> 3.12.1"]),
        (
            other(python=None, implementation=None, packages={}),
            ["one of two runs did not report its Python and packages, as after os._exit()"],
        ),
        (other(accelerators=["H100"]), ["accelerators A100 -> H100"]),
        (other(data={"data": "xyz"}), ["data data has changed"]),
        (other(data={}), []),
        (other(threads=1), ["threads 2 -> 1"]),
        (other(build="3.11.7 (other)"), ["build 3.11.7 (main) [GCC 12] -> 3.11.7 (other)"]),
        (other(variables={}), ["OMP_PROC_BIND true -> unset"]),
        (
            other(variables={"OMP_PROC_BIND": "true", "MKL_CBWR": "AVX2"}),
            ["MKL_CBWR unset -> AVX2"],
        ),
        (other(startup={}), ["extra.pth is new or gone"]),
        (other(startup={"extra.pth": "456"}), ["extra.pth has changed"]),
        (other(modules={}), []),
        (other(modules={"mine": "ddd", "more": "eee"}), ["module mine has changed"]),
    ],
)
def test_what_keeps_two_runs_apart_is_named(
    environment: dict[str, object], said: list[str]
) -> None:
    assert changes_between(ENVIRONMENT, environment) == said


# As gitexp 0.1.0 wrote it.
OLD = {
    "python": "3.11.7",
    "implementation": "cpython",
    "accelerators": ["A100"],
    "data": {"data": "abc"},
    "packages": {"numpy": "2.0", "torch": "2.5"},
    "variables": {"OMP_PROC_BIND": "true"},
}


def test_what_version_0_1_0_measured_is_not_taken_for_measured_alike() -> None:
    assert changes_between(OLD, OLD) == []
    [said] = changes_between(OLD, ENVIRONMENT)
    assert "did not record threads" in said
    assert condition_of(ENVIRONMENT, {"old": OLD}) != "old"


def test_a_run_joins_the_condition_that_it_agrees_with() -> None:
    known: dict[str, dict[str, Any]] = {"one": ENVIRONMENT, "two": other(python="3.12.1", build="")}
    assert condition_of(other(packages={"numpy": "2.0 aaa", "xgboost": "2"}), known) == "one"
    assert condition_of(other(python="3.12.1", build="", packages={}), known) == "two"
    alone = condition_of(other(packages={"numpy": "9"}), known)
    assert alone not in known
    assert condition_of(other(packages={"numpy": "9"}), {}) == alone
