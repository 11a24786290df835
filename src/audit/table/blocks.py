"""Repeated applicants in hashed blocks, the same on every engine."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.errors import InputError
from audit.table.codes import warning
from audit.table.distinct import Distinct
from audit.table.roles import BLOCKS, Issue
from audit.table.wording import shown

FEW_CLUSTERS = 30
"""Below this many clusters the block jackknife is unreliable."""


def block(key: Any) -> int:
    """The block of one key: the first 8 bytes of BLAKE2b of its text (UTF-8), modulo 64.

    A whole number has the same text as int or float.

    >>> block("A-17"), block(17) == block(17.0) == block("17")
    (53, True)
    """
    if isinstance(key, float) and key == int(key):
        key = int(key)
    text = str(key).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") % BLOCKS


def blocks(found: Distinct) -> tuple[npt.NDArray[np.int64], tuple[Issue, ...]]:
    """The block of each position of a cluster column.

    Raises `InputError` TBL041 where a key is missing, TBL006 and TBL012 where keys have no text.
    """
    if found.kind in ("time", "other", "mixed"):
        raise InputError(
            "TBL012" if found.kind == "mixed" else "TBL006",
            f"column {shown(found.column)} holds keys that are neither text nor numbers",
            argument="cluster",
            fix="convert the column to text first",
        )
    if found.missing:
        raise InputError(
            "TBL041",
            f"column {shown(found.column)} has no key",
            argument="cluster",
            count=found.missing,
            first=found.first_missing,
            fix="give every row the key of its applicant",
        )
    table = np.fromiter(map(block, found.values), np.int64, len(found.values))
    clusters = len(found.present)
    if clusters >= FEW_CLUSTERS:
        return table, ()
    few = warning(
        "TBL065",
        found.column,
        f"{clusters} clusters; intervals from fewer than {FEW_CLUSTERS} are unreliable",
        "read them with care",
    )
    return table, (few,)
