"""Split the gap in approvals around Boston: what goes with the applications, and what is left.

Run it with `python examples/decompose_mortgages.py [FOLDER]`; the numbers are written to the folder
("reports" unless told) as a CSV file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import audit

CONTROLS = {
    "hrat": "housing expense, % of income",
    "obrat": "all obligations, % of income",
    "loanprc": "loan over price",
    "unem": "unemployment in the industry",
    "male": "male",
    "married": "married",
    "dep": "dependents",
    "sch": "more than 12 years of school",
    "cosign": "co-signer",
    "chist": "no account 60 days late",
    "pubrec": "bankruptcy on record",
    "mortlat1": "one or two late mortgage payments",
    "mortlat2": "more than two of them",
    "vr": "vacancies in the tract above the area's median",
}
"""Columns of Wooldridge's table, in his order."""


def main(folder: str = "reports") -> None:
    """Audit the decisions, then split the gap, and say what came out."""
    boston = audit.datasets.load("boston_mortgages")
    table = audit.read(boston.frame, **boston.roles)
    print("verdict:", audit.run(table).verdict)

    found = audit.decompose(table, controls=list(CONTROLS))
    print()
    print(found.summary())

    print()
    print("explained part by control, in percentage points of approval (the unexplained has none)")
    for part in sorted(found.parts, key=lambda p: -abs(p.value))[:5]:
        limits = f"{100 * part.low:6.2f} to {100 * part.high:5.2f}"
        print(f"{100 * part.value:6.2f}  {limits}  {CONTROLS[part.control]}")

    print()
    for group in found.pooled:
        one = audit.decompose(table, controls=list(CONTROLS), group=group, method="logit")
        low, high = one.unexplained_range
        print(f"{group}: gap {one.gap:.3f}, not accounted for {low:.3f} to {high:.3f} (logit)")

    Path(folder).mkdir(parents=True, exist_ok=True)
    page = Path(folder) / "boston_decomposition.csv"
    found.to_frame().to_csv(page, index=False)
    print("written:", page)


if __name__ == "__main__":
    main(*sys.argv[1:2])
