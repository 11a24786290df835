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


WIDEST = 6
"""Groups side by side in the table of cut-offs."""


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
    blocks.extend(_sweep(s, look_, i) for i, s in enumerate(by_attribute(sweeps)))
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
            heights=_halved(tuple(s / tallest for s in g["shares"])),
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
                *(Column(title=t, align="right") for t in ("10%", "25%", "Median", "75%", "90%")),
                Column(title="Rows", align="right"),
            ),
            rows=tuple(rows),
            note=f"Read from {len(edges) - 1} bins between {text.number(edges[0])} and "
            f"{text.number(edges[-1])}; the tick marks the cut-off.",
        ),
    )


def _halved(heights: tuple[float, ...]) -> tuple[float, ...]:
    if len(heights) < 64:
        return heights
    return tuple((a + b) / 2 for a, b in zip(heights[::2], heights[1::2], strict=True))


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
        f"The median is {text.number(low[0])} for {low[1]} and {text.number(high[0])} for {high[1]}."
    )


def by_attribute(entries: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Sweeps of one attribute together, in order."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for entry in entries:
        found.setdefault(tuple(entry["attribute"]), []).append(entry)
    return list(found.values())


def _sweep(entries: list[Mapping[str, Any]], look_: Look, position: int) -> Chart:
    attribute = tuple(entries[0]["attribute"])
    shown = entries[:WIDEST]
    reference = text.group(attribute, tuple(entries[0]["reference"]))
    cutoff = _cutoff(look_)
    kept = _spread(shown[0]["points"], cutoff)
    at = [{p["cutoff"]: p for p in e["points"]} for e in shown]
    estimates = [[_swept(attribute, points.get(p["cutoff"])) for points in at] for p in kept]
    scale = look.ratio_scale(e for row in estimates for e in row)
    here = min((abs(p["cutoff"] - cutoff) for p in kept), default=0.0) if cutoff == cutoff else None
    rows = []
    for p, row in zip(kept, estimates, strict=True):
        operating = here is not None and abs(p["cutoff"] - cutoff) == here
        rows.append(
            (
                Cell(text=text.number(p["cutoff"]), note="operating point" if operating else ""),
                Cell(text=text.percent(p["approval_rate"])),
                *(_swept_cell(e, scale) for e in row),
            )
        )
    cut = len(entries) - len(shown)
    return Chart(
        name=chart_name("sweep", {"attribute": attribute}),
        title=f"Ratio at every cut-off, by {text.attributes(attribute)}",
        reading=_sweep_reading(entries, reference),
        twin=Grid(
            key=f"sweep-{position}",
            title=f"Ratio to {reference} at chosen cut-offs",
            columns=(
                Column(title="Cut-off"),
                Column(title="Approved overall", align="right"),
                *(
                    Column(title=text.group(attribute, tuple(e["group"])), align="right")
                    for e in shown
                ),
            ),
            rows=tuple(rows),
            note="The tick marks 0.80. Intervals are one at a time, for orientation: no cut-off "
            "but the one in use is judged."
            + (f" {cut} more groups are in the JSON." if cut else ""),
        ),
    )


def _swept(attribute: tuple[str, ...], point: Mapping[str, Any] | None) -> Estimate:
    nan = float("nan")
    p = point or {}
    return Estimate(
        metric=look.RATIO, attribute=attribute, group=(), value=p.get("ratio", nan),
        low=p.get("low", nan), high=p.get("high", nan),
    )  # fmt: skip


def _swept_cell(e: Estimate, scale: tuple[float, float]) -> Cell:
    if e.value != e.value:
        return Cell(text="—", note="undefined")
    return Cell(
        text=text.number(e.value, 3, [0.8]),
        note=look.interval(e, 0.8) if e.low == e.low else "",
        bar=Bar(
            kind="interval", start=scale[0], end=scale[1], value=e.value, low=e.low, high=e.high,
            log=True, line=0.8,
        ),
    )  # fmt: skip


def _spread(points: Sequence[Mapping[str, Any]], cutoff: float) -> list[Mapping[str, Any]]:
    """About seven points, spread over approval rates, and the operating point."""
    if len(points) <= 8:
        return list(points)
    ordered = sorted(points, key=lambda p: p["cutoff"])
    goals = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
    kept = {
        min(range(len(ordered)), key=lambda i: abs(ordered[i]["approval_rate"] - g)) for g in goals
    }
    if cutoff == cutoff:
        kept.add(min(range(len(ordered)), key=lambda i: abs(ordered[i]["cutoff"] - cutoff)))
    return [ordered[i] for i in sorted(kept)]


def _sweep_reading(entries: Sequence[Mapping[str, Any]], reference: str) -> str:
    below, clear = 0, 0
    for entry in entries:
        ratios = [p["ratio"] for p in entry["points"] if p["ratio"] == p["ratio"]]
        below += bool(ratios) and min(ratios) < 0.8
        clear += bool(ratios) and min(ratios) >= 0.8
    if not below and not clear:
        return "The ratio is defined at no cut-off."
    if not below:
        return f"At no cut-off does a ratio to {reference} fall below 0.80."
    if len(entries) == 1:
        points = [p for p in entries[0]["points"] if p["ratio"] == p["ratio"]]
        rates = [p["approval_rate"] for p in points if p["ratio"] < 0.8]
        if len(rates) == len(points):
            return f"At every cut-off the ratio to {reference} lies below 0.80."
        return (
            f"The ratio to {reference} falls below 0.80 only at cut-offs that approve between "
            f"{text.percent(min(rates), 0)} and {text.percent(max(rates), 0)} of applicants."
        )
    return (
        f"{text.plural(below, 'group')} of {len(entries)} fall{'s' if below == 1 else ''} below "
        f"0.80 of {reference} at some cut-off."
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
    return Cell(text=text.number(e.value), note=note)
