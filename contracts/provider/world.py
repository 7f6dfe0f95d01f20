"""The world of one token at a provider, and what was done in it."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from contracts.contract import UNSET, Contract
from contracts.contract.operations import Operation, Unset
from contracts.findings import Call, Event
from contracts.provider.budget import Budget
from contracts.provider.control import Control
from contracts.provider.http import Provider, value_of
from contracts.provider.safety import NotAllowed, Safety

_OWN: Final = "its own"
_SLICE: Final = 0.5
"""Real seconds of one wait, so that the end of the time is seen."""


class World:
    """One token. `control` is None where there is no control API, and then time is waited for.

    `disposable`: it was made for the tests and can be broken. `made` are the ids that the tests brought into being.
    """

    def __init__(
        self,
        contract: Contract,
        provider: Provider,
        token: str,
        control: Control | None = None,
        *,
        safety: Safety | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.contract = contract
        self.provider = provider
        self.token = token
        self.control = control
        self.budget = budget
        self.made: set[str] = set()
        self.prelude: tuple[Event, ...] = ()
        """The calls that made the world, with which a story can be played again."""
        self.now = ""
        """What the provider's clock shows, where it has one that stands."""
        self._safety = safety or Safety()
        self._events: list[Event] = []

    @property
    def disposable(self) -> bool:
        """Whether it was made for the tests."""
        return self.control is not None

    @property
    def story(self) -> tuple[Event, ...]:
        """The events of this world so far, in time order."""
        return tuple(self._events)

    @property
    def deeds(self) -> tuple[Event, ...]:
        """The events so far that may have changed something: all but reads."""
        return tuple(each for each in self._events if not isinstance(each, Call) or each.sent.method != "GET")

    def heard(self, event: Event) -> None:
        """Put an event into the story that came by another way, as a callback does."""
        self._events.append(event)

    def call(
        self,
        operation_id: str,
        *,
        json: Any | Unset = UNSET,
        form: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        token: str | None = _OWN,
        path: str | None = None,
        **parameters: Any,
    ) -> Call:
        """Call an operation by its operationId with its parameters in path and query.

        The body is `json`, a multipart `form`, or `body` as it is (with a content type in `headers`). `token` None
        sends none; `path` goes out instead of the address made of the parameters. Raises NotAllowed and Ended.
        """
        operation = self.contract.operations[operation_id]
        bearer = self.token if token == _OWN else token
        named = {str(value) for value in parameters.values()}
        self._safety.allow(operation, disposable=self.disposable, owned=named <= self.made, paid=bearer == self.token)
        if form is not None:
            body, content_type = _multipart(form)
            headers = [*headers, ("Content-Type", content_type)]
        call = self.provider.call(
            operation_id,
            operation.method,
            operation.address(**parameters) if path is None else path,
            token=bearer,
            json=json,
            body=body,
            headers=headers,
            budget=self.budget,
            now=self.now,
            story=self.deeds,
        )
        self._events.append(call)
        self._remember(operation, call)
        return call

    def pass_time(self, seconds: float) -> None:
        """Let time go by: moved where the provider has a clock, else waited for. Raises OutOfTime."""
        if self.control is not None and (now := self.control.advance(self.token, seconds)):
            self.now = now
            self._events.append(self.provider.passed(seconds, moved=True))
            return
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.provider.budget.check()
            time.sleep(min(left, _SLICE))
        self._events.append(self.provider.passed(seconds, moved=False))

    def adjust(self, email: str, **values: Any) -> bool:
        """Set `credits`, `maxJobs`, `concurrency` or `pendingError` of an account, where there is a control API."""
        return self.control is not None and self._did(self.control.adjust(self.token, email, **values))

    def fault(self, rules: list[dict[str, Any]]) -> bool:
        """Put a fault plan in the place of the one there was, where there is a control API."""
        return self.control is not None and self._did(self.control.fault(self.token, rules))

    def _did(self, done: bool) -> bool:  # noqa: FBT001 - it is passed on
        """Tell in the story what the control API was asked."""
        if self.provider.last_control is not None:
            self._events.append(self.provider.last_control)
        return done

    def may(self, operation_id: str, *, owned: bool = False) -> bool:
        """Whether a call of the operation would be allowed now; credits are not taken."""
        kept = self._safety.credits
        probe = Safety(reads_only=self._safety.reads_only, strict=self._safety.strict, credits=kept)
        with suppress(NotAllowed):
            probe.allow(self.contract.operations[operation_id], disposable=self.disposable, owned=owned, paid=True)
            return True
        return False

    def _remember(self, operation: Operation, call: Call) -> None:
        """Keep the ids that a call brought into being."""
        if operation.reads or operation.method == "DELETE" or call.got.status not in operation.answers:
            return
        value = value_of(call.got)
        if operation.cost and isinstance(value, dict) and isinstance(made := value.get("video_id"), str):
            self.made.add(made)


def _multipart(fields: Mapping[str, str]) -> tuple[bytes, str]:
    boundary = "contracts-verify-form"
    parts = []
    for name, value in fields.items():
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + value.encode("utf-8")
            + b"\r\n"
        )
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
