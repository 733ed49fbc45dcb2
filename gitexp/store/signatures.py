"""Who signed commits, as git says with its own configuration of keys."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence

from gitexp.errors import NotReady, UsageError
from gitexp.rules.text import visible
from gitexp.store.git import RAW
from gitexp.store.git_output import decode, one_a_line
from gitexp.store.repository import Repository
from gitexp.store.signing import signs
from gitexp.store.user_path import user_path

BAD = "bad signature"
EXPIRED = "expired key"
UNKNOWN = "unknown key"
_VERIFIED = {"G", "U"}  # a good signature, whether or not the key is known
_SSH = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_GPG = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")


def read_signatures(repository: Repository, ref: str) -> dict[str, str]:
    """Who signed each commit that added lines to a notes ref; "" where nobody did.

    Empty where nothing is signed and this clone does not sign either. A signature that does not
    hold, or of a revoked key, is `BAD`, one of a key that has expired since `EXPIRED`, and one by a
    key that gpg.ssh.allowedSignersFile does not list `UNKNOWN`.
    """
    carrying = _with_signature(repository, ref)
    found: dict[str, str] = {}
    if not carrying and not signs(repository):
        return found
    out = repository.git.log("--format=%H%x09%P%x09%G?%x09%GS", ref, "--", allow=(128,))
    passing = _passing(repository, ref)
    for line in decode(out).splitlines():
        commit, parents, state, signer = line.split("\t", 3)
        if len(parents.split()) != 1 and commit in passing:
            continue
        # Without a file of allowed signers, git says of a signed commit that it is not.
        without = UNKNOWN if commit in carrying else ""
        names = {
            "N": without, "G": signer or UNKNOWN, "U": UNKNOWN, "E": UNKNOWN,
            "X": EXPIRED, "Y": EXPIRED,
        }  # fmt: skip
        found[commit] = names.get(state, BAD)
    return found


def _with_signature(repository: Repository, ref: str) -> frozenset[str]:
    """Commits of a ref that carry a signature, whatever it is worth."""
    done = repository.git.run("rev-list", "--header", ref, "--", allow=(128,))
    commits = (text.partition("\n\n")[0] for text in decode(done.stdout).split("\0"))
    return frozenset(head.partition("\n")[0] for head in commits if "\ngpgsig" in head)


def _passing(repository: Repository, ref: str) -> frozenset[str]:
    """Merges and first commits of a notes ref that hold no line which is not a parent's."""
    shown = (
        repository.git.log("--root", *which, *RAW, "--format=%x02%H", ref, "--", allow=(128,))
        for which in (("--max-parents=0",), ("--min-parents=2", "-c"))
    )
    changes = dict(entry for output in shown for entry in _changes(decode(output)))
    blobs = list(dict.fromkeys(b for pairs in changes.values() for p in pairs for b in p if b))
    contents = repository.git.objects(blobs)
    lines = {
        blob: frozenset((content or b"").splitlines())
        for blob, content in zip(blobs, contents, strict=True)
    }
    nothing: frozenset[bytes] = frozenset()
    return frozenset(
        commit
        for commit, notes in changes.items()
        if not any(
            lines.get(after, nothing).difference(*(lines.get(b, nothing) for b in before))
            for *before, after in notes
        )
    )


def _changes(shown: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Blobs of each note that differs from all parents: theirs and then its own, by commit."""
    for text in shown.split("\x02")[1:]:
        commit, *fields = text.split("\0")
        notes: dict[str, list[str]] = {}
        listed = iter(fields)
        for field in listed:
            raw = field.lstrip("\n")
            if not raw.startswith(":"):
                continue
            parents = raw.count(":")
            ids = raw.split()[parents + 1 : 2 * parents + 2]
            # A note that moves to another folder is lost by one path and found by the other.
            noted = next(listed).replace("/", "")
            had = notes.get(noted, [""] * len(ids))
            notes[noted] = [
                new if new.strip("0") else old for old, new in zip(had, ids, strict=True)
            ]
        yield commit, list(notes.values())


def signers_of(repository: Repository, commits: Sequence[str]) -> dict[str, frozenset[str]]:
    """Fingerprints of the keys whose signatures on commits git has verified, by commit.

    A key that gpg.ssh.allowedSignersFile does not list, or that gpg does not trust, verifies too:
    whoever asks compares its fingerprint. An expired or a revoked key does not.
    """
    out = repository.git.log(
        "--no-walk=unsorted", "--format=%H%x09%G?%x09%GF%x09%GP", "--stdin",
        stdin=one_a_line(commits),
    )  # fmt: skip
    found = {}
    for line in decode(out).splitlines():
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
    if not listed or not user_path(listed).is_file():
        raise NotReady(
            "git cannot verify what an ssh key signs here: it has no file of allowed signers",
            "git config gpg.ssh.allowedSignersFile ~/.ssh/allowed_signers"
            "\nand write a line for the key into it: PRINCIPAL KEYTYPE KEY",
        )
    return given


def _of_file(key: str) -> str:
    """Fingerprint of the key in a public key file; empty if it is not one."""
    path = user_path(key)
    if not path.is_file():
        return ""
    done = subprocess.run(
        ("ssh-keygen", "-l", "-f", str(path.absolute())),
        capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    words = decode(done.stdout).split()
    return words[1] if not done.returncode and len(words) > 1 else ""
