"""Which experiments the baseline branch has accepted, however the acceptance was written.

`gitexp accept` makes a merge whose message names the experiment's commit. A pull with rebase drops
that merge and copies the experiment; the buttons of a hosting service squash or copy it. A copy is
another commit, but it has the experiment's registration and its patch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.name import is_name
from gitexp.store.experiments import read_commits
from gitexp.store.git_output import decode
from gitexp.store.refs import ARCHIVE, HEADS, REMOTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitexp.lab.project import Project
    from gitexp.store.repository import Repository

# git writes this; what was reverted is not part of the baseline any more.
_REVERTED = re.compile(r"^This reverts commit ([0-9a-f]{40,64})", re.MULTILINE)
_WORDS = ("^Accepted: [0-9a-f]{40}", "^Experiment: [a-z0-9-]+", "^This reverts commit [0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A baseline commit that accepted an experiment; `anyway` is the reason it gives."""

    commit: str
    experiment: str
    anyway: str = ""


def read_acceptances(
    project: Project, *heads: str
) -> tuple[tuple[Acceptance, ...], frozenset[str]]:
    """What the baseline accepted and did not revert, newest first, and all that it reverted.

    One git process; a few more if there are copies. `heads` are further ends of the baseline.
    """
    out = project.repository.git.run(
        "log", "--first-parent", "-E", *(f"--grep={word}" for word in _WORDS), "-z", "--no-notes",
        "--no-show-signature", "--no-color", "--encoding=UTF-8", "--format=%H%n%B", project.tip,
        *heads,
    ).stdout  # fmt: skip
    found: list[Acceptance] = []
    copies: dict[str, Mapping[str, str]] = {}
    reverted: set[str] = set()
    for text in decode(out).split("\0"):
        commit, _, message = text.partition("\n")
        reverted.update(_REVERTED.findall(message))
        trailers = split_message(message)[1]
        if commit in reverted or trailers.get("Project", "") != project.folder:
            continue
        experiment = trailers.get("Accepted", "")
        if not experiment and is_name(trailers.get("Experiment", "")):
            copies[commit] = trailers
        if experiment or commit in copies:
            found.append(Acceptance(commit, experiment, trailers.get("Anyway", "")))
    originals = _originals(project.repository, copies) if copies else {}
    known = (replace(one, experiment=originals.get(one.commit, one.experiment)) for one in found)
    return tuple(one for one in known if one.experiment), frozenset(reverted)


def _originals(repository: Repository, copies: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Find the experiments that commits are copies of: the same registration, the same patch."""
    names = {trailers["Experiment"] for trailers in copies.values()}
    places = [f"{HEADS}{name}" for name in names] + [f"{ARCHIVE}{name}" for name in names]
    places += [f"{REMOTES}*/exp/{name}" for name in names]
    refs = list(repository.branches(places).items())
    pairs = []
    for entry in read_commits(repository, refs):
        registered = split_message(entry.message)[1].items()
        pairs += [
            (commit, entry.commit)
            for commit, trailers in copies.items()
            if registered and registered <= trailers.items() and commit != entry.commit
        ]
    patches = _patches(repository, sorted({commit for pair in pairs for commit in pair}))
    return {
        copy: original
        for copy, original in pairs
        if patches.get(copy) and patches[copy] == patches.get(original)
    }


def _patches(repository: Repository, commits: Sequence[str]) -> dict[str, str]:
    """Return git's ids of patches, which do not depend on where in a file a change is."""
    if not commits:
        return {}
    git = repository.git
    shown = git.run(
        "diff-tree", "--stdin", "-r", "-p", "--no-renames", "--no-relative", "--no-ext-diff",
        "--no-textconv", "--no-color", stdin="".join(f"{c}\n" for c in commits).encode(),
    ).stdout  # fmt: skip
    lines = decode(git.run("patch-id", "--stable", stdin=shown).stdout).splitlines()
    return {commit: patch for patch, commit in map(str.split, lines)}
