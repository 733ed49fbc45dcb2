"""Which commits are copies of experiments: the same registration and patch, and the same code.

A pull with rebase copies an experiment and its code commit one by one, a squash makes one commit of
both. Without the code, the change is another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.lab.code.brought_code import brought
from gitexp.rules.documents.code_commit import stands_on
from gitexp.rules.documents.message import split_message
from gitexp.store.experiments import Entry, read_commits
from gitexp.store.git_output import one_a_line, parse_commit
from gitexp.store.refs import ARCHIVE, HEADS, REMOTES
from gitexp.store.repository import Repository


def find_originals(
    repository: Repository, copies: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Find the experiments that commits are copies of; `copies` are their trailers.

    An experiment to which the baseline was fast-forwarded is its own copy.
    """
    names = {trailers["Experiment"] for trailers in copies.values()}
    places = [f"{HEADS}{name}" for name in names] + [f"{ARCHIVE}{name}" for name in names]
    places += [f"{REMOTES}*/exp/{name}" for name in names]
    refs = list(repository.branches(places).items())
    pairs, own = [], {}
    for entry in read_commits(repository, refs):
        if entry.commit in copies:
            own[entry.commit] = entry.commit
        registered = split_message(entry.message)[1].items()
        pairs += [
            (commit, entry)
            for commit, trailers in copies.items()
            if registered and registered <= trailers.items() and commit != entry.commit
        ]
    patches = _patches(repository, sorted({c for one, entry in pairs for c in (one, entry.commit)}))
    alike = [
        (one, entry)
        for one, entry in pairs
        if patches.get(one) and patches[one] == patches.get(entry.commit)
    ]
    found = {one: entry.commit for one, entry in alike if not entry.code}
    found |= _with_code_below(repository, [pair for pair in alike if pair[1].code])
    whole = [(one, e.base, e.commit) for one, e in pairs if e.code and one not in found]
    return found | _squashed(repository, whole) | own


@dataclass(frozen=True, slots=True)
class Squash:
    """A commit that says it is an experiment, in one commit with its code."""

    commit: str
    experiment: str


def without_code(repository: Repository, squashes: Sequence[Squash]) -> frozenset[str]:
    """Find squashes that lack some of what their experiment and its code commit brought.

    Where an experiment is not in this clone, or its baseline is not, nothing is known.
    """
    raw = repository.git.objects([one.experiment for one in squashes])
    asked = []
    for one, content in zip(squashes, raw, strict=True):
        commit = parse_commit(content)
        base, code = stands_on(commit.parents, commit.message)
        if code and repository.git.resolve(base):
            asked.append((one.commit, base, one.experiment))
    return frozenset(commit for commit, *_ in asked) - _squashed(repository, asked).keys()


def _with_code_below(repository: Repository, alike: Sequence[tuple[str, Entry]]) -> dict[str, str]:
    """Those copies whose parent brings the code of the original."""
    pairs = [pair for one, e in alike for pair in ((f"{one}~2", f"{one}~1"), (e.base, e.code))]
    digests = brought(repository, pairs) if pairs else []
    return {
        one: entry.commit
        for (one, entry), below, code in zip(alike, digests[::2], digests[1::2], strict=True)
        if below == code
    }


def _squashed(repository: Repository, asked: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """Those commits that bring all that differs between a baseline and an experiment on its code.

    `asked` are triples of commit, baseline and experiment.
    """
    pairs = [pair for one, base, commit in asked for pair in ((f"{one}~1", one), (base, commit))]
    digests = brought(repository, pairs) if pairs else []
    return {
        one: commit
        for (one, _, commit), mine, whole in zip(asked, digests[::2], digests[1::2], strict=True)
        if mine == whole
    }


def _patches(repository: Repository, commits: Sequence[str]) -> dict[str, str]:
    """Return git's ids of patches, which do not depend on where in a file a change is."""
    if not commits:
        return {}
    git = repository.git
    shown = git.run(
        "diff-tree", "--stdin", "-r", "-p", "--no-renames", "--no-relative", "--no-ext-diff",
        "--no-textconv", "--no-color", stdin=one_a_line(commits),
    ).stdout  # fmt: skip
    lines = git.text("patch-id", "--stable", stdin=shown).splitlines()
    return {commit: patch for patch, commit in map(str.split, lines)}
