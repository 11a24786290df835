"""From rows to verdict, in one reading: read, count, measure, judge.

This is the only file that composes the stages; each stage knows nothing of the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.errors import InputError, VerdictError
from audit.findings.gate import blocks
from audit.findings.record import AuditRecord, Policy, Provenance
from audit.table.rows import CodedRows, Table
from audit.tally.cube import Tally

if TYPE_CHECKING:
    import pandas as pd

    from audit.findings.record import Finding
    from audit.inference.estimate import Estimates
    from audit.inference.reference import Reference
    from audit.table.roles import Issue
    from audit.tally.distribution import Distribution

CHART_BINS = 64
"""Score bins of an audit's own tally: what charts show and a report carries."""

ENGINE_BINS = 1024
"""Score bins where rows stay in an engine; they then bound the error of score metrics."""


def run(
    source: Any,
    *,
    policy: str | Path | Policy = "us-credit",
    intersections: int = 2,
    level: float = 0.95,
    min_rows: int = 30,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    model: Any = None,
    returns: Any = None,
    title: str | None = None,
    command: str | None = None,
    extra: Mapping[str, Any] | None = None,
    **roles: Any,
) -> Audit:
    """Audit a table, a tally, or anything `audit.read` takes (with its arguments).

    `policy` names the pack that plans and judges ("us-credit", "research", "nyc-ll144", or a
    path); `intersections` how many attributes are crossed; `level` of every interval;
    `min_rows` below which a group is never passed; `metrics` catalogue keys (the standard set
    unless told). `model` receives `features` and decides by `cutoff`, `approval_rate` or
    `predict`. `title`, `command` and `extra` (plain values) stand in the report.

    Raises `InputError` naming argument, rows and remedy.

    >>> loans = {"sex": ["f"] * 40 + ["m"] * 60, "ok": [1] * 15 + [0] * 25 + [1] * 45 + [0] * 15}
    >>> result = run(loans, protected=["sex"], decision="ok", favorable=1, reference={"sex": "m"})
    >>> result.verdict
    'fail'
    """
    _check_level(level)
    if isinstance(source, Tally):
        _no_roles(roles, "a tally")
        tally, table = source, None
    else:
        table = _table(source, model, returns, roles)
        tally = _count(table, intersections)
    found = _policy(policy)
    distributions = _distributions(table, tally)
    record = _judged(
        tally,
        found,
        distributions,
        level=level,
        intersections=intersections,
        min_rows=min_rows,
        seed=seed,
        keys=_keys(metrics),
        title=title or _title(tally),
        command=command,
        extra=extra,
    )
    return Audit(record)


def count(
    table: Any,
    *,
    policy: str | Path | Policy = "us-credit",
    intersections: int = 2,
    score_range: tuple[float, float] = (0.0, 1.0),
    score_bins: int = ENGINE_BINS,
    amount_range: Mapping[str, tuple[float, float]] | None = None,
    **roles: Any,
) -> Tally:
    """The tally of a table (or of anything `audit.read` takes, with its arguments).

    Score bins are fixed in advance so that tallies add up; so are those of continuous decisions
    where `amount_range` gives their limits ({"limit": (0, 1e6)}), else they span what was seen.
    `policy` is checked, and its plan is covered by the cubes counted.

    >>> loans = {"sex": ["f", "m", "m"], "ok": [True, False, True]}
    >>> count(loans, protected=["sex"], decision="ok").rows
    3
    """
    from audit.tally.counting import count_rows
    from audit.tally.plan import plan

    _policy(policy)
    read_table = _table(table, None, None, roles)
    return count_rows(
        read_table,
        plan(
            read_table,
            intersections=intersections,
            score_bins=score_bins,
            score_range=score_range,
            amount_range=amount_range,
        ),
    )


def load(path: str | Path) -> Audit:
    """The audit that a JSON report was written from, equal to it in every number.

    Raises `InputError` RPT… where the file is not one, is damaged, or of an unknown schema.
    """
    from audit.report.json_file import load as load_record

    return Audit(load_record(path))


