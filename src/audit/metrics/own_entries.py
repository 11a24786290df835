"""Catalogue entries of contrasts that no single rate makes, of a group and its reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from audit.metrics import contrasts, inequality, score_distances
from audit.metrics.contrast_names import AEQUITAS, AIF360, CORBETT, SIGN, WACHTER
from audit.metrics.metric import Array, Counts, Metric, Rate
from audit.metrics.rate_entries import BOTH, CLARIFY, DECISION, OUTCOME, SPEICHER


def own_entries(rates: Mapping[str, Rate]) -> tuple[Metric, ...]:
    """Contrasts that no single rate makes."""
    return (
        Metric(
            key="standardized_mean_difference",
            title="Standardized mean difference",
            rates=(rates["mean_score"],),
            contrast="smd",
            ideal=0.0,
            worse="away",
            needs=frozenset({"score"}),
            formula="(mean(group) − mean(reference)) / pooled SD within groups",
            source="Cohen (1988), Statistical Power Analysis, d; no primary source in lending",
            meaning="How many standard deviations the group's mean lies from the reference's, in "
            "the column's own direction.",
            aliases=("law:SMD", "field:cohen's d", "field:standardised mean difference"),
        ),
        Metric(
            key="average_absolute_odds_difference",
            title="Average absolute odds difference",
            rates=(rates["true_positive_rate"], rates["false_positive_rate"]),
            contrast="pair",
            ideal=0.0,
            worse="higher",
            needs=BOTH,
            formula="½·|FPR(group) − FPR(reference)| + ½·|TPR(group) − TPR(reference)|",
            source=AIF360,
            meaning="Mean size of the two gaps of equalized odds; unlike the average odds "
            "difference, opposite gaps do not cancel.",
            aliases=("aif360:average_abs_odds_difference", "aif360:average_odds_error"),
            of_pair=contrasts.average_absolute_odds_difference,
        ),
        Metric(
            key="class_imbalance",
            title="Group imbalance",
            rates=(),
            contrast="pair",
            ideal=0.0,
            worse="lower",
            needs=frozenset(),
            formula="(rows(group) − rows(reference)) / (rows(group) + rows(reference))",
            source=CLARIFY,
            meaning="Whether the group has fewer rows than the reference: −1 none, 0 as many.",
            aliases=("aif360:class_imbalance", "clarify:CI" + SIGN),
            of_pair=contrasts.class_imbalance,
        ),
        Metric(
            key="approvals_ratio",
            title="Ratio of approval counts",
            rates=(),
            contrast="pair",
            ideal=1.0,
            worse="lower",
            needs=DECISION,
            formula="approved(group) / approved(reference)",
            source=AEQUITAS,
            meaning="Compares how many were approved, not which share: it moves with the groups' "
            "sizes and is no measure of equal treatment.",
            aliases=("aequitas:ppr_disparity", "aequitas:statistical parity (of counts)"),
            of_pair=contrasts.approvals_ratio,
        ),
        Metric(
            key="base_rate_kl_divergence",
            title="Kullback–Leibler divergence of outcomes",
            rates=(rates["base_rate"],),
            contrast="pair",
            ideal=0.0,
            worse="higher",
            needs=OUTCOME,
            formula="Σ P(outcome | reference)·log(P(outcome | reference) / P(outcome | group))",
            source=CLARIFY,
            meaning="How far the group's outcomes are distributed from the reference's, in nats.",
            aliases=("aif360:kl_divergence", "clarify:KL"),
            of_pair=contrasts.base_rate_kl_divergence,
        ),
        Metric(
            key="base_rate_js_divergence",
            title="Jensen–Shannon divergence of outcomes",
            rates=(rates["base_rate"],),
            contrast="pair",
            ideal=0.0,
            worse="higher",
            needs=OUTCOME,
            formula="½·KL(group ‖ middle) + ½·KL(reference ‖ middle)",
            source=CLARIFY,
            meaning="A symmetric, bounded distance between the two groups' outcomes, in nats.",
            aliases=("clarify:JS",),
            of_pair=contrasts.base_rate_js_divergence,
        ),
        Metric(
            key="conditional_demographic_disparity",
            title="Conditional demographic disparity",
            rates=(rates["selection_rate"],),
            contrast="strata",
            ideal=0.0,
            worse="higher",
            needs=DECISION,
            formula="Σ n·(group's share of the denied − group's share of the approved) / Σ n, "
            "over strata with both",
            source=WACHTER,
            meaning="Whether the group is a larger part of the denied than of the approved once "
            "legitimate factors are held equal.",
            aliases=(
                "clarify:CDDPL",
                "aif360:conditional_demographic_disparity (conditions on nothing)",
                "law:CDD",
            ),
            of_strata=contrasts.conditional_demographic_disparity,
        ),
        Metric(
            key="conditional_outcome_disparity",
            title="Conditional demographic disparity of outcomes",
            rates=(rates["base_rate"],),
            contrast="strata",
            ideal=0.0,
            worse="higher",
            needs=OUTCOME,
            formula="Σ n·(group's share of the unfavourable − group's share of the favourable) "
            "/ Σ n, over strata with both",
            source=WACHTER,
            meaning="The same of the data's outcomes, before any decision.",
            aliases=("clarify:CDDL",),
            of_strata=contrasts.conditional_outcome_disparity,
        ),
        Metric(
            key="conditional_statistical_parity_difference",
            title="Conditional statistical parity difference",
            rates=(rates["selection_rate"],),
            contrast="strata",
            ideal=0.0,
            worse="lower",
            needs=DECISION,
            formula="Σ w·(SR(group) − SR(others)) / Σ w, w = a·b / (a + b) in each stratum",
            source="Greenland & Robins (1985), Mantel–Haenszel risk difference; " + CORBETT,
            meaning="Approval-rate gap between the group and all others with equal legitimate "
            "factors.",
            aliases=("field:conditional parity",),
            of_strata=contrasts.conditional_statistical_parity_difference,
        ),
        *_distances(rates),
        *_inequality(),
        *_of_everyone(),
        *_of_scores(),
    )


def _distance(
    function: Callable[[Counts, Counts], Array],
    rate: Rate,
    title: str,
    formula: str,
    meaning: str,
    *aliases: str,
    needs: frozenset[str],
) -> Metric:
    return Metric(
        key=function.__name__,
        title=title,
        rates=(rate,),
        contrast="pair",
        ideal=0.0,
        worse="higher",
        needs=needs,
        formula=formula,
        source=CLARIFY,
        meaning=meaning,
        aliases=aliases,
        of_pair=function,
    )


def _distances(rates: Mapping[str, Rate]) -> tuple[Metric, ...]:
    outcome, decision = rates["base_rate"], rates["selection_rate"]
    return (
        _distance(
            contrasts.base_rate_total_variation,
            outcome,
            "Total variation distance of outcomes",
            "½·Σ |P(outcome | group) − P(outcome | reference)| = |BR(group) − BR(reference)|",
            "Share of one group's outcomes that would have to change to match the other's; with "
            "two outcomes it is also their Kolmogorov–Smirnov distance.",
            "clarify:TVD",
            "clarify:KS",
            needs=OUTCOME,
        ),
        _distance(
            contrasts.base_rate_lp_norm,
            outcome,
            "L2 distance of outcomes",
            "√Σ (P(outcome | group) − P(outcome | reference))² = √2·|BR(group) − BR(reference)|",
            "The Euclidean distance between the two groups' outcome distributions.",
            "clarify:LP",
            needs=OUTCOME,
        ),
        _distance(
            contrasts.selection_rate_kl_divergence,
            decision,
            "Kullback–Leibler divergence of decisions",
            "Σ P(decision | reference)·log(P(decision | reference) / P(decision | group))",
            "How far the group's decisions are distributed from the reference's, in nats.",
            "aif360:kl_divergence of y_pred",
            needs=DECISION,
        ),
        _distance(
            contrasts.selection_rate_js_divergence,
            decision,
            "Jensen–Shannon divergence of decisions",
            "½·KL(group ‖ middle) + ½·KL(reference ‖ middle)",
            "A symmetric, bounded distance between the two groups' decisions, in nats.",
            needs=DECISION,
        ),
    )


def _inequality() -> tuple[Metric, ...]:
    """Inequality of benefits between a group and its reference."""
    texts = (
        (
            inequality.between_group_generalized_entropy_index,
            "Between-group generalized entropy index",
            "GE of benefits after each has its group's mean, α = 2; group and reference only",
            "Part of the inequality of benefits that lies between the two groups.",
        ),
        (
            inequality.between_group_theil_index,
            "Between-group Theil index",
            "T of benefits after each has its group's mean; group and reference only",
            "The same part of the Theil index.",
        ),
        (
            inequality.between_group_coefficient_of_variation,
            "Between-group coefficient of variation",
            "√(2·between-group GE); group and reference only",
            "The same part as a coefficient of variation.",
        ),
    )
    return tuple(
        Metric(
            key=function.__name__,
            title=title,
            rates=(),
            contrast="pair",
            ideal=0.0,
            worse="higher",
            needs=BOTH,
            formula=formula,
            source=SPEICHER,
            meaning=meaning,
            aliases=(f"aif360:{function.__name__}",),
            of_pair=function,
            undefined="no known outcome in one of the two groups, or nobody has any benefit",
        )
        for function, title, formula, meaning in texts
    )


def _of_everyone() -> tuple[Metric, ...]:
    """A group's part of all rows, approvals, outcomes."""
    texts: tuple[tuple[Callable[[Counts, Counts], Array], str, str, str, str, tuple[str, ...],
                       frozenset[str], float, str], ...] = (
        (
            contrasts.representation,
            "Representation",
            "rows(group) / rows of everyone",
            "The group's share of the data.",
            "Mehrabi et al. (2021), representation bias, doi:10.1145/3457607",
            ("field:group share",),
            frozenset(),
            math.nan,
            "lower",
        ),
        (
            contrasts.share_of_approvals,
            "Share of all approvals",
            "approved(group) / approved of everyone",
            "Which part of the approvals went to the group: it moves with the group's size.",
            AEQUITAS,
            ("aequitas:ppr",),
            DECISION,
            math.nan,
            "lower",
        ),
        (
            contrasts.demographic_disparity,
            "Demographic disparity",
            "group's share of the denied − group's share of the approved",
            "Whether the group is a larger part of the denied than of the approved.",
            WACHTER,
            ("field:DD",),
            DECISION,
            0.0,
            "higher",
        ),
        (
            contrasts.outcome_disparity,
            "Demographic disparity of outcomes",
            "group's share of the unfavourable − group's share of the favourable",
            "The same of the data's outcomes, before any decision.",
            WACHTER,
            (),
            OUTCOME,
            0.0,
            "higher",
        ),
    )  # fmt: skip
    return tuple(
        Metric(
            key=function.__name__,
            title=title,
            rates=(),
            contrast="everyone",
            ideal=ideal,
            worse=worse,
            needs=needs,
            formula=formula,
            source=source,
            meaning=meaning,
            aliases=aliases,
            of_everyone=function,
            undefined="nobody at all has one of the two answers",
        )
        for function, title, formula, meaning, source, aliases, needs, ideal, worse in texts
    )


