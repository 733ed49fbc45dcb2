"""Which experiments made the same change: compared by whole values, even if messages cut them.

The same switch on different code is another change; equal code is the same, in whatever commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.code.brought_code import brought
from gitexp.rules.documents.change import NO_CHANGE, whole
from gitexp.rules.gate.changed_values import compare_values
from gitexp.rules.gate.formats import LARGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.change import Change
    from gitexp.store.repository import Repository

NO_CODE = ("", "")


def same_change(
    repository: Repository,
    results: Sequence[Result],
    change: Change,
    code: tuple[str, str] = NO_CODE,
) -> list[Result]:
    """Experiments that set the same key to the same value, whatever it was before, newest first.

    `change` has its values whole. `code` are the baseline and the code commit, or its tree, that
    it is made on; only experiments on equal code count.
    """
    former = change.formerly.form if change.formerly else ()
    alike = [
        result
        for result in results
        if (one := result.registration)
        and (one.change.place == change.place or one.change.form == former)
    ]
    whole_ones = whole_changes(repository, alike, former)
    found = [result for result in alike if whole_ones[result.commit].sets_the_same(change)]
    return on_equal_code(repository, found, code)


def on_equal_code(
    repository: Repository, results: Sequence[Result], code: tuple[str, str]
) -> list[Result]:
    """Those experiments whose code commit brings the same as another, or that have none either."""
    with_code = bool(code[1])
    alike = [result for result in results if bool(result.code) == with_code]
    other = [r for r in alike if r.code != code[1]]
    if not other:
        return alike
    mine, *theirs = brought(repository, [code, *(r.standing for r in other)])
    equal = {r.commit for r, its in zip(other, theirs, strict=True) if its == mine}
    return [r for r in alike if r.code == code[1] or r.commit in equal]


def whole_changes(
    repository: Repository, results: Sequence[Result], former: tuple[str, ...] = ()
) -> dict[str, Change]:
    """Changes of registered experiments by commit.

    A message cuts long values: those are read from the commit and its parent, in one git process.
    So is what is registered under keys of the `former` form, which are others now.
    """
    changes = {
        result.commit: result.registration.change if result.registration else NO_CHANGE
        for result in results
    }
    # git is asked for blobs line by line.
    cut = [
        result
        for result in results
        if (one := changes[result.commit]).is_cut or one.form == former
        if "\n" not in one.file
    ]
    names = [
        f"{commit}:{_folder(result)}{changes[result.commit].file}"
        for result in cut
        for commit in (result.base or result.commit, result.commit)
    ]
    contents = iter(repository.git.objects(names, largest=LARGEST) if names else ())
    for result in cut:
        change, before, after = changes[result.commit], next(contents), next(contents)
        changes[result.commit] = (
            _renamed(change, before, after)
            if change.form == former
            else whole(change, before, after)
        )
    return changes


def _renamed(change: Change, before: bytes | None, after: bytes | None) -> Change:
    """A change as its file has it, under the key that it has now."""
    if before is None or after is None:
        return change
    found, _ = compare_values(change.file, before, after, 0)
    return found[0] if len(found) == 1 else change


def complete_changes(repository: Repository, results: Sequence[Result]) -> None:
    """Put whole values into the results whose messages cut them."""
    cut = [r for r in results if r.registration is not None and r.registration.change.is_cut]
    changes = whole_changes(repository, cut)
    for result in cut:
        if result.registration is not None:
            result.registration = result.registration._replace(change=changes[result.commit])


def _folder(result: Result) -> str:
    project = result.registration.project if result.registration else ""
    return f"{project}/" if project else ""
