"""Boston mortgages: 1,989 applications to lenders and what the lenders decided."""

from __future__ import annotations

from pathlib import Path

from audit.datasets import csv_file
from audit.datasets.dataset import Dataset

# 999,999.4 is how a 32-bit float kept 999,999.4; a housing expense of 999 is an amount, not a code
SENTINELS: dict[str, tuple[object, ...]] = {
    "appinc": (666,),
    "cototinc": (666.0,),
    "hexp": (666.0,),
    "gdlin": (666,),
    "review": (999,),
    "liq": (1_000_000.0,),
    "term": (999_999.375,),
    "lines": (999_999.375,),
}


def build(folder: Path, card: str) -> Dataset:
    """1,989 × 60: the 59 columns as published, codes for "no value" set to missing, and `race`.

    Decision `approve`, favourable 1; there is no outcome. `race` comes from the indicators
    `white`, `black` and `hispan`, which never overlap.
    """
    import pandas as pd

    frame, notes = csv_file.to_missing(csv_file.read(folder / "loanapp.csv.gz"), SENTINELS)
    race = pd.Series("White", index=frame.index, name="race")
    race = race.mask(frame["black"] == 1, "Black").mask(frame["hispan"] == 1, "Hispanic")
    frame = pd.concat([frame, race], axis=1)
    absent = {
        c: int(frame[c].isna().sum()) for c in ("male", "married", "dep", "min30", "rep", "unit")
    }
    listed = ", ".join(f"{column} {rows}" for column, rows in absent.items())
    return Dataset(
        name="boston_mortgages",
        frame=frame,
        roles={
            "protected": ["race"],
            "decision": "approve",
            "favorable": {"decision": 1},
            "unfavorable": {"decision": 0},
            "reference": {"race": "White"},
        },
        card=card,
        notes=(*notes, f"empty in the file: {listed}"),
    )
