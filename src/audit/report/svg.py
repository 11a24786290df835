"""The small drawings inside cells, as SVG. Only numbers go in, so nothing needs escaping.

A drawing repeats its cell's number for the eye, so it has no text of its own. Shapes are defined
once in a page (`symbols`) and referred to; the thin track behind a bar is the style sheet's.
"""

from __future__ import annotations

import math

from markupsafe import Markup

from audit.report import text
from audit.report.blocks import Bar

WIDTH, HEIGHT = 176, 22
SMALL_WIDTH, SMALL_HEIGHT, SHARE_HEIGHT = 96, 14, 8
PAD = 7

TICKS = (0.125, 0.2, 0.25, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 4.0, 5.0, 8.0)
"""Round values on a logarithmic axis."""

SHAPES = {
    "fail": "M-2-4.6H2L4.6-2V2L2 4.6H-2L-4.6 2V-2Z",
    "review": "M0-5L5 4H-5Z",
    "pass": "",
    "insufficient": "M0-5L5 0L0 5L-5 0Z",
    "waived": "M-4-4H4V4H-4Z",
}
"""A shape for each verdict, so that colour never carries it alone; a pass is a round dot."""

SIGNED = {
    "fail": (
        "M-2.3-5.6H2.3L5.6-2.3V2.3L2.3 5.6H-2.3L-5.6 2.3V-2.3Z",
        "M-2.4-2.4L2.4 2.4M2.4-2.4L-2.4 2.4",
    ),
    "review": ("M0-5.6L6 4.6H-6Z", "M0-1.6V1.1M0 2.9V2.9"),
    "pass": ("M-5.4 0a5.4 5.4 0 1 0 10.8 0a5.4 5.4 0 1 0-10.8 0Z", "M-2.2.2L-.6 1.8L2.3-1.6"),
    "insufficient": ("M0-6L6 0L0 6L-6 0Z", "M-1.8 0H1.8"),
    "waived": ("M-5-5H5V5H-5Z", "M-2.2 0H2.2"),
}
"""The same shapes with a sign inside, to stand beside words."""


def draw(bar: Bar, *, small: bool = False) -> Markup:
    """The drawing of a bar, for a column of bars or, small, under a number."""
    if bar.kind == "share":
        return _svg(bar, SMALL_WIDTH, SHARE_HEIGHT, "")
    if small:
        return _svg(bar, SMALL_WIDTH, SMALL_HEIGHT, "")
    return _svg(bar, WIDTH, HEIGHT, f' viewBox="0 0 {WIDTH} {HEIGHT}"')


def wide(bar: Bar) -> Markup:
    """A bar that fills its place, whatever the width."""
    return _svg(bar, 400, 20, ' viewBox="0 0 400 20" preserveAspectRatio="none"')


def _svg(bar: Bar, width: int, height: int, box: str) -> Markup:
    # a page holds hundreds of these, so they are written as short as HTML allows
    body = {"interval": _interval, "range": _range, "share": _share, "curve": _curve}[bar.kind]
    kind = {"interval": "b", "range": "b", "share": "h", "curve": "c"}[bar.kind]
    tone = {"plain": "", "quiet": ""}.get(bar.tone, f" {bar.tone}")
    classes = f'"{kind}{tone}"' if tone else kind
    return Markup(f"<svg class={classes}{box}>{body(bar, width, height)}</svg>")


def _path(kind: str, d: str) -> str:
    return f"<path class={kind} d={d.replace(' ', ',')} />"


def symbols() -> Markup:
    """Every shape once; the drawings refer to them."""
    marks = "".join(f'<path id="m-{k}" d="{d}"/>' for k, d in SHAPES.items() if d)
    signs = "".join(
        f'<symbol id="v-{k}" viewBox="-7 -7 14 14"><path class="shape" d="{shape}"/>'
        f'<path class="sign" d="{sign}"/></symbol>'
        for k, (shape, sign) in SIGNED.items()
    )
    return Markup(
        '<svg width="0" height="0" class="symbols" aria-hidden="true">'
        f"<defs>{marks}{signs}</defs></svg>"
    )


def position(bar: Bar, x: float, width: int, pad: int = PAD) -> int:
    """Where a value lies, from `pad` to width − pad; values outside stop at the edges."""
    start, end = bar.start, bar.end
    if bar.log:
        x, start, end = (math.log(max(v, 1e-9)) for v in (x, start, end))
    share = (x - start) / (end - start) if end > start else 0.5
    return round(pad + (width - 2 * pad) * min(max(share, 0.0), 1.0))


def _inside(bar: Bar, x: float) -> bool:
    return x == x and bar.start <= x <= bar.end


