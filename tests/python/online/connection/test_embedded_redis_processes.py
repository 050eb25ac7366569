"""Tests of an embedded server that processes share, some of which are killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from support.processes import start_python
from support.projects.tiny_store import TinyStore, View, tiny_environment
from support.servers.embedded_redis import assert_gone, opened, pid_of
from support.servers.redis_server import script_environment

#: A process that opens the store, writes, says the server's process id, and waits for a line.
OTHER = """
import sys
from pathlib import Path
from feature_store.online.connection.embedded import EmbeddedRedis

store = EmbeddedRedis(Path(sys.argv[1]))
client = store.open()
client.set("other", "was here")
print(client.info("server")["process_id"], flush=True)
sys.stdin.readline()
store.close(client)
"""


def start_other(data_file: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a process that opens the store; return it and the server's process id."""
    return start_python(OTHER, data_file, env=script_environment())


def end(other: subprocess.Popen[str]) -> None:
    """Let such a process come to its own end."""
    other.communicate("\n", timeout=60)
    assert other.returncode == 0


def test_two_processes_share_a_server_and_the_last_one_stops_it(data_file: Path):
    with opened(data_file) as client:
        other, pid = start_other(data_file)
        assert pid == pid_of(client)
    assert psutil.pid_exists(pid)
    # What the first one wrote is on the disk already, though the server runs on.
    assert data_file.exists()
    end(other)
    assert_gone(pid)


def test_a_killed_process_leaves_a_server_that_the_next_one_takes_over(data_file: Path):
    other, pid = start_other(data_file)
    other.kill()
    other.communicate()
    assert psutil.pid_exists(pid)
    with opened(data_file) as client:
        assert pid_of(client) == pid
        assert client.get("other") == "was here"
    assert_gone(pid)


def test_a_store_that_is_not_closed_leaves_no_server(data_file: Path, tmp_path: Path):
    """A notebook's kernel ends without a word."""
    code = (
        "from feature_store import FeatureStore, FeatureStoreError\n"
        "store = FeatureStore()\n"
        "print(store.get_online_features([{'thing_id': 1}], ['things']).rows)\n"
        "print(store._online_store.client.info('server')['process_id'])\n"
    )
    view = View("things", {"thing_id": "bigint"}, {"a": "integer"})
    tiny = TinyStore(tmp_path / "tiny", [view])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=tiny_environment(tiny, None),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows, pid = done.stdout.splitlines()
    assert rows == "[{'thing_id': 1, 'things:a': None}]"
    assert_gone(int(pid))


def test_many_processes_open_and_close_at_once(data_file: Path):
    others = [start_other(data_file) for _ in range(3)]
    assert len({pid for _, pid in others}) == 1
    for other, _ in others:
        other.stdin.write("\n")
        other.stdin.flush()
    for other, _ in others:
        other.communicate(timeout=60)
        assert other.returncode == 0
    assert_gone(others[0][1])
    with opened(data_file) as client:
        assert client.get("other") == "was here"
