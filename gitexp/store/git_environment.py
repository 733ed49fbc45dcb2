"""The environment of git, and of every other program that gitexp starts."""

from __future__ import annotations

import os

# git tells its hooks where the repository is. A git that works elsewhere and inherits that would
# read and stage the wrong repository's files. Variables that say how to reach remotes, which
# configuration counts and who the author is are kept; all other GIT_* variables are dropped.
_KEPT = frozenset(
    {
        "GIT_ALLOW_PROTOCOL", "GIT_ASKPASS", "GIT_AUTHOR_DATE", "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_NAME", "GIT_COMMITTER_DATE", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_NAME",
        "GIT_CEILING_DIRECTORIES", "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_SYSTEM", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_EXEC_PATH", "GIT_HTTP_PROXY_AUTHMETHOD", "GIT_PROXY_COMMAND", "GIT_SSH",
        "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY",
        "GIT_TERMINAL_PROMPT",
    }
)  # fmt: skip
_KEPT_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_TRACE")
_LOCATION = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)
# What `git rev-parse --local-env-vars` lists, apart from configuration given on the command line:
# where the repository is, and how it is read.
_ELSEWHERE = frozenset(
    {
        *_LOCATION, "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
        "GIT_INTERNAL_SUPER_PREFIX", "GIT_LITERAL_PATHSPECS", "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
    }
)  # fmt: skip
# How gitexp's own git reads. Replacement refs could show the gate another commit than the one that
# runs.
_OWN = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_LITERAL_PATHSPECS": "1", "GIT_OPTIONAL_LOCKS": "0"}


_given: list[dict[str, str]] = []  # the environment that the command was started with


def hold_environment() -> None:
    """Keep the environment as it is now for every program that this command starts.

    Libraries that a command loads later set variables of their own, such as scikit-learn's
    KMP_INIT_AT_FORK, and a run after that would have another environment than the runs before.
    """
    _given[:] = [dict(os.environ)]


def _environment() -> dict[str, str]:
    return _given[0] if _given else dict(os.environ)


def clean_environment(*, keep_location: bool = False) -> dict[str, str]:
    """Return our environment without the variables that tell git where the repository is.

    `keep_location` is for a hook while it checks: git may have pointed it at a temporary index.
    """
    kept = {
        name: value
        for name, value in _environment().items()
        if not name.startswith("GIT_")
        or name in _KEPT
        or name.startswith(_KEPT_PREFIXES)
        or (keep_location and name in _LOCATION)
    }
    return kept | _OWN


def sealed_environment() -> dict[str, str]:
    """Return an environment in which git reads no configuration of yours and no attributes file."""
    return {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith("GIT_CONFIG")
    } | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
    }


def script_environment() -> dict[str, str]:
    """Return our environment for a script of yours: all but what would lead its git elsewhere."""
    return {name: value for name, value in _environment().items() if name not in _ELSEWHERE}
