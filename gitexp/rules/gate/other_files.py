"""C1 and N1: files that differ besides the declared configs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.documents.change import spell_file
from gitexp.rules.finding import Finding
from gitexp.rules.gate.notebook import is_notebook
from gitexp.rules.gate.paths import matches
from gitexp.rules.text import shell_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.gate.edited import Edited

_SHOWN = 8  # files, before the rest is only counted


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
                    f"jupyter nbconvert --to script {shell_word(file.path)}"
                    f" && git rm --cached -- {shell_word(file.path)}",
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
