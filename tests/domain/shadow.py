"""A second, slower account of a sandbox: lists to look through and sums to add up, nothing that can get out of step.

It is written from the contract's text (`info` and the operations' descriptions), not from the code.
"""

from dataclasses import dataclass, field

from domain.play import Adjust, Cancel, Delete, Save, Turn, Unlink, Upscale
from mockserver.domain import Event, Refusal, Sandbox, Status, VideoId, refusals

FINAL = (Status.COMPLETED, Status.MODERATED, Status.FAILED)


@dataclass
class Film:
    """A video as the shadow knows it. `paid` is what its job cost; None for a video that no job made."""

    email: str
    status: Status
    paid: int | None = None
    followed: bool = False
    deleted: bool = False


@dataclass
class Purse:
    """What an account was granted, apart from what its jobs took; and its limits."""

    granted: int
    max_jobs: int
    concurrency: int
    trouble: bool
    spent_before: int = 0


@dataclass
class Shadow:
    """What a sandbox must look like, told turn by turn what happened."""

    user: str
    cost: int
    limited: bool
    newcomer: tuple[int, int]
    """Credits and concurrency of an account that is linked later."""
    purses: dict[str, Purse] = field(default_factory=dict)
    films: dict[int, Film] = field(default_factory=dict)

    @classmethod
    def of(cls, sandbox: Sandbox) -> "Shadow":
        """The shadow of a sandbox in which nothing has happened yet."""
        rules = sandbox.rules
        shadow = cls(
            sandbox.user,
            rules.cost if rules.credits else 0,
            rules.slots,
            (rules.new_account.credits, rules.new_account.concurrency),
        )
        for account in rules.accounts:
            # What runs from the first instant was paid before, on top of the credits.
            granted = account.credits + account.running * shadow.cost
            shadow.purses[account.email] = Purse(granted, account.max_jobs, account.concurrency, account.pending_error)
        for number, video in sandbox.videos.items():
            if video.job is not None:
                shadow.films[number] = Film(video.email, Status.QUEUED, shadow.cost, followed=True)
        assert len(shadow.films) == sum(account.running for account in rules.accounts)
        shadow._meet(sandbox)
        return shadow

    # What must hold

    def running(self, email: str) -> int:
        """Jobs that hold a slot of the account."""
        return sum(film.followed for film in self.jobs(email))

    def upstream(self, email: str) -> int:
        """Jobs that PixVerse works on for the account."""
        return len(self.jobs(email))

    def jobs(self, email: str) -> list[Film]:
        """The jobs of an account that have not ended."""
        return [film for film in self.films.values() if film.email == email and film.status not in FINAL]

    def reserved(self, email: str) -> int:
        """What the jobs that have not ended took."""
        return sum(film.paid or 0 for film in self.jobs(email))

    def spent(self, email: str) -> int:
        """What the jobs that made a video took."""
        return sum(
            film.paid or 0 for film in self.films.values() if film.email == email and film.status is Status.COMPLETED
        )

    def credits(self, email: str) -> int:
        """What is left of the grant."""
        return self.purses[email].granted - self.reserved(email) - self.spent(email)

    def refusal(self, turn: Turn) -> type[Refusal] | None:
        """What the command must be refused with, judged before it is told."""
        match turn.command, turn.wanted:
            case Upscale(max_jobs=max_jobs, ends=ends), VideoId() as wanted:
                return self._refusal_of_upscale(wanted, max_jobs, ends)
            case Cancel(), VideoId() as wanted:
                film = self._film(wanted)
                running = film is not None and film.followed and film.status not in FINAL
                return None if running else refusals.UnknownJob
            case Delete(), VideoId() as wanted:
                film = self._film(wanted)
                if film is None:
                    return refusals.UnknownVideo
                if film.deleted:
                    return refusals.DeletedVideo
                return None if film.status in FINAL else refusals.VideoProcessing
            case ((Unlink(email=email) | Adjust(email=email)), _):
                return None if email in self.purses else refusals.UnknownAccount
        return None

    def _refusal_of_upscale(self, wanted: VideoId, max_jobs: int | None, ends: Status | None) -> type[Refusal] | None:
        if wanted.user != self.user:
            return refusals.ForeignVideo
        purse = self.purses.get(wanted.email)
        if purse is None:
            return refusals.UnknownAccount
        if ends is None:
            film = self._film(wanted)
            if film is None:
                return refusals.UnknownVideo
            if film.deleted:
                return refusals.DeletedVideo
            if film.status is not Status.COMPLETED:
                return refusals.UnfinishedVideo
        if purse.trouble:
            return refusals.PendingError
        if self.credits(wanted.email) < self.cost:
            return refusals.InsufficientCredits
        if self.limited and self.running(wanted.email) >= (max_jobs or purse.max_jobs):
            others = [email for email in self.purses if email != wanted.email]
            full = [email for email in others if self.running(email) >= self.purses[email].max_jobs]
            return refusals.AllAccountsBusy if others and full == others else refusals.AccountBusy
        if self.limited and self.upstream(wanted.email) >= purse.concurrency:
            return refusals.UpstreamLimit
        return None

    # What happened

    def follow(self, turn: Turn, sandbox: Sandbox) -> None:
        """Take note of a turn that was not refused. New numbers are read from the sandbox, nothing else is."""
        command = turn.command
        if turn.made is not None:
            self.films[turn.made.number] = Film(turn.made.email, Status.QUEUED, self.cost, followed=True)
        for event in turn.events:
            self._step(event)
        match command, turn.wanted:
            case Cancel(), VideoId(number=number):
                self.films[number].followed = False
            case Delete(), VideoId(number=number):
                self.films[number].deleted = True
            case Save(), _ if command.email in self.purses:
                self.purses[command.email].max_jobs = command.max_jobs
                self.purses[command.email].trouble = False
            case Save(), _:
                granted, concurrency = self.newcomer
                self.purses[command.email] = Purse(granted, command.max_jobs, concurrency, trouble=False)
                self._meet(sandbox)
            case Unlink(), _:
                del self.purses[command.email]
                self.films = {n: film for n, film in self.films.items() if film.email != command.email}
            case Adjust(), _:
                self._adjust(command)

    def _step(self, event: Event) -> None:
        film = self.films[event.number]
        assert film.status is (Status.QUEUED if event.status is Status.GENERATING else Status.GENERATING)
        film.status = event.status

    def _adjust(self, command: Adjust) -> None:
        purse = self.purses[command.email]
        if command.credits is not None:
            purse.granted += command.credits - self.credits(command.email)
        if command.max_jobs is not None:
            purse.max_jobs = command.max_jobs
        if command.concurrency is not None:
            purse.concurrency = command.concurrency
        if command.pending_error is not None:
            purse.trouble = command.pending_error

    def _film(self, wanted: VideoId) -> Film | None:
        film = self.films.get(wanted.number)
        return film if film is not None and wanted.user == self.user and wanted.email == film.email else None

    def _meet(self, sandbox: Sandbox) -> None:
        for number, video in sandbox.videos.items():
            if number not in self.films:
                self.films[number] = Film(video.email, Status.COMPLETED)
