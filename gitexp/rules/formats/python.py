"""Python assignments, read by ast and never executed.

Literals are values, and the keys of dicts, of `dict(...)` and of other calls with named arguments
are keys; what is called stands beside them as `(call)`. Any other expression is Source. So is every
statement that assigns nothing plainly (imports, functions, loops), under a name for its kind such
as `(import)` or `(def main)`: no edit of the code goes unseen. What comes more than once under one
name is a list. Comments, docstrings and annotations of what is assigned count for nothing.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, Any

from gitexp.rules.formats import Malformed, Source, same, spell
from gitexp.rules.formats.place import replace_value, value_at

if TYPE_CHECKING:
    from gitexp.rules.formats import Key

ERROR = ValueError

_Parts = dict[str | int, ast.AST]

_LINE_END = re.compile(r"\r\n?|\n")  # as Python's tokenizer has it: a form feed ends no line


def parse(text: str) -> dict[str, Any]:
    """Parse a module; raises ERROR with the line in its text."""
    found: dict[str, Any] = _value(_module(text))
    return found


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value as Python spells it; what is no literal is taken as a plain string."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.literal_eval(text.strip())
        return _spelled(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def spell_value(text: str) -> str:
    """Spell what a user typed: kept to the letter where it is a literal, quoted where it is not."""
    return spell(text) if parse_value(text) is text else text.strip()


def find_value(text: str, key: Key) -> tuple[int, int]:
    """First character and end of the value at a key.

    Raises:
        LookupError: no single value stands there.
        ValueError: the text is not Python.
    """
    node: Any = _module(text)
    for part in key:
        node = (_parts(node) or {}).get(part)
    if not hasattr(node, "end_lineno"):
        raise LookupError("no single value stands there")
    starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
    ends = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    first, last = (starts[line - 1] + _characters(text, starts[line - 1], at) for line, at in ends)
    return first, last


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: no single value stands there.
        ValueError: the value is not on one line, or the text is not Python.
    """
    edited = replace_value(text, key, spelled, find_value)
    if not same(value_at(parse(edited.removeprefix("\ufeff")), key), _spelled(spelled)):
        raise ValueError(f"{spelled} would not mean the same there")
    return edited


def _module(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            # Such as an invalid escape in a string, which is the config's own affair.
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise Malformed(f"{error.msg} (line {error.lineno})", error.lineno) from None
    except MemoryError:  # so says Python's parser where something is nested too deeply
        raise RecursionError from None


def _spelled(text: str) -> Any:  # noqa: ANN401 - parsed data
    return parse(f"value = {text.strip()}")["value"]


def _characters(text: str, start: int, column: int) -> int:
    """Characters in the first `column` bytes of a line, which is how ast counts."""
    return len(text[start : start + column].encode()[:column].decode())


def _value(node: ast.AST) -> Any:  # noqa: ANN401 - parsed data
    parts = _parts(node)
    if isinstance(node, ast.List | ast.Tuple):
        items = [_value(item) for item in node.elts]
        return items if parts or isinstance(node, ast.List) else tuple(items)
    if parts is not None:
        return {name: _value(part) for name, part in parts.items()}
    if isinstance(node, ast.Set):
        return Source(f"{{{', '.join(sorted({ast.unparse(item) for item in node.elts}))}}}")
    try:
        return ast.literal_eval(node)  # type: ignore[arg-type] # any node that is an expression
    except ValueError:
        return Source(ast.unparse(node))


def _parts(node: ast.AST) -> _Parts | None:
    """Nodes that have a key of their own inside a node, None where it is one value."""
    match node:
        case ast.Module() | ast.ClassDef():
            return _block(node)
        case ast.Dict():
            pairs = [(_name(key), value) for key, value in zip(node.keys, node.values, strict=True)]
        case ast.Call():
            pairs = [(word.arg or "**", word.value) for word in node.keywords]
            tables = [(i, item) for i, item in enumerate(node.args) if _parts(item) is not None]
            if not (isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args):
                if not pairs and not tables:
                    return None
                rest: list[ast.expr] = [
                    ast.Constant(...) if _parts(item) is not None else item for item in node.args
                ]
                call = _source(ast.Call(node.func, rest, []))
                return {"(call)": call, **dict(tables), **dict(pairs)}
        case ast.List() | ast.Tuple() if node.elts:
            tables = list(enumerate(node.elts))
            keyed = all(
                isinstance(item, ast.Dict | ast.Call) and _parts(item) is not None
                for item in node.elts
            )
            return dict(tables) if keyed else None
        case _:
            return None
    parts: _Parts = dict(pairs)
    return parts if len(parts) == len(pairs) else None
