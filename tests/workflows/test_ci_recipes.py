"""The recipes of docs/report.md: their steps, made in a clone as each host's runner makes it."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import yaml

from tests.project import World
from tests.team import hub_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = Path(__file__).parents[2] / "docs" / "report.md"
SUMMARY = re.compile(r"`(cat report\.md >> .*)`")

PULL = ["refs/heads/*:refs/remotes/origin/*", "refs/heads/change:refs/remotes/pull/7/merge"]
MERGE = ["refs/heads/change:refs/pipelines/7"]
GITHUB = {"PR": "7"}
GITLAB = {"REPORT_TOKEN": "t", "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7"}
NOTES = "/api/v4/projects/3/merge_requests/7/notes"
OTHERS = [
    {"id": 1, "system": True, "author": {"id": 5}, "body": "added 1 commit"},
    {"id": 2, "system": False, "author": {"id": 6}, "body": "looks good"},
]


class GitLab(BaseHTTPRequestHandler):
    """The comments of one merge request, for the bot of a project's token."""

    comments: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        self._answer({"id": 5} if self.path == "/api/v4/user" else self.comments)

    def do_POST(self) -> None:
        assert self.path == NOTES
        one = {"id": len(self.comments) + 1, "system": False, "author": {"id": 5}}
        self.comments.append(one | {"body": self._body()})
        self._answer(one)

    def do_PUT(self) -> None:
        one = self.comments[int(self.path.removeprefix(f"{NOTES}/")) - 1]
        one["body"] = self._body()
        self._answer(one)

    def _body(self) -> str:
        assert self.headers["PRIVATE-TOKEN"] == "t"
        return self.rfile.read(int(self.headers["Content-Length"])).decode()

    def _answer(self, said: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def gitlab() -> Iterator[str]:
    """Where a GitLab listens."""
    GitLab.comments[:] = [dict(one) for one in OTHERS]
    with ThreadingHTTPServer(("127.0.0.1", 0), GitLab) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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
    """A PATH with this gitexp, and with a `gh` that writes down what it was told."""
    folder.mkdir()
    scripts = {"gh": 'printf "%s\\n" "$@" > gh.told'}
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
    ("steps", "refspecs", "variables"),
    [(github_steps(), PULL, GITHUB), (gitlab_steps(), MERGE, GITLAB)],
    ids=["GitHub", "GitLab"],
)
def test_the_steps_report_what_was_shared(
    ready: World, tmp_path: Path, gitlab: str, steps: list[str], refspecs: list[str],
    variables: Mapping[str, str],
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
    given = [f"{name}={value}" for name, value in variables.items()]
    given += [f"CI_API_V4_URL={gitlab}/api/v4", "NO_PROXY=127.0.0.1"]
    # Another pipeline runs the last step again.
    for step in [*steps, steps[-1], *SUMMARY.findall(PAGE.read_text("utf-8"))]:
        ran = runner.run(
            "env", f"PATH={path}", "GITHUB_STEP_SUMMARY=s.md", *given, "bash", "-e", "-c", step
        )
        assert ran.code == 0, (step, ran.err)
    report = (runner.path / "report.md").read_text("utf-8")
    assert "1 confirmed, 0 ruled out, 0 open, 1 withdrawn" in report
    assert f"| exp/{name} | `config.toml: model.C = 1.0 -> 10` | CONFIRMED |" in report
    assert (runner.path / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (runner.path / "s.md").read_text("utf-8") == report
    if variables == GITHUB:
        said = (runner.path / "gh.told").read_text("utf-8").splitlines()
        assert {"pr", "comment", "7", "--edit-last"} <= {*said}
    else:
        *others, mine = GitLab.comments
        assert others == OTHERS
        assert report in mine["body"].replace("\r\n", "\n")
