"""The receiver of callbacks, with real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from contracts.findings import Sent, Told
from contracts.provider import receiver as receiving
from contracts.provider.receiver import Receiver


def write(sent: Sent, answered: int) -> Told:
    return Told(sent, answered, 0.0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(write) as running:
        yield running


def post(url: str, body: Any = None, **options: Any) -> int:
    return requests.post(url, json=body, timeout=5, **options).status_code


def raw(receiver: Receiver, data: bytes) -> bytes:
    """What is answered to these bytes, until the receiver hangs up or is silent."""
    with closing(socket.create_connection(("127.0.0.1", receiver.port), timeout=5)) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
        return answer


def test_keeps_what_comes_at_the_door_it_was_sent_to(receiver: Receiver) -> None:
    first, second = receiver.door("one"), receiver.door("two")
    assert post(first.url, {"a": 1}) == post(second.url, {"b": 2}) == 200
    assert [told.sent.body for told in first.told] == [b'{"a": 1}']
    assert [told.sent.url for told in second.told] == [second.url]


def test_answers_as_its_door_says(receiver: Receiver) -> None:
    door = receiver.door("broken", answer=500)
    assert post(door.url) == 500
    assert door.told[0].answered == 500


def test_door_is_its_whole_address(receiver: Receiver) -> None:
    """A query that was changed on the way is another address."""
    door = receiver.door("query", tail="?a=%20b&c=1")
    assert post(door.url) == 200
    assert post(door.url.replace("&c=1", "")) == 404
    assert len(door.told) == len(receiver.stray) == 1


def test_reads_a_chunked_body(receiver: Receiver) -> None:
    door = receiver.door("chunked")
    pieces: Callable[[], Iterator[bytes]] = lambda: iter([b'{"a"', b": 1}"])  # noqa: E731
    assert requests.post(door.url, data=pieces(), timeout=5).status_code == 200
    assert door.told[0].sent.body == b'{"a": 1}'


def test_slow_door_holds_up_neither_another_nor_the_end() -> None:
    with Receiver(write) as receiver:
        slow, quick = receiver.door("slow", pause=60), receiver.door("quick")
        waiting = threading.Thread(target=lambda: requests.post(slow.url, timeout=60))
        waiting.start()
        assert receiver.wait(5, lambda: bool(slow.told))
        assert post(quick.url) == 200
    waiting.join(5)
    assert not waiting.is_alive()


def test_body_without_end_is_refused(receiver: Receiver) -> None:
    door = receiver.door("large")
    assert requests.post(door.url, data=b"x" * (receiving.LARGEST + 1), timeout=5).status_code == 413
    assert door.told == []


def test_counts_what_it_no_longer_keeps(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST", 2)
    door = receiver.door("many")
    for _ in range(3):
        post(door.url)
    assert (receiver.calls, len(door.told)) == (3, 2)


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01 garbage\r\n\r\n", b"", b"POST /0/x HTTP/1.1\r\nHost: x\r\n", b"G" * 99_999]
)
def test_garbage_changes_nothing(receiver: Receiver, garbage: bytes) -> None:
    raw(receiver, garbage)
    assert post(receiver.door("after").url) == 200
    assert receiver.calls == 1


def test_too_many_connections_are_closed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_CONNECTIONS", 0)
    assert raw(receiver, b"") == b""


def test_ends_with_a_connection_still_open() -> None:
    with Receiver(write) as receiver:
        idle = socket.create_connection(("127.0.0.1", receiver.port), timeout=5)
        post(receiver.door("any").url)
    idle.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", receiver.port), timeout=5)


def test_provider_is_told_the_given_address() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with Receiver(write, ("localhost", port)) as receiver:
        assert receiver.door("named").url == f"http://localhost:{port}/0/named"
        assert receiver.port == port


def test_taken_port_is_an_error() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, pytest.raises(OSError, match="in use"):
        Receiver(write, ("127.0.0.1", taken.getsockname()[1]))
