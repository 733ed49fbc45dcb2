"""gitexp's `@dataclass` makes what the standard library's makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import re
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from gitexp.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """A class with every kind of field that gitexp has."""

    name: str
    number: float = 1.5
    made: list[int] = field(default_factory=list, hash=False)
    aside: dict[str, int] = field(default_factory=dict, compare=False)
    unseen: int = field(default=0, repr=False)

    @property
    def twice(self) -> float:
        return 2 * self.number


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """The same, made by the standard library."""

    name: str
    number: float = 1.5
    made: list[int] = field(default_factory=list, hash=False)
    aside: dict[str, int] = field(default_factory=dict, compare=False)
    unseen: int = field(default=0, repr=False)

    @property
    def twice(self) -> float:
        return 2 * self.number


@dataclass(frozen=True, slots=True)
class Longer(Ours):
    """One that inherits fields, and looks at them."""

    last: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("no name")


@dataclass(frozen=True, slots=True)
class Empty:
    """One without fields."""


@dataclass(frozen=True, slots=True)
class Single:
    """One with a single field."""

    value: float


VALUES: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a", 2.0), {}),
    (("a",), {"number": 2.0}),
    (("a",), {"made": [1]}),
    (("a",), {"aside": {"x": 1}}),
    (("a",), {"unseen": 1}),
    (("b", 1.5, [], {}, 0), {}),
]


@pytest.mark.parametrize(("values", "named"), VALUES)
def test_values_read_print_and_compare_as_the_standard_library_has_it(
    values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    ours, theirs = Ours(*values, **named), Theirs(*values, **named)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert hash(ours) == hash(theirs)
    assert ours.twice == theirs.twice
    assert ours != object()
    for others, more in VALUES:
        assert (ours == Ours(*others, **more)) == (theirs == Theirs(*others, **more))


def test_a_class_has_the_same_fields_and_slots() -> None:
    assert [f.name for f in dataclasses.fields(Ours)] == [
        f.name for f in dataclasses.fields(Theirs)
    ]
    assert Ours.__slots__ == Theirs.__slots__
    assert Ours.__match_args__ == Theirs.__match_args__
    assert [*inspect.signature(Ours).parameters] == [*inspect.signature(Theirs).parameters]
    assert not hasattr(Ours("a"), "__dict__")


def test_a_list_made_for_one_is_not_shared_with_another() -> None:
    Ours("a").made.append(1)
    assert Ours("a").made == []


@pytest.mark.parametrize("name", ["name", "number", "twice", "unknown"])
def test_nothing_is_set_or_deleted(name: str) -> None:
    value = Ours("a")
    with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(value, name, 1)
    with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
        delattr(value, name)


def test_a_value_is_replaced_copied_and_pickled() -> None:
    value = Longer("a", 2.0, [1], last="z")
    assert dataclasses.replace(value, name="b") == Longer("b", 2.0, [1], last="z")
    assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value).made is not value.made


def test_a_heir_has_all_fields_and_checks_itself() -> None:
    assert repr(Longer("a", last="z")).endswith("last='z')")
    assert Longer("a") != Ours("a")
    with pytest.raises(ValueError, match="no name"):
        Longer("")


def test_classes_with_one_field_or_none_compare_by_it() -> None:
    nan = float("nan")
    assert Empty() == Empty()
    assert len({Empty(), Empty()}) == 1
    assert Single(1.0) == Single(1.0) != Single(2.0)
    assert Single(nan) == Single(nan)  # the same object, as in a tuple
    assert hash(Single(1.0)) == hash((1.0,))


def test_a_wrong_call_names_the_class() -> None:
    with pytest.raises(TypeError, match=re.escape("Ours.__init__() missing 1 required positional")):
        Ours()  # type: ignore[call-arg]
