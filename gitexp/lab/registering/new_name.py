"""Names for new experiments: words that people can remember and say."""

from __future__ import annotations

from gitexp.errors import NotReady
from gitexp.rules.documents.name import is_name

# Two words give about 10^5 names; by the birthday bound a thousand of them collide somewhere among
# clones with near certainty, so longer names begin well before that.
_TWO_WORDS = 100

# Words in coolname's lists that nobody wants to read out in a meeting.
_UNFIT = {"sexy", "naughty", "nude", "drunk"}


def new_name(taken: set[str]) -> str:
    """Draw a free name from coolname: two words, three once collisions become likely."""
    import coolname  # its lists of words take 20 ms, and only start draws from them

    for attempt in range(100):
        words = 2 if len(taken) < _TWO_WORDS and attempt < 20 else 3
        name: str = coolname.generate_slug(words)
        if is_name(name) and name not in taken and not _UNFIT & {*name.split("-")}:
            return name
    raise NotReady("no free name was found in a hundred draws", "gitexp archive old experiments")
