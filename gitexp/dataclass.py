"""The `@dataclass` of gitexp: that of the standard library, which loads four times as fast.

The standard library compiles seven functions for every frozen class, half a millisecond in all, and
a command loads 150 classes. Here only `__init__` is compiled, and the rest is shared
(docs/decisions/0031-dataclass.md).
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, FrozenInstanceError
from operator import attrgetter

# As in typing, which takes 5 ms to load.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from dataclasses import Field, dataclass
    from typing import Any, NoReturn

    from _typeshed import DataclassInstance

    __all__ = ["dataclass"]
else:

    def dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[type], type]:
        """Make a class one of data; if it is frozen with slots, quickly.

        Fields may have a default or a factory, and take part in comparisons or not.
        """
        return _frozen if frozen and slots else dataclasses.dataclass(frozen=frozen, slots=slots)


def _frozen(cls: type) -> type:
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    fields = dataclasses.fields(made)
    compared = _values(field.name for field in fields if field.compare)
    hashed = _values(f.name for f in fields if (f.compare if f.hash is None else f.hash))

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - becomes a method
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def __hash__(self: object) -> int:  # noqa: N807 - becomes a method
        return hash(hashed(self))

    methods = {
        "__init__": _initializer(made, fields),
        "__repr__": _repr,
        "__eq__": __eq__,
        "__hash__": __hash__,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _restore,
    }
    for name, method in methods.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made


def _values(names: Iterable[str]) -> Callable[[object], tuple[Any, ...]]:
    """What reads these attributes of an object."""
    several = [*names]
    if len(several) > 1:
        return attrgetter(*several)
    return lambda one: tuple(getattr(one, name) for name in several)


def _initializer(cls: type, fields: Iterable[Field[Any]]) -> Callable[..., None]:
    """Compile the `__init__` of a class with slots."""
    known: dict[str, Any] = {"MISSING": MISSING}
    heads, lines = ["self"], []
    for field in fields:
        head = value = name = field.name
        # No other attribute can be set: assigning to one is refused.
        known[f"set_{name}"] = getattr(cls, name).__set__
        if field.default is not MISSING:
            known[f"default_{name}"] = field.default
            head = f"{name}=default_{name}"
        elif field.default_factory is not MISSING:
            known[f"make_{name}"] = field.default_factory
            head, value = f"{name}=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        heads.append(head)
        lines.append(f" set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    text = "\n".join([f"def __init__({', '.join(heads)}):", *lines, " return None"])
    exec(text, known)  # noqa: S102 - made of the names of fields
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"  # for what a wrong call is told
    return made


def _repr(self: DataclassInstance) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:  # noqa: ARG001
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: DataclassInstance) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: DataclassInstance, state: Iterable[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
