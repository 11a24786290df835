"""Applicants of a made-up lender, with numbers, categories and missing values."""

import numpy as np
import pandas as pd

NUMBERS = ["income", "age", "late"]
MIXED = ["income", "age", "late", "job"]
NATIVE = ["income", "age", "late", "job_category"]


def applicants(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Men earn more; income, late payments and being a boss decide about default."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], rows, p=[0.45, 0.55])
    frame = pd.DataFrame(
        {
            "sex": sex,
            "race": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.35, 0.05]),
            "income": rng.lognormal(0, 1, rows) + 0.6 * (sex == "m"),
            "age": rng.integers(20, 70, rows).astype(float),
            "late": rng.integers(0, 4, rows),
            "job": rng.choice(np.array(["cook", "clerk", "boss", None], object), rows),
            "weight": rng.uniform(0.5, 2.0, rows),
        }
    )
    score = frame["income"] - 0.02 * frame["age"] - (frame["late"] > 1) + (frame["job"] == "boss")
    frame["default"] = (rng.random(rows) < 1 / (1 + np.exp(score))).astype(int)
    frame["job_category"] = frame["job"].astype("category")
    return frame


ROLES = {"protected": ["sex"], "outcome": "default", "favorable": 0, "reference": {"sex": "m"}}
