"""The whole mock behind one door: the emulated API, the control API and the files. The adapters are thin around it."""

import logging

from mockserver import media
from mockserver.api import Api
from mockserver.control import Control, of_control
from mockserver.hygiene import fault_of
from mockserver.journal import Coming, Exchange
from mockserver.message import Request
from mockserver.problem import bug

log = logging.getLogger("mockserver")


class Mock:
    """One mock, for any number of adapters."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.control = Control(api)

    def exchange(self, request: Request) -> Coming:
        """The answer to any request but one for a page, with what led to it. Only a strict mock raises."""
        if not request.parsed and (sentence := fault_of(request)) is not None:
            return self.api.malformed(request, sentence)
        path = request.path
        try:
            if of_control(path):
                return self.control.exchange(request)
            if path.startswith(media.PREFIX):
                return media.exchange(request)
            return self.api.exchange(request)
        except Exception as error:
            if self.api.settings.strict:
                raise
            log.exception("bug in the mock: %s %s", request.method, path)
            return Exchange(request, bug(error), "", f"bug in the mock: {error}")
