"""The Model Context Protocol: commands of gitexp as tools for agents, over standard streams.

A tool is a command with some of its options; a call runs that command in a process of its own. So a
tool does what the command line does and nothing else, a cancelled call ends as Ctrl-C ends it, and
whatever a command prints, imports or crashes at stays away from the protocol.
"""
