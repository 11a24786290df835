"""How fast applicants are explained: our tree SHAP against shap's, from one run.

    PYTHONPATH=src python bench/explain.py [--rows 100000] [--trees 200] [--peer-rows 500]

Histogram gradient boosting, 31 leaves, 20 features; every row, path-dependent and interventional
with a background of 1,000 rows. shap explains `--peer-rows` rows, and its time is scaled to all of
them (it goes row by row). Wall and processor seconds: on a busy machine read the latter.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from audit.explanation.tree_models import read_ensemble
from audit.explanation.trees import shap_values


def fitted(rows: int, count: int) -> tuple[Any, np.ndarray]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, 20))
    signal = x[:, 0] + x[:, 1] * x[:, 2] + x[:, 3:8].sum(axis=1) * x[:, 9] / 2
    label = signal + generator.normal(size=rows) > 0
    model = HistGradientBoostingClassifier(
        max_iter=count, max_leaf_nodes=31, early_stopping=False, random_state=0
    )
    return model.fit(x, label), x


def timed(function: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = function()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--peer-rows", type=int, default=500)
    parser.add_argument("--background", type=int, default=1000)
    told = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # numba, which shap imports, would take coverage.py beside this file for the library
        sys.path[:] = [p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent]
        import shap
    model, x = fitted(told.rows, told.trees)
    found = read_ensemble(model)
    if found is None:
        raise SystemExit("the model could not be read")
    ensemble, encode = found
    rows = encode(x)
    few = x[: told.peer_rows]
    for name, background in (("path-dependent", None), ("interventional", x[: told.background])):
        (values, base), wall, cpu = timed(
            lambda b=background: shap_values(ensemble, rows, background=b)
        )
        breach = np.abs(base + values.sum(axis=1) - model.decision_function(x)).max()
        if background is None:
            explainer = shap.TreeExplainer(model)
        else:
            # handed over whole: a bare array would be cut to 100 rows
            masker = shap.maskers.Independent(background, max_samples=len(background))
            explainer = shap.TreeExplainer(model, masker, feature_perturbation="interventional")
        theirs, peer, peer_cpu = timed(
            lambda e=explainer: e.shap_values(few, check_additivity=False)
        )
        scale = told.rows / len(few)
        apart = np.abs(theirs - values[: len(few)]).max()
        print(
            f"{name}: ours {wall:.1f} s ({cpu:.1f} s processor) for {told.rows:,} rows, "
            f"additive to {breach:.0e}\n  shap {peer * scale:,.0f} s ({peer_cpu * scale:,.0f} s "
            f"processor), scaled from {len(few):,} rows; ratio {peer_cpu * scale / cpu:,.0f}; "
            f"values apart by at most {apart:.0e}"
        )


if __name__ == "__main__":
    main()
