"""Objects that a partial clone has not fetched yet."""

from __future__ import annotations

from gitexp.store.git_output import one_a_line
from gitexp.store.repository import Repository

_ROUNDS = 100  # each brings the objects of one more level of folders


def fetch_promised(repository: Repository, commit: str) -> None:
    """Fetch what a commit needs and a partial clone lacks, all at once; does nothing elsewhere.

    Raises:
        GitFailed: the remote does not give it.
    """
    remote = repository.setting("extensions.partialclone") or next(
        (
            key.removeprefix("remote.").removesuffix(".promisor")
            for key, values in repository.config.items()
            if key.startswith("remote.") and key.endswith(".promisor") and values[-1] == "true"
        ),
        None,
    )
    if remote is None or remote.startswith("-"):
        return
    for _ in range(_ROUNDS):
        listed = repository.git.text(
            "rev-list", "--objects", "--no-walk", "--missing=print", commit, allow=(128,)
        )
        missing = [line[1:] for line in listed.splitlines() if line.startswith("?")]
        if not missing:
            return
        # The way in which git itself fetches them.
        repository.git.run(
            "-c", "fetch.negotiationAlgorithm=noop", "fetch", remote, "--no-tags",
            "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin",
            stdin=one_a_line(missing),
        )  # fmt: skip
