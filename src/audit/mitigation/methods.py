"""Every mitigation method there is, in the order in which they act."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from audit.errors import InputError
from audit.mitigation.method import Method
from audit.table.wording import shown, suggestion


@lru_cache(maxsize=1)
def catalogue() -> tuple[Method, ...]:
    """All methods: those before, in and after training.

    >>> [m.key for m in catalogue()][:2]
    ['unawareness', 'class_weights']
    """
    from audit.mitigation.adversary import METHODS as ADVERSARIES
    from audit.mitigation.postprocessing import METHODS as AFTER
    from audit.mitigation.reductions import METHODS as REDUCTIONS
    from audit.mitigation.repairing import METHODS as REPAIRS
    from audit.mitigation.resampling import METHODS as SAMPLES
    from audit.mitigation.unaware import METHODS as UNAWARE
    from audit.mitigation.weighing import METHODS as WEIGHTS

    return (*UNAWARE, *WEIGHTS, *SAMPLES, *REPAIRS, *REDUCTIONS, *ADVERSARIES, *AFTER)


def chosen(methods: Any) -> tuple[tuple[Method, ...], bool]:
    """The methods asked for, in the catalogue's order, and whether they were named.

    None is all; a name may be the beginning of several ("exponentiated_gradient"). Raises
    `InputError` MIT012 for a name that is none.
    """
    known = catalogue()
    if methods is None or methods == "all":
        return known, methods == "all"
    names = [methods] if isinstance(methods, str) else list(_listed(methods))
    wanted: set[str] = set()
    for name in names:
        found = {m.key for m in known if isinstance(name, str) and _is(m.key, name)}
        if not found:
            keys = [m.key for m in known]
            raise InputError(
                "MIT012", f"there is no method {shown(name)}", argument="methods",
                fix=suggestion(name, keys),
            )  # fmt: skip
        wanted |= found
    return tuple(m for m in known if m.key in wanted), True


def _is(key: str, name: str) -> bool:
    name = name.strip().lower().replace(" ", "_").replace("-", "_")
    return bool(name) and (key == name or key.startswith(f"{name}_"))


def _listed(methods: Any) -> Sequence[Any]:
    try:
        return list(methods)
    except TypeError:
        raise InputError(
            "MIT012", f"{shown(methods)} names no methods", argument="methods",
            fix='methods=["reweighing", "exponentiated_gradient"]',
        ) from None  # fmt: skip
