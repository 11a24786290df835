"""Which metric fits which question, what it gives up, and what no lender can have at once.

Criteria of fairness exclude each other unless base rates are equal or decisions perfect
(Kleinberg, Mullainathan & Raghavan 2016, arXiv:1609.05807; Chouldechova 2017,
doi:10.1089/big.2016.0047). So a choice is made before the numbers are seen, with its reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.errors import InputError

ERRORS = ("false_approvals", "false_denials", "both")
RULES = ("us-credit", "nyc-ll144", "eu")
KLEINBERG = "Kleinberg, Mullainathan & Raghavan (2016)"
CHOULDECHOVA = "Chouldechova (2017)"
SAME = 0.005
"""Base rates closer than this are called equal."""
LINE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What to measure, and what that choice costs."""

    primary: str
    """Catalogue key of the metric to judge by."""
    secondary: tuple[str, ...]
    """Keys to show beside it."""
    reasons: tuple[str, ...]
    """Why, one sentence each; the first says why the primary."""
    gives_up: tuple[str, ...]
    """What the primary does not see or cannot hold together with, one sentence each."""


def choose(
    *,
    outcomes_known: bool,
    errors: str | None = None,
    conditioning: bool = False,
    rule: str | None = None,
    scores: bool = False,
) -> Recommendation:
    """Recommend a metric from what is known and what is at stake.

    `outcomes_known`: whether it is known who would have repaid, the denied included. `errors`:
    which error harms applicants more ("false_denials": the good denied; "false_approvals": the
    bad approved, who then default; "both"; None: not settled). `conditioning`: whether comparing
    only like with like (purpose, income band) is legitimate. `rule`: the law to answer to.
    `scores`: whether a score, price or limit is to be judged too.

    A rule decides first: its own measure is what a supervisor computes, whatever else is chosen.

    Raises `InputError` MET031 for a word that is not among these.

    >>> choose(outcomes_known=True, errors="false_denials").primary
    'equal_opportunity_difference'
    >>> choose(outcomes_known=False, rule="us-credit").primary
    'disparate_impact_ratio'
    """
    answers = {"outcomes_known": outcomes_known, "conditioning": conditioning, "scores": scores}
    for argument, answer in answers.items():
        if not isinstance(answer, bool | np.bool_):
            raise InputError(
                "MET031", f"{answer!r} is no answer", argument=argument, fix="True or False"
            )
    _known("errors", errors, ERRORS)
    _known("rule", rule, RULES)
    primary, reasons, gives_up = _primary(outcomes_known, errors, conditioning, rule)
    secondary: dict[str, None] = {}
    if primary != "disparate_impact_ratio":
        secondary["disparate_impact_ratio"] = None
    secondary["statistical_parity_difference"] = None
    if conditioning:
        secondary["conditional_statistical_parity_difference"] = None
        secondary["conditional_demographic_disparity"] = None
        reasons.append(
            "Comparing inside strata is legitimate here, so the conditional gap stands beside the "
            "plain one: a factor that explains a gap may itself be a proxy, and both are shown."
        )
    if outcomes_known:
        _with_outcomes(errors, secondary, reasons)
    else:
        secondary["base_rate_difference"] = None
        reasons.append(
            "Outcomes of the denied are not known, so error rates cannot be computed: they would "
            "be 0 or 1 by construction. Among the approved, precision shows whether one group had "
            "to be better to be approved (the outcome test, with its infra-marginality caveat)."
        )
        secondary["predictive_parity_difference"] = None
    if scores:
        secondary["standardized_mean_difference"] = None
        secondary["score_wasserstein_distance"] = None
        reasons.append(
            "A score, price or limit is more than one cut-off: the standardized mean difference "
            "and the distance of the whole distributions see gaps that the cut-off hides."
        )
        if outcomes_known:
            secondary["auc_difference"] = None
            secondary["expected_calibration_error_difference"] = None
            secondary["calibration_in_the_large_difference"] = None
    secondary.pop(primary, None)
    return Recommendation(
        primary=primary,
        secondary=tuple(secondary),
        reasons=tuple(reasons),
        gives_up=tuple(gives_up),
    )


