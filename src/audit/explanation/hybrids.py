"""Applicants made of two: some features of one row, the rest of another, in the caller's types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def hybrids(frame: Any, taken: Mapping[str, Ints]) -> Any:
    """A narwhals frame whose column j is column j of `frame` at rows `taken[j]`, dtype untouched.

    >>> import pandas as pd, narwhals as nw, numpy as np
    >>> two = nw.from_native(pd.DataFrame({"age": [30, 50], "job": ["cook", None]}))
    >>> hybrids(two, {"age": np.array([1]), "job": np.array([0])}).rows()
    [(50, 'cook')]
    """
    import narwhals as nw

    native = frame.to_native()
    if frame.implementation.is_pandas():
        import pandas as pd

        # arrays, not Series: pandas would align Series by their labels
        columns = {name: native[name].array.take(rows) for name, rows in taken.items()}
        return nw.from_native(pd.DataFrame(columns, copy=False), eager_only=True)
    picked = [frame.get_column(name)[rows.tolist()].alias(name) for name, rows in taken.items()]
    made = picked[0].to_frame()
    return made.with_columns(*picked[1:]) if len(picked) > 1 else made


def lent(frame: Any, rows: Any, column: str, lender: int) -> Any:
    """`rows` with a column that is everywhere its value in row `lender` of `frame`, dtype kept.

    >>> import pandas as pd, narwhals as nw
    >>> two = nw.from_native(pd.DataFrame({"age": [30, 50], "job": ["cook", None]}))
    >>> lent(two, two, "job", 0).rows()
    [(30, 'cook'), (50, 'cook')]
    """
    import narwhals as nw

    values = frame.get_column(column)[[lender] * len(rows)].alias(column)
    index = nw.maybe_get_index(rows)
    if index is not None:
        values = nw.maybe_set_index(values, index=index)
    return rows.with_columns(values)


def rows_of(frame: Any, rows: Ints) -> Any:
    """Some rows of a narwhals frame, in order, with their own labels."""
    native = frame.to_native()
    if frame.implementation.is_pandas():
        import narwhals as nw

        return nw.from_native(native.take(rows), eager_only=True)
    return frame[rows.tolist()]
