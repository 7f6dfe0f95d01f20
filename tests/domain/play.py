"""Random histories of a sandbox: commands, a strategy that draws them, and the stage they are played on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from domain.worlds import COST, NOW, USER
from mockserver.domain import (
    AccountRules,
    Callback,
    CallbackRules,
    Disturbance,
    Disturbing,
    Durations,
    Endings,
    Event,
    Kind,
    Receipt,
    Refusal,
    Rules,
    Sandbox,
    Status,
    Verdict,
    Video,
    VideoId,
    Which,
)
from mockserver.domain.footage import CATALOGUE

EMAILS: Final = ("a@example.com", "b@example.com", "c@example.com")
HOOK: Final = "http://127.0.0.1/hook"
DEFAULT: Final = "http://127.0.0.1/default"


@dataclass(frozen=True)
class Upscale:
    """`pick` chooses among the ids that ever were, from the oldest, or with a minus from the latest.

    Past either end are ids that never were.
    """

    pick: int
    max_jobs: int | None
    ends: Status | None
    reply_url: str | None = None


@dataclass(frozen=True)
class Advance:
    milliseconds: int


@dataclass(frozen=True)
class Cancel:
    pick: int


@dataclass(frozen=True)
class Delete:
    pick: int


@dataclass(frozen=True)
class Save:
    email: str
    max_jobs: int


@dataclass(frozen=True)
class Unlink:
    email: str


@dataclass(frozen=True)
class Adjust:
    email: str
    credits: int | None
    max_jobs: int | None
    concurrency: int | None
    pending_error: bool | None


@dataclass(frozen=True)
class SetDefault:
    """The user's default for callbacks; "" for none."""

    reply_url: str


@dataclass(frozen=True)
class Take:
    """Take the callback that is due first, if one is."""


@dataclass(frozen=True)
class TakeFront:
    """Take the one in front for a video, whenever it is due."""

    pick: int


@dataclass(frozen=True)
class Settle:
    """`pick` chooses among the attempts in flight; there may be none."""

    pick: int
    verdict: Verdict
    wait: int


Command = Upscale | Advance | Cancel | Delete | Save | Unlink | Adjust | SetDefault | Take | TakeFront | Settle


@dataclass(frozen=True)
class Turn:
    """A command that was played, the ids it named or made, and what came of it.

    `events` are the statuses that were reached, `callback` what was taken or settled.
    """

    command: Command
    wanted: VideoId | None = None
    refusal: Refusal | None = None
    made: Video | None = None
    events: list[Event] = field(default_factory=list)
    callback: Callback | None = None


@dataclass
class Stage:
    """A sandbox, and every id that was ever in it: commands name their videos by a place in that list."""

    sandbox: Sandbox
    ids: list[VideoId] = field(default_factory=list)
    flying: list[Callback] = field(default_factory=list)
    """Attempts in flight, in the order in which they were taken."""

    def __post_init__(self) -> None:
        self._meet_newcomers()

    def play(self, command: Command) -> Turn:
        """Play one command; a refusal is an outcome."""
        sandbox = self.sandbox
        wanted = self._pick(command.pick) if isinstance(command, Upscale | Cancel | Delete | TakeFront) else None
        made: Video | None = None
        callback: Callback | None = None
        mark = sandbox.story.total
        try:
            match command, wanted:
                case Upscale(), VideoId():
                    made = sandbox.upscale(
                        wanted, max_jobs=command.max_jobs, reply_url=command.reply_url, ends=command.ends
                    )
                case Cancel(), VideoId():
                    sandbox.cancel(wanted)
                case Delete(), VideoId():
                    sandbox.delete(wanted)
                case Advance(), _:
                    sandbox.advance(sandbox.now + command.milliseconds)
                case Save(), _:
                    sandbox.save_account(command.email, max_jobs=command.max_jobs)
                case Unlink(), _:
                    sandbox.delete_account(command.email)
                case Adjust(), _:
                    sandbox.accounts.adjust(
                        command.email,
                        credits=command.credits,
                        max_jobs=command.max_jobs,
                        concurrency=command.concurrency,
                        pending_error=command.pending_error,
                    )
                case SetDefault(), _:
                    sandbox.update_user(reply_url=command.reply_url)
                case Take(), _:
                    callback = self._taken(sandbox.take(sandbox.now))
                case TakeFront(), VideoId():
                    callback = self._taken(sandbox.outbox.take_front(wanted.number, sandbox.now))
                case Settle(), _ if self.flying:
                    callback = self.flying.pop(command.pick % len(self.flying))
                    sandbox.settle(callback, Receipt(command.verdict, wait=command.wait))
        except Refusal as refusal:
            return Turn(command, wanted, refusal)
        self._meet_newcomers()
        events = [found for found in sandbox.story.since(mark)[0] if found.kind is Kind.STATUS]
        return Turn(command, wanted, None, made, events, callback)

    def play_all(self, commands: Iterable[Command]) -> Iterator[Turn]:
        """Play commands one by one, as the turns are asked for."""
        return (self.play(command) for command in commands)

    def _taken(self, callback: Callback | None) -> Callback | None:
        if callback is not None:
            self.flying.append(callback)
        return callback

    def _pick(self, pick: int) -> VideoId:
        known = self.ids
        if -len(known) <= pick < len(known):
            return known[pick]
        some = known[0] if known else VideoId(USER, EMAILS[0], 1)
        strangers = [
            some._replace(user="999"),
            some._replace(email="nobody@example.com"),
            some._replace(number=5),
            *(some._replace(email=email) for email in EMAILS),
        ]
        return strangers[pick % len(strangers)]

    def _meet_newcomers(self) -> None:
        known = set(self.ids)
        videos = self.sandbox.videos.values()
        self.ids += [
            found for video in videos if (found := VideoId(self.sandbox.user, video.email, video.number)) not in known
        ]


