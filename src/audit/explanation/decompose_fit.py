"""Least squares and logistic fits by blocks of rows, which say what they cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.explanation.decompose_sample import Sample, lacked
from audit.table.wording import listed, shown

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SMALL = 1e-9
"""Share of the largest eigenvalue below which a direction of the columns is empty."""
TOUCH = 1e-6
"""Share of a contrast that may lie in an empty direction: rounding."""
NEAR = 1e-4
"""How far a row may reach into one: a direction is empty where the fit's own rows reach 3e-5."""
STEPS = 40
"""Newton steps before a logistic fit is taken for one without a finite end."""

FLAT = 1e-12
"""Share of the sharpest curvature of a likelihood below which it is flat: it has no maximum."""

FEW = "no more complete rows than coefficients"
TELLS = "the controls tell the group, so they cannot be held equal across it"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Coefficients of one fit, and what of them the rows determine."""

    beta: Floats
    """By column; 0 where a column is not used."""
    inverse: Floats
    """(Pseudo-)inverse of Σ w·f'·xx', shape (columns, columns)."""
    scale: Floats
    """Root mean square of each column, 1 where it is empty."""
    empty: Floats
    """Orthonormal directions (of the scaled columns) that the rows do not determine."""
    rank: int
    """Number of coefficients that are determined."""
    columns: Flags
    """Columns it has; column 1 tells the reference from the group."""
    inside: Flags
    """Rows it was made on."""
    logit: bool
    """Whether f is the logistic function; else the identity."""
    reason: str | None = None
    """Why there are no coefficients."""

    def predicted(self, x: Floats) -> Floats:
        """f(xβ)."""
        return _logistic(x @ self.beta) if self.logit else x @ self.beta

    def slope(self, p: Floats) -> Floats:
        """f' where f is p."""
        return p * (1 - p) if self.logit else np.ones_like(p)

    def known(self, contrast: Floats) -> bool:
        """Whether the rows determine contrast'β."""
        scaled = contrast / self.scale
        beyond = float(np.sqrt(((scaled @ self.empty) ** 2).sum()))
        return beyond <= TOUCH * float(np.sqrt((scaled**2).sum()))

    def touching(self, contrast: Floats) -> Floats:
        """By (scaled) column: how much it takes part in what the contrast leaves open."""
        directions: Floats = np.abs(self.empty @ (self.empty.T @ (contrast / self.scale)))
        return directions


def _logistic(eta: Floats) -> Floats:
    from scipy.special import expit

    found: Floats = expit(eta)
    return found


def fit(s: Sample, columns: Flags, inside: Flags, *, logit: bool) -> Fit:
    """The fit of `s.design.amount` on some columns and some rows."""
    mass = s.number * s.weight * inside
    y = s.design.amount
    xx, xy = np.zeros((s.width, s.width)), np.zeros(s.width)
    for part, x in s.blocks():
        x = x * columns
        xx += x.T @ (mass[part, None] * x)
        xy += x.T @ (mass[part] * y[part])
    diagonal = np.diag(xx) / max(float(mass.sum()), 1e-300)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(xx / np.outer(scale, scale))
    full = values > SMALL * values.max()
    basis = vectors[:, full] / scale[:, None]
    # columns left out of the fit are no question that its rows leave open
    asked = vectors[:, ~full] * columns[:, None]
    rank = int(full.sum())
    reason = None
    if logit:
        beta, inverse, reason = _newton(s, basis, mass)
    else:
        inverse = (basis / values[full]) @ basis.T
        beta = inverse @ xy
        # one refinement: means of residuals vanish to the last digit, so the parts add up
        left = np.zeros(s.width)
        for part, x in s.blocks():
            x = x * columns
            left += x.T @ (mass[part] * (y[part] - x @ beta))
        beta += inverse @ left
    if reason is None and s.number[inside].sum() <= rank:
        reason = FEW
    return Fit(
        beta=beta,
        inverse=inverse,
        scale=scale,
        empty=asked,
        rank=rank,
        columns=columns,
        inside=inside,
        logit=logit,
        reason=reason,
    )


