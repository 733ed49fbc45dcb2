from __future__ import annotations

import importlib.metadata
import json
import os
import py_compile
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.loaded import PROBE_FOLDER, Loaded, read_probe
from gitexp.engine.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Sequence


class Project:
    """A user's work tree, and in its git folder the checkout in which the run happens."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.checkout = self.tree / ".git/gitexp/slots/1"
        self.reports = folder / "reports"
        self.checkout.mkdir(parents=True)

    def run(
        self,
        code: str,
        *,
        path: Sequence[Path] = (),
        python: Sequence[str] = (sys.executable,),
        **variables: str,
    ) -> subprocess.CompletedProcess[str]:
        self.script = self.checkout / "train.py"
        self.script.write_text(code)
        self.reports.mkdir(exist_ok=True)
        return subprocess.run(
            [*python, str(self.script)],
            cwd=self.checkout,
            env={
                "PATH": os.environ["PATH"],
                "GITEXP_PROBE": str(self.reports),
                "PYTHONPATH": os.pathsep.join(map(str, [PROBE_FOLDER, self.checkout, *path])),
                **variables,
            },
            check=False,
            capture_output=True,
            text=True,
        )

    def loaded(self) -> Loaded:
        return read_probe(self.reports, checkout=self.checkout, forbidden=[self.tree])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# What a run loaded


@pytest.mark.slow
def test_versions_are_those_that_importlib_metadata_gives(project: Project) -> None:
    run = project.run(
        "import sklearn.svm, typing_extensions, pkg_resources, git, xdist, markdown_it"
    )
    loaded = project.loaded()

    assert (run.returncode, run.stdout) == (0, "")
    assert {"scikit-learn", "numpy", "scipy", "joblib", "gitpython"} <= loaded.packages.keys()
    assert {"typing-extensions", "setuptools", "pytest-xdist"} <= loaded.packages.keys()
    assert loaded.packages == {
        name: importlib.metadata.version(name) for name in sorted(loaded.packages)
    }
    assert not {"ruff", "mypy", "pip"} & loaded.packages.keys()
    assert loaded.python == "{}.{}.{}".format(*sys.version_info)
    assert loaded.implementation == sys.implementation.name
    assert loaded.executable == sys.executable
    assert loaded.foreign == ()
    assert loaded.accelerators == ()


def test_a_bare_python_loads_no_package(project: Project) -> None:
    project.run("import json, asyncio")
    assert project.loaded().packages == {}


def test_every_python_of_a_run_reports(project: Project) -> None:
    write(project.checkout / "worker.py", "import tomlkit\ndef work(x): return x + 1")
    project.run(
        "import subprocess, sys\n"
        "if __name__ == '__main__':\n"
        "    import multiprocessing, rich, worker\n"
        "    subprocess.run([sys.executable, '-c', 'import joblib'])\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        pool.map(worker.work, [1]); pool.close(); pool.join()\n"
    )
    assert len(list(project.reports.glob("*.json"))) >= 3
    assert {"rich", "tomlkit", "joblib"} <= project.loaded().packages.keys()


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("import os, rich; os._exit(0)", ()),
        ("import os, rich; os.kill(os.getpid(), 9)", ()),
        ("", ("-S",)),
        ("", ("-E",)),
        ("", ("-I",)),
    ],
)
def test_a_run_without_a_report_is_no_trouble(
    project: Project, code: str, options: tuple[str, ...]
) -> None:
    run = project.run(code, python=(sys.executable, *options))
    assert (run.returncode, run.stdout, run.stderr) == (-9 if "kill" in code else 0, "", "")
    assert replace(project.loaded(), opened=Opened()) == Loaded()


def test_a_broken_report_is_passed_over(project: Project) -> None:
    project.run("import rich")
    write(project.reports / "1.json", '{"python": "3.1')
    write(project.reports / "2.json", '["python"]')
    write(project.reports / "3.json", '{"python": "3.11", "modules": 3}')
    assert "rich" in project.loaded().packages


def test_a_reports_folder_that_is_gone_says_nothing(project: Project) -> None:
    assert replace(project.loaded(), opened=Opened()) == Loaded()


def install(site: Path, distribution: str, files: Sequence[str], top_level: str = "") -> None:
    """Lay out an installed distribution by hand, as pip would."""
    name, _, version = distribution.partition("-")
    info = site / f"{distribution}.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\n")
    write(info / "RECORD", "".join(f"{file},sha256=abc,1\n" for file in files))
    if top_level:
        write(info / "top_level.txt", top_level)
    for file in files:
        write(site / file)


def test_the_distribution_is_found_whatever_the_module_is_called(
    project: Project, tmp_path: Path
) -> None:
    site = tmp_path / "site-packages"
    install(site, "PyYAML-6.0", ["yaml/__init__.py", "_yaml/__init__.py"], "_yaml\nyaml\n")
    install(site, "attrs-24.1", ["attr/__init__.py", "attrs/__init__.py"])
    install(site, "python_dateutil-2.9", ["dateutil/__init__.py", "dateutil/tz/__init__.py"])
    install(site, "protobuf-5.1", ["google/protobuf/__init__.py"], "google\n")
    install(site, "google.cloud.storage-3.0", ["google/cloud/storage/__init__.py"], "google\n")
    install(site, "unused-1.0", ["google/unused/__init__.py"], "google\n")
    install(site, "single-1.0+cu121", ["single.py"])
    project.run(
        "import yaml, attr, dateutil.tz, google.protobuf, google.cloud.storage, single",
        path=[site],
    )
    assert project.loaded().packages == {
        "attrs": "24.1",
        "google-cloud-storage": "3.0",
        "protobuf": "5.1",
        "python-dateutil": "2.9",
        "pyyaml": "6.0",
        "single": "1.0+cu121",
    }


def test_an_upgrade_is_noticed_within_one_process(project: Project, tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    install(site, "single-1.0", ["single.py"])
    project.run("import single", path=[site])
    assert project.loaded().packages == {"single": "1.0"}

    (site / "single-1.0.dist-info").rename(site / "single-2.0.dist-info")
    write(site / "single-2.0.dist-info/METADATA", "Name: single\nVersion: 2.0\n")
    assert project.loaded().packages == {"single": "2.0"}


def test_what_building_left_in_a_source_tree_gives_no_version(
    project: Project, tmp_path: Path
) -> None:
    for folder in (tmp_path / "src", tmp_path / "site-packages"):
        name = f"lib_{folder.name[:3]}"
        write(folder / f"{name}.py")
        write(folder / f"{name}.egg-info/PKG-INFO", f"Name: {name}\nVersion: 0.1\n")
    project.run("import lib_src, lib_sit", path=[tmp_path / "src", tmp_path / "site-packages"])
    assert project.loaded().packages == {"lib-sit": "0.1"}


# Where it came from


def test_a_module_of_the_users_tree_is_foreign(project: Project) -> None:
    edited = write(project.tree / "src/model/__init__.py")
    write(project.checkout / "features.py")
    project.run("import features, model", path=[project.tree / "src"])
    assert project.loaded().foreign == (edited,)


def test_a_script_of_the_users_tree_is_foreign(project: Project) -> None:
    script = write(project.tree / "train.py")
    project.run("", python=(sys.executable, str(script)))
    assert project.loaded().foreign == (script,)


def test_a_foreign_module_may_share_its_name_with_the_standard_library(project: Project) -> None:
    edited = write(project.tree / "src/test.py")
    project.run("import test", path=[project.tree / "src"])
    assert project.loaded().foreign == (edited,)


def test_another_checkout_is_foreign_too(project: Project) -> None:
    other = write(project.checkout.with_name("2") / "model.py")
    project.run("import model", path=[other.parent])
    assert project.loaded().foreign == (other,)


def test_a_namespace_package_is_judged_by_the_modules_that_were_loaded(project: Project) -> None:
    write(project.checkout / "lib/model.py")
    only_there = write(project.tree / "lib/draft.py")
    project.run("import lib.model", path=[project.tree])
    assert project.loaded().foreign == ()

    project.run("import lib.model, lib.draft", path=[project.tree])
    assert project.loaded().foreign == (only_there,)


def test_links_do_not_hide_where_a_module_lies(project: Project, tmp_path: Path) -> None:
    edited = write(project.tree / "shared/model.py")
    (project.checkout / "shared").symlink_to(edited.parent)
    link = tmp_path / "link"
    link.symlink_to(project.tree)
    write(project.checkout / "features.py")
    project.run("import features, shared.model", path=[link / ".git/gitexp/slots/1"])
    assert read_probe(project.reports, checkout=project.checkout, forbidden=[link]).foreign == (
        edited,
    )


def test_a_virtual_environment_inside_the_tree_is_not_foreign(project: Project) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", project.tree / ".venv"], check=True
    )
    write(next(project.tree.glob(".venv/lib/*/site-packages")) / "library.py")
    tool = write(project.tree / ".venv/bin/tool", "import library, train")
    project.run("", python=(str(project.tree / ".venv/bin/python"), str(tool)))

    loaded = project.loaded()
    assert loaded.executable == str(project.tree / ".venv/bin/python")
    assert loaded.foreign == ()


def test_an_interpreter_above_the_tree_excuses_nothing(project: Project) -> None:
    edited = write(project.tree / "model.py")
    project.run("import model", path=[project.tree])
    (report,) = project.reports.glob("*.json")
    facts = json.loads(report.read_text()) | {"prefix": "/", "base_prefix": "/"}
    report.write_text(json.dumps(facts))
    assert project.loaded().foreign == (edited,)


def test_names_that_json_must_escape_survive(project: Project) -> None:
    folder = project.tree / 'a "quoted" \\ tab\t é 𝔘 \udc80'
    edited = write(folder / "model.py")
    project.run(f"import sys; sys.path.append({str(folder)!a}); import model")
    assert project.loaded().foreign == (edited,)


# The run must not notice


def test_the_probe_leaves_no_trace_in_the_run(project: Project) -> None:
    code = (
        "import sys\n"
        f"print({str(PROBE_FOLDER)!r} in sys.path)\n"
        "print('sitecustomize' in sys.modules)\n"
        "try: import sitecustomize; print(sitecustomize.__file__)\n"
        "except ImportError as error: print(error)\n"
    )
    run = project.run(code)
    # Some systems have a sitecustomize of their own.
    plain = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == plain.stdout
    assert run.stdout.startswith("False\n")
    assert run.stderr == ""


def test_another_sitecustomize_is_loaded_as_ever(project: Project, tmp_path: Path) -> None:
    write(tmp_path / "site/sitecustomize.py", "import sys; sys.custom = __file__")
    run = project.run(
        "import sitecustomize, sys; print(sys.custom, sitecustomize.__file__)",
        path=[tmp_path / "site"],
    )
    assert run.stdout.split() == [str(tmp_path / "site/sitecustomize.py")] * 2
    assert run.stderr == ""
    assert project.loaded().python


@pytest.mark.parametrize("trouble", ["raise ValueError('mine')", "import no_such_module", "1 +"])
def test_the_trouble_of_another_sitecustomize_reads_as_ever(
    project: Project, tmp_path: Path, trouble: str
) -> None:
    write(tmp_path / "site/sitecustomize.py", trouble)
    with_probe = project.run("print('trained')", path=[tmp_path / "site"])
    without = project.run("print('trained')", PYTHONPATH=str(tmp_path / "site"))
    assert with_probe.stderr == without.stderr != ""
    assert with_probe.stdout == without.stdout


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("raise SystemExit(3)", 3),
        ("import os, shutil; shutil.rmtree(os.environ['GITEXP_PROBE'])", 0),
        ("import os, sys; os.chdir('/'); sys.modules['odd'] = 3; sys.modules['none'] = None", 0),
        ("import sys; sys.modules.clear()", 0),
        ("import os; del os.getpid, os.replace", 0),
        ("import sys, types; torch = sys.modules['torch'] = types.ModuleType('torch')", 0),
    ],
)
def test_nothing_that_a_run_does_makes_the_probe_speak(
    project: Project, code: str, exit_code: int
) -> None:
    run = project.run(code)
    assert (run.returncode, run.stdout, run.stderr) == (exit_code, "", "")


def test_lazy_modules_stay_unloaded(project: Project) -> None:
    write(project.checkout / "heavy.py", "print('loaded')")
    run = project.run(
        "import importlib.util, sys\n"
        "spec = importlib.util.find_spec('heavy')\n"
        "spec.loader = importlib.util.LazyLoader(spec.loader)\n"
        "module = sys.modules['heavy'] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
    )
    assert (run.stdout, run.stderr) == ("", "")
    assert project.loaded().python


TORCH = """
import sys
class cuda:
    is_initialized = staticmethod(lambda: {initialized})
    device_count = staticmethod(lambda: print("initialised!") or 2 if not {initialized} else 2)
    get_device_name = staticmethod(lambda index: f"Device {{index}}")
