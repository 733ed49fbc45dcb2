"""Code from outside the checkout, by content: packages, other modules, what runs at start-up.

A version says little about a package of one's own, and nothing about one that was edited where it
is installed.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine import command as commands
from gitexp.engine.distributions import SITES
from gitexp.rules.gate.paths import matches

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from gitexp.engine.contents import Contents
    from gitexp.engine.distributions import Placed
    from gitexp.rules.documents.settings import Settings

_CODE = (".py", ".so", ".pyd", ".dylib")
# Reading gigabytes of CUDA libraries takes longer than a run. What is larger is only read if it is
# newer than the list of installed files, which installers write last.
_LARGE = 16 << 20  # bytes
# What scripts import to report their results. It computes none of them.
_OWN = "gitexp"
# Modules and lines that virtual environments and editable installs write. They differ between
# machines, and what they lead to is looked at itself.
_PLUMBING = ("_virtualenv", "_distutils_hack", "__editable__")
# Modules that Python imports when it starts, if it finds them.
CUSTOMIZATIONS = ("sitecustomize", "usercustomize")
_SCRIPTS = (".R", ".jl", ".pl", ".py", ".r", ".rb", ".sh")
# Programs that only start others. Any other program may decide the result by itself.
_LAUNCHERS = {
    "bash", "dash", "env", "fish", "ionice", "ksh", "mpiexec", "mpirun", "nice", "nohup",
    "numactl", "sh", "srun", "stdbuf", "taskset", "time", "timeout", "uv", "zsh",
}  # fmt: skip


# --- packages -------------------------------------------------------------------------------------


def build_of(info: Path, contents: Contents) -> str | None:
    """Hash of the code that a distribution has installed; None if it does not list its files."""
    site = info.parent
    try:
        listed = (info / "RECORD").read_text("utf-8", "replace")
        since = (info / "RECORD").stat().st_ctime_ns
    except OSError:
        return None
    whole = hashlib.sha256()
    for path, recorded in sorted(_files_in(listed)):
        with suppress(OSError):
            file = site / path
            stat = file.stat()
            trusted = recorded and stat.st_size > _LARGE and stat.st_ctime_ns <= since
            whole.update(
                f"{path}\0{recorded if trusted else _as_recorded(file, contents)}\n".encode()
            )
    return whole.hexdigest()[:12]


def _files_in(record: str) -> Iterator[tuple[str, str]]:
    """Files of code that a RECORD lists, each with its hash as written there."""
    for line in record.splitlines():
        path, _, rest = line.partition(",")
        if path.endswith(_CODE) and not path.startswith("..") and "/tests/" not in path:
            yield path, rest.partition(",")[0]


def _as_recorded(file: Path, contents: Contents) -> str:
    """Hash of a file as a RECORD spells it."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(contents.sha256(file)))
    return f"sha256={digest.decode().rstrip('=')}"


def tree_of(tops: Iterable[Path], contents: Contents) -> str:
    """Hash of the code in files and folders."""
    whole = hashlib.sha256()
    for top in sorted(tops):
        files = sorted(top.rglob("*")) if top.is_dir() else [top]
        for file in files:
            if file.suffix in _CODE:
                with suppress(OSError):
                    path = file.relative_to(top.parent).as_posix()
                    whole.update(f"{path}\0{contents.sha256(file)}\n".encode("utf-8", "replace"))
    return whole.hexdigest()[:12]


def tops_of(info: Path) -> list[Path]:
    """Files and folders that a distribution without a list of its files has installed."""
    names = [info.stem.partition("-")[0]]
    with suppress(OSError):
        names = (info / "top_level.txt").read_text("utf-8", "replace").split()
    tops = (info.parent / f"{name}{suffix}" for name in names for suffix in ("", ".py"))
    return [top for top in tops if top.exists()]


def builds_of(infos: Iterable[tuple[str, Path]], contents: Contents) -> dict[str, str]:
    """Hashes of distributions, given with their metadata folders, as far as they can be had."""
    builds = {}
    for name, info in infos:
        if name == _OWN:
            continue
        if (build := build_of(info, contents)) is None and (tops := tops_of(info)):
            build = tree_of(tops, contents)
        if build is not None:
            builds[name] = build
    return dict(sorted(builds.items()))


# --- other modules --------------------------------------------------------------------------------


def modules_of(
    placed: Iterable[Placed],
    known: Container[Path | None],
    inside: Sequence[Path],
    contents: Contents,
) -> dict[str, str]:
    """Hashes of modules that are not `inside` these folders, nor part of a build that is `known`.

    A package in a site folder counts as a whole; of any other place, each loaded module does.
    """
    found = {}
    for one in placed:
        top = one.top.name.partition(".")[0]
        if top.startswith(_PLUMBING) or top in {_OWN, *CUSTOMIZATIONS}:
            continue
        if any(map(one.file.is_relative_to, inside)):
            continue
        site = one.site.name in SITES
        # Some extension modules leave their package out of their name.
        if not site and not SITES.isdisjoint(one.site.parts):
            continue
        # The start script that an installer writes next to Python; what it imports counts.
        if (site and one.info in known) or (one.module == "__main__" and one.site.name == "bin"):
            continue
        name = top if site else one.module
        with suppress(OSError):
            found[name] = tree_of([one.top], contents) if site else contents.sha256(one.file)[:12]
    return dict(sorted(found.items()))


