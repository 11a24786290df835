"""Short strings to codes, without hashing each row's text.

Arrow can lay a string of up to 12 bytes out as two 64-bit words (length and text). Two such words
are the string, so a multiplication finds its place in a table of the strings seen in a sample,
and a comparison proves it, in little more than half the time that dictionary encoding takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

INLINE = 12
"""Bytes of text that fit beside the length."""
SAMPLE = 4096
"""Rows looked at first."""
MOST = 32
"""Distinct strings beyond which a table of 256 places fills up."""
CHUNK = 1 << 15
"""Rows at a time: their words stay in the second-level cache."""

Words = npt.NDArray[np.uint64]


def encode_short(
    array: Any, absent: npt.NDArray[np.bool_] | None
) -> tuple[npt.NDArray[np.uint8], list[str]] | None:
    """Codes and strings of a string Array or ChunkedArray; None where it does not suit.

    Exact: every row is compared with the string its code stands for. Rows where `absent` is
    true get an arbitrary code.
    """
    import pyarrow as pa

    if len(array) < 4 * SAMPLE or not hasattr(pa, "string_view"):
        return None
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    whole = pa.chunked_array(chunks, array.type)
    every = max(1, len(array) // 4)
    sample = pa.chunked_array(
        [c for i in range(4) for c in whole.slice(i * every, SAMPLE // 4).chunks], array.type
    )
    try:
        # in order, as levels will be: their codes then need no second pass
        strings = sorted(sample.cast(pa.large_string()).unique().drop_null().to_pylist())
        if not strings or len(strings) > MOST:
            return None
        if max(len(s.encode()) for s in strings) > INLINE:
            return None
        table = _table(_words(pa.array(strings, pa.large_string())))
        if table is None:
            return None
        codes = np.empty(len(array), np.uint8)
        start = 0
        for chunk in chunks:
            stop = start + len(chunk)
            skip = None if absent is None else absent[start:stop]
            if len(chunk) and not _fill(_words(chunk), codes[start:stop], skip, *table):
                return None
            start = stop
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return None
    return codes, strings


def _words(array: Any) -> Words:
    """Shape (rows, 2): length with the first four bytes, then the other eight."""
    import pyarrow as pa

    view = array if "view" in str(array.type) else array.cast(pa.string_view())
    words = np.frombuffer(view.buffers()[1], np.uint64).reshape(-1, 2)
    return words[view.offset : view.offset + len(view)]


_ODD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(56)


def _table(
    words: Words,
) -> tuple[np.uint64, Words, npt.NDArray[np.uint8]] | None:
    """A multiplier without collision, the two words at each place, and their codes."""
    rng = np.random.Generator(np.random.PCG64(0))  # fixed: the same table every time
    mixed, odd = words[:, 0] ^ words[:, 1], _ODD
    for _ in range(200):
        place = ((mixed * odd) >> _SHIFT).view(np.int64)
        if len(np.unique(place)) == len(words):
            break
        odd = rng.integers(0, 2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    else:
        return None
    known = np.zeros((256, 2), np.uint64)
    # An empty string is all zeros, so a free place holds a length that no string has.
    known[:, 0] = np.uint64(0xFFFFFFFF)
    known[place] = words
    codes = np.zeros(256, np.uint8)
    codes[place] = np.arange(len(words))
    return odd, known, codes


def _fill(
    words: Words,
    codes: npt.NDArray[np.uint8],
    skip: npt.NDArray[np.bool_] | None,
    odd: np.uint64,
    known: Words,
    table: npt.NDArray[np.uint8],
) -> bool:
    """Write each row's code; False as soon as a row holds a string that is not known."""
    size = min(CHUNK, len(words))
    places = np.empty(size, np.uint64)
    # Both words travel as one 16-byte number: fetched in one go, then compared as words.
    whole = np.empty(size, np.complex128)
    both = known.view(np.complex128).reshape(-1)
    alike = np.empty((size, 2), np.bool_)
    for start in range(0, len(words), CHUNK):
        part = words[start : start + CHUNK]
        place, expected, same = places[: len(part)], whole[: len(part)], alike[: len(part)]
        np.bitwise_xor(part[:, 0], part[:, 1], out=place)
        np.multiply(place, odd, out=place)
        np.right_shift(place, _SHIFT, out=place)
        index = place.view(np.int64)
        both.take(index, out=expected, mode="clip")
        np.equal(expected.view(np.uint64).reshape(-1, 2), part, out=same)
        if skip is not None:
            same[skip[start : start + CHUNK]] = True
        if not same.all():
            return False
        table.take(index, out=codes[start : start + CHUNK], mode="clip")
    return True
