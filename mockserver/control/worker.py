"""Does what would hold up an event loop: on a thread that lives as long as there is something to do."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from threading import Thread
from typing import Any, TypeVar

_T = TypeVar("_T")


class Worker:
    """Does one thing after the other. Nothing has to be closed: without anything to do there is no thread."""

    def __init__(self, lock: AbstractContextManager[object]) -> None:
        self._lock = lock
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._works = False

    def do(self, make: Callable[[], _T]) -> "Future[_T]":
        """What `make` gives, or raises; nobody can cancel it."""
        coming: Future[_T] = Future()
        coming.set_running_or_notify_cancel()
        with self._lock:
            self._waiting.append((coming, make))
            begins, self._works = not self._works, True
        if begins:
            Thread(target=self._work, name="worker", daemon=True).start()
        return coming

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._works = False
                    return
                coming, make = self._waiting.popleft()
            try:
                made = make()
            except Exception as error:
                coming.set_exception(error)
            else:
                coming.set_result(made)
