"""Clients of a Redis Cluster that end soon when a node does not answer, and pipelines over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import redis
import redis.asyncio.cluster
import redis.asyncio.retry
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.retry import Retry

from feature_store.online.connection.address import Address

#: A Cluster is asked once more for its nodes and slots, and at once: redis-py does not wait there.
RETRIES = 1


def cluster_client(address: Address, **options: Any) -> RedisCluster:
    """Return a client, which has asked the Cluster for its nodes.

    Raises:
        redis.RedisClusterException: no node answers, or there are slots that nobody has.
        redis.RedisError: a node refused.
    """
    nodes = [ClusterNode(*host) for host in address.hosts]
    retry = Retry(NoBackoff(), RETRIES)
    return _Cluster(startup_nodes=nodes, ssl=address.tls, retry=retry, **options)


def async_cluster_client(address: Address, **options: Any) -> redis.asyncio.RedisCluster:
    """Return a client for ``asyncio``; it asks for the nodes when it is used."""
    nodes = [redis.asyncio.cluster.ClusterNode(*host) for host in address.hosts]
    retry = redis.asyncio.retry.Retry(NoBackoff(), RETRIES)
    return redis.asyncio.RedisCluster(startup_nodes=nodes, ssl=address.tls, retry=retry, **options)


def pipelined(client: RedisCluster, commands: Iterable[Sequence[Any]]) -> list[Any]:
    """Send commands, in one round trip a node, and return the replies, error replies among them.

    Args:
        client: from :func:`cluster_client`.
        commands: each with one key.

    Raises:
        redis.ConnectionError, redis.TimeoutError: a node does not answer.
        redis.RedisClusterException: none does, or there are slots that nobody has.
    """
    with client.pipeline() as pipeline:
        for command in commands:
            pipeline.execute_command(*command)
        replies = pipeline.execute(raise_on_error=False)
    if broken := _broken(replies):
        raise broken
    return replies


async def pipelined_async(
    client: redis.asyncio.RedisCluster, commands: Iterable[Sequence[Any]]
) -> list[Any]:
    """Do as :func:`pipelined` without blocking the event loop."""
    commands = list(commands)
    for retries in reversed(range(1 + RETRIES)):
        async with client.pipeline() as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            replies = await pipeline.execute(raise_on_error=False)
        broken = _broken(replies)
        if not broken:
            break
        # It asks for the nodes again when it cannot connect to one.
        if not retries or isinstance(broken, redis.TimeoutError):
            raise broken
    return replies


def _broken(replies: Iterable[Any]) -> redis.RedisError | None:
    """Return the first that is no reply, but says that there is none."""
    kinds = (redis.ConnectionError, redis.TimeoutError)
    return next((reply for reply in replies if isinstance(reply, kinds)), None)


class _Cluster(RedisCluster):
    """A client for which a node that does not answer costs its timeout once.

    redis-py sends the commands of a pipeline to such a node one by one again, each as often as it
    retries; with a thousand commands that would take hours.
    """

    ERRORS_ALLOW_RETRY = tuple(
        error for error in RedisCluster.ERRORS_ALLOW_RETRY if error is not redis.TimeoutError
    )

    def pipeline(
        self, transaction: bool | None = None, shard_hint: str | None = None
    ) -> ClusterPipeline:
        """Return a pipeline that ends with the first command that fails again."""
        pipeline = super().pipeline(transaction, shard_hint)
        pipeline.parent_execute_command = _until_it_fails(self.execute_command)
        return pipeline


def _until_it_fails(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function, so that its connection error is that of all later calls."""
    failed: redis.RedisError | None = None

    def execute_or_fail(*command: Any, **options: Any) -> Any:
        nonlocal failed
        if failed:
            raise failed
        try:
            return execute(*command, **options)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            failed = error
            raise

    return execute_or_fail
