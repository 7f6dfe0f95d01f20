"""The world of one API token: commands and queries, each told the instant it happens at.

A command either changes the sandbox or raises a Refusal and changes nothing. Time only enters as `now`
(milliseconds since 1970): `advance(now)` applies the steps that are due, in the order of their time, so that one
leap equals many small steps; `next_due` says when there will be something to do.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from mockserver.domain import capacity, refusals
from mockserver.domain.accounts import Accounts
from mockserver.domain.capacity import Availability
from mockserver.domain.dice import Dice
from mockserver.domain.footage import CATALOGUE
from mockserver.domain.identity import VideoId
from mockserver.domain.lifecycle import INITIAL, STEPS, Status
from mockserver.domain.model import Account, Job, Video
from mockserver.domain.outbox import Callback, Outbox, Outcome, Receipt, Verdict
from mockserver.domain.reporting import is_early, report
from mockserver.domain.retention import forget_oldest, remember_deleted
from mockserver.domain.rules import AccountRules, Rules
from mockserver.domain.story import Event, Kind, Story

_HOUR = 3_600_000


@dataclass(slots=True)
class Sandbox:
    """Accounts, videos and jobs of one token; make one with `Sandbox.start`.

    `videos` holds every video that is kept, by number; `deleted` the emails of those deleted last, by number. `running`
    are the jobs without a final status, by number, in the order of their start.
    """

    user: str
    rules: Rules
    dice: Dice
    now: int
    next_number: int
    accounts: Accounts = field(default_factory=Accounts)
    videos: dict[int, Video] = field(default_factory=dict)
    deleted: dict[int, str] = field(default_factory=dict)
    running: dict[int, Job] = field(default_factory=dict)
    due: list[tuple[int, int]] = field(default_factory=list)
    """A heap of (instant, number of the job): its next step, or its next progress to tell."""
    outbox: Outbox = field(default_factory=Outbox)
    story: Story = field(default_factory=Story)
    accepted: int = 0
    """How many jobs there ever were."""
    reporting: int = 0
    """How many of the running jobs have a receiver to tell."""
    name: str | None = None
    reply_url: str | None = None
    """The useapi.net account's default for callbacks."""

    @classmethod
    def start(cls, *, user: str, rules: Rules, seed: int, now: int) -> "Sandbox":
        """A fresh sandbox of the useapi.net user `user`; the same seed and instant give the same content."""
        outbox = Outbox(rules.callbacks.retries)
        sandbox = cls(user, rules, Dice(seed), now, rules.first_number, outbox=outbox)
        for account in rules.accounts:
            sandbox._link(account)
        for account in rules.accounts:
            sandbox._occupy(account)
        return sandbox

    # Time

    @property
    def next_step(self) -> int | None:
        """The instant at which there is something to do for a job; None while nothing runs."""
        return self.due[0][0] if self.due else None

    @property
    def next_due(self) -> int | None:
        """The instant of the next step, or of the next attempt to deliver; None while there is neither."""
        step, attempt = self.next_step, self.outbox.next_due
        if step is None or attempt is None:
            return attempt if step is None else step
        return min(step, attempt)

    def advance(self, now: int) -> list[Event]:
        """Apply every step due until `now`, and say which statuses were reached, in time order."""
        mark = self.story.total
        self.catch_up(now)
        return [event for event in self.story.since(mark)[0] if event.kind is Kind.STATUS]

    def catch_up(self, now: int, at_most: int | None = None) -> None:
        """Apply every step due until `now`, in time order.

        With `at_most`, no more than so many steps, and time goes no further than the last of them. An instant before
        the sandbox's own is taken as that: time never goes backwards.
        """
        due = self.due
        while due and due[0][0] <= now:
            if at_most is not None:
                if at_most == 0:
                    return
                at_most -= 1
            self._work_on(heappop(due))
        if now > self.now:  # noqa: PLR1730 - at every request: a call less
            self.now = now

    def next_call(self, until: int, at_most: int) -> tuple[Callback | None, bool]:
        """Apply steps in time order until `until`, or until an attempt to deliver is due before the next of them.

        The callback comes back, in flight; else whether nothing is left to do until then. No more than `at_most` steps.
        """
        due, calls = self.due, self.outbox.due
        for _ in range(at_most):
            if due and due[0][0] <= until and not (calls and calls[0][0] < due[0][0]):
                self._work_on(heappop(due))
                calls = self.outbox.due
            elif calls and calls[0][0] <= until:
                return self.take(calls[0][0]), False
            else:
                return None, True
        return None, False

    def _work_on(self, entry: tuple[int, int]) -> None:
        """Do what is due for a job: its next step, or to tell its progress."""
        at, number = entry
        if at > self.now:  # noqa: PLR1730 - at every step: a call less
            self.now = at
        video, job = self.videos[number], self.running[number]
        if job.steps[0][0] <= at:
            self._step(video, job, at)
        else:
            self._tell(video, job, at, progress=True)
            heappush(self.due, (job.next_at, number))

    def _step(self, video: Video, job: Job, at: int) -> None:
        step = job.steps.pop(0)
        status = step[1]
        if status not in STEPS[video.status]:
            raise AssertionError(f"no step from {video.status.name} to {status.name}")
        video.status = status
        job.reached.append(step)
        self.story.add(Event(at, video.number, status, Kind.STATUS, video.email))
        if job.telling:
            self._tell(video, job, at)
        if job.steps:
            heappush(self.due, (job.next_at, video.number))
        else:
            self._end(video, job)

    def _end(self, video: Video, job: Job) -> None:
        account = self.accounts[video.email]
        del self.running[video.number]
        account.upstream -= 1
        if job.followed:
            account.running -= 1
        self.reporting -= job.telling
        account.reserved -= job.cost
        if video.status is Status.COMPLETED:
            account.spent += job.cost
        else:
            account.credits += job.cost
        self.deleted = forget_oldest(account, self.videos, self.running, self.deleted, self.rules.retention)

    # Callbacks

    def take(self, now: int) -> Callback | None:
        """The callback whose attempt is due first and until `now`: it is in flight until it is settled.

        The steps until `now` are applied.
        """
        self.now = max(self.now, now)
        return self.outbox.take(self.now)

    def settle(self, callback: Callback, receipt: Receipt) -> None:
        """Note what came of the attempt in flight."""
        self.outbox.settle(callback, receipt, self.now)
        video = callback.video
        attempt = len(callback.attempts)
        self.story.add(Event(self.now, video.number, callback.status, Kind.CALLBACK, video.email, callback, attempt))
        if receipt.verdict is Verdict.GONE and video.job is not None:
            self._stop_telling(video.number, video.job)

    @property
    def calls(self) -> bool:
        """Whether a callback is owed, or will be as time goes by."""
        return self.reporting > 0 or bool(self.outbox.waiting)

    def withdraw(self) -> None:
        """End all that is owed, because this sandbox ends."""
        self.outbox.end_all({callback.video.number for callback in self.outbox.owed}, Outcome.WITHDRAWN, self.now)

    def _tell(self, video: Video, job: Job, at: int, *, progress: bool = False) -> None:
        """Owe the receiver of a job a callback about what its video is now."""
        rules = self.rules.callbacks
        job.report_at = None if video.final or rules.final_only or rules.progress is None else at + rules.progress
        dropped = report(self.outbox, video, job, at, progress=progress, final_only=rules.final_only)
        if dropped is not None:
            self.story.add(Event(at, video.number, video.status, Kind.CALLBACK, video.email, dropped))

    def _stop_telling(self, number: int, job: Job) -> None:
        self.reporting -= job.telling and number in self.running
        job.telling = False
        if job.report_at is not None:
            job.report_at = None
            self.due = [(job.next_at, number) if entry[1] == number else entry for entry in self.due]
            heapify(self.due)

    # Videos and jobs

    def upscale(
        self,
        source: VideoId,
        *,
        max_jobs: int | None = None,
        reply_url: str | None = None,
        reply_ref: str | None = None,
        origin: str = "",
        ends: Status | None = None,
    ) -> Video:
        """Start a job that makes a new video out of a COMPLETED one.

        `max_jobs` is the request's own limit, else the account's holds. With `ends`, the final status is that and
        the source need not exist (the contract's triggers). Raises ForeignVideo, UnknownAccount, UnknownVideo,
        DeletedVideo, UnfinishedVideo, PendingError, InsufficientCredits, AccountBusy, AllAccountsBusy,
        UpstreamLimit, checked in this order.
        """
        account = self.account_of(source)
        footage = CATALOGUE[0]
        if ends is None:
            original = self.video(source)
            if original.status is not Status.COMPLETED:
                raise refusals.UnfinishedVideo(video_id=str(source), status=original.status.name)
            footage = original.footage
        capacity.check(account, self.accounts.values(), self.rules, max_jobs)

        number = self._new_number()
        job = self._new_job(reply_url, reply_ref)
        self.accepted += 1
        ends = ends or self.rules.endings.of(self.accepted, self.dice.random)
        if ends is not Status.COMPLETED:
            job.steps[-1] = (job.steps[-1][0], ends)
        if self.rules.callbacks.disturbances:
            job.disturbances = self.rules.callbacks.disturbances_of(self.accepted)
        video = Video(number, account.email, INITIAL, self.now, footage, source.number, origin, job)
        account.credits -= job.cost
        self._begin(account, video, job)
        return video

    def video(self, wanted: VideoId) -> Video:
        """The video of this id. Raises UnknownVideo or DeletedVideo."""
        video = self.videos.get(wanted.number)
        if video is not None and wanted.user == self.user and wanted.email == video.email:
            return video
        if wanted.user == self.user and self.deleted.get(wanted.number) == wanted.email:
            raise refusals.DeletedVideo(video_id=str(wanted))
        raise refusals.UnknownVideo(video_id=str(wanted))

    def page(self, email: str | None, *, limit: int, offset: int, oldest_first: bool = False) -> list[Video]:
        """Up to `limit` videos of an account, after skipping `offset`.

        Raises UnknownAccount, and EmailRequired if `email` is None while several accounts are linked.
        """
        if email is None and not self.accounts:
            return []
        numbers = self.accounts.find(email).page(limit, offset, oldest_first=oldest_first)
        return [self.videos[number] for number in numbers]

    def delete(self, wanted: VideoId) -> None:
        """Delete a video whose status is final. Raises UnknownVideo, DeletedVideo, VideoProcessing."""
        video = self.video(wanted)
        if not video.final:
            raise refusals.VideoProcessing(video_id=str(wanted), status=video.status.name)
        numbers = self.accounts[video.email].videos
        del numbers[bisect_left(numbers, video.number)]
        if video.job is None:
            self.accounts[video.email].sources -= 1
        del self.videos[video.number]
        remember_deleted(self.deleted, video, self.rules.retention)

    def cancel(self, wanted: VideoId) -> None:
        """Stop following a job: its slot is free, no callback will be owed, the video goes on.

        Raises UnknownJob for anything that is not a followed job of this user.
        """
        video = self.videos.get(wanted.number)
        job = self.running.get(wanted.number)
        if video is None or job is None or not job.followed or wanted != VideoId(self.user, video.email, video.number):
            raise refusals.UnknownJob(id=str(wanted))
        job.followed = False
        self.accounts[video.email].running -= 1
        self._stop_telling(video.number, job)
        self.outbox.end_all({video.number}, Outcome.WITHDRAWN, self.now)
        self.story.add(Event(self.now, video.number, video.status, Kind.CANCELLED, video.email))

    def followed(self) -> Iterable[tuple[Video, Job]]:
        """The jobs that hold a slot, in the order of their start."""
        return ((self.videos[number], job) for number, job in self.running.items() if job.followed)

    # Accounts

    def account_of(self, source: VideoId) -> Account:
        """The account that an id names. Raises ForeignVideo, UnknownAccount."""
        if source.user != self.user:
            raise refusals.ForeignVideo(video_id=str(source))
        account = self.accounts.get(source.email)
        if account is None:
            raise refusals.UnknownAccount(video_id=str(source), email=source.email)
        return account

    def save_account(self, email: str, *, max_jobs: int) -> Account:
        """Link an account, or update it; clears its pending error."""
        account = self.accounts.get(email)
        if account is None:
            return self._link(self.rules.new_account, email=email, max_jobs=max_jobs)
        account.max_jobs = max_jobs
        account.pending_error = False
        return account

    def delete_account(self, email: str) -> int:
        """Unlink an account with its videos, its jobs and what is owed for them; returns how many accounts remain.

        Raises UnknownAccount.
        """
        account = self.accounts.find(email)
        del self.accounts[email]
        for number in account.videos:
            del self.videos[number]
            if (job := self.running.pop(number, None)) is not None:
                self.reporting -= job.telling
        self.due = [step for step in self.due if step[1] in self.running]
        heapify(self.due)
        self.deleted = {number: owner for number, owner in self.deleted.items() if owner != email}
        owed = {callback.video.number for callback in self.outbox.owed if callback.video.email == email}
        self.outbox.end_all(owed, Outcome.WITHDRAWN, self.now)
        return len(self.accounts)

    def availability(self) -> list[Availability]:
        """The slots of each account."""
        return [capacity.availability(account) for account in self.accounts.values()]

    # The user

    def update_user(self, *, name: str | None = None, reply_url: str | None = None) -> None:
        """Set the user's name and default for callbacks; None leaves a value as it is, "" means no default."""
        if name is not None:
            self.name = name
        if reply_url is not None:
            self.reply_url = reply_url or None

    # Parts of the above

    def _new_job(self, reply_url: str | None = None, reply_ref: str | None = None) -> Job:
        """A job that starts now and ends COMPLETED."""
        durations = self.rules.durations.draw(self.dice.random)
        cost = self.rules.cost if self.rules.credits else 0
        return Job.start(self.now, durations, cost, reply_url, reply_ref, reply_url or self.reply_url)

    def _begin(self, account: Account, video: Video, job: Job) -> None:
        """Take the job that makes a video; its cost has been taken from the credits."""
        now, number = self.now, video.number
        account.reserved += job.cost
        account.running += 1
        account.upstream += 1
        account.videos.append(number)
        self.videos[number] = video
        self.running[number] = job
        self.reporting += job.telling
        self.story.add(Event(now, number, INITIAL, Kind.ACCEPTED, account.email))
        if job.disturbances and is_early(job):
            job.steps[0] = (now, Status.GENERATING)
            self._step(video, job, now)
        else:
            heappush(self.due, (job.steps[0][0], number))

    def _occupy(self, rules: AccountRules) -> None:
        """Start the jobs that run on an account from the first instant, each of its oldest video."""
        account = self.accounts[rules.email]
        for _ in range(rules.running):
            source = self.videos[account.videos[0]]
            number, job = self._new_number(), self._new_job()
            video = Video(number, account.email, INITIAL, self.now, source.footage, source.number, job=job)
            self._begin(account, video, job)

    def _new_number(self) -> int:
        number = self.next_number
        self.next_number += 1 + int(self.dice.random() * 1_000)
        return number

    def _link(self, rules: AccountRules, *, email: str | None = None, max_jobs: int | None = None) -> Account:
        account = Account.link(rules, number=10_000_000 + int(self.dice.random() * 90_000_000), now=self.now)
        account.email = email or account.email
        account.max_jobs = max_jobs or account.max_jobs
        self.accounts[account.email] = account
        for age, footage in zip(range(len(rules.footage), 0, -1), rules.footage, strict=True):
            number = self._new_number()
            created_at = self.now - age * _HOUR - int(self.dice.random() * _HOUR)
            self.videos[number] = Video(number, account.email, Status.COMPLETED, created_at, footage)
            account.videos.append(number)
        account.sources = len(account.videos)
        return account
