"""Audit records made by hand from counts, so that the report is tested without the pipeline."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np

from audit.findings.policies import load
from audit.findings.record import AuditRecord, Finding, Provenance, Reference
from audit.inference.estimate import Estimate, Estimates
from audit.inference.intervals import difference_interval, rate_interval, ratio_interval
from audit.table.roles import DECISION_LEVELS, OUTCOME_LEVELS, Axis, Issue, Roles
from audit.tally.cube import Cube, Tally, cells
from audit.tally.fingerprint import fingerprint

LEVEL = 0.95


def wilson(x: float, n: float) -> tuple[float, float]:
    if n == 0:
        return math.nan, math.nan
    low, high = rate_interval(x, n)
    return float(low), float(high)


def p_two_sided(x: float, n: float, y: float, m: float) -> float:
    pooled = (x + y) / (n + m)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    if spread == 0:
        return 1.0
    return math.erfc(abs(x / n - y / m) / spread / math.sqrt(2))


RATES = {
    "selection_rate": lambda t: (t[0].sum(), t[:2].sum()),
    "base_rate": lambda t: (t[:, 0].sum(), t[:, :2].sum()),
    "true_positive_rate": lambda t: (t[0, 0], t[:2, 0].sum()),
    "false_positive_rate": lambda t: (t[0, 1], t[:2, 1].sum()),
    "false_negative_rate": lambda t: (t[1, 0], t[:2, 0].sum()),
    "precision": lambda t: (t[0, 0], t[0, :2].sum()),
}


def rate_of(metric: str, attribute: tuple, group: tuple, t: Any) -> Estimate:
    x, n = (int(v) for v in RATES[metric](t))
    common = {
        "metric": metric,
        "attribute": attribute,
        "group": group,
        "rows": n,
        "favorable": float(x),
    }
    if n == 0:
        return Estimate(**common, reason="no rows in the denominator", method="Wilson")
    low, high = wilson(x, n)
    return Estimate(**common, value=x / n, low=low, high=high, method="Wilson")


def compare(
    metric: str, base: str, attribute: tuple, group: tuple, ref: tuple, t: Any, r: Any
) -> Estimate:
    (x, n), (y, m) = ([int(v) for v in RATES[base](a)] for a in (t, r))
    common = {
        "metric": metric,
        "attribute": attribute,
        "group": group,
        "reference": ref,
        "rows": n,
        "favorable": float(x),
        "reference_rows": m,
        "reference_value": y / m if m else math.nan,
        "method": "Miettinen-Nurminen",
    }
    if n == 0 or m == 0:
        return Estimate(**common, reason="no rows in the denominator")
    make = ratio_interval if metric.endswith("ratio") else difference_interval
    low, high = (float(v) for v in make(x, n, y, m))
    p = p_two_sided(x, n, y, m)
    if metric.endswith("ratio"):
        if y == 0:
            return Estimate(
                **common, low=low, high=high, p_value=p, reason="the reference's rate is 0"
            )
        value = (x / n) / (y / m)
    else:
        value = x / n - y / m
    return Estimate(**common, value=value, low=low, high=high, p_value=p)


def judge(e: Estimate, line: float, caution: float, planned: bool, worst: str) -> tuple[str, str]:
    ratio = e.metric.endswith("ratio")
    if e.value != e.value:
        return "insufficient", f"no value: {e.reason}"
    beyond = e.value < line if ratio else abs(e.value) > line
    zone = (line <= e.value < caution) if ratio else caution < abs(e.value) <= line
    inside = (e.low >= line) if ratio else (max(abs(e.low), abs(e.high)) <= line)
    significant = e.p_adjusted < 0.05
    if beyond and significant:
        verdict = worst if planned else "review"
        tail = " The whole interval is beyond the rule." if (ratio and e.high < line) else ""
        return verdict, (
            "the observed gap is beyond the rule; one this size would be unusual if the rates were "
            f"equal.{tail}"
        )
    if beyond:
        return "review", "a gap beyond the rule was seen; this sample cannot tell it from chance."
    if zone and significant:
        return "review", "within the rule, but a real gap."
    if min(e.rows, e.reference_rows) < 30:
        return "insufficient", "fewer than 30 rows in the group or its reference."
    if inside:
        return "pass", "no gap beyond the rule against the reference."
    return "insufficient", "nothing beyond the rule was seen, but this sample cannot exclude it."


def build(
    axes: dict[str, tuple],
    joint: Any,
    reference: dict[str, Any],
    *,
    title: str,
    roles: dict[str, Any],
    charts: dict[str, Any] | None = None,
    issues: tuple[Issue, ...] = (),
    extra: tuple[Estimate, ...] = (),
    excluded: int = 0,
    selective: bool = False,
    policy: str = "us-credit",
    not_checked: tuple[str, ...] = ("weights: no weight column was given",),
) -> AuditRecord:
    names = tuple(axes)
    policy_pack = load(policy)
    all_axes = (
        *(Axis(name=n, kind="protected", levels=v) for n, v in axes.items()),
        Axis(name="decision", kind="decision", levels=DECISION_LEVELS),
        Axis(name="outcome", kind="outcome", levels=OUTCOME_LEVELS),
    )
    the_roles = Roles(protected=names, reference=reference, **roles)
    cubes = (Cube(axes=all_axes, count=np.asarray(joint, dtype=np.int64)),)
    rows = int(np.sum(joint))
    tally = Tally(
        cubes=cubes,
        roles=the_roles,
        axes={f"{a.kind}:{a.name}": a for a in all_axes if a.kind == "protected"},
        rows=rows,
        excluded=excluded,
        fingerprint=fingerprint(cubes, the_roles, rows=rows, excluded=excluded, edges={}),
        issues=issues,
        sources=("loans.parquet",),
    )
    estimates: list[Estimate] = []
    pairs: list[tuple[str, Estimate]] = []
    singles = [(n,) for n in names]
    crossed = list(combinations(names, 2))
    for attribute in [(), *singles, *crossed]:
        here = cells(tally, attribute)[0]
        by_group = dict(zip(here.groups, here.n, strict=True))
        for group, t in by_group.items():
            for metric in RATES:
                if selective and metric not in ("selection_rate", "base_rate", "precision"):
                    a = t[0].sum() / max(t[:2].sum(), 1)
                    q = t[0, 0] / max(t[0, :2].sum(), 1)
                    low = a * q / (a * q + 1 - a) if a else 0.0
                    estimates.append(
                        Estimate(
                            metric=metric,
                            attribute=attribute,
                            group=group,
                            low=low,
                            high=1.0,
                            rows=int(t[:2].sum()),
                            reason="selective labels: bounds only",
                        )
                    )
                else:
                    estimates.append(rate_of(metric, attribute, group, t))
        if not attribute:
            continue
        ref = tuple(reference[a] for a in attribute)
        sized = [g for g in by_group if by_group[g][:2].sum() >= 30 and None not in g]
        highest = max(sized, key=lambda g: by_group[g][0].sum() / by_group[g][:2].sum())
        for group in by_group:
            for other in dict.fromkeys((ref, highest)):
                if group == other:
                    continue
                contrasts = [("disparate_impact_ratio", "selection_rate")]
                if not selective:
                    contrasts += [
                        ("true_positive_rate_difference", "true_positive_rate"),
                        ("predictive_equality_difference", "false_positive_rate"),
                    ]
                for metric, base in contrasts:
                    e = compare(
                        metric, base, attribute, group, other, by_group[group], by_group[other]
                    )
                    kind = "planned" if len(attribute) == 1 and other == ref else "explored"
                    if kind == "planned" and (e.rows < 30 or None in group):
                        kind = "explored"
                    pairs.append((kind, e))
    findings: list[Finding] = []
    finished: list[Estimate] = []
    families = {f.metric: f for f in policy_pack.families}
    for kind, e in pairs:
        tests = (
            sum(k == kind and o.metric == e.metric for k, o in pairs) if kind == "planned" else 3
        )
        p = min(1.0, e.p_value * tests) if e.p_value == e.p_value else math.nan
        e = replace(e, p_adjusted=p)
        finished.append(e)
        family = families.get(e.metric)
        if family is None:
            continue
        verdict, because = judge(e, family.line, family.caution, kind == "planned", family.worst)
        people = people_of = None
        if e.metric == "disparate_impact_ratio" and e.value == e.value:
            people = max(0, math.ceil(e.reference_value * e.rows - e.favorable - 1e-9))
            people_of = e.rows
        planned = kind == "planned"
        findings.append(
            Finding(
                code=family.code if planned else "AUD901",
                family=family.title if planned else "exploration",
                planned=planned,
                estimate=e,
                line=family.line,
                caution=family.caution,
                rule=family.rule,
                verdict=verdict,
                because=because,
                people_affected=people,
                people_of=people_of,
                change=f"{people} more approvals for this group" if people else None,
                smallest_detectable=0.83 if e.metric.endswith("ratio") else 0.09,
                rows_needed=850 if verdict == "insufficient" and planned else None,
            )
        )
    rank = {"fail": 0, "review": 1, "insufficient": 2, "pass": 3}
    findings.sort(key=lambda f: (not f.planned, rank[f.verdict], f.code, f.estimate.value))
    planned_verdicts = [f.verdict for f in findings if f.planned]
    verdict = min(planned_verdicts, key=rank.__getitem__) if planned_verdicts else "insufficient"
    return AuditRecord(
        provenance=Provenance(
            version="0.1.0",
            seed=0,
            policy=policy_pack.name,
            fingerprint=tally.fingerprint,
            settings={"intersections": 2, "level": 0.95, "min_rows": 30},
            libraries={"numpy": "2.3.1", "scipy": "1.16.0"},
            command="audit run loans.parquet --protected age --decision ok --favorable decision=1",
            title=title,
        ),
        roles=the_roles,
        references=tuple(Reference(attribute=n, level=reference[n], why="declared") for n in names),
        policy=policy_pack,
        issues=issues,
        tally=tally,
        estimates=Estimates.of([*estimates, *finished, *extra]),
        findings=tuple(findings),
        verdict=verdict,
        not_checked=not_checked,
        charts=charts or {},
    )


def histogram(rng: Any, mean: float, spread: float) -> list[float]:
    x = np.linspace(0, 1, 65)
    mid = (x[1:] + x[:-1]) / 2
    shape = np.exp(-((mid - mean) ** 2) / (2 * spread**2)) * (1 + 0.06 * rng.standard_normal(64))
    return [float(v) for v in shape / shape.sum()]


def chart_data(
    attribute: str, groups: tuple, rows: tuple[int, ...], reference: Any
) -> dict[str, Any]:
    rng = np.random.default_rng(4)
    means = np.linspace(0.58, 0.72, len(groups))
    edges = [float(v) for v in np.linspace(0, 1, 65)]
    calibration = []
    for i, (g, n) in enumerate(zip(groups, rows, strict=True)):
        bins = []
        for k in range(10):
            size = max(3, int(n * 0.1 * (1.4 - abs(k - 6) / 6)))
            rate = min(1.0, (k + 0.5) / 10 + 0.03 * (-1) ** (k + i))
            x = round(rate * size)
            low, high = wilson(x, size)
            bins.append(
                {
                    "low": k / 10,
                    "high": (k + 1) / 10,
                    "mean": (k + 0.5) / 10,
                    "rate": x / size,
                    "rate_low": low,
                    "rate_high": high,
                    "rows": size,
                }
            )
        calibration.append({"group": [g], "bins": bins})
    sweep = []
    for i, g in enumerate(groups):
        if g == reference:
            continue
        points = []
        for k in range(1, 40):
            c = k / 40
            a, b = (0.5 * math.erfc((c - m) / 0.17 / math.sqrt(2)) for m in (means[i], means[-1]))
            ratio = a / b if b > 1e-9 else math.nan
            width = 0.06 + 0.1 * c
            points.append(
                {
                    "cutoff": c,
                    "approval_rate": 0.2 * a + 0.8 * b,
                    "rate": a,
                    "reference_rate": b,
                    "ratio": ratio,
                    "low": ratio * (1 - width),
                    "high": ratio * (1 + width),
                }
            )
        sweep.append(
            {"attribute": [attribute], "reference": [reference], "group": [g], "points": points}
        )
    return {
        "distributions": [
            {
                "attribute": [attribute],
                "column": "score",
                "edges": edges,
                "groups": [
                    {"group": [g], "shares": histogram(rng, float(m), 0.15), "rows": n}
                    for g, m, n in zip(groups, means, rows, strict=True)
                ],
            }
        ],
        "calibration": [{"attribute": [attribute], "groups": calibration}],
        "sweep": sweep,
    }


def score_estimates(
    attribute: str, groups: tuple, rows: tuple[int, ...], reference: Any
) -> tuple[Estimate, ...]:
    made = []
    for i, (g, n) in enumerate(zip(groups, rows, strict=True)):
        for metric, value, half in (("auc", 0.74 + 0.02 * i, 0.05), ("ks", 0.38 + 0.02 * i, 0.07)):
            made.append(
                Estimate(
                    metric=metric,
                    attribute=(attribute,),
                    group=(g,),
                    value=value,
                    low=value - half,
                    high=value + half,
                    method="DeLong",
                    rows=n,
                )
            )
        if g != reference:
            d = -0.46 + 0.21 * i
            made.append(
                Estimate(
                    metric="standardized_mean_difference",
                    attribute=(attribute,),
                    group=(g,),
                    reference=(reference,),
                    value=d,
                    low=d - 0.16,
                    high=d + 0.16,
                    p_value=0.0004,
                    p_adjusted=0.0004,
                    rows=n,
                    reference_rows=rows[-1],
                    method="Hedges-Olkin",
                )
            )
    return tuple(made)


@cache
def german() -> AuditRecord:
    """190 people under 26 against 810 of 26 and over: 86 and 526 approved."""
    joint = np.array(
        [
            [[70, 16, 0], [40, 64, 0], [0, 0, 0]],
            [[440, 86, 0], [150, 134, 0], [0, 0, 0]],
        ]
    )
    levels = ("(-inf, 26)", "[26, inf)")
    return build(
        {"age": levels},
        joint,
        {"age": "[26, inf)"},
        title="German Credit: logistic regression",
        roles={
            "outcome": "repaid",
            "score": "score",
            "cutoff": 0.62,
            "decided_by": "cutoff",
            "decision": None,
            "favorable": {"outcome": (1,)},
            "bins": {"age": (26.0,)},
        },
        charts=chart_data("age", levels, (190, 810), "[26, inf)"),
        extra=score_estimates("age", levels, (190, 810), "[26, inf)"),
        issues=(
            Issue(
                code="TBL021",
                severity="warning",
                column="age",
                message="age was cut at 26 (papers use 25 or 26; ECOA's line is 62)",
                fix="name other cuts with bins",
            ),
        ),
    )


@cache
def many(policy: str = "us-credit") -> AuditRecord:
    """Four attributes, undecided and unknown, missing and tiny groups: the crowded case."""
    rng = np.random.default_rng(11)
    axes = {
        "sex": ("female", "male"),
        "education": ("graduate school", "university", "high school", "other", None),
        "marriage": ("married", "single", "other"),
        "age": ("(-inf, 26)", "[26, 40)", "[40, 62)", "[62, inf)"),
    }
    weights = [
        np.array([0.6, 0.4]),
        np.array([0.35, 0.46, 0.165, 0.02, 0.005]),
        np.array([0.455, 0.53, 0.015]),
        np.array([0.12, 0.55, 0.3, 0.03]),
    ]
    shape = tuple(len(v) for v in axes.values())
    joint = np.zeros((*shape, 3, 3), dtype=np.int64)
    for index in product(*(range(s) for s in shape)):
        n = 30000 * math.prod(float(w[i]) for w, i in zip(weights, index, strict=True))
        good = 0.79 - 0.03 * index[1] + 0.02 * (index[0] == 0) - 0.05 * (index[3] == 0)
        approve_good, approve_bad = (
            0.84 - 0.03 * index[1] - 0.06 * (index[3] == 0),
            0.5 - 0.03 * index[1],
        )
        p = np.array(
            [
                [good * approve_good, (1 - good) * approve_bad, 0.004],
                [good * (1 - approve_good), (1 - good) * (1 - approve_bad), 0.004],
                [0.002, 0.002, 0.006],
            ]
        ).ravel()
        joint[index] = rng.multinomial(rng.poisson(n), p / p.sum()).reshape(3, 3)
    return build(
        axes,
        joint,
        {"sex": "male", "education": "university", "marriage": "single", "age": "[26, 40)"},
        title="Taiwan credit cards: gradient boosting",
        roles={
            "decision": "approved",
            "outcome": "default",
            "risk": "pd",
            "cutoff": 0.22,
            "decided_by": "cutoff",
            "favorable": {"outcome": (0,)},
            "where": "limit > 0",
            "bins": {"age": (26.0, 40.0, 62.0)},
        },
        excluded=35,
        policy=policy,
        charts=chart_data("age", axes["age"], (3600, 16500, 9000, 900), "[26, 40)"),
        extra=score_estimates("age", axes["age"], (3600, 16500, 9000, 900), "[26, 40)"),
        issues=(
            Issue(
                code="TBL031",
                severity="warning",
                column="education",
                message="345 values outside the code book (0, 5, 6) were kept as “other”",
                fix="check the code book",
            ),
            Issue(
                code="TBL012",
                severity="note",
                column="education",
                message="a missing group of 150 rows was formed",
                fix="fill it in at the source",
            ),
        ),
    )


@cache
def lender() -> AuditRecord:
    """A lender's own decisions: outcomes known for the approved only (selective labels)."""
    joint = np.array(
        [
            [[1610, 40, 30], [0, 0, 170], [0, 0, 5]],
            [[120, 11, 2], [0, 0, 64], [0, 0, 1]],
            [[78, 5, 0], [0, 0, 25], [0, 0, 0]],
        ]
    )
    return build(
        {"race": ("White", "Black", "Hispanic")},
        joint,
        {"race": "White"},
        title="Boston mortgages: the lenders' decisions",
        roles={
            "decision": "approve",
            "outcome": "repaid",
            "favorable": {"decision": (1,), "outcome": (1,)},
        },
        selective=True,
        extra=tuple(
            Estimate(
                metric="disparate_impact_ratio",
                attribute=("race",),
                group=(g,),
                reference=("White",),
                stage=stage,
                value=v,
                low=v - 0.06,
                high=v + 0.06,
                rows=200,
                favorable=200 * v * 0.9,
                reference_rows=1850,
                reference_value=0.9,
                p_value=0.01,
                p_adjusted=0.02,
                method="MN",
            )
            for stage in ("screening", "underwriting")
            for g, v in (("Black", 0.81), ("Hispanic", 0.9))
        ),
    )


