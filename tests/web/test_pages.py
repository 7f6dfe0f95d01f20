"""The contract's copies, the page, and what a client's Host header can't do to them."""

import json
from collections.abc import Callable

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

import mockserver.web.pages
from mockserver.spec.document import ContractError, Document
from mockserver.web.pages import DEMO_TOKEN, PAGE_POLICY, VIEWER_PACKAGE, pages

ROUTES = ["/", "/openapi.json", "/openapi.yaml", "/viewer/viewer.js"]
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


def client_of(document: Document, public_url: str | None = None) -> FlaskClient:
    """A client of the pages alone."""
    app = Flask(__name__)
    app.register_blueprint(pages(document, public_url))
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
    app = Flask("copies")
    app.register_blueprint(pages(Document(document.data, change(document.text)), None))
    copy = yaml.safe_load(app.test_client().get("/openapi.yaml").data)
    assert copy == document.data | {"servers": [{"url": "http://localhost", "description": "This mock"}]}


@pytest.mark.parametrize("servers", [None, [], [{"url": "https://a.example"}, {"url": "https://b.example"}]])
def test_a_document_without_one_server_is_refused(document: Document, servers: object) -> None:
    """A second one would stay in the copies."""
    with pytest.raises(ContractError, match="/servers: there must be one"):
        pages(Document(document.data | {"servers": servers}, document.text), None)


def test_the_policy_of_the_page(client: FlaskClient) -> None:
    """The page can load from, and call, its own origin only, and runs no inline script."""
    policy = client.get("/").headers["Content-Security-Policy"]
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
