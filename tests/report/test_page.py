"""The HTML report: what stands in it, without a browser and in one."""

import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from selenium import webdriver
from selenium.webdriver.common.by import By

from contracts.findings import Finding, Judged, Verdict
from contracts.report import html
from contracts.report.difference import differences
from contracts.report.excerpt import excerpts
from contracts.report.masking import masked
from report import clients, verdicts
from report.test_hostile import of_a_client
from sources import ROOT

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
CONTRACT = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
in_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's packages chromium and chromium-driver"),
]


class Text(HTMLParser):
    """The text of a page, without its style and its script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden = tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def page_of(verdict: Verdict) -> str:
    """The document."""
    return html.page(masked(verdict), CONTRACT)


def text_of(verdict: Verdict) -> str:
    """What a person reads, with single spaces."""
    return re.sub(r"\s+", " ", "".join(Text(page_of(verdict)).parts))


def test_page_begins_with_the_verdict() -> None:
    """One sentence, then what it does not say."""
    text = text_of(verdicts.failing(cut_short="60 s were over"))
    assert "http://127.0.0.1:8596 breaks 5 of the 15 rules it was tested on." in text
    assert "1 note does not count against it." in text
    assert "2 rules were not exercised: nothing is said about them." in text
    assert "The run was cut short: 60 s were over." in text
    assert "1,204 calls in 41.3 s" in text


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (verdicts.clean(), "http://127.0.0.1:8596 keeps all 9 rules it was tested on."),
        (Verdict("http://x", [Judged(verdicts.SLOTS, 1)]), "http://x keeps the one rule it was tested on."),
        (Verdict("http://x", [Judged(verdicts.SLOTS)]), "http://x could not be judged: no rule was exercised."),
        (Verdict("node client.js", [Judged(verdicts.SLOTS, 3)]), "node client.js keeps the one rule it was tested on."),
    ],
)
def test_every_verdict_is_a_sentence(verdict: Verdict, sentence: str) -> None:
    """Good, bad or neither."""
    assert sentence in text_of(verdict)


def test_finding_tells_all_of_it() -> None:
    """Rule, why, how it is known, the contract's own lines, the story, the lines to do it again."""
    text = text_of(verdicts.failing())
    for words in (
        "A cancelled job frees its slot at once.",
        verdicts.SLOTS.why,
        "200, as the cancelled job freed one of 3 slots",
        "a page of the vendor's documentation says so",
        "operationId: cancelJob",
        "10 s pass",
        "Here: 429, as if",
        'curl -i http://127.0.0.1:8596/v2/pixverse/videos/upscale -H "Authorization: Bearer $USEAPI_TOKEN"',
        "the provider has no fault plan, and its own limit was never met",
    ):
        assert words in text


def test_errors_come_before_notes() -> None:
    """Whatever the order of the rules."""
    text = text_of(verdicts.failing())
    assert text.index("Finding 5") < text.index("Note 6")


def test_page_needs_nothing_else() -> None:
    """No address is loaded: what it links to are pages to read."""
    page = page_of(verdicts.failing())
    assert not re.findall(r"""(?:src|srcset|data|poster)\s*=|@import|url\((?!#)|<link|<base""", page)
    assert {re.split("[/#]", each)[2] for each in re.findall('href="(http[^"]*)"', page)} == {"useapi.net"}


def test_links_lead_somewhere() -> None:
    """Each anchor is there."""
    page = page_of(verdicts.failing())
    ids = set(re.findall(' id="([^"]+)"', page))
    assert set(re.findall('href="#([^"]+)"', page)) <= ids


def test_many_findings_are_bounded() -> None:
    """The page says how many it leaves out."""
    found = [Finding(verdicts.SLOTS, str(number), "a", "b") for number in range(130)]
    assert "30 more findings: the JSON report has all of them." in text_of(
        Verdict("x", [Judged(verdicts.SLOTS, 130, found)])
    )


def test_long_story_keeps_its_start_and_what_is_wrong() -> None:
    """The rest is counted."""
    told = verdicts.Story()
    for number in range(300):
        told.call("x", "GET", f"/{number}", 200)
    finding = Finding(verdicts.SLOTS, "x", "a", "b", tuple(told.events), 250, "curl once")
    text = text_of(verdicts.of_one(finding))
    assert all(f"GET /{number} " in text for number in (0, 7, 250, 254))
    assert "GET /100 " not in text
    assert "260 steps not shown here" in text
    assert "curl once" in text


def test_differences_are_marked_word_by_word() -> None:
    """What is alike stays plain; texts with little in common have no marks."""
    left, right = differences('{"error": "x"}', '{"error": "x", "code": 401}')
    assert all(not differs for _, differs in left)
    assert [text for text, differs in right if differs] == [', "code": 401']
    assert differences("one thing", "something else entirely") == (
        [("one thing", False)],
        [("something else entirely", False)],
    )
    both = differences("a b c d e f", "a x y d e f")
    assert ["".join(text for text, _ in side) for side in both] == ["a b c d e f", "a x y d e f"]


