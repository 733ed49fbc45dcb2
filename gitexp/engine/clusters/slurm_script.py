"""The batch script of a job array, for `sbatch` here or for somebody who submits it there."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from gitexp.errors import Stopped
from gitexp.rules.documents.task import join_tasks, parse_task

if TYPE_CHECKING:
    from gitexp.engine.clusters.cluster import Batch, Standing
    from gitexp.engine.clusters.hosts import Host
    from gitexp.rules.documents.elsewhere import Slurm
    from gitexp.rules.documents.ended import Ended

_SCRIPT = """\
#!/bin/bash
{options}
# Nothing of the environment where this was submitted is here.
unset SLURM_JWT
export HOME="${{HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}}"
export PATH="${{PATH:-/usr/local/bin:/usr/bin:/bin}}"
{setup}
# Not as an argument, which others on the node could read.
exec {gitexp} worker < <(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" <<'TASKS'
{tasks}
TASKS
)
"""


def options_of(settings: Slurm, batches: Sequence[Batch], name: str, output: str) -> list[str]:
    """What `sbatch` is asked for, one option each, without the settings' own `options`."""
    threads = max(parse_task(line).threads for batch in batches for line in batch)
    options = {
        "--job-name": name,
        "--array": f"0-{len(batches) - 1}%{settings.jobs}",
        "--partition": settings.partition,
        "--time": settings.time,
        "--gpus": settings.gpus,
        "--mem": settings.memory,
        "--cpus-per-task": str(threads or ""),
        "--output": settings.output or output,
        "--chdir": "/",
    }
    asked = [f"{option}={value}" for option, value in options.items() if value]
    return [*asked, "--export=NIL", "--requeue", "--open-mode=append"]


def batch_script(settings: Slurm, batches: Sequence[Batch], options: Sequence[str]) -> str:
    """The script of a job array with a worker for each batch."""
    modules = [f"module load {shlex.quote(one)}" for one in settings.modules]
    setup = [*([". /etc/profile"] if modules else []), *modules, *settings.setup]
    asked = [*map(shlex.quote, options), *settings.options]
    return _SCRIPT.format(
        options="\n".join(f"#SBATCH {one}" for one in asked),
        setup="\n".join(setup),
        gitexp=settings.gitexp,
        tasks="\n".join(map(join_tasks, batches)),
    )


class PrintedScript:
    """In place of a cluster that cannot be reached from here: the script of what is due now."""

    lasts = False
    shares = True

    def __init__(self, settings: Slurm) -> None:
        self.most = settings.jobs
        self.script = ""
        self._settings = settings

    def submit(self, batches: Sequence[Batch]) -> Mapping[str, str]:
        """Write the script, and submit nothing.

        Raises:
            Stopped: always; somebody else submits it.
        """
        # What is asked for once more is due after that.
        options = options_of(self._settings, batches, "gitexp", "/dev/null")
        self.script = self.script or batch_script(self._settings, batches, options)
        raise Stopped(
            "nothing was submitted",
            "when its jobs have ended, the same command prints what is due next",
        )

    def hosts(self, program: str, tree: str) -> Mapping[str, Host]:
        """Say nothing: SLURM cannot be asked from here."""
        del program, tree
        return {}

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say nothing: nothing was submitted."""
        del names
        return {}

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """Do nothing, likewise."""
