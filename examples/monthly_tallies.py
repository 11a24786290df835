"""Keep counts instead of rows: six months counted apart, added up, and audited.

Run it with `python examples/monthly_tallies.py [FOLDER]`. A tally holds only counts, so branches
or months can be counted where their rows are, and the rows may be gone when the audit is made.
"""

from __future__ import annotations

import sys
from pathlib import Path

import audit


def main(folder: str = "reports") -> None:
    """Count Taiwan's accounts in six batches, merge, audit; the same as counting them at once."""
    taiwan = audit.datasets.load("taiwan_credit")
    # A rule for the sake of the example: a higher limit is offered to those not late last month.
    accounts = taiwan.frame.assign(offered=(taiwan.frame["pay_0"] <= 0).astype(int))
    roles = {
        **taiwan.roles,
        "protected": ["sex", "age"],
        "decision": "offered",
        "favorable": {"decision": 1, "outcome": 0},
    }

    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    files = []
    for month in range(6):
        rows = accounts.iloc[month * 5000 : (month + 1) * 5000]
        tally = audit.count(audit.read(rows, **roles))
        files.append(home / f"month_{month + 1}.tally.json")
        tally.save(files[-1])
        print(f"month {month + 1}: {tally.rows:,} rows -> {files[-1].stat().st_size:,} bytes")

    half_year = audit.merge([audit.load_tally(file) for file in files])
    result = audit.run(half_year)

    at_once = audit.run(accounts, **roles)
    assert result.tally.fingerprint == at_once.tally.fingerprint, (
        "counts add up, whatever the order"
    )
    print("verdict:", result.verdict)
    print(result.summary())


if __name__ == "__main__":
    main(*sys.argv[1:2])
