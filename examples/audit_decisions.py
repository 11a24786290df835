"""Audit decisions that were really taken: lenders around Boston, by race.

Run it with `python examples/audit_decisions.py [FOLDER]`; a page and its JSON twin are written to
the folder ("reports" unless told). Nothing about the lenders' model is needed: who applied, and
what was decided, is enough.
"""

from __future__ import annotations

import sys
from pathlib import Path

import audit


def main(folder: str = "reports") -> None:
    """Load the applications, audit them, and say what came out."""
    boston = audit.datasets.load("boston_mortgages")
    for note in boston.notes:
        print("note:", note)

    # The roles are a plain dict: protected=["race"], decision="approve", favorable=...
    result = audit.run(boston.frame, **boston.roles)

    table = result.to_frame()
    rates = table[(table["metric"] == "selection_rate") & table["reference"].isna()]
    print()
    print(rates[["group", "value", "low", "high", "rows"]].to_string(index=False))

    print()
    print("verdict:", result.verdict)
    print(result.summary())

    pages = Path(folder)
    audit.write(result, pages / "boston_decisions.html", force=True)
    audit.write(result, pages / "boston_decisions.json", force=True)
    print("written:", pages / "boston_decisions.html")


if __name__ == "__main__":
    main(*sys.argv[1:2])
