"""What SLURM's names for the state of a task mean: whether it waits, runs or has gone, and why."""

from __future__ import annotations

from gitexp.engine.clusters.cluster import Standing, State

_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING",
            "RESV_DEL_HOLD", "SPECIAL_EXIT", "SUSPENDED", "STOPPED"}  # fmt: skip
_RUNNING = {"RUNNING", "COMPLETING", "SIGNALING", "STAGE_OUT"}
# Ends that say nothing about the task. Who cancels one wants it to end.
_AGAIN = {"BOOT_FAIL", "NODE_FAIL", "PREEMPTED"}
_ENDED = {
    "BOOT_FAIL": "was ended by SLURM because its node did not start",
    "CANCELLED": "was cancelled",
    "DEADLINE": "was ended by SLURM at its deadline",
    "NODE_FAIL": "was ended by SLURM because its node failed",
    "OUT_OF_MEMORY": "was killed by SLURM because it used more memory than it had asked for",
    "PREEMPTED": "was ended by SLURM to make room for another job",
    "TIMEOUT": "was ended by SLURM at its time limit",
}
_TABLE = "in the table on.slurm of the settings on the baseline branch, and commit it"
_HINTS = {
    "OUT_OF_MEMORY": f"ask for more: raise `memory` {_TABLE}",
    "TIMEOUT": f"ask for more: raise `time` {_TABLE}",
}


def is_open(state: str) -> bool:
    """Whether a task in this state waits or runs."""
    return state in _WAITING | _RUNNING


def standing_of(task: str, state: str, reason: str = "", output: str = "") -> Standing:
    """How a task is; `reason` is why it waits, `output` what it printed last, as lines to show."""
    if state in _WAITING:
        said = "" if reason == "None" else reason
        if "held" in reason.lower() or state in {"REQUEUE_HOLD", "SPECIAL_EXIT"}:
            said = f"{said or state}, until somebody releases it: scontrol release"
            said += f" {task.partition('_')[0]}"
        return Standing(State.WAITING, said)
    if state in _RUNNING:
        return Standing(State.RUNNING, state)
    ended = _ENDED.get(state)
    said = f"SLURM job {task} {ended} ({state})" if ended else f"SLURM job {task}: {state}"
    return Standing(
        State.GONE, f"{said}{output}", state in _AGAIN, _HINTS.get(state, ""), state == "TIMEOUT"
    )
