"""What takes long is done on a thread that is there only as long as it is needed."""

import threading
from threading import Barrier, Event, Lock

import pytest

from mockserver.control.worker import Worker

PATIENCE = 10.0


def test_one_thing_after_the_other() -> None:
    """In the order in which they came, on one thread that is not the caller's."""
    worker, begun = Worker(Lock()), Event()
    done: list[tuple[int, int]] = []

    def do(number: int) -> int:
        begun.wait(PATIENCE)
        done.append((number, threading.get_ident()))
        return number

    coming = [worker.do(lambda number=number: do(number)) for number in range(5)]
    begun.set()
    assert [each.result(PATIENCE) for each in coming] == [0, 1, 2, 3, 4]
    assert [number for number, _ in done] == [0, 1, 2, 3, 4]
    assert len({thread for _, thread in done} - {threading.get_ident()}) == 1


def test_what_fails_fails_alone() -> None:
    """Whoever waits hears why; what comes behind it is done."""
    worker = Worker(Lock())

    def fail() -> None:
        raise LookupError("nothing")

    failing, after = worker.do(fail), worker.do(lambda: "done")
    with pytest.raises(LookupError, match="nothing"):
        failing.result(PATIENCE)
    assert after.result(PATIENCE) == "done"


def test_the_thread_ends_and_comes_again() -> None:
    """Without anything to do there is none; nobody can cancel what was begun."""
    worker = Worker(Lock())
    for _ in range(3):
        meeting = Barrier(2)
        coming = worker.do(lambda meeting=meeting: (threading.current_thread(), meeting.wait(PATIENCE))[0])
        assert not coming.cancel()
        meeting.wait(PATIENCE)
        thread = coming.result(PATIENCE)
        thread.join(PATIENCE)
        assert not thread.is_alive()
