"""The server: hands calls of tools over, and holds standard output for the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.cli.mcp.tools import TOOLS

if TYPE_CHECKING:
    from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult

_INSTRUCTIONS = (
    "gitexp runs machine learning experiments in this git repository: a hypothesis registered"
    " before the run, one changed config line, a verdict over repeated runs. Read status before"
    " each idea; then start, run and, if the verdict is CONFIRMED, accept. INCONCLUSIVE is not a"
    " success. An error is an object with id, message, hint and commands: do what the hint says,"
    " and do not look for a way around a rule."
)


def serve() -> None:
    """Serve one client over standard input and output, until it closes them.

    Raises:
        ModuleNotFoundError: the SDK is not installed, or is one of version 1.
    """
    # The SDK takes a second to load.
    import anyio
    import mcp_types
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server

    from gitexp import __version__
    from gitexp.cli.mcp.calls import call

    async def list_tools(_context: Any, _params: Any) -> ListToolsResult:  # noqa: ANN401
        return mcp_types.ListToolsResult(
            tools=[
                mcp_types.Tool(
                    name=tool.name,
                    description=tool.says,
                    input_schema=tool.schema(),
                    annotations=mcp_types.ToolAnnotations(read_only_hint=True)
                    if tool.reads
                    else None,
                )
                for tool in TOOLS
            ]
        )

    async def call_tool(_context: Any, params: CallToolRequestParams) -> CallToolResult:  # noqa: ANN401
        answer = await call(params.name, params.arguments or {})
        return mcp_types.CallToolResult(
            content=[mcp_types.TextContent(type="text", text=answer.text)],
            structured_content=answer.content,
            is_error=answer.is_error,
        )

    async def main() -> None:
        server: Server[Any] = Server(
            "gitexp", version=__version__, instructions=_INSTRUCTIONS,
            on_list_tools=list_tools, on_call_tool=call_tool,
        )  # fmt: skip
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(main)
