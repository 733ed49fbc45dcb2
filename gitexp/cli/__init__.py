"""The command line."""

import gc

# Start-up allocates much and drops little: collecting garbage meanwhile costs a command 4 ms.
gc.set_threshold(50_000)
