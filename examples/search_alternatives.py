"""Search for a less discriminatory alternative to a model of credit-card default in Taiwan.

Run it with `python examples/search_alternatives.py [FOLDER]`; the log of all that was tried is
written to the folder ("reports" unless told). Started again after a break, it goes on from there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import audit


def main(folder: str = "reports") -> None:
    """Learn and select on 6,000 accounts, confirm on 12,000 others."""
    frame = audit.datasets.load("taiwan_credit").frame.sample(18_000, random_state=0)
    roles = {
        "protected": ["age"],
        "bins": {"age": [26]},
        "reference": {"age": 26},
        "outcome": "default",
        "favorable": {"outcome": 0},
        "features": ["limit_bal"]
        + [f"pay_{month}" for month in (0, 2, 3, 4, 5, 6)]
        + [f"{kind}_amt{month}" for kind in ("bill", "pay") for month in range(1, 7)],
    }
    train = audit.read(frame[:6_000].reset_index(drop=True), **roles)
    test = audit.read(frame[6_000:].reset_index(drop=True), **roles)
    path = Path(folder) / "taiwan_search.jsonl"
    found = audit.search_alternatives(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        train,
        test,
        budget=15,
        approval_rate=0.7,
        log=path,
    )
    print("verdict:", found.recommendation.verdict if found.recommendation else "none")
    print(found.summary())
    print()
    for candidate in found:
        apart, useful = candidate.gap, candidate.utility
        print(
            f"{candidate.name:<15}gap {100 * apart.value:5.1f} points "
            f"[{100 * apart.low:.1f} to {100 * apart.high:.1f}]   AUC {useful.value:.3f} "
            f"[{useful.low:.3f} to {useful.high:.3f}]   {candidate.words}"
        )
    spread = found.baseline_spread["disparity"]
    print(f"\nthe baseline with 10 seeds: disparity {spread['low']:.3f} to {spread['high']:.3f}")
    print("written:", path)


if __name__ == "__main__":
    main(*sys.argv[1:2])
