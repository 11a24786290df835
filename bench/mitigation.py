"""How long it takes to compare every mitigation method on Taiwan's card accounts.

`python bench/mitigation.py [logistic|boosting] [--all]`: 10,000 training rows, 10,000 held out, age
25 and under against older, 70 % approved. Prints seconds a method, what came of it, and the whole.
`--all` takes the methods too that read the group at decision time.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import audit

LEFT_OUT = ("id", "default", "sex", "marriage", "education")


def estimator(name: str) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if name == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression())
    return HistGradientBoostingClassifier()


def main(words: list[str]) -> None:
    name = next((w for w in words if not w.startswith("--")), "boosting")
    data = audit.datasets.load("taiwan_credit")
    frame = data.frame.sample(frac=1, random_state=0).reset_index(drop=True)
    roles: dict[str, Any] = {
        **data.roles, "protected": ["age", "sex"], "reference": {"age": 26, "sex": "male"},
        "features": [c for c in frame if c not in LEFT_OUT],
    }  # fmt: skip
    train, test = (audit.read(frame[a : a + 10_000], **roles) for a in (0, 10_000))
    spent: dict[str, float] = {}
    last: list[Any] = ["reading", time.perf_counter()]

    def step(text: str, done: float, total: float | None) -> None:
        now = time.perf_counter()
        spent[last[0]] = now - last[1]
        last[:] = [text, now]

    begin = time.perf_counter()
    found = audit.mitigate(
        estimator(name), train, test, methods="all" if "--all" in words else None,
        attribute="age", approval_rate=0.7, progress=step,
    )  # fmt: skip
    step("", 0, None)
    whole = time.perf_counter() - begin
    print(f"{name}, {len(train):,} training rows, {len(test):,} held out")
    for text, seconds in spent.items():
        print(f"{seconds:8.1f} s  {text}")
    print(f"{whole:8.1f} s  in all (the bar: 300)\n")
    for c in found:
        print(f"{c.name:42} gap {100 * c.gap.value:6.1f}  AUC {c.utility.value:.4f}  {c.verdict}")
    for u in found.unavailable:
        print(f"{u.name:42} {u.reason[:90]}")
    print(found.summary())


if __name__ == "__main__":
    main(sys.argv[1:])
