"""Colours that passed an accessibility check on their backgrounds, and marks that need none."""

from __future__ import annotations

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b1f24",
    "quiet": "#57606a",
    "grid": "#d9dee4",
    "fail": "#a40e26",
    "review": "#7a4d00",
    "pass": "#005a9e",
    "insufficient": "#59636e",
    "waived": "#4b3f8f",
}

DARK = {
    "paper": "#0d1117",
    "ink": "#e6edf3",
    "quiet": "#9aa7b4",
    "grid": "#2b333d",
    "fail": "#ff8f85",
    "review": "#e3b341",
    "pass": "#79c0ff",
    "insufficient": "#a3afbb",
    "waived": "#c4b5fd",
}

GROUPS = ("#005a9e", "#a40e26", "#7a4d00", "#4b3f8f", "#006b6d", "#8a2f6b", "#59636e", "#3c4f8a")
GROUPS_DARK = (
    "#79c0ff",
    "#ff8f85",
    "#e3b341",
    "#c4b5fd",
    "#66d3d6",
    "#f0a3d6",
    "#a3afbb",
    "#a9bcff",
)
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")

VERDICT_SYMBOLS = {
    "fail": "octagon",
    "review": "triangle-up",
    "pass": "circle",
    "insufficient": "diamond",
    "waived": "square",
}


def to_dark() -> dict[str, str]:
    """Each light colour with its dark twin."""
    pairs = dict(zip(GROUPS, GROUPS_DARK, strict=True))
    pairs.update({LIGHT[k]: DARK[k] for k in LIGHT})
    return pairs
