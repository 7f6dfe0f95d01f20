"""Random histories of a sandbox: commands, a strategy that draws them, and the stage they are played on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from domain.worlds import COST, NOW, USER
from mockserver.domain import AccountRules, Durations, Event, Refusal, Rules, Sandbox, Status, Video, VideoId
from mockserver.domain.footage import CATALOGUE

EMAILS: Final = ("a@example.com", "b@example.com", "c@example.com")


@dataclass(frozen=True)
class Upscale:
    """`pick` chooses among the ids that ever were, from the oldest, or with a minus from the latest.

    Past either end are ids that never were.
    """

    pick: int
    max_jobs: int | None
    ends: Status | None


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


Command = Upscale | Advance | Cancel | Delete | Save | Unlink | Adjust


@dataclass(frozen=True)
class Turn:
    """A command that was played, the ids it named or made, and what came of it."""

    command: Command
    wanted: VideoId | None = None
    refusal: Refusal | None = None
    made: Video | None = None
    events: list[Event] = field(default_factory=list)


@dataclass
class Stage:
    """A sandbox, and every id that was ever in it: commands name their videos by a place in that list."""

    sandbox: Sandbox
    ids: list[VideoId] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._meet_newcomers()

    def play(self, command: Command) -> Turn:
        """Play one command; a refusal is an outcome."""
        sandbox = self.sandbox
        wanted = self._pick(command.pick) if isinstance(command, Upscale | Cancel | Delete) else None
        made: Video | None = None
        events: list[Event] = []
        try:
            match command, wanted:
                case Upscale(), VideoId():
                    made = sandbox.upscale(wanted, max_jobs=command.max_jobs, ends=command.ends)
                case Cancel(), VideoId():
                    sandbox.cancel(wanted)
                case Delete(), VideoId():
                    sandbox.delete(wanted)
                case Advance(), _:
                    events = sandbox.advance(sandbox.now + command.milliseconds)
                case Save(), _:
                    sandbox.save_account(command.email, max_jobs=command.max_jobs)
                case Unlink(), _:
                    sandbox.delete_account(command.email)
                case Adjust(), _:
                    sandbox.adjust_account(
                        command.email,
                        credits=command.credits,
                        max_jobs=command.max_jobs,
                        concurrency=command.concurrency,
                        pending_error=command.pending_error,
                    )
        except Refusal as refusal:
            return Turn(command, wanted, refusal)
        self._meet_newcomers()
        return Turn(command, wanted, None, made, events)

    def play_all(self, commands: Iterable[Command]) -> Iterator[Turn]:
        """Play commands one by one, as the turns are asked for."""
        return (self.play(command) for command in commands)

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

_upscale: Final = st.builds(Upscale, _old, st.none() | _slots, st.none())
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

COMMANDS: Final = st.lists(
    st.sampled_from(
        [
            *[_upscale] * 6,
            st.builds(Upscale, _recent | _strange, st.none(), st.none()),
            st.builds(Upscale, _old | _strange, st.none(), _ends),
            *[_advance] * 3,
            *[_cancel] * 2,
            st.builds(Cancel, _old | _strange),
            *[st.builds(Delete, _recent)] * 2,
            st.builds(Delete, st.integers(1, 3) | _strange),
            st.builds(Save, _emails, _slots),
            st.builds(Unlink, _emails),
            _adjust,
        ]
    ).flatmap(lambda command: command),
    min_size=10,
    max_size=40,
)
"""Histories: mostly of upscales, with everything else between."""

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
                footage=st.just(CATALOGUE[:2]),
            )
            for email in emails
        )
    )
)

STAGES: Final = st.builds(
    lambda rules, seed: Stage(Sandbox.start(user=USER, rules=rules, seed=seed, now=NOW)),
    st.builds(
        Rules,
        cost=st.just(COST),
        accounts=_accounts,
        new_account=st.just(AccountRules(footage=CATALOGUE[:1], credits=3 * COST)),
        durations=st.sampled_from(
            [
                Durations(shortest=0, longest=0),
                Durations(shortest=1, longest=1),
                *[Durations(shortest=0, longest=20, queued=1.0)] * 2,
                *[Durations()] * 3,
            ]
        ),
        slots=st.sampled_from([True, True, False]),
        credits=st.sampled_from([True, True, False]),
    ),
    st.integers(0, 3),
)
"""Sandboxes of up to three accounts, with little of everything, and jobs that take no time, a little, or minutes."""
