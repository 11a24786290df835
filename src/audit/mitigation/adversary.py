"""Methods in training: a model against an adversary that tells the group from what it says."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.mitigation.deciders import Changed, Plain
from audit.mitigation.fitting import NotFittedError, fitted, one_hot, told
from audit.mitigation.logistic_adversary import LogisticAdversary
from audit.mitigation.method import DURING, Made, Method
from audit.mitigation.people import GOOD
from audit.mitigation.task import Task, decider, learned, tuned, unchanged
from audit.table.wording import listed

Ints = npt.NDArray[np.int64]

FEWEST = 30
"""Rows of a group below which an adversary learns nothing of it."""

LOGISTIC = {"strength": 1.0, "odds": False, "projection": True, "C": 1.0, "max_iter": 500}
"""Arguments of `LogisticAdversary`."""

TORCH = {
    "alpha": 5.0, "odds": False, "hidden": 32, "steps": 2400, "passes": 200, "batch_size": 256,
    "learning_rate": 0.005,
}  # fmt: skip
"""Strength, nodes of the one hidden layer, most steps, most passes over the rows, rows a step, size
of a step. With a quarter of the steps, or a strength of 1, one seed in three was not there yet."""


def adversarial_debiasing(task: Task) -> Made:
    """A `LogisticAdversary` on encoded inputs, deciding as the task asks.

    Raises `NotFittedError` where fewer than two groups have 30 rows, or training fails.
    """
    own = tuned(task, "adversarial_debiasing", LOGISTIC)
    seen, notes = _seen(task)
    estimator = _pipeline(task, own)

    def learn(rows: Ints) -> tuple[Plain, tuple[str, ...]]:
        more = {"logisticadversary__groups": seen[rows]}
        lesson = replace(unchanged(task, rows), more=more)
        model, said = fitted(estimator, lesson)
        return Plain(model, task.train.features, task.train.labels[1]), said

    found, said = learned(task, learn, task.train.features)
    return found, notes + said


def adversarial_debiasing_torch(task: Task) -> Made:
    """A network by fairlearn's `AdversarialFairnessClassifier`, kept as plain arrays.

    Raises `NotFittedError` without torch, where rows have weights, where fewer than two groups
    have 30 rows, or where training fails.
    """
    own = tuned(task, "adversarial_debiasing_torch", TORCH)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        raise NotFittedError(
            'torch is not installed: pip install "evenhand[adversarial]"'
        ) from None
    if task.weight is not None:
        raise NotFittedError("fairlearn's adversary takes no weights of rows, and these have some")
    seen, notes = _seen(task)
    scorer = _network(task, own, np.arange(len(task.train)), seen)
    # networks of other rows score on other scales, so the cut-off is not found out of fold
    features = task.train.features
    return decider(task, scorer, features, lambda: scorer.scores(task.train.frame)), notes


def encoding(task: Task) -> Any:
    """Numbers with gaps filled by the median and standardised, anything else one-hot; unfitted."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    inputs = task.train.inputs
    numbers = [c for c in inputs if inputs[c].dtype.kind in "iuf"]
    words = [c for c in inputs if c not in numbers]
    steps: list[Any] = []
    if numbers:
        filled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        steps.append(("numbers", filled, numbers))
    if words:
        steps.append(("words", one_hot(), words))
    return ColumnTransformer(steps)


def _pipeline(task: Task, own: dict[str, Any]) -> Any:
    from sklearn.pipeline import make_pipeline

    at = 0.5 if task.where.cutoff is None else 1.0 - task.where.cutoff
    adversary = LogisticAdversary(
        **own, at=at, approval_rate=task.where.approval_rate, favorable=task.train.labels[1]
    )
    return make_pipeline(encoding(task), adversary)


def _seen(task: Task) -> tuple[Ints, tuple[str, ...]]:
    """Groups as the adversary sees them, −1 for none, and a note on those left out."""
    sizes = np.bincount(task.codes, minlength=len(task.levels))
    kept = np.flatnonzero((sizes >= FEWEST) & task.named)
    if len(kept) < 2:
        raise NotFittedError(
            f"fewer than two groups of {task.attribute} have {FEWEST} training rows"
        )
    left = [str(task.levels[i]) for i in np.flatnonzero(sizes) if i not in kept]
    notes = (f"the adversary does not see {listed(left)}: too few rows",) if left else ()
    return np.where(np.isin(task.codes, kept), task.codes, -1), notes


