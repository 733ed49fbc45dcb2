"""Accelerators of this machine: which there are, which a run may use, and who holds them now."""