def find_modules(
    names: Iterable[str], folders: Sequence[Path], contents: Contents
) -> dict[str, str]:
    """Hashes that modules would have today, as far as they are found in folders of sys.path."""
    found = {}
    for name in names:
        path = name.replace(".", "/")
        top = name.partition(".")[0]
        folder = next(
            (f for f in folders if (f / top).is_dir() or (f / f"{top}.py").is_file()), None
        )
        if folder is None:
            continue
        files = (folder / f"{path}.py", folder / path / "__init__.py")
        file = next((file for file in files if file.is_file()), None)
        if folder.name in SITES:
            tops = (folder / top, folder / f"{top}.py")
            found[name] = tree_of([top for top in tops if top.exists()][:1], contents)
        elif file is not None:
            found[name] = contents.sha256(file)[:12]
    return found


def inert_files(
    placed: Iterable[Placed], checkout: Path, prefix: str, settings: Settings
) -> list[str]:
    """Files of the commit that a run loaded although the settings call them inert, sorted.

    Paths are relative to the project, as `inert` has them.
    """
    roots = (checkout, checkout.resolve())
    found = set(settings.config)
    for one in placed:
        for root in roots:
            if one.file.is_relative_to(root):
                path = one.file.relative_to(root).as_posix()
                inside = path.removeprefix(prefix)
                found.add(path if not prefix else inside if inside != path else f"/{path}")
    return sorted(path for path in found if matches(path, settings.inert))


# --- start-up -------------------------------------------------------------------------------------


def startup_of(
    sites: Iterable[Path], customized: Mapping[str, Path], contents: Contents
) -> dict[str, str]:
    """Hashes of code that every Python runs: lines of .pth files in site folders, and `customized`.

    Files that a distribution lists as its own are left out; so are lines that only add a folder,
    because the modules in it are looked at themselves.
    """
    found = {name: contents.sha256(file)[:12] for name, file in customized.items()}
    for site in dict.fromkeys(sites):
        with suppress(OSError):
            for file in sorted(site.glob("*.pth")):
                lines = [
                    line
                    for line in file.read_text("utf-8", "replace").splitlines()
                    if line.startswith(("import ", "import\t"))
                    and not line[7:].lstrip().startswith(_PLUMBING)
                ]
                if lines and not _is_installed(file, contents):
                    found[file.name] = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    return found


def _is_installed(file: Path, contents: Contents) -> bool:
    site = file.parent
    listed = _listed_pth(site, site.stat().st_mtime_ns).get(file.name)
    return listed is not None and listed == _as_recorded(file, contents)


@functools.lru_cache(maxsize=64)
def _listed_pth(site: Path, changed: int) -> dict[str, str]:  # noqa: ARG001 - the cache's key
    """Hashes of the .pth files that the distributions in a site folder list."""
    found = {}
    for record in site.glob("*.dist-info/RECORD"):
        with suppress(OSError):
            for line in record.read_text("utf-8", "replace").splitlines():
                path, _, rest = line.partition(",")
                if path.endswith(".pth"):
                    found[path] = rest.partition(",")[0]
    return found


# --- the program ----------------------------------------------------------------------------------


def programs_of(
    words: Sequence[str] | str, path: str, inside: Sequence[Path], contents: Contents
) -> dict[str, str]:
    """Hashes of the program that a command starts and of scripts that it names by full path.

    What is `inside` these folders is part of the commit. An interpreter reports its own build, and
    programs such as `env` only start others.
    """
    if isinstance(words, str):
        with suppress(ValueError):
            words = shlex.split(words)
        words = [words] if isinstance(words, str) else words
    found = {}
    for number, word in enumerate(words):
        file = Path(word if number else commands.locate(word, Path(), None, path))
        with suppress(OSError):
            if (
                not file.is_absolute()
                or not file.is_file()
                or any(map(file.is_relative_to, inside))
            ):
                continue
            digest = _script(file)
            if digest is None and number == 0 and not _only_starts(file.name):
                digest = contents.sha256(file)[:12]
            # Tools that switch between versions put a script of theirs before every program.
            if digest is not None and file.parent.name != "shims":
                found[file.name] = digest
    return found


def starts_python(words: Sequence[str] | str) -> bool:
    """Whether the command's own program is a Python, and not a script or a shell around one."""
    return not isinstance(words, str) and Path(words[0]).name.startswith(("python", "pypy"))


def _script(file: Path) -> str | None:
    """Hash of a script, without a first line that says where its interpreter is; None if binary."""
    with file.open("rb") as handle:
        if handle.read(2) != b"#!" and file.suffix not in _SCRIPTS:
            return None
        first, rest = handle.readline(), handle.read(_LARGE)
    return hashlib.sha256(rest if file.suffix not in _SCRIPTS else first + rest).hexdigest()[:12]


def _only_starts(name: str) -> bool:
    return name in _LAUNCHERS or name.startswith(("python", "pypy"))
