"""Tests of exports that a signal stops: they print one line, and the metadata stay."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from support.paths import SCRIPTS
from support.projects.things_store import MANY, META, completed, serve_many
from support.projects.tiny_store import TinyStore, tiny_environment
from support.servers.export_process import ExportForker
from support.servers.redis_server import RedisServer, wait_for

pytestmark = pytest.mark.slow

STOPS = [(signal.SIGINT, 130, "stopped by Ctrl-C"), (signal.SIGTERM, 143, "stopped by SIGTERM")]


@pytest.mark.parametrize(("sent", "code", "line"), STOPS)
def test_the_script_is_stopped_while_the_server_hangs(
    store: TinyStore, own_server: RedisServer, sent: signal.Signals, code: int, line: str
):
    own_server.db.execute_command("CLIENT", "PAUSE", "600000", "WRITE")
    export = subprocess.Popen(
        [sys.executable, str(SCRIPTS / "export_to_redis.py")],
        env=tiny_environment(store, own_server.unix_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(
            lambda: any(other["cmd"] == "set" for other in own_server.db.client_list()),
            "the export to hang",
        )
        export.send_signal(sent)
        stdout, stderr = export.communicate(timeout=60)
    finally:
        export.kill()
        export.wait()
    assert (export.returncode, stderr, stdout) == (code, f"{line}\n", "")


@pytest.mark.parametrize(("sent", "code", "line"), STOPS)
@pytest.mark.parametrize("request_part", ["}:things:v1", "watermark"])
def test_an_export_that_is_stopped_releases_the_lock_and_keeps_the_metadata(
    store: TinyStore,
    server: RedisServer,
    forker: ExportForker,
    request_part: str,
    sent: signal.Signals,
    code: int,
    line: str,
):
    store.export(server.unix_url)
    serve_many(store)
    before = completed(server.db)
    signal_at = (sent.name, request_part, "after")
    stopped = forker.run(store, server.unix_url, lease=60, signal_at=signal_at)
    assert (stopped.code, stopped.stderr) == (code, f"{line}\n")
    assert not server.db.exists("fs:lock")
    if request_part != "watermark":
        assert completed(server.db) == before
    ended = forker.run(store, server.unix_url, wait_seconds=0)
    assert (ended.code, ended.stderr) == (0, "")
    assert server.db.hget(META, "rows") == str(MANY)


def test_an_export_is_stopped_while_the_server_hangs_in_the_middle(
    store: TinyStore, own_server: RedisServer, forker: ExportForker
):
    """It does not wait for the reply to the release of its lock."""
    hanging = forker.start_stopped(store, own_server.unix_url, "}:things:v1")
    own_server.process.send_signal(signal.SIGSTOP)
    try:
        hanging.send_signal(signal.SIGTERM)
        hanging.send_signal(signal.SIGCONT)
        began = time.monotonic()
        stopped = hanging.wait()
        assert time.monotonic() - began < 15  # the timeout of a reply is 30 s
    finally:
        own_server.process.send_signal(signal.SIGCONT)
    assert (stopped.code, stopped.stderr) == (143, "stopped by SIGTERM\n")
