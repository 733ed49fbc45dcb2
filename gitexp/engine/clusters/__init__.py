"""Other machines that make runs: one file for each way to reach them, and one interface."""
