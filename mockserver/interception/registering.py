"""The API in a RequestsMock of `responses`, beside whatever else that answers."""

from requests import PreparedRequest
from responses import BaseResponse, RequestsMock
from urllib3.response import HTTPResponse

from mockserver.interception.place import Place
from mockserver.interception.requests_adapter import RequestsAdapter
from mockserver.mock import Mock


class _Answers(BaseResponse):
    """Answers every call to the API's host. What fails on the wire is raised, as by a connection."""

    def __init__(self, place: Place, adapter: RequestsAdapter) -> None:
        super().__init__("ANY", place.url)
        self._place = place
        self._adapter = adapter

    def matches(self, request: PreparedRequest) -> tuple[bool, str]:
        """Whether a request goes there, and why not."""
        return self._place.holds(request.url or ""), f"its host is not that of {self._place.url}"

    def get_response(self, request: PreparedRequest) -> HTTPResponse:
        """The mock's answer."""
        options = getattr(request, "req_kwargs", {})
        answer = self._adapter.send(request, stream=True, timeout=options.get("timeout"))
        raw: HTTPResponse = answer.raw
        return raw


def register(requests_mock: RequestsMock, mock: Mock, base_url: str) -> None:
    """Have a RequestsMock answer calls to this base URL with a mock."""
    requests_mock.add(_Answers(Place(base_url), RequestsAdapter(mock)))
