"""A user's project, with the installed plugin."""

from typing import Final

import pytest

_CALM: Final = ("-p", "no:cacheprovider", "--strict-markers", "-W", "error")
_WITHOUT: Final = ("-p", "no:schemathesis", "-p", "no:hypothesispytest")
"""Plugins that take a second to load and play no part."""

CONFTEST: Final = '''
import socket, threading, time, asyncio
import pytest

@pytest.fixture(autouse=True)
def leaves_nothing():
    """Fail a test that leaves a thread, or a patch."""
    import httpx, requests
    places = [(time, "sleep"), (time, "time"), (time, "monotonic"), (asyncio, "sleep")]
    places += [(requests.Session, "get_adapter"), (httpx.HTTPTransport, "handle_request")]
    places += [(httpx.AsyncHTTPTransport, "handle_async_request")]
    before = [vars(owner)[name] for owner, name in places]
    threads = set(threading.enumerate())
    yield
    assert [vars(owner)[name] for owner, name in places] == before
    left = [thread for thread in threading.enumerate() if thread not in threads]
    for thread in left:
        thread.join(5)
    assert not [thread.name for thread in left if thread.is_alive()]
'''
"""Watches over each test from outside the plugin's fixtures."""


def run(pytester: pytest.Pytester, tests: str, *options: str, ini: str = "") -> pytest.RunResult:
    """What comes of these tests, as a user runs them: in a process of their own, warnings being errors."""
    pytester.makeini(f"[pytest]\nasyncio_default_fixture_loop_scope = function\n{ini}")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(tests)
    return pytester.runpytest_subprocess(*_CALM, *_WITHOUT, *options, timeout=200)
