"""Errors quoted in the documentation, and features in Redis, for the tests of schema changes."""

from __future__ import annotations

from support.paths import REPOSITORY
from support.servers.redis_server import RedisServer

DOCUMENTATION = REPOSITORY / "docs/guides/schema_changes.md"
#: The beginning of an error about the feature view of the changing project.
VIEW = "feature view purchases v1 (models/features/purchases.yml): "


def online_features(server: RedisServer, customer: int) -> dict[str, str]:
    """Return the features of a customer in Redis, without the feature time."""
    with server.client() as client:
        found = client.hgetall(f"fs:{{customer:{customer}}}:purchases:v1")
    return {name: text for name, text in found.items() if not name.startswith("_")}


def documented(part: str) -> str:
    """Return the line of docs/guides/schema_changes.md that contains a text."""
    (line,) = [line.strip() for line in DOCUMENTATION.read_text().splitlines() if part in line]
    return line
