"""Sends what is wrong or odd, and looks whether it is refused, and whether a refusal has changed anything."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.contract import Operation
from contracts.findings import Call, Finding, Rule
from contracts.provider import NotAllowed, World
from contracts.verify.evidence import finding, in_order, note, words
from contracts.verify.schema import rules
from contracts.verify.schema.answers import Examiner
from contracts.verify.schema.inventory import Inventory, Request, difference, snapshot
from contracts.verify.schema.odd import Odd, odd_requests
from contracts.verify.situation import Situation

_MALFORMED: Final = frozenset({400, 404, 405, 413, 415, 422})
"""Statuses that say that a request was wrong, and not that the time for it is."""

_BAD_CREDENTIALS: Final = (
    None,
    "Bearer",
    "Bearer not-a-token",
    "Basic dXNlcjpwYXNzd29yZA==",
    "Bearer user:12345-demo\u00e9",
    "Bearer user:-x",
    "user:12345-demo",
)
_PHASE: Final = "schema"
_GOES_ON: Final = "what goes on by itself can't be told from it: only judged where the clock can be stopped"
_LONG: Final = 900.0
"""Seconds in which a job ends."""

Prepare = Callable[[World, Inventory], dict[str, Any] | None]
"""Brings a world into a state, and gives the body of an upscale that it refuses; None where it can't."""


