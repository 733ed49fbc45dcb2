"""What each command prints under --json, as types: for the documentation, and for tests.

A type stands beside the code that fills it, where the type checker compares them. Here they are
only listed and read.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ForwardRef,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from gitexp.cli.errors import FailureJson
from gitexp.cli.overview import as_now
from gitexp.cli.run_started import NotAcceptedJson, RunConcludedJson, RunUnfinishedJson
from gitexp.cli.views.audit import AuditJson
from gitexp.cli.views.baseline import MeasuredJson
from gitexp.cli.views.blame import ValueJson
from gitexp.cli.views.code import ReplacedJson
from gitexp.cli.views.help import PageJson
from gitexp.cli.views.integrity import CheckedJson
from gitexp.cli.views.keep import AcceptedJson, ArchivedJson, NamedJson
from gitexp.cli.views.log_programs import BriefJson
from gitexp.cli.views.queue import StoppedJson
from gitexp.cli.views.registered import CarriedJson, StartedJson
from gitexp.cli.views.run import ConcludedJson, UnfinishedJson
from gitexp.cli.views.samples import SmokedJson, TriedJson
from gitexp.cli.views.screen import ScreeningJson
from gitexp.cli.views.trust import SignerJson, TrustJson
from gitexp.lab.itself import VersionJson
from gitexp.lab.leftovers import HoldingJson
from gitexp.lab.log.log_json import ExperimentJson
from gitexp.lab.queues.queue import QueueJson
from gitexp.lab.setup.agent_files import AgentFile
from gitexp.lab.sharing.report import SyncedJson
from gitexp.lab.standing.goals import GoalJson
from gitexp.rules.catalogue import Rule
from gitexp.rules.documents.known import Known
from gitexp.rules.plan.calibration import Calibration
from gitexp.rules.plan.ranking import WeighedIdea
from gitexp.workflows.accept import Offered
from gitexp.workflows.briefing import BriefingJson
from gitexp.workflows.curves import CurvesOf
from gitexp.workflows.doctor import Examined
from gitexp.workflows.export import Export
from gitexp.workflows.gaps import GapReport
from gitexp.workflows.holdout import Opened
from gitexp.workflows.init import Setup
from gitexp.workflows.note import Noted
from gitexp.workflows.preset import Preset
from gitexp.workflows.queue import Resumed
from gitexp.workflows.redact import Redaction
from gitexp.workflows.report import ReportJson
from gitexp.workflows.show import SheetJson
from gitexp.workflows.side_by_side import SideBySide
from gitexp.workflows.status import StatusJson
from gitexp.workflows.verify import Verification

if TYPE_CHECKING:
    from collections.abc import Iterator

FAILURE = FailureJson
_JUDGED = ConcludedJson | list[ConcludedJson | UnfinishedJson]
_RUN = RunConcludedJson | NotAcceptedJson | RunUnfinishedJson


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command prints where a word is given too; "" for the command without such words."""

    command: str
    word: str
    shape: Any

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return " ".join(filter(None, ("gitexp", self.command, self.word)))


