"""Many sandboxes at once, from many threads, with everything that can come in between."""

import faulthandler
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from random import Random
from threading import Lock, Thread
from typing import Any, Final, NamedTuple

import pytest

from api.mock import ACCOUNTS, EMAIL, OTHER, SCHEDULER, UPSCALE, VIDEOS
from mockserver.api import Api
from mockserver.clock import stopwatch
from mockserver.domain import Outcome, Sandbox
from mockserver.message import Request
from mockserver.mock import Mock
from mockserver.runtime import GuardedSandbox
from mockserver.settings import Settings
from storm.receiver import Receiver

LONG: Final = int(os.environ.get("STORM_OPERATIONS", "4000"))
"""Operations of the slow storms; `make proof` takes 16,000."""

_PATIENCE: Final = 60.0
"""Seconds after which a call that has no answer counts as a deadlock."""

_SOURCE: Final = 11_223_344
_CREDITS: Final = 10_000

_SCENARIO: Final = {
    "jobs.shortest": "1",
    "jobs.longest": "60",
    "accounts": f"[{{email: {EMAIL}, maxJobs: 8, concurrency: 20, credits: {_CREDITS}}}]",
    "callbacks.progress": "10",
    "callbacks.retries": "[1, 20]",
    "callbacks.disturbances": json.dumps(
        [
            {"kind": "duplicate", "jobs": [1, 6]},
            {"kind": "early", "jobs": [2, 7]},
            {"kind": "swapped", "jobs": [3]},
            {"kind": "late", "jobs": [4], "seconds": 30, "of": "all"},
            {"kind": "dropped", "jobs": [5]},
            {"kind": "slow", "jobs": [8], "seconds": 0.01},
        ]
    ),
}


class Said(NamedTuple):
    status: int
    body: Any


