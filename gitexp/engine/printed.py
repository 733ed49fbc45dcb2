"""Metrics in what a script printed: numbers beside their names, each read whole or not at all.

`accuracy=0.93`, `accuracy: 0.93` behind a logger's prefix and `accuracy   0.93` in columns are
read, and so are scalars of NumPy, PyTorch, JAX and TensorFlow; colors and progress bars are fine.
`0,93`, `93/100`, `93 %` and `0.93.1` are not read, because half a number would look like a result.
"""

from __future__ import annotations

import enum
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_COLOR = re.compile(r"\x1b\[[0-9;:]*m")
# Other escapes move the cursor: what follows stands elsewhere on the screen, as after "\r".
_MOVE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,999}(?:\x07|\x1b\\)|\x1b.")
_LINES = re.compile(r"[\r\n\b]+")
_LONGEST = 160  # characters of a line that is quoted

# Every repetition is bounded, so that the time stays linear in the length of a line.
_WORD = r"[^\W\d][\w./@-]{0,99}"
_NUMBER = (
    r"[+-]?(?:(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"|(?i:infinity|inf|nan))"
)
_VALUE = re.compile(
    rf"(?:(?P<quote>['\"]?)(?P<plain>{_NUMBER})(?P=quote)"
    r"|(?:\w{1,30}\.){0,3}(?:b?float\d*|longdouble|u?int\d*|[tT]ensor|Array|DeviceArray|array|Decimal)"
    rf"\(\[?['\"]?(?P<scalar>{_NUMBER})['\"]?\]?(?:,\s?\w{{1,30}}=(?:[^()]|\(\)){{0,200}})?\)"
    rf"|<tf\.Tensor: shape=\(\), dtype=\w{{1,30}}, numpy=(?P<eager>{_NUMBER})>)"
    # What may follow is listed, not what may not. Nor may the number go on after a blank (93 %,
    # 93 of 100, 0.91 -> 0.93), or be the first of several (0.91, 0.93).
    r"(?=\.?(?:$|[\s,;:)\]}>|│┃\"'(!?±]|\+/-))(?!\.?[,:'][0-9])"
    r"(?!\s{0,9}(?:[%‰]|[-=]>|→|[/*×^–—-]\s{0,9}\.?[0-9]|percent|pct\b|(?:out\s)?of\b)|,\s{1,9}[0-9])"
)
_NAMED = re.compile(
    rf"(?<![\w.])(?P<name>{_WORD})['\"`*]{{0,3}}(?:"
    r"(?P<equals>\s{0,99}=(?!>)\s{0,99})|(?P<colon>\s{0,99}(?::=?|=>|->|→)\s{0,99})"
    r"|(?P<column>\s{0,99}[|│┃]\s{0,99}|\s{1,99}(?:\.{3,99}\s{1,99})?))"
)
_FOLD = r"(?:fold|split|repeat)\s#?[0-9]{1,4}(?:/[0-9]{1,4})?[\])]?:?"  # one of several results
_BEFORE = re.compile(
    rf"(?:(?<![\w./@-])(?:{_FOLD}|train(?:ing)?'s|{_WORD})\s){{0,5}}\Z", re.IGNORECASE
)
_HOW = {"final", "best", "last", "mean", "average", "overall"}  # before a name without a colon
_STEP = re.compile(
    r"(?<![\w.])(?:global[_ ])?step['\"]?\s{0,9}[=:#]?\s{0,9}([0-9]{1,15})(?![\w.])", re.IGNORECASE
)
_LEVELS = {"debug", "info", "warning", "warn", "error", "critical", "notice"}  # of a logger

# A column is clear where nothing but its name and its value stands between the line's other parts.
_COLUMN_BEGINS = re.compile(r"(?:^\s*%?|\s\s|[\t,;:|│┃\])}>*•'\"`-]\s*|[0-9.]\s)\Z")
_COLUMN_ENDS = re.compile(
    rf"\.?\s*(?:[|│┃]?\s*$|[,;(]|\[\s[0-9]|{_WORD}(?:\s+[+-]?\.?[0-9]|\s*[=:|])"
    rf"|[|│┃]\s*(?:{_WORD}\s){{0,2}}{_WORD}\s+{_NUMBER}\s*(?:[|│┃(]|$)"
    r"|at (?:epoch|step|iteration)\b)"
)
_ROW = re.compile(r"\s{0,99}[|│┃]?\s{0,99}[+-]?\.?[0-9]")

# The report of scikit-learn's classification_report, whose row has the accuracy and the examples.
_REPORT = re.compile(r"\bprecision +recall +f1-score +support\s*$")
_REPORTED = re.compile(r"\s{0,99}accuracy {2,99}([01]\.[0-9]{1,20}) {1,99}([0-9]{1,20})\s*$")


