"""Remarks: whoever reads an experiment's results finds what people noted about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.remark import Remark
from gitexp.store.note_writing import append_lines, replace_notes
from gitexp.store.refs import RUNS, VERDICTS
from tests.arrange import note
from tests.team import (
    an_experiment,
    clone_of,
    hub_of,
    lines_of,
    measured_experiment,
    repository_of,
    synced,
)
from tests.typed import typed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

SAID = "seed 4 ran beside a backup, 3x slower"


def shown(world: World, commit: str) -> list[str]:
    """What `git log` shows below an experiment."""
    return note(world, VERDICTS, commit).splitlines()


def test_a_remark_is_read_wherever_the_experiment_is(ready: World) -> None:
    commit = measured_experiment(ready, "brave-otter")
    made = ready.gitexp("note", "brave-otter", f"  {SAID} ", "--json").json
    assert made["remark"]["text"] == SAID
    ready.gitexp("note", "exp/brave-otter", "it was swap")
    day = made["remark"]["time"][:10]
    remarks = [f"remark {day} by Ada Tester: {text}" for text in (SAID, "it was swap")]
    verdict, _, *below = "\n".join(shown(ready, commit)).partition("\n\n")
    assert verdict.startswith("CONFIRMED: accuracy ")
    assert below == ["\n".join(remarks)]
    assert all(remark in ready.gitexp("log", "--long").out for remark in remarks)
    assert f"Remark:      {day} by Ada Tester: {SAID}" in ready.gitexp("show", "brave-otter").out
    assert f"- exp/brave-otter, {remarks[1]}" in ready.gitexp("report").out
    [row] = ready.gitexp("log", "--json").json
    assert [remark["text"] for remark in row["remarks"]] == [SAID, "it was swap"]
    assert ready.gitexp("show", "brave-otter", "--json").json["remarks"] == row["remarks"]
    assert not ready.gitexp("verify", "--json").json["problems"]


def test_a_note_that_lost_its_remarks_gets_them_back(ready: World) -> None:
    commit = measured_experiment(ready, "brave-otter")
    ready.gitexp("note", "brave-otter", SAID)
    whole = shown(ready, commit)
    # A version that does not know them writes the verdict alone.
    replace_notes(repository_of(ready), VERDICTS, {commit: "\n".join(whole[: whole.index("")])})
    found = ready.gitexp("verify", "--json").json
    assert [one["id"] for one in found["information"] if one["id"] == "V1"] == ["V1"]
    assert not [one for one in found["problems"] if one["id"] == "V1"]
    ready.gitexp("verify", "--fix")
    assert shown(ready, commit) == whole
    forged = [*whole[:-1], whole[-1].replace("slower", "faster")]
    replace_notes(repository_of(ready), VERDICTS, {commit: "\n".join(forged)})
    found = ready.gitexp("verify", "--json", code=1).json
    assert [one["id"] for one in found["problems"]] == ["V1"]


def test_remarks_of_two_clones_meet(ready: World) -> None:
    hub = hub_of(ready)
    commit = an_experiment(ready, "calm-heron")
    synced(ready)
    other = clone_of(hub, "other")
    synced(other)
    ready.gitexp("archive", "calm-heron")
    ready.gitexp("note", "calm-heron", SAID)
    said = Remark(commit, "needs more data", "Eve", "2026-01-31T00:00:00Z")
    append_lines(repository_of(other), RUNS, {commit: [said.line()]})
    synced(other)
    synced(ready)
    synced(other)
    assert shown(ready, commit) == shown(other, commit)
    assert shown(ready, commit)[0] == str(said)
    assert shown(ready, commit)[1].endswith(SAID)


def test_a_redacted_remark_is_gone_from_the_note_too(ready: World) -> None:
    commit = measured_experiment(ready, "brave-otter")
    ready.gitexp("note", "brave-otter", "the password is hunter2, by the way")
    ready.gitexp("redact", "hunter2", "--yes")
    assert "hunter2" not in "".join(lines_of(ready, RUNS, commit) + shown(ready, commit))
    assert shown(ready, commit)[0].startswith("CONFIRMED")
    assert not ready.gitexp("verify", "--json").json["problems"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody", "x"), "there is no experiment nobody"),
        (("calm-heron", " "), "the remark is empty"),
        (("calm-heron",), "what do you want to note?"),
        (("calm-heron", "a\x1b[2Jb"), "the remark contains \\x1b"),
        (("calm-heron", "x" * 100_000), "may have 2,000 characters, but this one has 100,000"),
    ],
)
def test_what_cannot_be_noted_is_refused(words: tuple[str, ...], said: str, ready: World) -> None:
    an_experiment(ready, "calm-heron")
    ran = ready.gitexp("note", *words, code=2)
    assert said in ran.err
    assert not ready.try_git("rev-parse", "--verify", "--quiet", RUNS).out


def test_a_remark_is_written_in_the_editor_where_none_was_typed(
    ready: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = an_experiment(ready, "calm-heron")
    script = tmp_path / "an editor"
    script.write_text(f"#!/bin/sh\ngrep '# A remark' \"$2\" && echo '{SAID}' > \"$2\"\n")
    script.chmod(0o755)
    monkeypatch.setenv("GIT_EDITOR", f"'{script}' --wait")
    code, screen = typed(ready, "", "note", "calm-heron")
    assert code == 0, screen
    assert "# A remark on exp/calm-heron." in screen
    assert shown(ready, commit)[-1].endswith(SAID)
    monkeypatch.setenv("GIT_EDITOR", "false")
    code, screen = typed(ready, "", "note", "calm-heron")
    assert code == 2
    assert 'the editor failed: false\n-> gitexp note calm-heron "TEXT"' in screen