def _newton(s: Sample, basis: Floats, mass: Floats) -> tuple[Floats, Floats, str | None]:
    """Maximum likelihood; a reason where it has no finite end (separation)."""
    y = s.design.amount
    theta: Floats = np.zeros(basis.shape[1])
    step = np.zeros_like(theta)
    now = _deviance(s, basis, mass, theta)
    for _ in range(STEPS):
        hessian, score = _derivatives(s, basis, mass, theta)
        try:
            step = np.asarray(np.linalg.solve(hessian, score), np.float64)
        except np.linalg.LinAlgError:
            break
        size, then = 1.0, _deviance(s, basis, mass, theta + step)
        while size > 1e-6 and then > now * (1 + 1e-12):
            size /= 2
            then = _deviance(s, basis, mass, theta + size * step)
        theta, now = theta + size * step, then
        if _furthest(s, basis @ (size * step), mass) < 1e-9:
            hessian, _ = _derivatives(s, basis, mass, theta)
            curves, ways = np.linalg.eigh(hessian)
            if curves.size and curves[0] < FLAT * curves[-1]:
                step = ways[:, 0]
                break  # no step moves it any more: it has run off until rounding stopped it
            return basis @ theta, basis @ np.linalg.inv(hessian) @ basis.T, None
    kept = y[mass > 0]
    none = np.zeros(len(basis)), np.zeros((len(basis),) * 2)
    if kept.min() == kept.max():
        return *none, "every row has the same result, so no logistic fit exists"
    return *none, _separated(s, basis @ step)


def _furthest(s: Sample, move: Floats, mass: Floats) -> float:
    """How far the linear predictor of any row moves."""
    most = 0.0
    for part, x in s.blocks():
        most = max(most, float(np.abs((x @ move)[mass[part] > 0]).max(initial=0.0)))
    return most


def _derivatives(s: Sample, basis: Floats, mass: Floats, theta: Floats) -> tuple[Floats, Floats]:
    hessian, score = np.zeros((len(theta),) * 2), np.zeros(len(theta))
    for part, x in s.blocks():
        z = x @ basis
        p = _logistic(z @ theta)
        hessian += z.T @ ((mass[part] * p * (1 - p))[:, None] * z)
        score += z.T @ (mass[part] * (s.design.amount[part] - p))
    return hessian, score


def _deviance(s: Sample, basis: Floats, mass: Floats, theta: Floats) -> float:
    total = 0.0
    for part, x in s.blocks():
        eta = x @ (basis @ theta)
        sign = np.where(s.design.amount[part] > 0, -1.0, 1.0)
        total += float((mass[part] * np.logaddexp(0.0, sign * eta)).sum())
    return total


def _separated(s: Sample, step: Floats) -> str:
    reach = {n: float(np.abs(step[span]).max(initial=0.0)) for n, span in s.spans.items()}
    worst = max(reach, key=lambda n: reach[n], default=None)
    named = f"{shown(worst)}, alone or with others," if worst is not None else "a control"
    return f"{named} tells the result without error in some rows, so no logistic fit exists"


def why_open(s: Sample, found: Fit, contrast: Floats, side: int) -> str:
    """Why a side's own coefficients do not say what the other side would have."""
    touched = found.touching(contrast)
    most = float(touched.max(initial=0.0))
    inside = s.design.group == side
    who, apart = s.names[side], []
    for control in s.design.controls:
        columns = touched[s.spans[control.name]]
        if not columns.size or columns.max() <= 1e-3 * most:
            continue
        if control.values is not None:
            values = control.values[inside]
            if values.size and values.min() == values.max():
                return f"{shown(control.name)} has one value among {who}"
        elif absent := lacked(s, control, side):
            named = listed([control.labels[i] for i in absent], most=3)
            return f"{shown(control.name)} is never {named} among {who}"
        apart.append(control.name)
    return f"{listed(apart)} cannot be told apart among {who}"


def sides(s: Sample, side: int | None) -> Flags:
    """Rows of one side, or all."""
    group = s.design.group
    return np.ones(len(group), bool) if side is None else np.asarray(group == side)
