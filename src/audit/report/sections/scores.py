"""Section 3: how scores differ between groups, and what the cut-off makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.inference.estimate import Estimate
from audit.report import look, text
from audit.report.blocks import Bar, Block, Callout, Cell, Chart, Column, Grid, Prose, Section
from audit.report.look import Look

SMD = ("standardized_mean_difference",)
RANKING = (
    "auc", "ks", "brier", "expected_calibration_error", "mean_score",
)  # fmt: skip


def section(look_: Look) -> Section:
    """Scores by group."""
    record = look_.record
    blocks: list[Block] = []
    smd = look_.first(SMD)
    distributions = _list(record.charts.get("distributions"))
    sweeps = _list(record.charts.get("sweep"))
    if not (smd or distributions or sweeps or look_.first(RANKING)):
        blocks.append(
            Callout(
                tone="note",
                title="No score was given",
                lines=(
                    (
                        "Without a score or a risk, this section has nothing to compare: name the "
                        "column with ", _code("score="), " or ", _code("risk="), ".",
                    ),
                ),
            )
        )
        return _wrap(blocks)
    blocks.append(Prose(lines=((_reading(look_, smd),),), kind="lead"))
    if smd is not None:
        blocks.append(_smd(look_, smd))
    blocks.extend(_distribution(d, look_) for d in distributions)
    blocks.extend(_sweep(s, look_) for s in sweeps)
    blocks.extend(_ranking(look_))
    return _wrap(blocks)


def _wrap(blocks: list[Block]) -> Section:
    return Section(key="scores", title="Scores", short="Scores", blocks=tuple(blocks))


def _code(words: str) -> Any:
    from audit.report.blocks import Mark

    return Mark(text=words, kind="code")


def _list(value: object) -> list[Mapping[str, Any]]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _reading(look_: Look, smd: str | None) -> str:
    if smd is None:
        return "Where the score lies for each group, and what every possible cut-off would do."
    single = [e for e in look_.pairs(smd) if len(e.attribute) == 1 and e.value == e.value]
    if not single:
        return "No standardised difference could be computed; the reasons stand in the table."
    worst = max(single, key=lambda e: abs(e.value))
    side = "lower" if worst.value < 0 else "higher"
    assert worst.reference is not None  # noqa: S101 - pairs have one
    return (
        f"The largest gap in scores: {text.group(worst.attribute, worst.group)} scores on average "
        f"{text.number(abs(worst.value), 2)} standard deviations {side} than "
        f"{text.group(worst.attribute, worst.reference)}."
    )


def _smd(look_: Look, metric: str) -> Grid:
    estimates = [e for e in look_.pairs(metric) if len(e.attribute) == 1]
    estimates.sort(key=lambda e: -abs(e.value) if e.value == e.value else 1)
    edge = look.difference_scale(estimates, 0.30)[1]
    rows = []
    for e in estimates:
        reference = text.group(e.attribute, e.reference) if e.reference is not None else "parity"
        rows.append(
            (
                look.name_cell(e.attribute, e.group, f"against {reference}"),
                Cell(
                    text=text.number(e.value, 3) if e.value == e.value else "—",
                    note=f"{text.number(e.low, 3)} to {text.number(e.high, 3)}"
                    if e.low == e.low
                    else look.why_undefined(e),
                ),
                Cell(bar=_smd_bar(e, edge)),
                Cell(text=text.count(e.rows), note=f"vs {text.count(e.reference_rows)}"),
            )
        )
    return Grid(
        key="smd",
        title="Standardised mean difference of scores",
        columns=(
            Column(title="Group"),
            Column(title="SMD", align="right"),
            Column(title="Interval and ±0.30", align="bar"),
            Column(title="Rows", align="right"),
        ),
        rows=tuple(rows),
        note=(
            "Difference of means over the pooled standard deviation within groups. ±0.30 is "
            "industry practice; no primary source was found for it."
        ),
    )


def _smd_bar(e: Estimate, edge: float) -> Bar | None:
    if e.value != e.value:
        return None
    return Bar(
        kind="interval", start=-edge, end=edge, value=e.value, low=e.low, high=e.high,
        line=-0.30 if e.value < 0 else 0.30, parity=0.0,
    )  # fmt: skip


def quantile(edges: Sequence[float], shares: Sequence[float], q: float) -> float:
    """The score below which a share `q` of the group lies, linear inside a bin.

    >>> quantile([0, 1, 2], [0.5, 0.5], 0.25)
    0.5
    """
    total = sum(shares)
    goal, so_far = q * total, 0.0
    for i, share in enumerate(shares):
        if share > 0 and so_far + share >= goal:
            return float(edges[i] + (edges[i + 1] - edges[i]) * (goal - so_far) / share)
        so_far += share
    return float("nan")


def chart_name(kind: str, entry: Mapping[str, Any]) -> str:
    """The figure's key: the kind, the attribute, and the group where there is one."""
    parts = [kind, " × ".join(str(a) for a in entry["attribute"])]
    if kind == "distributions":
        parts.append(str(entry["column"]))
    if "group" in entry:
        parts.append(" × ".join(str(v) for v in entry["group"]))
    return ":".join(parts)


