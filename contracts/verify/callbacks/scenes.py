"""What is done to see callbacks: each scene in a world of its own, as far as the provider makes some."""

from typing import Any, Final

from contracts.provider import NotAllowed
from contracts.provider.receiver import Receiver
from contracts.verify.callbacks import rules
from contracts.verify.callbacks.scene import Scene
from contracts.verify.situation import Situation

_AWKWARD: Final = "?job=1&a=%20b%2Fc&d=%C3%A9;e=~$&&=x"

_REFERENCES: Final = (
    "d\u00eda \u65e5\u672c\u8a9e \U0001f3ac\U0001f1e9\U0001f1ea",
    "\U0001f600" * 1024,
    "e\u0301 \u00e9 \u202eabc\u202c \u200d\ufeff \u05e9\u05dc\u05d5\u05dd",
)
_MORE_REFERENCES: Final = (
    "  in spaces\t\r\n  ",
    '"quoted" \\ back/slash \\u00e9 {"a": 1} <b>&amp;</b> %20+',
    "",
    "0012",
    "\0 \x01\x1f\x7f\u0085\u2028\u2029\uffff\U0010ffff",
)


def plain(scene: Scene) -> None:
    """Jobs with an address each, two with one address, and one with none."""
    single = scene.door("single", tail=_AWKWARD)
    scene.submit(single, "order-17")
    if scene.world.control is not None:
        shared = scene.door("shared")
        scene.submit(shared, "first")
        scene.submit(shared)
        scene.submit()
    scene.play()


def references(scene: Scene) -> None:
    """References of many characters."""
    several = scene.world.control is not None
    for number, reference in enumerate(_REFERENCES if several else _REFERENCES[:1]):
        scene.submit(scene.door(f"reference-{number}"), reference)
    if several:
        scene.submit(scene.door("form", tail=_AWKWARD), _REFERENCES[0], form=True)
    scene.play()


def more_references(scene: Scene) -> None:
    """References that look like something else."""
    for number, reference in enumerate(_MORE_REFERENCES):
        scene.submit(scene.door(f"reference-{number}"), reference)
    scene.play()


def ends(scene: Scene) -> None:
    """Every end that the provider can be asked for by a number."""
    upscale = scene.world.contract.operations["upscaleVideo"]
    account = scene.sources[0].rpartition(":")[0]
    for trigger in upscale.triggers:
        if trigger.ends:
            door = scene.door(trigger.ends.lower())
            scene.submit(door, trigger.ends, source=f"{account}:{trigger.number}")
    scene.play()


def default_address(scene: Scene) -> None:
    """The user's default, with and without an address in the request, and after it was taken back."""
    default = scene.door("default", tail=_AWKWARD)
    own, after = scene.door("own"), scene.receiver.door("taken-back")
    scene.keep_quiet(after, rules.DEFAULT)
    if scene.world.call("updateUser", json={"replyUrl": default.url}).got.status != 200:
        return
    unnamed = scene.submit(called=default, reference="by default")
    named = scene.submit(own)
    scene.play()
    scene.world.call("updateUser", json={"replyUrl": after.url})
    scene.world.call("updateUser", json={"replyUrl": ""})
    last = scene.submit()
    scene.play()
    for job, door in ((unnamed, default), (named, own)):
        if job is not None and job.final is not None:
            told = scene.ids_at(door)
            if job.video_id not in told:
                scene.fails(rules.DEFAULT, f"callbacks of {job.video_id} to {door.url}", "none", job)
            elif last is not None:
                scene.passes(rules.DEFAULT)
            others = [each for each in told if each != job.video_id]
            if others:
                scene.fails(rules.DEFAULT, f"no callback of another job at {door.url}", f"one of {others[0]}", job)


