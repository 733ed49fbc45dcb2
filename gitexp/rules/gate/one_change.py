"""The gate's core rule: exactly one line of one config file differs, and exactly one value.

A rule about lines alone accepts a third of real one-line replacements wrongly (renamed keys and
table headers, inline tables with two edits); a rule about values alone accepts a reformatted file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.finding import Finding, refusals
from gitexp.rules.gate.about_change import about_change
from gitexp.rules.gate.config_file import inspect_config
from gitexp.rules.gate.other_files import inspect_others
from gitexp.rules.gate.paths import is_config
from gitexp.rules.gate.several_values import refuse_several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.change import Change
    from gitexp.rules.gate.edited import Edited


@dataclass(frozen=True, slots=True)
class Inspection:
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