PRINTED = (
    Printed("status", "", StatusJson),
    Printed("status", "--for-agent", BriefingJson),
    Printed("init", "", Setup),
    Printed("init", "--agents", list[AgentFile]),
    Printed("init", "--undo", list[str]),
    Printed("trust", "", TrustJson),
    Printed("trust", "--signer", SignerJson),
    Printed("audit", "", AuditJson),
    Printed("gaps", "", GapReport),
    Printed("next", "", list[WeighedIdea]),
    Printed("next", "--run", ConcludedJson),
    Printed("known", "", list[Known]),
    Printed("known", "add", Known),
    Printed("goal", "", list[GoalJson]),
    Printed("start", "", StartedJson),
    Printed("start", "--sweep", list[StartedJson]),
    Printed("start", "--from", list[StartedJson]),
    Printed("start", "--split", list[StartedJson]),
    Printed("start", "--preset", Preset),
    Printed("start", "--again", ReplacedJson),
    Printed("start", "--run", _RUN | list[_RUN]),
    Printed("try", "", TriedJson),
    Printed("run", "", _JUDGED),
    Printed("run", "--baseline", MeasuredJson),
    Printed("run", "--smoke", SmokedJson),
    Printed("run", "--screen", ScreeningJson),
    Printed("run", "--detach", QueueJson),
    Printed("run", "--resume", Resumed),
    Printed("run", "--wait", _JUDGED | ScreeningJson | SmokedJson | MeasuredJson),
    Printed("retest", "", StartedJson),
    Printed("retest", "--planned", CarriedJson),
    Printed("stop", "", list[StoppedJson]),
    Printed("log", "", list[ExperimentJson]),
    Printed("log", "--brief", list[BriefJson]),
    Printed("log", "--calibration", list[Calibration]),
    Printed("show", "", SheetJson | SideBySide),
    Printed("show", "--curves", list[CurvesOf]),
    Printed("note", "", Noted),
    Printed("report", "", ReportJson),
    Printed("export", "", Export),
    Printed("accept", "", AcceptedJson),
    Printed("accept", "--pr", Offered),
    Printed("archive", "", ArchivedJson),
    Printed("archive", "--restore", list[NamedJson]),
    Printed("sync", "", SyncedJson),
    Printed("blame", "", list[ValueJson]),
    Printed("check", "", CheckedJson | list[CheckedJson]),
    Printed("verify", "", Verification),
    Printed("holdout", "", Opened),
    Printed("redact", "", Redaction),
    Printed("doctor", "", list[Examined]),
    Printed("doctor", "--gc", list[HoldingJson]),
    Printed("help", "", PageJson | Rule),
    Printed("", "--version", VersionJson),
)


def printed_by(words: Sequence[str]) -> Printed | None:
    """Find what a command line prints under --json; None if it is not listed.

    Of two words that decide, the one that is listed last does: `start --sweep --run` runs.
    """
    typed = [word.partition("=")[0] for word in words]
    command = next((word for word in typed if not word.startswith("-")), "status")
    command, *more = as_now([command])
    found = None
    for one in PRINTED:
        if one.command in {"", command} and one.word in {"", *more, *typed}:
            found = one
    return found


# --- reading types ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object; one that is not `required` may be missing."""

    name: str
    type: Any
    required: bool


def is_object(shape: Any) -> bool:  # noqa: ANN401 - a type, of any form
    """Whether a type is one of objects with named fields."""
    return isinstance(shape, type) and (is_dataclass(shape) or hasattr(shape, "__total__"))


@cache
def fields_of(shape: type) -> tuple[Field, ...]:
    """Return the fields of a type of objects, in the order in which they are printed."""
    homes = {shape.__module__}
    for annotation in shape.__annotations__.values():
        if isinstance(annotation, ForwardRef) and annotation.__forward_module__:
            homes.add(annotation.__forward_module__)
    names = {name: value for home in homes for name, value in _names(home)}
    hints = get_type_hints(shape, localns=names, include_extras=True)
    is_total = getattr(shape, "__total__", True)
    return tuple(
        Field(name, _shown(get_args(hint)[0]), required=False)
        if get_origin(hint) is NotRequired
        else Field(name, _shown(hint), required=is_total)
        for name, hint in hints.items()
    )


def _shown(shape: Any) -> Any:  # noqa: ANN401 - a type, of any form
    """The type of what JSON shows: what `as_json` returns where a class has that."""
    origin, inner = get_origin(shape), get_args(shape)
    if origin in {Union, UnionType}:
        return reduce(or_, map(_shown, inner))
    if origin in {list, tuple, dict, Sequence, Mapping}:
        return origin[tuple(one if one is ... else _shown(one) for one in inner)]
    if isinstance(shape, type) and hasattr(shape, "as_json"):
        names = dict(_names(shape.__module__))
        return get_type_hints(shape.as_json, localns=names)["return"]
    return shape


def _names(module: str) -> Iterator[tuple[str, Any]]:
    """Names that annotations of a module may use, those of the type checker alone included."""
    loaded = sys.modules[module]
    yield from vars(loaded).items()
    assert loaded.__file__  # noqa: S101 - for the type checker: ours are files
    for node in ast.parse(Path(loaded.__file__).read_text("utf-8")).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for inner in node.body:
                if isinstance(inner, ast.ImportFrom) and inner.module:
                    there = __import__(inner.module, fromlist=["_"])
                    for alias in inner.names:
                        if hasattr(there, alias.name):
                            yield alias.asname or alias.name, getattr(there, alias.name)