def write(result: Audit, path: str | Path, *, force: bool = False, charts: str = "inline") -> Path:
    """Write a report, by suffix: .html .json .md .csv .xlsx .junit.xml.

    A file that `audit` made is replaced atomically, any other needs `force`. `charts` for HTML:
    "inline" (one file), "none" (no script), "shared" (plotly.min.js beside it).
    """
    from audit.report.files import write as write_record

    return write_record(result.record, path, force=force, charts=charts)


class Audit:
    """What `audit.run` found: a frozen record, and views of it."""

    __slots__ = ("record",)

    def __init__(self, record: AuditRecord) -> None:
        """Wrap a record; nothing is computed."""
        self.record = record

    @property
    def verdict(self) -> str:
        """The worst planned finding: "fail", "review", "insufficient", "pass" or "waived"."""
        return self.record.verdict

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Rules judged on estimates: planned first, worst first; then exploration."""
        return self.record.findings

    @property
    def estimates(self) -> Estimates:
        """Every number, with interval, method and rows."""
        return self.record.estimates

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What was noticed about the data."""
        return self.record.issues

    @property
    def tally(self) -> Tally:
        """The counts everything was computed from."""
        return self.record.tally

    def summary(self) -> str:
        """One paste-ready sentence: both rates, ratio, interval, rule, people affected."""
        from audit.findings.summary import summary

        return summary(self.record)

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values, as in the JSON report."""
        from audit.report.json_file import to_dict

        return to_dict(self.record)

    def to_frame(self) -> pd.DataFrame:
        """One row an estimate, as a pandas frame; see the API for its columns."""
        import pandas as pd

        from audit.findings.judge import judge

        r = self.record
        judged = judge(
            r.estimates,
            r.tally,
            r.policy,
            r.references,
            min_rows=int(r.provenance.settings["min_rows"]),
            level=float(r.provenance.settings["level"]),
        )
        columns = {**r.estimates.columns, "line": judged.lines, "verdict": judged.verdicts}
        data = {}
        for name in FRAME_COLUMNS:
            values = columns[name]
            data[name] = pd.Series(values, dtype=object if name in OBJECT_COLUMNS else None)
        return pd.DataFrame(data)

    @property
    def figures(self) -> dict[str, Any]:
        """The report's charts as plotly figures, by name."""
        from audit.report.charts import figures

        return figures(self.record)

    def figure(self, name: str) -> Any:
        """One chart; `InputError` RPT… names the others where there is no such one."""
        figures = self.figures
        if name not in figures:
            raise InputError(
                "RPT030",
                f"no chart {name!r}",
                argument="name",
                fix=f"one of {', '.join(sorted(figures))}" if figures else "this audit has none",
            )
        return figures[name]

    def raise_for_verdict(self, fail_on: str = "fail") -> None:
        """Raise `audit.VerdictError` where the verdict is at or above `fail_on`."""
        if blocks(self.verdict, fail_on):
            raise VerdictError(self.summary(), self.verdict)

    def _repr_html_(self) -> str:
        from audit.report.card import repr_html

        return repr_html(self.record)

    def __repr__(self) -> str:
        """Verdict and summary."""
        return f"<Audit {self.verdict}: {self.summary()}>"

    def __eq__(self, other: object) -> bool:
        """Equal in everything a report holds; nan equals nan."""
        return isinstance(other, Audit) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # compared by value


FRAME_COLUMNS = (
    "attribute",
    "group",
    "reference",
    "stratum",
    "stage",
    "metric",
    "value",
    "low",
    "high",
    "level",
    "method",
    "p_value",
    "p_adjusted",
    "rows",
    "favorable",
    "reference_rows",
    "reference_value",
    "line",
    "verdict",
    "reason",
)
"""Columns of `Audit.to_frame()`, in order."""

OBJECT_COLUMNS = ("attribute", "group", "reference", "stratum", "stage", "verdict", "reason")
"""Those that hold tuples, or text that may be missing."""


# --- stages ---------------------------------------------------------------------------------


