"""The control API: a neutral Request in, a neutral Response out, as its own document says."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Final

import orjson

from mockserver.api import Api
from mockserver.control import clock, faults, journal, overview, requests, sinks, state, story, verify
from mockserver.control.call import ControlCall, Handler, Lengthy, Piecewise, Refused, Value
from mockserver.control.guard import refused
from mockserver.control.sinks import Sinks
from mockserver.control.worker import Worker
from mockserver.domain.refusals import UnknownAccount
from mockserver.journal import Coming, Exchange
from mockserver.message import Request, Response
from mockserver.problem import bug, problem
from mockserver.runtime import Denied
from mockserver.spec import Contract, ContractError, Miss, Operation

_DOCUMENT: Final = Path(__file__).parent / "control.yaml"
_JSON: Final = ((b"content-type", b"application/json"),)
_HANDLERS: Final[dict[str, Handler]] = {
    **state.HANDLERS,
    **overview.HANDLERS,
    **clock.HANDLERS,
    **faults.HANDLERS,
    **requests.HANDLERS,
    **verify.HANDLERS,
    **story.HANDLERS,
    **journal.HANDLERS,
    **sinks.HANDLERS,
}

log = logging.getLogger("mockserver")


class Control:
    """The control API of one mock. The document is read on the first call, to keep the start short."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.sinks = Sinks()
        self._worker = Worker(api.runtime.lock)

    @cached_property
    def contract(self) -> Contract:
        return _contract()

    def exchange(self, request: Request) -> Coming:
        """The answer to a request under /__mock/, with its reason; it may have to be waited for."""
        match = self.contract.match(request.method, request.path)
        asked = "" if isinstance(match, Miss) else match.operation.id
        if (refusal := refused(request, asked, self.api.settings)) is not None:
            return _problem(request, asked, refusal)
        if isinstance(match, Miss):
            return _problem(request, "", self._unmatched(request, match))
        operation = match.operation
        guarded = None
        if operation.secured:
            try:
                guarded = self.api.runtime.guarded(request.header(b"authorization"))
            except Denied as denied:
                return _problem(request, operation.id, problem(401, str(denied)))
        fitting = operation.read(
            match.parameters, request.query, request.header(b"content-type"), request.body, encoded_ids=True
        )
        if isinstance(fitting, list):
            sentences = "; ".join(violation.sentence for violation in fitting)
            return _problem(request, operation.id, problem(400, sentences))
        parameters, body = fitting
        call = ControlCall(self.api, self.sinks, self.contract.document.data, request, guarded, parameters, body)
        try:
            value = _HANDLERS[operation.id](call)
        except (UnknownAccount, Refused) as no:
            return _refusal(request, operation, no)
        if isinstance(value, Lengthy):
            return self._worker.do(partial(_made, request, operation, value.make))
        if not isinstance(value, Future):
            return _answer(request, operation, value)
        coming: Future[Exchange] = Future()
        # Who waits for it may be gone when it comes, but can't cancel it.
        coming.set_running_or_notify_cancel()
        value.add_done_callback(lambda done: coming.set_result(_made(request, operation, done.result)))
        return coming

    def _unmatched(self, request: Request, miss: Miss) -> Response:
        if not miss.allowed:
            known = ", ".join(sorted({operation.path for operation in self.contract.operations.values()}))
            return problem(404, f"no control call has the path {request.path[:200]!a}; there are {known}")
        methods = ", ".join(miss.allowed)
        return problem(405, f"this path takes {methods}", ((b"allow", methods.encode()),))


@cache
def _contract() -> Contract:
    """The document, compiled once for all mocks of this process. Raises ContractError."""
    contract = Contract.load(_DOCUMENT)
    if missing := set(_HANDLERS) ^ set(contract.operations):
        raise ContractError(f"control operations and handlers differ: {', '.join(sorted(missing))}")
    return contract


def _made(request: Request, operation: Operation, make: Callable[[], Value]) -> Exchange:
    """The answer that `make` gives, later than the request came."""
    try:
        return _answer(request, operation, make())
    except (UnknownAccount, Refused) as no:
        return _refusal(request, operation, no)
    except Exception as error:
        log.exception("bug in the mock: %s", operation.id)
        return _problem(request, operation.id, bug(error))


def _answer(request: Request, operation: Operation, value: Value) -> Exchange:
    if value is None:
        return Exchange(request, Response(operation.success, (), b""), operation.id, operation.id)
    if isinstance(value, bytes):
        headers = ((b"content-type", operation.media_types[operation.success].encode()),)
        return Exchange(request, Response(operation.success, headers, value), operation.id, operation.id)
    try:
        body = b"".join(_pieces(operation, value)) if isinstance(value, Piecewise) else _json(operation, value)
    except _MisfitError as misfit:
        return _problem(request, operation.id, bug(misfit))
    return Exchange(request, Response(operation.success, _JSON, body), operation.id, operation.id)


class _MisfitError(ValueError):
    """An answer does not fit the document."""


def _json(operation: Operation, value: Value) -> bytes:
    """A value that fits the document. Raises _MisfitError."""
    _check(operation, value)
    return orjson.dumps(value)


def _pieces(operation: Operation, value: Piecewise) -> Iterator[bytes]:
    """What they are written as. Raises _MisfitError."""
    empty: dict[str, Any] = {name: [] for name in value.lists}
    _check(operation, {**value.head, **empty})
    yield orjson.dumps(value.head)[:-1]
    for name, items in value.lists.items():
        yield b',"%b":[' % name.encode()
        separator = b""
        for item in items:
            _check(operation, {**value.head, **empty, name: [item]})
            yield separator + orjson.dumps(item)
            separator = b","
        yield b"]"
    yield b"}"


def _check(operation: Operation, value: Value) -> None:
    if misfits := operation.misfit(operation.success, value):
        raise _MisfitError(f"{misfits[0].sentence} ({misfits[0].pointer})")


def _refusal(request: Request, operation: Operation, no: UnknownAccount | Refused) -> Exchange:
    status = no.status if isinstance(no, Refused) else 404
    return _problem(request, operation.id, problem(status, str(no)))


def _problem(request: Request, operation: str, response: Response) -> Exchange:
    return Exchange(request, response, operation, str(orjson.loads(response.body)["detail"]))
