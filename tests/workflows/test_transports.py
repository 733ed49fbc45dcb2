"""The ways to a remote besides a file path: ssh, and http through git's own server program."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitexp.store.refs import RUNS
from tests.project import World
from tests.team import (
    an_experiment,
    branches,
    clone_of,
    hub_of,
    measured_experiment,
    synced,
    texts,
)


def test_sync_through_ssh(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = hub_of(world)
    other = clone_of(hub, "other")
    measured_experiment(other, "calm-heron")
    synced(other)
    # Stands for ssh: drops the host and hands the command to a shell, as sshd would.
    ssh = world.path.parent / "ssh"
    ssh.write_text('#!/bin/sh\necho "$1" >> "$0.log"\nshift\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    world.git("remote", "set-url", "hub", f"lab@example.org:{hub.path}")
    measured_experiment(world, "brave-otter", 7)
    done = synced(world)
    assert (done.came.experiments, done.went.experiments) == (1, 1)
    assert {*Path(f"{ssh}.log").read_text().split()} == {"lab@example.org"}
    assert texts(world) == texts(hub)


class _Backend(BaseHTTPRequestHandler):
    """Runs git http-backend, as a web server's CGI would."""

    root: Path
    may_write = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def _serve(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        if not self.may_write and "receive-pack" in self.path:
            self.send_error(403)
            return
        variables = os.environ | {
            "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "ada",
            "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        done = subprocess.run(
            ["git", "http-backend"], env=variables, input=body, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split(" ")[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def http(world: World) -> Iterator[tuple[World, type[_Backend]]]:
    """The hub behind an http server, as the remote of the project."""
    hub = hub_of(world)
    hub.git("config", "http.receivepack", "true")
    handler = type("Backend", (_Backend,), {"root": hub.path.parent})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    world.git("remote", "set-url", "hub", f"http://127.0.0.1:{server.server_port}/hub.git")
    yield hub, handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.slow
def test_sync_through_http(world: World, http: tuple[World, type[_Backend]]) -> None:
    hub, handler = http
    other = clone_of(hub, "other")
    calm = measured_experiment(other, "calm-heron")
    synced(other)
    brave = measured_experiment(world, "brave-otter", 7)
    done = synced(world)
    assert (done.came.experiments, done.went.experiments) == (1, 1)
    assert texts(world) == texts(hub)
    assert branches(hub) == {"brave-otter": brave, "calm-heron": calm}
    # Who may read and not write is told so, and has what came in.
    handler.may_write = False
    measured_experiment(other, "tidy-lynx", 5)
    synced(other)
    an_experiment(world, "wise-crow", 3)
    ran = world.gitexp("sync", code=3)
    assert "hub does not let this clone in" in ran.err
    assert "what came in is stored" in ran.err
    assert "tidy-lynx" in branches(world)
    assert texts(world, RUNS) == texts(hub, RUNS)
    assert sys.executable not in ran.err
