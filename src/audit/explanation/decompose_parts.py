"""Explained and unexplained parts of a gap, with limits by the delta method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.explanation.decompose_fit import FEW, NEAR, TELLS, Fit, fit, sides, why_open
from audit.explanation.decompose_sample import GROUP, REFERENCE, Sample
from audit.explanation.decomposition import NAN, Part, Reading, share
from audit.inference.regression import inflated, rounding
from audit.table.roles import Group
from audit.table.wording import listed, shown

Floats = npt.NDArray[np.float64]
Three = tuple[float, float, float]

NONE: Three = (NAN, NAN, NAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A gap and its two parts by one set of coefficients, each with limits."""

    gap: Three
    """Reference less group."""
    explained: Three
    """The part that goes with the controls."""
    unexplained: Three
    """The rest."""
    p_value: float
    """Two-sided, against no rest."""
    parts: tuple[Part, ...]
    """By control; () where not asked for."""
    reason: str | None
    """Why the parts are undefined."""


def headline(s: Sample, *, logit: bool, level: float) -> Split:
    """Pooled coefficients: with the group's indicator (linear), or without (logit)."""
    columns = np.ones(s.width, bool)
    columns[1] = not logit
    found = fit(s, columns, sides(s, None), logit=logit)
    indicator = np.zeros(s.width)
    indicator[1] = 1.0
    reason = found.reason
    if reason is None and not logit and not found.known(indicator):
        reason = TELLS
    return _split(s, found, level, reason=reason, itemised=True)


def own(s: Sample, side: int, group: Group | None, *, logit: bool, level: float) -> Reading:
    """The coefficients of one side alone."""
    columns = np.ones(s.width, bool)
    columns[1] = False
    found = fit(s, columns, sides(s, side), logit=logit)
    reason = found.reason
    if reason is not None:
        reason = f"{reason} among {s.names[side]}" if reason == FEW else reason
    else:
        needed: Floats | None = s.means[1 - side]
        if found.known(s.means[1 - side]):
            needed = _unknown(s, found, 1 - side)
        reason = None if needed is None else why_open(s, found, needed, side)
    split = _split(s, found, level, reason=reason, itemised=False)
    return Reading(
        coefficients=group,
        explained=split.explained[0],
        explained_low=split.explained[1],
        explained_high=split.explained[2],
        unexplained=split.unexplained[0],
        unexplained_low=split.unexplained[1],
        unexplained_high=split.unexplained[2],
        reason=reason,
    )


def _unknown(s: Sample, found: Fit, of: int, columns: slice = slice(None)) -> Floats | None:
    """The row of a side (its columns less their means) of which a fit says least, if too little.

    A mean may be determined where its rows are not, since they cancel: a spread never cancels.
    """
    worst, most = None, NEAR
    if not found.empty[columns].any():
        return None
    carried = s.number * s.weight
    for part, x in s.blocks():
        rows = x[(s.design.group[part] == of) & (carried[part] > 0)]
        inner = np.zeros_like(rows)
        inner[:, columns] = ((rows - s.means[of]) / found.scale)[:, columns]
        size = np.maximum(np.sqrt((inner**2).sum(axis=1)), 1.0)
        beyond = np.sqrt(((inner @ found.empty) ** 2).sum(axis=1)) / size
        if beyond.max(initial=0.0) > most:
            at = int(beyond.argmax())
            worst, most = inner[at] * found.scale, float(beyond[at])
    return worst


def _split(s: Sample, found: Fit, level: float, *, reason: str | None, itemised: bool) -> Split:
    """Point estimates, then their influence by row, then limits."""
    gap = float(s.y[REFERENCE] - s.y[GROUP])
    names = list(s.spans) if itemised else []
    apart = s.means[REFERENCE] - s.means[GROUP]
    mean, slopes = _predictions(s, found)
    nothing = all(n in s.constant for n in s.spans)
    explained = 0.0 if nothing else float(mean[REFERENCE] - mean[GROUP])
    rest = float(found.beta[1]) if found.columns[1] else gap - explained
    each = np.array([float(apart[s.spans[n]] @ found.beta[s.spans[n]]) for n in names])
    total = float(each.sum())
    # Yun's weights (2004): the share of each control in the linear predictor; nothing has no
    # shares, and in log odds 1e-9 is nothing
    steady = abs(total) > 1e-9 * max(float(np.abs(each).sum()), 1.0)
    if found.logit and itemised:
        values = each / total * explained if steady else np.full(len(each), NAN)
    else:
        values = each
    errors, freedom = _errors(s, found, mean, slopes, each, explained, steady)
    limits = [_limits(v, e, freedom, level) for v, e in zip(
        [gap, explained, rest, *values], errors, strict=True)]  # fmt: skip
    if nothing:
        limits[1] = (0.0, 0.0, 0.0)
    if reason is not None:
        limits = [limits[0], NONE, NONE, *(NONE for _ in names)]
    p = _p_value(limits[2][0], float(errors[2]), freedom)
    parts = []
    for name, three in zip(names, limits[3:], strict=True):
        why = _open_part(s, found, apart, name, reason)
        if why is None and found.logit and not steady and name not in s.constant:
            why = "the controls' parts come to 0 together, so none has a weight"
        if why is not None:
            three = NONE
        elif name in s.constant:
            three, why = (0.0, 0.0, 0.0), "one value in every complete row"
        parts.append(
            Part(
                control=name,
                value=three[0],
                low=three[1],
                high=three[2],
                share=share(three[0], *limits[0]),
                reason=why,
            )
        )
    return Split(
        gap=limits[0],
        explained=limits[1],
        unexplained=limits[2],
        p_value=p,
        parts=tuple(parts),
        reason=reason,
    )


