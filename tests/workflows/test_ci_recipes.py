"""The recipes of docs/report.md: their steps, made in a clone as each host's runner makes it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.project import World
from tests.team import hub_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).parents[2] / "docs" / "report.md"
SUMMARY = re.compile(r"`(cat report\.md >> .*)`")

PULL = ["refs/heads/*:refs/remotes/origin/*", "refs/heads/change:refs/remotes/pull/7/merge"]
MERGE = ["refs/heads/change:refs/pipelines/7"]
GITHUB = {"PR": "7"}
GITLAB = {
    "REPORT_TOKEN": "t", "CI_API_V4_URL": "https://host/api/v4", "CI_PROJECT_ID": "3",
    "CI_MERGE_REQUEST_IID": "7",
}  # fmt: skip


def recipe(number: int) -> Any:  # noqa: ANN401 - whatever YAML can hold
    fences = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return yaml.safe_load(fences[number])


def github_steps() -> list[str]:
    job = recipe(0)["jobs"]["report"]
    assert job["steps"][0]["with"] == {"fetch-depth": 0}
    return [step["run"] for step in job["steps"] if "run" in step]


def gitlab_steps() -> list[str]:
    job = recipe(1)["experiments"]
    assert job["variables"] == {"GIT_DEPTH": 0}
    steps: list[str] = job["script"]
    return steps


def programs(folder: Path) -> str:
    """A PATH with this gitexp, and with a `gh` and a `curl` that write down what they were told."""
    folder.mkdir()
    scripts = {name: f'printf "%s\\n" "$@" > {name}.told' for name in ("gh", "curl")}
    scripts |= {"gitexp": f'exec "{sys.executable}" -m gitexp "$@"', "pip": ":"}
    for name, line in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def checked_out(hub: World, refspecs: list[str]) -> World:
    """A clone with these refs alone, and the last of them checked out without a branch."""
    clone = World(hub.path.parent / "runner")
    clone.path.mkdir()
    clone.git("init", "--quiet", "--initial-branch=main")
    clone.git("remote", "add", "origin", str(hub.path))
    clone.git("fetch", "--quiet", "origin", *(f"+{spec}" for spec in refspecs))
    clone.git("checkout", "--quiet", "--detach", refspecs[-1].partition(":")[2])
    return clone


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "refspecs", "variables", "told"),
    [
        (github_steps(), PULL, GITHUB, ("gh", ["pr", "comment", "7", "--edit-last"])),
        (gitlab_steps(), MERGE, GITLAB, ("curl", ["body=<report.md", "PRIVATE-TOKEN: t"])),
    ],
    ids=["GitHub", "GitLab"],
)
def test_the_steps_report_what_was_shared(
    ready: World, tmp_path: Path, steps: list[str], refspecs: list[str],
    variables: Mapping[str, str], told: tuple[str, list[str]],
) -> None:  # fmt: skip
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    ready.gitexp("archive", ready.start("--set", "model.C=2.0"))
    hub = hub_of(ready)
    ready.gitexp("sync")
    ready.git("branch", "change")
    ready.git("push", "--quiet", "hub", "change")
    runner = checked_out(hub, refspecs)
    path = programs(tmp_path / "bin")
    for step in [*steps, *SUMMARY.findall(PAGE.read_text("utf-8"))]:
        given = [f"{name}={value}" for name, value in variables.items()]
        ran = runner.run(
            "env", f"PATH={path}", "GITHUB_STEP_SUMMARY=s.md", *given, "bash", "-e", "-c", step
        )
        assert ran.code == 0, (step, ran.err)
    report = (runner.path / "report.md").read_text("utf-8")
    assert "1 confirmed, 0 ruled out, 0 open, 1 withdrawn" in report
    assert f"| exp/{name} | `config.toml: model.C = 1.0 -> 10` | CONFIRMED |" in report
    assert (runner.path / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (runner.path / "s.md").read_text("utf-8") == report
    program, words = told
    said = (runner.path / f"{program}.told").read_text("utf-8").splitlines()
    assert {*words} <= {*said}
    if program == "curl":
        assert said[-1] == "https://host/api/v4/projects/3/merge_requests/7/notes"
