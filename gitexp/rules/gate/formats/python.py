"""Python assignments, read by ast and never executed.

Literals are values. The keys of dicts and the named arguments of `dict(...)` and of other calls are
keys, beside `(call)` for what is called. Any other expression is a Source, and so is every
statement that is not a plain assignment (imports, loops, returns), under a name for its kind such
as `(import)`: every edit of the code is seen. Classes and functions are tables of their statements.
What runs only as a program counts as a part of its module, and the default of a command line's
option has the option's name as its key.
A repeated name becomes a list, but a literal that is replaced before any code can read it does not
count, nor do comments, docstrings and annotations.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.place import read_back, replace_value
from gitexp.rules.gate.formats.python_options import Function, option_of, started_in, take_options
from gitexp.rules.gate.formats.values import Source, spell

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key

ERROR = ValueError

_Parts = dict[str | int, ast.AST]

_LISTS = (ast.List, ast.Tuple)
_Defined = Function | ast.ClassDef

_AS_PROGRAM = {"__name__ == '__main__'", "'__main__' == __name__"}


_CODING = re.compile(r"(?:[ \t\f]*(?:#.*)?\n)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_LINE_END = re.compile(r"\r\n?|\n")  # as in Python's tokenizer: a form feed does not end a line


@dataclass(frozen=True, slots=True)
class _Keys:
    """How values get their keys.

    `started` are the functions whose parameters are options. `former` keys are those of early
    registrations, in which what runs only as a program was one value, and so was every option.
    """

    started: frozenset[str] = frozenset()
    former: bool = False


def parse(text: str) -> dict[str, Any]:
    """Parse a module; raises ERROR with the line in its text."""
    module = _module(text)
    found: dict[str, Any] = _value(module, _Keys(started_in(module)))
    return found


def parse_as_before(text: str) -> dict[str, Any]:
    """Parse a module as for early registrations, which have other keys for some values."""
    found: dict[str, Any] = _value(_module(text), _Keys(former=True))
    return found


def parse_assignments(text: str) -> dict[str, Any]:
    """Parse the assignments at the top of a module and in its classes: what is config in a script.

    Raises ERROR with the line in its text.
    """
    module = _module(text)
    _keep_assignments(module)
    found: dict[str, Any] = _value(module, _Keys())
    return found


def _keep_assignments(block: ast.Module | ast.ClassDef) -> None:
    kept = (ast.Assign, ast.AnnAssign, ast.ClassDef)
    block.body = [statement for statement in block.body if isinstance(statement, kept)]
    for statement in block.body:
        if isinstance(statement, ast.ClassDef):
            _keep_assignments(statement)


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value as Python; a text that is not a literal is a plain string."""
    typed = text.strip()
    try:
        (statement,) = _module(typed).body
        # A comment, or a bracket around the text, would not be part of the value.
        whole = getattr(statement, "end_col_offset", 0) == len(typed.encode())
        if isinstance(statement, ast.Expr) and whole and typed.isprintable():
            ast.literal_eval(statement.value)
            return _value(statement.value, _Keys())
    except (ValueError, TypeError, RecursionError):
        pass
    return text


def spell_value(text: str) -> str:
    """Spell a typed value: unchanged if it is a literal, else quoted."""
    return spell(text) if parse_value(text) is text else text.strip()


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends.

    Raises:
        LookupError: there is no single value there.
        ValueError: the text is not Python.
    """
    node: Any = _module(text)
    keys = _Keys(started_in(node))
    for part in key:
        node = (_parts(node, keys) or {}).get(part)
    if getattr(node, "lineno", None) is None:
        raise LookupError("there is no single value there")
    starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
    ends = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    first, last = (starts[line - 1] + _characters(text, starts[line - 1], at) for line, at in ends)
    return first, last


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: there is no single value there.
        ValueError: the value is not on one line, or the text is not Python.
    """
    edited = replace_value(text, key, spelled, find_value)
    return read_back(edited, key, _spelled(spelled), parse)


