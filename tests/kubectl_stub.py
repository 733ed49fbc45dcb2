"""A stub of kubectl: jobs are processes of this machine. Takes a folder, then kubectl's words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

WORKER = f"{sys.executable} -m gitexp"


def create(folder: Path, job: dict[str, object]) -> None:
    """Start the command of a job in a home of its own, and keep its exit code."""
    found = json.loads(
        json.dumps(job).replace("$$(", "$(").replace("exec gitexp", f"exec {WORKER}")
    )
    place = folder / found["metadata"]["name"]
    place.mkdir()
    (place / "job.json").write_text(json.dumps(found))
    command = found["spec"]["template"]["spec"]["containers"][0]["command"]
    with (place / "log").open("w") as log:
        subprocess.Popen(
            ["sh", "-c", '"$@"; echo $? > code', "sh", *command], cwd=place, stdout=log,
            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True,
            env={"HOME": str(folder), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"},
        )  # fmt: skip


def listed(place: Path) -> list[dict[str, object]]:
    """A job and its pod, as far as they are looked at."""
    code = (place / "code").read_text().strip() if (place / "code").exists() else ""
    status = {"succeeded": 1} if code == "0" else {"failed": 1} if code else {"active": 1}
    labels = {"job-name": place.name}
    return [
        {"kind": "Job", "metadata": {"name": place.name}, "status": status},
        {"kind": "Pod", "metadata": {"labels": labels}, "status": {"phase": "Running"}},
    ]


def main(folder: Path, words: list[str]) -> None:
    """Do what kubectl would do."""
    words = [word for word in words if not word.startswith("--")]
    if words[0] == "create":
        for job in json.load(sys.stdin)["items"]:
            create(folder, job)
    elif words[0] == "get":
        found = [item for place in folder.glob("gitexp-*") for item in listed(place)]
        print(json.dumps({"items": found}))
    elif words[0] == "logs":
        print((folder / words[1].partition("/")[2] / "log").read_text())
    elif words[0] == "delete":
        for name in words[2:]:
            (folder / name).rename(folder / f"deleted-{name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
