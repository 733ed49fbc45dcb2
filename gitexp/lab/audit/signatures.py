"""Signatures of records that do not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitexp.rules.finding import Finding
from gitexp.rules.text import counted, list_commits
from gitexp.store.signatures import BAD

_MOST_NAMED = 5  # commits in one sentence


def about_signatures(signers: Mapping[str, str]) -> Iterator[Finding]:
    """Find commits of records whose signature does not hold (`signers` by commit)."""
    bad = [commit for commit, signer in signers.items() if signer == BAD]
    if bad:
        yield Finding(
            "V25",
            f"{counted(len(bad), 'commit')} that added records"
            f" {'has a signature that does' if len(bad) == 1 else 'have signatures that do'} not"
            f" hold ({list_commits(bad, _MOST_NAMED)}): altered, or made with a revoked key",
            f"see what it added: git show --show-signature {bad[0][:10]}\nif the key was only"
            " replaced, take it off the list of revoked keys, and end it by valid-before=DATE in"
            " gpg.ssh.allowedSignersFile",
        )
