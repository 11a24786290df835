"""COMPAS: 7,214 defendants in Broward County, their risk decile and two years of records."""

from __future__ import annotations

from pathlib import Path

from audit.datasets import csv_file
from audit.datasets.dataset import Dataset

FLAGGED_FROM = 5
"""Deciles 5 to 10 ("Medium" and "High") count as flagged, as ProPublica counted them."""


def build(folder: Path, card: str) -> Dataset:
    """7,214 × 20: the file's columns and `flagged` (1 where the decile is 5 or more).

    Decision `flagged`, favourable 0; outcome `two_year_recid`, favourable 0.
    """
    frame = csv_file.read(folder / "compas_two_year.csv.gz")
    frame = frame.assign(flagged=(frame["decile_score"] >= FLAGGED_FROM).astype("int64"))
    return Dataset(
        name="compas",
        frame=frame,
        roles={
            "protected": ["race", "sex"],
            "decision": "flagged",
            "outcome": "two_year_recid",
            "favorable": {"decision": 0, "outcome": 0},
            "reference": {"race": "Caucasian", "sex": "Male"},
        },
        card=card,
        notes=(f"flagged was added: decile_score of {FLAGGED_FROM} or more",),
    )
