"""Adult: 48,842 people of a 1994 census survey and whether they earn more than 50,000 dollars."""

from __future__ import annotations

from pathlib import Path

from audit.datasets import csv_file
from audit.datasets.dataset import Dataset


def build(folder: Path, card: str) -> Dataset:
    """48,842 × 16. Outcome `income`, favourable ">50K"; no one decided anything here.

    "?" is set to missing. `fnlwgt` is a sampling weight and stays out of the roles, so rates are
    those of the rows.
    """
    unknown: dict[str, tuple[object, ...]] = dict.fromkeys(
        ("workclass", "occupation", "native_country"), ("?",)
    )
    frame, notes = csv_file.to_missing(csv_file.read(folder / "adult.csv.gz"), unknown)
    return Dataset(
        name="adult_income",
        frame=frame,
        roles={
            "protected": ["sex", "race"],
            "outcome": "income",
            "favorable": {"outcome": ">50K"},
            "reference": {"sex": "Male", "race": "White"},
        },
        card=card,
        notes=notes,
    )
