"""Registrations that break no rule become commits with names: all of them, or none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.lab.progress import counted_off
from gitexp.lab.projects.experiment_name import new_name
from gitexp.lab.trust.code_trust import note_own_code
from gitexp.rules.documents.code_commit import code_message, code_trailers
from gitexp.rules.documents.message import hypothesis_of
from gitexp.store.commits import commit_tree, create_branches
from gitexp.store.edited_trees import trees_with_file
from gitexp.store.experiment_refs import names_taken
from gitexp.store.git_errors import GitFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.finding import Finding

_TRIES = 5  # names, where other clones of this work tree take them at the same time


@dataclass(frozen=True, slots=True)
class Code:
    """The code that experiments stand on: a `commit` that is there, or the `tree` of a new one.

    `base` is the baseline commit below it, and `paths` are the files that differ between the two.
    `foreign` says that it was taken from commits that were neither made nor approved in this clone.
    """

    base: str
    paths: tuple[str, ...]
    commit: str = ""
    tree: str = ""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A registration that has no name yet, and its place in its campaign."""

    registration: Registration
    content: bytes
    place: int
    advice: tuple[Finding, ...]
    code: Code | None


@dataclass(frozen=True, slots=True)
class Made:
    """A registration with its name, its commit ("" before it is made), and the code below it."""

    registration: Registration
    commit: str
    below: str
    code: Code | None


def commit_all(project: Project, drafts: Sequence[Draft]) -> list[Made]:
    """Commit each under a free name, and new code once for all that stand on it.

    Raises:
        NotReady: other clones of this work tree took every name that was tried.
    """
    repository = project.repository
    taken = names_taken(repository)
    for _ in range(_TRIES):
        names = _new_names(taken, len(drafts))
        new: dict[Code, str] = {}
        try:
            made = _make(project, drafts, names, new)
            # Before there is a branch: nobody is asked about code of their own.
            note_own_code(repository, *(at for code, at in new.items() if not code.foreign))
            commits = {one.registration.name: one.commit for one in made}
            create_branches(repository, commits, new.values())
        except GitFailed as failure:
            if not failure.lost:
                raise
            continue
        except NotReady:
            # Another clone of this work tree may have taken a name in the meantime.
            now = names_taken(repository)
            if now.isdisjoint(names):
                raise
            taken |= now
            continue
        return made
    raise NotReady(f"no free name was found in {_TRIES} tries", "run the same command again")


def _new_names(taken: set[str], number: int) -> list[str]:
    names: list[str] = []
    known = {*taken}
    for _ in range(number):
        names.append(new_name(known))
        known.add(names[-1])
    # Of what was registered in one second, the log takes the name that comes first for the newest.
    return sorted(names, reverse=True)


def _make(
    project: Project, drafts: Sequence[Draft], names: Sequence[str], new: dict[Code, str]
) -> list[Made]:
    """Commit registrations under these names; `new` gets the code commits made for them."""
    repository = project.repository
    named = [_named(project, *one, new) for one in zip(drafts, names, strict=True)]
    trees = trees_with_file(
        repository,
        [
            (one.below, project.path(one.registration.change.file), draft.content)
            for one, draft in zip(named, drafts, strict=True)
        ],
    )
    pairs = [*zip(named, trees, strict=True)]
    return [
        replace(one, commit=commit_tree(repository, tree, [one.below], one.registration.message()))
        for one, tree in counted_off("registering experiments", pairs, len(pairs))
    ]


def _named(project: Project, draft: Draft, name: str, new: dict[Code, str]) -> Made:
    """Name a registration, and commit the code that it stands on unless `new` has it already."""
    named, code = draft.registration._replace(name=name), draft.code
    if code is None:
        return Made(named, "", project.tip, None)
    if not code.commit and code not in new:
        message = code_message(hypothesis_of(named.hypothesis), name)
        new[code] = commit_tree(project.repository, code.tree, [code.base], message)
    below = code.commit or new[code]
    trailers = code_trailers(below, code.base)
    named = named._replace(extra=(*named.extra, *trailers))
    return Made(named, "", below, replace(code, commit=below))