def _lines(bar: Bar, width: int, height: int) -> str:
    out = ""
    if _inside(bar, bar.parity):
        out += _path("p", f"M{position(bar, bar.parity, width)} 0V{height}")
    if _inside(bar, bar.line):
        out += _path("r", f"M{position(bar, bar.line, width)} 0V{height}")
    if bar.log and bar.line > 0 and bar.line != 1 and _inside(bar, 1 / bar.line):
        out += _path("i", f"M{position(bar, 1 / bar.line, width)} 0V{height}")
    return out


def _interval(bar: Bar, width: int, height: int) -> str:
    y = height // 2
    out = _lines(bar, width, height)
    if bar.low == bar.low and bar.high == bar.high:
        a, b = position(bar, bar.low, width), position(bar, bar.high, width)
        span = f"M{a} {y}H{b}"
        if bar.low < bar.start:
            span += f"M{a} {y - 4}l-5 4l5 4"
        if bar.high > bar.end:
            span += f"M{b} {y - 4}l5 4l-5 4"
        out += _path("s", span)
    if bar.value == bar.value:
        x = position(bar, bar.value, width)
        if bar.tone in SHAPES and bar.tone != "pass":
            out += f"<use href=#m-{bar.tone} x={x} y={y} />"
        else:
            out += _path("d", f"M{x} {y}h0")
    return out


def _range(bar: Bar, width: int, height: int) -> str:
    a, b = position(bar, bar.low, width), position(bar, bar.high, width)
    return _path("e", f"M{a} {height // 2 - 4}v8m0 -4H{b}m0 -4v8")


def _share(bar: Bar, width: int, height: int) -> str:
    out = ""
    if bar.value == bar.value:
        out = _path("f", f"M0 0H{position(bar, bar.value, width, 0)}V{height}H0")
    if bar.low == bar.low:
        a, b = position(bar, bar.low, width, 0), position(bar, bar.high, width, 0)
        top, low, y = height * 3 // 10, height * 7 // 10, height // 2
        out += _path("w", f"M{a} {top}V{low}M{a} {y}H{b}M{b} {top}V{low}")
    return out


def _curve(bar: Bar, width: int, height: int) -> str:
    if not bar.heights:
        return ""
    path, count = f"M{PAD} {height}", len(bar.heights)
    for i, h in enumerate(bar.heights):
        right = PAD + (width - 2 * PAD) * (i + 1) / count
        path += f"V{_short(height - h * (height - 1))}H{_short(right)}"
    return _path("a", f"{path}V{height}") + _lines(bar, width, height)


def _short(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def axis(bar: Bar, *, under: bool = False) -> Markup:
    """The axis of a column of bars: the line, parity and a few round ticks.

    Labels stand above the ticks (for a table's head), or `under` them.
    """
    marks = [bar.line] if _inside(bar, bar.line) else []
    if _inside(bar, bar.parity) and all(
        abs(position(bar, bar.parity, WIDTH) - position(bar, m, WIDTH)) > 15 for m in marks
    ):
        marks.append(bar.parity)
    for x in TICKS if bar.log else _steps(bar):
        at = position(bar, x, WIDTH)
        if _inside(bar, x) and all(abs(at - position(bar, m, WIDTH)) > 28 for m in marks):
            marks.append(x)
    out = ""
    label, tick = ("14", "0v4") if under else ("10", "13v4")
    for x in sorted(marks):
        at = position(bar, x, WIDTH)
        anchor = "middle" if 14 <= at <= WIDTH - 14 else "start" if at < 14 else "end"
        left = at if anchor == "middle" else 0 if anchor == "start" else WIDTH
        out += f'<text x="{left}" y="{label}" text-anchor="{anchor}">{text.minus(f"{x:g}")}</text>'
        kind = ' class="r"' if x == bar.line else ""
        out += f'<path{kind} d="M{at} {tick}"/>'
    return Markup(f'<svg class="axis" viewBox="0 0 {WIDTH} 17" aria-hidden="true">{out}</svg>')


def _steps(bar: Bar) -> tuple[float, ...]:
    edge = max(abs(bar.start), abs(bar.end))
    if edge <= 0:
        return ()
    size = 10.0 ** math.floor(math.log10(edge))
    step = next(size * k for k in (5, 2, 1) if size * k <= edge)
    return tuple(round(k * step, 12) for k in range(-5, 6))


def icon(verdict: str) -> Markup:
    """A verdict's shape with its sign, for the card and the tables."""
    kind = verdict if verdict in SIGNED else "insufficient"
    return Markup(f"<svg class=icon><use href=#v-{kind} /></svg>")
