"""The whole mock behind one door: the emulated API, the control API and the files. The adapters are thin around it."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from mockserver import media
from mockserver.api import Api
from mockserver.clock import wall
from mockserver.control import of_control
from mockserver.hygiene import fault_of
from mockserver.journal import Coming, Exchange
from mockserver.message import Request
from mockserver.problem import bug

if TYPE_CHECKING:
    from mockserver.control.door import Control

log = logging.getLogger("mockserver")


class Mock:
    """One mock, for any number of adapters."""

    exchange: Callable[[Request], Coming]
    """The answer to any request but one for a page, with what led to it. Only a strict mock raises."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._control: Control | None = None
        self.exchange = self._exchange
        if api.settings.cors:
            # Imported here: few mocks are called by pages of other origins.
            from mockserver.cors import Cors

            self.exchange = Cors(api.settings.cors, self._exchange).exchange

    @property
    def control(self) -> "Control":
        """The control API."""
        if self._control is None:
            # Imported here: the first answer need not wait for it.
            from mockserver.control.door import Control

            with self.api.runtime.lock:
                if self._control is None:
                    self._control = Control(self.api)
        return self._control

    def _exchange(self, request: Request) -> Coming:
        """The same without regard to the origin of a page."""
        if not request.parsed and (sentence := fault_of(request)) is not None:
            return self.api.malformed(request, sentence)
        path = request.path
        try:
            if of_control(path):
                return self.control.exchange(request)
            if path.startswith(media.PREFIX):
                return self._downloaded(media.exchange(request))
            return self.api.exchange(request)
        except Exception as error:
            if self.api.settings.strict:
                raise
            log.exception("bug in the mock: %s %s", request.method, path)
            return Exchange(request, bug(error), "", f"bug in the mock: {error}")

    def _downloaded(self, exchange: Exchange) -> Exchange:
        runtime = self.api.runtime
        with runtime.lock:
            runtime.downloads.add(wall(), exchange.request, exchange.response.status)
        return exchange
