"""A sealed world: no settings of the machine, no network, real git in temporary folders."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.project import TRAIN, World, copied, git
from tests.sealed import seal

# The same examples every time: a change that breaks a property fails at once and for everybody, and
# no unlucky draw fails somebody else's. GITEXP_FUZZ=1 draws new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
if not os.environ.get("GITEXP_FUZZ"):
    hypothesis.settings.load_profile("repeatable")

# Whatever else the caller has in its environment must not decide a test, and every process that is
# started takes longer with it. Workers inherit what is left here.
_KEPT = {
    "GITEXP_AXE", "GITEXP_CONFIG_PAIRS", "GITEXP_FRESH", "GITEXP_FUZZ", "HOME", "LANG", "LC_ALL",
    "LD_LIBRARY_PATH", "LOGNAME", "PATH", "SHELL", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER",
}  # fmt: skip
_KEPT_BEGINNINGS = (
    "COV", "DYLD_", "NODE_", "NPM_", "PIP_", "PYENV_", "PYTEST_", "SSL_", "UV_", "XDG_RUNTIME_",
)  # fmt: skip
for _name in [*os.environ]:
    if _name not in _KEPT and not _name.upper().startswith(_KEPT_BEGINNINGS):
        del os.environ[_name]


# gitexp writes durably: a run of ten seeds waits ninety times for the disk, some milliseconds each.
# So the tests' folders are in memory where that has room and lets programs run.
_MEMORY = Path("/dev/shm")
if (
    os.access(_MEMORY, os.W_OK)
    and shutil.disk_usage(_MEMORY).free > 2**31
    and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# Where groups are private, as on Fedora, files are the group's to write.
os.umask(0o022)

# Who starts the tests in the background of a shell may ignore Ctrl-C, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Let no search for garbage go through all the tests that wait: it takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder for each test; pytest's own numbering lists all others to find the next."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _sealed(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    home = next(_homes)
    home.mkdir()
    seal(home, monkeypatch)


# So that what tests read and write is short, and the same everywhere. Where there is something to
# draw, as for a second test of a change, the fixture `drawn` is without it.
FIRST_SEED = "first_seed = 1"


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One initialised project, built once and copied: 3 ms a test instead of 300."""
    folder = tmp_path_factory.mktemp("template") / "project"
    folder.mkdir()
    (folder / "config.toml").write_text(
        "# knobs\n[model]\nC = 1.0  # strength\nkernel = 'rbf'\n\n[train]\nepochs = 20\nlr = 1e-3\n"
    )
    (folder / "train.py").write_text(TRAIN)
    (folder / "README.md").write_text("A project.\n")
    (folder / "gitexp.toml").write_text(
        'config = ["config.toml"]\n'
        f'command = "{sys.executable} train.py"\n'
        'metric = "accuracy"\nrepeats = [5]\nvary = "seed"\neffect = 0.005\nrules = 2\n'
        f"{FIRST_SEED}\n"
    )
    environment = os.environ | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    git(folder, "init", "--quiet", "--initial-branch=main", environment=environment)
    for sample in (folder / ".git" / "hooks").glob("*.sample"):  # else each test copies them all
        sample.unlink()
    git(folder, "add", "--all", environment=environment)
    git(
        folder, "-c", "user.name=Ada Tester", "-c", "user.email=ada@example.org",
        "commit", "--quiet", "-m", "baseline", environment=environment,
    )  # fmt: skip
    return folder


@pytest.fixture
def world(_template: Path, tmp_path: Path) -> World:
    """A committed project that `init` has not touched yet."""
    folder = tmp_path / "project"
    shutil.copytree(_template, folder, symlinks=True)
    return World(folder)


@pytest.fixture
def bare_project(tmp_path: Path) -> World:
    """A committed project that has never heard of gitexp."""
    world = World(tmp_path / "project")
    world.path.mkdir()
    world.git("init", "--quiet")
    world.write("config.toml", "[model]\nC = 1.0\n\n[train]\nepochs = 20\n")
    world.write("train.py", TRAIN)
    world.commit("baseline")
    return world


@pytest.fixture(scope="session")
def _initialised(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same project after `gitexp init`, done once and copied likewise."""
    folder = tmp_path_factory.mktemp("initialised") / "project"
    shutil.copytree(_template, folder, symlinks=True)
    World(folder).gitexp("init", "--yes", GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)
    return folder


@pytest.fixture(scope="session")
def _drawn(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "project"
    world = copied(_template, folder)
    world.edit(f"{FIRST_SEED}\n", "", "gitexp.toml")
    world.edit(sys.executable, "python", "gitexp.toml")
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-11-25T10:00:00Z")
    git(
        folder, "-c", "user.name=Ada Tester", "-c", "user.email=ada@example.org",
        "commit", "--quiet", "--all", "--amend", "--reset-author", "--no-edit",
        environment=os.environ
        | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **dates},
    )  # fmt: skip
    world.gitexp("init", "--yes", GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)
    return folder


@pytest.fixture
def drawn(_drawn: Path, tmp_path: Path) -> World:
    """A project after `gitexp init` whose seeds are drawn, from the same commit everywhere."""
    return copied(_drawn, tmp_path / "project")


@pytest.fixture
def ready(_initialised: Path, tmp_path: Path) -> World:
    """A project after `gitexp init`: hooks installed, settings approved."""
    return copied(_initialised, tmp_path / "project")
