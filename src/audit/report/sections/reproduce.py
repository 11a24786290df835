"""Section 10: everything needed to make the same bytes again, and the words used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.report import look, text
from audit.report.blocks import Block, Facts, Fold, Line, Listing, Mark, Prose, Section
from audit.report.look import Look
from audit.report.sections import told
from audit.table.roles import Level, Roles

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Adjusted p", "The p-value, corrected for how many comparisons were planned together."),
    ("Base rate", "The share of a group whose outcome was favourable, whatever was decided."),
    ("Calibration", "Whether people given the same score turn out the same way in every group."),
    (
        "Disparate impact ratio",
        "One group's approval rate over its reference's: 1 is parity, 0.80 the customary line.",
    ),
    (
        "Error rates",
        "TPR: approved among those who would repay. FPR: approved among those who would not. "
        "FNR: denied among those who would repay.",
    ),
    (
        "Exploration",
        "A comparison nobody planned in advance. It can ask for a review, never fail an audit.",
    ),
    ("Favourable", "What the applicant would want: an approval; a loan that is repaid."),
    (
        "Fingerprint",
        "A hash of roles and counts: the same data have the same one on every machine.",
    ),
    ("Insufficient", "The sample neither shows a gap beyond the rule nor excludes one."),
    (
        "Interval",
        "The true values that fit the data; at 95%, such ranges miss the truth in 1 sample of 20.",
    ),
    (
        "People affected",
        "How many more people would be approved at the comparison group's rate.",
    ),
    ("Planned", "Written down before looking. Only planned comparisons decide the verdict."),
    ("PPV", "Precision: the share of the approved who repaid."),
    (
        "Reference group",
        "The group that others are compared with, declared or chosen by the policy's rule.",
    ),
    ("SMD", "Standardized mean difference: average scores apart, in standard deviations."),
)
"""Plain words for the terms this report uses."""


NAMES = {
    "intersections": "Attributes crossed",
    "level": "Interval level",
    "min_rows": "Smallest group judged",
}
"""Settings in plain words; any other keeps its key."""


def section(look_: Look) -> Section:
    """How to reproduce the report."""
    record = look_.record
    p = record.provenance
    items: list[tuple[str, Line]] = [
        ("Package", (f"evenhand {text.visible(p.version)}",)),
        ("Policy", (text.visible(p.policy),)),
        ("Seed", (str(p.seed),)),
        ("Data fingerprint", (Mark(text=text.visible(p.fingerprint), kind="code"),)),
    ]
    if p.libraries:
        versions = ", ".join(f"{k} {v}" for k, v in sorted(p.libraries.items()))
        items.append(("Libraries", (text.visible(versions),)))
    made = told.stamp(p.settings)
    if made:
        items.append(("Made", (f"{made}, as asked; without that no time is written",)))
    items.extend(
        (NAMES.get(k, f"Setting {text.visible(k, 40)}"), (_setting(v),))
        for k, v in sorted(p.settings.items())
        if k not in told.TOLD or (k == "comparison" and not told.compared(p.settings))
    )
    methods = sorted({m for m in record.estimates.columns["method"] if m})
    if methods:
        items.append(("Interval methods", (text.visible("; ".join(methods)),)))
    blocks: list[Block] = [
        Prose(
            lines=(("The same data, configuration, seed and versions give the same bytes.",),),
            kind="lead",
        ),
        Facts(items=tuple(items)),
    ]
    if p.command:
        blocks.append(Listing(title="Command", text=text.visible(p.command)))
    blocks.append(Listing(title="Configuration (audit.toml)", text=configuration(record.roles)))
    blocks.append(
        Prose(
            lines=(
                (
                    "The numbers are embedded in this page as JSON (",
                    Mark(text="script#audit-report", kind="code"),
                    "), and in full in the JSON report, whose schema is ",
                    Mark(text="audit.report/1", kind="code"),
                    ".",
                ),
            )
        )
    )
    metrics = p.settings.get("metrics")
    columns = record.estimates.columns
    known = {m for m, x in zip(columns["metric"], columns["value"], strict=True) if x == x}
    metrics = [m for m in metrics if m in known] if isinstance(metrics, tuple | list) else []
    if metrics:
        listed = ", ".join(text.visible(look.title(str(m)), 60) for m in metrics)
        title = f"Every metric with an estimate ({len(metrics):,})"
        blocks.append(Fold(title=title, blocks=(Prose(lines=((text.sentence(listed),),)),)))
    glossary = Facts(items=tuple((k, (v,)) for k, v in GLOSSARY), kind="glossary")
    blocks.append(Fold(title="Glossary, in plain words", blocks=(glossary,)))
    return Section(key="reproduce", title="Reproduce", short="Reproduce", blocks=tuple(blocks))


def _setting(value: Any) -> str:
    if isinstance(value, Mapping):
        return text.visible(", ".join(f"{k}: {v}" for k, v in sorted(value.items())), 200)
    if isinstance(value, tuple | list):
        return text.visible(", ".join(str(v) for v in value), 200) or "none"
    return text.visible(str(value), 200)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple | list):
        items = [v for v in value if v is not None]
        return _toml(items[0]) if len(items) == 1 else f"[{', '.join(_toml(v) for v in items)}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text.visible(escaped, 200)}"'


def _table(values: Mapping[str, Any]) -> str:
    pairs = ", ".join(f"{_toml(str(k))} = {_toml(v)}" for k, v in sorted(values.items()))
    return f"{{ {pairs} }}"


def _protected(roles: Roles) -> str:
    """Names of columns; a table where groups are told by a column each."""
    if not roles.overlapping:
        return f"[{', '.join(_toml(p) for p in roles.protected)}]"
    told = []
    for name in roles.protected:
        members = roles.overlapping.get(name)
        inside = ", ".join(f"{_toml(g)} = {_toml(c)}" for g, c in members or ())
        told.append(f"{_toml(name)} = {f'{{ {inside} }}' if members else _toml(name)}")
    return f"{{ {', '.join(told)} }}"


def configuration(roles: Roles) -> str:
    """The roles as `audit.toml` would hold them; what was not said is left out.

    >>> print(configuration(Roles(protected=("age",), decision="ok", favorable={"decision": (1,)})))
    protected = ["age"]
    decision = "ok"
    favorable = { "decision" = 1 }
    """
    lines = [f"protected = {_protected(roles)}"]
    for name in ("decision", "outcome", "score", "risk", "cutoff", "approval_rate"):
        value = getattr(roles, name)
        if name == "cutoff" and roles.approval_rate is not None:
            continue  # it follows from the rate; both at once are refused
        if value is not None:
            lines.append(f"{name} = {_toml(value)}")
    for name in ("favorable", "unfavorable", "reference"):
        values: Mapping[str, Level | tuple[Level, ...]] = getattr(roles, name)
        if values:
            lines.append(f"{name} = {_table(values)}")
    if roles.bins:
        cuts = {k: list(v) for k, v in roles.bins.items()}
        pairs = ", ".join(
            f"{_toml(k)} = [{', '.join(f'{x:g}' for x in v)}]" for k, v in sorted(cuts.items())
        )
        lines.append(f"bins = {{ {pairs} }}")
    if roles.amount:
        lines.append(f"amount = {_table(roles.amount)}")
    if roles.levels:
        lines.append(f"levels = [{', '.join(_toml(v) for v in roles.levels)}]")
    for name in ("strata", "stages"):
        names = getattr(roles, name)
        if names:
            lines.append(f"{name} = [{', '.join(_toml(v) for v in names)}]")
    for name in ("weight", "count", "cluster", "id", "time", "where"):
        value = getattr(roles, name)
        if value is not None:
            lines.append(f"{name} = {_toml(value)}")
    if roles.missing != "group":
        lines.append(f"missing = {_toml(roles.missing)}")
    return "\n".join(lines)
