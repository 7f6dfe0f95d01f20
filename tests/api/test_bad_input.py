"""Bad input: the vendor's 400, a message that names the field, the rule and the value, and nothing changed."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.mock import EMAIL, FORM_TYPE, JSON, UPSCALE, VIDEOS, Mock, form, part

ID_FORM: Final = "video_id must be an id of the form user:<userid>-pixverse:<email>-video:<number>, got"


def refused(mock: Mock, **request: Any) -> str:
    """The message that an upscale gets. Status, shape and the untouched sandbox are checked here."""
    before = mock.kept()
    answer = mock.call("POST", UPSCALE, **request)
    assert answer.status == 400
    assert list(answer.body) == ["error"]
    assert answer.headers["content-type"] == JSON
    assert mock.sandbox == before
    return str(answer.body["error"])


# The body as a whole


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"hello", 'the body must be JSON, got "hello": ', id="not JSON"),
        pytest.param(b"", "the body must be JSON, got an empty body", id="empty body"),
        pytest.param(b"[1]", "the body must be an object, got [1]", id="an array"),
        pytest.param(b"null", "the body must be an object, got null", id="null"),
        pytest.param(b'{"video_id": NaN}', 'the body must be JSON, got "{\\"video_id\\": NaN}": ', id="NaN"),
        pytest.param(
            b'{"video_id": "\xff"}', 'the body must be JSON, got "{\\"video_id\\": \\"�\\"}": ', id="bad UTF-8"
        ),
        pytest.param(
            b'{"replyRef": "\\ud800"}',
            'the body must be JSON, got "{\\"replyRef\\": \\"\\\\ud800\\"}": ',
            id="lone surrogate escape",
        ),
        pytest.param(b"[" * 100_000, f'the body must be JSON, got "{"[" * 40}": ', id="100,000 nested brackets"),
        pytest.param(
            b"[" * 100_000 + b"]" * 100_000, f'the body must be JSON, got "{"[" * 40}": ', id="100,000 closed brackets"
        ),
        pytest.param(b" " * 10_485_760, "the body must be at most 1048576 bytes long, got ", id="10 MB"),
        pytest.param(
            b'{"replyRef": "a\x01b"}',
            'the body must be JSON, got "{\\"replyRef\\": \\"a\\u0001b\\"}": ',
            id="raw control character in a string",
        ),
        pytest.param(
            b'{"replyRef": "a\nb"}',
            'the body must be JSON, got "{\\"replyRef\\": \\"a\\nb\\"}": ',
            id="raw newline in a string",
        ),
    ],
)
def test_body_that_is_no_json_object_is_refused(content: bytes, message: str, mock: Mock) -> None:
    """The message shows how the body begins."""
    assert refused(mock, content=content, headers={"Content-Type": JSON}).startswith(message)


@pytest.mark.parametrize(
    ("content_type", "got"),
    [("", "none"), ("text/plain", "'text/plain'"), ("application/x-www-form-urlencoded", None), ("json", "'json'")],
)
def test_other_content_type_is_refused(content_type: str, got: str | None, mock: Mock) -> None:
    """Missing or wrong: the message says which there are."""
    message = refused(mock, content=b"{}", headers={"Content-Type": content_type})
    expected = got or f"'{content_type}'"
    assert message == f"Content-Type must be application/json or multipart/form-data, got {expected}"


def test_form_without_boundary_is_refused(mock: Mock) -> None:
    """Nothing says where its fields begin."""
    message = refused(mock, content=b"--line--\r\n", headers={"Content-Type": "multipart/form-data"})
    assert message == "Content-Type must name a boundary, got none"


def test_file_where_text_belongs_is_refused(mock: Mock) -> None:
    """A video is named, not sent."""
    message = refused(mock, **form(part("video_id", "x", '; filename="a.mp4"')))
    assert message == 'video_id must be text, got the file "a.mp4"'


def test_broken_form_is_refused(mock: Mock) -> None:
    """A body that does not end is no form."""
    message = refused(mock, content=part("video_id", "x").encode(), headers={"Content-Type": FORM_TYPE})
    assert message.startswith('the body must be multipart/form-data, got "--line\\r\\n')


# Fields

LONG: Final = "x" * 1_025
LONG_URL: Final = "http://example.com/" + "x" * 1_006
CONTROLS: Final = ["\x00", "\x1f", "\n", "\t", "\x7f", "\x80", "\x85", "\x9f"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"replyUrl": LONG}, f'replyUrl must be at most 1024 characters long, got 1025: "{"x" * 79}…'),
        ({"replyUrl": LONG_URL}, f'replyUrl must be at most 1024 characters long, got 1025: "{LONG_URL[:79]}…'),
        ({"replyRef": LONG}, f'replyRef must be at most 1024 characters long, got 1025: "{"x" * 79}…'),
        ({"replyRef": "🎬" * 1_025}, f'replyRef must be at most 1024 characters long, got 1025: "{"🎬" * 79}…'),
        ({"replyRef": 5}, "replyRef must be a string, got 5"),
        ({"replyRef": None}, "replyRef must be a string, got null"),
        ({"replyUrl": 5}, "replyUrl must be a string, got 5"),
        ({"replyUrl": None}, "replyUrl must be a string, got null"),
        ({"maxJobs": 0}, "maxJobs must be from 1 to 8, got 0"),
        ({"maxJobs": 9}, "maxJobs must be from 1 to 8, got 9"),
        ({"maxJobs": -1}, "maxJobs must be from 1 to 8, got -1"),
        ({"maxJobs": 10**30}, "maxJobs must be from 1 to 8, got 1e+30"),
        ({"maxJobs": 3.5}, "maxJobs must be an integer, got 3.5"),
        ({"maxJobs": True}, "maxJobs must be an integer, got true"),
        ({"maxJobs": "three"}, 'maxJobs must be an integer, got "three"'),
        ({"maxJobs": "3"}, 'maxJobs must be an integer, got "3"'),
        ({"maxJobs": None}, "maxJobs must be an integer, got null"),
        ({"video_id": None}, "video_id must be a string, got null"),
        ({"video_id": 11223344}, "video_id must be a string, got 11223344"),
        ({"video_id": ""}, f'{ID_FORM} ""'),
        ({"video_id": "11223344"}, f'{ID_FORM} "11223344"'),
        ({"video_id": "user:1-pixverse:nobody-video:5"}, f'{ID_FORM} "user:1-pixverse:nobody-video:5"'),
        ({"video_id": f"user:x-pixverse:{EMAIL}-video:5"}, f'{ID_FORM} "user:x-pixverse:{EMAIL}-video:5"'),
        ({"video_id": f"user:1-pixverse:{EMAIL}-video:05"}, f'{ID_FORM} "user:1-pixverse:{EMAIL}-video:05"'),
        ({"video_id": f" user:1-pixverse:{EMAIL}-video:5"}, f'{ID_FORM} " user:1-pixverse:{EMAIL}-video:5"'),
    ],
)
def test_field_that_does_not_fit_is_refused(fields: dict[str, Any], message: str, mock: Mock) -> None:
    """The message names the field, the rule and the value."""
    assert refused(mock, body={"video_id": mock.video_id(), **fields}) == message


def test_video_id_is_required(mock: Mock) -> None:
    """It is the one field that can't be left out."""
    assert refused(mock, body={"maxJobs": 3}) == "video_id is required, got none"


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "/callback", "ftp://a/b", "javascript:x", "mailto:a@b"),
        *("http:/a", "http://", "http:///x", "http://a b/", "http://a:port/"),
    ],
)
def test_reply_url_must_be_an_http_url(url: str, mock: Mock) -> None:
    """With a scheme and a host."""
    message = refused(mock, body={"video_id": mock.video_id(), "replyUrl": url})
    assert message == f"replyUrl must be an http or https URL, got {json.dumps(url)}"


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("before", ["http://a/", "http://a", "http://a/?q=", "http://u", ""])
def test_reply_url_holds_no_control_characters(before: str, control: str, mock: Mock) -> None:
    """However they are written in the JSON, wherever they stand."""
    message = refused(mock, body={"video_id": mock.video_id(), "replyUrl": f"{before}{control}b@c/"})
    assert message.startswith('replyUrl must be an http or https URL, got "')
    assert f"\\u{ord(control):04x}" in message or repr(control)[1:-1] in message


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("place", [0, 5, 30, None])
def test_video_id_holds_no_control_characters(place: int | None, control: str, mock: Mock) -> None:
    """At the start, inside, and at the end, where a pattern may be lax."""
    video_id = mock.video_id()
    place = len(video_id) if place is None else place
    message = refused(mock, body={"video_id": video_id[:place] + control + video_id[place:]})
    assert message.startswith(ID_FORM)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("maxJobs", "three", 'maxJobs must be an integer, got "three"'),
        ("maxJobs", "9", "maxJobs must be from 1 to 8, got 9"),
        ("maxJobs", "3.0", 'maxJobs must be an integer, got "3.0"'),
        ("maxJobs", "", 'maxJobs must be an integer, got ""'),
        ("replyRef", LONG, f'replyRef must be at most 1024 characters long, got 1025: "{"x" * 79}…'),
        ("video_id", "5", f'{ID_FORM} "5"'),
    ],
)
def test_field_of_a_form_is_judged_alike(field: str, value: str, message: str, mock: Mock) -> None:
    """By the same rules as in JSON."""
    assert refused(mock, **form(part("video_id", mock.video_id()), part(field, value))) == message


