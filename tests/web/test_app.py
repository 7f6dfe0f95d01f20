"""The Flask application inside others."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from mockserver import Api, Settings, create_app

HEADERS = {"Authorization": "Bearer user:12345-demo"}


@pytest.fixture
def mounted() -> Client:
    """A mock under /mock of another application."""

    def other(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("404 Not Found", [])
        return []

    return Client(DispatcherMiddleware(other, {"/mock": create_app(Settings(strict=True))}))


@pytest.mark.parametrize("path", ["/v2/account", "/v2/pixverse/accounts/demo@example.com", "/__mock/accounts"])
def test_mounted_mock_answers(mounted: Client, path: str) -> None:
    """The mount is no part of the API's paths."""
    assert mounted.get(f"/mock{path}", headers=HEADERS).status_code == 200


def test_mounted_mock_tells_raw_ids_from_encoded_ones(mounted: Client) -> None:
    """As at the root."""
    video = "user:12345-pixverse:demo@example.com-video:11223344"
    assert mounted.get(f"/mock/v2/pixverse/videos/{video}", headers=HEADERS).status_code == 200
    assert mounted.get(f"/mock/v2/pixverse/videos/{video.replace(':', '%3A')}", headers=HEADERS).status_code == 400


def test_mounted_mocks_videos_are_found_under_the_mount(mounted: Client) -> None:
    """Their url leads to a file."""
    url = mounted.get("/mock/v2/pixverse/videos", headers=HEADERS).json["data"][0]["url"]
    assert url.startswith("http://localhost/mock/media/")
    assert mounted.get(url.removeprefix("http://localhost")).status_code == 200


@pytest.mark.parametrize("path", ["/__mock", "/__mock/", "/__mock/nothing"])
def test_control_errors_are_problems(mounted: Client, path: str) -> None:
    """Wherever the control API begins."""
    answer = mounted.get(f"/mock{path}", headers=HEADERS)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_body_that_breaks_off_is_a_problem() -> None:
    """Not a page of HTML."""
    client = create_app(Settings(strict=True)).test_client()
    answer = client.post(
        "/v2/pixverse/videos/upscale",
        headers={**HEADERS, "Content-Type": "application/json"},
        data=b"{",
        environ_overrides={"CONTENT_LENGTH": "100"},
    )
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_bug_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loud in the log, and 500."""
    api = Api(Settings())
    app = create_app(api=api)

    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(api.contract, "match", broken)
    answer = app.test_client().get("/v2/account", headers=HEADERS)
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "broken on purpose" in answer.get_json()["detail"]


def test_empty_answer_has_no_type() -> None:
    """204 of a reset."""
    answer = create_app(Settings(strict=True)).test_client().post("/__mock/reset", headers=HEADERS)
    assert (answer.status_code, answer.headers.get("Content-Type")) == (204, None)


def test_public_url_may_end_in_a_slash() -> None:
    """The videos' url has one slash all the same."""
    client = create_app(Settings(public_url="http://mock.test/")).test_client()
    url = client.get("/v2/pixverse/videos", headers=HEADERS).get_json()["data"][0]["url"]
    assert url.startswith("http://mock.test/media/")


@pytest.mark.parametrize("url", ["mock", "ftp://mock", "http://", "http://mock?a=b"])
def test_public_url_must_be_a_base(url: str) -> None:
    """Told at once, with the value."""
    with pytest.raises(ValueError, match="public_url must be"):
        Settings(public_url=url)


def test_page_brings_no_token_where_only_certain_ones_get_in() -> None:
    """It asks for one."""
    page = create_app(Settings(tokens=frozenset({"user:777-abc"}))).test_client().get("/").text
    assert "user:12345-demo" not in page
    assert "user:777-abc" not in page
    assert "one of the tokens" in page


@pytest.mark.parametrize("speed", [0, -1, 10_001])
def test_speed_has_bounds(speed: float) -> None:
    """As on the command line."""
    with pytest.raises(ValueError, match="speed must be above 0"):
        Settings(speed=speed)
