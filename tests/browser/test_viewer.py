"""The page at `/`, as a person uses it: in a real browser, in front of the mock as a user starts it."""

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as ec
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,1400",
]
PATIENCE, POLL = 20, 0.05
# While the page is still drawn again.
UNSETTLED = (ElementClickInterceptedException, StaleElementReferenceException)
TOKEN = "user:12345-demo"
VIDEO = "user:12345-pixverse:demo@example.com-video"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's packages chromium and chromium-driver"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a mock, started as a user starts it."""
    port_file = tmp_path_factory.mktemp("mock") / "port"
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--port-file", str(port_file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            for _ in range(PATIENCE * 20):
                if port_file.exists():
                    break
                try:
                    pytest.fail(f"the mock ended with {process.wait(timeout=0.05)}")
                except subprocess.TimeoutExpired:
                    continue
            yield f"http://127.0.0.1:{int(port_file.read_text())}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # The driver is named, else selenium would look for one to download.
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    try:
        yield browser
    finally:
        browser.quit()


@dataclass
class Page:
    """What a person does on the page."""

    driver: webdriver.Chrome
    address: str

    def wait(self, condition: Callable[[webdriver.Chrome], Any]) -> Any:
        """What the condition gives, once it gives something."""
        return WebDriverWait(self.driver, PATIENCE, POLL, UNSETTLED).until(condition)

    def find(self, selector: str) -> WebElement:
        """The element, once it is there and can be used."""
        found: WebElement = self.wait(ec.element_to_be_clickable((By.CSS_SELECTOR, selector)))
        return found

    def press(self, selector: str, *, until: Callable[[], bool] | None = None) -> None:
        """Press a button, once nothing that moves lies over it; anew `until` it shows, as a person would.

        A page that is just being drawn anew may lose a press.
        """

        def pressed(_: webdriver.Chrome) -> bool:
            self.find(selector).click()
            return True

        self.wait(pressed)
        if until is None:
            return
        for _ in range(PATIENCE):
            with suppress(TimeoutException):
                WebDriverWait(self.driver, 1, POLL, UNSETTLED).until(lambda _: until())
                return
            with suppress(ElementNotInteractableException, NoSuchElementException, *UNSETTLED):
                self.driver.find_element(By.CSS_SELECTOR, selector).click()
        pytest.fail(f"pressing {selector} has no effect")

    def has(self, selector: str) -> bool:
        """Whether the page shows such an element now."""
        return any(element.is_displayed() for element in self.driver.find_elements(By.CSS_SELECTOR, selector))

    def open(self, operation: str = "") -> None:
        """Load the page anew, at an operation or at its top."""
        self.driver.get("about:blank")
        self.complaints()
        self.driver.get(f"{self.address}/{operation and '#/' + operation}")
        self.find(".execute" if operation else ".opblock")

    def execute(self) -> str:
        """Press Execute; the status that is shown."""
        self.press(".execute")
        return self.find(".live-responses-table tbody .response-col_status").text.split()[0]

    def shown(self, selector: str) -> str:
        """The text of a part of the answer."""
        return self.find(f".responses-inner {selector}").text

    def requests(self) -> list[str]:
        """The address of everything the page has loaded, itself included."""
        script = "return performance.getEntries().filter(entry => entry.initiatorType).map(entry => entry.name)"
        found: list[str] = self.driver.execute_script(script)
        return found

    def complaints(self) -> list[str]:
        """What the browser's console has said since the last look."""
        entries: list[dict[str, str]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries]


@pytest.fixture
def page(driver: webdriver.Chrome, address: str) -> Page:
    """The page, not yet open."""
    return Page(driver, address)


