"""Read one bundled CSV: only an empty field is missing, and codes are kept as written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def read(path: Path, **options: Any) -> pd.DataFrame:
    """Rows of a gzipped CSV as a pandas frame; "NA" or "None" would be text, not missing."""
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(
        path, compression="gzip", keep_default_na=False, na_values=[""], **options
    )
    return frame


def to_missing(
    frame: pd.DataFrame, codes: dict[str, tuple[object, ...]]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Set codes that stand for "no value" to missing, column by column, and count them.

    >>> import pandas as pd
    >>> frame, notes = to_missing(pd.DataFrame({"x": [1.0, 666.0]}), {"x": (666,)})
    >>> notes
    ('x: 1 row held the code 666 for no value and is missing here',)
    """
    frame, notes = frame.copy(), []
    for column, values in codes.items():
        for value in values:
            hit = frame[column] == value
            rows = int(hit.sum())
            if rows:
                frame[column] = frame[column].mask(hit)
                verb = "row held" if rows == 1 else "rows held"
                be = "is" if rows == 1 else "are"
                shown = f"{value:,.12g}".replace(",", "") if isinstance(value, float) else value
                notes.append(
                    f"{column}: {rows:,} {verb} the code {shown} for no value and {be} missing here"
                )
    return frame, tuple(notes)
