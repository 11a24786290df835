"""AIF360's code, imported without its noise, and its data set made of plain arrays."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PRIVILEGED, OTHERS = [{"group": 1.0}], [{"group": 0.0}]
"""How AIF360 is told the two groups it knows."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep AIF360's warnings of missing libraries from the root logger, which it writes to.

    The root logger's level and handlers are what they were afterwards: a first message would
    otherwise set up logging for the caller's whole program.
    """
    root, before = logging.getLogger(), logging.root.manager.disable
    handler = logging.NullHandler()
    root.addHandler(handler)
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        root.removeHandler(handler)


def dataset(
    privileged: npt.NDArray[Any], labels: npt.NDArray[Any], scores: npt.NDArray[Any], mass: Floats
) -> Any:
    """A `BinaryLabelDataset`: 1 is favourable and privileged, 0 is not; a score and mass a row."""
    import pandas as pd

    with quiet():
        from aif360.datasets import BinaryLabelDataset

        frame = pd.DataFrame(
            {"group": np.asarray(privileged, float), "label": np.asarray(labels, float)}
        )
        made = BinaryLabelDataset(
            df=frame,
            label_names=["label"],
            protected_attribute_names=["group"],
            favorable_label=1.0,
            unfavorable_label=0.0,
        )
    made.scores = np.asarray(scores, np.float64).reshape(-1, 1)
    made.instance_weights = np.asarray(mass, np.float64)
    return made
