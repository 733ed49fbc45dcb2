"""Which accelerators the nodes of a partition have, as SLURM lists them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from gitexp.engine.clusters.hosts import Host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitexp.rules.documents.elsewhere import Slurm

_PATIENCE = 20.0  # seconds
_GPU = re.compile(r"gpu:([A-Za-z][\w.-]*):\d+", re.ASCII)
# Options that choose nodes in ways that are not looked into.
_CHOOSES = re.compile(r"-C|-w|--constraint|--gres|--gpus|--nodelist|--nodefile|-p|--partition")


def nodes_by_kind(settings: Slurm) -> Mapping[str, Host]:
    """Kinds of accelerators among the nodes that a job may get; {} where it asks for one of them.

    SLURM's names are chosen by whoever set it up, so nothing is sure.
    """
    asked = settings.gpus
    if not re.fullmatch(r"[0-9]+", asked) or any(
        _CHOOSES.match(option) for option in settings.options
    ):
        return {}
    words = ["sinfo", "--noheader", "--format=%G"]
    if settings.partition:
        words.append(f"--partition={settings.partition}")
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL, timeout=_PATIENCE,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return {}  # `sbatch` will say why
    kinds = dict.fromkeys(_GPU.findall(done.stdout) if done.returncode == 0 else ())
    return {f'to choose: gpus = "{kind}:{asked}"': Host((kind,), sure=False) for kind in kinds}
