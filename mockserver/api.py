"""The seam: a neutral Request in, a neutral Response out. No Flask, no socket.

match operation -> token -> sandbox (401) -> violations (400) -> what the request prefers, or the fault plan -> handler,
with one `now`: value or refusal -> our own answer against the contract -> journal -> what the clock makes of it: a
first callback, a delay. Faults that act before the request is looked at only seem to come after the violations: to
look at a request changes nothing.
"""

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import TYPE_CHECKING

from mockserver.answering import Answering, Bug, explain, video_number
from mockserver.attempted import Attempted
from mockserver.clock import LATEST, wall
from mockserver.compiled import Compiled, shared
from mockserver.destinations import Destinations
from mockserver.domain import Callback, Verdict, VideoId
from mockserver.domain.reporting import is_early
from mockserver.journal import Coming, Exchange
from mockserver.leap import Ahead, hop
from mockserver.masking import mask_secrets
from mockserver.message import Request, Response, Suffering, Wire
from mockserver.nearest import nearest
from mockserver.prefer import Preference, preference
from mockserver.runtime import Denied, GuardedSandbox, Runtime
from mockserver.scenario import Scenario
from mockserver.settings import Settings
from mockserver.spec import Miss

if TYPE_CHECKING:
    from mockserver.courier import Courier
    from mockserver.receivers import Receivers

__all__ = ["Api", "Bug"]

log = logging.getLogger("mockserver")


class Api:
    """The emulated API of one mock. Raises ContractError or ScenarioError when it can't be set up.

    `compiled` is the contract where it was compiled before, in the place of the settings'.
    """

    def __init__(self, settings: Settings | None = None, compiled: Compiled | None = None) -> None:
        self.settings = settings or Settings()
        if compiled is None:
            path = self.settings.contract
            compiled = shared() if path is None else Compiled.load(path)
        self.contract, self.catalogue = compiled.contract, compiled.catalogue
        scenario = Scenario.load(self.settings.scenario, self.settings.changes, self.catalogue)
        self.runtime = Runtime(self.settings, scenario, self.contract.cost, self.contract.token_pattern)
        self._answering = Answering(self.contract, self.settings)
        self._known = [(each.id, each.method, each.path) for each in self.contract.operations.values()]
        self._prefers = self.settings.prefer
        self._explains = self.settings.explain
        self._courier: Courier | None = None
        self.runtime.evicted = self._let_go
        self.receivers: Receivers | None = None
        """Who gets callbacks without a socket; to be set before there is something to send."""
        self.observer: Callable[[Attempted], None] = _log_attempt
        """Is told of each attempt to deliver a callback, from any thread."""

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
                        receivers=self.receivers,
                    )
        return self._courier

    @property
    def under_way(self) -> int:
        """How many leaps of clocks, and answers that are waited for, have not ended."""
        return self._courier.under_way if self._courier is not None else 0

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
        if former is not None:
            self._let_go(former)
        return guarded

    def _let_go(self, retired: GuardedSandbox) -> None:
        """The courier need not look after a sandbox any more that has ended."""
        if self._courier is not None:
            self._courier.wake(retired)

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
        # Of headers with the same name the first one counts.
        headers = dict(reversed(request.headers))
        authorization = headers.get(b"authorization")
        if isinstance(match, Miss):
            return self._missed(request, match, authorization)
        operation, path = match
        try:
            guarded = self.runtime.guarded(authorization)
        except Denied as denied:
            return self._outside(self._answering.denied(request, operation, str(denied)))
        fitting = operation.read(
            path,
            request.query,
            headers.get(b"content-type"),
            request.body,
            encoded_ids=guarded.answers.encoded_id == 200,
        )
        wanted = None
        if self._prefers and (b"prefer" in headers or "__" in request.query):
            wanted = _preferred(request)
        answering = self._answering
        with guarded.lock:
            now = guarded.catch_up()
            if guarded.clock.waits:
                guarded.clock.begin()
            plan = guarded.plan
            struck = None
            if plan is not None:
                video = video_number(path, fitting) if plan.names_videos else None
                # Every call counts; one that prefers an answer gets that.
                struck = plan.strike(operation.id, video, valid=not isinstance(fitting, list))
            if wanted is not None:
                exchange = answering.preferred(request, operation, guarded, path, fitting, wanted)
            elif struck is not None:
                exchange = answering.afflicted(request, operation, guarded, path, fitting, struck)
            else:
                exchange = answering.regular(request, operation, guarded, path, fitting)
            if self._explains or (wanted is not None and wanted.explain):
                explain(exchange)
            exchange.at = now
            exchange.received = exchange.answered = wall()
            guarded.journal.append(exchange)
            clock = guarded.clock
            if clock.mode == "auto" and not guarded.leaps:
                clock.tick()
            early, wake = _called(guarded, exchange.accepted) if guarded.sandbox.calls else (None, False)
            if early is not None or exchange.latency or exchange.response.wire is not None:
                exchange.answered = None
        coming: Coming = exchange
        if early is not None:
            coming = self.courier.first_callback(guarded, early, lambda: exchange)
        elif wake:
            self.courier.wake(guarded)
        if exchange.answered is not None:
            return exchange
        return _then(_then(coming, lambda exchange: self._late(guarded, exchange, request.patience)), _given)

    def _missed(self, request: Request, miss: Miss, authorization: bytes | None) -> Exchange:
        """The answer to a method and path that no operation has; it stands in the journal of its token's sandbox."""
        near = nearest(request.method, request.path, self._known)
        why = f"the path takes {', '.join(miss.allowed)}" if miss.allowed else "no operation has this path"
        if near is not None:
            why = f"{why}; {near.sentence}"
        exchange = self._answering.unmatched(request, miss, why)
        try:
            guarded = self.runtime.guarded(authorization)
        except Denied:
            return self._outside(exchange)
        self._tell_why(exchange)
        with guarded.lock:
            exchange.at = guarded.catch_up()
            exchange.received = exchange.answered = wall()
            guarded.journal.append(exchange)
        return exchange

    def _late(self, guarded: GuardedSandbox, exchange: Exchange, patience: float | None) -> Coming:
        """The exchange, once its delay has passed on the sandbox's clock; no longer than the client waits."""
        milliseconds, response = exchange.latency, exchange.response
        clock = guarded.clock
        if patience is not None:
            wire = response.wire
            # The client waits in real time, the delay is the sandbox's.
            longest = round(min(LATEST, patience * 1_000 * clock.pace))
            if milliseconds > longest or (wire is not None and wire.suffers is Suffering.UNANSWERED):
                milliseconds = longest
                exchange.response = replace(response, wire=Wire(Suffering.UNANSWERED))
        if not milliseconds:
            return exchange
        with guarded.lock:
            instant = clock.now() + milliseconds if clock.mode == "real" and not guarded.leaps else None
        if instant is not None:
            return self.courier.until(guarded, instant, lambda: exchange)
        try:
            if hop(guarded, Ahead(milliseconds)) is not None:
                return exchange
        except ValueError:
            return exchange  # the calendar ends before
        leapt: Future[Exchange] = Future()
        # However the leap ends, the answer comes then: a clock that others move is not moved twice.
        self.courier.leap(guarded, Ahead(milliseconds)).add_done_callback(lambda _: _give(leapt, exchange))
        return leapt

    def malformed(self, request: Request, sentence: str) -> Exchange:
        """The answer to bytes that are no HTTP request, or that hold what none may hold; `sentence` says what."""
        return self._outside(self._answering.malformed(request, sentence))

    def example_id(self, token: str) -> str:
        """The id of the newest finished video in a fresh sandbox of this token; for a message to a person."""
        sandbox = self.runtime.fresh_sandbox(token)
        account = next(iter(sandbox.accounts.values()), None)
        numbers = reversed(account.videos) if account is not None else ()
        number = next((number for number in numbers if sandbox.videos[number].final), 7)
        return str(VideoId(sandbox.user, account.email if account else "demo@example.com", number))

    def _tell_why(self, exchange: Exchange) -> None:
        """Let the answer to a request that reached no operation or no sandbox say why, if that is asked for."""
        wanted = _preferred(exchange.request) if self._prefers else None
        if self._explains or (wanted is not None and wanted.explain):
            explain(exchange)

    def _outside(self, exchange: Exchange) -> Exchange:
        self._tell_why(exchange)
        exchange.received = exchange.answered = wall()
        with self.runtime.lock:
            self.runtime.outside.append(exchange)
        return exchange


