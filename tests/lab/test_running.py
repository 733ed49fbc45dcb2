from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.job import Job
from gitexp.errors import NotReady
from gitexp.lab.measuring.running import free_folder, run_once
from gitexp.lab.projects.project import open_project

if TYPE_CHECKING:
    from pathlib import Path

    from gitexp.lab.measuring.watcher import LookProgress
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.record import Record
    from tests.project import World


class Diary:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def said(self, text: str) -> None:
        self.lines.append(text)

    def agrees(self, question: str) -> bool:
        self.lines.append(question)
        return False

    def started(self, label: str, job: Job) -> None:
        self.lines.append(f"{label} {job.seed} started")

    def finished(self, label: str, job: Job, record: Record | None) -> None:
        end = "no record" if record is None else record.failure or "good"
        self.lines.append(f"{label} {job.seed} {end}")

    def stands(self, standing: LookProgress) -> None:
        self.lines.append(f"{standing.name} {standing.pairs} of {standing.look}")

    def ended(self, name: str, done: int, of: int) -> None:
        self.lines.append(f"{name} ended, {done} of {of}")

    def waits(self, text: str) -> None:
        self.lines.append(text)


def a_job(project: Project, folder: str = "once-1") -> Job:
    runs = project.repository.local / "runs" / project.tip[:12]
    return Job(project.tip, 3, 1, project.settings.metric, runs / folder)


def test_a_run_is_shown_and_nothing_of_it_is_recorded(ready: World) -> None:
    project, diary = open_project(ready.path), Diary()
    before = ready.git("for-each-ref")
    result = run_once(
        project.repository, project.prefix, project.settings, "once", a_job(project), diary,
        condition="alone",
    )  # fmt: skip
    assert diary.lines == ["once 3 started", "once 3 good"]
    assert result.record.ok
    assert result.record.condition == "alone"
    assert result.quoted == ""
    assert ready.git("for-each-ref") == before


def test_a_failed_run_is_a_result_that_quotes_its_last_words(ready: World) -> None:
    project, diary = open_project(ready.path), Diary()
    settings = replace(project.settings, command="sh -c 'echo oops >&2; exit 3'")
    result = run_once(project.repository, project.prefix, settings, "once", a_job(project), diary)
    assert diary.lines == ["once 3 started", "once 3 the command ended with exit code 3"]
    assert result.quoted == "\n  | oops"


def test_a_run_that_cannot_be_prepared_has_an_end_too(ready: World) -> None:
    project, diary = open_project(ready.path), Diary()
    settings = replace(project.settings, link=("no-such-folder",))
    with pytest.raises(NotReady, match="no-such-folder"):
        run_once(project.repository, project.prefix, settings, "once", a_job(project), diary)
    assert diary.lines == ["once 3 started", "once 3 no record"]


def test_the_first_free_folder_is_found(tmp_path: Path) -> None:
    for name in ("7-1", "7-2", "7-4"):
        (tmp_path / name).mkdir()
    assert free_folder(tmp_path, "7", 1) == (tmp_path / "7-3", 3)
    assert free_folder(tmp_path, "7", 4) == (tmp_path / "7-5", 5)
    assert free_folder(tmp_path, "holdout", 2) == (tmp_path / "holdout-2", 2)