def _network(task: Task, own: dict[str, Any], rows: Ints, seen: Ints) -> Any:
    """Train on these rows; torch's own random state and threads are left as they were."""
    import torch
    from fairlearn.adversarial import AdversarialFairnessClassifier

    from audit.mitigation.network import levelled, taken_out

    rows = rows[seen[rows] >= 0]
    rows = np.random.default_rng(task.seed).permutation(rows)
    change = encoding(task)
    batches = -(-len(rows) // own["batch_size"])
    passes = min(own["passes"], -(-own["steps"] // batches))
    threads = torch.get_num_threads()
    try:
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")
            torch.set_num_threads(1)
            inputs = np.asarray(change.fit_transform(task.train.inputs.iloc[rows]), np.float64)
            # fairlearn seeds torch by a number below 1, which torch takes as 0 whatever the seed:
            # the layers are made here so that a seed counts
            torch.manual_seed(task.seed)
            predictor, adversary = _modules(inputs.shape[1], own, len(np.unique(seen[rows])))
            learner = AdversarialFairnessClassifier(
                backend="torch", predictor_model=predictor, adversary_model=adversary,
                constraints="equalized_odds" if own["odds"] else "demographic_parity",
                alpha=own["alpha"], epochs=passes, batch_size=own["batch_size"],
                learning_rate=own["learning_rate"], shuffle=True, random_state=task.seed,
            )  # fmt: skip
            good = (task.train.outcome[rows] == GOOD).astype(np.int64)
            learner.fit(inputs, good, sensitive_features=seen[rows])
    except Exception as problem:
        raise NotFittedError(f"training failed: {told(problem)}") from None
    finally:
        torch.set_num_threads(threads)
    network = taken_out(predictor)
    if not all(np.isfinite(w).all() for w in network.weights):
        raise NotFittedError("training diverged: weights are not finite")
    # the update takes all of the last intercept's own gradient away, so that as trained it says
    # nothing of how many are favourable
    network = levelled(network, inputs, float(good.mean()))
    return Changed(change, network)


def _modules(width: int, own: dict[str, Any], groups: int) -> tuple[Any, Any]:
    from torch import nn

    told_of = 2 if own["odds"] else 1
    predictor = nn.Sequential(
        nn.Linear(width, own["hidden"]), nn.LeakyReLU(), nn.Linear(own["hidden"], 1), nn.Sigmoid()
    )
    last = [nn.Linear(3, 1), nn.Sigmoid()] if groups == 2 else [nn.Linear(3, groups)]
    adversary = nn.Sequential(nn.Linear(told_of, 3), nn.LeakyReLU(), *last)
    return predictor, adversary


METHODS: tuple[Method, ...] = (
    Method(
        key="adversarial_debiasing",
        title="Adversarial debiasing (logistic)",
        acts=DURING,
        does="Trains a logistic model of its own, not the estimator given, against an adversary "
        "that tells the group from its decisions, until the adversary learns nothing.",
        fails="A straight-line model misses what a better estimator sees; equal soft decisions in "
        "training are not quite equal decisions on new people; with several groups, or where the "
        "group is all that predicts, much of the accuracy goes; a group of fewer than 30 rows is "
        "not seen.",
        source="Zhang, Lemoine & Mitchell, Mitigating Unwanted Biases with Adversarial Learning, "
        "AIES 2018; NumPy, from scikit-learn's LogisticRegression on",
        make=adversarial_debiasing,
        settings=dict(LOGISTIC),
    ),
    Method(
        key="adversarial_debiasing_torch",
        title="Adversarial debiasing (network)",
        acts=DURING,
        does="Trains a small network of its own, not the estimator given, against a second one "
        "that tells the group from its score; the trained one is kept as plain arrays.",
        fails="It trains for a fixed number of steps, and nothing tells that both networks came "
        "to rest; another seed gives other decisions, and now and then a bad model; its cut-off is "
        "found on its own training rows; it takes no weights of rows.",
        source="Zhang, Lemoine & Mitchell, AIES 2018; fairlearn's AdversarialFairnessClassifier "
        "with torch",
        make=adversarial_debiasing_torch,
        extra="adversarial",
        settings=dict(TORCH),
    ),
)
"""Adversarial debiasing, with NumPy and with torch."""