@dataclass
class Prober:
    """Does all of it in worlds of its own, as far as the provider makes some."""

    situation: Situation
    examiner: Examiner

    def oddities(self) -> None:
        """Every oddity of a good request of every operation."""
        for number, operation in enumerate(self.situation.contract.operations.values()):
            try:
                self._oddities(operation, 100 + 2 * number)
            except NotAllowed as reason:
                self._skip(str(reason), rules.BAD_REFUSED, rules.GOOD_ACCEPTED, rules.REFUSAL)

    def _oddities(self, operation: Operation, number: int) -> None:
        """First what may be accepted; then, between two looks at the world, all that has to be refused or was."""
        world = self.situation.world(_PHASE, number)
        odds = _odds(world, operation)
        refused = {odd.what for odd in odds if odd.refused}
        for odd in odds:
            if odd.refused:
                continue
            status = self._send(world, odd).got.status
            if status in _MALFORMED:
                refused.add(odd.what)
            elif status < 300 and operation.cost and world.disposable:
                # The slot is needed for what comes next.
                world.pass_time(_LONG)
        world = self.situation.world(_PHASE, number + 1)
        again = [odd for odd in _odds(world, operation) if odd.what in refused]
        if not again:
            return
        before = snapshot(world)
        calls = [self._send(world, odd) for odd in again]
        if all(call.got.status >= 400 for call in calls):
            self._compare(world, before, again)

    def _send(self, world: World, odd: Odd) -> Call:
        headers = [("Content-Type", odd.content_type)] if odd.content_type else []
        call = world.call(odd.operation.id, path=odd.path, body=odd.body, headers=headers)
        self.examiner(call)
        self._judge(odd, call)
        return call

    def _judge(self, odd: Odd, call: Call) -> None:
        ledger, status = self.situation.ledger, call.got.status
        documented = odd.operation.answers
        rule: Rule = rules.SERVER_ERROR
        expected = "an answer that is no server error"
        bad = bool(call.got.error) or (status >= 500 and status not in documented)
        if not bad and odd.refused:
            rule, expected, bad = rules.BAD_REFUSED, f"a refusal of {odd.what}", status < 400
        elif not bad and odd.accepted:
            rule, expected, bad = rules.GOOD_ACCEPTED, f"no complaint of {odd.what}", status in _MALFORMED
        if not bad and odd.refused and status in (412, 429):
            # Credits and slots were looked at first: whether the rest would have been refused is not known.
            return
        if bad:
            got = f"{words(call.got)}, to {odd.what}"
            note(ledger, rule, odd.operation.id, expected, got, (call,))
        else:
            ledger.passes(rule)

    def _compare(self, world: World, before: dict[str, Any], refused: Sequence[Odd]) -> None:
        """Whether refused requests have changed what can be read; if so, which of them."""
        if not world.disposable:
            self._skip(_GOES_ON, rules.REFUSAL)
            return
        changed = difference(before, snapshot(world))
        ledger = self.situation.ledger
        if not changed:
            ledger.passes(rules.REFUSAL, len(refused))
            return
        operation = refused[0].operation
        for odd in refused:
            alone = self.situation.world(_PHASE, 99)
            if (found := self._alone(alone, odd)) is not None:
                ledger.fails(found)
                return
        story = tuple(event for event in world.story if isinstance(event, Call) and event.operation == operation.id)
        note(ledger, rules.REFUSAL, operation.id, "nothing changed", changed, story)

    def _alone(self, world: World, odd: Odd) -> Finding | None:
        """What a request changes that is refused in a world of its own, None for nothing."""
        again = next((each for each in _odds(world, odd.operation) if each.what == odd.what), None)
        if again is None:
            return None
        before = snapshot(world)
        call = self._send(world, again)
        if call.got.status < 400 or not (changed := difference(before, snapshot(world))):
            return None
        got = f"{changed}, after {odd.what} was answered {call.got.status}"
        return finding(rules.REFUSAL, odd.operation.id, "nothing changed", got, world.story)

    def refusals(self) -> None:
        """The refusals that come of the state: each leaves all as it was."""
        if self.situation.control is None:
            self._skip(_GOES_ON, rules.REFUSAL)
            return
        for number, (name, prepare) in enumerate(_STATES.items()):
            world = self.situation.world(_PHASE, 200 + number)
            try:
                self._refusal(world, name, prepare)
            except NotAllowed as reason:
                self._skip(str(reason), rules.REFUSAL)

    def _refusal(self, world: World, name: str, prepare: Prepare) -> None:
        inventory = Inventory(world)
        body = prepare(world, inventory)
        if body is None:
            return
        start = len(world.story)
        before = snapshot(world)
        call = world.call("upscaleVideo", json=body)
        self.examiner(call, world.story[:start])
        if call.got.status < 400:
            return
        changed = difference(before, snapshot(world))
        if changed:
            got = f"{changed}, after an upscale with {name} was answered {call.got.status}"
            found = finding(rules.REFUSAL, "upscaleVideo", "nothing changed", got, world.story)
            self.situation.ledger.fails(found)
        else:
            self.situation.ledger.passes(rules.REFUSAL)

    def tokens(self) -> None:
        """Bad credentials with good requests, and with requests that are wrong in other ways, too."""
        world = self.situation.world(_PHASE, 1)
        inventory = Inventory(world)
        for operation in world.contract.operations.values():
            good = inventory.request(operation)
            try:
                for path, body, kind in [] if good is None else [*_plain(good), *_wrong(good)]:
                    for credentials in _BAD_CREDENTIALS:
                        self._unauthorized(world, operation.id, path, body, kind, credentials)
            except NotAllowed as reason:
                self._skip(str(reason), rules.AUTH_FIRST)

    def _unauthorized(
        self, world: World, operation_id: str, path: str, body: bytes, kind: str, credentials: str | None
    ) -> None:
        headers = [("Content-Type", kind)] if kind else []
        if credentials is not None:
            headers.append(("Authorization", credentials))
        call = world.call(operation_id, path=path, body=body, headers=headers, token=None)
        self.examiner(call)
        ledger = self.situation.ledger
        if call.got.status == 401:
            ledger.passes(rules.AUTH_FIRST)
        else:
            note(ledger, rules.AUTH_FIRST, operation_id, "401", words(call.got), (call,))

    def ids(self) -> None:
        """Jobs one after the other, with cancellations, deletions and ends between them: every id is new."""
        world = self.situation.world(_PHASE, 2)
        try:
            self._ids(world)
        except NotAllowed as reason:
            self._skip(str(reason), rules.IDS_NEW)

    def _ids(self, world: World) -> None:
        inventory = Inventory(world)
        if not inventory.finished:
            self._skip("there is no finished video to upscale", rules.IDS_NEW)
            return
        known = dict.fromkeys(inventory.finished, "a video that was there before")
        for turn in range(12 if world.disposable else 3):
            call = world.call("upscaleVideo", json={"video_id": inventory.finished[0]})
            self.examiner(call, world.story[:-1])
            video_id = _made(call)
            if video_id is None:
                continue
            if video_id in known:
                got = f"{video_id}, the id of {known[video_id]}"
                note(self.situation.ledger, rules.IDS_NEW, "upscaleVideo", "a new id", got, world.story)
                return
            self.situation.ledger.passes(rules.IDS_NEW)
            account = inventory.finished[0].rpartition(":")[0]
            if video_id.rpartition(":")[0] != account:
                note(self.situation.ledger, rules.IDS, call.operation, f"{account}:<number>", video_id, world.story)
            known[video_id] = f"job {turn + 1}"
            if turn % 3 != 0:
                world.call("cancelJob", id=video_id)
            if world.disposable:
                world.pass_time(_LONG if turn % 3 == 0 else 60)
                if turn % 2:
                    world.pass_time(_LONG)
                    world.call("deleteVideo", video_id=video_id)

    def gone(self) -> None:
        """What was deleted is not found any more."""
        world = self.situation.world(_PHASE, 4)
        inventory = Inventory(world)
        named: list[tuple[str, str, dict[str, Any]]] = []
        named += [("deleteVideo", "getVideo", {"video_id": each}) for each in inventory.finished[:1]]
        named += [("deleteAccount", "getAccount", {"email": each}) for each in inventory.emails[:1]]
        for delete, get, name in named:
            start = len(world.story)
            try:
                deleted = world.call(delete, **name)
            except NotAllowed as reason:
                self._skip(str(reason), rules.AFTER_DELETE)
                return
            found = world.call(get, **name)
            if deleted.got.status >= 300:
                continue
            if found.got.status == 200:
                wrong = finding(rules.AFTER_DELETE, get, "that it is gone", words(found.got), world.story[start:])
                self.situation.ledger.fails(wrong)
            else:
                self.situation.ledger.passes(rules.AFTER_DELETE)

    def secrets(self) -> None:
        """An account with a password and a token that stand nowhere else: no answer shows them."""
        world = self.situation.world(_PHASE, 3)
        secrets = {"password": "correct-horse-8f2b1c", "token": "eyJhbGciOiJub25lIn0.c2VjcmV0LTc5MTE"}
        email = "secrets@example.com"
        body = {"email": email, "maxJobs": 1, "password": secrets["password"]}
        try:
            world.call("saveAccount", email=email, json=body)
            world.call("saveAccount", email=email, json={**body, **secrets})
            world.call("saveAccount", email=email, json={**body, **secrets, "maxJobs": 99})
            world.call("saveAccount", email=email, json={**body, **secrets, "email": "other@example.com"})
        except NotAllowed as reason:
            self._skip(str(reason), rules.SECRETS)
            return
        for name in ("listAccounts", "getUser", "listRunning", "listAvailable"):
            world.call(name)
        for name in ("getAccount", "getFeatures", "listVideos", "deleteAccount"):
            world.call(name, email=email)
        for call in (event for event in world.story if isinstance(event, Call)):
            self.examiner(call)
            text = call.got.body.decode("utf-8", "replace") + " ".join(each for _, each in call.got.headers)
            shown = [name for name, secret in secrets.items() if secret in text]
            if shown:
                got = f"the account's {' and '.join(shown)}: {words(call.got)}"
                story = in_order([*world.story[:2], call]) if call not in world.story[:2] else (call,)
                note(self.situation.ledger, rules.SECRETS, call.operation, "secrets masked", got, story)
            else:
                self.situation.ledger.passes(rules.SECRETS)

    def _skip(self, reason: str, *skipped: Rule) -> None:
        for rule in skipped:
            self.situation.ledger.skips(rule, reason)


