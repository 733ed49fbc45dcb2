"""TOML documents for property tests: odd spacing, every quote style, tables in any order.

What comes out is often but not always valid; `tomllib` says which it is.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.rules.gate.formats.keys import Key

_BARE = st.sampled_from(("a", "b", "c", "lr", "x-1", "_y", "9", "seed"))
_ODD = st.sampled_from((
    '"odd name"', "'dots.in.it'", '"q\\"uote"', '"#no"', '"=x"', '"ä"', "''", '"[0]"', "'a'", '"b"',
))  # fmt: skip
_NAME = st.one_of(_BARE, _BARE, _BARE, _ODD)
_SPACE = st.sampled_from(("", " ", " ", "  ", "\t"))
_SCALAR = st.sampled_from((
    "1", "-7", "1_000", "0xff", "+3", "1.0", "1e-3", "-0.0", "nan", "inf", "true", "false",
    '"x"', '"a # b"', "'c:\\d'", '"say \\"hi\\""', '""', "''", '"""one line"""', "'''one line'''",
    '"""a"b"""', '""""quoted""""', "1979-05-27", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00",
    "07:32:00.5", '"]"', "'}'", '"ü…"', '"a=1"', "'a, b'",
))  # fmt: skip
_LONG = st.sampled_from(('"""two\nlines"""', "'''two\n# lines'''", '"""\n[x]\na = 1\n"""'))
_COMMENT = st.sampled_from(("", "", "# c", '#x = "1"'))


@st.composite
def _keys(draw: st.DrawFn, most: int) -> str:
    names = draw(st.lists(_NAME, min_size=1, max_size=most, unique=True))
    return f"{draw(_SPACE)}.{draw(_SPACE)}".join(names)


@st.composite
def _inline_table(draw: st.DrawFn, depth: int) -> str:
    pairs = [
        f"{draw(_SPACE)}{draw(_keys(2))}{draw(_SPACE)}={draw(_SPACE)}"
        f"{draw(_values(depth - 1, lines=False))}{draw(_SPACE)}"
        for _ in range(draw(st.integers(0, 3)))
    ]
    return f"{{{','.join(pairs) or draw(_SPACE)}}}"


@st.composite
def _array(draw: st.DrawFn, depth: int, *, lines: bool) -> str:
    breaks = ("\n", " # c, ]\n", "\n\n  ") if lines else ()
    gap = st.sampled_from(("", " ", *breaks))
    values: list[str] = draw(st.lists(_values(depth - 1, lines=lines), max_size=3))
    items = [f"{draw(gap)}{value}{draw(gap)}" for value in values]
    last = draw(st.sampled_from(("", ","))) if items else ""
    return f"[{','.join(items)}{last}{draw(gap)}]"


def _values(depth: int = 2, *, lines: bool = True) -> st.SearchStrategy[str]:
    if depth == 0:
        return _SCALAR
    flat = [_SCALAR, _SCALAR, _SCALAR, _inline_table(depth), _array(depth, lines=False)]
    return st.one_of(*flat, _array(depth, lines=True), _LONG) if lines else st.one_of(*flat)


@st.composite
def documents(draw: st.DrawFn, *, lines: bool = True) -> str:
    """Draw a document of up to five tables, with one kind of line end throughout.

    `lines` lets values stand on several of them.
    """
    written: list[str] = []

    def fill() -> None:
        for _ in range(draw(st.integers(0, 3))):
            key = draw(_keys(draw(st.sampled_from((1, 1, 1, 2)))))
            value = draw(_values(lines=lines))
            written.append(
                f"{draw(_SPACE)}{key}{draw(_SPACE)}={draw(_SPACE)}{value}{draw(_SPACE)}"
                f"{draw(_COMMENT)}"
            )
            written.extend(draw(st.sampled_from(((), (), ("",), ("# comment",), ("  ",)))))

    fill()
    for _ in range(draw(st.integers(0, 4))):
        opening, closing = draw(st.sampled_from((("[", "]"), ("[[", "]]"))))
        header = f"{opening}{draw(_SPACE)}{draw(_keys(2))}{draw(_SPACE)}{closing}"
        written.append(f"{draw(_SPACE)}{header}{draw(_SPACE)}{draw(_COMMENT)}")
        fill()
    text = "\n".join(written) + draw(st.sampled_from(("", "\n", "\n\n")))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def is_toml(text: str) -> bool:
    """Ask the standard library."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def flatten(value: Any, key: Key = ()) -> Iterator[tuple[Key, Any]]:  # noqa: ANN401 - parsed data
    """Leaves by the definition in gitexp.rules.gate.formats, written down a second time."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
        items = list(enumerate(value))
    if not items and key:
        yield key, value
    for name, item in items:
        yield from flatten(item, (*key, name))
