"""What the online store says of itself: the hash ``<prefix>:meta:<view>:v<n>``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

import redis
from redis.cluster import RedisCluster

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.keys import metadata_key, project_key
from feature_store.online.layout.types import FEATURE_TIME
from feature_store.registry.definitions import FeatureView

#: Sets fields of a hash where nobody else has since it was read, on the server it was read from:
#: a client that connects again after a restart or a failover would vouch for rows that were lost.
_COMPLETE = """
redis.replicate_commands()
local run_id, exported_at, disturbed = ARGV[1], ARGV[2], ARGV[3]
if not string.find(redis.call('info', 'server'), 'run_id:' .. run_id, 1, true)
    or (redis.call('hget', KEYS[1], 'exported_at') or '') ~= exported_at
    or (redis.call('hget', KEYS[1], 'disturbed') or '') ~= disturbed then
    return 0
end
local reply = redis.pcall('hset', KEYS[1], unpack(ARGV, 4))
if type(reply) == 'table' and reply.err then
    -- Redis 6 puts the script's line before it.
    return redis.error_reply(string.match(reply.err, '%-(%u+ .*)$') or reply.err)
end
return 1
"""
#: Stands among the names of a hash's fields for a row in the packed layout.
PACKED = "(packed)"


def claim_prefix(client: redis.Redis | RedisCluster, prefix: str, project_name: str) -> None:
    """Make sure that the keys below the prefix are this project's.

    Raises:
        FeatureStoreError: another project has claimed the prefix on this server.
        redis.RedisError: the server refused, or the connection broke.
    """
    key = project_key(prefix)
    client.set(key, project_name, nx=True)
    owner = client.get(key)
    if owner != project_name:
        raise FeatureStoreError(
            f"the keys {prefix}:… on this Redis server belong to the project {owner!r}",
            allowed=f"a server or prefix of the project {project_name!r}",
            next_step="choose another server (REDIS_URL) or prefix (FEATURE_STORE_PREFIX)",
        )


def iso(time: datetime | None) -> str:
    """Return a time (UTC, without zone) as ISO 8601, nothing for None."""
    return f"{time.isoformat()}Z" if time else ""


def joined_names(names: Iterable[str]) -> str:
    """Return names of fields as ``held`` has them: joined by commas, those in names as ``%2C``."""
    return ",".join(sorted(name.replace("%", "%25").replace(",", "%2C") for name in names))


def held_names(view: FeatureView) -> frozenset[str]:
    """Return what a key of a view holds: its fields' names, or ``PACKED``."""
    if view.layout == "packed":
        return frozenset([PACKED])
    return frozenset([*(feature.name for feature in view.features), FEATURE_TIME.name])


@dataclass(frozen=True)
class Metadata:
    """The metadata of one view, or of one that was never exported.

    Attributes:
        fields: the hash as it is.
    """

    fields: Mapping[str, str]

    @classmethod
    def read(cls, client: redis.Redis | RedisCluster, prefix: str, view: FeatureView) -> Metadata:
        """Read the metadata of a view."""
        return cls(client.hgetall(metadata_key(prefix, view)))

    def complete(
        self,
        client: redis.Redis | RedisCluster,
        key: str,
        run_id: str,
        fields: Mapping[str, str | int],
    ) -> bool:
        """Write what an export that was decided by these metadata has come to.

        Args:
            client: the online store.
            key: of the metadata.
            run_id: of the server that took the rows; of a Cluster nothing.
            fields: what to write.

        Returns:
            Whether it was written: not where another server answers now, or another exporter wrote.
        """
        expected = [self.fields.get(name, "") for name in ("exported_at", "disturbed")]
        pairs = [part for pair in fields.items() for part in pair]
        script = client.register_script(_COMPLETE)
        return bool(script([key], [run_id, *expected, *pairs]))

    def _time(self, name: str) -> datetime | None:
        return self._read_time(self.fields.get(name))

    @staticmethod
    def _read_time(text: str | None) -> datetime | None:
        if not text:
            return None
        try:
            return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
        except ValueError:
            return None  # whoever wrote it: nothing is known then

    @property
    def watermark(self) -> datetime | None:
        """Everything that the snapshot recorded until then (UTC) is online."""
        return self._time("watermark")

    @property
    def as_of(self) -> datetime | None:
        """The time (UTC) that the exported rows are the features of."""
        return self._time("as_of")

    @property
    def lives_from(self) -> datetime | None:
        """Every key's life was set then (UTC, the server's clock) or later."""
        return self._time("lives_from")

    @property
    def sending_watermark(self) -> datetime | None:
        """The watermark (UTC) that an export which was not completed led to."""
        _, _, rest = self.fields.get("sending", "").partition(" ")
        return self._read_time(rest.partition(" ")[0])

    @property
    def held(self) -> frozenset[str]:
        """What keys may hold: names of fields, or ``PACKED``."""
        listed = self.fields.get("held", "").split(",")
        return frozenset(unquote(name) for name in listed) - {""}
