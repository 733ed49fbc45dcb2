"""Signatures of notes commits, made and checked with git's own configuration for ssh keys."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from gitexp.store.repository import Repository

_HINT = "git config gpg.format ssh && git config user.signingKey ~/.ssh/id_ed25519.pub"
_UNKNOWN = "unknown key"
# Commits that added lines, without merges and the one that all notes begin with.
_ADDING = ("--max-parents=1", "--min-parents=1")


def signs(repository: Repository) -> bool:
    """Whether this clone signs what it records."""
    return (repository.setting("gitexp.sign") or "").lower() in {"true", "yes", "on", "1"}


def signed(repository: Repository, content: bytes) -> bytes:
    """Return the content of a commit with its signature, as `git commit -S` would make it.

    Raises:
        NotReady: there is no ssh key, or it cannot sign.
    """
    key = repository.setting("user.signingkey") or ""
    if repository.setting("gpg.format") != "ssh" or not key or key.startswith(("key::", "ssh-")):
        raise NotReady("gitexp.sign is on, but git has no file with an ssh key to sign with", _HINT)
    program = repository.setting("gpg.ssh.program") or "ssh-keygen"
    try:
        done = subprocess.run(
            (program, "-Y", "sign", "-n", "git", "-f", str(Path(key).expanduser())),
            input=content, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except OSError as error:
        raise NotReady(f"{program} could not be started: {error}", _HINT) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise NotReady(f"gitexp.sign is on, but {program} could not sign: {said}", _HINT)
    head, _, message = content.partition(b"\n\n")
    lines = done.stdout.rstrip(b"\n").split(b"\n")
    return b"%b\ngpgsig %b\n\n%b" % (head, b"\n ".join(lines), message)


def count_signatures(repository: Repository, ref: str) -> Counter[str]:
    """Count the commits of a ref by who signed them, as git says; "" for those that nobody did.

    Empty where nothing is signed and this clone does not sign either. A signature that does not
    hold counts under "bad signature", one by a key that gpg.ssh.allowedSignersFile does not list
    under "unknown key".
    """
    signed_ones = _with_signature(repository, ref)
    found: Counter[str] = Counter()
    if not signed_ones and not signs(repository):
        return found
    done = repository.git.run(
        "log", "--format=%H%x09%G?%x09%GS", *_ADDING, "--no-show-signature", "--no-notes", ref,
        "--", allow=(128,),
    )  # fmt: skip
    for line in decode(done.stdout).splitlines():
        commit, state, signer = line.split("\t", 2)
        # Without a file of allowed signers, git says of a signed commit that it is not.
        without = _UNKNOWN if commit in signed_ones else ""
        names = {"N": without, "G": signer or _UNKNOWN, "U": _UNKNOWN, "E": _UNKNOWN}
        found[names.get(state, "bad signature")] += 1
    return found


def _with_signature(repository: Repository, ref: str) -> frozenset[str]:
    """Commits of a ref that carry a signature, whatever it is worth."""
    done = repository.git.run("rev-list", "--header", *_ADDING, ref, "--", allow=(128,))
    commits = (text.partition("\n\n")[0] for text in decode(done.stdout).split("\0"))
    return frozenset(head.partition("\n")[0] for head in commits if "\ngpgsig" in head)
