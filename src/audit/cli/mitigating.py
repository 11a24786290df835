"""From settings to `audit.mitigate` and `audit.search_alternatives`, and what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from audit.cli import auditing
from audit.cli.corrections import CommandError
from audit.cli.holding_out import Held, held_out
from audit.cli.outcome import paragraph, width
from audit.cli.parse import split
from audit.cli.progress import Progress
from audit.errors import InputError

NO_METHODS = "none"
"""What `--methods` says where only alternatives are searched."""

RECOMMENDED = "recommended"
"""What `--save` calls the candidate to look at first."""


def run(settings: dict[str, Any], asked: Mapping[str, Any], *, force: bool, quiet: bool) -> int:
    """Compare, search, show, save and write what was asked for; 0 unless something was wrong."""
    import audit
    from audit.report.remedy_card import remedies

    methods = methods_of(asked)
    costs = costs_of(asked["costs"])
    shared = {
        "attribute": asked["attribute"], "metric": asked["metric"], "utility": asked["utility"],
        "seed": int(settings.get("seed", 0)), "level": float(settings.get("level", 0.95)),
        "cutoff": settings.get("cutoff"), "approval_rate": settings.get("approval_rate"),
        "costs": costs,
    }  # fmt: skip
    comparison: Any = None
    alternatives: Any = None
    with Progress(quiet=quiet) as step:
        step(f"reading {Path(settings['data']).name}")
        held = held_out(settings, share=asked["test_share"], test=asked["test"])
        model = estimator_of(asked["estimator"])
        if methods != [NO_METHODS]:
            comparison = audit.mitigate(
                model, held.train, held.test, methods=methods or None, progress=step,
                group_at_decision=asked["group_at_decision"], **shared,
            )  # fmt: skip
        if asked["alternatives"] is not None:
            alternatives = audit.search_alternatives(
                model, held.train, held.test, budget=asked["alternatives"], log=asked["log"],
                progress=step, **shared,
            )  # fmt: skip
    found = [one for one in (comparison, alternatives) if one is not None]
    if not quiet:
        click.echo(paragraph(held.words))
        for one in found:
            click.echo()
            click.echo(remedies(one.to_dict(), width()).rstrip("\n"))
        click.echo()
    if settings.get("output"):
        with Progress(quiet=quiet) as step:
            step("auditing the model as it is")
            result = _audited(found[0], held, settings, costs)
            result = audit.attach(result, comparison=comparison, alternatives=alternatives)
        auditing.reported(result, settings, force=force, quiet=quiet)
    for name, path in saves_of(asked):
        written = _saved(found, name, path, force=force)
        if not quiet:
            click.echo(f"Written: {written}")
    if not quiet:
        click.echo(paragraph(_next(found, settings, asked)))
    return 0


def check(settings: Mapping[str, Any], asked: Mapping[str, Any], *, force: bool) -> None:
    """Refuse what cannot be done, before anything is read."""
    from audit.mitigation import saving

    auditing.refuse_tally(settings, "a model is trained on rows")
    if settings.get("data") and not settings.get("outcome"):
        raise CommandError(
            "CLI005", "what happened to each applicant (--outcome) is not said, and a model "
            "learns from it",
            argument="--outcome", fix="name the column and its favourable value",
            add=["--outcome", "COLUMN", "--favorable", "outcome=VALUE"],
        )  # fmt: skip
    if methods_of(asked) == [NO_METHODS] and asked["alternatives"] is None:
        raise CommandError(
            "CLI005", "neither methods nor alternatives are asked for", argument="--methods",
            fix="search for alternatives, or name methods", add=["--alternatives", "60"],
        )  # fmt: skip
    if asked["log"] and asked["alternatives"] is None:
        raise CommandError(
            "CLI005", "a log is kept of a search, and none is asked for", argument="--log",
            fix="say how many alternatives to try", add=["--alternatives", "60"],
        )  # fmt: skip
    costs_of(asked["costs"])
    if asked["utility"] == "profit" and not asked["costs"]:
        raise CommandError(
            "CLI005", "a profit needs what a loan gains and loses", argument="--costs",
            fix="say both", add=["--costs", "0.18,0.82"],
        )  # fmt: skip
    for _, path in saves_of(asked):
        saving.check(path, force=force)


def methods_of(asked: Mapping[str, Any]) -> Any:
    """Names of methods; "all"; or an empty list where none is named.

    Raises `InputError` MIT012 for a name that is none.
    """
    from audit.mitigation.methods import chosen

    named = [name for text in asked["methods"] for name in split(text)]
    if named == ["all"]:
        return "all"
    if named and named != [NO_METHODS]:
        chosen(named)
    return named


def costs_of(text: str | None) -> tuple[float, float] | None:
    """ "0.18,0.82" as gain and loss; raises `InputError` CLI004 for anything else."""
    if text is None:
        return None
    try:
        gain, loss = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            "CLI004", f"{text!r} is no gain and loss of a loan", argument="costs",
            fix="two numbers with a comma between them",
        ) from None  # fmt: skip
    return gain, loss


def saves_of(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Which candidates go to which files; raises `InputError` CLI004 for what says neither."""
    found = []
    for text in asked["saved"]:
        name, equals, path = text.partition("=")
        if not (name and equals and path.endswith(".skops")):
            raise InputError(
                "CLI004", f"{text!r} does not say which candidate goes to which .skops file",
                argument="save", fix="NAME=FILE.skops, such as recommended=fairer.skops",
            )  # fmt: skip
        found.append((name.strip(), path))
    return found


