"""Ways to explain a model, best first; each is tried until one gives the model's own answers.

A route gives values that sum to score less base. What a route claims is compared with what the
model says on every row, so an estimator that only looks like one we know takes the next route.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.explanation import folding, linear, sampled
from audit.explanation.applicants import BACKGROUND, Applicants
from audit.explanation.scored import Scored

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Values = Callable[[Ints, Ints, "Floats | None"], tuple[Floats, float]]
"""(rows, background rows, background weights) -> values (rows × features) and base."""

CELLS = 200_000_000
"""Numbers of a sparse matrix above which it is not made dense."""


class BreachError(Exception):
    """This way does not give the model's own answers, or cannot; the next one is taken."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """One way to explain a model, on one scale."""

    method: str
    """As in `Explanation.method`."""
    scale: str
    """"log-odds", "probability" or "output"."""
    scores: Floats
    """The score of every row, on this scale."""
    values: Values
    """Values of some rows against some background rows."""
    most_rows: int | None = None
    """Rows it is affordable for; None for all."""
    most_background: int | None = BACKGROUND
    """Background rows, at most; None for the whole reference group."""
    needs_background: bool = True
    """False where the model's own training counts stand for what is left out."""


def routes(
    found: Scored, people: Applicants, scale: str | None, seed: int, shares: int
) -> Iterator[Route | str]:
    """Routes in order, or, in place of one, why it is closed.

    `shares` is the number of attributes among which the mixtures of a sampled route are shared.
    """
    ways: list[Route] = []
    for way in _native_routes(found, people, seed):
        if isinstance(way, str):
            yield way
        else:
            ways.append(way)
    plain = ways[0].scale if ways else _own_scale(found)
    if scale is not None and scale != plain:
        # sampling is no worse on another scale than on its own; what is exact stays as it is
        few = len(people.features) <= sampled.FEW
        if few or not ways or scale == "log-odds":
            yield _sampled(found, people, scale, seed, shares)
    yield from ways
    yield _sampled(found, people, plain, seed, shares)
    if found.kind == "probability" and plain != "probability":
        yield _sampled(found, people, "probability", seed, shares)


def _own_scale(found: Scored) -> str:
    if found.scale == "output":
        return found.scale
    inside = found.answers.min() > 0 and found.answers.max() < 1
    return "log-odds" if inside and hasattr(found.model, "classes_") else found.scale


# --- routes that read the model -------------------------------------------------------------


def _native_routes(found: Scored, people: Applicants, seed: int) -> Iterator[Route | str]:
    if not found.binary:
        return
    told = unfolded(found, people, seed)
    if isinstance(told, str):
        yield f"{found.name} is explained by sampling: {told}"
        return
    final, matrix, owner = told
    yield from _linear(found, people, final, matrix, owner)
    yield from _trees(found, people, final, matrix, owner)


def unfolded(found: Scored, people: Applicants, seed: int) -> tuple[Any, Any, Ints] | str:
    """The final estimator, the matrix it is given, and the feature that owns each column of it.

    Or why a column has no owner (see `folding`).
    """
    final, transform = _steps(found.model)
    if transform is None:
        return final, people.frame.to_native(), np.arange(len(people.features))
    matrix = transform(people.frame)
    owner = folding.owners(people.frame, transform, matrix, seed)
    return owner if isinstance(owner, str) else (final, matrix, owner)


def _steps(model: Any) -> tuple[Any, Callable[[Any], Any] | None]:
    """The final estimator, and what is done to rows before it (None for nothing)."""
    steps = getattr(model, "steps", None)
    if not isinstance(steps, list) or not hasattr(model, "named_steps") or len(steps) < 2:
        return (steps[-1][1] if isinstance(steps, list) and steps else model), None
    before = model[:-1]
    return steps[-1][1], lambda rows: before.transform(rows.to_native())


def _oriented(found: Scored, scale: str) -> tuple[float, float]:
    """(offset, sign) with which the model's own positive direction becomes the favourable one."""
    if not found.turned:
        return 0.0, 1.0
    return (1.0 if scale == "probability" else 0.0), -1.0


def _linear(
    found: Scored, people: Applicants, final: Any, matrix: Any, owner: Ints
) -> Iterator[Route | str]:
    numbers = _numbers(matrix)
    if numbers is None:
        return
    told = linear.coefficients(final, numbers.shape[1])
    if told is None:
        return
    weights, start = told
    raw = np.asarray(numbers @ weights).ravel() + start
    logit = found.kind == "probability" and hasattr(found.model, "classes_")
    scale = "log-odds" if logit else found.scale
    offset, sign = _oriented(found, scale)
    scores = offset + sign * raw
    if not found.agrees(scores, scale):
        yield f"{found.name} has coefficients, but its answers are not linear in them"
        return
    parts = sign * linear.contributions(numbers, weights, owner, len(people.features))

    def values(rows: Ints, background: Ints, weight: Floats | None) -> tuple[Floats, float]:
        centre = np.average(parts[background], axis=0, weights=weight)
        base = float(np.average(scores[background], weights=weight))
        return parts[rows] - centre, base

    yield Route(
        method="linear SHAP", scale=scale, scores=scores, values=values, most_background=None
    )


