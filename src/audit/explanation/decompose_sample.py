"""The complete rows of a reference and a group: what a decomposition is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audit.table.design import Control, Design
from audit.table.wording import listed, shown

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

REFERENCE, GROUP = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Complete rows of both sides, and the columns they make: 1, reference or not, controls."""

    design: Design
    """Rows; `group` is 0 for the reference and 1 for the group."""
    number: Floats
    """How often each row stands (frequencies; 1 without)."""
    weight: Floats
    """Sampling weight of each row (1 without)."""
    spans: Mapping[str, slice]
    """Columns of each control."""
    constant: tuple[str, ...]
    """Controls with one value in all complete rows."""
    means: Floats
    """Mean of every column by side, shape (2, columns)."""
    y: Floats
    """Mean of what is explained, by side."""
    mass: Floats
    """Σ of weight by side."""
    rows: Floats
    """Rows by side."""
    names: tuple[str, str]
    """Both sides for people."""

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.means.shape[1])

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Rows and their columns, some at a time."""
        return self.design.blocks(GROUP, controls=True)


def sample(design: Design, is_reference: Flags, names: tuple[str, str]) -> Sample:
    """Both sides' rows of a design that holds no others, categories cut to those that occur."""
    controls, constant = [], []
    for control in design.controls:
        kept = _present(control)
        controls.append(kept)
        values = kept.values
        if kept.width == 0 or (values is not None and not values.any()):
            constant.append(kept.name)
    side = np.where(is_reference, REFERENCE, GROUP)
    two = replace(design, group=side, levels=(names[0], names[1]), controls=tuple(controls))
    number = np.ones(len(side)) if design.count is None else design.count
    weight = np.ones(len(side)) if design.weight is None else design.weight
    at, spans = 2, {}
    for control in controls:
        spans[control.name] = slice(at, at + control.width)
        at += control.width
    carried = number * weight
    mass = _by_side(side, carried)
    sums = np.zeros((2, at))
    for part, x in two.blocks(GROUP, controls=True):
        for s in (REFERENCE, GROUP):
            inside = side[part] == s
            sums[s] += carried[part][inside] @ x[inside]
    y = _by_side(side, carried * design.amount)
    with np.errstate(invalid="ignore", divide="ignore"):
        means, y = sums / mass[:, None], y / mass
    return Sample(
        design=two,
        number=number,
        weight=weight,
        spans=spans,
        constant=tuple(constant),
        means=means,
        y=y,
        mass=mass,
        rows=_by_side(side, number),
        names=names,
    )


def _by_side(side: npt.NDArray[np.int64], what: Floats) -> Floats:
    return np.bincount(side, what, minlength=2).astype(np.float64)


def _present(control: Control) -> Control:
    if control.codes is None:
        values = control.values
        if values is not None and values.size and values.min() == values.max():
            return replace(control, values=np.zeros_like(values))
        return control
    kept, codes = np.unique(control.codes, return_inverse=True)
    return replace(
        control,
        codes=codes.astype(np.int64),
        width=max(len(kept) - 1, 0),
        labels=tuple(control.labels[i] for i in kept),
    )


def support(found: Sample) -> tuple[str, ...]:
    """Where the sides cannot be compared: categories one lacks, numbers that do not overlap."""
    notes = []
    side = found.design.group
    for control in found.design.controls:
        if control.values is not None:
            lows, highs = zip(
                *((v.min(), v.max()) for v in (control.values[side == s] for s in (0, 1))),
                strict=True,
            )
            if lows[0] > highs[1] or lows[1] > highs[0]:
                notes.append(f"{shown(control.name)}: the sides' values do not overlap")
            continue
        for s in (REFERENCE, GROUP):
            absent = lacked(found, control, s)
            if absent and control.codes is not None:
                rows = found.number[(side != s) & np.isin(control.codes, absent)].sum()
                named = listed([control.labels[i] for i in absent], most=3)
                notes.append(
                    f"{shown(control.name)}: {found.names[s]} never has {named} "
                    f"({int(rows):,} row{'' if rows == 1 else 's'} of {found.names[1 - s]})"
                )
    notes += [f"{shown(n)}: one value in every complete row" for n in found.constant]
    return tuple(notes)


def lacked(found: Sample, control: Control, s: int) -> list[int]:
    """Codes of a category that no row of a side has."""
    assert control.codes is not None  # a category
    held = set(np.unique(control.codes[found.design.group == s]).tolist())
    return [i for i in range(len(control.labels)) if i not in held]
