"""Reports, when a run's Python ends, which modules it had loaded and from where.

Python imports a module of this name at start-up. Its folder comes first on the run's PYTHONPATH,
GITEXP_PROBE names the folder for the reports, and each process writes its own. Which files it opens
is written down at once, because workers and what ends by os._exit never report. It also leads
search paths in your work tree (GITEXP_TREES) to the checkout. The run must not notice: errors here
are ignored, and the sitecustomize that Python would have found is loaded in the end.

Python 3.8 may read this file. Besides the built-in atexit, it imports only what Python has already
imported at start-up.
"""
# Neither pathlib nor contextlib is loaded at start-up, and nothing here may reach the run.
# ruff: noqa: BLE001, PTH100, PTH105, PTH109, PTH110, PTH116, PTH118, PTH120, PTH123, S110, SIM105

import atexit
import os
import sys


def _loaded() -> "dict[str, str]":
    """Modules and their files; of an installed package, only the module that stands for it.

    A namespace package has no file, and its members may come from several distributions.
    """
    # By path, not by name: a repository's own test.py or code.py has the same name as a module of
    # the standard library, and before 3.10 Python has no list of those names.
    library = os.path.dirname(os.__file__) + os.sep
    facts = {}
    for name, module in list(sys.modules.items()):
        try:
            # Any other way to read attributes would load a module that importlib loads lazily.
            facts[name] = object.__getattribute__(module, "__dict__")
        except Exception:
            pass
    loaded = {}
    for name, known in facts.items():
        # The script's own __file__ is gone by now, but its loader still has the path.
        file = known.get("__file__") or getattr(known.get("__loader__"), "path", None)
        if not isinstance(file, str):
            continue
        installed = _is_installed(file)
        if file.startswith(library) and not installed:
            continue
        above = name.rpartition(".")[0] if installed else ""
        while above and "__path__" in facts.get(above, ()) and not facts[above].get("__file__"):
            above = above.rpartition(".")[0]
        if not above:
            loaded[name] = os.path.join(_folder, file)
    return loaded


def _is_installed(path: "str") -> bool:
    """Whether a file is in a folder of that kind which installers fill."""
    return _SITE in path or _DIST in path


def _libraries() -> "list[str]":
    """Shared libraries in memory, where the system tells, without those of Python and the system.

    A script that loads a library by its path imports no module.
    """
    common = ("/usr/", "/lib", "/opt/", sys.prefix + os.sep, sys.base_prefix + os.sep)
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            paths = {line[line.index("/") :].rstrip("\n") for line in maps if "/" in line}
    except Exception:
        return []
    return sorted(
        path
        for path in paths
        if ".so" in path.rpartition("/")[2] and not _is_installed(path)
        if not path.startswith(common)
    )


def _accelerators() -> "list[str]":
    """Names of the devices that torch uses; torch is only asked if it has initialized CUDA."""
    try:
        cuda = sys.modules["torch"].cuda
        if not cuda.is_initialized():
            return []
        return [str(cuda.get_device_name(index)) for index in range(cuda.device_count())]
    except Exception:
        return []


class _Watched(dict):  # type: ignore[type-arg] # Python 3.8 may read this file
    """The variables behind os.environ; remembers the names of those that are looked up.

    Whoever copies them all, as for the environment of another program, looks them up in order.
    """

    def __iter__(self) -> "object":  # type: ignore[override]
        names = list(dict.__iter__(self))
        _copying[:] = reversed(names)
        return iter(names)

    def __getitem__(self, name: "bytes") -> "bytes":
        if _copying and _copying[-1] == name:
            _copying.pop()
            _copied.add(name)
        else:
            del _copying[:]
            _read.add(name)
        return dict.__getitem__(self, name)  # type: ignore[no-any-return]


def _watch() -> None:
    """Remember which variables the run looks up in os.environ, os.environb and os.getenv."""
    try:
        watched = _Watched(vars(os.environ)["_data"])
        for environ in (os.environ, os.environb):
            vars(environ)["_data"] = watched
    except Exception:
        pass


def _heed(event: str, given: "tuple[object, ...]") -> None:
    """Write down which files are opened, and which programs are started, the first time."""
    if event != "open" and event not in _STARTING:
        return
    try:
        if event == "open":
            path, _, flags = given
            _note(path, int(flags))  # type: ignore[call-overload]
        elif event == "sqlite3.connect":
            _note(given[0], os.O_RDONLY, known=False)
        else:
            for words in given[:2]:
                for word in words if isinstance(words, (list, tuple)) else (words,):
                    for part in (os.fsdecode(word) if word else "").split():
                        if os.sep in part or word is given[0]:
                            _note(part, os.O_RDONLY, program=word is given[0], known=False)
    except Exception:
        pass


