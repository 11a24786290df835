"""The "audit.tally/1" file: readable JSON, sparse cells, a checksum, typed levels.

```
{"schema": "audit.tally/1",
 "checksum": "sha256:...",              of everything below, in canonical form
 "content": {
  "axes": {"protected:sex": {"name": "sex", "kind": "protected", "levels": ["female", "male"]}},
  "cubes": [{"stage": null, "axes": ["protected:sex", "decision", "outcome"],
             "at": [[0, 1], [0, 0], [2, 2]],       one list an axis: positions of non-empty cells
             "count": [12, 30], "weight": null, "weight_squared": null, "sums": {}}],
  ...}}
```
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from audit.errors import InputError
from audit.table.paths import path_of
from audit.table.roles import BLOCKS, DECISION_LEVELS, OUTCOME_LEVELS, Axis, Issue
from audit.tally.bins import AMOUNT, Bins
from audit.tally.canonical import axis_of, axis_record, roles_of, roles_record, text, typed
from audit.tally.cube import Cube, Tally
from audit.tally.fingerprint import fingerprint

SCHEMA = "audit.tally/1"
"""Name and version of the file format."""
CELLS = 50_000_000
"""More cells than any plan makes: a file that asks for more is refused before they are made."""


def save(tally: Tally, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write the tally as JSON: whole or not at all, the same bytes for the same tally.

    A tally file is replaced; any other file only with `force`. Raises `InputError` TLY301 for
    a folder, a file that is no tally, or a place that cannot be written.
    """
    target = path_of(path, "TLY301")
    if target.is_dir():
        raise InputError("TLY301", f"{target} is a folder", argument="path", fix="name a file")
    if target.is_symlink() and not force:
        raise InputError(
            "TLY301",
            f"{target} is a symbolic link",
            argument="path",
            fix="name the file itself, or force=True to replace the link",
        )
    if target.exists() and not force and not _is_tally(target):
        raise InputError(
            "TLY301",
            f"{target} exists and is not a tally that audit wrote",
            argument="path",
            fix="choose another name, or force=True",
        )
    content = to_dict(tally)
    lines = [f"  {json.dumps(name)}: {text(value)}" for name, value in sorted(content.items())]
    body = (
        f'{{"schema": "{SCHEMA}",\n "checksum": "{_checksum(content)}",\n "content": {{\n'
        + ",\n".join(lines)
        + "\n}}\n"
    )
    try:
        replace_file(target, body.encode("ascii"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            "TLY301",
            f"cannot write {target}: {reason}",
            argument="path",
            fix="choose a folder that can be written to",
        ) from error


def load(path: str | os.PathLike[str]) -> Tally:
    """Read a tally that `save` wrote; equal to the one saved.

    Raises `InputError` TLY302: no such file, not JSON or cut short, another schema, a checksum
    or fingerprint that does not fit.
    """
    source = path_of(path, "TLY302")
    try:
        whole = json.loads(source.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise _refused(f"cannot read {source}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise _refused(f"{source} is not JSON, or cut short ({error})") from error
    if not isinstance(whole, dict) or "schema" not in whole:
        raise _refused(f"{source} is not a tally")
    if whole["schema"] != SCHEMA:
        raise _refused(
            f"{source} has schema {whole['schema']!r}; this version reads {SCHEMA!r}",
            fix="read it with the version of audit that wrote it, or count again",
        )
    content = whole.get("content")
    if not isinstance(content, dict) or whole.get("checksum") != _checksum(content):
        raise _refused(f"the checksum of {source} does not fit: it was changed or damaged")
    return from_dict(content)


def to_dict(tally: Tally) -> dict[str, Any]:
    """The tally as plain JSON values; only non-empty cells, types of levels kept.

    >>> from audit.table.roles import Roles
    >>> t = Tally(cubes=(), roles=Roles(), axes={}, rows=0, excluded=0, fingerprint="0")
    >>> to_dict(t)["rows"]
    0
    """
    return {
        "rows": tally.rows,
        "excluded": tally.excluded,
        "fingerprint": tally.fingerprint,
        "roles": roles_record(tally.roles),
        "axes": {key: axis_record(axis) for key, axis in tally.axes.items()},
        "bins": {key: _bins_record(edges) for key, edges in _edges(tally).items()},
        "issues": [
            {
                "code": i.code,
                "severity": i.severity,
                "column": i.column,
                "message": i.message,
                "fix": i.fix,
            }
            for i in tally.issues
        ],
        "sources": list(tally.sources),
        "outside": dict(tally.outside),
        "skipped": list(tally.skipped),
        "weight_exponent": tally.weight_exponent,
        "cubes": [_cube_record(cube) for cube in tally.cubes],
    }


def from_dict(content: Mapping[str, Any]) -> Tally:
    """The inverse of `to_dict`. Raises `InputError` TLY302 where the content is not a tally,
    or its fingerprint is not that of its counts."""
    try:
        tally = _tally(content)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError) as error:
        raise _refused(f"the content is not a tally: {type(error).__name__}: {error}") from error
    edges = _edges(tally)
    found = fingerprint(
        tally.cubes, tally.roles, rows=tally.rows, excluded=tally.excluded, edges=edges
    )
    if found != tally.fingerprint:
        raise _refused("the fingerprint does not fit the counts: they were changed")
    return tally


def replace_file(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: a temporary file beside it, flushed, then renamed.

    Raises `OSError`; the old file is then intact and the temporary one gone.
    """
    folder = target.parent
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _mode(target: Path) -> int:
    """Permissions of the file replaced, else what a new file would get; never a link's target's."""
    with suppress(OSError):
        if not target.is_symlink():
            return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _is_tally(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(64).startswith(b'{"schema": "audit.tally/')
    except OSError:
        return False


def _checksum(content: Mapping[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(text(content).encode()).hexdigest()


def _refused(message: str, fix: str | None = None) -> InputError:
    return InputError("TLY302", message, argument="path", fix=fix or "count again")


def _edges(tally: Tally) -> dict[str, tuple[float, ...]]:
    score = {"score": tally.score_edges} if tally.score_edges else {}
    return {**score, **{f"{AMOUNT}{k}": e for k, e in tally.amount_edges.items()}}


def _bins_record(edges: tuple[float, ...]) -> dict[str, Any]:
    return {"low": edges[0], "high": edges[-1], "number": len(edges) - 1}


def _bins_of(record: Mapping[str, Any]) -> tuple[float, ...]:
    number = _natural(record["number"])
    if not 0 < number <= CELLS:
        raise _refused(f"{number} is not a number of bins")
    return Bins(low=float(record["low"]), high=float(record["high"]), number=number).edges


def _cube_record(cube: Cube) -> dict[str, Any]:
    at = np.nonzero(cube.count)

    def sparse(array: Any) -> list[Any] | None:
        return None if array is None else array[at].tolist()

    return {
        "stage": cube.stage,
        "axes": [_axis_key(axis) for axis in cube.axes],
        "at": [positions.tolist() for positions in at],
        "count": sparse(cube.count),
        "weight": sparse(cube.weight),
        "weight_squared": sparse(cube.weight_squared),
        "sums": {name: sparse(array) for name, array in cube.sums.items()},
    }


def _axis_key(axis: Axis) -> str:
    plain_name = axis.kind in ("decision", "outcome", "block", "score")
    return axis.kind if plain_name else f"{axis.kind}:{axis.name}"


def _natural(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _refused(f"{value!r} is not a count")
    return value


def _tally(content: Mapping[str, Any]) -> Tally:
    axes = {key: axis_of(record) for key, record in content["axes"].items()}
    edges = {key: _bins_of(record) for key, record in content["bins"].items()}
    known = {
        **axes,
        "decision": Axis(name="decision", kind="decision", levels=DECISION_LEVELS),
        "outcome": Axis(name="outcome", kind="outcome", levels=OUTCOME_LEVELS),
        "block": Axis(name="block", kind="block", levels=tuple(range(BLOCKS))),
    }
    for key, values in edges.items():
        score = key == "score"
        known[key] = Axis(
            name="score" if score else key.removeprefix(AMOUNT),
            kind="score" if score else "amount",
            levels=(*range(len(values) - 1), None),
        )
    roles = roles_of(content["roles"])
    for name, members in roles.overlapping.items():
        _check_patterns(axes[f"protected:{name}"], [group for group, _ in members])
    return Tally(
        cubes=tuple(_cube(record, known) for record in content["cubes"]),
        roles=roles,
        axes=axes,
        rows=_natural(content["rows"]),
        excluded=_natural(content["excluded"]),
        fingerprint=str(content["fingerprint"]),
        score_edges=edges.get("score", ()),
        amount_edges={k.removeprefix(AMOUNT): e for k, e in edges.items() if k != "score"},
        issues=tuple(Issue(**record) for record in content["issues"]),
        sources=tuple(str(name) for name in content["sources"]),
        outside={str(name): _natural(number) for name, number in content["outside"].items()},
        skipped=tuple(str(line) for line in content["skipped"]),
        weight_exponent=int(content["weight_exponent"]),
    )


def _check_patterns(axis: Axis, groups: list[str]) -> None:
    """Levels of an attribute told by membership are tuples of its groups, or None."""
    for level in axis.levels:
        if level is not None and not (isinstance(level, tuple) and {*level} <= {*groups}):
            raise _refused(f"{level!r} is no pattern of {axis.name}'s groups")


def _cube(record: Mapping[str, Any], known: Mapping[str, Axis]) -> Cube:
    axes = tuple(known[key] for key in record["axes"])
    shape = tuple(len(axis.levels) for axis in axes)
    if int(np.prod([float(n) for n in shape])) > CELLS:
        raise _refused(f"a cube of {shape} cells is larger than any that audit counts")
    at = tuple(np.array(positions, np.int64) for positions in record["at"])
    if len(at) != len(axes) or any(
        p.ndim != 1 or (p.size and not 0 <= p.min() <= p.max() < n)
        for p, n in zip(at, shape, strict=True)
    ):
        raise _refused("cells lie outside their axes")

    def dense(values: Any, dtype: Any) -> Any:
        if values is None:
            return None
        array = np.zeros(shape, dtype)
        array[at] = np.array(typed(values), dtype)
        return array

    counts = [_natural(value) for value in record["count"]]
    cells = np.ravel_multi_index(at, shape) if at and at[0].size else np.zeros(0, np.int64)
    if len(counts) != len(cells) or len(np.unique(cells)) != len(cells):
        raise _refused("cells are repeated, or counts are missing")
    return Cube(
        axes=axes,
        count=dense(counts, np.int64),
        weight=dense(record["weight"], np.float64),
        weight_squared=dense(record["weight_squared"], np.float64),
        sums={name: dense(values, np.float64) for name, values in record["sums"].items()},
        stage=record["stage"],
    )
