"""What a bug report says of the program: versions and how it is installed, no paths, no names."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TypedDict

from gitexp import __version__
from gitexp.store.git_environment import clean_environment

_OPTIONAL = ("numpy", "scipy", "pandas", "pyarrow", "mlflow", "mcp")


class VersionJson(TypedDict):
    """Which gitexp this is, and what it runs on.

    Of `dependencies`, those that are not installed are null. `installed` is index, editable,
    archive, folder, a version control system, or unknown.
    """

    gitexp: str
    python: str
    git: str | None
    platform: str
    environment: str
    installed: str
    dependencies: dict[str, str | None]


def describe_itself() -> VersionJson:
    """Describe the program, as `gitexp --version --json` prints it."""
    try:
        found: Distribution | None = distribution("gitexp")
    except PackageNotFoundError:
        found = None
    return {
        "gitexp": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "git": _git(),
        "platform": platform.platform(),
        "environment": "virtual" if sys.prefix != sys.base_prefix else "system",
        "installed": _kind(found),
        "dependencies": {name: _version(name) for name in (*_required(found), *_OPTIONAL)},
    }


def _git() -> str | None:
    try:
        done = subprocess.run(
            ["git", "--version"], env=clean_environment(), capture_output=True, text=True,
            check=False, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip().removeprefix("git version ") or None


def _kind(found: Distribution | None) -> str:
    """How it was installed, as pip says (PEP 610); where from is nobody's business."""
    if found is None:
        return "unknown"
    try:
        told = json.loads(found.read_text("direct_url.json") or "{}")
    except ValueError:
        return "unknown"
    if "vcs_info" in told:
        return str(told["vcs_info"].get("vcs", "unknown"))
    if "dir_info" in told:
        return "editable" if told["dir_info"].get("editable") else "folder"
    return "archive" if "archive_info" in told else "index"


def _required(found: Distribution | None) -> list[str]:
    """Names of the packages that gitexp itself needs."""
    needed = (found.requires or []) if found else []
    plain = (one for one in needed if "extra ==" not in one)
    return sorted({_name(one) for one in plain}, key=str.lower)


def _name(requirement: str) -> str:
    end = next((at for at, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), None)
    return requirement[:end]


def _version(name: str) -> str | None:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None
