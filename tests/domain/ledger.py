"""A second, slower account of what is owed to receivers: one list of all callbacks there ever were, searched each time.

It is written from the texts of the rules (`mockserver/scenarios/schema.yaml`, `mockserver.domain.rules`), not from the
code. Only what is drawn by chance is read from the sandbox: the ids, and when jobs end.
"""

from dataclasses import dataclass, field

from domain.play import Cancel, SetDefault, Settle, Take, TakeFront, Turn, Unlink, Upscale
from mockserver.domain import Callback, CallbackRules, Disturbance, Disturbing, Outcome, Sandbox, Status, Verdict, Which

FINAL = (Status.COMPLETED, Status.MODERATED, Status.FAILED)
ENDS = {Verdict.RECEIVED: Outcome.DELIVERED, Verdict.DENIED: Outcome.DENIED}


@dataclass
class Debt:
    """A callback as the ledger knows it."""

    number: int
    job: int
    status: Status
    at: int
    due: int
    progress: bool
    pause: int = 0
    copy_of: int | None = None
    set_aside: bool = False
    """Whether the final one has to overtake it first."""
    attempts: list[tuple[int, int]] = field(default_factory=list)
    """When each was due and when it was sent."""
    in_flight: bool = False
    outcome: Outcome | None = None

    @classmethod
    def of(cls, callback: Callback) -> "Debt":
        """What the sandbox says about a callback, but for `set_aside`."""
        return cls(
            callback.number,
            callback.video.number,
            callback.status,
            callback.at,
            callback.due,
            callback.progress,
            callback.pause,
            callback.copy_of,
            attempts=[(attempt.due, attempt.sent) for attempt in callback.attempts],
            in_flight=callback.in_flight,
            outcome=callback.outcome,
        )


@dataclass
class Client:
    """Who is told about a job: where, what goes wrong on the way, when the job ends, and when it told last."""

    url: str
    email: str
    started: int
    ends: int
    disturbances: tuple[Disturbance, ...]
    told: int | None = None
    listening: bool = True


