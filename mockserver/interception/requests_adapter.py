"""The way into a mock for requests: an adapter to mount in a Session."""

from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as Unconnected
from requests.exceptions import InvalidHeader, InvalidURL, ReadTimeout, RetryError
from urllib3 import exceptions
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util import Retry, Timeout

from mockserver.interception.conversion import NeverAnsweredError
from mockserver.interception.urllib3_pool import pool_of
from mockserver.mock import Mock


class RequestsAdapter(HTTPAdapter):
    """Has a mock answer what a Session sends, whatever the host.

    `max_retries` as for HTTPAdapter; its pauses are real ones. Proxies and certificates play no part.
    """

    def __init__(self, mock: Mock, max_retries: Retry | int | None = 0) -> None:
        self._mock = mock
        self._pools: dict[tuple[str, str, int | None], HTTPConnectionPool] = {}
        super().__init__(max_retries=max_retries)

    def init_poolmanager(self, *_arguments: Any, **_options: Any) -> None:
        """There are no connections to manage."""

    def retrying(self, like: HTTPAdapter) -> "RequestsAdapter":
        """The way into the same mock with the retries of another adapter, in whose place it is used."""
        other = RequestsAdapter(self._mock, like.max_retries)
        other._pools = self._pools
        return other

    # Not by way of HTTPAdapter.send: `responses` puts its own in the place of that.
    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002, ARG002 - the base class's signature
        timeout: Any = None,
        verify: Any = True,  # noqa: ARG002, FBT002
        cert: Any = None,  # noqa: ARG002
        proxies: Any = None,  # noqa: ARG002
    ) -> Response:
        """The mock's answer. Raises what requests raises when the wire fails."""
        pool, limits = self._pool(request), _limits(timeout)
        try:
            raw = pool.urlopen(
                request.method or "",
                request.path_url,
                body=request.body,
                headers=request.headers,
                retries=self.max_retries,
                redirect=False,
                assert_same_host=False,
                timeout=limits,
                chunked=request.body is not None and "Content-Length" not in request.headers,
                preload_content=False,
                decode_content=False,
            )
        except exceptions.MaxRetryError as error:
            if isinstance(error.reason, exceptions.ResponseError):
                raise RetryError(error, request=request) from error
            raise Unconnected(error, request=request) from error
        except (exceptions.ProtocolError, OSError) as error:
            raise Unconnected(error, request=request) from error
        except exceptions.ReadTimeoutError as error:
            raise ReadTimeout(_explained(error), request=request) from error
        except exceptions.InvalidHeader as error:
            raise InvalidHeader(error, request=request) from error
        return self.build_response(request, raw)

    def close(self) -> None:
        """Nothing is held; it can be used further on."""

    def _pool(self, request: PreparedRequest) -> HTTPConnectionPool:
        parts = urlsplit(request.url or "")
        if parts.scheme not in ("http", "https"):
            raise InvalidURL(f"the URL must be one of http or https, got {request.url!r}", request=request)
        origin = parts.scheme, parts.hostname or "", parts.port
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools.setdefault(origin, pool_of(self._mock, *origin))
        return pool


def _limits(timeout: Any) -> Timeout:
    """urllib3's form of a timeout: of one number, of a pair (connect, read), of None for none."""
    if isinstance(timeout, Timeout):
        return timeout
    if not isinstance(timeout, tuple):
        return Timeout(connect=timeout, read=timeout)
    if len(timeout) != 2:
        raise ValueError(f"timeout must be a number of seconds or a pair (connect, read), got {timeout!r}")
    connect, read = timeout
    return Timeout(connect=connect, read=read)


def _explained(error: exceptions.ReadTimeoutError) -> exceptions.ReadTimeoutError:
    """The error; where no real call would ever have raised it, one that says so."""
    cause = error.__cause__
    if not isinstance(cause, NeverAnsweredError):
        return error
    return exceptions.ReadTimeoutError(error.pool, error.url, f"Read {cause}")
