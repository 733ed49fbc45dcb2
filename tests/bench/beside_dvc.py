"""What a run costs beside `dvc exp run`: `python -m tests.bench.beside_dvc PATH/TO/dvc`.

DVC needs a virtual environment of its own. Both run the same script on the same config, by turns:
five runs of one gitexp experiment, and one DVC experiment of one run. From each, the script alone
is subtracted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from tests.bench.projects import project, seal
from tests.bench.timing import Side, by_turns, median

_GITEXP = str(Path(sys.executable).with_name("gitexp"))
_PIPELINE = """
stages:
  train:
    cmd: env GITEXP_SEED=1 python train.py
    deps: [train.py]
    params: [{config.toml: [model.C]}]
"""
_RUNS = 5


def main() -> None:
    """Print what both add to the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dvc", type=Path, help="the program, in an environment of its own")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    dvc = str(asked.dvc.absolute())
    with tempfile.TemporaryDirectory(prefix="gitexp-bench-") as folder:
        seal(Path(folder))
        os.environ["DVC_NO_ANALYTICS"] = "1"
        world = project(Path(folder) / "ours", repeats=_RUNS)
        world.gitexp("run", "--baseline")
        theirs = Path(folder) / "theirs"
        shutil.copytree(world.path, theirs, ignore=shutil.ignore_patterns(".git"))
        for words in (["git", "init", "--quiet"], [dvc, "init", "--quiet"]):
            subprocess.run(words, cwd=theirs, check=True, capture_output=True)
        (theirs / "dvc.yaml").write_text(_PIPELINE)
        for words in (["git", "add", "--all"], ["git", "commit", "--quiet", "-m", "baseline"]):
            subprocess.run(words, cwd=theirs, check=True, capture_output=True)
        values = (f"{1 + n / 100_000}" for n in count(2))

        def other_value() -> None:
            config = theirs / "config.toml"
            lines = config.read_text().splitlines(keepends=True)
            lines = [f"C = {next(values)}\n" if x.startswith("C = ") else x for x in lines]
            config.write_text("".join(lines))

        script = ("env", "GITEXP_SEED=1", "python", "train.py")
        ours, dvcs, alone = by_turns(
            asked.rounds,
            Side([(_GITEXP, "run")], world.path,
                 lambda: world.start("--set", f"model.C={next(values)}")),
            Side([(dvc, "exp", "run", "--quiet")], theirs, other_value),
            Side([script], world.path),
        )  # fmt: skip
        bare = median(alone).cpu
        run, other = median(ours).cpu / _RUNS - bare, median(dvcs).cpu - bare
        print(subprocess.check_output([dvc, "--version"], text=True).strip())
        print(f"gitexp run of {_RUNS} runs: {run:.0f} ms of CPU a run beside its script;"
              f" dvc exp run: {other:.0f} ms; {run / other:.3f} of it"
              f" (load {os.getloadavg()[0]:.1f})")  # fmt: skip


if __name__ == "__main__":
    main()