class Storm:
    """A mock, its receiver, and sandboxes by name: the name is also the user's number."""

    def __init__(self, mock: Mock, receiver: Receiver, sandboxes: int, seed: int) -> None:
        self.mock, self.receiver, self.seed = mock, receiver, seed
        self.names = [str(1_000 + index) for index in range(sandboxes)]
        fifth = sandboxes // 5
        self.to_reset = set(self.names[:fifth])
        self.to_enrich = set(self.names[fifth : 2 * fifth])
        self.operations: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.failures: list[BaseException] = []
        self._lock = Lock()

    # Calls

    def call(self, name: str, method: str, path: str, body: Any = None, query: str = "") -> Said:
        """One request; fails if it is not answered, or answered with a bug."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = [(b"authorization", f"Bearer user:{name}-storm".encode()), (b"host", b"mock.localhost")]
        if body is not None:
            headers.append((b"content-type", b"application/json"))
        coming = self.mock.exchange(Request(method, path, query, tuple(headers), content))
        response = (coming.result(_PATIENCE) if isinstance(coming, Future) else coming).response
        assert response.status < 500 or response.status == 596, response.body
        with self._lock:
            self.answers[response.status] += 1
        return Said(response.status, json.loads(response.body) if response.body else None)

    def upscale(self, name: str, mood: str) -> Said:
        """An upscale whose callbacks go to the sandbox's own address."""
        body = {
            "video_id": f"user:{name}-pixverse:{EMAIL}-video:{_SOURCE}",
            "replyUrl": self.receiver.url(name, mood),
            "replyRef": name,
        }
        return self.call(name, "POST", UPSCALE, body)

    def guarded(self, name: str) -> GuardedSandbox:
        return self.mock.api.runtime.guarded(f"Bearer user:{name}-storm".encode())

    # Operations: each is refused or not, as the sandbox stands

    def submit(self, name: str, chance: Random) -> None:
        moods = ["ok", "ok", "ok", "bad", "gone", "slow", "close", "back"]
        self.upscale(name, chance.choice(moods))

    def advance(self, name: str, chance: Random) -> None:
        body = chance.choice([{"seconds": chance.randrange(60)}, {"until": "next-event"}, {"until": "idle"}])
        assert self.call(name, "POST", "/__mock/clock/advance", body).status in (200, 409)

    def set_clock(self, name: str, chance: Random) -> None:
        hour = chance.choice(["2025-01-01T00:00:00Z", "2025-01-01T01:00:00Z", "2025-01-01T09:00:00Z"])
        assert self.call(name, "POST", "/__mock/clock/set", {"now": hour}).status in (200, 400, 409)

    def change_clock(self, name: str, chance: Random) -> None:
        verb, body = chance.choice(
            [("freeze", {}), ("speed", {"speed": 1_000}), ("speed", {"speed": 10_000}), ("auto", {"step": 5})]
        )
        assert self.call(name, "POST", f"/__mock/clock/{verb}", body).status in (200, 409)

    def cancel(self, name: str, chance: Random) -> None:
        running = self.call(name, "GET", f"{SCHEDULER}/").body
        if running:
            assert self.call(name, "DELETE", f"{SCHEDULER}/{chance.choice(running)['id']}").status in (200, 404)

    def delete(self, name: str, chance: Random) -> None:
        videos = self.call(name, "GET", f"{VIDEOS}/", query=f"email={EMAIL}").body
        if isinstance(videos, dict) and (found := [video["video_id"] for video in videos.get("data", ())][:-5]):
            assert self.call(name, "DELETE", f"{VIDEOS}/{chance.choice(found)}").status in (200, 400, 404)

    def change_account(self, name: str, chance: Random) -> None:
        body = {"maxJobs": chance.randint(1, 8), "concurrency": chance.randint(5, 20)}
        if name in self.to_enrich:
            body["credits"] = chance.randint(0, 500)
        assert self.call(name, "PATCH", f"/__mock/accounts/{EMAIL}", body).status == 200

    def link(self, name: str, chance: Random) -> None:
        body = {"email": OTHER, "password": "secret", "maxJobs": 3}
        assert self.call(name, "POST", f"{ACCOUNTS}/{OTHER}", body).status in (200, 201)
        if chance.random() < 0.5:
            assert self.call(name, "DELETE", f"{ACCOUNTS}/{OTHER}").status in (200, 404)

    def reset(self, name: str, _: Random) -> None:
        if name in self.to_reset:
            assert self.call(name, "POST", "/__mock/reset").status == 204

    def look(self, name: str, chance: Random) -> None:
        path = chance.choice(["callbacks", "jobs", "requests", "events", "accounts", "clock"])
        assert self.call(name, "GET", f"/__mock/{path}").status == 200

    def check(self, name: str, _: Random) -> None:
        with self.guarded(name).now() as sandbox:
            self._check(name, sandbox)

    def _check(self, name: str, sandbox: Sandbox) -> None:
        """Slots, credits and callbacks add up."""
        jobs = [(sandbox.videos[number].email, job) for number, job in sandbox.running.items()]
        for email, account in sandbox.accounts.items():
            mine = [job for owner, job in jobs if owner == email]
            assert account.running == sum(job.followed for job in mine)
            assert account.upstream == len(mine)
            assert account.reserved == sum(job.cost for job in mine)
            if name not in self.to_enrich:
                assert account.credits + account.reserved + account.spent == _CREDITS
        outbox = sandbox.outbox
        assert sandbox.reporting == sum(job.telling for _, job in jobs)
        assert len(outbox.owed) + sum(outbox.totals.values()) == outbox.last_number
        assert all(f"/{name}/" in callback.url for callback in outbox.owed)

    # The storm

    def blow(self, threads: int, operations: int) -> None:
        """So many operations on so many threads, on any sandbox, in an order that the seed gives."""
        choices: list[tuple[int, Callable[[str, Random], None]]] = [
            *[(12, self.submit), (6, self.advance), (1, self.set_clock), (3, self.change_clock), (3, self.cancel)],
            *[(1, self.delete), (2, self.change_account), (1, self.link), (1, self.reset), (3, self.look)],
            (3, self.check),
        ]

        def work(worker: int) -> None:
            chance = Random(f"{self.seed}-{worker}")
            try:
                for _ in range(operations // threads):
                    (operation,) = chance.choices([found for _, found in choices], [often for often, _ in choices])
                    operation(chance.choice(self.names), chance)
                    with self._lock:
                        self.operations[operation.__name__] += 1
            except BaseException as error:
                self.failures.append(error)

        workers = [Thread(target=work, args=(index,), name=f"storm {index}", daemon=True) for index in range(threads)]
        for worker in workers:
            worker.start()
        limit = stopwatch() + _PATIENCE + operations / 50
        for worker in workers:
            worker.join(max(0, limit - stopwatch()))
            if worker.is_alive():
                faulthandler.dump_traceback(sys.stderr, all_threads=True)
                pytest.fail(f"{worker.name} does not end: a deadlock, or much too slow")
        self.raise_failures()

    def calm(self) -> None:
        """Let everything come to its end."""
        for name in self.names:
            assert self.call(name, "POST", "/__mock/clock/freeze", {}).status == 200
            assert self.call(name, "POST", "/__mock/clock/advance", {"until": "idle"}).status == 200
        self.raise_failures()

    def raise_failures(self) -> None:
        if failures := [*self.failures, *self.receiver.failures]:
            raise failures[0]

    def called_back(self, body: dict[str, Any]) -> None:
        """What a receiver does before it answers: it looks, and submits one more job."""
        name = body["replyRef"]
        assert self.call(name, "GET", f"{VIDEOS}/", query=f"email={EMAIL}").status in (200, 404)
        if body["video_status_final"]:
            self.upscale(name, "ok")

    def attempts(self, name: str) -> Counter[tuple[str, str, str]]:
        """Path, video and status of each attempt that the sandbox made."""
        return Counter(
            (
                callback.url.partition("//")[2].partition("/")[2],
                f"user:{name}-pixverse:{callback.video.email}-video:{callback.video.number}",
                callback.status.name,
            )
            for callback in self.guarded(name).sandbox.outbox.finished
            for _ in callback.attempts
        )

    def received(self, name: str) -> Counter[tuple[str, str, str]]:
        """The same as the receiver has it."""
        return Counter(
            (path[1:], body["video_id"], body["video_status_name"])
            for path, body in self.receiver.came
            if path.startswith(f"/{name}/")
        )


@contextmanager
def storming(sandboxes: int, seed: int) -> Iterator[Storm]:
    """A mock and its receiver, ended at the end."""
    api = Api(Settings(clock="manual", changes=_SCENARIO, seed=seed))
    try:
        with Receiver() as receiver:
            storm = Storm(Mock(api), receiver, sandboxes, seed)
            receiver.back = storm.called_back
            yield storm
    finally:
        api.close()


def _judge(storm: Storm) -> None:
    """What must hold when the storm is over."""
    for name in storm.names:
        with storm.guarded(name).now() as sandbox:
            storm._check(name, sandbox)
            assert sandbox.running == {}
            assert sandbox.outbox.owed == []
            assert all(video.final for video in sandbox.videos.values())
            assert sum(sandbox.outbox.totals.values()) == sandbox.outbox.last_number == len(sandbox.outbox.finished)
            assert all(callback.outcome is not None for callback in sandbox.outbox.finished)
            assert not any(callback.in_flight for callback in sandbox.outbox.finished)
        if name not in storm.to_reset:
            assert storm.received(name) == storm.attempts(name)
    for path, body in storm.receiver.came:
        name = path.split("/")[1]
        assert body["video_id"].startswith(f"user:{name}-pixverse:")
        assert body["replyRef"] == name
        assert body["replyUrl"].endswith(path)


def _figures(storm: Storm, seconds: float) -> str:
    totals: Counter[Outcome] = Counter()
    for name in storm.names:
        totals.update(storm.guarded(name).sandbox.outbox.totals)
    outcomes = ", ".join(f"{count} {outcome.value}" for outcome, count in totals.items())
    return (
        f"{storm.operations.total()} operations, {storm.answers.total()} requests ({dict(storm.answers)}), "
        f"{storm.receiver.count()} calls ({outcomes}) in {seconds:.1f} s"
    )


@pytest.mark.parametrize(
    ("operations", "seed"),
    [(1_600, 1), *[pytest.param(LONG, seed, marks=pytest.mark.slow) for seed in (2, 3)]],
)
def test_storm_loses_nothing_and_mixes_nothing(operations: int, seed: int) -> None:
    """Every job ends, every callback is accounted for, each receiver hears of its own sandbox, and nothing hangs."""
    started = stopwatch()
    with storming(sandboxes=50, seed=seed) as storm:
        storm.blow(threads=16, operations=operations)
        storm.calm()
        _judge(storm)
        print(_figures(storm, stopwatch() - started))
        assert storm.receiver.count() > operations // 4


def test_advance_while_somebody_submits_the_first_job_with_a_receiver() -> None:
    """Until then the sandbox called nobody; whoever comes first, both are answered."""
    api = Api(Settings(clock="manual", changes={"jobs.shortest": "0", "jobs.longest": "0", "limits.slots": "false"}))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with Receiver() as receiver:
            storm = Storm(Mock(api), receiver, 100, seed=1)
            for name in storm.names:
                for _ in range(5):
                    body = {"video_id": f"user:{name}-pixverse:{EMAIL}-video:{_SOURCE}"}
                    assert storm.call(name, "POST", UPSCALE, body).status == 200
                other = Thread(target=storm.upscale, args=(name, "ok"))
                other.start()
                status = storm.call(name, "POST", "/__mock/clock/advance", {"seconds": 1}).status
                other.join(_PATIENCE)
                assert status == 200
    finally:
        sys.setswitchinterval(interval)
        api.close()
