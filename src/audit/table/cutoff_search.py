"""The cut-off that approves a given share, found inside an engine by counting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from audit.table.numbers import Numbers

NARROW = 1024
"""Bins a round in the search for a cut-off."""
COLLECT = 100_000
"""Rows below which the search collects the scores that are left."""


def cutoff_for(
    frame: Any, found: Numbers, rate: float, mass: Sequence[Numbers], *, higher: bool
) -> float:
    """The strictest cut-off that approves at least `rate` of the mass (rows, or Σ of weights).

    Searched by counting in ever narrower bins, so no sort and no row leaves the engine.
    """
    import narwhals as nw

    weight = nw.lit(1.0)
    for m in mass:
        weight = weight * m.handle
    value = found.handle if higher else found.handle * -1.0
    left = frame.select(value.alias("value"), weight.alias("mass"))
    total = left.select(nw.col("mass").sum()).collect()["mass"].to_list()[0]
    needed = float(total) * rate * (1 - 1e-12)
    above = 0.0
    while True:
        facts = left.select(
            nw.col("value").min().alias("low"),
            nw.col("value").max().alias("high"),
            nw.len().alias("rows"),
        ).collect()
        low, high, rows = (facts[c].to_list()[0] for c in ("low", "high", "rows"))
        if rows <= COLLECT or not high > low:
            break
        scale = NARROW / (high - low)
        placed = left.with_columns(
            ((nw.col("value") - low) * scale)
            .clip(0, NARROW - 1)
            .floor()
            .cast(nw.Int64)
            .alias("bin")
        )
        counted = placed.group_by("bin").agg(nw.col("mass").sum()).collect()
        by_bin = dict(zip(counted["bin"].to_list(), counted["mass"].to_list(), strict=True))
        for place in sorted(by_bin, reverse=True):
            if above + float(by_bin[place]) >= needed:
                break
            above += float(by_bin[place])
        if len(by_bin) == 1:
            break  # one bin holds them all: values this close are collected
        left = placed.filter(nw.col("bin") == place).select("value", "mass")
    counted = left.group_by("value").agg(nw.col("mass").sum()).collect()
    pairs = sorted(
        zip(counted["value"].to_list(), counted["mass"].to_list(), strict=True), reverse=True
    )
    at = pairs[-1][0]
    for candidate, held in pairs:
        above += float(held)
        if above >= needed:
            at = candidate
            break
    if higher:
        return float(at)
    beyond = frame.select(found.handle.alias("value")).filter(nw.col("value") > -at)
    after = beyond.select(nw.col("value").min()).collect()["value"].to_list()[0]
    return math.nextafter(-at, math.inf) if after is None else float(after)
