"""The contract's copies, the pages, and what a client's Host header can't do to them."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

import mockserver.web.pages
from mockserver.asgi import is_page
from mockserver.faults import Catalogue
from mockserver.faults.actions import Documented, Undocumented
from mockserver.faults.reading import rules
from mockserver.scenario import Scenario
from mockserver.spec import Contract
from mockserver.spec.document import ContractError, Document
from mockserver.web.pages import DEMO_TOKEN, PAGE_POLICY, VIEWER_PACKAGE, pages

ROUTES = ["/", "/faults", "/openapi.json", "/openapi.yaml", "/viewer/viewer.js"]
PAGES = ["/", "/faults"]
SWAGGER_UI = "/viewer/swagger-ui-bundle.js"
HOSTILE_HOSTS = [
    "",
    "a b",
    'a"b',
    "a'b",
    "a\\b",
    "a\r\nx-injected: 1",
    "a\nservers: []",
    "{a}",
    "[host]",
    "a: b",
    "a#b",
    "a/b",
    "user@a",
    "<script>alert(1)</script>",
    "a:",
    "a:b",
    "a:123456",
    "\xe9",
    "a\n",
]


@pytest.fixture(scope="session")
def document() -> Document:
    """The contract."""
    return Document.load()


@pytest.fixture
def client(document: Document) -> FlaskClient:
    """A client of an app that has nothing but the pages."""
    return client_of(document)


CATALOGUE = Catalogue(Contract.load())


def client_of(document: Document, public_url: str | None = None, catalogue: Catalogue = CATALOGUE) -> FlaskClient:
    """A client of the pages alone."""
    app = Flask(__name__)
    app.register_blueprint(pages(document, catalogue, public_url))
    return app.test_client()


def parsed(client: FlaskClient, path: str, host: str = "127.0.0.1:8596") -> dict[str, object]:
    """The copy at `path`, asked for by `host`."""
    text = client.get(path, headers={"Host": host}).text
    copy: dict[str, object] = (json.loads if path.endswith("json") else yaml.safe_load)(text)
    return copy


COPIES = pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])


@COPIES
@pytest.mark.parametrize("host", ["127.0.0.1:8596", "mock.example", "[::1]:8596", "xn--bcher-kva.example:443"])
def test_a_copy_names_the_mock_as_its_only_server(client: FlaskClient, path: str, host: str) -> None:
    """Whatever reads the copy calls the mock at the address that it was fetched from."""
    assert parsed(client, path, host)["servers"] == [{"url": f"http://{host}", "description": "This mock"}]


@COPIES
@pytest.mark.parametrize("public_url", ["https://mock.example:8443", "https://mock.example:8443/"])
def test_a_copy_names_the_public_url(document: Document, path: str, public_url: str) -> None:
    """Behind a proxy the request's own address means nothing."""
    servers = parsed(client_of(document, public_url), path)["servers"]
    assert servers == [{"url": "https://mock.example:8443", "description": "This mock"}]


@COPIES
def test_a_copy_says_what_the_contract_says(client: FlaskClient, document: Document, path: str) -> None:
    """But for its server."""
    copy = parsed(client, path)
    assert copy | {"servers": None} == document.data | {"servers": None}


@COPIES
def test_a_copy_never_names_the_paid_api(client: FlaskClient, path: str) -> None:
    """Not even in a comment."""
    assert "//api.useapi.net" not in client.get(path).text


