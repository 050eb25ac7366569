"""Names that belong to the loader: the columns that it adds, and its own tables."""

from __future__ import annotations

#: The number of a row within its file. Tables of older versions of the loader lack this column.
ROW_NUMBER = "_source_row"
#: The columns that the loader adds to each raw table, with their types.
INTERNAL_COLUMNS = {
    "_loaded_at": "TIMESTAMP",
    "_source_file": "VARCHAR",
    "_batch_id": "VARCHAR",
    ROW_NUMBER: "BIGINT",
}
#: The loader's own tables in the schema of the raw tables.
REJECTS = "raw_rejects"
LOADED_FILES = "raw_files"
FILE_TIMES = "raw_file_times"
