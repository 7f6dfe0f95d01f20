"""A mock under load for long: once its journal is full, its memory stays what it is."""

import os
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from live import TOKEN, serving

REQUESTS: Final = int(os.environ.get("SOAK_REQUESTS", "40000"))
CLIENTS: Final = 4
BATCH: Final = 50
"""Requests that are sent at once, their answers read together: so the client costs less than the mock."""

GROWTH: Final = 8 * 1_048_576
"""Bytes by which the process may grow from the half of the soak to its end: what allocators keep, and no more."""

SOURCE: Final = "user:12345-pixverse:demo@example.com-video:11223344"


def request(method: str, target: str, body: str = "", *headers: str, token: str = TOKEN) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()


UPSCALE: Final = "/v2/pixverse/videos/upscale"
MIX: Final = (
    request("POST", UPSCALE, f'{{"video_id": "{SOURCE}"}}'),
    request("POST", UPSCALE, f'{{"video_id": "{SOURCE}", "replyRef": "{"x" * 500}"}}'),
    request("POST", UPSCALE, '{"video_id": 5}'),
    request("GET", "/v2/pixverse/videos?limit=3"),
    request("GET", f"/v2/pixverse/videos/{SOURCE}"),
    request("GET", "/v2/pixverse/scheduler/available"),
    request("GET", "/v2/pixverse/nowhere"),
    request("GET", "/v2/account", token="none"),
    request("GET", "/v2/account", "", "Prefer: code=401"),
    request("GET", "/v2/account", "", f"X-Long: {'y' * 2_000}"),
)


def drive(address: tuple[str, int], batches: int, answered: list[int]) -> None:
    """Send so many batches over one connection."""
    batch = b"".join(MIX) * (BATCH // len(MIX))
    count = 0
    with socket.create_connection(address, timeout=60) as connection:
        for _ in range(batches):
            connection.sendall(batch)
            seen, rest = 0, b""
            while seen < BATCH:
                data = connection.recv(1_048_576)
                assert data, "the mock closed the connection"
                rest = rest[-8:] + data
                # The start of an answer may be split between two reads.
                seen += rest.count(b"HTTP/1.1 ") - rest[:8].count(b"HTTP/1.1 ")
            count += seen
    answered.append(count)


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def load(address: tuple[str, int], requests: int) -> int:
    """Send so many requests from several clients; returns how many answers came."""
    answered: list[int] = []
    batches = requests // CLIENTS // BATCH
    clients: Sequence[threading.Thread] = [
        threading.Thread(target=drive, args=(address, batches, answered)) for _ in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return sum(answered)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_memory_is_flat_once_the_journal_is_full() -> None:
    """All kinds of answers, by the hundred thousand: SOAK_REQUESTS says how many."""
    with serving("--scenario", "unlimited", "--log-format", "json") as live:
        host, port = live.url.removeprefix("http://").split(":")
        address = (host, int(port))
        steps = 10
        held = []
        for _ in range(steps):
            sent = REQUESTS // steps // CLIENTS // BATCH * CLIENTS * BATCH
            assert load(address, sent) == sent
            held.append(resident(live.process.pid))
    print("MiB after each tenth:", *(f"{held_bytes / 1_048_576:.1f}" for held_bytes in held))
    assert held[-1] - held[steps // 2 - 1] < GROWTH
