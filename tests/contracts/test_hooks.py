"""What the Schemathesis hooks do to a request, and which sandbox it goes to."""

import re
from typing import Any

import pytest
import requests
import responses
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode

from contracts.existing import Forms, Parts, fill, raw_segment
from contracts.hooks import Hooks
from contracts.sandboxes import RING, Pool, Reply, Sandbox, derive, over_http
from document import document
from mockserver import Settings, create_app

CONTRACT = document()
FORMS = Forms(CONTRACT)
TOKEN = "user:12345-secret"

MADE_UP = "user:1-pixverse:a@b-video:0"
MINE = "user:7-pixverse:demo@example.com-video:300"
OTHER = "user:7-pixverse:demo@example.com-video:301"
EMAIL = "demo@example.com"
UPSCALE = "POST /v2/pixverse/videos/upscale"


class Provider:
    """A wire that answers from a table of "METHOD /path" and keeps the calls."""

    def __init__(self, answers: dict[str, Reply | None]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, str | None]] = []
        self.bodies: list[Any] = []

    def __call__(self, method: str, path: str, token: str | None = None, body: Any = None) -> Reply | None:
        self.calls.append((f"{method} {path}", token))
        self.bodies.append(body)
        return self.answers.get(f"{method} {path}", Reply(404, None))

    def tokens(self, call: str) -> list[str | None]:
        return [token for name, token in self.calls if name == call]


def mock(**changes: Reply | None) -> Provider:
    answers = {"GET /__mock/health": Reply(200, {}), "POST /__mock/reset": Reply(204, None)}
    return Provider({**answers, **changes})


def listing(*ids: str, status: str = "COMPLETED") -> Reply:
    return Reply(200, {"data": [{"video_id": each, "video_status_name": status} for each in ids]})


def sandbox(
    videos: Reply | None = None, accounts: Any = None, upscale: Reply | None = None, *, disposable: bool = True
) -> Sandbox:
    wire = Provider(
        {
            "GET /v2/pixverse/videos": videos,
            "GET /v2/pixverse/accounts": Reply(200, accounts if accounts is not None else {EMAIL: {}}),
            UPSCALE: upscale,
        }
    )
    return Sandbox(wire, TOKEN, disposable=disposable)


# Raw ids


@pytest.mark.parametrize(
    ("encoded", "raw"),
    [
        ("user%3A1-pixverse%3Aa%40b-video%3A0", MADE_UP),
        (MADE_UP, MADE_UP),
        ("a%2Fb", "a%2Fb"),
        ("a%3Fb%23c", "a%3Fb%23c"),
        ("a%253Ab", "a%253Ab"),
        ("%21%24%26%27%28%29%2A%2B%2C%3B%3D~", "!$&'()*+,;=~"),
        ("%FF%00%20", "%FF%00%20"),
        ("%C3%A4", "%C3%A4"),
        ("%2E", "%2E"),
        ("%2E%2E", "%2E%2E"),
        ("", ""),
    ],
)
def test_a_segment_is_sent_as_raw_as_it_may_be(encoded: str, raw: str) -> None:
    assert raw_segment(encoded) == raw


def test_requests_leaves_a_raw_id_as_it_is() -> None:
    wild = "user:1-pixverse:a.b_c+~!$&'*=-@d-video:0"
    url = f"http://localhost/v2/pixverse/videos/{wild}"
    assert FORMS.is_id(wild)
    assert requests.Request("GET", url).prepare().url == url


# Tokens and sandboxes


def test_derived_tokens_are_well_formed_and_of_users_of_their_own() -> None:
    pattern = CONTRACT["components"]["securitySchemes"]["token"]["x-pattern"]
    tokens = [derive(base, slot) for base in (TOKEN, "user:12345-other", "no token at all") for slot in range(RING)]
    assert all(re.fullmatch(pattern, token) for token in tokens)
    assert len(set(tokens)) == len(tokens)
    assert len({token.partition("-")[0] for token in tokens[:RING]}) == RING
    assert TOKEN not in tokens


def test_a_derived_token_does_not_tell_the_given_one() -> None:
    assert "secret" not in derive(TOKEN, 0)


