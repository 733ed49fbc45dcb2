import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Jobs, Yes, jobs_of
from gitexp.cli.registering import AskedStart, Way, register, replace_code
from gitexp.cli.views import registered as views
from gitexp.errors import Refused, UsageError
from gitexp.lab.projects.project import open_project
from gitexp.lab.registering.edit import NOT_REGISTERED
from gitexp.rules.gate.several_values import refuse_settings
from gitexp.rules.plan.options import Options
from gitexp.workflows import start as workflow
from gitexp.workflows.preset import preset as write_preset
from gitexp.workflows.split import split as split_changes

# Groups of options in the help.
_CHANGE, _CODE, _REGISTERED, _OTHER = (
    "The change", "Code", "What is registered with it", "Other ways to begin",
)  # fmt: skip
_LARGEST_PLAN = 10_000_000  # bytes
_EXAMPLE = 'gitexp start --set KEY=VALUE "HYPOTHESIS because REASON"'


def start(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="HYPOTHESIS",
            help='A statement with its reason, in quotes: "X raises Y because Z". With --split one'
            " for each change, with --preset the values: KEY=VALUE KEY=VALUE ...",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="The one change; no file of yours is touched.",
            rich_help_panel=_CHANGE,
        ),
    ] = None,
    code: Annotated[
        bool,
        typer.Option(
            "--code",
            help="Take edited code along: it becomes a commit of its own below the experiment, and"
            " the config line, or --set, switches it on.",
            rich_help_panel=_CODE,
        ),
    ] = False,
    code_from: Annotated[
        str | None,
        typer.Option(
            "--code-from",
            metavar="REV",
            help="Take the code from a branch or commit instead of the work tree.",
            rich_help_panel=_CODE,
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="NAME",
            help="Use the code of this experiment, with another value.",
            rich_help_panel=_CODE,
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Replace the code of the experiment that is checked out by your edits of it, as"
            " long as no run has shown anything.",
            rich_help_panel=_CODE,
        ),
    ] = False,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help="One experiment for each value: C=1,3,10 or 'C=1..100 log 5'. {value} in the"
            " hypothesis is replaced by the value.",
            rich_help_panel=_CHANGE,
        ),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Register every idea in a plan, or none: one JSON object per line with hypothesis,"
            " set and, if you like, gain, chance, cost, evidence, expect, guards and despite (see"
            " the options below); - reads standard input.",
            rich_help_panel=_CHANGE,
        ),
    ] = None,
    expect: Annotated[
        str,
        typer.Option(
            metavar="CRITERION",
            help='What counts as success: "accuracy +0.005", "rmse -2%", "accuracy >= 0.97".',
            rich_help_panel=_REGISTERED,
        ),
    ] = "",
    evidence: Annotated[
        str,
        typer.Option(
            metavar="KIND:TEXT",
            help="What makes you think that it works: gap:, log:, paper: or hunch:, then a text.",
            rich_help_panel=_REGISTERED,
        ),
    ] = "",
    gain: Annotated[
        float | None,
        typer.Option(
            metavar="G",
            help="Gain that you expect, in the metric's unit.",
            rich_help_panel=_REGISTERED,
        ),
    ] = None,
    chance: Annotated[
        float | None,
        typer.Option(
            metavar="P", help="Chance that it works, from 0 to 1.", rich_help_panel=_REGISTERED
        ),
    ] = None,
    cost: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="How long you expect it to run: 5m, 2h.",
            rich_help_panel=_REGISTERED,
        ),
    ] = "",
    guard: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMIT",
            help='Metric that may not get worse by more than this: "latency_ms +5%"; repeatable.',
            rich_help_panel=_REGISTERED,
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Maximum number of repeats, instead of the settings'; 1 compares the predictions"
            " of a single run with those of 5 to 10 baseline runs.",
            rich_help_panel=_REGISTERED,
        ),
    ] = None,
    replicate: Annotated[
        bool,
        typer.Option(
            "--replicate",
            help="Test a change again that already has a verdict.",
            rich_help_panel=_REGISTERED,
        ),
    ] = False,
    despite: Annotated[
        str,
        typer.Option(
            metavar="REASON",
            help="Why you test it although KNOWN.toml settles it.",
            rich_help_panel=_REGISTERED,
        ),
    ] = "",
    switch: Annotated[bool, typer.Option("--switch", help="Check out the new branch.")] = False,
    split: Annotated[
        bool,
        typer.Option(
            "--split",
            help="Register one experiment for each line that you edited.",
            rich_help_panel=_OTHER,
        ),
    ] = False,
    of: Annotated[
        str | None,
        typer.Option(
            "--of",
            metavar="NAME",
            help="With --split: split this experiment instead.",
            rich_help_panel=_OTHER,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Write values that belong together as a preset on the baseline branch. Choosing it"
            " is then the one line of an experiment.",
            rich_help_panel=_OTHER,
        ),
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run and judge it right away.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="With --run: merge it if it is confirmed.")
    ] = False,
    jobs: Jobs = "1",
    yes: Yes = False,
    json_: AsJson = False,
) -> None:
    """Register an experiment: one hypothesis, one changed line.

    It is one commit on the tip of the baseline branch, on the new branch exp/NAME. Without --set,
    the line that you edited in the work tree becomes the experiment, and your file goes back to its
    committed state.
    """
    given = {
        "--set": set_, "--expect": expect, "--evidence": evidence,
        "--gain": gain is not None, "--chance": chance is not None, "--cost": cost,
        "--guard": guard, "--repeats": repeats is not None, "--replicate": replicate,
        "--despite": despite, "--switch": switch,
        "--sweep": sweep, "--from": plan is not None, "--run": run, "--accept": accept,
        "--code": code, "--code-from": code_from is not None, "--on": on is not None,
        "--again": again,
    }  # fmt: skip
    number, several = jobs_of(jobs), bool(sweep) or plan is not None
    if accept and (several or not run):
        raise UsageError(
            "--accept needs --run and a single experiment",
            'gitexp start --set KEY=VALUE "HYPOTHESIS" --run --accept',
        )

    way = Way(run=run, accept=accept, jobs=number, yes=yes, several=several, as_json=json_)
    if split:
        _refuse_beside("--split", given | {"--preset": preset is not None})
        asking = None if json_ or words or not sys.stdin.isatty() else _ask
        views.split(split_changes(open_project(), of, words or [], asking), as_json=json_)
        return
    if of is not None:
        raise UsageError("--of belongs to --split", f"gitexp start --split --of {of}")
    if preset is not None:
        _refuse_beside("--preset", given)
        views.preset(write_preset(open_project(), preset, words or []), as_json=json_)
        return
    if plan is not None:
        others = given | {"--from": False, "--run": False, "a hypothesis": bool(words)}
        _refuse_beside("--from", others)
        way.go_on(workflow.start_plan(open_project(), _read(plan), plan))
        return
    if again:
        others = given | {"--again": False, "--run": False, "--accept": False}
        _refuse_beside("--again", others | {"a hypothesis": bool(words)})
        replace_code(open_project(), way)
        return
    text = _one_hypothesis(words, set_ or (), sweep or ())
    if len(set_ or []) > 1:
        raise Refused(NOT_REGISTERED, [refuse_settings(set_ or [])])
    if sweep:
        _refuse_beside("--sweep", {name: given[name] for name in ("--set", "--switch")})
    asked = AskedStart(
        set_[0] if set_ else None, _one_sweep(sweep),
        Options(expect, evidence, gain, chance, cost, tuple(guard or ()), despite, repeats),
        switch=switch, replicate=replicate, code=code, code_from=code_from, on=on,
    )  # fmt: skip
    register(open_project(), text, asked, way)


