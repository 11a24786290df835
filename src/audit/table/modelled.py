"""A source read with the model that decides on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit.errors import InputError
from audit.table.rows import Table


def read_source(source: Any, model: Any, returns: Any, roles: Mapping[str, Any]) -> Table:
    """A table of the source; with `model` its risks, scores or decisions are a column of it.

    `model` may be the path of a model file. Raises `InputError` TBL140 to TBL148 for one, RUN002
    where `returns` has no model or both a decision column and a model are given, TBL128 a cut-off
    outside 0 to 1 for a probability, and what `audit.read` and the model raise.

    >>> read_source({"sex": ["f", "m"]}, None, None, {"protected": "sex"}).size
    2
    """
    from audit.table.intake import read

    if model is None:
        if returns is not None:
            raise InputError(
                "RUN002",
                "there is no model whose answer it explains",
                argument="returns",
                fix="give the model, or leave returns out",
            )
        return read(source, **roles)
    if roles.get("decision") is not None:
        raise InputError(
            "RUN002",
            "a decision column and a model are both given, and one of them decides",
            argument="model",
            fix="leave decision= out, or audit the column without the model",
        )
    from audit.table.model import with_model

    if isinstance(model, str | Path):
        from audit.table.model_file import load_model

        model = load_model(model)
    _check_cutoff(model, roles.get("cutoff"))
    frame, found = with_model(
        _frame(source, roles.get("encoding")),
        model,
        features=roles.get("features"),
        outcome=roles.get("outcome"),
        favorable=roles.get("favorable"),
        decided=roles.get("cutoff") is not None or roles.get("approval_rate") is not None,
        returns=returns,
    )
    table = read(frame, **{**roles, **found})
    if "decision" in found:
        return replace(table, roles=replace(table.roles, decided_by="predict"))
    return table


def _check_cutoff(model: Any, cutoff: Any) -> None:
    """Probabilities lie between 0 and 1, and so does a cut-off that parts them."""
    number = isinstance(cutoff, int | float) and not isinstance(cutoff, bool)
    if number and hasattr(model, "predict_proba") and not 0 <= cutoff <= 1:
        raise InputError(
            "TBL128",
            f"{cutoff!r} is no cut-off for a probability",
            argument="cutoff",
            fix="a number from 0 to 1: applicants below it are approved",
        )


def _frame(source: Any, encoding: str | None) -> Any:
    if isinstance(source, str | Path):
        import narwhals as nw

        from audit.table.sources import open_source

        opened = open_source(source, encoding=encoding).frame
        eager = opened.collect() if isinstance(opened, nw.LazyFrame) else opened
        return eager.to_pandas()  # models are fitted on pandas frames
    if isinstance(source, Mapping):
        import pandas as pd

        return pd.DataFrame(dict(source))
    return source
