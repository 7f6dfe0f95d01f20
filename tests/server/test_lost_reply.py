"""A job that was accepted, and an answer that was lost: what a client makes of it, as the mock's user reads it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from mockserver import Api, Settings
from mockserver.server import running

HEADERS = {"Authorization": "Bearer user:12345-demo"}
VIDEO = "user:12345-pixverse:demo@example.com-video:11223344"


@pytest.fixture
def url() -> Iterator[str]:
    """A mock in which the first upscale loses its answer: the ready-made scenario."""
    api = Api(Settings(strict=True, clock="manual", scenario="lost-reply"))
    with running(api) as url:
        yield url


def told(url: str, path: str) -> list[dict[str, Any]]:
    """What the control API says."""
    data: list[dict[str, Any]] = requests.get(f"{url}/__mock/{path}", headers=HEADERS, timeout=10).json()["data"]
    return data


def submit(url: str, session: requests.Session, reference: str) -> requests.Response:
    body = {"video_id": VIDEO, "replyRef": reference}
    return session.post(f"{url}/v2/pixverse/videos/upscale", json=body, headers=HEADERS, timeout=10)


def test_client_that_submits_again_pays_twice(url: str) -> None:
    """The journal shows two accepted jobs for one order, which of them the client never heard of, and the credits."""
    with requests.Session() as session:
        with pytest.raises(requests.ConnectionError):
            submit(url, session, "order-1")
        heard = submit(url, session, "order-1").json()["video_id"]
    first, second = told(url, "requests")
    assert [each["body"]["replyRef"] for each in (first, second)] == ["order-1", "order-1"]
    assert first["accepted"] != heard
    assert second["accepted"] == heard
    assert first["faults"] == [{"name": "lost-reply", "rule": 0, "provenance": "inferred"}]
    assert (first["answer"]["wire"], second["answer"]["wire"]) == ("reset", None)
    assert first["why"].endswith("9980 credits left; fault lost-reply (rule /faults/0, 1 of 1)")
    assert (second["why"], second["faults"]) == ("accepted: 2 running on demo@example.com, 9960 credits left", [])
    (account,) = told(url, "accounts")
    assert (account["credits"], account["reserved"], account["running"]) == (9_960, 40, 2)
    assert [job["video_id"] for job in told(url, "jobs")] == [first["accepted"], second["accepted"]]


def test_retries_of_a_library_pay_twice(url: str) -> None:
    """Though the user's code calls once, and sees nothing but a good answer."""
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(3, allowed_methods=None)))
        heard = submit(url, session, "order-1").json()["video_id"]
    accepted = [each["accepted"] for each in told(url, "requests")]
    assert len(set(accepted)) == 2
    assert accepted[-1] == heard
    assert [account["credits"] for account in told(url, "accounts")] == [9_960]


def test_client_that_looks_first_pays_once(url: str) -> None:
    """It finds the job by the reference that it gave, and does not submit again."""
    with requests.Session() as session:
        with pytest.raises(requests.ConnectionError):
            submit(url, session, "order-1")
        running_jobs = session.get(f"{url}/v2/pixverse/scheduler", headers=HEADERS, timeout=10).json()
    (found,) = [job for job in running_jobs if job["replyRef"] == "order-1"]
    assert [each["accepted"] for each in told(url, "requests")] == [found["id"], None]
    assert [account["credits"] for account in told(url, "accounts")] == [9_980]


def test_request_that_is_refused_loses_no_answer(url: str) -> None:
    """The fault waits for a job."""
    refused = requests.post(f"{url}/v2/pixverse/videos/upscale", json={"video_id": "5"}, headers=HEADERS, timeout=10)
    assert refused.status_code == 400
    with requests.Session() as session, pytest.raises(requests.ConnectionError):
        submit(url, session, "order-1")
    assert [bool(each["accepted"]) for each in told(url, "requests")] == [False, True]
