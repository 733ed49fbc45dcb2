"""The log as tables for other tools: a row an experiment, or a row a run."""
