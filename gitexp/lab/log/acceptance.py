"""Which experiments the baseline branch has accepted, however the acceptance was written.

`gitexp accept` makes a merge whose message names the experiment's commit. A pull with rebase drops
that merge and copies the experiment; the buttons of a hosting service merge it in other words,
squash or copy it. A copy is another commit, but it has the experiment's registration and its patch,
and it brings its code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.lab.code.copied import Squash, find_originals, without_code
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.name import is_name
from gitexp.store.experiments import read_commits
from gitexp.store.git_output import split_fields

# git writes this; what was reverted is not part of the baseline any more.
_REVERTED = re.compile(r"^This reverts commit ([0-9a-f]{40,64})", re.MULTILINE)
_WORDS = ("^Accepted: [0-9a-f]{40}", "^Experiment: [a-z0-9-]+", "^This reverts commit [0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A baseline commit that accepted an experiment; `anyway` is the reason it gives.

    One made `by_hand` says nothing of the experiment that it merged.
    """

    commit: str
    experiment: str
    anyway: str = ""
    by_hand: bool = False


def read_acceptances(
    project: Project, *heads: str
) -> tuple[tuple[Acceptance, ...], frozenset[str]]:
    """What the baseline accepted and did not revert, and all that it reverted.

    Newest first, those last whose merge does not say so. Two git processes; a few more if there
    are copies, or merges in other words. `heads` are further ends of the baseline.
    """
    listed = project.repository.git.log(
        "--first-parent", "-E", *(f"--grep={word}" for word in _WORDS), "-z",
        "--format=%H %P%n%B", project.tip, *heads,
    )  # fmt: skip
    found: list[Acceptance] = []
    copies: dict[str, Mapping[str, str]] = {}
    squashes: list[Squash] = []
    reverted: set[str] = set()
    for text in split_fields(listed):
        ids, _, message = text.partition("\n")
        commit, _, parents = ids.partition(" ")
        reverted.update(_REVERTED.findall(message))
        trailers = split_message(message)[1]
        if commit in reverted or trailers.get("Project", "") != project.folder:
            continue
        experiment = trailers.get("Accepted", "")
        if not experiment and is_name(trailers.get("Experiment", "")):
            copies[commit] = trailers
        elif experiment and " " not in parents:
            squashes.append(Squash(commit, experiment))
        if experiment or commit in copies:
            found.append(Acceptance(commit, experiment, trailers.get("Anyway", "")))
    originals = find_originals(project.repository, copies) if copies else {}
    refuted = without_code(project.repository, squashes) if squashes else frozenset()
    known = (replace(one, experiment=originals.get(one.commit, one.experiment)) for one in found)
    accepted = tuple(one for one in known if one.experiment and one.commit not in refuted)
    said = {one.commit for one in accepted} | reverted
    merges = [one for one in merges_on(project, *heads) if one[0] not in said]
    return (*accepted, *_plainly_merged(project, merges)), frozenset(reverted)


def merges_on(project: Project, *heads: str) -> list[list[str]]:
    """Merges on the baseline branch, each followed by the commits that it joined."""
    words = ("rev-list", "--first-parent", "--merges", "--parents", project.tip, *heads)
    return [line.split() for line in project.repository.git.text(*words).splitlines()]


def _plainly_merged(project: Project, merges: Sequence[Sequence[str]]) -> list[Acceptance]:
    """Experiments that somebody merged without `gitexp accept`, and whose change came along."""
    repository = project.repository
    of_two = [(merge, before, merged) for merge, before, merged, *more in merges if not more]
    entries = read_commits(repository, [("", merged) for *_, merged in of_two])
    mine = {
        entry.commit
        for entry in entries
        if is_name((trailers := split_message(entry.message)[1]).get("Experiment", ""))
        and trailers.get("Project", "") == project.folder
    }
    found = [one for one in of_two if one[2] in mine]
    changes = repository.git.differences_of([(before, merge) for merge, before, _ in found])
    return [
        Acceptance(merge, merged, by_hand=True)
        for (merge, _, merged), files in zip(found, changes, strict=True)
        if files
    ]