# A dict of what was measured on one set: {'test': {'acc': 0.93}}, or Test metrics: {'acc': 0.93}.
_OF_SET = re.compile(
    r"(?<![\w./@-])(?P<set>train(?:ing)?|val(?:id(?:ation)?)?|dev|eval(?:uation)?|test|holdout)"
    r"(?:[ _](?:set|metrics|results|scores))?['\"]?\s{0,9}[:=]?\s{0,9}"
    r"\{(?P<inside>[^{}]{0,5000})\}",
    re.IGNORECASE,
)
_QUOTED = re.compile(rf"(?P<quote>['\"])(?P<name>{_WORD})(?P=quote)(?=\s{{0,9}}:)")


# A pair in a list or an OrderedDict: ('acc', 0.93).
_PAIR = re.compile(
    rf"(?<!\w)\((?P<name>(['\"]){_WORD}\2),\s?(?=(?:[\w.]{{1,30}}\()?[^,()]{{1,40}}\))"
)

# A table has names in its first line; between them are bars, tabs or blanks.
_SEPARATORS = tuple(map(re.compile, (r"\s*[|│┃]\s*", r"\t", r"\s{2,}")))
_RULE = re.compile(r"[\s|│┃+:=─━═┼╋┿╪┡╇┩├┤-]*")  # a line below the names, or around the table
_COUNTS = {"e", "ep", "epoch", "epochs", "it", "iter", "iteration", "round", "step"}
_PARTS = {"fold", "repeat", "set", "split", "subset"}  # of which one row shows a part
_WHOLE = re.compile(_NUMBER)
_LONGEST_ROW = 1000  # characters


class _Kind(enum.Enum):
    """What stands between a name and its number; TIGHT is a colon without a blank after it."""

    EQUALS = "="
    COLON = ": "
    TIGHT = ":"
    COLUMN = " "


class _Reading(NamedTuple):
    """A number beside a name, and the words before the name, which may belong to it."""

    before: tuple[str, ...]
    name: str
    kind: _Kind
    value: float


def read_printed(text: str, metric: str) -> tuple[dict[str, float], str]:
    """Last value that each name was printed with; `metric` is looked for with more care.

    It may be printed as `Test accuracy` where it is test_accuracy, and `Final accuracy` stands for
    accuracy if that word is printed with nothing else before it. Returns also what stood before the
    metric's name then: `final`.
    """
    found: dict[str, float] = {}
    exact: dict[str, float] = {}
    alike: dict[str, float] = {}
    longer: dict[str, float] = {}
    wanted = _plain(metric)
    # Mean Absolute Error (MAE): 0.3
    shown = re.compile(rf"(?<=\s)\(({re.escape(metric)})\)(?=\s?[:=])", re.IGNORECASE)
    text = shown.sub(r"\1", text) if metric else text
    lines = _lines(_OF_SET.sub(_name_by_set, _PAIR.sub(r"\g<name>: ", text)))
    for reading in itertools.chain.from_iterable(map(_readings_of, lines)):
        is_whole = not reading.before
        if reading.kind is _Kind.EQUALS or (is_whole and reading.kind is _Kind.COLON):
            found[reading.name] = reading.value
        if reading.name == metric and (is_whole or reading.kind is _Kind.EQUALS):
            exact[metric] = reading.value
        # From the longest label to the bare name.
        for start in range(len(reading.before) + 1):
            if _plain("_".join([*reading.before[start:], reading.name])) == wanted:
                if start == 0:
                    alike[metric] = reading.value
                elif reading.kind is not _Kind.COLUMN or (
                    _HOW.issuperset(map(str.lower, reading.before[:start]))
                ):
                    longer[_plain(" ".join(reading.before[:start]))] = reading.value
    # "Train accuracy" and "Test accuracy" are not the same, so neither is taken for accuracy.
    chosen = exact or alike or (longer if len(longer) == 1 else {})
    label = "" if exact or alike else next(iter(chosen), "")
    if not chosen and wanted == "accuracy":
        chosen = _reported(text)
    if not chosen and wanted and (value := _tabled(_lines(text), wanted)) is not None:
        chosen = {metric: value}
    found.pop(metric, None)
    judged = {metric: next(iter(chosen.values()))} if metric and chosen else {}
    return found | judged, label


def _reported(text: str) -> dict[str, float]:
    """Accuracy in the last classification report, by its number of examples.

    Reports of different numbers of examples are of different sets, such as train and test: then
    none is taken.
    """
    found: dict[str, float] = {}
    is_inside = False
    for line in _lines(text):
        if _REPORT.search(line):
            is_inside = True
        elif is_inside and (row := _REPORTED.match(line)):
            found[row[2]] = float(row[1])
            is_inside = False
    return found if len(found) == 1 else {}


