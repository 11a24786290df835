"""Move the cut-off on credit scores: who is approved, what it pays, what each criterion costs.

Run it with `python examples/cutoffs_fico.py [FOLDER]`; the sweep and the rules are written to the
folder ("reports" unless told) as CSV files. The five rules, and the break-even of 82 %, are those
of Hardt, Price and Srebro (2016), section 6.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import audit

BREAK_EVEN = 0.82
SHOWN = (0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def main(folder: str = "reports") -> None:
    """Audit a cut-off, sweep it, then give every group its own by five rules."""
    fico = audit.datasets.load("fico_scores")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", audit.DataWarning)  # the score is no probability: known
        table = audit.read(fico.frame, **fico.roles, approval_rate=0.7)
    print("verdict:", audit.run(table).verdict)

    swept = audit.sweep_cutoffs(table, costs=(1 - BREAK_EVEN, BREAK_EVEN))
    print()
    print(swept.summary())
    print()
    print("approved  cut-off  Black / White (95 % interval)  defaults  profit per applicant")
    for rate in SHOWN:
        p = swept.at(rate)
        print(
            f"{p.approval_rate:8.1%}  {p.cutoff:7g}  {p.ratio:5.3f} ({p.low:.3f} to {p.high:.3f})"
            f"  {p.default_rate:18.1%}  {p.profit:20.4f}"
        )

    found = audit.group_cutoffs(table, break_even=BREAK_EVEN)
    print()
    print("rule                profit kept   " + "".join(f"{r:>26}" for r in _names(found)))
    for rule in found.rules:
        cells = "".join(f"{_cutoffs(own):>26}" for own in rule.groups)
        print(f"{rule.title:20}{rule.share_of_maximum:11.1%}   {cells}")
    print()
    print(found.warning)

    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, view in (("fico_sweep", swept), ("fico_rules", found)):
        page = Path(folder) / f"{name}.csv"
        view.to_frame().to_csv(page, index=False)
        print("written:", page)


def _names(found: Any) -> list[str]:
    return [str(own.group[0]) for own in found.rules[0].groups]


def _cutoffs(own: Any) -> str:
    """The cut-offs of one group, the strictest first; a draw decides between them."""
    return " / ".join(f"{c.cutoff:g}" for c in own.cutoffs) + f" ({own.approval_rate:.0%})"


if __name__ == "__main__":
    main(*sys.argv[1:2])
