"""The sandboxes by their tokens, each with its clock, journal and lock. The only module that makes locks."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from zlib import crc32

from mockserver.clock import Clock, ClockFactory, RealClock
from mockserver.domain import Rules, Sandbox
from mockserver.journal import Journal
from mockserver.settings import Settings
from mockserver.shown import ShownVideos


@dataclass(slots=True)
class GuardedSandbox:
    """A sandbox with its clock and journal, behind its lock.

    Hold `lock` while touching anything in it; never during I/O.
    """

    sandbox: Sandbox
    clock: Clock
    journal: Journal
    shown: ShownVideos = field(default_factory=ShownVideos)
    lock: Lock = field(default_factory=Lock)

    @contextmanager
    def now(self) -> Iterator[Sandbox]:
        """The sandbox, locked, as it is at its clock's instant."""
        with self.lock:
            self.sandbox.advance(self.clock.now())
            yield self.sandbox


class Denied(Exception):  # noqa: N818 - an answer, not an error
    """No sandbox for this Authorization; the text says why, and what would help."""


class Runtime:
    """All sandboxes of one mock. `outside` is the journal of exchanges that reached none."""

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        token_pattern: str | None,
        clock: ClockFactory | None = None,
    ) -> None:
        self._settings = settings
        self._rules = rules
        self._token = re.compile(token_pattern) if token_pattern else None
        self._clock = clock or (lambda: RealClock(settings.speed))
        self._sandboxes: dict[str, GuardedSandbox] = {}
        self._by_header: dict[bytes, GuardedSandbox] = {}
        self._lock = Lock()
        self.outside = Journal(settings.journal)

    def guarded(self, authorization: bytes | None) -> GuardedSandbox:
        """The sandbox of the token in an Authorization header; a fresh one for a token not seen before.

        Raises Denied for a header that gets none.
        """
        if authorization is not None and (known := self._by_header.get(authorization)) is not None:
            return known
        token = _bearer(authorization)
        user = self._user(token)
        with self._lock:
            guarded = self._sandboxes.get(token)
        # Made outside the lock: others need not wait for a large scenario.
        guarded = guarded or self._fresh(user)
        with self._lock:
            guarded = self._sandboxes.setdefault(token, guarded)
            self._by_header[b"Bearer " + token.encode("latin-1")] = guarded
        return guarded

    def reset(self, authorization: bytes | None) -> None:
        """Put a fresh sandbox in the place of the token's. Raises Denied."""
        token = _bearer(authorization)
        guarded = self._fresh(self._user(token))
        with self._lock:
            self._sandboxes[token] = guarded
            self._by_header[b"Bearer " + token.encode("latin-1")] = guarded

    def __iter__(self) -> Iterator[tuple[str, GuardedSandbox]]:
        with self._lock:
            return iter(list(self._sandboxes.items()))

    def __len__(self) -> int:
        return len(self._sandboxes)

    def fresh_sandbox(self, token: str) -> Sandbox:
        """What a token not seen before would get; it is not kept. Raises Denied."""
        return self._fresh(self._user(token)).sandbox

    def _fresh(self, user: str) -> GuardedSandbox:
        clock = self._clock()
        settings = self._settings
        sandbox = Sandbox.start(user=user, rules=self._rules, seed=settings.seed, now=clock.now())
        return GuardedSandbox(sandbox, clock, Journal(settings.journal))

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
