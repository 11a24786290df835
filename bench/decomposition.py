"""How often the intervals of `audit.decompose` hold the truth: `python bench/decomposition.py [N]`.

Applicants are drawn from one population with a number and a 0/1 control, both distributed
differently in the group (a fifth of all); the truth is the decomposition of a million of them.
N samples (500 unless told) of 300 rows each, about 60 of them in the group.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

import audit

ROWS = 300
TOLD: dict[str, Any] = {
    "protected": "race",
    "decision": "approved",
    "favorable": 1,
    "reference": {"race": "w"},
    "controls": ["income", "late"],
}


def draw(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    group = rng.random(rows) < 0.2
    income = rng.normal(size=rows) - 0.5 * group
    late = (rng.random(rows) < np.where(group, 0.4, 0.2)).astype(int)
    chance = np.clip(0.7 + 0.08 * income - 0.15 * late - 0.08 * group, 0.02, 0.98)
    approved = (rng.random(rows) < chance).astype(int)
    race = np.where(group, "b", "w")
    return pd.DataFrame({"race": race, "income": income, "late": late, "approved": approved})


def main(samples: int = 500) -> None:
    everyone = draw(1_000_000, np.random.default_rng(99))
    for method in ("linear", "logit"):
        truth = audit.decompose(everyone, method=method, **TOLD).to_frame()
        value = truth["value"].to_numpy()
        held = np.zeros(len(truth))
        rng = np.random.default_rng(0)
        for _ in range(samples):
            found = audit.decompose(draw(ROWS, rng), method=method, **TOLD).to_frame()
            held += (found["low"].to_numpy() <= value) & (value <= found["high"].to_numpy())
        print(f"\n{method}: share of {samples} intervals of 95 % that hold the truth")
        for row, share in zip(truth.itertuples(), held / samples, strict=True):
            name = f"{row[1]} {row[2] or ''}".strip()
            print(f"  {name:<16}{row[3] or '':<10}{row[4]:8.4f}{share:8.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
