"""The mock with a flaw, behind a live server or in this process."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.api import Api, _then
from mockserver.compiled import shared
from mockserver.control import of_control
from mockserver.delivery import Delivery
from mockserver.domain import Callback
from mockserver.journal import Coming, Exchange
from mockserver.message import Request, Response
from mockserver.mock import Mock
from mockserver.mock_thread import MockThread
from mockserver.posting import Posting
from mockserver.runtime import Denied, GuardedSandbox
from mockserver.server import _server, address, bind, running
from mockserver.service import Service
from mockserver.settings import Settings
from providers.flaw import Flaw
from providers.told import Told

if TYPE_CHECKING:
    from mockserver.courier import Courier


class FlawedApi(Api):
    """The emulated API with one flaw; the control API beside it is the mock's own."""

    def __init__(self, flaw: Flaw | None = None, **settings: Any) -> None:
        """Without a flaw it is the mock itself."""
        self._flaw = flaw
        self._memory: dict[Any, Any] = {}
        if flaw is not None:
            settings = {**settings, **flaw.settings}
        super().__init__(Settings(**settings), shared())
        if flaw is not None and flaw.playing is not None:
            # A class of this provider's own: what it remembers there stays here.
            world = type(flaw.playing.__name__, (flaw.playing,), {"__slots__": (), "api": self})
            start = self.runtime._fresh

            def fresh(*arguments: Any) -> GuardedSandbox:
                guarded = start(*arguments)
                guarded.sandbox.__class__ = world
                return guarded

            self.runtime._fresh = fresh

    def exchange(self, request: Request) -> Coming:
        flaw = self._flaw
        if flaw is None:
            return super().exchange(request)
        if flaw.asking is not None:
            request = flaw.asking(request)
        if flaw.instead is not None and (answered := self._instead(flaw, request)) is not None:
            return answered
        coming = super().exchange(request)
        if flaw.playing is not None:
            self._wake(request)
        return coming if flaw.answering is None else _then(coming, self._spoiled)

    @property
    def courier(self) -> "Courier":
        courier = super().courier
        flaw = self._flaw
        if flaw is not None and flaw.posting is not None and not isinstance(courier._posting, _Spoiling):
            courier._posting = _Spoiling(courier._posting, flaw)
        return courier

    def _spoiled(self, exchange: Exchange) -> Exchange:
        if exchange.operation and self._flaw is not None and self._flaw.answering is not None:
            told = Told(self, exchange.request, exchange.operation, exchange.response, self._memory)
            self._flaw.answering(told)
            exchange.response = told.response()
        return exchange

    def _instead(self, flaw: Flaw, request: Request) -> Exchange | None:
        try:
            self.runtime.guarded(request.header(b"authorization"))
        except Denied:
            return None
        answer = flaw.instead(request) if flaw.instead is not None else None
        if answer is None:
            return None
        status, value = answer
        headers = ((b"content-type", b"application/json"),)
        return Exchange(request, Response(status, headers, orjson.dumps(value)), "", "the flaw's own answer")

    def _wake(self, request: Request) -> None:
        """Have what a flaw made owed sent, where the mock sees no reason to look."""
        try:
            guarded = self.runtime.guarded(request.header(b"authorization"))
        except Denied:
            return
        if guarded.sandbox.calls and guarded.clock.mode == "real":
            self.courier.wake(guarded)


class _Spoiling(Posting):
    def __init__(self, posting: Posting, flaw: Flaw) -> None:
        self._posting = posting
        self._flaw = flaw

    def delivery(self, guarded: GuardedSandbox, callback: Callback) -> Delivery:
        delivery = self._posting.delivery(guarded, callback)
        return delivery if self._flaw.posting is None else self._flaw.posting(delivery, callback, guarded.sandbox)


class _Stranger(Mock):
    """A mock that keeps its control API to itself, as a provider is that is no mock."""

    def _exchange(self, request: Request) -> Coming:
        return self.api.exchange(request) if of_control(request.path) else super()._exchange(request)


@contextmanager
def serving(flaw: Flaw | None = None, port: int = 0, *, stranger: bool = False, **settings: Any) -> Iterator[str]:
    """A provider on a port of this machine while the block runs; gives its address.

    A `stranger` has no control API. The settings are those of the mock.
    """
    api = FlawedApi(flaw, **settings)
    if not stranger:
        with running(api, port=port) as url:
            yield url
        return
    # As `running` does it, around another door.
    listener = bind("127.0.0.1", port)
    ready: Future[None] = Future()
    server = _server(Service(_Stranger(api)), lambda: ready.set_result(None))
    thread = MockThread(target=server.run, kwargs={"sockets": [listener]}, name="stranger")
    thread.start()
    try:
        ready.result()
        yield address(listener)
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        api.close()
        listener.close()
