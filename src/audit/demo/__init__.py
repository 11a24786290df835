"""The demonstration: ordinary credit models on real data, trained, scored and audited.

Two models that anyone might build (logistic regression on German Credit, gradient boosting on
Taiwan's card accounts) score people they have not seen, approve those with the lowest risk, and
are audited beside the other kind of model; and the decisions that lenders around Boston took
themselves are audited by race. Pages, JSON twins and an index end up in one folder.
"""

from audit.demo.showing import Shown, audited, demo, lenders
from audit.demo.study import STUDIES, Study
from audit.demo.training import Scored, train_and_score

__all__ = ["STUDIES", "Scored", "Shown", "Study", "audited", "demo", "lenders", "train_and_score"]
