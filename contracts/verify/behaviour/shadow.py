"""What the contract promises, kept beside what is seen: a pure judge of one deed after the other.

It knows nothing of how long a job takes or how it ends; it judges what was read before and after each deed.
"""

from collections.abc import Iterator

from contracts.contract import Contract
from contracts.provider.http import value_of
from contracts.verify.behaviour import changes, deeds, invariants, reads, upscales
from contracts.verify.behaviour.actions import Deed
from contracts.verify.behaviour.memory import Broken, Job, Memory, account_of
from contracts.verify.behaviour.snapshot import Snapshot


class Shadow:
    """Judges what is done in one world. `standing` tells that its clock only moves when told."""

    def __init__(self, contract: Contract, *, standing: bool) -> None:
        self.memory = Memory(contract, standing)

    def begin(self, first: Snapshot) -> list[Broken]:
        """Judge the state that a world begins with."""
        self.memory.seen |= {video["video_id"] for _, video in first.all_videos()}
        self.memory.pending = {email for email, account in first.accounts.items() if account.get("error")}
        return list(invariants.judge(self.memory, first))

    def judge(self, before: Snapshot, deed: Deed, after: Snapshot) -> list[Broken]:
        """Judge one deed by what was read before and after it."""
        memory = self.memory
        broken = [*self._answer(before, deed, after)]
        if deed.action.name == "wait":
            memory.passed += deed.action.seconds
            broken += changes.waited(memory, before, after)
        elif memory.standing:
            broken += changes.nothing_else(memory, before, deed, after)
        self._remember(deed, after)
        broken += changes.steps(memory, before, deed, after)
        broken += invariants.judge(memory, after)
        return broken

    def _answer(self, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
        match deed.action.name:
            case "upscale":
                yield from upscales.judge(self.memory, before, deed, after)
            case "delete":
                yield from deeds.delete(self.memory, before, deed, after)
            case "cancel":
                yield from deeds.cancel(self.memory, before, deed, after)
            case "save":
                yield from deeds.save(self.memory, deed, after)
            case "unlink":
                yield from deeds.unlink(self.memory, before, deed, after)
            case "user":
                yield from deeds.user(self.memory, before, deed, after)
            case "get" | "sweep":
                for call in deed.calls:
                    yield from reads.judge(self.memory, before, call)

    def _remember(self, deed: Deed, after: Snapshot) -> None:
        memory = self.memory
        match deed.action.name, deed.status:
            case "upscale", 200:
                value = value_of(deed.call.got)
                made = value.get("video_id") if isinstance(value, dict) else None
                if isinstance(made, str):
                    memory.jobs[made] = Job(deed.target, account_of(deed.target), deed.fields, memory.passed)
            case "delete", 200:
                memory.known.deleted.append(deed.target)
            case "cancel", 200:
                memory.known.cancelled.append(deed.target)
            case "save", 201:
                memory.pending.discard(deed.target)
            case "unlink", 200:
                memory.pending.discard(deed.target)
                memory.jobs = {key: job for key, job in memory.jobs.items() if job.email != deed.target}
            case "adjust", _:
                if "pendingError" in deed.fields:
                    (memory.pending.add if deed.fields["pendingError"] else memory.pending.discard)(deed.target)
        memory.seen |= {video["video_id"] for _, video in after.all_videos()} | set(memory.jobs)
