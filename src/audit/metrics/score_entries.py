"""Catalogue entries of score measures: how well and how truly a score ranks one group."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from audit.metrics import scores
from audit.metrics.metric import Metric, Rate

SCORE = frozenset({"score"})
RANKING = SCORE | {"outcome"}
PROBABILITY = RANKING | {"probability"}

NO_VALUES = "no score in the group"
NO_GOOD_OR_BAD = "scored rows of the group lack favourable or unfavourable outcomes"
NO_PROBABILITY = "values outside [0, 1] are no probabilities, or no outcome is known"


def _entry(
    of_scores: Callable[..., Any],
    symbol: str,
    title: str,
    formula: str,
    meaning: str,
    source: str,
    *aliases: str,
    needs: frozenset[str],
    ideal: float,
    worse: str,
    undefined: str,
) -> Metric:
    key = of_scores.__name__
    rate = Rate(key=key, symbol=symbol, form="score", of_scores=of_scores, undefined=undefined)
    return Metric(
        key=key,
        title=title,
        rates=(rate,),
        contrast=None,
        ideal=ideal,
        worse=worse,
        needs=needs,
        formula=formula,
        source=source,
        meaning=meaning,
        aliases=aliases,
    )


SCORE_ENTRIES: tuple[Metric, ...] = (
    _entry(
        scores.mean_score,
        "mean",
        "Mean score",
        "mean = Σ value / rows with a value",
        "Average of the score, risk or amount, in its own direction.",
        "definition",
        "fairlearn:mean_prediction",
        "law:mean score",
        needs=SCORE,
        ideal=math.nan,
        worse="away",
        undefined=NO_VALUES,
    ),
    _entry(
        scores.score_standard_deviation,
        "SD",
        "Standard deviation of the score",
        "SD = √(Σ(value − mean)² / (rows − 1))",
        "How widely the score is spread within the group.",
        "definition",
        needs=SCORE,
        ideal=math.nan,
        worse="away",
        undefined="fewer than two scores in the group",
    ),
    _entry(
        scores.auc,
        "AUC",
        "Area under the ROC curve",
        "AUC = P(good scores better than bad) + ½·P(tie)",
        "Chance that a good applicant is ranked above a bad one.",
        "Hanley & McNeil (1982), doi:10.1148/radiology.143.1.7063747",
        "sklearn:roc_auc_score",
        "veritas:roc_auc",
        "field:c-statistic",
        needs=RANKING,
        ideal=1.0,
        worse="lower",
        undefined=NO_GOOD_OR_BAD,
    ),
    _entry(
        scores.gini,
        "Gini",
        "Gini coefficient",
        "Gini = 2·AUC − 1",
        "The accuracy ratio of credit scoring: 0 ranks by chance, 1 perfectly.",
        "Thomas, Crook & Edelman (2017), Credit Scoring and Its Applications",
        "field:accuracy ratio",
        "field:somers d",
        needs=RANKING,
        ideal=1.0,
        worse="lower",
        undefined=NO_GOOD_OR_BAD,
    ),
    _entry(
        scores.ks,
        "KS",
        "Kolmogorov–Smirnov separation",
        "KS = max |F(value | good) − F(value | bad)|",
        "Largest gap between the score distributions of good and of bad applicants.",
        "Thomas, Crook & Edelman (2017), Credit Scoring and Its Applications",
        "field:kolmogorov smirnov",
        needs=RANKING,
        ideal=1.0,
        worse="lower",
        undefined=NO_GOOD_OR_BAD,
    ),
    _entry(
        scores.brier,
        "Brier",
        "Brier score",
        "Brier = Σ(probability − outcome)² / rows",
        "Mean squared error of the probability.",
        "Brier (1950), Verification of forecasts, Mon. Weather Rev. 78:1",
        "sklearn:brier_score_loss",
        "fairlearn:mean_squared_error",
        needs=PROBABILITY,
        ideal=0.0,
        worse="higher",
        undefined=NO_PROBABILITY,
    ),
    _entry(
        scores.log_loss,
        "LL",
        "Log loss",
        "LL = −Σ log P(what happened) / rows",
        "How surprised the probabilities were by what happened, in nats.",
        "Good (1952), Rational decisions, J. R. Stat. Soc. B 14:107",
        "sklearn:log_loss",
        "veritas:log_loss",
        "field:cross-entropy",
        needs=PROBABILITY,
        ideal=0.0,
        worse="higher",
        undefined=NO_PROBABILITY + ", or something happened that was given probability 0",
    ),
    _entry(
        scores.calibration_in_the_large,
        "CITL",
        "Calibration in the large",
        "CITL = mean probability − share favourable",
        "Above 0 the score promises more repayment than came; below 0 less.",
        "Steyerberg et al. (2010), doi:10.1097/EDE.0b013e3181c30fb2",
        "field:mean calibration",
        "field:calibration bias",
        needs=PROBABILITY,
        ideal=0.0,
        worse="lower",
        undefined=NO_PROBABILITY,
    ),
    _entry(
        scores.expected_calibration_error,
        "ECE",
        "Expected calibration error",
        "ECE = Σ (rows of bin / rows)·|mean probability − share favourable|, ten equal-width bins",
        "Average distance between promised and seen repayment.",
        "Naeini, Cooper & Hauskrecht (2015), AAAI 29(1)",
        "field:ece",
        needs=PROBABILITY,
        ideal=0.0,
        worse="higher",
        undefined=NO_PROBABILITY,
    ),
    _entry(
        scores.calibration_intercept,
        "CI0",
        "Calibration intercept",
        "a in logit P(good) = a + b·logit(probability)",
        "0 when calibrated; below 0 the probabilities are too high.",
        "Cox (1958), doi:10.1093/biomet/45.3-4.562",
        needs=PROBABILITY,
        ideal=0.0,
        worse="away",
        undefined=NO_PROBABILITY + ", or the regression has no finite solution",
    ),
    _entry(
        scores.calibration_slope,
        "CS",
        "Calibration slope",
        "b in logit P(good) = a + b·logit(probability)",
        "1 when calibrated; below 1 the probabilities are too extreme.",
        "Cox (1958), doi:10.1093/biomet/45.3-4.562",
        needs=PROBABILITY,
        ideal=1.0,
        worse="away",
        undefined=NO_PROBABILITY + ", or the regression has no finite solution",
    ),
)
