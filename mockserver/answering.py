"""The ways to an answer: each makes an Exchange of a request, and sees to it that our own answer fits the contract."""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from mockserver import refusing
from mockserver.domain import Status, VideoId
from mockserver.domain.refusals import PendingError, Refusal
from mockserver.faults.actions import Documented, OnWire, Spoiled, Stage, Undocumented
from mockserver.faults.plan import Standing, Struck
from mockserver.handlers import HANDLERS, Call
from mockserver.journal import Exchange, Fault
from mockserver.liberties import Illegal, Liberties
from mockserver.message import Headers, Request, Response
from mockserver.prefer import NotServed, Preference
from mockserver.problem import bug, problem
from mockserver.runtime import GuardedSandbox
from mockserver.settings import Settings
from mockserver.spec import Answer, Contract, Miss, Operation, Violation

_JSON: Final = ((b"content-type", b"application/json"),)
_NUMBER: Final = re.compile(r"-video(?::|%3[Aa])([0-9]{1,18})")

Fitting = tuple[dict[str, Any], Any] | list[Violation]
"""Parameters and body of a request that fits the contract, else its violations."""

log = logging.getLogger("mockserver")


class Bug(Exception):  # noqa: N818 - the design's word
    """An answer of ours does not fit the contract."""


class Answering:
    """The ways to an answer of one mock."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        self._contract = contract
        self._strict = settings.strict
        self._public_url = settings.public_url
        pending = contract.operations["upscaleVideo"].answer(refusing.EXAMPLES[PendingError])
        self._trouble = str(pending.fill({})["error"]) if pending else ""

    # To a request of an operation; the sandbox's lock is held

    def regular(
        self,
        request: Request,
        operation: Operation,
        guarded: GuardedSandbox,
        path: Mapping[str, str],
        fitting: Fitting,
    ) -> Exchange:
        """What the API would answer; `path` are the path's parameters as they were sent."""
        exchange = self._regular(request, operation, guarded, path, fitting)
        return exchange if guarded.liberties is None else self._freely(exchange, operation, guarded.liberties)

    def _regular(
        self,
        request: Request,
        operation: Operation,
        guarded: GuardedSandbox,
        path: Mapping[str, str],
        fitting: Fitting,
    ) -> Exchange:
        if isinstance(fitting, list):
            return self._violated(request, operation, path, fitting)
        parameters, body = fitting
        origin = self._public_url or request.origin
        call = Call(guarded.sandbox, parameters, body, origin, guarded.answers, self._trouble, guarded.shown)
        try:
            if triggers := self._contract.triggers[operation.id]:
                call.named = wanted = VideoId.parse(body["video_id"])
                if (trigger := triggers.get(wanted.number)) is not None:
                    if trigger.answer is not None:
                        guarded.sandbox.account_of(wanted)
                        why = f"video number {wanted.number} asks for this answer"
                        return self._forced(request, operation, guarded, path, fitting, trigger.answer, why)
                    call.ends = trigger.ends
            value, why = HANDLERS[operation.id](call)
            self._check(operation, operation.success, value)
        except Refusal as refusal:
            answer = refusing.answer(operation, refusal, guarded.answers)
            value = answer.fill({**parameters, **refusal.values})
            exchange = self._example(request, operation, answer, value, str(refusal))
            exchange.refusal = answer.name
            _ask_to_wait(exchange, guarded, path, fitting, answer)
            return exchange
        except Exception as error:
            return self._bug(request, operation, error)
        exchange = Exchange(request, Response(operation.success, _JSON, orjson.dumps(value)), operation.id, why)
        if call.accepted is not None:
            exchange.accepted = call.accepted.number
        return exchange

    def preferred(
        self,
        request: Request,
        operation: Operation,
        guarded: GuardedSandbox,
        path: Mapping[str, str],
        fitting: Fitting,
        wanted: Preference,
    ) -> Exchange:
        """The documented answer that a request prefers; the regular one if it only wants to know why."""
        try:
            answer = wanted.answer(operation)
        except NotServed as none:
            return Exchange(request, problem(400, str(none)), operation.id, str(none))
        if answer is None:
            exchange = self.regular(request, operation, guarded, path, fitting)
        else:
            why = "the request prefers this answer"
            exchange = self._forced(request, operation, guarded, path, fitting, answer, why)
            if guarded.liberties is not None:
                exchange = self._freely(exchange, operation, guarded.liberties)
        _add(exchange, (b"preference-applied", wanted.applied))
        return exchange

    def afflicted(
        self,
        request: Request,
        operation: Operation,
        guarded: GuardedSandbox,
        path: Mapping[str, str],
        fitting: Fitting,
        struck: Struck,
    ) -> Exchange:
        """The answer to a request that the fault plan struck."""
        faults = []
        if struck.fault is None:
            exchange = self.regular(request, operation, guarded, path, fitting)
        elif struck.fault.rule.stage in (Stage.ARRIVAL, Stage.CHECKED):
            exchange = self._instead(request, operation, guarded, path, fitting, struck.fault)
            faults.append(_acted(struck.fault))
            exchange.why = f"{struck.fault.why}: {struck.fault.rule.summary.partition('; ')[0]}"
        else:
            exchange = self.regular(request, operation, guarded, path, fitting)
            succeeded = exchange.response.status == operation.success and not exchange.faults
            action = struck.fault.rule.action
            if isinstance(action, OnWire | Spoiled) and (succeeded or struck.fault.rule.stage is Stage.ANSWERED):
                exchange.response = action.spoil(exchange.response)
                faults.append(_acted(struck.fault))
                exchange.why = f"{exchange.why}; {struck.fault.why}"
        if struck.delay is not None:
            exchange.latency = struck.milliseconds
            faults.append(_acted(struck.delay))
            exchange.why = f"{exchange.why}; {struck.delay.why}, {struck.milliseconds / 1_000:g} s"
        exchange.faults += tuple(faults)
        return exchange

    # To a request that reaches no operation, or no sandbox

    def denied(self, request: Request, operation: Operation, why: str) -> Exchange:
        """The answer to a token that gets no sandbox."""
        answer = operation.answers[401, "unauthorized"]
        return self._example(request, operation, answer, answer.fill({}), why)

    def unmatched(self, request: Request, miss: Miss, why: str) -> Exchange:
        """The answer to a method and path that no operation has."""
        answer = self._contract.unmatched["method-not-allowed" if miss.allowed else "not-found"]
        extra: Headers = ((b"allow", ", ".join(miss.allowed).encode()),) if miss.allowed else ()
        return Exchange(request, _response(answer, answer.fill({}), extra), "", why)

    def malformed(self, request: Request, sentence: str) -> Exchange:
        """The answer to bytes that are no HTTP request, or that hold what none may hold; `sentence` says what."""
        answer = self._contract.unmatched["malformed-request"]
        response = _response(answer, answer.fill({"Error message": sentence}))
        violation = Violation("header", "", "http", sentence)
        return Exchange(request, response, "", sentence, violations=(violation,))

    # Parts of the ways

    def _violated(
        self, request: Request, operation: Operation, path: Mapping[str, str], violations: list[Violation]
    ) -> Exchange:
        first = violations[0]
        answer = operation.refusing(first)
        shown = {**path, first.pointer[1:]: first.value, "Error message": first.sentence}
        value = answer.fill(shown)
        exchange = self._example(request, operation, answer, value, str(value["error"]))
        exchange.violations = tuple(violations)
        return exchange

    def _instead(
        self,
        request: Request,
        operation: Operation,
        guarded: GuardedSandbox,
        path: Mapping[str, str],
        fitting: Fitting,
        standing: Standing,
    ) -> Exchange:
        action = standing.rule.action
        if isinstance(action, Documented):
            answer = action.answers[operation.id]
            exchange = self._forced(request, operation, guarded, path, fitting, answer, standing.rule.summary)
            exchange.faults = ()
            if guarded.liberties is not None:
                exchange = self._freely(exchange, operation, guarded.liberties)
            named = {name for name, _ in action.headers}
            kept = [header for header in exchange.response.headers if header[0] not in named]
            exchange.response = replace(exchange.response, headers=(*kept, *action.headers))
            return exchange
        if isinstance(action, Undocumented | OnWire):
            return Exchange(request, action.response, operation.id, standing.rule.summary)
        raise AssertionError(f"{standing.rule.name} does not stand for an answer")

    def _forced(
        self,
        request: Request,
        operation: Operation,
        guarded: GuardedSandbox,
        path: Mapping[str, str],
        fitting: Fitting,
        answer: Answer,
        why: str,
    ) -> Exchange:
        """A documented answer that nothing of the sandbox asks for, its places filled with what the request names."""
        value = answer.fill(_named(guarded, path, fitting) | {"Error message": why})
        exchange = self._example(request, operation, answer, value, why)
        exchange.faults = (Fault(answer.name, None, answer.provenance),)
        _ask_to_wait(exchange, guarded, path, fitting, answer)
        return exchange

    def _freely(self, exchange: Exchange, operation: Operation, liberties: Liberties) -> Exchange:
        """The exchange with the sandbox's liberties taken with its answer."""
        try:
            exchange.response = liberties.response(operation, exchange.response)
        except Illegal as error:
            return self._bug(exchange.request, operation, error)
        return exchange

    def _example(self, request: Request, operation: Operation, answer: Answer, value: Any, why: str) -> Exchange:
        try:
            self._check(operation, answer.status, value)
        except Bug as found:
            return self._bug(request, operation, found)
        return Exchange(request, _response(answer, value), operation.id, why)

    def _check(self, operation: Operation, status: int, value: Any) -> None:
        if misfits := operation.misfit(status, value):
            raise Bug(f"{operation.id} {status}: {misfits[0].sentence} ({misfits[0].pointer or '/'})")

    def _bug(self, request: Request, operation: Operation, error: Exception) -> Exchange:
        if self._strict:
            raise error
        log.error("bug in the mock: %s: %s", operation.id, error, exc_info=error)
        return Exchange(request, bug(error), operation.id, f"bug in the mock: {error}")


