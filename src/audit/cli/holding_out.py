"""People to learn from and people held out, read from one file or from two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audit.cli import options
from audit.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

DECIDED = ("decision", "score", "risk", "stages", "amount", "levels")
"""Roles of decisions already taken: a model that is yet to be trained has none."""

ONCE = ("where", "encoding")
"""What is said of a file, and not of the rows that came from it."""

LATER = ("cutoff", "approval_rate")
"""How candidates decide: said to the comparison, not to the reader."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """Two tables with the same roles."""

    train: Any
    """People to learn from."""
    test: Any
    """People held out."""
    test_frame: pd.DataFrame
    """Their rows."""
    roles: Mapping[str, Any]
    """Arguments of `audit.read` for both."""
    words: str
    """How they were parted, in a sentence."""


def held_out(settings: Mapping[str, Any], *, share: float, test: str | None) -> Held:
    """Read the file, and part its people by the seed; or read the people held out from `test`.

    Rows of one applicant (`cluster`) stay together. Raises `InputError` CLI004 for a share outside
    (0, 1) or one that leaves a side empty, and what `audit.read` raises.
    """
    import audit

    if not 0 < share < 1:
        raise InputError(
            "CLI004", f"{share:g} is no share of people to hold out", argument="test_share",
            fix="a number between 0 and 1",
        )  # fmt: skip
    roles = {k: v for k, v in options.arguments_of(settings, "read").items() if k not in LATER}
    frame, features = _rows(settings["data"], roles)
    learned = {k: v for k, v in roles.items() if k not in (*DECIDED, *ONCE)}
    for side in ("favorable", "unfavorable"):
        learned[side] = _of_outcome(roles.get(side))
    learned = {k: v for k, v in learned.items() if v is not None} | {"features": features}
    seed = int(settings.get("seed", 0))
    name = Path(str(settings["data"])).name
    if test is not None:
        other, _ = _rows(test, roles)
        words = f"The {len(other):,} people of {Path(test).name} are judged on; "
        parts = frame, other
    else:
        out = _drawn(frame, roles.get("cluster"), share, seed)
        if out.all() or not out.any():
            raise InputError(
                "CLI004", f"{share:g} of {len(frame):,} rows leaves nobody on one side",
                argument="test_share", fix="another share, or more rows",
            )  # fmt: skip
        parts = frame[~out].reset_index(drop=True), frame[out].reset_index(drop=True)
        words = (
            f"{len(parts[1]):,} of {len(frame):,} rows of {name} are held out, drawn by seed "
            f"{seed}; "
        )
    return Held(
        train=audit.read(parts[0], **learned),
        test=audit.read(parts[1], **learned),
        test_frame=parts[1],
        roles=learned,
        words=f"{words}{len(features)} features.",
    )


def _rows(source: Any, roles: Mapping[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """The file's rows as pandas, after `where`, and the columns to learn from."""
    import audit
    from audit.mitigation.people import as_pandas, features_of
    from audit.table.rows import CodedRows

    table = audit.read(source, **roles)
    if not isinstance(table.rows, CodedRows) or table.rows.frame is None:
        raise InputError(
            "MIT002", "a model is trained on rows, and these stay in an engine", argument="FILE",
            fix="name a file of rows: .csv or .parquet",
        )  # fmt: skip
    frame = as_pandas(table.rows.frame).reset_index(drop=True)
    return frame, list(features_of(table.roles, [str(c) for c in frame.columns]))


def _of_outcome(favorable: Any) -> Any:
    if isinstance(favorable, Mapping):
        return {"outcome": favorable["outcome"]} if "outcome" in favorable else None
    return favorable


def _drawn(
    frame: pd.DataFrame, cluster: str | None, share: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Which rows are held out: a fixed number of people, or of applicants, in a random order."""
    rng = np.random.default_rng(seed)
    if cluster is None:
        codes = np.arange(len(frame))
    else:
        _, codes = np.unique(frame[cluster].astype(str).to_numpy(), return_inverse=True)
    many = int(codes.max()) + 1 if len(codes) else 0
    order = rng.permutation(many)
    chosen = np.zeros(many, bool)
    chosen[order[: round(share * many)]] = True
    held: npt.NDArray[np.bool_] = chosen[codes]
    return held
