"""The Model Context Protocol: tools are commands, whatever is asked gets an answer with an id."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.cli.lazy import load
from gitexp.cli.mcp.calls import call
from gitexp.cli.mcp.tools import MOST_CHARACTERS, TOOLS, find_tool
from gitexp.errors import UsageError
from tests.arrange import SCORE, train_with
from tests.project import BECAUSE, World
from tests.workflows.test_run import alive, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp import Client

NAMES = {"status", "start", "run", "show", "search", "next", "accept", "gaps"}


def test_every_tool_has_a_command_and_only_options_that_the_command_line_offers() -> None:
    assert {tool.name for tool in TOOLS} == NAMES
    for tool in TOOLS:
        options = {option for one in load(tool.command).params for option in one.opts}
        assert set(tool.options) <= options
        assert {word.partition("=")[0] for word in tool.always} <= options
        offered = tool.schema()["properties"]
        assert {name.removeprefix("--") for name in tool.options} <= set(offered)
        assert all(one["description"] for one in offered.values())
        assert not {"explore", "anyway", "pr"} & set(offered)


@pytest.mark.parametrize(
    ("tool", "given", "words"),
    [
        ("status", {"chars": 500}, ["status", "--for-agent", "--chars=500", "--"]),
        ("status", {"chars": None}, ["status", "--for-agent", "--"]),
        (
            "start",
            {"hypothesis": "--run", "set": "--yes", "gain": 1, "replicate": True, "guard": ["a"]},
            ["start", "--json", "--set=--yes", "--gain=1", "--replicate", "--guard=a", "--",
             "--run"],
        ),
        ("run", {"names": ["--yes", "x"], "yes": False, "wait": 3},
         ["run", "--detach", "--json", "--", "--yes", "x"]),
        ("run", {"names": ["x"], "yes": True}, ["run", "--detach", "--json", "--yes", "--", "x"]),
        ("show", {"name": "--upload-pack=x"}, ["show", "--json", "--", "--upload-pack=x"]),
    ],
)  # fmt: skip
def test_a_call_becomes_words_of_which_none_passes_for_an_option(
    tool: str, given: dict[str, Any], words: list[str]
) -> None:
    assert find_tool(tool).words(given) == words


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("start", {"set": "a=1"}, "the argument 'hypothesis' is missing"),
        ("start", {"hypothesis": 7}, "the argument 'hypothesis' must be of type string"),
        ("start", {"hypothesis": "x", "gain": True}, "must be of type number"),
        ("start", {"hypothesis": "x", "guard": "latency"}, "must be an array of strings"),
        ("start", {"hypothesis": "x", "yes": True}, "there is no argument 'yes'"),
        ("start", {"hypothesis": "x" * 10**6}, "a call may take 100,000 characters"),
        ("start", {"hypothesis": "a\0b"}, "is not text"),
        ("start", {"hypothesis": "a\ud800"}, "is not text"),
        ("run", {"names": []}, "the argument 'names' is missing"),
        ("run", {"names": ["x"], "explore": "why"}, "there is no argument 'explore'"),
        ("run", {"names": ["x"] * MOST_CHARACTERS}, "a call may take"),
        ("status", {"chars": 1.5}, "must be of type integer"),
        ("gaps", {"\x1b[2J": 1}, "there is no argument"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(tool: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        find_tool(tool).words(given)
    assert said in refused.value.message
    assert len(refused.value.message) < 300
    assert refused.value.message.isprintable()


def test_it_is_not_for_typing_nor_listed(tmp_path: Path) -> None:
    outside = World(tmp_path)
    assert "mcp" not in outside.gitexp("--help").out
    assert "gitexp[mcp]" in outside.gitexp("mcp", "--help").out


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "mcp_types.py").write_text("raise ModuleNotFoundError(name='mcp_types')\n")
    # A folder of modules comes before what is installed.
    ran = World(tmp_path).gitexp("mcp", code=3, PYTHONPATH=str(tmp_path))
    assert "pip install 'gitexp[mcp]'" in ran.err
    assert ran.out == ""


# --- over a real pipe ---------------------------------------------------------------------------


class Session:
    """A client of the SDK, and the answers that it gets."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ok(self, tool: str, **given: object) -> dict[str, Any]:
        """An answer that is no error: its text and its content are the same."""
        content = await self._called(tool, given, is_error=False)
        assert "error" not in content
        return content

    async def error(self, tool: str, **given: object) -> dict[str, Any]:
        """The error that a call ended with; it has what `--json` prints."""
        content = await self._called(tool, given, is_error=True)
        error: dict[str, Any] = content["error"]
        assert {"id", "message", "hint", "commands"} <= error.keys()
        return error

    async def text(self, tool: str, **given: object) -> str:
        result = await self._client.call_tool(tool, given)
        assert not result.is_error
        assert result.structured_content is None
        return _text(result)

    async def _called(
        self, tool: str, given: dict[str, object], *, is_error: bool
    ) -> dict[str, Any]:
        result = await self._client.call_tool(tool, given)
        content: dict[str, Any] = result.structured_content
        assert result.is_error is is_error, content
        assert json.loads(_text(result)) == content
        assert len(_text(result)) <= 8000
        return content