@dataclass
class Elsewhere:
    """Another server, and what came in there."""

    address: str
    seen: list[str] = field(default_factory=list)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """Another origin within reach, which no page of ours may call."""

    class Server(ThreadingHTTPServer):
        daemon_threads = False  # so that closing it waits for its threads

    class Handler(BaseHTTPRequestHandler):
        timeout = 0.5  # browsers open connections that they then don't use

        def do_GET(self) -> None:
            found.seen.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Nothing to say."""

    with Server(("127.0.0.1", 0), Handler) as server:
        found = Elsewhere(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def test_the_page_loads_nothing_from_elsewhere(page: Page) -> None:
    """No CDN, no fonts, no validator; and nothing that it needs is refused by its own policy."""
    page.open()
    requests = page.requests()
    assert f"{page.address}/openapi.json" in requests
    assert [request for request in requests if not request.startswith(f"{page.address}/")] == []
    assert page.complaints() == []


def test_every_operation_opens_without_a_complaint(page: Page) -> None:
    """Whatever the viewer draws on the way obeys the policy."""
    page.open()
    page.driver.execute_script(
        "document.querySelectorAll('.opblock-summary-control').forEach(button => button.click());"
        "document.querySelector('.models-control').click()"
    )
    closed = "return document.querySelectorAll('.opblock:not(.is-open), .loading-container').length"
    page.wait(lambda driver: driver.execute_script(closed) == 0)
    page.press(".btn.authorize", until=lambda: page.has(".modal-ux"))
    assert page.complaints() == []


def test_a_newcomer_lists_videos_at_once(page: Page) -> None:
    """By the header's link and one press: the token is filled in."""
    page.open()
    page.press("header a[href='#/videos/listVideos']")
    assert page.execute() == "200"
    assert f"Authorization: Bearer {TOKEN}" in page.shown(".curl-command")
    assert page.shown(".request-url").startswith(f"Request URL\n{page.address}/v2/pixverse/videos?")
    assert f"{VIDEO}:" in page.shown(".highlight-code")


def test_ids_go_raw(page: Page) -> None:
    """As the API wants them; the mock refuses an encoded one, so its 200 tells what it got."""
    video_id = a_video(page.address)
    page.open("videos/getVideo")
    type_over(page.find("input[placeholder=video_id]"), video_id)
    assert page.execute() == "200"
    assert page.requests()[-1] == f"{page.address}/v2/pixverse/videos/{video_id}"
    assert page.shown(".request-url").endswith(f"/v2/pixverse/videos/{video_id}")
    assert get_status(page, f"/v2/pixverse/videos/{quote(video_id)}") == 400


def test_other_characters_stay_encoded(page: Page) -> None:
    """Only `:` and `@` are sent raw."""
    page.open("accounts/getAccount")
    type_over(page.find("input[placeholder=email]"), "a+b&c=d@example.com")
    assert page.execute() == "404"
    assert page.requests()[-1] == f"{page.address}/v2/pixverse/accounts/a%2Bb%26c%3Dd@example.com"


def test_the_example_in_a_path_is_filled_in(page: Page) -> None:
    """Also where the path item, or a reference, holds the parameter."""
    for operation, placeholder in (
        ("videos/getVideo", "video_id"),
        ("scheduler/cancelJob", "id"),
        ("accounts/getAccount", "email"),
    ):
        page.open(operation)
        assert "demo@example.com" in str(page.find(f"input[placeholder={placeholder}]").get_attribute("value"))


@pytest.mark.parametrize(
    ("number", "status", "text"),
    [
        ("4293", "429", "Reached the limit for concurrent generations."),
        ("596", "596", "Your PixVerse account has pending error."),
    ],
)
def test_a_refusal_is_shown(page: Page, number: str, status: str, text: str) -> None:
    """With its status and the vendor's words."""
    page.open("videos/upscaleVideo")
    type_over(page.find(".body-param textarea"), json.dumps({"video_id": f"{VIDEO}:{number}"}))
    assert page.execute() == status
    assert text in page.shown(".highlight-code")


