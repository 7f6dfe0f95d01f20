"""What every test gets: Hypothesis without deadlines, and a watch on threads."""

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, print_blob=True, max_examples=50)
# Ten times as many, for `make proof`. A test that wants other numbers takes a multiple of its profile's.
settings.register_profile("proof", settings.get_profile("suite"), max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Fail a test that leaves a thread behind."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(timeout=2)
    running = [thread.name for thread in left if thread.is_alive()]
    assert not running, f"threads left running: {', '.join(running)}"
