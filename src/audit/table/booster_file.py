"""Boosters in the libraries' own files: LightGBM's text, XGBoost's JSON and UBJSON.

They hold numbers and names, and no code. What such a booster returns is not said in them, so
`returns` must be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audit.errors import InputError

LIGHTGBM = (".txt", ".lgb")
"""Endings of LightGBM's text files."""

XGBOOST = (".json", ".ubj", ".xgb")
"""Endings of XGBoost's files; JSON and UBJSON are told apart by what they hold."""


def read_booster(file: Path) -> Any:
    """The `Booster` in a file of LightGBM or XGBoost.

    Raises `InputError` TBL143 where the library is not installed; what it raises itself passes.
    """
    name = "lightgbm" if file.suffix.lower() in LIGHTGBM else "xgboost"
    try:
        if name == "lightgbm":
            import lightgbm
        else:
            import xgboost
    except ImportError as problem:
        if "allocate" in str(problem):
            raise MemoryError from None
        raise InputError(
            "TBL143",
            f"reading {file.suffix} files needs {name}",
            argument="model",
            fix='pip install "evenhand[boost]"',
        ) from None
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
