"""The live server on the wire: what only a socket shows."""

import gc
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mockserver import Api, Settings
from mockserver.server import running
from storm.receiver import Receiver

AUTHORIZATION = "Authorization: Bearer user:12345-demo"
UPSCALE = "POST /v2/pixverse/videos/upscale HTTP/1.1"
JSON = "Content-Type: application/json"
OFFER = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """Host and port of a mock."""
    with running(Api(Settings(strict=True))) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


def exchange(address: tuple[str, int], *sent: bytes, answers: int = 1) -> bytes:
    """All that comes back until there are so many whole answers, or the server closes."""
    with socket.create_connection(address, timeout=10) as connection:
        for part in sent:
            connection.sendall(part)
        received = b""
        while whole(received) < answers and (chunk := connection.recv(65_536)):
            received += chunk
        return received


def whole(received: bytes) -> int:
    """How many whole answers these bytes hold."""
    count = 0
    while (end := received.find(b"\r\n\r\n")) >= 0:
        length = re.search(rb"content-length: (\d+)", received[:end])
        received = received[end + 4 :]
        size = int(length[1]) if length else 0
        if len(received) < size:
            break
        received = received[size:]
        count += 1
    return count


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    head = [line, "Host: localhost", *headers]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def error(received: bytes) -> str:
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n"), received
    assert b"content-type: application/json" in head
    value = json.loads(body)
    assert set(value) == {"error"}
    return str(value["error"])


def test_control_character_in_a_header_is_named(address: tuple[str, int]) -> None:
    """The vendor's shape of a 400, with the header and the value."""
    received = exchange(address, request("GET /v2/account HTTP/1.1", "X-Odd: a\x01b"))
    assert error(received) == 'the header X-Odd must hold no control characters, got "a\\u0001b"'


def test_control_character_in_the_path_is_named(address: tuple[str, int]) -> None:
    """Likewise."""
    received = exchange(address, request("GET /v2/acc\x07ount HTTP/1.1"))
    assert "must hold no control characters" in error(received)
    assert "\\u0007" in error(received)


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"nonsense\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_http_is_answered_400(address: tuple[str, int], sent: bytes) -> None:
    """TLS on the plain port, text, bytes that no path may hold."""
    assert error(exchange(address, sent))


def test_connection_stays_usable(address: tuple[str, int]) -> None:
    """Two requests on one connection get two answers, in order."""
    received = exchange(
        address,
        request("GET /v2/account HTTP/1.1", AUTHORIZATION),
        request("GET /nowhere HTTP/1.1", AUTHORIZATION),
        answers=2,
    )
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404"]


def test_pipelined_requests_are_answered_in_order(address: tuple[str, int]) -> None:
    """Also where one goes to the seam and the next to Flask beneath."""
    sent = b"".join(
        [
            request("GET /v2/account HTTP/1.1", AUTHORIZATION),
            request("GET /openapi.json HTTP/1.1"),
            request("GET /nowhere HTTP/1.1"),
            request("GET /__mock/health HTTP/1.1"),
        ]
    )
    received = exchange(address, sent, answers=4)
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"404", b"200"]


def test_close_is_honoured(address: tuple[str, int]) -> None:
    """The answer says so, and the connection ends."""
    received = exchange(address, request("GET /v2/account HTTP/1.1", AUTHORIZATION, "Connection: close"))
    assert b"connection: close" in received


def test_connection_that_has_ended_keeps_no_body(address: tuple[str, int]) -> None:
    """What is left of one until it is collected is small, so that a thousand uploads take no gigabyte."""
    gc.disable()
    try:
        body = b"x" * 1_000_000
        exchange(address, request(UPSCALE, AUTHORIZATION, JSON, "Connection: close", body=body))
        left = [each for each in gc.get_objects() if isinstance(each, RequestResponseCycle)]
        assert left
        # Those of other tests may still be on their way.
        assert max(len(cycle.body) for cycle in left) < 1_000
    finally:
        gc.enable()


