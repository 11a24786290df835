"""What would narrow the gap of a model on German Credit, what it costs, and who would change.

Run it with `python examples/mitigate_german.py [FOLDER]`; a report with section 6 and the candidate
with the least disparity are written to the folder ("reports" unless told).
"""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import audit

LEFT_OUT = ("class", "personal_status_sex", "foreign_worker")


def main(folder: str = "reports") -> None:
    """Compare four methods, audit the model as it is, and write both into one report."""
    german = audit.datasets.load("german_credit")
    frame = german.frame.sample(frac=1, random_state=0).reset_index(drop=True)
    features = [c for c in frame.columns if c not in LEFT_OUT]
    train, test = frame[:700].reset_index(drop=True), frame[700:].reset_index(drop=True)
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
            (StandardScaler(), make_column_selector(dtype_include="number")),
        ),
        LogisticRegression(max_iter=1000),
    )

    found = audit.mitigate(
        model, train, test, methods=["unawareness", "class_weights", "reweighing", "massaging"],
        approval_rate=0.7, features=features, **german.roles,
    )  # fmt: skip
    print(found.summary())
    for one in found:
        change = one.disparity_change
        print(f"{one.name}: {change.value:+.3f} [{change.low:+.3f} to {change.high:+.3f}], "
              f"{one.because}")  # fmt: skip

    as_it_is = found.baseline.estimator
    scored = test.assign(chance=as_it_is.scores(test))
    table = audit.read(scored, score="chance", cutoff=as_it_is.rule.at, **german.roles)
    result = audit.attach(
        audit.run(table), comparison=found, sweep=audit.sweep_cutoffs(table, costs=(0.2, 0.8))
    )
    print(f"verdict: {result.verdict}")
    place = Path(folder)
    audit.write(result, place / "german_remedies.html", charts="none")
    least = min(found.candidates[1:], key=lambda c: c.disparity.value)
    print(found.save(least, place / "german_candidate.skops"))


if __name__ == "__main__":
    main(*sys.argv[1:])
