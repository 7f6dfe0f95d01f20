"""Schemathesis' hooks for this API: `SCHEMATHESIS_HOOKS=contracts.hooks schemathesis run ...`.

Importing this module registers them; the token is taken from USEAPI_TOKEN. They send ids raw in the path (Schemathesis
percent-encodes them, which the API refuses), put ids and emails that exist into requests, and give each request a
fresh sandbox where the provider makes them. In a stateful scenario, a request that names what an earlier answer showed
goes to the sandbox of that answer.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import schemathesis
from schemathesis.auths import AuthContext
from schemathesis.auths import unregister as unregister_auth
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.meta import TestPhase
from schemathesis.hooks import HookContext
from schemathesis.hooks import unregister as unregister_hook

from contracts.existing import Forms, Parts, fill, raw_segment
from contracts.sandboxes import Pool, Sandbox, Wire, in_process, over_http

TOKEN_VARIABLE: Final = "USEAPI_TOKEN"  # noqa: S105 - the name of a variable
_MADE_UP: Final = "user:12345-schemathesis"
"""Good enough for a mock, which takes any token."""

_HEADER: Final = "Authorization"
_MADE: Final = {"saveAccount": (201,), "upscaleVideo": (200,)}
"""The operations that bring something into being, with the statuses that say so."""

_BAD_CREDENTIALS: Final = (None, "Bearer", "Bearer not-a-token", "Basic dXNlcjpwYXNzd29yZA==")


class Hooks:
    """What the hooks know between calls: the providers' sandboxes, and which of them each thread has just used.

    `way` gives the way to the provider at an address, for the calls that the hooks make themselves.
    """

    def __init__(self, token: str | None = None, way: Callable[[str], Wire] = over_http) -> None:
        self._token = token
        self._way = way
        self._pools: dict[object, Pool] = {}
        self._forms: Forms | None = None
        self._lock = threading.Lock()
        self._thread = threading.local()

    @property
    def token(self) -> str:
        """The given token, else the one of the environment."""
        return self._token or os.environ.get(TOKEN_VARIABLE) or _MADE_UP

    def before_call(self, case: Case[Any]) -> None:
        """Make a request of a generated case fit the provider."""
        self._thread.sandbox = None
        _send_raw(case)
        if case.headers.get(_HEADER) != f"Bearer {self.token}" or case.method.upper() != case.operation.method.upper():
            # Without our token, or with a method that is not the operation's, it is refused whatever it names.
            return
        forms = self._forms_of(case)
        parts = _parts(case)
        meta = case.meta
        stateful = meta is not None and meta.phase.name is TestPhase.STATEFUL
        pool = self._pool(case)
        good = meta is None or meta.generation.mode.is_positive
        # An email to save is made up, and may only look like one that was shown.
        follows = stateful and parts.operation != "saveAccount"
        sandbox = pool.holding(forms.names_in(parts)) if follows else None
        if sandbox is None or not fill(parts, forms, sandbox, good=good):
            sandbox = pool.fresh()
            fill(parts, forms, sandbox, good=good)
        _put(case, parts)
        case.headers[_HEADER] = f"Bearer {sandbox.token}"
        if stateful or not sandbox.disposable:
            self._thread.sandbox = sandbox

    def after_call(self, case: Case[Any], response: Response) -> None:
        """Remember what the answer shows, for the next step of the scenario."""
        sandbox: Sandbox | None = getattr(self._thread, "sandbox", None)
        if sandbox is None:
            return
        # Not JSON, or too deep to be meant.
        with suppress(ValueError, RecursionError):
            names = set(self._forms_of(case).names(response.json()))
            sandbox.seen |= names
            if response.status_code in _MADE.get(_operation(case), ()):
                sandbox.made |= names

    def _forms_of(self, case: Case[Any]) -> Forms:
        if self._forms is None:
            self._forms = Forms(case.operation.schema.raw_schema)
        return self._forms

    def _pool(self, case: Case[Any]) -> Pool:
        app = case.operation.app
        provider = app if app is not None else case.operation.base_url
        with self._lock:
            if provider not in self._pools:
                wire = in_process(app) if app is not None else self._way(str(provider))
                self._pools[provider] = Pool(wire, self.token)
            return self._pools[provider]


class _Registration:
    """Hooks that Schemathesis can be told of, for every schema in the process."""

    def __init__(self, hooks: Hooks) -> None:
        self.active = False

        class Bearer:
            """Tells Schemathesis that requests carry a good token; `before_call` chooses which."""

            def get(self, _case: Case[Any], _context: AuthContext) -> str:
                return hooks.token

            def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
                case.headers[_HEADER] = f"Bearer {data}"

        def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
            hooks.before_call(case)

        def after_call(_context: HookContext, case: Case[Any], response: Response) -> None:
            hooks.after_call(case, response)

        def before_add_examples(context: HookContext, examples: list[Case[Any]]) -> None:
            if context.operation is not None:
                examples += _without_token(examples[0] if examples else context.operation.Case())

        self._functions = (before_call, after_call, before_add_examples)
        self._auth = Bearer

    def on(self) -> None:
        """Let Schemathesis use them from here on."""
        if not self.active:
            for function in self._functions:
                schemathesis.hook(function)
            schemathesis.auth(refresh_interval=None)(self._auth)
            self.active = True

    def off(self) -> None:
        """Take them from it again, if it has them."""
        if self.active:
            for function in self._functions:
                unregister_hook(function)
            unregister_auth()
            self.active = False


def register(hooks: Hooks | None = None) -> Callable[[], None]:
    """Let Schemathesis use these hooks, for every schema in the process; returns what takes them from it again."""
    registration = _Registration(hooks or Hooks())
    registration.on()
    return registration.off


@contextmanager
def used(hooks: Hooks) -> Iterator[None]:
    """Let Schemathesis use these hooks within, in the place of those that the import has registered."""
    before = _imported.active
    _imported.off()
    undo = register(hooks)
    try:
        yield
    finally:
        undo()
        if before:
            _imported.on()


def _without_token(example: Case[Any]) -> Iterator[Case[Any]]:
    """Good requests but for the token: schemathesis.toml keeps the other phases from trying this."""
    for credentials in _BAD_CREDENTIALS:
        headers = example.headers.copy()
        headers.pop(_HEADER, None)
        if credentials is not None:
            headers[_HEADER] = credentials
        yield example.derive(headers=headers)


def _send_raw(case: Case[Any]) -> None:
    for parameter in case.operation.path_parameters:
        value = case.path_parameters.get(parameter.name)
        if parameter.definition.get("x-raw") and isinstance(value, str):
            case.path_parameters[parameter.name] = raw_segment(value)


def _operation(case: Case[Any]) -> str:
    return str(case.operation.definition.raw.get("operationId", ""))


def _parts(case: Case[Any]) -> Parts:
    return Parts(_operation(case), _copy(case.path_parameters), _copy(case.query), _copy(case.body))


def _put(case: Case[Any], parts: Parts) -> None:
    """Write back what has changed; an untouched part keeps what Schemathesis knows about it."""
    if parts.path != _copy(case.path_parameters):
        case.path_parameters = parts.path
    if parts.query != _copy(case.query):
        case.query = parts.query
    if parts.body != _copy(case.body):
        case.body = parts.body


def _copy(value: Any) -> dict[str, Any]:
    """A negative case may have anything in the place of an object."""
    return dict(value) if isinstance(value, dict) else {}


_imported: Final = _Registration(Hooks())
_imported.on()

unregister: Final = _imported.off
"""Takes back what the import has registered, for those who want to `register` hooks with a token of their own."""
