"""An export that is stopped by a signal ends with one line, and the metadata stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from online_fixtures import SCRIPTS, RedisServer, wait_for
from things_store import MANY, META, completed, serve_many
from tiny_store import TinyStore, tiny_environment

STOPS = [(signal.SIGINT, 130, "stopped by Ctrl-C"), (signal.SIGTERM, 143, "stopped by SIGTERM")]
#: An export that gets a signal when its first rows are on their way.
STOPPED = """
import os, sys
from pathlib import Path
from feature_store import command_line
from tiny_store import TinyStore

store = TinyStore.__new__(TinyStore).open(Path(sys.argv[1]))
url, sent = sys.argv[2], int(sys.argv[3])
sys.argv[1:] = []
command_line.run(lambda: store.export(url, on_rows=lambda _: os.kill(os.getpid(), sent)))
"""


@pytest.mark.parametrize(("sent", "code", "line"), STOPS)
def test_an_export_that_is_stopped_in_the_middle(
    store: TinyStore, own_server: RedisServer, sent: signal.Signals, code: int, line: str
):
    store.export(own_server.unix_url)
    serve_many(store)
    environment = tiny_environment(store, None)
    environment["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    with own_server.client() as client:
        before = completed(client)
        done = subprocess.run(
            [sys.executable, "-c", STOPPED, store.folder, own_server.unix_url, str(int(sent))],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr, done.stdout) == (code, f"{line}\n", "")
        assert completed(client) == before
        store.export(own_server.unix_url)
        assert client.hget(META, "rows") == str(MANY)


@pytest.mark.parametrize(("sent", "code", "line"), STOPS)
def test_the_script_is_stopped_while_the_server_hangs(
    store: TinyStore, own_server: RedisServer, sent: signal.Signals, code: int, line: str
):
    with own_server.client() as client:
        client.execute_command("CLIENT", "PAUSE", "600000", "WRITE")
        export = subprocess.Popen(
            [sys.executable, str(SCRIPTS / "export_to_redis.py")],
            env=tiny_environment(store, own_server.unix_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_for(
                lambda: any(other["cmd"] == "set" for other in client.client_list()),
                "the export to hang",
            )
            export.send_signal(sent)
            stdout, stderr = export.communicate(timeout=60)
        finally:
            export.kill()
            export.wait()
        assert (export.returncode, stderr, stdout) == (code, f"{line}\n", "")
