"""German Credit: 1,000 loans of a southern German bank, with corrected labels."""

from __future__ import annotations

from pathlib import Path

from audit.datasets import csv_file
from audit.datasets.dataset import Dataset
from audit.errors import InputError

_FILES = {
    "corrected": ("german_corrected_labels.csv.gz", "good"),
    "statlog": ("german_statlog_codes.csv.gz", 1),
}


def build(folder: Path, card: str, labels: str) -> Dataset:
    """1,000 × 21. Outcome `class`, favourable "good" (Statlog: 1); `age` is cut at 26.

    Sex is not among the roles: the codes do not hold it.
    """
    if labels not in _FILES:
        raise InputError(
            "DAT002",
            f"no labels {labels!r} for german_credit",
            argument="labels",
            fix="give 'corrected' or 'statlog'",
        )
    file, good = _FILES[labels]
    notes = (
        "labels are those of the corrected code book (Grömping 2019), not the published one"
        if labels == "corrected"
        else "codes are as published; the code book that came with them is wrong, see the card",
        "bad loans were oversampled: 300 of 1,000 is not a default rate",
    )
    return Dataset(
        name="german_credit",
        frame=csv_file.read(folder / file),
        roles={
            "protected": ["age"],
            "outcome": "class",
            "favorable": {"outcome": good},
            "bins": {"age": [26]},
            "reference": {"age": 26},
        },
        card=card,
        notes=notes,
    )
