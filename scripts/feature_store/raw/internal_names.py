"""The names of the raw schema: the columns that the loader adds, and its own tables."""

from __future__ import annotations

#: The number of a row within its file, the newest of the loader's columns: older tables lack it.
ROW_NUMBER = "_source_row"
#: The columns that the loader adds to each raw table, with their types.
INTERNAL_COLUMNS = {
    "_loaded_at": "TIMESTAMP",
    "_source_file": "VARCHAR",
    "_batch_id": "VARCHAR",
    ROW_NUMBER: "BIGINT",
}
#: The tables that the loader itself keeps in the schema of the raw tables.
REJECTS = "raw_rejects"
LEDGER = "raw_files"
FILE_TIMES = "raw_file_times"
