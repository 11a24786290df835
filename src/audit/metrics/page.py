"""The catalogue as a page of documentation: `python -m audit.metrics.page > docs/metrics.md`."""

from __future__ import annotations

import math
from collections.abc import Iterable

from audit.metrics.catalogue import CATALOGUE, STANDARD
from audit.metrics.metric import Metric

HEAD = """# Metrics

Made from the catalogue (`audit.metrics.CATALOGUE`) by `python -m audit.metrics.page`.

The positive class is the **favourable** one throughout: a true positive is an approved applicant
whose outcome was favourable. Differences are group minus reference, ratios group over reference;
worst cases are unsigned, over all groups. A metric without a denominator is undefined, never 0.
Symbols: TP approved and good, FP approved and bad, FN denied and good, TN denied and bad.
Metrics marked ● are estimated in every audit.
"""

SECTIONS: tuple[tuple[str, tuple[str | None, ...], bool], ...] = (
    ("Rates of one group", (None,), False),
    ("Scores of one group", (None,), True),
    ("A group against its reference", ("difference", "ratio", "pair", "strata"), False),
    (
        "Scores of a group against its reference's",
        ("difference", "ratio", "smd", "score_pair"),
        True,
    ),
    ("A group as a part of everyone", ("everyone",), False),
    ("Worst case over all groups", ("worst_difference", "worst_ratio"), False),
    ("Worst case of scores over all groups", ("worst_difference", "worst_ratio"), True),
    ("All groups at once", ("groups", "spread"), False),
    ("Scores of all groups at once", ("score_groups",), True),
)

SIDES = {"lower": "lower is worse", "higher": "higher is worse", "away": "either side is worse"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _ideal(metric: Metric) -> str:
    ideal = "no ideal" if math.isnan(metric.ideal) else f"ideal {metric.ideal:g}"
    return f"{ideal}, {SIDES[metric.worse]}"


def _row(metric: Metric) -> str:
    mark = " ●" if metric.key in STANDARD else ""
    cells = (
        f"`{metric.key}`{mark}",
        f"**{metric.title}.** {metric.meaning}",
        metric.formula,
        _ideal(metric),
        metric.source,
        "; ".join(metric.aliases) or "–",
    )
    return "| " + " | ".join(_cell(c) for c in cells) + " |"


def catalogue_page(metrics: Iterable[Metric] = tuple(CATALOGUE.values())) -> str:
    """The catalogue in Markdown, one table a kind of metric.

    >>> print(catalogue_page([CATALOGUE["auc"]]).splitlines()[-1][:9])
    | `auc` ●
    """
    entries = tuple(metrics)
    lines = [HEAD.rstrip("\n")]
    for title, contrasts, of_scores in SECTIONS:
        rows = [
            _row(m)
            for m in entries
            if m.contrast in contrasts and ("score" in m.needs) == of_scores
        ]
        if rows:
            lines += [
                "",
                f"## {title}",
                "",
                "| key | what it says | formula | direction | source | called elsewhere |",
                "| --- | --- | --- | --- | --- | --- |",
                *rows,
            ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(catalogue_page())
