"""Verifies that a stored training set can be reproduced, and finds what changed if it cannot."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.store import FeatureStore
from feature_store.training import metadata
from feature_store.training.build import TrainingSetRequest, historical, write
from feature_store.training.labels import find_labels
from feature_store.training.splits import SPLIT, SplitRule
from feature_store.training.write import TrainingSetSummary, read_written, split_files
from feature_store.warehouse.connection import connect
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import count_of, duckdb_path, identifier, literal, rows_of

#: Columns of the stored rows; no column of a set can have these names.
_SPLIT, _ROW = "_spine_split", "_spine_row"


@dataclass(frozen=True)
class Verification:
    """The result of a verification.

    Attributes:
        content_hash: the stored hash.
        is_reproducible: whether building the set again gives the same content.
        findings: the reasons why it does not, each a line.
        notes: changes that do not change the set.
    """

    content_hash: str
    is_reproducible: bool
    findings: list[str]
    notes: list[str]


def verify_training_set(store: FeatureStore, folder: Path) -> Verification:
    """Build a stored training set again, from its own labels and today's warehouse, and compare.

    Raises:
        FeatureStoreError: the folder holds no training set, or it cannot be read.
    """
    stored = metadata.read_metadata(folder)
    try:
        return _verify(store, folder, stored)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise FeatureStoreError(
            f"{folder}: cannot be verified: {first_line(error)}",
            next_step="build the training set again",
        ) from error


def _verify(store: FeatureStore, folder: Path, stored: Mapping[str, Any]) -> Verification:
    label = stored["labels"]["label"]
    time = stored["labels"]["time"]
    try:
        SplitRule.from_json(stored["split_rule"]).sql(store.macros, time)
    except FeatureStoreError as error:
        raise FeatureStoreError(
            f"{folder / metadata.FILE}: split_rule: {error.what}",
            next_step="build the training set again",
        ) from error
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        files = read_written(connection, folder, time=time, label=label)
    content_hash = stored["content_hash"]
    if files.content_hash != content_hash:
        return Verification(content_hash, False, [*_changed_files(stored, files)], [])
    if added := [*_added_files(folder)]:
        return Verification(content_hash, False, added, [])
    changes = [*_changed_definitions(store, stored)]
    notes = [*_changed_labels(store, stored, folder)]
    blocking = [text for is_blocking, text in changes if is_blocking]
    if blocking:
        return Verification(content_hash, False, blocking, notes)
    changed = [text for _, text in changes]
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch) / "again"
        again.mkdir()
        rebuilt = _build_again(store, stored, folder, again)
        if rebuilt.content_hash == content_hash:
            return Verification(content_hash, True, [], [*changed, *notes])
        findings = [*_different_values(store, stored, folder, again, rebuilt)]
    return Verification(content_hash, False, [*findings, *changed], notes)


def _changed_files(stored: Mapping[str, Any], files: TrainingSetSummary) -> Iterator[str]:
    for name in sorted({*stored["splits"], *files.splits}):
        then, now = stored["splits"].get(name), files.splits.get(name)
        if then is None or now is None:
            what = "was added" if then is None else "is missing"
            yield f"split {name}: {what} since it was written"
        elif then["content_hash"] != now.content_hash:
            yield (
                f"split {name}: the file was changed since it was written "
                f"({then['rows']:,} rows then, {now.rows:,} now)"
            )
    # Without any file there are no columns to compare.
    if files.splits:
        yield from _changed_columns(stored["columns"], files.columns)


def _changed_columns(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in [*then, *(name for name in now if name not in then)]:
        if name not in now or name not in then:
            yield f"column {name}: {'was added' if name in now else 'is missing'}"
        elif then[name] != now[name]:
            yield f"column {name}: the type was {then[name]} and is {now[name]}"
    if [name for name in then if name in now] != [name for name in now if name in then]:
        yield f"columns: the order was {', '.join(then)} and is {', '.join(now)}"


def _added_files(folder: Path) -> Iterator[str]:
    """Yield the files that were not written with the set, and that a reader of it would read."""
    known = {*split_files(folder).values()}
    for path in sorted(folder.rglob("*.parquet")):
        if path not in known:
            yield f"{path.relative_to(folder)}: was added since it was written"


def _changed_definitions(
    store: FeatureStore, stored: Mapping[str, Any]
) -> Iterator[tuple[bool, str]]:
    """Yield each change of the definitions, and whether it makes it impossible to build the set."""
    views = {view.unique_id: view for view in store.definitions.views}
    for then in stored["feature_views"]:
        label = f"{then['view']}:v{then['version']}"
        view = views.get(then["unique_id"])
        if view is None:
            yield True, f"{label}: there is no such feature view version any more"
            continue
        wanted = {
            name.rpartition(":")[2]
            for name in stored["features"].values()
            if name.startswith(f"{label}:")
        }
        lost = sorted(wanted - {*view.feature_types})
        if lost:
            yield True, f"{label}: has no feature {', '.join(lost)} any more"
        now = metadata.definition(store.definitions, view)
        for where, old, new in differences(then["definition"], now):
            yield False, f"{label}: the definition changed: {where}: {old} -> {new}"
        made_from = metadata.lineage(store.definitions, view.unique_id)
        for name in _changed(then["made_from"], made_from):
            yield False, f"{label}: what it is made from changed: {name}"
    for name in _changed(stored["join_macros"], metadata.join_macros(store.definitions)):
        yield False, f"the join changed: {name}"
    if stored["duckdb_version"] != duckdb.__version__:
        yield False, f"DuckDB was {stored['duckdb_version']} and is {duckdb.__version__}"


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in sorted({*then, *now}) if then.get(name) != now.get(name)]


def differences(then: Any, now: Any, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each place where two definitions differ, with the text then and now."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in [*then, *(key for key in now if key not in then)]:
            place = f"{where}.{key}" if where else str(key)
            yield from differences(then.get(key), now.get(key), place)
    elif then != now:
        yield where, *("nothing" if value is None else str(value) for value in (then, now))


def _changed_labels(store: FeatureStore, stored: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Yield how the labels that the set was made from differ today; the set has its own copy."""
    then = stored["labels"]
    if then["kind"] == "file":
        return
    given = then["query"] if then["kind"] == "query" else then["name"]
    rule = SplitRule.from_json(stored["split_rule"])
    try:
        labels = find_labels(store.definitions, given)
        split = rule.sql(store.macros, then["time"])
    except FeatureStoreError as error:
        yield f"labels: {error.what}"
        return
    if labels.origin["checksum"] != then["checksum"]:
        yield f"labels: the definition of {given} changed"
    try:
        names = ", ".join(identifier(name) for name in then["columns"] if name.lower() != SPLIT)
        stored_rows = f"select {names} from ({_stored_rows(folder)}) as stored"
        # A comment may end the query.
        today = f"select {names} from (\n{labels.source}\n) as labels where ({split}) is not null"
        with closing(connect(store.settings.warehouse_path)) as connection:
            added, lost = (
                count_of(connection, f"select count(*) from (({a}) except all ({b})) as rest")
                for a, b in ((today, stored_rows), (stored_rows, today))
            )
    except duckdb.Error as error:
        yield f"labels: cannot be compared: {first_line(error)}"
        return
    if added or lost:
        yield f"labels: today {added:,} rows more and {lost:,} rows less than in the set"


