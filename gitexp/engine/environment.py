"""Says what a run stood on: the modules that it loaded, the machine, the variables that matter.

The run's own Python reports what it loaded (probe/sitecustomize.py). Everything else is read here,
from small files, without importing a library.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROBE_FOLDER = Path(__file__).resolve().parent / "probe"

_GITEXP = PROBE_FOLDER.parent.parent
_SITES = {"site-packages", "dist-packages"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the Python processes of one run had loaded when they ended.

    Where several reported, `python`, `implementation` and `executable` are those of the one that
    had loaded most; where none did (no Python, `python -S`, `os._exit`, a kill) they are None.
    `packages` maps normalised distribution names to versions, sorted; `foreign` are files of the
    forbidden folders that came from elsewhere than the run's checkout.
    """

    python: str | None = None
    implementation: str | None = None
    executable: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    foreign: tuple[Path, ...] = ()
    accelerators: tuple[str, ...] = ()


def probe_environment(probe_dir: Path) -> dict[str, str]:
    """Make the folder for the reports and return the variable that switches the probe on.

    PROBE_FOLDER must stand first on the run's PYTHONPATH as well, which is the caller's to compose.
    """
    probe_dir.mkdir(parents=True, exist_ok=True)
    return {"GITEXP_PROBE": str(probe_dir.absolute())}


def read_probe(probe_dir: Path, *, checkout: Path, forbidden: Sequence[Path]) -> Loaded:
    """Merge the reports of a run's processes; a missing or unreadable one is passed over.

    `forbidden` are the work trees that the run must not have imported from; `checkout` may lie
    inside one of them, as may the run's virtual environment.
    """
    reports = sorted(
        filter(None, map(_read_report, sorted(probe_dir.glob("*.json")))),
        key=lambda report: len(report.modules),
    )
    if not reports:
        return Loaded()
    modules = {(name, file) for report in reports for name, file in report.modules.items()}
    prefixes = {Path(prefix).resolve() for report in reports for prefix in report.prefixes}
    # In the order of `reports`: the main process has the last word on a version.
    packages = {name: version for report in reports for name, version in _packages(report.modules)}
    main = reports[-1]
    return Loaded(
        python=main.python,
        implementation=main.implementation,
        executable=main.executable,
        packages=dict(sorted(packages.items())),
        foreign=_foreign({Path(file) for _, file in modules}, checkout, forbidden, prefixes),
        accelerators=max((report.accelerators for report in reports), key=len),
    )


@dataclass(frozen=True, slots=True)
class _Report:
    """What one process wrote when it ended."""

    python: str
    implementation: str
    executable: str | None
    prefixes: tuple[str, ...]
    modules: dict[str, str]
    accelerators: tuple[str, ...]


