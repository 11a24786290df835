"""Methods after training: rules by group on the unchanged model's scores.

All of them read the applicant's group at decision time. They learn on out-of-fold scores: scores of
rows that the model was trained on would look better than those of the people it will decide on.
"""

from __future__ import annotations

from audit.mitigation import flipping, thresholding
from audit.mitigation.method import AFTER, Method

HARDT = (
    "Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, NeurIPS 2016, "
    "sections 3 and 4"
)
PLEISS = "Pleiss, Raghavan, Wu, Kleinberg and Weinberger, On Fairness and Calibration, NeurIPS 2017"
KAMIRAN = (
    "Kamiran, Karim and Zhang, Decision Theory for Discrimination-Aware Classification, IEEE ICDM "
    "2012"
)

_CHOICE = (
    "the share asked for; at a cut-off, the lowest cost of errors that it implies; else accuracy"
)
_MOVED = "the unchanged model's; with an approval rate, one that approves that share"
_FEW = "A group with few good or few bad applicants has a curve that is mostly noise; "

METHODS: tuple[Method, ...] = (
    Method(
        key="threshold_optimizer_demographic_parity",
        title="Threshold optimiser, equal approval rates",
        acts=AFTER,
        does="Gives each group its own cut-off so that every group has the same share approved. "
        "With an approval rate each cut-off approves exactly that share of its group, without "
        "lots; otherwise fairlearn mixes two cut-offs by lot at the share of highest accuracy, or "
        "of lowest cost at the price of errors that the cut-off implies.",
        fails="It holds for those it was learned from, so a small group's rate strays in use; "
        "where base rates differ, approving alike means erring unalike.",
        source=f"{HARDT}; fairlearn's ThresholdOptimizer",
        make=thresholding.demographic_parity,
        needs_group_at_decision=True,
        randomised=True,
        fixed={"equal": "approval rate", "operating point": _CHOICE, "grid": thresholding.GRID},
    ),
    Method(
        key="threshold_optimizer_equalized_odds",
        title="Threshold optimiser, equalized odds",
        acts=AFTER,
        does="Mixes cut-offs, and for some applicants a lot alone, by group so that true and "
        "false positive rates are equal: every group is brought down to what the worst-predicted "
        "one reaches.",
        fails=f"{_FEW}the others then pay for it, and applicants alike in everything are answered "
        "differently by lot.",
        source=f"{HARDT}; fairlearn's ThresholdOptimizer",
        make=thresholding.equalized_odds,
        needs_group_at_decision=True,
        randomised=True,
        fixed={"equal": "error rates", "operating point": _CHOICE, "grid": thresholding.GRID},
    ),
    Method(
        key="threshold_optimizer_equal_opportunity",
        title="Threshold optimiser, equal opportunity",
        acts=AFTER,
        does="Mixes two cut-offs by group so that the same share of those who would repay is "
        "approved in every group.",
        fails=f"{_FEW}false positive rates are left to differ, and outcomes are known only of "
        "those who were approved before.",
        source=f"{HARDT}; fairlearn's ThresholdOptimizer (true_positive_rate_parity)",
        make=thresholding.equal_opportunity,
        needs_group_at_decision=True,
        randomised=True,
        fixed={
            "equal": "true positive rate",
            "operating point": _CHOICE,
            "grid": thresholding.GRID,
        },
    ),
    Method(
        key="reject_option",
        title="Reject option",
        acts=AFTER,
        does="Within a band about the cut-off, where the model is least sure, approves every group "
        "but the reference and denies the reference: no lots. The band is the one of highest "
        f"balanced accuracy that leaves a gap in approvals of at most {flipping.BOUND:g}.",
        fails="All groups but the reference are treated as one, so the gap of each may remain or "
        "turn round; a narrow band helps only where people stand close to the cut-off.",
        source=f"{KAMIRAN}; AIF360's RejectOptionClassification",
        make=flipping.reject_option,
        needs_group_at_decision=True,
        fixed={"cut-off": _MOVED, "bound": flipping.BOUND, "margins": flipping.MARGINS},
    ),
    Method(
        key="calibrated_equalized_odds",
        title="Calibrated equalized odds",
        acts=AFTER,
        does="Replaces, by lot, some scores of the better-predicted side by its base rate until "
        "the two sides' errors cost the same on average; scores stay calibrated.",
        fails="It equals a mean of errors over scores, not decisions at a cut-off: the gap in "
        "approvals may well grow, and some applicants are answered as if nothing were known of "
        "them.",
        source=f"{PLEISS}; AIF360's CalibratedEqOddsPostprocessing",
        make=flipping.calibrated_equalized_odds,
        needs_group_at_decision=True,
        randomised=True,
        fixed={"cost": "weighted: false positives and negatives alike", "cut-off": _MOVED},
    ),
    Method(
        key="equalized_odds_postprocessing",
        title="Equalized odds by turning decisions",
        acts=AFTER,
        does="Turns decisions by lot, as often as the decision and the side say, so that true and "
        "false positive rates of the reference and of all others are equal; reads the decision "
        "alone, not the score.",
        fails="It can only make the better-predicted side worse, all groups but the reference are "
        "treated as one, and whom it turns is chance.",
        source=f"{HARDT}, section 4.1; {PLEISS}; AIF360's EqOddsPostprocessing",
        make=flipping.equalized_odds,
        needs_group_at_decision=True,
        randomised=True,
        fixed={"cut-off": _MOVED},
    ),
)
"""Rules by group on the unchanged model's scores."""
