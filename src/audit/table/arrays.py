"""Labels, groups and weights given as arrays: checked, aligned and coded.

The door through which `audit.metrics` functions take what a caller has. Labels are never guessed:
booleans and numbers within {0, 1} speak for themselves, anything else needs `pos_label`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import DataWarning, InputError
from audit.table.group_vectors import GroupCodes, group_codes
from audit.table.label_vectors import binary, check_told, decisions
from audit.table.roles import Group
from audit.table.vectors import Codes, encode, is_indexed, native
from audit.table.weight_vectors import check_weights, numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodedArrays:
    """Arrays as small integer codes, one a row."""

    decision: Codes
    """0 favourable, 1 unfavourable, 2 undecided."""
    outcome: Codes
    """0 favourable, 1 unfavourable, 2 unknown."""
    group: Codes
    """Index into `groups`."""
    groups: tuple[Group, ...]
    """Groups that occur, each a tuple of levels, sorted."""
    attribute: tuple[str, ...]
    """Names of the protected attributes, where the caller gave names."""
    weight: npt.NDArray[np.float64] | None
    """Sampling weights."""
    unknown: int
    """Rows whose outcome is unknown."""
    remarks: tuple[DataWarning, ...]
    """What deserves a warning; the caller gives it."""


def from_arrays(
    y_true: Any,
    y_pred: Any = None,
    sensitive_features: Any = None,
    sample_weight: Any = None,
    pos_label: Any = None,
) -> CodedArrays:
    """Check, align and code the arrays of one call.

    `y_true` holds outcomes (missing = unknown; None = all unknown), `y_pred` decisions (None =
    all undecided),
    `sensitive_features` one vector, or several as a frame, a dict, a 2-D array or a list of
    tuples (None = everyone together), `sample_weight` weights of at least 0. All have one value
    a row. `pos_label` is the favourable value of both labels where these are neither boolean nor
    0 / 1. pandas rows in another order are aligned by their index, with a warning.

    Raises `InputError` TBL401 and on, naming the argument, how many rows and the first.

    >>> rows = from_arrays([1, 0, None], [True, True, False], ["a", "b", "a"])
    >>> rows.decision.tolist(), rows.outcome.tolist(), rows.groups
    ([0, 0, 1], [0, 1, 2], (('a',), ('b',)))
    """
    parts = {
        "y_pred": native(y_pred),
        "y_true": native(y_true),
        "sensitive_features": native(sensitive_features),
        "sample_weight": native(sample_weight),
    }
    parts, aligned = _aligned({name: part for name, part in parts.items() if part is not None})
    given = [name for name in ("y_pred", "y_true") if name in parts]
    coded = {name: encode(parts[name], name) for name in given}
    sizes: list[tuple[str, int]] = [(name, len(vector)) for name, vector in coded.items()]
    if not sizes:
        raise InputError("TBL401", "neither y_true nor y_pred was given", argument="y_pred")
    size = sizes[0][1]
    grouped = GroupCodes(codes=np.zeros(size, np.int8), groups=((),), attribute=())
    if "sensitive_features" in parts:
        grouped = group_codes(parts["sensitive_features"])
        sizes.append(("sensitive_features", len(grouped.codes)))
    weight = None
    if "sample_weight" in parts:
        weight = numbers(parts["sample_weight"])
        sizes.append(("sample_weight", len(weight)))
    _same_length(sizes)
    if not size:
        raise InputError("TBL405", "has no rows", argument=sizes[0][0], fix="give at least one")
    if weight is not None:
        check_weights(weight)
    pos_label = check_told(pos_label, [*coded.values()])
    decision = outcome = np.full(size, 2, dtype=np.int8)
    if "y_pred" in coded:
        decision = decisions(coded["y_pred"], pos_label)
    if "y_true" in coded:
        outcome = binary(coded["y_true"], "y_true", pos_label)
    return CodedArrays(
        decision=decision,
        outcome=outcome,
        group=grouped.codes,
        groups=grouped.groups,
        attribute=grouped.attribute,
        weight=weight,
        unknown=int(np.count_nonzero(outcome == 2)),
        remarks=(*aligned, *(DataWarning(message, code) for message, code in grouped.remarks)),
    )


def _same_length(sizes: Sequence[tuple[str, int]]) -> None:
    odd = [name for name, size in sizes if size != sizes[0][1]]
    if odd:
        listed = ", ".join(f"{name} {size:,}" for name, size in sizes)
        raise InputError(
            "TBL406",
            f"lengths differ: {listed}",
            argument=odd[0],
            fix="give every argument one value a row, in the same order",
        )


def _aligned(parts: dict[str, Any]) -> tuple[dict[str, Any], tuple[DataWarning, ...]]:
    """Indexed parts in the order of the first one; a dict's vectors count one by one."""
    indexed: dict[tuple[str, Any], Any] = {}
    plain: list[str] = []
    for name, part in parts.items():
        members = part.items() if isinstance(part, Mapping) else [(None, part)]
        for key, member in members:
            if is_indexed(member):
                indexed[name, key] = member
            else:
                plain.append(name)
    if len(indexed) < 2:
        return parts, ()
    (first, _), base = next(iter(indexed.items()))
    moved: dict[tuple[str, Any], Any] = {}
    for (name, key), member in indexed.items():
        if member.index.equals(base.index):
            continue
        moved[name, key] = _reordered(member, base, name, first)
    if not moved:
        return parts, ()
    names = sorted({name for name, _ in moved})
    if plain:
        raise InputError(
            "TBL407",
            f"{' and '.join(names)} and {first} hold the same index in different orders, and "
            f"{' and '.join(sorted(set(plain)))} has no index to tell which one it follows",
            argument=plain[0],
            fix="give all of them as pandas objects, or all without an index (.to_numpy())",
        )
    result = dict(parts)
    for (name, key), member in moved.items():
        result[name] = member if key is None else {**result[name], key: member}
    text = f"{' and '.join(names)}: rows were put in the order of {first} by their index"
    return result, (DataWarning(text, "TBL408"),)


def _reordered(member: Any, base: Any, name: str, first: str) -> Any:
    if len(member.index) != len(base.index):
        _same_length([(first, len(base.index)), (name, len(member.index))])
    for index, whose in ((base.index, first), (member.index, name)):
        if not index.is_unique:
            again = index.duplicated()
            raise InputError(
                "TBL409",
                f"the index of {whose} repeats labels and differs from that of "
                f"{name if whose == first else first}, so rows cannot be matched",
                argument=whose,
                count=int(again.sum()),
                first=_label(index, int(np.argmax(again))),
                fix="call .reset_index(drop=True) on all of them if they are in the same order",
            )
    places = member.index.get_indexer(base.index)
    if (places < 0).any():
        absent = int((places < 0).sum())
        raise InputError(
            "TBL410",
            f"its index lacks labels that the index of {first} has",
            argument=name,
            count=absent,
            first=_label(base.index, int(np.argmax(places < 0))),
            fix="select the same rows, or call .reset_index(drop=True) on all of them if they "
            "are in the same order",
        )
    return member.iloc[places]


def _label(index: Any, place: int) -> str:
    label = index[place]
    return repr(label.item() if isinstance(label, np.generic) else label)
