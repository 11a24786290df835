"""An explanation for the terminal: the gap, its parts as bars, proxies, direct use, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.report import text
from audit.report.attached import Entry, attribute_of, group_of, num, who
from audit.report.explained import amount, limits, parts_of, settled, share, unit

PARTS = 10
"""Parts shown; the others are summed."""
PROXIES = 5
"""Proxies named."""
BAR = 24
"""Cells of the longest bar."""
EIGHTHS = " ▏▎▍▌▋▊▉█"


def why(explanation: Mapping[str, Any], width: int = 88) -> str:
    """What `audit.explain` found, from its `to_dict()`, in lines of at most `width` columns."""
    scale = str(explanation["scale"])
    gap = _chosen(explanation)
    lines: list[str] = []
    if gap is None or not gap.get("attributions"):
        reason = gap.get("reason") if gap else None
        lines.append(f"No gap could be split: {reason or 'no group has a mean score'}.")
    else:
        lines += _head(gap, explanation, scale, width)
        lines += ["", *_bars(gap, scale, width), ""]
        lines += text.wrapped(
            f"Method: {explanation['method']}; a feature left out takes its values from "
            f"{text.said(str(gap['background']))}. "
            f"{text.plural(num(explanation['rows']), 'row')} explained.",
            width,
        )
    lines += _proxies(explanation, gap, width)
    lines += _treatment(explanation, width)
    for note in explanation.get("notes") or ():
        lines += text.wrapped(f"Note: {text.sentence(text.said(str(note)))}", width)
    for u in explanation.get("unavailable") or ():
        lines += text.wrapped(f"Not made: {u['part']}: {text.said(str(u['reason']))}", width)
    return "\n".join(lines) + "\n"


def _chosen(explanation: Mapping[str, Any]) -> Entry | None:
    wanted = ((str(explanation["attribute"]),), group_of(explanation))
    gaps = list(explanation.get("gaps") or ())
    return next((g for g in gaps if (attribute_of(g), group_of(g)) == wanted), None)


def _head(gap: Entry, explanation: Mapping[str, Any], scale: str, width: int) -> list[str]:
    return [
        *text.wrapped(f"Why · score gap of {who(gap)} against {who(gap, 'reference')}", width),
        *text.wrapped(
            f"{amount(num(gap['value']), scale)}{unit(scale)} "
            f"({text.level_percent(num(explanation['level']))} interval {limits(gap, scale)}); "
            f"{text.plural(num(gap['rows']), 'row')} against "
            f"{text.count(num(gap['reference_rows']))}",
            width,
        ),
    ]


def _bars(gap: Entry, scale: str, width: int) -> list[str]:
    rows = [(_name(a), num(a["value"]), num(a["share"])) for a in parts_of(gap, PARTS)]
    total = num(gap["value"])
    longest = max(abs(v) for _, v, _ in rows) or 1.0
    head = min(max(len(name) for name, _, _ in rows), max(width - BAR - 24, 12))
    out = [
        f"  {text.fitted(name, head):<{head}}  {amount(v, scale):>9}  "
        f"{_bar(abs(v) / longest):<{BAR}}  {share(s) if s == s else '':>5}".rstrip()
        for name, v, s in rows
    ]
    whole = "100%" if settled(gap) else ""
    out.append(
        f"  {'the gap':<{head}}  {amount(total, scale):>9}  {'':<{BAR}}  {whole:>5}".rstrip()
    )
    return out


def _name(part: Entry) -> str:
    others = part.get("others")
    return text.plural(others, "other") if others else text.name(str(part["feature"]))


def _bar(share: float) -> str:
    full, part = divmod(round(share * BAR * 8), 8)
    return "█" * full + (EIGHTHS[part] if part else "")


def _proxies(explanation: Mapping[str, Any], gap: Entry | None, width: int) -> list[str]:
    out = []
    for t in explanation.get("together") or ():
        if num(t["auc"]) == num(t["auc"]):
            known = "tell" if num(t["low"]) > num(t["null"]) else "do not tell"
            out += text.wrapped(
                f"Together the features {known} {text.name(str(t['attribute']))}: AUC "
                f"{text.number(num(t['auc']))} ({text.number(num(t['low']))} to "
                f"{text.number(num(t['high']))}); chance stays below "
                f"{text.number(num(t['null']))}.",
                width,
            )
    own = attribute_of(gap)[0] if gap is not None else None
    named = [
        p for p in explanation.get("proxies") or () if p["attribute"] == own and p["feature"] != own
    ]
    if named:
        said = text.listed(
            f"{text.name(str(p['feature']))} ({text.number(num(p['strength']), 2)})"
            for p in named[:PROXIES]
        )
        more = f", and {len(named) - PROXIES} more" if len(named) > PROXIES else ""
        out += text.wrapped(
            f"Proxies for {text.name(own)}, riskiest first (AUC): {said}{more}.", width
        )
    return ["", *out] if out else []


def _treatment(explanation: Mapping[str, Any], width: int) -> list[str]:
    out = []
    for t in explanation.get("treatment") or ():
        out += text.wrapped(
            f"{text.name(str(t['attribute']))}: {text.said(str(t['statement']))}", width
        )
    return ["", *out, ""] if out else [""]