def _table(source: Any, model: Any, returns: Any, roles: dict[str, Any]) -> Table:
    if isinstance(source, Table):
        _no_roles(roles, "a table")
        if model is not None:
            raise InputError(
                "RUN002",
                "a table is already read",
                argument="model",
                fix="give run() the frame, the model and the roles together",
            )
        return source
    from audit.table.intake import read

    if model is None:
        return read(source, **roles)
    from audit.table.model import with_model

    frame, found = with_model(
        _frame(source, roles.get("encoding")),
        model,
        features=roles.get("features"),
        outcome=roles.get("outcome"),
        favorable=roles.get("favorable"),
        decided=roles.get("cutoff") is not None or roles.get("approval_rate") is not None,
        returns=returns,
    )
    table = read(frame, **{**roles, **found})
    if "decision" in found:
        return replace(table, roles=replace(table.roles, decided_by="predict"))
    return table


def _frame(source: Any, encoding: str | None) -> Any:
    if isinstance(source, str | Path):
        import narwhals as nw

        from audit.table.sources import open_source

        opened = open_source(source, encoding=encoding).frame
        eager = opened.collect() if isinstance(opened, nw.LazyFrame) else opened
        return eager.to_pandas()  # models are fitted on pandas frames
    if isinstance(source, Mapping):
        import pandas as pd

        return pd.DataFrame(dict(source))
    return source


def _no_roles(roles: Mapping[str, Any], what: str) -> None:
    if roles:
        name = sorted(roles)[0]
        raise InputError(
            "RUN001",
            f"{what} already has its roles",
            argument=name,
            fix="give roles to audit.read or audit.count",
        )


def _check_level(level: float) -> None:
    if not 0.5 <= level < 1:
        raise InputError(
            "RUN003",
            f"{level!r} is not a confidence level",
            argument="level",
            fix="for example 0.95",
        )


def _count(table: Table, intersections: int) -> Tally:
    from audit.tally.counting import count_rows
    from audit.tally.plan import plan

    bins = CHART_BINS if isinstance(table.rows, CodedRows) else ENGINE_BINS
    return count_rows(table, plan(table, intersections=intersections, score_bins=bins))


def _policy(policy: str | Path | Policy) -> Policy:
    from audit.findings.policies.pack import load as load_policy

    return load_policy(policy)


def _keys(metrics: Sequence[str] | None) -> tuple[str, ...]:
    from audit.metrics.catalogue import CATALOGUE, STANDARD, get

    if metrics is None:
        return STANDARD
    if metrics == "all" or list(metrics) == ["all"]:
        return tuple(CATALOGUE)
    return tuple(dict.fromkeys([*STANDARD, *(get(m).key for m in metrics)]))


STRATA_KEYS = ("conditional_demographic_disparity", "conditional_statistical_parity_difference")
"""Estimated wherever strata are given."""


def _distributions(table: Table | None, tally: Tally) -> dict[str, list[Distribution]]:
    """Score and amount distributions of everyone and each single attribute, by column."""
    from audit.tally.spread import distributions, from_cube, sort_rows

    roles = tally.roles
    columns = [c for c in (roles.score, roles.risk, *roles.amount) if c is not None]
    exact = table is not None and isinstance(table.rows, CodedRows)
    found: dict[str, list[Distribution]] = {}
    for column in columns:
        parts: list[Distribution] = []
        ordered = sort_rows(table, column) if table is not None and exact else None
        for attributes in ((), *((name,) for name in roles.protected)):
            if exact:
                assert table is not None
                parts.extend(distributions(table, attributes, column, ordered=ordered))
            else:
                parts.extend(from_cube(tally, attributes, column))
        if parts:
            found[column] = parts
    return found


