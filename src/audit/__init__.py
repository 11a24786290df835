"""Fairness and bias audits of credit decisions: every number with its interval, one verdict.

>>> import audit
>>> audit.power(base_rate=0.3, ratio=0.8)
856

Public names load on first use, so `import audit` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from audit.errors import DataWarning, InputError, UndefinedMetricWarning, VerdictError

__version__ = "0.1.0"

_WHERE = {
    "read": "audit.table.intake",
    "run": "audit.pipeline",
    "attach": "audit.pipeline",
    "count": "audit.pipeline",
    "Audit": "audit.pipeline",
    "load": "audit.pipeline",
    "write": "audit.pipeline",
    "merge": "audit.tally.merge",
    "load_tally": "audit.tally.file",
    "power": "audit.inference.power",
    "regress": "audit.inference.regression",
    "explain": "audit.explanation.explaining",
    "reason_codes": "audit.explanation.reason_codes",
    "letter": "audit.explanation.letters",
    "letter_template": "audit.explanation.letters",
    "check_metric": "audit.metrics.check",
    "decompose": "audit.explanation.decompose",
    "mitigate": "audit.mitigation.comparing",
    "learning_curves": "audit.mitigation.learning",
    "records_needed": "audit.mitigation.remedies",
    "recourse": "audit.explanation.recourse",
    "group_cutoffs": "audit.mitigation.group_cutoffs",
    "reweigh": "audit.mitigation.weighing",
    "search_alternatives": "audit.mitigation.searching",
    "sweep_cutoffs": "audit.mitigation.cutoffs",
    "who_changes": "audit.mitigation.changes",
}
_MODULES = ("metrics", "inference", "datasets")

__all__ = [
    "Audit",
    "DataWarning",
    "InputError",
    "UndefinedMetricWarning",
    "VerdictError",
    "attach",
    "check_metric",
    "count",
    "datasets",
    "decompose",
    "explain",
    "group_cutoffs",
    "inference",
    "learning_curves",
    "letter",
    "letter_template",
    "load",
    "load_tally",
    "merge",
    "metrics",
    "mitigate",
    "power",
    "read",
    "reason_codes",
    "records_needed",
    "recourse",
    "regress",
    "reweigh",
    "run",
    "search_alternatives",
    "sweep_cutoffs",
    "who_changes",
    "write",
]

if TYPE_CHECKING:
    from audit import datasets, inference, metrics
    from audit.explanation.decompose import decompose
    from audit.explanation.explaining import explain
    from audit.explanation.letters import letter, letter_template
    from audit.explanation.reason_codes import reason_codes
    from audit.explanation.recourse import recourse
    from audit.inference.power import power
    from audit.inference.regression import regress
    from audit.metrics.check import check_metric
    from audit.mitigation.changes import who_changes
    from audit.mitigation.comparing import mitigate
    from audit.mitigation.cutoffs import sweep_cutoffs
    from audit.mitigation.group_cutoffs import group_cutoffs
    from audit.mitigation.learning import learning_curves
    from audit.mitigation.remedies import records_needed
    from audit.mitigation.searching import search_alternatives
    from audit.mitigation.weighing import reweigh
    from audit.pipeline import Audit, attach, count, load, run, write
    from audit.table.intake import read
    from audit.tally.file import load as load_tally
    from audit.tally.merge import merge


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name in _MODULES:
        return import_module(f"audit.{name}")
    if name in _WHERE:
        module = import_module(_WHERE[name])
        value = getattr(module, "load" if name == "load_tally" else name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'audit' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Public names, loaded or not."""
    return sorted([*__all__, "__version__"])
