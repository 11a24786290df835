"""Explain a model of credit-card default in Taiwan: the gap, one denial, and a way to an approval.

Run it with `python examples/explain_taiwan.py [FOLDER]`; the report is written to the folder
("reports" unless told).
"""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.ensemble import HistGradientBoostingClassifier

import audit


def main(folder: str = "reports") -> None:
    """Train on 4,000 accounts, audit and explain 1,500 others."""
    taiwan = audit.datasets.load("taiwan_credit")
    roles = taiwan.roles
    features = [
        c
        for c in taiwan.frame.columns
        if c not in ("id", "default", "sex", "education", "marriage")
    ]
    shuffled = taiwan.frame.sample(5_500, random_state=0)
    train, test = shuffled[:4_000], shuffled[4_000:].reset_index(drop=True)
    model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=12, random_state=0)
    model.fit(train[features], train["default"])

    table = audit.read(
        test,
        model=model,
        approval_rate=0.75,
        features=features,
        protected=["sex", "age"],
        bins=roles["bins"],
        reference=roles["reference"],
        outcome="default",
        favorable={"outcome": 0},
    )
    result = audit.run(table)
    print("verdict:", result.verdict)

    found = audit.explain(model, table, reason_codes=audit.reason_codes("taiwan_credit"))
    print()
    print(found.summary())
    for proxy in [p for p in found.proxies if p.feature != p.attribute][:3]:
        print(f"proxy: {proxy.feature} tells {proxy.attribute} (AUC {proxy.strength:.2f})")
    for leaf in found.more["errors"][:2]:
        low, high = 100 * leaf["low"], 100 * leaf["high"]
        print(f"errs: {leaf['kind']}: {leaf['rule']} ({low:.0f} to {high:.0f} %)")

    ways = found.more["recourse"]["rows"]
    row = next((w["row"] for w in ways if w["feasible"]), ways[0]["row"])
    print()
    print(f"row {row} was denied:")
    assert found.reasons is not None
    for reason in found.reasons(row):
        print(f"  {reason.code}: {reason.text} ({100 * reason.share:.0f} %)")
    way = audit.recourse(
        model,
        table,
        rows=[row],
        immutable=["age"],
        monotone={f"pay_amt{month}": "increase" for month in range(1, 7)},
    )
    print(way.summary())

    page = Path(folder) / "taiwan_explained.html"
    audit.write(audit.attach(result, explanation=found), page, force=True)
    print("written:", page)


if __name__ == "__main__":
    main(*sys.argv[1:2])
