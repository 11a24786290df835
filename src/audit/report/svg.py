"""The small drawings inside cells, as SVG. Only numbers go in, so nothing needs escaping."""

from __future__ import annotations

import math

from markupsafe import Markup

from audit.report import text
from audit.report.blocks import Bar

WIDTH, HEIGHT = 176.0, 22.0
PAD = 7.0

TICKS = (0.125, 0.2, 0.25, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 4.0, 5.0, 8.0)
"""Round values on a logarithmic axis."""

SHAPES = {
    "fail": "M-2 -4.6H2L4.6 -2V2L2 4.6H-2L-4.6 2V-2Z",
    "review": "M0 -5L5 4H-5Z",
    "pass": "M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0 -8.4 0Z",
    "insufficient": "M0 -5L5 0L0 5L-5 0Z",
    "waived": "M-4 -4H4V4H-4Z",
}
"""A shape for each verdict, so that colour never carries it alone."""


def draw(bar: Bar, *, width: float = WIDTH, height: float = HEIGHT) -> Markup:
    """The drawing of a bar; decorative, since the cell's text says the same."""
    body = {"interval": _interval, "range": _range, "share": _share, "curve": _curve}[bar.kind](
        bar, width, height
    )
    stretch = ' preserveAspectRatio="none"' if bar.kind == "share" else ""
    return Markup(
        f'<svg class="bar {bar.kind}" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}"{stretch} aria-hidden="true">{body}</svg>'
    )


def _n(x: float) -> str:
    return f"{x:.1f}".rstrip("0").rstrip(".")


def position(bar: Bar, x: float, width: float) -> float:
    """Where a value lies, from PAD to width − PAD; outside values stop at the edges."""
    start, end = bar.start, bar.end
    if bar.log:
        x, start, end = (math.log(max(v, 1e-9)) for v in (x, start, end))
    share = (x - start) / (end - start) if end > start else 0.5
    return PAD + (width - 2 * PAD) * min(max(share, 0.0), 1.0)


def _inside(bar: Bar, x: float) -> bool:
    return x == x and bar.start <= x <= bar.end


def _lines(bar: Bar, width: float, height: float, top: float = 1.0) -> str:
    out = ""
    if _inside(bar, bar.parity):
        x = _n(position(bar, bar.parity, width))
        out += f'<path class="parity" d="M{x} {_n(top)}V{_n(height - 1)}"/>'
    if _inside(bar, bar.line):
        x = _n(position(bar, bar.line, width))
        out += f'<path class="rule" d="M{x} {_n(top)}V{_n(height - 1)}"/>'
    return out


def _interval(bar: Bar, width: float, height: float) -> str:
    middle = height / 2
    y = _n(middle)
    out = f'<path class="track" d="M{_n(PAD)} {y}H{_n(width - PAD)}"/>' + _lines(bar, width, height)
    tone = f" {bar.tone}"
    if bar.low == bar.low and bar.high == bar.high:
        a, b = position(bar, bar.low, width), position(bar, bar.high, width)
        out += f'<path class="span{tone}" d="M{_n(a)} {y}H{_n(b)}"/>'
        if bar.low < bar.start:
            out += f'<path class="arrow{tone}" d="M{_n(a)} {_n(middle - 4)}l-5 4l5 4"/>'
        if bar.high > bar.end:
            out += f'<path class="arrow{tone}" d="M{_n(b)} {_n(middle - 4)}l5 4l-5 4"/>'
    if bar.value == bar.value:
        shape = SHAPES.get(bar.tone, SHAPES["pass"])
        x = _n(position(bar, bar.value, width))
        out += f'<path class="point{tone}" transform="translate({x} {y})" d="{shape}"/>'
    return out


def _range(bar: Bar, width: float, height: float) -> str:
    a, b = position(bar, bar.low, width), position(bar, bar.high, width)
    y = _n(height / 2)
    return (
        f'<path class="track" d="M{_n(PAD)} {y}H{_n(width - PAD)}"/>'
        f'<path class="bounds" d="M{_n(a)} {_n(height / 2 - 5)}v10m0 -5H{_n(b)}m0 -5v10"/>'
    )