def _numbers(matrix: Any) -> Any:
    """The matrix as floats (sparse stays sparse), or None where it is not numeric."""
    if hasattr(matrix, "toarray"):
        return matrix
    array = np.asarray(matrix.to_numpy() if hasattr(matrix, "to_numpy") else matrix)
    if array.ndim != 2:
        return None
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None


def _trees(
    found: Scored, people: Applicants, final: Any, matrix: Any, owner: Ints
) -> Iterator[Route | str]:
    from audit.explanation import trees
    from audit.explanation.tree_models import read_ensemble

    if hasattr(matrix, "toarray") and matrix.shape[0] * matrix.shape[1] > CELLS:
        yield f"{found.name} is explained by sampling: its inputs are too wide to unfold"
        return
    try:
        told = read_ensemble(final)
        if told is None:
            return
        ensemble, encode = told
        cells = encode(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        # a library may keep its trees elsewhere from one version to the next
        yield f"trees of {found.name} could not be read ({type(problem).__name__}: {problem})"
        return
    scale = found.scale if ensemble.scale == "output" else ensemble.scale
    offset, sign = _oriented(found, scale)
    scores = offset + sign * trees.output(ensemble, cells)
    if not found.agrees(scores, scale):
        yield f"{found.name} answers otherwise than its trees add up to"
        return
    d = len(people.features)
    player = np.where(owner == folding.NOBODY, d, owner)
    players = d + int((owner == folding.NOBODY).any())

    def valued(
        rows: Ints, background: Floats | None, weight: Floats | None
    ) -> tuple[Floats, float]:
        try:
            return trees.shap_values(
                ensemble,
                cells[rows],
                background=background,
                background_weight=weight,
                player=player,
                players=players,
            )
        except InputError as problem:  # a path that tests too many features
            raise BreachError(problem.message) from problem

    def turned(values: Floats, base: float) -> tuple[Floats, float]:
        lost = np.abs(values[:, d:]).sum(axis=1)
        if lost.size and lost.max() > 1e-12 * max(1.0, float(np.abs(scores).max())):
            raise BreachError("a column that never varies carries a part of the score")
        return sign * values[:, :d], offset + sign * base

    def against(rows: Ints, background: Ints, weight: Floats | None) -> tuple[Floats, float]:
        return turned(*valued(rows, cells[background], weight))

    def by_path(rows: Ints, background: Ints, weight: Floats | None) -> tuple[Floats, float]:
        return turned(*valued(rows, None, None))

    yield Route(
        method="interventional tree SHAP",
        scale=scale,
        scores=scores,
        values=against,
    )
    yield Route(
        method="path-dependent tree SHAP",
        scale=scale,
        scores=scores,
        values=by_path,
        needs_background=False,
    )


# --- the route that only asks ---------------------------------------------------------------


def _sampled(found: Scored, people: Applicants, scale: str, seed: int, shares: int) -> Route | str:
    if scale == found.scale:
        scores, function = found.answers, found.ask
    elif scale == "log-odds" and found.scale == "probability":
        if not (found.answers.min() > 0 and found.answers.max() < 1):
            return f"{found.name} gives probabilities of 0 or 1, which have no log-odds"
        scores, function = _logit(found.answers), lambda rows: _logit(found.ask(rows))
    else:
        return f"{found.name} gives no probabilities"
    if not _alone(found, people):
        return f"{found.name} answers a row otherwise when other rows stand beside it"

    def values(rows: Ints, background: Ints, weight: Floats | None) -> tuple[Floats, float]:
        got = sampled.shapley(function, people.frame, rows, background, weight, seed)
        if not np.isfinite(got[0]).all():
            raise BreachError(
                "some mixtures of rows have a probability of 0 or 1, without log-odds"
            )
        return got

    width = len(people.features)
    most = sampled.rows_within(width, shares)
    return Route(
        method="exact SHAP" if width <= sampled.FEW else "permutation SHAP (sampled)",
        scale=scale,
        scores=scores,
        values=values,
        most_rows=None if people.size <= most else most,
        most_background=sampled.background_within(width, min(most, people.size), shares),
    )


def _logit(p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(p) - np.log1p(-p))


def _alone(found: Scored, people: Applicants) -> bool:
    """Whether a few rows get the same answers by themselves."""
    from audit.explanation.hybrids import rows_of

    rows = np.arange(0, people.size, max(people.size // 25, 1))
    again = found.ask(rows_of(people.frame, rows))
    room = found.tolerance * np.maximum(1.0, np.abs(found.answers[rows]))
    return bool((np.abs(again - found.answers[rows]) <= room).all())
