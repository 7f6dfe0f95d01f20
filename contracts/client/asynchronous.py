"""The same client over httpx, asynchronous: it drives the same flows."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from functools import wraps
from random import uniform
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar
from uuid import uuid4

import httpx

from contracts.client import arguments
from contracts.client.arguments import BASE_URL
from contracts.client.errors import ClientError
from contracts.client.exchange import Answer, Call, Effect, Failure, Flow, Now, Request, Seen, Sleep
from contracts.client.flows import Flows
from contracts.client.policy import TIMEOUT, Draw, Policy
from contracts.client.results import Video

P = ParamSpec("P")
T = TypeVar("T")

_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Reasons for which a request never left."""

log = logging.getLogger("contracts.client")


def _method(
    flow: Callable[Concatenate[Flows, P], Flow[T]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    """The method of a client that does what a flow asks for."""

    @wraps(flow)
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._drive(flow(self._flows, *args, **kwargs))

    return method


class AsyncClient:
    """A client of the API for an event loop. Methods and arguments are those of Client; `sleep` is awaited.

    session: an httpx.AsyncClient of yours, which is left open.
    """

    def __init__(
        self,
        token: str,
        base_url: str = BASE_URL,
        timeout: tuple[float, float] = TIMEOUT,
        policy: Policy | None = None,
        session: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        clock: Callable[[], float] | None = None,
        random: Draw = uniform,
    ) -> None:
        self._token = arguments.token(token)
        self.base_url = arguments.base_url(base_url)
        self._timeout = timeout
        self._flows = Flows(policy or Policy(), random, make_ref=lambda: uuid4().hex)
        self._session = session or httpx.AsyncClient()
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

    def watch(self, video_id: str) -> AsyncIterator[Video]:
        """Each status of a video as it is seen, the last of them final, whichever that is."""
        return self._seen(self._flows.watch(video_id))

    async def aclose(self) -> None:
        """Close the connections; not those of a session that was given."""
        if self._owns_session:
            await self._session.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    async def _drive(self, flow: Flow[T]) -> T:
        result: Any = None
        try:
            while True:
                result = await self._perform(flow.send(result))
        except StopIteration as end:
            value: T = end.value
            return value
        except ClientError as error:
            error.hide(self._token)
            raise

    async def _seen(self, flow: Flow[Video]) -> AsyncIterator[Video]:
        result: Any = None
        try:
            while True:
                effect = flow.send(result)
                if isinstance(effect, Seen):
                    yield effect.video
                result = await self._perform(effect)
        except StopIteration:
            return
        except ClientError as error:
            error.hide(self._token)
            raise

    async def _perform(self, effect: Effect) -> Any:
        """What an effect comes to."""
        match effect:
            case Call(request, patience):
                return await self._send(request, patience)
            case Now():
                return (self._clock or time.monotonic)()
            case Sleep(seconds, why):
                log.info("waiting %.1f s: %s", seconds, why)
                # Looked up here: a test that replaces asyncio.sleep is heeded.
                await (self._sleep or asyncio.sleep)(seconds)
        return None

    async def _send(self, request: Request, patience: float) -> Answer | Failure:
        connect, read = (min(seconds, patience) for seconds in self._timeout)
        try:
            answer = await self._session.request(
                request.method,
                self.base_url + request.path,
                params=request.query,
                json=request.json,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=httpx.Timeout(read, connect=connect),
                follow_redirects=False,
            )
        except httpx.HTTPError as error:
            timeout = isinstance(error, httpx.TimeoutException)
            return Failure(str(error) or type(error).__name__, sent=not isinstance(error, _UNSENT), timeout=timeout)
        return Answer(answer.status_code, dict(answer.headers), answer.content)
