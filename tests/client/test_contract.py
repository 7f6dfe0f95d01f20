"""The client and the contract say the same."""

import json
import re
from collections.abc import Callable
from typing import Any, Final, get_args, get_type_hints
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.playing import NEW, SOURCE, answer, error, flows, script
from client.reading import operations, refusals, resolved
from contracts.client import (
    AsyncClient,
    Client,
    ClientError,
    InvalidArgument,
    Status,
    Video,
    arguments,
    errors,
    results,
)
from contracts.client.exchange import Answer, Flow, Request
from contracts.client.shapes import Shape, _fields
from document import document
from mockserver.spec import Contract

KINDS: Final = {
    "account-busy": errors.AccountBusy,
    "all-accounts-busy": errors.AllAccountsBusy,
    "upstream-limit": errors.UpstreamLimit,
    "insufficient-credits": errors.InsufficientCredits,
    "pending-error": errors.PendingError,
    "video-processing": errors.VideoNotReady,
}
"""The class of each example whose status has several, or is the vendor's own."""

BY_STATUS: Final = {400: errors.BadRequest, 401: errors.Unauthorized, 404: errors.NotFound}

SHAPES: Final[dict[str, type[Shape]]] = {
    "Video": results.Video,
    "VideoList": results.VideoList,
    "VideoDeleted": results.VideoDeleted,
    "UpscaleResult": results.Accepted,
    "Account": results.Account,
    "AccountDeleted": results.AccountDeleted,
    "RunningJob": results.RunningJob,
    "Availability": results.Availability,
    "JobCancelled": results.JobCancelled,
    "Features": results.Features,
    "User": results.User,
}

GOOD: Final[dict[str, Callable[[Any], Flow[Any]]]] = {
    "upscaleVideo": lambda flows: flows.upscale_video(SOURCE),
    "listVideos": lambda flows: flows.list_videos(email="demo@example.com", limit=5, offset=0),
    "getVideo": lambda flows: flows.get_video(NEW),
    "deleteVideo": lambda flows: flows.delete_video(NEW),
    "listAccounts": lambda flows: flows.list_accounts(),
    "getAccount": lambda flows: flows.get_account("demo@example.com"),
    "saveAccount": lambda flows: flows.save_account("demo@example.com", password="secret", max_jobs=3, token="t"),
    "deleteAccount": lambda flows: flows.delete_account("demo@example.com"),
    "listRunning": lambda flows: flows.list_running(),
    "listAvailable": lambda flows: flows.list_available(),
    "cancelJob": lambda flows: flows.cancel_job(NEW),
    "getFeatures": lambda flows: flows.get_features(email="demo@example.com"),
    "getUser": lambda flows: flows.get_user(),
    "updateUser": lambda flows: flows.update_user(name="demo", reply_url=""),
}


def snake(name: str) -> str:
    """The name of a method for an operationId."""
    return re.sub("([A-Z])", lambda found: f"_{found[0].lower()}", name)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_methods_are_the_operations(kind: type) -> None:
    """And what is built of them."""
    ours = {name for name in vars(kind) if not name.startswith("_")}
    assert ours - {"wait", "watch", "upscale_and_wait", "close", "aclose"} == {snake(each) for each in operations()}


def test_every_operation_is_tried() -> None:
    """By the tests below."""
    assert set(GOOD) == set(operations())


@pytest.mark.parametrize("operation", sorted(GOOD))
def test_example_of_a_success_is_read(operation: str) -> None:
    """Whatever status the contract gives it."""
    for status, node in operations()[operation]["responses"].items():
        if int(status) < 300:
            for example in resolved(node)["content"]["application/json"]["examples"].values():
                played = script(
                    GOOD[operation](flows()), **{operation: answer(int(status), resolved(example)["value"])}
                )
                assert played.error is None
                assert played.result is not None


@pytest.mark.parametrize(("operation", "status", "name", "text"), refusals())
def test_every_documented_refusal_has_its_class(operation: str, status: int, name: str, text: str) -> None:
    """By the status, and by the text where that is not enough."""
    outcome = error(status, text)
    played = script(GOOD[operation](flows()), **dict.fromkeys(operations(), outcome))
    assert played.error is not None
    expected = KINDS.get(name, BY_STATUS.get(status))
    assert expected is not None
    assert isinstance(played.error, expected)
    assert (played.error.status, played.error.message, played.error.operation) == (status, text, operation)
    assert played.error.advice


def test_advice_for_a_pending_error_is_the_vendors() -> None:
    """Update the account."""
    assert "POST /v2/pixverse/accounts/{email}" in errors.PendingError("x").advice


