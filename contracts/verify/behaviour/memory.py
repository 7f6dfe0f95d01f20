"""What is known of a world from what was done in it, and what a rule that was broken is told by."""

from dataclasses import dataclass, field

from contracts.contract import Contract
from contracts.findings import Call, Rule
from contracts.verify.behaviour.actions import Known
from contracts.verify.behaviour.snapshot import Object, Snapshot


@dataclass(frozen=True)
class Broken:
    """A rule that was broken, and the calls that show it."""

    rule: Rule
    operation: str
    expected: str
    got: str
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Job:
    """What was sent for an accepted upscale, and when: seconds that were let pass before it."""

    source: str
    email: str
    fields: Object
    at: float


@dataclass(slots=True)
class Memory:
    """What is known. `standing` tells that the clock only moves when told; `passed` are the seconds that were let
    pass; `checked` counts how often a rule was looked at.
    """

    contract: Contract
    standing: bool
    jobs: dict[str, Job] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    known: Known = field(default_factory=Known)
    pending: set[str] = field(default_factory=set)
    passed: float = 0.0
    checked: dict[str, int] = field(default_factory=dict)

    def checks(self, *concerned: Rule) -> None:
        """Note that rules were looked at."""
        for rule in concerned:
            self.checked[rule.id] = self.checked.get(rule.id, 0) + 1

    @property
    def cost(self) -> int:
        """Credits of an accepted upscale."""
        return self.contract.operations["upscaleVideo"].cost


def running_on(email: str, snapshot: Snapshot) -> int:
    """Jobs that hold a slot of an account."""
    return sum(account_of(job["id"]) == email for job in snapshot.running)


def upstream_of(email: str, snapshot: Snapshot) -> int:
    """Jobs of an account that run upstream: followed or not."""
    return sum(video.get("video_status_final") is False for video in snapshot.videos.get(email, []))


def account_of(video_id: str) -> str:
    """The email in an id."""
    return video_id.partition("-pixverse:")[2].rpartition("-video:")[0]


def answered(call: Call) -> str:
    """An answer in words."""
    return f"{call.got.status} {call.got.body.decode('utf-8', 'replace')}" if call.got.status else call.got.error