def test_the_numbers_that_force_an_answer_are_listed(page: Page) -> None:
    """A newcomer finds them where they are used."""
    page.open("videos/upscaleVideo")
    rows = page.find(".opblock-description table").text.splitlines()
    assert "429 429, Account <email> is busy executing <maxJobs> tasks." in rows
    assert "8 accepted, and the job ends FAILED" in rows


def test_without_a_token_the_401_is_shown(page: Page) -> None:
    """After a press on Logout."""
    page.open("videos/listVideos")
    page.press(".btn.authorize", until=lambda: page.has(".modal-ux"))
    page.press(".modal-ux button[aria-label='Remove authorization']", until=lambda: page.has(".modal-ux input"))
    page.press(".modal-ux .btn-done", until=lambda: not page.has(".modal-ux"))
    assert page.execute() == "401"
    assert "Unauthorized" in page.shown(".highlight-code")


WAYS_OUT = {
    "fetch": "fetch(url, {mode: 'no-cors'}).catch(() => {})",
    "XMLHttpRequest": "const x = new XMLHttpRequest(); x.open('GET', url); try { x.send() } catch {}",
    "beacon": "navigator.sendBeacon(url, 'x')",
    "events": "new EventSource(url)",
    "socket": "try { new WebSocket(url.replace('http', 'ws')) } catch {}",
    "image": "new Image().src = url",
    "script": "document.head.append(Object.assign(document.createElement('script'), {src: url}))",
    "style": "document.head.append(Object.assign(document.createElement('link'), {rel: 'stylesheet', href: url}))",
    "font": "document.fonts.add(new FontFace('x', `url(${url})`)); document.fonts.load('1em x').catch(() => {})",
    "media": "document.body.append(Object.assign(document.createElement('video'), {src: url, preload: 'auto'}))",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'), {src: url}))",
    "form": "document.body.append(Object.assign(document.createElement('form'), {action: url, id: 'f'})); f.submit()",
}


def blocked(page: Page, way: str, url: str) -> str:
    """Go that way out of the page; what its policy says was blocked."""
    script = f"""
    const [url, done] = arguments;
    document.addEventListener("securitypolicyviolation", event => done(event.blockedURI), {{once: true}});
    {WAYS_OUT[way]};
    """
    return str(page.driver.execute_async_script(script, url))


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_way_leads_out_of_the_page(page: Page, elsewhere: Elsewhere, way: str) -> None:
    """The policy stops the call before it is made."""
    page.open()
    place = blocked(page, way, f"{elsewhere.address}/{way}")
    assert place.split("://")[1].startswith(elsewhere.address.split("://")[1])
    assert elsewhere.seen == []


@pytest.mark.parametrize("way", WAYS_OUT)
def test_without_the_policy_each_way_leads_out(page: Page, elsewhere: Elsewhere, way: str) -> None:
    """The proof of the proof: a document of the same origin, but with no policy, does reach the other."""
    page.driver.get(f"{page.address}/openapi.json")
    page.driver.execute_script(f"const [url] = arguments; {WAYS_OUT[way]}", f"{elsewhere.address}/{way}")
    page.wait(lambda _: elsewhere.seen)


def test_the_paid_api_is_out_of_reach(page: Page) -> None:
    """The one call that must never be made."""
    page.open()
    url = "https://api.useapi.net/v2/pixverse/videos/upscale"
    assert blocked(page, "fetch", url) == url


def type_over(place: WebElement, text: str) -> None:
    """Replace what stands there."""
    place.clear()
    place.send_keys(text)


def a_video(address: str) -> str:
    """The id of a video that the page's user has, and the contract's examples have not."""
    request = urllib.request.Request(f"{address}/v2/pixverse/videos", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return str(json.load(response)["data"][-1]["video_id"])


def get_status(page: Page, path: str) -> int:
    """The status of a GET that the page's browser sends with the page's token."""
    script = """
    const [path, token, done] = arguments;
    fetch(path, {headers: {Authorization: `Bearer ${token}`}}).then(answer => done(answer.status), done);
    """
    return int(page.driver.execute_async_script(script, path, TOKEN))