def _open_part(s: Sample, found: Fit, apart: Floats, name: str, reason: str | None) -> str | None:
    if reason is not None:
        return reason
    contrast = np.zeros(s.width)
    contrast[s.spans[name]] = apart[s.spans[name]]
    open_: Floats | None = contrast
    if found.known(contrast):
        rows = (_unknown(s, found, side, s.spans[name]) for side in (REFERENCE, GROUP))
        open_ = next((row for row in rows if row is not None), None)
    if open_ is None:
        return None
    touched = found.touching(open_)
    most = float(touched.max(initial=0.0))
    others = [n for n, span in s.spans.items() if n != name and touched[span].size
              and touched[span].max() > 1e-3 * most]  # fmt: skip
    return f"cannot be told apart from {listed(others)}" if others else f"{shown(name)} is constant"


def _predictions(s: Sample, found: Fit) -> tuple[Floats, Floats]:
    """Mean prediction of each side with the indicator held at 0, and its derivative by β."""
    mean, slopes = np.zeros(2), np.zeros((2, s.width))
    carried = s.number * s.weight
    for part, x in s.blocks():
        x[:, 1] = 0.0
        p = found.predicted(x)
        f = found.slope(p)
        for side in (REFERENCE, GROUP):
            w = carried[part] * (s.design.group[part] == side)
            mean[side] += w @ p
            slopes[side] += (w * f) @ x
    return mean / s.mass, slopes / s.mass[:, None]


def _errors(
    s: Sample,
    found: Fit,
    mean: Floats,
    slopes: Floats,
    each: Floats,
    explained: float,
    steady: bool,
) -> tuple[Floats, float]:
    """Standard errors of gap, explained, rest and parts from each row's influence on them.

    A row moves the coefficients (as in a sandwich) and the means of its side: Jann (Stata Journal
    8, 2008) with both in one sum, so that their covariance is in it too. HC3: residuals and
    deviations over 1 less leverage; with applicants CR1.
    """
    names = list(s.spans)[: len(each)]
    group = s.design.group
    clustered = s.design.cluster is not None
    apart = s.means[REFERENCE] - s.means[GROUP]
    whole = slopes[REFERENCE] - slopes[GROUP]
    weighted = found.logit and len(each) > 0
    gradients = np.zeros((s.width, len(each)))
    for k, name in enumerate(names):
        gradients[s.spans[name], k] = apart[s.spans[name]]
    codes, sums = None, None
    if s.design.cluster is not None:
        _, codes = np.unique(s.design.cluster, return_inverse=True)
        sums = np.zeros((int(codes.max(initial=-1)) + 1, 3 + len(each)))
    squares = np.zeros(3 + len(each))
    indicator = bool(found.columns[1])
    for part, x in s.blocks():
        w, side, y = s.weight[part], group[part], s.design.amount[part]
        used = x * found.columns
        p = found.predicted(used)
        moved = used @ found.inverse
        score = w * (y - p) * found.inside[part]
        own = w / s.mass[side]
        if not clustered:
            score = inflated(score, w * found.slope(p) * (moved * used).sum(axis=1))
            own = inflated(own, w / s.mass[side])
        turn = np.where(side == REFERENCE, own, -own)
        moved *= score[:, None]
        x[:, 1] = 0.0
        influence = np.empty((len(x), 3 + len(each)))
        influence[:, 0] = turn * (y - s.y[side])
        influence[:, 1] = moved @ whole + turn * (found.predicted(x) - mean[side])
        influence[:, 2] = moved[:, 1] if indicator else influence[:, 0] - influence[:, 1]
        inner = x - s.means[side]
        for k, name in enumerate(names):
            span = s.spans[name]
            influence[:, 3 + k] = moved @ gradients[:, k] + turn * (
                inner[:, span] @ found.beta[span]
            )
        if weighted and steady:
            total = float(each.sum())
            by_part = influence[:, 3:].copy()
            drift = by_part.sum(axis=1)[:, None]
            influence[:, 3:] = (
                influence[:, 1:2] * each / total
                + explained * (by_part / total - each * drift / total**2)
            )  # fmt: skip
        number = s.number[part, None]
        if codes is not None and sums is not None:
            np.add.at(sums, codes[part], number * influence)
        else:
            squares += (number * influence**2).sum(axis=0)
    n = float(s.number[found.inside].sum())
    crumbs = rounding(s.design.amount, s.y[0])
    if sums is not None:
        many = float(len(sums))
        factor = (
            many / (many - 1) * (n - 1) / (n - found.rank) if many > 1 and n > found.rank else 0
        )
        error, freedom = np.sqrt((sums**2).sum(axis=0) * factor), many - 1
    else:
        error, freedom = np.sqrt(squares), n - found.rank
    return np.where(error > crumbs, error, 0.0), freedom


def _limits(value: float, error: float, freedom: float, level: float) -> Three:
    from scipy.special import stdtrit

    if not np.isfinite(value):
        return NONE
    if not (freedom >= 1 and error > 0 and np.isfinite(error)):
        return float(value), NAN, NAN
    half = float(stdtrit(freedom, 1 - (1 - level) / 2)) * float(error)
    return float(value), float(value) - half, float(value) + half


def _p_value(value: float, error: float, freedom: float) -> float:
    from scipy.special import stdtr

    if not (np.isfinite(value) and freedom >= 1 and error > 0):
        return NAN
    return 2 * float(stdtr(freedom, -abs(value) / error))
