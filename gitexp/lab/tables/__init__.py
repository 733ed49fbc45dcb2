"""The log as tables for other tools: a row for each experiment or for each run."""
