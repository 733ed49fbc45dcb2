"""INI: read by configparser without interpolation; every value is a text.

A value runs to the end of its line, including `# comment`, as in configparser. The values of
[DEFAULT] count once, in that section. Files that configparser refuses because of a repeated section
(Darknet's `[convolutional]`) or because of keys before any section are read as plain files.
"""

from __future__ import annotations

import configparser
import re
from typing import Any

from gitexp.rules.gate.formats import plain
from gitexp.rules.gate.formats.keys import Key, spell_key
from gitexp.rules.gate.formats.malformed import Malformed, malformed_at
from gitexp.rules.gate.formats.place import read_back, replace_value, value_at

ERROR = ValueError
_NO_VALUE = "an indented line follows a key without a value"

parse_value = plain.parse_value
spell_value = plain.spell_value


class _Parser(configparser.RawConfigParser):
    # configparser's own pattern takes quadratic time on a run of blanks: hours for a megabyte.
    OPTCRE_NV = re.compile(r"(?P<option>[^=:]*+)(?:(?P<vi>[=:])\s*+(?P<value>.*))?$")

    def __init__(self) -> None:
        # No header can name the section "", so [DEFAULT] is treated like the others.
        super().__init__(allow_no_value=True, default_section="")

    def optionxform(self, optionstr: str) -> str:
        """Keep capitals: programs may distinguish them."""
        return optionstr


def parse(text: str) -> dict[str, Any]:
    """Parse a document; raises ERROR with the line in its text."""
    read = _read(text)
    return plain.parse(text) if read is None else read


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends.

    Raises:
        LookupError: there is no value there.
        ValueError: the text is not INI, or the value spans several lines.
    """
    document = _read(text)
    if document is None:
        return plain.find_value(text, key)
    if "\n" in (value_at(document, key) or ""):
        raise ValueError("the value spans several lines")
    section, start = "", 0
    for line in text.split("\n"):
        if header := _Parser.SECTCRE.match(line.strip()):
            section = header["header"]
        option = _Parser.OPTCRE_NV.match(line.strip())
        if option and option["vi"] and (section, option["option"].rstrip()) == key:
            end = start + len(line.rstrip())
            return end - len(option["value"]), end
        start += len(line) + 1
    raise LookupError("there is no value there")


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: there is no value there.
        ValueError: the text is not INI, or the old value or the new one is not on one line.
    """
    return read_back(replace_value(text, key, spelled, find_value), key, spelled, parse)


def _read(text: str) -> dict[str, Any] | None:
    """Read a document as configparser does; None if it can only be read as a plain file."""
    parser = _Parser()
    try:
        parser.read_string(text)
    except configparser.DuplicateSectionError:
        return None
    except configparser.MissingSectionHeaderError as error:
        if not error.line.lstrip().startswith("["):
            return None
        raise _malformed("a broken section header", text, error.lineno) from None
    except configparser.DuplicateOptionError as error:
        message = f"the key {spell_key((error.section, error.option))} is given twice"
        raise _malformed(message, text, error.lineno or 1) from None
    except configparser.ParsingError as error:
        errors = getattr(error, "errors", None)
        if errors is None:  # from Python 3.13 on
            raise Malformed(_NO_VALUE) from None
        raise _malformed("neither a section nor a key", text, errors[0][0]) from None
    except AttributeError:  # as configparser says the same before Python 3.13
        raise Malformed(_NO_VALUE) from None
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _malformed(message: str, text: str, number: int) -> Malformed:
    """Make a Malformed for the start of a line, after its blanks."""
    lines = text.split("\n")
    line = lines[number - 1]
    begin = sum(len(above) + 1 for above in lines[: number - 1])
    return malformed_at(message, text, begin + len(line) - len(line.lstrip()))