def _tabled(lines: Sequence[str], wanted: str) -> float | None:
    """Value in the last table that has a metric among the names in its first line.

    Of several rows, the last one counts if the first column counts epochs or steps; else they are
    of several things, and none is taken.
    """
    found, at = None, 0
    while at < len(lines):
        line, at = lines[at], at + 1
        if len(line) > _LONGEST_ROW or wanted not in _plain(line):
            continue
        for separator in _SEPARATORS:
            names = _cells(separator, line)
            places = [n for n, name in enumerate(names) if _plain(name) == wanted]
            if len(names) < 2 or len(places) != 1 or any(map(_WHOLE.fullmatch, names)):
                continue
            rows, at = _rows(separator, names, lines, at)
            first = names[0].lower()
            if rows and (first in _COUNTS or (len(rows) == 1 and first not in _PARTS)):
                value = rows[-1][places[0]]
                found = float(value) if _WHOLE.fullmatch(value) else None
            break
    return found


def _rows(
    separator: re.Pattern[str], names: list[str], lines: Sequence[str], at: int
) -> tuple[list[list[str]], int]:
    """Rows of a table that begin at a line, and the first line that is not of the table."""
    rows = []
    while at < len(lines) and len(lines[at]) <= _LONGEST_ROW:
        cells = _cells(separator, lines[at])
        if not _RULE.fullmatch(lines[at]):
            if len(cells) != len(names) or cells == names:
                break
            rows.append(cells)
        at += 1
    return rows, at


def _cells(separator: re.Pattern[str], line: str) -> list[str]:
    return separator.split(line.strip().strip("|│┃").strip())


def read_steps(
    text: str, metrics: Collection[str]
) -> Iterator[tuple[int | None, dict[str, float]]]:
    """Step and values of each line that has one of these metrics; the step is None without one.

    Only a number behind `=` or a colon is read, and only under its whole name: what is printed as
    `val loss=3.9` is val_loss, and not loss.
    """
    plain = {_plain(metric): metric for metric in metrics}
    for line in _lines(text):
        values = {}
        for reading in _readings_of(line):
            name = plain.get(_plain("_".join([*reading.before, reading.name])))
            if name is not None and reading.kind is not _Kind.COLUMN:
                values[name] = reading.value
        if values:
            step = _STEP.search(line)
            yield int(step[1]) if step else None, values


def nearest_line(text: str, metric: str) -> str:
    """Last line that has the metric's name, if possible with a number; "" if there is none."""
    words = r"[\s_./-]".join(map(re.escape, re.split(r"[\s_./-]", metric)))
    name = re.compile(rf"(?<![^\W_]){words}(?![^\W_])", re.IGNORECASE)
    lines = [line.strip() for line in _lines(text) if name.search(line)]
    numbered = [line for line in lines if re.search(r"[0-9]", name.sub("", line))]
    line = next(reversed(numbered or lines), "")
    at = name.search(line)
    begin = max(0, at.start() - _LONGEST // 2) if at and len(line) > _LONGEST else 0
    return line[begin : begin + _LONGEST]


def _name_by_set(found: re.Match[str]) -> str:
    """Write the names in a dict as people print them in lines: `test acc`."""
    start = found.start("inside") - found.start()
    named = _QUOTED.sub(rf"\g<quote>{found['set']} \g<name>\g<quote>", found["inside"])
    return f"{found[0][:start]}{named}}}"


def _plain(label: str) -> str:
    return re.sub(r"[\s_./-]+", "_", label.lower())


def _lines(text: str) -> list[str]:
    """Lines as they stood on the screen; each state of a progress bar is one."""
    return _LINES.split(_MOVE.sub("\n", _COLOR.sub("", text)))


def _readings_of(line: str) -> Iterator[_Reading]:
    end = 0
    while named := _NAMED.search(line, end):
        end = named.end()
        value = _VALUE.match(line, end)
        if value is None:
            continue
        end = value.end()
        kind = _kind(named)
        if kind is not _Kind.EQUALS and _ROW.match(line, value.end()):
            continue
        at = named.start()
        words = _BEFORE.search(line, max(0, at - 300), at)
        begin = words.start() if words else at
        if begin and line.startswith("'s ", begin - 1):  # valid_0's auc
            begin += 2
        if kind is _Kind.COLUMN and not (
            _COLUMN_BEGINS.search(line, max(0, begin - 100), begin)
            and _COLUMN_ENDS.match(line, value.end())
        ):
            continue
        before = re.findall(rf"(?<!\S){_WORD}", line[begin:at])
        if before and before[0].lower() in _LEVELS:
            del before[0]
        number = value["plain"] or value["scalar"] or value["eager"]
        yield _Reading(tuple(before), named["name"], kind, float(number))


def _kind(named: re.Match[str]) -> _Kind:
    if named["equals"] is not None:
        return _Kind.EQUALS
    if named["column"] is not None:
        return _Kind.COLUMN
    return _Kind.TIGHT if named["colon"] == ":" else _Kind.COLON