def _text(result: Any) -> str:  # noqa: ANN401 - any content of the SDK
    (block,) = result.content
    return str(block.text)


async def serve(
    world: World, story: Callable[[Session, Client], Awaitable[None]], folder: Path
) -> None:
    """Tell a story to `gitexp mcp`, started in a folder; its errors go to a file."""
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client

    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "gitexp", "mcp"], env=dict(os.environ), cwd=str(folder)
    )
    with (world.path.parent / "stderr").open("w") as errors:
        async with Client(stdio_client(parameters, errlog=errors)) as client:
            await story(Session(client), client)


async def listing(client: Client) -> None:
    tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == NAMES
    wire = [tool.model_dump(by_alias=True, exclude_none=True) for tool in tools]
    assert len(json.dumps(wire)) < 6000


async def hostile(session: Session) -> None:
    """Whatever is asked, the answer is an error with an id."""
    assert (await session.error("launch"))["id"] == "usage"
    assert (await session.error("show", name="--upload-pack=touch /tmp/x"))["id"] == "usage"
    assert (await session.error("accept", name="../../etc"))["id"] == "usage"
    assert (await session.error("start", hypothesis="x" * 10**6))["id"] == "usage"
    assert (await session.error("run", names="all"))["id"] == "usage"
    refused = await session.error("start", hypothesis="Is C = 10 better?", set="model.C=10")
    assert refused["violations"]


@pytest.mark.slow
def test_an_agent_works_through_the_protocol_and_errors_are_answers(
    ready: World, tmp_path: Path
) -> None:
    gate, reached = tmp_path / "gate", tmp_path / "reached"
    waiting = (
        "import os, time\n"
        "if CONFIG['model']['C'] == 11:\n"
        f"    open({str(reached)!r}, 'w').write(str(os.getpid()))\n"
        f"    while not os.path.exists({str(gate)!r}):\n"
        "        time.sleep(0.02)\n"
    )
    train_with(ready, waiting + SCORE, repeats=[2], threads=1)

    async def story(session: Session, client: Client) -> None:
        await listing(client)
        assert "Next, type it as it is" in await session.text("status", chars=600)
        await hostile(session)
        name = (await session.ok("start", hypothesis=BECAUSE, set="model.C=10"))["name"]
        assert (await session.ok("next"))["ideas"][0]["name"] == name
        ended = await session.ok("run", names=[name], wait=50)
        assert ended["verdict"] in {"CONFIRMED", "RULED OUT", "INCONCLUSIVE"}
        assert ended["queue"] == "1"
        assert (await session.ok("show", name=name))["verdict"] == ended["verdict"]
        found = (await session.ok("search", words=["model"]))["experiments"]
        assert [one["name"] for one in found] == [name]
        # What moves outside is seen by the next call.
        ready.git("branch", "--quiet", "--delete", "--force", f"exp/{name}")
        assert (await session.ok("show", name=name))["state"] == "archived"
        slow = (await session.ok("start", hypothesis=BECAUSE, set="model.C=11"))["name"]
        job = await session.ok("run", names=[slow], wait=0)
        assert (job["stage"], job["experiments"]) == ("runs", [slow])
        assert slow in await session.text("status")
        assert "already in queue" in (await session.error("run", names=[slow]))["message"]
        await asyncio.to_thread(until, reached.exists)
        await asyncio.to_thread(ready.gitexp, "stop", slow)
        # A call that is cancelled stops what it began.
        reached.unlink()
        asked = asyncio.create_task(session.ok("run", names=[slow], wait=50))
        await asyncio.to_thread(until, lambda: reached.exists() and bool(reached.read_text()))
        pid = int(reached.read_text())
        asked.cancel()
        await asyncio.to_thread(until, lambda: not alive(pid))

    asyncio.run(serve(ready, story, ready.path))
    assert "Traceback" not in (ready.path.parent / "stderr").read_text()


@pytest.mark.parametrize("tool", ["status", "gaps"])
def test_outside_a_repository_a_call_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = asyncio.run(call(tool, {}))
    assert answer.is_error
    assert answer.content is not None
    assert answer.content["error"]["id"] == "not-ready"
