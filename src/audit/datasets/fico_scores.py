"""FICO: how credit scores and defaults were spread over four groups in 2003, as counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audit.datasets import csv_file
from audit.datasets.dataset import Dataset

RACES = ("White", "Black", "Hispanic", "Asian")


def build(folder: Path, card: str) -> Dataset:
    """Up to 198 scores × 4 groups × 2 outcomes with `count`, rebuilt from published curves.

    People at a score: the step of the cumulative curve times the group's total, rounded to whole
    people by largest remainder, so each group adds up to its total. Bad among them: people times
    the bad rate at that score, rounded in the same way, so each group's bad add up to what the
    unrounded curves give. Empty cells are left out.
    """
    import numpy as np
    import pandas as pd

    curve = csv_file.read(folder / "cdf_pct_by_race.csv.gz")
    bad_rate = csv_file.read(folder / "badrate_pct_by_score_and_race.csv.gz")
    totals = csv_file.read(folder / "totals.csv.gz")
    score = curve["Score"].to_numpy()
    parts = []
    for race in RACES:
        total = int(totals[race].iloc[0])
        step = np.diff(curve[race].to_numpy(), prepend=0.0)
        rate = bad_rate[race].to_numpy() / 100
        exact = step / step.sum() * total
        people = whole(exact, total)
        bad = whole(people * rate, round(float((exact * rate).sum())))
        for outcome, count in (("good", people - bad), ("bad", bad)):
            parts.append(
                pd.DataFrame({"race": race, "score": score, "outcome": outcome, "count": count})
            )
    frame = pd.concat(parts, ignore_index=True)
    empty = int((frame["count"] == 0).sum())
    frame = frame[frame["count"] > 0].reset_index(drop=True)
    return Dataset(
        name="fico_scores",
        frame=frame,
        roles={
            "protected": ["race"],
            "score": "score",
            "outcome": "outcome",
            "favorable": {"outcome": "good"},
            "reference": {"race": "White"},
            "count": "count",
        },
        card=card,
        notes=(
            "counts were rebuilt from curves published in hundredths of a percent: "
            "rounded to whole people by largest remainder",
            f"{empty} cells of score, race and outcome came out empty and are left out",
        ),
    )


def whole(shares: Any, total: int) -> Any:
    """Whole numbers nearest to `shares` that add up to `total` (largest remainder; ties first).

    >>> import numpy as np
    >>> whole(np.array([1.5, 1.5, 1.0]), 4).tolist()
    [2, 1, 1]
    """
    import numpy as np

    floor = np.floor(shares).astype(np.int64)
    missing = total - int(floor.sum())
    order = np.argsort(-(shares - floor), kind="stable")
    floor[order[:missing]] += 1
    return floor
