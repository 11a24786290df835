"""Which features tell a protected attribute, how it is used, and what leaving it out does."""

from __future__ import annotations

from audit.report import text
from audit.report.attached import Entry, attribute_of, num
from audit.report.blocks import Bar, Block, Cell, Chart, Column, Fold, Grid, Prose
from audit.report.explained import entries, shown_gaps
from audit.report.look import Look

PRINTED = 12
"""Proxies in a table."""


def blocks(look_: Look) -> list[Block]:
    """Proxies, treatment and unawareness; empty where none was looked for."""
    out: list[Block] = []
    if entries(look_, "together"):
        out.append(_together(look_))
    out.extend(_map(look_))
    out.extend(_treatment(look_))
    out.extend(_unawareness(look_))
    return out


def map_name(attribute: str) -> str:
    """The figure's key."""
    return f"proxies:{attribute}"


def mapped(look_: Look) -> list[str]:
    """Attributes with a map of features: that of the gap drawn first, else the first measured."""
    measured = list(dict.fromkeys(str(s["attribute"]) for s in entries(look_, "strengths")))
    drawn = [attribute_of(gap)[0] for gap in shown_gaps(look_)]
    return [*(name for name in drawn if name in measured), *measured][:1]


def strengths(look_: Look, attribute: str) -> list[Entry]:
    """How well each other feature tells the attribute's levels, the riskiest first."""
    found = [
        s
        for s in entries(look_, "strengths")
        if s["attribute"] == attribute and s["feature"] != attribute
    ]
    by_feature: dict[str, Entry] = {}
    for s in found:
        held = by_feature.get(str(s["feature"]))
        if held is None or num(s["strength"]) > num(held["strength"]):
            by_feature[str(s["feature"])] = s
    return sorted(by_feature.values(), key=_rank)


def _rank(s: Entry) -> tuple[float, float, str]:
    risk = num(s["risk"])
    return (-risk if risk == risk else 0.0, -num(s["strength"]), str(s["feature"]))


def found(s: Entry) -> bool:
    """Whether it tells more than chance does."""
    return num(s["low"]) > num(s["null"])


def _together(look_: Look) -> Grid:
    rows = []
    for t in entries(look_, "together"):
        auc, reason = num(t["auc"]), t.get("reason")
        rows.append(
            (
                Cell(text=text.name(str(t["attribute"])), name=True),
                Cell(text=text.number(auc), note=_limits(t)) if auc == auc else
                Cell(text="—", note=text.said(str(reason or "undefined"))),
                Cell(bar=_auc_bar(t)) if auc == auc else Cell(),
                Cell(text=text.number(num(t["null"]))),
                Cell(text=text.p_value(num(t["p_value"]))),
            )
        )  # fmt: skip
    return Grid(
        key="together",
        title="How well all features together tell a protected attribute",
        columns=(
            Column(title="Attribute"),
            Column(title="AUC", align="right"),
            Column(title="Interval, from 0.5", align="bar"),
            Column(title="By chance at most", align="right"),
            Column(title="p", align="right"),
        ),
        rows=tuple(rows),
        note=(
            "Cross-fitted on rows the predictor has not seen; 0.5 is guessing, 1 is knowing. By "
            "chance at most: what 95 of 100 permutations of the attribute stay below. Where an "
            "attribute can be told, leaving its column out of the model does not hide it."
        ),
    )


def _limits(entry: Entry) -> str:
    return f"{text.number(num(entry['low']))} to {text.number(num(entry['high']))}"


def _auc_bar(entry: Entry, name: str = "auc") -> Bar:
    return Bar(
        kind="interval", start=0.5, end=1.0, value=num(entry[name]), low=num(entry["low"]),
        high=num(entry["high"]), line=num(entry["null"]),
    )  # fmt: skip


def _map(look_: Look) -> list[Block]:
    out: list[Block] = []
    for attribute in mapped(look_):
        told = strengths(look_, attribute)
        proxies = [s for s in told if found(s)]
        named = text.name(attribute)
        if not proxies:
            line = f"No single feature tells {named} better than chance does in this sample."
            out.append(Prose(lines=((line,),)))
            continue
        out.append(
            Chart(
                name=map_name(attribute),
                title=f"Proxies for {named}: strength and part in the gap",
                reading=(
                    "To the right are features that tell the attribute; higher up those that "
                    "carry more of the score gap. Top right is where a proxy matters."
                ),
                twin=_proxy_grid(attribute, proxies, len(told)),
            )
        )
    rest = [
        s
        for s in entries(look_, "proxies")
        if str(s["attribute"]) not in mapped(look_) and s["feature"] != s["attribute"]
    ]
    if rest:
        by_attribute: dict[str, list[str]] = {}
        for s in rest:
            by_attribute.setdefault(str(s["attribute"]), []).append(str(s["feature"]))
        said = [
            f"{text.name(a)}: {text.listed(text.name(f) for f in dict.fromkeys(names))}"
            for a, names in by_attribute.items()
        ]
        line = f"Features that tell other attributes better than chance: {'; '.join(said)}."
        out.append(Prose(lines=((line,),), kind="note"))
    return out