def test_expectation_is_met_before_the_body(address: tuple[str, int]) -> None:
    """100 Continue, then the answer."""
    body = b'{"video_id": "user:12345-pixverse:demo@example.com-video:11223344"}'
    head = request(
        UPSCALE,
        AUTHORIZATION,
        "Content-Type: application/json",
        "Expect: 100-continue",
        f"Content-Length: {len(body)}",
    )
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_long_body_is_read_to_its_end_and_answered(address: tuple[str, int]) -> None:
    """A client that sends 10 MB hears the 400 rather than a reset."""
    body = b"x" * 10_000_000
    received = exchange(address, request(UPSCALE, AUTHORIZATION, "Content-Type: application/json", body=body))
    assert error(received) == "the body must be at most 1048576 bytes long, got more"


def test_chunked_body_is_read(address: tuple[str, int]) -> None:
    """A body without Content-Length."""
    body = b'{"video_id": "user:12345-pixverse:demo@example.com-video:11223344"}'
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:9], body[9:])) + b"0\r\n\r\n"
    received = exchange(
        address,
        request(UPSCALE, AUTHORIZATION, "Content-Type: application/json", "Transfer-Encoding: chunked"),
        chunks,
    )
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_hanging_client_holds_up_nobody(address: tuple[str, int]) -> None:
    """While a hundred requests wait for the rest of their body, others are answered."""
    half = request(UPSCALE, AUTHORIZATION, "Content-Type: application/json", "Content-Length: 100") + b"{"
    waiting = [socket.create_connection(address, timeout=10) for _ in range(100)]
    try:
        for connection in waiting:
            connection.sendall(half)
        received = exchange(address, request("GET /v2/account HTTP/1.1", AUTHORIZATION))
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    finally:
        for connection in waiting:
            connection.close()


def test_client_that_leaves_in_the_middle_is_forgotten(address: tuple[str, int]) -> None:
    """Its half request has no effect, and the next one is served."""
    half = request(UPSCALE, AUTHORIZATION, "Content-Type: application/json", "Content-Length: 100") + b"{"
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(half)
    received = exchange(address, request("GET /v2/pixverse/scheduler HTTP/1.1", AUTHORIZATION))
    assert received.endswith(b"\r\n\r\n[]")


