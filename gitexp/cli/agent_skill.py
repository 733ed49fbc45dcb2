"""Instructions for agents: a skill in the open Agent Skills format, and a short block.

Commands, options, exit codes and rules come from the commands' own help and the catalogue.
"""

from __future__ import annotations

import json

from gitexp.cli.lazy import load
from gitexp.cli.overview import COMMANDS, EXITS
from gitexp.cli.reference import reference
from gitexp.lab.catalogue import all_rules
from gitexp.lab.setup.agent_files import FOLDER

FILES = ("SKILL.md", "commands.md", "rules.md")
_DESCRIPTION = (
    "Runs machine learning experiments with gitexp: a hypothesis registered before the run, one"
    " changed config line, and a verdict over repeated runs. Use it in a repository with gitexp"
    " settings before you change a config value or training code, and to find out what was tried,"
    " what failed and what to try next."
)
_STATUS = "gitexp status --for-agent"
_START = 'gitexp start --run --accept --json --set KEY=VALUE "HYPOTHESIS because REASON"'
_CODE = 'gitexp start --code --set KEY=VALUE "HYPOTHESIS because REASON" --run --accept --json'
_OPTIONS = (
    ("start", ("--set", "--code", "--code-from", "--on", "--again", "--run", "--accept", "--yes",
               "--json", "--evidence", "--gain", "--chance", "--cost", "--sweep", "--preset",
               "--despite")),
    ("run", ("--screen", "--smoke", "--baseline", "--exit-code", "--yes")),
    ("status", ("--for-agent", "--chars", "--json")),
)  # fmt: skip
_COMMANDS = ("gaps", "next", "known", "log", "show", "check", "retest", "try", "help")

BLOCK = f"""\
## Experiments
Experiments in this repository go through gitexp; `{FOLDER}/SKILL.md` explains how.

- Before each idea: `{_STATUS}`. It shows what is known, what failed and what to type next.
- Register before you run, one change at a time: `{_START}`
- Never edit what measures: evaluation code, test data, gitexp's settings.
"""

_SKILL = """\
# Experiments with gitexp
An experiment is the branch `exp/NAME` with one commit. Its message is the hypothesis and what
counts as success, and exactly one config line differs from the baseline. Its results are git notes.

## The loop
1. Read `{status}`: where the metric stands, what failed, what is known and what to type next.
2. Choose one change with a reason: a gap that it closes, or evidence. Do not repeat a dead end.
3. Register it, run it and have it judged, in one call:
   `{start}`
4. Read the JSON: the verdict, its reason, and whether it was merged. Then start over at 1.

The verdict is CONFIRMED, RULED OUT or INCONCLUSIVE. INCONCLUSIVE is not a success: say so, and do
not present it as a gain. Report effects with their bounds, as printed.

## Rules of conduct
- **Register before you run.** The commit says what counts as success before there is a number. Do
  not train by hand first and then register what worked.
- **One change.** Each experiment changes one config line. If values only work together, make them a
  preset first; choosing the preset is then the one line: `gitexp start --preset`.
- **Code behind a switch.** New code does nothing until a config line switches it on: read the line
  as off where it is missing, then `{code}`.
  The code becomes a commit of its own below the experiment, and nothing of it reaches the baseline
  before a verdict. If its first run crashes, `git switch exp/NAME`, fix it there, and
  `gitexp start --again --run --json`.
- **Never edit what measures**: evaluation code, test data, splits, the metric, or the settings in
  gitexp.toml and pyproject.toml. If it seems wrong, stop and tell the person you work for.
- **Never bypass the gate**: do not use `--no-verify`, do not edit commits on `exp/*`, and do not
  change gitexp's refs or notes by hand. A result obtained that way is worthless.
- **Screen first** if runs are long and ideas are many: `gitexp run --screen` makes a few cheap runs
  of each planned experiment and ranks them. The ranking is not a verdict.
- **Try new code first**: `gitexp try` runs the work tree as it is, and records nothing.
- **Ask before hours of runs.** More than 30 minutes of runs need `--yes`. Give it only if you were
  told that you may.
- **Stop** when the goal is reached or the campaign has no places left, and report. What was
  INCONCLUSIVE or RULED OUT stays so: do not register it again under other words.
- A hypothesis is a statement with "because". Questions and statements without a reason are refused.

## Exit codes
{exits}

After any code but 0, read the message: it names the command to run next. With `--json`, a failure
is an object `error` with `id`, `message`, `hint` and `commands`. `gitexp help ID` explains the rule
that refused; do what it says, and do not look for a way around it.

## Commands
{commands}

All commands and options are in [commands.md](commands.md), all rules in [rules.md](rules.md).
"""


def skill_files() -> dict[str, str]:
    """Return the text of each file of the skill, by its name."""
    front = f"---\nname: gitexp\ndescription: {json.dumps(_DESCRIPTION)}\n---\n\n"
    codes = EXITS | dict(COMMANDS["run"].exits)
    exits = "\n".join(f"- `{code}`: {codes[code]}" for code in sorted(codes))
    commands = "\n".join([*map(_with_options, _OPTIONS), *map(_line, _COMMANDS)])
    skill = _SKILL.format(status=_STATUS, start=_START, code=_CODE, exits=exits, commands=commands)
    return dict(
        zip(FILES, (front + skill, f"# Commands of gitexp\n{reference()}", _rules()), strict=True)
    )


def _line(name: str) -> str:
    return f"- `gitexp {name}`: {COMMANDS[name].help}"


def _with_options(listed: tuple[str, tuple[str, ...]]) -> str:
    name, wanted = listed
    said = {
        option: parameter.help for parameter in load(name).params for option in parameter.opts
        if option in wanted
    }  # fmt: skip
    return "\n".join([_line(name), *(f"  - `{option}`: {said[option]}" for option in wanted)])


def _rules() -> str:
    rules = "\n".join(
        f"- **{rule.id}**{' (advice)' if rule.advice else ''}: {rule.says}" for rule in all_rules()
    )
    return f"# Rules of gitexp\nAdvice only informs; every other rule refuses.\n\n{rules}\n"