@cache
def fair() -> AuditRecord:
    """Equal rates in a large sample: a pass."""
    joint = np.array(
        [
            [[4200, 300, 0], [700, 800, 0], [0, 0, 0]],
            [[4180, 310, 0], [705, 805, 0], [0, 0, 0]],
        ]
    )
    return build(
        {"sex": ("female", "male")},
        joint,
        {"sex": "male"},
        title="Card applications, November",
        roles={
            "decision": "approved",
            "outcome": "repaid",
            "favorable": {"decision": (1,), "outcome": (1,)},
        },
    )


@cache
def small() -> AuditRecord:
    """Too few people to say anything: insufficient, and a group never approved."""
    joint = np.array(
        [
            [[30, 4, 0], [6, 5, 0], [0, 0, 0]],
            [[33, 4, 0], [4, 5, 0], [0, 0, 0]],
            [[0, 0, 0], [2, 1, 0], [0, 0, 0]],
            [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
        ]
    )
    return build(
        {"sex": ("female", "male", "unstated", None)},
        joint,
        {"sex": "male"},
        title="Pilot",
        roles={
            "decision": "approved",
            "outcome": "repaid",
            "favorable": {"decision": (1,), "outcome": (1,)},
        },
    )


@cache
def unplanned() -> AuditRecord:
    """A policy that plans nothing: insufficient by design."""
    return many(policy="nyc-ll144")


@cache
def hostile(name: str) -> AuditRecord:
    """Every text slot that data or a user can fill holds the attack."""
    joint = np.array(
        [
            [[70, 16, 1], [40, 64, 1], [1, 0, 1]],
            [[440, 86, 0], [150, 134, 0], [0, 0, 0]],
        ]
    )
    record = build(
        {name: (name, "other")},
        joint,
        {name: "other"},
        title=name,
        roles={
            "decision": name,
            "outcome": name + "2",
            "score": name,
            "where": name,
            "weight": name,
            "cluster": name,
            "strata": (name,),
            "stages": (name,),
            "time": name,
            "cutoff": 0.5,
            "decided_by": "cutoff",
            "favorable": {"decision": (name,), "outcome": (name,)},
        },
        charts=chart_data(name, (name, "other"), (190, 810), "other"),
        extra=score_estimates(name, (name, "other"), (190, 810), "other"),
        issues=(Issue(code=name, severity=name, column=name, message=name, fix=name),),
        not_checked=(name,),
    )
    p = record.provenance
    return replace(
        record,
        provenance=replace(
            p,
            version=name,
            policy=name,
            fingerprint=name,
            settings={name: name, "min_rows": 30},
            libraries={name: name},
            command=name,
        ),
        findings=tuple(replace(f, because=name, change=name, family=name) for f in record.findings),
        tally=replace(record.tally, sources=(name,), fingerprint=name),
        policy=replace(
            record.policy,
            title=name,
            summary=name,
            notes=(name,),
            rules=tuple(
                replace(r, title=name, text=name, source=name, status=name)
                for r in record.policy.rules
            ),
        ),
    )


@cache
def explained() -> AuditRecord:
    """A logistic model's decisions with its explanation and a decomposition attached."""
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    import audit

    rng = np.random.default_rng(7)
    n = 600
    sex = rng.choice(["f", "m"], n)
    frame = pd.DataFrame(
        {"sex": sex, "income": rng.normal(5, 1, n) + (sex == "m"), "debt": rng.normal(2, 1, n)}
    )
    frame["paid"] = rng.random(n) < 1 / (1 + np.exp(5.5 - frame["income"] + 0.5 * frame["debt"]))
    model = LogisticRegression().fit(frame[["income", "debt"]], frame["paid"])
    roles: dict[str, Any] = {"protected": ["sex"], "outcome": "paid", "reference": {"sex": "m"}}
    table = audit.read(frame, model=model, features=["income", "debt"], cutoff=0.5, **roles)
    split = audit.decompose(frame, controls=["income", "debt"], **roles)
    return audit.attach(audit.run(table), audit.explain(model, table), split).record


@cache
def compared() -> Any:
    """A logistic model and three ways to narrow its gap, on people held out, and its table."""
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    import audit

    rng = np.random.default_rng(11)
    n = 1600
    sex, area = rng.choice(["f", "m"], n, p=[0.4, 0.6]), rng.choice(["town", "land"], n)
    frame = pd.DataFrame({
        "sex": sex, "area": area, "income": rng.normal(5, 1, n) + 1.2 * (sex == "m"),
        "debt": rng.normal(2, 1, n),
    })  # fmt: skip
    frame["paid"] = rng.random(n) < 1 / (1 + np.exp(5.2 - frame["income"] + 0.5 * frame["debt"]))
    roles: dict[str, Any] = {
        "protected": ["sex", "area"], "outcome": "paid", "features": ["income", "debt"],
        "reference": {"sex": "m", "area": "town"},
    }  # fmt: skip
    test = frame[800:].reset_index(drop=True)
    found = audit.mitigate(
        LogisticRegression(), audit.read(frame[:800], **roles), audit.read(test, **roles),
        methods=["reweighing", "massaging", "unawareness"], attribute="sex", approval_rate=0.6,
    )  # fmt: skip
    decider = found.baseline.estimator
    scored = test.assign(
        chance=decider.scores(test), other=found["reweighing"].estimator.decide(test)
    )
    table = audit.read(
        scored, **roles, score="chance", cutoff=float(decider.rule.at)
    )  # fmt: skip
    return found, table, scored, roles


def searched() -> Any:
    """The same comparison as a search would tell it: a log, its splits, the baseline's spread."""
    found, _, _, _ = compared()
    log = tuple(
        {
            "number": i, "words": f"reweighs groups at {i / 60:.2f}", "settings": {},
            "state": "failed" if i == 7 else "tried", "reason": "one class", "selected": i == 3,
            "finalist": None, "utility": 0.7 - i / 1000, "disparity": 0.3 - i / 300,
        }
        for i in range(60)
    )  # fmt: skip
    spread = {
        "seeds": 10, "how": "order of the training rows",
        "utility": {"low": 0.7, "high": 0.71, "sd": 0.001},
        "disparity": {"low": 0.25, "high": 0.31, "sd": 0.01},
    }  # fmt: skip
    rows = {"fit": 533, "selection": 267, "confirmation": 800}
    candidates = tuple(replace(c, acts="search" if c.name != "baseline" else c.acts)
                       for c in found.candidates)  # fmt: skip
    return replace(
        found, kind="search", log=log, baseline_spread=spread, rows=rows, candidates=candidates
    )


@cache
def remedied() -> AuditRecord:
    """A model's decisions with a comparison, a search, a sweep and who changes attached."""
    import audit

    found, table, scored, roles = compared()
    rest = {k: v for k, v in roles.items() if k != "features"}
    changes = audit.who_changes(
        audit.read(scored.assign(now=scored["chance"] >= 0.6), decision="now", **rest),
        "now", "other",
    )  # fmt: skip
    return audit.attach(
        audit.run(table), comparison=found, alternatives=searched(), changes=changes,
        sweep=audit.sweep_cutoffs(table, costs=(0.3, 0.7)),
    ).record  # fmt: skip


ALL = {
    "explained": explained,
    "remedied": remedied,
    "german": german,
    "many": many,
    "lender": lender,
    "fair": fair,
    "small": small,
    "unplanned": unplanned,
}

SMALLEST = replace(
    fair(), estimates=Estimates.of([]), findings=(), charts={}, not_checked=("nothing",)
)
"""A record with next to nothing in it."""
