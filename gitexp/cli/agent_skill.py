"""What an agent is told about gitexp: a skill in the open Agent Skills form, and a short block.

Commands, options, exit codes and rules come from the commands' own help and the catalogue.
"""

from __future__ import annotations

import json

from gitexp.cli.lazy import load
from gitexp.cli.overview import COMMANDS, EXITS
from gitexp.cli.reference import reference
from gitexp.lab.agent_files import FOLDER
from gitexp.lab.catalogue import all_rules

FILES = ("SKILL.md", "commands.md", "rules.md")
_DESCRIPTION = (
    "Runs machine learning experiments through gitexp: a hypothesis that is registered before the"
    " run, one changed config line, and a verdict over repeats. Use it in a repository with gitexp"
    " settings before changing a config value or training code, and to find out what was tried,"
    " what failed, and what to try next."
)
_STATUS = "gitexp status --for-agent"
_START = 'gitexp start --run --accept --json --set KEY=VALUE "HYPOTHESIS because REASON"'
_OPTIONS = (
    ("start", ("--set", "--run", "--accept", "--yes", "--json", "--evidence", "--gain", "--chance",
               "--cost", "--sweep", "--preset", "--despite")),
    ("run", ("--screen", "--smoke", "--baseline", "--exit-code", "--yes")),
    ("status", ("--for-agent", "--chars", "--json")),
)  # fmt: skip
_COMMANDS = ("gaps", "next", "known", "log", "show", "check", "retest", "try", "help")

BLOCK = f"""\
## Experiments
Experiments in this repository go through gitexp: `{FOLDER}/SKILL.md` says how.

- Before an idea: `{_STATUS}`. It tells what is known, what failed, and what to type next.
- Register before you run, one change at a time: `{_START}`
- Never edit what judges: evaluation code, test data, the settings of gitexp.
"""

_SKILL = """\
# Experiments with gitexp
An experiment is the branch `exp/NAME` with one commit. Its message is the hypothesis and what
counts as success, and exactly one config line differs from the baseline. Its results are git notes.

## The loop
1. Read `{status}`: where the metric stands, what failed, what is known, and what to type next.
2. Choose one change with a reason: a gap that it closes, or evidence. Do not repeat a dead end.
3. Register it and have it judged, in one call:
   `{start}`
4. Read the JSON: the verdict, its reason, and whether it was merged. Then begin again at 1.

The verdict is CONFIRMED, RULED OUT or INCONCLUSIVE. An inconclusive one is not a success: say so,
and do not present it as a gain. Report effects with their bounds, as they are printed.

## Rules of conduct
- **Register before you run.** What counts as success is in the commit before there is a number. Do
  not train by hand first and register what worked.
- **One change.** One config line an experiment. Values that only work together become a preset
  first, and choosing it is the one line: `gitexp start --preset`.
- **Code first, behind a switch.** An experiment changes no code. Commit new code on the baseline
  with a config line that leaves everything as it was; changing that line is the experiment.
- **Never edit the judge**: evaluation code, test data, splits, the metric, or the settings in
  gitexp.toml and pyproject.toml. If the judge seems wrong, stop and tell the person you work for.
- **Never go round the gate**: no `--no-verify`, no edits of commits on `exp/*`, no changes of refs
  or notes of gitexp by hand. A result that was got that way is worth nothing.
- **Screen first** where runs are long and ideas many: `gitexp run --screen` makes a few cheap runs
  of each planned experiment, and ranks them. That rank is not a verdict.
- **Try code first** where it is new: `gitexp try` runs the work tree as it is, and records nothing.
- **Ask before hours of runs.** Runs of over 30 minutes want `--yes`; it is not yours to give unless
  you were told so.
- A hypothesis is a statement with "because". A question, or one without a reason, is refused.

## Exit codes
{exits}

After any code but 0, read the message: it says which command goes on from there. Under
`--json`, a failure is an object `error` with `id`, `message`, `hint` and `commands`. A rule that
refuses is explained by `gitexp help ID`; do what it says, do not look for a way round.

## Commands
{commands}

All commands with all their options are in [commands.md](commands.md), all rules in
[rules.md](rules.md).
"""


def skill_files() -> dict[str, str]:
    """Return the text of each file of the skill, by its name."""
    front = f"---\nname: gitexp\ndescription: {json.dumps(_DESCRIPTION)}\n---\n\n"
    codes = EXITS | dict(COMMANDS["run"].exits)
    exits = "\n".join(f"- `{code}`: {codes[code]}" for code in sorted(codes))
    commands = "\n".join([*map(_with_options, _OPTIONS), *map(_line, _COMMANDS)])
    skill = _SKILL.format(status=_STATUS, start=_START, exits=exits, commands=commands)
    return dict(zip(FILES, (front + skill, _reference(), _rules()), strict=True))


def _line(name: str) -> str:
    return f"- `gitexp {name}`: {COMMANDS[name].help}"


def _with_options(listed: tuple[str, tuple[str, ...]]) -> str:
    name, wanted = listed
    said = {
        option: parameter.help for parameter in load(name).params for option in parameter.opts
        if option in wanted
    }  # fmt: skip
    return "\n".join([_line(name), *(f"  - `{option}`: {said[option]}" for option in wanted)])


def _reference() -> str:
    return f"# Commands of gitexp\n{reference()}"


def _rules() -> str:
    rules = "\n".join(
        f"- **{rule.id}**{' (advice)' if rule.advice else ''}: {rule.says}" for rule in all_rules()
    )
    return f"# Rules of gitexp\nAdvice only informs; every other rule refuses.\n\n{rules}\n"
