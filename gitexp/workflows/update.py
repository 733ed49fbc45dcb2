"""What a server accepts: valid experiments, which never change again, and notes that only grow.

git's `update` hook asks about one ref at a time, with its old and its new value. What was pushed is
compared and never run.
"""

from __future__ import annotations

import shlex
from dataclasses import replace

from gitexp.lab.code.replacement import replaced_among
from gitexp.lab.gate import check_refs
from gitexp.lab.gate.pushed_notes import check_pushed_notes, check_removed_results
from gitexp.lab.gate.pushed_protocol import check_deleted_baseline, check_pushed_protocol
from gitexp.lab.projects.baseline_branch import find_baseline
from gitexp.lab.projects.lowered_rules import lowered_rules
from gitexp.rules.demand import demand
from gitexp.rules.documents.name import set_apart
from gitexp.rules.documents.registration import parse_message
from gitexp.rules.documents.settings_file import FILES
from gitexp.rules.finding import Finding
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.text import visible
from gitexp.store.experiments import read_commits
from gitexp.store.notes import read_notes
from gitexp.store.refs import ARCHIVE, HEADS, RUNS, VERDICTS
from gitexp.store.repository import Repository


def update(repository: Repository, ref: str, old: str, new: str) -> tuple[Finding, ...]:
    """Check one ref of a push; `old` or `new` is all zeros for a ref that is created or deleted.

    Returns the gate's advice, which git shows to whoever pushes.

    Raises:
        Refused: the ref stays as it is here.
    """
    before, after = (commit if commit.strip("0") else "" for commit in (old, new))
    findings: list[Finding] = []
    if ref.startswith(VERDICTS):
        findings = _check_notes(repository, ref, before, after)
    elif ref.startswith((HEADS, ARCHIVE)):
        findings = _check_experiment(repository, ref, before, after)
    elif before:
        findings = _check_baseline(repository, ref, before, after)
    return demand(findings, f"{visible(ref)} is not accepted here")


def _check_notes(repository: Repository, ref: str, before: str, after: str) -> list[Finding]:
    git = repository.git
    if not after:
        said = f"{ref} holds everyone's results and cannot be deleted here"
        return [Finding("P3", said, "leave it on the server; in your own clone you may delete it")]
    findings = check_pushed_notes(repository, ref, before, after)
    allowed = git.text("config", "--type=bool", "--get", "gitexp.allowRedaction", allow=(1,))
    if not before or allowed == "true":
        return findings
    if git.succeeds("merge-base", "--is-ancestor", before, after):
        lost = check_removed_results(repository, ref, before, after) if ref == RUNS else []
        return [*findings, *lost]
    return [
        *findings,
        Finding(
            "P3",
            f"{ref} would lose what others wrote",
            f"git fetch REMOTE {ref} && git notes --ref={ref} merge -s cat_sort_uniq FETCH_HEAD"
            "\nthen push again",
        ),
    ]


def _check_baseline(repository: Repository, ref: str, before: str, after: str) -> list[Finding]:
    """Check that a baseline branch keeps its rules of verdict, and what measures."""
    if not after:
        return check_deleted_baseline(repository, ref, before)
    changed = repository.git.differences("diff-tree", before, after)
    folders = dict.fromkeys(
        file.path[: -len(name)]
        for file in changed
        for name in FILES
        if file.path == name or file.path.endswith(f"/{name}")
    )
    lowered = [
        finding
        for prefix in folders
        if ref == f"refs/heads/{find_baseline(repository, prefix)[0]}"
        for finding in lowered_rules(repository, prefix, [after], besides=[before]).values()
    ]
    return [*lowered, *check_pushed_protocol(repository, ref, before, after)]


def _check_experiment(repository: Repository, ref: str, before: str, after: str) -> list[Finding]:
    name = ref.removeprefix(HEADS).removeprefix(ARCHIVE)
    other = f"{HEADS if ref.startswith(ARCHIVE) else ARCHIVE}{name}"
    kept = repository.git.resolve(other) or ""
    shown = visible(name)
    measured = before and bool(read_notes(repository, RUNS, [before]))
    if not after:
        if not measured or kept == before:
            return []
        return [
            Finding(
                "P2",
                f"{shown} was measured, and deleting it would lose the result",
                f"archive it first: git push REMOTE {before}:{ARCHIVE}{name}",
            )
        ]
    if before and ref.startswith(HEADS) and _is_replaced(repository, ref, before, after):
        if before not in repository.branches([ARCHIVE]).values():
            place = f"{ARCHIVE}{set_apart(name, before, ())}"
            hint = f"archive it first: git push REMOTE {before}:{place}"
            return [Finding("P2", f"{shown} failed as {before[:10]}, and that would be lost", hint)]
    elif before and (measured or _is_registered(repository, ref, before)):
        said = f"{shown} is registered here as {before[:10]}; another commit is another experiment"
        return [_another_commit(said, shown)]
    if kept == after:
        return []
    if kept:
        return [
            _another_commit(
                f"{shown} is here already, as {kept[:10]} under {visible(other)}", shown
            )
        ]
    if ref.startswith(ARCHIVE):
        return []  # it may have been archived because the gate refuses it
    if repository.git.sizes([after]).get(after, 0) > LARGEST:
        said = f"the commit {after[:10]} has more than {LARGEST:,} bytes and was not read"
        return [Finding("B3", said, "shorten its message")]
    [report] = check_refs(repository, [(ref, after)])
    return [
        replace(
            finding,
            hint=f"{finding.hint}\nif the server's baseline branch is behind, push that first",
        )
        if finding.id in {"B1", "B3"}
        else finding
        for finding in report.findings
    ]


def _is_replaced(repository: Repository, ref: str, before: str, after: str) -> bool:
    entries = read_commits(repository, [(ref, before), (ref, after)])
    return before in replaced_among(repository, entries)


def _is_registered(repository: Repository, ref: str, commit: str) -> bool:
    [entry] = read_commits(repository, [(ref, commit)])
    return parse_message(entry.message)[0] is not None


def _another_commit(said: str, name: str) -> Finding:
    branch = shlex.quote(f"exp/{name}")
    hint = f"git branch -m {branch} exp/NEW-NAME && git commit --amend --no-edit, and push that"
    return Finding("P1", said, hint)
