import sys

from gitexp.cli.mcp.server import serve
from gitexp.errors import NotReady, UsageError

_SDK = {"anyio", "mcp", "mcp_types"}


def mcp() -> None:
    """Serve agents over the Model Context Protocol.

    An agent's program starts it in a repository, and calls commands of gitexp as tools over its
    standard input and output. Needs the extra gitexp[mcp].
    """
    if sys.stdin.isatty():
        raise UsageError(
            "gitexp mcp is started by an agent's program, which speaks to it over standard input",
            "what you can type: gitexp --help",
        )
    try:
        serve()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _SDK:
            raise
        raise NotReady(
            "gitexp mcp needs the SDK of the Model Context Protocol, version 2",
            "pip install 'gitexp[mcp]'",
        ) from None