def _module(text: str) -> ast.Module:
    if (cookie := _CODING.match(text)) and not _is_read_so(text, cookie[1]):
        raise Malformed(f"its first lines say that it is {cookie[1]}, and it is UTF-8", 1)
    try:
        with warnings.catch_warnings():
            # For example an invalid escape in a string, which the gate does not judge.
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        place = f"at line {error.lineno}, column {error.offset}"
        raise Malformed(f"{error.msg} ({place})", error.lineno) from None
    except MemoryError:  # Python's parser says so if something is nested too deeply
        raise RecursionError from None


def _is_read_so(text: str, encoding: str) -> bool:
    """Whether Python, which reads a file by the encoding that it names, finds the same text."""
    try:
        # What editors add to a name, Python ignores.
        return text.encode().decode(re.sub("-(unix|dos|mac)$", "", encoding)) == text
    except (LookupError, ValueError):
        return False


def _spelled(text: str) -> Any:  # noqa: ANN401 - parsed data
    return parse(f"value = {text.strip()}")["value"]


def _characters(text: str, start: int, column: int) -> int:
    """Return how many characters are in the first `column` bytes of a line: ast counts bytes."""
    return len(text[start : start + column].encode()[:column].decode())


def _value(node: ast.AST, keys: _Keys) -> Any:  # noqa: ANN401 - parsed data
    parts = _parts(node, keys)
    match node:
        case ast.List() | ast.Tuple():
            items = [_value(item, keys) for item in node.elts]
            return items if parts or isinstance(node, ast.List) else tuple(items)
        case _ if parts is not None:
            return {name: _value(part, keys) for name, part in parts.items()}
        case ast.Set():
            return Source(f"{{{', '.join(sorted({ast.unparse(item) for item in node.elts}))}}}")
        case ast.Constant() | ast.UnaryOp() | ast.BinOp():
            with suppress(ValueError):
                return ast.literal_eval(node)
    return Source(ast.unparse(node))


def _parts(node: ast.AST | None, keys: _Keys) -> _Parts | None:
    """Return the parts of a node that have keys of their own; None if the node is one value."""
    match node:
        case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return _block(node, keys)
        case ast.Dict():
            return _table(zip(map(_name, node.keys), node.values, strict=True))
        case ast.Call():
            return _call(node, keys)
        case ast.List() | ast.Tuple() if node.elts:
            inside = [not isinstance(item, _LISTS) and _parts(item, keys) for item in node.elts]
            if all(parts is not None and parts is not False for parts in inside):
                return dict(enumerate(node.elts))
    return None


def _table(pairs: Iterable[tuple[str, ast.AST]]) -> _Parts | None:
    listed = list(pairs)
    table: _Parts = dict(listed)
    return table if len(table) == len(listed) else None


def _call(node: ast.Call, keys: _Keys) -> _Parts | None:
    words = _table((word.arg or "**", word.value) for word in node.keywords)
    if isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return words
    tables: _Parts = {i: arg for i, arg in enumerate(node.args) if _parts(arg, keys) is not None}
    if words is None or not (words or tables):
        return None
    rest = [ast.Constant(...) if i in tables else arg for i, arg in enumerate(node.args)]
    return {"(call)": _source(ast.Call(node.func, rest, []))} | tables | words


def _name(node: ast.expr | None) -> str:
    """Return the name of a dict's key; a text that looks like another key keeps its quotes."""
    match node:
        case None:
            return "**"
        case ast.Constant(value=str(name)):
            plain = name and name[0] not in "(*'\"" and not name.isdecimal()
            return name if plain else ast.unparse(node)
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return str(number)
    return f"({ast.unparse(node)})"


