"""Which commands are tools, what each takes, and the words of the command line that a call means.

Names, types and help come from the commands' own options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitexp.cli.lazy import load
from gitexp.errors import UsageError
from gitexp.rules.text import counted, visible

MOST_CHARACTERS = 100_000  # of a call's arguments: Linux takes 128 kB for one word of a command
MOST_WAIT = 50  # seconds; many clients give up on a call after 60
_WAIT = 10

_TYPES = {
    "str": "string", "boolean": "boolean", "int": "integer", "int range": "integer",
    "float": "number", "float range": "number",
}  # fmt: skip
_ARE: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tool:
    """A command as a tool; a call must give what `required` names.

    `always` are words that each call has. `options` of the command are offered, and its argument
    under the name `argument`, which `explained` explains if the command's own help does not fit.
    What is `single` takes one value, although the command line takes several words. A list that the
    command prints is shown under `listed`. A tool that `waits` begins a job, and takes how long to
    wait for its end; one that `reads` changes nothing.
    """

    name: str
    says: str
    command: str
    always: tuple[str, ...] = ("--json",)
    options: tuple[str, ...] = ()
    argument: str = ""
    explained: str = ""
    required: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    listed: str = "listed"
    reads: bool = True
    waits: bool = False

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its arguments."""
        parameters = {
            name: _schema(one, single=name in self.single)
            for name, one in self._parameters().items()
        }
        if self.explained:
            parameters[self.argument]["description"] = self.explained
        if self.waits:
            parameters["wait"] = {
                "type": "integer",
                "description": "Seconds to wait for the verdict, before a job is returned:"
                f" 0 to {MOST_WAIT}; default: {_WAIT}.",
            }
        schema = {"type": "object", "properties": parameters, "additionalProperties": False}
        return schema | ({"required": [*self.required]} if self.required else {})

    def words(self, given: Mapping[str, Any]) -> list[str]:
        """Write arguments as words of the command line: none of them can pass for an option.

        Raises:
            UsageError: an argument is missing, unknown, of another type or too long.
        """
        schema = self.schema()["properties"]
        if unknown := [name for name in given if name not in schema]:
            raise self._wrong(f"there is no argument {visible(unknown[0])[:100]!r}")
        if missing := [name for name in self.required if given.get(name) in (None, [])]:
            raise self._wrong(f"the argument {missing[0]!r} is missing")
        parameters, options, arguments = self._parameters(), [], []
        for name, value in given.items():
            if value is None:
                continue
            if not _is_of(value, schema[name]):
                kind = schema[name].get("items", {}).get("type")
                what = f"an array of {kind}s" if kind else f"of type {schema[name]['type']}"
                raise self._wrong(f"the argument {name!r} must be {what}")
            texts = [str(one) for one in (value if isinstance(value, list) else [value])]
            if name == self.argument:
                arguments = texts
            elif name in parameters and value is not False:
                option = max(parameters[name].opts, key=len)
                options += [option] if value is True else [f"{option}={text}" for text in texts]
        words = [self.command, *self.always, *options, "--", *arguments]
        _demand_words(words, self)
        return words

    def _parameters(self) -> dict[str, Any]:
        """The command's parameters that a call may give, by their names here."""
        found = {}
        for parameter in load(self.command).params:
            name = max(parameter.opts, key=len)
            if parameter.param_type_name == "argument" and self.argument:
                found[self.argument] = parameter
            elif name in self.options:
                found[name.removeprefix("--")] = parameter
        return found

    def _wrong(self, what: str) -> UsageError:
        return UsageError(
            f"{self.name}: {what}", f"its arguments: {', '.join(self.schema()['properties'])}"
        )


def wait_of(given: Mapping[str, Any]) -> int:
    """Seconds that a call of `run` waits for the verdict."""
    wait = given.get("wait")
    return _WAIT if wait is None else max(0, min(int(wait), MOST_WAIT))


def find_tool(name: str) -> Tool:
    """Return the tool of a name.

    Raises:
        UsageError: there is none.
    """
    for tool in TOOLS:
        if tool.name == name:
            return tool
    names = ", ".join(tool.name for tool in TOOLS)
    raise UsageError(f"there is no tool {visible(name[:100])!r}", f"the tools are: {names}")


def _schema(parameter: Any, *, single: bool) -> dict[str, Any]:  # noqa: ANN401 - click's
    kind: dict[str, Any] = {"type": _TYPES[parameter.type.name]}
    is_text = kind["type"] == "string" and parameter.param_type_name == "option"
    help_ = f"{parameter.metavar}: {parameter.help}" if is_text else parameter.help
    several = parameter.nargs == -1 or getattr(parameter, "multiple", False)
    if several and not single:
        kind = {"type": "array", "items": kind}
    return kind | {"description": help_}


def _is_of(value: object, schema: Mapping[str, Any]) -> bool:
    if schema["type"] == "array":
        return isinstance(value, list) and all(_is_of(one, schema["items"]) for one in value)
    # In Python, true is a number.
    is_bool = isinstance(value, bool)
    return is_bool == (schema["type"] == "boolean") and isinstance(value, _ARE[schema["type"]])


def _demand_words(words: list[str], tool: Tool) -> None:
    """Refuse what no command line can hold.

    Raises:
        UsageError: they are too long, or hold what is not text.
    """
    if (length := sum(map(len, words))) > MOST_CHARACTERS:
        most = counted(MOST_CHARACTERS, "character")
        raise UsageError(
            f"{tool.name}: the arguments take {length:,} characters, and a call may take {most}",
            "say it shorter",
        )
    for word in words:
        if "\0" in word or any("\ud800" <= character <= "\udfff" for character in word):
            raise UsageError(f"{tool.name}: an argument is not text", "leave that character out")


TOOLS = (
    Tool(
        "status",
        "What to know before your next idea: standing, gaps, dead ends, what is running.",
        "status", always=("--for-agent",), options=("--chars",),
    ),
    Tool(
        "start",
        "Register an experiment: one hypothesis, one changed config line, with the code that it"
        " switches on if `code` says so. Runs nothing.",
        "start", argument="hypothesis", required=("hypothesis",), single=("hypothesis", "set"),
        explained='A statement with its reason: "X raises Y because Z".', reads=False,
        options=("--set", "--code", "--code-from", "--on", "--expect", "--evidence", "--gain",
                 "--chance", "--cost", "--guard", "--repeats", "--replicate", "--despite"),
    ),
    Tool(
        "run",
        "Run registered experiments beside their baseline and judge them, as a job. Returns the"
        " verdict, or the job's queue id: then ask `status`, or `show` with a name.",
        "run", always=("--detach", "--json"), argument="names", required=("names",),
        explained="Names of experiments.", reads=False, waits=True,
        options=("--jobs", "--yes"),
    ),
    Tool(
        "show",
        "One experiment in full: hypothesis, verdict, every pair of runs.",
        "show", argument="name", single=("name",), explained="Name of the experiment.",
    ),
    Tool(
        "search",
        "Search past experiments by words or name, best match first; without words the newest."
        " At most 10, unless told otherwise.",
        "log", always=("--json", "--number=10"), argument="words", listed="experiments",
        options=("--number", "--open"),
    ),
    Tool(
        "next", "Rank the planned experiments, best first.",
        "next", options=("--hours",), listed="ideas",
    ),
    Tool(
        "accept",
        "Merge a confirmed experiment into the baseline branch.",
        "accept", argument="name", required=("name",), options=("--carry",),
        explained="Name of the experiment.", reads=False,
    ),
    Tool("gaps", "Where the baseline loses most, each gap with its ceiling.", "gaps"),
)  # fmt: skip