def estimator_of(name: str) -> Any:
    """An untrained model by its name, or the copy of one in a file.

    Raises `InputError` CLI004 for neither.
    """
    if name == "logistic":
        from sklearn.compose import make_column_selector, make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        columns = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False),
             make_column_selector(dtype_exclude=["number", "bool"])),
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
             make_column_selector(dtype_include=["number", "bool"])),
        )  # fmt: skip
        return make_pipeline(columns, LogisticRegression(max_iter=1000))
    if name == "boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(max_leaf_nodes=15, early_stopping=False)
    if not name.endswith(".skops"):
        raise InputError(
            "CLI004", f"{name!r} is no model that can be trained here", argument="estimator",
            fix="logistic, boosting, or a FILE.skops with a scikit-learn classifier",
        )  # fmt: skip
    from audit.table.model_file import load_model

    return load_model(name)


def _saved(found: Sequence[Any], name: str, path: str, *, force: bool) -> Path:
    if name == RECOMMENDED:
        for one in found:
            if one.recommendation is not None:
                return Path(one.save(one.recommendation, path, force=force))
        raise InputError(
            "CLI004", "nothing is recommended, so nothing can be saved as such", argument="--save",
            fix="name a candidate of the table",
        )  # fmt: skip
    holder = next((one for one in found if name in one), found[0])
    return Path(holder.save(name, path, force=force))


def _audited(comparison: Any, held: Held, settings: Mapping[str, Any], costs: Any) -> Any:
    """The audit of the baseline's decisions on the people held out."""
    import audit

    decider = comparison.baseline.estimator
    frame, column = held.test_frame, "score"
    while column in frame.columns:
        column += "_"
    scored = frame.assign(**{column: decider.scores(frame)})
    table = audit.read(scored, **{**held.roles, "score": column, "cutoff": float(decider.rule.at)})
    result = auditing.judged(table, settings, "mitigate")
    if costs is None:
        return result
    return audit.attach(result, sweep=audit.sweep_cutoffs(table, costs=costs))


def _next(found: Sequence[Any], settings: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """What to do next, in a sentence."""
    best = next((one for one in found if one.recommendation is not None), None)
    if best is not None and not asked["saved"]:
        return (
            "Next: keep it with --save recommended=fairer.skops, audit it on other people "
            "(audit run --model fairer.skops), and have it reviewed before anyone is decided on."
        )
    if best is None and asked["alternatives"] is None:
        return (
            "Next: search further with --alternatives 60, hold out more people, or see what a "
            "gap is made of (audit explain)."
        )
    if not settings.get("output"):
        return "Next: -o reports/remedies.html writes this into a report, with who would change."
    return "Next: open the report's section Alternatives, and have it reviewed."


def show_methods() -> int:
    """Every method: what it does, when it fails, what it needs, whence it comes."""
    from audit.cli import screen
    from audit.mitigation.methods import catalogue

    for number, method in enumerate(catalogue()):
        if number:
            click.echo()
        click.echo(f"{method.key}: {method.title}, {method.acts}")
        rows = [("does", method.does), ("fails", method.fails)]
        if method.needs_group_at_decision:
            rows.append(
                ("needs", "the applicant's group at decision time: a treatment risk in US credit, "
                 "off unless named or --group-at-decision")
            )  # fmt: skip
        if method.randomised:
            rows.append(("lots", "two applicants alike in everything may be answered differently"))
        if method.extra:
            rows.append(("install", f'pip install "evenhand[{method.extra}]"'))
        rows.append(("source", method.source))
        click.echo(screen.table(rows))
    click.echo("\nTry some: audit mitigate FILE --methods reweighing,massaging ...")
    return 0
