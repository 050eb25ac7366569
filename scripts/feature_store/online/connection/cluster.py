"""Clients of a Redis Cluster with few retries, and pipelines over its nodes."""

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
from feature_store.online.connection.redis_internals import set_single_executor

#: The client reads the nodes and slots once more, at once: redis-py does not wait in between.
RETRIES = 1


def cluster_client(address: Address, **options: Any) -> RedisCluster:
    """Return a client, which has read the nodes and slots from the Cluster.

    Raises:
        redis.RedisClusterException: no node replies, or some slots have no node.
        redis.RedisError: a node replied with an error.
    """
    nodes = [ClusterNode(*host) for host in address.hosts]
    retry = Retry(NoBackoff(), RETRIES)
    return _Cluster(startup_nodes=nodes, ssl=address.tls, retry=retry, **options)


def async_cluster_client(address: Address, **options: Any) -> redis.asyncio.RedisCluster:
    """Return a client for ``asyncio``; it reads the nodes when it is first used."""
    nodes = [redis.asyncio.cluster.ClusterNode(*host) for host in address.hosts]
    retry = redis.asyncio.retry.Retry(NoBackoff(), RETRIES)
    return redis.asyncio.RedisCluster(startup_nodes=nodes, ssl=address.tls, retry=retry, **options)


def pipelined(client: RedisCluster, commands: Iterable[Sequence[Any]]) -> list[Any]:
    """Send commands in one round trip to each node, and return the replies, with error replies.

    Raises:
        redis.ConnectionError, redis.TimeoutError: a node does not reply.
        redis.RedisClusterException: no node replies, or some slots have no node.
    """
    with client.pipeline() as pipeline:
        for command in commands:
            pipeline.execute_command(*command)
        replies = pipeline.execute(raise_on_error=False)
    if error := _connection_error(replies):
        raise error
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
        error = _connection_error(replies)
        if not error:
            break
        # The client has marked the nodes to be read again.
        if not retries or isinstance(error, redis.TimeoutError):
            raise error
    return replies


def _connection_error(replies: Iterable[Any]) -> redis.RedisError | None:
    """Return the first error of a connection that stands in the place of a reply."""
    kinds = (redis.ConnectionError, redis.TimeoutError)
    return next((reply for reply in replies if isinstance(reply, kinds)), None)


class _Cluster(RedisCluster):
    """A client that waits only once for a node that does not reply.

    redis-py sends the commands of a pipeline to such a node again, one by one, each with its own
    timeout and retries; with a thousand commands that would take hours.
    """

    ERRORS_ALLOW_RETRY = tuple(
        error for error in RedisCluster.ERRORS_ALLOW_RETRY if error is not redis.TimeoutError
    )

    def pipeline(
        self, transaction: bool | None = None, shard_hint: str | None = None
    ) -> ClusterPipeline:
        """Return a pipeline that stops at the first command that fails again."""
        pipeline = super().pipeline(transaction, shard_hint)
        set_single_executor(pipeline, _stop_after_failure(self.execute_command))
        return pipeline


def _stop_after_failure(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function: after its first connection error all later calls raise the same one."""
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