# Videos


def of_another_user(mock: Mock) -> str:
    return mock.video_id().replace("user:12345", "user:54321")


def of_unknown_account(mock: Mock) -> str:
    return mock.video_id().replace(EMAIL, "nobody@example.com")


def of_unknown_number(mock: Mock) -> str:
    return mock.number(5)


def not_finished(mock: Mock) -> str:
    return mock.accepted()


def moderated(mock: Mock) -> str:
    made = mock.accepted(mock.number(7))
    mock.finish()
    mock.get(VIDEOS)
    return made


def deleted(mock: Mock) -> str:
    video_id = mock.video_id()
    assert mock.call("DELETE", f"{VIDEOS}/{video_id}").status == 200
    return video_id


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (of_another_user, "video_id must name a video of yours, got <video_id>: it belongs to another user"),
        (
            of_unknown_account,
            "video_id must name one of your accounts, got <video_id>: nobody@example.com is not configured",
        ),
        (of_unknown_number, "video_id must name an existing video, got <video_id>: not found"),
        (not_finished, "video_id must name a COMPLETED video, got <video_id>: it is QUEUED"),
        (moderated, "video_id must name a COMPLETED video, got <video_id>: it is MODERATED"),
        (deleted, "video_id must name an existing video, got <video_id>: the original video has been deleted"),
    ],
)
def test_video_that_can_not_be_upscaled_is_refused(make: Callable[[Mock], str], message: str, mock: Mock) -> None:
    """The message says what is wrong with the video named."""
    video_id = make(mock)
    assert refused(mock, body={"video_id": video_id}) == message.replace("<video_id>", video_id)


