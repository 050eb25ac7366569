"""Ends a dbt command that runs in this process when a signal arrives."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

#: Seconds between two interrupts of the running queries.
_INTERRUPT_AGAIN = 0.1


@contextmanager
def cancelled_by_signals() -> Iterator[threading.Event]:
    """Let signals that end this process end dbt's queries too, for the length of the block.

    dbt interrupts the running queries once, and then waits for its threads. A thread that was
    between two queries begins the next one, and dbt would wait until that has ended. So queries are
    interrupted again and again until dbt has ended.

    This concerns signals that have a handler, and only the main thread, where they arrive.

    Yields:
        an event that is set when a signal has come, whatever dbt did about it.
    """
    stopped, ended = threading.Event(), threading.Event()

    def interrupt() -> None:
        from dbt.adapters.factory import FACTORY

        while not ended.wait(_INTERRUPT_AGAIN):
            for adapter in [*FACTORY.adapters.values()]:
                with suppress(Exception):  # a connection that is being opened or closed
                    adapter.cancel_open_connections()

    def stop(number: int, frame: FrameType | None) -> None:
        if not stopped.is_set():
            stopped.set()
            threading.Thread(target=interrupt, daemon=True).start()
        before[number](number, frame)

    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = {number: signal.getsignal(number) for number in numbers}
    before = {number: handler for number, handler in handlers.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread():
        before = {}
    for number in before:
        signal.signal(number, stop)
    try:
        yield stopped
    finally:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)