def test_the_yaml_copy_keeps_the_text(document: Document) -> None:
    """Comments and formatting are the original's; two lines differ."""
    commented = Document(document.data, f"# by hand\n{document.text}")
    copy = client_of(commented).get("/openapi.yaml").text.splitlines()
    original = commented.text.splitlines()
    assert len(copy) == len(original)
    assert [line for line in copy if line not in original] == [
        '  - url: "http://localhost"',
        "    description: This mock",
    ]


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/faults", "text/html; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/openapi.yaml", "application/yaml"),
        ("/viewer/viewer.js", "text/javascript; charset=utf-8"),
        ("/viewer/viewer.css", "text/css; charset=utf-8"),
        ("/viewer/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/viewer/swagger-ui.css", "text/css; charset=utf-8"),
    ],
)
def test_content_types(client: FlaskClient, path: str, content_type: str) -> None:
    """A browser told not to guess runs only what is named a script."""
    response = client.get(path)
    assert (response.status_code, response.content_type) == (200, content_type)


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
@pytest.mark.parametrize("path", ROUTES)
def test_a_hostile_host_is_refused(client: FlaskClient, path: str, host: str) -> None:
    """It comes from the client and would stand in what others read."""
    response = client.get(path, environ_overrides={"HTTP_HOST": host})
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    assert response.get_json()["status"] == 400


def test_a_refused_host_is_named(client: FlaskClient) -> None:
    """In a problem document (RFC 9457)."""
    problem = client.get("/openapi.json", environ_overrides={"HTTP_HOST": "a b"}).get_json()
    assert problem == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The Host header must be a name or an address (an IPv6 one in brackets), with a port or none, "
        "got 'a b'.",
    }


@pytest.mark.parametrize("change", [lambda text: text.replace("- url: ", "- url:  "), lambda text: text + text])
def test_a_text_written_otherwise_is_written_anew(document: Document, change: Callable[[str], str]) -> None:
    """The copy is the same document, and still names no server but the mock."""
    client = client_of(Document(document.data, change(document.text)))
    copy = yaml.safe_load(client.get("/openapi.yaml").data)
    assert copy == document.data | {"servers": [{"url": "http://localhost", "description": "This mock"}]}


@pytest.mark.parametrize("servers", [None, [], [{"url": "https://a.example"}, {"url": "https://b.example"}]])
def test_a_document_without_one_server_is_refused(document: Document, servers: object) -> None:
    """A second one would stay in the copies."""
    with pytest.raises(ContractError, match="/servers: there must be one"):
        client_of(Document(document.data | {"servers": servers}, document.text))


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_of_a_page(client: FlaskClient, path: str) -> None:
    """A page can load from, and call, its own origin only, and runs no inline script."""
    policy = client.get(path).headers["Content-Security-Policy"]
    assert policy == PAGE_POLICY
    sources = {source for part in policy.split("; ") for source in part.split()[1:]}
    assert sources == {"'none'", "'self'", "data:"}


@pytest.mark.parametrize("path", ROUTES)
def test_every_answer_is_hardened(client: FlaskClient, path: str) -> None:
    """No guessed types, and no address of ours to the sites that are linked."""
    headers = client.get(path).headers
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize("path", ROUTES)
def test_no_answer_is_dated(client: FlaskClient, path: str) -> None:
    """The server does that, and a second date would be one too many."""
    assert "Date" not in client.get(path).headers


def test_the_page_says_what_it_is(client: FlaskClient) -> None:
    """In its first lines, before anything is pressed."""
    text = " ".join(client.get("/").text.split())
    assert "answered by the mock, never by the paid API" in text
    assert f'<code id="token">{DEMO_TOKEN}</code>' in text
    assert '<a href="/openapi.yaml">' in text
    assert '<a href="/openapi.json">' in text


def test_the_page_names_files_that_may_be_kept(client: FlaskClient) -> None:
    """Each address carries the content's tag, so a browser asks once."""
    addresses = [part.split('"')[0] for part in client.get("/").text.split('"/viewer/')[1:]]
    assert len(addresses) == 4
    for address in addresses:
        response = client.get(f"/viewer/{address}")
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_without_its_tag_is_asked_for_again(client: FlaskClient) -> None:
    """An untagged address may mean another content tomorrow."""
    assert client.get(SWAGGER_UI).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", [*ROUTES, SWAGGER_UI])
