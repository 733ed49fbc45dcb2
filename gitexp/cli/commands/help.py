import re
from difflib import get_close_matches
from typing import Annotated

import typer

from gitexp.cli.lazy import load
from gitexp.cli.options import AsJson
from gitexp.cli.overview import COMMANDS, UNLISTED, as_now, overview
from gitexp.cli.views import help as views
from gitexp.errors import UsageError
from gitexp.lab.catalogue import all_rules, find_rule


def help_(
    context: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(metavar="[TOPIC]", help="A command, or the id of a rule.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Explain a command, or a rule such as C2."""
    if topic is None:
        views.page(overview(), as_json=json_)
    elif rule := find_rule(topic):
        views.rule(rule, as_json=json_)
    elif (name := as_now([topic])[0]) in COMMANDS | UNLISTED:
        command = load(name)
        inner = type(context)(command, info_name=name, parent=context.parent)
        views.page(command.get_help(inner), as_json=json_)
    else:
        raise _unknown(topic, [*COMMANDS, *(rule.id for rule in all_rules())])


def _unknown(topic: str, topics: list[str]) -> UsageError:
    if re.fullmatch(r"[Dd]\d", topic):
        return UsageError(
            f"{topic.upper()} is not a rule: it is a problem that gitexp doctor finds",
            "gitexp doctor says what is wrong and how to fix it",
        )
    near = get_close_matches(topic, topics, n=2) or get_close_matches(topic.upper(), topics, n=2)
    hint = " or ".join(f"gitexp help {one}" for one in near)
    return UsageError(
        f"there is no command and no rule {topic!r}",
        f"did you mean: {hint}" if near else "see the commands: gitexp help",
    )
