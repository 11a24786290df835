"""Who changes when a rule changes, how many records a group needs, and what more would do.

Run it with `python examples/who_changes.py [FOLDER]`; the changes by group are written to the
folder ("reports" unless told) as a CSV file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import audit

FEATURES = ["limit_bal", "pay_0", "pay_2", "pay_3", "bill_amt1", "pay_amt1", "pay_amt2"]


def main(folder: str = "reports") -> None:
    """Train on Taiwan credit cards with and without the credit limit, and compare decisions."""
    taiwan = audit.datasets.load("taiwan_credit")
    frame = taiwan.frame.sample(9_000, random_state=0).reset_index(drop=True)
    roles = {
        "protected": ["age"],
        "outcome": "default",
        "favorable": {"outcome": 0},
        "bins": {"age": [26]},
        "reference": {"age": 26},
    }
    train, test = frame[:4_000], frame[4_000:].reset_index(drop=True)

    def chance(features: list[str]) -> Any:
        model = make_pipeline(StandardScaler(), LogisticRegression())
        return model.fit(train[features], train["default"]).predict_proba(test[features])[:, 1]

    test = test.assign(risk=chance(FEATURES), other=chance(FEATURES[1:]))
    test = test.assign(with_limit=test["risk"] < 0.25, without_limit=test["other"] < 0.25)
    table = audit.read(test, risk="risk", cutoff=0.25, **roles)
    print("verdict:", audit.run(table).verdict)

    print()
    found = audit.who_changes(table, "with_limit", "without_limit")
    print(found.summary())
    for one in found.groups:
        if one.group and one.outcome in ("would repay", "would default"):
            print(f"  {one.group[0]:11} {one.outcome:13} +{one.gained} -{one.lost} of {one.rows}")

    print()
    print(audit.records_needed(table, 0.02, metric="true_positive_rate").summary())

    print()
    curves = audit.learning_curves(
        make_pipeline(StandardScaler(), LogisticRegression()),
        audit.read(train, features=FEATURES, **roles),
        audit.read(test, features=FEATURES, **roles),
        repeats=3,
    )
    print(curves.summary())

    Path(folder).mkdir(parents=True, exist_ok=True)
    page = Path(folder) / "taiwan_changes.csv"
    found.to_frame().to_csv(page, index=False)
    print("written:", page)


if __name__ == "__main__":
    main(*sys.argv[1:2])