# Queries and paths


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=-1", "limit must be from 1 to 100, got -1"),
        ("limit=0", "limit must be from 1 to 100, got 0"),
        ("limit=101", "limit must be from 1 to 100, got 101"),
        ("limit=" + "9" * 40, f"limit must be from 1 to 100, got {'9' * 40}"),
        ("limit=ten", 'limit must be an integer, got "ten"'),
        ("limit=1.5", 'limit must be an integer, got "1.5"'),
        ("limit=", 'limit must be an integer, got ""'),
        ("limit=%00", 'limit must be an integer, got "\\u0000"'),
        ("offset=-1", "offset must be from 0 to 2147483647, got -1"),
        ("offset=2147483648", "offset must be from 0 to 2147483647, got 2147483648"),
        ("offset=" + "9" * 40, f"offset must be from 0 to 2147483647, got {'9' * 40}"),
        ("offset=x", 'offset must be an integer, got "x"'),
        ("limit=1&limit=0", "limit must be from 1 to 100, got 0"),
        ("email=nobody", 'email must be an email address, got "nobody"'),
        ("email=a%0Ab@c", 'email must be an email address, got "a\\nb@c"'),
        (
            "email=nobody@example.com",
            "email must name one of your accounts, got nobody@example.com: it is not configured",
        ),
    ],
)
def test_query_that_does_not_fit_is_refused(query: str, message: str, mock: Mock) -> None:
    """Calls that do not generate repeat the status as `code`."""
    before = mock.kept()
    answer = mock.call("GET", VIDEOS, query=query)
    assert (answer.status, answer.body) == (400, {"error": message, "code": 400})
    assert mock.sandbox == before


@pytest.mark.parametrize("encoded", ["%00", "%0A", "%0d%0a", "%1f", "%7F", "%c2%85", "%ff"])
@pytest.mark.parametrize(
    "path", [f"{VIDEOS}/a<>b", f"{VIDEOS}/a<>b/", "/v2/pixverse/scheduler/a<>", "/v2/pixverse/accounts/<>a@b"]
)
def test_encoded_control_characters_in_a_path_are_refused(path: str, encoded: str, mock: Mock) -> None:
    """Decoded or not, they are part of no id and of no email."""
    before = mock.kept()
    answer = mock.call("DELETE", path.replace("<>", encoded))
    assert (answer.status, answer.body["code"]) == (400, 400)
    assert encoded in answer.body["error"] or "must be an email address, got" in answer.body["error"]
    assert mock.sandbox == before


# Anything else


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["video_id", "replyUrl", "replyRef", "maxJobs", "x"]), inner, max_size=4)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_anything_without_a_good_video_id_is_refused(mock: Mock, content: bytes) -> None:
    """No body of this kind can break the mock or change the sandbox."""
    assert refused(mock, content=content, headers={"Content-Type": JSON})
