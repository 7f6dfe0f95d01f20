"""When a client only repeats itself."""

from typing import Any

import pytest

from contracts.grade.hopeless import repeats_itself
from grade.journals import Script


def entries(script: Script) -> list[dict[str, Any]]:
    """What the mock tells of its newest requests."""
    return script.requests


@pytest.mark.parametrize("status", [400, 412, 596])
def test_a_refusal_that_never_changes(status: int) -> None:
    """Four times the same over forty seconds; anything less may still end."""
    script = Script()
    for at in (0, 15, 30, 45):
        script.submit(at, status)
    assert repeats_itself(entries(script), 1)
    assert not repeats_itself(entries(script)[:3], 1)
    assert not repeats_itself(entries(script)[1:], 1)
    assert not repeats_itself([], 1)


def test_a_scale_counts() -> None:
    """Two seconds of a client whose waits were divided by twenty are forty."""
    script = Script()
    for at in (0, 0.7, 1.4, 2.1):
        script.submit(at, 412)
    assert repeats_itself(entries(script), 20)
    assert not repeats_itself(entries(script), 1)


def test_what_may_change_is_waited_for() -> None:
    """A slot gets free, a job ends, another request is another."""
    busy, running, other = Script(), Script(), Script()
    for at in range(0, 100, 10):
        busy.submit(at, 429)
        running.get(at, 7)
        other.submit(at, 412, fields={"replyRef": str(at)})
    assert not any(repeats_itself(entries(each), 1) for each in (busy, running, other))


def test_an_end_that_is_not_seen() -> None:
    """The job was shown to have ended, again and again."""
    script = Script()
    for at in range(0, 60, 10):
        script.get(at, 7, "COMPLETED")
    assert repeats_itself(entries(script), 1)
    script.submit(61, 429)
    assert not repeats_itself(entries(script), 1)


def test_looks_before_the_end_do_not_count() -> None:
    """Where a job that runs is answered 200, too, its first COMPLETED is no repetition."""
    script = Script()
    for at in range(0, 60, 10):
        script.get(at, 7, "GENERATING")
    assert not repeats_itself(entries(script.get(60, 7, "COMPLETED")), 1)
