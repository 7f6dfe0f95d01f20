"""What a request for nothing probably meant."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.mock import UPSCALE, VIDEOS
from mockserver.nearest import nearest
from mockserver.spec import Contract, Match

CONTRACT = Contract.load()
OPERATIONS = [(operation.id, operation.method, operation.path) for operation in CONTRACT.operations.values()]
ID = "user:12345-pixverse:demo@example.com-video:11223344"


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("GET", UPSCALE, f"POST {UPSCALE}: you sent GET"),
        ("POST", "/v1/pixverse/videos/upscale", f"POST {UPSCALE}: you sent /v1 in the place of /v2"),
        ("POST", "/videos/upscale", f"POST {UPSCALE}: you left out /v2/pixverse"),
        ("POST", "/pixverse/videos/upscale", f"POST {UPSCALE}: you left out /v2"),
        ("POST", "/upscale", f"POST {UPSCALE}: you left out /v2/pixverse/videos"),
        ("POST", "/v2/pixverse/videos/upscal", f"POST {UPSCALE}: you sent /upscal in the place of /upscale"),
        ("POST", "/v2/pixverse/video/upscale", f"POST {UPSCALE}: you sent /video in the place of /videos"),
        ("POST", "/v2/pixverse/upscale", f"POST {UPSCALE}: you left out /videos"),
        ("POST", f"{UPSCALE}/now", f"POST {UPSCALE}: you added /now"),
        ("POST", f"/v2{UPSCALE}", f"POST {UPSCALE}: you added /v2"),
        ("POST", "/v2//pixverse/videos/upscale", f"POST {UPSCALE}: you sent two slashes in a row"),
        ("POST", "/v2%2Fpixverse/videos/upscale", f"POST {UPSCALE}: you percent-encoded a slash"),
        ("GET", "/v2/pixverse/Videos", f"GET {VIDEOS}: you sent /Videos in the place of /videos"),
        ("GET", "/v2/pixverse/videos%0A", f"GET {VIDEOS}: you sent /videos%0A in the place of /videos"),
        ("GET", "/v2/pixverse/videos%3Flimit=2", f"GET {VIDEOS}: you sent /videos%3Flimit=2 in the place of /videos"),
        ("HEAD", "/videos", f"GET {VIDEOS}: you left out /v2/pixverse"),
        ("DELETE", VIDEOS, f"DELETE {VIDEOS}/{{video_id}}: you left out /{{video_id}}"),
        ("POST", "/v2/pixverse/accounts", "POST /v2/pixverse/accounts/{email}: you left out /{email}"),
        ("PATCH", f"{VIDEOS}/{ID}", f"GET {VIDEOS}/{{video_id}}: you sent PATCH"),
        ("PUT", "/v2/account", "GET /v2/account: you sent PUT"),
        ("GET", "/account", "GET /v2/account: you left out /v2"),
        ("GET", "/v2/pixverse/account", "GET /v2/pixverse/accounts: you sent /account in the place of /accounts"),
        ("POST", "/v2/kling/videos/upscale", f"POST {UPSCALE}: you sent /kling in the place of /pixverse"),
        (
            "GET",
            "/v1/videos/upscale",
            f"POST {UPSCALE}: you sent GET; you sent /v1 in the place of /v2; you left out /pixverse",
        ),
        (
            "\x1b[2J",
            "/v2/pixverse/vid\x1beos",
            f"GET {VIDEOS}: you sent \\x1b[2J; you sent /vid\\x1beos in the place of /videos",
        ),
    ],
)
def test_nearest_operation(method: str, path: str, sentence: str) -> None:
    """With what differs, in words without control characters."""
    near = nearest(method, path, OPERATIONS)
    assert near is not None
    assert near.sentence == f"did you mean {sentence}"
    assert (near.operation, near.method, near.path) in OPERATIONS


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "//", "/favicon.ico", "/wp-login.php", "/v2", "/v2/pixverse", "/v2/pixverse/images", "/a/b/c/d/e/f"),
        *(f"{UPSCALE}{'/a' * 20}", f"/{'videos' * 200}"),
    ],
)
def test_nothing_is_near(path: str) -> None:
    """A guess would mislead: another word is another thing."""
    assert nearest("GET", path, OPERATIONS) is None


def test_no_operations_are_near_nothing() -> None:
    """Nor are those whose path has no word."""
    assert nearest("GET", "/videos", []) is None
    assert nearest("GET", "/videos", [("get", "GET", "/{name}")]) is None


segments = st.sampled_from(
    ["v1", "v2", "pixverse", "videos", "upscale", "upsacle", "", ID, "%2F", "a%", "{", "..", "x" * 90]
)


@given(
    st.sampled_from(["GET", "POST", "DELETE", "FOO"]), st.lists(segments, max_size=8).map(lambda s: "/" + "/".join(s))
)
def test_any_path_has_an_answer(method: str, path: str) -> None:
    """An operation of the contract with some difference; or none."""
    near = nearest(method, path, OPERATIONS)
    if near is not None:
        assert near.differs
        assert near.sentence.isprintable()
        assert len(near.sentence) < 1_000


@given(st.sampled_from(OPERATIONS), st.data())
def test_a_slip_is_forgiven(operation: tuple[str, str, str], data: st.DataObject) -> None:
    """A letter left out of one word of a path: the operation is still found, unless the path means another one then."""
    _, method, path = operation
    parts = path.split("/")[1:]
    place = data.draw(
        st.sampled_from([n for n, part in enumerate(parts) if len(part) > 4 and not part.startswith("{")])
    )
    at = data.draw(st.integers(0, len(parts[place]) - 1))
    parts[place] = parts[place][:at] + parts[place][at + 1 :]
    sent = "/" + "/".join(ID if part.startswith("{") else part for part in parts)
    if not isinstance(CONTRACT.match(method, sent), Match):
        near = nearest(method, sent, OPERATIONS)
        assert near is not None
        assert near.path == path


def test_a_flood_is_no_trouble() -> None:
    """A thousand of the worst paths in well under a second; as a rule it takes a tenth of this."""
    path = "/".join(["", *["vidoes", "upscael", "acounts", "schedular"] * 2])
    started = perf_counter()
    for _ in range(1_000):
        nearest("GET", path, OPERATIONS)
    assert perf_counter() - started < 10
