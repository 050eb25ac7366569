"""Values as YAML in flow style."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import yaml


def flow(value: Any) -> str:
    """Return a value as YAML in flow style, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (date, bytes)):
        return yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()
    return json.dumps(value)


def _text(text: str) -> str:
    """Return a text as a scalar, without quotes where YAML reads it the same way."""
    try:
        is_same = text.strip() == text and all(
            yaml.safe_load(shape.format(text)) == expected
            for shape, expected in (
                ("a: {}", {"a": text}),
                ("{{a: {}, b: 1}}", {"a": text, "b": 1}),
                ("[{}, 1]", [text, 1]),
            )
        )
    except yaml.YAMLError:
        is_same = False
    return text if is_same and "\n" not in text else json.dumps(text, ensure_ascii=False)