def _odds(world: World, operation: Operation) -> list[Odd]:
    """The oddities of a good request in this world; none where it has not what that must name."""
    good = Inventory(world).request(operation)
    return [] if good is None else list(odd_requests(world.contract, good))


def _plain(good: Request) -> list[tuple[str, bytes, str]]:
    body = b"" if good.body is None else json.dumps(good.body).encode()
    return [(good.operation.address(**good.parameters), body, "application/json" if body else "")]


def _wrong(good: Request) -> list[tuple[str, bytes, str]]:
    """The same request with what would be refused for another reason."""
    operation = good.operation
    path = operation.address(**good.parameters)
    found = []
    if operation.bodies:
        found += [(path, b'{"maxJobs": "x"', "application/json"), (path, b"x", "text/plain"), (path, b"", "")]
    for parameter in operation.parameters:
        wrong = {**good.parameters, parameter.name: "not-one"}
        found.append((operation.address(**wrong), b"", ""))
    return found


def _made(call: Call) -> str | None:
    try:
        value = json.loads(call.got.body)
    except (ValueError, RecursionError):
        return None
    made = value.get("video_id") if call.got.status == 200 and isinstance(value, dict) else None
    return made if isinstance(made, str) else None


def _no_credits(world: World, inventory: Inventory) -> dict[str, Any] | None:
    if world.control is None or not inventory.finished:
        return None
    world.control.adjust(world.token, inventory.emails[0], credits=0)
    return {"video_id": inventory.finished[0], "replyRef": "none"}


def _pending_error(world: World, inventory: Inventory) -> dict[str, Any] | None:
    if world.control is None or not inventory.finished:
        return None
    world.control.adjust(world.token, inventory.emails[0], pendingError=True)
    return {"video_id": inventory.finished[0]}


def _full(world: World, inventory: Inventory) -> dict[str, Any] | None:
    if not inventory.finished:
        return None
    body = {"video_id": inventory.finished[0], "maxJobs": 1}
    world.call("upscaleVideo", json=body)
    return body


def _unknown(_: World, inventory: Inventory) -> dict[str, Any] | None:
    if not inventory.finished:
        return None
    return {"video_id": f"{inventory.finished[0].rpartition(':')[0]}:999999999999999"}


def _foreign(_: World, inventory: Inventory) -> dict[str, Any] | None:
    if not inventory.finished:
        return None
    return {"video_id": f"user:1-{inventory.finished[0].partition('-')[2]}"}


def _unfinished(world: World, inventory: Inventory) -> dict[str, Any] | None:
    if not inventory.finished:
        return None
    made = _made(world.call("upscaleVideo", json={"video_id": inventory.finished[0]}))
    return None if made is None else {"video_id": made}


_STATES: Final[dict[str, Prepare]] = {
    "no credits": _no_credits,
    "a pending error": _pending_error,
    "no slot free": _full,
    "an unknown video": _unknown,
    "a video of another user": _foreign,
    "a video that is not finished": _unfinished,
}
