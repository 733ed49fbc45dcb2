"""Names of experiments: as you type them, who has them, and new ones that people can say."""

from __future__ import annotations

from shlex import quote

from gitexp.errors import NotReady, UsageError
from gitexp.rules.documents.name import is_name
from gitexp.rules.text import visible
from gitexp.store.repository import Repository

# Two words give about 5 * 10^4 short names; by the birthday bound a thousand of them collide
# somewhere among clones with near certainty, so longer names begin well before that.
_TWO_WORDS = 100

_SHORT = 14  # characters of two words; a log of 80 columns shows these whole

# Words in coolname's lists that nobody wants to read out in a meeting.
_UNFIT = {"sexy", "naughty", "nude", "drunk"}


def short_name(name: str) -> str:
    """Return an experiment's name from what you type: `brave-otter` or `exp/brave-otter`.

    Raises:
        UsageError: it is not a valid name.
    """
    short = name.removeprefix("refs/heads/").removeprefix("exp/")
    if not is_name(short):
        raise UsageError(
            f"{name!r} is not a valid experiment name: use lowercase letters, digits and dashes",
            "list the experiments: gitexp log",
        )
    return short


def amend_hint(name: str, what: str) -> str:
    """Say how to change the message of an experiment."""
    return f"git switch {quote(f'exp/{visible(name)}')} && git commit --amend\nand {what}"


def find_by_name(repository: Repository, name: str) -> tuple[str, str] | None:
    """Return an experiment's full ref and commit, also if its branch was just deleted by hand."""
    # commit-msg needs only the name, and the archive is slow to load.
    from gitexp.store.archive import archive_deleted
    from gitexp.store.experiment_refs import find_ref

    if (found := find_ref(repository, name)) is None:
        archive_deleted(repository)
        found = find_ref(repository, name)
    return found


def new_name(taken: set[str]) -> str:
    """Draw a free name from coolname: two words, three once collisions become likely."""
    import coolname  # its lists of words take 20 ms, and only start draws from them

    for attempt in range(100):
        words = 2 if len(taken) < _TWO_WORDS and attempt < 20 else 3
        name: str = coolname.generate_slug(words)
        fits = words > 2 or len(name) <= _SHORT
        if fits and is_name(name) and name not in taken and not _UNFIT & {*name.split("-")}:
            return name
    raise NotReady("no free name was found in a hundred draws", "run the same command again")
