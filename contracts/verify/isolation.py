"""Tokens are worlds apart: what is done with one is not seen, and not reached, with another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from contracts.findings import Call, Got, Provenance, Rule
from contracts.provider import NotAllowed, World
from contracts.provider.http import value_of
from contracts.verify.behaviour.actions import Action, Known, do
from contracts.verify.behaviour.changes import all_changes
from contracts.verify.behaviour.snapshot import Snapshot, Unobservable, observe
from contracts.verify.behaviour.walks import adjust, save, upscale, wait
from contracts.verify.evidence import finding, in_order, words
from contracts.verify.situation import Situation

_POINTER: Final = "/components/securitySchemes/token"


def _rule(name: str, sentence: str, provenance: Provenance = Provenance.INFERRED) -> Rule:
    why = "What belongs to one customer is spent, seen or lost by another."
    return Rule(f"isolation/{name}", "isolation", sentence, provenance, _POINTER, why=why)


UNSEEN: Final = _rule("unseen", "What is done with one token changes nothing that can be read with another.")
UNREACHED: Final = _rule(
    "unreached", "The ids of one token mean nothing with another: no read, no upscale, no deletion, no cancellation."
)
OWN_ERRORS: Final = _rule(
    "same-answers", "What is done with one token changes no answer to the same calls with another."
)
RULES: Final = (UNSEEN, UNREACHED, OWN_ERRORS)

_STEPS: Final = (
    *[upscale(replyRef="one's own")] * 4,
    Action("user", fields=(("name", "somebody"), ("replyUrl", "http://127.0.0.1:9/one"))),
    *(Action("cancel", "running"), Action("delete", "finished"), save(maxJobs=7), save("new", 1), wait(600)),
    *(upscale(maxJobs=9), upscale("trigger", 8), wait(3_600), upscale(), wait(90_000)),
    *(adjust(pendingError=True), upscale(), adjust(credits=0), upscale(), save(), upscale(), adjust(credits=1_000)),
    *(*[upscale()] * 5, Action("unlink", index=1), wait(90_000), *[upscale()] * 3, Action("unlink")),
)
"""What is done with one token while the other is only read; the gentle part of it where the worlds are not ours."""


@dataclass
class _Side:
    world: World
    seen: Snapshot
    known: Known


def run(situation: Situation) -> None:
    """Judge the rules."""
    worlds = situation.two_worlds("isolation")
    if worlds is None or situation.safety.strict:
        for rule in RULES:
            situation.ledger.skips(rule, "it needs two tokens, and more than reads")
        return
    try:
        one, other = (_Side(world, observe(world), Known()) for world in worlds)
        if one.world.disposable:
            _reach(situation, one, other)
            _watch(situation, one, other)
        else:
            _reach(situation, one, other)
    except Unobservable as reason:
        for rule in RULES:
            situation.ledger.skips(rule, str(reason))


def _watch(situation: Situation, one: _Side, other: _Side) -> None:
    """Do much with one token, and read all with the other after each step."""
    for action in _STEPS:
        deed = do(one.world, action, one.seen, one.known)
        if deed is None:
            continue
        if action.name == "delete":
            one.known.deleted.append(deed.target)
        one.seen = observe(one.world)
        now = observe(other.world)
        change = next(iter(all_changes(other.seen, now)), None)
        if change is None:
            situation.ledger.passes(UNSEEN)
        else:
            part, place, was, is_ = change
            shown = in_order((*one.world.deeds, *other.world.deeds, *other.seen.told(part), *now.told(part)))
            expected = f"{part} {place}: {was!r}, as before, for the token that did nothing"
            situation.ledger.fails(finding(UNSEEN, "", expected, repr(is_), shown, _prelude(one, other)))
        other.seen = now
        _same_answer(situation, one, other)


def _same_answer(situation: Situation, one: _Side, other: _Side) -> None:
    """An upscale with the token that has a free slot, credits and no error is accepted, whatever the other one did."""
    deed = do(other.world, upscale(), other.seen, other.known)
    if deed is None:
        return
    story = in_order((*one.world.deeds, *other.world.deeds))
    if deed.status != 200:
        expected = "200, as with the first token: it has a free slot, credits, and no error"
        got = words(deed.call.got)
        situation.ledger.fails(finding(OWN_ERRORS, "upscaleVideo", expected, got, story, _prelude(one, other)))
    else:
        situation.ledger.passes(OWN_ERRORS)
        other.world.pass_time(90_000)
        balance = next(iter(other.seen.accounts), "")
        other.world.adjust(balance, credits=other.seen.balance(balance))
    other.seen = observe(other.world)


def _reach(situation: Situation, one: _Side, other: _Side) -> None:
    """Name with one token what belongs to the other."""
    if other.world.disposable:
        do(other.world, upscale(), other.seen, other.known)
        other.seen = observe(other.world)
    targets = [str(video["video_id"]) for _, video in other.seen.all_videos()][:2]
    for target in targets:
        for operation, arguments in _attempts(target):
            try:
                call = one.world.call(operation, **arguments)
            except NotAllowed:
                continue
            _refused(situation, call, one, other)
    if not targets:
        situation.ledger.skips(UNREACHED, "the other token has no video")
    now = observe(other.world)
    change = next(iter(all_changes(other.seen, now)), None) if other.world.disposable else None
    if change is not None:
        part, place, was, is_ = change
        shown = in_order((*one.world.deeds, *other.world.deeds, *other.seen.told(part), *now.told(part)))
        got = f"{part} {place}: {is_!r}"
        situation.ledger.fails(finding(UNREACHED, "", f"{part} {place}: {was!r}", got, shown, _prelude(one, other)))
    other.seen = now
    one.seen = observe(one.world)


def _attempts(target: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "getVideo", {"video_id": target}
    yield "upscaleVideo", {"json": {"video_id": target}}
    yield "cancelJob", {"id": target}
    yield "deleteVideo", {"video_id": target}


def _refused(situation: Situation, call: Call, one: _Side, other: _Side) -> None:
    own = one.seen.video(str(_target(call))) is not None
    if 400 <= call.got.status < 500 or own:
        situation.ledger.passes(UNREACHED)
        return
    story = in_order((*other.world.deeds, *other.seen.told("videos"), *one.world.deeds, call))
    expected = "a refusal, as the id belongs to another token"
    got = words(call.got)
    situation.ledger.fails(finding(UNREACHED, call.operation, expected, got, story, _prelude(one, other)))


def _target(call: Call) -> Any:
    body = value_of(Got(0, body=call.sent.body))
    return body.get("video_id") if isinstance(body, dict) else call.sent.url.rpartition("/")[2]


def _prelude(one: _Side, other: _Side) -> tuple[Any, ...]:
    return in_order((*one.world.prelude, *other.world.prelude))
