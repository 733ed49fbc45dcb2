"""Runs as jobs of Kubernetes: an example of a kind of cluster that you add to gitexp yourself.

Copy it, change it, and tell git where it is:

    git config --global gitexp.cluster.kubectl ~/.config/gitexp/kubectl.py

Settings on the baseline branch say the rest (`[tool.gitexp.on.kubectl]` in pyproject.toml):

    [on.kubectl]
    image = "registry.example/train:3"   # has git, gitexp and what your command imports
    limits = { "nvidia.com/gpu" = 1 }    # what each run may use
    options = ["--namespace=lab"]        # of every call of kubectl
    setup = []                           # lines for the shell, before the worker
    jobs = 20                            # tasks at once

    gitexp run NAME --on kubectl
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

from gitexp.engine.clusters.cluster import Standing, State
from gitexp.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gitexp.rules.documents.ended import Ended

LABEL = "gitexp=run"
KNOWN = {"image": str, "limits": dict, "options": list, "setup": list, "jobs": int, "tree": str}


def open_cluster(table: Mapping[str, Any], folder: Path) -> Kubernetes:
    """Return the cluster of a table of the settings; `folder` is not needed here."""
    del folder
    for key, value in table.items():
        if key not in KNOWN:
            raise NotReady(f"unknown setting on.kubectl.{key}", f"there are {', '.join(KNOWN)}")
        if not isinstance(value, KNOWN[key]):
            raise NotReady(f"on.kubectl.{key} must be a {KNOWN[key].__name__}")
    if "image" not in table:
        raise NotReady("on.kubectl needs an image", 'image = "registry.example/train:3"')
    return Kubernetes(table)


class Kubernetes:
    """Jobs of one pod each; their names come from the task, so that none is submitted twice."""

    lasts = True  # jobs go on when this command ends

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.most = table.get("jobs", 20)
        self._table = table

    def submit(self, lines: Sequence[str]) -> Sequence[str]:
        """Create a job for each task, unless it waits or runs already."""
        names = [f"gitexp-{hashlib.sha256(line.encode()).hexdigest()[:20]}" for line in lines]
        found = self._standings()
        if ended := [name for name in names if name in found and found[name].state is State.GONE]:
            self._call("delete", "jobs", "--ignore-not-found", *ended)
        new = [
            self._job(name, line)
            for name, line in zip(names, lines, strict=True)
            if name not in found or name in ended
        ]
        if new:
            jobs = {"apiVersion": "v1", "kind": "List", "items": new}
            self._call("create", "--filename=-", stdin=json.dumps(jobs))
        return names

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say how jobs are, with the end of what a failed one printed."""
        found = self._standings()
        gone = Standing(State.GONE, "Kubernetes no longer knows this job", again=True)
        return {name: found.get(name, gone) for name in names}

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """Delete jobs; Kubernetes tells their workers to stop."""
        del how
        if names:
            self._call("delete", "jobs", "--ignore-not-found", "--wait=false", *names)

    def _job(self, name: str, line: str) -> dict[str, Any]:
        shell = " && ".join([*self._table.get("setup", []), 'exec gitexp worker "$0"'])
        # Kubernetes would replace $(NAME) by the value of a variable.
        command = ["/bin/sh", "-c", *(one.replace("$(", "$$(") for one in (shell, line))]
        container = {
            "name": "worker", "image": self._table["image"], "command": command,
            "resources": {"limits": self._table.get("limits", {})},
        }  # fmt: skip
        labels = dict([LABEL.split("=")])
        pod = {"restartPolicy": "Never", "containers": [container]}
        return {
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "labels": labels},
            "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": labels}, "spec": pod}},
        }  # fmt: skip

    def _standings(self) -> dict[str, Standing]:
        """How the jobs of gitexp are, by name."""
        items = json.loads(self._call("get", "jobs,pods", f"--selector={LABEL}", "--output=json"))
        pods: dict[str, dict[str, Any]] = {}
        for item in items["items"]:
            if item["kind"] == "Pod":
                pods[item["metadata"]["labels"].get("job-name", "")] = item["status"]
        jobs = [item for item in items["items"] if item["kind"] == "Job"]
        return {
            name: self._standing(name, job["status"], pods.get(name, {}))
            for job in jobs
            for name in [job["metadata"]["name"]]
        }

    def _standing(self, name: str, job: Mapping[str, Any], pod: Mapping[str, Any]) -> Standing:
        if job.get("succeeded"):
            return Standing(State.GONE, f"job {name} has ended")
        conditions = {one["type"]: one for one in pod.get("conditions", [])}
        states = [one["state"] for one in pod.get("containerStatuses", [])]
        if job.get("failed"):
            # Preempted, evicted, or its node was drained: that says nothing about the run.
            again = conditions.get("DisruptionTarget", {}).get("status") == "True"
            why = [one["terminated"].get("reason", "") for one in states if "terminated" in one]
            hint = "raise limits.memory in on.kubectl" if "OOMKilled" in why else ""
            said = self._call("logs", f"job/{name}", "--tail=8", check=False)
            shown = "".join(f"\n  | {line}" for line in said.splitlines())
            reason = pod.get("reason") or ", ".join(filter(None, why)) or "failed"
            return Standing(State.GONE, f"job {name}: {reason}{shown}", again, hint)
        if pod.get("phase") == "Running":
            return Standing(State.RUNNING)
        waits = [one["waiting"].get("reason", "") for one in states if "waiting" in one]
        placed = conditions.get("PodScheduled", {})
        return Standing(State.WAITING, ", ".join(waits) or placed.get("message", ""))

    def _call(self, *words: str, stdin: str | None = None, check: bool = True) -> str:
        command = ["kubectl", *self._table.get("options", []), *words]
        try:
            done = subprocess.run(
                command, input=stdin or "", capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise NotReady(f"kubectl could not be started: {error.strerror}") from None
        if check and done.returncode:
            raise NotReady(f"kubectl {words[0]} failed: {done.stderr.strip()}")
        return done.stdout
