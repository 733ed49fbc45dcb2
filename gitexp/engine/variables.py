"""Which environment variables of a run are recorded: by value, by hash, or not at all."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

from gitexp.engine.masking import hide_password, is_secret

# Known to change what numerical libraries compute: threads, kernels, precision, determinism.
_DECIDING = re.compile(
    r"(ACCELERATE_MIXED_PRECISION|CUDA_LAUNCH_BLOCKING|GLIBC_TUNABLES|HSA_OVERRIDE_GFX_VERSION"
    r"|KERAS_BACKEND|LD_PRELOAD|LIBTPU_INIT_ARGS|NCCL_(ALGO|PROTO)|NVIDIA_TF32_OVERRIDE"
    r"|PYTHONHASHSEED|PYTHONOPTIMIZE|SCIPY_ARRAY_API|SKLEARN_ASSUME_FINITE"
    r"|(BLIS|CUBLAS|CUBLASLT|CUDNN|DNNL|FLAGS|GOMP|GOTO|HIPBLASLT|JAX|KMP|LOKY|MIOPEN|MKL|NPY"
    r"|NUMBA|NUMEXPR|OMP|ONEDNN|OPENBLAS|POLARS|PYTORCH|RAYON|ROCBLAS|TF|TORCH|TORCHINDUCTOR"
    r"|TRITON|VECLIB|XLA)_\w+)"
)
# Of these: where files are, what is logged, how memory is taken, how ranks find each other.
_HARMLESS = re.compile(
    r"\w+_(DIR|FILE|HOME|PATH|CACHE|PREFIX|ADDR|PORT|IFNAME|ALLOC_CONF|ALLOCATOR|GPU_ALLOW_GROWTH)"
    r"|\w+_(LOG|LOGS|LOGGING|VERBOSE|DEBUG|TRACE|DISPLAY|SHOW|WARNINGS?|WARN)(_\w+)?"
    r"|(KMP_SETTINGS|TF_CONFIG|XLA_PYTHON_CLIENT_\w+|TORCH_NCCL_\w+|TF_CPP_\w+)"
)
# Devices and places that a scheduler gives a run; they differ from run to run.
_PLACE = re.compile(
    r"(CUDA|HIP|ROCR|NVIDIA|ASCEND_RT|TPU)_VISIBLE_(DEVICES|CHIPS)|CUDA_DEVICE_ORDER"
    r"|GPU_DEVICE_ORDINAL|ZE_AFFINITY_MASK|ONEAPI_DEVICE_SELECTOR|NCPUS|NSLOTS|NHOSTS|JOB_(ID|NAME)"
    r"|((LOCAL|GROUP|NODE|ROLE)_)?(RANK|WORLD_SIZE)|MASTER_(ADDR|PORT)"
    r"|(SLURM|SBATCH|SRUN|PBS|LSB|LSF|SGE|COBALT|OMPI|PMI|PMIX|PALS|RAY|KUBERNETES|TORCHELASTIC)_\w+"
)
# What a terminal, an editor, a coding agent, a shell, a login or a desktop sets, where the user's
# tools are, and what trackers and build servers set. Whoever opens a second terminal has others.
_SESSION = re.compile(
    r"_|PWD|OLDPWD|SHLVL|HOME|USER|LOGNAME|USERNAME|SHELL|MAIL|HOSTNAME|HOST|HOSTTYPE|OSTYPE"
    r"|MACHTYPE|((CD|MAN|INFO|FP?|GO|NODE_|PYTHON|PKG_CONFIG_|MODULE)?PATH)|PS\d|PROMPT_COMMAND"
    r"|TERM(CAP|INFO|_\w+)?|COLORTERM|COLORFGBG|COLUMNS|LINES|TTY|\w+_TTY|EDITOR|VISUAL|PAGER"
    r"|BROWSER|LESS(OPEN|CLOSE|CHARSET|KEY|HISTFILE|_\w+)?|LS_?COLORS|CLICOLOR(_FORCE)?"
    r"|GREP_(COLORS?|OPTIONS)|NO_COLOR|FORCE_COLOR|LANG|LANGUAGE|TZ|CRON_TZ|TMPDIR"
    r"|HIST(FILE|SIZE|FILESIZE|CONTROL|IGNORE|TIMEFORMAT)|DISPLAY|WAYLAND_\w+|XAUTHORITY"
    r"|ICEAUTHORITY|SESSION_MANAGER|SESSIONNAME|DESKTOP_(SESSION|STARTUP_ID)|GDMSESSION|GDM_LANG"
    r"|WINDOW(ID|PATH)?|STY|MOTD_SHOWN|INVOCATION_ID|JOURNAL_STREAM|MANAGERPID|NOTIFY_SOCKET"
    r"|LISTEN_(FDS|PID)|SECURITYSESSIONID|COMMAND_MODE|LaunchInstanceID|DEBUGINFOD_URLS|CI"
    r"|(HTTPS?|FTP|ALL|NO)_PROXY|(https?|ftp|all|no)_proxy|_LMFILES_|LOADEDMODULES|MODULESHOME"
    r"|MODULERCFILE|VIRTUAL_ENV(_PROMPT|_DISABLE_PROMPT)?|PYTHON(BREAKPOINT|DONTWRITEBYTECODE"
    r"|FAULTHANDLER|IOENCODING|NOUSERSITE|PYCACHEPREFIX|SAFEPATH|STARTUP|UNBUFFERED|UTF8|WARNINGS"
    r"|_BASIC_REPL)|__CFBundleIdentifier|Malloc\w+|MANAGERPIDFDID|NO_AT_BRIDGE|CLUTTER_IM_MODULE"
    r"|CHROME_DESKTOP|ORIGINAL_XDG_CURRENT_DESKTOP|BAMF_DESKTOP_FILE_HINT|BUNDLED_DEBUGPY_PATH"
    r"|TERMINAL_EMULATOR|INSIDE_EMACS|NVIM|USER_ZDOTDIR|ZSH|LESS|LSCOLORS|KRB5CCNAME|SWAYSOCK|SNAP"
    r"|CLAUDECODE|CODESPACES|GEMINI_CLI|OPENCODE|NODE_OPTIONS"
    r"|(__CF|__INTELLIJ|_CE|_OLD_VIRTUAL|AIM|ALACRITTY|APPLICATION_INSIGHTS|ATUIN|BASH|BUILD|BYOBU"
    r"|CARGO|CLAUDE_CODE|CLEARML|CODEX|COMET|CONDA|COREPACK|CURSOR|DBUS|DIRENV|ELECTRON|FIG|FISH|FZF"
    r"|GDK|GEMINI_CLI|GHOSTTY|GIO|GIT|GITEXP|GITHUB|GITLAB|GJS|GNOME|GNUPG|GPG|GSM|GTK|HOMEBREW"
    r"|HYPRLAND|IDEA|IM_CONFIG|ITERM|JENKINS|JPY|KDE|KITTY|KONSOLE|LC|LMOD|MAMBA|MEMORY_PRESSURE"
    r"|MLFLOW|MODULES|NEPTUNE|NIX|NPM|npm|NVM|OMZ|OTEL|PAM|PDM|PIP|PIPENV|PIXI|POETRY"
    r"|PROCESS_LAUNCHED|PYCHARM|PYDEVD|PYENV|PYTEST|QT|REMOTE_CONTAINERS|RUNNER|RUSTUP|SDKMAN|SNAP"
    r"|SSH|STARSHIP|SUDO|SYSTEMD|TERMINATOR|TILIX|TMUX|TOX|UV|VIM|VSCODE|VTE|WANDB|WARP|WEZTERM"
    r"|WSL2?|WT|XDG(?!_CONFIG_HOME)|XPC|ZELLIJ|ZSH)_\w+|TMUX|KITTY\w+|QT\w+DIR|WSLENV|XMODIFIERS|ZDOTDIR"
)


def deciding_variables(given: Mapping[str, str], salt: bytes) -> dict[str, str]:
    """Variables that are known to change results, sorted and by value; none is named like a secret.

    `given` is what the user set, without what gitexp adds.
    """
    return {
        name: hide_password(value, salt) for name, value in sorted(given.items()) if decides(name)
    }


def decides(name: str) -> bool:
    """Whether a variable is known to change results, so that it belongs to the condition."""
    return bool(_DECIDING.fullmatch(name) and not _HARMLESS.fullmatch(name) and not is_secret(name))


def place_variables(given: Mapping[str, str], salt: bytes) -> dict[str, str]:
    """Which devices and which place in a cluster a run was given, sorted and by value."""
    return {
        name: hide_password(value, salt)
        for name, value in sorted(given.items())
        if _PLACE.fullmatch(name) and not is_secret(name)
    }


def hashed_variables(given: Mapping[str, str], salt: bytes) -> dict[str, str]:
    """All other variables as short hashes, sorted; without those that come from the session.

    A hash of 16 bits shows that two values differ, in any clone, and fits too many values to give
    one away. What is named like a secret is hashed with this clone's `salt`, and only compares
    within the clone.
    """
    return {
        name: _salted(name, value, salt) if is_secret(name) else _hash(name, value)
        for name, value in sorted(given.items())
        if not decides(name) and not _PLACE.fullmatch(name) and not _SESSION.fullmatch(name)
    }


def _hash(name: str, value: str) -> str:
    return hashlib.sha256(f"{name}={value}".encode(errors="surrogateescape")).hexdigest()[:4]


def _salted(name: str, value: str, salt: bytes) -> str:
    """Keyed hash behind a mark of the key."""
    text = f"{name}={value}".encode(errors="surrogateescape")
    return f"{hashlib.sha256(salt).hexdigest()[:4]}:{hmac.digest(salt, text, 'sha256').hex()[:8]}"
