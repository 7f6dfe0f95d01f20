"""The sandboxes by their tokens, each with its clock, journal and lock. The only module that makes locks."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Final
from zlib import crc32

from mockserver.clock import Clock, give_way, stopwatch, wall
from mockserver.domain import Sandbox
from mockserver.downloads import Downloads
from mockserver.eviction import leaving
from mockserver.faults.plan import Plan
from mockserver.instants import milliseconds
from mockserver.journal import Journal
from mockserver.liberties import Liberties
from mockserver.masking import mask_tokens
from mockserver.scenario import Answers, Scenario
from mockserver.settings import Settings
from mockserver.shown import ShownVideos
from mockserver.tally import Tally

SLICE: Final = 200
"""Steps for which a lock is held: about a millisecond."""

PATCHING: Final = Lock()
"""Held while something of the whole process is patched, or put back."""

_NAMED: Final = 3
"""Tokens that a line about sandboxes which made room names."""

log = logging.getLogger("mockserver")


class Leaping(Exception):  # noqa: N818 - an answer, not an error
    """The sandbox's clock is being moved already."""


@dataclass(slots=True, eq=False)
class GuardedSandbox:
    """A sandbox with its clock and journal, behind its lock.

    Hold `lock` while touching anything in it; never during I/O, and for no longer than about a millisecond. `retired`
    once a fresh one took its place. `plan` is the fault plan, `liberties` are taken with answers. `company` are all
    sandboxes that have their clock and lock in common, None for one that has its own.
    """

    sandbox: Sandbox
    clock: Clock
    journal: Journal
    scenario: Scenario
    answers: Answers
    secret: str | None = None
    shown: ShownVideos = field(default_factory=ShownVideos)
    lock: Lock = field(default_factory=Lock)
    retired: bool = False
    plan: Plan | None = None
    liberties: Liberties | None = None
    company: "Callable[[], list[GuardedSandbox]] | None" = None
    used: float = field(default_factory=stopwatch)
    """When it was last asked for, on the stopwatch."""
    begun: float = field(default_factory=wall)
    """The real instant at which it came to be, in seconds since 1970."""

    @property
    def leaps(self) -> bool:
        """Whether its clock is being moved."""
        return self.clock.leaps > 0

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
    def leaping(self, *, within: bool = False) -> Iterator[None]:
        """The clock stands, and only who holds this may move it; with `within`, in the course of another leap, too.

        Raises Leaping.
        """
        clock = self.clock
        with self.lock:
            if clock.leaps and not within:
                raise Leaping("the clock of this sandbox is being moved already")
            clock.leaps += 1
            clock.hold()
        try:
            yield
        finally:
            with self.lock:
                clock.leaps -= 1
                if not clock.leaps:
                    clock.release()

    def is_idle(self) -> bool:
        """Whether at its clock's instant no job runs, no callback is owed, and nobody waits for a request."""
        sandbox = self.sandbox
        with self.lock:
            if self.leaps:
                return False
            if sandbox.running:
                self.catch_up()
            waited_for = sandbox.outbox.waiting or sandbox.outbox.held or self.journal.listeners
            return not (sandbox.running or waited_for)

    def retire(self) -> Tally:
        """Nothing that it owes will be sent any more. Returns what was counted of it."""
        tally = Tally()
        with self.lock:
            self.retired = True
            self.sandbox.withdraw()
            self.journal.tell()
            tally.add(self.sandbox, self.journal)
        return tally


@dataclass(slots=True, eq=False)
class OneTime:
    """What the sandboxes of a mock whose time is one have in common."""

    clock: Clock
    company: Callable[[], list[GuardedSandbox]]
    lock: Lock = field(default_factory=Lock)


class Denied(Exception):  # noqa: N818 - an answer, not an error
    """No sandbox for this Authorization; the text says why, and what would help."""


