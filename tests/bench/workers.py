"""What workers cost beside the runs that they make: `python -m tests.bench.workers`.

So many runs of so many seconds (`--runs`, `--seconds`) on two hosts that are homes of this machine,
each with a worker at a time, beside `xargs -P 2` of the bare command before and after; and how many
bytes each run pushed.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gitexp.store.refs import SHARED_RUNS
from tests.arrange import records
from tests.bench.projects import project, seal
from tests.bench.timing import cost_of
from tests.project import World
from tests.team import hub_of

_GITEXP = str(Path(sys.executable).with_name("gitexp"))
# Starts the command in a home of the host's own, as ssh does.
_SSH = """\
#!/bin/sh
while [ "$1" != -- ]; do shift; done
host=$2; shift 2
mkdir -p "{homes}/$host"
exec env -i HOME="{homes}/$host" PATH="$PATH" GIT_CONFIG_NOSYSTEM=1 sh -c "cd; $*"
"""
# The remote counts what it is sent; a quarantine holds exactly that.
_HOOK = """\
#!/bin/sh
while read -r old new ref; do
  case $ref in refs/gitexp/runs/*) echo "$ref" >> "$GIT_DIR/came";; *) exit 0;; esac
done
echo >> "$GIT_DIR/pushes"
find "$GIT_QUARANTINE_PATH" -type f -printf '%s\\n' >> "$GIT_DIR/bytes"
"""


def place(home: Path, seconds: float, pairs: int) -> tuple[World, str]:
    """A project with an experiment of so many pairs, a remote, and two hosts."""
    world = project(home / "project", repeats=pairs)
    script = world.path / "train.py"
    script.write_text(f"import time\ntime.sleep({seconds})\n{script.read_text()}")
    settings = world.path / "gitexp.toml"
    table = f"\n[on.ssh]\nhosts = ['one', 'two']\ngitexp = '{_GITEXP}'\n"
    settings.write_text(settings.read_text() + table)
    world.commit("runs on two hosts", verify=False)
    world.gitexp("trust", "--yes")
    hub = hub_of(world)
    world.git("push", "--quiet", "--no-verify", "hub", "main")
    hook = hub.path / "hooks" / "pre-receive"
    hook.write_text(_HOOK)
    hook.chmod(0o755)
    tools = home / "tools"
    tools.mkdir()
    (tools / "ssh").write_text(_SSH.replace("{homes}", str(home / "homes")))
    (tools / "ssh").chmod(0o755)
    os.environ["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return world, world.start("--set", "model.C=10")


def bare(world: World, runs: int) -> float:
    """Seconds that the command alone takes, two at once."""
    seeds = "".join(f"{seed}\n" for seed in range(runs))
    words = ["xargs", "-P", "2", "-I", "{}", "env", "GITEXP_SEED={}", "python", "train.py"]
    begin = time.perf_counter()
    subprocess.run(
        words, cwd=world.path, input=seeds.encode(), check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begin


def main() -> None:
    """Print all of that."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--folder", help="where to work; in memory, the disk does not count")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        home = Path(folder)
        seal(home)
        world, name = place(home, asked.seconds, asked.runs // 2)
        print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
        before = bare(world, asked.runs)
        ours = cost_of((_GITEXP, "run", name, "--on", "ssh"), world.path)
        after = bare(world, asked.runs)
        made = [*records(world, "main"), *records(world, f"exp/{name}")]
        ratio = ours.wall / 1000 / ((before + after) / 2)
        print(
            f"{len(made)} runs of {asked.seconds:g} s on two workers: {ours.wall / 1000:.1f} s,"
            f" xargs -P 2 of the bare command {before:.1f} and {after:.1f} s: ratio {ratio:.3f}\n"
            f"CPU of all processes, the runs' own included: {ours.cpu / len(made):.0f} ms a run"
        )
        hub = World(world.path.parent / "hub.git")
        came = {*re.findall(rf"{SHARED_RUNS}\S+", (hub.path / "came").read_text())}
        sizes = [int(line) for line in (hub.path / "bytes").read_text().split()]
        pushes = (hub.path / "pushes").read_text().count("\n")
        print(
            f"{len(came)} refs in {pushes} pushes of {sum(sizes):,} bytes:"
            f" {sum(sizes) / len(came):.0f} bytes a run"
        )


if __name__ == "__main__":
    main()
