"""Audit a model of your own: any scikit-learn pipeline, on people it was not trained on.

Run it with `python examples/audit_model.py [FOLDER]`. The pipeline is handed over as it is: the
audit gives it the rows, reads its probability of a bad loan, and approves those with the lowest.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import audit


def main(folder: str = "reports") -> None:
    """Train on half of German Credit, audit on the other half, by age."""
    loans = audit.datasets.load("german_credit").frame
    features = [
        column
        for column in loans.columns
        if column not in ("class", "personal_status_sex", "foreign_worker")
    ]
    train, test = train_test_split(loans, test_size=0.5, stratify=loans["class"], random_state=0)

    columns = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=1000))
    model.fit(train[features], train["class"])

    result = audit.run(
        test,
        model=model,
        approval_rate=0.7,  # the strictest cut-off that approves 70 %
        features=features,
        protected=["age"],
        bins={"age": [26]},
        reference={"age": 26},  # the bin that holds 26, "[26, inf)"
        outcome="class",
        favorable={"outcome": "good"},
    )
    print("verdict:", result.verdict)
    print(result.summary())

    page = Path(folder) / "german_model.html"
    audit.write(result, page, force=True)
    print("written:", page)


if __name__ == "__main__":
    main(*sys.argv[1:2])
