"""Whether a search finds alternatives that hold, and none where there are none.

`python bench/alternatives.py [SPLITS] [BUDGET]` searches Taiwan's accounts (those of 25 and under
against the older, 70 % approved) with two learners, age among the features and not, on fixed
splits of 12,000 training rows; "holds" says that on the confirmation people the paired interval of
the gap's change is below 0 and that of the AUC's reaches 0. Gap and AUC are computed again here
from `predict` and `predict_proba` of what is recommended.

`python bench/alternatives.py shuffled [SEEDS] [BUDGET]` shuffles every feature on its own: then
nothing should be recommended.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import audit

APPROVED = 0.7
ROWS = 12_000
TAIWAN = audit.datasets.load("taiwan_credit").frame
LEFT = ("id", "default", "sex", "education", "marriage", "age")
LEARNERS: dict[str, Any] = {
    "boosting": lambda: HistGradientBoostingClassifier(random_state=0),
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
}


def table(frame: pd.DataFrame, features: list[str]) -> Any:
    return audit.read(
        frame.reset_index(drop=True), protected=["age"], bins={"age": [26]}, reference={"age": 26},
        outcome="default", favorable={"outcome": 0}, features=features,
    )  # fmt: skip


def split(seed: int, frame: pd.DataFrame = TAIWAN) -> tuple[pd.DataFrame, pd.DataFrame]:
    order = np.random.default_rng(seed).permutation(len(frame))
    return frame.iloc[order[:ROWS]], frame.iloc[order[ROWS:]]


def gap(young: npt.NDArray[np.bool_], approved: npt.NDArray[np.bool_]) -> float:
    return float(approved[~young].mean() - approved[young].mean())


def again(candidate: Any, test: pd.DataFrame) -> tuple[float, float, float]:
    """Gap by `predict`, gap with exactly 70 % approved by `predict_proba`, AUC."""
    young, good = (test["age"] < 26).to_numpy(), (test["default"] == 0).to_numpy()
    model = candidate.estimator
    scores = model.predict_proba(test)[:, list(model.classes_).index(0)]
    ranked = scores >= np.quantile(scores, 1 - APPROVED)
    return gap(young, model.predict(test) == 0), gap(young, ranked), roc_auc_score(good, scores)


def main(splits: int = 5, budget: int = 60) -> None:
    plain = [c for c in TAIWAN.columns if c not in LEFT]
    print("model     age  split  gap: baseline -> chosen  change [95 %]          "
          "AUC change [95 %]            holds  seconds")  # fmt: skip
    for name, make in LEARNERS.items():
        for features in (plain, [*plain, "age"]):
            held = 0
            for seed in range(splits):
                train, test = split(seed)
                begun = time.perf_counter()
                found = audit.search_alternatives(
                    make(), table(train, features), table(test, features), budget=budget,
                    seed=seed, approval_rate=APPROVED,
                )  # fmt: skip
                spent = time.perf_counter() - begun
                best, has = found.recommendation, "in" if "age" in features else "out"
                if best is None:
                    print(f"{name:<10}{has:<5}{seed:<7}none: {found.because}  {spent:.0f}")
                    continue
                g, u = best.gap_change, best.utility_change
                ok = g.high < 0 <= u.high
                held += ok
                base, own = again(found.baseline, test), again(best, test)
                print(
                    f"{name:<10}{has:<5}{seed:<7}{base[0]:.3f} -> {own[0]:.3f} "
                    f"(ranked {base[1]:.3f} -> {own[1]:.3f})  "
                    f"{g.value:+.3f} [{g.low:+.3f}, {g.high:+.3f}]  {own[2] - base[2]:+.4f} "
                    f"[{u.low:+.4f}, {u.high:+.4f}]  {'yes' if ok else 'no':<7}{spent:.0f}"
                )
                print(f"          {best.name}: {best.words}", flush=True)
            print(f"{name}, age {has}: holds on {held} of {splits}", flush=True)


def shuffled(seeds: int = 20, budget: int = 8) -> None:
    features = [c for c in TAIWAN.columns if c not in LEFT]
    silent = 0
    for seed in range(seeds):
        rng = np.random.default_rng(100 + seed)
        frame = TAIWAN.sample(9_000, random_state=seed).reset_index(drop=True)
        for column in features:
            frame[column] = rng.permutation(frame[column].to_numpy())
        found = audit.search_alternatives(
            LEARNERS["logistic"](), table(frame[:4_500], features), table(frame[4_500:], features),
            budget=budget, seed=seed, approval_rate=APPROVED,
        )  # fmt: skip
        silent += found.recommendation is None
        print(f"{seed:<4}{found.because}", flush=True)
    print(f"nothing recommended in {silent} of {seeds}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["shuffled"]:
        shuffled(*map(int, sys.argv[2:4]))
    else:
        main(*map(int, sys.argv[1:3]))