def _one_hypothesis(
    words: Sequence[str] | None, settings: Sequence[str], sweeps: Sequence[str]
) -> str:
    if not words:
        raise UsageError("an experiment starts with a hypothesis", _EXAMPLE)
    left = [word for word in words if word in {"log", "linear"} or word.isdecimal()]
    if sweeps and ".." in sweeps[-1] and left and words[0] == left[0]:
        spelled = shlex.quote(" ".join([sweeps[-1], *left]))
        raise UsageError(
            "the range of a sweep is one argument",
            f'put it in quotes: gitexp start --sweep {spelled} "HYPOTHESIS"',
        )
    options = "".join(f" --set {shlex.quote(setting)}" for setting in settings)
    if settings and "=" not in settings[-1]:  # as in `--set lr 0.1`
        whole = shlex.quote(f"{settings[-1]}={words[0]}")
        said = shlex.quote(" ".join(words[1:])) if words[1:] else '"HYPOTHESIS"'
        raise UsageError(
            f"--set {settings[-1]} has no value, which comes after `=` without a blank",
            f"gitexp start --set {whole} {said}",
        )
    if len(words) > 1:
        raise UsageError(
            f"a hypothesis is one argument, and these are {len(words)}",
            f"put it in quotes: gitexp start{options} {shlex.quote(' '.join(words))}",
        )
    if re.fullmatch(r"[\w.:/\[\]-]+=\S+", words[0]) and not settings and not sweeps:
        raise UsageError(
            f"{words[0]} is a setting, and an experiment starts with a hypothesis, too",
            f'gitexp start --set {shlex.quote(words[0])} "HYPOTHESIS because REASON"',
        )
    return words[0]


def _one_sweep(sweeps: Sequence[str] | None) -> str:
    if len(sweeps or ()) > 1:
        raise UsageError(
            f"a sweep is of one key, and these are {len(sweeps or ())}",
            'one at a time: gitexp start --sweep KEY=VALUE,VALUE "HYPOTHESIS"',
        )
    return sweeps[0] if sweeps else ""


def _read(path: str) -> bytes:
    """Content of a plan file, or of standard input."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(_LARGEST_PLAN + 1)
        with Path(path).open("rb") as file:
            return file.read(_LARGEST_PLAN + 1)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--from: {path} cannot be read: {getattr(error, 'strerror', error)}",
            "name a file with one idea a line: gitexp start --from plan.jsonl",
        ) from None


def _refuse_beside(option: str, given: Mapping[str, object]) -> None:
    """Refuse options that mean nothing beside another one."""
    if idle := [name for name, value in given.items() if value]:
        raise UsageError(f"{option} does not take {' or '.join(idle)}", "gitexp start --help")


def _ask(change: str) -> str:
    return str(typer.prompt(f"{change}\nhypothesis"))
