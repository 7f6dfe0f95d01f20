"""A mock in this process, as a test has it."""

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from mockserver.clock import Mode
from mockserver.handle.asking import InProcess
from mockserver.handle.sandbox import PixverseSandbox
from mockserver.journal import Exchange
from mockserver.message import Request, Response
from mockserver.mock import Mock
from mockserver.receivers import Receivers, receiver_of
from mockserver.settings import Settings

if TYPE_CHECKING:
    from responses import RequestsMock


class PixverseMock(PixverseSandbox):
    """A mock in this process, and of its sandboxes the one of a token.

    What clients find at `base_url` is the mock, once calls to it are intercepted. Callbacks to its sinks, and to hosts
    for which an app was registered, need no socket; others go out for real.
    """

    def __init__(self, mock: Mock, base_url: str, token: str) -> None:
        super().__init__(InProcess(mock, base_url, token))
        self.mock = mock
        """The mock itself."""
        self._receivers = mock.api.receivers = mock.api.receivers or Receivers()
        self._receivers.register_prompt(urlsplit(base_url).netloc, self._answer)

    def register_app(self, host: str, app: Any) -> None:
        """Let a WSGI or an ASGI application receive the callbacks to a host, as "app.test" or "app.test:8000".

        It is called on a thread of its own; an ASGI one in an event loop of its own, without a lifespan. To be called
        before there are callbacks. Raises ValueError for what is no host, TypeError for what is no application.
        """
        self._receivers.register(host, receiver_of(app))

    def register(self, requests_mock: "RequestsMock") -> None:
        """Have a RequestsMock of `responses` answer calls to `base_url` with the mock."""
        # Imported here: who has one has the package.
        from mockserver.interception.registering import register

        register(requests_mock, self.mock, self.base_url)

    def timelines(self, lines: int = 100) -> dict[str, str]:
        """What happened in each of its sandboxes, by token: the last lines; under "" what reached none."""
        from mockserver.handle.report import outside

        told = {token: self.sandbox(token).timeline(lines) for token, _ in self.mock.api.runtime}
        lost = self._ask("GET", f"/__mock/requests/outside?limit={lines}")["data"]
        if lost:
            told[""] = outside(lost, lines)
        return told

    def close(self) -> None:
        """End what goes on in the background."""
        self.mock.api.close()

    def _answer(self, request: Request) -> "Response | Future[Response]":
        """The mock's own answer to a callback that comes back to it."""
        coming = self.mock.exchange(request)
        if isinstance(coming, Exchange):
            return coming.response
        answer: Future[Response] = Future()

        def end(done: "Future[Exchange]") -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(done.result().response)
            except Exception as error:
                answer.set_exception(error)

        coming.add_done_callback(end)
        return answer


class MakePixverseMock(Protocol):
    """Makes a mock to which calls are intercepted until the test ends; takes what `mockserver.intercept` does."""

    def __call__(
        self,
        *,
        scenario: str | Path | Mapping[str, Any] | None = None,
        seed: int | None = None,
        clock: Mode | None = None,
        base_url: str = ...,
        token: str = ...,
        sleep: bool = False,
        refuse_others: bool = False,
        settings: Settings | None = None,
    ) -> PixverseMock: ...