def _distribution(entry: Mapping[str, Any], look_: Look) -> Chart:
    attribute = tuple(entry["attribute"])
    edges = entry["edges"]
    column = text.visible(str(entry["column"]), 40)
    tallest = max((max(g["shares"], default=0) for g in entry["groups"]), default=0) or 1
    rows = []
    medians: list[tuple[float, str]] = []
    for g in entry["groups"]:
        name = text.group(attribute, tuple(g["group"]))
        cuts = [quantile(edges, g["shares"], q) for q in (0.1, 0.25, 0.5, 0.75, 0.9)]
        if g["rows"] and cuts[2] == cuts[2]:
            medians.append((cuts[2], name))
        curve = Bar(
            kind="curve", start=edges[0], end=edges[-1],
            heights=tuple(s / tallest for s in g["shares"]),
            line=_cutoff(look_),
        )  # fmt: skip
        rows.append(
            (
                Cell(text=name, name=True),
                Cell(text="", bar=curve),
                *(Cell(text=text.number(c, 3)) for c in cuts),
                Cell(text=text.count(g["rows"])),
            )
        )
    return Chart(
        name=chart_name("distributions", entry),
        title=f"Distribution of {column} by {text.attributes(attribute)}",
        reading=_median_reading(medians),
        twin=Grid(
            key=_key("scores", attribute, column),
            title=f"{column}: shape and quantiles by {text.attributes(attribute)}",
            columns=(
                Column(title="Group"),
                Column(title="Shape", align="bar"),
                *(Column(title=t, align="right") for t in ("10 %", "25 %", "Median", "75 %", "90 %")),
                Column(title="Rows", align="right"),
            ),
            rows=tuple(rows),
            note=f"Read from {len(edges) - 1} bins between {text.number(edges[0])} and "
            f"{text.number(edges[-1])}; the tick marks the cut-off.",
        ),
    )


def _key(kind: str, attribute: tuple[str, ...], extra: str = "") -> str:
    import hashlib

    name = "\x1f".join((kind, *attribute, extra))
    return f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _cutoff(look_: Look) -> float:
    cutoff = look_.record.roles.cutoff
    return float("nan") if cutoff is None else float(cutoff)


def _median_reading(medians: list[tuple[float, str]]) -> str:
    if len(medians) < 2:
        return "Only one group has scores."
    low, high = min(medians), max(medians)
    if high[0] - low[0] < 1e-12:
        return "The groups' medians are the same."
    return (
        f"Half of {low[1]} score below {text.number(low[0])}; "
        f"half of {high[1]} below {text.number(high[0])}."
    )


