import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import partial
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

# Options by their groups in the help.
_change = partial(typer.Option, rich_help_panel="The change")
_code = partial(typer.Option, rich_help_panel="Code")
_registered = partial(typer.Option, rich_help_panel="What is registered with it")
_other = partial(typer.Option, rich_help_panel="Other ways to begin")
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
        _change("--set", metavar="KEY=VALUE", help="The one change; no file of yours is touched."),
    ] = None,
    code: Annotated[
        bool,
        _code(
            "--code",
            help="Take edited code along: it becomes a commit of its own below the experiment, and"
            " the config line, or --set, switches it on.",
        ),
    ] = False,
    code_from: Annotated[
        str | None,
        _code(
            "--code-from",
            metavar="REV",
            help="Take the code from a branch or commit instead of the work tree.",
        ),
    ] = None,
    on: Annotated[
        str | None,
        _code("--on", metavar="NAME", help="Use the code of this experiment, with another value."),
    ] = None,
    again: Annotated[
        bool,
        _code(
            "--again",
            help="Replace the code of the experiment that is checked out by your edits of it, as"
            " long as no run has shown anything.",
        ),
    ] = False,
    sweep: Annotated[
        list[str] | None,
        _change(
            metavar="KEY=VALUES",
            help="One experiment for each value: C=1,3,10 or 'C=1..100 log 5'. {value} in the"
            " hypothesis is replaced by the value.",
        ),
    ] = None,
    plan: Annotated[
        str | None,
        _change(
            "--from",
            metavar="FILE",
            help="Register every idea in a plan, or none: one JSON object per line with hypothesis,"
            " set and, if you like, gain, chance, cost, evidence, expect, guards and despite (see"
            " the options below); - reads standard input.",
        ),
    ] = None,
    expect: Annotated[
        str,
        _registered(
            metavar="CRITERION",
            help='What counts as success: "accuracy +0.005", "rmse -2%", "accuracy >= 0.97".',
        ),
    ] = "",
    evidence: Annotated[
        str,
        _registered(
            metavar="KIND:TEXT",
            help="What makes you think that it works: gap:, log:, paper: or hunch:, then a text.",
        ),
    ] = "",
    gain: Annotated[
        float | None,
        _registered(metavar="G", help="Gain that you expect, in the metric's unit."),
    ] = None,
    chance: Annotated[
        float | None,
        _registered(metavar="P", help="Chance that it works, from 0 to 1."),
    ] = None,
    cost: Annotated[
        str,
        _registered(metavar="TIME", help="How long you expect it to run: 5m, 2h."),
    ] = "",
    guard: Annotated[
        list[str] | None,
        _registered(
            metavar="LIMIT",
            help='Metric that may not get worse by more than this: "latency_ms +5%"; repeatable.',
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        _registered(
            metavar="N",
            help="Maximum number of repeats, instead of the settings'; 1 compares the predictions"
            " of a single run with those of 5 to 10 baseline runs.",
        ),
    ] = None,
    replicate: Annotated[
        bool,
        _registered("--replicate", help="Test a change again that already has a verdict."),
    ] = False,
    despite: Annotated[
        str,
        _registered(metavar="REASON", help="Why you test it although KNOWN.toml settles it."),
    ] = "",
    switch: Annotated[bool, typer.Option("--switch", help="Check out the new branch.")] = False,
    split: Annotated[
        bool,
        _other("--split", help="Register one experiment for each line that you edited."),
    ] = False,
    of: Annotated[
        str | None,
        _other("--of", metavar="NAME", help="With --split: split this experiment instead."),
    ] = None,
    preset: Annotated[
        str | None,
        _other(
            metavar="NAME",
            help="Write values that belong together as a preset on the baseline branch. Choosing it"
            " is then the one line of an experiment.",
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
    if re.fullmatch(r"[\w.:/\[\]-]+=\S+", words[0]) and not settings and not sweeps:
        said = shlex.quote(" ".join(words[1:])) if words[1:] else '"HYPOTHESIS because REASON"'
        raise UsageError(
            f"{words[0]} is a setting, which goes behind --set",
            f"gitexp start --set {shlex.quote(words[0])} {said}",
        )
    if len(words) > 1:
        raise UsageError(
            f"a hypothesis is one argument, and these are {len(words)}",
            f"put it in quotes: gitexp start{options} {shlex.quote(' '.join(words))}",
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