_old: Final = st.integers(0, 3)
_recent: Final = st.integers(-4, -1)
_strange: Final = st.integers(100, 110)
_emails: Final = st.sampled_from(EMAILS)
_slots: Final = st.integers(1, 4)
_ends: Final = st.sampled_from([Status.MODERATED, Status.FAILED])

_reply_urls: Final = st.sampled_from([None, HOOK])

_upscale: Final = st.builds(Upscale, _old, st.none() | _slots, st.none(), _reply_urls)
_advance: Final = st.builds(
    Advance, st.integers(0, 30) | st.sampled_from([5, 10_000, 60_000, 300_000]) | st.integers(0, 700_000)
)
_cancel: Final = st.builds(Cancel, _recent)
_adjust: Final = st.builds(
    Adjust,
    _emails,
    st.none() | st.integers(0, 5 * COST),
    st.none() | _slots,
    st.none() | st.integers(0, 4),
    st.sampled_from([None, None, False, True]),
)
_take: Final = st.builds(Take)
_settle: Final = st.builds(
    Settle,
    st.integers(0, 3),
    st.sampled_from([Verdict.RECEIVED, Verdict.RECEIVED, Verdict.FAILED, Verdict.FAILED, Verdict.GONE, Verdict.DENIED]),
    st.sampled_from([0, 0, 10_000]),
)

COMMANDS: Final = st.lists(
    st.sampled_from(
        [
            *[_upscale] * 6,
            st.builds(Upscale, _recent | _strange, st.none(), st.none()),
            st.builds(Upscale, _old | _strange, st.none(), _ends, _reply_urls),
            *[_advance] * 3,
            *[_cancel] * 2,
            st.builds(Cancel, _old | _strange),
            *[st.builds(Delete, _recent)] * 2,
            st.builds(Delete, st.integers(1, 3) | _strange),
            st.builds(Save, _emails, _slots),
            st.builds(Unlink, _emails),
            _adjust,
            st.builds(SetDefault, st.sampled_from([DEFAULT, ""])),
            *[_take] * 3,
            st.builds(TakeFront, _recent),
            *[_settle] * 3,
        ]
    ).flatmap(lambda command: command),
    min_size=10,
    max_size=40,
)
"""Histories: mostly of upscales, with everything else between."""

CALLING: Final = st.lists(
    st.sampled_from(
        [
            *[st.builds(Upscale, st.just(0), st.none(), st.none(), st.sampled_from([HOOK, HOOK, None]))] * 4,
            *[st.builds(Advance, st.sampled_from([1, 500, 1_000, 2_000, 4_000, 6_000, 60_000]))] * 5,
            *[_take] * 5,
            *[_settle] * 4,
            st.builds(TakeFront, _recent),
            _cancel,
            st.builds(Delete, _recent),
            st.builds(SetDefault, st.sampled_from([DEFAULT, DEFAULT, ""])),
            st.sampled_from([Unlink(EMAILS[0]), Save(EMAILS[0], 8)]),
        ]
    ).flatmap(lambda command: command),
    min_size=20,
    max_size=50,
)
"""Histories of jobs with receivers, little of which is refused."""

