from __future__ import annotations

import pytest

from gitexp.errors import UsageError
from gitexp.rules.plan.sweep import split_sweep


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("model.C=1,3,10", "model.C", ["1", "3", "10"]),
        (" model.C = 1 , 3 ", "model.C", ["1", "3"]),
        ("conf/a.yaml:lr=1e-3,1e-4", "conf/a.yaml:lr", ["1e-3", "1e-4"]),
        ('solver="a,b",c', "solver", ['"a,b"', "c"]),
        ("name='it\\'s, so',b", "name", ["'it\\'s, so'", "b"]),
        ("layers=[8, 8],[16, [1, 2]],()", "layers", ["[8, 8]", "[16, [1, 2]]", "()"]),
        ("q=a=b,c", "q", ["a=b", "c"]),
        ("C=1..100 log 5", "C", ["1", "3", "10", "32", "100"]),
        ("C=0.01..1 log 3", "C", ["0.01", "0.1", "1.0"]),
        ("C=1.0..100.0 log 5", "C", ["1.0", "3.16", "10.0", "31.6", "100.0"]),
        ("lr=1e-5..1e-1 log 3", "lr", ["1e-05", "0.001", "0.1"]),
        ("n=2..10 5", "n", ["2", "4", "6", "8", "10"]),
        ("n=2..10 linear 3", "n", ["2", "6", "10"]),
        ("x=-1..1 3", "x", ["-1", "0", "1"]),
        ("x=-0.5..0.5 3", "x", ["-0.5", "0.0", "0.5"]),
        ("version=1.2.3,1.2.4", "version", ["1.2.3", "1.2.4"]),
    ],
)
def test_a_sweep_is_a_list_or_a_range(text: str, key: str, values: list[str]) -> None:
    assert split_sweep(text) == (key, tuple(values))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model.C", "has no values"),
        ("=1,2", "has no values"),
        ("C=", "has an empty value"),
        ("C=1,,2", "has an empty value"),
        ("C=1,2,", "has an empty value"),
        ("C=10", "names only one value"),
        ("C=[1,2]", "names only one value"),
        ("C=1..9 log 4.5", "is not a range that can be read"),
        ("C=nan..9 3", "is not a range that can be read"),
        ("path=../a", "names only one value"),
        ("C=1,2,1", "names 1 twice"),
        ("C=" + ",".join(map(str, range(101))), "names 101 values"),
        ("C=1..100", "how many values"),
        ("C=1..100 log", "'1..100 5', or '1..100 log 5'"),
        ("C=1..100 log 1", "asks for 1 value, and a sweep has 2 to 100"),
        ("C=1..100 log 99999999999999", "a sweep has 2 to 100"),
        ("C=100..1 log 5", "put the smaller end first"),
        ("C=1..1 5", "the smaller end first"),
        ("C=0..100 log 5", "is not above 0"),
        ("C=-1..1 log 5", "is not above 0"),
        ("n=1..3 5", "fewer than 5 different values"),
        ("x=1.0..1.001 5", "fewer than 5 different values"),
    ],
)
def test_what_is_no_sweep_is_refused_with_the_right_spelling(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_sweep(text)
    assert said in f"{caught.value.message} {caught.value.hint}"
