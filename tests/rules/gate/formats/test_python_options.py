"""Options of command lines in Python, as argparse, click and typer themselves read them."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from typer.main import get_command

from gitexp.rules.gate.formats.keys import keys_at
from gitexp.rules.gate.formats.values import same
from tests.rules.gate.formats.cases import leaves, set_to

_PARSERS = {
    "argparse": (
        "import argparse\nparser = argparse.ArgumentParser()\n",
        "parser.add_argument('-{n[0]}{n[0]}', '--{n}', type={t}, default={v!r}, help='x=1')\n",
        "",
    ),
    "click": (
        "import click\n@click.command()\n",
        "@click.option('--{n}', '{p}', type={t}, default={v!r}, show_default=True)\n",
        "def main(**given): pass\n",
    ),
    "typer": (
        "import typer\napp = typer.Typer()\n@app.command()\ndef main(\n",
        "    {p}: {t} = {v!r},\n",
        "): pass\n",
    ),
    "typer.Option": (
        "import typer\napp = typer.Typer()\ndef main(\n",
        "    {p}: {t} = typer.Option({v!r}, '-{n[0]}{n[0]}', '--{n}', help='x'),\n",
        "): pass\napp.command()(main)\n",
    ),
    "Annotated": (
        "import typing as t, typer\napp = typer.Typer()\n@app.command('go')\ndef main(*,\n",
        "    {p}: t.Annotated[{t}, typer.Option('--{n}', help='x')] = {v!r},\n",
        "): pass\n",
    ),
}
if find_spec("click") is None:  # typer has no need of it
    del _PARSERS["click"]
_NAMES = st.sampled_from(["lr", "batch-size", "n-epochs", "seed", "run-name", "wd"])
_VALUES = (
    st.integers(-9, 9)
    | st.floats(-1, 1).map(lambda number: round(number, 3))
    | st.text("abc ", min_size=1, max_size=4)
)


def defaults_in(text: str) -> dict[str, Any]:
    """Run a script and ask its parser for the defaults."""
    module: dict[str, Any] = {}
    exec(text, module)
    if isinstance(parser := module.get("parser"), argparse.ArgumentParser):
        return {
            name.replace("_", "-"): value for name, value in vars(parser.parse_args([])).items()
        }
    command = get_command(module["app"]) if "app" in module else module["main"]
    return {
        max(param.opts, key=len).lstrip("-"): param.default
        for param in command.params
        if "completion" not in param.opts[0]
    }


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(sorted(_PARSERS)),
    st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=4),
    st.data(),
)
def test_one_option_set_is_one_default_of_its_parser(
    parser: str, options: dict[str, Any], data: st.DataObject
) -> None:
    head, line, end = _PARSERS[parser]
    text = head + "".join(
        line.format(n=name, p=name.replace("-", "_"), t=type(value).__name__, v=value)
        for name, value in options.items()
    )
    text += end
    assert defaults_in(text) == options
    found = leaves("train.py", text)
    assert sum(str(key[-1]).startswith("--") for key in found) == len(options)
    name = data.draw(st.sampled_from(sorted(options)))
    ((*_, last),) = [key] = keys_at(found, (name,))
    assert last == f"--{name}"
    assert same(found[key], options[name])
    other = data.draw(_VALUES.filter(lambda value: type(value) is type(options[name])))
    edited = set_to("train.py", text, name, repr(other))
    assert defaults_in(edited) == options | {name: other}