def _known(argument: str, value: Any, words: tuple[str, ...]) -> None:
    if value is not None and not (isinstance(value, str) and value in words):
        raise InputError(
            "MET031",
            f"{value!r} is not known",
            argument=argument,
            fix=f"one of {', '.join(words)}, or leave it out",
        )


PARITY_COSTS = (
    "It does not ask who would repay: where base rates differ, equal approval rates mean unequal "
    "error rates, or decisions that ignore the outcome.",
    f"With unequal base rates it cannot hold together with equalized odds, nor with calibration "
    f"and balance between classes ({KLEINBERG}).",
)
ODDS_COSTS = (
    f"With unequal base rates it cannot hold together with predictive parity unless decisions are "
    f"perfect ({CHOULDECHOVA}).",
    "It takes the recorded outcomes as the truth: bias in who was recorded as repaying stays in.",
)


def _primary(
    outcomes_known: bool, errors: str | None, conditioning: bool, rule: str | None
) -> tuple[str, list[str], list[str]]:
    if rule == "us-credit":
        return (
            "disparate_impact_ratio",
            [
                "US fair-lending practice compares approval rates of the final decision with the "
                "reference group's: the adverse impact ratio, four fifths as a first screen "
                "(29 CFR 1607.4(D) by analogy).",
            ],
            [
                *PARITY_COSTS,
                "A ratio near the top hides gaps in denials: .95 against .90 is .95, yet denials "
                "double. Read the denial ratio too.",
            ],
        )
    if rule == "nyc-ll144":
        return (
            "demographic_parity_ratio",
            [
                "New York City's rule asks for each group's selection rate over the highest "
                "group's (6 RCNY 5-301); the smallest of them is this. It sets no pass mark.",
            ],
            [*PARITY_COSTS, "The highest rate may be a small group's, and then luck sets the bar."],
        )
    if rule == "eu":
        if conditioning:
            return (
                "conditional_demographic_disparity",
                [
                    "EU courts compare a group's share of the disadvantaged with its share of the "
                    "advantaged, among comparable people (Wachter, Mittelstadt & Russell 2021).",
                ],
                [
                    *PARITY_COSTS,
                    "What it conditions on is a legal judgement: a factor that is itself unequal "
                    "hides what it explains.",
                ],
            )
        return (
            "demographic_disparity",
            [
                "EU courts compare a group's share of the disadvantaged with its share of the "
                "advantaged (Wachter, Mittelstadt & Russell 2021).",
            ],
            list(PARITY_COSTS),
        )
    if not outcomes_known:
        if conditioning:
            return (
                "conditional_statistical_parity_difference",
                [
                    "Without outcomes only decisions can be compared, and comparing like with "
                    "like is legitimate: the approval-rate gap inside strata.",
                ],
                [*PARITY_COSTS, "A stratum that holds one group only says nothing."],
            )
        return (
            "disparate_impact_ratio",
            ["Without outcomes only decisions can be compared: approval rates, as a ratio."],
            list(PARITY_COSTS),
        )
    if errors == "false_denials":
        return (
            "equal_opportunity_difference",
            [
                "Denying people who would repay is the harm, so those people should be approved "
                "alike: equal true positive rates (Hardt, Price & Srebro 2016).",
            ],
            [
                *ODDS_COSTS,
                "It says nothing of the bad: one group's may be approved, and default, more often.",
            ],
        )
    if errors == "false_approvals":
        return (
            "predictive_equality_difference",
            [
                "Approving people who then default is the harm, so that should happen alike: "
                "equal false positive rates (Corbett-Davies et al. 2017).",
            ],
            [*ODDS_COSTS, "It says nothing of the good who are denied."],
        )
    if errors == "both":
        return (
            "equalized_odds_difference",
            [
                "Both errors harm, so both rates should be alike: equalized odds (Hardt, Price & "
                "Srebro 2016).",
            ],
            [
                *ODDS_COSTS,
                "To meet it a lender may have to lower accuracy in the better-served group.",
            ],
        )
    return (
        "disparate_impact_ratio",
        [
            "Which error matters more is not settled, so approval rates decide and error rates "
            "are shown beside them.",
        ],
        list(PARITY_COSTS),
    )


