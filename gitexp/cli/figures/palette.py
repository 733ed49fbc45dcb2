"""The colors of roles, for light and for dark surroundings.

Verdicts differ for people who do not tell red from green (bluish green, vermilion, gray, purple,
after Okabe and Ito), and each color has a contrast of at least 4.5 to its background as text.
"""

from __future__ import annotations

from gitexp.cli.figures.drawing import Role

OPACITY = 0.18  # of a band

LIGHT = {
    Role.CONFIRMED: "#00705c",
    Role.RULED_OUT: "#b23c0a",
    Role.INCONCLUSIVE: "#5b6169",
    Role.EXPLORATORY: "#7a4a9e",
    Role.CANDIDATE: "#1f5fbf",
    Role.BASELINE: "#5b6169",
    Role.GOAL: "#1f5fbf",
    Role.BAR: "#1f5fbf",
    Role.ZERO: "#6b7178",
    Role.GRID: "#e3e5e8",
    Role.PREDICTED: "#1f5fbf",
    Role.LABEL: "#5b6169",
    Role.STRONG: "#1b1f24",
    Role.FAINT: "#8a9098",
}
DARK = {
    Role.CONFIRMED: "#4fcbaa",
    Role.RULED_OUT: "#ff9468",
    Role.INCONCLUSIVE: "#a8b0b9",
    Role.EXPLORATORY: "#cda5ee",
    Role.CANDIDATE: "#86b4ff",
    Role.BASELINE: "#a8b0b9",
    Role.GOAL: "#86b4ff",
    Role.BAR: "#86b4ff",
    Role.ZERO: "#8b939c",
    Role.GRID: "#2b3037",
    Role.PREDICTED: "#86b4ff",
    Role.LABEL: "#a8b0b9",
    Role.STRONG: "#e8eaed",
    Role.FAINT: "#7d858e",
}
