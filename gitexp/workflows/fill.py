"""Complete a hand-written commit message with the trailers of a registration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.lab.log.results import place_of_next, read_results
from gitexp.lab.log.same_change import same_change
from gitexp.lab.measuring.one_baseline import blocks_due
from gitexp.lab.projects.lowered_rules import demand_rules
from gitexp.lab.registering.seeds import first_seed
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.code_commit import BASE, CODE, code_trailers
from gitexp.rules.documents.registration import AGAIN
from gitexp.rules.plan.design import criterion_from, registration_for
from gitexp.rules.verdict.criterion import Criterion, Guard, parse_guards
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from gitexp.lab.projects.comparison import Comparison
    from gitexp.store.git import Git

_FACTS = {"Experiment", "Change", "Project", CODE, BASE}
_NEVER = "\x01"  # no line that people write begins with it


def fill(
    comparison: Comparison,
    text: str,
    name: str,
    change: Change,
    given: Mapping[str, str],
    mark: str = "",
) -> str:
    """Add what is missing; what the author wrote stays, except for the facts.

    `given` are the trailers that are there, `mark` begins the lines that git will drop.

    Raises:
        NotReady: the settings ask for the rules of an earlier version.
    """
    project = comparison.project
    demand_rules(project)
    settings = project.settings
    said = given.get("Criterion")
    criterion = Criterion.parse(said) if said else criterion_from(settings, "")
    # An amended experiment does not count among the others.
    results = [r for r in read_results(project) if r.entry.name != name]
    place = place_of_next(project, results, criterion.metric)
    repeats = _repeats(given.get("Repeats", ""))
    standing = (comparison.base, comparison.code)
    again = AGAIN & given.keys() and same_change(project.repository, results, change, standing)
    registration = registration_for(
        settings,
        name=name,
        change=change,
        criterion=criterion,
        first_seed=first_seed(
            project,
            comparison.base,
            again or (),
            max(repeats, default=0),
            due=blocks_due(results, project.folder, criterion.metric),
        ),
        campaign=place.campaign,
        level=place.level,
        repeats=repeats,
        guards=_guards(given.get("Guards", "")),
        extra=(
            *code_trailers(comparison.code, comparison.base),
            *((("Project", project.folder),) if project.prefix else ()),
        ),
    )
    trailers = registration.trailers()
    if not given:
        # In a paragraph of their own: git would add them to text that contains a sign-off.
        lines = "".join(f"{token}: {value}\n" for token, value in trailers)
        return f"{text.rstrip()}\n\n{lines}"
    return _add_trailers(project.repository.git, text, trailers, mark)


def _add_trailers(git: Git, text: str, trailers: Sequence[tuple[str, str]], mark: str) -> str:
    """Add trailers to a message that has some: facts replace what is there, others do not."""
    words = []
    for token, value in trailers:
        rule = "replace" if token in _FACTS else "doNothing"
        words += ["--if-exists", rule, "--trailer", f"{token}: {value}"]
    # Where git keeps lines that look like comments, they are text: trailers go below them. A line
    # of dashes is text as well, not the start of a patch.
    done = git.run(
        "-c", "trailer.separators=:", "-c", f"core.commentChar={mark or _NEVER}",
        "interpret-trailers", "--no-divider", "--where=after", "--if-missing=add", *words,
        stdin=text.encode(errors="surrogateescape"),
    )  # fmt: skip
    return decode(done.stdout)


def _guards(text: str) -> tuple[Guard, ...]:
    """Guards as the author wrote them; what cannot be read is left to the gate."""
    try:
        return parse_guards(text)
    except UsageError:
        return ()


def _repeats(text: str) -> tuple[int, ...]:
    """Looks as the author wrote them; what cannot be read is left to the gate."""
    return tuple(map(int, text.split())) if re.fullmatch(r"[1-9]\d*(\s+[1-9]\d*)*", text) else ()