def test_each_turn_of_a_mock_is_a_reset_sandbox_and_the_ring_is_bounded() -> None:
    provider = mock()
    pool = Pool(provider, TOKEN, size=3)
    tokens = [pool.fresh().token for _ in range(7)]
    assert tokens == [derive(TOKEN, turn % 3) for turn in range(7)]
    assert provider.tokens("POST /__mock/reset")[-7:] == tokens


def test_the_given_token_itself_is_never_reset() -> None:
    provider = mock()
    pool = Pool(provider, TOKEN)
    pool.fresh()
    assert TOKEN not in provider.tokens("POST /__mock/reset")


@pytest.mark.parametrize(
    "provider",
    [
        Provider({}),
        mock(**{"GET /__mock/health": None}),
        mock(**{"POST /__mock/reset": Reply(401, {})}),
    ],
    ids=["no mock", "no answer", "derived tokens refused"],
)
def test_elsewhere_the_given_token_is_used_and_nothing_reset(provider: Provider) -> None:
    pool = Pool(provider, TOKEN)
    before = len(provider.tokens("POST /__mock/reset"))
    first = pool.fresh()
    assert first.token == TOKEN
    assert not first.disposable
    assert pool.fresh() is first
    assert len(provider.tokens("POST /__mock/reset")) == before


def test_what_was_seen_leads_back_to_the_latest_sandbox_that_showed_it() -> None:
    pool = Pool(mock(), TOKEN, size=3)
    assert pool.holding({MINE}) is None
    first, second = pool.fresh(), pool.fresh()
    first.seen |= {MINE, EMAIL}
    second.seen.add(EMAIL)
    assert pool.holding({MINE}) is first
    assert pool.holding({EMAIL}) is second
    assert pool.holding(set()) is None


def test_a_sandbox_is_forgotten_when_its_turn_comes_again() -> None:
    pool = Pool(mock(), TOKEN, size=2)
    pool.fresh().seen.add(MINE)
    pool.fresh()
    pool.fresh()
    assert pool.holding({MINE}) is None


def test_only_finished_videos_are_offered() -> None:
    assert sandbox(listing(MINE)).finished_videos() == [MINE]
    assert sandbox(listing(MINE, status="GENERATING")).finished_videos() == []


def test_with_several_accounts_one_is_asked() -> None:
    wire = Provider(
        {
            "GET /v2/pixverse/videos": Reply(400, {}),
            "GET /v2/pixverse/accounts": Reply(200, {"a+b@c": {}, EMAIL: {}}),
            "GET /v2/pixverse/videos?email=a%2Bb%40c": listing(MINE),
        }
    )
    assert Sandbox(wire, TOKEN, disposable=True).finished_videos() == [MINE]


@pytest.mark.parametrize("value", [None, [], "text", {"data": 3}, {"data": [3, {}]}, {"data": None}])
def test_a_senseless_answer_offers_nothing(value: Any) -> None:
    assert sandbox(Reply(200, value), accounts=[]).finished_videos() == []
    assert sandbox(Reply(200, value), accounts=[]).start_job() is None


def test_a_job_is_started_with_an_existing_video() -> None:
    wire = Provider({"GET /v2/pixverse/videos": listing(MINE), UPSCALE: Reply(200, {"video_id": OTHER})})
    assert Sandbox(wire, TOKEN, disposable=True).start_job() == OTHER
    assert wire.calls[-1] == (UPSCALE, TOKEN)
    assert wire.bodies[-1] == {"video_id": MINE}


def test_a_refused_job_is_none() -> None:
    assert sandbox(listing(MINE), upscale=Reply(429, {"error": "busy"})).start_job() is None


@responses.activate
def test_a_token_goes_to_nobody_but_the_provider() -> None:
    moved = responses.get("http://provider/a", status=302, headers={"Location": "http://elsewhere/"})
    responses.get("http://provider/b", body="not JSON")
    wire = over_http("http://provider")
    assert wire("GET", "/a", TOKEN) == Reply(302, None)
    assert moved.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert wire("GET", "/b") == Reply(200, None)
    assert wire("GET", "/nobody-answers") is None
    assert [call.request.url for call in responses.calls if "elsewhere" in str(call.request.url)] == []


# What exists


