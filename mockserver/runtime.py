"""The sandboxes by their tokens, each with its clock, journal and lock. The only module that makes locks."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Final
from zlib import crc32

from mockserver.clock import Clock, give_way
from mockserver.domain import Sandbox
from mockserver.journal import Journal
from mockserver.scenario import Answers, Scenario
from mockserver.settings import Settings
from mockserver.shown import ShownVideos

SLICE: Final = 200
"""Steps for which a lock is held: about a millisecond."""


class Leaping(Exception):  # noqa: N818 - an answer, not an error
    """The sandbox's clock is being moved already."""


@dataclass(slots=True, eq=False)
class GuardedSandbox:
    """A sandbox with its clock and journal, behind its lock.

    Hold `lock` while touching anything in it; never during I/O, and for no longer than about a millisecond. `leaps`
    while its clock is being moved; `retired` once a fresh one took its place.
    """

    sandbox: Sandbox
    clock: Clock
    journal: Journal
    scenario: Scenario
    answers: Answers
    secret: str | None = None
    shown: ShownVideos = field(default_factory=ShownVideos)
    lock: Lock = field(default_factory=Lock)
    leaps: bool = False
    retired: bool = False

    @contextmanager
    def now(self) -> Iterator[Sandbox]:
        """The sandbox, locked, as it is at its clock's instant."""
        with self.lock:
            self.catch_up()
            yield self.sandbox

    def catch_up(self) -> int:
        """Apply what is due until now; returns that instant. The lock is held.

        Who comes late has more to catch up with than one lock's time: then others may have a turn in between.
        """
        sandbox = self.sandbox
        now = self.clock.now()
        sandbox.catch_up(now, SLICE)
        while sandbox.due and sandbox.due[0][0] <= now:
            self.lock.release()
            give_way()
            self.lock.acquire()
            now = self.clock.now()
            sandbox.catch_up(now, SLICE)
        return now

    @contextmanager
    def leaping(self) -> Iterator[None]:
        """The clock stands, and only who holds this may move it. Raises Leaping."""
        with self.lock:
            if self.leaps:
                raise Leaping("the clock of this sandbox is being moved already")
            self.leaps = True
            self.clock.hold()
        try:
            yield
        finally:
            with self.lock:
                self.leaps = False
                self.clock.release()

    def retire(self) -> None:
        """Nothing that it owes will be sent any more."""
        with self.lock:
            self.retired = True
            self.sandbox.withdraw()


class Denied(Exception):  # noqa: N818 - an answer, not an error
    """No sandbox for this Authorization; the text says why, and what would help."""


class Runtime:
    """All sandboxes of one mock, each by `scenario` at first; an upscale costs `cost` credits.

    `outside` is the journal of exchanges that reached none.
    """

    def __init__(
        self,
        settings: Settings,
        scenario: Scenario,
        cost: int,
        token_pattern: str | None,
    ) -> None:
        self._settings = settings
        self._scenario = scenario
        self._cost = cost
        self._token = re.compile(token_pattern) if token_pattern else None
        self._sandboxes: dict[str, GuardedSandbox] = {}
        self._by_header: dict[bytes, GuardedSandbox] = {}
        self.lock = Lock()
        """Of what the whole mock shares."""
        self.outside = Journal(settings.journal)

    def guarded(self, authorization: bytes | None) -> GuardedSandbox:
        """The sandbox of the token in an Authorization header; a fresh one for a token not seen before.

        Raises Denied for a header that gets none.
        """
        if authorization is not None and (known := self._by_header.get(authorization)) is not None:
            return known
        token = _bearer(authorization)
        user = self._user(token)
        with self.lock:
            guarded = self._sandboxes.get(token)
        # Made outside the lock: others need not wait for a large scenario.
        guarded = guarded or self._fresh(user)
        with self.lock:
            guarded = self._sandboxes.setdefault(token, guarded)
            self._by_header[b"Bearer " + token.encode("latin-1")] = guarded
        return guarded

    def reset(
        self, authorization: bytes | None, scenario: Scenario | None = None
    ) -> tuple[GuardedSandbox, GuardedSandbox | None]:
        """Put a fresh sandbox in the place of the token's, by its own scenario if one is given.

        Returns it and the former one, whose debts are withdrawn. Raises Denied.
        """
        token = _bearer(authorization)
        guarded = self._fresh(self._user(token), scenario)
        with self.lock:
            former = self._sandboxes.get(token)
            self._sandboxes[token] = guarded
            self._by_header[b"Bearer " + token.encode("latin-1")] = guarded
        if former is not None:
            former.retire()
        return guarded, former

    def __iter__(self) -> Iterator[tuple[str, GuardedSandbox]]:
        with self.lock:
            return iter(list(self._sandboxes.items()))

    def __len__(self) -> int:
        return len(self._sandboxes)

    def fresh_sandbox(self, token: str) -> Sandbox:
        """What a token not seen before would get; it is not kept. Raises Denied."""
        return self._fresh(self._user(token)).sandbox

    def _fresh(self, user: str, scenario: Scenario | None = None) -> GuardedSandbox:
        settings = self._settings
        scenario = scenario or self._scenario
        clock = Clock(settings.clock, settings.speed)
        sandbox = Sandbox.start(user=user, rules=scenario.rules(self._cost), seed=settings.seed, now=clock.now())
        journal = Journal(settings.journal)
        return GuardedSandbox(sandbox, clock, journal, scenario, scenario.answers, scenario.secret)

    def _number(self, token: str) -> str | None:
        """The user's number in a well-formed token."""
        found = self._token.fullmatch(token) if self._token else None
        return str(found[1]) if found else None

    def _user(self, token: str) -> str:
        """The number of the user that a token belongs to."""
        settings = self._settings
        number = self._number(token)
        if settings.tokens and token not in settings.tokens:
            raise Denied(f"token {_masked(token)} is not one of --token")
        if number is not None:
            return number
        if settings.any_token or token in settings.tokens:
            # Made up, but the same at every start: ids keep their meaning.
            return str(crc32(token.encode()))
        raise Denied(f"token {_masked(token)} is not of the form user:123-abc; --any-token accepts it")


def _bearer(authorization: bytes | None) -> str:
    if authorization is None:
        raise Denied("no Authorization header")
    scheme, _, token = authorization.strip().partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token:
        raise Denied("the Authorization header is not of the form 'Bearer user:123-abc'")
    return token.decode("latin-1")


def _masked(token: str) -> str:
    """Enough of a token to recognise it, never all of a long one."""
    return ascii(token) if len(token) <= 6 else f"{token[:4]!a}..."