"""


@pytest.mark.parametrize(
    ("initialized", "names"), [(True, ("Device 0", "Device 1")), (False, ()), ("1 / 0", ())]
)
def test_accelerators_are_named_only_where_torch_uses_them(
    project: Project, initialized: object, names: tuple[str, ...]
) -> None:
    write(project.checkout / "torch.py", TORCH.format(initialized=initialized))
    run = project.run("import torch")
    assert project.loaded().accelerators == names
    assert (run.stdout, run.stderr) == ("", "")


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("os.environ['ONE']", {"ONE"}),
        ("os.environ.get('ONE'); os.getenv('TWO'); 'NONE' in os.environ", {"ONE", "TWO", "NONE"}),
        ("os.environb[b'ONE']", {"ONE"}),
        ("assert {**os.environ}['TWO'] == '2'; os.environ['ONE']", {"ONE"}),
        ("next(iter(os.environ.items())); os.environ['TWO']", {"TWO"}),
        ("os.environ['NEW'] = '1'; assert os.getenv('NEW') == '1'", {"NEW"}),
        ("assert os.environ.copy() == dict(os.environ) == dict(os.environ.items())", set()),
        ("del os.environ['ONE']; assert 'ONE' not in os.environ", {"ONE"}),
        ("pass", set()),
    ],
)
def test_the_names_of_variables_that_a_run_looks_up_are_reported(
    project: Project, code: str, read: set[str]
) -> None:
    run = project.run(f"import os\n{code}\n", ONE="1", TWO="2")
    assert (run.returncode, run.stderr) == (0, "")
    loaded = project.loaded()
    assert loaded.read & {"ONE", "TWO", "NONE", "NEW"} == read
    assert loaded.unwatched is any(word in code for word in ("{**", "copy", "items"))


def test_a_missing_variable_fails_as_ever(project: Project) -> None:
    with_probe = project.run("import os; os.environ['MISSING']")
    without = project.run("import os; os.environ['MISSING']", PYTHONPATH="")
    assert with_probe.stderr == without.stderr != ""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no list of libraries")
def test_a_library_that_is_loaded_by_its_path_is_reported(project: Project, tmp_path: Path) -> None:
    import _ctypes

    own = tmp_path / "libown.so"
    own.write_bytes(Path(_ctypes.__file__).read_bytes())
    project.run(f"import ctypes; ctypes.CDLL({str(own)!r})")
    assert project.loaded().libraries == (own,)


def test_compiled_code_runs_for_no_source_but_that_of_a_package(
    project: Project, tmp_path: Path
) -> None:
    said, tag = [], sys.implementation.cache_tag
    installed = tmp_path / "lib" / "site-packages"
    for folder in (project.checkout, tmp_path / "path", installed):
        name = f"of_{folder.parent.name}_{folder.name}".replace("-", "_")
        source = write(folder / f"{name}.py", "said = 'source'")
        other = write(tmp_path / "other.py", "said = 'compiled'")
        compiled = str(source.parent / "__pycache__" / f"{name}.{tag}.pyc")
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(other), compiled, invalidation_mode=unchecked)
        said.append(f"import {name}; print({name}.said)")
    run = project.run("\n".join(said), path=[tmp_path / "path", installed])
    assert run.stdout.split() == ["source", "source", "compiled"]


def test_a_folder_whose_name_ends_like_that_of_packages_is_looked_at(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "my-packages"
    for name in ("__init__", "sub"):
        write(folder / "pkg" / f"{name}.py")
    data = write(folder / "data.txt", "1")
    project.run(f"import pkg.sub; open({str(data)!r}).read()", path=[folder])
    loaded = project.loaded()
    assert {"pkg", "pkg.sub"} <= {one.module for one in loaded.placed}
    assert data in loaded.opened.read


def test_where_other_programs_ran_nobody_knows_what_was_read(project: Project) -> None:
    busy = "while :; do i=$((i+1)); [ $i -gt 200000 ] && exit; done"
    project.run(f"import subprocess; subprocess.run(['sh', '-c', {busy!r}])")
    assert project.loaded().unwatched


def test_the_probe_does_nothing_unless_asked(project: Project) -> None:
    run = project.run("import rich", GITEXP_PROBE="")
    assert (run.returncode, run.stderr) == (0, "")
    assert replace(project.loaded(), opened=Opened()) == Loaded()


def test_the_probe_loads_nothing_that_python_has_not_loaded(project: Project) -> None:
    code = "import sys; print(*sys.modules)"
    with_probe = set(project.run(code).stdout.split())
    assert with_probe - set(project.run(code, PYTHONPATH="").stdout.split()) == {"atexit"}


# The machine, the variables, the secrets
