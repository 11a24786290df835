"""Boosters in the libraries' own files: LightGBM's text, XGBoost's JSON and UBJSON.

They hold numbers and names, and no code. What such a booster returns is not said in them, so
`returns` must be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audit.table.model_trial import not_installed

LIGHTGBM = (".txt", ".lgb")
"""Endings of LightGBM's text files."""

XGBOOST = (".json", ".ubj", ".xgb")
"""Endings of XGBoost's files; JSON and UBJSON are told apart by what they hold."""


def library(ending: str) -> str:
    """The library that wrote files with this ending."""
    return "lightgbm" if ending in LIGHTGBM else "xgboost"


def read_booster(file: Path) -> Any:
    """The `Booster` in a file of LightGBM or XGBoost.

    Raises `InputError` TBL143 where the library is not installed; what it raises itself passes.
    """
    name = library(file.suffix.lower())
    try:
        if name == "lightgbm":
            import lightgbm
        else:
            import xgboost
    except ImportError as problem:
        raise not_installed(problem, file.suffix, name, "boost") from None
    if name == "lightgbm":
        text = file.read_text(encoding="utf-8")
        if not text.startswith("tree"):
            raise ValueError("it does not begin as LightGBM's text does")
        return lightgbm.Booster(model_str=text)
    data = file.read_bytes()
    if data[:1] != b"{" or len(data) < 10:  # its own reader ends the process on no bytes
        raise ValueError("it does not begin as XGBoost's JSON and UBJSON do")
    booster = xgboost.Booster()
    booster.load_model(bytearray(data))
    return booster