_disturbances: Final = st.lists(
    st.builds(
        Disturbance,
        kind=st.sampled_from(Disturbing),
        jobs=st.sampled_from([frozenset[int](), frozenset[int](), frozenset({1}), frozenset({2, 3})]),
        of=st.sampled_from(Which),
        delay=st.sampled_from([0, 700, 45_000]),
    ),
    max_size=3,
).map(tuple)

_endings: Final = st.sampled_from(
    [
        *[Endings()] * 2,
        Endings(listed=(Status.FAILED, Status.COMPLETED, Status.MODERATED)),
        Endings(shares=((Status.FAILED, 0.3), (Status.MODERATED, 0.2))),
    ]
)

_paces: Final = st.sampled_from(
    [
        (Durations(shortest=0, longest=0), 30_000),
        (Durations(shortest=1, longest=1), 1_000),
        *[(Durations(shortest=0, longest=20, queued=1.0), None)] * 2,
        (Durations(shortest=0, longest=6_000, queued=0.5), 1_000),
        *[(Durations(), 30_000)] * 3,
        (Durations(), None),
    ]
)
"""Durations, and the pause between two callbacks, so that no job has more than twenty to tell."""

_quick_paces: Final = st.sampled_from(
    [
        (Durations(shortest=0, longest=0), None),
        (Durations(shortest=1, longest=1), 1_000),
        (Durations(shortest=4_000, longest=4_000, queued=0.0), 1_000),
        *[(Durations(shortest=2_000, longest=6_000, queued=0.5), 1_000)] * 2,
        (Durations(shortest=2_000, longest=6_000, queued=0.5), None),
    ]
)

_accounts: Final = st.lists(_emails, unique=True, min_size=1, max_size=3).flatmap(
    lambda emails: st.tuples(
        *(
            st.builds(
                AccountRules,
                email=st.just(email),
                max_jobs=_slots,
                concurrency=st.integers(1, 4),
                credits=st.integers(COST, 8 * COST),
                pending_error=st.sampled_from([False, False, False, True]),
                running=st.sampled_from([0, 0, 0, 1, 2]),
                footage=st.just(CATALOGUE[:2]),
            )
            for email in emails
        )
    )
)


def _rules(
    accounts: st.SearchStrategy[tuple[AccountRules, ...]],
    paces: st.SearchStrategy[tuple[Durations, int | None]],
    disturbances: st.SearchStrategy[tuple[Disturbance, ...]],
    limits: st.SearchStrategy[bool],
) -> st.SearchStrategy[Rules]:
    callbacks = st.tuples(
        st.sampled_from([False, False, False, True]),
        st.sampled_from([(), (5_000,), (1_000, 60_000)]),
        disturbances,
    )
    return st.builds(
        lambda accounts, pace, callbacks, endings, slots, charged: Rules(
            cost=COST,
            accounts=accounts,
            new_account=AccountRules(footage=CATALOGUE[:1], credits=3 * COST),
            durations=pace[0],
            callbacks=CallbackRules(
                progress=pace[1], final_only=callbacks[0], retries=callbacks[1], disturbances=callbacks[2]
            ),
            endings=endings,
            slots=slots,
            credits=charged,
        ),
        accounts,
        paces,
        callbacks,
        _endings,
        limits,
        limits,
    )


def _stages(rules: st.SearchStrategy[Rules]) -> st.SearchStrategy[Stage]:
    return st.builds(
        lambda rules, seed: Stage(Sandbox.start(user=USER, rules=rules, seed=seed, now=NOW)), rules, st.integers(0, 3)
    )


STAGES: Final = _stages(_rules(_accounts, _paces, st.just(()) | _disturbances, st.sampled_from([True, True, False])))
"""Sandboxes of up to three accounts, with little of everything, and jobs that take no time, a little, or minutes."""

CALLING_STAGES: Final = _stages(
    _rules(
        st.just((AccountRules(email=EMAILS[0], footage=CATALOGUE[:1]),)),
        _quick_paces,
        _disturbances,
        st.sampled_from([False]),
    )
)
"""Sandboxes without limits, whose jobs take seconds."""
