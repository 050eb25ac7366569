"""The encodings of a training set for single values, with the same results when serving.

The macros ``standardized``, ``imputed``, ``ordinal`` and ``one_hot`` encode in SQL with a table
that ``fitted_statistics`` makes. :class:`FittedStatistics` is that table in memory. It gives the
same results bit for bit: doubles, and the same operations in the same order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from feature_store.errors import FeatureStoreError, near_names
from feature_store.store import FeatureStore
from feature_store.training.values_as_in_sql import category_text, number, one_hot_columns
from feature_store.warehouse.connection import connect
from feature_store.warehouse.errors import clear_error
from feature_store.warehouse.sql import identifier

_NEEDED = (
    "column_name", "kind", "category", "category_rank", "mean", "standard_deviation", "median",
    "most_frequent", "fitted_on",
)  # fmt: skip
_KINDS = {"median": "numeric", "mean": "numeric", "most_frequent": "categorical"}
#: An encoding's name, or its name and arguments.
Step = str | tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class ColumnStatistics:
    """The fitted statistics of one column.

    Attributes:
        kind: ``numeric`` or ``categorical``.
        mean: the mean of the fitted values, None without any; so are the next two.
        standard_deviation: that of the population.
        median: of an even number of values, half the sum of the two in the middle.
        most_frequent: the most frequent category, the smaller of equally frequent ones.
        categories: the fitted categories in the order of their ranks.
    """

    kind: str
    mean: float | None
    standard_deviation: float | None
    median: float | None
    most_frequent: str | None
    categories: tuple[str, ...]


@dataclass(frozen=True)
class FittedStatistics:
    """A table of fitted statistics.

    Example:
        >>> fitted = FittedStatistics.from_warehouse(FeatureStore(), "training.churn_statistics")
        >>> fitted.standardized("spend_28d", fitted.imputed("spend_28d", None))
        -0.31

    Args:
        table: the rows that ``fitted_statistics`` made.
        source: their table or file, for error messages.
    """

    table: pa.Table
    source: str

    def __post_init__(self):
        missing = [name for name in _NEEDED if name not in self.table.column_names]
        if missing:
            raise FeatureStoreError(
                f"{self.source}: no column {', '.join(missing)}",
                allowed="a table made by the macro fitted_statistics",
                next_step="name such a table, or build its model again",
            )

    @classmethod
    def from_warehouse(
        cls, store_or_connection: FeatureStore | duckdb.DuckDBPyConnection, relation: str
    ) -> FittedStatistics:
        """Read the statistics from the warehouse.

        Args:
            store_or_connection: the feature store, or an open connection.
            relation: schema and table, such as ``training.churn_statistics``.

        Raises:
            FeatureStoreError: there is no such table, or it is another kind of table.
        """
        if isinstance(store_or_connection, FeatureStore):
            with connect(store_or_connection.settings.warehouse_path) as connection:
                return cls.from_warehouse(connection, relation)
        parts = re.findall(r'"((?:[^"]|"")+)"|([^".]+)', relation)
        name = identifier(*(quoted.replace('""', '"') or plain for quoted, plain in parts))
        try:
            table = store_or_connection.sql(f"select * from {name}").to_arrow_table()
        except (duckdb.CatalogException, duckdb.ParserException) as error:
            raise FeatureStoreError(
                f"{relation}: no such table: {error}",
                allowed="schema and table, such as training.churn_statistics",
                next_step="build the model (dbt build), then try again",
            ) from error
        except duckdb.Error as error:
            raise clear_error(error, relation) from error
        return cls(table, relation)

    @classmethod
    def from_parquet(cls, path: Path | str) -> FittedStatistics:
        """Read the statistics that :meth:`to_parquet` wrote.

        Raises:
            FeatureStoreError: there is no such file, or it holds something else.
        """
        try:
            return cls(pq.read_table(path, partitioning=None), str(path))
        except (OSError, pa.ArrowInvalid) as error:
            raise FeatureStoreError(
                f"{path}: cannot be read: {error}",
                allowed="a Parquet file written by FittedStatistics.to_parquet",
                next_step="check the path, or write the file again",
            ) from error

    def to_parquet(self, path: Path | str) -> None:
        """Write the statistics to a file, to be kept beside the model that was trained."""
        pq.write_table(self.table, path)

    @cached_property
    def columns(self) -> dict[str, ColumnStatistics]:
        """The fitted statistics by column."""
        rows = self.table.select(_NEEDED).to_pylist()
        ranked: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            if row["category"] is not None:
                of_column = ranked.setdefault(row["column_name"], [])
                of_column.append((row["category_rank"], row["category"]))
        return {
            row["column_name"]: ColumnStatistics(
                **{name: row[name] for name in ("kind", "mean", "standard_deviation", "median")},
                most_frequent=row["most_frequent"],
                categories=tuple(text for _, text in sorted(ranked.get(row["column_name"], []))),
            )
            for row in rows
            if row["category"] is None
        }

    def standardized(self, column: str, value: Any) -> float | None:
        """Return a number's distance from the fitted mean, in fitted standard deviations.

        None stays None. A column that was constant when it was fitted gives 0.0, one that had no
        value then gives None.

        Raises:
            FeatureStoreError: no such numeric column was fitted, or the value is not a number.
        """
        fitted = self._fitted(column, "numeric")
        given = number(column, value)
        if given is None or fitted.mean is None or fitted.standard_deviation is None:
            return None
        return (given - fitted.mean) / (fitted.standard_deviation or math.inf) + 0.0

    def imputed(self, column: str, value: Any, using: str = "median") -> float | str | None:
        """Return the value or, where it is None, a fitted one.

        Args:
            column: the column.
            value: a number, or a category with ``most_frequent``.
            using: ``median``, ``mean`` (a float is returned) or ``most_frequent`` (a text is).

        Raises:
            FeatureStoreError: another ``using``, no such column, or a value of another kind.
        """
        if using not in _KINDS:
            raise FeatureStoreError(
                f"using is {using!r}", allowed=", ".join(_KINDS), next_step="pass one of these"
            )
        fitted = self._fitted(column, _KINDS[using])
        known = (number if _KINDS[using] == "numeric" else category_text)(column, value)
        return getattr(fitted, using) if known is None else known

    def ordinal(self, column: str, value: Any, unseen: int | None = -1) -> int | None:
        """Return a category's fitted rank, ``unseen`` if it was not fitted; None stays None.

        Raises:
            FeatureStoreError: no such categorical column was fitted, or the value is no category.
        """
        categories = self._fitted(column, "categorical").categories
        text = category_text(column, value)
        if text is None:
            return None
        return categories.index(text) if text in categories else unseen

    def one_hot(
        self, column: str, value: Any, categories: Sequence[Any] | None = None
    ) -> dict[str, int] | list[int]:
        """Return a category as ones and zeros; None gives zeros only.

        Args:
            column: the column.
            value: the category.
            categories: the categories that get a name of their own.

        Returns:
            With categories, a mapping of ``<column>_is_<category>`` and ``<column>_is_other``;
            without, a list with one number for each fitted category and one for all others.

        Raises:
            FeatureStoreError: no such categorical column was fitted, the value is no category, or
                two categories give the same name.
        """
        fitted = self._fitted(column, "categorical").categories
        text = category_text(column, value)
        if categories is None:
            hits = [int(text == known) for known in fitted]
            return [*hits, int(text is not None and not any(hits))]
        named = one_hot_columns(column, categories)
        ones = {name: int(text == known and text in fitted) for name, known in named.items()}
        return ones | {f"{column}_is_other": int(text is not None and not any(ones.values()))}

    def encoded(
        self, row: Mapping[str, Any], steps: Mapping[str, Step | Sequence[Step]]
    ) -> dict[str, Any]:
        """Encode a whole row.

        Args:
            row: values by column; columns that no step names are left out.
            steps: by column the encodings to apply, one after the other, each its name or its name
                and arguments: ``{"spend_28d": ["imputed", "standardized"], "income": ("one_hot",
                {"categories": ["low", "high"]})}``.

        Returns:
            The encoded values by column, in the order of ``steps``; the names of a ``one_hot`` with
            categories take the column's place.

        Raises:
            FeatureStoreError: the row lacks a column, or an encoding raises an error.
        """
        result: dict[str, Any] = {}
        for column, given in steps.items():
            if column not in row:
                raise FeatureStoreError(
                    f"row: no {column}",
                    allowed=near_names(column, row),
                    next_step="add the column to the row, with None where it is missing",
                )
            value = row[column]
            for step in [given] if isinstance(given, (str, tuple)) else given:
                name, arguments = (step, {}) if isinstance(step, str) else step
                if name not in ("standardized", "imputed", "ordinal", "one_hot"):
                    raise FeatureStoreError(
                        f"steps: {column}: no encoding {name!r}",
                        allowed="standardized, imputed, ordinal, one_hot",
                        next_step="name one of these",
                    )
                value = getattr(self, name)(column, value, **arguments)
            result |= value if isinstance(value, dict) else {column: value}
        return result

    def _fitted(self, column: str, kind: str) -> ColumnStatistics:
        found = self.columns.get(column)
        if found is None or found.kind != kind:
            known = [name for name, fitted in self.columns.items() if fitted.kind == kind]
            raise FeatureStoreError(
                f"{self.source}: no {kind} column {column!r} was fitted",
                allowed=near_names(column, known),
                next_step="correct the name, or add the column to fitted_statistics",
            )
        return found
