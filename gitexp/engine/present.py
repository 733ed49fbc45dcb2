"""The environment that a run would have today, asked before any run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gitexp.engine import command as commands
from gitexp.engine.builds import builds_of
from gitexp.engine.condition import with_builds
from gitexp.engine.contents import remembered
from gitexp.engine.data import fingerprint
from gitexp.engine.distributions import SITES, installed
from gitexp.engine.elsewhere import find_modules
from gitexp.engine.machine import machine
from gitexp.engine.program import is_python, programs_of
from gitexp.engine.startup import CUSTOMIZATIONS, startup_of
from gitexp.engine.variables import deciding_variables
from gitexp.store.git_environment import script_environment
from gitexp.store.local import salt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitexp.rules.documents.settings import Settings
    from gitexp.store.repository import Repository

_PATIENCE = 30  # seconds for an interpreter to answer
# Its importlib.metadata would give versions too, but takes five times as long as starting it.
_ASK = """
import os, sys
facts = [' '.join(sys.version.split()), sys.implementation.name, os.path.dirname(os.__file__)]
for name in 'sitecustomize', 'usercustomize':
    facts.append(getattr(sys.modules.get(name), '__file__', None) or '')
print(*facts, *sys.path, sep='\\n')
"""


class Interpreter(NamedTuple):
    """What a Python says of itself: `build` is its whole version.

    `customized` are the files of sitecustomize and usercustomize by name, `folders` its sys.path.
    """

    build: str
    implementation: str
    customized: Mapping[str, Path]
    folders: tuple[Path, ...]


def present_environment(
    repository: Repository,
    prefix: str,
    settings: Settings,
    threads: int,
    known: Iterable[Mapping[str, Any]],
) -> dict[str, Any] | None:
    """Environment that a run would have today, as far as that can be known before it starts.

    Packages and modules are those of the `known` environments. Linked data is read in the user's
    tree; tracked data belongs to the commit. None if the command does not start with a Python.
    """
    project = repository.top / prefix if repository.top else repository.common
    words = commands.build(settings, seed=0)
    if isinstance(words, str):
        return None
    given = script_environment() | commands.assigned(settings, seed=0)
    variables = given | {"PATH": commands.search_path(given, project, repository.top)}
    program = commands.locate(words[0], project, project, variables["PATH"])
    python = ask_interpreter(program, project, variables)
    if python is None:
        return None
    linked = [p for p in settings.data if settings.link and p.startswith(settings.link)]
    cache = repository.local / "data.json"
    present: dict[str, Any] = {
        "python": python.build.split()[0],
        "build": python.build,
        "implementation": python.implementation,
        "threads": threads,
        "variables": deciding_variables(given, salt(repository.local)),
        "data": fingerprint(project, [*linked, *settings.link], cache),
    }
    known = list(known)
    devices: Any = machine()["gpus"]
    # Which of its devices a run uses, it only says afterwards.
    if not {name for then in known for name in then.get("accelerators") or ()} <= {*devices}:
        present["accelerators"] = devices
    packages = sorted({name for then in known for name in then.get("packages") or {}})
    modules = sorted({name for then in known for name in then.get("modules") or {}})
    sites = [folder for folder in python.folders if folder.name in SITES]
    with remembered(repository.local / "code.json") as contents:
        there = installed(python.folders, packages)
        infos = {name: info for name, (_, info) in there.items()}
        found = {name: version for name, (version, _) in there.items()}
        found = with_builds(found, builds_of(infos.items(), contents))
        present["packages"] = {name: found.get(name) for name in packages}
        present["modules"] = find_modules(modules, python.folders, contents)
        present["startup"] = startup_of(sites, python.customized, contents) | programs_of(
            [program, *words[1:]], variables["PATH"], (), contents
        )
    for name in CUSTOMIZATIONS:
        # The commit's own comes first in a run.
        if (project / f"{name}.py").exists():
            present["startup"].pop(name, None)
    return present


def ask_interpreter(program: str, place: Path, variables: Mapping[str, str]) -> Interpreter | None:
    """Ask the command's own interpreter about itself; None if the program is not a Python."""
    if not is_python(program):
        return None
    try:
        done = subprocess.run(
            [program, "-c", _ASK],
            cwd=place, env=dict(variables), capture_output=True, check=True, timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        answer = done.stdout.decode(errors="surrogateescape").splitlines()
        build, implementation, library, site, user, *folders = answer
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Interpreter(
        build,
        implementation,
        {
            name: Path(file)
            for name, file in zip(CUSTOMIZATIONS, (site, user), strict=True)
            if file and (not file.startswith(library) or not SITES.isdisjoint(Path(file).parts))
        },
        # The first is the current folder, which is not the run's.
        tuple(place / folder for folder in folders if folder),
    )
