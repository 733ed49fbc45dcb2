"""What code commits bring: how much it is, and which of them bring the same.

They are compared by content: the same edit on another baseline is the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitexp.rules.text import counted, visible
from gitexp.store.git_output import one_a_line
from gitexp.store.repository import Repository

_NAMED = 3  # files in one sentence
# Nothing that somebody can configure may change the text that is compared.
_PLAIN = (
    "-r", "-p", "-U3", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv",
    "--no-color", "--no-relative", "--diff-algorithm=myers", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
_COUNTED = ("-r", "-z", "--numstat", "--no-renames", "--no-relative", "--always")
_TREES = re.compile(rb"[0-9a-f]{40,64} [0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class CodeSize:
    """How much a code commit brings: its files, and the lines that it adds and removes.

    Lines of binary files are not counted.
    """

    files: tuple[str, ...]
    added: int
    removed: int

    def __str__(self) -> str:
        """Return it as in `train.py, +12 -3 lines`."""
        named = ", ".join(map(visible, self.files[:_NAMED]))
        if (more := len(self.files) - _NAMED) > 0:
            named += f" and {counted(more, 'more file')}"
        return f"{named}, +{self.added} -{self.removed} lines"


def measure_code(repository: Repository, pairs: Sequence[tuple[str, str]]) -> list[CodeSize]:
    """Measure what code commits bring to baseline commits; all of them exist. One git process."""
    asked = [*dict.fromkeys(pairs)]
    if not asked:
        return []
    lines = one_a_line(f"{code} {base}" for base, code in asked)
    found: list[list[tuple[str, str, str]]] = []
    for field in repository.git.fields("diff-tree", "--stdin", *_COUNTED, stdin=lines):
        added, *rest = field.split("\t", 2)
        if rest:
            removed, path = rest
            found[-1].append((path, added, removed))
        else:
            found.append([])  # the commit whose files follow
    sizes = [
        CodeSize(
            tuple(path for path, *_ in files),
            sum(int(added) for _, added, _ in files if added.isdigit()),
            sum(int(removed) for *_, removed in files if removed.isdigit()),
        )
        for files in found
    ]
    by_pair = dict(zip(asked, sizes, strict=True))
    return [by_pair[pair] for pair in pairs]


def brought(repository: Repository, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Digest what differs between baseline commits and code commits, or trees; two git processes.

    Where in a file an edit is does not count, the lines around it do. Where a commit is not in this
    clone, the digest is the code commit's id: it equals itself alone.
    """
    trees = _trees(repository, [name for pair in pairs for name in pair])
    wanted = [(trees.get(base, ""), trees.get(code, "")) for base, code in pairs]
    asked = dict.fromkeys(pair for pair in wanted if all(pair))
    lines = one_a_line(f"{before} {after}" for before, after in asked)
    done = repository.git.run("diff-tree", "--stdin", *_PLAIN, stdin=lines)
    digests = dict(zip(asked, _digests(done.stdout), strict=True))
    return [digests.get(pair, code) for pair, (_, code) in zip(wanted, pairs, strict=True)]


def _trees(repository: Repository, names: Sequence[str]) -> dict[str, str]:
    asked = [*dict.fromkeys(name for name in names if name)]
    lines = one_a_line(f"{name}^{{tree}}" for name in asked)
    answers = repository.git.text("cat-file", "--batch-check=%(objectname)", stdin=lines)
    return {
        name: answer
        for name, answer in zip(asked, answers.splitlines(), strict=True)
        if not answer.endswith(" missing")
    }


def _digests(shown: bytes) -> Iterator[str]:
    """Digest each difference that git shows, one for each pair of trees."""
    found: list[hashlib._Hash] = []
    index = b""
    for line in shown.removesuffix(b"\n").split(b"\n"):
        if _TREES.fullmatch(line):
            found.append(hashlib.sha256())
        elif line.startswith(b"index "):
            index = line
        elif line.startswith(b"@@ "):
            found[-1].update(b"@@\n")
        elif found:
            # Of a binary file, git shows the ids alone.
            binary = line.startswith(b"Binary files ")
            found[-1].update((index if binary else line) + b"\n")
    return (one.hexdigest() for one in found)
