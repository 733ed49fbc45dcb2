"""The rules of verdict only ever rise on a baseline branch; finds commits that lower them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitexp.errors import NotReady
from gitexp.lab.projects.past_settings import read_settings
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.settings import RULES, Settings
from gitexp.rules.documents.settings_file import FILES
from gitexp.rules.finding import Finding
from gitexp.store.git_output import decode, one_a_line
from gitexp.store.refs import ARCHIVE, RUNS, VERDICTS
from gitexp.store.repository import Repository


def demand_rules(project: Project) -> None:
    """Stop where a new experiment would be judged by the rules of an earlier version.

    Settings written by hand, in a repository that gitexp has never been used in, are no trace of an
    earlier version: registrations on them ask for the present rules.

    Raises:
        NotReady: the settings on the baseline branch do not ask for the present ones.
    """
    if project.settings.rules < RULES and _is_in_use(project.repository):
        raise NotReady(
            f"{project.settings_path} lacks `rules = {RULES}` in the baseline commit: new"
            " experiments are judged by rules that gitexp 0.1.0 did not have",
            f"add the line to {project.baseline} and commit it: gitexp init; what is registered"
            " already keeps its rules",
        )


def _is_in_use(repository: Repository) -> bool:
    """Whether gitexp was set up in this clone, or has results in it."""
    if any((repository.local / name).exists() for name in ("init.json", "trust.json")):
        return True
    return bool(repository.branches([RUNS, VERDICTS, ARCHIVE, "refs/remotes/*/exp/*"]))


def lowered_rules(
    repository: Repository, prefix: str, commits: Iterable[str], besides: Sequence[str] = ()
) -> dict[str, Finding]:
    """Of the baseline commits whose settings lack the present rules, those that had them before.

    `besides` are commits that came before all of them, even if their branch was rewritten since.
    One git process where no commit ever had them. Returns a finding by commit.
    """
    settings = read_settings(repository, prefix, commits)
    low = [c for c, s in settings.items() if isinstance(s, Settings) and s.rules < RULES]
    if not low:
        return {}
    touched = _touching(repository, prefix, [*low, *besides])
    had = {
        commit
        for commit, found in read_settings(repository, prefix, touched).items()
        if isinstance(found, Settings) and found.rules >= RULES
    }
    lowered = {}
    for commit in low if had else ():
        line = _touching(repository, prefix, [commit, *besides])
        if had.isdisjoint(line):
            continue
        by = next((one for one in line if one not in had), commit)
        lowered[commit] = Finding(
            "V12",
            f"`rules = {RULES}` is no longer in the settings of baseline {commit[:10]}: the rules"
            f" of verdict were lowered by {by[:10]}",
            f"git show {by[:10]} shows who did; write `rules = {RULES}` there again: gitexp init",
        )
    return lowered


def _touching(repository: Repository, prefix: str, commits: Iterable[str]) -> list[str]:
    """Commits that wrote or removed a line about rules in the settings, newest first."""
    listed = repository.git.log(
        "--root", "--stdin", "--full-history", "--format=%H", "-G", "rules", "--no-ext-diff",
        "--no-textconv", "--", *(f":(top,literal){prefix}{name}" for name in FILES),
        stdin=one_a_line(commits),
        environment={"GIT_LITERAL_PATHSPECS": "0"},  # paths from the top, wherever this runs
    )  # fmt: skip
    return decode(listed).split()