def _with_outcomes(errors: str | None, secondary: dict[str, None], reasons: list[str]) -> None:
    secondary["true_positive_rate_difference"] = None
    secondary["predictive_equality_difference"] = None
    secondary["predictive_parity_difference"] = None
    if errors is not None:
        secondary["treatment_equality_difference"] = None
    reasons.append(
        "Outcomes are known, so both error rates and what an approval means (precision) are shown: "
        "with unequal base rates they cannot all be equal, and the reader should see which gives."
    )


def impossible(base_rates: Mapping[Any, float]) -> tuple[str, ...]:
    """What cannot hold together at these base rates, in words, for the two that differ most.

    `base_rates` maps each group to its share of favourable outcomes. Empty where they are equal
    (within half a percentage point): then nothing is excluded.

    Raises `InputError` MET032 for fewer than two groups or a rate that is no share.

    >>> for sentence in impossible({"White": 0.76, "Black": 0.34})[:2]:
    ...     print(sentence)
    Base rates differ: 76.0 % of White and 34.0 % of Black had a favourable outcome.
    Were every decision right, approval rates would be those too: a ratio of 0.447, beyond the
    four-fifths line without a single error.
    >>> impossible({"a": 0.5, "b": 0.5})
    ()
    """
    if not isinstance(base_rates, Mapping):
        raise InputError(
            "MET032",
            f"a {type(base_rates).__name__} does not name groups",
            argument="base_rates",
            fix='give each group its rate: {"White": 0.76, "Black": 0.34}',
        )
    rates = dict(base_rates)
    for group, rate in rates.items():
        if not (isinstance(rate, (int, float)) and 0 <= rate <= 1):
            raise InputError(
                "MET032",
                f"{rate!r} of group {group!r} is no share",
                argument="base_rates",
                fix="give each group's base rate between 0 and 1; leave undefined ones out",
            )
    if len(rates) < 2:
        raise InputError(
            "MET032", "fewer than two groups", argument="base_rates", fix="give at least two"
        )
    high = max(rates, key=lambda g: rates[g])
    low = min(rates, key=lambda g: rates[g])
    p, q = float(rates[high]), float(rates[low])
    if p - q <= SAME:
        return ()
    a, b = _words(high), _words(low)
    perfect = (
        f"Were every decision right, approval rates would be those too: a ratio of {q / p:.3f}"
    )
    perfect += (
        ", beyond the four-fifths line without a single error."
        if q / p < LINE
        else ", inside the four-fifths line but not parity."
    )
    sentences = [
        f"Base rates differ: {100 * p:.1f} % of {a} and {100 * q:.1f} % of {b} had a favourable "
        "outcome.",
        perfect,
        "Equal approval rates and equalized odds hold together only if decisions ignore the "
        "outcome (true and false positive rates equal).",
    ]
    if q > 0 and p < 1:
        times = (p / (1 - p)) / (q / (1 - q))
        sentences.append(
            f"With equal precision and equal true positive rates, the false positive rate of {a} "
            f"must be {times:.2f} times that of {b} ({CHOULDECHOVA}): predictive parity and "
            "equalized odds exclude each other unless no bad applicant is approved."
        )
    else:
        sentences.append(
            "In one of the two groups all outcomes are alike, so one of its error rates does not "
            "exist."
        )
    sentences.append(
        "A score that is calibrated in both groups cannot also give good applicants the same mean, "
        f"and bad ones too, in both, unless it is perfect ({KLEINBERG})."
    )
    return tuple(sentences)


def _words(group: Any) -> str:
    levels = group if isinstance(group, tuple) else (group,)
    return " × ".join("missing" if v is None else str(v) for v in levels)
