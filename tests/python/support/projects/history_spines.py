"""The same labels as every kind of spine that can be given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def written(write: Callable[[pd.DataFrame, Path], Any], name: str) -> Callable[..., Any]:
    """Return what writes a spine to a file, and gives its path."""

    def source(frame: pd.DataFrame, folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(frame, path)
        return path

    return source


def parquet(frame: pd.DataFrame, path: Path) -> None:
    pq.write_table(arrow(frame), path)


def csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False)


#: What makes a spine of a frame and a folder, by name.
SOURCES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "pandas": lambda frame, _: frame,
    "pandas_gaps": lambda frame, _: frame.astype({"customer_id": "float64"}),
    "pandas_objects": lambda frame, _: frame.astype(object),
    "pandas_category": lambda frame, _: frame.astype({"shop": "category"}),
    "pandas_nanoseconds": lambda frame, _: frame.astype({"label_time": "datetime64[ns]"}),
    "pandas_index": lambda frame, _: frame.set_index(pd.Index([7] * 6)),
    "pandas_reversed_index": lambda frame, _: frame.set_index(pd.RangeIndex(6, 0, -1)),
    "pandas_zone": lambda frame, _: frame.assign(
        label_time=frame["label_time"].dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata")
    ),
    "arrow": lambda frame, _: arrow(frame),
    "arrow_zone": lambda frame, _: arrow(
        frame.assign(label_time=frame["label_time"].dt.tz_localize("UTC"))
    ),
    "arrow_small_keys": lambda frame, _: arrow(frame.astype({"customer_id": "Int8"})),
    "arrow_dictionary": lambda frame, _: arrow(frame.astype({"shop": "category"})),
    "arrow_chunks": lambda frame, _: pa.concat_tables([arrow(frame[:2]), arrow(frame[2:])]),
    "arrow_batch": lambda frame, _: arrow(frame).to_batches()[0],
    "parquet": written(parquet, "labels.parquet"),
    "parquet_text": lambda frame, folder: str(SOURCES["parquet"](frame, folder)),
    "parquet_odd_name": written(parquet, "it's [1].parquet"),
    "parquet_like_sql": written(parquet, "values.parquet"),
    "glob": lambda frame, folder: str(SOURCES["parquet"](frame, folder).parent / "l*.parquet"),
    "directory": lambda frame, folder: SOURCES["parquet"](frame, folder).parent,
    "directory_odd_name": lambda frame, folder: (
        SOURCES["parquet"](frame, folder / "it's [1] a*").parent
    ),
    "csv": written(csv, "labels.csv"),
    "sql": lambda frame, folder: f"select * from '{SOURCES['parquet'](frame, folder)}' ;\n",
    "sql_from": lambda frame, folder: f"\n  FROM '{SOURCES['parquet'](frame, folder)}'",
}
