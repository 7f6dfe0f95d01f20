"""Health, the document, reset, scenario, accounts."""

from collections.abc import Mapping
from typing import Any, Final

from mockserver import __version__
from mockserver.control.call import ControlCall, Handler, Refused, whole
from mockserver.domain import Account, Sandbox, Status, VideoId
from mockserver.scenario import Scenario, ScenarioError


def _get_health(call: ControlCall) -> Any:
    return {"status": "ok", "version": __version__, "sandboxes": len(call.api.runtime)}


def _get_contract(call: ControlCall) -> Any:
    return {**call.document, "servers": [{"url": call.request.origin or "/", "description": "This mock"}]}


def _reset(call: ControlCall) -> None:
    call.api.reset(call.request.header(b"authorization"))


def _get_scenario(call: ControlCall) -> Any:
    return call.guarded.scenario.shown


def _put_scenario(call: ControlCall) -> Any:
    try:
        scenario = Scenario.of(call.body, "scenario", call.request.body, call.api.catalogue)
    except ScenarioError as error:
        raise Refused(400, str(error)) from None
    return call.api.reset(call.request.header(b"authorization"), scenario).scenario.shown


def _list_accounts(call: ControlCall) -> Any:
    with call.guarded.now() as sandbox:
        return {"data": [shown_account(sandbox, account) for account in sandbox.accounts.values()]}


def _adjust_account(call: ControlCall) -> Any:
    body = call.body
    with call.guarded.now() as sandbox:
        account = sandbox.accounts.adjust(
            call.parameters["email"],
            credits=whole(body.get("credits")),
            max_jobs=whole(body.get("maxJobs")),
            concurrency=whole(body.get("concurrency")),
            pending_error=body.get("pendingError"),
        )
        return shown_account(sandbox, account)


def shown_account(sandbox: Sandbox, account: Account) -> dict[str, Any]:
    """An account as the document has it. The lock is held."""
    completed = (n for n in reversed(account.videos) if sandbox.videos[n].status is Status.COMPLETED)
    number = next(completed, None)
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
        "video_id": None if number is None else str(VideoId(sandbox.user, account.email, number)),
    }


HANDLERS: Final[Mapping[str, Handler]] = {
    "getHealth": _get_health,
    "getControlContract": _get_contract,
    "resetSandbox": _reset,
    "getScenario": _get_scenario,
    "putScenario": _put_scenario,
    "listSandboxAccounts": _list_accounts,
    "adjustAccount": _adjust_account,
}
