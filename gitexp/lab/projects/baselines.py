"""The baseline branches of a repository's projects, and where experiments left them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import NotReady
from gitexp.lab.code.code_commits import CodeCommits
from gitexp.lab.projects.baseline_branch import find_baseline
from gitexp.lab.projects.project_folder import known_projects
from gitexp.rules.documents.code_commit import is_code_commit
from gitexp.rules.documents.message import split_message
from gitexp.rules.finding import Finding
from gitexp.rules.text import visible
from gitexp.store.git_output import parse_commit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.store.experiments import Entry
    from gitexp.store.repository import Repository


class BranchPoint(NamedTuple):
    """The commit where an experiment left its baseline branch, and what is wrong with that.

    `code` is the code commit between the two, empty where there is none.
    """

    base: str
    findings: tuple[Finding, ...] = ()
    code: str = ""

    @property
    def parent(self) -> str:
        """The commit that the experiment is to be one commit ahead of."""
        return self.code or self.base


class Baselines:
    """The baseline branches of this repository's projects, as (name, tip); each is read once."""

    def __init__(self, repository: Repository, entries: Sequence[Entry]) -> None:
        self._repository = repository
        self._code = CodeCommits(repository, entries)
        self._below = {entry.commit: self._code.below(entry) for entry in entries}
        self._bases = [p[0] for p in map(self._parents_of, entries) if len(p) == 1]
        self._by_project: dict[str, tuple[str, str]] = {}
        self._held: dict[str, set[str]] = {}  # parents that a tip holds
        self._apart: dict[tuple[str, str], tuple[str, int]] = {}
        self._known: list[tuple[str, str]] = []

    def of(self, prefix: str) -> tuple[str, str]:
        """Baseline branch of a project."""
        if prefix not in self._by_project:
            self._by_project[prefix] = find_baseline(self._repository, prefix)
        return self._by_project[prefix]

    def known(self) -> list[tuple[str, str]]:
        """The baseline branches that this clone knows of; at least one.

        Raises:
            NotReady: there is none.
        """
        if not self._known:
            missing: NotReady | None = None
            for prefix in known_projects(self._repository) or [""]:
                try:
                    self._known.append(self.of(prefix))
                except NotReady as error:
                    missing = error
            # A missing branch concerns only its own projects.
            if missing is not None and not self._known:
                raise missing
            self._known = list(dict.fromkeys(self._known))
        return self._known

    def likely(self, entry: Entry) -> tuple[str, str]:
        """The baseline branch that contains an experiment's parent, else the first."""
        holding = (b for b in self.known() if self._holds(b[1], entry))
        return next(holding, self.known()[0])

    def nearest(self, revision: str) -> tuple[str, str]:
        """The baseline branch that a commit is closest to."""
        if len(self.known()) == 1:
            return self.known()[0]

        def distance(branch: tuple[str, str]) -> int:
            return int(
                self._repository.git.text("rev-list", "--count", f"{branch[1]}..{revision}", "--")
            )

        return min(self.known(), key=distance)

    def _holds(self, tip: str, entry: Entry) -> bool:
        """Whether a branch contains an experiment's base; git is asked once for them all."""
        parents = self._parents_of(entry)
        if len(parents) != 1:
            return False
        if tip not in self._held:
            # The pre-commit hook reads no experiments.
            from gitexp.store.experiments import unreached

            bases = {*self._bases}
            self._held[tip] = bases - unreached(self._repository, bases - {tip}, tip)
        return parents[0] in self._held[tip]

    def _unnamed(self, entry: Entry, tip: str) -> Entry | None:
        """The code commit of an experiment that is not on a branch, and names none."""
        if self._holds(tip, entry):
            return None
        code = self._below[entry.commit] = self._code.below(entry, unnamed=True)
        if code is not None:
            self._bases += code.parents[:1]
            self._held.clear()
        return code

    def _parents_of(self, entry: Entry) -> tuple[str, ...]:
        """The parents of an experiment and its code commit, taken as one."""
        code = self._below.get(entry.commit)
        return entry.parents if code is None else code.parents

    def branch_point(self, entry: Entry, branch: tuple[str, str]) -> BranchPoint:
        """Check that an experiment is exactly one commit on a baseline branch, and find its base.

        Raises:
            NotReady: they have no common commit.
        """
        name, tip = branch
        short = visible(entry.name)
        shown = f"exp/{short}"
        pasted, again = shlex.quote(shown), f"gitexp retest {shlex.quote(short)}"
        trailers = split_message(entry.message)[1]
        # A fast-forward may have made an experiment the tip.
        if entry.commit == tip and trailers.get("Experiment") != entry.name:
            said = f"{shown} has no commit of its own: it is the tip of {name}"
            hint = f"git switch {pasted}, change one config line and commit it"
            return BranchPoint(entry.commit, (Finding("B1", said, hint),))
        code = self._below.get(entry.commit) or self._unnamed(entry, tip)
        about_code = self._code.findings(entry, code)
        if self._holds(tip, entry):
            (base,) = self._parents_of(entry)
            return BranchPoint(base, about_code, code.commit if code else "")
        base, ahead = self._leaves(entry, tip)
        if not base:
            hint = again_on(name, again)
            if self._repository.shallow:
                hint = "git fetch --unshallow, and check again"
            raise NotReady(f"{shown} and {name} have no common commit here", hint)
        hint = f"git switch {pasted} && git reset --soft {base[:10]} && git commit"
        if base == tip and self._repository.top is not None:
            pull = f"git switch {shlex.quote(name)} && git pull"
            hint = f"where {name} is only behind here: {pull}\nelse: {hint}"
        if "Experiment" in trailers:
            hint += f"\nwhere {name} was rewritten: {again}"
        if code is not None:
            said = f"the code commit of {shown} is not on a commit of {name}"
            apart = Finding("B1", said, again_on(name, again))
            several = tuple(finding for finding in about_code if finding.id == "A3")
            return BranchPoint(base, several or (apart,), code.commit)
        said = f"{shown} is {ahead} commits away from {name}, and an experiment is exactly one"
        return BranchPoint(base, (Finding("B1", said, hint), *about_code))

    def branch_point_of_head(self, branch: tuple[str, str]) -> BranchPoint | None:
        """Where HEAD left a branch; None where they have no common commit."""
        git, tip = self._repository.git, branch[1]
        head, below = map(parse_commit, git.objects(["HEAD^{commit}", "HEAD~^{commit}"]))
        # An experiment on a code commit is being made, or amended.
        if is_code_commit(head.message) and len(head.parents) == 1:
            return self._on_code(tip, git.resolve("HEAD") or "", head.parents[0])
        if is_code_commit(below.message) and len(head.parents) == len(below.parents) == 1:
            return self._on_code(tip, head.parents[0], below.parents[0])
        # The usual case: an experiment's only commit is being made, or amended, on the tip.
        if tip in head.parents or git.resolve("HEAD") == tip:
            return BranchPoint(tip)
        base = _merge_base(self._repository, tip, "HEAD")
        return BranchPoint(base) if base else None

    def _on_code(self, tip: str, code: str, parent: str) -> BranchPoint:
        """Where a code commit left a branch, which may have accepted it since."""
        base = _merge_base(self._repository, tip, code)
        return BranchPoint(parent if base in {"", code} else base, (), code)

    def _leaves(self, entry: Entry, tip: str) -> tuple[str, int]:
        """Where an experiment left a branch, and how many commits ago.

        git is asked once for all experiments that share a parent, as after a rewritten baseline.
        """
        parents = self._parents_of(entry)
        git, own = self._repository.git, len(parents) == 1
        start = parents[0] if own else entry.commit
        if (start, tip) not in self._apart:
            base = _merge_base(self._repository, tip, start)
            ahead = int(git.text("rev-list", "--count", f"{base}..{start}")) if base else 0
            self._apart[start, tip] = base, ahead
        base, ahead = self._apart[start, tip]
        return base, ahead + own


def again_on(branch: str, again: str) -> str:
    """Say how to register a change again; `again` is the command."""
    return f"{again} registers the same change on {branch}"


def _merge_base(repository: Repository, tip: str, revision: str) -> str:
    return repository.git.text("merge-base", tip, revision, allow=(1,)).split("\n")[0]
