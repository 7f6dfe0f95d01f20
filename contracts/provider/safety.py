"""What may be done to a provider: reads only, or so many credits, or all."""

from collections.abc import Callable
from ipaddress import ip_address

from contracts.contract import Operation


class NotAllowed(Exception):  # noqa: N818 - it is a refusal of ours
    """A call may not be made. `args[0]` says why, in one line for the reader."""


class Safety:
    """Decides before each call. `reads_only` lets nothing be changed but in sandboxes made for the tests, `strict`
    nothing there either; `credits` is what may be spent, None for all.
    """

    def __init__(
        self,
        *,
        reads_only: bool = False,
        strict: bool = False,
        credits: int | None = None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.reads_only = reads_only
        self.strict = strict
        self.credits = credits
        self._announce = announce

    def allow(self, operation: Operation, *, disposable: bool, owned: bool, paid: bool) -> None:
        """Raise NotAllowed unless a call may be made.

        `disposable`: in a sandbox that was made for the tests; there all is allowed. `owned`: it names nothing but what
        the tests made. `paid`: it has a token and may be accepted, so that it may cost what the contract says.
        """
        if operation.reads or not paid or (disposable and not self.strict):
            # Without a good token nothing can be changed.
            return
        if self.reads_only or self.strict:
            raise NotAllowed("only reads are allowed (--safe)")
        if operation.method == "DELETE" and not owned:
            raise NotAllowed("it would destroy what was there before the tests")
        if operation.method != "DELETE" and not operation.cost:
            raise NotAllowed("it would change what was there before the tests")
        if operation.cost and self.credits is not None:
            if operation.cost > self.credits:
                raise NotAllowed(f"it costs {operation.cost} credits, {self.credits} are left (--credits)")
            self.credits -= operation.cost
            self._announce(f"{operation.id} costs {operation.cost} credits; {self.credits} are left to spend after it")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
