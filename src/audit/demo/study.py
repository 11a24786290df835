"""What the demonstration trains: data, columns, models, cut-offs. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LOGISTIC, BOOSTING = "logistic regression", "gradient boosting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A model to train and audit: which data, which columns, which cut-off. Data only."""

    name: str
    """Of the bundled data set."""
    title: str
    """For the report's header."""
    model: str
    """The model whose decisions are audited."""
    rival: str
    """The model it is compared with."""
    bad: object
    """The outcome value that the models predict."""
    left_out: Mapping[str, str]
    """Columns that are not features, and why."""
    codes: tuple[str, ...] = ()
    """Numeric columns that hold codes, not amounts."""
    approval_rate: float = 0.7
    """The share approved: those with the lowest risk."""
    why: str
    """Why that share."""
    explained: bool = False
    """Whether the report says why its score gap arises."""


STUDIES = (
    Study(
        name="german_credit",
        title="German Credit: a logistic regression's decisions, by age",
        model=LOGISTIC,
        rival=BOOSTING,
        bad="bad",
        left_out={
            "personal_status_sex": "it mixes sex and marital status, which a lender may not use",
            "foreign_worker": "it stands for origin, which a lender may not use",
        },
        explained=True,
        why="as many as were paid back in the sample; its default rate is not a real one, so a "
        "cut-off from costs would mean little",
    ),
    Study(
        name="taiwan_credit",
        title="Taiwan credit cards: a boosted model's decisions, by sex, age, education, marriage",
        model=BOOSTING,
        rival=LOGISTIC,
        bad=1,
        left_out={
            "id": "it is a row number",
            "sex": "a lender may not use it",
            "marriage": "a lender may not use it",
        },
        codes=("pay_0", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6"),
        why="a little fewer than the 78 in 100 who did not default",
    ),
)

CONTROLS = (
    *("hrat", "obrat", "loanprc", "unem", "male", "married", "dep", "sch", "cosign", "chist"),
    *("pubrec", "mortlat1", "mortlat2", "vr"),
)
"""What the Boston lenders' gap is split by: the columns of Wooldridge's example, in his order."""