def refusals(scene: Scene) -> None:
    """Requests that are refused, each with an address of its own."""
    source = scene.sources[0]
    account = source.rpartition(":")[0]
    bad: dict[str, dict[str, Any]] = {
        "malformed": {"video_id": "x"},
        "out-of-range": {"video_id": source, "maxJobs": 99},
        "unknown": {"video_id": f"{account}:999999999999999"},
        "foreign": {"video_id": f"user:1-{source.partition('-')[2]}"},
        "long-reference": {"video_id": source, "replyRef": "x" * 1025},
    }
    for name, body in bad.items():
        _refused(scene, name, body)
    _refused(scene, "unauthorized", {"video_id": source}, token=None)
    for trigger in scene.world.contract.operations["upscaleVideo"].triggers:
        if trigger.status and scene.world.control is not None:
            _refused(scene, trigger.example, {"video_id": f"{account}:{trigger.number}"})
    if scene.world.control is not None:
        scene.submit(scene.door("running"))
        _refused(scene, "no-slot", {"video_id": source, "maxJobs": 1})
        for name, state in (("no-credits", {"credits": 0}), ("pending-error", {"pendingError": True})):
            scene.world.control.adjust(scene.world.token, scene.emails[0], **state)
            _refused(scene, name, {"video_id": source})
    scene.play()


def _refused(scene: Scene, name: str, body: dict[str, Any], **how: Any) -> None:
    """Ask for what is refused. If it is accepted, that is another rule's business, and its callbacks are owed."""
    door = scene.receiver.door(name)
    call = scene.world.call("upscaleVideo", json={**body, "replyUrl": door.url, "replyRef": name}, **how)
    if call.got.status >= 400:
        scene.keep_quiet(door, rules.REFUSED)


def cancellations(scene: Scene) -> None:
    """A job that is cancelled at once, one in the middle, and one that is not."""
    first = scene.submit(scene.door("at-once"), "a")
    if first is not None:
        scene.cancel(first)
    if scene.world.control is not None:
        middle = scene.submit(scene.door("in-the-middle"), "b")
        scene.submit(scene.door("not-cancelled"), "c")
        for _ in range(60):
            if middle is None or scene.doors[middle.url].told:
                break
            scene.step()
        if middle is not None:
            scene.cancel(middle)
    scene.play()


def troubles(scene: Scene) -> None:
    """Receivers that fail, are slow, or are gone; and one that is well, whose job began after theirs."""
    doors = [
        scene.door("failing", answer=500),
        scene.door("gone", answer=410),
        scene.door("slow", pause=0.2),
        scene.door("well"),
    ]
    jobs = [scene.submit(door, door.name) for door in doors]
    scene.play()
    if jobs[-1] is None or jobs[-1].final is None:
        # Without trouble none ends, either.
        return
    for job, door in zip(jobs, doors, strict=True):
        if job is None:
            continue
        ended = job.final is not None
        if not ended:
            scene.fails(rules.TROUBLE, f"an end of the job with a receiver that is {door.name}", "none", job)
        elif door.name in {"slow", "well"} and not door.told:
            scene.fails(rules.TROUBLE, f"callbacks to the receiver that is {door.name}", "none", job)
        else:
            scene.passes(rules.TROUBLE)


def neighbours(situation: Situation, receiver: Receiver) -> None:
    """Two tokens at a time: the addresses of the one are none of the other's."""
    worlds = situation.two_worlds(rules.GROUP, 50)
    if worlds is None or situation.control is None:
        return
    try:
        first, second = (Scene(situation, receiver, world) for world in worlds)
        if not (first.sources and second.sources):
            return
        default = first.door("default-of-one")
        first.world.call("updateUser", json={"replyUrl": default.url})
        first.submit(first.door("one"), "one")
        second.submit(second.door("other"), "other")
        second.submit()
        first.submit(called=default)
        second.submit(second.door("other-again"), "again")
        for scene in (first, second):
            scene.play()
        for scene in (first, second):
            scene.judge()
    except NotAllowed as refused:
        situation.ledger.skips(rules.EXTRA, str(refused))
