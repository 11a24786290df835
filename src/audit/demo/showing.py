"""Audit what the demonstration's models and the Boston lenders decided, and write it down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit import datasets
from audit.demo.study import CONTROLS, STUDIES
from audit.demo.training import (
    FOLDS,
    SEED,
    Progress,
    Scored,
    estimator,
    features,
    train_and_score,
)

if TYPE_CHECKING:
    from audit.explanation.record import Explanation
    from audit.mitigation.record import Comparison
    from audit.pipeline import Audit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """One audit of the demonstration and where it was written."""

    name: str
    """Of the bundled data set."""
    result: Audit
    """The audit, with title, description, comparison and notes in its record."""
    files: tuple[Path, ...]
    """The page and its JSON twin."""


def demo(
    folder: str | Path = "reports",
    *,
    progress: Progress | None = None,
    charts: str = "inline",
    force: bool = False,
) -> tuple[Shown, ...]:
    """Train, audit and write: two models' decisions and the Boston lenders' own.

    Writes `<name>.html` and `<name>.json` for each and `index.html` into `folder`; files that
    `audit` made are replaced, others only with `force`. Raises `InputError` where one may not be.
    Deterministic: the same versions write the same bytes.
    """
    from audit import pipeline
    from audit.report.index_page import write_index

    total = 2 * (2 * FOLDS + 1) + 2
    done = 0

    def step(text: str, steps: int = 1) -> None:
        nonlocal done
        if progress is not None:
            progress(text, done, total)
        done += steps

    def write(name: str, result: Audit) -> Shown:
        files = tuple(Path(folder) / f"{name}.{kind}" for kind in ("html", "json"))
        pipeline.write(result, files[0], force=force, charts=charts)
        pipeline.write(result, files[1], force=force)
        return Shown(name=name, result=result, files=files)

    shown = []
    for study in STUDIES:
        scored = train_and_score(study.name, progress=lambda text, *_: step(text))
        step(f"{study.name}: auditing")
        shown.append(write(study.name, audited(scored)))
    step("boston_mortgages: auditing")
    shown.append(write("boston_mortgages", lenders()))
    step("writing the index")
    write_index(folder, force=force)
    return tuple(shown)


def audited(scored: Scored) -> Audit:
    """The audit of a model's decisions, with the other model's beside it."""
    from audit import pipeline

    study = scored.study
    result = pipeline.run(scored.frame, **scored.roles)
    rival = pipeline.run(scored.frame, **{**scored.roles, "risk": "pd_rival"}, intersections=1)
    if study.explained:
        result = pipeline.attach(result, explained(scored), comparison=remedies(scored))
    return told(
        result,
        title=study.title,
        notes=datasets.load(study.name).notes,
        model=scored.description,
        comparison=[
            compared(study.model, scored.auc[study.model], result, result),
            compared(study.rival, scored.auc[study.rival], rival, result),
        ],
    )


def explained(scored: Scored) -> Explanation:
    """Why the model's scores differ: of the same model, trained on everyone."""
    from audit.explanation.explaining import explain
    from audit.table.intake import read

    study = scored.study
    outcome = scored.roles["outcome"]
    inputs = features(scored.frame, study, outcome)[list(scored.features)]
    model = estimator(study.model, len(inputs))
    model.fit(inputs, scored.frame[outcome])
    frame = inputs.assign(
        **{c: scored.frame[c] for c in (outcome, "pd", *scored.roles["protected"])}
    )
    table = read(frame, **scored.roles, features=list(scored.features))
    found = explain(model, table)
    note = "explained is the same model trained on everyone; scores elsewhere are out of fold"
    return replace(found, notes=(*found.notes, note))


METHODS = ("unawareness", "class_weights", "reweighing", "massaging")
"""Methods that the demonstration compares: those that train a model or two."""


def remedies(scored: Scored) -> Comparison:
    """Ways to narrow the gap: the same model, trained on seven tenths, judged on the others."""
    import numpy as np

    from audit.mitigation.comparing import mitigate

    study = scored.study
    outcome = scored.roles["outcome"]
    inputs = features(scored.frame, study, outcome)[list(scored.features)]
    beside = (outcome, *(p for p in scored.roles["protected"] if p not in inputs))
    frame = inputs.assign(**{c: scored.frame[c] for c in beside})
    order = np.random.default_rng(SEED).permutation(len(frame))
    held_out, learned = (np.sort(part) for part in np.split(order, [round(0.3 * len(frame))]))
    roles = {k: v for k, v in scored.roles.items() if k not in ("risk", "approval_rate")}
    return mitigate(
        estimator(study.model, len(learned)),
        frame.iloc[learned].reset_index(drop=True),
        frame.iloc[held_out].reset_index(drop=True),
        methods=METHODS,
        approval_rate=study.approval_rate,
        features=list(scored.features),
        seed=SEED,
        **roles,
    )


def lenders() -> Audit:
    """The audit of the decisions that lenders around Boston took, by race, and its gap split."""
    from audit import pipeline
    from audit.explanation.decompose import decompose

    boston = datasets.load("boston_mortgages")
    parts = [
        decompose(boston.frame, controls=CONTROLS, group=group, **boston.roles)
        for group in (None, "Black")
    ]
    return told(
        pipeline.attach(pipeline.run(boston.frame, **boston.roles), decomposition=parts),
        title="Boston mortgages: the lenders' own decisions, by race",
        notes=boston.notes,
    )


def told(result: Audit, *, title: str, notes: tuple[str, ...], **settings: Any) -> Audit:
    """The same audit with a title, the data set's notes as issues, and more settings to show."""
    from audit import pipeline

    record = result.record
    provenance = replace(
        record.provenance, title=title, settings={**record.provenance.settings, **settings}
    )
    issues = (*record.issues, *datasets.noted(notes))
    return pipeline.Audit(replace(record, provenance=provenance, issues=issues))


def compared(model: str, auc: float, result: Audit, main: Audit) -> dict[str, Any]:
    """One row of the comparison: how well a model ranks, and its gap where the main one's is worst.

    The gap is the approval ratio of the first finding of the main audit that has one.
    """
    metric = "disparate_impact_ratio"
    worst = next(f.estimate for f in main.record.findings if f.estimate.metric == metric)
    gap = result.record.estimates.where(
        metric=metric,
        attribute=worst.attribute,
        group=worst.group,
        reference=worst.reference,
        stratum=None,
        stage=None,
    )[0]
    approved = result.record.estimates.where(
        metric="selection_rate", attribute=(), stratum=None, stage=None
    )[0]
    return {
        "model": model,
        "auc": auc,
        "approval_rate": approved.value,
        "metric": metric,
        "attribute": list(gap.attribute),
        "group": list(gap.group),
        "reference": list(gap.reference or ()),
        "ratio": gap.value,
        "low": gap.low,
        "high": gap.high,
    }
