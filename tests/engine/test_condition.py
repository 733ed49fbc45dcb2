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
    "data": {"data": "abc"},
    "packages": {"numpy": "2.0", "torch": "2.5"},
}


def other(**changed: object) -> dict[str, Any]:
    return ENVIRONMENT | changed


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (other(), []),
        (other(packages={"numpy": "2.0"}), []),
        (other(packages={"numpy": "2.0", "torch": "2.5", "lightgbm": "4"}), []),
        (other(packages={"numpy": "2.1", "torch": "2.5"}), ["numpy 2.0 -> 2.1"]),
        (other(packages={"numpy": None, "torch": "2.5"}), ["numpy 2.0 -> None"]),
        (other(python="3.12.1"), ["python 3.11.7 -> 3.12.1"]),
        (other(accelerators=["H100"]), ["accelerators A100 -> H100"]),
        (other(data={"data": "xyz"}), ["data data has changed"]),
        (other(data={}), []),
    ],
)
def test_what_keeps_two_runs_apart_is_named(
    environment: dict[str, object], said: list[str]
) -> None:
    assert changes_between(ENVIRONMENT, environment) == said


def test_a_run_joins_the_condition_that_it_agrees_with() -> None:
    known: dict[str, dict[str, Any]] = {"one": ENVIRONMENT, "two": other(python="3.12.1")}
    assert condition_of(other(packages={"numpy": "2.0", "xgboost": "2"}), known) == "one"
    assert condition_of(other(python="3.12.1", packages={}), known) == "two"
    alone = condition_of(other(packages={"numpy": "9"}), known)
    assert alone not in known
    assert condition_of(other(packages={"numpy": "9"}), {}) == alone
