"""Options of command lines in Python: of argparse, click, typer, absl and fire.

The default of an option is a value of its own, whose key is the option's long name: `--lr`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef

# Calls that make a command line of the function that they are given, by their last name.
_STARTERS = {"fire": {"Fire"}, "typer": {"run"}, "jsonargparse": {"CLI", "auto_cli"}}
_COMMANDS = {"command", "callback"}  # decorators of click and typer
_ABSL = re.compile(r"DEFINE_[a-z_]+")
_FLAG = re.compile(r"(--?[A-Za-z][\w-]*)(?:/--?[\w-]+)?")  # --amp/--no-amp is --amp


@dataclass(frozen=True, slots=True)
class Option:
    """An option, its default and the call that makes it, without the default."""

    name: str
    default: ast.expr | None
    rest: ast.Call


def option_of(call: ast.Call) -> Option | None:
    """Read `parser.add_argument("--lr", default=1)` or `flags.DEFINE_float("lr", 1, "")`."""
    made_by = last_name(call.func)
    if made_by == "add_argument" and isinstance(call.func, ast.Attribute):
        return _named_by_flags(call)
    if _ABSL.fullmatch(made_by):
        match call.args:
            case [ast.Constant(value=str(name)), default, *others]:
                kept: list[ast.expr] = [call.args[0], ast.Constant(...), *others]
                return Option(f"--{name}", default, ast.Call(call.func, kept, call.keywords))
            case [ast.Constant(value=str(name))]:
                return _with_default_by_name(f"--{name}", call)
    return None


def started_in(module: ast.Module) -> frozenset[str]:
    """Names of the functions that a module hands to fire or typer: `fire.Fire(train)`."""
    found = set()
    for node in ast.walk(module):
        match node:
            case ast.Call(func=func, args=[ast.Name(id=name), *_]) if _starts(func):
                found.add(name)
    return frozenset(found)


def _starts(func: ast.expr) -> bool:
    match func:
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return name in _STARTERS.get(module, ())
        case ast.Name(id=name):
            return name in {"Fire", "CLI", "auto_cli"}
    return False


def take_options(
    function: Function, started: frozenset[str]
) -> tuple[list[tuple[str, ast.AST]], Function]:
    """Return a function's options with the rest of their calls, and the function without them."""
    found: list[tuple[str, ast.AST]] = []
    bare = copy(function)
    bare.decorator_list = []
    for decorator in function.decorator_list:
        option = None
        if isinstance(decorator, ast.Call) and last_name(decorator.func) == "option":
            option = _named_by_flags(decorator)
        if option and option.default:
            found.append((option.name, option.default))
        bare.decorator_list.append(option.rest if option else decorator)
    if _is_command(function, started):
        bare.args = copy(function.args)
        bare.args.defaults, bare.args.kw_defaults = [], [None] * len(function.args.kwonlyargs)
        for arg, default in _defaults(function.args):
            found += _of_parameter(arg, default)
    return found, bare


def _is_command(function: Function, started: frozenset[str]) -> bool:
    """Whether the parameters of a function are options of a command line."""
    decorators = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return (
        function.name in started
        or any(isinstance(d, ast.Attribute) and d.attr in _COMMANDS for d in decorators)
        or any(_typer_calls([arg.annotation, default]) for arg, default in _defaults(function.args))
    )


def _defaults(args: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    named = [*args.posonlyargs, *args.args]
    yield from zip(named[len(named) - len(args.defaults) :], args.defaults, strict=True)
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if default is not None:
            yield arg, default


def _of_parameter(arg: ast.arg, default: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Read `lr: float = 0.1`, also with `typer.Option(0.1)` or `Annotated[float, Option()]`."""
    plain = f"--{arg.arg.replace('_', '-')}"
    if not _typer_calls([default]):
        flags = [flag for call in _typer_calls([arg.annotation]) for flag in call.args]
        yield _longest_flag(flags) or plain, default
        return
    (call,) = _typer_calls([default])
    name = _longest_flag(call.args[1:]) or plain
    option = _with_default_by_name(name, call)
    if option.default is None and call.args:
        kept: list[ast.expr] = [ast.Constant(...), *call.args[1:]]
        option = Option(name, call.args[0], ast.Call(call.func, kept, call.keywords))
    if option.default is not None:
        yield name, option.default
    yield f"({name})", option.rest


def _typer_calls(nodes: Iterable[ast.expr | None]) -> list[ast.Call]:
    """The calls of `typer.Option` that a default is, or that stand within `Annotated[...]`."""
    found: list[ast.expr | None] = []
    for node in nodes:
        match node:
            case ast.Subscript(value=value, slice=ast.Tuple(elts=[_, *inside])) if (
                last_name(value) == "Annotated"
            ):
                found += inside
            case _:
                found.append(node)
    return [n for n in found if isinstance(n, ast.Call) and last_name(n.func) == "Option"]


def _named_by_flags(call: ast.Call) -> Option | None:
    name = _longest_flag(call.args)
    return _with_default_by_name(name, call) if name else None


def _with_default_by_name(name: str, call: ast.Call) -> Option:
    given = [word.value for word in call.keywords if word.arg == "default"]
    others = [word for word in call.keywords if word.arg != "default"]
    return Option(name, given[0] if given else None, ast.Call(call.func, call.args, others))


def _longest_flag(args: Sequence[ast.expr]) -> str:
    """Return the long name among `"-b", "--batch"`, or ""."""
    texts = [arg.value for arg in args if isinstance(arg, ast.Constant)]
    flags = [_FLAG.fullmatch(text) for text in texts if isinstance(text, str)]
    return max((flag[1] for flag in flags if flag), key=len, default="")


def last_name(node: ast.AST | None) -> str:
    """Return the last name of `a.b.c`, "" if it is something else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
