"""A small network as plain arrays: what a torch predictor says, without torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Network:
    """Layers of a linear step and a leaky ramp, the last one ending in a logistic curve.

    >>> weights = [np.array([[1.0], [-1.0]]), np.array([[1.0, 1.0]])]
    >>> one = Network(weights, [np.zeros(2), np.zeros(1)])
    >>> one.scores(np.array([[0.0], [100.0]])).round(3).tolist()
    [0.5, 1.0]
    """

    def __init__(self, weights: list[Floats], biases: list[Floats], slope: float = 0.01) -> None:
        """By layer: weights (outputs, inputs) and biases; the slope below 0 between layers."""
        self.weights, self.biases, self.slope = weights, biases, slope

    def scores(self, inputs: Floats) -> Floats:
        """P(favourable) of each row of encoded inputs."""
        from scipy.special import expit

        values = np.asarray(inputs, np.float64)
        last = len(self.weights) - 1
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values @ weight.T + bias
            if place < last:
                values = np.where(values >= 0, values, self.slope * values)
        found: Floats = expit(values[:, 0])
        return found


def levelled(network: Network, inputs: Floats, share: float) -> Network:
    """The same network with its last intercept moved: its chances on these rows average `share`.

    The order of rows stays. `share` lies inside (0, 1).

    >>> flat = Network([np.array([[0.0]])], [np.array([3.0])])
    >>> levelled(flat, np.zeros((2, 1)), 0.75).scores(np.zeros((1, 1))).round(6).tolist()
    [0.75]
    """
    from scipy.optimize import brentq
    from scipy.special import expit, logit

    raw = logit(np.clip(network.scores(inputs), 1e-12, 1 - 1e-12))
    far = float(np.abs(raw).max()) + 30.0
    move = brentq(lambda shift: float(expit(raw + shift).mean()) - share, -far, far)
    return Network(
        network.weights, [*network.biases[:-1], network.biases[-1] + move], network.slope
    )


def taken_out(module: Any) -> Network:
    """The arrays of a torch module of linear layers with leaky ramps between, sigmoid last."""
    weights, biases, slope = [], [], 0.01
    for layer in module:
        if hasattr(layer, "weight"):
            weights.append(layer.weight.detach().numpy().astype(np.float64))
            biases.append(layer.bias.detach().numpy().astype(np.float64))
        elif hasattr(layer, "negative_slope"):
            slope = float(layer.negative_slope)
    return Network(weights, biases, slope)
