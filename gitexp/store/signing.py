"""Signing commits of notes with the ssh key that git is configured to sign with."""

from __future__ import annotations

import os
import shlex
import subprocess

from gitexp.errors import NotReady
from gitexp.store.repository import Repository
from gitexp.store.user_path import user_path

_SHA1_DIGITS = 40
_HINT = "git config gpg.format ssh && git config user.signingKey ~/.ssh/id_ed25519.pub"


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
            (program, "-Y", "sign", "-n", "git", "-f", str(user_path(key))),
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
    header = b"gpgsig" if repository.digits == _SHA1_DIGITS else b"gpgsig-sha256"
    return b"%b\n%b %b\n\n%b" % (head, header, b"\n ".join(lines), message)