def _preferred(request: Request) -> Preference | None:
    """What a request prefers, None for nothing."""
    lines = [value for name, value in request.headers if name == b"prefer"]
    return preference(b", ".join(lines), request.query)


def _called(guarded: GuardedSandbox, accepted: int | None) -> tuple[Callback | None, bool]:
    """The callback that has to go before the answer, taken; and whether the courier has something to do behind it.

    `accepted` is the number of the video whose job the answer starts. The sandbox's lock is held.
    """
    sandbox = guarded.sandbox
    job = sandbox.running.get(accepted) if accepted is not None else None
    early = None
    if accepted is not None and job is not None and is_early(job):
        # Taken under the same lock, before anyone else can send it.
        early = sandbox.outbox.take_front(accepted, sandbox.now)
    mode = guarded.clock.mode
    return early, mode == "auto" or (job is not None and mode == "real")


def _given(exchange: Exchange) -> Exchange:
    """The exchange, whose answer is given to the connection now: noted, unless the client waits for ever."""
    wire = exchange.response.wire
    if wire is None or wire.suffers is not Suffering.UNANSWERED:
        exchange.answered = wall() + (wire.seconds if wire is not None else 0)
    return exchange


def _then(coming: Coming, proceed: Callable[[Exchange], Coming]) -> Coming:
    """What `proceed` makes of an exchange, once there is one."""
    if isinstance(coming, Exchange):
        return proceed(coming)
    following: Future[Exchange] = Future()

    def go_on(done: Future[Exchange]) -> None:
        try:
            further = proceed(done.result())
        except CancelledError:
            following.cancel()
        except Exception as error:
            if following.set_running_or_notify_cancel():
                following.set_exception(error)
        else:
            if isinstance(further, Exchange):
                _give(following, further)
            else:
                further.add_done_callback(copy)

    def copy(done: Future[Exchange]) -> None:
        if done.cancelled():
            following.cancel()
        else:
            _give(following, done.result())

    coming.add_done_callback(go_on)
    return following


def _give(coming: Future[Exchange], exchange: Exchange) -> None:
    """End a future with what was waited for, unless whoever waited is gone."""
    if coming.set_running_or_notify_cancel():
        coming.set_result(exchange)


def _log_attempt(attempted: Attempted) -> None:
    callback = attempted.callback
    level = logging.WARNING if attempted.receipt.verdict is Verdict.DENIED else logging.INFO
    number, status, url = callback.video.number, callback.status.name, mask_secrets(callback.url)
    log.log(level, "callback %s %s to %a: %s", number, status, url, attempted.why)
