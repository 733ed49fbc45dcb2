"""Configs for property tests, one strategy a format: odd spacing, quotes, comments and line ends.

Every document is valid, and every scalar that stands in it can be set unless it spans lines.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import strategies as st

_NAMES = ("a", "b", "lr", "C", "seed", "x_1", "n", "model", "größe")
_BLANKS = st.sampled_from(("", " ", " ", "  "))
_COMMENTED = st.sampled_from(("", "", "", "  # c", " # b: 2", " #'"))


@dataclass(frozen=True, slots=True)
class Format:
    """What the properties need: documents, values to set, and how a comment line is written."""

    file: str
    documents: st.SearchStrategy[str]
    typed: tuple[str, ...]
    comment: str = "# {}\n"

    def __repr__(self) -> str:
        return self.file.rpartition(".")[2]


def _with_line_ends(draw: st.DrawFn, lines: list[str]) -> str:
    end = draw(st.sampled_from(("\n", "\n", "\r\n")))
    return end.join(lines) + draw(st.sampled_from((end, end, "")))


def _names(draw: st.DrawFn, least: int = 0, most: int = 4) -> list[str]:
    return draw(st.lists(st.sampled_from(_NAMES), min_size=least, max_size=most, unique=True))


# --- YAML ---------------------------------------------------------------------------------------

_YAML_SCALARS = (
    "1", "-7", "0.1", "1e-3", "0x1F", "true", "False", "null", "~", "yes", "adam", "two words",
    "'it''s'", '"a: b # c"', '"\\u00e4\\n"', "${a.b}", "2020-01-01", "a:b", ".inf", "&anchor 5",
    "!!float 1", "http://x/y#z", "-x", "ü 😀", "",
)  # fmt: skip
_YAML_FLOW = ("[1, 2]", "[]", "{}", "[a, {b: 1}]", "{a: 1, 'b': x}", "[{a: 1}, {a: 2}]", "[ 1,2 ]")
_YAML_LONG = (
    ["|", "  # no comment", "  two"], [">-", "  folded", "", "  b: 2"], ["", "  - 1", "  - 2"],
    ["", "  - k: 1", "    l: 2", "  - k: 3"], ["[1,", "  2]"], ['"two', '  lines"'],
)  # fmt: skip


@st.composite
def _yaml(draw: st.DrawFn) -> str:
    lines: list[str] = draw(st.sampled_from(([], ["# head"], ["---"], ["# @package _global_", ""])))

    def fill(indent: str, depth: int) -> None:
        for name in _names(draw, least=1):
            key = draw(st.sampled_from((name, name, f"'{name}'", f'"{name}"')))
            kind = draw(st.sampled_from("ssssfml" if depth else "sssfl"))
            head = f"{indent}{key}{draw(st.sampled_from(('', '', ' ')))}:"
            if kind == "m":
                lines.append(f"{head}{draw(_COMMENTED)}")
                fill(indent + draw(st.sampled_from(("  ", "    "))), depth - 1)
            elif kind == "l":
                first, *rest = draw(st.sampled_from(_YAML_LONG))
                lines.extend([f"{head} {first}", *(f"{indent}{line}" for line in rest)])
            else:
                value = draw(st.sampled_from(_YAML_FLOW if kind == "f" else _YAML_SCALARS))
                gap = draw(st.sampled_from((" ", " ", "   ")))
                lines.append(f"{head}{gap}{value}{draw(_COMMENTED)}")
            lines.extend(draw(st.sampled_from(((), (), ("",), (f"{indent}# x: 1",)))))

    fill("", 2)
    return _with_line_ends(draw, lines)


# --- JSON ---------------------------------------------------------------------------------------

_JSON_SCALARS = (
    "1", "-7", "0.1", "1e-3", "-0.0", "NaN", "true", "null", '""', '"a"', '"a\\"b\\u00e4"',
    '"],}"', '"ü 😀"', "[]", "{}", "[1, 2]", '[1, {"a": "]"}]', "123456789012345678901234567890",
)  # fmt: skip


@st.composite
def _json(draw: st.DrawFn) -> str:
    gaps = st.sampled_from(("", " ", "", "\n", "\n  ", "\t"))

    def value(depth: int) -> str:
        kind = draw(st.sampled_from("sssol")) if depth else "s"
        if kind == "s":
            return draw(st.sampled_from(_JSON_SCALARS))
        if kind == "l":
            items = [table(depth - 1) for _ in range(draw(st.integers(1, 3)))]
            return f"[{draw(gaps)}{f'{draw(gaps)},{draw(gaps)}'.join(items)}{draw(gaps)}]"
        return table(depth - 1)

    def table(depth: int) -> str:
        pairs = [
            f"{json.dumps(name, ensure_ascii=draw(st.booleans()))}{draw(gaps)}:{draw(gaps)}"
            f"{value(depth)}"
            for name in _names(draw, least=1)
        ]
        return f"{{{draw(gaps)}{f'{draw(gaps)},{draw(gaps)}'.join(pairs)}{draw(gaps)}}}"

    return f"{draw(gaps)}{table(3)}{draw(gaps)}"


# --- INI and plain ------------------------------------------------------------------------------

_TEXTS = ("1", "0.1", "adam", "two words", "a=b", "a: b", '"q"', "[x]", "%(a)s", "c:\\d", "ü", "")


@st.composite
def _ini(draw: st.DrawFn) -> str:
    lines: list[str] = draw(st.sampled_from(([], ["# head"], ["; head", ""])))
    headers = ("DEFAULT", "model", "a.b", "tool:x", "odd name")
    for section in draw(st.lists(st.sampled_from(headers), min_size=1, max_size=3, unique=True)):
        lines.append(f"[{section}]{draw(st.sampled_from(('', '', ' # c')))}")
        for name in _names(draw, least=1):
            separator = f"{draw(_BLANKS)}{draw(st.sampled_from('==:'))}{draw(_BLANKS)}"
            value = draw(st.sampled_from((*_TEXTS, "1 # c", "one\n  two\n\n  three")))
            lines.extend(f"{name}{separator}{value}".split("\n"))
            lines.extend(draw(st.sampled_from(((), (), ("",), ("# c = 1",), ("flag",)))))
            if lines[-1] == "flag":
                lines[-1] = f"flag{len(lines)}"
    return _with_line_ends(draw, lines)


@st.composite
def _plain(draw: st.DrawFn) -> str:
    lines: list[str] = []
    for section in ("", *draw(st.lists(st.sampled_from(("s", "t u")), max_size=2, unique=True))):
        if section:
            lines.append(f"{draw(_BLANKS)}[{section}]{draw(_COMMENTED)}")
        for name in _names(draw):
            separator = draw(st.sampled_from((" = ", "=", ": ", " : ", "  ")))
            values = [text for text in _TEXTS if text[:1].isalnum()]
            value = draw(st.sampled_from(("'a # b'", *values)))
            lines.append(f"{draw(_BLANKS)}{name}{separator}{value}{draw(_COMMENTED)}")
            lines.extend(draw(st.sampled_from(((), (), ("",), ("; c = 1",), ("// c",)))))
    return _with_line_ends(draw, lines)


# --- Python -------------------------------------------------------------------------------------

_PYTHON_SCALARS = (
    "1", "-7", "0.1", "1e-3", "1_000", "True", "None", '"a"', "'it\\'s'", "r'c:\\d'", '"ü 😀"',
    "b'x'", "[1, 2]", "(1, 2)", "()", "[]", "{}", "10 * 2", "Path('x') / 'y'", "f'{a}#'", "'#'",
    "lambda x: x", "{1, 2}", "(\n    3\n)",
)  # fmt: skip
_CODE = (
    ["import os"], ["from x import (", "    y,", ")"],
    ["def f(x):", '    """Doc."""', "    return x"],
    ["for i in range(3):", "    print(i)"], ['"""', "b = 1", '"""'], ["print('hi')"], ["x_2 += 1"],
    ["a_list = [", "    1,  # one", "]"],
)  # fmt: skip


@st.composite
def _python(draw: st.DrawFn) -> str:
    lines: list[str] = draw(st.sampled_from(([], ['"""Config."""'], ["# -*- coding: utf-8 -*-"])))

    def value(depth: int) -> str:
        kind = draw(st.sampled_from("sssdcol")) if depth else "s"
        if kind == "s":
            return draw(st.sampled_from(_PYTHON_SCALARS))
        inner = [(name, value(depth - 1)) for name in _names(draw, least=1, most=3)]
        if kind == "d":
            pairs = [f'"{name}":{draw(_BLANKS)}{item}' for name, item in inner]
            return f"{{{', '.join(pairs)}}}"
        words = ", ".join(f"{name}={v}" for name, v in inner)
        if kind == "l":
            return f"[dict({words}), {{'n': 1}}]"
        return f"dict({words})" if kind == "c" else f"Model('x', {words})"

    def fill(indent: str) -> None:
        for name in _names(draw, least=1):
            annotation = draw(st.sampled_from(("", "", ": int")))
            lines.append(
                f"{indent}{name}{annotation}{draw(_BLANKS)}={draw(_BLANKS)}{value(2)}"
                f"{draw(_COMMENTED)}"
            )
            code = draw(st.sampled_from(((), (), ("",), ("# c = 1",), *_CODE)))
            lines.extend(f"{indent}{line}" for line in code)

    fill("")
    if draw(st.booleans()):
        lines.append("class Config(Base):")
        fill("    ")
    return _with_line_ends(draw, lines)


_ANY = ("987", "0.125", "false", "a text", 'quo\'ted "text"', "a: b", "x # y", "[1, 'x']", "ü", "")
_WORDS = ("987", "0.125", "another text", "c=d", "ü", "[5]")

FORMATS = (
    Format("config.yaml", _yaml(), (*_ANY, "${a.b}", "yes", "- x", "*x", "a, b", "{q: [1]}")),
    Format("config.json", _json(), (*_ANY, '["x", null]', '{"q": 1}', "NaN"), comment=""),
    Format("config.ini", _ini(), _WORDS),
    Format("config.py", _python(), (*_ANY, "True", "(1, 'x')", "-3", "{'q': 1}")),
    Format("config.conf", _plain(), _WORDS),
)
