"""What a verdict rests on besides scores: what runs read, what they ran in, a lucky baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from gitexp.lab.audit.inventory import Inventory, gated, label_of, name_of
from gitexp.lab.measuring.arms import about_arms, arms_of
from gitexp.lab.projects.project_folder import known_projects
from gitexp.lab.standing.to_retest import to_retest
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import Key, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import to_json
from gitexp.rules.text import visible
from gitexp.store.git_output import decode
from gitexp.store.notes import each_note, list_notes
from gitexp.store.refs import BULK

_MARK = Kind.PARAMETERS.mark.encode()
_HASHED = "hmac-sha256:"  # how secrets are stored


def about_environments(inventory: Inventory) -> Iterator[Finding]:
    """Name variables that tell the arms apart, and loaded files that are said to be inert."""
    confirmed = [
        (result, result.registration)
        for result in gated(inventory.held)
        if result.confirmed and result.registration and result.base
    ]
    if not confirmed:
        return
    commits = [commit for result, _ in confirmed for commit in (result.base, result.commit)]
    notes = each_note(inventory.project.repository, BULK, commits)
    for result, registration in confirmed:
        bulk = [text for _, text in islice(notes, 2)]
        arms = arms_of(registration, result.baseline_records, result.records, bulk, result.beside)
        yield from about_arms(name_of(result), arms)


def about_parameters(inventory: Inventory) -> Iterator[Finding]:
    """Find runs that read other values in their configs than their commit has."""
    repository = inventory.project.repository
    blobs = {
        commit: blob
        for commit, blob in list_notes(repository, BULK).items()
        if commit in inventory.entries
    }
    recorded: dict[str, list[dict[str, Any]]] = {}
    for commit, content in zip(blobs, repository.git.each(blobs.values()), strict=True):
        if content and _MARK in content:
            found = read_contents(decode(content), Kind.PARAMETERS)
            recorded[commit] = [line["values"] for line in found]
    # A line does not say of which project it is: what one of them has is right.
    prefixes = dict.fromkeys([inventory.project.prefix, *known_projects(repository)])
    names = [
        f"{commit}:{prefix}{file}"
        for commit, lines in recorded.items()
        for file in {file for line in lines for file in line}
        if "\n" not in file
        for prefix in prefixes
    ]
    contents = dict(zip(names, repository.git.objects(names), strict=True))
    for commit, lines in recorded.items():
        for line in lines:
            for file, values in line.items():
                given = [contents.get(f"{commit}:{prefix}{file}") for prefix in prefixes]
                said = [_deviation(file, content, values) for content in given if content]
                if said and all(said):
                    yield Finding(
                        "R4",
                        f"a run of {commit[:10]} read {visible(said[0])}",
                        "its checkout was not what the commit has, so this was another change; see"
                        f" its records: git notes --ref=gitexp-runs show {commit[:10]}",
                    )


def _deviation(file: str, content: bytes, values: object) -> str:
    """Say in which value a record differs from a config, "" if in none.

    Only values of one type are compared: another version of gitexp may have read a text as a
    number.
    """
    if not isinstance(values, dict):
        return ""
    try:
        said = _unlike(file, formats.read_leaves(file, content), values)
    except Malformed:
        return ""
    before = formats.read_as_before(file, content) if said else None
    return said if before is None else _unlike(file, before, values)


def _unlike(file: str, leaves: Mapping[Key, object], values: Mapping[str, object]) -> str:
    committed: Mapping[str, object] = {spell_key(k): to_json(v) for k, v in leaves.items()}
    for key, read in values.items():
        own = committed.get(key)
        if type(own) is type(read) and own != read and _HASHED not in f"{read}":
            return f"{key} = {read} in {file}, where the commit has {own}"
    return ""


def about_luck(inventory: Inventory) -> Iterator[Finding]:
    """Find what was confirmed on doubtful runs of a baseline, or for once was not."""
    for result, said in to_retest(inventory.held):
        yield Finding(
            "V21",
            f"{label_of(result)} {said}",
            f"gitexp retest {name_of(result)} measures the change on fresh seeds",
            advice=True,
        )
