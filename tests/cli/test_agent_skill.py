"""What agents are told holds against the commands themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from gitexp.cli.agent_skill import BLOCK, FILES, skill_files
from gitexp.cli.lazy import load
from gitexp.cli.overview import COMMANDS, EXITS
from gitexp.lab.catalogue import all_rules

if TYPE_CHECKING:
    from tests.project import World

TEXTS = {"AGENTS.md": BLOCK, "SKILL.md": skill_files()["SKILL.md"]}
COMMAND = re.compile(r"gitexp ([a-z]+)([^`\n]*)")
OPTION = re.compile(r"(?<!\S)--?[a-z][a-z-]*")


def options(name: str) -> set[str]:
    """Every option of a command."""
    return {option for parameter in load(name).params for option in parameter.opts}


def unknown(text: str) -> list[str]:
    """Commands and options in code that do not exist; options are listed after their command."""
    wrong, listed = [], ""
    for code in re.finditer(r"`([^`\n]+)`", text):
        if found := COMMAND.fullmatch(code[1]):
            listed = found[1]
            if listed not in COMMANDS:
                wrong.append(code[1])
                continue
            wrong += [one for one in OPTION.findall(found[2]) if one not in options(listed)]
        elif re.fullmatch(r"--[a-z-]+", code[1]) and code[1] != "--no-verify":
            # What the text mentions by itself belongs to the command that is registered and run.
            wrong += [code[1]] * (code[1] not in options(listed) | options("start"))
    return wrong


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_and_option_that_is_named_exists(name: str) -> None:
    assert unknown(TEXTS[name]) == []
    assert len(COMMAND.findall(TEXTS[name])) > 1


def test_a_wrong_name_would_be_found() -> None:
    assert unknown("`gitexp begin`") == ["gitexp begin"]
    assert unknown("`gitexp start --quickly` and `--soon`") == ["--quickly", "--soon"]


def test_the_skill_has_the_open_form() -> None:
    head, body = TEXTS["SKILL.md"].removeprefix("---\n").split("\n---\n", 1)
    front = yaml.safe_load(head)
    assert list(front) == ["name", "description"]
    assert front["name"] == "gitexp"
    assert 100 < len(front["description"]) <= 1024
    assert body.count("\n") < 500
    assert set(re.findall(r"\]\(([^)]+)\)", body)) == set(FILES) - {"SKILL.md"}


def test_it_has_what_help_and_the_catalogue_say() -> None:
    files = skill_files()
    assert tuple(files) == FILES
    assert all(f"`{code}`: {said}" in files["SKILL.md"] for code, said in EXITS.items())
    assert all(f"### gitexp {name}\n" in files["commands.md"] for name in COMMANDS)
    assert all(f"- **{rule.id}**" in files["rules.md"] for rule in all_rules())


def test_init_writes_it_replaces_it_and_takes_it_back(ready: World) -> None:
    before = ready.git("status", "--porcelain")
    out = ready.gitexp("init", "--agents").out
    for path in (*(f".agents/skills/gitexp/{name}" for name in FILES), "AGENTS.md"):
        assert f"wrote {path}" in out
    command = out.partition("next: ")[2].splitlines()[0]
    assert ready.run("sh", "-c", command).code == 0
    assert ready.gitexp("init", "--agents").out.startswith("Nothing was changed")
    assert "gitexp start" in ready.gitexp("status", "--json").json["next"]["command"]
    assert "removed AGENTS.md" in ready.gitexp("init", "--agents", "--remove").out
    assert not (ready.path / ".agents").exists()
    ready.git("add", "--all")
    ready.git("commit", "--quiet", "-m", "without")
    assert ready.git("status", "--porcelain") == before


def test_the_options_go_with_no_others(ready: World) -> None:
    assert "--agents --remove" in ready.gitexp("init", "--remove", code=2).err
    assert "--metric" in ready.gitexp("init", "--agents", "--metric", "loss", code=2).err