def _share(bar: Bar, width: float, height: float) -> str:
    span = bar.end - bar.start

    def at(x: float) -> float:
        return width * min(max((x - bar.start) / span, 0.0), 1.0)

    top, tall = height * 0.25, height * 0.5
    out = f'<rect class="bed" width="{_n(width)}" height="{_n(tall)}" y="{_n(top)}"/>'
    if bar.value == bar.value:
        out += (
            f'<rect class="fill {bar.tone}" width="{_n(at(bar.value))}" height="{_n(tall)}" '
            f'y="{_n(top)}"/>'
        )
    if bar.low == bar.low:
        a, b = at(bar.low), at(bar.high)
        out += (
            f'<path class="whisker" d="M{_n(a)} {_n(height * 0.36)}V{_n(height * 0.64)}'
            f'M{_n(a)} {_n(height / 2)}H{_n(b)}M{_n(b)} {_n(height * 0.36)}V{_n(height * 0.64)}"/>'
        )
    return out


def _curve(bar: Bar, width: float, height: float) -> str:
    if not bar.heights:
        return ""
    step = (width - 2 * PAD) / len(bar.heights)
    path = f"M{_n(PAD)} {_n(height)}"
    for i, h in enumerate(bar.heights):
        path += f"V{_n(height - 1 - h * (height - 2))}H{_n(PAD + (i + 1) * step)}"
    return f'<path class="area" d="{path}V{_n(height)}Z"/>' + _lines(bar, width, height, 0)


def axis(bar: Bar, *, width: float = WIDTH) -> Markup:
    """The axis of a column of bars, for its head: the line, parity and a few round ticks."""
    marks = [x for x in (bar.line, bar.parity) if _inside(bar, x)]
    extra = TICKS if bar.log else _steps(bar)
    for x in extra:
        if _inside(bar, x) and all(
            abs(position(bar, x, width) - position(bar, m, width)) > 24 for m in marks
        ):
            marks.append(x)
    out = ""
    for x in sorted(marks):
        at = position(bar, x, width)
        anchor = "middle"
        if at < 14:
            anchor, at = "start", 0.0
        elif at > width - 14:
            anchor, at = "end", width
        out += f'<text x="{_n(at)}" y="10" text-anchor="{anchor}">{text.minus(f"{x:g}")}</text>'
        tick = _n(position(bar, x, width))
        out += f'<path class="{"rule" if x == bar.line else "tick"}" d="M{tick} 13v4"/>'
    return Markup(
        f'<svg class="axis" viewBox="0 0 {_n(width)} 17" width="{_n(width)}" height="17" '
        f'aria-hidden="true">{out}</svg>'
    )


def _steps(bar: Bar) -> tuple[float, ...]:
    edge = max(abs(bar.start), abs(bar.end))
    size = 10.0 ** math.floor(math.log10(edge)) if edge > 0 else 1.0
    return tuple(round(k * size, 12) for k in range(-9, 10))


def icon(verdict: str) -> Markup:
    """A verdict's shape with its sign, for the card and the tables."""
    sign = {
        "fail": "M-2.4 -2.4L2.4 2.4M2.4 -2.4L-2.4 2.4",
        "review": "M0 -1.6V1.1M0 2.2V2.7",
        "pass": "M-2.2 .2L-.6 1.8L2.3 -1.6",
        "insufficient": "M-1.4 0H1.4",
        "waived": "M-2.2 0H2.2",
    }.get(verdict, "")
    shape = {
        "fail": "M-2.3 -5.6H2.3L5.6 -2.3V2.3L2.3 5.6H-2.3L-5.6 2.3V-2.3Z",
        "review": "M0 -5.6L6 4.6H-6Z",
        "pass": "M-5.4 0a5.4 5.4 0 1 0 10.8 0a5.4 5.4 0 1 0 -10.8 0Z",
        "insufficient": "M0 -6L6 0L0 6L-6 0Z",
        "waived": "M-5 -5H5V5H-5Z",
    }.get(verdict, SHAPES["pass"])
    return Markup(
        f'<svg class="icon {verdict if verdict in SHAPES else "plain"}" viewBox="-7 -7 14 14" '
        f'aria-hidden="true"><path class="shape" d="{shape}"/><path class="sign" d="{sign}"/></svg>'
    )
