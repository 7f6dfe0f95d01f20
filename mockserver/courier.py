"""Sends callbacks: a thread with an event loop of its own, so that no receiver ever holds up an answer of the mock.

A sandbox whose clock runs by itself is looked after in rounds: apply what is due, send what is owed, come back when
the next thing is due. A leap of a clock sends one callback after the other, each at its own instant: it begins on the
thread of whoever asks for it, and comes here when somebody has to be waited for. No lock is held while a receiver is
spoken to.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from mockserver.attempted import Attempted
from mockserver.clock import stopwatch
from mockserver.delivery import Answer, Carrier, Delivery
from mockserver.destinations import Destinations
from mockserver.domain import Callback, Receipt, Verdict
from mockserver.leap import Happened, Until, leap
from mockserver.mock_thread import MockThread
from mockserver.posting import Posting, receipt
from mockserver.receivers import Receivers, crossing
from mockserver.runtime import GuardedSandbox, Leaping

_IN_FLIGHT: Final = 256
"""Attempts on their way at the same time, of all sandboxes."""

_IN_FLIGHT_EACH: Final = 32
"""The same of one sandbox, so that one that calls a slow receiver leaves room for others."""

_LANDING: Final = 1.0
"""Seconds that a leap waits for what was on its way before it."""

_LOOK: Final = 0.05
"""Seconds between two looks at a clock that is waited for."""

_ANSWER_FIRST: Final = 0.002
"""Seconds between an answer and what follows from it, so that the client hears the answer first."""

_T = TypeVar("_T")

log = logging.getLogger("mockserver")


@dataclass(slots=True)
class _Round:
    """How a sandbox is looked after: when next, and what is on its way."""

    timer: asyncio.TimerHandle | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    early: set[asyncio.Task[None]] = field(default_factory=set)
    """First callbacks before their answers: a leap that such a receiver asks for must not wait for it."""


class Courier:
    """The courier of one mock; it starts its thread at once, and ends with `close`.

    `timeout` are the real seconds of one attempt; `observer` is told of each that ended, from any thread. With
    `strict`, a callback that breaks the contract ends a leap with MisfitError. `receivers` get theirs without a socket.
    """

    def __init__(
        self,
        posting: Posting,
        destinations: Destinations,
        *,
        timeout: float = 10.0,
        strict: bool = False,
        observer: Callable[[Attempted], None],
        lock: AbstractContextManager[object],
        receivers: Receivers | None = None,
    ) -> None:
        self._posting = posting
        self._carrier = Carrier(destinations, timeout=timeout)
        self._receivers = receivers
        self._timeout = timeout
        self._strict = strict
        self._observer = observer
        self._rounds: dict[GuardedSandbox, _Round] = {}
        self._room = asyncio.Semaphore(_IN_FLIGHT)
        self._closed = False
        self.under_way = 0
        """Leaps, and answers that wait for a callback or for time, that have been asked for and have not ended."""
        self._lock = lock
        self._loop = asyncio.new_event_loop()
        self._thread = MockThread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    # From any thread

    def wake(self, guarded: GuardedSandbox) -> None:
        """Something may be due in a sandbox earlier than it was."""
        with self._lock:
            if not self._closed:
                self._loop.call_soon_threadsafe(self._wake, guarded)

    def leap(self, guarded: GuardedSandbox, until: Until, *, within: bool = False) -> "Future[Happened]":
        """Move a sandbox's clock and deliver on the way; with `within`, in the course of another leap, too.

        The future raises Leaping, Restless, ValueError for an instant that can't be gone to.
        """
        return self._submit(self._leap(guarded, until, within=within), here=True)

    def first_callback(self, guarded: GuardedSandbox, callback: Callback, then: Callable[[], _T]) -> "Future[_T]":
        """Send a callback that is in flight; what `then` gives comes when the attempt has ended."""
        return self._submit(self._early(guarded, callback, then))

    def after(self, seconds: float, then: Callable[[], _T]) -> "Future[_T]":
        """What `then` gives, so many real seconds from now."""
        return self._submit(self._pause(seconds, then))

    def soon(self, call: Callable[[], None]) -> None:
        """Run `call` on the courier's thread soon; not at all where the courier ends. Takes no lock."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(call)

    def until(self, guarded: GuardedSandbox, instant: int, then: Callable[[], _T]) -> "Future[_T]":
        """What `then` gives, once a sandbox's clock shows an instant; at once if it stands, or the sandbox ends."""
        return self._submit(self._until(guarded, instant, then))

    def close(self) -> None:
        """End at once; what is on its way is given up."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _submit(self, coroutine: Coroutine[Any, Any, _T], *, here: bool = False) -> "Future[_T]":
        """Run a coroutine in the event loop; with `here`, on this thread as far as it gets without having to wait."""
        with self._lock:
            opened = not self._closed
            if opened:
                # Counted before it begins: whom it calls may look.
                self.under_way += 1
        try:
            coming = _begun(coroutine) if opened and here else None
        except BaseException:
            self._ended()  # an interrupt of whoever asked
            raise
        if coming is None:
            with self._lock:
                if not self._closed:
                    coming = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        if coming is None:
            coroutine.close()
            coming = Future()
            coming.cancel()
        if opened:
            coming.add_done_callback(self._ended)
        return coming

    def _ended(self, _: "Future[Any] | None" = None) -> None:
        with self._lock:
            self.under_way -= 1

    # On the courier's thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for each in self._rounds.values():
            if each.timer is not None:
                each.timer.cancel()
        await self._carrier.close()

    def _wake(self, guarded: GuardedSandbox) -> None:
        """Plan a round: behind the answer that made it necessary, unless one comes sooner."""
        each = self._rounds.setdefault(guarded, _Round())
        if each.timer is None or each.timer.when() > self._loop.time() + _ANSWER_FIRST:
            self._plan(guarded, each, _ANSWER_FIRST)

    def _plan(self, guarded: GuardedSandbox, each: _Round, seconds: float | None) -> None:
        if each.timer is not None:
            each.timer.cancel()
        each.timer = None if seconds is None else self._loop.call_later(seconds, self._look_after, guarded, each)

    def _look_after(self, guarded: GuardedSandbox, each: _Round) -> None:
        """One round: apply what is due, send what is owed, plan the next."""
        each.timer = None
        sandbox, clock = guarded.sandbox, guarded.clock
        with guarded.lock:
            if guarded.retired:
                self._forget(guarded, each)
                return
            if guarded.leaps:
                return  # who leaps wakes us at the end
            if clock.mode == "manual":
                # Nothing happens until the clock is moved.
                self._forget(guarded, each)
                return
            now = guarded.catch_up()
            # Launched under the lock: who leaps waits for those that are.
            while len(each.tasks) < _IN_FLIGHT_EACH and (callback := sandbox.take(now)) is not None:
                self._launch(guarded, callback, each, each.tasks)
            full = len(each.tasks) >= _IN_FLIGHT_EACH
            due = sandbox.next_step if full else sandbox.next_due
            seconds = clock.seconds_until(due) if due is not None and sandbox.calls else None
        if seconds is None:
            self._forget(guarded, each)
        self._plan(guarded, each, seconds)

    def _forget(self, guarded: GuardedSandbox, each: "_Round") -> None:
        """Let go of a sandbox that needs nobody to look after it."""
        if not each.tasks and not each.early and self._rounds.get(guarded) is each:
            del self._rounds[guarded]

    def _launch(
        self, guarded: GuardedSandbox, callback: Callback, each: "_Round", among: set[asyncio.Task[None]]
    ) -> asyncio.Task[None]:
        """Begin an attempt in the background, and plan a round for when it has ended."""
        task = self._loop.create_task(self._deliver(guarded, callback))
        among.add(task)

        def delivered(task: asyncio.Task[None]) -> None:
            among.discard(task)
            if not self._closed:
                self._plan(guarded, self._rounds.setdefault(guarded, each), 0)

        task.add_done_callback(delivered)
        return task

    async def _deliver(self, guarded: GuardedSandbox, callback: Callback) -> None:
        """One attempt in the background."""
        try:
            result = await self._send(guarded, callback)
        except Exception as error:
            log.exception("bug in the mock")
            result = _of_bug(error)
        if result is not None:
            self._settle(guarded, callback, result)

    async def _leap(self, guarded: GuardedSandbox, until: Until, *, within: bool) -> Happened:
        try:
            with guarded.leaping(within=within):
                if not within:
                    await self._landed(guarded)
                return await self._drive(guarded, until)
        finally:
            if not guarded.leaps and guarded.clock.mode != "manual":
                self.soon(partial(self._wake, guarded))

    async def _landed(self, guarded: GuardedSandbox) -> None:
        """Wait until nothing of a sandbox is on its way. Raises Leaping where that takes long.

        For a receiver that moves the clock before it answers would wait for itself.
        """
        each = self._rounds.get(guarded)
        if each is not None and each.tasks:
            # They end on the courier's thread: only there it is certain which are left.
            await crossing()
            if not each.tasks:
                return
            _, pending = await asyncio.wait(set(each.tasks), timeout=_LANDING)
            if pending:
                raise Leaping(f"{len(pending)} callbacks of this sandbox wait for their receivers' answers")

    async def _drive(self, guarded: GuardedSandbox, until: Until) -> Happened:
        steps = leap(guarded, until)
        callback: Callback | None = None
        told: Receipt | None = None
        try:
            while True:
                made = len(callback.attempts) if callback is not None else 0
                try:
                    owed = steps.send(told)
                finally:
                    if callback is not None and told is not None:
                        self._observe(callback, told, made)
                callback, told = None, None
                if owed is None:
                    await asyncio.sleep(0)
                    continue
                owing, callback = owed
                try:
                    told = await self._send(owing, callback)
                except Exception as error:
                    log.exception("bug in the mock")
                    told = _of_bug(error)
                    if self._strict:
                        self._settle(owing, callback, told)
                        raise
        except StopIteration as done:
            happened: Happened = done.value
            return happened
        finally:
            steps.close()

    async def _early(self, guarded: GuardedSandbox, callback: Callback, then: Callable[[], _T]) -> _T:
        each = self._rounds.setdefault(guarded, _Round())
        # Who waits may be gone by then; the attempt goes on.
        await asyncio.shield(self._launch(guarded, callback, each, each.early))
        return then()

    async def _until(self, guarded: GuardedSandbox, instant: int, then: Callable[[], _T]) -> _T:
        while not guarded.retired:
            with guarded.lock:
                seconds = _LOOK if guarded.leaps else guarded.clock.seconds_until(instant)
            if not seconds:
                break
            # Others may move the clock meanwhile: a few looks cost less than to be told by all of them.
            await asyncio.sleep(min(seconds, _LOOK))
        return then()

    async def _pause(self, seconds: float, then: Callable[[], _T]) -> _T:
        await asyncio.sleep(seconds)
        return then()

    async def _send(self, guarded: GuardedSandbox, callback: Callback) -> Receipt | None:
        """One attempt; None if the callback is not owed any more. Raises MisfitError."""
        if self._receivers is not None and (local := self._receivers.find(callback.url)) is not None:
            return await self._attempt(guarded, callback, partial(local.send, self._timeout))
        await crossing()
        async with self._room:
            return await self._attempt(guarded, callback, self._carrier.send)

    async def _attempt(
        self, guarded: GuardedSandbox, callback: Callback, send: Callable[[Delivery], Awaitable[Answer]]
    ) -> Receipt | None:
        with guarded.lock:
            if guarded.sandbox.outbox.recall(callback):
                return None
            delivery = self._posting.delivery(guarded, callback)
        started = stopwatch()
        answer = await send(delivery)
        return receipt(answer, stopwatch() - started)

    def _settle(self, guarded: GuardedSandbox, callback: Callback, result: Receipt) -> None:
        with guarded.lock:
            guarded.catch_up()
            guarded.sandbox.settle(callback, result)
        self._observe(callback, result, len(callback.attempts))

    def _observe(self, callback: Callback, result: Receipt, made: int) -> None:
        self._observer(Attempted(callback, result, made, callback.outcome))


def _begun(coroutine: Coroutine[Any, Any, _T]) -> "Future[_T] | None":
    """What a coroutine gives that is run here up to its first `crossing`; None if it got there."""
    coming: Future[_T] = Future()
    try:
        coroutine.send(None)
    except StopIteration as done:
        coming.set_result(done.value)
    except Exception as error:
        coming.set_exception(error)
    else:
        return None
    return coming


def _of_bug(error: Exception) -> Receipt:
    return Receipt(Verdict.BUG, error=f"bug in the mock: {error}")