@dataclass
class Ledger:
    """Every callback there ever was, told turn by turn what happened."""

    rules: CallbackRules
    now: int
    default: str = ""
    jobs: int = 0
    clients: dict[int, Client] = field(default_factory=dict)
    debts: list[Debt] = field(default_factory=list)

    @classmethod
    def of(cls, sandbox: Sandbox) -> "Ledger":
        """The ledger of a sandbox in which nothing has happened yet."""
        return cls(sandbox.rules.callbacks, sandbox.now)

    # What must hold

    @property
    def owed(self) -> list[Debt]:
        """Those that have not ended."""
        return [debt for debt in self.debts if debt.outcome is None]

    def line(self, job: int) -> list[Debt]:
        """Those of a job that have not ended, in the order in which they are sent."""
        line = [debt for debt in self.owed if debt.job == job and not debt.set_aside]
        # A copy follows the one it repeats; who was overtaken comes behind the final one.
        return sorted(line, key=lambda debt: (self._overtaken(debt), debt.number))

    @property
    def next_due(self) -> int | None:
        """The instant of the next attempt."""
        return min((debt.due for debt in self._fronts()), default=None)

    # What happened

    def follow(self, turn: Turn, sandbox: Sandbox) -> None:
        """Take note of a turn that was not refused."""
        if turn.made is not None and isinstance(turn.command, Upscale):
            self._accept(turn, turn.command)
        moments = [(event.at, event.number, event.status) for event in turn.events]
        ended = {number: at for at, number, status in moments if status in FINAL}
        begun = {number: at for at, number, status in moments if status is Status.GENERATING}
        for number, client in self.clients.items():
            last = begun.get(number, client.told)
            moments += [
                (at, number, Status.QUEUED) for at in self._reports(client, last, ended.get(number), sandbox.now)
            ]
        # Jobs that do something at the same instant do it in the order of their numbers.
        order = [Status.GENERATING, Status.QUEUED, *FINAL]
        for at, number, status in sorted(moments, key=lambda moment: (*moment[:2], order.index(moment[2]))):
            if number in self.clients and self.clients[number].listening:
                again = status is Status.QUEUED
                self._tell(number, Status.GENERATING if again else status, at, again)
        self.now = sandbox.now
        match turn.command:
            case Cancel() if turn.wanted is not None:
                self._stop(turn.wanted.number, Outcome.WITHDRAWN)
            case Unlink(email=email):
                for number in [number for number, client in self.clients.items() if client.email == email]:
                    self._stop(number, Outcome.WITHDRAWN)
            case SetDefault(reply_url=url):
                self.default = url
            case Take():
                due = [debt for debt in self._fronts() if debt.due <= self.now]
                self._take(min(due, key=lambda debt: (debt.due, debt.number), default=None), turn)
            case TakeFront() if turn.wanted is not None:
                number = turn.wanted.number
                self._take(next((debt for debt in self._fronts() if debt.job == number), None), turn)
            case Settle(verdict=verdict, wait=wait) if turn.callback is not None:
                self._settle(self.debts[turn.callback.number - 1], verdict, wait)

    def _accept(self, turn: Turn, command: Upscale) -> None:
        self.jobs += 1
        video, url = turn.made, command.reply_url or self.default
        assert video is not None
        assert video.job is not None
        if url:
            chosen = tuple(found for found in self.rules.disturbances if not found.jobs or self.jobs in found.jobs)
            self.clients[video.number] = Client(url, video.email, video.job.started, video.job.steps[-1][0], chosen)

    def _reports(self, client: Client, last: int | None, ended: int | None, now: int) -> list[int]:
        """The instants of progress since `last`: one each so often, while the video is GENERATING."""
        pause = self.rules.progress
        if last is None or pause is None or self.rules.final_only or not client.listening or client.ends < self.now:
            return []
        return [at for at in range(last + pause, now + 1, pause) if ended is None or at < ended]

    def _tell(self, number: int, status: Status, at: int, progress: bool) -> None:  # noqa: FBT001
        client = self.clients[number]
        final = status in FINAL
        client.told = None if final else at
        if self.rules.final_only and not final:
            return
        debt = self._add(Debt(len(self.debts) + 1, number, status, at, at, progress))
        if self._suffers(client, Disturbing.DROPPED, final=final):
            debt.outcome = Outcome.DROPPED
        else:
            early = at == client.started and any(found.kind is Disturbing.EARLY for found in client.disturbances)
            if not early and (late := self._suffers(client, Disturbing.LATE, final=final)):
                debt.due += late.delay
            if slow := self._suffers(client, Disturbing.SLOW, final=final):
                debt.pause = slow.delay
            pause = self.rules.progress
            last = not final and (pause is None or at + pause >= client.ends)
            swapped = any(found.kind is Disturbing.SWAPPED for found in client.disturbances)
            debt.set_aside = last and swapped
            if not debt.set_aside:
                self._duplicate(client, debt)
        if final:
            for overtaken in [found for found in self.debts if found.job == number and found.set_aside]:
                overtaken.set_aside = False
                overtaken.due = max(overtaken.due, at)
                self._duplicate(client, overtaken)

    def _duplicate(self, client: Client, debt: Debt) -> None:
        if self._suffers(client, Disturbing.DUPLICATE, final=debt.status in FINAL):
            number = len(self.debts) + 1
            self._add(
                Debt(number, debt.job, debt.status, debt.at, debt.due, debt.progress, debt.pause, copy_of=debt.number)
            )

    def _add(self, debt: Debt) -> Debt:
        self.debts.append(debt)
        return debt

    def _suffers(self, client: Client, kind: Disturbing, *, final: bool) -> Disturbance | None:
        """The last disturbance of this kind that such a callback suffers."""
        meant = (Which.FINAL, Which.ALL) if final else (Which.PROGRESS, Which.ALL)
        found = [found for found in client.disturbances if found.kind is kind and found.of in meant]
        return found[-1] if found else None

    def _overtaken(self, debt: Debt) -> bool:
        """Whether the final one of its job came to be owed, and is sent, before it."""
        client = self.clients[debt.job]
        first = self.debts[(debt.copy_of or debt.number) - 1]
        swapped = any(found.kind is Disturbing.SWAPPED for found in client.disturbances)
        pause = self.rules.progress
        last = first.status not in FINAL and (pause is None or first.at + pause >= client.ends)
        return swapped and last

    def _fronts(self) -> list[Debt]:
        """The first of each job, if it is not in flight."""
        fronts = [self.line(number)[0] for number in self.clients if self.line(number)]
        return [debt for debt in fronts if not debt.in_flight]

    def _take(self, debt: Debt | None, turn: Turn) -> None:
        assert (turn.callback and turn.callback.number) == (debt and debt.number)
        if debt is not None:
            debt.in_flight = True
            debt.attempts.append((debt.due, self.now))

    def _settle(self, debt: Debt, verdict: Verdict, wait: int) -> None:
        debt.in_flight = False
        if debt.outcome is not None:  # it was withdrawn while it was on its way
            debt.outcome = Outcome.DELIVERED if verdict is Verdict.RECEIVED else debt.outcome
            return
        tries = len(debt.attempts)
        if verdict is Verdict.FAILED and tries <= len(self.rules.retries):
            debt.due = self.now + max(self.rules.retries[tries - 1], wait)
            return
        debt.outcome = ENDS.get(verdict, Outcome.GIVEN_UP)
        if verdict is Verdict.GONE:
            self._stop(debt.job, Outcome.GIVEN_UP)
        for front in self.line(debt.job)[:1]:
            front.due = max(front.due, self.now)

    def _stop(self, number: int, outcome: Outcome) -> None:
        """Nothing more is owed for a job."""
        if number in self.clients:
            self.clients[number].listening = False
        for debt in self.owed:
            if debt.job == number:
                debt.outcome = outcome