def _stored_rows(folder: Path) -> str:
    """Return a query of all rows of a stored set, in their order, with split and number."""
    parts = [
        f"select *, {literal(name)} as {_SPLIT}, row_number() over () as {_ROW} "
        f"from read_parquet({duckdb_path(path)}, hive_partitioning = false)"
        for name, path in split_files(folder).items()
    ]
    return " union all ".join(parts)


def _build_again(
    store: FeatureStore, stored: Mapping[str, Any], folder: Path, again: Path
) -> TrainingSetSummary:
    labels = stored["labels"]
    rule = SplitRule.from_json(stored["split_rule"])
    columns = ", ".join(_label_sql(name, kind) for name, kind in labels["columns"].items())
    request = TrainingSetRequest(
        features=[*stored["features"].values()],
        labels="",
        time=labels["time"],
        mode=stored["mode"],
        max_age={v["view"]: v["max_age"] for v in stored["feature_views"] if v["max_age"]},
        full_feature_names=stored["full_feature_names"],
        allow_deprecated=True,
    )
    spine = f"select {columns} from ({_stored_rows(folder)}) as stored"
    return write(store, historical(store, request, spine), again, rule, labels["label"])


def _label_sql(name: str, data_type: str) -> str:
    """Return the SQL of a column of the labels, with its type and name, over the stored rows."""
    if name.lower() == SPLIT:
        return f"{_SPLIT} as {identifier(name)}"
    if data_type in ("HUGEINT", "UHUGEINT"):  # stored as a decimal, which is no type of keys
        return f"cast({identifier(name)} as {data_type}) as {identifier(name)}"
    return identifier(name)


def _different_values(
    store: FeatureStore,
    stored: Mapping[str, Any],
    folder: Path,
    again: Path,
    rebuilt: TrainingSetSummary,
) -> Iterator[str]:
    """Yield the number of rows in which each feature differs, and the views whose data changed."""
    yield from _changed_columns(stored["columns"], rebuilt.columns)
    for name in {**stored["splits"], **rebuilt.splits}:
        then = stored["splits"].get(name, {}).get("rows", 0)
        now = rebuilt.splits[name].rows if name in rebuilt.splits else 0
        if then != now:
            yield f"split {name}: {then:,} rows then, {now:,} now"
    columns = [name for name in stored["columns"] if name in rebuilt.columns]
    counts = ", ".join(
        # As text, as in the hash: -0.0 is not 0.0, and any two types can be compared.
        f"count(*) filter (where cast(a.{identifier(name)} as varchar) "
        f"is distinct from cast(b.{identifier(name)} as varchar))"
        for name in columns
    )
    joined = (
        f"from ({_stored_rows(folder)}) as a join ({_stored_rows(again)}) as b "
        f"on a.{_SPLIT} = b.{_SPLIT} and a.{_ROW} = b.{_ROW}"
    )
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        found = rows_of(connection, f"select {counts} {joined}")[0]
    for name, count in zip(columns, found, strict=True):
        if count:
            feature = stored["features"].get(name, f"labels:{name}")
            yield f"{feature}: differs in {count:,} of {stored['rows']:,} rows"
    yield from _changed_data(store, stored)


def _changed_data(store: FeatureStore, stored: Mapping[str, Any]) -> Iterator[str]:
    with closing(connect(store.settings.warehouse_path)) as connection:
        for then in stored["feature_views"]:
            view = store.definitions.view(then["view"], then["version"])
            now = metadata.data_state(connection, view, stored["mode"])
            if any(then[name] != value for name, value in now.items()):
                yield (
                    f"{view.label}: the data changed: {then['rows']:,} rows, the latest loaded at "
                    f"{then['known_at']} -> {now['rows']:,} rows, {now['known_at']}"
                )
