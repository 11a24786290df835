"""Parquet files: metadata checked first, then Arrow in memory or DuckDB for what is larger."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path

from audit.errors import InputError
from audit.table import opened
from audit.table.opened import connect, hive_columns, literal, quoted

BOMB_BYTES = 4 * 2**30
BOMB_RATIO = 5_000
PROBED = 64
"""Rows decoded to see how wide they are."""


def open_parquet(paths: Sequence[Path], wanted: set[str] | None, root: str) -> opened.Opened:
    """Open Parquet files as one frame, refusing truncated and implausibly large ones."""
    import narwhals as nw
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = tuple(p.name for p in paths)
    rows = width = 0
    for path in paths:
        try:
            meta = pq.read_metadata(path)
        except (pa.ArrowException, OSError) as problem:
            raise InputError(
                "TBL113",
                f"{path.name} is not a whole Parquet file: {problem}",
                argument="source",
                fix="the file seems truncated; make it anew",
            ) from None
        spread = sum(meta.row_group(g).total_byte_size for g in range(meta.num_row_groups))
        spread = max(spread, meta.num_rows * _row_bytes(path))
        if spread > BOMB_BYTES and spread > BOMB_RATIO * path.stat().st_size:
            raise InputError(
                "TBL114",
                f"{path.name} claims {meta.num_rows:,} rows × "
                f"{meta.num_columns} columns ({spread / 2**30:,.0f} GiB) in a file of "
                f"{path.stat().st_size:,} bytes",
                argument="source",
                fix="refused as implausible; check where the file comes from",
            )
        rows += meta.num_rows
        width = max(width, meta.num_columns)
    if rows == 0:
        raise InputError(
            "TBL108", f"{names[0]} has no rows", argument="source", fix="give a file with rows"
        )
    columns = min(width, len(wanted)) if wanted else width
    hive = bool(hive_columns(paths, root))
    if rows * max(columns, 1) <= opened.IN_MEMORY_CELLS and not hive and len(paths) == 1:
        schema = pq.read_schema(paths[0]).names
        picked = [c for c in schema if wanted is None or c in wanted] or schema
        try:
            table = pq.read_table(paths[0], columns=picked)
        except (pa.ArrowException, OSError) as problem:
            raise InputError(
                "TBL113",
                f"{paths[0].name} cannot be decoded: {problem}",
                argument="source",
                fix="the file seems damaged; make it anew",
            ) from None
        return opened.Opened(frame=nw.from_native(table, eager_only=True), names=names, text=False)
    import duckdb

    connection = connect()
    listed = ", ".join(literal(str(p)) for p in paths)
    scan = (
        f"read_parquet([{listed}], hive_partitioning = {str(hive).lower()}, "
        f"union_by_name = {str(len(paths) > 1).lower()})"
    )
    try:
        present = connection.sql(f"SELECT * FROM {scan} LIMIT 0").columns
        picked = [c for c in present if wanted is None or c in wanted] or present
        relation = connection.sql(f"SELECT {', '.join(map(quoted, picked))} FROM {scan}")
        if rows * max(columns, 1) <= opened.IN_MEMORY_CELLS:
            table = relation.to_arrow_table()
            connection.close()
            return opened.Opened(
                frame=nw.from_native(table, eager_only=True), names=names, text=False
            )
    except duckdb.Error as problem:
        raise InputError(
            "TBL113",
            f"{names[0]} cannot be read: {str(problem).splitlines()[0]}",
            argument="source",
            fix="check that the files have one schema",
        ) from None
    frame = nw.from_native(relation)
    weakref.finalize(frame, connection.close)
    return opened.Opened(frame=frame, names=names, text=False)


def _row_bytes(path: Path) -> float:
    """Bytes a row takes once decoded, by the first few: a dictionary hides how wide values are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            batch = next(file.iter_batches(batch_size=PROBED), None)
    except (pa.ArrowException, OSError):
        return 0  # reading it will say what is wrong
    return batch.nbytes / batch.num_rows if batch is not None and batch.num_rows else 0
