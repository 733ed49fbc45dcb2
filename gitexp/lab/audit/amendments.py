"""Where the baseline changed how results are judged, and by which rules experiments are judged."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.lab.audit.inventory import Inventory, gated, label_of
from gitexp.lab.log.ladder import read_steps
from gitexp.lab.projects.amendments import UNAMENDED
from gitexp.lab.projects.lowered_rules import lowered_rules
from gitexp.lab.projects.past_settings import read_settings
from gitexp.rules.documents.settings import RULES, Settings
from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, first_few, visible

_NAMED = 3  # experiments of a remark that are named


def about_amendments(inventory: Inventory) -> Iterator[Finding]:
    """Name changes of protocol since the first experiment, and of what is asked for after runs."""
    project = inventory.project
    bases = {result.base for result in inventory.held if result.base}
    steps = [step for step in read_steps(project, bases) if step.amendment != UNAMENDED]
    commits = [step.commit for step in steps]
    settings = read_settings(project.repository, project.prefix, commits)
    for step in steps:
        known = settings[step.commit]
        if isinstance(known, Settings) and known.rules < 2:
            continue  # version 0.1.0 knew no protocol
        short = step.commit[:10]
        by = f"baseline {short} by {visible(step.author)} ({step.time[:10]})"
        if step.amendment.protocol:
            what = visible(", ".join(step.amendment.protocol))
            yield Finding(
                "V23",
                f"{by} is a change of protocol: {what}; results before and after it are not"
                " compared, and a new campaign begins",
                f"git show {short} shows what changed",
                advice=True,
            )
        for said in step.amendment.asked:
            yield Finding(
                "V24",
                f"{by} changed what is asked for after runs: {visible(said)}",
                f"git show {short} shows what changed; what is registered already keeps its"
                " criterion",
                advice=True,
            )


def about_rules(inventory: Inventory) -> Iterator[Finding]:
    """Find baselines whose rules were lowered, and experiments of earlier rules."""
    project = inventory.project
    cut = inventory.cut
    held = [result for result in inventory.held if result.commit not in cut]
    bases = [project.tip, *(r.base for r in held if r.registration and r.base)]
    yield from lowered_rules(project.repository, project.prefix, bases).values()
    earlier = [
        label_of(result)
        for result in gated(held)
        if result.registration is not None and result.registration.rules < RULES
    ]
    if earlier:
        yield Finding(
            "V13",
            f"{counted(len(earlier), 'experiment')} registered without `Rules: {RULES}`"
            f" {'is' if len(earlier) == 1 else 'are'} judged by the rules of gitexp 0.1.0:"
            f" {first_few(earlier, _NAMED)}",
            "gitexp retest NAME registers a change again, under the present rules",
            advice=True,
        )