def _read_report(path: Path) -> _Report | None:
    try:
        # surrogateescape, as the probe wrote it: file names need not be UTF-8.
        report = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
        return _Report(
            python=str(report["python"]),
            implementation=str(report["implementation"]),
            executable=report["executable"] and str(report["executable"]),
            prefixes=(str(report["prefix"]), str(report["base_prefix"])),
            modules={str(name): str(file) for name, file in report["modules"].items()},
            accelerators=tuple(map(str, report["accelerators"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _foreign(
    files: set[Path], checkout: Path, forbidden: Sequence[Path], prefixes: set[Path]
) -> tuple[Path, ...]:
    trees = [tree.resolve() for tree in forbidden]
    allowed = [checkout.resolve(), _GITEXP]
    foreign = set()
    for file in files:
        real = file.resolve()
        if not _SITES.isdisjoint((*file.parts, *real.parts)):
            continue
        for tree in trees:
            # A prefix counts where it lies inside the tree (a .venv). One that the tree lies in
            # says nothing: images keep the sources under /usr/src and the interpreter in /usr.
            inside = [prefix for prefix in prefixes if tree in prefix.parents]
            if real.is_relative_to(tree) and not any(map(real.is_relative_to, allowed + inside)):
                foreign.add(real)
    return tuple(sorted(foreign))


def _packages(modules: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and version of the distributions that these modules were installed by.

    importlib.metadata would answer from every installed distribution's files, which takes longer
    than a short run. Private modules are left out: what belongs to a distribution that the run
    used comes with a public one, and some (`_distutils_hack`) are loaded by every Python.
    """
    for module, file in modules.items():
        depth = module.count(".") + Path(file).name.startswith("__init__.")
        folders = Path(file).parents
        if module.startswith("_") or depth >= len(folders):
            continue
        with suppress(OSError):
            site = folders[depth]
            info = _owner(module, site, site.stat().st_mtime_ns)
            if info is not None:
                yield _name_and_version(info)


def _owner(module: str, site: Path, changed: int) -> Path | None:
    named = _distributions(site, changed).get(_normalised(module))
    if named is not None:
        return named
    # `attr` belongs to attrs, which also has a module of its own name; such are asked last.
    return _installed(site, changed, eponymous=False).get(module) or _installed(
        site, changed, eponymous=True
    ).get(module)


# `changed` is the folder's mtime in ns: installing, upgrading and removing rename an entry in it.
@functools.lru_cache(maxsize=64)
def _distributions(site: Path, changed: int) -> dict[str, Path]:  # noqa: ARG001
    """The metadata folders of the distributions in `site`, by normalised name.

    An .egg-info elsewhere than in a site folder is what building left in a source tree.
    """
    suffixes = (".dist-info", ".egg-info") if site.name in _SITES else (".dist-info",)
    return {
        _normalised(entry.stem.partition("-")[0]): entry
        for entry in sorted(site.iterdir())
        if entry.suffix in suffixes
    }


@functools.lru_cache(maxsize=128)
def _installed(site: Path, changed: int, *, eponymous: bool) -> dict[str, Path]:
    """Which distribution installed which module; `eponymous` ones have a module of their name."""
    modules = {_normalised(entry.name.partition(".")[0]) for entry in site.iterdir()}
    return {
        module: info
        for name, info in _distributions(site, changed).items()
        if (name in modules) is eponymous
        for module in _modules_of(info)
    }


def _modules_of(info: Path) -> set[str]:
    """Importable names that a distribution brought: its top level, below a namespace all."""
    site = info.parent
    with suppress(OSError):
        names = (info / "top_level.txt").read_text("utf-8", "replace").split()
        folders = [site / name for name in names if (site / name).is_dir()]
        # The file names a namespace package only as a whole, which other distributions share.
        if names and all((folder / "__init__.py").exists() for folder in folders):
            return set(names)
    with suppress(OSError):
        text = (info / "RECORD").read_text("utf-8", "replace")
        paths = [line.partition(",")[0] for line in text.splitlines()]
        regular = {found[1] for path in paths if (found := re.match(r"([^/]+)/__init__\.", path))}
        return regular | {
            re.sub(r"(/__init__)?\.[^/]*$", "", path).replace("/", ".")
            for path in paths
            if path.endswith((".py", ".so")) and path.partition("/")[0] not in regular
        }
    return set()


def _name_and_version(info: Path) -> tuple[str, str]:
    name, _, version = info.stem.partition("-")
    for file in (info / "METADATA", info / "PKG-INFO", info):
        # The folder's name has the version as the installer spells it, the file as the author does.
        with suppress(OSError), file.open(encoding="utf-8", errors="replace") as text:
            for line in text:
                key, _, value = line.partition(":")
                if key == "Name":
                    name = value.strip()
                elif key == "Version":
                    return _normalised(name), value.strip()
                elif not line.strip():
                    break
    return _normalised(name), version


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def machine() -> dict[str, object]:
    """Host, system, processor, memory (bytes) and NVIDIA devices of this machine.

    `cpus` are those that this process may use.
    """
    system = os.uname()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpus = _gpus()
    return {
        "host": system.nodename,
        "os": f"{system.sysname} {system.release}",
        "arch": system.machine,
        "cpu": _cpu_model(),
        "cpus": usable,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpus": [name for name, _ in gpus],
        "gpu_driver": gpus[0][1] if gpus else None,
    }


@functools.cache
def _cpu_model() -> str:
    with suppress(OSError), Path("/proc/cpuinfo").open(errors="replace") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    import platform

    return platform.processor() or platform.machine()


@functools.cache
def _gpus() -> tuple[tuple[str, str], ...]:
    """Name and driver version of each device, asked once a process: the answer takes a while."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(
            query,
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = (line.rpartition(",") for line in answer.stdout.splitlines() if "," in line)
    return tuple((name.strip(), driver.strip()) for name, _, driver in rows)


# What can change a result or its cost: devices, threads, numerics, determinism, the place in a
# distributed job, locale. Not where caches lie: that alters nothing and tells whose home it is.
_KEPT = {
    "ACCELERATE_MIXED_PRECISION", "BLIS_NUM_THREADS", "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_ORDER", "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING", "CUDA_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL", "GROUP_RANK", "HF_DATASETS_OFFLINE", "HF_HUB_OFFLINE",
    "HIP_VISIBLE_DEVICES", "HSA_OVERRIDE_GFX_VERSION", "KERAS_BACKEND", "LANG", "LD_PRELOAD",
    "LIBTPU_INIT_ARGS", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "LOKY_MAX_CPU_COUNT", "LSB_JOBID",
    "MALLOC_ARENA_MAX", "NODE_RANK", "NUMEXPR_MAX_THREADS", "NUMEXPR_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE", "NVIDIA_VISIBLE_DEVICES", "PBS_JOBID", "POLARS_MAX_THREADS",
    "OMPI_COMM_WORLD_SIZE", "PYTHONHASHSEED", "PYTHONOPTIMIZE", "RANK", "RAYON_NUM_THREADS",
    "ROCR_VISIBLE_DEVICES", "SCIPY_ARRAY_API", "SKLEARN_ASSUME_FINITE", "SLURM_ARRAY_TASK_ID",
    "SLURM_CPUS_PER_TASK", "SLURM_JOB_ID", "SLURM_JOB_NODELIST", "SLURM_JOB_PARTITION",
    "SLURM_NNODES", "SLURM_NODELIST", "SLURM_NTASKS", "SLURM_PROCID", "TOKENIZERS_PARALLELISM",
    "TRANSFORMERS_OFFLINE", "TZ", "VECLIB_MAXIMUM_THREADS", "WORLD_SIZE",
}  # fmt: skip
_KEPT_FAMILIES = (
    "CUDNN_", "GLOO_", "JAX_", "KMP_", "LC_", "MIOPEN_", "MKL_", "NCCL_", "NPY_", "NUMBA_", "OMP_",
    "OPENBLAS_", "PYTORCH_", "TF_", "TORCHINDUCTOR_", "TORCH_", "TRITON_", "XLA_",
)  # fmt: skip
_PLACES = ("_DIR", "_FILE", "_HOME", "_PATH")


_HIDDEN, _SHORTEST_SECRET = "[secret]", 4  # what stands for a secret; characters
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*:)([^/\s]+)(?=@)")
# As in `password=x`, `"token": "x"` and `Authorization: Bearer x`.
_NAMED_VALUE = re.compile(
    r"""(?<![\w.-])([A-Za-z][\w.-]*)"""
    r"""(["']?[ \t]*[=:][ \t]*["']?(?:(?:Bearer|Basic)[ \t]+)?)"""
    r"""([^\s"',;}]+)""",
    re.ASCII,
)


def kept_variables(env: Mapping[str, str], salt: bytes) -> dict[str, str]:
    """The variables of `env` that matter to training, sorted; a secret's name is no such one."""
    return {
        name: _without_password(value, salt)
        for name, value in sorted(env.items())
        if name in _KEPT or name.startswith(_KEPT_FAMILIES)
        if not name.endswith(_PLACES) and not _is_secret(name)
    }


def hash_secrets(values: Mapping[str, object], salt: bytes) -> dict[str, object]:
    """Replace what stands under a secret's name by a keyed hash, and passwords inside URLs too.

    Equal secrets stay equal within a clone, which holds `salt`. True, False and None are kept: they
    say whether there is a secret, and are none.
    """
    return {key: _hashed(value, salt, secret=_is_secret(str(key))) for key, value in values.items()}


def _hashed(value: object, salt: bytes, *, secret: bool) -> object:
    if isinstance(value, Mapping):
        return {
            key: _hashed(item, salt, secret=secret or _is_secret(str(key)))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_hashed(item, salt, secret=secret) for item in value]
    if secret and value is not None and not isinstance(value, bool):
        return _keyed_hash(str(value), salt)
    return _without_password(value, salt) if isinstance(value, str) else value


def _keyed_hash(text: str, salt: bytes) -> str:
    import hmac  # loads OpenSSL

    digest = hmac.digest(salt, text.encode(errors="surrogatepass"), "sha256")
    return f"hmac-sha256:{digest.hex()[:16]}"


def hide_secrets(text: str, values: Mapping[str, object]) -> str:
    """Return what a run printed without secrets: those that it was given, and what looks like one.

    `values` are its variables and parameters. What is too short to be told from other words stays.
    """
    known = {value for value in _secrets(values) if len(value) >= _SHORTEST_SECRET}
    for value in sorted(known, key=len, reverse=True):  # one may be part of another
        text = text.replace(value, _HIDDEN)
    text = _URL_PASSWORD.sub(rf"\g<1>{_HIDDEN}", text)
    return _NAMED_VALUE.sub(
        lambda found: f"{found[1]}{found[2]}{_HIDDEN}" if _is_secret(found[1]) else found[0], text
    )


def _secrets(value: object, *, secret: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            named = _is_secret(str(key)) and key not in {"PWD", "OLDPWD"}
            yield from _secrets(item, secret=secret or named)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets(item, secret=secret)
    elif secret and value is not None and not isinstance(value, bool):
        yield str(value)


def _without_password(text: str, salt: bytes) -> str:
    """Hash the password of each `scheme://user:password@host` in the text."""
    return _URL_PASSWORD.sub(lambda found: found[1] + _keyed_hash(found[2], salt), text)


_SECRET = {
    "apikey", "apikeys", "accesskey", "auth", "authorization", "authtoken", "bearer", "credential",
    "credentials", "creds", "oauth", "passphrase", "passwd", "password", "passwords", "privatekey",
    "pwd", "secret", "secretkey", "secrets",
}  # fmt: skip
_SECRET_KEYS = {
    "access", "account", "api", "encryption", "license", "master", "private", "service", "signing",
    "ssh", "subscription",
}  # fmt: skip
# The tokens of a vocabulary, which every language model's config names.
_VOCABULARY = {
    "audio", "bos", "class", "cls", "decoder", "end", "eos", "eot", "first", "forced", "image",
    "last", "mask", "newline", "next", "pad", "padding", "per", "sep", "separator", "special",
    "start", "stop", "text", "unk", "video",
}  # fmt: skip


def _is_secret(name: str) -> bool:
    """Whether a key's words name a secret: `hf_token` and `accessKey` do, `max_tokens` does not."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if any(word in _SECRET or word.endswith(("password", "secret")) for word in words):
        return True
    if any(word in {"key", "keys"} and before in _SECRET_KEYS for before, word in pairwise(words)):
        return True
    if words[-1:] == ["token"]:
        return _VOCABULARY.isdisjoint(words[-2:-1])
    return name.rpartition(".")[2].lower() == "key"