@pytest.mark.parametrize("name", SHAPES)
def test_every_documented_field_has_a_name(name: str) -> None:
    """Those within it, too."""

    def check(shape: type[Shape], schema: Any) -> None:
        known = {prop: name for name, names, _, _ in _fields(shape) for prop in names}
        for prop, node in resolved(schema).get("properties", {}).items():
            assert prop in known, f"{shape.__name__} has no {prop}"
            inner = resolved(resolved(node).get("items", node))
            held = _shapes(get_type_hints(shape)[known[prop]])
            if "properties" in inner:
                assert held, f"{shape.__name__}.{prop} is no shape"
                check(held[0], inner)

    check(SHAPES[name], document()["components"]["schemas"][name])


def _shapes(hint: Any) -> list[type[Shape]]:
    if isinstance(hint, type) and issubclass(hint, Shape):
        return [hint]
    return [found for each in get_args(hint) for found in _shapes(each)]


def test_statuses_are_those_of_the_life_cycle() -> None:
    """Numbers, names, and which are final; ranks rise with each step."""
    statuses = document()["x-lifecycle"]["statuses"]
    assert {str(each.value): each.name for each in Status if each is not Status.UNKNOWN} == {
        number: node["name"] for number, node in statuses.items()
    }
    for number, node in statuses.items():
        status = Status.of(int(number))
        assert status.final is node["final"]
        assert all(Status.of(following).rank > status.rank for following in node["next"])


@pytest.mark.parametrize(
    ("number", "name", "status"),
    [
        (10, "PROCESSING", Status.GENERATING),
        (None, "COMPLETED", Status.COMPLETED),
        (77, "FAILED", Status.FAILED),
        (77, "NEW", Status.UNKNOWN),
        (None, None, Status.UNKNOWN),
        (0, "UNKNOWN", Status.UNKNOWN),
    ],
)
def test_unknown_status_is_tolerated(number: int | None, name: str | None, status: Status) -> None:
    """The number decides, then the name; what neither has is no end."""
    assert Status.of(number, name) is status
    assert Status.UNKNOWN.final is False


# Requests


@pytest.fixture(scope="module")
def reader() -> Contract:
    """The mock's reading of the contract."""
    return Contract.load()


def fits(reader: Contract, request: Request) -> bool:
    """Whether a request keeps the contract."""
    match = reader.match(request.method, request.path)
    assert isinstance(match, tuple), f"{request.method} {request.path}: {match}"
    operation, path = match
    assert operation.id == request.operation
    body = b"" if request.json is None else json.dumps(request.json).encode()
    kind = None if request.json is None else b"application/json"
    return not isinstance(operation.read(path, urlencode(request.query), kind, body), list)


def made(flow: Callable[[], Flow[Any]]) -> list[Request]:
    """The requests that a flow makes, none if its arguments are refused."""
    ok = dict.fromkeys(operations(), answer(200, {}))
    try:
        return [request for _, request in script(flow(), **ok).calls]
    except InvalidArgument:
        return []


@pytest.mark.parametrize("operation", sorted(GOOD))
def test_requests_of_good_arguments_keep_the_contract(reader: Contract, operation: str) -> None:
    """All of them are made."""
    requests = made(lambda: GOOD[operation](flows()))
    assert requests[0].operation == operation
    assert all(fits(reader, request) for request in requests)


_EMAILS = st.one_of(st.text(), st.from_regex(document()["components"]["schemas"]["Email"]["pattern"]))
_IDS = st.one_of(st.text(), st.from_regex(document()["components"]["schemas"]["VideoId"]["pattern"]))
_URLS = st.one_of(st.text(), st.from_regex(document()["components"]["schemas"]["ReplyUrl"]["pattern"]))
_NUMBERS = st.one_of(st.none(), st.integers())


@settings(max_examples=60)
@given(st.data())
def test_requests_of_any_arguments_keep_the_contract(reader: Contract, data: st.DataObject) -> None:
    """What the contract does not permit is refused before it is sent."""
    email, video_id, url = data.draw(_EMAILS), data.draw(_IDS), data.draw(_URLS)
    text, number, other = data.draw(st.text(max_size=1_100)), data.draw(_NUMBERS), data.draw(_NUMBERS)
    ours = flows()
    calls: list[Callable[[], Flow[Any]]] = [
        lambda: ours.upscale_video(video_id, reply_url=url, reply_ref=text, max_jobs=number),
        lambda: ours.upscale_video(SOURCE, reply_url=url),
        lambda: ours.list_videos(email=email, limit=number, offset=other),
        lambda: ours.get_video(video_id),
        lambda: ours.cancel_job(video_id),
        lambda: ours.save_account(email, password=text, max_jobs=number or 0, token=text),
        lambda: ours.get_account(email),
        lambda: ours.get_features(email=email),
        lambda: ours.update_user(name=text, reply_url=url),
        lambda: ours.wait(video_id),
    ]
    for call in calls:
        assert all(fits(reader, request) for request in made(call))


