"""The fields of a training set's metadata: the allowed types and values of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from feature_store.display import shortened
from feature_store.errors import FeatureStoreError
from feature_store.registry.definitions import duration_seconds
from feature_store.training.content_hash import content_hash

FORMAT = 1
#: Yields the place and the message of each error of a value.
Check: TypeAlias = Callable[[Any], Iterator[tuple[str, str]]]


def _shown(value: Any) -> str:
    return shortened(repr(value), 60)


def _value(allowed: str, is_allowed: Callable[[Any], bool]) -> Check:
    def check(value: Any) -> Iterator[tuple[str, str]]:
        if not is_allowed(value):
            yield "", f"{allowed} is allowed; got {_shown(value)}"

    return check


def _is_text(value: Any) -> bool:
    # JSON can have halves of characters, which no file and no database takes.
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_duration(value: Any) -> bool:
    try:
        return isinstance(value, str) and duration_seconds(value) > 0
    except (FeatureStoreError, ValueError, OverflowError):
        return False


def _either(allowed: str, *values: Any) -> Check:
    return _value(allowed, lambda value: any(value is one or value == one for one in values))


def _or_null(check: Check) -> Check:
    def checked(value: Any) -> Iterator[tuple[str, str]]:
        if value is not None:
            yield from check(value)

    return checked


def _hex(digits: int) -> Check:
    return _value(
        f"a hash of {digits} hex digits",
        lambda value: isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{digits}}}", value),
    )


def _mapping(check: Check, *, may_be_empty: bool = True) -> Check:
    def checked(value: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(value, dict) or not (value or may_be_empty):
            yield "", f"a mapping of names is allowed; got {_shown(value)}"
            return
        for name, one in value.items():
            if not _is_text(name):
                yield "", f"names that are texts are allowed; got {_shown(name)}"
            yield from ((f".{name}{where}", what) for where, what in check(one))

    return checked


def _list(check: Check) -> Check:
    def checked(value: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(value, list) or not value:
            yield "", f"a list is allowed; got {_shown(value)}"
            return
        for number, one in enumerate(value):
            yield from ((f"[{number}]{where}", what) for where, what in check(one))

    return checked


def _fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    known = {**required, **(optional or {})}

    def checked(value: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(value, dict):
            yield "", f"a mapping is allowed; got {_shown(value)}"
            return
        for name in required:
            if name not in value:
                yield f".{name}", "is missing"
        for name, check in known.items():
            if name in value:
                yield from ((f".{name}{where}", what) for where, what in check(value[name]))

    return checked


_TEXT = _value("a text", _is_text)
_COUNT = _value(
    "a whole number that is not negative", lambda value: _is_whole(value) and value >= 0
)
_WHOLE = _value("a whole number", _is_whole)
_TEXTS = _mapping(_TEXT)
_TYPES = _mapping(_TEXT, may_be_empty=False)
_REFERENCE = _value(
    "view:v<version>:feature",
    lambda value: _is_text(value) and re.fullmatch(r"[^:]+:v[^:]+:[^:]+", value),
)
_RULES = {
    "none": _fields({}),
    "column": _fields({}),
    "time": _fields({"validation_from": _TEXT, "test_from": _TEXT}, {"label_window": _TEXT}),
    "hash": _fields(
        {**dict.fromkeys(("train", "validation", "test", "seed"), _WHOLE), "entity": _list(_TEXT)}
    ),
}
_RULE_FIELDS = {
    "time": {"validation_from", "test_from", "label_window"},
    "hash": {"train", "validation", "test", "seed", "entity"},
}
_KINDS = {
    "file": _fields({"name": _TEXT}),
    "dbt model": _fields({"name": _TEXT, "unique_id": _TEXT}),
    "query": _fields({"query": _TEXT}),
}


def _rule(value: Any) -> Iterator[tuple[str, str]]:
    name = value.get("rule") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in _RULES:
        yield ".rule", f"{', '.join(_RULES)} is allowed; got {_shown(name)}"
        return
    yield from _RULES[name](value)
    for field in value:
        if field not in {"rule", *_RULE_FIELDS.get(name, ())}:
            yield f".{field}", f"no field of the rule {name}"


def _labels(value: Any) -> Iterator[tuple[str, str]]:
    common = {"checksum": _TEXT, "time": _TEXT, "label": _or_null(_TEXT), "columns": _TYPES}
    yield from _fields(common)(value)
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        yield ".kind", f"{', '.join(_KINDS)} is allowed; got {_shown(kind)}"
    else:
        yield from _KINDS[kind](value)


_SPLIT = _fields(
    {
        "rows": _COUNT,
        "positives": _or_null(_COUNT),
        "first_time": _or_null(_TEXT),
        "last_time": _or_null(_TEXT),
        "content_hash": _hex(32),
    }
)
_VIEW = _fields(
    {
        "view": _TEXT,
        "version": _value("a version", lambda value: _is_whole(value) or _is_text(value)),
        "unique_id": _TEXT,
        "definition": _fields({"feature_view": _fields({}), "columns": _mapping(_or_null(_TEXT))}),
        "made_from": _TEXTS,
        "max_age": _or_null(_value("a duration such as 28d", _is_duration)),
        "rows": _COUNT,
        "known_at": _or_null(_TEXT),
    }
)
_ALL = _fields(
    {
        "content_hash": _hex(64),
        "rows": _COUNT,
        "splits": _mapping(_SPLIT, may_be_empty=False),
        "split_rule": _rule,
        "mode": _either("as_recomputed or as_served", "as_recomputed", "as_served"),
        "full_feature_names": _value("true or false", lambda value: isinstance(value, bool)),
        "labels": _labels,
        "columns": _TYPES,
        "features": _mapping(_REFERENCE, may_be_empty=False),
        "feature_views": _list(_VIEW),
        "join_macros": _TEXTS,
        "duckdb_version": _TEXT,
    },
    {
        "rows_in_no_split": _COUNT,
        "service": _or_null(_TEXT),
        **dict.fromkeys(("first_time", "last_time"), _or_null(_TEXT)),
        **dict.fromkeys(("project", "target", "dbt_version"), _TEXT),
        "git": _or_null(_fields({"revision": _TEXT})),
    },
)


def metadata_errors(content: Any) -> tuple[str, list[str]]:
    """Return a heading and the errors of metadata, one line a field.

    The fields must also agree with each other, so that a change by hand is noticed.
    """
    if not isinstance(content, dict):
        return f"is not of format {FORMAT}", [f"a mapping is allowed; got {_shown(content)}"]
    if not _is_whole(content.get("format")) or content["format"] != FORMAT:
        found = _shown(content.get("format"))
        return f"is not of format {FORMAT}", [f"format: {FORMAT} is allowed; got {found}"]
    wrong = [f"{where.removeprefix('.')}: {what}" for where, what in _ALL(content)]
    if wrong:
        return f"is not of format {FORMAT}, or was changed since it was written", wrong
    return "was changed since it was written", [*_contradictions(content)]


def _contradictions(content: Mapping[str, Any]) -> Iterator[str]:
    splits, columns, labels = content["splits"], content["columns"], content["labels"]
    if sum(split["rows"] for split in splits.values()) != content["rows"]:
        yield f"rows: {content['rows']}, but the splits have other numbers"
    for name, split in splits.items():
        if split["positives"] is not None and split["positives"] > split["rows"]:
            yield f"splits.{name}.positives: more than its rows"
    hashes = {name: (split["rows"], split["content_hash"]) for name, split in splits.items()}
    if content_hash(columns, hashes) != content["content_hash"]:
        yield "content_hash: not that of columns, and of rows and content_hash of the splits"
    kept = {name for name in labels["columns"] if name.lower() != "split"}
    for name in sorted({labels["time"], *kept} - {*columns}):
        yield f"labels: {name} is none of columns"
    if labels["label"] is not None and labels["label"] not in labels["columns"]:
        yield f"labels.label: {labels['label']} is none of labels.columns"
    for name in content["features"]:
        if name not in columns:
            yield f"features: {name} is none of columns"
    for name in sorted({*columns} - kept - {*content["features"]}):
        yield f"columns: {name} is none of features, and none of labels.columns"
    for name in content["split_rule"].get("entity", ()):
        if name not in labels["columns"]:
            yield f"split_rule.entity: {name} is none of labels.columns"
    known = {f"{view['view']}:v{view['version']}" for view in content["feature_views"]}
    for name, reference in content["features"].items():
        if reference.rpartition(":")[0] not in known:
            yield f"features.{name}: {reference} is of none of feature_views"