def _sweep(entry: Mapping[str, Any], look_: Look) -> Chart:
    attribute = tuple(entry["attribute"])
    group, reference = tuple(entry["group"]), tuple(entry["reference"])
    points = entry["points"]
    cutoff = _cutoff(look_)
    kept = _spread(points, cutoff)
    estimates = [
        Estimate(
            metric=look.RATIO, attribute=attribute, group=group, value=p["ratio"],
            low=p.get("low", float("nan")), high=p.get("high", float("nan")),
        )
        for p in kept
    ]  # fmt: skip
    scale = look.ratio_scale(estimates)
    rows = []
    for p, e in zip(kept, estimates, strict=True):
        here = cutoff == cutoff and abs(p["cutoff"] - cutoff) < 1e-12
        rows.append(
            (
                Cell(text=text.number(p["cutoff"]), note="operating point" if here else ""),
                Cell(text=text.percent(p["approval_rate"])),
                Cell(text=text.percent(p["rate"]), note=f"vs {text.percent(p['reference_rate'])}"),
                Cell(
                    text=text.number(e.value, 3, [0.8]) if e.value == e.value else "—",
                    note=look.interval(e, 0.8) if e.low == e.low else "",
                ),
                Cell(
                    bar=Bar(
                        kind="interval", start=scale[0], end=scale[1], value=e.value, low=e.low,
                        high=e.high, log=True, line=0.8, parity=1.0,
                    )
                    if e.value == e.value
                    else None
                ),
            )
        )  # fmt: skip
    name = text.group(attribute, group)
    return Chart(
        name=chart_name("sweep", entry),
        title=f"Ratio at every cut-off: {name}",
        reading=_sweep_reading(points, text.group(attribute, reference)),
        twin=Grid(
            key=_key("sweep", (*attribute, *(str(v) for v in group))),
            title=f"Ratio at chosen cut-offs: {name} over {text.group(attribute, reference)}",
            columns=(
                Column(title="Cut-off"),
                Column(title="Approved overall", align="right"),
                Column(title="Rates", align="right"),
                Column(title="Ratio", align="right"),
                Column(title="Interval and line", align="bar"),
            ),
            rows=tuple(rows),
            note="Intervals are one at a time, for orientation: no cut-off but the one in use is "
            "judged.",
        ),
    )


def _spread(points: Sequence[Mapping[str, Any]], cutoff: float) -> list[Mapping[str, Any]]:
    """About nine points, evenly spread over approval rates, and the operating point."""
    if len(points) <= 10:
        return list(points)
    ordered = sorted(points, key=lambda p: p["cutoff"])
    goals = [i / 10 for i in range(1, 10)]
    kept = {
        min(range(len(ordered)), key=lambda i: abs(ordered[i]["approval_rate"] - g)) for g in goals
    }
    if cutoff == cutoff:
        kept.add(min(range(len(ordered)), key=lambda i: abs(ordered[i]["cutoff"] - cutoff)))
    return [ordered[i] for i in sorted(kept)]


def _sweep_reading(points: Sequence[Mapping[str, Any]], reference: str) -> str:
    defined = [p for p in points if p["ratio"] == p["ratio"]]
    if not defined:
        return "The ratio is defined at no cut-off."
    below = [p for p in defined if p["ratio"] < 0.8]
    if not below:
        return f"At no cut-off does the ratio to {reference} fall below 0.80."
    if len(below) == len(defined):
        return f"At every cut-off the ratio to {reference} lies below 0.80."
    rates = [p["approval_rate"] for p in below]
    return (
        f"The ratio to {reference} lies below 0.80 at some cut-offs, all among those that approve "
        f"between {text.percent(min(rates), 0)} and {text.percent(max(rates), 0)} of applicants."
    )


def _ranking(look_: Look) -> list[Block]:
    held = set(look_.record.estimates.columns["metric"])
    metrics = [m for m in RANKING if m in held]
    if not metrics:
        return []
    rows = []
    for attribute in look_.attributes:
        if len(attribute) > 1:
            continue
        groups = list(dict.fromkeys(e.group for m in metrics for e in look_.rates(m, attribute)))
        for group in groups:
            cells = [_score_cell(look_.rate(m, attribute, group)) for m in metrics]
            rows.append((look.name_cell(attribute, group), *cells))
    return [
        Grid(
            key="ranking",
            title="How well the score ranks and fits, by group",
            columns=(
                Column(title="Group"),
                *(Column(title=look.title(m), align="right") for m in metrics),
            ),
            rows=tuple(rows),
            note="A score that ranks one group worse serves it worse, even at equal approval rates.",
        )
    ]


def _score_cell(e: Estimate | None) -> Cell:
    if e is None:
        return Cell(text="—", note="not estimated")
    if e.value != e.value:
        return Cell(text="—", note=look.why_undefined(e))
    note = f"{text.number(e.low)} to {text.number(e.high)}" if e.low == e.low else ""
    inside = 0 <= e.value <= 1 and (e.low != e.low or (e.low >= 0 and e.high <= 1))
    bar = Bar(kind="interval", start=0, end=1, value=e.value, low=e.low, high=e.high)
    return Cell(text=text.number(e.value), note=note, bar=bar if inside else None)
