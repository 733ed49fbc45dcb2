"""The gate's core rule: exactly one line of one config file differs, and exactly one value.

A rule about lines alone accepts a third of real one-line replacements wrongly (renamed keys and
table headers, inline tables with two edits); a rule about values alone accepts a reformatted file.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.documents.change import spell_file
from gitexp.rules.finding import Finding, refusals
from gitexp.rules.gate.about_change import about_change
from gitexp.rules.gate.config_file import inspect_config
from gitexp.rules.gate.notebook import is_notebook
from gitexp.rules.gate.paths import is_config, matches
from gitexp.rules.gate.several_values import refuse_several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.change import Change
    from gitexp.rules.gate.edited import Edited

_SHOWN = 8  # files, before the rest is only counted


class Inspection(NamedTuple):
    """What the rule found: the change if there is exactly one, and everything that is wrong.

    `changes` are all values that differ.
    """

    change: Change | None
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...] = ()


def inspect(
    edited: Sequence[Edited],
    config: Sequence[str],
    *,
    seed_key: str = "",
    inert: Sequence[str] = (),
    baseline: str = "main",
) -> Inspection:
    """Judge the files that differ between a baseline and an experiment.

    `config` and `inert` are the patterns of declared configs and of files that cannot alter a run,
    `baseline` is the name of the baseline branch in messages.
    """
    findings: list[Finding] = []
    others = [file for file in edited if not is_config(file.path, config)]
    findings += inspect_others(others, config, inert, baseline)
    changes: list[Change] = []
    for file in edited:
        if is_config(file.path, config):
            found, said = inspect_config(file, baseline)
            changes += found
            findings += said
    if not findings and not changes:
        findings.append(
            Finding(
                "C10",
                f"nothing differs from {baseline}",
                'change one line: gitexp start --set KEY=VALUE "HYPOTHESIS"',
            )
        )
    if len(changes) > 1:
        findings.append(refuse_several(changes, baseline))
    if len(changes) == 1:
        findings += about_change(changes[0], seed_key)
    whole = len(changes) == 1 and not refusals(findings)
    return Inspection(changes[0] if whole else None, tuple(findings), tuple(changes))


def inspect_others(
    files: Sequence[Edited], config: Sequence[str], inert: Sequence[str], baseline: str
) -> list[Finding]:
    """Refuse every file that differs and is not a declared config."""
    declared = ", ".join(config)
    findings = []
    for file in files[:_SHOWN]:
        gone = file.new_mode == "000000"
        if is_notebook(file.path) and not gone and not matches(file.path, inert):
            findings.append(
                Finding(
                    "N1",
                    f"{spell_file(file.path)} is a notebook, and only scripts can run",
                    f"jupyter nbconvert --to script {shlex.quote(file.path)}"
                    f" && git rm --cached -- {shlex.quote(file.path)}",
                    file.path,
                )
            )
            continue
        verb = "was removed" if gone else "is new" if file.old_mode == "000000" else "differs"
        where = "; it is outside this project" if file.path.startswith("/") else ""
        findings.append(
            Finding(
                "C1",
                f"{spell_file(file.path)} {verb}, and only one line of {declared} may differ from"
                f" {baseline}{where}",
                'let it be code below the experiment: gitexp start --code "HYPOTHESIS"\n'
                '(of what a branch has committed: gitexp start --code-from BRANCH "HYPOTHESIS")\n'
                f"or commit it on {baseline} first, behind a config line that leaves behavior as it"
                " is; the experiment then changes that one line",
                file.path,
            )
        )
    if len(files) > _SHOWN:
        findings.append(Finding("C1", f"{len(files) - _SHOWN} more files differ from {baseline}"))
    return findings
