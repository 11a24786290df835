"""56 faulty inputs as arrays: the exact number, nan with a warning, or a named error."""

from __future__ import annotations

import copy
import math
import warnings

import pytest

import audit
from faults.array_cases import CASES, FUNCTIONS, Case, exact


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.fault:02d} {c.name}")
def test_a_faulty_input_never_gives_a_silent_wrong_number(case: Case, function: str) -> None:
    """Exact to 1e-12 of the rational value, nan with its warning, or an error that names it."""
    wanted = exact(case, function)
    given = copy.deepcopy(case.call)
    call = getattr(audit.metrics, function)
    if case.must == "error":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", audit.DataWarning)
            with pytest.raises(audit.InputError) as refusal:
                call(**given)
        assert refusal.value.argument
        assert refusal.value.code.startswith("TBL4")
        assert len(str(refusal.value)) < 600
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = call(**given)
    assert all(isinstance(w.message, audit.DataWarning) for w in caught)
    if isinstance(wanted, str):
        assert wanted == "undefined"
        assert math.isnan(value)
        assert any(isinstance(w.message, audit.UndefinedMetricWarning) for w in caught)
    else:
        assert value == pytest.approx(float(wanted), rel=0, abs=1e-12)


def test_there_are_at_least_fifty() -> None:
    assert len(CASES) >= 50
    assert len({(c.fault, c.name) for c in CASES}) == len(CASES)
