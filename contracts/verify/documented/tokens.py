"""The token is asked for by every operation, before anything else is looked at."""

from typing import Any, Final

from contracts.contract import UNSET, Operation
from contracts.findings import Provenance, Rule
from contracts.provider.http import value_of
from contracts.verify.documented.scene import Impossible, Scene
from contracts.verify.evidence import finding, words
from contracts.verify.situation import Situation

REQUIRED: Final = Rule(
    "tokens/required",
    "tokens",
    "An operation without a good token is answered 401, and nothing happens.",
    Provenance.DOCUMENTED,
    "/components/securitySchemes/token",
    why="Else somebody else's credits can be spent.",
)
FIRST: Final = Rule(
    "tokens/checked-first",
    "tokens",
    "The token is checked before anything else: a bad request without a good token is answered 401.",
    Provenance.INFERRED,
    "/info/description",
)
RULES: Final = (REQUIRED, FIRST)


def run(situation: Situation) -> None:
    """Call every operation without a good token, with a good request and with bad ones."""
    scene = Scene(situation, situation.world("tokens"))
    try:
        email, video = scene.email(), scene.finished()
    except Impossible:
        email, video = "nobody@example.invalid", "user:1-pixverse:nobody@example.invalid-video:1"
    for operation in situation.contract.operations.values():
        path = _path(operation, email, video)
        for headers in _bad_tokens(scene.world.token):
            _check(scene, operation, REQUIRED, path, headers, _good_body(operation, email, video))
        for bad_path, body in _bad_requests(operation, path, video):
            _check(scene, operation, FIRST, bad_path, [], body)
            _check(scene, operation, FIRST, bad_path, [("Authorization", "Bearer test")], body)


def _check(
    scene: Scene, operation: Operation, rule: Rule, path: str, headers: list[tuple[str, str]], body: Any
) -> None:
    named: dict[str, Any] = {each.name: "" for each in operation.parameters if each.place == "path"}
    call = scene.world.call(
        operation.id,
        path=path,
        token=None,
        json=UNSET if isinstance(body, bytes) else body,
        body=body if isinstance(body, bytes) else b"",
        headers=[*headers, ("Content-Type", "application/json")] if isinstance(body, bytes) else headers,
        **named,
    )
    answer = operation.answers[401]
    example = answer.example("unauthorized")
    text = example.text() if example else None
    value = value_of(call.got)
    good = call.got.status == 401 and isinstance(value, dict) and value.get("error") == text
    if good:
        scene.situation.ledger.passes(rule)
    else:
        scene.situation.ledger.fails(finding(rule, operation.id, f"401 {text}", words(call.got), [call]))


def _path(operation: Operation, email: str, video: str) -> str:
    values = {
        each.name: email if each.name == "email" else video for each in operation.parameters if each.place == "path"
    }
    return operation.address(**values)


def _bad_tokens(token: str) -> list[list[tuple[str, str]]]:
    """Headers without a good token: none, an empty one, one of no good form, a good one in the wrong scheme."""
    return [
        [],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Bearer test")],
        [("Authorization", "Bearer user:abc-12345")],
        [("Authorization", "Basic dXNlcjoxOng=")],
        [("Authorization", f"Basic {token}")],
        [("Authorization", f"Bearer {token}!")],
    ]


def _good_body(operation: Operation, email: str, video: str) -> Any:
    if operation.id == "upscaleVideo":
        return {"video_id": video}
    if operation.id == "saveAccount":
        return {"email": email, "password": "any password", "maxJobs": 3}
    return {} if operation.bodies else UNSET


def _bad_requests(operation: Operation, path: str, video: str) -> list[tuple[str, Any]]:
    """Requests that would be refused for something else, too."""
    if operation.bodies:
        return [
            (path, b"{"),
            (path, []),
            (path, {"video_id": 5, "email": 5, "replyUrl": 5}),
            (path, {"video_id": video + "0"}),
        ]
    if "{" in operation.path:
        return [(operation.path.partition("{")[0] + "nonsense", UNSET), (path + "0", UNSET)]
    return [(f"{path}?email=nonsense&limit=x&offset=-1", UNSET)]
