"""Whether a contract has all that the mock may have to answer; asked at the start, so that no request finds out."""

from typing import Final

from mockserver.domain import Status
from mockserver.refusing import EXAMPLES
from mockserver.spec import Contract, ContractError, Operation

_UNMATCHED: Final = frozenset({"not-found", "method-not-allowed", "malformed-request"})


def check(contract: Contract) -> None:
    """Raise ContractError, in one line, for the first thing that is missing."""
    _ = contract.document.server
    for operation in contract.operations.values():
        _check_operation(operation)
        for number, trigger in contract.triggers[operation.id].items():
            if trigger.ends is not None and trigger.ends not in Status.__members__:
                raise ContractError(f"{operation.id}: trigger {number} ends in no status: {trigger.ends!r}")
    if missing := _UNMATCHED - set(contract.unmatched):
        raise ContractError(f"x-unmatched lacks the example {min(missing)!r}")
    known = {name for operation in contract.operations.values() for _, name in operation.answers}
    if unknown := set(EXAMPLES.values()) - known:
        raise ContractError(f"no operation has the example {min(unknown)!r}")
    try:
        cost = contract.cost
    except (KeyError, TypeError, ValueError):
        raise ContractError("upscaleVideo: x-credits must name a whole cost") from None
    if cost < 0:
        raise ContractError(f"upscaleVideo: x-credits: cost must not be negative, got {cost}")


def _check_operation(operation: Operation) -> None:
    if not operation.secured:
        raise ContractError(f"{operation.id}: an operation without security is not honoured here")
    needed = [(401, "unauthorized")]
    if operation.takes_input:
        needed.append((400, "bad-request"))
    for status, name in needed:
        if (status, name) not in operation.answers:
            raise ContractError(f"{operation.id}: response {status} lacks the example {name!r}")