@given(st.from_regex(document()["components"]["schemas"]["ReplyUrl"]["pattern"], fullmatch=True))
def test_address_that_the_contract_permits_is_accepted(url: str) -> None:
    """The check is not narrower than the contract."""
    if len(url) <= 1_024:
        assert arguments.reply_url(url) == url


@settings(max_examples=30)
@given(st.from_regex(document()["components"]["schemas"]["VideoId"]["pattern"], fullmatch=True))
def test_id_that_the_contract_permits_is_accepted(id: str) -> None:
    """Nor is this."""
    assert arguments.video_id(id) == id


# Answers


_JSON: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


def _changed(value: Any) -> st.SearchStrategy[Any]:
    """An answer like this one, with anything in the place of any part."""
    if isinstance(value, dict):
        parts = st.fixed_dictionaries({}, optional={name: _changed(each) for name, each in value.items()})
        return st.one_of(parts, st.just(value), _JSON)
    if isinstance(value, list) and value:
        return st.one_of(st.lists(_changed(value[0]), max_size=3), _JSON)
    return st.one_of(st.just(value), _JSON)


_EXAMPLES: Final = [
    resolved(example)["value"]
    for node in operations().values()
    for status, response in node["responses"].items()
    for example in resolved(response)["content"]["application/json"]["examples"].values()
]


@given(
    st.sampled_from(sorted(GOOD)),
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from([200, 201, 404, 429, 596]), st.integers(100, 999)),
            st.one_of(st.sampled_from(_EXAMPLES).flatmap(_changed), st.binary()),
            st.dictionaries(st.sampled_from(["retry-after", "date", "x"]), st.text()),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_no_answer_raises_anything_but_an_error_of_the_client(
    operation: str, answers: list[tuple[int, Any, dict[str, str]]]
) -> None:
    """However far from the contract."""
    outcomes = [Answer(status, headers, answer(0, value).content) for status, value, headers in answers]
    for flow in (GOOD[operation](flows()), flows().upscale_and_wait(SOURCE, reply_ref="x")):
        played = script(flow, **{each: list(outcomes) for each in operations()})
        assert (played.error is None) or isinstance(played.error, ClientError)


@pytest.mark.parametrize(
    "content",
    [b"", b"[" * 100_000, b"\xff", b"null", b"[]", b"1e999", b"9" * 5_000, b'{"video_id":' + b"9" * 400 + b"}"],
)
def test_answer_that_can_not_be_read_says_so(content: bytes) -> None:
    """With the operation, the status, and what is wrong."""
    played = script(flows().get_video(NEW), getVideo=answer(200, content))
    assert isinstance(played.error, errors.UnreadableAnswer)
    assert str(played.error).startswith("getVideo: 200 the answer can't be read: ")


def test_redirect_is_no_answer_of_the_contract() -> None:
    """It is not followed, nor tried again."""
    played = script(flows().get_user(), getUser=answer(302, b"", location="http://elsewhere.example"))
    assert type(played.error) is errors.UnexpectedAnswer
    assert played.count("getUser") == 1


def test_field_of_another_type_is_as_if_it_were_not_there() -> None:
    """It stays in `raw`, with all that is not documented."""
    value = {"video_id": NEW, "output_width": "wide", "duration": 5, "brand_new": [1], "queue_data": {"queue_time": 2}}
    played = script(flows().get_video(NEW), getVideo=answer(200, value))
    video: Video = played.result
    assert (video.output_width, video.duration) == (None, 5.0)
    assert video.queue_data is not None
    assert video.queue_data.queue_time == 2
    assert video.raw == value


@pytest.mark.parametrize(
    ("sent", "width", "seconds"),
    [(5, 5, 5.0), (5.0, 5, 5.0), (5.5, None, 5.5), (True, None, None), ("5", None, None), (10**400, 10**400, None)],
)
def test_numbers_are_read_as_json_has_them(sent: Any, width: int | None, seconds: float | None) -> None:
    """Of one kind; what is none stays unset."""
    played = script(
        flows().get_video(NEW), getVideo=answer(200, {"video_id": NEW, "output_width": sent, "duration": sent})
    )
    assert (played.result.output_width, played.result.duration) == (width, seconds)


def test_job_of_the_earlier_form_is_read() -> None:
    """The page of 2024 had `video_id` in the place of `id`."""
    played = script(flows().list_running(), listRunning=answer(200, [{"video_id": NEW, "elapsed": "00:12"}]))
    assert [job.id for job in played.result] == [NEW]


def test_secrets_are_not_in_the_words_for_an_account() -> None:
    """The vendor masks them; nobody relies on that."""
    value = {
        "email": "demo@example.com",
        "password": "open-sesame",
        "jwt": {"token": "very-secret", "Username": "demo"},
    }
    played = script(flows().get_account("demo@example.com"), getAccount=answer(200, value))
    assert played.result.password == "open-sesame"
    assert "sesame" not in repr(played.result)
    assert "very-secret" not in repr(played.result)
