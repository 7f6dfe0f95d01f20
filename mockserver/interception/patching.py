"""Calls of this process to the API's host, answered by a mock without a socket: `mockserver.intercept()`."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from mockserver.api import Api
from mockserver.clock import Mode
from mockserver.compiled import shared
from mockserver.handle.in_process import PixverseMock
from mockserver.interception.overlay import Overlay
from mockserver.interception.place import Place
from mockserver.mock import Mock
from mockserver.settings import Settings

if TYPE_CHECKING:
    from responses import RequestsMock

API: Final = "https://api.useapi.net"
TOKEN: Final = "user:12345-demo"  # noqa: S105 - of the documented form, and nobody's

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Interception:
    """A mock, and that calls of this process end in it: a context manager, and a decorator.

    Each `with`, and each call of a decorated function, has a fresh mock. See `intercept`.
    """

    def __init__(self, settings: Settings, place: Place, token: str, *, sleep: bool, refuse_others: bool) -> None:
        self._settings = settings
        self._place = place
        self._token = token
        self._sleep = sleep
        self._refuse_others = refuse_others
        self._open: AbstractContextManager[PixverseMock] | None = None

    def __enter__(self) -> PixverseMock:
        """The handle of a fresh mock. Raises RuntimeError if there is one already."""
        if self._open is not None:
            raise RuntimeError("this interception is open already; make another one with intercept()")
        self._open = opened = self._opened()
        try:
            return opened.__enter__()
        except BaseException:
            self._open = None
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            opened.__exit__(kind, error, trace)

    def __call__(self, function: Callable[_P, _T]) -> Callable[_P, _T]:
        """The function with its calls intercepted; one that has a parameter `mock` is given the mock there.

        Raises TypeError for a class, and for a generator, whose body runs after its call.
        """
        if isinstance(function, type) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"intercept() decorates functions, sync or async, got {function!r}")
        body: Callable[..., Any] = function
        whole = inspect.signature(body)
        # Who calls it by its parameters, as pytest does, has nothing to put there.
        left = whole.replace(parameters=[each for name, each in whole.parameters.items() if name != "mock"])

        def run(mock: PixverseMock, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
            if left == whole:
                return body(*arguments, **options)
            bound = inspect.BoundArguments(whole, left.bind(*arguments, **options).arguments)
            bound.arguments["mock"] = mock
            return body(*bound.args, **bound.kwargs)

        def call(*arguments: Any, **options: Any) -> Any:
            with self._opened() as mock:
                return run(mock, arguments, options)

        async def call_async(*arguments: Any, **options: Any) -> Any:
            with self._opened() as mock:
                return await run(mock, arguments, options)

        called: Any = wraps(body)(call_async if inspect.iscoroutinefunction(body) else call)
        called.__signature__ = left
        return cast("Callable[_P, _T]", called)

    def register(self, requests_mock: "RequestsMock") -> PixverseMock:
        """Have a RequestsMock of `responses` answer calls to the API with a fresh mock, and patch nothing else."""
        mock = self._make()
        mock.register(requests_mock)
        return mock

    @contextmanager
    def _opened(self) -> Iterator[PixverseMock]:
        """A fresh mock, and all patches, for as long as the block runs."""
        mock = self._make()
        with ExitStack() as stack:
            stack.callback(mock.close)
            stack.enter_context(_intercepted(mock.mock, self._place, refuse_others=self._refuse_others))
            if self._sleep:
                # Imported here: it is asked for by tests alone.
                from mockserver.sleeping import sleeping

                stack.enter_context(sleeping(mock.mock.api))
            yield mock

    def _make(self) -> PixverseMock:
        settings = self._settings
        api = Api(settings, None if settings.contract is not None else shared())
        return PixverseMock(Mock(api), self._place.url, self._token)


def intercept(
    *,
    scenario: str | Path | Mapping[str, Any] | None = None,
    seed: int | None = None,
    clock: Mode | None = None,
    base_url: str = API,
    token: str = TOKEN,
    sleep: bool = False,
    refuse_others: bool = False,
    settings: Settings | None = None,
) -> Interception:
    """Have a mock answer the calls of this process to the API's host, without a socket.

        with mockserver.intercept(scenario="lost-reply") as mock:
            requests.get(f"{mock.base_url}/v2/pixverse/videos", headers=mock.headers)

    As a context manager, and as a decorator of functions, sync and async. Calls of requests and httpx, sync and async,
    from any thread, by sessions and clients old and new; of adapters that a session has for the API the retries are
    kept, and nothing else. aiohttp, urllib3 and urllib are not intercepted: give them the live server. Several may be
    open at the same time: of two for the same host the one that was opened last answers.

    scenario: data, a file, or the name of a ready-made one. seed: of content and durations. clock: the mode in which it
    starts, whatever the scenario says; "manual" if nothing is said. base_url: where clients look for the API. token: of
    the sandbox that the handle is for. sleep: what the process sleeps moves the clock. refuse_others: calls of requests
    and httpx to other hosts raise the client's error for a connection that failed; else they pass. settings: all else
    that can be chosen.

    Raises ValueError, ScenarioError.
    """
    place = Place(base_url)
    chosen: dict[str, Any] = {"scenario": scenario, "seed": seed, "clock": clock}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    base = settings or Settings()
    if base.clock is None:
        chosen.setdefault("clock", "manual")
    # The control API is called by the API's name, too.
    chosen["allow_hosts"] = (*base.allow_hosts, place.host)
    settings = replace(base, **chosen)
    if sleep and settings.clock != "manual":
        raise ValueError(f"sleep moves a clock that stands, the mode must be manual, got {settings.clock}")
    return Interception(settings, place, token, sleep=sleep, refuse_others=refuse_others)


@contextmanager
def _intercepted(mock: Mock, place: Place, *, refuse_others: bool) -> Iterator[None]:
    """Whatever of requests and httpx there is leads to the mock. Raises RuntimeError where there is neither."""
    clients = [name for name in ("requests", "httpx") if find_spec(name) is not None]
    if not clients:
        raise RuntimeError("intercept() needs requests or httpx, and neither is installed; others use the live server")
    with ExitStack() as stack:
        for name in clients:
            # Imported here: who uses one client need not have the other.
            if name == "requests":
                from mockserver.interception import requests_overlay as overlays
            else:
                from mockserver.interception import httpx_overlay as overlays  # type: ignore[no-redef]
            for owner, method, do in overlays.overlays(mock, place, refuse_others=refuse_others):
                stack.callback(Overlay(owner, method, do).end)
        yield