def video_number(path: Mapping[str, str], fitting: Fitting) -> int | None:
    """The number of the video that a request names in its path or body, None for none."""
    texts = list(path.values())
    if not isinstance(fitting, list) and isinstance(fitting[1], Mapping):
        texts.append(str(fitting[1].get("video_id", "")))
    found = next(filter(None, map(_NUMBER.search, texts)), None)
    return int(found[1]) if found else None


def explain(exchange: Exchange) -> None:
    """Let the answer say why it is this one."""
    _add(exchange, (b"x-mock-explain", ascii(exchange.why)[1:-1].encode()))


def _named(guarded: GuardedSandbox, path: Mapping[str, str], fitting: Fitting) -> dict[str, str | int]:
    """What a request names, by the names of the places in answers; of the first account what it does not name.

    A status is named by none: it is that of a video that is being made.
    """
    accounts = guarded.sandbox.accounts
    account = next(iter(accounts.values()), None)
    values: dict[str, str | int] = {"status": Status.GENERATING.name}
    if isinstance(fitting, list):
        values |= path
    else:
        parameters, body = fitting
        given = {**parameters, **(body if isinstance(body, Mapping) else {})}
        values |= {name: value for name, value in given.items() if isinstance(value, str | int)}
        video = VideoId.parse(given["video_id"]) if "video_id" in given else None
        named = video.email if video is not None else given.get("email")
        account = accounts.get(str(named), account)
        if isinstance(named, str):
            values["email"] = named
        if "maxJobs" in values:
            values["maxJobs"] = int(values["maxJobs"])
    if account is not None:
        values = {"email": account.email, "maxJobs": account.max_jobs, **values}
        if "video_id" not in values and account.videos:
            values["video_id"] = str(VideoId(guarded.sandbox.user, account.email, account.videos[-1]))
    return values


def _ask_to_wait(
    exchange: Exchange, guarded: GuardedSandbox, path: Mapping[str, str], fitting: Fitting, answer: Answer
) -> None:
    """Add a Retry-After, where the scenario wants one."""
    if guarded.answers.retry_after is not None:
        named = _named(guarded, path, fitting)
        for header in refusing.retry_after(answer.name, guarded.answers, guarded.sandbox, guarded.clock.pace, named):
            _add(exchange, header)


def _acted(standing: Standing) -> Fault:
    standing.met += 1
    return Fault(standing.rule.name, standing.place, standing.rule.provenance)


def _add(exchange: Exchange, header: tuple[bytes, bytes]) -> None:
    response = exchange.response
    exchange.response = replace(response, headers=(*response.headers, header))


def _response(answer: Answer, value: Any, extra: Headers = ()) -> Response:
    return Response(answer.status, (*_JSON, *extra), orjson.dumps(value), answer.reason)
