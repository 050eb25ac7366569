"""Tests of the embedded server: started, shared, saved and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from feature_store.errors import FeatureStoreError
from feature_store.online.connection import embedded
from feature_store.online.connection.embedded import EmbeddedRedis
from support.servers.embedded_redis import assert_gone, opened, pid_of
from support.servers.redis_server import redis_server

NO_RETRY = Retry(NoBackoff(), 0)


def test_data_survive_and_no_process_is_left(data_file: Path):
    row = {"text": "naïve\r\n😀", "number": "1"}
    with opened(data_file) as client:
        client.hset("key", mapping=row)
        first = pid_of(client)
    assert_gone(first)
    with opened(data_file) as client:
        assert client.hgetall("key") == row
        second = pid_of(client)
    assert_gone(second)
    assert {path.name for path in data_file.parent.iterdir()} == {"dev.rdb", "dev.lock"}


def test_the_server_listens_on_no_network_address(data_file: Path):
    with opened(data_file) as client:
        assert client.config_get("port") == {"port": "0"}
        assert psutil.Process(pid_of(client)).net_connections(kind="inet") == []
        socket = Path(client.config_get("unixsocket")["unixsocket"])
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert not socket.parent.exists()


def test_two_clients_of_one_process(data_file: Path):
    one, two = EmbeddedRedis(data_file), EmbeddedRedis(data_file)
    first, second = one.open(), two.open()
    pid = pid_of(second)
    assert pid_of(first) == pid
    one.close(first)
    assert second.ping()
    two.close(second)
    assert_gone(pid)


def test_a_client_without_any_command_counts_as_a_client(data_file: Path):
    store = EmbeddedRedis(data_file)
    client = store.open()
    pid = pid_of(client)
    socket = client.config_get("unixsocket")["unixsocket"]
    waiting = redis.Redis(unix_socket_path=socket, decode_responses=True, retry=NO_RETRY)
    connection = waiting.connection_pool.get_connection()
    store.close(client)
    assert psutil.pid_exists(pid)
    waiting.connection_pool.release(connection)
    store.close(waiting)
    assert_gone(pid)


def test_a_killed_server_is_started_anew_with_what_was_saved(data_file: Path):
    with opened(data_file) as client:
        client.set("key", "saved")
    with opened(data_file) as client:
        client.set("key", "lost")
        killed = pid_of(client)
        socket = Path(client.config_get("unixsocket")["unixsocket"])
        os.kill(killed, signal.SIGKILL)
        assert_gone(killed)
        assert socket.exists()
    with opened(data_file) as client:
        assert client.get("key") == "saved"
        assert not socket.parent.exists()


@pytest.mark.parametrize(
    "content", ["", "\n", "relative.sock", "/nowhere/redis.sock", "\x00", "ÿ", "/" + "x" * 200]
)
def test_a_stale_pointer_is_ignored(data_file: Path, content: str):
    data_file.parent.mkdir()
    data_file.with_suffix(".socket").write_bytes(content.encode("latin-1"))
    with opened(data_file) as client:
        assert client.ping()


@pytest.mark.parametrize("options", [(), ("--requirepass", "secret")])
def test_a_foreign_server_at_the_pointer_is_not_used(data_file: Path, options: tuple[str, ...]):
    data_file.parent.mkdir()
    with redis_server(*options) as foreign:
        data_file.with_suffix(".socket").write_text(str(foreign.socket))
        with opened(data_file) as client:
            assert pid_of(client) != foreign.process.pid
            client.set("key", "ours")
        assert foreign.socket.exists()
        with foreign.client(password=options[-1] if options else None) as theirs:
            assert theirs.dbsize() == 0


def test_a_copied_project_has_a_server_of_its_own(data_file: Path):
    with opened(data_file) as client:
        copy = shutil.copytree(data_file.parent, data_file.parents[1] / "copy")
        with opened(copy / data_file.name) as client_of_copy:
            assert pid_of(client_of_copy) != pid_of(client)
        assert client.ping()
        with opened(data_file) as client_again:
            assert pid_of(client_again) == pid_of(client)


def test_targets_beside_each_other_have_servers_of_their_own(data_file: Path):
    beside = data_file.with_name("test.rdb")
    with opened(data_file) as client, opened(beside) as client_beside:
        assert pid_of(client) != pid_of(client_beside)
        client.set("key", data_file.name)
        client_beside.set("key", beside.name)
    for file in (data_file, beside):
        with opened(file) as client:
            assert client.get("key") == file.name


@pytest.mark.parametrize("name", ["x" * 120, "with space, 'quotes' and ümlaut"])
def test_any_project_path(tmp_path: Path, data_file: Path, name: str):
    for expected in (0, 1):
        with opened(tmp_path / name / "redis" / "dev.rdb") as client:
            assert client.dbsize() == expected
            client.set("key", "value")


def test_a_long_temporary_folder(tmp_path: Path, data_file: Path, monkeypatch: pytest.MonkeyPatch):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with opened(data_file) as client:
        assert client.ping()
    assert [*long.iterdir()] == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"this is no Redis data file", "Wrong signature trying to load DB from file"),
        (b"REDIS0009\xfa\x09redis-ver\x066.2.14", "EOF"),
    ],
)
def test_corrupt_data(
    data_file: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, reason: str
):
    data_file.parent.mkdir()
    data_file.write_bytes(content)
    folder = tempfile.mkdtemp()
    monkeypatch.setattr(tempfile, "tempdir", folder)
    with pytest.raises(FeatureStoreError) as caught:
        EmbeddedRedis(data_file).open()
    what, next_step = str(caught.value).splitlines()
    assert what.startswith(f"{data_file}: the embedded Redis does not start with it: ")
    assert reason in what
    assert next_step.startswith("Next: move that file away")
    assert data_file.read_bytes() == content
    Path(folder).rmdir()  # nothing is left in there
    assert not data_file.with_suffix(".socket").exists()


def test_data_that_cannot_be_saved_stay_in_the_running_server(data_file: Path):
    """The file cannot be written, because a folder has its name by now."""
    store = EmbeddedRedis(data_file)
    client = store.open()
    client.set("key", "value")
    data_file.mkdir()
    with pytest.raises(FeatureStoreError) as caught:
        store.close(client)
    assert "cannot save its data: " in str(caught.value)
    assert "Is a directory" in str(caught.value)  # what the server's log says
    assert "MiB are free" in str(caught.value)
    assert f"make room on the disk of {data_file.parent}" in str(caught.value)
    with opened(data_file) as client:
        assert client.get("key") == "value"
        data_file.rmdir()
    assert data_file.is_file()


def test_a_stopped_server_is_not_replaced(data_file: Path, monkeypatch: pytest.MonkeyPatch):
    """A second server over the same data would lay its own over those of the first."""
    monkeypatch.setattr(embedded, "REPLY_TIMEOUT", 0.5)
    store = EmbeddedRedis(data_file)
    client = store.open()
    client.set("key", "value")
    process = pid_of(client)
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(redis.TimeoutError):
            client.get("key")
        for act in (EmbeddedRedis(data_file).open, lambda: store.close(client)):
            with pytest.raises(FeatureStoreError) as caught:
                act()
            assert f"process {process}) does not reply" in str(caught.value)
            assert "kill -CONT" in str(caught.value)
    finally:
        os.kill(process, signal.SIGCONT)
    with opened(data_file) as client:
        assert (client.get("key"), pid_of(client)) == ("value", process)
    assert_gone(process)


def test_only_this_user_can_read_the_data(data_file: Path):
    """Also those that an earlier version left, which everybody could read."""
    for _ in range(2):
        with opened(data_file) as client:
            if data_file.exists():
                assert stat.S_IMODE(data_file.stat().st_mode) == 0o600
            client.set("key", "value")
        assert stat.S_IMODE(data_file.stat().st_mode) == 0o600
        data_file.chmod(0o644)
