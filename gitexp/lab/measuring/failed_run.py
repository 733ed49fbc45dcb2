"""What to say about a run that failed, and what to do next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitexp.errors import CommandFailed
from gitexp.lab.code.replacement import shown_by
from gitexp.lab.measuring.missing_inputs import about_environment, link_hint, named_in
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.verdict.attempts import MOST_FAILURES, given_up

if TYPE_CHECKING:
    from gitexp.engine.job import Job, RunResult
    from gitexp.lab.measuring.ledger import Ledger


def failed_run(ledger: Ledger, label: str, job: Job, result: RunResult) -> CommandFailed:
    """The error that a failed run ends its experiment with; the ledger has its record by now."""
    return CommandFailed(
        f"{label}, seed {job.seed}: {result.record.failure}{result.quoted}",
        _next_steps(ledger, label, job, result),
    )


def _next_steps(ledger: Ledger, label: str, job: Job, result: RunResult) -> str:
    """What to do, one step a line; commands can be pasted."""
    logs = [shlex.quote(str(job.folder / name)) for name in ("stdout.log", "stderr.log")]
    read = f"read its whole output: cat {' '.join(logs)}"
    if not job.folder.exists():  # it ran on another machine
        read = f"read what is kept of its output: git notes --ref=gitexp-logs show {job.commit}"
    lines = [read, _way_on(ledger, job, label)]
    own = {ledger.experiment, ledger.code}
    if ledger.code and job.commit in own and not shown_by(ledger.repository, [ledger.experiment]):
        lines.append("or, if its code is wrong, edit it on its branch, then: gitexp start --again")
    metric, settings = ledger.metric, ledger.settings
    if result.record.failure.startswith("no metric"):
        ways = f"print {metric}=0.93 (93%, 93/100, 0,93, 93ms and [0.93] are not read), or call"
        ways += f" gitexp.log({metric}=0.93)"
        if settings.metrics:
            ways = f"write it to {settings.metrics}, {ways}"
        lines.insert(0, f"let the command report its metric: {ways}")
    if lacking := named_in(ledger.repository, result.last_lines):
        again = "; experiments go on with: gitexp retest"
        lines.insert(0, link_hint(lacking) + again)
    if result.record.exit and (hint := about_environment(settings)):
        lines.insert(0, hint)
    if result.record.failure.startswith("R1"):
        lines.insert(0, "import it by a path inside the checkout: an absolute path in sys.path"
                     " or a .pth file leads to your own tree, with its edits; code that git"
                     " ignores (built, generated) belongs in `link`")  # fmt: skip
    return "\n".join(lines)


def _way_on(ledger: Ledger, job: Job, label: str) -> str:
    """What to do once the cause of a failure is fixed."""
    counts = job.purpose is Purpose.RUN and job.commit == ledger.experiment
    if ledger.settings.rules < 2 or not counts:
        return "the failed run is on record; once its cause is fixed, the same command tries again"
    if given_up([job.seed], ledger.records(job.commit), ledger.metric):
        return (
            f"seed {job.seed} has failed {MOST_FAILURES} times, which makes the experiment"
            " INCONCLUSIVE; gitexp retest registers its change again"
        )
    name = label.removeprefix("exp/")
    return f"the failed run is on record; gitexp run {name} tries this seed once more"
