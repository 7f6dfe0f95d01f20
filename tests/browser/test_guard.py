"""Pages of strangers in a real browser: what they can make it ask of a mock on the same machine."""

import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests
from selenium import webdriver

from live import TOKEN, Live, serving

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # A name of a stranger's that resolves to this machine, as after DNS rebinding.
    "--host-resolver-rules=MAP evil.test 127.0.0.1",
]
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}
VIDEO = "user:12345-pixverse:demo@example.com-video:11223344"
FETCH = """
const [address, options, done] = arguments;
fetch(address, options).then(
    async answer => done({type: answer.type, status: answer.status, text: await answer.text()}),
    error => done({type: "failed", status: 0, text: String(error)}),
);
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's packages chromium and chromium-driver"),
]


class Blank(BaseHTTPRequestHandler):
    """A stranger's site: one empty page."""

    timeout = 0.5  # browsers open connections that they may want later

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The origin of a stranger's site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    browser.set_script_timeout(20)
    try:
        yield browser
    finally:
        browser.quit()


@pytest.fixture(scope="module")
def closed() -> Iterator[Live]:
    """A mock as it is without any option."""
    with serving() as mock:
        yield mock


@pytest.fixture(scope="module")
def opened(site: str) -> Iterator[Live]:
    """A mock that the site's pages may call."""
    with serving("--cors", site) as mock:
        yield mock


def fetched(driver: webdriver.Chrome, page: str, address: str, **options: Any) -> dict[str, Any]:
    """What a script on a page gets when it fetches an address."""
    driver.get(page)
    answer: dict[str, Any] = driver.execute_async_script(FETCH, address, options)
    return answer


def start_job(mock: Live) -> str:
    answer = requests.post(
        f"{mock.url}/v2/pixverse/videos/upscale", json={"video_id": VIDEO}, headers=AUTHORIZATION, timeout=10
    )
    assert answer.status_code == 200
    return str(answer.json()["video_id"])


def asked(mock: Live, path: str) -> list[dict[str, Any]]:
    """The rows of a control call by somebody who may call it."""
    rows: list[dict[str, Any]] = requests.get(f"{mock.url}{path}", headers=AUTHORIZATION, timeout=10).json()["data"]
    return rows


@pytest.fixture(params=["closed", "opened"])
def mock(request: pytest.FixtureRequest, closed: Live, opened: Live) -> Live:
    """Both."""
    return {"closed": closed, "opened": opened}[request.param]


def test_stranger_can_reset_nothing(driver: webdriver.Chrome, site: str, mock: Live) -> None:
    """Not with the sandbox's token, and not though the emulated API is open to the site: the job is still there."""
    video = start_job(mock)
    options = {"method": "POST", "headers": AUTHORIZATION}
    assert fetched(driver, site, f"{mock.url}/__mock/reset", **options)["type"] == "failed"
    assert video in [job["video_id"] for job in asked(mock, "/__mock/jobs")]


def test_stranger_can_send_nothing_unasked(driver: webdriver.Chrome, site: str, mock: Live) -> None:
    """A request that needs no preflight reaches the mock, and has no effect there."""
    name = f"/__mock/sink/{mock.process.pid}"
    sent = fetched(driver, site, f"{mock.url}{name}", method="POST", body="x", mode="no-cors")
    assert sent["type"] == "opaque"
    assert asked(mock, name) == []
    requests.post(f"{mock.url}{name}", data="y", timeout=10)
    assert len(asked(mock, name)) == 1


@pytest.mark.parametrize("path", ["clock", "health", "openapi.json", "metrics"])
def test_stranger_can_read_nothing(driver: webdriver.Chrome, site: str, mock: Live, path: str) -> None:
    """Neither of a sandbox nor of the mock."""
    headers = AUTHORIZATION if path == "clock" else {}
    assert fetched(driver, site, f"{mock.url}/__mock/{path}", headers=headers)["type"] == "failed"


def test_rebound_name_gets_nothing(driver: webdriver.Chrome, mock: Live) -> None:
    """To the browser a page and the mock are of one origin then; the Host gives it away."""
    video = start_job(mock)
    page = mock.url.replace("127.0.0.1", "evil.test")
    for method, path in (("POST", "reset"), ("GET", "jobs"), ("GET", "openapi.json")):
        answer = fetched(driver, page, f"/__mock/{path}", method=method, headers=AUTHORIZATION)
        assert (answer["type"], answer["status"]) == ("basic", 403)
        assert "evil.test" in answer["text"]
    assert video in [job["video_id"] for job in asked(mock, "/__mock/jobs")]


def test_own_page_and_typed_address_may_call(driver: webdriver.Chrome, closed: Live) -> None:
    """What a person does with the mock in front of them."""
    answer = fetched(driver, closed.url, "/__mock/jobs", headers=AUTHORIZATION)
    assert (answer["status"], '"data"' in answer["text"]) == (200, True)
    freeze = fetched(driver, closed.url, "/__mock/clock/freeze", method="POST", headers=AUTHORIZATION)
    assert freeze["status"] == 200
    driver.get(f"{closed.url}/__mock/metrics")
    assert "mockserver_sandboxes" in driver.page_source


def test_front_end_calls_the_emulated_api_only_with_cors(
    driver: webdriver.Chrome, site: str, closed: Live, opened: Live
) -> None:
    """It reads, and writes with a preflight, where its origin was named; elsewhere neither."""
    body = f'{{"video_id":"{VIDEO}"}}'
    write: dict[str, Any] = {"method": "POST", "headers": {**AUTHORIZATION, "Content-Type": "application/json"}}
    for mock, reading, writing in ((closed, 0, 0), (opened, 200, 200)):
        before = len(asked(mock, "/__mock/jobs"))
        read = fetched(driver, site, f"{mock.url}/v2/pixverse/videos", headers=AUTHORIZATION)
        assert read["status"] == reading
        written = fetched(driver, site, f"{mock.url}/v2/pixverse/videos/upscale", body=body, **write)
        assert written["status"] == writing
        assert len(asked(mock, "/__mock/jobs")) == before + (writing == 200)
    other = site.replace("127.0.0.1", "localhost")
    assert fetched(driver, other, f"{opened.url}/v2/pixverse/videos", headers=AUTHORIZATION)["status"] == 0