@pytest.mark.parametrize("name", ["VideoId", "Email"])
def test_forms_are_the_contract_s(name: str) -> None:
    schema = CONTRACT["components"]["schemas"][name]
    fits = {"VideoId": FORMS.is_id, "Email": FORMS.is_email}[name]
    assert all(fits(example) for example in schema["examples"])
    assert not fits(schema["examples"][0] + "\n")
    assert not any(fits(value) for value in (None, 3, b"bytes", [], {1: 2}, "\ud800"))


def test_names_are_found_wherever_they_stand() -> None:
    parts = Parts("x", {"id": "user%3A1-pixverse%3Aa%40b-video%3A0"}, {"email": "c@d"}, {"a": [{EMAIL: MINE}], "n": 3})
    assert FORMS.names_in(parts) == {MADE_UP, "c@d", EMAIL, MINE}


def at_path(operation: str, **path: Any) -> Parts:
    return Parts(operation, path, {}, {})


def rich(*, disposable: bool = True) -> Sandbox:
    """A sandbox with one finished video, one account, and a free slot."""
    return sandbox(listing(MINE), upscale=Reply(200, {"video_id": OTHER}), disposable=disposable)


@pytest.mark.parametrize(
    ("parts", "filled"),
    [
        (at_path("getVideo", video_id=MADE_UP), at_path("getVideo", video_id=MINE)),
        (at_path("deleteVideo", video_id=MADE_UP), at_path("deleteVideo", video_id=MINE)),
        (at_path("cancelJob", id=MADE_UP), at_path("cancelJob", id=OTHER)),
        (at_path("getAccount", email="a%40b"), at_path("getAccount", email=EMAIL)),
        (at_path("deleteAccount", email="a@b"), at_path("deleteAccount", email=EMAIL)),
        (
            Parts("upscaleVideo", {}, {}, {"video_id": MADE_UP, "maxJobs": 99}),
            Parts("upscaleVideo", {}, {}, {"video_id": MINE, "maxJobs": 99}),
        ),
        (
            Parts("listVideos", {}, {"email": "a@b", "limit": 3}, {}),
            Parts("listVideos", {}, {"email": EMAIL, "limit": 3}, {}),
        ),
        (Parts("getFeatures", {}, {"email": "a@b"}, {}), Parts("getFeatures", {}, {"email": EMAIL}, {})),
        (
            Parts("saveAccount", {"email": "a%40b"}, {}, {"email": "c@d", "maxJobs": 0}),
            Parts("saveAccount", {"email": "a%40b"}, {}, {"email": "a@b", "maxJobs": 0}),
        ),
    ],
    ids=lambda value: value.operation,
)
def test_a_made_up_name_gives_way_to_one_that_exists(parts: Parts, filled: Parts) -> None:
    """Also in a request that is wrong elsewhere: it must be refused for that."""
    assert fill(parts, FORMS, rich(), good=False)
    assert parts == filled


@pytest.mark.parametrize(
    "parts",
    [
        at_path("getVideo", video_id="no id"),
        at_path("getVideo", video_id=None),
        at_path("getVideo"),
        at_path("cancelJob", id=3),
        at_path("getAccount", email="no email"),
        Parts("upscaleVideo", {}, {}, {"video_id": [MADE_UP]}),
        Parts("upscaleVideo", {}, {}, {}),
        Parts("listVideos", {}, {"email": ""}, {}),
        Parts("listVideos", {}, {"limit": 0}, {}),
        Parts("saveAccount", {"email": "no email"}, {}, {"email": "c@d"}),
        Parts("saveAccount", {"email": "a@b"}, {}, {"email": 3}),
        Parts("getUser", {}, {}, {}),
        Parts("", {}, {}, {}),
    ],
    ids=repr,
)
def test_what_is_wrong_stays_wrong(parts: Parts) -> None:
    before = Parts(parts.operation, dict(parts.path), dict(parts.query), dict(parts.body))
    assert fill(parts, FORMS, rich(), good=False)
    assert parts == before


def test_what_the_sandbox_has_shown_stays() -> None:
    known = rich()
    known.seen.add(MADE_UP)
    parts = at_path("getVideo", video_id=MADE_UP.replace(":", "%3A"))
    assert fill(parts, FORMS, known, good=True)
    assert parts.path["video_id"] == MADE_UP.replace(":", "%3A")


