"""One mock whose time passes while the code under test sleeps: all its sandboxes, to the same instant."""

from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Final

from mockserver.api import Api
from mockserver.clock import LATEST
from mockserver.leap import Happened, Restless, hop
from mockserver.runtime import GuardedSandbox, Leaping

_MILLISECOND: Final = 1_000_000
"""In nanoseconds."""


class Moving:
    """Moves the clock of a mock along with those who sleep, whose time is in nanoseconds since the first of them.

    `at` is the instant of theirs to which the mock was sent last. Raises ValueError for a mock whose sandboxes stand
    at different instants.
    """

    def __init__(self, api: Api, at: int) -> None:
        self._api = api
        self.at = at
        self._one_time = api.runtime.unite()
        self._target = self._one_time.clock.now()
        """The instant of the clock to which it was sent last."""
        self._rest = 0
        """Nanoseconds that have passed beyond it."""
        self._ended = False

    @property
    def is_there(self) -> bool:
        """Whether the clock is where it was sent; that of a mock which has ended goes nowhere."""
        return self._ended or self._one_time.clock.now() >= self._target

    @property
    def held(self) -> int:
        """How much goes on at the instant at which the clock stands: leaps, and answers that come later."""
        return max(self._one_time.clock.leaps, self._api.under_way)

    @property
    def end(self) -> int:
        """The instant of those who sleep at which the calendar ends."""
        return self.at + (LATEST - max(self._target, self._one_time.clock.now()) - 1) * _MILLISECOND

    def next_due(self) -> int | None:
        """When something happens of which somebody may be told, as those who sleep count; None if nobody is told."""
        one_time = self._one_time
        with one_time.lock:
            sandboxes = [guarded.sandbox for guarded in one_time.company()]
            if self._ended or not any(sandbox.calls for sandbox in sandboxes):
                return None
            due = [instant for sandbox in sandboxes if (instant := sandbox.next_due) is not None]
            if not due:
                return None
            ahead = (min(due) - max(self._target, one_time.clock.now())) * _MILLISECOND - self._rest
            return self.at + max(0, ahead)

    def go(self, to: int, *, within: bool) -> "Future[None] | None":
        """Send it to an instant, with all that happens until then; `within` another leap.

        None if it is done, else it comes; it may not have got there, because somebody else moves the clock. The future
        raises what a leap does.
        """
        clock = self._one_time.clock
        milliseconds, self._rest = divmod(self._rest + to - self.at, _MILLISECOND)
        # Not beyond the calendar, whoever else has moved it meanwhile: it would never get there.
        self._target = min(max(self._target, clock.now()) + milliseconds, LATEST)
        self.at = to
        company = self._one_time.company()
        if not company:
            self._pass()
            return None
        first = company[0]
        with suppress(ValueError):  # somebody else has moved it farther
            if hop(first, self._target) is not None:
                return None
        coming: Future[None] = Future()
        leap = self._api.courier.leap(first, self._target, within=within)
        leap.add_done_callback(lambda _: self._conclude(first, leap, coming))
        return coming

    def _pass(self) -> None:
        """There is nobody yet to whom something could happen."""
        clock = self._one_time.clock
        with self._one_time.lock:
            if self._target > clock.now():
                clock.hold(self._target)
                clock.release()

    def _conclude(self, first: GuardedSandbox, leap: "Future[Happened]", coming: "Future[None]") -> None:
        try:
            leap.result()
        except CancelledError:
            self._ended = True
        except (Leaping, ValueError):
            pass  # somebody else moves it, or has moved it farther
        except Restless as restless:
            # If the sandbox that led was reset, another one will lead.
            if not first.retired:
                coming.set_exception(restless)
                return
        except Exception as error:
            coming.set_exception(error)
            return
        coming.set_result(None)
