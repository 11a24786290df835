"""Taiwan credit cards: 30,000 accounts and whether they defaulted the month after."""

from __future__ import annotations

from pathlib import Path

from audit.datasets import csv_file
from audit.datasets.dataset import Dataset

SEX = {1: "male", 2: "female"}
EDUCATION = {
    1: "graduate school",
    2: "university",
    3: "high school",
    4: "others",
    0: "unknown (0)",
    5: "unknown (5)",
    6: "unknown (6)",
}
MARRIAGE = {1: "married", 2: "single", 3: "others", 0: "unknown (0)"}


def build(folder: Path, card: str) -> Dataset:
    """30,000 × 25. Outcome `default`, favourable 0; `age` is cut at 26.

    Column names are the file's in lower case; `default_payment_next_month` is called `default`.
    """
    frame = csv_file.read(folder / "taiwan_credit_default.csv.gz")
    frame.columns = [c.lower() for c in frame.columns]
    frame = frame.rename(columns={"default_payment_next_month": "default"})
    codes = {"education": (0, 5, 6), "marriage": (0,)}
    notes = tuple(
        f"{column}: {int((frame[column] == code).sum())} rows hold the undocumented code {code}, "
        f'kept as "unknown ({code})"'
        for column, values in codes.items()
        for code in values
    )
    frame = frame.assign(
        sex=frame["sex"].map(SEX),
        education=frame["education"].map(EDUCATION),
        marriage=frame["marriage"].map(MARRIAGE),
    )
    return Dataset(
        name="taiwan_credit",
        frame=frame,
        roles={
            "protected": ["sex", "age", "education", "marriage"],
            "outcome": "default",
            "favorable": {"outcome": 0},
            "bins": {"age": [26]},
            "reference": {"sex": "male", "age": 26},
        },
        card=card,
        notes=notes,
    )
