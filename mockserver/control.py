"""The control API under /__mock/: a neutral Request in, a neutral Response out, as its own document says."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import orjson

from mockserver import __version__
from mockserver.api import Api
from mockserver.domain import Account
from mockserver.domain.refusals import UnknownAccount
from mockserver.journal import Exchange
from mockserver.message import Request, Response
from mockserver.problem import bug, problem
from mockserver.runtime import Denied, GuardedSandbox
from mockserver.spec import Contract, ContractError, Miss

PREFIX: Final = "/__mock/"
_DOCUMENT: Final = Path(__file__).parent / "control.yaml"
_JSON: Final = ((b"content-type", b"application/json"),)


@dataclass(slots=True)
class ControlCall:
    """A control request that fits the document. `of_token` is the sandbox of its token, None where none is needed."""

    control: "Control"
    request: Request
    of_token: GuardedSandbox | None
    parameters: dict[str, Any]
    body: Any

    @property
    def guarded(self) -> GuardedSandbox:
        """The sandbox; operations without a token never ask for it."""
        if self.of_token is None:
            raise LookupError("an operation without token has no sandbox")
        return self.of_token


class Control:
    """The control API of one mock. The document is read on the first call, to keep the start short."""

    def __init__(self, api: Api) -> None:
        self.api = api

    @cached_property
    def contract(self) -> Contract:
        contract = Contract.load(_DOCUMENT)
        if missing := set(_HANDLERS) ^ set(contract.operations):
            raise ContractError(f"control operations and handlers differ: {', '.join(sorted(missing))}")
        return contract

    def exchange(self, request: Request) -> Exchange:
        """The answer to a request under /__mock/, with its reason."""
        match = self.contract.match(request.method, request.path)
        if isinstance(match, Miss):
            return _refused(request, "", self._unmatched(request, match))
        operation = match.operation
        guarded = None
        if operation.secured:
            try:
                guarded = self.api.runtime.guarded(request.header(b"authorization"))
            except Denied as denied:
                return _refused(request, operation.id, problem(401, str(denied)))
        fitting = operation.read(
            match.parameters, request.query, request.header(b"content-type"), request.body, encoded_ids=True
        )
        if isinstance(fitting, list):
            sentences = "; ".join(violation.sentence for violation in fitting)
            return _refused(request, operation.id, problem(400, sentences))
        parameters, body = fitting
        try:
            value = _HANDLERS[operation.id](ControlCall(self, request, guarded, parameters, body))
        except UnknownAccount as refusal:
            return _refused(request, operation.id, problem(404, str(refusal)))
        if misfits := operation.misfit(operation.success, value):
            return _refused(request, operation.id, bug(ValueError(misfits[0].sentence)))
        response = Response(operation.success, _JSON, orjson.dumps(value))
        if value is None:
            response = Response(operation.success, (), b"")
        return Exchange(request, response, operation.id, operation.id)

    def _unmatched(self, request: Request, miss: Miss) -> Response:
        if not miss.allowed:
            known = ", ".join(sorted({operation.path for operation in self.contract.operations.values()}))
            return problem(404, f"no control call has the path {request.path[:200]!a}; there are {known}")
        methods = ", ".join(miss.allowed)
        return problem(405, f"this path takes {methods}", ((b"allow", methods.encode()),))


def of_control(path: str) -> bool:
    """Whether a path is the control API's."""
    return path.startswith(PREFIX) or path == PREFIX[:-1]


def _refused(request: Request, operation: str, response: Response) -> Exchange:
    return Exchange(request, response, operation, str(orjson.loads(response.body)["detail"]))


def _get_health(call: ControlCall) -> Any:
    return {"status": "ok", "version": __version__, "sandboxes": len(call.control.api.runtime)}


def _get_contract(call: ControlCall) -> Any:
    servers = [{"url": call.request.origin or "/", "description": "This mock"}]
    return {**call.control.contract.document.data, "servers": servers}


def _reset(call: ControlCall) -> None:
    call.control.api.runtime.reset(call.request.header(b"authorization"))


def _list_accounts(call: ControlCall) -> Any:
    with call.guarded.now() as sandbox:
        return {"data": [_account(account) for account in sandbox.accounts.values()]}


def _adjust_account(call: ControlCall) -> Any:
    body = call.body
    with call.guarded.now() as sandbox:
        account = sandbox.adjust_account(
            call.parameters["email"],
            credits=_whole(body.get("credits")),
            max_jobs=_whole(body.get("maxJobs")),
            concurrency=_whole(body.get("concurrency")),
            pending_error=body.get("pendingError"),
        )
        return _account(account)


_HANDLERS: Final[dict[str, Callable[[ControlCall], Any]]] = {
    "getHealth": _get_health,
    "getControlContract": _get_contract,
    "resetSandbox": _reset,
    "listSandboxAccounts": _list_accounts,
    "adjustAccount": _adjust_account,
}


def _account(account: Account) -> dict[str, Any]:
    return {
        "email": account.email,
        "maxJobs": account.max_jobs,
        "concurrency": account.concurrency,
        "credits": account.credits,
        "reserved": account.reserved,
        "spent": account.spent,
        "running": account.running,
        "upstream": account.upstream,
        "pendingError": account.pending_error,
        "videos": len(account.videos),
    }


def _whole(value: float | None) -> int | None:
    """3.0 is an integer in JSON Schema."""
    return None if value is None else int(value)