def _block(node: ast.Module | _Defined, keys: _Keys) -> _Parts:
    named: dict[str, list[Any]] = {}
    if not isinstance(node, ast.Module):
        head = copy(node)
        if isinstance(head, Function) and not keys.former:
            options, head = take_options(head, keys.started)
            for name, part in options:
                named.setdefault(name, []).append(part)
        head.name, head.body = "_", []
        if (text := ast.unparse(head)) not in {"class _:", "def _():"}:
            named["(class)" if isinstance(node, ast.ClassDef) else "(def)"] = [_constant(text)]
    for statement in _effective(node.body):
        for name, part in _named(statement, keys):
            named.setdefault(name, []).append(part)
    return {name: parts[0] if len(parts) == 1 else ast.List(parts) for name, parts in named.items()}


def _effective(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Leave out literals whose name is assigned again before any code can read them."""
    kept: list[ast.stmt] = []
    replaced: set[str] = set()
    for statement in reversed(body):
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if not any(isinstance(i, ast.Name) and i.id != "dict" for i in ast.walk(value)):
                if name in replaced:
                    continue
                replaced.add(name)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            # It does not matter which name it reads: an edit here must not change what counts.
            case _:
                replaced.clear()
        kept.append(statement)
    return kept[::-1]


def _named(statement: ast.stmt, keys: _Keys) -> Iterator[tuple[str, ast.AST]]:
    """Return names for the parts of a statement."""
    match statement:
        case ast.Assign():
            for target in statement.targets:
                yield from _assigned(target, statement.value, keys)
        case ast.AnnAssign(value=ast.expr() as value):
            yield from _assigned(statement.target, value, keys)
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            yield statement.name, statement
        case ast.If() if not keys.former and _is_program(statement):
            yield "(if)", _constant(f"if {ast.unparse(statement.test)}")
            for inner in _effective(statement.body):
                yield from _named(inner, keys)
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            pass
        case ast.Expr(value=ast.Dict() as table) if (parts := _parts(table, keys)) is not None:
            yield from ((str(name), part) for name, part in parts.items())
        case ast.Expr(value=ast.Call() as call):
            yield from _called(call, keys)
        case ast.AugAssign() | ast.AnnAssign():
            yield f"({ast.unparse(statement.target)})", _source(statement)
        case _:
            yield f"({type(statement).__name__.lower()})", _source(statement)


def _is_program(statement: ast.If) -> bool:
    return ast.unparse(statement.test) in _AS_PROGRAM and not statement.orelse


def _called(call: ast.Call, keys: _Keys, assigned: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Return a call with its name, and before it the default of the option that it makes."""
    option = None if keys.former else option_of(call)
    if option and option.default:
        yield option.name, option.default
    name = option.name if option else ast.unparse(call.func)
    yield assigned or f"({name})", option.rest if option else call


def _assigned(target: ast.expr, value: ast.expr, keys: _Keys) -> Iterator[tuple[str, ast.AST]]:
    """Pair up `a, b = 1, 2`; anything else is one target."""
    if isinstance(target, _LISTS) and isinstance(value, _LISTS):
        starred = any(isinstance(item, ast.Starred) for item in [*target.elts, *value.elts])
        if not starred and len(target.elts) == len(value.elts):
            for inner, item in zip(target.elts, value.elts, strict=True):
                yield from _assigned(inner, item, keys)
            return
    if isinstance(value, ast.Call):
        yield from _called(value, keys, ast.unparse(target))
    else:
        yield ast.unparse(target), value


def _source(node: ast.AST) -> ast.Constant:
    """Turn code into one value, without its docstrings."""
    for inner in ast.walk(node):
        if isinstance(inner, _Defined) and ast.get_docstring(inner, clean=False) is not None:
            inner.body = inner.body[1:] or [ast.Pass()]
    return _constant(ast.unparse(node))


def _constant(text: str) -> ast.Constant:
    """Wrap code in a node, so that it becomes a value like any other."""
    node = ast.Constant(None)
    node.value = Source(text)  # type: ignore[assignment]
    return node
