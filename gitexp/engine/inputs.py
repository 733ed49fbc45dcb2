"""The parameters of a run: what the commit's configs say, and the seed written among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitexp.errors import NotReady
from gitexp.rules.documents.settings import Settings
from gitexp.rules.gate import formats
from gitexp.rules.gate.composed import chosen_files
from gitexp.rules.gate.formats.keys import Key, keys_at, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import to_json
from gitexp.rules.gate.paths import is_config


def write_seed(place: Path, settings: Settings, seed: int) -> dict[str, Any]:
    """Write the seed to the config, if the settings name a key; returns all parameters by file.

    The returned parameters are those of the commit, before the seed was written.

    Raises:
        NotReady: a config does not parse, or there is no such key.
    """
    key = settings.key_of_seed() if settings.seed_key else None
    values: dict[str, Any] = {}
    written = False
    names = _configs(place, settings.config)
    contents = {name: (place / name).read_bytes() for name in names if formats.format_of(name)}
    # Of several files that have the key, the seed goes to one that the command uses.
    used = chosen_files(contents, settings.command) if key and len(contents) > 1 else []
    for name in dict.fromkeys([*used, *contents]):
        content = contents[name]
        try:
            leaves = formats.read_leaves(name, content)
        except Malformed as error:
            raise NotReady(
                f"{name} does not parse: {error}", f"fix {name} on the baseline branch"
            ) from None
        if key and not written and (found := keys_at(leaves, key)):
            (place / name).write_bytes(_with_seed(name, content, found[0], settings.seed_key, seed))
            written = True
        values[name] = {spell_key(k): to_json(v) for k, v in leaves.items()}
    if key and not written:
        raise NotReady(
            f"seed_key {settings.seed_key} is not in {', '.join(settings.config)}",
            "add it to the config on the baseline, or correct seed_key in the settings",
        )
    return {name: values[name] for name in contents}


def _with_seed(name: str, content: bytes, key: Key, shown: str, seed: int) -> bytes:
    form = formats.format_of(name)
    assert form is not None  # noqa: S101 - the caller has read it
    try:
        edited: str = form.set_value(content.decode("utf-8"), key, form.spell_value(str(seed)))
    except (ValueError, LookupError) as error:
        message = f"{name}: the seed cannot be written to {shown}: {error}"
        raise NotReady(message, "name another seed_key in the settings") from None
    return edited.encode("utf-8")


def _configs(place: Path, patterns: Sequence[str]) -> list[str]:
    """Find the config files that the gate judges, in the order of the patterns.

    Git tracks nothing below a symbolic link, and what a link points to may be anybody's file.
    """
    names: list[str] = []
    for pattern in patterns:
        # pathlib lists only folders for a last `**`.
        found = place.glob(f"{pattern}/*" if pattern.endswith("**") else pattern)
        inside = {path.relative_to(place): path for path in found if path.is_file()}
        names += sorted(
            path.as_posix()
            for path in inside
            if is_config(path.as_posix(), [pattern]) and not _is_linked(place, path)
        )
    return list(dict.fromkeys(names))


def _is_linked(place: Path, path: Path) -> bool:
    return any((place / part).is_symlink() for part in (path, *path.parents[:-1]))
