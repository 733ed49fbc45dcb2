"""Conditions on experiments, as `gitexp log --filter` takes them.

    verdict=confirmed and effect>0.01
    not (state=planned or author=ada) and key="model.C"

Texts are compared without regard to case, numbers by size. A number that is missing is neither
equal to another nor smaller or larger, and a missing text is empty.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn

from gitexp.errors import UsageError
from gitexp.rules.text import meant

Fields = Mapping[str, Any]  # text, a number or None by name
Condition = Callable[[Fields], bool]

_EXAMPLE = "for example: gitexp log --filter 'verdict=confirmed and effect>0.01'"
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_TOKEN = re.compile(r"""\s*(?:(<=|>=|!=|==|=|<|>|\(|\))|"([^"]*)"|'([^']*)'|([^\s<>=!()"']+))""")
_DEEPEST = 50  # nested parentheses


def parse_filter(
    text: str, fields: Mapping[str, bool], values: Mapping[str, Collection[str]] | None = None
) -> Condition:
    """Read a condition: comparisons joined by and, or, not and parentheses; `and` binds tighter.

    `fields` says of each name whether it holds a number, `values` which texts a field can hold
    where they are few; a field may be empty in any case.

    Raises:
        UsageError: the text is not one, or names a field or a value that there is not.
    """
    return _Parser(text, fields, values or {}).whole()


class _Parser:
    """Reads the words of a condition one after the other."""

    def __init__(
        self, text: str, fields: Mapping[str, bool], values: Mapping[str, Collection[str]]
    ) -> None:
        self._fields, self._values = fields, values
        self._words: list[tuple[str, bool]] = []  # each with whether it was quoted
        self._at, self._depth, end = 0, 0, 0
        while text[end:].strip():
            found = _TOKEN.match(text, end)
            if found is None:
                self._fail(f"cannot read {_shown(text[end:].strip())}")
            quoted = found[2] if found[2] is not None else found[3]
            is_quoted = quoted is not None
            self._words.append((quoted if is_quoted else found[1] or found[4], is_quoted))
            end = found.end()

    def whole(self) -> Condition:
        condition = self._any()
        if self._at < len(self._words):
            self._fail(f"{_shown(self._next())} is one word too many: join conditions by and, or")
        return condition

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail(f"more than {_DEEPEST} conditions lie within each other")
        if self._takes("not"):
            negated = self._one()
            condition: Condition = lambda row: not negated(row)  # noqa: E731 - as its siblings
        elif self._takes("("):
            condition = self._any()
            if not self._takes(")"):
                self._fail("a parenthesis is not closed")
        else:
            condition = self._comparison()
        self._depth -= 1
        return condition

    def _comparison(self) -> Condition:
        name = self._next().casefold()
        if name not in self._fields:
            there = meant(name, [*self._fields], "there are")
            self._fail(f"there is no field {_shown(name)}; {there}")
        sign = self._next().replace("==", "=")
        if sign not in _COMPARE:
            self._fail(f"after {name} comes one of {' '.join(_COMPARE)}, not {_shown(sign)}")
        compare, value = _COMPARE[sign], self._next()
        if self._fields[name]:
            return self._of_number(name, compare, value)
        wanted = _folded(value)
        is_equality = sign in {"=", "!="}
        known = self._values.get(name, ())
        if is_equality and wanted and known and wanted not in map(_folded, known):
            listed = ", ".join(one.lower() for one in known)
            self._fail(f"{name} is never {_shown(value)}; it is one of: {listed}")

        def holds(row: Fields) -> bool:
            value = row.get(name)
            found = _folded("" if value is None else str(value))
            return (is_equality or bool(found)) and compare(found, wanted)

        return holds

    def _of_number(self, name: str, compare: Callable[[Any, Any], bool], value: str) -> Condition:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isnan(number):
            self._fail(f"{name} is a number, and {_shown(value)} is not")

        def holds(row: Fields) -> bool:
            found = row.get(name)
            return found is not None and compare(found, number)

        return holds

    def _takes(self, word: str) -> bool:
        if self._at < len(self._words) and self._words[self._at][0].casefold() == word:
            if self._words[self._at][1]:
                return False
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        if self._at >= len(self._words):
            self._fail("it ends too early" if self._words else "it is empty")
        self._at += 1
        return self._words[self._at - 1][0]

    @staticmethod
    def _fail(what: str) -> NoReturn:
        raise UsageError(f"--filter: {what}", _EXAMPLE)


def _shown(word: str) -> str:
    """A word as a message quotes it: repr makes every character visible."""
    return repr(word[:40])


def _folded(text: str) -> str:
    """A text as it is compared: `ruled-out` is RULED OUT."""
    folded = text.casefold()
    return "ruled out" if folded in {"ruled-out", "ruled_out"} else folded
