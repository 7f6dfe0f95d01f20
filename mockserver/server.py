"""The live server: the ASGI adapter on uvicorn, with what only a server can do on the wire."""

import gc
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import uvicorn

from mockserver.api import Api
from mockserver.asgi import AsgiApp
from mockserver.mock import Mock
from mockserver.mock_thread import MockThread
from mockserver.protocol import protocol
from mockserver.request_log import RequestLog
from mockserver.service import Service

_KEEP_ALIVE_SECONDS: Final = 75
"""Longer than the pause of a client that polls as the vendor advises: its connection stays usable."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def address(listener: socket.socket) -> str:
    """Where it listens, as "http://127.0.0.1:8596"."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def run(
    api: Api, listener: socket.socket, *, log: RequestLog | None = None, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGINT or SIGTERM. `ready` is called once connections are accepted; what it raises ends the run."""
    # What was made until now lives as long as the process: the collector need not look at it again.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    with suppress(KeyboardInterrupt):
        _server(Service(Mock(api), log), ready).run(sockets=[listener])
    api.close()
    if log is not None:
        log.close()


@contextmanager
def running(api: Api, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve from a thread of this process while the block runs; gives the address. Raises OSError."""
    listener = bind(host, port)
    ready: Future[None] = Future()
    server = _server(Service(Mock(api)), lambda: ready.set_result(None))
    thread = MockThread(target=server.run, kwargs={"sockets": [listener]}, name="mockserver")
    thread.start()
    try:
        ready.result()
        yield address(listener)
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        api.close()
        listener.close()


def _server(service: Service, ready: Callable[[], None]) -> "_Server":
    app = AsgiApp(service, parsed=True)
    config = uvicorn.Config(
        app,
        http=protocol(service),
        loop="auto",
        lifespan="off",
        ws="none",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # --public-url is the way to say where clients see the mock
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )

    def started() -> None:
        service.start()
        ready()

    return _Server(config, app, started)


def write_port(listener: socket.socket, file: Path) -> None:
    """Write the port and a newline, by rename, so that a reader never sees half of it."""
    part = file.with_name(f".{file.name}.part")
    part.write_text(f"{listener.getsockname()[1]}\n", encoding="ascii")
    try:
        part.replace(file)
    except OSError:
        part.unlink()
        raise


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: AsgiApp, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        self._app.close()

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ARG002 - the base class's signature
        # The base class would raise the signal again after a clean end, and end the process by it.
        self.should_exit = self.force_exit = True