def _of_scores() -> tuple[Metric, ...]:
    """Distances between two groups' score distributions."""
    return (
        Metric(
            key="score_ks_distance",
            title="Kolmogorov–Smirnov distance of scores",
            rates=(),
            contrast="score_pair",
            ideal=0.0,
            worse="higher",
            needs=frozenset({"score"}),
            formula="max |F(score | group) − F(score | reference)|",
            source="Kolmogorov (1933); Smirnov (1939)",
            meaning="The largest gap in approval rates that any cut-off on this score could make.",
            aliases=("field:strong demographic disparity at its widest",),
            of_score_pair=score_distances.score_ks_distance,
            undefined="no score in one of the two groups",
        ),
        Metric(
            key="score_wasserstein_distance",
            title="Wasserstein distance of scores",
            rates=(),
            contrast="score_pair",
            ideal=0.0,
            worse="higher",
            needs=frozenset({"score"}),
            formula="∫ |F(score | group) − F(score | reference)|, in the score's unit",
            source="Jiang et al. (2020), Wasserstein fair classification, arXiv:1907.12059",
            meaning="How far the group's scores would have to move, on average, to be spread as "
            "the reference's; of a probability also the mean approval gap over all cut-offs.",
            aliases=("field:earth mover's distance", "field:strong demographic disparity"),
            of_score_pair=score_distances.score_wasserstein_distance,
            undefined="no score in one of the two groups",
        ),
    )