class Runtime:
    """All sandboxes of one mock, each by `scenario` at first; an upscale costs `cost` credits.

    There are never more than the settings say: others go for a new one. `outside` is the journal of exchanges that
    reached none, `downloads` that of requests for files; both are behind `lock`.
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
        self._leaving: list[GuardedSandbox] = []
        self._gone = Tally()
        self._room = Lock()
        self._one_time: OneTime | None = None
        self.started = stopwatch()
        """When the mock began, on the stopwatch."""
        self.lock = Lock()
        """Of what the whole mock shares."""
        self.evicted: Callable[[GuardedSandbox], None] = lambda _: None
        """Is told of each sandbox that has made room."""
        self.outside = Journal(settings.journal)
        self.downloads = Downloads()

    def guarded(self, authorization: bytes | None) -> GuardedSandbox:
        """The sandbox of the token in an Authorization header; a fresh one for a token not seen before.

        Raises Denied for a header that gets none.
        """
        if authorization is not None and (known := self._by_header.get(authorization)) is not None:
            known.used = stopwatch()
            return known
        token = _bearer(authorization)
        user = self._user(token)
        with self.lock:
            guarded = self._sandboxes.get(token)
        if guarded is None:
            # Made outside the lock: others need not wait for a large scenario.
            guarded, _ = self._put(token, self._fresh(user), replacing=False)
        guarded.used = stopwatch()
        return guarded

    def reset(
        self, authorization: bytes | None, scenario: Scenario | None = None
    ) -> tuple[GuardedSandbox, GuardedSandbox | None]:
        """Put a fresh sandbox in the place of the token's, by its own scenario if one is given.

        Returns it and the former one, whose debts are withdrawn. Raises Denied.
        """
        token = _bearer(authorization)
        guarded, former = self._put(token, self._fresh(self._user(token), scenario), replacing=True)
        if former is not None:
            self._retire(former)
        return guarded, former

    def unite(self) -> OneTime:
        """Make one time for all sandboxes, those to come included: who moves the clock of one moves all.

        While nobody uses the mock; for good. Raises ValueError where they stand at different instants.
        """
        with self.lock:
            if self._one_time is None:
                present = list(self._sandboxes.values())
                instants = sorted({guarded.clock.now() for guarded in present})
                if len(instants) > 1:
                    stand = f"{milliseconds(instants[0])} and {milliseconds(instants[-1])}"
                    raise ValueError(f"sandboxes that get one time must stand at the same instant, these at {stand}")
                settings = self._settings
                clock = present[0].clock if present else self._scenario.clock(settings.clock, settings.speed)
                # Not under `lock`, which may be waited for with a sandbox's: a copy is made in one go.
                one_time = OneTime(clock, lambda: list(self._sandboxes.values()))
                for guarded in present:
                    _share(guarded, one_time)
                self._one_time = one_time
            return self._one_time

    def counted(self) -> tuple[list[GuardedSandbox], Tally]:
        """The sandboxes whose counts stand in themselves, and the counts of all others that there ever were."""
        gone = Tally()
        with self.lock:
            gone.merge(self._gone)
            gone.note(self.outside)
            return [*self._sandboxes.values(), *self._leaving], gone

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
        one_time = self._one_time
        clock = scenario.clock(settings.clock, settings.speed) if one_time is None else one_time.clock
        sandbox = Sandbox.start(user=user, rules=scenario.rules(self._cost), seed=settings.seed, now=clock.now())
        journal = Journal(settings.journal)
        guarded = GuardedSandbox(sandbox, clock, journal, scenario, scenario.answers, scenario.secret)
        guarded.liberties = Liberties.of(guarded.answers, self._cost if sandbox.rules.credits else 0)
        if scenario.faults:
            guarded.plan = Plan(scenario.faults, settings.seed)
        if one_time is not None:
            _share(guarded, one_time)
        return guarded

    def _put(
        self, token: str, guarded: GuardedSandbox, *, replacing: bool
    ) -> tuple[GuardedSandbox, GuardedSandbox | None]:
        """Keep a sandbox for a token, in the place of another only if `replacing`.

        Returns the sandbox that the token has then, and the one whose place was taken: it is to be retired.
        """
        while True:
            with self.lock:
                present = self._sandboxes.get(token)
                if present is not None and not replacing:
                    return present, None
                if present is not None or len(self._sandboxes) < self._settings.max_sandboxes:
                    self._sandboxes[token] = guarded
                    self._by_header[_header(token)] = guarded
                    if present is not None:
                        self._leaving.append(present)
                    return guarded, present
            self._make_room()

    def _make_room(self) -> None:
        """Let some sandboxes go if there are as many as there may be: a few, for to choose them takes a look at all."""
        most = self._settings.max_sandboxes
        # One thread at a time chooses; whoever waited for it finds the room made. Known tokens are served meanwhile.
        with self._room:
            with self.lock:
                present = list(self._sandboxes.items()) if len(self._sandboxes) >= most else []
            chosen, idle = leaving(present, max(1, most // 100))
            with self.lock:
                going = [each for each in chosen if self._sandboxes.get(each[0]) is each[1]]
                for token, guarded in going:
                    del self._sandboxes[token], self._by_header[_header(token)]
                    self._leaving.append(guarded)
        for _, guarded in going:
            self._retire(guarded)
            self.evicted(guarded)
        if going:
            _log_room(most, [token for token, _ in going], idle=idle)

    def _retire(self, guarded: GuardedSandbox) -> None:
        tally = guarded.retire()
        with self.lock:
            self._leaving.remove(guarded)
            self._gone.merge(tally)

    def _number(self, token: str) -> str | None:
        """The user's number in a well-formed token."""
        found = self._token.fullmatch(token) if self._token else None
        return str(found[1]) if found else None

    def _user(self, token: str) -> str:
        """The number of the user that a token belongs to."""
        settings = self._settings
        number = self._number(token)
        if settings.tokens and token not in settings.tokens:
            raise Denied(f"token {masked(token)} is not one of --token")
        if number is not None:
            return number
        if settings.any_token or token in settings.tokens:
            # Made up, but the same at every start: ids keep their meaning.
            return str(crc32(token.encode()))
        raise Denied(f"token {masked(token)} is not of the form user:123-abc; --any-token accepts it")


def new_lock() -> Lock:
    """A lock for what belongs to no sandbox."""
    return Lock()


def _share(guarded: GuardedSandbox, one_time: OneTime) -> None:
    guarded.clock, guarded.lock, guarded.company = one_time.clock, one_time.lock, one_time.company


def _bearer(authorization: bytes | None) -> str:
    if authorization is None:
        raise Denied("no Authorization header")
    scheme, _, token = authorization.strip().partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token:
        raise Denied("the Authorization header is not of the form 'Bearer user:123-abc'")
    return token.decode("latin-1")


def _header(token: str) -> bytes:
    """The usual form of the header that bears a token."""
    return b"Bearer " + token.encode("latin-1")


def _log_room(most: int, tokens: list[str], *, idle: bool) -> None:
    named = ", ".join(masked(token) for token in tokens[:_NAMED]) + (", ..." if len(tokens) > _NAMED else "")
    loss = "" if idle else "; none was idle, so jobs that ran and callbacks that were owed are lost"
    log.warning("%d sandboxes (%s) are gone for new ones: --max-sandboxes is %d%s", len(tokens), named, most, loss)


def masked(token: str) -> str:
    """Enough of a token to recognise it, never all of a long one; of the documented form the user's number stays."""
    if (shown := mask_tokens(token)) != token:
        return shown
    return ascii(token) if len(token) <= 6 else f"{token[:4]!a}..."
