"""What a world has that requests can name, and good requests made of it by the contract's examples."""

from dataclasses import dataclass, field
from typing import Any

from contracts.contract import Contract, Operation
from contracts.contract.schema import Schema
from contracts.provider import World
from contracts.provider.http import value_of


@dataclass(frozen=True)
class Request:
    """A request that keeps the contract: the parameters in path and query, and the body (None for no body)."""

    operation: Operation
    parameters: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None


class Inventory:
    """The accounts and finished videos of a world, as it tells them."""

    def __init__(self, world: World) -> None:
        self.world = world
        accounts = value_of(world.call("listAccounts").got)
        self.emails: list[str] = [str(email) for email in accounts] if isinstance(accounts, dict) else []
        self.finished: list[str] = []
        for email in self.emails:
            listed = value_of(world.call("listVideos", email=email).got)
            videos = listed.get("data") if isinstance(listed, dict) else None
            self.finished += [
                str(video.get("video_id"))
                for video in (videos if isinstance(videos, list) else ())
                if isinstance(video, dict) and video.get("video_status_name") == "COMPLETED"
            ]

    def request(self, operation: Operation) -> Request | None:
        """A good request of an operation, None where the world has not what it must name."""
        contract = self.world.contract
        parameters: dict[str, Any] = {}
        for parameter in operation.parameters:
            value = self._existing(parameter.schema, contract)
            if parameter.place == "path" and value is None:
                return None
            if parameter.place == "path" or value is not None:
                parameters[parameter.name] = value
        body = self._body(operation, contract)
        if body is not None and "email" in body and "email" in parameters:
            body["email"] = parameters["email"]
        if body is None and operation.bodies:
            return None
        return Request(operation, parameters, body)

    def _body(self, operation: Operation, contract: Contract) -> dict[str, Any] | None:
        media = operation.bodies.get("application/json")
        if media is None:
            return None
        example = next((each.value for each in media.examples.values() if isinstance(each.value, dict)), {})
        body = dict(example)
        for name, value in example.items():
            if isinstance(value, str) and contract.schemas["VideoId"].is_valid(value):
                if not self.finished:
                    return None
                body[name] = self.finished[0]
            elif type(value) is int and media.schema.is_valid({**body, name: value + 1}):
                # Examples are like what is there, and what is carried out has to show.
                body[name] = value + 1
        return body

    def _existing(self, schema: Schema, contract: Contract) -> str | None:
        """What exists of the kind that a schema asks for: an id, or an account."""
        reference = schema.pointer.rsplit("/", 1)[-1]
        if reference == "VideoId" or schema.node == contract.schemas["VideoId"].node:
            return self.finished[0] if self.finished else None
        if reference == "Email" or schema.node == contract.schemas["Email"].node:
            return self.emails[0] if self.emails else None
        return None


def snapshot(world: World) -> dict[str, Any]:
    """All that can be read of a world: the values of its reads, but for what changes with time alone."""
    accounts = value_of(world.call("listAccounts").got)
    seen: dict[str, Any] = {"listAccounts": accounts}
    for name in ("listRunning", "listAvailable", "getUser"):
        seen[name] = _without_time(value_of(world.call(name).got))
    for email in accounts if isinstance(accounts, dict) else ():
        seen[f"listVideos {email}"] = _without_time(value_of(world.call("listVideos", email=email, limit=100).got))
        seen[f"getFeatures {email}"] = value_of(world.call("getFeatures", email=email).got)
    return seen


def difference(before: Any, after: Any, place: str = "") -> str:
    """Where two values differ first, in words; empty if they don't."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            if key not in after:
                return f"{place}/{key} is gone"
            if key not in before:
                return f"{place}/{key} is new"
            if found := difference(before[key], after[key], f"{place}/{key}"):
                return found
        return ""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return next(
            (
                found
                for i, pair in enumerate(zip(before, after, strict=True))
                if (found := difference(*pair, f"{place}/{i}"))
            ),
            "",
        )
    if isinstance(before, list) and isinstance(after, list):
        return f"{place} has {len(after)} items, had {len(before)}"
    return "" if before == after and type(before) is type(after) else f"{place} is {after!r}, was {before!r}"


def _without_time(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_time(each) for key, each in value.items() if key != "elapsed"}
    return [_without_time(each) for each in value] if isinstance(value, list) else value