def _judged(
    tally: Tally,
    policy: Policy,
    distributions: Mapping[str, Sequence[Distribution]],
    *,
    level: float,
    intersections: int,
    min_rows: int,
    seed: int,
    keys: tuple[str, ...],
    title: str | None,
    command: str | None,
    extra: Mapping[str, Any] | None,
) -> AuditRecord:
    from audit import __version__
    from audit.findings.judge import judge
    from audit.inference.measure import known, measure
    from audit.inference.reference import references

    chosen = references(tally, policy.reference_rule, min_rows=min_rows, min_share=policy.min_share)
    if tally.roles.strata:
        keys = tuple(dict.fromkeys([*keys, *STRATA_KEYS]))
    estimates, missing = measure(
        tally,
        chosen,
        keys,
        level=level,
        intersections=intersections,
        min_rows=min_rows,
        distributions=distributions,
        seed=seed,
    )
    judged = judge(estimates, tally, policy, chosen, min_rows=min_rows, level=level)
    settings = {
        "intersections": intersections,
        "level": level,
        "min_rows": min_rows,
        "metrics": list(keys),
        **(extra or {}),
    }
    return AuditRecord(
        provenance=Provenance(
            version=__version__,
            seed=seed,
            policy=policy.name,
            fingerprint=tally.fingerprint,
            settings=settings,
            libraries=_libraries(),
            command=command,
            title=title,
        ),
        roles=tally.roles,
        references=chosen,
        policy=policy,
        issues=(*tally.issues, *_state_issues(tally, known(tally))),
        tally=tally,
        estimates=estimates.replace(p_adjusted=judged.p_adjusted),
        findings=judged.findings,
        verdict=judged.verdict,
        not_checked=(*judged.not_checked, *tally.skipped, *missing, *_absent(tally, known(tally), distributions)),
        charts=_charts(tally, chosen, distributions, level),
    )


@lru_cache(maxsize=1)
def _libraries() -> dict[str, str]:
    from importlib.metadata import version
    from platform import python_version

    names = ("numpy", "scipy", "narwhals")
    return {"python": python_version(), **{n: version(n) for n in names}}


def _title(tally: Tally) -> str | None:
    if not tally.sources:
        return None
    first = tally.sources[0]
    return first if len(tally.sources) == 1 else f"{first} and {len(tally.sources) - 1} more"


def _state_issues(tally: Tally, state: Any) -> tuple[Issue, ...]:
    from audit.table.roles import Issue

    if not state.selective:
        return ()
    return (
        Issue(
            code="RUN010",
            severity="warning",
            column=tally.roles.outcome,
            message="selective labels: outcomes are known only for approved applicants, so error "
            "rates are undefined and base rates are among the approved",
            fix="read precision and the bounds; collect outcomes of some denied applicants",
        ),
    )


def _absent(
    tally: Tally, state: Any, distributions: Mapping[str, Sequence[Distribution]]
) -> tuple[str, ...]:
    """What the data do not allow, in words."""
    out = []
    if not state.decision:
        out.append("approval rates: no decision, cut-off or model was given")
    if not state.outcome:
        out.append("error rates and calibration: no outcome was given")
    elif state.selective:
        out.append("error rates: outcomes are known only for the approved (selective labels)")
    if not distributions:
        out.append("scores: no score or risk was given")
    return tuple(out)


def _charts(
    tally: Tally,
    chosen: Sequence[Reference],
    distributions: Mapping[str, Sequence[Distribution]],
    level: float,
) -> dict[str, Any]:
    """Numbers behind charts that are not estimates."""
    from audit.inference.curves import calibration_bins, cutoff_sweep, histogram

    charts: dict[str, Any] = {"distributions": [], "calibration": [], "sweep": []}
    levels = {r.attribute: r.level for r in chosen}
    for column, parts in distributions.items():
        for name in tally.roles.protected:
            own = [d for d in parts if d.attribute == (name,) and d.rows > 0]
            if not own:
                continue
            charts["distributions"].append(histogram(own, CHART_BINS))
            if column in tally.roles.amount:
                continue
            probabilities = all(d.values.min() >= 0 and d.values.max() <= 1 for d in own)
            if probabilities and any(d.counts[:, :2].sum() > 0 for d in own):
                charts["calibration"].append(calibration_bins(own))
            index = [i for i, d in enumerate(own) if d.group == (levels.get(name),)]
            if index and len(own) > 1:
                charts["sweep"].extend(cutoff_sweep(own, index[0], level=level))
    return {k: v for k, v in charts.items() if v}