def _proxy_grid(attribute: str, proxies: list[Entry], of: int) -> Grid:
    cut = proxies[:PRINTED]
    rows = tuple(
        (
            Cell(
                text=text.name(str(s["feature"])),
                note=f"tells {text.group((attribute,), (s['group'],))} from the rest",
                name=True,
            ),
            Cell(text=text.number(num(s["strength"])), note=_limits(s)),
            Cell(bar=_auc_bar(s, "strength")),
            Cell(text=text.number(num(s["contribution"]))),
            Cell(text=text.number(num(s["risk"]))),
        )
        for s in cut
    )
    more = f" {len(proxies) - len(cut)} more are in the JSON report." if len(proxies) > len(cut) \
        else ""  # fmt: skip
    return Grid(
        key=f"proxies-{attribute}",
        title=f"Features that tell {text.name(attribute)} better than chance, riskiest first",
        columns=(
            Column(title="Feature"),
            Column(title="AUC alone", align="right"),
            Column(title="Interval, from 0.5", align="bar"),
            Column(title="Part in the gap", align="right"),
            Column(title="Proxy risk", align="right"),
        ),
        rows=rows,
        note=(
            f"{len(proxies)} of {of} features. Proxy risk is (2 AUC − 1) × the part in the "
            f"group's score gap. A proxy may still be a legitimate predictor.{more}"
        ),
    )


def _treatment(look_: Look) -> list[Block]:
    told = entries(look_, "treatment")
    if not told:
        return []
    rows = []
    for t in told:
        copies = [text.name(str(c)) for c in t.get("copies") or ()]
        used = "an input" if t["is_input"] else "not an input"
        if copies:
            used += f"; near-copies {text.listed(copies)}"
        flips = [f for f in t.get("flips") or () if num(f["share"]) == num(f["share"])]
        worst = max(flips, key=lambda f: num(f["share"]), default=None)
        rows.append(
            (
                Cell(text=text.name(str(t["attribute"])), note=used, name=True),
                _flip_cell(worst),
                Cell(text=text.said(str(t["statement"]))),
            )
        )
    return [
        Grid(
            key="treatment",
            title="Direct use of a protected attribute",
            columns=(
                Column(title="Attribute"),
                Column(title="Decisions that change when it alone is changed", align="right"),
                Column(title="What was seen", align="wide"),
            ),
            rows=tuple(rows),
            note=(
                "The flip test changes the attribute and holds every other input as it is. What "
                "else would differ had the person been of another group, it cannot say."
            ),
        )
    ]


def _flip_cell(flip: Entry | None) -> Cell:
    if flip is None:
        return Cell(text="—", note="nothing to flip")
    to = text.listed(f"{text.name(str(k))} set to {text.level(v)}"
                     for k, v in flip["changes"].items())  # fmt: skip
    ends = f"{text.percent(num(flip['low']))} to {text.percent(num(flip['high']))}"
    return Cell(
        text=f"{text.count(num(flip['changed']))} of {text.count(num(flip['rows']))}",
        note=f"{text.percent(num(flip['share']))} ({ends}), {to}; "
        f"{text.count(num(flip['favored']))} to a favourable one",
    )


def _unawareness(look_: Look) -> list[Block]:
    tried = entries(look_, "more", "unawareness")
    rows = [
        (
            Cell(text=text.said(str(v["name"])), note=text.name(str(t["attribute"]))),
            _cell(v, "auc", "auc_low", "auc_high"),
            *_widest(t, v),
        )
        for t in tried
        for v in t.get("variants") or ()
    ]
    if not rows:
        return []
    grid = Grid(
        key="unawareness",
        title="What leaving columns out does",
        columns=(
            Column(title="Model, fitted again"),
            Column(title="AUC", align="right"),
            Column(title="Widest gap in approvals", align="right"),
            Column(title="Gap in mean score", align="right"),
        ),
        rows=tuple(rows),
        note=(
            "Each model approves the same share of applicants, on rows it was not fitted on. "
            "Leaving a column out answers whether it is used, not whether the gap closes."
        ),
    )
    said = Prose(lines=tuple((text.said(str(t["statement"])),) for t in tried))
    return [Fold(title="Fairness through unawareness, tried", blocks=(said, grid))]


def _widest(tried: Entry, variant: Entry) -> tuple[Cell, Cell]:
    groups = variant.get("groups") or ()
    if not groups:
        return Cell(text="—", note="too few rows"), Cell(text="—")
    g = max(groups, key=lambda g: abs(num(g["approval_gap"])))
    who = text.group((str(tried["attribute"]),), (g["group"],))
    low, high = num(g["approval_low"]), num(g["approval_high"])
    ends = f"{text.points(low)[:-3]} to {text.points(high)}"
    return (
        Cell(text=text.points(num(g["approval_gap"])), note=f"{ends}, {who}"),
        _cell(g, "score_gap", "score_low", "score_high"),
    )


def _cell(entry: Entry, name: str, low: str, high: str) -> Cell:
    ends = f"{text.number(num(entry[low]))} to {text.number(num(entry[high]))}"
    return Cell(text=text.number(num(entry[name])), note=ends)
