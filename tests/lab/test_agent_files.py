"""What is written for agents is taken back byte for byte; what others wrote is not touched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gitexp.errors import NotReady
from gitexp.lab.setup.agent_files import FOLDER, remove_agent_files, write_agent_files

if TYPE_CHECKING:
    from pathlib import Path

OWN = {"SKILL.md": "---\nname: gitexp\n---\n# Skill\n", "more.md": "# More, größer\n"}
NEWER = {"SKILL.md": "---\nname: gitexp\n---\n# Skill 2\n", "more.md": "# More\n"}
NAMES = tuple(OWN)


def contents(top: Path) -> dict[str, bytes]:
    """Every file with what it holds."""
    return {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "before", [None, b"", b"# Ours", b"# Ours\n", b"# Ours\n\n\n", b"# Ours\r\n", b"\xff\xfe\x00\n"]
)
def test_all_of_it_can_be_taken_back(tmp_path: Path, before: bytes | None) -> None:
    if before is not None:
        (tmp_path / "AGENTS.md").write_bytes(before)
    found = contents(tmp_path)
    write_agent_files(tmp_path, OWN, "one\ntwo\n")
    told = (tmp_path / "AGENTS.md").read_bytes()
    assert told.startswith(before or b"")
    assert (b"\r\n" in told) == (b"\r\n" in (before or b""))
    once = contents(tmp_path)
    assert {one.done for one in write_agent_files(tmp_path, OWN, "one\ntwo\n")} == {""}
    assert contents(tmp_path) == once
    write_agent_files(tmp_path, NEWER, "three\n")
    assert b"# Skill 2" in (tmp_path / FOLDER / "SKILL.md").read_bytes()
    assert b"one" not in (tmp_path / "AGENTS.md").read_bytes()
    remove_agent_files(tmp_path, NAMES)
    # A file that was empty is not told from none.
    assert contents(tmp_path) == {name: text for name, text in found.items() if text}
    assert not (tmp_path / ".agents").exists()
    assert {one.done for one in remove_agent_files(tmp_path, NAMES)} == {""}


def test_what_stands_around_the_block_and_beside_the_files_stays(tmp_path: Path) -> None:
    shared = tmp_path / "AGENTS.md"
    shared.write_text("before")
    shared.chmod(0o640)
    write_agent_files(tmp_path, OWN, "one\n")
    with shared.open("a") as file:
        file.write("after\n")
    (tmp_path / ".agents/skills/other").mkdir()
    (tmp_path / FOLDER / "mine.md").write_text("mine")
    write_agent_files(tmp_path, NEWER, "two\n")
    assert shared.read_text() == (
        "before\n<!-- gitexp:begin -->\ntwo\n<!-- gitexp:end -->\nafter\n"
    )  # fmt: skip
    assert shared.stat().st_mode & 0o777 == 0o640
    remove_agent_files(tmp_path, NAMES)
    assert contents(tmp_path) == {"AGENTS.md": b"before\nafter\n", f"{FOLDER}/mine.md": b"mine"}
    assert (tmp_path / ".agents/skills/other").is_dir()


def test_files_that_git_checks_out_with_other_line_ends_are_still_ours(tmp_path: Path) -> None:
    write_agent_files(tmp_path, OWN, "one\n")
    for path in [*(tmp_path / FOLDER).iterdir(), tmp_path / "AGENTS.md"]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    remove_agent_files(tmp_path, NAMES)
    assert contents(tmp_path) == {}


DAMAGED = {
    "a file of somebody else": (f"{FOLDER}/SKILL.md", "# mine\n"),
    "no end": ("AGENTS.md", "<!-- gitexp:begin -->\n"),
    "no begin": ("AGENTS.md", "<!-- gitexp:end -->\n"),
    "the wrong order": ("AGENTS.md", "<!-- gitexp:end -->\n<!-- gitexp:begin -->\n"),
    "two blocks": ("AGENTS.md", "<!-- gitexp:begin -->\n<!-- gitexp:end -->\n" * 2),
    "a mark inside": (
        "AGENTS.md", "<!-- gitexp:begin -->\n<!-- gitexp:begin -->\n<!-- gitexp:end -->\n",
    ),
    "in a sentence": ("AGENTS.md", "see <!-- gitexp:begin --> and <!-- gitexp:end -->\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_not_clearly_ours_is_left_alone(tmp_path: Path, case: str) -> None:
    name, text = DAMAGED[case]
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    found = contents(tmp_path)
    with pytest.raises(NotReady, match=name):
        write_agent_files(tmp_path, OWN, "one\n")
    with pytest.raises(NotReady, match=name):
        remove_agent_files(tmp_path, NAMES)
    assert contents(tmp_path) == found


def test_a_file_of_ours_that_was_edited_is_not_overwritten(tmp_path: Path) -> None:
    write_agent_files(tmp_path, OWN, "one\n")
    path = tmp_path / FOLDER / "more.md"
    path.write_text(path.read_text().replace("More", "Much more"))
    found = contents(tmp_path)
    with pytest.raises(NotReady, match="was edited since"):
        write_agent_files(tmp_path, NEWER, "two\n")
    with pytest.raises(NotReady, match="was edited since"):
        remove_agent_files(tmp_path, NAMES)
    assert contents(tmp_path) == found


@pytest.mark.parametrize("link", [".agents", ".agents/skills", FOLDER, "AGENTS.md"])
@pytest.mark.parametrize("where", ["outside", "top/.git/hooks"])
def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, link: str, where: str) -> None:
    top, outside = tmp_path / "top", tmp_path / where
    outside.mkdir(parents=True)
    path = top / link
    path.parent.mkdir(parents=True, exist_ok=True)
    target = outside / "AGENTS.md" if link == "AGENTS.md" else outside
    path.symlink_to(os.path.relpath(target, path.parent))
    with pytest.raises(NotReady, match="leads out of the work tree"):
        write_agent_files(top, OWN, "one\n")
    assert list(outside.iterdir()) == []


def test_a_link_within_the_work_tree_is_followed_and_stays_one(tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("# Ours\n")
    (tmp_path / "AGENTS.md").symlink_to("CLAUDE.md")
    write_agent_files(tmp_path, OWN, "one\n")
    assert (tmp_path / "AGENTS.md").is_symlink()
    assert "one" in (tmp_path / "CLAUDE.md").read_text()
    remove_agent_files(tmp_path, NAMES)
    assert (tmp_path / "CLAUDE.md").read_text() == "# Ours\n"
    (tmp_path / "CLAUDE.md").write_text("")
    write_agent_files(tmp_path, OWN, "one\n")
    remove_agent_files(tmp_path, NAMES)
    assert (tmp_path / "AGENTS.md").read_text() == ""