def test_many_connections_at_once_get_their_own_answers(address: tuple[str, int]) -> None:
    """Sixteen clients, each with its token, see only their own jobs."""
    seen: dict[int, bytes] = {}

    def client(number: int) -> None:
        authorization = f"Authorization: Bearer user:{number}-demo"
        body = b'{"video_id": "user:%d-pixverse:demo@example.com-video:11223344"}' % number
        exchange(
            address, request(UPSCALE, authorization, "Content-Type: application/json", "Connection: close", body=body)
        )
        seen[number] = exchange(
            address, request("GET /v2/pixverse/scheduler HTTP/1.1", authorization, "Connection: close")
        )

    threads = [threading.Thread(target=client, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answer.count(b'"id":') == 1 and b'"user:%d-' % number in answer for number, answer in seen.items())
    assert len(seen) == 16


def test_offer_of_another_protocol_is_declined(address: tuple[str, int]) -> None:
    """Java's client and `curl --http2` offer HTTP/2 with every request; the body is read all the same."""
    body = b'{"video_id": "user:12345-pixverse:demo@example.com-video:412"}'
    received = exchange(
        address,
        request(
            UPSCALE,
            AUTHORIZATION,
            "Content-Type: application/json",
            *OFFER,
            body=body,
        ),
    )
    assert received.startswith(b"HTTP/1.1 412 ")


def test_path_that_is_not_percent_encoded_is_named(address: tuple[str, int]) -> None:
    """Raw UTF-8 in a path."""
    received = exchange(address, "GET /v2/pixverse/accounts/é@x.com HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert error(received).startswith("the path must be percent-encoded, got ")


def test_head_without_end_is_refused(address: tuple[str, int]) -> None:
    """Nobody fills the memory with headers."""
    received = exchange(address, request("GET /v2/account HTTP/1.1", f"X-Long: {'x' * 70_000}"))
    assert error(received) == "the head must be at most 65536 bytes long, got more"


def test_hundreds_of_pipelined_requests_behind_a_page_are_answered(address: tuple[str, int]) -> None:
    """None is lost, and no answer is a call deeper than the last."""
    sent = request("GET /openapi.json HTTP/1.1") + 400 * request("GET /v2/account HTTP/1.1", AUTHORIZATION)
    received = exchange(address, sent, answers=401)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 401


def test_chunked_body_reaches_the_control_api(address: tuple[str, int]) -> None:
    """As it reaches the emulated one."""
    received = exchange(
        address,
        request(
            "PATCH /__mock/accounts/demo@example.com HTTP/1.1",
            AUTHORIZATION,
            "Content-Type: application/json",
            "Transfer-Encoding: chunked",
        ),
        b'd\r\n{"maxJobs":4}\r\n0\r\n\r\n',
    )
    assert b'"maxJobs":4' in received


@pytest.mark.parametrize("line", ["POST /__mock/reset HTTP/1.1", "POST /openapi.json HTTP/1.1", "POST / HTTP/1.1"])
def test_half_sent_bodies_stop_neither_control_nor_pages(address: tuple[str, int], line: str) -> None:
    """However many, and whatever they are for."""
    half = request(line, AUTHORIZATION, "Content-Type: application/json", "Content-Length: 100") + b"{"
    waiting = [socket.create_connection(address, timeout=10) for _ in range(20)]
    try:
        for connection in waiting:
            connection.sendall(half)
        assert exchange(address, request("GET /openapi.json HTTP/1.1")).startswith(b"HTTP/1.1 200 OK\r\n")
        accounts = request("GET /__mock/accounts HTTP/1.1", AUTHORIZATION)
        assert exchange(address, accounts).startswith(b"HTTP/1.1 200 OK\r\n")
    finally:
        for connection in waiting:
            connection.close()


def test_empty_answer_carries_no_length(address: tuple[str, int]) -> None:
    """204 has no body, so no word about one."""
    received = exchange(
        address, request("POST /__mock/reset HTTP/1.1", AUTHORIZATION, "Content-Length: 0", "Connection: close")
    )
    assert received.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"content-length" not in received


def test_proxy_headers_are_not_believed(address: tuple[str, int]) -> None:
    """--public-url is the way to say where clients see the mock."""
    received = exchange(address, request("GET /openapi.json HTTP/1.1", "X-Forwarded-Proto: https"))
    assert b'"url": "http://localhost"' in received


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def held(receiver: Receiver) -> Iterator[tuple[str, int]]:
    """Host and port of a mock of which an advance is answered once its receiver is released."""
    with running(Api(Settings(clock="manual", strict=True))) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        body = {
            "video_id": "user:12345-pixverse:demo@example.com-video:11223344",
            "replyUrl": receiver.url("1", "withheld"),
        }
        made = exchange((host, int(port)), request(UPSCALE, AUTHORIZATION, JSON, body=json.dumps(body).encode()))
        assert made.startswith(b"HTTP/1.1 200 OK\r\n")
        yield host, int(port)


ACCOUNT = request("GET /v2/account HTTP/1.1", AUTHORIZATION)
ADVANCE = request("POST /__mock/clock/advance HTTP/1.1", AUTHORIZATION, JSON, body=b'{"seconds": 3600}')
BAD_CHUNK = request(UPSCALE, AUTHORIZATION, JSON, "Transfer-Encoding: chunked") + b"no length\r\n"
HALF = request(UPSCALE, AUTHORIZATION, JSON, "Content-Length: 100") + b"{"
NONSENSE = b"nonsense\r\n\r\n"
PAGE = request("GET /openapi.json HTTP/1.1")


def to_the_end(connection: socket.socket) -> list[int]:
    """The statuses of all answers until the server closes, each of them whole."""
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]
    assert whole(received) == len(statuses)
    return statuses


def silent(connection: socket.socket) -> None:
    """Fail if something comes, or the connection ends."""
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(10)


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        ([ADVANCE + NONSENSE], [200, 400]),
        ([ADVANCE, NONSENSE, NONSENSE], [200, 400]),
        ([ADVANCE + ACCOUNT + PAGE + NONSENSE], [200, 200, 200, 400]),
        ([ADVANCE + BAD_CHUNK], [200, 400]),
        ([ADVANCE + PAGE + BAD_CHUNK], [200, 200, 400]),
    ],
)
def test_refusal_comes_behind_the_answer_that_is_waited_for(
    held: tuple[str, int], receiver: Receiver, sent: list[bytes], statuses: list[int]
) -> None:
    """Nobody takes the 400 to malformed bytes for the answer to the request before them."""
    with socket.create_connection(held, timeout=10) as connection:
        for part in sent:
            connection.sendall(part)
            silent(connection)
        receiver.release()
        assert to_the_end(connection) == statuses


