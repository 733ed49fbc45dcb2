"""Commits of notes refs: the one that all notes begin with, and who writes the others."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from gitexp.store.kept_pack import kept
from gitexp.store.pack import Pack
from gitexp.store.repository import Repository
from gitexp.store.signing import signed, signs
from gitexp.store.writers_lock import move_refs, writing


def begin_notes(repository: Repository, ref: str) -> bool:
    """Create an empty notes ref, unless it exists; returns whether it was created.

    git warns at every `git log` if it is told to show a notes ref that does not exist.
    """
    if repository.git.resolve(ref) is not None:
        return False
    pack = Pack(repository.digits)
    begun = begin(pack)
    with writing(repository) as lock, kept(repository, pack):
        move_refs(repository, [f"create {ref} {begun}"], lock)
    return True


def forget_empty_notes(repository: Repository, ref: str) -> None:
    """Delete a notes ref that is still empty."""
    git = repository.git
    if git.resolve(ref) == (begun := begin(Pack(repository.digits))):
        git.run("update-ref", "-d", ref, begun)


def begin(pack: Pack) -> str:
    """Add the commit that the notes of every clone begin with; returns its id.

    It is the same commit everywhere, so a clone that has written nothing can take over another
    clone's notes with a plain fetch.
    """
    nobody = "gitexp <gitexp@localhost> 0 +0000"
    tree = pack.add("tree", b"")
    text = f"tree {tree}\nauthor {nobody}\ncommitter {nobody}\n\ngitexp's notes\n"
    return pack.add("commit", text.encode())


def commit_of(repository: Repository, tree: str, parents: Iterable[str], subject: str) -> bytes:
    """Return the content of a notes commit, with the author that `git notes` would use.

    If git does not know the author, it is gitexp: a result is worth more than a name. It is signed
    where `git config gitexp.sign true` asks for that.

    Raises:
        NotReady: it cannot be signed.
    """
    now = f"{int(time.time())} {time.strftime('%z')}"
    people = [f"{role} {_person(repository, role)} {now}" for role in ("author", "committer")]
    before = [f"parent {parent}" for parent in parents]
    text = "\n".join([f"tree {tree}", *before, *people, "", f"{subject}\n"])
    content = text.encode(errors="surrogateescape")
    return signed(repository, content) if signs(repository) else content


def _person(repository: Repository, role: str) -> str:
    given = repository.git.environment
    name, email = (
        next(
            word
            for value in (
                given.get(f"GIT_{role}_{what}".upper()), repository.setting(f"{role}.{what}"),
                repository.setting(f"user.{what}"), given.get("EMAIL") if what == "email" else "",
                fallback,
            )
            # A name cannot contain what git takes for its end.
            if (word := re.sub(r"[<>\n\0]", "", value or "").strip())
        )
        for what, fallback in (("name", "gitexp"), ("email", "gitexp@localhost"))
    )  # fmt: skip
    return f"{name} <{email}>"
