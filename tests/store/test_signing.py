"""Records signed with a real ssh key, and checked by git itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from gitexp.store.signatures import read_signatures
from tests.project import needs_ssh_keys
from tests.team import a_record, an_experiment, repository_of, starts_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

pytestmark = needs_ssh_keys


def add_a_run(world: World, commit: str, seed: int) -> None:
    """Put a run on record in one commit of the notes."""
    line = a_record(commit, seed)
    append_lines(repository_of(world), RUNS, {commit: [*starts_of([line]), line]})


def test_records_are_signed_and_verify_says_by_whom(ready: World, tmp_path: Path) -> None:
    key = tmp_path / "key"
    ready.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(key))
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    commit = an_experiment(ready, "brave-otter")
    add_a_run(ready, commit, 1)
    for name, value in (
        ("gpg.format", "ssh"), ("user.signingKey", str(key)), ("gitexp.sign", "true"),
        ("gpg.ssh.allowedSignersFile", str(allowed)),
    ):  # fmt: skip
        ready.git("config", name, value)
    add_a_run(ready, commit, 2)
    assert ready.git("log", "-2", "--format=%G? %GS", RUNS).splitlines() == [
        "G ada@example.org", "N ",
    ]  # fmt: skip
    ready.git("verify-commit", RUNS)
    found = ready.gitexp("verify", "--json").json["signatures"]
    assert found == {"ada@example.org": 1, "": 1}
    assert "1 by ada@example.org" in ready.gitexp("verify").out
    ready.git("config", "gpg.ssh.revocationFile", str(key.with_suffix(".pub")))
    ran = ready.gitexp("verify", code=1)
    assert "1 with a bad signature" in ran.out
    assert "V25" in ran.out
    ready.git("config", "--unset", "gpg.ssh.revocationFile")
    # Whoever does not sign is told all the same, and that the key is a stranger's here.
    ready.git("config", "--unset", "gitexp.sign")
    ready.git("config", "--unset", "gpg.ssh.allowedSignersFile")
    assert ready.gitexp("verify", "--json").json["signatures"] == {"unknown key": 1, "": 1}


def test_lines_that_a_merge_or_a_first_commit_brings_are_counted(ready: World) -> None:
    commit = an_experiment(ready, "brave-otter")
    add_a_run(ready, commit, 1)
    repository = repository_of(ready)
    tip = ready.git("rev-parse", RUNS).strip()
    side = ready.git("commit-tree", "-p", f"{tip}~1", "-m", "side", f"{tip}~1^{{tree}}").strip()
    plain = ready.git("commit-tree", "-p", tip, "-p", side, "-m", "merge", f"{tip}^{{tree}}")
    assert read_signatures(repository, RUNS) == {}
    ready.git("config", "gitexp.sign", "true")
    ready.git("update-ref", RUNS, plain.strip())
    assert read_signatures(repository_of(ready), RUNS) == {tip: ""} | {side: ""}
    ready.git("notes", f"--ref={RUNS}", "append", "-m", "more", commit)
    other = ready.git("commit-tree", "-p", tip, "-p", side, "-m", "m", f"{RUNS}^{{tree}}").strip()
    ready.git("update-ref", RUNS, other)
    assert read_signatures(repository_of(ready), RUNS) == {tip: "", side: "", other: ""}
    first = ready.git("commit-tree", "-m", "squashed", f"{RUNS}^{{tree}}").strip()
    ready.git("update-ref", RUNS, first)
    assert read_signatures(repository_of(ready), RUNS) == {first: ""}


def test_verify_says_nothing_of_signatures_where_nobody_signs(ready: World) -> None:
    commit = an_experiment(ready, "brave-otter")
    add_a_run(ready, commit, 1)
    assert ready.gitexp("verify", "--json").json["signatures"] == {}


def test_what_cannot_be_signed_says_why(ready: World) -> None:
    ready.git("config", "gitexp.sign", "true")
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", name, code=3)
    assert "gitexp.sign is on, but git has no file with an ssh key" in ran.err
    ready.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-a", "1", "-f", "../locked")
    ready.git("config", "gpg.format", "ssh")
    ready.git("config", "user.signingKey", "../locked")
    [found] = [one for one in ready.gitexp("doctor", "--json", code=1).json if one["id"] == "D22"]
    assert "could not sign" in found["message"]
    ran = ready.gitexp("run", name, code=3)
    assert "ssh-add ../locked && git config user.signingKey ../locked.pub" in ran.err