def test_refusal_comes_behind_a_page(address: tuple[str, int]) -> None:
    """Which is not answered at once, either."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(PAGE + NONSENSE)
        assert to_the_end(connection) == [200, 400]


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (ADVANCE, [200]),
        (ADVANCE + ACCOUNT + PAGE, [200, 200, 200]),
        (ADVANCE + HALF, [200]),
        (ADVANCE + ACCOUNT + HALF, [200, 200]),
        (ADVANCE + b"GET /v2/acc", [200]),
        (ADVANCE + NONSENSE, [200, 400]),
    ],
)
def test_client_that_has_ended_its_sending_gets_what_it_waits_for(
    held: tuple[str, int], receiver: Receiver, sent: bytes, statuses: list[int]
) -> None:
    """Then the connection is closed."""
    with socket.create_connection(held, timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        silent(connection)
        receiver.release()
        assert to_the_end(connection) == statuses


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (ACCOUNT, [200]),
        (PAGE, [200]),
        (ACCOUNT + PAGE + ACCOUNT, [200, 200, 200]),
        (HALF, []),
        (b"GET /v2/acc", []),
        (b"", []),
    ],
)
def test_client_that_has_ended_its_sending_is_answered(
    address: tuple[str, int], sent: bytes, statuses: list[int]
) -> None:
    """Likewise, where nothing is waited for."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert to_the_end(connection) == statuses


def test_offer_of_another_protocol_is_declined_wherever_it_is_split(address: tuple[str, int]) -> None:
    """What a request says does not depend on the segments in which it comes."""
    line = "PATCH /__mock/accounts/demo@example.com HTTP/1.1"
    plain = exchange(address, request(line, AUTHORIZATION, JSON, body=b'{"maxJobs":4}'))
    assert plain.startswith(b"HTTP/1.1 200 OK\r\n")
    sent = request(line, AUTHORIZATION, JSON, *OFFER, body=b'{"maxJobs":4}')
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(address, timeout=10)) for _ in sent[1:]]
        for place, connection in enumerate(connections, 1):
            connection.sendall(sent[:place])
        # All the first parts are read by then, and no second one with them.
        exchange(address, ACCOUNT)
        for place, connection in enumerate(connections, 1):
            connection.sendall(sent[place:])
        for connection in connections:
            received = b""
            while not whole(received) and (chunk := connection.recv(65_536)):
                received += chunk
            assert received == plain


@pytest.mark.parametrize("more", [(), ("Connection: close",)])
def test_offers_of_another_protocol_are_declined_one_after_the_other(
    address: tuple[str, int], more: tuple[str, ...]
) -> None:
    """Whatever the body's form, for pages as well, and the next request is read as itself."""
    line = "PATCH /__mock/accounts/demo@example.com HTTP/1.1"
    offers = 200 * request(line, AUTHORIZATION, JSON, *OFFER, body=b'{"maxJobs":4}')
    chunked = request(line, AUTHORIZATION, JSON, *OFFER, "Transfer-Encoding: chunked")
    page = request("GET /openapi.json HTTP/1.1", *OFFER)
    last = request("GET /nowhere HTTP/1.1", AUTHORIZATION, *OFFER, *more)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(offers + chunked + b'd\r\n{"maxJobs":4}\r\n0\r\n\r\n' + page + ACCOUNT + last)
        connection.shutdown(socket.SHUT_WR)
        assert to_the_end(connection) == [200] * 203 + [404]