def _note(path: object, flags: int, *, program: bool = False, known: bool = True) -> None:
    """Write down a file; `known` is whether the flags tell what is done with it."""
    if isinstance(path, int) or len(_opened) > _MOST:
        return
    given = name = os.fsdecode(path)  # type: ignore[arg-type]
    writes = flags & (os.O_WRONLY | os.O_RDWR)
    if (name, writes) in _opened or name.startswith(_SYSTEM) or _is_installed(name):
        return
    _opened.add((name, writes))
    if program and os.sep not in name:
        folders = os.environ.get("PATH", "").split(os.pathsep)
        name = next(filter(os.path.isfile, (os.path.join(one, name) for one in folders)), name)
    if "\n" in name:
        return
    name = os.path.abspath(name)
    lines = f"w {name}\n" if writes else ""
    if not writes or (flags & os.O_RDWR and not flags & os.O_TRUNC):
        try:
            # If it changes later, it shows, whatever program wrote it. But a program that gets its
            # name may only write it, and trackers write to databases that no training reads.
            moment = os.stat(name).st_mtime_ns if known else 0
            lines = f"r{moment} {name}\n{lines}"
        except OSError:  # it is not there, and may be later
            _opened.discard((given, writes))
            if not writes:
                return
    # The file is closed again: a run may close descriptors that it did not open.
    journal = os.open(_journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(journal, lines.encode("utf-8", "surrogateescape"))
    finally:
        os.close(journal)


def _compile_sources() -> None:
    """Let Python compile every source that no package brought.

    A compiled file beside it, or where PYTHONPYCACHEPREFIX says, may be of another source: its date
    and its hash are whatever somebody wrote there. Without the date of a source, Python neither
    reads nor writes one.
    """
    try:
        loader = sys.modules["_frozen_importlib_external"].SourceFileLoader
        stats = loader.path_stats
        library = os.path.dirname(os.__file__) + os.sep
        checkout = os.path.join(os.environ.get("GITEXP_CHECKOUT", ""), "")

        def path_stats(self: object, path: "str") -> object:
            installed = path.startswith(library) or _is_installed(path)
            if not installed or (checkout and path.startswith(checkout)):
                raise OSError  # noqa: TRY301 - Python goes on without compiled code
            return stats(self, path)

        loader.path_stats = path_stats
    except Exception:
        pass


def _redirect() -> None:
    """Lead whatever would import from your work tree to the same folders of the checkout.

    Packages of the repository that are installed as editable name folders of your tree, in .pth
    files or in the tables of the modules that setuptools writes.
    """
    try:
        sys.path[:] = [_moved(entry) for entry in sys.path]
        for name, module in list(sys.modules.items()):
            if name.startswith("__editable__"):
                for table in ("MAPPING", "NAMESPACES"):
                    known = vars(module).get(table, {})
                    for key, found in list(known.items()):
                        moved = _moved(found) if isinstance(found, str) else map(_moved, found)
                        known[key] = moved if isinstance(moved, str) else list(moved)
    except Exception:
        pass


def _moved(path: str) -> str:
    """Return the checkout's counterpart of a path in your tree, if the commit has one."""
    for tree in filter(None, os.environ.get("GITEXP_TREES", "").split(os.pathsep)):
        real = os.path.realpath(path)
        if real == tree or real.startswith(tree + os.sep):
            counterpart = os.environ["GITEXP_CHECKOUT"] + real[len(tree) :]
            if os.path.exists(counterpart):
                return counterpart
    return path


def _ran_others() -> bool:
    """Whether programs ran, which may have read any variable."""
    times = os.times()
    return times.children_user + times.children_system > 0


def _json(value: object) -> str:
    """Write text, None, lists and dictionaries as JSON; importing json would slow the run down."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        items = ",".join(f"{_json(key)}:{_json(item)}" for key, item in value.items())
        return f"{{{items}}}"
    if isinstance(value, list):
        items = ",".join(map(_json, value))
        return f"[{items}]"
    return f'"{str(value).translate(_ESCAPES)}"'


def _report() -> None:
    try:
        report = {
            "python": sys.version.split()[0],
            "build": " ".join(sys.version.split()),
            "implementation": sys.implementation.name,
            "executable": sys.executable,
            "prefix": sys.prefix,
            "base_prefix": sys.base_prefix,
            "modules": _loaded(),
            "accelerators": _accelerators(),
            "libraries": _libraries(),
            "sites": _sites,
            "read": [name.decode("utf-8", "surrogateescape") for name in _read],
            "unwatched": ["yes"] if _copied or _ran_others() else [],
        }
        # A forked child that ends normally reports under its own process number.
        path = os.path.join(_reports, f"{os.getpid()}.json")
        with open(path + ".tmp", "wb") as file:
            # File names that are not UTF-8 are kept the way Python reads them.
            file.write(_json(report).encode("utf-8", "surrogateescape"))
        os.replace(path + ".tmp", path)
    except BaseException:
        pass


_reports = os.environ.get("GITEXP_PROBE", "")
_read = set()  # type: ignore[var-annotated]
_copied = set()  # type: ignore[var-annotated]
_copying = []  # type: ignore[var-annotated] # names that are still to be copied, the next one last
_sites = [entry for entry in sys.path if entry.endswith("-packages")]
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(32), ord('"'), ord("\\"))}
_SITE, _DIST = (f"{os.sep}{kind}-packages{os.sep}" for kind in ("site", "dist"))
_folder = ""
_journal = os.path.join(_reports, "opened")
_opened = set()  # type: ignore[var-annotated] # with what they were opened for
_MOST = 20_000  # files that are written down
_STARTING = {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "sqlite3.connect"}
# Of the system and of Python itself; where reports go. Memory (/dev/shm) holds files of anybody.
_SYSTEM = ("/proc/", "/sys/", "/dev/null", "/usr/", "/etc/", os.path.dirname(os.__file__), _reports)
if _reports:
    atexit.register(_report)
    if hasattr(sys, "addaudithook"):
        sys.addaudithook(_heed)
    try:
        _folder = os.getcwd()  # before Python 3.9 a module's file may be relative to it
    except OSError:
        pass
    _compile_sources()
    _redirect()
    _watch()

# From here on Python finds what it would have found without this folder. If that is nothing, the
# ImportError is the one that `site` expects and ignores.
_here = os.path.dirname(__file__)
sys.path[:] = [entry for entry in sys.path if entry != _here]
sys.path_importer_cache.pop(_here, None)
sys.modules.pop(__name__, None)
__import__("sitecustomize")
