"""Signatures of commits, made and checked with git's own configuration of keys."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import NotReady, UsageError
from gitexp.rules.text import visible
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.store.repository import Repository

_HINT = "git config gpg.format ssh && git config user.signingKey ~/.ssh/id_ed25519.pub"
_UNKNOWN = "unknown key"
_VERIFIED = {"G", "U"}  # a good signature, whether or not the key is known
_SSH = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_GPG = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
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
        hint = _HINT
        if "passphrase" in said:
            private = shlex.quote(key.removesuffix(".pub"))
            hint = f"ssh-add {private} && git config user.signingKey {private}.pub"
        raise NotReady(f"gitexp.sign is on, but {program} could not sign: {said}", hint)
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


def signers_of(repository: Repository, commits: Sequence[str]) -> dict[str, frozenset[str]]:
    """Fingerprints of the keys whose signatures on commits git has verified, by commit.

    A key that gpg.ssh.allowedSignersFile does not list, or that gpg does not trust, verifies too:
    whoever asks compares its fingerprint. An expired or a revoked key does not.
    """
    done = repository.git.run(
        "log", "--no-walk=unsorted", "--stdin", "--format=%H%x09%G?%x09%GF%x09%GP",
        "--no-show-signature", "--no-notes", "--no-color",
        stdin="".join(f"{commit}\n" for commit in commits).encode(),
    )  # fmt: skip
    found = {}
    for line in decode(done.stdout).splitlines():
        commit, state, *keys = line.split("\t")
        if state in _VERIFIED:
            found[commit] = frozenset(filter(None, keys))
    return found


def fingerprint_of(repository: Repository, key: str) -> str:
    """Read the fingerprint of a key as git prints it, or of an ssh key in a public key file.

    Raises:
        UsageError: it is neither.
        NotReady: git cannot verify what an ssh key signs in this clone.
    """
    given = _of_file(key) or key.strip()
    gpg = given.replace(" ", "").upper()
    if _GPG.fullmatch(gpg):
        return gpg
    if not _SSH.fullmatch(given):
        raise UsageError(
            f"{visible(key)} is not the fingerprint of a key, nor a file with a public ssh key",
            "see whose key signed a commit: git log -1 --format='%GF %GS' COMMIT",
        )
    listed = repository.setting("gpg.ssh.allowedsignersfile") or ""
    if not listed or not Path(listed).expanduser().is_file():
        raise NotReady(
            "git cannot verify what an ssh key signs here: it has no file of allowed signers",
            "git config gpg.ssh.allowedSignersFile ~/.ssh/allowed_signers"
            "\nand write a line for the key into it: PRINCIPAL KEYTYPE KEY",
        )
    return given


def _of_file(key: str) -> str:
    """Fingerprint of the key in a public key file; empty if it is not one."""
    path = Path(key).expanduser()
    if not path.is_file():
        return ""
    done = subprocess.run(
        ("ssh-keygen", "-l", "-f", str(path.absolute())),
        capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    words = decode(done.stdout).split()
    return words[1] if not done.returncode and len(words) > 1 else ""