def test_some_good_requests_keep_a_name_that_nobody_knows() -> None:
    """A share of them, the same ones each time."""

    def kept() -> list[bool]:
        ids = [f"user:1-pixverse:a@b-video:{number}" for number in range(200)]
        filled = [at_path("getVideo", video_id=each) for each in ids]
        assert all(fill(parts, FORMS, rich(), good=True) for parts in filled)
        return [parts.path["video_id"] == each for parts, each in zip(filled, ids, strict=True)]

    assert 20 < sum(kept()) < 80
    assert kept() == kept()


@pytest.mark.parametrize(
    "parts",
    [
        at_path("getVideo", video_id=MADE_UP),
        at_path("cancelJob", id=MADE_UP),
        at_path("getAccount", email="a@b"),
        Parts("listVideos", {}, {"email": "a@b"}, {}),
        Parts("listVideos", {}, {}, {}),
    ],
    ids=repr,
)
def test_a_sandbox_without_the_like_says_so(parts: Parts) -> None:
    assert not fill(parts, FORMS, sandbox(listing(), accounts={}), good=False)


def test_an_account_is_named_where_several_are_linked() -> None:
    several = sandbox(accounts={"a@b": {}, EMAIL: {}})
    parts = Parts("listVideos", {}, {}, {})
    assert fill(parts, FORMS, several, good=True)
    assert parts.query["email"] in ("a@b", EMAIL)
    parts = Parts("listVideos", {}, {"email": EMAIL}, {})
    assert fill(parts, FORMS, several, good=True)
    assert parts.query == {"email": EMAIL}


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize(
    ("parts", "spared"),
    [
        (at_path("deleteVideo", video_id=MINE), MINE),
        (at_path("deleteAccount", email=EMAIL), EMAIL),
        (at_path("deleteAccount", email="demo%40example.com"), EMAIL),
        (at_path("cancelJob", id=MINE), MINE),
        (Parts("saveAccount", {"email": EMAIL}, {}, {"email": EMAIL}), EMAIL),
    ],
    ids=lambda value: value.operation if isinstance(value, Parts) else "",
)
def test_nothing_is_destroyed_that_can_not_be_put_back(parts: Parts, spared: str, *, good: bool) -> None:
    """Not by chance, and not because a list has shown it."""
    lasting = rich(disposable=False)
    lasting.seen |= {MINE, EMAIL}
    assert fill(parts, FORMS, lasting, good=good)
    assert spared not in FORMS.names_in(parts)
    assert len(FORMS.names_in(parts)) == 1


def test_what_the_tests_made_may_be_destroyed() -> None:
    lasting = rich(disposable=False)
    for parts in (at_path("deleteVideo", video_id=MINE), at_path("deleteAccount", email="a@b")):
        name = next(iter(parts.path.values()))
        lasting.made.add(name)
        assert fill(parts, FORMS, lasting, good=False)
        assert name in parts.path.values()
    assert fill(at_path("cancelJob", id=MADE_UP), FORMS, lasting, good=False)
    assert OTHER in lasting.made


# All together


@pytest.fixture(scope="module")
def contract() -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", create_app(Settings(strict=True)))


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("operation_id", ["upscaleVideo", "getVideo", "listVideos", "saveAccount", "cancelJob"])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_good_cases_stay_good_and_bad_ones_bad(contract: Any, operation_id: str, mode: GenerationMode) -> None:
    # Of the same token as those that the import has registered, which put it into the cases.
    hooks = Hooks()

    @settings(
        max_examples=10,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=contract.find_operation_by_id(operation_id).as_strategy(generation_mode=mode))
    def prepare(case: Any) -> None:
        before = case.headers.get("Authorization")
        hooks.before_call(case)
        assert case.meta.generation.mode is mode
        assert (case.headers.get("Authorization") == before) is (before != f"Bearer {hooks.token}")
        raw = case.path_parameters.get("video_id", case.path_parameters.get("id", ""))
        assert "%3A" not in raw
        assert "%40" not in raw

    prepare()


def test_a_case_without_our_token_is_left_alone(contract: Any) -> None:
    case = contract.find_operation_by_id("getVideo").Case(path_parameters={"video_id": MADE_UP.replace(":", "%3A")})
    case.headers["Authorization"] = "Bearer made-up"
    Hooks(TOKEN).before_call(case)
    assert case.headers["Authorization"] == "Bearer made-up"
    assert case.path_parameters == {"video_id": MADE_UP}
