"""The questions of `audit metrics choose`, asked on a terminal where flags leave them open."""

from __future__ import annotations

from typing import Any

from audit.cli.asking import ask, one_of
from audit.cli.corrections import CommandError
from audit.cli.trouble import is_terminal
from audit.metrics.choosing import ERRORS, RULES


def _yes_or_no(question: str, explain: str) -> bool:
    read = one_of("yes", "no", "y", "n")
    return ask(question, lambda said: read(said.lower()), explain=explain) in ("yes", "y")


def answers(
    *,
    outcomes_known: bool | None,
    errors: str | None,
    conditioning: bool | None,
    rule: str | None,
    scores: bool | None,
) -> dict[str, Any]:
    """What `audit.metrics.choose` takes: from flags, and from a person where there is one.

    Off a terminal only whether outcomes are known must be said; the rest has a neutral answer.
    """
    asking = is_terminal()
    if outcomes_known is None and not asking:
        raise CommandError(
            "CLI016",
            "whether outcomes are known decides most, and is not said",
            argument="outcomes-known",
            fix="--outcomes-known, or --outcomes-unknown",
            correct=["audit", "metrics", "choose", "--outcomes-unknown"],
        )
    if outcomes_known is None:
        outcomes_known = _yes_or_no(
            "Is it known who would have repaid, the denied included? yes or no",
            "Usually only the approved show whether they repay. A model tested on old loans, all "
            "of which were granted, knows it of everyone.",
        )
        if errors is None and outcomes_known:
            errors = ask(
                f"Which error harms applicants more? {', '.join(ERRORS)}, or - if not settled",
                one_of(*ERRORS),
                explain="A false denial keeps credit from someone who would have repaid. A false "
                "approval lends to someone who then defaults.",
            )
        if conditioning is None:
            conditioning = _yes_or_no(
                "Is comparing only like with like legitimate here? yes or no",
                "Inside a loan purpose or an income band, say. The factor may itself stand for the "
                "group, so the plain gap is shown beside the conditional one.",
            )
        if rule is None:
            rule = ask(
                f"Which rule must it answer to? {', '.join(RULES)}, or - for none",
                one_of(*RULES),
                explain="A rule decides first: its own measure is what a supervisor computes.",
            )
        if scores is None:
            scores = _yes_or_no(
                "Is a score, price or limit to be judged too? yes or no",
                "Then the standardized mean difference is shown beside the rates.",
            )
    return {
        "outcomes_known": outcomes_known,
        "errors": errors,
        "conditioning": bool(conditioning),
        "rule": rule,
        "scores": bool(scores),
    }
