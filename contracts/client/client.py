"""The client over requests: it does what flows ask for, and nothing else."""

import logging
import time
from collections.abc import Callable, Iterator
from functools import wraps
from random import uniform
from ssl import SSLCertVerificationError
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar
from uuid import uuid4

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError, SSLError

from contracts.client import arguments
from contracts.client.arguments import BASE_URL
from contracts.client.errors import ClientError
from contracts.client.exchange import Answer, Call, Effect, Failure, Flow, Now, Request, Seen, Sleep
from contracts.client.flows import Flows
from contracts.client.policy import TIMEOUT, Draw, Policy
from contracts.client.results import Video

P = ParamSpec("P")
T = TypeVar("T")

_UNSENT: Final = (NewConnectionError, SSLCertVerificationError)
"""Reasons for which a request never left."""

log = logging.getLogger("contracts.client")


def _method(flow: Callable[Concatenate[Flows, P], Flow[T]]) -> Callable[Concatenate["Client", P], T]:
    """The method of a client that does what a flow asks for."""

    @wraps(flow)
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._drive(flow(self._flows, *args, **kwargs))

    return method


class Client:
    """A client of the API. Its methods are the operations of the contract, and `wait`, `watch`, `upscale_and_wait`.

    token: of useapi.net. base_url: scheme, host and port. timeout: seconds to connect and to read. policy: what is
    tried again, and when. session: one of yours, which is left open; its adapters must not repeat a POST. sleep, clock,
    random: what lets time go by, tells it, and draws between two numbers; None stands for time.sleep and
    time.monotonic. Raises InvalidArgument. Whatever else goes wrong is a ClientError, too.
    """

    def __init__(
        self,
        token: str,
        base_url: str = BASE_URL,
        timeout: tuple[float, float] = TIMEOUT,
        policy: Policy | None = None,
        session: requests.Session | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] | None = None,
        random: Draw = uniform,
    ) -> None:
        self._token = arguments.token(token)
        self.base_url = arguments.base_url(base_url)
        self._timeout = timeout
        self._flows = Flows(policy or Policy(), random, make_ref=lambda: uuid4().hex)
        self._session = session or requests.Session()
        self._owns_session = session is None
        self._sleep = sleep
        self._clock = clock

    upscale_video = _method(Flows.upscale_video)
    list_videos = _method(Flows.list_videos)
    get_video = _method(Flows.get_video)
    delete_video = _method(Flows.delete_video)
    list_accounts = _method(Flows.list_accounts)
    get_account = _method(Flows.get_account)
    save_account = _method(Flows.save_account)
    delete_account = _method(Flows.delete_account)
    list_running = _method(Flows.list_running)
    list_available = _method(Flows.list_available)
    cancel_job = _method(Flows.cancel_job)
    get_features = _method(Flows.get_features)
    get_user = _method(Flows.get_user)
    update_user = _method(Flows.update_user)

    wait = _method(Flows.wait)
    upscale_and_wait = _method(Flows.upscale_and_wait)

    def watch(self, video_id: str) -> Iterator[Video]:
        """Each status of a video as it is seen, the last of them final, whichever that is."""
        return self._seen(self._flows.watch(video_id))

    def close(self) -> None:
        """Close the connections; not those of a session that was given."""
        if self._owns_session:
            self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def _drive(self, flow: Flow[T]) -> T:
        result: Any = None
        try:
            while True:
                result = self._perform(flow.send(result))
        except StopIteration as end:
            value: T = end.value
            return value
        except ClientError as error:
            error.hide(self._token)
            raise

    def _seen(self, flow: Flow[Video]) -> Iterator[Video]:
        result: Any = None
        try:
            while True:
                effect = flow.send(result)
                if isinstance(effect, Seen):
                    yield effect.video
                result = self._perform(effect)
        except StopIteration:
            return
        except ClientError as error:
            error.hide(self._token)
            raise

    def _perform(self, effect: Effect) -> Any:
        """What an effect comes to."""
        match effect:
            case Call(request, patience):
                return self._send(request, patience)
            case Now():
                return (self._clock or time.monotonic)()
            case Sleep(seconds, why):
                log.info("waiting %.1f s: %s", seconds, why)
                # Looked up here: a test that replaces time.sleep is heeded.
                (self._sleep or time.sleep)(seconds)
        return None

    def _send(self, request: Request, patience: float) -> Answer | Failure:
        connect, read = self._timeout
        try:
            answer = self._session.request(
                request.method,
                self.base_url + request.path,
                params=request.query,
                json=request.json,
                auth=self._authorise,
                timeout=(min(connect, patience), min(read, patience)),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return _failure(error)
        return Answer(
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content
        )

    def _authorise(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As `auth`, since a .netrc would win over a header of ours.
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _failure(error: requests.RequestException) -> Failure:
    """What became of a request that got no whole answer."""
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    if isinstance(reason, SSLError) and reason.args:
        reason = reason.args[0]
    unsent = isinstance(error, requests.ConnectTimeout) or isinstance(reason, _UNSENT)
    return Failure(str(reason or error), sent=not unsent, timeout=isinstance(error, requests.Timeout))
