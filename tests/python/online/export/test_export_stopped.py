"""Tests of exports that a signal stops: they print one line, and the metadata stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from support.paths import SCRIPTS, TESTS
from support.projects.things_store import MANY, META, completed, serve_many
from support.projects.tiny_store import TinyStore, tiny_environment
from support.servers.export_process import ExportForker
from support.servers.redis_server import RedisServer, wait_for

STOPS = [(signal.SIGINT, 130, "stopped by Ctrl-C"), (signal.SIGTERM, 143, "stopped by SIGTERM")]
#: An export that gets a signal when its first rows are on their way.
STOPPED = """
import os, sys
from pathlib import Path
from feature_store.cli import app
from support.projects.tiny_store import TinyStore

store = TinyStore(Path(sys.argv[1]))
url, sent = sys.argv[2], int(sys.argv[3])
sys.argv[1:] = []
app.run(lambda: store.export(url, on_rows=lambda _: os.kill(os.getpid(), sent)))
"""


@pytest.mark.parametrize(("sent", "code", "line"), STOPS)
def test_an_export_that_is_stopped_in_the_middle(
    store: TinyStore, own_server: RedisServer, sent: signal.Signals, code: int, line: str
):
    store.export(own_server.unix_url)
    serve_many(store)
    environment = tiny_environment(store, None)
    environment["PYTHONPATH"] += os.pathsep + str(TESTS)
    before = completed(own_server.db)
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, store.folder, own_server.unix_url, str(int(sent))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout) == (code, f"{line}\n", "")
    assert completed(own_server.db) == before
    store.export(own_server.unix_url)
    assert own_server.db.hget(META, "rows") == str(MANY)


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
def test_an_export_that_is_stopped_releases_the_lock(
    store: TinyStore,
    server: RedisServer,
    forker: ExportForker,
    request_part: str,
    sent: signal.Signals,
    code: int,
    line: str,
):
    signal_at = (sent.name, request_part, "after")
    stopped = forker.run(store, server.unix_url, lease=60, signal_at=signal_at)
    assert (stopped.code, stopped.stderr) == (code, f"{line}\n")
    assert not server.db.exists("fs:lock")
    ended = forker.run(store, server.unix_url, wait_seconds=0)
    assert (ended.code, ended.stderr) == (0, "")
    assert server.db.hget(META, "rows") == "3"


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
