"""Which variables are recorded by value, which by hash, and which not at all."""

from __future__ import annotations

import re

import pytest

from gitexp.engine.variables import deciding_variables, hashed_variables, place_variables

SALT = b"of this clone"

DECIDING = [
    "CUBLAS_WORKSPACE_CONFIG", "CUDNN_DETERMINISTIC", "KMP_BLOCKTIME", "MKL_CBWR",
    "MKL_NUM_THREADS", "NVIDIA_TF32_OVERRIDE", "OMP_NUM_THREADS", "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED", "RAYON_NUM_THREADS", "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "XLA_FLAGS",
]  # fmt: skip
PLACE = [
    "CUDA_VISIBLE_DEVICES", "LOCAL_RANK", "MASTER_ADDR", "OMPI_COMM_WORLD_SIZE", "PBS_JOBID",
    "RANK", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID", "WORLD_SIZE",
]  # fmt: skip
OTHERS = [
    "BOOST", "DATA_PATH", "LORA_RANK", "MODEL_DIR", "PROMPT", "TF_CPP_MIN_LOG_LEVEL",
    "TORCH_HOME", "TRITON_CACHE_DIR", "WINDOW_SIZE", "XDG_CONFIG_HOME",
]  # fmt: skip
SESSION = [
    "BASH_ENV", "COLORTERM", "COLUMNS", "CONDA_PREFIX", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY",
    "EDITOR", "GITEXP_SEED", "GIT_AUTHOR_NAME", "GPG_TTY", "HOME", "HOSTNAME", "INVOCATION_ID",
    "LANG", "LC_ALL", "LESSOPEN", "LOGNAME", "LS_COLORS", "MAIL", "NVM_DIR", "OLDPWD", "PATH",
    "PS1", "PWD", "PYTHONPATH", "PYTHONUNBUFFERED", "SHELL", "SHLVL", "SSH_AUTH_SOCK",
    "SSH_CONNECTION", "SSH_TTY", "SUDO_USER", "TERM", "TERM_PROGRAM", "TMUX", "TMUX_PANE", "USER",
    "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "VSCODE_PID", "VTE_VERSION", "WANDB_RUN_ID",
    "WAYLAND_DISPLAY", "WINDOWID", "XDG_SESSION_ID", "_", "http_proxy",
    # Of terminals in editors, of agents, of macOS and of GNOME.
    "BUNDLED_DEBUGPY_PATH", "CHROME_DESKTOP", "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT",
    "CODEX_SANDBOX", "CURSOR_TRACE_ID", "ELECTRON_RUN_AS_NODE", "GJS_DEBUG_TOPICS",
    "GSM_SKIP_SSH_AGENT_WORKAROUND", "INSIDE_EMACS", "MallocNanoZone", "MEMORY_PRESSURE_WATCH",
    "ORIGINAL_XDG_CURRENT_DESKTOP", "PYDEVD_USE_FRAME_EVAL", "REMOTE_CONTAINERS_IPC",
    "TERMINAL_EMULATOR", "_CE_CONDA", "__CFBundleIdentifier", "npm_config_user_agent",
]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (DECIDING, (True, False, False)),
        (PLACE, (False, True, False)),
        (OTHERS, (False, False, True)),
        (SESSION, (False, False, False)),
    ],
)
def test_every_variable_is_recorded_in_one_way_at_most(
    names: list[str], kept: tuple[bool, bool, bool]
) -> None:
    given = dict.fromkeys(names, "1")
    found = [[*how(given, SALT)] for how in (deciding_variables, place_variables, hashed_variables)]
    assert found == [sorted(names) if one else [] for one in kept]


def test_passwords_in_values_are_hashed() -> None:
    (value,) = deciding_variables({"XLA_FLAGS": "grpc://me:secret@host:1"}, SALT).values()
    assert re.fullmatch(r"grpc://me:hmac-sha256:[0-9a-f]{16}@host:1", value)
    assert deciding_variables({"TORCH_TOKEN": "x", "JAX_AUTH_TOKEN": "x"}, SALT) == {}


def test_hashes_compare_between_clones_unless_the_name_is_that_of_a_secret() -> None:
    given = {"BOOST": "0.03", "HF_TOKEN": "hunter2"}
    here, there = hashed_variables(given, SALT), hashed_variables(given, b"of another clone")
    assert here["BOOST"] == there["BOOST"] != hashed_variables({"BOOST": "0.04"}, SALT)["BOOST"]
    assert here["HF_TOKEN"] != there["HF_TOKEN"]
    assert hashed_variables(given, SALT) == here
    # The mark of the clone stands before the hash.
    assert here["HF_TOKEN"].partition(":")[0] != there["HF_TOKEN"].partition(":")[0]
