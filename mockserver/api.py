"""The seam: a neutral Request in, a neutral Response out. No Flask, no socket.

match operation -> token -> sandbox (401) -> violations (400) -> trigger -> handler, with one `now`: value or refusal
-> our own answer against the contract -> journal.
"""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockserver import refusing
from mockserver.attempted import Attempted
from mockserver.completeness import check
from mockserver.destinations import Destinations
from mockserver.domain import Verdict, VideoId
from mockserver.domain.refusals import PendingError, Refusal
from mockserver.domain.reporting import is_early
from mockserver.handlers import HANDLERS, Call
from mockserver.journal import Coming, Exchange
from mockserver.message import Headers, Request, Response
from mockserver.problem import bug
from mockserver.runtime import Denied, GuardedSandbox, Runtime
from mockserver.scenario import Scenario
from mockserver.settings import Settings
from mockserver.spec import Answer, Contract, ContractError, Miss, Operation, Violation

if TYPE_CHECKING:
    from mockserver.courier import Courier

_JSON: Final = ((b"content-type", b"application/json"),)

log = logging.getLogger("mockserver")


class Bug(Exception):  # noqa: N818 - the design's word
    """An answer of ours does not fit the contract."""


class Api:
    """The emulated API of one mock. Raises ContractError or ScenarioError when it can't be set up."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.contract = Contract.load(self.settings.contract)
        if missing := set(HANDLERS) ^ set(self.contract.operations):
            raise ContractError(f"operations and handlers differ: {', '.join(sorted(missing))}")
        check(self.contract)
        scenario = Scenario.load(self.settings.scenario, self.settings.changes)
        self.runtime = Runtime(self.settings, scenario, self.contract.cost, self.contract.token_pattern)
        self._trouble = self._pending_text()
        self._courier: Courier | None = None
        self.observer: Callable[[Attempted], None] = _log_attempt
        """Is told of each attempt to deliver a callback, on the courier's thread."""

    @property
    def courier(self) -> "Courier":
        """Who sends callbacks; there is none before there is something to send."""
        if self._courier is None:
            # Imported here: most runs never call anybody.
            from mockserver.courier import Courier
            from mockserver.posting import Posting

            settings = self.settings
            posting = Posting(self.contract)
            with self.runtime.lock:
                if self._courier is None:
                    self._courier = Courier(
                        posting,
                        Destinations(settings.callback_hosts),
                        timeout=settings.callback_timeout,
                        strict=settings.strict,
                        observer=self._observe,
                        lock=self.runtime.lock,
                    )
        return self._courier

    def _observe(self, attempted: Attempted) -> None:
        self.observer(attempted)

    def close(self) -> None:
        """End what goes on in the background. What is still owed to receivers stays so."""
        if self._courier is not None:
            self._courier.close()

    def reset(self, authorization: bytes | None, scenario: Scenario | None = None) -> GuardedSandbox:
        """Put a fresh sandbox in the place of a token's, by its own scenario if one is given; returns it.

        Raises Denied.
        """
        guarded, former = self.runtime.reset(authorization, scenario)
        if former is not None and self._courier is not None:
            self._courier.wake(former)  # which lets go of it
        return guarded

    def sandboxes(self) -> list[GuardedSandbox]:
        """All sandboxes there are."""
        return [guarded for _, guarded in self.runtime]

    def answer(self, request: Request) -> Response:
        """The answer to a request; it may have to be waited for."""
        coming = self.exchange(request)
        return coming.response if isinstance(coming, Exchange) else coming.result().response

    def exchange(self, request: Request) -> Coming:
        """The answer to a request, with what led to it; it stands in the journal, too."""
        match = self.contract.match(request.method, request.path)
        if isinstance(match, Miss):
            return self._outside(self._unmatched(request, match))
        operation = match.operation
        try:
            guarded = self.runtime.guarded(request.header(b"authorization"))
        except Denied as denied:
            return self._outside(self._denied(request, operation, str(denied)))
        fitting = operation.read(
            match.parameters,
            request.query,
            request.header(b"content-type"),
            request.body,
            encoded_ids=guarded.answers.encoded_id == 200,
        )
        with guarded.lock:
            now = guarded.catch_up()
            if isinstance(fitting, list):
                exchange = self._violated(request, operation, match.parameters, fitting)
            else:
                exchange = self._fitting(request, operation, guarded, *fitting)
            exchange.at = now
            guarded.journal.append(exchange)
            clock = guarded.clock
            if clock.mode == "auto" and not guarded.leaps:
                clock.tick()
            if not guarded.sandbox.calls:
                return exchange
            job = guarded.sandbox.running.get(exchange.accepted) if exchange.accepted is not None else None
            early = None
            if exchange.accepted is not None and job is not None and is_early(job):
                # Taken under the same lock, before anyone else can send it.
                early = guarded.sandbox.outbox.take_front(exchange.accepted, guarded.sandbox.now)
            wake = clock.mode == "auto" or (job is not None and clock.mode == "real")
        if early is not None:
            return self.courier.first_callback(guarded, early, lambda: exchange)
        if wake:
            self.courier.wake(guarded)
        return exchange

    def malformed(self, request: Request, sentence: str) -> Exchange:
        """The answer to bytes that are no HTTP request, or that hold what none may hold; `sentence` says what."""
        answer = self.contract.unmatched["malformed-request"]
        response = _response(answer, answer.fill({"Error message": sentence}))
        violation = Violation("header", "", "http", sentence)
        return self._outside(Exchange(request, response, "", sentence, violations=(violation,)))

    def example_id(self, token: str) -> str:
        """The id of the newest finished video in a fresh sandbox of this token; for a message to a person."""
        sandbox = self.runtime.fresh_sandbox(token)
        account = next(iter(sandbox.accounts.values()), None)
        number = account.videos[-1] if account is not None and account.videos else 7
        return str(VideoId(sandbox.user, account.email if account else "demo@example.com", number))

    # Ways to an answer

    def _fitting(
        self,
        request: Request,
        operation: Operation,
        guarded: GuardedSandbox,
        parameters: Mapping[str, Any],
        body: Any,
    ) -> Exchange:
        origin = self.settings.public_url or request.origin
        call = Call(guarded.sandbox, parameters, body, origin, guarded.answers, self._trouble, guarded.shown)
        try:
            triggers = self.contract.triggers[operation.id]
            if triggers and (trigger := triggers.get(VideoId.parse(body["video_id"]).number)):
                if trigger.answer is not None:
                    return self._triggered(request, operation, guarded, trigger.answer, body)
                call.ends = trigger.ends
            value, why = HANDLERS[operation.id](call)
            self._check(operation, operation.success, value)
        except Refusal as refusal:
            answer = refusing.answer(operation, refusal, guarded.answers)
            value = answer.fill({**parameters, **refusal.values})
            exchange = self._example(request, operation, answer, value, str(refusal))
            exchange.refusal = answer.name
            return exchange
        except Exception as error:
            return self._bug(request, operation, error)
        exchange = Exchange(request, Response(operation.success, _JSON, orjson.dumps(value)), operation.id, why)
        if call.accepted is not None:
            exchange.accepted = call.accepted.number
        return exchange

    def _violated(
        self,
        request: Request,
        operation: Operation,
        parameters: Mapping[str, str],
        violations: list[Violation],
    ) -> Exchange:
        first = violations[0]
        answer = operation.refusing(first)
        shown = {**parameters, first.pointer[1:]: first.value, "Error message": first.sentence}
        value = answer.fill(shown)
        exchange = self._example(request, operation, answer, value, str(value["error"]))
        exchange.violations = tuple(violations)
        return exchange

    def _triggered(
        self,
        request: Request,
        operation: Operation,
        guarded: GuardedSandbox,
        answer: Answer,
        body: Mapping[str, Any],
    ) -> Exchange:
        wanted = VideoId.parse(body["video_id"])
        account = guarded.sandbox.account_of(wanted)
        max_jobs = body.get("maxJobs") or account.max_jobs
        why = f"video number {wanted.number} asks for this answer"
        value = answer.fill({"email": wanted.email, "maxJobs": int(max_jobs), "Error message": why})
        return self._example(request, operation, answer, value, why)

    def _denied(self, request: Request, operation: Operation, why: str) -> Exchange:
        answer = operation.answers[401, "unauthorized"]
        return self._example(request, operation, answer, answer.fill({}), why)

    def _unmatched(self, request: Request, miss: Miss) -> Exchange:
        answer = self.contract.unmatched["method-not-allowed" if miss.allowed else "not-found"]
        extra: Headers = ((b"allow", ", ".join(miss.allowed).encode()),) if miss.allowed else ()
        why = f"the path takes {', '.join(miss.allowed)}" if miss.allowed else "no operation has this path"
        return Exchange(request, _response(answer, answer.fill({}), extra), "", why)

    def _example(self, request: Request, operation: Operation, answer: Answer, value: Any, why: str) -> Exchange:
        try:
            self._check(operation, answer.status, value)
        except Bug as bug:
            return self._bug(request, operation, bug)
        return Exchange(request, _response(answer, value), operation.id, why)

    def _check(self, operation: Operation, status: int, value: Any) -> None:
        if misfits := operation.misfit(status, value):
            raise Bug(f"{operation.id} {status}: {misfits[0].sentence} ({misfits[0].pointer or '/'})")

    def _bug(self, request: Request, operation: Operation, error: Exception) -> Exchange:
        if self.settings.strict:
            raise error
        log.error("bug in the mock: %s: %s", operation.id, error, exc_info=error)
        return Exchange(request, bug(error), operation.id, f"bug in the mock: {error}")

    def _outside(self, exchange: Exchange) -> Exchange:
        self.runtime.outside.append(exchange)
        return exchange

    def _pending_text(self) -> str:
        answer = self.contract.operations["upscaleVideo"].answer(refusing.EXAMPLES[PendingError])
        return str(answer.fill({})["error"]) if answer else ""


def _log_attempt(attempted: Attempted) -> None:
    callback = attempted.callback
    level = logging.WARNING if attempted.receipt.verdict is Verdict.DENIED else logging.INFO
    log.log(level, "callback %s %s to %a: %s", callback.video.number, callback.status.name, callback.url, attempted.why)


def _response(answer: Answer, value: Any, extra: Headers = ()) -> Response:
    return Response(answer.status, (*_JSON, *extra), orjson.dumps(value), answer.reason)
