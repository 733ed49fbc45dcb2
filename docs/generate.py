"""Write what follows from code: commands.md, json.md, the examples in rules.md, options.json.

--check fails where one of them is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from shapes import FAILURE, PRINTED, fields_of, is_object

from gitexp.cli.completion.complete import OPTIONS
from gitexp.cli.completion.listing import listing
from gitexp.cli.reference import reference
from gitexp.lab.catalogue import all_rules
from gitexp.rules.catalogue import ExampleKind

if TYPE_CHECKING:
    from gitexp.rules.catalogue import Example, Rule

DOCS = Path(__file__).parent
HEAD_OF_COMMANDS = """\
# Commands

Generated from `--help` by docs/generate.py.

Names of 0.1.0 still work: `search` and `calibration` (now `log`), `baseline` (`run --baseline`),
`split` and `preset` (`start`), `restore` (`archive --restore`), `gc` (`doctor --gc`).

What each command prints under `--json`, failures included, is in [json.md](json.md).
"""
HEAD_OF_JSON = """\
# JSON

Generated from the types that the code fills, by docs/generate.py; the tests hold what commands
print against them.

With `--json`, a command prints one value on standard output and nothing else there. Progress of
runs goes to standard error, one object per line. Each has an `event`, its `time`, and `uptime`, the
seconds since the machine was started.

- A command that fails prints a [Failure](#failure) in place of its result, and says the same in
  words on standard error. Its exit code is the one that its `--help` lists.
- If several experiments run, one that fails has its `error` in place of a verdict.
- A value that is not known is null. Times are ISO 8601.
- New fields may be added. A field is not renamed or removed without a new version.
"""
_LANGUAGES = {ExampleKind.DIFF: "diff", ExampleKind.MESSAGE: "", ExampleKind.COMMANDS: "sh"}
MARK = "<!-- From here on docs/generate.py writes, from gitexp/rules/catalogue/. -->\n"


def commands() -> str:
    """Return the command reference as Markdown."""
    return f"{HEAD_OF_COMMANDS}\n{reference()}"


def json_shapes() -> str:
    """Return what each command prints as Markdown: the commands, then the types."""
    listed = [f"| `{one.line}` | {_type(one.shape)} |\n" for one in PRINTED]
    found: dict[str, type] = {}
    for shape in (FAILURE, *(one.shape for one in PRINTED)):
        _collect(shape, found)
    types = [_shape(name, found[name]) for name in sorted(found)]
    return "".join([HEAD_OF_JSON, "\n| command | prints |\n|---|---|\n", *listed, *types])


def _collect(shape: Any, found: dict[str, type]) -> None:  # noqa: ANN401 - a type of any form
    """Gather the types of objects that a type consists of, by their names on the page."""
    for inner in get_args(shape):
        _collect(inner, found)
    if is_object(shape) and found.setdefault(_name(shape), shape) is shape:
        for field in fields_of(shape):
            if not (is_object(field.type) and _name(field.type) in found):
                _collect(field.type, found)
    elif is_object(shape):
        sys.exit(f"two types are called {_name(shape)}")


def _name(shape: type) -> str:
    return shape.__name__.removesuffix("Json")


def _shape(name: str, shape: type) -> str:
    says = re.sub(r"\bNone\b", "null", " ".join((shape.__doc__ or "").split()))
    rows = "".join(
        f"| `{field.name}`{'' if field.required else ' (optional)'} | {_type(field.type)} |\n"
        for field in fields_of(shape)
    )
    return f"\n## {name}\n{says}\n\n| field | type |\n|---|---|\n{rows}"


def _type(shape: Any) -> str:  # noqa: ANN401 - as above
    """Write a type in the words of JSON."""
    *first, last = _alternatives(shape)
    return f"{', '.join(first)} or {last}" if first else last


def _alternatives(shape: Any) -> list[str]:  # noqa: ANN401 - as above
    origin, inner = get_origin(shape), get_args(shape)
    if shape in _TYPES:
        return [_TYPES[shape]]
    if is_object(shape):
        return [f"[{_name(shape)}](#{_name(shape).lower()})"]
    if origin is Literal:
        return [f'"{one}"' for one in inner]
    if origin in {Union, UnionType}:
        return [said for one in inner for said in _alternatives(one)]
    if origin in {list, tuple, Sequence}:
        each = _type(inner[0])
        return [
            f"list of {each}{'s' * each.isalpha()}" if " or " not in each else f"list, each {each}"
        ]
    if origin in {dict, Mapping}:
        return ["object" if inner[1] is Any else f"object: {_type(inner[1])} by name"]
    return [f'"{one}"' for one in shape]  # an enumeration


_TYPES = {
    str: "string", int: "integer", float: "number", bool: "true or false", Any: "any value",
    None: "null", type(None): "null",
}  # fmt: skip


def rules() -> str:
    """Return the rules as Markdown: what people wrote about them, then each with its examples."""
    written = (DOCS / "rules.md").read_text("utf-8").partition(MARK)[0]
    parts = [written, MARK]
    for family, listed in groupby(all_rules(), lambda rule: rule.family):
        parts.append(f"\n## {family}\n| id | says |\n|---|---|\n")
        parts += [
            f"| [{rule.id}](#{rule.id.lower()}) | {rule.says}{_mark(rule)} |\n" for rule in listed
        ]
    parts += map(_rule, all_rules())
    return "".join(parts)


def _mark(rule: Rule) -> str:
    return " (advice)" if rule.advice else ""


def _rule(rule: Rule) -> str:
    examples = "\n".join(f"{title}:\n{_shown(example)}" for title, example in rule.examples)
    says = f"{rule.says[0].upper()}{rule.says[1:]}"
    return f"\n### {rule.id}\n**{says}**{_mark(rule)}. {rule.why}\n\n{examples}"


def _shown(example: Example) -> str:
    return f"```{_LANGUAGES[example.kind]}\n{example.text}\n```\n"


if __name__ == "__main__":
    pages = {
        DOCS / "commands.md": commands(),
        DOCS / "json.md": json_shapes(),
        DOCS / "rules.md": rules(),
        OPTIONS: listing(),
    }
    for target, text in pages.items():
        if "--check" not in sys.argv:
            target.write_text(text, "utf-8")
        elif target.read_text("utf-8") != text:
            sys.exit(f"{target.name} is out of date: python docs/generate.py")
