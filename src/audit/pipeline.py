"""From rows to verdict, in one reading: read, count, measure, judge.

This is the only file that composes the stages; each stage knows nothing of the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.errors import DataWarning, InputError, VerdictError, tell
from audit.findings.gate import blocks
from audit.findings.record import AuditRecord, Policy, Provenance
from audit.table.keywords import check_keywords, refuse_roles
from audit.table.rows import CodedRows, Table
from audit.tally.cube import Tally

if TYPE_CHECKING:
    import pandas as pd

    from audit.explanation.decomposition import Decomposition
    from audit.explanation.record import Explanation
    from audit.findings.record import Finding
    from audit.findings.settings import Settings
    from audit.inference.by_blocks import BlockSums
    from audit.inference.estimate import Estimates
    from audit.mitigation.change_record import Changes
    from audit.mitigation.record import Comparison
    from audit.mitigation.sweep_record import Sweep
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
    from audit.findings.settings import settings
    from audit.tally.columns import block_sums, by_column

    told = settings(
        level=level, intersections=intersections, min_rows=min_rows, seed=seed, metrics=metrics,
        title=title, command=command, extra=extra,
    )  # fmt: skip
    plan = _policy(policy)
    table: Table | None = None
    if isinstance(source, Tally):
        _refuse_model(model, returns, "a tally")
        refuse_roles(roles, "a tally")
        tally = source
    else:
        table = _table(source, model, returns, roles, "run")
        tally = _count(table, told.intersections)
    record = _judged(
        tally,
        plan,
        by_column(table, tally),
        block_sums(table),
        told,
        table=table,
        title=title or _title(tally),
        command=command,
    )
    for issue in record.issues:
        if issue.code in WARNED:
            tell(DataWarning(issue.message, issue.code))
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
    read_table = _table(table, None, None, roles, "count")
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


def attach(
    result: Audit,
    explanation: Explanation | None = None,
    decomposition: Decomposition | Sequence[Decomposition] | None = None,
    comparison: Comparison | None = None,
    alternatives: Comparison | None = None,
    *,
    sweep: Sweep | None = None,
    changes: Changes | None = None,
) -> Audit:
    """The audit with more in its report: why the gap arises, and what could be done about it.

    `explanation` is what `audit.explain` returned, `decomposition` what `audit.decompose` did
    (or several): sections 5 and 7. `comparison` is what `audit.mitigate` returned, `alternatives`
    what `audit.search_alternatives` did, `sweep` `audit.sweep_cutoffs`, `changes`
    `audit.who_changes`: section 6. Verdict and findings stay as they are; what was attached
    before is replaced part by part. A comparison may be of some of the people audited, such as
    those held out. Raises `InputError` RUN020 where they are something else, RUN021 where they
    were found in other data.

    >>> loans = {"sex": ["f", "m"] * 60, "ok": [1, 1, 0, 1, 0, 1] * 20, "income": [3, 5, 2] * 40}
    >>> roles = {"protected": "sex", "decision": "ok", "favorable": 1}
    >>> from audit.explanation.decompose import decompose
    >>> attach(run(loans, **roles), decomposition=decompose(loans, controls=["income"], **roles))
    ... # doctest: +ELLIPSIS
    <Audit fail: ...>
    """
    from audit.explanation.attached import attached
    from audit.mitigation.attached import attached as remedies

    if not isinstance(result, Audit):
        raise InputError(
            "RUN020",
            f"a {type(result).__name__} is no audit",
            argument="result",
            fix="give what audit.run or audit.load returned",
        )
    record = result.record
    held = attached(
        record.explanation, explanation, decomposition, roles=record.roles, rows=record.tally.rows
    )
    parts = {
        "comparison": comparison, "alternatives": alternatives, "sweep": sweep, "changes": changes,
    }  # fmt: skip
    done = remedies(record.candidates, parts, record.tally)
    return Audit(replace(record, explanation=held, candidates=done))


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

    if not isinstance(result, Audit):
        raise InputError(
            "RPT031",
            f"a {type(result).__name__} is no audit",
            argument="result",
            fix="give what audit.run or audit.load returned",
        )
    if not isinstance(charts, str):
        raise InputError(
            "RPT001",
            f"a {type(charts).__name__} is no way to draw charts",
            argument="charts",
            fix='use charts="inline", "none" or "shared"',
        )
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
        if not isinstance(name, str) or name not in figures:
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
    "decision_level",
    "column",
)
"""Columns of `Audit.to_frame()`, in order."""

OBJECT_COLUMNS = (
    *("attribute", "group", "reference", "stratum", "stage", "verdict", "reason"),
    *("decision_level", "column"),
)
"""Those that hold tuples, or text that may be missing."""


# --- stages ---------------------------------------------------------------------------------


def _table(source: Any, model: Any, returns: Any, roles: dict[str, Any], own: str) -> Table:
    if isinstance(source, Table):
        _refuse_model(model, returns, "a table")
        refuse_roles(roles, "a table")
        return _looked_over(_decided(source))
    check_keywords(roles, OWN[own])
    from audit.table.modelled import read_source

    return _looked_over(_decided(read_source(source, model, returns, roles)))


def _decided(table: Table) -> Table:
    """The table, unless it waits for a model that nobody gave: its cut-off would decide nothing."""
    roles = table.roles
    waiting = roles.cutoff is not None or roles.approval_rate is not None
    if roles.decided_by == "none" and waiting:
        rule = "cutoff" if roles.cutoff is not None else "approval_rate"
        raise InputError(
            "TBL029",
            f"{rule} needs a score, a risk or a model",
            argument=rule,
            fix="name its column: score= or risk=, or give the model: model=",
        )
    return table


def _looked_over(table: Table) -> Table:
    """The table with what its features look like: leaks, gaps, repeats.

    Without named features, notes on columns that seem to leak.
    """
    from audit.table.quality import data_quality

    found = data_quality(table)
    for issue in found:
        if issue.severity == "warning":
            tell(DataWarning(f"{issue.message} — {issue.fix}", issue.code))
    return replace(table, issues=(*table.issues, *found))


OWN = {
    "run": (
        *("policy", "intersections", "level", "min_rows", "seed", "metrics", "model", "returns"),
        *("title", "command", "extra"),
    ),
    "count": ("policy", "intersections", "score_range", "score_bins"),
}
"""Arguments of the verbs themselves, for suggestions."""


def _refuse_model(model: Any, returns: Any, what: str) -> None:
    if model is not None or returns is not None:
        raise InputError(
            "RUN002",
            f"{what} is already read",
            argument="returns" if model is None else "model",
            fix="give run() the frame, the model and the roles together",
        )


def _count(table: Table, intersections: int) -> Tally:
    from audit.tally.counting import count_rows
    from audit.tally.plan import plan

    bins = CHART_BINS if isinstance(table.rows, CodedRows) else ENGINE_BINS
    return count_rows(table, plan(table, intersections=intersections, score_bins=bins))


def _policy(policy: str | Path | Policy) -> Policy:
    from audit.findings.policies.pack import load as load_policy

    return load_policy(policy)


def _judged(
    tally: Tally,
    policy: Policy,
    distributions: Mapping[str, Sequence[Distribution]],
    sums: Mapping[str, BlockSums],
    told: Settings,
    *,
    table: Table | None,
    title: str | None,
    command: str | None,
) -> AuditRecord:
    from audit import __version__
    from audit.findings.judge import judge
    from audit.findings.settings import STRATA_KEYS
    from audit.inference.chart_numbers import chart_numbers
    from audit.inference.measure import measure
    from audit.inference.noticed import absent, noticed
    from audit.inference.reference import references
    from audit.metrics.catalogue import AMOUNT_KEYS

    wide = {"intersections": told.intersections, "min_rows": told.min_rows}
    chosen = references(
        tally, policy.reference_rule, min_rows=told.min_rows, min_share=policy.min_share
    )
    keys = told.keys
    if tally.roles.strata:
        keys = tuple(dict.fromkeys([*keys, *STRATA_KEYS]))
    continuous = AMOUNT_KEYS if tally.roles.amount or tally.roles.decided_by == "none" else ()
    estimates, missing = measure(
        tally,
        chosen,
        keys,
        level=told.level,
        distributions=distributions,
        sums=sums,
        amount_keys=continuous,
        seed=told.seed,
        **wide,
    )
    charts = chart_numbers(tally.roles, chosen, distributions, level=told.level, bins=CHART_BINS)
    if table is not None and tally.roles.strata and continuous:
        from audit.inference.regression import adjusted_by_strata

        levels = {r.attribute: r.level for r in chosen}
        held_equal, unfitted = adjusted_by_strata(table, levels, told.level)
        missing += unfitted
        charts |= {"adjusted": held_equal} if held_equal else {}
    all_keys = list(dict.fromkeys([*keys, *(continuous if distributions else ())]))
    judged = judge(estimates, tally, policy, chosen, min_rows=told.min_rows, level=told.level)
    not_checked = [
        *judged.not_checked,
        *tally.skipped,
        *(m for m in missing if not any(s.startswith(m.split(": ")[0]) for s in tally.skipped)),
        *absent(tally, intersections=told.intersections, scored=bool(distributions)),
    ]
    return AuditRecord(
        provenance=Provenance(
            version=__version__,
            seed=told.seed,
            policy=policy.name,
            fingerprint=tally.fingerprint,
            settings={**wide, "level": told.level, "metrics": all_keys, **told.extra},
            libraries=_libraries(),
            command=command,
            title=title,
        ),
        roles=tally.roles,
        references=chosen,
        policy=policy,
        issues=(*tally.issues, *noticed(tally, chosen, **wide)),
        tally=tally,
        estimates=estimates.replace(p_adjusted=judged.p_adjusted),
        findings=judged.findings,
        verdict=judged.verdict,
        not_checked=tuple(dict.fromkeys(not_checked)),
        charts=charts,
    )


WARNED = ("RUN012", "RUN013", "RUN014")
"""Issues found among the counts that are also a `DataWarning`; `read` gives its own."""


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