def test_excerpt_is_what_stands_in_the_contract() -> None:
    """With its line, cut where it is long, and the vendor's page from around it."""
    pointer = "/paths/~1v2~1pixverse~1videos~1upscale/post/responses/429"
    found = excerpts(CONTRACT, [pointer, "/nowhere", "", "/components/schemas/Refused"])
    assert set(found) == {pointer, "/components/schemas/Refused"}
    excerpt = found[pointer]
    assert CONTRACT.splitlines()[excerpt.line - 1].strip() == excerpt.text.splitlines()[0] == "'429':"
    assert excerpt.left_out > 0
    assert excerpt.link == "https://useapi.net/docs/api-pixverse-v2/post-pixverse-videos-upscale"
    whole = found["/components/schemas/Refused"]
    assert whole.left_out == 0
    schema = yaml.safe_load(CONTRACT)["components"]["schemas"]["Refused"]
    assert yaml.safe_load(whole.text) == {"Refused": schema}


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Chromium."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER)) as driver:
        yield driver


PAGES = {
    "provider": verdicts.failing(),
    "careless": clients.careless(),
    "flooding": clients.flooding(2_000),
    "idle": clients.idle(),
    "long words": of_a_client("W" * 300 + " x", b"{}"),
}


@pytest.fixture(params=PAGES)
def opened(request: pytest.FixtureRequest, browser: webdriver.Chrome, tmp_path: Path) -> webdriver.Chrome:
    """The page of a provider with flaws, or of a client, from disk."""
    path = tmp_path / "report.html"
    path.write_text(page_of(PAGES[request.param]), encoding="utf-8")
    browser.get(path.as_uri())
    return browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
class TestInBrowser:
    """As a person sees it."""

    pytestmark = in_browser

    @pytest.mark.parametrize("width", [1600, 1280, 400, 320])
    def test_page_fits_its_window(self, opened: webdriver.Chrome, width: int, scheme: str) -> None:
        """Wide things scroll by themselves; nothing is complained about."""
        opened.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        wide = opened.execute_script(
            "const room = document.documentElement.clientWidth;"
            "return [...document.querySelectorAll('body *')].filter(each => !each.closest('.drawing, pre, thead')"
            " && each.getBoundingClientRect().right > room + 1).map(each => each.outerHTML.slice(0, 200))"
        )
        assert wide == []
        assert opened.get_log("browser") == []

    def test_text_can_be_read(self, opened: webdriver.Chrome, scheme: str) -> None:
        """Contrast of at least 4.5 to 1, as WCAG asks, for each text in front of a plain ground."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        opened.execute_script("for (const each of document.querySelectorAll('details')) each.open = true")
        assert opened.execute_script(_CONTRAST) == []


class TestKeyboard:
    """Without a mouse, without a script."""

    pytestmark = in_browser

    def test_all_that_folds_or_scrolls_can_be_reached(self, opened: webdriver.Chrome) -> None:
        """By the tab key."""
        unreachable = opened.execute_script(
            "return [...document.querySelectorAll('pre, .drawing')].filter(each => each.tabIndex !== 0).length"
        )
        assert unreachable == 0
        wrong = opened.find_elements(By.CSS_SELECTOR, ".steps .offends details")
        assert all(each.get_attribute("open") for each in wrong)

    def test_copy_button_is_there(self, opened: webdriver.Chrome) -> None:
        """The policy of the page lets its own script run, and says what it did."""
        button = opened.find_element(By.CSS_SELECTOR, "button")
        button.click()
        assert button.text in {"Copied", "Selected", "Copy"}

    def test_paper_shows_what_is_folded(self, opened: webdriver.Chrome) -> None:
        """Everything is unfolded before it is printed."""
        opened.execute_script("dispatchEvent(new Event('beforeprint'))")
        assert opened.find_elements(By.CSS_SELECTOR, "details:not([open])") == []
        opened.execute_script("dispatchEvent(new Event('afterprint'))")
        assert opened.find_elements(By.CSS_SELECTOR, "details:not([open])")


_CONTRAST = """
const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
const bright = ([r, g, b]) => [r, g, b].map(v => linear(v / 255))
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const colour = text => { const c = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  c.fillStyle = text; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
const over = (top, ground) => top.slice(0, 3).map((v, i) => v * top[3] / 255 + ground[i] * (1 - top[3] / 255));
const ground = element => { const layers = [];
  for (let at = element; at; at = at.parentElement) layers.push(getComputedStyle(at).backgroundColor);
  return layers.reverse().reduce((under, text) => { const c = document.createElement('canvas').getContext('2d');
    c.fillStyle = text; c.fillRect(0, 0, 1, 1); const d = c.getImageData(0, 0, 1, 1).data;
    const a = d[3] / 255; return [0, 1, 2].map(i => d[i] * a + under[i] * (1 - a)); }, [255, 255, 255]); };
const bad = [];
for (const element of document.querySelectorAll('body *')) {
  const drawn = element.closest('svg.course');
  if (element.closest('svg:not(.course), .skip, title')) continue;
  if (![...element.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
  const style = getComputedStyle(element);
  const box = drawn && !element.matches('.lane, .start, .end') && element.previousElementSibling;
  const inside = box && box.tagName === 'rect' ? over(colour(getComputedStyle(box).fill), ground(element)) : null;
  const under = inside || ground(element), text = over(colour(drawn ? style.fill : style.color), under);
  const [a, b] = [bright(text), bright(under)].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < 4.5) bad.push([element.tagName, element.className, ratio, element.textContent.slice(0, 30)].join(' '));
}
return [...new Set(bad)].slice(0, 20);
"""