def test_what_a_client_has_is_not_sent_again(client: FlaskClient, path: str) -> None:
    """By its ETag."""
    tag = client.get(path).headers["ETag"]
    response = client.get(path, headers={"If-None-Match": tag})
    assert (response.status_code, response.data) == (304, b"")


@pytest.mark.parametrize("name", ["pages.py", "../pages.py", "%2e%2e/pages.py", "viewer.html", "swagger-ui.css.map"])
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    """Only the page's own, by name."""
    assert client.get(f"/viewer/{name}").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ROUTES)
def test_nothing_is_changed_here(client: FlaskClient, path: str, method: str) -> None:
    """GET and HEAD only."""
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] in {"GET, HEAD", "HEAD, GET"}


@pytest.mark.parametrize("path", ROUTES)
def test_head_has_the_headers_of_get(client: FlaskClient, path: str) -> None:
    """And no body."""
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert head.headers["ETag"] == get.headers["ETag"]


@pytest.fixture
def bare_client(document: Document, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client where the viewer's package is not installed."""
    monkeypatch.setattr(mockserver.web.pages, "find_spec", lambda _: None)
    return client_of(document)


def test_without_the_viewer_the_page_says_what_to_install(bare_client: FlaskClient) -> None:
    """And still links the contract."""
    text = bare_client.get("/").text
    assert VIEWER_PACKAGE in text
    assert '<a href="/openapi.yaml">' in text


def test_without_the_viewer_the_page_names_no_script(bare_client: FlaskClient) -> None:
    """None would be found."""
    assert "<script" not in bare_client.get("/").text
    assert bare_client.get(SWAGGER_UI).status_code == 404


# The faults


@dataclass
class Element:
    """An element of a page, with all the text in it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Reader(HTMLParser):
    """The elements of a page, in their order. Void ones are read, too."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    VOID = ("meta", "link")

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"a {tag} is closed that is not open"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        """The elements of this name."""
        return [element for element in self.elements if element.tag == tag]


def read(client: FlaskClient, path: str = "/faults") -> Reader:
    """The page at `path`, which closes all that it opens."""
    reader = Reader()
    reader.feed(client.get(path).text)
    reader.close()
    assert not reader.open
    return reader


def test_every_fault_has_its_anchor(client: FlaskClient) -> None:
    """By its name, so that messages and docs can link to it; no id stands twice."""
    ids = Counter(element.attributes["id"] for element in read(client).elements if "id" in element.attributes)
    assert set(CATALOGUE.names()) <= set(ids)
    assert set(ids.values()) == {1}


def test_every_fault_is_a_row(client: FlaskClient) -> None:
    """With its status, what it does, how that is known, and the operations that can suffer it."""
    rows = [" ".join(row.text.split()) for row in read(client).all("tr")]
    for fault in CATALOGUE:
        operations = ", ".join(fault.operations) if len(fault.operations) < len(CATALOGUE.operations) else "all"
        start = f"{fault.name} {fault.status or 'none of its own'} {' '.join(fault.summary.split())} "
        (row,) = [row for row in rows if row.startswith(start)]
        assert fault.provenance in row
        assert f" {operations} faults: - {{" in row


def test_a_documented_answer_has_its_text_and_its_source(client: FlaskClient) -> None:
    """Places that a call fills are named; the source is the vendor's page of the operation."""
    page = client.get("/faults").text
    assert "{&#34;error&#34;:&#34;Account &lt;email&gt; is busy executing &lt;maxJobs&gt; tasks.&#34;}" in page
    links = [element.attributes["href"] for element in read(client).all("a")]
    assert "https://useapi.net/docs/api-pixverse-v2/post-pixverse-videos-upscale" in links


def test_the_source_of_a_fact_is_told(client: FlaskClient, document: Document) -> None:
    """Of every fault that has one in the contract, the text stands there, and its address is a link."""
    reader = read(client)
    text = " ".join(" ".join(row.text.split()) for row in reader.all("tr"))
    links = [element.attributes["href"] for element in reader.all("a")]
    sources = [node["x-source"] for node in document.data["x-faults"]["faults"].values() if "x-source" in node]
    assert len(sources) >= 5
    for source in sources:
        first, _, rest = source.partition(" ")
        assert (first in links and rest in text) if first.startswith("https://") else source in text


def test_every_rule_can_be_copied(client: FlaskClient) -> None:
    """It is a scenario as it stands, and asks for the fault of its row with the status of its row."""
    copied = [yaml.safe_load(element.text) for element in read(client).all("pre")]
    listed = list(CATALOGUE)
    assert len(copied) == len(listed)
    for data, fault in zip(copied, listed, strict=True):
        (rule,) = Scenario.of(data, catalogue=CATALOGUE).faults
        assert rule == rules(data["faults"], CATALOGUE)[0]
        assert rule.name == fault.name
        if isinstance(rule.action, Documented):
            statuses = {answer.status for answer in rule.action.answers.values()}
            assert (statuses, set(rule.action.answers)) == ({fault.status}, set(fault.operations))
        elif isinstance(rule.action, Undocumented):
            assert rule.action.status == fault.status


def test_the_page_of_faults_can_be_read_by_ear(client: FlaskClient) -> None:
    """One h1, a heading for each table that names it, header cells with a scope; a title, a language."""
    reader = read(client)
    assert reader.all("html")[0].attributes["lang"] == "en"
    assert reader.all("title")[0].text == "Faults - PixVerse mock"
    assert [heading.text for heading in reader.all("h1")] == ["Faults"]
    headings = {heading.attributes["id"]: heading.text for heading in reader.all("h2")}
    sections = [section.attributes["aria-labelledby"] for section in reader.all("section")]
    assert list(headings) == sections
    assert len(reader.all("table")) == len(sections) == 3
    assert {cell.attributes.get("scope") for cell in reader.all("th")} == {"col", "row"}
    assert len(reader.all("main")) == 1


def test_the_page_of_faults_has_no_script(client: FlaskClient) -> None:
    """Neither a file nor an inline one, nor inline style, which the policy would refuse."""
    reader = read(client)
    assert not reader.all("script")
    assert not [element for element in reader.elements if "style" in element.attributes]
    assert not [name for element in reader.elements for name in element.attributes if name.startswith("on")]


def test_the_pages_link_each_other(client: FlaskClient) -> None:
    """And the links within the page of faults lead somewhere."""
    assert "/faults" in [element.attributes["href"] for element in read(client, "/").all("a")]
    reader = read(client)
    links = [str(element.attributes["href"]) for element in reader.all("a")]
    assert "/" in links
    ids = {element.attributes.get("id") for element in reader.elements}
    assert {link[1:] for link in links if link.startswith("#")} <= ids


def test_text_of_a_contract_is_no_markup(document: Document) -> None:
    """Whatever a contract of the user's own says."""
    contract = Contract(Document({**document.data, "x-faults": {"faults": {"odd": ODD}}}, document.text))
    page = client_of(document, catalogue=Catalogue(contract)).get("/faults").text
    assert "<b>" not in page
    assert "&lt;b&gt;summary" in page
    assert "&lt;b&gt;body" in page
    assert "&lt;b&gt;source" in page


ODD = {
    "summary": "<b>summary",
    "status": 599,
    "content-type": "text/plain",
    "body": "<b>body",
    "x-provenance": "inferred",
    "x-source": "<b>source",
}


def test_the_live_server_hands_the_page_to_flask() -> None:
    """As it does with the others; what lies below is none."""
    assert is_page("GET", "/faults")
    assert is_page("HEAD", "/faults")
    assert not is_page("POST", "/faults")
    assert not is_page("GET", "/faults/latency")
